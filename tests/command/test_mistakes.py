"""Whatever is wrong with what a person gives is one line, status 2, and nothing is written."""

import os
import re
import sys
from pathlib import Path

import polars as pl
import pytest
from helpers.processes import run

pytestmark = pytest.mark.usefixtures("folder")


def listing():
    return sorted(os.listdir("."))


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
        "fit missing.csv --target y --missing error",
        "missing.csv, row 2 (line 3), column 'b' is missing: fill it in, or leave such rows out"
        " (--missing drop)",
    ),
    "no target": (
        "fit launches.csv",
        "--target is missing: give one of 'temperature', 'damaged'",
    ),
    "no target, no file": ("fit no.csv", "no.csv is not there: check the path"),
    "many whole numbers": (
        "fit many.csv --target y",
        "column 'y' has 21 different whole numbers: give --classes if they are classes",
    ),
    "a mark of two characters": (
        "fit launches.csv --target damaged --sep ab",
        "--sep is 'ab': give one character, or one of comma, semicolon, tab, \\t, pipe, space",
    ),
    "a decimal colon": (
        "fit launches.csv --target damaged --decimal :",
        "--decimal is ':': give '.' or ','",
    ),
    "an unknown column to keep": (
        "predict launches.json launches.csv --keep id",
        "launches.csv has no column 'id': give one of 'temperature', 'damaged'",
    ),
    "a column to keep that is there": (
        "predict launches.json pred.csv --keep prediction",
        "--keep prediction has the name of a column of the output: rename it",
    ),
    "identifiers": (
        "fit text.csv --target y",
        "columns 'city', 'day' are text in which nearly every row differs, as names, dates and"
        " identifiers do, and nothing can be learned from that: leave them out (--drop city --drop"
        " day)",
    ),
    "an unknown feature": (
        "fit launches.csv --target damaged --features Temperatur",
        "launches.csv has no column 'Temperatur': did you mean 'temperature'?",
    ),
    "an unknown column to drop": (
        "fit launches.csv --target damaged --drop temperature,dose",
        "launches.csv has no column 'dose': give one of 'temperature', 'damaged'",
    ),
    "features and drop": (
        "fit launches.csv --target damaged --drop temperature --features temperature",
        "--features and --drop cannot both be: give one",
    ),
    "a target that is a feature": (
        "fit launches.csv --target damaged --features damaged",
        "column 'damaged' is a feature, and cannot be the target too: give another column",
    ),
    "categorical, no column": (
        "fit launches.csv --target damaged --categorical city",
        "--categorical names the column 'city', which is no feature: give one of 'temperature'",
    ),
    "a reference without a level": (
        "fit launches.csv --target damaged --reference temperature",
        "--reference is 'temperature': give COLUMN=LEVEL",
    ),
    "a reference that is no level": (
        "fit launches.csv --target damaged --reference temperature=1",
        "--reference of column 'temperature' is '1': give one of its levels, 53, 57, 58, 63, 66,"
        " 67, 68, 69 and 8 more",
    ),
    "digits": (
        "fit launches.csv --target damaged --digits 0",
        "--digits is 0: give a whole number from 1 to 17",
    ),
    "quiet and json": (
        "fit launches.csv --target damaged --quiet --json",
        "--quiet and --json cannot both be: give one",
    ),
    "two documents on one output": (
        "fit launches.csv --target damaged --save - --json",
        "--json and --save - are both standard output: give a file to --save",
    ),
    "scores of a feature": (
        "score launches.json launches.csv --target temperature",
        "column 'temperature' is a feature, and cannot be the target too: give another column",
    ),
    "scores without a target": (
        "score launches.json launches.csv",
        "which column the model predicts is not known: give --target",
    ),
    "digits of a saved model": (
        "show launches.json --digits 18",
        "--digits is 18: give a whole number from 1 to 17",
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
        "fit constant.csv --target y --aliased error",
        "column 'c' is constant, so no single w is best: remove it, give --l2, or --aliased drop",
    ),
    "dependent column": (
        "fit dependent.csv --target y --aliased error",
        "column 'b' is a combination of the columns before it (and a constant), so no single w is"
        " best: remove it, give --l2, or --aliased drop",
    ),
    "nearly dependent column": (
        "fit years.csv --target y",
        "column 'year4' is too nearly a combination of the columns before it (and a constant) for"
        " floats to tell: centre it: subtract 2018 from column 'year' before its powers and"
        " products are taken; or remove it, or give l2 > 0",
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
    "one file for the model and the picture": (
        "fit launches.csv --target damaged --save p.png --plot ./p.png",
        "--save and --plot are both ./p.png: give two files",
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
        "future.json: version is 3, and this pyref reads versions 1 to 2: use the pyref that saved"
        " it, or a newer one",
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
        "iris.csv has 5 columns, the model 1 features without names: give the features alone, in"
        " their order",
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
    "text.csv": b"a,city,day,y\n1,Paris,d1,0\n2,Rome,d2,1\n3,Oslo,d3,0\n",
    "ragged.csv": b"a,b,y\n1,2,0\n3,1\n",
    "duplicate.csv": b"a,a,y\n1,2,0\n",
    "one.csv": b"a,y\n1,no\n2,no\n",
    "constant.csv": b"a,c,y\n1,5,0\n2,5,1\n3,5,0\n4,5,1\n",
    "dependent.csv": b"a,b,y\n1,3,0\n2,5,1\n3,7,0\n4,9,1\n",
    "years.csv": b"year,year2,year3,year4,y\n"
    + b"".join(
        [
            b"%d,%d,%d,%d,%d\n" % (t, t**2, t**3, t**4, t % 3 == 0)
            for t in [*range(2015, 2022), 2018]
        ]
    ),
    "weights.csv": b"a,s,y\n1,0,0\n2,1,1\n3,2,1\n",
    "many.csv": b"a,y\n" + b"".join([b"%d,%d\n" % (k % 7, k // 3) for k in range(63)]),
    "pred.csv": b"temperature,prediction\n60,1\n",
    "other.csv": b"temperature,damaged\n60,yes\n",
}


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


LONG = "m" * 251 + ".json"  # a byte more than a name can have


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "is empty: give a file"),
        (LONG, f"{'m' * 57}... cannot be written (File name too long): give another name"),
        (
            "x/" * 2100 + "m.json",
            f"{'x/' * 28}x... cannot be written (File name too long): give another name",
        ),
        ("new/", "new/ is a directory: give a file"),
        (
            "launches.csv/m.json",
            "launches.csv/m.json cannot be written (Not a directory): give another name",
        ),
        (
            "loop.json",
            "loop.json cannot be written (Too many levels of symbolic links): give another name",
        ),
    ],
)
def test_a_name_that_cannot_be_written_is_known_before_the_fit(here, monkeypatch, name, message):
    os.symlink("loop.json", "loop.json")
    before = listing()
    monkeypatch.setattr("pyref.LogisticRegression.fit", None)
    monkeypatch.setattr("pyref.tables.read", None)
    data = ("launches.csv", "--target", "damaged")
    for option, *command in (("--save", "fit", *data), ("--out", "predict", "m.json", *data[:1])):
        assert here(*command, option, name) == (2, "", f"pyref: {' '.join([option, message])}\n")
    assert listing() == before


def test_the_longest_name_is_saved(here):
    name = LONG[1:]
    assert len(name) == 255
    assert here("fit", "launches.csv", "--target", "damaged", "--save", name)[0] == 0
    assert listing() == sorted(["iris.csv", "launches.csv", name])


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
        *("fit", "fit launches.csv --target", "predict m.json", "nonsense"),
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
    assert err.startswith("pyref: ")
    assert err.count("\n") == 1
    assert re.search(r": pyref( \w+)? --help shows what there is\n$", err)


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
def test_a_missing_extra_is_named(here, kept_models, monkeypatch, without, command, message):
    pl.DataFrame({"x": [1, 2], "y": [0, 1]}).write_parquet("t.parquet")
    Path("launches.json").write_bytes(kept_models["launches.json"])
    before = listing()
    monkeypatch.setitem(sys.modules, without, None)
    assert here(*command.split()) == (2, "", f"pyref: {message}\n")
    assert listing() == before


def test_no_extra_is_needed(here):
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
    with_all = here("predict", "m.json", "launches.csv", "--proba")[1]
    assert out == with_all
