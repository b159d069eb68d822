"""Rows and columns that carry names of their own are not paired against them."""

import datetime

import numpy as np
import pandas
import polars
import pyarrow
import pytest
from helpers.estimators import error_of
from matplotlib.figure import Figure

import pyref
from pyref import sklearn as for_sklearn
from pyref.pictures import decision_boundary, descent_path, loss_surface, sigmoid_fit

PLAIN, SKLEARN = pyref.LogisticRegression, for_sklearn.LogisticRegression

rng = np.random.default_rng(4)
X = rng.normal(size=(40, 2))
Y = (X[:, 0] + rng.normal(size=40) > 0).astype(int)
S = rng.integers(1, 4, 40).astype(float)
ORDER = rng.permutation(40)
FRAME, LABELS, WEIGHTS = pandas.DataFrame(X, columns=["a", "b"]), pandas.Series(Y), pandas.Series(S)
OTHER_Y, OTHER_S = LABELS.iloc[ORDER], WEIGHTS.iloc[ORDER]


def another_index(name, other="X"):
    return (
        f"{name} has another index than {other}: give {name}.reindex({other}.index) to pair the"
        f" rows by their index, or {name}.to_numpy() to pair them by place"
    )


# ---------------------------------------------------------------- rows: the index


def test_an_index_in_another_order_is_refused(backend):
    model = PLAIN(backend=backend)
    for method in (model.fit, model.fit(FRAME, LABELS).score):
        assert error_of(ValueError, method, FRAME, OTHER_Y) == another_index("y")
        found = error_of(ValueError, method, FRAME, LABELS, OTHER_S)
        assert found == another_index("sample_weight")
        found = error_of(ValueError, method, X, LABELS, OTHER_S)
        assert found == another_index("sample_weight", "y")


def test_the_cures_of_an_index(backend):
    by_index = PLAIN(backend=backend).fit(FRAME, OTHER_Y.reindex(FRAME.index))
    assert by_index.coef_ == PLAIN(backend=backend).fit(X, Y).coef_
    by_place = PLAIN(backend=backend).fit(FRAME, OTHER_Y.to_numpy())
    assert by_place.coef_ == PLAIN(backend=backend).fit(X, Y[ORDER]).coef_
    assert by_place.coef_ != by_index.coef_


def test_what_has_no_index_is_paired_by_place(backend):
    """And an index that is the same: of another type, or with names that appear twice."""
    wanted = PLAIN(backend=backend).fit(X, Y, S).coef_
    shifted = pandas.DataFrame(X, index=np.arange(40) + 7)
    for table, y, s in (
        (X, OTHER_Y.reset_index(drop=True).iloc[np.argsort(ORDER)], S),
        (FRAME, polars.Series(Y), pyarrow.array(S)),
        (polars.DataFrame(X), LABELS, S.tolist()),
        (FRAME, pandas.Series(Y, index=np.arange(40.0)), S),
        (FRAME.set_axis([0, 1] * 20), LABELS.set_axis([0, 1] * 20), WEIGHTS.set_axis([0, 1] * 20)),
        (shifted, pandas.Series(Y, index=shifted.index), S),
        (FRAME, Y.tolist(), S),
    ):
        assert PLAIN(backend=backend).fit(table, y, s).coef_ == wanted


def test_scikit_learn_pairs_by_place(backend):
    """Its own estimators do, and the docs of ours say so."""
    ours = SKLEARN(backend=backend).fit(FRAME, OTHER_Y, OTHER_S)
    by_place = SKLEARN(backend=backend).fit(X, Y[ORDER], S[ORDER])
    assert (ours.coef_ == by_place.coef_).all()
    assert "Rows are paired by place" in SKLEARN.__doc__


def test_lengths_are_named_before_indices():
    assert error_of(ValueError, PLAIN().fit, FRAME, LABELS[:3]) == (
        "y has length 3, but there are 40 samples: give one label each"
    )


HOW = {"learning_rate": 0.1, "iterations": 1}


