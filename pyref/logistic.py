"""Chapter 1: logistic regression by gradient descent on binary cross-entropy.

A model looks at features x and answers with a probability p that the label y is 1:

    z = w . x + b          the score (the logit, the log-odds): any real number
    p = sigmoid(z)         the score squeezed into a probability

This chapter says how wrong p is (the loss), which way each parameter should move to make it
less wrong (the gradient), and then moves them, again and again (gradient descent). It reads
from top to bottom; school calculus is enough. `pyref.fast` holds the same functions, with
the same names in the same order, compiled.

Legend:
    x, y     one sample: its feature(s), and its label, 0 or 1 (or a probability between);
             where a function takes many, n of them
    X        the table: n rows (samples) of d columns (features)
    a, b     slope and intercept of the one-feature model   z = a*x + b
    w, b     d weights and intercept of the general model   z = w[0]*x[0] + ... + b
    z, p     score and predicted probability
    s        n sample weights: how many times each row counts (once, unless they are given)
    L        the loss of one sample
    F        the objective, which descent lowers: the mean of L, and the penalty if there is one
    grad_*   the derivative of the summed loss with respect to *
    v        the velocity of a descent with momentum

Sources: three short documents. "001" is one feature in plain loops, "000" many features in
NumPy, "002" the derivation with the mean over the samples. Our p is 001's ŷ and 002's h(x), our n
is 002's m, and 001 counts the three pieces of the chain rule from the other end.
"""

from math import exp, log

from .front import checks
from .front.checks import Descent

try:
    from math import log1p
except ImportError:  # MicroPython has none

    def log1p(x):
        """log(1 + x), accurate for tiny x too: the rounding in 1 + x cancels in u - 1."""
        u = 1 + x
        return x if u == 1 else log(u) * x / (u - 1)


# -------------------------------------------------------- 1. from a score to a probability


def sigmoid(z):
    """The probability that belongs to a score: 1 / (1 + e^-z).

    It rises from 0 to 1 and is 1/2 at z = 0. (Documents 000, 001, 002.) z is one number, else
    TypeError.

    >>> sigmoid(0)
    0.5
    >>> sigmoid(-1000), sigmoid(1000)
    (0.0, 1.0)
    """
    z = checks.number(z, "z")
    # The formula as printed overflows for z = -1000, where e^1000 has no float. Multiplied
    # above and below by e^z it is the same number, and only ever raises e to a negative power.
    if z >= 0:
        return 1 / (1 + exp(-z))
    # The number is e / (1 + e) with e = e^z, or e - e * e / (1 + e): so the rounding of 1 + e,
    # when e is small, touches only the small second term.
    e = exp(z)
    return e - e * (e / (1 + e))


def sigmoid_derivative(z):
    """How fast the probability moves with the score: sigmoid(z) * (1 - sigmoid(z)).

    Document 002, step 2:  d/dz (1 + e^-z)^-1  =  e^-z / (1 + e^-z)^2
                                               =  sigmoid(z) * (1 - sigmoid(z))

    z is one number, else TypeError.

    >>> sigmoid_derivative(0)
    0.25
    """
    # 1 - sigmoid(z) is sigmoid(-z): the two outcomes' probabilities. Written so, nothing is
    # subtracted from 1, and the answer keeps all its digits when sigmoid(z) is close to 1.
    return sigmoid(z) * sigmoid(-checks.number(z, "z"))


def softplus(z):
    """log(1 + e^z): a smooth max(z, 0). Its derivative is the sigmoid.

    The documents do not name it; their log(p) is -softplus(-z), their log(1-p) is -softplus(z).
    z is one number, else TypeError.

    >>> softplus(0) == log(2)
    True
    >>> softplus(1000)
    1000.0
    """
    z = checks.number(z, "z")
    # log(1 + e^z) = log(e^z * (e^-z + 1)) = z + log(1 + e^-z): again no e^1000 is needed.
    return max(z, 0.0) + log1p(exp(-abs(z)))


# -------------------------------------------------------- 2. how wrong is a probability?


