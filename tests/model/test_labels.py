"""What goes in comes out: whatever is predicted is one of the classes that were given, type and
all; and what can be no class is refused, in both estimators."""

import datetime
import enum
import fractions
from decimal import Decimal

import numpy as np
import pandas
import polars
import pyarrow
import pytest
from helpers.estimators import error_of

import pyref
from pyref import sklearn as for_sklearn
from pyref.model import labels as room

PLAIN, SKLEARN = pyref.LogisticRegression, for_sklearn.LogisticRegression
X = [[1.0, 5.0], [2.0, 4.0], [3.0, 7.0], [4.0, 1.0]]
NAN = float("nan")


class Tensor:
    """Numbers as torch has them: an index gives a tensor, `==` a tensor, and the hash is that of
    the object. (torch itself is no dependency of a test.)"""

    def __init__(self, values):
        self.values = np.asarray(values)

    shape = property(lambda self: self.values.shape)

    def __eq__(self, other):
        return Tensor(self.values == getattr(other, "values", other))

    def __hash__(self):
        return id(self)

    def __bool__(self):
        return bool(self.values)

    def __len__(self):
        return len(self.values)

    def __iter__(self):
        return iter([Tensor(value) for value in self.values])

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values, dtype)

    def tolist(self):
        return self.values.tolist()


class Delayed:
    """An array as dask has it: it can be turned into one of NumPy, and has no `tolist`."""

    def __init__(self, values):
        self.values = np.asarray(values)

    shape = property(lambda self: self.values.shape)
    dtype = property(lambda self: self.values.dtype)

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values, dtype)

    def __len__(self):
        return len(self.values)

    def __iter__(self):
        return iter([Delayed(value) for value in self.values])


class Thing:
    def __repr__(self):
        return "a thing"


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


HUGE = 2**64 - 1
DAYS = [datetime.date(2020, 1, 1), datetime.date(2021, 1, 1)]


def twice(*labels):
    return list(labels) * 2


def dates(unit, kind="M"):
    return np.array([1, 2, 1, 2], dtype=f"{kind}8[{unit}]")


# name: what is given as y; the two classes; the type of NumPy array that has them
GIVEN = {
    "tensors without dimensions": (twice(Tensor(0), Tensor(1)), [0, 1], "i"),
    "a tensor": (Tensor([0, 1, 0, 1]), [0, 1], "i"),
    "arrays without dimensions": (twice(np.array(0), np.array(1)), [0, 1], "i"),
    "words without dimensions": (twice(np.array("a"), np.array("b")), ["a", "b"], "U"),
    "delayed": (Delayed([0, 1, 0, 1]), [0, 1], "i"),
    "delayed words": (Delayed(twice("a", "b")), ["a", "b"], "U"),
    "delayed, one by one": (list(Delayed([0, 1, 0, 1])), [0, 1], "i"),
    "dates, ns": (dates("ns"), list(dates("ns")[:2]), "M"),
    "dates, days": (dates("D"), list(dates("D")[:2]), "M"),
    "durations": (dates("s", "m"), list(dates("s", "m")[:2]), "m"),
    "dates without dimensions": (
        [np.array(date) for date in dates("ns")],
        list(dates("ns")[:2]),
        "M",
    ),
    "days of Python": (twice(*DAYS), DAYS, "O"),
    "no number of C": (twice(0, HUGE), [0, HUGE], "u"),
    "no type of C for both": (twice(-1, 2**63 + 1), [-1, 2**63 + 1], "O"),
    "beyond C": (twice(0, 10**30), [0, 10**30], "O"),
    "beyond a float": (twice(2**53, 2**53 + 1), [2**53, 2**53 + 1], "i"),
    "uint64": (np.array([0, HUGE] * 2, dtype=np.uint64), [0, HUGE], "u"),
    "a zero at the end": (twice("a", "a\0"), ["a", "a\0"], "O"),
    "bytes, a zero at the end": (twice(b"a", b"a\0"), [b"a", b"a\0"], "O"),
    "bool beside int": (twice(True, 2), [True, 2], "O"),
    "bool": (twice(True, False), [False, True], "b"),
    "int beside float": (twice(0, 1.0), [0, 1.0], "O"),
    "numbers beside words": (twice(1, "a"), [1, "a"], "O"),
    "words of NumPy": (
        twice(np.str_("no"), np.str_("yes")),
        [np.str_("no"), np.str_("yes")],
        "U",
    ),
    "numbers of NumPy": (twice(np.int8(3), np.int8(4)), [np.int8(3), np.int8(4)], "i"),
    "numbers of two types": (twice(np.int64(3), np.int8(4)), [np.int64(3), np.int8(4)], "O"),
    "objects": (np.array([0, 1, 0, 1], dtype=object), [0, 1], "i"),
    "pandas, nullable": (pandas.Series([1, 2**53 + 1] * 2, dtype="Int64"), [1, 2**53 + 1], "i"),
    "fractions that are whole": (
        twice(fractions.Fraction(2), Decimal(3)),
        [fractions.Fraction(2), Decimal(3)],
        "O",
    ),
    "an enumeration": (twice(Colour.RED, Colour.BLUE), [Colour.RED, Colour.BLUE], "O"),
}


