"""How a run goes: losses, endings, callbacks, starts, tolerances, the memory of L-BFGS."""

import importlib
import itertools

import mpmath
import numpy as np
import pytest
from helpers import oracle_second_order as oracle
from helpers.fits import DIGITS, METHODS, X4, Y4, problem, table
from helpers.oracle_second_order import lre, optimum

import pyref

# ---------------------------------------------------------------- how a run goes


@pytest.mark.parametrize("source", oracle.PUBLISHED, ids=lambda f: f.__name__)
@pytest.mark.parametrize("method", METHODS)
def test_the_losses_fall(impl, method, source):
    data = source()
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
    # F at b = 0.1 is a little more than the log 2 at zeros, at b = -0.1 a little less
    X, y = [[0.1], [0.3], [0.7], [0.2]], [0, 1, 0, 0]
    assert fit(X, y, w=[0.1], b=0.1) == fit(X, y)
    for k in range(1, 20):  # a good one comes back to the bit
        w, b = [0.1 / k], -1 / (3 * k)
        given = fit(X, y, w=w, b=b, iterations=0)
        assert (list(given.w), given.b) == (w, b)
        assert lre([given.log_likelihood], [-impl.gradient(X, y, w, b)[0]]) > 15
    bad = fit(X, y, w=[100.0], b=7.0, iterations=0)
    assert (list(bad.w), bad.b) == ([0.0], 0.0)


def test_a_start_does_not_hide_dependent_columns(impl):
    X = [[x, 2 * x + 1] for (x,) in X4]
    with pytest.raises(ValueError, match=r"^column 1 of X is a combination of the columns"):
        impl.newton(X, Y4, w=[0.9, 0.0], b=-2.2)


def test_a_start_makes_no_column_dependent(impl):
    """There all rows but two are certain, and those two know nothing of the column."""
    X, y = [[-9.0], [-8.0], [8.0], [9.0], [0.0], [0.0]], [0, 0, 1, 1, 1, 0]
    assert impl.newton(X, y, w=[1e3]).status == "separable"


@pytest.mark.parametrize("l2", [0.0, 1.0, 1e3, 1e6])
def test_converged_is_a_promise_about_the_gradient(impl, l2):
    """No entry exceeds tolerance, in units in which each column has a root mean square of 1; and
    from L-BFGS, which knows no step of Newton's, this is the stronger promise where l2 is large."""
    for seed in range(10):
        X, y, _ = problem(60, 3, seed)
        for tolerance in (1e-6, 1e-10):
            fit = impl.lbfgs(X.tolist(), y.tolist(), l2=l2, tolerance=tolerance, iterations=500)
            assert (fit.status, fit.standard_errors) == ("converged", None)
            _, grad, _ = impl.hessian(X, y, fit.w, fit.b)
            grad = np.array(grad) / 60
            grad[:-1] += l2 * np.array(fit.w)
            grad[:-1] = (grad[:-1] - X.mean(axis=0) * grad[-1]) / X.std(axis=0)
            assert abs(grad).max() <= 1.5 * tolerance
        newton = impl.newton(X.tolist(), y.tolist(), l2=l2)
        assert (newton.standard_errors is None) == (l2 > 0)


def almost_the_same(seed, part):
    """Two pairs of columns of which little is different, and labels that go with the first."""
    rng = np.random.default_rng(seed)
    a, c, e, f = rng.standard_normal((4, 200))
    X = np.column_stack([a, a + part * e, c, c + part * f])
    return X, (rng.random(200) < 1 / (1 + np.exp(-a))).astype(float)


def test_lbfgs_does_not_take_a_slow_descent_for_the_end(impl):
    """Where columns are nearly the same, steps get short long before the optimum is near."""
    for seed in range(8):
        X, y = almost_the_same(seed, 1e-4)
        fit = impl.lbfgs(X.tolist(), y.tolist())
        best = impl.newton(X.tolist(), y.tolist())
        assert fit.status == best.status == "converged"
        assert abs(best.log_likelihood - fit.log_likelihood) < 1e-9


def test_a_tolerance_near_rounding(impl):
    """A step of Newton's that is not smaller than the one before is all rounding: the end, where
    the bound on its moves alone would have the run go on until no lower F is found."""
    ends = []
    for seed in range(12):
        X, y = almost_the_same(seed, 2e-6)
        ends.append(impl.newton(X.tolist(), y.tolist(), tolerance=1e-12).status)
    assert ends.count("converged") >= 10


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


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("l2", [0.0, 0.3])
def test_the_log_likelihood_is_that_of_the_parameters(impl, method, l2):
    """However loose the tolerance: Newton's last step gains what is not measured any more."""
    for seed in range(6):
        X, y, _ = problem(50, 2, seed)
        for tolerance in (1e-4, 1e-6):
            fit = getattr(impl, method)(X.tolist(), y.tolist(), l2=l2, tolerance=tolerance)
            assert fit.status == "converged"
            loss, _, _ = impl.gradient(X, y, fit.w, fit.b)
            assert lre([fit.log_likelihood], [-loss]) > 11.5


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


def kind_of(impl):
    """The class of the samples in standard units."""
    name = "pyref.fit.samples" if impl is pyref else "pyref.compiled.samples"
    return importlib.import_module(name).Samples


def test_an_ordinary_fit_asks_for_nothing_dear(impl, monkeypatch):
    """Newton's last step proves the optimum: no forces, no second Hessian; and the furthest move
    of a step is looked for at the end only."""
    looked = []
    for name in ("forces", "strong_hessian", "reach"):
        then = getattr(kind_of(impl), name)

        def noted(self, *given, name=name, then=then):
            looked.append(name)
            return then(self, *given)

        monkeypatch.setattr(kind_of(impl), name, noted)
    for seed in range(6):
        X, y, _ = problem(60, 3, seed)
        looked.clear()
        assert impl.newton(X.tolist(), y.tolist()).status == "converged"
        assert looked in ([], ["reach"])
        looked.clear()
        assert impl.lbfgs(X.tolist(), y.tolist()).status == "converged"
        assert looked == ["forces"]
    # rare dummies: that they separate takes a search, which is not put off for long
    X = [[float(i % 7 == k) for k in range(3)] + [float(i * i % 11)] for i in range(40)]
    y = [float(i % 7 == 0 or i % 3 == 0) for i in range(40)]
    fit = impl.newton(X, y)
    assert fit.status == "separable"
    assert fit.iterations <= 10


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


@pytest.mark.parametrize("memory", [1, 3])
def test_no_pair_more_than_the_memory_of_lbfgs(impl, monkeypatch, memory):
    name = "pyref.fit.samples" if impl is pyref else "pyref.compiled.samples"
    room, seen = importlib.import_module(name), []
    step = room.lbfgs_step

    def counting(pairs, *rest):
        seen.append(len(pairs))
        return step(pairs, *rest)

    monkeypatch.setattr(room, "lbfgs_step", counting)
    X, y, _ = table(np.random.default_rng(10), 60, 8)
    assert impl.lbfgs(X, y, memory=memory, iterations=1000).status == "converged"
    assert max(seen) == memory
