"""Standard output and standard error: whole lines, in characters that the stream can carry."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from typing import TextIO

from ..pictures import terminal


def complain(text: str) -> None:
    """One line for the person, where there is a place for it."""
    if sys.stderr is not None:
        line = " ".join(f"pyref: {text}".split())
        print(terminal.printable(line, terminal.has_unicode(sys.stderr)), file=sys.stderr)


def write_out(data: bytes) -> None:
    """Bytes to standard output, through the stream's own buffer where it has one."""
    sys.stdout.flush()
    if hasattr(sys.stdout, "buffer"):
        sys.stdout.buffer.write(data)
    else:
        sys.stdout.write(data.decode("utf-8"))
    sys.stdout.flush()


def print_lines(lines: Sequence[str], stream: TextIO | None = None) -> None:
    """Lines to a stream: standard output, if none is given."""
    stream = sys.stdout if stream is None else stream
    if stream is None:
        return
    text = "".join([line + "\n" for line in lines])
    stream.write(terminal.printable(text, terminal.has_unicode(stream)))
    stream.flush()


def abandon(stream: TextIO) -> None:
    """Let what a dead stream still holds go nowhere, so that closing it at exit is silent."""
    with contextlib.suppress(OSError, ValueError):  # where no file is behind it
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
