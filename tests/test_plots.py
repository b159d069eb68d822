"""The pictures: what is drawn is what was given, and nothing else is left behind.

Everything is read back from the Axes: the data of lines, dots, bands and contours, and the words.
The formulas are computed here once more with NumPy, from their definitions.
"""

import array
import importlib.util
import itertools
import json
import math
import subprocess
import sys
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image
from sklearn.linear_model import LogisticRegression

import pyref
from pyref import datasets, documents
from pyref.pictures import plots

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "tests" / "pictures"

CHALLENGER = datasets.challenger()
FIVE = datasets.five_points()


def new_axes():
    figure = Figure(figsize=(8, 5), layout="constrained")
    FigureCanvasAgg(figure)
    return figure.subplots()


@pytest.fixture
def ax():
    return new_axes()


@pytest.fixture(autouse=True)
def nothing_left_behind():
    """No figure of pyplot's, and matplotlib's settings as they were."""
    plt.close("all")  # those that others have left
    before = dict(matplotlib.rcParams)
    yield
    figures = plt.get_fignums()
    plt.close("all")
    assert figures == []
    assert dict(matplotlib.rcParams) == before


def words(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def by_label(artists, label):
    (found,) = [artist for artist in artists if artist.get_label() == label]
    return found


def sigmoid(z):
    return 1 / (1 + np.exp(-np.asarray(z)))


@pytest.fixture(scope="module")
def challenger_fit():
    x, y = CHALLENGER
    fit = pyref.newton([[t] for t in x], y)
    assert fit.status == "converged"
    return fit


# ---------------------------------------------------------------- what all have in common

DRAW = {
    "loss_curve": lambda **ax: plots.loss_curve([3, 2, 1], **ax),
    "sigmoid_fit": lambda **ax: plots.sigmoid_fit(*CHALLENGER, -0.2, 13, **ax),
    "decision_boundary": lambda **ax: plots.decision_boundary(
        ([1, 2], -3), [[0, 0], [2, 3]], [0, 1], **ax
    ),
    "loss_surface": lambda **ax: plots.loss_surface(*FIVE, a_limits=(0, 2), b_limits=(-5, 0), **ax),
}
every = pytest.mark.parametrize("draw", DRAW.values(), ids=DRAW)


@every
def test_the_given_axes_are_drawn_on_and_returned(draw, ax):
    assert draw(ax=ax) is ax
    assert ax.has_data()


@every
def test_without_axes_there_is_a_new_figure_each_time(draw):
    first, second = draw(), draw()
    assert first.figure is not second.figure
    assert plt.get_fignums() == [first.figure.number, second.figure.number]
    plt.close(first.figure)
    plt.close(second.figure)


@every
def test_titles_and_labels_are_there_and_those_that_were_there_stay(draw, ax):
    draw(ax=ax)
    assert ax.get_title()
    assert ax.get_xlabel()
    assert ax.get_ylabel()
    mine = new_axes()
    mine.set(title="My title", xlabel="my x", ylabel="my y")
    draw(ax=mine)
    assert (mine.get_title(), mine.get_xlabel(), mine.get_ylabel()) == ("My title", "my x", "my y")


@every
@pytest.mark.parametrize("wrong", [1, "axes", np.empty(2, object), Figure()])
def test_what_is_no_axes_is_refused(draw, wrong):
    with pytest.raises(TypeError, match=f"ax is a {type(wrong).__name__}: give one matplotlib Ax"):
        draw(ax=wrong)


@every
def test_without_matplotlib_the_error_has_the_cure(draw, monkeypatch):
    for name in ("matplotlib", "numpy"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError) as caught:
        draw()
    assert str(caught.value).startswith("a picture needs matplotlib (")
    assert str(caught.value).endswith("). To get it: pip install 'pyref-logistic[plot]'")


def test_matplotlib_is_imported_late_and_pyplot_only_for_a_new_figure():
    code = """
import sys
import pyref.pictures.plots
assert not {"matplotlib", "numpy"} & set(sys.modules)
from matplotlib.figure import Figure
ax = Figure().subplots()
pyref.pictures.plots.loss_curve([2, 1], ax=ax)
pyref.pictures.plots.sigmoid_fit([1, 2, 3, 4], [0, 1, 0, 1], 1, -2, ax=ax)
pyref.pictures.plots.decision_boundary(([1, 2], 0), [[0, 1], [1, 0]], [0, 1], ax=ax)
pyref.pictures.plots.loss_surface([1, 2], [0, 1], a_limits=(0, 1), b_limits=(0, 1), ax=ax)
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


# ---------------------------------------------------------------- the loss curve


def test_the_loss_curve_is_the_documents_picture(ax):
    losses = documents.document_000(30)[2]
    plots.loss_curve(losses, ax=ax, label="document 000", marker=".", linestyle="none")
    (curve,) = ax.get_lines()
    assert curve.get_xdata().tolist() == list(range(1, 31))
    assert curve.get_ydata().tolist() == losses
    assert (curve.get_marker(), curve.get_linestyle()) == (".", "None")
    assert (ax.get_title(), ax.get_xlabel(), ax.get_ylabel()) == ("Loss curve", "epochs", "loss")
    assert words(ax) == ["document 000"]
    assert all(line.get_visible() for line in ax.get_xgridlines() + ax.get_ygridlines())


def test_without_a_label_the_last_loss_names_the_curve(ax):
    plots.loss_curve([2, 0.123456], ax=ax)
    assert words(ax) == ["loss, 0.1235 at the end"]


@pytest.mark.parametrize("kind", [list, tuple, np.array, lambda v: array.array("d", v)])
def test_losses_of_any_kind(ax, kind):
    plots.loss_curve(kind([3.0, 2.0, 1.0]), ax=ax)
    assert ax.get_lines()[0].get_ydata().tolist() == [3, 2, 1]


def test_several_curves_differ_in_colour_and_in_dashes(ax):
    for k in range(28):
        plots.loss_curve([k + 1, k + 0.5], ax=ax, label=f"run {k}")
    looks = [(line.get_color(), line.get_linestyle()) for line in ax.get_lines()]
    assert len(set(looks)) == 28
    for one, other in itertools.pairwise(looks):
        assert one[0] != other[0]
        assert one[1] != other[1]
    assert words(ax) == [f"run {k}" for k in range(28)]


@pytest.mark.parametrize("name", ["c", "color"])
def test_keywords_reach_the_line(ax, name):
    plots.loss_curve([2, 1], ax=ax, **{name: "red", "lw": 5})
    (curve,) = ax.get_lines()
    assert (curve.get_color(), curve.get_linewidth()) == ("red", 5)


def test_a_logarithmic_axis_in_plain_numbers(ax):
    plots.loss_curve([1.1, 0.2, 0.04], ax=ax, log=True)
    assert ax.get_yscale() == "log"
    ax.figure.canvas.draw()
    shown = [t.get_text() for t in ax.get_yticklabels(which="both") if t.get_text()]
    assert {"0.05", "0.1", "0.2", "0.5", "1"} <= set(shown)
    assert not {"0.03", "0.3", "0.04", "0.4", "0.06", "0.6", "0.7", "0.8", "0.9"} & set(shown)
    wide = new_axes()
    plots.loss_curve([1, 1e-9], ax=wide, log=True)
    wide.figure.canvas.draw()
    shown = [t.get_text() for t in wide.get_yticklabels(which="both") if t.get_text()]
    assert {"1", "0.01"} <= set(shown)
    assert not [name for name in shown if name.strip("0.")[0] in "25"]


def test_what_a_logarithm_cannot_show_is_a_gap(ax):
    plots.loss_curve([1, 0.5, 0.1, 0], ax=ax, log=True)
    heights = ax.get_lines()[0].get_ydata()
    assert heights[:3].tolist() == [1, 0.5, 0.1]
    assert math.isnan(heights[3])
    plots.loss_curve([3, 0], ax=ax)  # without saying so again
    assert math.isnan(ax.get_lines()[1].get_ydata()[1])
    assert words(ax)[0] == "loss, 0 at the end"


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_run_that_diverged_ends_in_a_cross(ax, bad):
    plots.loss_curve([1.0, 4.0, 16.0, bad, math.nan], ax=ax, label="too fast")
    curve, cross = ax.get_lines()
    assert np.array_equal(curve.get_ydata(), [1.0, 4.0, 16.0, math.nan, math.nan], equal_nan=True)
    assert (list(cross.get_xdata()), list(cross.get_ydata())) == ([3], [16.0])
    assert cross.get_marker() == "X"
    assert cross.get_color() == curve.get_color()
    assert words(ax) == [f"too fast: {bad} from epoch 4"]
    plots.loss_curve([2, 1], ax=ax)  # the cross is not counted as a curve
    assert ax.get_lines()[2].get_color() == plots.COLOURS[1]


def test_a_loss_may_be_finite_again(ax):
    plots.loss_curve([math.inf, 3.0, 2.0], ax=ax)
    (curve,) = ax.get_lines()
    assert np.array_equal(curve.get_ydata(), [math.nan, 3, 2], equal_nan=True)
    assert words(ax) == ["loss, inf from epoch 1"]


def test_losses_as_large_as_floats_go(ax):
    plots.loss_curve([1, 1e150, 1e300, math.inf], ax=ax)
    ax.figure.canvas.draw()
    assert ax.get_ylim()[1] > 1e300


def test_a_loss_that_stands_alone_is_a_dot(ax):
    plots.loss_curve([0.7], ax=ax)
    plots.loss_curve([0.7, math.nan, 0.5], ax=ax)
    plots.loss_curve([0.7, math.nan, 0.5, 0.4], ax=ax)
    curves = [line for line in ax.get_lines() if line.get_marker() != "X"]
    assert [line.get_marker() for line in curves] == ["o", "o", "None"]


@pytest.mark.parametrize(
    ("losses", "options", "error", "message"),
    [
        ([], {}, ValueError, "losses is empty: give at least one loss"),
        ([1, "2"], {}, TypeError, r"losses\[1\] is '2', a str: give a number"),
        (3, {}, TypeError, "losses is 3, a int: give a sequence of numbers"),
        ([[1, 2]], {}, TypeError, r"losses\[0\] is \[1, 2\], a list: give a number"),
        ([math.nan, math.inf], {}, ValueError, "losses holds no finite number: nothing can be"),
        ([0, -1], {"log": True}, ValueError, "losses holds no positive, finite number"),
    ],
)
def test_losses_that_cannot_be_drawn(losses, options, error, message):
    with pytest.raises(error, match=message):
        plots.loss_curve(losses, **options)  # and no figure is left, says the fixture


# ---------------------------------------------------------------- one feature


def curves_of(ax):
    """The fitted curve's pieces: the one over the data, and those beyond."""
    lines = [line for line in ax.get_lines() if line.get_linestyle() in ("-", "--")]
    over = [line for line in lines if line.get_linestyle() == "-" and len(line.get_xdata()) > 2]
    beyond = [line for line in lines if line.get_linestyle() == "--"]
    assert len(over) == 1
    return over[0], beyond


def test_the_sigmoid_over_the_data_and_beyond(ax, challenger_fit):
    (w,), b = challenger_fit.w, challenger_fit.b
    plots.sigmoid_fit(*CHALLENGER, challenger_fit.w, b, ax=ax, at=31)
    over, (beyond,) = curves_of(ax)
    assert (over.get_xdata()[0], over.get_xdata()[-1]) == (53, 81)
    assert (beyond.get_xdata()[0], beyond.get_xdata()[-1]) == (31, 53)
    for line in (over, beyond):
        assert len(line.get_xdata()) > 100
        np.testing.assert_allclose(line.get_ydata(), sigmoid(w * line.get_xdata() + b), rtol=1e-12)
    assert words(ax) == [
        "p = sigmoid(-0.2322 x + 15.04)",
        "beyond the data",
        "data (area: how many)",
        "at 31: p = 0.9996",
    ]


def test_without_at_the_curve_ends_with_the_data(ax):
    plots.sigmoid_fit([1, 2, 3], [0, 1, 0], 0.5, -1, ax=ax)
    over, beyond = curves_of(ax)
    assert (over.get_xdata()[0], over.get_xdata()[-1]) == (1, 3)
    assert beyond == []
    assert words(ax) == ["p = sigmoid(0.5 x - 1)", "data"]


def test_beyond_on_both_sides_is_one_entry(ax):
    plots.sigmoid_fit([1, 2, 3], [0, 1, 0], 0.5, -1, ax=ax, at=[0, 9, 2])
    _, beyond = curves_of(ax)
    assert [(line.get_xdata()[0], line.get_xdata()[-1]) for line in beyond] == [(0, 1), (3, 9)]
    assert words(ax).count("beyond the data") == 1
    for mark in (0, 9, 2):
        p = sigmoid(0.5 * mark - 1)
        assert f"at {mark}: p = {p:.4f}" in words(ax)


def dots_of(ax, label):
    """{(x, y): area} of the dots with that name."""
    dots = by_label(ax.collections, "_" + label)
    return dict(zip(map(tuple, dots.get_offsets().tolist()), dots.get_sizes(), strict=True))


def test_equal_samples_are_one_dot_of_their_area(ax, challenger_fit):
    plots.sigmoid_fit(*CHALLENGER, challenger_fit.w, challenger_fit.b, ax=ax)
    areas = dots_of(ax, "data (area: how many)")
    pairs = list(zip(*CHALLENGER, strict=True))
    assert set(areas) == set(pairs)
    for pair, area in areas.items():
        assert area == pytest.approx(pairs.count(pair) * plots.AREA)
    numbers = {note.xy: note.get_text() for note in ax.texts}
    assert numbers == {pair: str(pairs.count(pair)) for pair in pairs if pairs.count(pair) > 1}
    assert numbers  # there are such


def test_very_many_equal_samples_keep_their_proportion_and_a_measure(ax):
    plots.sigmoid_fit([1.0] * 900 + [2.0] * 100, [0] * 900 + [1] * 100, 1, -1, ax=ax)
    areas = dots_of(ax, "data (area: how many)")
    assert areas[1, 0] == pytest.approx(plots.AREA_MOST)
    assert areas[2, 1] == pytest.approx(plots.AREA_MOST / 9)
    assert len(ax.texts) == 0


def test_soft_labels_stand_where_they_are(ax):
    plots.sigmoid_fit([1, 2, 3], [0.25, 0.5, 1], 1, -1, ax=ax)
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
    plots.sigmoid_fit(*CHALLENGER, w, b, ax=ax, band=level, at=31)
    xs, lower, upper = band_of(ax, f"{100 * level:g} %")
    assert (xs[0], xs[-1]) == (31, 81)
    low, high, C = independent_band(*CHALLENGER, w, b, xs, q)
    # the published standard errors (Dalal, Fowlkes, Hoadley, 1989) are these
    assert np.sqrt(np.diag(C)) == pytest.approx([0.10823652, 7.37863638], rel=1e-6)
    np.testing.assert_allclose(lower, low, rtol=1e-7)
    np.testing.assert_allclose(upper, high, rtol=1e-7)
    assert (upper - lower).max() > 0.2


def test_the_forecast_for_31_degrees(ax, challenger_fit):
    plots.sigmoid_fit(*CHALLENGER, challenger_fit.w, challenger_fit.b, ax=ax, band=0.95, at=31)
    low, high, _ = independent_band(
        *CHALLENGER, challenger_fit.w[0], challenger_fit.b, np.array([31.0]), 1.959963984540054
    )
    (bars,) = ax.containers
    ((_, drawn_low), (_, drawn_high)) = bars.lines[2][0].get_segments()[0]
    assert (drawn_low, drawn_high) == pytest.approx((low[0], high[0]), rel=1e-7)
    assert bars.lines[0].get_xydata().tolist() == [[31, pytest.approx(0.99960878, rel=1e-7)]]
    assert words(ax)[-1] == "at 31: p = 0.9996 (95 %: 0.4816 to 1 - 1e-07)"
    assert (round(low[0], 4), f"{1 - high[0]:.0e}") == (0.4816, "1e-07")


def test_a_given_covariance(ax, challenger_fit):
    (w,), b = challenger_fit.w, challenger_fit.b
    *_, C = independent_band(*CHALLENGER, w, b, np.array([31.0]), 1.96)
    plots.sigmoid_fit(*CHALLENGER, w, b, ax=ax, covariance=C)
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
        xs, *band = band_of(plots.sigmoid_fit(moved, y, fit.w, fit.b, band=0.95, ax=new_axes()))
        bands.append(np.interp(np.linspace(53, 81, 50) + shift, xs, band[0]))
    np.testing.assert_allclose(bands[1], bands[0], rtol=1e-5)


@pytest.mark.parametrize("w", [0.5, [0.5], (0.5,), np.array([0.5]), array.array("d", [0.5])])
def test_a_weight_alone_or_as_a_fit_has_it(ax, w):
    plots.sigmoid_fit([1, 2], [0, 1], w, -1, ax=ax)
    np.testing.assert_allclose(curves_of(ax)[0].get_ydata()[[0, -1]], sigmoid([-0.5, 0.0]))


def test_a_probability_next_to_0_or_1_is_told_by_how_much(ax):
    plots.sigmoid_fit([-1, 1], [0, 1], 20, 0, ax=ax, at=[-1, 0, 1])
    assert words(ax)[-3:] == [
        "at -1: p = 2e-09",
        "at 0: p = 0.5000",
        "at 1: p = 1 - 2e-09",
    ]


class Column(list):
    """What of a data frame's column counts here."""

    name = "temperature"


def test_a_column_brings_its_name(ax):
    plots.sigmoid_fit(Column([1, 2]), [0, 1], 1, 0, ax=ax)
    assert ax.get_xlabel() == "temperature"


def test_one_place_only(ax):
    plots.sigmoid_fit([2, 2, 2], [0, 1, 1], 0.3, 0.1, ax=ax)
    assert ax.get_xlim()[0] < 2 < ax.get_xlim()[1]


def test_keywords_reach_the_curve_and_the_band_follows(ax, challenger_fit):
    fit = challenger_fit
    plots.sigmoid_fit(*CHALLENGER, fit.w, fit.b, ax=ax, band=0.9, c="red", label="my curve")
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
        plots.sigmoid_fit(**call)


# ---------------------------------------------------------------- two features

IRIS_X, IRIS_Y, IRIS_NAMES = datasets.iris()
PETALS = [row[2:] for row in IRIS_X]


def contours(ax):
    """The vertices of every contour of each level: a list for the thick, and one for the dashed."""
    thick, thin = [], []
    for drawn in ax.collections:
        if hasattr(drawn, "levels"):
            points = np.concatenate([path.vertices for path in drawn.get_paths()])
            (thick if drawn.get_linewidths()[0] >= 2 else thin).append(points)
    return thick, thin


@pytest.mark.parametrize("steep", [1, 1000, 1e-3])
def test_the_boundary_is_the_line_where_the_score_is_zero(ax, steep):
    w, b = np.array([1.5, -0.7]) * steep, 0.3 * steep
    rng = np.random.default_rng(5)
    X = rng.normal(size=(60, 2)) * 2
    y = (X @ w + b > 0).astype(int)
    plots.decision_boundary((w, b), X, y, ax=ax)
    (boundary,), thin = contours(ax)
    assert np.abs(boundary @ w + b).max() < 1e-12 * steep
    # from one edge of the picture to another
    ends = sorted([tuple(boundary[0]), tuple(boundary[-1])])
    (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
    for across, up in ends:
        assert min(abs(across - x0), abs(across - x1), abs(up - y0), abs(up - y1)) < 1e-9
    assert math.dist(*ends) > 0.9 * min(x1 - x0, y1 - y0)
    if steep == 1:
        found = sorted(float(np.mean(points @ w + b)) for points in thin)
        assert found == pytest.approx([-math.log(9), math.log(9)])
        for points in thin:
            assert np.ptp(points @ w + b) < 1e-9
        assert {text.get_text() for text in ax.texts} <= {"p = 0.1", "p = 0.9"}
    assert words(ax) == ["0", "1", "p = 1/2"]


def test_a_boundary_outside_the_picture_is_not_drawn(ax):
    plots.decision_boundary(([1, 1], 100), [[0, 0], [1, 1]], [0, 1], ax=ax)
    assert contours(ax) == ([], [])
    assert words(ax) == ["0", "1"]


@pytest.fixture(scope="module")
def iris_fit():
    return pyref.softmax_descent(PETALS, IRIS_Y, learning_rate=0.2, iterations=300)


def test_the_boundaries_of_three_classes(ax, iris_fit):
    plots.decision_boundary(iris_fit, PETALS, IRIS_Y, ax=ax, class_names=IRIS_NAMES)
    boundaries, thin = contours(ax)
    assert len(boundaries) == 3
    assert thin == []
    for c, points in enumerate(boundaries):
        z = points @ np.array(iris_fit.w) + iris_fit.b
        others = np.delete(z, c, axis=1).max(axis=1)
        # exact where two classes meet; where three do, within a pixel
        wrong = np.abs(z[:, c] - others)
        assert np.median(wrong) < 1e-12
        assert wrong.max() < 0.1
    assert words(ax) == [*IRIS_NAMES, "equally probable"]


def test_every_class_has_its_dots(ax, iris_fit):
    plots.decision_boundary(iris_fit, PETALS, IRIS_Y, ax=ax, class_names=IRIS_NAMES)
    shapes = set()
    for c, name in enumerate(IRIS_NAMES):
        given = [tuple(row) for row, k in zip(PETALS, IRIS_Y, strict=True) if k == c]
        areas = dots_of(ax, name)
        assert set(areas) == set(given)
        single = next(area for point, area in areas.items() if given.count(point) == 1)
        for point, area in areas.items():
            assert area == pytest.approx(given.count(point) * single)
        drawn = by_label(ax.collections, "_" + name)
        assert tuple(drawn.get_facecolor()[0][:3]) == to_rgb(plots.COLOURS[c])
        shapes.add(drawn.get_paths()[0].vertices.tobytes())
    assert len(shapes) == 3
    assert ax.get_legend().get_title().get_text() == "area: how many"
    (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
    assert all(x0 < row[0] < x1 and y0 < row[1] < y1 for row in PETALS)


def test_the_plane_has_the_colours_of_the_classes(ax, iris_fit):
    plots.decision_boundary(iris_fit, PETALS, IRIS_Y, ax=ax)
    (image,) = ax.get_images()
    pixels = image.get_array()
    left, right, bottom, top = image.get_extent()
    rows, columns, _ = pixels.shape
    across = left + (np.arange(columns) + 0.5) * (right - left) / columns
    up = bottom + (np.arange(rows) + 0.5) * (top - bottom) / rows
    assert image.origin == "lower"
    points = np.stack(np.meshgrid(across, up), axis=-1)
    z = points @ np.array(iris_fit.w) + iris_fit.b
    p = np.exp(z) / np.exp(z).sum(axis=2, keepdims=True)
    ink = 1 - np.asarray(pixels)
    colours = np.array([1 - np.array(to_rgb(colour)) for colour in plots.COLOURS[:3]])
    # The class whose ink has the direction most like a pixel's is the most probable.
    likeness = ink @ (colours / np.linalg.norm(colours, axis=1, keepdims=True)).T
    sure = p.max(axis=2)
    assert (likeness.argmax(axis=2) == p.argmax(axis=2))[sure > 0.8].all()
    # Paler, the less sure; and never dark, so that dots and words stand out.
    grey = np.asarray(pixels).mean(axis=2)
    for c in range(3):
        mine = p.argmax(axis=2) == c
        assert grey[mine & (sure < 0.55)].min() > grey[mine & (sure > 0.95)].max()
    assert grey.min() > 0.6


def test_any_model_with_predict_proba_and_labels_of_any_kind(ax):
    X = np.array([row for row, k in zip(PETALS, IRIS_Y, strict=True) if k])
    y = np.array([IRIS_NAMES[k] for k in IRIS_Y if k])
    model = LogisticRegression().fit(X, y)
    plots.decision_boundary(model, X, y, ax=ax)
    (boundary,), thin = contours(ax)
    assert np.abs(boundary @ model.coef_[0] + model.intercept_).max() < 1e-9
    assert len(thin) == 2
    assert words(ax) == ["versicolor", "virginica", "p = 1/2"]
    pair = new_axes()
    numbers = [int(label == "virginica") for label in y]
    plots.decision_boundary((model.coef_[0], model.intercept_[0]), X, numbers, ax=pair)
    np.testing.assert_allclose(contours(pair)[0][0], boundary, atol=1e-9)


class Thirds:
    """A model with neither classes nor names of its own; a third of the plane for each label."""

    def predict_proba(self, points):
        third = np.clip(np.floor(points[:, 0]), 0, 2).astype(int)
        return np.eye(3)[third]


def test_a_model_that_is_not_linear_and_certain_everywhere(ax):
    X = [[0, 0], [0.5, 1], [1.5, 0], [2.5, 1], [3, 0]]
    plots.decision_boundary(Thirds(), X, ["a", "a", "b", "c", "c"], ax=ax)
    edges = np.concatenate(contours(ax)[0])[:, 0]
    pixel = (ax.get_xlim()[1] - ax.get_xlim()[0]) / 200
    assert np.minimum(abs(edges - 1), abs(edges - 2)).max() <= pixel
    assert words(ax) == ["a", "b", "c", "equally probable"]


class Frame:
    """What of a data frame counts here."""

    def __init__(self, columns):
        self.data = {name: list(values) for name, values in columns.items()}
        self.columns = list(self.data)

    def to_numpy(self):
        return np.column_stack(list(self.data.values()))


class Particular:
    """A model that takes its own columns only."""

    classes_ = np.array([False, True])
    feature_names_in_ = np.array(["width", "height"])

    def predict_proba(self, frame):
        assert isinstance(frame, Frame)
        p = sigmoid(np.array(frame.data["width"]) - 2 * np.array(frame.data["height"]))
        return np.column_stack([1 - p, p])


def test_a_data_frame_brings_names_and_reaches_the_model_as_one(ax):
    X = Frame({"width": [1, 4, 6], "height": [2, 1, 4]})
    plots.decision_boundary(Particular(), X, [False, True, False], ax=ax)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("width", "height")
    ((boundary,), _) = contours(ax)
    assert np.abs(boundary[:, 0] - 2 * boundary[:, 1]).max() < 1e-9
    assert words(ax)[:2] == ["False", "True"]


def test_names_from_the_model_and_names_as_given(ax):
    model = LogisticRegression().fit([[0, 0], [1, 1]], [0, 1])
    model.feature_names_in_ = np.array(["one", "two"])
    X, y = np.array([[0.0, 0.0], [1.0, 1.0]]), [0, 1]
    with pytest.warns(UserWarning, match="valid feature names"):  # sklearn's, of its own names
        plots.decision_boundary(model, X, y, ax=ax)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("one", "two")
    mine = new_axes()
    plots.decision_boundary(
        ([1, 1], -1), X, y, ax=mine, feature_names=["left", "right"], class_names=["no", "yes"]
    )
    assert (mine.get_xlabel(), mine.get_ylabel()) == ("left", "right")
    assert words(mine) == ["no", "yes", "p = 1/2"]
    plain = plots.decision_boundary(([1, 1], -1), X, y, ax=new_axes())
    assert (plain.get_xlabel(), plain.get_ylabel()) == ("x[0]", "x[1]")


def test_keywords_reach_the_dots(ax):
    plots.decision_boundary(([1, 1], -1), [[0, 0], [1, 1]], [0, 1], ax=ax, alpha=0.25, marker="v")
    for name in "01":
        dots = by_label(ax.collections, "_" + name)
        assert dots.get_alpha() == 0.25


def test_a_feature_that_is_constant(ax):
    plots.decision_boundary(([1, 1], -1), [[0, 3], [1, 3]], [0, 1], ax=ax)
    assert ax.get_ylim()[0] < 3 < ax.get_ylim()[1]


def test_one_class_only(ax):
    plots.decision_boundary(([[1.0], [2.0]], [0.0]), [[0, 3], [1, 3]], [0, 0], ax=ax)
    assert words(ax) == ["0"]


class Answers:
    def __init__(self, answer):
        self.answer = answer

    def predict_proba(self, points):
        return np.array([self.answer] * len(points))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"X": [[1], [2]]}, ValueError, "X has 1 features, but a picture two: give two columns"),
        ({"X": [[1, 2, 3]] * 2}, ValueError, "X has 3 features, but a picture two"),
        ({"X": [[1, math.nan], [1, 2]]}, ValueError, r"X\[0\]\[1\] is nan: remove the row"),
        ({"X": []}, ValueError, "X is empty"),
        ({"y": [0]}, ValueError, "y has length 1, but there are 2 samples"),
        ({"y": [0, 2]}, ValueError, r"y\[1\] is 2: the model's classes are 0, 1"),
        ({"y": [0, 0.5]}, ValueError, r"y\[1\] is 0.5: the model's classes are 0, 1"),
        ({"model": ([1], 0)}, ValueError, "w has length 1, but X has 2 features"),
        ({"model": ([1, math.nan], 0)}, ValueError, r"w\[1\] is nan: give a finite number"),
        ({"model": ([[1, 2]], [0, 0])}, ValueError, "W has 1 rows, but X has 2 features"),
        ({"model": 3}, TypeError, "model is a int: give one with predict_proba, or a pair"),
        ({"model": Answers([1])}, ValueError, r"predict_proba returned the shape \(40401, 1\)"),
        ({"model": Answers([math.nan, 1])}, ValueError, "predict_proba returned a NaN, or a num"),
        ({"model": Answers([-0.5, 1.5])}, ValueError, "predict_proba returned a NaN, or a number"),
        ({"feature_names": ["a"]}, ValueError, "feature_names has length 1: give 2, one a feat"),
        ({"feature_names": "ab"}, ValueError, "feature_names has length 1: give 2, one a featu"),
        ({"class_names": ["a"] * 3}, ValueError, "class_names has length 3: give 2, one a class"),
    ],
)
def test_a_boundary_that_cannot_be_drawn(changes, error, message):
    call = {"model": ([1, 1], -1), "X": [[0, 0], [1, 1]], "y": [0, 1], **changes}
    with pytest.raises(error, match=message):
        plots.decision_boundary(**call)


