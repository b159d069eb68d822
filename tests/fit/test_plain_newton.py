"""The lesson's Newton, a dozen lines, beside the safe fit: the same answer wherever both end."""

import random

import numpy as np
import pytest
from helpers.fits import table
from helpers.oracle_second_order import lre, optimum
from test_separable import small_table

from pyref import second_order


def digits(answer, fit):
    """How many digits of (w, b) agree, relative to the largest."""
    w, b, _, _ = answer
    values, wanted = [*w, b], [*fit.w, fit.b]
    off = max(abs(value - want) for value, want in zip(values, wanted, strict=True))
    return -np.log10(max(off / max(map(abs, wanted)), 1e-17))


def test_both_give_the_same_answer(impl):
    rng, draw, ended = random.Random("plain and safe"), np.random.default_rng(13), 0
    for k in range(240):
        X, y = small_table(rng) if k % 4 else table(draw, 20 + k, 1 + k % 5, soft=k % 8 == 0)[:2]
        plain = second_order.newton(X, y)
        if plain is None:
            continue
        fit = impl.newton(X, y)
        assert fit.status == "converged"
        assert digits(plain, fit) > 12.5
        # the lesson's hess is that of one step before the end
        assert lre(second_order.standard_errors(plain[2]), list(fit.standard_errors)) > 8
        ended += 1
    assert ended >= 100


LOST = {
    "too far to begin with": (
        [[1], [2], [3], [4], [5], [6], [7], [8]], [0, 0, 1, 0, 1, 0, 1, 1], {"w": [2.0]},
    ),
    "years close together": (
        [[2000 + t / 1000] for t in range(8)], [0, 0, 1, 0, 1, 0, 1, 1], {},
    ),
    "two outliers, between which whole steps go back and forth": (
        [[-1, -59], [27, -2], [3, 3], [-3, 1], [-2, 1], [-6, -3]], [1, 0, 0, 0, 1, 1], {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LOST)
def test_where_plain_newton_is_lost_and_the_safe_fit_is_not(impl, name):
    X, y, start = LOST[name]
    assert second_order.newton(X, y, **start) is None
    fit = impl.newton(X, y, **start)
    assert fit.status == "converged"
    assert lre([*fit.w, fit.b], optimum(X, y).parameters) >= 9


def test_squares_that_are_no_floats(impl):
    far, unit = 2.0**600, [[1.0], [-1.0], [0.0], [0.125]]
    X, y = [[far * x] for (x,) in unit], [0, 1, 0, 1]
    assert second_order.newton(X, y) is None
    fit, truth = impl.newton(X, y), optimum(unit, y)
    assert fit.status == "converged"
    assert lre([fit.w[0] * far, fit.b], truth.parameters) >= 9


def test_where_there_is_no_single_answer(impl):
    """Then the lesson says nothing, and the safe fit says why."""
    X, y = [[1], [2], [3], [4], [5]], [0, 0, 0, 1, 1]
    assert second_order.newton(X, y) is None
    assert impl.newton(X, y).status == "separable"
    X = [[1, 2], [2, 4], [4, 8], [3, 6]]
    assert second_order.newton(X, [0, 1, 0, 1]) is None
    with pytest.raises(ValueError, match="column 1 of X is a combination"):
        impl.newton(X, [0, 1, 0, 1])
