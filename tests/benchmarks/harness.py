"""Timing several programs side by side so that only their ratios have to be believed.

A race is between contenders that do the same work. Each of them is checked before it is timed:
its losses and its parameters must be ours, so nobody is timed doing less. Then, round after
round and in a new order each time, every one of them has its turn: whatever else the machine
does, and however warm it is, slows all of them. A figure is a ratio of medians within a race.
"""

import math
import os
import platform
import random
import resource
import sys
import time
from collections.abc import Callable
from importlib import metadata
from typing import Any, NamedTuple

from pyref.command import bench

PAUSE = 0.05  # seconds at least before a turn


class DoesLess(Exception):
    """A contender whose result is not the reference's."""


class Contender(NamedTuple):
    """One program of a race."""

    name: str
    run: Callable[[], Any]
    per: float  # units of work (epochs, calls, rows) in one run
    check: Callable[[Any], None] | None = None  # raises DoesLess
    note: str = ""  # its variant, its threads


# ---------------------------------------------------------------- statistics


def quartiles(values):
    """(lower quartile, median, upper quartile), with linear interpolation between values.

    >>> quartiles([4.0, 1.0, 2.0, 3.0])
    (1.75, 2.5, 3.25)
    """
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values")
    found = []
    for share in (0.25, 0.5, 0.75):
        place = share * (len(ordered) - 1)
        below = math.floor(place)
        above = min(below + 1, len(ordered) - 1)
        found.append(ordered[below] + (place - below) * (ordered[above] - ordered[below]))
    return tuple(found)


def median(values):
    """The middle value."""
    return quartiles(values)[1]


# ---------------------------------------------------------------- is it the same work?


class Descended(NamedTuple):
    """What a gradient descent must return: the loss of every epoch, and where it arrived."""

    losses: Any
    w: Any
    b: float


def floats(values):
    """A number, or an array of any library and shape, as a list of floats."""
    if hasattr(values, "reshape"):
        values = values.reshape(-1)
    if hasattr(values, "tolist"):
        values = values.tolist()
    return [float(value) for value in (values if hasattr(values, "__len__") else [values])]


def same_descent(found, reference, start, epochs, tolerance):
    """DoesLess unless two descents agree in every loss and in how far each parameter has moved.

    start is the (w, b) that both begin with. The tolerance is relative: to the loss, and to the
    largest movement of a parameter, so that a parameter left where it was cannot pass.
    """
    theirs, ours = floats(found.losses), floats(reference.losses)
    if len(ours) != epochs or len(set(ours)) != epochs:
        raise ValueError("the reference has not recorded a loss of its own for every epoch")
    if len(theirs) != epochs:
        raise DoesLess(f"{len(theirs)} losses are recorded, not {epochs}")
    for k, (one, other) in enumerate(zip(theirs, ours, strict=True)):
        # written so that a NaN fails
        if not abs(one - other) <= tolerance * abs(other):
            raise DoesLess(f"the loss of epoch {k} is {one!r}, not {other!r}")
    begun = [*floats(start[0]), *floats(start[1])]
    ends = [[*floats(descent.w), *floats(descent.b)] for descent in (found, reference)]
    if len(ends[0]) != len(begun):
        raise DoesLess(f"{len(ends[0])} parameters are returned, not {len(begun)}")
    moved = [abs(end - begin) for end, begin in zip(ends[1], begun, strict=True)]
    if not min(moved) > 2 * tolerance * max(moved):
        raise ValueError("the reference has not moved every parameter far enough to tell")
    for j, (one, other) in enumerate(zip(*ends, strict=True)):
        if not abs(one - other) <= tolerance * max(moved):
            name = "b" if j == len(begun) - 1 else f"w[{j}]"
            raise DoesLess(f"{name} ends at {one!r}, not {other!r}")


# ---------------------------------------------------------------- the race


def quickest(variants, clock=time.perf_counter):
    """The quickest of a contender's variants, after checking each: it and all their times.

    Three runs each, of which the first, with its compilation, is the one that is checked.
    """
    trials = {}
    for variant in variants:
        if variant.check:
            variant.check(variant.run())
        else:
            variant.run()
        times = []
        for _ in range(2):
            start = clock()
            variant.run()
            times.append((clock() - start) / variant.per)
        trials[variant.note] = min(times)
    best = min(variants, key=lambda variant: trials[variant.note])
    return best, trials


def rest(pause):
    """Pause until the threads of the one before have stopped looking for work, at most 40 times.

    OpenBLAS's threads go on for a tenth of a second, on every core.
    """
    for _ in range(40):
        before = time.process_time()
        time.sleep(pause)
        if time.process_time() - before <= 0.02 * pause:
            return


