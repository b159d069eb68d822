"""Gradient and Hessian of the objective, and the learning rate that follows from them.

The checks that carry the weight are plain functions of an implementation, `check_*`. One test
runs each over both implementations; test_fit_mutants.py runs them over damaged ones, and one must
object.
"""

from functools import cache

import mpmath
import numpy as np
import sympy
from helpers import oracle_second_order as oracle
from helpers.fits import METHODS, table
from helpers.oracle_second_order import lre, lre_of_sums, optimum
from mpmath import mpf

# ---------------------------------------------------------------- derivatives


def test_the_second_derivative_symbolically():
    z, y = sympy.symbols("z y", real=True)
    p = 1 / (1 + sympy.exp(-z))
    loss = -(y * sympy.log(p) + (1 - y) * sympy.log(1 - p))
    assert sympy.simplify(sympy.diff(loss, z, 2) - p * (1 - p)) == 0


def differences(X, y, s, l2, theta):
    """Gradient and Hessian of the objective F, by central differences of F alone, 60 digits."""
    return _differences(tuple(map(tuple, X)), tuple(y), tuple(s), l2, tuple(theta))


@cache
def _differences(X, y, s, l2, theta):
    size = len(theta)
    with mpmath.workdps(60):
        theta = [mpf(t) for t in theta]

        def F(*moves):
            at = list(theta)
            for j, h in moves:
                at[j] += h
            return oracle.objective(X, y, s, l2, at)[0]

        h = mpf(10) ** -15
        grad = [(F((j, h)) - F((j, -h))) / (2 * h) for j in range(size)]
        hess = [
            [
                (F((j, h), (k, h)) - F((j, h), (k, -h)) - F((j, -h), (k, h)) + F((j, -h), (k, -h)))
                / (4 * h * h)
                for k in range(size)
            ]
            for j in range(size)
        ]
        return F(), grad, hess


def check_derivatives(impl):
    rng = np.random.default_rng(1)
    for weighted, l2 in ((False, 0.0), (True, 0.0), (False, 0.3), (True, 0.3)):
        X, y, s = table(rng, 7, 3, soft=True, weighted=weighted)
        total = 7 if s is None else sum(s)
        theta = rng.normal(size=4).tolist()
        w, b = theta[:3], theta[3]
        F, grad, hess = differences(X, y, [1] * 7 if s is None else s, l2, theta)
        extra = {} if s is None else {"sample_weight": s}
        if not l2:
            loss, g, H = impl.hessian(X, y, w, b, **extra)
            assert lre([loss], [F * total]) > 14
            assert lre_of_sums(g, [v * total for v in grad]) > 14
            assert len(H) == 4
            for row, want in zip(H, hess, strict=True):
                assert lre_of_sums(row, [v * total for v in want]) > 14
            assert [list(row) for row in H] == [list(column) for column in zip(*H, strict=True)]
            loss, g, g_b = impl.gradient(X, y, w, b, **extra)
            assert lre([loss], [F * total]) > 14
            assert lre_of_sums([*g, g_b], [v * total for v in grad]) > 14
        # one step of descent from (w, b), and the objective before it
        for reduction, rate in (("mean", 1.0), ("sum", 1.0 / total)):
            fit = impl.gradient_descent(
                X,
                y,
                w=w,
                b=b,
                learning_rate=rate,
                iterations=1,
                reduction=reduction,
                l2=l2,
                **extra,
            )
            step = [before - after for before, after in zip(theta, [*fit.w, fit.b], strict=True)]
            assert lre_of_sums(step, grad) > 13
            assert lre(list(fit.losses), [F]) > 14
        # from a point better than zeros: the objective there, and one step of Newton's
        theta = [0.8 * float(t) for t in optimum(X, y, s, l2).parameters]
        F, grad, hess = differences(X, y, [1] * 7 if s is None else s, l2, theta)
        step = mpmath.lu_solve(mpmath.matrix(hess), mpmath.matrix([-g for g in grad]))
        for method in METHODS:
            fit = getattr(impl, method)(X, y, w=theta[:3], b=theta[3], l2=l2, iterations=1, **extra)
            assert lre(list(fit.losses), [F]) > 14
            if method == "newton":
                moved = [a - c for a, c in zip([*fit.w, fit.b], theta, strict=True)]
                assert lre_of_sums(moved, step) > 12


