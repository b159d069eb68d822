"""The pure engine: the lessons as they stand, and how they take what people give (lists).

Every function of the front finds here what it needs under the name that pyref/compiled/ has too.
Two things are added to a lesson: rows of weight 0 are left out before it sees them, and where its
answer is not finite, X is looked through for the NaN or the infinity that made it so.
"""

from . import logistic, multinomial, second_order
from .fit import basis
from .fit import optimum as safe_fit
from .fit.classes import ClassSamples
from .fit.samples import standardised
from .front import checks
from .front.checks import (
    class_label_values,
    class_labels,
    classes_of,
    label_values,
    labels,
    sample_weight_values,
    sample_weights,
    weights,
)
from .logistic import binary_cross_entropy, log1p, loss_and_residual, residual, sigmoid, softplus
from .multinomial import (
    categorical_cross_entropy,
    exponentials,
    logsumexp,
    loss_and_residuals_soft,
    softmax,
)
from .second_order import curvature

__all__ = (
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "categorical_cross_entropy",
    "categorical_cross_entropy_with_logits",
    "class_label_values",
    "class_labels",
    "class_optimum",
    "classes_of",
    "curvature",
    "divided",
    "gradient",
    "gradient_ab",
    "gradient_descent",
    "gradient_descent_logistic",
    "hessian",
    "independent_columns",
    "label_values",
    "labels",
    "length",
    "let_go",
    "log_probabilities",
    "logsumexp",
    "of_scores",
    "optimum",
    "probabilities",
    "residual",
    "safe_learning_rate",
    "sample",
    "sample_weight_values",
    "sample_weights",
    "scores",
    "shape",
    "sigmoid",
    "softmax",
    "softmax_descent",
    "softmax_gradient",
    "softplus",
    "table",
    "threads",
    "weights",
    "zeros",
)

# ---------------------------------------------------------------- what people give


def threads(value):
    """One, whatever is asked for: the answer has the same bits."""
    if value is not None:
        checks.count(value, "threads", least=1)


def table(X, y=None, sample_weight=None):
    checks.same_index((("X", X), ("y", y), ("sample_weight", sample_weight)))
    return checks.table(X)


def sample(x, y=None):
    checks.same_index((("x", x), ("y", y)))
    return checks.sample(x)


def shape(X):
    return len(X), len(X[0])


def length(x):
    return len(x)


def zeros(count):
    return [0.0] * count


def let_go(*values):
    """Nothing is borrowed."""


def divided(s, unit):
    """The sample weights in another unit."""
    return [s_i / unit for s_i in s]


def counted(X, y, s):
    """The rows that count: those whose weight is not 0."""
    if s is None or all(s):
        return X, y, s
    checks.table_values(X)  # a row that is left out can make no result tell
    kept = [i for i, s_i in enumerate(s) if s_i]
    return [X[i] for i in kept], [y[i] for i in kept], [s[i] for i in kept]


def _finite(*values):
    for value in values:
        if not checks.is_finite(value):
            return False
    return True


# ---------------------------------------------------------------- chapter 1


def of_scores(name, z):
    """sigmoid or softplus of what is not a float yet. (A buffer of scores is for C.)"""
    function = sigmoid if name == "sigmoid" else softplus
    return function(checks.number(z, "z"))


def binary_cross_entropy_with_logits(y, z):
    return loss_and_residual(y, z)[0]


def gradient_ab(x, y, a, b, threads):
    grads = logistic.gradient_ab(x, y, a, b)
    if not _finite(*grads):
        checks.sample_values(x)
    return grads


def gradient_descent_logistic(x, y, learning_rate, iterations, momentum, threads):
    def run(steps):
        return logistic.gradient_descent_logistic(x, y, learning_rate, steps, momentum)

    if not iterations:
        checks.sample_values(x)
    end = run(iterations)
    if _finite(*end):
        return end
    checks.sample_values(x)
    # The step was too large. What is not finite stays so: halve the way to the last that is.
    alive, dead = 0, iterations
    while dead - alive > 1:
        middle = (alive + dead) // 2
        alive, dead = (middle, dead) if _finite(*run(middle)) else (alive, middle)
    return run(alive)


def gradient(X, y, s, w, b, threads):
    X_, y_, s_ = counted(X, y, s)
    loss, grad_w, grad_b = logistic.gradient(X_, y_, w, b, s_)
    if not _finite(*grad_w, grad_b):
        checks.table_values(X)
    return loss, grad_w, grad_b


def safe_learning_rate(X, s, total, l2, steepest, threads):
    X_, _, s_ = counted(X, X, s)
    rate = second_order.safe_learning_rate(X_, l2, s_, steepest)
    if not rate > 0:
        checks.table_values(X)
        raise checks.too_large_table()
    return rate


def gradient_descent(
    X, y, s, total, w, b, learning_rate, reduction, iterations, momentum, tolerance, l2, watch,
    threads,
):  # fmt: skip
    return _descent(
        logistic.gradient_descent, X, y, s, total, w, b, learning_rate, reduction, iterations,
        momentum, tolerance, l2, watch,
    )  # fmt: skip


def _descent(
    lesson, X, y, s, total, w, b, learning_rate, reduction, iterations, momentum, tolerance, l2,
    watch,
):  # fmt: skip
    """A lesson's descent, which steps by the mean gradient."""
    rate = learning_rate * total if reduction == "sum" else learning_rate
    X_, y_, s_ = counted(X, y, s)
    fit = lesson(X_, y_, w, b, rate, iterations, momentum, tolerance, l2, s_, watch)
    if fit[3] == "diverged" or not iterations:
        checks.table_values(X)
    return fit


