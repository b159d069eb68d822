"""The command line as a person runs it: in a process of its own, on a terminal, or in this one."""

import io
import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

from pyref import __main__ as command_line

ROOT = Path(__file__).resolve().parent.parent.parent

# `python -c CHANGED statements -- arguments` is the command line after a change to it.
CHANGED = """
import sys
from pyref.__main__ import main
exec(sys.argv[1])
sys.exit(main(sys.argv[3:]))
"""

# A session of its own, whose terminal is standard input: so that Ctrl-C is a key there.
ON_A_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def environment(**changes):
    """This process's environment without what changes the output, and with the changes."""
    unset = ("COLUMNS", "LINES", "NO_COLOR", "PYTHONUTF8", "PYTHONUNBUFFERED", "MPLBACKEND")
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    path = os.pathsep.join([str(ROOT), kept.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    return {**kept, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8", "TERM": "xterm", **changes}


def words(change="", without=()):
    """The beginning of the command's line: after a change, or where packages are missing."""
    change += "".join([f"\nsys.modules[{name!r}] = None" for name in without])
    if not change:
        return [sys.executable, "-m", "pyref"]
    return [sys.executable, "-c", CHANGED, change, "--"]


def run(*arguments, stdin=b"", change="", without=(), variables=(), **options):
    """A finished process: its status, output and errors, as text."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    done = subprocess.run(
        [*words(change, without), *arguments],
        input=stdin,
        env=environment(**dict(variables)),
        timeout=300,
        **options,
    )
    out, err = [(part or b"").decode() for part in (done.stdout, done.stderr)]
    return done.returncode, out, err


def run_here(*arguments, stream=None):
    """(exit status, output) of the command line in this process."""
    before, sys.stdout = sys.stdout, stream or io.StringIO()
    try:
        status = command_line.main(arguments)
        return status, "" if stream else sys.stdout.getvalue()
    finally:
        sys.stdout = before


class Screen(io.StringIO):
    """A terminal as far as a stream can tell."""

    def isatty(self):
        return True


class Terminal:
    """A command on a terminal of its own, whose keys we press and whose screen we read."""

    def __init__(self, *command, columns=100, **variables):
        self.master, slave = pty.openpty()
        self.child = subprocess.Popen(
            [sys.executable, "-c", ON_A_TERMINAL, *command],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env=environment(COLUMNS=str(columns), LINES="24", **variables),
        )
        os.close(slave)
        self.screen = ""

    def read(self, seconds):
        """More of the screen; False when there will be no more."""
        if select.select([self.master], [], [], seconds)[0]:
            try:
                block = os.read(self.master, 65536)
            except OSError:  # EIO: the command has ended
                block = b""
            if not block:
                return False
            self.screen += block.decode("utf-8", "replace").replace("\r\n", "\n")
        return True

    def until(self, pattern, seconds=120):
        """Wait for this to be on the screen."""
        end = time.monotonic() + seconds
        while not re.search(pattern, self.screen):
            assert time.monotonic() < end, f"no {pattern!r} in {self.screen!r}"
            assert self.read(0.1), f"ended without {pattern!r}: {self.screen!r}"

    def press(self, keys):
        os.write(self.master, keys)

    def end(self, seconds=120):
        """Wait for the end; returns the exit status."""
        end = time.monotonic() + seconds
        while self.read(0.1):
            assert time.monotonic() < end, self.screen
        return self.child.wait(timeout=60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()
        os.close(self.master)
