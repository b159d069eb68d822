"""Axes to draw on, and what a picture shows, read back from them."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import pyref
from pyref import datasets

CHALLENGER = datasets.challenger()
FIVE = datasets.five_points()


def new_axes():
    figure = Figure(figsize=(8, 5), layout="constrained")
    FigureCanvasAgg(figure)
    return figure.subplots()


def words(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def by_label(artists, label):
    (found,) = [artist for artist in artists if artist.get_label() == label]
    return found


def sigmoid(z):
    return 1 / (1 + np.exp(-np.asarray(z)))


def dots_of(ax, label):
    """{(x, y): area} of the dots with that name."""
    dots = by_label(ax.collections, "_" + label)
    return dict(zip(map(tuple, dots.get_offsets().tolist()), dots.get_sizes(), strict=True))


# ---------------------------------------------------------------- fixtures


@pytest.fixture
def ax():
    return new_axes()


@pytest.fixture(autouse=True)
def nothing_left_behind():
    """No figure of pyplot's, and matplotlib's settings as they were."""
    plt.close("all")  # those that others have left
    before = dict(matplotlib.rcParams)
    yield
    figures = plt.get_fignums()
    plt.close("all")
    assert figures == []
    assert dict(matplotlib.rcParams) == before


@pytest.fixture(scope="module")
def challenger_fit():
    x, y = CHALLENGER
    fit = pyref.newton([[t] for t in x], y)
    assert fit.status == "converged"
    return fit
