from collections.abc import Callable, Sequence
from typing import Literal

from .front.checks import Descent as Descent
from .front.checks import _Number, _Numbers, _Table

def logsumexp(zs: _Numbers) -> float: ...
def softmax(zs: _Numbers) -> list[float]: ...
def categorical_cross_entropy(ys: _Numbers, ps: _Numbers) -> float: ...
def categorical_cross_entropy_with_logits(ys: _Numbers, zs: _Numbers) -> float: ...
def softmax_gradient(
    X: _Table,
    y: _Numbers | _Table,
    W: _Table,
    b: _Numbers,
    sample_weight: _Numbers | None = None,
) -> tuple[float, list[list[float]], list[float]]: ...
def softmax_safe_learning_rate(
    X: _Table,
    reduction: Literal["sum", "mean"] = "mean",
    l2: _Number = 0.0,
    sample_weight: _Numbers | None = None,
) -> float: ...
def softmax_descent(
    X: _Table,
    y: _Numbers | _Table,
    *,
    classes: _Number | None = None,
    learning_rate: _Number | Literal["safe"],
    iterations: _Number,
    W: _Table | None = None,
    b: _Numbers | None = None,
    momentum: _Number = 0.0,
    reduction: Literal["sum", "mean"] = "mean",
    tolerance: _Number = 0.0,
    callback: Callable[[int, float], object] | None = None,
    l2: _Number = 0.0,
    sample_weight: _Numbers | None = None,
) -> Descent[list[list[float]], list[float]]: ...

# What softmax_optimum.py takes from here.
def _exponentials(zs: Sequence[float]) -> tuple[list[float], int, float]: ...
