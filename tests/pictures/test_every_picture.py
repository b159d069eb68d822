"""What all pictures have in common: the Axes, the labels, and matplotlib only when it is needed."""

import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from helpers import axes
from helpers.axes import CHALLENGER, FIVE, new_axes
from matplotlib.figure import Figure

from pyref import pictures

# fixtures
ax = axes.ax
nothing_left_behind = axes.nothing_left_behind

ROOT = Path(__file__).resolve().parent.parent.parent

DRAW = {
    "loss_curve": lambda **ax: pictures.loss_curve([3, 2, 1], **ax),
    "sigmoid_fit": lambda **ax: pictures.sigmoid_fit(*CHALLENGER, -0.2, 13, **ax),
    "decision_boundary": lambda **ax: pictures.decision_boundary(
        ([1, 2], -3), [[0, 0], [2, 3]], [0, 1], **ax
    ),
    "loss_surface": lambda **ax: pictures.loss_surface(
        *FIVE, a_limits=(0, 2), b_limits=(-5, 0), **ax
    ),
}
every = pytest.mark.parametrize("draw", DRAW.values(), ids=DRAW)


@every
def test_the_given_axes_are_drawn_on_and_returned(draw, ax):
    assert draw(ax=ax) is ax
    assert ax.has_data()


@every
def test_without_axes_there_is_a_new_figure_each_time(draw):
    first, second = draw(), draw()
    assert first.figure is not second.figure
    assert plt.get_fignums() == [first.figure.number, second.figure.number]
    plt.close(first.figure)
    plt.close(second.figure)


@every
def test_titles_and_labels_are_there_and_those_that_were_there_stay(draw, ax):
    draw(ax=ax)
    assert ax.get_title()
    assert ax.get_xlabel()
    assert ax.get_ylabel()
    mine = new_axes()
    mine.set(title="My title", xlabel="my x", ylabel="my y")
    draw(ax=mine)
    assert (mine.get_title(), mine.get_xlabel(), mine.get_ylabel()) == ("My title", "my x", "my y")


@every
@pytest.mark.parametrize("wrong", [1, "axes", np.empty(2, object), Figure()])
def test_what_is_no_axes_is_refused(draw, wrong):
    with pytest.raises(TypeError, match=f"ax is a {type(wrong).__name__}: give one matplotlib Ax"):
        draw(ax=wrong)


@every
def test_without_matplotlib_the_error_has_the_cure(draw, monkeypatch):
    for name in ("matplotlib", "numpy"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError) as caught:
        draw()
    assert str(caught.value).startswith("a picture needs matplotlib (")
    assert str(caught.value).endswith("). To get it: pip install 'pyref-logistic[plot]'")


def test_the_room_has_no_other_name():
    with pytest.raises(AttributeError) as caught:
        _ = pictures.pie
    assert str(caught.value) == "module 'pyref.pictures' has no attribute 'pie'"


def test_matplotlib_is_imported_late_and_pyplot_only_for_a_new_figure():
    code = """
import sys
from pathlib import Path
import pyref.pictures
names = [getattr(pyref.pictures, name) for name in pyref.pictures.__all__]
assert not {"matplotlib", "numpy"} & set(sys.modules)
from matplotlib.figure import Figure
ax = Figure().subplots()
pyref.pictures.loss_curve([2, 1], ax=ax)
pyref.pictures.sigmoid_fit([1, 2, 3, 4], [0, 1, 0, 1], 1, -2, ax=ax)
pyref.pictures.decision_boundary(([1, 2], 0), [[0, 1], [1, 0]], [0, 1], ax=ax)
pyref.pictures.loss_surface([1, 2], [0, 1], a_limits=(0, 1), b_limits=(0, 1), ax=ax)
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
