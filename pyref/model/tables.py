"""Tables from files: CSV with the standard library, or CSV and Parquet through polars.

A table has a header of column names, and rows of numbers. One column may be the target, whose
cells are labels, another the weights of the rows. CSV is UTF-8 with or without a byte order
mark, commas, quotes as spreadsheets write them, and any kind of line ends; lines with nothing
on them are passed over.

Where polars is installed (the extra `[data]`), it reads CSV too, at its speed. It is asked for
numbers, and if it finds anything else, or too few, then the standard library reads the file
again: that reader decides, and words every error, so that both mean and say the same. Errors
name the line of the file (the header is line 1 unless quotes span lines) and the row of the
table (its first is row 1).

Labels: if every cell of the target is a whole number as Python writes it, the labels are int;
else they are text. In a Parquet file they are what the file says: text, bool, int or float.
"""

from __future__ import annotations

import csv
import importlib
import importlib.util
import io
import math
import sys
from array import array
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

# What people write for a cell without a value, in small letters.
MISSING = ("", "na", "n/a", "nan", "null")

PARQUET = b"PAR1"  # how such a file begins


class TableError(ValueError):
    """A file that holds no table to work with: where, and the cure, in one line."""


class Table(NamedTuple):
    """n rows of d numbers, and what belongs to each row."""

    names: list[str]  # of the d columns of X
    X: Any  # n x d doubles, row by row: a memoryview or a numpy array
    labels: list[Any] | None  # n of them
    weights: Any  # n doubles, or None


class Wanted(NamedTuple):
    """Which columns are read as what."""

    target: str | None = None
    weights: str | None = None
    drop: Sequence[str] = ()
    features: Sequence[str] | None = None  # None: all that are left


def has_polars() -> bool:
    """Whether the extra is installed (and not blocked)."""
    try:
        return importlib.util.find_spec("polars") is not None
    except ValueError:  # None in sys.modules
        return False


def read(
    path: str,
    *,
    target: str | None = None,
    weights: str | None = None,
    drop: Sequence[str] = (),
    features: Sequence[str] | None = None,
    polars: bool | None = None,
) -> Table:
    """The table in a file; "-" is standard input.

    The columns of X are `features`, in that order, whatever else the file has; without it, all
    columns but target, weights and drop. polars says whether to use it: None means, if it is
    there. TableError says what is wrong with the file, where, and what to do.
    """
    name = "standard input" if path == "-" else path
    wanted = Wanted(target, weights, drop, features)
    data = _bytes(path, name)
    if not data.strip():
        raise empty(name)
    use_polars = has_polars() if polars is None else polars
    if data.startswith(PARQUET) or path.endswith(".parquet"):
        if not use_polars:
            raise TableError(
                f"{name} is a Parquet file, which polars reads:"
                " pip install 'pyref-logistic[data]', or give CSV"
            )
        return _parquet(data, name, wanted)
    if use_polars:
        table = _polars_csv(data, name, wanted)
        if table is not None:
            return table
    return _csv(data, name, wanted)


def _bytes(path: str, name: str) -> bytes:
    try:
        if path == "-":
            if sys.stdin is None:
                raise TableError("standard input is closed: give a file")
            return sys.stdin.buffer.read()
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        raise TableError(f"{name} is not there: check the path") from None
    except IsADirectoryError:
        raise TableError(f"{name} is a directory: give a file") from None
    except PermissionError:
        raise TableError(f"{name} may not be read: change its permissions") from None
    except OSError as error:
        raise TableError(f"{name} cannot be read: {error.strerror or error}") from None


# ---------------------------------------------------------------- columns


class Columns(NamedTuple):
    """Where the wanted columns stand in the file."""

    names: list[str]  # all of the header
    features: list[int]
    target: int | None
    weights: int | None


def _columns(header: Sequence[str], name: str, wanted: Wanted) -> Columns:
    """The places of the columns that are wanted, or the error."""
    names = [cell.strip() for cell in header]
    for j, column in enumerate(names):
        if not column:
            raise TableError(
                f"{name}, header: column {j + 1} has no name: give it one, or take it out"
            )
    places = {column: j for j, column in enumerate(names)}
    if len(places) < len(names):
        twice = next(column for j, column in enumerate(names) if places[column] != j)
        first, second = [j + 1 for j, column in enumerate(names) if column == twice][:2]
        raise TableError(
            f"{name}, header: columns {first} and {second} are both named {twice!r}:"
            " give each column a name of its own"
        )

    def place(column: str) -> int:
        if column not in places:
            hint = ""
            if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
                hint = "; its cells seem not to be separated by commas"
            raise TableError(f"{name} has no column {column!r}: give one of {_listed(names)}{hint}")
        return places[column]

    target = None if wanted.target is None else place(wanted.target)
    weights = None if wanted.weights is None else place(wanted.weights)
    if wanted.features is not None:
        features = [place(column) for column in wanted.features]
    else:
        left_out = {place(column) for column in wanted.drop} | {target, weights}
        features = [j for j in range(len(names)) if j not in left_out]
        if not features:
            raise TableError(f"{name} has no column left to learn from: give it one more")
    if target is not None and target == weights:
        raise TableError(f"column {wanted.target!r} cannot be target and weights: give two columns")
    return Columns(names, features, target, weights)


