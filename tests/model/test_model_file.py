"""Model files: exact to the bit, labels kept apart, damage named, and readable by small Pythons."""

import array
import io
import json
import math
import os
import random

import numpy as np
import pytest
from helpers.bits import bits, finite
from hypothesis import assume, example, given
from hypothesis import strategies as st

import pyref
from pyref import LogisticRegression
from pyref.model import ModelFileError, exact_json
from pyref.model import file as model_file

AGAIN = "restore a copy, or fit and save again"


def fitted(classes=("no", "yes"), d=1, **settings):
    """A small fitted model."""
    rng = random.Random(1)
    X = [[rng.gauss(0, 1) for _ in range(d)] for _ in range(30)]
    y = [classes[rng.randrange(len(classes))] for _ in range(30)]
    return LogisticRegression(l2=0.1, **settings).fit(X, y)


def everything(model):
    """All that a model is, with every bit. (backend and threads are kept as they were given.)"""
    names = [name for name in vars(model) if name != "init"]
    return {name: bits(getattr(model, name)) for name in sorted(names)}


def there_and_back(model):
    data = model_file.text(model).encode("utf-8")
    return model_file.restore(model_file.parse(data, "m"), "m")


# ---------------------------------------------------------------- round trips


@pytest.mark.parametrize("classes", [("no", "yes"), ("a", "b", "c"), (0, 1), (3, 1, 2, 0)])
@pytest.mark.parametrize("d", [1, 3])
def test_a_fit_comes_back(classes, d, tmp_path):
    model = fitted(classes, d)
    path = tmp_path / "model.json"
    model_file.save(model, path)
    again = model_file.load(path)
    assert everything(again) == everything(model)
    X = [[0.5] * d, [-3.0] * d]
    assert bits(again.predict_proba(X)) == bits(model.predict_proba(X))
    assert again.predict(X) == model.predict(X)
    assert again.summary() == model.summary()
    found = model_file.read(path)
    for x, ps in zip(X, model.predict_proba(X), strict=True):
        got = model_file.probabilities(found, x)
        assert got == pytest.approx(ps, rel=1e-14, abs=0)


@given(st.integers(2, 4), st.integers(1, 4), st.data())
def test_every_float_comes_back(C, d, data):
    rows = 1 if C == 2 else C
    model = fitted(tuple(range(C)), d)
    coef = data.draw(
        st.lists(st.lists(finite, min_size=d, max_size=d), min_size=rows, max_size=rows)
    )
    intercept = data.draw(st.lists(finite, min_size=rows, max_size=rows))
    model.coef_, model.intercept_ = (coef[0], intercept[0]) if C == 2 else (coef, intercept)
    model.loss_history_ = data.draw(st.lists(st.floats()))
    model.log_likelihood_ = data.draw(st.floats())
    model.l2 = data.draw(st.floats(0, allow_infinity=False))
    assume(not any(math.isnan(v) for v in [*model.loss_history_, model.log_likelihood_]))
    assert everything(there_and_back(model)) == everything(model)


label = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.integers(),
    st.booleans(),
    st.floats(allow_nan=False),
    st.none(),
)


@given(st.lists(label, min_size=2, max_size=5, unique=True))
@example(["1", 1, "true", None])
@example([True, "True", 0.5])
@example(["é", "😀", "\u2028", "\0", '"', "\\", "\ufeff", ""])
@example([-0.0, 5e-324, math.inf, -math.inf])
@example([10**400, -1])
def test_every_label_comes_back(labels):
    model = fitted(tuple(range(len(labels))))
    model.classes_ = labels
    model.class_weight = dict.fromkeys(labels, 1.5)
    again = there_and_back(model)
    assert bits(again.classes_) == bits(labels)
    assert bits(again.class_weight) == bits(model.class_weight)


def test_equal_labels_of_different_types_stay_what_they_are():
    for labels in ([1, 0], [1.0, 0.0], [True, False], ["1", "0"], [None, "None"]):
        model = fitted()
        model.classes_ = labels
        assert bits(there_and_back(model).classes_) == bits(labels)


