"""Mistakes: the same exception, with the same words, from both implementations.

Every message is written out here, so that the two cannot drift together either. Each names
the argument, the row and column where there are any, what was found there, and the cure.
"""

import array
import math
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from helpers.compare import same

import pyref

INF, NAN = math.inf, math.nan
X = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
Y = [0, 1, 1]
HUGE = 10**400  # an int that no float can hold


def table_with(value, row=1, column=1):
    rows = [list(map(float, r)) for r in X]
    rows[row][column] = value
    return rows


def labels_with(value, i=1):
    return [value if k == i else label for k, label in enumerate(Y)]


def check(exception, message, function, *args, **kwargs):
    with pytest.raises(exception) as caught:
        function(*args, **kwargs)
    assert type(caught.value) is exception
    assert str(caught.value) == message


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


# ---------------------------------------------------------------- the numbers that steer


def positive(value):
    return ValueError, f"learning_rate is {value}: give a positive, finite number"


def not_negative(name, value):
    return ValueError, f"{name} is {value}: give a finite number, 0 or more"


BAD_STEERING = [
    ("learning_rate", 0, *positive("0.0")),
    ("learning_rate", -0.0, *positive("-0.0")),
    ("learning_rate", -1, *positive("-1.0")),
    ("learning_rate", NAN, *positive("nan")),
    ("learning_rate", INF, *positive("inf")),
    ("learning_rate", np.float32(-INF), *positive("-inf")),
    ("learning_rate", None, TypeError, "learning_rate is None, a NoneType: give a number"),
    ("learning_rate", [0.1], TypeError, "learning_rate is [0.1], a list: give a number"),
    ("learning_rate", 1j, TypeError, "learning_rate is 1j, a complex: give a number"),
    (
        "learning_rate",
        HUGE,
        ValueError,
        "learning_rate is too large for a float: scale it down",
    ),
    ("iterations", -1, ValueError, "iterations is -1: give a whole number, 0 or more"),
    ("iterations", 1.5, TypeError, "iterations is 1.5, a float: give a whole number"),
    ("iterations", 10.0, TypeError, "iterations is 10.0, a float: give a whole number"),
    ("iterations", INF, TypeError, "iterations is inf, a float: give a whole number"),
    ("iterations", NAN, TypeError, "iterations is nan, a float: give a whole number"),
    ("iterations", "x", TypeError, "iterations is 'x', a str: give a whole number"),
    ("iterations", "7", TypeError, "iterations is '7', a str: give a whole number"),
    ("iterations", None, TypeError, "iterations is None, a NoneType: give a whole number"),
    ("iterations", [5], TypeError, "iterations is [5], a list: give a whole number"),
    (
        "iterations",
        Fraction(3, 2),
        TypeError,
        "iterations is Fraction(3, 2), a Fraction: give a whole number",
    ),
    (
        "iterations",
        Decimal("Infinity"),
        TypeError,
        "iterations is Decimal('Infinity'), a Decimal: give a whole number",
    ),
    ("momentum", -0.5, *not_negative("momentum", "-0.5")),
    ("momentum", NAN, *not_negative("momentum", "nan")),
    ("momentum", INF, *not_negative("momentum", "inf")),
    ("momentum", "0.9", TypeError, "momentum is '0.9', a str: give a number"),
    ("momentum", None, TypeError, "momentum is None, a NoneType: give a number"),
]

BAD_STEERING_OF_MANY = [
    ("w", [1.0], ValueError, "w has length 1, but X has 2 features: give one weight each"),
    ("w", [1, 2, 3], ValueError, "w has length 3, but X has 2 features: give one weight each"),
    ("w", [], ValueError, "w has length 0, but X has 2 features: give one weight each"),
    ("w", np.zeros(3), ValueError, "w has length 3, but X has 2 features: give one weight each"),
    (
        "w",
        np.zeros((2, 1)),
        ValueError,
        "w has shape (2, 1), not 1 dimension(s): flatten it to one row",
    ),
    ("w", [1.0, NAN], ValueError, "w[1] is nan: give a finite number"),
    ("w", np.array([-INF, 0]), ValueError, "w[0] is -inf: give a finite number"),
    ("w", [1.0, "2"], TypeError, "w[1] is '2', a str: give a number"),
    ("w", [[1.0], [2.0]], TypeError, "w[0] is [1.0], a list: give a number"),
    ("w", 1.0, TypeError, "w is 1.0, a float: give a sequence of numbers"),
    ("w", "ab", TypeError, "w is 'ab', a str: give a sequence of numbers"),
    ("w", [1.0, HUGE], ValueError, "w[1] is too large for a float: scale it down"),
    ("b", NAN, ValueError, "b is nan: give a finite number"),
    ("b", -INF, ValueError, "b is -inf: give a finite number"),
    ("b", "0", TypeError, "b is '0', a str: give a number"),
    ("b", None, TypeError, "b is None, a NoneType: give a number"),
    ("b", [0.0], TypeError, "b is [0.0], a list: give a number"),
]

