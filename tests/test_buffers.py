"""What pyref.fast reads where it lies, what it refuses, and that its cures cure.

Buffers of float64 and float32 are read without a copy, whatever their alignment, and never
written to. Anything else that knows its element type is refused in words that name a cure:
here the cure is executed. No kind of element is ever taken for another.
"""

import array
import mmap
import tempfile
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.compare import same
from hypothesis import given
from hypothesis import strategies as st

N, D = 37, 5
NARROW = np.random.RandomState(0).standard_normal((N, D)).astype(np.float32)
X = NARROW.astype(np.float64)  # so that float32 holds the same numbers
Y = (np.arange(N) * 7 % 3 == 0).astype(np.float64)
W, B = np.linspace(-1, 1, D), 0.25
HOW = {"learning_rate": 0.5, "iterations": 5}


def everything(fast, X, y, **how):
    """All that pyref.fast computes from a table and labels."""
    how = {**HOW, **how}
    fit = fast.gradient_descent(X, y, **how)
    few = fast.gradient_descent(X, y, **{**how, "iterations": 2})  # too few to pack the rows
    return [fast.gradient(X, y, W, B), fit.losses, fit.w, fit.b, few.losses, few.w]


def shifted(values, offset):
    """The same array, `offset` bytes past a multiple of 64."""
    room = np.zeros(values.nbytes + 128, np.uint8)
    start = -room.ctypes.data % 64 + offset
    out = room[start : start + values.nbytes].view(values.dtype).reshape(values.shape)
    out[...] = values
    assert out.ctypes.data % 64 == offset
    return out


def read_only(values):
    values = values.copy()
    values.flags.writeable = False
    return values


def cast_memoryview(values):
    return memoryview(values).cast("B").cast(values.dtype.char, values.shape)


def memory_map(values):
    """On pages that the processor itself does not let anyone write to."""
    with tempfile.TemporaryFile() as file:
        file.write(values.tobytes())
        file.flush()
        pages = mmap.mmap(file.fileno(), values.nbytes, access=mmap.ACCESS_READ)
    return np.frombuffer(pages, values.dtype).reshape(values.shape)


# ---------------------------------------------------------------- what is read


TABLES = {
    "numpy float64": lambda: X,
    "numpy float32": lambda: NARROW,
    "read-only": lambda: read_only(X),
    "read-only float32": lambda: read_only(NARROW),
    "little-endian by name": lambda: X.astype("<f8"),
    "a numpy matrix": lambda: X.view(np.matrix),
    "a memoryview": lambda: memoryview(X),
    "a memoryview of float32": lambda: memoryview(NARROW),
    "a memoryview of bytes, cast": lambda: memoryview(X.tobytes()).cast("d", (N, D)),
    "a memoryview of float32, cast": lambda: cast_memoryview(NARROW),
    "an array.array, cast": lambda: (
        memoryview(array.array("d", X.ravel())).cast("B").cast("d", (N, D))
    ),
    "rows of a larger table": lambda: np.vstack([X * 0, X, X * 0])[N : 2 * N],
    "an odd address": lambda: shifted(X, 1),
    "an odd address, float32": lambda: shifted(NARROW, 3),
    "frombuffer with an odd offset": lambda: np.frombuffer(
        b"odd" + X.tobytes(), np.float64, N * D, offset=3
    ).reshape(N, D),
    "lists": lambda: X.tolist(),
    "tuples": lambda: tuple(map(tuple, X.tolist())),
    "a list of arrays": lambda: list(X),
    "a list of array.arrays": lambda: [array.array("d", row) for row in X],
    "a list of tuples of numpy numbers": lambda: [tuple(row) for row in NARROW],
}


@pytest.mark.parametrize("name", TABLES)
def test_every_table_that_can_be_read_gives_the_same_bits(fast, name):
    same(everything(fast, TABLES[name](), Y), everything(fast, X.copy(), Y))


def test_every_alignment_of_table_labels_and_weights(fast):
    want = everything(fast, X, Y)
    for offset in (*range(8), *range(8, 64, 8)):
        for kind in (np.float64, np.float32):
            table, labels = shifted(X.astype(kind), offset), shifted(Y, 63 - offset)
            same(everything(fast, table, labels), want)
    for kind in (np.float32, np.int16, np.uint32, np.int64):
        same(everything(fast, X, shifted(Y.astype(kind), 1)), want)
    exact = np.round(W * 64) / 64
    for kind in (np.float64, np.float32):
        same(fast.gradient(X, Y, shifted(exact.astype(kind), 5), B), fast.gradient(X, Y, exact, B))


