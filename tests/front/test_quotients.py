"""What the derivatives are: each compared with the difference quotient of the documents' loss.

The quotients have so many digits that they are exact beyond every float: helpers/quotients.py.
"""

import mpmath
import pytest
from helpers import oracle, truth
from helpers.compare import (
    EPS,
    gradient_ab_and_bound,
    gradient_and_bound,
    ulp_error,
    within,
)
from helpers.quotients import POINTS, quotient, sigmoid


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
    _, bound = gradient_ab_and_bound(impl, X[:, 0], labels, w[0], c)
    within(impl.gradient_ab(X[:, 0], labels, w[0], c), want, bound, "gradient_ab")


def test_the_gradient_on_the_documents_data(impl):
    X, labels, _, _ = oracle.five_points()
    for w, c in ((0.0, 0.0), (1.769045864973106, -5.956350539118638), (-3.0, 2.0)):
        with mpmath.workdps(100):
            want = [rounded(partial(X, labels, [w, c], j)) for j in range(2)]
        _, bound = gradient_ab_and_bound(impl, X[:, 0], labels, w, c)
        within(impl.gradient_ab(X[:, 0], labels, w, c), want, bound, "001")
        _, bound = gradient_and_bound(X, labels, [w], c)
        _, grad_w, grad_b = impl.gradient(X, labels, [w], c)
        within([grad_w[0], grad_b], want, [bound.grad_w[0], bound.grad_b], "001")
