"""What pyref.fast refuses, and that its cures cure.

What it cannot read but knows the element type of is refused in words that name a cure: here
the cure is executed.
"""


import numpy as np
import pytest
from helpers.compare import same
from helpers.tables import (
    HOW,
    INTEGERS,
    NARROW,
    B,
    D,
    N,
    W,
    X,
    Y,
    everything,
    shifted,
)
from hypothesis import given
from hypothesis import strategies as st

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
    ):
        with pytest.raises(TypeError) as caught:
            fast.gradient(table, Y, W, B)
        assert str(caught.value) == f"X[0][0] is {found}: give a number"
        with pytest.raises(TypeError) as caught:
            fast.gradient(X, table[:, 0].copy(), W, B)
        assert str(caught.value) == f"y[0] is {found}: give a number"
    dates = np.full((N, D), np.datetime64("2020-01-01"))
    for name, call in (
        ("X", lambda: fast.gradient(dates, Y, W, B)),
        ("y", lambda: fast.gradient(X, dates[:, 0], W, B)),
    ):
        with pytest.raises(TypeError) as caught:
            call()
        assert str(caught.value) == (
            f"{name} has elements of type datetime64[D]: give numbers, such as the days since the"
            " first of them"
        )
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
