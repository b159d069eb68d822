"""What only the compiled chapter 3 promises: kinds of memory, threads, Ctrl-C, memory that fails,
rows without number; and that each of its passes is that of its twin.

That its fits are right is tested in test_second_order.py, over both implementations.
"""

import math
import os
import random
import subprocess
import sys
import textwrap
from array import array

import numpy as np
import pytest
from helpers.compare import same
from helpers.oracle_second_order import lre, lre_of_sums
from test_signals_memory import interrupted

from pyref.compiled import buffers
from pyref.compiled import samples as fast_second_order
from pyref.fit import head_start, optimum
from pyref.fit.samples import Samples as Samples
from pyref.fit.samples import reach_at_most, standardised
from pyref.front import checks
from pyref.pure import counted
from pyref.second_order import dot

METHODS = ("newton", "lbfgs")
LAYOUTS = ("float64", "float32", "memory map", "list", "memoryview")


def problem(n, d, seed=0, soft=False, weighted=False):
    """A problem that is not separable once n is some times d: X, y, s."""
    rng = np.random.default_rng([n, d, seed])
    X = rng.normal(size=(n, d)) * rng.uniform(0.5, 2, size=d) + rng.normal(size=d)
    p = 1 / (1 + np.exp(-(X @ rng.normal(size=d)) / np.sqrt(d)))
    y = rng.binomial(5, p) / 5 if soft else (rng.random(n) < p).astype(float)
    s = rng.integers(0, 4, size=n).astype(float) if weighted else None
    return X, y, s


def parts(fit):
    """A fit as a tuple of plain numbers, the same for both implementations."""
    errors = fit.standard_errors
    return (
        *(list(fit.w), fit.b, list(fit.losses), fit.iterations, fit.status),
        *(None if errors is None else list(errors), fit.log_likelihood),
    )


def digits(values, others):
    """Right digits of vectors, relative to their largest entry; 16 if there is none."""
    if not len(others) or not any(others):
        return 16 if list(values) == list(others) else 0
    return lre_of_sums(list(values), list(others))


# ---------------------------------------------------------------- pass by pass


@pytest.fixture(params=[(1, 1), (2, 3), (9, 2), (64, 7), (65, 8), (130, 9), (200, 17), (300, 33)])
def twins(request, fast):
    """Both classes of samples over the same data, with weights (some 0) and soft labels."""
    n, d = request.param
    X, y, s = problem(n, d, weighted=n > 2)
    y[::3] = 0.25
    total = n if s is None else sum(s)
    l2 = 0.1 if n < 3 * d else 0.0
    weights = None if s is None else s.tolist()
    pure = standardised(*counted(X.tolist(), y.tolist(), weights), total, l2)
    held = buffers.table(X), buffers.labels(y, n), buffers.sample_weights(s, n)
    samples = fast_second_order.Samples(*held, total, l2, 2)
    yield pure, pure.units, samples
    samples.close()


def points(samples, count):
    rng = random.Random(samples.count())
    size = len(samples.ridge)
    return [[rng.gauss(0, 1) for _ in range(size)] for _ in range(count)]


def test_the_units(twins):
    pure, (shifts, spreads), samples = twins
    assert samples.units[0] == shifts
    for ours, theirs in zip(samples.units[1], spreads, strict=True):
        assert abs(ours - theirs) <= 1e-13 * theirs
    assert samples.one_class == pure.one_class
    assert digits(samples.ridge, pure.ridge) > 12
    for j, largest in enumerate(samples.reaches):
        assert abs(largest - max(abs(a_i[j]) for a_i in pure.A)) <= 1e-13 * largest
    assert digits(samples.reaches, pure.reaches) > 13


def test_the_objective_and_its_derivatives(twins):
    pure, _, samples = twins
    for theta in points(pure, 3):
        plain = samples.objective(theta, False)
        assert plain.theta is theta
        assert plain.hess is None
        want = pure.objective(theta, True)
        found = samples.objective(theta, True)
        assert lre([plain.F, plain.loss, found.F], [want.F, want.loss, want.F]) > 13
        assert min(digits(plain.grad, want.grad), digits(found.grad, want.grad)) > 12
        # hess is known by what is done with it
        strong = [20 * t for t in theta]
        hesses = [(found.hess, want.hess)]
        if not any(pure.ridge):  # where there is a penalty, nothing needs a proof
            hesses.append((samples.strong_hessian(strong), pure.strong_hessian(strong)))
        for hess, other in hesses:
            step, L, exact = samples.newton_step(hess, plain.grad)
            wanted, L_wanted, exact_wanted = pure.newton_step(other, plain.grad)
            assert exact == exact_wanted
            if not exact or L_wanted[-1][-1] < 1e-3 * L_wanted[0][0]:
                continue  # too near to a singular one for digits
            last = points(pure, 1)[0]
            assert digits(step, wanted) > 9
            assert digits(L, [x for row in L_wanted for x in row]) > 10
            assert digits(samples.variances(L, last), pure.variances(L_wanted, last)) > 9
            assert digits(samples.solve(L, last), pure.solve(L_wanted, last)) > 9
        assert samples.dependent_column(found.hess) == pure.dependent_column(want.hess)


