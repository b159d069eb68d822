"""Any number of classes: what is known beforehand, at infinity, for two classes, for any."""

import math

import numpy as np
import pytest
from helpers import oracle_multinomial as oracle
from helpers.classes import INF, NAN, TINY, U, assert_arrays, problem, residuals, rows

import pyref

# ---------------------------------------------------------------- infinities and NaN


def same(got, want):
    """Equal, and NaN where NaN is wanted."""
    return len(got) == len(want) and all(
        math.isnan(g) if math.isnan(w) else g == w for g, w in zip(got, want, strict=True)
    )


# scores, their softmax, their log-sum-exp, and the loss of a one-hot label on each class
SPECIAL = [
    ([-INF, 0.0], [0.0, 1.0], 0.0, [INF, 0.0]),
    ([0.0, -INF, 0.0], [0.5, 0.0, 0.5], math.log(2), [math.log(2), INF, math.log(2)]),
    ([INF, 0.0], [1.0, 0.0], INF, [0.0, INF]),
    ([3.0, INF, -INF], [0.0, 1.0, 0.0], INF, [INF, 0.0, INF]),
    ([INF, INF], [NAN, NAN], INF, [NAN, NAN]),
    ([INF, INF, 0.0], [NAN] * 3, INF, [NAN] * 3),
    ([-INF, -INF], [NAN, NAN], -INF, [NAN, NAN]),
    ([INF], [1.0], INF, [0.0]),
    ([-INF], [1.0], -INF, [0.0]),
    ([NAN], [NAN], NAN, [NAN]),
    ([NAN, 1.0], [NAN, NAN], NAN, [NAN, NAN]),
    ([1.0, NAN], [NAN, NAN], NAN, [NAN, NAN]),
    ([0.0, NAN, 1.0], [NAN] * 3, NAN, [NAN] * 3),
    ([INF, NAN], [NAN, NAN], NAN, [NAN, NAN]),
    ([NAN, INF], [NAN, NAN], NAN, [NAN, NAN]),
    ([-INF, NAN], [NAN, NAN], NAN, [NAN, NAN]),
    ([NAN, -INF], [NAN, NAN], NAN, [NAN, NAN]),
    ([1e308, -1e308], [1.0, 0.0], 1e308, [0.0, INF]),  # 2e308 has no float
    ([-0.0, 0.0], [0.5, 0.5], math.log(2), [math.log(2)] * 2),
]


@pytest.mark.parametrize(("zs", "ps", "lse", "losses"), SPECIAL)
def test_infinities_and_nan(impl, zs, ps, lse, losses):
    assert same(list(impl.softmax(zs)), ps)
    assert same([impl.logsumexp(zs)], [lse])
    hot = [[float(c == k) for c in range(len(zs))] for k in range(len(zs))]
    got = [impl.categorical_cross_entropy_with_logits(ys, zs) for ys in hot]
    assert same(got, losses)


def test_soft_labels_at_infinity(impl):
    loss = impl.categorical_cross_entropy_with_logits
    assert loss([0.5, 0.5, 0.0], [1.0, 1.0, -INF]) == math.log(2)  # no label, no cost
    assert loss([0.5, 0.25, 0.25], [1.0, 1.0, -INF]) == INF
    assert loss([0.5, 0.5], [INF, 0.0]) == INF


def test_probabilities_at_the_ends(impl):
    loss = impl.categorical_cross_entropy
    assert loss([1, 0], [1, 0]) == 0
    assert math.copysign(1, loss([1, 0], [1, 0])) == 1
    assert loss([0, 1], [1, 0]) == INF
    assert loss([0.5, 0.5], [1, 0]) == INF
    assert loss([1, 0], [TINY, 1]) == -math.log(TINY)
    assert loss([0.5, 0.5, 0], [0.5, 0.5, 0]) == math.log(2)


