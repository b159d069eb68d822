"""What the safe fit of softmax regression asks of the data, in C: the twin of pyref/fit/classes.py.

X is read where it lies, in its own units, and what changes is the parameters: w = theta / spread,
and b moves by the shifts. Where that would lose digits, with a column much further from 0 than it
is wide or with numbers whose squares are none, a copy of X in standard units is read instead.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from copy import copy
from typing import Any

from ..fit import basis, classes
from ..fit import optimum as safe_fit
from ..fit.columns import in_units, rows_of, taken
from ..front import checks
from ..front.checks import Newton
from ..second_order import ROUNDING
from . import buffers, ffi, lib
from .buffers import Buffer, doubles, zeros
from .passes import SECONDS_IN_C, finish, new_run
from .samples import Passes, Samples, dot, plus
from .scores import of_scores

FAR = 100  # so much further from 0 than wide, a column has lost two digits in its own units
LARGE = 1e100  # numbers above it, or below its inverse, are not multiplied with each other


class ClassSamples(classes.ClassSamples):
    """The twin of pyref.fit.classes.ClassSamples. To be closed by whoever made it."""

    def __init__(
        self, X: Any, y: Any, s: Any, total: float, count: int, l2: float, threads: int
    ) -> None:
        self.threads = threads
        self.runs: dict[int, Any] = {}
        self.table = buffers.table(X)
        labels = buffers.class_labels(y, self.table.length)
        weights = buffers.sample_weights(s, self.table.length)
        self.plain = Samples(self.table, labels, weights, total, l2, threads)
        m = self.table.width + 1
        units = self.plain.units
        self.scales = units
        if s is not None and not all(s):
            kept = [i for i, s_i in enumerate(s) if s_i]
            X, y, s = taken(X, kept), [y[i] for i in kept], array("d", [s[i] for i in kept])
        if any(
            abs(shift) > FAR * spread or not 1 / LARGE < spread < LARGE
            for shift, spread in zip(*units, strict=True)
        ):
            X = in_units(X, *units)
            self.scales = [0.0] * (m - 1), [1.0] * (m - 1)
        y = list(y)
        s = array("d", [1.0]) * len(y) if s is None else s
        super().__init__(X, y, s, total, count, units, self.plain.ridge, self.plain.reaches)
        self.read(X, y, s)
        self.unit_shifts = array("d", self.scales[0])
        self.unit_scales = array("d", [1 / spread for spread in self.scales[1]])

    def read(self, X: Any, y: list[int], s: array[float]) -> None:
        """To have these rows."""
        self.X, self.y, self.s, self.table = X, y, s, buffers.table(X)
        kind = "b" if self.classes < 128 else "q"
        self.labels = buffers.class_labels(memoryview(array(kind, y)), len(y))
        self.weights = buffers.sample_weights(s, len(y))

    def close(self) -> None:
        self.plain.close()
        for run in self.runs.values():
            ffi.release(run)
        self.runs.clear()

    # theta in the units of the table that is read: w of all classes, then their b

    def _params(self, theta: Sequence[float]) -> array[float]:
        shifts, spreads = self.scales
        params, b = array("d"), []
        for block in self.blocks(theta):
            w = [t / spread for t, spread in zip(block, spreads)]
            params.extend(w)
            intercept = block[-1]
            for w_j, shift in zip(w, shifts):
                intercept -= w_j * shift
            b.append(intercept)
        params.extend(b)
        return params

    def _make(self, what: int, params: array[float]) -> array[float]:
        if what not in self.runs:
            self.runs[what] = new_run(
                what, self.table, self.labels, self.weights, self.classes, 10, self.threads
            )
        return finish(self.runs[what], params)

    def sums(self, theta: Sequence[float]) -> tuple[float, list[float]]:
        C, d = self.classes, self.m - 1
        out = self._make(lib.PYREF_SOFTMAX, self._params(theta))
        shifts, spreads = self.scales
        grad: list[float] = []
        for c in range(C):
            g_b = out[1 + C * d + c]
            # w = theta / spread, and b moves by -shift with each w
            grad.extend(
                [
                    (g - shift * g_b) / spread
                    for g, shift, spread in zip(out[1 + c * d : 1 + c * d + d], shifts, spreads)
                ]
            )
            grad.append(g_b)
        return out[0], grad

    def scores(
        self, theta: Sequence[float], first: int = 0, last: int | None = None
    ) -> array[float]:
        table = self.table
        if last is not None:
            table = copy(table)
            size = array("df"[table.kind]).itemsize
            table.pointer += first * table.width * size
            table.length = min(last, self.table.length) - first
        size = table.length * self.classes
        out = zeros(size)
        run = new_run(lib.PYREF_SCORES, table, None, None, self.classes, 1, self.threads)
        try:
            lib.pyref_run_scores(run, doubles(out, size))
            finish(run, self._params(theta))
        finally:
            ffi.release(run)
        return out

    def probabilities(self, theta: Any) -> list[array[float]]:
        if self.latest[0] is not theta:
            C = self.classes
            ps = of_scores(lib.pyref_probabilities, self.scores(theta), C)
            self.latest = theta, [ps[c::C] for c in range(C)]
        return self.latest[1]  # type: ignore[no-any-return]

    def _passes(self, y: Any, weights: array[float]) -> Passes:
        n = len(weights)
        made = Passes(self.table, buffers.labels(y, n), Buffer(weights, 0, n, 1), self.threads)
        made.shift, made.scale = self.unit_shifts, self.unit_scales
        return made

    def combined(self, R: Sequence[Sequence[float]]) -> list[float]:
        m = self.m
        out: list[float] = []
        for rs in R:
            # the gradient of chapter 1 at zero, where every |p - y| is 1/2
            weights = array("d", [2 * abs(r) for r in rs])
            passes = self._passes(memoryview(array("b", [r < 0 for r in rs])), weights)
            params = array("d", [*[0.0] * m, checks.INFINITY])
            try:
                found = passes.make(lib.PYREF_STANDARD_GRADIENT, params)
            finally:
                passes.free()
            out.extend(found[2:])
        return out

    def products(self, c: Sequence[float]) -> list[list[float]]:
        m = self.m
        passes = self._passes(memoryview(bytes(len(c))), array("d", c))
        params = array("d", [*[0.0] * m, checks.INFINITY])
        try:
            found = passes.make(lib.PYREF_STANDARD_HESSIAN, params)
        finally:
            passes.free()
        size = 2 + m + m * (m + 1) // 2
        M, row, triangle = [], zeros(m), doubles(found, size) + (2 + m)
        for j in range(m):
            lib.pyref_symmetric_row(triangle, m, j, doubles(row, m))
            M.append([4 * h for h in row])
        return M

    def row(self, i: int) -> list[float]:
        shifts, spreads = self.scales
        x = rows_of(self.X[i : i + 1])[0]
        return [*[(v - shift) / spread for v, shift, spread in zip(x, shifts, spreads)], 1.0]

    def algebra(self) -> Any:
        return triangle_of, self.plain.solve, dot, plus

    def variances(self, T: Any, last: Any) -> Any:
        return self.plain.variances(T, array("d", last))

    def pair(self, change: Any, turn: Any) -> Any:
        return self.plain.pair(change, turn)

    def some(self, share: int) -> ClassSamples:
        rows = range(0, self.count(), share)
        X, s = taken(self.X, list(rows)), array("d", self.s[::share])
        some = copy(self)
        some.runs, some.latest, some.at_zeros = {}, (None, None), None
        some.read(X, self.y[::share], s)
        some.total = math.fsum(s)
        return some


def triangle_of(hess: list[list[float]], shift: float) -> array[float] | None:
    """fit.samples.triangle in C."""
    flat, m = array("d"), len(hess)
    for j, values in enumerate(hess):
        flat.extend(values[: j + 1])
    size = m * (m + 1) // 2
    T, row = zeros(size), ffi.new("size_t *")
    sums, ridge, to = doubles(flat, size), doubles(zeros(m), m), doubles(T, size)
    while row[0] < m:
        if not lib.pyref_cholesky(
            sums, m, 1.0, ridge, shift, False, ROUNDING, to, row, SECONDS_IN_C
        ):
            return None
    return T


# ---------------------------------------------------------------- the functions


def class_optimum(
    is_newton: bool,
    X: Any,
    y: Any,
    s: Any,
    count: int,
    memory: int,
    W: Any,
    b: Any,
    l2: float,
    tolerance: float,
    iterations: int,
    callback: Any,
    threads: Any,
) -> Newton[list[list[float]], list[float]]:
    """The safe fit of `count` classes."""
    total = buffers.sample_weight_values(buffers.sample_weights(s, len(y)), len(y))
    helpers = buffers.thread_count(threads)

    def fit(X: Any, W: Any, b: Any) -> Any:
        samples = ClassSamples(X, y, s, total, count, l2, helpers)
        try:
            return safe_fit.run(
                is_newton, samples, memory, W, b, l2, tolerance, iterations, callback
            )
        finally:
            samples.close()

    if l2 or not is_newton:
        return fit(X, W, b)  # type: ignore[no-any-return]
    return basis.fit_classes(fit, told_apart(X, s, threads), X, W, b)  # type: ignore[no-any-return]


def told_apart(X: Any, s: Any, threads: Any) -> Any:
    """({column: why it is lost}, the basis in which columns can be told apart, X in it)"""
    held, weights_held = buffers.table(X), None
    try:
        weights_held = buffers.sample_weights(s, held.length)
        total = buffers.sample_weight_values(weights_held, held.length)
        n = held.length
        y = Buffer(array("b", bytes(n)), 2, n, 1)  # (labels do not matter)
        samples = Samples(held, y, weights_held, total, 0.0, buffers.thread_count(threads))
        try:
            lost, told = basis.told_apart(samples)
        finally:
            samples.close()
    except BaseException:
        buffers.let_go(held, weights_held)
        raise
    if told is None:
        return lost, None, None
    told.close()
    return lost, told.units, memoryview(told.table).cast("B").cast("d", (n, held.width))


def independent_columns(X: Any, s: Any, threads: Any) -> list[int]:
    """The columns of X that are no combination of a constant and of columns before them."""
    lost, _, _ = told_apart(X, s, threads)
    return [j for j in range(buffers.table(X).width) if j not in lost]
