"""How a table is written: marks between cells, decimal commas, compression, carried columns."""

import bz2
import gzip
import lzma
import sys
from functools import partial

import numpy as np
import polars as pl
import pytest
from helpers import table_files
from hypothesis import given, settings
from hypothesis import strategies as st
from test_csv import outcome

from pyref import tables
from pyref.tables import TableError

file = table_files.file  # a fixture


@pytest.fixture(params=[False, True], ids=["library", "polars"])
def read(request):
    return partial(tables.read, polars=request.param)


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_mark_between_cells_is_found_out(file, read, mark):
    text = "a,b b,y\n1,2.5,no\n3,4,yes\n".replace(",", mark)
    table = read(file(text), target="y")
    assert table.names == ["a", "b b"]
    assert np.asarray(table.X).tolist() == [[1, 2.5], [3, 4]]
    assert table.labels == ["no", "yes"]


def test_the_mark_that_splits_all_rows_alike(file, read):
    """Commas within cells, and a header with a comma in one name."""
    table = read(file('a;"b, c";y\n1;2;x, y\n3;4;z\n'), target="y")
    assert (table.names, table.labels) == (["a", "b, c"], ["x, y", "z"])
    assert read(file("a,b;c\n1,2\n"), polars=False).names == ["a", "b;c"]


def test_it_can_be_insisted_on(file, read):
    name = file("a b,y\n1 2,0\n3 4,1\n")
    assert read(name, sep="space").names == ["a", "b,y[T.4,1]"]
    with pytest.raises(ValueError, match=r"^sep is '--': give one character, or one of comma,"):
        read(name, sep="--")


def test_decimal_commas(file, read):
    name = file("a;w;y\n1,5;2;0\n-2,25e1;0,5;1\n")
    table = read(name, target="y", weights="w", decimal=",")
    assert np.asarray(table.X).tolist() == [[1.5], [-22.5]]
    assert list(table.weights) == [2.0, 0.5]
    with pytest.raises(ValueError, match=r"^decimal is ':': give '.' or ','$"):
        read(name, decimal=":")


PACK = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress}


@pytest.mark.parametrize("kind", PACK)
def test_packed_files_are_known_by_their_first_bytes(file, read, kind):
    name = file(PACK[kind](b"a,y\n1,0\n2,1\n"))
    assert np.asarray(read(name, target="y").X).tolist() == [[1], [2]]
    broken = file(PACK[kind](b"a,y\n1,0\n2,1\n" * 50)[:-9])
    with pytest.raises(TableError, match=r"^data.csv is compressed, and damaged \("):
        read(broken)


def test_zstandard_takes_a_library(file, read, monkeypatch):
    name = file(b"\x28\xb5\x2f\xfd and no more")
    for module in ("compression.zstd", "zstandard"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(TableError) as caught:
        read(name)
    assert str(caught.value) == (
        "data.csv is compressed with Zstandard: pip install zstandard, or unpack it first"
    )


def test_columns_are_carried_along(file, read):
    name = file("id,a,note\n007,1,x\n008,,y\n009,3,\n")
    table = read(name, codings=[tables.Coding("a")], missing="drop", carry=["note,id"])
    assert table.carried == {"note": ["x", "y", ""], "id": ["007", "008", "009"]}
    assert list(table.kept) == [0, 2]


def test_columns_of_parquet_are_carried_along(file):
    pl.DataFrame({"id": [7, 8], "a": [1.0, None]}).write_parquet("t.parquet")
    table = tables.read("t.parquet", codings=[tables.Coding("a")], missing="drop", carry=["id"])
    assert table.carried == {"id": [7, 8]}


@settings(max_examples=400)
@given(
    st.sampled_from(["a;b;c\n", "a\tb,c\n", "a|b\n", "a,b;c\n"]),
    st.lists(st.sampled_from([*"1;|,\t\n", "1;2;3\n", "2,5", "x", '"', "\n"]), max_size=20),
    st.sampled_from([{}, {"sep": ";"}, {"sep": ";", "decimal": ","}, {"carry": ["a"]}]),
)
def test_both_readers_agree(header, pieces, options):
    data = (header + "".join(pieces)).encode()
    assert outcome(data, False, **options) == outcome(data, True, **options)