@pytest.mark.parametrize(
    ("name", "more"),
    [("gradient", [[0, 0], 0]), ("gradient_descent", HOW), ("hessian", [[0, 0], 0]),
     ("newton", {}), ("lbfgs", {}), ("softmax_gradient", [[[0, 0], [0, 0]], [0, 0]]),
     ("softmax_descent", HOW)],
)  # fmt: skip
def test_the_functions_look_at_the_index(impl, name, more):
    function = getattr(impl, name)
    more, named = (more, {}) if isinstance(more, list) else ([], more)
    found = error_of(ValueError, function, FRAME, OTHER_Y, *more, **named)
    assert found == another_index("y")
    named = {**named, "sample_weight": OTHER_S}
    found = error_of(ValueError, function, FRAME, LABELS, *more, **named)
    assert found == another_index("sample_weight")
    named["sample_weight"] = WEIGHTS
    found = function(FRAME, LABELS, *more, **named)
    named["sample_weight"] = S.tolist()
    assert repr(found) == repr(function(X.tolist(), Y.tolist(), *more, **named))


def test_the_functions_of_one_feature_and_of_weights_alone(impl):
    x = FRAME["a"]
    for function, more in (
        (impl.gradient_ab, (0.0, 0.0)),
        (impl.gradient_descent_logistic, (0.1, 1)),
    ):
        assert error_of(ValueError, function, x, OTHER_Y, *more) == another_index("y", "x")
        assert function(x, LABELS, *more) == function(x.tolist(), Y.tolist(), *more)
    for function in (impl.safe_learning_rate, impl.softmax_safe_learning_rate):
        found = error_of(ValueError, function, FRAME, sample_weight=OTHER_S)
        assert found == another_index("sample_weight")


def test_the_pictures_look_at_the_index():
    model, x = PLAIN().fit(FRAME, LABELS), FRAME["a"]
    ax = Figure().subplots()
    found = error_of(ValueError, decision_boundary, model, FRAME, OTHER_Y, ax=ax)
    assert found == another_index("y")
    for picture in (
        lambda: sigmoid_fit(x, OTHER_Y, 1.0, 0.0, ax=ax),
        lambda: loss_surface(x, OTHER_Y, ax=ax),
        lambda: descent_path(x, OTHER_Y, learning_rate=0.1, iterations=1),
    ):
        assert error_of(ValueError, picture) == another_index("y", "x")


# ---------------------------------------------------------------- columns: their names

COLUMNS = {
    "numbers": [2019, 2020],
    "numbered": [0, 1],
    "numbered from 1": [1, 2],
    "dates": pandas.to_datetime(["2020-01-01", "2020-01-02"]),
    "levels": pandas.MultiIndex.from_tuples([("a", "x"), ("a", 1)]),
    "words": ["0", "1"],
}
TEXT = {
    "numbers": ["2019", "2020"],
    "numbered": None,
    "numbered from 1": ["1", "2"],
    "dates": ["2020-01-01 00:00:00", "2020-01-02 00:00:00"],
    "levels": ["('a', 'x')", "('a', 1)"],
    "words": ["0", "1"],
    "a mixture": ["a", "1"],
}


@pytest.mark.parametrize("name", [*COLUMNS, "a mixture"])
@pytest.mark.parametrize("kind", [PLAIN, SKLEARN])
def test_columns_in_another_order(backend, kind, name):
    frame = pandas.DataFrame(X, columns=COLUMNS.get(name, ["a", 1]))
    if kind is SKLEARN and name in ("a mixture", "words"):
        return  # scikit-learn refuses the one, and has words of its own for the other
    model = kind(backend=backend).fit(frame, Y)
    swapped = frame.iloc[:, ::-1]
    one, two = TEXT[name] or ["0", "1"]
    order = "feature_names_in_" if kind is PLAIN and name != "numbered" else "the fit"
    assert error_of(ValueError, model.predict_proba, swapped) == (
        f"X has the column {two!r} in place 0, where the model was fitted on {one!r}: give the"
        f" columns in the order of {order}"
    )
    wanted = model.predict_proba(X)
    assert (model.predict_proba(frame) == wanted).all()
    again = kind(backend=backend, init=model)
    assert error_of(ValueError, again.fit, swapped, Y).startswith(f"X has the column {two!r} in")
    if kind is PLAIN:
        assert model.feature_names_in_ == TEXT[name]


