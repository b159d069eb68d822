"""The truth about optima: 40 digits of each, a linear program for those that do not exist,
and published data sets on which others have printed what they found.

Nothing here comes from `pyref`. The optimum is found in mpmath by Newton's method on the
textbook's formulas, with 60 digits, and then proven: another step would move no score by 1e-40,
and the objective is strictly convex, so that there is no other optimum. Whether there is one at
all is decided by the linear program of Konis (Linear Programming Algorithms for Detecting
Separated Data in Binary Logistic Regression Models, thesis, Oxford 2007), which HiGHS solves on
tables of small integers.
"""

import math
from collections import namedtuple
from functools import cache

import mpmath
import numpy as np
from mpmath import mpf
from scipy.optimize import linprog

DIGITS = 60

Optimum = namedtuple("Optimum", ("parameters", "standard_errors", "log_likelihood", "objective"))


def sums(X, y, s, theta):
    """Summed loss, gradient and Hessian at theta = (w, b), at the caller's precision."""
    size = len(theta)
    loss, grad, hess = mpf(0), [mpf(0)] * size, mpmath.zeros(size)
    for x_i, y_i, s_i in zip(X, y, s, strict=True):
        a = [*map(mpf, x_i), mpf(1)]
        y_i, s_i = mpf(y_i), mpf(s_i)
        z = mpmath.fdot(a, theta)
        p, q = 1 / (1 + mpmath.exp(-z)), 1 / (1 + mpmath.exp(z))
        loss += s_i * (y_i * mpmath.log1p(mpmath.exp(-z)) + (1 - y_i) * mpmath.log1p(mpmath.exp(z)))
        for j in range(size):
            grad[j] += s_i * ((1 - y_i) * p - y_i * q) * a[j]
            for k in range(j + 1):
                hess[j, k] += s_i * p * q * a[j] * a[k]
                hess[k, j] = hess[j, k]
    return loss, grad, hess


def objective(X, y, s, l2, theta):
    """Mean loss + l2/2 |w|^2, its gradient and its Hessian."""
    loss, grad, hess = sums(X, y, s, theta)
    total = mpmath.fsum(map(mpf, s))
    F = loss / total + mpf(l2) / 2 * mpmath.fsum(w_j * w_j for w_j in theta[:-1])
    grad = [g / total + mpf(l2) * t for g, t in zip(grad, [*theta[:-1], mpf(0)], strict=True)]
    hess = hess / total
    for j in range(len(theta) - 1):
        hess[j, j] += mpf(l2)
    return F, grad, hess


def optimum(X, y, s=None, l2=0, steps=100):
    """The one optimum, every score to 40 decimals; AssertionError if it cannot be proven."""
    s = [1] * len(X) if s is None else s
    return _optimum(tuple(map(tuple, X)), tuple(y), tuple(s), l2, steps)


@cache
def _optimum(X, y, s, l2, steps):
    with mpmath.workdps(DIGITS):
        theta = [mpf(0)] * (len(X[0]) + 1)
        F, grad, hess = objective(X, y, s, l2, theta)
        for _ in range(steps):
            step = mpmath.lu_solve(hess, mpmath.matrix([-g for g in grad]))
            small = max(map(abs, step)) / max(*map(abs, theta), mpf(1) / 10**9)
            t = mpf(1)
            while True:
                new = [a + t * c for a, c in zip(theta, step, strict=True)]
                new_F, new_grad, new_hess = objective(X, y, s, l2, new)
                if new_F <= F or small < mpf(10) ** -20:  # then rounding decides which is lower
                    break
                t /= 2
            theta, F, grad, hess = new, new_F, new_grad, new_hess
            if small < mpf(10) ** -30:
                break
        # The proof. Where the gradient is g and the Hessian h, the optimum is h^-1 g away.
        away = mpmath.lu_solve(hess, mpmath.matrix(grad))
        for x_i in X:
            assert abs(mpmath.fdot([*map(mpf, x_i), 1], away)) < mpf(10) ** -40, "no optimum"
        mpmath.cholesky(hess)  # fails unless strictly convex
        loss, _, hess = sums(X, y, s, theta)
        covariance = mpmath.inverse(hess) if not l2 else None
        errors = covariance and [mpmath.sqrt(covariance[j, j]) for j in range(len(theta))]
        return Optimum(theta, errors, -loss, F)


def lre(got, want):
    """The number of right digits, -log10 of the relative error, of the worst entry; 16 at most.

    A NaN, a zero (or anything for a true zero), a wrong sign or a wrong length has none.
    """
    want = list(want)
    return _digits(list(got), want, want)


def lre_of_sums(got, want):
    """The same, relative to the largest entry: for vectors of sums in which terms cancel."""
    want = list(want)
    return _digits(list(got), want, [max(map(abs, want))] * len(want))