BAD_STEERING_OF_DESCENT = [
    *BAD_STEERING,
    ("learning_rate", "0.1", TypeError, "learning_rate is '0.1', a str: give a number, or 'safe'"),
    ("learning_rate", "all", TypeError, "learning_rate is 'all', a str: give a number, or 'safe'"),
    ("l2", -1, *not_negative("l2", "-1.0")),
    ("l2", NAN, *not_negative("l2", "nan")),
    ("l2", INF, *not_negative("l2", "inf")),
    ("l2", "0", TypeError, "l2 is '0', a str: give a number"),
    ("l2", None, TypeError, "l2 is None, a NoneType: give a number"),
    *BAD_STEERING_OF_MANY,
    ("reduction", "avg", ValueError, "reduction is 'avg', a str: give 'sum' or 'mean'"),
    ("reduction", "Mean", ValueError, "reduction is 'Mean', a str: give 'sum' or 'mean'"),
    ("reduction", None, ValueError, "reduction is None, a NoneType: give 'sum' or 'mean'"),
    ("reduction", 0, ValueError, "reduction is 0, a int: give 'sum' or 'mean'"),
    ("reduction", ["sum"], ValueError, "reduction is ['sum'], a list: give 'sum' or 'mean'"),
    ("tolerance", -1, *not_negative("tolerance", "-1.0")),
    ("tolerance", NAN, *not_negative("tolerance", "nan")),
    ("tolerance", INF, *not_negative("tolerance", "inf")),
    ("tolerance", "small", TypeError, "tolerance is 'small', a str: give a number"),
    ("tolerance", None, TypeError, "tolerance is None, a NoneType: give a number"),
    (
        "callback",
        3,
        TypeError,
        "callback is 3, a int: give a function of (iteration, loss), or None",
    ),
    (
        "callback",
        "print",
        TypeError,
        "callback is 'print', a str: give a function of (iteration, loss), or None",
    ),
    (
        "callback",
        [],
        TypeError,
        "callback is [], a list: give a function of (iteration, loss), or None",
    ),
]


def named(cases):
    return pytest.mark.parametrize(
        ("name", "value", "exception", "message"),
        cases,
        ids=[f"{name} = {value!r:.20}" for name, value, _, _ in cases],
    )


@named(BAD_STEERING_OF_DESCENT)
def test_bad_steering_of_gradient_descent(impl, name, value, exception, message):
    how = {"learning_rate": 0.1, "iterations": 5, name: value}
    check(exception, message, impl.gradient_descent, X, Y, **how)
    check(exception, message, impl.gradient_descent, np.array(X), np.array(Y), **how)


@named(
    [
        *BAD_STEERING,
        ("learning_rate", "0.1", TypeError, "learning_rate is '0.1', a str: give a number"),
        ("learning_rate", "safe", TypeError, "learning_rate is 'safe', a str: give a number"),
    ]
)
def test_bad_steering_of_the_one_feature_program(impl, name, value, exception, message):
    check(exception, message, impl.gradient_descent_logistic, [1, 2, 3], Y, **{name: value})


@named(
    [
        *BAD_STEERING_OF_MANY,
        ("w", None, TypeError, "w is None, a NoneType: give a sequence of numbers"),
    ]
)
def test_bad_parameters_of_gradient(impl, name, value, exception, message):
    arguments = {"w": [0.0, 0.0], "b": 0.0, name: value}
    check(exception, message, impl.gradient, X, Y, **arguments)


