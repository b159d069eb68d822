"""What holds for every input, tried on inputs that hypothesis thinks up.

Each implementation against the oracle for any shape and values; then the laws that the loss and
its gradient obey, which no oracle is needed for. Where rounding is symmetric the law is exact, and
tested to the bit; elsewhere it holds within the bounds of both sides.
"""

import math

import mpmath
import numpy as np
from helpers import truth
from helpers.compare import (
    EPS,
    QUANTUM,
    Blind,
    descent_agrees,
    gradient_ab_agrees,
    gradient_agrees,
    gradient_and_bound,
    same,
    ulp_error,
    ulps,
    within,
)
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import pyref.logistic

# How many units in the last place a function of a score may be from the truth (conftest.py).
ULPS = {"pyref": 2, "pyref.fast": 3}

any_float = st.floats(allow_nan=False, allow_infinity=False)
label = st.sampled_from([0.0, 1.0]) | st.floats(0, 1)
hard_label = st.sampled_from([0.0, 1.0])
dyadic_label = st.sampled_from([0.0, 0.125, 0.5, 0.75, 1.0])  # 1 - y is exact
feature = st.floats(-1e3, 1e3)
moderate = st.one_of(st.just(0.0), st.floats(0.01, 100), st.floats(-100, -0.01))


@st.composite
def tables(draw, features=feature, labels=label, rows=40, columns=9, scale=1.0):
    """(X, y, w, b) of any shape."""
    n, d = draw(st.integers(1, rows)), draw(st.integers(1, columns))
    X = draw(arrays(float, (n, d), elements=features))
    y = draw(arrays(float, n, elements=labels))
    w = draw(arrays(float, d, elements=st.floats(-scale, scale)))
    return X, y, w, draw(st.floats(-30, 30))


def flat(gradient):
    loss, grad_w, grad_b = gradient
    return [loss, *grad_w, grad_b]


def flat_bound(X, y, w, b):
    return np.array(flat(gradient_and_bound(X, y, w, b)[1]))


# ---------------------------------------------------------------- one score


@given(z=any_float | st.floats(-750, 750))
@example(z=0.0)
@example(z=-0.0)
@example(z=5e-324)
@example(z=-708.5)
@settings(max_examples=300)
def test_functions_of_any_score(impls, z):
    for impl in impls:
        ulps = ULPS[impl.__name__]
        got = impl.sigmoid(z), impl.softplus(z), impl.residual(1, z)
        if abs(z) <= 800:
            t = truth.of_score(z)
            assert ulp_error(got[0], t.p) <= ulps
            assert ulp_error(got[1], t.loss_0) <= ulps
            assert ulp_error(got[2], -t.q) <= ulps
            assert ulp_error(impl.binary_cross_entropy_with_logits(1, z), t.loss_1) <= ulps
        else:
            assert got == ((1.0, z, 0.0) if z > 0 else (0.0, 0.0, -1.0))


@given(y=label, z=any_float | st.floats(-800, 800))
def test_ranges_and_signs(impls, y, z):
    for impl in impls:
        assert 0 <= impl.sigmoid(z) <= 1
        assert impl.softplus(z) >= max(z, 0)
        assert 0 <= impl.sigmoid_derivative(z) <= 0.25
        assert impl.binary_cross_entropy_with_logits(y, z) >= 0
        assert -y - EPS <= impl.residual(y, z) <= 1 - y + EPS
        if y == 0:
            assert impl.residual(y, z) >= 0
        if y == 1:
            assert impl.residual(y, z) <= 0


@given(y=dyadic_label, z=any_float | st.floats(-800, 800))
def test_exchanging_the_labels_mirrors_the_score_to_the_bit(impls, y, z):
    for impl in impls:
        loss = impl.binary_cross_entropy_with_logits
        assert loss(1 - y, -z) == loss(y, z)
        assert impl.residual(1 - y, -z) == -impl.residual(y, z)


@given(z=st.floats(-800, 800))
def test_the_two_probabilities_add_up_to_one(impls, z):
    for impl in impls:
        assert abs(impl.sigmoid(z) + impl.sigmoid(-z) - 1) <= 4 * EPS
        assert abs(impl.softplus(z) - impl.softplus(-z) - z) <= 4 * EPS * max(1, abs(z))


