"""The number by which Python knows the interface of the compiled module."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def number_of(text, tmp_path):
    """The number that build.py makes of this pyref.h."""
    (tmp_path / "pyref.h").write_text(text, encoding="utf-8")
    build = (ROOT / "csrc" / "build.py").read_text(encoding="utf-8")
    (tmp_path / "build.py").write_text(build, encoding="utf-8")
    return runpy.run_path(str(tmp_path / "build.py"))["NUMBER"]


@pytest.fixture(scope="module")
def header():
    pytest.importorskip("cffi")
    return (ROOT / "csrc" / "pyref.h").read_text(encoding="utf-8")


def test_python_knows_the_interface_as_it_is(header, tmp_path):
    python = (ROOT / "pyref" / "compiled" / "__init__.py").read_text(encoding="utf-8")
    (known,) = re.findall(r'"PYREF_INTERFACE", 0\) != (\d+)', python)
    number = number_of(header, tmp_path)
    assert int(known) == number, (
        f"csrc/pyref.h has changed: where Python's half has been looked through,"
        f" write {number} into pyref/compiled/__init__.py, and build again"
    )


def test_the_compiled_module_has_that_number(fast, header, tmp_path):
    assert number_of(header, tmp_path) == fast.FRONT.engine.lib.PYREF_INTERFACE


def test_the_number_is_that_of_the_text(header, tmp_path):
    """Of a function that takes something else, and of a sentence that says what it takes."""
    numbers = {number_of(header, tmp_path)}
    for old, new in (("size_t n, size_t d,", "size_t d, size_t n,"), ("grad_b}", "grad_b, 0}")):
        assert old in header
        numbers.add(number_of(header.replace(old, new), tmp_path))
    assert len(numbers) == 3
    assert number_of("/* more above it */\n" + header, tmp_path) in numbers
