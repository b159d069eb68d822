"""The long form of the main job: every number, section by section.

It trains the two programs of the documents, the Challenger launches and the irises with every
implementation that runs here, shows what comes out beside what should, and asks Newton's method
about the first three. Every agreement on that page is measured in that run, number against
number. What the run does not compute itself stands in known.py, and the page says what that is.

A further part of the page is one more entry in SECTIONS.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import Any, TextIO

from .. import binary_cross_entropy, binary_cross_entropy_with_logits, datasets, documents, sigmoid
from ..model import report
from ..pictures import terminal
from .compare import ENOUGH, distance, duration, median, texts, timed
from .implementations import Implementation, about, implementations, summed_loss, version
from .known import ERRORS, EXACT, NUMPY, OPTIMUM, PRINTED
from .page import Page, Working, sideways
from .training import EPOCHS, LEG, by_document, by_ours, first_nan, printed_alike

EPOCHS_ON = 3000  # so far ours is left to run on
LOOP = "the document's loop"


# ---------------------------------------------------------------- document 001


# ---------------------------------------------------------------- document 001


def section_001(page: Page, parts: Sequence[Implementation]) -> None:
    """The one-feature program, and the story of the output printed below it."""
    x, y = datasets.five_points()
    n = len(x)
    page.heading(f"Document 001: one feature, {n} samples, 1000 iterations")

    descents = [part.module.gradient_descent_logistic for part in parts]
    fits, seconds = timed([documents.document_001, *[partial(run, x, y) for run in descents]])
    page.seconds.append(("document 001", f"{n} x 1", [value / 1000 for value in seconds]))

    a, b = fits[0]
    loss = 0.0
    for x_i, y_i in zip(x, y):
        loss += binary_cross_entropy(y_i, sigmoid(a * x_i + b)) / n
    expected = texts([a, b, loss])
    columns = [["", "a", "b", "mean loss", "as the loop"], [LOOP, *expected, ""]]
    for part, fit in zip(parts, fits[1:]):
        X = part.table([[x_i] for x_i in x])
        ours = [*fit, summed_loss(part, X, y, [fit[0]], fit[1]) / n]
        agreement = page.agreement(f"document 001, {part.name}", ours, expected)
        columns.append([part.name, *texts(ours), agreement])
    header, *rows = sideways(columns)
    page.table(header, rows)

    page.text(
        "The document prints other numbers below its program. They are what the same loop gives"
        " when its two gradient sums are never set back to zero: every step then adds up all"
        " gradients so far, and that is momentum 1.0, a ball that rolls without friction."
    )
    found = [("its loop, sums kept", documents.document_001(reset=False))]
    for part in parts:
        fit = part.module.gradient_descent_logistic(x, y, momentum=1.0)
        found.append((f"{part.name}, momentum 1.0", fit))
    rows = [["the printed output", *PRINTED, ""]]
    for name, fit in found:
        agreement = page.agreement(f"document 001, {name}", fit, PRINTED)
        rows.append([name, *texts(fit), agreement])
    rows.append(["60-digit arithmetic", *[f"{Decimal(number):.14f}" for number in EXACT], ""])
    page.table(["", "a", "b", "as printed"], rows)
    page.text(who_is_nearer(found[1:]))


def who_is_nearer(found: Sequence[tuple[str, Sequence[float]]]) -> str:
    """How far the printed output and ours are from exact arithmetic, and which is nearer."""
    printed = distance([float(number) for number in PRINTED], EXACT)
    clauses = []
    for name, pair in found:
        off = distance(pair, EXACT)
        verdict = "nearer" if off < printed else "no nearer"
        clauses.append(f"{name.partition(',')[0]} by {off:.1e} ({verdict})")
    return (
        "What differs in the last digits is rounding. Each program rounds in its own way, and"
        " momentum 1.0 forgets nothing: it carries every rounding on to the end. From the"
        f" 60-digit numbers the printed output is off by {printed:.1e}, {' and '.join(clauses)}."
    )


def section_000(page: Page, parts: Sequence[Implementation]) -> None:
    """The many-feature program, its loss curve, and what happens when it is left to run on."""
    cloud = datasets.seeded_cloud()
    n, d = len(cloud[0]), len(cloud[2])
    page.heading(f"Document 000: {d} features, {n} samples, {EPOCHS} epochs")

    loop = by_document(cloud)
    ours = {part.name: by_ours(part, cloud) for part in parts}
    runs = {"its loop here": loop, **ours}
    labels = [*[f"w[{j}]" for j in range(d)], "b", "first loss", "last loss"]
    columns = [
        ["", *labels, "as printed", "as the loop", "as NumPy"],
        ["under NumPy", *[f"{Decimal(number):.12f}" for number in NUMPY], "", "", ""],
    ]
    with Working(page, f"training for {EPOCHS} epochs"):
        for epoch in range(LEG, EPOCHS + 1, LEG):  # in turns, as in `timed`
            for run in runs.values():
                run.run_to(epoch)
    for name, run in runs.items():
        same = as_loop = ""
        if run is not loop:
            same = f"{printed_alike(run.losses, loop.losses)} of {EPOCHS}"
            as_loop = page.agreement(
                f"document 000, {name} and the loop",
                [*run.w, run.b, *run.losses],
                texts([*loop.w, loop.b, *loop.losses]),
            )
        as_numpy = page.agreement(f"document 000, {name} and NumPy", run.numbers(), NUMPY)
        numbers = [f"{number:.12f}" for number in run.numbers()]
        columns.append([name, *numbers, same, as_loop, as_numpy])
    header, *rows = sideways(columns)
    page.table(header, rows)
    page.text(
        "As printed: the losses that read the same with the three decimals the document prints."
        f" As the loop: the least agreement among the parameters and all {EPOCHS} losses."
    )

    page.heading("Document 000, left to run on")
    died = None
    with Working(page, f"training on to epoch {EPOCHS_ON}"):
        while died is None and len(loop.losses) < EPOCHS_ON and not loop.ended:
            loop.run_to(len(loop.losses) + LEG)
            died = first_nan(loop.losses)
        for run in ours.values():
            run.run_to(died - 1 if died else EPOCHS_ON)
        python = ours[parts[0].name]
        last_epoch = list(python.w), python.b
        for run in ours.values():
            run.run_to(EPOCHS_ON)
    rows = []
    for epoch in [EPOCHS, *([died - 1, died] if died else []), EPOCHS_ON]:
        losses = [run.losses[epoch - 1 : epoch] for run in runs.values()]
        cells = [f"{loss[0]:.12f}" if loss else "-" for loss in losses]
        rows.append([f"loss, epoch {epoch}", *cells])
    page.table(["", *runs], rows)
    if died:
        page.text(why_nan(cloud, *last_epoch, died))
    page.write(
        [
            "",
            *terminal.curve(
                python.losses,
                page.columns,
                title="Loss curve of document 000",
                x_label="epochs",
                y_label="loss",
                logarithmic=True,
                flag=(died, f"{died}: the document's loss is NaN") if died else None,
                unicode=page.unicode,
            ),
        ]
    )
    page.seconds.append(
        ("document 000", f"{n} x {d}", [median(run.seconds) for run in runs.values()])
    )


def why_nan(cloud: Any, w: Sequence[float], b: float, epoch: int) -> str:
    """What kills the document's loop in an epoch that begins with these parameters."""
    X, y = cloud[:2]
    for i, x in enumerate(X):
        z = b
        for w_j, x_j in zip(w, x):
            z += w_j * x_j
        if y[i] == 1 and z > 0 and 1 / (1 + math.exp(-z)) == 1:
            loss = binary_cross_entropy_with_logits(1, z)
            return (
                f"In epoch {epoch} the score z of sample {i} reaches {z:.2f}, and 1/(1 + e^-z)"
                " rounds to exactly 1. Its label is 1, so its loss in the document has the term"
                " (1-y) log(1-p) = 0 log(0) = 0 * -inf, a NaN, and all parameters are NaN from"
                f" there on. Ours computes the loss from z, as log(1 + e^-z) = {loss:.2g}, and"
                " goes on for ever: no finite parameters are the best for labels that can be"
                " separated without error."
            )
    return f"In epoch {epoch} the loss of the document's loop is NaN."


