"""The main job's page: `pyref` with no argument, read as a person reads it.

One run serves all tests of the numbers. What a line says of the digits that agree is worked out
again here, by the independent oracle or from the numbers that the long form prints.
"""

import io
import math
import re
from itertools import pairwise

import numpy as np
import pytest
from helpers import oracle, oracle_second_order
from helpers.page import agreeing, dots, parts_of, read_table, section, tables
from helpers.processes import run_here

import pyref
from pyref import datasets
from pyref.command import comparisons, implementations, tour
from pyref.command.page import Page
from pyref.command.sigmoid import ROWS, picture
from pyref.pictures import terminal

NOTE = "31 F, the morning of the accident: the probability of damage is 0.9996"


def block(page, start):
    """The lines from the one that starts so to the next empty one."""
    lines = page.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith(start))
    return lines[first : lines.index("", first)]


def compared(page):
    header, *lines = block(page, "How many digits agree")
    text = "How many digits agree, documents and pyref (9 needed)"
    assert header.startswith(text)
    return read_table([header.replace(text, " " * len(text)), *lines])


@pytest.fixture(scope="module")
def rows(page):
    """{what is compared: {implementation: cell}}."""
    return compared(page)


# ---------------------------------------------------------------- the whole


def test_it_fits_a_screen_and_a_half(page):
    lines = page.splitlines()
    assert len(lines) <= 46
    assert max(len(line) for line in lines) <= 80
    assert not any(line != line.rstrip() for line in lines)
    assert "\n\n\n" not in page
    assert "\x1b" not in page
    assert page.startswith(f"{implementations.version()}: ")
    assert "MISMATCH" not in page


def test_the_verdict_counts_the_comparisons(page, rows):
    count = sum(len(cells) for cells in rows.values())
    verdict = block(page + "\n", f"{count} of ")
    assert re.fullmatch(rf"{count} of {count} comparisons hold, \d+\.\d s", verdict[0])
    assert verdict[1:] == [
        " pyref fit your.csv --target column  fit a table of your own",
        " pyref tour --long                   all numbers in full",
    ]


def test_the_commands_that_it_names_exist(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "your.csv").write_text("x,column\n1,no\n2,yes\n3,no\n4,yes\n")
    assert run_here(*["fit", "your.csv", "--target", "column"])[0] == 0
    assert run_here("tour", "--help")[0] == 0


# ---------------------------------------------------------------- Challenger


def test_the_launches_and_the_sigmoid_stand_where_they_are(page):
    lines = block(page, "Challenger: was an O-ring damaged")
    assert "23 launches" in lines[0]
    x, y = datasets.challenger()
    a, b = (float(number) for number in ("-0.23216274421859648", "15.042901647702442"))
    across = 80 - 8
    for line, name, label in ((lines[1], "damage", 1), (lines[2 + ROWS], "  none", 0)):
        assert line.startswith(f"{name} ┤")
        inside = line[8:].ljust(across)
        places = {round((t - 30) / 52 * (across - 1)) for t, d in zip(x, y) if d == label}  # noqa: B905
        assert {k for k, mark in enumerate(inside) if mark == "o"} == places
    curve = [line[8:].replace("┊", " ") for line in lines[2 : 2 + ROWS]]
    found = dots([line.ljust(across) for line in curve], 0)
    assert len(found) == 2 * across
    for k, heights in enumerate(found):
        p = 1 / (1 + np.exp(-(a * (30 + 52 * (k + 0.5) / len(found)) + b)))
        assert heights
        assert min(abs(height - p * (4 * ROWS - 1)) for height in heights) <= 0.5 + 1e-9
        assert max(heights) - min(heights) <= 2
    # the marks on the axes stand at their values
    assert [line[:8] for line in lines[2 : 2 + ROWS]] == [
        "     1 ┤", "       │", "   0.5 ┤", "       │", "     0 ┤",
    ]  # fmt: skip
    rule, names = lines[3 + ROWS], lines[4 + ROWS]
    for match in re.finditer(r"\d+", names):
        place = 8 + round((int(match.group()) - 30) / 52 * (across - 1))
        assert rule[place] == "┬"
        assert match.start() <= place < match.end()
    assert re.findall(r"\d+", names) == ["30", "40", "50", "60", "70", "80"]


