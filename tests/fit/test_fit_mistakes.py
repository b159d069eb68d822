"""What newton, lbfgs and hessian refuse, in which words and order; and what they promise."""

import array
import inspect

import numpy as np
import pytest
from helpers.fits import INF, METHODS, NAN, X4, Y4

import pyref

# ---------------------------------------------------------------- mistakes

BOTH = {
    "sample_weight too short": (
        {"sample_weight": [1, 2]},
        ValueError,
        "sample_weight has length 2, but there are 4 samples: give one weight each",
    ),
    "sample_weight negative": (
        {"sample_weight": [1, 2, -1, 1]},
        ValueError,
        "sample_weight[2] is -1.0: give a finite number, 0 or more",
    ),
    "sample_weight NaN": (
        {"sample_weight": [1, 2, 1, NAN]},
        ValueError,
        "sample_weight[3] is nan: give a finite number, 0 or more",
    ),
    "sample_weight a word": (
        {"sample_weight": [1, "2", 1, 1]},
        TypeError,
        "sample_weight[1] is '2', a str: give a number",
    ),
    "sample_weight zero": (
        {"sample_weight": [0, 0, 0, 0]},
        ValueError,
        "sample_weight sums to 0.0: give a positive, finite sum",
    ),
    "sample_weight too heavy": (
        {"sample_weight": [1e308, 1e308, 1, 1]},
        ValueError,
        "sample_weight sums to inf: give a positive, finite sum",
    ),
    "w too long": (
        {"w": [1, 2]},
        ValueError,
        "w has length 2, but X has 1 features: give one weight each",
    ),
    "b": ({"b": INF}, ValueError, "b is inf: give a finite number"),
    "l2": ({"l2": -0.1}, ValueError, "l2 is -0.1: give a finite number, 0 or more"),
    "tolerance": (
        {"tolerance": NAN},
        ValueError,
        "tolerance is nan: give a finite number, 0 or more",
    ),
    "iterations": (
        {"iterations": 1.5},
        TypeError,
        "iterations is 1.5, a float: give a whole number",
    ),
    "callback": (
        {"callback": 3},
        TypeError,
        "callback is 3, a int: give a function of (iteration, loss), or None",
    ),
}


def fails(exception, message, function, *args, **kwargs):
    with pytest.raises(exception) as caught:
        function(*args, **kwargs)
    assert type(caught.value) is exception
    assert str(caught.value) == message


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("method", [*METHODS, "gradient_descent"])
def test_mistakes(impl, method, name):
    arguments, exception, message = BOTH[name]
    if method == "gradient_descent":
        arguments = {"learning_rate": 1, "iterations": 1, **arguments}
    fails(exception, message, getattr(impl, method), X4, Y4, **arguments)


def test_mistakes_in_x_and_y(impl):
    for function, more in (
        (impl.newton, ()),
        (impl.lbfgs, ()),
        (impl.hessian, ([0.0], 0.0)),
    ):
        fails(ValueError, "X is empty: give at least one row", function, [], [], *more)
        message = "y has length 3, but there are 4 samples: give one label each"
        fails(ValueError, message, function, X4, [0, 1, 0], *more)
        message = "y[1] is 2.0: give a number from 0 to 1"
        fails(ValueError, message, function, X4, [0, 2, 0, 1], *more)
        message = "X[2][0] is nan: remove the row, or fill in a finite number"
        fails(ValueError, message, function, [[1], [2], [NAN], [4]], Y4, *more)
    message = "column 0 of X spans more than a float can hold: scale it down"
    for method in METHODS:
        fails(ValueError, message, getattr(impl, method), [[1e308], [-1e308], [0]], [0, 1, 1])
    fails(ValueError, "memory is 0: give a whole number, 1 or more", impl.lbfgs, X4, Y4, memory=0)


def test_mistakes_in_the_learning_rate(impl):
    message = "learning_rate is 'fast', a str: give a number, or 'safe'"
    fails(TypeError, message, impl.gradient_descent, X4, Y4, learning_rate="fast", iterations=1)
    message = "reduction is 'median', a str: give 'sum' or 'mean'"
    fails(ValueError, message, impl.safe_learning_rate, X4, "median")
    message = "X is too large for a safe learning rate: scale it down"
    fails(ValueError, message, impl.safe_learning_rate, [[1e200]])


def test_the_order_of_mistakes(impl):
    """Shapes (X, y, weights), then scalars, then values (y, weights, X)."""
    wrong = {
        "sample_weight": [-1, 1, 1, 1],
        "w": [NAN],
        "b": INF,
        "l2": -1,
        "tolerance": -1,
        "iterations": -1,
        "callback": 0,
    }
    X, y = [[NAN], [2], [3], [4]], [0, 1, 7, 1]
    cures = [
        ("w", [0.0], "w[0] is nan"),
        ("b", 0.0, "b is inf"),
        ("l2", 0.0, "l2 is -1"),
        ("tolerance", 0.0, "tolerance is -1"),
        ("iterations", 3, "iterations is -1"),
        ("callback", None, "callback is 0"),
    ]
    for method in METHODS:
        function, arguments = getattr(impl, method), {**wrong, "sample_weight": [1]}
        with pytest.raises(ValueError, match="sample_weight has length 1"):
            function(X, y, **arguments)
        arguments = dict(wrong)
        for name, cure, message in cures:
            with pytest.raises((TypeError, ValueError)) as caught:
                function(X, y, **arguments)
            assert str(caught.value).startswith(message)
            arguments[name] = cure
        with pytest.raises(ValueError, match=r"^y\[2\] is 7"):
            function(X, y, **arguments)
        with pytest.raises(ValueError, match=r"^sample_weight\[0\] is -1"):
            function(X, Y4, **arguments)
        with pytest.raises(ValueError, match=r"^X\[0\]\[0\] is nan"):
            function(X, Y4, **{**arguments, "sample_weight": [1, 1, 1, 1]})


def test_nothing_that_is_given_is_changed(impl):
    X, y, s, w = [[1.0], [2.0], [3.0], [4.0]], [0, 1, 0, 1], [1, 2, 3, 1], [0.5]
    for method in METHODS:
        getattr(impl, method)(X, y, sample_weight=s, w=w, iterations=3)
    assert (X, y, s, w) == ([[1.0], [2.0], [3.0], [4.0]], [0, 1, 0, 1], [1, 2, 3, 1], [0.5])


def test_any_sequences_will_do(impl):
    want = impl.newton(X4, Y4, sample_weight=[1, 2, 1, 3])
    assert want == impl.newton(
        np.array(X4, np.float32), np.array(Y4, bool), sample_weight=array.array("l", [1, 2, 1, 3])
    )


def test_the_contract(impl):
    """The names, their order and their defaults."""
    for method, first in (("newton", {}), ("lbfgs", {"memory": 10})):
        parameters = inspect.signature(getattr(impl, method)).parameters
        keywords = {
            name: p.default
            for name, p in parameters.items()
            if p.kind is inspect.Parameter.KEYWORD_ONLY
        }
        assert [n for n in parameters if n not in keywords] == ["X", "y"]
        keywords.pop("threads", None)
        assert list(keywords.items()) == list(
            {
                **first,
                "w": None,
                "b": 0.0,
                "l2": 0.0,
                "sample_weight": None,
                "tolerance": 1e-10,
                "iterations": 100,
                "callback": None,
            }.items()
        )
        fit = getattr(impl, method)(X4, Y4)
        assert type(fit) is pyref.front.checks.Newton
        assert fit._fields == (
            "w",
            "b",
            "losses",
            "iterations",
            "status",
            "standard_errors",
            "log_likelihood",
        )