INTEGERS = ["?", "b", "B", "h", "H", "i", "I", "l", "L", "q", "Q"]
LABELS = {
    **{f"numpy {np.dtype(code).name} ({code})": lambda c=code: Y.astype(c) for code in INTEGERS},
    "numpy float32": lambda: Y.astype(np.float32),
    **{
        f"array.array {code}": lambda c=code: array.array(c, [int(y) for y in Y])
        for code in "bBhHiIlLqQ"
    },
    "array.array f": lambda: array.array("f", Y),
    "array.array d": lambda: array.array("d", Y),
    "a memoryview of bools": lambda: memoryview(bytes(map(int, Y))).cast("?"),
    "a memoryview of bytes": lambda: memoryview(bytes(map(int, Y))),
    "read-only": lambda: read_only(Y),
    "a list of bools": lambda: [bool(y) for y in Y],
    "a list of ints": lambda: [int(y) for y in Y],
    "a tuple": lambda: tuple(Y.tolist()),
    "a list of numpy bools": lambda: list(Y.astype(bool)),
}


@pytest.mark.parametrize("name", LABELS)
def test_every_kind_of_labels_gives_the_same_bits(fast, name):
    for table in (X, NARROW):
        same(everything(fast, table, LABELS[name]()), everything(fast, X, Y))
    x = X[:, 0].copy()
    for labels in (LABELS[name](), Y):
        same(fast.gradient_ab(x, labels, 0.5, B), fast.gradient_ab(x, Y, 0.5, B))
        got = fast.gradient_descent_logistic(x, labels, 0.5, 9)
        same(got, fast.gradient_descent_logistic(x, Y, 0.5, 9))


def test_every_bit_of_an_integer_label_is_seen(fast):
    """A label is not cut to its low byte: 256 is not 0, and 2^32 + 1 is not 1."""
    for code in INTEGERS:
        bits = 8 * np.dtype(code).itemsize
        for power in range(1, bits - (code in "bhilq")):
            labels = Y.astype(code)
            labels[11] = 2**power if code != "?" else 1
            if code == "?":
                labels.view(np.uint8)[11] = 2**power
            with pytest.raises(ValueError, match=r"^y\[11\] is .*: give a number from 0 to 1$"):
                fast.gradient(X, labels, W, B)
        if code in "bhilq":
            labels = Y.astype(code)
            labels[-1] = -(2 ** (bits - 1))
            with pytest.raises(ValueError, match=rf"^y\[{N - 1}\] is -.*: give a number"):
                fast.gradient_descent(X, labels, **HOW)


def test_one_feature_and_scores_as_buffers(fast):
    x = X[:, 0].copy()
    forms = [x, x.astype(np.float32), memoryview(x), array.array("d", x), array.array("f", x)]
    forms += [x.tolist(), tuple(x), shifted(x, 3), read_only(x), shifted(x.astype(np.float32), 1)]
    for form in forms:
        same(fast.gradient_ab(form, Y, 0.5, B), fast.gradient_ab(x, Y, 0.5, B))
        same(
            fast.gradient_descent_logistic(form, Y, 0.5, 9),
            fast.gradient_descent_logistic(x, Y, 0.5, 9),
        )
    for function in (fast.sigmoid, fast.softplus):
        want = [function(z) for z in x.tolist()]
        for form in (form for form in forms if not isinstance(form, (list, tuple))):
            got = function(form)
            assert type(got) is array.array
            same(got, want)
        assert function(np.array(0.5)) == function(np.float32(0.5)) == function(0.5)
        assert list(function(np.empty(0))) == []


# ---------------------------------------------------------------- where it lies, and untouched


