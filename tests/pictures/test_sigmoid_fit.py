"""The sigmoid through its data, its band and its forecasts, against NumPy from the definitions."""

import array
import math

import numpy as np
import pytest
from helpers import axes
from helpers.axes import CHALLENGER, by_label, dots_of, new_axes, sigmoid, words
from matplotlib.colors import to_rgb
from scipy.stats import binomtest

import pyref
from pyref import pictures
from pyref.pictures import drawing

# fixtures
ax = axes.ax
challenger_fit = axes.challenger_fit
nothing_left_behind = axes.nothing_left_behind


def curves_of(ax):
    """The fitted curve's pieces: the one over the data, and those beyond."""
    lines = [line for line in ax.get_lines() if line.get_linestyle() in ("-", "--")]
    over = [line for line in lines if line.get_linestyle() == "-" and len(line.get_xdata()) > 2]
    beyond = [line for line in lines if line.get_linestyle() == "--"]
    assert len(over) == 1
    return over[0], beyond


def test_the_sigmoid_over_the_data_and_beyond(ax, challenger_fit):
    (w,), b = challenger_fit.w, challenger_fit.b
    pictures.sigmoid_fit(*CHALLENGER, challenger_fit.w, b, ax=ax, at=31)
    over, (beyond,) = curves_of(ax)
    assert (over.get_xdata()[0], over.get_xdata()[-1]) == (53, 81)
    assert (beyond.get_xdata()[0], beyond.get_xdata()[-1]) == (31, 53)
    for line in (over, beyond):
        assert len(line.get_xdata()) > 100
        np.testing.assert_allclose(line.get_ydata(), sigmoid(w * line.get_xdata() + b), rtol=1e-12)
    assert words(ax) == [
        "p = sigmoid(-0.2322 x + 15.04)",
        "beyond the data",
        "data (area: number of rows)",
        "at 31: p = 0.9996",
    ]


def test_without_at_the_curve_ends_with_the_data(ax):
    pictures.sigmoid_fit([1, 2, 3], [0, 1, 0], 0.5, -1, ax=ax)
    over, beyond = curves_of(ax)
    assert (over.get_xdata()[0], over.get_xdata()[-1]) == (1, 3)
    assert beyond == []
    assert words(ax) == ["p = sigmoid(0.5 x - 1)", "data"]


def test_beyond_on_both_sides_is_one_entry(ax):
    pictures.sigmoid_fit([1, 2, 3], [0, 1, 0], 0.5, -1, ax=ax, at=[0, 9, 2])
    _, beyond = curves_of(ax)
    assert [(line.get_xdata()[0], line.get_xdata()[-1]) for line in beyond] == [(0, 1), (3, 9)]
    assert words(ax).count("beyond the data") == 1
    for mark in (0, 9, 2):
        p = sigmoid(0.5 * mark - 1)
        assert f"at {mark}: p = {p:.4f}" in words(ax)


def test_equal_samples_are_one_dot_of_their_area(ax, challenger_fit):
    pictures.sigmoid_fit(*CHALLENGER, challenger_fit.w, challenger_fit.b, ax=ax)
    areas = dots_of(ax, "data (area: number of rows)")
    pairs = list(zip(*CHALLENGER, strict=True))
    assert set(areas) == set(pairs)
    for pair, area in areas.items():
        assert area == pytest.approx(pairs.count(pair) * drawing.AREA)
    numbers = {note.xy: note.get_text() for note in ax.texts}
    assert numbers == {pair: str(pairs.count(pair)) for pair in pairs if pairs.count(pair) > 1}
    assert numbers  # there are such


def test_very_many_equal_samples_keep_their_proportion_and_a_measure(ax):
    pictures.sigmoid_fit([1.0] * 900 + [2.0] * 100, [0] * 900 + [1] * 100, 1, -1, ax=ax)
    areas = dots_of(ax, "data (area: number of rows)")
    assert areas[1, 0] == pytest.approx(drawing.AREA_MOST)
    assert areas[2, 1] == pytest.approx(drawing.AREA_MOST / 9)
    assert len(ax.texts) == 0


