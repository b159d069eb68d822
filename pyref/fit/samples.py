"""The samples as a second-order method sees them, in columns of one size.

A column may be given in metres or in micrometres, as a year or as an age; the fit is the same, for
w and b make up for it. Rounding is not the same: sums over numbers of unlike size lose digits. So
each column is shifted by one of its own values, the one closest to its mean, and divided by its
root mean square about that. (One of its values, so that equal numbers become exactly 0, and not
what rounding leaves of a mean.)

Gradients are measured in these units too. "No entry of the gradient exceeds tolerance" would
otherwise say one thing in metres and another in micrometres.

Legend: pyref/second_order.py, search.py.
"""

from math import sqrt

from ..front import checks
from ..logistic import gradient, total
from ..second_order import cholesky, dot, hessian, lbfgs_step, plus, solve, solve_lower
from .search import Point, first_guess, newton_step
from .separation import (
    fate,
    forces_and_push,
    onward,
    product_with_rows,
    rest,
    score,
    separates,
    strong,
)


def standardised(X, y, s, weight, l2):
    """The samples in standard units. weight is the sum of s (None: each row counts once)."""
    s = s or [1.0] * len(X)
    shifts, spreads, columns, reaches = [], [], [], []
    for j in range(len(X[0])):
        x = [x_i[j] for x_i in X]
        mean = x[0] + dot(s, [x_i - x[0] for x_i in x]) / weight
        shift = min([(abs(x_i - mean), x_i) for x_i in x])[1]
        x = [x_i - shift for x_i in x]
        largest = max([abs(x_i) for x_i in x])
        if not largest < checks.INFINITY:
            raise checks.too_wide_column(j)
        spread = 0.0
        if largest:  # dividing by it keeps the squares from overflowing
            squares = [(x_i / largest) * (x_i / largest) for x_i in x]
            spread = largest * sqrt(dot(s, squares) / weight)
        # A constant column gets some unit too, and l2 a ridge that is a number.
        spread = max(spread, 1e-100 * sqrt(l2)) or 1.0
        shifts.append(shift)
        spreads.append(spread)
        columns.append([x_i / spread for x_i in x])
        reaches.append(largest / spread)
    rows = [list(x_i) for x_i in zip(*columns)]
    # l2/2 w^2  =  ridge/2 (w spread)^2
    ridge = [l2 / spread / spread for spread in spreads] + [0.0]
    return Samples(rows, y, s, weight, ridge, reaches + [1.0], (shifts, spreads), X, l2)


def to_standard(w, b, units):
    if not isinstance(units, tuple):
        return units.theta(w, b)  # basis.py
    # w . x + b  =  (w spread) . ((x - shift) / spread)  +  (b + w . shift)
    shifts, spreads = units
    return [w_j * spread for w_j, spread in zip(w, spreads)] + [b + dot(w, shifts)]


def from_standard(theta, units):
    if not isinstance(units, tuple):
        return units.raw(theta)
    shifts, spreads = units
    w = [theta_j / spread for theta_j, spread in zip(theta, spreads)]
    return w, theta[-1] - dot(w, shifts)


