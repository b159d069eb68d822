"""Is there an optimum, and does the fit know? Against a linear program. Also dependent columns."""

import math
import random

import numpy as np
import pytest
from helpers import oracle_second_order as oracle
from helpers.fits import DIGITS, METHODS, X4, Y4
from helpers.oracle_second_order import lre, optimum

import pyref
from pyref.fit.separation import Budget, fate, separates

# ---------------------------------------------------------------- there is no optimum

SEPARABLE = {
    "document 001": ([[1], [2], [3], [4], [5]], [0, 0, 0, 1, 1]),
    "a tie on the boundary": ([[1], [2], [3], [3], [4], [5]], [0, 0, 0, 1, 1, 1]),
    "a tie that no float of the mean hits": (
        [[0.0], [0.02], [0.01], [0.01], [0.0], [0.02], [0.01], [0.01], [0.01], [0.0], [0.02]],
        [0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 1],
    ),
    "ones only": ([[1], [2], [4]], [1, 1, 1]),
    "zeros only": ([[1, 2], [2, 5], [4, 3], [0, 1]], [0, 0, 0, 0]),
    "a dummy that is 1 for ones only": (
        [[1, 0], [2, 0], [3, 0], [2, 1], [4, 0], [3, 1]],
        [0, 1, 0, 1, 1, 1],
    ),
    "a dummy that is 0 for zeros only": (
        [[1, 1], [2, 1], [3, 1], [2, 0], [4, 1], [3, 0]],
        [0, 1, 0, 0, 1, 0],
    ),
    "a line with ties of both labels": (
        [[0, 0], [1, 1], [2, 2], [3, 3], [0, 1], [2, 3], [2, 1], [3, 1]],
        [0, 1, 0, 1, 1, 1, 0, 0],
    ),
    "soft labels on the line, hard ones beside it": (
        [[0, 0], [1, 1], [2, 2], [0, 2], [3, 1], [3, 3]],
        [0.5, 0.2, 0.7, 1, 0, 0.4],
    ),
    "one soft label at the threshold": ([[1], [2], [3], [4], [5]], [0, 0, 0.5, 1, 1]),
}

OUTLIER = "an outlier that is a million times too large"
NOT_SEPARABLE = {
    "one pair crossed": ([[1], [2], [3], [4]], [0, 1, 0, 1]),
    "soft labels only": ([[1], [2], [3], [4]], [0.1, 0.1, 0.9, 0.9]),
    "soft labels, all but separated": ([[1], [2], [3], [4]], [1e-9, 1e-9, 1 - 1e-9, 1 - 1e-9]),
    "two soft labels within": ([[1], [2], [3], [4], [5]], [0, 0.5, 0.5, 1, 1]),
    "all labels one half": ([[1], [2], [4]], [0.5, 0.5, 0.5]),
    "a dummy with both labels": (
        [[1, 0], [2, 0], [3, 0], [2, 1], [4, 0], [3, 1]],
        [0, 1, 0, 1, 1, 0],
    ),
    "one among a hundred on the wrong side": (
        [[i] for i in range(-50, 51)],
        [*([0] * 50), 1, 0, *([1] * 49)],
    ),
    OUTLIER: (
        [[1], [2], [3], [4], [2e6], [1], [3]],
        [0, 1, 0, 1, 1, 1, 1],
    ),
}


def check_separation(impl):
    for method in METHODS:
        fit = getattr(impl, method)
        for name, (X, y) in SEPARABLE.items():
            assert fit(X, y).status == "separable", (method, name)
            # whatever the start, and however loose the tolerance
            start = fit(X, y, w=[-1.0] * len(X[0]), b=3.0, tolerance=0.01)
            assert start.status == "separable", (method, name)
            far = fit(X, y, w=[40.0] * len(X[0]), b=-99.0)
            assert far.status == "separable", (method, name)
        for name, (X, y) in NOT_SEPARABLE.items():
            out = fit(X, y)
            if (method, name) == ("lbfgs", OUTLIER):
                assert out.status in ("converged", "iterations")  # its proof may not reach so far
                continue
            assert out.status == "converged", (method, name)
            truth = optimum(X, y)
            for got, want in zip([*out.w, out.b], truth.parameters, strict=True):
                assert abs(got - want) <= 1e-6 * abs(want) + 1e-9, (method, name)


def test_separable_or_not(impl):
    for X, y in SEPARABLE.values():
        assert oracle.separable(X, y)
    for name, (X, y) in NOT_SEPARABLE.items():
        if name != OUTLIER and "all but" not in name:  # beyond a linear program's tolerance
            assert not oracle.separable(X, y)
    check_separation(impl)


def small_table(rng):
    """Small integers, so that ties abound; and the labels of a logistic model."""
    d = rng.randint(1, 4)
    n = rng.randint(d + 2, 6 * d + 6)
    top = rng.choice([1, 2, 3, 9])
    X = [[float(rng.randint(0, top)) for _ in range(d)] for _ in range(n)]
    w = [rng.gauss(0, 2) for _ in range(d)]
    soft = rng.random() < 0.2
    y = []
    for x in X:
        z = sum(a * c for a, c in zip(w, x, strict=True)) - sum(w) * top / 2
        y.append(float(rng.random() < 1 / (1 + math.exp(-z))))
        if soft and rng.random() < 0.2:
            y[-1] = rng.choice([0.25, 0.5, 0.75])
    return X, y


