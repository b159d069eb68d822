"""Curves of one variable: the loss over the epochs, the sigmoid through its data.

The letters x, y, a, b, w, z, p are those of chapter 1.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from ..front import checks
from ..logistic import sigmoid
from ..second_order import hessian
from .drawing import BLACK, BLUE, COLOURS, DASHES, ORANGE, axes_for, draw_dots, finish
from .groups import groups

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..front.given import Number, Numbers, Table

# ---------------------------------------------------------------- the loss curve


def loss_curve(
    losses: Numbers,
    *,
    ax: Axes | None = None,
    label: str | None = None,
    log: bool = False,
    step: str = "epoch",
    **line: Any,
) -> Axes:
    """The loss over the epochs: losses[k] over k + 1, with title, axes, grid and legend.

    This is document 000's picture (its own has dots: give marker=".", linestyle="none"), and
    losses are its list, or what a fit has as `losses`. Epochs count from 1, as the document
    prints them. Several curves come on one Axes by calling again with ax. `label` names the
    curve; without it, its last loss does. log=True makes the loss axis logarithmic. `step` is
    what the losses are counted by: "epoch", or "iteration" as Newton's method has them. Further
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
    ax = axes_for(ax)

    broken = next((k for k, value in enumerate(values) if not checks.is_finite(value)), None)
    if broken is not None:
        end = f"{values[broken]} from {step} {broken + 1}"
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
    finish(ax, "Loss curve", f"{step}s", "loss")
    return ax


def _minor(value: float, low: float, high: float) -> str:
    """The name of a mark between the powers of ten: of 2 and 5 of them, if there is room."""
    name = f"{value:g}"
    return name if high / low < 2000 and name.strip("0.")[:1] in "25" else ""


# ---------------------------------------------------------------- one feature

# Beyond so many rows, at more than so many places, dots hide each other: groups are drawn.
MOST_ROWS = 200
MOST_PLACES = 40


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
    ones are one dot with k times the area and, where there is room, with k in it. More than 200
    samples, of which more than 40 differ, are groups of neighbours instead: a dot at the share of
    1s in each group (the mean of its y), with Wilson's 95 % interval. The curve is
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
    at 31: p = 0.9996 (95 %: 0.4816 to 0.9999999)
    """
    name = getattr(x, "name", None)  # a column of a data frame knows its own
    checks.same_index([("x", x), ("y", y)])
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
    ax = axes_for(ax)

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
    if len(points) > MOST_ROWS and len(set(points)) > MOST_PLACES:
        _draw_groups(ax, x, y)
        points = []
    label = "data" if len(set(points)) == len(points) else "data (area: number of rows)"
    if points:
        draw_dots(ax, points, label, counted=True, color=BLACK)

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
    finish(ax, "Logistic regression on one feature", str(name or "x"), "probability that y = 1")
    return ax


def _draw_groups(ax: Axes, x: list[float], y: list[float]) -> None:
    """The shares of 1s among neighbours, each with its interval."""
    found = groups(x, y)
    ax.errorbar(
        [group.x for group in found],
        [group.share for group in found],
        [
            [group.share - group.low for group in found],
            [group.high - group.share for group in found],
        ],
        linestyle="none",
        marker="o",
        markersize=4.5,
        capsize=3,
        linewidth=1.2,
        color=BLACK,
        label=f"{len(x)} rows in {len(found)} groups: share of 1s, 95 % intervals",
        zorder=3,
    )


def _shown(z: float) -> str:
    """sigmoid(z) with four decimals; near 0 or 1 with as many as tell it from that.

    >>> [_shown(z) for z in (-20, 0, 8, 16, 99)]
    ['2e-09', '0.5000', '0.9997', '0.9999999', 'above 0.9999999999']
    """
    rest = sigmoid(-abs(z))  # how far it is from 0 or 1
    if rest >= 0.00005:
        return f"{sigmoid(z):.4f}"
    if z < 0:
        return f"{rest:.1g}"
    if rest < 1e-10:
        return "above 0.9999999999"
    # as many decimals as the first figure of the rest stands behind the point
    return f"{1 - rest:.{-int(f'{rest:.0e}'.partition('e')[2])}f}"


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
    if abs(cov - mirrored) > 1e-9 * math.sqrt(abs(var_w * var_b)):
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
