"""Chapter 3 against the truth: 40-digit optima, published fits, other programs, a linear program.

The checks that carry the weight are plain functions of an implementation, `check_*`. One test
runs each over every implementation; another runs them over damaged ones, and one must object.
"""

import array
import ast
import importlib
import inspect
import itertools
import math
import random
import sys
import types
from pathlib import Path
from unittest import mock

import mpmath
import numpy as np
import pytest
import sympy
from conftest import PURE_ONLY
from helpers import oracle_second_order as oracle
from helpers.oracle_second_order import lre, lre_of_sums, optimum
from mpmath import mpf

import pyref.front.checks
import pyref.logistic
import pyref.second_order

INF, NAN = math.inf, math.nan
DIGITS = 10  # right digits asked of w, b, standard errors and log-likelihood
EPS = 2.0**-52

# The files of chapter 3, each after those that it imports
CHAPTER_3 = ("second_order", "separation", "samples", "head_start", "optimum")
# Where hessian, newton and lbfgs are, and gradient, gradient_descent and safe_learning_rate
IMPLEMENTATIONS = {
    "python": ("pyref",),
    "c": ("pyref.fast",),
}
if PURE_ONLY:
    del IMPLEMENTATIONS["c"]
METHODS = ("newton", "lbfgs")


def functions(*modules):
    """The public functions of both chapters under one roof, as the compiled module has them."""
    names = {k: v for module in modules for k, v in vars(module).items() if not k.startswith("_")}
    return types.SimpleNamespace(**names)


@pytest.fixture(scope="session", params=IMPLEMENTATIONS)
def impl(request):
    return functions(*map(importlib.import_module, IMPLEMENTATIONS[request.param]))


@pytest.fixture(scope="session", params=oracle.PUBLISHED, ids=lambda f: f.__name__)
def published(request):
    data = request.param()
    return request.param.__name__, data, optimum(data.X, data.y, data.s)


# Four samples, not separable: what the shorter tests use.
X4, Y4 = [[1.0], [2.0], [3.0], [4.0]], [0, 1, 0, 1]


def table(rng, n, d, soft=False, weighted=False):
    """A random problem that is not separable: X, y, s."""
    X = rng.normal(size=(n, d)) * rng.uniform(0.5, 2, size=d) + rng.normal(size=d)
    p = 1 / (1 + np.exp(-(X @ rng.normal(size=d)) / math.sqrt(d)))
    y = rng.binomial(5, p) / 5 if soft else (rng.random(n) < p).astype(float)
    s = rng.integers(0, 5, size=n).astype(float) if weighted else None
    return X.tolist(), y.tolist(), None if s is None else s.tolist()


# ---------------------------------------------------------------- the same on every Python


@pytest.mark.parametrize("chapter", ["logistic", "multinomial", *CHAPTER_3, "checks"])
def test_no_chapter_adds_up_by_the_built_in_sum(chapter):
    """It rounds otherwise from Python 3.12 on, and a result is not to tell which Python it was."""
    source = Path(importlib.import_module(f"pyref.{chapter}").__file__).read_text(encoding="utf-8")
    names = [node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)]
    assert {"len", "min"} & set(names)
    assert "sum" not in names


# ---------------------------------------------------------------- derivatives


def test_the_second_derivative_symbolically():
    z, y = sympy.symbols("z y", real=True)
    p = 1 / (1 + sympy.exp(-z))
    loss = -(y * sympy.log(p) + (1 - y) * sympy.log(1 - p))
    assert sympy.simplify(sympy.diff(loss, z, 2) - p * (1 - p)) == 0


def differences(X, y, s, l2, theta):
    """Gradient and Hessian of the objective F, by central differences of F alone, 60 digits."""
    size = len(theta)
    with mpmath.workdps(60):
        theta = [mpf(t) for t in theta]

        def F(*moves):
            at = list(theta)
            for j, h in moves:
                at[j] += h
            return oracle.objective(X, y, s, l2, at)[0]

        h = mpf(10) ** -15
        grad = [(F((j, h)) - F((j, -h))) / (2 * h) for j in range(size)]
        hess = [
            [
                (F((j, h), (k, h)) - F((j, h), (k, -h)) - F((j, -h), (k, h)) + F((j, -h), (k, -h)))
                / (4 * h * h)
                for k in range(size)
            ]
            for j in range(size)
        ]
        return F(), grad, hess


def check_derivatives(impl):
    rng = np.random.default_rng(1)
    for weighted, l2 in ((False, 0.0), (True, 0.0), (False, 0.3), (True, 0.3)):
        X, y, s = table(rng, 7, 3, soft=True, weighted=weighted)
        total = 7 if s is None else sum(s)
        theta = rng.normal(size=4).tolist()
        w, b = theta[:3], theta[3]
        F, grad, hess = differences(X, y, [1] * 7 if s is None else s, l2, theta)
        extra = {} if s is None else {"sample_weight": s}
        if not l2:
            loss, g, H = impl.hessian(X, y, w, b, **extra)
            assert lre([loss], [F * total]) > 14
            assert lre_of_sums(g, [v * total for v in grad]) > 14
            assert len(H) == 4
            for row, want in zip(H, hess, strict=True):
                assert lre_of_sums(row, [v * total for v in want]) > 14
            assert [list(row) for row in H] == [list(column) for column in zip(*H, strict=True)]
            loss, g, g_b = impl.gradient(X, y, w, b, **extra)
            assert lre([loss], [F * total]) > 14
            assert lre_of_sums([*g, g_b], [v * total for v in grad]) > 14
        # one step of descent from (w, b), and the objective before it
        for reduction, rate in (("mean", 1.0), ("sum", 1.0 / total)):
            fit = impl.gradient_descent(
                X,
                y,
                w=w,
                b=b,
                learning_rate=rate,
                iterations=1,
                reduction=reduction,
                l2=l2,
                **extra,
            )
            step = [before - after for before, after in zip(theta, [*fit.w, fit.b], strict=True)]
            assert lre_of_sums(step, grad) > 13
            assert lre(list(fit.losses), [F]) > 14
        # from a point better than zeros: the objective there, and one step of Newton's
        theta = [0.8 * float(t) for t in optimum(X, y, s, l2).parameters]
        F, grad, hess = differences(X, y, [1] * 7 if s is None else s, l2, theta)
        step = mpmath.lu_solve(mpmath.matrix(hess), mpmath.matrix([-g for g in grad]))
        for method in METHODS:
            fit = getattr(impl, method)(X, y, w=theta[:3], b=theta[3], l2=l2, iterations=1, **extra)
            assert lre(list(fit.losses), [F]) > 14
            if method == "newton":
                moved = [a - c for a, c in zip([*fit.w, fit.b], theta, strict=True)]
                assert lre_of_sums(moved, step) > 12


def test_derivatives_are_those_of_the_objective(impl):
    check_derivatives(impl)


