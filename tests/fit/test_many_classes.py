"""Softmax fits of many rows, many parameters, many classes: the same optimum, and proven."""

import numpy as np
import pytest

from pyref import LogisticRegression, fast
from pyref.compiled import classes as compiled
from pyref.fit import separation
from pyref.fit.separation import Budget
from pyref.pure import class_samples


def drawn(n, d, C, seed=0, size=1.0):
    """Rows, and classes drawn by a model of theirs."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    W = rng.normal(size=(d, C)) * size / np.sqrt(d)
    return X, (X @ W + rng.gumbel(size=(n, C))).argmax(axis=1)


def largest_gradient(X, y, model):
    W = np.array(model.coef_).T.tolist()
    _, grad_W, grad_b = fast.softmax_gradient(X, np.asarray(y), W, list(model.intercept_))
    return max(np.abs(np.asarray(grad_W)).max(), np.abs(np.asarray(grad_b)).max()) / len(y)


def test_above_300_parameters_the_optimum_is_proven(monkeypatch):
    """(It ended as "iterations" after 1366 evaluations, with "give more iterations".)"""
    X, y = drawn(3000, 110, 4)
    monkeypatch.setattr(separation, "PRODUCTS", 0)  # by one bound, without a search
    monkeypatch.setattr(separation, "NUMBERS", 0)
    model = LogisticRegression(backend="c").fit(X, y)
    assert (model.solver_, model.status_) == ("lbfgs", "converged")
    assert model.n_iter_ < 30
    assert largest_gradient(X, y, model) < 1e-11


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
def test_many_rows_begin_with_some_of_them(solver, monkeypatch):
    X, y = drawn(70_000, 3, 3)
    shares, some = [], compiled.ClassSamples.some
    monkeypatch.setattr(
        compiled.ClassSamples, "some", lambda self, share: shares.append(share) or some(self, share)
    )
    model = LogisticRegression(solver=solver, backend="c").fit(X, y)
    assert (model.status_, shares) == ("converged", [64, 4])
    assert model.n_iter_ < 10
    assert largest_gradient(X, y, model) < 1e-10


def test_one_row_in_some_is_the_same_in_both_engines():
    X, y = drawn(100, 2, 3)
    s = [float(i % 4) for i in range(100)]
    rows = [i for i in range(100) if s[i]]
    pure = class_samples(X.tolist(), y.tolist(), s, 3, 0.1).some(5)
    c = compiled.ClassSamples(
        X, memoryview(compiled.array("b", y.tolist())), compiled.array("d", s), sum(s), 3, 0.1, 1
    ).some(5)
    theta = [0.3, -0.2, 0.1, 0.2, 0.4, -0.5, -0.5, -0.2, 0.4]
    one, two = pure.objective(theta, False), c.objective(theta, False)
    assert pytest.approx(two.F, rel=1e-13) == one.F
    assert one.grad == pytest.approx(two.grad, abs=1e-14)
    some = rows[::5]
    direct = fast.softmax_gradient(X[some], y[some], *pure.raw(theta), [s[i] for i in some])[0]
    assert one.loss == pytest.approx(direct, rel=1e-12)
    assert pure.total == c.total == sum(s[i] for i in some)


@pytest.mark.parametrize("C", [128, 129, 200])
def test_more_classes_than_a_byte_holds(C):
    X, y = drawn(6 * C, 1, C, size=0.1)
    y[: 2 * C] = [*range(C), *range(C)]
    how = {"solver": "lbfgs", "l2": 0.1}
    models = [LogisticRegression(backend=b, **how).fit(X, y) for b in ("python", "c")]
    assert [m.status_ for m in models] == ["converged"] * 2
    assert models[0].log_likelihood_ == pytest.approx(models[1].log_likelihood_, rel=1e-12)
    assert np.ravel(models[0].coef_) == pytest.approx(np.ravel(models[1].coef_), abs=1e-8)
    assert largest_gradient_with(X, y, models[1], 0.1) < 1e-9


def largest_gradient_with(X, y, model, l2):
    W = np.array(model.coef_).T
    _, grad_W, grad_b = fast.softmax_gradient(X, y, W.tolist(), list(model.intercept_))
    return max(np.abs(np.array(grad_W) / len(y) + l2 * W).max(), np.abs(grad_b).max() / len(y))


# ---------------------------------------------------------------- one bound, by itself


def samples_of(X, y, C):
    return class_samples(np.array(X, float).tolist(), list(y), None, C, 0.0)


def test_the_bound_holds_near_an_optimum_and_nowhere_else():
    X, y = drawn(60, 2, 3)
    samples = samples_of(X, y, 3)
    model = LogisticRegression(backend="python").fit(X.tolist(), y.tolist())
    W, b = np.array(model.coef_).T.tolist(), list(model.intercept_)
    assert samples.surely_balanced(samples.objective(samples.standard(W, b), False))
    far = samples.standard([[w + 1.0 * c for c, w in enumerate(row)] for row in W], b)
    assert not samples.surely_balanced(samples.objective(far, False))


@pytest.mark.parametrize("size", [0.0, 1.0, 30.0, 300.0])
def test_nothing_is_proven_where_there_is_no_optimum(size):
    x = [float(i % 7) for i in range(42)]
    apart = [int(t > 2) + int(t > 4) for t in x]
    samples = samples_of([[t] for t in x], apart, 3)
    theta = samples.standard([[0.0, size, 2 * size]], [0.0, -2.5 * size, -7 * size])
    here = samples.objective(theta, False)
    assert not samples.surely_balanced(here)
    assert samples.fate(here, Budget(1)) is False
    assert not any(samples.separates(v) for v in ([0.0] * 6, [1.0, 0, 0, 0, -1.0, 0]))


def test_what_the_bound_leaves_out_is_less_than_the_whole():
    """u M u of each class against the commonest, by hand: never more than v H v."""
    X, y = drawn(30, 2, 4)
    samples = samples_of(X, y, 4)
    rng = np.random.default_rng(2)
    theta = samples.centred(list(rng.normal(size=12)))
    _, product = samples.forces(theta)
    ps, o = samples.probabilities(theta), int(np.bincount(y).argmax())
    a = np.column_stack([np.array(samples.X), np.ones(30)])
    for _ in range(20):
        v = rng.normal(size=(4, 3))
        whole = np.dot(v.ravel(), product(list(v.ravel())))
        part = 0.0
        for k in range(4):
            moves = a @ (v[k] - v[o])
            pushes = [ps[k][i] * (y[i] == o) + ps[o][i] * (y[i] == k) for i in range(30)]
            part += np.sum(pushes * moves**2) / 30 if k != o else 0.0
        assert 0 < part <= whole * (1 + 1e-12)


