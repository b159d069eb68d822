"""Chapter 2: any number of classes, by softmax and categorical cross-entropy.

Chapter 1 has one score and two outcomes. Here are C classes, each with a score of its own, and the
answer is C probabilities:

    zs[c] = W[0][c]*x[0] + W[1][c]*x[1] + ... + b[c]      the score of class c
    ps    = softmax(zs)                                   numbers from 0 to 1 that sum to 1

The rest is chapter 1 again: how wrong the probabilities are (the loss), which way to move each
parameter (the gradient), and the steps (the descent). With C = 2 it says what chapter 1 says. As in
chapter 1, nothing is checked here.

Legend, chapter 1's continued:
    C           the number of classes; a class is a number 0, 1, ... C-1
    c, k        any class, and another one: where there is a label, the true class
    zs, ps      one sample's C scores and C predicted probabilities
    ys          one sample's label as C probabilities: 1 for k and 0 for the others, or soft
    y           the n labels: n class numbers k, or n rows ys
    W, b        the weights, d rows (features) of C columns (classes); the C intercepts
    es          e^z of each score, after the shift of section 1
    rs          C residuals: how L changes with each score

Source: document 000, "for multiclass classification"; its i, j, N are our i, c, n.
"""

from math import exp, isfinite, log

from .logistic import log1p, total

# -------------------------------------------------------- 1. from C scores to C probabilities
#
# In chapter 1 the score compares two outcomes: z = log(p / (1-p)). Now let every two classes
# compare so, each with its own score:
#
#     log(ps[c] / ps[k])  =  zs[c] - zs[k],      that is      ps[c] : ps[k]  =  e^zs[c] : e^zs[k]
#
# The probabilities are in proportion to e^z, and they sum to 1. Only this does both:
#
#     ps[c]  =  e^zs[c] / (e^zs[0] + ... + e^zs[C-1])                              (softmax)


def softmax_as_printed(zs):
    """The formula as it stands.

    >>> softmax_as_printed([0, 0, 0, 0])
    [0.25, 0.25, 0.25, 0.25]
    >>> softmax_as_printed([1000, 0])               # e^1000 has no float
    Traceback (most recent call last):
    OverflowError: math range error
    """
    es = [exp(z) for z in zs]
    return [e / total(es) for e in es]


# Only differences of scores count. Add any number to all C of them, and nothing changes: above and
# below the fraction bar every term grows by the same factor. Two things follow.
#
# The shift. Subtract the largest score from all of them. Then every e^z is at most 1, the largest
# is exactly 1, and the others can only become 0.
#
# One class is redundant. C scores hold C-1 differences, so the score of one class could as well
# stay 0 for ever. For C = 2 and zs = [0, z] that is chapter 1's model:
#
#     ps[1]  =  e^z / (e^0 + e^z)  =  sigmoid(z)


def exponentials(zs):
    """The shifted e^z of each score; the class with the largest; and the sum of all the others.

    >>> exponentials([1000, 1000])
    ([1.0, 1.0], 0, 1.0)

    Why the sum of the others, and not of all, which is 1 more? Where they are tiny, log(1 + rest)
    and 1 - ps[top] need all digits of rest, and 1 + rest rounds them away.
    """
    largest = max(zs)
    es = [exp(z - largest) for z in zs]
    if largest != largest:  # a NaN among the scores: every e is a NaN
        return es, 0, largest
    top = zs.index(largest)
    es[top] = 0.0
    rest = total(es)
    es[top] = 1.0  # e^(largest - largest), also where largest is infinite
    return es, top, rest


def softmax(zs):
    """The C probabilities.

    >>> softmax([1000, 0]), softmax([1e308, -1e308, 1e308])
    ([1.0, 0.0], [0.5, 0.0, 0.5])
    >>> from pyref.logistic import sigmoid
    >>> softmax([0, 3])[1] == sigmoid(3)
    True
    """
    es, _, rest = exponentials(zs)
    all_es = 1 + rest
    return [e / all_es for e in es]


def logsumexp(zs):
    """log(e^zs[0] + ...): a smooth maximum. Its derivative is e^zs[c] / (e^zs[0] + ...), or ps[c].

    For [0, z] it is chapter 1's softplus(z).

    >>> logsumexp([1000, 1000]) == 1000 + log(2)
    True
    """
    _, top, rest = exponentials(zs)
    largest = zs[top]
    if not isfinite(largest) and all([z == z for z in zs]):
        return largest  # the sum is infinite, or 0: known without a shift, which would be inf - inf
    # log(e^largest * (1 + rest))
    return largest + log1p(rest)


# -------------------------------------------------------- 2. how wrong are C probabilities?


