from collections.abc import Callable, Iterable

from .checks import Newton as Newton
from .checks import _Number, _Numbers, _Table

def hessian(
    X: _Table, y: _Numbers, w: _Numbers, b: _Number, sample_weight: _Numbers | None = None
) -> tuple[float, list[float], list[list[float]]]: ...
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

# What the estimators and the compiled twin take from here, and what it rests on.
FAINT: float
FEW: int
HARDLY: float
MANY: int
PATIENCE: int
ROUNDING: float
SHARE: int
SOME: int
WIDE: int
_Vector = list[float]

def _dot(u: Iterable[float], v: Iterable[float]) -> float: ...
def _plus(u: _Vector, t: float, v: _Vector) -> _Vector: ...
def _cholesky(
    hess: list[_Vector], shift: float = 0.0
) -> tuple[list[_Vector], None] | tuple[None, int]: ...
def _solve(L: list[_Vector], v: _Vector) -> _Vector: ...
def _newton_step(
    hess: list[_Vector],
    grad: _Vector,
    cholesky: Callable[..., tuple[list[_Vector], None] | tuple[None, int]],
    solve: Callable[[list[_Vector], _Vector], _Vector],
) -> tuple[_Vector, list[_Vector] | None, bool]: ...
def _lbfgs_step(
    pairs: list[tuple[_Vector, _Vector, float]],
    grad: _Vector,
    ridge: _Vector,
    dot: Callable[[_Vector, _Vector], float],
    plus: Callable[[_Vector, float, _Vector], _Vector],
    solve: Callable[[_Vector], _Vector] | None = None,
) -> _Vector: ...
