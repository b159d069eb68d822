"""The comparators themselves: each accepts the right answer and refuses every wrong one.

A wrong answer here is a mutant of a right one: zero, NaN, infinite, sign flipped, one unit too
many, entries shuffled or missing, a row too few or too many. A comparator that lets one
through would make the tests that use it worthless.
"""

import math

import mpmath
import numpy as np
import pytest
from helpers import compare, oracle
from helpers.compare import Blind, Worst, same, ulp_error, ulps, within

INF, NAN = math.inf, math.nan
TINY = 5e-324


def refused(check, *args, mutant="", **kwargs):
    try:
        check(*args, **kwargs)
    except AssertionError:
        return
    pytest.fail(f"{check.__name__} let through: {mutant or args}")


# ---------------------------------------------------------------- one float


def test_ulps_counts_floats():
    assert ulps(1.0, 1.0) == 0
    assert ulps(1.0, math.nextafter(1.0, 2)) == 1
    assert ulps(1.0, 1 + 3 * 2.0**-52) == 3 == ulps(-1 - 3 * 2.0**-52, -1.0)
    assert ulps(math.nextafter(1.0, 0), math.nextafter(1.0, 2)) == 2
    assert ulps(0.0, -0.0) == 0
    assert ulps(0.0, TINY) == 1 == ulps(-TINY, 0.0)
    assert ulps(-TINY, TINY) == 2
    assert ulps(2.0**-1022, math.nextafter(2.0**-1022, 0)) == 1  # across the subnormal border
    assert ulps(INF, INF) == ulps(-INF, -INF) == ulps(NAN, NAN) == 0
    assert ulps(-INF, INF) == ulps(1.7976931348623157e308, INF) == INF
    assert ulps(NAN, 1.0) == ulps(1.0, NAN) == ulps(NAN, INF) == INF
    assert ulps(-1.0, 1.0) > 2**61
    assert ulps(0.0, 1.0) > 2**61


def test_ulp_error_measures_from_the_truth():
    with mpmath.workdps(60):
        third = mpmath.mpf(1) / 3
        assert 0 < ulp_error(1 / 3, third) <= 0.5
        assert 0.5 < ulp_error(math.nextafter(1 / 3, 1), third) < 1.5
        assert 1.5 < ulp_error(math.nextafter(math.nextafter(1 / 3, 1), 1), third) < 2.5
        for wrong in (0.0, -1 / 3, NAN, INF, -INF, 1 / 3 + 1e-15):
            assert ulp_error(wrong, third) > 3
        subnormal = mpmath.ldexp(3, -1074)
        assert ulp_error(3 * TINY, subnormal) == 0
        assert ulp_error(4 * TINY, subnormal) == 1
        assert ulp_error(0.0, subnormal) == 3
        assert ulp_error(-3 * TINY, subnormal) == 6
        # in the lowest two binades the unit is the same, above it doubles
        assert ulp_error(2.0**-1022 + TINY, mpmath.ldexp(1, -1022)) == 1
        assert ulp_error(2.0**-1021 + 2 * TINY, mpmath.ldexp(1, -1021)) == 1
        assert ulp_error(0.0, mpmath.mpf(0)) == 0
        assert ulp_error(TINY, mpmath.mpf(0)) == 1
        beyond = mpmath.mpf(10) ** 400
        assert ulp_error(INF, beyond) == 0 == ulp_error(-INF, -beyond)
        assert ulp_error(-INF, beyond) == ulp_error(1.7e308, beyond) == INF
        assert ulp_error(INF, mpmath.mpf(1.7e308)) == INF


def test_worst_remembers_and_refuses():
    def seen(*errors):
        worst = Worst("test")
        for i, error in enumerate(errors):
            worst.see(error, f"input {i}")
        return worst

    seen(0.0, 1.9, 0.3).at_most(2, least_seen=3)
    assert seen(0.0, 1.9, 0.3).where == "input 1"
    refused(seen(0.0, 2.0001, 0.3).at_most, 2, least_seen=3)
    refused(seen(0.0, NAN, 0.3).at_most, 2, least_seen=3)
    refused(seen(NAN).at_most, 2, least_seen=1)
    refused(seen(INF).at_most, 2, least_seen=1)
    refused(seen(0.0, 0.1).at_most, 2, least_seen=3)
    refused(seen().at_most, 2, least_seen=1)
    with pytest.raises(AssertionError, match=r"at worst 2.5 ulp, for input 1"):
        seen(0.0, 2.5, 0.3).at_most(2, least_seen=3)