def test_numpys_labels_and_numbers_become_pythons():
    model = fitted()
    model.classes_ = np.array([3, 5])
    model.coef_ = np.array([[0.1]])
    model.intercept_ = np.array([5e-324])
    again = there_and_back(model)
    assert bits(again.classes_) == bits([3, 5])
    assert bits([again.coef_, again.intercept_]) == bits([[0.1], 5e-324])


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2, unique=True)
)
def test_every_name_of_a_column_comes_back(names):
    model = fitted(d=2)
    model.feature_names_in_ = model.feature_names_ = names
    assert there_and_back(model).feature_names_in_ == names


def test_the_file_is_as_its_page_says(tmp_path):
    """The example in the module's docstring is one: a reader who goes by it can read files."""
    x, y = pyref.datasets.challenger()
    model = LogisticRegression(solver="newton").fit([[t] for t in x], y)
    model.feature_names_in_ = model.feature_names_ = ["temperature"]
    model.coef_, model.intercept_ = [-0.23216274421859648], 15.042901647702442
    lines = model_file.text(model).splitlines()
    page = [line.strip() for line in model_file.__doc__.splitlines()]
    start = page.index("{")
    assert lines[:11] == page[start : start + 11]
    for line, shown in zip(lines[11:13], page[start + 11 : start + 13], strict=True):
        assert "..." in shown
        assert line.startswith(shown.partition(",")[0])
    assert lines[13:] == ["}"] == page[start + 13 : start + 14]
    found = json.loads(model_file.text(model))
    assert list(found) == [
        *("format", "version", "target", "classes", "columns", "features", "coef", "intercept"),
        *("settings", "state"),
    ]
    assert found["coef"] == [model.coef_]


def test_a_file_that_another_program_has_rewritten():
    """1.0 written as 1, other white space, another order, keys of its own."""
    model = fitted((0.0, 1.0), 2)
    model.coef_, model.intercept_ = [1.0, -2.0], 0.0
    found = json.loads(model_file.text(model))
    found["coef"], found["intercept"] = [[1, -2]], [0]
    found["written by"] = {"another": ["program", 1.5]}
    data = json.dumps(dict(reversed(found.items())), indent=4).encode()
    again = model_file.restore(model_file.parse(data, "m"), "m")
    assert bits([again.coef_, again.intercept_]) == bits([[1.0, -2.0], 0.0])
    assert bits(again.classes_) == bits([0.0, 1.0])


# ---------------------------------------------------------------- a small Python's way


@pytest.mark.parametrize("classes", [("no", "yes"), ("a", "b", "c")])
def test_a_small_python_reads_models(classes, monkeypatch):
    model = fitted(classes, 3)
    data = model_file.text(model).encode()
    found = model_file.parse(data, "m")
    monkeypatch.setattr(exact_json, "SMALL", True)
    assert bits(model_file.parse(data, "m")) == bits(found)


def test_probabilities():
    found = model_file.Model(["no", "yes"], None, [[2.0, -1.0]], [0.5], {}, {}, None, None)
    p = pyref.sigmoid(2.0 * 3 - 1.0 * 4 + 0.5)
    assert model_file.probabilities(found, [3, 4]) == pytest.approx([1 - p, p], rel=1e-15)
    assert model_file.probabilities(found, array.array("d", [30, -30]))[0] == pytest.approx(
        math.exp(-90.5), rel=1e-14
    )  # not 1 - p
    rows = [[1.0], [2.0], [3.0]]
    found = model_file.Model(["a", "b", "c"], None, rows, [0.0, 1.0, 0.0], {}, {}, None, None)
    assert model_file.probabilities(found, [2]) == pyref.softmax([2.0, 5.0, 6.0])
    with pytest.raises(ValueError, match=r"^x has length 1, but the model has 2 features: give"):
        model_file.probabilities(
            model_file.Model([0, 1], None, [[1.0, 2.0]], [0.0], {}, {}, None, None), [1]
        )


