"""Softmax regression's descent: how it ends, what it tells, what it takes; real data sets."""

import array
import math

import numpy as np
import pytest
from helpers import oracle_multinomial as oracle
from helpers.classes import assert_arrays, compare_gradient, rows

# ---------------------------------------------------------------- the descent


DATA = [[-3.0], [-2.0], [-1.0], [1.0], [2.0], [3.0]], [0, 1, 0, 2, 1, 2]


def test_the_three_endings(impl):
    X, y = DATA
    fit = impl.softmax_descent(X, y, learning_rate=1, iterations=1000, tolerance=1e-9)
    assert fit.status == "converged"
    assert 10 < fit.iterations < 1000
    assert len(fit.losses) == fit.iterations
    _, grad_W, grad_b = impl.softmax_gradient(X, y, rows(fit.w), list(fit.b))
    assert max(abs(g) for g in [*rows(grad_W)[0], *grad_b]) / len(X) <= 1e-9
    # the last update was the first to meet the tolerance, which it takes one more look to see
    same = impl.softmax_descent(X, y, learning_rate=1, iterations=fit.iterations, tolerance=1e-9)
    assert (same.status, rows(same.w)) == ("iterations", rows(fit.w))
    fewer = impl.softmax_descent(X, y, learning_rate=1, iterations=fit.iterations - 1)
    _, grad_W, grad_b = impl.softmax_gradient(X, y, rows(fewer.w), list(fewer.b))
    assert max(abs(g) for g in [*rows(grad_W)[0], *grad_b]) / len(X) > 1e-9

    fit = impl.softmax_descent(X, y, learning_rate=1, iterations=7)
    assert (fit.status, fit.iterations, len(fit.losses)) == ("iterations", 7, 7)
    none = impl.softmax_descent(X, y, learning_rate=1, iterations=0, W=[[1, 2, 3]], b=[4, 5, 6])
    assert (rows(none.w), list(none.b)) == ([[1.0, 2.0, 3.0]], [4.0, 5.0, 6.0])
    assert (list(none.losses), none.iterations, none.status) == ([], 0, "iterations")


def test_divergence_returns_the_last_finite_parameters(impl):
    X, y = DATA
    # the first step is finite, the scores after it are infinite and wrong: an infinite loss
    fit = impl.softmax_descent(X, y, learning_rate=1e308, iterations=50)
    assert (fit.status, fit.iterations, len(fit.losses)) == ("diverged", 1, 1)
    assert all(math.isfinite(w) for row in fit.w for w in row)
    assert abs(fit.w[0][0]) > 1e300
    assert fit.losses[0] == pytest.approx(math.log(3), rel=1e-15)
    # the first step is not finite: the start comes back
    start = {"W": [[1.0, 2.0, 3.0]], "b": [0.0, 0.0, 0.0]}
    big = [[x * 1e10] for (x,) in X]
    fit = impl.softmax_descent(big, y, learning_rate=1e308, iterations=50, **start)
    assert (fit.status, fit.iterations, list(fit.losses)) == ("diverged", 0, [])
    assert (rows(fit.w), list(fit.b)) == (start["W"], start["b"])


def test_a_gradient_that_overflows_is_not_convergence(impl):
    # feature 1 adds up 6 times 0.85e308, with one sign; all other entries are 0
    X, y = [[0.0, 1.7e308]] * 3 + [[0.0, -1.7e308]] * 3, [0, 0, 0, 1, 1, 1]
    fit = impl.softmax_descent(X, y, learning_rate=0.1, iterations=3, tolerance=1e300)
    assert (fit.status, fit.iterations, rows(fit.w)) == ("diverged", 0, [[0.0] * 2] * 2)


def test_the_callback_sees_every_loss_and_can_stop(impl):
    X, y = DATA
    seen = []
    options = {"learning_rate": 0.5, "iterations": 20}

    def watch(t, loss):
        seen.append((t, loss))
        return t == 4

    fit = impl.softmax_descent(X, y, callback=watch, **options)
    assert (fit.status, fit.iterations) == ("iterations", 5)
    assert seen == list(enumerate(fit.losses))
    whole = impl.softmax_descent(X, y, callback=lambda t, loss: None, **options)
    bare = impl.softmax_descent(X, y, **options)
    assert (rows(whole.w), list(whole.losses)) == (rows(bare.w), list(bare.losses))
    assert list(bare.losses[:5]) == list(fit.losses)

    def fail(t, loss):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        impl.softmax_descent(X, y, callback=fail, **options)


def test_a_run_in_two_halves_is_the_run(impl):
    X, y = DATA
    options = {"learning_rate": 0.5}
    whole = impl.softmax_descent(X, y, iterations=20, **options)
    half = impl.softmax_descent(X, y, iterations=10, **options)
    rest = impl.softmax_descent(X, y, iterations=10, W=half.w, b=half.b, **options)
    assert (rows(rest.w), list(rest.b)) == (rows(whole.w), list(whole.b))
    assert list(half.losses) + list(rest.losses) == list(whole.losses)


def test_arguments_are_left_as_they_were(impl):
    X, y, W, b = [[1.0, 2.0], [3.0, 4.0]], [[0.5, 0.5], [1.0, 0.0]], [[0.0] * 2] * 2, [1.0, 2.0]
    kept = repr((X, y, W, b))
    fit = impl.softmax_descent(X, y, W=W, b=b, learning_rate=1, iterations=3)
    impl.softmax_gradient(X, y, W, b)
    none = impl.softmax_descent(X, y, W=W, b=b, learning_rate=1, iterations=0)
    none.w[0][0] = none.b[0] = 99.0
    zs, ys, ps = [1.0, 2.0], [0.5, 0.5], [0.25, 0.75]
    impl.softmax(zs), impl.logsumexp(zs)
    impl.categorical_cross_entropy(ys, ps), impl.categorical_cross_entropy_with_logits(ys, zs)
    assert (zs, ys, ps) == ([1.0, 2.0], [0.5, 0.5], [0.25, 0.75])
    assert repr((X, y, W, b)) == kept
    assert rows(fit.w) != W


