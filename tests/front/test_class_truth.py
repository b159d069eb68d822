"""Chapter 2 against the truth: 50 digits, central differences, and an oracle.

The checks that carry the weight are plain functions of an implementation, `check_*`. One test
runs each over every implementation; another runs it over wrong ones, and it must object.
"""

import array
import math
from types import SimpleNamespace

import mpmath
import numpy as np
import pytest
from helpers import oracle_multinomial as oracle
from helpers.classes import (
    INF,
    NAN,
    SCORES,
    SHAPES,
    TINY,
    Truth,
    U,
    assert_arrays,
    assert_close,
    compare_gradient,
    problem,
    random_scores,
    residuals,
    rows,
    some_labels,
    truth_of,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mpf

import pyref

NAMES = (
    "logsumexp",
    "softmax",
    "categorical_cross_entropy",
    "categorical_cross_entropy_with_logits",
    "softmax_gradient",
    "softmax_descent",
)


# ---------------------------------------------------------------- one sample


def check_logsumexp(impl):
    for zs in SCORES:
        truth = truth_of(*zs)
        assert_close(impl.logsumexp(zs), truth.lse, truth.lse_bound(), f"logsumexp {zs[:4]}")


def check_softmax(impl):
    for zs in SCORES:
        truth = truth_of(*zs)
        ps = list(impl.softmax(zs))
        assert len(ps) == len(zs)
        for c, p in enumerate(ps):
            assert_close(p, truth.ps[c], truth.p_bound(c), f"softmax {zs[:4]} [{c}]")


def check_cross_entropy(impl):
    # from probabilities: a logarithm, a product and a sum a class, all of one sign
    for C in (1, 2, 3, 17, 1000):
        for seed in range(3):
            ps = [float(p) for p in Truth(random_scores(seed, C, 10.0**seed)).ps]
            for ys in some_labels(C):
                if any(y > 0 and p == 0 for y, p in zip(ys, ps, strict=True)):
                    want = INF
                else:
                    with mpmath.workdps(50):
                        terms = [
                            mpf(y) * mpmath.log(mpf(p))
                            for y, p in zip(ys, ps, strict=True)
                            if y > 0
                        ]
                        want = -mpmath.fsum(terms)
                got = impl.categorical_cross_entropy(ys, ps)
                if want == INF:
                    assert got == INF
                else:
                    assert_close(got, want, (C + 8) * U * want, f"cross-entropy {ys[:4]}")


def check_cross_entropy_with_logits(impl):
    for zs in SCORES:
        truth = truth_of(*zs)
        for ys in some_labels(len(zs)):
            want, bound = truth.loss(ys)
            got = impl.categorical_cross_entropy_with_logits(ys, zs)
            assert_close(got, want, bound, f"loss {ys[:4]} {zs[:4]}")


def check_residuals(impl):
    for zs in SCORES:
        truth = truth_of(*zs)
        classes = range(len(zs)) if len(zs) < 100 else (0, truth.top, 500, 999)
        for ys in some_labels(len(zs)):
            loss, rs = residuals(impl, ys, zs)
            assert_close(loss, *truth.loss(ys), f"summed loss {ys[:4]} {zs[:4]}")
            for c in classes:
                assert_close(rs[c], *truth.residual(ys, c), f"residual {ys[:4]} {zs[:4]} [{c}]")


# ---------------------------------------------------------------- many samples


def check_gradient_against_oracle(impl):
    for n, d, C in [*SHAPES, (2, 2, 1000)]:
        for kind in ("classes", "missing", "soft"):
            for scale in (0.1, 1.0, 30.0):
                X, y, W, b = problem(n, d, C, kind, scale=scale)
                compare_gradient(impl, X, y, W, b, f"{n} x {d}, {C} classes, {kind}, {scale}")


def mp_loss(X, Y, W, b):
    """The summed loss, document 000's double sum, in as many digits as mpmath is set to."""
    total = mpf(0)
    for x_i, ys in zip(X, Y, strict=True):
        zs = [mpf(b_c) for b_c in b]
        for x_ij, W_j in zip(x_i, W, strict=True):
            zs = [z + mpf(w) * mpf(x_ij) for z, w in zip(zs, W_j, strict=True)]
        s = mpmath.fsum([mpmath.exp(z) for z in zs])
        total -= mpmath.fsum(
            [mpf(y) * mpmath.log(mpmath.exp(z) / s) for y, z in zip(ys, zs, strict=True)]
        )
    return total


def check_gradient_against_differences(impl):
    # (L(w+h) - L(w-h)) / 2h is off by h^2 L'''/6: with h = 1e-20 and 60 digits, by 1e-40
    for kind in ("classes", "soft"):
        X, y, W, b = problem(4, 2, 3, kind, seed=7)
        Y = oracle.one_hot(y, 3)
        _, grad_W, grad_b = impl.softmax_gradient(X.tolist(), y.tolist(), W.tolist(), b.tolist())
        _, bound_W, bound_b = oracle.bounds(X, Y, W, b)
        all_rows, grad = [*W.tolist(), b.tolist()], [*rows(grad_W), list(grad_b)]
        bound = [*bound_W.tolist(), bound_b.tolist()]
        with mpmath.workdps(60):
            h = mpf("1e-20")
            for j in range(3):
                for c in range(3):
                    sides = []
                    for sign in (1, -1):
                        moved = [[mpf(w) for w in row] for row in all_rows]
                        moved[j][c] += sign * h
                        sides.append(mp_loss(X.tolist(), Y.tolist(), moved[:2], moved[2]))
                    slope = (sides[0] - sides[1]) / (2 * h)
                    assert_close(grad[j][c], slope, bound[j][c], f"{kind} grad[{j}][{c}]")


def check_descent_against_oracle(impl):
    runs = [
        {},
        {"momentum": 0.9},
        {"momentum": 1.0, "learning_rate": 0.05},
        {"reduction": "sum", "learning_rate": 0.01},
    ]
    for kind in ("classes", "missing", "soft"):
        X, y, W, b = problem(30, 3, 4, kind, seed=3)
        for run in runs:
            for start in ({}, {"W": W, "b": b}):
                options = {"learning_rate": 0.3, "iterations": 60, **run, **start}
                fit = impl.softmax_descent(X, y, classes=4, **options)
                want_W, want_b, losses = oracle.descent(X, oracle.one_hot(y, 4), **options)
                assert (fit.status, fit.iterations) == ("iterations", 60)
                # 60 steps, each off by the rounding of a gradient of 30 terms of size 10: 1e-12
                # is a hundred times that, and momentum 1.0 keeps it without damping
                assert_arrays(fit.w, want_W, 1e-12 * (1 + np.abs(want_W)), f"W, {kind}, {run}")
                assert_arrays(fit.b, want_b, 1e-12 * (1 + np.abs(want_b)), f"b, {kind}, {run}")
                assert_arrays(fit.losses, losses, 1e-12, f"losses, {kind}, {run}")


CHECKS = {
    "logsumexp": [check_logsumexp],
    "softmax": [check_softmax],
    "categorical_cross_entropy": [check_cross_entropy],
    "categorical_cross_entropy_with_logits": [check_cross_entropy_with_logits],
    "softmax_gradient": [
        check_residuals,
        check_gradient_against_oracle,
        check_gradient_against_differences,
    ],
    "softmax_descent": [check_descent_against_oracle],
}


@pytest.mark.parametrize("check", [c for cs in CHECKS.values() for c in cs])
def test_truth(impl, check):
    check(impl)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-800, 800), min_size=1, max_size=17),
    st.lists(st.integers(0, 5), min_size=17, max_size=17),
)
def test_any_scores(impls, zs, weights):
    ys = weights[: len(zs)]
    ys = [y / sum(ys) for y in ys] if sum(ys) else [1.0] + [0.0] * (len(zs) - 1)
    truth = Truth(zs)
    for impl in impls:
        for c, p in enumerate(impl.softmax(zs)):
            assert_close(p, truth.ps[c], truth.p_bound(c), f"softmax[{c}]")
        assert_close(impl.logsumexp(zs), truth.lse, truth.lse_bound(), "logsumexp")
        loss, rs = residuals(impl, ys, zs)
        assert_close(loss, *truth.loss(ys), "loss")
        for c, r in enumerate(rs):
            assert_close(r, *truth.residual(ys, c), f"residual[{c}]")


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 9),
    st.integers(1, 6),
    st.integers(1, 7),
    st.sampled_from(("classes", "missing", "soft")),
    st.integers(0, 9999),
)
def test_any_shape(impls, n, d, C, kind, seed):
    X, y, W, b = problem(n, d, C, kind, seed)
    for impl in impls:
        compare_gradient(impl, X, y, W, b, f"{n}, {d}, {C}, {kind}")


