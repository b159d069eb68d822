"""A fixture that writes a file with a table in it, and what is wrong with some tables."""

import pytest

from pyref.tables.design import Coding


@pytest.fixture
def file(tmp_path, monkeypatch):
    """Writes data.csv into the working directory and returns its name."""
    monkeypatch.chdir(tmp_path)

    def write(content, name="data.csv"):
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / name).write_bytes(data)
        return name

    return write


NUMBERS = "not a number: write it as numbers, or leave the column out (--drop)"
FILL = "is missing: fill it in, or leave such rows out (--missing drop)"
# What spreadsheets, databases and data frames write for no value.
MARKS = (
    *("#N/A", "<NA>", "NaT", "-nan", "#DIV/0!", "#VALUE!", "\\N", "(null)", "None", "NA", "n/a"),
    *("NULL", "NaN", "#REF!", "#NAME?", "#NUM!", "1.#IND", "-1.#QNAN", "#na"),
)
AMONG = "not a number, as most of this column are: correct it, or leave the column out (--drop b)"
COUNTED = "".join([f"{k},{k}\n" for k in range(11)])
# {case: (CSV, options, error)}
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
    "text among numbers": (
        f"a,b\n{COUNTED}12,l3\n",
        {},
        f"data.csv, row 12 (line 13), column 'b' is 'l3', {AMONG}",
    ),
    "long text among numbers": (
        f"a,b\n{COUNTED}12,{'x' * 99}\n",
        {},
        f"data.csv, row 12 (line 13), column 'b' is '{'x' * 36}..., {AMONG}",
    ),
    "only Python's number": (
        f"a,b\n{COUNTED}12,1_000\n",
        {},
        f"data.csv, row 12 (line 13), column 'b' is '1_000', {AMONG}",
    ),
    "other digits": (
        f"a,b\n{COUNTED}12,１\n",
        {},
        f"data.csv, row 12 (line 13), column 'b' is '１', {AMONG}",
    ),
    "text where the model has numbers": (
        "a,city\n1,Paris\n",
        {"codings": [Coding("a"), Coding("city")]},
        f"data.csv, row 1 (line 2), column 'city' is 'Paris', {NUMBERS}",
    ),
    "a name in every row": (
        "a,b,name,c,day\n" + "".join([f"{k},k{k},n{k},x,d{k % 7}{k % 2}\n" for k in range(20)]),
        {"target": "c"},
        "columns 'b', 'name', 'day' are text in which nearly every row differs, as names, dates and"
        " identifiers do, and nothing can be learned from that: leave them out (--drop b --drop"
        " name --drop day)",
    ),
    "a level that the model does not know": (
        "a,b\n1,x\n2,y\n3,z\n4,w\n",
        {"codings": [Coding("a"), Coding("b", ["x", "y"], "x")]},
        "data.csv, row 3 (line 4), column 'b' is 'z', a level that the model does not know: give"
        " one of 'x', 'y', or fit anew",
    ),
    "a code that the model does not know": (
        "a,b\n1,4\n2,6.0\n3,5\n",
        {"codings": [Coding("a"), Coding("b", [4, 6], 4)]},
        "data.csv, row 3 (line 4), column 'b' is 5, a level that the model does not know: give one"
        " of 4, 6, or fit anew",
    ),
    "a reference that is no level": (
        "a,b\n1,x\n2,y\n3,x\n",
        {"reference": {"b": "z"}},
        "reference of column 'b' is 'z': give one of its levels, 'x', 'y'",
    ),
    "a reference for no column": (
        "age,b\n1,x\n2,y\n3,x\n",
        {"reference": {"Agee": "z"}},
        "reference names the column 'Agee', which is no feature: did you mean 'age'?",
    ),
    "categorical, no column": (
        "age,b\n1,x\n2,y\n3,x\n",
        {"categorical": ["city"]},
        "categorical names the column 'city', which is no feature: give one of 'age', 'b'",
    ),
    "a gap in every row": (
        "a,b,c\n1,,\n2,NA,3\n",
        {"missing": "drop"},
        "data.csv has a gap in every row, 2 of them in column 'b': fill them in, or leave the"
        " column out (--drop b)",
    ),
    "one value alone": (
        "a,y\nx,1\nx,2\n",
        {"target": "y"},
        "data.csv has one value alone in 'a': give a column that differs",
    ),
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
    "semicolons, but no more in each row": (
        "a;y\n1;2\n3\n",
        {"target": "y"},
        "data.csv, row 2 (line 3) has 1 cells, the header 2: give every row the same columns",
    ),
    "another mark is insisted on": (
        "a;y\n1;2\n",
        {"target": "y", "sep": ","},
        "data.csv has no column 'y': give one of 'a;y'",
    ),
    "damaged gzip": (
        b"\x1f\x8b and no more",
        {},
        "data.csv is compressed, and damaged (Unknown compression method): get it anew",
    ),
    "target and weights": (
        "a,b\n1,2\n",
        {"target": "a", "weights": "a"},
        "column 'a' cannot be target and weights: give two columns",
    ),
    "a feature as the target": (
        "a,b\n1,2\n",
        {"features": ["a", "b"], "target": "b"},
        "column 'b' is a feature, and cannot be the target too: give another column",
    ),
    "a feature as the weights": (
        "a,b,y\n1,2,0\n",
        {"features": ["b"], "target": "y", "weights": "b"},
        "column 'b' is a feature, and cannot be the weights too: give another column",
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
