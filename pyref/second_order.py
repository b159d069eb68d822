"""Chapter 3: to the optimum, by the second derivative.

Gradient descent knows the slope of the loss and nothing else: how far a step may go, it must
be told. The second derivative says how the slope itself changes, and from both together
follows where the slope will be zero. That is Newton's method. On one small table:

    >>> from pyref.logistic import gradient_descent
    >>> X, y = [[1], [2], [3], [4], [5], [6], [7], [8]], [0, 0, 1, 0, 1, 0, 1, 1]
    >>> slow = gradient_descent(X, y, learning_rate="safe", iterations=9999, tolerance=1e-10)
    >>> fast = newton(X, y, tolerance=1e-10)
    >>> slow.status, slow.iterations, round(slow.w[0], 8), round(slow.b, 8)
    ('converged', 4918, 0.59408436, -2.67337962)
    >>> fast.status, fast.iterations, round(fast.w[0], 8), round(fast.b, 8)
    ('converged', 5, 0.59408436, -2.67337962)

The chapter also says how sure one may be of the answer (standard errors), how to know that
there is none (separation), and what to do when the second derivative is too large to write
down (L-BFGS). `pyref.fast` holds the same functions, compiled.

Legend, as in chapter 1, and:
    F        the objective of chapter 1: the mean loss, each row counted s_i times, plus
             l2/2 |w|^2
    A        the table with a column of ones: its row a_i is (x_i, 1), d+1 numbers
    theta    the d+1 parameters (w, b), so that z_i = theta . a_i
    grad     the gradient of F, d+1 numbers
    hess     its second derivatives, the Hessian, d+1 rows of d+1 numbers
    step     a change of theta; t says how much of it is taken

Sources: Nocedal & Wright, Numerical Optimization, 2nd edition, 2006 (Newton, line search,
conjugate gradients, L-BFGS); Albert & Anderson, Biometrika 71, 1984 (separation); McCullagh &
Nelder, Generalized Linear Models, 2nd edition, 1989 (standard errors).
"""

from math import exp, log, sqrt

from . import checks
from .checks import Newton
from .logistic import _gradient, _loss_and_residual

# Numbers that agree to this, relative to the terms they were added up from, count as equal.
ROUNDING = 1e-12


# -------------------------------------------------------- 1. the second derivative
#
# Chapter 1 found dL/dz = p - y. Once more: y is a constant, and p changes with z by p (1-p).
#
#     d2L/dz2  =  p (1-p)                  the label has dropped out
#
# z changes with theta[j] by a[j], and with theta[k] by a[k], so the chain rule gives
#
#     d2L / dtheta[j] dtheta[k]  =  p (1-p) a[j] a[k]
#
# Along any line, theta + t v, the loss curves by p (1-p) (a . v)^2, which is never negative.
# So the loss is a bowl without hollows or ridges: walking downhill leads to its bottom.


def hessian(X, y, w, b, sample_weight=None):
    """Loss, gradient and second derivatives, summed over the samples: (loss, grad, hess).

        loss       = sum of s_i L(y_i, z_i)
        grad[j]    = sum of s_i (p_i - y_i) a_i[j]
        hess[j][k] = sum of s_i p_i (1 - p_i) a_i[j] a_i[k]

    X is n rows of d features, y is n labels from 0 to 1, w is d weights, sample_weight is n
    numbers, 0 or more (as in `gradient`). grad has d+1 entries, and hess d+1 rows of d+1:
    first for w, then for b, whose feature is the number 1. TypeError or ValueError names the
    entry that cannot be used.

    >>> hessian([[1], [3]], [0, 1], [0], 0)[1:]
    ([-1.0, 0.0], [[2.5, 1.0], [1.0, 0.5]])
    """
    X = checks.table(X)
    y = checks.labels(y, len(X))
    s = checks.sample_weights(sample_weight, len(X))
    w, b = checks.weights(w, len(X[0])), checks.finite(b, "b")
    checks.label_values(y)
    checks.sample_weight_values(s, len(X))
    checks.table_values(X)
    return _hessian([x_i + [1.0] for x_i in X], y, s or [1.0] * len(X), w + [b])


