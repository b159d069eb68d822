"""The optimum of softmax regression: the objective and its Hessian in standard units.

Chapter 3 is about two classes. For C of them little is new, and the passes over X are those of the
public functions, over whichever engine: `module` is `pyref` or `pyref.fast`.

    phi      the parameters. One class is redundant (chapter 2), so the last one's are kept at 0
             and phi has those of the other C-1, class after class: m = d+1 numbers each, in the
             standard units of chapter 3
    theta    the same for all C classes, every feature's weights shifted so that they sum to 0
             over the classes. Of all parameters that say the same these are the shortest, the
             ones that a penalty likes best, and where gradient descent from zeros stays
    F        the objective of chapter 2: mean loss + l2/2 |W|^2

The Hessian. dL/dz_c = p_c - y_c changes with z_k by p_c (1 - p_c) if k is c, else by -p_c p_k.
As 1 - p_c is the sum of the other p_k, the loss curves by the sum, over every two classes, of

    p_c p_k (e_c - e_k) (e_c - e_k)^T          e_c: 1 for class c, 0 for the others

and each pair adds to four of the (C-1)^2 blocks of H, m x m numbers each, the same sum over the
samples of s_i p_ic p_ik a_i a_i^T. Chapter 3's `hessian` makes such sums: at w = 0 and b = 0
every p (1-p) is 1/4, and what remains are its weights, 4 of ours.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable
from typing import Any

from ..front import checks
from ..second_order import ROUNDING, dot, plus
from .samples import least_own, triangle
from .search import Point

# A column whose variance is below this part of its mean square has lost six digits of it: it
# is moved to one of its own values before anything else is done.
FAR = 1e-6
MOST_PARAMETERS = 300  # beyond so many no Hessian is made: what it would show stays in doubt

Vector = list[float]


# ---------------------------------------------------------------- the problem


class Problem:
    """F, its gradient and its Hessian as functions of phi."""

    def __init__(
        self, module: Any, X: Any, y: Any, C: int, l2: float, s: Any, threads: dict[str, Any]
    ) -> None:
        self.module, self.X, self.y, self.C, self.l2, self.s = module, X, y, C, l2, s
        self.threads = threads
        self.engine = module.FRONT.engine
        self.n = len(y)
        self.total = float(checks.sample_weight_values(s, self.n))
        self.compiled = bool(threads)
        # A table's column sums and squares, and all products of columns if there are not too
        # many: chapter 3's hessian at zero of labels that do not matter.
        self.d = len(X[0]) if isinstance(X, list) else X.shape[1]
        self.m = self.d + 1
        self.far: list[int] = []  # columns much further from 0 than they are wide
        self.shifts, self.spreads = self._units()

    # A column is shifted by its mean and divided by its root mean square about it, as in
    # chapter 3, but X stays as it is: what changes is the parameters.

    def _units(self) -> tuple[Vector, Vector]:
        if self.m <= MOST_PARAMETERS:
            sums = self.products(self.s if self.s is not None else [1.0] * self.n)
            columns = [(sums[j][-1], sums[j][j]) for j in range(self.d)]
        else:
            columns = self._column_sums()
        shifts, spreads = [], []
        for j, (total, squares) in enumerate(columns):
            mean = total / self.total
            size = squares / self.total
            variance = max(size - mean * mean, ROUNDING * size)
            if size - mean * mean < FAR * size:
                self.far.append(j)
            shifts.append(mean)
            spreads.append(math.sqrt(variance) or 1.0)
        return shifts, spreads

    def origin(self) -> Vector:
        """For each far column the one of its values that is closest to its mean; else 0."""
        out = [0.0] * self.d
        rows = None if hasattr(self.X, "dtype") else rows_of(self.X)
        for j in self.far:
            column = self.X[:, j].tolist() if rows is None else [row[j] for row in rows]
            out[j] = min([(abs(x - self.shifts[j]), x) for x in column])[1]
        return out

    def _column_sums(self) -> list[tuple[float, float]]:
        if hasattr(self.X, "dtype"):  # an array, which has sums of its own
            totals: Any = 0.0
            squares: Any = 0.0
            size = 1 + (1 << 22) // self.d
            for start in range(0, self.n, size):
                part = self.X[start : start + size].astype("float64").T
                weighted = part if self.s is None else part * self.s[start : start + size]
                totals = totals + weighted.sum(axis=1)
                squares = squares + (weighted * part).sum(axis=1)
            return list(zip(totals.tolist(), squares.tolist()))
        totals, squares = [0.0] * self.d, [0.0] * self.d
        for i, x in enumerate(rows_of(self.X)):
            s_i = 1.0 if self.s is None else self.s[i]
            if s_i:
                for j, x_j in enumerate(x):
                    totals[j] += s_i * x_j
                    squares[j] += s_i * x_j * x_j
        return list(zip(totals, squares))

    def products(self, c: Any) -> list[Vector]:
        """The sum of c_i a_i a_i^T in raw units."""
        if not any(c):
            return [[0.0] * self.m for _ in range(self.m)]
        if self.compiled and not isinstance(c, array):
            c = array("d", c)
        zeros = array("b", bytes(self.n)) if self.compiled else [0] * self.n
        hess = self.module.hessian(self.X, zeros, [0.0] * self.d, 0.0, c, **self.threads)[2]
        return [[4 * h for h in row] for row in hess]

    def standard(self, H: list[Vector]) -> list[Vector]:
        # a = T (raw a): subtract the shift, divide by the spread. So T H T^T.
        def rows(M: list[Vector]) -> list[Vector]:
            last = M[-1]
            out = [
                [(v - shift * u) / spread for v, u in zip(row, last)]
                for row, shift, spread in zip(M, self.shifts, self.spreads)
            ]
            return [*out, last]

        half = rows(H)
        return rows([list(column) for column in zip(*half)])

    def least_own(self) -> float:
        """The least part of a column's squares that is its own: 0 to 1."""
        s = self.s if self.s is not None else [1.0] * self.n
        T = triangle(self.standard(self.products(s)))
        return 0.0 if T is None else least_own(T)

    # ------------------------------------------------------------ phi, theta, (W, b)

    def theta(self, phi: Vector) -> list[Vector]:
        """The parameters of all C classes in standard units, each feature's sum 0."""
        m = self.m
        blocks = [phi[c * m : c * m + m] for c in range(self.C - 1)] + [[0.0] * m]
        middle = [0.0] * m
        for block in blocks:
            middle = plus(middle, 1 / self.C, block)
        return [plus(block, -1.0, middle) for block in blocks]

    def raw(self, phi: Vector) -> tuple[list[Vector], Vector]:
        """(W, b): d rows of C, and C."""
        columns, b = [], []
        for block in self.theta(phi):
            w = [t / spread for t, spread in zip(block, self.spreads)]
            columns.append(w)
            b.append(block[-1] - dot(w, self.shifts))
        return [list(row) for row in zip(*columns)], b

    def phi(self, W: list[Vector], b: Vector) -> Vector:
        """And back."""
        out: Vector = []
        for c in range(self.C - 1):
            w = [row[c] - row[-1] for row in W]
            out += [w_j * spread for w_j, spread in zip(w, self.spreads)]
            out.append(b[c] - b[-1] + dot(w, self.shifts))
        return out

    # ------------------------------------------------------------ F

    def objective(self, phi: Vector) -> Point:
        """The Point at phi, without the Hessian."""
        W, b = self.raw(phi)
        for value in b + [w for row in W for w in row]:
            if not checks.is_finite(value):
                infinite = [checks.INFINITY] * len(phi)
                return Point(phi, checks.INFINITY, infinite, None, checks.INFINITY)
        loss, grad_W, grad_b = self.module.softmax_gradient(
            self.X, self.y, W, b, self.s, **self.threads
        )
        F = loss / self.total
        grad: Vector = []
        for c in range(self.C - 1):
            g_b = grad_b[c] / self.total
            for j in range(self.d):
                # w = theta / spread, and b moves by -shift with each w
                g = grad_W[j][c] / self.total - self.shifts[j] * g_b
                grad.append((g + self.l2 * W[j][c]) / self.spreads[j])
            grad.append(g_b)
        if self.l2:
            for row in W:
                F += self.l2 / 2 * dot(row, row)
        return Point(phi, F, grad, None, loss)

    def scores(self, phi: Vector) -> Any:
        """n rows of C scores, one after the other."""
        W, b = self.raw(phi)
        return self.engine.scores(self.X, W, b, self.threads.get("threads"))

    def probabilities(self, phi: Vector) -> list[Any]:
        """For each class its n probabilities."""
        W, b = self.raw(phi)
        flat = self.engine.probabilities(self.X, W, b, self.threads.get("threads"))
        return [flat[c :: self.C] for c in range(self.C)]

    def pairs(self, forces: Callable[[int, int], Any], penalty: float) -> list[Vector]:
        """The matrix made of blocks: for every two classes c and k, with forces(c, k) per sample,

        the sum of force_i (e_c - e_k) (e_c - e_k)^T x a_i a_i^T / total
        """
        C, m, s = self.C, self.m, self.s
        size = (C - 1) * m
        H = [[0.0] * size for _ in range(size)]
        for c in range(C):
            for k in range(c):
                weights = forces(c, k)
                if s is not None:
                    weights = [s_i * v for s_i, v in zip(s, weights)]
                M = self.standard(self.products(weights))
                for one, two, sign in ((c, k, -1.0), (k, c, -1.0), (c, c, 1.0), (k, k, 1.0)):
                    if one < C - 1 and two < C - 1:
                        for j, row in enumerate(M):
                            target = H[one * m + j]
                            for i, value in enumerate(row):
                                target[two * m + i] += sign * value / self.total
        for c in range(C - 1):
            for k in range(C - 1):
                for j, spread in enumerate(self.spreads):
                    H[c * m + j][k * m + j] += penalty / spread / spread * ((c == k) - 1 / C)
        return H

    def hessian(self, ps: list[Any]) -> list[Vector]:
        """F's second derivatives where the classes have these probabilities."""
        return self.pairs(lambda c, k: [p * q for p, q in zip(ps[c], ps[k])], self.l2)

    def ridge(self) -> Vector:
        """Roughly what the penalty adds to each parameter's curvature."""
        return [*[self.l2 / spread / spread for spread in self.spreads], 0.0] * (self.C - 1)


# ---------------------------------------------------------------- tables of rows


def rows_of(X: Any) -> Any:
    """X as lists of numbers."""
    return X if isinstance(X, list) else X.tolist()


def columns_of(X: Any, kept: list[int]) -> Any:
    """X with these of its columns."""
    if hasattr(X, "dtype"):
        return X[:, kept].astype(X.dtype, order="C", copy=False)
    rows = [[x[j] for j in kept] for x in rows_of(X)]
    return rows if isinstance(X, list) else block(rows)


def moved(X: Any, origin: Vector) -> Any:
    """X with origin taken from every row."""
    if hasattr(X, "dtype"):
        return (X.astype("float64") - origin).astype("float64", order="C", copy=False)
    rows = [[v - o for v, o in zip(x, origin)] for x in rows_of(X)]
    return rows if isinstance(X, list) else block(rows)


def block(rows: list[Vector]) -> Any:
    """Rows as one block of doubles, which the compiled implementation reads without a copy."""
    flat = array("d")
    for row in rows:
        flat.extend(row)
    return memoryview(flat).cast("B").cast("d", (len(rows), len(rows[0])))
