"""Tables from files: what is read, what is refused, and that both readers say the same.

Every test that takes `read` runs for the standard library's reader and for polars'. A hypothesis
test writes files of a nasty alphabet and asks that the two agree about every one of them.
"""

import contextlib
import io
import math
import os
import re
import struct
import subprocess
import sys
import types
from functools import partial

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pyref.model import tables
from pyref.model.tables import TableError

READERS = {"library": False, "polars": True}


@pytest.fixture(params=READERS)
def read(request):
    return partial(tables.read, polars=READERS[request.param])


@pytest.fixture
def file(tmp_path, monkeypatch):
    """Writes data.csv into the working directory and returns its name."""
    monkeypatch.chdir(tmp_path)

    def write(content, name="data.csv"):
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / name).write_bytes(data)
        return name

    return write


def plain(table):
    """A table as lists, doubles as their bits."""
    X = np.asarray(table.X)
    assert X.dtype == np.float64
    assert X.flags.c_contiguous
    weights = None if table.weights is None else list(table.weights)
    kinds = None if table.labels is None else [type(label) for label in table.labels]
    return list(table.names), X.shape, X.tobytes(), table.labels, kinds, weights


# ---------------------------------------------------------------- what is read


def test_a_table(file, read):
    name = file("a,label,b,count\n1,yes,-0.0,2\n2.5e3,no,.5,0\n")
    table = read(name, target="label", weights="count")
    assert table.names == ["a", "b"]
    assert np.array_equal(table.X, [[1.0, -0.0], [2500.0, 0.5]])
    assert math.copysign(1, np.asarray(table.X)[0, 1]) == -1
    assert table.labels == ["yes", "no"]
    assert list(table.weights) == [2.0, 0.0]


def test_columns_can_be_dropped_and_chosen(file, read):
    name = file("id,a,b,y\nx1,1,2,0\nx2,3,4,1\n")
    table = read(name, target="y", drop=["id"])
    assert table.names == ["a", "b"]
    assert np.array_equal(table.X, [[1, 2], [3, 4]])
    table = read(name, features=["b", "a"])  # the order asked for; text elsewhere is no matter
    assert table.names == ["b", "a"]
    assert np.array_equal(table.X, [[2, 1], [4, 3]])
    assert table.labels is None
    assert table.weights is None


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n3,4\n",
        "a,b\n1,2\n3,4",
        "a,b\r\n1,2\r\n3,4\r\n",
        "a,b\r1,2\r3,4\r",
        "\ufeffa,b\n1,2\n3,4\n",
        '\ufeff"a","b"\r\n"1","2"\r\n"3","4"\r\n',
        "a, b \n 1 ,2\n3,\t4\n",
        "\na,b\n\n1,2\n   \n3,4\n\n\n",
        "a,b\n1.0,2e0\n+3,0.4E+1\n",
    ],
)
def test_the_dialects(file, read, text):
    table = read(file(text))
    assert table.names == ["a", "b"]
    assert np.array_equal(table.X, [[1, 2], [3, 4]])


def test_quotes_in_names_and_labels(file, read):
    name = file('"a, ""b""","y"\n1,"one, ""two"""\n2,"line\nbreak"\n3, é😀 \n')
    table = read(name, target="y")
    assert table.names == ['a, "b"']
    assert table.labels == ['one, "two"', "line\nbreak", "é😀"]


@pytest.mark.parametrize(
    ("cells", "labels"),
    [
        ("0 1 0", [0, 1, 0]),
        ("-5 12 12345678901234567890123", [-5, 12, 12345678901234567890123]),
        ("1 01 2", ["1", "01", "2"]),
        ("1.0 0.0 1.0", ["1.0", "0.0", "1.0"]),
        ("True False True", ["True", "False", "True"]),
        ("+1 1 1_0", ["+1", "1", "1_0"]),
        ("0 -0 1", ["0", "-0", "1"]),
        ("None a None", ["None", "a", "None"]),
    ],
)
def test_labels_are_whole_numbers_or_text(file, read, cells, labels):
    table = read(file("x,y\n" + "".join(f"1,{cell}\n" for cell in cells.split())), target="y")
    assert table.labels == labels
    assert [type(label) for label in table.labels] == [type(label) for label in labels]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
