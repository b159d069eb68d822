"""What the user gave, as C reads it: `checks` for the compiled path.

The functions have the names and the errors of those in `checks`. Where the data are a buffer
that C can read (numpy arrays, array.array, memoryview, memory maps), they are not copied, and
no value is looked at until C says that one is wrong.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from struct import calcsize
from typing import Any

from ..front import checks
from . import ffi, lib

SLICE = 1 << 24  # elements looked through in one call
MOST = (1 << 63) - 1

# The element kinds of csrc/lanes/kernels.h, by memoryview format. (pyref's C part is built for
# little-endian processors, so "<" is native.)
_FLOATS: dict[str | None, int] = {p + code: kind for p in ("", "@", "=", "<")
                                  for kind, code in enumerate("df")}  # fmt: skip
_LABELS = dict(_FLOATS)
for _code in "?bBhHiIlLqQ":
    for _prefix in ("", "@", "=", "<"):
        _size = calcsize(_prefix + _code)
        _LABELS[_prefix + _code] = {1: 2, 2: 4, 4: 6, 8: 8}[_size] + (_code in "?BHILQ")
_ARRAY_CODES = "dfbBhHiIqQ"
_SIZES = tuple(calcsize(code) for code in _ARRAY_CODES)

# What is copied as a list, or refused as one: here memoryview would fail, or see numbers in text.
_NO_BUFFERS = frozenset((list, tuple, str, bytes, bytearray))
_UNMASKED: set[type] = {array, memoryview}  # types of buffers that have no mask; others join
_STEADY: set[type] = {array, memoryview}  # that give the same memory twice; numpy's own joins
_ZERO = array("d", [0.0])

# Looked up once: a call with a handful of numbers is over in microseconds.
_from_buffer = ffi.from_buffer
_DOUBLES = ffi.typeof("double[]")


class Buffer:
    """A run of numbers in memory: where, how many, and of which kind.

    (A user's object is asked for its memory twice: it was looked at first, and is handed to C here.
    So what it gives now is compared with what was seen then, the `view`.)
    """

    __slots__ = ("kind", "length", "pointer", "width")

    def __init__(
        self, owner: Any, kind: int, length: int, width: int, view: Any = None
    ) -> None:
        self.pointer = pointer = _from_buffer(owner)
        if view is not None and type(owner) not in _STEADY and len(pointer) != view.nbytes:
            raise BufferError(
                f"of {length} x {width} numbers, each of {_SIZES[kind]} bytes, there are"
                f" {len(pointer)} bytes"
            )
        self.kind = kind
        self.length = length
        self.width = width

    def release(self) -> None:
        ffi.release(self.pointer)

    def value(self, i: int) -> Any:
        """Element i. (A memoryview reads only some of the formats that C can.)"""
        return self.values(i, 1)[0]

    def values(self, i: int, count: int) -> array[Any]:
        """`count` elements from i on."""
        values, size = array(_ARRAY_CODES[self.kind]), _SIZES[self.kind]
        values.frombytes(ffi.buffer(self.pointer[i * size : (i + count) * size]))
        return values

    def first(self, bad: Callable[..., int], *more: int, width: int = 1) -> int | None:
        """The first element that is bad, or row of so many elements.

        In slices, so that Ctrl-C is heard.
        """
        total, step = self.length * self.width // width, max(1, SLICE // width)
        for start in range(0, total, step):
            count = min(step, total - start)
            i = bad(self.pointer, self.kind, start, count, *more)
            if i < count:
                return start + i
        return None


class _Huge(Buffer):
    """Class numbers some of which no integer of C can hold; a message can still name them."""

    __slots__ = ("given",)

    def __init__(self, given: list[int]) -> None:
        cut = array("q", [min(max(k, -1), MOST) for k in given])
        super().__init__(cut, _LABELS["q"], len(given), 1)
        self.given = given

    def value(self, i: int) -> Any:
        return self.given[i]


def let_go(*values: Any) -> None:
    """After an error, let go of the user's buffers.

    subtle: The exception keeps the frames that it passed, and so the buffers in them. If it is
    part of a reference cycle, the garbage collector clears a memoryview that C still holds on
    to, and CPython crashes (seen with 3.11). And as long as a memoryview lives, an array or a
    bytearray cannot be resized: so each is released before an error is raised where it is seen.
    """
    for value in values:
        if isinstance(value, Buffer):
            value.release()


def _format(values: Any) -> str | None:
    """The format of a buffer's elements; None if it is no buffer."""
    try:
        return memoryview(values).format
    except (TypeError, ValueError, BufferError):
        return None


def _unmasked(values: Any) -> bool:
    """Whether the elements are all there is, with no mask over them (as numpy.ma has)."""
    if hasattr(values, "mask"):
        return False
    _UNMASKED.add(type(values))
    if (type(values).__module__, type(values).__name__) == ("numpy", "ndarray"):
        _STEADY.add(type(values))
    return True


