"""pyref and pyref.fast: two implementations, not one twice, behind one face.

The face is the class Front: each public function is one of its methods, bound to the Front of the
lessons in `pyref`, to that of C in `pyref.fast`. So signatures and docstrings are the same by
construction, and what is left to prove is that the two engines are two.
"""

import array
import importlib.machinery
import inspect
import pickle
import pydoc
import subprocess
import sys
import types
from pathlib import Path

import pytest
from helpers import oracle
from helpers.compare import gradient_and_bound, within

import pyref
import pyref.inference
import pyref.logistic
import pyref.multinomial
import pyref.second_order
from pyref import pure
from pyref.front import Front, checks

LESSONS = (pyref.logistic, pyref.multinomial, pyref.second_order, pyref.inference)
FIT = [name for name in sys.modules if name.startswith("pyref.fit.")]  # the safe fit's modules

# The contract, chapter by chapter: every public function, in its order, with its signature.
CONTRACT = {
    "sigmoid": "(z)",
    "sigmoid_derivative": "(z)",
    "softplus": "(z)",
    "binary_cross_entropy": "(y, p)",
    "binary_cross_entropy_with_logits": "(y, z)",
    "residual": "(y, z)",
    "gradient_ab": "(x, y, a, b, threads=None)",
    "gradient_descent_logistic": (
        "(x, y, learning_rate=0.1, iterations=1000, momentum=0.0, threads=None)"
    ),
    "gradient": "(X, y, w, b, sample_weight=None, threads=None)",
    "safe_learning_rate": "(X, reduction='mean', l2=0.0, sample_weight=None, threads=None)",
    "gradient_descent": (
        "(X, y, *, learning_rate, iterations, w=None, b=0.0, momentum=0.0, reduction='mean',"
        " tolerance=0.0, callback=None, l2=0.0, sample_weight=None, threads=None)"
    ),
    "logsumexp": "(zs)",
    "softmax": "(zs)",
    "categorical_cross_entropy": "(ys, ps)",
    "categorical_cross_entropy_with_logits": "(ys, zs)",
    "softmax_gradient": "(X, y, W, b, sample_weight=None, threads=None)",
    "softmax_safe_learning_rate": (
        "(X, reduction='mean', l2=0.0, sample_weight=None, threads=None)"
    ),
    "softmax_descent": (
        "(X, y, *, classes=None, learning_rate, iterations, W=None, b=None, momentum=0.0,"
        " reduction='mean', tolerance=0.0, callback=None, l2=0.0, sample_weight=None,"
        " threads=None)"
    ),
    "hessian": "(X, y, w, b, sample_weight=None, threads=None)",
    "newton": (
        "(X, y, *, w=None, b=0.0, l2=0.0, sample_weight=None, tolerance=1e-10, iterations=100,"
        " callback=None, threads=None)"
    ),
    "lbfgs": (
        "(X, y, *, memory=10, w=None, b=0.0, l2=0.0, sample_weight=None, tolerance=1e-10,"
        " iterations=100, callback=None, threads=None)"
    ),
}


def methods(module):
    """The public functions of pyref or pyref.fast, in the order in which it has them."""
    return {
        name: value
        for name, value in vars(module).items()
        if inspect.ismethod(value) and not name.startswith("_")
    }


def calls(impl):
    """One call of each public function, by its name."""
    X, y, x = [[1.0], [2.0], [3.0]], [0, 1, 1], [1.0, 2.0, 3.0]
    how = {"learning_rate": 1, "iterations": 2}
    found = {
        "sigmoid": lambda: impl.sigmoid(0.0),
        "sigmoid_derivative": lambda: impl.sigmoid_derivative(0),
        "softplus": lambda: impl.softplus(1000.0),
        "binary_cross_entropy": lambda: impl.binary_cross_entropy(1, 1),
        "binary_cross_entropy_with_logits": lambda: impl.binary_cross_entropy_with_logits(0, 1e3),
        "residual": lambda: impl.residual(0, 0.0),
        "gradient_ab": lambda: impl.gradient_ab(x, y, 0.0, 0.0),
        "gradient_descent_logistic": lambda: impl.gradient_descent_logistic(x, y, 0.1, 1),
        "gradient": lambda: impl.gradient(X, y, [0.0], 0.0),
        "safe_learning_rate": lambda: impl.safe_learning_rate([[1, 2], [3, 4]]),
        "gradient_descent": lambda: impl.gradient_descent(X, y, **how),
        "logsumexp": lambda: impl.logsumexp([1000.0, 0.0]),
        "softmax": lambda: impl.softmax([0, 0]),
        "categorical_cross_entropy": lambda: impl.categorical_cross_entropy([1, 0], [1, 0]),
        "categorical_cross_entropy_with_logits": (
            lambda: impl.categorical_cross_entropy_with_logits([1, 0], [-1000, 0])
        ),
        "softmax_gradient": lambda: impl.softmax_gradient(X, y, [[0, 0]], [0, 0]),
        "softmax_safe_learning_rate": lambda: impl.softmax_safe_learning_rate([[1, 2], [3, 4]]),
        "softmax_descent": lambda: impl.softmax_descent(X, y, **how),
        "hessian": lambda: impl.hessian([[1], [3]], [0, 1], [0], 0),
        "newton": lambda: impl.newton([[1], [2], [3], [4]], [0, 1, 0, 1]),
        "lbfgs": lambda: impl.lbfgs([[1], [2], [3], [4]], [0, 1, 0, 1]),
    }
    assert list(found) == list(CONTRACT)
    return found


