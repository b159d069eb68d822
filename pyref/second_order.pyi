from collections.abc import Callable

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