# ---------------------------------------------------------------- the descent


@pytest.mark.parametrize("momentum", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("data", [FIVE, CHALLENGER], ids=["five points", "challenger"])
def test_the_path_is_that_of_the_chapter_to_the_bit(data, momentum):
    path = plots.descent_path(*data, iterations=300, momentum=momentum, learning_rate=0.03)
    assert len(path) == 301
    for k in (0, 1, 2, 17, 150, 300):
        assert path[k] == pyref.gradient_descent_logistic(
            *data, learning_rate=0.03, iterations=k, momentum=momentum
        )


def test_a_path_that_diverges_ends_with_the_last_finite_step():
    big = {"learning_rate": 1e200, "momentum": 1e200, "iterations": 50}
    path = plots.descent_path(*FIVE, **big)
    assert 1 < len(path) < 51
    assert np.isfinite(path).all()
    assert path[-1] == pyref.gradient_descent_logistic(*FIVE, **big)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"learning_rate": 0}, "learning_rate is 0.0: give a positive, finite number"),
        ({"iterations": -1}, "iterations is -1"),
        ({"momentum": -1}, "momentum is -1.0"),
        ({"y": [2] * 5}, r"y\[0\] is 2.0"),
        ({"x": [math.inf] * 5}, r"x\[0\] is inf"),
    ],
)
def test_a_path_refuses_what_the_descent_refuses(changes, message):
    call = {"x": FIVE[0], "y": FIVE[1], **changes}
    with pytest.raises(ValueError, match=message):
        plots.descent_path(**call)
    with pytest.raises(ValueError, match=message):
        pyref.gradient_descent_logistic(**call)


