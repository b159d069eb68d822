"""Fifty-digit truth: the documents' formulas, as printed, in mpmath.

No stable form is used here. What a formula cancels is paid for in working digits: next to 1,
e^-|z| starts |z| / log(10) digits down, so with that many more digits fifty are left.
"""

from collections import namedtuple
from functools import cache

import mpmath

DIGITS = 50

Score = namedtuple("Score", ("p", "q", "loss_0", "loss_1"))


def digits_for(z):
    return int(DIGITS + 5 + 0.44 * abs(z))


@cache
def of_score(z):
    """For a finite float z: p = sigmoid(z), q = 1 - p, -log(q) and -log(p)."""
    if z < 0:  # 1 / (1 + e^-z) is then the other's q
        other = of_score(-z)
        return Score(other.q, other.p, other.loss_1, other.loss_0)
    with mpmath.workdps(digits_for(z)):
        p = 1 / (1 + mpmath.exp(-mpmath.mpf(z)))
        q = 1 - p
        return Score(p, q, -mpmath.log(q), -mpmath.log(p))


def loss(y, p):
    """-[y log p + (1-y) log(1-p)] at the working precision of the caller."""
    y = mpmath.mpf(y)
    return -(y * mpmath.log(p) + (1 - y) * mpmath.log(1 - p))


def summed_loss(X, y, w, b):
    """The summed loss of a whole table, at the working precision of the caller."""
    total = mpmath.mpf(0)
    for x_i, y_i in zip(X, y, strict=True):
        z = b + sum((w_j * mpmath.mpf(x) for w_j, x in zip(w, x_i, strict=True)), mpmath.mpf(0))
        total += loss(y_i, 1 / (1 + mpmath.exp(-z)))
    return total


def descent_001(momentum, digits=60):
    """Document 001's program to 60 digits; its learning rate is the float 0.1."""
    with mpmath.workdps(digits):
        a = b = v_a = v_b = mpmath.mpf(0)
        for _ in range(1000):
            v_a, v_b = momentum * v_a, momentum * v_b
            for x, y in zip((1, 2, 3, 4, 5), (0, 0, 0, 1, 1), strict=True):
                r = 1 / (1 + mpmath.exp(-(a * x + b))) - y
                v_a += r * x
                v_b += r
            a -= mpmath.mpf(0.1) * v_a / 5
            b -= mpmath.mpf(0.1) * v_b / 5
        return a, b
