"""Chapter 1's derivation, proven by sympy in symbols: the documents' steps are true.

That the code computes what they derive is the second half: for the three pieces it stands here,
for all else in tests/front/test_quotients.py.
"""

import itertools

import mpmath
import pytest
import sympy
from helpers import truth
from helpers.compare import EPS, ulp_error
from helpers.quotients import quotient, sigmoid
from sympy import Rational, Symbol, exp, log, simplify, symbols

from pyref import logistic as lesson

y, p = symbols("y p", positive=True)
z, a, b, x = symbols("z a b x", real=True)

SIGMOID = 1 / (1 + exp(-z))
SOFTPLUS = log(1 + exp(z))
LOSS_OF_P = -(y * log(p) + (1 - y) * log(1 - p))


def equal(one, other):
    return simplify(one - other) == 0


# ---------------------------------------------------------------- in symbols


def test_equal_can_tell():
    assert equal((p + 1) ** 2, p**2 + 2 * p + 1)
    assert not equal(SIGMOID, SIGMOID + Rational(1, 10**9))
    assert not equal(SIGMOID, -SIGMOID)


def test_piece_1_how_the_loss_changes_with_the_probability():
    slope = sympy.diff(LOSS_OF_P, p)
    assert equal(slope, -y / p + (1 - y) / (1 - p))  # document 000
    assert equal(slope, -(y * (1 - p) - (1 - y) * p) / (p * (1 - p)))  # 002, on the way
    assert equal(slope, (p - y) / (p * (1 - p)))  # 001, 002
    assert not equal(slope, (y - p) / (p * (1 - p)))


def test_piece_2_how_the_probability_changes_with_the_score():
    slope = sympy.diff(SIGMOID, z)
    assert equal(slope, exp(-z) / (1 + exp(-z)) ** 2)
    assert equal(slope, SIGMOID * (1 - SIGMOID))
    # as the chapter computes it, with nothing subtracted from 1
    assert equal(slope, SIGMOID * SIGMOID.subs(z, -z))
    assert equal(1 - SIGMOID, SIGMOID.subs(z, -z))


def test_piece_3_how_the_score_changes_with_each_parameter():
    assert sympy.diff(a * x + b, a) == x
    assert sympy.diff(a * x + b, b) == 1
    w, features = symbols("w:3"), symbols("x:3")
    score = sum(w_k * x_k for w_k, x_k in zip(w, features, strict=True)) + b
    assert [sympy.diff(score, w_j) for w_j in w] == list(features)


def test_the_product_of_the_pieces_collapses():
    pieces = (p - y) / (p * (1 - p)), p * (1 - p), x
    assert equal(pieces[0] * pieces[1], p - y)
    assert equal(pieces[0] * pieces[1] * pieces[2], (p - y) * x)
    # and it is the derivative of the whole, without the chain rule
    score = a * x + b
    loss = LOSS_OF_P.subs(p, SIGMOID.subs(z, score))
    assert equal(sympy.diff(loss, a), (SIGMOID.subs(z, score) - y) * x)
    assert equal(sympy.diff(loss, b), SIGMOID.subs(z, score) - y)


def test_the_residual_in_the_forms_that_do_not_cancel():
    residual = (1 - y) * SIGMOID - y * SIGMOID.subs(z, -z)
    assert equal(residual, SIGMOID - y)
    e = exp(-z)  # z >= 0
    assert equal(residual, (1 - y - y * e) / (1 + e))
    e = exp(z)  # z < 0
    assert equal(residual, ((1 - y) * e - y) / (1 + e))


def test_softplus_is_the_sigmoids_integral():
    assert equal(sympy.diff(SOFTPLUS, z), SIGMOID)
    # max(z, 0) + log(1 + e^-|z|), for either sign of z: equal at 0, and so are the slopes
    for form in (z + log(1 + exp(-z)), log(1 + exp(z))):
        assert equal(sympy.diff(form, z), SIGMOID)
        assert equal(form.subs(z, 0), log(2))


def test_the_two_forms_of_the_loss_agree():
    """Equal at z = 0, with equal derivatives everywhere: equal."""
    from_p = LOSS_OF_P.subs(p, SIGMOID)
    from_z = (1 - y) * SOFTPLUS + y * SOFTPLUS.subs(z, -z)
    assert equal(from_p.subs(z, 0), log(2))
    assert equal(from_z.subs(z, 0), log(2))
    assert equal(sympy.diff(from_p, z), sympy.diff(from_z, z))
    # as the code has it: |z| times the label's weight that z speaks against, and one log
    for sign, against in ((1, 1 - y), (-1, y)):
        one_log = sign * z * against + log(1 + exp(-sign * z))
        assert equal(one_log.subs(z, 0), log(2))
        assert equal(sympy.diff(one_log, z), sympy.diff(from_z, z))


def test_the_mean_gradient_of_document_002():
    """J = (1/m) sum of L; dJ/dw_j = (1/m) sum of (h(x_i) - y_i) x_ij, for m = 2, d = 2."""
    m, d = 2, 2
    w = symbols(f"w:{d}", real=True)
    X = [[Symbol(f"x_{i}{j}", real=True) for j in range(d)] for i in range(m)]
    labels = [Symbol(f"y_{i}", positive=True) for i in range(m)]
    h = [
        SIGMOID.subs(z, sum(w_j * x_ij for w_j, x_ij in zip(w, row, strict=True)) + b) for row in X
    ]
    J = sum(LOSS_OF_P.subs({p: h_i, y: y_i}) for h_i, y_i in zip(h, labels, strict=True)) / m
    for j in range(d):
        mean = sum((h[i] - labels[i]) * X[i][j] for i in range(m)) / m
        assert equal(sympy.diff(J, w[j]), mean)
    assert equal(sympy.diff(J, b), sum(h[i] - labels[i] for i in range(m)) / m)


def test_the_loss_is_convex_in_the_score():
    """Its second derivative is p (1-p) > 0, whatever the label: there is one valley."""
    loss = (1 - y) * SOFTPLUS + y * SOFTPLUS.subs(z, -z)
    assert equal(sympy.diff(loss, z, 2), SIGMOID * (1 - SIGMOID))
    curvature = exp(-z) / (1 + exp(-z)) ** 2
    assert curvature.is_positive
    assert equal(curvature, SIGMOID * (1 - SIGMOID))


# ---------------------------------------------------------------- the pieces in the code


@pytest.mark.parametrize("q", [1e-6, 0.01, 0.3, 0.5, 0.75, 0.999])
def test_the_derivatives_of_a_probability(q):
    for label in (0, 0.25, 0.5, 1):
        slope = quotient(lambda u, label=label: truth.loss(label, u), q)
        size = label / q + (1 - label) / (1 - q)
        assert abs(lesson.dL_dp(label, q) - slope) <= 2 * EPS * size
    with mpmath.workdps(100):
        score = mpmath.log(mpmath.mpf(q) / (1 - mpmath.mpf(q)))
    assert ulp_error(lesson.dp_dz(q), quotient(sigmoid, score)) <= 2


def test_the_derivative_of_one_samples_loss_by_a():
    for (X, t), label in itertools.product([(3.0, 0.5), (-1.25, -0.75), (0.5, 4.0)], (0, 1)):
        slope = quotient(lambda u, X=X, label=label: truth.loss(label, sigmoid(u * X - 1)), t)
        assert abs(lesson.dL_da(X, label, t, -1.0) / float(slope) - 1) < 1e-14
        assert lesson.dz_da(X) == float(quotient(lambda u, X=X: u * X - 1, t))
