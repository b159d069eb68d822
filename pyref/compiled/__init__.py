"""The C engine's half in Python: what it is given, and calls into the compiled module.

This file loads that module, of the right age and set to an instruction set, or says why not.

    engine.py     the lessons' functions, by the names of pyref/pure.py
    buffers.py    what people give, as C reads it, without a copy
    passes.py     a pass over the data: how it is made, and carried to its end
    samples.py    what the safe fit (pyref/fit/) asks of the data
    scores.py     what a fitted model says of new rows
    quota.py      how many processors a container may use
"""

from __future__ import annotations

import os

from .quota import processors

PACKAGE = __name__.rpartition(".")[0]

try:
    from .._native import ffi, lib
except ImportError as problem:
    if getattr(problem, "name", None) == f"{PACKAGE}._native":
        reason = (
            "it was not built when pyref was installed (no C compiler, or PYREF_PURE=1)."
            " Install GCC or Clang, then: PYREF_REQUIRE_C=1 pip install --force-reinstall"
            " --no-cache-dir --no-binary pyref-logistic pyref-logistic"
        )
    elif getattr(problem, "name", None) == "_cffi_backend":
        reason = "it needs the package cffi. To get it: pip install cffi"
    else:
        reason = f"it does not load: {problem}"
    raise ImportError(
        f"pyref.fast is the compiled part of pyref, and {reason}. The same functions in pure"
        " Python are in pyref."
    ) from problem

if getattr(lib, "PYREF_INTERFACE", 0) != 151110223:  # of csrc/pyref.h: see build.py
    raise ImportError(
        "pyref.fast is newer or older than the compiled part that lies beside it. Install pyref"
        " again. The same functions in pure Python are in pyref."
    )

if not lib.pyref_use_instruction_set(os.environ.get("PYREF_ISA", "best").encode()):
    raise ImportError(
        f"PYREF_ISA is {os.environ['PYREF_ISA']!r}: give baseline, v3 or v4, one that this"
        " processor has, or leave it out"
    )

lib.pyref_allow_threads(processors() or 0)

__all__ = ("ffi", "lib")
