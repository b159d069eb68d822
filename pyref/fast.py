"""The compiled twin: the chapters' functions, same names, same order, same errors, in C.

What differs from the chapters:
- X, y and x may be buffers (numpy arrays, array.array, memoryview, memory maps), which are read
  where they lie, without a copy: float64 or float32 for X and x; these, bool or any integers
  for y. Lists work too, and are copied.
- sigmoid and softplus also take a buffer of scores, and then return an array.
- Where a chapter returns a list, an array.array('d') is returned; numpy.asarray wraps it
  without a copy.
- threads=None uses as many cores as pay; the answer has the same bits for every number.

The formulas, shapes, errors and sources stand in the chapters' docstrings. How exactly the sums
are taken stands in csrc/pyref.h. The environment variable PYREF_ISA (baseline, v3, v4) forces
an instruction set.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable
from struct import calcsize
from typing import Any

from . import checks
from .checks import Descent

try:
    from ._native import ffi, lib
except ImportError as problem:
    if getattr(problem, "name", None) == "pyref._native":
        reason = (
            "it was not built when pyref was installed (no C compiler, or PYREF_PURE=1)."
            " Install GCC or Clang, then: PYREF_REQUIRE_C=1 pip install --force-reinstall"
            " --no-cache-dir --no-binary pyref-logistic pyref-logistic"
        )
    elif getattr(problem, "name", None) == "_cffi_backend":
        reason = "it needs the package cffi. To get it: pip install cffi"
    else:
        reason = f"it does not load: {problem}"
    raise ImportError(
        f"pyref.fast is the compiled part of pyref, and {reason}. The same functions in pure"
        " Python are in pyref."
    ) from problem

if getattr(lib, "PYREF_INTERFACE", 0) != 1:
    raise ImportError(
        "pyref.fast is newer or older than the compiled part that lies beside it. Install pyref"
        " again. The same functions in pure Python are in pyref."
    )

_SECONDS_IN_C = 0.04  # a call returns at least this often, so that Ctrl-C is heard
_SLICE = 1 << 24  # elements looked through in one call
_STEPS = 4096  # iterations made in one call
_SMALL = 1 << 14  # elements of X below which a pass is over in microseconds
_MOST = (1 << 63) - 1
_NO_MEMORY = "no memory for the sums of a pass over X"

# The element kinds of csrc/kernels.h, by memoryview format. (pyref's C part is built for
# little-endian processors, so "<" is native.)
_FLOATS: dict[str | None, int] = {p + code: kind for p in ("", "@", "=", "<")
                                  for kind, code in enumerate("df")}  # fmt: skip
_LABELS = dict(_FLOATS)
for _code in "?bBhHiIlLqQ":
    for _prefix in ("", "@", "=", "<"):
        _size = calcsize(_prefix + _code)
        _LABELS[_prefix + _code] = {1: 2, 2: 4, 4: 6, 8: 8}[_size] + (_code in "?BHILQ")
_ARRAY_CODES = "dfbBhHiIqQ"

if not lib.pyref_use_instruction_set(os.environ.get("PYREF_ISA", "best").encode()):
    raise ImportError(
        f"PYREF_ISA is {os.environ['PYREF_ISA']!r}: give baseline, v3 or v4, one that this"
        " processor has, or leave it out"
    )


# ---------------------------------------------------------------- what the user gave, as C has it


class _Buffer:
    """A run of numbers in memory: where, how many, and of which kind."""

    __slots__ = ("kind", "length", "pointer", "width")

    def __init__(self, owner: Any, kind: int, length: int, width: int) -> None:
        self.pointer = ffi.from_buffer(owner)
        self.kind = kind
        self.length = length
        self.width = width

    def release(self) -> None:
        ffi.release(self.pointer)

    def value(self, i: int) -> Any:
        """Element i. (A memoryview reads only some of the formats that C can.)"""
        values = array(_ARRAY_CODES[self.kind])
        size = values.itemsize
        values.frombytes(bytes(ffi.buffer(self.pointer + i * size, size)))
        return values[0]

    def first(self, bad: Callable[..., int], total: int, *more: int) -> int | None:
        """The first of `total` elements that is bad, in slices so that Ctrl-C is heard."""
        for start in range(0, total, _SLICE):
            count = min(_SLICE, total - start)
            i = bad(self.pointer, self.kind, start, count, *more)
            if i < count:
                return start + i
        return None


class _Huge(_Buffer):
    """Class numbers some of which no integer of C can hold; a message can still name them."""

    __slots__ = ("given",)

    def __init__(self, given: list[int]) -> None:
        cut = array("q", [min(max(k, -1), _MOST) for k in given])
        super().__init__(cut, _LABELS["q"], len(given), 1)
        self.given = given

    def value(self, i: int) -> Any:
        return self.given[i]


def _let_go(*values: Any) -> None:
    """After an error, let go of the user's buffers.

    subtle: The exception keeps the frames that it passed, and so the buffers in them. If it is
    part of a reference cycle, the garbage collector clears a memoryview that C still holds on
    to, and CPython crashes (seen with 3.11).
    """
    for value in values:
        if isinstance(value, _Buffer):
            value.release()


def _view(values: Any, name: str, kinds: dict[str | None, int], wanted: int) -> Any:
    """The memoryview of a buffer that C can read; None if it is no buffer at all."""
    if isinstance(values, (list, tuple, str, bytes, bytearray)):
        return None
    try:
        view = memoryview(values)
    except (TypeError, ValueError, BufferError):
        return None
    if (
        view.format in kinds
        and view.ndim == wanted
        and view.c_contiguous
        and type(values).__name__ != "MaskedArray"
    ):
        return view
    if view.ndim != wanted:
        checks.dimensions(values, name, wanted)
        return None
    if str(view.format)[-1] in "Ows" or hasattr(values, "mask"):
        return None  # objects, text, masked arrays: what they hold is seen one by one
    if view.format not in kinds:
        dtype = getattr(values, "dtype", view.format)
        if str(view.format).startswith((">", "!")):
            raise ValueError(
                f"{name} is big-endian ({dtype}): give {name}.astype({name}.dtype.newbyteorder())"
            )
        allowed = "float64 or float32" if kinds is _FLOATS else "floats, integers or bool"
        raise TypeError(
            f"{name} has elements of type {dtype}: give {allowed}, as {name}.astype(float)"
        )
    raise ValueError(
        f"{name} does not lie row after row in memory: give numpy.ascontiguousarray({name})"
    )


def _plain(values: Any) -> array[float] | None:
    """A list of numbers as an array; None if it needs a closer look."""
    if type(values) is list or type(values) is tuple:
        try:
            return array("d", values)
        except (TypeError, ValueError, OverflowError):
            pass
    return None


def _table(X: Any) -> _Buffer:
    """checks.table, without a copy where X is a buffer."""
    view = _view(X, "X", _FLOATS, 2)
    if view is not None:
        n, d = view.shape
        if n == 0 or d == 0:
            checks.table([[]] * min(n, 1))  # raises
        return _Buffer(X, _FLOATS[view.format], n, d)
    flat = array("d")
    rows = X
    try:
        if type(X) is not list and type(X) is not tuple:
            raise TypeError
        d = len(X[0])
        for row in X:
            if len(row) != d or d == 0 or (type(row) is not list and type(row) is not tuple):
                raise TypeError
            flat.extend(row)
    except (TypeError, ValueError, OverflowError, IndexError):
        # Something is out of the ordinary: wrong, or merely another kind of sequence.
        rows, flat = checks.table(X), array("d")
        d = len(rows[0])
        for row in rows:
            flat.extend(row)
    return _Buffer(flat, 0, len(rows), d)


def _sample(x: Any) -> _Buffer:
    """checks.sample, without a copy where x is a buffer."""
    view = _view(x, "x", _FLOATS, 1)
    if view is not None:
        if len(view) == 0:
            checks.sample([])  # raises
        return _Buffer(x, _FLOATS[view.format], len(view), 1)
    flat = _plain(x) or array("d", checks.sample(x))
    return _Buffer(flat, 0, len(flat), 1)


def _labels(y: Any, n: int) -> _Buffer:
    """checks.labels, without a copy where y is a buffer."""
    view = _view(y, "y", _LABELS, 1)
    if view is not None:
        checks.same_length(view, n)
        return _Buffer(y, _LABELS[view.format], n, 1)
    flat = _plain(y)
    if flat is None:
        flat = array("d", checks.labels(y, n))
    checks.same_length(flat, n)
    return _Buffer(flat, 0, n, 1)


def _label_values(y: _Buffer) -> None:
    i = y.first(lib.pyref_find_no_label, y.length)
    if i is not None:
        checks.probability(y.value(i), f"y[{i}]")


def _values(X: _Buffer, name: str) -> None:
    """Look for the NaN or the infinity that must be in X if a gradient is not finite."""
    i = X.first(lib.pyref_find_not_finite, X.length * X.width)
    if i is not None:
        row, column = divmod(i, X.width)
        place = f"X[{row}][{column}]" if name == "X" else f"x[{i}]"
        raise checks.bad_cell(X.value(i), place)


def _weights(w: Any, d: int) -> array[float]:
    """checks.weights, as an array of its own."""
    flat = w[:] if type(w) is array and w.typecode == "d" else _plain(w)
    if flat is None:
        try:
            view = _view(w, "w", _FLOATS, 1)
        except (TypeError, ValueError):
            view = None  # d numbers are copied anyway: whatever Python can read will do
        if view is not None:
            flat = array("d", array("df"[_FLOATS[view.format]], view.tobytes()))
    if flat is None or len(flat) != d or lib.pyref_find_not_finite(_doubles(flat), 0, 0, d) < d:
        flat = array("d", checks.weights(w if flat is None else flat, d))
    return flat


def _threads(threads: Any) -> int:
    return 0 if threads is None else min(checks.count(threads, "threads", 1), 64)


def _zeros(count: int) -> array[float]:
    return array("d", bytes(8 * count))


def _doubles(values: array[float]) -> Any:
    return ffi.from_buffer("double[]", values)


def _run(X: _Buffer, y: _Buffer, classes: int, passes: int, threads: int) -> Any:
    """A run over X and y, to be freed by whoever asked for it. Without classes, chapter 1's."""
    run = lib.pyref_run_new(
        lib.PYREF_SOFTMAX if classes else lib.PYREF_GRADIENT, X.pointer, X.kind, y.pointer,
        y.kind, ffi.NULL, X.length, X.width, classes or 1, classes > 0 and y.kind < 2,
        min(passes, _MOST), threads,
    )  # fmt: skip  (float labels are rows of probabilities, integers are class numbers)
    if not run:
        raise MemoryError(_NO_MEMORY)
    return run


