"""Where there are very many rows: a starting point from a sample of them."""

import importlib

import numpy as np
import pytest
from helpers.fits import METHODS, problem
from helpers.oracle_second_order import lre

import pyref
from pyref.fit import head_start
from pyref.fit.samples import Samples

# ---------------------------------------------------------------- very many rows


@pytest.fixture
def few(monkeypatch):
    """As if a thousand rows were very many."""
    monkeypatch.setattr(head_start, "MANY", 1000)


@pytest.fixture
def passes(impl, monkeypatch):
    """Which passes over all rows the fits make: [with second derivatives?, ...]."""
    made, kind = [], Samples
    if impl is not pyref:
        kind = importlib.import_module("pyref.compiled.samples").Samples
    then = kind.objective

    def objective(self, theta, with_hessian):
        if self.count() >= 1000 and getattr(self, "share", 1) == 1:
            made.append(with_hessian)
        return then(self, theta, with_hessian)

    monkeypatch.setattr(kind, "objective", objective)
    return made


@pytest.mark.parametrize("method", METHODS)
def test_the_head_start_saves_passes_and_changes_nothing_else(impl, few, passes, method):
    for weighted, l2 in ((False, 0.0), (True, 0.0), (False, 0.01)):
        X, y, s = problem(10_000, 2, weighted=weighted)
        data = X.tolist(), y.tolist()
        how = {"l2": l2, "sample_weight": None if s is None else s.tolist()}
        passes.clear()
        fit = getattr(impl, method)(*data, **how)
        dear, cheap = sum(passes), len(passes)
        passes.clear()
        plain = getattr(impl, method)(*data, w=[1e-9, 0.0], **how)  # a start of one's own
        assert fit.status == plain.status == "converged"
        if method == "newton":
            assert dear <= 2
            assert sum(passes) >= 4
        else:
            assert cheap < len(passes)
        assert fit.losses[0] < np.log(2)
        assert len(fit.losses) == fit.iterations
        assert sorted(fit.losses, reverse=True) == pytest.approx(list(fit.losses), rel=1e-12)
        close = pytest.approx([*plain.w, plain.b], rel=0, abs=1e-13 if method == "newton" else 1e-9)
        assert [*fit.w, fit.b] == close
        assert lre([fit.log_likelihood], [plain.log_likelihood]) > (12 if method == "newton" else 8)
        if method == "newton" and not l2:
            assert lre(list(fit.standard_errors), list(plain.standard_errors)) > 10


def test_steps_of_a_head_start_are_counted_and_told(impl, few):
    """The callback hears of each, may stop at each, and iterations=0 is heeded."""
    X, y, _ = problem(2000, 2)
    rows, labels = X.tolist(), y.tolist()
    told = []
    fit = impl.newton(rows, labels, callback=lambda k, F: told.append((k, F)))
    assert told == list(enumerate(fit.losses))
    for limit in range(fit.iterations):
        short = impl.newton(rows, labels, iterations=limit)
        assert short.iterations == limit
        close = [*short.w, short.b] == pytest.approx([*fit.w, fit.b], rel=1e-9)
        assert short.status == "iterations" or (limit and close)
        assert list(short.losses) == list(fit.losses[:limit])
        stopped = impl.newton(rows, labels, callback=lambda k, _, limit=limit: k == limit)
        assert (stopped.status, stopped.iterations) == ("iterations", limit + 1)


def test_a_head_start_that_leads_nowhere(impl, few):
    X, y, _ = problem(2000, 2)
    y[:] = X[:, 0] > 0  # separable
    assert impl.newton(X.tolist(), y.tolist()).status == "separable"
    X, y, _ = problem(2000, 2)
    dependent = np.column_stack([X[:, 0], 3 * X[:, 0] + 1])
    with pytest.raises(ValueError, match=r"^column 1 of X is a combination of the columns before"):
        impl.newton(dependent.tolist(), y.tolist())
    # constant in all of the rows that are looked at first, in Python and in C, but not in all
    rare = np.column_stack([X[:, 0], np.arange(2000) == 1999])
    fit = impl.newton(rare.tolist(), y.tolist(), l2=0.01)
    assert fit.status == "converged"
    # what those rows say is far from the truth
    odd = y.copy()
    seen = np.arange(2000) % 16 == 0 if impl is pyref else np.arange(2000) < 125
    odd[seen] = X[seen, 0] > 0
    fit = impl.newton(X.tolist(), odd.tolist())
    plain = impl.newton(X.tolist(), odd.tolist(), w=[1e-9, 0.0])
    assert fit.status == plain.status == "converged"
    assert lre([*fit.w, fit.b], [*plain.w, plain.b]) > 12