def test_moves_and_forces(twins):
    pure, _, samples = twins
    theta, v, u = points(pure, 3)
    for at in (theta, [40 * t for t in theta]):  # with faint forces in the second
        onward, all_strong = samples.onward(at, v)
        wanted, wanted_strong = pure.onward(at, v)
        assert all_strong == wanted_strong
        assert onward == wanted or lre([onward], [wanted]) > 11
        push, product = samples.forces(at)
        wanted, product_wanted = pure.forces(at)
        assert digits(push, wanted) > 11
        assert digits(product(v), product_wanted(v)) > 11
    assert lre([samples.reach(v)], [pure.reach(v)]) > 11
    assert abs(samples.furthest(v) - pure.furthest(v)) <= 1e-11 * pure.reach(v)
    assert digits(samples.rest(v)(u), pure.rest(v)(u)) > 11
    assert samples.separates(v) == pure.separates(v)
    assert not samples.separates([0.0] * len(v))


def test_a_bound_is_given_only_where_it_decides_the_same(twins):
    pure, _, samples = twins
    theta, v = points(pure, 2)
    samples.objective(theta, True)
    for size in (1e-13, 1e-6, 1e-2, 0.1, 1.0):
        small = [size * v_j for v_j in v]
        furthest = max(abs(dot(a_i, small)) for a_i in pure.A)
        for one in (pure, samples):
            assert reach_at_most(one, small) >= furthest * (1 - 1e-12)
        onward, all_strong = samples.onward(theta, small)
        wanted, wanted_strong = pure.onward(theta, small)
        assert all_strong == wanted_strong
        assert onward >= wanted - 1e-12 * furthest
        assert (onward < 0.5) == (wanted < 0.5) or onward == pytest.approx(wanted, rel=1e-12)


# ---------------------------------------------------------------- fits, beside the other twin


@pytest.mark.parametrize("method", METHODS)
def test_both_twins_end_alike(fast, method):
    for n in (1, 2, 3, 7, 8, 9, 63, 64, 65, 129):
        for d in (1, 2, 3, 8, 9):
            for l2 in (0.0, 0.05):
                X, y, s = problem(n, d, soft=n % 2 == 1, weighted=d == 3 and n > 3)
                rows, labels, weights = X.tolist(), y.tolist(), None if s is None else s.tolist()
                how = {"l2": l2, "iterations": 200}
                ends = []
                for module, data in ((optimum, (rows, labels)), (fast, (X, y))):
                    given = weights if module is optimum else s
                    try:
                        fit = getattr(module, method)(*data, sample_weight=given, **how)
                    except ValueError as error:
                        fit = error
                    ends.append(fit)
                want, found = ends
                if isinstance(want, ValueError):
                    assert type(found) is ValueError
                    assert str(found) == str(want)
                    continue
                assert found.status == want.status, (n, d, l2)
                if want.status == "converged":
                    limit = 9 if method == "newton" else 5
                    assert digits([*found.w, found.b], [*want.w, want.b]) > limit
                    assert abs(found.log_likelihood - want.log_likelihood) <= 1e-9 * n
                assert type(found.w) is type(found.losses) is array
                assert (found.standard_errors is None) == (want.standard_errors is None)
                assert want.standard_errors is None or type(found.standard_errors) is array


def laid_out(X, layout, tmp_path):
    if layout == "float32":
        return X.astype(np.float32)
    if layout == "memory map":
        out = np.memmap(tmp_path / "X", np.float64, "w+", shape=X.shape)
        out[:] = X
        return out
    if layout == "list":
        return X.tolist()
    return memoryview(X) if layout == "memoryview" else X


