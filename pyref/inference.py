"""Chapter 4: how sure is the answer?

Chapter 3 ends with an optimum and its standard errors. Here is what they are good for, three cases
in which they mislead, and what to do then. One table goes through the chapter: 23 flights of the
space shuttle, the temperature at launch in degrees Fahrenheit, and whether a seal (an O-ring) was
damaged. (Dalal, Fowlkes & Hoadley, 1989; the next launch was Challenger's last.)

    >>> X, y = flights()
    >>> theta, loss, hess = lowest(sums(X, y), [0.0, 0.0])
    >>> round(theta[0], 8), round(theta[1], 7), round(loss, 8)
    (-0.23216274, 15.0429016, 10.15759634)

Legend, chapter 3's continued (all sums are over the rows, and divided by nothing):
    sums      a function: theta -> (loss, grad, hess)
    D         2 (loss at some theta - the lowest loss): how much worse it explains the labels
    alpha     a small probability: an interval may miss the truth so often
    q         a standard normal number is further from 0 than q with probability alpha (0.05: 1.96)
    held      the number of a parameter that is held where it is
    h         the leverage of a row: how much of its own score the row decides, from 0 to 1
"""

from math import erfc, exp, log, pi, sqrt

from .logistic import loss_and_residual, total
from .second_order import cholesky, curvature, dot, hessian, plus, solve, solve_lower


def flights():
    """The table: (X, y)."""
    t = [66, 70, 69, 68, 67, 72, 73, 70, 57, 63, 70, 78, 67, 53, 67, 75, 70, 81, 76, 79, 75, 76, 58]
    damaged = [0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1]
    return [[t_i] for t_i in t], damaged


# -------------------------------------------------------- 1. the probability of all labels
#
# A row has the label that it has with probability p or 1-p, and L is minus the logarithm of that.
# Rows that do not depend on each other have all their labels with the product of these:
#
#     the likelihood of theta  =  e^-loss
#
# Newton's method finds the theta that makes the labels most probable. To compare two, one looks at
# D: the labels are e^(D/2) times as probable at the optimum as at the other theta. Near the optimum
# D is a parabola whose curvature is the Hessian:
#
#     D(theta + step)  =  step . hess step               (nearly)


def sums(X, y, s=None):
    """theta -> (loss, grad, hess)."""
    return lambda theta: hessian(X, y, theta[:-1], theta[-1], s)


def lowest(sums, theta, held=None, t=0.0):
    """Newton's method of chapter 3, for any sums: (theta, loss, hess), or None if it gets lost.

    With a number of a parameter as held: the lowest loss among those with theta[held] = t."""
    for _ in range(100):
        loss, grad, hess = sums(theta)
        equations = [row[:] for row in hess]
        if held is not None:
            # step[held] is known: in the other equations it goes to the right side
            known = t - theta[held]
            grad = plus(grad, known, hess[held])
            grad[held] = -known
            for k in range(len(theta)):
                equations[k][held] = equations[held][k] = float(k == held)
        T = cholesky(equations)
        if len(T) < len(theta):
            return None
        step = solve(T, [-g for g in grad])
        theta = plus(theta, 1.0, step)
        if max([abs(step_j) for step_j in step]) <= 1e-9:
            return theta, loss, hess
    return None


# -------------------------------------------------------- 2. Wald: the parabola is believed
#
# If the labels were drawn again and again, each by its probability, the optimum would come out
# nearly normally distributed around the truth, with the covariance matrix hess^-1. Its diagonal
# has the squares of the standard errors. So (theta[j] - truth) / error is nearly a standard normal
# number z. Two questions: how often is |z| so large by chance? And which truths are not refuted?


def p_value(z):
    """The probability that a standard normal number is further from 0 than z: erfc(|z| / sqrt 2).

    >>> round(p_value(1.96), 6), f"{p_value(-30.0):.6e}"
    (0.049996, '9.813428e-198')
    """
    return erfc(abs(z) / sqrt(2))


