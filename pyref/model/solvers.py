"""The ways to fit: which one "auto" takes, how each is called, and how its end is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..front import checks
from ..front.optimum import MEMORY
from .labels import shown

SOLVERS = ("auto", "newton", "lbfgs", "gradient_descent")

# Up to this many parameters "auto" takes Newton's method, beyond it L-BFGS. (A Newton step
# costs about parameters^2 / 2 multiplications a row and parameters^3 / 6 to solve for it, in
# Python where that is the backend; an L-BFGS iteration 2 parameters a row.)
MOST_FOR_NEWTON = 300

# What a solver uses where iterations and tolerance are None. Gradient descent's tolerance is
# one that it can be expected to reach.
ITERATIONS = {"newton": 100, "lbfgs": 1000, "gradient_descent": 10_000}
TOLERANCE = {"newton": 1e-10, "lbfgs": 1e-10, "gradient_descent": 1e-6}

METHODS = {
    "newton": "Newton's method",
    "lbfgs": "L-BFGS",
    "gradient_descent": "gradient descent",
}

# Every status a fit can end with, in words for people.
ENDINGS = {
    "converged": "converged",
    "iterations": "not converged",
    "separable": "separable",
    "undecided": "not decided",
    "diverged": "diverged",
}


def chosen(solver: str, parameters: int) -> str:
    """The solver that does the work where there are so many parameters."""
    if solver != "auto":
        return solver
    return "newton" if parameters <= MOST_FOR_NEWTON else "lbfgs"


def solve(
    module: Any,
    X: Any,
    y: Any,
    C: int,
    w: Any,
    b: Any,
    solver: str,
    options: dict[str, Any],
    of_descent: dict[str, Any],
    threads: dict[str, Any],
) -> Any:
    """The fit of C classes from (w, b) on. `of_descent` is for gradient descent alone."""
    if solver == "gradient_descent":
        options = {**options, **of_descent}
        if C == 2:
            return module.gradient_descent(X, y, w=w, b=b, **options, **threads)
        return module.softmax_descent(X, y, classes=C, W=w, b=b, **options, **threads)
    newton = solver == "newton"
    if C == 2:
        method = module.newton if newton else module.lbfgs
        return method(X, y, w=w, b=b, **options, **threads)
    return softmax_optimum(module, X, y, C, W=w, b=b, newton=newton, **threads, **options)


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
    threads: int | None = None,
    callback: Any = None,
) -> Any:
    """The (W, b) with the lowest F: by Newton's method, or by L-BFGS. As in chapter 3.

    X is a table as `module` reads it, y class numbers of C classes, W d rows of C and b C
    numbers. Status, losses, callback and errors are those of `newton`; there are no standard
    errors.
    """
    tolerance = checks.not_negative(tolerance, "tolerance")
    d = len(X[0]) if isinstance(X, list) else X.shape[1]
    if W is None:
        W, b = [[0.0] * C for _ in range(d)], [0.0] * C
    return module.FRONT.engine.class_optimum(
        newton, X, y, sample_weight, C, MEMORY, W, b, l2, tolerance, iterations, callback, threads
    )


def left_out(classes: Sequence[Any], totals: Sequence[float]) -> str:
    """What is to be said of classes that weigh 0 in all; "" if there is none."""
    names = [shown(label) for label, total in zip(classes, totals) if not total]
    if not names:
        return ""
    if len(names) == 1:
        return f" The class {names[0]} has no weight, and is left out: its rows are not there."
    some = ", ".join(names[:5]) + ", ..." * (len(names) > 5)
    return f" The classes {some} have no weight, and are left out: their rows are not there."


# Of a descent whose loss is finite and higher than where it began.
RISING = (
    "After {} iterations the loss is higher than at the beginning: the learning rate is too large"
    " for these data. Give learning_rate='safe', or a smaller one."
)


def rises(status: str, solver: str, losses: Sequence[float]) -> bool:
    """Whether a descent runs away, though not yet beyond the range of numbers."""
    descends = status == "iterations" and solver == "gradient_descent"
    return descends and len(losses) > 1 and losses[-1] > losses[0]


def reason(
    status: str,
    solver: str,
    iterations: int,
    stopped: bool,
    all_made: bool,
    losses: Sequence[float],
    l2: float = 0.0,
) -> str:
    """Why a fit ended with this status, in words, with the cure.

    `stopped`: the callback stopped it. `all_made`: it made as many iterations as it was allowed.
    """
    if status == "converged" and solver == "gradient_descent" and not l2:
        return (
            "The gradient is zero to within the tolerance. Gradient descent does not ask whether"
            " there is an optimum: solver='newton' does."
        )
    if status == "converged":
        return "The gradient is zero to within the tolerance: this is the optimum."
    if status == "separable":
        return (
            "There is no optimum: a combination of the features tells some classes apart"
            " without a mistake, so that ever larger coefficients fit ever better. These are"
            " where the run stood when that was seen, and their size means nothing. Give"
            " l2 > 0, or more data."
        )
    if status == "diverged":
        return (
            "The next step would have left the range of numbers: the learning rate is too"
            " large for these data. Give learning_rate='safe', or standardise the columns."
        )
    if status == "undecided":
        return (
            "No lower loss is in sight, but whether there is an optimum is not decided: the search"
            " for a proof has spent its budget. If there is none, the size of these coefficients"
            " means nothing. Give l2 > 0, or more data."
        )
    if stopped:
        return "The callback stopped the run before the gradient was zero: this is no optimum."
    if rises(status, solver, losses):
        return RISING.format(iterations)
    if all_made:
        cure = "Give more iterations"
        if solver == "gradient_descent":
            cure = "Standardise the columns, give more iterations, or take solver='newton'"
        return (
            f"All {iterations} iterations were made before the gradient was zero to within the"
            f" tolerance: this is no optimum yet. {cure}."
        )
    return (
        "Rounding allows no lower loss, and it is not certain that there is an optimum: the"
        " classes overlap by little, or not at all. Give l2 > 0, or more data."
    )
