"""From what a reader has found in a file to the table that a fit takes.

Rows with gaps are left out or refused, a column that names the rows is left out, columns are coded
(design.py), labels become numbers where all of them are. Both readers come through here.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import Any

from .columns import ROW_NAMES, Raw, Table, TableError, Wanted, bad_number, labels_of, listed
from .design import (
    Coding,
    Column,
    Manner,
    as_command,
    coefficient_names,
    gaps,
    learn,
    matrix,
    names_the_rows,
    rows_of,
    settled,
)


class Coded:
    """How the columns of a file are to be coded: by what a model knows, or as is found out."""

    def __init__(
        self,
        codings: Sequence[Coding] | None = None,
        categorical: Sequence[str] = (),
        reference: Mapping[str, Any] | None = None,
    ) -> None:
        self.codings = codings
        self.categorical = [name.strip() for word in categorical for name in word.split(",")]
        self.reference = reference or {}

    def is_plain(self) -> bool:
        """Whether columns of numbers stay as they are."""
        if self.codings is not None:
            return all(coding.levels is None for coding in self.codings)
        return not self.categorical and not self.reference


def assembled(raw: Raw, name: str, wanted: Wanted, how: Coded, missing: str) -> Table:
    """The table. TableError names the first cell that cannot be used."""
    header, places = raw.columns.names, raw.columns.features
    chosen = wanted.features is not None
    first = header[places[0]] if places and places[0] == 0 and not chosen else ""
    features: list[Column] | None = None
    names_rows = None
    if raw.block is None or not how.is_plain() or ROW_NAMES.fullmatch(first):
        features = [raw.feature(turn) for turn in range(len(places))]
        if ROW_NAMES.fullmatch(first) and names_the_rows(features[0]):
            names_rows = features[0].name
            del features[0]
            if not features:
                raise TableError(f"{name} has no column left to learn from: give it one more")

    shift = len(places) - len(features) if features is not None else 0

    def place(i: int, turn: int) -> str:
        j = [*places[shift:], raw.columns.weights, raw.columns.target][turn]
        line = "" if raw.lines is None else f" (line {raw.lines[i]})"
        return f"{name}, row {i + 1}{line}, column {header[j or 0]!r}"

    if features is not None:
        features = _settled(features, how, Manner(place, as_command))
    found, first_gap = _gaps(raw, features, len(places) - shift)
    bad = [(i, turn - shift, cell) for i, turn, cell in raw.bad if turn >= shift]
    if missing == "error" and first_gap is not None:
        bad.append((*first_gap, ""))
    if bad:
        i, turn, cell = min(bad, key=lambda each: each[:2])
        raise bad_number(cell, place(i, turn), wanted.marks)

    kept: Sequence[int] = range(raw.rows)
    cells, weights, block = raw.cells, raw.weights, raw.block
    if found:
        without = set().union(*found.values())
        kept = [i for i in range(raw.rows) if i not in without]
        if features is None:
            features = [raw.feature(turn) for turn in range(len(places))]
        features = [rows_of(column, kept) for column in features]
        cells = None if cells is None else [cells[i] for i in kept]
        weights = None if weights is None else array("d", [weights[i] for i in kept])
        if not kept and how.codings is None:
            worst = max(found, key=lambda column: len(found[column]))
            raise TableError(
                f"{name} has a gap in every row, {len(found[worst])} of them in column {worst!r}:"
                f" fill them in, or leave the column out ({as_command('drop', [worst])})"
            )
    elif raw.block is not None and how.is_plain() and not shift:
        features = None

    # (errors about cells go by the rows of the file)
    of_kept = Manner(lambda i, turn: place(kept[i], turn), as_command)
    if features is None:
        codings = list(how.codings or [Coding(header[j]) for j in places])
    else:
        codings = list(how.codings or learn(features, of_kept, how.categorical, how.reference))
        block = matrix(features, codings, of_kept) if kept else None
    names = coefficient_names(codings)
    if not names:
        only = listed([coding.name for coding in codings])
        raise TableError(f"{name} has one value alone in {only}: give a column that differs")
    labels = cells
    if cells is not None and not raw.typed:
        labels = labels_of(cells, f"{name}, column {header[raw.columns.target or 0]!r}")
    counts = {column: len(rows) for column, rows in found.items()}
    carried = {header[j]: cells for j, cells in zip(raw.columns.carried, raw.carried)}
    return Table(
        names, block, labels, weights, codings, raw.rows, kept, counts, names_rows, carried
    )


def _gaps(
    raw: Raw, features: list[Column] | None, d: int
) -> tuple[dict[str, list[int]], tuple[int, int] | None]:
    """The rows with a gap, for each column; and row and turn of the one that is met first."""
    looked_at: dict[int, Column] = dict(enumerate(features or ()) if raw.block is None else ())
    header = raw.columns.names
    if raw.weights is not None:
        looked_at[d] = Column(header[raw.columns.weights or 0], raw.weights)
    if raw.cells is not None:
        looked_at[d + 1] = Column(header[raw.columns.target or 0], raw.cells, is_text=True)
    found = {}
    firsts = []
    for turn, column in looked_at.items():
        rows = gaps([column]).get(column.name)
        if rows:
            found[column.name] = rows
            firsts.append((rows[0], turn))
    return found, min(firsts, default=None)


def _settled(features: Sequence[Column], how: Coded, manner: Manner) -> list[Column]:
    """The columns as what their cells say, where neither a model nor an option says it."""
    if how.codings is None:
        chosen = (*how.categorical, *how.reference)
        return [
            settled(column, manner, j)
            if column.is_text and column.levels is None and column.name not in chosen
            else column
            for j, column in enumerate(features)
        ]
    return list(features)
