"""`pyref tour`, or `pyref` alone: the main job, on a screen and a half.

The launches before the Challenger accident fitted and drawn; the documents' programs beside ours,
with how many digits agree, in both implementations; the loss that becomes NaN beside the one that
does not; the times; and a verdict. Everything on the page is computed when it is printed, but for
the numbers in known.py. `--long` shows all numbers (tour_long.py).
"""

from __future__ import annotations

import argparse
import importlib
import math
import sys
import time
from collections.abc import Sequence
from typing import Any, TextIO

from .. import datasets, sigmoid
from ..model import report
from ..pictures import terminal
from . import comparisons
from .compare import ENOUGH, duration
from .comparisons import EPOCHS_ON, Found
from .implementations import about, implementations, version
from .page import Page, Working
from .sigmoid import picture

NAMES = ("temperature, F", "intercept")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `pyref tour` takes."""
    parser.description = (
        "Fit the documents' examples with both implementations, and show that their numbers"
        " agree. Exit status 1, and the mismatches named, if one does not."
    )
    parser.add_argument("--long", action="store_true", help="show every number, section by section")


def run(arguments: argparse.Namespace) -> int:
    """The page, to standard output; its exit status."""
    if arguments.long:
        long = importlib.import_module(".tour_long", __package__)
        status: int = long.long_form(sys.stdout)
        return status
    return short_form(sys.stdout)


def short_form(stream: TextIO) -> int:
    """The whole page. 0 if all its comparisons hold, else 1."""
    start = time.perf_counter()
    page = Page(stream)
    parts, absent = implementations()
    page.write(title(absent, page.columns))
    found = Found(parts)
    fit = comparisons.challenger(found)
    page.write(["", *launches(fit, page)])
    with Working(page, f"training for {EPOCHS_ON} epochs"):
        comparisons.document_001(found)
        comparisons.document_002(found)
        loop, ours, died = comparisons.document_000(found)
    found.rows.append(found.rows.pop(0))  # the documents first
    page.write(["", *digits(found, page.columns)])
    page.write(["", *two_curves(loop.losses, ours.losses, died, page)])
    page.write(["", *times(found, page.columns)])
    page.write(["", *verdict(found, time.perf_counter() - start, page)])
    return 1 if found.mismatches else 0


def title(absent: str, columns: int) -> list[str]:
    """What this is, and what runs here."""
    text = f"{version()}: logistic regression by gradient descent, written twice"
    lines = terminal.paragraph(text, columns, indent=0)
    for line in about(absent):
        lines += terminal.paragraph(line, columns)
    return lines


def launches(fit: Any, page: Page) -> list[str]:
    """The launches, the sigmoid through them, and the table of its two coefficients."""
    degrees, damaged = datasets.challenger()

    def p(F: float) -> float:
        return sigmoid(fit.w[0] * F + fit.b)

    text = (
        f"Challenger: was an O-ring damaged, and at what temperature (F)? {len(degrees)} launches"
    )
    return [
        *terminal.paragraph(text, page.columns, indent=0),
        *picture(
            degrees,
            damaged,
            p,
            at=31,
            note=f"31 F, the morning of the accident: the probability of damage is {p(31):.4f}",
            names=("damage", "none"),
            columns=page.columns,
            unicode=page.unicode,
        ),
        "",
        *report.coefficient_table(NAMES, [*fit.w, fit.b], fit.standard_errors, page.columns),
    ]


def digits(found: Found, columns: int) -> list[str]:
    """One line for each comparison, a column for each implementation; long labels are broken."""
    header = f"How many digits agree, documents and pyref ({ENOUGH} needed)"
    rows = [(header, [part.name for part in found.parts]), *found.rows]
    widths = [max([len(cells[j]) for _, cells in rows]) for j in range(len(found.parts))]
    room = columns - sum([2 + width for width in widths])
    lines: list[str] = []
    for what, cells in rows:
        indent = 0 if what == header else 1 + len(what) - len(what.lstrip())
        *above, last = terminal.paragraph(what, room, indent)
        ends = [cell.rjust(width) for cell, width in zip(cells, widths)]
        lines += [*above, "  ".join([last.ljust(room), *ends]).rstrip()]
    return lines


def two_curves(
    theirs: Sequence[float], ours: Sequence[float], died: int | None, page: Page
) -> list[str]:
    """The document's losses and ours over the same epochs, side by side if they fit."""
    text = f"Document 000, left to run on for {EPOCHS_ON} epochs"
    if died:
        text = (
            f"Document 000, left to run on: its loss is NaN from epoch {died} on, ours goes on."
            " There a probability rounds to 1, and the document's formula computes 0 * log(0)."
        )
    lines = terminal.paragraph(text, page.columns, indent=0)
    beside = page.columns >= 60
    width = (page.columns - 3) // 2 if beside else page.columns
    after = [math.nan] * (len(ours) - len(theirs))  # its parameters are NaN, and stay so
    drawable = [loss for loss in ours if 0 < loss < math.inf]
    curves = []
    for values, name, flag in (
        ([*theirs, *after], "the document's program", (died, "NaN") if died else None),
        (ours, "pyref", None),
    ):
        if not any(0 < loss < math.inf for loss in values):
            continue
        drawn = terminal.curve(
            values,
            width,
            5,
            title=name,
            y_label="loss",
            logarithmic=True,
            flag=flag,
            unicode=page.unicode,
            least=min(drawable, default=math.inf),
        )
        curves.append(drawn[:-1])  # the last line is for the name of the axis
    if not beside or len(curves) < 2:
        return [*lines, *[line for drawn in curves for line in drawn]]
    return [*lines, *[f"{a.ljust(width)}   {b}".rstrip() for a, b in zip(*curves)]]


def times(found: Found, columns: int) -> list[str]:
    """How long one epoch takes."""
    header = ["one epoch takes", "the document", *[part.name for part in found.parts]]
    rows = []
    for what, seconds in found.seconds:
        cells = [what, *[duration(value) for value in seconds]]
        if len(found.parts) > 1:
            ratio = seconds[1] / seconds[2]
            cells.append(f"{ratio:.0f}" if ratio >= 9.95 else f"{ratio:.1f}")
        rows.append(cells)
    if len(found.parts) > 1:
        header.append("python / c")
    return terminal.table(header, rows, columns)


def verdict(found: Found, seconds: float, page: Page) -> list[str]:
    """How many comparisons hold, in colour where there is one; which do not; and what is next."""
    good = found.count - len(found.mismatches)
    text = f"{good} of {found.count} comparisons hold, {seconds:.1f} s"
    lines = [page.coloured(text, "red" if found.mismatches else "green")]
    for mismatch in found.mismatches:
        lines += terminal.paragraph(mismatch, page.columns)
    for command, meaning in (
        ("pyref fit your.csv --target column", "fit a table of your own"),
        ("pyref tour --long", "all numbers in full"),
    ):
        text = f" {command.ljust(34)}  {meaning}"
        lines.append(text if len(text) <= page.columns else f" {command}")
    return lines