def mean_loss(x, y, points):
    z = np.outer(points[:, 0], x) + points[:, 1:]
    return np.where(np.array(y) == 1, np.logaddexp(0, -z), np.logaddexp(0, z)).mean(axis=1)


def lines_of_surface(ax):
    """{level: vertices} of the contour lines."""
    (lines,) = [c for c in ax.collections if hasattr(c, "levels") and not c.filled]
    paths = zip(lines.levels, lines.get_paths(), strict=True)
    return {10**level: path.vertices for level, path in paths if len(path.vertices)}


@pytest.mark.parametrize(
    ("data", "momentum"), [(FIVE, 0.0), (FIVE, 1.0), (CHALLENGER, 0.0)], ids=str
)
def test_the_contours_are_those_of_the_loss(ax, data, momentum):
    rate = 0.1 if data is FIVE else 0.0005
    path = plots.descent_path(*data, momentum=momentum, learning_rate=rate)
    plots.loss_surface(*data, paths={"path": path}, ax=ax)
    lines = lines_of_surface(ax)
    assert len(lines) >= 3
    for level, vertices in lines.items():
        losses = mean_loss(*data, vertices)
        # Between two points of the grid the logarithm counts as linear.
        assert np.median(np.abs(np.log(losses / level))) < 0.02
        assert np.abs(np.log(losses / level)).max() < 0.5


