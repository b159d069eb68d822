"""The estimator as an object: its parameters, copies, summary; and what it leaves alone."""

import copy
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas
import pytest
from helpers.estimators import error_of, overlapping

import pyref
from pyref import LogisticRegression
from pyref import model as model_room

# ---------------------------------------------------------------- summary


def test_the_summary_of_challenger(backend):
    temperatures, damaged = pyref.datasets.challenger()
    frame = pandas.DataFrame({"temperature": temperatures})
    words = ["damaged" if y else "sound" for y in damaged]
    model = LogisticRegression(backend=backend).fit(frame, words)
    expected = """\
Probability modelled: y = sound (16 of 23)
23 rows, 1 feature

              coefficient  std. error       z       p  95 % from       to
 temperature       0.2322      0.1082   2.145  0.0320    0.02002   0.4443
 (intercept)     -15.04        7.379   -2.039  0.0415  -29.50     -0.5810

Newton's method, 6 iterations: converged. The gradient is zero to within the
tolerance: this is the optimum.

 deviance           20.32  21 degrees of freedom
 without features   28.27  22 degrees of freedom
 AIC                24.32
 pseudo-R2         0.2813  McFadden"""
    assert model.summary() == expected
    assert " temperature     0.232163    0.108237   2.145" in model.summary(digits=6)
    odds = model.summary(odds=True).splitlines()
    assert odds[3:5] == [
        "                 coef.    s.e.       z       p       odds       95 %      to",
        " temperature    0.2322  0.1082   2.145  0.0320  1.261      1.020      1.559",
    ]
    assert all(line == line.rstrip() and len(line) <= 80 for line in model.summary().splitlines())
    assert max(len(line) for line in model.summary(columns=50).splitlines()) <= 50


def test_the_summary_of_more_classes_and_with_a_penalty(backend):
    X, y, names = pyref.datasets.iris()
    model = LogisticRegression(l2=0.01, backend=backend).fit(X, [names[k] for k in y])
    lines = model.summary().splitlines()
    assert lines[0] == (
        "Probabilities modelled: y = setosa (50), versicolor (50), virginica (50)"
    )
    assert lines[1] == "150 rows, 4 features"
    assert "l2 = 0.01: the penalty draws the coefficients towards 0" in model.summary()
    table = [line.split() for line in lines if line.startswith((" x[", " (int", "     "))]
    assert table[0] == list(names)
    assert [row[0] for row in table[1:]] == ["x[0]", "x[1]", "x[2]", "x[3]", "(intercept)"]
    assert float(table[1][1]) == pytest.approx(model.coef_[0][0], rel=1e-3)
    assert "AIC" not in model.summary()


# ---------------------------------------------------------------- an object among objects


def test_parameters():
    model = LogisticRegression(l2=0.5)
    assert repr(model) == "LogisticRegression(l2=0.5)"
    assert list(model.get_params()) == [
        "solver", "backend", "l2", "learning_rate", "momentum", "iterations", "tolerance",
        "class_weight", "threads", "init", "categorical", "reference", "missing", "aliased",
    ]  # fmt: skip
    assert model.set_params(solver="lbfgs", l2=0) is model
    assert (model.get_params()["solver"], model.l2) == ("lbfgs", 0)
    assert error_of(ValueError, model.set_params, C=1).startswith(
        "there is no parameter 'C': give one of solver, backend, l2, "
    )
    with pytest.raises(TypeError):
        LogisticRegression("newton")


def test_pickle_deepcopy_and_refit(backend):
    X, y = overlapping(3)
    model = LogisticRegression(backend=backend).fit(X, y)
    for again in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert again.predict_proba(X) == model.predict_proba(X)
        assert again.summary() == model.summary()
    X, y = overlapping(2, d=2)
    fresh = LogisticRegression(backend=backend).fit(X, y)
    assert vars(model.fit(X, y)) == vars(fresh)


def test_a_fit_that_fails_leaves_the_last_one(backend):
    X, y = overlapping(2)
    model = LogisticRegression(backend=backend).fit(X, y)
    before = copy.deepcopy(vars(model))
    assert "only one class" in error_of(ValueError, model.fit, X, [1] * len(y))
    assert "nan" in error_of(ValueError, model.fit, [[float("nan")] * 3, *X[1:]], y)
    assert vars(model) == before


def test_data_are_not_changed(backend):
    X, y = overlapping(3)
    table, labels, weights = np.array(X), np.array(y), np.ones(len(y))
    table[:, 0] += 1e9  # a column that is moved
    copies = table.copy(), labels.copy(), weights.copy()
    model = LogisticRegression(backend=backend, class_weight={0: 2}).fit(table, labels, weights)
    model.predict(table)
    for one, two in zip((table, labels, weights), copies, strict=True):
        assert (one == two).all()


def test_threads_are_for_the_compiled_part(backend):
    X, y = overlapping(3)
    one = LogisticRegression(backend=backend, threads=1).fit(X, y)
    two = LogisticRegression(backend=backend, threads=2).fit(X, y)
    assert (one.coef_, one.intercept_) == (two.coef_, two.intercept_)


def test_the_room_hands_its_names_on():
    assert model_room.LogisticRegression is LogisticRegression
    for name in model_room.__all__:
        assert hasattr(model_room, name)
    message = error_of(AttributeError, getattr, model_room, "LinearRegression")
    assert message == "module 'pyref.model' has no attribute 'LinearRegression'"


def test_importing_stays_light():
    code = """
import sys, pyref
from pyref import model as room
assert not {"pyref.model.estimator", "numpy", "cffi", "sklearn"} & set(sys.modules)
model = pyref.LogisticRegression(backend="python").fit([[1], [2], [3], [4]], [0, 1, 0, 1])
assert model.converged_ and model.predict([[9]]) == [1]
assert not {"numpy", "pandas", "sklearn"} & set(sys.modules)
try:
    pyref.LinearRegression
except AttributeError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "module 'pyref' has no attribute 'LinearRegression'\n"


def test_the_folder_works_under_another_name(tmp_path):
    source = Path(pyref.__file__).parent
    ignored = shutil.ignore_patterns("__pycache__", "_native*")
    shutil.copytree(source, tmp_path / "other", ignore=ignored)
    code = """
import sys, other
from other import model, pictures, tables
fitted = other.LogisticRegression().fit([[1], [2], [3], [4]], [0, 1, 0, 1])
assert (fitted.backend_, fitted.status_) == ("python", "converged")
model.save(fitted, "m.json")
assert model.load("m.json").coef_ == fitted.coef_
assert pictures.descent_path([1, 2], [0, 1], iterations=1)[0] == (0.0, 0.0)
assert not [name for name in sys.modules if name.partition(".")[0] == "pyref"]
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, timeout=60)
