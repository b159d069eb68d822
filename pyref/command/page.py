"""The page that the main job writes: headings, text, tables, and what was found to disagree."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Sequence
from typing import TextIO

from ..pictures import terminal
from .compare import ENOUGH, least_figures

COLOURS = {"red": 31, "green": 32}


def has_colour(stream: TextIO) -> bool:
    """Whether a person sees colours there, and has not asked for none (no-color.org)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb":
        return False
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False


class Page:
    """Where the main job writes: a stream, its width and characters, and what it found out."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.columns = terminal.width(stream)
        self.unicode = terminal.has_unicode(stream)
        self.short: list[str] = []  # comparisons with fewer than ENOUGH figures
        self.seconds: list[tuple[str, str, list[float]]] = []  # what, its size, seconds an epoch

    def write(self, lines: Sequence[str]) -> None:
        """Lines, at once: a reader sees each part of the page when it is done."""
        text = "".join([line + "\n" for line in lines])
        self.stream.write(terminal.printable(text, self.unicode))
        self.stream.flush()

    def heading(self, text: str) -> None:
        self.write(["", "", *terminal.heading(text, self.columns)])

    def text(self, text: str) -> None:
        self.write(["", *terminal.paragraph(text, self.columns)])

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self.write(["", *terminal.table(header, rows, self.columns)])

    def coloured(self, text: str, colour: str) -> str:
        """The text in green or red, where the stream is a terminal that shows colours."""
        return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if has_colour(self.stream) else text

    def agreement(self, what: str, values: Sequence[float], references: Sequence[str]) -> str:
        """The cell that states an agreement; one that falls short is remembered."""
        least = least_figures(values, references)
        if least < ENOUGH:
            self.short.append(f"{what}: {math.floor(least)}")
        return "every digit" if least == math.inf else f"{math.floor(least)} figures"


class Working:
    """A passing line while a slow part runs; only where a person sees both page and line."""

    def __init__(self, page: Page, text: str) -> None:
        self.text = f" {text} ..."
        self.shown = sys.stderr is not None and sys.stderr.isatty() and page.stream.isatty()

    def __enter__(self) -> None:
        if self.shown:
            sys.stderr.write(self.text)
            sys.stderr.flush()

    def __exit__(self, *_: object) -> None:
        if self.shown:
            sys.stderr.write("\r" + " " * len(self.text) + "\r")
            sys.stderr.flush()


def sideways(columns: Sequence[Sequence[str]]) -> list[list[str]]:
    """Columns as rows."""
    return [list(row) for row in zip(*columns)]
