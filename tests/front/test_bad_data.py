"""Mistakes in the data: the same exception, with the same words, from both implementations.

Every message is written out here, so that the two cannot drift together either. Each names
the argument, the row and column where there are any, what was found there, and the cure.
"""

import array
import math
from decimal import Decimal

import numpy as np
import pytest
from helpers.mistakes import HUGE, INF, NAN, X, Y, check, cured, labels_with, table_with

# ---------------------------------------------------------------- the table X


class Masked(np.ma.MaskedArray):
    """A masked array by another name."""


BAD_TABLES = {
    "empty list": ([], ValueError, "X is empty: give at least one row"),
    "empty tuple": ((), ValueError, "X is empty: give at least one row"),
    "empty array": (np.empty((0, 2)), ValueError, "X is empty: give at least one row"),
    "no features": (
        [[], [], []],
        ValueError,
        "X[0] has no features: give each row at least one",
    ),
    "no features, array": (
        np.empty((3, 0)),
        ValueError,
        "X[0] has no features: give each row at least one",
    ),
    "ragged, shorter": (
        [[1, 2], [3], [5, 6]],
        ValueError,
        "X[1] has 1 features, X[0] has 2: give every row the same features",
    ),
    "ragged, longer": (
        [[1, 2], [3, 4], [5, 6, 7]],
        ValueError,
        "X[2] has 3 features, X[0] has 2: give every row the same features",
    ),
    "ragged, then empty": (
        [[1, 2], [], [5, 6]],
        ValueError,
        "X[1] has no features: give each row at least one",
    ),
    "flat list": (
        [1.0, 2.0, 3.0],
        TypeError,
        "X[0] is 1.0, a float: give a sequence of features (one feature a row is [[1.0], [2.0]])",
    ),
    "flat array.array": (
        array.array("d", [1.0, 2.0, 3.0]),
        TypeError,
        "X[0] is 1.0, a float: give a sequence of features (one feature a row is [[1.0], [2.0]])",
    ),
    "flat array": (
        np.array([1.0, 2.0, 3.0]),
        ValueError,
        "X has shape (3), not 2 dimension(s): reshape it to (rows, features)",
    ),
    "flat memoryview": (
        memoryview(array.array("d", [1.0, 2.0, 3.0])),
        ValueError,
        "X has shape (3), not 2 dimension(s): reshape it to (rows, features)",
    ),
    "array with no dimension": (
        np.array(1.0),
        ValueError,
        "X has shape (), not 2 dimension(s): reshape it to (rows, features)",
    ),
    "cube": (
        np.zeros((3, 2, 1)),
        ValueError,
        "X has shape (3, 2, 1), not 2 dimension(s): reshape it to (rows, features)",
    ),
    "nested too deep": (
        [[[1], [2]], [[3], [4]], [[5], [6]]],
        TypeError,
        "X[0][0] is [1], a list: give a number",
    ),
    "a number": (3.5, TypeError, "X is 3.5, a float: give a sequence of rows"),
    "None": (None, TypeError, "X is None, a NoneType: give a sequence of rows"),
    "text": ("12", TypeError, "X is '12', a str: give a sequence of rows"),
    "bytes": (b"12", TypeError, "X is b'12', a bytes: give a sequence of rows"),
    "a dict": (
        {"a": [1, 2, 3]},
        TypeError,
        "X is {'a': [1, 2, 3]}, a dict: give a sequence of rows",
    ),
    "rows of text": (
        ["12", "34", "56"],
        TypeError,
        "X[0] is '12', a str: give a sequence of features (one feature a row is [[1.0], [2.0]])",
    ),
    "a row missing": (
        [[1, 2], None, [5, 6]],
        TypeError,
        "X[1] is None, a NoneType: give a sequence of features"
        " (one feature a row is [[1.0], [2.0]])",
    ),
    "text in a cell": (table_with("4"), TypeError, "X[1][1] is '4', a str: give a number"),
    "None in a cell": (
        table_with(None, 2, 0),
        TypeError,
        "X[2][0] is None, a NoneType: give a number",
    ),
    "a complex cell": (
        table_with(2j, 0, 0),
        TypeError,
        "X[0][0] is 2j, a complex: give a number",
    ),
    "a long wrong cell": (
        table_with("x" * 100),
        TypeError,
        "X[1][1] is '" + "x" * 36 + "..., a str: give a number",
    ),
    "an array of text": (
        np.array([["a", "b"], ["c", "d"], ["e", "f"]]),
        TypeError,
        "X[0][0] is 'a', a str: give a number",
    ),
    "an array of objects": (
        np.array(table_with(None), dtype=object),
        TypeError,
        "X[1][1] is None, a NoneType: give a number",
    ),
    "a masked cell": (  # its buffer still holds a number there
        np.ma.masked_equal(X, 4.0),
        TypeError,
        "X[1][1] is None, a NoneType: give a number",
    ),
    "a masked cell of a subclass": (
        np.ma.masked_equal(X, 4.0).view(Masked),
        TypeError,
        "X[1][1] is None, a NoneType: give a number",
    ),
    "an int too large": (
        table_with(HUGE),
        ValueError,
        "X[1][1] is too large for a float: scale it down",
    ),
    "NaN": (
        table_with(NAN),
        ValueError,
        "X[1][1] is nan: remove the row, or fill in a finite number",
    ),
    "infinity": (
        table_with(INF, 0, 1),
        ValueError,
        "X[0][1] is inf: remove the row, or fill in a finite number",
    ),
    "minus infinity": (
        table_with(-INF, 2, 0),
        ValueError,
        "X[2][0] is -inf: remove the row, or fill in a finite number",
    ),
    "a Decimal NaN": (
        table_with(Decimal("nan")),
        ValueError,
        "X[1][1] is nan: remove the row, or fill in a finite number",
    ),
    "NaN in an array": (
        np.array(table_with(NAN)),
        ValueError,
        "X[1][1] is nan: remove the row, or fill in a finite number",
    ),
    "infinity in a float32 array": (
        np.array(table_with(-INF), dtype=np.float32),
        ValueError,
        "X[1][1] is -inf: remove the row, or fill in a finite number",
    ),
    "several: the first row by row": (
        [[1.0, 2.0], [3.0, INF], [NAN, 6.0]],
        ValueError,
        "X[1][1] is inf: remove the row, or fill in a finite number",
    ),
}


