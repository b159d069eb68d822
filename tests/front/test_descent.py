"""Gradient descent: what it computes, how it ends, what it tells its caller."""

import array
import itertools
import math
import os
import warnings

import numpy as np
import pytest
from helpers import oracle
from helpers.compare import EPS, descent_agrees, gradient_agrees, same, within
from helpers.interrupts import interrupted

from pyref.front.checks import Descent

INF = math.inf


def small(seed=5, n=40, d=3):
    """A problem whose labels no plane separates (soft ones), so that it has an optimum."""
    return oracle.problem(seed, n, d, soft=True)


def parameters(fit):
    return [*fit.w, fit.b]


def consistent(fit, d, status):
    assert type(fit) is Descent
    assert fit.status == status, fit.status
    assert type(fit.iterations) is int
    assert len(fit.losses) == fit.iterations
    assert len(fit.w) == d
    assert type(fit.b) is float
    assert all(math.isfinite(value) for value in parameters(fit))
    assert all(math.isfinite(loss) for loss in fit.losses)


# ---------------------------------------------------------------- the path


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9, 1.0])
def test_the_path_is_the_oracles(impl, reduction, momentum):
    X, y, w, b = small()
    how = {
        "learning_rate": 0.3 if reduction == "mean" else 0.3 / 40,
        "momentum": momentum,
        "reduction": reduction,
        "w": w,
        "b": b,
    }
    fit = impl.gradient_descent(X, y, iterations=25, **how)
    consistent(fit, 3, "iterations")
    assert fit.iterations == 25
    descent_agrees(fit, X, y, **how)


def test_the_path_for_row_counts_around_every_block(impl):
    for d in (1, 3, 8, 17):
        for n in (1, 2, 3, 7, 8, 9, 15, 16, 17, 63, 64, 65, 127, 128, 129, 511, 512, 513, 1025):
            X, y, w, b = oracle.problem(n + d, n, d)
            how = {"learning_rate": 0.2, "w": w, "b": b}
            fit = impl.gradient_descent(X, y, iterations=3, **how)
            descent_agrees(fit, X, y, what=f"n = {n}, d = {d}:", **how)


def test_the_path_for_more_features_than_rows(impl):
    for n, d in ((3, 65), (9, 1024), (9, 1025)):
        X, y, w, b = oracle.problem(n + d, n, d)
        how = {"learning_rate": 1.0 / d, "w": w, "b": b}
        fit = impl.gradient_descent(X, y, iterations=3, **how)
        descent_agrees(fit, X, y, what=f"n = {n}, d = {d}:", **how)


def test_losses_are_means_before_each_update(impl):
    X, y, w, b = small()
    whole = impl.gradient_descent(X, y, learning_rate=0.5, iterations=6, w=w, b=b)
    for k in range(6):
        fit = impl.gradient_descent(X, y, learning_rate=0.5, iterations=k, w=w, b=b)
        got = whole.losses[k] * 40
        gradient_agrees(
            (got, *impl.gradient(X, y, fit.w, fit.b)[1:]), X, y, fit.w, fit.b, f"before {k}:"
        )


def test_a_longer_run_begins_with_the_shorter_one_to_the_bit(impl):
    X, y, _, _ = small()
    long = impl.gradient_descent(X, y, learning_rate=0.5, iterations=40, momentum=0.5)
    for k in (1, 2, 7, 39):
        short = impl.gradient_descent(X, y, learning_rate=0.5, iterations=k, momentum=0.5)
        same(list(short.losses), list(long.losses[:k]))


def test_a_run_without_momentum_goes_on_from_where_one_stopped(impl):
    X, y, _, _ = small()
    whole = impl.gradient_descent(X, y, learning_rate=0.5, iterations=30)
    first = impl.gradient_descent(X, y, learning_rate=0.5, iterations=11)
    rest = impl.gradient_descent(X, y, learning_rate=0.5, iterations=19, w=first.w, b=first.b)
    same(parameters(rest), parameters(whole))
    same([*first.losses, *rest.losses], list(whole.losses))


