"""The loss over (a, b): the contours are the loss, and the paths are the chapter's descent."""

import math

import numpy as np
import pytest
from helpers import axes
from helpers.axes import CHALLENGER, FIVE, by_label, new_axes, words

import pyref
from pyref import pictures
from pyref.pictures import surfaces

# fixtures
ax = axes.ax
nothing_left_behind = axes.nothing_left_behind


@pytest.mark.parametrize("momentum", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("data", [FIVE, CHALLENGER], ids=["five points", "challenger"])
def test_the_path_is_that_of_the_chapter_to_the_bit(data, momentum):
    path = pictures.descent_path(*data, iterations=300, momentum=momentum, learning_rate=0.03)
    assert len(path) == 301
    for k in (0, 1, 2, 17, 150, 300):
        assert path[k] == pyref.gradient_descent_logistic(
            *data, learning_rate=0.03, iterations=k, momentum=momentum
        )


def test_a_path_that_diverges_ends_with_the_last_finite_step():
    big = {"learning_rate": 1e200, "momentum": 1e200, "iterations": 50}
    path = pictures.descent_path(*FIVE, **big)
    assert 1 < len(path) < 51
    assert np.isfinite(path).all()
    assert path[-1] == pyref.gradient_descent_logistic(*FIVE, **big)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"learning_rate": 0}, "learning_rate is 0.0: give a positive, finite number"),
        ({"iterations": -1}, "iterations is -1"),
        ({"momentum": -1}, "momentum is -1.0"),
        ({"y": [2] * 5}, r"y\[0\] is 2.0"),
        ({"x": [math.inf] * 5}, r"x\[0\] is inf"),
    ],
)
def test_a_path_refuses_what_the_descent_refuses(changes, message):
    call = {"x": FIVE[0], "y": FIVE[1], **changes}
    with pytest.raises(ValueError, match=message):
        pictures.descent_path(**call)
    with pytest.raises(ValueError, match=message):
        pyref.gradient_descent_logistic(**call)


def mean_loss(x, y, points):
    z = np.outer(points[:, 0], x) + points[:, 1:]
    return np.where(np.array(y) == 1, np.logaddexp(0, -z), np.logaddexp(0, z)).mean(axis=1)


def lines_of_surface(ax):
    """{level: vertices} of the contour lines."""
    (lines,) = [c for c in ax.collections if hasattr(c, "levels") and not c.filled]
    paths = zip(lines.levels, lines.get_paths(), strict=True)
    return {10**level: path.vertices for level, path in paths if len(path.vertices)}


@pytest.mark.parametrize(
    ("data", "momentum"), [(FIVE, 0.0), (FIVE, 1.0), (CHALLENGER, 0.0)], ids=str
)
def test_the_contours_are_those_of_the_loss(ax, data, momentum):
    rate = 0.1 if data is FIVE else 0.0005
    path = pictures.descent_path(*data, momentum=momentum, learning_rate=rate)
    pictures.loss_surface(*data, paths={"path": path}, ax=ax)
    lines = lines_of_surface(ax)
    assert len(lines) >= 3
    for level, vertices in lines.items():
        losses = mean_loss(*data, vertices)
        # Between two points of the grid the logarithm counts as linear.
        assert np.median(np.abs(np.log(losses / level))) < 0.02
        assert np.abs(np.log(losses / level)).max() < 0.5


def test_the_colour_bar_names_the_contours(ax):
    pictures.loss_surface(*FIVE, a_limits=(0, 2), b_limits=(-6, 0), ax=ax)
    _, bar = ax.figure.axes
    ax.figure.canvas.draw()
    names = [float(label.get_text()) for label in bar.get_yticklabels()]
    assert names == pytest.approx([10**level for level in bar.get_yticks()])
    assert sorted(lines_of_surface(ax)) == pytest.approx(sorted(names))
    assert bar.get_ylabel() == "mean loss"
    alone = new_axes()
    pictures.loss_surface(*FIVE, a_limits=(0, 2), b_limits=(-6, 0), ax=alone, colorbar=False)
    assert alone.figure.axes == [alone]


def test_darker_is_higher(ax):
    pictures.loss_surface(*FIVE, a_limits=(0, 2), b_limits=(-6, 0), ax=ax)
    (fill,) = [c for c in ax.collections if hasattr(c, "levels") and c.filled]
    greys = fill.get_facecolor()[:, :3].mean(axis=1)
    assert (np.diff(greys) < 0).all()