def _pass(X: _Buffer, y: _Buffer, params: array[float], threads: int, name: str) -> array[float]:
    """Chapter 1's {loss, gradient} at params = {w..., b}. Checks the values of y and X."""
    n, d = X.length, X.width
    if n * d > _SMALL:
        _label_values(y)
        return _long_pass(X, y, 0, params, threads, name)
    out = _zeros(d + 2)
    ending = lib.pyref_pass(
        X.pointer, X.kind, y.pointer, y.kind, n, d, _doubles(params), _doubles(out)
    )
    if ending != lib.PYREF_DONE:
        _label_values(y)
        if ending == lib.PYREF_NO_MEMORY:
            raise MemoryError(_NO_MEMORY)
        _values(X, name)
    return out


def _long_pass(
    X: _Buffer, y: _Buffer, classes: int, params: array[float], threads: int, name: str
) -> array[float]:
    """{loss, gradient} at params. Checks the values of X."""
    out = _zeros(len(params) + 1)
    sums, at = _doubles(out), _doubles(params)
    run = _run(X, y, classes, 1, threads)
    try:
        while not lib.pyref_run_pass(run, at, _SECONDS_IN_C, sums):
            pass  # between two calls, Python looks after Ctrl-C
    finally:
        lib.pyref_run_free(run)
    if lib.pyref_find_not_finite(sums, 0, 0, len(out)) < len(out):
        _values(X, name)
    return out


