"""How dots, lines and groups lie over each other, and how they become fainter and smaller."""

import math

import numpy as np
import pytest
from helpers import axes
from helpers.axes import words
from matplotlib.colors import to_rgb

from pyref import pictures
from pyref.pictures import drawing, groups, surfaces

# fixtures
ax = axes.ax
nothing_left_behind = axes.nothing_left_behind


def dots(ax, points, **how):
    """(the dots, the one in the legend, the numbers in dots)"""
    drawing.draw_dots(ax, points, "data", **how)
    drawn, legend = ax.collections
    return drawn, legend, [text.get_text() for text in ax.texts]


@pytest.mark.parametrize(
    ("count", "alpha"), [(1, None), (300, None), (301, 100 / 301), (500, 0.2), (2000, 0.1)]
)
def test_more_than_300_dots_are_seen_through(ax, count, alpha):
    """The fainter the more there are, down to a tenth; the legend's dot is as dark as ever."""
    drawn, legend, _ = dots(ax, [(k, 0.0) for k in range(count)])
    assert drawn.get_alpha() == alpha
    assert drawn.get_linewidths()[0] == (0.7 if alpha is None else 0)
    assert legend.get_alpha() == 1
    assert (drawn.get_label(), legend.get_label()) == ("_data", "data")


@pytest.mark.parametrize(
    ("counts", "sizes"),
    [
        ([1, 1], [36, 36]),
        ([2, 1], [72, 36]),
        ([8, 2], [288, 72]),
        ([9, 3], [300, 100]),
        ([100, 10, 1], [300, 30, 6]),  # none so small that it is not seen
    ],
)
def test_areas_are_in_proportion(ax, counts, sizes):
    """The most frequent first. Numbers stand in dots that were not made smaller."""
    points = [(float(k), 0.0) for k, count in enumerate(counts) for _ in range(count)]
    drawn, _, numbers = dots(ax, points[::-1], counted=True)
    assert drawn.get_sizes().tolist() == pytest.approx(sizes)
    if counts[0] > counts[-1]:
        assert drawn.get_offsets()[:, 0].tolist() == list(range(len(counts)))
    assert numbers == ([str(c) for c in counts if c > 1] if max(counts) < 9 else [])


def test_an_interval_stays_within_0_and_1():
    """Where all are 1, or none, rounding would leave it by a unit in the last place."""
    for n in range(1, 500):
        low, high = groups.wilson(0.0, n)
        assert 0 <= low < 1e-15 < high < 1
        low, high = groups.wilson(1.0, n)
        assert 0 < low < 1 - 1e-15 < high <= 1


@pytest.mark.parametrize("repeated", [40, 41])
def test_not_more_than_40_numbers(ax, repeated):
    points = [(k, 0.0) for k in range(repeated)] * 2
    assert len(dots(ax, points, counted=True)[2]) == (40 if repeated == 40 else 0)


def test_numbers_are_asked_for(ax):
    assert dots(ax, [(0.0, 0.0)] * 3)[2] == []


def test_data_lie_over_the_curve_and_the_mark_over_the_data(ax):
    rng = np.random.default_rng(1)
    x = rng.normal(size=400).tolist()
    y = (rng.random(400) < 0.5).astype(float).tolist()
    pictures.sigmoid_fit(x, y, 1.0, 0.0, ax=ax, at=0.5)
    (curve,) = [line for line in ax.get_lines() if len(line.get_xdata()) > 100]
    shares, mark = ax.containers
    assert curve.get_zorder() < shares.lines[0].get_zorder() < mark.lines[0].get_zorder()
    few = [0.0, 1.0, 2.0, 2.0]
    ax.clear()
    pictures.sigmoid_fit(few, [0, 1, 0, 1], 1.0, 0.0, ax=ax, at=0.5)
    curve, data = ax.get_lines()[0], ax.collections[0]
    assert to_rgb(data.get_facecolor()[0][:3]) == to_rgb("black")
    assert curve.get_zorder() < data.get_zorder() < ax.containers[0].lines[0].get_zorder()


def test_a_covariance_may_be_as_symmetric_as_rounding_leaves_it(ax):
    C = [[0.25, -0.5], [math.nextafter(-0.5, 0), 4.0]]
    pictures.sigmoid_fit([1, 2, 3], [0, 1, 0], 0.5, -1, ax=ax, covariance=C)
    assert "95 % confidence band" in words(ax)
    C[1][0] = -0.5 * (1 - 1e-8)
    with pytest.raises(ValueError, match="covariance is not symmetric"):
        pictures.sigmoid_fit([1, 2, 3], [0, 1, 0], 0.5, -1, ax=ax, covariance=C)


@pytest.mark.parametrize(
    ("losses", "marked"),
    [
        ([1.0, math.inf, 2.0], True),
        ([1.0, math.nan, 2.0, math.nan], True),
        ([1.0], True),
        ([1.0, 2.0, math.inf], False),
        ([math.inf, 1.0, 2.0], False),
    ],
)
def test_losses_without_a_neighbour_get_a_mark(ax, losses, marked):
    """A line alone would show nothing of them."""
    pictures.loss_curve(losses, ax=ax)
    assert ax.get_lines()[0].get_marker() == ("o" if marked else "None")


def test_labels_may_come_one_by_one(ax):
    """An iterator is gone through once, and they are needed three times."""
    pictures.decision_boundary(([1, 1], -1), [[0, 0], [1, 1]], iter([0, 1]), ax=ax)
    assert {drawn.get_label() for drawn in ax.collections} >= {"_0", "_1"}


def test_levels_are_round_over_all_decades():
    want = [factor * 10.0**k for k in (-3, -2, -1, 0) for factor in (1, 2, 5)]
    assert surfaces.levels_between(0.001, 10) == pytest.approx(want[1:], rel=1e-15)