def test_a_table_is_read_where_it_lies(fast):
    """What a callback writes into X is seen by the next iteration. (Nine features: fewer would
    be packed, once, before the first.)"""
    table = np.random.RandomState(1).standard_normal((200, 9))
    labels = (np.arange(200) % 3 == 0).astype(np.uint8)
    other = np.random.RandomState(2).standard_normal((200, 9))
    for kind in (np.float64, np.float32):
        for wrap in (np.asarray, memoryview, cast_memoryview):
            for how in ({}, {"threads": 2}):
                given, at = table.astype(kind), []

                def change(k, loss, given=given, at=at):
                    at.append(loss)
                    given[...] = other

                fit = fast.gradient_descent(
                    wrap(given), labels, learning_rate=0.5, iterations=2, callback=change, **how
                )
                start = fast.gradient_descent(
                    table.astype(kind), labels, learning_rate=0.5, iterations=1
                )
                loss, _, _ = fast.gradient(other.astype(kind), labels, start.w, start.b)
                same(fit.losses, [start.losses[0], loss / 200])
                same(at, fit.losses)


def test_labels_are_read_where_they_lie(fast):
    table = np.random.RandomState(1).standard_normal((200, 9))
    for kind in (np.uint8, np.int64, bool, np.float32, np.float64):
        labels = np.zeros(200, kind)

        def change(k, loss, labels=labels):
            labels[:] = 1

        fit = fast.gradient_descent(table, labels, learning_rate=0.5, iterations=2, callback=change)
        start = fast.gradient_descent(table, np.zeros(200), learning_rate=0.5, iterations=1)
        same(fit.losses[1], fast.gradient(table, np.ones(200), start.w, start.b)[0] / 200)


def test_the_classes_labels_and_table_are_read_where_they_lie(fast):
    table = np.random.RandomState(1).standard_normal((60, 3))
    labels, other = np.arange(60) % 3, table[::-1].copy()
    given = table.copy()

    def change(k, loss):
        given[...] = other

    fit = fast.softmax_descent(given, labels, learning_rate=0.5, iterations=2, callback=change)
    start = fast.softmax_descent(table, labels, learning_rate=0.5, iterations=1)
    same(fit.losses[1], fast.softmax_gradient(other, labels, start.w, start.b)[0] / 60)


def test_nothing_that_is_given_is_ever_written_to(fast):
    """Every argument lies in memory that cannot be written to, and keeps its bytes."""
    for table in (X, NARROW, X[:, :3], NARROW[:, :1]):
        table = memory_map(np.ascontiguousarray(table))
        labels, w = memory_map(Y.astype(np.uint8)), memory_map(W[: table.shape[1]].copy())
        x = memory_map(np.ascontiguousarray(table[:, 0]))
        given = (table, labels, w, x)
        before = [a.tobytes() for a in given]
        for how in ({"threads": 1}, {"threads": 3}):
            fast.gradient(table, labels, w, B, **how)
            fast.gradient_descent(table, labels, w=w, momentum=0.5, **HOW, **how)
            fast.gradient_descent(table, labels, w=w, learning_rate=1e300, iterations=50, **how)
            fast.gradient_ab(x, labels, 0.5, B, **how)
            fast.gradient_descent_logistic(x, labels, **how)
        if x.dtype == np.float64:
            fast.sigmoid(x), fast.softplus(x)
        assert [a.tobytes() for a in given] == before


def test_a_memory_map_of_a_file(fast, tmp_path):
    for table in (X, NARROW):
        table.tofile(tmp_path / "X.bin")
        Y.astype(np.int8).tofile(tmp_path / "y.bin")
        mapped = np.memmap(tmp_path / "X.bin", table.dtype, "r", shape=table.shape)
        labels = np.memmap(tmp_path / "y.bin", np.int8, "r")
        same(everything(fast, mapped, labels), everything(fast, X, Y))
        # 4 bytes into the file: float64 off its alignment
        (tmp_path / "head.bin").write_bytes(b"head" + table.tobytes())
        mapped = np.memmap(tmp_path / "head.bin", table.dtype, "r", offset=4, shape=table.shape)
        same(everything(fast, mapped, labels), everything(fast, X, Y))


def test_a_buffer_cannot_change_its_size_while_it_is_read(fast):
    """And can again afterwards, also when the run has ended with an error."""
    labels = array.array("d", Y)
    refused = []

    def grow(k, loss):
        with pytest.raises(BufferError):
            labels.append(1.0)
        refused.append(k)
        if k == 1:
            raise LookupError("enough")

    def error(call):  # (pytest.raises would keep the exception, and its frames, for longer)
        try:
            call()
        except Exception as problem:
            return str(problem)

    assert error(lambda: fast.gradient_descent(X, labels, **HOW, callback=grow)) == "enough"
    assert refused == [0, 1]
    labels.append(1.0)
    assert error(lambda: fast.gradient(X, labels, W, B)).startswith("y has length 38")
    labels.pop()
    labels[3] = 7
    assert error(lambda: fast.gradient(X, labels, W, B)).startswith("y[3] is 7.0")
    assert error(lambda: fast.gradient_descent(X, labels, **HOW)).startswith("y[3] is 7.0")
    labels.append(1.0)


