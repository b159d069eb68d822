"""`pyref predict`: a saved model and a table in, a line for each row out."""

from __future__ import annotations

import argparse
import csv
import importlib
import io
from collections.abc import Sequence
from typing import Any

from .. import tables
from ..model.atomic import replacing
from ..model.estimator import LogisticRegression
from ..tables import Table
from .files import EXTRA, add_dialect, given, load_model, rows_for, writable, writing
from .mistakes import Mistake, obedient
from .streams import complain, write_out


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The grammar of `pyref predict`."""
    parser.description = (
        "Predict the class of every row of a table, by a model that `pyref fit` has saved. The"
        " columns are found by their names, in any order; columns that the model does not know"
        " are passed over. The output is CSV with one line for each row, in their order."
    )
    add = parser.add_argument
    add("model", help="the model file; - is standard input")
    add("data", help="the table: CSV with a header, or Parquet; - is standard input")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--proba", action="store_true", help="the probability of each class as well")
    kind.add_argument("--class-only", action="store_true", help="the class alone (default)")
    add(
        "--keep",
        action="append",
        default=[],
        metavar="COLUMN",
        help="carry a column of the table along (again, or with commas)",
    )
    add(
        "--out",
        default="-",
        metavar="FILE",
        help="where to: .csv or .parquet (default: standard output)",
    )
    add_dialect(add)
    add(
        "--missing",
        choices=["drop", "error"],
        default="drop",
        help="a row with a gap: drop leaves its prediction empty (default), error ends here",
    )


@obedient
def run(arguments: argparse.Namespace) -> int:
    """`pyref predict`: read model and rows, write a line for each row."""
    if arguments.model == "-" == arguments.data:
        raise Mistake("model and data cannot both be standard input: give a file for one")
    writable(arguments.out, "--out")
    if arguments.out.endswith(".parquet") and not tables.has_polars():
        raise Mistake(f"--out {arguments.out} needs polars: {EXTRA.format('data')}, or give .csv")
    model = load_model(arguments.model)
    table = rows_for(model, arguments, missing=arguments.missing, carry=arguments.keep)
    header = ["prediction"]
    if arguments.proba:
        header += [f"p_{label}" for label in model.classes_]
    try:
        columns: list[Any] = [[]] * len(header)
        if table.kept:
            columns = _predictions(model, given(table, model.backend), arguments.proba)
    except ImportError as error:  # a model of the c backend, where there is none
        raise Mistake(
            f"{arguments.model} is to be used with the backend 'c', which is not here: {error}"
        ) from None
    if len(set(header)) < len(header):
        header = ["prediction", *[f"p_{label!r}" for label in model.classes_]]
    if len(table.kept) < table.rows:
        columns = [_in_all_rows(column, table) for column in columns]
        left = table.rows - len(table.kept)
        complain(f"{left} row{'s' * (left != 1)} with a gap: the prediction is empty there")
    header = [*table.carried, *header]
    columns = [*table.carried.values(), *columns]
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise Mistake(f"--keep {twice} has the name of a column of the output: rename it")
    data = _as_parquet if arguments.out.endswith(".parquet") else _as_csv
    content = data(header, columns)
    if arguments.out == "-":
        write_out(content)
    else:
        with writing(arguments.out), replacing(arguments.out) as file:
            file.write(content)
    return 0


def _predictions(model: LogisticRegression, X: Any, proba: bool) -> list[Any]:
    """The columns of the output, for the rows without a gap."""
    columns = [model.predict(X)]
    if proba:
        ps = model.predict_proba(X)
        columns.extend(ps.T if hasattr(ps, "T") else zip(*ps))
    return columns


def _in_all_rows(column: Any, table: Table) -> list[Any]:
    """A column with an empty cell for each row that has a gap."""
    found: list[Any] = [None] * table.rows
    for i, value in zip(table.kept, column.tolist() if hasattr(column, "tolist") else column):
        found[i] = value
    return found


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
    for j, cells in enumerate(plain):
        if len({type(cell) for cell in cells} - {type(None)}) > 1:  # a Parquet column has one type
            plain[j] = [None if cell is None else str(cell) for cell in cells]
    pl.DataFrame(dict(zip(header, plain))).write_parquet(out)
    return out.getvalue()
