"""The command line's grammar: help, version, wrong arguments, further commands, imports."""

import re
import subprocess
import sys

import pytest
from helpers.processes import environment, run, run_here

import pyref
from pyref import __main__ as command_line
from pyref.command import COMMANDS, Command


def test_help_in_a_process():
    status, out, err = run("-h")
    assert (status, err) == (0, "")
    assert out.startswith("usage: pyref ")
    for word in ("--version", "Without arguments", "Exit status"):
        assert word in out
    assert max(len(line) for line in out.splitlines()) <= 80


@pytest.mark.parametrize("command", ["", *[command.name for command in COMMANDS]])
def test_help_reads_well(monkeypatch, capsys, command):
    monkeypatch.setenv("COLUMNS", "80")
    status = command_line.main([*command.split(), "--help"])
    out, err = capsys.readouterr()
    assert (status, err) == (0, "")
    assert all(len(text) <= 80 for text in out.splitlines())
    assert "%(" not in out
    for option in re.findall(r"^  (-[^ ,]+)", out, re.MULTILINE):
        assert re.search(rf"{re.escape(option)}.*\n?\s+\S+ \S+", out), f"{option} is not explained"
    if not command:
        for name in ("tour", "fit", "predict", "plot", "bench"):
            assert re.search(rf"^ +{name} +\w+ \w+", out, re.MULTILINE)


def test_version():
    status, out, err = run("--version")
    assert (status, err) == (0, "")
    first, python, c = out.splitlines()
    assert first == f"pyref {pyref.__version__}"
    assert python.startswith("python: pyref, to be read, on ")
    assert c.startswith("c: ")


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["--nonsense"], ["--version=3"], ["-x", "1"], ["tour", "--short"]]
)
def test_unknown_arguments(capsys, arguments):
    assert command_line.main(arguments) == 2
    out, err = capsys.readouterr()
    (error,) = err.splitlines()
    assert out == ""
    assert error.startswith("pyref: ")
    assert re.search(r": pyref( tour)? --help shows what there is$", error)


def test_unknown_arguments_in_a_process():
    status, out, err = run("nonsense")
    assert (status, out) == (2, "")
    assert "'nonsense'" in err


def test_without_a_command_it_is_the_tour(tiny):
    plain = [run_here(*words)[1].splitlines()[:20] for words in ([], ["tour"])]
    assert plain[0] == plain[1]
    assert any("Challenger" in line for line in plain[0])


def test_a_further_command(monkeypatch, capsys):
    """One entry in COMMANDS is all that a command needs."""
    probe = Command(
        "probe",
        "say a number",
        lambda grammar: grammar.add_argument("--number", type=int, default=3),
        lambda arguments: print("number", arguments.number) or arguments.number,
    )
    monkeypatch.setattr(command_line, "COMMANDS", (probe,))
    assert command_line.main(["probe", "--number", "5"]) == 5
    assert capsys.readouterr().out == "number 5\n"
    assert command_line.main(["--help"]) == 0
    assert "say a number" in capsys.readouterr().out
    assert command_line.main(["prob"]) == 2
    assert "'prob'" in capsys.readouterr().err
    assert command_line.main(["probe", "--number", "x"]) == 2
    assert "pyref probe --help shows what there is" in capsys.readouterr().err
    assert command_line.main(["--version"]) == 0


def broken_command(error):
    """A command that ends in an error that nobody foresaw."""

    def run(arguments):
        raise error

    return Command("probe", "fail", lambda grammar: None, run)


class Panic(BaseException):
    """As polars raises, which is no Exception."""


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (KeyError("solver"), 1, "pyref itself failed: KeyError: 'solver'; --debug shows where"),
        (Panic("at\nline 3"), 1, "pyref itself failed: Panic: at line 3; --debug shows where"),
        (RuntimeError(), 1, "pyref itself failed: RuntimeError; --debug shows where"),
        (
            ValueError("x" * 10**6),
            1,
            f"pyref itself failed: ValueError: {'x' * 197}...; --debug shows where",
        ),
        (
            UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"),
            1,
            "pyref itself failed: UnicodeEncodeError: 'utf-8' codec can't encode character"
            " '\\ud800' in position 0: surrogates not allowed; --debug shows where",
        ),
        (
            MemoryError("of any kind"),
            1,
            "there is not enough memory for this: give fewer rows or columns",
        ),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_whatever_is_left_is_one_line(monkeypatch, capsys, error, status, line):
    monkeypatch.setattr(command_line, "COMMANDS", (broken_command(error),))
    assert command_line.main(["probe"]) == status
    assert capsys.readouterr() == ("", f"pyref: {line}\n")


@pytest.mark.parametrize("words", [["probe", "--debug"], ["--debug", "probe"]])
def test_debug_shows_the_traceback(monkeypatch, capsys, words):
    monkeypatch.setattr(command_line, "COMMANDS", (broken_command(KeyError("solver")),))
    assert command_line.main(words) == 1
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == ""
    assert lines[0] == "Traceback (most recent call last):"
    assert any("in run" in line for line in lines)
    assert lines[-1] == "pyref: pyref itself failed: KeyError: 'solver'"


@pytest.mark.parametrize("how", ["cause", "context", "text"])
def test_ctrl_c_while_a_library_is_imported(monkeypatch, capsys, how):
    """It may come out as an error of the library: 18 of 100 did, as tracebacks."""
    error = ImportError("numpy could not be imported")
    if how == "cause":
        error.__cause__ = KeyboardInterrupt()
    elif how == "context":
        error.__context__ = ValueError()
        error.__context__.__context__ = KeyboardInterrupt()
    else:
        error = Panic("KeyboardInterrupt: ")
    monkeypatch.setattr(command_line, "COMMANDS", (broken_command(error),))
    assert command_line.main(["probe"]) == 130
    assert capsys.readouterr() == ("", "pyref: interrupted\n")


LIBRARY = """
import os, signal
os.kill(os.getpid(), signal.SIGINT)
sum(range(1000))
print("imported whole")
"""
IMPORTING = """
import time
from pyref import __main__ as command_line
from pyref.command import Command

def work(arguments):
    import library
    time.sleep(60)

command_line.COMMANDS = (Command("probe", "import", lambda grammar: None, work),)
sys.path.insert(0, ".")
"""


def test_ctrl_c_waits_for_the_end_of_an_import(tmp_path, monkeypatch):
    """A library that is interrupted there may panic past Python, as polars does."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "library.py").write_text(LIBRARY)
    assert run("probe", change=IMPORTING) == (130, "imported whole\n", "pyref: interrupted\n")


HEAVY = ("numpy", "matplotlib", "polars", "pandas", "sklearn", "tqdm")


@pytest.mark.parametrize(
    ("words", "unwanted"),
    [
        (["--version"], (*HEAVY, "pyref.model", "pyref.command.fit", "pyref.command.tour")),
        (["fit", "--help"], (*HEAVY, "pyref.command.tour", "pyref.command.bench")),
        (["nonsense"], (*HEAVY, "pyref.model", "pyref.command.fit", "pyref.command.tour")),
    ],
)
def test_what_a_command_does_not_import(words, unwanted):
    code = (
        "import sys; from pyref.__main__ import main; status = main(sys.argv[2:]);"
        "found = [name for name in sys.argv[1].split() if name in sys.modules];"
        "print('imported', found)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, " ".join(unwanted), *words],
        capture_output=True, text=True, env=environment(), check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "imported []"
