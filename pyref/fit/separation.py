"""Is there an optimum? A proof either way.

A row with a 1 behind it is a = (x, 1), so that theta . a is its score. Turn the scores of the
zeros around, so that up is right for all: a change v of theta moves a
sample onward by

    onward(v)  =  a . v  where y = 1,    -(a . v)  where y = 0

Suppose that some v moves no sample back, moves one onward, and leaves the samples with labels
between 0 and 1 where they are. Then the loss falls along v for ever. Such data are called
separable: completely if v moves every sample, else quasi-completely. F has no lowest point,
only a limit, and whoever stops because the gradient has become small prints numbers that mean
nothing. If there is no such v, and no column is dependent, there is exactly one optimum.
(Albert & Anderson 1984.)

To prove data separable, show v. To prove the contrary, show a balance: forces f_i > 0 that
push each sample onward (between 0 and 1: either way) and whose sum, f_i a_i with those signs,
is zero. For whatever v, multiply: the sum of f_i onward_i(v) is zero. So v cannot move one
sample onward and none back. (One of the two always exists: Stiemke's lemma, 1915.)

The gradient is a sum of such forces, |p - y|, and near an optimum they are nearly in balance.
Newton's equation says by how much each must change to be exactly so: with q the probability
of the sample's own label, to |p - y| (1 - q onward(step)). These are forces if they are > 0:

    If Newton's step moves no sample onward by 1 or more, there is an optimum.
    If there is none, every Newton step moves some sample onward by more than 1.

So a run that has converged holds its own proof, and one that runs away never does.

Legend: pyref/second_order.py. Source: Albert & Anderson, Biometrika 71, 1984.
"""

from ..logistic import loss_and_residual
from ..second_order import ROUNDING, curvature, dot, plus


def score(x, v):
    """a . v, where a is (x, 1)."""
    return dot(x, v) + v[-1]


def onward(X, y, v):
    """How far v moves each sample onward; 0 where the label is neither 0 nor 1."""
    return [score(x_i, v) * (0 if 0 < y_i < 1 else 2 * y_i - 1) for x_i, y_i in zip(X, y)]


def separates(X, y, v):
    """True if v proves the data separable. Moves that may be rounding count as none."""
    found = False
    for x_i, y_i in zip(X, y):
        move = magnitude = 0.0
        for x_ij, v_j in zip(x_i + [1.0], v):
            move += x_ij * v_j
            magnitude += abs(x_ij * v_j)
        forward = -abs(move) if 0 < y_i < 1 else (move if y_i else -move)
        if not forward >= -ROUNDING * magnitude:
            return False
        found = found or forward > ROUNDING * magnitude
    return found


# A sample far on its own side has a force that is lost in the rounding of the others. Below
# this it is not relied upon.
FAINT = 1e-9


def strong(X, y, theta):
    """Which samples have a force at theta that may be relied upon."""
    found = []
    for x_i, y_i in zip(X, y):
        _, r = loss_and_residual(y_i, score(x_i, theta))
        found.append(0 < y_i < 1 or abs(r) >= FAINT)
    return found


def step_proves_optimum(samples, here, step):
    """Whether Newton's step moves no sample onward by 1 (by 1/2, to be on the safe side)."""
    furthest, all_strong = samples.onward(here.theta, step)
    if not all_strong:
        # Then the others must be able to balance the faint forces by themselves.
        step, T = samples.newton_step(samples.strong_hessian(here.theta), here.grad)
        if T is None:
            return False
        furthest, _ = samples.onward(here.theta, step)
    return furthest < 0.5


# What the search for a proof may cost in one fit: so many products with a matrix of all rows, each
# about a pass over them, and of a small table more. (A count, and no time: the answer must not
# depend on the machine.)
PRODUCTS = 200
NUMBERS = 50_000_000  # those of theta, once for each row: what is multiplied in a product