# ---------------------------------------------------------------- what cannot be saved


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"classes_": [(1, 2), (3, 4)]},
            "classes_[0] is [1, 2], a list: to save, give labels of str, int, bool, float or None",
        ),
        (
            {"classes_": [b"a", b"b"]},
            "classes_[0] is b'a', a bytes: to save, give labels of str, int, bool, float or None",
        ),
        (
            {"classes_": [0.5, math.nan]},
            "classes_[1] is nan, a float: to save, give labels of str, int, bool, float or None",
        ),
        (
            {"classes_": ["\ud800", "a"]},
            r"classes_[0] is '\ud800', no text in UTF-8: rename it",
        ),
        (
            {"feature_names_": ["\udfff"]},
            r"feature_names_[0] is '\udfff', no text in UTF-8: rename it",
        ),
        (
            {"learning_rate": object},
            "learning_rate is <class 'object'>, a type: no file can hold it",
        ),
        ({"coef_": [math.nan]}, "coef[0][0] is nan, not a finite number: fit again"),
        ({"classes_": [1, True]}, "classes[1] is True for the second time: fit again"),
    ],
)
def test_what_cannot_be_saved(change, message, tmp_path):
    model = fitted()
    for name, value in change.items():
        setattr(model, name, value)
    with pytest.raises(ModelFileError) as caught:
        model_file.save(model, tmp_path / "m.json")
    assert str(caught.value) == message
    assert os.listdir(tmp_path) == []


def test_an_unfitted_model_cannot_be_saved(tmp_path):
    with pytest.raises(ModelFileError, match=r"^the model is not fitted: call fit\(X, y\), then"):
        model_file.save(LogisticRegression(), tmp_path / "m.json")
    assert os.listdir(tmp_path) == []


# ---------------------------------------------------------------- what cannot be loaded


def broken(change):
    """A file's content with a change to what it holds."""
    found = json.loads(model_file.text(fitted(("a", "b", "c"), 2)))
    change(found)
    return json.dumps(found).encode()


def put(key, value):
    return lambda found: found.__setitem__(key, value)


def put_in(key, inner, value):
    return lambda found: found[key].__setitem__(inner, value)


