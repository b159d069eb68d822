"""Softmax regression in standard units: the objective, its gradient and Hessian, its parameters."""

from array import array

import numpy as np
import pytest

import pyref
from pyref import fast, pure
from pyref.compiled.classes import ClassSamples
from pyref.model.solvers import softmax_optimum

X = [[2.0, -30.0], [0.5, 10.0], [-1.0, 20.0], [3.0, 0.0], [1.0, -5.0], [0.0, 70.0], [2.5, 1.0]]
Y = [0, 2, 1, 0, 2, 1, 1]
S = [1.0, 2.0, 0.0, 3.0, 0.5, 1.0, 4.0]
L2 = 0.3


@pytest.fixture(params=["python", "c"])
def samples(request):
    if request.param == "python":
        return pure.class_samples(X, Y, S, 3, L2)
    y = memoryview(array("b", Y))
    return ClassSamples(np.array(X), y, array("d", S), sum(S), 3, L2, 1)


def test_hessian_and_gradient_are_derivatives_of_the_objective(samples):
    """Along every direction, with a row of weight 0 among the others and a penalty."""
    rng = np.random.default_rng(3)
    theta = samples.centred(list(rng.normal(size=9)))
    here = samples.objective(theta, True)
    H = samples.hessian(samples.probabilities(theta))
    full = np.zeros((6, 6))
    for j, row in enumerate(H):
        full[j, : j + 1] = full[: j + 1, j] = row[: j + 1]
    h = 1e-5
    for _ in range(6):
        # the last class stays where it is: the Hessian is of the others
        free = rng.normal(size=6)
        v = np.array(samples.centred([*free, 0.0, 0.0, 0.0]))
        up = samples.objective(list(np.array(theta) + h * v), False)
        down = samples.objective(list(np.array(theta) - h * v), False)
        assert np.dot(here.grad, v) == pytest.approx((up.F - down.F) / (2 * h), abs=1e-9)
        turn = (np.array(up.grad) - down.grad)[:6] / (2 * h)
        assert full @ free == pytest.approx(turn, abs=1e-8)
    step, T = samples.newton_step(here.hess, here.grad)
    assert T is not None
    assert full @ (np.array(step)[:6] - np.tile(step[6:], 2)) == pytest.approx(
        -np.array(here.grad[:6]), abs=1e-12
    )


def test_the_objective_is_chapter_2s(samples):
    W, b = [[0.3, -0.2, 0.4], [0.01, 0.02, -0.05]], [0.4, -0.6, 1.0]
    theta = samples.standard(W, b)
    loss = pyref.softmax_gradient(X, Y, W, b, S)[0]
    here = samples.objective(theta, False)
    assert here.loss == pytest.approx(loss, rel=1e-14)
    # what all classes have alike is left out, and with it the penalty on it
    W_0 = np.array(W) - np.mean(W, axis=1, keepdims=True)
    penalty = L2 / 2 * np.sum(W_0**2)
    assert pytest.approx(loss / sum(S) + penalty, rel=1e-14) == here.F
    again, b_again = samples.raw(theta)
    assert np.ravel(again) == pytest.approx(W_0.ravel(), rel=1e-13)
    assert b_again == pytest.approx(np.array(b) - np.mean(b), rel=1e-13)


def test_two_engines_one_fit():
    for newton in (True, False):
        one = softmax_optimum(pyref, X, Y, 3, l2=L2, sample_weight=S, newton=newton)
        two = softmax_optimum(
            fast, np.array(X), memoryview(array("b", Y)), 3, l2=L2, sample_weight=array("d", S),
            newton=newton,
        )  # fmt: skip
        assert one.status == two.status == "converged"
        assert np.ravel(one.w) == pytest.approx(np.ravel(two.w), rel=1e-9)
        assert one.losses == pytest.approx(two.losses, rel=1e-11)
