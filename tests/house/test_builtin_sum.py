"""Nothing that computes adds up by the built-in sum."""

import ast
from pathlib import Path

import pytest

import pyref

ROOT = Path(*pyref.__path__)
FILES = [
    *(ROOT / f"{name}.py" for name in ("logistic", "multinomial", "second_order", "inference")),
    ROOT / "pure.py",
    *sorted(ROOT.glob("fit/*.py")),
    *sorted(ROOT.glob("front/*.py")),
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_sum_depends_on_which_python_it_is(path):
    """sum() rounds otherwise from Python 3.12 on, and a result is not to tell which it was."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert "sum" not in names


def test_the_files_are_there():
    found = {path.relative_to(ROOT).as_posix() for path in FILES}
    assert {"logistic.py", "fit/samples.py", "fit/classes.py", "front/checks.py"} <= found