def _listed(names: Sequence[str]) -> str:
    """Names for an error: all, or the first of many."""
    shown = ", ".join([repr(column) for column in names[:8]])
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown


def empty(name: str) -> TableError:
    """The error for a file with nothing in it."""
    return TableError(f"{name} is empty: give a header and at least one row")


def no_rows(name: str) -> TableError:
    """The error for a table of a header alone."""
    return TableError(f"{name} has a header but no rows: give at least one")


def is_missing(cell: str) -> bool:
    """Whether a cell stands for no value."""
    return cell.strip().lower() in MISSING


def number(cell: str) -> float:
    """A cell as a float. ValueError for what only Python takes for a number, as 1_000."""
    if "_" in cell or not cell.isascii():
        raise ValueError(cell)
    return float(cell)


def bad_number(cell: str, place: str) -> TableError:
    """The error for a cell that is no finite number."""
    if is_missing(cell):
        return TableError(f"{place} is missing: fill it in, or remove the row")
    text = _shown(cell)
    try:
        value = number(cell)
    except ValueError:
        return TableError(
            f"{place} is {text}, not a number: write it as numbers, or leave the column out"
            " (--drop)"
        )
    if math.isfinite(value):  # so it was a weight
        return TableError(f"{place} is {text}, but weights count rows: give 0 or more")
    return TableError(f"{place} is {text}: fill in a finite number, or remove the row")


def _shown(cell: str) -> str:
    picture = repr(cell.strip())
    return picture if len(picture) <= 40 else picture[:37] + "..."


def labels_of(cells: list[str]) -> list[Any]:
    """Labels as int if all are whole numbers as Python writes them, else as they are.

    >>> labels_of(["1", "-2", "1"]), labels_of(["1", "02"]), labels_of(["1", "x"])
    ([1, -2, 1], ['1', '02'], ['1', 'x'])
    """
    as_int: dict[str, int] = {}
    for cell in set(cells):
        try:
            whole = int(cell)
        except ValueError:
            return cells
        if str(whole) != cell:
            return cells
        as_int[cell] = whole
    return [as_int[cell] for cell in cells]


# ---------------------------------------------------------------- CSV, standard library


def _text(data: bytes, name: str) -> str:
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


class _Rows:
    """The rows of a CSV file that have something on them, and where each begins."""

    def __init__(self, text: str, name: str) -> None:
        # (newline="" leaves the line ends, and those in quotes, to the csv module.)
        self.reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        self.name = name
        self.line = 1  # where the row that was read last begins

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
            if row and (len(row) > 1 or row[0].strip()):
                yield row


def _csv(data: bytes, name: str, wanted: Wanted) -> Table:
    text = _text(data, name)
    rows = _Rows(text, name)
    lines = iter(rows)
    header = next(lines, None)
    if header is None:
        raise empty(name)
    columns = _columns(header, name, wanted)
    width, d = len(header), len(columns.features)
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
            raise _first_bad(row, columns, place)
        X.extend(values)
        if columns.weights is not None:
            cell = row[columns.weights]
            try:
                weight = number(cell)
            except ValueError:
                weight = math.nan
            if not 0 <= weight < math.inf:
                raise bad_number(cell, f"{place}, column {columns.names[columns.weights]!r}")
            weights.append(weight)
        if columns.target is not None:
            cell = row[columns.target].strip()
            if is_missing(cell):
                raise bad_number(cell, f"{place}, column {columns.names[columns.target]!r}")
            cells.append(cell)
    if not n:
        raise no_rows(name)
    return Table(
        [columns.names[j] for j in columns.features],
        memoryview(X).cast("B").cast("d", [n, d]),
        None if columns.target is None else labels_of(cells),
        None if columns.weights is None else weights,
    )


def _first_bad(row: Sequence[str], columns: Columns, place: str) -> TableError:
    """The error for the first feature of a row that is no finite number."""
    for j in columns.features:
        try:
            good = math.isfinite(number(row[j]))
        except ValueError:
            good = False
        if not good:
            break
    return bad_number(row[j], f"{place}, column {columns.names[j]!r}")


# ---------------------------------------------------------------- through polars


def _some(j: int | None) -> list[int]:
    return [] if j is None else [j]


