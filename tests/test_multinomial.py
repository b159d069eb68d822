"""Chapter 2 against the truth: 50 digits, symbols, central differences, and an oracle.

The checks that carry the weight are plain functions of an implementation, `check_*`. One test
runs each over every implementation; another runs it over wrong ones, and it must object.
"""

import array
import doctest
import importlib
import inspect
import math
import os
import random
from types import SimpleNamespace

import mpmath
import numpy as np
import pytest
import sympy
from helpers import oracle_multinomial as oracle
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mpf

import pyref as chapter_1
import pyref.multinomial

INF, NAN = math.inf, math.nan
U = 2.0**-53  # half a unit in the last place of 1: the relative error of one rounding
LARGEST = 1.7976931348623157e308  # the largest float
TINY = 5e-324  # the smallest subnormal number: what a result that underflows may be off by

NAMES = (
    "logsumexp",
    "softmax",
    "categorical_cross_entropy",
    "categorical_cross_entropy_with_logits",
    "softmax_gradient",
    "softmax_descent",
)

IMPLEMENTATIONS = {
    "python": "pyref",
    "c": "pyref.fast",
}
if os.environ.get("PYREF_PURE") == "1":
    del IMPLEMENTATIONS["c"]


@pytest.fixture(scope="session", params=IMPLEMENTATIONS)
def impl(request):
    return importlib.import_module(IMPLEMENTATIONS[request.param])


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


def check_logsumexp(impl):
    for zs in SCORES:
        truth = Truth(zs)
        assert_close(impl.logsumexp(zs), truth.lse, truth.lse_bound(), f"logsumexp {zs[:4]}")


def check_softmax(impl):
    for zs in SCORES:
        truth = Truth(zs)
        ps = list(impl.softmax(zs))
        assert len(ps) == len(zs)
        for c, p in enumerate(ps):
            assert_close(p, truth.ps[c], truth.p_bound(c), f"softmax {zs[:4]} [{c}]")


def check_cross_entropy(impl):
    # from probabilities: a logarithm, a product and a sum a class, all of one sign
    for C in (1, 2, 3, 17, 1000):
        for seed in range(3):
            ps = [float(p) for p in Truth(random_scores(seed, C, 10.0**seed)).ps]
            for ys in some_labels(C):
                if any(y > 0 and p == 0 for y, p in zip(ys, ps, strict=True)):
                    want = INF
                else:
                    with mpmath.workdps(50):
                        terms = [
                            mpf(y) * mpmath.log(mpf(p))
                            for y, p in zip(ys, ps, strict=True)
                            if y > 0
                        ]
                        want = -mpmath.fsum(terms)
                got = impl.categorical_cross_entropy(ys, ps)
                if want == INF:
                    assert got == INF
                else:
                    assert_close(got, want, (C + 8) * U * want, f"cross-entropy {ys[:4]}")


def check_cross_entropy_with_logits(impl):
    for zs in SCORES:
        truth = Truth(zs)
        for ys in some_labels(len(zs)):
            want, bound = truth.loss(ys)
            got = impl.categorical_cross_entropy_with_logits(ys, zs)
            assert_close(got, want, bound, f"loss {ys[:4]} {zs[:4]}")


def check_residuals(impl):
    for zs in SCORES:
        truth = Truth(zs)
        classes = range(len(zs)) if len(zs) < 100 else (0, truth.top, 500, 999)
        for ys in some_labels(len(zs)):
            loss, rs = residuals(impl, ys, zs)
            assert_close(loss, *truth.loss(ys), f"summed loss {ys[:4]} {zs[:4]}")
            for c in classes:
                assert_close(rs[c], *truth.residual(ys, c), f"residual {ys[:4]} {zs[:4]} [{c}]")


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


def check_gradient_against_oracle(impl):
    for n, d, C in [*SHAPES, (2, 2, 1000)]:
        for kind in ("classes", "missing", "soft"):
            for scale in (0.1, 1.0, 30.0):
                X, y, W, b = problem(n, d, C, kind, scale=scale)
                compare_gradient(impl, X, y, W, b, f"{n} x {d}, {C} classes, {kind}, {scale}")


def mp_loss(X, Y, W, b):
    """The summed loss, document 000's double sum, in as many digits as mpmath is set to."""
    total = mpf(0)
    for x_i, ys in zip(X, Y, strict=True):
        zs = [mpf(b_c) for b_c in b]
        for x_ij, W_j in zip(x_i, W, strict=True):
            zs = [z + mpf(w) * mpf(x_ij) for z, w in zip(zs, W_j, strict=True)]
        s = mpmath.fsum([mpmath.exp(z) for z in zs])
        total -= mpmath.fsum(
            [mpf(y) * mpmath.log(mpmath.exp(z) / s) for y, z in zip(ys, zs, strict=True)]
        )
    return total


def check_gradient_against_differences(impl):
    # (L(w+h) - L(w-h)) / 2h is off by h^2 L'''/6: with h = 1e-20 and 60 digits, by 1e-40
    for kind in ("classes", "soft"):
        X, y, W, b = problem(4, 2, 3, kind, seed=7)
        Y = oracle.one_hot(y, 3)
        _, grad_W, grad_b = impl.softmax_gradient(X.tolist(), y.tolist(), W.tolist(), b.tolist())
        _, bound_W, bound_b = oracle.bounds(X, Y, W, b)
        all_rows, grad = [*W.tolist(), b.tolist()], [*rows(grad_W), list(grad_b)]
        bound = [*bound_W.tolist(), bound_b.tolist()]
        with mpmath.workdps(60):
            h = mpf("1e-20")
            for j in range(3):
                for c in range(3):
                    sides = []
                    for sign in (1, -1):
                        moved = [[mpf(w) for w in row] for row in all_rows]
                        moved[j][c] += sign * h
                        sides.append(mp_loss(X.tolist(), Y.tolist(), moved[:2], moved[2]))
                    slope = (sides[0] - sides[1]) / (2 * h)
                    assert_close(grad[j][c], slope, bound[j][c], f"{kind} grad[{j}][{c}]")