def test_the_colour_bar_names_the_contours(ax):
    plots.loss_surface(*FIVE, a_limits=(0, 2), b_limits=(-6, 0), ax=ax)
    _, bar = ax.figure.axes
    ax.figure.canvas.draw()
    names = [float(label.get_text()) for label in bar.get_yticklabels()]
    assert names == pytest.approx([10**level for level in bar.get_yticks()])
    assert sorted(lines_of_surface(ax)) == pytest.approx(sorted(names))
    assert bar.get_ylabel() == "mean loss"
    alone = new_axes()
    plots.loss_surface(*FIVE, a_limits=(0, 2), b_limits=(-6, 0), ax=alone, colorbar=False)
    assert alone.figure.axes == [alone]


def test_darker_is_higher(ax):
    plots.loss_surface(*FIVE, a_limits=(0, 2), b_limits=(-6, 0), ax=ax)
    (fill,) = [c for c in ax.collections if hasattr(c, "levels") and c.filled]
    greys = fill.get_facecolor()[:, :3].mean(axis=1)
    assert (np.diff(greys) < 0).all()


def test_paths_their_starts_and_their_ends(ax):
    paths = {f"momentum {m}": plots.descent_path(*FIVE, momentum=m) for m in (0.0, 0.9)}
    plots.loss_surface(*FIVE, paths=paths, ax=ax)
    for name, path in paths.items():
        assert by_label(ax.get_lines(), name).get_xydata().tolist() == list(map(list, path))
    assert by_label(ax.get_lines(), "start").get_xydata().tolist() == [[0, 0]]
    ends = by_label(ax.get_lines(), "end").get_xydata().tolist()
    assert ends == [list(path[-1]) for path in paths.values()]
    assert words(ax) == ["momentum 0.0", "momentum 0.9", "start", "end"]
    looks = {(line.get_color(), line.get_linestyle()) for line in ax.get_lines()[:2]}
    assert len(looks) == 2
    (a0, a1), (b0, b1) = ax.get_xlim(), ax.get_ylim()
    for path in paths.values():
        assert all(a0 < a < a1 and b0 < b < b1 for a, b in path)


