"""The house is kept: three floors, imports that run down, files that can be read.

Each rule is a function of source texts {path in the repository: text} that gives what breaks it, as
sentences. One test runs it over the project; another over a small made-up house with one thing
wrong, and it must object.

    taught          the lessons, the documents' programs, their data
    safe and fast   front/, fit/, compiled/, the two engines
    used            pictures/, tables/, model/, command/, and the modules that are doors to them
"""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

LESSONS = ("logistic", "multinomial", "second_order", "inference")

# What each module or room of pyref/ may import of pyref: other modules and rooms, and so nothing
# that stands above it. A room may always import its own modules. `math` and the like are for
# another rule.
MAY_IMPORT = {
    "logistic": (),
    "multinomial": ("logistic",),
    "second_order": ("logistic", "multinomial"),
    "inference": ("logistic", "multinomial", "second_order"),
    "datasets": (),
    "documents": ("datasets",),
    "front": (),
    "fit": (*LESSONS, "front.checks"),
    "compiled": (*LESSONS, "fit", "front.checks", "_native"),
    "pure": (*LESSONS, "fit", "front.checks"),
    "fast": ("front", "compiled"),
    "pictures": (*LESSONS, "front.checks", "front.given", "datasets", "documents"),
    "tables": ("front.checks",),
    "model": (*LESSONS, "fit", "front", "pure", "fast", "compiled", "pictures", "tables", ""),
    "command": (
        *(*LESSONS, "front", "fit", "pure", "fast", "compiled", "datasets", "documents"),
        *("pictures", "tables", "model", ""),
    ),
    "sklearn": ("model", "front.checks", ""),
    "__main__": ("command", ""),
    "": ("datasets", "documents", "front", "front.checks", "pure"),
}

# Imports that stand above the importer and are allowed: (module, what it imports): the reason.
ALLOWED = {
    ("pyref", "pyref.model.estimator"): "pyref.LogisticRegression, imported when it is asked for",
    ("pyref.front", "pyref"): "a pickle of pyref.gradient is the name of its module",
}

# Modules of the standard library that a lesson may import.
LESSON_LIBRARY = {"math"}

LINES = 450
LESSON_LINES = {
    "pyref/logistic.py": 300,
    "pyref/multinomial.py": 350,
    "pyref/second_order.py": 350,
    "pyref/inference.py": 350,
}
TEST_LINES = 600
MODULES = 14


@cache
def in_the_project():
    files = {}
    for folder in ("pyref", "csrc", "tests"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".c", ".h", ".pyi") and "__pycache__" not in path.parts:
                files[path.relative_to(ROOT).as_posix()] = path.read_text(encoding="utf-8")
    return files


# ---------------------------------------------------------------- reading sources


def modules(files):
    """{dotted name: (its syntax tree, whether it is a package)} of all of pyref/."""
    found = {}
    for path, text in files.items():
        if path.startswith("pyref/") and path.endswith(".py"):
            parts = path[:-3].split("/")
            package = parts[-1] == "__init__"
            found[".".join(parts[:-1] if package else parts)] = parsed(text), package
    return found


@cache
def parsed(text):
    return ast.parse(text)


@cache
def nodes(tree):
    return list(ast.walk(tree))


def imports(name, tree, package, known):
    """Each import of a module, as (what is imported, under which name, line), wherever it stands:
    at the top, in a function, or by importlib with the name written out. What is imported is the
    dotted name of a module if there is one, else of the module that it is taken from."""
    here = name.split(".") if package else name.split(".")[:-1]
    for node in nodes(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, alias.asname or alias.name.partition(".")[0], "", node.lineno
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else []
            base = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                bound = alias.asname or alias.name
                if inner in known:
                    yield inner, bound, "", node.lineno
                else:
                    yield base, bound, alias.name, node.lineno
        elif isinstance(node, ast.Call):
            function = ast.unparse(node.func)
            if function in ("import_module", "importlib.import_module", "__import__"):
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant):
                    target = first.value
                    if target.startswith("."):
                        target = ".".join([*here, target.lstrip(".")]).strip(".")
                    yield target, "", "", node.lineno
                else:
                    yield "pyref", "", "", node.lineno  # whatever it is: somebody has to say why


