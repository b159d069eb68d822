"""What the main job compares: the three documents and the Challenger launches, in a few lines.

Each comparison is of one implementation with one reference, number against number, and holds if
it agrees in at least ENOUGH digits. All of them are made when the page is, and none is stored;
the references that are not computed in the same run stand in known.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from .. import datasets, documents
from ..model import report
from .compare import ENOUGH, least_figures, median, texts, timed
from .implementations import Implementation
from .known import ERRORS, NUMPY, OPTIMUM, PRINTED
from .training import EPOCHS, LEG, Training, by_document, by_ours, first_nan

EPOCHS_ON = 2000  # so far ours is left to run on


class Row(NamedTuple):
    """One line of the page: what is compared, and how it came out for each implementation."""

    what: str
    cells: list[str]


class Found:
    """The comparisons made so far, and the times taken on the way."""

    def __init__(self, parts: Sequence[Implementation]) -> None:
        self.parts = parts
        self.rows: list[Row] = []
        self.count = 0
        self.mismatches: list[str] = []
        self.seconds: list[tuple[str, list[float]]] = []  # what, and an epoch's for each program

    def compare(
        self, name: str, what: str, numbers: Sequence[Sequence[float]], references: Sequence[str]
    ) -> None:
        """Each implementation's numbers against the same references."""
        cells = []
        for part, own in zip(self.parts, numbers):
            least = least_figures(own, references)
            digits = "every digit" if least == math.inf else f"{math.floor(least)} digits"
            cells.append(digits)
            self._count(part, name, least >= ENOUGH, f"{digits} agree, fewer than {ENOUGH}")
        self.rows.append(Row(what, cells))

    def claim(self, name: str, what: str, holds: Sequence[bool], yes: str, no: str) -> None:
        """Each implementation has a property, or has not."""
        self.rows.append(Row(what, [yes if good else no for good in holds]))
        for part, good in zip(self.parts, holds):
            self._count(part, name, good, no)

    def _count(self, part: Implementation, name: str, holds: bool, otherwise: str) -> None:
        self.count += 1
        if not holds:
            self.mismatches.append(f"MISMATCH in {name}, {part.name}: {otherwise}")


# ---------------------------------------------------------------- the documents


def document_001(found: Found) -> None:
    """The program as it is printed; and its printed output, which is another program's."""
    x, y = datasets.five_points()
    descents = [part.module.gradient_descent_logistic for part in found.parts]
    fits, seconds = timed([documents.document_001, *[partial(run, x, y) for run in descents]])
    found.seconds.append(("document 001", [value / 1000 for value in seconds]))
    found.compare(
        "document 001",
        "document 001: one feature, five points, a plain loop",
        fits[1:],
        texts(fits[0]),
    )
    found.compare(
        "document 001's printed output",
        "  its printed output, which takes momentum 1.0",
        [run(x, y, momentum=1.0) for run in descents],
        PRINTED,
    )


def document_002(found: Found) -> None:
    """The mean gradient at the start of document 000, by the derivation's product."""
    X, y, w, b = datasets.seeded_cloud()
    expected = derived_gradient(X, y, w, b)
    numbers = []
    for part in found.parts:
        _, grad_w, grad_b = part.module.gradient(part.table(X), part.column(y), w, b)
        numbers.append([total / len(X) for total in [*grad_w, grad_b]])
    found.compare(
        "document 002",
        "document 002: the gradient, derived by the chain rule",
        numbers,
        texts(expected),
    )


def derived_gradient(
    X: Sequence[Sequence[float]], y: Sequence[float], w: Sequence[float], b: float
) -> list[float]:
    """Document 002's mean gradient, its three derivatives multiplied as they are printed.

        dJ/dw_j = (1/m) sum of [(h - y) / (h (1 - h))] [h (1 - h)] [x_j],  h = 1 / (1 + e^-z)

    and last the one by b, where x_j is 1.

    >>> derived_gradient([[2.0]], [1], [0.0], 0.0)
    [-1.0, -0.5]
    """
    terms: list[list[float]] = [[] for _ in range(len(w) + 1)]
    for x, label in zip(X, y):
        z = math.fsum([w_j * x_j for w_j, x_j in zip(w, x)]) + b
        h = 1 / (1 + math.exp(-z))
        for own, x_j in zip(terms, [*x, 1.0]):
            own.append((h - label) / (h * (1 - h)) * (h * (1 - h)) * x_j)
    return [math.fsum(own) / len(X) for own in terms]


def document_000(found: Found) -> tuple[Training, Training, int | None]:
    """The program as it is printed, and left to run on: the document's, ours, where its NaN is."""
    cloud = datasets.seeded_cloud()
    loop = by_document(cloud)
    ours = [by_ours(part, cloud) for part in found.parts]
    for epoch in range(LEG, EPOCHS + 1, LEG):  # in turns, as in `timed`
        for run in [loop, *ours]:
            run.run_to(epoch)
    found.compare(
        "document 000",
        f"document 000: four features, {len(cloud[0])} points, {EPOCHS} epochs",
        [[*run.w, run.b, *run.losses] for run in ours],
        texts([*loop.w, loop.b, *loop.losses]),
    )
    found.compare(
        "document 000 in NumPy",
        "  the same in NumPy, as the document has it",
        [run.numbers() for run in ours],
        NUMPY,
    )
    died = None
    while died is None and len(loop.losses) < EPOCHS_ON and not loop.ended:
        loop.run_to(len(loop.losses) + LEG)
        died = first_nan(loop.losses)
    for run in ours:
        run.run_to(EPOCHS_ON)
    found.claim(
        "document 000 after its NaN",
        f"  after epoch {died}, where its loss becomes NaN" if died else "  after its loss is NaN",
        [goes_on(run.losses, died) for run in ours],
        "goes on",
        "does not go on" if died else "no NaN",
    )
    found.seconds.append(("document 000", [median(run.seconds) for run in [loop, *ours]]))
    return loop, ours[0], died


def goes_on(losses: Sequence[float], died: int | None) -> bool:
    """Whether losses are finite to the last epoch, and fall after the one in which others died.

    >>> goes_on([0.5] * 10 + [0.25] * (EPOCHS_ON - 10), 5), goes_on([0.5] * EPOCHS_ON, 5)
    (True, False)
    """
    whole = len(losses) == EPOCHS_ON and all(map(math.isfinite, losses))
    return died is not None and whole and losses[-1] < losses[died - 1]


# ---------------------------------------------------------------- the Challenger launches


def challenger(found: Found) -> Any:
    """The optimum, by Newton's method; returns the fit of the first implementation."""
    degrees, damaged = datasets.challenger()
    fits, numbers = [], []
    for part in found.parts:
        fit = part.module.newton(part.table([[F] for F in degrees]), part.column(damaged))
        fits.append(fit)
        p = part.module.sigmoid(fit.w[0] * 31 + fit.b)
        own = [fit.w[0], fit.b, report.deviance(fit.log_likelihood), p]
        # without an optimum there are no standard errors, and nothing agrees
        numbers.append([*own, *fit.standard_errors] if fit.standard_errors else [])
    found.compare(
        "Challenger",
        "Challenger: the optimum, found by Newton's method",
        numbers,
        [*OPTIMUM, *ERRORS],
    )
    return fits[0]