@named(
    [
        ("a", NAN, ValueError, "a is nan: give a finite number"),
        ("a", INF, ValueError, "a is inf: give a finite number"),
        ("a", "1", TypeError, "a is '1', a str: give a number"),
        ("b", NAN, ValueError, "b is nan: give a finite number"),
        ("b", None, TypeError, "b is None, a NoneType: give a number"),
    ]
)
def test_bad_parameters_of_gradient_ab(impl, name, value, exception, message):
    arguments = {"a": 0.0, "b": 0.0, name: value}
    check(exception, message, impl.gradient_ab, [1, 2, 3], Y, **arguments)


# ---------------------------------------------------------------- functions of one sample

PIECES = ("dL_dp", "dp_dz", "dz_da", "dL_da")  # taught, and not compiled
BAD_SCALARS = [
    ("sigmoid", ("1",), TypeError, "z is '1', a str: give a number"),
    ("sigmoid", (None,), TypeError, "z is None, a NoneType: give a number"),
    ("sigmoid", (1j,), TypeError, "z is 1j, a complex: give a number"),
    ("sigmoid", (HUGE,), ValueError, "z is too large for a float: scale it down"),
    ("sigmoid_derivative", ("1",), TypeError, "z is '1', a str: give a number"),
    ("softplus", ("1",), TypeError, "z is '1', a str: give a number"),
    ("softplus", (None,), TypeError, "z is None, a NoneType: give a number"),
    ("softplus", (-HUGE,), ValueError, "z is too large for a float: scale it down"),
    ("binary_cross_entropy", (2, 0.5), ValueError, "y is 2.0: give a number from 0 to 1"),
    ("binary_cross_entropy", (-1, 7), ValueError, "y is -1.0: give a number from 0 to 1"),
    ("binary_cross_entropy", (0, 1.5), ValueError, "p is 1.5: give a number from 0 to 1"),
    ("binary_cross_entropy", (0, -1e-9), ValueError, "p is -1e-09: give a number from 0 to 1"),
    ("binary_cross_entropy", (NAN, 0.5), ValueError, "y is nan: give a number from 0 to 1"),
    ("binary_cross_entropy", (1, NAN), ValueError, "p is nan: give a number from 0 to 1"),
    ("binary_cross_entropy", ("1", 0.5), TypeError, "y is '1', a str: give a number"),
    ("binary_cross_entropy", (1, None), TypeError, "p is None, a NoneType: give a number"),
    (
        "binary_cross_entropy_with_logits",
        (2, 0.5),
        ValueError,
        "y is 2.0: give a number from 0 to 1",
    ),
    (
        "binary_cross_entropy_with_logits",
        (NAN, "z"),
        ValueError,
        "y is nan: give a number from 0 to 1",
    ),
    ("binary_cross_entropy_with_logits", (1, "z"), TypeError, "z is 'z', a str: give a number"),
    ("dL_dp", (1.5, 0.5), ValueError, "y is 1.5: give a number from 0 to 1"),
    ("dL_dp", (1, 1.5), ValueError, "p is 1.5: give a number from 0 to 1"),
    ("dL_dp", (1, "p"), TypeError, "p is 'p', a str: give a number"),
    ("dp_dz", (-0.5,), ValueError, "p is -0.5: give a number from 0 to 1"),
    ("dp_dz", (NAN,), ValueError, "p is nan: give a number from 0 to 1"),
    ("dp_dz", ([],), TypeError, "p is [], a list: give a number"),
    ("dz_da", ("x",), TypeError, "x is 'x', a str: give a number"),
    ("dL_da", ("x", 1, 1, 1), TypeError, "x is 'x', a str: give a number"),
    ("dL_da", (1, 2, 1, 1), ValueError, "y is 2.0: give a number from 0 to 1"),
    ("dL_da", (1, 1, "a", 1), TypeError, "a is 'a', a str: give a number"),
    ("dL_da", (1, 1, 1, None), TypeError, "b is None, a NoneType: give a number"),
    ("residual", (-0.1, 0.0), ValueError, "y is -0.1: give a number from 0 to 1"),
    ("residual", (0, "0"), TypeError, "z is '0', a str: give a number"),
    ("residual", (None, 0), TypeError, "y is None, a NoneType: give a number"),
]


@pytest.mark.parametrize(
    ("name", "arguments", "exception", "message"),
    BAD_SCALARS,
    ids=[f"{name}{arguments!r:.30}" for name, arguments, _, _ in BAD_SCALARS],
)
def test_bad_scalars(impl, name, arguments, exception, message):
    module = pyref if name in PIECES else impl
    check(exception, message, getattr(module, name), *arguments)


