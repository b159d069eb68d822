"""Where the pages are written to: widths, encodings, colours, closed pipes, full disks, Ctrl-C."""

import errno
import io
import os
import re
import signal
import subprocess
import sys
import time

import pytest
from helpers.processes import Screen, Terminal, environment, run, run_here, words

from pyref import __main__ as command_line
from pyref.command import known, progress, streams
from pyref.command.page import has_colour
from pyref.pictures import terminal

# Twelve rows for document 000 in a process of its own.
TINY = """
from pyref import datasets
X, y, w, b = datasets.seeded_cloud()
datasets.seeded_cloud = lambda: (X[:12], y[:12], w, b)
"""

BOTH = pytest.mark.parametrize("page", [(), ("tour", "--long")], ids=["short", "long"])


@pytest.fixture(autouse=True)
def plain(monkeypatch, few_epochs):
    """A short run, in an environment that says nothing about the page."""
    for name in ("COLUMNS", "LINES", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


# ---------------------------------------------------------------- widths and characters


@BOTH
def test_narrow(tiny, monkeypatch, page):
    wide = run_here(*page)[1]
    for columns in (44, 60, 79):
        monkeypatch.setenv("COLUMNS", str(columns))
        text = run_here(*page)[1]
        lines = text.splitlines()
        assert max(len(line) for line in lines) <= columns
        assert any(len(line) >= columns - 1 for line in lines)  # and the width is made use of
        # nothing is lost where a table goes on below
        for cell in ("every digit", "digits", "figures", "goes on", "python"):
            assert text.count(cell) >= wide.count(cell)
        if page:
            assert any(len(line) == columns for line in lines)
            assert all(number in text for number in known.PRINTED)
            assert text.count("every digit") == wide.count("every digit")
        else:
            joined = " ".join(text.split())
            assert "pyref fit your.csv --target column" in text
            assert ("python / c" in text) == ("python / c" in wide)
            assert re.search(r"\d of \d+ comparisons hold", joined)


@BOTH
@pytest.mark.parametrize("columns", ["200", "0", "-5", "wide"])
def test_odd_widths(tiny, monkeypatch, page, columns):
    monkeypatch.setenv("COLUMNS", columns)
    lines = run_here(*page)[1].splitlines()
    assert max(len(line) for line in lines) == 80


@BOTH
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "cp437"])
def test_ascii(tiny, page, encoding):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    run_here(*page, stream=stream)
    text = stream.buffer.getvalue().decode("ascii")
    assert "?" not in text.replace("at what temperature (F)?", "")
    assert max(len(line) for line in text.splitlines()) <= 80
    assert re.search(r"^ *[01.]+ \+\*+|^ *\|\*", text, re.MULTILINE)  # the curve, in stars
    assert re.search(r"\d us\b", text)
    assert "-----" in text


@BOTH
def test_the_linux_console_gets_ascii(tiny, monkeypatch, page):
    assert not run_here(*page)[1].isascii()
    monkeypatch.setenv("TERM", "linux")
    assert run_here(*page)[1].isascii()


def test_ascii_in_a_process():
    variables = {"PYTHONIOENCODING": "ascii"}
    status, out, err = run(change=TINY, variables=variables)
    assert (status, err) == (1, "")  # twelve rows are not NumPy's thousand
    assert out.isascii()
    assert "comparisons hold" in out


def test_width_of_a_closed_stream():
    stream = io.StringIO()
    stream.close()
    assert terminal.width(stream) == 80
    assert not has_colour(stream)


# ---------------------------------------------------------------- colour


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),  # as no-color.org has it
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({}, False),
    ],
)
def test_colour_where_a_terminal_shows_it(tiny, monkeypatch, variables, coloured):
    monkeypatch.delenv("TERM")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    screen, pipe = Screen(), io.StringIO()
    run_here(stream=screen)
    run_here(stream=pipe)
    assert "\x1b" not in pipe.getvalue()
    shown = [line for line in screen.getvalue().splitlines() if "\x1b" in line]
    assert len(shown) == coloured
    if coloured:  # twelve rows are not NumPy's thousand: red
        assert re.fullmatch(r"\x1b\[31m\d+ of \d+ comparisons hold, \d+\.\d s\x1b\[0m", shown[0])