def test_the_hessian_far_out(impl):
    """p (1-p) keeps its digits where 1-p has none: e^-z / (1 + e^-z)^2."""
    for z in (-700.0, -40.0, 40.0, 700.0):
        _, _, H = impl.hessian([[2.0]], [0], [0.0], z)
        with mpmath.workdps(400):
            p = 1 / (1 + mpmath.exp(-mpf(z)))
            assert (
                lre([H[0][0], H[0][1], H[1][1]], [4 * p * (1 - p), 2 * p * (1 - p), p * (1 - p)])
                > 15
            )
    loss, grad, H = impl.hessian([[1.0]], [1], [0.0], 1e308)
    assert (loss, list(grad), [list(row) for row in H]) == (0.0, [0.0, 0.0], [[0.0] * 2] * 2)


# ---------------------------------------------------------------- the published sets


def test_the_sets_are_copied_rightly(published):
    """The 40-digit optimum rounds to what is printed in the books."""
    _, data, truth = published
    for got, printed in (
        (truth.parameters, data.parameters),
        (truth.standard_errors, data.errors),
    ):
        assert [round(float(v), k) for v, (_, k) in zip(got, printed, strict=True)] == [
            v for v, _ in printed
        ]
    name, value, decimals = data.fit
    fit = oracle.measures_of_fit(data, float(truth.log_likelihood))[name]
    assert round(fit, decimals) == value


def check_published(impl, name, data, truth):
    fit = impl.newton(data.X, data.y, sample_weight=data.s)
    assert fit.status == "converged"
    assert fit.iterations == len(fit.losses) <= 11
    digits = [
        lre([*fit.w, fit.b], truth.parameters),
        lre(fit.standard_errors, truth.standard_errors),
        lre([fit.log_likelihood], [truth.log_likelihood]),
    ]
    print(f"{name:18s} LRE  (w, b) {digits[0]:.1f}  errors {digits[1]:.1f}  log-l. {digits[2]:.1f}")
    assert min(digits) >= DIGITS


def test_newton_has_the_digits(impl, published):
    check_published(impl, *published)


def test_lbfgs_comes_close(impl, published):
    """Its promise is the gradient; as many digits as that leaves are there."""
    _, data, truth = published
    fit = impl.lbfgs(data.X, data.y, sample_weight=data.s)
    assert (fit.status, fit.standard_errors) == ("converged", None)
    assert lre([*fit.w, fit.b], truth.parameters) >= 8
    assert lre([fit.log_likelihood], [truth.log_likelihood]) >= 14


@pytest.mark.parametrize("l2", [1e-6, 0.01, 10.0])
def test_penalised_optima(impl, published, l2):
    _, data, _ = published
    truth = optimum(data.X, data.y, data.s, l2)
    fit = impl.newton(data.X, data.y, sample_weight=data.s, l2=l2)
    assert (fit.status, fit.standard_errors) == ("converged", None)
    assert lre([*fit.w, fit.b], truth.parameters) >= DIGITS
    assert lre([fit.log_likelihood], [truth.log_likelihood]) >= DIGITS
    fit = impl.lbfgs(data.X, data.y, sample_weight=data.s, l2=l2)
    assert fit.status == "converged"
    assert lre([*fit.w, fit.b], truth.parameters) >= 7


def check_units(impl):
    """Challenger's temperatures beside two columns made up, in units from 1e-8 to 1e8."""
    data = oracle.challenger()
    plain = [[x[0], i * 7 % 11, i * i % 13] for i, x in enumerate(data.X)]
    truth = optimum(plain, data.y)
    for method, asked in (("newton", DIGITS), ("lbfgs", 8)):
        for units, shifts in (
            ((2.0**-27, 2.0**27, 1.0), (0.0, 0.0, 0.0)),  # 7e-9 and 1e8, powers of 2: exact
            ((2.0**-27, 2.0**27, 1.0), (0.0, 2.0**40, 1e6)),
            ((2.0**-300, 2.0**300, 2.0**-20), (0.0, 0.0, -1.0)),
        ):
            X = [[x * u + c for x, u, c in zip(row, units, shifts, strict=True)] for row in plain]
            fit = getattr(impl, method)(X, data.y)
            assert fit.status == "converged"
            # the same fit, told in the new units
            w = [v / mpf(u) for v, u in zip(truth.parameters, units, strict=False)]
            b = truth.parameters[3] - mpmath.fdot(w, shifts)
            assert lre([*fit.w, fit.b], [*w, b]) >= asked
            assert lre([fit.log_likelihood], [truth.log_likelihood]) >= asked
            if method == "newton":
                errors = [v / mpf(u) for v, u in zip(truth.standard_errors, units, strict=False)]
                assert lre(fit.standard_errors[:3], errors) >= asked


def test_any_units(impl):
    check_units(impl)


def test_a_column_far_from_zero(impl):
    """Years, and the seconds of a day in 2020: centred, they lose nothing."""
    rng = random.Random(2)
    for far in (2000.0, 1.6e9):
        X = [[far + i] for i in range(30)]
        y = [float(rng.random() < 0.2 + 0.02 * i) for i in range(30)]
        truth = optimum(X, y)
        fit = impl.newton(X, y)
        assert lre([*fit.w, fit.b], truth.parameters) >= DIGITS
        assert lre(fit.standard_errors, truth.standard_errors) >= DIGITS


# ---------------------------------------------------------------- other programs


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_statsmodels(impl, soft, weighted):
    import statsmodels.api as sm

    rng = np.random.default_rng([3, soft, weighted])
    for n, d in ((40, 1), (120, 3), (300, 6)):
        X, y, s = table(rng, n, d, soft, weighted)
        A = sm.add_constant(np.array(X), prepend=False)
        model = sm.GLM(np.array(y), A, family=sm.families.Binomial(), freq_weights=s)
        want = model.fit(tol=1e-14, maxiter=100)
        fit = impl.newton(X, y, sample_weight=s)
        assert fit.status == "converged"
        assert lre([*fit.w, fit.b], want.params) > 9
        assert lre(fit.standard_errors, want.bse) > 7  # its are those of the step before
        if not soft:  # for fractions, the deviance is more than the log-likelihood
            assert lre([fit.log_likelihood], [-want.deviance / 2]) > 11
        if not weighted:
            want = sm.Logit(np.array(y), A).fit(method="newton", tol=1e-14, disp=False)
            assert lre([*fit.w, fit.b], want.params) > 9
            assert lre(fit.standard_errors, want.bse) > 9
            if not soft:
                assert lre([fit.log_likelihood], [want.llf]) > 11
        assert lre([*impl.lbfgs(X, y, sample_weight=s).w], list(fit.w)) > 7


@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_scikit_learn_penalised(impl, weighted):
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng([4, weighted])
    for n, d, l2 in ((60, 2, 0.1), (150, 5, 0.003), (20, 30, 0.05)):
        X, y, s = table(rng, n, d, weighted=weighted)
        total = n if s is None else sum(s)
        # its objective is C * summed loss + |w|^2 / 2
        peer = LogisticRegression(C=1 / (l2 * total), solver="newton-cholesky", tol=1e-12)
        peer.fit(X, y, sample_weight=s)
        want = [*peer.coef_[0], *peer.intercept_]
        for method in METHODS:
            fit = getattr(impl, method)(X, y, sample_weight=s, l2=l2)
            assert (fit.status, fit.standard_errors) == ("converged", None)
            assert lre([*fit.w, fit.b], want) > 7


