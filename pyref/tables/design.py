"""The columns of a table as a matrix of numbers, and what has to be remembered to do it again.

    a column of numbers         stays as it is: one coefficient
    text, categories, bool      a column of 0 and 1 for each level but one, the reference: the
                                coefficient of `sex[T.male]` compares male with the reference

The levels stand in their declared order, where a column has one, else sorted; the reference is
the first, or the one that was asked for. `learn` finds the codings of a table that is fitted;
`matrix` applies them to it, and to every table that is predicted later. The command and the
estimator do the same by them; only their errors name places and options in another manner.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from .columns import TableError, did_you_mean, listed, number, shown

# A column of text is refused if more than half of its rows differ, from so many levels on; and if
# every one does.
MANY_LEVELS = 10


class Column(NamedTuple):
    """One column of a table: doubles (NaN: a gap), or a list of cells (None: a gap)."""

    name: str
    values: Any
    is_text: bool = False  # cells: str, or bool
    levels: list[Any] | None = None  # in their declared order, if they have one


class Coding(NamedTuple):
    """What is remembered of a column: its levels, if it has levels, and which is the reference."""

    name: str
    levels: list[Any] | None = None  # None: a column of numbers
    reference: Any = None

    def others(self) -> list[Any]:
        """The levels that have a coefficient."""
        return [level for level in self.levels or () if level != self.reference]

    def names(self) -> list[str]:
        """The names of the coefficients.

        >>> Coding("age").names(), Coding("sex", ["female", "male"], "female").names()
        (['age'], ['sex[T.male]'])
        """
        if self.levels is None:
            return [self.name]
        return [f"{self.name}[T.{level}]" for level in self.others()]

    def is_text(self) -> bool:
        """Whether its cells are to be read as text."""
        return self.levels is not None and isinstance(self.levels[0], (str, bool))


class Manner(NamedTuple):
    """How errors name a cell and an option: as on the command line, or as in Python."""

    place: Callable[[int, int], str]  # of row i and column j, both from 0
    option: Callable[[str, Sequence[str]], str]


def as_command(name: str, values: Sequence[str]) -> str:
    """An option of the command line, once for each value.

    >>> as_command("drop", ["a b", "c"])
    "--drop 'a b' --drop c"
    """
    return " ".join([f"--{name} {v if v.isidentifier() else repr(v)}" for v in values])


def as_python(name: str, values: Sequence[str]) -> str:
    """The same for a data frame.

    >>> as_python("drop", ["a b", "c"])
    "X.drop(columns=['a b', 'c'])"
    """
    return f"X.{name}(columns={list(values)!r})"


def coefficient_names(codings: Sequence[Coding]) -> list[str]:
    """The names of all coefficients but the intercept, in their order."""
    return [name for coding in codings for name in coding.names()]


# ---------------------------------------------------------------- what a column is


def is_plain_number(cell: str) -> bool:
    """Whether a cell reads as a number."""
    try:
        number(cell)
    except ValueError:
        return False
    return True


def settled(column: Column, manner: Manner, j: int) -> Column:
    """A column of text as what it is: bool, if every cell is true or false; else text.

    TableError for a column that is more likely one of numbers with a mistake in it.
    """
    different = {cell for cell in column.values if cell is not None}
    if True in different or False in different:
        return column
    if different and all(cell.lower() in ("true", "false") for cell in different):
        cells = [None if cell is None else cell.lower() == "true" for cell in column.values]
        return column._replace(values=cells)
    numbers = [cell for cell in different if is_plain_number(cell)]
    if len(numbers) > MANY_LEVELS and 2 * len(numbers) > len(different):
        i = next(
            i
            for i, cell in enumerate(column.values)
            if cell is not None and not is_plain_number(cell)
        )
        drop = manner.option("drop", [column.name])
        raise TableError(
            f"{manner.place(i, j)} is {shown(column.values[i])}, not a number, as most of this"
            f" column are: correct it, or leave the column out ({drop})"
        )
    return column


def names_the_rows(column: Column) -> bool:
    """Whether its cells number or name the rows: no gaps, no fractions, no cell twice."""
    values = list(column.values)
    if not column.is_text and not all(value % 1 == 0 for value in values):  # (NaN % 1 is NaN)
        return False
    return None not in values and len(set(values)) == len(values)


def refuse_identifiers(columns: Sequence[Column], manner: Manner) -> None:
    """TableError for the columns of text in which nearly every row differs, all in one."""
    found = []
    for column in columns:
        if column.is_text:
            cells = [cell for cell in column.values if cell is not None]
            count = len(set(cells))
            if count > 2 and (
                count == len(cells) or (count > MANY_LEVELS and 2 * count > len(cells))
            ):
                found.append(column.name)
    if found:
        many = len(found) > 1
        what = "columns" if many else "column"
        raise TableError(
            f"{what} {listed(found)} {'are' if many else 'is'} text in which nearly every row"
            " differs, as names, dates and identifiers do, and nothing can be learned from that:"
            f" leave {'them' if many else 'it'} out"
            f" ({manner.option('drop', found)})"
        )


# ---------------------------------------------------------------- levels


def plain_level(value: Any) -> Any:
    """A level as it is kept: whole numbers as int, so that 4 and 4.0 are one.

    >>> plain_level(4.0), plain_level(0.5), plain_level("4"), plain_level(True)
    (4, 0.5, '4', True)
    """
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def levels_of(column: Column) -> list[Any]:
    """The levels that a column has: in their declared order, else sorted."""
    if not column.is_text:
        return [plain_level(value) for value in sorted(set(column.values)) if value == value]
    different = {cell for cell in column.values if cell is not None}
    if column.levels is not None:
        return [level for level in column.levels if level in different]
    return sorted(different)


def find_level(levels: Sequence[Any], cell: Any) -> Any:
    """The level that a cell stands for; None if it is none of them.

    >>> find_level([False, True], "TRUE"), find_level([4, 6], "6.0"), find_level(["4", "6"], 6)
    (True, 6, '6')
    """
    if isinstance(levels[0], bool):
        if isinstance(cell, str):
            cell = {"true": True, "false": False}.get(cell.strip().lower())
    elif isinstance(levels[0], str):
        cell = str(plain_level(cell))
    elif isinstance(cell, str):
        cell = number(cell) if is_plain_number(cell) else None
    for level in levels:
        if level == cell:
            return level
    return None


def learn(
    columns: Sequence[Column],
    manner: Manner,
    categorical: Sequence[str] = (),
    reference: Mapping[str, Any] | None = None,
) -> list[Coding]:
    """How each column of a table without gaps is coded. TableError for what cannot be."""
    reference = reference or {}
    known = [column.name for column in columns]
    for option, names in (("categorical", categorical), ("reference", reference)):
        for name in names:
            if name not in known:
                raise TableError(
                    f"{option} names the column {name!r}, which is no feature"
                    f"{did_you_mean(name, known)}"
                )
    chosen = [column for column in columns if column.name in (*categorical, *reference)]
    refuse_identifiers([column for column in columns if column not in chosen], manner)
    codings = []
    for column in columns:
        if not column.is_text and column not in chosen:
            codings.append(Coding(column.name))
            continue
        levels = levels_of(column)
        first: Any = levels[0]
        if column.name in reference:
            first = find_level(levels, reference[column.name])
            if first is None:
                raise TableError(
                    f"reference of column {column.name!r} is {reference[column.name]!r}: give one"
                    f" of its levels, {listed(levels)}"
                )
        codings.append(Coding(column.name, levels, first))
    return codings


# ---------------------------------------------------------------- gaps


def gaps(columns: Sequence[Column]) -> dict[str, list[int]]:
    """The rows that have a gap, for each column that has any."""
    found = {}
    for column in columns:
        if column.is_text:
            rows = [i for i, cell in enumerate(column.values) if cell is None]
        else:
            rows = [i for i, value in enumerate(column.values) if value != value]
        if rows:
            found[column.name] = rows
    return found


def rows_of(column: Column, kept: Sequence[int]) -> Column:
    """Some of its rows."""
    values = [column.values[i] for i in kept]
    return column._replace(values=values if column.is_text else array("d", values))


# ---------------------------------------------------------------- the matrix


def matrix(columns: Sequence[Column], codings: Sequence[Coding], manner: Manner) -> Any:
    """The columns as n rows of doubles, one block; no column has a gap.

    TableError names the first cell that is a level unknown to its coding.
    """
    n = len(columns[0].values)
    d = len(coefficient_names(codings))
    flat = array("d", bytes(8 * n * d))
    k = 0
    unknown: list[tuple[int, int]] = []
    for j, (column, coding) in enumerate(zip(columns, codings)):
        if coding.levels is None:
            values = column.values
            flat[k::d] = values if isinstance(values, array) else array("d", values)
            k += 1
            continue
        others = coding.others()
        places = {}  # of each cell that is met: the place of its 1, None for the reference
        for i, cell in enumerate(column.values):
            if cell not in places:
                level = find_level(coding.levels, cell)
                if level is None:
                    unknown.append((i, j))
                    break
                places[cell] = None if level == coding.reference else others.index(level)
            place = places[cell]
            if place is not None:
                flat[i * d + k + place] = 1.0
        k += len(others)
    if unknown:
        i, j = min(unknown)
        cell, coding = plain_level(columns[j].values[i]), codings[j]
        raise TableError(
            f"{manner.place(i, j)} is {shown(cell)}, a level that the model does not know: give"
            f" one of {listed(coding.levels or ())}, or fit anew"
        )
    return memoryview(flat).cast("B").cast("d", [n, d]) if d else None


def has_infinity(column: Column) -> bool:
    """Whether a number of a column is infinite."""
    return not column.is_text and any(map(math.isinf, column.values))
