"""pyref and pyref.fast: two implementations, not one twice, behind one face."""

import array
import importlib
import importlib.machinery
import importlib.util
import inspect
import sys
from pathlib import Path

import pytest
from helpers import oracle
from helpers.compare import gradient_and_bound, within

import pyref
import pyref.logistic
from pyref.front import checks

NAMES = ("logistic", "multinomial", "second_order", "optimum")
CHAPTERS = [
    importlib.import_module(f"pyref.{name}")
    for name in NAMES
    if importlib.util.find_spec(f"pyref.{name}")
]


PIECES = ("dL_dp", "dp_dz", "dz_da", "dL_da")  # taught, and not compiled


def public_functions(module):
    """The public functions that a module defines itself, in the order in which it does."""
    return {
        name: value
        for name, value in vars(module).items()
        if inspect.isfunction(value)
        and value.__module__ == module.__name__
        and not name.startswith("_")
    }


def in_all_chapters():
    return {name: f for chapter in CHAPTERS for name, f in public_functions(chapter).items()}


# ---------------------------------------------------------------- one face


def test_chapter_1_has_the_functions_of_the_contract():
    assert list(public_functions(pyref.logistic)) == [
        "sigmoid",
        "sigmoid_derivative",
        "softplus",
        "binary_cross_entropy",
        "binary_cross_entropy_with_logits",
        "dL_dp",
        "dp_dz",
        "dz_da",
        "dL_da",
        "residual",
        "gradient_ab",
        "gradient_descent_logistic",
        "gradient",
        "safe_learning_rate",
        "gradient_descent",
    ]


def test_the_contracts_signatures(impl):
    """Names, order and defaults as the contract has them (the compiled one adds `threads`)."""
    contract = {
        "sigmoid": "(z)",
        "softplus": "(z)",
        "binary_cross_entropy": "(y, p)",
        "binary_cross_entropy_with_logits": "(y, z)",
        "residual": "(y, z)",
        "gradient_ab": "(x, y, a, b)",
        "gradient_descent_logistic": ("(x, y, learning_rate=0.1, iterations=1000, momentum=0.0)"),
        "gradient": "(X, y, w, b, sample_weight=None)",
        "safe_learning_rate": "(X, reduction='mean', l2=0.0, sample_weight=None)",
        "gradient_descent": (
            "(X, y, *, learning_rate, iterations, w=None, b=0.0, momentum=0.0, reduction='mean',"
            " tolerance=0.0, callback=None, l2=0.0, sample_weight=None)"
        ),
    }
    for name, signature in contract.items():
        assert str(without_threads(getattr(impl, name))) == signature, name


def without_threads(function):
    """The signature less a last, keyword-only `threads=None`, and less annotations."""
    signature = inspect.signature(function)
    parameters = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    if parameters and parameters[-1].name == "threads":
        last = parameters.pop()
        assert last.kind is last.KEYWORD_ONLY
        assert last.default is None
    return inspect.Signature(parameters)


def test_the_package_hands_on_chapter_1():
    """`pyref.sigmoid` is `pyref.logistic.sigmoid`, and so on."""
    for name, function in public_functions(pyref.logistic).items():
        assert getattr(pyref, name, None) is function, name


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.__name__)
def test_the_compiled_twin_has_the_same_functions_in_the_same_order(fast, chapter):
    names = [name for name in public_functions(chapter) if name not in PIECES]
    assert [name for name in public_functions(fast) if name in names] == names
    for name in names:
        function = getattr(chapter, name)
        assert without_threads(getattr(fast, name)) == without_threads(function), name
        assert "threads" not in inspect.signature(function).parameters


def test_the_compiled_twin_has_no_function_that_is_not_in_a_chapter(fast):
    names = list(public_functions(fast))
    assert [name for name in in_all_chapters() if name in names] == names


def test_only_functions_that_sum_over_samples_have_threads(fast):
    for name, function in public_functions(fast).items():
        has_table = bool({"X", "x"} & set(inspect.signature(function).parameters))
        if not has_table:
            assert "threads" not in inspect.signature(function).parameters, name
    for name in ("gradient", "gradient_descent"):
        assert "threads" in inspect.signature(getattr(fast, name)).parameters


# ---------------------------------------------------------------- two implementations


def test_each_function_comes_from_the_module_under_test(impl):
    for name in public_functions(pyref.logistic):
        if impl is not pyref.logistic and name in PIECES:
            continue
        function = getattr(impl, name)
        assert function.__module__ == impl.__name__
        assert inspect.getsourcefile(function) == impl.__file__, name


