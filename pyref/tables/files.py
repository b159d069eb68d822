"""A table from a file: its bytes, and which reader takes them."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence

from . import lines, through_polars
from .columns import Table, TableError, Wanted, empty, number

PARQUET = b"PAR1"  # how such a file begins


def has_polars() -> bool:
    """Whether the extra is installed (and not blocked)."""
    try:
        return importlib.util.find_spec("polars") is not None
    except ValueError:  # None in sys.modules
        return False


def read(
    path: str,
    *,
    target: str | None = None,
    weights: str | None = None,
    drop: Sequence[str] = (),
    features: Sequence[str] | None = None,
    missing: Sequence[str] = (),
    polars: bool | None = None,
) -> Table:
    """The table in a file; "-" is standard input.

    The columns of X are `features`, in that order, whatever else the file has; without it, all
    columns but target, weights and drop. `missing` are further marks of a missing value, as "?":
    no numbers, else ValueError. polars says whether to use it: None means, if it is there.
    TableError says what is wrong with the file, where, and what to do.
    """
    name = "standard input" if path == "-" else path
    for mark in missing:
        try:
            value = number(mark)
        except ValueError:
            continue
        raise ValueError(
            f"missing is {mark!r}, the number {value:g}, and a number is a value: remove the rows"
            " that have it, and give a word"
        )
    wanted = Wanted(target, weights, drop, features, [mark.strip() for mark in missing])
    data = _bytes(path, name)
    if not data.strip():
        raise empty(name)
    use_polars = has_polars() if polars is None else polars
    if data.startswith(PARQUET) or path.endswith(".parquet"):
        if not use_polars:
            raise TableError(
                f"{name} is a Parquet file, which polars reads:"
                " pip install 'pyref-logistic[data]', or give CSV"
            )
        return through_polars.read_parquet(data, name, wanted)
    if use_polars:
        table = through_polars.read_csv(data, name, wanted)
        if table is not None:
            return table
    return lines.read_csv(data, name, wanted)


def _bytes(path: str, name: str) -> bytes:
    try:
        if path == "-":
            if sys.stdin is None:
                raise TableError("standard input is closed: give a file")
            return sys.stdin.buffer.read()
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        raise TableError(f"{name} is not there: check the path") from None
    except IsADirectoryError:
        raise TableError(f"{name} is a directory: give a file") from None
    except PermissionError:
        raise TableError(f"{name} may not be read: change its permissions") from None
    except OSError as error:
        raise TableError(f"{name} cannot be read: {error.strerror or error}") from None
