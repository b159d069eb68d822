"""What would the tests not notice? One small change of the sources at a time, and who sees it.

    python tests/mutants.py                        every change in every room: days
    python tests/mutants.py front compiled -n 40   40 changes of each, drawn by --seed
    python tests/mutants.py lessons --list         the changes alone

A mutant is the project with one change (helpers/mutation.py). The tests of its room (ROOMS) that
import the changed module are run until one fails: those of the room's own folder first, of these
those that have the module's name, then those that import it in the fewest steps. (--nearest 7 runs
no more than seven files: quick, but another might have noticed what survives.) All of that happens
in copies of the tree, one for each job; the checkout is never touched. A mutant on which the tests
take far too long never ends, and counts as killed.

Printed are the share that is killed, room by room, and every survivor. mutants_known.txt names
those that no test can kill, by file, function and change, with the reason: they are no part of the
share. Tests that themselves change the source (helpers/damage.py) are left out, as they fail for
any edit of the lines that they name. The copies share the installed compiled module; for `csrc`
each has its own.
"""

import argparse
import ast
import os
import random
import re
import runpy
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections import Counter, namedtuple
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from threading import Lock

from helpers.mutation import of_c, of_python

ROOT = Path(__file__).resolve().parents[1]
KNOWN = "tests/mutants_known.txt"

Room = namedtuple("Room", ("sources", "tests"))
ROOMS = {
    "lessons": Room(
        [f"pyref/{name}.py" for name in ("logistic", "multinomial", "second_order", "inference")],
        ["taught", "front", "fit"],
    ),
    "data": Room(["pyref/documents.py", "pyref/datasets.py"], ["taught"]),
    "front": Room(["pyref/front/*.py", "pyref/pure.py"], ["front", "taught", "fit", "compiled"]),
    "fit": Room(["pyref/fit/*.py"], ["fit", "front", "model"]),
    "compiled": Room(["pyref/compiled/*.py"], ["compiled", "front", "fit", "csrc"]),
    "model": Room(["pyref/model/*.py", "pyref/sklearn.py"], ["model", "command"]),
    "tables": Room(["pyref/tables/*.py"], ["tables", "model", "command"]),
    "pictures": Room(["pyref/pictures/*.py"], ["pictures", "command"]),
    "command": Room(["pyref/command/*.py", "pyref/__main__.py"], ["command"]),
    "csrc": Room(["csrc/*.[ch]", "csrc/*/*.[ch]"], ["csrc", "compiled", "front", "fit"]),
}
FIRST = 3  # so many files of tests are collected and run before all others
AT_LEAST, PATIENCE = 60, 4  # a mutant has 60 s, and 4 times what the tests take without it


# ---------------------------------------------------------------- which tests, in which order


def imported(path, root):
    """The dotted names that a file imports, or has as a text (in full, or of a neighbour), and its
    functions' arguments."""
    names, parts = set(), path.relative_to(root).with_suffix("").parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            home = [*(parts[: -node.level] if node.level else []), *filter(None, [node.module])]
            names |= {".".join(home), *[".".join([*home, alias.name]) for alias in node.names]}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names |= {node.value, ".".join([*parts[:-1], node.value])}
        elif isinstance(node, ast.arg):
            names.add(node.arg)
    return names


class Imports:
    """Which file imports which. A conftest.py is imported by who names a fixture of it."""

    def __init__(self, root):
        files = [*root.glob("pyref/**/*.py"), *root.glob("tests/**/*.py")]
        named, fixtures, self.of = {}, {}, {}
        for path in files:
            parts = path.relative_to(root).with_suffix("").parts
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            if parts[0] == "tests":  # helpers.NAME, and a file of tests by its own name
                parts = parts[1:] if parts[1:2] == ("helpers",) else parts[-1:]
            named[".".join(parts)] = path
            if path.name == "conftest.py":
                for name in re.findall(r"^def (\w+)\(", path.read_text(encoding="utf-8"), re.M):
                    fixtures.setdefault(name, []).append(path)
        for path in files:
            names = imported(path, root)
            self.of[path] = {named[name] for name in names & set(named)}
            for name in names & set(fixtures):
                self.of[path] |= {at for at in fixtures[name] if at.parent in path.parents}

    def steps(self, start, to):
        """How many imports lead from one file to the other; None if none do."""
        seen, now, steps = {start}, {start}, 0
        while now and to not in now:
            now = set().union(*[self.of[path] for path in now]) - seen
            seen |= now
            steps += 1
        return steps if now else None


