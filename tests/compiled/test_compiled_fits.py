"""What only the compiled fits promise: kinds of memory, threads, Ctrl-C, memory that fails.

That the fits are right is tested in tests/fit/, over both implementations.
"""

import os
import subprocess
import sys
import textwrap
from array import array

import numpy as np
import pytest
from helpers.compare import same
from helpers.fits import METHODS, digits, parts, problem
from helpers.interrupts import interrupted
from helpers.oracle_second_order import lre
from helpers.separation import dependent_column, separable_labels

import pyref
from pyref.front import checks

LAYOUTS = ("float64", "float32", "memory map", "list", "memoryview")


# ---------------------------------------------------------------- fits, beside the other twin


def end_of(fit, X, y, s, how):
    """Its ending, or the ValueError that it raises."""
    try:
        return fit(X, y, sample_weight=s, **how)
    except ValueError as error:
        return error


@pytest.mark.parametrize("method", METHODS)
def test_both_twins_end_alike_and_right(fast, method):
    """The loop and its proofs are one code for both, so that they agree says nothing of those: the
    ending is judged by a linear program and a rank, the optimum by its gradient in NumPy."""
    seen = set()
    for n in (1, 2, 3, 7, 8, 9, 63, 64, 65, 129):
        for d in (1, 2, 3, 8, 9):
            for l2 in (0.0, 0.05):
                X, y, s = problem(n, d, soft=n % 2 == 1, weighted=d == 3 and n > 3)
                how = {"l2": l2, "iterations": 200}
                weights = None if s is None else s.tolist()
                want = end_of(getattr(pyref, method), X.tolist(), y.tolist(), weights, how)
                found = end_of(getattr(fast, method), X, y, s, how)
                counts = np.ones(n) if s is None else s
                X, y, s = X[counts > 0], y[counts > 0], counts[counts > 0]
                column = None if l2 else dependent_column(X)
                if method == "newton" and column:
                    j, constant = column
                    kind = "constant" if constant else "a combination of the columns before it"
                    for error in (want, found):
                        assert type(error) is ValueError
                        assert str(error).startswith(f"column {j} of X is {kind}")
                    assert str(found) == str(want)
                    seen.add(kind)
                    continue
                if l2:  # the price is not for b
                    right = "separable" if len(set(y)) == 1 and y[0] in (0, 1) else "converged"
                else:
                    right = "separable" if separable_labels(X, y) else "converged"
                assert found.status == want.status == right, (n, d, l2)
                seen.add(right)
                if right == "converged":
                    limit = 9 if method == "newton" else 5
                    if not column:
                        assert digits([*found.w, found.b], [*want.w, want.b]) > limit
                    z = X @ np.array(found.w) + found.b
                    p, size = 1 / (1 + np.exp(-z)), 1 + abs(X).max(axis=0)
                    grad = (s * (p - y)) @ X / s.sum() + l2 * np.array(found.w)
                    assert abs(grad / size).max() < 1e-9
                    assert abs(s @ (p - y)) / s.sum() < 1e-9
                    log_likelihood = -s @ (np.logaddexp(0, z) - y * z)
                    for fit in (found, want):
                        assert abs(fit.log_likelihood - log_likelihood) <= 1e-9 * n
                assert type(found.w) is type(found.losses) is array
                assert (found.standard_errors is None) == (want.standard_errors is None)
                assert (found.standard_errors is not None) == (
                    method == "newton" and right == "converged" and not l2
                )
                assert want.standard_errors is None or type(found.standard_errors) is array
    kinds = {"constant", "a combination of the columns before it"}
    assert seen == {"converged", "separable", *(kinds if method == "newton" else ())}


def laid_out(X, layout, tmp_path):
    if layout == "float32":
        return X.astype(np.float32)
    if layout == "memory map":
        out = np.memmap(tmp_path / "X", np.float64, "w+", shape=X.shape)
        out[:] = X
        return out
    if layout == "list":
        return X.tolist()
    return memoryview(X) if layout == "memoryview" else X


