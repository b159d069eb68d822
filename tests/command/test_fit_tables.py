"""`pyref fit`, `show`, `score`, `predict` with tables as people have them; the JSON of a fit."""

import json
import math
from pathlib import Path

import numpy as np
import pandas
import pytest
import statsmodels.formula.api as smf
from helpers.processes import ROOT, run
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from pyref.model import file as model_file

pytestmark = pytest.mark.usefixtures("folder")

N = 200


@pytest.fixture
def people(folder):
    """A table as R writes it: row names, text, truth values, gaps, a column for nothing."""
    rng = np.random.default_rng(2)  # the same table for each test
    frame = pandas.DataFrame(
        {
            "age": rng.normal(50, 9, N).round(2),
            "city": rng.choice(["Oslo", "Bonn", "Rome"], N),
            "smokes": rng.random(N) < 0.4,
            "unit": 1,
        }
    )
    z = (frame.age - 50) / 9 + frame.smokes - (frame.city == "Rome") + rng.logistic(size=N)
    frame["ill"] = np.where(z > 0, "Yes", "No")
    frame.loc[[3, 8], "age"] = np.nan
    frame.loc[[8, 9], "city"] = None
    frame.loc[20, "ill"] = None
    frame.index = frame.index + 1
    frame.to_csv("people.csv", na_rep="NA")
    return frame


def test_a_table_as_r_writes_it(here, people):
    """One command, no option but the target: against statsmodels' formulas."""
    known = smf.logit("ill ~ age + city + smokes", people.assign(ill=(people.ill == "Yes") * 1)
                      .drop([4, 9, 10, 21])).fit(disp=0, tol=1e-14)  # fmt: skip
    status, out, err = here("fit", "people.csv", "--target", "ill", "--save", "m.json")
    assert status == 0
    assert err == (
        "pyref: column 'Unnamed: 0' only numbers or names the rows: left out\n"
        "pyref: 4 of 200 rows are left out, for gaps in age (2), city (2), ill (1)\n"
    )
    lines = [line.split() for line in out.splitlines()]
    assert out.splitlines()[1:3] == [
        "196 rows, 4 features; 4 rows with gaps left out; aliased, the other columns",
        "leave nothing for them: unit",
    ]
    rows = {line[0]: line[1:] for line in lines if len(line) == 7}
    for name, value in known.params.items():
        row = rows[name.replace("Intercept", "(intercept)")]
        assert float(row[0]) == pytest.approx(value, rel=6e-4)
        assert float(row[1]) == pytest.approx(known.bse[name], rel=6e-4)
        assert float(row[2]) == pytest.approx(known.tvalues[name], abs=6e-4)
    assert ["unit", "aliased"] in lines
    assert f"{-2 * known.llnull:.4g}" in out
    assert f"{known.aic:.4g}" in out
    assert f"{known.prsquared:.4g}" in out
    assert model_file.load("m.json").target_ == "ill"
    assert here("show", "m.json") == (0, out, "")
    status, _, err = here("fit", "people.csv", "--target", "ill", "--aliased", "error", "--quiet")
    assert (status, err) == (
        2,
        "pyref: column 'unit' is constant, so no single w is best: remove it, give --l2, or"
        " --aliased drop\n",
    )


def test_rows_stay_aligned(here, people):
    assert here("fit", "people.csv", "--target", "ill", "--save", "m.json", "--quiet")[0] == 0
    model = model_file.load("m.json")
    mixed = people[["smokes", "unit", "city", "age"]].assign(extra="x")[:12]
    mixed.to_csv("new.csv", index=False)
    status, out, err = here("predict", "m.json", "new.csv", "--proba")
    assert (status, err) == (0, "pyref: 3 rows with a gap: the prediction is empty there\n")
    rows = out.splitlines()[1:]
    assert [i for i, row in enumerate(rows) if row == ",,"] == [3, 8, 9]
    whole = people[["age", "city", "smokes", "unit"]][:12].drop([4, 9, 10])
    ps = model.predict_proba(whole)[:, 1]
    assert [float(row.split(",")[2]) for row in rows if row != ",,"] == ps.tolist()
    mixed.assign(city="Pisa").to_csv("new.csv", index=False)
    status, out, err = here("predict", "m.json", "new.csv")
    assert (status, out) == (2, "")
    assert err == (
        "pyref: new.csv, row 1 (line 2), column 'city' is 'Pisa', a level that the model does not"
        " know: give one of 'Bonn', 'Oslo', 'Rome', or fit anew\n"
    )


