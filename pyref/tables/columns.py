"""What a table holds: its columns by name, what a cell may be, and the words of every error.

Both readers (lines.py, through_polars.py) go by this file, so that they mean and say the same.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

# What people and programs write for a cell without a value, in small letters; and what only counts
# as Python writes it, since "none" and "nat" are words that a class may have.
MISSING = (
    *("", "na", "n/a", "<na>", "#na", "#n/a", "#n/a n/a", "nan", "-nan", "+nan"),
    *("null", "(null)", "\\n", "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan"),
    *("#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!", "#calc!", "#spill!"),
)
MISSING_AS_WRITTEN = ("None", "NaT")

# What often stands for no value, but may be the name of a class: it is asked about.
SUSPECTS = ("?", ".")


class TableError(ValueError):
    """A file that holds no table to work with: where, and the cure, in one line."""


class Table(NamedTuple):
    """n rows of d numbers, and what belongs to each row."""

    names: list[str]  # of the d columns of X
    X: Any  # n x d doubles, row by row: a memoryview or a numpy array; None if n is 0
    labels: list[Any] | None  # n of them
    weights: Any  # n doubles, or None
    codings: list[Any]  # how the columns of the file became those of X: design.Coding
    rows: int  # of the file
    kept: Sequence[int]  # which of them are in X: those without a gap
    gaps: dict[str, int]  # how many rows have a gap, for each column that has any
    names_rows: str | None  # the column that was left out, since it numbers or names the rows
    carried: dict[str, list[Any]]  # further columns as they are, for all rows of the file


class Raw(NamedTuple):
    """What a reader has found in a file. Which rows count, and how columns are coded, is not yet
    decided; nor are gaps an error."""

    columns: Columns
    rows: int
    block: Any  # the features as one block, if all are numbers and have no gaps; else None
    feature: Callable[[int], Any]  # the k-th feature: design.Column
    cells: list[Any] | None  # of the target, None for a gap: text, or, if `typed`, the labels
    typed: bool
    weights: Any  # doubles, NaN for a gap; or None
    bad: list[tuple[int, int, str]]  # row, turn and cell of numbers that cannot be used
    lines: Sequence[int] | None  # where in the file each row begins, if it has lines
    carried: list[list[Any]]  # the cells of the columns that are carried along


class Columns(NamedTuple):
    """Where the wanted columns stand in the file."""

    names: list[str]  # all of the header
    features: list[int]
    target: int | None
    weights: int | None
    carried: list[int]


class Wanted(NamedTuple):
    """Which columns are read as what."""

    target: str | None = None
    weights: str | None = None
    drop: Sequence[str] = ()
    features: Sequence[str] | None = None  # None: all that are left
    marks: Sequence[str] = ()  # further marks of a missing value
    text: Sequence[str] | None = None  # the features that are text, if that is known
    separator: str | None = None  # between the cells; None: what the file has
    decimal: str = "."
    carried: Sequence[str] = ()  # columns that are read as they are, and carried along


# A first column that has one of these names, or none, may number or name the rows: pandas calls
# it so when it reads what it has written, and R's tables call it row names.
ROW_NAMES = re.compile(r"Unnamed: 0|rownames|row\.names")


# ---------------------------------------------------------------- columns


def columns_of(header: Sequence[str], name: str, wanted: Wanted) -> Columns:
    """The places of the columns that are wanted, or the error."""
    names = [cell.strip() or f"Unnamed: {j}" for j, cell in enumerate(header)]
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
            raise TableError(f"{name} has no column {column!r}{did_you_mean(column, names)}")
        return places[column]

    def places_of(words: Sequence[str]) -> list[int]:
        """The places of columns, each by its name, or several between commas."""
        found: list[int] = []
        for word in words:
            several = [word] if word in places else [each.strip() for each in word.split(",")]
            found += [place(each) for each in several if each or len(several) == 1]
        return list(dict.fromkeys(found))

    target = None if wanted.target is None else place(wanted.target)
    weights = None if wanted.weights is None else place(wanted.weights)
    if wanted.features is not None:
        features = places_of(wanted.features)
    else:
        left_out = {*places_of(wanted.drop), target, weights}
        features = [j for j in range(len(names)) if j not in left_out]
        if not features:
            raise TableError(f"{name} has no column left to learn from: give it one more")
    for what, own in (("the target", target), ("the weights", weights)):
        if own is not None and own in features:
            raise TableError(
                f"column {names[own]!r} is a feature, and cannot be {what} too: give another column"
            )
    if target is not None and target == weights:
        raise TableError(f"column {wanted.target!r} cannot be target and weights: give two columns")
    return Columns(names, features, target, weights, places_of(wanted.carried))


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """The end of an error about an unknown name: a near miss if there is one, else all names.

    >>> did_you_mean("agee", ["age", "sex"]), did_you_mean("y", ["age", "sex"])
    (": did you mean 'age'?", ": give one of 'age', 'sex'")
    """
    lowered = {each.strip().lower(): each for each in known}
    near = difflib.get_close_matches(name.strip().lower(), lowered, 1)
    return f": did you mean {lowered[near[0]]!r}?" if near else f": give one of {listed(known)}"


def listed(names: Sequence[Any]) -> str:
    """Names for an error: all, or the first of many."""
    shown = ", ".join([repr(column) for column in names[:8]])
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown


# ---------------------------------------------------------------- rows and cells


def empty(name: str) -> TableError:
    """The error for a file with nothing in it."""
    return TableError(f"{name} is empty: give a header and at least one row")


def no_rows(name: str) -> TableError:
    """The error for a table of a header alone."""
    return TableError(f"{name} has a header but no rows: give at least one")


def is_missing(cell: str, marks: Sequence[str] = ()) -> bool:
    """Whether a cell stands for no value; `marks` are further cells that do.

    >>> [is_missing(cell) for cell in ("#N/A", "None", "none", "?")], is_missing(" ? ", ["?"])
    ([True, True, False, False], True)
    """
    cell = cell.strip()
    return cell.lower() in MISSING or cell in MISSING_AS_WRITTEN or cell in marks


def number(cell: str) -> float:
    """A cell as a float. ValueError for what only Python takes for a number, as 1_000."""
    if "_" in cell or not cell.isascii():
        raise ValueError(cell)
    return float(cell)


def bad_number(cell: str, place: str, marks: Sequence[str] = ()) -> TableError:
    """The error for a cell that is no finite number."""
    if is_missing(cell, marks):
        return TableError(
            f"{place} is missing: fill it in, or leave such rows out (--missing drop)"
        )
    text = shown(cell)
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


def shown(cell: Any) -> str:
    """A cell for an error: not more of it than can be read."""
    picture = repr(cell.strip() if isinstance(cell, str) else cell)
    return picture if len(picture) <= 40 else picture[:37] + "..."


WHOLE = re.compile(r"[+-]?\d+")
LEADING_ZEROS = re.compile(r"[+-]?0\d")


def _as_python_writes_them(cells: set[str]) -> dict[str, int] | None:
    """Each cell's whole number, if each is written as Python would; this is soon known."""
    found = {}
    for cell in cells:
        try:
            found[cell] = int(cell)
        except ValueError:
            return None
        if str(found[cell]) != cell:
            return None
    return found