# ---------------------------------------------------------------- wrong implementations


def each(change):
    """`change` applied to every float of a result, in lists, tuples and records alike."""

    def through(value):
        if isinstance(value, float):
            return change(value)
        if hasattr(value, "_replace"):
            parts = {name: through(getattr(value, name)) for name in ("w", "b", "losses")}
            return value._replace(**parts)
        if isinstance(value, tuple):
            return tuple(through(part) for part in value)
        return [through(part) for part in value]

    return through


def turned(value):
    """Every list of numbers turned by one place: each class has its neighbour's."""
    many = (list, array.array)
    if isinstance(value, tuple):
        changed = [turned(part) if isinstance(part, many) else part for part in value]
        return type(value)(*changed) if hasattr(value, "_replace") else tuple(changed)
    return [turned(v) for v in value] if isinstance(value[0], many) else value[1:] + value[:1]


SABOTAGE = {
    "zero": each(lambda value: 0.0),
    "nan": each(lambda value: NAN),
    "sign": each(lambda value: -value),
    "infinite": each(lambda value: INF),
    "a little": each(lambda value: value * (1 + 1e-11)),
    "neighbour": turned,
}


@pytest.mark.parametrize("sabotage", SABOTAGE)
@pytest.mark.parametrize("name", NAMES)
def test_checks_object_to_wrong_results(impls, name, sabotage):
    if sabotage == "neighbour" and name in NAMES[:1] + NAMES[2:4]:
        return  # one number: it has no neighbour
    right, wrong = getattr(impls[-1], name), SABOTAGE[sabotage]
    broken = {known: getattr(impls[-1], known) for known in NAMES}
    broken[name] = lambda *args, **named: wrong(right(*args, **named))
    for check in CHECKS[name]:
        with pytest.raises(AssertionError):
            check(SimpleNamespace(**broken))