def test_scores_that_overflow(impl):
    # W . x of 1e300 * 1e300 is inf: alone it takes everything, twice there is no telling
    one = impl.softmax_gradient([[1e300]], [1], [[0.0, 1e300]], [0.0, 0.0])
    assert one[0] == 0.0
    assert list(one[2]) == [0.0, 0.0]
    wrong = impl.softmax_gradient([[1e300]], [0], [[0.0, 1e300]], [0.0, 0.0])
    assert wrong[0] == INF
    assert list(wrong[2]) == [-1.0, 1.0]
    two = impl.softmax_gradient([[1e300]], [0], [[1e300, 1e300]], [0.0, 0.0])
    assert math.isnan(two[0])
    assert all(math.isnan(g) for g in two[2])
    # inf - inf: a score that is a NaN, though its class is the only one
    for y in ([0], [[1.0]]):
        loss, grad_W, grad_b = impl.softmax_gradient(
            [[1e200, 1e200]], y, [[1e200], [-1e200]], [0.0]
        )
        assert all(math.isnan(v) for v in [loss, *grad_W[0], *grad_W[1], *grad_b])


# ---------------------------------------------------------------- C = 2 is chapter 1


def test_two_classes_have_chapter_1s_gradient(impl):
    X, y, W, b = problem(50, 4, 2, seed=5)
    w, intercept = W[:, 1] - W[:, 0], b[1] - b[0]
    loss, grad_w, grad_b = pyref.gradient(X, y, w, intercept)
    got_loss, got_W, got_b = impl.softmax_gradient(X, y, W, b)
    bound = oracle.bounds(X, oracle.one_hot(y, 2), W, b)
    assert_arrays(got_loss, loss, bound[0], "loss")
    assert_arrays([row[1] for row in got_W], grad_w, bound[1][:, 1], "column 1")
    assert_arrays([-row[0] for row in got_W], grad_w, bound[1][:, 0], "column 0")
    assert_arrays(list(got_b), [-grad_b, grad_b], bound[2], "intercepts")


def test_two_classes_take_chapter_1s_path(impl):
    # half the learning rate: both columns move, each by the whole residual
    X, y, _, _ = problem(40, 3, 2, seed=8)
    for momentum in (0.0, 0.5):
        options = {"iterations": 200, "momentum": momentum}
        one = pyref.gradient_descent(X, y, learning_rate=0.4, **options)
        two = impl.softmax_descent(X, y, learning_rate=0.2, **options)
        assert_arrays([row[1] - row[0] for row in two.w], one.w, 1e-12, "w")
        assert_arrays([row[1] + row[0] for row in two.w], [0.0] * 3, 1e-13, "sum of columns")
        assert abs(two.b[1] - two.b[0] - one.b) <= 1e-12
        assert_arrays(two.losses, one.losses, 1e-13, "losses")


def test_two_classes_have_chapter_1s_optimum(impl):
    X, y = [[1], [2], [3], [4], [5]], [0, 1, 0, 1, 1]
    options = {"iterations": 20000, "tolerance": 1e-11, "momentum": 0.9}
    one = pyref.gradient_descent(X, y, learning_rate=0.2, **options)
    two = impl.softmax_descent(X, y, learning_rate=0.1, **options)
    assert one.status == two.status == "converged"
    # the smallest curvature here is above 0.01: a gradient of 1e-11 is 1e-9 from the optimum
    assert abs(two.w[0][1] - two.w[0][0] - one.w[0]) < 1e-8
    assert abs(two.b[1] - two.b[0] - one.b) < 1e-8
    for (x,) in X:
        p = impl.softmax([w * x + b for w, b in zip(two.w[0], two.b, strict=True)])[1]
        assert abs(p - pyref.sigmoid(one.w[0] * x + one.b)) < 1e-9


# ---------------------------------------------------------------- facts


def test_only_differences_of_scores_count(impl):
    zs = [0.5, -3.0, 2.25, 8.0]
    assert list(impl.softmax([z + 1024.0 for z in zs])) == list(impl.softmax(zs))
    # the order of the classes does not count either, but for the order of the sum
    back = list(impl.softmax(zs[::-1]))[::-1]
    for p, q in zip(back, impl.softmax(zs), strict=True):
        assert abs(p - q) <= 4 * U * q
    # one class is redundant: the same weights added to all classes change no probability
    X, y, W, b = problem(10, 3, 4, seed=2)
    shift = np.array([[8.0], [-4.0], [2.0]])
    loss, grad_W, grad_b = impl.softmax_gradient(X, y, W, b)
    got = impl.softmax_gradient(X, y, W + shift, b + 16.0)
    bound = oracle.bounds(X, oracle.one_hot(y, 4), W + shift, b + 16.0)
    assert_arrays(got[0], loss, bound[0], "loss")
    assert_arrays(got[1], rows(grad_W), bound[1], "grad_W")
    assert_arrays(got[2], list(grad_b), bound[2], "grad_b")


