"""The commands that the README shows print what it shows below them."""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.processes import ROOT, environment

pytestmark = pytest.mark.usefixtures("folder")


README = ROOT / "README.md"


PURE_ONLY = os.environ.get("PYREF_PURE") == "1"


def sessions(text):
    """The commands of the fenced console blocks, and the output shown below each."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for text in block.splitlines(keepends=True):
            if text.startswith("$ "):
                found.append([text[2:], ""])
            elif text.startswith("> ") and not found[-1][1]:
                found[-1][0] += text[2:]
            else:
                found[-1][1] += text
    return found


def test_sessions_are_read_as_they_stand():
    text = "a\n```console\n$ one \\\n> two\nshown\n> shown too\n$ three\n```\n```sh\n$ four\n```\n"
    assert sessions(text) == [["one \\\ntwo\n", "shown\n> shown too\n"], ["three\n", ""]]


def test_the_sessions_of_the_readme(fast, tmp_path):
    """Each command, as written, prints what is shown; three points stand for any digits.

    (They show what both implementations print, so they need both: `fast` is asked for.)"""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, words in (("python", ""), ("pyref", "-m pyref ")):
        (tools / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words}"$@"\n')
        (tools / name).chmod(0o755)
    path = os.pathsep.join([str(tools), os.environ.get("PATH", os.defpath)])
    shown = sessions(README.read_text(encoding="utf-8"))
    assert len(shown) >= 4
    assert {"fit", "predict", "plot"} <= {w for c, _ in shown for w in c.split()}
    checker = doctest.OutputChecker()
    for command, expected in shown:
        done = subprocess.run(
            ["bash", "-c", command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment(PATH=path),
            timeout=120,
        )
        got = done.stdout.decode("utf-8")
        assert checker.check_output(expected, got, doctest.ELLIPSIS), f"$ {command}{got}"
    assert Path("loss.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
