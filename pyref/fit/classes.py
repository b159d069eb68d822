"""Softmax regression as the loop of optimum.py sees it: what samples.py is, with C classes.

Legend: pyref/multinomial.py, second_order.py, search.py, and
    m        d+1
    a        a row in the standard units of samples.py, with a 1 behind it: m numbers
    theta    class after class the m numbers of its score, z_c = a . theta_c. What all scores get
             alike changes no probability, and so it is left out: over the classes every column's
             numbers sum to 0. (Of all parameters that say the same these are the shortest, the
             ones that a penalty likes best, and where gradient descent from zeros stays.)

The Hessian. dL/dz_c = p_c - y_c changes with z_k by p_c (1 - p_c) if k is c, else by -p_c p_k. As
1 - p_c is the sum of the other p_k, the loss curves by the sum, over every two classes, of

    p_c p_k (e_c - e_k) (e_c - e_k)'          e_c: 1 for class c, 0 for the others

and each pair adds to four of the C x C blocks of the Hessian, m x m numbers each, the same sum over
the rows of s_i p_ic p_ik a_i a_i'. A step is found with the last class kept at 0, which settles
what all scores get alike, and then shifted.

Is there an optimum? (separation.py.) v moves a row onward against class k by

    onward_ik(v)  =  a_i . (v_y - v_k)             y: the row's own class, k: each of the others

and the data are separable if some v moves no row back against any class, and one onward. The
gradient's forces are p_ik, nearly in balance near an optimum. Newton's step v brings them into it:
to first order every p_ik becomes p_ik (1 - (sum of p_ic z_c) + z_k), where z = a_i . v_c, and then
the gradient is zero. These are forces if they are > 0.
"""

from math import sqrt

from ..front import checks
from ..logistic import total
from ..multinomial import softmax, softmax_gradient
from ..second_order import ROUNDING, dot, lbfgs_step, plus, solve
from .head_start import WIDE
from .samples import Samples, penalised, penalty, triangle
from .search import DAMPING, Point, first_guess, newton_step
from .separation import FAINT, HARDLY, fate


