"""Cells and labels that cannot be used are found where they are, and nowhere else.
"""

from types import SimpleNamespace

import numpy as np
import pytest
from helpers.compare import same
from helpers.tables import (
    HOW,
    INTEGERS,
    B,
    D,
    N,
    W,
    X,
    Y,
    everything,
    shifted,
)

# ---------------------------------------------------------------- values that cannot be used


@pytest.mark.parametrize("kind", [np.float64, np.float32])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_bad_cell_is_found_where_it_is_and_nowhere_else(fast, monkeypatch, kind, value, buffers):
    """Also across the slices in which a large table is looked through."""
    for slice_ in (None, 1, 7, 64):
        if slice_:
            monkeypatch.setattr(buffers, "SLICE", slice_)
        for row, column in ((0, 0), (0, D - 1), (N // 2, 2), (N - 1, 0), (N - 1, D - 1)):
            table = X.astype(kind)
            table[row, column] = value
            message = f"X[{row}][{column}] is {value}: remove the row, or fill in a finite number"
            for wrong in (table, shifted(table, 5), table.tolist()):
                for call in (
                    lambda X: fast.gradient(X, Y, W, B),
                    lambda X: fast.gradient_descent(X, Y, **HOW),
                    lambda X: fast.gradient_descent(X, Y, learning_rate=1, iterations=0),
                    lambda X: fast.gradient_descent(X, Y, learning_rate=1, iterations=1),
                ):
                    with pytest.raises(ValueError) as caught:  # noqa: PT011
                        call(wrong)
                    assert str(caught.value) == message
            # both cures
            everything(fast, np.delete(table, row, axis=0), np.delete(Y, row))
            table[row, column] = 0.0
            everything(fast, table, Y)


def test_a_bad_cell_far_down_a_large_table(fast, buffers):
    """84 MB: more than one slice as it is, more than one part, several threads."""
    n, d = 2**22 + 3, 5
    assert n * d > buffers.SLICE
    table = np.zeros((n, d), np.float32)
    labels = np.zeros(n, np.uint8)
    for row, column in ((0, 1), (buffers.SLICE // d, buffers.SLICE % d), (n - 1, d - 1)):
        table[row, column] = np.nan
        for call in (
            lambda: fast.gradient(table, labels, W, B),
            lambda: fast.gradient_descent(table, labels, learning_rate=1, iterations=1),
        ):
            with pytest.raises(ValueError, match=rf"^X\[{row}\]\[{column}\] is nan: "):
                call()
        table[row, column] = 0.0
    for row in (0, buffers.SLICE // d, n - 1):
        labels[row] = 2
        with pytest.raises(ValueError, match=rf"^y\[{row}\] is 2.0: "):
            fast.gradient(table, labels, W, B)
        labels[row] = 0


@pytest.mark.parametrize("C", [1, 3, 70])
def test_labels_are_looked_through_in_slices(fast, monkeypatch, C, buffers):
    """Rows of C probabilities too: no more elements in one call than a slice has, or one row."""
    counts = []

    def find(y, kind, start, count, classes):
        counts.append(count)
        return fast.FRONT.engine.lib.pyref_find_no_distribution(y, kind, start, count, classes)

    monkeypatch.setattr(buffers, "SLICE", 64)
    monkeypatch.setattr(buffers, "lib", SimpleNamespace(pyref_find_no_distribution=find))
    labels = np.eye(C)[np.arange(100) % C]
    buffers.class_label_values(buffers.class_labels(labels, 100), C)
    assert sum(counts) == 100
    assert max(counts) == max(1, 64 // C)
    labels[98, 0] = 0.5
    if C > 1:
        labels[98, 1] = 0.25
    with pytest.raises(ValueError, match=r"^y\[98\]"):
        buffers.class_label_values(buffers.class_labels(labels, 100), C)


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_every_label_at_a_limit_is_taken_or_refused(fast, kind, buffers):
    """C looks at bits, a few hundred labels at a time: the first that is no label is the one
    that is named, and what only looks like none (-0.0) is none of them."""
    one, zero = kind(1), kind(0)
    good = [zero, -zero, one, np.nextafter(zero, one), np.nextafter(one, zero), kind(0.5)]
    bad = [np.nan, -np.nan, np.inf, -np.inf, -one, kind(2), np.finfo(kind).max]
    bad += [np.nextafter(one, kind(2)), np.nextafter(-zero, -one)]
    for n in (1, 255, 256, 257, 600):
        labels = np.resize(np.array(good, kind), n)
        buffers.label_values(buffers.labels(labels, n))
        for i in {0, n // 2, 255, 256, n - 1} & set(range(n)):
            for value in bad:
                wrong = labels.copy()
                wrong[i] = wrong[-1] = value
                with pytest.raises(ValueError, match=rf"^y\[{i}\] is "):
                    buffers.label_values(buffers.labels(wrong, n))


@pytest.mark.parametrize("code", [code for code in INTEGERS if code != "?"])
@pytest.mark.parametrize("C", [2, 127, 128, 255, 256, 300])
def test_every_class_at_a_limit_is_taken_or_refused(fast, code, C, buffers):
    """Also where the type holds fewer classes than there are, and negative numbers."""
    limits = np.iinfo(code)
    for n in (1, 255, 257, 600):
        labels = np.full(n, min(C - 1, limits.max), code)
        buffers.class_label_values(buffers.class_labels(labels, n), C)
        for i in {0, 255, 256, n - 1} & set(range(n)):
            for value in {C, limits.max, limits.min, -1}:
                if limits.min <= value <= limits.max and not 0 <= value < C:
                    wrong = labels.copy()
                    wrong[i] = wrong[-1] = value
                    with pytest.raises(ValueError, match=rf"^y\[{i}\] is {value}"):
                        buffers.class_label_values(buffers.class_labels(wrong, n), C)


def test_the_first_bad_cell_is_the_one_that_is_named(fast):
    table = X.copy()
    table[30, 1] = np.nan
    table[20, 4] = np.inf
    table[20, 2] = -np.inf
    with pytest.raises(ValueError, match=r"^X\[20\]\[2\] is -inf: "):
        fast.gradient(table, Y, W, B)


def test_a_nan_with_a_message_is_a_nan(fast):
    """The bits of a NaN beside its exponent are free; whatever they are, it is found."""
    for bits in (1, 0xFFF, 0xDEAD << 32, 2**51 + 2**11 + 5, 2**52 - 1):
        for sign in (0, 1 << 63):
            table = X.copy()
            table.view(np.uint64)[7, 3] = sign | 0x7FF << 52 | bits
            for w in (W, np.zeros(D), np.full(D, 1e3)):
                with pytest.raises(ValueError, match=r"^X\[7\]\[3\] is nan: "):
                    fast.gradient(table, Y, w, B)
            with pytest.raises(ValueError, match=r"^X\[7\]\[3\] is nan: "):
                fast.gradient_descent(table, Y, **HOW)


def test_finite_numbers_that_overflow_are_a_run_that_diverges(fast):
    huge = np.finfo(float).max
    for table, w in (
        (np.full((4, 2), 1e200), [1e200, 1e200]),
        (np.full((4, 9), huge), [huge] * 9),
        (np.full((20, 2), huge), [-1.0, -1.0]),
        (np.array([[huge, -huge]]), [2.0, 2.0]),  # inf - inf
    ):
        labels = np.arange(len(table)) % 2
        for iterations in (1, 5):
            fit = fast.gradient_descent(table, labels, learning_rate=1, iterations=iterations, w=w)
            assert fit.status == "diverged"
            same(fit.w, list(map(float, w)))
            assert fit.iterations == len(fit.losses) == 0
        loss, grad_w, grad_b = fast.gradient(table, labels, w, 0.0)
        assert not np.isfinite([loss, *grad_w, grad_b]).all()
    # the scores are finite here, and +-1e308: no overflow, and no divergence
    fit = fast.gradient_descent([[1e308], [-1e308]], [1, 0], learning_rate=1, iterations=3, w=[1.0])
    assert fit.status == "converged"


def test_denormal_features_are_numbers(fast):
    tiny = np.full((9, 3), 64 * 5e-324)
    loss, grad_w, grad_b = fast.gradient(tiny, np.zeros(9), [1.0, 1.0, 1.0], 0.0)
    same(loss, fast.gradient(np.zeros((9, 3)), np.zeros(9), [1.0] * 3, 0.0)[0])
    assert grad_b == 4.5
    same(grad_w, [9 * 32 * 5e-324] * 3)
    narrow = np.full((9, 9), 1e-45, np.float32)  # subnormal as float32, normal as float64
    got = fast.gradient(narrow, np.zeros(9), [1e30] * 9, 0.0)
    same(got, fast.gradient(narrow.astype(float), np.zeros(9), [1e30] * 9, 0.0))
    assert got[1][0] == pytest.approx(4.5 * 2.0**-149)
