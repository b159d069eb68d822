"""Tables from Parquet files: what is read, and what is refused."""

import io
import math
import re

import numpy as np
import polars as pl
import pytest
from helpers import table_files
from helpers.table_files import ERRORS, FILL, MARKS, NUMBERS

from pyref import tables
from pyref.tables import TableError
from pyref.tables.design import Coding

file = table_files.file  # a fixture


@pytest.fixture
def parquet(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(columns, name="data.parquet", **options):
        pl.DataFrame(columns, **options).write_parquet(tmp_path / name)
        return name

    return write


def test_parquet(parquet):
    columns = {"a": [1, 2, 3], "b": [True, False, True], "c": [0.1, -0.0, 5e-324]}
    name = parquet({**columns, "y": ["x", "y", "x"], "s": [1.0, 2.0, 0.0]})
    table = tables.read(name, target="y", weights="s")
    assert table.names == ["a", "b[T.True]", "c"]
    expected = np.array([[1, 1, 0.1], [2, 0, -0.0], [3, 1, 5e-324]])
    assert np.asarray(table.X).tobytes() == expected.tobytes()
    assert table.labels == ["x", "y", "x"]
    assert list(table.weights) == [1.0, 2.0, 0.0]
    assert table.codings[1] == Coding("b", [False, True], False)
    table = tables.read(name, features=["c", "a"])
    assert np.array_equal(table.X, expected[:, [2, 0]])


@pytest.mark.parametrize(
    "labels", [["x", "y"], [True, False], [3, -4], [0.5, 1.0], ["1", "01"], [1.0, 0.0]]
)
def test_labels_in_parquet_are_what_the_file_says(parquet, labels):
    table = tables.read(parquet({"a": [1, 2], "y": labels}), target="y")
    assert table.labels == labels
    assert [type(label) for label in table.labels] == [type(label) for label in labels]


def test_categories_in_parquet(parquet):
    y = pl.Series(["lo", "hi"], dtype=pl.Categorical)
    assert tables.read(parquet({"a": [1, 2], "y": y}), target="y").labels == ["lo", "hi"]


def test_parquet_is_known_by_its_content(parquet):
    name = parquet({"a": [1.5]}, name="data.csv")
    assert np.array_equal(tables.read(name).X, [[1.5]])


@pytest.mark.parametrize("case", [k for k in ERRORS if "line" in ERRORS[k][2]])
def test_parquet_errors_are_those_of_csv(parquet, case):
    """Word for word but for the line, which a Parquet file does not have."""
    content, options, expected = ERRORS[case]
    try:
        frame = pl.read_csv(io.BytesIO(content.encode()), infer_schema=False)
        frame = frame.filter(~pl.all_horizontal(pl.all().is_null()))
    except (AttributeError, pl.exceptions.PolarsError):
        return  # no table at all
    if "cells, the header" in expected:
        return  # nor is there a ragged Parquet file
    with pytest.raises(TableError) as caught:
        tables.read(parquet(frame), **options)
    expected = re.sub(r" \(line \d+\)", "", expected).replace("data.csv", "data.parquet")
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("columns", "options", "expected"),
    [
        ({"a": [1.0, None]}, {}, f", row 2, column 'a' {FILL}"),
        ({"a": [1.0, math.nan]}, {}, f", row 2, column 'a' {FILL}"),
        (
            {"a": [1.0, math.inf]},
            {},
            ", row 2, column 'a' is 'inf': fill in a finite number, or remove the row",
        ),
        (
            {"a": [1, 2], "b": ["3", "x"]},
            {"codings": [Coding("a"), Coding("b")]},
            f", row 2, column 'b' is 'x', {NUMBERS}",
        ),
        ({"a": [1], "b": [[1]]}, {}, None),
        ({"a": [1, 2], "y": [1, None]}, {"target": "y"}, f", row 2, column 'y' {FILL}"),
        ({"a": [1, 2], "y": [1.5, math.nan]}, {"target": "y"}, f", row 2, column 'y' {FILL}"),
        (
            {"a": [1], "y": [[1]]},
            {"target": "y"},
            ": column 'y' is of the type List(Int64): give labels as text, bool or numbers",
        ),
        ({"a": []}, {}, " has a header but no rows: give at least one"),
        ({"a": [1]}, {"target": "y"}, " has no column 'y': give one of 'a'"),
        # the first row comes first, then the first column
        ({"a": [1, 2, None], "b": [1, None, 3]}, {}, f", row 2, column 'b' {FILL}"),
        ({"b": [1, None], "a": [1, None]}, {}, f", row 2, column 'b' {FILL}"),
    ],
)
def test_parquet_errors(parquet, columns, options, expected):
    with pytest.raises(TableError) as caught:
        tables.read(parquet(columns), **options)
    if expected is None:
        assert str(caught.value).endswith(NUMBERS)
    else:
        assert str(caught.value) == "data.parquet" + expected


@pytest.mark.parametrize("mark", [*MARKS, "?"])
def test_marks_of_a_missing_value_are_gaps_in_text(parquet, mark):
    name = parquet({"a": ["1", "2"], "b": ["1", mark], "y": ["no", mark]})
    for features, target, column in ((["a"], "y", "y"), (["b"], "a", "b")):
        with pytest.raises(TableError) as caught:
            tables.read(name, features=features, target=target, marks=["?"])
        assert str(caught.value) == f"data.parquet, row 2, column {column!r} {FILL}"


def test_damaged_parquet(parquet, file):
    for content in (b"PAR1 and no more", b"a,b\n1,2\n"):
        name = file(content, "data.parquet")
        with pytest.raises(TableError) as caught:
            tables.read(name)
        text = str(caught.value)
        assert text.startswith("data.parquet is no Parquet file, or damaged (")
        assert text.endswith("): get it anew")
        assert "\n" not in text


def test_a_panic_over_a_damaged_file_is_an_error_of_the_file(parquet, monkeypatch):
    """polars panics at some damages, and a panic is no Exception."""
    name = parquet({"a": [1]})

    def panics(*arguments, **options):
        raise pl.exceptions.PanicException("range end index 9\nout of range")

    monkeypatch.setattr(pl, "read_parquet", panics)
    with pytest.raises(TableError) as caught:
        tables.read(name)
    assert str(caught.value) == (
        "data.parquet is no Parquet file, or damaged (range end index 9): get it anew"
    )


def test_parquet_without_polars(parquet):
    name = parquet({"a": [1]})
    with pytest.raises(TableError) as caught:
        tables.read(name, polars=False)
    assert str(caught.value) == (
        "data.parquet is a Parquet file, which polars reads:"
        " pip install 'pyref-logistic[data]', or give CSV"
    )
