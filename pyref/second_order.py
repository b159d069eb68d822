"""Chapter 3: to the optimum, by the second derivative.

Gradient descent knows the slope of the loss and nothing else: how far a step may go, it must be
told. The second derivative says how the slope itself changes, and from both together follows
where the slope will be zero. That is Newton's method. On one small table:

    >>> from pyref.logistic import gradient_descent
    >>> X, y = [[1], [2], [3], [4], [5], [6], [7], [8]], [0, 0, 1, 0, 1, 0, 1, 1]
    >>> rate = safe_learning_rate(X)
    >>> w, b, losses, status = gradient_descent(X, y, [0.0], 0.0, rate, 9999, tolerance=1e-10)
    >>> status, len(losses), round(w[0], 8), round(b, 8)
    ('converged', 4918, 0.59408436, -2.67337962)
    >>> w, b, hess, k = newton(X, y)
    >>> k, round(w[0], 8), round(b, 8)
    (6, 0.59408436, -2.67337962)

This is the whole of the method, and it runs. Section 4 shows three tables on which it does not;
what to do about them is not a lesson's business but the safe fit's (pyref/fit/, which is what
`pyref.newton` calls), and it is made of the functions of this file.

Legend, as in chapter 1, and:
    a        a row with a 1 behind it, (x, 1): d+1 numbers, so that z = theta . a
    theta    the d+1 parameters (w, b)
    grad     the gradient, d+1 numbers
    hess     its derivatives, the Hessian: d+1 rows of d+1 numbers
    step     a change of theta
    T        a triangle, Cholesky's root of hess: T times its own mirror image is hess

Sources: Nocedal & Wright, Numerical Optimization, 2nd edition, 2006; McCullagh & Nelder,
Generalized Linear Models, 2nd edition, 1989 (standard errors).
"""

from math import exp, sqrt

from .logistic import loss_and_residual, total

ROUNDING = 1e-12  # numbers that agree to this, relative to what they were added up from, are equal


def dot(u, v):
    """The sum of u_j v_j."""
    added = 0.0
    for u_j, v_j in zip(u, v):
        added += u_j * v_j
    return added


def plus(u, t, v):
    return [u_j + t * v_j for u_j, v_j in zip(u, v)]


# -------------------------------------------------------- 1. how the slope changes
#
# Chapter 1 found dL/dz = p - y. Once more: y is a constant, and p changes with z by p (1-p).
#
#     d2L / dz2  =  p (1-p)                        the label has dropped out


def curvature(z):
    """p (1-p) = sigmoid(z) sigmoid(-z), of which one is 1/(1+e), the other e/(1+e): at most 1/4.

    (Chapter 1's dp_dz from the score, with all its digits: pyref.sigmoid_derivative.)

    >>> curvature(0), curvature(40)
    (0.25, 4.248354255291589e-18)
    """
    e = exp(-abs(z))
    return e / ((1 + e) * (1 + e))


# A first use. Along a direction of length 1 the score of a row moves by at most the length of
# (x, 1), so the mean loss curves by at most K = mean of (|x|^2 + 1) / 4, and with a price l2 on the
# weights by l2 more. A step t against the gradient g changes F by -t |g|^2, and by at most
# t^2 K/2 |g|^2 more because g changes on the way: that is below 0 for t < 2/K.


def safe_learning_rate(X, l2=0.0, s=None, steepest=1 / 4):
    """1 / K: with this learning rate every step of gradient descent lowers F.

    steepest is the most that the loss of a sample may curve (1/2 in chapter 2).

    >>> safe_learning_rate([[1, 2], [3, 4]])            # 4 / ((1 + 5 + 1 + 25) / 2)
    0.25
    """
    s = s or [1.0] * len(X)
    squares = total([s_i * (dot(x_i, x_i) + 1) for x_i, s_i in zip(X, s)])
    return 1 / (squares / total(s) * steepest + l2)


# -------------------------------------------------------- 2. the Hessian
#
# z changes with theta[j] by a[j], and with theta[k] by a[k], so by the chain rule
#
#     d2L / dtheta[j] dtheta[k]  =  p (1-p) a[j] a[k]
#
# Along any line, theta + t v, the loss curves by p (1-p) (a . v)^2, which is never negative. So the
# loss is a bowl without hollows or ridges: walking downhill leads to its bottom.


def hessian(X, y, w, b, s=None):
    """Loss, gradient and second derivatives, summed over the rows: (loss, grad, hess).

    grad and hess are for w, and behind it for b, whose feature is the number 1.

    >>> hessian([[1], [3]], [0, 1], [0], 0)[1:]
    ([-1.0, 0.0], [[2.5, 1.0], [1.0, 0.5]])
    """
    m = len(w) + 1
    loss, grad, hess = 0.0, [0.0] * m, [[0.0] * m for _ in range(m)]
    for x_i, y_i, s_i in zip(X, y, s or [1.0] * len(y)):
        a = x_i + [1.0]
        z = dot(w, x_i) + b
        loss_i, r = loss_and_residual(y_i, z)
        loss += s_i * loss_i
        r *= s_i
        c = s_i * curvature(z)
        for j, a_j in enumerate(a):
            grad[j] += r * a_j
            row, c_j = hess[j], c * a_j
            for k in range(j + 1):
                row[k] += c_j * a[k]
    for j in range(m):  # the other half is its mirror image
        for k in range(j):
            hess[k][j] = hess[j][k]
    return loss, grad, hess