def _hessian(A, y, s, theta):
    loss = 0.0
    grad = [0.0] * len(theta)
    hess = [[0.0] * len(theta) for _ in theta]
    for a_i, y_i, s_i in zip(A, y, s):
        if not s_i:
            continue
        z = _dot(theta, a_i)
        loss_i, r = _loss_and_residual(y_i, z)
        loss += s_i * loss_i
        r *= s_i
        curvature = s_i * _curvature(z)
        for j, a_ij in enumerate(a_i):
            grad[j] += r * a_ij
            c = curvature * a_ij
            row = hess[j]
            for k in range(j + 1):
                row[k] += c * a_i[k]
    for j in range(len(theta)):  # the other half is its mirror image
        for k in range(j):
            hess[k][j] = hess[j][k]
    return loss, grad, hess


def _curvature(z):
    # p (1-p) = sigmoid(z) sigmoid(-z), where one of the two is 1/(1+e) and the other e/(1+e)
    e = exp(-abs(z))
    return e / ((1 + e) * (1 + e))


def _dot(u, v):
    total = 0.0
    for u_j, v_j in zip(u, v):
        total += u_j * v_j
    return total


def _plus(u, t, v):
    # u + t v
    return [u_j + t * v_j for u_j, v_j in zip(u, v)]


# -------------------------------------------------------- 2. columns of one size
#
# A column may be given in metres or in micrometres, as a year or as an age; the fit is the
# same, for w and b make up for it. Rounding is not the same: sums over numbers of unlike size
# lose digits. So each column is shifted by one of its own values, the one closest to its mean,
# and divided by its root mean square about that. (One of its values, so that equal numbers
# become exactly 0, and not what rounding leaves of a mean.)
#
# Slopes are measured in these units too. "No entry of the gradient exceeds tolerance" would
# otherwise say one thing in metres and another in micrometres.


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
    """The samples in standard units, and what the sections below ask of all of them.

    `pyref.fast` has a class with the same methods, which are passes over X in C. What is done
    with the answers is written once, here.
    """

    def __init__(self, A, y, s, total, ridge, reaches):
        self.A, self.y, self.s, self.total, self.ridge = A, y, s, total, ridge
        self.reaches = reaches  # how far from 0 each column of A reaches
        self.one_class = max(y) == 0 or min(y) == 1

    def count(self):
        return len(self.A)

    def objective(self, theta, with_hessian):
        """(F, grad, hess or None, the summed loss) at theta."""
        hess = None
        if with_hessian:
            loss, grad, hess = _hessian(self.A, self.y, self.s, theta)
            hess = self._mean(hess)
        else:
            loss, grad, _ = _gradient(self.A, self.y, theta, 0.0, self.s)
        return _penalised(loss, grad, self.total, self.ridge, theta) + (hess, loss)

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

    # Sections 3 and 6: equations with hess

    def newton_step(self, hess, grad):
        return _newton_step(hess, grad, _cholesky, _solve)

    def solve(self, L, v):
        return _solve(L, v)

    def dependent_column(self, hess_at_zero):
        return _dependent_column(hess_at_zero)

    def variances(self, L, last):
        return _variances(L, last)

    # Section 4: (change, turn, change . turn), as lbfgs_step is given them back

    def pair(self, change, turn, turned):
        return change, turn, turned

    def lbfgs_step(self, pairs, grad, L):
        solve = L and (lambda v: _solve(L, v))
        return _lbfgs_step(pairs, grad, self.ridge, _dot, _plus, solve)

    # Section 5: moves and forces

    def reach(self, v):
        """How far v moves a score at most."""
        return max([abs(_dot(a_i, v)) for a_i in self.A])

    def onward(self, theta, v):
        """The furthest that v moves onward a sample with a force at theta; is that all of them?"""
        strong = _strong(self.A, self.y, theta)
        onward = zip(_onward(self.A, self.y, v), strong)
        none = checks.MINUS_INFINITY
        return max([m if strong_i else none for m, strong_i in onward]), all(strong)

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
    F = 0.0
    for theta_j, ridge_j in zip(theta, ridge):
        F += ridge_j / 2 * theta_j * theta_j
    return F


# -------------------------------------------------------- 3. Newton's step
#
# After a step the gradient is, as far as the second derivative holds still, grad + hess step.
# It is zero for the step that solves
#
#     hess step  =  -grad
#
# In one dimension: slope divided by curvature. Where the bowl is steep in one direction and
# flat in another, gradient descent may take only the small steps that the steep one allows,
# and crawls along the flat one. On the table above F curves by 4.36 in one direction and by
# 0.0268 in the other. A step of 1/L = 0.151 takes away 0.151 * 0.0268, or 0.4 %, of what is
# left of the slope in the flat direction: ln(10) / 0.004, about 570 steps for each digit.
# Newton's step divides each slope by its own curvature, and needs no learning rate. Close to
# the optimum it squares the error: 2 right digits, 4, 8, 16.
#
# The equation is solved by Cholesky's square root, a triangle L with L L^T = hess.