def _descend(
    X: _Buffer,
    name: str,
    y: _Buffer,
    classes: int,
    params: array[float],
    step: float,
    momentum: float,
    tolerance: float,
    iterations: int,
    callback: Callable[[int, float], object] | None,
    threads: int,
) -> tuple[array[float], Any]:
    """The loop of gradient_descent: changes params, returns the losses and the status."""
    losses = array("d")
    if iterations == 0:
        _values(X, name)
        return losses, "iterations"
    # With a callback, Python has a word after every iteration; without one, C makes many.
    together = 1 if callback is not None else min(iterations, _STEPS)
    recent, made = _zeros(together), ffi.new("size_t *")
    velocity = _zeros(len(params))
    at, speed, last = _doubles(params), _doubles(velocity), _doubles(recent)
    run = _run(X, y, classes, iterations, threads)
    try:
        while len(losses) < iterations:
            ask = min(together, iterations - len(losses))
            ending = lib.pyref_run_descent(
                run, at, speed, step, momentum, 0.0, X.length, tolerance, ask, _SECONDS_IN_C,
                last, made,
            )  # fmt: skip
            losses.extend(recent[: made[0]])
            if ending == lib.PYREF_CONVERGED:
                return losses, "converged"
            if ending == lib.PYREF_DIVERGED:
                _values(X, name)
                return losses, "diverged"
            if callback is not None and made[0] and callback(len(losses) - 1, losses[-1]):
                break
    finally:
        lib.pyref_run_free(run)
    return losses, "iterations"


