"""The documents' own numbers, and the one real data set's, from each implementation.

Where a document prints a number, the test quotes it; where NumPy runs the document's program,
the oracle does; and where both could be wrong in the same way, 60-digit arithmetic decides.
"""

import math
from functools import cache

import mpmath
import numpy as np
import pytest
from helpers import oracle, truth
from helpers.compare import EPS, descent_agrees, gradient_agrees, same, within

import pyref
from pyref import datasets
from pyref import logistic as lesson
from pyref.front.checks import Descent

PRINTED = 103.84988263633421, -351.54572048917004  # document 001's output
TRUTH = "103.8498826363338160757966", "-351.5457204891764951776531"  # of that program


def near(got, want, relative):
    within(got, want, relative * np.abs(np.asarray(want, float)), "fact")


# ---------------------------------------------------------------- document 001


def test_001_the_code_as_printed(impl):
    X, y, _, _ = oracle.five_points()
    got = impl.gradient_descent_logistic(X[:, 0], y)
    near(got, [1.7690458649731053, -5.9563505391186355], 1e-13)
    near(got, oracle.script_001(), 1e-13)
    near(got, [float(value) for value in truth.descent_001(0)], 1e-13)


def test_001_the_output_as_printed_is_momentum_one(impl):
    """To 1e-12, and not to the last digit: momentum 1.0 forgets nothing, so it hands every
    rounding error on to the end, and two programs that round differently end up differing."""
    X, y, _, _ = oracle.five_points()
    got = impl.gradient_descent_logistic(X[:, 0], y, momentum=1.0)
    near(got, PRINTED, 1e-12)
    near(got, [float(value) for value in TRUTH], 1e-12)


def test_001_the_lesson_agrees_with_the_printed_output_to_fifteen_digits():
    """It takes p - y, as the printed program does, and so makes the same rounding errors."""
    x, y = datasets.five_points()
    near(lesson.gradient_descent_logistic(x, y), [1.7690458649731053, -5.9563505391186355], 1e-15)
    near(lesson.gradient_descent_logistic(x, y, momentum=1.0), PRINTED, 2e-15)


def test_001_the_exact_residual_ends_there_too(impl):
    """`gradient_descent` takes no difference of rounded numbers: other rounding errors, which
    momentum 1.0 keeps as well."""
    X, y, _, _ = oracle.five_points()
    fit = impl.gradient_descent(X, y, learning_rate=0.1, iterations=1000, momentum=1.0)
    near([*fit.w, fit.b], [float(value) for value in TRUTH], 1e-12)


def test_001_the_printed_output_comes_from_sums_that_are_not_reset():
    near(oracle.script_001(forgets=True), PRINTED, 1e-14)
    with mpmath.workdps(60):
        for got, want in zip(truth.descent_001(1), TRUTH, strict=True):
            assert abs(got / mpmath.mpf(want) - 1) < mpmath.mpf("1e-24")


def test_001_both_descents_agree(impl):
    X, y, _, _ = oracle.five_points()
    fit = impl.gradient_descent(X, y, learning_rate=0.1, iterations=1000)
    assert fit.status == "iterations"
    assert fit.iterations == 1000
    near([*fit.w, fit.b], impl.gradient_descent_logistic(X[:, 0], y), 1e-13)
    descent_agrees(fit, X, y, learning_rate=0.1)


def test_001_the_gradient_at_the_start(impl):
    X, y, _, _ = oracle.five_points()
    same(list(impl.gradient_ab(X[:, 0], y, 0, 0)), [-1.5, 0.5])


# ---------------------------------------------------------------- document 000


HOW_000 = {"learning_rate": 0.001, "reduction": "sum"}


@cache
def lesson_000():
    """1000 epochs as in the document, then 400 more, past epoch 1340. The document steps by the
    sum, which is the mean times n = 1000."""
    X, y, w, b = datasets.seeded_cloud()
    first = lesson.gradient_descent(X, y, w, b, 0.001 * 1000, 1000)
    return first, lesson.gradient_descent(X, y, first[0], first[1], 0.001 * 1000, 400)


@pytest.fixture(scope="module")
def trained(impl):
    """The same by the public functions. (Those of `pyref` are the lesson's; see the next test.)"""
    if impl is pyref:
        return [Descent(w, b, losses, len(losses), how) for w, b, losses, how in lesson_000()]
    X, y, w, b = oracle.cloud()
    first = impl.gradient_descent(X, y, iterations=1000, w=w, b=b, **HOW_000)
    w, b, _, _ = lesson_000()[0]
    return first, impl.gradient_descent(X, y, iterations=400, w=w, b=b, **HOW_000)


def test_000_the_public_function_is_the_lesson_to_the_bit():
    """At the start, and past epoch 1000. (For every option: tests/taught/test_lessons.py.)"""
    X, y, w, b = oracle.cloud()
    for _, _, losses, _ in lesson_000():
        fit = pyref.gradient_descent(X, y, iterations=40, w=w, b=b, **HOW_000)
        same(fit.losses, losses[:40])
        w, b, _, _ = lesson_000()[0]


