"""A long fit, watched: the bar, the line, and a Ctrl-C that keeps what has been reached."""

import io
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers.processes import Screen, Terminal, environment, run_here, words

from pyref.command.progress import Progress, line, span
from pyref.fit.separation import Budget
from pyref.model import file as model_file

pytestmark = pytest.mark.usefixtures("folder")


# The command without its first second of silence, which test_nothing_is_shown_... is about.
SOON = "from pyref.command import progress; progress.DELAY = 0.1"

ENDLESS = ["--solver", "gradient_descent", "--backend", "python", "--tolerance", "0"]


ENDLESS += ["--learning-rate", "0.001", "--iterations", "1000000"]


@pytest.mark.parametrize(
    ("without", "shown"),
    [
        (
            ("tqdm",),
            r"\riteration \d+ of 1000000, loss 0\.\d+, [\d.]+ a second, at most \d+ .* left",
        ),
        (
            (),
            r"\r +\d+%\|[^\r]*\| \d+/1000000 \[00:0\d<[\d:]+, +[\d.]+ iterations/s, loss 0\.\d+\]",
        ),
    ],
    ids=["plain", "tqdm"],
)
def test_ctrl_c_keeps_what_has_been_reached(noisy, here, without, shown):
    """On a terminal: the bar, Ctrl-C, the model saved, and the run gone on with."""
    how = ["fit", noisy, "--target", "y", *ENDLESS]
    with Terminal(*words(SOON, without), *how, "--save", "m.json") as terminal:
        terminal.until(shown)
        terminal.press(b"\x03")
        assert terminal.end() == 130
    for percent, done in re.findall(r"\r +(\d+)%\|[^\r]*\| (\d+)/1000000", terminal.screen):
        assert percent == f"{100 * (int(done) / 1_000_000):.0f}"
    assert "pyref: stopping after this iteration (Ctrl-C again: at once)" in terminal.screen
    model = model_file.load("m.json")
    k = model.n_iter_
    assert 0 < k < 1_000_000
    last = terminal.screen.splitlines()[-1]
    assert last == (
        f"pyref: interrupted after {k} iterations, and kept in m.json; --init goes on from there"
    )
    text = " ".join(terminal.screen.split())
    assert f"{k} iterations: not converged. Ctrl-C stopped it before the gradient was zero" in text
    # the passing line is gone before the result is printed
    assert re.search(r"\r +\rProbability modelled: y = yes", terminal.screen)

    # What has been kept is what the same number of iterations gives, and so is what follows.
    how[how.index("1000000")] = str(k)
    assert here(*how, "--save", "same.json")[0] == 3
    assert model_file.load("same.json").coef_ == model.coef_
    how[how.index(str(k))] = "5"
    assert here(*how, "--init", "m.json", "--save", "on.json")[0] == 3
    how[how.index("5")] = str(k + 5)
    assert here(*how, "--save", "whole.json")[0] == 3
    on, whole = model_file.load("on.json"), model_file.load("whole.json")
    assert (on.coef_, on.intercept_) == (whole.coef_, whole.intercept_)


def test_ctrl_c_without_save_says_how(noisy):
    with Terminal(*words(SOON, ("tqdm",)), "fit", noisy, "--target", "y", *ENDLESS) as terminal:
        terminal.until(r"iteration \d+ of")
        terminal.press(b"\x03")
        assert terminal.end() == 130
    last = terminal.screen.splitlines()[-1]
    assert re.fullmatch(
        r"pyref: interrupted after \d+ iterations, and not kept: that takes --save", last
    )


def test_a_second_ctrl_c_ends_it_at_once(folder):
    """In the middle of an iteration that takes long; nothing is saved."""
    rng = random.Random(2)
    with open("wide.csv", "w") as file:
        file.write(",".join([*[f"x{j}" for j in range(60)], "y"]) + "\n")
        for _ in range(3000):
            x = [rng.gauss(0, 1) for _ in range(60)]
            file.write(",".join([*map(repr, x), str(int(x[0] + rng.gauss(0, 2) > 0))]) + "\n")
    arguments = ["fit", "wide.csv", "--target", "y", "--solver", "newton", "--backend", "python"]
    with Terminal(*words(SOON, ("tqdm",)), *arguments, "--save", "m.json") as terminal:
        terminal.until(r"iteration \d+ of 100")
        terminal.press(b"\x03")
        terminal.until("stopping after this iteration")
        terminal.press(b"\x03")
        assert terminal.end() == 130
    assert terminal.screen.splitlines()[-1].endswith("pyref: interrupted")
    assert "Traceback" not in terminal.screen
    assert not Path("m.json").exists()


# The command line, which makes a file once a fit has come to its 20th iteration.
WATCHED = """
from pyref.command import progress
call = progress.Progress.__call__
def watched(self, k, loss):
    if k == 20:
        open("running", "w").close()
    return call(self, k, loss)
progress.Progress.__call__ = watched
"""


