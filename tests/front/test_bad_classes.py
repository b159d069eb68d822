"""Mistakes in what chapter 2's functions are given: every message, from both implementations."""

import numpy as np
import pytest
from helpers.classes import INF, NAN

X2, Y2, W2, B2 = [[1.0, 2.0], [3.0, 4.0]], [0, 1], [[0.0, 0.0], [0.0, 0.0]], [0.0, 0.0]

BAD_SCALARS = [
    ("logsumexp", ([],), ValueError, "zs is empty: give at least one score"),
    ("softmax", ([],), ValueError, "zs is empty: give at least one score"),
    ("softmax", (3,), TypeError, "zs is 3, a int: give a sequence of numbers"),
    ("softmax", ([1, "2"],), TypeError, "zs[1] is '2', a str: give a number"),
    ("softmax", ([[1.0, 2.0]],), TypeError, "zs[0] is [1.0, 2.0], a list: give a number"),
    (
        "softmax",
        (np.zeros((2, 3)),),
        ValueError,
        "zs has shape (2, 3), not 1 dimension(s): give one row or column of it",
    ),
    (
        "categorical_cross_entropy",
        ([], []),
        ValueError,
        "ys is empty: give one probability for each class",
    ),
    (
        "categorical_cross_entropy",
        (1, [0.5, 0.5]),
        TypeError,
        "ys is 1, a int: give a sequence of numbers",
    ),
    (
        "categorical_cross_entropy",
        ([0, 1], [0.2, 0.3, 0.5]),
        ValueError,
        "ps has length 3, but there are 2 classes: give one probability for each class",
    ),
    (
        "categorical_cross_entropy",
        ([0, 1], [0.5, 1.5]),
        ValueError,
        "ps[1] is 1.5: give a number from 0 to 1",
    ),
    (
        "categorical_cross_entropy",
        ([1, 0], [0.5, NAN]),
        ValueError,
        "ps[1] is nan: give a number from 0 to 1",
    ),
    (
        "categorical_cross_entropy",
        ([2, -1], [0.5, 0.5]),
        ValueError,
        "ys[0] is 2.0: give a number from 0 to 1",
    ),
    (
        "categorical_cross_entropy_with_logits",
        ([0.5, 0.25], [1, 2]),
        ValueError,
        "ys sums to 0.75: give probabilities that sum to 1",
    ),
    (
        "categorical_cross_entropy_with_logits",
        ([0.5, NAN], [1, 2]),
        ValueError,
        "ys[1] is nan: give a number from 0 to 1",
    ),
    (
        "categorical_cross_entropy_with_logits",
        ([0, 1], [1]),
        ValueError,
        "zs has length 1, but there are 2 classes: give one score for each class",
    ),
    (
        "categorical_cross_entropy_with_logits",
        ([0, 1], []),
        ValueError,
        "zs is empty: give at least one score",
    ),
]


@pytest.mark.parametrize(("name", "args", "error", "message"), BAD_SCALARS)
def test_bad_scalars(impl, name, args, error, message):
    with pytest.raises(error) as caught:
        getattr(impl, name)(*args)
    assert str(caught.value) == message


