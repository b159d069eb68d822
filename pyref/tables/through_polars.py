"""CSV and Parquet through polars, at its speed.

Of CSV, polars is asked for numbers only; where it finds anything else, or too few, the standard
library's reader is to decide.
"""

from __future__ import annotations

import importlib
import io
import math
from array import array
from typing import Any

from .columns import Columns, Raw, TableError, Wanted, columns_of, is_missing, no_rows
from .design import Column
from .dialect import delimiter_of
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


def read_csv(data: bytes, name: str, wanted: Wanted) -> Raw | None:
    """The table as polars reads it; None where the other reader is to decide."""
    pl = importlib.import_module("polars")
    if (
        wanted.text
        or wanted.carried
        or wanted.decimal != "."
        or b"\0" in data
        or not _is_utf8(data)
    ):
        return None
    if data.count(b'"') % 2:
        return None  # an open quote, at which polars 2.1 can panic, and that is not silent
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        return None  # line ends that polars does not know
    try:
        # The header is the first line, unless quotes span lines: then this is an error.
        line = data[: data.find(b"\n") + 1 or len(data)]
        separator = wanted.separator or delimiter_of(data[:80_000].decode("utf-8-sig", "ignore"))
        header = next(iter(Rows(text_of(line, name), name, separator)), [])
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
            separator=separator,
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
    cells = None
    if columns.target is not None:
        label = frame[f"{columns.target}"].str.strip_chars()
        if any(is_missing(cell, wanted.marks) for cell in label.unique().to_list()):
            return None
        cells = label.to_list()

    def feature(turn: int) -> Column:
        j = columns.features[turn]
        return Column(columns.names[j], _doubles(frame[f"{j}"]))

    block = _block(frame, columns)
    return Raw(columns, frame.height, block, feature, cells, False, weights, [], None, [])


def _doubles(column: Any) -> array[float]:
    return array("d", column.to_numpy().tobytes())


def _block(frame: Any, columns: Columns) -> Any:
    """The features as one block, row by row."""
    return frame.select([f"{j}" for j in columns.features]).to_numpy(order="c")


def read_parquet(data: bytes, name: str, wanted: Wanted) -> Raw:
    """The table in the bytes of a Parquet file; `name` stands for the file in the errors."""
    pl = importlib.import_module("polars")
    try:
        names = list(pl.read_parquet_schema(io.BytesIO(data)))
        columns = columns_of(names, name, wanted)
        more = {*_some(columns.target), *_some(columns.weights), *columns.carried}
        read = sorted({*columns.features, *more})
        frame = pl.read_parquet(io.BytesIO(data), columns=read)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        what = str(error).strip().partition("\n")[0]
        raise TableError(f"{name} is no Parquet file, or damaged ({what}): get it anew") from None
    if not frame.height:
        raise no_rows(name)
    frame = frame.rename({names[j]: f"{j}" for j in read})
    bad: list[tuple[int, int, str]] = []

    def numbers(turn: int, j: int, least: float) -> Any:
        """A column as doubles, NaN for a gap; the first cell that is no number goes to bad."""
        series = frame[f"{j}"]
        doubles = _as_doubles(pl, series)
        gap = _missing(pl, series, wanted)
        good = gap | (doubles.is_finite() & (doubles >= least)).fill_null(False)
        if not good.all():
            i = good.arg_min()
            bad.append((i, turn, str(series[i])))
        return doubles.fill_null(math.nan)

    found = []
    for turn, j in enumerate(columns.features):
        column = _as_cells(pl, frame[f"{j}"], columns.names[j], wanted)
        if column is None:
            found.append(numbers(turn, j, -math.inf))
        else:
            found.append(column)
    weights = cells = None
    if columns.weights is not None:
        weights = _doubles(numbers(len(found), columns.weights, 0.0))
    if columns.target is not None:
        cells = _as_labels(pl, frame[f"{columns.target}"], name, columns, wanted).to_list()
    carried = [frame[f"{j}"].to_list() for j in columns.carried]
    block = None
    if not any(isinstance(column, Column) or column.is_nan().any() for column in found):
        block = pl.DataFrame(found).to_numpy(order="c")

    def feature(turn: int) -> Column:
        column = found[turn]
        if isinstance(column, Column):
            return column
        return Column(columns.names[columns.features[turn]], _doubles(column))

    return Raw(columns, frame.height, block, feature, cells, True, weights, bad, None, carried)


TEXTS = ("String", "Categorical", "Enum")


def _missing(pl: Any, series: Any, wanted: Wanted) -> Any:
    """Which cells of a column have no value."""
    if series.dtype.base_type().__name__ in TEXTS:
        text = series.cast(pl.String).str.strip_chars()
        different = text.unique().drop_nulls().to_list()
        gaps = [cell for cell in different if is_missing(cell, wanted.marks)]
        return (text.is_null() | text.is_in(gaps)).fill_null(True)
    if series.dtype.is_float():
        return (series.is_null() | series.is_nan()).fill_null(True)
    return series.is_null()


def _as_cells(pl: Any, series: Any, name: str, wanted: Wanted) -> Column | None:
    """A column as cells of text or bool, None for a gap; None where it is to be numbers."""
    kind = series.dtype
    known = None if wanted.text is None else name in wanted.text
    if known is False or (kind != pl.Boolean and kind.base_type().__name__ not in TEXTS):
        return None
    if kind == pl.Boolean:
        return Column(name, series.to_list(), is_text=True)
    gap = _missing(pl, series, wanted)
    text = series.cast(pl.String).str.strip_chars()
    if not known and kind == pl.String:
        numbers = text.cast(pl.Float64, strict=False)
        if (gap | numbers.is_not_null()).all():
            return None
    text = pl.select(pl.when(gap).then(None).otherwise(text)).to_series()
    levels = kind.categories.to_list() if kind.base_type().__name__ == "Enum" else None
    return Column(name, text.to_list(), True, levels)


def _as_doubles(pl: Any, column: Any) -> Any:
    """A column as doubles, null where a cell is no number."""
    kind = column.dtype
    if kind.base_type().__name__ in TEXTS:
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
        missing = column.is_in([cell for cell in different if is_missing(cell, wanted.marks)])
        return pl.select(pl.when(missing).then(None).otherwise(column)).to_series()
    if kind.is_float():
        return column.fill_nan(None)
    if kind.is_integer() or kind == pl.Boolean:
        return column
    raise TableError(
        f"{name}: column {columns.names[int(column.name)]!r} is of the type {kind}:"
        " give labels as text, bool or numbers"
    )
