"""`pyref score`: how good a saved model is on rows whose classes are known."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from typing import Any

from ..model import report
from ..model.facts import quality
from ..pictures import terminal
from .files import add_dialect, given, load_model, rows_for, target_of
from .fit_json import SCHEMA_VERSION, camel, plain
from .mistakes import Mistake, obedient
from .streams import complain, print_lines


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The grammar of `pyref score`."""
    parser.description = (
        "Say how good a saved model is on rows whose classes are known: loss, accuracy, AUC, Brier"
        " score, confusion matrix, calibration. Example: pyref score model.json test.csv"
    )
    add = parser.add_argument
    add("model", help="the model file; - is standard input")
    add("data", help="the table: CSV with a header, or Parquet; - is standard input")
    add("--target", metavar="COLUMN", help="the known classes (default: the column of the fit)")
    add("--weights", metavar="COLUMN", help="a column of how often each row counts")
    add(
        "--missing",
        choices=["drop", "error"],
        default="drop",
        help="a row with a gap: drop leaves it out and says so (default), error ends here",
    )
    add_dialect(add)
    add("--json", action="store_true", help="print it as one JSON document")


@obedient
def run(arguments: argparse.Namespace) -> int:
    """`pyref score`: read model and rows, say how they agree."""
    if arguments.model == "-" == arguments.data:
        raise Mistake("model and data cannot both be standard input: give a file for one")
    model = load_model(arguments.model)
    target = target_of(model, arguments.target)
    table = rows_for(model, arguments, target, arguments.missing, arguments.weights)
    if not table.kept:
        raise Mistake(f"{arguments.data} has a gap in every row: fill some in")
    classes, labels = list(model.classes_), table.labels or []
    for i, label in zip(table.kept, labels):
        if label not in classes:
            known = ", ".join([repr(each) for each in classes])
            raise Mistake(
                f"{arguments.data}, row {i + 1}, column {target!r} is {label!r}, and the model"
                f" knows {known}: remove the row, or fit anew"
            )
    X = given(table, model.backend)
    ps = model.predict_proba(X)
    rows = ps.tolist() if hasattr(ps, "tolist") else ps
    s = [1.0] * len(labels) if table.weights is None else list(table.weights)
    if not sum(s):
        raise Mistake("the weights are all 0: give some rows weight")
    found = quality(classes, rows, labels, s)
    predicted = [classes.index(label) for label in _listed(model.predict(X))]
    actual = [classes.index(label) for label in labels]
    matrix = [[0.0] * len(classes) for _ in classes]
    for a, p, s_i in zip(actual, predicted, s):
        matrix[a][p] += s_i
    groups = calibration(rows, actual, s) if len(classes) == 2 else []
    left = table.rows - len(table.kept)
    if left:
        complain(f"{left} of {table.rows} rows are left out, for gaps in {', '.join(table.gaps)}")
    if arguments.json:
        document = {
            "schemaVersion": SCHEMA_VERSION,
            "data": arguments.data,
            "target": target,
            "rows": {"read": table.rows, "used": len(labels), "leftOut": left},
            "quality": {camel(key): value for key, value in found.items()},
            "classes": classes,
            "confusion": matrix,
            "calibration": [
                {"from": low, "to": high, "weight": w, "predicted": p, "observed": o}
                for low, high, w, p, o in groups
            ],
        }
        text = json.dumps(plain(document), ensure_ascii=False, allow_nan=False, indent=1)
        print_lines([text])
        return 0
    print_lines(_page(target, classes, found, matrix, groups, terminal.width(sys.stdout)))
    return 0


def _listed(labels: Any) -> list[Any]:
    return list(labels.tolist() if hasattr(labels, "tolist") else labels)


def calibration(
    rows: Sequence[Sequence[float]], actual: Sequence[int], weights: Sequence[float]
) -> list[tuple[float, float, float, float, float]]:
    """For each tenth of the probabilities that has rows: its ends, the weight of its rows, the mean
    of what was predicted for the second class, and how often it came.

    >>> calibration([[0.75, 0.25], [0.75, 0.25], [0.0, 1.0]], [0, 1, 1], [1, 1, 1])
    [(0.2, 0.3, 2, 0.25, 0.5), (0.9, 1.0, 1, 1.0, 1.0)]
    """
    bins: list[list[tuple[float, int, float]]] = [[] for _ in range(10)]
    for ps, a, s_i in zip(rows, actual, weights):
        if s_i:
            bins[min(int(ps[1] * 10), 9)].append((ps[1], a, s_i))
    found = []
    for k, members in enumerate(bins):
        if members:
            weight = sum([s for _, _, s in members])
            predicted = math.fsum([p * s for p, _, s in members]) / weight
            observed = math.fsum([a * s for _, a, s in members]) / weight
            found.append((k / 10, (k + 1) / 10, weight, predicted, observed))
    return found


def _page(
    target: str,
    classes: Sequence[Any],
    found: dict[str, Any],
    matrix: Sequence[Sequence[float]],
    groups: Sequence[tuple[float, float, float, float, float]],
    columns: int,
) -> list[str]:
    """What a person reads."""
    n = found["rows"]
    lines = [f"{target}: {n:,} row{'s' * (n != 1)} whose class is known", ""]
    facts = [
        ["accuracy", f"{found['accuracy']:.2%}"],
        [f"always answering {found['commonest']}", f"{found['commonest_accuracy']:.2%}"],
        ["loss", report.number(found["loss"], 4)],
        ["Brier score", report.number(found["brier"], 4)],
    ]
    if found["auc"] is not None:
        facts.append(["AUC", report.number(found["auc"], 4)])
    lines += terminal.table(["", ""], facts, columns)[1:]
    names = [report.label(label) for label in classes]
    lines += ["", "Rows: what it is. Columns: what the model says."]
    cells = [[name, *[f"{v:,.6g}" for v in row]] for name, row in zip(names, matrix)]
    lines += terminal.table(["", *names], cells, columns)
    if groups:
        lines += ["", f"Where the model says {names[1]} with a probability of ..."]
        rows = [
            [f"{low:.1f} to {high:.1f}", f"{w:,.6g}", f"{p:.3f}", f"{o:.3f}"]
            for low, high, w, p, o in groups
        ]
        lines += terminal.table(["", "rows", "mean of it", "it was so"], rows, columns)
    return lines
