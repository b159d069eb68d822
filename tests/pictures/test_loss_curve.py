"""The loss curve: what is drawn is what was given, and where a run has diverged."""

import array
import itertools
import math

import numpy as np
import pytest
from helpers import axes
from helpers.axes import new_axes, words

from pyref import documents, pictures
from pyref.pictures import drawing

# fixtures
ax = axes.ax
nothing_left_behind = axes.nothing_left_behind


def test_the_loss_curve_is_the_documents_picture(ax):
    losses = documents.document_000(30)[2]
    pictures.loss_curve(losses, ax=ax, label="document 000", marker=".", linestyle="none")
    (curve,) = ax.get_lines()
    assert curve.get_xdata().tolist() == list(range(1, 31))
    assert curve.get_ydata().tolist() == losses
    assert (curve.get_marker(), curve.get_linestyle()) == (".", "None")
    assert (ax.get_title(), ax.get_xlabel(), ax.get_ylabel()) == ("Loss curve", "epochs", "loss")
    assert words(ax) == ["document 000"]
    assert all(line.get_visible() for line in ax.get_xgridlines() + ax.get_ygridlines())


def test_without_a_label_the_last_loss_names_the_curve(ax):
    pictures.loss_curve([2, 0.123456], ax=ax)
    assert words(ax) == ["loss, 0.1235 at the end"]


@pytest.mark.parametrize("kind", [list, tuple, np.array, lambda v: array.array("d", v)])
def test_losses_of_any_kind(ax, kind):
    pictures.loss_curve(kind([3.0, 2.0, 1.0]), ax=ax)
    assert ax.get_lines()[0].get_ydata().tolist() == [3, 2, 1]


def test_several_curves_differ_in_colour_and_in_dashes(ax):
    for k in range(28):
        pictures.loss_curve([k + 1, k + 0.5], ax=ax, label=f"run {k}")
    looks = [(line.get_color(), line.get_linestyle()) for line in ax.get_lines()]
    assert len(set(looks)) == 28
    for one, other in itertools.pairwise(looks):
        assert one[0] != other[0]
        assert one[1] != other[1]
    assert words(ax) == [f"run {k}" for k in range(28)]


@pytest.mark.parametrize("name", ["c", "color"])
def test_keywords_reach_the_line(ax, name):
    pictures.loss_curve([2, 1], ax=ax, **{name: "red", "lw": 5})
    (curve,) = ax.get_lines()
    assert (curve.get_color(), curve.get_linewidth()) == ("red", 5)


def test_a_logarithmic_axis_in_plain_numbers(ax):
    pictures.loss_curve([1.1, 0.2, 0.04], ax=ax, log=True)
    assert ax.get_yscale() == "log"
    ax.figure.canvas.draw()
    shown = [t.get_text() for t in ax.get_yticklabels(which="both") if t.get_text()]
    assert {"0.05", "0.1", "0.2", "0.5", "1"} <= set(shown)
    assert not {"0.03", "0.3", "0.04", "0.4", "0.06", "0.6", "0.7", "0.8", "0.9"} & set(shown)
    wide = new_axes()
    pictures.loss_curve([1, 1e-9], ax=wide, log=True)
    wide.figure.canvas.draw()
    shown = [t.get_text() for t in wide.get_yticklabels(which="both") if t.get_text()]
    assert {"1", "0.01"} <= set(shown)
    assert not [name for name in shown if name.strip("0.")[0] in "25"]


def test_what_a_logarithm_cannot_show_is_a_gap(ax):
    pictures.loss_curve([1, 0.5, 0.1, 0], ax=ax, log=True)
    heights = ax.get_lines()[0].get_ydata()
    assert heights[:3].tolist() == [1, 0.5, 0.1]
    assert math.isnan(heights[3])
    pictures.loss_curve([3, 0], ax=ax)  # without saying so again
    assert math.isnan(ax.get_lines()[1].get_ydata()[1])
    assert words(ax)[0] == "loss, 0 at the end"


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_run_that_diverged_ends_in_a_cross(ax, bad):
    pictures.loss_curve([1.0, 4.0, 16.0, bad, math.nan], ax=ax, label="too fast")
    curve, cross = ax.get_lines()
    assert np.array_equal(curve.get_ydata(), [1.0, 4.0, 16.0, math.nan, math.nan], equal_nan=True)
    assert (list(cross.get_xdata()), list(cross.get_ydata())) == ([3], [16.0])
    assert cross.get_marker() == "X"
    assert cross.get_color() == curve.get_color()
    assert words(ax) == [f"too fast: {bad} from epoch 4"]
    pictures.loss_curve([2, 1], ax=ax)  # the cross is not counted as a curve
    assert ax.get_lines()[2].get_color() == drawing.COLOURS[1]


def test_what_the_losses_are_counted_by(ax):
    pictures.loss_curve([2.0, math.inf], ax=ax, step="iteration")
    assert ax.get_xlabel() == "iterations"
    assert words(ax) == ["loss, inf from iteration 2"]


def test_a_loss_may_be_finite_again(ax):
    pictures.loss_curve([math.inf, 3.0, 2.0], ax=ax)
    (curve,) = ax.get_lines()
    assert np.array_equal(curve.get_ydata(), [math.nan, 3, 2], equal_nan=True)
    assert words(ax) == ["loss, inf from epoch 1"]


def test_losses_as_large_as_floats_go(ax):
    pictures.loss_curve([1, 1e150, 1e300, math.inf], ax=ax)
    ax.figure.canvas.draw()
    assert ax.get_ylim()[1] > 1e300


def test_a_loss_that_stands_alone_is_a_dot(ax):
    pictures.loss_curve([0.7], ax=ax)
    pictures.loss_curve([0.7, math.nan, 0.5], ax=ax)
    pictures.loss_curve([0.7, math.nan, 0.5, 0.4], ax=ax)
    curves = [line for line in ax.get_lines() if line.get_marker() != "X"]
    assert [line.get_marker() for line in curves] == ["o", "o", "None"]


@pytest.mark.parametrize(
    ("losses", "options", "error", "message"),
    [
        ([], {}, ValueError, "losses is empty: give at least one loss"),
        ([1, "2"], {}, TypeError, r"losses\[1\] is '2', a str: give a number"),
        (3, {}, TypeError, "losses is 3, a int: give a sequence of numbers"),
        ([[1, 2]], {}, TypeError, r"losses\[0\] is \[1, 2\], a list: give a number"),
        ([math.nan, math.inf], {}, ValueError, "losses holds no finite number: nothing can be"),
        ([0, -1], {"log": True}, ValueError, "losses holds no positive, finite number"),
    ],
)
def test_losses_that_cannot_be_drawn(losses, options, error, message):
    with pytest.raises(error, match=message):
        pictures.loss_curve(losses, **options)  # and no figure is left, says the fixture
