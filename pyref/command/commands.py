"""The commands for one's own tables: `pyref fit`, `pyref predict`, `pyref plot`.

Each is a function from the parsed arguments to an exit status. Whatever is wrong with what the
person gave, a file or an argument, is a Mistake: one line on standard error, and status 2. All
of it is looked for before anything is written, and files are written whole or not at all.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import importlib.util
import io
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TextIO

from .. import tables
from ..model import LogisticRegression, ModelFileError, backends, reading, solvers
from ..model import file as model_file
from ..model.atomic import replacing
from ..pictures import terminal
from ..tables import Table, TableError
from .progress import Progress

PICTURES = (".png", ".pdf", ".svg")
EXTRA = "pip install 'pyref-logistic[{}]'"


class Mistake(Exception):
    """What the person gave cannot be used: where, and the cure, in one line."""


def complain(text: str) -> None:
    """One line for the person, where there is a place for it."""
    if sys.stderr is not None:
        line = " ".join(f"pyref: {text}".split())
        print(terminal.printable(line, terminal.has_unicode(sys.stderr)), file=sys.stderr)


def obedient(run: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """The same command, with a Mistake as one line and status 2."""

    def command(arguments: argparse.Namespace) -> int:
        try:
            return run(arguments)
        except (Mistake, TableError, ModelFileError) as mistake:
            complain(str(mistake))
            return 2

    command.__doc__ = run.__doc__
    return command


# ---------------------------------------------------------------- arguments


def fit_arguments(parser: argparse.ArgumentParser) -> None:
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
        help="the slope that counts as flat (default: 1e-10; gradient_descent: 1e-6)",
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


def predict_arguments(parser: argparse.ArgumentParser) -> None:
    """The grammar of `pyref predict`."""
    parser.description = (
        "Predict the class of every row of a table, by a model that `pyref fit` has saved. The"
        " columns are found by their names, in any order; columns that the model does not know"
        " are passed over. The output is CSV with one line for each row, in their order."
    )
    add = parser.add_argument
    add("model", help="the model file; - is standard input")
    add("data", help="the table: CSV with a header, or Parquet; - is standard input")
    add("--proba", action="store_true", help="the probability of each class as well")
    add(
        "--out",
        default="-",
        metavar="FILE",
        help="where to: .csv or .parquet (default: standard output)",
    )


def plot_arguments(parser: argparse.ArgumentParser) -> None:
    """The grammar of `pyref plot`."""
    parser.description = (
        "Draw a saved model: the loss over its iterations; or, with the data, its fit: the"
        " probability over one feature, or the regions of the classes over two."
    )
    add = parser.add_argument
    add("model", help="the model file; - is standard input")
    add("data", nargs="?", help="the table that it was fitted to, or another; - is standard input")
    add("--target", metavar="COLUMN", help="with data: the column that the model predicts")
    add(
        "--at",
        type=float,
        action="append",
        metavar="NUMBER",
        help="with one feature: extend the curve to this value, and mark it",
    )
    add("--log", action="store_true", help="without data: a logarithmic axis for the loss")
    add(
        "--out",
        default="-",
        metavar="PICTURE",
        help=".png, .pdf or .svg (default: characters, on standard output)",
    )


def _rate(text: str) -> float | str:
    return text if text == "safe" else float(text)


_rate.__name__ = "number"  # as argparse calls it in its error


# ---------------------------------------------------------------- fit


@obedient
def fit(arguments: argparse.Namespace) -> int:
    """`pyref fit`: read, fit, save, say how it ended."""
    if arguments.save is not None:
        _writable(arguments.save, "--save")
    if arguments.plot is not None:
        _drawable(arguments.plot, "--plot")
    if arguments.init == "-" == arguments.data:
        raise Mistake("--init and the data cannot both be standard input: give a file for one")
    init = None
    if arguments.init is not None:
        init = _load(arguments.init)
    table = tables.read(
        arguments.data,
        target=arguments.target,
        weights=arguments.weights,
        drop=arguments.drop,
    )
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
        raise Mistake(_in_columns(str(error))) from None
    if progress.stopped:
        model.reason_ = "Ctrl-C stopped it before the slope was zero: this is no optimum yet."

    if arguments.save == "-":
        _write_out(model_file.text(model).encode("utf-8"))
    elif arguments.save is not None:
        with _late(arguments.save):
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
        lines += ["", *_draw_losses(model.loss_history_, arguments.plot, stream)]
    _print(lines, stream)
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


def _in_columns(text: str) -> str:
    """An error about X in the terms of a file: "column 2 of X ('age')" is column 'age'."""
    return re.sub(r"column \d+ of X \(('.*?')\)", r"column \1", text, count=1)


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
    ending = "not converged" if model.status_ == "iterations" else model.status_
    texts = [
        f"{'standard input' if arguments.data == '-' else arguments.data}: {n} rows,"
        f" {d} feature{'s' * (d != 1)} ({names}), target {arguments.target}:"
        f" {', '.join(classes)}",
        f"{method}, {model.n_iter_} iteration{plural}: {ending}. {model.reason_}",
        f"loss {loss:.6g}; right for {accuracy:.2%} of these rows, where always answering"
        f" {common} is right for {count / total:.2%}",
    ]
    return texts


# ---------------------------------------------------------------- predict


@obedient
def predict(arguments: argparse.Namespace) -> int:
    """`pyref predict`: read model and rows, write a line for each row."""
    if arguments.model == "-" == arguments.data:
        raise Mistake("model and data cannot both be standard input: give a file for one")
    _writable(arguments.out, "--out")
    if arguments.out.endswith(".parquet") and not tables.has_polars():
        raise Mistake(f"--out {arguments.out} needs polars: {EXTRA.format('data')}, or give .csv")
    model = _load(arguments.model)
    table = _rows_for(model, arguments)
    guesses = model.predict(table.X)
    header, columns = ["prediction"], [guesses]
    if arguments.proba:
        header += [f"p_{label}" for label in model.classes_]
        ps = model.predict_proba(table.X)
        columns.extend(ps.T if hasattr(ps, "T") else zip(*ps))
    if len(set(header)) < len(header):
        header = ["prediction", *[f"p_{label!r}" for label in model.classes_]]
    data = _as_parquet if arguments.out.endswith(".parquet") else _as_csv
    content = data(header, columns)
    if arguments.out == "-":
        _write_out(content)
    else:
        with _late(arguments.out), replacing(arguments.out) as file:
            file.write(content)
    return 0


def _rows_for(
    model: LogisticRegression, arguments: argparse.Namespace, target: str | None = None
) -> Table:
    """The features of a model from a table: by their names if it has them, else by place."""
    names = model.feature_names_in_
    table = tables.read(arguments.data, features=names, target=target)
    if names is None and len(table.names) != model.n_features_in_:
        raise Mistake(
            f"{arguments.data} has {len(table.names)} columns, the model {model.n_features_in_}"
            " features without names: give the features alone, in their order"
        )
    return table


def _as_csv(header: Sequence[str], columns: Sequence[Any]) -> bytes:
    """Columns as CSV, in every digit. (Through polars, if they are long, for its speed.)"""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    plain = [column.tolist() if hasattr(column, "tolist") else column for column in columns]
    writer.writerows(zip(*plain))
    return text.getvalue().encode("utf-8")


def _as_parquet(header: Sequence[str], columns: Sequence[Any]) -> bytes:
    pl = importlib.import_module("polars")
    out = io.BytesIO()
    plain = [column.tolist() if hasattr(column, "tolist") else list(column) for column in columns]
    kinds = {type(cell) for cell in plain[0]} - {type(None)}
    if len(kinds) > 1:  # a Parquet column is of one type
        plain[0] = [None if cell is None else str(cell) for cell in plain[0]]
    pl.DataFrame(dict(zip(header, plain))).write_parquet(out)
    return out.getvalue()


# ---------------------------------------------------------------- plot


@obedient
def plot(arguments: argparse.Namespace) -> int:
    """`pyref plot`: the loss curve of a model, or its fit over one or two features."""
    if arguments.model == "-" == arguments.data:
        raise Mistake("model and data cannot both be standard input: give a file for one")
    if arguments.data is None:
        for name in ("target", "at"):
            if getattr(arguments, name) is not None:
                raise Mistake(f"--{name} is for the picture of a fit: give the data too")
    _drawable(arguments.out, "--out")
    model = _load(arguments.model)
    if arguments.data is None:
        _print(_draw_losses(model.loss_history_, arguments.out, sys.stdout, arguments.log))
        return 0

    if arguments.target is None:
        raise Mistake("which column the model predicts is not known: give --target")
    if arguments.out == "-":
        raise Mistake("a fit cannot be drawn with characters: give --out picture.png")
    if arguments.log:
        raise Mistake("--log is for the loss curve: leave out the data")
    d, C = model.n_features_in_, len(model.classes_)
    if d > 2 or (d == 1 and C > 2):
        raise Mistake(
            f"the model has {d} feature{'s' * (d != 1)} and {C} classes, and a fit can be drawn"
            " over one feature (two classes) or two: without data, the loss curve is drawn"
        )
    if d > 1 and arguments.at is not None:
        raise Mistake(f"--at is for one feature, and the model has {d}: leave it out")
    table = _rows_for(model, arguments, arguments.target)
    assert table.labels is not None
    for i, label in enumerate(table.labels):
        if label not in model.classes_:
            known = ", ".join([repr(c) for c in model.classes_])
            raise Mistake(
                f"{arguments.data}, row {i + 1}, column {arguments.target!r} is {label!r}, and the"
                f" model knows {known}: remove the row, or fit anew"
            )
    plots = importlib.import_module("..pictures", __package__)
    try:
        ax = _draw_fit(plots, model, table, arguments)
    except ValueError as error:
        raise Mistake(f"the fit cannot be drawn over {arguments.data}: {error}") from None
    _save_picture(ax.figure, arguments.out)
    return 0


def _draw_fit(
    plots: Any, model: LogisticRegression, table: Table, arguments: argparse.Namespace
) -> Any:
    """The picture of a fit over one feature or two, as Axes."""
    assert table.labels is not None
    if len(table.names) == 2:
        ax = _axes(plots)
        X = table.X.tolist()
        return plots.decision_boundary(model, X, table.labels, ax=ax, feature_names=table.names)
    x = [row[0] for row in table.X.tolist()]
    y = [float(label == model.classes_[1]) for label in table.labels]

    def draw(band: float | None) -> Any:
        ax = _axes(plots)
        ax.set_xlabel(table.names[0])
        ax.set_ylabel(f"probability of {arguments.target} = {model.classes_[1]}")
        w, b = model.coef_, model.intercept_
        return plots.sigmoid_fit(x, y, w, b, ax=ax, at=arguments.at, band=band)

    try:
        return draw(0.95)
    except ValueError:  # these data have their optimum elsewhere, if they have one
        return draw(None)


def _draw_losses(losses: Sequence[float], to: str, stream: TextIO, log: bool = False) -> list[str]:
    """The loss curve as lines of characters, or in a picture, of which no lines are left."""
    if not losses:
        raise Mistake("the fit made no iteration, so it has no loss curve: fit again")
    if to != "-":
        plots = importlib.import_module("..pictures", __package__)
        ax = _axes(plots)
        plots.loss_curve(losses, ax=ax, log=log)
        _save_picture(ax.figure, to)
        return []
    columns, unicode = terminal.width(stream), terminal.has_unicode(stream)
    return terminal.curve(
        losses,
        columns,
        title="Loss curve",
        x_label="iteration",
        y_label="loss",
        logarithmic=log,
        unicode=unicode,
    )


def _axes(plots: Any) -> Any:
    """Axes of a figure that no window shows."""
    figure = importlib.import_module("matplotlib.figure").Figure
    return figure(figsize=plots.SIZE, layout="constrained").subplots()


def _save_picture(figure: Any, path: str) -> None:
    out = io.BytesIO()
    figure.savefig(out, format=os.path.splitext(path)[1][1:].lower(), dpi=150)
    with _late(path), replacing(path) as file:
        file.write(out.getvalue())


# ---------------------------------------------------------------- files in and out


def _load(path: str) -> LogisticRegression:
    """A saved model; "-" is standard input."""
    if path != "-":
        return _opened(path)
    if sys.stdin is None:
        raise Mistake("standard input is closed: give a file")
    name = "standard input"
    return model_file.restore(model_file.parse(sys.stdin.buffer.read(), name), name)


def _opened(path: str) -> LogisticRegression:
    try:
        return model_file.load(path)
    except FileNotFoundError:
        raise Mistake(f"{path} is not there: check the path") from None
    except IsADirectoryError:
        raise Mistake(f"{path} is a directory: give a model file") from None
    except PermissionError:
        raise Mistake(f"{path} may not be read: change its permissions") from None
    except OSError as error:
        raise Mistake(f"{path} cannot be read: {error.strerror or error}") from None


def _writable(path: str, option: str) -> None:
    """Say now, and not after an hour's fit, that a file cannot be written."""
    if path == "-":
        return
    folder = os.path.dirname(os.path.realpath(path))
    if os.path.isdir(path):
        raise Mistake(f"{option} {path} is a directory: give a file")
    if not os.path.isdir(folder):
        raise Mistake(f"{option} {path} is in a directory that is not there: make it first")
    if not os.access(folder, os.W_OK):
        raise Mistake(f"{option} {path} is in a directory where you may not write: give another")