def test_labels_of_every_kind(impl):
    X, numbers = [[0.5], [1.5], [-1.0], [2.0]], [0, 2, 1, 2]
    W, b = [[0.1, 0.2, 0.3]], [0.0, 0.5, -0.5]
    want = impl.softmax_gradient(X, numbers, W, b)
    kinds = [tuple(numbers), array.array("b", numbers), memoryview(array.array("q", numbers))]
    for dtype in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"):
        kinds.append(np.array(numbers, dtype))
        kinds.append(list(np.array(numbers, dtype)))
    hot = oracle.one_hot(numbers, 3)
    kinds += [hot, hot.astype(np.float32), hot.tolist(), tuple(map(tuple, hot)), list(hot)]
    for y in kinds:
        got = impl.softmax_gradient(X, y, W, b)
        assert got[0] == want[0]
        assert rows(got[1]) == rows(want[1])
        assert list(got[2]) == list(want[2])
        fit = impl.softmax_descent(X, y, learning_rate=1, iterations=1)
        assert len(fit.b) == 3
    yes = impl.softmax_gradient(X, [False, True, True, False], W, b)
    assert yes[0] == impl.softmax_gradient(X, np.array([False, True, True, False]), W, b)[0]
    assert yes[0] == impl.softmax_gradient(X, [0, 1, 1, 0], W, b)[0]


def test_labels_may_be_rounded(impl):
    # a row divided by its own sum passes, in double and in single precision, whatever C
    draw = np.random.RandomState(0)
    for dtype in (np.float64, np.float32):
        for C in (2, 3, 7, 100, 1000):
            y = draw.rand(20, C).astype(dtype)
            y[:10, C // 2] = 0
            y = y / y.sum(axis=1, keepdims=True)
            X, W, b = draw.randn(20, 1), draw.randn(1, C), draw.randn(C)
            compare_gradient(impl, X, y, W, b, f"{C} {dtype.__name__}")
    # C times the rounding of single precision is the limit
    loss = impl.categorical_cross_entropy
    for off in (-4, 4):
        assert loss([0.25, 0.25, 0.25, 0.25 + off * 2.0**-23], [0.25] * 4) > 1.38
        with pytest.raises(ValueError, match=r"ys sums to .*: give probabilities that sum to 1"):
            loss([0.25, 0.25, 0.25, 0.25 + (off + off / 4) * 2.0**-23], [0.25] * 4)


# ---------------------------------------------------------------- real sets


def standardised(X):
    return (X - X.mean(axis=0)) / X.std(axis=0)


@pytest.fixture(scope="module")
def iris():
    from sklearn.datasets import load_iris

    return load_iris(return_X_y=True)


def test_iris_against_the_oracle(impl, iris):
    X, y = standardised(iris[0]), iris[1]
    options = {"learning_rate": 0.5, "iterations": 150}
    fit = impl.softmax_descent(X, y, **options)
    W, b, losses = oracle.descent(X, oracle.one_hot(y, 3), **options)
    assert_arrays(fit.w, W, 1e-11, "W")
    assert_arrays(fit.b, b, 1e-11, "b")
    assert_arrays(fit.losses, losses, 1e-12, "losses")
    assert all(later < sooner for sooner, later in zip(fit.losses, fit.losses[1:], strict=False))
    P, _ = oracle.probabilities(oracle.scores(X, rows(fit.w), list(fit.b)))
    assert (P.argmax(axis=1) == y).sum() == 144
    # setosa stands apart from both others, so no finite optimum exists: the weights grow
    more = impl.softmax_descent(X, y, learning_rate=0.5, iterations=150, W=fit.w, b=fit.b)
    assert abs(more.w[2][0]) > abs(fit.w[2][0])
    assert more.losses[-1] < fit.losses[-1]


def test_iris_with_soft_labels_reaches_scikit_learns_optimum(impl, iris):
    """Labels of 0.9, 0.05, 0.05 keep the optimum finite.

    scikit-learn takes no soft labels, but a soft label is three samples with weights."""
    from sklearn.linear_model import LogisticRegression

    X, y = standardised(iris[0][:, 2:]), iris[1]
    soft = 0.85 * oracle.one_hot(y, 3) + 0.05
    options = {"learning_rate": 1.0, "momentum": 0.9, "iterations": 3000, "tolerance": 1e-9}
    fit = impl.softmax_descent(X, soft, **options)
    assert fit.status == "converged"
    peer = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10000)
    peer.fit(np.repeat(X, 3, axis=0), np.tile(range(3), 150), sample_weight=soft.ravel())
    P, _ = oracle.probabilities(oracle.scores(X, rows(fit.w), list(fit.b)))
    assert np.abs(P - peer.predict_proba(X)).max() < 1e-6
    # the loss at the optimum, where it is flat, agrees much further
    at_peer = oracle.loss_and_gradient(X, soft, peer.coef_.T, peer.intercept_)[0]
    at_fit = impl.softmax_gradient(X, soft, rows(fit.w), list(fit.b))[0]
    assert abs(at_fit - at_peer) < 1e-9 * at_peer


def test_the_digits_against_the_oracle(impl):
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    X, y = X[:500] / 16.0, y[:500]
    draw = np.random.RandomState(1)
    compare_gradient(impl, X, y, draw.randn(64, 10), draw.randn(10), "digits")