def room(name):
    """The key of MAY_IMPORT: the module or folder right under pyref/."""
    return name.split(".")[1] if "." in name else ""


# ---------------------------------------------------------------- the rules


def imports_run_down(files):
    known = {*modules(files), "pyref._native"}
    for name, (tree, package) in modules(files).items():
        if room(name) not in MAY_IMPORT:
            yield f"{name} stands on no floor: MAY_IMPORT does not name {room(name)}"
            continue
        may = MAY_IMPORT[room(name)]
        for target, _, _, line in imports(name, tree, package, known):
            if target.partition(".")[0] != "pyref":
                continue
            inner = target.partition(".")[2]
            own = room(name) and room(target) == room(name)
            allowed = own or any(
                inner == each or (each and inner.startswith(each + ".")) for each in may
            )
            if not allowed and (name, target) not in ALLOWED:
                yield f"{name}, line {line}, imports {target}, which is not below it"


def lessons_import_little(files):
    for name, (tree, package) in modules(files).items():
        if room(name) in LESSONS:
            for target, _, _, line in imports(name, tree, package, set()):
                if target.partition(".")[0] not in (*LESSON_LIBRARY, "pyref"):
                    yield f"{name}, line {line}, imports {target}"


def allowed_imports_are_used(files):
    """A reason for an import that is not there any more goes."""
    known = {*modules(files), "pyref._native"}
    found = set()
    for name, (tree, package) in modules(files).items():
        found |= {(name, target) for target, *_ in imports(name, tree, package, known)}
    for pair in sorted(set(ALLOWED) - found):
        yield f"ALLOWED has {pair}, and nothing imports it"


def no_private_name_leaves_its_module(files):
    """Neither imported by name, nor reached as an attribute of an imported module."""
    known = {*modules(files), "pyref._native"}
    for name, (tree, package) in modules(files).items():
        bound = {}
        for target, alias, taken, line in imports(name, tree, package, known):
            if target.partition(".")[0] != "pyref" or target == "pyref._native":
                continue
            if taken.startswith("_") and not taken.startswith("__"):
                yield f"{name}, line {line}, imports {taken} from {target}"
            last = target.rpartition(".")[2]
            if not taken and last.startswith("_") and not last.startswith("__"):
                yield f"{name}, line {line}, imports {target}"
            if not taken and alias:
                bound[alias] = target
        for node in nodes(tree):
            if not isinstance(node, ast.Attribute) or not private(node.attr):
                continue
            owner = ast.unparse(node.value)
            if owner.partition(".")[0] in bound and owner not in ("self", "cls"):
                yield f"{name}, line {node.lineno}, reaches {owner}.{node.attr}"


def private(name):
    public = ("_replace", "_asdict", "_fields", "_make")  # of every namedtuple
    return name.startswith("_") and not name.startswith("__") and name not in public


def files_can_be_read(files):
    for path, text in files.items():
        count = text.count("\n")
        if path.startswith("tests/"):
            allowed = TEST_LINES if path.rpartition("/")[2].startswith("test_") else None
        else:
            allowed = LESSON_LINES.get(path, LINES)
        if allowed and count > allowed and not path.endswith(".pyi"):
            yield f"{path} has {count} lines, not at most {allowed}"


def few_modules_on_the_ground(files):
    found = [path for path in files if path.startswith("pyref/") and path.count("/") == 1]
    found = [path for path in found if path.endswith(".py")]
    if len(found) > MODULES:
        yield f"pyref/ has {len(found)} modules, not at most {MODULES}: {found}"


