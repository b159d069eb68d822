"""CSV with the standard library: the reader that decides what a file holds."""

from __future__ import annotations

import csv
import io
import math
from array import array
from collections.abc import Callable, Iterator, Sequence

from .columns import Raw, TableError, Wanted, columns_of, empty, is_missing, no_rows, number
from .design import Column
from .dialect import delimiter_of


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

    def __init__(self, text: str, name: str, separator: str) -> None:
        # (newline="" leaves the line ends, and those in quotes, to the csv module.)
        self.reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
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


def names_of(data: bytes, name: str, separator: str | None) -> list[str]:
    """The names of the columns."""
    text = text_of(data, name)
    header = next(iter(Rows(text, name, separator or delimiter_of(text))), None)
    if header is None:
        raise empty(name)
    return columns_of(header, name, Wanted()).names


def read_csv(data: bytes, name: str, wanted: Wanted) -> Raw:
    """What the bytes of a CSV file hold; `name` stands for the file in the errors.

    Every feature is taken for a column of numbers. Those that turn out to be text are read in a
    second run through the file, so that of numbers no cells are kept.
    """
    text = text_of(data, name)
    separator = wanted.separator or delimiter_of(text)
    rows = Rows(text, name, separator)
    lines = iter(rows)
    header = next(lines, None)
    if header is None:
        raise empty(name)
    columns = columns_of(header, name, wanted)
    width, d = len(header), len(columns.features)
    rows.one_column = width == 1
    read_number: Callable[[str], float] = number
    if wanted.decimal != ".":
        read_number = with_comma
    elif text.isascii() and "_" not in text:
        read_number = float
    known_text = wanted.text or ()
    is_text = [columns.names[j] in known_text for j in columns.features]
    flat, weights, starts = array("d"), array("d"), array("q")
    cells: list[str | None] = []
    bad: dict[int, tuple[int, str]] = {}
    have_gaps = False
    n = 0
    for row in lines:
        n += 1
        if len(row) != width:
            raise TableError(
                f"{name}, row {n} (line {rows.line}) has {len(row)} cells, the header {width}:"
                " give every row the same columns"
            )
        starts.append(rows.line)
        try:
            values = [read_number(row[j]) for j in columns.features]
        except ValueError:
            values = [math.nan]
        if not all(map(math.isfinite, values)):
            values = []
            for turn, j in enumerate(columns.features):
                value = math.nan
                if not is_missing(row[j], wanted.marks):
                    try:
                        value = read_number(row[j])
                    except ValueError:
                        if wanted.text is None:
                            is_text[turn] = True
                        elif not is_text[turn]:
                            bad.setdefault(turn, (n - 1, row[j]))
                    else:
                        if not math.isfinite(value):
                            bad.setdefault(turn, (n - 1, row[j]))
                else:
                    have_gaps = True
                values.append(value)
        flat.extend(values)
        if columns.weights is not None:
            cell = row[columns.weights]
            weight = math.nan
            if not is_missing(cell, wanted.marks):
                try:
                    weight = read_number(cell)
                except ValueError:
                    weight = -1.0
                if not 0 <= weight < math.inf:
                    bad.setdefault(d, (n - 1, cell))
            weights.append(weight)
        if columns.target is not None:
            label = row[columns.target].strip()
            cells.append(None if is_missing(label, wanted.marks) else label)
    if not n:
        raise no_rows(name)
    texts = [turn for turn in range(d) if is_text[turn]]
    wholes = [*[columns.features[turn] for turn in texts], *columns.carried]
    found = _cells_of(Rows(text, name, separator), width, wholes)
    kept_text = dict(zip(texts, found))

    def feature(turn: int) -> Column:
        column = columns.names[columns.features[turn]]
        if turn not in kept_text:
            return Column(column, flat[turn::d])
        gaps = {cell for cell in set(kept_text[turn]) if is_missing(cell, wanted.marks)}
        return Column(column, [None if c in gaps else c for c in kept_text[turn]], is_text=True)

    plain = not (texts or have_gaps)
    return Raw(
        columns,
        n,
        memoryview(flat).cast("B").cast("d", [n, d]) if plain else None,
        feature,
        cells if columns.target is not None else None,
        False,
        weights if columns.weights is not None else None,
        [(i, turn, cell) for turn, (i, cell) in bad.items() if turn not in texts],
        starts,
        found[len(texts) :],
    )


def with_comma(cell: str) -> float:
    """A number with a decimal comma. (A point in it is no number: whether it groups thousands is
    not known.)

    >>> with_comma(" 1,5"), with_comma("2")
    (1.5, 2.0)
    """
    if "." in cell:
        raise ValueError(cell)
    return number(cell.replace(",", "."))


def _cells_of(rows: Rows, width: int, places: Sequence[int]) -> list[list[str]]:
    """The cells of some columns, equal ones as one object."""
    found: list[list[str]] = [[] for _ in places]
    if not places:
        return found
    lines = iter(rows)
    next(lines)
    rows.one_column = width == 1
    one: dict[str, str] = {}
    for row in lines:
        for column, j in zip(found, places):
            cell = row[j].strip()
            column.append(one.setdefault(cell, cell))
    return found
