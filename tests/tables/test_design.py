"""Tables as people have them: text, categories, truth values, codes, gaps, columns of row numbers.

Every test that takes `read` runs for the standard library's reader and for polars'.
"""

from functools import partial

import numpy as np
import polars as pl
import pytest
from helpers import table_files
from hypothesis import given, settings
from hypothesis import strategies as st
from test_csv import outcome

from pyref import tables
from pyref.tables import Coding

file = table_files.file  # a fixture


@pytest.fixture(params=[False, True], ids=["library", "polars"])
def read(request):
    return partial(tables.read, polars=request.param)


PEOPLE = "age,city,smokes,kind,y\n"
PEOPLE += "31,Rome,true,2,0\n45,Oslo,FALSE,1,1\n28,Rome,True,2,1\n60,Bonn,false,4,0\n"


def test_text_becomes_indicators_against_the_first_level(file, read):
    table = read(file(PEOPLE), target="y")
    assert table.names == ["age", "city[T.Oslo]", "city[T.Rome]", "smokes[T.True]", "kind"]
    assert np.asarray(table.X).tolist() == [
        [31, 0, 1, 1, 2], [45, 1, 0, 0, 1], [28, 0, 1, 1, 2], [60, 0, 0, 0, 4],
    ]  # fmt: skip
    assert table.codings == [
        Coding("age"),
        Coding("city", ["Bonn", "Oslo", "Rome"], "Bonn"),
        Coding("smokes", [False, True], False),
        Coding("kind"),
    ]


def test_the_reference_and_codes_can_be_chosen(file, read):
    table = read(
        file(PEOPLE),
        target="y",
        drop=["age", "smokes"],
        categorical=["kind"],
        reference={"city": "Rome", "kind": "2"},
    )
    assert table.names == ["city[T.Bonn]", "city[T.Oslo]", "kind[T.1]", "kind[T.4]"]
    assert np.asarray(table.X).tolist() == [
        [0, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0], [1, 0, 0, 1],
    ]  # fmt: skip
    assert table.codings[1] == Coding("kind", [1, 2, 4], 2)
    assert read(file(PEOPLE), target="y", drop=["age,smokes, city"]).names == ["kind"]


def test_a_model_codes_further_rows_as_its_own(file, read):
    codings = read(file(PEOPLE), target="y", categorical=["kind"]).codings
    new = "kind,extra,smokes,city,age\n4.0,x,TRUE,Rome,1\n1,y,false,Rome,2\n"
    table = read(file(new), codings=codings)
    assert table.names[-2:] == ["kind[T.2]", "kind[T.4]"]
    assert np.asarray(table.X).tolist() == [[1, 0, 1, 1, 0, 1], [2, 0, 1, 0, 0, 0]]


def test_rows_with_gaps_are_left_out_and_counted(file, read):
    name = file("a,b,y,s\n1,x,0,1\n,y,1,1\n3,NA,1,1\n4,y,,1\n5,y,1,NaN\n6,y,1,2\n7,y,0,1\n")
    table = read(name, target="y", weights="s", missing="drop")
    assert list(table.kept) == [0, 5, 6]
    assert table.rows == 7
    assert table.gaps == {"a": 1, "b": 1, "y": 1, "s": 1}
    assert np.asarray(table.X).tolist() == [[1, 0], [6, 1], [7, 1]]
    assert (table.labels, list(table.weights)) == ([0, 1, 0], [1.0, 2.0, 1.0])


def test_a_level_that_only_rows_with_gaps_have_is_none(file, read):
    """Numbers beside a word: what kind of column it is is decided before rows are left out."""
    table = read(file("a,b,y\n1,3,0\n2,4,1\n3,x,NA\n4,3,1\n"), target="y", missing="drop")
    assert table.names == ["a", "b[T.4]"]
    assert table.codings[1] == Coding("b", ["3", "4"], "3")


@pytest.mark.parametrize("first", ["", "Unnamed: 0", "rownames"])
@pytest.mark.parametrize("cells", ["1 2 3", "0 1 2", "9 4 7", "Bo Al Cy"])
def test_a_first_column_that_names_the_rows_is_left_out(file, read, first, cells):
    rows = [f"{cell},{k},{k % 2}\n" for k, cell in enumerate(cells.split())]
    table = read(file(f"{first},a,y\n" + "".join(rows)), target="y")
    assert (table.names, table.names_rows) == (["a"], first or "Unnamed: 0")
    assert np.asarray(table.X).tolist() == [[0], [1], [2]]


@pytest.mark.parametrize("cells", ["1 1 2", "0.5 1.5 2.5", "x x y"])
def test_a_first_column_that_says_something_stays(file, read, cells):
    rows = [f"{cell},{k},{k % 2}\n" for k, cell in enumerate(cells.split())]
    table = read(file(",a,y\n" + "".join(rows)), target="y")
    assert table.names == ["Unnamed: 0[T.y]" if "x" in cells else "Unnamed: 0", "a"]
    assert table.names_rows is None


def test_asked_for_it_is_a_feature(file, read):
    name = file(",a,y\n1,2,0\n2,3,1\n")
    assert read(name, target="y", features=["Unnamed: 0"]).names == ["Unnamed: 0"]


def test_parquet_has_levels_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    size = pl.Series(["big", "small", "big"], dtype=pl.Enum(["small", "big", "huge"]))
    city = pl.Series(["Rome", "Bonn", None], dtype=pl.Categorical)
    pl.DataFrame({"size": size, "city": city, "t": ["1", "2", "3"]}).write_parquet("t.parquet")
    table = tables.read("t.parquet", missing="drop")
    assert table.names == ["size[T.big]", "city[T.Rome]", "t"]
    assert np.asarray(table.X).tolist() == [[1, 1, 1], [0, 0, 2]]


OPTIONS = [
    {"missing": "drop"},
    {"missing": "drop", "target": "c"},
    {"target": "a", "weights": "b", "missing": "drop"},
    {"categorical": ["a"], "target": "c"},
    {"reference": {"b": "x"}},
    {"codings": [Coding("a"), Coding("b", ["x", "1"], "x")]},
    {"codings": [Coding("b"), Coding("a", [1, 2.5], 1)], "missing": "drop"},
]


@settings(max_examples=400)
@given(
    st.sampled_from(["a,b,c\n", ",b,a\n"]),
    st.lists(
        st.tuples(*[st.sampled_from(["1", "2.5", " 7", "", "x", "NA", "true", "inf"])] * 3),
        max_size=6,
    ),
    st.sampled_from(OPTIONS),
)
def test_both_readers_agree(header, rows, options):
    data = (header + "".join([",".join(row) + "\n" for row in rows])).encode()
    assert outcome(data, False, **options) == outcome(data, True, **options)