def test_of_very_different_numbers_the_few_are_still_seen(ax):
    """One row beside 9,999 was a dot of a thirtieth of a square point."""
    pictures.sigmoid_fit([1.0] * 9999 + [2.0], [0] * 9999 + [1], 1, -1, ax=ax)
    areas = dots_of(ax, "data (area: number of rows)")
    assert areas == {(1, 0): pytest.approx(drawing.AREA_MOST), (2, 1): drawing.AREA_LEAST}


def groups_of(ax):
    """(x, share, low, high) of each group that is drawn."""
    (bars,) = ax.containers
    places, _, (lines,) = bars.lines
    ends = np.array([segment[:, 1] for segment in lines.get_segments()])
    return np.column_stack([places.get_xydata(), ends])


def test_ten_thousand_rows_are_groups_with_intervals(ax):
    rng = np.random.default_rng(1)
    x = rng.normal(0, 1, 10_000).round(3)
    x[:499] = 0.5
    y = (rng.random(10_000) < sigmoid(2 * x - 1)).astype(float)
    pictures.sigmoid_fit(x, y, 2, -1, ax=ax)
    found = groups_of(ax)
    assert 10 <= len(found) <= 20
    assert words(ax)[-1] == (f"10000 rows in {len(found)} groups: share of 1s, 95 % intervals")
    # each row in the one group whose mean it helps to make, and 500 or a little more in each
    left = np.sort(x)
    labels = y[np.argsort(x, kind="stable")]
    start = 0
    for mean, share, low, high in found:
        size = next(
            k
            for k in range(250, len(left) - start + 1)
            if left[start : start + k].mean() == pytest.approx(mean, rel=1e-9, abs=1e-12)
        )
        part = labels[start : start + size]
        start += size
        assert start == len(left) or left[start - 1] != left[start]  # no x in two groups
        assert size <= 1100
        assert share == pytest.approx(part.mean(), rel=1e-12)
        interval = binomtest(int(part.sum()), size).proportion_ci(method="wilson")
        assert (low, high) == pytest.approx((interval.low, interval.high), abs=1e-9)
    assert start == len(left)
    assert not [c for c in ax.collections if "data" in str(c.get_label())]  # and no dots


@pytest.mark.parametrize(("n", "grouped"), [(200, False), (201, True)])
def test_up_to_two_hundred_rows_are_dots(ax, n, grouped):
    pictures.sigmoid_fit(list(range(n)), [k % 2 for k in range(n)], 0.1, -1, ax=ax)
    assert bool(ax.containers) == grouped
    assert (words(ax)[-1] == "data") != grouped


def test_soft_labels_stand_where_they_are(ax):
    pictures.sigmoid_fit([1, 2, 3], [0.25, 0.5, 1], 1, -1, ax=ax)
    assert set(dots_of(ax, "data")) == {(1, 0.25), (2, 0.5), (3, 1)}


def band_of(ax, level="95 %"):
    """(x, lower, upper) of the band, x rising."""
    band = by_label(ax.collections, f"{level} confidence band")
    vertices = band.get_paths()[0].vertices
    xs = np.unique(vertices[:, 0])
    lower = np.array([vertices[vertices[:, 0] == x, 1].min() for x in xs])
    upper = np.array([vertices[vertices[:, 0] == x, 1].max() for x in xs])
    return xs, lower, upper


def independent_band(x, y, w, b, xs, q):
    A = np.column_stack([x, np.ones(len(x))])
    p = sigmoid(A @ [w, b])
    C = np.linalg.inv(A.T @ np.diag(p * (1 - p)) @ A)
    U = np.column_stack([xs, np.ones(len(xs))])
    reach = q * np.sqrt(np.einsum("ij,jk,ik->i", U, C, U))
    z = U @ [w, b]
    return sigmoid(z - reach), sigmoid(z + reach), C


