"""Chapter 3: to the optimum, by the second derivative.

Gradient descent knows the gradient and nothing else: how far a step may go, it must be told. The
second derivative says how the gradient itself changes, and from both together follows where it will
be zero. That is Newton's method. On one small table:

    >>> from pyref.logistic import gradient_descent
    >>> X, y = [[1.0], [2.0], [3.0], [4.0], [5.0], [6.0], [7.0], [8.0]], [0, 0, 1, 0, 1, 0, 1, 1]
    >>> rate = safe_learning_rate(X)
    >>> w, b, losses, status = gradient_descent(X, y, [0.0], 0.0, rate, 9999, tolerance=1e-10)
    >>> status, len(losses), round(w[0], 8), round(b, 8)
    ('converged', 4918, 0.59408436, -2.67337962)
    >>> w, b, hess, steps = newton(X, y)
    >>> steps, round(w[0], 8), round(b, 8)
    (6, 0.59408436, -2.67337962)

Who reads this should know what a matrix times a vector is. The whole method is here, and it runs.
Section 5 shows tables on which it is lost, and says where the cure stands. (`pyref.newton` is not
this `newton`: it has the cures.)

Legend, as in chapter 1, and:
    row      a row of X with a 1 behind it, (x, 1): d+1 numbers, so that z = theta . row
    theta    the d+1 parameters (w, b)
    grad     the gradient of the summed loss, d+1 numbers
    hess     its derivatives, the Hessian: d+1 rows of d+1 numbers
    step     a change of theta
    T        a triangle, the square root of hess: T T' = hess, where T' is T mirrored
    K        the most that the mean loss can curve

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
    """u + t v."""
    return [u_j + t * v_j for u_j, v_j in zip(u, v)]


# -------------------------------------------------------- 1. how the gradient changes
#
# Chapter 1 found dL/dz = p - y. Once more: y is a constant, and p changes with z by p (1-p).
#
#     d2L / dz2  =  p (1-p)                        the label has dropped out

def curvature(z):
    """p (1-p) = sigmoid(z) sigmoid(-z), of which one is 1/(1+u) and the other u/(1+u): at most 1/4.

    >>> curvature(0), curvature(40)
    (0.25, 4.248354255291589e-18)
    """
    u = exp(-abs(z))
    return 1 / (1 + u) * (u / (1 + u))


# A first use: how large may the learning rate be? One parameter first. A step of -t g changes F by
# -t g^2, and, because the gradient g changes on the way, by at most t^2 K/2 g^2 more. The sum is 0
# at t = 2/K, and lowest in the middle, at 1/K.
#
# With many parameters the same holds along the direction of the step. If that has length 1, the
# score of a row changes along it by u . row, which is at most the length of the row; so its loss
# curves by at most 1/4 |row|^2. The mean of that is K, and a price l2 on the weights curves by l2
# more.

def safe_learning_rate(X, l2=0.0, s=None, steepest=1 / 4):
    """1 / K: with this learning rate every step of gradient descent without momentum lowers F.

    steepest is the most that the loss of a sample may curve with its score (1/2 in chapter 2).

    >>> safe_learning_rate([[1, 2], [3, 4]])            # 4 / ((1 + 5 + 1 + 25) / 2)
    0.25
    """
    s = s or [1.0] * len(X)
    squares = total([s_i * (dot(x_i, x_i) + 1) for x_i, s_i in zip(X, s)])
    return 1 / (squares / total(s) * steepest + l2)


# -------------------------------------------------------- 2. the Hessian
#
# z changes with theta[j] by row[j], and with theta[k] by row[k], so by the chain rule
#
#     d2L / dtheta[j] dtheta[k]  =  p (1-p) row[j] row[k]
#
# Along any line theta + t u the loss of a row curves by p (1-p) (u . row)^2, which is never
# negative. So the loss is a bowl without hollows: walking downhill leads to its bottom, if it has
# one.

def hessian(X, y, w, b, s=None):
    """Loss, gradient and second derivatives, summed over the rows: (loss, grad, hess).

        grad[j] = sum of s_i r_i row_i[j]     hess[j][k] = sum of s_i p_i (1-p_i) row_i[j] row_i[k]

    Both are for w, and behind it for b, whose feature is the number 1.

    >>> hessian([[1.0], [3.0]], [0, 1], [0.0], 0.0)[1:]
    ([-1.0, 0.0], [[2.5, 1.0], [1.0, 0.5]])
    """
    m = len(w) + 1
    loss, grad, hess = 0.0, [0.0] * m, [[0.0] * m for _ in range(m)]  # 1, m, m,m
    for x_i, y_i, s_i in zip(X, y, s or [1.0] * len(y)):  # n,d  n  n
        row = x_i + [1.0]  # m
        z = dot(w, x_i) + b
        loss_i, r = loss_and_residual(y_i, z)
        loss += s_i * loss_i
        r *= s_i
        c = s_i * curvature(z)
        for j, row_j in enumerate(row):
            grad[j] += r * row_j
            hess_j, c_j = hess[j], c * row_j
            for k in range(j + 1):
                hess_j[k] += c_j * row[k]
    for j in range(m):  # the other half is its mirror image
        for k in range(j):
            hess[k][j] = hess[j][k]
    return loss, grad, hess


# -------------------------------------------------------- 3. Newton's method
#
# In one dimension: F'(x + h) is about F'(x) + F''(x) h. That is 0 for h = -F'(x) / F''(x),
# gradient divided by curvature. In many dimensions it is the step that solves
#
#     hess step  =  -grad
#
# It needs no learning rate. On the table at the top, F curves by 4.36 in one direction and by
# 0.0268 in another. The safe learning rate, 0.151, takes away 0.151 * 0.0268, or 0.4 %, of what is
# left of the gradient in the flat direction: about 570 steps for each digit. Newton divides each
# by its own curvature.
#
# To solve the equation, take the square root of hess: a triangle T with T T' = hess. For 2 x 2:
#
#     T  =  ( t  0 )       t t = hess[0][0]       u t = hess[1][0]       u u + v v = hess[1][1]
#           ( u  v )
#
# So v v is what the second column has that the first cannot imitate. If that is nothing, hess has
# no such root, and no single step solves the equation.

def cholesky(hess):
    """The rows of T. They end early, before a column that the columns before it can imitate.

    >>> cholesky([[4.0, 2.0], [2.0, 5.0]]), cholesky([[1.0, 2.0], [2.0, 4.0]])
    ([[2.0], [1.0, 2.0]], [[1.0]])
    """
    T = []
    for j, row in enumerate(hess):
        new = []
        for k in range(j):
            new.append((row[k] - dot(new, T[k])) / T[k][k])
        left = row[j] - dot(new, new)
        if not left > ROUNDING * row[j]:
            break
        T.append(new + [sqrt(left)])
    return T


def solve_lower(T, v):
    """out, where T out = v: from the first row down, each row has one unknown more."""
    out = []
    for row, v_j in zip(T, v):
        out.append((v_j - dot(row, out)) / row[-1])
    return out


def solve(T, v):
    """out, where hess out = T T' out = v: down with T, and back up with T'."""
    out = solve_lower(T, v)
    for j in range(len(T) - 1, -1, -1):
        out[j] /= T[j][j]
        for k in range(j):
            out[k] -= T[j][k] * out[j]
    return out


def newton_step(X, y, w, b):
    """One step: the new (w, b), the step, and hess before it. None where hess has no root T."""
    _, grad, hess = hessian(X, y, w, b)
    T = cholesky(hess)
    if len(T) < len(hess):
        return None
    step = solve(T, [-g for g in grad])
    return plus(w, 1.0, step), b + step[-1], step, hess


def newton(X, y, w=None, b=0.0, iterations=25, tolerance=1e-10):
    """The (w, b) with the lowest loss: (w, b, hess, number of steps). None if it is lost.

    Each step doubles the right digits, for near the optimum F is nearly a parabola. On the table at
    the top, w less its end is:

    >>> X, y = [[1.0], [2.0], [3.0], [4.0], [5.0], [6.0], [7.0], [8.0]], [0, 0, 1, 0, 1, 0, 1, 1]
    >>> w, b, off = [0.0], 0.0, []
    >>> for _ in range(4):
    ...     w, b, _, _ = newton_step(X, y, w, b)
    ...     off.append(f"{w[0] - 0.5940843601985778:.0e}")
    >>> off
    ['-1e-01', '-1e-02', '-1e-04', '-1e-08']
    """
    w = w or [0.0] * len(X[0])
    for k in range(iterations):
        found = newton_step(X, y, w, b)
        if found is None:
            return None
        w, b, step, hess = found
        if max([abs(step_j) for step_j in step]) <= tolerance:
            return w, b, hess, k + 1
    return None


# -------------------------------------------------------- 4. how sure is the answer?
#
# The summed loss is minus the logarithm of the probability of all labels together. How sharply it
# curves is how sharply the data speak: where it is flat, other parameters explain them nearly as
# well. If the data were drawn again, the estimates would move; the inverse of hess (the matrix
# that undoes it) has their variances on its diagonal, and the roots of those are the standard
# errors.

def standard_errors(hess):
    """About how far each of w, and behind it b, would move if the data were drawn again.

    23 launches of the space shuttle before the Challenger's last: temperature (F), and whether an
    O-ring, which seals a joint of the rockets, was damaged.

    >>> from pyref.datasets import challenger
    >>> temperatures, damaged = challenger()
    >>> w, b, hess, _ = newton([[float(t)] for t in temperatures], damaged)
    >>> round(w[0], 6), round(b, 5), [round(error, 6) for error in standard_errors(hess)]
    (-0.232163, 15.0429, [0.108237, 7.378636])
    >>> round(1 / (1 + exp(-70 * w[0] - b)), 2), round(1 / (1 + exp(-31 * w[0] - b)), 4)
    (0.23, 0.9996)

    w is two standard errors away from 0: it is hard to believe that cold has nothing to do with it.
    At 31 F, the temperature of the last morning, damage was nearly certain, if the curve goes on
    like this: 31 is far outside the data, which end at 53.
    """
    T = cholesky(hess)
    errors = []
    for j in range(len(T)):
        # entry j of the diagonal of hess^-1 is |T^-1 e|^2, where e is 1 at j and 0 elsewhere
        v = solve_lower(T, [float(k == j) for k in range(len(T))])
        errors.append(sqrt(dot(v, v)))
    return errors


# -------------------------------------------------------- 5. where this method is lost

def first_steps(X, y, w, b, count):
    """Prints w, b, the step and hess[0][0] of the first Newton steps: to see a run being lost.

    No optimum. Document 001's labels change once, between x = 3 and x = 4.

    >>> first_steps([[1.0], [2.0], [3.0], [4.0], [5.0]], [0, 0, 0, 1, 1], [0.0], 0.0, 6)
    w 1.2  b -4  step 1.2 -4  hess 13.8
    w 2.12  b -7.25  step 0.925 -3.25  hess 8.82
    w 3.41  b -11.8  step 1.28 -4.54  hess 5.63
    w 5.25  b -18.3  step 1.85 -6.49  hess 3.34
    w 7.32  b -25.5  step 2.07 -7.25  hess 1.55
    w 9.36  b -32.7  step 2.04 -7.15  hess 0.6

    Soon every step adds about (2, -7) and divides loss and hess by e. None is ever small, so
    `newton` gives up after 25. The cure is to prove that there is no optimum: fit/separation.py.

    Too far. A start at w = 2, on the steep side of the table at the top:

    >>> X, y = [[1.0], [2.0], [3.0], [4.0], [5.0], [6.0], [7.0], [8.0]], [0, 0, 1, 0, 1, 0, 1, 1]
    >>> first_steps(X, y, [2.0], 0.0, 2)
    w -304  b 333  step -306 333  hess 0.205
    no step: hess has no root

    Almost every score is far from 0 there: much gradient, little curvature, and their quotient is a
    step of -306. The cure is to go only as far as F falls: fit/search.py.

    Units. Times around the year 2000 that lie 0.0001 apart:

    >>> first_steps([[2000 + k / 10000] for k in range(8)], y, [0.0], 0.0, 1)
    no step: hess has no root

    Of the column's sum of squares all but 1 part in 10^14 is that of the constant 2000, and such a
    rest counts as rounding. The cure is to shift and scale the columns: fit/samples.py.

    Two columns that say the same, a temperature in Celsius and in Fahrenheit:

    >>> same = [[10.0, 50.0], [20.0, 68.0], [15.0, 59.0], [25.0, 77.0]]
    >>> first_steps(same, [0, 1, 0, 1], [0.0, 0.0], 0.0, 1)
    no step: hess has no root

    Weight can be moved from one to the other without a change of any score, so no single w is best.
    Here nothing helps but to remove one, or a price on large weights; `pyref.newton` says which.

    The safe fit, pyref/fit/, is made of these rooms and of this file's functions, in a loop that
    says how it ended (optimum.py). Of very many rows it fits a sample first (head_start.py).

    >>> import pyref
    >>> pyref.newton(X, y, w=[2.0]).status, pyref.newton([[1], [2], [3], [4]], [0, 0, 1, 1]).status
    ('converged', 'separable')
    """
    for _ in range(count):
        found = newton_step(X, y, w, b)
        if found is None:
            print("no step: hess has no root")
            return
        w, b, step, hess = found
        print(f"w {w[0]:.3g}  b {b:.3g}  step {step[0]:.3g} {step[1]:.3g}  hess {hess[0][0]:.3g}")


# -------------------------------------------------------- 6. the step of L-BFGS (can be skipped)
#
# For d = 5000 the Hessian has 25 million entries. But each step leaves a trace of it behind, a
# pair: the change of theta, and the change of the gradient (the turn) that came of it. hess takes
# the one to the other. BFGS starts from a guess of the inverse of hess and corrects it by each
# pair. L-BFGS (limited memory) keeps the last few pairs instead, and applies the corrections,
# newest first and then back, to the one vector that matters. (Nocedal & Wright, algorithms 7.4 and
# 7.5.)

def lbfgs_step(pairs, grad, guess, dot=dot, plus=plus):
    """-(the corrected inverse of hess) grad. guess(v) is the guess to be corrected, times v.

    With a bowl that is a parabola, hess = (2 0; 0 8), two pairs are enough for the exact step:

    >>> pairs = [([1.0, 0.0], [2.0, 0.0]), ([0.0, 1.0], [0.0, 8.0])]
    >>> lbfgs_step(pairs, [4.0, 4.0], lambda v: v)                  # -(4/2, 4/8)
    [-2.0, -0.5]
    """
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


# The same in C: csrc/plain.c, to be read; csrc/chapters/second_order.c, as it is run. Next: fit/.