def categorical_cross_entropy(ys, ps):
    """The loss of one sample: -(ys[0] log(ps[0]) + ... + ys[C-1] log(ps[C-1])).

    With a true class k it is -log(ps[k]), minus the log of the chance that the model gave to what
    happened; what the others share among them does not matter. (Document 000; with ys = [1-y, y]
    and ps = [1-p, p] it is chapter 1's.)

    >>> round(categorical_cross_entropy([0, 1, 0], [0.2, 0.7, 0.1]), 6)
    0.356675
    """
    loss = 0.0
    for y_c, p_c in zip(ys, ps):
        if y_c > 0:  # 0 * log(0) counts as 0, as in chapter 1
            loss -= y_c * log(p_c) if p_c > 0 else -float("inf")
    return loss


# -------------------------------------------------------- 3. from the loss to the scores
#
# How does L change with the score of class c? By -log(ps[c]) = logsumexp(zs) - zs[c] the loss is
#
#     L  =  ys[0] (logsumexp(zs) - zs[0]) + ... + ys[C-1] (logsumexp(zs) - zs[C-1])
#
# zs[c] stands in it twice: in logsumexp, under every label, and by itself, under ys[c]. The
# derivative of logsumexp is ps[c], and the labels sum to 1:
#
#     dL/dzs[c]  =  ps[c] - ys[c]                                  once more: p - y
#
# (The longer way is chapter 1's chain rule: -ys[k]/ps[k] times dps[k]/dzs[c], which is
# ps[k] (1 - ps[k]) for c = k and -ps[k] ps[c] for the others, summed over k. All the fractions
# cancel again.)
#
# Like chapter 1's residual it must not be computed as it is printed. For the true class it is
# ps[k] - 1, and when ps[k] rounds to 1 nothing is left of it. But 1 - ps[k] is the sum of the
# other probabilities, so 1 is never taken from a rounded ps[k]:
#
#     rs[c] = ps[c]  for c other than k,       rs[k] = -(sum of ps[c] for c other than k)


def loss_and_residuals(k, zs):
    """L and rs of a sample of class k.

    >>> loss, rs = loss_and_residuals(0, [40, 0])
    >>> rs, softmax([40, 0])[0] - 1                     # ps[k] - 1 has lost everything
    ([-4.248354255291589e-18, 4.248354255291589e-18], 0.0)
    """
    es, top, rest = exponentials(zs)
    all_es = 1 + rest
    # logsumexp(zs) - zs[k]  =  log(1 + rest), and the distance of zs[k] from the largest
    loss = log1p(rest)
    rs = [e / all_es for e in es]
    if k == top:
        others = rest
    else:
        others = 1 + (rest - es[k])  # the 1 of the largest, and the rest without k
        loss += zs[top] - zs[k]
    rs[k] = -others / all_es
    return loss, rs


# A soft label is a mixture of true classes: take these rs for k = 0 with weight ys[0], for k = 1
# with weight ys[1], and so on. For each c that adds up to
#
#     rs[c]  =  ps[c] (sum of the other ys) - ys[c] (sum of the other ps)
#
# The sums of the others are again never 1 minus something: `less` is the sum of all ys but the
# largest. Every other class adds the largest to it, and takes its own away.


def loss_and_residuals_soft(ys, zs):
    """L and rs of a sample whose label is C probabilities.

    >>> loss_and_residuals_soft([1, 0], [40, 0]) == loss_and_residuals(0, [40, 0])
    True
    """
    es, top, rest = exponentials(zs)
    all_es = 1 + rest
    most = ys.index(max(ys))
    less = total(ys[:most]) + total(ys[most + 1 :])
    all_ys = ys[most] + less
    loss = all_ys * log1p(rest)
    rs = [all_ys * e / all_es for e in es]  # where ys[c] = 0, the other ys are all of them
    for c, y_c in enumerate(ys):
        if y_c > 0:
            other_ys = less if c == most else ys[most] + (less - y_c)
            if c == top:
                others = rest
            else:
                others = 1 + (rest - es[c])
                loss += y_c * (zs[top] - zs[c])
            rs[c] = (es[c] * other_ys - y_c * others) / all_es
    return loss, rs


# -------------------------------------------------------- 4. many samples: the gradient