def test_lbfgs_has_arrived_when_it_says_so(impl, few):
    """By Newton's decrement, which it does not know; a run of short steps is no arrival."""
    for seed in range(8):
        X, y, _ = problem(1500 + 100 * seed, 3, seed)
        X[:, 0] *= 1e-3
        fit = impl.lbfgs(X.tolist(), y.tolist(), iterations=500)
        assert fit.status == "converged"
        _, grad, hess = impl.hessian(X, y, fit.w, fit.b)
        units = np.sqrt(np.diag(hess))
        step = np.linalg.solve(np.array(hess) / units[:, None] / units, grad / units)
        assert np.sqrt((grad / units) @ step / len(y)) <= 3e-10


def test_columns_that_are_almost_the_same(impl):
    """Rounding hides the end from a bound on the scores' moves, but not from the moves."""
    for seed in range(8):
        rng = np.random.default_rng(seed)
        a, c, e, f = rng.standard_normal((4, 200))
        X = np.column_stack([a, a + 3e-6 * e, c, c + 3e-6 * f])
        y = (rng.random(200) < 1 / (1 + np.exp(-a))).astype(float)
        fit = impl.newton(X.tolist(), y.tolist())
        assert fit.status == "converged"
        assert fit.iterations <= 7


def test_a_head_start_beyond_all_floats(fast):
    """Weights of 1e308 and more: what is returned is a number all the same."""
    X = np.full((70_000, 1), 1e-308)
    X[::2] *= -1
    y = (X[:, 0] > 0).astype(float)
    y[::1009] = 1 - y[::1009]
    for method in METHODS:
        fit = getattr(fast, method)(X, y)
        assert fit.status == "diverged"
        assert np.isfinite([*fit.w, fit.b]).all()


def test_a_hundred_thousand_rows(fast):
    """Where it starts by itself; against NumPy's normal equations at the optimum."""
    X, y, _ = problem(100_000, 5)
    fit = fast.newton(X, y)
    assert fit.status == "converged"
    A = np.column_stack([X, np.ones(len(X))])
    p = 1 / (1 + np.exp(-(A @ [*fit.w, fit.b])))
    assert abs(A.T @ (p - y)).max() / len(X) < 1e-13
    covariance = np.linalg.inv(A.T @ (A * (p * (1 - p))[:, None]))
    assert lre(list(fit.standard_errors), np.sqrt(np.diag(covariance))) > 10
    quasi = fast.lbfgs(X, y)
    assert quasi.status == "converged"
    assert lre([*quasi.w, quasi.b], [*fit.w, fit.b]) > 7


# ---------------------------------------------------------------- when there is one


def has_one(fit):
    """Without a head start, the first F is that at zeros: log 2."""
    return abs(fit.losses[0] - np.log(2)) > 1e-6


@pytest.mark.parametrize("method", METHODS)
def test_from_so_many_rows_on(impl, few, monkeypatch, method):
    """512 for each parameter, and MANY; for L-BFGS no more than WIDE parameters."""
    X, y, _ = problem(1600, 2)
    rows, labels = X.tolist(), y.tolist()
    fit = getattr(impl, method)
    assert not has_one(fit(rows[:1535], labels[:1535]))  # 3 parameters
    assert has_one(fit(rows[:1536], labels[:1536]))
    monkeypatch.setattr(head_start, "WIDE", 2)
    assert has_one(fit(rows, labels)) == (method == "newton")
    monkeypatch.setattr(head_start, "MANY", 1601)
    assert not has_one(fit(rows, labels))


def test_so_many_rows_are_65536(fast):
    X, y, _ = problem(65536, 1)
    assert not has_one(fast.newton(X[:65535], y[:65535]))
    assert has_one(fast.newton(X, y))