# -------------------------------------------------------- 3. Newton's method
#
# After a step the gradient is, as far as the second derivative holds still, grad + hess step. It is
# zero for the step that solves
#
#     hess step  =  -grad
#
# In one dimension: slope divided by curvature. It needs no learning rate, and close to the optimum
# it squares the error: 2 right digits, 4, 8, 16.


def newton(X, y, w=None, b=0.0, iterations=25, tolerance=1e-10):
    """The (w, b) with the smallest loss: (w, b, hess, the number of steps). None if it is lost.

    The 23 launches before the Challenger's last: temperature, and whether an O-ring was damaged.

    >>> t = [66, 70, 69, 68, 67, 72, 73, 70, 57, 63, 70, 78, 67, 53, 67, 75, 70, 81, 76, 79, 75, 76, 58]
    >>> damaged = [0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1]
    >>> w, b, hess, k = newton([[t_i] for t_i in t], damaged)
    >>> k, round(w[0], 11), round(b, 10)
    (7, -0.23216274422, 15.0429016477)
    >>> [round(error, 7) for error in standard_errors(hess)]
    [0.1082365, 7.3786364]
    """
    w = w or [0.0] * len(X[0])
    for k in range(iterations):
        loss, grad, hess = hessian(X, y, w, b)
        T = cholesky(hess)
        if len(T) < len(hess):
            return None
        step = solve(T, [-g for g in grad])
        w = [w_j + step_j for w_j, step_j in zip(w, step)]
        b += step[-1]
        if max([abs(step_j) for step_j in step]) <= tolerance:
            return w, b, hess, k + 1
    return None


def cholesky(hess):
    """The triangle T with T T' = hess. It ends early, before a row that has nothing of its own.

    >>> cholesky([[4.0, 2.0], [2.0, 5.0]]), cholesky([[1.0, 2.0], [2.0, 4.0]])
    ([[2.0], [1.0, 2.0]], [[1.0]])
    """
    T = []
    for j, row in enumerate(hess):
        new = []
        for k in range(j):
            new.append((row[k] - dot(new, T[k])) / T[k][k])
        # what is left of the diagonal: what this column has that those before it have not
        left = row[j] - dot(new, new)
        if not left > ROUNDING * row[j]:
            break
        T.append(new + [sqrt(left)])
    return T


def solve_lower(T, v):
    """out, where T out = v: from the first row down."""
    out = []
    for row, v_j in zip(T, v):
        out.append((v_j - dot(row, out)) / row[-1])
    return out


def solve(T, v):
    """out, where hess out = T T' out = v: down with T, and back up with its mirror image."""
    out = solve_lower(T, v)
    for j in range(len(T) - 1, -1, -1):
        out[j] /= T[j][j]
        for k in range(j):
            out[k] -= T[j][k] * out[j]
    return out


# How sure is the answer? The summed loss is minus the logarithm of the probability of all labels
# together. How sharply it curves is how sharply the data speak: where it is flat, other parameters
# explain them nearly as well. The inverse of the summed Hessian is the covariance of the estimates.


def standard_errors(hess):
    """The roots of the diagonal of hess^-1: for w, and behind it for b."""
    T = cholesky(hess)
    errors = []
    for j in range(len(T)):
        v = solve_lower(T, [float(k == j) for k in range(len(T))])
        errors.append(sqrt(dot(v, v)))  # u' (T T')^-1 u = |T^-1 u|^2, where u picks out entry j
    return errors


# -------------------------------------------------------- 4. where these dozen lines are lost


def lost():
    """Three tables on which Newton's method, as it stands above, ends nowhere.

    No optimum. Document 001's labels change once, between x = 3 and x = 4: every curve there can
    be made steeper. Each step goes further, until every p is 0 or 1 and hess has vanished.

    >>> newton([[1], [2], [3], [4], [5]], [0, 0, 0, 1, 1]) is None
    True

    Too far. A step is as good as the bowl is like a parabola. From the steep side of this one it
    leads across into the flat, from where the next leads further still.

    >>> X, y = [[1], [2], [3], [4], [5], [6], [7], [8]], [0, 0, 1, 0, 1, 0, 1, 1]
    >>> newton(X, y)[3], newton(X, y, w=[2.0]) is None
    (6, True)

    Units. Of years around 2000 that lie 0.001 apart, the squares agree to 12 digits; what is left
    of them, which is all that matters, is rounding.

    >>> newton([[2000 + t / 1000] for t in range(8)], y) is None
    True

    The safe fit (pyref/fit/, `pyref.newton`) brings columns to standard units, shortens a step
    until F falls, and proves whether there is an optimum. Its steps are hessian, cholesky, solve.
    """


# -------------------------------------------------------- 5. the step of L-BFGS
#
# For d = 5000 the Hessian has 25 million entries. But each step leaves a trace of it behind: the
# change of theta, and how the gradient turned in consequence. hess takes the one to the other. BFGS
# corrects a guess of the inverse Hessian by each such pair as it comes; limited-memory BFGS keeps the
# last few pairs instead, and applies the corrections, newest first and then back, to the one vector
# that matters. (Nocedal & Wright, algorithms 7.4 and 7.5.)


def lbfgs_step(pairs, grad, guess, dot=dot, plus=plus):
    """-(the guessed inverse Hessian) grad; guess(v) is the guess to be corrected, times v."""
    step = [-g for g in grad]
    alphas = []
    for change, turn in reversed(pairs):
        alpha = dot(change, step) / dot(change, turn)
        alphas.append(alpha)
        step = plus(step, -alpha, turn)
    step = guess(step)
    for (change, turn), alpha in zip(pairs, reversed(alphas)):
        beta = dot(turn, step) / dot(change, turn)
        step = plus(step, alpha - beta, change)
    return step
