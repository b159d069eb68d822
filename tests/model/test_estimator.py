"""pyref.LogisticRegression: the right numbers, from whichever solver and backend."""

import functools
from array import array

import numpy as np
import pytest
from helpers.estimators import challenger, flat, optimum_of_scikit_learn, overlapping, same_fit
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression as Theirs

import pyref
from pyref import LogisticRegression
from pyref.model import backends, reading
from pyref.model.solvers import softmax_optimum

# ---------------------------------------------------------------- the numbers


def test_challenger_is_the_published_optimum(backend):
    model = LogisticRegression(backend=backend).fit(*challenger())
    # the 40-digit optimum (numerics), and its standard errors
    assert model.coef_ == pytest.approx([-0.23216274421859648], rel=1e-12)
    assert model.intercept_ == pytest.approx(15.042901647702442, rel=1e-12)
    assert model.standard_errors_ == pytest.approx([0.10823652, 7.37863638], rel=1e-7)
    assert -2 * model.log_likelihood_ == pytest.approx(20.315192687866833, rel=1e-13)
    assert model.predict_proba([[31]])[0][1] == pytest.approx(0.99960878, abs=5e-9)
    assert (model.status_, model.converged_, model.solver_) == ("converged", True, "newton")
    assert (model.classes_, model.n_features_in_, model.n_samples_) == ([0, 1], 1, 23)
    assert (model.class_totals_, model.feature_names_in_) == ([16.0, 7.0], None)
    assert model.backend_ == backend
    assert len(model.loss_history_) == model.n_iter_
    assert model.loss_history_[0] == pytest.approx(np.log(2), rel=1e-15)
    assert model.loss_history_ == sorted(model.loss_history_, reverse=True)


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("l2", [0.0, 0.05])
@pytest.mark.parametrize("solver", ["auto", "newton", "lbfgs", "gradient_descent"])
def test_every_solver_reaches_the_optimum_of_scikit_learn(backend, solver, l2, classes):
    X, y = overlapping(classes)
    theirs = optimum_of_scikit_learn(classes, l2)
    # (without a penalty plain descent takes 1600 iterations, with momentum some 200)
    momentum = 0.0 if l2 else 0.8
    options = {"tolerance": 1e-9, "momentum": momentum} if solver == "gradient_descent" else {}
    model = LogisticRegression(solver=solver, l2=l2, backend=backend, **options).fit(X, y)
    assert model.status_ == "converged"
    if classes > 2:  # only differences of intercepts say anything
        assert np.sum(model.intercept_) == pytest.approx(0, abs=1e-9)
        assert np.sum(model.coef_, axis=0) == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(np.ravel(model.coef_), theirs.coef_.ravel(), atol=3e-6)
    np.testing.assert_allclose(np.ravel(model.intercept_), theirs.intercept_, atol=3e-6)
    np.testing.assert_allclose(model.predict_proba(X), theirs.predict_proba(X), atol=2e-6)
    assert model.predict(X) == theirs.predict(X).tolist()
    assert model.score(X, y) == theirs.score(X, y)


@pytest.mark.parametrize("l2", [0.0, 0.05])
def test_newton_and_lbfgs_agree_to_ten_digits(backend, l2):
    X, y = overlapping(4)
    newton = LogisticRegression(solver="newton", l2=l2, backend=backend).fit(X, y)
    lbfgs = LogisticRegression(solver="lbfgs", l2=l2, backend=backend).fit(X, y)
    same_fit(newton, lbfgs)
    assert newton.n_iter_ < 10 < lbfgs.n_iter_
    # and the gradient of the objective is zero there, by chapter 2's own account
    W = [list(row) for row in zip(*newton.coef_, strict=True)]
    _, grad_W, grad_b = pyref.softmax_gradient(X, y, W, newton.intercept_)
    of_objective = np.array(grad_W) / len(y) + l2 * np.array(W)
    assert np.abs(of_objective).max() < 1e-13
    assert np.abs(grad_b).max() / len(y) < 1e-13


