"""What a user gives, as either implementation reads it: the table X, and the labels y.

Tables are lists, arrays, or data frames of pandas, polars and pyarrow; labels are any sequence
of numbers or words. Only the standard library is imported: whoever gives arrays or data frames
has NumPy loaded. An error names the cell, and its column by name if it has one.
"""

from __future__ import annotations

import contextlib
import re
import sys
from array import array
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from ..fit.classes import block
from ..front import checks

# ---------------------------------------------------------------- X


class Table(NamedTuple):
    """A table as the implementations read it, and what is known of where it came from."""

    data: Any  # lists of floats, or a buffer of n rows of d floats
    rows: int
    width: int
    names: list[str] | None  # of the columns, if they have names
    numpy: Any  # the module if arrays are to come back, else None


def read_table(X: Any, compiled: bool) -> Table:
    """X for either implementation: lists, arrays, data frames. The user's own is not changed.

    TypeError or ValueError names the cell, and its column by name if it has one.
    """
    if isinstance(X, Table):
        return X
    names = column_names(X)
    if hasattr(X, "toarray") and not hasattr(X, "__array__"):
        raise TypeError(f"X is sparse, a {type(X).__name__}: give X.toarray()")
    with naming(names):
        found = _block_of_columns(X, len(names or ())) if hasattr(X, "column_names") else X
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
    return Table(found, *size, names, sys.modules.get("numpy") if _is_array(X) else None)


def column_names(X: Any) -> list[str] | None:
    """The names of a data frame's columns; None where there are none, or not all are words."""
    names = getattr(X, "column_names", None)  # pyarrow
    if names is None and hasattr(X, "to_numpy"):  # pandas, polars
        names = getattr(X, "columns", None)
    if names is None:
        return None
    names = list(names)
    seen = set()
    for name in names:
        if not isinstance(name, str):
            return None
        if name in seen:
            raise ValueError(f"X has two columns {name!r}: rename one")
        seen.add(name)
    return names


def _is_array(X: Any) -> bool:
    """Whether it can give itself as a NumPy array. (pyarrow's tables can only by columns.)"""
    return hasattr(X, "__array__") or hasattr(X, "to_numpy") or hasattr(X, "column_names")


def _plain_array(X: Any) -> Any:
    """An array of rows, floats that lie row after row; a list where they need a closer look."""
    if hasattr(X, "mask") and hasattr(X, "filled"):  # masked: the array has values beneath
        return X.tolist()
    X = X.to_numpy() if hasattr(X, "to_numpy") else X.__array__()
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


def same_names(names: Sequence[str], known: Sequence[str], who: str) -> None:
    """ValueError unless these are the columns that a model was fitted on, in their order."""
    names, known = list(names), list(known)
    if names == known:
        return
    for text, some in (
        ("lacks {}, which " + who + " fitted on: add", [k for k in known if k not in names]),
        ("has {}, which " + who + " not fitted on: remove", [k for k in names if k not in known]),
    ):
        if some:
            shown = ", ".join([repr(name) for name in some[:5]]) + ", ..." * (len(some) > 5)
            columns = "the columns" if len(some) > 1 else "the column"
            them = "them" if len(some) > 1 else "it"
            raise ValueError(f"X {text.format(f'{columns} {shown}')} {them}")
    j = next(j for j, name in enumerate(names) if name != known[j])
    raise ValueError(
        f"X has the column {names[j]!r} in place {j}, where {who} fitted on {known[j]!r}:"
        " give the columns in the order of feature_names_in_"
    )


# ---------------------------------------------------------------- y


def label_list(y: Any) -> list[Any]:
    """Labels of any kind as a list."""
    checks.dimensions(y, "y", 1)
    for method in ("to_pylist", "to_list", "tolist"):  # pyarrow; pandas, polars; arrays
        if hasattr(y, method):
            return list(getattr(y, method)())
    if isinstance(y, (str, bytes, bytearray, dict, set)) or not hasattr(y, "__iter__"):
        raise TypeError(f"y is {checks.shown(y)}: give a sequence of labels")
    return list(y)


def encode(labels: Sequence[Any]) -> tuple[list[Any], list[int]]:
    """The classes, sorted if they can be, else as first seen; and the number of each label."""
    try:
        classes = list(dict.fromkeys(labels))
    except TypeError:
        for i, label in enumerate(labels):
            try:
                hash(label)
            except TypeError:
                raise TypeError(
                    f"y[{i}] is {checks.shown(label)}: give one number or word for each label"
                ) from None
        raise
    for label in classes:
        _refuse_label(label, labels)
    with contextlib.suppress(TypeError):
        classes.sort()
    if len(classes) < 2:
        raise ValueError(f"y has only one class, {classes[0]!r}: give samples of two or more")
    number = {label: c for c, label in enumerate(classes)}
    return classes, [number[label] for label in labels]


def _refuse_label(label: Any, labels: Sequence[Any]) -> None:
    """Refuse what stands for a missing label, and fractions, which are no classes."""
    # (pandas' NA is compared with nothing: any comparison of it is NA again)
    missing = label is None or type(label).__name__ == "NAType" or label != label
    fraction = not missing and isinstance(label, float) and label % 1 != 0
    if missing or fraction:
        i = next(i for i, other in enumerate(labels) if other is label)
        cure = "remove the row, or fill in its class"
        if fraction:
            cure = "give whole numbers or words (pyref.newton takes fractions from 0 to 1)"
        raise ValueError(f"y[{i}] is {label}: {cure}")


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
        return [whole / (len(totals) * total) if total else 0.0 for total in totals]
    if not hasattr(class_weight, "keys"):
        raise TypeError(
            f"class_weight is {checks.shown(class_weight)}: give None, 'balanced', or a dict"
            " from class to weight"
        )
    for label in class_weight:
        if label not in classes:
            known = ", ".join([repr(c) for c in classes[:10]]) + (", ..." * (len(classes) > 10))
            raise ValueError(
                f"class_weight has a weight for {label!r}, but y has the classes {known}: remove it"
            )
    return [
        checks.not_negative(class_weight.get(label, 1.0), f"class_weight[{label!r}]")
        for label in classes
    ]


def label_array(classes: Sequence[Any], numpy: Any) -> Any:
    """The classes as an array that holds them as they are: of one plain type, or objects."""
    if hasattr(classes, "dtype"):
        return classes
    kinds = {type(label) for label in classes}
    if len(kinds) == 1 and kinds <= {str, int, float, bool}:
        return numpy.array(classes)
    out = numpy.empty(len(classes), dtype=object)
    for c, label in enumerate(classes):
        out[c] = label
    return out
