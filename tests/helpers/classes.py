"""Softmax in 50 digits, and what tests of the classes share: scores, labels, problems.

Truth                all that belongs to the scores of one sample, each with its bound
residuals            dL/dz of one sample, as an implementation has them
problem              X, y, W, b at random
assert_close         one number within its bound of the truth
assert_arrays        many numbers within theirs
compare_gradient     loss and gradient against the oracle
"""

import math
import random
from functools import cache

import mpmath
import numpy as np
from mpmath import mpf

from helpers import oracle_multinomial as oracle

INF, NAN = math.inf, math.nan
U = 2.0**-53  # half a unit in the last place of 1: the relative error of one rounding
LARGEST = 1.7976931348623157e308  # the largest float
TINY = 5e-324  # the smallest subnormal number: what a result that underflows may be off by


def rows(W):
    """Rows of weights or gradients as lists, whatever the implementation returns."""
    return [list(row) for row in W]


def residuals(impl, ys, zs):
    """dL/dz of one sample: with no weight on its only feature, the scores are the intercepts."""
    C = len(zs)
    loss, grad_W, grad_b = impl.softmax_gradient([[1.0]], [ys], [[0.0] * C], zs)
    assert rows(grad_W) == [list(grad_b)]
    return loss, list(grad_b)


# ---------------------------------------------------------------- 50 digits


class Truth:
    """What belongs to the scores zs in 50 digits, and how far a float may lie from it.

    Every rounding is at most U, exp and log at most 2 units in the last place: 4 U. With
    x_c = m - zs[c], the distance below the top, e_c = e^-x_c is off by (x_c + 4) U: the shift
    rounds x_c by x_c U. The mean of x_c over a distribution q in proportion to e_c is
    H(q) - log(sum of e_c), H the entropy, at most log C. So
      s, the sum of all e_c, is off by (C + log C + 4) U, ps[c] = e_c / s by that and its own,
      rest, the sum without the top's 1, by (C + log C + 4 + log(1/rest)) U, and log1p(rest)
      by no more and its own 4 U.
    """

    def __init__(self, zs):
        with mpmath.workdps(50):
            self.C, self.m = len(zs), max(zs)
            self.top = zs.index(self.m)
            self.xs = [mpf(self.m) - mpf(z) for z in zs]
            self.es = [mpmath.exp(-x) for x in self.xs]
            self.rest = mpmath.fsum([e for c, e in enumerate(self.es) if c != self.top])
            self.ps = [e / (1 + self.rest) for e in self.es]
            self.log_s = mpmath.log1p(self.rest)
            self.lse = mpf(self.m) + self.log_s
            below = float(-mpmath.log(self.rest)) if self.rest > 0 else 0.0
            # log(1/rest), no longer of interest when rest underflows: there TINY takes over
            self.depth = min(max(below, 0.0), 745.0)
            self.roundings = 2 * self.C + 2 * math.log(self.C) + 20

    def p_bound(self, c):
        return (self.roundings + min(float(self.xs[c]), 745.0)) * U * self.ps[c] + 2 * TINY

    def lse_bound(self):
        return (self.roundings + self.depth) * U * (abs(mpf(self.m)) + self.log_s) + 2 * TINY

    def loss(self, ys):
        """The loss, and its bound: all of its terms are positive, none cancel."""
        with mpmath.workdps(50):
            log_part = mpmath.fsum([mpf(y) for y in ys]) * self.log_s
            # further apart than the largest float is infinitely far
            far = any(y > 0 and x > LARGEST for y, x in zip(ys, self.xs, strict=True))
            linear = mpmath.fsum([mpf(y) * x for y, x in zip(ys, self.xs, strict=True) if y > 0])
            if far:
                return mpmath.inf, mpf(0)
            bound = (self.roundings + self.depth) * U * log_part + self.roundings * U * linear
            return log_part + linear, bound + 2 * TINY

    def residual(self, ys, c):
        """p (sum of the other ys) - y (sum of the other ps), and the bound: a difference."""
        with mpmath.workdps(50):
            plus = self.ps[c] * mpmath.fsum([mpf(y) for k, y in enumerate(ys) if k != c])
            minus = mpf(ys[c]) * mpmath.fsum([p for k, p in enumerate(self.ps) if k != c])
            slack = self.depth if c == self.top else min(float(self.xs[c]), 745.0)
            return plus - minus, (self.roundings + slack) * U * (plus + minus) + 2 * TINY


