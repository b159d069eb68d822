"""What cannot be fitted, or predicted, is named, with the cure."""

import sys

import numpy as np
import pandas
import polars
import pyarrow
import pytest
from helpers.estimators import error_of

import pyref
from pyref import LogisticRegression
from pyref.model import backends

ROWS = [[1.0, 5.0], [2.0, 4.0], [3.0, 7.0], [4.0, 1.0]]
LABELS = [0, 1, 0, 1]
FRAME = pandas.DataFrame(ROWS, columns=["age", "dose"])
NAMES_ROWS = (
    "column 'city' is text in which nearly every row differs, as names, dates and identifiers do,"
    " and nothing can be learned from that: leave it out ({})"
)


@pytest.mark.parametrize(
    ("X", "y", "options", "kind", "message"),
    [
        (ROWS, [1] * 4, {}, ValueError,
         "y has only one class, 1: give samples of two or more"),
        (ROWS, ["a", "b", None, "a"], {}, ValueError,
         "y[2] is None: remove the row, or fill in its class"),
        (ROWS, [0.0, 1.0, float("nan"), 1.0], {}, ValueError,
         "y[2] is nan: remove the row, or fill in its class"),
        (ROWS, pandas.Series(["a", pandas.NA, "b", "a"]), {}, ValueError,
         None),
        (ROWS, [0, 1, 0.25, 1], {}, ValueError,
         "y[2] is 0.25: give whole numbers or words (pyref.newton takes fractions from 0 to 1)"),
        (ROWS, [[0], [1], [0], [1]], {}, TypeError,
         "y[0] is [0], a list: give one number or word for each label"),
        (ROWS, np.array([[0], [1], [0], [1]]), {}, ValueError,
         "y has shape (4, 1), not 1 dimension(s): flatten it to one row"),
        (ROWS, "abab", {}, TypeError,
         "y is 'abab', a str: give a sequence of labels"),
        (ROWS, [0, 1], {}, ValueError,
         "y has length 2, but there are 4 samples: give one label each"),
        ([], [], {}, ValueError, "X is empty: give at least one row"),
        (np.zeros((0, 3)), [], {}, ValueError, "X is empty: give at least one row"),
        (np.zeros((2, 0)), [0, 1], {}, ValueError,
         "X[0] has no features: give each row at least one"),
        (pyarrow.table({}), [], {}, ValueError, "X is empty: give at least one row"),
        (np.zeros(4), LABELS, {}, ValueError,
         "X has shape (4), not 2 dimension(s): reshape it to (rows, features)"),
        ([[1, 2], [3]], [0, 1], {}, ValueError,
         "X[1] has 1 features, X[0] has 2: give every row the same features"),
        ([*ROWS[:3], [4.0, float("nan")]], LABELS, {}, ValueError,
         "X[3][1] is nan: remove the row, or fill in a finite number"),
        (np.array(ROWS) * 1j, LABELS, {}, TypeError, "X[0][0] is 1j, a complex: give a number"),
        (FRAME.assign(dose=[1, 2, None, 3]), LABELS, {}, ValueError,
         "X[2][1] ('dose') is nan: remove the row, or fill in a finite number"),
        (FRAME.assign(city=["Rome", "Bonn", "Oslo", "Pisa"]), LABELS, {}, ValueError,
         NAMES_ROWS.format("X.drop(columns=['city'])")),
        (polars.DataFrame({"age": [1, 2, 3, 4], "city": list("abcd")}), LABELS, {}, ValueError,
         NAMES_ROWS.format("X.drop(columns=['city'])")),
        (pyarrow.table({"age": [1, 2, 3, 4], "city": list("abcd")}), LABELS, {}, ValueError,
         NAMES_ROWS.format("X.drop(columns=['city'])")),
        (pyarrow.table({"age": [1, 2, None, 4]}), LABELS, {}, ValueError,
         "X[2][0] ('age') is nan: remove the row, or fill in a finite number"),
        (pandas.DataFrame(ROWS, columns=["a", "a"]), LABELS, {}, ValueError,
         "X has two columns 'a': rename one"),
        (FRAME.assign(unit=1), LABELS, {}, ValueError,
         "column 2 of X ('unit') is constant, so no single w is best: remove it, give l2 > 0, or"
         " aliased='drop'"),
        (FRAME.assign(both=FRAME.age - 2 * FRAME.dose), LABELS, {}, ValueError,
         "column 2 of X ('both') is a combination of the columns before it (and a constant), so no"
         " single w is best: remove it, give l2 > 0, or aliased='drop'"),
        (FRAME.assign(both=FRAME.age - 2 * FRAME.dose), [0, 1, 2, 1], {}, ValueError,
         "column 2 of X ('both') is a combination of the columns before it (and a constant), so no"
         " single w is best: remove it, give l2 > 0, or aliased='drop'"),
        (FRAME.assign(unit=0.1), [0, 1, 2, 1], {}, ValueError,
         "column 2 of X ('unit') is constant, so no single w is best: remove it, give l2 > 0, or"
         " aliased='drop'"),
        (ROWS, LABELS, {"solver": "sgd"}, ValueError,
         "solver is 'sgd', a str: give 'auto' or 'newton' or 'lbfgs' or 'gradient_descent'"),
        (ROWS, LABELS, {"backend": "gpu"}, ValueError,
         "backend is 'gpu', a str: give 'auto' or 'python' or 'c'"),
        (ROWS, LABELS, {"l2": -1}, ValueError, "l2 is -1.0: give a finite number, 0 or more"),
        (ROWS, LABELS, {"iterations": 2.5}, TypeError,
         "iterations is 2.5, a float: give a whole number"),
        (ROWS, LABELS, {"tolerance": "small"}, TypeError,
         "tolerance is 'small', a str: give a number"),
        (ROWS, [0, 1, 2, 1], {"tolerance": -1}, ValueError,
         "tolerance is -1.0: give a finite number, 0 or more"),
        (ROWS, LABELS, {"solver": "gradient_descent", "learning_rate": 0}, ValueError,
         "learning_rate is 0.0: give a positive, finite number"),
        (ROWS, LABELS, {"class_weight": "even"}, TypeError,
         "class_weight is 'even', a str: give None, 'balanced', or a dict from class to weight"),
        (ROWS, LABELS, {"class_weight": {2: 1.0}}, ValueError,
         "class_weight has a weight for 2, but y has the classes 0, 1: remove it"),
        (ROWS, LABELS, {"class_weight": {1: -1.0}}, ValueError,
         "class_weight[1] is -1.0: give a finite number, 0 or more"),
        (ROWS, LABELS, {"class_weight": {1: 0}}, ValueError,
         "the weights leave only the class 0: give weight to two classes or more"),
        (ROWS, LABELS, {"init": 5}, TypeError,
         "init is 5, a int: give a fitted model, or (coef, intercept)"),
        (ROWS, LABELS, {"init": ([1.0], 0.0)}, ValueError,
         "init has weights for 1 features, X has 2: give the same features"),
        (ROWS, LABELS, {"init": ([1.0, float("nan")], 0.0)}, ValueError,
         "coef[1] is nan: give a finite number"),
        (ROWS, [0, 1, 2, 1], {"init": ([[1.0, 2.0]], [0.0])}, ValueError,
         "coef has length 1, but there are 3 classes: give one row of weights for each class"),
    ],
)  # fmt: skip
def test_mistakes_are_named_with_their_cure(backend, X, y, options, kind, message):
    model = LogisticRegression(**{"backend": backend, **options})
    found = error_of(kind, model.fit, X, y)
    if message is None:
        message = "y[1] is " + ("<NA>" if "NA" in found else "nan")
        message += ": remove the row, or fill in its class"
    assert found == message
    assert not hasattr(model, "coef_")