# ---------------------------------------------------------------- chapter 1


def _scores(function: Any, one: Any, z: Any) -> Any:
    """function of a buffer of scores, or of one score."""
    view = None
    if not isinstance(z, (int, float)) and getattr(z, "shape", None) != ():
        view = _view(z, "z", _FLOATS, 1)
    if view is None:
        return one(checks.number(z, "z"))
    scores = array("d")
    if view.itemsize == 8:
        scores.frombytes(view.tobytes())
    else:
        scores = array("d", array("f", view.tobytes()))
    function(_doubles(scores), _doubles(scores), len(scores))
    return scores


def sigmoid(z: Any) -> Any:
    """1 / (1 + e^-z), of one score or of a buffer of scores; see pyref.sigmoid."""
    if type(z) is float:
        return lib.pyref_sigmoid_of(z)
    return _scores(lib.pyref_sigmoid, lib.pyref_sigmoid_of, z)


def sigmoid_derivative(z: Any) -> float:
    """sigmoid(z) * (1 - sigmoid(z)); see pyref.sigmoid_derivative."""
    z = checks.number(z, "z")
    return lib.pyref_sigmoid_of(z) * lib.pyref_sigmoid_of(-z)


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


def dL_dp(y: Any, p: Any) -> float:
    """-y/p + (1-y)/(1-p); see pyref.dL_dp."""
    y, p = checks.probability(y, "y"), checks.probability(p, "p")
    return lib.pyref_dL_dp(y, p)


def dp_dz(p: Any) -> float:
    """p (1-p); see pyref.dp_dz."""
    return lib.pyref_dp_dz(checks.probability(p, "p"))


def dz_da(x: Any) -> float:
    """x; see pyref.dz_da."""
    return lib.pyref_dz_da(checks.number(x, "x"))


def dL_da(x: Any, y: Any, a: Any, b: Any) -> float:
    """dL/dp * dp/dz * dz/da; see pyref.dL_da."""
    a, x, b = checks.number(a, "a"), checks.number(x, "x"), checks.number(b, "b")
    y = checks.probability(y, "y")
    return lib.pyref_dL_da(x, y, a, b)


def residual(y: Any, z: Any) -> float:
    """dL/dz = p - y without cancellation; see pyref.residual."""
    y, z = checks.probability(y, "y"), checks.number(z, "z")
    return lib.pyref_residual(y, z)


def gradient_ab(
    x: Any, y: Any, a: Any, b: Any, *, threads: int | None = None
) -> tuple[float, float]:
    """(grad_a, grad_b), summed over the samples; see pyref.gradient_ab."""
    try:
        x = _sample(x)
        y = _labels(y, x.length)
        params = array("d", (checks.finite(a, "a"), checks.finite(b, "b")))
        helpers = _threads(threads)
        _loss, grad_a, grad_b = _pass(x, y, params, helpers, "x")
        return grad_a, grad_b
    except BaseException:
        _let_go(x, y)
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
        x = _sample(x)
        y = _labels(y, x.length)
        learning_rate = checks.positive(learning_rate, "learning_rate")
        iterations = checks.count(iterations, "iterations")
        momentum = checks.not_negative(momentum, "momentum")
        helpers = _threads(threads)
        _label_values(y)
        params = _zeros(2)
        # a negative tolerance: nothing but (a, b) itself ends this run early
        step = learning_rate / x.length
        _descend(x, "x", y, 0, params, step, momentum, -1.0, iterations, None, helpers)
        return params[0], params[1]
    except BaseException:
        _let_go(x, y)
        raise


