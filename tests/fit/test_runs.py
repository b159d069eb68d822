"""How a run goes: losses, endings, callbacks, starts, tolerances, the memory of L-BFGS."""

import itertools

import mpmath
import numpy as np
import pytest
from helpers import oracle_second_order as oracle
from helpers.fits import DIGITS, METHODS, X4, Y4, table
from helpers.oracle_second_order import lre, optimum

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
