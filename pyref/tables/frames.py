"""Columns from data frames of pandas, polars and pyarrow, and from lists of rows.

What a frame says of a column is what counts: words that look like numbers are words there, and
categories keep the order in which they are declared. (polars' Categorical has none that a person
has chosen: its levels are sorted.) Only None, NaN and the like are gaps.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Sequence
from typing import Any

from ..front import checks
from .columns import TableError
from .design import Column, Manner, as_python

NUMBERS = "biuf"  # numpy's kinds; "b" is bool


def is_frame(X: Any) -> bool:
    """Whether X has columns with types of their own."""
    return hasattr(X, "column_names") or (hasattr(X, "columns") and hasattr(X, "to_numpy"))


def columns_of_frame(X: Any, names: Sequence[str]) -> list[Column]:
    """The columns of a data frame. TypeError or ValueError names the first cell that is neither
    a number nor a word."""
    return [_column(each, name, j) for j, (each, name) in enumerate(zip(_series(X), names))]


def _series(X: Any) -> list[Any]:
    """The columns of a frame, by whatever they are called."""
    return list(X.columns) if hasattr(X, "column_names") else [X[label] for label in X.columns]


def columns_of_rows(rows: Sequence[Sequence[Any]], names: Sequence[str]) -> list[Column]:
    """The columns of a list of rows."""
    for i, row in enumerate(rows):
        if len(row) != len(names):
            raise ValueError(
                f"X[{i}] has {len(row)} features, the model was fitted on {len(names)}: give the"
                " same"
            )
    cells = zip(*rows)
    return [_of_cells(list(each), name, j) for j, (each, name) in enumerate(zip(cells, names))]


def all_numbers(X: Any) -> bool:
    """Whether no column of a data frame has words, categories or truth values."""
    if hasattr(X, "column_names"):
        return all(str(column.type).startswith(("int", "uint", "float", "double", "half"))
                   for column in X.columns)  # fmt: skip
    for series in _series(X):
        dtype = series.dtype
        if hasattr(dtype, "is_numeric"):
            if not dtype.is_numeric():
                return False
        elif getattr(dtype, "kind", "O") not in "iuf":
            return False
    return True


def manner_of(names: Sequence[str], rows: Callable[[int], int] = int) -> Manner:
    """How errors about a data frame name a cell."""
    return Manner(lambda i, j: f"X[{rows(i)}][{j}] ({names[j]!r})", as_python)


def _column(series: Any, name: str, j: int) -> Column:
    if hasattr(series, "type"):
        return _of_arrow(series, name, j)
    dtype = series.dtype
    if hasattr(dtype, "is_numeric"):
        return _of_polars(series, name, j)
    if hasattr(dtype, "categories"):
        cells = [None if cell != cell else cell for cell in series.tolist()]
        return Column(name, cells, True, dtype.categories.tolist())
    if dtype.kind in "iuf":
        return Column(name, _doubles(series.to_numpy(dtype="float64", na_value=math.nan)))
    return _of_cells(series.tolist(), name, j)


def _of_polars(series: Any, name: str, j: int) -> Column:
    dtype = series.dtype
    if dtype.is_numeric():
        return Column(name, _doubles(series.cast(float).fill_null(math.nan).to_numpy()))
    levels = None
    if dtype.base_type().__name__ == "Enum":
        levels = dtype.categories.to_list()
    return _of_cells(series.to_list(), name, j)._replace(levels=levels)


def _of_arrow(chunked: Any, name: str, j: int) -> Column:
    kind = str(chunked.type)
    if kind.startswith("dictionary"):
        chunked = chunked.unify_dictionaries() if hasattr(chunked, "chunks") else chunked
        chunks = getattr(chunked, "chunks", [chunked])
        levels = chunks[0].dictionary.to_pylist() if chunks else []
        return Column(name, chunked.to_pylist(), True, levels)
    if kind.startswith(("int", "uint", "float", "double", "half")):
        values = chunked.cast("double").fill_null(math.nan)
        return Column(name, _doubles(values.to_numpy(zero_copy_only=False)))
    return _of_cells(chunked.to_pylist(), name, j)


def _doubles(values: Any) -> array[float]:
    return array("d", values.astype("float64").tobytes())


def is_gap(cell: Any) -> bool:
    """Whether a cell of Python's stands for no value: None, NaN, pandas' NA and NaT."""
    if cell is None or type(cell).__name__ in ("NAType", "NaTType"):
        return True
    return bool(cell != cell) if isinstance(cell, float) else False


def _of_cells(cells: Sequence[Any], name: str, j: int) -> Column:
    """Cells of Python's own: all words, all truth values, or all numbers."""
    plain = [None if is_gap(cell) else cell for cell in cells]
    for kind in (str, bool):
        if any(isinstance(cell, kind) for cell in plain):
            for i, cell in enumerate(plain):
                if cell is not None and not isinstance(cell, kind):
                    if kind is bool:  # a number among them: all are
                        break
                    raise TableError(
                        f"X[{i}][{j}] ({name!r}) is {checks.shown(cell)}, in a column of words:"
                        " give words alone, or numbers alone"
                    )
            else:
                return Column(name, plain, is_text=True)
    numbers = [
        math.nan if cell is None else checks.number(cell, f"X[{i}][{j}]")
        for i, cell in enumerate(plain)
    ]
    return Column(name, array("d", numbers))
