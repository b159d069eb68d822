"""`pyref plot`: a saved model as a picture, its loss curve or its fit."""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from collections.abc import Sequence
from typing import Any, TextIO

from ..model.atomic import replacing
from ..model.estimator import LogisticRegression
from ..pictures import terminal
from ..tables import Table
from .files import add_dialect, drawable, load_model, rows_for, target_of, writing
from .mistakes import Mistake, obedient
from .streams import print_lines


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The grammar of `pyref plot`."""
    parser.description = (
        "Draw a saved model: the loss over its iterations; or, with the data, its fit: the"
        " probability over one feature, or the regions of the classes over two."
    )
    add = parser.add_argument
    add("model", help="the model file; - is standard input")
    add("data", nargs="?", help="the table that it was fitted to, or another; - is standard input")
    add(
        "--target",
        metavar="COLUMN",
        help="with data: the column that the model predicts (default: the one of the fit)",
    )
    add(
        "--at",
        type=float,
        action="append",
        metavar="NUMBER",
        help="with one feature: extend the curve to this value, and mark it",
    )
    add_dialect(add)
    add("--log", action="store_true", help="without data: a logarithmic axis for the loss")
    add(
        "--out",
        default="-",
        metavar="PICTURE",
        help=".png, .pdf or .svg (default: characters, on standard output)",
    )


@obedient
def run(arguments: argparse.Namespace) -> int:
    """`pyref plot`: the loss curve of a model, or its fit over one or two features."""
    if arguments.model == "-" == arguments.data:
        raise Mistake("model and data cannot both be standard input: give a file for one")
    if arguments.data is None:
        for name in ("target", "at"):
            if getattr(arguments, name) is not None:
                raise Mistake(f"--{name} is for the picture of a fit: give the data too")
    drawable(arguments.out, "--out")
    model = load_model(arguments.model)
    if arguments.data is None:
        print_lines(draw_losses(model.loss_history_, arguments.out, sys.stdout, arguments.log))
        return 0

    arguments.target = target_of(model, arguments.target)
    if arguments.out == "-":
        raise Mistake("a fit cannot be drawn with characters: give --out picture.png")
    if arguments.log:
        raise Mistake("--log is for the loss curve: leave out the data")
    d, C = model.n_features_in_, len(model.classes_)
    if d > 2 or (d == 1 and C > 2):
        raise Mistake(
            f"the model has {d} feature{'s' * (d != 1)} and {C} classes, and a fit can be drawn"
            " over one feature (two classes) or two: without data, the loss curve is drawn"
        )
    if d > 1 and arguments.at is not None:
        raise Mistake(f"--at is for one feature, and the model has {d}: leave it out")
    table = rows_for(model, arguments, arguments.target)
    assert table.labels is not None
    for i, label in enumerate(table.labels):
        if label not in model.classes_:
            known = ", ".join([repr(c) for c in model.classes_])
            raise Mistake(
                f"{arguments.data}, row {i + 1}, column {arguments.target!r} is {label!r}, and the"
                f" model knows {known}: remove the row, or fit anew"
            )
    plots = importlib.import_module("..pictures", __package__)
    try:
        ax = _draw_fit(plots, model, table, arguments)
    except ValueError as error:
        raise Mistake(f"the fit cannot be drawn over {arguments.data}: {error}") from None
    save_picture(ax.figure, arguments.out)
    return 0


def _draw_fit(
    plots: Any, model: LogisticRegression, table: Table, arguments: argparse.Namespace
) -> Any:
    """The picture of a fit over one feature or two, as Axes."""
    assert table.labels is not None
    if len(table.names) == 2:
        ax = _axes(plots)
        X = table.X.tolist()
        return plots.decision_boundary(model, X, table.labels, ax=ax, feature_names=table.names)
    x = [row[0] for row in table.X.tolist()]
    y = [float(label == model.classes_[1]) for label in table.labels]

    def draw(band: float | None) -> Any:
        ax = _axes(plots)
        ax.set_xlabel(table.names[0])
        ax.set_ylabel(f"probability of {arguments.target} = {model.classes_[1]}")
        w, b = model.coef_, model.intercept_
        return plots.sigmoid_fit(x, y, w, b, ax=ax, at=arguments.at, band=band)

    # The band is that of the rows as they stand in the file, each once.
    if not model.weights_are_counts_ or sum(model.class_totals_) != model.n_samples_:
        return draw(None)
    try:
        return draw(0.95)
    except ValueError:  # these data have their optimum elsewhere, if they have one
        return draw(None)


def draw_losses(losses: Sequence[float], to: str, stream: TextIO, log: bool = False) -> list[str]:
    """The loss curve as lines of characters, or in a picture, of which no lines are left."""
    if not losses:
        raise Mistake("the fit made no iteration, so it has no loss curve: fit again")
    try:
        return _drawn(losses, to, stream, log)
    except ValueError as error:  # none is finite, or none positive with --log
        raise Mistake(f"the loss curve cannot be drawn: {error}") from None


def _drawn(losses: Sequence[float], to: str, stream: TextIO, log: bool) -> list[str]:
    if to != "-":
        plots = importlib.import_module("..pictures", __package__)
        ax = _axes(plots)
        plots.loss_curve(losses, ax=ax, log=log, step="iteration")
        save_picture(ax.figure, to)
        return []
    columns, unicode = terminal.width(stream), terminal.has_unicode(stream)
    return terminal.curve(
        losses,
        columns,
        title="Loss curve",
        x_label="iteration",
        y_label="loss",
        logarithmic=log,
        unicode=unicode,
    )


def _axes(plots: Any) -> Any:
    """Axes of a figure that no window shows."""
    figure = importlib.import_module("matplotlib.figure").Figure
    return figure(figsize=plots.SIZE, layout="constrained").subplots()


def save_picture(figure: Any, path: str) -> None:
    out = io.BytesIO()
    figure.savefig(out, format=os.path.splitext(path)[1][1:].lower(), dpi=150)
    with writing(path), replacing(path) as file:
        file.write(out.getvalue())
