"""The command line: `pyref`, or `python -m pyref`. Here are its grammar and its endings.

What the commands do is in the room `command`. Without arguments it is the main job: `pyref tour`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from .command import COMMANDS
from .command.implementations import about, implementations, version
from .command.streams import abandon, complain, print_lines


def parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """The command line's grammar. (Of a command that is not among the words, only its name.)"""
    whole = argparse.ArgumentParser(
        prog="pyref",
        description="Logistic regression by gradient descent, written twice: once to be read,"
        " once to be fast. Without arguments: fit the documents' examples with both, and show"
        " that their numbers agree.",
        epilog="Exit status: 0 all well; 1 a comparison failed, or the output could not be"
        " written; 2 wrong arguments, or data that cannot be used; 130 interrupted.",
    )
    whole.add_argument(
        "--version", action="store_true", help="show the version and what runs here, and exit"
    )
    group = whole.add_subparsers(title="commands", metavar="command")
    for command in COMMANDS:
        added = group.add_parser(command.name, help=command.help, description=command.help)
        if command.name in words:
            command.arguments(added)
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
    """Run the command line; returns the exit status and lets nothing through but its output."""
    if sys.stdout is None:
        complain("standard output is closed")
        return 1
    try:
        try:
            status = obey(sys.argv[1:] if argv is None else argv)
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


if __name__ == "__main__":
    sys.exit(main())