def test_the_first_step_is_exact_from_zero(impl):
    """At w = b = 0 every residual is exactly 1/2 - y."""
    X, y = [[1.0, -2.0], [3.0, 4.0]], [0, 1]
    fit = impl.gradient_descent(X, y, learning_rate=0.25, iterations=1)  # mean
    same(parameters(fit), [0.125, 0.375, 0.0])
    fit = impl.gradient_descent(X, y, learning_rate=0.25, iterations=1, reduction="sum")
    same(parameters(fit), [0.25, 0.75, 0.0])
    fit = impl.gradient_descent(X[:1], y[:1], learning_rate=0.5, iterations=1)
    same(parameters(fit), [-0.25, 0.5, -0.25])
    assert abs(fit.losses[0] - math.log(2)) <= EPS


def test_the_sum_is_the_mean_with_a_longer_step(impl):
    X, y, w, b = small(n=32)  # a power of two: the division is exact
    mean = impl.gradient_descent(X, y, learning_rate=1.0, iterations=10, w=w, b=b)
    total = impl.gradient_descent(
        X, y, learning_rate=1 / 32, iterations=10, w=w, b=b, reduction="sum"
    )
    same(parameters(mean), parameters(total))
    same(list(mean.losses), list(total.losses))
    assert mean.losses[0] < 10  # both are means: a summed loss would be 32 times as large


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.75, 1.0, 2.0])
def test_the_momentum_formula(impl, momentum):
    """Steps so short that the gradient stays g: after k updates v has been added up to
    g * sum of (1 + m + ... + m^i), i < k. This is neither (1-m) g nor Nesterov's form."""
    X, y = [[1.0], [3.0]], [0, 0]
    lr = 2.0**-80
    for k in range(1, 8):
        fit = impl.gradient_descent(
            X, y, learning_rate=lr, iterations=k, momentum=momentum, reduction="sum"
        )
        steps = sum(sum(momentum**j for j in range(i + 1)) for i in range(k))
        within(parameters(fit), [-lr * 2.0 * steps, -lr * 1.0 * steps], lr * 1e-14, f"k = {k}")
        a, b = impl.gradient_descent_logistic(
            [1.0, 3.0], y, learning_rate=2 * lr, iterations=k, momentum=momentum
        )
        within([a, b], [-lr * 2.0 * steps, -lr * 1.0 * steps], lr * 1e-14, f"(a, b), k = {k}")


def test_the_one_feature_program_takes_the_same_path(impl):
    random = np.random.RandomState(4)
    for n in (1, 5, 8, 64, 65, 200):
        x, y = random.randn(n), random.rand(n)
        for momentum, iterations in ((0.0, 50), (0.9, 12)):
            how = {"learning_rate": 0.4, "momentum": momentum}
            a, b = impl.gradient_descent_logistic(x, y, iterations=iterations, **how)
            assert type(a) is float
            assert type(b) is float
            fit = impl.gradient_descent(x[:, None], y, iterations=iterations, **how)
            descent_agrees(fit, x[:, None], y, **how)
            descent_agrees(fit._replace(w=[a], b=b), x[:, None], y, what="(a, b)", **how)


def test_the_one_feature_programs_defaults_are_document_001s(impl):
    x, y = [1, 2, 3, 4, 5], [0, 0, 0, 1, 1]
    want = impl.gradient_descent_logistic(x, y, 0.1, 1000, 0.0)
    same(list(impl.gradient_descent_logistic(x, y)), list(want))
    same(list(impl.gradient_descent_logistic(x, y, iterations=0)), [0.0, 0.0])
    a, b = impl.gradient_descent_logistic(x, y, 0.5, 1)
    within([a, b], [0.15, -0.05], [0.15 * EPS, 0.05 * EPS], "one step of 0.5")


def test_losses_fall_while_the_step_is_safe(impl):
    X, y, w, b = small()
    safe = 4 / (1 + float((X**2).sum()) / 40)  # 1/L, by the trace
    fit = impl.gradient_descent(X, y, learning_rate=safe, iterations=40, w=3 * w, b=b)
    assert all(after < before for before, after in itertools.pairwise(fit.losses))


# ---------------------------------------------------------------- how it ends: "converged"


