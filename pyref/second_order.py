"""Chapter 3: to the optimum, by the second derivative.

Gradient descent knows the gradient and nothing else: how far a step may go, it must be told. The
second derivative says how the gradient changes along the way, and both together say where it will
be zero. To go there at once is Newton's method. On one small table:

    >>> from pyref.logistic import gradient_descent
    >>> X, y = [[1], [2], [3], [4], [5], [6], [7], [8]], [0, 0, 1, 0, 1, 0, 1, 1]
    >>> rate = safe_learning_rate(X)
    >>> w, b, losses, status = gradient_descent(X, y, [0.0], 0.0, rate, 9999, tolerance=1e-10)
    >>> status, len(losses), round(w[0], 8), round(b, 8)
    ('converged', 4918, 0.59408436, -2.67337962)
    >>> w, b, hess, steps = newton(X, y)
    >>> steps, round(w[0], 8), round(b, 8)
    (6, 0.59408436, -2.67337962)

Legend, as in chapter 1 (F is the mean loss with its penalty), and:
    x1       a row x with a 1 behind it: d+1 numbers, so that z = theta . x1
    theta    the d+1 parameters: w, and last b
    loss     the sum over the rows of s_i L_i (not divided by n: a sum, and no mean)
    grad     the gradient of this sum: d+1 numbers, for w, and last for b
    hess     its second derivatives, the Hessian: d+1 rows of d+1 numbers
    step     a change of theta
    K        a bound: F curves by at most K in any direction
    u, v     any two lists of numbers;  u . v is their dot product,  |u| the length of u
    hess v   matrix times vector: entry j is hess[j] . v;  the inverse, hess^-1, undoes it
    T, T'    a triangle: row j has j+1 numbers, then zeros;  T' has the columns of T as its rows
"""

from math import exp, sqrt

from .logistic import loss_and_residual, total

ROUNDING = 1e-12  # numbers that differ by less, relative to what was added up, count as equal


def dot(u, v):
    """u . v, the sum of u[j] v[j]."""
    added = 0.0
    for u_j, v_j in zip(u, v):
        added += u_j * v_j
    return added


def plus(u, t, v):
    """u + t v, where t is a number."""
    return [u_j + t * v_j for u_j, v_j in zip(u, v)]


# -------------------------------------------------------- 1. how the gradient changes
# Chapter 1 found dL/dz = p - y. Once more: y is a constant, and p changes with z by p (1-p).
#     d2L / dz2  =  p (1-p)                        (the label is gone)


def curvature(z):
    """p (1-p): never negative, at most 1/4. One of p and 1-p is 1/(1+u), the other u/(1+u).

    >>> curvature(0), curvature(40)
    (0.25, 4.248354255291589e-18)
    """
    u = exp(-abs(z))
    return 1 / (1 + u) * (u / (1 + u))


# A first use: how far may gradient descent step? First with one parameter a, where z = a*x. The
# loss of a row curves by p (1-p) x^2, at most x^2 / 4; let K be the mean of that. If the gradient g
# of F stayed the same, a step of -t g would change F by -t g^2. But g changes on the way: by at
# most K t g at its end, by half of that on average. So F changes by at most
#     -t g^2  +  K/2 t^2 g^2
# This is 0 at t = 0 and at t = 2/K, and lowest halfway, at t = 1/K. With d+1 parameters |x1|^2
# takes the place of x^2, since a change of theta by length 1 changes z by at most |x1|. A penalty
# l2/2 |w|^2 (a large weight must be worth its price) curves by l2 more.


def safe_learning_rate(X, l2=0.0, s=None, steepest=1 / 4):
    """1 / K: with this learning rate each step of gradient descent lowers F, if that is possible.

        K  =  steepest * (sum of s_i (|x_i|^2 + 1)) / (sum of s_i)  +  l2

    steepest is the most that the loss of a row may curve with its score (1/2 in chapter 2).
    Momentum voids the proof: its steps do not go straight against the gradient.

    >>> safe_learning_rate([[1, 2], [3, 4]])                # 1 / (1/4 * (6 + 26) / 2)
    0.25
    """
    s = s or [1.0] * len(X)
    squares = total([s_i * (dot(x_i, x_i) + 1) for x_i, s_i in zip(X, s)])
    return 1 / (squares / total(s) * steepest + l2)


# -------------------------------------------------------- 2. the Hessian
# z changes with theta[j] by x1[j], and with theta[k] by x1[k]. So by the chain rule
#     d2L / dtheta[j] dtheta[k]  =  p (1-p) x1[j] x1[k]
# Along a straight line, theta + t v, L curves by p (1-p) (x1 . v)^2, which is never negative. So
# the loss is a bowl: walking downhill leads to its lowest point, if it has one (section 4).


