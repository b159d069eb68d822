"""The stubs, which people's editors and type checkers read, say what the functions are.

Names, order, kinds and defaults are compared here, without mypy; tests that build the package ask
mypy's stubtest as well.
"""

import ast
import importlib
import inspect
from pathlib import Path

import pytest

import pyref

PACKAGE = Path(pyref.__file__).parent


def written(path):
    """{name: signature without annotations} of the functions in a stub, and all other names."""
    functions, others = {}, set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            given = node.args
            for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs):
                argument.annotation = None
            functions.setdefault(node.name, set()).add(shown(ast.unparse(given)))
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            others |= {alias.asname for alias in node.names if alias.asname}
        elif isinstance(node, ast.ClassDef):
            others.add(node.name)
        else:
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            others.add(target.id)
    return functions, others


def shown(arguments):
    """Defaults by value: 1e-10 and 1e-10, 0.25 and 1 / 4, are the same."""
    return str(inspect.signature(eval(f"lambda {arguments}: None")))


def as_written(function):
    """Its signature; a default that is a function is written as `...` in a stub."""
    signature = inspect.signature(function)
    parameters = [
        each.replace(default=...) if inspect.isfunction(each.default) else each
        for each in signature.parameters.values()
    ]
    return str(signature.replace(parameters=parameters))


def own(module):
    """Its public functions: methods of the Front, or those that the module defines itself."""
    return {
        name: value
        for name, value in vars(module).items()
        if (inspect.ismethod(value) and not name.startswith("_"))
        or (inspect.isfunction(value) and value.__module__ == module.__name__ and name[0] != "_")
    }


MODULES = [
    "pyref",
    *[f"pyref.{name}" for name in ("logistic", "multinomial", "second_order", "inference")],
    "pyref.datasets",
    "pyref.documents",
    "pyref.front.checks",
]


def stub(name):
    path = PACKAGE.joinpath(*name.split(".")[1:])
    return path / "__init__.pyi" if path.is_dir() else path.with_suffix(".pyi")


@pytest.mark.parametrize("name", MODULES)
def test_the_stub_has_each_function_as_it_is(name):
    check(importlib.import_module(name), stub(name))


def test_the_stub_of_the_compiled_functions(fast):
    check(fast, stub("pyref.fast"))


def check(module, stub):
    functions, others = written(stub)
    found = own(module)
    public = {written_name for written_name in functions if not written_name.startswith("_")}
    assert public - set(found) <= {"log1p"}
    assert set(found) - public - others == set()
    for each, function in found.items():
        if each in functions:
            assert functions[each] == {as_written(function)}, each


def test_the_modules_with_stubs_are_these():
    """All stubs that lie in pyref/ itself; so a chapter with a stub is looked at."""
    here = {PACKAGE / f"{name}.pyi" for name in ("_native", "fast")} | set(map(stub, MODULES))
    assert {path for path in here if path.parent == PACKAGE} == set(PACKAGE.glob("*.pyi"))


def test_a_stub_that_differs_is_noticed(tmp_path):
    path = tmp_path / "stub.pyi"
    path.write_text("def f(x: float, *, y: int = 1) -> float: ...\n")
    functions, _ = written(path)
    assert functions == {"f": {"(x, *, y=1)"}}
    for other in (lambda x, y=1: 0, lambda x, *, y=2: 0, lambda x, *, z=1: 0, lambda y, x=1: 0):
        assert functions["f"] != {str(inspect.signature(other))}