# ---------------------------------------------------------------- weights are counts


def check_counts(impl):
    rng = np.random.default_rng(5)
    X, y, s = table(rng, 30, 3, weighted=True)
    assert 0 in s
    again = [i for i, count in enumerate(s) for _ in range(int(count))]
    X_again, y_again = [X[i] for i in again], [y[i] for i in again]
    for l2 in (0.0, 0.2):
        for method in METHODS:
            fit = getattr(impl, method)
            once, twice = fit(X, y, sample_weight=s, l2=l2), fit(X_again, y_again, l2=l2)
            assert once.status == twice.status == "converged"
            assert lre([*once.w, once.b], [*twice.w, twice.b]) > (12 if method == "newton" else 7)
            assert lre([once.log_likelihood], [twice.log_likelihood]) > 12
            if method == "newton" and not l2:
                assert lre(once.standard_errors, twice.standard_errors) > 12
        how = {"learning_rate": 0.1, "iterations": 20, "momentum": 0.5, "l2": l2}
        for reduction in ("mean", "sum"):
            once = impl.gradient_descent(X, y, sample_weight=s, reduction=reduction, **how)
            twice = impl.gradient_descent(X_again, y_again, reduction=reduction, **how)
            assert lre([*once.w, once.b, *once.losses], [*twice.w, twice.b, *twice.losses]) > 10
    w, b = [0.3, -0.2, 0.1], 0.5
    for name in ("gradient", "hessian"):
        once = getattr(impl, name)(X, y, w, b, sample_weight=s)
        twice = getattr(impl, name)(X_again, y_again, w, b)
        flat = lambda out: np.concatenate([np.ravel(np.array(part)) for part in out])  # noqa: E731
        assert lre_of_sums(flat(once), flat(twice)) > 13
    once = impl.safe_learning_rate(X, sample_weight=s)
    assert lre([once], [impl.safe_learning_rate(X_again)]) > 14


def test_a_weight_of_two_is_the_row_twice(impl):
    check_counts(impl)


@pytest.mark.parametrize("scale", [1e-200, 1e-3, 7.0, 1e200])
def test_the_scale_of_the_weights(impl, scale):
    """The mean does not change; the standard errors do, as with so many rows."""
    X, y, s = table(np.random.default_rng(6), 30, 2, weighted=True)
    scaled = [scale * s_i for s_i in s]
    for method in METHODS:
        fit, want = (getattr(impl, method)(X, y, sample_weight=v) for v in (scaled, s))
        assert fit.status == "converged"
        assert lre([*fit.w, fit.b], [*want.w, want.b]) > 8
        assert lre([fit.log_likelihood / scale], [want.log_likelihood]) > 12
        if method == "newton":
            errors = [error / math.sqrt(scale) for error in want.standard_errors]
            assert lre(fit.standard_errors, errors) > 12


def test_weights_of_one_change_nothing(impl):
    X, y, _ = table(np.random.default_rng(7), 40, 3)
    ones = [1] * 40
    w, b = [0.1, 0.2, -0.3], 0.4
    for name in ("gradient", "hessian"):
        plain, weighted = getattr(impl, name)(X, y, w, b), getattr(impl, name)(X, y, w, b, ones)
        assert lre([plain[0]], [weighted[0]]) > 15  # in C, logarithms of products are taken
        assert plain[1:] == weighted[1:]
    for method in METHODS:
        plain = getattr(impl, method)(X, y)
        weighted = getattr(impl, method)(X, y, sample_weight=ones)
        assert lre(plain.losses, weighted.losses) > 15
        assert lre([plain.log_likelihood], [weighted.log_likelihood]) > 15
        same = {"losses": None, "log_likelihood": None}
        assert plain._replace(**same) == weighted._replace(**same)
        if isinstance(plain.losses, list):  # in C, logarithms of products are taken
            assert plain == weighted
    how = {"learning_rate": "safe", "iterations": 30}
    fit = impl.gradient_descent(X, y, **how)
    weighted = impl.gradient_descent(X, y, sample_weight=ones, l2=0.0, **how)
    assert lre(list(fit.losses), list(weighted.losses)) > 15
    assert fit._replace(losses=None) == weighted._replace(losses=None)
    assert impl.safe_learning_rate(X) == impl.safe_learning_rate(X, sample_weight=ones)


def check_weight_zero(impl):
    """Not even if it would overflow, be the only one of its class, or the only not constant."""
    s = [1, 1, 1, 1, 0]
    X, y = [*X4, [1e308]], [*Y4, 1]
    for method in METHODS:
        assert getattr(impl, method)(X, y, sample_weight=s) == getattr(impl, method)(X4, Y4)
    w, b = [100.0], 1.0
    assert impl.gradient(X, y, w, b, sample_weight=s) == impl.gradient(X4, Y4, w, b)
    assert impl.hessian(X, y, w, b, sample_weight=s) == impl.hessian(X4, Y4, w, b)
    how = {"learning_rate": "safe", "iterations": 9}
    fit = impl.gradient_descent(X, y, sample_weight=s, **how)
    assert fit == impl.gradient_descent(X4, Y4, **how)
    assert impl.newton([[1], [2], [3]], [0, 0, 1], sample_weight=[1, 1, 0]).status == "separable"
    with pytest.raises(ValueError, match="column 0 of X is constant"):
        impl.newton([[1], [1], [3]], [0, 1, 1], sample_weight=[1, 1, 0])


@pytest.mark.parametrize("method", METHODS)
def test_a_column_whose_sum_is_no_float(impl, method):
    """The sum of the values, or of so many times each, overflows; their mean does not."""
    halves = [[0.0], [0.0], [1.5e308], [1.5e308]]
    for X in (halves, halves[::-1], [[-x] for (x,) in halves]):
        fit = getattr(impl, method)(X, Y4)
        assert (fit.status, list(fit.w), fit.b) == ("converged", [0.0], 0.0)
        assert fit.log_likelihood == pytest.approx(4 * math.log(0.5), rel=1e-15)
    want = getattr(impl, method)(X4, Y4)
    for unit, weight in ((1e10, 1e300), (1e-10, 1e300), (1e300, 1e7), (1e307, 1.0)):
        X = [[unit * x] for (x,) in X4]
        fit = getattr(impl, method)(X, Y4, sample_weight=[weight] * 4)
        assert fit.status == "converged"
        assert lre([fit.w[0] * unit, fit.b], [want.w[0], want.b]) > 9
        assert lre([fit.log_likelihood / weight], [want.log_likelihood]) > 12


def test_a_row_of_weight_zero_is_not_there(impl):
    check_weight_zero(impl)


# ---------------------------------------------------------------- there is no optimum