def hessian(X, y, w, b, s=None):
    """Loss, gradient and second derivatives, summed over the rows: (loss, grad, hess).

        grad[j]     =  sum of s_i (p_i - y_i) x1_i[j]
        hess[j][k]  =  sum of s_i p_i (1 - p_i) x1_i[j] x1_i[k]

    >>> hessian([[1], [3]], [0, 1], [0], 0)[1:]
    ([-1.0, 0.0], [[2.5, 1.0], [1.0, 0.5]])
    """
    m = len(w) + 1
    loss, grad, hess = 0.0, [0.0] * m, [[0.0] * m for _ in range(m)]  # 1; d+1; (d+1, d+1)
    for x_i, y_i, s_i in zip(X, y, s or [1.0] * len(y)):  # rows of (n, d); of n; of n
        x1 = x_i + [1.0]  # d+1
        z = dot(w, x_i) + b  # 1
        loss_i, r = loss_and_residual(y_i, z)  # 1; 1
        loss += s_i * loss_i
        r *= s_i
        c = s_i * curvature(z)  # 1
        for j, x1_j in enumerate(x1):
            grad[j] += r * x1_j
            row, c_j = hess[j], c * x1_j  # d+1; 1
            for k in range(j + 1):
                row[k] += c_j * x1[k]
    # hess[k][j] = hess[j][k]. If the loop added up both, the function would take (November 2026,
    # CPython 3.11, Zen 5)     1.0    1.1    1.5    1.9   times as long
    #                at d =    1      4      20     100
    for j in range(m):
        for k in range(j):
            hess[k][j] = hess[j][k]
    return loss, grad, hess


# -------------------------------------------------------- 3. Newton's method
# In one dimension: a function f of one number t, with the derivatives f' and f''. For a small h
#     f'(t + h)  =  f'(t) + f''(t) h               (nearly)
# At the lowest point f' is 0. Set the right side to 0: h = -f'(t) / f''(t), gradient divided by
# curvature. With d+1 parameters, the gradient after a step is nearly grad + hess step. It is 0 for
#     hess step  =  -grad                          (d+1 equations; for the mean loss the same)
#
# Why 6 steps and not 4918? Where the bowl is steep in one direction and flat in another, gradient
# descent may take only the small steps that the steep one allows, and crawls along the flat one. On
# the table above F curves by 4.36 in one direction and by 0.0268 in the other. The safe learning
# rate, 0.151, takes 0.151 * 0.0268, or 0.4 %, off the gradient in the flat direction: ln(10) /
# 0.004, about 570 steps for each digit. Newton's step divides each gradient by its own curvature,
# and needs no learning rate.


def newton(X, y, w=None, b=0.0, iterations=25, tolerance=1e-10):
    """Where the loss is lowest: (w, b, hess, the number of steps). None if it gets lost.

    >>> X, y = [[1], [2], [3], [4], [5], [6], [7], [8]], [0, 0, 1, 0, 1, 0, 1, 1]
    >>> w, b, way = [0.0], 0.0, []
    >>> for _ in range(6):                    # with this tolerance, each call ends after one step
    ...     w, b, hess, steps = newton(X, y, w, b, tolerance=float("inf"))
    ...     way.append(round(w[0], 12))
    >>> way
    [0.47619047619, 0.582553556117, 0.593959878834, 0.594084345513, 0.594084360199, 0.594084360199]

    The errors are 0.12, 0.012, 0.00012, 0.000000015, then rounding: each is about the square of the
    one before, for what "nearly" leaves out above is of the size of h^2.
    """
    w = w or [0.0] * len(X[0])
    for k in range(iterations):
        _, grad, hess = hessian(X, y, w, b)
        T = cholesky(hess)
        if len(T) < len(hess):
            return None
        step = solve(T, [-g for g in grad])
        w = [w_j + step_j for w_j, step_j in zip(w, step)]
        b += step[-1]
        if max([abs(step_j) for step_j in step]) <= tolerance:
            return w, b, hess, k + 1  # (hess: where this last step began)
    return None


# To solve them, Cholesky takes a kind of square root: a triangle T with T T' = hess. For two
# parameters that is three equations, each with one new unknown. [[4, 2], [2, 5]] gives 2, 1, 2.
#     hess[0][0] = T[0][0]^2,   hess[1][0] = T[1][0] T[0][0],   hess[1][1] = T[1][0]^2 + T[1][1]^2


