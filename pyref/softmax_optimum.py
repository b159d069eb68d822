"""Chapter 3's methods for chapter 2's model: the optimum of softmax regression, and whether there
is one.

Chapter 3 is about two classes. For C of them little is new, and the passes over X are those of
the chapters, of whichever implementation is handed over as `module`.

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
from typing import Any, Literal

from . import multinomial
from .front import checks
from .front.checks import Newton
from .logistic import sigmoid
from .optimum import MEMORY, PATIENCE, _line_search
from .samples import Point
from .second_order import (
    ROUNDING,
    _cholesky,
    _dot,
    _lbfgs_step,
    _newton_step,
    _plus,
    _solve,
)

# A column whose variance is below this part of its mean square has lost six digits of it: it
# is moved to one of its own values before anything else is done.
FAR = 1e-6
# Beyond so many parameters no Hessian is made, and beyond so many numbers no table of
# differences: what they would have shown stays in doubt.
MOST_PARAMETERS = 300
MOST_DIFFERENCES = {"python": 1_000_000, "c": 20_000_000}

Vector = list[float]


# ---------------------------------------------------------------- scores and probabilities


def scores(module: Any, X: Any, w: Any, b: Any, threads: int | None) -> Any:
    """w . x + b of every row: n numbers, or n rows of C one after the other (chapter 2's w, b)."""
    if hasattr(module, "predictions"):  # the compiled implementation
        return module.predictions.scores(X, w, b, threads)
    out = array("d")
    rows = _rows(X)
    for x in rows:
        if isinstance(b, float):
            z = b
            for w_j, x_j in zip(w, x):
                z += w_j * x_j
            out.append(z)
        else:
            zs = list(b)
            for w_j, x_j in zip(w, x):
                for c, w_jc in enumerate(w_j):
                    zs[c] += w_jc * x_j
            out.extend(zs)
    for z in out:
        if not checks.is_finite(z):
            checks.table_values(rows)  # raises, unless the sum alone is too large
            break
    return out


def probabilities(module: Any, X: Any, w: Any, b: Any, threads: int | None) -> Any:
    """n rows of C probabilities, one after the other (C = 2 for chapter 1's w and b)."""
    if hasattr(module, "predictions"):
        return module.predictions.probabilities(X, w, b, threads)
    zs = scores(module, X, w, b, threads)
    out = array("d")
    if isinstance(b, float):
        for z in zs:  # both exact in their tails: 1 - p has no digits of a p close to 1
            out.append(sigmoid(-z))
            out.append(sigmoid(z))
        return out
    C = len(b)
    for i in range(0, len(zs), C):
        es, _, rest = multinomial._exponentials(zs[i : i + C])
        total = 1 + rest
        for e in es:
            out.append(e / total)
    return out


# ---------------------------------------------------------------- the problem


def _row(X: Any, i: int) -> Any:
    return X[i : i + 1].tolist()[0]


class Problem:
    """F, its gradient and its Hessian as functions of phi."""

    def __init__(
        self, module: Any, X: Any, y: Any, C: int, l2: float, s: Any, threads: dict[str, Any]
    ) -> None:
        self.module, self.X, self.y, self.C, self.l2, self.s = module, X, y, C, l2, s
        self.threads = threads
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
            sums = self._products(self.s if self.s is not None else [1.0] * self.n)
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
        rows = None if hasattr(self.X, "dtype") else _rows(self.X)
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
        for i, x in enumerate(_rows(self.X)):
            s_i = 1.0 if self.s is None else self.s[i]
            if s_i:
                for j, x_j in enumerate(x):
                    totals[j] += s_i * x_j
                    squares[j] += s_i * x_j * x_j
        return list(zip(totals, squares))

    def _products(self, c: Any) -> list[Vector]:
        """The sum of c_i a_i a_i^T in raw units."""
        if not any(c):
            return [[0.0] * self.m for _ in range(self.m)]
        if self.compiled and not isinstance(c, array):
            c = array("d", c)
        zeros = array("b", bytes(self.n)) if self.compiled else [0] * self.n
        hess = self.module.hessian(self.X, zeros, [0.0] * self.d, 0.0, c, **self.threads)[2]
        return [[4 * h for h in row] for row in hess]

    def _standard(self, H: list[Vector]) -> list[Vector]:
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

    # ------------------------------------------------------------ phi, theta, (W, b)

    def theta(self, phi: Vector) -> list[Vector]:
        """The parameters of all C classes in standard units, each feature's sum 0."""
        m = self.m
        blocks = [phi[c * m : c * m + m] for c in range(self.C - 1)] + [[0.0] * m]
        middle = [0.0] * m
        for block in blocks:
            middle = _plus(middle, 1 / self.C, block)
        return [_plus(block, -1.0, middle) for block in blocks]

    def raw(self, phi: Vector) -> tuple[list[Vector], Vector]:
        """(W, b): d rows of C, and C."""
        columns, b = [], []
        for block in self.theta(phi):
            w = [t / spread for t, spread in zip(block, self.spreads)]
            columns.append(w)
            b.append(block[-1] - _dot(w, self.shifts))
        return [list(row) for row in zip(*columns)], b

    def phi(self, W: list[Vector], b: Vector) -> Vector:
        """And back."""
        out: Vector = []
        for c in range(self.C - 1):
            w = [row[c] - row[-1] for row in W]
            out += [w_j * spread for w_j, spread in zip(w, self.spreads)]
            out.append(b[c] - b[-1] + _dot(w, self.shifts))
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
                F += self.l2 / 2 * _dot(row, row)
        return Point(phi, F, grad, None, loss)

    def scores(self, phi: Vector) -> Any:
        """n rows of C scores, one after the other."""
        W, b = self.raw(phi)
        return scores(self.module, self.X, W, b, self.threads.get("threads"))

    def probabilities(self, phi: Vector) -> list[Any]:
        """For each class its n probabilities."""
        W, b = self.raw(phi)
        flat = probabilities(self.module, self.X, W, b, self.threads.get("threads"))
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
                M = self._standard(self._products(weights))
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


# ---------------------------------------------------------------- is there an optimum?
#
# pyref/separation.py once more. A change v of the parameters moves a sample onward against
# class k by a . (v_y - v_k). The data are separable if some v moves no sample back against any
# class, and one onward. To prove the contrary, show forces f_ik > 0 in balance. The gradient's
# are p_ik, nearly in balance near an optimum. With D_ik = a_i in the block of the sample's class
# less a_i in that of k, solve
#
#     the sum of f_ik (D_ik . v) D_ik  =  the sum of f_ik D_ik
#
# What is left, f_ik (1 - D_ik . v), is in balance. These are forces if no D_ik . v, which is how
# far v moves the sample onward, reaches 1.

FAINT = 1e-9  # a smaller force would be lost in the rounding of the others, and is made so large


def _balanced(problem: Problem, ps: list[Any], grad: Vector) -> bool:
    y, s, C, m = problem.y, problem.s, problem.C, problem.m

    def forces(c: int, k: int) -> list[float]:
        # one of the two classes may be the sample's own: the other pushes
        return [
            max(q, FAINT) if y_i == c else max(p, FAINT) if y_i == k else 0.0
            for y_i, p, q in zip(y, ps[c], ps[k])
        ]

    push = [-g for g in grad]
    for k, p in enumerate(ps):
        if not min(p) < FAINT:
            continue
        for i, (y_i, p_ik) in enumerate(zip(y, p)):
            if p_ik < FAINT and k != y_i and (s is None or s[i]):
                more = (FAINT - p_ik) * (1.0 if s is None else s[i]) / problem.total
                x = problem.X[i] if isinstance(problem.X, list) else _row(problem.X, i)
                a = [
                    (v - shift) / spread
                    for v, shift, spread in zip(x, problem.shifts, problem.spreads)
                ]
                for c, sign in ((y_i, more), (k, -more)):
                    if c < C - 1:
                        for j, a_j in enumerate([*a, 1.0]):
                            push[c * m + j] += sign * a_j
    v, _, exact = _newton_step(
        problem.pairs(forces, 0.0), [-f for f in push], _cholesky, _solve
    )
    if not exact:
        return False
    zs = problem.scores(v)
    own = [zs[i * C + y_i] for i, y_i in enumerate(y)]
    for k in range(C):
        for z, z_own, s_i in zip(zs[k::C], own, s if s is not None else own):
            # (by 1/2, to be on the safe side; the sample's own class moves it by 0)
            if not z_own - z < 0.5 and (s is None or s_i):
                return False
    return True


def _sure_of_all(problem: Problem, phi: Vector) -> bool:
    """Whether phi itself proves the data separable: every sample is on its own side."""
    zs, C = problem.scores(phi), problem.C
    largest = max([abs(z) for z in zs])
    for i, y_i in enumerate(problem.y):
        if problem.s is not None and not problem.s[i]:
            continue
        row = zs[i * C : i * C + C]
        own = row[y_i]
        for k, z in enumerate(row):
            if k != y_i and not own - z > 1e-9 * largest:
                return False
    return bool(largest > 0)


def _fate(problem: Problem, phi: Vector) -> bool | None:
    """Whether there is an optimum: True, False, or None if in doubt."""
    # Each pair of a sample and another class becomes two rows of a problem with two classes:
    # its difference, a in the block of its own class less a in the block of the other, which
    # is to have a score above 0, and minus that, below 0. (Two, so that its intercept is of no
    # use.) That problem is separable if and only if this one is, and chapter 3 can tell.
    if _sure_of_all(problem, phi):
        return False
    C, m, s = problem.C, problem.m, problem.s
    used = problem.n if s is None else len([v for v in s if v])
    most = MOST_DIFFERENCES["c" if problem.compiled else "python"]
    if 2 * used * (C - 1) * (C - 1) * m > most:
        return None
    X = _rows(problem.X)
    width = (C - 1) * m
    flat, labels, weights = array("d"), [], []
    for i, y_i in enumerate(problem.y):
        if s is not None and not s[i]:
            continue
        a = [
            (x - shift) / spread for x, shift, spread in zip(X[i], problem.shifts, problem.spreads)
        ]
        a.append(1.0)
        for k in range(C):
            if k == y_i:
                continue
            for sign in (1.0, -1.0):
                row = [0.0] * width
                for c, factor in ((y_i, sign), (k, -sign)):
                    if c < C - 1:
                        row[c * m : c * m + m] = [factor * v for v in a]
                flat.extend(row)
                labels.append(1 if sign > 0 else 0)
                weights.append(1.0 if s is None else s[i])
    table: Any = memoryview(flat).cast("B").cast("d", (len(labels), width))
    if not problem.compiled:
        table = table.tolist()
    options = dict(problem.threads, sample_weight=weights, tolerance=1e-6)
    try:
        verdict = problem.module.newton(table, labels, **options).status
    except ValueError:  # columns that depend on each other, which L-BFGS does not mind
        verdict = problem.module.lbfgs(table, labels, **options).status
    found: dict[str, bool] = {"converged": True, "separable": False}
    return found.get(verdict)


# ---------------------------------------------------------------- the loop


def softmax_optimum(
    module: Any,
    X: Any,
    y: Any,
    C: int,
    *,
    W: Any = None,
    b: Any = None,
    l2: float = 0.0,
    sample_weight: Any = None,
    tolerance: Any = 1e-10,
    iterations: int = 100,
    newton: bool = True,
    threads: dict[str, Any] | None = None,
    callback: Callable[[int, float], object] | None = None,
) -> Newton:
    """The (W, b) with the lowest F: by Newton's method, or by L-BFGS. As in chapter 3.

    X is a table as `module` reads it, y class numbers of C classes, W d rows of C and b C
    numbers. Status, losses, callback and errors are those of chapter 3's `newton`; there are no
    standard errors. Beyond 300 parameters, and for tables of tens of millions of numbers,
    nothing proves that there is an optimum if l2 is 0: the status is then "iterations".
    """
    tolerance = checks.not_negative(tolerance, "tolerance")
    problem = Problem(module, X, y, C, l2, sample_weight, threads or {})
    if problem.far:
        origin = problem.origin()
        if any(origin):
            if W is not None:
                b = [b_c + _dot(origin, column) for b_c, column in zip(b, zip(*W))]
            fit: Any = softmax_optimum(
                module, moved(X, origin), y, C, W=W, b=b, l2=l2, sample_weight=sample_weight,
                tolerance=tolerance, iterations=iterations, newton=newton, threads=threads,
                callback=callback,
            )  # fmt: skip
            b = [b_c - _dot(origin, column) for b_c, column in zip(fit.b, zip(*fit.w))]
            return Newton(fit.w, b, *fit[2:])
    size = (C - 1) * problem.m
    small = size <= MOST_PARAMETERS
    here = problem.objective([0.0] * size)
    if newton and not l2:
        _refuse_dependent_columns(problem)
    if W is not None:
        given = problem.objective(problem.phi(W, b))
        if given.F < here.F:
            here = given

    phi = here.theta
    losses: Vector = []
    pairs: list[tuple[Vector, Vector, float]] = []
    has_optimum: bool | None = True if l2 else None
    asked = stuck = False
    status: Literal["converged", "iterations", "separable"]
    ridge = problem.ridge()
    while True:
        F, grad = here.F, here.grad
        k = len(losses)
        flat = max([abs(g) for g in grad]) <= tolerance
        last = stuck or k == iterations
        ps: list[Any] = []
        exact = False
        if newton or (flat and has_optimum is None and small):
            ps = problem.probabilities(phi)
            step, _, exact = _newton_step(problem.hessian(ps), grad, _cholesky, _solve)
        if not newton and not exact:
            step = _lbfgs_step(pairs, grad, ridge, _dot, _plus)
        if has_optimum is None and flat and exact:
            has_optimum = _balanced(problem, ps, grad) or None
        if has_optimum is None and not asked and (flat or last or (newton and k >= PATIENCE)):
            has_optimum, asked = _fate(problem, phi), True
        elif has_optimum is None and k >= 8 and k & (k - 1) == 0:  # now and then: 8, 16, 32
            has_optimum = False if _sure_of_all(problem, phi) else None
        if has_optimum is False:
            status = "separable"
            break
        if flat and has_optimum:
            status = "converged"
            if exact and max([abs(v) for v in step]) < 1e-4:
                phi = _plus(phi, 1.0, step)  # squares what error is left
            break
        if last:
            status = "iterations"
            break
        there = _line_search(problem.objective, here, step, lambda t, *_: 2 * t)  # twice as far
        if there is None:
            stuck, pairs = newton or not pairs, []
            continue
        change, turn = _plus(there.theta, -1.0, phi), _plus(there.grad, -1.0, grad)
        turned = _dot(change, turn)
        if turned > 0:
            pairs = [*pairs, (change, turn, turned)][-MEMORY:]
        losses.append(F)
        phi, here = there.theta, there
        if callback is not None and callback(k, F):
            status = "iterations"
            break
    W, b = problem.raw(phi)
    return Newton(W, b, losses, len(losses), status, None, -here.loss)


def _refuse_dependent_columns(problem: Problem) -> None:
    kept = _independent(problem)
    if len(kept) < problem.d:
        j = next(j for j in range(problem.d) if j not in kept)
        column = [row[j] for row in _rows(problem.X)]
        raise checks.dependent_column(j, all(x == column[0] for x in column))


def _independent(problem: Problem) -> list[int]:
    """The columns that are no combination of a constant and of columns before them."""
    # Cholesky's square root of the Hessian at zero, ones first, as in chapter 3; but a row with
    # too little of its own is left out.
    s = problem.s if problem.s is not None else [1.0] * problem.n
    M = problem._standard(problem._products(s))
    L: list[Vector] = []
    kept: list[int] = []
    for j in [problem.d, *range(problem.d)]:
        new: Vector = []
        for k, row in zip(kept, L):
            new.append((M[j][k] - _dot(new, row)) / row[-1])
        left = M[j][j] - _dot(new, new)
        if left > ROUNDING * M[j][j]:
            L.append([*new, math.sqrt(left)])
            kept.append(j)
    return sorted(kept)[:-1]


def independent_columns(module: Any, X: Any, s: Any, threads: dict[str, Any]) -> list[int]:
    """The columns of X that are no combination of a constant and of columns before them."""
    problem = Problem(module, X, range(len(X)), 2, 0.0, s, threads)
    if problem.far:
        X = moved(X, problem.origin())
        problem = Problem(module, X, range(len(X)), 2, 0.0, s, threads)
    return _independent(problem)


def _rows(X: Any) -> Any:
    return X if isinstance(X, list) else X.tolist()


def columns_of(X: Any, kept: list[int]) -> Any:
    """X with these of its columns."""
    if hasattr(X, "dtype"):
        return X[:, kept].astype(X.dtype, order="C", copy=False)
    rows = [[x[j] for j in kept] for x in _rows(X)]
    return rows if isinstance(X, list) else block(rows)


def moved(X: Any, origin: Vector) -> Any:
    """X with origin taken from every row."""
    if hasattr(X, "dtype"):
        return (X.astype("float64") - origin).astype("float64", order="C", copy=False)
    rows = [[v - o for v, o in zip(x, origin)] for x in _rows(X)]
    return rows if isinstance(X, list) else block(rows)


def block(rows: list[Vector]) -> Any:
    """Rows as one block of doubles, which the compiled implementation reads without a copy."""
    flat = array("d")
    for row in rows:
        flat.extend(row)
    return memoryview(flat).cast("B").cast("d", (len(rows), len(rows[0])))