def quantile(alpha):
    """q, where p_value(q) = alpha: by halving an interval that holds it.

    >>> round(quantile(0.05), 12), round(quantile(1e-198), 12)
    (1.95996398454, 30.075944836855)
    """
    low, q, high = 0.0, 20.0, 40.0
    while low < q < high:
        low, high = (q, high) if p_value(q) > alpha else (low, q)
        q = (low + high) / 2
    return q


def wald_interval(theta, hess, j, alpha=0.05):
    """theta[j] -/+ q errors: the truths from which |z| is q or less.

    >>> X, y = flights()
    >>> theta, loss, hess = lowest(sums(X, y), [0.0, 0.0])
    >>> z = theta[0] / sqrt(inverse(hess)[0][0])
    >>> round(z, 6), round(p_value(z), 6)
    (-2.144958, 0.031956)
    >>> [round(end, 7) for end in wald_interval(theta, hess, 0)]
    [-0.4443024, -0.0200231]
    """
    error = sqrt(inverse(hess)[j][j])
    q = quantile(alpha)
    return theta[j] - q * error, theta[j] + q * error


def inverse(hess):
    """hess^-1, column by column: hess out = (1 at j and else 0)."""
    T = cholesky(hess)
    return [solve(T, [float(k == j) for k in range(len(T))]) for j in range(len(T))]


# -------------------------------------------------------- 3. D itself: likelihood ratio and profile
#
# Wald believes that D is a parabola all the way. But D can be computed, and nothing has to be
# believed about its form. Hold theta[j] at a value t, and let the others find their best:
#
#     D(t)  =  2 (the lowest loss with theta[j] = t  -  the lowest loss)
#
# If t is the truth, D(t) is nearly distributed as the square of one standard normal number. With k
# parameters held, as the sum of k such squares: chi-squared with k degrees of freedom. (Wilks 1938)


def p_value_squares(D, k):
    """The probability that the sum of k squared standard normal numbers exceeds D.

    For two squares it is e^(-D/2), for one the p-value of sqrt(D), and with two squares more it
    grows by  e^(-D/2) (D/2)^(k/2 - 1) / Gamma(k/2).

    Is the temperature needed? Without it the best guess is 7/23 for every flight, and D is 7.95:

    >>> X, y = flights()
    >>> _, least, _ = lowest(sums(X, y), [0.0, 0.0])
    >>> _, loss, _ = lowest(sums(X, y), [0.0, 0.0], 0, 0.0)
    >>> D = 2 * (loss - least)
    >>> round(D, 6), round(p_value_squares(D, 1), 6), round(p_value_squares(5.991464547, 2), 9)
    (7.95196, 0.004804, 0.05)
    """
    if k % 2:
        p, more = p_value(sqrt(D)), exp(-D / 2) * sqrt(2 * D / pi)
    else:
        p, more = exp(-D / 2), exp(-D / 2) * D / 2
    for i in range(4 - k % 2, k + 1, 2):
        p += more
        more *= D / i
    return p


# So the interval of all t with D(t) <= q^2 misses the truth with probability alpha, nearly. At its
# ends the root of D is q. As this root is nearly straight in t, Newton's method soon finds them.
# dD/dt is 2 grad[j]: the other parameters are at their best, where a small move changes nothing.


