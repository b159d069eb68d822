"""pyref.LogisticRegression: the right numbers, whatever the table comes as, and honest words."""

import copy
import os
import pickle
import subprocess
import sys
from array import array

import numpy as np
import pandas
import polars
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression as Theirs

import pyref
from pyref import LogisticRegression, softmax_optimum
from pyref.model import estimator as estimators

BACKENDS = ["python"] if os.environ.get("PYREF_PURE") == "1" else ["python", "c"]


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.param


def overlapping(classes=2, n=150, d=3, seed=0):
    """A table whose classes overlap: X as lists, y as class numbers."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    z = X @ rng.normal(size=(d, classes)) + rng.gumbel(size=(n, classes))
    return X.tolist(), z.argmax(axis=1).tolist()


def challenger():
    temperatures, damaged = pyref.datasets.challenger()
    return [[t] for t in temperatures], damaged


def flat(model):
    """All of a model's parameters as one array."""
    return np.concatenate([np.ravel(model.coef_), np.ravel(model.intercept_)])


def same_fit(one, two, bound=1e-9):
    np.testing.assert_allclose(flat(one), flat(two), rtol=bound, atol=bound)
    assert one.status_ == two.status_


def error_of(kind, action, *arguments, **options):
    with pytest.raises(kind) as caught:
        action(*arguments, **options)
    return str(caught.value)


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
    theirs = Theirs(C=1 / (len(y) * l2) if l2 else np.inf, tol=1e-12, max_iter=10_000).fit(X, y)
    options = {"tolerance": 1e-9} if solver == "gradient_descent" else {}
    model = LogisticRegression(solver=solver, l2=l2, backend=backend, **options).fit(X, y)
    assert model.status_ == "converged"
    if classes > 2:  # only differences of intercepts say anything
        theirs.intercept_ = theirs.intercept_ - theirs.intercept_.mean()
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
    slopes = np.array(grad_W) / len(y) + l2 * np.array(W)
    assert np.abs(slopes).max() < 1e-13
    assert np.abs(grad_b).max() / len(y) < 1e-13


def test_softmax_of_two_classes_is_chapter_3s_answer(backend):
    X, y = overlapping(2)
    name, module = estimators.backend(backend)
    table = estimators.read_table(X, name == "c")
    threads = {"threads": None} if name == "c" else {}
    codes = array("b", y) if name == "c" else y
    for newton in (True, False):
        fit = softmax_optimum.softmax_optimum(
            module, table.data, codes, 2, newton=newton, threads=threads
        )
        model = LogisticRegression(backend=backend).fit(X, y)
        assert [w[1] - w[0] for w in fit.w] == pytest.approx(model.coef_, rel=1e-9)
        assert fit.b[1] - fit.b[0] == pytest.approx(model.intercept_, rel=1e-9)
        assert fit.log_likelihood == pytest.approx(model.log_likelihood_, rel=1e-12)


def test_the_softmax_hessian_is_the_slope_of_its_gradient():
    X, y = overlapping(3, n=20, d=2)
    s = [float(1 + i % 3) for i in range(20)]
    problem = softmax_optimum.Problem(pyref, X, y, 3, 0.3, s, {})
    phi = [0.3, -0.2, 0.1, 0.5, 0.4, -0.6]
    H = problem.hessian(problem.probabilities(phi))
    here = problem.objective(phi)
    h = 1e-5
    for j in range(6):
        up, down = list(phi), list(phi)
        up[j] += h
        down[j] -= h
        up, down = problem.objective(up), problem.objective(down)
        assert here.grad[j] == pytest.approx((up.F - down.F) / (2 * h), abs=1e-9)
        assert H[j] == pytest.approx((np.array(up.grad) - down.grad) / (2 * h), abs=1e-9)
    assert here.F > 0
    again = problem.phi(*problem.raw(phi))
    assert again == pytest.approx(phi, rel=1e-13)


def test_the_backends_agree(backend):
    for classes in (2, 3):
        X, y = overlapping(classes)
        for solver in ("newton", "lbfgs", "gradient_descent"):
            pair = [
                LogisticRegression(solver=solver, backend=name, iterations=7).fit(X, y)
                for name in ("python", backend)
            ]
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


# ---------------------------------------------------------------- tables of all kinds