@example([5e-324, -0.0, 1.7976931348623157e308, 2.2250738585072011e-308, 1e23])
def test_numbers_keep_their_bits(values):
    text = "x\n" + "".join([f"{value!r}\n" for value in values])
    for polars in READERS.values():
        table = tables_from(text.encode(), polars)
        assert np.asarray(table.X).tobytes() == struct.pack(f"{len(values)}d", *values)


def tables_from(data, polars, **options):
    """The table in some bytes, which come from standard input."""
    before, sys.stdin = sys.stdin, types.SimpleNamespace(buffer=io.BytesIO(data))
    try:
        return tables.read("-", polars=polars, **options)
    finally:
        sys.stdin = before


def outcome(data, polars, **options):
    """A table as plain data, or its error's words."""
    try:
        return plain(tables_from(data, polars, **options))
    except TableError as error:
        return str(error)


PIECES = [
    *("1", "2.5", "-3e2", "0", "01", " ", "\t", '"', '""', ",", ",", ",", "\n", "\n", "\r\n"),
    *("\r", "x", "é", "nan", "inf", "NA", "_", ";", "\ufeff", "\0", "1e999", "1,2,3\n", "+"),
    *('"1"', '"a\nb"', "'", "#", "True", "１", "\u00a0", "\u2028", "\v", "\\", "-"),
]


@settings(max_examples=1500)
@given(
    st.sampled_from(["a,b,c\n", "a,b,c\r\n", '"a",b,c\n', "a\n", ""]),
    st.lists(st.sampled_from(PIECES), max_size=25),
    st.sampled_from(
        [
            {},
            {"target": "c"},
            {"target": "a", "weights": "b"},
            {"features": ["b"]},
            {"features": ["a"], "target": "c"},
            {"drop": ["c"]},
        ]
    ),
)
def test_both_readers_agree(header, pieces, options):
    data = (header + "".join(pieces)).encode()
    assert outcome(data, False, **options) == outcome(data, True, **options)


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(
            *[st.sampled_from(["1", "2.5", " 7", "", "x", "-1", '"3"', "1e-5"])] * 2,
            st.sampled_from(["0", "1", "", "a", "1.0"]),
        ),
        max_size=6,
    ),
    st.sampled_from([{}, {"target": "c"}, {"target": "c", "weights": "b"}, {"drop": ["c"]}]),
)
def test_both_readers_agree_about_rows(rows, options):
    data = ("a,b,c\n" + "".join([",".join(row) + "\n" for row in rows])).encode()
    assert outcome(data, False, **options) == outcome(data, True, **options)


def test_polars_is_used(file, monkeypatch):
    """A clean file is not handed on to the slow reader."""
    name = file("a,b,y\n1,2,no\n3,4,yes\n")
    monkeypatch.setattr(tables, "_csv", None)
    for options in ({"target": "y"}, {"features": ["b"]}, {"target": "y", "weights": "b"}):
        assert len(tables.read(name, polars=True, **options).X) == 2


def test_polars_is_used_where_it_is(monkeypatch):
    assert tables.has_polars()
    monkeypatch.setitem(sys.modules, "polars", None)
    assert not tables.has_polars()


# ---------------------------------------------------------------- what is refused

