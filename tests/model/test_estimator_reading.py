"""Tables, labels and weights of all kinds: lists, arrays, data frames."""

import copy
import functools

import numpy as np
import pandas
import polars
import pyarrow
import pytest
from helpers.estimators import overlapping, same_fit

from pyref import LogisticRegression

NAMES = ["first", "second", "third"]


@functools.cache
def kinds_of_table(classes):
    """{kind: table}, all of the same numbers."""
    X, _ = overlapping(classes)
    array_ = np.array(X)
    frame = pandas.DataFrame(array_, columns=NAMES)
    wide = pandas.DataFrame({name: frame[name] for name in NAMES})
    mixed = wide.astype({NAMES[0]: "Float64"})

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
        "polars": polars.DataFrame(X, schema=NAMES, orient="row"),
        "pyarrow": pyarrow.Table.from_pandas(frame),
        "pyarrow, in chunks": pyarrow.concat_tables(
            [pyarrow.Table.from_pandas(frame[:10]), pyarrow.Table.from_pandas(frame[10:])]
        ),
        "pyarrow, batch": pyarrow.RecordBatch.from_pandas(frame),
    }


@functools.cache
def fit_of_lists(backend, classes):
    return LogisticRegression(backend=backend).fit(*overlapping(classes))


NAMED = ("pandas", "polars", "pyarrow")
PLAIN = ("lists", "tuples", "rows of arrays", "memoryview")  # lists come back for these


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("kind", kinds_of_table(2))
def test_every_kind_of_table(backend, kind, classes):
    X, y = overlapping(classes)
    tables = kinds_of_table(classes)
    table = tables[kind]
    before = copy.deepcopy(tables["array"])
    expected = fit_of_lists(backend, classes)
    model = LogisticRegression(backend=backend).fit(table, y)
    assert (model.coef_, model.intercept_) == (expected.coef_, expected.intercept_)
    assert model.feature_names_in_ == (NAMES if kind.startswith(NAMED) else None)
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