@pytest.mark.parametrize(("level", "q"), [(0.95, 1.959963984540054), (0.5, 0.6744897501960817)])
def test_the_band_is_that_of_an_independent_calculation(ax, challenger_fit, level, q):
    (w,), b = challenger_fit.w, challenger_fit.b
    pictures.sigmoid_fit(*CHALLENGER, w, b, ax=ax, band=level, at=31)
    xs, lower, upper = band_of(ax, f"{100 * level:g} %")
    assert (xs[0], xs[-1]) == (31, 81)
    low, high, C = independent_band(*CHALLENGER, w, b, xs, q)
    # the published standard errors (Dalal, Fowlkes, Hoadley, 1989) are these
    assert np.sqrt(np.diag(C)) == pytest.approx([0.10823652, 7.37863638], rel=1e-6)
    np.testing.assert_allclose(lower, low, rtol=1e-7)
    np.testing.assert_allclose(upper, high, rtol=1e-7)
    assert (upper - lower).max() > 0.2


def test_the_forecast_for_31_degrees(ax, challenger_fit):
    pictures.sigmoid_fit(*CHALLENGER, challenger_fit.w, challenger_fit.b, ax=ax, band=0.95, at=31)
    low, high, _ = independent_band(
        *CHALLENGER, challenger_fit.w[0], challenger_fit.b, np.array([31.0]), 1.959963984540054
    )
    (bars,) = ax.containers
    ((_, drawn_low), (_, drawn_high)) = bars.lines[2][0].get_segments()[0]
    assert (drawn_low, drawn_high) == pytest.approx((low[0], high[0]), rel=1e-7)
    assert bars.lines[0].get_xydata().tolist() == [[31, pytest.approx(0.99960878, rel=1e-7)]]
    assert words(ax)[-1] == "at 31: p = 0.9996 (95 %: 0.4816 to 0.9999999)"
    assert (round(low[0], 4), f"{1 - high[0]:.0e}") == (0.4816, "1e-07")


def test_a_given_covariance(ax, challenger_fit):
    (w,), b = challenger_fit.w, challenger_fit.b
    *_, C = independent_band(*CHALLENGER, w, b, np.array([31.0]), 1.96)
    pictures.sigmoid_fit(*CHALLENGER, w, b, ax=ax, covariance=C)
    xs, lower, upper = band_of(ax)
    low, high, _ = independent_band(*CHALLENGER, w, b, xs, 1.959963984540054)
    np.testing.assert_allclose(lower, low, rtol=1e-7)
    np.testing.assert_allclose(upper, high, rtol=1e-7)


def test_the_band_far_from_zero():
    """Dates, say: the intercept lies millions of units away from the data."""
    x, y = CHALLENGER
    bands = []
    for shift in (0, 2**22):
        moved = [t + shift for t in x]
        fit = pyref.newton([[t] for t in moved], y)
        xs, *band = band_of(pictures.sigmoid_fit(moved, y, fit.w, fit.b, band=0.95, ax=new_axes()))
        bands.append(np.interp(np.linspace(53, 81, 50) + shift, xs, band[0]))
    np.testing.assert_allclose(bands[1], bands[0], rtol=1e-5)


@pytest.mark.parametrize("w", [0.5, [0.5], (0.5,), np.array([0.5]), array.array("d", [0.5])])
def test_a_weight_alone_or_as_a_fit_has_it(ax, w):
    pictures.sigmoid_fit([1, 2], [0, 1], w, -1, ax=ax)
    np.testing.assert_allclose(curves_of(ax)[0].get_ydata()[[0, -1]], sigmoid([-0.5, 0.0]))


def test_a_probability_next_to_0_or_1_is_told_by_how_much(ax):
    pictures.sigmoid_fit([-1, 1], [0, 1], 20, 0, ax=ax, at=[-1, 0, 1])
    assert words(ax)[-3:] == [
        "at -1: p = 2e-09",
        "at 0: p = 0.5000",
        "at 1: p = 0.999999998",
    ]