# ---------------------------------------------------------------- the Challenger launches


def section_challenger(page: Page, parts: Sequence[Implementation]) -> None:
    """Real data with a finite optimum, and whether the descent arrives there."""
    degrees, damaged = datasets.challenger()
    n = len(degrees)
    mean = math.fsum(degrees) / n
    spread = math.sqrt(math.fsum([(F - mean) ** 2 for F in degrees]) / n)
    standardised = [[(F - mean) / spread] for F in degrees]
    page.heading(f"Challenger: {n} launches, temperature and O-ring damage")

    labels = ["slope, per F", "intercept", "deviance", "p at 31 F"]
    columns = [
        ["", *labels, "agreement", "updates", "ended as"],
        ["the optimum", *OPTIMUM, "", "", ""],
    ]
    steps = {"learning_rate": 4.0, "iterations": 1000, "tolerance": 1e-14}
    runs = []
    for part in parts:
        X, y = part.table(standardised), part.column(damaged)
        runs.append(partial(part.module.gradient_descent, X, y, **steps))
    fits, seconds = timed(runs)
    times = [value / max(fit.iterations, 1) for value, fit in zip(seconds, fits)]
    page.seconds.append(("Challenger", f"{n} x 1", [math.nan, *times]))
    for part, fit in zip(parts, fits):
        X, y = part.table(standardised), part.column(damaged)
        # z = w * (F - mean) / spread + b
        slope = fit.w[0] / spread
        intercept = fit.b - slope * mean
        deviance = 2 * summed_loss(part, X, y, fit.w, fit.b)
        p = part.module.sigmoid(slope * 31 + intercept)
        ours = [slope, intercept, deviance, p]
        agreement = page.agreement(f"Challenger, {part.name}", ours, OPTIMUM)
        cells = [*texts(ours[:3]), f"{p:.8f}", agreement, str(fit.iterations), fit.status]
        columns.append([part.name, *cells])
    header, *rows = sideways(columns)
    page.table(header, rows)
    page.text(
        f"The descent runs on standardised temperature, (F - {mean:.2f}) / {spread:.3f}, with"
        " steps of 4, and its result is mapped back to degrees Fahrenheit. These labels overlap,"
        " so there is an optimum to arrive at. p is the probability of damage; 31 F was the"
        " temperature on the morning of the accident."
    )