def cholesky(hess):
    """The rows of T; they end before row j if the columns before it can imitate column j of the x1.

    >>> cholesky([[4.0, 2.0], [2.0, 5.0]]), cholesky([[1.0, 2.0], [2.0, 4.0]])
    ([[2.0], [1.0, 2.0]], [[1.0]])
    """
    T = []
    for j, row in enumerate(hess):
        new = []
        for k in range(j):
            # hess[j][k]  =  (new, as far as it goes) . T[k]  +  new[k] T[k][k]
            new.append((row[k] - dot(new, T[k])) / T[k][k])
        # hess[j][j]  =  new . new  +  T[j][j]^2: what the others can imitate, and what is left
        left = row[j] - dot(new, new)
        if not left > ROUNDING * row[j]:
            break
        T.append(new + [sqrt(left)])
    return T


def solve_lower(T, v):
    """out, where T out = v: row by row downwards, each has one new unknown."""
    out = []
    for row, v_j in zip(T, v):
        out.append((v_j - dot(row, out)) / row[-1])
    return out


def solve(T, v):
    """out, where hess out = T (T' out) = v: first T' out, downwards; then out, upwards."""
    out = solve_lower(T, v)
    for j in range(len(T) - 1, -1, -1):
        out[j] /= T[j][j]
        for k in range(j):
            out[k] -= T[j][k] * out[j]
    return out


# How sure is the answer? If the labels were drawn again, each by its probability, w would come out
# different: by about its standard error. The loss is minus the logarithm of the probability of all
# labels together. Where it curves much, other parameters make these labels much less probable;
# where it is flat, hardly less. With one parameter the standard error is 1 / sqrt(hess).


def standard_errors(hess):
    """The square roots of the diagonal of hess^-1. (McCullagh & Nelder, Generalized Linear Models)

    23 flights of the space shuttle: degrees Fahrenheit at launch; was a seal (an O-ring) damaged?

    >>> t = [66, 70, 69, 68, 67, 72, 73, 70, 57, 63, 70, 78, 67, 53, 67, 75, 70, 81, 76, 79, 75, 76]
    >>> damaged = [0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1]
    >>> w, b, hess, steps = newton([[t_i] for t_i in t + [58]], damaged)
    >>> steps, round(w[0], 11), round(b, 10), [round(error, 7) for error in standard_errors(hess)]
    (7, -0.23216274422, 15.0429016477, [0.1082365, 7.3786364])
    >>> [round(1 / (1 + exp(-(w[0] * t_i + b))), 4) for t_i in (70, 31)]
    [0.23, 0.9996]

    w is more than two standard errors below 0: hardly by chance. Damage has probability 0.23 at 70
    degrees, and 0.9996 at the 31 of the next launch, Challenger's last. But 31 is far outside the
    53 to 81 of the table. Whether the curve goes on like this, no standard error can tell.
    """
    T = cholesky(hess)
    # u is 1 at j and else 0:  hess^-1[j][j]  =  u . (T T')^-1 u  =  |T^-1 u|^2
    units = [[float(k == j) for k in range(len(T))] for j in range(len(T))]
    return [sqrt(dot(v, v)) for v in [solve_lower(T, u) for u in units]]


# -------------------------------------------------------- 4. where these dozen lines are lost


