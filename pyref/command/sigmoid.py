"""The fit of one feature drawn with characters: the probability over x, and the data around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..pictures import terminal

ROWS = 5


def picture(
    x: Sequence[float],
    y: Sequence[int],
    p: Callable[[float], float],
    at: float,
    note: str,
    names: tuple[str, str],
    columns: int,
    unicode: bool,
) -> list[str]:
    """p(x) from 0 to 1, above it the x of the samples with y = 1, below it those with y = 0.

    `names` are what the two rows of samples are called, y = 1 first. The place `at` is marked by
    an upright line, with a note beside it, or below the picture if the curve leaves no room.
    Braille dots, or one star a cell where `unicode` is False.
    """
    low, high = min([*x, at]) - 1, max([*x, at]) + 1
    gutter = max([len(name) for name in [*names, "0.5"]])
    across = columns - gutter - 2

    def cell(value: float) -> int:
        """The cell across in which a value of x stands."""
        return round((value - low) / (high - low) * (across - 1))

    cells = _curve(p, low, high, across) if unicode else _stars(p, low, high, across)
    pole = cell(at)
    for row in cells:
        if row[pole] == " ":
            row[pole] = "┊"
    wanted = _beside(note, cells, pole + 2)
    for row, text in zip(cells[ROWS - len(wanted) :], wanted):
        row[pole + 2 : pole + 2 + len(text)] = text

    def line(name: str, inside: Sequence[str], border: str = "┤") -> str:
        return f"{name.rjust(gutter)} {border}{''.join(inside)}"

    samples = [[" "] * across, [" "] * across]
    for x_i, y_i in zip(x, y):
        samples[0 if y_i else 1][cell(x_i)] = "o"
    rule, below = ["─"] * across, [" "] * (across + 3)
    for mark in terminal.ticks(low, high, max(2, across // 8)):
        text = f"{mark:g}"
        start = max(0, min(cell(mark) - (len(text) - 1) // 2, across - len(text)))
        rule[cell(mark)] = "┬"
        below[start : start + len(text)] = text
    marks = {0: "1", ROWS // 2: "0.5", ROWS - 1: "0"}
    lines = [
        line(names[0], samples[0]),
        *[line(marks.get(i, ""), row, "┤" if i in marks else "│") for i, row in enumerate(cells)],
        line(names[1], samples[1]),
        line("", rule, "└"),
        line("", below, " "),
        *([] if wanted else terminal.paragraph(note, columns)),
    ]
    return [terminal.printable(text.rstrip(), unicode) for text in lines]


def _curve(p: Callable[[float], float], low: float, high: float, across: int) -> list[list[str]]:
    """The curve in braille, 2 x 4 dots a cell; a steep piece is a line without gaps."""
    bits = [[0] * across for _ in range(ROWS)]
    steps = 2 * across
    before = None
    for k in range(steps):
        here = round(p(low + (high - low) * (k + 0.5) / steps) * (4 * ROWS - 1))
        ends = sorted([here, here if before is None else before])
        # from beside the dot of the last column to the dot of this one
        for dot in range(ends[0], ends[1] + 1):
            if dot != before or dot == here:
                row, inside = divmod(4 * ROWS - 1 - dot, 4)
                bits[row][k // 2] |= terminal.BRAILLE_BITS[inside][k % 2]
        before = here
    return [[chr(terminal.BRAILLE | b) if b else " " for b in row] for row in bits]


def _stars(p: Callable[[float], float], low: float, high: float, across: int) -> list[list[str]]:
    """The curve in stars, one in each column."""
    cells = [[" "] * across for _ in range(ROWS)]
    for k in range(across):
        height = round(p(low + (high - low) * (k + 0.5) / across) * (ROWS - 1))
        cells[ROWS - 1 - height][k] = "*"
    return cells


def _beside(note: str, cells: Sequence[Sequence[str]], start: int) -> list[str]:
    """The note in two or three lines, for the lowest rows; none if the curve leaves no room."""
    for count in (2, 3):
        room = len(cells[0]) - start
        for row in cells[-count:]:
            taken = [k for k in range(start, len(row)) if row[k] != " "]
            room = min(room, taken[0] - start - 1 if taken else room)
        lines = terminal.paragraph(note, room, indent=0) if room > 0 else []
        if len(lines) == count and max([len(text) for text in lines]) <= room:
            return lines
    return []
