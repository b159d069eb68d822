"""What a fitted model says of new rows, compiled: scores, probabilities and their logarithms.

(The twin in Python stands in pyref/pure.py.)
"""

from __future__ import annotations

from array import array
from typing import Any

from ..front import checks
from . import buffers, ffi, lib
from .buffers import doubles, zeros
from .passes import finish, new_run

_NUMBERS = 1 << 16  # probabilities computed in one call


def scores(X: Any, w: Any, b: Any, threads: int | None) -> array[float]:
    """w . x + b of every row of X: n numbers; or with d rows of C weights, n rows of C.

    ValueError names the entry of X that is not finite.
    """
    try:
        X = buffers.table(X)
        checks.fitted(w, b, X.width)
        by_class = not isinstance(b, float)
        C = len(b) if by_class else 1
        params = buffers.by_class(w, b) if by_class else array("d", [*w, b])
        out = zeros(X.length * C)
        helpers = buffers.thread_count(threads)
        run = new_run(lib.PYREF_SCORES, X, None, None, C, 1, helpers, "no memory for the scores")
        try:
            lib.pyref_run_scores(run, doubles(out, X.length * C))
            (poison,) = finish(run, params)
        finally:
            ffi.release(run)
        if poison != 0:
            buffers.table_values(X, "X")
        return out
    except BaseException:
        buffers.let_go(X)
        raise


def probabilities(X: Any, w: Any, b: Any, threads: int | None) -> array[float]:
    """n rows of C probabilities, one after the other; of two for chapter 1's w and b."""
    return _of_classes(lib.pyref_probabilities, 1.0, X, w, b, threads)


def log_probabilities(X: Any, w: Any, b: Any, threads: int | None) -> array[float]:
    """Their logarithms, from the scores: finite where a probability is too small for a float."""
    return _of_classes(lib.pyref_log_probabilities, 0.0, X, w, b, threads)


def _of_classes(
    function: Any, certain: float, X: Any, w: Any, b: Any, threads: int | None
) -> array[float]:
    zs = scores(X, w, b, threads)
    C = 1 if isinstance(b, float) else len(b)
    if C == 1 and not isinstance(b, float):
        return array("d", [certain]) * len(zs)  # the only class is certain
    return of_scores(function, zs, C)


def of_scores(function: Any, zs: array[float], C: int) -> array[float]:
    """What a function of C makes of rows of C scores: C numbers each, of one score two."""
    width = 2 if C == 1 else C
    n, step = len(zs) // C, max(_NUMBERS // C, 1)
    out = zeros(n * width)
    at, ps = doubles(zs, n * C), doubles(out, n * width)
    for i in range(0, n, step):
        rows = min(step, n - i)
        function(at + i * C, rows, C, ps + i * width)
    return out
