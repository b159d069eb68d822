"""The compiled twin: the chapters' functions, same names, same order, same errors, in C.

What differs from the chapters:
- X, y and x may be buffers (numpy arrays, array.array, memoryview, memory maps), which are read
  where they lie, without a copy: float64 or float32 for X and x; these, bool or any integers
  for y and sample_weight. Lists work too, and are copied; so are weights that are not float64.
- sigmoid and softplus also take a buffer of scores, and then return an array.
- Where a chapter returns a list, an array.array('d') is returned; numpy.asarray wraps it
  without a copy.
- threads=None uses as many cores as pay; the answer has the same bits for every number.

The formulas, shapes, errors and sources stand in the chapters' docstrings. How exactly the sums
are taken stands in csrc/plain.c. The environment variable PYREF_ISA (baseline, v3, v4) forces
an instruction set.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any

from . import buffers, checks, fast_second_order
from . import predictions as predictions  # for the estimators
from .buffers import Buffer, by_class, by_feature, doubles, zeros
from .checks import Descent, Newton
from .compiled import ffi, lib
from .optimum import MEMORY
from .passes import NO_MEMORY, SECONDS_IN_C, finish, new_run

_STEPS = 1 << 14  # iterations made in one call, at most
_SMALL = 1 << 14  # elements of X below which a pass is over in microseconds
_SCORES = 1 << 16  # scores looked at in one call


# ---------------------------------------------------------------- passes over the data


def _pass(
    X: Buffer, y: Buffer, s: Buffer | None, params: array[float], threads: int, name: str
) -> array[float]:
    """Chapter 1's {loss, gradient} at params = {w..., b}, which may be lost. Checks the values
    of y, s and X."""
    n, d = X.length, X.width
    if n * d > _SMALL or s is not None:
        buffers.label_values(y)
        buffers.sample_weight_values(s, n)
        return _long_pass(lib.PYREF_GRADIENT, X, y, s, 0, params, d + 2, threads, name)
    params.append(0.0)
    at = doubles(params)
    ending = lib.pyref_gradient(X.pointer, X.kind, y.pointer, y.kind, n, d, at, at)
    if ending:  # not PYREF_DONE, 0
        buffers.label_values(y)
        if ending == lib.PYREF_NO_MEMORY:
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
    size: int,
    threads: int,
    name: str,
) -> array[float]:
    """The `size` sums of one pass of a run of that kind, at params. Checks the values of X."""
    out = zeros(size)
    run = new_run(what, X, y, s, classes, 1, threads)
    try:
        finish(run, params, out)
    finally:
        ffi.release(run)
    if lib.pyref_find_not_finite(doubles(out), 0, 0, size) < size:
        buffers.table_values(X, name)
    return out


def _safe_learning_rate(
    X: Buffer, s: Buffer | None, total: float, l2: float, steepest: float, threads: int
) -> float:
    """1 / L; see pyref.safe_learning_rate. Checks the values of X."""
    (squares,) = _long_pass(lib.PYREF_SQUARES, X, None, s, 0, zeros(1), 1, threads, "X")
    rate = 1 / (squares / total * steepest + l2)
    if s is not None:
        # a row of weight 0 adds nothing, not even the NaN that would tell
        buffers.table_values(X, "X")
    if not rate > 0:
        raise checks.too_large_table()
    return rate


def _step(
    X: Buffer,
    s: Buffer | None,
    total: float,
    learning_rate: Any,
    reduction: str,
    l2: float,
    steepest: float,
    threads: int,
) -> float:
    """What the summed gradient is multiplied with in a step of gradient descent."""
    if learning_rate == "safe":
        return _safe_learning_rate(X, s, total, l2, steepest, threads) / total
    step: float = learning_rate / total if reduction == "mean" else learning_rate
    return step


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
    velocity = zeros(len(params))
    at, speed, last = doubles(params), doubles(velocity), doubles(recent)
    what = lib.PYREF_SOFTMAX if classes else lib.PYREF_GRADIENT
    descend = lib.pyref_softmax_descent if classes else lib.pyref_gradient_descent
    run = new_run(what, X, y, s, classes, iterations, threads)
    try:
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


# ---------------------------------------------------------------- chapter 1


def _scores(function: Any, one: Any, z: Any) -> Any:
    """function of a buffer of scores, or of one score."""
    view = buffers.scores(z)
    if view is None:
        return one(checks.number(z, "z"))
    out = array("d")
    for start in range(0, len(view), _SCORES):  # by parts, so that Ctrl-C is heard
        part = view[start : start + _SCORES]
        out.frombytes(part.tobytes() if part.itemsize == 8 else bytes(8 * len(part)))
        with doubles(out) as scores:
            if part.itemsize == 4:
                with ffi.from_buffer(part) as floats:
                    lib.pyref_widen(floats, 1, 0, len(part), scores + start)
            function(scores + start, scores + start, len(part))
    return out


def sigmoid(z: Any) -> Any:
    """1 / (1 + e^-z), of one score or of a buffer of scores; see pyref.sigmoid."""
    if type(z) is float:
        return lib.pyref_sigmoid_of(z)
    return _scores(lib.pyref_sigmoid, lib.pyref_sigmoid_of, z)


def sigmoid_derivative(z: Any) -> float:
    """sigmoid(z) * (1 - sigmoid(z)); see pyref.sigmoid_derivative."""
    z = checks.number(z, "z")
    return lib.pyref_sigmoid_derivative(z)


def softplus(z: Any) -> Any:
    """log(1 + e^z), of one score or of a buffer of scores; see pyref.softplus."""
    if type(z) is float:
        return lib.pyref_softplus_of(z)
    return _scores(lib.pyref_softplus, lib.pyref_softplus_of, z)


def binary_cross_entropy(y: Any, p: Any) -> float:
    """-[y log(p) + (1-y) log(1-p)]; see pyref.binary_cross_entropy."""
    y, p = checks.probability(y, "y"), checks.probability(p, "p")
    return lib.pyref_binary_cross_entropy(y, p)


def binary_cross_entropy_with_logits(y: Any, z: Any) -> float:
    """(1-y) softplus(z) + y softplus(-z); see pyref.binary_cross_entropy_with_logits."""
    y, z = checks.probability(y, "y"), checks.number(z, "z")
    return lib.pyref_binary_cross_entropy_with_logits(y, z)


def residual(y: Any, z: Any) -> float:
    """dL/dz = p - y without cancellation; see pyref.residual."""
    y, z = checks.probability(y, "y"), checks.number(z, "z")
    return lib.pyref_residual(y, z)


def gradient_ab(
    x: Any, y: Any, a: Any, b: Any, *, threads: int | None = None
) -> tuple[float, float]:
    """(grad_a, grad_b), summed over the samples; see pyref.gradient_ab."""
    try:
        x = buffers.sample(x)
        y = buffers.labels(y, x.length)
        params = array("d", (checks.finite(a, "a"), checks.finite(b, "b")))
        helpers = buffers.thread_count(threads)
        _loss, grad_a, grad_b = _pass(x, y, None, params, helpers, "x")
        return grad_a, grad_b
    except BaseException:
        buffers.let_go(x, y)
        raise


def gradient_descent_logistic(
    x: Any,
    y: Any,
    learning_rate: Any = 0.1,
    iterations: Any = 1000,
    momentum: Any = 0.0,
    *,
    threads: int | None = None,
) -> tuple[float, float]:
    """Fit z = a*x + b from a = b = 0; see pyref.gradient_descent_logistic."""
    try:
        x = buffers.sample(x)
        y = buffers.labels(y, x.length)
        learning_rate = checks.positive(learning_rate, "learning_rate")
        iterations = checks.count(iterations, "iterations")
        momentum = checks.not_negative(momentum, "momentum")
        helpers = buffers.thread_count(threads)
        buffers.label_values(y)
        params = zeros(2)
        # a negative tolerance: nothing but (a, b) itself ends this run early
        n = x.length
        _descend(
            x, "x", y, None, 0, params, learning_rate / n, momentum, 0.0, n, -1.0, iterations,
            None, helpers,
        )  # fmt: skip
        return params[0], params[1]
    except BaseException:
        buffers.let_go(x, y)
        raise


def gradient(
    X: Any, y: Any, w: Any, b: Any, sample_weight: Any = None, *, threads: int | None = None
) -> tuple[float, array[float], float]:
    """(loss, grad_w, grad_b), summed over the samples; see pyref.gradient."""
    try:
        X = buffers.table(X)
        y = buffers.labels(y, X.length)
        sample_weight = buffers.sample_weights(sample_weight, X.length)
        params = buffers.weights(w, X.width)
        params.append(checks.finite(b, "b"))
        helpers = buffers.thread_count(threads)
        sums = _pass(X, y, sample_weight, params, helpers, "X")
        return sums[0], sums[1:-1], sums[-1]
    except BaseException:
        buffers.let_go(X, y, sample_weight)
        raise


def safe_learning_rate(
    X: Any,
    reduction: Any = "mean",
    l2: Any = 0.0,
    sample_weight: Any = None,
    *,
    threads: int | None = None,
) -> float:
    """1 / L, with which every step of gradient_descent descends; see pyref.safe_learning_rate."""
    return _public_safe_learning_rate(X, reduction, l2, sample_weight, threads, 1 / 4)


def _public_safe_learning_rate(
    X: Any, reduction: Any, l2: Any, sample_weight: Any, threads: int | None, steepest: float
) -> float:
    try:
        X = buffers.table(X)
        sample_weight = buffers.sample_weights(sample_weight, X.length)
        checks.choice(reduction, "reduction", ("sum", "mean"))
        l2 = checks.not_negative(l2, "l2")
        helpers = buffers.thread_count(threads)
        total = buffers.sample_weight_values(sample_weight, X.length)
        rate = _safe_learning_rate(X, sample_weight, total, l2, steepest, helpers)
        return rate / total if reduction == "sum" else rate
    except BaseException:
        buffers.let_go(X, sample_weight)
        raise


def gradient_descent(
    X: Any,
    y: Any,
    *,
    learning_rate: Any,
    iterations: Any,
    w: Any = None,
    b: Any = 0.0,
    momentum: Any = 0.0,
    reduction: Any = "mean",
    tolerance: Any = 0.0,
    callback: Callable[[int, float], object] | None = None,
    l2: Any = 0.0,
    sample_weight: Any = None,
    threads: int | None = None,
) -> Descent[array[float], float, array[float]]:
    """Fit (w, b): Descent(w, b, losses, iterations, status); see pyref.gradient_descent."""
    try:
        X = buffers.table(X)
        n, d = X.length, X.width
        y = buffers.labels(y, n)
        s = sample_weight = buffers.sample_weights(sample_weight, n)
        learning_rate = checks.learning_rate(learning_rate)
        iterations = checks.count(iterations, "iterations")
        params = zeros(d) if w is None else buffers.weights(w, d)
        params.append(checks.finite(b, "b"))
        momentum = checks.not_negative(momentum, "momentum")
        checks.choice(reduction, "reduction", ("sum", "mean"))
        tolerance = checks.not_negative(tolerance, "tolerance")
        checks.callback(callback)
        l2 = checks.not_negative(l2, "l2")
        helpers = buffers.thread_count(threads)
        buffers.label_values(y)
        total = buffers.sample_weight_values(s, n)

        step = _step(X, s, total, learning_rate, reduction, l2, 1 / 4, helpers)
        losses, status = _descend(
            X, "X", y, s, 0, params, step, momentum, l2, total, tolerance, iterations, callback,
            helpers,
        )  # fmt: skip
        b = params.pop()
        return Descent(params, b, losses, len(losses), status)
    except BaseException:
        buffers.let_go(X, y, sample_weight)
        raise


# ---------------------------------------------------------------- chapter 2


def logsumexp(zs: Any) -> float:
    """log(e^zs[0] + ... + e^zs[C-1]); see pyref.logsumexp."""
    scores = array("d", checks.scores(zs))
    return lib.pyref_logsumexp(doubles(scores), len(scores), doubles(zeros(len(scores))))


def softmax(zs: Any) -> array[float]:
    """e^zs[c] / (e^zs[0] + ... + e^zs[C-1]) for each class c; see pyref.softmax."""
    scores = array("d", checks.scores(zs))
    ps = zeros(len(scores))
    lib.pyref_softmax(doubles(scores), len(scores), doubles(ps))
    return ps


def categorical_cross_entropy(ys: Any, ps: Any) -> float:
    """-(ys[0] log(ps[0]) + ...), one sample; see pyref.categorical_cross_entropy."""
    ys = checks.label_row(checks.numbers(ys, "ys"), "ys")
    ps = checks.numbers(ps, "ps")
    checks.same_classes(ps, "ps", len(ys), "probability")
    for c, p_c in enumerate(ps):
        checks.probability(p_c, f"ps[{c}]")
    ys, ps = array("d", ys), array("d", ps)
    return lib.pyref_categorical_cross_entropy(doubles(ys), doubles(ps), len(ys))


def categorical_cross_entropy_with_logits(ys: Any, zs: Any) -> float:
    """The same from the scores; see pyref.categorical_cross_entropy_with_logits."""
    ys = checks.label_row(checks.numbers(ys, "ys"), "ys")
    zs = checks.scores(zs)
    checks.same_classes(zs, "zs", len(ys), "score")
    ys, zs = array("d", ys), array("d", zs)
    return lib.pyref_categorical_cross_entropy_with_logits(
        doubles(ys), doubles(zs), len(ys), doubles(zeros(len(ys)))
    )


def softmax_gradient(
    X: Any, y: Any, W: Any, b: Any, sample_weight: Any = None, *, threads: int | None = None
) -> tuple[float, list[array[float]], array[float]]:
    """(loss, grad_W, grad_b), summed over the samples; see pyref.softmax_gradient."""
    try:
        X = buffers.table(X)
        y = buffers.class_labels(y, X.length)
        s = sample_weight = buffers.sample_weights(sample_weight, X.length)
        W = checks.class_weights(W, X.width)
        C = len(W[0])
        params = by_class(W, checks.intercepts(b, C))
        helpers = buffers.thread_count(threads)
        buffers.class_label_values(y, C)
        buffers.sample_weight_values(s, X.length)
        size = len(params) + 1
        sums = _long_pass(lib.PYREF_SOFTMAX, X, y, s, C, params, size, helpers, "X")
        grad_W, grad_b = by_feature(sums[1:], X.width, C)
        return sums[0], grad_W, grad_b
    except BaseException:
        buffers.let_go(X, y, sample_weight)
        raise


def softmax_safe_learning_rate(
    X: Any,
    reduction: Any = "mean",
    l2: Any = 0.0,
    sample_weight: Any = None,
    *,
    threads: int | None = None,
) -> float:
    """1 / L for softmax_descent; see pyref.softmax_safe_learning_rate."""
    return _public_safe_learning_rate(X, reduction, l2, sample_weight, threads, 1 / 2)


def softmax_descent(
    X: Any,
    y: Any,
    *,
    classes: Any = None,
    learning_rate: Any,
    iterations: Any,
    W: Any = None,
    b: Any = None,
    momentum: Any = 0.0,
    reduction: Any = "mean",
    tolerance: Any = 0.0,
    callback: Callable[[int, float], object] | None = None,
    l2: Any = 0.0,
    sample_weight: Any = None,
    threads: int | None = None,
) -> Descent[list[array[float]], array[float], array[float]]:
    """Fit (W, b): Descent(w, b, losses, iterations, status); see pyref.softmax_descent."""
    try:
        X = buffers.table(X)
        n, d = X.length, X.width
        y = buffers.class_labels(y, n)
        s = sample_weight = buffers.sample_weights(sample_weight, n)
        C = buffers.classes_of(y) if classes is None else checks.count(classes, "classes", 1)
        learning_rate = checks.learning_rate(learning_rate)
        iterations = checks.count(iterations, "iterations")
        W = [[0.0] * C for _ in range(d)] if W is None else checks.class_weights(W, d, C)
        b = [0.0] * C if b is None else checks.intercepts(b, C)
        momentum = checks.not_negative(momentum, "momentum")
        checks.choice(reduction, "reduction", ("sum", "mean"))
        tolerance = checks.not_negative(tolerance, "tolerance")
        checks.callback(callback)
        l2 = checks.not_negative(l2, "l2")
        helpers = buffers.thread_count(threads)
        buffers.class_label_values(y, C)
        total = buffers.sample_weight_values(s, n)

        params = by_class(W, b)
        step = _step(X, s, total, learning_rate, reduction, l2, 1 / 2, helpers)
        losses, status = _descend(
            X, "X", y, s, C, params, step, momentum, l2, total, tolerance, iterations, callback,
            helpers,
        )  # fmt: skip
        W, b = by_feature(params, d, C)
        return Descent(W, b, losses, len(losses), status)
    except BaseException:
        buffers.let_go(X, y, sample_weight)
        raise


# ---------------------------------------------------------------- chapter 3


def hessian(
    X: Any, y: Any, w: Any, b: Any, sample_weight: Any = None, *, threads: int | None = None
) -> tuple[float, array[float], list[array[float]]]:
    """(loss, grad, hess), summed over the samples; see pyref.hessian."""
    return fast_second_order.hessian(X, y, w, b, sample_weight, threads)


def newton(
    X: Any,
    y: Any,
    *,
    w: Any = None,
    b: Any = 0.0,
    l2: Any = 0.0,
    sample_weight: Any = None,
    tolerance: Any = 1e-10,
    iterations: Any = 100,
    callback: Callable[[int, float], object] | None = None,
    threads: int | None = None,
) -> Newton[array[float], array[float]]:
    """The (w, b) for which the objective is lowest, by Newton's method; see pyref.newton."""
    return fast_second_order.fit(
        True, X, y, MEMORY, w, b, l2, sample_weight, tolerance, iterations, callback, threads
    )


def lbfgs(
    X: Any,
    y: Any,
    *,
    memory: Any = 10,
    w: Any = None,
    b: Any = 0.0,
    l2: Any = 0.0,
    sample_weight: Any = None,
    tolerance: Any = 1e-10,
    iterations: Any = 100,
    callback: Callable[[int, float], object] | None = None,
    threads: int | None = None,
) -> Newton[array[float], array[float]]:
    """The same without a Hessian, by limited-memory BFGS; see pyref.lbfgs."""
    return fast_second_order.fit(
        False, X, y, memory, w, b, l2, sample_weight, tolerance, iterations, callback, threads
    )
