"""The summed loss and gradient against the oracle, for every shape, kind of input and outcome."""

import array
import itertools
import math

import numpy as np
import pytest
from helpers import oracle
from helpers.compare import (
    QUANTUM,
    gradient_ab_agrees,
    gradient_ab_and_bound,
    gradient_agrees,
    gradient_and_bound,
    same,
    within,
)

import pyref

INF = math.inf
WIDTHS = (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 65)
# around every block of rows that an implementation may work in: 8 lanes, tiles of 64, more
EDGES = [n + k for n in (256, 512, 1024, 2048, 4096) for k in (-1, 0, 1)]


def problem(n, d, **kinds):
    return oracle.problem(1000 * d + n, n, d, **kinds)


# ---------------------------------------------------------------- every shape


@pytest.mark.parametrize("d", WIDTHS)
def test_every_row_count_to_200(impls, d):
    # a row dropped, doubled or read from the wrong place at the end of a block
    for n in range(1, 201):
        X, y, w, b = problem(n, d)
        for impl in impls:
            what = f"{impl.__name__}, n = {n}, d = {d}:"
            gradient_agrees(impl.gradient(X, y, w, b), X, y, w, b, what)


@pytest.mark.parametrize("d", [1, 4, 9, 33])
def test_row_counts_around_larger_blocks(impls, d):
    for n in EDGES:
        X, y, w, b = problem(n, d, soft=True)
        for impl in impls:
            what = f"{impl.__name__}, n = {n}, d = {d}:"
            gradient_agrees(impl.gradient(X, y, w, b), X, y, w, b, what)


def test_more_features_than_rows_and_around_wide_blocks(impls):
    for d in (64, 127, 128, 129, 511, 512, 513, 1023, 1024, 1025, 2047, 2048, 2049):
        for n in (1, 2, 7, 8, 9, 17):
            X, y, w, b = problem(n, d)
            for impl in impls:
                what = f"{impl.__name__}, n = {n}, d = {d}:"
                gradient_agrees(impl.gradient(X, y, w, b), X, y, w, b, what)


def test_one_feature_against_document_001s_sums(impl):
    for n in [*range(1, 201), *EDGES]:
        X, y, w, b = problem(n, 1, soft=n % 2 == 0)
        gradient_ab_agrees(impl, X[:, 0], y, w[0], b, f"n = {n}: gradient_ab")


