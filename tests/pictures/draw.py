"""Draws the README's pictures, from the documents' data and the two real sets.

python tests/pictures/draw.py            writes them beside this program
python tests/pictures/draw.py FOLDER     writes them there
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import pyref
from pyref import datasets, documents, pictures

DPI = 160  # 8 inches are 1280 pixels, for screens that have more than the README's 800


def new_figure(height: float) -> Figure:
    figure = Figure(figsize=(8, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def loss_curve() -> Figure:
    """Document 000 for 2000 epochs: its own loop, which dies, and ours."""
    X, y, w, b = cloud = datasets.seeded_cloud()
    fit = pyref.gradient_descent(
        X, y, w=w, b=b, learning_rate=0.001, iterations=2000, reduction="sum"
    )
    figure = new_figure(4.6)
    ax = figure.subplots()
    pictures.loss_curve(fit.losses, ax=ax, label="pyref.gradient_descent", log=True)
    losses = documents.document_000(1400, cloud)[2]  # every one from 1340 on is NaN
    pictures.loss_curve(losses, ax=ax, label="document 000's own loop")
    ax.set_title("Document 000, run on to epoch 2000")
    return figure


def challenger() -> Figure:
    """The Challenger launches, down to the morning of the accident."""
    x, y = datasets.challenger()
    fit = pyref.newton([[t] for t in x], y)
    figure = new_figure(4.8)
    ax = pictures.sigmoid_fit(x, y, fit.w, fit.b, band=0.95, at=31, ax=figure.subplots())
    ax.set_title("23 launches before the Challenger accident, and the forecast for its morning")
    ax.set_xlabel("temperature, degrees Fahrenheit")
    ax.set_ylabel("probability of O-ring damage")
    return figure


def iris() -> Figure:
    """The irises' petals: three classes, two features."""
    X, y, names = datasets.iris()
    petals = [row[2:] for row in X]
    fit = pyref.softmax_descent(petals, y, learning_rate=0.2, iterations=1500)
    figure = new_figure(5.2)
    ax = pictures.decision_boundary(
        fit,
        petals,
        y,
        ax=figure.subplots(),
        class_names=names,
        feature_names=["petal length, cm", "petal width, cm"],
    )
    ax.set_title("Softmax regression: which iris is it?")
    return figure


def momentum() -> Figure:
    """Document 001: the descent of its code, and that of its printed output."""
    x, y = datasets.five_points()
    figure = new_figure(4.8)
    cases = ((0.0, "what its code computes"), (1.0, "what its output shows"))
    for ax, (amount, who) in zip(figure.subplots(1, 2), cases, strict=True):
        path = pictures.descent_path(x, y, momentum=amount)
        pictures.loss_surface(x, y, paths={"1000 steps": path}, ax=ax)
        a, b = path[-1]
        ax.set_title(f"momentum {amount:g}: {who}\na = {a:.2f}, b = {b:.2f}", fontsize="medium")
    figure.suptitle("Document 001: the mean loss over (a, b)")
    return figure


PICTURES: dict[str, Callable[[], Figure]] = {
    "loss_curve.png": loss_curve,
    "challenger.png": challenger,
    "iris.png": iris,
    "momentum.png": momentum,
}


def contents(figure: Figure) -> list[dict[str, Any]]:
    """What a picture shows, in words and a few numbers: the same for every version of matplotlib.

    It is written into the file, where a test finds it, and compares it with what would be drawn
    today. (Pixels would not do: with another version every letter lies a little elsewhere.)
    """
    axes = []
    for ax in figure.axes:
        shown: dict[str, Any] = {
            "words": [ax.get_title(), ax.get_xlabel(), ax.get_ylabel()],
            "limits": [*ax.get_xlim(), *ax.get_ylim()],
        }
        if ax.get_legend():
            shown["words"] += [text.get_text() for text in ax.get_legend().get_texts()]
        for k, line in enumerate(ax.get_lines()):
            x, y = np.abs(np.asarray(line.get_xydata(), float).reshape(-1, 2).T)
            look = [to_hex(line.get_color()), line.get_linestyle(), str(line.get_marker())]
            shown[f"line {k}"] = [*look, len(x), float(np.nansum(x)), float(np.nansum(y))]
        for k, drawn in enumerate(ax.collections):
            look = [to_hex(colour) for colour in drawn.get_facecolor()[:1]]
            numbers = [*np.abs(np.asarray(drawn.get_offsets())).sum(axis=0)]
            numbers += [*getattr(drawn, "levels", []), float(np.sum(drawn.get_linewidths()))]
            if drawn.get_paths():  # for dots their shape, for a band how far it reaches
                numbers += [*drawn.get_paths()[0].get_extents().extents]
            shown[f"collection {k}"] = look + [float(number) for number in numbers]
        for k, image in enumerate(ax.get_images()):
            shown[f"image {k}"] = [float(v) for v in np.asarray(image.get_array()).mean((0, 1))]
        axes.append(shown)
    return axes


def main(folder: Path) -> None:
    with matplotlib.rc_context(rc=matplotlib.rcParamsDefault):
        for name, draw in PICTURES.items():
            figure = draw()
            figure.canvas.draw()
            # No version of the program that drew it, so that the same picture is the same file.
            about = {"Software": None, "Description": json.dumps(contents(figure))}
            figure.savefig(folder / name, metadata=about)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent)