def kinds_of_table(X, names):
    array_ = np.array(X)
    frame = pandas.DataFrame(array_, columns=names)
    wide = pandas.DataFrame({name: frame[name] for name in names})
    mixed = wide.astype({names[0]: "Float64"})

    class Given:  # something that is an array only when asked
        def __array__(self, dtype=None, copy=None):
            return array_

    return {
        "lists": X,
        "tuples": tuple(tuple(x) for x in X),
        "rows of arrays": [np.array(x) for x in X],
        "array": array_,
        "column-major": np.asfortranarray(array_),
        "big-endian": array_.astype(">f8"),
        "objects": array_.astype(object),
        "every other row": np.repeat(array_, 2, axis=0)[::2],
        "read-only": np.frombuffer(array_.tobytes()).reshape(array_.shape),
        "masked": np.ma.masked_array(array_),
        "memoryview": memoryview(array_),
        "__array__": Given(),
        "pandas": frame,
        "pandas, by columns": wide,
        "pandas, nullable": mixed,
        "polars": polars.DataFrame(X, schema=names, orient="row"),
        "pyarrow": pyarrow.Table.from_pandas(frame),
        "pyarrow, in chunks": pyarrow.concat_tables(
            [pyarrow.Table.from_pandas(frame[:10]), pyarrow.Table.from_pandas(frame[10:])]
        ),
        "pyarrow, batch": pyarrow.RecordBatch.from_pandas(frame),
    }


NAMED = ("pandas", "polars", "pyarrow")
PLAIN = ("lists", "tuples", "rows of arrays", "memoryview")  # lists come back for these


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("kind", kinds_of_table([[1.0, 2.0]] * 12, ["a", "b"]))
def test_every_kind_of_table(backend, kind, classes):
    X, y = overlapping(classes)
    names = ["first", "second", "third"]
    tables = kinds_of_table(X, names)
    table = tables[kind]
    before = copy.deepcopy(tables["array"])
    expected = LogisticRegression(backend=backend).fit(X, y)
    model = LogisticRegression(backend=backend).fit(table, y)
    assert (model.coef_, model.intercept_) == (expected.coef_, expected.intercept_)
    assert model.feature_names_in_ == (names if kind.startswith(NAMED) else None)
    for method in ("predict", "predict_proba", "decision_function"):
        found, wanted = getattr(model, method)(table), getattr(expected, method)(X)
        assert isinstance(wanted, list)
        assert isinstance(found, list if kind in PLAIN else np.ndarray)
        assert np.array(found).tolist() == wanted
    assert model.score(table, y) == expected.score(X, y)
    assert (tables["array"] == before).all()


@pytest.mark.parametrize("dtype", ["float32", "float16", "longdouble", "int8", "uint64", "bool"])
def test_every_kind_of_number(backend, dtype):
    rng = np.random.default_rng(2)
    X = rng.integers(0, 2, size=(200, 2)).astype(dtype)
    y = rng.integers(0, 2, size=200)
    model = LogisticRegression(backend=backend).fit(X, y)
    expected = LogisticRegression(backend=backend).fit(X.astype(float).tolist(), y.tolist())
    assert (model.coef_, model.intercept_) == (expected.coef_, expected.intercept_)


@pytest.mark.parametrize(
    "make",
    [list, tuple, iter, np.array, pandas.Series, polars.Series, pyarrow.array,
     lambda y: pyarrow.chunked_array([y[:9], y[9:]]), lambda y: pandas.Series(y, dtype="category"),
     lambda y: np.array(y, dtype=object)],
)  # fmt: skip
def test_every_kind_of_labels_and_weights(backend, make):
    X, y = overlapping(3)
    words = [["x", "y", "z"][k] for k in y]
    model = LogisticRegression(backend=backend).fit(X, make(words))
    assert model.classes_ == ["x", "y", "z"]
    assert all(type(c) is str for c in model.classes_)
    assert model.score(X, make(words)) == model.score(X, words)
    s = [1.0 + i % 3 for i in range(len(y))]
    if make is not iter:
        weights = [1.0 + i % 3 for i in range(len(y))]
        kinds = np.array, pandas.Series, polars.Series, pyarrow.array
        given_weights = make(weights) if make in kinds else weights
        same_fit(
            LogisticRegression(backend=backend).fit(X, words, given_weights),
            LogisticRegression(backend=backend).fit(X, words, s),
        )


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([True, False], [False, True]),
        (["b", "a"], ["a", "b"]),
        ([2.0, 1.0], [1.0, 2.0]),
        ([(1, 2), (0, 5)], [(0, 5), (1, 2)]),
        (["b", 3], ["b", 3]),
        ([frozenset("ab"), None.__class__], [frozenset("ab"), type(None)]),
        ([10**30, -(10**30)], [-(10**30), 10**30]),
    ],
)
def test_any_hashable_labels(backend, labels, classes):
    X = [[1.0], [2.0], [3.0], [4.0]]
    model = LogisticRegression(backend=backend).fit(X, labels * 2)
    assert model.classes_ == classes
    for table in (X, np.array(X)):
        found = model.predict(table)
        assert list(found) == model.predict(X)
        assert set(model.predict(X)) <= set(classes)
    assert model.score(np.array(X), labels * 2) == model.score(X, labels * 2)