def _cholesky(hess, shift=0.0):
    """(L, None), where L L^T is hess with shift added to its diagonal; or (None, bad row)."""
    L = []
    for j, row in enumerate(hess):
        new = []
        for k in range(j):
            new.append((row[k] - _dot(new, L[k])) / L[k][k])
        # what is left of the diagonal: what this column has that those before it have not
        left = row[j] + shift - _dot(new, new)
        if not left > ROUNDING * (row[j] + shift):
            return None, j
        L.append(new + [sqrt(left)])
    return L, None


def _solve_lower(L, v):
    # L out = v
    out = []
    for row, v_j in zip(L, v):
        out.append((v_j - _dot(row, out)) / row[-1])
    return out


def _solve_upper(L, v):
    # L^T out = v
    out = list(v)
    for j in range(len(L) - 1, -1, -1):
        out[j] /= L[j][j]
        for k in range(j):
            out[k] -= L[j][k] * out[j]
    return out


def _solve(L, v):
    # L L^T out = v
    return _solve_upper(L, _solve_lower(L, v))


def _newton_step(hess, grad, cholesky, solve):
    """(step, L, exact): exact unless something had to be added to hess before it had an L."""
    # Far out, where every p rounds to 0 or 1, the Hessian vanishes. Something is then added to
    # its diagonal, at last the steepest curvature there is: in standard units the mean of
    # |a_i|^2 is d+1, and p (1-p) is at most 1/4. That step is, or falls short of, gradient
    # descent's with the safe learning rate of chapter 1.
    steepest = len(grad) / 4
    for part in (0.0, 1e-12, 1e-9, 1e-6, 1e-3, 1.0):
        L, _ = cholesky(hess, part * steepest)
        if L is not None:
            return solve(L, [-g for g in grad]), L, part == 0
    return [-g / steepest for g in grad], None, False


# A column that others can imitate (a temperature in Celsius beside the same in Fahrenheit) may
# trade its weight against theirs: no single w is best, and hess has no L. At theta = 0 every
# p (1-p) is 1/4, so that the Hessian there depends on X alone and shows it. ROUNDING applies to
# squares here: refused is a column of which less than a millionth is its own.


def _dependent_column(hess_at_zero):
    """The first column of which nothing is its own; None if there is none."""
    d = len(hess_at_zero) - 1
    order = [d] + list(range(d))  # the ones first, so that a constant column is found out
    _, bad = _cholesky([[hess_at_zero[j][k] for k in order] for j in order])
    return None if bad is None else bad - 1


# -------------------------------------------------------- 4. the step of L-BFGS
#
# For d = 5000 the Hessian has 25 million entries. But each step leaves a trace of it behind: the
# change of theta, and how the gradient turned in consequence. hess takes the one to the other.
# BFGS corrects a guess of the inverse Hessian by each such pair as it comes; limited-memory
# BFGS keeps the last few pairs instead, and applies the corrections, newest first and then
# back, to the one vector that matters. (Nocedal & Wright, algorithms 7.4 and 7.5.)


def _lbfgs_step(pairs, grad, ridge, dot, plus, solve=None):
    """-(the guessed inverse Hessian) grad. dot and plus are _dot and _plus, here or in C.

    solve(v) is the guess to be corrected times v, where there is a good one."""
    step = [-g for g in grad]
    parts = []
    for change, turn, turned in reversed(pairs):
        part = dot(change, step) / turned
        parts.append(part)
        step = plus(step, -part, turn)
    step = (solve or _first_guess(pairs, ridge, dot))(step)
    for (change, turn, turned), part in zip(pairs, reversed(parts)):
        step = plus(step, part - dot(turn, step) / turned, change)
    return step


def _first_guess(pairs, ridge, dot):
    """The inverse Hessian that is to be corrected, where nothing better is known: a product."""
    # In standard units a column curves by at most about 1/4, and by its penalty. Scaled to agree
    # with the newest pair, or without one to be safe.
    guess = [1 / (0.25 + ridge_j) for ridge_j in ridge]
    scale = 1 / len(ridge)
    if pairs:
        _, turn, turned = pairs[-1]
        size = dot(turn, [g * t for g, t in zip(guess, turn)])
        if size > 0:
            scale = turned / size
    return lambda v: [scale * g * v_j for g, v_j in zip(guess, v)]