@pytest.mark.parametrize("kind", [PLAIN, SKLEARN])
def test_other_columns(kind):
    model = kind().fit(pandas.DataFrame(X, columns=[2019, 2020]), Y)
    assert error_of(ValueError, model.predict, pandas.DataFrame(X, columns=[2020, 2021])) == (
        "X lacks the column '2019', which the model was fitted on: add it"
    )
    model = kind().fit(pandas.DataFrame(X), Y)
    assert error_of(ValueError, model.predict, pandas.DataFrame(X, columns=[1, 2])) == (
        "X lacks the column '0', which the model was fitted on: add it"
    )


def test_columns_without_names_may_stand_for_any():
    """pandas numbers what has no names: a frame made of an array is read as the array is."""
    named, numbered = PLAIN().fit(FRAME, Y), PLAIN().fit(pandas.DataFrame(X), Y)
    for model in (named, numbered, PLAIN().fit(X, Y)):
        for table in (FRAME, pandas.DataFrame(X), polars.DataFrame(X), X):
            if model is named and isinstance(table, polars.DataFrame):
                continue  # polars calls them column_0 and column_1
            assert (model.predict_proba(table) == named.predict_proba(X)).all()


def test_columns_of_one_name():
    for columns in ([7, 7], [("a", 1), ("a", 1)]):
        frame = pandas.DataFrame(X)
        frame.columns = columns
        assert error_of(ValueError, PLAIN().fit, frame, Y) == (
            f"X has two columns {str(columns[0])!r}: rename one"
        )


def test_a_new_fit_forgets_the_columns_of_the_old(backend):
    model = PLAIN(backend=backend).fit(pandas.DataFrame(X), Y)
    model.fit(X, Y)
    model.predict(pandas.DataFrame(X).iloc[:, ::-1])


def test_a_model_file_keeps_the_names(tmp_path):
    frame = pandas.DataFrame(X, columns=[2019, 2020])
    pyref.model.save(PLAIN().fit(frame, Y), tmp_path / "model.json")
    model = pyref.model.load(tmp_path / "model.json")
    assert model.predict(frame).tolist() == PLAIN().fit(X, Y).predict(X).tolist()
    assert error_of(ValueError, model.predict, frame.iloc[:, ::-1]) == (
        "X has the column '2020' in place 0, where the model was fitted on '2019': give the columns"
        " in the order of feature_names_in_"
    )


# ---------------------------------------------------------------- cells that only look like numbers

DATES = np.array([[1, 4], [2, 3], [3, 2], [4, 1]])


def not_numbers(dtype, name="X"):
    cure = "give numbers, such as the days since the first of them"
    return f"{name} has elements of type {dtype}: {cure}"


@pytest.mark.parametrize("dtype", ["datetime64[ns]", "datetime64[D]", "timedelta64[s]"])
@pytest.mark.parametrize("kind", [PLAIN, SKLEARN])
def test_dates_are_no_features(backend, kind, dtype):
    """Of nanoseconds, the numbers behind them were fitted; other units were refused."""
    dates = DATES.astype(dtype)
    frame = pandas.DataFrame(dates)
    for table in (dates, frame, np.ma.masked_array(dates)):
        found = error_of(TypeError, kind(backend=backend).fit, table, [0, 1, 0, 1])
        column = "column 0 of X" if table is frame else "X"
        assert found == not_numbers(frame.dtypes[0] if table is frame else dtype, column)
    model = kind(backend=backend, l2=0.1).fit(DATES.astype(float), [0, 1, 0, 1])
    assert error_of(TypeError, model.predict, dates) == not_numbers(dtype)
    numbers = (dates - dates.min()) / np.timedelta64(1, "D")  # the cure
    kind(backend=backend, l2=0.1).fit(numbers, [0, 1, 0, 1])


