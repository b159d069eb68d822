"""pyref.sklearn: every check that scikit-learn has for an estimator, and its tools at work."""

import copy
import pickle
import unittest

import numpy as np
import pandas
import pytest
from helpers import estimators as fits
from helpers.estimators import BACKENDS
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression as Theirs
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import pyref
from pyref.sklearn import LogisticRegression

CHECKED = [
    LogisticRegression(backend=name, solver=solver, l2=l2)
    for name in BACKENDS
    for solver, l2 in (("auto", 0.0), ("lbfgs", 0.0), ("newton", 0.01))
]


@parametrize_with_checks(CHECKED)
def test_the_checks_of_scikit_learn(estimator, check):
    try:
        check(estimator)
    except unittest.SkipTest as reason:
        pytest.fail(f"skipped: {reason}")


def overlapping(classes):
    X, y = fits.overlapping(classes, n=200)
    return np.array(X), np.array(y)


# ---------------------------------------------------------------- beside scikit-learn's own


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("l2", [0.0, 0.01, 1.0])
def test_the_same_optimum(backend, classes, l2, solver):
    X, y = overlapping(classes)
    weights = fits.weights(len(y))
    theirs = fits.optimum_of_scikit_learn(classes, l2, n=200, weighted=True)
    ours = LogisticRegression(l2=l2, backend=backend, solver=solver).fit(X, y, weights)
    assert ours.status_ == "converged"
    assert ours.coef_.shape == theirs.coef_.shape
    assert ours.intercept_.shape == theirs.intercept_.shape
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=0, atol=2e-6)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=0, atol=2e-6)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=2e-6)
    np.testing.assert_allclose(ours.decision_function(X), theirs.decision_function(X), atol=1e-5)
    assert (ours.predict(X) == theirs.predict(X)).all()
    assert ours.score(X, y, weights) == theirs.score(X, y, weights)


def test_the_same_as_without_scikit_learn(backend):
    X, y = overlapping(3)
    one = LogisticRegression(backend=backend).fit(X, y)
    two = pyref.LogisticRegression(backend=backend).fit(X, y)
    assert one.coef_.tolist() == two.coef_
    assert one.intercept_.tolist() == two.intercept_
    assert one.summary() == two.summary()
    X, y = overlapping(2)
    one = LogisticRegression(backend=backend).fit(X, y)
    two = pyref.LogisticRegression(backend=backend).fit(X, y)
    assert one.coef_.tolist() == [two.coef_]
    assert one.intercept_.tolist() == [two.intercept_]
    assert one.standard_errors_ == two.standard_errors_
    assert one.summary() == two.summary()


# ---------------------------------------------------------------- its tools


def test_is_a_classifier():
    assert is_classifier(LogisticRegression())


def test_in_a_pipeline_and_cross_validation(backend):
    X, y, _ = pyref.datasets.iris()
    X, y = np.array(X) * [1, 1e6, 1e-6, 1], np.array(y)
    model = make_pipeline(StandardScaler(), LogisticRegression(l2=0.01, backend=backend))
    scores = cross_val_score(model, X, y, cv=5)
    theirs = cross_val_score(make_pipeline(StandardScaler(), Theirs(C=1 / 1.2)), X, y, cv=5)
    assert scores == pytest.approx(theirs, abs=1e-12)
    found = cross_val_predict(model, X, y, cv=5, method="predict_proba")
    assert found.shape == (150, 3)
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_in_a_grid_search(backend):
    X, y = overlapping(3)
    search = GridSearchCV(
        LogisticRegression(backend=backend),
        {"l2": [0.0, 0.01, 10.0], "class_weight": [None, "balanced"]},
        scoring="neg_log_loss",
        cv=3,
    ).fit(X, y)
    assert search.best_params_["l2"] < 10
    assert search.best_estimator_.converged_
    assert search.predict_proba(X).shape == (200, 3)


def test_is_calibrated(backend):
    X, y = overlapping(2)
    for method in ("sigmoid", "isotonic"):
        model = CalibratedClassifierCV(LogisticRegression(backend=backend), method=method, cv=3)
        found = model.fit(X, y).predict_proba(X)
        assert found.shape == (200, 2)
        assert ((found[:, 1] > 0.5) == y).mean() > 0.7


