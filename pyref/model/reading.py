"""What a user gives, as either implementation reads it: the table X, and the weights of classes.

Tables are lists, arrays, or data frames of pandas, polars and pyarrow. (Labels: labels.py.) Only
the standard library is imported: whoever gives arrays or data frames has NumPy loaded. An error
names the cell, and its column by name if it has one.
"""

from __future__ import annotations

import contextlib
import re
import sys
from array import array
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from ..fit.columns import block
from ..front import checks
from .labels import label_list, numbers_of, shown, single

# ---------------------------------------------------------------- X


class Table(NamedTuple):
    """A table as the implementations read it, and what is known of where it came from."""

    data: Any  # lists of floats, or a buffer of n rows of d floats
    rows: int
    width: int
    names: list[str] | None  # of the columns, if they have names
    numpy: Any  # the module if arrays are to come back, else None
    columns: list[str] | None = None  # what a data frame calls its columns, mere numbers too


def read_table(X: Any, compiled: bool) -> Table:
    """X for either implementation: lists, arrays, data frames. The user's own is not changed.

    TypeError or ValueError names the cell, and its column by name if it has one.
    """
    if isinstance(X, Table):
        return X
    columns = column_names(X)
    names = given_names(X)
    all_different(names or ())
    if hasattr(X, "toarray") and not hasattr(X, "__array__"):
        raise TypeError(f"X is sparse, a {type(X).__name__}: give X.toarray()")
    with naming(names):
        found = _block_of_columns(X, len(columns or ())) if hasattr(X, "column_names") else X
        if _is_array(found):
            found = _plain_array(found)
        elif isinstance(found, memoryview) and found is X:
            found = checks.table(X)
        if not compiled:
            found = checks.table(found)
        elif not _is_array(found) and not isinstance(found, memoryview):
            found = block(checks.table(found))
    if isinstance(found, list):
        size = len(found), len(found[0])
    else:
        size = found.shape
        if not size[0] or not size[1]:
            checks.table([[]] * min(size[0], 1))  # raises
    numpy = sys.modules.get("numpy") if _is_array(X) else None
    return Table(found, *size, names, numpy, columns)


def column_names(X: Any) -> list[str] | None:
    """What a data frame calls its columns, as text: numbers and tuples (of a MultiIndex) too.
    None where X is no data frame."""
    names = _labels_of_columns(X)
    return None if names is None else [_text(name) for name in names]


def given_names(X: Any) -> list[str] | None:
    """The same, where a person has given them; None for columns that were merely numbered."""
    columns = column_names(X)
    return None if columns is None or _are_numbered(X) else columns


def _labels_of_columns(X: Any) -> list[Any] | None:
    names = getattr(X, "column_names", None)  # pyarrow
    if names is None and hasattr(X, "to_numpy"):  # pandas, polars
        names = getattr(X, "columns", None)
    return None if names is None else list(names)


def _text(name: Any) -> str:
    if isinstance(name, tuple):
        return "(" + ", ".join([shown(part) for part in name]) + ")"
    return str(name)


def _are_numbered(X: Any) -> bool:
    """Whether the columns have no names: pandas numbers them then."""
    return _labels_of_columns(X) == list(range(len(X.columns)))


def all_different(names: Sequence[str]) -> None:
    """ValueError if a name is there twice."""
    seen = set()
    for name in names:
        if name in seen:
            raise ValueError(f"X has two columns {name!r}: rename one")
        seen.add(name)


def _is_array(X: Any) -> bool:
    """Whether it can give itself as a NumPy array. (pyarrow's tables can only by columns.)"""
    return hasattr(X, "__array__") or hasattr(X, "to_numpy") or hasattr(X, "column_names")


def _plain_array(X: Any) -> Any:
    """An array of rows, floats that lie row after row; a list where they need a closer look."""
    if hasattr(X, "mask") and hasattr(X, "filled"):  # masked: the array has values beneath
        checks.no_dates(X, "X")
        return X.tolist()
    checks.no_dates(X, "X")
    X = X.to_numpy() if hasattr(X, "to_numpy") else X.__array__()
    checks.no_dates(X, "X")
    checks.dimensions(X, "X", 2)
    kind, size = X.dtype.kind, X.dtype.itemsize
    if kind == "f" and size in (4, 8):
        return X.astype(X.dtype.newbyteorder("="), order="C", copy=False)
    if kind in "biuf":
        return X.astype("float64", order="C")
    return X.tolist()


def _block_of_columns(X: Any, width: int) -> Any:
    """The columns of a pyarrow table as one block, row after row."""
    if not width or not X.num_rows:
        return [[]] * min(X.num_rows, 1)
    checks.no_dates(X, "X")
    flat = array("d", bytes(8 * width * X.num_rows))
    for j, column in enumerate(X.columns):
        values = column.to_numpy(zero_copy_only=False)
        if values.dtype.kind in "biuf":
            doubles = array("d")
            doubles.frombytes(values.astype("float64").tobytes())
        else:
            doubles = array("d", [checks.number(v, f"X[{i}][{j}]") for i, v in enumerate(values)])
        flat[j::width] = doubles
    return memoryview(flat).cast("B").cast("d", (X.num_rows, width))