def _is_utf8(data: bytes) -> bool:
    if data.isascii():  # much faster than to decode
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _polars_csv(data: bytes, name: str, wanted: Wanted) -> Table | None:
    """The table as polars reads it; None where the other reader is to decide."""
    pl = importlib.import_module("polars")
    if b"\0" in data or not _is_utf8(data):
        return None
    if data.count(b'"') % 2:
        return None  # an open quote, at which polars 2.1 can panic, and that is not silent
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        return None  # line ends that polars does not know
    try:
        # The header is the first line, unless quotes span lines: then this is an error.
        line = data[: data.find(b"\n") + 1 or len(data)]
        header = next(iter(_Rows(_text(line, name), name)), [])
        columns = _columns(header, name, wanted)
    except TableError:
        return None
    last = len(header) - 1  # read in any case: it is empty where a row is too short
    as_numbers = sorted({*columns.features, *_some(columns.weights)})
    read = sorted({*as_numbers, *_some(columns.target), last})
    try:
        frame = pl.read_csv(
            data,
            schema={f"{j}": pl.Float64 if j in as_numbers else pl.String for j in range(last + 1)},
            columns=read,
            has_header=False,  # it has been read above
            skip_rows=1,
        )
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return None
    if not frame.height or any(frame.null_count().row(0)):
        return None
    weights = None
    if columns.weights is not None:
        weights = frame[f"{columns.weights}"]
        if weights.min() < 0:
            return None
        weights = _doubles(weights)
    if not all(frame[f"{j}"].is_finite().all() for j in as_numbers):
        return None
    labels = None
    if columns.target is not None:
        labels = frame[f"{columns.target}"].str.strip_chars()
        different = labels.unique().to_list()
        if any(is_missing(cell) for cell in different):
            return None
        labels = labels.to_list()
        if labels_of(different) is not different:  # whole numbers, all of them
            labels = labels_of(labels)
    return Table(
        [columns.names[j] for j in columns.features], _block(frame, columns), labels, weights
    )


def _doubles(column: Any) -> array[float]:
    return array("d", column.to_numpy().tobytes())


def _block(frame: Any, columns: Columns) -> Any:
    """The features as one block, row by row."""
    return frame.select([f"{j}" for j in columns.features]).to_numpy(order="c")


def _parquet(data: bytes, name: str, wanted: Wanted) -> Table:
    pl = importlib.import_module("polars")
    try:
        names = list(pl.read_parquet_schema(io.BytesIO(data)))
        columns = _columns(names, name, wanted)
        read = sorted({*columns.features, *_some(columns.target), *_some(columns.weights)})
        frame = pl.read_parquet(io.BytesIO(data), columns=read)
    except (pl.exceptions.PolarsError, OSError) as error:
        what = str(error).strip().partition("\n")[0]
        raise TableError(f"{name} is no Parquet file, or damaged ({what}): get it anew") from None
    if not frame.height:
        raise no_rows(name)
    frame = frame.rename({names[j]: f"{j}" for j in read})
    labels = None
    bad: list[tuple[int, int, int]] = []  # row, turn, column: what the other reader meets first
    numbers = []
    for turn, j in enumerate([*columns.features, *_some(columns.weights)]):
        column = _as_doubles(pl, frame[f"{j}"])
        good = column.is_finite() & (column >= 0 if j == columns.weights else True)
        good = good.fill_null(False)
        if not good.all():
            bad.append((good.arg_min(), turn, j))
        numbers.append(column)
    if columns.target is not None:
        column = _as_labels(pl, frame[f"{columns.target}"], name, columns)
        good = column.is_not_null()
        if not good.all():
            bad.append((good.arg_min(), len(numbers), columns.target))
        labels = column.to_list()
    if bad:
        i, _, j = min(bad)
        cell = frame[f"{j}"][i]
        text = "" if cell is None else str(cell)
        raise bad_number(text, f"{name}, row {i + 1}, column {columns.names[j]!r}")
    frame = pl.DataFrame(numbers)
    weights = None if columns.weights is None else _doubles(frame[f"{columns.weights}"])
    return Table(
        [columns.names[j] for j in columns.features], _block(frame, columns), labels, weights
    )


def _as_doubles(pl: Any, column: Any) -> Any:
    """A column as doubles, null where a cell is no number."""
    kind = column.dtype
    if kind in (pl.String, pl.Categorical, pl.Enum):
        return column.cast(pl.String).str.strip_chars().cast(pl.Float64, strict=False)
    if kind.is_numeric() or kind == pl.Boolean:
        return column.cast(pl.Float64, strict=False)
    return pl.Series(column.name, [None] * len(column), dtype=pl.Float64)


def _as_labels(pl: Any, column: Any, name: str, columns: Columns) -> Any:
    """A column as labels, null where one is missing."""
    kind = column.dtype
    if kind in (pl.String, pl.Categorical, pl.Enum):
        column = column.cast(pl.String).str.strip_chars()
        missing = column.str.to_lowercase().is_in(list(MISSING))
        return pl.select(pl.when(missing).then(None).otherwise(column)).to_series()
    if kind.is_float():
        return column.fill_nan(None)
    if kind.is_integer() or kind == pl.Boolean:
        return column
    raise TableError(
        f"{name}: column {columns.names[int(column.name)]!r} is of the type {kind}:"
        " give labels as text, bool or numbers"
    )
