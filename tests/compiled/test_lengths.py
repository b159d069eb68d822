"""C reads and writes no number that is not there: every pointer goes into it with its length.

What is handed over is compared with what C will use, once, where the call goes into C: see
buffers.doubles, buffers.Buffer and passes.new_run. A caller's mistake, or an object that answers
otherwise the second time it is asked, is then an error and no read past the end.
"""

import re
import sys
from array import array
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__)
X, Y, S = [[1.0, 2.0], [2.0, 1.0], [3.0, 5.0]], [0.0, 1.0, 1.0], [1.0, 2.0, 1.0]


@pytest.fixture
def c(fast):
    return fast.FRONT.engine


@pytest.fixture
def given(c):
    """X, y and the weights as C reads them."""
    return c.table(X), c.labels(Y, 3), c.sample_weights(S, 3)


# ---------------------------------------------------------------- the callers of C


def short(c, count, width=1):
    """Numbers that are fewer than the others."""
    return c.Buffer(array("d", [0.5] * count * width), 0, count, width)


@pytest.mark.parametrize("name", ["w", "y", "sample_weight"])
def test_a_gradient_of_too_few_numbers(c, given, name):
    table, y, s = given
    w = array("d", [0.5, 0.5])
    with pytest.raises(ValueError, match=r"^(C is to use|a pass over 3 rows needs)"):
        c.gradient(
            table,
            short(c, 2) if name == "y" else y,
            short(c, 2) if name == "sample_weight" else s if name == "y" else None,
            w[:1] if name == "w" else w,
            0.25,
            1,
        )


def test_a_small_gradient_of_too_few_labels(c, given):
    """The shorter way for small tables makes no run that could look."""
    with pytest.raises(ValueError, match="needs as many of y"):
        c.gradient(given[0], short(c, 2), None, array("d", [0.5, 0.5]), 0.25, 1)


def test_a_pass_over_classes_of_too_few_numbers(c, given):
    table, _, s = given
    W, b = [[0.5, 0.25, 1.0], [0.5, 0.25, 1.0]], [0.5, 0.25, 1.0]
    classes = c.class_labels([[1.0, 0.0, 0.0]] * 3, 3)
    assert len(c.softmax_gradient(table, classes, s, W, b, 1)) == 3
    for bad in (short(c, 3, 2), short(c, 2, 3)):
        with pytest.raises(ValueError, match="needs as many of y"):
            c.softmax_gradient(table, bad, s, W, b, 1)
    with pytest.raises(ValueError, match="C is to use 9 numbers, of 6"):
        c.softmax_gradient(table, classes, s, W[:1], b, 1)


def test_a_descent_from_too_few_parameters(c, given):
    table, y, s = given
    with pytest.raises(ValueError, match="C is to use 3 numbers, of 2"):
        c.gradient_descent(
            table, y, s, 4.0, array("d", [0.5]), 0.5, 0.1, "mean", 3, 0.0, 0.0, 0.0, None, 1
        )


def test_functions_of_two_rows_of_classes(c):
    for call in (c.categorical_cross_entropy, c.categorical_cross_entropy_with_logits):
        assert call([0.0, 1.0], [0.25, 0.75]) > 0
        with pytest.raises(ValueError, match="C is to use 3 numbers, of 2"):
            call([0.0, 0.0, 1.0], [0.25, 0.75])


@pytest.fixture
def samples(c, given):
    found = c.second_order.Samples(*given, 4.0, 0.5, 1)
    yield found
    found.close()


def test_the_algebra_of_a_fit(samples):
    hess = samples.objective([0.0] * 3, True).hess
    triangle = array("d", [1.0, 0.5, 1.0, 0.5, 0.5, 1.0])
    assert len(samples.solve(triangle, [1.0, 2.0, 3.0])) == 3
    assert len(samples.variances(triangle, [1.0, 2.0, 3.0])) == 3
    for bad in (
        lambda: samples.solve(triangle[:5], [1.0, 2.0, 3.0]),
        lambda: samples.solve(triangle, [1.0, 2.0]),
        lambda: samples.variances(triangle[:5], [1.0, 2.0, 3.0]),
        lambda: samples.variances(triangle, [1.0, 2.0]),
        lambda: samples.newton_step((hess[0][:-1], hess[1]), [1.0, 2.0, 3.0]),
        lambda: samples.objective([0.0, 0.0], False),
        lambda: samples.reach([1.0, 2.0]),
        lambda: samples.separates([1.0, 2.0]),
        lambda: samples.rest([1.0, 2.0, 3.0])([1.0, 2.0]),
        # the second of a pair is shorter than the first
        lambda: samples.lbfgs_step(
            [samples.pair([1.0, 2.0, 3.0], [1.0, 2.0])], [1.0, 2.0, 3.0], None
        ),
    ):
        with pytest.raises(ValueError, match=r"^C is to use \d+ numbers, of \d+$"):
            bad()