def test_same_is_to_the_bit():
    same([[1.0, NAN], [0.0]], [[1.0, NAN], [0.0]])
    same(np.array([1.0, 2.0]), [1.0, 2.0])
    for wrong in (
        [1.0, 2.0 + 2.0**-51],
        [2.0, 1.0],
        [1.0],
        [1.0, 2.0, 3.0],
        [1.0, -2.0],
        [0.0, 2.0],
        [1.0, NAN],
        [1.0, [2.0]],
    ):
        refused(same, wrong, [1.0, 2.0])
    refused(same, [-0.0], [0.0])
    refused(same, [1.0], [NAN])
    refused(same, [[1.0, 2.0]], [1.0, 2.0])


# ---------------------------------------------------------------- many floats


def test_within_refuses_every_mutant():
    want, bound = [3.0, -1.0, 0.0], [1e-15, 1e-15, 1e-15]
    within(want, want, bound, "it")
    within([3.0 + 8.9e-16, -1.0, -1e-15], want, bound, "it")
    for wrong in (
        [0.0, 0.0, 0.0],
        [-3.0, 1.0, -0.0],
        [3.0, 1.0, 0.0],
        [3.0, NAN, 0.0],
        [NAN] * 3,
        [INF, -1.0, 0.0],
        [-1.0, 3.0, 0.0],
        [3.0, -1.0],
        [3.0, -1.0, 0.0, 0.0],
        [3.0, -1.0, 1.1e-15],
        [3.0 + 1.4e-15, -1.0, 0.0],
        3.0,
    ):
        refused(within, wrong, want, bound, "it")
    refused(within, [1.0, 1.0], [1.0, NAN], 1e-15, "it")
    refused(within, [1.0, 1.0], [1.0, 1.0], [1e-15, NAN], "it")
    refused(within, [INF, 1.0], [INF, 1.0], 1e-15, "it")  # infinite sums are not for a bound


def test_within_refuses_to_be_asked_what_it_cannot_tell():
    with pytest.raises(Blind):
        within([0.0, 0.0], [0.0, 0.0], 1e-15, "it")
    with pytest.raises(Blind):
        within([1e-16, 0.0], [1e-16, 0.0], 1e-15, "it")
    within([0.0, 0.0], [0.0, 0.0], 1e-15, "it", blind_ok=True)
    refused(within, [1e-14, 0.0], [0.0, 0.0], 1e-15, "it", blind_ok=True)


# ---------------------------------------------------------------- gradients


def nearest(sums):
    """The oracle's sums as floats: an implementation that is as right as a float can be."""
    return float(sums.loss), [float(g) for g in sums.grad_w], float(sums.grad_b)


