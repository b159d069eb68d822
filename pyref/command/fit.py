"""`pyref fit`: a table in, a fitted model out, and how the fit ended.

All that can be wrong with what the person gave is looked for before anything is written.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from typing import Any

from .. import tables
from ..model import file as model_file
from ..model import solvers
from ..model.estimator import LogisticRegression
from ..model.facts import quality
from ..pictures import terminal
from ..tables import Table, TableError, listed
from .files import add_dialect, drawable, given, load_model, writable, writing
from .fit_json import as_json
from .mistakes import Mistake, obedient
from .plot import draw_losses
from .progress import Progress
from .show import check_digits
from .streams import complain, print_lines, write_out

# More different whole numbers than this are more likely counts or measurements than classes.
MOST_CLASSES = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The grammar of `pyref fit`."""
    parser.description = (
        "Fit a logistic regression to a table: two classes or more, to the optimum. All columns"
        " but the target are features; text becomes indicators. Example:"
        " pyref fit titanic.csv --target fate --weights people"
    )
    parser.epilog = (
        "Ctrl-C ends a fit after the iteration it is in: its parameters are kept, saved where"
        " --save says, and --init goes on from there (status 130). Status 0: converged; 3: no"
        " optimum (separable), or not converged; 1: the fit has diverged, or a file could not be"
        " written; 2: wrong arguments or data."
    )
    add = parser.add_argument
    add("data", help="the table: CSV with a header, or Parquet; - is standard input")
    add("--target", metavar="COLUMN", help="the column to predict")
    add(
        "--classes",
        action="store_true",
        help="the target's whole numbers are classes, however many there are",
    )
    add("--weights", metavar="COLUMN", help="a column of how often each row counts")
    columns = parser.add_argument_group("which columns and rows, and how they are read")
    add = columns.add_argument
    more: dict[str, Any] = {"action": "append", "default": []}
    add("--drop", **more, metavar="COLUMN", help="leave a column out (again, or with commas)")
    add("--features", **more, metavar="COLUMN", help="learn from these alone (again, or commas)")
    add(
        "--categorical",
        **more,
        metavar="COLUMN",
        help="a column of numbers that are codes: indicators, as text becomes (again, or commas)",
    )
    add(
        "--reference",
        **more,
        metavar="COLUMN=LEVEL",
        help="what the other levels are compared with (default: the first; again for more)",
    )
    add(
        "--missing",
        choices=["drop", "error"],
        default="drop",
        help="a row with a gap: drop leaves it out and says so (default), error ends here",
    )
    add(
        "--na",
        **more,
        metavar="MARK",
        help="a cell that is a gap, besides NA, #N/A, null, None and the like (again for more)",
    )
    add_dialect(add)
    add(
        "--aliased",
        choices=["drop", "error"],
        default="drop",
        help="a column that is constant, or a combination of earlier ones: drop leaves it out and"
        " says so (default), error ends here",
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
    add("--odds", action="store_true", help="odds ratios, with their intervals")
    add("--digits", type=int, default=4, metavar="N", help="significant digits (default: 4)")
    add("--quiet", action="store_true", help="print nothing of the fit")
    add("--json", action="store_true", help="print all of it as one JSON document")
    add(
        "--allow-unconverged",
        action="store_true",
        help="status 0 where the fit has no optimum, or has not reached it",
    )


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
    check_digits(arguments)
    if arguments.quiet and arguments.json:
        raise Mistake("--quiet and --json cannot both be: give one")
    if arguments.json and arguments.save == "-":
        raise Mistake("--json and --save - are both standard output: give a file to --save")
    if arguments.features and arguments.drop:
        raise Mistake("--features and --drop cannot both be: give one")
    if arguments.target is None:
        names = tables.names(arguments.data, sep=arguments.sep)
        raise Mistake(f"--target is missing: give one of {listed(names)}")
    try:
        table = tables.read(
            arguments.data,
            target=arguments.target,
            weights=arguments.weights,
            drop=arguments.drop,
            features=arguments.features or None,
            marks=arguments.na,
            missing=arguments.missing,
            categorical=arguments.categorical,
            reference=_references(arguments.reference),
            sep=arguments.sep,
            decimal=arguments.decimal,
        )
    except TableError as error:
        raise Mistake(re.sub(r"^(reference|categorical) ", r"--\1 ", str(error))) from None
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
        aliased=arguments.aliased,
        missing=arguments.missing,
    )
    try:
        X = given(table, model.backend)
        total = _most_iterations(model, table)
        with Progress(total) as progress:
            model.fit(X, table.labels, sample_weight=table.weights, callback=progress)
    except ImportError as error:  # --backend c where there is none
        raise Mistake(str(error)) from None
    except (TypeError, ValueError) as error:
        raise Mistake(_in_the_file(str(error), arguments)) from None
    if progress.stopped:
        model.reason_ = "Ctrl-C stopped it before the gradient was zero: this is no optimum yet."

    model.target_ = arguments.target
    model.n_left_out_ = table.rows - len(table.kept)
    model.quality_ = quality(
        model.classes_, model.predict_proba(X), table.labels or [], table.weights
    )

    if arguments.save == "-":
        write_out(model_file.text(model).encode("utf-8"))
    elif arguments.save is not None:
        with writing(arguments.save):
            model_file.save(model, arguments.save)
    stream = sys.stderr if arguments.save == "-" else sys.stdout
    columns = terminal.width(stream)
    _warn(table)
    lines: list[str] = []
    if arguments.json:
        lines = as_json(model, table, arguments).split("\n")
    elif not arguments.quiet:
        lines = model.summary(columns, arguments.digits, arguments.odds).split("\n")
    if arguments.plot is not None and not model.loss_history_:
        complain("no iteration was made, so there is no loss curve to draw")
    elif arguments.plot is not None:
        try:
            curve = draw_losses(model.loss_history_, arguments.plot, stream)
            lines += ["", *curve] if curve else []
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
    if model.status_ == "diverged":
        return 1
    return 0 if model.converged_ or arguments.allow_unconverged else 3


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

    whole = all(isinstance(label, int) for label in different)
    if whole and len(different) > MOST_CLASSES and not arguments.classes:
        raise Mistake(
            f"column {name!r} has {len(different)} different whole numbers: give --classes if they"
            " are classes"
        )
    for mark in tables.SUSPECTS:
        count = table.labels.count(mark)
        if count:
            complain(
                f"column {name!r} has the class {mark!r} in {count} row{'s' * (count != 1)}: if it"
                f" stands for a missing value, give --na '{mark}'"
            )