@given(y=label, p=st.floats(0, 1))
@example(y=0.0, p=1.0)
@example(y=1.0, p=5e-324)
def test_functions_of_any_probability(impls, y, p):
    for impl in impls:
        ulps = ULPS[impl.__name__]
        got = impl.binary_cross_entropy(y, p)
        assert got >= 0
        assert type(got) is float
        certain_and_wrong = (p == 0 and y > 0) or (p == 1 and y < 1)
        assert math.isinf(got) == certain_and_wrong
        if 0 < p < 1:
            with mpmath.workprec(1200):
                want = truth.loss(y, mpmath.mpf(p))
                assert abs(got - want) <= ulps * EPS * want + QUANTUM


# ---------------------------------------------------------------- against the oracle


@given(data=tables())
@settings(max_examples=200)
def test_any_table_within_the_bound(impls, data):
    for impl in impls:
        gradient_agrees(impl.gradient(*data), *data, blind_ok=True)


@given(data=tables(features=st.floats(-1e-300, 1e-300) | st.floats(-1e5, 1e5), scale=0.01))
def test_tiny_and_large_features_side_by_side(impls, data):
    for impl in impls:
        gradient_agrees(impl.gradient(*data), *data, blind_ok=True)


@given(data=tables(columns=1))
def test_one_feature_within_the_bound(impls, data):
    for impl in impls:
        X, y, w, b = data
        gradient_ab_agrees(impl, X[:, 0], y, w[0], b, blind_ok=True)


@given(
    data=tables(features=st.floats(-3, 3), rows=20, columns=4),
    momentum=st.sampled_from([0.0, 0.5, 0.9, 1.0]),
    reduction=st.sampled_from(["mean", "sum"]),
    iterations=st.integers(0, 8),
)
@settings(max_examples=60)
def test_any_descent_within_the_bound(impls, data, momentum, reduction, iterations):
    for impl in impls:
        X, y, w, b = data
        how = {"learning_rate": 0.05, "momentum": momentum, "reduction": reduction, "w": w, "b": b}
        fit = impl.gradient_descent(X, y, iterations=iterations, **how)
        assume(fit.status == "iterations")  # "converged" where every residual has underflowed
        assert fit.iterations == iterations
        try:
            descent_agrees(fit, X, y, **how)
        except Blind:  # nothing moved: the gradient is zero within its bound
            assume(False)


@given(data=tables())
def test_both_implementations_agree(fast, data):
    one, other = pyref.gradient(*data), fast.gradient(*data)
    within(flat(other), flat(one), 2 * flat_bound(*data), "python and c", blind_ok=True)


# ---------------------------------------------------------------- laws


@given(data=tables(), seed=st.integers(0, 2**31))
def test_the_order_of_the_rows_does_not_matter(impls, data, seed):
    for impl in impls:
        X, y, w, b = data
        order = np.random.RandomState(seed).permutation(len(y))
        got, want = impl.gradient(X[order], y[order], w, b), impl.gradient(*data)
        within(flat(got), flat(want), 2 * flat_bound(*data), "rows permuted", blind_ok=True)


@given(data=tables(), seed=st.integers(0, 2**31))
def test_the_gradient_follows_the_columns(impls, data, seed):
    for impl in impls:
        X, y, w, b = data
        order = np.random.RandomState(seed).permutation(len(w))
        loss, grad_w, grad_b = impl.gradient(X, y, w, b)
        got = impl.gradient(np.ascontiguousarray(X[:, order]), y, w[order], b)
        want = [loss, *np.array(grad_w)[order], grad_b]
        bound = flat_bound(X[:, order], y, w[order], b)
        within(flat(got), want, 2 * bound, "columns permuted", blind_ok=True)


