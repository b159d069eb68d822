"""The picture: pyref's epochs beside its peers', and the speed of reading X over its size."""

import math

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from harness import duration, number
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

OURS = "pyref"
RACES = {"P1": "P1  document 000", "P2": "P2  in the cache", "P3": "P3  in memory"}
OWN, PEER, LIMIT, INK = "#c8402f", "#b3c5d4", "#6f6f6f", "#333333"
COLOURS = {
    "JAX": "#8467a8",
    "PyTorch": "#d08a2e",
    "NumPy": "#3f76a6",
    "numba": "#4f9462",
    "scikit-learn": "#8c8c4a",
}


def draw(found, path):
    """Write the picture of what was measured, as the ending of `path` says."""
    races = [name for name in RACES if name in found["bars"]]
    points = found["bars"].get("roofline", {}).get("extra", {}).get("points", [])
    if not races and not points:
        raise SystemExit("nothing to draw: measure P1, P2, P3 or the roofline")
    style = {
        "font.size": 10,
        "text.color": INK,
        "axes.edgecolor": "#bbbbbb",
        "axes.labelcolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    with plt.rc_context(style):
        heights = [3.1] * bool(races) + [3.7] * bool(points)
        figure = plt.figure(figsize=(9, sum(heights) + 0.9), dpi=200, layout="constrained")
        parts = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
        if races:
            for axes, name in zip(
                parts[0].subplots(1, len(races), squeeze=False)[0], races, strict=True
            ):
                race(axes, RACES[name], found["bars"][name])
            parts[0].suptitle("Time of one epoch: loss, gradient and update", weight="bold")
        if points:
            speeds(parts[-1].subplots(), points)
            parts[-1].suptitle(
                "Speed over the number of rows, against reading X and doing nothing else",
                weight="bold",
            )
        figure.supxlabel(caption(found), fontsize=8, color="#777777")
        figure.savefig(path, facecolor="white")
        plt.close(figure)


def caption(found):
    """Machine and date, and what a quick run is worth."""
    here = found["machine"]
    text = (
        f"{here['processor']}, {here['cores']} cores, instruction set {found['instruction_set']},"
        f" {found['date'][:10]}; medians; every contender in its quickest variant, on all cores"
    )
    return f"{text}; QUICK RUN, ROUGH NUMBERS" if found["quick"] else text


def race(axes, title, kept):
    """Bars of one race, the quickest on top, each with its time and how many of ours it is.

    The bars begin at zero: twice as long is twice the time.
    """
    times = {
        name: times["median"]
        for name, times in kept["contenders"].items()
        if not name.startswith("read")
    }
    names = sorted(times, key=times.get, reverse=True)
    values = [times[name] for name in names]
    axes.barh(
        [name.replace(" ", "\n") for name in names],
        values,
        color=[OWN if name == OURS else PEER for name in names],
        height=0.7,
    )
    widest = max(values)
    axes.set_xlim(0, widest * 1.35)
    for place, (name, value) in enumerate(zip(names, values, strict=True)):
        colour, weight, text = INK, "normal", duration(value)
        if name == OURS:
            colour, weight = OWN, "bold"
        else:
            text += f"   {number(value / times[OURS], 'x')}"
        inside = value > 0.68 * widest
        side, shift = ("right", -5) if inside else ("left", 5)
        axes.annotate(
            text, (value, place), xytext=(shift, 0), textcoords="offset points",
            ha=side, va="center", color=colour, weight=weight, fontsize=8.5,
        )  # fmt: skip
    axes.set_title(f"{title}\n{kept['work']}", fontsize=9.5, loc="left")
    axes.spines["bottom"].set_visible(False)
    axes.xaxis.set_visible(False)
    axes.tick_params(axis="y", length=0, labelsize=9)
    for label in axes.get_yticklabels():
        if label.get_text() == OURS:
            label.set_color(OWN)
            label.set_weight("bold")


def speeds(axes, points):
    """GB of X a second over n: ours, the peers', and the reading of X."""
    rows = [point["n"] for point in points]

    def line(*names):
        """The best of these contenders at each size; NaN where none of them is there."""
        found = []
        for point in points:
            medians = [
                kept["median"] for name, kept in point["contenders"].items() if name in names
            ]
            found.append(point["bytes"] / min(medians, default=float("nan")) / 1e9)
        return found

    limit = line("read, default threads", "read, one thread")
    ours = line(OURS)
    peers = {name: line(name) for name in COLOURS}
    peers = {name: values for name, values in peers.items() if any(v == v for v in values)}
    axes.fill_between(rows, limit, 1e-9, color="#f3f3f0", linewidth=0)
    axes.plot(rows, limit, color=LIMIT, linewidth=1.6, linestyle=(0, (5, 2)))
    ends = [("reading X", limit[-1], LIMIT)]
    for name, values in peers.items():
        axes.plot(rows, values, color=COLOURS[name], linewidth=1.4, marker="o", markersize=3)
        ends.append((name, values[-1], COLOURS[name]))
    axes.plot(rows, ours, color=OWN, linewidth=2.6, marker="o", markersize=5)
    ends.append((OURS, ours[-1], OWN))
    every = [v for values in [limit, ours, *peers.values()] for v in values if v == v]
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(rows[0] / 1.15, rows[-1] * 1.15)
    axes.set_ylim(min(every) / 1.4, max(every) * 1.4)
    label_ends(axes, rows[-1] * 1.15, [end for end in ends if end[1] == end[1]])
    axes.set_ylabel("GB of X a second")
    axes.set_xlabel("rows of 32 features, float64, and the size of X")
    axes.xaxis.set_major_locator(FixedLocator(rows))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda n, _: f"{count(n)}\n{size(256 * n)}"))
    axes.yaxis.set_major_locator(FixedLocator([0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.tick_params(labelsize=8.5)
    axes.grid(color="#e3e3e3", linewidth=0.8)
    axes.set_axisbelow(True)


def label_ends(axes, x, ends):
    """Names beside the ends of their lines, moved apart, as little as may be, to be legible."""
    low, high = axes.get_ylim()
    ends = sorted(ends, key=lambda end: end[1])
    heights = [math.log(end[1] / low) / math.log(high / low) for end in ends]
    for (name, _, colour), height in zip(ends, spread(heights, 0.072), strict=True):
        axes.annotate(
            name, (1, height), xycoords="axes fraction", xytext=(6, 0), textcoords="offset points",
            va="center", color=colour, weight="bold" if name == OURS else "normal", fontsize=9,
        )  # fmt: skip


def spread(places, apart):
    """Rising places, at least `apart` from each other, with the least sum of squared moves.

    (Less apart * i each, they must merely not fall: neighbours that do are averaged.)
    """
    groups = []  # (mean, how many)
    for i, place in enumerate(places):
        mean, many = place - apart * i, 1
        while groups and groups[-1][0] > mean:
            other, number_of = groups.pop()
            mean = (mean * many + other * number_of) / (many + number_of)
            many += number_of
        groups.append((mean, many))
    level = [mean for mean, many in groups for _ in range(many)]
    return [mean + apart * i for i, mean in enumerate(level)]


def count(n):
    """1k, 3k, 1M."""
    return f"{n / 1e6:g}M" if n >= 1e6 else f"{n / 1e3:g}k"


def size(bytes_):
    """256 kB, 1 GB."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6)):
        if bytes_ >= factor:
            return f"{float(f'{bytes_ / factor:.2g}'):g} {unit}"
    return f"{bytes_ / 1e3:.0f} kB"
