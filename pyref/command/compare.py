"""Numbers against numbers, and times against times: what the page says is measured with these."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

ROUNDS = 15  # of timing
ENOUGH = 9  # figures: an agreement of fewer is a failure, and the exit status says so


def figures(value: float, reference: str) -> float:
    """How many decimal figures of a value are those of a reference, as it is printed.

    Infinite where it reads the same to the reference's last digit, else -log10 of the relative
    error, and 0 for a value that is not finite.

    >>> figures(0.25, "0.25"), figures(0.12345678, "0.1235"), round(figures(0.2501, "0.2500"), 1)
    (inf, inf, 3.4)
    """
    decimals = len(reference.partition(".")[2])
    if repr(value) == reference or f"{value:.{decimals}f}" == reference:
        return math.inf
    if not math.isfinite(value) or not Decimal(reference):
        return 0.0
    error = abs(Decimal(value) / Decimal(reference) - 1)
    return max(0.0, -math.log10(error)) if error else math.inf


def least_figures(values: Sequence[float], references: Sequence[str]) -> float:
    """The agreement of the pair that agrees least; 0 if either list goes on without the other."""
    if not values or len(values) != len(references):
        return 0.0
    return min([figures(value, reference) for value, reference in zip(values, references)])


def distance(values: Sequence[float], references: Sequence[str]) -> float:
    """How far the pair that is furthest apart is apart."""
    return max([float(abs(Decimal(v) - Decimal(r))) for v, r in zip(values, references)])


def texts(values: Sequence[float]) -> list[str]:
    """Numbers with all their digits."""
    return [repr(value) for value in values]


def median(values: Sequence[float]) -> float:
    """The middle one (of an even number, the upper of the two); NaN where there is none."""
    return sorted(values)[len(values) // 2] if values else math.nan


def timed(runs: Sequence[Callable[[], Any]]) -> tuple[list[Any], list[float]]:
    """What each run() returns, and the median of the seconds that it takes.

    They take turns, ROUNDS each, so that whatever else the machine does slows all of them.
    """
    results: list[Any] = []
    seconds: list[list[float]] = [[] for _ in runs]
    for _ in range(ROUNDS):
        results = []
        for i, run in enumerate(runs):
            start = time.perf_counter()
            results.append(run())
            seconds[i].append(time.perf_counter() - start)
    return results, [median(values) for values in seconds]


def duration(seconds: float) -> str:
    """Three figures and a unit; "-" for a NaN, the time of what was not timed.

    >>> duration(2.1e-7), duration(1.2345e-6), duration(0.0123), duration(2)
    ('210 ns', '1.23 µs', '12.3 ms', '2.00 s')
    """
    if not math.isfinite(seconds):
        return "-"
    number, unit = seconds, "s"
    if seconds < 999.5e-9:
        number, unit = seconds * 1e9, "ns"
    elif seconds < 999.5e-6:
        number, unit = seconds * 1e6, "µs"
    elif seconds < 999.5e-3:
        number, unit = seconds * 1e3, "ms"
    decimals = 0 if number >= 99.95 else 1 if number >= 9.995 else 2
    return f"{number:.{decimals}f} {unit}"