def race(contenders, rounds, warm, pause=PAUSE, clock=time.perf_counter):
    """Seconds for a unit of work: {name: [one for each round]}.

    warm: an untimed run before each timed one, for work whose data fit in a cache (the turns
    of the others have thrown them out). Every timed result is checked as well.
    """
    seconds = {contender.name: [] for contender in contenders}
    if len(seconds) != len(contenders):
        raise ValueError("two contenders have one name")
    for contender in contenders:  # all of them, before any of them is timed
        if contender.check:
            contender.check(contender.run())
    order = list(contenders)
    shuffle = random.Random(0).shuffle
    for _ in range(rounds):
        shuffle(order)
        for contender in order:
            rest(pause)
            if warm:
                contender.run()
            start = clock()
            result = contender.run()
            spent = clock() - start
            if contender.check:
                contender.check(result)
            seconds[contender.name].append(spent / contender.per)
    return seconds


# ---------------------------------------------------------------- verdicts


class Figure(NamedTuple):
    """One number of a bar: a row of the table."""

    against: str  # what it is measured against
    ours: str
    theirs: str
    value: float | None  # None: it could not be measured
    unit: str
    must: float | None
    aim: float | None
    more_is_better: bool = True

    @property
    def reached(self):
        """ "aim", "must" or "no"; "not measured"; "-" where nothing is required."""
        if self.value is None:
            return "not measured"
        if self.must is None:
            return "-"
        sign = 1 if self.more_is_better else -1
        if self.aim is not None and sign * self.value >= sign * self.aim:
            return "aim"
        return "must" if sign * self.value >= sign * self.must else "no"


def number(value, unit):
    """A figure or a bound as the table shows it. A ratio is cut, not rounded up to a bound.

    >>> number(8, "x"), number(12.39, "x"), number(1.7, "x"), number(0.998, "x"), number(None, "x")
    ('8.0x', '12.3x', '1.70x', '0.99x', '-')
    >>> number(94.6, "%"), number(0.5, "MB"), number(3, "µs")
    ('95 %', '0.50 MB', '3.00 µs')
    """
    if value is None:
        return "-"
    if unit == "%":
        return f"{value:.0f} %" if value >= 9.95 else f"{value:.1f} %"
    if unit == "x":
        decimals = 2 if value < 3 else 1 if value < 100 else 0
        return f"{math.floor(value * 10**decimals + 1e-9) / 10**decimals:.{decimals}f}x"
    return f"{value:.2f} {unit}"


def duration(seconds):
    """A time in three figures.

    >>> duration(1.2345e-6), duration(0.0165), duration(2), duration(9.8e-9)
    ('1.23 µs', '16.5 ms', '2.00 s', '9.80 ns')
    """
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9)):
        if seconds >= 0.9995 * size or unit == "ns":
            scaled = seconds / size
            decimals = 2 if scaled < 9.995 else 1 if scaled < 99.95 else 0
            return f"{scaled:.{decimals}f} {unit}"
    raise AssertionError("the last unit always serves")


def aligned(header, rows, left=3):
    """Rows as lines with columns of one width: the first `left` ones to the left."""
    grid = [list(header), *[list(row) for row in rows]]
    widths = [max(len(row[j]) for row in grid) for j in range(len(header))]
    lines = []
    for row in grid:
        cells = [
            cell.ljust(width) if j < left else cell.rjust(width)
            for j, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "-" * max(len(line) for line in lines))
    return lines


def markdown(header, rows, left=3):
    """The same as a table in Markdown."""
    rule = [":--" if j < left else "--:" for j in range(len(header))]
    return ["| " + " | ".join(row) + " |" for row in [header, rule, *rows]]


# ---------------------------------------------------------------- where and when


def machine():
    """What the numbers depend on, as far as the system tells it."""
    return {
        "processor": bench.processor(),
        "architecture": platform.machine(),
        "cores": bench.cores(),
        "memory_GB": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": f"{platform.system()} {platform.release()}",
        "load_at_start": round(os.getloadavg()[0], 2),
    }


def versions(names):
    """The installed version of each distribution, None for what is absent."""
    found = {"python": platform.python_version()}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


class Witness:
    """How much of the machine others have used meanwhile: the share that spoils a measurement.

    with Witness() as witness: ...
    witness.others      percent of all cores taken by other processes, and by other guests
                        of the same host ("steal"); None where the system does not tell
    """

    def __enter__(self):
        self.others = None
        self.before = self._look()
        return self

    def __exit__(self, *_):
        after = self._look()
        if self.before and after:
            own, busy, every = [b - a for a, b in zip(self.before, after, strict=True)]
            if every > 0:
                self.others = round(max(0.0, 100 * (busy - own) / every), 1)

    @staticmethod
    def _look():
        try:
            with open("/proc/stat", encoding="ascii") as lines:
                ticks = [int(field) for field in next(lines).split()[1:9]]
        except (OSError, ValueError):
            return None
        idle = ticks[3] + ticks[4]
        own = 0.0
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
            usage = resource.getrusage(who)
            own += usage.ru_utime + usage.ru_stime
        hertz = os.sysconf("SC_CLK_TCK")
        return own, (sum(ticks) - idle) / hertz, sum(ticks) / hertz


def say(text):
    """A line of progress, on stderr."""
    print(text, file=sys.stderr, flush=True)