def labels_of(cells: list[str], place: str = "") -> list[Any]:
    """Labels as numbers if every cell reads as one, else the cells as they are.

    Whole numbers without a point or an exponent are int, other numbers float: so 1 and 1.0 are
    one class. Numbers that begin with a needless zero are codes and stay text, unless two of them
    are one number: then TableError, for whether they are one class is not known.

    >>> labels_of(["1", "-2", "+1"]), labels_of(["1", "0.0", "1.0"])
    ([1, -2, 1], [1.0, 0.0, 1.0])
    >>> labels_of(["01", "02"]), labels_of(["1", "x", "1.0"])
    (['01', '02'], ['1', 'x', '1.0'])
    """
    plain = _as_python_writes_them(set(cells))
    if plain is not None:
        return [plain[cell] for cell in cells]
    different = sorted(set(cells))
    exact: dict[str, Decimal] = {}
    for cell in different:
        try:
            if not math.isfinite(number(cell)):
                return cells
            exact[cell] = Decimal(cell)
        except (ValueError, ArithmeticError):
            return cells
    if any(LEADING_ZEROS.match(cell) for cell in different):
        spelling: dict[Decimal, str] = {}
        for cell in different:
            first = spelling.setdefault(exact[cell], cell)
            if first != cell:
                raise TableError(
                    f"{place} has {shown(first)} and {shown(cell)}, one number written in two"
                    " ways: write it in one, or put a letter before codes"
                )
        return cells
    try:
        whole = all(WHOLE.fullmatch(cell) for cell in different)
        values: dict[str, Any] = {
            # (+ 0.0 makes 0.0 of -0.0)
            cell: int(cell) if whole else float(cell) + 0.0
            for cell in different
        }
    except ValueError:  # more digits than Python reads
        return cells
    if len(set(values.values())) < len(set(exact.values())):
        return cells  # a float has too few digits to tell two of them apart
    return [values[cell] for cell in cells]
