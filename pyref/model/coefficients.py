"""The shapes of coefficients: as the estimator has them, and as the chapters do.

    two classes     coef_ is d weights, intercept_ a number       chapters: w, b, the same
    C > 2 classes   coef_ is C rows of d, intercept_ C numbers    chapters: W, d rows of C, and b

Here one shape becomes the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..front import checks
from .labels import label_list, shown
from .reading import same_columns


def parameters(coef: Any, intercept: Any, C: int) -> tuple[Any, Any]:
    """coef_ and intercept_ as the chapters have them: d weights and a number, or d rows of C.

    With two classes, one row of d weights and one intercept in a sequence will do too.
    """
    if C == 2:
        if hasattr(intercept, "__len__"):
            intercept = checks.numbers(intercept, "intercept")
            if len(intercept) != 1:
                raise ValueError(f"intercept has length {len(intercept)}: for two classes, give 1")
            intercept = intercept[0]
        rows = coef.tolist() if hasattr(coef, "tolist") else list(coef)
        if len(rows) == 1 and hasattr(rows[0], "__len__"):
            rows = rows[0]
        w = checks.numbers(rows, "coef")
        return [checks.finite(v, f"coef[{j}]") for j, v in enumerate(w)], checks.finite(
            intercept, "intercept"
        )
    rows = checks.table(coef, "coef")
    checks.table_values(rows, "coef")
    checks.same_classes(rows, "coef", C, "row of weights")
    values = checks.numbers(intercept, "intercept")
    checks.same_classes(values, "intercept", C, "intercept")
    b = [checks.finite(value, f"intercept[{c}]") for c, value in enumerate(values)]
    return [list(column) for column in zip(*rows)], b


def spread_out(fit: Any, kept: Sequence[int], d: int, C: int) -> Any:
    """The fit of some of d columns as one of all of them, with weights of 0 for the others."""
    places = {j: k for k, j in enumerate(kept)}
    nothing: Any = 0.0 if C == 2 else [0.0] * C
    w = [fit.w[places[j]] if j in places else nothing for j in range(d)]
    errors = fit.standard_errors
    if errors is not None:
        errors = [errors[places[j]] if j in places else float("nan") for j in range(d)]
        errors.append(fit.standard_errors[-1])
    return fit._replace(w=w, standard_errors=errors)


def in_rows(values: Any, C: int, numpy: Any) -> Any:
    """Numbers, one after the other, as n numbers (C = 1) or n rows of C: arrays, or lists."""
    if numpy is not None:
        found = numpy.asarray(values)
        return found if C == 1 else found.reshape(-1, C)
    values = list(values)
    return values if C == 1 else [values[i : i + C] for i in range(0, len(values), C)]


def start(init: Any, classes: Sequence[Any], d: int, columns: Sequence[str] | None) -> Any:
    """init as the chapters have it: (w, b); at zeros (None, ...) without one."""
    C = len(classes)
    if init is None:
        return None, 0.0 if C == 2 else None
    if hasattr(init, "coef_"):
        if label_list(init.classes_) != label_list(classes):
            theirs, ours = (
                ", ".join([shown(label) for label in label_list(each)])
                for each in (init.classes_, classes)
            )
            raise ValueError(
                f"init has the classes [{theirs}], y has [{ours}]: give a model of the same classes"
            )
        same_columns(columns, init, "init was")
        coef, intercept = init.coef_, init.intercept_
    else:
        if hasattr(init, "get_params"):
            raise ValueError("init is a model that is not fitted: fit it first")
        try:
            coef, intercept = init
        except (TypeError, ValueError):
            raise TypeError(
                f"init is {checks.shown(init)}: give a fitted model, or (coef, intercept)"
            ) from None
    w, b = parameters(coef, intercept, C)
    width = len(w)
    if width != d:
        raise ValueError(
            f"init has weights for {width} features, X has {d}: give the same features"
        )
    return w, b
