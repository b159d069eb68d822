"""The optimum against the truth: 40-digit optima, published fits, other programs."""

import random

import mpmath
import numpy as np
import pytest
from helpers import oracle_second_order as oracle
from helpers.fits import DIGITS, INF, METHODS, NAN, table
from helpers.oracle_second_order import lre, optimum
from mpmath import mpf


@pytest.fixture(scope="session", params=oracle.PUBLISHED, ids=lambda f: f.__name__)
def published(request):
    data = request.param()
    return request.param.__name__, data, optimum(data.X, data.y, data.s)


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


# ---------------------------------------------------------------- the checks can fail


def test_lre_refuses_mutants():
    want = [mpf(2), mpf(-3)]
    assert lre([2.0, -3.0], want) == 16
    assert 9.5 < lre([2.0 + 2e-10, -3.0], want) < 10.5
    for wrong in ([0.0, 0.0], [NAN, -3.0], [2.0, 3.0], [-2.0, 3.0], [2.0], [], [2.0, INF]):
        assert lre(wrong, want) < 1
    assert lre([1e-300], [mpf(0)]) == 0


def check_digits(impl):
    for source in (oracle.challenger, oracle.beetles):
        data = source()
        check_published(impl, source.__name__, data, optimum(data.X, data.y, data.s))