# ---------------------------------------------------------------- what is refused, and the cure


def big_endian(a):
    return a.astype(a.dtype.newbyteorder(">"))


ORDER = "does not lie row after row in memory: give numpy.ascontiguousarray({})"
TYPE = "has elements of type {}: give {}, as {}.astype(float)"
REFUSED_TABLES = {
    "Fortran order": (lambda: np.asfortranarray(X), ValueError, ORDER),
    "transposed": (lambda: X.T.copy().T, ValueError, ORDER),
    "every other row": (lambda: np.repeat(X, 2, axis=0)[::2], ValueError, ORDER),
    "some columns": (lambda: np.hstack([X, X])[:, :D], ValueError, ORDER),
    "every other column": (lambda: np.repeat(X, 2, axis=1)[:, ::2], ValueError, ORDER),
    "rows upside down": (lambda: X[::-1].copy()[::-1], ValueError, ORDER),
    "columns from the right": (lambda: X[:, ::-1].copy()[:, ::-1], ValueError, ORDER),
    "one row many times": (lambda: np.broadcast_to(X[:1], (N, D)), ValueError, ORDER),
    "float32 in Fortran order": (lambda: np.asfortranarray(NARROW), ValueError, ORDER),
    "a strided memoryview": (lambda: memoryview(np.repeat(X, 2, axis=0))[::2], ValueError, ORDER),
    "big-endian": (
        lambda: big_endian(X),
        ValueError,
        "is big-endian (>f8): give {0}.astype({0}.dtype.newbyteorder())",
    ),
    "big-endian float32": (
        lambda: big_endian(NARROW),
        ValueError,
        "is big-endian (>f4): give {0}.astype({0}.dtype.newbyteorder())",
    ),
}
for code in ["e", "g", *INTEGERS]:
    dtype = np.dtype(code)
    REFUSED_TABLES[f"{dtype.name} ({code})"] = (
        lambda dtype=dtype: np.round(4 * X).clip(0, 1).astype(dtype),
        TypeError,
        TYPE.format(dtype.name, "float64 or float32", "{}"),
    )


def cured(message, **names):
    """What the message tells one to give, made of what was given."""
    cure = message.rpartition("give ")[2]
    cure = cure.partition(", as ")[2] or cure
    return eval(cure, {"numpy": np, "float": float}, names)


@pytest.mark.parametrize("name", REFUSED_TABLES)
def test_a_table_that_is_refused_and_its_cure(fast, name):
    make, exception, message = REFUSED_TABLES[name]
    table = make()
    for call in (
        lambda X: fast.gradient(X, Y, W, B),
        lambda X: fast.gradient_descent(X, Y, **HOW),
        lambda X: fast.gradient_descent(X, Y, learning_rate=0.1, iterations=0),
        lambda X: fast.softmax_gradient(X, Y.astype(int), np.zeros((D, 2)), [0, 0]),
        lambda X: fast.softmax_descent(X, Y.astype(int), **HOW),
    ):
        with pytest.raises(exception) as caught:
            call(table)
        assert type(caught.value) is exception
        assert str(caught.value) == "X " + message.format("X")
    better = cured(str(caught.value), X=table)
    want = np.asarray(table).astype(np.float64, order="C")
    same(everything(fast, better, Y), everything(fast, want, Y))


REFUSED_LABELS = {
    "every other one": (lambda: np.repeat(Y, 2)[::2], ValueError, ORDER),
    "backwards": (lambda: Y[::-1].copy()[::-1], ValueError, ORDER),
    "a column of a table": (lambda: np.stack([Y, Y], axis=1)[:, 0], ValueError, ORDER),
    "one label for all": (lambda: np.broadcast_to(np.uint8(1), N), ValueError, ORDER),
    "float16": (
        lambda: Y.astype(np.float16),
        TypeError,
        TYPE.format("float16", "float64 or float32, integers or bool", "{}"),
    ),
    "long double": (
        lambda: Y.astype(np.longdouble),
        TypeError,
        TYPE.format(np.dtype("g").name, "float64 or float32, integers or bool", "{}"),
    ),
}
for code in ("f8", "f4", "i2", "u2", "i4", "u4", "i8", "u8"):
    REFUSED_LABELS[f"big-endian {code}"] = (
        lambda code=code: Y.astype(">" + code),
        ValueError,
        f"is big-endian (>{code}): give {{0}}.astype({{0}}.dtype.newbyteorder())",
    )


