"""Tables and curves drawn with characters: nothing is lost, and what is drawn is what is given."""

import doctest
import math
import re

import numpy as np
import pytest
from helpers.page import dots, picture

from pyref.pictures import terminal


def test_decimal_points_stand_under_each_other():
    header = ["", "left", "a long heading"]
    rows = [["x", "1.5", "-12.25"], ["yy", "-103.25", "word"], ["", "1e-05", "3"], ["z", "", "7.5"]]
    assert terminal.table(header, rows, 80) == [
        "        left  a long heading",
        " x      1.5           -12.25",
        " yy  -103.25            word",
        "       1e-05               3",
        " z                      7.5",
    ]


def test_a_wide_table_goes_on_below_and_loses_nothing():
    header = ["", *[f"column {j}" for j in range(7)]]
    rows = [[f"row {i}", *[f"{i + 10 * j}.125" for j in range(7)]] for i in range(3)]
    whole = "\n".join(terminal.table(header, rows, 200))
    for columns in range(20, 90):
        lines = terminal.table(header, rows, columns)
        assert max(len(line) for line in lines) <= columns
        parts = "\n".join(lines).split("\n\n")
        for part in parts:
            labels = [line[:6].strip() for line in part.splitlines()]
            assert labels == ["", "row 0", "row 1", "row 2"]
        found = re.findall(r"column \d|\d+\.125", "\n".join(lines))
        assert sorted(found) == sorted(re.findall(r"column \d|\d+\.125", whole))
    assert "" not in terminal.table(header, rows, 80)


def test_a_table_that_cannot_fit_has_one_column_at_a_time():
    lines = terminal.table(["", "a", "b"], [["label", "1.25", "2.25"]], 3)
    assert lines == ["           a", " label  1.25", "", "           b", " label  2.25"]


def test_a_ragged_table_is_an_error():
    with pytest.raises(ValueError, match="a row has 2 cells, the header 3"):
        terminal.table(["", "a", "b"], [["x", "1"]], 80)


def test_paragraph():
    lines = terminal.paragraph("one  two\nthree four", 9)
    assert lines == [" one two", " three", " four"]
    assert terminal.paragraph("unbreakable-word", 6) == [" unbreakable-word"]


def test_printable():
    assert terminal.printable("3 µs ─│┤┬└┊", False) == "3 us -|+++:"
    assert terminal.printable("⡇", False) == "?"
    assert terminal.printable("3 µs ⡇", True) == "3 µs ⡇"
    assert terminal.printable("a\udcffb", True) == "a?b"  # a path's undecodable byte