@pytest.mark.parametrize("name", BAD_TABLES)
def test_bad_tables(impl, name):
    table, exception, message = BAD_TABLES[name]
    w = [0.5, 0.25]
    check(exception, message, impl.gradient, table, Y, w, 0.0)
    how = {"learning_rate": 0.1, "iterations": 5}
    check(exception, message, impl.gradient_descent, table, Y, **how)
    check(exception, message, impl.gradient_descent, table, Y, w=w, **how)


# ---------------------------------------------------------------- the labels y

BAD_LABELS = {
    "too few": ([0, 1], ValueError, "y has length 2, but there are 3 samples: give one label each"),
    "too many": (
        [0, 1, 1, 0],
        ValueError,
        "y has length 4, but there are 3 samples: give one label each",
    ),
    "none": ([], ValueError, "y has length 0, but there are 3 samples: give one label each"),
    "too few in an array": (
        np.zeros(2),
        ValueError,
        "y has length 2, but there are 3 samples: give one label each",
    ),
    "too many in an array of bools": (
        np.zeros(4, bool),
        ValueError,
        "y has length 4, but there are 3 samples: give one label each",
    ),
    "2": (labels_with(2), ValueError, "y[1] is 2.0: give a number from 0 to 1"),
    "-1": (labels_with(-1, 2), ValueError, "y[2] is -1.0: give a number from 0 to 1"),
    "a little too much": (
        labels_with(math.nextafter(1, 2)),
        ValueError,
        "y[1] is 1.0000000000000002: give a number from 0 to 1",
    ),
    "a little too little": (
        labels_with(-5e-324),
        ValueError,
        "y[1] is -5e-324: give a number from 0 to 1",
    ),
    "NaN": (labels_with(NAN), ValueError, "y[1] is nan: give a number from 0 to 1"),
    "infinity": (labels_with(INF, 0), ValueError, "y[0] is inf: give a number from 0 to 1"),
    "several: the first": ([0, 3, -4], ValueError, "y[1] is 3.0: give a number from 0 to 1"),
    "int array": (np.array([0, 1, 2]), ValueError, "y[2] is 2.0: give a number from 0 to 1"),
    "int8 array": (
        np.array([1, -1, 1], np.int8),
        ValueError,
        "y[1] is -1.0: give a number from 0 to 1",
    ),
    "uint8 array": (
        np.array([255, 1, 1], np.uint8),
        ValueError,
        "y[0] is 255.0: give a number from 0 to 1",
    ),
    "uint64 array": (
        np.array([0, 2**63, 1], np.uint64),
        ValueError,
        "y[1] is 9.223372036854776e+18: give a number from 0 to 1",
    ),
    "float array": (
        np.array([0.0, 1.0, NAN]),
        ValueError,
        "y[2] is nan: give a number from 0 to 1",
    ),
    "float32 array": (
        np.array([0.0, 1.1, 1.0], np.float32),
        ValueError,
        "y[1] is 1.100000023841858: give a number from 0 to 1",
    ),
    "array.array": (
        array.array("i", [0, 1, 7]),
        ValueError,
        "y[2] is 7.0: give a number from 0 to 1",
    ),
    "a column": (
        np.array([[0], [1], [1]]),
        ValueError,
        "y has shape (3, 1), not 1 dimension(s): flatten it to one row",
    ),
    "nested": ([[0], [1], [1]], TypeError, "y[0] is [0], a list: give a number"),
    "text": ("011", TypeError, "y is '011', a str: give a sequence of numbers"),
    "texts": (["0", "1", "1"], TypeError, "y[0] is '0', a str: give a number"),
    "classes": (
        np.array(["no", "yes", "yes"]),
        TypeError,
        "y[0] is 'no', a str: give a number",
    ),
    "None": (None, TypeError, "y is None, a NoneType: give a sequence of numbers"),
    "None in it": (labels_with(None), TypeError, "y[1] is None, a NoneType: give a number"),
    "a masked label": (
        np.ma.array([0, 1, 1], mask=[False, True, False]),
        TypeError,
        "y[1] is None, a NoneType: give a number",
    ),
    "a number": (1, TypeError, "y is 1, a int: give a sequence of numbers"),
    "a dict": ({0: 1}, TypeError, "y is {0: 1}, a dict: give a sequence of numbers"),
    "complex": (labels_with(1j), TypeError, "y[1] is 1j, a complex: give a number"),
    "an int too large": (
        labels_with(HUGE),
        ValueError,
        "y[1] is too large for a float: scale it down",
    ),
}


