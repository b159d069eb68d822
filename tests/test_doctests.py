"""Every example in the chapters, in the other modules and in the README does what it shows."""

import doctest
import importlib
import os
from pathlib import Path

import pytest

import pyref

PACKAGE = Path(pyref.__file__).parent
README = Path(__file__).resolve().parent.parent / "README.md"
PURE_ONLY = os.environ.get("PYREF_PURE") == "1"

# Every module with an example in it, found by looking, so that a new one is not forgotten.
MODULES = [
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    for path in sorted(PACKAGE.rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8") and not (PURE_ONLY and path.stem == "fast")
]


def finished(results, least):
    assert results.failed == 0, f"{results.failed} of {results.attempted} examples (shown above)"
    assert results.attempted >= least, f"only {results.attempted} examples were found"


def test_the_modules_are_found():
    assert {"logistic", "datasets", "model.estimator", "pictures.curves"} <= set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_examples_in(name):
    module = importlib.import_module(f"pyref.{name}")
    source = Path(module.__file__).read_text(encoding="utf-8")
    finished(doctest.testmod(module), least=source.count(">>> "))


def test_every_public_function_of_chapter_1_has_an_example():
    from pyref import logistic

    for name, value in vars(logistic).items():
        if getattr(value, "__module__", "") == "pyref.logistic" and not name.startswith("_"):
            simple = name in ("dL_dp", "dp_dz", "dz_da", "softplus", "total")
            assert simple or ">>> " in value.__doc__, name


# The README's examples show both implementations, so they need both.
if README.exists() and not PURE_ONLY:

    def test_examples_in_the_readme(tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)  # an example that writes a file writes it there
        finished(doctest.testfile(str(README), module_relative=False), least=1)