def profile_end(sums, theta, least, j, q, t):
    """The t where the root of D is q. The search begins at the given t. least: the lowest loss.

    >>> X, y = flights()
    >>> theta, least, hess = lowest(sums(X, y), [0.0, 0.0])
    >>> for end in wald_interval(theta, hess, 0):
    ...     print(round(profile_end(sums(X, y), theta, least, 0, quantile(0.05), end), 7))
    -0.5154325
    -0.0607863

    D (*) leans, beside the parabola (o): Wald refutes a steep curve too soon, and no slope at all
    too late. The bar is at q^2.

    >>> draw(sums(X, y), theta, least, hess, 0, [-0.55 + 0.05 * k for k in range(12)])
     -0.55                         |   *                        o
     -0.50                       * |             o
     -0.45                 *       |o
     -0.40            *   o        |
     -0.35       * o               |
     -0.30    *                    |
     -0.25  *                      |
     -0.20   *                     |
     -0.15     o*                  |
     -0.10           o  *          |
     -0.05                   o     |   *
      0.00                         |    o                   *
    """
    others = theta
    for _ in range(50):
        others, loss, _ = lowest(sums, others, j, t)
        root = sqrt(2 * (loss - least))
        step = (q - root) * root / sums(others)[1][j]  # d root / dt  =  dD/dt / (2 root)
        t += step
        if abs(step) <= 1e-10 * abs(t):
            return t
    return None


def draw(sums, theta, least, hess, j, values):
    """D (*) and its parabola (o) for some values of theta[j], six characters for 1."""
    error, others = sqrt(inverse(hess)[j][j]), theta
    for t in values:
        others, loss, _ = lowest(sums, others, j, t)
        line = [" "] * 64
        line[round(6 * quantile(0.05) ** 2)] = "|"
        line[round(6 * ((t - theta[j]) / error) ** 2)] = "o"
        line[round(6 * 2 * (loss - least))] = "*"
        print(f"{t:6.2f}  " + "".join(line).rstrip())


# -------------------------------------------------------- 4. where Wald fails: a large effect
#
# Two groups of 100 rows, x = 0 and x = 1. In the first 50 have y = 1, in the second 70, 80, ... The
# more they differ, the surer is the difference, and the root of D says so. But z rises and falls
# again: where p is close to 1, p (1-p) is close to 0, so that the error grows faster than the
# effect. A small z may mean a huge effect. (Hauck & Donner 1977)


def two_groups(ones):
    """z and the root of D for `ones` of 100.

    >>> for ones in (70, 80, 90, 94, 97, 99):
    ...     print(ones, *[round(value, 2) for value in two_groups(ones)])
    70 2.86 2.9
    80 4.33 4.5
    90 5.65 6.38
    94 5.9 7.29
    97 5.61 8.11
    99 4.48 8.79
    """
    rows = sums([[0.0], [0.0], [1.0], [1.0]], [0, 1, 0, 1], [50, 50, 100 - ones, ones])
    theta, least, hess = lowest(rows, [0.0, 0.0])
    _, loss, _ = lowest(rows, [0.0, 0.0], 0, 0.0)
    return theta[0] / sqrt(inverse(hess)[0][0]), sqrt(2 * (loss - least))


# -------------------------------------------------------- 5. no optimum is an answer too
#
# Four of the 23 flights, all of them without damage, get a mark: a second column, 1 for these four
# and else 0. Its weight can fall for ever: each step makes the four labels more probable and costs
# nothing. Such a table is called separable, and `lowest` gets lost. The answer is: this weight is
# -infinity. There the four rows have loss 0 and decide nothing any more. So the other parameters
# tend to the optimum of the 19 rows that are left.


def unmarked(X, y, j):
    """The rows with 0 in column j, and without it.

    >>> X, y = flights()
    >>> X = [x + [float(i in (4, 5, 12, 14))] for i, x in enumerate(X)]
    >>> print(lowest(sums(X, y), [0.0, 0.0, 0.0]))
    None
    >>> theta, least, hess = lowest(sums(*unmarked(X, y, 1)), [0.0, 0.0])
    >>> [round(value, 4) for value in (theta[0], sqrt(inverse(hess)[0][0]), 2 * least)]
    [-0.2512, 0.1206, 16.4816]

    The weight of the mark has an interval too, with one end. A t is refuted when D(t), counted from
    the loss at -infinity, exceeds q^2. (Wald has no answer: at -infinity nothing curves.)

    >>> theta = [theta[0], -30.0, theta[1]]
    >>> round(profile_end(sums(X, y), theta, least, 1, quantile(0.05), 0.0), 4)
    0.0031
    """
    rows = [i for i, x in enumerate(X) if not x[j]]
    return [X[i][:j] + X[i][j + 1 :] for i in rows], [y[i] for i in rows]