def textbook_softmax(zs):
    with np.errstate(over="ignore", invalid="ignore"):
        e = np.exp(np.array(zs))
        return (e / e.sum()).tolist()


def shifted_softmax(zs):
    e = np.exp(np.array(zs) - max(zs))
    return (e / e.sum()).tolist()


def textbook_logsumexp(zs):
    return max(zs) + float(np.log(np.exp(np.array(zs) - max(zs)).sum()))


def clipped_cross_entropy(ys, ps):
    return float(-np.dot(ys, np.log(np.clip(ps, 1e-15, 1))))


def loss_from_probabilities(ys, zs):
    ps = shifted_softmax(zs)
    return -math.fsum([y * math.log(max(p, TINY)) for y, p in zip(ys, ps, strict=True) if y > 0])


def loss_by_subtraction(ys, zs):
    return math.fsum(
        [y * (textbook_logsumexp(zs) - z) for y, z in zip(ys, zs, strict=True) if y > 0]
    )


def p_minus_y(X, y, W, b):
    Y = np.array(y) if np.ndim(y) == 2 else oracle.one_hot(y, len(b))
    P = np.array([shifted_softmax(zs) for zs in oracle.scores(X, W, b).tolist()])
    loss, _, _ = pyref.softmax_gradient(X, y, W, b)
    return loss, (np.array(X).T @ (P - Y)).tolist(), (P - Y).sum(axis=0).tolist()


LOGITS = "categorical_cross_entropy_with_logits"
FLAWS = [
    ("softmax", textbook_softmax, check_softmax),  # e^1000
    ("logsumexp", textbook_logsumexp, check_logsumexp),  # log(1 + 1e-20)
    ("categorical_cross_entropy", clipped_cross_entropy, check_cross_entropy),
    (LOGITS, loss_from_probabilities, check_cross_entropy_with_logits),
    (LOGITS, loss_by_subtraction, check_cross_entropy_with_logits),
    ("softmax_gradient", p_minus_y, check_residuals),
]


@pytest.mark.parametrize(("name", "flawed", "check"), FLAWS)
def test_checks_object_to_the_textbook(impls, name, flawed, check):
    broken = {known: getattr(impls[-1], known) for known in NAMES}
    broken[name] = flawed
    with pytest.raises(AssertionError):
        check(SimpleNamespace(**broken))
