"""Whether classes can be told apart without a mistake: what a linear program says."""

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
