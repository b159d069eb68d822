"""What a person wants to see of a fitted model, as one text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..pictures import terminal
from . import report, solvers
from .coefficients import parameters
from .facts import Term, fit_of, term_names, terms
from .labels import label_list

# More coefficients than this are too many to look at: some are shown.
MOST = 60


def some(found: Sequence[Any], whole: bool) -> Sequence[Any]:
    """The first coefficients and the intercept, if there are too many."""
    return found if whole or len(found) <= MOST else [*found[: MOST - 1], found[-1]]


def summary(
    model: Any,
    columns: int | None = None,
    digits: int = 4,
    odds: bool = False,
    whole: bool = False,
) -> str:
    """The lines of a fitted estimator: what was modelled, coefficients, how the fit ended, fit.

    `columns` is the width of the page, 80 unless given; a wider table continues below. Numbers
    have so many significant digits. With `odds`, odds ratios and their intervals stand in the
    place of the coefficients' intervals. `whole` shows all coefficients, however many.
    """
    columns = terminal.WIDEST if columns is None else columns
    C = len(model.classes_)
    lines = []
    for text in (modelled(model), rows_said(model)):
        lines += terminal.paragraph(text, columns, 0)
    lines.append("")
    if C == 2:
        found = terms(model)
        lines += coefficient_lines(some(found, whole), columns, digits, odds)
    else:
        w, b = parameters(model.coef_, model.intercept_, C)
        named = list(zip(term_names(model), [*w, b]))
        rows = []
        for name, row in some(named, whole):
            cells = [report.number(value, digits) for value in row]
            rows.append(
                [report.label(name), *(["aliased"] * C if name in model.aliased_ else cells)]
            )
        header = ["", *[report.label(label) for label in model.classes_]]
        lines += terminal.table(header, rows, columns)
    many = len(term_names(model))
    if many > MOST and not whole:
        lines.append(f" and {many - MOST} more, which `pyref show` shows")
    lines.append("")
    for text in (ending(model), why_no_errors(model), weights_said(model)):
        lines += terminal.paragraph(text, columns, 0)
    return "\n".join([*lines, "", *fact_lines(model, columns, digits)])


def modelled(model: Any) -> str:
    """Of what the model gives the probability, and how often that was."""
    labels, totals = label_list(model.classes_), model.class_totals_
    target = getattr(model, "target_", None) or "y"
    if len(labels) == 2:
        whole = count(totals[0] + totals[1])
        return f"Probability modelled: {target} = {labels[1]} ({count(totals[1])} of {whole})"
    each = [f"{label} ({count(total)})" for label, total in zip(labels[:8], totals)]
    if len(labels) > 8:
        each.append(f"and {len(labels) - 8} more")
    return f"Probabilities modelled: {target} = {', '.join(each)}"


def rows_said(model: Any) -> str:
    """How many rows and columns the fit has seen, and which it has not."""
    n, d, left = model.n_samples_, model.n_features_in_, model.n_left_out_
    text = f"{count(n)} row{'s' * (n != 1)}, {d} feature{'s' * (d != 1)}"
    if left:
        text += f"; {count(left)} row{'s' * (left != 1)} with gaps left out"
    if model.aliased_:
        names = ", ".join([report.label(name) for name in model.aliased_[:8]])
        names += ", ..." * (len(model.aliased_) > 8)
        text += f"; aliased, the other columns leave nothing for them: {names}"
    return text


def count(value: float) -> str:
    """A number of rows, or a sum of weights.

    >>> count(10000), count(2201.0), count(0.25)
    ('10,000', '2,201', '0.25')
    """
    return f"{value:,.0f}" if value == int(value) else f"{value:,.6g}"


def ending(model: Any) -> str:
    """How the fit ended, and why."""
    plural = "s" * (model.n_iter_ != 1)
    method = solvers.METHODS[model.solver_]
    how = solvers.ENDINGS[model.status_]
    return f"{method}, {model.n_iter_} iteration{plural}: {how}. {model.reason_}"


def why_no_errors(model: Any) -> str:
    """Why there are no standard errors, where a setting is why."""
    if model.l2:
        return (
            f"l2 = {model.l2}: the penalty draws the coefficients towards 0, so there are no"
            " standard errors."
        )
    return ""


def weights_said(model: Any) -> str:
    """That the weights do not count rows, where they do not, and what is missing then."""
    if model.weights_are_counts_:
        return ""
    return (
        "The weights do not count rows (class_weight, or fractions), so there are no standard"
        " errors and no AIC: both go by how many rows there are."
    )


def coefficient_lines(
    found: Sequence[Term], columns: int, digits: int, odds: bool = False
) -> list[str]:
    """The table of coefficients, `aliased` in the place of those that have none."""
    known = [term for term in found if not term.aliased]
    has_errors = any(term.standard_error == term.standard_error for term in known)
    header = ["", "coefficient"]
    if has_errors:
        header += ["std. error", "z", "p"]
    if odds:
        header += ["odds ratio"]
    if has_errors:
        header += ["95 % from", "to"]
    rows = []
    for term in found:
        if term.aliased:
            rows.append([report.label(term.name), "aliased", *[""] * (len(header) - 2)])
            continue
        row = [report.label(term.name), report.number(term.coefficient, digits)]
        ends = [term.low, term.high]
        if has_errors:
            row += [
                report.number(term.standard_error, digits),
                report.z_text(term.z),
                report.p_text(term.p),
            ]
        if odds:
            row += [report.number(power(term.coefficient), digits)]
            ends = [power(end) for end in ends]
        if has_errors:
            row += [report.number(end, digits) for end in ends]
        rows.append(row)
    wide = terminal.table(header, rows, 10**6)
    if max(map(len, wide)) <= columns:
        return wide
    short = {
        "coefficient": "coef.",
        "std. error": "s.e.",
        "95 % from": "95 %",
        "odds ratio": "odds",
    }
    return terminal.table([short.get(word, word) for word in header], rows, columns)


def power(value: float) -> float:
    """e to the power of a coefficient: infinite where no float is as large."""
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


def fact_lines(model: Any, columns: int, digits: int) -> list[str]:
    """Deviances, AIC, and how good the model is on rows, as far as it is known."""
    fit = fit_of(model)
    weighted, df = "" if model.weights_are_counts_ else "weighted ", "degrees of freedom"
    facts = [
        [f"{weighted}deviance", report.number(fit.deviance, digits), f"{fit.df} {df}"],
        ["without features", report.number(fit.null_deviance, digits), f"{fit.null_df} {df}"],
    ]
    if fit.aic is not None:
        facts.append(["AIC", report.number(fit.aic, digits), ""])
    if fit.pseudo_r2 is not None:
        facts.append(["pseudo-R2", report.number(fit.pseudo_r2, digits), "McFadden"])
    known = getattr(model, "quality_", None)
    if known is not None:
        common = f"always answering {known['commonest']}: {known['commonest_accuracy']:.2%}"
        facts.append(["accuracy", f"{known['accuracy']:.2%}", common])
        if known["auc"] is not None:
            facts.append(["AUC", report.number(known["auc"], digits), ""])
    name = max(len(row[0]) for row in facts)
    value = max(len(row[1]) for row in facts)
    return [f" {a.ljust(name)}  {b.rjust(value)}  {c}".rstrip()[:columns] for a, b, c in facts]