def _view(
    values: Any, name: str, kinds: dict[str | None, int], wanted: int
) -> tuple[Any, int]:
    """The memoryview of a buffer that C can read, and its elements' kind; None if it is none."""
    if type(values) in _NO_BUFFERS:
        return None, 0
    try:
        view = memoryview(values)
    except (TypeError, ValueError, BufferError):
        return None, 0
    kind = kinds.get(view.format)
    if (
        kind is not None
        and view.ndim == wanted
        and view.c_contiguous
        and (type(values) in _UNMASKED or _unmasked(values))
    ):
        return view, kind
    form, ndim = view.format, view.ndim
    view.release()
    if ndim != wanted:
        checks.dimensions(values, name, wanted)
        return None, 0
    if str(form)[-1] in "Ows" or hasattr(values, "mask"):
        return None, 0  # objects, text, masked arrays: what they hold is seen one by one
    if kind is None:
        dtype = getattr(values, "dtype", form)
        if str(form).startswith((">", "!")):
            raise ValueError(
                f"{name} is big-endian ({dtype}): give {name}.astype({name}.dtype.newbyteorder())"
            )
        allowed = "float64 or float32" + (", integers or bool" if kinds is _LABELS else "")
        cure = f"{name}.astype(float)"
        if "Z" in str(form):
            cure = f"{name}.real, if that is what is meant"
        if str(form).startswith("T"):
            cure = f"numpy.lib.recfunctions.structured_to_unstructured({name})"
        raise TypeError(f"{name} has elements of type {dtype}: give {allowed}, as {cure}")
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


def _refuse_length(view: Any, n: int, name: str = "y", kind: str = "label") -> None:
    """checks.same_length, of a memoryview that is not n long."""
    length = len(view)
    view.release()
    checks.same_length(range(length), n, name, kind)


def table(X: Any, y: Any = None, sample_weight: Any = None) -> Buffer:
    """checks.table, without a copy where X is a buffer."""
    view, kind = _view(X, "X", _FLOATS, 2)
    if view is not None:
        n, d = view.shape
        if n == 0 or d == 0:
            view.release()
            checks.table([[]] * min(n, 1))  # raises
        return Buffer(X, kind, n, d, view)
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
        checks.same_index([("X", X), ("y", y), ("sample_weight", sample_weight)])
        rows, flat = checks.table(X), array("d")
        d = len(rows[0])
        for row in rows:
            flat.extend(row)
    return Buffer(flat, 0, len(rows), d)


def sample(x: Any, y: Any = None) -> Buffer:
    """checks.sample, without a copy where x is a buffer."""
    view, kind = _view(x, "x", _FLOATS, 1)
    if view is not None:
        if len(view) == 0:
            view.release()
            checks.sample([])  # raises
        return Buffer(x, kind, len(view), 1, view)
    flat = _plain(x)
    if not flat:
        checks.same_index([("x", x), ("y", y)])
        flat = array("d", checks.sample(x))
    return Buffer(flat, 0, len(flat), 1)


def scores(z: Any) -> Any:
    """The memoryview of a buffer of scores; None if z is one score, or nothing that C can read."""
    if isinstance(z, (int, float)) or getattr(z, "shape", None) == ():
        return None
    return _view(z, "z", _FLOATS, 1)[0]


def labels(y: Any, n: int) -> Buffer:
    """checks.labels, without a copy where y is a buffer."""
    view, kind = _view(y, "y", _LABELS, 1)
    if view is not None:
        if len(view) != n:
            _refuse_length(view, n)
        return Buffer(y, kind, n, 1, view)
    flat = _plain(y)
    if flat is None:
        flat = array("d", checks.labels(y, n))
    checks.same_length(flat, n)
    return Buffer(flat, 0, n, 1)


def label_values(y: Buffer) -> None:
    n = y.length
    if n <= SLICE and lib.pyref_find_no_label(y.pointer, y.kind, 0, n) == n:
        return  # as it mostly is, in the shortest way
    i = y.first(lib.pyref_find_no_label)
    if i is not None:
        checks.probability(y.value(i), f"y[{i}]")


def table_values(X: Buffer, name: str) -> None:
    """Look for the NaN or the infinity that must be in X if a gradient is not finite."""
    i = X.first(lib.pyref_find_not_finite)
    if i is not None:
        row, column = divmod(i, X.width)
        place = f"X[{row}][{column}]" if name == "X" else f"x[{i}]"
        raise checks.bad_cell(X.value(i), place)


def sample_weights(values: Any, n: int) -> Buffer | None:
    """checks.sample_weights as doubles, without a copy where they are; or None, unweighted."""
    if values is None:
        return None
    view, kind = _view(values, "sample_weight", _LABELS, 1)
    if view is None:
        flat = _plain(values)
        if flat is None:
            flat = array("d", checks.numbers(values, "sample_weight"))
        checks.same_length(flat, n, "sample_weight", "weight")
        return Buffer(flat, 0, n, 1)
    if len(view) != n:
        _refuse_length(view, n, "sample_weight", "weight")
    given = Buffer(values, kind, n, 1, view)
    if kind == 0 and int(ffi.cast("uintptr_t", given.pointer)) % 8 == 0:
        return given
    try:
        flat = zeros(n)
        to = doubles(flat, n)
        for start in range(0, n, SLICE):
            lib.pyref_widen(given.pointer, kind, start, min(SLICE, n - start), to)
    finally:
        let_go(given)
    return Buffer(flat, 0, n, 1)


