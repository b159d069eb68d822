"""Every example in the lessons, in the other modules and in the README does what it shows."""

import doctest
import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import pyref

PACKAGE = Path(pyref.__file__).parent
README = Path(__file__).resolve().parents[2] / "README.md"
PURE_ONLY = os.environ.get("PYREF_PURE") == "1"


def name_of(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


# Every module with an example in it, found by looking, so that a new one is not forgotten.
MODULES = {
    name_of(path): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
    and not (PURE_ONLY and ("compiled" in path.parts or path.stem == "fast"))
}
# The lessons teach by lines that run: at least so many in each.
LESSONS = {"logistic": 18, "multinomial": 9, "second_order": 16, "inference": 30}


def finished(results, least):
    assert results.failed == 0, f"{results.failed} of {results.attempted} examples (shown above)"
    assert results.attempted >= least, f"only {results.attempted} examples were found"


def test_the_modules_are_found():
    assert {"pyref", "pyref.datasets", "pyref.front.binary"} <= set(MODULES)
    assert {f"pyref.{lesson}" for lesson in LESSONS} <= set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_examples_in(name):
    source = MODULES[name].read_text(encoding="utf-8")
    module = importlib.import_module(name)
    assert Path(module.__file__) == MODULES[name]
    finished(doctest.testmod(module), least=source.count(">>> "))


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_teaches_by_lines_that_run(lesson):
    assert MODULES[f"pyref.{lesson}"].read_text(encoding="utf-8").count(">>> ") >= LESSONS[lesson]


def test_the_lessons_run_in_a_copied_folder(tmp_path):
    """As on a machine without pip: the folder is copied, and nothing else of the project is there
    (-I: neither the current folder nor the environment's packages come first, -S: no site)."""
    made = shutil.ignore_patterns("__pycache__", "*.so")
    shutil.copytree(PACKAGE, tmp_path / "pyref", ignore=made)
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "import doctest, importlib\n"
        f"for name in {list(LESSONS)!r}:\n"
        "    module = importlib.import_module('pyref.' + name)\n"
        "    print(name, *doctest.testmod(module), module.__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    for line, (lesson, least) in zip(done.stdout.splitlines(), LESSONS.items(), strict=True):
        name, failed, attempted, file = line.split()
        assert (name, failed, Path(file).parent) == (lesson, "0", tmp_path / "pyref")
        assert int(attempted) >= least


@pytest.mark.parametrize("page", ["README.md", "tests/pictures/README.md"])
def test_examples_in_a_page(fast, page, tmp_path, monkeypatch):
    """(They show both implementations, so they need both: `fast` is asked for.)"""
    monkeypatch.chdir(tmp_path)  # an example that writes a file writes it there
    path = README.parent / page
    least = path.read_text(encoding="utf-8").count(">>> ")
    assert least > 4
    finished(doctest.testfile(str(path), module_relative=False), least)


def test_the_readme_is_read_in_two_minutes():
    lines = README.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 180
    counted = {f"pyref/{lesson}.py": (PACKAGE / f"{lesson}.py") for lesson in LESSONS}
    counted["csrc/plain.c"] = README.parent / "csrc" / "plain.c"
    for name, path in counted.items():
        length = len(path.read_text(encoding="utf-8").splitlines())
        assert any(f"]({name}) | {length} |" in line for line in lines), (name, length)
