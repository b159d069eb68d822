"""A row of weight 0 is a row that is not there: for the list of classes, too."""

import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pyref import LogisticRegression, sklearn

NAMES = ["a", "b", "c", "d"]


def table(classes, seed=7):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(80, 2))
    y = rng.integers(0, classes, 80)
    y[:classes] = range(classes)
    return X, [NAMES[k] for k in y], rng.integers(1, 4, 80).astype(float)


def without(y, s, gone):
    return [0.0 if label in gone else float(s_i) for label, s_i in zip(y, s, strict=True)]


HOW = [
    {"solver": "newton"},
    {"solver": "lbfgs"},
    {"solver": "newton", "l2": 0.1},
    {"solver": "newton", "l2": 0.1, "tolerance": 1e-3},
    {"solver": "lbfgs", "l2": 0.1},
    {"solver": "gradient_descent", "l2": 0.1},
    {"class_weight": "balanced"},
]


@pytest.mark.parametrize("how", HOW, ids=str)
@pytest.mark.parametrize("gone", [("a",), ("b",), ("c", "d"), ("a", "c")])
@pytest.mark.parametrize("make", [LogisticRegression, sklearn.LogisticRegression])
def test_its_rows_could_as_well_be_absent(backend, gone, how, make):
    """(With l2 it said "converged", with an intercept that depended on the tolerance.)"""
    X, y, s = table(4)
    kept = [i for i, label in enumerate(y) if label not in gone]
    weights = without(y, s, gone)
    one = make(backend=backend, **how).fit(X, y, sample_weight=weights)
    two = make(backend=backend, **how).fit(X[kept], [y[i] for i in kept], sample_weight=s[kept])
    assert list(one.classes_) == list(two.classes_) == [c for c in NAMES if c not in gone]
    assert one.status_ == two.status_ == "converged"
    assert np.shape(one.coef_) == np.shape(two.coef_)
    assert_allclose(one.coef_, two.coef_, atol=1e-9)
    assert_allclose(one.intercept_, two.intercept_, atol=1e-9)
    assert_allclose(one.class_totals_, two.class_totals_)
    assert one.log_likelihood_ == pytest.approx(two.log_likelihood_, rel=1e-12)
    assert_allclose(one.predict_proba(X), two.predict_proba(X), atol=1e-9)
    assert set(one.predict(X)) <= set(one.classes_)
    told = one.reason_[len(two.reason_) :]
    if len(gone) == 1:
        assert told == (
            f" The class {gone[0]!r} has no weight, and is left out: its rows are not there."
        )
    else:
        assert told == (
            f" The classes {gone[0]!r}, {gone[1]!r} have no weight, and are left out: their rows"
            " are not there."
        )
    assert one.reason_.startswith(two.reason_)


def test_a_class_weight_of_0(backend):
    X, y, _ = table(3)
    kept = [i for i, label in enumerate(y) if label != "b"]
    one = LogisticRegression(backend=backend, class_weight={"b": 0}).fit(X, y)
    two = LogisticRegression(backend=backend).fit(X[kept], [y[i] for i in kept])
    assert list(one.classes_) == ["a", "c"]
    assert one.coef_ == pytest.approx(two.coef_, rel=1e-9)
    assert one.standard_errors_ == pytest.approx(two.standard_errors_, rel=1e-9)


def test_many_classes_and_numbers(backend):
    X, _, _ = table(4)
    y = np.arange(80) % 10
    model = LogisticRegression(backend=backend, iterations=1).fit(X, y, (y < 3) * 1.0)
    assert list(model.classes_) == [0, 1, 2]
    assert model.reason_.endswith(
        " The classes 3, 4, 5, 6, 7, ... have no weight, and are left out: their rows are not"
        " there."
    )


def test_two_classes_are_needed(backend):
    X, y, s = table(3)
    with pytest.raises(ValueError, match="the weights leave only the class 'a': give weight to"):
        LogisticRegression(backend=backend).fit(X, y, without(y, s, ("b", "c")))


def test_the_command(tmp_path):
    X, y, s = table(3)
    rows = zip(X.tolist(), y, without(y, s, ("b",)), strict=True)
    lines = ["u,v,y,s", *[f"{u},{v},{label},{s_i}" for (u, v), label, s_i in rows]]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    words = [sys.executable, "-m", "pyref", "fit", "t.csv", "--target=y", "--weights=s"]
    for l2 in ([], ["--l2=0.1"]):
        done = subprocess.run([*words, *l2], cwd=tmp_path, capture_output=True, text=True)
        text = " ".join(done.stdout.split())
        assert (done.returncode, done.stderr) == (0, "")
        assert ": converged. The gradient is zero" in text
        assert " The class 'b' has no weight, and is left out: its rows are not there." in text
        assert "Probability modelled: y = c (" in text
        assert " b (" not in text


def test_what_a_descent_does_not_know(backend):
    """Its gradient is small where there is no optimum, too."""
    X, y = [[1.0], [2.0], [3.0], [4.0], [5.0]], [0, 0, 0, 1, 1]
    how = {"solver": "gradient_descent", "tolerance": 0.05, "backend": backend}
    model = LogisticRegression(**how).fit(X, y)
    assert model.status_ == "converged"
    assert model.reason_ == (
        "The gradient is zero to within the tolerance. Gradient descent does not ask whether there"
        " is an optimum: solver='newton' does."
    )
    model = LogisticRegression(l2=1.0, **how).fit(X, y)
    assert model.reason_ == "The gradient is zero to within the tolerance: this is the optimum."
