"""The files that a command is given: what is wrong with a path is said before any work is done."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import stat
import sys
from collections.abc import Iterator

from .. import tables
from ..model import file as model_file
from ..model.estimator import LogisticRegression
from .mistakes import Mistake
from .streams import complain

PICTURES = (".png", ".pdf", ".svg")
EXTRA = "pip install 'pyref-logistic[{}]'"


def load_model(path: str) -> LogisticRegression:
    """A saved model; "-" is standard input."""
    if path != "-":
        return _opened(path)
    if sys.stdin is None:
        raise Mistake("standard input is closed: give a file")
    name = "standard input"
    return model_file.restore(model_file.parse(model_file.content(sys.stdin.buffer), name), name)


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


def writable(path: str, option: str) -> None:
    """Say now, and not after an hour's fit, that a file cannot be written."""
    if path == "-":
        return
    if not path:
        raise Mistake(f"{option} is empty: give a file")
    place = os.path.realpath(path)
    folder = os.path.dirname(place)
    mode = None
    try:
        mode = os.stat(place).st_mode
    except FileNotFoundError:
        pass
    except OSError as error:  # a name too long, a link to itself, a file where a folder should be
        shown = path if len(path) <= 60 else f"{path[:57]}..."
        what = error.strerror or error
        raise Mistake(f"{option} {shown} cannot be written ({what}): give another name") from None
    if os.path.isdir(path) or path.endswith(os.sep):
        raise Mistake(f"{option} {path} is a directory: give a file")
    if mode is not None and not stat.S_ISREG(mode):
        if not os.access(place, os.W_OK):
            raise Mistake(f"{option} {path} may not be written: give another")
        return  # a device or a pipe is written to where it is
    if not os.path.isdir(folder):
        raise Mistake(f"{option} {path} is in a directory that is not there: make it first")
    if not os.access(folder, os.W_OK):
        raise Mistake(f"{option} {path} is in a directory where you may not write: give another")


def drawable(path: str, option: str) -> None:
    """Say now that a picture cannot be made."""
    if path == "-":
        return
    writable(path, option)
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


@contextlib.contextmanager
def writing(path: str) -> Iterator[None]:
    """A file that could not be written after all: status 1, and one line."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        complain(f"{path} cannot be written: {error.strerror or error}")
        raise SystemExit(1) from None


def rows_for(
    model: LogisticRegression, arguments: argparse.Namespace, target: str | None = None
) -> tables.Table:
    """The features of a model from a table: by their names if it has them, else by place."""
    names = model.feature_names_in_
    table = tables.read(arguments.data, features=names, target=target)
    if names is None and len(table.names) != model.n_features_in_:
        raise Mistake(
            f"{arguments.data} has {len(table.names)} columns, the model {model.n_features_in_}"
            " features without names: give the features alone, in their order"
        )
    return table
