"""No proof of an optimum where a linear program says that there is none: three and four classes.

Tables of small whole numbers, of which nearly half are separable, many only just. L-BFGS comes to a
flat place on them by itself, and there the balance of forces is all that stands between a table
without an optimum and "converged". (A margin of 1.5 instead of 0.5 lets 25 of the first 700 pass.)
"""

import numpy as np
from helpers.separation import separable

import pyref

# Among these a margin that is too wide is found out several times.
SEEDS = [*range(450, 475), *range(530, 545), *range(570, 580), *range(640, 700)]


def table(seed):
    rng = np.random.default_rng(seed)
    C = 3 + seed % 2
    n, d = rng.integers(2 * C, 5 * C), rng.integers(1, 4)
    X = rng.integers(-3, 4, (n, d)).astype(float)
    y = rng.integers(0, C, n)
    y[:C] = range(C)
    return X.tolist(), y.tolist(), C


def test_no_optimum_is_claimed_where_there_is_none(backend):
    seen = {True: 0, False: 0}
    for seed in SEEDS:
        X, y, C = table(seed)
        model = pyref.LogisticRegression(solver="lbfgs", backend=backend).fit(X, y)
        truth = bool(separable(X, y, C))
        seen[truth] += 1
        assert model.status_ != ("converged" if truth else "separable"), seed
    assert min(seen.values()) > 30
