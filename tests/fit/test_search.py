"""How far to go along a step, on objectives of one number; and steps without a good Hessian."""

import math
import random

import pytest

from pyref.fit.search import Point, bottom_of_parabola, first_guess, line_search, newton_step
from pyref.fit.separation import Budget, conjugate_gradients
from pyref.second_order import dot


def searched(F, slope, step=1.0, further=bottom_of_parabola):
    """(where the search from 0 ends, the places it has looked at)."""
    seen = []

    def objective(theta):
        seen.append(theta[0])
        return Point(theta, F(theta[0]), [slope(theta[0])], None, F(theta[0]))

    found = line_search(objective, Point([0.0], F(0.0), [slope(0.0)], None, 0.0), [step], further)
    return None if found is None else found.theta[0], seen


def parabola(bottom, curvature=1.0):
    return (
        lambda x: curvature * (x - bottom) ** 2 / 2 + 1,
        lambda x: curvature * (x - bottom),
    )


@pytest.mark.parametrize("bottom", [10.5, 37.0, 99.0])
def test_the_bottom_of_a_parabola_is_found_at_once(bottom):
    assert searched(*parabola(bottom)) == (pytest.approx(bottom), [1.0, pytest.approx(bottom)])


def test_a_search_goes_a_good_way_on_where_nothing_bends():
    end, seen = searched(
        lambda x: math.log1p(math.exp(-x / 1e5)), lambda x: -1e-5 / (1 + math.exp(x / 1e5))
    )
    assert seen[:3] == [1.0, 100.0, 10000.0]
    assert (end, len(seen)) == (seen[3], 4)


def test_a_search_goes_at_least_twice_as_far():
    """Just short of far enough, the parabola would have it creep on."""
    _, seen = searched(*parabola(10.5))
    assert seen[1] == pytest.approx(10.5)
    slow = searched(lambda x: -x + x**2 / 25, lambda x: -1 + 2 * x / 25)
    assert slow[1][1] == pytest.approx(12.5)
    assert bottom_of_parabola(4.0, -1.0, -0.2) == 8.0


def test_a_search_goes_at_most_a_hundred_times_as_far():
    _, seen = searched(*parabola(1000.0))
    assert seen[:2] == [1.0, 100.0]
    assert bottom_of_parabola(2.0, -1.0, -1.0 + 1e-9) == 200.0
    assert bottom_of_parabola(2.0, -1.0, -1.5) == 200.0  # it bends the other way


def test_a_search_halves_between_too_near_and_too_far():
    end, seen = searched(lambda x: -x if x < 60 else math.inf, lambda x: -1.0 if x < 40 else 0.0)
    assert (end, seen) == (50.5, [1.0, 100.0, 50.5])


def test_a_step_a_million_million_times_too_long():
    end, seen = searched(*parabola(1e-12, 1e12))
    assert 0 < end < 2e-12
    assert 35 < len(seen) < 45


def test_a_search_into_a_wall_ends_with_nothing():
    end, seen = searched(lambda x: math.inf if x else 1.0, lambda x: -1.0)
    assert end is None
    assert len(seen) == 60


def test_no_search_goes_uphill():
    """Nor where F is flat: tiny steps would be taken for a fall that rounding hides."""
    assert searched(*parabola(-1.0)) == (None, [])
    assert searched(*parabola(0.0)) == (None, [])


def test_a_fall_that_rounding_hides_is_known_by_the_gradient():
    """F is the same number on both sides; the gradient is a tenth."""
    end, seen = searched(lambda x: 1.0, lambda x: 0.1 * 1e-9 if x == 1.0 else -1e-9)
    assert (end, seen) == (1.0, [1.0])
    end, _ = searched(lambda x: 1.0, lambda x: 1e-9 if x else -1e-9)  # as steep there: too far
    assert end < 1e-3
    end, _ = searched(lambda x: 1.0 + 1e-6 * (x > 0), lambda x: 1e-10 if x else -1e-9)
    assert end is None  # a rise that can be seen


def test_the_guess_agrees_with_the_newest_pair():
    pairs = [([1.0, 2.0], [5.0, 5.0]), ([0.5, 1.0], [2.0, 4.0])]
    product = first_guess(pairs, [0.0, 0.0], dot)
    assert product([2.0, 4.0]) == pytest.approx([0.5, 1.0])
    assert first_guess([], [0.0, 0.75], dot)([1.0, 1.0]) == pytest.approx([2.0, 0.5])
    # a turn whose square is no float says nothing about the size
    assert first_guess([([1.0, 0.0], [1e-170, 0.0])], [0.0, 0.0], dot)([1.0, 0.0]) == [2.0, 0.0]


def test_equations_without_a_solution_are_given_up():
    assert conjugate_gradients(lambda v: [0.0, 0.0], [1.0, 0.0], Budget(1)) == ([0.0, 0.0], False)
    v, solved = conjugate_gradients(lambda v: [2 * v[0], 5 * v[1]], [4.0, 10.0], Budget(1))
    assert (v, solved) == (pytest.approx([2.0, 2.0]), True)


def test_a_step_where_hess_is_no_number():
    def triangle(hess, shift):
        return None

    assert newton_step([[math.nan]], [3.0], triangle, None) == ([-3.0], None)


@pytest.mark.parametrize("l2", [1e-16, 1e-12])
def test_dependent_columns_and_a_penalty_that_rounding_hides(impl, l2):
    """The Hessian has no triangle then; a little is added to its diagonal."""
    rng = random.Random(4)
    for k in range(8):
        X = [[t := rng.gauss(0, 1), 2 * t + 1, rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(30)]
        if k % 2:
            X = [[*x, x[2] + x[3]] for x in X]
        y = [float(rng.random() < 0.5) for _ in X]
        fit = impl.newton(X, y, l2=l2)
        assert fit.status == "converged"
        assert fit.iterations <= 15