def own_functions(module):
    """The functions that a module defines itself."""
    return {
        name: value
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__
    }


# ---------------------------------------------------------------- one face


def test_each_public_function_is_a_method_of_the_front(impl):
    """All of the contract, in its order, and nothing else; each with its own name."""
    assert list(methods(impl)) == list(CONTRACT)
    for name, method in methods(impl).items():
        assert method.__self__ is impl.FRONT
        assert method.__func__ is inspect.getattr_static(Front, name)
        assert method.__name__ == name
    for name, value in vars(Front).items():
        assert not inspect.isfunction(value) or name.startswith("_"), "methods stand in the mixins"
    mixed_in = [name for base in Front.__bases__ for name in vars(base) if name[0] != "_"]
    assert sorted(mixed_in) == sorted(CONTRACT)


def test_the_contracts_signatures(impl):
    assert {name: str(inspect.signature(m)) for name, m in methods(impl).items()} == CONTRACT


def test_both_are_one_class_over_two_engines(fast):
    assert type(pyref.FRONT) is type(fast.FRONT) is Front
    assert pyref.FRONT.engine is pure
    assert fast.FRONT.engine.__name__ == "pyref.compiled.engine"
    for name, method in methods(pyref).items():
        other = getattr(fast, name)
        assert other.__func__ is method.__func__
        assert other.__self__ is not method.__self__
        assert inspect.signature(other) == inspect.signature(method)
        assert other.__doc__ == method.__doc__
        assert ">>> " in method.__doc__, f"{name} has no example"


def test_the_package_says_what_is_public():
    """`from pyref import *` gives the functions, the results' types and the data, no more."""
    assert set(pyref.__all__) == {*CONTRACT, "Descent", "Newton", "datasets"}
    assert list(pyref.__all__) == sorted(pyref.__all__)


def test_only_functions_that_sum_over_samples_have_threads():
    for name, signature in CONTRACT.items():
        assert ("threads=None)" in signature) == signature.startswith(("(X, ", "(x, ")), name


def test_help_shows_signature_and_docstring(impl):
    for name, method in methods(impl).items():
        shown = pydoc.render_doc(method, renderer=pydoc.plaintext)
        assert f"{name}{CONTRACT[name]}" in shown
        assert method.__doc__.partition("\n")[0] in shown
        assert f" of {impl.__name__}" in shown or "method of" in shown
    assert repr(impl.FRONT) == impl.__name__


def test_bound_methods_pickle(impl):
    """By address, so that a pickle holds no engine, and another process finds the same one."""
    for name, method in methods(impl).items():
        again = pickle.loads(pickle.dumps(method))
        assert again == method
        assert again.__self__ is impl.FRONT, name
    program = "import pickle, sys; print(pickle.load(sys.stdin.buffer)(0.0))"
    done = subprocess.run(
        [sys.executable, "-c", program], input=pickle.dumps(impl.sigmoid), capture_output=True
    )
    assert done.stdout.split() == [b"0.5"], done.stderr


# ---------------------------------------------------------------- two engines


def test_both_engines_have_the_same_names(fast):
    engine = fast.FRONT.engine
    assert sorted(pure.__all__) == sorted(engine.__all__)
    for one in (pure, engine):
        assert len(set(one.__all__)) == len(one.__all__)
        for name in one.__all__:
            assert inspect.isroutine(getattr(one, name)), (one.__name__, name)


def test_the_front_asks_an_engine_for_nothing_else():
    """Each name that a method takes from its engine is in the engines' __all__, and each of those
    is asked for: by the front, or by the estimator."""
    asked = set()
    front = Path(checks.__file__).parent
    for path in front.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        for word in ("self.engine.", " e."):
            for part in text.split(word)[1:]:
                name = part[: len(part) - len(part.lstrip("abcdefghijklmnopqrstuvwxyz_"))]
                asked.add(name)
    assert asked <= set(pure.__all__)
    of_model = {"class_optimum", "independent_columns"}
    of_model |= {"log_probabilities", "probabilities", "scores"}
    assert set(pure.__all__) - asked == of_model