SEPARABLE = {
    "document 001": ([[1], [2], [3], [4], [5]], [0, 0, 0, 1, 1]),
    "a tie on the boundary": ([[1], [2], [3], [3], [4], [5]], [0, 0, 0, 1, 1, 1]),
    "a tie that no float of the mean hits": (
        [[0.0], [0.02], [0.01], [0.01], [0.0], [0.02], [0.01], [0.01], [0.01], [0.0], [0.02]],
        [0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 1],
    ),
    "ones only": ([[1], [2], [4]], [1, 1, 1]),
    "zeros only": ([[1, 2], [2, 5], [4, 3], [0, 1]], [0, 0, 0, 0]),
    "a dummy that is 1 for ones only": (
        [[1, 0], [2, 0], [3, 0], [2, 1], [4, 0], [3, 1]],
        [0, 1, 0, 1, 1, 1],
    ),
    "a dummy that is 0 for zeros only": (
        [[1, 1], [2, 1], [3, 1], [2, 0], [4, 1], [3, 0]],
        [0, 1, 0, 0, 1, 0],
    ),
    "a line with ties of both labels": (
        [[0, 0], [1, 1], [2, 2], [3, 3], [0, 1], [2, 3], [2, 1], [3, 1]],
        [0, 1, 0, 1, 1, 1, 0, 0],
    ),
    "soft labels on the line, hard ones beside it": (
        [[0, 0], [1, 1], [2, 2], [0, 2], [3, 1], [3, 3]],
        [0.5, 0.2, 0.7, 1, 0, 0.4],
    ),
    "one soft label at the threshold": ([[1], [2], [3], [4], [5]], [0, 0, 0.5, 1, 1]),
}

OUTLIER = "an outlier that is a million times too large"
NOT_SEPARABLE = {
    "one pair crossed": ([[1], [2], [3], [4]], [0, 1, 0, 1]),
    "soft labels only": ([[1], [2], [3], [4]], [0.1, 0.1, 0.9, 0.9]),
    "soft labels, all but separated": ([[1], [2], [3], [4]], [1e-9, 1e-9, 1 - 1e-9, 1 - 1e-9]),
    "two soft labels within": ([[1], [2], [3], [4], [5]], [0, 0.5, 0.5, 1, 1]),
    "all labels one half": ([[1], [2], [4]], [0.5, 0.5, 0.5]),
    "a dummy with both labels": (
        [[1, 0], [2, 0], [3, 0], [2, 1], [4, 0], [3, 1]],
        [0, 1, 0, 1, 1, 0],
    ),
    "one among a hundred on the wrong side": (
        [[i] for i in range(-50, 51)],
        [*([0] * 50), 1, 0, *([1] * 49)],
    ),
    OUTLIER: (
        [[1], [2], [3], [4], [2e6], [1], [3]],
        [0, 1, 0, 1, 1, 1, 1],
    ),
}


def check_separation(impl):
    for method in METHODS:
        fit = getattr(impl, method)
        for name, (X, y) in SEPARABLE.items():
            assert fit(X, y).status == "separable", (method, name)
            # whatever the start, and however loose the tolerance
            start = fit(X, y, w=[-1.0] * len(X[0]), b=3.0, tolerance=0.01)
            assert start.status == "separable", (method, name)
            far = fit(X, y, w=[40.0] * len(X[0]), b=-99.0)
            assert far.status == "separable", (method, name)
        for name, (X, y) in NOT_SEPARABLE.items():
            out = fit(X, y)
            if (method, name) == ("lbfgs", OUTLIER):
                assert out.status in ("converged", "iterations")  # its proof may not reach so far
                continue
            assert out.status == "converged", (method, name)
            truth = optimum(X, y)
            for got, want in zip([*out.w, out.b], truth.parameters, strict=True):
                assert abs(got - want) <= 1e-6 * abs(want) + 1e-9, (method, name)


def test_separable_or_not(impl):
    for X, y in SEPARABLE.values():
        assert oracle.separable(X, y)
    for name, (X, y) in NOT_SEPARABLE.items():
        if name != OUTLIER and "all but" not in name:  # beyond a linear program's tolerance
            assert not oracle.separable(X, y)
    check_separation(impl)


def small_table(rng):
    """Small integers, so that ties abound; and the labels of a logistic model."""
    d = rng.randint(1, 4)
    n = rng.randint(d + 2, 6 * d + 6)
    top = rng.choice([1, 2, 3, 9])
    X = [[float(rng.randint(0, top)) for _ in range(d)] for _ in range(n)]
    w = [rng.gauss(0, 2) for _ in range(d)]
    soft = rng.random() < 0.2
    y = []
    for x in X:
        z = sum(a * c for a, c in zip(w, x, strict=True)) - sum(w) * top / 2
        y.append(float(rng.random() < 1 / (1 + math.exp(-z))))
        if soft and rng.random() < 0.2:
            y[-1] = rng.choice([0.25, 0.5, 0.75])
    return X, y


def dummies(rng):
    """Rare dummies and one number: quasi-complete separation is the rule."""
    n, d = rng.randint(15, 50), rng.randint(3, 7)
    X = [[*[float(rng.random() < 0.15) for _ in range(d)], rng.randint(-8, 8)] for _ in range(n)]
    return X, [float(rng.random() < 0.5) for _ in X]


def as_it_is(X, rng):
    return X


def turned(X, rng):
    """New columns, each a combination of the old ones: ties are then equal to rounding only."""
    d = len(X[0])
    mix = np.array([[rng.gauss(0, 1) for _ in range(d)] for _ in range(d)])
    return (np.array(X) @ mix).tolist()


def in_other_units(X, rng):
    units = [10.0 ** rng.randint(-8, 8) for _ in X[0]]
    return [[(x + 1000) * u for x, u in zip(row, units, strict=True)] for row in X]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("change", [as_it_is, turned, in_other_units])
@pytest.mark.parametrize("source", [small_table, dummies])
def test_random_tables_against_the_linear_program(impl, source, change, method):
    rng = random.Random(f"{source.__name__} {change.__name__}")
    seen = {True: 0, False: 0}
    count = 40 if method == "newton" else 20
    while sum(seen.values()) < count:
        X, y = source(rng)
        A = np.hstack([X, np.ones((len(X), 1))])
        if np.linalg.matrix_rank(A) < A.shape[1]:
            continue
        want = oracle.separable(X, y)
        seen[want] += 1
        fit = getattr(impl, method)(change(X, rng), y, iterations=1000)
        assert fit.status == ("separable" if want else "converged"), (X, y)
        assert method == "lbfgs" or fit.iterations <= 30
    assert min(seen.values()) >= count / 10