class Samples:
    """The samples in standard units, and what a fit asks of all of them.

    pyref/compiled/samples.py has a class with the same methods, which are passes over X in C, and
    classes.py one for more classes than two. What is done with the answers is written once.
    """

    classes, has_errors, looked_at = 2, True, False

    def __init__(self, X, y, s, weight, ridge, reaches, units, given, l2):
        self.X, self.y, self.s, self.total, self.ridge = X, y, s, weight, ridge
        self.units, self.given, self.l2 = units, given, l2  # given: X as it was given
        self.penalties = None  # basis.py: in place of ridge, a matrix
        self.reaches = reaches  # how far from 0 each column, and the 1 behind it, reaches
        self.one_class = max(y) == 0 or min(y) == 1

    def count(self):
        return len(self.X)

    def standard(self, w, b):
        return to_standard(w, b, self.units)

    def raw(self, theta):
        return from_standard(theta, self.units)

    def counts(self):
        """Whether the weights count rows, so that there are standard errors."""
        return checks.are_counts(self.s)

    def width(self):
        return len(self.X[0])

    def objective(self, theta, with_hessian):
        """The Point at theta."""
        hess = None
        if with_hessian:
            loss, grad, hess = hessian(self.X, self.y, theta[:-1], theta[-1], self.s)
            hess = self._mean(hess)
        else:
            loss, grad_w, grad_b = gradient(self.X, self.y, theta[:-1], theta[-1], self.s)
            grad = grad_w + [grad_b]
        F, grad = penalised(loss, grad, self.total, self.ridge, theta)
        if self.penalties:
            F, grad = bent(F, grad, self.penalties, theta)
        return Point(theta, F, grad, hess, loss)

    def penalty_at(self, theta):
        """What the penalty adds to F."""
        if self.penalties:
            return bent(0.0, theta, self.penalties, theta)[0]
        return penalty(self.ridge, theta)

    def some(self, share):
        """One in `share` of these samples, taken from everywhere."""
        s = self.s[::share]
        return Samples(
            self.X[::share], self.y[::share], s, total(s), self.ridge, self.reaches, self.units,
            self.given[::share], self.l2,
        )  # fmt: skip

    def in_basis(self, basis):
        """The same samples in other columns (basis.py)."""
        rows = basis.rows(self.given)
        reaches = [max([abs(q) for q in column]) for column in zip(*rows)] + [1.0]
        other = Samples(
            rows, self.y, self.s, self.total, [0.0] * len(reaches), reaches, basis, self.given,
            self.l2,
        )  # fmt: skip
        if self.l2:
            other.penalties = basis.penalties(self.l2)
        return other

    def _mean(self, hess):
        hess = [[h / self.total for h in row] for row in hess]
        if self.penalties:
            hess = [plus(row, 1.0, more) for row, more in zip(hess, self.penalties)]
        return add_to_diagonal(hess, self.ridge)

    # Equations with hess

    def newton_step(self, hess, grad):
        return newton_step(hess, grad, triangle, solve)

    def triangle(self, hess):
        return triangle(hess)

    def solve(self, T, v):
        return solve(T, v)

    def least_own(self, T):
        return least_own(T)

    def hessian_rows(self, hess):
        return hess

    def variances(self, T, last):
        """|T^-1 u|^2, where u picks out one entry of theta after the other, and last is `last`."""
        m = len(T)
        rows = [[float(j == k) for k in range(m)] for j in range(m - 1)] + [last]
        squares = []
        for u in rows:
            v = solve_lower(T, u)
            squares.append(dot(v, v))
        return squares

    # (change, turn), as lbfgs_step is given them back

    def pair(self, change, turn):
        return change, turn

    def lbfgs_step(self, pairs, grad, T):
        if T is not None:
            return lbfgs_step(pairs, grad, lambda v: solve(T, v))
        return lbfgs_step(pairs, grad, first_guess(pairs, self.ridge, dot))

    # Moves and forces (separation.py)

    def reach(self, v):
        """How far v moves a score at most."""
        return max([abs(score(x_i, v)) for x_i in self.X])

    def onward(self, theta, v):
        """The furthest that v moves onward a sample with a force at theta; is that all of them?"""
        found = strong(self.X, self.y, theta)
        moves = zip(onward(self.X, self.y, v), found)
        none = checks.MINUS_INFINITY
        return max([move if strong_i else none for move, strong_i in moves]), all(found)

    def strong_hessian(self, theta):
        """hess of the samples with a force at theta; without l2, which is 0 where it is used."""
        kept = [i for i, strong_i in enumerate(strong(self.X, self.y, theta)) if strong_i]
        X, y, s = [[values[i] for i in kept] for values in (self.X, self.y, self.s)]
        return self._mean(hessian(X, y, theta[:-1], theta[-1], s)[2])

    def forces(self, theta):
        """What CG needs: the sum of the signed forces at theta; the product with their matrix."""
        forces, push = forces_and_push(self.X, self.y, self.s, self.total, theta)
        return push, lambda v: product_with_rows(self.X, forces, v)

    def furthest(self, v):
        """The furthest that v moves a sample onward."""
        return max(onward(self.X, self.y, v))

    def rest(self, v):
        """For CG: the product with the matrix of the samples that v hardly moves onward."""
        rows = rest(self.X, self.y, v)
        ones = [1.0] * len(rows)
        return lambda u: product_with_rows(rows, ones, u)

    def separates(self, v):
        return separates(self.X, self.y, v)

    def fate(self, here, budget):
        """Whether there is an optimum: True, False, or None if in doubt."""
        return fate(self, here.theta, budget)


def add_to_diagonal(hess, values):
    """hess with a value added to each entry of its diagonal: another matrix."""
    out = [list(row) for row in hess]
    for j, value in enumerate(values):
        out[j][j] += value
    return out


def triangle(hess, shift=0.0):
    """Cholesky's triangle of the whole of hess with shift added to its diagonal, or None."""
    T = cholesky(add_to_diagonal(hess, [shift] * len(hess)) if shift else hess)
    return T if len(T) == len(hess) else None


def least_own(T):
    """The least part of a diagonal entry of hess that the columns before it do not imitate."""
    return min([row[-1] * row[-1] / dot(row, row) for row in T])


def penalised(loss, grad, weight, ridge, theta):
    """F and its gradient, from sums."""
    F = loss / weight + penalty(ridge, theta)
    return F, [g / weight + ridge_j * theta_j for g, ridge_j, theta_j in zip(grad, ridge, theta)]


def bent(F, grad, penalties, theta):
    """F plus theta . (penalties theta) / 2, and its gradient."""
    more = [dot(row, theta) for row in penalties]
    return F + dot(more, theta) / 2, plus(grad, 1.0, more)


def penalty(ridge, theta):
    """The sum of ridge_j/2 theta_j^2."""
    added = 0.0
    for theta_j, ridge_j in zip(theta, ridge):
        added += ridge_j / 2 * theta_j * theta_j
    return added


def reach_at_most(samples, v):
    """A bound of samples.reach(v): no column leads a score further than its largest value."""
    return dot(samples.reaches, [abs(v_j) for v_j in v])