# ---------------------------------------------------------------- Newton's method


def section_newton(page: Page, parts: Sequence[Implementation]) -> None:
    """Which of the three has an optimum at all; and Challenger's as a statistician reads it."""
    page.heading("Newton's method: where there is an optimum, and how sure it is")
    x, labels = datasets.five_points()
    X, y = datasets.seeded_cloud()[:2]
    degrees, damaged = datasets.challenger()
    problems = [
        ("document 001", [[x_i] for x_i in x], labels, "separable"),
        ("document 000", X, y, "separable"),
        ("Challenger", [[F] for F in degrees], damaged, "converged"),
    ]
    rows, fits = [], []
    for what, table, column, expected in problems:
        fits = [part.module.newton(part.table(table), part.column(column)) for part in parts]
        cells = [what]
        for part, fit in zip(parts, fits):
            cells += [fit.status, str(fit.iterations)]
            if fit.status != expected:
                page.short.append(f"{what}, the ending of Newton's method, {part.name}: 0")
        rows.append(cells)
    header = [cell for part in parts for cell in (part.name, "steps")]
    page.table(["", *header], rows)
    page.text(why_separable(x, labels, X, y))

    columns = [
        ["", "a, slope", "a, error", "b, intercept", "b, error", "deviance", "agreement"],
        ["the optimum", OPTIMUM[0], ERRORS[0], OPTIMUM[1], ERRORS[1], OPTIMUM[2], ""],
    ]
    for part, fit in zip(parts, fits):
        errors = fit.standard_errors or [math.nan] * 2
        deviance = report.deviance(fit.log_likelihood)
        numbers = [fit.w[0], errors[0], fit.b, errors[1], deviance]
        agreement = page.agreement(f"Challenger by Newton's method, {part.name}", numbers,
                                   columns[1][1:-1])  # fmt: skip
        columns.append([part.name, *texts(numbers), agreement])
    header, *rows = sideways(columns)
    page.table(header, rows)
    page.text(
        "For Challenger Newton's method needs a handful of steps on the bare degrees, and says how"
        " sharply the data speak: the standard errors. As a statistician reads it:"
    )
    fit = fits[0]
    if fit.standard_errors is None:
        return
    names = ["temperature, F", "intercept"]
    page.write(
        ["", *report.coefficient_table(names, [*fit.w, fit.b], fit.standard_errors, page.columns)]
    )
    page.text(how_sure(parts[0], degrees, damaged, fit.log_likelihood))