@pytest.mark.parametrize("layout", LAYOUTS)
def test_how_x_lies_in_memory_cannot_be_seen(fast, layout, tmp_path):
    X, y, s = problem(333, 11, weighted=True)
    X = X.astype(np.float32).astype(float)
    given = laid_out(X, layout, tmp_path)
    for method in METHODS:
        want = getattr(fast, method)(X, y, sample_weight=s)
        assert parts(getattr(fast, method)(given, y, sample_weight=s)) == parts(want)
        whole = getattr(fast, method)(given, y.astype(np.int8), sample_weight=s.astype(np.uint16))
        assert parts(whole) == parts(want)
    want = fast.hessian(X, y, X[0], 0.5, s)
    found = fast.hessian(given, y, X[0], 0.5, s)
    same((found[0], *found[1], *np.ravel(found[2])), (want[0], *want[1], *np.ravel(want[2])))


def test_layouts_that_c_cannot_read_are_errors(fast):
    X, y, _ = problem(20, 3)
    for method in (*METHODS, "hessian"):
        more = ([0.0] * 3, 0.0) if method == "hessian" else ()
        for wrong in (np.asfortranarray(X), X[:, ::2], X[::2]):
            with pytest.raises(ValueError, match="does not lie row after row in memory"):
                getattr(fast, method)(wrong, y[: len(wrong)], *more)
        with pytest.raises(TypeError, match="X has elements of type int64"):
            getattr(fast, method)(X.astype(np.int64), y, *more)


@pytest.mark.parametrize("method", METHODS)
def test_every_thread_count_gives_the_same_bits(fast, method):
    X, y, s = problem(70_001, 6, weighted=True)
    want = parts(getattr(fast, method)(X, y, sample_weight=s, threads=1))
    assert want[4] == "converged"
    for threads in (None, 2, 3, 7):
        assert parts(getattr(fast, method)(X, y, sample_weight=s, threads=threads)) == want
    with pytest.raises(ValueError, match="threads is 0"):
        getattr(fast, method)(X, y, threads=0)


def test_hessian_for_every_thread_count(fast):
    X, y, _ = problem(3001, 20)
    want = fast.hessian(X, y, X[0], 0.5, threads=1)
    for threads in (None, 2, 3, 7):
        loss, grad, hess = fast.hessian(X, y, X[0], 0.5, threads=threads)
        assert (loss, grad, hess) == want
    assert [len(row) for row in hess] == [21] * 21
    assert type(hess[0]) is type(grad) is array


# ---------------------------------------------------------------- numbers out of the ordinary


def test_rows_of_weight_zero_wherever_they_are(fast):
    X, y, s = problem(500, 4, weighted=True)
    wild = X.copy()
    wild[s == 0] = 1e308
    wild[np.flatnonzero(s == 0)[::2]] = -1e308
    keep = s > 0
    for method in METHODS:
        want = getattr(fast, method)(X[keep], y[keep], sample_weight=s[keep])
        found = getattr(fast, method)(wild, y, sample_weight=s)
        assert found.status == want.status == "converged"
        assert digits([*found.w, found.b], [*want.w, want.b]) > (11 if method == "newton" else 7)
    w = [3.0, -2.0, 1.0, 9.0]
    want, found = fast.hessian(X[keep], y[keep], w, 1.0, s[keep]), fast.hessian(wild, y, w, 1.0, s)
    assert lre([found[0]], [want[0]]) > 13
    assert digits(np.ravel(found[2]), np.ravel(want[2])) > 13


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_named_also_in_a_row_of_weight_zero(fast, value):
    for weight in (0.0, 2.0):
        for kind in (np.float64, np.float32):
            X, y, _ = problem(200, 9)
            X, s = X.astype(kind), np.ones(200)
            X[130, 8], s[130] = value, weight
            message = rf"^X\[130\]\[8\] is {value}: remove the row, or fill in a finite number$"
            for method in METHODS:
                with pytest.raises(ValueError, match=message):
                    getattr(fast, method)(X, y, sample_weight=s)
            for w in (0.0, 0.7):
                with pytest.raises(ValueError, match=message):
                    fast.hessian(X, y, [w] * 9, 0.0, s)


def test_weighted_second_derivatives_need_one_reading_of_x(fast, monkeypatch):
    """What is not finite shows in the sums, whatever its weight: no search unless it does."""

    def searched(X, name):
        raise AssertionError("X was read once more")

    X, y, s = problem(200, 9, weighted=True)
    monkeypatch.setattr(buffers, "table_values", searched)
    fast.hessian(X, y, [0.1] * 9, 0.0, s)
    s[:] = 0.0
    s[0] = 1.0
    for row, column in ((1, 0), (7, 8), (64, 3), (199, 8)):
        X[row, column] = np.nan
        with pytest.raises(AssertionError, match="once more"):
            fast.hessian(X, y, [0.1] * 9, 0.0, s)
        X[row, column] = 0.0


