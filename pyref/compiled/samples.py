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

from ..fit import head_start
from ..fit import optimum as safe_fit
from ..fit.samples import (
    bent,
    from_standard,
    penalised,
    penalty,
    reach_at_most,
    to_standard,
)
from ..fit.search import Point, first_guess, newton_step
from ..fit.separation import FAINT, HARDLY, Budget, fate
from ..front import checks
from ..front.checks import Newton
from ..second_order import ROUNDING, lbfgs_step
from . import buffers, ffi, lib
from .buffers import Buffer, as_array, doubles, numbers, zeros
from .passes import SECONDS_IN_C, finish, new_run

_FAR = log(1 / FAINT - 1)  # the score at which p, or 1-p, is FAINT
_NARROWEST = 2.0**-1021  # the least unit of a column whose inverse is a float


def dot(u: Sequence[float], v: Sequence[float]) -> float:
    m = len(u)
    return lib.pyref_dot(numbers(u, m), numbers(v, m), m)


def plus(u: Sequence[float], t: float, v: Sequence[float]) -> array[float]:
    m = len(u)
    out = zeros(m)
    lib.pyref_plus(numbers(u, m), t, numbers(v, m), doubles(out, m), m)
    return out


def _triangle(m: int) -> int:
    """How many numbers a triangle of m rows has."""
    return m * (m + 1) // 2


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

    def make(self, what: int, params: Sequence[float], share: int = 1) -> array[float]:
        """The results of a pass of that kind, over one in `share` rows."""
        if what not in self.runs:
            passes = {lib.PYREF_HESSIAN: 1, lib.PYREF_COLUMNS: 2}.get(what, 10)  # or about
            self.runs[what] = new_run(what, self.X, self.y, self.s, 0, passes, self.threads)
            d = self.X.width
            units = doubles(self.shift, d), doubles(self.scale, d)
            lib.pyref_run_units(self.runs[what], *units)
        lib.pyref_run_share(self.runs[what], share)
        return finish(self.runs[what], as_array(params))


def _some_row(X: Buffer, s: Buffer | None) -> array[float]:
    """The first row of X that counts."""
    i = 0
    if s is not None:
        weights = buffers.as_doubles(s)
        while not weights[i]:
            i += 1
            if i == s.length:  # another thread has set them to 0 since they were added up
                checks.total_weight(0.0)  # raises
    return array("d", X.values(i * X.width, X.width))


