"""What all pictures share: the Axes to draw on, colours, dashes, dots, and the legend.

Colours are those of Okabe and Ito, which the colour-blind can tell apart. Nothing is told by
colour alone: lines also differ in their dashes and dots in their shape. matplotlib is not
imported before something is drawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes


SIZE = (8.0, 5.5)  # of a new figure, in inches

BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
SKY, AMBER, BLACK = "#56B4E9", "#E69F00", "#000000"
# 7 colours, 4 kinds of dashes, 8 of dots: no two of 28 lines, or of 56 classes, look the same.
COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY, AMBER, BLACK)
DASHES = ("-", "--", "-.", ":")
DOTS = ("o", "^", "s", "D", "v", "P", "X", "*")

AREA = 36.0  # of a dot, in square points; one for k equal samples has k times that
AREA_MOST = 300.0  # and where k is large, all are scaled down to this
AREA_LEAST = 6.0  # but none so far that it is not seen


# ---------------------------------------------------------------- matplotlib, or why not


def _needs_matplotlib(error: ImportError) -> ImportError:
    return ImportError(
        f"a picture needs matplotlib ({error}). To get it: pip install 'pyref-logistic[plot]'"
    )


def axes_for(ax: Axes | None) -> Axes:
    """The Axes to draw on: the given ones, or those of a new figure."""
    if ax is not None:
        if not (hasattr(ax, "plot") and hasattr(ax, "figure")):
            raise TypeError(f"ax is a {type(ax).__name__}: give one matplotlib Axes, or None")
        return ax
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise _needs_matplotlib(error) from error
    return plt.subplots(figsize=SIZE, layout="constrained")[1]


def numpy_for_pictures() -> Any:
    """NumPy, which comes with matplotlib: its surfaces want arrays."""
    try:
        import numpy
    except ImportError as error:
        raise _needs_matplotlib(error) from error
    return numpy


def finish(
    ax: Axes, title: str, x_label: str, y_label: str, grid: bool = True, key: str | None = None
) -> None:
    """Title, labels, grid and legend, and no label that someone has set before replaced."""
    if not ax.get_title():
        ax.set_title(title)
    if not ax.get_xlabel():
        ax.set_xlabel(x_label)
    if not ax.get_ylabel():
        ax.set_ylabel(y_label)
    if grid:
        ax.grid(True, alpha=0.3)
        ax.set_axisbelow(True)
    if ax.get_legend_handles_labels()[0]:
        ax.legend(framealpha=0.9, title=key, title_fontsize="small")


def draw_dots(
    ax: Axes,
    points: Sequence[tuple[float, float]],
    label: str,
    counted: bool = False,
    **scatter: Any,
) -> None:
    """A dot for each distinct point, its area in proportion to how often it is there.

    counted: with that number in it, where there is room.
    """
    # The most frequent first, so that no dot hides a smaller one.
    counts = Counter(points).most_common()
    area = min(AREA, AREA_MOST / counts[0][1])
    style: dict[str, Any] = {"edgecolors": "white", "linewidths": 0.7, "zorder": 3, **scatter}
    if len(counts) > 300:  # they overlap: see through them, how dense they are
        style = {"linewidths": 0, "zorder": 3, "alpha": max(0.1, 100 / len(counts)), **scatter}
    across, up = [p[0] for p, _ in counts], [p[1] for p, _ in counts]
    sizes = {"s": [max(area * count, AREA_LEAST) for _, count in counts], **style}
    ax.scatter(across, up, **{**sizes, "label": "_" + label})
    # The legend would show a dot of middling size: it gets one of its own.
    ax.scatter([], [], **{"s": AREA, **style, "alpha": scatter.get("alpha", 1), "label": label})
    repeated = [(point, count) for point, count in counts if count > 1]
    if not counted or area < AREA or len(repeated) > 40:
        return  # a number would not fit into its dot, or there would be nothing but numbers
    for point, count in repeated:
        ax.annotate(
            str(count),
            point,
            ha="center",
            va="center_baseline",
            color="white",
            fontsize=7,
            zorder=3.5,
        )