PROBLEMS = {
    "small": oracle.problem(1, 5, 3),
    "one row": oracle.problem(2, 1, 1),
    "soft": oracle.problem(3, 40, 4, soft=True),
    "many rows": oracle.problem(4, 4097, 2),
    "wide": oracle.problem(5, 9, 70),
    "far scores": oracle.problem(6, 50, 3, spread=40.0),
    "document 000": oracle.cloud(),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_gradient_agrees_refuses_every_mutant(name):
    X, y, w, b = PROBLEMS[name]
    n, d = X.shape
    loss, grad_w, grad_b = right = nearest(oracle.gradient(X, y, w, b))
    _, bound = compare.gradient_and_bound(X, y, w, b)
    compare.gradient_agrees(right, X, y, w, b)

    mutants = {
        "zero": (0.0, [0.0] * d, 0.0),
        "loss zero": (0.0, grad_w, grad_b),
        "grad_w zero": (loss, [0.0] * d, grad_b),
        "grad_b zero": (loss, grad_w, 0.0),
        "NaN loss": (NAN, grad_w, grad_b),
        "NaN in grad_w": (loss, [*grad_w[:-1], NAN], grad_b),
        "NaN grad_b": (loss, grad_w, NAN),
        "infinite": (INF, grad_w, grad_b),
        "flipped": (loss, [-g for g in grad_w], -grad_b),
        "flipped loss": (-loss, grad_w, grad_b),
        "flipped grad_b": (loss, grad_w, -grad_b),
        "mean for sum": (loss / (n + 1), [g / (n + 1) for g in grad_w], grad_b / (n + 1)),
        "short": (loss, grad_w[:-1], grad_b),
        "long": (loss, [*grad_w, 0.0], grad_b),
        "last row twice": nearest(
            oracle.gradient(np.vstack([X, X[-1:]]), np.append(y, y[-1]), w, b)
        ),
        "labels off by one": nearest(oracle.gradient(X, 1.0 - y, w, b)),
        "no intercept": nearest(oracle.gradient(X, y, w, 0.0)),
    }
    for j in range(d):
        for sign in (1, -1):
            off = float(grad_w[j] + sign * bound.grad_w[j])
            moved = [*grad_w[:j], math.nextafter(off, sign * INF), *grad_w[j + 1 :]]
            # the bound is at least a unit, else one step past it would not be a step
            mutants[f"one unit past the bound of grad_w[{j}] ({sign})"] = (loss, moved, grad_b)
    past = math.nextafter(float(loss + bound.loss), INF)
    mutants["one unit past the bound of the loss"] = (past, grad_w, grad_b)
    past = math.nextafter(float(grad_b - bound.grad_b), -INF)
    mutants["one unit past the bound of grad_b"] = (loss, grad_w, past)
    if n > 1:
        mutants["last row missing"] = nearest(oracle.gradient(X[:-1], y[:-1], w, b))
        mutants["first row missing"] = nearest(oracle.gradient(X[1:], y[1:], w, b))
        rolled = np.roll(y, 1)
        if not np.array_equal(rolled, y):
            mutants["labels one row off"] = nearest(oracle.gradient(X, rolled, w, b))
    if d > 1:
        mutants["shuffled"] = (loss, grad_w[1:] + grad_w[:1], grad_b)
        mutants["weights shuffled"] = nearest(oracle.gradient(X, y, np.roll(w, 1), b))
        mutants["last feature missing"] = (loss, [*grad_w[:-1], 0.0], grad_b)

    for mutant, got in mutants.items():
        refused(compare.gradient_agrees, got, X, y, w, b, mutant=mutant)


def test_gradient_agrees_refuses_the_cancelling_residual():
    """All samples far on their right side: p - y is 0 in floating point, the truth is not."""
    X, y, w, b = np.array([[40.0], [41.0], [-40.0]]), np.array([1.0, 1.0, 0.0]), [1.0], 0.0
    compare.gradient_agrees(nearest(oracle.gradient(X, y, w, b)), X, y, w, b)
    p = 1 / (1 + np.exp(-(X @ w + b)))
    got = float(oracle.gradient(X, y, w, b).loss), (p - y) @ X, float((p - y).sum())
    refused(compare.gradient_agrees, got, X, y, w, b)


def test_gradient_agrees_refuses_a_case_that_proves_nothing():
    X, y = np.zeros((3, 2)), np.full(3, 0.5)
    with pytest.raises(Blind):
        compare.gradient_agrees((3 * math.log(2), [0.0, 0.0], 0.0), X, y, [1.0, 1.0], 0.0)


def test_the_bound_is_inside_the_one_that_the_project_states():
    """2 n eps times the sum of the magnitudes, for scores that carry no rounding error."""
    for n in (3, 10, 1000):
        X, y, _, _ = oracle.problem(n, n, 2)
        w, b = [0.0, 0.0], 0.0
        _, bound = compare.gradient_and_bound(X, y, w, b)
        s = oracle.samples(X, y, w, b)
        assert bound.loss <= 2 * n * compare.EPS * 1.01 * s.loss.sum()
        assert all(bound.grad_w <= 2 * n * compare.EPS * 1.01 * (abs(X).T @ s.size))
        assert bound.grad_b <= 2 * n * compare.EPS * 1.01 * s.size.sum()


class GradientAb:
    """An implementation whose gradient_ab gives what it was made with."""

    def __init__(self, name, grad_a, grad_b):
        self.__name__ = name
        self.gradient_ab = lambda *args: (grad_a, grad_b)


@pytest.mark.parametrize("name", ["pyref", "pyref.fast"])
def test_gradient_ab_agrees_refuses_every_mutant(name):
    for seed, n, spread in ((1, 5, 1.0), (2, 40, 3.0), (3, 1, 1.0)):
        X, y, w, b = oracle.problem(seed, n, 1, spread=spread)
        x, a = X[:, 0], w[0]
        (grad_a, grad_b), bound = compare.gradient_ab_and_bound(
            GradientAb(name, 0, 0), x, y, a, b
        )
        right = float(grad_a), float(grad_b)
        compare.gradient_ab_agrees(GradientAb(name, *right), x, y, a, b)
        missing = oracle.gradient(X[1:], y[1:], w, b)
        for mutant in (
            (0.0, 0.0),
            (right[0], 0.0),
            (0.0, right[1]),
            (-right[0], -right[1]),
            (right[1], right[0]),
            (NAN, right[1]),
            (right[0], INF),
            (right[0] + 2 * float(bound[0]), right[1]),
            (right[0], right[1] - 2 * float(bound[1])),
            (float(missing.grad_w[0]), float(missing.grad_b)),
            (right[0] / n + 1e-9, right[1] / n),
        ):
            refused(compare.gradient_ab_agrees, GradientAb(name, *mutant), x, y, a, b)


def test_only_p_minus_y_has_the_absolute_bound():
    """All residuals near e^-40: a zero passes for pyref, and not for pyref.fast."""
    x, y = np.array([40.0, 41.0, -40.0]), np.array([1.0, 1.0, 0.0])
    compare.gradient_ab_agrees(GradientAb("pyref", 0.0, 0.0), x, y, 1.0, 0.0, blind_ok=True)
    refused(compare.gradient_ab_agrees, GradientAb("pyref.fast", 0.0, 0.0), x, y, 1.0, 0.0)
    refused(compare.gradient_ab_agrees, GradientAb("pyref", 1e-12, 0), x, y, 1, 0, blind_ok=True)


# ---------------------------------------------------------------- descents


class Fit:
    def __init__(self, w, b, losses):
        self.w, self.b, self.losses, self.iterations = w, b, losses, len(losses)


def descend(X, y, w, b, step, iterations, momentum=0.0):
    """A plain NumPy descent by the mean gradient, in doubles."""
    n, d = X.shape
    t, v, losses = np.array([*w, b]), np.zeros(d + 1), []
    for _ in range(iterations):
        loss, grad_w, grad_b = nearest(oracle.gradient(X, y, t[:d], t[d]))
        v = momentum * v + np.array([*grad_w, grad_b])
        t = t - step / n * v
        losses.append(loss / n)
    return Fit(t[:d].tolist(), float(t[d]), losses)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_descent_agrees_refuses_every_mutant(momentum):
    X, y, w, b = oracle.problem(12, 60, 3)
    how = {"learning_rate": 0.5, "w": w, "b": b, "momentum": momentum}
    right = descend(X, y, w, b, 0.5, 12, momentum)
    compare.descent_agrees(right, X, y, **how)
    W, B, losses = right.w, right.b, right.losses
    other = 0.5 if momentum == 0.0 else 0.0
    mutants = {
        "zero": Fit([0.0] * 3, 0.0, [0.0] * 12),
        "zero losses": Fit(W, B, [0.0] * 12),
        "not moved": Fit(w.tolist(), b, losses),
        "moved the other way": Fit((2 * w - W).tolist(), 2 * b - B, losses),
        "flipped": Fit([-v for v in W], -B, losses),
        "NaN loss": Fit(W, B, [*losses[:-1], NAN]),
        "NaN w": Fit([NAN, *W[1:]], B, losses),
        "NaN b": Fit(W, NAN, losses),
        "shuffled": Fit(W[1:] + W[:1], B, losses),
        "b not moved": Fit(W, b, losses),
        "losses shifted": Fit(W, B, losses[1:] + losses[:1]),
        "loss after the update": Fit(W, B, descend(X, y, W, B, 0.5, 12, momentum).losses),
        "summed losses": Fit(W, B, [60 * loss for loss in losses]),
        "one update less": Fit(descend(X, y, w, b, 0.5, 11, momentum).w, B, losses),
        "one row less": descend(X[:-1], y[:-1], w, b, 0.5, 12, momentum),
        "other momentum": descend(X, y, w, b, 0.5, 12, other),
        "step a millionth longer": descend(X, y, w, b, 0.5 * 1.000001, 12, momentum),
        "step 1e-11 longer": descend(X, y, w, b, 0.5 * (1 + 1e-11), 12, momentum),
        "not started from w": descend(X, y, [0.0] * 3, b, 0.5, 12, momentum),
    }
    for mutant, fit in mutants.items():
        refused(compare.descent_agrees, fit, X, y, mutant=mutant, **how)
    short = Fit(W, B, losses)
    short.iterations = 11
    refused(compare.descent_agrees, short, X, y, **how)
