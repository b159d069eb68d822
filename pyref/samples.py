"""Chapter 3: the samples as a second-order method sees them, in columns of one size.

A column may be given in metres or in micrometres, as a year or as an age; the fit is the
same, for w and b make up for it. Rounding is not the same: sums over numbers of unlike size
lose digits. So each column is shifted by one of its own values, the one closest to its mean,
and divided by its root mean square about that. (One of its values, so that equal numbers
become exactly 0, and not what rounding leaves of a mean.)

Slopes are measured in these units too. "No entry of the gradient exceeds tolerance" would
otherwise say one thing in metres and another in micrometres.

Legend: second_order.py.
"""

from collections import namedtuple
from math import sqrt

from .front import checks
from .logistic import _gradient
from .second_order import (
    _cholesky,
    _dependent_column,
    _dot,
    _hessian,
    _lbfgs_step,
    _newton_step,
    _plus,
    _solve,
    _variances,
)
from .separation import _forces, _onward, _product, _rest, _separates, _strong

# What is known where a run stands: F at theta, its gradient, its Hessian or None, the summed loss.
Point = namedtuple("Point", ("theta", "F", "grad", "hess", "loss"))


def _standardised(X, y, s, total, l2):
    """The samples in standard units, and the units: shifts, spreads."""
    s = s or [1.0] * len(X)
    used = [i for i, s_i in enumerate(s) if s_i]  # a weight of 0 is a row that is not there
    y, s = [y[i] for i in used], [s[i] for i in used]
    shifts, spreads, columns, reaches = [], [], [], []
    for j in range(len(X[0])):
        x = [X[i][j] for i in used]
        mean = x[0] + _dot(s, [x_i - x[0] for x_i in x]) / total
        shift = min([(abs(x_i - mean), x_i) for x_i in x])[1]
        x = [x_i - shift for x_i in x]
        largest = max([abs(x_i) for x_i in x])
        if not largest < checks.INFINITY:
            raise checks.too_wide_column(j)
        spread = 0.0
        if largest:  # dividing by it keeps the squares from overflowing
            squares = [(x_i / largest) * (x_i / largest) for x_i in x]
            spread = largest * sqrt(_dot(s, squares) / total)
        # A constant column gets some unit too, and l2 a ridge that is a number.
        spread = max(spread, 1e-100 * sqrt(l2)) or 1.0
        shifts.append(shift)
        spreads.append(spread)
        columns.append([x_i / spread for x_i in x])
        reaches.append(largest / spread)
    A = [list(a_i) + [1.0] for a_i in zip(*columns)]
    # l2/2 w^2  =  ridge/2 (w spread)^2
    ridge = [l2 / spread / spread for spread in spreads] + [0.0]
    return _Samples(A, y, s, total, ridge, reaches + [1.0]), (shifts, spreads)


def _to_standard(w, b, units):
    # w . x + b  =  (w spread) . ((x - shift) / spread)  +  (b + w . shift)
    shifts, spreads = units
    return [w_j * spread for w_j, spread in zip(w, spreads)] + [b + _dot(w, shifts)]


def _from_standard(theta, units):
    shifts, spreads = units
    w = [theta_j / spread for theta_j, spread in zip(theta, spreads)]
    return w, theta[-1] - _dot(w, shifts)


class _Samples:
    """The samples in standard units, and what the chapter asks of all of them.

    `pyref.fast` has a class with the same methods, which are passes over X in C. What is done
    with the answers is written once, for both.
    """

    def __init__(self, A, y, s, total, ridge, reaches):
        self.A, self.y, self.s, self.total, self.ridge = A, y, s, total, ridge
        self.reaches = reaches  # how far from 0 each column of A reaches
        self.one_class = max(y) == 0 or min(y) == 1

    def count(self):
        return len(self.A)

    def objective(self, theta, with_hessian):
        """The Point at theta."""
        hess = None
        if with_hessian:
            loss, grad, hess = _hessian(self.A, self.y, self.s, theta)
            hess = self._mean(hess)
        else:
            loss, grad, _ = _gradient(self.A, self.y, theta, 0.0, self.s)
        F, grad = _penalised(loss, grad, self.total, self.ridge, theta)
        return Point(theta, F, grad, hess, loss)

    def some(self, share):
        """One in `share` of these samples, taken from everywhere."""
        s, total = self.s[::share], 0.0
        for s_i in s:
            total += s_i
        return _Samples(self.A[::share], self.y[::share], s, total, self.ridge, self.reaches)

    def _mean(self, hess):
        hess = [[h / self.total for h in row] for row in hess]
        for j, ridge_j in enumerate(self.ridge):
            hess[j][j] += ridge_j
        return hess

    # Equations with hess (second_order.py)

    def newton_step(self, hess, grad):
        return _newton_step(hess, grad, _cholesky, self.solve)

    def solve(self, L, v):
        return _solve(L, v)

    def dependent_column(self, hess_at_zero):
        return _dependent_column(hess_at_zero)

    def variances(self, L, last):
        return _variances(L, last)

    # (change, turn, change . turn), as lbfgs_step is given them back

    def pair(self, change, turn, turned):
        return change, turn, turned

    def lbfgs_step(self, pairs, grad, L):
        solve = None if L is None else (lambda v: self.solve(L, v))
        return _lbfgs_step(pairs, grad, self.ridge, _dot, _plus, solve)

    # Moves and forces (separation.py)

    def reach(self, v):
        """How far v moves a score at most."""
        return max([abs(_dot(a_i, v)) for a_i in self.A])

    def onward(self, theta, v):
        """The furthest that v moves onward a sample with a force at theta; is that all of them?"""
        strong = _strong(self.A, self.y, theta)
        moves = zip(_onward(self.A, self.y, v), strong)
        none = checks.MINUS_INFINITY
        return max([move if strong_i else none for move, strong_i in moves]), all(strong)

    def strong_hessian(self, theta):
        """hess of the samples with a force at theta; without l2, which is 0 where it is used."""
        strong = _strong(self.A, self.y, theta)
        s = [s_i if strong_i else 0.0 for s_i, strong_i in zip(self.s, strong)]
        return self._mean(_hessian(self.A, self.y, s, theta)[2])

    def forces(self, theta):
        """What CG needs: the sum of the signed forces at theta; the product with their matrix."""
        forces, push = _forces(self.A, self.y, self.s, self.total, theta)
        return push, lambda v: _product(self.A, forces, v)

    def furthest(self, v):
        """The furthest that v moves a sample onward."""
        return max(_onward(self.A, self.y, v))

    def rest(self, v):
        """For CG: the product with the matrix of the samples that v hardly moves onward."""
        rest = _rest(self.A, self.y, v)
        ones = [1.0] * len(rest)
        return lambda u: _product(rest, ones, u)

    def separates(self, v):
        return _separates(self.A, self.y, v)


def _penalised(loss, grad, total, ridge, theta):
    # F and its gradient, from sums
    F = loss / total + _penalty(ridge, theta)
    return F, [g / total + ridge_j * theta_j for g, ridge_j, theta_j in zip(grad, ridge, theta)]


def _penalty(ridge, theta):
    penalty = 0.0
    for theta_j, ridge_j in zip(theta, ridge):
        penalty += ridge_j / 2 * theta_j * theta_j
    return penalty


def _reach_at_most(samples, v):
    """A bound of samples.reach(v): no column leads a score further than its largest value."""
    return _dot(samples.reaches, [abs(v_j) for v_j in v])