def binary_cross_entropy(y, p):
    """The loss of predicting p when the truth is y: -[y log(p) + (1-y) log(1-p)].

    For a label of 1 it is -log(p): no loss for a certain and right p = 1, and no bound for a
    certain and wrong p = 0. (Documents 000, 001, 002.) y and p are numbers from 0 to 1, else
    ValueError.

    >>> round(binary_cross_entropy(1, 0.9), 6), round(binary_cross_entropy(1, 0.1), 6)
    (0.105361, 2.302585)
    >>> binary_cross_entropy(1, 0)
    inf
    """
    y = checks.probability(y, "y")
    p = checks.probability(p, "p")
    # subtle: 0 * log(0) counts as 0, its limit. Taken literally it is 0 * -inf, a NaN, and
    # that NaN is how document 000's training ends if it is left to run on to epoch 1340.
    loss = 0.0
    if y > 0:
        loss -= y * log(p) if p > 0 else checks.MINUS_INFINITY
    if y < 1:
        # log(1-p) through log1p: for p = 1e-20 the difference 1-p is already exactly 1
        loss -= (1 - y) * log1p(-p) if p < 1 else checks.MINUS_INFINITY
    return loss


def binary_cross_entropy_with_logits(y, z):
    """The same loss from the score: binary_cross_entropy(y, sigmoid(z)), without the detour.

    With  -log(sigmoid(z)) = softplus(-z)  and  -log(1 - sigmoid(z)) = softplus(z):

        L = (1-y) softplus(z) + y softplus(-z)

    (Document 000's loss, rearranged.) y is a number from 0 to 1, else ValueError.

    >>> binary_cross_entropy_with_logits(0, 1000)      # from p it would be -log(0)
    1000.0
    """
    return _loss_and_residual(checks.probability(y, "y"), checks.number(z, "z"))[0]


# -------------------------------------------------------- 3. the chain rule, in three pieces
#
#     x --(times a, plus b)--> z --(sigmoid)--> p --(cross-entropy with y)--> L
#
# How does L change with a? Multiply how each quantity changes with the one before it:
#
#     dL/da  =  dL/dp * dp/dz * dz/da


def dL_dp(y, p):
    """Piece 1, how the loss changes with the probability: -y/p + (1-y)/(1-p).

    On a common denominator the terms with y*p cancel, and it is (p - y) / (p (1-p)).
    (Documents 000, 001, 002.) y and p are numbers from 0 to 1, else ValueError; at p = 0 and
    p = 1 the derivative has no bound unless y = p, where it is the one-sided limit.

    >>> dL_dp(1, 0.5), dL_dp(0, 0.5)
    (-2.0, 2.0)
    """
    y = checks.probability(y, "y")
    p = checks.probability(p, "p")
    slope = 0.0
    if y > 0:
        slope -= y / p if p > 0 else checks.INFINITY
    if y < 1:
        slope += (1 - y) / (1 - p) if p < 1 else checks.INFINITY
    return slope


def dp_dz(p):
    """Piece 2, how the probability changes with the score: p (1-p), the sigmoid's derivative.

    (Documents 001, 002.) p is a number from 0 to 1, else ValueError.

    >>> dp_dz(0.5)
    0.25
    """
    p = checks.probability(p, "p")
    return p * (1 - p)


def dz_da(x):
    """Piece 3, how the score a*x + b changes with a: x. (With b it changes by 1.)

    For many features: z changes with w[j] by x[j]. (Documents 001, 002.) x is one number, else
    TypeError.

    >>> dz_da(3)
    3.0
    """
    return checks.number(x, "x")


def dL_da(x, y, a, b):
    """The product of the three pieces, as the chain rule has it.

    Look at the first two: p (1-p) stands below in one and above in the other. They cancel,
    and what is left is the beautiful simplification of document 001:

        dL/da = (p - y) / (p (1-p)) * p (1-p) * x  =  (p - y) * x

    >>> product, collapsed = dL_da(3, 1, 0.5, -1), residual(1, 0.5 * 3 - 1) * 3
    >>> abs(product - collapsed) < 1e-15
    True

    The product is for reading: where p rounds to 0 or 1 it meets infinity times 0. Only the
    collapsed form is safe to compute with. y is a number from 0 to 1, else ValueError.
    """
    z = checks.number(a, "a") * checks.number(x, "x") + checks.number(b, "b")
    p = sigmoid(z)
    return dL_dp(y, p) * dp_dz(p) * dz_da(x)


def residual(y, z):
    """What is left of the first two pieces: dL/dz = p - y, with p = sigmoid(z).

    Computed as (1-y) sigmoid(z) - y sigmoid(-z), which is the same number but never takes 1
    from a rounded p. (Documents 001 and 002, rearranged.) y is a number from 0 to 1, else
    ValueError.

    >>> residual(1, 40), sigmoid(40) - 1        # the plain subtraction has lost everything
    (-4.248354255291589e-18, 0.0)
    """
    y, z = checks.probability(y, "y"), checks.number(z, "z")
    return (1 - y) * sigmoid(z) - y * sigmoid(-z)