# -------------------------------------------------------- 5. when there is no optimum
#
# Turn the scores of the zeros around, so that up is right for all: a change v of theta moves a
# sample onward by
#
#     onward(v)  =  a . v  where y = 1,    -(a . v)  where y = 0
#
# Suppose that some v moves no sample back, moves one onward, and leaves the samples with labels
# between 0 and 1 where they are. Then the loss falls along v for ever. Such data are called
# separable: completely if v moves every sample, else quasi-completely. F has no lowest point,
# only a limit, and whoever stops because the slope has become small prints numbers that mean
# nothing. If there is no such v, and no column is dependent, there is exactly one optimum.
# (Albert & Anderson 1984.)
#
# To prove data separable, show v. To prove the contrary, show a balance: forces f_i > 0 that
# push each sample onward (between 0 and 1: either way) and whose sum, f_i a_i with those signs,
# is zero. For whatever v, multiply: the sum of f_i onward_i(v) is zero. So v cannot move one
# sample onward and none back. (One of the two always exists: Stiemke's lemma, 1915.)
#
# The gradient is a sum of such forces, |p - y|, and near an optimum they are nearly in balance.
# Newton's equation says by how much each must change to be exactly so: with q the probability
# of the sample's own label, to |p - y| (1 - q onward(step)). These are forces if they are > 0:
#
#     If Newton's step moves no sample onward by 1 or more, there is an optimum.
#     If there is none, every Newton step moves some sample onward by more than 1.
#
# So a run that has converged holds its own proof, and one that runs away never does.


def _onward(A, y, v):
    """How far v moves each sample onward; 0 where the label is neither 0 nor 1."""
    return [_dot(a_i, v) * (0 if 0 < y_i < 1 else 2 * y_i - 1) for a_i, y_i in zip(A, y)]


def _separates(A, y, v):
    """True if v proves the data separable. Moves that may be rounding count as none."""
    found = False
    for a_i, y_i in zip(A, y):
        move = size = 0.0
        for a_ij, v_j in zip(a_i, v):
            move += a_ij * v_j
            size += abs(a_ij * v_j)
        onward = -abs(move) if 0 < y_i < 1 else move * (2 * y_i - 1)
        if not onward >= -ROUNDING * size:
            return False
        found = found or onward > ROUNDING * size
    return found


# A sample far on its own side has a force that is lost in the rounding of the others. Below
# this it is not relied upon.
FAINT = 1e-9


def _strong(A, y, theta):
    """Which samples have a force at theta that may be relied upon."""
    strong = []
    for a_i, y_i in zip(A, y):
        _, r = _loss_and_residual(y_i, _dot(theta, a_i))
        strong.append(0 < y_i < 1 or abs(r) >= FAINT)
    return strong


def _step_proves_optimum(samples, theta, grad, step):
    """Whether Newton's step moves no sample onward by 1 (by 1/2, to be on the safe side)."""
    onward, all_strong = samples.onward(theta, step)
    if not all_strong:
        # Then the others must be able to balance the faint forces by themselves.
        step, _, exact = samples.newton_step(samples.strong_hessian(theta), grad)
        if not exact:
            return False
        onward, _ = samples.onward(theta, step)
    return onward < 0.5


def _fate(samples, theta):
    """Whether there is an optimum, without a Hessian: True, False, or None if in doubt."""
    # The same balance with forces that are never faint: v solves
    # sum of f_i (a_i . v) a_i  =  sum of the forces, signed, and leaves f_i (1 - onward_i(v)).
    push, product = samples.forces(theta)
    v, solved = _conjugate_gradients(product, push)
    if solved and samples.furthest(v) < 0.5:
        return True
    # Else some samples want to run away, and v knows where to. Make it leave the rest alone.
    product = samples.rest(v)
    for start in (v, theta):
        if samples.separates(_without(product, start)):
            return False
    return None


def _forces(A, y, s, total, theta):
    """The sizes of the forces, none of them faint, and their sum with their signs."""
    forces, push = [], [0.0] * len(theta)
    for a_i, y_i, s_i in zip(A, y, s):
        z = _dot(theta, a_i)
        _, r = _loss_and_residual(y_i, z)
        force = max(_curvature(z) if 0 < y_i < 1 else abs(r), FAINT)
        if not 0 < y_i < 1:
            r = -force if y_i else force
        forces.append(s_i / total * force)
        push = _plus(push, -s_i / total * r, a_i)
    return forces, push


