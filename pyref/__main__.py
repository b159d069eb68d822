"""The command line: `pyref`, or `python -m pyref`. Here are its grammar and its endings.

What the commands do is in the room `command`. Without arguments it is the main job: `pyref tour`.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import NoReturn

from .command import COMMANDS
from .command.implementations import about, implementations, version
from .command.interrupts import after_imports
from .command.streams import abandon, complain, print_lines


class Grammar(argparse.ArgumentParser):
    """A parser whose mistakes are one line, with the cure."""

    def error(self, message: str) -> NoReturn:
        complain(f"{message}: {self.prog} --help shows what there is")
        raise SystemExit(2)


def parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """The command line's grammar. (Of a command that is not among the words, only its name.)"""
    whole = Grammar(
        prog="pyref",
        description="Logistic regression by gradient descent, written twice: once to be read,"
        " once to be fast. Without arguments: fit the documents' examples with both, and show"
        " that their numbers agree.",
        epilog="Exit status: 0 all well; 1 a comparison failed, or the output could not be"
        " written, or pyref itself failed; 2 wrong arguments, or data that cannot be used;"
        " 130 interrupted.",
    )
    debug = "if pyref itself fails, show where (a traceback)"
    whole.add_argument(
        "--version", action="store_true", help="show the version and what runs here, and exit"
    )
    whole.add_argument("--debug", action="store_true", help=debug)
    group = whole.add_subparsers(title="commands", metavar="command")
    for command in COMMANDS:
        added = group.add_parser(command.name, help=command.help, description=command.help)
        if command.name in words:
            command.arguments(added)
            added.add_argument(
                "--debug", action="store_true", default=argparse.SUPPRESS, help=debug
            )
        added.set_defaults(run=command.run)
    return whole


def obey(words: Sequence[str]) -> int:
    """Do what the words of the command line say; returns the exit status."""
    arguments = parser(words).parse_args(words)
    if arguments.version:
        print_lines([version(), *about(implementations()[1])])
        return 0
    if not hasattr(arguments, "run"):  # no command is the main job
        return obey(["tour"])
    status: int = arguments.run(arguments)
    return status


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status and lets nothing through but its output.

    Whatever a command has not turned into a line of its own becomes one here.
    """
    words = sys.argv[1:] if argv is None else argv
    if sys.stdout is None:
        complain("standard output is closed")
        return 1
    try:
        try:
            with after_imports():
                status = obey(words)
        except SystemExit as end:  # argparse, after --help or a mistake
            status = end.code if isinstance(end.code, int) else 0
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        complain("interrupted")
        return 130
    except BrokenPipeError:  # the reader has gone: as `| head` does
        abandon(sys.stdout)
        return 141
    except OSError as error:
        abandon(sys.stdout)
        complain(f"the output cannot be written: {error.strerror or error}")
        return 1
    except BaseException as error:  # not every library's errors are Exceptions (polars' panics)
        if "--debug" in words and sys.stderr is not None:
            importlib.import_module("traceback").print_exc()
        if was_interrupted(error):
            complain("interrupted")
            return 130
        complain(described(error, "--debug" in words))
        return 1


def was_interrupted(error: BaseException | None) -> bool:
    """Whether Ctrl-C began it: a library that is just being imported makes other errors of it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, KeyboardInterrupt) or "KeyboardInterrupt" in str(error):
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False


def described(error: BaseException, shown: bool) -> str:
    """An error that nobody foresaw, in one line."""
    if isinstance(error, MemoryError):
        return "there is not enough memory for this: give fewer rows or columns"
    text = " ".join(str(error).split())
    text = text if len(text) <= 200 else f"{text[:197]}..."
    hint = "" if shown else "; --debug shows where"
    return f"pyref itself failed: {type(error).__name__}{': ' * bool(text)}{text}{hint}"


if __name__ == "__main__":
    sys.exit(main())
