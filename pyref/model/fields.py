"""What a model file keeps beside the model itself, its state and its settings, and their checks.

Whoever reads a file can rely on both: `summary`, `plot` and a further fit need no checks of
their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..front import checks
from .exact_json import AGAIN, quoted
from .solvers import ENDINGS, METHODS, SOLVERS


def _is_key(value: Any, known: Any) -> bool:
    return isinstance(value, str) and value in known


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        float(value)
    except OverflowError:
        return False
    return True


def _is_numbers(values: Any) -> bool:
    return isinstance(values, list) and all(map(_is_number, values))


def _is_weights(values: Any) -> bool:
    if not _is_numbers(values):
        return False
    total = 0.0
    for value in values:
        total += value
    return all(value >= 0 for value in values) and 0 < total < checks.INFINITY


# What a fit leaves: how it is called, and how to tell that it is that.
STATE: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "status_": ("the end of a fit", lambda value: _is_key(value, ENDINGS)),
    "reason_": ("a sentence", lambda value: isinstance(value, str)),
    "solver_": ("a solver", lambda value: _is_key(value, METHODS)),
    "backend_": ("a backend", lambda value: _is_key(value, ("python", "c"))),
    "n_iter_": ("a count", _is_count),
    "n_samples_": ("a count", _is_count),
    "log_likelihood_": ("a number", _is_number),
    "loss_history_": ("an array of numbers", _is_numbers),
    "class_totals_": ("an array of weights", _is_weights),
    "weights_are_counts_": ("true or false", lambda value: isinstance(value, bool)),
    "standard_errors_": (
        "an array of numbers, or null",
        lambda value: value is None or _is_numbers(value),
    ),
}


def check_state(state: dict[str, Any], C: int, d: int) -> None:
    """ValueError unless it is what a fit of d features and C classes leaves."""
    for key, (kind, is_kind) in STATE.items():
        if key == "weights_are_counts_" and key not in state:
            continue  # files were written without it: `restore` knows what to do
        if key not in state:
            raise ValueError(f"the key {key!r} is missing in state: {AGAIN}")
        if not is_kind(state[key]):
            raise ValueError(f"{key} is not {kind}: {AGAIN}")
    for key, wanted, many in (
        ("class_totals_", C, "numbers, one for each class"),
        ("standard_errors_", d + 1, "numbers"),
    ):
        if state[key] is not None and len(state[key]) != wanted:
            raise ValueError(f"{key} has {len(state[key])} entries, not {wanted} {many}: {AGAIN}")


def of_state(found: Any, key: str) -> Any:
    """What the state of a Model says. Of weights an old file says nothing but what its settings
    tell: with a class_weight they were no counts, and standard errors that it has are none."""
    if "weights_are_counts_" in found.state:
        return found.state[key]
    are_counts = found.settings.get("class_weight") is None
    if key == "weights_are_counts_":
        return are_counts
    return found.state[key] if are_counts or key != "standard_errors_" else None


# How each setting is checked. (class_weight as the file has it: pairs of label and weight.)
SETTINGS: dict[str, Callable[[Any], Any]] = {
    "solver": lambda value: checks.choice(value, "solver", SOLVERS),
    "backend": lambda value: checks.choice(value, "backend", ("auto", "python", "c")),
    "l2": lambda value: checks.not_negative(value, "l2"),
    "learning_rate": checks.learning_rate,
    "momentum": lambda value: checks.not_negative(value, "momentum"),
    "iterations": lambda value: value is None or checks.count(value, "iterations"),
    "tolerance": lambda value: value is None or checks.not_negative(value, "tolerance"),
    "threads": lambda value: value is None or checks.count(value, "threads", 1),
    "class_weight": lambda value: _check_class_weight(value),
}


def check_settings(settings: dict[str, Any]) -> None:
    """TypeError or ValueError unless the estimator can use them."""
    for key, value in settings.items():
        if key not in SETTINGS:
            raise ValueError(f"there is no setting {quoted(key)}: {AGAIN}")
        try:
            SETTINGS[key](value)
        except (TypeError, ValueError) as error:
            raise ValueError(f"in the settings, {error}") from None


def _check_class_weight(value: Any) -> None:
    if value is None or _is_key(value, ("balanced",)):
        return
    if not isinstance(value, list):
        raise TypeError(f"class_weight is {quoted(value)}: give null, 'balanced', or pairs")
    for k, pair in enumerate(value):
        if not isinstance(pair, list) or len(pair) != 2 or isinstance(pair[0], (list, dict)):
            raise TypeError(f"class_weight[{k}] is {quoted(pair)}: give a label and its weight")
        checks.not_negative(pair[1], f"class_weight[{k}][1]")
