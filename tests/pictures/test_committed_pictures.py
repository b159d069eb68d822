"""The README's pictures are those that the program draws; nothing is clipped, nothing hidden."""

import json
import math
from pathlib import Path

import draw
import numpy as np
import pytest
from helpers import axes
from helpers.axes import by_label, words
from PIL import Image

# fixtures
nothing_left_behind = axes.nothing_left_behind

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def figures():
    """Every picture, drawn once; only loss_curve takes seconds."""
    figures = {name: picture() for name, picture in draw.PICTURES.items()}
    for figure in figures.values():
        figure.canvas.draw()
    return figures


def test_their_page_shows_every_picture_and_the_readme_one():
    page = (HERE / "README.md").read_text(encoding="utf-8")
    assert {path.name for path in HERE.glob("*.png")} == set(draw.PICTURES)
    for name in draw.PICTURES:
        assert f"]({name})" in page
    readme = (HERE.parent.parent / "README.md").read_text(encoding="utf-8")
    assert "](tests/pictures/challenger.png)" in readme


def same(kept, new):
    """Whether two contents are the same words and, but for rounding, the same numbers."""
    if isinstance(kept, dict):
        return kept.keys() == new.keys() and all(same(kept[key], new[key]) for key in kept)
    if isinstance(kept, list):
        return len(kept) == len(new) and all(map(same, kept, new))
    if isinstance(kept, float) and isinstance(new, float):
        return math.isclose(kept, new, rel_tol=1e-5, abs_tol=1e-9)
    return kept == new


def test_the_committed_pictures_are_those_that_the_program_draws(figures):
    for name, figure in figures.items():
        with Image.open(HERE / name) as file:
            kept = json.loads(file.text["Description"])
            assert file.size == tuple(np.rint(figure.bbox.size)), name
            assert np.asarray(file.convert("L")).std() > 10, f"{name} is blank"
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
def test_another_picture_is_found_out(change):
    figure = draw.challenger()
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
