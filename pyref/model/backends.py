"""Which implementation does the work."""

from __future__ import annotations

import importlib
from typing import Any

from ..front import checks

# The name of the whole package: the folder may be copied under another one.
PACKAGE = __name__.rpartition(".model.")[0]


def backend(name: str = "auto") -> tuple[str, Any]:
    """The implementation that does the work, "python" or "c", and its module.

    "auto" is the compiled one where it is installed. "c" where it is not is an ImportError that
    says why, and what to do.
    """
    checks.choice(name, "backend", ("auto", "python", "c"))
    if name != "python":
        try:
            return "c", importlib.import_module(f"{PACKAGE}.fast")
        except ImportError:
            if name == "c":
                raise
    return "python", importlib.import_module(PACKAGE)