def test_softmax_of_two_classes_is_chapter_3s_answer(backend):
    X, y = overlapping(2)
    name, module = backends.backend(backend)
    table = reading.read_table(X, name == "c")
    codes = array("b", y) if name == "c" else y
    for newton in (True, False):
        fit = softmax_optimum(module, table.data, codes, 2, newton=newton)
        model = LogisticRegression(backend=backend).fit(X, y)
        assert [w[1] - w[0] for w in fit.w] == pytest.approx(model.coef_, rel=1e-9)
        assert fit.b[1] - fit.b[0] == pytest.approx(model.intercept_, rel=1e-9)
        assert fit.log_likelihood == pytest.approx(model.log_likelihood_, rel=1e-12)


def test_the_backends_agree(fast):
    for classes in (2, 3):
        X, y = overlapping(classes)
        for solver in ("newton", "lbfgs", "gradient_descent"):
            pair = [
                LogisticRegression(solver=solver, backend=name, iterations=7).fit(X, y)
                for name in ("python", "c")
            ]
            assert [model.backend_ for model in pair] == ["python", "c"]
            np.testing.assert_allclose(flat(pair[0]), flat(pair[1]), rtol=1e-9)
            np.testing.assert_allclose(pair[0].loss_history_, pair[1].loss_history_, rtol=1e-12)
            np.testing.assert_allclose(
                pair[0].predict_proba(X), pair[1].predict_proba(X), rtol=1e-9
            )


def test_badly_scaled_columns_reach_the_same_answer(backend):
    for classes in (2, 3):
        X, y = overlapping(classes)
        scale = [1e-8, 1.0, 1e8]
        shift = [0.0, 2000.0, 1e9]
        other = [[v * f + o for v, f, o in zip(x, scale, shift, strict=True)] for x in X]
        near = LogisticRegression(backend=backend).fit(X, y)
        far = LogisticRegression(backend=backend).fit(other, y)
        assert far.status_ == "converged"
        np.testing.assert_allclose(far.predict_proba(other), near.predict_proba(X), rtol=1e-6)


def test_columns_far_from_zero_and_narrow(backend):
    X, y = overlapping(3)
    moved = [[1.7e9 + 1024 * round(x[0] * 64) / 64, *x[1:]] for x in X]
    plain = [[round(x[0] * 64) / 64, *x[1:]] for x in X]
    near = LogisticRegression(backend=backend).fit(plain, y)
    far = LogisticRegression(backend=backend).fit(moved, y)
    assert (far.status_, far.n_iter_) == ("converged", near.n_iter_)
    np.testing.assert_allclose(
        np.array(far.coef_) * [1024, 1, 1], near.coef_, rtol=1e-8, atol=1e-10
    )
    start = LogisticRegression(backend=backend, init=far).fit(moved, y)
    assert start.n_iter_ <= 1


# ---------------------------------------------------------------- what must not matter


@settings(max_examples=15)
@given(st.randoms(use_true_random=False), st.sampled_from([2, 3]))
def test_names_and_order_do_not_matter(random, classes):
    X, y = overlapping(classes, n=60, d=2)
    model = LogisticRegression(backend="python").fit(X, y)
    order = list(range(len(y)))
    random.shuffle(order)
    names = ["b", ("a", 1), 7][:classes]  # cannot be sorted: the order of appearance
    other = LogisticRegression(backend="python").fit(
        [X[i] for i in order], [names[y[i]] for i in order]
    )
    assert other.classes_ == list(dict.fromkeys(names[y[i]] for i in order))
    place = [other.classes_.index(name) for name in names]
    ours, theirs = np.array(model.predict_proba(X)), np.array(other.predict_proba(X))[:, place]
    np.testing.assert_allclose(theirs, ours, rtol=1e-9)
    assert other.predict(X) == [names[k] for k in model.predict(X)]