def test_limits_as_given(ax):
    path = plots.descent_path(*FIVE, iterations=10)
    plots.loss_surface(*FIVE, paths={"p": path}, a_limits=(-1, 4), ax=ax, color="red", lw=4)
    assert ax.get_xlim() == (-1, 4)
    assert ax.get_ylim()[0] < path[-1][1]
    line = by_label(ax.get_lines(), "p")
    assert (line.get_color(), line.get_linewidth()) == ("red", 4)


def test_a_surface_without_paths_has_no_legend(ax):
    plots.loss_surface(*FIVE, a_limits=(0, 2), b_limits=(-6, 0), ax=ax)
    assert ax.get_legend() is None


def test_a_path_of_one_point(ax):
    plots.loss_surface(*FIVE, paths={"p": [(1, 2)]}, ax=ax)
    assert ax.get_xlim() == (0, 2)
    assert ax.get_ylim() == (1, 3)


@pytest.mark.parametrize("low", [1e-300, 1e-19, 0.0123, 0.5, 0.693, 7.0])
@pytest.mark.parametrize("ratio", [1 + 1e-9, 1.001, 1.3, 2, 7, 50, 999, 2e4, 1e9, 1e25, 1e299])
def test_levels_are_few_and_inside(low, ratio):
    levels = plots._levels(low, low * ratio)
    assert 3 <= len(levels) <= 15
    assert levels == sorted(set(levels))
    assert low < levels[0]
    assert levels[-1] < low * ratio


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"a_limits": None}, ValueError, r"nothing says which \(a, b\) to show: give paths, or a_"),
        ({"a_limits": (1, 1)}, ValueError, r"a_limits is \(1.0, 1.0\): give the lower end first"),
        ({"b_limits": (0, 1, 2)}, ValueError, "b_limits has length 3: give the two ends"),
        ({"b_limits": (0, math.inf)}, ValueError, "b_limits is inf: give a finite number"),
        ({"a_limits": (0, 1e308), "x": [10, 1]}, ValueError, "give nearer limits"),
        ({"paths": [(0, 0)]}, TypeError, "paths is a list: give a dict of names and paths"),
        ({"paths": {"p": []}}, ValueError, r"paths\['p'\] is empty"),
        ({"paths": {"p": [(1, 2, 3)]}}, ValueError, r"paths\['p'\]\[0\] has 3 numbers: give pairs"),
        ({"paths": {"p": [(0, math.nan)]}}, ValueError, r"paths\['p'\]\[0\]\[1\] is nan"),
        ({"y": [0]}, ValueError, "y has length 1, but there are 2 samples"),
        ({"y": [0, -1]}, ValueError, r"y\[1\] is -1.0"),
        ({"x": [math.nan, 1]}, ValueError, r"x\[0\] is nan"),
    ],
)
def test_a_surface_that_cannot_be_drawn(changes, error, message):
    call = {"x": [1, 2], "y": [0, 1], "a_limits": (0, 1), "b_limits": (0, 1), **changes}
    with np.errstate(all="ignore"), pytest.raises(error, match=message):
        plots.loss_surface(**call)


