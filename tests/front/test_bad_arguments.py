"""Mistakes in all but the data: every message, from both implementations; and their order."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from helpers.compare import same
from helpers.mistakes import HUGE, INF, NAN, X, Y, check, cured, table_with

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


@pytest.mark.parametrize(
    ("threads", "exception", "message"),
    [
        (0, ValueError, "threads is 0: give a whole number, 1 or more"),
        (-2, ValueError, "threads is -2: give a whole number, 1 or more"),
        (1.5, TypeError, "threads is 1.5, a float: give a whole number"),
        ("all", TypeError, "threads is 'all', a str: give a whole number"),
    ],
)
def test_bad_threads(impl, threads, exception, message):
    how = {"learning_rate": 0.1, "iterations": 5}
    check(exception, message, impl.gradient, X, Y, [0, 0], 0, threads=threads)
    check(exception, message, impl.gradient_ab, [1, 2, 3], Y, 0, 0, threads=threads)
    check(exception, message, impl.gradient_descent, X, Y, threads=threads, **how)
    check(exception, message, impl.gradient_descent_logistic, [1, 2, 3], Y, threads=threads)


# ---------------------------------------------------------------- functions of one sample

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
    check(exception, message, getattr(impl, name), *arguments)


# ---------------------------------------------------------------- missing and extra arguments


def test_calls_that_do_not_fit_the_signature(impl):
    """In Python's own words, which name the class too (Binary.gradient_descent)."""
    for arguments, missing in (
        ({}, "2 required keyword-only arguments: 'learning_rate' and 'iterations'"),
        ({"learning_rate": 0.1}, "1 required keyword-only argument: 'iterations'"),
    ):
        with pytest.raises(TypeError, match=rf"gradient_descent\(\) missing {missing}$"):
            impl.gradient_descent(X, Y, **arguments)
    with pytest.raises(TypeError, match="takes 3 positional arguments but 5 were given"):
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


def test_every_message_names_the_cure():
    for case in [*BAD_STEERING_OF_DESCENT, *BAD_SCALARS]:
        assert cured(case[-1]), case[-1]
