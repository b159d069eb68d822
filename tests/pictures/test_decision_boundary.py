"""The decision boundary: lines, colours and dots, for models of any kind."""

import math

import numpy as np
import pytest
from helpers import axes
from helpers.axes import by_label, dots_of, new_axes, sigmoid, words
from matplotlib.colors import to_rgb
from sklearn.linear_model import LogisticRegression

import pyref
from pyref import datasets, pictures
from pyref.pictures import drawing

# fixtures
ax = axes.ax
nothing_left_behind = axes.nothing_left_behind

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
    pictures.decision_boundary((w, b), X, y, ax=ax)
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
    pictures.decision_boundary(([1, 1], 100), [[0, 0], [1, 1]], [0, 1], ax=ax)
    assert contours(ax) == ([], [])
    assert words(ax) == ["0", "1"]


@pytest.fixture(scope="module")
def iris_fit():
    return pyref.softmax_descent(PETALS, IRIS_Y, learning_rate=0.2, iterations=300)


def test_the_boundaries_of_three_classes(ax, iris_fit):
    pictures.decision_boundary(iris_fit, PETALS, IRIS_Y, ax=ax, class_names=IRIS_NAMES)
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
    pictures.decision_boundary(iris_fit, PETALS, IRIS_Y, ax=ax, class_names=IRIS_NAMES)
    shapes = set()
    for c, name in enumerate(IRIS_NAMES):
        given = [tuple(row) for row, k in zip(PETALS, IRIS_Y, strict=True) if k == c]
        areas = dots_of(ax, name)
        assert set(areas) == set(given)
        single = next(area for point, area in areas.items() if given.count(point) == 1)
        for point, area in areas.items():
            assert area == pytest.approx(given.count(point) * single)
        drawn = by_label(ax.collections, "_" + name)
        assert tuple(drawn.get_facecolor()[0][:3]) == to_rgb(drawing.COLOURS[c])
        shapes.add(drawn.get_paths()[0].vertices.tobytes())
    assert len(shapes) == 3
    assert ax.get_legend().get_title().get_text() == "area: number of rows"
    (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
    assert all(x0 < row[0] < x1 and y0 < row[1] < y1 for row in PETALS)


def test_the_plane_has_the_colours_of_the_classes(ax, iris_fit):
    pictures.decision_boundary(iris_fit, PETALS, IRIS_Y, ax=ax)
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
    colours = np.array([1 - np.array(to_rgb(colour)) for colour in drawing.COLOURS[:3]])
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
    pictures.decision_boundary(model, X, y, ax=ax)
    (boundary,), thin = contours(ax)
    assert np.abs(boundary @ model.coef_[0] + model.intercept_).max() < 1e-9
    assert len(thin) == 2
    assert words(ax) == ["versicolor", "virginica", "p = 1/2"]
    pair = new_axes()
    numbers = [int(label == "virginica") for label in y]
    pictures.decision_boundary((model.coef_[0], model.intercept_[0]), X, numbers, ax=pair)
    np.testing.assert_allclose(contours(pair)[0][0], boundary, atol=1e-9)


class Thirds:
    """A model with neither classes nor names of its own; a third of the plane for each label."""

    def predict_proba(self, points):
        third = np.clip(np.floor(points[:, 0]), 0, 2).astype(int)
        return np.eye(3)[third]


def test_a_model_that_is_not_linear_and_certain_everywhere(ax):
    X = [[0, 0], [0.5, 1], [1.5, 0], [2.5, 1], [3, 0]]
    pictures.decision_boundary(Thirds(), X, ["a", "a", "b", "c", "c"], ax=ax)
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
    pictures.decision_boundary(Particular(), X, [False, True, False], ax=ax)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("width", "height")
    ((boundary,), _) = contours(ax)
    assert np.abs(boundary[:, 0] - 2 * boundary[:, 1]).max() < 1e-9
    assert words(ax)[:2] == ["False", "True"]


def test_names_from_the_model_and_names_as_given(ax):
    model = LogisticRegression().fit([[0, 0], [1, 1]], [0, 1])
    model.feature_names_in_ = np.array(["one", "two"])
    X, y = np.array([[0.0, 0.0], [1.0, 1.0]]), [0, 1]
    with pytest.warns(UserWarning, match="valid feature names"):  # sklearn's, of its own names
        pictures.decision_boundary(model, X, y, ax=ax)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("one", "two")
    mine = new_axes()
    pictures.decision_boundary(
        ([1, 1], -1), X, y, ax=mine, feature_names=["left", "right"], class_names=["no", "yes"]
    )
    assert (mine.get_xlabel(), mine.get_ylabel()) == ("left", "right")
    assert words(mine) == ["no", "yes", "p = 1/2"]
    plain = pictures.decision_boundary(([1, 1], -1), X, y, ax=new_axes())
    assert (plain.get_xlabel(), plain.get_ylabel()) == ("x[0]", "x[1]")


def test_keywords_reach_the_dots(ax):
    pictures.decision_boundary(
        ([1, 1], -1), [[0, 0], [1, 1]], [0, 1], ax=ax, alpha=0.25, marker="v"
    )
    for name in "01":
        dots = by_label(ax.collections, "_" + name)
        assert dots.get_alpha() == 0.25


def test_a_feature_that_is_constant(ax):
    pictures.decision_boundary(([1, 1], -1), [[0, 3], [1, 3]], [0, 1], ax=ax)
    assert ax.get_ylim()[0] < 3 < ax.get_ylim()[1]


def test_one_class_only(ax):
    pictures.decision_boundary(([[1.0], [2.0]], [0.0]), [[0, 3], [1, 3]], [0, 0], ax=ax)
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
        pictures.decision_boundary(**call)