# what is wrong, and what is said of it by softmax_gradient and softmax_descent alike
BAD_DATA = [
    ({"X": []}, ValueError, "X is empty: give at least one row"),
    ({"X": [[1, 2], [3]]}, ValueError, None),
    (
        {"X": [[1.0, NAN], [3, 4]]},
        ValueError,
        "X[0][1] is nan: remove the row, or fill in a finite number",
    ),
    (
        {"X": [[1, 2], [INF, 4]]},
        ValueError,
        "X[1][0] is inf: remove the row, or fill in a finite number",
    ),
    (
        {"y": [0, 1, 1]},
        ValueError,
        "y has length 3, but there are 2 samples: give one label each",
    ),
    ({"y": []}, ValueError, "y has length 0, but there are 2 samples: give one label each"),
    (
        {"y": [[1, 0]]},
        ValueError,
        "y has length 1, but there are 2 samples: give one label each",
    ),
    ({"y": 1}, TypeError, "y is 1, a int: give class numbers, or rows of probabilities"),
    ({"y": "01"}, TypeError, "y is '01', a str: give class numbers, or rows of probabilities"),
    ({"y": ["a", "b"]}, TypeError, "y[0] is 'a', a str: give a whole number"),
    ({"y": [0, 1.0]}, TypeError, "y[1] is 1.0, a float: give a whole number"),
    ({"y": [0, None]}, TypeError, "y[1] is None, a NoneType: give a whole number"),
    ({"y": [0, [0, 1]]}, TypeError, "y[1] is [0, 1], a list: give a whole number"),
    ({"y": [[0, 1], 1]}, TypeError, "y[1] is 1, a int: give a sequence of numbers"),
    ({"y": [[0, 1], [0, "1"]]}, TypeError, "y[1][1] is '1', a str: give a number"),
    (
        {"y": np.zeros((2, 2, 2))},
        ValueError,
        "y has shape (2, 2, 2): reshape it to (rows) or (rows, classes)",
    ),
    (
        {"y": [[0, 1], [0, 1, 0]]},
        ValueError,
        "y[1] has 3 probabilities, y[0] has 2: give every row the same classes",
    ),
    ({"y": [0, -1]}, ValueError, "y[1] is -1: with 2 classes, give a number from 0 to 1"),
    ({"y": [2, 0]}, ValueError, "y[0] is 2: with 2 classes, give a number from 0 to 1"),
    ({"y": [[0, 1], [0.5, 0.25]]}, ValueError, None),
    ({"y": [[0, 1], [1.5, -0.5]]}, ValueError, "y[1][0] is 1.5: give a number from 0 to 1"),
    ({"y": [[0, 1], [NAN, 1]]}, ValueError, "y[1][0] is nan: give a number from 0 to 1"),
    (
        {"y": [[0, 0, 1], [0, 1, 0]]},
        ValueError,
        "y[0] has length 3, but there are 2 classes: give one probability for each class",
    ),
    ({"W": 3}, TypeError, "W is 3, a int: give a sequence of rows, one for each feature"),
    ({"W": [0, 0]}, TypeError, "W[0] is 0, a int: give a sequence of numbers"),
    ({"W": [[0, 0]]}, ValueError, "W has 1 rows, but X has 2 features: give one row each"),
    ({"W": [[], []]}, ValueError, "W[0] is empty: give one weight for each class"),
    (
        {"W": [[0, 0], [0, 0, 0]]},
        ValueError,
        "W[1] has length 3, but there are 2 classes: give one weight for each class",
    ),
    ({"W": [[0, 0], [0, NAN]]}, ValueError, "W[1][1] is nan: give a finite number"),
    ({"W": [[0, 0], ["0", 0]]}, TypeError, "W[1][0] is '0', a str: give a number"),
    ({"b": 0.0}, TypeError, "b is 0.0, a float: give a sequence of numbers"),
    (
        {"b": [0.0]},
        ValueError,
        "b has length 1, but there are 2 classes: give one intercept for each class",
    ),
    ({"b": [0.0, -INF]}, ValueError, "b[1] is -inf: give a finite number"),
]
MESSAGES = {  # too long for the table
    "X": "X[1] has 1 features, X[0] has 2: give every row the same features",
    "y": "y[1] sums to 0.75: give probabilities that sum to 1",
}


@pytest.mark.parametrize(("wrong", "error", "message"), BAD_DATA)
def test_bad_data(impl, wrong, error, message):
    message = message or MESSAGES[next(iter(wrong))]
    args = {"X": X2, "y": Y2, "W": W2, "b": B2, **wrong}
    with pytest.raises(error) as caught:
        impl.softmax_gradient(**args)
    assert str(caught.value) == message
    with pytest.raises(error) as caught:
        impl.softmax_descent(**args, classes=2, learning_rate=1, iterations=1)
    assert str(caught.value) == message