def dummies(rng):
    """Rare dummies and one number: quasi-complete separation is the rule."""
    n, d = rng.randint(15, 50), rng.randint(3, 7)
    X = [[*[float(rng.random() < 0.15) for _ in range(d)], rng.randint(-8, 8)] for _ in range(n)]
    return X, [float(rng.random() < 0.5) for _ in X]


def as_it_is(X, rng):
    return X


def turned(X, rng):
    """New columns, each a combination of the old ones: ties are then equal to rounding only."""
    d = len(X[0])
    mix = np.array([[rng.gauss(0, 1) for _ in range(d)] for _ in range(d)])
    return (np.array(X) @ mix).tolist()


def in_other_units(X, rng):
    units = [10.0 ** rng.randint(-8, 8) for _ in X[0]]
    return [[(x + 1000) * u for x, u in zip(row, units, strict=True)] for row in X]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("change", [as_it_is, turned, in_other_units])
@pytest.mark.parametrize("source", [small_table, dummies])
def test_random_tables_against_the_linear_program(impl, source, change, method):
    rng = random.Random(f"{source.__name__} {change.__name__}")
    seen = {True: 0, False: 0}
    count = 40 if method == "newton" else 20
    while sum(seen.values()) < count:
        X, y = source(rng)
        A = np.hstack([X, np.ones((len(X), 1))])
        if np.linalg.matrix_rank(A) < A.shape[1]:
            continue
        want = oracle.separable(X, y)
        seen[want] += 1
        fit = getattr(impl, method)(change(X, rng), y, iterations=1000)
        assert fit.status == ("separable" if want else "converged"), (X, y)
        assert method == "lbfgs" or fit.iterations <= 30
    assert min(seen.values()) >= count / 10


def check_overlap(impl):
    """Two samples on the wrong side of each other by less and less; the optimum is at log(4/gap),
    far out where all other samples are certain, and is found to the last digits."""
    for k in range(1, 16):
        gap = 10.0**-k
        X = [[-3.0], [-2.0], [-1.0], [0.0], [gap], [1.0], [2.0], [3.0]]
        y = [0, 0, 0, 1, 0, 1, 1, 1]
        fit = impl.newton(X, y)
        truth = optimum(X, y)
        assert fit.status == "converged", gap
        assert lre(list(fit.w), truth.parameters[:1]) >= 12
        assert lre(fit.standard_errors, truth.standard_errors) >= DIGITS
    # In general position 12 digits are fewer: then doubt is allowed, but no wrong answer.
    turn = math.cos(0.7), math.sin(0.7)
    for k in range(1, 16):
        rng = random.Random(k)
        gap = 10.0**-k
        points = [(t + rng.random(), -side * gap) for t in (-2.3, -1, 0.4, 1.7) for side in (1, -1)]
        points += [(rng.uniform(-2, 2), side * rng.uniform(1, 2)) for side in (1, -1) * 3]
        X = [[turn[0] * p - turn[1] * q, turn[1] * p + turn[0] * q] for p, q in points]
        y = [1, 0] * 7
        status = impl.newton(X, y).status
        assert status in (["converged"] if k <= 8 else ["converged", "iterations", "separable"])
        assert status != "separable" or k >= 12


def test_labels_that_overlap_by_little(impl):
    check_overlap(impl)


def test_rounding_is_no_proof():
    """0.1 + 0.2 - 0.3 is 5.6e-17: a move that is none, onward or back."""
    for sign in (1.0, -1.0):
        v = [sign, sign, -sign, 0.0]
        assert not separates([[0.1, 0.2, 0.3]], [1], v)
        assert not separates([[0.1, 0.2, 0.3], [0.1, 0.2, 0.3]], [1, 0], v)
        # but another sample, which does move, makes v a proof
        assert separates([[0.1, 0.2, 0.3], [sign, 0.0, 0.0]], [1, 1], v)
        assert not separates([[0.1, 0.2, 0.3], [sign, 0.0, 0.0]], [1, 0.5], v)
        assert not separates([[0.1, 0.2, 0.3], [sign, 0.0, 0.0]], [1, 0], v)


class Unsolved:
    """Samples whose equations have no solution."""

    def forces(self, theta):
        return [1.0, 0.0], lambda v: [0.0, 0.0]

    def furthest(self, v):
        return 0.0

    def rest(self, v):
        return lambda u: [0.0, 0.0]

    def separates(self, v):
        return False


def test_equations_that_are_not_solved_prove_nothing():
    assert fate(Unsolved(), [0.0, 0.0], Budget(2)) is None


def check_one_class(impl):
    """A penalty holds w but not b: it is not penalised, and with one class runs away."""
    for method in METHODS:
        for label in (0, 1):
            assert getattr(impl, method)(X4, [label] * 4, l2=1.0).status == "separable"
        fit = getattr(impl, method)(*SEPARABLE["document 001"], l2=0.1)
        assert fit.status == "converged"
        truth = optimum(*SEPARABLE["document 001"], l2=0.1)
        assert lre([*fit.w, fit.b], truth.parameters) > 8


