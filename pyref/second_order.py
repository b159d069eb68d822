"""Chapter 3: to the optimum, by the second derivative.

Gradient descent knows the slope of the loss and nothing else: how far a step may go, it must
be told. The second derivative says how the slope itself changes, and from both together
follows where the slope will be zero. That is Newton's method. On one small table:

    >>> from pyref.logistic import gradient_descent
    >>> from pyref.optimum import newton
    >>> X, y = [[1], [2], [3], [4], [5], [6], [7], [8]], [0, 0, 1, 0, 1, 0, 1, 1]
    >>> slow = gradient_descent(X, y, learning_rate="safe", iterations=9999, tolerance=1e-10)
    >>> fast = newton(X, y, tolerance=1e-10)
    >>> slow.status, slow.iterations, round(slow.w[0], 8), round(slow.b, 8)
    ('converged', 4918, 0.59408436, -2.67337962)
    >>> fast.status, fast.iterations, round(fast.w[0], 8), round(fast.b, 8)
    ('converged', 5, 0.59408436, -2.67337962)

This file has the second derivative, Newton's step, and the step to take where the second
derivative is too large to write down (L-BFGS). The chapter goes on in four more, in this order:

    separation.py   is there an optimum at all? A proof either way
    samples.py      the samples as these methods see them: columns of one size
    head_start.py   of very many rows, some know most of the way
    optimum.py      newton and lbfgs, and how sure one may be of the answer (standard errors)

`pyref.fast` holds the same functions, compiled.

Legend, as in chapter 1, and:
    F        the objective of chapter 1: the mean loss, each row counted s_i times, plus
             l2/2 |w|^2
    A        the table with a column of ones: its row a_i is (x_i, 1), d+1 numbers
    theta    the d+1 parameters (w, b), so that z_i = theta . a_i
    grad     the gradient of F, d+1 numbers
    hess     its second derivatives, the Hessian, d+1 rows of d+1 numbers
    step     a change of theta; t says how much of it is taken
    L        a triangle, Cholesky's root of hess (so the loss of one sample is `loss` here)

Sources: Nocedal & Wright, Numerical Optimization, 2nd edition, 2006 (Newton, line search,
conjugate gradients, L-BFGS); Albert & Anderson, Biometrika 71, 1984 (separation); McCullagh &
Nelder, Generalized Linear Models, 2nd edition, 1989 (standard errors).
"""

from math import exp, sqrt

from .front import checks
from .logistic import _loss_and_residual

# Numbers that agree to this, relative to the terms they were added up from, count as equal.
ROUNDING = 1e-12


# -------------------------------------------------------- 1. the second derivative
#
# Chapter 1 found dloss/dz = p - y. Once more: y is a constant, and p changes with z by p (1-p).
#
#     d2loss / dz2  =  p (1-p)                  the label has dropped out
#
# z changes with theta[j] by a[j], and with theta[k] by a[k], so the chain rule gives
#
#     d2loss / dtheta[j] dtheta[k]  =  p (1-p) a[j] a[k]
#
# Along any line, theta + t v, the loss curves by p (1-p) (a . v)^2, which is never negative.
# So the loss is a bowl without hollows or ridges: walking downhill leads to its bottom.


def hessian(X, y, w, b, sample_weight=None):
    """Loss, gradient and second derivatives, summed over the samples: (loss, grad, hess).

        loss       = sum of s_i loss(y_i, z_i)
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


# -------------------------------------------------------- 2. Newton's step
#
# After a step the gradient is, as far as the second derivative holds still, grad + hess step.
# It is zero for the step that solves
#
#     hess step  =  -grad
#
# In one dimension: slope divided by curvature. Where the bowl is steep in one direction and
# flat in another, gradient descent may take only the small steps that the steep one allows,
# and crawls along the flat one. On the table above F curves by 4.36 in one direction and by
# 0.0268 in the other. The safe learning rate, 0.151, takes away 0.151 * 0.0268, or 0.4 %, of what
# is left of the slope in the flat direction: ln(10) / 0.004, about 570 steps for each digit.
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


def _variances(L, last):
    """|L^-1 u|^2 for the standard errors: u picks out one entry of theta after the other, and last
    is `last`."""
    rows = [[float(j == k) for k in range(len(L))] for j in range(len(L) - 1)] + [last]
    squares = []
    for u in rows:
        v = _solve_lower(L, u)
        squares.append(_dot(v, v))
    return squares


def _newton_step(hess, grad, cholesky, solve):
    """(step, L, exact): exact unless something had to be added to hess before it had an L."""
    # Far out, where every p rounds to 0 or 1, the Hessian vanishes. Something is then added to
    # its diagonal, at last the steepest curvature there is: in standard units the mean of
    # |a_i|^2 is d+1, and p (1-p) is at most 1/4. That step is, or falls short of, gradient
    # descent's with the safe learning rate of chapter 1.
    steepest = len(grad) / 4
    for damping in (0.0, 1e-12, 1e-9, 1e-6, 1e-3, 1.0):
        L, _ = cholesky(hess, damping * steepest)
        if L is not None:
            return solve(L, [-g for g in grad]), L, damping == 0
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


# -------------------------------------------------------- 3. the step of L-BFGS
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
    alphas = []
    for change, turn, turned in reversed(pairs):  # turned is change . turn
        alpha = dot(change, step) / turned
        alphas.append(alpha)
        step = plus(step, -alpha, turn)
    step = (solve or _first_guess(pairs, ridge, dot))(step)
    for (change, turn, turned), alpha in zip(pairs, reversed(alphas)):
        beta = dot(turn, step) / turned
        step = plus(step, alpha - beta, change)
    return step


def _first_guess(pairs, ridge, dot):
    """The inverse Hessian that is to be corrected, where nothing better is known: a product."""
    # In standard units a column curves by at most about 1/4, and by its penalty. Scaled to agree
    # with the newest pair, or without one to be safe.
    guess = [1 / (0.25 + ridge_j) for ridge_j in ridge]
    scale = 1 / len(ridge)
    if pairs:
        _, turn, turned = pairs[-1]
        guessed = dot(turn, [guess_j * turn_j for guess_j, turn_j in zip(guess, turn)])
        if guessed > 0:
            scale = turned / guessed
    return lambda v: [scale * guess_j * v_j for guess_j, v_j in zip(guess, v)]