@cache
def truth_of(*zs):
    """The Truth of scores that several tests ask for, with the answers that it has given."""
    truth = Truth(list(zs))
    loss, residual = cache(truth.loss), cache(truth.residual)
    truth.loss = lambda ys: loss(tuple(ys))
    truth.residual = lambda ys, c: residual(tuple(ys), c)
    return truth


def close(got, want, bound):
    """True if got lies within bound of want. (A NaN does not: it fails every comparison.)"""
    if math.isinf(got) or mpmath.isinf(want):
        return bool(got == want)
    with mpmath.workdps(50):
        return bool(abs(mpf(got) - want) <= bound)


def assert_close(got, want, bound, what):
    assert close(got, want, bound), f"{what}: {got} is not {mpmath.nstr(want, 20)}"


def random_scores(seed, C, scale):
    draw = random.Random(seed)
    return [draw.gauss(0, scale) for _ in range(C)]


SCORES = [
    [0.0],
    [-1e308],
    [0.0, 0.0],
    [0.0, 1e-300],
    [0.0, 37.0],
    [40.0, 0.0],
    [0.0, -700.0],
    [0.0, -740.0],
    [0.0, -745.1],
    [0.0, -746.0],
    [8.06, -608.84],
    [1000.0, 1000.0],
    [-1000.0, -1001.0],
    [1e308, -1e308],
    [1e308, 1e308],
    [1e308, 0.0, -5.0],
    [0.0, 1.0, 2.0],
    [2.0, 2.0, 2.0],
    [5.0, -700.0, 5.0],
    [-1e308, 3.0, 2.0],
    [math.log(0.2), math.log(0.3), math.log(0.5)],  # log-sum-exp near 0
    [-math.log(17)] * 17,
    random_scores(1, 3, 1),
    random_scores(2, 3, 300),
    random_scores(3, 17, 1),
    random_scores(4, 17, 20),
    random_scores(5, 1000, 1),
    random_scores(6, 1000, 100),
    [0.0] * 1000,
]


def some_labels(C):
    """One-hot at both ends and in the middle, even, lopsided, and off 1 by a rounding."""
    hot = [[float(c == k) for c in range(C)] for k in sorted({0, C // 2, C - 1})]
    if C == 1:
        return hot
    even = [1.0 / C] * C
    lopsided = [1.0] + [1e-20 / C] * (C - 1)  # sums to 1 in floats, and 1 - ys[0] is 0
    draw = random.Random(C)
    raw = [draw.random() for _ in range(C)]
    total = math.fsum(raw)
    return [*hot, even, lopsided, [r / total for r in raw]]


# ---------------------------------------------------------------- gradients


def problem(n, d, C, kind="classes", seed=0, scale=1.0):
    """X, y, W, b at random. kind: class numbers, all but the middle class, or soft rows."""
    draw = np.random.RandomState(seed + 1000 * n + 100 * d + C)
    X, W, b = draw.randn(n, d), scale * draw.randn(d, C), draw.randn(C)
    y = draw.randint(0, C, n)
    if kind == "missing":
        y[y == C // 2] = 0
    if kind == "soft":
        y = draw.gamma(0.5, size=(n, C)) + 1e-3
        y = y / y.sum(axis=1, keepdims=True)
        y[0] = np.arange(C) == C - 1
    return X, y, W, b


SHAPES = [(1, 1, 1), (1, 1, 2), (5, 3, 1), (3, 1, 2), (7, 4, 3), (2, 65, 3), (40, 5, 17)]


def assert_arrays(got, want, bound, what):
    got = np.array([list(row) for row in got] if np.ndim(want) == 2 else got, float)
    assert got.shape == np.shape(want), f"{what}: shape {got.shape}, not {np.shape(want)}"
    wrong = ~(np.abs(got - want) <= bound)
    assert not wrong.any(), f"{what}: {got[wrong][0]} is not {np.asarray(want)[wrong][0]}"


def compare_gradient(impl, X, y, W, b, what):
    Y = oracle.one_hot(y, len(b))
    got = impl.softmax_gradient(X.tolist(), y.tolist(), W.tolist(), b.tolist())
    want, bound = oracle.loss_and_gradient(X, Y, W, b), oracle.bounds(X, Y, W, b)
    for name, g, w, e in zip(("loss", "grad_W", "grad_b"), got, want, bound, strict=True):
        assert_arrays(g, w, e, f"{name} of {what}")
