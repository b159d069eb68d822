"""A fit of three classes is the same in any units, and however far a column is from zero."""

import numpy as np
import pytest

from pyref import LogisticRegression, fast
from pyref.pure import independent_columns as independent_in_python


def table():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(120, 2)), rng.integers(0, 3, 120)
    y[:60] = np.where(X[:60, 0] > 0.3, 1, y[:60])
    return X, y.tolist()


X, Y = table()
LARGE, SMALL = (100, 154, 160, 300, 307), (-100, -163, -200, -306)


def fitted(X, backend, solver, **how):
    return LogisticRegression(solver=solver, backend=backend, **how).fit(X, Y)


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
@pytest.mark.parametrize("power", [*LARGE, *SMALL])
def test_powers_of_ten(backend, power, solver):
    """(At 1e154 the squares are no numbers, at 1e-163 they are 0.)"""
    plain, unit = fitted(X, backend, solver), 10.0**power
    assert plain.status_ == "converged"
    for given in (X * unit, (X * unit).tolist()):
        model = fitted(given, backend, solver)
        assert model.status_ == "converged"
        assert model.log_likelihood_ == pytest.approx(plain.log_likelihood_, rel=1e-13)
        assert np.array(model.coef_) * unit == pytest.approx(np.array(plain.coef_), abs=1e-9)
        assert model.intercept_ == pytest.approx(plain.intercept_, abs=1e-9)


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
def test_columns_of_unlike_size_and_far_from_zero(backend, solver):
    plain = fitted(X, backend, solver)
    far = np.array([0.0, 1e6])
    for given in (X * [1e200, 1e-200], X + far, X * 1e-9 + [3.0, -2.0], X * 3 - 250):
        model = fitted(given, backend, solver)
        assert model.status_ == "converged"
        # rounding of the column itself: 1e-16 of 1e6, and of 3 in units of 1e-9
        assert model.log_likelihood_ == pytest.approx(plain.log_likelihood_, rel=1e-6)
        exact = given.astype(np.longdouble)
        z = exact @ np.array(model.coef_, np.longdouble).T + np.array(model.intercept_)
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        assert -model.log_likelihood_ == pytest.approx(
            float(-np.log(p[range(120), Y]).sum()), rel=1e-9 if given.max() < 1e5 else 1e-8
        )


@pytest.mark.parametrize("scale", [1e200, 1e-200])
def test_a_penalty_in_other_units(backend, scale):
    """Of weights that it does not let move, or does not notice."""
    model = fitted(X * scale, backend, "newton", l2=1.0)
    assert model.status_ == "converged"
    shares = np.bincount(Y) / 120
    if scale > 1:
        assert model.log_likelihood_ == pytest.approx(
            fitted(X, backend, "newton").log_likelihood_, rel=1e-12
        )
    else:
        assert model.log_likelihood_ == pytest.approx(120 * np.sum(shares * np.log(shares)))


@pytest.mark.parametrize("scale", [1.0, 1e200, 1e-200])
def test_dependent_columns_in_any_units(backend, scale):
    given = np.column_stack([X, X @ [1.0, 2.0], np.ones(120), X[:, 0] ** 2]) * scale
    with pytest.raises(ValueError, match="columns 2, 3 of X are constant or combinations of"):
        fitted(given, backend, "newton")
    with pytest.raises(ValueError, match="column 0 of X is constant, so no single w is best"):
        fitted(given[:, 3:], backend, "newton")
    find = fast.FRONT.engine.independent_columns if backend == "c" else independent_in_python
    assert find(given if backend == "c" else given.tolist(), None, None) == [0, 1, 4]


def test_values_that_are_not_finite_are_named(backend):
    for bad, name in ((float("inf"), "inf"), (float("nan"), "nan")):
        wrong = X.copy()
        wrong[7, 1] = bad
        with pytest.raises(ValueError, match=rf"X\[7\]\[1\] is {name}"):
            fitted(wrong, backend, "newton")
        # a row that does not count must be one of numbers all the same
        with pytest.raises(ValueError, match=rf"X\[7\]\[1\] is {name}"):
            LogisticRegression(backend=backend).fit(wrong, Y, [float(i != 7) for i in range(120)])


def test_rows_of_weight_0_are_not_there(backend):
    """The wrong class, far away, and where squares overflow."""
    kept = [i for i in range(120) if i % 3]
    s = [float(i % 3) for i in range(120)]
    far = X.copy()
    far[::3] *= 1e300
    far[::3, 1] = -1e-300
    for given in (far, far.tolist()):
        for solver in ("newton", "lbfgs"):
            one = LogisticRegression(solver=solver, backend=backend).fit(given, Y, s)
            two = LogisticRegression(solver=solver, backend=backend).fit(
                X[kept], [Y[i] for i in kept], [s[i] for i in kept]
            )
            assert one.status_ == two.status_ == "converged"
            assert np.ravel(one.coef_) == pytest.approx(np.ravel(two.coef_), rel=1e-9)
            assert one.log_likelihood_ == pytest.approx(two.log_likelihood_, rel=1e-13)