def test_categories_of_a_pipeline_depend_on_each_other(backend):
    rng = np.random.default_rng(3)
    frame = pandas.DataFrame(
        {"city": rng.choice(["Oslo", "Rome", "Bonn"], 300), "age": rng.normal(40, 9, 300)}
    )
    y = (rng.random(300) < 0.3 + 0.4 * (frame.city == "Rome")).to_numpy()
    columns = make_column_transformer(
        (OneHotEncoder(sparse_output=False), ["city"]), ("passthrough", ["age"])
    )
    model = make_pipeline(columns, LogisticRegression(backend=backend)).fit(frame, y)
    last = model[-1]
    assert last.status_ == "converged"
    assert last.reason_.endswith(
        "But column 2 of X is a combination of the columns before it (and a constant): it adds"
        " nothing to the other columns, and its coefficient is 0."
    )
    assert last.coef_[0, 2] == 0
    assert np.isnan(last.standard_errors_).tolist() == [False, False, True, False, False]
    theirs = make_pipeline(columns, Theirs(C=np.inf, tol=1e-12, max_iter=10_000)).fit(frame, y)
    np.testing.assert_allclose(model.predict_proba(frame), theirs.predict_proba(frame), atol=1e-5)
    # and whoever asks for Newton's method is told
    message = "column 2 of X is a combination of the columns before it"
    with pytest.raises(ValueError, match=message):
        make_pipeline(columns, LogisticRegression(backend=backend, solver="newton")).fit(frame, y)


def test_a_column_is_left_out_only_if_nothing_is_lost(backend):
    """Of seven years, fourth powers may add something that floats cannot hold: an error, and no
    "optimum" of the model without them. Of five values, they add nothing."""
    t = np.array([2015 + i % 7 for i in range(84)], dtype=float)
    y = [(i * i) % 5 % 2 for i in range(84)]
    X = np.column_stack([t, t**2, t**3, t**4])
    with pytest.raises(
        ValueError, match=r"^column 3 of X is too nearly a combination .* 2018 from"
    ):
        LogisticRegression(backend=backend).fit(X, y)
    cubes = LogisticRegression(backend=backend).fit(X[:, :3], y)
    centred = np.column_stack([t - 2018, (t - 2018) ** 2, (t - 2018) ** 3])
    want = LogisticRegression(backend=backend).fit(centred, y)
    assert (cubes.status_, cubes.reason_) == ("converged", want.reason_)
    assert cubes.log_likelihood_ == pytest.approx(want.log_likelihood_, rel=1e-12)
    t = np.array([2016 + i % 3 for i in range(84)], dtype=float)
    powers = np.column_stack([t, t**2, t**3, t**4])
    model = LogisticRegression(backend=backend).fit(powers, y)
    want = LogisticRegression(backend=backend).fit(powers[:, :2], y)
    assert model.reason_.endswith("and so are 1 more: it adds nothing to the other columns, and its"
                                  " coefficient is 0.")  # fmt: skip
    assert (model.coef_[0, :2] == want.coef_[0]).all()
    assert not model.coef_[0, 2:].any()


# ---------------------------------------------------------------- manners


def test_clone_keeps_what_init_was_fitted_to(backend):
    X, y = overlapping(3)
    start = LogisticRegression(backend=backend).fit(X, y)
    model = LogisticRegression(init=start, backend=backend)
    copied = clone(model)
    assert copied.init is start
    assert not hasattr(clone(start), "coef_")
    assert copied.fit(X, y).n_iter_ <= 1
    plain = clone(LogisticRegression(l2=3, threads=2, class_weight={0: 1}))
    assert (plain.l2, plain.threads, plain.class_weight) == (3, 2, {0: 1})


def test_parameters():
    model = LogisticRegression().set_params(l2=0.5, solver="lbfgs")
    assert repr(model) == "LogisticRegression(l2=0.5, solver='lbfgs')"
    assert set(model.get_params()) == set(pyref.LogisticRegression().get_params())
    with pytest.raises(ValueError, match="Invalid parameter 'C'"):
        model.set_params(C=1)


def test_pickle_and_deepcopy(backend):
    X, y = overlapping(3)
    model = LogisticRegression(backend=backend).fit(X, y)
    for again in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert (again.predict_proba(X) == model.predict_proba(X)).all()
        assert again.summary() == model.summary()


def test_not_fitted():
    with pytest.raises(NotFittedError):
        LogisticRegression().predict([[1.0]])


def test_names_of_columns(backend):
    X, y = overlapping(2)
    frame = pandas.DataFrame(X, columns=["a", "b", "c"])
    model = LogisticRegression(backend=backend).fit(frame, y)
    assert model.feature_names_in_.tolist() == ["a", "b", "c"]
    assert model.summary().count("\n b ") == 1
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[["b", "a", "c"]])
    model.fit(X, y)
    assert not hasattr(model, "feature_names_in_")


def test_labels_that_are_words(backend):
    X, y = overlapping(3)
    words = np.array(["none", "some", "all"])[y]
    model = LogisticRegression(backend=backend, class_weight={"all": 2.0}).fit(X, words)
    assert model.classes_.tolist() == ["all", "none", "some"]
    assert set(model.predict(X)) == {"all", "none", "some"}
    assert model.predict(X).dtype == words.dtype


def test_callback(backend):
    X, y = overlapping(2)
    seen = []
    model = LogisticRegression(backend=backend).fit(
        X, y, callback=lambda k, loss: seen.append((k, loss)) or k == 1
    )
    assert seen == list(enumerate(model.loss_history_))
    assert (model.n_iter_, model.status_) == (2, "iterations")