# ---------------------------------------------------------------- missing and extra arguments


def test_calls_that_do_not_fit_the_signature(impl):
    check(
        TypeError,
        "gradient_descent() missing 2 required keyword-only arguments:"
        " 'learning_rate' and 'iterations'",
        impl.gradient_descent,
        X,
        Y,
    )
    check(
        TypeError,
        "gradient_descent() missing 1 required keyword-only argument: 'iterations'",
        impl.gradient_descent,
        X,
        Y,
        learning_rate=0.1,
    )
    with pytest.raises(TypeError, match="takes 2 positional arguments"):
        impl.gradient_descent(X, Y, 0.1, 5)
    with pytest.raises(TypeError, match="unexpected keyword argument 'epochs'"):
        impl.gradient_descent(X, Y, learning_rate=0.1, epochs=5)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'b'"):
        impl.gradient(X, Y, [0, 0])


# ---------------------------------------------------------------- several mistakes at once


def test_the_order_of_the_checks(impl):
    """Shapes of X, y, sample_weight; steering numbers as in the signature; values of y,
    sample_weight, X."""
    right = {
        "X": X,
        "y": Y,
        "learning_rate": 0.1,
        "iterations": 3,
        "w": [0, 0],
        "b": 0,
        "momentum": 0,
        "reduction": "sum",
        "tolerance": 0,
        "callback": None,
        "l2": 0,
        "sample_weight": [1, 1, 1],
    }
    mistakes = [  # each one hides all that follow it
        ("X", [[1, 2], [3], [5, NAN]], "X[1] has 1 features, X[0] has 2: give every row the same"),
        ("y", [0, 2], "y has length 2, but there are 3 samples"),
        ("sample_weight", [0], "sample_weight has length 1, but there are 3 samples"),
        ("learning_rate", 0, "learning_rate is 0.0"),
        ("iterations", -1, "iterations is -1"),
        ("w", [NAN, 1], "w[0] is nan"),
        ("b", INF, "b is inf"),
        ("momentum", -1, "momentum is -1.0"),
        ("reduction", "avg", "reduction is 'avg'"),
        ("tolerance", -1, "tolerance is -1.0"),
        ("callback", 3, "callback is 3"),
        ("l2", -1, "l2 is -1.0"),
        ("y", [0, 2, 1], "y[1] is 2.0"),
        ("sample_weight", [1, 0, -2], "sample_weight[2] is -2.0"),
        ("X", [[1, 2], [3, NAN], [5, INF]], "X[1][1] is nan"),
    ]
    for first in range(len(mistakes)):
        arguments = dict(right)
        for name, value, _ in reversed(mistakes[first:]):
            arguments[name] = value
        with pytest.raises((TypeError, ValueError)) as caught:
            impl.gradient_descent(arguments.pop("X"), arguments.pop("y"), **arguments)
        assert str(caught.value).startswith(mistakes[first][2])

    with pytest.raises(ValueError, match=r"^w has length 1"):
        impl.gradient([[NAN, 1]], [2], [1], NAN)
    with pytest.raises(ValueError, match=r"^b is nan"):
        impl.gradient([[NAN, 1]], [2], [1, 1], NAN)
    with pytest.raises(ValueError, match=r"^y\[0\] is 2.0"):
        impl.gradient([[NAN, 1]], [2], [1, 1], 0)
    with pytest.raises(ValueError, match=r"^a is nan"):
        impl.gradient_ab([NAN], [2], NAN, NAN)
    with pytest.raises(ValueError, match=r"^y\[0\] is 2.0"):
        impl.gradient_ab([NAN], [2], 0, 0)
    with pytest.raises(ValueError, match=r"^learning_rate is 0.0"):
        impl.gradient_descent_logistic([NAN], [2], 0, -1)
    with pytest.raises(ValueError, match=r"^iterations is -1"):
        impl.gradient_descent_logistic([NAN], [2], 1, -1, -1)
    with pytest.raises(ValueError, match=r"^x\[0\] is nan"):
        impl.gradient_descent_logistic([NAN], [1])


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