def _references(words: list[str]) -> dict[str, str]:
    """{column: level}, of column=level."""
    found = {}
    for word in words:
        column, equals, level = word.partition("=")
        if not equals or not column:
            raise Mistake(f"--reference is {word!r}: give COLUMN=LEVEL")
        found[column] = level
    return found


def _warn(table: Table) -> None:
    """What was left out of the table, loudly: one line for each kind."""
    if table.names_rows is not None:
        complain(f"column {table.names_rows!r} only numbers or names the rows: left out")
    left = table.rows - len(table.kept)
    if left:
        causes = sorted(table.gaps.items(), key=lambda pair: -pair[1])
        shown = ", ".join([f"{name} ({count})" for name, count in causes[:8]])
        shown += f" and {len(causes) - 8} more columns" if len(causes) > 8 else ""
        complain(f"{left} of {table.rows} rows are left out, for gaps in {shown}")


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
    text = re.sub(r"column \d+ of X \(('.*?')\)", r"column \1", text, count=1)
    text = re.sub(r"columns [\d, .]+ of X \((.*?)\)", r"columns \1", text, count=1)
    text = text.replace("aliased='drop'", "--aliased drop").replace("give l2 > 0", "give --l2")
    label = re.match(r"y\[(\d+)\] is (\S+): (.*)", text)
    if label is None:
        return text
    cure = label[3].partition(" (pyref.newton")[0]
    name = "standard input" if arguments.data == "-" else arguments.data
    return (
        f"{name}, row {int(label[1]) + 1}, column {arguments.target!r} is {label[2]}, which is no"
        f" class: {cure}"
    )
