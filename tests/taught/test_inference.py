"""Chapter 4 against independent truth: 50-digit arithmetic, closed forms, NumPy's matrices."""

import math

import mpmath
import numpy as np
import pytest
from helpers import oracle, truth
from helpers.compare import EPS

from pyref import inference
from pyref.inference import lowest, sums


def table(seed, n=40, d=2):
    X, y, w, _ = oracle.problem(seed, n, d)
    return X.tolist(), y.tolist(), [0.0] * (len(w) + 1)


def exact_loss(X, y, theta):
    """In mpmath, of numbers of any precision."""
    return truth.summed_loss(X, y, theta[:-1], theta[-1])


def exact_hessian(X, theta):
    rows = mpmath.matrix([[*x, 1] for x in X])
    m = len(theta)
    hess = mpmath.matrix(m, m)
    for i in range(len(X)):
        z = mpmath.fsum(rows[i, j] * theta[j] for j in range(m))
        p = 1 / (1 + mpmath.exp(-z))
        hess += p * (1 - p) * rows[i, :].T * rows[i, :]
    return hess


# ---------------------------------------------------------------- how often by chance


@pytest.mark.parametrize("z", [0.0, 1e-300, 1e-9, 0.5, 1.96, 3.7, 8.3, 20.1, 37.123, -2.5])
def test_the_p_value_of_a_normal_number(z):
    with mpmath.workdps(50):
        exact = mpmath.erfc(abs(mpmath.mpf(z)) / mpmath.sqrt(2))
        # a rounding of z/sqrt(2) counts z^2 times
        assert abs(inference.p_value(z) - exact) <= (2 + 2 * z * z) * EPS * exact


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5, 6, 17, 40, 101])
@pytest.mark.parametrize("D", [1e-12, 0.3, 3.841458820694124, 40.0, 700.0, 1300.0])
def test_the_p_value_of_a_sum_of_squares(D, k):
    with mpmath.workdps(50):
        exact = mpmath.gammainc(mpmath.mpf(k) / 2, mpmath.mpf(D) / 2, regularized=True)
        assert abs(inference.p_value_squares(D, k) - exact) <= (10 + k + D) * EPS * exact


@pytest.mark.parametrize("alpha", [0.999, 0.5, 0.05, 1e-3, 1e-20, 1e-300])
def test_the_quantile_is_where_the_p_value_is_alpha(alpha):
    with mpmath.workdps(50):
        exact = mpmath.sqrt(2) * mpmath.erfinv(1 - mpmath.mpf(alpha)) if alpha > 1e-30 else None
        q = inference.quantile(alpha)
        if exact is None:
            exact = mpmath.findroot(
                lambda x: mpmath.log(mpmath.erfc(x / mpmath.sqrt(2))) - mpmath.log(alpha), q
            )
        assert abs(q - exact) <= 4 * EPS * (exact + 1)


def test_a_quantile_is_not_where_the_search_began():
    assert inference.quantile(1.0) == 0.0
    assert inference.quantile(0.05) == pytest.approx(1.959963984540054, rel=1e-15)


# ---------------------------------------------------------------- intervals


@pytest.mark.parametrize("seed", range(4))
def test_a_parameter_is_held(seed):
    """All other entries of the gradient are 0 there, and the held one is where it should be."""
    X, y, start = table(seed)
    for j in range(3):
        theta, loss, _ = lowest(sums(X, y), start, j, 0.25)
        exact, grad, _ = sums(X, y)(theta)
        assert theta[j] == pytest.approx(0.25, abs=1e-12)
        assert [abs(g) < 1e-8 for k, g in enumerate(grad) if k != j] == [True, True]
        assert abs(grad[j]) > 0.1
        assert loss == pytest.approx(exact, rel=1e-14)


def test_the_profile_of_the_flights_in_fifty_digits():
    X, y = inference.flights()
    with mpmath.workdps(50):
        x = [mpmath.mpf(row[0]) for row in X]

        def gradient_b(w, b):
            return mpmath.fsum(
                1 / (1 + mpmath.exp(-w * x_i - b)) - y_i for x_i, y_i in zip(x, y, strict=True)
            )

        def loss(w, b):
            return mpmath.fsum(
                mpmath.log(1 + mpmath.exp(w * x_i + b)) - y_i * (w * x_i + b)
                for x_i, y_i in zip(x, y, strict=True)
            )

        theta, least, hess = lowest(sums(X, y), [0.0, 0.0])
        w, b = mpmath.findroot(
            lambda w, b: [mpmath.diff(lambda v: loss(v, b), w), gradient_b(w, b)], theta
        )
        assert abs(theta[0] - w) < 1e-12
        assert abs(theta[1] - b) < 1e-10
        q = mpmath.sqrt(2) * mpmath.erfinv(mpmath.mpf("0.95"))
        exact = [
            mpmath.findroot(
                lambda w, b: [2 * (loss(w, b) - least) - q * q, gradient_b(w, b)], start
            )[0]
            for start in ((-0.51, 34), (-0.06, 3.3))
        ]
    ends = [
        inference.profile_end(sums(X, y), theta, least, 0, inference.quantile(0.05), end)
        for end in inference.wald_interval(theta, hess, 0)
    ]
    assert ends == pytest.approx([float(end) for end in exact], rel=1e-9)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("alpha", [0.3, 0.05])