def exact(labels):
    """Each label and its type. (Elements of an array of one plain type are Python's numbers and
    words, as they were given; those of an array of objects, and dates, are themselves.)"""
    if isinstance(labels, np.ndarray):
        labels = list(labels) if labels.dtype.kind in "OmM" else labels.tolist()
    return [(type(label), label) for label in labels]


@pytest.mark.parametrize("name", GIVEN)
@pytest.mark.parametrize("kind", [PLAIN, SKLEARN])
def test_what_is_predicted_was_given(backend, kind, name):
    y, classes, code = GIVEN[name]
    model = kind(backend=backend, l2=0.1).fit(np.array(X), y)
    wanted = [classes[int(p > 0.5)] for p in model.predict_proba(np.array(X))[:, 1]]
    assert len(set(wanted)) == 2
    found = model.predict(np.array(X))
    assert found.dtype.kind == code
    plain = code not in "OmM"  # then NumPy's own types of numbers and words are Python's
    as_python = [np.array(label).tolist() if plain else label for label in wanted]
    assert exact(found) == exact(as_python)
    assert model.score(np.array(X), y) == model.score(np.array(X), wanted) == 1
    assert model.score(np.array(X), [classes[int(label == classes[0])] for label in wanted]) == 0
    if kind is PLAIN:
        assert model.classes_ == classes
        assert exact(model.predict(X)) == exact(wanted)


def test_dates_of_polars_in_nanoseconds():
    """to_list cuts them to microseconds, and the two are one class then."""
    y = polars.Series(dates("ns"))
    model = PLAIN(l2=0.1).fit(X, y)
    assert model.classes_ == list(dates("ns")[:2])
    assert model.predict(X) == list(dates("ns"))


def test_dates_of_pandas_are_its_own():
    y = pandas.Series(pandas.to_datetime(["2020-01-01", "2021-01-01"] * 2))
    assert PLAIN(l2=0.1).fit(X, y).predict(X) == y.to_list()


@pytest.mark.parametrize("kind", [PLAIN, SKLEARN])
def test_true_and_one_are_one_class(backend, kind):
    """Equal labels are one class, and the first to appear stands for all."""
    model = kind(backend=backend, l2=0.1).fit(np.array(X), [True, 0, 1, 0.0])
    assert [repr(label) for label in model.classes_] == ["0", "True"]
    assert {repr(label) for label in model.predict(np.array(X))} <= {"0", "True"}


def test_the_order_of_labels_that_cannot_be_sorted():
    """That of their appearance: a sort that fails half-way leaves them in neither."""
    labels = [1, 3, 2, "a"]
    assert room.encode(labels) == (labels, [0, 1, 2, 3])


