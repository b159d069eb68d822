"""The step of L-BFGS against dense BFGS: the inverse Hessian written out, and what it costs."""

import importlib

import mpmath
import numpy as np
import pytest
from helpers.fits import problem, table
from helpers.oracle_second_order import lre_of_sums

import pyref
from pyref.second_order import lbfgs_step


def dense_step(pairs, grad, guess):
    """-H grad, where H is the guess (a matrix) after BFGS's correction by each pair, in mpmath.

    H <- (I - r change turn') H (I - r turn change') + r change change',  r = 1 / (change . turn)
    """
    with mpmath.workdps(50):
        H = mpmath.matrix(guess)
        unit = mpmath.eye(len(grad))
        for change, turn in pairs:
            c, t = mpmath.matrix(list(change)), mpmath.matrix(list(turn))
            r = 1 / (c.T * t)[0]
            H = (unit - r * c * t.T) * H * (unit - r * t * c.T) + r * c * c.T
        return list(-H * mpmath.matrix(list(grad)))


@pytest.mark.parametrize("count", range(7))
def test_the_step_is_that_of_dense_bfgs(count):
    rng = np.random.default_rng(count)
    A = rng.normal(size=(5, 5))
    hess = A @ A.T + np.eye(5)
    changes = rng.normal(size=(count, 5))
    pairs = [(change.tolist(), (hess @ change).tolist()) for change in changes]
    guess, grad = np.diag(rng.uniform(0.1, 9, size=5)), rng.normal(size=5).tolist()
    step = lbfgs_step(pairs, grad, lambda v: (guess @ v).tolist())
    assert lre_of_sums(step, dense_step(pairs, grad, guess.tolist())) > 11
    if count:  # what the newest pair has seen is kept: H turn = change
        change, turn = pairs[-1]
        assert lbfgs_step(pairs, turn, lambda v: v) == pytest.approx([-c for c in change])


@pytest.mark.parametrize("memory", [1, 3, 10])
def test_each_step_of_a_fit_is_that_of_dense_bfgs(impl, monkeypatch, memory):
    """With the last pairs, as many as the memory holds, and no others."""
    room = importlib.import_module(
        "pyref.fit.samples" if impl is pyref else "pyref.compiled.samples"
    )
    real, all_pairs, worst = room.lbfgs_step, [], []

    def compared(pairs, grad, guess, *rest):
        m = len(grad)
        units = [[float(j == k) for k in range(m)] for j in range(m)]
        columns = [list(guess(u)) for u in units]
        if pairs:
            newest = tuple(map(tuple, pairs[-1]))
            if newest not in all_pairs:
                all_pairs.append(newest)
        assert [tuple(map(tuple, pair)) for pair in pairs] == all_pairs[-memory:][-len(pairs) :]
        assert len(pairs) == min(memory, len(all_pairs))
        step = real(pairs, grad, guess, *rest)
        matrix = [list(row) for row in zip(*columns, strict=True)]
        worst.append(lre_of_sums(list(step), dense_step(pairs, list(grad), matrix)))
        return step

    monkeypatch.setattr(room, "lbfgs_step", compared)
    X, y, _ = table(np.random.default_rng(10), 60, 3)
    fit = impl.lbfgs(X, y, memory=memory, iterations=200)
    assert fit.status == "converged"
    assert len(worst) == fit.iterations + 1
    assert min(worst) > 9


@pytest.mark.parametrize("tolerance", [1e-4, 1e-7])
def test_the_end_is_where_the_step_promises_next_to_nothing(impl, monkeypatch, tolerance):
    """sqrt(-grad . step) is no more than tolerance at the end, and was more before."""
    room = importlib.import_module(
        "pyref.fit.samples" if impl is pyref else "pyref.compiled.samples"
    )
    real, decrements = room.lbfgs_step, []

    def measured(pairs, grad, *rest):
        step = real(pairs, grad, *rest)
        decrements.append(-sum(g * s for g, s in zip(grad, step, strict=True)))
        return step

    monkeypatch.setattr(room, "lbfgs_step", measured)
    for seed in range(8):
        X, y, _ = problem(80, 4, seed)
        X[:, 0] = X[:, 1] + 0.01 * X[:, 0]
        decrements.clear()
        fit = impl.lbfgs(X.tolist(), y.tolist(), l2=1e-3, tolerance=tolerance)
        assert fit.status == "converged"
        assert max(decrements[-1], 0) ** 0.5 <= tolerance
