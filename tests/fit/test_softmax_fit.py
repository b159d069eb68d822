"""The safe fit of softmax regression, against its own gradient and a linear program."""

import random
from array import array

import numpy as np
import pytest
from helpers.separation import separable

import pyref
from pyref.fit import classes_loop, classes_separation
from pyref.fit.classes import Problem
from pyref.fit.classes_loop import softmax_optimum
from pyref.fit.classes_separation import balanced, fate


def fitted(impl, X, y, C, **how):
    """softmax_optimum over this implementation."""
    if impl is pyref:
        return softmax_optimum(impl, X, y, C, **how)
    threads = {"threads": 2}
    return softmax_optimum(impl, np.array(X, float), array("b", y), C, threads=threads, **how)


def small_table(rng, C):
    d = rng.randint(1, 2)
    n = rng.randint(4 * C, 12 * C)
    top = rng.choice([2, 3, 9])
    X = [[float(rng.randint(0, top)) for _ in range(d)] for _ in range(n)]
    w = [[rng.gauss(0, 1.5 / top) for _ in range(d)] for _ in range(C)]
    y = []
    for x in X:
        zs = [sum(a * v for a, v in zip(row, x, strict=True)) + rng.gauss(0, 1) for row in w]
        y.append(zs.index(max(zs)))
    y[:C] = range(C)
    return X, y


@pytest.mark.parametrize("newton", [True, False], ids=["newton", "lbfgs"])
@pytest.mark.parametrize("C", [3, 4])
def test_random_tables_against_the_linear_program(impl, C, newton):
    rng = random.Random(f"softmax {C}")
    seen = {True: 0, False: 0}
    while sum(seen.values()) < 24:
        X, y = small_table(rng, C)
        if np.linalg.matrix_rank(np.hstack([X, np.ones((len(X), 1))])) <= len(X[0]):
            continue
        want = separable(X, y, C)
        seen[want] += 1
        fit = fitted(impl, X, y, C, newton=newton, iterations=500)
        assert fit.status == ("separable" if want else "converged"), (X, y)
        if not want:  # F is convex, so it is lowest where its gradient is zero
            _, grad_W, grad_b = pyref.softmax_gradient(X, y, fit.w, fit.b)
            assert np.abs([*np.ravel(grad_W), *grad_b]).max() < 1e-6 * len(X)
            assert fit.iterations < (20 if newton else 150)
    assert min(seen.values()) >= 3


def test_the_proof_holds_only_near_an_optimum(impl):
    """balanced() is asked where the gradient is flat; elsewhere it may not say that it is."""
    X = [[float(i % 7)] for i in range(42)]
    y = [(i * i + i // 5) % 3 for i in range(42)]
    problem = Problem(pyref, X, y, 3, 0.0, None, {})
    fit = fitted(impl, X, y, 3)
    assert fit.status == "converged"
    phi = problem.phi([list(row) for row in fit.w], list(fit.b))
    grad = problem.objective(phi).grad
    assert balanced(problem, problem.probabilities(phi), grad)
    assert fate(problem, phi) is True
    apart = [int(x[0] > 2) + int(x[0] > 4) for x in X]
    problem = Problem(pyref, X, apart, 3, 0.0, None, {})
    for size in (0.0, 1.0, 30.0, 300.0):
        phi = problem.phi([[0.0, size, 2 * size]], [0.0, -2.5 * size, -7 * size])
        here = problem.objective(phi)
        assert not balanced(problem, problem.probabilities(phi), here.grad)
        assert fate(problem, phi) is False


# ---------------------------------------------------------------- each proof by itself


@pytest.fixture
def large(monkeypatch):
    """As if every table were too large for one of differences."""
    monkeypatch.setattr(classes_separation, "MOST_DIFFERENCES", {"python": 0, "c": 0})


OVERLAP = [[float(i % 7)] for i in range(42)], [(i * i + i // 5) % 3 for i in range(42)]
APART = [[float(i)] for i in range(9)], [0, 0, 0, 1, 1, 1, 2, 2, 2]
TOUCHING = [[float(i)] for i in (0, 1, 2, 2, 3, 4, 4, 5, 6)], APART[1]


@pytest.mark.parametrize("newton", [True, False], ids=["newton", "lbfgs"])
def test_a_large_table_is_proven_by_its_balance(impl, large, newton):
    assert fitted(impl, *OVERLAP, 3, newton=newton).status == "converged"
    # far out on their own side: forces below 1e-9, which are not relied upon
    rng = np.random.default_rng(5)
    x = np.concatenate([rng.normal(0, 1, 60), [90, 95, 99], [-90, -95]])
    y = np.concatenate([rng.integers(0, 3, 60), [2, 2, 2], [0, 0]])
    y[:60] = np.where(x[:60] + rng.normal(0, 2, 60) > 0.5, 2, y[:60])
    assert fitted(impl, x[:, None].tolist(), y.tolist(), 3, newton=newton).status == "converged"


@pytest.mark.parametrize("newton", [True, False], ids=["newton", "lbfgs"])
def test_a_large_table_is_separable_where_every_sample_is_on_its_side(impl, large, newton):
    fit = fitted(impl, *APART, 3, newton=newton, iterations=500)
    assert fit.status == "separable"
    assert fit.iterations <= 32


def test_a_large_table_that_touches_stays_in_doubt(impl, large):
    """No sample is moved back, but not all are moved on: that takes the linear program."""
    assert fitted(impl, *TOUCHING, 3).status == "iterations"


@pytest.mark.parametrize("table", [APART, TOUCHING])
@pytest.mark.parametrize("newton", [True, False], ids=["newton", "lbfgs"])
def test_a_loose_tolerance_proves_nothing(impl, newton, table):
    assert fitted(impl, *table, 3, newton=newton, tolerance=0.05).status == "separable"


def test_lbfgs_keeps_ten_pairs(impl, monkeypatch):
    seen, step = [], classes_loop.lbfgs_step

    def counting(pairs, *rest):
        seen.append(len(pairs))
        return step(pairs, *rest)

    monkeypatch.setattr(classes_loop, "lbfgs_step", counting)
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(60, 5)).tolist(), rng.integers(0, 3, 60).tolist()
    assert fitted(impl, X, y, 3, newton=False).status == "converged"
    assert max(seen) == 10