def test_the_probability_on_the_morning_of_the_accident(page):
    lines = block(page, "Challenger: was an O-ring damaged")
    note = [line.partition("┊ ")[2].partition("  ")[0] for line in lines if "┊ " in line]
    assert " ".join(" ".join(note).split()) == NOTE
    pole = lines[3].index("┊") - 8
    assert pole == round(1 / 52 * 71)


@pytest.mark.parametrize("columns", range(44, 81))
@pytest.mark.parametrize("unicode", [True, False])
def test_the_note_is_never_lost(columns, unicode):
    x, y = datasets.challenger()
    lines = picture(
        *(x, y, lambda t: pyref.sigmoid(15.0429 - 0.23216 * t), 31, NOTE, ("damage", "none")),
        *(columns, unicode),
    )
    assert max(len(line) for line in lines) <= columns
    words = [word for line in lines for word in re.split(r"[^\w.:,]+", line)]
    assert all(word in words for word in NOTE.split())
    assert "".join(lines).isascii() == (not unicode)


def test_a_rising_and_a_steep_sigmoid_have_no_gap():
    for steepness in (0.3, 5.0, -80.0):
        lines = picture(
            *([0, 1, 2, 3], [0, 0, 1, 1], lambda x: pyref.sigmoid(steepness * (x - 1.5))),  # noqa: B023
            *(0, "a note", ("one", "zero"), 60, True),
        )
        found = dots([line[6:].replace("┊", " ").ljust(54) for line in lines[1 : 1 + ROWS]], 0)
        seen = set().union(*[heights for heights in found if heights])
        assert seen >= set(range(2, 4 * ROWS - 2)) or steepness == 0.3
        assert all(found)
        for before, after in pairwise(found):
            assert min(abs(a - b) for a in before for b in after) <= 1


def test_the_table_of_coefficients(page):
    table = read_table(block(page, "                 coefficient"))
    data = oracle_second_order.challenger()
    truth = oracle_second_order.optimum(data.X, data.y)
    for label, value, error in zip(
        ("temperature, F", "intercept"), truth.parameters, truth.standard_errors, strict=True
    ):
        row = table[label]
        assert float(row["coefficient"]) == pytest.approx(float(value), rel=5e-6)
        assert float(row["std. error"]) == pytest.approx(float(error), rel=5e-6)
        assert float(row["z"]) == pytest.approx(float(value / error), abs=5e-4)


# ---------------------------------------------------------------- the digits


def test_each_document_is_introduced_and_compared(rows):
    assert list(rows) == [
        "document 001: one feature, five points, a plain loop",
        "its printed output, which takes momentum 1.0",
        "document 002: the gradient, derived by the chain rule",
        "document 000: four features, 1000 points, 1000 epochs",
        "the same in NumPy, as the document has it",
        "after epoch 1340, where its loss becomes NaN",
        "Challenger: the optimum, found by Newton's method",
    ]
    for cells in rows.values():
        parts_of(cells)
        for cell in cells.values():
            assert re.fullmatch(r"every digit|(1\d|9) digits|goes on", cell)


def in_words(cell):
    return cell.replace("figures", "digits")


def test_the_digits_are_those_of_the_long_form(rows, long_page):
    first, printed = tables(section(long_page, "Document 001"))
    third = tables(section(long_page, "Document 000: 4 features"))[0]
    names = parts_of(first["a"])
    for name in names:
        ours = [float(first[label][name]) for label in ("a", "b")]
        loop = [first[label]["the document's loop"] for label in ("a", "b")]
        assert rows["document 001: one feature, five points, a plain loop"][name] == in_words(
            agreeing(ours, loop)
        )
        assert rows["its printed output, which takes momentum 1.0"][name] == in_words(
            printed[f"{name}, momentum 1.0"]["as printed"]
        )
        assert rows["document 000: four features, 1000 points, 1000 epochs"][name] == in_words(
            third["as the loop"][name]
        )
        assert rows["the same in NumPy, as the document has it"][name] == in_words(
            third["as NumPy"][name]
        )


