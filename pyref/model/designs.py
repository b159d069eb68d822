"""What the estimator is given, as its coefficients need it: coded columns, rows without gaps.

A table of numbers goes through as it is (reading.py). A data frame with words, categories or truth
values is coded by the room of tables, as the command codes a file; and `missing="drop"` leaves out
the rows with a gap, whose places are kept, so that predictions stand beside their rows.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..front import checks
from ..tables import design, frames
from ..tables.columns import listed
from ..tables.design import Coding
from .reading import Table, all_different, given_names, naming, read_table, same_names

MISSING = ("error", "drop")


class Given(NamedTuple):
    """A table as the coefficients need it, and where it came from."""

    table: Table  # its names are those of the coefficients
    names: list[str] | None  # of the columns as they were given, if they have names
    codings: list[Coding] | None  # None: all are numbers
    rows: int  # as they were given
    kept: list[int] | None  # the rows of the table among them; None: all

    def left_out(self) -> int:
        """How many rows have a gap."""
        return 0 if self.kept is None else self.rows - len(self.kept)


class Asked(NamedTuple):
    """The estimator's settings about columns and gaps, checked."""

    missing: str
    categorical: list[str]
    reference: dict[str, Any]


def asked(missing: Any, categorical: Any = None, reference: Any = None) -> Asked:
    """TypeError or ValueError unless they can be used."""
    checks.choice(missing, "missing", MISSING)
    categorical = () if categorical is None else categorical
    if isinstance(categorical, str) or not hasattr(categorical, "__iter__"):
        raise TypeError(f"categorical is {checks.shown(categorical)}: give a list of columns")
    if reference is not None and not hasattr(reference, "items"):
        raise TypeError(f"reference is {checks.shown(reference)}: give a dict from column to level")
    return Asked(missing, [str(name) for name in categorical], dict(reference or {}))


def gap_rows(labels: Sequence[Any]) -> set[int]:
    """The rows whose label is missing."""
    return {i for i, label in enumerate(labels) if frames.is_gap(label)}


def taken(
    X: Any,
    compiled: bool,
    how: Asked,
    codings: Sequence[Coding] | None = None,
    without: set[int] | None = None,
    fitted: bool = False,
) -> Given:
    """X for the coefficients. `codings` are a fitted model's; `without` are rows to leave out."""
    if isinstance(X, Given):
        return X
    names = None if isinstance(X, Table) else given_names(X)
    all_different(names or ())
    is_coded = codings is not None
    if not is_coded and not fitted and names is not None:
        is_coded = bool(how.categorical or how.reference) or not frames.all_numbers(X)
    elif not is_coded and not fitted and (how.categorical or how.reference):
        option = "categorical" if how.categorical else "reference"
        raise ValueError(f"{option} names a column, and X has no names: give a data frame")
    if not is_coded:
        return _numbers(X, compiled, how, names, without or set())
    known = [coding.name for coding in codings or ()]
    if codings is not None and names is not None:
        same_names(names, known, "the model was")
    names = known if names is None else names
    if frames.is_frame(X):
        with naming(names):
            checks.no_dates(X, "X")
        columns = frames.columns_of_frame(X, names)
    else:
        rows = X.tolist() if hasattr(X, "tolist") else [list(row) for row in X]
        columns = frames.columns_of_rows(rows, names)
    n = len(columns[0].values) if columns else 0
    if not n:
        raise ValueError("X is empty: give at least one row")
    gaps = design.gaps(columns)
    if gaps and how.missing == "error":
        i, j = min((rows[0], names.index(name)) for name, rows in gaps.items())
        raise ValueError(
            f"X[{i}][{j}] ({names[j]!r}) has no value: fill it in, remove the row, or give"
            " missing='drop'"
        )
    left_out = set(without or ()).union(*gaps.values())
    kept = [i for i in range(n) if i not in left_out] if left_out else None
    if kept is not None:
        columns = [design.rows_of(column, kept) for column in columns]
        _some(kept, codings)
    for j, column in enumerate(columns):
        for i, value in enumerate(column.values if design.has_infinity(column) else ()):
            if not checks.is_finite(value):
                raise checks.bad_cell(value, f"X[{kept[i] if kept else i}][{j}] ({names[j]!r})")
    manner = frames.manner_of(names, int if kept is None else kept.__getitem__)
    if codings is None:
        codings = design.learn(columns, manner, how.categorical, how.reference)
    coefficients = design.coefficient_names(codings)
    if not coefficients:
        raise ValueError("X has one value alone in each column: give a column that differs")
    found: Any = design.matrix(columns, codings, manner) if kept is None or kept else []
    arrays = frames.is_frame(X) or hasattr(X, "__array__")
    numpy = sys.modules.get("numpy") if arrays else None
    if not compiled and len(found):
        found = found.tolist()
    table = Table(found, len(found), len(coefficients), coefficients, numpy)
    levels = any(coding.levels is not None for coding in codings)
    return Given(table, list(names), list(codings) if levels else None, n, kept)


