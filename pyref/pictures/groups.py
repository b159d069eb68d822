"""Many rows in few groups: what share of each is 1, and how sure that is.

Where thousands of dots lie on two lines, nobody sees how many they are. Groups of neighbours do
show it: about as many rows in each, and rows of one x never in two groups.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

# Of the standard normal distribution, 95 % lies within this distance of 0.
NORMAL_QUANTILE = 1.9599639845400543


class Group(NamedTuple):
    """Neighbours: how many rows, their mean x, the share of 1s among them, its 95 % interval."""

    rows: int
    x: float
    share: float
    low: float
    high: float


def wilson(share: float, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a proportion (1927), which stays within 0 and 1.

    >>> [round(end, 4) for end in wilson(0.0, 10)], [round(end, 4) for end in wilson(0.5, 100)]
    ([0.0, 0.2775], [0.4038, 0.5962])
    """
    # the two p with  (share - p)^2 = q^2 p (1 - p) / n
    q2 = NORMAL_QUANTILE**2 / n
    centre = (share + q2 / 2) / (1 + q2)
    half = math.sqrt(q2 * share * (1 - share) + q2 * q2 / 4) / (1 + q2)
    return max(centre - half, 0.0), min(centre + half, 1.0)


def groups(x: Sequence[float], y: Sequence[float], most: int = 20) -> list[Group]:
    """The rows in at most so many groups of neighbours, x rising.

    >>> [(g.rows, g.x, g.share) for g in groups([1, 2, 2, 2, 3, 4], [0, 0, 1, 1, 1, 0], most=3)]
    [(4, 1.75, 0.5), (2, 3.5, 0.5)]
    """
    pairs = sorted(zip(x, y))
    n = len(pairs)
    ends = []  # where a group ends: once it has its part of the rows, at the next other x
    start = 0
    for i in range(1, n):
        if (i - start) * most >= n and pairs[i][0] != pairs[i - 1][0]:
            ends.append(i)
            start = i
    if ends and 2 * (n - ends[-1]) * most < n:
        ends.pop()  # the last would have less than half its part: to its neighbour
    found = []
    start = 0
    for end in [*ends, n]:
        rows = pairs[start:end]
        size = len(rows)
        share = math.fsum([y_i for _, y_i in rows]) / size
        mean = math.fsum([x_i / size for x_i, _ in rows])
        found.append(Group(size, mean, share, *wilson(share, size)))
        start = end
    return found