DAYS = DATES[:, 0].astype("datetime64[ns]")
ZONED = pandas.to_datetime(DAYS).tz_localize("Europe/Rome")
BESIDE_NUMBERS = {
    "pandas": (pandas.DataFrame({"x": 1.0, "when": DAYS}), "datetime64[ns]"),
    "pandas, of a zone": (pandas.DataFrame({"x": 1.0, "when": ZONED}), ZONED.dtype),
    "pandas, durations": (pandas.DataFrame({"x": 1.0, "when": DAYS - DAYS[0]}), "timedelta64[ns]"),
    "pyarrow": (pyarrow.table({"x": [1.0] * 4, "when": DAYS}), "timestamp[ns]"),
    "polars": (polars.DataFrame({"x": [1.0] * 4, "when": [datetime.date(2020, 1, 1)] * 4}), "Date"),
    "polars, times": (
        polars.DataFrame({"x": [1.0] * 4, "when": [datetime.time(1)] * 4}),
        "Time",
    ),
}


@pytest.mark.parametrize("name", BESIDE_NUMBERS)
def test_dates_beside_numbers(backend, impl, name):
    """polars and pyarrow make floats of both; pandas makes objects."""
    table, kind = BESIDE_NUMBERS[name]
    y = [0, 1, 0, 1]
    for estimator, column in ((PLAIN, "column 1 of X ('when')"), (SKLEARN, "column 1 of X")):
        found = error_of(TypeError, estimator(backend=backend).fit, table, y)
        assert found == not_numbers(kind, column)
    assert error_of(TypeError, impl.newton, table, y) == not_numbers(kind, "column 1 of X")


def test_dates_in_lists(backend):
    rows = [[date] for date in DAYS]
    assert error_of(TypeError, PLAIN(backend=backend).fit, rows, [0, 1, 0, 1]) == (
        "X[0][0] is np.datetime64('1970-01-01T00:00:00.00..., a datetime64: give a number"
    )
    assert error_of(TypeError, SKLEARN().fit, rows, [0, 1, 0, 1]) == not_numbers("datetime64[ns]")


def test_dates_are_no_numbers_for_the_functions(impl):
    dates = DATES.astype("datetime64[ns]")
    y = [0, 1, 0, 1]
    w = [0.0, 0.0]
    for found, wanted in (
        (error_of(TypeError, impl.gradient, dates, y, w, 0), not_numbers("datetime64[ns]")),
        (error_of(TypeError, impl.gradient, DATES * 1.0, dates[:, 0], w, 0),
         not_numbers("datetime64[ns]", "y")),
        (error_of(TypeError, impl.newton, DATES * 1.0, y, sample_weight=dates[:, 0]),
         not_numbers("datetime64[ns]", "sample_weight")),
        (error_of(TypeError, impl.sigmoid, np.timedelta64(5, "ns")),
         f"z is {np.timedelta64(5, 'ns')!r}, a timedelta64: give a number"),
    ):  # fmt: skip
        assert found == wanted


LAZY = polars.LazyFrame({"a": [1.0, 2.0, 3.0, 4.0]})


def test_rows_that_are_not_computed_yet(backend, impl):
    y = [0, 1, 0, 1]
    for kind in (PLAIN, SKLEARN):
        model = kind(backend=backend, l2=0.1)
        assert error_of(TypeError, model.fit, LAZY, y) == "X is a LazyFrame: give X.collect()"
        model.fit(LAZY.collect(), y)
        assert error_of(TypeError, model.predict, LAZY) == "X is a LazyFrame: give X.collect()"
        assert error_of(TypeError, model.fit, [[1], [2], [3], [4]], y, LAZY) == (
            "sample_weight is a LazyFrame: give sample_weight.collect()"
        )
        assert error_of(TypeError, model.score, LAZY.collect(), LAZY) == (
            "y is a LazyFrame: give y.collect()"
        )
    assert error_of(TypeError, impl.newton, LAZY, y) == "X is a LazyFrame: give X.collect()"
    assert error_of(TypeError, impl.newton, [[1], [2], [3], [4]], LAZY) == (
        "y is a LazyFrame: give y.collect()"
    )