def _some(kept: Sequence[int], codings: Sequence[Coding] | None) -> None:
    if not kept and codings is None:
        raise ValueError("every row has a gap: fill some in, or remove a column")


def _numbers(
    X: Any, compiled: bool, how: Asked, names: list[str] | None, without: set[int]
) -> Given:
    """A table of numbers: as it is, but for the rows with gaps."""
    if how.missing == "error" or isinstance(X, Table):
        table = read_table(X, compiled)
        return Given(table, table.names, None, table.rows, None)
    if frames.is_frame(X) and names is not None:
        codings = [Coding(name) for name in names]
        return taken(X, compiled, how, codings, without, fitted=True)
    rows = X.tolist() if hasattr(X, "tolist") else [list(row) for row in X]
    left_out = set(without)
    for i, row in enumerate(rows):
        if any(frames.is_gap(cell) for cell in row):
            left_out.add(i)
    if not left_out:
        table = read_table(X, compiled)
        return Given(table, table.names, None, table.rows, None)
    kept = [i for i in range(len(rows)) if i not in left_out]
    numpy = sys.modules.get("numpy") if hasattr(X, "__array__") else None
    if not kept:
        width = len(rows[0])
        return Given(Table([], 0, width, names, numpy), names, None, len(rows), kept)
    table = read_table([rows[i] for i in kept], compiled)
    return Given(table._replace(numpy=numpy, names=names), names, None, len(rows), kept)


def spread(values: Any, given: Given, gap: Any) -> Any:
    """Predictions for the rows that were kept as those of all rows, `gap` for the others."""
    if given.kept is None:
        return values
    if given.table.numpy is not None:
        numpy = given.table.numpy
        kind = values.dtype if values.dtype.kind == "f" else object
        found = numpy.full((given.rows, *values.shape[1:]), gap, dtype=kind)
        found[given.kept] = values
        return found
    found = [gap] * given.rows
    for i, value in zip(given.kept, values):
        found[i] = value
    return found


def gap_of(width: int) -> Any:
    """What stands for the numbers of a row that has a gap."""
    return math.nan if width == 1 else [math.nan] * width


# ---------------------------------------------------------------- columns that add nothing


def constant_columns(codings: Sequence[Coding] | None) -> list[str]:
    """The columns of words that have one level, and so no coefficient."""
    return [c.name for c in codings or () if c.levels is not None and len(c.levels) == 1]


def dependent_error(
    places: Sequence[int], names: Sequence[str] | None, text: str = ""
) -> ValueError:
    """The error for the columns that add nothing to the others: all of them in one.

    `text` is the engine's error, which names the first.
    """
    cure = "remove {}, give l2 > 0, or aliased='drop'"
    if len(places) == 1:
        return ValueError(text.replace("remove it, or give l2 > 0", cure.format("it")))
    if not places:  # columns of words
        names = list(names or ())
        many = len(names) > 1
        return ValueError(
            f"{'columns' if many else 'column'} {listed(names)} {'are' if many else 'is'} constant,"
            f" so no single w is best: {cure.format('them' if many else 'it')}"
        )
    which = ", ".join([str(j) for j in places[:8]]) + ", ..." * (len(places) > 8)
    known = f" ({listed([names[j] for j in places])})" if names else ""
    return ValueError(
        f"columns {which} of X{known} are constant or combinations of the columns before them (and"
        f" a constant), so no single w is best: {cure.format('them')}"
    )
