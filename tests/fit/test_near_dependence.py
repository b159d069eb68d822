"""Columns that are nearly combinations of others: fitted to the last digits, or refused in words
that are true. The truth has 60 digits (helpers/oracle_second_order.py)."""

import random
from fractions import Fraction

import numpy as np
import pytest
from helpers.fits import problem
from helpers.oracle_second_order import lre, optimum

import pyref
from pyref import pure
from pyref.fit import basis, head_start
from pyref.fit import optimum as safe_fit
from pyref.fit.samples import standardised

CURE = "remove it, or give l2 > 0"


def powers(first, last, degree, n=80, seed=1):
    """Years and their powers up to `degree`, and labels that depend on the year."""
    rng, X, y = random.Random(seed), [], []
    for i in range(n):
        year = first + i % (last - first + 1)
        t = year - (first + last) / 2
        X.append([float(year**k) for k in range(1, degree + 1)])
        y.append(int(rng.random() < pyref.sigmoid(0.3 * t - 0.03 * t * t)))
    return X, y


def noisy(part, n=60):
    """A column, another one, and the first once more but for `part` of noise."""
    rng = random.Random(5)
    X = [[t := rng.gauss(0, 1), rng.gauss(0, 1), t + part * rng.gauss(0, 1)] for _ in range(n)]
    return X, [int(rng.random() < 0.5) for _ in X]


def with_column(column, X):
    return [[*x, column(x)] for x in X]


# ---------------------------------------------------------------- what is fitted

# with the digits of their standard errors: the last step is 1e-10 at most, and its start has them
NEAR = {
    "years 2015 to 2021, squares": (*powers(2015, 2021, 2, 84), 10),
    "years 2015 to 2021, cubes": (*powers(2015, 2021, 3, 84), 10),
    "years 2005 to 2020, squares": (*powers(2005, 2020, 2), 8),
    "years 2005 to 2020, cubes": (*powers(2005, 2020, 3), 10),
    "years 2005 to 2020, fourth powers": (*powers(2005, 2020, 4), 10),
    "a hundredth": (*noisy(1e-2), 10),
    "a thousandth": (*noisy(1e-3), 8),  # the least for which nothing is done
    "a millionth": (*noisy(1e-6), 10),
    "1e-9": (*noisy(1e-9), 10),
    "1e-12": (*noisy(1e-12), 10),
}


@pytest.mark.parametrize("name", NEAR)
def test_nearly_dependent_columns_have_their_digits(impl, name):
    check_digits_of(impl, name)


def check_digits_of(impl, name):
    X, y, digits = NEAR[name]
    truth = optimum(X, y)
    fit = impl.newton(X, y)
    assert fit.status == "converged"
    assert lre(fit.standard_errors, truth.standard_errors) >= digits
    assert lre([fit.log_likelihood], [truth.log_likelihood]) >= 14
    # the intercept suits the weights as they are, rounded
    terms = [max([abs(w_j * x[j]) for x in X]) for j, w_j in enumerate(fit.w)]
    rounded = [1e-10 * abs(w_j) for w_j in fit.w] + [1e-10 * abs(fit.b) + 2e-16 * sum(terms)]
    for w, want, most in zip([*fit.w, fit.b], truth.parameters, rounded, strict=True):
        assert abs(w - want) <= most


def test_both_engines_agree_in_the_basis(fast):
    for name, (X, y, digits) in NEAR.items():
        one, two = pyref.newton(X, y), fast.newton(X, y)
        assert lre(list(one.standard_errors), list(two.standard_errors)) >= digits, name
        assert one.log_likelihood == pytest.approx(two.log_likelihood, rel=1e-13), name


def test_the_issue_of_the_years(impl):
    """Uncentred years gave -57.50 where the centred ones have -46.64, and called it the optimum."""
    X, y = powers(2015, 2021, 3, 84)
    centred = [[t, t**2, t**3] for t in [x[0] - 2018 for x in X]]
    fit, want = impl.newton(X, y), impl.newton(centred, y)
    assert fit.log_likelihood == pytest.approx(want.log_likelihood, rel=1e-13)
    # a_1 t + a_2 t^2 + a_3 t^3 in powers of x = t + 2018, exactly
    a = [Fraction(v) for v in want.w]
    in_x = [a[0] - 2 * 2018 * a[1] + 3 * 2018**2 * a[2], a[1] - 3 * 2018 * a[2], a[2]]
    assert lre(list(fit.w), [float(v) for v in in_x]) > 11
    scores = [sum(w * v for w, v in zip(fit.w, x, strict=True)) + fit.b for x in X]
    wanted = [sum(w * v for w, v in zip(want.w, x, strict=True)) + want.b for x in centred]
    assert scores == pytest.approx(wanted, abs=1e-6)  # the terms are of size 1e9 and cancel


