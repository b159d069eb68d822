"""The public functions over the C engine: same names, same signatures, same errors as `pyref`.

    >>> from pyref import fast
    >>> fast.sigmoid(0)
    0.5

X, y and x may be buffers (numpy arrays, array.array, memoryview, memory maps), which are read where
they lie, in float64 or float32, without a copy; sigmoid and softplus also take a buffer of scores.
Where `pyref` returns a list, an array.array('d') is returned, which numpy.asarray wraps without a
copy. threads=None uses as many cores as pay; the answer has the same bits for every number. The
environment variable PYREF_ISA (baseline, v3, v4) forces an instruction set.
"""

from .compiled import engine
from .front import Front

FRONT = Front(engine, __name__)

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
