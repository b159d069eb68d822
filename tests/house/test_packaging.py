"""What a person gets who installs pyref: the wheel, the pure wheel, the source archive, the types.

Everything is built from a copy of the tree, as a user's pip would build it, and installed into
fresh virtual environments; pip looks where it is configured to look. Of what surrounds the run,
only PYREF_*, PYTHON* and a preloaded library are kept from these programs: CC and CFLAGS count.
"""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

import pyref

ROOT = Path(__file__).resolve().parents[2]
HERE = sys.version_info[:2]
NO_COMPILER = {"CC": "/nonexistent/cc"}
# The C is compiled in full once, for the wheel. Where it need only be there, this is faster.
QUICKLY = {"PYREF_CFLAGS": "-O0"}

slow = pytest.mark.slow


# ---------------------------------------------------------------- programs and environments


def run(*command, cwd, fails=False, **variables):
    """Run a program in a folder; returns its output. It must succeed, or fail if `fails`."""
    unwanted = ("PYREF_", "PYTHON", "LD_PRELOAD", "VIRTUAL_ENV", "MYPYPATH")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(unwanted)}
    environment.update(PIP_DISABLE_PIP_VERSION_CHECK="1", PYTHONIOENCODING="utf-8")
    environment.update(variables)
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        timeout=600,
    )
    assert (done.returncode != 0) == fails, f"{command}: {done.returncode}\n{done.stdout}"
    return done.stdout


class Environment:
    """A fresh virtual environment: of the Python that runs the tests, or of another one."""

    def __init__(self, folder, python=None):
        # The tests' own pip serves the environments of their own Python, which is faster.
        options = [] if python else ["--without-pip"]
        run(python or sys.executable, "-m", "venv", *options, folder, cwd=folder.parent)
        self.folder = folder
        self.bin = folder / "bin"
        self.pip = [self.bin / "python", "-m", "pip"]
        if not python:
            self.pip = [sys.executable, "-m", "pip", "--python", self.bin / "python"]

    def install(self, *arguments, **options):
        return run(*self.pip, "install", *arguments, cwd=self.folder, **options)

    def python(self, code, **options):
        """What a program prints, with nothing but this environment to import from."""
        return run(self.bin / "python", "-I", "-c", code, cwd=self.folder, **options)

    def pyref(self, *arguments, **options):
        return run(self.bin / "pyref", *arguments, cwd=self.folder, **options)


# Document 001 by both, and where they were imported from. (momentum 1.0 magnifies every
# rounding, so the digits of the two differ there, and a twin that was not C would be seen.)
BOTH = """
import json, sys, pyref, pyref._native, pyref.fast
from pyref.datasets import five_points
fits = [m.gradient_descent_logistic(*five_points()) for m in (pyref, pyref.fast)]
rough = [m.gradient_descent_logistic(*five_points(), momentum=1.0) for m in (pyref, pyref.fast)]
json.dump([fits, rough, pyref.__file__, pyref._native.__file__, sys.version_info[:2]], sys.stdout)
"""
# From CPython 3.12 on, a class may hand out memory: this one less the second time.
LESS = """
import pyref.fast
class Less:
    memory = memoryview(bytes(8 * 9)).cast("d")
    def __buffer__(self, flags):
        now, self.memory = self.memory, self.memory[:1]
        return now
try:
    pyref.fast.gradient_ab([0.0] * 9, Less(), 0.5, 0.25)
except BufferError as problem:
    print(problem)
"""
PURE = """
import json, sys, pyref
from pyref.datasets import five_points
try:
    import pyref.fast
except ImportError as problem:
    json.dump([pyref.gradient_descent_logistic(*five_points()), str(problem)], sys.stdout)
"""


def check_both(environment, folder=None):
    """Both implementations work, and lie in this folder; returns the version of Python."""
    fits, rough, package, native, version = json.loads(environment.python(BOTH))
    for fit in fits:
        assert fit == pytest.approx([1.7690458649731053, -5.9563505391186355], rel=1e-13)
    assert rough[0] == pytest.approx(rough[1], rel=1e-9)
    assert rough[0] != rough[1]
    for file in (package, native):
        assert Path(file).resolve().is_relative_to((folder or environment.folder).resolve())
    return tuple(version)