def test_weights_and_rows_that_are_not_there(impl):
    """Counts are rows; a row of weight 0 may hold what it will."""
    X, y = powers(2015, 2021, 3, 84)
    s = [i % 3 for i in range(84)]
    kept = [i for i in range(84) if s[i]]
    rows, labels, counts = [[values[i] for i in kept] for values in (X, y, s)]
    truth = optimum(rows, labels, counts)
    wild = [x if s_i else [1e300, -1e300, 7.0] for x, s_i in zip(X, s, strict=True)]
    for table in (X, wild):
        fit = impl.newton(table, y, sample_weight=s)
        assert fit.status == "converged"
        assert lre(fit.standard_errors, truth.standard_errors) >= 12
        assert lre([*fit.w, fit.b], truth.parameters) >= 12


def test_units_and_starts(impl):
    """Any power of two as a unit changes nothing; a start from near the optimum is taken."""
    X, y = powers(2005, 2020, 3)
    fit = impl.newton(X, y)
    for unit in (2.0**-300, 2.0**300):
        again = impl.newton([[unit * v for v in x] for x in X], y)
        assert [unit * w for w in again.w] == pytest.approx(list(fit.w), rel=1e-12)
        assert again.b == pytest.approx(fit.b, rel=1e-12)
    told = []
    near = impl.newton(X, y, w=fit.w, b=fit.b, callback=lambda k, F: told.append((k, F)))
    assert near.iterations < fit.iterations / 2
    assert told == list(enumerate(near.losses))
    assert [*near.w, near.b] == pytest.approx([*fit.w, fit.b], rel=1e-9)


@pytest.mark.parametrize("l2", [1e-20, 1e-12, 1e-6, 0.01])
def test_a_small_penalty(impl, l2):
    check_penalty(impl, l2)


def check_penalty(impl, l2):
    """There is one best w whatever the columns are, and it is found."""
    tables = [
        powers(2015, 2021, 3, 84),
        powers(2015, 2021, 4, 84),  # refused without a penalty
        powers(2005, 2020, 4),
        noisy(1e-9),
        noisy(1e-12),
        (with_column(lambda x: x[0] + x[1], noisy(0.1)[0]), noisy(0.1)[1]),
    ]
    for X, y in tables:
        truth = optimum(X, y, l2=l2)
        fit = impl.newton(X, y, l2=l2)
        assert (fit.status, fit.standard_errors) == ("converged", None)
        assert fit.iterations <= 9
        assert lre([fit.log_likelihood], [truth.log_likelihood]) > 13
        terms = [max([abs(w_j * x[j]) for x in X]) for j, w_j in enumerate(fit.w)]
        rounded = [1e-8 * abs(w_j) for w_j in fit.w]
        rounded.append(1e-8 * abs(fit.b) + 2e-16 * sum(terms))
        for w, want, most in zip([*fit.w, fit.b], truth.parameters, rounded, strict=True):
            assert abs(w - want) <= most
        again = impl.newton(X, y, l2=l2, w=fit.w, b=fit.b)
        assert (again.status, again.iterations <= 2) == ("converged", True)


def test_lbfgs_sees_what_a_column_adds(impl, monkeypatch):
    """It never would in the columns as they are: of 1e-9 of noise it made nothing, and called that
    the optimum, 0.38 below it."""
    for name in ("years 2015 to 2021, cubes", "years 2005 to 2020, fourth powers", "1e-9", "1e-12"):
        X, y, _ = NEAR[name]
        truth = optimum(X, y)
        for start in ({}, {"w": [0.0] * len(X[0]), "b": 0.1}):
            fit = impl.lbfgs(X, y, **start)
            assert fit.status == "converged"
            assert fit.log_likelihood == pytest.approx(float(truth.log_likelihood), rel=1e-12)
    X, y = noisy(1e-13)
    with pytest.raises(ValueError, match="column 2 of X is too nearly a combination"):
        impl.lbfgs(X, y)
    # beside columns that are combinations, of which it takes any w
    X, y, _ = NEAR["years 2005 to 2020, cubes"]
    twice = [[x[0], *x, 7.0] for x in X]
    fit = impl.lbfgs(twice, y)
    assert fit.status == "converged"
    assert fit.log_likelihood == pytest.approx(impl.newton(X, y).log_likelihood, rel=1e-10)
    # nobody looks where that would cost more than the fit
    monkeypatch.setattr(basis, "FEW_ROWS", 0)
    monkeypatch.setattr(basis, "least_own", None)
    assert impl.lbfgs(noisy(0.1)[0], y[:60]).status == "converged"


