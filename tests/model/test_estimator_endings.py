"""How a fit ends: the status, the sentence that says why, and where a second fit starts."""

import numpy as np
import pytest
from helpers.estimators import overlapping, same_fit
from sklearn.linear_model import LogisticRegression as Theirs

import pyref
from pyref import LogisticRegression
from pyref.model import solvers


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([1, 2, 3, 4, 5], [0, 0, 0, 1, 1]),  # document 001
        ([1, 2, 3, 3, 4, 5], [0, 0, 0, 1, 1, 1]),  # touching
        ([1, 2, 3, 4, 5, 6], [0, 0, 1, 1, 2, 2]),  # each class in its place
        ([1, 2, 3, 2, 3, 4, 9, 9.5, 8], [0, 0, 0, 1, 1, 1, 2, 2, 2]),  # one apart, two overlap
        ([1, 2, 1.5, 2.5, 7, 8, 7.5, 8.5], [0, 0, 1, 1, 2, 2, 3, 3]),  # two and two
        ([0, 1, 0, 1, 1, 2, 2, 2], [0, 0, 1, 1, 2, 2, 2, 2]),  # touching, of three
    ],
)
def test_separable_is_said(backend, solver, x, y):
    model = LogisticRegression(solver=solver, backend=backend).fit([[v] for v in x], y)
    assert (model.status_, model.converged_) == ("separable", False)
    assert model.standard_errors_ is None
    assert model.reason_.startswith("There is no optimum: a combination of the features tells")
    assert "separable. There is no optimum" in " ".join(model.summary().split())
    again = LogisticRegression(solver=solver, backend=backend, l2=0.01).fit([[v] for v in x], y)
    assert again.converged_


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([1, 2, 3, 4, 5], [0, 0, 1, 0, 1]),
        ([0, 1, 2, 0, 1, 2, 0, 1, 2], [0, 0, 0, 1, 1, 1, 2, 2, 2]),
        ([1, 2, 3, 2.5, 4, 5, 4.5, 6, 7], [0, 0, 0, 1, 1, 1, 2, 2, 2]),  # overlaps by a little
        ([1, 2, 3, 2.999, 4, 5, 4.999, 6, 7], [0, 0, 0, 1, 1, 1, 2, 2, 2]),  # by very little
        ([1, 2, 9, 8, 3, 2, 7, 2, 5], [0, 1, 2, 0, 1, 2, 0, 1, 2]),
    ],
)
def test_overlapping_classes_have_an_optimum(backend, solver, x, y):
    model = LogisticRegression(solver=solver, backend=backend).fit([[v] for v in x], y)
    assert model.status_ == "converged"


def test_iris_is_separable(backend):
    # setosa lies apart; without it the other two overlap
    X, y, _ = pyref.datasets.iris()
    assert LogisticRegression(backend=backend).fit(X, y).status_ == "separable"
    assert LogisticRegression(backend=backend).fit(X[50:], y[50:]).status_ == "converged"


def test_the_ends_of_gradient_descent(backend):
    X, y = overlapping(2)
    few = LogisticRegression(solver="gradient_descent", iterations=3, backend=backend).fit(X, y)
    assert (few.status_, few.n_iter_) == ("iterations", 3)
    assert few.reason_ == (
        "All 3 iterations were made before the gradient was zero to within the tolerance: this is"
        " no optimum yet. Standardise the columns, give more iterations, or take solver='newton'."
    )
    for labels in (y, overlapping(3)[1]):
        wild = LogisticRegression(
            solver="gradient_descent", learning_rate=1e308, backend=backend
        ).fit(X, labels)
        assert wild.status_ == "diverged"
        assert wild.reason_.endswith("Give learning_rate='safe', or standardise the columns.")


