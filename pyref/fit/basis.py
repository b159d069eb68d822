"""Columns that are nearly combinations of others: the same model, in columns that are not.

Years from 2015 to 2021, their squares and their cubes: what a cube has of its own, beyond years,
squares and a constant, is a ten-millionth of it. The Hessian adds up squares, and of a
ten-millionth squared a float beside 1 has no digit left. So the fit is made in other columns, each
a combination of those of X up to it, and of a constant:

    q[j]  =  sum over k <= j of  B[j][k] (x[k] - shift[k]) factor[k]   +   B[j][d]

Any numbers B will do, as long as q can be told apart; a column of X that can stays what it is. w
and b follow from the weights of q by the same numbers. What is lost on the way is lost where q is
computed: there large terms cancel. So each of these sums is made in twice the digits, from the
numbers of X as they are, and rounded once, at its end.

How much can be told? The entries of X are floats, and may have been rounded to be so. The doubt
about q[j], made about 1 in size, is how much such roundings may change it:

    doubt[j]  =  2^-52  (sum over k of  |B[j][k]| factor[k] (|shift[k]| + spread[k]))

By as much the scores change when the coefficients of x are rounded, too. Where it is more than a
thousandth, neither the table nor w can hold what the column adds, and the fit is refused.

Legend: pyref/second_order.py, samples.py. Twice the digits: Dekker, Numerische Mathematik 18, 1971;
Ogita, Rump & Oishi, SIAM Journal on Scientific Computing 26, 2005.
"""

from math import frexp, sqrt

from ..front.checks import Newton
from ..second_order import ROUNDING, dot, solve, solve_lower
from .samples import from_standard

# The part of a column's squares that is its own. Where each has a millionth, errors have nine
# digits, and nobody looks closer; if one has less, all are to have a hundredth.
SUSPICIOUS, APART = 1e-6, 0.01
MOST_DOUBT = 1e-3  # beyond this a column is refused
ROUNDINGS = 0.1  # the doubt of a column whose own part is no more than ten roundings of its entries
CERTAIN = 1e6  # no rounding of entries leaves so little: the column is a combination exactly
EPSILON = 2.0**-52
FEW_ROWS = 4  # for L-BFGS, a Hessian of 2 m rows is made if m m is no more than so many times n

CONSTANT, DEPENDENT, DOUBTFUL = "constant", "dependent", "doubtful"  # why a column is refused


# -------------------------------------------------------- twice the digits
# A number is a pair (high, low): their sum, of which high is what a float can hold.


def two_sum(u, v):
    """u + v as a pair, exactly."""
    high = u + v
    t = high - u
    return high, (u - (high - t)) + (v - t)


def two_product(u, v):
    """u v as a pair, exactly: each factor is cut in halves, whose products are floats."""
    high = u * v
    t = 134217729.0 * u  # 2^27 + 1
    u_high = t - (t - u)
    u_low = u - u_high
    t = 134217729.0 * v
    v_high = t - (t - v)
    v_low = v - v_high
    return high, ((u_high * v_high - high) + u_high * v_low + u_low * v_high) + u_low * v_low


def add_product(high, low, u, v):
    """The pair (high, low) plus v times the pair u, to twice the digits."""
    p, rest = two_product(u[0], v)
    high, carried = two_sum(high, p)
    return high, low + (carried + (rest + u[1] * v))


# -------------------------------------------------------- the basis


