"""The command line: one file for each command, and what they share.

A further command is a file with `add_arguments(parser)` and `run(arguments)`, which returns the
exit status, and an entry in COMMANDS. Its file is imported when the command is called, so that
every other one starts as fast as before.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable
from typing import Any, NamedTuple


class Command(NamedTuple):
    """`pyref name ...`: a line of help, its arguments, and what it does (to an exit status)."""

    name: str
    help: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def _command(name: str, help: str) -> Command:
    def of(function: str) -> Callable[[Any], Any]:
        def called(argument: Any) -> Any:
            return getattr(importlib.import_module(f"{__package__}.{name}"), function)(argument)

        return called

    return Command(name, help, of("add_arguments"), of("run"))


COMMANDS: tuple[Command, ...] = (
    _command("tour", "the main job, which pyref does without arguments too"),
    _command("fit", "fit a table of your own, and save the model"),
    _command("show", "print the table of a saved model"),
    _command("score", "say how good a saved model is on further rows"),
    _command("predict", "predict the rows of a table by a saved model"),
    _command("plot", "draw a saved model: its loss curve, or its fit"),
    _command("bench", "measure the compiled path on this machine"),
)
