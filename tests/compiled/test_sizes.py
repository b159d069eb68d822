"""Where the compiled path changes its way with the size: just below, at and above each boundary."""

import math
from array import array

import numpy as np
import pytest
from helpers import oracle_multinomial as oracle
from helpers.compare import same, within

from pyref.compiled import samples as compiled_samples
from pyref.compiled import scores as compiled_scores
from pyref.fit import head_start

# ---------------------------------------------------------------- so many in one call


def test_more_scores_than_one_call_looks_at(fast):
    """65,536 in one; every score has the answer that it has alone."""
    rng = np.random.default_rng(1)
    for n in (65_535, 65_536, 65_537, 131_073):
        z = rng.normal(scale=20, size=n)
        places = [0, 1, n // 2, *range(65_530, min(n, 65_542)), n - 2, n - 1]
        for scores in (z, z.astype("f")):
            for function in (fast.sigmoid, fast.softplus):
                got = function(scores)
                assert len(got) == n
                same([got[i] for i in places], [function(float(scores[i])) for i in places])


@pytest.mark.parametrize("C", [1, 2, 3, 5])
def test_more_probabilities_than_one_call_computes(fast, C):
    rng = np.random.default_rng(C)
    probabilities, one_call = fast.FRONT.engine.probabilities, 1 << 16
    w = rng.normal(size=(1, C)).tolist() if C > 1 else [0.7]
    b = rng.normal(size=C).tolist() if C > 1 else 0.3
    width = max(C, 2)
    for n in (one_call // C - 1, one_call // C, one_call // C + 1, 2 * one_call // C + 3):
        X = rng.normal(scale=5, size=(n, 1))
        got = np.reshape(probabilities(X, w, b, None), (n, width))
        assert abs(got.sum(axis=1) - 1).max() < 1e-15 * width
        for i in {
            0,
            n // 2,
            n - 2,
            n - 1,
            *range(max(one_call // C - 3, 0), min(n, one_call // C + 3)),
        }:
            same(got[i].tolist(), list(probabilities(X[i : i + 1], w, b, None)))


def test_more_classes_than_numbers_in_one_call(fast, monkeypatch):
    """A call has one row at least."""
    monkeypatch.setattr(compiled_scores, "_NUMBERS", 2)
    w, b = [[0.1, 0.2, -0.3]], [0.0, 1.0, 2.0]
    X = np.array([[1.0], [2.0], [3.0]])
    got = fast.FRONT.engine.probabilities(X, w, b, None)
    for i, row in enumerate(X):
        same(
            got[3 * i : 3 * i + 3].tolist(),
            list(fast.softmax([v * row[0] + c for v, c in zip(w[0], b, strict=True)])),
        )


def test_the_largest_class_may_stand_anywhere(fast):
    """2^24 labels are looked at in one call."""
    engine, many = fast.FRONT.engine, 1 << 24
    for n in (many, many + 1, many + 70):
        y = np.zeros(n, np.uint8)
        for at in (0, many - 1, n - 1):
            y[at] = 7
            assert engine.classes_of(engine.class_labels(y, n)) == 8
            with pytest.raises(ValueError, match=rf"^y\[{at}\] is 7: with 5 classes"):
                engine.class_label_values(engine.class_labels(y, n), 5)
            y[at] = 0


# ---------------------------------------------------------------- so many classes


@pytest.mark.parametrize("C", [126, 127, 128, 129, 200, 256, 257])
def test_many_classes(impl, C):
    """Each is the label of some row; a label of a byte has its last bit."""
    rng = np.random.default_rng(C)
    n, d = 300, 3
    X, W, b = rng.normal(size=(n, d)), rng.normal(size=(d, C)), rng.normal(size=C)
    y = np.arange(n) % C
    loss, grad_W, grad_b = impl.softmax_gradient(X, y, W.tolist(), b.tolist())
    want = oracle.loss_and_gradient(X, oracle.one_hot(y, C), W, b)
    bound = oracle.bounds(X, oracle.one_hot(y, C), W, b)
    within(loss, want[0], bound[0], "loss")
    within(grad_W, want[1], bound[1], "grad_W")
    within(grad_b, want[2], bound[2], "grad_b")
    if C <= 256:
        got = impl.softmax_gradient(X, y.astype(np.uint8), W.tolist(), b.tolist())
        same([got[0], list(got[1]), got[2]], [loss, list(grad_W), grad_b])
    fit = impl.softmax_descent(X, y, learning_rate=0.5, iterations=1)
    assert np.shape(fit.w) == (d, C)
    start = oracle.loss_and_gradient(X, oracle.one_hot(y, C), np.zeros((d, C)), np.zeros(C))
    assert abs(np.array(fit.b) + 0.5 * start[2] / n).max() < 1e-15
    assert abs(np.array(fit.w) + 0.5 * start[1] / n).max() < 1e-14


# ---------------------------------------------------------------- passes that end early


class Run:
    """A run of the C engine over X, y; `call` makes at most one pass in so many seconds."""

    def __init__(self, fast, what, X, y, threads):
        engine = fast.FRONT.engine
        self.lib, self.ffi, self.kept = engine.lib, engine.ffi, (X, y)
        pointer = engine.ffi.from_buffer
        kind = {np.dtype("d"): 0, np.dtype("f"): 1}
        self.run = engine.ffi.gc(
            engine.lib.pyref_run_new(
                what, pointer(X), kind[X.dtype], pointer(y), kind[y.dtype], engine.ffi.NULL,
                *X.shape, 1, 0, 1, threads,
            ),
            engine.lib.pyref_run_free,
        )  # fmt: skip
        self.units = [array("d", [v]) * X.shape[1] for v in (0.0, 1.0)]
        engine.lib.pyref_run_units(
            self.run, *[engine.ffi.from_buffer("double[]", u) for u in self.units]
        )

    def call(self, params, size, seconds):
        out = array("d", [math.nan]) * size
        at = self.ffi.from_buffer("double[]", array("d", params))
        to = self.ffi.from_buffer("double[]", out)
        return self.lib.pyref_run_pass(self.run, at, seconds, to), out

    def share(self, share):
        self.lib.pyref_run_share(self.run, share)


@pytest.mark.parametrize("threads", [1, 2, 7])
@pytest.mark.parametrize(
    ("n", "d", "kind"), [(120_000, 8, "d"), (120_000, 8, "f"), (40_000, 300, "f")]
)
def test_a_pass_goes_on_where_its_time_ended(fast, n, d, kind, threads):
    """In calls that have no time at all: each does something, and the bits are those of one call.

    With 300 columns, a part of a Hessian is done in several steps, and may end between two."""
    rng = np.random.default_rng(d)
    X, y = rng.standard_normal((n, d)).astype(kind), rng.random(n)
    lib = fast.FRONT.engine.lib
    for what, size in (
        (lib.PYREF_GRADIENT, d + 2),
        (lib.PYREF_HESSIAN, d + 2 + (d + 1) * (d + 2) // 2),
    ):
        params = rng.normal(size=d + 1) / math.sqrt(d)
        done, want = Run(fast, what, X, y, threads).call(params, size, math.inf)
        assert done
        run, calls, done = Run(fast, what, X, y, threads), 0, False
        while not done:
            done, got = run.call(params, size, 0.0)
            calls += 1
            assert done or all(math.isnan(v) for v in got), "nothing is given before the end"
            assert calls < 1000
        same(got, want)
        assert calls >= 8 / threads, "the time is looked at inside a pass"
        if d == 300 and what == lib.PYREF_HESSIAN:
            assert threads > 1 or calls > 16, "and inside a part"


@pytest.mark.parametrize("d", [1, 8])
@pytest.mark.parametrize("rest", [1, 63, 64, 65, 100])
def test_a_share_of_the_rows(fast, d, rest):
    """One in 64 of each part, from its first row on, and one at least: of the last part too."""
    part = (7000 // (d + 10) + 64) // 64 * 64
    n = 5 * part + rest
    rng = np.random.default_rng(n)
    X, y = rng.standard_normal((n, d)), (rng.random(n) < 0.5).astype(float)
    seen = np.zeros(n, bool)
    for begin in range(0, n, part):
        seen[begin : begin + -(-min(part, n - begin) // 64)] = True
    run = Run(fast, fast.FRONT.engine.lib.PYREF_STANDARD_GRADIENT, X, y, 1)
    theta = rng.normal(size=d + 1)
    for share, rows in ((1, slice(None)), (64, seen), (1, slice(None))):
        run.share(share)
        done, (_, loss, *grad) = run.call([*theta, math.inf], d + 3, math.inf)
        A = np.column_stack([X, np.ones(n)])[rows]
        z = A @ theta
        assert done
        assert loss == pytest.approx((np.logaddexp(0, z) - y[rows] * z).sum(), rel=1e-12)
        assert grad == pytest.approx(A.T @ (1 / (1 + np.exp(-z)) - y[rows]), rel=1e-9)


def test_the_means_of_a_share_are_asked_for_from_so_many_rows_on(fast, monkeypatch):
    asked = []
    make = compiled_samples.Passes.make

    def spied(self, what, params, share=1):
        asked.append(share)
        return make(self, what, params, share)

    monkeypatch.setattr(compiled_samples.Passes, "make", spied)
    monkeypatch.setattr(head_start, "MANY", 1000)
    rng = np.random.default_rng(2)
    for n, first in ((999, 1), (1000, head_start.SHARE), (1001, head_start.SHARE)):
        X = rng.standard_normal((n, 2))
        asked.clear()
        assert fast.newton(X, (rng.random(n) < 0.5).astype(float)).status == "converged"
        assert asked[:2] == [first, 1]