def test_arrays_of_words_come_back_as_such(backend):
    X, y = overlapping(2)
    model = LogisticRegression(backend=backend).fit(np.array(X), np.array(["no", "yes"])[y])
    assert model.predict(np.array(X)).dtype.kind == "U"
    assert LogisticRegression(backend=backend).fit(X, y).predict(np.array(X)).dtype.kind == "i"


def test_wide_and_narrow(backend):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 60))
    y = rng.integers(0, 3, 30)
    for labels in (y, y > 0):
        separable = LogisticRegression(backend=backend, solver="lbfgs").fit(X, labels)
        assert separable.status_ == "separable"
        model = LogisticRegression(backend=backend, l2=0.1).fit(X, labels)
        assert model.status_ == "converged"
        theirs = Theirs(C=1 / 3, tol=1e-12, max_iter=10_000).fit(X, labels)
        np.testing.assert_allclose(model.predict_proba(X), theirs.predict_proba(X), atol=1e-6)
    one = LogisticRegression(backend=backend).fit([[0], [0], [1], [1], [1]], [0, 1, 0, 1, 1])
    # a saturated table: the observed odds themselves
    assert one.intercept_ == pytest.approx(0, abs=1e-12)
    assert one.coef_ == pytest.approx([np.log(2)], rel=1e-12)


def test_auto_takes_lbfgs_beyond_300_parameters(backend):
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(40, 110)), rng.integers(0, 4, 40)
    model = LogisticRegression(backend=backend, l2=0.5).fit(X[:, :99], y)
    assert model.solver_ == "newton"  # 3 x 100
    model = LogisticRegression(backend=backend, l2=0.5).fit(X[:, :100], y)
    assert (model.solver_, model.status_) == ("lbfgs", "converged")
    theirs = Theirs(C=1 / 20, tol=1e-12, max_iter=10_000).fit(X[:, :100], y)
    np.testing.assert_allclose(model.coef_, theirs.coef_, atol=1e-6)


def test_more_features_than_the_hessian_has_room_for(backend):
    # beyond 300 columns the units come from sums of columns
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(50, 320)) * 10 + 3, rng.integers(0, 3, 50)
    s = rng.integers(0, 3, 50)
    theirs = Theirs(C=1 / s.sum(), tol=1e-12, max_iter=10_000).fit(X, y, s)
    for table in (X, X.tolist()):
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