@pytest.mark.parametrize("layout", LAYOUTS)
def test_how_x_lies_in_memory_cannot_be_seen(fast, layout, tmp_path):
    X, y, s = problem(333, 11, weighted=True)
    X = X.astype(np.float32).astype(float)
    given = laid_out(X, layout, tmp_path)
    for method in METHODS:
        want = getattr(fast, method)(X, y, sample_weight=s)
        assert parts(getattr(fast, method)(given, y, sample_weight=s)) == parts(want)
        whole = getattr(fast, method)(given, y.astype(np.int8), sample_weight=s.astype(np.uint16))
        assert parts(whole) == parts(want)
    want = fast.hessian(X, y, X[0], 0.5, s)
    found = fast.hessian(given, y, X[0], 0.5, s)
    same((found[0], *found[1], *np.ravel(found[2])), (want[0], *want[1], *np.ravel(want[2])))


def test_layouts_that_c_cannot_read_are_errors(fast):
    X, y, _ = problem(20, 3)
    for method in (*METHODS, "hessian"):
        more = ([0.0] * 3, 0.0) if method == "hessian" else ()
        for wrong in (np.asfortranarray(X), X[:, ::2], X[::2]):
            with pytest.raises(ValueError, match="does not lie row after row in memory"):
                getattr(fast, method)(wrong, y[: len(wrong)], *more)
        with pytest.raises(TypeError, match="X has elements of type int64"):
            getattr(fast, method)(X.astype(np.int64), y, *more)


@pytest.mark.parametrize("method", METHODS)
def test_every_thread_count_gives_the_same_bits(fast, method):
    X, y, s = problem(70_001, 6, weighted=True)
    want = parts(getattr(fast, method)(X, y, sample_weight=s, threads=1))
    assert want[4] == "converged"
    for threads in (None, 2, 3, 7):
        assert parts(getattr(fast, method)(X, y, sample_weight=s, threads=threads)) == want
    with pytest.raises(ValueError, match="threads is 0"):
        getattr(fast, method)(X, y, threads=0)


def test_hessian_for_every_thread_count(fast):
    X, y, _ = problem(3001, 20)
    want = fast.hessian(X, y, X[0], 0.5, threads=1)
    for threads in (None, 2, 3, 7):
        loss, grad, hess = fast.hessian(X, y, X[0], 0.5, threads=threads)
        assert (loss, grad, hess) == want
    assert [len(row) for row in hess] == [21] * 21
    assert type(hess[0]) is type(grad) is array


# ---------------------------------------------------------------- numbers out of the ordinary


def test_rows_of_weight_zero_wherever_they_are(fast):
    X, y, s = problem(500, 4, weighted=True)
    wild = X.copy()
    wild[s == 0] = 1e308
    wild[np.flatnonzero(s == 0)[::2]] = -1e308
    keep = s > 0
    for method in METHODS:
        want = getattr(fast, method)(X[keep], y[keep], sample_weight=s[keep])
        found = getattr(fast, method)(wild, y, sample_weight=s)
        assert found.status == want.status == "converged"
        assert digits([*found.w, found.b], [*want.w, want.b]) > (11 if method == "newton" else 7)
    w = [3.0, -2.0, 1.0, 9.0]
    want, found = fast.hessian(X[keep], y[keep], w, 1.0, s[keep]), fast.hessian(wild, y, w, 1.0, s)
    assert lre([found[0]], [want[0]]) > 13
    assert digits(np.ravel(found[2]), np.ravel(want[2])) > 13


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_named_also_in_a_row_of_weight_zero(fast, value):
    for weight in (0.0, 2.0):
        for kind in (np.float64, np.float32):
            X, y, _ = problem(200, 9)
            X, s = X.astype(kind), np.ones(200)
            X[130, 8], s[130] = value, weight
            message = rf"^X\[130\]\[8\] is {value}: remove the row, or fill in a finite number$"
            for method in METHODS:
                with pytest.raises(ValueError, match=message):
                    getattr(fast, method)(X, y, sample_weight=s)
            for w in (0.0, 0.7):
                with pytest.raises(ValueError, match=message):
                    fast.hessian(X, y, [w] * 9, 0.0, s)


def test_columns_from_1e_minus_300_to_1e_300(fast):
    X, y, _ = problem(400, 5)
    want = fast.newton(X, y)
    units = np.array([1e-300, 1e-8, 1.0, 1e8, 1e300])
    for method, asked in (("newton", 10), ("lbfgs", 7)):
        fit = getattr(fast, method)(X * units, y)
        assert fit.status == "converged"
        assert lre([*(np.array(fit.w) * units), fit.b], [*want.w, want.b]) > asked


