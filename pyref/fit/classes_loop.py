"""To the optimum of softmax regression: the loop of optimum.py for C classes.

Also which columns are no combination of others: a fit without a penalty has no optimum if one is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from ..front import checks
from ..front.checks import Newton
from ..second_order import dot, lbfgs_step, plus, solve
from .basis import SUSPICIOUS, refusal
from .classes import MOST_PARAMETERS, Problem, Vector, moved
from .classes_separation import balanced, fate, sure_of_all
from .optimum import PATIENCE
from .samples import triangle
from .search import first_guess, line_search, newton_step

MEMORY = 10  # pairs that L-BFGS keeps


def softmax_optimum(
    module: Any,
    X: Any,
    y: Any,
    C: int,
    *,
    W: Any = None,
    b: Any = None,
    l2: float = 0.0,
    sample_weight: Any = None,
    tolerance: Any = 1e-10,
    iterations: int = 100,
    newton: bool = True,
    threads: dict[str, Any] | None = None,
    callback: Callable[[int, float], object] | None = None,
) -> Newton:
    """The (W, b) with the lowest F: by Newton's method, or by L-BFGS. As in chapter 3.

    X is a table as `module` reads it, y class numbers of C classes, W d rows of C and b C
    numbers. Status, losses, callback and errors are those of chapter 3's `newton`; there are no
    standard errors. Beyond 300 parameters, and for tables of tens of millions of numbers,
    nothing proves that there is an optimum if l2 is 0: the status is then "iterations".
    """
    tolerance = checks.not_negative(tolerance, "tolerance")
    problem = Problem(module, X, y, C, l2, sample_weight, threads or {})
    if newton and not l2 and (problem.far or problem.least_own() < SUSPICIOUS):
        lost, basis, Q = problem.engine.told_apart(X, sample_weight, problem.threads.get("threads"))
        if lost:
            raise refusal(None, lost, min(lost))
        if basis is not None:
            if W is not None:
                W, b = in_rows([basis.theta(list(w), b_c) for w, b_c in zip(zip(*W), b)])
            fit: Any = softmax_optimum(
                module, Q, y, C, W=W, b=b, sample_weight=sample_weight, tolerance=tolerance,
                iterations=iterations, threads=threads, callback=callback,
            )  # fmt: skip
            columns = [basis.raw([*w, b_c]) for w, b_c in zip(zip(*fit.w), fit.b)]
            W, b = in_rows([[*w, b_c] for w, b_c in columns])
            return Newton(W, b, *fit[2:])
    if problem.far:
        origin = problem.origin()
        if any(origin):
            if W is not None:
                b = [b_c + dot(origin, column) for b_c, column in zip(b, zip(*W))]
            fit = softmax_optimum(
                module, moved(X, origin), y, C, W=W, b=b, l2=l2, sample_weight=sample_weight,
                tolerance=tolerance, iterations=iterations, newton=newton, threads=threads,
                callback=callback,
            )  # fmt: skip
            b = [b_c - dot(origin, column) for b_c, column in zip(fit.b, zip(*fit.w))]
            return Newton(fit.w, b, *fit[2:])
    size = (C - 1) * problem.m
    small = size <= MOST_PARAMETERS
    here = problem.objective([0.0] * size)
    if W is not None:
        given = problem.objective(problem.phi(W, b))
        if given.F < here.F:
            here = given

    phi = here.theta
    losses: Vector = []
    pairs: list[tuple[Vector, Vector]] = []
    has_optimum: bool | None = True if l2 else None
    asked = stuck = False
    status: Literal["converged", "iterations", "separable"]
    ridge = problem.ridge()
    while True:
        F, grad = here.F, here.grad
        k = len(losses)
        flat = max([abs(g) for g in grad]) <= tolerance
        last = stuck or k == iterations
        ps: list[Any] = []
        exact = False
        if newton or (flat and has_optimum is None and small):
            ps = problem.probabilities(phi)
            step, T = newton_step(problem.hessian(ps), grad, triangle, solve)
            exact = T is not None
        if not newton and not exact:
            step = lbfgs_step(pairs, grad, first_guess(pairs, ridge, dot))
        if has_optimum is None and flat and exact:
            has_optimum = balanced(problem, ps, grad) or None
        if has_optimum is None and not asked and (flat or last or (newton and k >= PATIENCE)):
            has_optimum, asked = fate(problem, phi), True
        elif has_optimum is None and k >= 8 and k & (k - 1) == 0:  # now and then: 8, 16, 32
            has_optimum = False if sure_of_all(problem, phi) else None
        if has_optimum is False:
            status = "separable"
            break
        if flat and has_optimum:
            status = "converged"
            if exact and max([abs(v) for v in step]) < 1e-4:
                phi = plus(phi, 1.0, step)  # squares what error is left
            break
        if last:
            status = "iterations"
            break
        there = line_search(problem.objective, here, step, lambda t, *_: 2 * t)  # twice as far
        if there is None:
            stuck, pairs = newton or not pairs, []
            continue
        change, turn = plus(there.theta, -1.0, phi), plus(there.grad, -1.0, grad)
        if dot(change, turn) > 0:
            pairs = [*pairs, (change, turn)][-MEMORY:]
        losses.append(F)
        phi, here = there.theta, there
        if callback is not None and callback(k, F):
            status = "iterations"
            break
    W, b = problem.raw(phi)
    return Newton(W, b, losses, len(losses), status, None, -here.loss)


def in_rows(classes: list[Vector]) -> tuple[list[Vector], Vector]:
    """(W, b), from w and b of one class after the other."""
    *rows, b = [list(row) for row in zip(*classes)]
    return rows, b


def independent_columns(module: Any, X: Any, s: Any, threads: dict[str, Any]) -> list[int]:
    """The columns of X that are no combination of a constant and of columns before them."""
    lost, _, _ = module.FRONT.engine.told_apart(X, s, threads.get("threads"))
    d = len(X[0]) if isinstance(X, list) else X.shape[1]
    return [j for j in range(d) if j not in lost]