def test_columns_are_chosen(here, people):
    words = ("fit", "people.csv", "--target", "ill", "--json")
    chosen = json.loads(here(*words, "--features", "age, city", "--reference", "city=Rome")[1])
    assert [term["name"] for term in chosen["terms"]] == [
        *("age", "city[T.Bonn]", "city[T.Oslo]", "(intercept)")
    ]
    left = json.loads(here(*words, "--drop", "unit,smokes", "--reference", "city=Rome")[1])
    assert left["terms"] == chosen["terms"]
    unit = json.loads(here(*words, "--features", "unit,age", "--categorical", "unit")[1])
    assert [term["name"] for term in unit["terms"]] == ["age", "unit", "(intercept)"]
    assert unit["aliased"] == ["unit"]


def test_a_score_is_what_scikit_learn_says(here, people):
    assert here("fit", "people.csv", "--target", "ill", "--save", "m.json", "--quiet")[0] == 0
    test = people.drop([4, 9, 10, 21])[:90]
    test.to_csv("test.csv", index=False)
    ps = model_file.load("m.json").predict_proba(test[["age", "city", "smokes", "unit"]])[:, 1]
    y = (test.ill == "Yes").to_numpy()
    found = json.loads(here("score", "m.json", "test.csv", "--json")[1])
    said = found["quality"]
    assert said["auc"] == pytest.approx(roc_auc_score(y, ps), rel=1e-12)
    assert said["loss"] == pytest.approx(log_loss(y, ps), rel=1e-12)
    assert said["brier"] == pytest.approx(brier_score_loss(y, ps), rel=1e-12)
    assert said["accuracy"] == pytest.approx(np.mean((ps > 0.5) == y), rel=1e-12)
    right = np.array(found["confusion"])
    assert right[1, 1] == np.sum((ps > 0.5) & y)
    assert right.sum() == 90
    assert sum(group["weight"] for group in found["calibration"]) == 90
    for group in found["calibration"]:
        inside = (ps >= group["from"]) & (ps < group["to"])
        assert group["predicted"] == pytest.approx(ps[inside].mean(), rel=1e-12)
        assert group["observed"] == pytest.approx(y[inside].mean(), rel=1e-12)
    status, out, err = here("score", "m.json", "test.csv")
    assert (status, err) == (0, "")
    assert f"AUC {said['auc']:.4f}" in " ".join(out.split())


def check(value, schema, place="document"):
    """What of JSON Schema the schema uses."""
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int,
             "number": (int, float), "null": type(None)}  # fmt: skip
    if "enum" in schema:
        assert value in schema["enum"], place
    if "type" in schema:
        wanted = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        fits = [isinstance(value, kinds[kind]) and (kind == "boolean" or value is not True)
                for kind in wanted]  # fmt: skip
        assert any(fits), f"{place} is {value!r}"
    for key in schema.get("required", ()):
        assert key in value, f"{place} lacks {key}"
    if isinstance(value, dict) and "properties" in schema:
        for key, inner in value.items():
            assert key in schema["properties"], f"{place} has {key}"
            check(inner, schema["properties"][key], f"{place}.{key}")
    if isinstance(value, list) and "items" in schema:
        for k, inner in enumerate(value):
            check(inner, schema["items"], f"{place}[{k}]")


SCHEMA = json.loads((ROOT / "pyref/command/fit.schema.json").read_text())


