"""CSV with the standard library: the reader that decides what a file holds."""

from __future__ import annotations

import csv
import io
import math
from array import array
from collections.abc import Iterator, Sequence

from .columns import (
    Columns,
    Table,
    TableError,
    Wanted,
    bad_number,
    columns_of,
    empty,
    is_missing,
    labels_of,
    no_rows,
    number,
)


def text_of(data: bytes, name: str) -> str:
    """The file as text, or the error that says where it is none."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise TableError(f"{name} is text in UTF-16: save it as CSV in UTF-8")
    at = data.find(b"\0")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = error.start + len(data) - len(error.object)  # without a byte order mark
        at = place if at < 0 else min(at, place)
    if at < 0:
        return text
    line = data.count(b"\n", 0, at) + 1
    raise TableError(
        f"{name}, line {line}: byte 0x{data[at]:02x} is not text in UTF-8: give a CSV file in UTF-8"
    )


class Rows:
    """The rows of a CSV file, and where each begins.

    A line with nothing on it is passed over, but not in a table of one column: there it is a row
    whose cell is empty (so polars writes it), and `one_column` says that it is to be kept.
    """

    def __init__(self, text: str, name: str) -> None:
        # (newline="" leaves the line ends, and those in quotes, to the csv module.)
        self.reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        self.name = name
        self.line = 1  # where the row that was read last begins
        self.one_column = False

    def __iter__(self) -> Iterator[list[str]]:
        while True:
            self.line = self.reader.line_num + 1
            try:
                row = next(self.reader, None)
            except csv.Error as error:
                raise TableError(
                    f"{self.name}, line {self.line}: {error}: check the quotes of this row"
                ) from None
            if row is None:
                return
            if self.one_column or (row and (len(row) > 1 or row[0].strip())):
                yield row or [""]


def read_csv(data: bytes, name: str, wanted: Wanted) -> Table:
    """The table in the bytes of a CSV file; `name` stands for the file in the errors."""
    text = text_of(data, name)
    rows = Rows(text, name)
    lines = iter(rows)
    header = next(lines, None)
    if header is None:
        raise empty(name)
    columns = columns_of(header, name, wanted)
    width, d = len(header), len(columns.features)
    rows.one_column = width == 1
    read_number = float if text.isascii() and "_" not in text else number
    X, weights = array("d"), array("d")
    cells: list[str] = []
    n = 0
    for row in lines:
        n += 1
        place = f"{name}, row {n} (line {rows.line})"
        if len(row) != width:
            raise TableError(
                f"{place} has {len(row)} cells, the header {width}: give every row the same columns"
            )
        try:
            values = [read_number(row[j]) for j in columns.features]
        except ValueError:
            values = [math.nan]
        if not all(map(math.isfinite, values)):
            raise _first_bad(row, columns, place, wanted.missing)
        X.extend(values)
        if columns.weights is not None:
            cell = row[columns.weights]
            try:
                weight = number(cell)
            except ValueError:
                weight = math.nan
            if not 0 <= weight < math.inf:
                column = columns.names[columns.weights]
                raise bad_number(cell, f"{place}, column {column!r}", wanted.missing)
            weights.append(weight)
        if columns.target is not None:
            cell = row[columns.target].strip()
            if is_missing(cell, wanted.missing):
                column = columns.names[columns.target]
                raise bad_number(cell, f"{place}, column {column!r}", wanted.missing)
            cells.append(cell)
    if not n:
        raise no_rows(name)
    labels = None
    if columns.target is not None:
        labels = labels_of(cells, f"{name}, column {columns.names[columns.target]!r}")
    return Table(
        [columns.names[j] for j in columns.features],
        memoryview(X).cast("B").cast("d", [n, d]),
        labels,
        None if columns.weights is None else weights,
    )


def _first_bad(
    row: Sequence[str], columns: Columns, place: str, marks: Sequence[str]
) -> TableError:
    """The error for the first feature of a row that is no finite number."""
    for j in columns.features:
        try:
            good = math.isfinite(number(row[j]))
        except ValueError:
            good = False
        if not good:
            break
    return bad_number(row[j], f"{place}, column {columns.names[j]!r}", marks)