# ---------------------------------------------------------------- how it ends


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([1, 2, 3, 4, 5], [0, 0, 0, 1, 1]),  # document 001
        ([1, 2, 3, 3, 4, 5], [0, 0, 0, 1, 1, 1]),  # touching
        ([1, 2, 3, 4, 5, 6], [0, 0, 1, 1, 2, 2]),  # each class in its place
        ([1, 2, 3, 2, 3, 4, 9, 9.5, 8], [0, 0, 0, 1, 1, 1, 2, 2, 2]),  # one apart, two overlap
        ([1, 2, 1.5, 2.5, 7, 8, 7.5, 8.5], [0, 0, 1, 1, 2, 2, 3, 3]),  # two and two
        ([0, 1, 0, 1, 1, 2, 2, 2], [0, 0, 1, 1, 2, 2, 2, 2]),  # touching, of three
    ],
)
def test_separable_is_said(backend, solver, x, y):
    model = LogisticRegression(solver=solver, backend=backend).fit([[v] for v in x], y)
    assert (model.status_, model.converged_) == ("separable", False)
    assert model.standard_errors_ is None
    assert model.reason_.startswith("There is no optimum: a combination of the features tells")
    assert "separable. There is no optimum" in " ".join(model.summary().split())
    again = LogisticRegression(solver=solver, backend=backend, l2=0.01).fit([[v] for v in x], y)
    assert again.converged_


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([1, 2, 3, 4, 5], [0, 0, 1, 0, 1]),
        ([0, 1, 2, 0, 1, 2, 0, 1, 2], [0, 0, 0, 1, 1, 1, 2, 2, 2]),
        ([1, 2, 3, 2.5, 4, 5, 4.5, 6, 7], [0, 0, 0, 1, 1, 1, 2, 2, 2]),  # overlaps by a little
        ([1, 2, 3, 2.999, 4, 5, 4.999, 6, 7], [0, 0, 0, 1, 1, 1, 2, 2, 2]),  # by very little
        ([1, 2, 9, 8, 3, 2, 7, 2, 5], [0, 1, 2, 0, 1, 2, 0, 1, 2]),
    ],
)
def test_overlapping_classes_have_an_optimum(backend, solver, x, y):
    model = LogisticRegression(solver=solver, backend=backend).fit([[v] for v in x], y)
    assert model.status_ == "converged"


def test_iris_is_separable(backend):
    # setosa lies apart; without it the other two overlap
    X, y, _ = pyref.datasets.iris()
    assert LogisticRegression(backend=backend).fit(X, y).status_ == "separable"
    assert LogisticRegression(backend=backend).fit(X[50:], y[50:]).status_ == "converged"


def test_the_ends_of_gradient_descent(backend):
    X, y = overlapping(2)
    few = LogisticRegression(solver="gradient_descent", iterations=3, backend=backend).fit(X, y)
    assert (few.status_, few.n_iter_) == ("iterations", 3)
    assert few.reason_ == (
        "All 3 iterations were made before the slope was zero to within the tolerance: this is no"
        " optimum yet. Standardise the columns, give more iterations, or take solver='newton'."
    )
    for labels in (y, overlapping(3)[1]):
        wild = LogisticRegression(
            solver="gradient_descent", learning_rate=1e308, backend=backend
        ).fit(X, labels)
        assert wild.status_ == "diverged"
        assert wild.reason_.endswith("Give learning_rate='safe', or standardise the columns.")


@pytest.mark.parametrize("solver", ["newton", "lbfgs", "gradient_descent"])
@pytest.mark.parametrize("classes", [2, 3])
def test_the_callback_sees_and_stops(backend, solver, classes):
    X, y = overlapping(classes)
    seen = []
    options = {"solver": solver, "backend": backend}
    model = LogisticRegression(**options).fit(
        X, y, callback=lambda k, loss: seen.append((k, loss)) or k == 2
    )
    assert seen == list(enumerate(model.loss_history_))
    assert (model.n_iter_, model.status_, model.converged_) == (3, "iterations", False)
    assert model.reason_.startswith("The callback stopped the run")
    limited = LogisticRegression(iterations=3, **options).fit(X, y)
    same_fit(model, limited, 1e-14)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_warm_start_goes_on(backend, classes):
    X, y = overlapping(classes)
    s = [1.0 + i % 2 for i in range(len(y))]
    options = {"solver": "gradient_descent", "backend": backend, "l2": 0.01}
    whole = LogisticRegression(iterations=30, **options).fit(X, y, s)
    first = LogisticRegression(iterations=12, **options).fit(X, y, s)
    for init in (first, (first.coef_, first.intercept_)):
        rest = LogisticRegression(iterations=18, init=init, **options).fit(X, y, s)
        same_fit(rest, whole, 1e-14)
        joined = [*first.loss_history_, *rest.loss_history_]
        assert joined == pytest.approx(whole.loss_history_, rel=1e-14)
    for solver in ("newton", "lbfgs"):
        optimum = LogisticRegression(solver=solver, backend=backend).fit(X, y)
        again = LogisticRegression(solver=solver, backend=backend, init=optimum).fit(X, y)
        assert again.n_iter_ <= 1
        same_fit(again, optimum)