def test_it_converges_to_the_optimum(impl):
    X, y, _, _ = small()
    fit = impl.gradient_descent(X, y, learning_rate=2.0, iterations=10_000, tolerance=1e-12)
    consistent(fit, 3, "converged")
    assert 10 < fit.iterations < 10_000
    at = oracle.gradient(X, y, fit.w, fit.b)
    assert max(abs(g) for g in (*at.grad_w, at.grad_b)) / 40 < 2e-12
    # it stopped at the first parameters that satisfy the tolerance, not one update later
    before = impl.gradient_descent(X, y, learning_rate=2.0, iterations=fit.iterations)
    same(parameters(before), parameters(fit))
    assert before.status == "iterations"
    before = impl.gradient_descent(X, y, learning_rate=2.0, iterations=fit.iterations - 1)
    at = oracle.gradient(X, y, before.w, before.b)
    assert max(abs(g) for g in (*at.grad_w, at.grad_b)) / 40 > 0.5e-12


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_tolerance_is_for_the_mean_gradient_and_includes_its_bound(impl, reduction):
    # at zero: grad_w = -1/4 * (4 + 4), grad_b = -1/4 * 2; their means are -1 and -1/4
    X, y = [[4.0], [4.0]], [0.75, 0.75]
    how = {"learning_rate": 0.25, "iterations": 1, "reduction": reduction}
    fit = impl.gradient_descent(X, y, tolerance=1.0, **how)
    consistent(fit, 1, "converged")
    assert fit.iterations == 0
    same(parameters(fit), [0.0, 0.0])
    fit = impl.gradient_descent(X, y, tolerance=math.nextafter(1.0, 0), **how)
    consistent(fit, 1, "iterations")
    assert fit.iterations == 1


def test_every_entry_of_the_gradient_counts(impl):
    for big in range(4):  # the largest mean entry, 1, in w[0], w[1], w[2] or b
        row = [0.25 if j != big else (4.0 if big < 3 else 0.0) for j in range(3)]
        y = [0.75] if big < 3 else [1.0]
        largest = 1.0 if big < 3 else 0.5
        for sign in (1, -1):
            X = [[sign * x for x in row]]
            fit = impl.gradient_descent(
                X, y, learning_rate=0.1, iterations=1, tolerance=0.99 * largest
            )
            assert fit.status == "iterations", (big, sign)
            fit = impl.gradient_descent(X, y, learning_rate=0.1, iterations=1, tolerance=largest)
            assert fit.status == "converged", (big, sign)


def test_an_exactly_zero_gradient_converges_without_a_tolerance(impl):
    fit = impl.gradient_descent([[1.0], [2.0]], [0.5, 0.5], learning_rate=0.1, iterations=9)
    consistent(fit, 1, "converged")
    assert fit.iterations == 0
    assert list(fit.losses) == []


# ---------------------------------------------------------------- how it ends: "iterations"


def test_no_iterations_return_the_start(impl):
    X, y, w, b = small()
    fit = impl.gradient_descent(X, y, learning_rate=0.5, iterations=0, w=w, b=b, tolerance=1e9)
    consistent(fit, 3, "iterations")
    same(parameters(fit), [*w.tolist(), b])
    fit = impl.gradient_descent(X, y, learning_rate=0.5, iterations=0)
    same(parameters(fit), [0.0] * 4)


def test_separable_data_run_for_as_long_as_told(impl):
    """No finite optimum: losses fall for ever and nothing overflows."""
    fit = impl.gradient_descent([[-1.0], [1.0]], [0, 1], learning_rate=1.0, iterations=2000)
    consistent(fit, 1, "iterations")
    assert fit.w[0] > 7
    assert fit.b == 0.0
    assert all(after < before for before, after in itertools.pairwise(fit.losses))
    # only where e^-z has no float left is the gradient zero, and every tolerance satisfied
    fit = impl.gradient_descent([[-1.0], [1.0]], [0, 1], learning_rate=1e6, iterations=200)
    consistent(fit, 1, "converged")
    assert fit.iterations == 1
    same(parameters(fit), [5e5, 0.0])


# ---------------------------------------------------------------- how it ends: "diverged"


def test_an_infinite_step_is_not_taken(impl):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = impl.gradient_descent([[1e3]], [0], learning_rate=1e308, iterations=9, b=0.5)
        consistent(fit, 1, "diverged")
        assert fit.iterations == 0
        assert list(fit.losses) == []
        same(parameters(fit), [0.0, 0.5])
        # only b overflows; only the second weight does
        fit = impl.gradient_descent(
            [[0.0]] * 8, [0] * 8, learning_rate=1e308, iterations=9, reduction="sum"
        )
        consistent(fit, 1, "diverged")
        same(parameters(fit), [0.0, 0.0])
        fit = impl.gradient_descent([[1.0, 1e3]], [0], learning_rate=1e308, iterations=9)
        consistent(fit, 2, "diverged")
        same(parameters(fit), [0.0, 0.0, 0.0])