@pytest.mark.parametrize("name", REFUSED_LABELS)
def test_labels_that_are_refused_and_their_cure(fast, name):
    make, exception, message = REFUSED_LABELS[name]
    labels = make()
    x = X[:, 0].copy()
    for call in (
        lambda y: fast.gradient(X, y, W, B),
        lambda y: fast.gradient_descent(X, y, **HOW),
        lambda y: fast.gradient_ab(x, y, 0.5, B),
        lambda y: fast.gradient_descent_logistic(x, y),
    ):
        with pytest.raises(exception) as caught:
            call(labels)
        assert type(caught.value) is exception
        assert str(caught.value) == "y " + message.format("y")
    better = cured(str(caught.value), y=labels)
    want = np.asarray(labels).astype(np.float64)
    same(everything(fast, X, better), everything(fast, X, want))


@pytest.mark.parametrize("name", ["every other one", "backwards", "float16", "big-endian f8"])
def test_one_feature_and_scores_that_are_refused_and_their_cure(fast, name):
    make, exception, message = REFUSED_LABELS[name]
    values = make()
    if exception is TypeError:
        message = message.replace("float64 or float32, integers or bool", "float64 or float32")
    for letter, call in (
        ("x", lambda x: fast.gradient_ab(x, Y, 0.5, B)),
        ("x", lambda x: fast.gradient_descent_logistic(x, Y)),
        ("z", fast.sigmoid),
        ("z", fast.softplus),
    ):
        with pytest.raises(exception) as caught:
            call(values)
        assert str(caught.value) == letter + " " + message.format(letter)
        same(
            call(cured(str(caught.value), **{letter: values})),
            call(np.asarray(values).astype(np.float64)),
        )


def test_other_types_of_elements_are_refused(fast):
    for table, found in (
        (X.astype(complex), "complex128"),
        (X.astype(np.complex64), "complex64"),
        (np.zeros((N, D), [("a", float)]), "[('a', '<f8')]"),
        (np.zeros((N, D), [("a", "f4"), ("b", "i4")]), "[('a', '<f4'), ('b', '<i4')]"),
    ):
        with pytest.raises(TypeError) as caught:
            fast.gradient(table, Y, W, B)
        assert str(caught.value).startswith(f"X has elements of type {found}: give ")
        with pytest.raises(TypeError) as caught:
            fast.gradient(X, table[:, 0].copy(), W, B)
        assert str(caught.value).startswith(f"y has elements of type {found}: give ")
    for table, found in (
        (np.full((N, D), "1.0"), "'1.0', a str"),
        (np.full((N, D), b"1.0"), "b'1.0', a bytes"),
        (np.full((N, D), None), "None, a NoneType"),
        (np.full((N, D), np.datetime64("2020-01-01")), "datetime.date(2020, 1, 1), a date"),
    ):
        with pytest.raises(TypeError) as caught:
            fast.gradient(table, Y, W, B)
        assert str(caught.value) == f"X[0][0] is {found}: give a number"
        with pytest.raises(TypeError) as caught:
            fast.gradient(X, table[:, 0].copy(), W, B)
        assert str(caught.value) == f"y[0] is {found}: give a number"
    # objects that are numbers are numbers
    same(everything(fast, X.astype(object), Y.astype(object)), everything(fast, X, Y))