def test_the_long_page_has_no_colour(tiny):
    screen = Screen()
    run_here("tour", "--long", stream=screen)
    assert "\x1b" not in screen.getvalue()


def test_on_a_terminal():
    with Terminal(*words(TINY), columns=64) as screen:
        assert screen.end() == 1
    text = screen.screen
    # the passing line comes, and goes: what it wrote is blanked before the page goes on
    passing = re.findall(r" training[^\r\n]* \.\.\.\r( +)\r", text)
    assert len(passing) == text.count(" ...") == 1
    left = re.sub(r" training[^\r\n]* \.\.\.\r +\r", "", text)
    assert "\r" not in left
    assert len(re.findall("\x1b", left)) == 2  # the verdict, there and back
    assert max(len(line) for line in left.splitlines() if "\x1b" not in line) <= 64


# ---------------------------------------------------------------- streams that fail


def test_head_is_silent():
    """A reader that stops reading, as `| head` does, ends the run without a word."""
    with subprocess.Popen(
        words(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as child:
        assert child.stdout.readline().startswith(b"pyref ")
        child.stdout.close()
        assert child.stderr.read() == b""
        assert child.wait(timeout=60) == 141


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], []])
def test_a_reader_that_never_reads(arguments):
    reading, writing = os.pipe()
    os.close(reading)
    status, _, err = run(*arguments, change=TINY, stdout=writing)
    os.close(writing)
    assert (status, err) == (141, "")


def test_closed_standard_output(capsys):
    """As `pyref >&-` leaves it: Python then has no sys.stdout at all."""
    before, sys.stdout = sys.stdout, None
    try:
        status = command_line.main([])
    finally:
        sys.stdout = before
    assert status == 1
    assert capsys.readouterr().err == "pyref: standard output is closed\n"


def test_closed_standard_output_for_real():
    again = "import os, sys; os.close(1); os.execv(sys.executable, sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", again, *words()], capture_output=True, env=environment()
    )
    assert (done.returncode, done.stderr) == (1, b"pyref: standard output is closed\n")


@BOTH
def test_a_full_disk(tiny, no_c, capsys, page):
    class Full(io.StringIO):
        def write(self, text):
            raise OSError(errno.ENOSPC, "No space left on device")

    assert run_here(*page, stream=Full())[0] == 1
    assert capsys.readouterr().err == (
        "pyref: the output cannot be written: No space left on device\n"
    )


@pytest.mark.parametrize(
    ("page", "after", "never"),
    [
        ([], "intercept", "comparisons hold"),
        (["tour", "--long"], "Document 001", "Time of one epoch"),
        (["tour", "--long"], "Document 000", "Time of one epoch"),
    ],
)
def test_ctrl_c(page, after, never):
    """In the middle of the job: one line, and the status that shells give an interrupt."""
    # a shell's background job, and so whatever it starts, may have been told to ignore SIGINT
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    with subprocess.Popen(
        [*words(heed), *page],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as child:
        while not child.stdout.readline().strip().startswith(after.encode()):
            assert child.poll() is None
        time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        rest, errors = child.communicate(timeout=60)
    assert child.returncode == 130
    assert errors == b"pyref: interrupted\n"
    assert never.encode() not in rest


# ---------------------------------------------------------------- bytes among lines


def test_bytes_come_after_the_lines_before_them_and_at_once(monkeypatch):
    raw = io.BytesIO()
    text = io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", text)
    text.write("first\n")
    streams.write_out(b"second\n")
    assert raw.getvalue() == b"first\nsecond\n"
    only_text = io.StringIO()
    monkeypatch.setattr(sys, "stdout", only_text)
    streams.write_out("é\n".encode())
    assert only_text.getvalue() == "é\n"


def test_a_closed_stream_is_no_terminal():
    closed = io.StringIO()
    closed.close()
    assert progress.Progress(5, closed).shown is False
