from collections.abc import Callable, Iterable
from typing import Any

from .front.checks import _Number, _Numbers, _Table

def hessian(
    X: _Table, y: _Numbers, w: _Numbers, b: _Number, sample_weight: _Numbers | None = None
) -> tuple[float, list[float], list[list[float]]]: ...

# What the other files and the compiled twin take from here. A Hessian and its triangle are whatever
# the given `cholesky` and `solve` make of them.
ROUNDING: float
_Vector = list[float]

def _dot(u: Iterable[float], v: Iterable[float]) -> float: ...
def _plus(u: _Vector, t: float, v: _Vector) -> _Vector: ...
def _cholesky(
    hess: list[_Vector], shift: float = 0.0
) -> tuple[list[_Vector], None] | tuple[None, int]: ...
def _solve(L: list[_Vector], v: _Vector) -> _Vector: ...
def _newton_step(
    hess: Any,
    grad: Iterable[float],
    cholesky: Callable[..., Any],
    solve: Callable[[Any, _Vector], _Vector],
) -> tuple[_Vector, Any, bool]: ...
def _lbfgs_step(
    pairs: Any,
    grad: Iterable[float],
    ridge: _Vector,
    dot: Callable[[Any, Any], float],
    plus: Callable[[Any, float, Any], Any],
    solve: Callable[[Any], Any] | None = None,
) -> Any: ...