def test_the_pure_engines_functions_are_the_lessons(monkeypatch):
    """With every function of the lessons broken, no public function of pyref has an answer."""
    lessons = {id(f): f for lesson in LESSONS for f in own_functions(lesson).values()}

    def broken(*args, **kwargs):
        raise AssertionError("a lesson was called")

    for module in (*LESSONS, pure, *[sys.modules[name] for name in FIT]):
        for name, value in list(vars(module).items()):
            if id(value) in lessons:
                monkeypatch.setattr(module, name, broken)
    for name, call in calls(pyref).items():
        with pytest.raises(AssertionError, match="a lesson was called"):
            print(name, call())


def test_the_python_implementation_needs_no_compiled_module():
    """Lessons, front, pure engine and safe fit are Python all the way down."""
    program = (
        "import sys, pyref; pyref.newton([[1], [2], [3]], [0, 1, 0], l2=1.0);"
        "print(*[name for name in sys.modules if 'native' in name or 'compiled' in name"
        " or name in ('cffi', 'numpy')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_the_compiled_implementation_shares_no_function_with_the_python_one(fast):
    """None of the engine's functions is a lesson's, or the pure engine's."""
    engine = fast.FRONT.engine
    theirs = {id(getattr(pure, name)) for name in pure.__all__}
    for name in engine.__all__:
        function = getattr(engine, name)
        assert id(function) not in theirs, name
        home = getattr(function, "__module__", "") or ""
        assert home.startswith("pyref.compiled") or isinstance(
            function, types.BuiltinFunctionType
        ), (name, home)
    homes = {getattr(value, "__module__", None) for value in vars(engine).values()}
    assert not homes & {lesson.__name__ for lesson in LESSONS} | homes & {"pyref.pure"}


def test_the_compiled_implementation_computes_in_the_compiled_module(fast):
    native = sys.modules["pyref._native"]
    assert native.__file__.endswith(tuple(importlib.machinery.EXTENSION_SUFFIXES))
    assert Path(native.__file__).parent == Path(fast.__file__).parent  # not some other build
    assert any(value is native.lib for value in vars(fast.FRONT.engine).values())


def test_the_compiled_implementation_works_where_the_python_one_does_not(fast, monkeypatch):
    """With every function of the lessons and of the pure engine broken, it still answers."""

    def broken(*args, **kwargs):
        raise AssertionError("pyref.fast called the Python implementation")

    for module in (*LESSONS, pure):
        for name, value in list(vars(module).items()):
            if inspect.isfunction(value):  # its own, and those that it has from a lesson
                monkeypatch.setattr(module, name, broken)
    wanted = {
        "sigmoid": 0.5,
        "sigmoid_derivative": 0.25,
        "softplus": 1000.0,
        "binary_cross_entropy": 0.0,
        "binary_cross_entropy_with_logits": 1000.0,
        "residual": 0.5,
        "safe_learning_rate": 0.25,
        "logsumexp": 1000.0,
        "categorical_cross_entropy": 0.0,
        "categorical_cross_entropy_with_logits": 1000.0,
        "softmax_safe_learning_rate": 0.125,
    }
    for name, call in calls(fast).items():
        if name not in ("newton", "lbfgs"):  # these are built on the lessons' linear algebra
            answer = call()
            if name in wanted:
                assert answer == wanted[name], name
    assert calls(fast)["gradient"]()[2] == -0.5
    assert calls(fast)["gradient_ab"]()[1] == -0.5
    assert calls(fast)["gradient_descent"]().iterations == 2
    assert list(calls(fast)["softmax"]()) == [0.5, 0.5]
    assert calls(fast)["softmax_descent"]().iterations == 2
    assert calls(fast)["hessian"]()[1].tolist() == [-1.0, 0.0]
    for call in calls(pyref).values():
        with pytest.raises(AssertionError, match="Python implementation"):
            call()


def test_the_compiled_optimum_has_its_sums_from_c(fast, monkeypatch):
    """newton and lbfgs of pyref.fast may use the lessons' linear algebra, but none of the lessons'
    passes over the samples."""

    def broken(*args, **kwargs):
        raise AssertionError("pyref.fast called the Python implementation")

    algebra = {"cholesky", "solve", "solve_lower", "standard_errors", "dot", "plus", "lbfgs_step"}
    for module in (*LESSONS, pure):
        for name in set(own_functions(module)) - algebra:
            monkeypatch.setattr(module, name, broken)
    X, y = [[1], [2], [3], [4]], [0, 1, 0, 1]
    for fit in (fast.newton(X, y), fast.lbfgs(X, y)):
        assert fit.status == "converged"
        assert round(fit.w[0], 8) == 0.90818426


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