ONE_EACH = "give one number or word for each label"
GAP = "remove the row, or fill in its class"
REFUSED = {
    "things": ([Thing() for _ in X], TypeError, f"y[0] is a thing, a Thing: {ONE_EACH}"),
    "a thing in a pair": (
        [(1, 2), (1, thing := Thing()), (1, thing), (1, 2)],
        TypeError,
        f"y[1] is (1, a thing), a tuple: {ONE_EACH}",
    ),
    "arrays": (
        twice(np.array([0]), np.array([1])),
        TypeError,
        f"y[0] is array([0]), a ndarray: {ONE_EACH}",
    ),
    "None": (["a", "b", None, "a"], ValueError, f"y[2] is None: {GAP}"),
    "NA": (["a", pandas.NA, "b", "a"], ValueError, f"y[1] is <NA>: {GAP}"),
    "nan in a pair": ([(1, 2), (1, NAN), (1, NAN), (1, 2)], ValueError, f"y[1] is (1, nan): {GAP}"),
    "no date": (
        np.array(["2020-01-01", "NaT", "2021-01-01", "NaT"], dtype="M8[ns]"),
        ValueError,
        f"y[1] is NaT: {GAP}",
    ),
    "a null of pyarrow": (pyarrow.array([1, None, 2, 1]), ValueError, f"y[1] is None: {GAP}"),
    "a fraction of NumPy": (
        twice(np.float32(0.5), 1),
        ValueError,
        "y[0] is 0.5: give whole numbers or words (pyref.newton takes fractions from 0 to 1)",
    ),
    "a Fraction": (
        twice(1, fractions.Fraction(1, 2)),
        ValueError,
        "y[1] is 1/2: give whole numbers or words (pyref.newton takes fractions from 0 to 1)",
    ),
    "a Decimal": (
        twice(1, Decimal("0.5")),
        ValueError,
        "y[1] is 0.5: give whole numbers or words (pyref.newton takes fractions from 0 to 1)",
    ),
    "one word of NumPy": (
        [np.str_("no")] * 4,
        ValueError,
        "y has only one class, 'no': give samples of two or more",
    ),
    "rows not computed yet": (
        polars.LazyFrame({"y": [0, 1, 0, 1]}),
        TypeError,
        "y is a LazyFrame: give y.collect()",
    ),
    "a column": (
        np.zeros((4, 1)),
        ValueError,
        "y has shape (4, 1), not 1 dimension(s): flatten it to one row",
    ),
    "two columns": (
        np.zeros((4, 2)),
        ValueError,
        "y has shape (4, 2), not 1 dimension(s): give one row or column of it",
    ),
    "a cube": (
        np.zeros((4, 2, 2)),
        ValueError,
        "y has shape (4, 2, 2), not 1 dimension(s): give one row or column of it",
    ),
    "a frame of one column": (
        pandas.DataFrame({"y": [0, 1, 0, 1]}),
        ValueError,
        "y has shape (4, 1), not 1 dimension(s): give one row or column of it",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_label(name):
    y, kind, message = REFUSED[name]
    assert error_of(kind, PLAIN().fit, X, y) == message


@pytest.mark.parametrize(
    "name", ["things", "None", "NA", "a Fraction", "a Decimal", "one word of NumPy",
             "rows not computed yet"]
)  # fmt: skip
def test_what_is_no_label_for_scikit_learn(name):
    y, kind, message = REFUSED[name]
    assert error_of(kind, SKLEARN().fit, X, y) == message


@pytest.mark.parametrize("kind", [PLAIN, SKLEARN])
def test_score_refuses_what_is_no_label(kind):
    model = kind(l2=0.1).fit(X, twice("a", "b"))
    assert error_of(ValueError, model.score, X, ["a", "b", None, "a"]) == f"y[2] is None: {GAP}"
    message = f"y[0] is a thing, a Thing: {ONE_EACH}"
    assert error_of(TypeError, model.score, X, REFUSED["things"][0]) == message
    assert model.score(X, ["a", "b", "a", "never seen"]) == 0.75


# ---------------------------------------------------------------- class_weight


@pytest.mark.parametrize("kind", [PLAIN, SKLEARN])
def test_class_weight_by_label(backend, kind):
    """A pandas Series has its index for labels, and its values for weights."""
    y = np.array(["no", "yes"] * 2)
    for weights in (
        {"yes": 3.0},
        pandas.Series({"yes": 3.0}),
        {np.str_("yes"): np.float64(3.0)},
        pandas.Series([1, 3], index=["no", "yes"]),
    ):
        model = kind(backend=backend, l2=0.1, class_weight=weights).fit(X, y)
        assert model.class_totals_ == [2.0, 6.0]
    model = kind(backend=backend, l2=0.1, class_weight={dates("ns")[1]: 3}).fit(X, dates("ns"))
    assert model.class_totals_ == [2.0, 6.0]


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        ({(1,): 9.0}, ValueError,
         "class_weight has a weight for (1,), but y has the classes 0, 1: remove it"),
        ({"1": 9.0}, ValueError,
         "class_weight has a weight for '1', but y has the classes 0, 1: remove it"),
        (pandas.Series({2: 1.0}), ValueError,
         "class_weight has a weight for 2, but y has the classes 0, 1: remove it"),
        (pandas.Series([1.0, 2.0], index=[1, 1]), ValueError,
         "class_weight has two weights for 1: remove one"),
        ({1: "x"}, TypeError, "class_weight[1] is 'x', a str: give a number"),
        ([1, 2], TypeError, "class_weight is [1, 2], a list: give None, 'balanced', or a dict from"
         " class to weight"),
        (polars.Series([1, 2]), TypeError, "class_weight is shape: (2,) Series: '' [i64] [ 1 2 ],"
         " a Series: give None, 'balanced', or a dict from class to weight"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", [PLAIN, SKLEARN])
def test_class_weights_that_cannot_be(kind, weights, error, message):
    """(1,) was found in the array of the classes: NumPy compares it with each."""
    model = kind(l2=0.1, class_weight=weights)
    assert error_of(error, model.fit, X, [0, 1, 0, 1]) == message


@pytest.mark.parametrize("kind", [PLAIN, SKLEARN])
def test_messages_show_words_as_they_were_given(kind):
    y = np.array(["no", "yes"] * 2)
    for weights, message in (
        ({"maybe": 1}, "class_weight has a weight for 'maybe', but y has the classes 'no', 'yes':"
         " remove it"),
        ({"no": -1}, "class_weight['no'] is -1.0: give a finite number, 0 or more"),
        ({"no": 0}, "the weights leave only the class 'yes': give weight to two classes or more"),
    ):  # fmt: skip
        assert error_of(ValueError, kind(class_weight=weights).fit, X, y) == message
    init = kind(l2=0.1).fit(X, [0, 1, 0, 1])
    assert error_of(ValueError, kind(init=init).fit, X, y) == (
        "init has the classes [0, 1], y has ['no', 'yes']: give a model of the same classes"
    )
    assert "Probability modelled: y = yes (2 of 4)" in " ".join(
        kind(l2=0.1).fit(X, y).summary().split()
    )


@pytest.mark.parametrize("kind", [PLAIN, SKLEARN])
def test_dates_are_not_saved_as_numbers(kind, tmp_path):
    model = kind(l2=0.1).fit(X, dates("ns"))
    assert error_of(ValueError, pyref.model.save, model, tmp_path / "model.json") == (
        "classes_[0] is np.datetime64('1970-01-01T00:00:00.00..., a datetime64: to save, give"
        " labels of str, int, bool, float or None"
    )


def test_words_in_an_array_of_objects_stay_objects(backend):
    """scikit-learn's estimators keep them so: what is predicted is compared with what was given."""
    for y in (
        np.array(twice("a", "b"), dtype=object),
        pandas.Series(twice("a", "b"), dtype=object),
    ):
        model = SKLEARN(backend=backend, l2=0.1).fit(X, y)
        assert model.classes_.dtype == model.predict(X).dtype == object
        assert exact(model.classes_) == exact(["a", "b"])
