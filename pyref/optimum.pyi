from collections.abc import Callable
from typing import Any

from .front.checks import Newton as Newton
from .front.checks import _Number, _Numbers, _Table
from .samples import Point

def newton(
    X: _Table,
    y: _Numbers,
    *,
    w: _Numbers | None = None,
    b: _Number = 0.0,
    l2: _Number = 0.0,
    sample_weight: _Numbers | None = None,
    tolerance: _Number = 1e-10,
    iterations: _Number = 100,
    callback: Callable[[int, float], object] | None = None,
) -> Newton: ...
def lbfgs(
    X: _Table,
    y: _Numbers,
    *,
    memory: _Number = 10,
    w: _Numbers | None = None,
    b: _Number = 0.0,
    l2: _Number = 0.0,
    sample_weight: _Numbers | None = None,
    tolerance: _Number = 1e-10,
    iterations: _Number = 100,
    callback: Callable[[int, float], object] | None = None,
) -> Newton: ...

MEMORY: int
PATIENCE: int

def _run(
    is_newton: bool,
    samples: Any,
    units: tuple[list[float], list[float]],
    memory: int,
    w: list[float],
    b: float,
    l2: float,
    tolerance: float,
    iterations: int,
    callback: Callable[[int, float], object] | None,
) -> Newton: ...
def _line_search(
    objective: Callable[[list[float]], Point],
    here: Point,
    step: list[float],
    further: Callable[[float, float, float], float],
) -> Point | None: ...