def test_a_column_that_spans_too_much(fast):
    X, y, _ = problem(100, 3)
    X[:, 1] = 0.0
    X[40, 1], X[41, 1] = 1.7e308, -1.7e308
    for method in METHODS:
        assert getattr(fast, method)(X, y).status in ("converged", "separable")
    X[40:, 1] = 1.7e308
    X[:40, 1] = -1.7e308
    for module, rows in ((fast, X), (pyref, X.tolist())):
        with pytest.raises(ValueError, match=r"^column 1 of X spans more than a float can hold"):
            module.newton(rows, y.tolist())


# ---------------------------------------------------------------- Ctrl-C, memory, fork


CALLS = {
    "newton": (60_000, 40, lambda f, X, y, **how: f.newton(X, y, **how)),
    "lbfgs": (60_000, 40, lambda f, X, y, **how: f.lbfgs(X, y, **how)),
    "lbfgs, wide": (200, 20_000, lambda f, X, y, **how: f.lbfgs(X, y, l2=1e-6, **how)),
    "hessian": (20_000, 400, lambda f, X, y, **how: f.hessian(X, y, X[0], 0.0, **how)),
    "newton, many features": (3000, 700, lambda f, X, y, **how: f.newton(X, y, l2=0.1, **how)),
}


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", CALLS)
def test_ctrl_c(fast, name, threads):
    n, d, call = CALLS[name]
    X, y, _ = problem(n, d)

    def without_end():
        while True:
            call(fast, X, y, threads=threads)

    interrupted(without_end)


@pytest.mark.parametrize("name", ["newton", "lbfgs", "hessian"])
def test_memory_that_fails(fast, name):
    X, y, s = problem(3000, 5, weighted=True)
    call = CALLS[name][2]
    want = call(fast, X, y, sample_weight=s)
    failures, messages = 0, set()
    try:
        for k in range(100):
            fast.FRONT.engine.lib.pyref_fail_allocation_after(k)
            try:
                found = call(fast, X, y, sample_weight=s)
                break
            except MemoryError as error:
                messages.add(str(error))
                failures += 1
    finally:
        fast.FRONT.engine.lib.pyref_fail_allocation_after(-1)
    assert failures >= 2
    assert messages == {"no memory for the sums of a pass over X"}
    assert found == want
    assert call(fast, X, y, sample_weight=s) == want


def test_a_callback_that_raises_leaves_nothing_behind(fast):
    X, y, _ = problem(3000, 5)

    def raises(k, loss):
        raise KeyError("from within")

    for method in METHODS:
        for _ in range(3):
            with pytest.raises(KeyError, match="from within"):
                getattr(fast, method)(X, y, callback=raises, threads=2)
        assert getattr(fast, method)(X, y).status == "converged"


def test_a_fork_after_a_fit(fast):
    X, y, _ = problem(30_000, 8)
    want = parts(fast.newton(X, y, threads=2))
    child = os.fork()
    if child == 0:
        os._exit(0 if parts(fast.newton(X, y, threads=2)) == want else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert parts(fast.newton(X, y, threads=2)) == want


def test_x_is_not_copied():
    """The most memory in use grows by less than a twentieth of X."""
    code = """
        import resource, numpy
        from pyref import fast
        X = numpy.random.default_rng(1).standard_normal((500_000, 32))
        y = (X[:, 0] + numpy.random.default_rng(2).standard_normal(500_000) > 0).astype(float)
        small = X[:1000].copy()
        fast.newton(small, y[:1000]), fast.lbfgs(small, y[:1000])
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for method in (fast.newton, fast.lbfgs):
            assert method(X, y).status == "converged"
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) * 1024 < 500_000 * 32 * 8 / 20


# ---------------------------------------------------------------- errors


def test_the_order_of_mistakes_with_threads(fast):
    X, y, _ = problem(20, 2)
    with pytest.raises(TypeError, match=r"^callback is 3"):
        fast.newton(X, y, callback=3, threads=0)
    with pytest.raises(ValueError, match=r"^threads is 0"):
        fast.newton(X, y + 7, threads=0)
    with pytest.raises(ValueError, match=r"^y\[0\] is "):
        fast.newton(X * np.nan, y + 7)
    with pytest.raises(ValueError, match=r"^X\[0\]\[0\] is nan"):
        fast.newton(X * np.nan, y)
    assert type(fast.newton(X, y)) is checks.Newton
