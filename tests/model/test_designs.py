"""Data frames as people have them: words, categories, truth values, gaps; and what is kept."""

import json
import math

import numpy as np
import pandas
import polars
import pyarrow
import pytest
import statsmodels.formula.api as smf
from helpers.bits import bits
from helpers.estimators import error_of

import pyref
from pyref import LogisticRegression
from pyref.model import ModelFileError
from pyref.model import file as model_file

rng = np.random.default_rng(22)
N = 300
WORDS = np.array(["low", "mid", "top"])
FRAME = pandas.DataFrame(
    {
        "age": rng.normal(50, 9, N),
        "city": rng.choice(["Oslo", "Bonn", "Rome"], N),
        "smokes": rng.random(N) < 0.4,
        "dose": pandas.Categorical(WORDS[rng.integers(0, 3, N)], ["top", "low", "mid"]),
        "kind": rng.integers(1, 4, N),
    }
)
Z = (FRAME.age - 50) / 9 + FRAME.smokes - (FRAME.city == "Rome") + rng.logistic(size=N)
Y = (Z > 0).astype(int)


def as_arrow(frame):
    return pyarrow.Table.from_pandas(frame, preserve_index=False)


def as_polars(frame):
    dose = polars.Series("dose", frame["dose"].astype(object).tolist(),
                         polars.Enum(["top", "low", "mid"]))  # fmt: skip
    return polars.DataFrame(
        {name: frame[name].tolist() for name in frame.columns if name != "dose"}
    ).with_columns(dose).select(list(frame.columns))  # fmt: skip


KINDS = {"pandas": lambda frame: frame, "polars": as_polars, "pyarrow": as_arrow}


@pytest.mark.parametrize("kind", KINDS)
def test_as_statsmodels_has_it(backend, kind):
    """Names, coefficients and standard errors of the formula interface, which formulaic codes."""
    known = smf.logit("y ~ age + city + smokes + dose + C(kind)", FRAME.assign(y=Y)).fit(
        disp=0, tol=1e-14
    )
    model = LogisticRegression(backend=backend, categorical=["kind"])
    model.fit(KINDS[kind](FRAME), Y.tolist())
    names = [name.replace("C(kind)", "kind") for name in known.params.index]
    assert {*model.feature_names_, "Intercept"} == set(names)
    found = dict(zip([*model.feature_names_, "Intercept"], model.standard_errors_, strict=True))
    assert [found[name] for name in names] == pytest.approx(known.bse.tolist(), rel=1e-7)
    found = dict(
        zip([*model.feature_names_, "Intercept"], [*model.coef_, model.intercept_], strict=True)
    )
    assert [found[name] for name in names] == pytest.approx(known.params.tolist(), rel=1e-7)
    assert model.feature_names_in_ == list(FRAME.columns)
    assert model.n_features_in_ == 5
    assert model.predict_proba(KINDS[kind](FRAME))[:, 1] == pytest.approx(
        known.predict(FRAME).to_numpy(), abs=1e-9
    )


def test_the_reference_is_chosen(backend):
    model = LogisticRegression(backend=backend, reference={"city": "Rome", "smokes": True})
    model.fit(FRAME, Y)
    assert model.feature_names_ == [
        *("age", "city[T.Bonn]", "city[T.Oslo]", "smokes[T.False]", "dose[T.low]", "dose[T.mid]"),
        "kind",
    ]


def test_rows_with_gaps(backend):
    frame = FRAME.astype({"city": object}).copy()
    frame.loc[3, "age"] = np.nan
    frame.loc[5, "city"] = None
    labels = Y.astype(float)
    labels[7] = np.nan
    weights = np.arange(N) + 1.0
    message = error_of(ValueError, LogisticRegression(backend=backend).fit, frame, Y)
    assert message == (
        "X[3][0] ('age') has no value: fill it in, remove the row, or give missing='drop'"
    )
    model = LogisticRegression(backend=backend, missing="drop").fit(frame, labels, weights)
    kept = [i for i in range(N) if i not in (3, 5, 7)]
    expected = LogisticRegression(backend=backend).fit(
        frame.iloc[kept], labels[kept], weights[kept]
    )
    assert (model.coef_, model.intercept_) == (expected.coef_, expected.intercept_)
    assert (model.n_samples_, model.n_left_out_) == (N - 3, 3)
    ps = model.predict_proba(frame)
    assert np.isnan(ps[[3, 5]]).all()
    assert np.isfinite(ps[7]).all()
    assert ps[kept].tolist() == expected.predict_proba(frame.iloc[kept]).tolist()
    assert [i for i, label in enumerate(model.predict(frame)) if label != label] == [3, 5]