def test_separable_years(impl):
    """The proof that there is no optimum is found in the basis, too."""
    X, y = powers(2015, 2021, 3, 84)
    y = [int(x[0] > 2017) for x in X]
    fit = impl.newton(X, y)
    assert (fit.status, fit.standard_errors) == ("separable", None)
    scores = [sum(w * v for w, v in zip(fit.w, x, strict=True)) + fit.b for x in X]
    assert all((z > 0) == (y_i == 1) for z, y_i in zip(scores, y, strict=True))


def test_float32_is_what_it_is(fast):
    """A column in single precision: the same numbers, widened, have the same fit."""
    X, y = noisy(1e-3)
    single = np.array(X, dtype=np.float32)
    fit = fast.newton(single, y)
    again = fast.newton(single.astype(float), y)
    assert (fit.w, fit.b, fit.standard_errors) == (again.w, again.b, again.standard_errors)
    single[:, 2] = single[:, 0] + 1e-5 * single[:, 1]  # rounded to 24 bits, and so no combination
    truth = optimum(single.astype(float).tolist(), y)
    assert lre(fast.newton(single, y).standard_errors, truth.standard_errors) > 11


@pytest.mark.parametrize("far", [8, 10, 13, 16])
def test_where_only_rows_of_hardly_any_weight_tell_columns_apart(impl, far):
    check_faint_rows(impl, far)


def check_faint_rows(impl, far):
    """Two columns differ in rows whose p (1-p) is as little as 1e-8: X shows nothing, hess does."""
    rng, X, y = random.Random(3), [], []
    for _ in range(60):
        t = rng.uniform(-2, 2)
        X.append([t, t])
        y.append(int(rng.random() < pyref.sigmoid(2 * t)))
    for i in range(20):
        side = 1 if i % 2 else -1
        X.append([side * far, side * far + (0.2 if i % 4 < 2 else -0.2) * rng.random()])
        y.append(int(side > 0))
    truth = optimum(X, y)
    fit = impl.newton(X, y)
    assert fit.status == "converged"
    digits = 8 if far == 8 else 12
    assert lre([*fit.w, fit.b], truth.parameters) >= digits
    assert lre(fit.standard_errors, truth.standard_errors) >= digits
    assert lre([fit.log_likelihood], [truth.log_likelihood]) >= 13


def test_very_many_rows(impl, monkeypatch):
    """A head start from some of them sees that columns are nearly dependent, and leaves it."""
    monkeypatch.setattr(head_start, "MANY", 1000)
    X, y = powers(2005, 2020, 3, 2400)
    fit = impl.newton(X, y)
    centred = [[t, t**2, t**3] for t in [x[0] - 2012 for x in X]]
    want = impl.newton(centred, y)
    assert fit.log_likelihood == pytest.approx(want.log_likelihood, rel=1e-13)
    assert fit.standard_errors[2] == pytest.approx(want.standard_errors[2], rel=1e-9)
    # in the first rows that are looked at, there is next to nothing between two columns
    X = [[x[0], x[0] + 1e-4 * (i % 7 if i > 600 and i % 16 else 0)] for i, x in enumerate(X)]
    fit = impl.newton(X, y)
    assert fit.status == "converged"
    want = impl.newton([[x[0], 1e4 * (x[1] - x[0])] for x in X], y)
    assert fit.log_likelihood == pytest.approx(want.log_likelihood, rel=1e-11)


def test_three_classes(impl):
    X, y = powers(2005, 2020, 4)
    y = [(k + i) % 3 if i % 2 else k for i, k in enumerate(y)]
    backend = "python" if impl is pyref else "c"
    model = pyref.LogisticRegression(backend=backend).fit(X, y)
    centred = [[t, t**2, t**3, t**4] for t in [x[0] - 2012 for x in X]]
    want = pyref.LogisticRegression(backend=backend).fit(centred, y)
    assert (model.status_, want.status_) == ("converged", "converged")
    assert model.log_likelihood_ == pytest.approx(want.log_likelihood_, rel=1e-12)
    for row, wanted in zip(model.coef_, want.coef_, strict=True):
        assert row[3] == pytest.approx(wanted[3], rel=1e-8)
    again = pyref.LogisticRegression(backend=backend, init=model).fit(X, y)
    assert again.n_iter_ <= 1