class ClassSamples:
    """The samples in standard units, with y class numbers: the twin of samples.Samples.

    The first methods are passes over the rows; pyref/compiled/classes.py has a class with others
    in their place, and the rest from here. Rows of weight 0 are not there.
    """

    has_errors = False
    looked_at = True  # basis.py is asked before they are made: class_optimum of either engine

    def __init__(self, X, y, s, weight, classes, units, ridge, reaches):
        self.X, self.y, self.s, self.total, self.classes = X, y, s, weight, classes
        self.units, self.m = units, len(ridge)
        self.ridge, self.reaches = ridge * classes, reaches * classes
        # A class without a row is pushed away by all rows, and nothing holds its intercept.
        self.one_class = len(set(y)) < classes
        self.latest = None, None  # theta, and its probabilities
        self.columns = self.at_zeros = None

    # Passes over the rows

    def count(self):
        return len(self.y)

    def sums(self, theta):
        """The summed loss at theta, and its gradient."""
        W, b = by_feature(theta, self.m, self.classes)
        loss, grad_W, grad_b = softmax_gradient(self.X, self.y, W, b, self.s)
        return loss, by_class(grad_W, grad_b)

    def scores(self, theta, first=0, last=None):
        """Of some of the rows C scores each, one after the other."""
        blocks = self.blocks(theta)
        return [dot(x_i, t) + t[-1] for x_i in self.X[first:last] for t in blocks]

    def combined(self, R):
        """For each class the sum of R[c][i] a_i, one after the other."""
        return [dot(rs, column) for rs in R for column in self._columns()]

    def products(self, c):
        """The sum of c_i a_i a_i', c_i >= 0."""
        columns = self._columns()
        M = [[0.0] * self.m for _ in columns]
        for j, column in enumerate(columns):
            counted = [c_i * a_ij for c_i, a_ij in zip(c, column)]
            for k in range(j + 1):
                M[j][k] = M[k][j] = dot(counted, columns[k])
        return M

    def _columns(self):
        """The rows' m columns, the ones last."""
        if self.columns is None:
            self.columns = [list(column) for column in zip(*self.X)] + [[1.0] * len(self.X)]
        return self.columns

    def row(self, i):
        """a_i"""
        return self.X[i] + [1.0]

    def algebra(self):
        """(triangle, solve, dot, plus); triangle(M, shift) of M with shift on its diagonal."""
        return triangle, solve, dot, plus

    def variances(self, T, last):
        return Samples.variances(self, T, last)

    def some(self, share):
        """One in `share` of these samples, taken from everywhere."""
        units, m = self.units, self.m
        s = self.s[::share]
        return ClassSamples(
            self.X[::share], self.y[::share], s, total(s), self.classes, units, self.ridge[:m],
            self.reaches[:m],
        )  # fmt: skip

    # theta, and (W, b): d rows of C, and C

    def blocks(self, theta):
        m = self.m
        return [theta[c * m : c * m + m] for c in range(self.classes)]

    def centred(self, theta):
        """theta without what all classes have alike."""
        blocks, middle = self.blocks(theta), [0.0] * self.m
        for block in blocks:
            middle = plus(middle, 1 / self.classes, block)
        out = []
        for block in blocks:
            out.extend(plus(block, -1.0, middle))
        return out

    def standard(self, W, b):
        shifts, spreads = self.units
        theta = []
        for c, b_c in enumerate(b):
            w = [W_j[c] for W_j in W]
            theta.extend([w_j * spread for w_j, spread in zip(w, spreads)])
            theta.append(b_c + dot(w, shifts))
        return self.centred(theta)

    def raw(self, theta):
        shifts, spreads = self.units
        columns, b = [], []
        for block in self.blocks(self.centred(theta)):
            columns.append([t / spread for t, spread in zip(block, spreads)])
            b.append(block[-1] - dot(columns[-1], shifts))
        return [list(W_j) for W_j in zip(*columns)], b

    # F and its derivatives

    def objective(self, theta, with_hessian):
        """The Point at theta."""
        loss, grad = self.sums(theta)
        F, grad = penalised(loss, self.centred(grad), self.total, self.ridge, theta)
        # The Hessian is made when a step is to be found: a line search looks at many points.
        return Point(theta, F, grad, theta if with_hessian else None, loss)

    def probabilities(self, theta):
        """For each class its n probabilities."""
        if self.latest[0] is not theta:
            zs, C, out = self.scores(theta), self.classes, []
            for i in range(0, len(zs), C):
                out.extend(softmax(zs[i : i + C]))
            self.latest = theta, [out[c::C] for c in range(C)]
        return self.latest[1]

    def hessian(self, ps):
        """The lower triangle of F's second derivatives, of all classes but the last."""
        C, m = self.classes, self.m
        own = [[[0.0] * m for _ in range(m)] for _ in range(C)]
        shared = {}
        for c in range(C):
            for k in range(c):
                M = self.products([p * q * s_i for p, q, s_i in zip(ps[c], ps[k], self.s)])
                shared[c, k] = M
                for block in (own[c], own[k]):
                    for j in range(m):
                        block[j] = plus(block[j], 1.0, M[j])
        rows, weight = [], self.total
        for c in range(C - 1):
            for j in range(m):
                # The penalty is on all C classes: r/2 times the sum of (v_c - mean of v)^2.
                r = self.ridge[j]
                row = []
                for k in range(c):
                    row.extend([-h / weight for h in shared[c, k][j]])
                    row[k * m + j] -= r / C
                row.extend([h / weight for h in own[c][j][: j + 1]])
                row[-1] += r - r / C
                rows.append(row)
        return rows

    # Steps

    def newton_step(self, hess, grad):
        H = self.hessian(self.probabilities(hess))
        step, T = newton_step(H, grad[: -self.m], *self.algebra()[:2])
        return self.centred(list(step) + [0.0] * self.m), T

    def penalty_at(self, theta):
        return penalty(self.ridge, theta)

    def pair(self, change, turn):
        return change, turn

    def lbfgs_step(self, pairs, grad, T):
        def by_triangle(v):
            return self.centred(list(solve(T, v[: -self.m])) + [0.0] * self.m)

        _, solve, dot, plus = self.algebra()
        guess = self.first_guess(pairs) if T is None else by_triangle
        return lbfgs_step(pairs, grad, guess, dot, plus)

    def first_guess(self, pairs):
        """The inverse Hessian that L-BFGS corrects, where nothing better is known: a product."""
        # The inverse of the Hessian at zero, where every p is 1/C: then each class has the block
        #
        #     (the sum of s_i a_i a_i' / total) / C  +  the penalty
        #
        # and there is nothing between the classes, if theta sums to 0 over them.
        triangle, solve, dot, _ = self.algebra()
        if self.at_zeros is None and self.m <= WIDE:
            M = self.products(self.s)
            scale = self.total * self.classes
            M = [[v / scale for v in row] for row in M]
            for j in range(self.m):
                M[j][j] += self.ridge[j]
            self.at_zeros = triangle(M, 0.0) or triangle(M, DAMPING)
        T = self.at_zeros
        if T is None:
            return first_guess(pairs, self.ridge, dot)
        scale = 1.0
        if pairs:  # to agree with the newest pair
            change, turn = pairs[-1]
            scale = dot(change, turn) / dot(turn, self.by_blocks(solve, T, turn))
        return lambda v: [scale * u_j for u_j in self.by_blocks(solve, T, v)]

    def by_blocks(self, solve, T, v):
        return [u_j for block in self.blocks(v) for u_j in solve(T, block)]

    # Moves and forces (separation.py)

    def reach(self, v):
        """How far v moves a score at most."""
        zs = self.scores(v)
        return max(max(zs), -min(zs))

    def onward(self, theta, v):
        """The most that a force shrinks, relative to itself, where v brings them into balance.

        And True: of faint forces none needs to be left as it is. Cholesky's triangle has rows of
        at least ROUNDING of a diagonal, so that no step is made of the gradient's rounding."""
        zs, C, furthest = self.scores(v), self.classes, checks.MINUS_INFINITY
        columns, middle = [zs[c::C] for c in range(C)], [0.0] * len(self.y)
        for p, z in zip(self.probabilities(theta), columns):
            middle = [added + p_i * z_i for added, p_i, z_i in zip(middle, p, z)]
        for k, z in enumerate(columns):
            for y_i, z_i, middle_i in zip(self.y, z, middle):
                if y_i != k and not middle_i - z_i <= furthest:
                    furthest = middle_i - z_i
        return furthest, True

    def moves(self, v):
        """How far v moves each row onward against each class: C lists of n."""
        zs, C = self.scores(v), self.classes
        own = [zs[i * C + y_i] for i, y_i in enumerate(self.y)]
        return [[z - z_k for z, z_k in zip(own, zs[k::C])] for k in range(C)]

    def forces(self, theta):
        """What CG needs: the sum of the forces at theta; the product with their matrix."""
        forces = [
            [max(p_i, FAINT) * s_i / self.total for p_i, s_i in zip(p, self.s)]
            for p in self.probabilities(theta)
        ]
        product = Product(self, forces)
        return product.sum_of(forces), product

    def fate(self, here, budget):
        """Whether there is an optimum: True, False, or None if in doubt."""
        return self.surely_balanced(here) or fate(self, here.theta, budget)

    def surely_balanced(self, here):
        """Whether the forces at theta are so nearly in balance that little must change for it."""
        # CG (separation.py) asks for v, where H v = the sum of the forces, or minus the gradient g,
        # and H = the sum of f_ik D_ik D_ik'. Without it: take of H only what lies between the
        # commonest class o and each other k, with u_k = v_k - v_o.
        #
        #     v' H v  >=  the sum over k of u_k' M_k u_k
        #     M_k  =  the sum of f_i a_i a_i' over the rows of o, pushed by k, and of k, pushed by o
        #
        # As v' H v = -(the sum of g_k . u_k), by Cauchy and Schwarz both sides are at most
        # delta^2 = the sum of g_k . M_k^-1 g_k, and no |a . u_k| exceeds delta |L_k^-1 a|, where
        # L_k L_k' = M_k. A move is the difference of two.
        triangle, solve, dot, _ = self.algebra()
        counts = [0] * self.classes
        for y_i in self.y:
            counts[y_i] += 1
        o = counts.index(max(counts))
        ps, square, longest = self.probabilities(here.theta), 0.0, 0.0
        last = [0.0] * (self.m - 1) + [1.0]
        for k, g in enumerate(self.blocks(here.grad)):
            if k == o:
                continue
            T = triangle(
                self.products(
                    [
                        s_i / self.total * (p_k if y_i == o else p_o if y_i == k else 0.0)
                        for s_i, y_i, p_k, p_o in zip(self.s, self.y, ps[k], ps[o])
                    ]
                ),
                0.0,
            )
            if T is None:
                return False
            lengths = [sqrt(v) for v in self.variances(T, last)]  # |L_k^-1 e_j|
            # (no entry of g is off by more than ROUNDING: a column's mean size is at most 1)
            delta = sqrt(dot(g, solve(T, g))) + ROUNDING * total(lengths)
            square += delta * delta
            longest = max(longest, dot(self.reaches[: self.m], lengths))
        return 2 * longest * sqrt(square) < 0.5

    def furthest(self, v):
        """The furthest that v moves a row onward."""
        return max([max(moves) for moves in self.moves(v)])

    def rest(self, v):
        """For CG: the product with the matrix of the moves that v hardly makes, or back."""
        return Product(self, [[float(move < HARDLY) for move in moves] for moves in self.moves(v)])

    def separates(self, v):
        """True if v proves the data separable. Moves that may be rounding count as none."""
        if not any(v):
            return False
        # What all classes have alike moves nothing, and must not count for the terms' size.
        v = self.centred(v)
        C, blocks, found = self.classes, self.blocks(v), False
        # The most that the terms of a score add up to without their signs. A move that is more
        # than the rounding of so much needs no closer look.
        bounds = [dot(self.reaches, [abs(t) for t in block]) for block in blocks]
        some = 256
        for first in range(0, len(self.y), some):
            zs = self.scores(v, first, first + some)
            for i, y_i in enumerate(self.y[first : first + some]):
                own = zs[i * C + y_i]
                for k in range(C):
                    forward = own - zs[i * C + k]
                    if k == y_i:
                        continue
                    if not forward > ROUNDING * (bounds[y_i] + bounds[k]):
                        forward, magnitude = self._move(first + i, blocks[y_i], blocks[k])
                        if not forward >= -ROUNDING * magnitude:
                            return False
                        if not forward > ROUNDING * magnitude:
                            continue
                    found = True
        return found

    def _move(self, i, own, other):
        """a_i . (own - other), and what its terms would add up to without their signs."""
        move = magnitude = 0.0
        for a, t, u in zip(self.row(i), own, other):
            move += a * (t - u)
            magnitude += abs(a * t) + abs(a * u)
        return move, magnitude


