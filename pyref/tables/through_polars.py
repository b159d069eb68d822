"""CSV and Parquet through polars, at its speed.

Of CSV, polars is asked for numbers only; where it finds anything else, or too few, the standard
library's reader is to decide.
"""

from __future__ import annotations

import importlib
import io
from array import array
from typing import Any

from .columns import (
    Columns,
    Table,
    TableError,
    Wanted,
    bad_number,
    columns_of,
    is_missing,
    labels_of,
    no_rows,
)
from .lines import Rows, text_of


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


def read_csv(data: bytes, name: str, wanted: Wanted) -> Table | None:
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
        header = next(iter(Rows(text_of(line, name), name)), [])
        columns = columns_of(header, name, wanted)
    except TableError:
        return None
    if len(header) == 1 and (b"\n\n" in data or b"\n\r\n" in data):
        return None  # an empty line is a row here, which polars may pass over
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
        if any(is_missing(cell, wanted.missing) for cell in different):
            return None
        labels = labels.to_list()
        place = f"{name}, column {columns.names[columns.target]!r}"
        if labels_of(different, place) is not different:  # numbers, all of them
            labels = labels_of(labels, place)
    return Table(
        [columns.names[j] for j in columns.features], _block(frame, columns), labels, weights
    )


def _doubles(column: Any) -> array[float]:
    return array("d", column.to_numpy().tobytes())


def _block(frame: Any, columns: Columns) -> Any:
    """The features as one block, row by row."""
    return frame.select([f"{j}" for j in columns.features]).to_numpy(order="c")


def read_parquet(data: bytes, name: str, wanted: Wanted) -> Table:
    """The table in the bytes of a Parquet file; `name` stands for the file in the errors."""
    pl = importlib.import_module("polars")
    try:
        names = list(pl.read_parquet_schema(io.BytesIO(data)))
        columns = columns_of(names, name, wanted)
        read = sorted({*columns.features, *_some(columns.target), *_some(columns.weights)})
        frame = pl.read_parquet(io.BytesIO(data), columns=read)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
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
        column = _as_labels(pl, frame[f"{columns.target}"], name, columns, wanted)
        good = column.is_not_null()
        if not good.all():
            bad.append((good.arg_min(), len(numbers), columns.target))
        labels = column.to_list()
    if bad:
        i, _, j = min(bad)
        cell = frame[f"{j}"][i]
        text = "" if cell is None else str(cell)
        place = f"{name}, row {i + 1}, column {columns.names[j]!r}"
        raise bad_number(text, place, wanted.missing)
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


def _as_labels(pl: Any, column: Any, name: str, columns: Columns, wanted: Wanted) -> Any:
    """A column as labels, null where one is missing."""
    kind = column.dtype
    if kind in (pl.String, pl.Categorical, pl.Enum):
        column = column.cast(pl.String).str.strip_chars()
        different = column.unique().drop_nulls().to_list()
        missing = column.is_in([cell for cell in different if is_missing(cell, wanted.missing)])
        return pl.select(pl.when(missing).then(None).otherwise(column)).to_series()
    if kind.is_float():
        return column.fill_nan(None)
    if kind.is_integer() or kind == pl.Boolean:
        return column
    raise TableError(
        f"{name}: column {columns.names[int(column.name)]!r} is of the type {kind}:"
        " give labels as text, bool or numbers"
    )