def _loss_and_residual(y, z):
    # For the loss of one sample, and for chapter 3; the loops below have it written out, for
    # speed. One exponential serves both, and e^-|z| can only underflow. The residual's two
    # sigmoids are fractions over the same 1 + e; the loss's two softplus share log(1 + e), and
    # what is left of them is |z| times the weight of the label that the sign of the score speaks
    # against.
    if z >= 0:
        e = exp(-z)
        against = 1 - y
        r = (against - y * e) / (1 + e)
    else:
        e = exp(z)
        against = y
        r = ((1 - y) * e - against) / (1 + e)
    loss = log1p(e)
    if against:  # subtle: at z = inf a right label costs nothing, but 0 * inf is a NaN
        loss += against * abs(z)
    return loss, r


# -------------------------------------------------------- 4. one feature: document 001


def gradient_ab(x, y, a, b):
    """The gradient for (a, b), summed over the samples, one sample after the other.

        grad_a = sum of (p_i - y_i) * x_i          grad_b = sum of (p_i - y_i)

    x and y are n numbers each, y from 0 to 1. Returns (grad_a, grad_b). TypeError or
    ValueError names the entry that cannot be used. (Document 001.)

    >>> gradient_ab([1, 2, 3, 4, 5], [0, 0, 0, 1, 1], 0.0, 0.0)
    (-1.5, 0.5)
    """
    x = checks.sample(x)
    y = checks.labels(y, len(x))
    a, b = checks.finite(a, "a"), checks.finite(b, "b")
    checks.label_values(y)
    checks.sample_values(x)
    return _add_gradient_ab(_with_not_y(x, y), a, b, 0.0, 0.0)


def _with_not_y(x, y):
    # 1 - y is the same in every iteration
    return [(x_i, y_i, 1 - y_i) for x_i, y_i in zip(x, y)]


def _add_gradient_ab(samples, a, b, grad_a, grad_b):
    for x_i, y_i, not_y_i in samples:
        z = a * x_i + b
        # r = p - y, as in _loss_and_residual (written out: a call would cost as much again)
        if z >= 0:
            e = exp(-z)
            r = (not_y_i - y_i * e) / (1 + e)
        else:
            e = exp(z)
            r = (not_y_i * e - y_i) / (1 + e)
        grad_a += r * x_i
        grad_b += r
    return grad_a, grad_b


def gradient_descent_logistic(x, y, learning_rate=0.1, iterations=1000, momentum=0.0):
    """Fit z = a*x + b from a = b = 0 by steps against the mean gradient; returns (a, b).

        v <- momentum * v + gradient            (a, b) <- (a, b) - learning_rate * v / n

    This is document 001's program. What it prints, though, is not what its code computes:

    >>> x, y = [1, 2, 3, 4, 5], [0, 0, 0, 1, 1]
    >>> a, b = gradient_descent_logistic(x, y)              # the code as printed
    >>> print(round(a, 12), round(b, 12))
    1.769045864973 -5.956350539119
    >>> a, b = gradient_descent_logistic(x, y, momentum=1.0)     # the output as printed
    >>> print(round(a, 10), round(b, 10))
    103.8498826363 -351.5457204892

    The printed output is that of a program which forgot to set its gradient sums back to zero
    in each iteration: every step then adds up all gradients so far, and that is momentum 1.0,
    a ball that rolls without friction. Without a finite best (a, b) nothing calls it back:
    x = 3 has label 0 and x = 4 has label 1, a threshold between them separates the labels
    perfectly, and making the curve steeper lowers the loss for ever.

    A step too large to survive ends early, with the last finite (a, b). TypeError or
    ValueError names the argument or the entry that cannot be used.
    """
    x = checks.sample(x)
    y = checks.labels(y, len(x))
    learning_rate = checks.positive(learning_rate, "learning_rate")
    iterations = checks.count(iterations, "iterations")
    momentum = checks.not_negative(momentum, "momentum")
    checks.label_values(y)
    checks.sample_values(x)
    samples, n, infinity = _with_not_y(x, y), len(x), checks.INFINITY
    a = b = v_a = v_b = 0.0
    for _ in range(iterations):
        v_a, v_b = _add_gradient_ab(samples, a, b, momentum * v_a, momentum * v_b)
        new_a = a - learning_rate * (v_a / n)
        new_b = b - learning_rate * (v_b / n)
        if not (abs(new_a) < infinity and abs(new_b) < infinity):
            break  # infinite, or a NaN, which is below nothing
        a, b = new_a, new_b
    return a, b