def test_document_002s_gradient_is_the_oracles():
    X, y, w, b = datasets.seeded_cloud()
    found = comparisons.derived_gradient(X, y, w, b)
    _, grad_w, grad_b = oracle_gradient(*oracle.cloud())
    assert np.allclose(found, [*np.ravel(grad_w), float(np.ravel(grad_b)[0])], rtol=1e-12, atol=0)


def oracle_gradient(X, y, w, b):
    """The mean loss and gradient in NumPy, from p - y."""
    z = X @ w + b
    r = 1 / (1 + np.exp(-z)) - y
    return None, X.T @ r / len(X), np.sum(r) / len(X)


# ---------------------------------------------------------------- NaN, and the times


def test_the_document_dies_at_1340_and_ours_goes_on(page):
    lines = block(page, "Document 000, left to run on")
    text = " ".join(lines[:2])
    assert "its loss is NaN from epoch 1340 on" in text
    losses, _, _ = oracle.script_000(1340)
    assert np.isfinite(losses[1338])
    assert np.isnan(losses[1339])
    title, *inside = lines[2:8]
    assert title.split() == ["loss", "the", "document's", "program", "loss", "pyref"]
    half = inside[0].index("┤", 10) - 4 - 1
    across = (80 - 3) // 2 - 6
    theirs = dots([line[6:half].replace("┊", " ").replace("NaN", "   ") for line in inside], 0)
    ours = dots([line[half + 6 :] for line in inside], 0)
    end = 1340 / 2000 * 2 * across
    # theirs is drawn to the NaN, ours to the end; until there they are the same picture
    drawn = [k for k, heights in enumerate(theirs) if heights]
    assert abs(drawn[-1] - end) <= 2
    assert drawn == list(range(len(drawn)))
    assert all(ours)
    assert len(ours) == 2 * across
    assert theirs[: drawn[-1]] == ours[: drawn[-1]]
    assert min(ours[-1]) == 0
    assert max(ours[0]) == 4 * len(inside) - 1
    pole = inside[2].index("┊") - 6
    assert abs(pole - 1339 / 1999 * (across - 1)) <= 0.5
    assert "┊ NaN" in inside[1]


def test_curves_that_cannot_be_drawn_are_left_out():
    """Then the page goes on, and names the mismatch."""
    page, nan = Page(io.StringIO()), [math.nan] * 2000
    falling = [1 / k for k in range(1, 2001)]
    assert len(tour.two_curves(nan, nan, None, page)) == 1
    for left, right, name in ((falling, nan, "the document's program"), (nan, falling, "pyref")):
        lines = tour.two_curves(left, right, None, page)
        assert len(lines) == 9
        assert lines[1].split()[1:] == name.split()


def test_times(page):
    table = read_table(block(page, " one epoch takes"))
    assert list(table) == ["document 001", "document 000"]
    units = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1.0}

    def seconds(cell):
        assert re.fullmatch(r"(\d\.\d\d|\d\d\.\d|\d\d\d) (ns|µs|ms|s)", cell), cell
        number, unit = cell.split()
        return float(number) * units[unit]

    for row in table.values():
        python = seconds(row["python"])
        assert 1e-8 < python < 1
        assert 1e-8 < seconds(row["the document"]) < 1
        if "c" in parts_of(row):
            ratio = python / seconds(row["c"])
            shown = float(row["python / c"])
            assert abs(shown - ratio) <= 0.012 * ratio + (0.5 if shown >= 10 else 0.05)
    # 200 times the samples: not 200 times the time, but not the time of one either
    assert seconds(table["document 000"]["python"]) > 20 * seconds(table["document 001"]["python"])


# ---------------------------------------------------------------- without the C part


def test_without_the_c_part(tiny, no_c):
    text = run_here()[1]
    head = " ".join(text.partition("Challenger")[0].split())
    assert "c: absent here: import of pyref.fast halted; None in sys.modules" in head
    rows = compared(text)
    assert all(list(cells) == ["python"] for cells in rows.values())
    assert "python / c" not in text
    assert re.search(r"^\d of 7 comparisons hold", text, re.MULTILINE)
    assert max(len(line) for line in text.splitlines()) <= 80


def test_the_page_without_unicode(tiny, monkeypatch):
    monkeypatch.setattr(terminal, "has_unicode", lambda stream: False)
    text = run_here()[1]
    assert text.isascii()
    assert "31 F, the morning of the accident" in text
