"""A table from a file: its bytes, and which reader takes them."""

from __future__ import annotations

import importlib.util
import io
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from . import lines, through_polars
from .assembly import Coded, assembled
from .columns import Raw, Table, TableError, Wanted, empty, number
from .design import Coding
from .dialect import separator, unpacked

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
    marks: Sequence[str] = (),
    missing: str = "error",
    categorical: Sequence[str] = (),
    reference: Mapping[str, Any] | None = None,
    codings: Sequence[Coding] | None = None,
    sep: str | None = None,
    decimal: str = ".",
    carry: Sequence[str] = (),
    polars: bool | None = None,
) -> Table:
    """The table in a file; "-" is standard input.

    The columns of X are `features`, in that order, whatever else the file has; without it, all
    columns but target, weights and drop. Columns of text, and the `categorical` ones, become
    indicators against a reference (design.py); or all columns are coded as a model has it, by its
    `codings`. `marks` are further marks of a missing value, as "?": no numbers, else ValueError.
    `sep` stands between cells (None: what the file shows), `decimal` is "." or ",". The cells of
    the columns `carry` come along as they are. `missing` says whether a gap leaves its row out,
    "drop", or is an error. polars says whether to use it: None means, if it is there. TableError
    says what is wrong with the file, where, and what to do.
    """
    name = "standard input" if path == "-" else path
    for mark in marks:
        try:
            value = number(mark)
        except ValueError:
            continue
        raise ValueError(
            f"na is {mark!r}, the number {value:g}, and a number is a value: remove the rows"
            " that have it, and give a word"
        )
    text = None
    if codings is not None:
        features = [coding.name for coding in codings]
        text = [coding.name for coding in codings if coding.is_text()]
    wanted = Wanted(target, weights, drop, features, [mark.strip() for mark in marks], text)
    wanted = wanted._replace(separator=separator(sep), decimal=decimal, carried=carry)
    if decimal not in (".", ","):
        raise ValueError(f"decimal is {decimal!r}: give '.' or ','")
    how = Coded(codings, categorical, reference)
    raw = _raw(path, name, wanted, how, has_polars() if polars is None else polars)
    return assembled(raw, name, wanted, how, missing)


def names(path: str, sep: str | None = None) -> list[str]:
    """The names of the columns in a file."""
    name = "standard input" if path == "-" else path
    data = unpacked(_bytes(path, name), name)
    if not data.strip():
        raise empty(name)
    if data.startswith(PARQUET):
        import polars

        return list(polars.read_parquet_schema(io.BytesIO(data)))
    return lines.names_of(data, name, separator(sep))


def _raw(path: str, name: str, wanted: Wanted, how: Coded, polars: bool) -> Raw:
    """The file as the reader for it has it."""
    data = unpacked(_bytes(path, name), name)
    if not data.strip():
        raise empty(name)
    if data.startswith(PARQUET) or path.endswith(".parquet"):
        if not polars:
            raise TableError(
                f"{name} is a Parquet file, which polars reads:"
                " pip install 'pyref-logistic[data]', or give CSV"
            )
        return through_polars.read_parquet(data, name, wanted)
    if polars and how.is_plain():
        raw = through_polars.read_csv(data, name, wanted)
        if raw is not None:
            return raw
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
