"""After an error, the user's buffers are free, however long the exception is kept: an array or a
bytearray can be resized."""

import inspect
from array import array

import numpy as np
import pytest

N, D = 5, 2


def bytes_of(*rows):
    return bytearray(np.array(rows, dtype=float).tobytes())


def resized(memory):
    """Whether it can be made longer, which takes that nobody looks at it."""
    try:
        memory.append(1)
    except BufferError:
        return False
    return True


def wrong_arguments():
    """(name, what is given instead): an argument that is wrong in one way. Functions are called
    with those that they have."""
    for values in (
        array("d", [0.0] * (N + 1)),
        array("d", [0.0] * (N - 1)),
        array("d", [2.0, 0, 0, 0, 0]),
        array("d", [float("nan")] * N),
        array("b", [-1, 0, 0, 0, 0]),
        array("u", "abcde"),
        array("d"),
    ):
        yield "y", values
    for values in (
        array("d", [1.0] * (N + 1)),
        array("d", [1, 1, 1, 1, -1.0]),
        array("d", [0.0] * N),
        array("f", [1, 1, 1, 1, -1.0]),
        array("f", [1.0] * (N - 1)),
        array("u", "abcde"),
    ):
        yield "sample_weight", values
    for values in (
        array("d", [0.0] * (D + 1)),
        array("f", [0.0, float("inf")]),
        array("f", [0.0]),
        array("i", [0, 0]),
    ):
        yield "w", values
    for values in (array("d", [0.0, 1, 2, 3, float("inf")]), array("d"), array("b", [1] * N)):
        yield "x", values
    yield "threads", 0
    yield "learning_rate", -1.0
    yield "iterations", -1
    yield "momentum", -1.0
    yield "tolerance", "x"
    yield "l2", -1.0
    yield "a", "x"
    yield "b", "x"
    yield "classes", 0
    yield "callback", 5


FUNCTIONS = [
    "gradient_ab", "gradient_descent_logistic", "gradient", "safe_learning_rate",
    "gradient_descent", "softmax_gradient", "softmax_safe_learning_rate", "softmax_descent",
    "hessian", "newton", "lbfgs",
]  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_nothing_is_held_after_an_error(fast, name):
    function = getattr(fast, name)
    takes = inspect.signature(function).parameters
    tried = 0
    for argument, wrong in wrong_arguments():
        if argument not in takes:
            continue
        memory = bytearray(np.arange(N * D, dtype=float).tobytes())
        table = memoryview(memory).cast("d", (N, D))  # which we release ourselves
        given = {
            "X": table,
            "x": array("d", [1.0, 2, 3, 4, 5]),
            "y": array("b", [0, 1, 0, 1, 1]),
            "sample_weight": array("d", [1.0] * N),
            "w": array("d", [0.0] * D),
            "W": [[0.0, 0.0]] * D,
            "a": 0.0,
            "b": [0.0, 0.0] if "W" in takes else 0.0,
            "learning_rate": 0.1,
            "iterations": 3,
        }
        given = {key: value for key, value in given.items() if key in takes}
        if name.startswith("softmax"):
            given.pop("b", None) if name == "softmax_descent" else None
            given.pop("W", None) if name == "softmax_descent" else None
        given[argument] = wrong
        try:
            function(**given)
        except (TypeError, ValueError) as error:
            kept = error  # and with it, all frames that it passed
        else:
            continue  # this function can use it
        tried += 1
        arrays = [value for value in given.values() if isinstance(value, array)]
        table.release()
        held = [value for value in arrays if not _longer(value)]
        assert not held, (argument, wrong, str(kept))
        assert resized(memory), (argument, wrong, str(kept))
        del kept
    assert tried >= 4


def _longer(values):
    try:
        values.extend(values[:1] or array(values.typecode, "a" if values.typecode == "u" else [0]))
    except BufferError:
        return False
    return True


def test_nothing_is_held_of_a_table_that_is_wrong(fast):
    for cells, code, shape in (
        ([1, 2, 3, float("nan")], "d", (2, 2)),
        ([1, 2, 3, 4], "d", (4,)),
        ([1, 2, 3, 4], "q", (2, 2)),
        ([1, 2, 3, 4], "d", (1, 4)),
        ([1, 2, 3, 4], "d", (2, 1, 2)),
    ):
        memory = bytes_of(cells)
        with memoryview(memory) as whole, whole.cast(code, shape) as table:
            with pytest.raises((TypeError, ValueError)) as caught:
                fast.gradient(table, [0, 1], [0.0, 0.0], 0.0)
            with pytest.raises((TypeError, ValueError)) as again:
                fast.FRONT.engine.scores(table, [0.0, 0.0], 0.5, 0)
        assert resized(memory), (str(caught.value), str(again.value))


@pytest.mark.parametrize("code", ["d", "f"])
def test_scores_that_are_wrong_or_interrupted_are_not_held(fast, code, monkeypatch):
    engine = fast.FRONT.engine
    scores = array(code, [0.0, 1.0])
    fast.sigmoid(scores)
    assert _longer(scores)

    def stopped(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "doubles", stopped)
    with pytest.raises(KeyboardInterrupt) as caught:
        fast.softplus(scores)
    assert _longer(scores), caught
    numbers = array("i", [1, 2])
    with pytest.raises(TypeError) as caught:
        fast.sigmoid(numbers)
    assert _longer(numbers), caught
