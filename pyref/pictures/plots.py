"""Pictures: the loss curve, the sigmoid through its data, the decision boundary, the descent.

Each function draws on the matplotlib Axes that it is given, or on a new figure of pyplot, and
returns the Axes; titles, labels and limits can be changed on it afterwards. matplotlib comes
with `pip install 'pyref-logistic[plot]'` and is not imported before something is drawn. Where
there is none, `pyref.terminal` draws a loss curve with characters.

    loss_curve           the loss over the epochs (document 000's picture)
    sigmoid_fit          one feature: the data, the fitted probability and how sure it is
    decision_boundary    two features: where one class ends and another begins
    loss_surface         the loss over (a, b), and paths of the descent on it (descent_path)

Colours are those of Okabe and Ito, which the colour-blind can tell apart. Nothing is told by
colour alone: lines also differ in their dashes and dots in their shape.

The letters x, X, y, a, b, w, z, p are those of chapter 1, W and C those of chapter 2.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from ..front import checks
from ..logistic import gradient_ab, sigmoid
from ..second_order import hessian
from . import terminal

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..front.given import Number, Numbers, Table

SIZE = (8.0, 5.5)  # of a new figure, in inches

BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
SKY, AMBER, BLACK = "#56B4E9", "#E69F00", "#000000"
# 7 colours, 4 kinds of dashes, 8 of dots: no two of 28 lines, or of 56 classes, look the same.
COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY, AMBER, BLACK)
DASHES = ("-", "--", "-.", ":")
DOTS = ("o", "^", "s", "D", "v", "P", "X", "*")

AREA = 36.0  # of a dot, in square points; one for k equal samples has k times that
AREA_MOST = 300.0  # and where k is large, all are scaled down to this
PIXELS = 201  # points across and up at which a surface is computed
PAD = 0.06  # room around the data, as a part of what they span


# ---------------------------------------------------------------- matplotlib, or why not


def _needs_matplotlib(error: ImportError) -> ImportError:
    return ImportError(
        f"a picture needs matplotlib ({error}). To get it: pip install 'pyref-logistic[plot]'"
    )


def _axes(ax: Axes | None) -> Axes:
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


def _numpy() -> Any:
    """NumPy, which comes with matplotlib: its surfaces want arrays."""
    try:
        import numpy
    except ImportError as error:
        raise _needs_matplotlib(error) from error
    return numpy


def _finish(
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


# ---------------------------------------------------------------- the loss curve


def loss_curve(
    losses: Numbers,
    *,
    ax: Axes | None = None,
    label: str | None = None,
    log: bool = False,
    **line: Any,
) -> Axes:
    """The loss over the epochs: losses[k] over k + 1, with title, axes, grid and legend.

    This is document 000's picture (its own has dots: give marker=".", linestyle="none"), and
    losses are its list, or what a fit has as `losses`. Epochs count from 1, as the document
    prints them. Several curves come on one Axes by calling again with ax. `label` names the
    curve; without it, its last loss does. log=True makes the loss axis logarithmic, and further
    keywords go to Axes.plot.

    A loss that is NaN or infinite leaves a gap. A cross marks the last loss before the first
    such, and the legend says in which epoch that is: so ends a run that has diverged.

    TypeError or ValueError if losses is empty, has an entry that is no number, or has none that
    can be drawn: no finite one, or no positive one where the axis is logarithmic.

    >>> from matplotlib.figure import Figure
    >>> losses = [0.7, 0.5, float("inf"), float("nan")]
    >>> ax = loss_curve(losses, ax=Figure().subplots(), label="lr 9")
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['lr 9: inf from epoch 3']
    """
    values = checks.numbers(losses, "losses")
    if not values:
        raise ValueError("losses is empty: give at least one loss")
    ax_is_log = log or getattr(ax, "get_yscale", str)() == "log"
    kind = "positive, finite" if ax_is_log else "finite"
    drawn = [checks.is_finite(value) and (value > 0 or not ax_is_log) for value in values]
    if not any(drawn):
        raise ValueError(f"losses holds no {kind} number: nothing can be drawn")
    ax = _axes(ax)

    broken = next((k for k, value in enumerate(values) if not checks.is_finite(value)), None)
    if broken is not None:
        end = f"{values[broken]} from epoch {broken + 1}"
    else:
        end = f"{values[-1]:.4g} at the end"
    if label is None:
        label = f"loss, {end}"
    elif broken is not None:
        label = f"{label}: {end}"

    before = sum(1 for other in ax.get_lines() if not str(other.get_label()).startswith("_"))
    style: dict[str, Any] = {
        "color": COLOURS[before % len(COLOURS)],
        "linestyle": DASHES[before % len(DASHES)],
        "linewidth": 2.0,
        "label": label,
    }
    if not any(drawn[k] and drawn[k + 1] for k in range(len(drawn) - 1)):
        style["marker"] = "o"  # no two stand beside each other, and a line alone shows nothing
    # Two names for one thing ("c" for "color") are for matplotlib to sort out.
    from matplotlib import cbook
    from matplotlib.lines import Line2D

    style.update(cbook.normalize_kwargs(line, Line2D))
    heights = [value if fine else math.nan for value, fine in zip(values, drawn)]
    (curve,) = ax.plot(range(1, len(values) + 1), heights, **style)
    if broken and drawn[broken - 1]:
        ax.plot(
            [broken],
            [values[broken - 1]],
            linestyle="none",
            marker="X",
            markersize=11,
            color=curve.get_color(),
            markeredgecolor="white",
            label="_the last finite loss",
            zorder=curve.get_zorder() + 1,
        )
    if log:
        ax.set_yscale("log", nonpositive="mask")
        # 0.1, not 10^-1; and 0.2 and 0.5 too, on an axis of few powers of ten
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_formatter(lambda value, _: _minor(value, *ax.get_ylim()))
    _finish(ax, "Loss curve", "epochs", "loss")
    return ax


def _minor(value: float, low: float, high: float) -> str:
    """The name of a mark between the powers of ten: of 2 and 5 of them, if there is room."""
    name = f"{value:g}"
    return name if high / low < 2000 and name.strip("0.")[:1] in "25" else ""


# ---------------------------------------------------------------- one feature


def sigmoid_fit(
    x: Numbers,
    y: Numbers,
    w: Number | Numbers,
    b: Number,
    *,
    ax: Axes | None = None,
    band: Number | None = None,
    covariance: Table | None = None,
    at: Number | Numbers | None = None,
    **line: Any,
) -> Axes:
    """One feature: the n samples, and p = sigmoid(w x + b) through them.

    w is a number, or a list of one, as a fit has it. The samples are dots at (x, y); k equal
    ones are one dot with k times the area and, where there is room, with k in it. The curve is
    dashed beyond the data, where it is drawn only up to `at`: a number, or several, at which
    the probability is marked and written into the legend.

    band=0.95 shades where the curve lies with that confidence (Wald's interval of the score,
    by the delta method): with u = (x, 1), C the covariance of (w, b) and q = 1.96,

        from sigmoid(z - q sqrt(u C u)) to sigmoid(z + q sqrt(u C u)),    z = w x + b

    C is `covariance`, two rows of two; without it, the inverse of the summed loss's second
    derivatives (chapter 3), which is right at the optimum without l2 and sample weights, and
    nowhere else: elsewhere ValueError. A given covariance implies band=0.95. Further keywords
    go to Axes.plot for the curve.

    TypeError or ValueError names the argument or the entry that cannot be used; ValueError also
    if x is constant, or the labels are separated so far that the second derivatives vanish.

    >>> from matplotlib.figure import Figure
    >>> from pyref import datasets, newton
    >>> x, y = datasets.challenger()
    >>> fit = newton([[t] for t in x], y)
    >>> ax = sigmoid_fit(x, y, fit.w, fit.b, band=0.95, at=31, ax=Figure().subplots())
    >>> print(ax.get_legend().get_texts()[-1].get_text())
    at 31: p = 0.9996 (95 %: 0.4816 to 1 - 1e-07)
    """
    name = getattr(x, "name", None)  # a column of a data frame knows its own
    x = checks.sample(x)
    y = checks.labels(y, len(x))
    a = checks.weights(w, 1)[0] if hasattr(w, "__len__") else checks.finite(w, "w")
    b = checks.finite(b, "b")
    marks = [at] if at is None or not hasattr(at, "__len__") else checks.numbers(at, "at")
    marks = [checks.finite(mark, "at") for mark in marks if mark is not None]
    level = 0.95 if band is None and covariance is not None else band
    if level is not None:
        level = checks.number(level, "band")
        if not 0 < level < 1:
            raise ValueError(f"band is {level}: give a number between 0 and 1, like 0.95")
    C = None if covariance is None else _covariance_given(covariance)
    checks.label_values(y)
    checks.sample_values(x)
    if level is None:
        reach = None
    elif C is None:
        reach = _reach(*_covariance_fitted(x, y, a, b), level)
    else:
        reach = _reach(C, 0.0, level)
    ax = _axes(ax)

    # 1. the curve: solid over the data, dashed beyond
    first, last = min(x), max(x)
    low, high = min([first, *marks]), max([last, *marks])
    if low == high:
        low, high = low - 1, high + 1
    grid = sorted({low + (high - low) * k / 400 for k in range(401)} | {first, last, *marks})
    style: dict[str, Any] = {"color": BLUE, "linewidth": 2.0}
    style["label"] = f"p = sigmoid({a:.4g} x {'-' if b < 0 else '+'} {abs(b):.4g})"
    from matplotlib import cbook
    from matplotlib.lines import Line2D

    style.update(cbook.normalize_kwargs(line, Line2D))
    inside = [value for value in grid if first <= value <= last]
    (curve,) = ax.plot(inside, [sigmoid(a * value + b) for value in inside], **style)
    style.update(color=curve.get_color(), linestyle="--")
    beyond = "beyond the data"
    for part in ([v for v in grid if v <= first], [v for v in grid if v >= last]):
        if len(part) > 1:
            style["label"] = beyond
            ax.plot(part, [sigmoid(a * value + b) for value in part], **style)
            beyond = "_beyond the data"  # one entry in the legend is enough

    # 2. the band
    if reach is not None:
        ends = [(a * value + b, reach(value)) for value in grid]
        ax.fill_between(
            grid,
            [sigmoid(z - r) for z, r in ends],
            [sigmoid(z + r) for z, r in ends],
            color=curve.get_color(),
            alpha=0.18,
            linewidth=0,
            label=f"{100 * (level or 0):g} % confidence band",
        )

    # 3. the data
    points = list(zip(x, y))
    label = "data" if len(set(points)) == len(points) else "data (area: how many)"
    _dots(ax, points, label, counted=True, color=BLACK)

    # 4. where the reader is to look
    for k, mark in enumerate(marks):
        z = a * mark + b
        p = sigmoid(z)
        text = f"at {mark:g}: p = {_shown(z)}"
        spread = None
        if reach is not None:
            z0, z1 = z - reach(mark), z + reach(mark)
            spread = [[p - sigmoid(z0)], [sigmoid(z1) - p]]
            text += f" ({100 * (level or 0):g} %: {_shown(z0)} to {_shown(z1)})"
        ax.errorbar(
            [mark],
            [p],
            spread,
            linestyle="none",
            marker=("D", "s", "^", "v")[k % 4],
            markersize=8,
            capsize=5,
            color=ORANGE,
            label=text,
            zorder=4,
        )
    _finish(ax, "Logistic regression on one feature", str(name or "x"), "probability that y = 1")
    return ax


def _shown(z: float) -> str:
    """sigmoid(z) with four decimals, or how close it comes to 0 or 1."""
    if sigmoid(-abs(z)) >= 0.00005:
        return f"{sigmoid(z):.4f}"
    return f"{'1 - ' if z > 0 else ''}{sigmoid(-abs(z)):.1g}"


def _covariance_given(values: Table) -> list[list[float]]:
    """[[var w, cov], [cov, var b]] as floats, of which every combination has a variance."""
    C = checks.table(values, "covariance")
    if len(C) != 2 or len(C[0]) != 2:
        raise ValueError(
            f"covariance has {len(C)} rows of {len(C[0])}: give 2 rows of 2, for w and b"
        )
    checks.table_values(C, "covariance")
    (var_w, cov), (mirrored, var_b) = C
    # Rounding may leave a little less than nothing of a determinant of zero.
    least = -1e-9 * abs(var_w * var_b)
    if cov != mirrored and abs(cov - mirrored) > 1e-9 * math.sqrt(abs(var_w * var_b)):
        raise ValueError("covariance is not symmetric: give [[var w, cov], [cov, var b]]")
    if var_w < 0 or var_b < 0 or var_w * var_b - cov * mirrored < least:
        raise ValueError("covariance gives a negative variance: no fit has such a one")
    return C


def _covariance_fitted(
    x: list[float], y: list[float], a: float, b: float
) -> tuple[list[list[float]], float]:
    """(C, m): the covariance of the slope and of the score at x = m, from the second derivatives.

    About a value m amid the data slope and score are nearly independent. The plain intercept,
    the score at x = 0, may lie so far off (dates, degrees) that its share in C drowns the rest.
    """
    m = math.fsum(x) / len(x)
    centre = b + a * m
    # u = (x - m, 1) has the same z:  a x + b  =  a (x - m) + (b + a m)
    _, (g0, g1), ((h00, h01), (_, h11)) = hessian([[x_i - m] for x_i in x], y, [a], centre)
    if max(x) == min(x):
        raise ValueError("x is constant, so there is no band: leave out band")
    det = h00 * h11 - h01 * h01
    if not det > 1e-12 * h00 * h11 > 0:
        raise ValueError(
            "the second derivatives vanish at (w, b), so there is no band: the labels are"
            " separated, or this is no fit of them"
        )
    C = [[h11 / det, -h01 / det], [-h01 / det, h00 / det]]
    # Newton's decrement: how far the optimum is, in standard errors.
    far = math.sqrt(C[0][0] * g0 * g0 + 2 * C[0][1] * g0 * g1 + C[1][1] * g1 * g1)
    if not far <= 0.05:
        raise ValueError(
            f"(w, b) is {far:.2g} standard errors from the optimum, so these errors do not hold:"
            " fit on without l2 (pyref.newton), or give covariance"
        )
    return C, m


def _reach(C: list[list[float]], m: float, level: float) -> Any:
    """The function of x that is half the width of the score's interval."""
    # 1.96 for 95 %
    q = NormalDist().inv_cdf((1 + level) / 2)

    def reach(x: float) -> float:
        # q sqrt(u C u), u = (x - m, 1)
        u = x - m
        variance = C[0][0] * u * u + (C[0][1] + C[1][0]) * u + C[1][1]
        return q * math.sqrt(max(variance, 0.0))

    return reach


