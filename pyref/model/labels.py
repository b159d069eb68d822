"""Labels: whatever a user gives, numbered; and given back as it came, type and all.

    label_list(y)                   the labels, each as a value that can be compared
    encode(labels)                  the classes, and the number of each label
    numbers_of(labels, classes)     the numbers of labels whose classes are known
    label_array(classes, numpy)     the classes as an array that has each as it was given

Labels are any sequence of numbers or words, or of anything hashable that equals what is like it.
Two labels are one class if they are equal: 1, 1.0 and True are one, and the first to appear
stands for all. An array of labels gives Python's numbers; dates of an array stay NumPy's.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from enum import Enum
from numbers import Complex, Number, Real
from typing import Any

from ..front import checks

# Types whose values are labels as they are.
PLAIN = frozenset((str, int, float, bool, bytes))


def label_list(y: Any, name: str = "y") -> list[Any]:
    """Labels of any kind as a list of values that can be compared."""
    checks.in_memory(y, name)
    checks.dimensions(y, name, 1)
    items = _items(y)
    if items is None:
        raise TypeError(f"{name} is {checks.shown(y)}: give a sequence of labels")
    if set(map(type, items)) <= PLAIN:
        return items
    return [single(item) for item in items]


def _items(y: Any) -> list[Any] | None:
    if isinstance(y, (str, bytes, bytearray, dict, set)):
        return None
    # (Some dates would become whole numbers by tolist, and others by polars' to_list equal ones.)
    if checks.is_date(y):
        return list(y)
    if getattr(getattr(y, "dtype", None), "time_unit", None) == "ns":
        return list(y.to_numpy())
    for method in ("to_pylist", "to_list", "tolist"):  # pyarrow; pandas, polars; arrays
        if hasattr(y, method):
            return list(getattr(y, method)())
    if hasattr(y, "__array__"):
        return _items(y.__array__())
    return list(y) if hasattr(y, "__iter__") else None


def single(label: Any) -> Any:
    """One label: the value of an array or a tensor without dimensions, else itself."""
    numpy = sys.modules.get("numpy")
    if type(label) in PLAIN or getattr(label, "shape", None) != ():
        return label
    if numpy is not None and isinstance(label, numpy.generic):
        return label
    if checks.is_date(label):
        return label[()]
    for method in ("tolist", "item"):
        if hasattr(label, method):
            return getattr(label, method)()
    return single(label.__array__()) if hasattr(label, "__array__") else label


def shown(label: Any) -> str:
    """A label for a message: as Python writes it, without NumPy's name for its type."""
    plain = hasattr(label, "item") and getattr(label, "shape", None) == ()
    return repr(label.item()) if plain and not checks.is_date(label) else repr(label)


# ---------------------------------------------------------------- numbers for labels


def encode(labels: Sequence[Any]) -> tuple[list[Any], list[int]]:
    """The classes, sorted if they can be, else as first seen; and the number of each label."""
    classes = different(labels)
    for label in classes:
        if _is_fraction(label):
            raise ValueError(
                f"y[{_place(label, labels)}] is {label}: give whole numbers or words"
                " (pyref.newton takes fractions from 0 to 1)"
            )
    if len(classes) < 2:
        raise ValueError(f"y has only one class, {shown(classes[0])}: give samples of two or more")
    with contextlib.suppress(TypeError):
        classes = sorted(classes)
    number = {label: c for c, label in enumerate(classes)}
    return classes, [number[label] for label in labels]


def numbers_of(labels: Sequence[Any], classes: Any) -> list[int]:
    """The number of each label among the classes; -1 for one that is none of them."""
    number = {label: c for c, label in enumerate(label_list(classes))}
    return [number.get(label, -1) for label in labels]


def different(labels: Sequence[Any]) -> list[Any]:
    """The different labels as first seen. Refuses what stands for a missing label, and what is
    equal to nothing but itself: it would make as many classes as there are rows."""
    try:
        found = list(dict.fromkeys(labels))
    except TypeError:
        found = []
        for i, label in enumerate(labels):
            try:
                hash(label)
            except TypeError:
                raise _no_label(i, label) from None
    for label in found:
        if _is_missing(label):
            i = _place(label, labels)
            raise ValueError(f"y[{i}] is {label}: remove the row, or fill in its class")
        if not _has_equals(label):
            raise _no_label(_place(label, labels), label)
    return found


def _place(label: Any, labels: Sequence[Any]) -> int:
    return next(i for i, other in enumerate(labels) if other is label)


def _no_label(i: int, label: Any) -> TypeError:
    return TypeError(f"y[{i}] is {checks.shown(label)}: give one number or word for each label")


def _is_missing(label: Any) -> bool:
    if isinstance(label, (tuple, frozenset)):
        return any(_is_missing(part) for part in label if part is not None)
    # (pandas' NA is compared with nothing: any comparison of it is NA again)
    return label is None or type(label).__name__ == "NAType" or _is_true(label != label)


def _has_equals(label: Any) -> bool:
    """Whether another value like it would be equal to it."""
    if isinstance(label, (tuple, frozenset)):
        return all(_has_equals(part) for part in label)
    equals: object = type(label).__eq__
    if equals is object.__eq__:  # the same object alone is equal
        return label is None or isinstance(label, (type, Enum))  # of those there is one of each
    return _is_true(label == label)


def _is_true(answer: Any) -> bool:
    """Whether a comparison says yes. (Those of arrays and tensors give arrays and tensors.)"""
    return type(answer).__name__ in ("bool", "bool_") and bool(answer)


def _is_fraction(label: Any) -> bool:
    number = isinstance(label, Real) or (
        isinstance(label, Number) and not isinstance(label, Complex)  # Decimal
    )
    return number and label // 1 != label


# ---------------------------------------------------------------- labels for numbers


def label_array(labels: Any, numpy: Any) -> Any:
    """Labels as an array that has each as it was given: of one plain type, or objects.

    NumPy's own conversion makes floats of integers that no one type of it can hold, text of
    numbers beside text, and cuts zeros off the end of a text.
    """
    if hasattr(labels, "dtype"):
        return labels
    for dtype in (None, "uint64"):
        with contextlib.suppress(TypeError, ValueError, OverflowError):  # ragged tuples, or words
            found = numpy.array(labels, dtype=dtype)
            plain = found.ndim == 1 and found.dtype.kind in "biufUSmM"
            if plain and (_same(found.tolist(), labels) or _same(list(found), labels)):
                return found
    out = numpy.empty(len(labels), dtype=object)
    for c, label in enumerate(labels):
        out[c] = label
    return out


def _same(values: Sequence[Any], labels: Sequence[Any]) -> bool:
    """Whether they are the same, type and all."""
    pairs = zip(values, labels)
    return all(type(value) is type(label) and value == label for value, label in pairs)