def gradient(
    X: Any, y: Any, w: Any, b: Any, *, threads: int | None = None
) -> tuple[float, array[float], float]:
    """(loss, grad_w, grad_b), summed over the samples; see pyref.gradient."""
    try:
        X = _table(X)
        y = _labels(y, X.length)
        params = _weights(w, X.width)
        params.append(checks.finite(b, "b"))
        helpers = _threads(threads)
        sums = _pass(X, y, params, helpers, "X")
        return sums[0], sums[1:-1], sums[-1]
    except BaseException:
        _let_go(X, y)
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
    threads: int | None = None,
) -> Descent[array[float], float, array[float]]:
    """Fit (w, b): Descent(w, b, losses, iterations, status); see pyref.gradient_descent."""
    try:
        X = _table(X)
        n, d = X.length, X.width
        y = _labels(y, n)
        learning_rate = checks.positive(learning_rate, "learning_rate")
        iterations = checks.count(iterations, "iterations")
        params = _zeros(d) if w is None else _weights(w, d)
        params.append(checks.finite(b, "b"))
        momentum = checks.not_negative(momentum, "momentum")
        checks.choice(reduction, "reduction", ("sum", "mean"))
        tolerance = checks.not_negative(tolerance, "tolerance")
        checks.callback(callback)
        helpers = _threads(threads)
        _label_values(y)

        step = learning_rate / n if reduction == "mean" else learning_rate
        losses, status = _descend(
            X, "X", y, 0, params, step, momentum, tolerance, iterations, callback, helpers
        )
        b = params.pop()
        return Descent(params, b, losses, len(losses), status)
    except BaseException:
        _let_go(X, y)
        raise


# ---------------------------------------------------------------- chapter 2


def _class_labels(y: Any, n: int) -> _Buffer:
    """checks.class_labels, without a copy where y is a buffer of integers, or of rows of floats."""
    shape = getattr(y, "shape", None)
    if shape is not None and len(shape) in (1, 2):
        view = memoryview(y)
        if len(shape) == 1 and view.format in _LABELS and view.format not in _FLOATS:
            view = _view(y, "y", _LABELS, 1)
            checks.same_length(view, n)
            return _Buffer(y, _LABELS[view.format], n, 1)
        if len(shape) == 2 and view.format in _FLOATS and shape[1] > 0:
            view = _view(y, "y", _FLOATS, 2)
            checks.same_length(view, n)
            return _Buffer(y, _FLOATS[view.format], n, shape[1])
    labels = checks.class_labels(y, n)
    if isinstance(labels[0], list):
        flat = array("d")
        for row in labels:
            flat.extend(row)
        return _Buffer(flat, 0, n, len(labels[0]))
    try:
        return _Buffer(array("q", labels), _LABELS["q"], n, 1)
    except OverflowError:  # no class number is as large as that
        return _Huge(labels)


def _classes_of(y: _Buffer) -> int:
    """checks.classes_of"""
    if y.kind < 2:
        return y.width
    largest = 0
    for start in range(0, y.length, _SLICE):
        count = min(_SLICE, y.length - start)
        largest = max(largest, lib.pyref_largest(y.pointer, y.kind, start, count))
    return checks.number_of_classes(max(y.given) if isinstance(y, _Huge) else largest)


def _class_label_values(y: _Buffer, C: int) -> None:
    """checks.class_label_values"""
    if y.kind >= 2:
        i = y.first(lib.pyref_find_no_class, y.length, C)
        if i is not None:
            checks.class_number(y.value(i), f"y[{i}]", C)
        return
    if y.width == C:
        i = y.first(lib.pyref_find_no_distribution, y.length, C)
        if i is None:
            return
    else:
        i = 0
    row = [y.value(i * y.width + c) for c in range(y.width)]
    checks.same_classes(checks.label_row(row, f"y[{i}]"), f"y[{i}]", C, "probability")


def _by_class(W: list[list[float]], b: list[float]) -> array[float]:
    """(W, b) as C has them: class by class, then the intercepts."""
    params = array("d")
    for column in zip(*W, strict=True):
        params.extend(column)
    params.extend(b)
    return params