@pytest.mark.parametrize(
    "words",
    [
        ("launches.csv", "--target", "damaged"),
        ("people.csv", "--target", "ill"),
        ("iris.csv", "--target", "species", "--l2", "0.1"),
        ("iris.csv", "--target", "species"),
        ("launches.csv", "--target", "damaged", "--iterations", "1"),
        ("launches.csv", "--target", "damaged", "--class-weight", "balanced"),
    ],
)
def test_the_json_is_as_its_schema_says(here, people, words):
    status, out, _ = here("fit", *words, "--json", "--save", "m.json")
    found = json.loads(out)
    check(found, SCHEMA)
    assert status == (0 if found["converged"] else 3)
    assert {"data", "gaps", "columns", "columnLeftOut"} <= set(found)
    shown = json.loads(here("show", "m.json", "--json")[1])
    check(shown, SCHEMA)
    assert shown["terms"] == found["terms"]
    if len(found["classes"]) == 2:
        model = model_file.load("m.json")
        aliased = [term["coefficient"] for term in found["terms"] if term["aliased"]]
        assert aliased == [None] * len(model.aliased_)
        kept = [t["coefficient"] for t in found["terms"] if not t["aliased"]]
        assert kept == [w for w in [*model.coef_, model.intercept_] if w]


def test_the_schema_can_object():
    for wrong in ({"schemaVersion": 2}, {"fit": {}}, {"solver": 1}, {"more": 1}):
        with pytest.raises(AssertionError):
            check({**dict.fromkeys(SCHEMA["required"]), **wrong}, SCHEMA)


def test_one_document_and_nothing_else_on_standard_output():
    status, out, err = run("fit", "launches.csv", "--target", "damaged", "--json")
    assert (status, err) == (0, "")
    json.loads(out)
    assert out.count("\n{") == 0
    assert run("fit", "launches.csv", "--target", "damaged", "--quiet") == (0, "", "")


def test_invented_weights_have_no_p_values(here):
    words = ("fit", "launches.csv", "--target", "damaged", "--class-weight", "balanced")
    out = here(*words)[1]
    assert "std. error" not in out
    assert "so there are no standard errors and no AIC: both" in " ".join(out.split())
    assert "\n AIC " not in out


def test_how_a_table_is_written(here, people):
    known = here("fit", "people.csv", "--target", "ill", "--json")[1]
    people.to_csv("p.csv.gz", na_rep="NA", sep=";", decimal=",")
    words = ("fit", "p.csv.gz", "--target", "ill", "--json", "--decimal", ",", "--save", "m.json")
    assert json.loads(here(*words)[1])["terms"] == json.loads(known)["terms"]
    told = here("predict", "m.json", "p.csv.gz", "--decimal", ",", "--keep", "ill,city")[1]
    rows = [line.split(",") for line in told.splitlines()]
    assert rows[0] == ["ill", "city", "prediction"]
    assert [row[0] for row in rows[1:]] == people.ill.fillna("NA").tolist()
    assert here("predict", "m.json", "p.csv.gz", "--decimal", ",", "--class-only")[1] == "".join(
        [(row[2] or '""') + "\n" for row in rows]
    )


def test_many_whole_numbers_can_be_classes(here):
    lines = [f"{k % 7},{k // 3}\n" for k in range(63)]
    Path("many.csv").write_text("a,y\n" + "".join(lines))
    words = ("fit", "many.csv", "--target", "y", "--classes", "--l2", "1", "--json")
    assert len(json.loads(here(*words)[1])["classes"]) == 21


def test_digits_and_odds(here):
    out = here("fit", "launches.csv", "--target", "damaged", "--digits", "7", "--odds")[1]
    assert "-0.2321627" in out
    assert f"{math.exp(-0.23216274421859648):.7f}"[:9] in out


def test_several_columns_that_add_nothing_are_one_error(here):
    Path("d.csv").write_text("a,b,c,y\n1,3,5,0\n2,5,5,1\n3,7,5,0\n4,9,5,1\n")
    status, _, err = here("fit", "d.csv", "--target", "y", "--aliased", "error")
    assert (status, err) == (
        2,
        "pyref: columns 'b', 'c' are constant or combinations of the columns before them (and a"
        " constant), so no single w is best: remove them, give --l2, or --aliased drop\n",
    )