def test_columns_from_1e_minus_300_to_1e_300(fast):
    X, y, _ = problem(400, 5)
    want = fast.newton(X, y)
    units = np.array([1e-300, 1e-8, 1.0, 1e8, 1e300])
    for method, asked in (("newton", 10), ("lbfgs", 7)):
        fit = getattr(fast, method)(X * units, y)
        assert fit.status == "converged"
        assert lre([*(np.array(fit.w) * units), fit.b], [*want.w, want.b]) > asked


def test_a_column_that_spans_too_much(fast):
    X, y, _ = problem(100, 3)
    X[:, 1] = 0.0
    X[40, 1], X[41, 1] = 1.7e308, -1.7e308
    for method in METHODS:
        assert getattr(fast, method)(X, y).status in ("converged", "separable")
    X[40:, 1] = 1.7e308
    X[:40, 1] = -1.7e308
    for module, rows in ((fast, X), (optimum, X.tolist())):
        with pytest.raises(ValueError, match=r"^column 1 of X spans more than a float can hold"):
            module.newton(rows, y.tolist())


# ---------------------------------------------------------------- very many rows


@pytest.fixture
def few(monkeypatch):
    """As if a thousand rows were very many."""
    monkeypatch.setattr(head_start, "MANY", 1000)


@pytest.mark.parametrize("weighted", [False, True])
def test_units_where_some_rows_mislead(fast, few, weighted):
    """The rows that are asked for the means first: a 64th, here 32 of 2048."""
    draw = np.random.default_rng(5)
    n, some = 2048, 2048 // head_start.SHARE
    z = draw.standard_normal((n, 8))
    columns = {
        "like the others": z[:, 0] + 3,
        "far from the others": np.where(np.arange(n) < some, 1e6, z[:, 1]),
        "an outlier among them": np.where(np.arange(n) == 7, 1e9, z[:, 2]),
        "an outlier elsewhere": np.where(np.arange(n) == 777, 1e9, z[:, 3]),
        "constant there": np.where(np.arange(n) < some, 5.0, 1e3 * z[:, 4]),
        "tiny there": np.where(np.arange(n) < some, 1e-300, 1e200) * z[:, 5],
        "huge there": np.where(np.arange(n) < some, 1e200, 1e-300) * z[:, 6],
        "constant": np.full(n, 7.5),
        "years": np.round(2000 + z[:, 7]),
    }
    X = np.column_stack(list(columns.values()))
    y = (z[:, 0] > draw.standard_normal(n)).astype(float)
    s = draw.integers(0, 3, n).astype(float) if weighted else None
    weights = np.ones(n) if s is None else s
    held = buffers.table(X), buffers.labels(y, n), buffers.sample_weights(s, n)
    samples = fast_second_order.Samples(*held, weights.sum(), 0.0, 2)
    shifts, spreads = samples.units
    for j, (name, x) in enumerate(columns.items()):
        x, used = x.tolist(), weights.tolist()
        assert shifts[j] in [x_i for x_i, s_i in zip(x, used, strict=True) if s_i], name
        scale = max(abs(x_i - shifts[j]) for x_i, s_i in zip(x, used, strict=True) if s_i) or 1.0
        squares = [s_i * ((x_i - shifts[j]) / scale) ** 2 for x_i, s_i in zip(x, used, strict=True)]
        wanted = scale * math.sqrt(math.fsum(squares) / math.fsum(used)) or 1.0
        assert spreads[j] == pytest.approx(wanted, rel=1e-12), name
        apart = [s_i * (x_i - shifts[j]) for x_i, s_i in zip(x, used, strict=True)]
        assert abs(math.fsum(apart)) / math.fsum(used) <= 0.9 * spreads[j], name
    samples.close()


@pytest.fixture
def passes(monkeypatch):
    """Which passes over all rows the fits make: [with second derivatives?, ...]."""
    made = []
    for kind in (Samples, fast_second_order.Samples):

        def objective(self, theta, with_hessian, then=kind.objective):
            if self.count() >= 1000 and getattr(self, "share", 1) == 1:
                made.append(with_hessian)
            return then(self, theta, with_hessian)

        monkeypatch.setattr(kind, "objective", objective)
    return made


