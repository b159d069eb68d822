"""A model that starts from a fitted model, which may be itself: nothing goes round in circles."""

import copy
import pickle

import numpy as np
import pandas
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pyref
from pyref import sklearn as for_sklearn

PLAIN, SKLEARN = pyref.LogisticRegression, for_sklearn.LogisticRegression

rng = np.random.default_rng(2)
X = rng.normal(size=(40, 2))
y = (X[:, 0] + rng.normal(size=40) > 0).astype(int)


def test_repr_of_a_model_that_starts_from_itself():
    model = PLAIN(l2=0.1).fit(X, y)
    model.set_params(init=model)
    fitted = ": converged, 40 rows, 2 features>"
    assert repr(model) == "<LogisticRegression(l2=0.1, init=...)" + fitted
    other = PLAIN(init=model)
    model.init = other
    assert repr(model) == "<LogisticRegression(l2=0.1, init=LogisticRegression(init=...))" + fitted
    assert repr(other) == f"LogisticRegression(init=<LogisticRegression(l2=0.1, init=...){fitted})"


def test_repr_of_a_model_that_starts_from_itself_for_scikit_learn():
    model = SKLEARN(l2=0.1).fit(X, y)
    model.set_params(init=model)
    shown = repr(model)
    assert shown.startswith("LogisticRegression(init=<Recursion on LogisticRegression with id=")
    assert shown.endswith(">, l2=0.1)")
    assert "LogisticRegression" in model._repr_html_()
    assert "LogisticRegression" in make_pipeline(StandardScaler(), model)._repr_html_()


@pytest.mark.parametrize("kind", [PLAIN, SKLEARN])
def test_what_else_looks_at_the_parameters(kind, backend):
    model = kind(l2=0.1, backend=backend).fit(X, y)
    before = copy.copy(model)
    model.set_params(init=model, l2=0.2)
    assert model.get_params()["init"] is model
    assert set(model.get_params(deep=True)) == set(kind().get_params())
    copied = clone(model)
    assert copied.init is model
    assert not hasattr(copied, "coef_")
    assert copied.l2 == 0.2
    for again in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert again.init is again
        assert (again.predict_proba(X) == before.predict_proba(X)).all()
    model.fit(X, y)
    assert model.n_iter_ > 0
    assert model.fit(X, y).n_iter_ == 0  # it starts where it has ended


@pytest.mark.parametrize("kind", [PLAIN, SKLEARN])
def test_repr_of_parameters_of_many_values(kind):
    """A comparison of them has many answers."""
    weights = pandas.Series({0: 1.0, 1: 2.0})
    start = np.zeros(2), np.zeros(1)
    assert repr(weights) in repr(kind(class_weight=weights))
    assert f"init={start!r}" in repr(kind(init=start))
    if kind is PLAIN:
        assert repr(kind(l2=np.float64(0), iterations=None)) == "LogisticRegression()"
