"""Logistic regression by gradient descent on cross-entropy, written twice.

`pyref` is pure Python: no dependency, any Python. `pyref.fast` is the same over C: same names, same
signatures, same errors, for numpy arrays and other buffers. To read: pyref/logistic.py first.

The rooms: front/ checks arguments, fit/ makes a fit safe, compiled/ calls C; tables/, pictures/,
model/ and command/ use these. A lower one imports no higher one (tests/test_house.py says which).

    >>> import pyref
    >>> pyref.sigmoid(0)
    0.5
"""

import sys as _sys

from . import datasets, pure
from .front import Front
from .front.checks import Descent, Newton

__version__ = "0.1.0"

FRONT = Front(pure, __name__)

sigmoid = FRONT.sigmoid
sigmoid_derivative = FRONT.sigmoid_derivative
softplus = FRONT.softplus
binary_cross_entropy = FRONT.binary_cross_entropy
binary_cross_entropy_with_logits = FRONT.binary_cross_entropy_with_logits
residual = FRONT.residual
gradient_ab = FRONT.gradient_ab
gradient_descent_logistic = FRONT.gradient_descent_logistic
gradient = FRONT.gradient
safe_learning_rate = FRONT.safe_learning_rate
gradient_descent = FRONT.gradient_descent

logsumexp = FRONT.logsumexp
softmax = FRONT.softmax
categorical_cross_entropy = FRONT.categorical_cross_entropy
categorical_cross_entropy_with_logits = FRONT.categorical_cross_entropy_with_logits
softmax_gradient = FRONT.softmax_gradient
softmax_safe_learning_rate = FRONT.softmax_safe_learning_rate
softmax_descent = FRONT.softmax_descent

hessian = FRONT.hessian
newton = FRONT.newton
lbfgs = FRONT.lbfgs

__all__ = (
    "Descent",
    "Newton",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "categorical_cross_entropy",
    "categorical_cross_entropy_with_logits",
    "datasets",
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

# The estimator needs more than the lessons do, and more of Python than a small one has: it is
# imported when it is first asked for. (MicroPython lacks what the estimator needs, and there this
# function would hide the package's modules.)
if _sys.implementation.name != "micropython":

    def __getattr__(name):
        if name != "LogisticRegression":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from .model.estimator import LogisticRegression

        globals()[name] = LogisticRegression
        return LogisticRegression