def check_descent_against_oracle(impl):
    runs = [
        {},
        {"momentum": 0.9},
        {"momentum": 1.0, "learning_rate": 0.05},
        {"reduction": "sum", "learning_rate": 0.01},
    ]
    for kind in ("classes", "missing", "soft"):
        X, y, W, b = problem(30, 3, 4, kind, seed=3)
        for run in runs:
            for start in ({}, {"W": W, "b": b}):
                options = {"learning_rate": 0.3, "iterations": 60, **run, **start}
                fit = impl.softmax_descent(X, y, classes=4, **options)
                want_W, want_b, losses = oracle.descent(X, oracle.one_hot(y, 4), **options)
                assert (fit.status, fit.iterations) == ("iterations", 60)
                # 60 steps, each off by the rounding of a gradient of 30 terms of size 10: 1e-12
                # is a hundred times that, and momentum 1.0 keeps it without damping
                assert_arrays(fit.w, want_W, 1e-12 * (1 + np.abs(want_W)), f"W, {kind}, {run}")
                assert_arrays(fit.b, want_b, 1e-12 * (1 + np.abs(want_b)), f"b, {kind}, {run}")
                assert_arrays(fit.losses, losses, 1e-12, f"losses, {kind}, {run}")


CHECKS = {
    "logsumexp": [check_logsumexp],
    "softmax": [check_softmax],
    "categorical_cross_entropy": [check_cross_entropy],
    "categorical_cross_entropy_with_logits": [check_cross_entropy_with_logits],
    "softmax_gradient": [
        check_residuals,
        check_gradient_against_oracle,
        check_gradient_against_differences,
    ],
    "softmax_descent": [check_descent_against_oracle],
}


@pytest.mark.parametrize("check", [c for cs in CHECKS.values() for c in cs])
def test_truth(impl, check):
    check(impl)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-800, 800), min_size=1, max_size=17),
    st.lists(st.integers(0, 5), min_size=17, max_size=17),
)
def test_any_scores(impl, zs, weights):
    ys = weights[: len(zs)]
    ys = [y / sum(ys) for y in ys] if sum(ys) else [1.0] + [0.0] * (len(zs) - 1)
    truth = Truth(zs)
    for c, p in enumerate(impl.softmax(zs)):
        assert_close(p, truth.ps[c], truth.p_bound(c), f"softmax[{c}]")
    assert_close(impl.logsumexp(zs), truth.lse, truth.lse_bound(), "logsumexp")
    loss, rs = residuals(impl, ys, zs)
    assert_close(loss, *truth.loss(ys), "loss")
    for c, r in enumerate(rs):
        assert_close(r, *truth.residual(ys, c), f"residual[{c}]")


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 9),
    st.integers(1, 6),
    st.integers(1, 7),
    st.sampled_from(("classes", "missing", "soft")),
    st.integers(0, 9999),
)
def test_any_shape(impl, n, d, C, kind, seed):
    X, y, W, b = problem(n, d, C, kind, seed)
    compare_gradient(impl, X, y, W, b, f"{n}, {d}, {C}, {kind}")


# ---------------------------------------------------------------- wrong implementations


def each(change):
    """`change` applied to every float of a result, in lists, tuples and records alike."""

    def through(value):
        if isinstance(value, float):
            return change(value)
        if hasattr(value, "_replace"):
            parts = {name: through(getattr(value, name)) for name in ("w", "b", "losses")}
            return value._replace(**parts)
        if isinstance(value, tuple):
            return tuple(through(part) for part in value)
        return [through(part) for part in value]

    return through


def turned(value):
    """Every list of numbers turned by one place: each class has its neighbour's."""
    if isinstance(value, tuple):
        changed = [turned(part) if isinstance(part, list) else part for part in value]
        return type(value)(*changed) if hasattr(value, "_replace") else tuple(changed)
    return [turned(v) for v in value] if isinstance(value[0], list) else value[1:] + value[:1]


SABOTAGE = {
    "zero": each(lambda value: 0.0),
    "nan": each(lambda value: NAN),
    "sign": each(lambda value: -value),
    "infinite": each(lambda value: INF),
    "a little": each(lambda value: value * (1 + 1e-11)),
    "neighbour": turned,
}


@pytest.mark.parametrize("sabotage", SABOTAGE)
@pytest.mark.parametrize("name", NAMES)
def test_checks_object_to_wrong_results(name, sabotage):
    if sabotage == "neighbour" and name in NAMES[:1] + NAMES[2:4]:
        return  # one number: it has no neighbour
    right, wrong = getattr(pyref.multinomial, name), SABOTAGE[sabotage]
    broken = {known: getattr(pyref.multinomial, known) for known in NAMES}
    broken[name] = lambda *args, **named: wrong(right(*args, **named))
    for check in CHECKS[name]:
        with pytest.raises(AssertionError):
            check(SimpleNamespace(**broken))


def textbook_softmax(zs):
    with np.errstate(over="ignore", invalid="ignore"):
        e = np.exp(np.array(zs))
        return (e / e.sum()).tolist()


def shifted_softmax(zs):
    e = np.exp(np.array(zs) - max(zs))
    return (e / e.sum()).tolist()


def textbook_logsumexp(zs):
    return max(zs) + float(np.log(np.exp(np.array(zs) - max(zs)).sum()))


def clipped_cross_entropy(ys, ps):
    return float(-np.dot(ys, np.log(np.clip(ps, 1e-15, 1))))


def loss_from_probabilities(ys, zs):
    ps = shifted_softmax(zs)
    return -math.fsum([y * math.log(max(p, TINY)) for y, p in zip(ys, ps, strict=True) if y > 0])


def loss_by_subtraction(ys, zs):
    return math.fsum(
        [y * (textbook_logsumexp(zs) - z) for y, z in zip(ys, zs, strict=True) if y > 0]
    )


def p_minus_y(X, y, W, b):
    Y = np.array(y) if np.ndim(y) == 2 else oracle.one_hot(y, len(b))
    P = np.array([shifted_softmax(zs) for zs in oracle.scores(X, W, b).tolist()])
    loss, _, _ = pyref.multinomial.softmax_gradient(X, y, W, b)
    return loss, (np.array(X).T @ (P - Y)).tolist(), (P - Y).sum(axis=0).tolist()


LOGITS = "categorical_cross_entropy_with_logits"
FLAWS = [
    ("softmax", textbook_softmax, check_softmax),  # e^1000
    ("logsumexp", textbook_logsumexp, check_logsumexp),  # log(1 + 1e-20)
    ("categorical_cross_entropy", clipped_cross_entropy, check_cross_entropy),
    (LOGITS, loss_from_probabilities, check_cross_entropy_with_logits),
    (LOGITS, loss_by_subtraction, check_cross_entropy_with_logits),
    ("softmax_gradient", p_minus_y, check_residuals),
]


@pytest.mark.parametrize(("name", "flawed", "check"), FLAWS)
def test_checks_object_to_the_textbook(name, flawed, check):
    broken = {known: getattr(pyref.multinomial, known) for known in NAMES}
    broken[name] = flawed
    with pytest.raises(AssertionError):
        check(SimpleNamespace(**broken))


# ---------------------------------------------------------------- the derivation, in symbols