def _dots(
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
    sizes = {"s": [area * count for _, count in counts], **style}
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


# ---------------------------------------------------------------- two features


def decision_boundary(
    model: Any,
    X: Table,
    y: Iterable[Any],
    *,
    ax: Axes | None = None,
    feature_names: Sequence[str] | None = None,
    class_names: Sequence[str] | None = None,
    **scatter: Any,
) -> Axes:
    """Two features: the n samples, each class with its own dots, over the model's probabilities.

    model is anything with predict_proba, or a fit with w and b, or such a pair: (w, b), two
    weights and an intercept, for the labels 0 and 1; or (W, b) of chapter 2, two rows of C
    weights and C intercepts, for the classes 0 to C-1. X is n rows of 2 features, y n labels.

    Every point of the plane has the colours of the classes, mixed by their probabilities, and is
    the paler, the less sure the model is. A black line is drawn where the two most probable
    classes are equally so. For two classes that
    is p = 1/2, for (w, b) the line w . x + b = 0; thin lines show p = 0.1 and p = 0.9, with p
    the probability of the second class.

    Names come from feature_names, else from X where it is a data frame, else from the model's
    feature_names_in_; and from class_names, in the order of the classes. Further keywords go to
    Axes.scatter.

    TypeError or ValueError names the argument or the entry that cannot be used.

    >>> from matplotlib.figure import Figure
    >>> X, y = [[1, 1], [2, 1], [1, 3], [3, 3]], [0, 0, 1, 1]
    >>> ax = decision_boundary(([0.5, 2], -5), X, y, ax=Figure().subplots())
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['0', '1', 'p = 1/2']
    """
    np = _numpy()
    columns = _column_names(X)
    rows = checks.table(X)
    if len(rows[0]) != 2:
        raise ValueError(f"X has {len(rows[0])} features, but a picture two: give two columns")
    checks.table_values(rows)
    values = y.to_numpy() if hasattr(y, "to_numpy") else y
    labels: list[Any] = values.tolist() if hasattr(values, "tolist") else list(values)
    checks.same_length(labels, len(rows))
    scores, classes = _scores(model, labels, X if columns else None, columns)
    for i, label in enumerate(labels):
        if label not in classes:
            known = ", ".join([str(c) for c in classes])
            raise ValueError(f"y[{i}] is {label!r}: the model's classes are {known}")
    if feature_names is None:
        known_names = getattr(model, "feature_names_in_", None)
        feature_names = columns or (None if known_names is None else list(known_names))
    feature_names = _names(feature_names, "feature_names", ["x[0]", "x[1]"], "feature")
    names = _names(class_names, "class_names", [str(c) for c in classes], "class")
    grids = []
    for j in range(2):
        column = [row[j] for row in rows]
        room = PAD * (max(column) - min(column)) or 1.0
        grids.append(np.linspace(min(column) - room, max(column) + room, PIXELS))
    across, up = np.meshgrid(*grids)
    z = scores(np.column_stack([across.ravel(), up.ravel()]))
    z = z.reshape(PIXELS, PIXELS, len(classes))
    ax = _axes(ax)

    # 1. the probabilities, as a mixture of the classes' colours: light, and lighter where the
    # largest p comes closer to that of a guess, 1/C, which shows without colours too
    from matplotlib.colors import to_rgb

    p = np.exp(z - z.max(axis=2, keepdims=True))
    p /= p.sum(axis=2, keepdims=True)
    colours = [COLOURS[c % len(COLOURS)] for c in range(len(classes))]
    mixture = p @ np.array([to_rgb(colour) for colour in colours])
    guess = 1 / len(classes)
    sure = (p.max(axis=2, keepdims=True) - guess) / (1 - guess) if len(classes) > 1 else 1.0
    half = [(grid[1] - grid[0]) / 2 for grid in grids]  # a pixel has its point in the middle
    ax.imshow(
        np.clip(1 - (0.08 + 0.37 * sure) * (1 - mixture), 0, 1),
        origin="lower",
        extent=(
            *(grids[0][0] - half[0], grids[0][-1] + half[0]),
            *(grids[1][0] - half[1], grids[1][-1] + half[1]),
        ),
        aspect="auto",
        interpolation="bilinear",
        zorder=0,
    )

    # 2. the boundary, by log-odds: for a linear model they are linear, so that the contour,
    # which goes straight from one side of a pixel to another, is exact
    lines = []
    if len(classes) == 2:
        odds = z[:, :, 1] - z[:, :, 0]
        dashed: dict[str, Any] = {"colors": BLACK, "linewidths": 0.9, "linestyles": "dashed"}
        for probability in (0.1, 0.9):
            level = math.log(probability / (1 - probability))
            if odds.min() < level < odds.max():
                thin = ax.contour(*grids, odds, [level], zorder=1, **dashed)
                ax.clabel(thin, fmt=f"p = {probability}", fontsize="small")
        lines = [odds]
    elif len(classes) > 2:
        for c in range(len(classes)):
            lines.append(z[:, :, c] - np.delete(z, c, axis=2).max(axis=2))
    drawn = False
    for odds in lines:
        if odds.min() < 0 < odds.max():
            ax.contour(*grids, odds, [0.0], colors=BLACK, linewidths=2.0, zorder=2)
            drawn = True

    # 3. the data
    several = False
    for c, name in enumerate(names):
        points = [(row[0], row[1]) for row, label in zip(rows, labels) if label == classes[c]]
        if points:
            style = {"color": colours[c], "marker": DOTS[c % len(DOTS)], **scatter}
            _dots(ax, points, name, **style)
            several = several or len(set(points)) < len(points)
    if drawn:
        what = "p = 1/2" if len(classes) == 2 else "equally probable"
        ax.plot([], [], color=BLACK, linewidth=2.0, label=what)
    ax.set_xlim(grids[0][0], grids[0][-1])
    ax.set_ylim(grids[1][0], grids[1][-1])
    key = "area: how many" if several else None
    _finish(ax, "Decision boundary", feature_names[0], feature_names[1], grid=False, key=key)
    return ax


def _column_names(X: Any) -> list[str] | None:
    """The columns' names, where X is a data frame."""
    if hasattr(X, "columns") and hasattr(X, "to_numpy"):
        return [str(name) for name in X.columns]
    return None


def _names(given: Sequence[str] | None, argument: str, default: list[str], kind: str) -> list[str]:
    if given is None:
        return default
    names = [str(name) for name in given]
    if isinstance(given, str) or len(names) != len(default):
        count = 1 if isinstance(given, str) else len(names)
        raise ValueError(f"{argument} has length {count}: give {len(default)}, one a {kind}")
    return names


def _scores(
    model: Any, labels: list[Any], frame: Any, columns: list[str] | None
) -> tuple[Any, list[Any]]:
    """(function, classes): scores of rows of features, whose differences are the log-odds."""
    np = _numpy()
    if hasattr(model, "predict_proba"):
        known = getattr(model, "classes_", None)
        classes = (
            sorted(set(labels))
            if known is None
            else list(getattr(known, "tolist", lambda: known)())
        )

        def by_model(points: Any) -> Any:
            table = points
            if columns:  # a model that knows its columns by name is to find them
                table = type(frame)({name: points[:, j] for j, name in enumerate(frame.columns)})
            p = np.asarray(model.predict_proba(table), dtype=float)
            if p.shape != (len(points), len(classes)):
                raise ValueError(
                    f"predict_proba returned the shape {p.shape}, not"
                    f" {(len(points), len(classes))}: one column for each class"
                )
            if not (p >= 0).all():  # nor for a NaN
                raise ValueError("predict_proba returned a NaN, or a number below 0")
            return np.log(np.maximum(p, 1e-300))

        return by_model, classes

    if hasattr(model, "w") and hasattr(model, "b"):
        model = (model.w, model.b)
    try:
        w, b = model
    except (TypeError, ValueError):
        raise TypeError(
            f"model is a {type(model).__name__}: give one with predict_proba, or a pair (w, b)"
        ) from None
    if hasattr(b, "__len__"):
        W = np.array(checks.class_weights(w, 2))
        bs = np.array(checks.intercepts(b, W.shape[1]))
        return lambda points: points @ W + bs, list(range(len(bs)))
    weights, intercept = np.array(checks.weights(w, 2)), checks.finite(b, "b")

    def by_line(points: Any) -> Any:
        # chapter 1 is chapter 2 with the scores 0 and z
        z = points @ weights + intercept
        return np.column_stack([np.zeros(len(z)), z])

    return by_line, [0, 1]


# ---------------------------------------------------------------- the descent


def descent_path(
    x: Numbers,
    y: Numbers,
    *,
    learning_rate: Number = 0.1,
    iterations: Number = 1000,
    momentum: Number = 0.0,
) -> list[tuple[float, float]]:
    """Every (a, b) that `gradient_descent_logistic` passes through, from (0, 0) on.

        v <- momentum * v + gradient            (a, b) <- (a, b) - learning_rate * v / n

    iterations + 1 pairs, and fewer if the next would not be finite. The last is, to the bit,
    what the function returns for the same arguments; errors are the same too.

    >>> descent_path([1, 2, 3, 4, 5], [0, 0, 0, 1, 1], iterations=1)
    [(0.0, 0.0), (0.03, -0.010000000000000002)]
    """
    x = checks.sample(x)
    y = checks.labels(y, len(x))
    learning_rate = checks.positive(learning_rate, "learning_rate")
    iterations = checks.count(iterations, "iterations")
    momentum = checks.not_negative(momentum, "momentum")
    checks.label_values(y)
    checks.sample_values(x)
    a = b = v_a = v_b = 0.0
    path = [(a, b)]
    for _ in range(iterations):
        v_a, v_b = gradient_ab(x, y, a, b, momentum * v_a, momentum * v_b)
        a, b = a - learning_rate * (v_a / len(x)), b - learning_rate * (v_b / len(x))
        if not (checks.is_finite(a) and checks.is_finite(b)):
            break
        path.append((a, b))
    return path


def loss_surface(
    x: Numbers,
    y: Numbers,
    *,
    ax: Axes | None = None,
    paths: Mapping[str, Iterable[Sequence[float]]] | None = None,
    a_limits: tuple[float, float] | None = None,
    b_limits: tuple[float, float] | None = None,
    colorbar: bool = True,
    **line: Any,
) -> Axes:
    """One feature: the mean loss over (a, b), as contours, and paths of the descent on it.

        mean of (1-y) softplus(z) + y softplus(-z),    z = a x + b

    paths has for each name a sequence of (a, b), as `descent_path` makes them; a ring marks the
    start of each and a star its end. a_limits and b_limits say which (a, b) to show, without
    them all that the paths touch. The darker, the higher the loss: a colour bar beside the Axes
    (colorbar=False leaves it out) has the contours' round numbers. They are in about equal
    ratios and not at equal distances, since the loss of labels that can be separated falls
    without end. Further keywords go to Axes.plot for the paths.

    TypeError or ValueError names the argument or the entry that cannot be used; ValueError also
    if there is neither a path nor both limits.

    >>> from matplotlib.figure import Figure
    >>> x, y = [1, 2, 3, 4, 5], [0, 0, 0, 1, 1]
    >>> paths = {"momentum 0": descent_path(x, y), "momentum 0.9": descent_path(x, y, momentum=0.9)}
    >>> ax = loss_surface(x, y, paths=paths, ax=Figure().subplots())
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['momentum 0', 'momentum 0.9', 'start', 'end']
    """
    np = _numpy()
    x = checks.sample(x)
    y = checks.labels(y, len(x))
    checks.label_values(y)
    checks.sample_values(x)
    if paths is not None and not isinstance(paths, Mapping):
        raise TypeError(f"paths is a {type(paths).__name__}: give a dict of names and paths")
    tracks = {str(name): _track(path, f"paths[{name!r}]") for name, path in (paths or {}).items()}
    if not tracks and (a_limits is None or b_limits is None):
        raise ValueError("nothing says which (a, b) to show: give paths, or a_limits and b_limits")
    touched = [point for track in tracks.values() for point in track]
    span_a = _limits(a_limits, "a_limits", [point[0] for point in touched])
    span_b = _limits(b_limits, "b_limits", [point[1] for point in touched])

    # 1. the surface: equal samples are computed once
    a, b = np.meshgrid(np.linspace(*span_a, PIXELS), np.linspace(*span_b, PIXELS))
    loss = np.zeros_like(a)
    for (x_i, y_i), count in Counter(zip(x, y)).items():
        z = a * x_i + b
        # (1-y) softplus(z) + y softplus(-z)
        loss += count * ((1 - y_i) * np.logaddexp(0, z) + y_i * np.logaddexp(0, -z))
    loss /= len(x)
    if not np.isfinite(loss).all():
        raise ValueError("the loss is not finite on all of the picture: give nearer limits")
    # Below the smallest float it is 0, which has no logarithm.
    loss = np.maximum(loss, 1e-300)
    if not loss.max() > loss.min():
        raise ValueError("the loss is the same on all of the picture: give wider limits")
    levels = _levels(float(loss.min()), float(loss.max()))
    ax = _axes(ax)
    from matplotlib import cbook, colormaps
    from matplotlib.colors import ListedColormap
    from matplotlib.lines import Line2D

    # The lighter half of the blues, so that lines and letters stand out.
    blues = ListedColormap(colormaps["Blues"](np.linspace(0.0, 0.6, 256)))
    # The logarithm is drawn, and named by the loss: it is nearly linear far out, where contours,
    # which take everything between two points of the grid for linear, would else be ragged.
    height, heights = np.log10(loss), [math.log10(level) for level in levels]
    fill = ax.contourf(a, b, height, heights, cmap=blues, extend="both", zorder=0)
    grey: dict[str, Any] = {"colors": "#44586a", "linewidths": 0.6, "linestyles": "solid"}
    ax.contour(a, b, height, heights, zorder=1, **grey)
    if colorbar:
        bar = ax.figure.colorbar(fill, ax=ax, label="mean loss")
        bar.set_ticks(heights, labels=[f"{level:g}" for level in levels])

    # 2. the paths
    for k, (name, track) in enumerate(tracks.items()):
        style: dict[str, Any] = {
            "color": (ORANGE, BLACK, GREEN, PURPLE)[k % 4],
            "linestyle": DASHES[k % len(DASHES)],
            "linewidth": 2.0,
            "label": name,
            "zorder": 3,
        }
        style.update(cbook.normalize_kwargs(line, Line2D))
        ax.plot([point[0] for point in track], [point[1] for point in track], **style)
    ends = [("o", 8, "white", "start", 0), ("*", 15, BLACK, "end", -1)]
    for shape, size, face, word, which in ends if tracks else []:
        # One after the other may start at the same place, and one entry in the legend will do.
        points = list(dict.fromkeys([track[which] for track in tracks.values()]))
        ax.plot(
            [point[0] for point in points],
            [point[1] for point in points],
            linestyle="none",
            marker=shape,
            markersize=size,
            markerfacecolor=face,
            markeredgecolor=BLACK if face == "white" else "white",
            label=word,
            zorder=4,
        )
    ax.set_xlim(span_a)
    ax.set_ylim(span_b)
    _finish(ax, "Mean loss over (a, b)", "a", "b", grid=False)
    return ax


def _track(path: Iterable[Sequence[float]], name: str) -> list[tuple[float, float]]:
    """A path as pairs of finite floats."""
    points = checks.table(path, name)
    if len(points[0]) != 2:
        raise ValueError(f"{name}[0] has {len(points[0])} numbers: give pairs (a, b)")
    checks.table_values(points, name)
    return [(a, b) for a, b in points]


def _limits(
    given: tuple[float, float] | None, name: str, touched: list[float]
) -> tuple[float, float]:
    """From where to where an axis runs: as given, or around what the paths touch."""
    if given is None:
        room = PAD * (max(touched) - min(touched)) or 1.0
        return min(touched) - room, max(touched) + room
    ends = checks.numbers(given, name)
    if len(ends) != 2:
        raise ValueError(f"{name} has length {len(ends)}: give the two ends")
    low, high = [checks.finite(end, name) for end in ends]
    if not low < high:
        raise ValueError(f"{name} is ({low}, {high}): give the lower end first")
    return low, high


def _levels(low: float, high: float) -> list[float]:
    """From 3 to 15 numbers between low and high in about equal ratios, and round if that can be."""
    decades = math.log10(high / low)
    factors: tuple[float, ...] = (1,)
    if decades <= 2:
        factors = (1, 1.5, 2, 3, 4, 5, 7)
    elif decades <= 4:
        factors = (1, 2, 5)
    step = math.ceil(decades / 12)
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    marks = [
        float(f"{factor}e{exponent}")
        for exponent in exponents
        if exponent % step == 0
        for factor in factors
    ]
    if sum(1 for mark in marks if low < mark < high) < 5:
        marks = terminal.ticks(low, high, 10)  # over so short a stretch equal distances will do
    marks = [mark for mark in marks if low < mark < high]
    if len(marks) < 3:
        marks = [low + (high - low) * k / 8 for k in range(1, 8)]
    return marks
