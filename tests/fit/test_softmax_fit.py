"""The safe fit of softmax regression, against its own gradient and a linear program."""

import random
from array import array

import numpy as np
import pytest
from helpers.separation import separable

import pyref
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
