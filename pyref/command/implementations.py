"""What runs here: the implementation to be read, the compiled one, and how each takes its data."""

from __future__ import annotations

import array
import importlib
import math
import platform
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..fit.columns import block

# The package's own name: the folder may have been copied under another one.
PACKAGE = str(__package__).rpartition(".")[0]


class Implementation(NamedTuple):
    """One of the two: its name on the page, where its functions are, the form of its data."""

    name: str
    module: Any
    table: Callable[[Any], Any]
    column: Callable[[Any], Any]


def _as_it_is(data: Any) -> Any:
    return data


def _doubles(values: Any) -> Any:
    return array.array("d", values)


def implementations() -> tuple[list[Implementation], str]:
    """Those that run here, and why the compiled one is not among them ("" where it is)."""
    chapters = importlib.import_module(PACKAGE)
    found = [Implementation("python", chapters, _as_it_is, _as_it_is)]
    try:
        fast = importlib.import_module(f"{PACKAGE}.fast")
    except ImportError as error:
        return found, str(error)
    return [*found, Implementation("c", fast, block, _doubles)], ""


def summed_loss(part: Implementation, X: Any, y: Any, w: Sequence[float], b: float) -> float:
    """The loss that an implementation finds at these parameters; NaN where they are not finite."""
    if not all(math.isfinite(value) for value in [*w, b]):
        return math.nan
    loss: float = part.module.gradient(X, y, w, b)[0]
    return loss


def version() -> str:
    """Name and version, on one line."""
    package = importlib.import_module(PACKAGE)
    return f"pyref {getattr(package, '__version__', 'of no known version')}"


def about(absent: str) -> list[str]:
    """What either implementation is here; `absent` is why the compiled one is not."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    compiled = f"absent here: {absent}" if absent else "pyref.fast, the same functions, compiled"
    return [f"python: pyref, to be read, on {python}", f"c: {compiled}"]
