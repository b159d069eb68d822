"""What a statistician wants to see of a fitted model, as one text."""

from __future__ import annotations

from typing import Any

from ..pictures import terminal
from . import report, solvers
from .coefficients import parameters
from .reading import label_list


def summary(model: Any, columns: int | None = None) -> str:
    """The lines of a fitted estimator: its data, how the fit ended, coefficients, likelihoods.

    `columns` is the width of the page, 80 unless given; a wider table continues below.
    """
    columns = terminal.WIDEST if columns is None else columns
    C = len(model.classes_)
    names = getattr(model, "feature_names_in_", None)
    names = [f"x[{j}]" for j in range(model.n_features_in_)] if names is None else list(names)
    names.append("(intercept)")
    w, b = parameters(model.coef_, model.intercept_, C)

    features = f"{model.n_features_in_} feature" + "s" * (model.n_features_in_ != 1)
    what = f"Logistic regression: {model.n_samples_} samples, {features}, {C} classes"
    if C == 2:
        zero, one = label_list(model.classes_)
        what += f". Coefficients speak for {one!r}, against {zero!r}"
    plural = "s" * (model.n_iter_ != 1)
    how = (
        f"{solvers.METHODS[model.solver_]}, {model.n_iter_} iteration{plural}:"
        f" {solvers.ENDINGS[model.status_]}. {model.reason_}"
    )
    lines = [*terminal.paragraph(what + ".", columns, 0), *terminal.paragraph(how, columns, 0)]
    if model.l2:
        lines += terminal.paragraph(
            f"l2 = {model.l2}: the penalty draws the coefficients towards 0, so there are no"
            " standard errors.", columns, 0,
        )  # fmt: skip
    if not model.weights_are_counts_:
        lines += terminal.paragraph(
            "The weights do not count rows (class_weight, or fractions), so there are no standard"
            " errors and no AIC: both go by how many rows there are.", columns, 0,
        )  # fmt: skip
    lines.append("")
    if C == 2:
        lines += report.coefficient_table(names, [*w, b], model.standard_errors_, columns)
    else:
        rows = [
            [report.label(name), *[report.number(value) for value in row]]
            for name, row in zip(names, [*w, b])
        ]
        header = ["", *[report.label(label) for label in model.classes_]]
        lines += terminal.table(header, rows, columns)
    parameter_count = (C - 1) * (model.n_features_in_ + 1)
    null = report.null_log_likelihood(model.class_totals_)
    weighted = "" if model.weights_are_counts_ else "weighted "
    facts = [
        [f"{weighted}deviance", report.number(report.deviance(model.log_likelihood_))],
        [f"{weighted}deviance without features", report.number(report.deviance(null))],
        [f"{weighted}log-likelihood", report.number(model.log_likelihood_)],
    ]
    if model.converged_ and not model.l2 and model.weights_are_counts_:
        value = report.aic(model.log_likelihood_, parameter_count)
        facts.append([f"AIC, {parameter_count} parameters", report.number(value)])
    return "\n".join([*lines, "", *terminal.table(["", ""], facts, columns)[1:]])