NUMBERS = "not a number: write it as numbers, or leave the column out (--drop)"
FILL = "is missing: fill it in, or remove the row"
ERRORS = {
    "empty": ("", {}, "data.csv is empty: give a header and at least one row"),
    "blank": ("\n  \n\r\n", {}, "data.csv is empty: give a header and at least one row"),
    "only a mark": ("\ufeff", {}, "data.csv is empty: give a header and at least one row"),
    "header only": ("a,b\n", {}, "data.csv has a header but no rows: give at least one"),
    "header and blank": ("a,b\n\n", {}, "data.csv has a header but no rows: give at least one"),
    "missing": ("a,b\n1,2\n3,\n", {}, f"data.csv, row 2 (line 3), column 'b' {FILL}"),
    "missing, said": ("a,b\n1,2\n NaN ,3\n", {}, f"data.csv, row 2 (line 3), column 'a' {FILL}"),
    "missing, after blank lines": (
        "a,b\n\n\n1,2\n3,NA\n",
        {},
        f"data.csv, row 2 (line 5), column 'b' {FILL}",
    ),
    "missing, after a quoted line end": (
        'a,b,c\n1,2,"x\ny"\n3,,4\n',
        {"drop": ["c"]},
        f"data.csv, row 2 (line 4), column 'b' {FILL}",
    ),
    "missing target": (
        "a,y\n1,0\n2, \n",
        {"target": "y"},
        f"data.csv, row 2 (line 3), column 'y' {FILL}",
    ),
    "text": (
        "a,city\n1,Paris\n",
        {},
        f"data.csv, row 1 (line 2), column 'city' is 'Paris', {NUMBERS}",
    ),
    "long text": (
        f"a\n{'x' * 99}\n",
        {},
        f"data.csv, row 1 (line 2), column 'a' is '{'x' * 36}..., {NUMBERS}",
    ),
    "only Python's number": (
        "a\n1_000\n",
        {},
        f"data.csv, row 1 (line 2), column 'a' is '1_000', {NUMBERS}",
    ),
    "other digits": ("a\n１\n", {}, f"data.csv, row 1 (line 2), column 'a' is '１', {NUMBERS}"),
    "infinite": (
        "a,b\n1,-inf\n",
        {},
        "data.csv, row 1 (line 2), column 'b' is '-inf': fill in a finite number, or remove the"
        " row",
    ),
    "too large": (
        "a,b\n1,1e999\n",
        {},
        "data.csv, row 1 (line 2), column 'b' is '1e999': fill in a finite number, or remove the"
        " row",
    ),
    "unknown target": (
        "a,b\n1,2\n",
        {"target": "label"},
        "data.csv has no column 'label': give one of 'a', 'b'",
    ),
    "unknown, many": (
        ",".join([f"c{j}" for j in range(12)]) + "\n",
        {"target": "label"},
        "data.csv has no column 'label': give one of 'c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6',"
        " 'c7' and 4 more",
    ),
    "unknown drop": (
        "a,b\n1,2\n",
        {"drop": ["x"]},
        "data.csv has no column 'x': give one of 'a', 'b'",
    ),
    "unknown feature": (
        "a,b\n1,2\n",
        {"features": ["a", "x"]},
        "data.csv has no column 'x': give one of 'a', 'b'",
    ),
    "semicolons": (
        "a;y\n1;2\n",
        {"target": "y"},
        "data.csv has no column 'y': give one of 'a;y'; its cells seem not to be separated by"
        " commas",
    ),
    "target and weights": (
        "a,b\n1,2\n",
        {"target": "a", "weights": "a"},
        "column 'a' cannot be target and weights: give two columns",
    ),
    "nothing left": (
        "a,y\n1,2\n",
        {"target": "y", "drop": ["a"]},
        "data.csv has no column left to learn from: give it one more",
    ),
    "duplicate names": (
        "a,b, a\n1,2,3\n",
        {},
        "data.csv, header: columns 1 and 3 are both named 'a': give each column a name of its own",
    ),
    "no name": (
        ",a\n0,1\n",
        {},
        "data.csv, header: column 1 has no name: give it one, or take it out",
    ),
    "short row": (
        "a,b,c\n1,2,3\n4,5\n",
        {},
        "data.csv, row 2 (line 3) has 2 cells, the header 3: give every row the same columns",
    ),
    "short row, column not wanted": (
        "a,b,c\n1,2,3\n4,5\n",
        {"features": ["a"]},
        "data.csv, row 2 (line 3) has 2 cells, the header 3: give every row the same columns",
    ),
    "long row": (
        "a,b\n1,2\n4,5,6\n",
        {},
        "data.csv, row 2 (line 3) has 3 cells, the header 2: give every row the same columns",
    ),
    "an open quote": (
        'a,b\n1,2\n"3,4\n5,6\n',
        {},
        "data.csv, line 3: unexpected end of data: check the quotes of this row",
    ),
    "not text": (
        b"a,b\n1,2\n\xff\xd8,3\n",
        {},
        "data.csv, line 3: byte 0xff is not text in UTF-8: give a CSV file in UTF-8",
    ),
    "not text, after a mark": (
        b"\xef\xbb\xbfa,b\n1,\xe4\n",
        {},
        "data.csv, line 2: byte 0xe4 is not text in UTF-8: give a CSV file in UTF-8",
    ),
    "not text, column not wanted": (
        b"a,b\n1,2\n3,\xe9\n",
        {"features": ["a"]},
        "data.csv, line 3: byte 0xe9 is not text in UTF-8: give a CSV file in UTF-8",
    ),
    "a zero byte": (
        b"a,b\n1,2\0\n",
        {},
        "data.csv, line 2: byte 0x00 is not text in UTF-8: give a CSV file in UTF-8",
    ),
    "UTF-16": (
        "a,b\n1,2\n".encode("utf-16"),
        {},
        "data.csv is text in UTF-16: save it as CSV in UTF-8",
    ),
    "negative weight": (
        "a,s,y\n1,1,0\n2,-1,1\n",
        {"target": "y", "weights": "s"},
        "data.csv, row 2 (line 3), column 's' is '-1', but weights count rows: give 0 or more",
    ),
    "text for a weight": (
        "a,s,y\n1,one,0\n",
        {"target": "y", "weights": "s"},
        f"data.csv, row 1 (line 2), column 's' is 'one', {NUMBERS}",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors(file, read, case):
    content, options, expected = ERRORS[case]
    with pytest.raises(TableError) as caught:
        read(file(content), **options)
    assert str(caught.value) == expected


def test_a_file_that_is_not_there(read, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TableError, match=r"^no\.csv is not there: check the path$"):
        read("no.csv")
    os.mkdir("folder.csv")
    with pytest.raises(TableError, match=r"^folder\.csv is a directory: give a file$"):
        read("folder.csv")
    open("data.csv", "w").close()
    with pytest.raises(TableError, match=r"^data\.csv/x cannot be read: Not a directory$"):
        read("data.csv/x")


@contextlib.contextmanager
def nobody():
    """Without the rights of root, which may read everything."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


def test_no_permission(file, read):
    name = file("a\n1\n")
    os.chmod(name, 0)
    os.chmod(".", 0o755)
    with nobody(), pytest.raises(TableError) as caught:
        read(name)
    assert str(caught.value) == "data.csv may not be read: change its permissions"


def test_standard_input():
    for polars in READERS.values():
        assert tables_from(b"a,y\n1,0\n2,1\n", polars, target="y").labels == [0, 1]
    with pytest.raises(TableError, match=r"^standard input is empty: give a header"):
        tables_from(b"", False)


def test_standard_input_is_closed(read, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(TableError, match=r"^standard input is closed: give a file$"):
        read("-")


# ---------------------------------------------------------------- Parquet


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
    assert table.names == ["a", "b", "c"]
    expected = np.array([[1, 1, 0.1], [2, 0, -0.0], [3, 1, 5e-324]])
    assert np.asarray(table.X).tobytes() == expected.tobytes()
    assert table.labels == ["x", "y", "x"]
    assert list(table.weights) == [1.0, 2.0, 0.0]
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
        ({"a": [1, 2], "b": ["3", "x"]}, {}, f", row 2, column 'b' is 'x', {NUMBERS}"),
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


def test_damaged_parquet(parquet, file):
    for content in (b"PAR1 and no more", b"a,b\n1,2\n"):
        name = file(content, "data.parquet")
        with pytest.raises(TableError) as caught:
            tables.read(name)
        text = str(caught.value)
        assert text.startswith("data.parquet is no Parquet file, or damaged (")
        assert text.endswith("): get it anew")
        assert "\n" not in text


def test_parquet_without_polars(parquet):
    name = parquet({"a": [1]})
    with pytest.raises(TableError) as caught:
        tables.read(name, polars=False)
    assert str(caught.value) == (
        "data.parquet is a Parquet file, which polars reads:"
        " pip install 'pyref-logistic[data]', or give CSV"
    )


# ---------------------------------------------------------------- what it costs


def test_the_standard_library_suffices():
    """The readers import neither numpy nor polars before they need them."""
    code = (
        "import io, sys\nfrom pyref.model import tables\n"
        "sys.stdin = io.TextIOWrapper(io.BytesIO(b'a,b\\n1,2\\n'))\n"
        "print(tables.read('-', polars=False).X.tolist())\n"
        "print(sorted({'numpy', 'polars'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[[1.0, 2.0]]\n[]\n"
