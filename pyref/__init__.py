"""Logistic regression by gradient descent on binary cross-entropy, written twice.

`pyref` is the one to read: pure Python, no dependency, any Python. `pyref.fast` is the same,
compiled: same names, same signatures, same errors, for numpy arrays and other buffers.

    >>> import pyref
    >>> pyref.sigmoid(0)
    0.5
"""

import sys as _sys

from . import datasets
from .logistic import (
    Descent,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    dL_da,
    dL_dp,
    dp_dz,
    dz_da,
    gradient,
    gradient_ab,
    gradient_descent,
    gradient_descent_logistic,
    residual,
    safe_learning_rate,
    sigmoid,
    sigmoid_derivative,
    softplus,
)
from .multinomial import (
    categorical_cross_entropy,
    categorical_cross_entropy_with_logits,
    logsumexp,
    softmax,
    softmax_descent,
    softmax_gradient,
    softmax_safe_learning_rate,
)
from .optimum import Newton, lbfgs, newton
from .second_order import hessian

__version__ = "0.1.0"

__all__ = (
    "Descent",
    "Newton",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "categorical_cross_entropy",
    "categorical_cross_entropy_with_logits",
    "dL_da",
    "dL_dp",
    "datasets",
    "dp_dz",
    "dz_da",
    "gradient",
    "gradient_ab",
    "gradient_descent",
    "gradient_descent_logistic",
    "hessian",
    "lbfgs",
    "logsumexp",
    "newton",
    "residual",
    "safe_learning_rate",
    "sigmoid",
    "sigmoid_derivative",
    "softmax",
    "softmax_descent",
    "softmax_gradient",
    "softmax_safe_learning_rate",
    "softplus",
)

# The estimator needs more than the chapters do, and more of Python than a small one has: it is
# imported when it is first asked for. (Type checkers take TYPE_CHECKING to be true. MicroPython
# lacks what the estimator needs, and there this function would hide the package's modules.)
TYPE_CHECKING = False
if TYPE_CHECKING:
    from .model.estimator import LogisticRegression as LogisticRegression
elif _sys.implementation.name != "micropython":

    def __getattr__(name):
        if name != "LogisticRegression":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from .model.estimator import LogisticRegression

        globals()[name] = LogisticRegression
        return LogisticRegression