@pytest.mark.parametrize("which", ["python", "c"])
@pytest.mark.parametrize("method", METHODS)
def test_the_head_start_saves_passes_and_changes_nothing_else(fast, few, passes, which, method):
    module = fast if which == "c" else optimum
    for weighted, l2 in ((False, 0.0), (True, 0.0), (False, 0.01)):
        X, y, s = problem(10_000, 2, weighted=weighted)
        data = X.tolist(), y.tolist()
        how = {"l2": l2, "sample_weight": None if s is None else s.tolist()}
        passes.clear()
        fit = getattr(module, method)(*data, **how)
        dear, cheap = sum(passes), len(passes)
        passes.clear()
        plain = getattr(module, method)(*data, w=[1e-9, 0.0], **how)  # a start of one's own
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


@pytest.mark.parametrize("which", ["python", "c"])
def test_steps_of_a_head_start_are_counted_and_told(fast, few, which):
    """The callback hears of each, may stop at each, and iterations=0 is heeded."""
    module = fast if which == "c" else optimum
    X, y, _ = problem(2000, 2)
    rows, labels = X.tolist(), y.tolist()
    told = []
    fit = module.newton(rows, labels, callback=lambda k, F: told.append((k, F)))
    assert told == list(enumerate(fit.losses))
    for limit in range(fit.iterations):
        short = module.newton(rows, labels, iterations=limit)
        assert short.iterations == limit
        close = [*short.w, short.b] == pytest.approx([*fit.w, fit.b], rel=1e-9)
        assert short.status == "iterations" or (limit and close)
        assert list(short.losses) == list(fit.losses[:limit])
        stopped = module.newton(rows, labels, callback=lambda k, _, limit=limit: k == limit)
        assert (stopped.status, stopped.iterations) == ("iterations", limit + 1)


@pytest.mark.parametrize("which", ["python", "c"])
def test_a_head_start_that_leads_nowhere(fast, few, which):
    module = fast if which == "c" else optimum
    X, y, _ = problem(2000, 2)
    y[:] = X[:, 0] > 0  # separable
    assert module.newton(X.tolist(), y.tolist()).status == "separable"
    X, y, _ = problem(2000, 2)
    dependent = np.column_stack([X[:, 0], 3 * X[:, 0] + 1])
    with pytest.raises(ValueError, match=r"^column 1 of X is a combination of the columns before"):
        module.newton(dependent.tolist(), y.tolist())
    # constant in all of the rows that are looked at first, in Python and in C, but not in all
    rare = np.column_stack([X[:, 0], np.arange(2000) == 1999])
    fit = module.newton(rare.tolist(), y.tolist(), l2=0.01)
    assert fit.status == "converged"
    # what those rows say is far from the truth
    odd = y.copy()
    seen = np.arange(2000) % 16 == 0 if which == "python" else np.arange(2000) < 125
    odd[seen] = X[seen, 0] > 0
    fit = module.newton(X.tolist(), odd.tolist())
    plain = module.newton(X.tolist(), odd.tolist(), w=[1e-9, 0.0])
    assert fit.status == plain.status == "converged"
    assert lre([*fit.w, fit.b], [*plain.w, plain.b]) > 12


@pytest.mark.parametrize("which", ["python", "c"])
def test_lbfgs_has_arrived_when_it_says_so(fast, few, which):
    """By Newton's decrement, which it does not know; a run of short steps is no arrival."""
    module = fast if which == "c" else optimum
    for seed in range(8):
        X, y, _ = problem(1500 + 100 * seed, 3, seed)
        X[:, 0] *= 1e-3
        fit = module.lbfgs(X.tolist(), y.tolist(), iterations=500)
        assert fit.status == "converged"
        _, grad, hess = fast.hessian(X, y, fit.w, fit.b)
        units = np.sqrt(np.diag(hess))
        step = np.linalg.solve(np.array(hess) / units[:, None] / units, grad / units)
        assert np.sqrt((grad / units) @ step / len(y)) <= 3e-10


@pytest.mark.parametrize("which", ["python", "c"])
def test_columns_that_are_almost_the_same(fast, which):
    """Rounding hides the end from a bound on the scores' moves, but not from the moves."""
    module = fast if which == "c" else optimum
    for seed in range(8):
        rng = np.random.default_rng(seed)
        a, c, e, f = rng.standard_normal((4, 200))
        X = np.column_stack([a, a + 3e-6 * e, c, c + 3e-6 * f])
        y = (rng.random(200) < 1 / (1 + np.exp(-a))).astype(float)
        fit = module.newton(X.tolist(), y.tolist())
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