def _drawable(path: str, option: str) -> None:
    """Say now that a picture cannot be made."""
    if path == "-":
        return
    _writable(path, option)
    if os.path.splitext(path)[1].lower() not in PICTURES:
        raise Mistake(f"{option} {path} is of no known kind: give {', '.join(PICTURES)}, or -")
    try:
        importlib.import_module("matplotlib")
        importlib.import_module("matplotlib.figure")
    except ImportError as error:
        raise Mistake(
            f"{option} {path} needs matplotlib ({error}): {EXTRA.format('plot')}, or give {option}"
            " - for characters"
        ) from None


class _late:
    """A file that could not be written after all: status 1, and one line."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
            raise SystemExit(_fail(f"{self.path} cannot be written: {error.strerror or error}"))


def _fail(text: str) -> int:
    complain(text)
    return 1


def _write_out(data: bytes) -> None:
    """Bytes to standard output, through the stream's own buffer where it has one."""
    sys.stdout.flush()
    if hasattr(sys.stdout, "buffer"):
        sys.stdout.buffer.write(data)
    else:
        sys.stdout.write(data.decode("utf-8"))
    sys.stdout.flush()


def _print(lines: Sequence[str], stream: TextIO | None = None) -> None:
    stream = sys.stdout if stream is None else stream
    if stream is None:
        return
    text = "".join([line + "\n" for line in lines])
    stream.write(terminal.printable(text, terminal.has_unicode(stream)))
    stream.flush()
