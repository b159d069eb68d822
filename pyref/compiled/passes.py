"""Passes over the user's data in C: how a run is made, and carried to its end."""

from __future__ import annotations

from array import array
from typing import Any

from . import buffers, ffi, lib
from .buffers import Buffer, doubles, zeros

SECONDS_IN_C = 0.04  # a call returns at least this often, so that Ctrl-C is heard
NO_MEMORY = "no memory for the sums of a pass over X"


def new_run(
    what: int, X: Buffer, y: Buffer | None, s: Buffer | None, classes: int, passes: int,
    threads: int, no_memory: str = NO_MEMORY,
) -> Any:  # fmt: skip
    """A run of that kind over X, y and the sample weights; ffi.release gives its memory back.

    (ffi.release frees once however often it is called, and what nobody has released goes with its
    last reference. So Ctrl-C may come between any two lines of Python.)
    """
    labels, kind = (ffi.NULL, 0) if y is None else (y.pointer, y.kind)
    soft = classes > 0 and kind < 2  # float labels are rows of probabilities
    for name, given, width in (("y", y, classes if soft else 1), ("sample_weight", s, 1)):
        if given is not None and (given.length, given.width) != (X.length, width):
            raise ValueError(
                f"a pass over {X.length} rows needs as many of {name}, each of {width}: it has"
                f" {given.length}, each of {given.width}"
            )
    run = lib.pyref_run_new(
        what, X.pointer, X.kind, labels, kind, buffers.as_doubles(s), X.length, X.width,
        classes or 1, soft, min(passes, buffers.MOST), threads,
    )  # fmt: skip
    if not run:
        raise MemoryError(no_memory)
    return ffi.gc(run, lib.pyref_run_free)


def finish(run: Any, params: array[float]) -> array[float]:
    """One pass of the run at params: its results."""
    out = zeros(lib.pyref_run_writes(run))
    at, results = doubles(params, lib.pyref_run_reads(run)), doubles(out, len(out))
    while not lib.pyref_run_pass(run, at, SECONDS_IN_C, results):
        pass  # between two calls, Python looks after Ctrl-C
    return out