# -------------------------------------------------------- 5. many features: documents 000, 002


def gradient(X, y, w, b, sample_weight=None):
    """Loss and gradient of z = w . x + b, summed over the samples: (loss, grad_w, grad_b).

        loss      = sum of L(y_i, z_i)
        grad_w[j] = sum of (p_i - y_i) * x_i[j]          grad_b = sum of (p_i - y_i)

    X is n rows of d features, y is n labels from 0 to 1, w is d weights. sample_weight is n
    numbers, 0 or more: a weight of 2 is the row twice, a weight of 0 the row left out. Divide
    by n (by the sum of the weights) for the mean of document 002. TypeError or ValueError
    names the entry that cannot be used.

    >>> gradient([[1, 0], [0, 1]], [0, 1], [0, 0], 0)[1:]
    ([0.5, -0.5], 0.0)
    >>> gradient([[1, 0], [0, 1]], [0, 1], [0, 0], 0, sample_weight=[2, 0])[1:]
    ([1.0, 0.0], 1.0)
    """
    X = checks.table(X)
    y = checks.labels(y, len(X))
    s = checks.sample_weights(sample_weight, len(X))
    w, b = checks.weights(w, len(X[0])), checks.finite(b, "b")
    checks.label_values(y)
    checks.sample_weight_values(s, len(X))
    checks.table_values(X)
    return _gradient(X, y, w, b, s)


def _gradient(X, y, w, b, s):
    loss = grad_b = 0.0
    grad_w = [0.0] * len(w)
    for i, x_i in enumerate(X):
        # z = w . x + b
        z = b
        for w_j, x_ij in zip(w, x_i):
            z += w_j * x_ij
        # _loss_and_residual(y_i, z), written out as above
        y_i = y[i]
        if z >= 0:
            e = exp(-z)
            against = 1 - y_i
            r = (against - y_i * e) / (1 + e)
        else:
            e = exp(z)
            against = y_i
            r = ((1 - y_i) * e - against) / (1 + e)
        loss_i = log1p(e)
        if against:
            loss_i += against * abs(z)
        if s is not None:
            if not s[i]:
                continue
            loss_i *= s[i]
            r *= s[i]
        loss += loss_i
        # dL/dz = p - y = r, and z changes with w[j] by x[j], with b by 1
        for j, x_ij in enumerate(x_i):
            grad_w[j] += r * x_ij
        grad_b += r
    return loss, grad_w, grad_b


# The objective, which gradient descent lowers and so does chapter 3, is the mean loss and a
# penalty on the weights, of which there is none by default (l2 = 0):
#
#     F(w, b)  =  sum of s_i L(y_i, z_i) / sum of s_i  +  l2/2 * |w|^2
#
# Its gradient is the mean of the samples' gradients, plus l2 * w[j]. With l2 > 0 a large weight
# must be worth its price. The intercept is free: a shift of X is not to change the fit.


def safe_learning_rate(X, reduction="mean", l2=0.0, sample_weight=None):
    """A learning rate with which every step lowers the objective: 1 / L.

    Along a direction u (d weights and an intercept, of length 1) the loss of one sample curves
    by p (1-p) (u . (x, 1))^2: dL/dz = p - y, and p changes with z by p (1-p). That is at most
    1/4, the product with u at most the length of (x, 1), and the penalty curves by l2 at most:

        curvature of F  <=  L  =  mean of (|x|^2 + 1) / 4  +  l2

    A step t against the gradient g changes F by -t |g|^2 and, since the gradient changes on the
    way, by at most t^2 L/2 |g|^2 more. The sum is below zero for 0 < t < 2/L, and lowest at
    t = 1/L, which gains |g|^2 / (2 L) or more. (The largest eigenvalue of A^T A / (4n), where A
    is X with a column of ones, would do for L; its trace, used here, is at most d+1 times that.
    Momentum voids the proof.)

    reduction "sum" divides by the sum of the sample weights, as the gradient there is that much
    larger. TypeError or ValueError names the argument or the entry that cannot be used.

    >>> safe_learning_rate([[1, 2], [3, 4]])            # 4 / ((1 + 5 + 1 + 25) / 2)
    0.25
    """
    X = checks.table(X)
    s = checks.sample_weights(sample_weight, len(X))
    checks.choice(reduction, "reduction", ("sum", "mean"))
    l2 = checks.not_negative(l2, "l2")
    total = checks.sample_weight_values(s, len(X))
    checks.table_values(X)
    rate = _safe_learning_rate(X, s, total, l2, 1 / 4)
    return rate / total if reduction == "sum" else rate