def test_the_derivation_in_symbols():
    C = 3
    z = sympy.symbols(f"z0:{C}", real=True)
    y = sympy.symbols(f"y0:{C}", positive=True)
    s = sum(sympy.exp(v) for v in z)
    p = [sympy.exp(v) / s for v in z]
    L = -sum(y[k] * sympy.log(p[k]) for k in range(C))
    for c in range(C):
        # d logsumexp / dz is softmax
        assert sympy.simplify(sympy.diff(sympy.log(s), z[c]) - p[c]) == 0
        # the chain's middle piece: p_k (1 - p_k), or - p_k p_c
        for k in range(C):
            piece = p[k] * (1 - p[k]) if k == c else -p[k] * p[c]
            assert sympy.simplify(sympy.diff(p[k], z[c]) - piece) == 0
        # dL/dz as the chapter has it, before and after it is taken apart
        slope = sympy.diff(L, z[c])
        assert sympy.simplify(slope - (sum(y) * p[c] - y[c])) == 0
        others = [k for k in range(C) if k != c]
        apart = p[c] * sum(y[k] for k in others) - y[c] * sum(p[k] for k in others)
        assert sympy.simplify(slope - apart) == 0
    # the shift changes nothing, and two classes are the sigmoid of their difference
    m = sympy.symbols("m", real=True)
    moved = p[0].subs({v: v + m for v in z}, simultaneous=True)
    assert sympy.simplify(moved - p[0]) == 0
    two = sympy.exp(z[1]) / (sympy.exp(z[0]) + sympy.exp(z[1]))
    assert sympy.simplify(two - 1 / (1 + sympy.exp(-(z[1] - z[0])))) == 0


def test_doctests():
    result = doctest.testmod(pyref.multinomial)
    assert result.failed == 0
    assert result.attempted >= 20


# ---------------------------------------------------------------- infinities and NaN


def same(got, want):
    """Equal, and NaN where NaN is wanted."""
    return len(got) == len(want) and all(
        math.isnan(g) if math.isnan(w) else g == w for g, w in zip(got, want, strict=True)
    )


# scores, their softmax, their log-sum-exp, and the loss of a one-hot label on each class
SPECIAL = [
    ([-INF, 0.0], [0.0, 1.0], 0.0, [INF, 0.0]),
    ([0.0, -INF, 0.0], [0.5, 0.0, 0.5], math.log(2), [math.log(2), INF, math.log(2)]),
    ([INF, 0.0], [1.0, 0.0], INF, [0.0, INF]),
    ([3.0, INF, -INF], [0.0, 1.0, 0.0], INF, [INF, 0.0, INF]),
    ([INF, INF], [NAN, NAN], INF, [NAN, NAN]),
    ([INF, INF, 0.0], [NAN] * 3, INF, [NAN] * 3),
    ([-INF, -INF], [NAN, NAN], -INF, [NAN, NAN]),
    ([INF], [1.0], INF, [0.0]),
    ([-INF], [1.0], -INF, [0.0]),
    ([NAN], [NAN], NAN, [NAN]),
    ([NAN, 1.0], [NAN, NAN], NAN, [NAN, NAN]),
    ([1.0, NAN], [NAN, NAN], NAN, [NAN, NAN]),
    ([0.0, NAN, 1.0], [NAN] * 3, NAN, [NAN] * 3),
    ([INF, NAN], [NAN, NAN], NAN, [NAN, NAN]),
    ([NAN, INF], [NAN, NAN], NAN, [NAN, NAN]),
    ([-INF, NAN], [NAN, NAN], NAN, [NAN, NAN]),
    ([NAN, -INF], [NAN, NAN], NAN, [NAN, NAN]),
    ([1e308, -1e308], [1.0, 0.0], 1e308, [0.0, INF]),  # 2e308 has no float
    ([-0.0, 0.0], [0.5, 0.5], math.log(2), [math.log(2)] * 2),
]


@pytest.mark.parametrize(("zs", "ps", "lse", "losses"), SPECIAL)
def test_infinities_and_nan(impl, zs, ps, lse, losses):
    assert same(list(impl.softmax(zs)), ps)
    assert same([impl.logsumexp(zs)], [lse])
    hot = [[float(c == k) for c in range(len(zs))] for k in range(len(zs))]
    got = [impl.categorical_cross_entropy_with_logits(ys, zs) for ys in hot]
    assert same(got, losses)


def test_soft_labels_at_infinity(impl):
    loss = impl.categorical_cross_entropy_with_logits
    assert loss([0.5, 0.5, 0.0], [1.0, 1.0, -INF]) == math.log(2)  # no label, no cost
    assert loss([0.5, 0.25, 0.25], [1.0, 1.0, -INF]) == INF
    assert loss([0.5, 0.5], [INF, 0.0]) == INF


def test_probabilities_at_the_ends(impl):
    loss = impl.categorical_cross_entropy
    assert loss([1, 0], [1, 0]) == 0
    assert math.copysign(1, loss([1, 0], [1, 0])) == 1
    assert loss([0, 1], [1, 0]) == INF
    assert loss([0.5, 0.5], [1, 0]) == INF
    assert loss([1, 0], [TINY, 1]) == -math.log(TINY)
    assert loss([0.5, 0.5, 0], [0.5, 0.5, 0]) == math.log(2)


def test_scores_that_overflow(impl):
    # W . x of 1e300 * 1e300 is inf: alone it takes everything, twice there is no telling
    one = impl.softmax_gradient([[1e300]], [1], [[0.0, 1e300]], [0.0, 0.0])
    assert one[0] == 0.0
    assert list(one[2]) == [0.0, 0.0]
    wrong = impl.softmax_gradient([[1e300]], [0], [[0.0, 1e300]], [0.0, 0.0])
    assert wrong[0] == INF
    assert list(wrong[2]) == [-1.0, 1.0]
    two = impl.softmax_gradient([[1e300]], [0], [[1e300, 1e300]], [0.0, 0.0])
    assert math.isnan(two[0])
    assert all(math.isnan(g) for g in two[2])
    # inf - inf: a score that is a NaN, though its class is the only one
    for y in ([0], [[1.0]]):
        loss, grad_W, grad_b = impl.softmax_gradient(
            [[1e200, 1e200]], y, [[1e200], [-1e200]], [0.0]
        )
        assert all(math.isnan(v) for v in [loss, *grad_W[0], *grad_W[1], *grad_b])


# ---------------------------------------------------------------- C = 2 is chapter 1


SWEEP = [0.0, 1e-300, 1e-17, 0.3, 1.0, 2.5, 17.0, 36.9, 40.0, 300.0, 709.0, 740.0, 746.0, 1e308]


