"""Weights of the rows are counts: a weight of 2 is the row twice, of 0 no row."""

import math

import mpmath
import numpy as np
import pytest
from helpers.fits import DIGITS, METHODS, X4, Y4, table
from helpers.oracle_second_order import lre, lre_of_sums, optimum

# ---------------------------------------------------------------- weights are counts


def check_counts(impl):
    rng = np.random.default_rng(5)
    X, y, s = table(rng, 30, 3, weighted=True)
    assert 0 in s
    again = [i for i, count in enumerate(s) for _ in range(int(count))]
    X_again, y_again = [X[i] for i in again], [y[i] for i in again]
    for l2 in (0.0, 0.2):
        for method in METHODS:
            fit = getattr(impl, method)
            once, twice = fit(X, y, sample_weight=s, l2=l2), fit(X_again, y_again, l2=l2)
            assert once.status == twice.status == "converged"
            assert lre([*once.w, once.b], [*twice.w, twice.b]) > (12 if method == "newton" else 7)
            assert lre([once.log_likelihood], [twice.log_likelihood]) > 12
            if method == "newton" and not l2:
                assert lre(once.standard_errors, twice.standard_errors) > 12
        how = {"learning_rate": 0.1, "iterations": 20, "momentum": 0.5, "l2": l2}
        for reduction in ("mean", "sum"):
            once = impl.gradient_descent(X, y, sample_weight=s, reduction=reduction, **how)
            twice = impl.gradient_descent(X_again, y_again, reduction=reduction, **how)
            assert lre([*once.w, once.b, *once.losses], [*twice.w, twice.b, *twice.losses]) > 10
    w, b = [0.3, -0.2, 0.1], 0.5
    for name in ("gradient", "hessian"):
        once = getattr(impl, name)(X, y, w, b, sample_weight=s)
        twice = getattr(impl, name)(X_again, y_again, w, b)
        flat = lambda out: np.concatenate([np.ravel(np.array(part)) for part in out])  # noqa: E731
        assert lre_of_sums(flat(once), flat(twice)) > 13
    once = impl.safe_learning_rate(X, sample_weight=s)
    assert lre([once], [impl.safe_learning_rate(X_again)]) > 14


def test_a_weight_of_two_is_the_row_twice(impl):
    check_counts(impl)


@pytest.mark.parametrize("scale", [1e-200, 1e-3, 7.0, 1e200])
def test_the_scale_of_the_weights(impl, scale):
    """The mean does not change; the standard errors do, as with so many rows, if such a number of
    rows there can be."""
    X, y, s = table(np.random.default_rng(6), 30, 2, weighted=True)
    scaled = [scale * s_i for s_i in s]
    for method in METHODS:
        fit, want = (getattr(impl, method)(X, y, sample_weight=v) for v in (scaled, s))
        assert fit.status == "converged"
        assert lre([*fit.w, fit.b], [*want.w, want.b]) > 8
        assert lre([fit.log_likelihood / scale], [want.log_likelihood]) > 12
        if scale < 1:
            assert fit.standard_errors is None
        elif method == "newton":
            errors = [error / math.sqrt(scale) for error in want.standard_errors]
            assert lre(fit.standard_errors, errors) > 12


@pytest.mark.parametrize("unit", [5e-324, 35e-324, 1e-310, 1e300, 1e307])
def test_weights_at_the_ends_of_the_floats(impl, unit):
    """Their products with residuals are 0, or their sums infinite; in another unit they are not."""
    s = [unit * count for count in (1, 2, 1, 3)]
    counts = [s_i / unit for s_i in s]
    truth = optimum(X4, Y4, counts)
    loss = mpmath.mpf(unit) * truth.log_likelihood
    for method in METHODS:
        fit = getattr(impl, method)(X4, Y4, sample_weight=s)
        assert fit.status == "converged"
        assert lre([*fit.w, fit.b], truth.parameters) > (12 if method == "newton" else 7)
        assert abs(fit.log_likelihood - loss) <= abs(loss) * 1e-12 + 5e-324
        if unit < 1:  # no number of rows
            assert fit.standard_errors is None
        elif method == "newton":
            errors = [error / mpmath.sqrt(mpmath.mpf(unit)) for error in truth.standard_errors]
            assert lre(fit.standard_errors, errors) > DIGITS
    for X, column in (([[7.0]] * 4, 0), ([[x, 2 * x + 1] for (x,) in X4], 1)):
        with pytest.raises(ValueError, match=f"column {column} of X is"):
            impl.newton(X, Y4, sample_weight=s)