@pytest.mark.parametrize("make", [list, np.array])
def test_gaps_in_tables_without_names(backend, make):
    X = [[1.0], [2.0], [math.nan], [3.0], [4.0], [2.5]]
    y = [0, 1, 1, 0, 1, 0]
    model = LogisticRegression(backend=backend, missing="drop").fit(make(X), y)
    expected = LogisticRegression(backend=backend).fit(X[:2] + X[3:], y[:2] + y[3:])
    assert model.coef_ == expected.coef_
    zs = list(model.decision_function(make(X)))
    assert math.isnan(zs.pop(2))
    assert zs == list(expected.decision_function(X[:2] + X[3:]))
    ps = model.predict_proba([[math.nan], [1.0]])
    assert all(math.isnan(p) for p in ps[0])
    assert ps[1] == expected.predict_proba([[1.0]])[0]
    assert math.isnan(model.predict([[math.nan]])[0])


def test_what_cannot_be_used(backend):
    def said(frame, **options):
        model = LogisticRegression(backend=backend, **options)
        return error_of((TypeError, ValueError), model.fit, frame, Y)

    assert said(FRAME, reference={"citty": "x"}) == (
        "reference names the column 'citty', which is no feature: did you mean 'city'?"
    )
    assert said(FRAME, reference={"city": "Pisa"}) == (
        "reference of column 'city' is 'Pisa': give one of its levels, 'Bonn', 'Oslo', 'Rome'"
    )
    assert said(FRAME, categorical="kind") == "categorical is 'kind', a str: give a list of columns"
    assert said(FRAME, reference="Rome") == (
        "reference is 'Rome', a str: give a dict from column to level"
    )
    assert said(FRAME, missing="fill") == "missing is 'fill', a str: give 'error' or 'drop'"
    assert said(FRAME[["age"]].to_numpy(), categorical=["age"]) == (
        "categorical names a column, and X has no names: give a data frame"
    )
    mixed = FRAME.assign(city=["Rome", 3, *["Oslo"] * (N - 2)])
    assert said(mixed) == (
        "X[1][1] ('city') is 3, a int, in a column of words: give words alone, or numbers alone"
    )
    assert said(FRAME.assign(city="Rome")) == (
        "column 'city' is constant, so no single w is best: remove it, give l2 > 0, or"
        " aliased='drop'"
    )


def test_aliased_columns(backend):
    frame = FRAME.assign(twice=2 * FRAME.age + 1, one=1.0, place="here")
    message = error_of(
        ValueError, LogisticRegression(backend=backend).fit, frame.drop(columns="place"), Y
    )
    assert message == (
        "columns 7, 8 of X ('twice', 'one') are constant or combinations of the columns before them"
        " (and a constant), so no single w is best: remove them, give l2 > 0, or aliased='drop'"
    )
    model = LogisticRegression(backend=backend, aliased="drop").fit(frame, Y)
    plain = LogisticRegression(backend=backend).fit(FRAME, Y)
    assert model.aliased_ == ["twice", "one", "place"]
    assert model.coef_ == [*plain.coef_, 0.0, 0.0]
    assert model.standard_errors_[:7] == plain.standard_errors_[:7]
    lines = [line.split() for line in model.summary().splitlines()]
    assert [line[0] for line in lines if line[1:] == ["aliased"]] == model.aliased_
    # R: the aliased ones take no degree of freedom
    assert f"{N - 8} degrees of freedom" in model.summary()


def test_predicting_other_frames(backend, tmp_path):
    model = LogisticRegression(backend=backend).fit(FRAME, Y)
    model_file.save(model, tmp_path / "m.json")
    again = model_file.load(tmp_path / "m.json")
    few = FRAME[FRAME.city != "Rome"][:9]  # a level missing
    wanted = model.predict_proba(FRAME)[few.index].tolist()
    for one in (model, again):
        assert one.predict_proba(few).tolist() == wanted
        rows = few.astype(object).to_numpy().tolist()
        assert one.predict_proba(rows) == wanted  # by place, cells of all kinds
        assert error_of(ValueError, one.predict, few.assign(city="Pisa")) == (
            "X[0][1] ('city') is 'Pisa', a level that the model does not know: give one of 'Bonn',"
            " 'Oslo', 'Rome', or fit anew"
        )
        assert error_of(ValueError, one.predict, few.assign(x=1)) == (
            "X has the column 'x', which the model was not fitted on: remove it"
        )
        assert "in the order of feature_names_in_" in error_of(
            ValueError, one.predict, few[few.columns[::-1]]
        )
    assert again.summary() == model.summary()
    assert bits(again.coef_) == bits(model.coef_)
    assert again.columns_ == model.columns_
    found = model_file.read(tmp_path / "m.json")
    row = few.astype(object).to_numpy().tolist()[0]
    assert model_file.probabilities(found, row) == pytest.approx(wanted[0], rel=1e-13)
    with pytest.raises(ValueError, match=r"^x\[1\] is 'Pisa', and column 'city' has the levels"):
        model_file.probabilities(found, [row[0], "Pisa", *row[2:]])


