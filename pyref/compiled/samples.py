"""What the safe fit asks of the data, in C: the twin of pyref/fit/samples.py.

The loop, the line search, the endings and their proofs are written once, in pyref/fit/: they ask
`Samples` for what depends on the data, and here it is another class with the same methods. X is
read where it lies, and brought to standard units block by block as it is read.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from copy import copy
from math import frexp, ldexp, log, sqrt
from typing import Any

from ..fit import basis as own_basis
from ..fit import head_start
from ..fit import optimum as safe_fit
from ..fit.samples import bent, penalised, penalty, reach_at_most
from ..fit.search import Point, first_guess, newton_step
from ..fit.separation import FAINT, HARDLY
from ..front import checks
from ..front.checks import Newton
from ..second_order import ROUNDING, lbfgs_step
from . import buffers, ffi, lib
from .buffers import Buffer, doubles, zeros
from .passes import SECONDS_IN_C, finish, new_run

_FAR = log(1 / FAINT - 1)  # the score at which p, or 1-p, is FAINT
_NARROWEST = 2.0**-1021  # the least unit of a column whose inverse is a float


def _as_array(values: Sequence[float]) -> array[float]:
    return values if isinstance(values, array) else array("d", values)


def _dot(u: Sequence[float], v: Sequence[float]) -> float:
    return lib.pyref_dot(doubles(_as_array(u)), doubles(_as_array(v)), len(u))


def _plus(u: Sequence[float], t: float, v: Sequence[float]) -> array[float]:
    out = zeros(len(u))
    lib.pyref_plus(doubles(_as_array(u)), t, doubles(_as_array(v)), doubles(out), len(u))
    return out


# ---------------------------------------------------------------- the samples


class Passes:
    """Passes over X, y and the sample weights, and the memory that they need in C."""

    def __init__(self, X: Buffer, y: Buffer, s: Buffer | None, threads: int) -> None:
        self.X, self.y, self.s, self.threads = X, y, s, threads
        self.shift, self.scale = zeros(X.width), zeros(X.width)
        self.runs: dict[int, Any] = {}

    def free(self) -> None:
        for made in self.runs.values():
            ffi.release(made)
        self.runs.clear()

    def make(self, what: int, params: Sequence[float], size: int, share: int = 1) -> array[float]:
        """The `size` results of a pass of that kind, over one in `share` rows."""
        if what not in self.runs:
            self.runs[what] = new_run(what, self.X, self.y, self.s, 0, 1, self.threads)
            lib.pyref_run_units(self.runs[what], doubles(self.shift), doubles(self.scale))
        run, out = self.runs[what], zeros(size)
        lib.pyref_run_share(run, share)
        finish(run, _as_array(params), out)
        return out


def _some_row(X: Buffer, s: Buffer | None) -> array[float]:
    """The first row of X that counts."""
    i = 0
    if s is not None:
        weights = buffers.as_doubles(s)
        while not weights[i]:
            i += 1
    row = array("df"[X.kind])
    size = X.width * row.itemsize
    row.frombytes(bytes(ffi.buffer(X.pointer + i * size, size)))
    return array("d", row)


class Samples:
    """The twin of pyref.fit.samples.Samples. To be closed by whoever made it."""

    def __init__(
        self, X: Buffer, y: Buffer, s: Buffer | None, total: float, l2: float, threads: int
    ) -> None:
        self.d, self.total, self.share, self.l2 = X.width, total, 1, l2
        self.penalties: list[list[float]] | None = None
        self.diagonal = [j * (j + 3) // 2 for j in range(self.d + 1)]  # of a triangle
        self.passes, self.given = Passes(X, y, s, threads), X
        self.known: list[tuple[Any, float]] = []
        self.table: array[float]  # X in another basis
        try:
            self._standardise(X, y, s, total, l2)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self.passes.free()

    def _standardise(self, X: Buffer, y: Buffer, s: Buffer | None, total: float, l2: float) -> None:
        """The units of samples.standardised; checks the values of X."""
        # The mean must be known before the pass that finds the shift and the spread. Of very many
        # rows some know it nearly, and that will do unless they are unlike the others.
        row, d = _some_row(X, s), self.d
        share = head_start.SHARE if X.length >= head_start.MANY else 1
        powers = [1.0] * d
        found = self._columns(row, powers, share)
        guess, total_seen = row.tolist(), total / share
        while True:
            means = self._means(found, guess, powers, total_seen)
            guess = [m if checks.is_finite(m) else x for m, x in zip(means, guess, strict=True)]
            powers = self._powers(found, guess)
            found = self._columns(guess, powers, 1)
            if found[-1] != 0:
                buffers.table_values(X, "X")
            means, total_seen = self._means(found, guess, powers, total), total
            if share == 1 or self._serves(found, guess, powers, means):
                break
            share = 1
        self.passes.free()  # these are not made again
        self.one_class = found[4 * d] == 0 or found[4 * d + 1] == -1
        shifts, spreads, self.reaches = [], [], []
        for j, (guess_j, power) in enumerate(zip(guess, powers, strict=True)):
            high, low = found[j], -found[d + j]
            below, above = found[2 * d + j], -found[3 * d + j]
            shift = below if guess_j - below <= above - guess_j else above
            largest = max(high - shift, shift - low)
            if not largest < checks.INFINITY:
                raise checks.too_wide_column(j)
            spread = 0.0
            if largest:
                # the mean of (x - guess)^2 + 2 (x - guess) aside + aside^2
                aside, off = (guess_j - shift) * power, (means[j] - guess_j) * power
                square = found[5 * d + 2 + j] / total + aside * (2 * off + aside)
                spread = sqrt(max(square, 0.0)) / power
            spread = max(spread, 1e-100 * sqrt(l2)) or 1.0
            spread = max(spread, _NARROWEST)
            shifts.append(shift)
            spreads.append(spread)
            self.reaches.append(largest / spread)
        self.reaches.append(1.0)
        self.units: Any = shifts, spreads
        self.ridge = [l2 / spread / spread for spread in spreads] + [0.0]
        self.passes.shift[:] = array("d", shifts)
        self.passes.scale[:] = array("d", [1 / spread for spread in spreads])

    def _columns(self, guess: Sequence[float], powers: Sequence[float], share: int) -> array[float]:
        return self.passes.make(lib.PYREF_COLUMNS, [*guess, *powers], 6 * self.d + 3, share)

    def _means(
        self, found: array[float], guess: Sequence[float], powers: Sequence[float], total: float
    ) -> list[float]:
        sums = found[4 * self.d + 2 : 5 * self.d + 2]
        return [
            x + from_x / total / power for x, from_x, power in zip(guess, sums, powers, strict=True)
        ]

    def _powers(self, found: array[float], means: Sequence[float]) -> list[float]:
        """Powers of two that keep the sums of (x - mean), and of its squares, from overflowing."""
        powers = []
        for mean, high, minus_low in zip(means, found, found[self.d :], strict=False):
            reach = max(high - mean, mean + minus_low)
            powers.append(ldexp(1.0, min(max(-frexp(reach)[1], -1022), 1022)))
        return powers

    def _serves(
        self, found: array[float], guess: list[float], powers: list[float], means: list[float]
    ) -> bool:
        """Whether no guess is further from the mean than the values are (root mean square)."""
        squares = found[5 * self.d + 2 : -1]
        return all(
            square < checks.INFINITY and 2 * ((mean - x) * power) ** 2 <= square / self.total
            for mean, x, power, square in zip(means, guess, powers, squares, strict=True)
        )

    # F and its derivatives. hess is the sums as C gives them, and the weight of the samples.

    def count(self) -> int:
        return self.passes.X.length

    def counts(self) -> bool:
        s, n = self.passes.s, self.count()
        if s is None:
            return True
        values = buffers.as_doubles(s)
        for start in range(0, n, buffers.SLICE):
            count = min(buffers.SLICE, n - start)
            if lib.pyref_find_no_count(values, start, count) < count:
                return False
        return True

    def width(self) -> int:
        return self.d

    def objective(self, theta: list[float], with_hessian: bool) -> Point:
        if with_hessian:
            found = self._hessian(theta, checks.INFINITY)
        else:
            params = [*theta, checks.INFINITY]
            found = self._make(lib.PYREF_STANDARD_GRADIENT, params, self.d + 3)
        sums = found[1], found[2 : self.d + 3], self.total
        F, grad = penalised(*sums, self.ridge, theta)
        if self.penalties:
            F, grad = bent(F, grad, self.penalties, theta)
        self.known = [(theta, found[0]), *self.known[:1]]
        return Point(theta, F, grad, (found, self.total) if with_hessian else None, found[1])

    def penalty_at(self, theta: list[float]) -> float:
        added: float = penalty(self.ridge, theta)
        if self.penalties:
            added, _ = bent(0.0, theta, self.penalties, theta)
        return added

    def some(self, share: int) -> Samples:
        some = copy(self)
        some.share, some.total = share, self.total / share
        some.known = []
        return some

    def in_basis(self, basis: Any) -> Samples:
        """The same samples in other columns, a copy of X; freed with what is left of the old."""
        X, d, passes = self.given, self.d, self.passes
        Q, reach, room = zeros(X.length * d), zeros(d), zeros(3 * d)
        rows = [v for row in basis.B[:d] for v in row]
        given = (basis.shifts, basis.factors, rows)
        shift, factor, B = [doubles(array("d", values)) for values in given]
        step = 1 + (1 << 16) // d  # rows in one call, so that Ctrl-C is heard
        for start in range(0, X.length, step):
            lib.pyref_in_basis(
                X.pointer, X.kind, start, min(step, X.length - start), d,
                buffers.as_doubles(passes.s), shift, factor, B, doubles(room), doubles(reach),
                doubles(Q),
            )  # fmt: skip
        other = copy(self)
        other.table = Q
        other.passes = Passes(Buffer(Q, 0, X.length, d), passes.y, passes.s, passes.threads)
        other.passes.scale[:] = array("d", [1.0]) * d
        other.ridge, other.reaches = [0.0] * (d + 1), [*reach, 1.0]
        other.units, other.known = basis, []
        other.penalties = basis.penalties(self.l2) if self.l2 else None
        self.close()
        return other

    def _make(self, what: int, params: Sequence[float], size: int) -> array[float]:
        return self.passes.make(what, params, size, self.share)

    def _hessian(self, theta: Sequence[float], bound: float) -> array[float]:
        m = self.d + 1
        size, params = 2 + m + m * (m + 1) // 2, [*theta, bound]
        found = self._make(lib.PYREF_STANDARD_HESSIAN, params, size)
        if self.penalties:
            at = 2 + m
            for j, row in enumerate(self.penalties):
                for k in range(j + 1):
                    found[at + k] += self.total * row[k]
                at += j + 1
        return found

    def _cholesky(self, hess: Any, shift: float) -> Any:
        m = self.d + 1
        T, row = zeros(m * (m + 1) // 2), ffi.new("size_t *")
        found, total = hess
        sums, ridge, to = doubles(found) + (2 + m), doubles(array("d", self.ridge)), doubles(T)
        while row[0] < m:
            if not lib.pyref_cholesky(
                sums, m, total, ridge, shift, False, ROUNDING, to, row, SECONDS_IN_C
            ):
                return None
        return T

    def solve(self, T: array[float], v: Sequence[float]) -> list[float]:
        out = zeros(len(v))
        lib.pyref_solve(doubles(T), len(v), doubles(_as_array(v)), doubles(out))
        return out.tolist()

    def newton_step(self, hess: Any, grad: Sequence[float]) -> Any:
        return newton_step(hess, grad, self._cholesky, self.solve)

    def triangle(self, hess: Any) -> Any:
        return self._cholesky(hess, 0.0)

    def least_own(self, T: array[float]) -> float:
        """Its twin's, or less: then it is a bound of it, and not small."""
        # in standard units no entry of hess on its diagonal is more than 1/4 and the penalty's
        least = min([T[k] for k in self.diagonal])
        bound = least * least / (0.26 + max(self.ridge))
        if bound > 1e-4 and isinstance(self.units, tuple):
            return bound
        rows, least = doubles(T), 1.0
        for j in range(self.d + 1):
            row = rows + j * (j + 1) // 2
            least = min(least, row[j] ** 2 / lib.pyref_dot(row, row, j + 1))
        return least

    def hessian_rows(self, hess: Any) -> list[list[float]]:
        found, total = hess
        m = self.d + 1
        rows, row = [], zeros(m)
        for j in range(m):
            lib.pyref_symmetric_row(doubles(found) + (2 + m), m, j, doubles(row))
            rows.append([h / total for h in row])
            rows[j][j] += self.ridge[j]
        return rows

    def variances(self, T: array[float], last: Sequence[float]) -> array[float]:
        m = self.d + 1
        out, row = zeros(m), ffi.new("size_t *")
        triangle, u = doubles(T), doubles(_as_array(last))
        room, to = doubles(zeros(m)), doubles(out)
        while row[0] < m:
            lib.pyref_variances(triangle, m, u, room, to, row, SECONDS_IN_C)
        return out

    def pair(self, change: Sequence[float], turn: Sequence[float]) -> Any:
        return _as_array(change), _as_array(turn)

    def lbfgs_step(self, pairs: Any, grad: Sequence[float], T: Any) -> Any:
        def by_triangle(v: Sequence[float]) -> list[float]:
            return self.solve(T, v)

        guess = first_guess(pairs, self.ridge, _dot) if T is None else by_triangle
        return lbfgs_step(pairs, grad, guess, _dot, _plus)

    # Moves and forces. No column leads a score further than its own largest value does, and
    # where that proves enough, X need not be read.

    def _moves(self, theta: Sequence[float], v: Sequence[float]) -> array[float]:
        """{furthest onward where not faint, furthest onward, reach; furthest onward(theta)}"""
        return self._make(lib.PYREF_MOVES, [*theta, *v, _FAR], 4)

    def reach(self, v: Sequence[float]) -> float:
        return self._moves([0.0] * len(v), v)[2]

    def onward(self, theta: Sequence[float], v: Sequence[float]) -> tuple[float, bool]:
        bound = reach_at_most(self, v)
        if bound < 0.499:  # and so below 1/2, rounding included
            for at, furthest in self.known:
                if at is theta:
                    return bound, furthest <= _FAR
        found = self._moves(theta, v)
        return found[0], found[3] <= _FAR

    def strong_hessian(self, theta: Sequence[float]) -> Any:
        return self._hessian(theta, _FAR), self.total

    def _sums(self, what: int, *params: Any) -> list[float]:
        found = []
        for part in params:
            found.extend(part)
        return self._make(what, found, self.d + 1).tolist()

    def forces(self, theta: Sequence[float]) -> Any:
        def mean(what: int, *params: Any) -> list[float]:
            return [v / self.total for v in self._sums(what, theta, *params, [FAINT])]

        return mean(lib.PYREF_FORCES), lambda v: mean(lib.PYREF_PRODUCT, v)

    def furthest(self, v: Sequence[float]) -> float:
        return self._moves([0.0] * len(v), v)[1]

    def rest(self, v: Sequence[float]) -> Any:
        return lambda u: self._sums(lib.PYREF_REST, v, u, [HARDLY])

    def separates(self, v: Sequence[float]) -> bool:
        if not any(v):
            return False
        back, onward = self._make(lib.PYREF_SEPARATES, [*v, ROUNDING], 2)
        return onward > 0 and not back


