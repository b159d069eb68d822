"""Scores and probabilities of rows, compiled: against Python's, and with the same bits always."""

import array
import math

import numpy as np
import pytest
from helpers.compare import same

import pyref
from pyref import pure

rng = np.random.default_rng(7)


@pytest.fixture
def predictions(fast):
    return fast.FRONT.engine


def problem(n, d, C):
    X = rng.standard_normal((n, d))
    if C == 1:
        return X, rng.standard_normal(d).tolist(), 0.25
    return X, rng.standard_normal((d, C)).tolist(), rng.standard_normal(C).tolist()


@pytest.mark.parametrize("C", [1, 2, 3, 17])
@pytest.mark.parametrize(("n", "d"), [(1, 1), (3, 2), (7, 9), (8, 8), (9, 17), (65, 33), (130, 5)])
def test_they_are_those_of_the_chapters(predictions, n, d, C):
    X, w, b = problem(n, d, C)
    want = pure.scores(X.tolist(), w, b, None)
    got = predictions.scores(X, w, b, None)
    assert len(got) == n * C
    bound = 4e-16 * (d + 2) * (np.abs(X).sum() + 1)
    assert np.abs(np.subtract(got, want)).max() <= bound
    width = 2 if C == 1 else C
    ps = np.reshape(predictions.probabilities(X, w, b, None), (n, width))
    for i in range(n):
        zs = list(got[i * C : (i + 1) * C])
        one = [pyref.sigmoid(-zs[0]), pyref.sigmoid(zs[0])] if C == 1 else pyref.softmax(zs)
        assert np.allclose(ps[i], one, rtol=1e-15, atol=0)
    assert np.abs(ps.sum(axis=1) - 1).max() < 1e-15 * width


def test_one_class_is_certain(predictions):
    assert list(predictions.probabilities([[1.0], [2.0]], [[3.0]], [4.0], None)) == [1.0, 1.0]


@pytest.mark.parametrize(("n", "d"), [(70_001, 30), (2_101, 257), (1_101, 513)])
@pytest.mark.parametrize("C", [1, 3])
def test_the_same_bits_whatever_the_threads_and_the_memory(predictions, C, n, d):
    X, w, b = problem(n, d, C)  # beyond the caches, and no multiple of anything
    want = predictions.scores(X, w, b, 1)
    for threads in (None, 2, 3, 7):
        same(predictions.scores(X, w, b, threads), want)
    few = slice(n - 300, n - 200)  # a table that fits the cache is read in another order
    same(predictions.scores(X[few], w, b, 1), want[(n - 300) * C : (n - 200) * C])
    single = X[:500].astype("f")
    same(predictions.scores(single, w, b, 2), predictions.scores(single.astype(float), w, b, 1))


def test_an_entry_that_is_not_finite_is_named(predictions):
    X, w, b = problem(100, 4, 3)
    X[37, 2] = math.nan
    with pytest.raises(ValueError, match=r"^X\[37\]\[2\] is nan: remove the row"):
        predictions.scores(X, w, b, 2)


def test_a_score_too_large_for_a_float_is_infinite(predictions):
    """Finite rows, infinite score: an answer, and no error."""
    assert list(predictions.scores([[1e308, 1e308]], [10.0, 1.0], 0.0, None)) == [math.inf]
    assert list(predictions.probabilities([[1e308]], [10.0], 0.0, None)) == [0.0, 1.0]


def test_no_memory_is_an_error(fast, predictions):
    try:
        for count in range(2):
            fast.FRONT.engine.lib.pyref_fail_allocation_after(count)
            with pytest.raises(MemoryError, match="no memory for the scores"):
                predictions.scores([[1.0]], [1.0], 0.0, None)
    finally:
        fast.FRONT.engine.lib.pyref_fail_allocation_after(-1)
    assert predictions.scores([[1.0]], [1.0], 0.0, None) == array.array("d", [1.0])


@pytest.mark.parametrize("code", ["d", "f"])
def test_the_users_buffer_is_let_go(predictions, code):
    """After an error whose frames are kept, it is free again."""
    X = array.array(code, [1.0, math.inf])
    kept = []
    for w, b in (([1.0], 0.0), ([[1.0, 2.0]], [0.0, 0.0]), ([1.0, 2.0], 0.0)):
        table = memoryview(X).cast("B").cast(code, (2, 1))
        with pytest.raises(ValueError, match=r"is inf|the model has weights for 2") as caught:
            predictions.scores(table, w, b, None)
        kept.append(caught)
        table.release()  # BufferError while somebody holds on to it
    X.append(1.0)