SHAPES = "not 2 dimension(s): reshape it to (rows, features)"


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_tables_of_other_shapes(fast, kind):
    for shape, message in {
        (): f"X has shape (), {SHAPES}",
        (6,): f"X has shape (6), {SHAPES}",
        (3, 2, 1): f"X has shape (3, 2, 1), {SHAPES}",
        (3, 1, 1, 2): f"X has shape (3, 1, 1, 2), {SHAPES}",
        (0, 2): "X is empty: give at least one row",
        (0, 0): "X is empty: give at least one row",
        (3, 0): "X[0] has no features: give each row at least one",
    }.items():
        table = np.ones(shape, kind)
        for call in (
            lambda X: fast.gradient(X, [0, 1, 1], [0.5, 0.5], 0),
            lambda X: fast.gradient_descent(X, [0, 1, 1], **HOW),
        ):
            with pytest.raises(ValueError) as caught:  # noqa: PT011  (the text is compared below)
                call(table)
            assert str(caught.value) == message
        if table.size:  # the cure
            fast.gradient(table.reshape(-1, 1), [1] * table.size, [0.5], 0)
    for shape in ((), (3, 1), (1, 3), (3, 1, 1)):
        with pytest.raises(ValueError, match=r"^y has shape .*: flatten it to one row$"):
            fast.gradient(X[:3], np.zeros(shape, kind), W, B)
        if shape:
            fast.gradient(X[:3], np.zeros(shape, kind).ravel(), W, B)


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_shapes_without_memory_behind_them(fast, kind):
    """An array can claim any number of rows. None of these may be walked, or copied."""
    huge = 2**40
    with pytest.raises(ValueError, match=r"^X does not lie row after row in memory"):
        fast.gradient(np.broadcast_to(kind(1), (huge, 2**10)), [0], [0], 0)
    with pytest.raises(ValueError, match=r"^X does not lie row after row in memory"):
        fast.gradient(np.broadcast_to(kind(1), (1, huge)), [0], [0], 0)
    with pytest.raises(ValueError, match=r"^X is empty: give at least one row$"):
        fast.gradient(np.empty((0, huge), kind), [0], [0], 0)
    with pytest.raises(ValueError, match=r"^X\[0\] has no features: give each row at least one$"):
        fast.gradient(np.empty((huge, 0), kind), [0], [0], 0)
    with pytest.raises(ValueError, match=r"^y does not lie row after row in memory"):
        fast.gradient(X, np.broadcast_to(kind(1), huge), W, B)
    with pytest.raises(ValueError, match=r"^x does not lie row after row in memory"):
        fast.gradient_ab(np.broadcast_to(kind(1), huge), [0], 0, 0)


# ---------------------------------------------------------------- never a silent misread

CODES = "?bBhHiIlLqQefdgFD"


@given(st.data())
def test_any_array_is_read_right_or_refused(fast, data):
    """Any element type, byte order, strides and alignment: the right numbers, or an error."""
    dtype = np.dtype(data.draw(st.sampled_from(CODES)))
    if data.draw(st.booleans()):
        dtype = dtype.newbyteorder(data.draw(st.sampled_from("<>")))
    n, d = data.draw(st.integers(1, 12)), data.draw(st.integers(1, 10))
    down, right = data.draw(st.sampled_from([(1, 1), (1, 1), (1, 1), (2, 1), (1, 3), (-1, 1)]))
    offset = data.draw(st.integers(0, 15))
    seed = data.draw(st.integers(0, 2**32 - 1))
    labels = data.draw(st.booleans())
    shape = (n * abs(down), d * right)
    random = np.random.RandomState(seed)
    numbers = random.randint(0, 2, shape) if labels else random.randint(-3, 4, shape) / 2
    values = shifted(numbers.astype(dtype), offset)[::down, ::right]
    if data.draw(st.booleans()) and not labels:
        values = np.asfortranarray(values)
    assert values.shape == (n, d)
    table = values.astype(np.float64) if dtype.kind != "c" else values.real.astype(np.float64)
    table = np.ascontiguousarray(table)
    native = dtype.newbyteorder("=") == dtype
    if labels:
        column = values[:, 0] if d > 1 else values.reshape(n)
        wanted = fast.gradient(np.ones((n, 2)), table[:, 0].copy(), [0.5, 0.25], 0.125)
        readable = dtype.kind in "biuf" and dtype.char not in "eg" and native
        readable = readable and column.flags.c_contiguous
        call = lambda: fast.gradient(np.ones((n, 2)), column, [0.5, 0.25], 0.125)  # noqa: E731
    else:
        w = random.randint(-3, 4, d) / 4
        y = random.randint(0, 2, n)
        wanted = fast.gradient(table, y, w, 0.125)
        readable = dtype.char in "fd" and native and values.flags.c_contiguous
        call = lambda: fast.gradient(values, y, w, 0.125)  # noqa: E731
    if readable:
        same(call(), wanted)
    else:
        with pytest.raises((TypeError, ValueError), match=r": give "):
            call()


