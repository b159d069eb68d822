"""What a person gave that cannot be used, said in one line."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from ..model.file import ModelFileError
from ..tables import TableError
from .streams import complain


class Mistake(Exception):
    """What the person gave cannot be used: where, and the cure, in one line."""


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
