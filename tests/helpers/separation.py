"""What other programs say of a table: whether its classes can be told apart without a mistake
(a linear program), and whether a column is a combination of others (a singular value)."""

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
