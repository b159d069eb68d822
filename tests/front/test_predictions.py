"""What a fitted model says of rows: the scores and probabilities that the estimators ask of either
engine, against mpmath."""

import math

import mpmath
import numpy as np
import pytest
from helpers.compare import EPS, same
from mpmath import mpf

INF = math.inf


@pytest.fixture
def engine(impl):
    return impl.FRONT.engine


def truth(X, w, b):
    """(scores, probabilities) in 60 digits; chapter 1's b is one number."""
    scores, probabilities = [], []
    with mpmath.workdps(60):
        for x in X:
            if isinstance(b, float):
                zs = [mpf(0), mpf(b) + mpmath.fdot(map(mpf, w), map(mpf, x))]
                scores.append(zs[1])
            else:
                columns = zip(*w, strict=True)
                zs = [
                    mpf(c) + mpmath.fdot(map(mpf, v), map(mpf, x))
                    for v, c in zip(columns, b, strict=True)
                ]
                scores += zs
            es = [mpmath.exp(z) for z in zs]
            probabilities += [e / mpmath.fsum(es) for e in es]
    return scores, probabilities


@pytest.mark.parametrize("C", [1, 2, 3, 5])
@pytest.mark.parametrize("d", [1, 4])
def test_scores_and_probabilities(engine, C, d):
    """In their tails too: the smaller of two probabilities keeps its digits."""
    rng = np.random.default_rng([C, d])
    X = rng.normal(size=(30, d)) * rng.choice([0.1, 1.0, 30.0], size=(30, 1))
    w = rng.normal(size=d).tolist() if C == 1 else rng.normal(size=(d, C)).tolist()
    b = 0.25 if C == 1 else rng.normal(size=C).tolist()
    X = X.tolist()
    scores, probabilities = truth(X, w, b)
    got = engine.scores(X, w, b, None)
    assert len(got) == 30 * C
    size = (d + 2) * EPS * (5 + np.abs(X).max() * np.abs(w).max() * d)
    assert max(abs(z - want) for z, want in zip(got, scores, strict=True)) <= size
    got = engine.probabilities(X, w, b, None)
    assert len(got) == 30 * max(C, 2)
    for p, want in zip(got, probabilities, strict=True):
        assert abs(p - want) <= (3 * size + 8 * EPS) * want


def test_one_class_is_certain(engine):
    assert list(engine.probabilities([[1.0], [2.0]], [[3.0]], [4.0], None)) == [1.0, 1.0]


def test_a_score_too_large_for_a_float_is_infinite(engine):
    X = [[1e308, 1e308], [-1e308, 0.0]]
    assert list(engine.scores(X, [10.0, 1.0], 0.0, None)) == [INF, -INF]
    assert list(engine.probabilities(X, [10.0, 1.0], 0.0, None)) == [0.0, 1.0, 1.0, 0.0]


def test_a_cell_that_is_not_finite_is_named(impl, engine):
    """By its place; in a gradient too, where the label's class has all of the probability and the
    residuals are 0: only 0 times the cell tells."""
    for bad in (INF, -INF, math.nan):
        X = [[1.0, 2.0], [3.0, bad]]
        for w, b in (([1.0, 2.0], 0.0), ([[1.0, -1.0], [1.0, 1.0]], [0.0, 0.0])):
            with pytest.raises(ValueError, match=rf"^X\[1\]\[1\] is {bad}: remove the row"):
                engine.scores(X, w, b, None)
    X, y, W = [[1.0], [INF]], [0, 0], [[1.0, -1.0]]
    with pytest.raises(ValueError, match=r"^X\[1\]\[0\] is inf: remove the row"):
        impl.softmax_gradient(X, y, W, [0.0, 0.0])


def test_a_model_of_another_width_is_refused(engine):
    X = [[1.0, 2.0]]
    for w, b in (([1.0], 0.0), ([1.0, 2.0, 3.0], 0.0), ([[1.0, 2.0]], [0.0, 0.0])):
        with pytest.raises(ValueError) as caught:  # noqa: PT011
            engine.scores(X, w, b, None)
        assert str(caught.value) == (
            f"the model has weights for {len(w)} features, X has 2: give the same"
        )
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        engine.scores(X, [[1.0, 2.0], [3.0]], [0.0, 0.0], None)
    assert str(caught.value) == (
        "the model's row 1 of weights has length 1, but there are 2 classes: give one weight for"
        " each class"
    )


def test_nothing_that_was_given_is_changed(engine):
    X, w, b = [[1.0, 2.0]], [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [0.1, 0.2, 0.3]
    first = list(engine.scores(X, w, b, None))
    same(list(engine.scores(X, w, b, None)), first)
    assert (w, b) == ([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [0.1, 0.2, 0.3])