def test_one_class_and_a_penalty(impl):
    check_one_class(impl)


def test_the_slope_alone_would_be_fooled():
    """What the proofs are for: on quasi-separable data the gradient passes any tolerance."""
    X, y = SEPARABLE["a dummy that is 1 for ones only"]
    w, b = [0.9081842625600952, 30.0], -2.270460656400238
    _, grad, _ = pyref.hessian(X, y, w, b)
    assert max(map(abs, grad)) / len(X) < 1e-10


def test_the_oracle_refuses_what_is_no_optimum():
    """Separable data have none, and the oracle's proof does not go through."""
    with pytest.raises((AssertionError, ValueError, ZeroDivisionError)):
        optimum(*SEPARABLE["document 001"], steps=60)


# ---------------------------------------------------------------- dependent columns

DEPENDENT = {
    "constant": ([[1, 7], [2, 7], [3, 7], [4, 7]], 1, True),
    "constant, not a binary fraction": ([[0.1, 1], [0.1, 2], [0.1, 4], [0.1, 3]], 0, True),
    "zero": ([[0.0], [0.0], [0.0], [0.0]], 0, True),
    "the same twice": ([[1, 1], [2, 2], [4, 4], [3, 3]], 1, False),
    "Celsius and Fahrenheit": ([[c, 1.8 * c + 32] for c in (3.1, 7.2, 1.3, 9.9)], 1, False),
    "a sum": ([[1, 5, 6], [2, 3, 5], [4, 4, 8], [7, 1, 8], [3, 3, 6]], 2, False),
    "a dummy for every group": ([[1, 0, 3], [0, 1, 1], [1, 0, 2], [0, 1, 5], [1, 0, 7]], 1, False),
    "in other units": ([[1e-8, 1e8], [2e-8, 2e8], [3e-8, 3e8], [5e-8, 5e8]], 1, False),
    "far from zero": ([[1e6 + i, 3e6 + 3 * i + 5] for i in (1, 2, 4, 8)], 1, False),
    "more columns than rows": ([[1, 5, 2, 0], [3, 1, 1, 4], [2, 2, 9, 1]], 2, False),
    "one row": ([[1, 2]], 0, True),
}


@pytest.mark.parametrize("name", DEPENDENT)
def test_dependent_columns_are_named(impl, name):
    X, column, constant = DEPENDENT[name]
    y = [0, 1, 0, 1, 0][: len(X)]
    kind = "constant" if constant else "a combination of the columns before it (and a constant)"
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the words are compared below)
        impl.newton(X, y)
    assert str(caught.value) == (
        f"column {column} of X is {kind}, so no single w is best: remove it, or give l2 > 0"
    )
    # With a penalty there is one best w all the same (unless there is one class only).
    if len(X) > 1:
        truth = optimum(X, y, l2=0.01)
        fit = impl.newton(X, y, l2=0.01)
        assert fit.status == "converged"
        assert lre([fit.log_likelihood], [truth.log_likelihood]) > DIGITS
        if name != "zero":
            assert impl.lbfgs(X, y, l2=0.01).status == "converged"


def test_random_combinations_are_named(impl):
    """The first column that those before it (and a constant) make; equal to rounding only."""
    rng = np.random.default_rng(60)
    for _ in range(60):
        n, d = int(rng.integers(8, 30)), int(rng.integers(2, 6))
        X = rng.normal(size=(n, d)) * 10.0 ** rng.integers(-3, 4, size=d)
        j = int(rng.integers(1, d))
        X[:, j] = X[:, :j] @ rng.normal(size=j) + rng.normal() * X[0, 0]
        y = rng.integers(0, 2, size=n).tolist()
        with pytest.raises(ValueError, match=rf"^column {j} of X is "):
            impl.newton(X.tolist(), y)


def test_nearly_dependent_columns_are_fitted(impl):
    """Two thermometers that differ by a ten-thousandth are two thermometers."""
    rng = random.Random(8)
    for part in (1e-2, 1e-4):
        X = [[t := rng.gauss(0, 1), t + part * rng.gauss(0, 1)] for _ in range(40)]
        y = [float(rng.random() < 0.5) for _ in X]
        truth = optimum(X, y)
        fit = impl.newton(X, y)
        assert fit.status == "converged"
        assert lre([*fit.w, fit.b], truth.parameters) >= DIGITS
        # the Hessian's condition is 1e8, which takes 8 of its 16 digits, and rounding some of one
        assert lre(fit.standard_errors, truth.standard_errors) >= 7.5


def test_lbfgs_takes_dependent_columns(impl):
    """It cannot see them; it finds one of the best, and the loss is the best."""
    X = [[x, 2 * x + 1, 5.0] for (x,) in X4]
    fit = impl.lbfgs(X, Y4)
    assert fit.status == "converged"
    assert lre([fit.log_likelihood], [optimum(X4, Y4).log_likelihood]) > 13