def test_an_infinite_loss_ends_the_run(impl):
    fit = impl.gradient_descent([[1e200]], [0], learning_rate=1.0, iterations=9, w=[1e200])
    consistent(fit, 1, "diverged")
    assert fit.iterations == 0
    same(parameters(fit), [1e200, 0.0])
    # each loss is finite, their sum is not
    fit = impl.gradient_descent([[1e308]] * 2, [0, 0], learning_rate=1e-300, iterations=9, w=[1.0])
    consistent(fit, 1, "diverged")
    same(parameters(fit), [1.0, 0.0])


def test_a_gradient_that_is_not_a_number_is_no_convergence(impl):
    """First +1e308 a row, then -1e308: one row after the other the sum is infinite; where rows
    are added up in blocks, one block gives inf and another -inf, and inf - inf is a NaN, which
    no comparison with a tolerance may let pass, whichever entry of the gradient it is. (With few
    rows, an order of summation that pairs +1e308 with -1e308 would rightly find a finite sum.)"""
    for n in (1024, 2048, 20_000):
        for columns in ([0], [1], [0, 1]):
            X = np.full((n, 2), 1e-3)
            X[: n // 2, columns] = 1e308
            X[n // 2 :, columns] = -1e308
            fit = impl.gradient_descent(
                X, np.zeros(n), learning_rate=1e-9, iterations=3, tolerance=1e300
            )
            consistent(fit, 2, "diverged")
            same(parameters(fit), [0.0] * 3)
            assert fit.iterations == 0
    # whichever entry it is, and however flat the others are
    for column in (0, 1):
        X = [[1.0, 1e300][:: 1 - 2 * column]] * 2
        fit = impl.gradient_descent(
            X, [0, 1], learning_rate=1, iterations=3, sample_weight=[1e10, 1e10]
        )
        consistent(fit, 2, "diverged")
        assert fit.iterations == 0


def test_a_run_that_diverges_late_keeps_the_last_finite_parameters(impl):
    X, y, w, b = small()
    how = {"learning_rate": 1.0, "momentum": 1e30, "w": w, "b": b}
    fit = impl.gradient_descent(X, y, iterations=1000, **how)
    consistent(fit, 3, "diverged")
    assert 3 < fit.iterations < 30
    assert max(abs(value) for value in parameters(fit)) > 1e200
    again = impl.gradient_descent(X, y, iterations=fit.iterations, **how)
    consistent(again, 3, "iterations")
    same(parameters(again), parameters(fit))
    same(list(again.losses), list(fit.losses))
    one_more = impl.gradient_descent(X, y, iterations=fit.iterations + 1, **how)
    consistent(one_more, 3, "diverged")
    same(parameters(one_more), parameters(fit))


def test_the_one_feature_program_ends_with_the_last_finite_parameters(impl):
    same(list(impl.gradient_descent_logistic([1e3], [0], 1e308)), [0.0, 0.0])  # a overflows
    # b alone does, in the third of three equal steps
    same(list(impl.gradient_descent_logistic([0.0], [0], 1.7e308, 9, 1.0)), [0.0, -1.7e308])
    random = np.random.RandomState(6)
    x, y = random.randn(20), random.rand(20)
    end = impl.gradient_descent_logistic(x, y, 1.0, 1000, 1e30)
    assert all(math.isfinite(value) for value in end)
    assert max(map(abs, end)) > 1e200
    reached = [impl.gradient_descent_logistic(x, y, 1.0, k, 1e30) for k in range(30)]
    assert tuple(end) in [tuple(pair) for pair in reached[3:]]
    same(list(reached[-1]), list(end))


# ---------------------------------------------------------------- the callback


def test_the_callback_sees_every_iteration_in_order(impl):
    X, y, _, _ = small()
    seen = []
    fit = impl.gradient_descent(
        X, y, learning_rate=0.5, iterations=7, callback=lambda *args: seen.append(args)
    )
    assert [k for k, _ in seen] == list(range(7))
    assert all(type(k) is int and type(loss) is float for k, loss in seen)
    same([loss for _, loss in seen], list(fit.losses))
    silent = impl.gradient_descent(X, y, learning_rate=0.5, iterations=7)
    same(parameters(fit), parameters(silent))
    same(list(fit.losses), list(silent.losses))


@pytest.mark.parametrize("answer", [True, 1, "stop"])
def test_the_callback_stops_the_run(impl, answer):
    X, y, _, _ = small()
    seen = []

    def stop(k, loss):
        seen.append(k)
        return answer if k == 3 else None

    fit = impl.gradient_descent(X, y, learning_rate=0.5, iterations=99, callback=stop)
    consistent(fit, 3, "iterations")
    assert fit.iterations == 4
    assert seen == [0, 1, 2, 3]
    four = impl.gradient_descent(X, y, learning_rate=0.5, iterations=4)
    same(parameters(fit), parameters(four))
    same(list(fit.losses), list(four.losses))


@pytest.mark.parametrize("answer", [False, None, 0, 0.0, ""])
def test_the_callback_lets_it_run(impl, answer):
    X, y, _, _ = small()
    fit = impl.gradient_descent(X, y, learning_rate=0.5, iterations=5, callback=lambda *_: answer)
    assert fit.iterations == 5
    assert fit.status == "iterations"


def test_a_callback_that_is_false_is_called_all_the_same(impl):
    """A recorder that is still empty is falsy, and no less a callback."""

    class Recorder(list):
        def __call__(self, k, loss):
            self.append(k)

    recorder = Recorder()
    X, y, _, _ = small()
    impl.gradient_descent(X, y, learning_rate=0.5, iterations=3, callback=recorder)
    assert recorder == [0, 1, 2]


def test_any_number_of_iterations_can_be_asked_for(impl):
    X, y, _, _ = small()
    for iterations in (2**31, 2**63, 2**64, 10**30):
        fit = impl.gradient_descent(
            X, y, learning_rate=0.5, iterations=iterations, callback=lambda k, loss: k == 2
        )
        assert fit.iterations == 3
        fit = impl.gradient_descent(X, y, learning_rate=0.5, iterations=iterations, tolerance=1e3)
        assert fit.status == "converged"


def test_an_exception_in_the_callback_arrives(impl):
    X, y, _, _ = small()
    raised = LookupError("from the callback")
    seen = []

    def fail(k, loss):
        seen.append(k)
        if k == 2:
            raise raised

    with pytest.raises(LookupError) as caught:
        impl.gradient_descent(X, y, learning_rate=0.5, iterations=99, callback=fail)
    assert caught.value is raised
    assert seen == [0, 1, 2]


def test_the_callback_may_descend_itself(impl):
    X, y, _, _ = small()
    other_X, other_y, _, _ = small(seed=6, n=70, d=5)
    inner = []

    def callback(k, loss):
        inner.append(impl.gradient_descent(other_X, other_y, learning_rate=0.5, iterations=3))

    fit = impl.gradient_descent(X, y, learning_rate=0.5, iterations=4, callback=callback)
    same(parameters(fit), parameters(impl.gradient_descent(X, y, learning_rate=0.5, iterations=4)))
    alone = impl.gradient_descent(other_X, other_y, learning_rate=0.5, iterations=3)
    for run in inner:
        same(parameters(run), parameters(alone))
    assert len(inner) == 4


def test_the_callback_is_not_called_for_updates_that_are_not_made(impl):
    seen = []
    callback = lambda k, loss: seen.append(k)  # noqa: E731
    X, y, _, _ = small()
    fit = impl.gradient_descent(
        X, y, learning_rate=1.0, momentum=1e30, iterations=99, callback=callback
    )
    assert fit.status == "diverged"
    assert seen == list(range(fit.iterations))
    seen.clear()
    fit = impl.gradient_descent(
        X, y, learning_rate=2.0, iterations=9999, tolerance=1e-3, callback=callback
    )
    assert fit.status == "converged"
    assert seen == list(range(fit.iterations))
    seen.clear()
    impl.gradient_descent(X, y, learning_rate=2.0, iterations=0, callback=callback)
    assert seen == []


@pytest.mark.skipif(os.name != "posix", reason="sends itself SIGINT, which needs POSIX")
@pytest.mark.parametrize("n", [20, 20_000])
def test_ctrl_c_ends_a_long_run_at_once(impl, n):
    X, y, _, _ = oracle.problem(9, n, 4, soft=True)
    interrupted(lambda: impl.gradient_descent(X, y, learning_rate=1e-9, iterations=10**9))


# ---------------------------------------------------------------- inputs and results


def test_the_start_may_be_any_sequence(impl):
    X, y, w, b = small()
    want = impl.gradient_descent(X, y, learning_rate=0.5, iterations=4, w=w.tolist(), b=b)
    for start in (w, tuple(w.tolist()), array.array("d", w), memoryview(w)):
        fit = impl.gradient_descent(X, y, learning_rate=0.5, iterations=4, w=start, b=np.float64(b))
        same(parameters(fit), parameters(want))
    fit = impl.gradient_descent(X, y, learning_rate=0.5, iterations=4, w=[1, 0, -1], b=2)
    descent_agrees(fit, X, y, learning_rate=0.5, w=[1, 0, -1], b=2)


def test_the_users_data_stay_as_they_are(impl):
    X, y, w, b = small()
    originals = X, y, w, X.tolist(), y.tolist(), w.tolist()
    copies = [np.array(original) for original in originals]
    for X, y, w in (originals[:3], originals[3:]):
        impl.gradient_descent(X, y, learning_rate=0.5, iterations=4, w=w, b=b, momentum=0.5)
        impl.gradient_descent_logistic([row[0] for row in X], y, iterations=4)
    for original, copy in zip(originals, copies, strict=True):
        same(np.array(original), copy)


@pytest.mark.parametrize("iterations", [0, 3])
def test_results_share_nothing_with_the_inputs_or_with_each_other(impl, iterations):
    X, y, w, b = small()
    for start in (w, w.tolist(), array.array("d", w)):
        fit = impl.gradient_descent(X, y, learning_rate=0.5, iterations=iterations, w=start, b=b)
        kept, losses = parameters(fit), list(fit.losses)
        other = impl.gradient_descent(X, y, learning_rate=0.9, iterations=5, w=start, b=1.0)
        same(parameters(fit), kept)
        same(list(fit.losses), losses)
        other.w[0] = fit.w[1] = 99.0
        assert list(start) == w.tolist()
        assert 99.0 not in list(start)
        start[2] = 77.0
        assert fit.w[2] == kept[2]
        start[2] = w.tolist()[2] if start is not w else small()[2][2]
    converged = impl.gradient_descent(
        X, y, learning_rate=0.5, iterations=9, w=w, b=b, tolerance=1e9
    )
    converged.w[0] = 99.0
    assert w[0] != 99.0


def test_runs_repeat_to_the_bit(impl):
    X, y, _, _ = oracle.problem(13, 300, 6)
    how = {"learning_rate": 0.5, "iterations": 20, "momentum": 0.5}
    first = impl.gradient_descent(X, y, **how)
    for _ in range(3):
        again = impl.gradient_descent(X.copy(), y.copy(), **how)
        same(parameters(again), parameters(first))
        same(list(again.losses), list(first.losses))


def test_float32_takes_the_path_of_that_table_widened(impl):
    for n, d in ((5, 1), (65, 3), (130, 9)):
        X, y, w, b = oracle.problem(n, n, d)
        X = X.astype(np.float32)
        how = {"learning_rate": 0.5, "iterations": 9, "w": w, "b": b}
        narrow = impl.gradient_descent(X, y, **how)
        wide = impl.gradient_descent(X.astype(float), y, **how)
        same(parameters(narrow), parameters(wide))
        same(list(narrow.losses), list(wide.losses))


def test_every_thread_count_takes_the_same_path(fast):
    for n, d in ((3, 2), (1000, 4), (20_001, 9)):
        X, y, w, b = oracle.problem(n, n, d)
        how = {"learning_rate": 0.5, "iterations": 9, "w": w, "b": b}
        want = fast.gradient_descent(X, y, threads=1, **how)
        for threads in (2, 3, 7, None):
            fit = fast.gradient_descent(X, y, threads=threads, **how)
            same(parameters(fit), parameters(want))
            same(list(fit.losses), list(want.losses))


def test_an_infinite_objective_is_no_convergence(impl):
    """Whatever the tolerance: where F has no number, nothing has been found."""
    how = {"learning_rate": 0.1, "iterations": 5}
    X, y = [[10.0], [10.0]], [0, 1]
    assert impl.gradient_descent(X, y, w=[1e308], tolerance=100.0, **how).status == "diverged"
    how["tolerance"] = 1e300
    assert impl.gradient_descent(X, y, w=[1e200], l2=1.0, **how).status == "diverged"
    fit = impl.softmax_descent(X, y, W=[[1e308, -1e308]], **how)
    assert fit.status == "diverged"