def test_derivatives_are_those_of_the_objective(impl):
    check_derivatives(impl)


def test_the_hessian_far_out(impl):
    """p (1-p) keeps its digits where 1-p has none: e^-z / (1 + e^-z)^2."""
    for z in (-700.0, -40.0, 40.0, 700.0):
        _, _, H = impl.hessian([[2.0]], [0], [0.0], z)
        with mpmath.workdps(400):
            p = 1 / (1 + mpmath.exp(-mpf(z)))
            assert (
                lre([H[0][0], H[0][1], H[1][1]], [4 * p * (1 - p), 2 * p * (1 - p), p * (1 - p)])
                > 15
            )
    loss, grad, H = impl.hessian([[1.0]], [1], [0.0], 1e308)
    assert (loss, list(grad), [list(row) for row in H]) == (0.0, [0.0, 0.0], [[0.0] * 2] * 2)


# ---------------------------------------------------------------- chapter 1's additions


def check_safe(impl):
    rng = np.random.default_rng(11)
    for weighted in (False, True):
        for d in (1, 4):
            X, y, s = table(rng, 25, d, weighted=weighted)
            X = [[10 * x for x in row] for row in X]
            total = 25 if s is None else sum(s)
            A = np.hstack([X, np.ones((25, 1))])
            S = np.diag([1.0] * 25 if s is None else s)
            for l2 in (0.0, 3.0):
                rate = impl.safe_learning_rate(X, l2=l2, sample_weight=s)
                steepest = np.linalg.eigvalsh(A.T @ S @ A / (4 * total))[-1]
                # 1/L, where L is between the largest eigenvalue and d+1 times that
                assert steepest + l2 <= (1 / rate) * (1 + 1e-12)
                assert 1 / rate <= (d + 1) * steepest + l2 + 1e-9
                summed = impl.safe_learning_rate(X, "sum", l2=l2, sample_weight=s)
                assert lre([summed * total], [rate]) > 15
                for reduction, number in (("mean", rate), ("sum", summed)):
                    how = {"iterations": 60, "l2": l2, "sample_weight": s, "reduction": reduction}
                    fit = impl.gradient_descent(X, y, learning_rate="safe", **how)
                    assert fit == impl.gradient_descent(X, y, learning_rate=number, **how)
                    # it gains |g|^2 / (2 L) or more in every step
                    for k in range(0, 50, 10):
                        how["iterations"] = k
                        at = impl.gradient_descent(X, y, learning_rate="safe", **how)
                        _, g_w, g_b = impl.gradient(X, y, at.w, at.b, sample_weight=s)
                        g = [g / total + l2 * w for g, w in zip(g_w, at.w, strict=True)]
                        gain = rate / 2 * sum(v * v for v in [*g, g_b / total])
                        assert fit.losses[k + 1] <= fit.losses[k] - gain + 1e-14


def test_the_safe_learning_rate(impl):
    check_safe(impl)


def test_descent_arrives_where_newton_does(impl):
    X, y, s = table(np.random.default_rng(12), 30, 2, weighted=True)
    for l2 in (0.0, 0.05):
        slow = impl.gradient_descent(
            X, y, learning_rate="safe", iterations=5000, tolerance=1e-9, l2=l2, sample_weight=s
        )
        fast = impl.newton(X, y, l2=l2, sample_weight=s)
        assert slow.status == fast.status == "converged"
        assert slow.iterations > 10 * fast.iterations
        assert lre([*slow.w, slow.b], [*fast.w, fast.b]) > 6
