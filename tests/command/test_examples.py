"""Every example in the room does what it shows."""

import doctest
import importlib
from pathlib import Path

import pytest

from pyref import command

# Found by looking, so that a new one is not forgotten.
SOURCES = {
    path.stem: path.read_text(encoding="utf-8")
    for path in sorted(Path(command.__file__).parent.glob("*.py"))
}
SHOWN = {name: text.count(">>> ") for name, text in SOURCES.items() if ">>> " in text}


def test_the_modules_are_found():
    assert {"bench", "compare", "comparisons", "progress"} <= set(SHOWN)


@pytest.mark.parametrize("name", SHOWN)
def test_examples_in(name):
    results = doctest.testmod(importlib.import_module(f"pyref.command.{name}"))
    assert results.failed == 0
    assert results.attempted >= SHOWN[name]


def test_each_file_has_one_subject_of_at_most_450_lines():
    assert max(text.count("\n") for text in SOURCES.values()) <= 450