@pytest.mark.parametrize(
    ("threads", "exception", "message"),
    [
        (0, ValueError, "threads is 0: give a whole number, 1 or more"),
        (-2, ValueError, "threads is -2: give a whole number, 1 or more"),
        (1.5, TypeError, "threads is 1.5, a float: give a whole number"),
        ("all", TypeError, "threads is 'all', a str: give a whole number"),
    ],
)
def test_bad_threads(fast, threads, exception, message):
    how = {"learning_rate": 0.1, "iterations": 5}
    check(exception, message, fast.gradient, X, Y, [0, 0], 0, threads=threads)
    check(exception, message, fast.gradient_ab, [1, 2, 3], Y, 0, 0, threads=threads)
    check(exception, message, fast.gradient_descent, X, Y, threads=threads, **how)
    check(exception, message, fast.gradient_descent_logistic, [1, 2, 3], Y, threads=threads)


def test_a_mistake_leaves_no_trace(impl):
    """No callback is called, no input changed, and the next call is right."""
    want = impl.gradient(X, Y, [0.5, 0.25], 0.125)
    table, start, called = np.array(X), [0.5, 0.25], []
    for arguments in (
        (table, [0, 1, 2], 0.1),
        (table_with(NAN), Y, 0.1),
        (table, Y, -1),
        (np.zeros((3, 2, 1)), Y, 0.1),
    ):
        with pytest.raises(ValueError, match=r"give|remove|reshape"):
            impl.gradient_descent(
                arguments[0],
                arguments[1],
                learning_rate=arguments[2],
                iterations=3,
                w=start,
                callback=lambda *args: called.append(args),
            )
        same(table, X)
        assert start == [0.5, 0.25]
        assert called == []
        same(impl.gradient(X, Y, [0.5, 0.25], 0.125), want)


def test_an_error_in_a_reference_cycle_can_be_collected(fast):
    """An exception holds the frames it passed, and with them the views of the user's buffers.
    Where it is part of a cycle, the garbage collector takes all that apart in any order, and a
    memoryview that is cleared while something else still exports it ends the process. So this
    runs in a process of its own."""
    program = """
import array, gc, sys
sys.path[:] = PATH
import numpy as np
import pyref.fast as fast

table, labels = np.ones((40, 3)), np.ones(40)
bad = table.copy()
bad[3, 1] = np.nan
x = array.array("d", [1.0, 2.0, np.inf])
how = {"learning_rate": 0.1, "iterations": 3}
calls = [
    lambda: fast.gradient(bad, labels, [0, 0, 0], 0),
    lambda: fast.gradient(table, 3 * labels, [0, 0, 0], 0),
    lambda: fast.gradient(memoryview(table), labels, np.zeros(2), 0),
    lambda: fast.gradient_descent(memoryview(bad), memoryview(labels), **how),
    lambda: fast.gradient_descent(table, labels, learning_rate=-1, iterations=3),
    lambda: fast.gradient_descent(table, labels, callback=lambda k, loss: 1 / 0, **how),
    lambda: fast.gradient_ab(x, np.ones(3), 0, 0),
    lambda: fast.gradient_descent_logistic(memoryview(x), array.array("b", [0, 1, 1])),
    lambda: fast.sigmoid(np.ones((2, 2))),
    lambda: fast.gradient(table, labels, [0, 0, 0], 0, memoryview(-labels)),
    lambda: fast.gradient_descent(table, labels, sample_weight=-labels.astype("f4"), **how),
    lambda: fast.safe_learning_rate(memoryview(bad), sample_weight=memoryview(labels)),
    lambda: fast.softmax_gradient(table, [0, 1] * 20, [[0, 0]] * 3, [0, 0], 0 * labels),
]
for k in range(300):
    for call in calls:
        try:
            call()
        except (ArithmeticError, ValueError) as error:
            error.itself = error
        else:
            raise SystemExit("no error")
    if k % 7 == 0:
        gc.collect()
gc.collect()
print("collected")
""".replace("PATH", repr(sys.path), 1)
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", program],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout == "collected\n"


def test_every_message_names_the_place_and_the_cure():
    """Every case of the tables above says `give`, or another cure, after a colon."""
    cases = [*BAD_TABLES.values(), *BAD_LABELS.values(), *BAD_FEATURES.values()]
    cases += [case[1:] for case in BAD_STEERING_OF_DESCENT]
    cases += [case[1:] for case in BAD_SCALARS]
    for _, _, message in cases:
        cure = message.rpartition(": ")[2]
        assert cure.split()[0] in ("give", "remove", "reshape", "flatten", "scale"), message