@pytest.mark.parametrize("spread", [1.0, 10.0, 40.0, 300.0])
def test_one_feature_with_scores_near_and_far(impl, spread):
    """Where p - y has no digits left its bound is absolute, and the exact residual's is not."""
    blind_ok = impl is pyref and spread > 100  # there is nothing left to see
    for n in (1, 2, 3, 20, 200):
        X, y, w, b = problem(n, 1, soft=n == 20, spread=spread)
        y[: n // 2] = X[: n // 2, 0] * w[0] + b > 0  # these are on their right side
        gradient_ab_agrees(impl, X[:, 0], y, w[0], b, f"n = {n}: gradient_ab", blind_ok)


def test_one_feature_of_both_implementations(fast):
    """They are no further apart than both bounds together; and p - y may be as far off as that
    allows, so the absolute bound is needed."""
    needed = 0
    for n in (1, 2, 3, 10, 50, 200):
        for spread in (1.0, 40.0):
            X, y, w, b = problem(n, 1, spread=spread)
            y = (X[:, 0] * w[0] + b > 0).astype(float)
            x, one, other = X[:, 0], pyref.gradient_ab(X[:, 0], y, w[0], b), None
            other = fast.gradient_ab(x, y, w[0], b)
            _, bound_1 = gradient_ab_and_bound(pyref, x, y, w[0], b)
            _, bound_2 = gradient_ab_and_bound(fast, x, y, w[0], b)
            both = [p + q for p, q in zip(bound_1, bound_2, strict=True)]
            within(one, other, both, f"n = {n}, spread {spread}", blind_ok=True)
            needed += any(abs(p - q) > 2 * e for p, q, e in zip(one, other, bound_2, strict=True))
    assert needed >= 3


def test_the_same_rows_many_times_over(impl):
    """A sum over k copies is k times the sum: no block is forgotten or counted twice."""
    X, y, w, b = problem(3, 2)
    once = oracle.gradient(X, y, w, b)
    for k in (1, 7, 171, 1365, 1366):
        many = np.tile(X, (k, 1)), np.tile(y, k), w, b
        loss, grad_w, grad_b = impl.gradient(*many)
        _, bound = gradient_and_bound(*many)
        within(loss, k * once.loss, bound.loss, f"{k} copies: loss")
        within(grad_w, k * once.grad_w, bound.grad_w, f"{k} copies: grad_w")
        within(grad_b, k * once.grad_b, bound.grad_b, f"{k} copies: grad_b")


def test_each_entry_of_the_table_reaches_its_own_place(impl):
    """One feature of one row is 1, all others 0: with w = 0 the gradient shows that cell."""
    n, d = 70, 11
    y = np.zeros(n)
    for i, j in itertools.product((0, 1, 7, 8, 31, 63, 64, 69), range(d)):
        X = np.zeros((n, d))
        X[i, j] = 1.0
        _, grad_w, grad_b = impl.gradient(X, y, np.zeros(d), 0.0)
        assert list(grad_w) == [0.5 if k == j else 0.0 for k in range(d)], (i, j)
        assert grad_b == n / 2


def test_each_label_belongs_to_its_own_row(impl):
    n = 70
    X = np.arange(1.0, n + 1)[:, None]
    for i in range(n):
        y = np.zeros(n)
        y[i] = 1.0
        _, grad_w, grad_b = impl.gradient(X, y, [0.0], 0.0)
        assert list(grad_w) == [X.sum() / 2 - X[i, 0]], i
        assert grad_b == n / 2 - 1, i


# ---------------------------------------------------------------- near and far scores


@pytest.mark.parametrize("spread", [1e-300, 1e-8, 30.0, 300.0])
def test_scores_from_tiny_to_far(impl, spread):
    for n, d in ((1, 1), (9, 3), (67, 5), (130, 16)):
        X, y, w, b = problem(n, d, soft=True, spread=spread)
        gradient_agrees(impl.gradient(X, y, w, b), X, y, w, b, f"n = {n}, d = {d}:")


def test_a_gradient_of_samples_that_are_all_right_is_small_but_not_zero(impl):
    """The terms are near e^-40: a residual computed as p - y would be 0."""
    random = np.random.RandomState(3)
    for n in (1, 8, 65, 200):
        X = random.uniform(36, 44, (n, 1)) * random.choice([-1, 1], (n, 1))
        y, w, b = (X[:, 0] > 0).astype(float), [1.0], 0.0
        got = impl.gradient(X, y, w, b)
        gradient_agrees(got, X, y, w, b, f"n = {n}:")
        assert 0 < got[0] < 1e-12
        assert 0 < abs(got[1][0]) < 1e-12


def test_subnormal_residuals_and_features(impl):
    for far in (709.0, 715.0, 730.0, 744.0):
        X, y = np.array([[far], [-far], [far + 0.5]]), np.array([1.0, 0.0, 1.0])
        got = impl.gradient(X, y, [1.0], 0.0)
        gradient_agrees(got, X, y, [1.0], 0.0, f"scores of {far}:", blind_ok=far > 740)
        assert got[0] > 0
        assert got[1][0] < 0
    X = np.array([[QUANTUM, 3e-310], [-2e-320, 1e-308], [4e-315, QUANTUM]])
    y, w = np.array([1.0, 0.0, 0.0]), [1.0, -2.0]
    gradient_agrees(impl.gradient(X, y, w, 0.25), X, y, w, 0.25, "subnormal features:")


def test_huge_scores_have_exact_answers(impl):
    for z in (1e3, 1e300, 1e308):
        X = np.array([[z], [-z]])
        loss, grad_w, grad_b = impl.gradient(X, [1, 0], [1.0], 0.0)  # all right
        same([loss, list(grad_w), grad_b], [0.0, [0.0], 0.0])
        loss, grad_w, grad_b = impl.gradient(X / 2, [0, 1], [1.0], 0.0)  # all wrong
        same([loss, list(grad_w), grad_b], [z, [z], 0.0])


def test_sums_that_overflow_are_infinite_without_an_error(impl):
    X = [[1e308], [1e308]]
    same(impl.gradient(X, [0, 0], [1.0], 0.0)[0], INF)
    same(list(impl.gradient(X, [0, 0], [1.0], 0.0)[1]), [INF])
    same(impl.gradient(X, [0, 0], [1.0], 0.0)[2], 2.0)
    loss, grad_w, grad_b = impl.gradient([[1e200]], [0], [1e200], 0.0)  # the score overflows
    same([loss, list(grad_w), grad_b], [INF, [1e200], 1.0])
    loss, grad_w, grad_b = impl.gradient([[1e200]], [1], [1e200], 0.0)
    same([loss, list(grad_w), grad_b], [0.0, [0.0], 0.0])
    # inf - inf between two features, or what a fused multiply-add makes of it: not finite
    assert not math.isfinite(impl.gradient([[1e200, 1e200]], [0], [1e200, -1e300], 0.0)[0])


# ---------------------------------------------------------------- kinds of input


def test_every_kind_of_table_gives_the_same_bits(impl):
    for n, d in ((1, 1), (5, 3), (64, 8), (67, 9)):
        X, y, w, b = problem(n, d)
        X = np.round(X, 3)
        want = impl.gradient(X.tolist(), y.tolist(), w.tolist(), b)
        frozen = X.copy()
        frozen.flags.writeable = False
        for table in (
            X,
            frozen,
            memoryview(X),
            tuple(map(tuple, X.tolist())),
            [array.array("d", row) for row in X],
            list(X),
            (row for row in X.tolist()),
        ):
            same(impl.gradient(table, y.tolist(), w.tolist(), b), want)
        for labels in (
            y,
            y > 0.5,
            *[y.astype(kind) for kind in "bBhHiIlLqQf"],
            y.astype(int).tolist(),
            (y > 0.5).tolist(),
            tuple(y.tolist()),
            array.array("d", y),
            array.array("b", y.astype(int).tolist()),
            memoryview(y),
        ):
            same(impl.gradient(X, labels, w.tolist(), b), want)
        for start in (w, tuple(w), array.array("d", w), memoryview(w)):
            same(impl.gradient(X, y, start, np.float64(b)), want)


def test_every_kind_of_feature_gives_the_same_bits(impl):
    """One feature: sequences, buffers, and things that can be read only once."""
    X, y, w, b = problem(67, 1)
    x = np.round(X[:, 0], 3)
    want = impl.gradient_ab(x.tolist(), y.tolist(), w[0], b)
    fit = impl.gradient_descent_logistic(x.tolist(), y.tolist(), 0.1, 5)
    for kind in (
        list,
        tuple,
        np.array,
        iter,
        lambda v: array.array("d", v),
        lambda v: (i for i in v),
    ):
        same(impl.gradient_ab(kind(x.tolist()), kind(y.tolist()), w[0], b), want)
        same(impl.gradient_descent_logistic(kind(x.tolist()), kind(y.tolist()), 0.1, 5), fit)


def test_float32_has_the_bits_of_that_table_widened(impl):
    for n, d in ((1, 1), (7, 2), (9, 8), (63, 3), (64, 4), (65, 17), (200, 5), (513, 3), (9, 1025)):
        X, y, w, b = problem(n, d, soft=True)
        narrow, soft = X.astype(np.float32), y.astype(np.float32)
        wide = narrow.astype(float), soft.astype(float)
        got = impl.gradient(narrow, soft, w, b)
        same(got, impl.gradient(*wide, w, b))
        gradient_agrees(got, *wide, w, b, f"float32, n = {n}, d = {d}:")


def test_whole_numbers_in_lists(impl):
    loss, grad_w, grad_b = impl.gradient([[1, 2], [3, 4]], [0, 1], [0, 0], 0)
    same([loss, list(grad_w), grad_b], [2 * math.log(2), [-1.0, -1.0], 0.0])
    same(list(impl.gradient_ab([1, 2, 3, 4, 5], [0, 0, 0, 1, 1], 0, 0)), [-1.5, 0.5])
    same(list(impl.gradient_ab(range(1, 6), (False, False, False, True, True), 0, 0)), [-1.5, 0.5])


def test_the_users_data_stay_as_they_are(impl):
    X, y, w, b = problem(70, 5, soft=True)
    originals = X, y, w, X.tolist(), y.tolist(), w.tolist()
    copies = [np.array(original) for original in originals]
    X, y, w, *lists = originals
    impl.gradient(X, y, w, b)
    impl.gradient(*lists, b)
    impl.gradient_ab(X[:, 0].copy(), y, w[0], b)
    for original, copy in zip(originals, copies, strict=True):
        same(np.array(original), copy)


def test_results_are_new_each_time(impl):
    X, y, w, b = problem(20, 3)
    first = impl.gradient(X, y, w, b)
    kept = list(first[1])
    impl.gradient(X, 1 - y, -2 * w, b)
    assert list(first[1]) == kept, "a later call changed an earlier result"
    first[1][0] = 99.0
    assert list(impl.gradient(X, y, w, b)[1]) == kept


def test_the_answer_is_the_same_every_time(impl):
    X, y, w, b = problem(300, 7)
    want = impl.gradient(X, y, w, b)
    for _ in range(5):
        same(impl.gradient(X.copy(), y.copy(), w.copy(), b), want)


# ---------------------------------------------------------------- what only the compiled one has


def test_every_thread_count_gives_the_same_bits(fast):
    for n, d in ((1, 1), (3, 2), (64, 5), (65, 5), (1000, 4), (4097, 3), (20_001, 9), (70, 1100)):
        X, y, w, b = problem(n, d, soft=True)
        want = fast.gradient(X, y, w, b, threads=1)
        for threads in (2, 3, 7, None):
            same(fast.gradient(X, y, w, b, threads=threads), want)