class Product:
    """Called with v: the sum of f_ik onward_ik(v) D_ik, where D_ik is a_i in the block of its own
    class, less a_i in that of k. f is C lists of n; f_iy counts nowhere."""

    def __init__(self, samples, f):
        self.samples = samples
        self.f = [
            [f_i if y_i != k else 0.0 for f_i, y_i in zip(column, samples.y)]
            for k, column in enumerate(f)
        ]
        self.solvers = None

    def __call__(self, v):
        moves = self.samples.moves(v)
        return self.sum_of([[f * move for f, move in zip(*both)] for both in zip(self.f, moves)])

    def sum_of(self, f):
        """The sum of f_ik D_ik."""
        signed = [[-f_i for f_i in column] for column in f]
        return self.samples.combined(self._with_own(f, signed))

    def _with_own(self, f, others):
        """others, and where k is the row's own class the sum of the f of all others."""
        y = self.samples.y
        own = [0.0] * len(y)
        for k, column in enumerate(f):
            own = [added + f_i if y_i != k else added for added, f_i, y_i in zip(own, column, y)]
        return [
            [added if y_i == k else f_i for added, f_i, y_i in zip(own, column, y)]
            for k, column in enumerate(others)
        ]

    def guess(self, v):
        """Roughly the inverse times v: each class by itself."""
        if self.solvers is None:
            self.solvers = [self._solver(c) for c in self._with_own(self.f, self.f)]
        out = []
        for block, solver in zip(self.samples.blocks(v), self.solvers):
            out.extend(solver(block))
        return self.samples.centred(out)

    def _solver(self, c):
        M = self.samples.products(c)
        triangle, solve, _, _ = self.samples.algebra()
        largest = max([M[j][j] for j in range(len(M))]) or 1.0
        T = triangle(M, DAMPING * largest)
        return lambda v: solve(T, v)


def by_feature(theta, m, C):
    """(W, b) of theta: d rows of C, and C."""
    return [list(theta[j::m]) for j in range(m - 1)], list(theta[m - 1 :: m])


def by_class(W, b):
    """theta of (W, b)."""
    theta = []
    for c, b_c in enumerate(b):
        theta.extend([W_j[c] for W_j in W])
        theta.append(b_c)
    return theta