def the_tests_are_in_folders(files):
    """Only the house itself is tested from the ground floor; names are unique, as pytest wants."""
    seen = {}
    for path in files:
        folder, _, name = path.rpartition("/")
        if path.startswith("tests/") and name.startswith("test_") and name.endswith(".py"):
            if folder == "tests" and name != "test_house.py":
                yield f"{path} stands in no folder"
            if name in seen:
                yield f"{path} has the name of {seen[name]}"
            seen[name] = path
        if name == "__init__.py" and path.startswith("tests/") and folder != "tests/helpers":
            yield f"{path}: the folders of tests are no packages"


def lessons_check_nothing(files):
    for name, (tree, _) in modules(files).items():
        if room(name) not in LESSONS:
            continue
        for node in nodes(tree):
            if isinstance(node, (ast.Raise, ast.Assert)):
                yield f"{name}, line {node.lineno}, raises"
            word = getattr(node, "id", None) or getattr(node, "attr", None)
            word = word or (node.name if isinstance(node, ast.alias) else None)
            if word in ("isinstance", "issubclass", "callable", "checks", "hasattr"):
                yield f"{name}, line {node.lineno}, has {word}"


def executed(tree):
    """All nodes that run, which a docstring does not."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.expr)]


def p_minus_y_is_executed(files):
    """In the loop of document 001: gradient_ab of chapter 1."""
    tree, _ = modules(files)["pyref.logistic"]
    for function in tree.body:
        if getattr(function, "name", "") == "gradient_ab":
            for node in executed(function):
                if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
                    left, right = ast.unparse(node.left), ast.unparse(node.right)
                    if left in ("p", "p_i") and right in ("y", "y_i"):
                        return
    yield "pyref/logistic.py: gradient_ab executes no p - y"


def the_residual_stands_once(files):
    """The branch on the sign of z in which loss and residual share an exponential is in
    loss_and_residual of chapter 1, and nowhere else above C. (sigmoid has a branch of its own.)"""
    found = []
    for name, (tree, _) in modules(files).items():
        for function in nodes(tree):
            if not isinstance(function, ast.FunctionDef):
                continue
            calls = [ast.unparse(node.func) for node in ast.walk(function) if is_call(node)]
            if not any(call.rpartition(".")[2] == "log1p" for call in calls):
                continue
            for node in ast.walk(function):
                if isinstance(node, (ast.If, ast.IfExp)) and on_the_sign_of_z(node.test):
                    found.append(f"{name}.{function.name}")
                    break
    if found != ["pyref.logistic.loss_and_residual"]:
        yield f"the branch of the residual stands in {found}, not in loss_and_residual alone"


def is_call(node):
    return isinstance(node, ast.Call)


def on_the_sign_of_z(test):
    if not isinstance(test, ast.Compare) or not isinstance(test.comparators[0], ast.Constant):
        return False
    return ast.unparse(test.left) in ("z", "z_i") and test.comparators[0].value == 0


RULES = [
    imports_run_down,
    lessons_import_little,
    allowed_imports_are_used,
    no_private_name_leaves_its_module,
    files_can_be_read,
    few_modules_on_the_ground,
    the_tests_are_in_folders,
    lessons_check_nothing,
    p_minus_y_is_executed,
    the_residual_stands_once,
]


@pytest.mark.parametrize("rule", RULES)
def test_the_house_is_kept(rule):
    broken = list(rule(in_the_project()))
    assert not broken, "\n".join(["", *broken])


def test_the_whole_project_was_looked_at():
    files = in_the_project()
    assert {"pyref/__init__.py", "pyref/front/binary.py", "pyref/fit/search.py"} <= set(files)
    assert {"tests/test_house.py", "tests/helpers/compare.py"} <= set(files)
    assert sum(path.startswith("csrc/") for path in files) >= 10
    assert all(reason for reason in ALLOWED.values())


# ---------------------------------------------------------------- each rule can object

LESSON = """
from math import exp, log1p

def gradient_ab(x, y, a, b):
    for x_i, y_i in zip(x, y):
        p = sigmoid(a * x_i + b)
        r = p - y_i
    return r

