from array import array
from collections.abc import Callable
from typing import Any, Literal, overload

from .front import Front
from .front.checks import Descent, Newton
from .front.given import Number as _Number
from .front.given import Numbers as _Numbers
from .front.given import Table as _Table

FRONT: Front

_Callback = Callable[[int, float], object] | None
_Reduction = Literal["sum", "mean"]
_Buffer = Any  # of n scores

@overload
def sigmoid(z: _Number) -> float: ...
@overload
def sigmoid(z: _Buffer) -> array[float]: ...
def sigmoid_derivative(z: _Number) -> float: ...
@overload
def softplus(z: _Number) -> float: ...
@overload
def softplus(z: _Buffer) -> array[float]: ...
def binary_cross_entropy(y: _Number, p: _Number) -> float: ...
def binary_cross_entropy_with_logits(y: _Number, z: _Number) -> float: ...
def residual(y: _Number, z: _Number) -> float: ...
def gradient_ab(
    x: _Numbers, y: _Numbers, a: _Number, b: _Number, threads: int | None = None
) -> tuple[float, float]: ...
def gradient_descent_logistic(
    x: _Numbers,
    y: _Numbers,
    learning_rate: _Number = 0.1,
    iterations: _Number = 1000,
    momentum: _Number = 0.0,
    threads: int | None = None,
) -> tuple[float, float]: ...
def gradient(
    X: _Table,
    y: _Numbers,
    w: _Numbers,
    b: _Number,
    sample_weight: _Numbers | None = None,
    threads: int | None = None,
) -> tuple[float, array[float], float]: ...
def safe_learning_rate(
    X: _Table,
    reduction: _Reduction = "mean",
    l2: _Number = 0.0,
    sample_weight: _Numbers | None = None,
    threads: int | None = None,
) -> float: ...
def gradient_descent(
    X: _Table,
    y: _Numbers,
    *,
    learning_rate: _Number | Literal["safe"],
    iterations: _Number,
    w: _Numbers | None = None,
    b: _Number = 0.0,
    momentum: _Number = 0.0,
    reduction: _Reduction = "mean",
    tolerance: _Number = 0.0,
    callback: _Callback = None,
    l2: _Number = 0.0,
    sample_weight: _Numbers | None = None,
    threads: int | None = None,
) -> Descent[array[float], float, array[float]]: ...
def logsumexp(zs: _Numbers) -> float: ...
def softmax(zs: _Numbers) -> array[float]: ...
def categorical_cross_entropy(ys: _Numbers, ps: _Numbers) -> float: ...
def categorical_cross_entropy_with_logits(ys: _Numbers, zs: _Numbers) -> float: ...
def softmax_gradient(
    X: _Table,
    y: _Numbers | _Table,
    W: _Table,
    b: _Numbers,
    sample_weight: _Numbers | None = None,
    threads: int | None = None,
) -> tuple[float, list[array[float]], array[float]]: ...
def softmax_safe_learning_rate(
    X: _Table,
    reduction: _Reduction = "mean",
    l2: _Number = 0.0,
    sample_weight: _Numbers | None = None,
    threads: int | None = None,
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
    reduction: _Reduction = "mean",
    tolerance: _Number = 0.0,
    callback: _Callback = None,
    l2: _Number = 0.0,
    sample_weight: _Numbers | None = None,
    threads: int | None = None,
) -> Descent[list[array[float]], array[float], array[float]]: ...
def hessian(
    X: _Table,
    y: _Numbers,
    w: _Numbers,
    b: _Number,
    sample_weight: _Numbers | None = None,
    threads: int | None = None,
) -> tuple[float, array[float], list[array[float]]]: ...
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
    callback: _Callback = None,
    threads: int | None = None,
) -> Newton[array[float], array[float]]: ...
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
    callback: _Callback = None,
    threads: int | None = None,
) -> Newton[array[float], array[float]]: ...