def test_two_classes_may_start_from_rows_as_scikit_learn_has_them(backend):
    X, y = overlapping(2)
    theirs = Theirs(C=np.inf, tol=1e-12, max_iter=10_000).fit(X, y)
    model = LogisticRegression(backend=backend, init=theirs).fit(X, y)
    assert model.n_iter_ <= 2
    same_fit(model, LogisticRegression(backend=backend).fit(X, y))


# ---------------------------------------------------------------- summary


def test_the_summary_of_challenger(backend):
    temperatures, damaged = pyref.datasets.challenger()
    frame = pandas.DataFrame({"temperature": temperatures})
    words = ["damaged" if y else "sound" for y in damaged]
    model = LogisticRegression(backend=backend).fit(frame, words)
    expected = """\
Logistic regression: 23 samples, 1 feature, 2 classes. Coefficients speak for
'sound', against 'damaged'.
Newton's method, 6 iterations: converged. The slope is zero to within the
tolerance: this is the optimum.

              coefficient  std. error       z       p    95 % from         to
 temperature     0.232163    0.108237   2.145  0.0320    0.0200231   0.444302
 (intercept)   -15.0429      7.37864   -2.039  0.0415  -29.5048     -0.581040

 deviance                    20.3152
 deviance without features   28.2672
 log-likelihood             -10.1576
 AIC, 2 parameters           24.3152"""
    assert model.summary() == expected
    assert all(line == line.rstrip() and len(line) <= 80 for line in model.summary().splitlines())
    assert max(len(line) for line in model.summary(columns=50).splitlines()) <= 50


def test_the_summary_of_more_classes_and_with_a_penalty(backend):
    X, y, names = pyref.datasets.iris()
    model = LogisticRegression(l2=0.01, backend=backend).fit(X, [names[k] for k in y])
    lines = model.summary().splitlines()
    assert lines[0] == "Logistic regression: 150 samples, 4 features, 3 classes."
    assert "l2 = 0.01: the penalty draws the coefficients towards 0" in model.summary()
    table = [line.split() for line in lines if line.startswith((" x[", " (int", "     "))]
    assert table[0] == list(names)
    assert [row[0] for row in table[1:]] == ["x[0]", "x[1]", "x[2]", "x[3]", "(intercept)"]
    assert float(table[1][1]) == pytest.approx(model.coef_[0][0], rel=1e-5)
    assert "AIC" not in model.summary()


# ---------------------------------------------------------------- mistakes

ROWS = [[1.0, 5.0], [2.0, 4.0], [3.0, 7.0], [4.0, 1.0]]
LABELS = [0, 1, 0, 1]
FRAME = pandas.DataFrame(ROWS, columns=["age", "dose"])


