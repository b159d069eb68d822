"""The units that columns are given, at the ends of the floats; and the bound on a step's moves."""

import mpmath
import numpy as np
import pytest
from helpers.fits import METHODS, problem
from helpers.oracle_second_order import lre
from mpmath import mpf

import pyref
from pyref.fit.samples import reach_at_most, standardised


def samples_of(impl, X, y, l2=0.0):
    """The samples in standard units, as a fit has them."""
    if impl is pyref:
        return standardised(X, y, None, len(X), l2)
    from pyref.compiled import buffers, samples

    return samples.Samples(
        buffers.table(np.array(X)), buffers.labels(np.array(y), len(X)), None, len(X), l2, 1
    )


NARROW = [(1e-300, 1e-20), (1e-250, 1e-200), (1e-250, 1.0), (1e-200, 1.0), (1e-200, 1e20)]
NARROW += [(1e-120, 1e-20), (1e-120, 1.0), (1e-120, 1e20), (1e-20, 1e200)]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("unit", "l2"), NARROW)
def test_a_narrow_column_and_a_penalty(impl, method, unit, l2):
    """The penalty in the column's own unit would be infinite. Where it leaves next to nothing of
    the weight, the optimum is known: p is the mean of y, and w what the penalty allows."""
    x, y = [1.0, 2.0, 5.0, 3.0, 2.5], [0, 1, 0, 1, 1]
    fit = getattr(impl, method)([[unit * x_i] for x_i in x], y, l2=l2)
    assert fit.status == "converged"
    pulls = [(mpf(y_i) - mpf(3) / 5) * mpf(x_i) for x_i, y_i in zip(x, y, strict=True)]
    w = mpf(unit) * mpmath.fsum(pulls) / 5 / mpf(l2)
    if unit >= 1e-200:
        assert lre([fit.w[0]], [w]) > (8 if method == "newton" else 5)
    else:  # in the column's unit that is no float: it may be lost, as long as it does not matter
        assert abs(fit.w[0] - w) <= abs(w) * (1 + mpf("1e-5"))
    assert lre([fit.b], [mpmath.log(mpf(3) / 2)]) > 9
    assert lre([fit.log_likelihood], [3 * mpmath.log(mpf(3) / 5) + 2 * mpmath.log(mpf(2) / 5)]) > 12


def test_no_score_moves_further_than_the_bound(impl):
    """And the bound is reached where one row has the largest value of each column."""
    rng = np.random.default_rng(8)
    for seed in range(5):
        X, y, _ = problem(20, 3, seed)
        samples = samples_of(impl, X.tolist(), y.tolist())
        for _ in range(20):
            v = rng.normal(size=4).tolist()
            assert samples.reach(v) <= reach_at_most(samples, v) * (1 + 1e-15)
            assert samples.reach(v) == samples.reach([-v_j for v_j in v])
        assert reach_at_most(samples, [0.0, 0.0, 0.0, -3.0]) == 3.0
        assert reach_at_most(samples, [0.0, 2.0, 0.0, 0.0]) == pytest.approx(
            samples.reach([0.0, 2.0, 0.0, 0.0]), rel=1e-14
        )
