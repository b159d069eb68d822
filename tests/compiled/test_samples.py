"""Each pass of the compiled samples (pyref/compiled/samples.py) is its twin's in pyref/fit/."""

import math
import random

import numpy as np
import pytest
from helpers.fits import digits, problem
from helpers.oracle_second_order import lre

from pyref.compiled import buffers
from pyref.compiled import samples as compiled_samples
from pyref.fit import head_start
from pyref.fit.samples import reach_at_most, standardised
from pyref.fit.separation import score
from pyref.pure import counted
from pyref.second_order import solve

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
    samples = compiled_samples.Samples(*held, total, l2, 2)
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
        assert abs(largest - max(abs([*x_i, 1.0][j]) for x_i in pure.X)) <= 1e-13 * largest
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
            step, T = samples.newton_step(hess, plain.grad)
            wanted, T_wanted = pure.newton_step(other, plain.grad)
            assert (T is None) == (T_wanted is None)
            if T is None or T_wanted[-1][-1] < 1e-3 * T_wanted[0][0]:
                continue  # too near to a singular one for digits
            last = points(pure, 1)[0]
            assert digits(step, wanted) > 9
            assert digits(T, [x for row in T_wanted for x in row]) > 10
            assert digits(samples.variances(T, last), pure.variances(T_wanted, last)) > 9
            assert digits(samples.solve(T, last), solve(T_wanted, last)) > 9
        T, T_wanted = samples.triangle(found.hess), pure.triangle(want.hess)
        assert (T is None) == (T_wanted is None)
        if T is not None:
            least, wanted = samples.least_own(T), pure.least_own(T_wanted)
            assert least <= wanted * (1 + 1e-9)
            assert least > 1e-4 or least == pytest.approx(wanted, rel=1e-9)
        rows = samples.hessian_rows(found.hess)
        assert digits(np.ravel(rows), np.ravel(pure.hessian_rows(want.hess))) > 12


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


@pytest.mark.parametrize(("n", "d"), [(5, 1), (64, 3), (131, 9)])
def test_what_separates(fast, n, d):
    """A plane that parts the labels; not its opposite, nor with one label on the wrong side, nor
    where a label between moves. A row of weight 0 may lie where it will."""
    rng = np.random.default_rng([n, d])
    X, w, b = rng.standard_normal((n, d)), rng.standard_normal(d), 0.1
    y = (X @ w + b > 0).astype(float)
    y[:2] = [0.0, 1.0]
    X[:2] = np.array([-1, 1])[:, None] * w
    for change, weight, right in (
        (None, 1.0, True),
        (1 - y[3], 1.0, False),
        (1 - y[3], 0.0, True),
        (0.5, 1.0, False),
        (0.5, 0.0, True),
    ):
        labels, s = y.copy(), np.ones(n)
        labels[3], s[3] = y[3] if change is None else change, weight
        held = buffers.table(X), buffers.labels(labels, n), buffers.sample_weights(s, n)
        samples = compiled_samples.Samples(*held, s.sum(), 0.0, 1)
        pure = standardised(*counted(X.tolist(), labels.tolist(), s.tolist()), s.sum(), 0.0)
        for one, (shifts, spreads) in ((samples, samples.units), (pure, pure.units)):
            v = [w_j * spread for w_j, spread in zip(w, spreads, strict=True)]
            v.append(b + sum(w_j * shift for w_j, shift in zip(w, shifts, strict=True)))
            assert one.separates(v) == right
            assert not one.separates([-v_j for v_j in v])
        samples.close()


def test_a_bound_is_given_only_where_it_decides_the_same(twins):
    pure, _, samples = twins
    theta, v = points(pure, 2)
    samples.objective(theta, True)
    for size in (1e-13, 1e-6, 1e-2, 0.1, 1.0):
        small = [size * v_j for v_j in v]
        furthest = max(abs(score(x_i, small)) for x_i in pure.X)
        for one in (pure, samples):
            assert reach_at_most(one, small) >= furthest * (1 - 1e-12)
        onward, all_strong = samples.onward(theta, small)
        wanted, wanted_strong = pure.onward(theta, small)
        assert all_strong == wanted_strong
        assert onward >= wanted - 1e-12 * furthest
        assert (onward < 0.5) == (wanted < 0.5) or onward == pytest.approx(wanted, rel=1e-12)


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
    samples = compiled_samples.Samples(*held, weights.sum(), 0.0, 2)
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


def test_rows_so_long_that_a_part_is_done_in_steps(fast):
    X, y, _ = problem(40_000, 300)
    w = np.full(300, 0.01)
    _, grad, hess = fast.hessian(X, y, w, 0.2)
    A = np.column_stack([X, np.ones(len(X))])
    p = 1 / (1 + np.exp(-(X @ w + 0.2)))
    assert digits(np.ravel(hess), np.ravel(A.T @ (A * (p * (1 - p))[:, None]))) > 12
    assert digits(grad, A.T @ (p - y)) > 11
    assert (grad, hess) == fast.hessian(X, y, w, 0.2, threads=3)[1:]
