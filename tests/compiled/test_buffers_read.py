"""What pyref.fast reads where it lies: without a copy, and without a trace.

Buffers of float64 and float32 are read whatever their alignment, and never written to. No kind
of element is ever taken for another.
"""

import array

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
    cast_memoryview,
    everything,
    memory_map,
    read_only,
    shifted,
)

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
