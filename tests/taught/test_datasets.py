"""The data sets: NumPy's numbers to the last bit, the published tables, and what is said of them.

NumPy, scikit-learn and SciPy stand here only as judges; `pyref.datasets` uses none of them.
"""

import ast
import doctest
import itertools
import math
import random

import numpy as np
import pytest
from scipy.optimize import linprog
from sklearn.datasets import load_iris

from pyref import datasets

# -------------------------------------------------------- the generator


def test_the_generator_is_mt19937():
    # The check value that the C++ standard gives for its mt19937: word 10000 from seed 5489.
    words = datasets._mersenne_twister(5489)
    assert next(itertools.islice(words, 9999, None)) == 4123659995


@pytest.mark.parametrize("seed", [0, 1, 42, 2**32 - 1])
def test_its_words_are_those_of_pythons_own_generator_in_the_same_state(seed):
    state = [seed]
    for i in range(1, 624):
        state.append((1812433253 * (state[-1] ^ (state[-1] >> 30)) + i) & 0xFFFFFFFF)
    reference = random.Random()
    reference.setstate((3, (*state, 624), None))
    words = datasets._mersenne_twister(seed)
    # three times round the state, so that twisted words are twisted again
    for _ in range(3 * 624 + 1):
        assert next(words) == reference.getrandbits(32)


@pytest.mark.parametrize("seed", [0, 1, 42, 43, 12345, 2**31, 2**32 - 1])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 623, 4005])
def test_normals_are_numpys_to_the_last_bit(seed, count):
    ours = np.array(datasets.legacy_normals(seed, count))
    numpys = np.random.RandomState(seed).randn(count)
    assert ours.tobytes() == numpys.tobytes()


def test_normals_in_several_draws_are_the_same_sequence():
    # NumPy keeps the unused half of a pair between calls; one long draw must contain them all.
    numpys = np.random.RandomState(7)
    drawn = [value for count in (3, 1, 4, 1, 5) for value in numpys.randn(count)]
    assert datasets.legacy_normals(7, 14) == drawn


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_outside_32_bits_is_refused_as_numpy_does(seed):
    with pytest.raises(ValueError, match="Seed must be between 0 and 2"):
        np.random.RandomState(seed)
    with pytest.raises(ValueError, match=f"seed is {seed}: give a whole number from 0 to 42949"):
        datasets.legacy_normals(seed, 1)


def test_a_negative_count_is_refused():
    with pytest.raises(ValueError, match="count is -1: give a whole number, 0 or more"):
        datasets.legacy_normals(0, -1)


# -------------------------------------------------------- document 000's data


@pytest.fixture(scope="module")
def printed():
    """The first lines of document 000, as printed, and the start of its training."""
    np.random.seed(42)
    threshold = 0.62
    W = np.random.randn(4, 1)
    b = np.random.randn(
        1,
    )

    X = np.random.randn(1000, 4)
    y = 1 / (1 + np.exp(-np.dot(X, W) + b)) > threshold

    np.random.seed(43)
    return X, y, W, b, np.random.randn(4, 1), np.random.randn(1)


def test_seeded_cloud_is_document_000s(printed):
    X, y, w, b = datasets.seeded_cloud()
    assert np.array(X).tobytes() == printed[0].tobytes()
    assert y == printed[1].ravel().tolist()
    assert w == printed[4].ravel().tolist()
    assert b == printed[5].item()
    assert (len(X), {len(row) for row in X}, len(y), len(w)) == (1000, {4}, 1000, 4)


def test_seeded_cloud_has_452_ones_because_of_the_minus_sign(printed):
    y = datasets.seeded_cloud()[1]
    assert sum(y) == 452
    assert {type(label) for label in y} == {int}
    assert set(y) == {0, 1}
    X, _, W, b = printed[:4]
    assert (1 / (1 + np.exp(-(X @ W + b))) > 0.62).sum() == 353


def test_rounding_decides_no_label(printed):
    X, _, W, b = printed[:4]
    z = X @ W - b
    assert np.abs(z - math.log(0.62 / 0.38)).min() > 0.0007
    assert np.abs(z).max() < 6


def test_seeded_cloud_is_separable(printed):
    # by the very plane that made the labels
    X, _, W, b = printed[:4]
    z = (X @ W - b - math.log(0.62 / 0.38)).ravel()
    y = np.array(datasets.seeded_cloud()[1])
    assert z[y == 1].min() > 0 > z[y == 0].max()
    # so the loss falls on and on when every parameter is doubled
    losses = [np.logaddexp(0, -scale * np.where(y, z, -z)).mean() for scale in (1, 2, 4, 8, 1e6)]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 1e-9


def test_five_points_are_document_001s_and_separable():
    x, y = datasets.five_points()
    assert x == [1, 2, 3, 4, 5]
    assert y == [0, 0, 0, 1, 1]
    assert [type(value) for value in x] == [float] * 5
    assert [1 if x_i > 3.5 else 0 for x_i in x] == y


# -------------------------------------------------------- the real data


def separable(X, y):
    """Whether a plane parts the rows labelled 1 from the others: a linear programme's answer.

    Wanted are w, b with s * (w . x + b) >= 1 for every row, s = 1 for label 1 and -1 for 0.
    """
    A = np.column_stack([np.array(X), np.ones(len(X))]) * np.where(np.array(y) == 1, 1, -1)[:, None]
    answer = linprog(
        np.zeros(A.shape[1]), A_ub=-A, b_ub=-np.ones(len(A)), bounds=[(None, None)] * A.shape[1]
    )
    assert answer.status in (0, 2)  # found, or shown not to exist: never merely given up
    return answer.status == 0