@pytest.mark.parametrize("solver", ["newton", "lbfgs", "gradient_descent"])
@pytest.mark.parametrize("classes", [2, 3])
def test_a_weight_is_so_many_rows(backend, solver, classes):
    X, y = overlapping(classes, n=60, d=2)
    s = [i % 4 for i in range(60)]
    repeated = [i for i in range(60) for _ in range(s[i])]
    options = {"solver": solver, "backend": backend, "iterations": 50}
    one = LogisticRegression(**options).fit(X, y, sample_weight=s)
    two = LogisticRegression(**options).fit([X[i] for i in repeated], [y[i] for i in repeated])
    same_fit(one, two, 1e-8)
    assert one.class_totals_ == two.class_totals_
    assert one.log_likelihood_ == pytest.approx(two.log_likelihood_, rel=1e-12)
    if one.standard_errors_ is not None:
        assert one.standard_errors_ == pytest.approx(two.standard_errors_, rel=1e-9)
    assert one.score(X, y, s) == two.score([X[i] for i in repeated], [y[i] for i in repeated])
    assert one.score(X, y, s) != one.score(X, y)


@pytest.mark.parametrize("class_weight", [None, "balanced"])
@pytest.mark.parametrize("solver", ["newton", "lbfgs", "gradient_descent"])
@pytest.mark.parametrize("classes", [2, 3])
def test_weights_near_the_smallest_float(backend, classes, solver, class_weight):
    """The proportions count: not even the products with class_weight are rounded."""
    X, y = overlapping(classes, n=60, d=2)
    s, tiny = [i % 4 for i in range(60)], [5e-324 * (i % 4) for i in range(60)]
    options = {"solver": solver, "backend": backend, "iterations": 50}
    model, want = (
        LogisticRegression(class_weight=class_weight, **options).fit(X, y, sample_weight=weights)
        for weights in (tiny, s)
    )
    same_fit(model, want)
    assert want.converged_ or solver == "gradient_descent"
    assert model.class_totals_ == [5e-324 * total for total in want.class_totals_]
    assert model.log_likelihood_ == 5e-324 * want.log_likelihood_
    assert model.standard_errors_ is None  # so little is no number of rows


@pytest.mark.parametrize("classes", [2, 3])
def test_class_weights_are_sample_weights(backend, classes):
    X, y = overlapping(classes)
    words = [["no", "yes", "maybe"][k] for k in y]
    s = [1.0 + i % 2 for i in range(len(y))]
    by_class = LogisticRegression(class_weight={"yes": 3, "no": 0.5}, backend=backend)
    factors = {"yes": 3.0, "no": 0.5, "maybe": 1.0}
    by_sample = LogisticRegression(backend=backend).fit(
        X, words, [s_i * factors[word] for s_i, word in zip(s, words, strict=True)]
    )
    same_fit(by_class.fit(X, words, s), by_sample)
    balanced = LogisticRegression(class_weight="balanced", backend=backend).fit(X, words, s)
    assert balanced.class_totals_ == pytest.approx([sum(s) / classes] * classes, rel=1e-13)
    totals = dict.fromkeys(balanced.classes_, 0.0)
    for s_i, word in zip(s, words, strict=True):
        totals[word] += s_i
    expected = LogisticRegression(backend=backend).fit(
        X, words, [s_i / totals[word] for s_i, word in zip(s, words, strict=True)]
    )
    same_fit(balanced, expected, 1e-8)


# ---------------------------------------------------------------- wide tables


@functools.cache
def wide_table(n, d, C, l2, scale=1.0, shift=0.0, weighted=False):
    """(X, y, weights, scikit-learn's fit): n rows of d numbers, and labels by chance."""
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(n, d)) * scale + shift, rng.integers(0, C, n)
    s = rng.integers(0, 3, n) if weighted else np.ones(n)
    return X, y, s, Theirs(C=1 / (s.sum() * l2), tol=1e-12, max_iter=10_000).fit(X, y, s)