def sigmoid(z):
    if z >= 0:
        return 1 / (1 + exp(-z))
    return exp(z)

def loss_and_residual(y, z):
    e = exp(-abs(z))
    if z >= 0:
        r = 1
    else:
        r = 2
    return log1p(e), r
"""

HOUSE = {
    "pyref/__init__.py": (
        "from . import datasets, pure\nfrom .front import Front\n"
        "def __getattr__(name):\n    from .model.estimator import LogisticRegression\n"
    ),
    "pyref/datasets.py": "from math import log\n",
    "pyref/logistic.py": LESSON,
    "pyref/second_order.py": "from math import sqrt\nfrom .logistic import gradient_ab\n",
    "pyref/front/__init__.py": (
        "from .binary import Binary\nclass Front(Binary):\n    pass\n"
        "def _front_of(home):\n    from importlib import import_module\n"
        "    return import_module(home).FRONT\n"
    ),
    "pyref/front/binary.py": "from . import checks\nclass Binary:\n    pass\n",
    "pyref/front/checks.py": "def _shown(value):\n    return repr(value)\n",
    "pyref/fit/__init__.py": "",
    "pyref/fit/search.py": "from ..second_order import sqrt\nfrom ..front import checks\n",
    "pyref/pure.py": "from . import logistic\nfrom .fit import search\nfrom .front import checks\n",
    "pyref/compiled/__init__.py": "from pyref._native import ffi, lib\n",
    "pyref/compiled/engine.py": (
        "from ..front import checks\nfrom . import ffi\nfrom .. import _native\n"
    ),
    "pyref/fast.py": "from .compiled import engine\nfrom .front import Front\n",
    "pyref/model/__init__.py": "",
    "pyref/model/estimator.py": "from .. import pure\nfrom ..fit import search\n",
    "csrc/pass.c": "int pass;\n",
    "tests/test_house.py": "",
    "tests/front/test_twins.py": "",
    "tests/helpers/__init__.py": "",
}


def damaged(**changes):
    """HOUSE with some files made, or with more text at their end."""
    files = dict(HOUSE)
    for name, text in changes.items():
        path = name.replace("__", "/")
        path = path + (".c" if path.startswith("csrc") else ".py")
        files[path] = files.get(path, "") + text
    return files


def without(path, old, new=""):
    assert old in HOUSE[path]
    return {**HOUSE, path: HOUSE[path].replace(old, new)}


DAMAGE = {
    "a lesson takes from a later one": (
        imports_run_down,
        damaged(pyref__logistic="from .second_order import sqrt\n"),
    ),
    "a lesson takes from the front": (
        imports_run_down,
        damaged(pyref__logistic="from pyref.front import checks\n"),
    ),
    "a lesson takes from the package": (
        imports_run_down,
        damaged(pyref__second_order="import pyref\n"),
    ),
    "the front takes from a lesson": (
        imports_run_down,
        damaged(pyref__front__binary="from ..logistic import sigmoid\n"),
    ),
    "the front takes from an engine, late": (
        imports_run_down,
        damaged(pyref__front__binary="def f():\n    from .. import pure\n"),
    ),
    "the front takes from an engine, by importlib": (
        imports_run_down,
        damaged(pyref__front__binary="import_module('pyref.pure')\n"),
    ),
    "the safe fit takes from the front's functions": (
        imports_run_down,
        damaged(pyref__fit__search="from ..front.binary import Binary\n"),
    ),
    "the safe fit takes from an engine": (
        imports_run_down,
        damaged(pyref__fit__search="from ..pure import logistic\n"),
    ),
    "C takes from the pure engine": (
        imports_run_down,
        damaged(pyref__compiled__engine="from .. import pure\n"),
    ),
    "the pure engine takes from C": (
        imports_run_down,
        damaged(pyref__pure="def f():\n    import pyref.compiled.engine\n"),
    ),
    "an engine takes from the model": (
        imports_run_down,
        damaged(pyref__pure="from .model import estimator\n"),
    ),
    "the package takes from C": (imports_run_down, damaged(pyref____init__="")),
    "a room that no floor has": (imports_run_down, damaged(pyref__attic__old="")),
    "a lesson needs more than math": (
        lessons_import_little,
        damaged(pyref__second_order="def f():\n    import numpy\n"),
    ),
    "an exception that nobody needs": (
        allowed_imports_are_used,
        without("pyref/__init__.py", "from .model.estimator import LogisticRegression", "pass"),
    ),
    "a private name is imported": (
        no_private_name_leaves_its_module,
        damaged(pyref__fit__search="from ..front.checks import _shown\n"),
    ),
    "a private name is reached": (
        no_private_name_leaves_its_module,
        damaged(pyref__fit__search="checks._shown(1)\n"),
    ),
    "a private name is reached two steps down": (
        no_private_name_leaves_its_module,
        damaged(pyref__fit__search="import pyref.front\npyref.front.checks._shown(1)\n"),
    ),
    "a private module is imported": (
        no_private_name_leaves_its_module,
        damaged(pyref__fit___hidden="", pyref__pure="from .fit import _hidden\n"),
    ),
    "a file is too long": (files_can_be_read, damaged(pyref__pure="\n" * 451)),
    "a file of C is too long": (files_can_be_read, damaged(csrc__pass="\n" * 451)),
    "chapter 1 is too long": (files_can_be_read, damaged(pyref__logistic="\n" * 290)),
    "chapter 3 is too long": (files_can_be_read, damaged(pyref__second_order="\n" * 351)),
    "a test is too long": (files_can_be_read, damaged(tests__front__test_twins="\n" * 601)),
    "too many modules": (
        few_modules_on_the_ground,
        damaged(**{f"pyref__more_{k}": "" for k in range(12)}),
    ),
    "a test on the ground": (the_tests_are_in_folders, damaged(tests__test_loose="")),
    "two tests of one name": (the_tests_are_in_folders, damaged(tests__taught__test_twins="")),
    "a folder of tests that is a package": (
        the_tests_are_in_folders,
        {**HOUSE, "tests/front/__init__.py": ""},
    ),
    "a lesson raises": (lessons_check_nothing, damaged(pyref__logistic="raise ValueError\n")),
    "a lesson asserts": (lessons_check_nothing, damaged(pyref__logistic="assert 1\n")),
    "a lesson looks at types": (
        lessons_check_nothing,
        damaged(pyref__logistic="def f(x):\n    return isinstance(x, int)\n"),
    ),
    "a lesson has checks": (
        lessons_check_nothing,
        damaged(pyref__second_order="from .front import checks\n"),
    ),
    "p - y is only written about": (
        p_minus_y_is_executed,
        without("pyref/logistic.py", "r = p - y_i", '"""r = p - y_i"""'),
    ),
    "y - p is executed": (
        p_minus_y_is_executed,
        without("pyref/logistic.py", "p - y_i", "y_i - p"),
    ),
    "the residual stands twice": (
        the_residual_stands_once,
        damaged(
            pyref__second_order="def f(z):\n    r = 1 if z >= 0 else 2\n    return math.log1p(r)\n"
        ),
    ),
    "the residual has no branch": (
        the_residual_stands_once,
        without("pyref/logistic.py", "if z >= 0:\n        r = 1", "if True:\n        r = 1"),
    ),
}
DAMAGE["the package takes from C"] = (
    imports_run_down,
    {**HOUSE, "pyref/__init__.py": HOUSE["pyref/__init__.py"] + "from . import compiled\n"},
)


@pytest.mark.parametrize("rule", RULES)
def test_a_right_house_is_let_pass(rule):
    assert list(rule(HOUSE)) == []


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_house_is_noticed(name):
    rule, files = DAMAGE[name]
    assert len(list(rule(files))) >= 1


def test_each_rule_was_seen_to_object():
    assert {rule for rule, _ in DAMAGE.values()} == set(RULES)
