"""What there is to say of a fitted model, as numbers: for the report, for JSON, for attributes.

    terms           the coefficients with standard errors, z, p and 95 % intervals
    deviances       of the model and of the intercept alone, with their degrees of freedom
    aic, bic, pseudo_r2
    quality         how good it is on rows with known labels

Degrees of freedom count the rows; where whole weights count them, their sum.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..inference import p_value
from . import report
from .coefficients import parameters
from .labels import label_list

INTERCEPT = "(intercept)"


class Term(NamedTuple):
    """One coefficient; NaN for what is not known, all of it for an aliased one."""

    name: str
    coefficient: float
    standard_error: float
    z: float
    p: float
    low: float
    high: float
    aliased: bool


def aliased(name: str) -> Term:
    """A term that the others leave nothing for."""
    nan = math.nan
    return Term(name, nan, nan, nan, nan, nan, nan, True)


def terms(model: Any) -> list[Term]:
    """The coefficients of a model of two classes, the intercept last."""
    w, b = parameters(model.coef_, model.intercept_, 2)
    errors = errors_of(model)
    found = []
    for j, (name, value) in enumerate(zip(term_names(model), [*w, b])):
        se = math.nan if errors is None else errors[j]
        if name in model.aliased_:
            found.append(aliased(name))
            continue
        z = math.nan if se != se else report.z_value(value, se)
        low, high = report.interval(value, se)
        found.append(Term(name, value, se, z, p_value(z), low, high, False))
    for name in model.aliased_:  # a column of words with one level has no coefficient at all
        if name not in term_names(model):
            found.insert(-1, aliased(name))
    return found


def term_names(model: Any) -> list[str]:
    """The names of the coefficients and the intercept."""
    names = getattr(model, "feature_names_", None)
    if names is None:
        names = getattr(model, "feature_names_in_", None)
    d = len(parameters(model.coef_, model.intercept_, len(model.classes_))[0])
    names = [f"x[{j}]" for j in range(d)] if names is None else list(names)
    return [*names, INTERCEPT]


def errors_of(model: Any) -> list[float] | None:
    """The standard errors that mean something: none where weights do not count rows."""
    errors: list[float] | None = model.standard_errors_ if model.weights_are_counts_ else None
    return errors


def parameter_count(model: Any) -> int:
    """How many numbers the fit was free to choose."""
    names = term_names(model)
    return (len(model.classes_) - 1) * sum(name not in model.aliased_ for name in names)


def row_count(model: Any) -> int:
    """How many rows the model was fitted to, as its weights count them."""
    total = math.fsum(model.class_totals_)
    if model.weights_are_counts_:
        return int(total)
    n: int = model.n_samples_
    return n


def columns(model: Any) -> dict[str, list[Any]]:
    """The table of coefficients by columns; of more than two classes, one for each class."""
    if len(model.classes_) == 2:
        found = terms(model)
        return {name: [getattr(term, name) for term in found] for name in Term._fields}
    w, b = parameters(model.coef_, model.intercept_, len(model.classes_))
    rows = [*w, b]
    out: dict[str, list[Any]] = {"name": term_names(model)}
    for c, label in enumerate(label_list(model.classes_)):
        out[str(label)] = [float(row[c]) for row in rows]
    return out


class Fit(NamedTuple):
    """How well a model fits, in the numbers that statisticians compare."""

    log_likelihood: float
    deviance: float
    df: int
    null_deviance: float
    null_df: int
    aic: float | None  # None: there is no optimum to speak of
    bic: float | None
    pseudo_r2: float | None  # McFadden's: 1 - log-likelihood / that of the intercept alone


def fit_of(model: Any) -> Fit:
    """The deviances of a model, and what follows from them."""
    n, k, C = row_count(model), parameter_count(model), len(model.classes_)
    null = report.null_log_likelihood(model.class_totals_)
    aic = bic = r2 = None
    if model.converged_ and not model.l2 and model.weights_are_counts_:
        aic = report.aic(model.log_likelihood_, k)
        bic = report.deviance(model.log_likelihood_) + k * math.log(n)
    if null < 0 and model.converged_:
        r2 = 1 - model.log_likelihood_ / null
    return Fit(
        model.log_likelihood_,
        report.deviance(model.log_likelihood_),
        n - k,
        report.deviance(null),
        n - (C - 1),
        aic,
        bic,
        r2,
    )


# ---------------------------------------------------------------- on rows with known labels


def quality(
    classes: Sequence[Any], probabilities: Any, labels: Sequence[Any], weights: Any = None
) -> dict[str, Any]:
    """Loss, accuracy, AUC and Brier score of predictions; and what the commonest answer would get.

    `probabilities` are n rows of C. Rows count by their weights. AUC is for two classes: how often
    a row of the second class is given more than one of the first; ties count for half.

    >>> said = quality(["no", "yes"], [[0.9, 0.1], [0.3, 0.7], [0.4, 0.6]], ["no", "yes", "no"])
    >>> round(said["accuracy"], 3), round(said["brier"], 3), said["auc"], said["commonest"]
    (0.667, 0.153, 1.0, 'no')
    """
    classes = label_list(classes)
    number = {label: c for c, label in enumerate(classes)}
    rows = probabilities.tolist() if hasattr(probabilities, "tolist") else probabilities
    s = [1.0] * len(rows) if weights is None else list(weights)
    if not all(s):  # a row of weight 0 is not there, and its label may be no class
        rows, labels = [
            [value for value, s_i in zip(values, s) if s_i] for values in (rows, labels)
        ]
        s = [s_i for s_i in s if s_i]
    codes = [number[label] for label in labels]
    total = math.fsum(s)
    loss, right, brier = [], [], []
    totals = [0.0] * len(classes)
    for ps, c, s_i in zip(rows, codes, s):
        loss.append(s_i * -math.log(ps[c]) if ps[c] else math.inf * s_i if s_i else 0.0)
        right.append(s_i if ps[c] == max(ps) and ps.index(max(ps)) == c else 0.0)
        if len(ps) == 2:
            brier.append(s_i * (ps[1] - c) ** 2)
        else:
            brier.append(s_i * math.fsum([(p - (k == c)) ** 2 for k, p in enumerate(ps)]))
        totals[c] += s_i
    most = totals.index(max(totals))
    return {
        "rows": len(codes),
        "loss": math.fsum(loss) / total,
        "accuracy": math.fsum(right) / total,
        "commonest": classes[most],
        "commonest_accuracy": totals[most] / total,
        "brier": math.fsum(brier) / total,
        "auc": auc([ps[1] for ps in rows], codes, s) if len(classes) == 2 else None,
    }


def auc(scores: Sequence[float], codes: Sequence[int], weights: Sequence[float]) -> float | None:
    """The area under the ROC curve; None where only one of the two classes is there.

    >>> auc([0.1, 0.4, 0.4, 0.8], [0, 0, 1, 1], [1, 1, 1, 1])
    0.875
    """
    order = sorted(range(len(scores)), key=scores.__getitem__)
    below = won = ones = 0.0  # weight of class 0 below this score; of the pairs won; of class 1
    i = 0
    while i < len(order):
        k = i
        tied = [0.0, 0.0]
        while k < len(order) and scores[order[k]] == scores[order[i]]:
            tied[codes[order[k]]] += weights[order[k]]
            k += 1
        won += tied[1] * (below + tied[0] / 2)
        below += tied[0]
        ones += tied[1]
        i = k
    return won / (below * ones) if below and ones else None