def test_steps_that_go_back_and_forth_are_no_start(impl, few):
    """Newton's whole steps never end on this table, nor on a sample of it."""
    X = [[-1.0, -59.0], [27.0, -2.0], [3.0, 3.0], [-3.0, 1.0], [-2.0, 1.0], [-6.0, -3.0]]
    y = [1, 0, 0, 0, 1, 1]
    fit, small = impl.newton(X * 416, y * 416), impl.newton(X, y)
    assert fit.status == "converged"
    assert not has_one(fit)
    assert lre([*fit.w, fit.b], [*small.w, small.b]) > 9


def test_a_column_that_is_constant_in_the_sample(impl, few):
    X, y, _ = problem(2000, 1)
    rare = np.zeros(2000)
    rare[[1989, 1991, 1995]] = 1
    y[[1989, 1991, 1995]] = [0, 1, 1]
    fit = impl.newton(np.column_stack([X, rare]).tolist(), y.tolist())
    assert fit.status == "converged"
    assert not has_one(fit)


def test_a_sample_that_knows_little_of_a_rare_class(impl, few):
    """Its start is not taken where the first step over a quarter of the rows gains half of F."""
    X, _, _ = problem(2000, 2)
    for ones in ([16, 703, 1501], [32, 64, 96]):
        rare = np.zeros(2000)
        rare[ones] = 1
        fit = impl.lbfgs(X.tolist(), rare.tolist())
        assert fit.status == "converged"
        assert fit.iterations <= 25  # 33 and 36 from the sample's start
    rare = (np.arange(2000) % 97 == 5).astype(float)
    fit = impl.newton(X.tolist(), rare.tolist())
    assert (fit.status, has_one(fit)) == ("converged", True)
    assert fit.iterations <= 7


def test_the_proof_of_the_sample_serves_for_all_rows(impl, few, monkeypatch):
    kind = Samples
    if impl is not pyref:
        kind = importlib.import_module("pyref.compiled.samples").Samples

    def no_search(self, theta):
        raise AssertionError("there is a proof already")

    monkeypatch.setattr(kind, "forces", no_search)
    X, y, _ = problem(2000, 2)
    assert impl.lbfgs(X.tolist(), y.tolist()).status == "converged"
    with pytest.raises(AssertionError, match="already"):
        impl.lbfgs(X[:500].tolist(), y[:500].tolist())


# ---------------------------------------------------------------- what the start is made of


def kind_of(impl):
    """The class of the samples in standard units."""
    if impl is pyref:
        return Samples
    return importlib.import_module("pyref.compiled.samples").Samples


@pytest.fixture
def shares(impl, monkeypatch):
    """The shares of the rows that a fit looks at: one in ..."""
    kind, seen = kind_of(impl), []
    then = kind.some

    def some(self, share):
        seen.append(share)
        return then(self, share)

    monkeypatch.setattr(kind, "some", some)
    return seen


@pytest.mark.parametrize(("n", "d", "share"), [(1024, 1, 8), (1600, 2, 8), (2000, 1, 15)])
def test_sixty_four_rows_for_each_parameter_then_a_quarter(impl, few, shares, n, d, share):
    X, y, _ = problem(n, d)
    assert impl.newton(X.tolist(), y.tolist()).status == "converged"
    assert shares == [share, 4]


def test_one_row_in_sixty_four_of_very_many(fast, monkeypatch):
    kind, seen = kind_of(fast), []
    then = kind.some
    monkeypatch.setattr(kind, "some", lambda self, share: seen.append(share) or then(self, share))
    X, y, _ = problem(65536, 1)
    assert fast.newton(X, y).status == "converged"
    assert seen == [64, 4]


def test_the_start_is_as_near_as_a_quarter_of_the_rows_can_tell(impl, few):
    """The optimum of n/4 rows costs 3/2 (d+1)/n more than that of all, on average; a sample's alone
    would cost sixteen times that here."""
    n, d, excess = 4096, 1, 0.0
    for seed in range(6):
        X, y, _ = problem(n, d, seed)
        start = impl.lbfgs(X.tolist(), y.tolist()).losses[0]
        best = impl.newton(X.tolist(), y.tolist(), w=[1e-9]).log_likelihood / -n
        excess += (start - best) / 6
    assert 0 <= excess < 2 * 1.5 * (d + 1) / n


