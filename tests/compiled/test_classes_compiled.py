"""Chapter 2, what only the compiled twin promises: buffers, bits, threads, memory, Ctrl-C."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
from helpers.interrupts import interrupted

import pyref

# Run in a process of its own, with an instruction set forced; prints one digest.
DIGEST = """
import hashlib, random
from array import array
from pyref import fast

rng = random.Random(7)  # random() is the same on every platform
digest = hashlib.sha256()
for n, d, C in [(1, 1, 1), (7, 3, 2), (65, 9, 3), (130, 33, 10), (300, 8, 17), (20, 5, 70)]:
    X = [[rng.random() * 8 - 4 for _ in range(d)] for _ in range(n)]
    hard = [rng.randrange(C) for _ in range(n)]
    soft = [[float(rng.randrange(1, 9)) for _ in range(C)] for _ in range(n)]
    soft = [[v / sum(map(int, row)) for v in row] for row in soft]
    W = [[rng.random() * 4 - 2 for _ in range(C)] for _ in range(d)]
    b = [rng.random() for _ in range(C)]
    for y in (hard, soft):
        loss, grad_W, grad_b = fast.softmax_gradient(X, y, W, b, threads=THREADS)
        fit = fast.softmax_descent(X, y, classes=C, learning_rate=0.1, iterations=5, momentum=0.5,
                                   threads=THREADS)
        for values in ([loss], *grad_W, grad_b, *fit.w, fit.b, fit.losses):
            digest.update(array("d", values).tobytes())