@pytest.mark.parametrize(
    ("X", "y", "options", "kind", "message"),
    [
        (ROWS, [1] * 4, {}, ValueError,
         "y has only one class, 1: give samples of two or more"),
        (ROWS, ["a", "b", None, "a"], {}, ValueError,
         "y[2] is None: remove the row, or fill in its class"),
        (ROWS, [0.0, 1.0, float("nan"), 1.0], {}, ValueError,
         "y[2] is nan: remove the row, or fill in its class"),
        (ROWS, pandas.Series(["a", pandas.NA, "b", "a"]), {}, ValueError,
         None),
        (ROWS, [0, 1, 0.25, 1], {}, ValueError,
         "y[2] is 0.25: give whole numbers or words (pyref.newton takes fractions from 0 to 1)"),
        (ROWS, [[0], [1], [0], [1]], {}, TypeError,
         "y[0] is [0], a list: give one number or word for each label"),
        (ROWS, np.array([[0], [1], [0], [1]]), {}, ValueError,
         "y has shape (4, 1), not 1 dimension(s): flatten it to one row"),
        (ROWS, "abab", {}, TypeError,
         "y is 'abab', a str: give a sequence of labels"),
        (ROWS, [0, 1], {}, ValueError,
         "y has length 2, but there are 4 samples: give one label each"),
        ([], [], {}, ValueError, "X is empty: give at least one row"),
        (np.zeros((0, 3)), [], {}, ValueError, "X is empty: give at least one row"),
        (np.zeros((2, 0)), [0, 1], {}, ValueError,
         "X[0] has no features: give each row at least one"),
        (pyarrow.table({}), [], {}, ValueError, "X is empty: give at least one row"),
        (np.zeros(4), LABELS, {}, ValueError,
         "X has shape (4), not 2 dimension(s): reshape it to (rows, features)"),
        ([[1, 2], [3]], [0, 1], {}, ValueError,
         "X[1] has 1 features, X[0] has 2: give every row the same features"),
        ([*ROWS[:3], [4.0, float("nan")]], LABELS, {}, ValueError,
         "X[3][1] is nan: remove the row, or fill in a finite number"),
        (np.array(ROWS) * 1j, LABELS, {}, TypeError, "X[0][0] is 1j, a complex: give a number"),
        (FRAME.assign(dose=[1, 2, None, 3]), LABELS, {}, ValueError,
         "X[2][1] ('dose') is nan: remove the row, or fill in a finite number"),
        (FRAME.assign(city=["Rome", "Bonn", "Oslo", "Rome"]), LABELS, {}, TypeError,
         "X[0][2] ('city') is 'Rome', a str: give a number"),
        (polars.DataFrame({"age": [1, 2, 3, 4], "city": list("abcd")}), LABELS, {}, TypeError,
         "X[0][1] ('city') is 'a', a str: give a number"),
        (pyarrow.table({"age": [1, 2, 3, 4], "city": list("abcd")}), LABELS, {}, TypeError,
         "X[0][1] ('city') is 'a', a str: give a number"),
        (pyarrow.table({"age": [1, 2, None, 4]}), LABELS, {}, ValueError,
         "X[2][0] ('age') is nan: remove the row, or fill in a finite number"),
        (pandas.DataFrame(ROWS, columns=["a", "a"]), LABELS, {}, ValueError,
         "X has two columns 'a': rename one"),
        (FRAME.assign(unit=1), LABELS, {}, ValueError,
         "column 2 of X ('unit') is constant, so no single w is best: remove it, or give l2 > 0"),
        (FRAME.assign(both=FRAME.age - 2 * FRAME.dose), LABELS, {}, ValueError,
         "column 2 of X ('both') is a combination of the columns before it (and a constant), so no"
         " single w is best: remove it, or give l2 > 0"),
        (FRAME.assign(both=FRAME.age - 2 * FRAME.dose), [0, 1, 2, 1], {}, ValueError,
         "column 2 of X ('both') is a combination of the columns before it (and a constant), so no"
         " single w is best: remove it, or give l2 > 0"),
        (FRAME.assign(unit=0.1), [0, 1, 2, 1], {}, ValueError,
         "column 2 of X ('unit') is constant, so no single w is best: remove it, or give l2 > 0"),
        (ROWS, LABELS, {"solver": "sgd"}, ValueError,
         "solver is 'sgd', a str: give 'auto' or 'newton' or 'lbfgs' or 'gradient_descent'"),
        (ROWS, LABELS, {"backend": "gpu"}, ValueError,
         "backend is 'gpu', a str: give 'auto' or 'python' or 'c'"),
        (ROWS, LABELS, {"l2": -1}, ValueError, "l2 is -1.0: give a finite number, 0 or more"),
        (ROWS, LABELS, {"iterations": 2.5}, TypeError,
         "iterations is 2.5, a float: give a whole number"),
        (ROWS, LABELS, {"tolerance": "small"}, TypeError,
         "tolerance is 'small', a str: give a number"),
        (ROWS, [0, 1, 2, 1], {"tolerance": -1}, ValueError,
         "tolerance is -1.0: give a finite number, 0 or more"),
        (ROWS, LABELS, {"solver": "gradient_descent", "learning_rate": 0}, ValueError,
         "learning_rate is 0.0: give a positive, finite number"),
        (ROWS, LABELS, {"class_weight": "even"}, TypeError,
         "class_weight is 'even', a str: give None, 'balanced', or a dict from class to weight"),
        (ROWS, LABELS, {"class_weight": {2: 1.0}}, ValueError,
         "class_weight has a weight for 2, but y has the classes 0, 1: remove it"),
        (ROWS, LABELS, {"class_weight": {1: -1.0}}, ValueError,
         "class_weight[1] is -1.0: give a finite number, 0 or more"),
        (ROWS, LABELS, {"class_weight": {1: 0}}, ValueError,
         "the weights leave only the class 0: give weight to two classes or more"),
        (ROWS, LABELS, {"init": 5}, TypeError,
         "init is 5, a int: give a fitted model, or (coef, intercept)"),
        (ROWS, LABELS, {"init": ([1.0], 0.0)}, ValueError,
         "init has weights for 1 features, X has 2: give the same features"),
        (ROWS, LABELS, {"init": ([1.0, float("nan")], 0.0)}, ValueError,
         "coef[1] is nan: give a finite number"),
        (ROWS, [0, 1, 2, 1], {"init": ([[1.0, 2.0]], [0.0])}, ValueError,
         "coef has length 1, but there are 3 classes: give one row of weights for each class"),
    ],
)  # fmt: skip
def test_mistakes_are_named_with_their_cure(backend, X, y, options, kind, message):
    model = LogisticRegression(**{"backend": backend, **options})
    found = error_of(kind, model.fit, X, y)
    if message is None:
        message = "y[1] is " + ("<NA>" if "NA" in found else "nan")
        message += ": remove the row, or fill in its class"
    assert found == message
    assert not hasattr(model, "coef_")