def why_separable(
    x: Sequence[float], labels: Sequence[int], X: Sequence[Sequence[float]], y: Sequence[int]
) -> str:
    """Why Newton's method finds no optimum for the documents' data: how they were made."""
    last = max([x_i for x_i, label in zip(x, labels) if not label])
    first = min([x_i for x_i, label in zip(x, labels) if label])
    *w, b = datasets.legacy_normals(42, 5)  # as document 000 draws its W and b
    edge = math.log(0.62 / 0.38)  # where the sigmoid is its threshold
    right = 0
    for x_i, y_i in zip(X, y):
        z = math.fsum([w_j * x_ij for w_j, x_ij in zip(w, x_i)]) - b
        right += (z > edge) == bool(y_i)
    return (
        f"Separable means: there is no optimum. In document 001 the label is 0 up to x = {last:g}"
        f" and 1 from x = {first:g} on, and any threshold between them is right for every sample."
        " Document 000 makes its labels by a threshold, sigmoid(W . x - b) > 0.62; by the W and b"
        f" it drew for that, {right} of its {len(y)} samples are on the side of their label."
        " Larger weights then only raise the probability of every label, for ever. Gradients"
        " become small all the same, and look like an end: hence chapter 3 asks for a proof."
    )


def how_sure(
    part: Implementation,
    degrees: Sequence[float],
    damaged: Sequence[int],
    log_likelihood: float,
) -> str:
    """Deviances, and the probability of damage at 31 F with its interval."""
    n, ones = len(damaged), sum(damaged)
    null = report.deviance(report.null_log_likelihood([n - ones, ones]))
    # Counted from 31 F on, the intercept is the score at 31 F, and has a standard error.
    fit = part.module.newton([[F - 31] for F in degrees], damaged)
    score, error = fit.b, fit.standard_errors[-1]
    low, high = [part.module.sigmoid(end) for end in report.interval(score, error)]
    return (
        f"Null deviance: {null:.6f} on {n - 1} degrees of freedom; residual deviance:"
        f" {report.deviance(log_likelihood):.6f} on {n - 2}. At 31 F the probability of damage is"
        f" {part.module.sigmoid(score):.8f}, and its 95 % interval goes from {low:.8f} to"
        f" {high:.8f}: the score there is {score:.6f}, with a standard error of {error:.6f}."
    )


# ---------------------------------------------------------------- iris

IRIS_EPOCHS = 500


def standard(X: Sequence[Sequence[float]]) -> list[list[float]]:
    """Every column less its mean, in units of its standard deviation."""
    columns = []
    for column in zip(*X):
        mean = math.fsum(column) / len(column)
        spread = math.sqrt(math.fsum([(x - mean) ** 2 for x in column]) / len(column))
        columns.append([(x - mean) / spread for x in column])
    return [list(row) for row in zip(*columns)]