class Samples:
    """The twin of pyref.fit.samples.Samples. To be closed by whoever made it."""

    classes, has_errors, looked_at = 2, True, False

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
        return self.passes.make(lib.PYREF_COLUMNS, [*guess, *powers], share)

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

    def standard(self, w: list[float], b: float) -> list[float]:
        return to_standard(w, b, self.units)  # type: ignore[no-any-return]

    def raw(self, theta: list[float]) -> tuple[list[float], float]:
        return from_standard(theta, self.units)  # type: ignore[no-any-return]

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
            found = self._make(lib.PYREF_STANDARD_GRADIENT, [*theta, checks.INFINITY])
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
        size = X.length * d
        Q, reach = zeros(size), zeros(d)
        shift, factor = numbers(basis.shifts, d), numbers(basis.factors, d)
        B = numbers([v for row in basis.B[:d] for v in row], d * (d + 1))
        room, reach_to, to = doubles(zeros(3 * d), 3 * d), doubles(reach, d), doubles(Q, size)
        step = 1 + (1 << 16) // d  # rows in one call, so that Ctrl-C is heard
        for start in range(0, X.length, step):
            lib.pyref_in_basis(
                X.pointer, X.kind, start, min(step, X.length - start), d,
                buffers.as_doubles(passes.s), shift, factor, B, room, reach_to, to,
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

    def _make(self, what: int, params: Sequence[float]) -> array[float]:
        return self.passes.make(what, params, self.share)

    def _hessian(self, theta: Sequence[float], bound: float) -> array[float]:
        found = self._make(lib.PYREF_STANDARD_HESSIAN, [*theta, bound])
        if self.penalties:
            at = 2 + self.d + 1
            for j, row in enumerate(self.penalties):
                for k in range(j + 1):
                    found[at + k] += self.total * row[k]
                at += j + 1
        return found

    def _cholesky(self, hess: Any, shift: float) -> Any:
        m = self.d + 1
        size, row = _triangle(m), ffi.new("size_t *")
        T, (found, total) = zeros(size), hess
        sums, ridge, to = doubles(found, 2 + m + size), numbers(self.ridge, m), doubles(T, size)
        while row[0] < m:
            if not lib.pyref_cholesky(
                sums + (2 + m), m, total, ridge, shift, False, ROUNDING, to, row, SECONDS_IN_C
            ):
                return None
        return T

    def solve(self, T: array[float], v: Sequence[float]) -> list[float]:
        m = len(v)
        out = zeros(m)
        lib.pyref_solve(doubles(T, _triangle(m)), m, numbers(v, m), doubles(out, m))
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
        m, least = self.d + 1, 1.0
        rows = doubles(T, _triangle(m))
        for j in range(m):
            row = rows + j * (j + 1) // 2
            least = min(least, row[j] ** 2 / lib.pyref_dot(row, row, j + 1))
        return least

    def hessian_rows(self, hess: Any) -> list[list[float]]:
        found, total = hess
        m = self.d + 1
        rows, row = [], zeros(m)
        sums, to = doubles(found, 2 + m + _triangle(m)) + (2 + m), doubles(row, m)
        for j in range(m):
            lib.pyref_symmetric_row(sums, m, j, to)
            rows.append([h / total for h in row])
            rows[j][j] += self.ridge[j]
        return rows

    def variances(self, T: array[float], last: Sequence[float]) -> array[float]:
        m = self.d + 1
        out, row = zeros(m), ffi.new("size_t *")
        triangle, u = doubles(T, _triangle(m)), numbers(last, m)
        room, to = doubles(zeros(m), m), doubles(out, m)
        while row[0] < m:
            lib.pyref_variances(triangle, m, u, room, to, row, SECONDS_IN_C)
        return out

    def pair(self, change: Sequence[float], turn: Sequence[float]) -> Any:
        return as_array(change), as_array(turn)

    def lbfgs_step(self, pairs: Any, grad: Sequence[float], T: Any) -> Any:
        def by_triangle(v: Sequence[float]) -> list[float]:
            return self.solve(T, v)

        guess = first_guess(pairs, self.ridge, dot) if T is None else by_triangle
        return lbfgs_step(pairs, grad, guess, dot, plus)

    # Moves and forces. No column leads a score further than its own largest value does, and
    # where that proves enough, X need not be read.

    def _moves(self, theta: Sequence[float], v: Sequence[float]) -> array[float]:
        """{furthest onward where not faint, furthest onward, reach; furthest onward(theta)}"""
        return self._make(lib.PYREF_MOVES, [*theta, *v, _FAR])

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
        return self._make(what, found).tolist()

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
        back, onward = self._make(lib.PYREF_SEPARATES, [*v, ROUNDING])
        return onward > 0 and not back

    def fate(self, here: Point, budget: Budget) -> bool | None:
        return fate(self, here.theta, budget)  # type: ignore[no-any-return]


# ---------------------------------------------------------------- the functions


def hessian(
    X: Buffer, y: Buffer, s: Buffer | None, params: array[float], threads: int
) -> tuple[float, array[float], list[array[float]]]:
    """The twin of second_order.hessian, at params = {w..., b}."""
    m, passes = len(params), Passes(X, y, s, threads)
    try:
        found = passes.make(lib.PYREF_HESSIAN, params)
    finally:
        passes.free()
    size = 1 + m + _triangle(m)
    at = doubles(found, size)
    if lib.pyref_find_not_finite(at, 0, 0, size) < size:
        buffers.table_values(X, "X")
    hess = [zeros(m) for _ in range(m)]
    for j, row in enumerate(hess):
        lib.pyref_symmetric_row(at + (1 + m), m, j, doubles(row, m))
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