def check_overlap(impl):
    """Two samples on the wrong side of each other by less and less; the optimum is at log(4/gap),
    far out where all other samples are certain, and is found to the last digits."""
    for k in range(1, 16):
        gap = 10.0**-k
        X = [[-3.0], [-2.0], [-1.0], [0.0], [gap], [1.0], [2.0], [3.0]]
        y = [0, 0, 0, 1, 0, 1, 1, 1]
        fit = impl.newton(X, y)
        truth = optimum(X, y)
        assert fit.status == "converged", gap
        assert lre(list(fit.w), truth.parameters[:1]) >= 12
        assert lre(fit.standard_errors, truth.standard_errors) >= DIGITS
    # In general position 12 digits are fewer: then doubt is allowed, but no wrong answer.
    turn = math.cos(0.7), math.sin(0.7)
    for k in range(1, 16):
        rng = random.Random(k)
        gap = 10.0**-k
        points = [(t + rng.random(), -side * gap) for t in (-2.3, -1, 0.4, 1.7) for side in (1, -1)]
        points += [(rng.uniform(-2, 2), side * rng.uniform(1, 2)) for side in (1, -1) * 3]
        X = [[turn[0] * p - turn[1] * q, turn[1] * p + turn[0] * q] for p, q in points]
        y = [1, 0] * 7
        status = impl.newton(X, y).status
        assert status in (["converged"] if k <= 8 else ["converged", "iterations", "separable"])
        assert status != "separable" or k >= 12


def test_labels_that_overlap_by_little(impl):
    check_overlap(impl)


def check_one_class(impl):
    """A penalty holds w but not b: it is not penalised, and with one class runs away."""
    for method in METHODS:
        for label in (0, 1):
            assert getattr(impl, method)(X4, [label] * 4, l2=1.0).status == "separable"
        fit = getattr(impl, method)(*SEPARABLE["document 001"], l2=0.1)
        assert fit.status == "converged"
        truth = optimum(*SEPARABLE["document 001"], l2=0.1)
        assert lre([*fit.w, fit.b], truth.parameters) > 8


def test_one_class_and_a_penalty(impl):
    check_one_class(impl)


def test_the_slope_alone_would_be_fooled():
    """What the proofs are for: on quasi-separable data the gradient passes any tolerance."""
    X, y = SEPARABLE["a dummy that is 1 for ones only"]
    w, b = [0.9081842625600952, 30.0], -2.270460656400238
    _, grad, _ = pyref.hessian(X, y, w, b)
    assert max(map(abs, grad)) / len(X) < 1e-10


# ---------------------------------------------------------------- dependent columns

DEPENDENT = {
    "constant": ([[1, 7], [2, 7], [3, 7], [4, 7]], 1, True),
    "constant, not a binary fraction": ([[0.1, 1], [0.1, 2], [0.1, 4], [0.1, 3]], 0, True),
    "zero": ([[0.0], [0.0], [0.0], [0.0]], 0, True),
    "the same twice": ([[1, 1], [2, 2], [4, 4], [3, 3]], 1, False),
    "Celsius and Fahrenheit": ([[c, 1.8 * c + 32] for c in (3.1, 7.2, 1.3, 9.9)], 1, False),
    "a sum": ([[1, 5, 6], [2, 3, 5], [4, 4, 8], [7, 1, 8], [3, 3, 6]], 2, False),
    "a dummy for every group": ([[1, 0, 3], [0, 1, 1], [1, 0, 2], [0, 1, 5], [1, 0, 7]], 1, False),
    "in other units": ([[1e-8, 1e8], [2e-8, 2e8], [3e-8, 3e8], [5e-8, 5e8]], 1, False),
    "far from zero": ([[1e6 + i, 3e6 + 3 * i + 5] for i in (1, 2, 4, 8)], 1, False),
    "more columns than rows": ([[1, 5, 2, 0], [3, 1, 1, 4], [2, 2, 9, 1]], 2, False),
    "one row": ([[1, 2]], 0, True),
}


@pytest.mark.parametrize("name", DEPENDENT)
def test_dependent_columns_are_named(impl, name):
    X, column, constant = DEPENDENT[name]
    y = [0, 1, 0, 1, 0][: len(X)]
    kind = "constant" if constant else "a combination of the columns before it (and a constant)"
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the words are compared below)
        impl.newton(X, y)
    assert str(caught.value) == (
        f"column {column} of X is {kind}, so no single w is best: remove it, or give l2 > 0"
    )
    # With a penalty there is one best w all the same (unless there is one class only).
    if len(X) > 1:
        truth = optimum(X, y, l2=0.01)
        fit = impl.newton(X, y, l2=0.01)
        assert fit.status == "converged"
        assert lre([fit.log_likelihood], [truth.log_likelihood]) > DIGITS
        if name != "zero":
            assert impl.lbfgs(X, y, l2=0.01).status == "converged"


def test_nearly_dependent_columns_are_fitted(impl):
    """Two thermometers that differ by a ten-thousandth are two thermometers."""
    rng = random.Random(8)
    for part in (1e-2, 1e-4):
        X = [[t := rng.gauss(0, 1), t + part * rng.gauss(0, 1)] for _ in range(40)]
        y = [float(rng.random() < 0.5) for _ in X]
        truth = optimum(X, y)
        fit = impl.newton(X, y)
        assert fit.status == "converged"
        assert lre([*fit.w, fit.b], truth.parameters) >= DIGITS
        # the Hessian's condition is 1e8, which takes 8 of its 16 digits, and rounding some of one
        assert lre(fit.standard_errors, truth.standard_errors) >= 7.5


def test_lbfgs_takes_dependent_columns(impl):
    """It cannot see them; it finds one of the best, and the loss is the best."""
    X = [[x, 2 * x + 1, 5.0] for (x,) in X4]
    fit = impl.lbfgs(X, Y4)
    assert fit.status == "converged"
    assert lre([fit.log_likelihood], [optimum(X4, Y4).log_likelihood]) > 13


# ---------------------------------------------------------------- how a run goes


