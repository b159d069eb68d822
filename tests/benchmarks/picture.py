"""The picture: pyref's epochs beside its peers', and the speed of reading X over its size."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from harness import duration, number
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

OURS = "pyref"
RACES = {"P1": "P1  in the first cache", "P2": "P2  in the cache", "P3": "P3  in memory"}
OWN, PEER, QUIET, INK = "#c8402f", "#9db4c8", "#5f7d95", "#333333"


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
        f" {found['date'][:10]}; every contender on all cores, medians"
    )
    return f"{text}; QUICK RUN, ROUGH NUMBERS" if found["quick"] else text


def race(axes, title, kept):
    """Bars of one race, the quickest on top, each with how many times ours it takes."""
    times = {
        name: times["median"]
        for name, times in kept["contenders"].items()
        if not name.startswith("read")
    }
    names = sorted(times, key=times.get, reverse=True)
    values = [times[name] for name in names]
    colours = [OWN if name == OURS else PEER for name in names]
    axes.barh(names, values, color=colours, height=0.72)
    low, high = min(values), max(values)
    axes.set_xscale("log")
    axes.set_xlim(low / 3, high * 4)
    for place, (name, value) in enumerate(zip(names, values, strict=True)):
        text = duration(value) if name == OURS else number(value / times[OURS], "x")
        weight = "bold" if name == OURS else "normal"
        axes.text(value * 1.12, place, text, va="center", fontsize=9, weight=weight)
    axes.set_title(f"{title}\n{kept['work']}", fontsize=9.5, loc="left")
    axes.tick_params(axis="y", length=0, labelsize=9)
    axes.tick_params(axis="x", labelsize=8)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    for label in axes.get_yticklabels():
        if label.get_text() == OURS:
            label.set_color(OWN)
            label.set_weight("bold")
    axes.grid(axis="x", color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)


def short(seconds):
    """A tick on a time axis: 10 µs, 1 ms."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= 0.999 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds * 1e9:.0f} ns"


def speeds(axes, points):
    """GB of X a second over n: ours, the peers', and the reading of X."""
    rows = [point["n"] for point in points]

    def line(*names):
        """The best of these contenders at each size; None if none is there."""
        found = []
        for point in points:
            medians = [
                point["contenders"][name]["median"] for name in names if name in point["contenders"]
            ]
            if not medians:
                return None
            found.append(point["bytes"] / min(medians) / 1e9)
        return found

    limit = line("read, default threads", "read, one thread")
    ours = line(OURS)
    axes.fill_between(rows, limit, 1e-3, color="#f1f1ee", linewidth=0)
    axes.plot(rows, limit, color="#777777", linewidth=1.6, linestyle=(0, (5, 2)))
    names = {name for point in points for name in point["contenders"]}
    ends = [("reading X", limit[-1], "#777777")]
    for name in sorted(names - {OURS}):
        if not name.startswith("read"):
            peer = line(name)
            axes.plot(rows, peer, color=PEER, linewidth=1.3, marker="o", markersize=3)
            ends.append((name, peer[-1], QUIET))
    axes.plot(rows, ours, color=OWN, linewidth=2.4, marker="o", markersize=5)
    ends.append((OURS, ours[-1], OWN))
    axes.set_xscale("log")
    axes.set_yscale("log")
    values = [value for _, value, _ in ends] + limit + ours
    axes.set_ylim(min(values) / 2, max(values) * 1.6)
    label_ends(axes, rows[-1], ends)
    axes.set_xlim(rows[0] / 1.15, rows[-1] * 1.15)
    axes.set_ylabel("GB of X a second")
    axes.set_xlabel("rows of 32 features, float64 (size of X)")
    axes.xaxis.set_major_locator(FixedLocator(rows))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda n, _: f"{count(n)}\n{size(256 * n)}"))
    marks = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500]
    axes.yaxis.set_major_locator(FixedLocator(marks))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.tick_params(axis="x", labelsize=8)
    axes.grid(color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)


def label_ends(axes, x, ends):
    """Names to the right of where the lines end, pushed apart where they would overlap."""
    low, high = axes.get_ylim()
    apart = (high / low) ** 0.062
    place = 0.0
    for name, value, colour in sorted(ends, key=lambda end: end[1]):
        place = max(value, place * apart)
        weight = "bold" if name == OURS else "normal"
        axes.annotate(
            name, (x, place), xytext=(8, 0), textcoords="offset points", va="center",
            color=colour, weight=weight, fontsize=9, annotation_clip=False,
        )  # fmt: skip


def count(n):
    """1k, 3k, 1M."""
    return f"{n / 1e6:g}M" if n >= 1e6 else f"{n / 1e3:g}k"


def size(bytes_):
    """256 kB, 1 GB."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6)):
        if bytes_ >= factor:
            return f"{float(f'{bytes_ / factor:.2g}'):g} {unit}"
    return f"{bytes_ / 1e3:.0f} kB"
