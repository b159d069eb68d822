"""The C engine: what pyref/pure.py has, in C, under the same names.

What differs from the lessons:
- X, y and x may be buffers (numpy arrays, array.array, memoryview, memory maps), which are read
  where they lie, without a copy: float64 or float32 for X and x; these, bool or any integers for y
  and sample_weight. Lists work too, and are copied; so are weights that are not float64.
- Where a lesson returns a list, an array.array('d') is returned; numpy.asarray wraps it without a
  copy.

How exactly the sums are taken stands in csrc/plain.c; which C function is whose twin, at the top of
csrc/pyref.h.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any

from ..front import checks
from ..front.checks import Newton
from . import buffers, ffi, lib
from . import samples as second_order
from .buffers import (
    Buffer,
    by_class,
    by_feature,
    class_label_values,
    class_labels,
    classes_of,
    divided,
    doubles,
    label_values,
    labels,
    let_go,
    numbers,
    sample,
    sample_weight_values,
    sample_weights,
    table,
    weights,
    zeros,
)
from .buffers import thread_count as threads
from .classes import class_optimum, independent_columns
from .passes import NO_MEMORY, SECONDS_IN_C, finish, new_run
from .scores import log_probabilities, probabilities, scores

__all__ = (
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "categorical_cross_entropy",
    "categorical_cross_entropy_with_logits",
    "class_label_values",
    "class_labels",
    "class_optimum",
    "classes_of",
    "curvature",
    "divided",
    "gradient",
    "gradient_ab",
    "gradient_descent",
    "gradient_descent_logistic",
    "hessian",
    "independent_columns",
    "label_values",
    "labels",
    "length",
    "let_go",
    "log_probabilities",
    "logsumexp",
    "of_scores",
    "optimum",
    "probabilities",
    "residual",
    "safe_learning_rate",
    "sample",
    "sample_weight_values",
    "sample_weights",
    "scores",
    "shape",
    "sigmoid",
    "softmax",
    "softmax_descent",
    "softmax_gradient",
    "softplus",
    "table",
    "threads",
    "weights",
    "zeros",
)

_STEPS = 1 << 14  # iterations made in one call, at most
_SMALL = 1 << 14  # elements of X below which a pass is over in microseconds
_SCORES = 1 << 16  # scores looked at in one call

def shape(X: Buffer) -> tuple[int, int]:
    return X.length, X.width


def length(x: Buffer) -> int:
    return x.length


# ---------------------------------------------------------------- passes over the data


def _pass(
    X: Buffer, y: Buffer, s: Buffer | None, params: array[float], threads: int, name: str
) -> array[float]:
    """Chapter 1's {loss, gradient} at params = {w..., b}, which may be lost. Checks X's values."""
    n, d = X.length, X.width
    if n * d > _SMALL or s is not None or y.length != n:
        return _long_pass(lib.PYREF_GRADIENT, X, y, s, 0, params, threads, name)
    params.append(0.0)
    at = doubles(params, d + 2)
    ending = lib.pyref_gradient(X.pointer, X.kind, y.pointer, y.kind, n, d, at, at)
    if ending:  # not PYREF_DONE, 0
        if ending == lib.PYREF_NO_RUN:
            raise MemoryError(NO_MEMORY)
        buffers.table_values(X, name)
    return params


def _long_pass(
    what: int,
    X: Buffer,
    y: Buffer | None,
    s: Buffer | None,
    classes: int,
    params: array[float],
    threads: int,
    name: str,
) -> array[float]:
    """The sums of one pass of a run of that kind, at params. Checks the values of X."""
    run = new_run(what, X, y, s, classes, 1, threads)
    try:
        out = finish(run, params)
    finally:
        ffi.release(run)
    size = len(out)
    if lib.pyref_find_not_finite(doubles(out, size), 0, 0, size) < size:
        buffers.table_values(X, name)
    return out


def _descend(
    X: Buffer,
    name: str,
    y: Buffer,
    s: Buffer | None,
    classes: int,
    params: array[float],
    step: float,
    momentum: float,
    l2: float,
    total: float,
    tolerance: float,
    iterations: int,
    callback: Callable[[int, float], object] | None,
    threads: int,
) -> tuple[array[float], Any]:
    """The loop of gradient_descent: changes params, returns the losses and the status."""
    losses = array("d")
    if iterations == 0:
        buffers.table_values(X, name)
        return losses, "iterations"
    # With a callback, Python has a word after every iteration; without one, C makes many.
    together = 1 if callback is not None else min(iterations, _STEPS)
    recent, made = zeros(together), ffi.new("size_t *")
    last = doubles(recent, together)
    what = lib.PYREF_SOFTMAX if classes else lib.PYREF_GRADIENT
    descend = lib.pyref_softmax_descent if classes else lib.pyref_gradient_descent
    run = new_run(what, X, y, s, classes, iterations, threads)
    try:
        size = lib.pyref_run_reads(run)
        at, speed = doubles(params, size), doubles(zeros(size), size)
        while len(losses) < iterations:
            ask = min(together, iterations - len(losses))
            ending = descend(
                run, at, speed, step, momentum, l2, total, tolerance, ask, SECONDS_IN_C, last,
                made,
            )  # fmt: skip
            losses.extend(recent[: made[0]])
            if ending == lib.PYREF_CONVERGED:
                return losses, "converged"
            if ending == lib.PYREF_DIVERGED:
                buffers.table_values(X, name)
                return losses, "diverged"
            if callback is not None and made[0] and callback(len(losses) - 1, losses[-1]):
                break
    finally:
        ffi.release(run)
    return losses, "iterations"


def _step(learning_rate: float, reduction: str, total: float) -> float:
    """What the summed gradient is multiplied with in a step."""
    return learning_rate / total if reduction == "mean" else learning_rate


# ---------------------------------------------------------------- chapter 1

sigmoid = lib.pyref_sigmoid_of
softplus = lib.pyref_softplus_of
binary_cross_entropy = lib.pyref_binary_cross_entropy
binary_cross_entropy_with_logits = lib.pyref_binary_cross_entropy_with_logits
residual = lib.pyref_residual


def of_scores(name: str, z: Any) -> Any:
    """sigmoid or softplus of a buffer of scores, or of one score that is not a float yet."""
    view = buffers.scores(z)
    if view is None:
        z = checks.number(z, "z")
        return sigmoid(z) if name == "sigmoid" else softplus(z)
    function = lib.pyref_sigmoid if name == "sigmoid" else lib.pyref_softplus
    out = array("d")
    with view:
        for start in range(0, len(view), _SCORES):  # by parts, so that Ctrl-C is heard
            with view[start : start + _SCORES] as part:
                out.frombytes(part.tobytes() if part.itemsize == 8 else bytes(8 * len(part)))
                with doubles(out, start + len(part)) as scores:
                    if part.itemsize == 4:
                        floats = Buffer(part, 1, len(part), 1)
                        lib.pyref_widen(floats.pointer, 1, 0, len(part), scores + start)
                        floats.release()
                    function(scores + start, scores + start, len(part))
    return out


def gradient_ab(x: Buffer, y: Buffer, a: float, b: float, threads: int) -> tuple[float, float]:
    _loss, grad_a, grad_b = _pass(x, y, None, array("d", (a, b)), threads, "x")
    return grad_a, grad_b


def gradient_descent_logistic(
    x: Buffer, y: Buffer, learning_rate: float, iterations: int, momentum: float, threads: int
) -> tuple[float, float]:
    params, n = zeros(2), x.length
    # a negative tolerance: nothing but (a, b) itself ends this run early
    _descend(
        x, "x", y, None, 0, params, learning_rate / n, momentum, 0.0, n, -1.0, iterations, None,
        threads,
    )  # fmt: skip
    return params[0], params[1]


def gradient(
    X: Buffer, y: Buffer, s: Buffer | None, w: array[float], b: float, threads: int
) -> tuple[float, array[float], float]:
    w.append(b)
    sums = _pass(X, y, s, w, threads, "X")
    return sums[0], sums[1:-1], sums[-1]


def safe_learning_rate(
    X: Buffer, s: Buffer | None, total: float, l2: float, steepest: float, threads: int
) -> float:
    (squares,) = _long_pass(lib.PYREF_SQUARES, X, None, s, 0, array("d"), threads, "X")
    rate = 1 / (squares / total * steepest + l2)
    if s is not None:
        # a row of weight 0 adds nothing, not even the NaN that would tell
        buffers.table_values(X, "X")
    if not rate > 0:
        raise checks.too_large_table()
    return rate


def gradient_descent(
    X: Buffer,
    y: Buffer,
    s: Buffer | None,
    total: float,
    w: array[float],
    b: float,
    learning_rate: float,
    reduction: str,
    iterations: int,
    momentum: float,
    tolerance: float,
    l2: float,
    callback: Callable[[int, float], object] | None,
    threads: int,
) -> tuple[array[float], float, array[float], Any]:
    w.append(b)
    losses, status = _descend(
        X, "X", y, s, 0, w, _step(learning_rate, reduction, total), momentum, l2, total, tolerance,
        iterations, callback, threads,
    )  # fmt: skip
    b = w.pop()
    return w, b, losses, status


# ---------------------------------------------------------------- chapter 2


def logsumexp(zs: list[float]) -> float:
    C = len(zs)
    return lib.pyref_logsumexp(numbers(zs, C), C, doubles(zeros(C), C))


def softmax(zs: list[float]) -> array[float]:
    C = len(zs)
    ps = zeros(C)
    lib.pyref_softmax(numbers(zs, C), C, doubles(ps, C))
    return ps


def categorical_cross_entropy(ys: list[float], ps: list[float]) -> float:
    C = len(ys)
    return lib.pyref_categorical_cross_entropy(numbers(ys, C), numbers(ps, C), C)


def categorical_cross_entropy_with_logits(ys: list[float], zs: list[float]) -> float:
    C = len(ys)
    return lib.pyref_categorical_cross_entropy_with_logits(
        numbers(ys, C), numbers(zs, C), C, doubles(zeros(C), C)
    )


def softmax_gradient(
    X: Buffer,
    y: Buffer,
    s: Buffer | None,
    W: list[list[float]],
    b: list[float],
    threads: int,
) -> tuple[float, list[array[float]], array[float]]:
    C, params = len(b), by_class(W, b)
    sums = _long_pass(lib.PYREF_SOFTMAX, X, y, s, C, params, threads, "X")
    grad_W, grad_b = by_feature(sums[1:], X.width, C)
    return sums[0], grad_W, grad_b


def softmax_descent(
    X: Buffer,
    y: Buffer,
    s: Buffer | None,
    total: float,
    W: list[list[float]],
    b: list[float],
    learning_rate: float,
    reduction: str,
    iterations: int,
    momentum: float,
    tolerance: float,
    l2: float,
    callback: Callable[[int, float], object] | None,
    threads: int,
) -> tuple[list[array[float]], array[float], array[float], Any]:
    C, params = len(b), by_class(W, b)
    losses, status = _descend(
        X, "X", y, s, C, params, _step(learning_rate, reduction, total), momentum, l2, total,
        tolerance, iterations, callback, threads,
    )  # fmt: skip
    return *by_feature(params, X.width, C), losses, status


# ---------------------------------------------------------------- chapter 3


curvature = lib.pyref_sigmoid_derivative


def hessian(
    X: Buffer, y: Buffer, s: Buffer | None, w: array[float], b: float, threads: int
) -> tuple[float, array[float], list[array[float]]]:
    w.append(b)
    return second_order.hessian(X, y, s, w, threads)


def optimum(*given: Any) -> Newton[array[float], array[float]]:
    """The safe fit: Newton(w, b, losses, iterations, status, standard_errors, log_likelihood)."""
    return second_order.optimum(*given)