def test_the_python_implementation_needs_no_compiled_module():
    """Chapter 1 is Python all the way down: its globals are functions, math, and `checks`."""
    for name, value in vars(pyref.logistic).items():
        if name.startswith("__"):
            continue
        home = getattr(value, "__module__", None) or getattr(value, "__name__", "")
        assert home in ("math", "pyref.logistic", "pyref.front.checks"), (name, home)
    assert checks.__file__.endswith("checks.py")


def test_the_compiled_implementation_shares_no_function_with_the_python_one(fast):
    chapters = {chapter.__name__ for chapter in CHAPTERS}
    for name, value in vars(fast).items():
        if inspect.ismodule(value):
            assert value.__name__ not in chapters, f"pyref.fast imports {value.__name__}"
        assert getattr(value, "__module__", None) not in chapters, name
    for name, function in public_functions(fast).items():
        assert function is not in_all_chapters()[name]


def test_the_compiled_implementation_computes_in_the_compiled_module(fast):
    native = sys.modules["pyref._native"]
    assert native.__file__.endswith(tuple(importlib.machinery.EXTENSION_SUFFIXES))
    assert Path(native.__file__).parent == Path(fast.__file__).parent  # not some other build
    assert any(value is native or value is native.lib for value in vars(fast).values())


def test_the_compiled_implementation_works_where_the_python_one_does_not(fast, monkeypatch):
    """With every function of the chapters broken, it still answers."""

    def broken(*args, **kwargs):
        raise AssertionError("pyref.fast called the Python implementation")

    for chapter in CHAPTERS:
        for name, value in list(vars(chapter).items()):
            if inspect.isfunction(value) and value.__module__ == chapter.__name__:
                monkeypatch.setattr(chapter, name, broken)
    X, y = [[1.0], [2.0], [3.0]], [0, 1, 1]
    assert fast.sigmoid(0.0) == fast.binary_cross_entropy(1, 1) + 0.5
    assert fast.sigmoid_derivative(0) == 0.25
    assert fast.softplus(0.0) == fast.binary_cross_entropy_with_logits(1, 0)
    assert fast.residual(0, 0.0) == 0.5
    assert fast.gradient(X, y, [0.0], 0.0)[2] == -0.5
    assert fast.gradient_ab([1.0, 2.0, 3.0], y, 0.0, 0.0)[1] == -0.5
    assert fast.gradient_descent(X, y, learning_rate=0.1, iterations=2).iterations == 2
    assert len(fast.gradient_descent_logistic([1.0, 2.0, 3.0], y)) == 2
    with pytest.raises(AssertionError, match="Python implementation"):
        pyref.logistic.sigmoid(0.0)


def test_each_returns_its_own_type(impl):
    """Lists from the one, array.array('d') from the other; floats and tuples from both."""
    X, y = [[1.0, 2.0], [3.0, 4.0]], [0, 1]
    kind = list if impl is pyref else array.array

    def check(values):
        assert type(values) is kind
        assert all(type(value) is float for value in values)
        if kind is array.array:
            assert values.typecode == "d"

    result = impl.gradient(X, y, [0, 0], 0)
    assert type(result) is tuple
    assert len(result) == 3
    assert type(result[0]) is type(result[2]) is float
    check(result[1])
    for iterations, w in ((0, None), (0, [1, 2]), (3, None)):
        fit = impl.gradient_descent(X, y, learning_rate=0.1, iterations=iterations, w=w)
        assert type(fit) is checks.Descent
        assert fit._fields == ("w", "b", "losses", "iterations", "status")
        check(fit.w)
        check(fit.losses)
        assert type(fit.b) is float
        assert type(fit.iterations) is int
        assert type(fit.status) is str
    for pair in (
        impl.gradient_ab([1, 2], y, 0, 0),
        impl.gradient_descent_logistic([1, 2], y, iterations=2),
    ):
        assert type(pair) is tuple
        assert [type(value) for value in pair] == [float, float]


# ---------------------------------------------------------------- one answer


def test_both_give_one_answer(fast):
    """Each is within the bound of the truth, so they are within twice the bound of each other."""
    for n in (1, 2, 7, 8, 9, 63, 64, 65, 200, 513, 1025, 4097):
        for d in (1, 2, 5, 8, 17):
            X, y, w, b = oracle.problem(n + d, n, d, soft=n % 2 == 0)
            one, other = pyref.gradient(X, y, w, b), fast.gradient(X, y, w, b)
            _, bound = gradient_and_bound(X, y, w, b)
            within(other[0], one[0], 2 * bound.loss, f"n = {n}, d = {d}: loss")
            within(
                [*other[1], other[2]],
                [*one[1], one[2]],
                [2 * allowed for allowed in (*bound.grad_w, bound.grad_b)],
                f"n = {n}, d = {d}: grad",
            )
