"""Chapter 2: any number of classes, by softmax and categorical cross-entropy.

Chapter 1 has one score and two outcomes. Here are C classes, each with a score of its own, and
the answer is C probabilities:

    zs[c] = W[0][c]*x[0] + W[1][c]*x[1] + ... + b[c]      the score of class c
    ps    = softmax(zs)                                   numbers from 0 to 1 that sum to 1

The rest is chapter 1 again: how wrong the probabilities are (the loss), which way to move each
parameter (the gradient), and the steps (the descent). With C = 2 it says what chapter 1 says,
to rounding. `pyref.fast` holds the same functions, with the same names in the same order,
compiled.

Legend, chapter 1's continued:
    C           the number of classes; a class is a number 0, 1, ... C-1
    c, k        any class, and the true class of a sample
    zs, ps      one sample's C scores and C predicted probabilities
    ys          one sample's label as C probabilities: 1 for k and 0 for the others, or soft
    y           the n labels: n class numbers, or n rows ys
    W, b        the weights, d rows (features) of C columns (classes); the C intercepts
    es, all_es  e^z of each score after the shift below, and their sum
    rs          C residuals: how the loss changes with each score
    t           an update of the descent, counted from 0

Source: document 000, "for multiclass classification"; its i, j, N are our i, c, n.
"""

from math import exp, isfinite, log

from .logistic import log1p, total

# -------------------------------------------------------- 1. from C scores to C probabilities
#
# In chapter 1 the score compares two outcomes: z = log(p / (1-p)), their log-odds. Now let
# every two classes compare so, each with its own score:
#
#     log(ps[c] / ps[k]) = zs[c] - zs[k],     that is     ps[c] : ps[k] = e^zs[c] : e^zs[k]
#
# The probabilities are in proportion to e^z, and they sum to 1. Only this does both:
#
#     ps[c] = e^zs[c] / (e^zs[0] + ... + e^zs[C-1])                              (softmax)
#
# Only differences of scores count. Add any number to all C of them, and nothing changes:
# above and below the fraction bar every term grows by the same factor. Two things follow.
#
# The shift. e^1000 has no float, so subtract the largest score m from all. Then every e^(z-m)
# is at most 1, the largest is exactly 1, and the others can only underflow.
#
# One class is redundant. C scores hold C-1 differences, so one class's score could as well
# stay 0 for ever. For C = 2 and zs = [0, z] that is chapter 1's model:
#
#     ps[1] = e^z / (e^0 + e^z) = sigmoid(z)


def logsumexp(zs):
    """log(e^zs[0] + ... + e^zs[C-1]): a smooth maximum. Its derivative by zs[c] is softmax's ps[c].

    zs is one or more scores. For [0, z] it is chapter 1's softplus(z). TypeError or ValueError
    names the entry that cannot be used. -inf adds nothing; of nothing but -inf it is -inf.

    >>> logsumexp([1000, 1000]) == 1000 + log(2)
    True
    >>> from pyref.logistic import softplus
    >>> logsumexp([0, 3]) == softplus(3)
    True
    """
    _, top, rest = exponentials(zs)
    m = zs[top]
    if m in (float('inf'), -float('inf')) and all([z == z for z in zs]):
        return m  # the sum is infinite, or 0: known without a shift, which would be inf - inf
    # log(e^m * (1 + rest)) = m + log(1 + rest)
    return m + log1p(rest)


def softmax(zs):
    """The probabilities that belong to C scores: e^zs[c] / (e^zs[0] + ... + e^zs[C-1]).

    zs is one or more scores; returns as many probabilities. For [0, z] they are those of
    chapter 1, 1 - sigmoid(z) and sigmoid(z). TypeError or ValueError names the entry that
    cannot be used.

    >>> softmax([0, 0, 0, 0])
    [0.25, 0.25, 0.25, 0.25]
    >>> softmax([1e308, -1e308, 1e308])
    [0.5, 0.0, 0.5]
    >>> from pyref.logistic import sigmoid
    >>> softmax([0, 3])[1] == sigmoid(3)
    True

    A score of -inf has probability 0; a score of inf has 1, if no other is inf. Where several
    are, or all of two or more are -inf, inf - inf tells nothing of their shares, and every
    probability is NaN; so it is with a NaN among the scores. A single class always has 1.

    A tiny probability pays for the shift, which rounds zs[c] - m: up to half a unit in the last
    place of that difference is its relative error. For [8.06, -608.84] this is 5.5e-14; for
    [0, z] there is nothing to round.
    """
    es, _, rest = exponentials(zs)
    all_es = 1 + rest
    return [e / all_es for e in es]