def test_separable_tells_the_two_apart():
    assert separable([[1], [2], [3]], [0, 0, 1])
    assert not separable([[1], [2], [3]], [0, 1, 0])


def test_what_is_said_of_separation():
    x, y = datasets.five_points()
    assert separable([[x_i] for x_i in x], y)
    X, y, _, _ = datasets.seeded_cloud()
    assert separable(X, y)
    x, y = datasets.challenger()
    assert not separable([[x_i] for x_i in x], y)
    X, y, _ = datasets.iris()
    assert separable(X, [1 if c == 0 else 0 for c in y])
    assert not separable(X[50:], [c - 1 for c in y[50:]])


def test_challenger_is_the_published_table():
    x, y = datasets.challenger()
    assert [type(value) for value in x] == [float] * 23
    assert {type(value) for value in y} == {int}
    assert len(x) == len(y) == 23
    assert sorted(x_i for x_i, y_i in zip(x, y, strict=True) if y_i) == [
        *(53, 57, 58, 63, 70, 70, 75),
    ]
    assert sorted(x_i for x_i, y_i in zip(x, y, strict=True) if not y_i) == [
        *(66, 67, 67, 67, 68, 69, 70, 70, 72, 73, 75, 76, 76, 78, 79, 81),
    ]
    # in order of flight: the first damage was on the second, then the ninth to the eleventh
    assert [i + 1 for i, y_i in enumerate(y) if y_i] == [2, 9, 10, 11, 14, 21, 23]


FLIGHTS = """1 66, 2 70*, 3 69, 5 68, 6 67, 7 72, 8 73, 9 70, 41-B 57*, 41-C 63*, 41-D 70*, 41-G 78,
51-A 67, 51-C 53*, 51-D 67, 51-B 75, 51-G 70, 51-F 81, 51-I 76, 51-J 79, 61-A 75*, 61-B 76,
61-C 58*"""


def test_each_launch_has_its_own_temperature():
    """The flights by their names, with degrees Fahrenheit at launch and * for damage: the report of
    the Presidential Commission (1986), as Dalal, Fowlkes & Hoadley (1989) print it."""
    launches = [flight.split()[1] for flight in FLIGHTS.split(",")]
    x, y = datasets.challenger()
    assert x == [float(launch.rstrip("*")) for launch in launches]
    assert y == [int(launch.endswith("*")) for launch in launches]


def test_challengers_optimum():
    x, y = (np.array(column, dtype=float) for column in datasets.challenger())
    A = np.column_stack([x, np.ones(23)])
    theta = np.zeros(2)
    for _ in range(12):  # Newton's method
        p = 1 / (1 + np.exp(-(A @ theta)))
        covariance = np.linalg.inv((A.T * (p * (1 - p))) @ A)
        theta = theta - covariance @ (A.T @ (p - y))
    deviance = -2 * (y * np.log(p) + (1 - y) * np.log(1 - p)).sum()
    assert theta == pytest.approx([-0.23216274421859648, 15.042901647702442], rel=1e-10)
    assert deviance == pytest.approx(20.315192687866833, rel=1e-12)
    assert np.sqrt(np.diag(covariance)) == pytest.approx([0.10823652, 7.37863638], rel=1e-7)
    assert 1 / (1 + np.exp(-(31 * theta[0] + theta[1]))) == pytest.approx(0.99960878, abs=5e-9)


def test_iris_is_fishers_table():
    X, y, names = datasets.iris()
    fisher = load_iris()
    assert fisher.data.tolist() == X
    assert y == fisher.target.tolist()
    assert list(names) == fisher.target_names.tolist()
    assert {type(label) for label in y} == {int}
    # the two rows in which the copy in the UCI repository is wrong: both are 4.9 3.1 1.5 0.1 there
    assert X[34] == [4.9, 3.1, 1.5, 0.2]
    assert X[37] == [4.9, 3.6, 1.4, 0.1]


# -------------------------------------------------------- the module


def test_the_titanic_as_the_inquiry_counted_it():
    """The margins of Dawson's table; a digit in a wrong place would move two of them."""
    rows = datasets.titanic()
    assert len(rows) == len({row[:3] for row in rows}) == 16

    def people(*words):
        return sum(count for *row, count in rows if set(words) <= set(row))

    assert people() == 2201
    assert (people("survived"), people("died")) == (711, 1490)
    assert (people("female"), people("male")) == (470, 1731)
    assert [people(name) for name in ("first", "second", "third", "crew")] == [325, 285, 706, 885]
    assert (people("female", "survived"), people("male", "survived")) == (344, 367)
    assert [people(name, "survived") for name in ("first", "second", "third", "crew")] == [
        *(203, 118, 178, 212),
    ]


@pytest.mark.parametrize("name", ["five_points", "seeded_cloud", "challenger", "iris"])
def test_what_is_returned_may_be_changed(name):
    make = getattr(datasets, name)
    first, untouched = make(), make()
    first[0][0] = first[1][0] = None
    assert make() == untouched != first


def test_the_module_needs_nothing_but_math():
    with open(datasets.__file__, encoding="utf-8") as source:
        tree = ast.parse(source.read())
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [node.module for node in imported] == ["math"]


def test_doctests():
    assert doctest.testmod(datasets) == (0, 10)
