"""How a text file is packed and written: compression, and the mark between the cells."""

from __future__ import annotations

import bz2
import csv
import gzip
import importlib
import io
import lzma
from collections.abc import Callable

from .columns import TableError

DELIMITERS = (",", ";", "\t", "|")
NAMES = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|", "space": " "}

# How compressed files begin, and how they are read.
PACKED = (
    (b"\x1f\x8b", gzip.decompress),
    (b"BZh", bz2.decompress),
    (b"\xfd7zXZ\x00", lzma.decompress),
)
ZSTANDARD = b"\x28\xb5\x2f\xfd"


def unpacked(data: bytes, name: str) -> bytes:
    """The bytes of a file that may be compressed: gzip, bzip2, xz or Zstandard."""
    for start, decompress in PACKED:
        if data.startswith(start):
            return _with(decompress, data, name)
    if data.startswith(ZSTANDARD):
        try:  # Python 3.14 has it
            return _with(importlib.import_module("compression.zstd").decompress, data, name)
        except ImportError:
            pass
        try:
            importlib.import_module("zstandard")
        except ImportError:
            raise TableError(
                f"{name} is compressed with Zstandard: pip install zstandard, or unpack it first"
            ) from None
        return _with(_by_zstandard, data, name)
    return data


def _by_zstandard(data: bytes) -> bytes:
    reader = importlib.import_module("zstandard").ZstdDecompressor().stream_reader(data)
    found: bytes = reader.read()
    return found


def _with(decompress: Callable[[bytes], bytes], data: bytes, name: str) -> bytes:
    try:
        return decompress(data)
    except Exception as error:  # each module has errors of its own, of no common kind
        raise TableError(f"{name} is compressed, and damaged ({error}): get it anew") from None


def separator(given: str | None) -> str | None:
    """The mark that a person names: itself, or a word for it. ValueError for what cannot be one."""
    if given is None:
        return None
    mark = NAMES.get(given, given) if isinstance(given, str) else ""
    if len(mark) != 1 or mark in '"\r\n':
        raise ValueError(f"sep is {given!r}: give one character, or one of {', '.join(NAMES)}")
    return mark


def delimiter_of(text: str) -> str:
    """The mark between the cells: the one that splits header and first rows alike, in most cells.

    >>> delimiter_of("a;b\\n1,5;2\\n"), delimiter_of("a,b\\n1;5,2\\n"), delimiter_of("a\\n1\\n")
    (';', ',', ',')
    """
    first = text[:20_000]
    if len(text) > len(first):
        first = first[: first.rfind("\n") + 1] or first
    header = next((line for line in first.splitlines() if line.strip()), "")
    best, widest = ",", 1
    for mark in DELIMITERS:
        if mark in header:
            width = _width(first, mark)
            if width > widest:
                best, widest = mark, width
    if widest == 1 and "," not in header:  # rows of different widths: the error will say so
        best = next((mark for mark in DELIMITERS if mark in header), ",")
    return best


def _width(text: str, mark: str) -> int:
    """How many cells each of the first rows has; 1 if they differ."""
    widths = set()
    try:
        for k, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=mark)):
            if k > 20:
                break
            if row and (len(row) > 1 or row[0].strip()):
                widths.add(len(row))
    except csv.Error:
        return 1
    return widths.pop() if len(widths) == 1 else 1
