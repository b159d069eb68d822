"""What the tests of the fits share: tables that are not separable, and how fits are compared."""

import math

import numpy as np

from .oracle_second_order import lre_of_sums

INF, NAN = math.inf, math.nan
DIGITS = 10  # right digits asked of w, b, standard errors and log-likelihood
METHODS = ("newton", "lbfgs")

# Four samples, not separable: what the shorter tests use.
X4, Y4 = [[1.0], [2.0], [3.0], [4.0]], [0, 1, 0, 1]


def table(rng, n, d, soft=False, weighted=False):
    """A random problem that is not separable: X, y, s."""
    X = rng.normal(size=(n, d)) * rng.uniform(0.5, 2, size=d) + rng.normal(size=d)
    p = 1 / (1 + np.exp(-(X @ rng.normal(size=d)) / math.sqrt(d)))
    y = rng.binomial(5, p) / 5 if soft else (rng.random(n) < p).astype(float)
    s = rng.integers(0, 5, size=n).astype(float) if weighted else None
    return X.tolist(), y.tolist(), None if s is None else s.tolist()


def problem(n, d, seed=0, soft=False, weighted=False):
    """A problem that is not separable once n is some times d: X, y, s."""
    rng = np.random.default_rng([n, d, seed])
    X = rng.normal(size=(n, d)) * rng.uniform(0.5, 2, size=d) + rng.normal(size=d)
    p = 1 / (1 + np.exp(-(X @ rng.normal(size=d)) / np.sqrt(d)))
    y = rng.binomial(5, p) / 5 if soft else (rng.random(n) < p).astype(float)
    s = rng.integers(0, 4, size=n).astype(float) if weighted else None
    return X, y, s


def parts(fit):
    """A fit as a tuple of plain numbers, the same for both implementations."""
    errors = fit.standard_errors
    return (
        *(list(fit.w), fit.b, list(fit.losses), fit.iterations, fit.status),
        *(None if errors is None else list(errors), fit.log_likelihood),
    )


def digits(values, others):
    """Right digits of vectors, relative to their largest entry; 16 if there is none."""
    if not len(others) or not any(others):
        return 16 if list(values) == list(others) else 0
    return lre_of_sums(list(values), list(others))
