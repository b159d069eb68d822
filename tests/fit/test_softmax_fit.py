"""The safe fit of softmax regression, against its own gradient and a linear program."""

import random
from array import array

import numpy as np
import pytest
from helpers.separation import separable

import pyref
from pyref.fit import classes
from pyref.model.solvers import softmax_optimum


def fitted(impl, X, y, C, **how):
    """softmax_optimum over this implementation."""
    if impl is pyref:
        return softmax_optimum(impl, X, y, C, **how)
    return softmax_optimum(impl, np.array(X, float), array("b", y), C, threads=2, **how)


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


# ---------------------------------------------------------------- no optimum, from anywhere

RARE = [[float(i % 7), float(i in (8, 23))] for i in range(42)]
CLASSES = [2 if i in (8, 23) else (i * i + i // 5) % 3 for i in range(42)]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("far", [10.0, 20.0, 25.0, 30.0, 40.0, 300.0])
@pytest.mark.parametrize("newton", [True, False], ids=["newton", "lbfgs"])
def test_a_start_far_out_proves_nothing(impl, newton, far, turned):
    """All is flat there: the two rows that run away are certain, and the others at their best."""
    X = np.array(RARE) @ ([[1.0, 0.6], [-0.3, 0.9]] if turned else np.eye(2))
    plain = fitted(impl, [row[:1] for i, row in enumerate(RARE) if i not in (8, 23)],
                   [c for i, c in enumerate(CLASSES) if i not in (8, 23)], 3)  # fmt: skip
    W = np.array([plain.w[0], [0.0, 0.0, far]])
    if turned:
        W = np.linalg.solve([[1.0, 0.6], [-0.3, 0.9]], W)
    start = {"W": W.tolist(), "b": list(plain.b)}
    for tolerance in (1e-10, 1e-3):
        fit = fitted(
            impl, X.tolist(), CLASSES, 3, newton=newton, tolerance=tolerance, **start
        )  # fmt: skip
        assert fit.status == "separable"


@pytest.mark.parametrize("newton", [True, False], ids=["newton", "lbfgs"])
@pytest.mark.parametrize("l2", [0.0, 0.5])
def test_a_class_without_a_row_has_no_optimum(impl, newton, l2):
    """Its intercept runs away: nothing holds it, penalty or not."""
    fit = fitted(impl, RARE, CLASSES, 4, newton=newton, l2=l2)
    assert (fit.status, fit.iterations) == ("separable", 0)


OVERLAP = [[float(i % 7)] for i in range(42)], [(i * i + i // 5) % 3 for i in range(42)]
APART = [[float(i)] for i in range(9)], [0, 0, 0, 1, 1, 1, 2, 2, 2]
TOUCHING = [[float(i)] for i in (0, 1, 2, 2, 3, 4, 4, 5, 6)], APART[1]


@pytest.mark.parametrize("newton", [True, False], ids=["newton", "lbfgs"])
def test_rows_far_out_on_their_own_side_do_not_hide_the_balance(impl, newton):
    assert fitted(impl, *OVERLAP, 3, newton=newton).status == "converged"
    # forces far below 1e-9, which are lost in the rounding of the others
    rng = np.random.default_rng(5)
    x = np.concatenate([rng.normal(0, 1, 60), [90, 95, 99], [-90, -95]])
    y = np.concatenate([rng.integers(0, 3, 60), [2, 2, 2], [0, 0]])
    y[:60] = np.where(x[:60] + rng.normal(0, 2, 60) > 0.5, 2, y[:60])
    assert fitted(impl, x[:, None].tolist(), y.tolist(), 3, newton=newton).status == "converged"


@pytest.mark.parametrize("tolerance", [1e-10, 0.05])
@pytest.mark.parametrize("table", [APART, TOUCHING], ids=["apart", "touching"])
@pytest.mark.parametrize("newton", [True, False], ids=["newton", "lbfgs"])
def test_a_loose_tolerance_proves_nothing(impl, newton, table, tolerance):
    fit = fitted(impl, *table, 3, newton=newton, tolerance=tolerance, iterations=500)
    assert fit.status == "separable"
    # (L-BFGS asks for more than its own parameters only where it is flat)
    assert fit.iterations <= (10 if newton else 32 if table is APART else 100)


def test_lbfgs_keeps_ten_pairs(impl, monkeypatch):
    seen, step = [], classes.lbfgs_step

    def counting(pairs, *rest):
        seen.append(len(pairs))
        return step(pairs, *rest)

    monkeypatch.setattr(classes, "lbfgs_step", counting)
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(60, 5)).tolist(), rng.integers(0, 3, 60).tolist()
    assert fitted(impl, X, y, 3, newton=False).status == "converged"
    assert max(seen) == 10


@pytest.mark.parametrize("power", range(1, 8))
def test_classes_that_overlap_by_little(impl, power):
    """At both borders two rows are on the wrong side of each other, by less and less."""
    gap = 10.0**-power
    x = [-3.0, -2.0, -1.0, 0.0, gap, 1.0, 2.0, 4.0, 5.0, 5.0 + gap, 6.0, 7.0, 8.0]
    y = [0, 0, 0, 1, 0, 1, 1, 1, 2, 1, 2, 2, 2]
    X = [[t] for t in x]
    assert power > 6 or not separable(X, y, 3)  # (beyond that is the linear program's tolerance)
    fit = fitted(impl, X, y, 3)
    assert fit.status == "converged"
    _, grad_W, grad_b = pyref.softmax_gradient(X, y, fit.w, fit.b)
    assert np.abs([*np.ravel(grad_W), *grad_b]).max() < 1e-8
    assert fitted(impl, X, y, 3, newton=False, iterations=300).status != "separable"