@pytest.mark.parametrize("name", BAD_LABELS)
def test_bad_labels(impl, name):
    labels, exception, message = BAD_LABELS[name]
    how = {"learning_rate": 0.1, "iterations": 5}
    x = [1.0, 2.0, 3.0]
    check(exception, message, impl.gradient, X, labels, [0, 0], 0)
    check(exception, message, impl.gradient, np.array(X), labels, [0, 0], 0)
    check(exception, message, impl.gradient_descent, X, labels, **how)
    check(exception, message, impl.gradient_descent, np.array(X), labels, **how)
    check(exception, message, impl.gradient_ab, x, labels, 0, 0)
    check(exception, message, impl.gradient_ab, np.array(x), labels, 0, 0)
    check(exception, message, impl.gradient_descent_logistic, x, labels)
    check(exception, message, impl.gradient_descent_logistic, np.array(x), labels)


# ---------------------------------------------------------------- one feature x

BAD_FEATURES = {
    "empty": ([], ValueError, "x is empty: give at least one sample"),
    "empty array": (np.empty(0), ValueError, "x is empty: give at least one sample"),
    "rows": ([[1.0], [2.0], [3.0]], TypeError, "x[0] is [1.0], a list: give a number"),
    "a column": (
        np.array([[1.0], [2.0], [3.0]]),
        ValueError,
        "x has shape (3, 1), not 1 dimension(s): flatten it to one row",
    ),
    "a number": (1.5, TypeError, "x is 1.5, a float: give a sequence of numbers"),
    "None": (None, TypeError, "x is None, a NoneType: give a sequence of numbers"),
    "text": ("123", TypeError, "x is '123', a str: give a sequence of numbers"),
    "texts": ([1, "2", 3], TypeError, "x[1] is '2', a str: give a number"),
    "None in it": ([1, 2, None], TypeError, "x[2] is None, a NoneType: give a number"),
    "NaN": (
        [1, NAN, 3],
        ValueError,
        "x[1] is nan: remove the row, or fill in a finite number",
    ),
    "infinity in an array": (
        np.array([1, 2, -INF]),
        ValueError,
        "x[2] is -inf: remove the row, or fill in a finite number",
    ),
    "infinity in a float32 array": (
        np.array([INF, 2, 1], np.float32),
        ValueError,
        "x[0] is inf: remove the row, or fill in a finite number",
    ),
    "an int too large": (
        [1, 2, HUGE],
        ValueError,
        "x[2] is too large for a float: scale it down",
    ),
}