def test_a_sample_that_is_separable_proves_nothing_of_all_rows(impl, few):
    """A dummy that goes with ones in the rows that are looked at first, and not in all."""
    X, y, _ = problem(2000, 1)
    rare = np.zeros(2000)
    for i, label in ((0, 1), (10, 1), (30, 1), (403, 0), (411, 0), (419, 0)):
        rare[i], y[i] = 1, label
    X = np.column_stack([X, rare])
    for method in METHODS:
        fit = getattr(impl, method)(X.tolist(), y.tolist())
        plain = getattr(impl, method)(X.tolist(), y.tolist(), w=[1e-9, 0.0])
        assert fit.status == plain.status == "converged"
        assert has_one(fit)
        assert lre([*fit.w, fit.b], [*plain.w, plain.b]) > 6


def test_a_penalty_needs_no_proof(impl, few):
    """Labels that X separates, in the sample and in all rows: the penalty makes an optimum."""
    X, y, _ = problem(2000, 2)
    y = (X[:, 0] > 0).astype(float)
    X[:, 0] += 2 * y
    for method in METHODS:
        fit = getattr(impl, method)(X.tolist(), y.tolist(), l2=1e-4)
        assert (fit.status, has_one(fit)) == ("converged", True)


def test_a_sample_whose_steps_go_astray_is_left(impl, few):
    """The decrement of Newton's whole steps rises before it falls."""
    X = [[-2.0], [40.0], [-30.0], [2.0], [1.0], [1.0], [-1.0], [3.0], [3.0], [1.0]]
    y = [0, 1, 0, 0, 0, 0, 0, 0, 1, 1]
    fit, small = impl.newton(X * 141, y * 141), impl.newton(X, y)
    assert (fit.status, has_one(fit)) == ("converged", False)
    assert lre([*fit.w, fit.b], [*small.w, small.b]) > 9


def uphill(step):
    """The step of L-BFGS, but where the guess is a Hessian it leads nowhere."""

    def lost(self, pairs, grad, T):
        return list(grad) if T is not None else step(self, pairs, grad, T)

    return lost


@pytest.mark.parametrize("method", METHODS)
def test_a_guess_that_leads_nowhere_is_given_up(impl, few, monkeypatch, method):
    """Newton's method goes on with the Hessian of all rows, L-BFGS with a plain guess."""
    X, y, _ = problem(2000, 2)
    rows, labels = X.tolist(), y.tolist()
    want = getattr(impl, method)(rows, labels)
    kind = kind_of(impl)
    monkeypatch.setattr(kind, "lbfgs_step", uphill(kind.lbfgs_step))
    fit = getattr(impl, method)(rows, labels)
    assert (fit.status, has_one(fit)) == ("converged", True)
    assert fit.losses[0] == want.losses[0]
    assert lre([*fit.w, fit.b], [*want.w, want.b]) > (12 if method == "newton" else 7)


def test_how_many_passes_a_head_start_takes(impl, few, passes):
    """The forecast of the next step saves one in eight, and the start the rest."""
    for method, dear, all_of_them in (("newton", 6, 52), ("lbfgs", 0, 46)):
        passes.clear()
        for seed in range(6):
            X, y, _ = problem(2000, 2, seed)
            assert getattr(impl, method)(X.tolist(), y.tolist()).status == "converged"
        assert sum(passes) <= dear
        assert len(passes) <= all_of_them


@pytest.mark.parametrize("far", [1e6, 1e10])
def test_units_that_the_sample_does_not_know(fast, far):
    """C asks 128 of each 8192 rows for the means first. Here those are far out and certain, so that
    the fit is that of the others: in their units, for in those of the sample it has no digits."""
    rng = np.random.default_rng(0)
    n, x = 65536, rng.normal(size=65536)
    y = (rng.random(n) < 1 / (1 + np.exp(-x))).astype(float)
    seen = np.arange(n) % 8192 < 128
    rest = fast.newton(x[~seen][:, None], y[~seen])
    fit = fast.newton((x + far * seen)[:, None], np.where(seen, 1.0, y))
    assert fit.status == rest.status == "converged"
    assert lre([fit.w[0]], [rest.w[0]]) > 12
    assert lre([fit.b], [rest.b]) > 10
    assert lre(list(fit.standard_errors), list(rest.standard_errors)) > 9