def test_000_the_data_are_the_documents():
    X, y, w, b = oracle.cloud()
    assert X.shape == (1000, 4)
    assert y.sum() == 452
    assert y.dtype == bool
    near(X[0, 0], -0.23413695694918055, 1e-15)  # the sixth draw of RandomState(42)
    near([*w, b], [0.25739993, -0.90848143, -0.37850311, -0.5349156, 0.85807335], 1e-7)


def test_000_the_documents_numbers(trained):
    fit, _ = trained
    assert fit.status == "iterations"
    assert len(fit.losses) == fit.iterations == 1000
    near(fit.losses[0], 1.1218398748296046, 1e-14)
    near(fit.losses[-1], 0.050132639879444184, 1e-13)
    within(fit.w, [3.64250709, -0.97767008, 4.63040647, 10.37265545], 0.6e-8, "w")
    within(fit.b, -1.76169619, 0.6e-8, "b")


def test_000_a_thousand_losses_and_the_parameters_are_the_oracles(trained):
    X, y, w, b = oracle.cloud()
    descent_agrees(trained[0], X, y, learning_rate=0.001, reduction="sum", w=w, b=b)


def test_000_a_thousand_losses_are_the_scripts(trained):
    """Two programs with different rounding (the script takes p - y and log(1-p) from a rounded
    p). Each step brings neighbouring parameters closer together, so the differences do not
    add up: they stay below 14 eps in the losses on x86-64, and 100 are allowed."""
    fit, _ = trained
    losses, W, b = oracle.script_000(1000)
    within(fit.losses, losses, 100 * EPS * losses, "losses")
    near(fit.w, W, 1e-12)
    near(fit.b, b, 1e-12)


def test_000_the_script_dies_at_epoch_1340_and_ours_goes_on(trained):
    losses, _, _ = oracle.script_000(1400)
    dead = np.flatnonzero(~np.isfinite(losses))
    assert dead[0] + 1 == 1340
    assert math.isnan(losses[1339])
    first, more = trained
    ours = [*first.losses, *more.losses]
    assert len(ours) == 1400
    assert more.status == "iterations"
    assert all(math.isfinite(loss) for loss in ours)
    assert all(ours[k + 1] < ours[k] for k in range(1399))
    within(ours[:1339], losses[:1339], 1e-12 * losses[:1339], "losses until the script dies")
    near(ours[1399], 0.04508388131717134, 1e-12)


def test_000_beyond_the_scripts_death_the_losses_are_still_right(trained):
    X, y, _, _ = oracle.cloud()
    w, b, _, _ = lesson_000()[0]
    descent_agrees(trained[1], X, y, w=w, b=b, **HOW_000)


def test_000_a_run_in_one_piece_is_the_run_in_two(fast, trained):
    """(Here of the compiled one alone; tests/front/test_descent.py asks it of both.)"""
    X, y, w, b = oracle.cloud()
    whole = fast.gradient_descent(X, y, iterations=3000, w=w, b=b, **HOW_000)
    assert whole.status == "iterations"
    assert all(whole.losses[k + 1] < whole.losses[k] for k in range(2999))
    near(whole.losses[:1400], [*trained[0].losses, *trained[1].losses], 1e-13)


def test_000_both_have_the_same_losses(trained):
    """The lesson and C, all 1400, to rounding; both go on from the same parameters."""
    for (w, b, losses, how), fit in zip(lesson_000(), trained, strict=True):
        near([*fit.w, fit.b], [*w, b], 1e-13)
        near(fit.losses, losses, 1e-13)
        assert fit.status == how == "iterations"


def test_000_the_gradient_at_the_start(impl):
    X, y, w, b = oracle.cloud()
    gradient_agrees(impl.gradient(X, y, w, b), X, y, w, b)


# ---------------------------------------------------------------- the Challenger launches


def test_challenger_reaches_the_optimum(impl):
    """On standardised temperatures, z = u (x - mean)/sd + v, and mapped back to z = a x + b."""
    X, y, _, _ = oracle.challenger()
    mean, sd = X.mean(), X.std()
    fit = impl.gradient_descent(
        (X - mean) / sd, y, learning_rate=4.0, iterations=5000, tolerance=1e-13
    )
    assert fit.status == "converged", fit.status
    a = fit.w[0] / sd
    b = fit.b - a * mean
    near([a, b], [-0.23216274421859648, 15.042901647702442], 1e-11)
    near(2 * 23 * fit.losses[-1], 20.315192687866833, 1e-12)  # deviance
    near(impl.sigmoid(a * 31 + b), 0.99960878, 1e-8)
    # the gradient is zero there, in the original units too
    loss, grad_w, grad_b = impl.gradient(X, y, [a], b)
    assert abs(grad_w[0]) < 1e-9
    assert abs(grad_b) < 1e-11
    near(2 * loss, 20.315192687866833, 1e-13)


def test_challenger_in_the_one_feature_program(impl):
    X, y, _, _ = oracle.challenger()
    mean, sd = X.mean(), X.std()
    u, v = impl.gradient_descent_logistic((X[:, 0] - mean) / sd, y, 4.0, 2000)
    near([u / sd, v - u / sd * mean], [-0.23216274421859648, 15.042901647702442], 1e-11)