@pytest.mark.parametrize("name", BAD_FEATURES)
def test_bad_features(impl, name):
    x, exception, message = BAD_FEATURES[name]
    check(exception, message, impl.gradient_ab, x, Y, 0.0, 0.0)
    check(exception, message, impl.gradient_ab, x, Y, 0.5, -1.0)
    check(exception, message, impl.gradient_descent_logistic, x, Y)


# ---------------------------------------------------------------- a bad cell is always found
#
# The compiled path looks for one only after a gradient was not finite. So each of these must
# reach the gradient, and be told from a run that has diverged.


@pytest.mark.parametrize("value", [NAN, INF, -INF])
def test_a_bad_cell_is_named_wherever_it_is(impl, value):
    for n, d in ((1, 1), (9, 2), (70, 9), (1100, 3)):
        for i, j in {(0, 0), (n - 1, d - 1), (n // 2, d // 3), (min(n - 1, 64), 0)}:
            table = np.ones((n, d))
            table[i, j] = value
            message = f"X[{i}][{j}] is {value}: remove the row, or fill in a finite number"
            labels = np.arange(n) % 2
            for w in (np.zeros(d), np.full(d, -800.0), np.full(d, 800.0)):
                check(ValueError, message, impl.gradient, table, labels, w, 0.0)
            how = {"learning_rate": 0.1, "iterations": 2}
            check(ValueError, message, impl.gradient_descent, table, labels, **how)
            narrow = table.astype(np.float32)
            check(ValueError, message, impl.gradient_descent, narrow, labels, **how)


def test_a_bad_cell_is_found_whatever_ends_the_run(impl):
    table, message = table_with(NAN), BAD_TABLES["NaN"][2]
    for how in (
        {"iterations": 0},
        {"iterations": 5, "tolerance": 1e300},
        {"iterations": 5, "learning_rate": 1e308},
        {"iterations": 5, "callback": lambda k, loss: True},
        {"iterations": 5, "w": [1e308, 1e308]},
        {"iterations": 5, "momentum": 1e300},
    ):
        for kind in (list, np.array):
            arguments = {"learning_rate": 0.1, **how}
            check(ValueError, message, impl.gradient_descent, kind(table), Y, **arguments)
    for iterations in (0, 5):
        check(
            ValueError,
            "x[1] is inf: remove the row, or fill in a finite number",
            impl.gradient_descent_logistic,
            [1, INF, 3],
            Y,
            iterations=iterations,
        )


def test_an_infinity_whose_sample_is_right_is_found_too(impl):
    """z = inf with label 1: the loss and the residual are 0, and 0 * inf is a NaN."""
    how = {"learning_rate": 0.1, "iterations": 5, "tolerance": 1.0}
    for value, label in ((INF, 1), (-INF, 0)):
        message = f"X[0][0] is {value}: remove the row, or fill in a finite number"
        check(ValueError, message, impl.gradient, [[value]], [label], [1.0], 0.0)
        for row in ([value], [value, 0.5], [value, 0.5, 0.5]):
            w = [1.0] * len(row)
            check(ValueError, message, impl.gradient_descent, [row], [label], w=w, **how)
        message = f"x[0] is {value}: remove the row, or fill in a finite number"
        check(ValueError, message, impl.gradient_ab, [value], [label], 1.0, 0.0)


def test_every_message_names_the_cure():
    for _, _, message in [*BAD_TABLES.values(), *BAD_LABELS.values(), *BAD_FEATURES.values()]:
        assert cured(message), message