def test_every_row_of_the_gradient_sums_to_zero(impl):
    for kind in ("classes", "missing", "soft"):
        X, y, W, b = problem(20, 3, 5, kind, scale=5.0)
        _, grad_W, grad_b = impl.softmax_gradient(X, y, W, b)
        _, bound_W, bound_b = oracle.bounds(X, oracle.one_hot(y, 5), W, b)
        for row, bound in zip([*rows(grad_W), list(grad_b)], [*bound_W, bound_b], strict=True):
            assert abs(math.fsum(row)) <= bound.sum()
            assert max(abs(g) for g in row) > 1e-3  # and not because it is 0
        fit = impl.softmax_descent(X, y, classes=5, learning_rate=0.5, iterations=100)
        for row in [*rows(fit.w), list(fit.b)]:
            assert abs(math.fsum(row)) < 1e-13


def test_rows_of_zeros_and_ones_are_class_numbers_to_the_bit(impl):
    for C in (1, 2, 3, 17):
        X, y, W, b = problem(12, 3, C, seed=4)
        hot = oracle.one_hot(y, C)
        one, two = (impl.softmax_gradient(X, labels, W, b) for labels in (y, hot))
        assert one[0] == two[0]
        assert rows(one[1]) == rows(two[1])
        assert list(one[2]) == list(two[2])


def test_a_sure_and_right_prediction_keeps_its_gradient(impl):
    _, rs = residuals(impl, [1.0, 0.0, 0.0], [50.0, 0.0, 0.0])
    assert 1 - impl.softmax([50.0, 0.0, 0.0])[0] == 0
    assert abs(rs[0] / (-2 * math.exp(-50)) - 1) < 4e-16
    assert rs[1] == rs[2] == -rs[0] / 2


def test_one_class_has_nothing_to_learn(impl):
    X, W, b = [[1.0, 2.0], [3.0, -4.0]], [[5.0], [6.0]], [7.0]
    for y in ([0, 0], [[1.0], [1.0]]):
        loss, grad_W, grad_b = impl.softmax_gradient(X, y, W, b)
        assert (loss, rows(grad_W), list(grad_b)) == (0.0, [[0.0], [0.0]], [0.0])
        fit = impl.softmax_descent(X, y, learning_rate=1, iterations=5, W=W, b=b)
        assert (rows(fit.w), list(fit.b)) == (W, b)
        assert (list(fit.losses), fit.iterations, fit.status) == ([], 0, "converged")
    assert list(impl.softmax([1e308])) == [1.0]
    assert impl.categorical_cross_entropy([1], [1]) == 0


def test_the_first_loss_is_the_logarithm_of_C(impl):
    for C in (1, 2, 3, 17, 1000):
        fit = impl.softmax_descent([[1.0], [2.0]], [0, 0], classes=C, learning_rate=1, iterations=1)
        if C == 1:
            assert fit.status == "converged"
        else:
            assert abs(fit.losses[0] - math.log(C)) <= 4 * U * math.log(C)
            # what class 0 gains, the others lose in equal parts
            assert fit.b[0] == pytest.approx((C - 1) / C, rel=1e-12)
            assert list(fit.b[1:]) == pytest.approx([-1 / C] * (C - 1), rel=1e-12)


def test_a_class_that_y_lacks_is_driven_out(impl):
    X, y, _, _ = problem(30, 2, 3, "missing", seed=6)
    assert set(y) == {0, 2}
    fit = impl.softmax_descent(X, y, learning_rate=0.5, iterations=2000)
    ps = oracle.probabilities(oracle.scores(X, rows(fit.w), list(fit.b)))[0]
    assert ps[:, 1].max() < 0.01
    # and a last class that y lacks exists only if `classes` says so
    short = impl.softmax_descent(X, y // 2, learning_rate=0.5, iterations=1)
    long = impl.softmax_descent(X, y // 2, classes=7, learning_rate=0.5, iterations=1)
    assert (len(short.w[0]), len(short.b), len(long.w[0]), len(long.b)) == (2, 2, 7, 7)
