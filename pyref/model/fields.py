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
    "n_left_out_": ("a count", _is_count),
    "quality_": ("what is known of a fit's own rows", lambda value: _is_quality(value)),
    "aliased_": ("an array of names", lambda value: _is_names(value)),
    "log_likelihood_": ("a number", _is_number),
    "loss_history_": ("an array of numbers", _is_numbers),
    "class_totals_": ("an array of weights", _is_weights),
    "weights_are_counts_": ("true or false", lambda value: isinstance(value, bool)),
    "standard_errors_": (
        "an array of numbers, or null",
        lambda value: value is None or _is_numbers(value),
    ),
}


# What a fit of version 1 has not left, and how it was.
SINCE_2 = (("n_left_out_", 0), ("aliased_", ()), ("quality_", None))


def add_missing(settings: dict[str, Any], state: dict[str, Any]) -> None:
    """What an older file says nothing of. Of weights its settings tell: with a class_weight they
    were no counts, and standard errors that it has are none."""
    for key, value in SINCE_2:
        state.setdefault(key, list(value) if isinstance(value, tuple) else value)
    if "weights_are_counts_" not in state:
        state["weights_are_counts_"] = settings.get("class_weight") is None
        if not state["weights_are_counts_"]:
            state["standard_errors_"] = None


def check_state(state: dict[str, Any], C: int, d: int) -> None:
    """ValueError unless it is what a fit of d features and C classes leaves."""
    for key, (kind, is_kind) in STATE.items():
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


# How each setting is checked. (class_weight and reference as the file
# has them: pairs of label and weight, of column and level.)
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
    "categorical": lambda value: _check_names(value, "categorical"),
    "reference": lambda value: _check_reference(value),
    "missing": lambda value: checks.choice(value, "missing", ("error", "drop")),
    "aliased": lambda value: checks.choice(value, "aliased", ("error", "drop")),
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


def _is_quality(value: Any) -> bool:
    numbers = ("rows", "loss", "accuracy", "commonest_accuracy", "brier", "auc")
    return value is None or (
        isinstance(value, dict)
        and set(value) == {*numbers, "commonest"}
        and all(_is_number(value[key]) for key in numbers[:-1])
        and (value["auc"] is None or _is_number(value["auc"]))
    )


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _check_names(value: Any, name: str) -> None:
    if value is not None and not _is_names(value):
        raise TypeError(f"{name} is {quoted(value)}: give null, or names of columns")


def _check_reference(value: Any) -> None:
    if value is None:
        return
    if not isinstance(value, list) or not all(
        isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str) for pair in value
    ):
        raise TypeError(f"reference is {quoted(value)}: give null, or pairs of column and level")


def _check_class_weight(value: Any) -> None:
    if value is None or _is_key(value, ("balanced",)):
        return
    if not isinstance(value, list):
        raise TypeError(f"class_weight is {quoted(value)}: give null, 'balanced', or pairs")
    for k, pair in enumerate(value):
        if not isinstance(pair, list) or len(pair) != 2 or isinstance(pair[0], (list, dict)):
            raise TypeError(f"class_weight[{k}] is {quoted(pair)}: give a label and its weight")
        checks.not_negative(pair[1], f"class_weight[{k}][1]")
