"""Tables and curves drawn with characters: for a terminal, a pipe, a log file.

Every function here returns lines of text and prints nothing; only `width` and `has_unicode`
look at the stream that the lines are meant for. No colour is used here.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import textwrap
from collections.abc import Iterable, Sequence
from typing import TextIO

WIDEST = 80
NARROWEST = 44

# A braille character is 2 dots wide and 4 high, one bit each: BRAILLE_BITS[row][column].
BRAILLE = 0x2800
BRAILLE_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))

# Every character beyond ASCII that a page may hold, and what stands for it where the output
# cannot carry it. (Braille has no entry: without it the curve is drawn in another way.)
PLAIN = {"µ": "u", "─": "-", "│": "|", "┤": "+", "┬": "+", "└": "+", "┊": ":"}


# ---------------------------------------------------------------- the page


def width(stream: TextIO) -> int:
    """How many columns to fill: the terminal's own, from 44 to 80; 80 where there is none.

    COLUMNS in the environment goes first, as in every program that asks the terminal.
    """
    try:
        a_terminal = stream.isatty()
    except ValueError:  # closed
        a_terminal = False
    columns = WIDEST
    if a_terminal or os.environ.get("COLUMNS"):
        columns = shutil.get_terminal_size((WIDEST, 24)).columns
    return max(NARROWEST, min(columns, WIDEST))


def has_unicode(stream: TextIO) -> bool:
    """Whether the stream can carry braille and lines, and its screen has them in its font."""
    if os.environ.get("TERM") == "linux":  # the kernel's own console: 512 glyphs, no braille
        return False
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        ("".join(PLAIN) + chr(BRAILLE)).encode(encoding)
    except (LookupError, UnicodeEncodeError):
        return False
    return True


def printable(text: str, unicode: bool) -> str:
    """The same text in what the stream can carry: all but lone surrogates, or ASCII alone."""
    if unicode:
        return text.encode("utf-8", "replace").decode("utf-8")
    for character, substitute in PLAIN.items():
        text = text.replace(character, substitute)
    return text.encode("ascii", "replace").decode("ascii")


def paragraph(text: str, columns: int, indent: int = 1) -> list[str]:
    """Text broken into lines at spaces; runs of white space in it count as one space."""
    space = " " * indent
    return textwrap.wrap(
        " ".join(text.split()),
        columns,
        initial_indent=space,
        subsequent_indent=space,
        break_long_words=False,
        break_on_hyphens=False,
    )


def heading(text: str, columns: int) -> list[str]:
    """A title over a rule as wide as the page."""
    return [*paragraph(text, columns, indent=0), "─" * columns]


# ---------------------------------------------------------------- tables

_DECIMAL = re.compile(r"[-+]?\d+\.\d+(e[-+]?\d+)?$")


def _split(cell: str) -> tuple[int, int]:
    """How many characters of a number stand before its decimal point, and how many from it."""
    before = len(cell.partition(".")[0])
    return before, len(cell) - before


def _column(cells: Sequence[str]) -> list[str]:
    """The cells of one column in one width: decimal points aligned, all else to the right."""
    sizes = [_split(cell) for cell in cells if _DECIMAL.match(cell)]
    after = max([size[1] for size in sizes], default=0)
    lined = [
        cell + " " * (after - _split(cell)[1]) if _DECIMAL.match(cell) else cell for cell in cells
    ]
    widest = max([len(cell) for cell in lined])
    return [cell.rjust(widest) for cell in lined]


def table(header: Sequence[str], rows: Iterable[Sequence[str]], columns: int) -> list[str]:
    """Rows under a header; the first column holds the labels, the others numbers or words.

    Decimal points stand under each other. A table too wide for the page continues below,
    as many columns at a time as fit, the labels repeated.
    """
    grid = [list(header), *[list(row) for row in rows]]
    for row in grid:
        if len(row) != len(header):
            raise ValueError(f"a row has {len(row)} cells, the header {len(header)}: {row}")
    names = [row[0] for row in grid]
    label_width = max([len(name) for name in names])
    labels = [" " + name.ljust(label_width) for name in names]
    parts = [_column([row[j] for row in grid]) for j in range(1, len(header))]

    lines: list[str] = []
    while parts:
        taken = 1
        used = len(labels[0]) + 2 + len(parts[0][0])
        while taken < len(parts) and used + 2 + len(parts[taken][0]) <= columns:
            used += 2 + len(parts[taken][0])
            taken += 1
        if lines:
            lines.append("")
        for i, label in enumerate(labels):
            lines.append("  ".join([label, *[part[i] for part in parts[:taken]]]).rstrip())
        parts = parts[taken:]
    return lines


# ---------------------------------------------------------------- a curve


def ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` (2 or more) round numbers from low to high, at even distances.

    >>> ticks(0, 1.12, 6)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    if not high > low:
        return [float(low)]
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    for factor in (1, 2, 5, 10, 20):
        step = factor * power
        # 1e-9: a mark that rounding has put a hair beyond an end still belongs to it
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            break
    # 3 * 0.2 would read 0.6000000000000001: round to the decimals that the step has
    decimals = max(0, -math.floor(math.log10(step)))
    return [round(k * step, decimals) for k in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """The numbers 1, 2 and 5 times a power of ten from low to high; over many decades, the powers.

    >>> log_ticks(0.04, 1.12)
    [0.05, 0.1, 0.2, 0.5, 1.0]
    """
    decades = range(math.floor(math.log10(low)), math.floor(math.log10(high)) + 1)
    factors = (1, 2, 5) if len(decades) <= 3 else (1,)
    marks = [float(f"{factor}e{decade}") for decade in decades for factor in factors]
    return [mark for mark in marks if low <= mark <= high]


def _dots(heights: Sequence[float], across: int, up: int) -> list[list[int]]:
    """For each of `across` columns, the dots (0 at the bottom, up - 1 at the top) it shows.

    heights are from 0 to 1. A column covers several of them, or lies between two; it shows the
    whole range that the curve runs through there, so that a steep fall is a line and not a
    gap. A height that is not finite shows nothing.
    """
    last = len(heights) - 1

    def height(position: float) -> float:
        k = math.floor(position)
        if k == position:
            return heights[k]
        return heights[k] + (position - k) * (heights[k + 1] - heights[k])

    shown: list[list[int]] = []
    for column in range(across):
        start, end = column * last / across, (column + 1) * last / across
        inside = range(math.ceil(start), math.floor(end) + 1)
        passed = [height(start), height(end), *[heights[k] for k in inside]]
        found = [round(h * (up - 1)) for h in passed if math.isfinite(h)]
        shown.append(list(range(min(found), max(found) + 1)) if found else [])
    return shown


def curve(
    values: Sequence[float],
    columns: int,
    rows: int = 12,
    title: str = "",
    x_label: str = "",
    y_label: str = "",
    logarithmic: bool = False,
    flag: tuple[int, str] | None = None,
    unicode: bool = True,
    least: float = math.inf,
) -> list[str]:
    """values[k] drawn over k + 1: a loss curve over its epochs, axes and labels included.

    The y axis runs from 0, or from the smallest value where it is logarithmic. A value that
    cannot be drawn (not finite, below 0, or not positive on a logarithmic axis) leaves a gap.
    flag=(k, text) marks the k-th value (from 1) by an upright line. Braille dots, or one star
    a cell where `unicode` is False. A logarithmic axis begins at `least`, where that is below
    the smallest value: two curves can then have the same axis. ValueError if no value can be
    drawn.
    """
    drawn = [v for v in values if math.isfinite(v) and (v > 0 or (v == 0 and not logarithmic))]
    if not drawn:
        raise ValueError("values holds no number that can be drawn")
    low, high = (min([*drawn, least]), max(drawn)) if logarithmic else (0.0, max(drawn))

    def height(value: float) -> float:
        """Where a value stands between the two ends of the axis: 0 to 1, or NaN."""
        if not low <= value <= high:
            return math.nan
        if high == low:
            return 0.0
        if logarithmic:
            return math.log(value / low) / math.log(high / low)
        return value / high

    marks = log_ticks(low, high) if logarithmic else []
    if len(marks) < 3:  # too few to read an axis by
        marks = ticks(low, high, max(2, rows // 2))
    names = {round(height(mark) * (rows - 1)): f"{mark:g}" for mark in marks}
    gutter = max([len(name) for name in [*names.values(), y_label]])
    across = columns - gutter - 2

    # 1. the curve
    heights = [height(value) for value in values]
    picture = [[" "] * across for _ in range(rows)]
    if unicode:
        for column, ups in enumerate(_dots(heights, 2 * across, 4 * rows)):
            for dot in ups:
                row, inside = divmod(4 * rows - 1 - dot, 4)
                bits = BRAILLE_BITS[inside][column % 2]
                before = picture[row][column // 2]
                picture[row][column // 2] = chr((BRAILLE if before == " " else ord(before)) | bits)
    else:
        for column, ups in enumerate(_dots(heights, across, rows)):
            for dot in ups:
                picture[rows - 1 - dot][column] = "*"

    def place(k: float) -> int:
        """The cell across in which the k-th value stands."""
        return round((k - 1) / max(len(values) - 1, 1) * (across - 1))

    # 2. the flag, only where the curve leaves room
    if flag is not None:
        pole = place(flag[0])
        for cells in picture:
            if cells[pole] == " ":
                cells[pole] = "┊"
        left = pole + 2 if pole + 2 + len(flag[1]) <= across else pole - 1 - len(flag[1])
        span = slice(left, left + len(flag[1]))
        if left >= 0 and not "".join(picture[1][span]).strip():
            picture[1][span] = flag[1]

    # 3. the axes
    lines = [y_label.rjust(gutter) + "  " + title.center(across)]
    for i, cells in enumerate(picture):
        name = names.get(rows - 1 - i, "")
        lines.append(name.rjust(gutter) + (" ┤" if name else " │") + "".join(cells))
    rule, below = ["─"] * across, [" "] * across
    for mark in ticks(1, len(values), max(2, across // 12)):
        if mark != round(mark):
            continue  # there is no epoch 1.5
        name, at = f"{mark:.0f}", place(mark)
        start = min(max(0, at - len(name) // 2), across - len(name))
        rule[at] = "┬"
        below[start : start + len(name)] = name
    lines.append(" " * gutter + " └" + "".join(rule))
    lines.append(" " * gutter + "  " + "".join(below))
    lines.append(" " * gutter + "  " + x_label.center(across))
    lines = [line.rstrip() for line in lines]
    return [printable(line, unicode) for line in lines]
