from collections.abc import Callable, Sequence
from typing import Any

_Numbers = Sequence[float]

def softmax_as_printed(zs: _Numbers) -> list[float]: ...
def exponentials(zs: _Numbers) -> tuple[list[float], int, float]: ...
def logsumexp(zs: _Numbers) -> float: ...
def softmax(zs: _Numbers) -> list[float]: ...
def categorical_cross_entropy(ys: _Numbers, ps: _Numbers) -> float: ...
def loss_and_residuals(k: int, zs: _Numbers) -> tuple[float, list[float]]: ...
def loss_and_residuals_soft(
    ys: list[float], zs: _Numbers
) -> tuple[float, list[float]]: ...
def softmax_gradient(
    X: Sequence[_Numbers],
    y: Sequence[Any],
    W: Sequence[_Numbers],
    b: _Numbers,
    s: _Numbers | None = None,
) -> tuple[float, list[list[float]], list[float]]: ...
def softmax_descent(
    X: Sequence[_Numbers],
    y: Sequence[Any],
    W: list[list[float]],
    b: list[float],
    learning_rate: float,
    iterations: int,
    momentum: float = 0.0,
    tolerance: float = 0.0,
    l2: float = 0.0,
    s: _Numbers | None = None,
    watch: Callable[[int, float], object] | None = None,
) -> tuple[list[list[float]], list[float], list[float], str]: ...