def test_two_classes_are_the_loop_of_chapter_1_to_the_bit():
    """With class 0's score held at 0, both loops do the same operations in the same order."""
    two = pyref.multinomial
    for z in [*SWEEP, *[-z for z in SWEEP]]:
        assert list(two.softmax([0.0, z])) == pytest.approx(
            [chapter_1.sigmoid(-z), chapter_1.sigmoid(z)], rel=3 * 2.0**-52, abs=5e-324
        )
        assert two.logsumexp([0.0, z]) == chapter_1.softplus(z)
        for y in (0.0, 1.0, 0.25, 0.5, 1e-20):
            loss, rs = residuals(two, [1 - y, y], [0.0, z])
            assert (loss, rs[1]) == chapter_1._loss_and_residual(y, z)
            assert rs[0] == -rs[1]


def test_two_classes_have_chapter_1s_gradient(impl):
    X, y, W, b = problem(50, 4, 2, seed=5)
    w, intercept = W[:, 1] - W[:, 0], b[1] - b[0]
    loss, grad_w, grad_b = chapter_1.gradient(X, y, w, intercept)
    got_loss, got_W, got_b = impl.softmax_gradient(X, y, W, b)
    bound = oracle.bounds(X, oracle.one_hot(y, 2), W, b)
    assert_arrays(got_loss, loss, bound[0], "loss")
    assert_arrays([row[1] for row in got_W], grad_w, bound[1][:, 1], "column 1")
    assert_arrays([-row[0] for row in got_W], grad_w, bound[1][:, 0], "column 0")
    assert_arrays(list(got_b), [-grad_b, grad_b], bound[2], "intercepts")


def test_two_classes_take_chapter_1s_path(impl):
    # half the learning rate: both columns move, each by the whole residual
    X, y, _, _ = problem(40, 3, 2, seed=8)
    for momentum in (0.0, 0.5):
        options = {"iterations": 200, "momentum": momentum}
        one = chapter_1.gradient_descent(X, y, learning_rate=0.4, **options)
        two = impl.softmax_descent(X, y, learning_rate=0.2, **options)
        assert_arrays([row[1] - row[0] for row in two.w], one.w, 1e-12, "w")
        assert_arrays([row[1] + row[0] for row in two.w], [0.0] * 3, 1e-13, "sum of columns")
        assert abs(two.b[1] - two.b[0] - one.b) <= 1e-12
        assert_arrays(two.losses, one.losses, 1e-13, "losses")


def test_two_classes_have_chapter_1s_optimum(impl):
    X, y = [[1], [2], [3], [4], [5]], [0, 1, 0, 1, 1]
    options = {"iterations": 20000, "tolerance": 1e-11, "momentum": 0.9}
    one = chapter_1.gradient_descent(X, y, learning_rate=0.2, **options)
    two = impl.softmax_descent(X, y, learning_rate=0.1, **options)
    assert one.status == two.status == "converged"
    # the smallest curvature here is above 0.01: a gradient of 1e-11 is 1e-9 from the optimum
    assert abs(two.w[0][1] - two.w[0][0] - one.w[0]) < 1e-8
    assert abs(two.b[1] - two.b[0] - one.b) < 1e-8
    for (x,) in X:
        p = impl.softmax([w * x + b for w, b in zip(two.w[0], two.b, strict=True)])[1]
        assert abs(p - chapter_1.sigmoid(one.w[0] * x + one.b)) < 1e-9


# ---------------------------------------------------------------- facts


def test_only_differences_of_scores_count(impl):
    zs = [0.5, -3.0, 2.25, 8.0]
    assert list(impl.softmax([z + 1024.0 for z in zs])) == list(impl.softmax(zs))
    # the order of the classes does not count either, but for the order of the sum
    back = list(impl.softmax(zs[::-1]))[::-1]
    for p, q in zip(back, impl.softmax(zs), strict=True):
        assert abs(p - q) <= 4 * U * q
    # one class is redundant: the same weights added to all classes change no probability
    X, y, W, b = problem(10, 3, 4, seed=2)
    shift = np.array([[8.0], [-4.0], [2.0]])
    loss, grad_W, grad_b = impl.softmax_gradient(X, y, W, b)
    got = impl.softmax_gradient(X, y, W + shift, b + 16.0)
    bound = oracle.bounds(X, oracle.one_hot(y, 4), W + shift, b + 16.0)
    assert_arrays(got[0], loss, bound[0], "loss")
    assert_arrays(got[1], rows(grad_W), bound[1], "grad_W")
    assert_arrays(got[2], list(grad_b), bound[2], "grad_b")


def test_every_row_of_the_gradient_sums_to_zero(impl):
    for kind in ("classes", "missing", "soft"):
        X, y, W, b = problem(20, 3, 5, kind, scale=5.0)
        _, grad_W, grad_b = impl.softmax_gradient(X, y, W, b)
        _, bound_W, bound_b = oracle.bounds(X, oracle.one_hot(y, 5), W, b)
        for row, bound in zip([*rows(grad_W), list(grad_b)], [*bound_W, bound_b], strict=True):
            assert abs(math.fsum(row)) <= bound.sum()
            assert max(abs(g) for g in row) > 1e-3  # and not because it is 0
        fit = impl.softmax_descent(X, y, classes=5, learning_rate=0.5, iterations=100)
        for row in [*rows(fit.w), list(fit.b)]:
            assert abs(math.fsum(row)) < 1e-13


def test_rows_of_zeros_and_ones_are_class_numbers_to_the_bit(impl):
    for C in (1, 2, 3, 17):
        X, y, W, b = problem(12, 3, C, seed=4)
        hot = oracle.one_hot(y, C)
        one, two = (impl.softmax_gradient(X, labels, W, b) for labels in (y, hot))
        assert one[0] == two[0]
        assert rows(one[1]) == rows(two[1])
        assert list(one[2]) == list(two[2])


def test_a_sure_and_right_prediction_keeps_its_gradient(impl):
    _, rs = residuals(impl, [1.0, 0.0, 0.0], [50.0, 0.0, 0.0])
    assert 1 - impl.softmax([50.0, 0.0, 0.0])[0] == 0
    assert abs(rs[0] / (-2 * math.exp(-50)) - 1) < 4e-16
    assert rs[1] == rs[2] == -rs[0] / 2