@pytest.mark.parametrize(
    ("weights", "kind", "message"),
    [
        ([1.0], ValueError,
         "sample_weight has length 1, but there are 4 samples: give one weight each"),
        ([1, -1, 1, 1], ValueError,
         "sample_weight[1] is -1.0: give a finite number, 0 or more"),
        ([0, 0, 0, 0], ValueError,
         "sample_weight sums to 0.0: give a positive, finite sum"),
        ([0, 1, 0, 1], ValueError,
         "the weights leave only the class 1: give weight to two classes or more"),
        (["a", 1, 1, 1], TypeError, "sample_weight[0] is 'a', a str: give a number"),
    ],
)  # fmt: skip
def test_mistakes_among_the_weights(backend, weights, kind, message):
    model = LogisticRegression(backend=backend)
    assert error_of(kind, model.fit, ROWS, LABELS, weights) == message


def test_a_model_to_start_from_must_fit(backend):
    first = LogisticRegression(backend=backend, l2=0.1).fit(FRAME, ["a", "b", "a", "b"])
    model = LogisticRegression(backend=backend, init=first)
    assert error_of(ValueError, model.fit, FRAME, LABELS) == (
        "init has the classes ['a', 'b'], y has [0, 1]: give a model of the same classes"
    )
    assert error_of(ValueError, model.fit, FRAME[["dose", "age"]], ["a", "b", "a", "b"]) == (
        "X has the column 'dose' in place 0, where init was fitted on 'age': give the columns in"
        " the order of feature_names_in_"
    )
    blank = LogisticRegression(backend=backend, init=LogisticRegression())
    assert error_of(ValueError, blank.fit, ROWS, LABELS) == (
        "init is a model that is not fitted: fit it first"
    )


def test_names_are_kept_and_asked_for(backend):
    model = LogisticRegression(backend=backend, l2=0.1).fit(FRAME, LABELS)
    assert model.feature_names_in_ == ["age", "dose"]
    wanted = model.predict_proba(ROWS)
    assert model.predict_proba(polars.DataFrame(FRAME.to_dict("list"))).tolist() == wanted
    assert error_of(ValueError, model.predict, FRAME[["dose", "age"]]) == (
        "X has the column 'dose' in place 0, where the model was fitted on 'age': give the columns"
        " in the order of feature_names_in_"
    )
    assert error_of(ValueError, model.predict, FRAME[["age"]]) == (
        "X lacks the column 'dose', which the model was fitted on: add it"
    )
    assert error_of(ValueError, model.predict, FRAME.assign(x=1, y=2)) == (
        "X has the columns 'x', 'y', which the model was not fitted on: remove them"
    )
    assert error_of(ValueError, model.predict, [[1.0]]) == (
        "X has 1 features, the model was fitted on 2: give the same"
    )
    assert error_of(ValueError, model.predict, FRAME.assign(dose=[1, None, 2, 3])) == (
        "X[1][1] ('dose') is nan: remove the row, or fill in a finite number"
    )
    # columns that are numbered, not named
    assert LogisticRegression(l2=1).fit(pandas.DataFrame(ROWS), LABELS).feature_names_in_ is None


def test_before_the_fit():
    for method in ("predict", "predict_proba", "decision_function"):
        message = error_of(ValueError, getattr(LogisticRegression(), method), ROWS)
        assert message == "this model is not fitted: call fit(X, y) first"
    assert error_of(ValueError, LogisticRegression().summary) == message