def test_weights_of_one_change_nothing(impl):
    X, y, _ = table(np.random.default_rng(7), 40, 3)
    ones = [1] * 40
    w, b = [0.1, 0.2, -0.3], 0.4
    for name in ("gradient", "hessian"):
        plain, weighted = getattr(impl, name)(X, y, w, b), getattr(impl, name)(X, y, w, b, ones)
        assert lre([plain[0]], [weighted[0]]) > 15  # in C, logarithms of products are taken
        assert plain[1:] == weighted[1:]
    for method in METHODS:
        plain = getattr(impl, method)(X, y)
        weighted = getattr(impl, method)(X, y, sample_weight=ones)
        assert lre(plain.losses, weighted.losses) > 15
        assert lre([plain.log_likelihood], [weighted.log_likelihood]) > 15
        same = {"losses": None, "log_likelihood": None}
        assert plain._replace(**same) == weighted._replace(**same)
        if isinstance(plain.losses, list):  # in C, logarithms of products are taken
            assert plain == weighted
    how = {"learning_rate": "safe", "iterations": 30}
    fit = impl.gradient_descent(X, y, **how)
    weighted = impl.gradient_descent(X, y, sample_weight=ones, l2=0.0, **how)
    assert lre(list(fit.losses), list(weighted.losses)) > 15
    assert fit._replace(losses=None) == weighted._replace(losses=None)
    assert impl.safe_learning_rate(X) == impl.safe_learning_rate(X, sample_weight=ones)


def check_weight_zero(impl):
    """Not even if it would overflow, be the only one of its class, or the only not constant."""
    s = [1, 1, 1, 1, 0]
    X, y = [*X4, [1e308]], [*Y4, 1]
    for method in METHODS:
        assert getattr(impl, method)(X, y, sample_weight=s) == getattr(impl, method)(X4, Y4)
    w, b = [100.0], 1.0
    assert impl.gradient(X, y, w, b, sample_weight=s) == impl.gradient(X4, Y4, w, b)
    assert impl.hessian(X, y, w, b, sample_weight=s) == impl.hessian(X4, Y4, w, b)
    how = {"learning_rate": "safe", "iterations": 9}
    fit = impl.gradient_descent(X, y, sample_weight=s, **how)
    assert fit == impl.gradient_descent(X4, Y4, **how)
    assert impl.newton([[1], [2], [3]], [0, 0, 1], sample_weight=[1, 1, 0]).status == "separable"
    with pytest.raises(ValueError, match="column 0 of X is constant"):
        impl.newton([[1], [1], [3]], [0, 1, 1], sample_weight=[1, 1, 0])


@pytest.mark.parametrize("method", METHODS)
def test_a_column_whose_sum_is_no_float(impl, method):
    """The sum of the values, or of so many times each, overflows; their mean does not."""
    halves = [[0.0], [0.0], [1.5e308], [1.5e308]]
    for X in (halves, halves[::-1], [[-x] for (x,) in halves]):
        fit = getattr(impl, method)(X, Y4)
        assert (fit.status, list(fit.w), fit.b) == ("converged", [0.0], 0.0)
        assert fit.log_likelihood == pytest.approx(4 * math.log(0.5), rel=1e-15)
    want = getattr(impl, method)(X4, Y4)
    for unit, weight in ((1e10, 1e300), (1e-10, 1e300), (1e300, 1e7), (1e307, 1.0)):
        X = [[unit * x] for (x,) in X4]
        fit = getattr(impl, method)(X, Y4, sample_weight=[weight] * 4)
        assert fit.status == "converged"
        assert lre([fit.w[0] * unit, fit.b], [want.w[0], want.b]) > 9
        assert lre([fit.log_likelihood / weight], [want.log_likelihood]) > 12


def test_a_row_of_weight_zero_is_not_there(impl):
    check_weight_zero(impl)
