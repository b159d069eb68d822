"""Comparing numbers, training in legs, and writing durations."""

import math

import pytest

import pyref
from pyref import datasets
from pyref.command import compare, implementations, training


def test_000_figures_are_of_every_loss():
    """One loss in a thousand, wrong in its seventh figure, sets the agreement of the run."""
    cloud = datasets.seeded_cloud()
    run = training.by_document((cloud[0][:12], cloud[1][:12], *cloud[2:]))
    run.run_to(300)
    expected = compare.texts(run.losses)
    assert compare.least_figures(run.losses, expected) == math.inf
    run.losses[137] *= 1 + 3e-7
    assert 6 < compare.least_figures(run.losses, expected) < 7
    assert compare.least_figures(run.losses[:-1], expected) == 0


def test_legs_are_one_run():
    X, y, w, b = datasets.seeded_cloud()
    part = implementations.implementations()[0][0]
    legs = training.by_ours(part, (X[:30], y[:30], w, b))
    legs.run_to(250)
    legs.run_to(257)
    whole = pyref.gradient_descent(
        X[:30], y[:30], w=w, b=b, learning_rate=0.001, iterations=257, reduction="sum"
    )
    assert (legs.w, legs.b, legs.losses) == (whole.w, whole.b, whole.losses)
    assert len(legs.seconds) == 2
    assert min(legs.seconds) > 0


def test_figures_of_mutants():
    assert compare.figures(0.1 + 0.2, "0.30000000000000004") == math.inf
    assert compare.figures(0.3, "0.30000000000000004") > 15
    assert compare.figures(1.0000001, "1.0000000") == pytest.approx(7, abs=1e-6)
    for wrong in (0.0, -0.3, math.nan, math.inf, -math.inf, 3e9):
        assert compare.figures(wrong, "0.30000000000000004") == 0
    assert compare.figures(1e-300, "0.0") == math.inf  # reads 0.0
    assert compare.figures(0.1, "0.0") == 0
    assert compare.least_figures([], []) == 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (2.5e-11, "0.03 ns"),
        (1.5e-9, "1.50 ns"),
        (999.4e-9, "999 ns"),
        (999.6e-9, "1.00 µs"),
        (9.9949e-6, "9.99 µs"),
        (9.9951e-6, "10.0 µs"),
        (99.949e-6, "99.9 µs"),
        (99.951e-6, "100 µs"),
        (999.4e-6, "999 µs"),
        (999.6e-6, "1.00 ms"),
        (999.5e-9, "1.00 µs"),  # what would be rounded to 1000 is one of the next unit
        (999.5e-6, "1.00 ms"),
        (999.5e-3, "1.00 s"),
        (0.9994, "999 ms"),
        (0.9996, "1.00 s"),
        (123.4, "123 s"),
        (math.nan, "-"),
    ],
)
def test_duration(seconds, text):
    assert compare.duration(seconds) == text


def test_distance_is_that_of_the_pair_furthest_apart():
    found = compare.distance([1.0, 2.5, -3.0], ["1.0", "2.0", "-3.25"])
    assert (found, type(found)) == (0.5, float)
