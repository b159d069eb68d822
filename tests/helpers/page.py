"""What stands on a printed page: sections, tables by label and column, the dots of a picture."""

import re
from fractions import Fraction
from itertools import pairwise

from pyref.command import implementations


def section(text, title):
    """The lines from the heading that starts with title to the next heading."""
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(title)) + 2
    rules = [i for i in range(start, len(lines)) if lines[i] and set(lines[i]) <= {"─", "-"}]
    return lines[start : rules[0] - 1] if rules else lines[start:]


def tables(lines):
    """Every table among the lines as {row label: {column name: cell}}.

    A column ends where its name ends. The first column begins where the label ends, two spaces
    at least before it.
    """
    found, block = [], []
    for line in [*lines, ""]:
        if line:
            block.append(line)
            continue
        if len(block) > 1 and block[0].startswith("  "):
            found.append(read_table(block))
        block = []
    return found


def read_table(block):
    names = list(re.finditer(r"\S+( \S+)*", block[0]))
    rows = {}
    for line in block[1:]:
        label, *first = re.split(r"\s{2,}", line[: names[0].end()].strip(), maxsplit=1)
        row = {names[0].group(): first[0] if first else ""}
        for before, name in pairwise(names):
            row[name.group()] = line[before.end() : name.end()].strip()
        rows[label] = row
    return rows


def agreeing(values, references):
    """The cell that must stand under these numbers, worked out in exact fractions."""
    worst = Fraction(0)
    for value, reference in zip(values, references, strict=True):
        decimals = len(reference.partition(".")[2])
        if f"{value:.{decimals}f}" != reference and repr(value) != reference:
            worst = max(worst, abs(Fraction(value) / Fraction(reference) - 1))
    if not worst:
        return "every digit"
    figures = 0
    while worst <= Fraction(1, 10 ** (figures + 1)):
        figures += 1
    return f"{figures} figures"


def parts_of(row):
    """The columns of implementations: both where the compiled part can be imported."""
    wanted = [part.name for part in implementations.implementations()[0]]
    assert [name for name in row if name in ("python", "c")] == wanted
    return wanted


def dots(lines, gutter):
    """The dots of a braille picture: for each column a set of heights from the bottom."""
    across = max(len(line) for line in lines) - gutter
    up = 4 * len(lines)
    heights = [set() for _ in range(2 * across)]
    for row, line in enumerate(lines):
        for cell, character in enumerate(line[gutter:]):
            if 0x2800 <= ord(character) < 0x2900:
                bits = ord(character) - 0x2800
                for dot, (down, right) in enumerate(
                    [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1), (3, 0), (3, 1)]
                ):
                    if bits >> dot & 1:
                        heights[2 * cell + right].add(up - 1 - 4 * row - down)
    return heights


def picture(lines):
    """The lines of a curve without its title and its axis below, and how wide its gutter is."""
    gutter = max(line.find(mark) for line in lines for mark in "│┤|+") + 1
    corner = ("└", "+-", "++")
    axis = [i for i, line in enumerate(lines) if line[gutter - 1 :].startswith(corner)][-1]
    return lines[1:axis], gutter