def tests_of(room, path, root, imports):
    """The room's test files that import what lies at this path, the nearest first."""
    found, name = [], Path(path).stem
    for place, folder in enumerate(room.tests):
        for test in sorted((root / "tests" / folder).glob("test_*.py")):
            if root / "tests/helpers/damage.py" in imports.of[test]:
                continue
            steps = imports.steps(test, root / path) if path.endswith(".py") else 0
            if steps is not None:
                key = place, name not in test.stem, steps, test.stat().st_size
                found.append((*key, test.relative_to(root).as_posix()))
    return [test for *_, test in sorted(found)]


# ---------------------------------------------------------------- one mutant


class Compiler:
    """Makes the compiled module of a copy. After a change only what includes the file is compiled
    again. (-O1, which is quicker, changes no bit.)"""

    def __init__(self, tree):
        self.tree = tree
        (tree / "objects").mkdir()
        emit = "import runpy; runpy.run_path('csrc/build.py')['ffi'].emit_c_code('objects/all.c')"
        subprocess.run([sys.executable, "-c", emit], cwd=tree, check=True)
        flags = runpy.run_path(str(tree / "csrc/build.py"))["FLAGS"]
        self.flags = [*flags, "-O1", "-fPIC", "-Icsrc", "-I" + sysconfig.get_path("include")]
        sources = [path.relative_to(tree).as_posix() for path in tree.glob("csrc/*/*.c")]
        self.objects = {
            f"objects/{k}": source for k, source in enumerate(["objects/all.c", *sources])
        }
        (self.module,) = (tree / "pyref").glob("_native*.so")
        self.changed = set()  # objects that were made of a file which has been changed back
        if not self.make(self.objects):
            raise SystemExit("the compiled part does not compile without a change")

    def make(self, objects):
        """Whether all of these could be compiled, and the module linked."""
        commands = [
            ["cc", "-w", *self.flags, "-MMD", "-c", self.objects[name], "-o", f"{name}.o"]
            for name in objects
        ]
        linked = [f"{name}.o" for name in self.objects]
        commands.append(["cc", "-shared", *linked, "-lm", "-pthread", "-o", self.module])
        return not any(
            subprocess.run(words, cwd=self.tree, stderr=subprocess.DEVNULL).returncode
            for words in commands
        )

    def again(self, path):
        """What includes this file, and what included the last one."""
        read = {name: (self.tree / f"{name}.d").read_text().split() for name in self.objects}
        touched = {name for name in read if path in read[name]}
        made = self.make(touched | self.changed)
        self.changed = touched
        return made


class Copy:
    """A copy of the tree, in which a file is changed, tests are run, and the file changed back."""

    def __init__(self, root, to, with_c=False):
        left_out = shutil.ignore_patterns(".git", ".venv*", "build", "__pycache__", "*.egg-info")
        self.tree = Path(shutil.copytree(root, to, ignore=left_out))
        self.compiler = Compiler(self.tree) if with_c else None

    def fate(self, mutant, tests, limit):
        """(what becomes of the mutant, the test that noticed)"""
        path = self.tree / mutant.path
        source = path.read_bytes()
        path.write_bytes(source[: mutant.start] + mutant.text.encode() + source[mutant.end :])
        try:
            if self.compiler and not self.compiler.again(mutant.path):
                return "no program", "the compiler"
            return self.noticed(tests, limit)
        finally:
            path.write_bytes(source)

    def noticed(self, tests, limit=None):
        settings = {"PYTHONPATH": str(self.tree), "PYTHONDONTWRITEBYTECODE": "1"}
        for part in filter(None, (tests[:FIRST], tests[FIRST:])):
            with tempfile.TemporaryFile("w+") as out:
                child = subprocess.Popen(
                    [sys.executable, "-m", "pytest", "-x", *part],
                    cwd=self.tree, env={**os.environ, **settings}, stdin=subprocess.DEVNULL,
                    stdout=out, stderr=out, start_new_session=True,
                )  # fmt: skip
                try:
                    status = child.wait(limit)
                except subprocess.TimeoutExpired:
                    return "killed", "time"
                finally:  # and what it has started
                    if child.poll() is None:
                        os.killpg(child.pid, signal.SIGKILL)
                        child.wait()
                if status:
                    out.seek(0)
                    who = re.search(r"^(?:FAILED|ERROR) (\S+)", out.read(), re.M)
                    return "killed", who[1] if who else "pytest itself"
        return "survives", ""