# ---------------------------------------------------------------- the README's pictures


@pytest.fixture(scope="module")
def draw():
    spec = importlib.util.spec_from_file_location("draw", PICTURES / "draw.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def figures(draw):
    """Every picture, drawn once; only loss_curve takes seconds."""
    return {name: picture() for name, picture in draw.PICTURES.items()}


def test_the_readme_shows_every_picture(draw):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert {path.name for path in PICTURES.glob("*.png")} == set(draw.PICTURES)
    for name in draw.PICTURES:
        assert f"](tests/pictures/{name})" in readme


def same(kept, new):
    """Whether two contents are the same words and, but for rounding, the same numbers."""
    if isinstance(kept, dict):
        return kept.keys() == new.keys() and all(same(kept[key], new[key]) for key in kept)
    if isinstance(kept, list):
        return len(kept) == len(new) and all(map(same, kept, new))
    if isinstance(kept, float) and isinstance(new, float):
        return math.isclose(kept, new, rel_tol=1e-5, abs_tol=1e-9)
    return kept == new


def test_the_committed_pictures_are_those_that_the_program_draws(draw, figures):
    for name, figure in figures.items():
        with Image.open(PICTURES / name) as file:
            kept = json.loads(file.text["Description"])
            assert file.size == tuple(np.rint(figure.bbox.size)), name
            assert np.asarray(file.convert("L")).std() > 10, f"{name} is blank"
        figure.canvas.draw()
        new = draw.contents(figure)
        assert len(new) > 0
        assert same(kept, json.loads(json.dumps(new))), name


@pytest.mark.parametrize(
    "change",
    [
        lambda ax: ax.set_xlabel("other"),
        lambda ax: ax.set_xlim(20, 90),
        lambda ax: ax.get_legend().get_texts()[0].set_text("other"),
        lambda ax: ax.lines[0].set_ydata(0.999 * ax.lines[0].get_ydata()),
        lambda ax: ax.lines[0].set_color("red"),
        lambda ax: ax.collections[0].set_facecolor("red"),
        lambda ax: ax.collections[1].set_offsets(ax.collections[1].get_offsets()[1:]),
        lambda ax: ax.collections[1].remove(),
    ],
)
def test_another_picture_is_found_out(draw, change):
    figure = draw.challenger()
    figure.canvas.draw()
    kept = draw.contents(figure)
    assert same(kept, draw.contents(figure))
    change(figure.axes[0])
    assert not same(kept, draw.contents(figure))


def boxes(texts, renderer):
    return [
        (text.get_text(), text.get_window_extent(renderer))
        for text in texts
        if text.get_text() and text.get_visible()
    ]


def test_nothing_is_clipped_and_no_words_overlap(figures):
    for name, figure in figures.items():
        figure.canvas.draw()
        renderer = figure.canvas.get_renderer()
        page = figure.bbox
        shown = []
        for ax in figure.axes:
            texts = [ax.title, ax.xaxis.label, ax.yaxis.label]
            for axis, (low, high) in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
                for tick in axis.get_major_ticks() + axis.get_minor_ticks():
                    if low <= tick.get_loc() <= high:
                        texts += [tick.label1, tick.label2]
            shown += boxes(texts, renderer)
        shown += boxes([figure._suptitle] if figure._suptitle else [], renderer)
        assert len(shown) > 10, name
        for text, box in shown:
            assert page.x0 <= box.x0 <= box.x1 <= page.x1, (name, text)
            assert page.y0 <= box.y0 <= box.y1 <= page.y1, (name, text)
        for k, (text, box) in enumerate(shown):
            for other, its in shown[:k]:
                assert not box.overlaps(its), (name, text, other)


def test_no_legend_hides_data(figures):
    for name, figure in figures.items():
        figure.canvas.draw()
        for ax in figure.axes:
            if ax.get_legend() is None:
                continue
            box = ax.get_legend().get_window_extent()
            points = [line.get_xydata() for line in ax.get_lines() if len(line.get_xdata())]
            points += [c.get_offsets() for c in ax.collections if c.get_label().startswith("_")]
            for some in points:
                places = ax.transData.transform(np.asarray(some))
                assert not any(box.contains(*place) for place in places), name


def test_the_picture_of_the_document_tells_when_its_loop_dies(figures):
    (ax,) = figures["loss_curve.png"].axes
    assert words(ax) == ["pyref.gradient_descent", "document 000's own loop: nan from epoch 1340"]


def test_the_two_panels_are_the_two_answers_of_document_001(figures):
    left, right = [ax for ax in figures["momentum.png"].axes if ax.get_title()]
    for ax, end in (
        (left, (1.7690458649731053, -5.9563505391186355)),
        (right, (103.84988263633421, -351.54572048917004)),
    ):
        (star,) = by_label(ax.get_lines(), "end").get_xydata()
        assert tuple(star) == pytest.approx(end, rel=1e-12)
        assert f"a = {end[0]:.2f}, b = {end[1]:.2f}" in ax.get_title()