class Basis:
    """B, and what leads from w and b to the weights of q and back. B[d] is the constant alone."""

    def __init__(self, shifts, spreads):
        d = len(shifts)
        self.shifts = shifts
        # powers of two near 1 / spread, by which nothing is rounded
        self.factors = [2.0 ** -max(frexp(spread)[1], -1021) for spread in spreads]
        self.sizes = [
            (abs(shift) + spread) * factor
            for shift, spread, factor in zip(shifts, spreads, self.factors)
        ] + [0.0]
        self.B = [[0.0] * (d + 1) for _ in range(d + 1)]
        self.B[d][d] = 1.0
        self.units = [1 / (v * factor) for v, factor in zip(spreads, self.factors)]
        for j in range(d):  # at first the columns in standard units
            self.leave(j)
        self.made = {}  # columns that are not one of X any more: what part was their own in X

    def leave(self, j):
        """q[j] is x[j] in standard units."""
        self.B[j] = [self.units[j] if k == j else 0.0 for k in range(len(self.B))]

    def combined(self, j, columns, parts, norm):
        """q[j] less `parts` of other columns, divided by nearly `norm`: a row of B. (Rounding it
        makes q another combination of the same columns, no worse than this one.)"""
        scale = 2.0 ** (1 - frexp(norm)[1])
        row = []
        for k, added in enumerate(self.B[j]):
            rest = 0.0
            for other, part in zip(columns, parts):
                added, rest = add_product(added, rest, (-part, 0.0), self.B[other][k])
            row.append((added + rest) * scale)
        return row

    def doubt(self, row):
        """How much the roundings of the entries of X may change q, which has this row of B."""
        return EPSILON * dot([abs(v) for v in row], self.sizes)

    def rows(self, X):
        """The rows of q, from those of X. (The same bits as pyref_in_basis, csrc/data/basis.c.)"""
        d = len(self.shifts)
        out = []
        for x in X:
            a = []
            for x_k, shift, factor in zip(x, self.shifts, self.factors):
                high, low = two_sum(x_k, -shift)
                a.append((high * factor, low * factor))
            q = []
            for j, row in enumerate(self.B[:d]):
                if j not in self.made:  # a column of X, in other units
                    q.append(a[j][0] * row[j])
                    continue
                added, rest = row[d], 0.0
                for k in range(d):
                    if row[k]:
                        added, rest = add_product(added, rest, a[k], row[k])
                q.append(added + rest)
            out.append(q)
        return out

    def raw(self, theta):
        """(w, b), from the weights of q and the intercept."""
        d = len(self.shifts)
        w = []
        for k in range(d):
            added = rest = 0.0
            for j in range(k, d):
                added, rest = add_product(added, rest, (theta[j], 0.0), self.B[j][k])
            w.append((added + rest) * self.factors[k])
        # b as it suits w as it is now, rounded: then the scores amid the data are right
        added, rest = theta[d], 0.0
        for j in range(d):
            added, rest = add_product(added, rest, (theta[j], 0.0), self.B[j][d])
            added, rest = add_product(added, rest, (-w[j], 0.0), self.shifts[j])
        return w, added + rest

    def theta(self, w, b):
        """And back: from the last column to the first, each has one new weight."""
        d = len(self.shifts)
        theta = [w_j / factor for w_j, factor in zip(w, self.factors)] + [b + dot(w, self.shifts)]
        for j in range(d - 1, -1, -1):
            row = self.B[j]
            theta[j] /= row[j]
            for k in range(j):
                theta[k] -= theta[j] * row[k]
            theta[d] -= theta[j] * row[d]
        return theta

    def penalties(self, l2):
        """l2 |w|^2 as a matrix: theta . (matrix theta)."""
        d = len(self.shifts)
        # the weights of x that each q brings along
        rows = [[v * f for v, f in zip(row, self.factors)] for row in self.B[:d]] + [[0.0] * d]
        return [[l2 * dot(row, other) for other in rows] for row in rows]

    def directions(self):
        """For each entry of w, and for b, the u for which it is u . theta."""
        d = len(self.shifts)
        rows, last = [], []
        for k in range(d):
            rows.append([self.B[j][k] * self.factors[k] for j in range(d)] + [0.0])
        for j in range(d):
            added, rest = self.B[j][d], 0.0
            for k in range(d):
                part = -self.factors[k] * self.B[j][k], 0.0
                added, rest = add_product(added, rest, part, self.shifts[k])
            last.append(added + rest)
        return rows + [last + [1.0]]

    def base(self, j):
        """Of the columns that q[j] is made of, the first of those that lie far from 0 for their
        width: years, and not their squares. None if none does."""
        far = [self.sizes[k] if self.B[j][k] else 0.0 for k in range(j + 1)]
        for k, size in enumerate(far):
            if size > 10 and size >= max(far) / 2:  # (a width is between 1/2 and 1 here)
                return k
        return None


# -------------------------------------------------------- which columns, and how


def in_own_basis(samples, here):
    """(samples in columns that can be told apart, the Point of here there).

    here has a Hessian. Where theta is 0, that shows the columns themselves: ValueError if one
    cannot be told from a combination of others. A penalty tells any columns apart, unless it is
    lost in rounding: then the samples stay as they are.
    """
    other, there, lost = _separate(samples, here, not any(here.theta) and not samples.l2)
    if lost and not samples.l2:
        raise refusal(other, lost, min(lost))
    return (samples, here) if lost else (other, there)


