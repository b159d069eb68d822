"""The files that a command is given: what is wrong with a path is said before any work is done."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence

from .. import tables
from ..model import backends, reading
from ..model import file as model_file
from ..model.designs import Given
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


def add_dialect(add: Callable[..., object]) -> None:
    """The options that say how a table is written."""
    add("--sep", metavar="MARK", help="between the cells: a character, or tab (default: found out)")
    add("--decimal", default=".", metavar="MARK", help="the decimal mark, . or , (default: .)")


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


def given(table: tables.Table, backend: str) -> Given:
    """A table from a file as the estimator takes it, coded as it is."""
    compiled = backends.backend(backend)[0] == "c"
    found = reading.read_table(table.X, compiled)._replace(names=list(table.names))
    names = [coding.name for coding in table.codings]
    coded = any(coding.levels is not None for coding in table.codings)
    return Given(found, names, list(table.codings) if coded else None, found.rows, None)


def target_of(model: LogisticRegression, named: str | None) -> str:
    """The column that a model predicts: as the person names it, or as the model knows it."""
    target = named or getattr(model, "target_", None)
    if target is None:
        raise Mistake("which column the model predicts is not known: give --target")
    if target in (model.feature_names_in_ or ()):
        raise Mistake(
            f"column {target!r} is a feature, and cannot be the target too: give another column"
        )
    return target


def rows_for(
    model: LogisticRegression,
    arguments: argparse.Namespace,
    target: str | None = None,
    missing: str = "error",
    weights: str | None = None,
    carry: Sequence[str] = (),
) -> tables.Table:
    """The features of a model from a table: by their names if it has them, else by place."""
    names, codings = model.feature_names_in_, model.columns_
    if codings is None and names is not None:
        codings = [tables.Coding(name) for name in names]
    try:
        table = tables.read(
            arguments.data,
            codings=codings,
            target=target,
            missing=missing,
            weights=weights,
            carry=carry,
            sep=arguments.sep,
            decimal=arguments.decimal,
        )
    except tables.TableError:
        raise
    except ValueError as error:  # of --sep or --decimal
        raise Mistake(f"--{error}") from None
    if names is None and (
        len(table.codings) != model.n_features_in_ or len(table.names) != len(table.codings)
    ):
        raise Mistake(
            f"{arguments.data} has {len(table.codings)} columns, the model {model.n_features_in_}"
            " features without names: give the features alone, in their order"
        )
    return table
