"""Is there an optimum of softmax regression? separation.py once more, with C classes.

A change v of the parameters moves a sample onward against
class k by a . (v_y - v_k). The data are separable if some v moves no sample back against any
class, and one onward. To prove the contrary, show forces f_ik > 0 in balance. The gradient's
are p_ik, nearly in balance near an optimum. With D_ik = a_i in the block of the sample's class
less a_i in that of k, solve

    the sum of f_ik (D_ik . v) D_ik  =  the sum of f_ik D_ik

What is left, f_ik (1 - D_ik . v), is in balance. These are forces if no D_ik . v, which is how
far v moves the sample onward, reaches 1.
"""

from __future__ import annotations

from array import array
from typing import Any

from ..second_order import solve
from .classes import Problem, Vector, rows_of
from .samples import triangle

# Beyond so many numbers no table of differences is made: what it would show stays in doubt.
MOST_DIFFERENCES = {"python": 1_000_000, "c": 20_000_000}
FAINT = 1e-9  # a smaller force would be lost in the rounding of the others, and is made so large


def balanced(problem: Problem, ps: list[Any], grad: Vector) -> bool:
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
                x = rows_of(problem.X[i : i + 1])[0]
                a = [
                    (v - shift) / spread
                    for v, shift, spread in zip(x, problem.shifts, problem.spreads)
                ]
                for c, sign in ((y_i, more), (k, -more)):
                    if c < C - 1:
                        for j, a_j in enumerate([*a, 1.0]):
                            push[c * m + j] += sign * a_j
    T = triangle(problem.pairs(forces, 0.0))
    if T is None:
        return False
    v = solve(T, push)
    zs = problem.scores(v)
    own = [zs[i * C + y_i] for i, y_i in enumerate(y)]
    for k in range(C):
        for z, z_own, s_i in zip(zs[k::C], own, s if s is not None else own):
            # (by 1/2, to be on the safe side; the sample's own class moves it by 0)
            if not z_own - z < 0.5 and (s is None or s_i):
                return False
    return True


def sure_of_all(problem: Problem, phi: Vector) -> bool:
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


def fate(problem: Problem, phi: Vector) -> bool | None:
    """Whether there is an optimum: True, False, or None if in doubt."""
    # Each pair of a sample and another class becomes two rows of a problem with two classes:
    # its difference, a in the block of its own class less a in the block of the other, which
    # is to have a score above 0, and minus that, below 0. (Two, so that its intercept is of no
    # use.) That problem is separable if and only if this one is, and chapter 3 can tell.
    if sure_of_all(problem, phi):
        return False
    C, m, s = problem.C, problem.m, problem.s
    used = problem.n if s is None else len([v for v in s if v])
    most = MOST_DIFFERENCES["c" if problem.compiled else "python"]
    if 2 * used * (C - 1) * (C - 1) * m > most:
        return None
    X = rows_of(problem.X)
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