def for_lbfgs(samples):
    """The samples for L-BFGS without l2: in their own basis, if they need one.

    It sees no Hessian, and does not mind columns that are combinations of others: it finds one of
    the w that are equally good. But where a column is nearly one, it would never see what the
    column adds. The Hessian of some rows is enough to suspect that; if it would cost more than a
    pass or two, nobody looks."""
    m, n = samples.width() + 1, samples.count()
    zeros = [0.0] * m
    if m * m > FEW_ROWS * n:
        return samples
    some = samples.some(max(1, n // (2 * m)))
    if least_own(some, some.objective(zeros, True)) >= SUSPICIOUS:
        return samples
    here = samples.objective(zeros, True)
    if least_own(samples, here) >= SUSPICIOUS:
        return samples
    other, _, lost = _separate(samples, here, True)
    for j in sorted(lost):
        if lost[j] == DOUBTFUL:
            raise refusal(other, lost, j)
    basis = other.units
    if not isinstance(basis, Basis) or not [j for j in basis.made if j not in lost]:
        return samples
    for j in lost:
        basis.leave(j)
    return other.in_basis(basis)


def told_apart(samples):
    """(lost, the samples in columns that can be told apart): lost has the columns that are
    combinations of those before them, and if there are any, there are no such samples. An error if
    it is in doubt whether a column is one. The samples are None too if X will do as it is."""
    here = samples.objective([0.0] * (samples.width() + 1), True)
    if least_own(samples, here) >= SUSPICIOUS:
        return {}, None
    samples, _, lost = _separate(samples, here, True)
    for j in sorted(lost):
        if lost[j] == DOUBTFUL:
            raise refusal(samples, lost, j)
    return lost, None if lost else samples


def fit_classes(fit, told, X, W, b):
    """fit(X, W, b) of softmax regression, in columns that can be told apart: told_apart(X)."""
    lost, basis, Q = told
    if lost:
        raise refusal(None, lost, min(lost))
    if basis is None:
        return fit(X, W, b)
    W, b = _by_feature([basis.theta(list(w), b_c) for w, b_c in zip(zip(*W), b)])
    end = fit(Q, W, b)
    classes = [basis.raw(list(w) + [b_c]) for w, b_c in zip(zip(*end.w), end.b)]
    W, b = _by_feature([w + [b_c] for w, b_c in classes])
    return Newton(W, b, *end[2:])


def _by_feature(classes):
    """(W, b), from w and b of one class after the other."""
    rows = [list(row) for row in zip(*classes)]
    return rows[:-1], rows[-1]


def least_own(samples, here):
    """The least part of a column's squares that is its own: 0 to 1."""
    T = samples.triangle(here.hess)
    return 0.0 if T is None else samples.least_own(T)


def _separate(samples, here, judging):
    """(samples, here, lost): lost is {column: CONSTANT, DEPENDENT or DOUBTFUL}."""
    units, lost = samples.units, {}
    basis = units if isinstance(units, Basis) else Basis(*units)
    w, b = from_standard(here.theta, units)
    if judging:
        for j in range(samples.width()):
            if samples.reaches[j] == 0:
                lost[j] = CONSTANT
    while True:
        if not _sweep(samples.hessian_rows(here.hess), basis, lost, judging):
            return samples, here, lost
        samples = samples.in_basis(basis)
        theta = [0.0] * len(here.theta) if judging else basis.theta(w, b)
        here = samples.objective(theta, True)


def _sweep(hess, basis, lost, judging):
    """One round: gives columns with little of their own another row of B. True if there was one.

    It is Cholesky's square root of hess, the constant first, but for what is done where nothing is
    left: what the columns before imitate is taken off. The parts are known to 16 digits of the
    whole, so a round finds some ten digits more, and the next one what is left to find.
    """
    d = len(hess) - 1
    ones = hess[d][d]
    T, used, rows = [[sqrt(ones)]], [d], {}
    for j in range(d):
        if j in lost:
            continue
        own = hess[j][j]
        others = [hess[j][k] for k in used]
        new = solve_lower(T, others)
        left = own - dot(new, new)
        size = sqrt(max(left, ROUNDING * own) / ones)
        was_made = j in basis.made
        if not left > APART * own or (was_made and not 1 / 4 <= left / ones <= 4):
            if not size > 0:
                lost[j] = DEPENDENT
                continue
            row = basis.combined(j, used, solve(T, others), size)
            if basis.doubt(row) > CERTAIN:
                lost[j] = DEPENDENT
                continue
            rows[j] = row
            if not was_made:
                basis.made[j] = left / own
        elif judging and was_made:
            doubt = basis.doubt(basis.B[j]) / size
            if doubt > MOST_DOUBT:
                # Roundings leave as little of a combination. But where little was left of columns
                # before it as well, it may be one more of a series, as powers of years are.
                others = [part for k, part in basis.made.items() if k < j and k not in lost]
                alone = not any([part < SUSPICIOUS for part in others])
                lost[j] = DEPENDENT if doubt > ROUNDINGS and alone else DOUBTFUL
                continue
        used.append(j)
        T.append(new + [sqrt(max(left, ROUNDING * own))])
    for j, row in rows.items():
        basis.B[j] = row
    return len(rows) > 0


def refusal(samples, lost, j):
    """The error for a column that cannot be told from a combination of those before it."""
    why, cure, kind = lost[j], "remove it, or give l2 > 0", "constant"
    if why != CONSTANT:
        kind = "a combination of the columns before it (and a constant)"
    if why != DOUBTFUL:
        return ValueError(f"column {j} of X is {kind}, so no single w is best: {cure}")
    base = samples.units.base(j)
    if base is not None:
        cure = (
            f"centre it: subtract {samples.units.shifts[base]:.15g} from column {base} of X before"
            f" its powers and products are taken; or {cure}"
        )
    return ValueError(f"column {j} of X is too nearly {kind} for floats to tell: {cure}")