def test_one_class_has_nothing_to_learn(impl):
    X, W, b = [[1.0, 2.0], [3.0, -4.0]], [[5.0], [6.0]], [7.0]
    for y in ([0, 0], [[1.0], [1.0]]):
        loss, grad_W, grad_b = impl.softmax_gradient(X, y, W, b)
        assert (loss, rows(grad_W), list(grad_b)) == (0.0, [[0.0], [0.0]], [0.0])
        fit = impl.softmax_descent(X, y, learning_rate=1, iterations=5, W=W, b=b)
        assert (rows(fit.w), list(fit.b)) == (W, b)
        assert (list(fit.losses), fit.iterations, fit.status) == ([], 0, "converged")
    assert list(impl.softmax([1e308])) == [1.0]
    assert impl.categorical_cross_entropy([1], [1]) == 0


def test_the_first_loss_is_the_logarithm_of_C(impl):
    for C in (1, 2, 3, 17, 1000):
        fit = impl.softmax_descent([[1.0], [2.0]], [0, 0], classes=C, learning_rate=1, iterations=1)
        if C == 1:
            assert fit.status == "converged"
        else:
            assert abs(fit.losses[0] - math.log(C)) <= 4 * U * math.log(C)
            # what class 0 gains, the others lose in equal parts
            assert fit.b[0] == pytest.approx((C - 1) / C, rel=1e-12)
            assert list(fit.b[1:]) == pytest.approx([-1 / C] * (C - 1), rel=1e-12)