BROKEN = {
    "empty": (b"", f"m.json is empty: {AGAIN}"),
    "blank": (b" \n", f"m.json is empty: {AGAIN}"),
    "not JSON": (
        b"a,b\n1,2\n",
        f"m.json is damaged, or no model file: Expecting value: line 1 column 1 (char 0): {AGAIN}",
    ),
    "not text": (
        b"\xff\xfe\x00",
        "m.json is damaged, or no model file: 'utf-8' codec can't decode byte 0xff in position 0:"
        f" invalid start byte: {AGAIN}",
    ),
    "something else": (
        b"[1, 2]",
        "m.json: no key \"format\" with 'pyref logistic regression': give a file that pyref saved",
    ),
    "another format": (
        b'{"format": "another"}',
        "m.json: no key \"format\" with 'pyref logistic regression': give a file that pyref saved",
    ),
    "a later version": (
        broken(put("version", 3)),
        "m.json: version is 3, and this pyref reads versions 1 to 2: use the pyref that saved it,"
        " or a newer one",
    ),
    "no version": (
        broken(lambda found: found.pop("version")),
        "m.json: version is None, and this pyref reads versions 1 to 2: use the pyref that saved"
        " it, or a newer one",
    ),
    "a version like 1": (
        broken(put("version", True)),
        "m.json: version is True, and this pyref reads versions 1 to 2: use the pyref that saved"
        " it, or a newer one",
    ),
    "twice": (
        b'{"format": "pyref logistic regression", "version": 1, "coef": 1, "coef": 2}',
        f"m.json is damaged, or no model file: the key 'coef' stands there twice: {AGAIN}",
    ),
    "classes not an array": (
        broken(put("classes", "ab")),
        f"m.json: classes is not an array: {AGAIN}",
    ),
    "settings not an object": (
        broken(put("settings", 1)),
        f"m.json: settings is not an object: {AGAIN}",
    ),
    "one class": (
        broken(put("classes", ["a"])),
        f"m.json: classes has 1 label(s), not 2 or more: {AGAIN}",
    ),
    "a class twice": (
        broken(put("classes", ["a", "b", "a"])),
        f"m.json: classes[2] is 'a' for the second time: {AGAIN}",
    ),
    "a label that is none": (
        broken(put("classes", ["a", [1], "c"])),
        f"m.json: classes[1] is [1], which is no label: {AGAIN}",
    ),
    "another number of classes": (
        broken(put("classes", ["a", "b", "c", "d"])),
        f"m.json: coef has 3 entries, not 4 rows for 4 classes: {AGAIN}",
    ),
    "coef empty": (
        broken(put("coef", [[], [], []])),
        f"m.json: coef[0] is not an array of numbers: {AGAIN}",
    ),
    "coef ragged": (
        broken(put_in("coef", 2, [1.0])),
        f"m.json: coef[2] has 1 entries, not 2 numbers, as coef[0]: {AGAIN}",
    ),
    "coef a word": (
        broken(put_in("coef", 1, [1.0, "x"])),
        f"m.json: coef[1][1] is 'x', not a number: {AGAIN}",
    ),
    "coef true": (
        broken(put_in("coef", 1, [1.0, True])),
        f"m.json: coef[1][1] is True, not a number: {AGAIN}",
    ),
    "coef NaN": (
        broken(put_in("coef", 1, [1.0, math.nan])),
        f"m.json: coef[1][1] is nan, not a finite number: {AGAIN}",
    ),
    "coef NaN, as text": (
        broken(put_in("coef", 1, [1.0, {"float": "nan"}])),
        f"m.json: coef[1][1] is nan, not a finite number: {AGAIN}",
    ),
    "coef infinite": (
        broken(put_in("coef", 0, [1.0, 2.0])).replace(b"2.0", b"2e999", 1),
        f"m.json: coef[0][1] is inf, not a finite number: {AGAIN}",
    ),
    "coef too large": (
        broken(put_in("coef", 0, [1.0, 10**400])),
        f"m.json: coef[0][1] is inf, not a finite number: {AGAIN}",
    ),
    "intercept short": (
        broken(put("intercept", [1.0])),
        f"m.json: intercept has 1 entries, not 3 numbers for 3 classes: {AGAIN}",
    ),
    "features short": (
        broken(put("features", ["a"])),
        f"m.json: features has 1 entries, not 2 names for the numbers in coef[0]: {AGAIN}",
    ),
    "a feature twice": (
        broken(put("features", ["a", "a"])),
        f"m.json: features[1] is 'a' for the second time: {AGAIN}",
    ),
    "a feature without a name": (
        broken(put("features", ["a", 1])),
        f"m.json: features[1] is 1, not a name: {AGAIN}",
    ),
    "an unknown setting": (
        broken(put_in("settings", "depth", 3)),
        f"m.json: there is no setting 'depth': {AGAIN}",
    ),
    "state lacks a key": (
        broken(lambda found: found["state"].pop("n_iter_")),
        f"m.json: the key 'n_iter_' is missing in state: {AGAIN}",
    ),
    "state has another kind": (
        broken(put_in("state", "loss_history_", [1.0, "x"])),
        f"m.json: loss_history_ is not an array of numbers: {AGAIN}",
    ),
    "totals short": (
        broken(put_in("state", "class_totals_", [1.0])),
        f"m.json: class_totals_ has 1 entries, not 3 numbers, one for each class: {AGAIN}",
    ),
    "deep": (b"[" * 100_000, None),
    "a half of a letter": (
        broken(put("classes", ["\ud800", "b", "c"])),
        r"m.json: classes[0] is '\ud800', no text in UTF-8: rename it",
    ),
    "a half of a letter in a name": (
        broken(put("features", ["a", "\udfff"])),
        r"m.json: features[1] is '\udfff', no text in UTF-8: rename it",
    ),
    # what is quoted of a file is short
    "a long key twice": (
        b'{"' + b"k" * 10**6 + b'": 1, "' + b"k" * 10**6 + b'": 2}',
        f"m.json is damaged, or no model file: the key '{'k' * 36}... stands there twice: {AGAIN}",
    ),
    "a long label twice": (
        broken(put("classes", ["x" * 10**6, "b", "x" * 10**6])),
        f"m.json: classes[2] is '{'x' * 36}... for the second time: {AGAIN}",
    ),
    "a long label that is none": (
        broken(put("classes", ["a", [1] * 10**6, "c"])),
        f"m.json: classes[1] is [{'1, ' * 12}..., which is no label: {AGAIN}",
    ),
    "a long version": (
        broken(put("version", "2" * 10**6)),
        f"m.json: version is '{'2' * 36}..., and this pyref reads versions 1 to 2: use the pyref"
        " that saved it, or a newer one",
    ),
    "a long feature": (
        broken(put("features", ["a", ["b" * 10**6]])),
        f"m.json: features[1] is ['{'b' * 35}..., not a name: {AGAIN}",
    ),
    "a long word for a number": (
        broken(put_in("coef", 1, [1.0, "x" * 10**6])),
        f"m.json: coef[1][1] is '{'x' * 36}..., not a number: {AGAIN}",
    ),
    "a long setting": (
        broken(put_in("settings", "s" * 10**6, 3)),
        f"m.json: there is no setting '{'s' * 36}...: {AGAIN}",
    ),
}