def test_a_run_says_how_much_it_reads_and_writes(c, given):
    table, y, s = given
    d, m, triangle = 2, 3, 6
    for kind, classes, sizes in (
        ("GRADIENT", 0, (m, 1 + m)), ("SOFTMAX", 4, (4 * m, 1 + 4 * m)),
        ("HESSIAN", 0, (m, 1 + m + triangle)), ("SQUARES", 0, (0, 1)),
        ("SCORES", 4, (4 * m, 1)), ("READ", 0, (0, 1)), ("COLUMNS", 0, (2 * d, 6 * d + 3)),
        ("STANDARD_GRADIENT", 0, (m + 1, 2 + m)),
        ("STANDARD_HESSIAN", 0, (m + 1, 2 + m + triangle)), ("MOVES", 0, (2 * m + 1, 4)),
        ("FORCES", 0, (m + 1, m)), ("PRODUCT", 0, (2 * m + 1, m)), ("REST", 0, (2 * m + 1, m)),
        ("SEPARATES", 0, (m + 1, 2)),
    ):  # fmt: skip
        what = getattr(c.lib, f"PYREF_{kind}")
        labels = c.class_labels([0, 1, 3], 3) if kind == "SOFTMAX" else y
        run = c.new_run(what, table, None if kind == "SCORES" else labels, s, classes, 1, 1)
        assert (c.lib.pyref_run_reads(run), c.lib.pyref_run_writes(run)) == sizes


def test_nothing_else_makes_a_pointer():
    """So that no number goes into C but by the functions that look at its length."""
    for path in (HERE.parents[2] / "pyref" / "compiled").glob("*.py"):
        found = len(re.findall(r"from_buffer\(", path.read_text(encoding="utf-8")))
        assert found == (2 if path.name == "buffers.py" else 0), path  # in Buffer, in doubles


# ---------------------------------------------------------------- objects that change their mind


def shrinking(values):
    """An array that is smaller once someone has asked whether it has a mask: between the look at
    its shape and the moment that it goes to C."""

    class Shrinking(np.ndarray):
        @property
        def mask(self):
            self.resize((1,) * self.ndim, refcheck=False)
            raise AttributeError

    found = np.array(values).copy()
    return np.ndarray.__new__(Shrinking, found.shape, found.dtype, found.tobytes()).copy()


def answering_less(values):
    """An object that gives a part of its memory the second time."""

    class Less:
        asked = 0

        def __buffer__(self, flags):
            self.asked += 1
            whole = memoryview(np.array(values))
            return whole if self.asked == 1 else whole[:1]

    return Less()


CHANGING = [shrinking, answering_less] if sys.version_info >= (3, 12) else [shrinking]


@pytest.mark.parametrize("changing", CHANGING)
@pytest.mark.parametrize("name", ["X", "y", "sample_weight"])
def test_what_is_smaller_the_second_time(fast, changing, name):
    good = {"X": np.array(X), "y": np.array(Y), "sample_weight": np.array(S)}
    table, y, s = (changing(v) if name == of else v for of, v in good.items())
    with pytest.raises(BufferError, match=r"^of 3 x [12] numbers, .* there are (8|16) "):
        fast.hessian(table, y, [0.5, 0.5], 0.25, sample_weight=s)


def test_class_labels_that_are_smaller_the_second_time(fast):
    W, b = [[0.5, 0.25, 1.0], [0.5, 0.25, 1.0]], [0.5, 0.25, 1.0]
    for labels in ([0, 1, 2], [[1.0, 0.0, 0.0]] * 3):
        with pytest.raises(BufferError, match=r"^of 3 x [13] numbers, .* there are 8 bytes$"):
            fast.softmax_gradient(X, shrinking(labels), W, b)


# ---------------------------------------------------------------- nothing to look at


def test_a_search_for_a_row_that_counts_ends_with_the_rows(c, given):
    """Another thread may set the last weight to 0 after the weights were added up."""
    table, y, _ = given
    weights = memoryview(array("d", [0.0, 0.0, 0.0, 1.0]))[:3]
    with pytest.raises(ValueError, match=r"^sample_weight sums to 0\.0: give a positive"):
        c.second_order.Samples(table, y, c.sample_weights(weights, 3), 4.0, 0.5, 1)


@pytest.mark.parametrize(("n", "d", "classes"), [(0, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_a_run_over_nothing_is_none(c, n, d, classes):
    one = c.ffi.from_buffer("double[]", array("d", [1.0, 1.0]))
    for what in range(c.lib.PYREF_SEPARATES + 1):
        made = [
            bool(c.lib.pyref_run_new(what, one, 0, one, 0, c.ffi.NULL, *sizes, 0, 1, 1))
            for sizes in ((1, 1, 1), (n, d, classes))
        ]
        assert made == [True, False]
    ending = c.lib.pyref_gradient(one, 0, one, 0, n, d, one, c.ffi.new("double[3]"))
    assert ending == (c.lib.PYREF_NO_RUN if n * d == 0 else c.lib.PYREF_DONE)


@pytest.mark.parametrize(("X_kind", "y_kind"), [(-1, 0), (2, 0), (9, 0), (0, -1), (0, 10)])
def test_a_kind_of_number_that_there_is_not(c, X_kind, y_kind):
    one = c.ffi.from_buffer("double[]", array("d", [1.0, 1.0]))
    for what in range(c.lib.PYREF_SEPARATES + 1):
        assert not c.lib.pyref_run_new(what, one, X_kind, one, y_kind, c.ffi.NULL, 1, 1, 1, 0, 1, 1)