def test_paths_their_starts_and_their_ends(ax):
    paths = {f"momentum {m}": pictures.descent_path(*FIVE, momentum=m) for m in (0.0, 0.9)}
    pictures.loss_surface(*FIVE, paths=paths, ax=ax)
    for name, path in paths.items():
        assert by_label(ax.get_lines(), name).get_xydata().tolist() == list(map(list, path))
    assert by_label(ax.get_lines(), "start").get_xydata().tolist() == [[0, 0]]
    ends = by_label(ax.get_lines(), "end").get_xydata().tolist()
    assert ends == [list(path[-1]) for path in paths.values()]
    assert words(ax) == ["momentum 0.0", "momentum 0.9", "start", "end"]
    looks = {(line.get_color(), line.get_linestyle()) for line in ax.get_lines()[:2]}
    assert len(looks) == 2
    (a0, a1), (b0, b1) = ax.get_xlim(), ax.get_ylim()
    for path in paths.values():
        assert all(a0 < a < a1 and b0 < b < b1 for a, b in path)


def test_limits_as_given(ax):
    path = pictures.descent_path(*FIVE, iterations=10)
    pictures.loss_surface(*FIVE, paths={"p": path}, a_limits=(-1, 4), ax=ax, color="red", lw=4)
    assert ax.get_xlim() == (-1, 4)
    assert ax.get_ylim()[0] < path[-1][1]
    line = by_label(ax.get_lines(), "p")
    assert (line.get_color(), line.get_linewidth()) == ("red", 4)


def test_a_surface_without_paths_has_no_legend(ax):
    pictures.loss_surface(*FIVE, a_limits=(0, 2), b_limits=(-6, 0), ax=ax)
    assert ax.get_legend() is None


def test_a_path_of_one_point(ax):
    pictures.loss_surface(*FIVE, paths={"p": [(1, 2)]}, ax=ax)
    assert ax.get_xlim() == (0, 2)
    assert ax.get_ylim() == (1, 3)


@pytest.mark.parametrize("low", [1e-300, 1e-19, 0.0123, 0.5, 0.693, 7.0])
@pytest.mark.parametrize("ratio", [1 + 1e-9, 1.001, 1.3, 2, 7, 50, 999, 2e4, 1e9, 1e25, 1e299])
def test_levels_are_few_and_inside(low, ratio):
    levels = surfaces.levels_between(low, low * ratio)
    assert 3 <= len(levels) <= 15
    assert levels == sorted(set(levels))
    assert low < levels[0]
    assert levels[-1] < low * ratio


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"a_limits": None}, ValueError, r"nothing says which \(a, b\) to show: give paths, or a_"),
        ({"a_limits": (1, 1)}, ValueError, r"a_limits is \(1.0, 1.0\): give the lower end first"),
        ({"b_limits": (0, 1, 2)}, ValueError, "b_limits has length 3: give the two ends"),
        ({"b_limits": (0, math.inf)}, ValueError, "b_limits is inf: give a finite number"),
        ({"a_limits": (0, 1e308), "x": [10, 1]}, ValueError, "give nearer limits"),
        ({"paths": [(0, 0)]}, TypeError, "paths is a list: give a dict of names and paths"),
        ({"paths": {"p": []}}, ValueError, r"paths\['p'\] is empty"),
        ({"paths": {"p": [(1, 2, 3)]}}, ValueError, r"paths\['p'\]\[0\] has 3 numbers: give pairs"),
        ({"paths": {"p": [(0, math.nan)]}}, ValueError, r"paths\['p'\]\[0\]\[1\] is nan"),
        ({"y": [0]}, ValueError, "y has length 1, but there are 2 samples"),
        ({"y": [0, -1]}, ValueError, r"y\[1\] is -1.0"),
        ({"x": [math.nan, 1]}, ValueError, r"x\[0\] is nan"),
    ],
)
def test_a_surface_that_cannot_be_drawn(changes, error, message):
    call = {"x": [1, 2], "y": [0, 1], "a_limits": (0, 1), "b_limits": (0, 1), **changes}
    with np.errstate(all="ignore"), pytest.raises(error, match=message):
        pictures.loss_surface(**call)