# ---------------------------------------------------------------- what is refused

SUM = "column {} of X is a combination of the columns before it (and a constant), so no single w"
NEARLY = "column {} of X is too nearly a combination of the columns before it (and a constant) for"

REFUSED = {
    # five values are all that powers up to the fourth can tell apart, however exact
    "as many powers as years": (powers(2016, 2018, 3), SUM.format(2)),
    "1e-13": (noisy(1e-13), NEARLY.format(2) + " floats to tell: " + CURE),
    "1e-14": (noisy(1e-14), NEARLY.format(2) + " floats to tell: " + CURE),
    "fourth powers": (
        powers(2015, 2021, 4, 84),
        NEARLY.format(3) + " floats to tell: centre it: subtract 2018 from column 0 of X before its"
        " powers and products are taken; or " + CURE,
    ),
    "sixth powers": (powers(2015, 2021, 6, 84), NEARLY.format(3)),
    "fifth powers of 16 years": (powers(2005, 2020, 5), NEARLY.format(4)),
    "a sum": (with_column(lambda x: x[0] + x[1], noisy(0.1)[0]), SUM.format(3)),
    "a sum of thirds": (with_column(lambda x: x[0] / 3 - x[1] / 7, noisy(0.1)[0]), SUM.format(3)),
    "a sum, far from 0": (with_column(lambda x: 1e5 + x[0] + x[1], noisy(0.1)[0]), SUM.format(3)),
    "a sum beside cubes": (
        with_column(lambda x: x[0] + x[1], powers(2005, 2020, 3)[0]),
        SUM.format(3),
    ),
    # it may be, or not: a third of a year is rounded, and so little the cubes have of their own
    "a third beside cubes": (
        with_column(lambda x: x[0] / 3, powers(2005, 2020, 3)[0]),
        NEARLY.format(3),
    ),
    "two of a kind": ([[x[0], x[0], x[1], x[1]] for x in noisy(0.1)[0]], SUM.format(1)),
}

ALL_NAMED = {"two of a kind": "columns 1, 3 of X are constant or combinations of the columns"}


def check_verdicts(impl):
    """Refused for the right reason, each of them; and what is not refused has its digits."""
    for X, message in REFUSED.values():
        X = X[0] if len(X) == 2 else X
        with pytest.raises(ValueError) as caught:  # noqa: PT011 (the words are compared below)
            impl.newton(X, [i % 2 for i in range(len(X))])
        assert str(caught.value).startswith(message)


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("classes", [2, 3])
def test_what_floats_cannot_tell_is_refused(impl, name, classes):
    X, message = REFUSED[name]
    X = X[0] if len(X) == 2 else X
    y = [(i * i) % 5 % classes for i in range(len(X))]
    backend = "python" if impl is pyref else "c"
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the words are compared below)
        pyref.LogisticRegression(backend=backend).fit(X, y)
    words = str(caught.value)
    if "no single w" in message:  # the estimator names all such columns, and has another cure
        message = ALL_NAMED.get(name, message)
        assert words.startswith(message)
        assert words.endswith("give l2 > 0, or aliased='drop'")
    else:
        assert words.startswith(message)
        assert words.endswith(CURE)
    if classes == 2:
        with pytest.raises(ValueError) as caught:  # noqa: PT011
            impl.newton(X, y)
        assert str(caught.value).startswith(REFUSED[name][1])
        assert str(caught.value).endswith(CURE)
        fit = impl.newton(X, y, l2=0.01)
        assert fit.status == "converged"


def test_a_sum_that_is_hardly_one(impl):
    """Whatever is refused as a combination is one to ten roundings of its entries, at most."""
    X, y = noisy(0.1)
    rng = random.Random(2)
    for part in (0.0, 2.0**-53, 2.0**-52):
        table = with_column(lambda x, part=part: (x[0] + x[1]) * (1 + part * rng.choice((0, 1))), X)
        with pytest.raises(ValueError, match="column 3 of X is a combination of the columns"):
            impl.newton(table, y)
    table = with_column(lambda x: (x[0] + x[1]) * (1 + 2.0**-34 * rng.choice((0, 1))), X)
    assert lre(impl.newton(table, y).standard_errors, optimum(table, y).standard_errors) > 11