def check_pure(environment, reason):
    """pyref works, pyref.fast says why it does not: returns all that it says."""
    fit, message = json.loads(environment.python(PURE))
    assert fit == pytest.approx([1.7690458649731053, -5.9563505391186355], rel=1e-13)
    assert message.startswith("pyref.fast is the compiled part of pyref, and ")
    assert reason in message
    assert "The same functions in pure Python are in pyref" in message
    return message


# ---------------------------------------------------------------- what is built, once for all


def copied(source, folder):
    """A copy of the sources without what was built, since a build writes into its folder."""
    made = shutil.ignore_patterns("__pycache__", "*.so", "*.egg-info", "build", "dist")
    folder.mkdir()
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(source / name, folder / name)
    for name in ("pyref", "csrc", "tests", ".ci"):
        shutil.copytree(source / name, folder / name, ignore=made)
    return folder


def built_archive(folder, **variables):
    copy = copied(ROOT, folder / "tree")
    run(sys.executable, "-m", "build", "--sdist", "--outdir", folder, copy, cwd=folder, **variables)
    (archive,) = folder.glob("*.tar.gz")
    return archive


def built_wheel(source, folder, pip=(sys.executable, "-m", "pip"), options=(), **variables):
    command = (*pip, "wheel", "--no-deps", *options, "--wheel-dir", folder, source)
    run(*command, cwd=folder, **variables)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def archive(tmp_path_factory):
    """The source archive; all else here is built from it, not from the tree."""
    return built_archive(tmp_path_factory.mktemp("archive"))


@pytest.fixture(scope="session")
def unpacked(archive, tmp_path_factory):
    """What is in it."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(archive) as file:
        file.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    (source,) = folder.iterdir()
    return source


@pytest.fixture
def source(unpacked, tmp_path):
    """The same, for one test to build in."""
    return copied(unpacked, tmp_path / "source")


@pytest.fixture(scope="session")
def wheel(unpacked, fast, tmp_path_factory):
    """The wheel. (It takes `fast`, so that without a compiler it is not asked for: conftest.)"""
    folder = tmp_path_factory.mktemp("wheel")
    return built_wheel(copied(unpacked, folder / "source"), folder, PYREF_REQUIRE_C="1")


@pytest.fixture(scope="session")
def builder(tmp_path_factory):
    """An environment to build in, for pip makes one each time. Nothing is installed there."""
    environment = Environment(tmp_path_factory.mktemp("builder") / "venv")
    environment.install("setuptools>=77", "cffi>=2.0")
    return environment


@pytest.fixture(scope="session")
def home(wheel, tmp_path_factory):
    """An environment with the wheel in it, and all that it depends on."""
    environment = Environment(tmp_path_factory.mktemp("home") / "venv")
    environment.install(wheel)
    return environment


# ---------------------------------------------------------------- the source archive


def sources():
    """Every file that is written by hand and belongs to the project."""
    files = [Path(name) for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE")]
    for folder in ("pyref", "csrc", "tests", ".ci"):
        files += [path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.is_file()]
    return {str(path) for path in files if path.suffix not in (".pyc", ".so")}


@slow
@pytest.mark.parametrize("pure", ["", "1"], ids=["with C", "pure"])
def test_the_source_archive_is_whole(pure, archive, tmp_path):
    if pure:  # what is not built here may be built elsewhere
        archive = built_archive(tmp_path, PYREF_PURE="1")
    assert archive.name == f"pyref_logistic-{pyref.__version__}.tar.gz"
    with tarfile.open(archive) as file:
        files = [member.name for member in file.getmembers() if member.isfile()]
    found = {name.partition("/")[2] for name in files}
    assert {"csrc/pyref.h", "csrc/plain.c", "csrc/chapters/logistic.c"} <= found
    assert {"csrc/build.py", "tests/conftest.py"} <= found
    assert sources() - found == set()
    extra = {name for name in found - sources() if not name.startswith("pyref_logistic.egg-info/")}
    assert extra == {"PKG-INFO", "setup.cfg"}


# ---------------------------------------------------------------- the wheel


def members(wheel):
    with zipfile.ZipFile(wheel) as file:
        return set(file.namelist())


def text_in(wheel, ending):
    with zipfile.ZipFile(wheel) as file:
        (name,) = [name for name in file.namelist() if name.endswith(ending)]
        return file.read(name).decode()


def of_the_package():
    """What both wheels hold: the modules, the stubs, and the mark that there are types."""
    return {name for name in sources() if name.startswith("pyref/")}


def in_package(wheel):
    return {name for name in members(wheel) if ".dist-info/" not in name}


@slow
def test_the_wheel_is_for_every_cpython_from_3_10(wheel):
    platform = re.sub("[-.]", "_", sysconfig.get_platform())
    assert wheel.name == f"pyref_logistic-{pyref.__version__}-cp310-abi3-{platform}.whl"
    assert f"Tag: cp310-abi3-{platform}\n" in text_in(wheel, "/WHEEL")
    assert "Root-Is-Purelib: false\n" in text_in(wheel, "/WHEEL")
    assert in_package(wheel) == of_the_package() | {"pyref/_native.abi3.so"}


@slow
def test_the_compiled_module_holds_no_debug_information(wheel):
    with zipfile.ZipFile(wheel) as file:
        assert b".debug_info" not in file.read("pyref/_native.abi3.so")


@slow
def test_metadata(wheel):
    data = HeaderParser().parsestr(text_in(wheel, "/METADATA"))
    assert data["Name"] == "pyref-logistic"
    assert data["Version"] == pyref.__version__
    assert data["License-Expression"] == "MIT"
    assert data["License-File"] == "LICENSE"
    assert data["Requires-Python"] == ">=3.10"
    needed = [line for line in data.get_all("Requires-Dist") if "extra ==" not in line]
    assert len(needed) == 1  # cffi, and only where it is of use
    assert re.match(r"cffi>=2\.0; .*CPython.* and .*emscripten", needed[0])
    assert text_in(wheel, "/licenses/LICENSE") == (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "[console_scripts]\npyref = pyref.__main__:main\n" in text_in(wheel, "/entry_points.txt")


@slow
def test_the_wheel_installed(home):
    assert check_both(home) == HERE
    expected = f"pyref {pyref.__version__}\n"
    assert home.pyref("--version").startswith(expected)
    module = run(home.bin / "python", "-m", "pyref", "--version", cwd=home.folder)
    assert module.startswith(expected)
    assert "absent" not in module
    code = "from importlib.metadata import version; print(version('pyref-logistic'))"
    assert home.python(code).strip() == pyref.__version__


# ---------------------------------------------------------------- one wheel, several CPythons

FACTS = """
import sys, sysconfig, venv, ensurepip
if sys.implementation.name == "cpython" and sys.version_info[3] == "final" \
        and not sysconfig.get_config_var("Py_GIL_DISABLED"):
    print(*sys.version_info[:2])