def test_rows_so_long_that_a_part_is_done_in_steps(fast):
    X, y, _ = problem(40_000, 300)
    w = np.full(300, 0.01)
    _, grad, hess = fast.hessian(X, y, w, 0.2)
    A = np.column_stack([X, np.ones(len(X))])
    p = 1 / (1 + np.exp(-(X @ w + 0.2)))
    assert digits(np.ravel(hess), np.ravel(A.T @ (A * (p * (1 - p))[:, None]))) > 12
    assert digits(grad, A.T @ (p - y)) > 11
    assert (grad, hess) == fast.hessian(X, y, w, 0.2, threads=3)[1:]


# ---------------------------------------------------------------- Ctrl-C, memory, fork


CALLS = {
    "newton": (60_000, 40, lambda f, X, y, **how: f.newton(X, y, **how)),
    "lbfgs": (60_000, 40, lambda f, X, y, **how: f.lbfgs(X, y, **how)),
    "lbfgs, wide": (200, 20_000, lambda f, X, y, **how: f.lbfgs(X, y, l2=1e-6, **how)),
    "hessian": (20_000, 400, lambda f, X, y, **how: f.hessian(X, y, X[0], 0.0, **how)),
    "newton, many features": (3000, 700, lambda f, X, y, **how: f.newton(X, y, l2=0.1, **how)),
}


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", CALLS)
def test_ctrl_c(fast, name, threads):
    n, d, call = CALLS[name]
    X, y, _ = problem(n, d)

    def without_end():
        while True:
            call(fast, X, y, threads=threads)

    interrupted(without_end)


@pytest.mark.parametrize("name", ["newton", "lbfgs", "hessian"])
def test_memory_that_fails(fast, name):
    X, y, s = problem(3000, 5, weighted=True)
    call = CALLS[name][2]
    want = call(fast, X, y, sample_weight=s)
    failures, messages = 0, set()
    try:
        for k in range(100):
            fast.FRONT.engine.lib.pyref_fail_allocation_after(k)
            try:
                found = call(fast, X, y, sample_weight=s)
                break
            except MemoryError as error:
                messages.add(str(error))
                failures += 1
    finally:
        fast.FRONT.engine.lib.pyref_fail_allocation_after(-1)
    assert failures >= 2
    assert messages == {"no memory for the sums of a pass over X"}
    assert found == want
    assert call(fast, X, y, sample_weight=s) == want


def test_a_callback_that_raises_leaves_nothing_behind(fast):
    X, y, _ = problem(3000, 5)

    def raises(k, loss):
        raise KeyError("from within")

    for method in METHODS:
        for _ in range(3):
            with pytest.raises(KeyError, match="from within"):
                getattr(fast, method)(X, y, callback=raises, threads=2)
        assert getattr(fast, method)(X, y).status == "converged"


def test_a_fork_after_a_fit(fast):
    X, y, _ = problem(30_000, 8)
    want = parts(fast.newton(X, y, threads=2))
    child = os.fork()
    if child == 0:
        os._exit(0 if parts(fast.newton(X, y, threads=2)) == want else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert parts(fast.newton(X, y, threads=2)) == want


def test_x_is_not_copied():
    """The most memory in use grows by less than a twentieth of X."""
    code = """
        import resource, numpy
        from pyref import fast
        X = numpy.random.default_rng(1).standard_normal((500_000, 32))
        y = (X[:, 0] + numpy.random.default_rng(2).standard_normal(500_000) > 0).astype(float)
        small = X[:1000].copy()
        fast.newton(small, y[:1000]), fast.lbfgs(small, y[:1000])
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for method in (fast.newton, fast.lbfgs):
            assert method(X, y).status == "converged"
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) * 1024 < 500_000 * 32 * 8 / 20


# ---------------------------------------------------------------- errors


def test_the_order_of_mistakes_with_threads(fast):
    X, y, _ = problem(20, 2)
    with pytest.raises(TypeError, match=r"^callback is 3"):
        fast.newton(X, y, callback=3, threads=0)
    with pytest.raises(ValueError, match=r"^threads is 0"):
        fast.newton(X, y + 7, threads=0)
    with pytest.raises(ValueError, match=r"^y\[0\] is "):
        fast.newton(X * np.nan, y + 7)
    with pytest.raises(ValueError, match=r"^X\[0\]\[0\] is nan"):
        fast.newton(X * np.nan, y)
    assert type(fast.newton(X, y)) is checks.Newton