def _digits(got, want, sizes):
    if len(got) != len(want) or not got:
        return 0.0
    digits = 16.0
    for got_i, want_i, size in zip(got, want, sizes, strict=True):
        if not math.isfinite(got_i) or not size:
            return 0.0
        error = abs((mpf(got_i) - want_i) / size)
        digits = min(digits, float(-mpmath.log10(error)) if error else 16.0)
    return max(digits, 0.0)


def separable(X, y):
    """True if the labels are separable, completely or quasi-completely."""
    A = np.hstack([np.asarray(X, float), np.ones((len(X), 1))])
    y = np.asarray(y, float)
    hard = (y == 0) | (y == 1)
    onward = A[hard] * (2 * y[hard] - 1)[:, None]
    soft = A[~hard]
    if not len(onward):
        return False
    # the largest sum of moves onward, none of them back, by a change of size 1 at most
    found = linprog(
        -onward.sum(axis=0),
        A_ub=-onward,
        b_ub=np.zeros(len(onward)),
        A_eq=soft if len(soft) else None,
        b_eq=np.zeros(len(soft)) if len(soft) else None,
        bounds=[(-1, 1)] * A.shape[1],
        method="highs",
    )
    assert found.status == 0, found.message
    return -found.fun > 1e-6


# ---------------------------------------------------------------- published sets

# A table, its labels, its sample weights or None, and what others print for it, as (value,
# decimals): w then b, their standard errors, and one measure of the fit, by its name.
Set = namedtuple("Set", ("X", "y", "s", "parameters", "errors", "fit"))


def challenger():
    """Dalal, Fowlkes & Hoadley, JASA 84, 1989: 23 launches, temperature (F), O-ring damage."""
    t = "66 70 69 68 67 72 73 70 57 63 70 78 67 53 67 75 70 81 76 79 75 76 58"
    y = "0 1 0 0 0 0 0 0 1 1 1 0 0 1 0 0 0 0 0 0 1 0 1"
    return Set(
        [[float(value)] for value in t.split()],
        [int(value) for value in y.split()],
        None,
        ((-0.2322, 4), (15.0429, 4)),
        ((0.1082, 4), (7.3786, 4)),
        ("-2 log-likelihood", 20.315, 3),
    )


def vasoconstriction():
    """Finney, Biometrika 34, 1947: 39 breaths, log volume and log rate of air, and whether the
    vessels of the skin contracted. Two observations dominate the fit (Pregibon, Annals of
    Statistics 9, 1981), and without them the labels are all but separated."""
    volume = (
        "3.7 3.5 1.25 .75 .8 .7 .6 1.1 .9 .9 .8 .55 .6 1.4 .75 2.3 3.2 .85 1.7 1.8 .4 .95 1.35"
        " 1.5 1.6 .6 1.8 .95 1.9 1.6 2.7 2.35 1.1 1.1 1.2 .8 .95 .75 1.3"
    )
    rate = (
        ".825 1.09 2.5 1.5 3.2 3.5 .75 1.7 .75 .45 .57 2.75 3 2.33 3.75 1.64 1.6 1.415 1.06 1.8 2"
        " 1.36 1.35 1.36 1.78 1.5 1.5 1.9 .95 .4 .75 .03 1.83 2.2 2 3.33 1.9 1.9 1.625"
    )
    y = "1 1 1 1 1 1 0 0 0 0 0 0 0 1 1 1 1 1 0 1 0 0 0 0 1 0 1 0 1 0 1 0 0 1 1 1 0 0 1"
    pairs = zip(volume.split(), rate.split(), strict=True)
    return Set(
        [[math.log(float(v)), math.log(float(r))] for v, r in pairs],
        [int(value) for value in y.split()],
        None,
        ((5.179, 3), (4.562, 3), (-2.875, 3)),
        ((1.865, 3), (1.838, 3), (1.321, 3)),
        ("-2 log-likelihood", 29.227, 3),
    )


def beetles():
    """Bliss, Annals of Applied Biology 22, 1935: log10 dose of CS2, beetles exposed and killed.
    Eight rows with the fraction killed for label and the number exposed for weight. (Dobson, An
    Introduction to Generalized Linear Models, prints the fit.)"""
    dose = [1.6907, 1.7242, 1.7552, 1.7842, 1.8113, 1.8369, 1.8610, 1.8839]
    exposed = [59, 60, 62, 56, 63, 59, 62, 60]
    killed = [6, 13, 18, 28, 52, 53, 61, 60]
    return Set(
        [[x] for x in dose],
        [k / e for k, e in zip(killed, exposed, strict=True)],
        exposed,
        ((34.27, 2), (-60.72, 2)),
        ((2.91, 2), (5.18, 2)),
        ("deviance", 11.23, 2),
    )