def section_iris(page: Page, parts: Sequence[Implementation]) -> None:
    """Three classes: softmax regression, which species each flower is taken for."""
    X, y, names = datasets.iris()
    X = standard(X)
    page.heading(f"Iris: {len(y)} flowers, 4 measurements, 3 species, {IRIS_EPOCHS} epochs")
    fits, seconds = [], []
    for part in parts:
        table = part.table(X)
        start = time.perf_counter()
        fits.append(
            part.module.softmax_descent(table, y, learning_rate=1.0, iterations=IRIS_EPOCHS)
        )
        seconds.append((time.perf_counter() - start) / IRIS_EPOCHS)
    page.seconds.append(("iris", f"{len(y)} x 4 x 3", [math.nan, *seconds]))

    columns = [["", "first loss", "last loss", *[f"{name}, right" for name in names], "agreement"]]
    numbers = []
    for part, fit in zip(parts, fits):
        right = [0] * len(names)
        for x, k in zip(X, y):
            zs = [
                b + math.fsum([row[c] * value for row, value in zip(fit.w, x)])
                for c, b in enumerate(fit.b)
            ]
            right[k] += zs.index(max(zs)) == k
        numbers.append([*fit.losses, *fit.b, *[w for row in fit.w for w in row]])
        agreement = ""
        if part is not parts[0]:
            agreement = page.agreement(f"iris, {part.name}", numbers[-1], texts(numbers[0]))
        counts = [f"{r} of {list(y).count(k)}" for k, r in enumerate(right)]
        losses = [f"{fit.losses[0]:.12f}", f"{fit.losses[-1]:.12f}"]
        columns.append([part.name, *losses, *counts, agreement])
    header, *rows = sideways(columns)
    page.table(header, rows)
    page.text(
        "Softmax regression on standardised measurements, with steps of 1 against the mean"
        " gradient. The first loss is log 3, that of a guess among three. Agreement is the least"
        f" among the {IRIS_EPOCHS} losses and the 15 parameters of the two implementations."
    )
    page.write(
        [
            "",
            *terminal.curve(
                fits[0].losses,
                page.columns,
                title="Loss curve of iris",
                x_label="epochs",
                y_label="loss",
                logarithmic=True,
                unicode=page.unicode,
            ),
        ]
    )


# ---------------------------------------------------------------- the main job

SECTIONS = (section_001, section_000, section_challenger, section_newton, section_iris)


def long_form(stream: TextIO) -> int:
    """The whole page. 0 if all its comparisons agree in at least ENOUGH figures, else 1."""
    start = time.perf_counter()
    page = Page(stream)
    parts, absent = implementations()
    title = f"{version()}: logistic regression by gradient descent, written twice"
    page.write(terminal.paragraph(title, page.columns, indent=0))
    for line in about(absent):
        page.write(terminal.paragraph(line, page.columns))
    for section in SECTIONS:
        section(page, parts)
    time_table(page, parts)
    page.text(
        "Not computed here but known beforehand: the printed output, the 60-digit numbers, the"
        " numbers under NumPy and Challenger's optimum. All else is from this run, of"
        f" {time.perf_counter() - start:.1f} s."
    )
    for what in page.short:
        page.text(f"MISMATCH in {what} figures agree, fewer than {ENOUGH}.")
    return 1 if page.short else 0


def time_table(page: Page, parts: Sequence[Implementation]) -> None:
    """The table of the time an epoch takes."""
    page.heading("Time of one epoch: loss, gradient, update (medians)")
    header = ["", "samples", LOOP, *[part.name for part in parts]]
    rows = []
    for what, size, seconds in page.seconds:
        cells = [duration(value) for value in seconds]
        if len(parts) > 1:
            ratio = seconds[1] / seconds[2]
            cells.append(f"{ratio:.0f}" if ratio >= 9.95 else f"{ratio:.1f}")
        rows.append([what, size, *cells])
    page.table([*header, "python / c"] if len(parts) > 1 else header, rows)
