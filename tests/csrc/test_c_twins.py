"""From a Python function to its C in one step: the table in pyref.h, and the twins' comments."""

import re
from pathlib import Path

import pytest

import pyref

CSRC = Path(__file__).parents[2] / "csrc"
SOURCES = sorted([*CSRC.glob("*.[ch]"), *CSRC.glob("*/*.[ch]")])

# Where the lesson's function has another name than the public one
OTHER_NAMES = {
    "sigmoid_derivative": "curvature",
    "binary_cross_entropy_with_logits": "loss_and_residual",
    "categorical_cross_entropy_with_logits": "loss_and_residuals",
    "softmax_safe_learning_rate": "safe_learning_rate",
    "lbfgs": "lbfgs_step",
}
# Functions of a lesson that are not public
INNER = {"second_order.cholesky", "second_order.solve", "second_order.standard_errors"}


def head():
    """The comment at the top of pyref.h."""
    return (CSRC / "pyref.h").read_text(encoding="utf-8").split("*/")[0]


def table():
    """Python function: (C function, file of csrc/chapters)."""
    rows = re.findall(r"^ \*  (\w+) +(\w+) +(\w+\.c)$", head(), re.M)
    assert len(rows) == len({python for python, _, _ in rows})
    return {python: (c, file) for python, c, file in rows}


def left_out():
    """The functions for which the head gives a reason why C has none."""
    sentence = re.search(r"Not here: ([\w, *\n]+)\. They are taught", head()).group(1)
    return set(re.findall(r"\w+", sentence)) - {"and"}


def twins():
    """The comments: (lesson's function, the file, the C function that follows)."""
    found = []
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        for match in re.finditer(r"/\* twin: (.*)\n(.*)", text):
            code = re.sub(r"/\*.*?\*/", "", text[match.start() :], flags=re.S)
            function = re.search(r"^\w[\w *]*?(\w+)\(", code, re.M)
            found.append((match.group(1), path.relative_to(CSRC).as_posix(), function.group(1)))
            assert len(match.group(2)) > len(" * "), f"{match.group(1)}: nothing said of it"
    return found


def lesson_of(name):
    """Of a public function."""
    _, file = table()[name]
    return f"{Path(file).stem}.{OTHER_NAMES.get(name, name)}"


def public():
    """The names of the public functions."""
    found = {name for name in pyref.__all__ if callable(getattr(pyref, name))}
    return {name for name in found if not isinstance(getattr(pyref, name), type)}


def test_the_table_has_every_public_function():
    assert len(table()) >= 21
    # whether the pieces of the chain rule are public or the lesson's own, C has none of them
    assert public() - left_out() == set(table())
    assert left_out() == {"dL_dp", "dp_dz", "dz_da", "dL_da"}


@pytest.mark.parametrize("name", sorted(public() - left_out()))
def test_the_c_of_a_function_is_found_in_one_step(name):
    """Its twin's comment stands once in all of csrc, in the file of the chapter, above the C."""
    c, file = table()[name]
    lesson = lesson_of(name)
    assert [(f, to) for of, f, to in twins() if of == lesson] == [(f"chapters/{file}", c)]


def test_no_comment_claims_a_twin_that_the_table_does_not_know():
    known = {lesson_of(name) for name in table()} | INNER
    found = [lesson for lesson, _, _ in twins()]
    assert sorted(found) == sorted(known)


def test_python_can_call_what_the_table_names(fast):
    """Or it is the plan of a pass, which Python asks for by its kind."""
    for name, (c, _) in table().items():
        if c.startswith("pyref_"):
            assert hasattr(fast.FRONT.engine.lib, c), name
        else:
            assert c.startswith("plan_"), name