HARDLY = 0.001


def _rest(A, y, v):
    """The samples that v moves hardly, or back, or may not move at all."""
    return [a_i for a_i, y_i, m in zip(A, y, _onward(A, y, v)) if 0 < y_i < 1 or m < HARDLY]


def _conjugate_gradients(product, right):
    """(v, solved): v for which product(v), a symmetric matrix times v, is `right`."""
    # Nocedal & Wright, algorithm 5.2: it needs products with the matrix, never the matrix.
    v, rest, direction = [0.0] * len(right), right, right
    size = _dot(rest, rest)
    goal = 1e-20 * size
    for _ in range(50 + 10 * len(right)):
        image = product(direction)
        curvature = _dot(direction, image)
        if size <= goal or not curvature > 0:
            break
        t = size / curvature
        v, rest = _plus(v, t, direction), _plus(rest, -t, image)
        before, size = size, _dot(rest, rest)
        direction = _plus(rest, size / before, direction)
    return v, size <= goal


def _product(A, c, v):
    # the sum of c_i (a_i . v) a_i
    out = [0.0] * len(v)
    for a_i, c_i in zip(A, c):
        out = _plus(out, c_i * _dot(a_i, v), a_i)
    return out


def _without(product, v):
    """v without its part along some rows: what is left of it moves none of them.

    product(v) is the sum of (a_i . v) a_i over these rows."""
    for _ in range(3):  # the second and third time take away what rounding left
        part, _ = _conjugate_gradients(product, product(v))
        v = _plus(v, -1.0, part)
    largest = max([abs(v_j) for v_j in v])
    return [v_j if abs(v_j) > ROUNDING * largest else 0.0 for v_j in v]


# -------------------------------------------------------- 6. one loop, two methods


def newton(
    X,
    y,
    *,
    w=None,
    b=0.0,
    l2=0.0,
    sample_weight=None,
    tolerance=1e-10,
    iterations=100,
    callback=None,
):
    """The (w, b) for which the objective F of chapter 1 is lowest, by Newton's method.

        (w, b) <- (w, b) + t * step,        hess step = -grad

    t is 1, or less or more until the Wolfe conditions hold (Nocedal & Wright, 3.6): F has fallen
    by a share of what the slope promised, and the slope has become less steep. X is n rows of d
    features, y is n labels from 0 to 1, sample_weight is n numbers, 0 or more, that count the
    rows: 2 is the row twice, in the standard errors too. The start is zeros, or the given w and
    b if F is lower there; or if none are given and there are 65536 rows or more, and 512 or more
    for each of the d+1 parameters, where some of them lead, whose Hessian is then kept until that
    of all rows is worth its n d^2 / 2 multiplications. For thousands of features see `lbfgs`.

    Returns Newton(w, b, losses, iterations, status, standard_errors, log_likelihood).
    losses[k] is F before update k, and callback(k, losses[k]) is called after it; returning
    True stops the run. log_likelihood is minus the summed loss, without the penalty.

    status
        "converged"   No entry of F's gradient exceeds tolerance, in the units in which each
                      column has a root mean square of 1 (so X may be in any units). The step
                      from here moves no score by more than tolerance either, or no less than
                      rounding does, and (w, b) includes it. There is an optimum, by section 5.
        "separable"   There is none, by section 5: some weights grow without end. (w, b) is
                      where the run stood when that was seen, and says no more than which way.
        "iterations"  All were made, or the callback stopped the run, or rounding allows no
                      lower F and neither of the above is sure.
        "diverged"    The next parameters would not be finite: (w, b) are the last that are.

    Section 5 cannot tell scores apart that agree to 12 digits of their terms. Labels 0 and 1
    that overlap by less are called separable; if by little more, the run may end in doubt.

    standard_errors has d+1 entries, for w and then b, if the run converged and l2 is 0, else it
    is None. The summed loss is minus the logarithm of the probability of all labels together.
    How sharply it curves is how sharply the data speak: where it is flat, other parameters
    explain them nearly as well. The inverse of the summed Hessian is the covariance of the
    estimates, and the standard errors are the square roots of its diagonal.

    ValueError if l2 is 0 and a column of X is constant or a combination of others. TypeError
    or ValueError names the argument or the entry that cannot be used.

    >>> fit = newton([[1], [2], [3], [4]], [0, 1, 0, 1])
    >>> fit.status, fit.iterations, round(fit.w[0], 10), round(fit.b, 10)
    ('converged', 4, 0.9081842626, -2.2704606564)
    >>> [round(error, 6) for error in fit.standard_errors], round(fit.log_likelihood, 6)
    ([1.085192, 2.934405], -2.347487)

    Document 001's labels go from 0 to 1 once, between x = 3 and x = 4. Any threshold there
    separates them, and no curve is steep enough (document 000 made its labels by a threshold
    too, and chapter 1 can be trained on both for ever):

    >>> newton([[1], [2], [3], [4], [5]], [0, 0, 0, 1, 1]).status
    'separable'
    """
    return _fit(
        True, X, y, None, w, b, l2, sample_weight, tolerance, iterations, callback
    )  # fmt: skip


