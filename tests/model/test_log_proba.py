"""predict_log_proba: the logarithms of predict_proba, from the scores, against 40 digits."""

import mpmath
import numpy as np
import pytest

import pyref
from pyref import sklearn as for_sklearn

mpmath.mp.dps = 40
KINDS = [pyref.LogisticRegression, for_sklearn.LogisticRegression]


def model_with(kind, backend, coef, intercept):
    """A model whose parameters are set by hand: one feature, two classes or three."""
    classes = [0, 1] if len(coef) == 1 else [0, 1, 2]
    X = np.arange(12.0).reshape(-1, 1) % 5
    model = kind(backend=backend, l2=0.1).fit(X, (classes * 6)[:12])
    if kind is pyref.LogisticRegression and len(coef) == 1:
        model.coef_, model.intercept_ = coef, intercept[0]
    else:
        model.coef_ = np.array(coef).reshape(-1, 1)
        model.intercept_ = np.array(intercept)
    return model


def truth(x, coef, intercept):
    zs = [
        mpmath.mpf(w) * mpmath.mpf(x) + mpmath.mpf(b) for w, b in zip(coef, intercept, strict=True)
    ]
    if len(zs) == 1:
        zs = [mpmath.mpf(0), zs[0]]
    top = zs.index(max(zs))
    others = [mpmath.exp(z - zs[top]) for c, z in enumerate(zs) if c != top]
    return [z - zs[top] - mpmath.log1p(mpmath.fsum(others)) for z in zs]


# exact products, so that the scores have no rounding of their own
ROWS = [0.0, 1.0, -1.0, 0.5, 3.0, 36.0, -36.0, 100.0, 745.0, -745.0, 800.0, 2.0**40, -(2.0**900)]
COEFFICIENTS = {
    "two classes": ([1.0], [0.0]),
    "two classes, steep": ([-4.0], [0.0]),
    "three classes": ([1.0, 0.0, -2.0], [0.0, 0.0, 0.0]),
    "three classes, two equal": ([0.0, 2.0, 2.0], [1.0, 0.0, 0.0]),
    "three classes, far from 0": ([1024.0, 1025.0, 1026.0], [0.0, 0.0, 0.0]),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", COEFFICIENTS)
def test_all_their_digits(backend, kind, name):
    coef, intercept = COEFFICIENTS[name]
    model = model_with(kind, backend, coef, intercept)
    X = np.array(ROWS).reshape(-1, 1)
    found = model.predict_log_proba(X)
    assert found.shape == (len(ROWS), len(model.classes_))
    assert np.isfinite(found).all()
    for x, row in zip(ROWS, found.tolist(), strict=True):
        for value, true in zip(row, truth(x, coef, intercept), strict=True):
            assert abs(value - true) <= 4 * 2.0**-53 * abs(true) + 5e-324, (x, value, float(true))
            assert value <= 0
            assert repr(value) != "-0.0"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("classes", [2, 3, 5])
def test_the_logarithms_of_the_probabilities(backend, kind, classes):
    rng = np.random.default_rng(classes)
    X = rng.normal(size=(80, 3))
    model = kind(backend=backend, l2=0.05).fit(X, rng.integers(0, classes, 80))
    wanted = np.log(model.predict_proba(X))
    np.testing.assert_allclose(model.predict_log_proba(X), wanted, rtol=1e-12, atol=1e-15)
    if kind is pyref.LogisticRegression:
        found = model.predict_log_proba(X.tolist())
        assert isinstance(found, list)
        assert found == model.predict_log_proba(X).tolist()


def test_of_a_score_that_is_infinite(backend):
    """The sum of finite terms alone is too large: certain, and impossible."""
    for coef, wanted in (
        ([2.0], [-np.inf, 0.0]),
        ([-2.0], [0.0, -np.inf]),
        ([2.0, 1.0, 0.0], [0.0, -np.inf, -np.inf]),
    ):
        model = model_with(pyref.LogisticRegression, backend, coef, [0.0] * len(coef))
        assert model.predict_log_proba([[1e308]]) == [wanted]


def test_thousands_of_rows_at_once(fast):
    """More than one call of C takes."""
    for coef in ([1.0], [1.0, 0.0, -2.0]):
        model = model_with(pyref.LogisticRegression, "c", coef, [0.0] * len(coef))
        X = np.random.default_rng(1).normal(size=(70_000, 1))
        found = model.predict_log_proba(X)
        for i in (0, 21_845, 21_846, 43_691, 65_535, 65_536, 69_999):
            assert found[i].tolist() == model.predict_log_proba(X[i : i + 1])[0].tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_before_the_fit_and_of_wrong_rows(kind, backend):
    with pytest.raises(ValueError, match="not fitted"):
        kind().predict_log_proba([[1.0]])
    model = model_with(kind, backend, [1.0], [0.0])
    with pytest.raises(ValueError, match=r"nan|NaN"):
        model.predict_log_proba([[float("nan")]])