@pytest.mark.parametrize("method", METHODS)
def test_the_losses_fall(impl, method, published):
    _, data, _ = published
    for l2 in (0.0, 0.1):
        seen = []
        follow = lambda k, loss, seen=seen: seen.append((k, loss))  # noqa: E731
        fit = getattr(impl, method)(data.X, data.y, sample_weight=data.s, l2=l2, callback=follow)
        losses = list(fit.losses)
        assert seen == list(enumerate(losses))
        assert len(losses) == fit.iterations > 0
        assert lre(losses[:1], [mpmath.log(2)]) > 15
        for before, after in itertools.pairwise(losses):
            assert after <= before * (1 + 1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_iterations(impl, method):
    fit = getattr(impl, method)
    whole = fit(X4, Y4)
    for k in range(whole.iterations):
        part = fit(X4, Y4, iterations=k)
        assert (part.status, part.iterations, part.standard_errors) == ("iterations", k, None)
        assert list(part.losses) == list(whole.losses[:k])
    assert fit(X4, Y4, iterations=whole.iterations) == whole
    nothing = fit(X4, Y4, iterations=0)
    assert (list(nothing.w), nothing.b, list(nothing.losses)) == ([0.0], 0.0, [])
    assert lre([nothing.log_likelihood], [-4 * mpmath.log(2)]) > 15


@pytest.mark.parametrize("method", METHODS)
def test_the_callback_stops_a_run(impl, method):
    fit = getattr(impl, method)(X4, Y4, callback=lambda k, loss: k == 1)
    assert (fit.status, fit.iterations) == ("iterations", 2)

    def fails(k, loss):
        raise RuntimeError("from within")

    with pytest.raises(RuntimeError, match="from within"):
        getattr(impl, method)(X4, Y4, callback=fails)


@pytest.mark.parametrize("method", METHODS)
def test_a_start(impl, method):
    """A good one saves work, and a bad one is not taken: zeros are."""
    fit = getattr(impl, method)
    best = fit(X4, Y4)
    again = fit(X4, Y4, w=best.w, b=best.b)
    assert (again.status, again.iterations) == ("converged", 0)
    assert lre([*again.w, again.b], [*best.w, best.b]) > 8
    near = fit(X4, Y4, w=[1.0], b=-2.0)
    assert near.status == "converged"
    assert lre(near.losses[:1], [impl.gradient(X4, Y4, [1.0], -2.0)[0] / 4]) > 14
    for w, b in (([1000.0], 0.0), ([0.0], 1e5), ([-1e6], 5.0), ([1e300], 0.0), ([1e308], 1e308)):
        assert fit(X4, Y4, w=w, b=b) == best
    assert fit(X4, Y4, w=[1e308], b=0.0, iterations=0).b == 0.0


@pytest.mark.parametrize("method", METHODS)
def test_tolerance(impl, method):
    fit = getattr(impl, method)
    truth = optimum(X4, Y4)
    steps = []
    for tolerance in (1e-2, 1e-4, 1e-7, 1e-10):
        out = fit(X4, Y4, tolerance=tolerance)
        assert out.status == "converged"
        _, grad, _ = impl.hessian(X4, Y4, out.w, out.b)
        # the column's root mean square about one of its values, and the shift, are below 2
        assert max(map(abs, grad)) / 4 <= 4 * tolerance
        steps.append(out.iterations)
    assert steps == sorted(steps)
    assert steps[0] < steps[-1]
    # Below rounding nothing is claimed, but the digits are there.
    out = fit(X4, Y4, tolerance=0.0)
    assert out.status in ("iterations", "converged")
    assert lre([*out.w, out.b], truth.parameters) > 13


def test_newton_squares_the_error(impl):
    """Close to the optimum the loss has twice as many right digits after each step."""
    data = oracle.challenger()
    F = optimum(data.X, data.y).objective
    off = [float(loss - F) for loss in impl.newton(data.X, data.y).losses]
    assert off[-1] < 1e-9
    for before, after in itertools.pairwise(off[1:]):
        assert after < 20 * before**2 + 1e-15


def test_diverged(impl):
    """A column so narrow that its weight is no float."""
    X = [[1e-310], [3e-310], [2e-310], [4e-310]]
    for method in METHODS:
        fit = getattr(impl, method)(X, [0, 0, 1, 1])
        assert (fit.status, list(fit.w), fit.b) == ("diverged", [0.0], 0.0)
        assert fit.standard_errors is None
    assert impl.newton([[1e200], [-1e200], [0.0], [2e199]], [0, 1, 0, 1]).status == "converged"


def check_halving(impl):
    """Two outliers, for which Newton's whole steps go back and forth without end."""
    X = [[-1.0, -59.0], [27.0, -2.0], [3.0, 3.0], [-3.0, 1.0], [-2.0, 1.0], [-6.0, -3.0]]
    y = [1, 0, 0, 0, 1, 1]
    fit = impl.newton(X, y)
    assert (fit.status, fit.iterations) == ("converged", 13)
    assert lre([*fit.w, fit.b], optimum(X, y).parameters) >= DIGITS


def test_the_halving_of_a_step_saves_a_run(impl):
    check_halving(impl)


# ---------------------------------------------------------------- L-BFGS alone


def test_lbfgs_with_more_features_than_rows(impl):
    rng = np.random.default_rng(9)
    X, y, _ = table(rng, 25, 60)
    fit, want = (getattr(impl, method)(X, y, l2=0.01) for method in ("lbfgs", "newton"))
    assert fit.status == want.status == "converged"
    assert lre([*fit.w, fit.b], [*want.w, want.b]) > 5
    assert impl.lbfgs(X, y).status == "separable"


def test_the_memory_of_lbfgs(impl):
    """More of it needs fewer iterations; 1 is enough to arrive."""
    X, y, _ = table(np.random.default_rng(10), 60, 8)
    fits = [impl.lbfgs(X, y, memory=memory, iterations=1000) for memory in (1, 3, 30)]
    assert [fit.status for fit in fits] == ["converged"] * 3
    assert fits[0].iterations > fits[1].iterations > fits[2].iterations
    want = impl.newton(X, y)
    for fit in fits:
        assert lre(list(fit.w), list(want.w)) > 7


# ---------------------------------------------------------------- chapter 1's additions


def check_safe(impl):
    rng = np.random.default_rng(11)
    for weighted in (False, True):
        for d in (1, 4):
            X, y, s = table(rng, 25, d, weighted=weighted)
            X = [[10 * x for x in row] for row in X]
            total = 25 if s is None else sum(s)
            A = np.hstack([X, np.ones((25, 1))])
            S = np.diag([1.0] * 25 if s is None else s)
            for l2 in (0.0, 3.0):
                rate = impl.safe_learning_rate(X, l2=l2, sample_weight=s)
                steepest = np.linalg.eigvalsh(A.T @ S @ A / (4 * total))[-1]
                # 1/L, where L is between the largest eigenvalue and d+1 times that
                assert steepest + l2 <= (1 / rate) * (1 + 1e-12)
                assert 1 / rate <= (d + 1) * steepest + l2 + 1e-9
                summed = impl.safe_learning_rate(X, "sum", l2=l2, sample_weight=s)
                assert lre([summed * total], [rate]) > 15
                for reduction, number in (("mean", rate), ("sum", summed)):
                    how = {"iterations": 60, "l2": l2, "sample_weight": s, "reduction": reduction}
                    fit = impl.gradient_descent(X, y, learning_rate="safe", **how)
                    assert fit == impl.gradient_descent(X, y, learning_rate=number, **how)
                    # it gains |g|^2 / (2 L) or more in every step
                    for k in range(0, 50, 10):
                        how["iterations"] = k
                        at = impl.gradient_descent(X, y, learning_rate="safe", **how)
                        _, g_w, g_b = impl.gradient(X, y, at.w, at.b, sample_weight=s)
                        g = [g / total + l2 * w for g, w in zip(g_w, at.w, strict=True)]
                        gain = rate / 2 * sum(v * v for v in [*g, g_b / total])
                        assert fit.losses[k + 1] <= fit.losses[k] - gain + 1e-14


def test_the_safe_learning_rate(impl):
    check_safe(impl)


def test_descent_arrives_where_newton_does(impl):
    X, y, s = table(np.random.default_rng(12), 30, 2, weighted=True)
    for l2 in (0.0, 0.05):
        slow = impl.gradient_descent(
            X, y, learning_rate="safe", iterations=5000, tolerance=1e-9, l2=l2, sample_weight=s
        )
        fast = impl.newton(X, y, l2=l2, sample_weight=s)
        assert slow.status == fast.status == "converged"
        assert slow.iterations > 10 * fast.iterations
        assert lre([*slow.w, slow.b], [*fast.w, fast.b]) > 6


# ---------------------------------------------------------------- mistakes

BOTH = {
    "sample_weight too short": (
        {"sample_weight": [1, 2]},
        ValueError,
        "sample_weight has length 2, but there are 4 samples: give one weight each",
    ),
    "sample_weight negative": (
        {"sample_weight": [1, 2, -1, 1]},
        ValueError,
        "sample_weight[2] is -1.0: give a finite number, 0 or more",
    ),
    "sample_weight NaN": (
        {"sample_weight": [1, 2, 1, NAN]},
        ValueError,
        "sample_weight[3] is nan: give a finite number, 0 or more",
    ),
    "sample_weight a word": (
        {"sample_weight": [1, "2", 1, 1]},
        TypeError,
        "sample_weight[1] is '2', a str: give a number",
    ),
    "sample_weight zero": (
        {"sample_weight": [0, 0, 0, 0]},
        ValueError,
        "sample_weight sums to 0.0: give a positive, finite sum",
    ),
    "sample_weight too heavy": (
        {"sample_weight": [1e308, 1e308, 1, 1]},
        ValueError,
        "sample_weight sums to inf: give a positive, finite sum",
    ),
    "w too long": (
        {"w": [1, 2]},
        ValueError,
        "w has length 2, but X has 1 features: give one weight each",
    ),
    "b": ({"b": INF}, ValueError, "b is inf: give a finite number"),
    "l2": ({"l2": -0.1}, ValueError, "l2 is -0.1: give a finite number, 0 or more"),
    "tolerance": (
        {"tolerance": NAN},
        ValueError,
        "tolerance is nan: give a finite number, 0 or more",
    ),
    "iterations": (
        {"iterations": 1.5},
        TypeError,
        "iterations is 1.5, a float: give a whole number",
    ),
    "callback": (
        {"callback": 3},
        TypeError,
        "callback is 3, a int: give a function of (iteration, loss), or None",
    ),
}


def fails(exception, message, function, *args, **kwargs):
    with pytest.raises(exception) as caught:
        function(*args, **kwargs)
    assert type(caught.value) is exception
    assert str(caught.value) == message


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("method", [*METHODS, "gradient_descent"])
def test_mistakes(impl, method, name):
    arguments, exception, message = BOTH[name]
    if method == "gradient_descent":
        arguments = {"learning_rate": 1, "iterations": 1, **arguments}
    fails(exception, message, getattr(impl, method), X4, Y4, **arguments)


def test_mistakes_in_x_and_y(impl):
    for function, more in (
        (impl.newton, ()),
        (impl.lbfgs, ()),
        (impl.hessian, ([0.0], 0.0)),
    ):
        fails(ValueError, "X is empty: give at least one row", function, [], [], *more)
        message = "y has length 3, but there are 4 samples: give one label each"
        fails(ValueError, message, function, X4, [0, 1, 0], *more)
        message = "y[1] is 2.0: give a number from 0 to 1"
        fails(ValueError, message, function, X4, [0, 2, 0, 1], *more)
        message = "X[2][0] is nan: remove the row, or fill in a finite number"
        fails(ValueError, message, function, [[1], [2], [NAN], [4]], Y4, *more)
    message = "column 0 of X spans more than a float can hold: scale it down"
    for method in METHODS:
        fails(ValueError, message, getattr(impl, method), [[1e308], [-1e308], [0]], [0, 1, 1])
    fails(ValueError, "memory is 0: give a whole number, 1 or more", impl.lbfgs, X4, Y4, memory=0)


def test_mistakes_in_the_learning_rate(impl):
    message = "learning_rate is 'fast', a str: give a number, or 'safe'"
    fails(TypeError, message, impl.gradient_descent, X4, Y4, learning_rate="fast", iterations=1)
    message = "reduction is 'median', a str: give 'sum' or 'mean'"
    fails(ValueError, message, impl.safe_learning_rate, X4, "median")
    message = "X is too large for a safe learning rate: scale it down"
    fails(ValueError, message, impl.safe_learning_rate, [[1e200]])


def test_the_order_of_mistakes(impl):
    """Shapes (X, y, weights), then scalars, then values (y, weights, X)."""
    wrong = {
        "sample_weight": [-1, 1, 1, 1],
        "w": [NAN],
        "b": INF,
        "l2": -1,
        "tolerance": -1,
        "iterations": -1,
        "callback": 0,
    }
    X, y = [[NAN], [2], [3], [4]], [0, 1, 7, 1]
    cures = [
        ("w", [0.0], "w[0] is nan"),
        ("b", 0.0, "b is inf"),
        ("l2", 0.0, "l2 is -1"),
        ("tolerance", 0.0, "tolerance is -1"),
        ("iterations", 3, "iterations is -1"),
        ("callback", None, "callback is 0"),
    ]
    for method in METHODS:
        function, arguments = getattr(impl, method), {**wrong, "sample_weight": [1]}
        with pytest.raises(ValueError, match="sample_weight has length 1"):
            function(X, y, **arguments)
        arguments = dict(wrong)
        for name, cure, message in cures:
            with pytest.raises((TypeError, ValueError)) as caught:
                function(X, y, **arguments)
            assert str(caught.value).startswith(message)
            arguments[name] = cure
        with pytest.raises(ValueError, match=r"^y\[2\] is 7"):
            function(X, y, **arguments)
        with pytest.raises(ValueError, match=r"^sample_weight\[0\] is -1"):
            function(X, Y4, **arguments)
        with pytest.raises(ValueError, match=r"^X\[0\]\[0\] is nan"):
            function(X, Y4, **{**arguments, "sample_weight": [1, 1, 1, 1]})


def test_nothing_that_is_given_is_changed(impl):
    X, y, s, w = [[1.0], [2.0], [3.0], [4.0]], [0, 1, 0, 1], [1, 2, 3, 1], [0.5]
    for method in METHODS:
        getattr(impl, method)(X, y, sample_weight=s, w=w, iterations=3)
    assert (X, y, s, w) == ([[1.0], [2.0], [3.0], [4.0]], [0, 1, 0, 1], [1, 2, 3, 1], [0.5])


def test_any_sequences_will_do(impl):
    want = impl.newton(X4, Y4, sample_weight=[1, 2, 1, 3])
    assert want == impl.newton(
        np.array(X4, np.float32), np.array(Y4, bool), sample_weight=array.array("l", [1, 2, 1, 3])
    )


def test_the_contract(impl):
    """The names, their order and their defaults."""
    for method, first in (("newton", {}), ("lbfgs", {"memory": 10})):
        parameters = inspect.signature(getattr(impl, method)).parameters
        keywords = {
            name: p.default
            for name, p in parameters.items()
            if p.kind is inspect.Parameter.KEYWORD_ONLY
        }
        assert [n for n in parameters if n not in keywords] == ["X", "y"]
        keywords.pop("threads", None)
        assert list(keywords.items()) == list(
            {
                **first,
                "w": None,
                "b": 0.0,
                "l2": 0.0,
                "sample_weight": None,
                "tolerance": 1e-10,
                "iterations": 100,
                "callback": None,
            }.items()
        )
        fit = getattr(impl, method)(X4, Y4)
        assert type(fit) is pyref.front.checks.Newton
        assert fit._fields == (
            "w",
            "b",
            "losses",
            "iterations",
            "status",
            "standard_errors",
            "log_likelihood",
        )


# ---------------------------------------------------------------- the checks can fail


def test_lre_refuses_mutants():
    want = [mpf(2), mpf(-3)]
    assert lre([2.0, -3.0], want) == 16
    assert 9.5 < lre([2.0 + 2e-10, -3.0], want) < 10.5
    for wrong in ([0.0, 0.0], [NAN, -3.0], [2.0, 3.0], [-2.0, 3.0], [2.0], [], [2.0, INF]):
        assert lre(wrong, want) < 1
    assert lre([1e-300], [mpf(0)]) == 0


def test_the_oracle_refuses_what_is_no_optimum():
    """Separable data have none, and the oracle's proof does not go through."""
    with pytest.raises((AssertionError, ValueError, ZeroDivisionError)):
        optimum(*SEPARABLE["document 001"], steps=60)


def check_digits(impl):
    for source in (oracle.challenger, oracle.beetles):
        data = source()
        check_published(impl, source.__name__, data, optimum(data.X, data.y, data.s))


# What to replace in the chapter, with what, and the check that must object.
DAMAGES = {
    "the curvature": (
        "return e / ((1 + e) * (1 + e))",
        "return e / (1 + e)",
        check_derivatives,
    ),
    "a weight forgotten in the Hessian": (
        "s_i * _curvature(z)",
        "_curvature(z)",
        check_derivatives,
    ),
    "a weight forgotten in the gradient": ("        r *= s_i\n", "", check_derivatives),
    "the Hessian's other half": ("hess[k][j] = hess[j][k]", "pass", check_derivatives),
    "the penalty twice": ("penalty += ridge_j / 2 *", "penalty += ridge_j *", check_derivatives),
    "the intercept penalised": (
        "for spread in spreads] + [0.0]",
        "for spread in spreads] + [l2]",
        check_one_class,
    ),
    "errors of the mean Hessian": ("/ sqrt(total) / spread", "/ spread", check_digits),
    "errors in standard units": ("/ sqrt(total) / spread", "/ sqrt(total)", check_digits),
    "errors that count rows": ("/ sqrt(total) / spread", "/ sqrt(8) / spread", check_digits),
    "the shift forgotten": (
        "return w, theta[-1] - _dot(w, shifts)",
        "return w, theta[-1]",
        check_digits,
    ),
    "columns not shifted": ("x = [x_i - shift for x_i in x]", "shift = 0.0", check_units),
    "weights forgotten in the units": (
        "    return _Samples(A, y, s, total, ridge, reaches + [1.0])",
        "    s = [1.0] * len(s)\n    return _Samples(A, y, s, total, ridge, reaches + [1.0])",
        check_counts,
    ),
    "whole steps only": (
        "        if not (F_there <= F + 1e-4 * t * slope or hidden):",
        "        if False:",
        check_halving,
    ),
    "the slope taken for a proof": ("True if l2 else None", "True", check_separation),
    "a long step taken for a proof": (
        "    return onward < 0.5",
        "    return onward < 1.5",
        check_separation,
    ),
    "nothing is separable": (
        "        found = found or onward > ROUNDING * magnitude",
        "        pass",
        check_separation,
    ),
    "a step back taken for none": (
        "if not onward >= -ROUNDING * magnitude:",
        "if not onward >= -0.1 * magnitude:",
        check_overlap,
    ),
    "overlap taken for a tie": ("ROUNDING = 1e-12", "ROUNDING = 1e-4", check_overlap),
    "a penalty taken for a bound on b": (
        "max(y) == 0 or min(y) == 1",
        "False",
        check_one_class,
    ),
    "rows of weight zero kept": ("if s_i]  # a weight", "]  # a weight", check_weight_zero),
}


# The same for what weights, penalty and safe rate added to chapter 1.
DAMAGES_1 = {
    "a weight forgotten in the loss": ("            loss_i *= s[i]\n", "", check_derivatives),
    "a weight forgotten in the gradient": ("            r *= s[i]\n", "", check_derivatives),
    "the mean over rows": (
        "total = checks.sample_weight_values(s, len(X))\n    checks.table_values(X)\n\n",
        "total = checks.sample_weight_values(s, len(X)) and len(X)\n\n",
        check_counts,
    ),
    "the penalty left out of the loss": (
        "F += _penalty(w, l2)",
        "pass",
        check_derivatives,
    ),
    "the penalty left out of the gradient": (
        "g + total * l2 * w_j for g",
        "g for g",
        check_derivatives,
    ),
    "a rate too large": ("total * steepest + l2)", "total / 40 + l2)", check_safe),
    "a rate too small": ("total * steepest + l2)", "total + l2)", check_safe),
    "a rate without the penalty": ("total * steepest + l2)", "total * steepest)", check_safe),
    "a rate that forgets the sum": ("return rate / total if", "return rate if", check_safe),
}


def damaged(names, old, new):
    """These files of the chapters as modules that import one another, one with a damage."""
    sources = [Path(*pyref.__path__, f"{name}.py").read_text(encoding="utf-8") for name in names]
    assert sum(source.count(old) for source in sources) == 1, old
    modules = {name: types.ModuleType(f"damaged.{name}") for name in names}
    package = {"checks": pyref.front.checks, "logistic": pyref.logistic, **modules}
    found = {"damaged": types.ModuleType("damaged")}
    found.update((f"damaged.{name}", module) for name, module in package.items())
    with mock.patch.dict(sys.modules, found):
        for module, source in zip(modules.values(), sources, strict=True):
            module.__package__ = "damaged"
            exec(compile(source.replace(old, new), module.__name__, "exec"), vars(module))
    return modules.values()


@pytest.mark.parametrize("name", DAMAGES)
def test_the_checks_notice(name):
    old, new, check = DAMAGES[name]
    impl = functions(pyref.logistic, *damaged(CHAPTER_3, old, new))
    with pytest.raises((AssertionError, ValueError, ArithmeticError)):
        check(impl)


@pytest.mark.parametrize("name", DAMAGES_1)
def test_the_checks_notice_in_chapter_1(name):
    old, new, check = DAMAGES_1[name]
    impl = functions(pyref.second_order, pyref.optimum, *damaged(["logistic"], old, new))
    with pytest.raises((AssertionError, ValueError, ArithmeticError)):
        check(impl)


def test_without_a_damage_the_checks_notice_nothing():
    impl = functions(pyref.logistic, *damaged(CHAPTER_3, "ROUNDING = 1e-12", "ROUNDING = 1e-12"))
    assert impl.newton is not pyref.optimum.newton
    for check in {check for _, _, check in DAMAGES.values()}:
        check(impl)
