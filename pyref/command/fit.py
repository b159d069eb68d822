"""`pyref fit`: a table in, a fitted model out, and how the fit ended.

All that can be wrong with what the person gave is looked for before anything is written.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections import Counter
from typing import Any

from .. import tables
from ..model import backends, reading, solvers
from ..model import file as model_file
from ..model.estimator import LogisticRegression
from ..pictures import terminal
from ..tables import Table, TableError
from .files import drawable, load_model, writable, writing
from .mistakes import Mistake, obedient
from .plot import draw_losses
from .progress import Progress
from .streams import complain, print_lines, write_out


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The grammar of `pyref fit`."""
    parser.description = (
        "Fit a logistic regression to a table: two classes or more, to the optimum. All columns"
        " but the target are features, and must be numbers without gaps."
    )
    parser.epilog = (
        "Ctrl-C ends a fit after the iteration it is in: its parameters are kept, saved where"
        " --save says, and --init goes on from there (status 130). Status 1: the fit has"
        " diverged, or a file could not be written; 2: wrong arguments or data."
    )
    add = parser.add_argument
    add("data", help="the table: CSV with a header, or Parquet; - is standard input")
    add("--target", required=True, metavar="COLUMN", help="the column to predict")
    add("--weights", metavar="COLUMN", help="a column of how often each row counts")
    add(
        "--drop",
        action="append",
        default=[],
        metavar="COLUMN",
        help="leave a column out (again for more)",
    )
    add(
        "--missing",
        action="append",
        default=[],
        metavar="MARK",
        help="a cell that stands for a missing value, besides NA, #N/A, null, None and the like"
        " (again for more)",
    )
    how = parser.add_argument_group("how to fit")
    add = how.add_argument
    add(
        "--solver",
        choices=solvers.SOLVERS,
        default="auto",
        help="auto: newton up to 300 parameters, lbfgs beyond",
    )
    add(
        "--l2",
        type=float,
        default=0.0,
        metavar="NUMBER",
        help="the price of large weights (default: 0, none)",
    )
    add("--class-weight", choices=["balanced"], help="let all classes count the same")
    add(
        "--iterations",
        type=int,
        metavar="N",
        help="at most so many (default: 100 of newton, 1000 of lbfgs, 10000)",
    )
    add(
        "--tolerance",
        type=float,
        metavar="NUMBER",
        help="the gradient that counts as zero (default: 1e-10; gradient_descent: 1e-6)",
    )
    add(
        "--learning-rate",
        type=_rate,
        default="safe",
        metavar="NUMBER",
        help="of gradient_descent (default: safe, a step that cannot overshoot)",
    )
    add(
        "--momentum",
        type=float,
        default=0.0,
        metavar="NUMBER",
        help="of gradient_descent (default: 0)",
    )
    add("--init", metavar="MODEL", help="start from a saved model instead of from zeros")
    add(
        "--backend",
        choices=["auto", "python", "c"],
        default="auto",
        help="auto: c where it is installed",
    )
    add("--threads", type=int, metavar="N", help="of the c backend (default: as many as pay)")
    out = parser.add_argument_group("what to do with the fit")
    add = out.add_argument
    add("--save", metavar="MODEL", help="write the model to a file (- is standard output)")
    add(
        "--plot",
        metavar="PICTURE",
        help="draw the loss curve: .png, .pdf, .svg, or - for characters",
    )
    add("--report", action="store_true", help="print the statistician's table")


def _rate(text: str) -> float | str:
    return text if text == "safe" else float(text)


_rate.__name__ = "number"  # as argparse calls it in its error


@obedient
def run(arguments: argparse.Namespace) -> int:
    """`pyref fit`: read, fit, save, say how it ended."""
    if arguments.save is not None:
        writable(arguments.save, "--save")
    if arguments.plot is not None:
        drawable(arguments.plot, "--plot")
    files = [os.path.realpath(path) for path in (arguments.save, arguments.plot) if path]
    if len(set(files)) < len(files) and arguments.plot != "-":
        raise Mistake(f"--save and --plot are both {arguments.plot}: give two files")
    if arguments.init == "-" == arguments.data:
        raise Mistake("--init and the data cannot both be standard input: give a file for one")
    init = None
    if arguments.init is not None:
        init = load_model(arguments.init)
    try:
        table = tables.read(
            arguments.data,
            target=arguments.target,
            weights=arguments.weights,
            drop=arguments.drop,
            missing=arguments.missing,
        )
    except TableError:
        raise
    except ValueError as error:  # of a mark that is a number
        raise Mistake(f"--{error}") from None
    _check_classes(table, arguments)
    model = LogisticRegression(
        solver=arguments.solver,
        backend=arguments.backend,
        l2=arguments.l2,
        learning_rate=arguments.learning_rate,
        momentum=arguments.momentum,
        iterations=arguments.iterations,
        tolerance=arguments.tolerance,
        class_weight=arguments.class_weight,
        threads=arguments.threads,
        init=init,
    )
    try:
        X = _named(table, model.backend)
        total = _most_iterations(model, table)
        with Progress(total) as progress:
            model.fit(X, table.labels, sample_weight=table.weights, callback=progress)
    except ImportError as error:  # --backend c where there is none
        raise Mistake(str(error)) from None
    except (TypeError, ValueError) as error:
        raise Mistake(_in_the_file(str(error), arguments)) from None
    if progress.stopped:
        model.reason_ = "Ctrl-C stopped it before the gradient was zero: this is no optimum yet."

    if arguments.save == "-":
        write_out(model_file.text(model).encode("utf-8"))
    elif arguments.save is not None:
        with writing(arguments.save):
            model_file.save(model, arguments.save)
    stream = sys.stderr if arguments.save == "-" else sys.stdout
    columns = terminal.width(stream)
    if arguments.report:
        lines = model.summary(columns).split("\n")
    else:
        lines = []
        for text in short_summary(model, X, table, arguments):
            lines += terminal.paragraph(text, columns, indent=0)
    if arguments.plot is not None and not model.loss_history_:
        complain("no iteration was made, so there is no loss curve to draw")
    elif arguments.plot is not None:
        try:
            lines += ["", *draw_losses(model.loss_history_, arguments.plot, stream)]
        except Mistake as mistake:  # of what was fitted, more is to be said
            complain(str(mistake))
    print_lines(lines, stream)
    if progress.stopped:
        kept = (
            f"kept in {arguments.save}; --init goes on from there"
            if arguments.save
            else ("not kept: that takes --save")
        )
        plural = "s" * (model.n_iter_ != 1)
        complain(f"interrupted after {model.n_iter_} iteration{plural}, and {kept}")
        return 130
    return 1 if model.status_ == "diverged" else 0