@pytest.mark.parametrize(
    ("z", "text"),
    [
        (math.log(0.99994 / 0.00006), "0.9999"),
        (math.log(0.999951 / 0.000049), "0.99995"),
        (-math.log(1e7 / 0.96 - 1), "1e-07"),
        (math.log(1e7 / 0.96 - 1), "0.9999999"),
        (math.log(1e7 / 0.94 - 1), "0.99999991"),
        (22.5, "0.9999999998"),
        (24, "above 0.9999999999"),
        (800, "above 0.9999999999"),
        (-800, "0"),
    ],
)
def test_a_probability_is_written_as_a_number(ax, z, text):
    """1 - 1e-07 was a sum to be done by the reader."""
    pictures.sigmoid_fit([-1, 1], [0, 1], 0, z, ax=ax, at=0)
    assert words(ax)[-1] == f"at 0: p = {text}"


class Column(list):
    """What of a data frame's column counts here."""

    name = "temperature"


def test_a_column_brings_its_name(ax):
    pictures.sigmoid_fit(Column([1, 2]), [0, 1], 1, 0, ax=ax)
    assert ax.get_xlabel() == "temperature"


def test_one_place_only(ax):
    pictures.sigmoid_fit([2, 2, 2], [0, 1, 1], 0.3, 0.1, ax=ax)
    assert ax.get_xlim()[0] < 2 < ax.get_xlim()[1]


def test_keywords_reach_the_curve_and_the_band_follows(ax, challenger_fit):
    fit = challenger_fit
    pictures.sigmoid_fit(*CHALLENGER, fit.w, fit.b, ax=ax, band=0.9, c="red", label="my curve")
    over, _ = curves_of(ax)
    assert (over.get_color(), over.get_label()) == ("red", "my curve")
    band = by_label(ax.collections, "90 % confidence band")
    assert tuple(band.get_facecolor()[0][:3]) == to_rgb("red")


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"x": []}, ValueError, "x is empty"),
        ({"x": [1, 2, math.nan, 4]}, ValueError, r"x\[2\] is nan: remove the row"),
        ({"y": [0, 1, 0]}, ValueError, "y has length 3, but there are 4 samples"),
        ({"y": [0, 1, 2, 1]}, ValueError, r"y\[2\] is 2.0: give a number from 0 to 1"),
        ({"w": [1, 2]}, ValueError, "w has length 2"),
        ({"w": math.inf}, ValueError, "w is inf: give a finite number"),
        ({"b": "1"}, TypeError, "b is '1', a str: give a number"),
        ({"at": math.nan}, ValueError, "at is nan: give a finite number"),
        ({"band": 95}, ValueError, "band is 95.0: give a number between 0 and 1, like 0.95"),
        ({"band": 1}, ValueError, "band is 1.0: give a number between 0 and 1"),
        ({"covariance": [[1]]}, ValueError, "covariance has 1 rows of 1: give 2 rows of 2"),
        ({"covariance": [[1, 0.5], [0.4, 1]]}, ValueError, "covariance is not symmetric"),
        ({"covariance": [[1, 2], [2, 1]]}, ValueError, "covariance gives a negative variance"),
        ({"covariance": [[-1, 0], [0, 1]]}, ValueError, "covariance gives a negative variance"),
        ({"covariance": [[math.inf, 0], [0, 1]]}, ValueError, r"covariance\[0\]\[0\] is inf"),
        ({"band": 0.9}, ValueError, r"standard errors from the optimum, so these errors do not"),
        ({"x": [3] * 4, "band": 0.9}, ValueError, "x is constant, so there is no band"),
        (
            {"y": [0, 0, 1, 1], "w": 2000, "b": -5000, "band": 0.9},
            ValueError,
            r"the second derivatives vanish at \(w, b\), so there is no band",
        ),
    ],
)
def test_a_fit_that_cannot_be_drawn(changes, error, message):
    call = {"x": [1, 2, 3, 4], "y": [0, 1, 0, 1], "w": 1.0, "b": -2.0, **changes}
    with pytest.raises(error, match=message):
        pictures.sigmoid_fit(**call)