@pytest.mark.parametrize("columns", [20, 44, 80, 131])
@pytest.mark.parametrize("n", [1, 2, 3, 50, 1000, 12345])
@pytest.mark.parametrize("logarithmic", [False, True])
@pytest.mark.parametrize("unicode", [False, True])
def test_a_curve_keeps_to_its_frame(columns, n, logarithmic, unicode):
    values = [1 / (1 + k) for k in range(n)]
    lines = terminal.curve(
        *(values, columns, 9, "title", "x name", "y name"),
        logarithmic=logarithmic,
        unicode=unicode,
        flag=(n // 2 + 1, "here"),
    )
    assert len(lines) == 1 + 9 + 3
    assert max(len(line) for line in lines) <= columns
    assert "title" in lines[0]
    assert "y name" in lines[0]
    assert "x name" in lines[-1]
    assert all(line.isascii() for line in lines) == (not unicode)
    inside, gutter = picture(lines)
    assert len(inside) == 9
    marks = [c for line in inside for c in line[gutter:] if c == "*" or 0x2800 < ord(c) < 0x2900]
    assert marks


def test_a_straight_line_is_drawn_straight():
    """Height against column, read back from the dots, is within one dot of the line itself."""
    lines = terminal.curve([float(k) for k in range(1001)], 64, rows=10)
    inside, gutter = picture(lines)
    found = dots(inside, gutter)
    assert len(found) == 2 * (64 - gutter)
    for column, heights in enumerate(found):
        middle = (column + 0.5) / len(found) * 39
        assert heights
        assert all(abs(height - middle) <= 1 for height in heights)


def test_a_logarithmic_axis_makes_a_power_straight():
    lines = terminal.curve([math.exp(-k / 50) for k in range(500)], 64, 10, logarithmic=True)
    inside, gutter = picture(lines)
    found = dots(inside, gutter)
    for column, heights in enumerate(found):
        middle = 39 - (column + 0.5) / len(found) * 39
        assert heights
        assert all(abs(height - middle) <= 1 for height in heights)


def test_a_short_logarithmic_axis_has_names_too():
    inside, _ = picture(terminal.curve([0.7, 0.6, 0.46], 60, 8, logarithmic=True))
    named = {7 - i: float(line.split()[0]) for i, line in enumerate(inside) if "┤" in line}
    assert len(named) >= 2
    for row, value in named.items():
        assert abs(math.log(value / 0.46) / math.log(0.7 / 0.46) * 7 - row) <= 0.5


def test_the_names_on_the_axis_stand_at_their_values():
    lines = terminal.curve([k / 100 for k in range(1, 101)], 60, rows=11)
    inside, gutter = picture(lines)
    named = {10 - i: float(line.split()[0]) for i, line in enumerate(inside) if "┤" in line}
    assert named == {0: 0.0, 5: 0.5, 10: 1.0}
    rule, names = lines[12], lines[13]
    for match in re.finditer(r"\d+", names):
        place = round((int(match.group()) - 1) / 99 * (60 - gutter - 1)) + gutter
        assert rule[place] == "┬"
        assert match.start() <= place < match.end()
    assert re.findall(r"\d+", names) == ["50", "100"]


def test_a_steep_fall_leaves_no_gap():
    for values in ([100.0, 0.0], [100.0] * 5 + [0.0] * 500, [0.0, 100.0, 0.0] * 200):
        inside, gutter = picture(terminal.curve(values, 50, rows=8))
        seen = set().union(*dots(inside, gutter))
        assert seen == set(range(32))


def test_what_cannot_be_drawn_leaves_a_gap():
    for bad in (math.nan, math.inf, -math.inf, -1.0):
        values = [1.0] * 40 + [bad] * 40 + [1.0] * 40
        inside, gutter = picture(terminal.curve(values, 66, rows=4))
        found = dots(inside, gutter)
        third = len(found) // 3
        assert all(found[: third - 1])
        assert all(found[-third + 1 :])
        assert not any(found[third + 1 : -third - 1])


@pytest.mark.parametrize("values", [[], [math.nan], [-1.0, math.inf]])
def test_nothing_to_draw(values):
    with pytest.raises(ValueError, match="no number that can be drawn"):
        terminal.curve(values, 80)
    with pytest.raises(ValueError, match="no number that can be drawn"):
        terminal.curve([*values, 0.0], 80, logarithmic=True)


def test_constant_and_zero_curves():
    for values in ([0.0, 0.0, 0.0], [5.0, 5.0]):
        inside, gutter = picture(terminal.curve(values, 40, rows=4))
        found = dots(inside, gutter)
        assert len({tuple(sorted(heights)) for heights in found}) == 1
        assert found[0]


def test_the_flag_gives_way_to_the_curve():
    for unicode, pole in ((True, "┊"), (False, ":")):
        lines = terminal.curve(
            [10.0 - k / 100 for k in range(1000)], 70, 10, flag=(500, "half"), unicode=unicode
        )
        plain = terminal.curve([10.0 - k / 100 for k in range(1000)], 70, 10, unicode=unicode)
        assert "half" in lines[2]
        assert sum(pole in line for line in lines) >= 9
        for flagged, line in zip(lines, plain, strict=True):
            for a, b in zip(flagged, line, strict=False):
                assert a == b or b == " "
    # no room for the text to the right: it stands to the left; none at all: it is left out
    falling = [10.0] + [0.1] * 999
    assert "late ┊" in terminal.curve(falling, 70, 10, flag=(990, "late"))[2]
    lines = terminal.curve(falling, 20, 10, flag=(500, "much too long for here"))
    assert not any("much" in line for line in lines)


@pytest.mark.parametrize("top", [1e-300, 3e-7, 0.1, 1, 1.12, 7, 99, 1e6, 3e300])
@pytest.mark.parametrize("most", [2, 3, 6, 10])
def test_ticks(top, most):
    marks = terminal.ticks(0.0, top, most)
    assert 1 <= len(marks) <= most
    assert marks[0] == 0
    assert marks[-1] <= top * (1 + 1e-9)
    assert len(marks) < 3 or np.allclose(np.diff(marks), marks[1], rtol=1e-9, atol=0)
    assert len(marks) > 1


def test_log_ticks():
    assert terminal.log_ticks(1, 1000) == [1, 10, 100, 1000]
    assert terminal.log_ticks(0.3, 0.4) == []
    assert terminal.log_ticks(0.5, 0.5) == [0.5]
    assert terminal.log_ticks(1e-9, 3.0) == [float(f"1e{k}") for k in range(-9, 1)]


def test_two_curves_can_have_one_axis():
    """`least` moves the lower end of a logarithmic axis, and only down."""
    high = terminal.curve([1.0, 0.2], 60, 9, logarithmic=True, least=0.1)
    low = terminal.curve([1.0, 0.2, 0.1], 60, 9, logarithmic=True)
    names = [[line.split("┤")[0].strip() for line in lines if "┤" in line] for lines in (high, low)]
    assert names[0] == names[1]
    assert max(dots(picture(high)[0], picture(high)[1])[-1]) > 8
    assert terminal.curve([1.0, 0.1], 60, logarithmic=True, least=0.5) == terminal.curve(
        [1.0, 0.1], 60, logarithmic=True
    )


def test_doctests():
    result = doctest.testmod(terminal)
    assert result.attempted > 0
    assert result.failed == 0
