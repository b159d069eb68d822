from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

class Point(NamedTuple):
    theta: list[float]
    F: float
    grad: list[float]
    hess: Any
    loss: float

def _penalised(
    loss: float, grad: Iterable[float], total: float, ridge: list[float], theta: Sequence[float]
) -> tuple[float, list[float]]: ...
def _reach_at_most(samples: Any, v: Iterable[float]) -> float: ...