def show(X, y, theta, steps):
    """Prints theta, the lower half of hess, and the step, for the first steps of `newton`. Here on
    four tables. Under each: what the safe fit does (`pyref.newton`, which is built on this file).

    No lowest point. The labels of document 001 change once, between x = 3 and x = 4:
    >>> import pyref
    >>> X, y = [[1], [2], [3], [4], [5]], [0, 0, 0, 1, 1]
    >>> show(X, y, [0.0, 0.0], 5)
    at 0 0  hess 13.75 3.75 1.25  step 1.2 -4
    at 1.2 -4  hess 8.823 2.435 0.753  step 0.9247 -3.253
    at 2.125 -7.253  hess 5.63 1.572 0.4638  step 1.281 -4.536
    at 3.405 -11.79  hess 3.341 0.9425 0.2735  step 1.845 -6.491
    at 5.251 -18.28  hess 1.552 0.4393 0.1271  step 2.068 -7.248
    >>> newton(X, y), pyref.newton(X, y).status
    (None, 'separable')

    Soon each step adds the same (2, -7), which moves the scores at 3 and 4 by 1 the right way, and
    divides the loss by e. No step is small: after 25 `newton` gives up. pyref/fit/separation.py
    finds a change like this, which moves no score the wrong way, or a proof that there is none.

    Too far. Start a little more than twice as steep as the best curve of the chapter's first table:
    >>> X, y = [[1], [2], [3], [4], [5], [6], [7], [8]], [0, 0, 1, 0, 1, 0, 1, 1]
    >>> show(X, y, [1.3, -5.0], 6)
    at 1.3 -5  hess 12.72 2.946 0.7584  step -1.742 5.915
    at -0.442 0.9154  hess 24.07 5.047 1.386  step 1.713 -5.05
    at 1.271 -4.134  hess 9.83 2.559 0.7642  step -2.134 5.543
    at -0.8632 1.409  hess 7.197 2.142 0.842  step 7.716 -16.65
    at 6.853 -15.24  hess 0.6274 0.3065 0.1509  step -1195 2412
    at -1188 2396  hess 3.736e-09 1.868e-09 9.341e-10  step none
    >>> newton(X, y, [1.3], -5.0), pyref.newton(X, y, w=[1.3], b=-5.0).status
    (None, 'converged')

    Away from the lowest point hess gets smaller, so each step is too long and goes past that point,
    at last to where only the row x = 2 has any curvature. pyref/fit/search.py halves a step until
    the loss falls, and adds to the diagonal of hess where there is no T.

    Units. The same labels on eight days, as years:
    >>> X = [[2000 + day / 365] for day in range(8)]
    >>> show(X, y, [0.0, 0.0], 2)
    at 0 0  hess 8e+06 4000 2  step 173.8 -3.476e+05
    at 173.8 -3.476e+05  hess 6.237e+06 3118 1.559  step 38.82 -7.764e+04
    >>> newton(X, y), pyref.newton(X, y).status
    (None, 'converged')

    The optimum is soon reached, but no step gets as small as 1e-10: floats of the size of b lie
    6e-11 apart, and 2000 times that error is in the gradient. pyref/fit/samples.py shifts and
    divides each column first, so that its numbers are about 1 in size.

    A column twice. A temperature in Celsius, and the same in Fahrenheit:
    >>> show([[10, 50], [15, 59], [20, 68], [25, 77]], [0, 1, 0, 1], [0.0, 0.0, 0.0], 1)
    at 0 0 0  hess 337.5 1168 4134 17.5 63.5 1  step none

    One weight may grow and the other fall, with the same scores: no w is best. The safe fit refuses
    such a table, and names the column. Its loop with all endings is pyref/fit/optimum.py; where
    rows are very many, pyref/fit/head_start.py finds a starting point from a sample of them.
    """
    for _ in range(steps):
        _, grad, hess = hessian(X, y, theta[:-1], theta[-1])
        T = cholesky(hess)
        step = solve(T, [-g for g in grad]) if len(T) == len(hess) else []
        half = [h for j, row in enumerate(hess) for h in row[: j + 1]]
        texts = [" ".join([f"{v_j:.4g}" for v_j in v]) for v in (theta, half, step)]
        print("at", texts[0], " hess", texts[1], " step", texts[2] or "none")
        theta = plus(theta, 1.0, step)


# -------------------------------------------------------- 5. the step of L-BFGS (can be skipped)
# For d = 5000 the Hessian has 25 million entries. But each step leaves a trace of it: the change of
# theta, and the turn, by which the gradient changed. Nearly, hess change = turn. BFGS corrects a
# guess of hess^-1 by each such pair, so that the guess times turn is change. Limited-memory BFGS
# keeps the last few pairs instead, and applies them to the one vector that matters. (Nocedal &
# Wright, Numerical Optimization, 2006, algorithms 7.4 and 7.5.)


def lbfgs_step(pairs, grad, guess, dot=dot, plus=plus):
    """-(the corrected guess of hess^-1) grad. pairs: (change, turn), the newest last; guess(v): the
    guess times v. On the first table 15 steps are enough, of one gradient each and no Hessian:

    >>> X, y = [[1], [2], [3], [4], [5], [6], [7], [8]], [0, 0, 1, 0, 1, 0, 1, 1]
    >>> rate, theta, grad, pairs = safe_learning_rate(X) / len(X), [0.0, 0.0], [-5.0, 0.0], []
    >>> while max([abs(g) for g in grad]) > 1e-9:
    ...     change = lbfgs_step(pairs[-5:], grad, lambda v: [rate * v_j for v_j in v])
    ...     theta = plus(theta, 1.0, change)
    ...     before, grad = grad, hessian(X, y, theta[:-1], theta[-1])[1]      # the gradient alone
    ...     pairs.append((change, plus(grad, -1.0, before)))
    >>> len(pairs), round(theta[0], 8), round(theta[1], 8)
    (15, 0.59408436, -2.67337962)
    """
    step, alphas = [-g for g in grad], []
    for change, turn in reversed(pairs):
        # one part of step, alpha turn, is answered by alpha change; the rest has change . step = 0
        alpha = dot(change, step) / dot(change, turn)
        alphas.append(alpha)
        step = plus(step, -alpha, turn)
    step = guess(step)
    for (change, turn), alpha in zip(pairs, reversed(alphas)):
        # the answer to the rest must have turn . step = 0, so beta change is taken off
        beta = dot(turn, step) / dot(change, turn)
        step = plus(step, alpha - beta, change)
    return step


# What comes next: chapter 4, inference.py. Then csrc/plain.c, the loops in plain C, and pyref/fit/.
