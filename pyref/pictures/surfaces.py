"""Pictures of a plane: the decision boundary over two features, the mean loss over (a, b).

The letters x, X, y, a, b, w, z, p are those of chapter 1, W and C those of chapter 2.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..front import checks
from ..logistic import gradient_ab
from . import terminal
from .drawing import (
    BLACK,
    COLOURS,
    DASHES,
    DOTS,
    GREEN,
    ORANGE,
    PURPLE,
    axes_for,
    draw_dots,
    finish,
    numpy_for_pictures,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..front.given import Number, Numbers, Table

PIXELS = 201  # points across and up at which a surface is computed
PAD = 0.06  # room around the data, as a part of what they span


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
    np = numpy_for_pictures()
    checks.same_index([("X", X), ("y", y)])
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
    ax = axes_for(ax)

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
            draw_dots(ax, points, name, **style)
            several = several or len(set(points)) < len(points)
    if drawn:
        what = "p = 1/2" if len(classes) == 2 else "equally probable"
        ax.plot([], [], color=BLACK, linewidth=2.0, label=what)
    ax.set_xlim(grids[0][0], grids[0][-1])
    ax.set_ylim(grids[1][0], grids[1][-1])
    key = "area: number of rows" if several else None
    finish(ax, "Decision boundary", feature_names[0], feature_names[1], grid=False, key=key)
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
    np = numpy_for_pictures()
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
    weights, intercept = checks.weights(w, 2), checks.finite(b, "b")

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
    checks.same_index([("x", x), ("y", y)])
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
    np = numpy_for_pictures()
    checks.same_index([("x", x), ("y", y)])
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
    levels = levels_between(float(loss.min()), float(loss.max()))
    ax = axes_for(ax)
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
    finish(ax, "Mean loss over (a, b)", "a", "b", grid=False)
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


def levels_between(low: float, high: float) -> list[float]:
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
