"""`pyref fit`, `predict` and `plot`, as a person meets them: output, errors, files, Ctrl-C.

Where a process matters (pipes, signals, terminals, exit statuses) a real one is run; the rest
runs in this process, through the same `main`.
"""

import csv
import doctest
import io
import json
import os
import pty
import random
import re
import select
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import pyref
from pyref import LogisticRegression, tables
from pyref import __main__ as command_line
from pyref.command import commands
from pyref.command.progress import Progress, line, span
from pyref.model import file as model_file

ROOT = Path(__file__).resolve().parent.parent

# `python -c WITHOUT name ... -- arguments` is the command line where packages are missing.
WITHOUT = """
import sys
end = sys.argv.index("--")
for name in sys.argv[1:end]:
    sys.modules[name] = None
from pyref.__main__ import main
sys.exit(main(sys.argv[end + 1:]))
"""


def environment(**changes):
    unset = ("COLUMNS", "LINES", "NO_COLOR", "PYTHONUTF8", "PYTHONUNBUFFERED", "MPLBACKEND")
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    path = os.pathsep.join([str(ROOT), kept.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    return {**kept, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8", "TERM": "xterm", **changes}


def words(without=()):
    """The beginning of the command's line."""
    if not without:
        return [sys.executable, "-m", "pyref"]
    return [sys.executable, "-c", WITHOUT, *without, "--"]


def run(*arguments, stdin=b"", without=(), **options):
    """A finished process: its status, output and errors, as text."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    done = subprocess.run(
        [*words(without), *arguments], input=stdin, env=environment(), timeout=300, **options
    )
    out, err = [(part or b"").decode() for part in (done.stdout, done.stderr)]
    return done.returncode, out, err


@pytest.fixture
def here(capsys):
    """Runs the command line in this process; the same three."""

    def call(*arguments, stdin=None):
        before = sys.stdin
        if stdin is not None:
            sys.stdin = io.TextIOWrapper(io.BytesIO(stdin))
        try:
            status = command_line.main([str(argument) for argument in arguments])
        finally:
            sys.stdin = before
        return status, *capsys.readouterr()

    return call


def rows_of(text):
    return list(csv.reader(io.StringIO(text)))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty folder to work in, with the launches, the irises, and a noisy table in it."""
    monkeypatch.chdir(tmp_path)
    x, y = pyref.datasets.challenger()
    lines = [f"{t},{d}\n" for t, d in zip(x, y, strict=True)]
    Path("launches.csv").write_text("temperature,damaged\n" + "".join(lines))
    X, y, names = pyref.datasets.iris()
    lines = [",".join([*map(repr, row), names[k]]) + "\n" for row, k in zip(X, y, strict=True)]
    Path("iris.csv").write_text("sl,sw,pl,pw,species\n" + "".join(lines))
    return tmp_path


@pytest.fixture
def noisy(folder):
    """Two features and a label that they do not settle, so that descent takes long."""
    rng = random.Random(1)
    with open("noisy.csv", "w") as file:
        file.write("u,v,y\n")
        for _ in range(400):
            u, v = rng.gauss(0, 1), rng.gauss(0, 3)
            file.write(f"{u!r},{v!r},{'yes' if u + v + rng.gauss(0, 4) > 0 else 'no'}\n")
    return "noisy.csv"


def listing():
    return sorted(os.listdir("."))


# ---------------------------------------------------------------- fit


def test_fit_says_what_it_did(here):
    status, out, err = here("fit", "launches.csv", "--target", "damaged", "--backend", "python")
    assert (status, err) == (0, "")
    text = " ".join(out.split())
    assert text.startswith(
        "launches.csv: 23 rows, 1 feature (temperature), target damaged: 0 (16), 1 (7) Newton's"
        " method, "
    )
    assert "iterations: converged. The gradient is zero to within the tolerance" in text
    # deviance / 2n; 20 of 23; 16 of 23
    assert text.endswith(
        "loss 0.441635; right for 86.96% of these rows, where always answering 0 is right for"
        " 69.57%"
    )
    assert max(len(text) for text in out.splitlines()) <= 80
    assert listing() == ["iris.csv", "launches.csv"]


def test_fit_saves_what_the_estimator_finds(here):
    status, _, _ = here(
        "fit", "iris.csv", "--target", "species", "--l2", "0.01", "--save", "m.json"
    )
    assert status == 0
    X, y, names = pyref.datasets.iris()
    expected = LogisticRegression(l2=0.01).fit(X, [names[k] for k in y])
    found = model_file.load("m.json")
    assert found.coef_ == expected.coef_
    assert found.intercept_ == expected.intercept_
    assert found.classes_ == ["setosa", "versicolor", "virginica"]
    assert found.feature_names_in_ == ["sl", "sw", "pl", "pw"]
    assert found.loss_history_ == expected.loss_history_


@pytest.mark.parametrize(
    ("words", "settings"),
    [
        (["--solver", "lbfgs", "--l2", "0.5"], {"solver": "lbfgs", "l2": 0.5}),
        (
            [
                "--solver=gradient_descent",
                "--learning-rate=0.01",
                "--momentum=0.5",
                "--iterations=7",
            ],
            {"solver": "gradient_descent", "learning_rate": 0.01, "momentum": 0.5, "iterations": 7},
        ),
        (["--class-weight", "balanced"], {"class_weight": "balanced"}),
        (["--tolerance", "0.01", "--backend", "python"], {"tolerance": 0.01, "backend": "python"}),
    ],
)
def test_every_option_reaches_the_estimator(here, noisy, words, settings):
    assert here("fit", noisy, "--target", "y", "--save", "m.json", *words)[0] == 0
    table = tables.read(noisy, target="y")
    expected = LogisticRegression(**settings).fit(table.X, table.labels)
    found = model_file.load("m.json")
    assert np.array_equal(found.coef_, expected.coef_)
    assert found.loss_history_ == expected.loss_history_
    assert {name: getattr(found, name) for name in settings} == settings


def test_weights_and_dropped_columns(here):
    Path("w.csv").write_text("id,x,s,y\na,1,2,0\nb,2,1,1\nc,3,1,0\nd,4,3,1\n")
    status, out, _ = here(
        *("fit", "w.csv", "--target", "y", "--weights", "s", "--drop", "id", "--save", "m.json")
    )
    assert status == 0
    expected = LogisticRegression().fit([[1], [1], [2], [3], [4], [4], [4]], [0, 0, 1, 0, 1, 1, 1])
    found = model_file.load("m.json")
    assert found.feature_names_in_ == ["x"]
    assert found.coef_ == pytest.approx(expected.coef_, rel=1e-9)
    # weights count in what is said too: 1 of the four rows, but 4 of the 7 weights, says 1
    assert "always answering 1 is right for 57.14%" in " ".join(out.split())
    right = [2, 1, 1, 3]  # the weights, of which those of the rows that are right count
    guesses = found.predict([[1], [2], [3], [4]])
    part = sum(s for s, y, g in zip(right, [0, 1, 0, 1], guesses, strict=True) if y == g) / 7
    assert part not in (0.5, 0.75, 1.0)
    assert f"right for {part:.2%} of these rows" in " ".join(out.split())


def test_the_report(here):
    assert here("fit", "launches.csv", "--target", "damaged", "--save", "m.json")[0] == 0
    status, out, err = here("fit", "launches.csv", "--target", "damaged", "--report")
    assert (status, err) == (0, "")
    assert out == model_file.load("m.json").summary(80) + "\n"
    assert "temperature" in out
    assert "std. error" in out


def test_a_fit_without_an_optimum_says_so(here):
    Path("s.csv").write_text("x,y\n1,0\n2,0\n3,0\n4,1\n5,1\n")
    status, out, _ = here("fit", "s.csv", "--target", "y")
    assert status == 0
    assert "separable. There is no optimum" in " ".join(out.split())
    status, out, _ = here(
        *("fit", "s.csv", "--target", "y", "--solver", "gradient_descent", "--iterations", "3")
    )
    assert status == 0
    assert "3 iterations: not converged. All 3 iterations were made" in " ".join(out.split())


def test_a_fit_that_diverged_has_a_status_of_its_own(here):
    Path("d.csv").write_text("x,y\n1e200,0\n-2e200,0\n3e200,1\n1e200,1\n")
    status, out, err = here(
        *("fit", "d.csv", "--target", "y", "--solver", "gradient_descent", "--iterations", "50"),
        *("--learning-rate", "1e150", "--save", "m.json"),
    )
    assert "diverged. The next step would have left" in " ".join(out.split())
    assert (status, err) == (1, "")
    assert model_file.load("m.json").status_ == "diverged"


def test_from_standard_input_to_standard_output():
    data = Path("launches.csv").read_bytes()
    status, model, err = run("fit", "-", "--target", "damaged", "--save", "-", stdin=data)
    assert status == 0
    assert err.startswith("standard input: 23 rows")
    Path("m.json").write_text(model)
    status, out, err = run("predict", "m.json", "-", stdin=data)
    assert (status, err) == (0, "")
    status, again, err = run("predict", "-", "launches.csv", stdin=model.encode())
    assert (status, err) == (0, "")
    assert out == again
    assert len(out.splitlines()) == 24


def test_init_goes_on_where_the_other_stopped(here, noisy):
    """Without momentum, a run in two halves is the run in one, bit for bit."""
    how = ["--target", "y", "--solver", "gradient_descent", "--learning-rate", "0.1"]
    whole = here("fit", noisy, *how, "--iterations", "50", "--save", "whole.json")
    half = here("fit", noisy, *how, "--iterations", "20", "--save", "half.json")
    rest = here(
        *("fit", noisy, *how, "--iterations", "30", "--init", "half.json", "--save", "rest.json")
    )
    assert [whole[0], half[0], rest[0]] == [0, 0, 0]
    whole, half, rest = (model_file.load(f"{name}.json") for name in ("whole", "half", "rest"))
    assert rest.coef_ == whole.coef_ != half.coef_
    assert rest.intercept_ == whole.intercept_
    assert half.loss_history_ + rest.loss_history_ == whole.loss_history_


# ---------------------------------------------------------------- predict


@pytest.fixture
def models(here):
    here("fit", "launches.csv", "--target", "damaged", "--save", "two.json")
    here("fit", "iris.csv", "--target", "species", "--l2", "0.01", "--save", "three.json")
    return model_file.load("two.json"), model_file.load("three.json")


def test_predict(here, models):
    status, out, err = here("predict", "three.json", "iris.csv")
    assert (status, err) == (0, "")
    header, *rows = rows_of(out)
    assert header == ["prediction"]
    X = pyref.datasets.iris()[0]
    assert [row[0] for row in rows] == models[1].predict(X)


@pytest.mark.parametrize("without", [(), ("polars",)])
def test_probabilities_in_every_digit(models, without):
    for name, data, model, X in (
        ("two.json", "launches.csv", models[0], [[t] for t in pyref.datasets.challenger()[0]]),
        ("three.json", "iris.csv", models[1], pyref.datasets.iris()[0]),
    ):
        status, out, err = run("predict", name, data, "--proba", without=without)
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


def test_labels_come_out_as_they_came_in(here):
    for labels in ("no yes", "0 1", "01 1", "1.0 0.0", 'a,b "q"'):
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
        file.write("temperature\n" + "66\n" * 200_000)
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


def test_a_full_disk(models):
    with open("/dev/full", "wb") as full:
        status, _, err = run("predict", "two.json", "launches.csv", stdout=full)
    assert (status, err) == (1, "pyref: the output cannot be written: No space left on device\n")
    status, _, err = run("predict", "two.json", "launches.csv", "--out", "/dev/full")
    assert (status, err) == (1, "pyref: /dev/full cannot be written: No space left on device\n")


# ---------------------------------------------------------------- mistakes


MISTAKES = {
    "no file": ("fit no.csv --target y", "no.csv is not there: check the path"),
    "directory": ("fit dir --target y", "dir is a directory: give a file"),
    "empty": ("fit empty.csv --target y", "empty.csv is empty: give a header and at least one row"),
    "header only": (
        "fit header.csv --target y",
        "header.csv has a header but no rows: give at least one",
    ),
    "not text": (
        "fit picture.csv --target y",
        "picture.csv, line 1: byte 0x89 is not text in UTF-8: give a CSV file in UTF-8",
    ),
    "missing": (
        "fit missing.csv --target y",
        "missing.csv, row 2 (line 3), column 'b' is missing: fill it in, or remove the row",
    ),
    "text": (
        "fit text.csv --target y",
        "text.csv, row 1 (line 2), column 'city' is 'Paris', not a number: write it as numbers, or"
        " leave the column out (--drop)",
    ),
    "ragged": (
        "fit ragged.csv --target y",
        "ragged.csv, row 2 (line 3) has 2 cells, the header 3: give every row the same columns",
    ),
    "duplicate": (
        "fit duplicate.csv --target y",
        "duplicate.csv, header: columns 1 and 2 are both named 'a': give each column a name of its"
        " own",
    ),
    "unknown target": (
        "fit launches.csv --target y",
        "launches.csv has no column 'y': give one of 'temperature', 'damaged'",
    ),
    "one class": (
        "fit one.csv --target y",
        "column 'y' has one class only, 'no': give rows of two classes or more",
    ),
    "no classes": (
        "fit launches.csv --target temperature",
        "column 'temperature' has 16 different values in 23 rows, which are no classes: give"
        " another --target",
    ),
    "constant column": (
        "fit constant.csv --target y",
        "column 'c' is constant, so no single w is best: remove it, or give l2 > 0",
    ),
    "dependent column": (
        "fit dependent.csv --target y",
        "column 'b' is a combination of the columns before it (and a constant), so no single w is"
        " best: remove it, or give l2 > 0",
    ),
    "negative l2": (
        "fit launches.csv --target damaged --l2 -1",
        "l2 is -1.0: give a finite number, 0 or more",
    ),
    "negative rate": (
        "fit launches.csv --target damaged --solver gradient_descent --learning-rate -1",
        "learning_rate is -1.0: give a positive, finite number",
    ),
    "negative iterations": (
        "fit launches.csv --target damaged --iterations -1",
        "iterations is -1: give a whole number, 0 or more",
    ),
    "weights that leave one class": (
        "fit weights.csv --target y --weights s",
        "the weights leave only the class 1: give weight to two classes or more",
    ),
    "nowhere to save": (
        "fit launches.csv --target damaged --save no/m.json",
        "--save no/m.json is in a directory that is not there: make it first",
    ),
    "save into a directory": (
        "fit launches.csv --target damaged --save dir",
        "--save dir is a directory: give a file",
    ),
    "unknown picture": (
        "fit launches.csv --target damaged --plot p.jpeg",
        "--plot p.jpeg is of no known kind: give .png, .pdf, .svg, or -",
    ),
    "init is no model": (
        "fit launches.csv --target damaged --init launches.csv",
        "launches.csv is damaged, or no model file: Expecting value: line 1 column 1 (char 0):"
        " restore a copy, or fit and save again",
    ),
    "init is not there": (
        "fit launches.csv --target damaged --init no.json",
        "no.json is not there: check the path",
    ),
    "init has other classes": (
        "fit launches.csv --target damaged --init iris.json",
        "init has the classes ['setosa', 'versicolor', 'virginica'], y has [0, 1]: give a model of"
        " the same classes",
    ),
    "two inputs": (
        "predict - -",
        "model and data cannot both be standard input: give a file for one",
    ),
    "two inputs for fit": (
        "fit - --target y --init -",
        "--init and the data cannot both be standard input: give a file for one",
    ),
    "model not there": ("predict no.json iris.csv", "no.json is not there: check the path"),
    "model a directory": ("predict dir iris.csv", "dir is a directory: give a model file"),
    "model of the future": (
        "predict future.json iris.csv",
        "future.json: version is 2, and this pyref reads version 1: use the pyref that saved it, or"
        " a newer one",
    ),
    "columns missing": (
        "predict iris.json launches.csv --out p.csv",
        "launches.csv has no column 'sl': give one of 'temperature', 'damaged'",
    ),
    "nowhere for predictions": (
        "predict iris.json iris.csv --out no/p.csv",
        "--out no/p.csv is in a directory that is not there: make it first",
    ),
    "columns by place": (
        "predict nameless.json iris.csv",
        "iris.csv, row 1 (line 2), column 'species' is 'setosa', not a number: write it as numbers,"
        " or leave the column out (--drop)",
    ),
    "number of columns": (
        "predict nameless.json launches.csv",
        "launches.csv has 2 columns, the model 1 features without names: give the features alone,"
        " in their order",
    ),
    "picture of four features": (
        "plot iris.json iris.csv --target species --out p.png",
        "the model has 4 features and 3 classes, and a fit can be drawn over one feature (two"
        " classes) or two: without data, the loss curve is drawn",
    ),
    "picture without a target": (
        "plot iris.json iris.csv --out p.png",
        "which column the model predicts is not known: give --target",
    ),
    "picture with characters": (
        "plot iris.json iris.csv --target species",
        "a fit cannot be drawn with characters: give --out picture.png",
    ),
    "target without data": (
        "plot iris.json --target species",
        "--target is for the picture of a fit: give the data too",
    ),
    "labels unknown to the model": (
        "plot launches.json other.csv --target damaged --out p.png",
        "other.csv, row 1, column 'damaged' is 'yes', and the model knows 0, 1: remove the row, or"
        " fit anew",
    ),
}

FILES = {
    "empty.csv": b"",
    "header.csv": b"a,y\n",
    "picture.csv": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "missing.csv": b"a,b,y\n1,2,0\n3,,1\n",
    "text.csv": b"a,city,y\n1,Paris,0\n",
    "ragged.csv": b"a,b,y\n1,2,0\n3,1\n",
    "duplicate.csv": b"a,a,y\n1,2,0\n",
    "one.csv": b"a,y\n1,no\n2,no\n",
    "constant.csv": b"a,c,y\n1,5,0\n2,5,1\n3,5,0\n4,5,1\n",
    "dependent.csv": b"a,b,y\n1,3,0\n2,5,1\n3,7,0\n4,9,1\n",
    "weights.csv": b"a,s,y\n1,0,0\n2,1,1\n3,2,1\n",
    "other.csv": b"temperature,damaged\n60,yes\n",
}


@pytest.fixture(scope="module")
def kept_models(tmp_path_factory):
    """Models in files, as bytes."""
    X, y, names = pyref.datasets.iris()
    iris = LogisticRegression(l2=0.1).fit(X, [names[k] for k in y])
    iris.feature_names_in_ = ["sl", "sw", "pl", "pw"]
    x, damaged = pyref.datasets.challenger()
    launches = LogisticRegression().fit([[t] for t in x], damaged)
    found = {"nameless.json": model_file.text(launches)}
    launches.feature_names_in_ = ["temperature"]
    found.update({"iris.json": model_file.text(iris), "launches.json": model_file.text(launches)})
    found["future.json"] = found["iris.json"].replace('"version": 1', '"version": 2')
    return {name: text.encode() for name, text in found.items()}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_one_line_and_status_2(here, kept_models, case):
    command, message = MISTAKES[case]
    os.mkdir("dir")
    for name, content in {**FILES, **kept_models}.items():
        Path(name).write_bytes(content)
    before = listing()
    status, out, err = here(*command.split(), stdin=b"")
    assert err == f"pyref: {message}\n"
    assert (status, out) == (2, "")
    assert listing() == before


def test_an_open_quote_is_one_line_too():
    """polars panics at it, and a panic is written to standard error past Python."""
    Path("open.csv").write_text('a,y\n1,0\n2,1\n"')
    status, out, err = run("fit", "open.csv", "--target", "y")
    assert (status, out) == (2, "")
    assert err == (
        "pyref: open.csv, line 4: unexpected end of data: check the quotes of this row\n"
    )


def test_a_mistake_in_a_process_of_its_own():
    status, out, err = run("fit", "launches.csv", "--target", "y", "--save", "m.json")
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert "m.json" not in listing()


@pytest.mark.parametrize(
    "command",
    [
        *("fit", "fit launches.csv", "fit launches.csv --target", "predict m.json", "nonsense"),
        "fit launches.csv --target damaged --solver magic",
        "fit launches.csv --target damaged --learning-rate fast",
        "fit launches.csv --target damaged --iterations 1.5",
        "fit launches.csv --target damaged --class-weight heavy",
        "plot",
    ],
)
def test_wrong_usage_has_status_2(here, command):
    status, out, err = here(*command.split())
    assert (status, out) == (2, "")
    assert err.startswith("usage: pyref")
    assert ": error: " in err.splitlines()[-1]


def test_what_a_failed_save_leaves(here, noisy, monkeypatch):
    """The model of before stays, and nothing lies beside it."""
    assert here("fit", noisy, "--target", "y", "--save", "m.json")[0] == 0
    before, content = listing(), Path("m.json").read_bytes()

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    status, _, err = here("fit", noisy, "--target", "y", "--l2", "1", "--save", "m.json")
    assert (status, err) == (1, "pyref: m.json cannot be written: No space left on device\n")
    assert listing() == before
    assert Path("m.json").read_bytes() == content


@pytest.mark.parametrize(
    ("without", "command", "message"),
    [
        (
            "polars",
            "fit t.parquet --target y",
            "t.parquet is a Parquet file, which polars reads: pip install 'pyref-logistic[data]',"
            " or give CSV",
        ),
        (
            "polars",
            "predict launches.json launches.csv --out p.parquet",
            "--out p.parquet needs polars: pip install 'pyref-logistic[data]', or give .csv",
        ),
        (
            "matplotlib",
            "fit launches.csv --target damaged --plot p.png",
            "--plot p.png needs matplotlib (import of matplotlib halted; None in sys.modules): pip"
            " install 'pyref-logistic[plot]', or give --plot - for characters",
        ),
        (
            "matplotlib",
            "plot launches.json --out p.png",
            "--out p.png needs matplotlib (import of matplotlib halted; None in sys.modules): pip"
            " install 'pyref-logistic[plot]', or give --out - for characters",
        ),
        (
            "pyref.fast",
            "fit launches.csv --target damaged --backend c",
            "import of pyref.fast halted; None in sys.modules",
        ),
    ],
)
def test_a_missing_extra_is_named(kept_models, without, command, message):
    pl.DataFrame({"x": [1, 2], "y": [0, 1]}).write_parquet("t.parquet")
    Path("launches.json").write_bytes(kept_models["launches.json"])
    before = listing()
    assert run(*command.split(), without=[without]) == (2, "", f"pyref: {message}\n")
    assert listing() == before


def test_no_extra_is_needed():
    """fit, predict and the curve of characters, with none of the optional packages."""
    without = ("polars", "numpy", "matplotlib", "tqdm", "sklearn")
    status, out, err = run(
        *("fit", "launches.csv", "--target", "damaged", "--save", "m.json", "--plot", "-"),
        without=without,
    )
    assert (status, err) == (0, "")
    assert "Loss curve" in out
    status, out, err = run("predict", "m.json", "launches.csv", "--proba", without=without)
    assert (status, err) == (0, "")
    assert len(out.splitlines()) == 24
    with_all = run("predict", "m.json", "launches.csv", "--proba")[1]
    assert out == with_all


@pytest.mark.parametrize("command", ["", "fit", "predict", "plot", "bench"])
def test_help_reads_well(here, monkeypatch, command):
    monkeypatch.setenv("COLUMNS", "80")
    status, out, err = here(*command.split(), "--help")
    assert (status, err) == (0, "")
    assert all(len(text) <= 80 for text in out.splitlines())
    assert "%(" not in out
    for option in re.findall(r"^  (-[^ ,]+)", out, re.MULTILINE):
        assert re.search(rf"{re.escape(option)}.*\n?\s+\S+ \S+", out), f"{option} is not explained"
    if not command:
        for name in ("fit", "predict", "plot", "bench"):
            assert re.search(rf"^ +{name} +\w+ \w+", out, re.MULTILINE)


# ---------------------------------------------------------------- pictures

MAGIC = {"png": b"\x89PNG\r\n\x1a\n", "pdf": b"%PDF-", "svg": b"<?xml"}


@pytest.mark.parametrize("kind", MAGIC)
def test_pictures_of_the_loss(here, models, kind):
    name = f"loss.{kind}"
    status, _, err = here("fit", "launches.csv", "--target", "damaged", "--plot", name)
    assert (status, err) == (0, "")
    assert Path(name).read_bytes().startswith(MAGIC[kind])
    status, out, err = here("plot", "two.json", "--log", "--out", f"again.{kind}")
    assert (status, out, err) == (0, "", "")
    assert Path(f"again.{kind}").read_bytes().startswith(MAGIC[kind])


def test_the_curve_of_characters(here, models):
    status, out, err = here("plot", "two.json")
    assert (status, err) == (0, "")
    assert "Loss curve" in out
    fitted = here("fit", "launches.csv", "--target", "damaged", "--plot", "-")[1]
    assert fitted.endswith(out)


def test_pictures_of_the_fit(here, models, noisy):
    data = ("launches.csv", "--target", "damaged")
    status, out, err = here("plot", "two.json", *data, "--at", "31", "--out", "fit.svg")
    assert (status, out, err) == (0, "", "")
    assert here("fit", noisy, "--target", "y", "--save", "m.json")[0] == 0
    status, out, err = here("plot", "m.json", noisy, "--target", "y", "--out", "fit.png")
    assert (status, out, err) == (0, "", "")
    for name, kind in (("fit.svg", "svg"), ("fit.png", "png")):
        assert Path(name).read_bytes().startswith(MAGIC[kind])


def test_what_is_drawn(models, monkeypatch):
    """The functions of plots get the model's own numbers."""
    import matplotlib.figure

    seen = []
    save = matplotlib.figure.Figure.savefig

    def kept(figure, *arguments, **options):
        seen.append(figure)
        return save(figure, *arguments, **options)

    monkeypatch.setattr(matplotlib.figure.Figure, "savefig", kept)
    assert command_line.main(["plot", "two.json", "--out", "a.png"]) == 0
    curve = seen[-1].axes[0].lines[0]
    assert list(curve.get_ydata()) == models[0].loss_history_
    data = ["launches.csv", "--target", "damaged"]
    assert command_line.main(["plot", "two.json", *data, "--at", "31", "--out", "b.png"]) == 0
    ax = seen[-1].axes[0]
    assert ax.get_xlabel() == "temperature"
    assert ax.get_ylabel() == "probability of damaged = 1"
    legend = " ".join(text.get_text() for text in ax.get_legend().get_texts())
    assert "at 31: p = 0.9996" in legend
    assert "95 %" in legend


def test_other_data_have_no_band(here, models):
    """The band belongs to the data of the fit; over others the curve is drawn without it."""
    Path("other.csv").write_text("temperature,damaged\n60,1\n70,0\n65,0\n66,1\n")
    status, out, err = here(
        *("plot", "two.json", "other.csv", "--target", "damaged", "--out", "fit.svg")
    )
    assert (status, out, err) == (0, "", "")


# ---------------------------------------------------------------- progress

ENDLESS = ["--solver", "gradient_descent", "--backend", "python", "--tolerance", "0"]
ENDLESS += ["--learning-rate", "0.001", "--iterations", "1000000"]


# A session of its own, whose terminal is standard input: so that Ctrl-C is a key there.
ON_A_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


class Terminal:
    """A command on a terminal of its own, whose keys we press and whose screen we read."""

    def __init__(self, *command, columns=100):
        self.master, slave = pty.openpty()
        self.child = subprocess.Popen(
            [sys.executable, "-c", ON_A_TERMINAL, *command],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env=environment(COLUMNS=str(columns), LINES="24"),
        )
        os.close(slave)
        self.screen = ""

    def read(self, seconds):
        """More of the screen; False when there will be no more."""
        if select.select([self.master], [], [], seconds)[0]:
            try:
                block = os.read(self.master, 65536)
            except OSError:  # EIO: the command has ended
                block = b""
            if not block:
                return False
            self.screen += block.decode("utf-8", "replace").replace("\r\n", "\n")
        return True

    def until(self, pattern, seconds=120):
        """Wait for this to be on the screen."""
        end = time.monotonic() + seconds
        while not re.search(pattern, self.screen):
            assert time.monotonic() < end, f"no {pattern!r} in {self.screen!r}"
            assert self.read(0.1), f"ended without {pattern!r}: {self.screen!r}"

    def press(self, keys):
        os.write(self.master, keys)

    def end(self, seconds=120):
        """Wait for the end; returns the exit status."""
        end = time.monotonic() + seconds
        while self.read(0.1):
            assert time.monotonic() < end, self.screen
        return self.child.wait(timeout=60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()
        os.close(self.master)


@pytest.mark.parametrize(
    ("without", "shown"),
    [
        (
            ("tqdm",),
            r"\riteration \d+ of 1000000, loss 0\.\d+, [\d.]+ a second, at most \d+ .* left",
        ),
        (
            (),
            r"\r +\d+%\|[^\r]*\| \d+/1000000 \[00:0\d<[\d:]+, +[\d.]+ iterations/s, loss 0\.\d+\]",
        ),
    ],
    ids=["plain", "tqdm"],
)
def test_ctrl_c_keeps_what_has_been_reached(noisy, here, without, shown):
    """On a terminal: the bar, Ctrl-C, the model saved, and the run gone on with."""
    how = ["fit", noisy, "--target", "y", *ENDLESS]
    with Terminal(*words(without or ("nothing",)), *how, "--save", "m.json") as terminal:
        terminal.until(shown)
        terminal.press(b"\x03")
        assert terminal.end() == 130
    for percent, done in re.findall(r"\r +(\d+)%\|[^\r]*\| (\d+)/1000000", terminal.screen):
        assert percent == f"{100 * (int(done) / 1_000_000):.0f}"
    assert "pyref: stopping after this iteration (Ctrl-C again: at once)" in terminal.screen
    model = model_file.load("m.json")
    k = model.n_iter_
    assert 0 < k < 1_000_000
    last = terminal.screen.splitlines()[-1]
    assert last == (
        f"pyref: interrupted after {k} iterations, and kept in m.json; --init goes on from there"
    )
    text = " ".join(terminal.screen.split())
    assert f"{k} iterations: not converged. Ctrl-C stopped it before the slope was zero" in text
    # the passing line is gone before the result is printed
    assert re.search(r"\r +\rnoisy\.csv: 400 rows", terminal.screen)

    # What has been kept is what the same number of iterations gives, and so is what follows.
    how[how.index("1000000")] = str(k)
    assert here(*how, "--save", "same.json")[0] == 0
    assert model_file.load("same.json").coef_ == model.coef_
    how[how.index(str(k))] = "5"
    assert here(*how, "--init", "m.json", "--save", "on.json")[0] == 0
    how[how.index("5")] = str(k + 5)
    assert here(*how, "--save", "whole.json")[0] == 0
    on, whole = model_file.load("on.json"), model_file.load("whole.json")
    assert (on.coef_, on.intercept_) == (whole.coef_, whole.intercept_)


def test_ctrl_c_without_save_says_how(noisy):
    with Terminal(*words(("tqdm",)), "fit", noisy, "--target", "y", *ENDLESS) as terminal:
        terminal.until(r"iteration \d+ of")
        terminal.press(b"\x03")
        assert terminal.end() == 130
    last = terminal.screen.splitlines()[-1]
    assert re.fullmatch(
        r"pyref: interrupted after \d+ iterations, and not kept: that takes --save", last
    )


def test_a_second_ctrl_c_ends_it_at_once(folder):
    """In the middle of an iteration that takes long; nothing is saved."""
    rng = random.Random(2)
    with open("wide.csv", "w") as file:
        file.write(",".join([*[f"x{j}" for j in range(60)], "y"]) + "\n")
        for _ in range(6000):
            x = [rng.gauss(0, 1) for _ in range(60)]
            file.write(",".join([*map(repr, x), str(int(x[0] + rng.gauss(0, 2) > 0))]) + "\n")
    arguments = ["fit", "wide.csv", "--target", "y", "--solver", "newton", "--backend", "python"]
    with Terminal(*words(("tqdm",)), *arguments, "--save", "m.json") as terminal:
        terminal.until(r"iteration \d+ of 100")
        terminal.press(b"\x03")
        terminal.until("stopping after this iteration")
        terminal.press(b"\x03")
        assert terminal.end() == 130
    assert terminal.screen.splitlines()[-1].endswith("pyref: interrupted")
    assert "Traceback" not in terminal.screen
    assert not Path("m.json").exists()


# The command line, which makes a file once a fit has come to its 20th iteration.
WATCHED = """
import sys
from pyref.command import progress
call = progress.Progress.__call__
def watched(self, k, loss):
    if k == 20:
        open("running", "w").close()
    return call(self, k, loss)
progress.Progress.__call__ = watched
from pyref.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def test_an_interrupt_without_a_terminal(noisy):
    """As from a script: silent until the signal, and the same ending."""
    child = subprocess.Popen(
        [sys.executable, "-c", WATCHED, "fit", noisy, "--target=y", *ENDLESS, "--save=m.json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    try:
        end = time.monotonic() + 120
        while not Path("running").exists():
            assert time.monotonic() < end
            assert child.poll() is None
            time.sleep(0.05)
        time.sleep(1.5)  # to where a terminal would show something
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=120)
    finally:
        child.kill()
    k = model_file.load("m.json").n_iter_
    assert child.returncode == 130
    assert err.decode() == (
        f"pyref: interrupted after {k} iterations, and kept in m.json; --init goes on from there\n"
    )
    assert b"noisy.csv: 400 rows" in out


def test_short_runs_show_no_progress(noisy):
    for without in (("nothing",), ("tqdm",)):
        with Terminal(*words(without), "fit", noisy, "--target", "y") as terminal:
            assert terminal.end() == 0
        assert terminal.screen.startswith("noisy.csv: 400 rows")


class Screen(io.StringIO):
    def isatty(self):
        return True


def test_nothing_is_shown_in_the_first_second(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    monkeypatch.setitem(sys.modules, "tqdm", None)
    screen = Screen()
    with Progress(1000, screen) as progress:
        for k in range(99):
            clock[0] += 0.01
            assert progress(k, 0.5) is False
        assert screen.getvalue() == ""
        clock[0] += 0.02
        progress(99, 0.5)
        first = screen.getvalue()
        assert first.startswith("\riteration 100 of 1000, loss 0.5, 99 a second, at most 9 s left")
        clock[0] += 0.05
        progress(100, 0.5)
        assert screen.getvalue() == first  # not yet again
    assert screen.getvalue() == first + "\r" + " " * (len(first) - 1) + "\r"


def test_a_stream_that_is_no_terminal_stays_silent(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    stream = io.StringIO()
    with Progress(1000, stream) as progress:
        for k in range(10):
            clock[0] += 10
            progress(k, 0.5)
    assert stream.getvalue() == ""


def test_the_handler_of_ctrl_c_is_put_back():
    before = signal.getsignal(signal.SIGINT)
    assert before is signal.default_int_handler
    with Progress(10, io.StringIO()) as progress:
        assert signal.getsignal(signal.SIGINT) is not before
        assert progress(0, 1.0) is False
        signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is before  # the second one is Python's own
        assert progress(1, 1.0) is True
        assert progress.stopped
    assert signal.getsignal(signal.SIGINT) is before
    with Progress(10, io.StringIO()):
        pass
    assert signal.getsignal(signal.SIGINT) is before


def test_an_ignored_ctrl_c_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Progress(10, io.StringIO()):
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_line_keeps_to_the_screen(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    clock = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    monkeypatch.setitem(sys.modules, "tqdm", None)
    screen = Screen()
    with Progress(10**9, screen) as progress:
        clock[0] = 5.0
        progress(12345, 0.123456789)
    assert all(len(part) < 40 for part in screen.getvalue().split("\r"))


def test_line_and_span():
    assert line(1, 3, 0.5, 4.0) == "iteration 1 of 3, loss 0.5, 0.25 a second, at most 8 s left"
    assert [span(s) for s in (0, 59.4, 59.6, 3599, 3661)] == [
        *("0 s", "59 s", "1 min 0 s", "59 min 59 s", "1 h 1 min")
    ]


# ---------------------------------------------------------------- the README

README = ROOT / "README.md"
PURE_ONLY = os.environ.get("PYREF_PURE") == "1"


def sessions(text):
    """The commands of the fenced console blocks, and the output shown below each."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for text in block.splitlines(keepends=True):
            if text.startswith("$ "):
                found.append([text[2:], ""])
            elif text.startswith("> ") and not found[-1][1]:
                found[-1][0] += text[2:]
            else:
                found[-1][1] += text
    return found


def test_sessions_are_read_as_they_stand():
    text = "a\n```console\n$ one \\\n> two\nshown\n> shown too\n$ three\n```\n```sh\n$ four\n```\n"
    assert sessions(text) == [["one \\\ntwo\n", "shown\n> shown too\n"], ["three\n", ""]]


if README.exists() and not PURE_ONLY:

    def test_the_sessions_of_the_readme(tmp_path):
        """Each command, as written, prints what is shown; three points stand for any digits."""
        tools = tmp_path / "tools"
        tools.mkdir()
        for name, words in (("python", ""), ("pyref", "-m pyref ")):
            (tools / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words}"$@"\n')
            (tools / name).chmod(0o755)
        path = os.pathsep.join([str(tools), os.environ.get("PATH", os.defpath)])
        shown = sessions(README.read_text(encoding="utf-8"))
        assert len(shown) >= 6
        assert {"fit", "predict", "plot"} <= {w for c, _ in shown for w in c.split()}
        checker = doctest.OutputChecker()
        for command, expected in shown:
            done = subprocess.run(
                ["bash", "-c", command],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=environment(PATH=path),
                timeout=120,
            )
            got = done.stdout.decode("utf-8")
            assert checker.check_output(expected, got, doctest.ELLIPSIS), f"$ {command}{got}"
        assert Path("fit.png").read_bytes().startswith(MAGIC["png"])


# ---------------------------------------------------------------- the rest


def test_a_thousand_columns_are_not_all_listed(here):
    with open("wide.csv", "w") as file:
        file.write(",".join([*[f"c{j}" for j in range(1000)], "y"]) + "\n")
        rng = random.Random(1)
        for i in range(20):
            file.write(",".join([*[str(rng.random()) for _ in range(1000)], str(i % 2)]) + "\n")
    status, out, _ = here("fit", "wide.csv", "--target", "y", "--l2", "1")
    assert status == 0
    assert len(out) < 1000
    assert "1000 features (c0, c1, c2, c3, c4, c5, ...)" in " ".join(out.split())


def test_the_bare_command_does_not_import_the_commands_room():
    code = "import sys, pyref.__main__; print('pyref.command.commands' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=True
    )
    assert done.stdout == "False\n"


def test_a_file_of_a_fit_can_be_read_by_any_json(here, models):
    found = json.loads(Path("three.json").read_text())
    assert [struct.pack("d", v) for row in found["coef"] for v in row] == [
        struct.pack("d", v) for row in models[1].coef_ for v in row
    ]
    assert commands.PICTURES == (".png", ".pdf", ".svg")