# Every field of the state and the settings that `summary`, `plot` or a fit would stumble over.
UNFIT_STATE = [
    ("status_", "ended", "the end of a fit"),
    ("status_", ["converged"], "the end of a fit"),
    ("reason_", None, "a sentence"),
    ("solver_", "auto", "a solver"),
    ("solver_", {"newton": 1}, "a solver"),
    ("backend_", "fortran", "a backend"),
    ("n_iter_", True, "a count"),
    ("n_iter_", -1, "a count"),
    ("n_samples_", 1.5, "a count"),
    ("log_likelihood_", 10**400, "a number"),
    ("log_likelihood_", True, "a number"),
    ("loss_history_", [0.5, 10**400], "an array of numbers"),
    ("loss_history_", [False], "an array of numbers"),
    ("class_totals_", [1e308, 1e308, 1e308], "an array of weights"),
    ("class_totals_", [1.0, -1.0, 2.0], "an array of weights"),
    ("class_totals_", [1.0, {"float": "nan"}, 2.0], "an array of weights"),
    ("class_totals_", [0, 0, 0], "an array of weights"),
    ("class_totals_", [], "an array of weights"),
    ("standard_errors_", [1.0, 2.0, 10**400], "an array of numbers, or null"),
]
UNFIT_SETTINGS = [
    ("solver", "magic", "solver is 'magic', a str: give 'auto' or 'newton' or 'lbfgs' or"
     " 'gradient_descent'"),
    ("backend", ["c"], "backend is ['c'], a list: give 'auto' or 'python' or 'c'"),
    ("l2", "much", "l2 is 'much', a str: give a number"),
    ("l2", {"float": "inf"}, "l2 is inf: give a finite number, 0 or more"),
    ("learning_rate", "fast", "learning_rate is 'fast', a str: give a number, or 'safe'"),
    ("momentum", -1, "momentum is -1.0: give a finite number, 0 or more"),
    ("iterations", 1.5, "iterations is 1.5, a float: give a whole number"),
    ("tolerance", [], "tolerance is [], a list: give a number"),
    ("threads", "x", "threads is 'x', a str: give a whole number"),
    ("threads", 0, "threads is 0: give a whole number, 1 or more"),
    ("class_weight", "heavy", "class_weight is 'heavy': give null, 'balanced', or pairs"),
    ("class_weight", [["a"]], "class_weight[0] is ['a']: give a label and its weight"),
    ("class_weight", [[["a"], 1]], "class_weight[0] is [['a'], 1]: give a label and its weight"),
    ("class_weight", [["a", -1]], "class_weight[0][1] is -1.0: give a finite number, 0 or more"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value", "kind"), UNFIT_STATE)
def test_a_state_that_no_fit_leaves_is_refused(key, value, kind):
    with pytest.raises(ModelFileError) as caught:
        model_file.restore(model_file.parse(broken(put_in("state", key, value)), "m"), "m")
    assert str(caught.value) == f"m: {key} is not {kind}: {AGAIN}"


@pytest.mark.parametrize(("key", "value", "message"), UNFIT_SETTINGS)
def test_settings_that_cannot_be_used_are_refused(key, value, message, tmp_path):
    with pytest.raises(ModelFileError) as caught:
        model_file.restore(model_file.parse(broken(put_in("settings", key, value)), "m"), "m")
    assert str(caught.value) == f"m: in the settings, {message}"


def test_what_could_not_be_loaded_is_not_saved(tmp_path):
    model = fitted()
    model.threads = "all"
    with pytest.raises(ModelFileError) as caught:
        model_file.save(model, tmp_path / "m.json")
    assert str(caught.value) == ("in the settings, threads is 'all', a str: give a whole number")
    assert os.listdir(tmp_path) == []


def test_equal_keys_are_found_by_reading_once():
    """50,000 of them took 17 seconds: each was counted in all of them."""
    compared = []

    class Key(str):
        __hash__ = str.__hash__

        def __eq__(self, other):
            compared.append(1)
            return str.__eq__(self, other)

    pairs = [(Key(k), k) for k in range(1000)] + [(Key(999), 0)] * 1000
    with pytest.raises(ValueError, match=r"^the key '999' stands there twice$"):
        exact_json._once(pairs)
    assert len(compared) < 100


def test_there_is_a_limit_on_the_size_of_a_file(tmp_path, monkeypatch):
    path = tmp_path / "m.json"
    model = fitted()
    model_file.save(model, path)
    size = path.stat().st_size
    monkeypatch.setattr(model_file, "MOST_BYTES", size)
    assert model_file.load(path).coef_ == model.coef_
    monkeypatch.setattr(model_file, "MOST_BYTES", size - 1)
    with pytest.raises(ModelFileError) as caught:
        model_file.load(path)
    assert str(caught.value) == (
        f"{path} has more than {size - 1} bytes, and no model has: give a file that pyref saved"
    )
    with pytest.raises(ModelFileError) as caught:
        model_file.save(model, tmp_path / "n.json")
    assert str(caught.value) == f"the model needs more than {size - 1} bytes: fit fewer columns"
    assert os.listdir(tmp_path) == ["m.json"]


def test_no_more_of_a_file_is_read_than_a_model_can_have(monkeypatch):
    monkeypatch.setattr(model_file, "MOST_BYTES", 100_000)
    endless = io.BytesIO(b"[" * 10**6)
    assert 100_000 < len(model_file.content(endless)) < 200_000


@pytest.mark.parametrize("case", BROKEN)
def test_broken_files(case, tmp_path, monkeypatch):
    data, message = BROKEN[case]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.json").write_bytes(data)
    with pytest.raises(ModelFileError) as caught:
        model_file.load("m.json")
    text = str(caught.value)
    assert "\n" not in text
    assert (
        text.endswith(AGAIN) or "give a file" in text or "use the pyref" in text or "rename" in text
    )
    assert message is None or text == message


@pytest.mark.parametrize("key", ["classes", "features", "coef", "intercept", "settings", "state"])
def test_missing_keys(key):
    with pytest.raises(ModelFileError) as caught:
        model_file.parse(broken(lambda found: found.pop(key)), "m.json")
    assert str(caught.value) == f"m.json: the key {key!r} is missing: {AGAIN}"


@pytest.mark.parametrize("small", [False, True])
def test_a_file_cut_short_anywhere_is_refused(small, monkeypatch):
    monkeypatch.setattr(exact_json, "SMALL", small)
    data = model_file.text(fitted()).encode().rstrip()
    for length in range(len(data)):
        with pytest.raises(ModelFileError, match=r"^m\.json is "):
            model_file.parse(data[:length], "m.json")


@given(st.data())
def test_a_damaged_byte_is_refused_or_harmless(data):
    """Never another exception than the one, whatever byte is changed to what."""
    content = bytearray(model_file.text(fitted()).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        model = model_file.restore(model_file.parse(bytes(content), "m.json"), "m.json")
    except ModelFileError as error:
        said = str(error)
    else:
        said = "m.json"
        assert all(math.isfinite(v) for v in [*model.coef_, model.intercept_])
    assert said.startswith("m.json")
    assert "\n" not in said


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        model_file.load(tmp_path / "no.json")