class Budget:
    """What is left of that, with so many numbers in a product; and whoever wants to end early.

    A callback may have a method stop(): whether the run is to end as soon as it can, as it would
    after an update for which the callback returns True."""

    def __init__(self, numbers, callback=None):
        self.left = max(PRODUCTS, NUMBERS // numbers)
        self.stop = getattr(callback, "stop", None)
        self.spent = self.stopped = False

    def is_over(self):
        """To be asked before each product."""
        self.stopped = self.stopped or (self.stop is not None and bool(self.stop()))
        self.spent = self.spent or self.left == 0
        self.left -= 1
        return self.spent or self.stopped


def fate(samples, theta, budget):
    """Whether there is an optimum, without a Hessian: True, False, or None if in doubt."""
    # The same balance with forces that are never faint: v solves
    # sum of f_i (a_i . v) a_i  =  sum of the forces, signed, and leaves f_i (1 - onward_i(v)).
    push, product = samples.forces(theta)
    v, solved = conjugate_gradients(product, push, budget)
    if solved and samples.furthest(v) < 0.5:
        return True
    # Else some samples want to run away, and v knows where to. Make it leave the rest alone: those
    # that it moves hardly, or back. If what is left of it moves others back, they are rest, too.
    rest = samples.rest(v)
    for u in (v, theta):
        product = rest
        for _ in theta:  # each round leaves one more direction alone, or it is the last
            u = without(product, u, budget)
            if budget.spent or budget.stopped or not any(u):
                break
            if samples.separates(u):
                return False
            furthest = samples.furthest(u)
            if not furthest > 0:
                break
            u = [u_j / furthest for u_j in u]
            product = samples.rest(u)
    return None


def forces_and_push(X, y, s, total, theta):
    """The sizes of the forces, none of them faint, and their sum with their signs."""
    forces, push = [], [0.0] * len(theta)
    for x_i, y_i, s_i in zip(X, y, s):
        z = score(x_i, theta)
        _, r = loss_and_residual(y_i, z)
        force = max(curvature(z) if 0 < y_i < 1 else abs(r), FAINT)
        if not 0 < y_i < 1:
            r = -force if y_i else force
        forces.append(s_i / total * force)
        push = plus(push, -s_i / total * r, x_i + [1.0])
    return forces, push


HARDLY = 1e-6  # of the move that takes a sample's force away, or of the furthest: perhaps rounding


def rest(X, y, v):
    """The samples that v moves hardly, or back, or may not move at all."""
    return [x_i for x_i, move in zip(X, onward(X, y, v)) if move < HARDLY]


def conjugate_gradients(product, right, budget):
    """(v, solved): v for which product(v), a symmetric matrix times v, is `right`.

    product may have a method guess(v): roughly the inverse of the matrix times v."""
    # Nocedal & Wright, algorithm 5.3: it needs products with the matrix, never the matrix.
    # remainder is what product(v) lacks, and square its length squared, as the guess measures it.
    guess = getattr(product, "guess", list)
    v, remainder = [0.0] * len(right), right
    direction = guess(remainder)
    square = dot(remainder, direction)
    goal = 1e-20 * square
    for _ in range(5 * len(right)):
        if square <= goal or budget.is_over():
            break
        image = product(direction)
        curves = dot(direction, image)
        if not curves > 0:
            break
        t = square / curves
        v, remainder = plus(v, t, direction), plus(remainder, -t, image)
        guessed = guess(remainder)
        before, square = square, dot(remainder, guessed)
        direction = plus(guessed, square / before, direction)
    return v, square <= goal


def product_with_rows(X, c, v):
    """The sum of c_i (a_i . v) a_i."""
    out = [0.0] * len(v)
    for x_i, c_i in zip(X, c):
        out = plus(out, c_i * score(x_i, v), x_i + [1.0])
    return out


def without(product, v, budget):
    """v without its part along some rows: what is left of it moves none of them.

    product(v) is the sum of (a_i . v) a_i over these rows."""
    along, _ = conjugate_gradients(product, product(v), budget)
    v = plus(v, -1.0, along)
    largest = max([abs(v_j) for v_j in v])
    return [v_j if abs(v_j) > ROUNDING * largest else 0.0 for v_j in v]
