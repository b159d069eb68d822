"""The command line's small parts, by themselves."""

import math
import sys
import time
import types
from pathlib import Path

import polars as pl
import pytest
from helpers.processes import Screen

from pyref import LogisticRegression
from pyref import __main__ as command_line
from pyref.command import bench, compare, fit, sigmoid
from pyref.command.mistakes import Mistake
from pyref.command.progress import Progress
from pyref.model import file as model_file


def test_who_began_an_error():
    """Ctrl-C may stand anywhere in the chain, by its type or in a library's words; a chain that
    bites its own tail ends all the same."""
    assert command_line.was_interrupted(KeyboardInterrupt())
    assert command_line.was_interrupted(RuntimeError("KeyboardInterrupt: <no message>"))
    inner, outer = ValueError("a"), ImportError("b")
    outer.__cause__ = inner
    assert not command_line.was_interrupted(outer)
    inner.__context__ = KeyboardInterrupt()
    assert command_line.was_interrupted(outer)
    inner.__context__ = outer
    assert not command_line.was_interrupted(outer)
    assert not command_line.was_interrupted(None)


def test_figures_of_a_number_written_in_another_way():
    assert compare.figures(100.0, "1e2") == math.inf
    assert compare.figures(100.0001, "1e2") == pytest.approx(6)


@pytest.mark.parametrize(("cores", "shown"), [(1, ["1 thread"]), (2, ["1 thread", "default"])])
def test_one_core_is_measured_once(monkeypatch, cores, shown):
    asked = []

    def measure(fast, shape, threads, quick):
        asked.append(threads)
        return [0.001] * len(threads), [0.0005] * len(threads)

    monkeypatch.setattr(bench, "cores", lambda: cores)
    monkeypatch.setattr(bench, "measure", measure)
    monkeypatch.setattr(bench, "pure_seconds", lambda rounds: 0.1)
    lib = types.SimpleNamespace(pyref_instruction_set=lambda: b"v3")
    ffi = types.SimpleNamespace(string=lambda text: text)
    engine = types.SimpleNamespace(lib=lib, ffi=ffi)
    fast = types.SimpleNamespace(FRONT=types.SimpleNamespace(engine=engine))
    text = "\n".join(bench.page(fast, True, 80))
    assert {tuple(threads) for threads in asked} == {(1,) if cores == 1 else (1, None)}
    assert [word for word in ("1 thread", "default") if word in text] == shown
    assert "50 %" in text  # 0.5 ms of reading in an epoch of 1 ms


def test_the_curve_in_stars_is_right_cell_by_cell():
    """One star in each column, in the row of its probability: 1 at the top, 0 at the bottom."""
    lines = sigmoid.picture(
        [0.0, 10.0], [0, 1], lambda x: x / 10, 5.0, "", ("one", "none"), 46, False
    )
    rows = [line[6:].ljust(40) for line in lines[1:6]]
    for k in range(40):
        x = -1 + 12 * (k + 0.5) / 40  # the middle of the column: from -1 to 11
        want = 4 - round(x / 10 * 4)
        stars = [i for i, row in enumerate(rows) if row[k] == "*"]
        assert stars == [want] or (want not in range(5) and len(stars) <= 1), (k, rows)


def test_three_classes_of_one_feature_have_no_picture(here, folder):
    Path("t.csv").write_text("x,y\n1,a\n2,b\n3,c\n1.5,b\n2.5,a\n3.5,c\n2,c\n1,b\n3,a\n")
    assert here("fit", "t.csv", "--target", "y", "--l2", "1", "--save", "t.json")[0] == 0
    assert here("plot", "t.json", "t.csv", "--target", "y", "--out", "t.png") == (
        2,
        "",
        "pyref: the model has 1 feature and 3 classes, and a fit can be drawn over one feature (two"
        " classes) or two: without data, the loss curve is drawn\n",
    )


def test_labels_of_two_types_in_parquet_are_words(here, folder):
    """A column of Parquet is of one type; a label that is None stays a gap."""
    X = [[1.0], [2.0], [3.0], [4.0], [1.5], [2.5]]
    model = LogisticRegression(l2=1).fit(X, ["a", 2, "a", 2, 2, "a"])
    model_file.save(model, "m.json")
    Path("x.csv").write_text("x\n1\n4\n")
    assert here("predict", "m.json", "x.csv", "--out", "p.parquet") == (0, "", "")
    found = pl.read_parquet("p.parquet")["prediction"]
    assert found.dtype == pl.String
    assert found.to_list() == [str(label) for label in model.predict([[1.0], [4.0]])]


def test_a_curve_that_cannot_be_drawn_does_not_silence_the_fit(here, folder, monkeypatch):
    """The fit was made: what was found is said, and then why there is no curve."""
    plain = here("fit", "launches.csv", "--target", "damaged")

    def draw(*_):
        raise Mistake("the loss curve cannot be drawn: no loss is finite")

    monkeypatch.setattr(fit, "draw_losses", draw)
    found = here("fit", "launches.csv", "--target", "damaged", "--plot", "-")
    assert found == (0, plain[1], "pyref: the loss curve cannot be drawn: no loss is finite\n")


def test_the_bar_is_one_cell_narrower_than_the_terminal(monkeypatch):
    """In the last cell of a line some terminals begin a new one."""
    made, clock = [], [0.0]

    class Bar:
        start_t = n = 0.0

        def __init__(self, **how):
            made.append(how)

        def set_postfix_str(self, text, refresh):
            assert text == "loss 0.25"

        def update(self, more):
            assert more == 3

    monkeypatch.setitem(sys.modules, "tqdm", types.SimpleNamespace(tqdm=Bar))
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    monkeypatch.setenv("COLUMNS", "70")
    monkeypatch.setenv("LINES", "20")
    shown = Progress(10, Screen())
    clock[0] = 60.0
    assert not shown(2, 0.25)
    assert [(how["ncols"], how["nrows"], how["total"]) for how in made] == [(69, 20, 10)]