_PLACE = re.compile(r"X\[\d+\]\[(\d+)\]|column (\d+) of X")


@contextlib.contextmanager
def naming(names: Sequence[str] | None) -> Iterator[None]:
    """Errors about X that pass through here call its columns by name as well."""
    try:
        yield
    except (TypeError, ValueError) as error:
        text = str(error)
        found = _PLACE.match(text)
        if not found or not names:
            raise

        def named(place: re.Match[str]) -> str:
            return f"{place[0]} ({names[int(place[1] or place[2])]!r})"

        # (a cell is quoted in its error, whatever words are in it; a column is named in its cure)
        count = 1 if text.startswith("X[") else 0
        raise type(error)(_PLACE.sub(named, text, count=count)) from None


def same_columns(found: Sequence[str] | None, model: Any, who: str) -> None:
    """ValueError unless a table has the columns that `model` was fitted on, in their order, as far
    as both are known. `who` is the model with its verb: "the model was"."""
    names = getattr(model, "feature_names_", None)  # those of the coefficients
    names = getattr(model, "feature_names_in_", None) if names is None else names
    known = getattr(model, "_columns_", None)  # a model from a file knows the names alone
    known = names if known is None else known
    if found is not None and known is not None:
        same_names(list(found), list(known), who, "the fit" if names is None else None)


def same_names(found: list[str], known: list[str], who: str, order: str | None = None) -> None:
    """The same of names that are known."""
    # Columns that have no names, and were numbered by pandas, may stand for those of any names.
    if found == known or (not {*found} & {*known} and (_numbers(found) or _numbers(known))):
        return
    for text, some in (
        ("lacks {}, which " + who + " fitted on: add", [k for k in known if k not in found]),
        ("has {}, which " + who + " not fitted on: remove", [k for k in found if k not in known]),
    ):
        if some:
            shown = ", ".join([repr(name) for name in some[:5]]) + ", ..." * (len(some) > 5)
            columns = "the columns" if len(some) > 1 else "the column"
            them = "them" if len(some) > 1 else "it"
            raise ValueError(f"X {text.format(f'{columns} {shown}')} {them}")
    j = next(j for j, name in enumerate(found) if name != known[j])
    raise ValueError(
        f"X has the column {found[j]!r} in place {j}, where {who} fitted on {known[j]!r}:"
        f" give the columns in the order of {order or 'feature_names_in_'}"
    )


def _numbers(names: list[str]) -> bool:
    return names == [str(j) for j in range(len(names))]


# ---------------------------------------------------------------- class_weight


def class_factors(class_weight: Any, classes: Sequence[Any], totals: Sequence[float]) -> Any:
    """What class_weight multiplies the weights of each class by; None if by nothing.

    "balanced" gives every class the same part of the whole, which stays what it was:

        factor[c]  =  sum of totals / (C totals[c])
    """
    if class_weight is None:
        return None
    if isinstance(class_weight, str) and class_weight == "balanced":
        whole = 0.0
        for total in totals:
            whole += total
        C = len([total for total in totals if total])  # a class without weight is not there
        return [whole / (C * total) if total else 0.0 for total in totals]
    if not hasattr(class_weight, "keys") or not hasattr(class_weight, "items"):
        raise TypeError(
            f"class_weight is {checks.shown(class_weight)}: give None, 'balanced', or a dict"
            " from class to weight"
        )
    given = [(single(label), weight) for label, weight in class_weight.items()]
    codes = numbers_of([label for label, _ in given], classes)
    factors = [1.0] * len(totals)
    for k, ((label, weight), code) in enumerate(zip(given, codes)):
        if code < 0:
            known = ", ".join([shown(c) for c in label_list(classes[:10])])
            known += ", ..." * (len(classes) > 10)
            raise ValueError(
                f"class_weight has a weight for {shown(label)}, but y has the classes {known}:"
                " remove it"
            )
        if code in codes[:k]:  # of a Series, whose index may have a label twice
            raise ValueError(f"class_weight has two weights for {shown(label)}: remove one")
        factors[code] = checks.not_negative(weight, f"class_weight[{shown(label)}]")
    return factors


def without_weight(
    classes: Any, codes: Sequence[int], totals: Sequence[float]
) -> tuple[Any, list[int], list[float]]:
    """(classes, codes, totals) without the classes that weigh 0 in all.

    Their rows, which all weigh 0, get the number of another class."""
    kept = [c for c, total in enumerate(totals) if total]
    places = dict(zip(kept, range(len(kept))))
    classes = classes[kept] if hasattr(classes, "dtype") else [classes[c] for c in kept]
    return classes, [places.get(code, 0) for code in codes], [totals[c] for c in kept]
