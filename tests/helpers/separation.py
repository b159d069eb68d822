"""What other programs say of a table: whether its classes can be told apart without a mistake
(a linear program, or fractions), and whether a column is a combination of others (a singular
value)."""

from fractions import Fraction
from itertools import combinations

import numpy as np
from scipy.optimize import linprog


def separable(X, y, C):
    """True if some change moves no sample back against any class, and one onward."""
    rows = []
    for x, own in zip(X, y, strict=True):
        for k in range(C):
            if k != own:
                row = np.zeros((C, len(x) + 1))
                row[own] += [*x, 1.0]
                row[k] -= [*x, 1.0]
                rows.append(row.ravel())
    D = np.array(rows)
    found = linprog(-D.sum(axis=0), A_ub=-D, b_ub=np.zeros(len(D)), bounds=(-1, 1))
    assert found.status == 0
    return -found.fun > 1e-7


def separable_labels(X, y):
    """The same of labels from 0 to 1. One between them costs whichever way its score goes, so that
    score must stay."""
    A, y = np.column_stack([X, np.ones(len(X))]), np.asarray(y, float)
    hard = (y == 0) | (y == 1)
    D = A[hard] * (2 * y[hard] - 1)[:, None]
    if not len(D):
        return False
    still = {"A_eq": A[~hard], "b_eq": np.zeros((~hard).sum())} if not hard.all() else {}
    found = linprog(-D.sum(axis=0), A_ub=-D, b_ub=np.zeros(len(D)), bounds=(-1, 1), **still)
    assert found.status == 0
    return -found.fun > 1e-7


def dependent_column(X):
    """(the first column that is a combination of those before it and a constant, whether it is
    constant); None if there is none."""
    A = np.ones((len(X), 1))
    for j, column in enumerate(np.asarray(X, float).T):
        A = np.column_stack([A, column])
        if np.linalg.matrix_rank(A / np.linalg.norm(A, axis=0)) < j + 2:
            return j, bool(np.ptp(column) == 0)
    return None


def exactly_separable(X, y, s=None):
    """The same for labels from 0 to 1, without any rounding: for few columns, all independent.

    The changes of theta that move no sample back are a cone with a tip, for no change moves none.
    So it is made of its edges, and on an edge as many rows as there are columns in X are not moved.
    """
    rows = set()
    for x, label, s_i in zip(X, y, s or [1.0] * len(y), strict=True):
        if s_i:
            a = tuple(Fraction(value) for value in [*x, 1.0])
            back = tuple(-value for value in a)
            rows.update({0: [back], 1: [a]}.get(label, [a, back]))
    for chosen in combinations(rows, len(X[0])):
        edge = _unmoving(chosen)
        if edge is not None:
            moves = [sum(a * v for a, v in zip(row, edge, strict=True)) for row in rows]
            if (min(moves) >= 0 and max(moves) > 0) or (max(moves) <= 0 and min(moves) < 0):
                return True
    return False


def _unmoving(rows):
    """The one direction in which d rows of d+1 numbers do not move; None if there are more."""
    d, rows, leading = len(rows), [list(row) for row in rows], []
    for column in range(d + 1):
        k = len(leading)
        found = next((i for i in range(k, d) if rows[i][column]), None)
        if found is not None:
            rows[k], rows[found] = rows[found], rows[k]
            rows[k] = [value / rows[k][column] for value in rows[k]]
            for i in range(d):
                if i != k:
                    part = rows[i][column]
                    rows[i] = [a - part * c for a, c in zip(rows[i], rows[k], strict=True)]
            leading.append(column)
    if len(leading) < d:
        return None
    free = next(column for column in range(d + 1) if column not in leading)
    v = [Fraction(column == free) for column in range(d + 1)]
    for row, column in zip(rows, leading, strict=True):
        v[column] = -row[free]
    return v
