"""How much each row counts: by its own weight, and by the one of its class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..front import checks
from ..front.units import weight_unit
from .labels import shown
from .reading import class_factors


def row_weights(
    sample_weight: Any, class_weight: Any, classes: Sequence[Any], codes: Sequence[int]
) -> tuple[list[float] | None, list[float], bool, float]:
    """The weight of each row, class_weight included (None: all 1); of each class; whether they
    count rows; and the unit of both (`weight_unit` says what for). A class_weight other than
    0 and 1, even a whole number, says what a mistake costs."""
    s = checks.sample_weights(sample_weight, len(codes))
    unit = weight_unit(checks.sample_weight_values(s, len(codes)))
    are_counts = checks.are_counts(s)
    if s is not None and unit != 1:
        s = [s_i / unit for s_i in s]
    totals = [0.0] * len(classes)
    for code, s_i in zip(codes, s or [1.0] * len(codes)):
        totals[code] += s_i
    factors = class_factors(class_weight, classes, totals)
    if factors is not None:
        are_counts = are_counts and all(factor in (0, 1) for factor in factors)
        s = [s_i * factors[code] for code, s_i in zip(codes, s or [1.0] * len(codes))]
        totals = [total * factor for total, factor in zip(totals, factors)]
    counted = [label for label, total in zip(classes, totals) if total]
    if len(counted) < 2:
        only = f"the class {shown(counted[0])}" if counted else "no class"
        raise ValueError(f"the weights leave only {only}: give weight to two classes or more")
    return s, totals, are_counts, unit