@pytest.mark.parametrize(
    ("weights", "kind", "message"),
    [
        ([1.0], ValueError,
         "sample_weight has length 1, but there are 4 samples: give one weight each"),
        ([1, -1, 1, 1], ValueError,
         "sample_weight[1] is -1.0: give a finite number, 0 or more"),
        ([0, 0, 0, 0], ValueError,
         "sample_weight sums to 0.0: give a positive, finite sum"),
        ([0, 1, 0, 1], ValueError,
         "the weights leave only the class 1: give weight to two classes or more"),
        (["a", 1, 1, 1], TypeError, "sample_weight[0] is 'a', a str: give a number"),
    ],
)  # fmt: skip
def test_mistakes_among_the_weights(backend, weights, kind, message):
    model = LogisticRegression(backend=backend)
    assert error_of(kind, model.fit, ROWS, LABELS, weights) == message


def test_a_model_to_start_from_must_fit(backend):
    first = LogisticRegression(backend=backend, l2=0.1).fit(FRAME, ["a", "b", "a", "b"])
    model = LogisticRegression(backend=backend, init=first)
    assert error_of(ValueError, model.fit, FRAME, LABELS) == (
        "init has the classes ['a', 'b'], y has [0, 1]: give a model of the same classes"
    )
    assert error_of(ValueError, model.fit, FRAME[["dose", "age"]], ["a", "b", "a", "b"]) == (
        "X has the column 'dose' in place 0, where init was fitted on 'age': give the columns in"
        " the order of feature_names_in_"
    )
    blank = LogisticRegression(backend=backend, init=LogisticRegression())
    assert error_of(ValueError, blank.fit, ROWS, LABELS) == (
        "init is a model that is not fitted: fit it first"
    )