# What version 1 of the format was: written by the pyref of then.
VERSION_1 = """{
"format": "pyref logistic regression",
"version": 1,
"classes": ["no", "yes"],
"features": ["a", "b"],
"coef": [
[2.8163424890352338, 2.8923045824611617]
],
"intercept": [-12.954542432116858],
"settings": {"solver": "auto", "backend": "python", "l2": 0.0, "learning_rate": "safe",
"momentum": 0.0, "iterations": null, "tolerance": null, "class_weight": [["no", 1.5],
["yes", 1.0]], "threads": null},
"state": {"status_": "separable", "reason_": "There is no optimum.", "solver_": "newton",
"backend_": "python", "n_iter_": 1, "n_samples_": 6, "log_likelihood_": -2.007562187186859,
"loss_history_": [0.6931471805599453], "class_totals_": [4.5, 3.0], "standard_errors_": null}
}
"""


def test_a_file_of_version_1():
    model = model_file.restore(model_file.parse(VERSION_1.encode(), "m"), "m")
    assert bits(model.coef_) == bits([2.8163424890352338, 2.8923045824611617])
    assert bits(model.intercept_) == bits(-12.954542432116858)
    assert (model.feature_names_in_, model.feature_names_) == (["a", "b"], ["a", "b"])
    assert (model.columns_, model.target_, model.aliased_, model.n_left_out_) == (None, None, [], 0)
    assert model.predict([[1.0, 2.5], [5.0, 0.1]]) == ["no", "yes"]
    assert "Probability modelled: y = yes (3 of 7.5)" in model.summary()
    again = json.loads(model_file.text(model))
    assert again["version"] == 2
    assert again["coef"] == [[2.8163424890352338, 2.8923045824611617]]


COLUMNS = [{"name": "a", "levels": None, "reference": None},
           {"name": "b", "levels": ["x", "y"], "reference": "x"}]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"columns": 1}, "columns is not an array, or null"),
        ({"columns": COLUMNS[:1]}, "columns make 1 numbers of a row, and coef[0] has 2"),
        ({"columns": [1]}, "columns[0] is 1, no column with a name"),
        ({"columns": [COLUMNS[0], COLUMNS[0]]}, "columns[1] is 'a' for the second time"),
        ({"levels": []}, "columns[1] has the levels [], not an array of them"),
        ({"levels": [None, 1]}, "columns[1] has None, which is no level"),
        ({"levels": ["x", 1]}, "columns[1] has words and numbers for levels"),
        ({"levels": ["x", "x"]}, "columns[1] has the level 'x' twice"),
        ({"reference": "z"}, "columns[1] has a reference that is none of its levels"),
        ({"target": 1}, "target is 1, not a name"),
    ],
)
def test_columns_that_no_fit_leaves(change, message):
    found = json.loads(VERSION_1)
    found.update({"version": 2, "columns": [dict(column) for column in COLUMNS]})
    for key, value in change.items():
        (found if key in ("columns", "target") else found["columns"][1])[key] = value
    with pytest.raises(ModelFileError) as caught:
        model_file.parse(json.dumps(found).encode(), "m")
    assert str(caught.value) == f"m: {message}: restore a copy, or fit and save again"


def test_every_setting_comes_back():
    model = LogisticRegression(
        categorical=["kind"], reference={"kind": 2, "smokes": True}, missing="drop", aliased="drop"
    ).fit(FRAME, Y)
    again = model_file.restore(model_file.parse(model_file.text(model).encode(), "m"), "m")
    assert again.get_params() == model.get_params()
    assert again.columns_ == model.columns_
    assert bits(again.predict_proba(FRAME).tolist()) == bits(model.predict_proba(FRAME).tolist())


def test_sklearns_manner_has_encoders_of_its_own():
    from pyref import sklearn

    model = sklearn.LogisticRegression(categorical=["kind"])
    assert error_of(ValueError, model.fit, FRAME[["age", "kind"]], Y) == (
        "categorical is for pyref.LogisticRegression: encode columns in the pipeline"
    )


def test_a_frame_of_numbers_is_read_as_before(backend):
    frame = FRAME[["age", "kind"]]
    model = LogisticRegression(backend=backend).fit(frame, Y)
    assert model.columns_ is None
    assert model.feature_names_ == model.feature_names_in_ == ["age", "kind"]
    assert model.coef_ == pyref.LogisticRegression(backend=backend).fit(frame.to_numpy(), Y).coef_
