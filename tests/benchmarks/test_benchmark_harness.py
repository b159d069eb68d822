"""The benchmark is honest: its arithmetic, its checks, and the turns that contenders take.

Nothing here asserts a speed. What is asserted is that a contender which does less than the
others is found out, that turns are taken and counted as they are said to be, and that the
verdicts follow from the numbers.
"""

import doctest
import importlib
import math

import numpy as np
import pytest

import pyref


@pytest.fixture(scope="module")
def harness():
    return importlib.import_module("harness")


def test_examples_in_the_harness(harness):
    results = doctest.testmod(harness)
    assert results.failed == 0
    assert results.attempted >= 4


@pytest.mark.parametrize("count", range(1, 12))
def test_quartiles_are_numpys(harness, count):
    values = np.random.default_rng(count).normal(size=count)
    expected = np.percentile(values, [25, 50, 75])
    assert harness.quartiles(list(values)) == pytest.approx(expected, rel=1e-13, abs=1e-15)


def test_no_values_have_no_quartiles(harness):
    with pytest.raises(ValueError, match="no values"):
        harness.quartiles([])


@pytest.mark.parametrize(
    ("value", "must", "aim", "more_is_better", "reached"),
    [
        (7.99, 8, 12, True, "no"),
        (8.0, 8, 12, True, "must"),
        (12.0, 8, 12, True, "aim"),
        (1.0, 1.0, None, True, "must"),
        (0.99, 1.0, None, True, "no"),
        (6.01, 6, 3, False, "no"),
        (6.0, 6, 3, False, "must"),
        (3.0, 6, 3, False, "aim"),
        (math.nan, 8, 12, True, "no"),
        (math.nan, 6, 3, False, "no"),
        (None, 8, 12, True, "not measured"),
        (5.0, None, None, True, "-"),
    ],
)
def test_a_verdict_follows_from_its_number(harness, value, must, aim, more_is_better, reached):
    figure = harness.Figure("", "", "", value, "x", must, aim, more_is_better)
    assert figure.reached == reached


EPOCHS, STEP = 8, 0.5 / 60


def small_problem():
    draw = np.random.default_rng(5)
    X = draw.normal(size=(60, 3))
    y = (draw.random(60) < 1 / (1 + np.exp(-(X @ [1.0, -2.0, 0.5])))).astype(float)
    return X, y, np.array([0.1, -0.2, 0.3]), 0.05


def descend(
    rows=60, epochs=EPOCHS, step=STEP, skip=None, stale=False, late=False, dtype="float64", sign=1
):
    """Gradient descent in NumPy that can leave out something of its work."""
    X, y, w, b = small_problem()
    X, y, w = X[:rows].astype(dtype), y[:rows].astype(dtype), w.astype(dtype)
    losses = []
    for k in range(epochs):
        z = X @ w + b
        r = 1 / (1 + np.exp(-z)) - y
        if k == 0 or not stale:
            grad_w, grad_b = sign * (X.T @ r), sign * r.sum()
        if not late:
            losses.append(np.mean(np.logaddexp(0, z) - y * z))
        w = w - step * grad_w * [j != skip for j in range(3)]
        b = b - step * grad_b * (skip != "b")
        if late:
            z = X @ w + b
            losses.append(np.mean(np.logaddexp(0, z) - y * z))
    return np.array(losses), w, b


@pytest.fixture(scope="module")
def reference(harness):
    X, y, w, b = small_problem()
    fit = pyref.gradient_descent(
        X, y, learning_rate=STEP, iterations=EPOCHS, w=w, b=b, reduction="sum"
    )
    return harness.Descended(fit.losses, fit.w, fit.b)


def check(harness, found, reference, tolerance=1e-9):
    _, _, w, b = small_problem()
    harness.same_descent(harness.Descended(*found), reference, (w, b), EPOCHS, tolerance)


def test_the_same_work_passes(harness, reference):
    check(harness, descend(), reference)
    check(harness, descend(dtype="float32"), reference, 2e-5)
    losses, w, b = descend()
    check(harness, (losses, w.reshape(-1, 1), np.array([[b]])), reference)  # document 000's shapes


def none_recorded(losses, w, b):
    return np.zeros_like(losses), w, b


def last_recorded_only(losses, w, b):
    return np.full_like(losses, losses[-1]), w, b


def never_computed(losses, w, b):
    return np.full_like(losses, np.nan), w, b


def nan_parameters(losses, w, b):
    return losses, w * np.nan, b


def nan_intercept(losses, w, b):
    return losses, w, np.nan


def no_intercept(losses, w, b):
    return losses, w, []