# ---------------------------------------------------------------- a room, and the report


def tried(room, mutants, copies, root, say, nearest=None):
    """The fate of each mutant; several are tried at once."""
    imports, killers, free = Imports(root), Counter(), Queue()
    paths = {mutant.path for mutant in mutants}
    tests = {path: tests_of(room, path, root, imports)[:nearest] for path in paths}
    began = time.monotonic()
    fate, by = copies[0].noticed(sorted(set().union(*tests.values())))
    if fate != "survives":
        raise SystemExit(f"without any change {by} fails")
    limit = AT_LEAST + PATIENCE * (time.monotonic() - began)
    for copy in copies:
        free.put(copy)

    talking = Lock()

    def one(mutant):
        likely = sorted(tests[mutant.path], key=lambda test: -killers[mutant.path, test])
        copy = free.get()
        try:
            fate, by = copy.fate(mutant, likely, limit)
        finally:
            free.put(copy)
        killers[mutant.path, by.partition("::")[0]] += 1
        with talking:
            say(f"{fate}: {shown(mutant)}\n    {by}")
        return fate

    with ThreadPoolExecutor(len(copies)) as pool:
        return list(pool.map(one, mutants))


def mutants_of(room, root):
    found = []
    for pattern in room.sources:
        for path in sorted(root.glob(pattern)):
            make = of_python if path.suffix == ".py" else of_c
            found += make(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
    return found


def shown(mutant):
    return f"{mutant.path}:{mutant.line} {mutant.function}\n    {change(mutant)}"


def change(mutant):
    return f"{mutant.old} => {mutant.new}"


def known(text):
    """{(path, function, change): reason}, of paragraphs: the path and the function; each change,
    indented; the reason."""
    found = {}
    for paragraph in re.split(r"\n\s*\n", text):
        lines = [line for line in paragraph.splitlines() if not line.startswith("#")]
        reason = " ".join(line for line in lines[1:] if not line.startswith("    "))
        for line in lines[1:]:
            if line.startswith("    "):
                path, _, function = lines[0].partition(" ")
                found[path, function, line.strip()] = reason
    return found


def main(arguments=None, root=ROOT, rooms=ROOMS, say=print):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=f"of {', '.join(rooms)}")
    parser.add_argument("-n", type=int, help="so many mutants of each room, drawn by the seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--nearest", type=int, metavar="K", help="no more than K test files each")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="so many at once")
    parser.add_argument("--list", action="store_true", help="print the mutants, run nothing")
    parser.add_argument("-v", action="store_true", help="each one's fate, and who noticed")
    options = parser.parse_args(arguments)
    names = options.rooms or list(rooms)
    if set(names) - set(rooms):
        parser.error(f"there is no room {', '.join(sorted(set(names) - set(rooms)))}")
    reasons = known((root / KNOWN).read_text(encoding="utf-8"))
    chosen = {}
    for name in names:
        every = mutants_of(rooms[name], root)
        left = [m for m in every if (m.path, m.function, change(m)) not in reasons]
        say(f"{name}: {len(every)} mutants, {len(every) - len(left)} of them known")
        there = {(m.path, m.function, change(m)) for m in every}
        for path, function, gone in reasons:
            if path in {m.path for m in every} and (path, function, gone) not in there:
                say(f"  not there any more: {path} {function}\n    {gone}")
        drawn = random.Random(options.seed).sample(left, min(options.n or len(left), len(left)))
        chosen[name] = sorted(drawn)
        if options.list:
            for mutant in chosen[name]:
                say(shown(mutant))
    if options.list:
        return 0
    lasting = 0
    with tempfile.TemporaryDirectory() as folder:
        with_c = any(not m.path.endswith(".py") for some in chosen.values() for m in some)
        copies = [Copy(root, f"{folder}/{k}", with_c) for k in range(options.jobs)]
        for name, some in chosen.items():
            each = say if options.v else lambda text: None
            fates = tried(rooms[name], some, copies, root, each, options.nearest)
            count = Counter(fates)
            programs, killed = len(some) - count["no program"], count["killed"]
            say(f"{name}: {killed} of {programs} killed, {100 * killed / max(programs, 1):.0f} %")
            for mutant, fate in zip(some, fates, strict=True):
                if fate == "survives":
                    lasting += 1
                    say(f"  {shown(mutant)}")
    return 1 if lasting else 0


if __name__ == "__main__":
    sys.exit(main())