"""


def other_cpythons():
    """The CPythons from 3.10 on beside the one that runs this, {(3, minor): program}."""
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    for where in (".pyenv/versions/*/bin", ".local/share/uv/python/*/bin"):
        folders += Path.home().glob(where)
    found = {}
    for program in [path for folder in folders for path in sorted(folder.glob("python3*"))]:
        if re.fullmatch(r"python3(\.\d+)?", program.name):
            facts = subprocess.run([program, "-I", "-c", FACTS], capture_output=True, text=True)
            if facts.returncode == 0 and facts.stdout:
                found.setdefault(tuple(map(int, facts.stdout.split())), program)
    return {version: found[version] for version in found if (3, 10) <= version != HERE}


@slow
@pytest.mark.skipif(os.environ.get("PYREF_ONE_PYTHON") == "1", reason="PYREF_ONE_PYTHON=1")
def test_one_wheel_runs_on_another_cpython(wheel, tmp_path):
    others = other_cpythons()
    assert others, (
        "only another CPython can prove the stable ABI, and none from 3.10 on (with venv) is to be"
        f" found beside this {HERE}. Install one, or set PYREF_ONE_PYTHON=1 to go without the proof"
    )
    for version in sorted({min(others), max(others)}):
        environment = Environment(tmp_path / "{}.{}".format(*version), others[version])
        environment.install(wheel)
        assert check_both(environment) == version
        if version >= (3, 12):
            said = environment.python(LESS)
            assert said == "of 9 x 1 numbers, each of 8 bytes, there are 8 bytes\n"


# ---------------------------------------------------------------- without C, on purpose or not


@slow
def test_the_pure_wheel(source, builder, tmp_path):
    (source / "pyref" / "_native.abi3.so").write_bytes(b"left over from another build")
    wheel = built_wheel(source, tmp_path, builder.pip, ["--no-build-isolation"], PYREF_PURE="1")
    assert wheel.name == f"pyref_logistic-{pyref.__version__}-py3-none-any.whl"
    assert "Root-Is-Purelib: true\n" in text_in(wheel, "/WHEEL")
    assert in_package(wheel) == of_the_package()
    environment = Environment(tmp_path / "venv")
    environment.install("--no-deps", wheel)
    message = check_pure(environment, "it was not built when pyref was installed")
    assert "PYREF_PURE=1" in message


@slow
def test_without_a_compiler(source, tmp_path):
    environment = Environment(tmp_path / "venv")
    environment.install(source, **NO_COMPILER)
    message = check_pure(environment, "it was not built when pyref was installed")
    assert "no C compiler" in message
    # The page is broken into lines, so words are compared.
    page = environment.pyref().split()
    assert " ".join(page).count(" ".join(["c: absent here:", *message.split()])) == 1


@slow
def test_the_cure_that_the_message_names(archive, fast, tmp_path):
    """pip keeps the wheel without C that it has made, and must not come back with that one."""
    environment = Environment(tmp_path / "venv", sys.executable)
    places = f"{os.environ.get('PIP_FIND_LINKS', '')} {archive.parent}"
    where = {"PIP_FIND_LINKS": places, "PIP_CACHE_DIR": str(tmp_path / "cache")}
    environment.install("pyref-logistic", **where, **NO_COMPILER)
    message = check_pure(environment, "it was not built when pyref was installed")
    (cure,) = re.findall(r"Install GCC or Clang, then: (.+?)\. ", message)
    path = f"{environment.bin}{os.pathsep}{os.environ['PATH']}"
    run("sh", "-c", cure, cwd=tmp_path, PATH=path, **where, **QUICKLY)
    assert check_both(environment) == HERE


@slow
def test_without_cffi_at_run_time(wheel, tmp_path):
    environment = Environment(tmp_path / "venv")
    environment.install("--no-deps", wheel)
    check_pure(environment, "it needs the package cffi. To get it: pip install cffi")


# ---------------------------------------------------------------- where C is required


@slow
@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        (NO_COMPILER, "error: .*/nonexistent/cc"),
        ({"CC": "false"}, r"error: .*\bfalse\b"),
        ({"PYREF_PURE": "1"}, "PYREF_PURE=1 and PYREF_REQUIRE_C=1 contradict each other"),
    ],
    ids=["no compiler", "one that fails", "forbidden at once"],
)
def test_a_required_c_part_that_cannot_be(variables, complaint, source, builder):
    options = ("--no-build-isolation", "--no-deps", source)
    output = builder.install(*options, fails=True, PYREF_REQUIRE_C="1", **variables)
    assert re.search(complaint, output)
    builder.python("import pyref", fails=True)


@slow
def test_a_required_c_part_without_cffi_to_build_it(source, tmp_path):
    environment = Environment(tmp_path / "venv")
    environment.install("setuptools>=77")
    options = ("--no-build-isolation", "--no-deps", source)
    output = environment.install(*options, fails=True, PYREF_REQUIRE_C="1")
    assert "No module named 'cffi'" in output
    environment.install(*options)  # not required: it goes on without
    check_pure(environment, "it was not built when pyref was installed")


# ---------------------------------------------------------------- editable


@slow
def test_an_editable_install(source, fast, tmp_path):
    environment = Environment(tmp_path / "venv")
    environment.install("--editable", source, PYREF_REQUIRE_C="1", **QUICKLY)
    check_both(environment, source)
    with (source / "pyref" / "__init__.py").open("a", encoding="utf-8") as file:
        file.write("\nedited = True\n")
    assert environment.python("import pyref; print(pyref.edited)").strip() == "True"


@slow
def test_an_editable_install_with_a_compiler_that_fails(source, tmp_path):
    environment = Environment(tmp_path / "venv")
    environment.install("--editable", source, CC="false")
    check_pure(environment, "it was not built when pyref was installed")


# ---------------------------------------------------------------- what `import pyref` costs


def test_import_is_light(fast):
    """It loads nothing but itself and the standard library, though numpy and cffi are there."""
    code = (
        "import sys; before = set(sys.modules); import pyref; new = set(sys.modules) - before;"
        " import numpy, cffi; print(*sorted(new))"
    )
    new = run(sys.executable, "-c", code, cwd=ROOT).split()
    assert "pyref.logistic" in new
    assert not {"pyref.fast", "pyref._native"} & set(new)
    roots = {name.partition(".")[0] for name in new}
    assert roots - {"pyref"} <= set(sys.stdlib_module_names)
    timed = run(sys.executable, "-X", "importtime", "-c", "import pyref", cwd=ROOT)
    (microseconds,) = re.findall(r"\| +(\d+) \| pyref$", timed, re.MULTILINE)
    print(f"import pyref: {int(microseconds) / 1000} ms")  # not asserted: the machine may be busy


# ---------------------------------------------------------------- types

# Those of modules that there are: front/given.pyi is for type checkers alone.
STUBS = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in sorted(ROOT.glob("pyref/**/*.pyi"))
    if path.with_suffix(".py").exists() and path.stem != "__init__"
]


def stubtest(*modules):
    output = run(sys.executable, "-m", "mypy.stubtest", *modules, cwd=ROOT)
    assert output.startswith("Success")


@slow
def test_the_stubs_are_those_of_the_chapters():
    names = ("front.checks", "datasets", "documents")
    names += ("logistic", "multinomial", "second_order", "inference")
    assert {f"pyref.{name}" for name in names} <= set(STUBS)
    stubtest(*STUBS)


@slow
def test_the_stub_of_the_compiled_module(fast):
    stubtest("pyref._native")


def annotations(function):
    """What a function in a stub takes after self, and what it returns."""
    arguments = [ast.unparse(argument.annotation) for argument in function.args.posonlyargs[1:]]
    return [*arguments, ast.unparse(function.returns)]


def python_type(ctype):
    if ctype.kind == "pointer":
        return "_Pointer"
    if ctype.kind == "void":
        return "None"
    return "float" if ctype.cname in ("double", "float") else "int"


def test_the_stub_has_every_function_of_the_interface(fast):
    """To stubtest `lib` is one opaque object, so its functions are compared here."""
    from pyref._native import ffi, lib

    tree = ast.parse((ROOT / "pyref" / "_native.pyi").read_text(encoding="utf-8"))
    (stub,) = [node for node in tree.body if getattr(node, "name", "") == "_Lib"]
    written = {}
    for node in stub.body:
        if isinstance(node, ast.FunctionDef):
            written[node.name] = annotations(node)
        else:
            written[node.target.id] = ast.unparse(node.annotation)
    compiled = {}
    for name in dir(lib):
        member = getattr(lib, name)
        if isinstance(member, int):
            compiled[name] = "int"
            continue
        ctype = ffi.typeof(member)
        compiled[name] = [python_type(part) for part in (*ctype.args, ctype.result)]
        for i, part in enumerate(ctype.args):
            if part.cname == "char *":
                compiled[name][i] = "bytes"
    assert written == compiled


USER = """
import array
from typing_extensions import assert_type
import pyref
from pyref import datasets, fast