def softmax_gradient(X, y, W, b, s=None):
    """Sums over the rows of s_i L_i, of s_i rs_i[c] x_i[j] and of s_i rs_i[c].

    Returns (loss, grad_W, grad_b): a number, d rows of C, and C.

    >>> softmax_gradient([[1, 0], [0, 1]], [0, 1], [[0, 0], [0, 0]], [0, 0])[1:]
    ([[-0.5, 0.5], [0.5, -0.5]], [0.0, 0.0])

    The residuals of a sample sum to 0 over the classes, and so does every row of grad_W.
    """
    of_one = loss_and_residuals_soft if type(y[0]) is list else loss_and_residuals
    loss, grad_W, grad_b = 0.0, [[0.0] * len(b) for _ in W], [0.0] * len(b)
    for x_i, y_i, s_i in zip(X, y, s or [1.0] * len(y)):  # X: n,d  y: n or n,C  s: n
        zs = list(b)  # C
        for W_j, x_ij in zip(W, x_i):  # W: d,C
            for c, w in enumerate(W_j):
                zs[c] += w * x_ij
        loss_i, rs = of_one(y_i, zs)  # rs: C
        loss += s_i * loss_i
        # dL/dzs[c] = rs[c], and zs[c] changes with W[j][c] by x[j], with b[c] by 1
        rs = [s_i * r for r in rs]
        for grad_j, x_ij in zip(grad_W, x_i):  # grad_W: d,C
            for c, r in enumerate(rs):
                grad_j[c] += r * x_ij
        for c, r in enumerate(rs):  # grad_b: C
            grad_b[c] += r
    return loss, grad_W, grad_b


# -------------------------------------------------------- 5. softmax regression
#
# What the descent lowers is chapter 1's F, with |W|^2 the sum of all d*C squares:
#
#     F(W, b)  =  sum of s_i L_i / sum of s_i  +  l2/2 * |W|^2
#
# The C intercepts are free again. (With l2 > 0 the redundant class is settled too: of all W with
# the same differences the penalty likes best the one whose rows sum to 0.)
#
# How large may a step be? Chapter 3 asks how much L can curve along a direction u of length 1 in
# the scores. Its derivative there is the sum of (ps[c] - ys[c]) u[c], and the change of that is the
# variance of a number which is u[c] with probability ps[c]. A variance is at most a quarter of the
# range squared, and (u[c] - u[k])^2 <= 2 (u[c]^2 + u[k]^2) <= 2. So 1/2 takes the place of 1/4 in
# `safe_learning_rate`.


def softmax_descent(
    X, y, W, b, learning_rate, iterations, momentum=0.0, tolerance=0.0, l2=0.0, s=None, watch=None
):
    """Steps against the gradient of F: (W, b, losses, status), each as in chapter 1.

        v <- momentum * v + gradient            (W, b) <- (W, b) - learning_rate * v

    >>> X, y = [[-3.0], [-2.0], [-1.0], [1.0], [2.0], [3.0]], [0, 1, 0, 2, 1, 2]
    >>> zeros = [[0.0, 0.0, 0.0]], [0.0, 0.0, 0.0]
    >>> W, b, losses, status = softmax_descent(X, y, *zeros, 1.0, 1000, tolerance=1e-9)
    >>> status, [round(p, 4) for p in softmax([w * 3 + b_c for w, b_c in zip(W[0], b)])]
    ('converged', [0.0062, 0.1828, 0.8109])

    C = 2 is chapter 1 again. Its w is the difference of the two columns of W. Each column moves by
    the whole residual, one up and one down, so the difference moves twice as fast: half the
    learning rate goes the same way.

    >>> from pyref.logistic import gradient_descent
    >>> X, y = [[1.0], [2.0], [3.0], [4.0]], [0, 1, 0, 1]
    >>> one, _, _, _ = gradient_descent(X, y, [0.0], 0.0, 0.5, 100)
    >>> two, _, _, _ = softmax_descent(X, y, [[0.0, 0.0]], [0.0, 0.0], 0.25, 100)
    >>> abs(one[0] - (two[0][1] - two[0][0])) < 1e-12
    True
    """
    n, C = total(s) if s else len(y), len(b)
    rows = W + [b]  # b is the last row, below W: what moves W moves b
    v, losses = [[0.0] * C for _ in rows], []
    for k in range(iterations):
        W, b = rows[:-1], rows[-1]
        loss, grad_W, grad_b = softmax_gradient(X, y, W, b, s)
        F = loss / n
        grad = [[g / n for g in row] for row in grad_W + [grad_b]]
        if l2:
            F += l2 / 2 * total([w * w for row in W for w in row])
            grad = [[g + l2 * w for g, w in zip(*pair)] for pair in zip(grad, W)] + grad[-1:]
        if isfinite(F) and all([abs(g) <= tolerance for row in grad for g in row]):
            return W, b, losses, "converged"
        v = [[momentum * u + g for u, g in zip(*pair)] for pair in zip(v, grad)]
        rows = [[w - learning_rate * u for w, u in zip(*pair)] for pair in zip(rows, v)]
        if not (isfinite(F) and all([isfinite(w) for row in rows for w in row])):
            return W, b, losses, "diverged"
        losses.append(F)
        if watch is not None and watch(k, F):
            break
    return rows[:-1], rows[-1], losses, "iterations"


# The same in C: csrc/plain.c, to be read; as run, csrc/lanes/multinomial.h, csrc/engine/descent.c.
# Next: chapter 3 (second_order.py): how far a step may go, and a method without a learning rate.