def exponentials(zs):
    # Returns es, the top class, and rest: the sum of es without the top's. So all_es is 1 + rest.
    # Why not all_es itself: when the top leaves little to the others, log(all_es) and 1 - p of
    # the top need all the digits of that little, and 1 + rest rounds them away.
    m = max(zs)
    es = [exp(z - m) for z in zs]
    if m != m:  # a NaN, and so every e is a NaN
        return es, 0, m
    top = zs.index(m)
    es[top] = 0.0
    rest = 0.0
    for e in es:
        rest += e
    es[top] = 1.0  # e^(m-m), at m = inf too
    return es, top, rest


# -------------------------------------------------------- 2. how wrong are C probabilities?


def categorical_cross_entropy(ys, ps):
    """The loss of one sample: -(ys[0] log(ps[0]) + ... + ys[C-1] log(ps[C-1])).

    With a true class k it is -log(ps[k]): what the others share among them does not matter.
    Summed over the samples it is document 000's formula; with ys = [1-y, y] and ps = [1-p, p],
    chapter 1's. ys and ps are C numbers from 0 to 1 each, and ys sums to 1, else ValueError.

    >>> round(categorical_cross_entropy([0, 1, 0], [0.2, 0.7, 0.1]), 6)
    0.356675
    >>> categorical_cross_entropy([0, 1, 0], [0.5, 0, 0.5])
    inf
    """
    loss = 0.0
    for c, (y_c, p_c) in enumerate(zip(ys, ps)):
        if y_c > 0:  # 0 * log(0) counts as 0, as in chapter 1
            loss -= y_c * log(p_c) if p_c > 0 else -float('inf')
    return loss


def categorical_cross_entropy_with_logits(ys, zs):
    """The same loss from the scores: categorical_cross_entropy(ys, softmax(zs)), no detour.

    With  -log(ps[c]) = logsumexp(zs) - zs[c]:

        L = ys[0] (logsumexp(zs) - zs[0]) + ... + ys[C-1] (logsumexp(zs) - zs[C-1])

    ys is C probabilities that sum to 1, zs C scores, else ValueError. A score of -inf costs
    nothing if its label is 0, and inf otherwise; scores further apart than the largest float
    count as infinitely far. Where softmax is NaN, so is the loss.

    >>> categorical_cross_entropy_with_logits([1, 0], [-1000, 0])      # from ps it would be inf
    1000.0
    """
    return loss_and_residuals(ys, zs)[0]


# -------------------------------------------------------- 3. from the loss to the scores
#
# How does L change with the score of class c? Take the loss from the scores, the line above.
# zs[c] stands in it twice: in logsumexp, under every label, and by itself, under ys[c].
#
#     dL/dzs[c] = (ys[0] + ... + ys[C-1]) ps[c] - ys[c]  =  ps[c] - ys[c]
#
# since d logsumexp / dzs[c] = e^zs[c] / (e^zs[0] + ... + e^zs[C-1]) = ps[c]. (The longer way
# is chapter 1's chain rule: -ys[k]/ps[k] times dps[k]/dzs[c], which is ps[k] (1 - ps[k]) for
# c = k and -ps[k] ps[c] for the others, summed over k. All the fractions cancel again.)
#
# Like chapter 1's residual it must not be computed as it is printed. For the true class it is
# ps[k] - 1, and when ps[k] rounds to 1 nothing is left of it. But 1 - ps[k] is the sum of the
# other probabilities, so without any cancellation
#
#     rs[c] = ps[c]  for c other than k,       rs[k] = -(sum of ps[c] for c other than k)
#
# A soft label is a mixture of true classes: take these rs for k = 0 with weight ys[0], for
# k = 1 with weight ys[1], and so on. For each c that adds up to
#
#     rs[c] = ps[c] (sum of the other ys) - ys[c] (sum of the other ps)
#
# This is the exact derivative also when rounding makes ys sum to not quite 1.


def _label(ys):
    # What the loss and the residuals ask of a label: the sum of ys, and for each class with
    # ys[c] > 0 the triple (c, ys[c], the sum of the other ys).
    # Sums of the others by subtraction: total - ys[c] cancels only where ys[c] is most of the
    # total. That can only be the largest, so its others are summed by themselves (rest); those
    # of any other class hold the largest, which is no smaller than what is taken away.
    largest = max(ys)
    top = ys.index(largest)
    rest = 0.0
    for c, y_c in enumerate(ys):
        if c != top:
            rest += y_c
    parts = []
    for c, y_c in enumerate(ys):
        if y_c > 0:
            parts.append((c, y_c, rest if c == top else largest + (rest - y_c)))
    return largest + rest, parts