def _check_classes(table: Table, arguments: argparse.Namespace) -> None:
    """A target of one class, or of no classes at all, in words that name the column."""
    assert table.labels is not None
    name, n = arguments.target, len(table.labels)
    different = set(table.labels)
    if len(different) == 1:
        only = table.labels[0]
        raise Mistake(
            f"column {name!r} has one class only, {only!r}: give rows of two classes or more"
        )
    if len(different) > 10 and 2 * len(different) > n:
        raise Mistake(
            f"column {name!r} has {len(different)} different values in {n} rows, which are no"
            " classes: give another --target"
        )

    for mark in tables.SUSPECTS:
        count = table.labels.count(mark)
        if count:
            complain(
                f"column {name!r} has the class {mark!r} in {count} row{'s' * (count != 1)}: if it"
                f" stands for a missing value, give --missing '{mark}'"
            )


def _named(table: Table, backend: str) -> Any:
    """The table as the estimator reads it, its columns by name."""
    compiled = backends.backend(backend)[0] == "c"
    return reading.read_table(table.X, compiled)._replace(names=list(table.names))


def _most_iterations(model: LogisticRegression, table: Table) -> int:
    """How many iterations the fit makes at most."""
    if model.iterations is not None:
        return int(model.iterations)
    solver = model.solver
    if solver == "auto":
        parameters = (len(set(table.labels or ())) - 1) * (len(table.names) + 1)
        solver = "newton" if parameters <= solvers.MOST_FOR_NEWTON else "lbfgs"
    return solvers.ITERATIONS[solver]


def _in_the_file(text: str, arguments: argparse.Namespace) -> str:
    """An error of the estimator in the terms of a file.

    "column 2 of X ('age')" is column 'age', and y[3] is row 4 of the target. Of a fraction, which
    the estimator takes for no class, only the cure is another.
    """
    text = re.sub(r"column \d+ of X \(('.*?')\)", r"column \1", text)
    label = re.match(r"y\[(\d+)\] is (\S+): (.*)", text)
    if label is None:
        return text
    cure = label[3].partition(" (pyref.newton")[0]
    name = "standard input" if arguments.data == "-" else arguments.data
    return (
        f"{name}, row {int(label[1]) + 1}, column {arguments.target!r} is {label[2]}, which is no"
        f" class: {cure}"
    )


def short_summary(
    model: LogisticRegression, X: Any, table: Table, arguments: argparse.Namespace
) -> list[str]:
    """What was fitted, how it ended, and how good it is on the rows it was fitted to."""
    assert table.labels is not None
    n, d = len(table.labels), len(table.names)
    counts = Counter(table.labels)
    classes = [f"{label} ({counts[label]})" for label in model.classes_[:8]]
    if len(model.classes_) > 8:
        classes.append(f"and {len(model.classes_) - 8} more")
    names = ", ".join(table.names[:6]) + (", ..." if d > 6 else "")
    weights = table.weights
    total = sum(weights) if weights is not None else n
    loss = -model.log_likelihood_ / sum(model.class_totals_)
    accuracy = model.score(X, table.labels, weights)
    most = Counter[Any]()
    for label, weight in zip(table.labels, weights if weights is not None else [1] * n):
        most[label] += weight
    common, count = most.most_common(1)[0]
    plural = "s" * (model.n_iter_ != 1)
    method = solvers.METHODS[model.solver_]
    ending = solvers.ENDINGS[model.status_]
    texts = [
        f"{'standard input' if arguments.data == '-' else arguments.data}: {n} rows,"
        f" {d} feature{'s' * (d != 1)} ({names}), target {arguments.target}:"
        f" {', '.join(classes)}",
        f"{method}, {model.n_iter_} iteration{plural}: {ending}. {model.reason_}",
        f"loss {loss:.6g}; right for {accuracy:.2%} of these rows, where always answering"
        f" {common} is right for {count / total:.2%}",
    ]
    return texts
