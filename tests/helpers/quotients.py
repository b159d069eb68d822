"""Difference quotients that are exact beyond every float.

(f(t + h) - f(t - h)) / 2h is off by h^2 f'''/6: with h = 1e-20, less than 1e-38 here. At 100
digits its own rounding is less than 1e-70.
"""

import mpmath

H = mpmath.mpf(10) ** -20


def quotient(f, t):
    with mpmath.workdps(100):
        t = mpmath.mpf(t)
        return (f(t + H) - f(t - H)) / (2 * H)


def sigmoid(t):
    return 1 / (1 + mpmath.exp(-t))


POINTS = (-30.0, -7.3, -2.0, -0.6, 0.0, 0.001, 1.5, 4.0, 11.0, 36.0)