def _safe_learning_rate(X, s, total, l2, steepest):
    # steepest: the most that the loss of a sample may curve by the score
    squares = 0.0
    for i, x_i in enumerate(X):
        # |x|^2 + 1
        square = 1.0
        for x_ij in x_i:
            square += x_ij * x_ij
        if s is None:
            squares += square
        elif s[i]:
            squares += s[i] * square
    # 1/L
    rate = 1 / (squares / total * steepest + l2)
    if not rate > 0:
        raise checks.too_large_table()
    return rate


def _penalty(w, l2):
    # l2/2 |w|^2
    squares = 0.0
    for w_j in w:
        squares += w_j * w_j
    return l2 / 2 * squares


def gradient_descent(
    X,
    y,
    *,
    learning_rate,
    iterations,
    w=None,
    b=0.0,
    momentum=0.0,
    reduction="mean",
    tolerance=0.0,
    callback=None,
    l2=0.0,
    sample_weight=None,
):
    """Fit (w, b) by steps against the gradient: Descent(w, b, losses, iterations, status).

        v <- momentum * v + gradient            (w, b) <- (w, b) - learning_rate * v

    X is n rows of d features, y is n labels from 0 to 1; w starts at zeros unless given.
    reduction: "mean" steps by the mean gradient (documents 001, 002), "sum" by the summed one
    (document 000). learning_rate is a number, or "safe" for `safe_learning_rate`. l2 is the
    price of weights in the objective F above; sample_weight counts rows as in `gradient`.
    losses[k] is F before update k, which is the mean loss if l2 is 0. callback(k, losses[k]) is
    called after update k, and returning True stops the run.

    status says how it ended: "converged" (no entry of F's gradient exceeds tolerance),
    "iterations" (all made, or the callback stopped it), or "diverged" (the next parameters or
    the loss would not be finite: the step is too large; w and b are the last finite ones).
    TypeError or ValueError names the argument or the entry that cannot be used.

    >>> X, y = [[1], [2], [3], [4]], [0, 1, 0, 1]
    >>> fit = gradient_descent(X, y, learning_rate=0.5, iterations=5000, tolerance=1e-9)
    >>> fit.status, round(fit.w[0], 6), round(fit.b, 6)
    ('converged', 0.908184, -2.270461)
    """
    X = checks.table(X)
    y = checks.labels(y, len(X))
    s = checks.sample_weights(sample_weight, len(X))
    d = len(X[0])
    learning_rate = checks.learning_rate(learning_rate)
    iterations = checks.count(iterations, "iterations")
    w = [0.0] * d if w is None else checks.weights(w, d)
    b = checks.finite(b, "b")
    momentum = checks.not_negative(momentum, "momentum")
    checks.choice(reduction, "reduction", ("sum", "mean"))
    tolerance = checks.not_negative(tolerance, "tolerance")
    checks.callback(callback)
    l2 = checks.not_negative(l2, "l2")
    checks.label_values(y)
    total = checks.sample_weight_values(s, len(X))
    checks.table_values(X)

    if learning_rate == "safe":
        step = _safe_learning_rate(X, s, total, l2, 1 / 4) / total
    else:
        step = learning_rate / total if reduction == "mean" else learning_rate
    v_w, v_b = [0.0] * d, 0.0
    losses = []
    status = "iterations"
    for k in range(iterations):
        loss, grad_w, grad_b = _gradient(X, y, w, b, s)
        F = loss / total
        if l2:
            F += _penalty(w, l2)
            grad_w = [g + total * l2 * w_j for g, w_j in zip(grad_w, w)]
        if not checks.is_finite(F):
            status = "diverged"
            break
        # each by itself: a NaN is no convergence, and max may pass over one
        if all([abs(g) / total <= tolerance for g in grad_w + [grad_b]]):
            status = "converged"
            break
        # v <- momentum * v + gradient
        v_w = [momentum * v + g for v, g in zip(v_w, grad_w)]
        v_b = momentum * v_b + grad_b
        # (w, b) <- (w, b) - step * v
        new_w = [w_j - step * v for w_j, v in zip(w, v_w)]
        new_b = b - step * v_b
        if not all([checks.is_finite(value) for value in new_w + [new_b]]):
            status = "diverged"
            break
        w, b = new_w, new_b
        losses.append(F)
        if callback is not None and callback(k, losses[k]):
            break
    return Descent(w, b, losses, len(losses), status)