def _by_feature(params: array[float], d: int, C: int) -> tuple[list[array[float]], array[float]]:
    """And back: W as d rows of C, and b."""
    return [params[j : d * C : d] for j in range(d)], params[d * C :]


def logsumexp(zs: Any) -> float:
    """log(e^zs[0] + ... + e^zs[C-1]); see pyref.logsumexp."""
    scores = array("d", checks.scores(zs))
    return lib.pyref_logsumexp(_doubles(scores), len(scores), _doubles(_zeros(len(scores))))


def softmax(zs: Any) -> array[float]:
    """e^zs[c] / (e^zs[0] + ... + e^zs[C-1]) for each class c; see pyref.softmax."""
    scores = array("d", checks.scores(zs))
    ps = _zeros(len(scores))
    lib.pyref_softmax(_doubles(scores), len(scores), _doubles(ps))
    return ps


def categorical_cross_entropy(ys: Any, ps: Any) -> float:
    """-(ys[0] log(ps[0]) + ...), one sample; see pyref.categorical_cross_entropy."""
    ys = checks.label_row(checks.numbers(ys, "ys"), "ys")
    ps = checks.numbers(ps, "ps")
    checks.same_classes(ps, "ps", len(ys), "probability")
    for c, p_c in enumerate(ps):
        checks.probability(p_c, f"ps[{c}]")
    ys, ps = array("d", ys), array("d", ps)
    return lib.pyref_categorical_cross_entropy(_doubles(ys), _doubles(ps), len(ys))


def categorical_cross_entropy_with_logits(ys: Any, zs: Any) -> float:
    """The same from the scores; see pyref.categorical_cross_entropy_with_logits."""
    ys = checks.label_row(checks.numbers(ys, "ys"), "ys")
    zs = checks.scores(zs)
    checks.same_classes(zs, "zs", len(ys), "score")
    ys, zs = array("d", ys), array("d", zs)
    return lib.pyref_categorical_cross_entropy_with_logits(
        _doubles(ys), _doubles(zs), len(ys), _doubles(_zeros(len(ys)))
    )


def softmax_gradient(
    X: Any, y: Any, W: Any, b: Any, *, threads: int | None = None
) -> tuple[float, list[array[float]], array[float]]:
    """(loss, grad_W, grad_b), summed over the samples; see pyref.softmax_gradient."""
    try:
        X = _table(X)
        y = _class_labels(y, X.length)
        W = checks.class_weights(W, X.width)
        C = len(W[0])
        params = _by_class(W, checks.intercepts(b, C))
        helpers = _threads(threads)
        _class_label_values(y, C)
        sums = _long_pass(X, y, C, params, helpers, "X")
        grad_W, grad_b = _by_feature(sums[1:], X.width, C)
        return sums[0], grad_W, grad_b
    except BaseException:
        _let_go(X, y)
        raise


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
    threads: int | None = None,
) -> Descent[list[array[float]], array[float], array[float]]:
    """Fit (W, b): Descent(w, b, losses, iterations, status); see pyref.softmax_descent."""
    try:
        X = _table(X)
        n, d = X.length, X.width
        y = _class_labels(y, n)
        C = _classes_of(y) if classes is None else checks.count(classes, "classes", 1)
        learning_rate = checks.positive(learning_rate, "learning_rate")
        iterations = checks.count(iterations, "iterations")
        W = [[0.0] * C for _ in range(d)] if W is None else checks.class_weights(W, d, C)
        b = [0.0] * C if b is None else checks.intercepts(b, C)
        momentum = checks.not_negative(momentum, "momentum")
        checks.choice(reduction, "reduction", ("sum", "mean"))
        tolerance = checks.not_negative(tolerance, "tolerance")
        checks.callback(callback)
        helpers = _threads(threads)
        _class_label_values(y, C)

        params = _by_class(W, b)
        step = learning_rate / n if reduction == "mean" else learning_rate
        losses, status = _descend(
            X, "X", y, C, params, step, momentum, tolerance, iterations, callback, helpers
        )
        W, b = _by_feature(params, d, C)
        return Descent(W, b, losses, len(losses), status)
    except BaseException:
        _let_go(X, y)
        raise