# ---------------------------------------------------------------- the functions


def hessian(
    X: Buffer, y: Buffer, s: Buffer | None, params: array[float], threads: int
) -> tuple[float, array[float], list[array[float]]]:
    """The twin of second_order.hessian, at params = {w..., b}."""
    m, passes = len(params), Passes(X, y, s, threads)
    try:
        found = passes.make(lib.PYREF_HESSIAN, params, 1 + m + m * (m + 1) // 2)
    finally:
        passes.free()
    if lib.pyref_find_not_finite(doubles(found), 0, 0, len(found)) < len(found):
        buffers.table_values(X, "X")
    hess = [zeros(m) for _ in range(m)]
    triangle = doubles(found) + (1 + m)
    for j, row in enumerate(hess):
        lib.pyref_symmetric_row(triangle, m, j, doubles(row))
    return found[0], found[1 : m + 1], hess


def optimum(
    is_newton: bool,
    X: Buffer,
    y: Buffer,
    s: Buffer | None,
    total: float,
    memory: int,
    w: list[float],
    b: float,
    l2: float,
    tolerance: float,
    iterations: int,
    callback: Any,
    threads: int,
) -> Newton[array[float], array[float]]:
    """The safe fit (pyref/fit/) over these samples."""
    samples = Samples(X, y, s, total, l2, threads)
    try:
        end = safe_fit.run(is_newton, samples, memory, w, b, l2, tolerance, iterations, callback)
    finally:
        samples.close()
    errors = None if end.standard_errors is None else array("d", end.standard_errors)
    return Newton(
        array("d", end.w), end.b, array("d", end.losses), end.iterations, end.status, errors,
        end.log_likelihood,
    )  # fmt: skip


def told_apart(X: Buffer, s: Buffer | None, total: float, threads: int) -> Any:
    """The twin of pyref.pure.told_apart."""
    y = Buffer(array("b", bytes(X.length)), 2, X.length, 1)  # (labels do not matter)
    samples = Samples(X, y, s, total, 0.0, threads)
    try:
        lost, told = own_basis.told_apart(samples)
    finally:
        samples.close()
    if told is None:
        return lost, None, None
    told.close()
    shape = X.length, X.width
    return lost, told.units, memoryview(told.table).cast("B").cast("d", shape)
