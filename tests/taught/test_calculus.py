"""The derivation, proven: by sympy in symbols, and by difference quotients in the code.

The symbolic half says that the documents' steps are true. The second half says that the code
computes what they derive: each derivative is compared with the difference quotient of the
documents' loss, formed with so many digits that the quotient is exact beyond every float.
"""

import itertools

import mpmath
import pytest
import sympy
from helpers import oracle, truth
from helpers.compare import EPS, gradient_and_bound, ulp_error, within
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
    """J = (1/m) sum of L; dJ/dw_j = (1/m) sum of (h(x_i) - y_i) x_ij, for m = 3, d = 2."""
    m, d = 3, 2
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


# ---------------------------------------------------------------- in the code
#
# (f(t + h) - f(t - h)) / 2h is off by h^2 f'''/6: with h = 1e-20, less than 1e-38 here. At 100
# digits its own rounding is less than 1e-70.

H = mpmath.mpf(10) ** -20


def quotient(f, t):
    with mpmath.workdps(100):
        t = mpmath.mpf(t)
        return (f(t + H) - f(t - H)) / (2 * H)


def sigmoid(t):
    return 1 / (1 + mpmath.exp(-t))


POINTS = (-30.0, -7.3, -2.0, -0.6, 0.0, 0.001, 1.5, 4.0, 11.0, 36.0)


def test_a_quotient_is_exact_to_its_last_float():
    with mpmath.workdps(60):
        assert abs(quotient(mpmath.exp, 1) - mpmath.e) < mpmath.mpf(10) ** -38
        for t in POINTS:
            exact = sigmoid(mpmath.mpf(t)) * sigmoid(-mpmath.mpf(t))
            assert abs(quotient(sigmoid, t) / exact - 1) < mpmath.mpf(10) ** -37


@pytest.mark.parametrize("t", POINTS)
def test_the_derivatives_of_a_score(impl, ulps, t):
    assert ulp_error(impl.sigmoid_derivative(t), quotient(sigmoid, t)) <= ulps + 2
    slope = quotient(lambda u: mpmath.log(1 + mpmath.exp(u)), t)
    assert ulp_error(impl.sigmoid(t), slope) <= ulps
    for label in (0, 1):
        slope = quotient(lambda u, label=label: truth.loss(label, sigmoid(u)), t)
        assert ulp_error(impl.residual(label, t), slope) <= ulps
    for label in (0.25, 0.5, 0.9):
        slope = quotient(lambda u, label=label: truth.loss(label, sigmoid(u)), t)
        assert abs(impl.residual(label, t) - slope) <= ulps * EPS


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


def partial(X, labels, parameters, j):
    """The summed loss's difference quotient by parameter j of (w..., b)."""

    def loss(t):
        moved = [mpmath.mpf(float(value)) for value in parameters]
        moved[j] = t
        return truth.summed_loss(X.tolist(), labels.tolist(), moved[:-1], moved[-1])

    return quotient(loss, float(parameters[j]))


def rounded(value):
    """An mpmath number in NumPy's longest float, without passing through a double."""
    high = float(value)
    return oracle.LONG(high) + oracle.LONG(float(value - mpmath.mpf(high)))


SHAPES = [(1, 1), (2, 1), (7, 3), (9, 5), (20, 2), (8, 17)]


@pytest.mark.parametrize(("n", "d"), SHAPES)
@pytest.mark.parametrize("kind", ["hard", "soft", "far"])
def test_the_gradient_for_w_and_b(impl, n, d, kind):
    X, labels, w, c = oracle.problem(n + d, n, d, kind == "soft", 12.0 if kind == "far" else 1.0)
    with mpmath.workdps(100):
        want = [rounded(partial(X, labels, [*w, c], j)) for j in range(d + 1)]
        weights = [mpmath.mpf(w_j) for w_j in w.tolist()]
        loss = rounded(truth.summed_loss(X.tolist(), labels.tolist(), weights, mpmath.mpf(c)))
    got = impl.gradient(X, labels, w, c)
    _, bound = gradient_and_bound(X, labels, w, c)
    within([*got[1], got[2]], want, [*bound.grad_w, bound.grad_b], "gradient")
    within(got[0], loss, bound.loss, "loss")


@pytest.mark.parametrize("n", [1, 2, 5, 9, 30])
def test_the_gradient_for_a_and_b(impl, n):
    X, labels, w, c = oracle.problem(50 + n, n, 1, soft=n > 5)
    with mpmath.workdps(100):
        want = [rounded(partial(X, labels, [*w, c], j)) for j in range(2)]
    _, bound = gradient_and_bound(X, labels, w, c)
    got = impl.gradient_ab(X[:, 0], labels, w[0], c)
    within(got, want, [bound.grad_w[0], bound.grad_b], "gradient_ab")


def test_the_gradient_on_the_documents_data(impl):
    X, labels, _, _ = oracle.five_points()
    for w, c in ((0.0, 0.0), (1.769045864973106, -5.956350539118638), (-3.0, 2.0)):
        with mpmath.workdps(100):
            want = [rounded(partial(X, labels, [w, c], j)) for j in range(2)]
        _, bound = gradient_and_bound(X, labels, [w], c)
        allowed = [bound.grad_w[0], bound.grad_b]
        within(impl.gradient_ab(X[:, 0], labels, w, c), want, allowed, "001")
        _, grad_w, grad_b = impl.gradient(X, labels, [w], c)
        within([grad_w[0], grad_b], want, allowed, "001")
