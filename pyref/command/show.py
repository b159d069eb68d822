"""`pyref show`: what `pyref fit` has printed, of a saved model."""

from __future__ import annotations

import argparse
import sys

from ..pictures import terminal
from .files import load_model
from .fit_json import of_model
from .mistakes import Mistake, obedient
from .streams import print_lines


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The grammar of `pyref show`."""
    parser.description = (
        "Print the table of a model that `pyref fit` has saved. Example: pyref show model.json"
    )
    add = parser.add_argument
    add("model", help="the model file; - is standard input")
    add("--odds", action="store_true", help="odds ratios, with their intervals")
    add("--digits", type=int, default=4, metavar="N", help="significant digits (default: 4)")
    add("--json", action="store_true", help="print all of it as one JSON document")


def check_digits(arguments: argparse.Namespace) -> None:
    """The digits that a float has, at most."""
    if not 1 <= arguments.digits <= 17:
        raise Mistake(f"--digits is {arguments.digits}: give a whole number from 1 to 17")


@obedient
def run(arguments: argparse.Namespace) -> int:
    """`pyref show`: the summary of a model file."""
    check_digits(arguments)
    model = load_model(arguments.model)
    if arguments.json:
        print_lines([of_model(model)])
    else:
        columns = terminal.width(sys.stdout)
        text = model.summary(columns, arguments.digits, arguments.odds, whole=True)
        print_lines(text.split("\n"))
    return 0