def test_an_interrupt_without_a_terminal(noisy):
    """As from a script: silent until the signal, and the same ending."""
    child = subprocess.Popen(
        [*words(SOON + WATCHED), "fit", noisy, "--target=y", *ENDLESS, "--save=m.json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    try:
        end = time.monotonic() + 120
        while not Path("running").exists():
            assert time.monotonic() < end
            assert child.poll() is None
            time.sleep(0.05)
        time.sleep(0.3)  # to where a terminal would show something
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=120)
    finally:
        child.kill()
    k = model_file.load("m.json").n_iter_
    assert child.returncode == 130
    assert err.decode() == (
        f"pyref: interrupted after {k} iterations, and kept in m.json; --init goes on from there\n"
    )
    assert b"400 rows, 2 features" in out


@pytest.mark.parametrize("classes", [2, 3])
def test_ctrl_c_in_a_search_for_a_proof(tmp_path, monkeypatch, capsys, classes):
    """There are no iterations in it that could end; what was reached is kept all the same."""
    asked, pressed = Budget.is_over, []

    def press(self):
        if not pressed:
            pressed.append(signal.raise_signal(signal.SIGINT))
        return asked(self)

    monkeypatch.setattr(Budget, "is_over", press)
    monkeypatch.chdir(tmp_path)
    names = ["m" if i == 8 else "mkl"[(i * i + i // 5) % classes] for i in range(42)]
    rare = [f"{i % 7},{int(i == 8)},{name}" for i, name in enumerate(names)]
    Path("rare.csv").write_text("\n".join(["a,b,y", *rare]))
    status, out = run_here("fit", "rare.csv", "--target", "y", "--save", "m.json")
    assert (status, len(pressed)) == (130, 1)
    assert "not converged. Ctrl-C stopped it before the gradient was zero" in " ".join(out.split())
    model = model_file.load("m.json")
    assert model.status_ == "iterations"
    assert model.n_iter_ == 10
    assert capsys.readouterr().err == (
        "pyref: interrupted after 10 iterations, and kept in m.json; --init goes on from there\n"
    )


@pytest.mark.parametrize("without", [(), ("tqdm",)])
def test_short_runs_show_no_progress(noisy, monkeypatch, without):
    for package in without:
        monkeypatch.setitem(sys.modules, package, None)
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    status, out = run_here("fit", noisy, "--target", "y")
    assert status == 0
    assert out.startswith("Probability modelled: y = yes (201 of 400)")
    assert screen.getvalue() == ""


def test_nothing_is_shown_in_the_first_second(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    monkeypatch.setitem(sys.modules, "tqdm", None)
    screen = Screen()
    with Progress(1000, screen) as progress:
        for k in range(99):
            clock[0] += 0.01
            assert progress(k, 0.5) is False
        assert screen.getvalue() == ""
        clock[0] += 0.02
        progress(99, 0.5)
        first = screen.getvalue()
        assert first.startswith("\riteration 100 of 1000, loss 0.5, 99 a second, at most 9 s left")
        clock[0] += 0.05
        progress(100, 0.5)
        assert screen.getvalue() == first  # not yet again
    assert screen.getvalue() == first + "\r" + " " * (len(first) - 1) + "\r"


def test_a_stream_that_is_no_terminal_stays_silent(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    stream = io.StringIO()
    with Progress(1000, stream) as progress:
        for k in range(10):
            clock[0] += 10
            progress(k, 0.5)
    assert stream.getvalue() == ""


def test_the_handler_of_ctrl_c_is_put_back():
    before = signal.getsignal(signal.SIGINT)
    assert before is signal.default_int_handler
    with Progress(10, io.StringIO()) as progress:
        assert signal.getsignal(signal.SIGINT) is not before
        assert progress(0, 1.0) is False
        signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is before  # the second one is Python's own
        assert progress(1, 1.0) is True
        assert progress.stopped
    assert signal.getsignal(signal.SIGINT) is before
    with Progress(10, io.StringIO()):
        pass
    assert signal.getsignal(signal.SIGINT) is before


def test_an_ignored_ctrl_c_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Progress(10, io.StringIO()):
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_line_keeps_to_the_screen(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    clock = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    monkeypatch.setitem(sys.modules, "tqdm", None)
    screen = Screen()
    with Progress(10**9, screen) as progress:
        clock[0] = 5.0
        progress(12345, 0.123456789)
    assert all(len(part) < 40 for part in screen.getvalue().split("\r"))


def test_line_and_span():
    assert line(1, 3, 0.5, 4.0) == "iteration 1 of 3, loss 0.5, 0.25 a second, at most 8 s left"
    assert [span(s) for s in (0, 59.4, 59.6, 3599, 3661)] == [
        *("0 s", "59 s", "1 min 0 s", "59 min 59 s", "1 h 1 min")
    ]