def _labels(y, C):
    # n labels in that form; the samples of one class share theirs
    if isinstance(y[0], list):
        return [_label(ys) for ys in y]
    of_class = [(1.0, [(k, 1.0, 0.0)]) for k in range(C)]
    return [of_class[k] for k in y]


def _loss_and_residuals(label, zs):
    es, top, rest = exponentials(zs)
    all_es = 1 + rest
    total, parts = label
    # L = sum of ys[c] (logsumexp(zs) - zs[c]), with logsumexp(zs) = zs[top] + log(1 + rest):
    # every label pays the logarithm, and each below the top its distance from there
    loss = total * log1p(rest)
    # where ys[c] = 0, the residual is ps[c] times the sum of the other ys, which is all of it
    rs = [total * e / all_es for e in es]
    for c, y_c, other_ys in parts:
        if c == top:
            other_es = rest
        else:
            other_es = 1 + (rest - es[c])  # the top's 1, and the rest without c (see _label)
            loss += y_c * (zs[top] - zs[c])
        # rs[c] = ps[c] (sum of the other ys) - ys[c] (sum of the other ps)
        rs[c] = (es[c] * other_ys - y_c * other_es) / all_es
    return loss, rs


# -------------------------------------------------------- 4. many samples: the gradient


def loss_and_residuals(ys, zs):
    return _loss_and_residuals(_label(ys), zs)


def softmax_gradient(X, y, W, b, s=None):
    labels = _labels(y, len(b))
    loss = 0.0
    grad_W, grad_b = [[0.0] * len(b) for _ in W], [0.0] * len(b)
    for i, x_i in enumerate(X):
        if s is not None and not s[i]:
            continue
        # zs[c] = b[c] + W[0][c] * x[0] + W[1][c] * x[1] + ...
        zs = list(b)
        for W_j, x_ij in zip(W, x_i):
            for c, w in enumerate(W_j):
                zs[c] += w * x_ij
        loss_i, rs = _loss_and_residuals(labels[i], zs)
        if s is not None:
            loss_i *= s[i]
            rs = [s[i] * r for r in rs]
        loss += loss_i
        # dL/dzs[c] = rs[c], and zs[c] changes with W[j][c] by x[j], with b[c] by 1
        for grad_j, x_ij in zip(grad_W, x_i):
            for c, r in enumerate(rs):
                grad_j[c] += r * x_ij
        for c, r in enumerate(rs):
            grad_b[c] += r
    return loss, grad_W, grad_b


# -------------------------------------------------------- 5. softmax regression
#
# The objective is chapter 1's F, with |W|^2 the sum of all d*C squares: mean loss + l2/2 |W|^2.
# The C intercepts are free again. (With l2 > 0 the redundant class is settled too: of all W
# with the same differences the penalty likes best the one whose rows sum to 0.)


def softmax_descent(X, y, W, b, learning_rate, iterations, momentum=0.0, tolerance=0.0, l2=0.0, s=None, watch=None):
    n = total(s) if s else len(y)
    d, C = len(W), len(b)
    rows = W + [b]
    v = [[0.0] * C for _ in rows]
    losses = []
    for t in range(iterations):
        W = rows[:d]
        loss, grad_W, grad_b = softmax_gradient(X, y, W, rows[d], s)
        F = loss / n
        if l2:
            F += l2 / 2 * total([w * w for W_j in W for w in W_j])
        grad = [[g / n + l2 * w for g, w in zip(grad_j, W_j)] for grad_j, W_j in zip(grad_W, W)] + [[g / n for g in grad_b]]
        if all([abs(g) <= tolerance for grad_j in grad for g in grad_j]):
            return W, rows[d], losses, "converged"
        v = [[momentum * u + g for u, g in zip(v_j, grad_j)] for v_j, grad_j in zip(v, grad)]
        new = [[w - learning_rate * u for w, u in zip(row, v_j)] for row, v_j in zip(rows, v)]
        if not all([isfinite(w) for row in new for w in row]) or not isfinite(F):
            return W, rows[d], losses, "diverged"
        rows = new
        losses.append(F)
        if watch is not None and watch(t, F):
            break
    return rows[:d], rows[d], losses, "iterations"
