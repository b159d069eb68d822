"""What `pyref fit --json` prints: one JSON document, described by fit.schema.json beside this file.

What is not known is null, and so is a number that JSON has no word for. A later version of the
document has another schemaVersion; keys may be added without one.
"""

from __future__ import annotations

import argparse
import json
import math
from typing import Any

from ..model import facts
from ..model.coefficients import parameters
from ..tables import Table

SCHEMA_VERSION = 1


def as_json(model: Any, table: Table, arguments: argparse.Namespace) -> str:
    """The whole fit as a JSON document."""
    codings = [
        {"name": c.name, "levels": c.levels, "reference": c.reference} for c in table.codings
    ]
    return of_model(
        model,
        data=arguments.data,
        gaps=table.gaps,
        columns=codings,
        columnLeftOut=table.names_rows,
    )


def of_model(model: Any, **known: Any) -> str:
    """A model as a JSON document; `known` is what its file does not say."""
    classes = list(model.classes_)
    fit = facts.fit_of(model)._asdict()
    document = {
        "schemaVersion": SCHEMA_VERSION,
        "target": getattr(model, "target_", None),
        "classes": [
            {"label": label, "weight": total} for label, total in zip(classes, model.class_totals_)
        ],
        "modelled": classes[1] if len(classes) == 2 else None,
        "rows": {
            "read": model.n_samples_ + model.n_left_out_,
            "used": model.n_samples_,
            "leftOut": model.n_left_out_,
        },
        "aliased": model.aliased_,
        "terms": _terms(model),
        "solver": model.solver_,
        "iterations": model.n_iter_,
        "status": model.status_,
        "converged": model.converged_,
        "reason": model.reason_,
        "l2": model.l2,
        "fit": {camel(key): value for key, value in fit.items()},
        "quality": {
            camel(key): value for key, value in (getattr(model, "quality_", None) or {}).items()
        },
        **known,
    }
    return json.dumps(plain(document), ensure_ascii=False, allow_nan=False, indent=1)


def _terms(model: Any) -> list[dict[str, Any]]:
    """One entry for each coefficient; of more than two classes, for each class and coefficient."""
    if len(model.classes_) == 2:
        return [
            {camel(key): value for key, value in term._asdict().items()}
            for term in facts.terms(model)
        ]
    w, b = parameters(model.coef_, model.intercept_, len(model.classes_))
    return [
        {
            "name": name,
            "class": label,
            "coefficient": None if name in model.aliased_ else value,
            "aliased": name in model.aliased_,
        }
        for name, row in zip(facts.term_names(model), [*w, b])
        for label, value in zip(model.classes_, row)
    ]


def camel(name: str) -> str:
    """As JSON's keys are mostly written.

    >>> camel("log_likelihood")
    'logLikelihood'
    """
    first, *rest = name.split("_")
    return first + "".join([word.capitalize() for word in rest])


def plain(value: Any) -> Any:
    """A number that is not finite is null."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