# ---------------------------------------------------------------- values that cannot be used


@pytest.mark.parametrize("kind", [np.float64, np.float32])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_bad_cell_is_found_where_it_is_and_nowhere_else(fast, monkeypatch, kind, value, buffers):
    """Also across the slices in which a large table is looked through."""
    for slice_ in (None, 1, 7, 64):
        if slice_:
            monkeypatch.setattr(buffers, "SLICE", slice_)
        for row, column in ((0, 0), (0, D - 1), (N // 2, 2), (N - 1, 0), (N - 1, D - 1)):
            table = X.astype(kind)
            table[row, column] = value
            message = f"X[{row}][{column}] is {value}: remove the row, or fill in a finite number"
            for wrong in (table, shifted(table, 5), table.tolist()):
                for call in (
                    lambda X: fast.gradient(X, Y, W, B),
                    lambda X: fast.gradient_descent(X, Y, **HOW),
                    lambda X: fast.gradient_descent(X, Y, learning_rate=1, iterations=0),
                    lambda X: fast.gradient_descent(X, Y, learning_rate=1, iterations=1),
                ):
                    with pytest.raises(ValueError) as caught:  # noqa: PT011
                        call(wrong)
                    assert str(caught.value) == message
            # both cures
            everything(fast, np.delete(table, row, axis=0), np.delete(Y, row))
            table[row, column] = 0.0
            everything(fast, table, Y)


def test_a_bad_cell_far_down_a_large_table(fast, buffers):
    """84 MB: more than one slice as it is, more than one part, several threads."""
    n, d = 2**22 + 3, 5
    assert n * d > buffers.SLICE
    table = np.zeros((n, d), np.float32)
    labels = np.zeros(n, np.uint8)
    for row, column in ((0, 1), (buffers.SLICE // d, buffers.SLICE % d), (n - 1, d - 1)):
        table[row, column] = np.nan
        for call in (
            lambda: fast.gradient(table, labels, W, B),
            lambda: fast.gradient_descent(table, labels, learning_rate=1, iterations=1),
        ):
            with pytest.raises(ValueError, match=rf"^X\[{row}\]\[{column}\] is nan: "):
                call()
        table[row, column] = 0.0
    for row in (0, buffers.SLICE // d, n - 1):
        labels[row] = 2
        with pytest.raises(ValueError, match=rf"^y\[{row}\] is 2.0: "):
            fast.gradient(table, labels, W, B)
        labels[row] = 0


@pytest.mark.parametrize("C", [1, 3, 70])
def test_labels_are_looked_through_in_slices(fast, monkeypatch, C, buffers):
    """Rows of C probabilities too: no more elements in one call than a slice has, or one row."""
    counts = []

    def find(y, kind, start, count, classes):
        counts.append(count)
        return fast.FRONT.engine.lib.pyref_find_no_distribution(y, kind, start, count, classes)

    monkeypatch.setattr(buffers, "SLICE", 64)
    monkeypatch.setattr(buffers, "lib", SimpleNamespace(pyref_find_no_distribution=find))
    labels = np.eye(C)[np.arange(100) % C]
    buffers.class_label_values(buffers.class_labels(labels, 100), C)
    assert sum(counts) == 100
    assert max(counts) == max(1, 64 // C)
    labels[98, 0] = 0.5
    if C > 1:
        labels[98, 1] = 0.25
    with pytest.raises(ValueError, match=r"^y\[98\]"):
        buffers.class_label_values(buffers.class_labels(labels, 100), C)


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_every_label_at_a_limit_is_taken_or_refused(fast, kind, buffers):
    """C looks at bits, a few hundred labels at a time: the first that is no label is the one
    that is named, and what only looks like none (-0.0) is none of them."""
    one, zero = kind(1), kind(0)
    good = [zero, -zero, one, np.nextafter(zero, one), np.nextafter(one, zero), kind(0.5)]
    bad = [np.nan, -np.nan, np.inf, -np.inf, -one, kind(2), np.finfo(kind).max]
    bad += [np.nextafter(one, kind(2)), np.nextafter(-zero, -one)]
    for n in (1, 255, 256, 257, 600):
        labels = np.resize(np.array(good, kind), n)
        buffers.label_values(buffers.labels(labels, n))
        for i in {0, n // 2, 255, 256, n - 1} & set(range(n)):
            for value in bad:
                wrong = labels.copy()
                wrong[i] = wrong[-1] = value
                with pytest.raises(ValueError, match=rf"^y\[{i}\] is "):
                    buffers.label_values(buffers.labels(wrong, n))


@pytest.mark.parametrize("code", [code for code in INTEGERS if code != "?"])
@pytest.mark.parametrize("C", [2, 127, 128, 255, 256, 300])
def test_every_class_at_a_limit_is_taken_or_refused(fast, code, C, buffers):
    """Also where the type holds fewer classes than there are, and negative numbers."""
    limits = np.iinfo(code)
    for n in (1, 255, 257, 600):
        labels = np.full(n, min(C - 1, limits.max), code)
        buffers.class_label_values(buffers.class_labels(labels, n), C)
        for i in {0, 255, 256, n - 1} & set(range(n)):
            for value in {C, limits.max, limits.min, -1}:
                if limits.min <= value <= limits.max and not 0 <= value < C:
                    wrong = labels.copy()
                    wrong[i] = wrong[-1] = value
                    with pytest.raises(ValueError, match=rf"^y\[{i}\] is {value}"):
                        buffers.class_label_values(buffers.class_labels(wrong, n), C)


def test_the_first_bad_cell_is_the_one_that_is_named(fast):
    table = X.copy()
    table[30, 1] = np.nan
    table[20, 4] = np.inf
    table[20, 2] = -np.inf
    with pytest.raises(ValueError, match=r"^X\[20\]\[2\] is -inf: "):
        fast.gradient(table, Y, W, B)


def test_a_nan_with_a_message_is_a_nan(fast):
    """The bits of a NaN beside its exponent are free; whatever they are, it is found."""
    for bits in (1, 0xFFF, 0xDEAD << 32, 2**51 + 2**11 + 5, 2**52 - 1):
        for sign in (0, 1 << 63):
            table = X.copy()
            table.view(np.uint64)[7, 3] = sign | 0x7FF << 52 | bits
            for w in (W, np.zeros(D), np.full(D, 1e3)):
                with pytest.raises(ValueError, match=r"^X\[7\]\[3\] is nan: "):
                    fast.gradient(table, Y, w, B)
            with pytest.raises(ValueError, match=r"^X\[7\]\[3\] is nan: "):
                fast.gradient_descent(table, Y, **HOW)


def test_finite_numbers_that_overflow_are_a_run_that_diverges(fast):
    huge = np.finfo(float).max
    for table, w in (
        (np.full((4, 2), 1e200), [1e200, 1e200]),
        (np.full((4, 9), huge), [huge] * 9),
        (np.full((20, 2), huge), [-1.0, -1.0]),
        (np.array([[huge, -huge]]), [2.0, 2.0]),  # inf - inf
    ):
        labels = np.arange(len(table)) % 2
        for iterations in (1, 5):
            fit = fast.gradient_descent(table, labels, learning_rate=1, iterations=iterations, w=w)
            assert fit.status == "diverged"
            same(fit.w, list(map(float, w)))
            assert fit.iterations == len(fit.losses) == 0
        loss, grad_w, grad_b = fast.gradient(table, labels, w, 0.0)
        assert not np.isfinite([loss, *grad_w, grad_b]).all()
    # the scores are finite here, and +-1e308: no overflow, and no divergence
    fit = fast.gradient_descent([[1e308], [-1e308]], [1, 0], learning_rate=1, iterations=3, w=[1.0])
    assert fit.status == "converged"


def test_denormal_features_are_numbers(fast):
    tiny = np.full((9, 3), 64 * 5e-324)
    loss, grad_w, grad_b = fast.gradient(tiny, np.zeros(9), [1.0, 1.0, 1.0], 0.0)
    same(loss, fast.gradient(np.zeros((9, 3)), np.zeros(9), [1.0] * 3, 0.0)[0])
    assert grad_b == 4.5
    same(grad_w, [9 * 32 * 5e-324] * 3)
    narrow = np.full((9, 9), 1e-45, np.float32)  # subnormal as float32, normal as float64
    got = fast.gradient(narrow, np.zeros(9), [1e30] * 9, 0.0)
    same(got, fast.gradient(narrow.astype(float), np.zeros(9), [1e30] * 9, 0.0))
    assert got[1][0] == pytest.approx(4.5 * 2.0**-149)
