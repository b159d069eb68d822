"""Chapter 1's three pieces of the chain rule and their product: plain formulas, for reading."""

import math

import mpmath
import numpy as np
import pytest
from helpers import truth
from helpers.compare import EPS, Worst, ulp_error

from pyref import logistic as lesson


def probabilities():
    random = np.random.RandomState(9)
    found = random.rand(400).tolist()
    found += [2.0**-k for k in range(1, 1020, 5)] + [1 - 2.0**-k for k in range(1, 54)]
    found += (10 ** random.uniform(-307, -1, 300)).tolist()
    found += (1 - 10 ** random.uniform(-16, -1, 200)).tolist()
    return sorted({p for p in found if 0 < p < 1})


PIECES = {
    "dL_dp(0, p)": (lambda p: lesson.dL_dp(0, p), lambda p: 1 / (1 - p)),
    "dL_dp(1, p)": (lambda p: lesson.dL_dp(1, p), lambda p: -1 / p),
    "dp_dz(p)": (lesson.dp_dz, lambda p: p * (1 - p)),
}


@pytest.mark.parametrize("name", PIECES)
def test_the_pieces_are_right_to_the_last_units(name):
    call, want = PIECES[name]
    worst = Worst(name)
    with mpmath.workprec(1200):  # 1 - p is exact, for the smallest p too
        for p in probabilities():
            got = call(p)
            worst.see(ulp_error(got, want(mpmath.mpf(p))), f"p = {p!r}, got {got!r}")
    worst.at_most(2, least_seen=1000)


def test_the_first_piece_with_a_soft_label():
    random = np.random.RandomState(10)
    worst = Worst("soft dL_dp", "eps")
    with mpmath.workprec(1200):
        for p in probabilities():
            y = float(random.rand())
            P, Y = mpmath.mpf(p), mpmath.mpf(y)
            down, up = Y / P, (1 - Y) / (1 - P)
            error = abs(lesson.dL_dp(y, p) - (up - down)) / (up + down) / EPS
            worst.see(float(error), f"y = {y!r}, p = {p!r}")
    worst.at_most(2, least_seen=1000)


def test_certain_probabilities():
    """The formula as it stands divides by 0; what the loss does there, it does not say."""
    for y, p in ((0, 0), (1, 1), (1, 0), (0, 1), (0.5, 0), (0.5, 1)):
        with pytest.raises(ZeroDivisionError):
            lesson.dL_dp(y, p)
    assert [lesson.dp_dz(p) for p in (0, 1, 0.5)] == [0, 0, 0.25]


def test_the_third_piece_is_the_feature():
    assert [lesson.dz_da(x) for x in (3, -0.25)] == [3, -0.25]


def test_the_product_of_the_pieces_is_for_reading():
    """dL_da agrees with the collapsed form where p is not yet 0 or 1, and is no use beyond."""
    worst = Worst("dL_da(x, y, a, b)", "eps")
    random = np.random.RandomState(11)
    for _ in range(500):
        x, a, b, y = (*random.uniform(-3, 3, 3).tolist(), float(random.randint(2)))
        with mpmath.workdps(60):
            z = mpmath.mpf(a) * x + b
            want = (1 / (1 + mpmath.exp(-z)) - y) * x
            # 1 - p from a rounded p: an error of eps, next to a 1 - p of at least e^-12 here
            allowed = EPS * 20 * (1 + abs(z)) * (1 + mpmath.exp(abs(z))) * abs(want)
            got = lesson.dL_da(x, y, a, b)
            worst.see(float(abs(got - want) / allowed), f"{(x, y, a, b)}, got {got!r}")
    worst.at_most(1, least_seen=500)
    with pytest.raises(ZeroDivisionError):  # p is 1
        lesson.dL_da(1, 0, 1, 1000)
    assert lesson.residual(0, 1001.0) == 1.0


def test_the_sigmoid_as_printed_is_the_documents():
    """Right where e^-z has a float, if not to 2 units; and that is why it is repaired."""
    worst = Worst("sigmoid_as_printed")
    for z in np.linspace(-700, 700, 2801).tolist():
        worst.see(ulp_error(lesson.sigmoid_as_printed(z), truth.of_score(z).p), f"z = {z!r}")
    worst.at_most(2.5, least_seen=2801)
    with pytest.raises(OverflowError):
        lesson.sigmoid_as_printed(-710.0)
    assert lesson.sigmoid(-710.0) == math.exp(-710.0) > 0
