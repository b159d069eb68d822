"""What a picture shows, read back from its Axes."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

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
