"""A fit changes the model in one step, at its end, or not at all; C never reads past weights."""

import threading
import time

import numpy as np
import pytest

import pyref
from pyref import pure
from pyref import sklearn as for_sklearn
from pyref.model import designs, estimator

rng = np.random.default_rng(8)
X2, X3 = rng.normal(size=(40, 2)), rng.normal(size=(40, 3))
y = (X2[:, 0] + rng.normal(size=40) > 0).astype(int)


def refused(k, loss):
    raise KeyboardInterrupt


@pytest.mark.parametrize("how", ["a negative weight", "Ctrl-C"])
@pytest.mark.parametrize("kind", [pyref.LogisticRegression, for_sklearn.LogisticRegression])
def test_a_refit_that_fails_leaves_the_model_as_it_was(kind, backend, how):
    """The width was the new one and the weights the old ones: C read what is behind them."""
    model = kind(backend=backend).fit(X2, y)
    before, said = dict(vars(model)), model.predict_proba(X2)
    more = {"sample_weight": [-1.0] * 40} if how == "a negative weight" else {"callback": refused}
    with pytest.raises((ValueError, KeyboardInterrupt)):
        model.fit(X3, y, **more)
    assert vars(model) == before
    assert np.array_equal(model.predict_proba(X2), said)
    with pytest.raises(ValueError, match="X has 3 features"):
        model.predict_proba(X3)


def test_nothing_of_an_older_fit_is_left(backend):
    model = pyref.LogisticRegression(backend=backend).fit(X2, y)
    model.of_the_old_fit_ = 1
    model.fit(X3, y)
    assert len(model.coef_) == model.n_features_in_ == 3
    assert not hasattr(model, "of_the_old_fit_")


@pytest.mark.parametrize("classes", [2, 3])
def test_weights_of_another_length_set_by_hand(backend, classes):
    labels = y if classes == 2 else (y + (X2[:, 1] > 0)).tolist()
    model = pyref.LogisticRegression(backend=backend, l2=0.1).fit(X2, labels)
    model.coef_ = [w[:1] for w in model.coef_] if classes > 2 else model.coef_[:1]
    for say in (model.decision_function, model.predict_proba, model.predict):
        with pytest.raises(ValueError, match=r"^the model has weights for 1 features, X has 2:"):
            say(X2)


def test_each_engine_looks_at_the_lengths_itself(fast):
    wide = rng.normal(size=(40, 100))
    few = r"^the model has weights for 2 features, X has 100: give the same$"
    narrow = r"^the model's row 0 of weights has length 2, but there are 3 classes:"
    for engine, X in ((fast.FRONT.engine, wide), (pure, wide.tolist())):
        for function in (engine.scores, engine.probabilities):
            with pytest.raises(ValueError, match=few):
                function(X, [1.0, 2.0], 0.5, None)
            with pytest.raises(ValueError, match=few):
                function(X, [[1.0, 2.0, 3.0]] * 2, [0.0] * 3, None)
            with pytest.raises(ValueError, match=narrow):
                function(X, [[1.0, 2.0]] * 100, [0.0] * 3, None)


LETTERS = np.array(["a", "b"])


@pytest.mark.parametrize("kind", [pyref.LogisticRegression, for_sklearn.LogisticRegression])
def test_what_predicts_while_another_thread_fits(kind, backend):
    """Each answer is that of one model: the classes of one with the weights of another, or a width
    with other weights, would be neither."""
    one, two = kind(backend=backend).fit(X2, y), kind(backend=backend).fit(-X2, LETTERS[y])
    model = kind(backend=backend)
    states = [dict(vars(one)), dict(vars(two))]
    answers = [(m.predict(X2).tolist(), m.predict_proba(X2).tolist()) for m in (one, two)]
    model.__dict__ = dict(states[0])
    over = threading.Event()

    def fit():  # what a fit does at its end, again and again
        while not over.is_set():
            for state in states:
                model._become(dict(state))

    fitting = threading.Thread(target=fit)
    fitting.start()
    try:
        end = time.monotonic() + 1
        while time.monotonic() < end:
            assert model.predict(X2).tolist() in (answers[0][0], answers[1][0])
            assert model.predict_proba(X2).tolist() in (answers[0][1], answers[1][1])
            text = pyref.model.file.text(model)
            assert ('"a"' in text) == (repr(float(np.ravel(two.coef_)[0])) in text)
    finally:
        over.set()
        fitting.join()


@pytest.mark.parametrize("kind", [pyref.LogisticRegression, for_sklearn.LogisticRegression])
def test_a_fit_that_ends_in_the_middle_of_a_prediction(kind, backend, monkeypatch):
    """Not by chance: the other fit is made when the first has got its scores."""
    model = kind(backend=backend).fit(X2, y)
    wanted = model.predict(X2).tolist()
    other = dict(vars(kind(backend=backend).fit(-X2, LETTERS[y])))
    for name in ("parameters", "same_columns", "read_table"):
        ours = kind(backend=backend).fit(X2, y)
        home = designs if name == "read_table" else estimator
        function = getattr(home, name)

        def then(*given, function=function, ours=ours):
            found = function(*given)
            ours._become(dict(other))
            return found

        with monkeypatch.context() as patch:
            patch.setattr(home, name, then)
            assert ours.predict(X2).tolist() == wanted, name
        assert set(ours.predict(X2).tolist()) == {"a", "b"}, name  # and now it is the other