x, y = datasets.challenger()
X = [[degrees] for degrees in x]

fit = pyref.gradient_descent(X, y, learning_rate=0.1, iterations=9, callback=lambda k, loss: k > 3)
assert_type(fit.w, list[float])
assert_type(fit.b, float)
w, b, losses, iterations, status = fit
assert_type(losses, list[float])
assert_type(iterations, int)
assert_type(pyref.sigmoid(True), float)
assert_type(pyref.gradient_ab(array.array("d", x), memoryview(b""), 0, 0), tuple[float, float])
assert_type(pyref.softmax_descent(X, y, learning_rate=0.1, iterations=9).w, list[list[float]])
assert_type(fast.gradient_descent(X, y, learning_rate=0.1, iterations=9).w, array.array[float])

pyref.sigmoid("1")  # type: ignore[arg-type]
pyref.gradient([["a"]], y, [0.0], 0)  # type: ignore[list-item]
pyref.gradient_descent(
    X, y, learning_rate=0.1, iterations=9, reduction="max"  # type: ignore[arg-type]
)
if status == "convergd":  # type: ignore[comparison-overlap]
    pass
"""


@slow
def test_types_reach_the_user(home, tmp_path):
    """mypy --strict reads the installed package: what it should refuse, it refuses."""
    (tmp_path / "user.py").write_text(USER)
    options = ("--strict", "--cache-dir", tmp_path / "cache", "--python-executable")
    output = run(
        *(sys.executable, "-m", "mypy", *options, home.bin / "python", "user.py"), cwd=tmp_path
    )
    assert output.startswith("Success")