def test_a_class_that_y_lacks_is_driven_out(impl):
    X, y, _, _ = problem(30, 2, 3, "missing", seed=6)
    assert set(y) == {0, 2}
    fit = impl.softmax_descent(X, y, learning_rate=0.5, iterations=2000)
    ps = oracle.probabilities(oracle.scores(X, rows(fit.w), list(fit.b)))[0]
    assert ps[:, 1].max() < 0.01
    # and a last class that y lacks exists only if `classes` says so
    short = impl.softmax_descent(X, y // 2, learning_rate=0.5, iterations=1)
    long = impl.softmax_descent(X, y // 2, classes=7, learning_rate=0.5, iterations=1)
    assert (len(short.w[0]), len(short.b), len(long.w[0]), len(long.b)) == (2, 2, 7, 7)


# ---------------------------------------------------------------- the descent


DATA = [[-3.0], [-2.0], [-1.0], [1.0], [2.0], [3.0]], [0, 1, 0, 2, 1, 2]


def test_the_three_endings(impl):
    X, y = DATA
    fit = impl.softmax_descent(X, y, learning_rate=1, iterations=1000, tolerance=1e-9)
    assert fit.status == "converged"
    assert 10 < fit.iterations < 1000
    assert len(fit.losses) == fit.iterations
    _, grad_W, grad_b = impl.softmax_gradient(X, y, rows(fit.w), list(fit.b))
    assert max(abs(g) for g in [*rows(grad_W)[0], *grad_b]) / len(X) <= 1e-9
    # the last update was the first to meet the tolerance, which it takes one more look to see
    same = impl.softmax_descent(X, y, learning_rate=1, iterations=fit.iterations, tolerance=1e-9)
    assert (same.status, rows(same.w)) == ("iterations", rows(fit.w))
    fewer = impl.softmax_descent(X, y, learning_rate=1, iterations=fit.iterations - 1)
    _, grad_W, grad_b = impl.softmax_gradient(X, y, rows(fewer.w), list(fewer.b))
    assert max(abs(g) for g in [*rows(grad_W)[0], *grad_b]) / len(X) > 1e-9

    fit = impl.softmax_descent(X, y, learning_rate=1, iterations=7)
    assert (fit.status, fit.iterations, len(fit.losses)) == ("iterations", 7, 7)
    none = impl.softmax_descent(X, y, learning_rate=1, iterations=0, W=[[1, 2, 3]], b=[4, 5, 6])
    assert (rows(none.w), list(none.b)) == ([[1.0, 2.0, 3.0]], [4.0, 5.0, 6.0])
    assert (list(none.losses), none.iterations, none.status) == ([], 0, "iterations")


def test_divergence_returns_the_last_finite_parameters(impl):
    X, y = DATA
    # the first step is finite, the scores after it are infinite and wrong: an infinite loss
    fit = impl.softmax_descent(X, y, learning_rate=1e308, iterations=50)
    assert (fit.status, fit.iterations, len(fit.losses)) == ("diverged", 1, 1)
    assert all(math.isfinite(w) for row in fit.w for w in row)
    assert abs(fit.w[0][0]) > 1e300
    assert fit.losses[0] == pytest.approx(math.log(3), rel=1e-15)
    # the first step is not finite: the start comes back
    start = {"W": [[1.0, 2.0, 3.0]], "b": [0.0, 0.0, 0.0]}
    big = [[x * 1e10] for (x,) in X]
    fit = impl.softmax_descent(big, y, learning_rate=1e308, iterations=50, **start)
    assert (fit.status, fit.iterations, list(fit.losses)) == ("diverged", 0, [])
    assert (rows(fit.w), list(fit.b)) == (start["W"], start["b"])


def test_a_gradient_that_overflows_is_not_convergence(impl):
    # feature 1 adds up 6 times 0.85e308, with one sign; all other entries are 0
    X, y = [[0.0, 1.7e308]] * 3 + [[0.0, -1.7e308]] * 3, [0, 0, 0, 1, 1, 1]
    fit = impl.softmax_descent(X, y, learning_rate=0.1, iterations=3, tolerance=1e300)
    assert (fit.status, fit.iterations, rows(fit.w)) == ("diverged", 0, [[0.0] * 2] * 2)


def test_the_callback_sees_every_loss_and_can_stop(impl):
    X, y = DATA
    seen = []
    options = {"learning_rate": 0.5, "iterations": 20}

    def watch(t, loss):
        seen.append((t, loss))
        return t == 4

    fit = impl.softmax_descent(X, y, callback=watch, **options)
    assert (fit.status, fit.iterations) == ("iterations", 5)
    assert seen == list(enumerate(fit.losses))
    whole = impl.softmax_descent(X, y, callback=lambda t, loss: None, **options)
    bare = impl.softmax_descent(X, y, **options)
    assert (rows(whole.w), list(whole.losses)) == (rows(bare.w), list(bare.losses))
    assert list(bare.losses[:5]) == list(fit.losses)

    def fail(t, loss):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        impl.softmax_descent(X, y, callback=fail, **options)


def test_a_run_in_two_halves_is_the_run(impl):
    X, y = DATA
    options = {"learning_rate": 0.5}
    whole = impl.softmax_descent(X, y, iterations=20, **options)
    half = impl.softmax_descent(X, y, iterations=10, **options)
    rest = impl.softmax_descent(X, y, iterations=10, W=half.w, b=half.b, **options)
    assert (rows(rest.w), list(rest.b)) == (rows(whole.w), list(whole.b))
    assert list(half.losses) + list(rest.losses) == list(whole.losses)


def test_arguments_are_left_as_they_were(impl):
    X, y, W, b = [[1.0, 2.0], [3.0, 4.0]], [[0.5, 0.5], [1.0, 0.0]], [[0.0] * 2] * 2, [1.0, 2.0]
    kept = repr((X, y, W, b))
    fit = impl.softmax_descent(X, y, W=W, b=b, learning_rate=1, iterations=3)
    impl.softmax_gradient(X, y, W, b)
    none = impl.softmax_descent(X, y, W=W, b=b, learning_rate=1, iterations=0)
    none.w[0][0] = none.b[0] = 99.0
    zs, ys, ps = [1.0, 2.0], [0.5, 0.5], [0.25, 0.75]
    impl.softmax(zs), impl.logsumexp(zs)
    impl.categorical_cross_entropy(ys, ps), impl.categorical_cross_entropy_with_logits(ys, zs)
    assert (zs, ys, ps) == ([1.0, 2.0], [0.5, 0.5], [0.25, 0.75])
    assert repr((X, y, W, b)) == kept
    assert rows(fit.w) != W


def test_labels_of_every_kind(impl):
    X, numbers = [[0.5], [1.5], [-1.0], [2.0]], [0, 2, 1, 2]
    W, b = [[0.1, 0.2, 0.3]], [0.0, 0.5, -0.5]
    want = impl.softmax_gradient(X, numbers, W, b)
    kinds = [tuple(numbers), array.array("b", numbers), memoryview(array.array("q", numbers))]
    for dtype in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"):
        kinds.append(np.array(numbers, dtype))
        kinds.append(list(np.array(numbers, dtype)))
    hot = oracle.one_hot(numbers, 3)
    kinds += [hot, hot.astype(np.float32), hot.tolist(), tuple(map(tuple, hot)), list(hot)]
    for y in kinds:
        got = impl.softmax_gradient(X, y, W, b)
        assert got[0] == want[0]
        assert rows(got[1]) == rows(want[1])
        assert list(got[2]) == list(want[2])
        fit = impl.softmax_descent(X, y, learning_rate=1, iterations=1)
        assert len(fit.b) == 3
    yes = impl.softmax_gradient(X, [False, True, True, False], W, b)
    assert yes[0] == impl.softmax_gradient(X, np.array([False, True, True, False]), W, b)[0]
    assert yes[0] == impl.softmax_gradient(X, [0, 1, 1, 0], W, b)[0]


def test_labels_may_be_rounded(impl):
    # a row divided by its own sum passes, in double and in single precision, whatever C
    draw = np.random.RandomState(0)
    for dtype in (np.float64, np.float32):
        for C in (2, 3, 7, 100, 1000):
            y = draw.rand(20, C).astype(dtype)
            y[:10, C // 2] = 0
            y = y / y.sum(axis=1, keepdims=True)
            X, W, b = draw.randn(20, 1), draw.randn(1, C), draw.randn(C)
            compare_gradient(impl, X, y, W, b, f"{C} {dtype.__name__}")
    # C times the rounding of single precision is the limit
    loss = impl.categorical_cross_entropy
    for off in (-4, 4):
        assert loss([0.25, 0.25, 0.25, 0.25 + off * 2.0**-23], [0.25] * 4) > 1.38
        with pytest.raises(ValueError, match=r"ys sums to .*: give probabilities that sum to 1"):
            loss([0.25, 0.25, 0.25, 0.25 + (off + off / 4) * 2.0**-23], [0.25] * 4)


# ---------------------------------------------------------------- real sets


def standardised(X):
    return (X - X.mean(axis=0)) / X.std(axis=0)


@pytest.fixture(scope="module")
def iris():
    from sklearn.datasets import load_iris

    return load_iris(return_X_y=True)


def test_iris_against_the_oracle(impl, iris):
    X, y = standardised(iris[0]), iris[1]
    options = {"learning_rate": 0.5, "iterations": 150}
    fit = impl.softmax_descent(X, y, **options)
    W, b, losses = oracle.descent(X, oracle.one_hot(y, 3), **options)
    assert_arrays(fit.w, W, 1e-11, "W")
    assert_arrays(fit.b, b, 1e-11, "b")
    assert_arrays(fit.losses, losses, 1e-12, "losses")
    assert all(later < sooner for sooner, later in zip(fit.losses, fit.losses[1:], strict=False))
    P, _ = oracle.probabilities(oracle.scores(X, rows(fit.w), list(fit.b)))
    assert (P.argmax(axis=1) == y).sum() == 144
    # setosa stands apart from both others, so no finite optimum exists: the weights grow
    more = impl.softmax_descent(X, y, learning_rate=0.5, iterations=150, W=fit.w, b=fit.b)
    assert abs(more.w[2][0]) > abs(fit.w[2][0])
    assert more.losses[-1] < fit.losses[-1]


def test_iris_with_soft_labels_reaches_scikit_learns_optimum(impl, iris):
    """Labels of 0.9, 0.05, 0.05 keep the optimum finite.

    scikit-learn takes no soft labels, but a soft label is three samples with weights."""
    from sklearn.linear_model import LogisticRegression

    X, y = standardised(iris[0][:, 2:]), iris[1]
    soft = 0.85 * oracle.one_hot(y, 3) + 0.05
    options = {"learning_rate": 1.0, "momentum": 0.9, "iterations": 3000, "tolerance": 1e-9}
    fit = impl.softmax_descent(X, soft, **options)
    assert fit.status == "converged"
    peer = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10000)
    peer.fit(np.repeat(X, 3, axis=0), np.tile(range(3), 150), sample_weight=soft.ravel())
    P, _ = oracle.probabilities(oracle.scores(X, rows(fit.w), list(fit.b)))
    assert np.abs(P - peer.predict_proba(X)).max() < 1e-6
    # the loss at the optimum, where it is flat, agrees much further
    at_peer = oracle.loss_and_gradient(X, soft, peer.coef_.T, peer.intercept_)[0]
    at_fit = impl.softmax_gradient(X, soft, rows(fit.w), list(fit.b))[0]
    assert abs(at_fit - at_peer) < 1e-9 * at_peer


def test_the_digits_against_the_oracle(impl):
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    X, y = X[:500] / 16.0, y[:500]
    draw = np.random.RandomState(1)
    compare_gradient(impl, X, y, draw.randn(64, 10), draw.randn(10), "digits")


# ---------------------------------------------------------------- the contract, and bad input


def test_the_contract(impl):
    def names(function):
        return [p for p in inspect.signature(function).parameters if p != "threads"]

    assert [names(getattr(impl, name)) for name in NAMES[:5]] == [
        ["zs"],
        ["zs"],
        ["ys", "ps"],
        ["ys", "zs"],
        ["X", "y", "W", "b", "sample_weight"],
    ]
    parameters = inspect.signature(impl.softmax_descent).parameters
    want = {
        "classes": None,
        "learning_rate": inspect.Parameter.empty,
        "iterations": inspect.Parameter.empty,
        "W": None,
        "b": None,
        "momentum": 0.0,
        "reduction": "mean",
        "tolerance": 0.0,
        "callback": None,
        "l2": 0.0,
        "sample_weight": None,
    }
    assert names(impl.softmax_descent) == ["X", "y", *want]
    for name, default in want.items():
        assert parameters[name].kind is inspect.Parameter.KEYWORD_ONLY
        assert parameters[name].default is default or parameters[name].default == default
    fit = impl.softmax_descent([[1.0]], [0], learning_rate=1, iterations=1)
    assert fit._fields == ("w", "b", "losses", "iterations", "status")


X2, Y2, W2, B2 = [[1.0, 2.0], [3.0, 4.0]], [0, 1], [[0.0, 0.0], [0.0, 0.0]], [0.0, 0.0]

BAD_SCALARS = [
    ("logsumexp", ([],), ValueError, "zs is empty: give at least one score"),
    ("softmax", ([],), ValueError, "zs is empty: give at least one score"),
    ("softmax", (3,), TypeError, "zs is 3, a int: give a sequence of numbers"),
    ("softmax", ([1, "2"],), TypeError, "zs[1] is '2', a str: give a number"),
    ("softmax", ([[1.0, 2.0]],), TypeError, "zs[0] is [1.0, 2.0], a list: give a number"),
    (
        "softmax",
        (np.zeros((2, 3)),),
        ValueError,
        "zs has shape (2, 3), not 1 dimension(s): flatten it to one row",
    ),
    (
        "categorical_cross_entropy",
        ([], []),
        ValueError,
        "ys is empty: give one probability for each class",
    ),
    (
        "categorical_cross_entropy",
        (1, [0.5, 0.5]),
        TypeError,
        "ys is 1, a int: give a sequence of numbers",
    ),
    (
        "categorical_cross_entropy",
        ([0, 1], [0.2, 0.3, 0.5]),
        ValueError,
        "ps has length 3, but there are 2 classes: give one probability for each class",
    ),
    (
        "categorical_cross_entropy",
        ([0, 1], [0.5, 1.5]),
        ValueError,
        "ps[1] is 1.5: give a number from 0 to 1",
    ),
    (
        "categorical_cross_entropy",
        ([1, 0], [0.5, NAN]),
        ValueError,
        "ps[1] is nan: give a number from 0 to 1",
    ),
    (
        "categorical_cross_entropy",
        ([2, -1], [0.5, 0.5]),
        ValueError,
        "ys[0] is 2.0: give a number from 0 to 1",
    ),
    (
        "categorical_cross_entropy_with_logits",
        ([0.5, 0.25], [1, 2]),
        ValueError,
        "ys sums to 0.75: give probabilities that sum to 1",
    ),
    (
        "categorical_cross_entropy_with_logits",
        ([0.5, NAN], [1, 2]),
        ValueError,
        "ys[1] is nan: give a number from 0 to 1",
    ),
    (
        "categorical_cross_entropy_with_logits",
        ([0, 1], [1]),
        ValueError,
        "zs has length 1, but there are 2 classes: give one score for each class",
    ),
    (
        "categorical_cross_entropy_with_logits",
        ([0, 1], []),
        ValueError,
        "zs is empty: give at least one score",
    ),
]


@pytest.mark.parametrize(("name", "args", "error", "message"), BAD_SCALARS)
def test_bad_scalars(impl, name, args, error, message):
    with pytest.raises(error) as caught:
        getattr(impl, name)(*args)
    assert str(caught.value) == message


# what is wrong, and what is said of it by softmax_gradient and softmax_descent alike
BAD_DATA = [
    ({"X": []}, ValueError, "X is empty: give at least one row"),
    ({"X": [[1, 2], [3]]}, ValueError, None),
    (
        {"X": [[1.0, NAN], [3, 4]]},
        ValueError,
        "X[0][1] is nan: remove the row, or fill in a finite number",
    ),
    (
        {"X": [[1, 2], [INF, 4]]},
        ValueError,
        "X[1][0] is inf: remove the row, or fill in a finite number",
    ),
    (
        {"y": [0, 1, 1]},
        ValueError,
        "y has length 3, but there are 2 samples: give one label each",
    ),
    ({"y": []}, ValueError, "y has length 0, but there are 2 samples: give one label each"),
    (
        {"y": [[1, 0]]},
        ValueError,
        "y has length 1, but there are 2 samples: give one label each",
    ),
    ({"y": 1}, TypeError, "y is 1, a int: give class numbers, or rows of probabilities"),
    ({"y": "01"}, TypeError, "y is '01', a str: give class numbers, or rows of probabilities"),
    ({"y": ["a", "b"]}, TypeError, "y[0] is 'a', a str: give a whole number"),
    ({"y": [0, 1.0]}, TypeError, "y[1] is 1.0, a float: give a whole number"),
    ({"y": [0, None]}, TypeError, "y[1] is None, a NoneType: give a whole number"),
    ({"y": [0, [0, 1]]}, TypeError, "y[1] is [0, 1], a list: give a whole number"),
    ({"y": [[0, 1], 1]}, TypeError, "y[1] is 1, a int: give a sequence of numbers"),
    ({"y": [[0, 1], [0, "1"]]}, TypeError, "y[1][1] is '1', a str: give a number"),
    (
        {"y": np.zeros((2, 2, 2))},
        ValueError,
        "y has shape (2, 2, 2): flatten it, or reshape it to (rows, classes)",
    ),
    (
        {"y": [[0, 1], [0, 1, 0]]},
        ValueError,
        "y[1] has 3 probabilities, y[0] has 2: give every row the same classes",
    ),
    ({"y": [0, -1]}, ValueError, "y[1] is -1: with 2 classes, give a number from 0 to 1"),
    ({"y": [2, 0]}, ValueError, "y[0] is 2: with 2 classes, give a number from 0 to 1"),
    ({"y": [[0, 1], [0.5, 0.25]]}, ValueError, None),
    ({"y": [[0, 1], [1.5, -0.5]]}, ValueError, "y[1][0] is 1.5: give a number from 0 to 1"),
    ({"y": [[0, 1], [NAN, 1]]}, ValueError, "y[1][0] is nan: give a number from 0 to 1"),
    (
        {"y": [[0, 0, 1], [0, 1, 0]]},
        ValueError,
        "y[0] has length 3, but there are 2 classes: give one probability for each class",
    ),
    ({"W": 3}, TypeError, "W is 3, a int: give a sequence of rows, one for each feature"),
    ({"W": [0, 0]}, TypeError, "W[0] is 0, a int: give a sequence of numbers"),
    ({"W": [[0, 0]]}, ValueError, "W has 1 rows, but X has 2 features: give one row each"),
    ({"W": [[], []]}, ValueError, "W[0] is empty: give one weight for each class"),
    (
        {"W": [[0, 0], [0, 0, 0]]},
        ValueError,
        "W[1] has length 3, but there are 2 classes: give one weight for each class",
    ),
    ({"W": [[0, 0], [0, NAN]]}, ValueError, "W[1][1] is nan: give a finite number"),
    ({"W": [[0, 0], ["0", 0]]}, TypeError, "W[1][0] is '0', a str: give a number"),
    ({"b": 0.0}, TypeError, "b is 0.0, a float: give a sequence of numbers"),
    (
        {"b": [0.0]},
        ValueError,
        "b has length 1, but there are 2 classes: give one intercept for each class",
    ),
    ({"b": [0.0, -INF]}, ValueError, "b[1] is -inf: give a finite number"),
]
MESSAGES = {  # too long for the table
    "X": "X[1] has 1 features, X[0] has 2: give every row the same features",
    "y": "y[1] sums to 0.75: give probabilities that sum to 1",
}


@pytest.mark.parametrize(("wrong", "error", "message"), BAD_DATA)
def test_bad_data(impl, wrong, error, message):
    message = message or MESSAGES[next(iter(wrong))]
    args = {"X": X2, "y": Y2, "W": W2, "b": B2, **wrong}
    with pytest.raises(error) as caught:
        impl.softmax_gradient(**args)
    assert str(caught.value) == message
    with pytest.raises(error) as caught:
        impl.softmax_descent(**args, classes=2, learning_rate=1, iterations=1)
    assert str(caught.value) == message


BAD_OPTIONS = [
    ({"classes": 0}, ValueError, "classes is 0: give a whole number, 1 or more"),
    ({"classes": 2.0}, TypeError, "classes is 2.0, a float: give a whole number"),
    ({"classes": 1}, ValueError, "y[1] is 1: with 1 classes, give a number from 0 to 0"),
    (
        {"classes": 3, "y": [[1, 0], [0, 1]]},
        ValueError,
        "y[0] has length 2, but there are 3 classes: give one probability for each class",
    ),
    (
        {"W": [[0, 0, 0], [0, 0, 0]]},
        ValueError,
        "W[0] has length 3, but there are 2 classes: give one weight for each class",
    ),
    (
        {"b": [0, 0, 0]},
        ValueError,
        "b has length 3, but there are 2 classes: give one intercept for each class",
    ),
    ({"y": [-1, -2]}, ValueError, "y[0] is -1: with 1 classes, give a number from 0 to 0"),
    ({"learning_rate": 0}, ValueError, "learning_rate is 0.0: give a positive, finite number"),
    ({"learning_rate": NAN}, ValueError, "learning_rate is nan: give a positive, finite number"),
    ({"learning_rate": "1"}, TypeError, "learning_rate is '1', a str: give a number, or 'safe'"),
    ({"l2": -0.5}, ValueError, "l2 is -0.5: give a finite number, 0 or more"),
    ({"iterations": -1}, ValueError, "iterations is -1: give a whole number, 0 or more"),
    ({"iterations": 1.5}, TypeError, "iterations is 1.5, a float: give a whole number"),
    ({"momentum": -0.1}, ValueError, "momentum is -0.1: give a finite number, 0 or more"),
    ({"reduction": "max"}, ValueError, "reduction is 'max', a str: give 'sum' or 'mean'"),
    ({"tolerance": NAN}, ValueError, "tolerance is nan: give a finite number, 0 or more"),
    (
        {"callback": 3},
        TypeError,
        "callback is 3, a int: give a function of (iteration, loss), or None",
    ),
]


@pytest.mark.parametrize(("wrong", "error", "message"), BAD_OPTIONS)
def test_bad_options(impl, wrong, error, message):
    with pytest.raises(error) as caught:
        impl.softmax_descent(**{"X": X2, "y": Y2, "learning_rate": 1, "iterations": 1, **wrong})
    assert str(caught.value) == message


def test_errors_come_in_order(impl):
    """Shapes of X, y, weights; arguments in the signature's order; values of y, weights, X."""
    wrong = {
        "X": ("X is empty: give at least one row", []),
        "y": ("y[0] is 'a', a str: give a whole number", ["a", 1]),
        "sample_weight": ("sample_weight is 0, a int: give a sequence of numbers", 0),
        "classes": ("classes is 0: give a whole number, 1 or more", 0),
        "learning_rate": ("learning_rate is 0.0: give a positive, finite number", 0),
        "iterations": ("iterations is -1: give a whole number, 0 or more", -1),
        "W": ("W has 0 rows, but X has 2 features: give one row each", []),
        "b": ("b[0] is nan: give a finite number", [NAN, 0]),
        "momentum": ("momentum is -1.0: give a finite number, 0 or more", -1),
        "reduction": ("reduction is '', a str: give 'sum' or 'mean'", ""),
        "tolerance": ("tolerance is -1.0: give a finite number, 0 or more", -1),
        "callback": ("callback is 0, a int: give a function of (iteration, loss), or None", 0),
        "l2": ("l2 is -1.0: give a finite number, 0 or more", -1),
    }
    args = {"X": [[1.0, NAN], [3.0, 4.0]], "y": [0, 2], "classes": 2}
    args.update(learning_rate=1, iterations=1, W=W2, b=B2, momentum=0)
    args.update(reduction="sum", tolerance=0, callback=None, l2=0, sample_weight=[-1, 1])
    right = dict(args)
    args.update({name: value for name, (_, value) in wrong.items()})
    for name, (message, _) in wrong.items():
        with pytest.raises((TypeError, ValueError)) as caught:
            impl.softmax_descent(**args)
        assert str(caught.value) == message
        args[name] = right[name]
    with pytest.raises(ValueError, match=r"y\[1\] is 2"):
        impl.softmax_descent(**args)
    with pytest.raises(ValueError, match=r"sample_weight\[0\] is -1"):
        impl.softmax_descent(**{**args, "y": Y2})
    with pytest.raises(ValueError, match=r"X\[0\]\[1\] is nan"):
        impl.softmax_descent(**{**args, "y": Y2, "sample_weight": None})