# -------------------------------------------------------- 6. Firth: half a row of each label
#
# Whoever needs finite numbers may say before he looks at the labels: no weight is infinite. Firth
# (1993) multiplies the likelihood by the root of the determinant of hess, which is 0 where p is 0
# or 1 in too many rows. That has a plain meaning. The derivative of the logarithm of this factor by
# a score z_i is h_i (1/2 - p_i), where h_i is the leverage of the row:
#
#     h_i  =  p_i (1 - p_i) x1_i . hess^-1 x1_i,           and all h_i together are d+1
#
# So the row pulls with  p_i - y_i + h_i (p_i - 1/2):  as if h_i/2 rows with its x and label 1 were
# added, and h_i/2 with label 0. d+1 rows in all: they matter where there are few, and the estimate
# has less bias than the optimum, which exaggerates effects.


def firth(X, y):
    """sums, with loss - log(det hess) / 2 in place of the loss. Document 001 has no optimum, but:

    >>> X, y = [[1.0], [2.0], [3.0], [4.0], [5.0]], [0, 0, 0, 1, 1]
    >>> theta, loss, hess = lowest(firth(X, y), [0.0, 0.0])
    >>> [round(theta_j, 6) for theta_j in theta]
    [1.179216, -4.076584]
    """

    def penalised(theta):
        loss, grad, hess = hessian(X, y, theta[:-1], theta[-1])
        T = cholesky(hess)
        # det hess = (det T)^2, and det T is the product of its diagonal
        loss -= total([log(row[-1]) for row in T])
        for x_i in X:
            x1 = x_i + [1.0]
            z, u = dot(x1, theta), solve_lower(T, x1)  # x1 . hess^-1 x1  =  |T^-1 x1|^2
            h = curvature(z) * dot(u, u)
            grad = plus(grad, h * loss_and_residual(1 / 2, z)[1], x1)  # its residual is p - 1/2
        return loss, grad, hess

    return penalised


# -------------------------------------------------------- 7. what a robust error asks instead
#
# hess^-1 believes the model: that a label varies around its p by p (1-p), and that each row was
# drawn once. The residuals r tell how much the labels did vary. The gradient of a row is r x1. If
# the labels were drawn again, the sum of these would vary by about
#
#     meat  =  sum of (s_i r_i)^2 x1_i x1_i'               (entry j, k: ... x1_i[j] x1_i[k])
#
# and theta by hess^-1 of that, from both sides: hess^-1 meat hess^-1, a sandwich. If the model is
# right, both are nearly the same. (Huber 1967, White 1980)


def robust_covariance(X, y, theta, s=None):
    """hess^-1 meat hess^-1. Let each flight weigh four times as much, and the errors of chapter 3
    halve, though nothing was learned. The sandwich stays:

    >>> X, y = flights()
    >>> theta, _, _ = lowest(sums(X, y), [0.0, 0.0])
    >>> for s in [1.0] * 23, [4.0] * 23:
    ...     covariance = inverse(sums(X, y, s)(theta)[2])
    ...     robust = robust_covariance(X, y, theta, s)
    ...     print(round(sqrt(covariance[0][0]), 6), round(sqrt(robust[0][0]), 6))
    0.108237 0.090736
    0.054118 0.090736
    """
    bread = inverse(sums(X, y, s)(theta)[2])
    m = len(theta)
    out = [[0.0] * m for _ in range(m)]
    for x_i, y_i, s_i in zip(X, y, s or [1.0] * len(y)):
        x1 = x_i + [1.0]
        r = s_i * loss_and_residual(y_i, dot(x1, theta))[1]
        v = [r * dot(row, x1) for row in bread]  # how far this row pulled theta
        for j in range(m):
            out[j] = plus(out[j], v[j], v)
    return out