def test_no_status_word_reaches_people(backend):
    X, y = overlapping(2)
    few = LogisticRegression(solver="gradient_descent", iterations=3, backend=backend).fit(X, y)
    assert few.status_ == "iterations"
    assert "gradient descent, 3 iterations: not converged. All 3 iterations" in " ".join(
        few.summary().split()
    )
    assert set(solvers.ENDINGS) == {
        "converged", "iterations", "separable", "undecided", "diverged"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("losses", "rising"),
    [([0.7, 3091.0], True), ([0.7, 0.9, 0.6], False), ([0.7, 0.7], False), ([0.7], False)],
)
def test_a_descent_that_climbs_is_told_of_its_learning_rate(losses, rising):
    told = solvers.reason("iterations", "gradient_descent", 2, False, True, losses)
    assert told.startswith("After 2 iterations the loss is higher than at") == rising
    assert told.endswith("Give learning_rate='safe', or a smaller one.") == rising
    for solver in ("newton", "lbfgs"):
        assert "learning" not in solvers.reason("iterations", solver, 2, False, True, losses)


@pytest.mark.parametrize("solver", ["newton", "lbfgs", "gradient_descent"])
@pytest.mark.parametrize("classes", [2, 3])
def test_the_callback_sees_and_stops(backend, solver, classes):
    X, y = overlapping(classes)
    seen = []
    options = {"solver": solver, "backend": backend}
    model = LogisticRegression(**options).fit(
        X, y, callback=lambda k, loss: seen.append((k, loss)) or k == 2
    )
    assert seen == list(enumerate(model.loss_history_))
    assert (model.n_iter_, model.status_, model.converged_) == (3, "iterations", False)
    assert model.reason_.startswith("The callback stopped the run")
    limited = LogisticRegression(iterations=3, **options).fit(X, y)
    same_fit(model, limited, 1e-14)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_warm_start_goes_on(backend, classes):
    X, y = overlapping(classes)
    s = [1.0 + i % 2 for i in range(len(y))]
    options = {"solver": "gradient_descent", "backend": backend, "l2": 0.01}
    whole = LogisticRegression(iterations=30, **options).fit(X, y, s)
    first = LogisticRegression(iterations=12, **options).fit(X, y, s)
    for init in (first, (first.coef_, first.intercept_)):
        rest = LogisticRegression(iterations=18, init=init, **options).fit(X, y, s)
        same_fit(rest, whole, 1e-14)
        joined = [*first.loss_history_, *rest.loss_history_]
        assert joined == pytest.approx(whole.loss_history_, rel=1e-14)
    for solver in ("newton", "lbfgs"):
        optimum = LogisticRegression(solver=solver, backend=backend).fit(X, y)
        again = LogisticRegression(solver=solver, backend=backend, init=optimum).fit(X, y)
        assert again.n_iter_ <= 1
        same_fit(again, optimum)


def test_two_classes_may_start_from_rows_as_scikit_learn_has_them(backend):
    X, y = overlapping(2)
    theirs = Theirs(C=np.inf, tol=1e-12, max_iter=10_000).fit(X, y)
    model = LogisticRegression(backend=backend, init=theirs).fit(X, y)
    assert model.n_iter_ <= 2
    same_fit(model, LogisticRegression(backend=backend).fit(X, y))


def test_faint_forces_are_not_relied_upon(backend):
    # far-out samples on their own side have probabilities below 1e-9 against them, and the
    # others overlap: an optimum, and the proof must do without the faint
    rng = np.random.default_rng(5)
    x = np.concatenate([rng.normal(0, 1, 60), [90, 95, 99], [-90, -95]])
    y = np.concatenate([rng.integers(0, 3, 60), [2, 2, 2], [0, 0]])
    y[:60] = np.where(x[:60] + rng.normal(0, 2, 60) > 0.5, 2, y[:60])
    for solver in ("newton", "lbfgs"):
        model = LogisticRegression(backend=backend, solver=solver).fit(x[:, None], y)
        assert model.status_ == "converged"
        assert model.predict_proba(x[:, None]).min() < 1e-9
