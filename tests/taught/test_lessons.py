"""The lessons as they stand: plain functions, which the public ones put checks around.

What they compute is tested through the public functions of `pyref` (tests/front/). Here: that the
two are one, and what only the lessons have.
"""

import ast
import inspect
import math

import numpy as np
import pytest
from helpers import oracle, truth
from helpers.compare import EPS, same, ulp_error, within

import pyref
from pyref import logistic, multinomial, second_order

# ---------------------------------------------------------------- plain and public are one


def table(seed=3, n=40, d=3):
    X, y, w, b = oracle.problem(seed, n, d, soft=True)
    return X.tolist(), y.tolist(), w.tolist(), b


OPTIONS = {
    "bare": {},
    "momentum": {"momentum": 0.75},
    "a price": {"l2": 0.3},
    "weights": {"s": [1.0 + (i % 3) for i in range(40)]},
    "tolerance": {"tolerance": 0.02, "iterations": 500},
    "too large a step": {"learning_rate": 1e308},
    "all": {"momentum": 0.5, "l2": 0.1, "s": [0.5 + (i % 2) for i in range(40)]},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_the_plain_descent_is_the_public_one(name):
    X, y, w, b = table()
    how = {"learning_rate": 0.5, "iterations": 25, **OPTIONS[name]}
    seen, watched = [], []
    plain = logistic.gradient_descent(
        X, y, w, b, watch=lambda k, loss: seen.append((k, loss)), **how
    )
    how["sample_weight"] = how.pop("s", None)
    public = pyref.gradient_descent(
        X, y, w=w, b=b, callback=lambda k, loss: watched.append((k, loss)), **how
    )
    same([*plain[0], plain[1], *plain[2]], [*public.w, public.b, *public.losses])
    assert plain[3] == public.status
    assert seen == watched == list(enumerate(public.losses))
    wanted = {"tolerance": "converged", "too large a step": "diverged"}
    assert public.status == wanted.get(name, "iterations")


@pytest.mark.parametrize("name", OPTIONS)
def test_the_plain_softmax_descent_is_the_public_one(name):
    X, _, _, _ = table()
    y = [i % 3 for i in range(40)]
    W, b = [[0.1 * j - 0.2 * c for c in range(3)] for j in range(3)], [0.0, 0.5, -0.5]
    how = {"learning_rate": 0.5, "iterations": 25, **OPTIONS[name]}
    plain = multinomial.softmax_descent(X, y, W, b, **how)
    how["sample_weight"] = how.pop("s", None)
    public = pyref.softmax_descent(X, y, W=W, b=b, **how)
    same([*plain[0], plain[1], plain[2]], [*public.w, public.b, public.losses])
    assert plain[3] == public.status


def test_a_watcher_stops_the_plain_descent_too():
    X, y, w, b = table()
    fit = logistic.gradient_descent(X, y, w, b, 0.5, 25, watch=lambda k, loss: k == 3)
    assert (len(fit[2]), fit[3]) == (4, "iterations")


def test_the_plain_sums_are_the_public_ones():
    X, y, w, b = table()
    s = [0.5 + (i % 4) for i in range(40)]
    for weights in (None, s):
        one, two = logistic.gradient(X, y, w, b, weights), pyref.gradient(X, y, w, b, weights)
        same([one[0], one[1], one[2]], [two[0], two[1], two[2]])
        one, two = second_order.hessian(X, y, w, b, weights), pyref.hessian(X, y, w, b, weights)
        same(list(one), list(two))
        rate = second_order.safe_learning_rate(X, 0.2, weights)
        same(rate, pyref.safe_learning_rate(X, l2=0.2, sample_weight=weights))
    x = [row[0] for row in X]
    same(list(logistic.gradient_ab(x, y, 0.5, -1.0)), list(pyref.gradient_ab(x, y, 0.5, -1.0)))
    for momentum in (0.0, 0.9):
        plain = logistic.gradient_descent_logistic(x, y, 0.3, 20, momentum)
        same(list(plain), list(pyref.gradient_descent_logistic(x, y, 0.3, 20, momentum)))


def test_sums_that_go_on_are_momentum():
    """gradient_ab adds to what it is given: that is all there is to momentum."""
    x, y = [1.0, 2.0, 3.0, 4.0, 5.0], [0, 0, 0, 1, 1]
    grad_a, grad_b = logistic.gradient_ab(x, y, 0.0, 0.0)
    assert logistic.gradient_ab(x, y, 0.0, 0.0, 10.0, 20.0) == (10.0 + grad_a, 20.0 + grad_b)


# ---------------------------------------------------------------- what p - y loses


def test_the_fused_residual_is_the_residual_and_the_loss():
    """Within 3 units: one fraction instead of two sigmoids (the sums allow 2 n eps)."""
    worst = 0.0
    for z in [*np.linspace(-745.2, 745.2, 1501).tolist(), 0.0, -0.0, 5e-324, 1e-300, -3.4655]:
        t = truth.of_score(z)
        for y, loss, r in ((0, t.loss_0, t.p), (1, t.loss_1, -t.q)):
            got = logistic.loss_and_residual(y, z)
            worst = max(worst, ulp_error(got[0], loss), ulp_error(got[1], r))
    assert 1 < worst <= 3
    for y in (0.0, 0.25, 0.5, 1.0):
        for z in (math.inf, -math.inf, 1e308, -1e308):
            loss, r = logistic.loss_and_residual(y, z)
            assert r == logistic.residual(y, z)
            against = 1 - y if z > 0 else y
            assert loss == (against * abs(z) if against else 0.0)


def test_p_minus_y_loses_what_the_exact_residual_keeps():
    """Document 001's loop, executed, against its bound: (n/2 + 2) eps times the sum of |x|."""
    x, y = [40.0, 41.0, -40.0], [1, 1, 0]
    left = logistic.sigmoid(-40.0)  # of the label 0 alone: both labels of 1 are lost
    assert logistic.gradient_ab(x, y, 1.0, 0.0) == (-40.0 * left, left)
    exact = logistic.gradient([[v] for v in x], y, [1.0], 0.0)
    want = oracle.gradient([[v] for v in x], y, [1.0], 0.0)
    within([exact[1][0], exact[2]], [want.grad_w[0], want.grad_b], 1e-15, "r", blind_ok=True)
    assert abs(exact[1][0] / float(want.grad_w[0]) - 1) < 4 * EPS
    assert abs(exact[1][0]) < (3 / 2 + 2) * EPS * 121  # so the loop is within its bound, too


def test_the_same_without_log1p():
    """MicroPython has no log1p: the lesson's own, which this Python does not need."""
    tree = ast.parse(inspect.getsource(logistic))
    (attempt,) = [node for node in tree.body if isinstance(node, ast.Try)]
    space = {"log": math.log}
    exec(compile(ast.Module(attempt.handlers[0].body, []), "log1p", "exec"), space)
    for x in [*(2.0 ** -np.arange(0, 1070)).tolist(), 0.0, *np.linspace(0, 1, 1001).tolist()]:
        want = math.log1p(x)
        assert abs(space["log1p"](x) - want) <= 3 * EPS * want


# ---------------------------------------------------------------- chapters 2 and 3


def test_two_classes_are_the_loop_of_chapter_1_to_the_bit():
    """With class 0's score held at 0, both loops do the same operations in the same order."""
    sweep = [0.0, 1e-300, 1e-17, 0.3, 1.0, 2.5, 17.0, 36.9, 40.0, 300.0, 709.0, 740.0, 746.0, 1e308]
    for z in [*sweep, *[-z for z in sweep]]:
        assert multinomial.softmax([0.0, z]) == pytest.approx(
            [logistic.sigmoid(-z), logistic.sigmoid(z)], rel=3 * EPS, abs=5e-324
        )
        assert multinomial.logsumexp([0.0, z]) == logistic.softplus(z)
        for y in (0.0, 1.0, 0.25, 0.5, 1e-20):
            loss, rs = multinomial.loss_and_residuals_soft([1 - y, y], [0.0, z])
            assert (loss, rs[1]) == logistic.loss_and_residual(y, z)
            assert rs[0] == -rs[1]
            if y in (0, 1):
                assert (loss, rs) == multinomial.loss_and_residuals(int(y), [0.0, z])


def test_the_curvature_is_how_the_residual_changes():
    for z in np.linspace(-700, 700, 1401).tolist():
        t = truth.of_score(z)
        assert ulp_error(second_order.curvature(z), t.p * t.q) <= 4, z


def test_plain_newton_ends_where_there_is_nothing_to_do():
    """A step of exactly 0 is no more than a tolerance of 0."""
    X, y = [[-1.0], [1.0], [-1.0], [1.0]], [0, 0, 1, 1]
    assert second_order.newton(X, y, tolerance=0.0) == ([0.0], 0.0, [[1.0, 0.0], [0.0, 1.0]], 1)