print(digest.hexdigest())
"""


def digest(instruction_set, threads):
    done = subprocess.run(
        [sys.executable, "-c", DIGEST.replace("THREADS", str(threads))],
        env={**os.environ, "PYREF_ISA": instruction_set},
        capture_output=True,
        text=True,
        check=False,
    )
    if "one that this processor has" in done.stderr:
        return None
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_instruction_set_gives_the_same_bits(fast):
    found = {name: digest(name, 1) for name in ("baseline", "v3", "v4", "best")}
    assert found["baseline"] is not None
    assert found["best"] is not None
    assert {value for value in found.values() if value is not None} == {found["baseline"]}


def problem(n, d, C, seed=0):
    rng = np.random.default_rng(seed)
    X, W, b = rng.normal(size=(n, d)), rng.normal(size=(d, C)), rng.normal(size=C)
    return X, rng.integers(0, C, n), rng.dirichlet(np.ones(C), n), W, b


def bits(result):
    """Every number of a result, nested as it may be, as bytes."""
    if isinstance(result, (tuple, list)):
        return b"".join([bits(part) for part in result])
    return result.encode() if isinstance(result, str) else np.asarray(result, float).tobytes()


@pytest.mark.parametrize(("n", "d", "C"), [(20_000, 3, 4), (3_000, 40, 10), (500, 5, 100)])
def test_every_number_of_threads_gives_the_same_bits(fast, n, d, C):
    X, y, _, W, b = problem(n, d, C)
    want = bits(fast.softmax_gradient(X, y, W, b, threads=1))
    for threads in (2, 3, 7, None):
        assert bits(fast.softmax_gradient(X, y, W, b, threads=threads)) == want
    how = {"classes": C, "learning_rate": 0.1, "iterations": 3}
    want = bits(fast.softmax_descent(X, y, threads=1, **how))
    assert bits(fast.softmax_descent(X, y, threads=2, **how)) == want


def test_every_alignment_gives_the_same_bits(fast):
    X, y, _, W, b = problem(100, 9, 5)
    want = bits(fast.softmax_gradient(X, y, W, b))
    for offset in (1, 3, 8, 24, 56):
        room = bytearray(X.nbytes + offset)
        moved = np.frombuffer(room, np.uint8, offset=offset).view()
        moved[:] = X.view(np.uint8).ravel()
        moved = np.frombuffer(room, float, offset=offset).reshape(X.shape)
        assert bits(fast.softmax_gradient(moved, y, W, b)) == want


def test_float32_is_widened(fast):
    X, y, soft, W, b = problem(150, 11, 4)
    X, soft = X.astype(np.float32), soft.astype(np.float32)
    for labels, wide in ((y, y), (soft, soft.astype(float))):
        got = fast.softmax_gradient(X, labels, W, b)
        assert bits(got) == bits(fast.softmax_gradient(X.astype(float), wide, W, b))


def test_class_numbers_of_every_kind(fast):
    X, y, _, W, b = problem(90, 4, 3)
    want = bits(fast.softmax_gradient(X, y.tolist(), W, b))
    for kind in "bBhHiIlLqQ":
        assert bits(fast.softmax_gradient(X, y.astype(kind), W, b)) == want
    two = fast.softmax_gradient(X, y > 0, W[:, :2], b[:2])
    assert bits(two) == bits(fast.softmax_gradient(X, (y > 0).astype(int), W[:, :2], b[:2]))


BAD_LABELS = {
    "floats": (np.array([0.0, 1.0, 2.0]), TypeError),
    "too large": (np.array([0, 1, 3]), ValueError),
    "negative": (np.array([0, -1, 2]), ValueError),
    "too few": (np.array([0, 1]), ValueError),
    "three dimensions": (np.zeros((3, 1, 1)), ValueError),
    "rows too narrow": (np.array([[0.5, 0.5]] * 3), ValueError),
    "rows that do not sum to 1": (np.array([[1.0, 0, 0], [0.5, 0.5, 0.5], [0, 0, 1]]), ValueError),
    "a row with a negative": (np.array([[1.0, 0, 0], [1.5, -0.5, 0], [0, 0, 1]]), ValueError),
    "a row with a NaN": (np.array([[1.0, 0, 0], [0, 1, 0], [np.nan, 0, 1]]), ValueError),
    "text": (np.array(["a", "b", "c"]), TypeError),
    "a number beyond any class": ([0, 1, 10**30], ValueError),
}


@pytest.mark.parametrize("labels", BAD_LABELS)
def test_bad_labels_read_the_same(fast, labels):
    y, kind = BAD_LABELS[labels]
    X, W, b = [[1.0], [2.0], [3.0]], [[0.0] * 3], [0.0] * 3
    with pytest.raises(kind) as python:
        pyref.softmax_gradient(X, y, W, b)
    for table in (X, np.array(X)):
        with pytest.raises(kind) as compiled:
            fast.softmax_gradient(table, y, W, b)
        assert str(compiled.value) == str(python.value)


@pytest.mark.parametrize("largest", [10**6, 2**40, 10**30])
def test_a_number_that_is_no_class(impl, largest):
    with pytest.raises(ValueError, match=f"^y has the class number {largest}: "):
        impl.softmax_descent([[1.0], [2.0]], [0, largest], learning_rate=1.0, iterations=1)


def test_a_bad_cell_is_found_after_all(fast):
    X, y, _, W, b = problem(70, 5, 3)
    X[65, 2] = np.inf
    for call in (
        lambda: fast.softmax_gradient(X, y, W, b),
        lambda: fast.softmax_descent(X, y, learning_rate=0.1, iterations=3),
        lambda: fast.softmax_descent(X, y, learning_rate=0.1, iterations=0),
    ):
        with pytest.raises(ValueError, match=r"^X\[65\]\[2\] is inf: "):
            call()


def test_memory_that_cannot_be_had(fast):
    from pyref._native import lib

    X, y, _, W, b = problem(100, 6, 3)
    want, failures = bits(fast.softmax_gradient(X, y, W, b)), 0
    try:
        for count in range(20):
            lib.pyref_fail_allocation_after(count)
            try:
                got = fast.softmax_gradient(X, y, W, b)
            except MemoryError:
                failures += 1
            else:
                assert bits(got) == want
                break
    finally:
        lib.pyref_fail_allocation_after(-1)
    assert failures >= 2


@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c(fast, threads):
    X, y, _, _, _ = problem(40_000, 30, 10)
    how = {"learning_rate": 0.1, "iterations": 10**9, "threads": threads}
    interrupted(lambda: fast.softmax_descent(X, y, **how))


def test_the_digest_program_sees_a_changed_bit():
    """The digests above would differ for a single bit."""
    one, other = np.array([1.0]), np.nextafter(np.array([1.0]), 2)
    assert hashlib.sha256(one.tobytes()).digest() != hashlib.sha256(other.tobytes()).digest()
