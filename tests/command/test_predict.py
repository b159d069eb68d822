"""`pyref predict`: every row in its order, every digit, every label as it came in."""

import csv
import io
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from helpers.processes import environment, run, words

import pyref
from pyref import LogisticRegression
from pyref.model import file as model_file

pytestmark = pytest.mark.usefixtures("folder")


def rows_of(text):
    return list(csv.reader(io.StringIO(text)))


def test_predict(here, models):
    status, out, err = here("predict", "three.json", "iris.csv")
    assert (status, err) == (0, "")
    header, *rows = rows_of(out)
    assert header == ["prediction"]
    X = pyref.datasets.iris()[0]
    assert [row[0] for row in rows] == models[1].predict(X)


@pytest.mark.parametrize("without", [(), ("polars",)])
def test_probabilities_in_every_digit(here, models, monkeypatch, without):
    for package in without:
        monkeypatch.setitem(sys.modules, package, None)
    for name, data, model, X in (
        ("two.json", "launches.csv", models[0], [[t] for t in pyref.datasets.challenger()[0]]),
        ("three.json", "iris.csv", models[1], pyref.datasets.iris()[0]),
    ):
        status, out, err = here("predict", name, data, "--proba")
        assert (status, err) == (0, "")
        header, *rows = rows_of(out)
        assert header == ["prediction", *[f"p_{label}" for label in model.classes_]]
        assert [[float(cell) for cell in row[1:]] for row in rows] == model.predict_proba(X)
        assert [row[0] for row in rows] == [str(label) for label in model.predict(X)]


def test_columns_are_found_by_name(here, models):
    Path("new.csv").write_text("note,pw,pl,sw,sl,species\nx,0.2,1.4,3.5,5.1,?\n,2.5,6.0,3.3,6.3,\n")
    status, out, err = here("predict", "three.json", "new.csv")
    assert (status, err) == (0, "")
    assert rows_of(out) == [["prediction"], ["setosa"], ["virginica"]]


def test_no_row_is_lost(here, models):
    """In a file of one column an empty line is a row: it was passed over, and all the lines
    after it stood beside the wrong row."""
    Path("gap.csv").write_text("temperature\n66\n\n70\n")
    assert here("predict", "two.json", "gap.csv", "--missing", "error") == (
        2,
        "",
        "pyref: gap.csv, row 2 (line 3), column 'temperature' is missing: fill it in, or leave such"
        " rows out (--missing drop)\n",
    )
    pl.DataFrame({"temperature": [66.0, None, 70.0]}).write_csv("theirs.csv")
    pl.DataFrame({"temperature": [66.0, None, 70.0]}).write_parquet("theirs.parquet")
    for name in ("gap.csv", "theirs.csv", "theirs.parquet"):
        assert here("predict", "two.json", name, "--proba") == (
            0,
            "prediction,p_0,p_1\n0,0.5695068676094576,0.4304931323905424\n,,\n"
            "0,0.7700317421643481,0.22996825783565192\n",
            "pyref: 1 row with a gap: the prediction is empty there\n",
        )
    Path("whole.csv").write_text("temperature\n66\n70\n")
    assert here("predict", "two.json", "whole.csv") == (0, "prediction\n0\n0\n", "")


def test_a_model_without_names_goes_by_place(here):
    X, y, _ = pyref.datasets.iris()
    model = LogisticRegression(l2=0.1).fit([x[:2] for x in X], y)
    model_file.save(model, "m.json")
    Path("new.csv").write_text("a,b\n5.1,3.5\n")
    status, out, _ = here("predict", "m.json", "new.csv")
    assert (status, out) == (0, "prediction\n0\n")


def test_predictions_into_a_file(here, models):
    printed = here("predict", "three.json", "iris.csv", "--proba")[1]
    for name in ("p.csv", "p.parquet"):
        status, out, err = here("predict", "three.json", "iris.csv", "--proba", "--out", name)
        assert (status, out, err) == (0, "", "")
    assert Path("p.csv").read_text() == printed
    frame = pl.read_parquet("p.parquet")
    header, *rows = rows_of(printed)
    assert frame.columns == header
    assert [[row[0], *map(float, row[1:])] for row in rows] == [list(row) for row in frame.rows()]


def test_a_model_for_a_backend_that_is_not_here(here, monkeypatch):
    x, y = pyref.datasets.challenger()
    model = LogisticRegression().fit([[t] for t in x], y)
    model.backend = "c"
    model_file.save(model, "c.json")
    monkeypatch.setitem(sys.modules, "pyref.fast", None)
    Path("new.csv").write_text("temperature\n66\n")
    assert here("predict", "c.json", "new.csv") == (
        2,
        "",
        "pyref: c.json is to be used with the backend 'c', which is not here: import of pyref.fast"
        " halted; None in sys.modules\n",
    )


def test_a_model_that_no_fit_left(here, models):
    """A bad number of threads, or a half of a letter as a label, was a traceback."""
    whole = Path("two.json").read_text()
    for old, new, message in (
        (
            '"threads": null',
            '"threads": "all"',
            "in the settings, threads is 'all', a str: give a whole number",
        ),
        (
            '"classes": [0, 1]',
            r'"classes": ["\ud800", 1]',
            r"classes[0] is '\ud800', no text in UTF-8: rename it",
        ),
    ):
        assert whole.count(old) == 1
        Path("bad.json").write_text(whole.replace(old, new))
        status, out, err = here("predict", "bad.json", "launches.csv")
        assert (status, out, err) == (2, "", f"pyref: bad.json: {message}\n")


def test_labels_come_out_as_they_came_in(here):
    for labels in ("no yes", "0 1", "01 02", "1.0 0.0", 'a,b "q"'):
        first, second = labels.split(" ", 1)
        with open("t.csv", "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerows([["x", "y"], *[[k, first] for k in (1, 2, 4)]])
            writer.writerows([[k, second] for k in (3, 5, 6)])
        assert here("fit", "t.csv", "--target", "y", "--save", "m.json")[0] == 0
        out = here("predict", "m.json", "t.csv")[1]
        assert {row[0] for row in rows_of(out)[1:]} == {first, second}


def test_head_ends_predict_in_silence(models):
    with open("long.csv", "w") as file:
        file.write("temperature\n" + "66\n" * 60_000)
    with subprocess.Popen(
        [*words(), "predict", "two.json", "long.csv"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as child:
        assert child.stdout.readline() == b"prediction\n"
        child.stdout.close()
        err = child.stderr.read()
    assert (child.returncode, err) == (141, b"")


def test_a_full_disk(here, models):
    with open("/dev/full", "wb") as full:
        status, _, err = run("predict", "two.json", "launches.csv", stdout=full)
    assert (status, err) == (1, "pyref: the output cannot be written: No space left on device\n")
    status, _, err = here("predict", "two.json", "launches.csv", "--out", "/dev/full")
    assert (status, err) == (1, "pyref: /dev/full cannot be written: No space left on device\n")