def unsummed_loss(losses, w, b):
    return losses * 60, w, b


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(descend(rows=59), id="one row fewer"),
        pytest.param(descend(rows=30), id="half the rows"),
        pytest.param(descend(epochs=EPOCHS - 1), id="one epoch fewer"),
        pytest.param(descend(epochs=EPOCHS + 1), id="one epoch more"),
        pytest.param(descend(epochs=0), id="nothing"),
        pytest.param(descend(skip="b"), id="b is not updated"),
        pytest.param(descend(skip=2), id="one weight is not updated"),
        pytest.param(descend(stale=True), id="one gradient for all epochs"),
        pytest.param(descend(late=True), id="losses after the update"),
        pytest.param(descend(step=2 * STEP), id="another step"),
        pytest.param(descend(sign=-1), id="uphill"),
        pytest.param(descend(dtype="float32"), id="single precision"),
        pytest.param(none_recorded(*descend()), id="losses are zero"),
        pytest.param(last_recorded_only(*descend()), id="the last loss for all"),
        pytest.param(never_computed(*descend()), id="losses are NaN"),
        pytest.param(unsummed_loss(*descend()), id="a sum for the mean"),
        pytest.param(nan_parameters(*descend()), id="weights are NaN"),
        pytest.param(nan_intercept(*descend()), id="intercept is NaN"),
        pytest.param(no_intercept(*descend()), id="no intercept"),
    ],
)
def test_doing_less_is_found_out(harness, reference, found):
    with pytest.raises(harness.DoesLess):
        check(harness, found, reference)


def test_half_the_rows_are_found_out_in_single_precision_too(harness, reference):
    with pytest.raises(harness.DoesLess):
        check(harness, descend(rows=30, dtype="float32"), reference, 2e-5)


def test_a_reference_that_could_not_tell_is_refused(harness, reference):
    """A comparison that a lazy contender could pass is an error of ours, not a pass."""
    _, _, w, b = small_problem()
    still = harness.Descended([0.5] * EPOCHS, w, b)
    with pytest.raises(ValueError, match="loss of its own"):
        harness.same_descent(still, still, (w, b), EPOCHS, 1e-9)
    unmoved = harness.Descended(reference.losses, reference.w, b)
    with pytest.raises(ValueError, match="every parameter"):
        harness.same_descent(unmoved, unmoved, (w, b), EPOCHS, 1e-9)


class Clock:
    """Time that passes only when a contender says so."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def contender(harness, clock, log, name, seconds, per=1, note="", check=None):
    """One whose runs take given seconds, in turn, and log its name; a run returns its number."""
    made = []

    def run():
        clock.now += seconds[len(made) % len(seconds)]
        made.append(name)
        log.append(name)
        return len(made)

    return harness.Contender(name, run, per, check, note)


def test_a_race_takes_turns_and_counts_units_of_work(harness):
    clock, log = Clock(), []
    pair = [
        contender(harness, clock, log, "a", [3.0], per=10),
        contender(harness, clock, log, "b", [5.0], per=2),
        contender(harness, clock, log, "c", [7.0]),
    ]
    seconds = harness.race(pair, rounds=20, warm=False, pause=0, clock=clock)
    assert {name: set(values) for name, values in seconds.items()} == {
        "a": {0.3},
        "b": {2.5},
        "c": {7.0},
    }
    assert [len(values) for values in seconds.values()] == [20, 20, 20]
    rounds = [log[i : i + 3] for i in range(0, 60, 3)]
    assert all(sorted(turn) == ["a", "b", "c"] for turn in rounds)
    assert len({tuple(turn) for turn in rounds}) > 2  # not always in one order


def test_a_warm_run_is_not_timed(harness):
    clock, log = Clock(), []
    one = contender(harness, clock, log, "a", [100.0, 1.0])
    assert harness.race([one], 5, warm=True, pause=0, clock=clock) == {"a": [1.0] * 5}
    assert len(log) == 10


def test_a_race_refuses_two_of_one_name(harness):
    clock, log = Clock(), []
    pair = [contender(harness, clock, log, "a", [1.0]) for _ in range(2)]
    with pytest.raises(ValueError, match="one name"):
        harness.race(pair, 1, warm=False, pause=0, clock=clock)


@pytest.mark.parametrize("warm", [False, True])
def test_who_does_less_only_when_it_is_timed_is_found_out(harness, warm):
    def only_at_first(number):
        if number > 4:
            raise harness.DoesLess("lazy now")

    clock, log = Clock(), []
    one = contender(harness, clock, log, "a", [1.0], check=only_at_first)
    with pytest.raises(harness.DoesLess):
        harness.race([one], 10, warm=warm, pause=0, clock=clock)


def test_the_quickest_variant_competes_and_each_is_checked(harness):
    clock, log, checked = Clock(), [], []
    variants = [
        contender(harness, clock, log, name, seconds, 2, name, checked.append)
        for name, seconds in (("slow", [1.0, 8.0, 6.0]), ("quick", [90.0, 4.0, 5.0]))
    ]
    best, trials = harness.quickest(variants, clock)
    assert best.name == "quick"  # its first run, with the compilation, does not count
    assert trials == {"slow": 3.0, "quick": 2.0}
    assert checked == [1, 1]


@pytest.mark.parametrize(
    ("before", "after", "others"),
    [
        ((1.0, 5.0, 100.0), (3.0, 9.0, 120.0), 10.0),  # 4 s busy, 2 of them ours, of 20 s
        ((1.0, 5.0, 100.0), (5.0, 9.0, 120.0), 0.0),
        ((1.0, 5.0, 100.0), (5.1, 9.0, 120.0), 0.0),  # the two clocks tick apart
        (None, None, None),
    ],
)
def test_the_witness_counts_what_others_took(harness, monkeypatch, before, after, others):
    looks = iter([before, after])
    monkeypatch.setattr(harness.Witness, "_look", staticmethod(lambda: next(looks)))
    with harness.Witness() as witness:
        pass
    assert witness.others == others