def test_names_are_kept_and_asked_for(backend):
    model = LogisticRegression(backend=backend, l2=0.1).fit(FRAME, LABELS)
    assert model.feature_names_in_ == ["age", "dose"]
    wanted = model.predict_proba(ROWS)
    assert model.predict_proba(polars.DataFrame(FRAME.to_dict("list"))).tolist() == wanted
    assert error_of(ValueError, model.predict, FRAME[["dose", "age"]]) == (
        "X has the column 'dose' in place 0, where the model was fitted on 'age': give the columns"
        " in the order of feature_names_in_"
    )
    assert error_of(ValueError, model.predict, FRAME[["age"]]) == (
        "X lacks the column 'dose', which the model was fitted on: add it"
    )
    assert error_of(ValueError, model.predict, FRAME.assign(x=1, y=2)) == (
        "X has the columns 'x', 'y', which the model was not fitted on: remove them"
    )
    assert error_of(ValueError, model.predict, [[1.0]]) == (
        "X has 1 features, the model was fitted on 2: give the same"
    )
    assert error_of(ValueError, model.predict, FRAME.assign(dose=[1, None, 2, 3])) == (
        "X[1][1] ('dose') is nan: remove the row, or fill in a finite number"
    )
    # columns that are numbered, not named
    assert LogisticRegression(l2=1).fit(pandas.DataFrame(ROWS), LABELS).feature_names_in_ is None


def test_before_the_fit():
    for method in ("predict", "predict_proba", "decision_function"):
        message = error_of(ValueError, getattr(LogisticRegression(), method), ROWS)
        assert message == "this model is not fitted: call fit(X, y) first"
    assert error_of(ValueError, LogisticRegression().summary) == message


def test_a_missing_compiled_part_says_why(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyref.fast", None)
    assert backends.backend("auto") == ("python", pyref)
    with pytest.raises(ImportError):
        backends.backend("c")


def test_sparse_matrices_are_refused_with_the_cure(backend):
    from scipy.sparse import csr_array

    message = error_of(TypeError, LogisticRegression(backend=backend).fit, csr_array(ROWS), LABELS)
    assert message == "X is sparse, a csr_array: give X.toarray()"