def berkeley():
    """Bickel, Hammel & O'Connell, Science 187, 1975: 4526 applicants to six departments at
    Berkeley in 1973, by sex and whether admitted. Columns: male, then departments B to F."""
    admitted = {"male": [512, 353, 120, 138, 53, 22], "female": [89, 17, 202, 131, 94, 24]}
    rejected = {"male": [313, 207, 205, 279, 138, 351], "female": [19, 8, 391, 244, 299, 317]}
    X, y, s = [], [], []
    for label, counts in ((1, admitted), (0, rejected)):
        for sex, row in counts.items():
            for k, count in enumerate(row):
                X.append([float(sex == "male"), *[float(k == j) for j in range(1, 6)]])
                y.append(label)
                s.append(count)
    return Set(
        X,
        y,
        s,
        (
            (-0.09987, 5),
            (-0.04340, 5),
            (-1.26260, 5),
            (-1.29461, 5),
            (-1.73931, 5),
            (-3.30648, 5),
            (0.68192, 5),
        ),
        (
            (0.08085, 5),
            (0.10984, 5),
            (0.10663, 5),
            (0.10582, 5),
            (0.12611, 5),
            (0.16998, 5),
            (0.09911, 5),
        ),
        ("deviance", 20.20, 2),
    )


def titanic():
    """Dawson, Journal of Statistics Education 3(3), 1995: the 2201 aboard the Titanic by class,
    sex and age, 711 of whom survived. Columns: second, third, crew; female; adult."""
    counts = {  # class, female, adult: died, survived
        (1, 0, 0): (0, 5),
        (2, 0, 0): (0, 11),
        (3, 0, 0): (35, 13),
        (1, 1, 0): (0, 1),
        (2, 1, 0): (0, 13),
        (3, 1, 0): (17, 14),
        (1, 0, 1): (118, 57),
        (2, 0, 1): (154, 14),
        (3, 0, 1): (387, 75),
        (4, 0, 1): (670, 192),
        (1, 1, 1): (4, 140),
        (2, 1, 1): (13, 80),
        (3, 1, 1): (89, 76),
        (4, 1, 1): (3, 20),
    }
    X, y, s = [], [], []
    for (k, female, adult), pair in counts.items():
        for label, count in enumerate(pair):
            X.append([float(k == 2), float(k == 3), float(k == 4), float(female), float(adult)])
            y.append(label)
            s.append(count)  # some are 0
    return Set(
        X,
        y,
        s,
        ((-1.0181, 4), (-1.7778, 4), (-0.8577, 4), (2.4201, 4), (-1.0615, 4), (0.6853, 4)),
        ((0.1960, 4), (0.1716, 4), (0.1573, 4), (0.1404, 4), (0.2440, 4), (0.2730, 4)),
        ("log-likelihood", -1105.03, 2),
    )


def two_irises():
    """Fisher, Annals of Eugenics 7, 1936: versicolor and virginica, four lengths in cm. All but
    a few of the hundred are told apart, so that the scores are large and the optimum is flat."""
    from sklearn.datasets import load_iris

    data = load_iris()
    return Set(
        data.data[50:].tolist(),
        (data.target[50:] - 1).tolist(),
        None,
        ((-2.465, 3), (-6.681, 3), (9.429, 3), (18.286, 3), (-42.638, 3)),
        ((2.394, 3), (4.480, 3), (4.737, 3), (9.743, 3), (25.708, 3)),
        ("-2 log-likelihood", 11.899, 3),
    )


def economics():
    """Spector & Mazzeo, Journal of Economic Education 11, 1980, as statsmodels carries it:
    grade point average, test score and a teaching method of 32 students, and whether their
    grade improved. (Greene, Econometric Analysis, prints the fit.)"""
    from statsmodels.datasets import spector

    data = spector.load_pandas()
    return Set(
        data.exog.to_numpy().tolist(),
        data.endog.tolist(),
        None,
        ((2.826, 3), (0.095, 3), (2.379, 3), (-13.021, 3)),
        ((1.263, 3), (0.142, 3), (1.065, 3), (4.931, 3)),
        ("log-likelihood", -12.890, 3),
    )


PUBLISHED = (
    challenger,
    vasoconstriction,
    beetles,
    berkeley,
    titanic,
    two_irises,
    economics,
)


def measures_of_fit(data, log_likelihood):
    """By name: the log-likelihood in other clothes. The deviance is minus twice what it lacks to
    that of the saturated model, which gives every distinct row of X its own frequency."""
    cells = {}
    for x_i, y_i, s_i in zip(data.X, data.y, data.s or [1] * len(data.X), strict=True):
        ones, all_ = cells.get(tuple(x_i), (0.0, 0.0))
        cells[tuple(x_i)] = ones + s_i * y_i, all_ + s_i
    saturated = 0.0
    for ones, all_ in cells.values():
        for part in (ones, all_ - ones):
            if part > 1e-9:
                saturated += part * math.log(part / all_)
    return {
        "log-likelihood": log_likelihood,
        "-2 log-likelihood": -2 * log_likelihood,
        "deviance": 2 * (saturated - log_likelihood),
    }
