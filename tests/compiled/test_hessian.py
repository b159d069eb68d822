"""The C part's pass over X that also sums the second derivatives, against NumPy in longdouble."""

from array import array

import numpy as np
import pytest

KINDS = {np.float64: 0, np.float32: 1}


def second_derivatives(X, y, w, b, threads=1):
    """(loss, gradient, the symmetric second derivatives) of the d + 1 parameters, summed."""
    from pyref._native import ffi, lib

    n, d = X.shape
    params = array("d", [*w, b])
    out = array("d", bytes(8 * (d + 2 + (d + 1) * (d + 2) // 2)))
    run = lib.pyref_run_new(
        lib.PYREF_HESSIAN, ffi.from_buffer(X), KINDS[X.dtype.type], ffi.from_buffer(y), 0,
        ffi.NULL, n, d, 1, 0, 1, threads,
    )  # fmt: skip
    assert run
    try:
        sums = ffi.from_buffer("double[]", out)
        while not lib.pyref_run_pass(run, ffi.from_buffer("double[]", params), 1.0, sums):
            pass
    finally:
        lib.pyref_run_free(run)
    found = np.array(out)
    lower = np.zeros((d + 1, d + 1))
    lower[np.tril_indices(d + 1)] = found[d + 2 :]
    return found[0], found[1 : d + 2], lower + np.tril(lower, -1).T


def problem(n, d, kind=np.float64):
    rng = np.random.default_rng(n + 100 * d)
    X = rng.normal(size=(n, d)).astype(kind)
    y = (rng.random(n) < 0.5).astype(float)
    return X, y, rng.normal(size=d) / np.sqrt(d), 0.3


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("d", [1, 3, 7, 8, 9, 16, 31, 33, 70])
@pytest.mark.parametrize("n", [1, 7, 64, 65, 1000])
def test_against_numpy(fast, n, d, kind):
    X, y, w, b = problem(n, d, kind)
    _, grad, found = second_derivatives(X, y, w, b)
    A = np.column_stack([X.astype(np.longdouble), np.ones(n)])
    e = np.exp(-abs(A @ np.append(w, b).astype(np.longdouble)))
    curvature = e / (1 + e) ** 2
    want = A.T @ (A * curvature[:, None])
    terms = abs(A).T @ (abs(A) * curvature[:, None])
    # n roundings of a sum, some of a term, and the score's own error, d eps of its terms' sizes,
    # which moves the curvature by at most as much, relatively
    scores = abs(A) @ abs(np.append(w, b))
    assert np.all(abs(found - want) <= (n + 8 + (d + 2) * scores.max()) * 2.0**-52 * terms)
    assert found.any()
    grad_w, grad_b = fast.gradient(X, y, w, b)[1:]
    assert np.allclose(grad, [*grad_w, grad_b], rtol=1e-11, atol=1e-12 * n)


def test_threads_and_widened_float32_give_the_same_bits(fast):
    X, y, w, b = problem(3000, 20, np.float32)
    want = second_derivatives(X, y, w, b)
    for other in (
        second_derivatives(X, y, w, b, threads=2),
        second_derivatives(X, y, w, b, threads=7),
        second_derivatives(X.astype(float), y, w, b),
    ):
        assert other[0] == want[0]
        assert np.array_equal(other[1], want[1])
        assert np.array_equal(other[2], want[2])