BAD_OPTIONS = [
    ({"classes": 0}, ValueError, "classes is 0: give a whole number, 1 or more"),
    ({"classes": 2.0}, TypeError, "classes is 2.0, a float: give a whole number"),
    ({"classes": 1}, ValueError, "y[1] is 1: with 1 classes, give a number from 0 to 0"),
    (
        {"classes": 3, "y": [[1, 0], [0, 1]]},
        ValueError,
        "y[0] has length 2, but there are 3 classes: give one probability for each class",
    ),
    (
        {"W": [[0, 0, 0], [0, 0, 0]]},
        ValueError,
        "W[0] has length 3, but there are 2 classes: give one weight for each class",
    ),
    (
        {"b": [0, 0, 0]},
        ValueError,
        "b has length 3, but there are 2 classes: give one intercept for each class",
    ),
    ({"y": [-1, -2]}, ValueError, "y[0] is -1: with 1 classes, give a number from 0 to 0"),
    ({"learning_rate": 0}, ValueError, "learning_rate is 0.0: give a positive, finite number"),
    ({"learning_rate": NAN}, ValueError, "learning_rate is nan: give a positive, finite number"),
    ({"learning_rate": "1"}, TypeError, "learning_rate is '1', a str: give a number, or 'safe'"),
    ({"l2": -0.5}, ValueError, "l2 is -0.5: give a finite number, 0 or more"),
    ({"iterations": -1}, ValueError, "iterations is -1: give a whole number, 0 or more"),
    ({"iterations": 1.5}, TypeError, "iterations is 1.5, a float: give a whole number"),
    ({"momentum": -0.1}, ValueError, "momentum is -0.1: give a finite number, 0 or more"),
    ({"reduction": "max"}, ValueError, "reduction is 'max', a str: give 'sum' or 'mean'"),
    ({"tolerance": NAN}, ValueError, "tolerance is nan: give a finite number, 0 or more"),
    (
        {"callback": 3},
        TypeError,
        "callback is 3, a int: give a function of (iteration, loss), or None",
    ),
]


@pytest.mark.parametrize(("wrong", "error", "message"), BAD_OPTIONS)
def test_bad_options(impl, wrong, error, message):
    with pytest.raises(error) as caught:
        impl.softmax_descent(**{"X": X2, "y": Y2, "learning_rate": 1, "iterations": 1, **wrong})
    assert str(caught.value) == message


def test_errors_come_in_order(impl):
    """Shapes of X, y, weights; arguments in the signature's order; values of y, weights, X."""
    wrong = {
        "X": ("X is empty: give at least one row", []),
        "y": ("y[0] is 'a', a str: give a whole number", ["a", 1]),
        "sample_weight": ("sample_weight is 0, a int: give a sequence of numbers", 0),
        "classes": ("classes is 0: give a whole number, 1 or more", 0),
        "learning_rate": ("learning_rate is 0.0: give a positive, finite number", 0),
        "iterations": ("iterations is -1: give a whole number, 0 or more", -1),
        "W": ("W has 0 rows, but X has 2 features: give one row each", []),
        "b": ("b[0] is nan: give a finite number", [NAN, 0]),
        "momentum": ("momentum is -1.0: give a finite number, 0 or more", -1),
        "reduction": ("reduction is '', a str: give 'sum' or 'mean'", ""),
        "tolerance": ("tolerance is -1.0: give a finite number, 0 or more", -1),
        "callback": ("callback is 0, a int: give a function of (iteration, loss), or None", 0),
        "l2": ("l2 is -1.0: give a finite number, 0 or more", -1),
    }
    args = {"X": [[1.0, NAN], [3.0, 4.0]], "y": [0, 2], "classes": 2}
    args.update(learning_rate=1, iterations=1, W=W2, b=B2, momentum=0)
    args.update(reduction="sum", tolerance=0, callback=None, l2=0, sample_weight=[-1, 1])
    right = dict(args)
    args.update({name: value for name, (_, value) in wrong.items()})
    for name, (message, _) in wrong.items():
        with pytest.raises((TypeError, ValueError)) as caught:
            impl.softmax_descent(**args)
        assert str(caught.value) == message
        args[name] = right[name]
    with pytest.raises(ValueError, match=r"y\[1\] is 2"):
        impl.softmax_descent(**args)
    with pytest.raises(ValueError, match=r"sample_weight\[0\] is -1"):
        impl.softmax_descent(**{**args, "y": Y2})
    with pytest.raises(ValueError, match=r"X\[0\]\[1\] is nan"):
        impl.softmax_descent(**{**args, "y": Y2, "sample_weight": None})