# ---------------------------------------------------------------- the ordinary case

ORDINARY = {
    "normal": problem(300, 5)[:2],
    "far from 0": (problem(300, 2)[0] + 1e9, problem(300, 2)[1]),
    "dummies": (
        np.array([[k == 1, k == 2, k == 3, i % 9] for i in range(200) for k in [i % 4]], float),
        np.array([(i * i) % 7 % 2 for i in range(200)]),
    ),
    "correlated": (np.array(noisy(0.01)[0]), np.array(noisy(0.01)[1])),
}


@pytest.mark.parametrize("name", ORDINARY)
def test_the_ordinary_case_stays_as_it_is(impl, monkeypatch, name):
    """No other columns are made, and X is read as often as before."""

    def made(*given):
        raise AssertionError("a basis was made")

    monkeypatch.setattr(safe_fit, "in_own_basis", made)
    monkeypatch.setattr(basis.Basis, "__init__", made)
    X, y = ORDINARY[name]
    assert impl.newton(X.tolist(), y.tolist()).status == "converged"


# ---------------------------------------------------------------- the pieces


def test_twice_the_digits():
    """Sums and products of two floats, exactly; and a sum of products, to 100 bits."""
    rng = random.Random(1)
    for _ in range(500):
        u, v = (rng.uniform(-1, 1) * 10.0 ** rng.randint(-40, 40) for _ in range(2))
        high, low = basis.two_sum(u, v)
        assert Fraction(high) + Fraction(low) == Fraction(u) + Fraction(v)
        assert high == u + v
        high, low = basis.two_product(u, v)
        assert Fraction(high) + Fraction(low) == Fraction(u) * Fraction(v)
        assert high == u * v
    for _ in range(200):
        terms = [
            ((h := rng.uniform(-1, 1), h * rng.uniform(-1, 1) * 2.0**-54), rng.uniform(-1, 1))
            for _ in range(9)
        ]
        added = rest = 0.0
        for u, v in terms:
            added, rest = basis.add_product(added, rest, u, v)
        want = sum((Fraction(u[0]) + Fraction(u[1])) * Fraction(v) for u, v in terms)
        assert abs(Fraction(added) + Fraction(rest) - want) < Fraction(2) ** -98


def test_a_basis_leads_there_and_back():
    X, y = powers(2005, 2020, 3)
    samples = standardised(X, y, None, len(X), 0.0)
    here = samples.objective([0.0] * 4, True)
    samples, here = basis.in_own_basis(samples, here)
    # its columns can be told apart: each has a hundredth of its own at least, and the size 1
    T = samples.triangle(here.hess)
    assert samples.least_own(T) >= basis.APART
    assert all(0.5 <= 4 * here.hess[j][j] <= 8 for j in range(3))
    theta = [0.5, -0.25, 2.0, 0.125]
    w, b = samples.units.raw(theta)
    for x, q in zip(X, samples.X, strict=True):
        # what the basis says of a row, it says with exact numbers
        want = sum(Fraction(t) * Fraction(v) for t, v in zip(theta, [*q, 1.0], strict=True))
        got = sum(Fraction(v) * Fraction(w_j) for v, w_j in zip(x, w, strict=True)) + Fraction(b)
        assert float(got) == pytest.approx(float(want), abs=1e-6)
    assert samples.units.theta(w, b) == pytest.approx(theta, abs=1e-6)
    directions = samples.units.directions()
    turned = [sum(u * t for u, t in zip(row, theta, strict=True)) for row in directions]
    assert turned == pytest.approx([*w, b], rel=1e-12)


def test_both_engines_have_the_same_columns(fast):
    """Bit for bit: the sums are made in the same order of the same operations."""
    from pyref.compiled.classes import told_apart

    for name in ("years 2005 to 2020, cubes", "1e-9"):
        X, _, _ = NEAR[name]
        for s in (None, [float(i % 4) for i in range(len(X))]):
            _, one, rows = pure.told_apart(X, s, None)
            _, two, table = told_apart(X, s, None)
            assert rows is not None
            table = table.tolist()
            if s is not None:  # rows that are not there
                assert all(not any(q) for q, s_i in zip(table, s, strict=True) if not s_i)
            # the bases may differ in the last bits of a Hessian; the columns that one makes, not
            kept = [i for i in range(len(X)) if s is None or s[i]]
            assert [two.rows(X)[i] for i in kept] == [table[i] for i in kept]
            assert one.rows(X) == rows