def test_at_both_ends_of_a_profile_the_data_are_equally_improbable(seed, alpha):
    X, y, start = table(seed, 60)
    theta, least, hess = lowest(sums(X, y), start)
    for j in range(3):
        low, high = inference.wald_interval(theta, hess, j, alpha)
        assert low < theta[j] < high
        for begin, side in ((low, -1), (high, 1)):
            end = inference.profile_end(
                sums(X, y), theta, least, j, inference.quantile(alpha), begin
            )
            assert side * (end - theta[j]) > 0
            _, loss, _ = lowest(sums(X, y), theta, j, end)
            p = inference.p_value_squares(2 * (loss - least), 1)
            assert p == pytest.approx(alpha, rel=1e-7)


@pytest.mark.parametrize("ones", [60, 70, 94, 99])
def test_two_groups_have_closed_forms(ones):
    def entropy(k, n):
        return -k * math.log(k / n) - (n - k) * math.log(1 - k / n)

    effect = math.log(ones / (100 - ones))
    error = math.sqrt(1 / 50 + 1 / 50 + 1 / ones + 1 / (100 - ones))
    D = 2 * (entropy(50 + ones, 200) - entropy(50, 100) - entropy(ones, 100))
    assert inference.two_groups(ones) == pytest.approx((effect / error, math.sqrt(D)), rel=1e-10)


# ---------------------------------------------------------------- no optimum


def test_the_others_tend_to_the_optimum_of_the_rows_that_are_left():
    X, y = inference.flights()
    X = [[*x, float(i in (4, 5, 12, 14))] for i, x in enumerate(X)]
    limit, least, _ = lowest(sums(*inference.unmarked(X, y, 1)), [0.0, 0.0])
    away = []
    for t in (-5.0, -10.0, -20.0, -30.0):
        theta, loss, _ = lowest(sums(X, y), [limit[0], t, limit[1]], 1, t)
        away.append(max(abs(theta[0] - limit[0]), abs(theta[2] - limit[1]), loss - least))
    assert away[0] > 100 * away[1] > 1e4 * away[2]
    assert away[-1] < 1e-9


@pytest.mark.parametrize("name", ["separable", "not separable"])
def test_firth_is_the_lowest_point_of_what_it_says(name):
    """The derivatives of loss - log(det hess) / 2, by differences in 50 digits, are 0."""
    X, y, start = table(3, 12)
    if name == "separable":
        y = [int(x[0] + x[1] > 0) for x in X]
    theta, loss, _ = lowest(inference.firth(X, y), start)
    with mpmath.workdps(50):

        def penalised(*theta):
            det = mpmath.det(exact_hessian(X, theta))
            return exact_loss(X, y, theta) - mpmath.log(det) / 2

        assert abs(penalised(*theta) - loss) < 1e-9
        for j in range(3):
            n = tuple(int(k == j) for k in range(3))
            assert abs(mpmath.diff(penalised, tuple(theta), n)) < 1e-7
            assert mpmath.diff(penalised, tuple(theta), tuple(2 * k for k in n)) > 0


# ---------------------------------------------------------------- robust errors


def test_the_sandwich_by_matrices():
    X, y, start = table(5)
    s = [0.5 + i % 3 for i in range(len(y))]
    theta, _, _ = lowest(sums(X, y, s), start)
    rows = np.column_stack([X, np.ones(len(X))])
    p = 1 / (1 + np.exp(-rows @ theta))
    bread = np.linalg.inv(rows.T * (s * p * (1 - p)) @ rows)
    meat = rows.T * (s * (p - y)) ** 2 @ rows
    got = np.array(inference.robust_covariance(X, y, theta, s))
    np.testing.assert_allclose(got, bread @ meat @ bread, rtol=1e-10)
    np.testing.assert_array_equal(
        inference.robust_covariance(X, y, theta),
        inference.robust_covariance(X, y, theta, [1.0] * 40),
    )