def as_doubles(s: Buffer | None) -> Any:
    """Sample weights as C takes them: a pointer to doubles, or NULL."""
    return ffi.NULL if s is None else ffi.cast("double *", s.pointer)


def sample_weight_values(s: Buffer | None, n: int) -> float:
    """checks.sample_weight_values"""
    if s is None:
        return n
    total, values, n = 0.0, as_doubles(s), s.length
    for start in range(0, n, SLICE):
        count = min(SLICE, n - start)
        i = lib.pyref_find_no_weight(values, start, count)
        if i < count:
            checks.not_negative(s.value(start + i), f"sample_weight[{start + i}]")
        total = lib.pyref_sum(values, start, count, total)
    return checks.total_weight(total)


def divided(s: Buffer, unit: float) -> Buffer:
    """The sample weights in another unit; those that were given are let go of."""
    values, n = as_doubles(s), s.length
    try:
        return Buffer(array("d", [values[i] / unit for i in range(n)]), 0, n, 1)
    finally:
        let_go(s)


def weights(w: Any, d: int) -> array[float]:
    """checks.weights, as an array of its own."""
    flat = _plain(w)
    if flat is None:
        try:
            view = _view(w, "w", _FLOATS, 1)[0]
        except (TypeError, ValueError):
            view = None  # d numbers are copied anyway: whatever Python can read will do
        if view is not None:
            copy = view.tobytes()
            flat = array("d", copy if view.itemsize == 8 else array("f", copy))
            view.release()
    # 0 times a sum with a NaN or an infinity in it is not 0; nor if the sum itself is too large
    if flat is None or len(flat) != d or sum(flat) * 0.0 != 0.0:
        flat = array("d", checks.weights(w if flat is None else flat, d))
    return flat


def thread_count(threads: Any) -> int:
    return 0 if threads is None else min(checks.count(threads, "threads", 1), 64)


def zeros(count: int) -> array[float]:
    return _ZERO * count


def doubles(values: array[float], count: int) -> Any:
    """Where they lie, for a call into C that reads or writes `count` of them."""
    if len(values) != count:
        raise ValueError(f"C is to use {count} numbers, of {len(values)}")
    return _from_buffer(_DOUBLES, values)


def as_array(values: Sequence[float]) -> array[float]:
    return values if isinstance(values, array) else array("d", values)


def numbers(values: Sequence[float], count: int) -> Any:
    """The same of a list, which C may only read."""
    return doubles(as_array(values), count)


def class_labels(y: Any, n: int) -> Buffer:
    """checks.class_labels, without a copy where y is a buffer of integers, or of rows of floats."""
    whole = {code: kind for code, kind in _LABELS.items() if code not in _FLOATS}
    shape: Any = getattr(y, "shape", ())
    view: Any = None
    if len(shape) == 1 and _format(y) in whole:
        view, kind = _view(y, "y", whole, 1)
    elif len(shape) == 2 and _format(y) in _FLOATS and shape[1] > 0:
        view, kind = _view(y, "y", _FLOATS, 2)
    if view is not None:
        if len(view) != n:
            _refuse_length(view, n)
        return Buffer(y, kind, n, view.shape[1] if view.ndim == 2 else 1, view)
    labels = checks.class_labels(y, n)
    if isinstance(labels[0], list):
        flat = array("d")
        for row in labels:
            flat.extend(row)
        return Buffer(flat, 0, n, len(labels[0]))
    try:
        return Buffer(array("q", labels), _LABELS["q"], n, 1)
    except OverflowError:  # no class number is as large as that
        return _Huge(labels)


def classes_of(y: Buffer) -> int:
    """checks.classes_of"""
    if y.kind < 2:
        return y.width
    largest = 0
    for start in range(0, y.length, SLICE):
        count = min(SLICE, y.length - start)
        largest = max(largest, lib.pyref_largest(y.pointer, y.kind, start, count))
    return checks.number_of_classes(max(y.given) if isinstance(y, _Huge) else largest)


def class_label_values(y: Buffer, C: int) -> None:
    """checks.class_label_values"""
    if y.kind >= 2:
        i = y.first(lib.pyref_find_no_class, C)
        if i is not None:
            checks.class_number(y.value(i), f"y[{i}]", C)
        return
    if y.width == C:
        i = y.first(lib.pyref_find_no_distribution, C, width=C)
        if i is None:
            return
    else:
        i = 0
    row = y.values(i * y.width, y.width).tolist()
    checks.same_classes(checks.label_row(row, f"y[{i}]"), f"y[{i}]", C, "probability")


def by_class(W: list[list[float]], b: list[float]) -> array[float]:
    """(W, b) as C has them: class by class, then the intercepts."""
    params = array("d")
    for column in zip(*W, strict=True):
        params.extend(column)
    params.extend(b)
    return params


def by_feature(params: array[float], d: int, C: int) -> tuple[list[array[float]], array[float]]:
    """And back: W as d rows of C, and b."""
    return [params[j : d * C : d] for j in range(d)], params[d * C :]