def test_a_missing_compiled_part_says_why(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyref.fast", None)
    assert estimators.backend("auto") == ("python", pyref)
    with pytest.raises(ImportError):
        estimators.backend("c")


def test_sparse_matrices_are_refused_with_the_cure(backend):
    from scipy.sparse import csr_array

    message = error_of(TypeError, LogisticRegression(backend=backend).fit, csr_array(ROWS), LABELS)
    assert message == "X is sparse, a csr_array: give X.toarray()"


# ---------------------------------------------------------------- an object among objects


def test_parameters():
    model = LogisticRegression(l2=0.5)
    assert repr(model) == "LogisticRegression(l2=0.5)"
    assert list(model.get_params()) == [
        "solver", "backend", "l2", "learning_rate", "momentum", "iterations", "tolerance",
        "class_weight", "threads", "init",
    ]  # fmt: skip
    assert model.set_params(solver="lbfgs", l2=0) is model
    assert (model.get_params()["solver"], model.l2) == ("lbfgs", 0)
    assert error_of(ValueError, model.set_params, C=1).startswith(
        "there is no parameter 'C': give one of solver, backend, l2, "
    )
    with pytest.raises(TypeError):
        LogisticRegression("newton")


def test_pickle_deepcopy_and_refit(backend):
    X, y = overlapping(3)
    model = LogisticRegression(backend=backend).fit(X, y)
    for again in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert again.predict_proba(X) == model.predict_proba(X)
        assert again.summary() == model.summary()
    X, y = overlapping(2, d=2)
    fresh = LogisticRegression(backend=backend).fit(X, y)
    assert vars(model.fit(X, y)) == vars(fresh)


def test_a_fit_that_fails_leaves_the_last_one(backend):
    X, y = overlapping(2)
    model = LogisticRegression(backend=backend).fit(X, y)
    before = copy.deepcopy(vars(model))
    assert "only one class" in error_of(ValueError, model.fit, X, [1] * len(y))
    assert "nan" in error_of(ValueError, model.fit, [[float("nan")] * 3, *X[1:]], y)
    assert vars(model) == before


def test_data_are_not_changed(backend):
    X, y = overlapping(3)
    table, labels, weights = np.array(X), np.array(y), np.ones(len(y))
    table[:, 0] += 1e9  # a column that is moved
    copies = table.copy(), labels.copy(), weights.copy()
    model = LogisticRegression(backend=backend, class_weight={0: 2}).fit(table, labels, weights)
    model.predict(table)
    for one, two in zip((table, labels, weights), copies, strict=True):
        assert (one == two).all()


def test_threads_are_for_the_compiled_part(backend):
    X, y = overlapping(3)
    one = LogisticRegression(backend=backend, threads=1).fit(X, y)
    two = LogisticRegression(backend=backend, threads=2).fit(X, y)
    assert (one.coef_, one.intercept_) == (two.coef_, two.intercept_)


def test_importing_stays_light():
    code = """
import sys, pyref
assert not {"pyref.model.estimator", "numpy", "cffi", "sklearn"} & set(sys.modules)
model = pyref.LogisticRegression(backend="python").fit([[1], [2], [3], [4]], [0, 1, 0, 1])
assert model.converged_ and model.predict([[9]]) == [1]
assert not {"numpy", "pandas", "sklearn"} & set(sys.modules)
try:
    pyref.LinearRegression
except AttributeError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "module 'pyref' has no attribute 'LinearRegression'\n"


def test_faint_forces_are_not_relied_upon(backend):
    # far-out samples on their own side have probabilities below 1e-9 against them, and the
    # others overlap: an optimum, and the proof must do without the faint
    rng = np.random.default_rng(5)
    x = np.concatenate([rng.normal(0, 1, 60), [90, 95, 99], [-90, -95]])
    y = np.concatenate([rng.integers(0, 3, 60), [2, 2, 2], [0, 0]])
    y[:60] = np.where(x[:60] + rng.normal(0, 2, 60) > 0.5, 2, y[:60])
    for solver in ("newton", "lbfgs"):
        model = LogisticRegression(backend=backend, solver=solver).fit(x[:, None], y)
        assert model.status_ == "converged"
        assert model.predict_proba(x[:, None]).min() < 1e-9
