"""Fits of the estimators: tables to fit, and when two fits are the same."""

import functools
import os

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression as Theirs

import pyref

BACKENDS = ["python"] if os.environ.get("PYREF_PURE") == "1" else ["python", "c"]


def overlapping(classes=2, n=150, d=3, seed=0):
    """A table whose classes overlap: X as lists, y as class numbers."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    z = X @ rng.normal(size=(d, classes)) + rng.gumbel(size=(n, classes))
    return X.tolist(), z.argmax(axis=1).tolist()


@functools.cache
def optimum_of_scikit_learn(classes, l2, n=150, weighted=False):
    """scikit-learn's fit of `overlapping`, which several tests compare with; do not change it."""
    X, y = overlapping(classes, n)
    s = weights(n) if weighted else np.ones(n)
    model = Theirs(C=1 / (s.sum() * l2) if l2 else np.inf, tol=1e-12, max_iter=10_000)
    model.fit(X, y, s)
    if classes > 2:  # only differences of intercepts say anything
        model.intercept_ = model.intercept_ - model.intercept_.mean()
    return model


def weights(n):
    return np.random.default_rng(1).integers(1, 4, n).astype(float)


def challenger():
    temperatures, damaged = pyref.datasets.challenger()
    return [[t] for t in temperatures], damaged


def flat(model):
    """All of a model's parameters as one array."""
    return np.concatenate([np.ravel(model.coef_), np.ravel(model.intercept_)])


def same_fit(one, two, bound=1e-9):
    np.testing.assert_allclose(flat(one), flat(two), rtol=bound, atol=bound)
    assert one.status_ == two.status_


def error_of(kind, action, *arguments, **options):
    with pytest.raises(kind) as caught:
        action(*arguments, **options)
    return str(caught.value)