@pytest.mark.parametrize("classes", [2, 3])
def test_more_columns_than_rows(backend, classes):
    X, y, _, theirs = wide_table(30, 60, classes, 0.1)
    separable = LogisticRegression(backend=backend, solver="lbfgs").fit(X, y)
    assert separable.status_ == "separable"
    model = LogisticRegression(backend=backend, l2=0.1).fit(X, y)
    assert model.status_ == "converged"
    np.testing.assert_allclose(model.predict_proba(X), theirs.predict_proba(X), atol=1e-6)


def test_one_narrow_column(backend):
    one = LogisticRegression(backend=backend).fit([[0], [0], [1], [1], [1]], [0, 1, 0, 1, 1])
    # a saturated table: the observed odds themselves
    assert one.intercept_ == pytest.approx(0, abs=1e-12)
    assert one.coef_ == pytest.approx([np.log(2)], rel=1e-12)


def test_auto_takes_lbfgs_beyond_300_parameters(backend):
    X, y, _, theirs = wide_table(40, 100, 4, 0.5)
    model = LogisticRegression(backend=backend, l2=0.5, iterations=1).fit(X[:, :99], y)
    assert model.solver_ == "newton"  # 3 x 100
    model = LogisticRegression(backend=backend, l2=0.5).fit(X, y)
    assert (model.solver_, model.status_) == ("lbfgs", "converged")
    np.testing.assert_allclose(model.coef_, theirs.coef_, atol=1e-6)


def test_more_features_than_the_hessian_has_room_for(backend):
    # beyond 300 columns the units come from sums of columns
    X, y, s, theirs = wide_table(20, 320, 3, 1.0, scale=10, shift=3, weighted=True)
    # (Python reads an array as the lists that it would be given)
    for table in (X, X.tolist()) if backend == "c" else (X,):
        model = LogisticRegression(backend=backend, l2=1.0).fit(table, y, s)
        assert model.status_ == "converged"
        np.testing.assert_allclose(model.coef_, theirs.coef_, atol=1e-6)


# ---------------------------------------------------------------- predictions


def test_probabilities_keep_their_digits_in_both_tails(backend):
    model = LogisticRegression(backend=backend).fit([[1], [2], [3], [4]], [0, 1, 0, 1])
    model.coef_, model.intercept_ = [1.0], 0.0
    for X in ([[50.0], [-700.0], [0.0]], np.array([[50.0], [-700.0], [0.0]])):
        found = np.array(model.predict_proba(X))
        assert found[0, 0] == pytest.approx(np.exp(-50), rel=1e-14)
        assert found[1, 1] == pytest.approx(np.exp(-700), rel=1e-14)
        assert found[2].tolist() == [0.5, 0.5]
        assert list(model.predict(X)) == [1, 0, 0]  # of equals the first


def test_of_equal_scores_the_first_class(backend):
    X, y = overlapping(3)
    model = LogisticRegression(backend=backend).fit(X, y)
    model.coef_, model.intercept_ = [[0.0] * 3] * 3, [1.0, 2.0, 2.0]
    assert model.predict(X[:2]) == model.predict(np.array(X[:2])).tolist() == [1, 1]


def test_shapes(backend):
    for classes in (2, 3):
        X, y = overlapping(classes)
        model = LogisticRegression(backend=backend).fit(X, y)
        assert np.array(model.predict_proba(X[:4])).shape == (4, classes)
        assert np.array(model.decision_function(X[:4])).shape == ((4,) if classes == 2 else (4, 3))
        np.testing.assert_allclose(np.sum(model.predict_proba(X), axis=1), 1, rtol=1e-14)
        assert model.predict_proba(np.array(X)).tolist() == model.predict_proba(X)