@given(data=tables(rows=30), share=st.floats(0, 1))
def test_sums_over_parts_add_up(impls, data, share):
    for impl in impls:
        X, y, w, b = data
        cut = int(share * len(y))
        assume(0 < cut < len(y))
        parts = [
            np.array(flat(impl.gradient(X[rows], y[rows], w, b)))
            for rows in (slice(cut), slice(cut, None))
        ]
        bound = 3 * flat_bound(*data)
        within(parts[0] + parts[1], flat(impl.gradient(*data)), bound, "parts", blind_ok=True)


@given(data=tables(labels=st.floats(0, 1)))
def test_a_soft_label_is_a_mixture_of_the_two_hard_ones(impls, data):
    for impl in impls:
        X, y, w, b = data
        zeros, ones = (
            np.array([flat(impl.gradient(X[i : i + 1], [k], w, b)) for i in range(len(y))])
            for k in (0, 1)
        )
        mixture = ((1 - y)[:, None] * zeros + y[:, None] * ones).sum(axis=0)
        within(flat(impl.gradient(*data)), mixture, 3 * flat_bound(*data), "mixture", blind_ok=True)


@given(data=tables(labels=dyadic_label))
def test_exchanging_the_labels_and_the_signs_mirrors_the_gradient_to_the_bit(impls, data):
    for impl in impls:
        X, y, w, b = data
        loss, grad_w, grad_b = impl.gradient(X, y, w, b)
        mirrored = impl.gradient(X, 1 - y, -w, -b)
        assert mirrored[0] == loss
        assert mirrored[2] == -grad_b
        assert list(mirrored[1]) == [-g for g in grad_w]


@given(data=tables(features=moderate), k=st.integers(-30, 30))
def test_a_change_of_units_by_a_power_of_two_is_exact(impls, data, k):
    for impl in impls:
        X, y, w, b = data
        assume(all(abs(w_j) > 1e-250 or w_j == 0 for w_j in w))
        loss, grad_w, grad_b = impl.gradient(X, y, w, b)
        assume(all(abs(g) > 1e-250 or g == 0 for g in grad_w))
        scaled = impl.gradient(X * 2.0**k, y, w / 2.0**k, b)
        same([scaled[0], list(scaled[1]), scaled[2]], [loss, [g * 2.0**k for g in grad_w], grad_b])


@given(data=tables(), where=st.integers(0, 9))
def test_a_feature_that_is_always_zero_changes_nothing(impls, data, where):
    for impl in impls:
        X, y, w, b = data
        where = min(where, len(w))
        wider = np.insert(X, where, 0.0, axis=1), y, np.insert(w, where, 5.0), b
        loss, grad_w, grad_b = impl.gradient(*wider)
        assert grad_w[where] == 0
        grad_w = np.delete(np.array(grad_w), where)
        bound = 2 * flat_bound(*data) * (len(w) + 2)
        want = flat(impl.gradient(*data))
        within([loss, *grad_w, grad_b], want, bound, "zero feature", blind_ok=True)


@given(data=tables(features=st.floats(-5, 5), rows=25, columns=4))
@settings(max_examples=50)
def test_a_safe_step_never_raises_the_loss(impls, data):
    for impl in impls:
        X, y, w, b = data
        n = len(y)
        safe = 4 / (1 + float((X**2).sum()) / n)  # 1/L: a quarter of A^T A's trace bounds L
        fit = impl.gradient_descent(X, y, learning_rate=safe, iterations=15, w=w, b=b)
        for before, after in zip(fit.losses, fit.losses[1:], strict=False):
            assert after <= before * (1 + 4 * n * EPS) + 4 * n * EPS


@given(y=hard_label, values=arrays(float, 3, elements=st.floats(-50, 50)), b=st.floats(-5, 5))
def test_one_sample_is_the_scalar_functions(impls, y, values, b):
    """With w = 0 the score is b exactly: the sums are the functions of one score."""
    for impl in impls:
        loss, grad_w, grad_b = impl.gradient([values], [y], [0.0] * 3, b)
        assert ulps(grad_b, impl.residual(y, b)) <= 4
        assert ulps(loss, impl.binary_cross_entropy_with_logits(y, b)) <= 4
        for g, x in zip(grad_w, values, strict=True):
            assert abs(g - grad_b * x) <= EPS * abs(g) + QUANTUM
