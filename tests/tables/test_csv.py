"""Tables from files: what is read, what is refused, and that both readers say the same.

Every test that takes `read` runs for the standard library's reader and for polars'. A hypothesis
test writes files of a nasty alphabet and asks that the two agree about every one of them.
"""

import contextlib
import io
import math
import os
import struct
import subprocess
import sys
import types
from functools import partial

import numpy as np
import pytest
from helpers import table_files
from helpers.table_files import ERRORS, MARKS
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pyref import tables
from pyref.tables import TableError, lines

file = table_files.file  # a fixture

READERS = {"library": False, "polars": True}


@pytest.fixture(params=READERS)
def read(request):
    return partial(tables.read, polars=READERS[request.param])


def plain(table):
    """A table as lists, doubles as their bits."""
    X = np.empty((0, len(table.names))) if table.X is None else np.asarray(table.X)
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


@pytest.mark.parametrize(
    ("text", "row", "line"),
    [
        ("x\n1\n\n3\n", 2, 3),
        ("x\r\n1\r\n\r\n3\r\n", 2, 3),
        ("x\n\n1\n", 1, 2),
        ("x\n1\n2\n\n", 3, 4),  # the last line too
        ("\n\nx\n1\n\n", 2, 5),  # above the header there are no rows
        ('x\n1\n""\n', 2, 3),
        ("x\n1\n  \n3", 2, 3),
        ("x\n1\n\t", 2, 3),
    ],
)
def test_in_one_column_an_empty_line_is_a_row(file, read, text, row, line):
    with pytest.raises(TableError) as caught:
        read(file(text))
    assert str(caught.value) == (
        f"data.csv, row {row} (line {line}), column 'x' {table_files.FILL}"
    )


@pytest.mark.parametrize("text", ["x\n1\n2", "x\n1\n2\n", "\n\nx\n1\n2\n"])
def test_in_one_column_the_last_line_end_is_no_row(file, read, text):
    assert np.array_equal(read(file(text)).X, [[1], [2]])


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
        ("01 02 10", ["01", "02", "10"]),
        ("1.0 0.0 1.0", [1.0, 0.0, 1.0]),
        ("0 0.0 1 1.0", [0.0, 0.0, 1.0, 1.0]),
        ("1e1 10 0.5 .5 -0.0 0", [10.0, 10.0, 0.5, 0.5, 0.0, 0.0]),
        ("9007199254740993 9007199254740992", [9007199254740993, 9007199254740992]),
        (  # one float would stand for both
            "9007199254740993 9007199254740992.0",
            ["9007199254740993", "9007199254740992.0"],
        ),
        ("1e999 1", ["1e999", "1"]),
        ("0 1 1.0 x", ["0", "1", "1.0", "x"]),
        ("True False True", ["True", "False", "True"]),
        ("+1 1 1_0", ["+1", "1", "1_0"]),
        ("+1 1 1", [1, 1, 1]),
        ("0 -0 1", [0, 0, 1]),
        ("none a none", ["none", "a", "none"]),  # a word; Python's None is a gap
        ("nat a NAT", ["nat", "a", "NAT"]),
        ("? a .", ["?", "a", "."]),
    ],
)
def test_labels_are_whole_numbers_or_text(file, read, cells, labels):
    table = read(file("x,y\n" + "".join(f"1,{cell}\n" for cell in cells.split())), target="y")
    assert table.labels == labels
    assert [type(label) for label in table.labels] == [type(label) for label in labels]


@pytest.mark.parametrize(
    ("cells", "first", "second"),
    [
        ("0 1 00 01", "0", "00"),
        ("1 01 2", "01", "1"),
        ("007 7.0", "007", "7.0"),
        ("-1 -01", "-01", "-1"),
    ],
)
def test_one_number_written_in_two_ways_with_zeros_is_refused(file, read, cells, first, second):
    """Codes or numbers? Nobody knows, and either guess may be two classes where there is one."""
    name = file("x,y\n" + "".join(f"1,{cell}\n" for cell in cells.split()))
    with pytest.raises(TableError) as caught:
        read(name, target="y")
    assert str(caught.value) == (
        f"data.csv, column 'y' has {first!r} and {second!r}, one number written in two ways: write"
        " it in one, or put a letter before codes"
    )


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
    monkeypatch.setattr(lines, "read_csv", None)
    for options in ({"target": "y"}, {"features": ["b"]}, {"target": "y", "weights": "b"}):
        assert len(tables.read(name, polars=True, **options).X) == 2


def test_polars_is_used_where_it_is(monkeypatch):
    assert tables.has_polars()
    monkeypatch.setitem(sys.modules, "polars", None)
    assert not tables.has_polars()


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize("case", ERRORS)
def test_errors(file, read, case):
    content, options, expected = ERRORS[case]
    with pytest.raises(TableError) as caught:
        read(file(content), **options)
    assert str(caught.value) == expected


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize(("target", "column"), [("y", "y"), ("b", "a")])
def test_marks_of_a_missing_value_are_gaps(file, read, mark, target, column):
    """In the target they were a class of their own."""
    rows = [["1", "2", "no"], ["3", "4", "yes"]]
    rows[1]["aby".index(column)] = f" {mark} "
    name = file("a,b,y\n" + "".join([",".join(row) + "\n" for row in rows]))
    with pytest.raises(TableError) as caught:
        read(name, target=target, features=["a"])
    assert str(caught.value) == f"data.csv, row 2 (line 3), column {column!r} {table_files.FILL}"


@pytest.mark.parametrize(("target", "column"), [("y", "y"), ("b", "a")])
def test_further_marks_can_be_given(file, read, target, column):
    rows = [["1", "2", "no"], ["3", "4", "yes"]]
    rows[1]["aby".index(column)] = "?"
    name = file("a,b,y\n" + "".join([",".join(row) + "\n" for row in rows]))
    with pytest.raises(TableError) as caught:
        read(name, target=target, features=["a"], marks=[".", "?"])
    assert str(caught.value) == f"data.csv, row 2 (line 3), column {column!r} {table_files.FILL}"


@pytest.mark.parametrize("mark", ["-999", "9.0", "inf", "nan"])
def test_a_mark_that_is_a_number_is_refused(file, read, mark):
    with pytest.raises(ValueError, match="the number") as caught:
        read(file("a\n1\n"), marks=[mark])
    assert str(caught.value) == (
        f"na is {mark!r}, the number {float(mark):g}, and a number is a value: remove the"
        " rows that have it, and give a word"
    )


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


# ---------------------------------------------------------------- what it costs


def test_the_standard_library_suffices():
    """The readers import neither numpy nor polars before they need them."""
    code = (
        "import io, sys\nfrom pyref import tables\n"
        "sys.stdin = io.TextIOWrapper(io.BytesIO(b'a,b\\n1,2\\n'))\n"
        "print(tables.read('-', polars=False).X.tolist())\n"
        "print(sorted({'numpy', 'polars'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[[1.0, 2.0]]\n[]\n"
