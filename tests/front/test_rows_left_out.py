"""A row of weight 0 is a row that is not there: every function gives what it gives without it.

The rows that are left out would do the most harm: labels of both kinds and between, cells that
overflow as they are, as a square, and in the units in which the other rows have a size of 1 (a
column of 1e-12: (1e308 - shift) / 1e-12 is infinite, and its score NaN). They lie first, last and
between the others.
"""

import numpy as np
import pytest
from helpers.estimators import BACKENDS
from helpers.fits import digits
from helpers.oracle_second_order import lre

import pyref
from pyref import LogisticRegression

UNITS = (1.0, 1e-12, 1e140)
SHAPES = ((40, 1), (90, 3), (90, 9), (300, 20))


def with_rows_of_weight_zero(X, y, soft):
    """X, y, s with a row of weight 0 before each tenth row, and at the end."""
    n, d = X.shape
    signs = np.array([(1.0,) * d, (-1.0,) * d, [(-1.0) ** j for j in range(d)]])
    labels = sorted(set(y.tolist()) | ({0.3} if soft else set()))
    rows, found, s = [], [], []
    for i in range(n + 1):
        if i % 10 == 0 or i == n:
            for k in range(6):
                rows.append(1e308 * signs[k % 3])
                found.append(labels[(k + i // 10) % len(labels)])
                s.append(0.0)
        if i < n:
            rows.append(X[i])
            found.append(y[i])
            s.append(1.0 + i % 3)
    return np.array(rows), np.array(found), s


def problem(n, d, unit, classes=2):
    rng = np.random.default_rng([n, d, classes])
    X = rng.normal(size=(n, d)) + 0.5
    scores = 0.5 * X @ rng.normal(size=(d, classes)) + rng.gumbel(size=(n, classes))
    return unit * X, scores.argmax(axis=1), rng.normal(size=d) / unit


def as_given(impl, *arrays):
    """Lists for the lessons, whose results they are compared with to the bit."""
    return [a.tolist() if impl is pyref and hasattr(a, "tolist") else a for a in arrays]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize(("n", "d"), SHAPES)
def test_sums(impl, n, d, unit):
    X, y, w = problem(n, d, unit)
    X_more, y_more, s_more = with_rows_of_weight_zero(X, y, soft=True)
    s = [s_i for s_i in s_more if s_i]
    X, y, w, X_more, y_more = as_given(impl, X, y, w, X_more, y_more)
    for name in ("gradient", "hessian"):
        got = getattr(impl, name)(X_more, y_more, w, 0.5, sample_weight=s_more)
        want = getattr(impl, name)(X, y, w, 0.5, sample_weight=s)
        assert lre([got[0]], [want[0]]) > 13
        assert digits(got[1], want[1]) > 12
        assert digits(np.ravel(got[2]), np.ravel(want[2])) > 12
    got = impl.safe_learning_rate(X_more, sample_weight=s_more)
    assert lre([got], [impl.safe_learning_rate(X, sample_weight=s)]) > 13


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("method", ["newton", "lbfgs"])
@pytest.mark.parametrize(("n", "d"), SHAPES)
def test_fits(impl, method, n, d, unit):
    X, y, _ = problem(n, d, unit)
    X_more, y_more, s_more = with_rows_of_weight_zero(X, y, soft=True)
    s = [s_i for s_i in s_more if s_i]
    X, y, X_more, y_more = as_given(impl, X, y, X_more, y_more)
    for l2 in (0.0, 0.1 * unit * unit):
        fit = getattr(impl, method)(X_more, y_more, sample_weight=s_more, l2=l2)
        want = getattr(impl, method)(X, y, sample_weight=s, l2=l2)
        assert (fit.status, fit.iterations) == ("converged", want.iterations)
        assert digits([v * unit for v in fit.w], [v * unit for v in want.w]) > 9
        assert lre([fit.b, fit.log_likelihood], [want.b, want.log_likelihood]) > 8
        if method == "newton" and not l2:
            assert lre(list(fit.standard_errors), list(want.standard_errors)) > 10
    # and what proves that there is none: one column in which they are apart
    apart = [2.0 * label + 0.1 * (i % 7) for i, label in enumerate(y)]
    X = [[unit * a, *row[1:]] for a, row in zip(apart, np.array(X).tolist(), strict=True)]
    X_more, y_more, s_more = with_rows_of_weight_zero(np.array(X), np.array(y), soft=True)
    assert getattr(impl, method)(X, y, sample_weight=s).status == "separable"
    assert getattr(impl, method)(X_more, y_more, sample_weight=s_more).status == "separable"


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("d", [1, 9])
def test_classes(impl, d, unit):
    X, y, _ = problem(60, d, unit, classes=3)
    X_more, y_more, s_more = with_rows_of_weight_zero(X, y, soft=False)
    s = [s_i for s_i in s_more if s_i]
    X, y, X_more, y_more = as_given(impl, X, y, X_more, y_more)
    W = [[(j + 2 * c) % 5 / unit - 2 / unit for c in range(3)] for j in range(d)]
    got = impl.softmax_gradient(X_more, y_more, W, [0.1, 0.0, -0.1], sample_weight=s_more)
    want = impl.softmax_gradient(X, y, W, [0.1, 0.0, -0.1], sample_weight=s)
    assert lre([got[0]], [want[0]]) > 13
    assert digits(np.ravel(got[1]), np.ravel(want[1])) > 12
    assert digits(got[2], want[2]) > 12
    how = {"learning_rate": "safe", "iterations": 9}
    got = impl.softmax_descent(X_more, y_more, sample_weight=s_more, **how)
    want = impl.softmax_descent(X, y, sample_weight=s, **how)
    assert lre(list(got.losses), list(want.losses)) > 12
    assert digits(np.ravel(got.w), np.ravel(want.w)) > 11


@pytest.mark.parametrize(
    ("classes", "unit"), [(2, 1.0), (2, 1e-12), (2, 1e140), (3, 1.0), (3, 1e140)]
)
@pytest.mark.parametrize("backend", BACKENDS)
def test_the_estimator(backend, classes, unit):
    """(Three classes have a fit of their own.)"""
    X, y, _ = problem(120, 2, unit, classes)
    X_more, y_more, s_more = with_rows_of_weight_zero(X, y, soft=False)
    s = [s_i for s_i in s_more if s_i]
    got = LogisticRegression(backend=backend).fit(X_more, y_more, sample_weight=s_more)
    want = LogisticRegression(backend=backend).fit(X, y, sample_weight=s)
    assert got.status_ == want.status_ == "converged"
    assert np.allclose(got.predict_proba(X), want.predict_proba(X), rtol=1e-9)