def lbfgs(
    X,
    y,
    *,
    memory=10,
    w=None,
    b=0.0,
    l2=0.0,
    sample_weight=None,
    tolerance=1e-10,
    iterations=100,
    callback=None,
):
    """The same optimum without a Hessian, for many features: limited-memory BFGS.

        (w, b) <- (w, b) + t * step,        step = -(a guess of the inverse of hess) grad

    The guess is made of how the gradient turned over the last `memory` steps. An iteration
    takes about 2 n d + 4 memory d multiplications and 2 memory d numbers of memory, where
    Newton's takes n d^2 / 2 and d^2; but more of them are needed. With 65536 rows or more, and
    512 or more for each of at most 512 parameters, the guess begins as the Hessian of some rows,
    and few are needed.

    Arguments, result and errors are those of `newton`. But standard_errors is None, for they
    need the Hessian. On "converged" it is not the scores' moves that are no more than tolerance
    but sqrt(-grad . step), or no lower F is found: times the root of the sum of the weights, that
    is the distance to the optimum in standard errors, as far as the guess is right. (w, b)
    includes the step where the guess began as a Hessian.
    Without a Hessian doubt is more frequent. And dependent columns are not looked for: if there
    are any and l2 is 0, w is one of many that are equally good.

    >>> fit = lbfgs([[1], [2], [3], [4]], [0, 1, 0, 1])
    >>> fit.status, round(fit.w[0], 8), round(fit.b, 8)
    ('converged', 0.90818426, -2.27046066)
    """
    return _fit(
        False, X, y, memory, w, b, l2, sample_weight, tolerance, iterations, callback
    )  # fmt: skip


def _fit(is_newton, X, y, memory, w, b, l2, sample_weight, tolerance, iterations, callback):
    X = checks.table(X)
    y = checks.labels(y, len(X))
    s = checks.sample_weights(sample_weight, len(X))
    if not is_newton:
        memory = checks.count(memory, "memory", least=1)
    w = [0.0] * len(X[0]) if w is None else checks.weights(w, len(X[0]))
    b = checks.finite(b, "b")
    l2 = checks.not_negative(l2, "l2")
    tolerance = checks.not_negative(tolerance, "tolerance")
    iterations = checks.count(iterations, "iterations")
    checks.callback(callback)
    checks.label_values(y)
    total = checks.sample_weight_values(s, len(X))
    checks.table_values(X)
    samples, units = _standardised(X, y, s, total, l2)
    return _run(samples, units, w, b, l2, tolerance, iterations, callback, memory)


def _reach_at_most(samples, v):
    """A bound of samples.reach(v): no column leads a score further than its largest value."""
    return _dot(samples.reaches, [abs(v_j) for v_j in v])


# Of very many rows a few know most of the way. Their optimum is off by no more than chance makes
# of so many. Newton's decrement is the root of -grad . step, and a distance: to the optimum, in
# units of how sharply F curves. Its square, which is twice what the step promises to gain, is by
# chance about (d+1)/rows, or 1/SOME at most. A search that ends at a hundredth of that is off by a
# tenth of the distance that chance has put there anyway: nothing is gained by a better one. And
# it leaves two things behind that serve for all rows: its Hessian, nearly theirs, as L-BFGS's
# guess; and its proof, since what overlaps in part overlaps as a whole. (No column of the part is
# dependent, so whatever v would separate the whole moves some sample of the part, and separates
# that as well.)

MANY = 65536
SHARE, SOME = 64, 64  # one row in SHARE, but at least SOME for each parameter
FEW = 8  # no more than one row in FEW, or the search costs what it saves: FEW * SOME is the 512
WIDE = 512  # parameters for which a Hessian of some rows is too dear for L-BFGS


