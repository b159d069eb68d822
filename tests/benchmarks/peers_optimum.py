"""To the optimum in other libraries: the (w, b) at which the mean loss, and l2/2 |w|^2, is lowest.

Every peer is driven until no entry of the mean gradient exceeds 1e-10, by its own tolerance: the
loosest of TOLERANCES that gets it there. What it has reached is in its note; one that stops
earlier whatever it is told competes all the same, with what it has reached. All have an
intercept that is not penalised.
"""

import warnings
from typing import Any, NamedTuple

import numpy as np

GOAL = 1e-10
TOLERANCES = (1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13)
BLOCK = 1 << 22  # numbers of X at a time


class Fit(NamedTuple):
    """Where a peer has arrived."""

    w: Any
    b: float


def steepest(problem, fit):
    """The largest entry of the mean gradient, in blocks of rows so that memory stays free."""
    X, y, l2 = problem.X, problem.y, problem.l2
    w, b = np.asarray(fit.w, float).ravel(), float(np.asarray(fit.b).ravel()[0])
    n, d = X.shape
    grad = np.zeros(d + 1)
    for i in range(0, n, max(1, BLOCK // d)):
        j = min(n, i + max(1, BLOCK // d))
        z = X[i:j] @ w + b
        e = np.exp(-abs(z))
        r = np.where(z >= 0, 1, e) / (1 + e) - y[i:j]
        grad[:d] += X[i:j].T @ r
        grad[d] += r.sum()
    grad /= n
    grad[:d] += l2 * w
    return abs(grad).max()


def driven(problem, name, fit):
    """The one variant of a peer: with the loosest tolerance that reaches the goal, or the best."""
    tried = []
    for tolerance in TOLERANCES:
        reached = steepest(problem, fit(tolerance))
        tried.append((reached, tolerance))
        if reached <= GOAL:
            break
    else:
        reached, tolerance = min(tried)
    yield f"{name}tolerance {tolerance:.0e}, mean gradient {reached:.1e}", lambda: fit(tolerance)


def scikit_learn(solver):
    """LogisticRegression with one of its solvers."""

    def peer(problem):
        from sklearn.linear_model import LogisticRegression

        n = len(problem.y)
        # its objective is C * summed loss + |w|^2 / 2
        C = 1 / (problem.l2 * n) if problem.l2 else np.inf

        def fit(tolerance):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model = LogisticRegression(C=C, solver=solver, tol=tolerance, max_iter=10_000)
                model.fit(problem.X, problem.y)
            return Fit(model.coef_[0], model.intercept_[0])

        yield from driven(problem, "", fit)

    return peer


def glum(problem):
    """GeneralizedLinearRegressor, iteratively reweighted least squares."""
    from glum import GeneralizedLinearRegressor

    def fit(tolerance):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = GeneralizedLinearRegressor(
                family="binomial", alpha=problem.l2, l1_ratio=0, solver="irls-ls",
                gradient_tol=tolerance, max_iter=1000,
            )  # fmt: skip
            model.fit(problem.X, problem.y)
        return Fit(model.coef_, model.intercept_)

    yield from driven(problem, "irls-ls, ", fit)


def statsmodels(problem):
    """Logit by Newton's method; the column of ones is added before the clock starts."""
    import statsmodels.api as sm

    if problem.l2:
        raise ImportError("its Logit has no L2 penalty that leaves the intercept alone")
    model = sm.Logit(problem.y, np.column_stack([problem.X, np.ones(len(problem.y))]))

    def fit(tolerance):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = model.fit(method="newton", tol=tolerance, maxiter=100, disp=False)
        return Fit(found.params[:-1], found.params[-1])

    yield from driven(problem, "newton, ", fit)


PEERS = {
    "scikit-learn lbfgs": scikit_learn("lbfgs"),
    "scikit-learn newton-cholesky": scikit_learn("newton-cholesky"),
    "glum": glum,
    "statsmodels": statsmodels,
}
WIDE_PEERS = {"scikit-learn lbfgs": PEERS["scikit-learn lbfgs"]}
DISTRIBUTIONS = ("glum", "statsmodels")