# ---------------------------------------------------------------- chapter 2


def categorical_cross_entropy_with_logits(ys, zs):
    return loss_and_residuals_soft(ys, zs)[0]


def softmax_gradient(X, y, s, W, b, threads):
    X_, y_, s_ = counted(X, y, s)
    loss, grad_W, grad_b = multinomial.softmax_gradient(X_, y_, W, b, s_)
    if not _finite(*grad_b) or not all([_finite(*row) for row in grad_W]):
        checks.table_values(X)
    return loss, grad_W, grad_b


def softmax_descent(
    X, y, s, total, W, b, learning_rate, reduction, iterations, momentum, tolerance, l2, watch,
    threads,
):  # fmt: skip
    return _descent(
        multinomial.softmax_descent, X, y, s, total, W, b, learning_rate, reduction, iterations,
        momentum, tolerance, l2, watch,
    )  # fmt: skip


# ---------------------------------------------------------------- chapter 3


def hessian(X, y, s, w, b, threads):
    X_, y_, s_ = counted(X, y, s)
    loss, grad, hess = second_order.hessian(X_, y_, w, b, s_)
    if not _finite(*grad):
        checks.table_values(X)
    return loss, grad, hess


def optimum(
    is_newton, X, y, s, total, memory, w, b, l2, tolerance, iterations, callback, threads
):
    """The safe fit: Newton(w, b, losses, iterations, status, standard_errors, log_likelihood)."""
    checks.table_values(X)
    samples = standardised(*counted(X, y, s), total, l2)
    return safe_fit.run(is_newton, samples, memory, w, b, l2, tolerance, iterations, callback)


def class_optimum(
    is_newton, X, y, s, C, memory, W, b, l2, tolerance, iterations, callback, threads
):
    """The same with C classes: of class numbers y, W of d rows of C, and C intercepts."""

    def fit(X, W, b):
        samples = class_samples(X, y, s, C, l2)
        return safe_fit.run(is_newton, samples, memory, W, b, l2, tolerance, iterations, callback)

    if l2 or not is_newton:
        return fit(X, W, b)
    return basis.fit_classes(fit, told_apart(X, s, threads), X, W, b)


def class_samples(X, y, s, C, l2):
    checks.table_values(X)
    total = checks.sample_weight_values(s, len(y))
    X, y, s = counted(X, y, s)
    plain = standardised(X, y, s, total, l2)
    return ClassSamples(plain.X, y, plain.s, total, C, plain.units, plain.ridge, plain.reaches)


def independent_columns(X, s, threads):
    """The columns of X that are no combination of a constant and of columns before them."""
    lost, _, _ = told_apart(X, s, threads)
    return [j for j in range(len(X[0])) if j not in lost]


def told_apart(X, s, threads):
    """({column: why it is lost}, the basis in which columns can be told apart, X in it)"""
    checks.table_values(X)
    n = len(X)
    y = [0.0] * n  # (labels do not matter)
    samples = standardised(*counted(X, y, s), sample_weight_values(s, n), 0.0)
    lost, told = basis.told_apart(samples)
    return lost, told and told.units, told and told.units.rows(X)


# ---------------------------------------------------------------- rows that are predicted


def scores(X, w, b, threads):
    """w . x + b of every row: n numbers; with d rows of C weights, n rows of C, in one list."""
    checks.fitted(w, b, len(X[0]))
    out = []
    for x in X:
        if isinstance(b, float):
            z = b
            for w_j, x_j in zip(w, x):
                z += w_j * x_j
            out.append(z)
        else:
            zs = list(b)
            for w_j, x_j in zip(w, x):
                for c, w_jc in enumerate(w_j):
                    zs[c] += w_jc * x_j
            out.extend(zs)
    if not _finite(*out):
        checks.table_values(X)  # raises, unless the sum alone is too large
    return out


def probabilities(X, w, b, threads):
    """n rows of C probabilities, one after the other (C = 2 for chapter 1's w and b)."""
    zs, out = scores(X, w, b, threads), []
    if isinstance(b, float):
        for z in zs:  # both exact in their tails: 1 - p has no digits of a p close to 1
            out.append(sigmoid(-z))
            out.append(sigmoid(z))
        return out
    for i in range(0, len(zs), len(b)):
        es, _, rest = exponentials(zs[i : i + len(b)])
        for e in es:
            out.append(e / (1 + rest))
    return out


def log_probabilities(X, w, b, threads):
    """Their logarithms, from the scores: finite where a probability is too small for a float.

    log(ps[c]) = zs[c] - logsumexp(zs), of which the largest score is taken off first: so nothing
    is lost where it is large, and the most probable class has all digits of a logarithm near 0.
    """
    zs, out = scores(X, w, b, threads), []
    if isinstance(b, float):
        for z in zs:  # log(1 - p) = -softplus(z) and log(p) = -softplus(-z)
            out.append(0.0 - softplus(z))
            out.append(0.0 - softplus(-z))
        return out
    for i in range(0, len(zs), len(b)):
        row = zs[i : i + len(b)]
        _, top, rest = exponentials(row)
        log_sum = log1p(rest)
        for c, z in enumerate(row):
            out.append((0.0 if c == top else z - row[top]) - log_sum)
    return out