def _head_start(samples, size, is_newton):
    """(theta, L, True if there is an optimum) by some rows; or None if that leads nowhere."""
    share = min(SHARE, samples.count() // (SOME * size))
    if samples.count() < MANY or samples.one_class or (size > WIDE and not is_newton):
        return None
    if share < FEW:
        return None
    some, theta, step, square = samples.some(share), [0.0] * size, None, checks.INFINITY
    while square > 0.01 / SOME:  # the square of Newton's decrement
        theta = _plus(theta, 1.0, step) if step else theta
        _, grad, hess, _ = some.objective(theta, True)
        if not step and some.dependent_column(hess) is not None:
            return None
        step, L, exact = some.newton_step(hess, grad)
        before, square = square, -_dot(grad, step)
        if not (exact and square < 0.9 * before):
            return None
    has_optimum = _step_proves_optimum(some, theta, grad, step) or None
    # One more step, with the slope and the Hessian of a quarter of all rows. If it promises to gain
    # much of F, the few rows were misleading (they may hold next to nothing of a rare class).
    theta = _plus(theta, 1.0, step)
    F, grad, hess, _ = samples.some(4).objective(theta, True)
    step, L, exact = samples.newton_step(hess, grad)
    good = exact and -_dot(grad, step) < F / 2
    return (_plus(theta, 1.0, step), L, has_optimum) if good else None


def _start(samples, units, theta, is_newton, l2):
    """(theta, the objective there, L, True if there is an optimum): the best of what is known."""
    # A penalty holds every weight back but not b, which runs away if all labels are 0, or 1.
    L, has_optimum = None, True if l2 else None
    independent = not is_newton or l2 > 0  # or of no interest
    if not any(theta):
        found = _head_start(samples, len(theta), is_newton)
        if found and _all_finite(*_from_standard(found[0], units)):
            theta, L, overlap = found
            independent, has_optimum = True, has_optimum or overlap
    here = None
    if any(theta) and _all_finite(theta, 0.0):
        # With a head start, Newton's method begins with steps of L-BFGS, too.
        here = samples.objective(theta, is_newton and L is None)
    if here is None or not here[0] < log(2) or not independent:
        zeros = [0.0] * len(theta)
        at_zeros = samples.objective(zeros, is_newton)  # where F is log 2
        if not independent:
            _refuse_dependent_columns(samples, at_zeros[2])
        if here is None or not here[0] < at_zeros[0]:
            theta, here = zeros, at_zeros
    return theta, here, L, has_optimum


PATIENCE = 10  # Newton's method has ended after as many steps, or something is the matter


def _run(samples, units, w, b, l2, tolerance, iterations, callback, memory):
    # Newton's method if memory is None, else L-BFGS
    is_newton = memory is None
    start = _to_standard(w, b, units)
    theta, here, L, has_optimum = _start(samples, units, start, is_newton, l2)
    if theta is not start:
        w, b = _from_standard(theta, units)
    losses, pairs, size, stuck, errors = [], [], checks.INFINITY, False, None
    status = "separable" if samples.one_class else None
    loss = here[3]
    while status is None:
        # Is this the end?
        F, grad, hess, loss = here
        k = len(losses)
        if has_optimum is None and samples.separates(theta):
            status = "separable"
            break
        if hess is not None:
            step, L, exact = samples.newton_step(hess, grad)
        else:
            step, exact = samples.lbfgs_step(pairs, grad, L), False
        flat = all([abs(g) <= tolerance for g in grad])
        last = stuck or k == iterations
        if has_optimum is None and flat and exact:
            has_optimum = _step_proves_optimum(samples, theta, grad, step) or None
        if has_optimum is None and (flat or last or (is_newton and k >= PATIENCE)):
            has_optimum = _fate(samples, theta)
        if has_optimum is False:
            status = "separable"
            break
        # How far is it still? As far as this step. Or, where the Hessian of some rows makes each
        # step a fraction of the one before, as far as the next will be: this one, as much smaller
        # again. A step of Newton's that is not smaller than the one before is all rounding.
        reach = _reach_at_most(samples, step)
        if exact and flat and reach > tolerance:
            reach = samples.reach(step)
        before, size = size, reach if is_newton else sqrt(max(0.0, -_dot(grad, step)))
        guided = hess is None and L is not None and len(pairs) > 0
        left = size * size / before if guided and before else size
        settled = stuck or (exact and size > before / 2)
        near = reach < 1e-4 and (left <= tolerance or settled)
        if has_optimum and flat and near and not (is_newton and hess is None):
            status = "converged"
            if exact or (guided and not settled):
                new = _plus(theta, 1.0, step)
                w, b = _from_standard(new, units)
                # F falls by half of -grad . step. What the penalty in it gains is not the loss's.
                gain = -_dot(grad, step) / 2 + _penalty(samples.ridge, new)
                loss -= samples.total * (gain - _penalty(samples.ridge, theta))
            if exact and not l2:
                errors = _standard_errors(samples, L, units)
            break
        if last and is_newton and hess is None:  # now let the Hessian of all rows have its say
            here, stuck, size = samples.objective(theta, True), False, checks.INFINITY
            continue
        if last:
            status = "iterations"
            break

        # If not, go down.
        slow = k >= PATIENCE or (guided and k >= 3 and size > before / 4)
        with_hessian = is_newton and (hess is not None or near or slow)
        new, there = _line_search(samples, theta, F, grad, step, with_hessian)
        if new is None:  # there is no lower F this way; or what L-BFGS goes by misleads it
            stuck = is_newton or not (pairs or L)
            pairs, L, size = [], None, checks.INFINITY
            continue
        if with_hessian and hess is None:
            size = checks.INFINITY  # Newton's steps begin
        new_w, new_b = _from_standard(new, units)
        if not _all_finite(new_w, new_b):
            status = "diverged"
            break
        if hess is None:
            change, turn = _plus(new, -1.0, theta), _plus(there[1], -1.0, grad)
            turned = _dot(change, turn)
            if turned > 0:
                pairs = (pairs + [samples.pair(change, turn, turned)])[-(memory or 10) :]
        losses.append(F)
        theta, here, loss, w, b = new, there, there[3], new_w, new_b
        if callback is not None and callback(k, losses[k]):
            status = "iterations"
    return Newton(w, b, losses, len(losses), status, errors, -loss)


def _all_finite(w, b):
    return all([checks.is_finite(value) for value in w + [b]])


def _refuse_dependent_columns(samples, hess_at_zero):
    j = samples.dependent_column(hess_at_zero)
    if j is not None:
        raise checks.dependent_column(j, samples.reaches[j] == 0)


def _line_search(samples, theta, F, grad, step, with_hessian):
    """The first good point along the step, and the objective there; or (None, None)."""
    slope = _dot(grad, step)
    low, high, t = 0.0, None, 1.0
    for _ in range(60):
        new = _plus(theta, t, step)
        there = samples.objective(new, with_hessian)
        slope_there = _dot(there[1], step)
        # The Wolfe conditions (Nocedal & Wright, 3.6). Too far, unless F has fallen by a
        # ten-thousandth of what the slope promised:
        #
        #     F(theta + t step)  <=  F + 0.0001 t slope
        #
        # Where rounding hides the fall, it is known by a slope that has become less.
        hidden = there[0] <= F + ROUNDING * F and abs(slope_there) <= 0.9 * abs(slope)
        if not (there[0] <= F + 1e-4 * t * slope or hidden):
            high = t
        # Not far enough, if it goes on downhill almost as steeply as it began; far enough is
        #
        #     grad(theta + t step) . step  >=  0.9 slope
        #
        elif slope_there < 0.9 * slope:
            low = t
        else:
            return new, there
        if high is not None:
            t = (low + high) / 2
        else:  # where the slope would be zero, were the curve a parabola; or a good way on
            turned = slope_there - slope
            t *= max(2, -slope / turned) if turned > -slope / 100 else 100
    return None, None


def _standard_errors(samples, L, units):
    # The covariance of theta is C = (total L L^T)^-1, so the variance of u . theta is
    # u^T C u = |L^-1 u|^2 / total. And w[j] is theta[j] / spread[j], while b is theta[d] less
    # the sum of theta[j] shift[j] / spread[j].
    shifts, spreads = units
    last = [-shift / spread for shift, spread in zip(shifts, spreads)] + [1.0]
    squares = samples.variances(L, last)
    total = samples.total
    return [sqrt(v) / sqrt(total) / spread for v, spread in zip(squares, spreads + [1.0])]


def _variances(L, last):
    """|L^-1 u|^2, where u picks out one entry of theta after the other, and last is `last`."""
    rows = [[float(j == k) for k in range(len(L))] for j in range(len(L) - 1)] + [last]
    squares = []
    for u in rows:
        v = _solve_lower(L, u)
        squares.append(_dot(v, v))
    return squares
