"""tests/mutants.py finds what tests do not notice: a made-up package whose mutants live or die."""

import ast
import re
from pathlib import Path

import mutants
import pytest
from helpers.mutation import Mutant, of_c, of_python

ROOT = Path(__file__).resolve().parents[2]

SMALL = '''"""A text of 3 numbers."""

LEAST: int = 4


def larger(a, b):
    if a > b:
        return a
    return b


def shout(words):
    words.append(f"{len(words)} more")
    if not words:
        raise ValueError("no " + str(1) + " word")
    return -1
'''


def changed(made, source):
    """{(line, what stands there now)}; each is another program, unless it says so."""
    found = set()
    for m in made:
        data = source.encode()
        now = (data[: m.start] + m.text.encode() + data[m.end :]).decode()
        assert now != source
        assert " ".join(source.splitlines()[m.line - 1].split()) == m.old
        assert " ".join(now.splitlines()[m.line - 1].split()) == m.new
        found.add((m.line, m.function, m.new))
    assert len(found) == len(made)
    return found


def test_each_change_of_python():
    assert changed(of_python("small.py", SMALL), SMALL) == {
        (3, "", "LEAST: int = 5"),
        (7, "larger", "if a >= b:"),
        (7, "larger", "if True:"),
        (7, "larger", "if False:"),
        (13, "shout", "pass"),
        (13, "shout", "(f'{len(words)} more')"),
        (14, "shout", "if (words):"),
        (14, "shout", "if True:"),
        (14, "shout", "if False:"),
        (16, "shout", "return (1)"),
        (16, "shout", "return -2"),
    }


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a < b <= c", {"a <= b <= c", "a < b < c"}),
        ("a == b", {"a != b"}),
        ("a is not None", {"a is None"}),
        ("a in b", {"a not in b"}),
        ("a and b", {"(a or b)"}),
        ("not (a or b)", {"not ((a and b))", "(a or b)"}),
        ("a + b * c", {"a - b * c", "a + b / c"}),
        ("(a - b) // c", {"(a + b) // c", "(a - b) * c"}),
        ("a += b", {"a -= b"}),
        ("a = b if c else d", {"a = b if True else d", "a = b if False else d"}),
        ("x = f(0.5)", {"x = f(1.0)", "x = (0.5)"}),
        ("x = 0.0, True", {"x = 1.0, True", "x = 0.0, False"}),
        ("x = 9, 10, 1e6", {"x = 10, 10, 1e6", "x = 9, 20, 1e6", "x = 9, 10, 2000000.0"}),
        ("x = 'é' + y", set()),
        ("é = a + b", {"é = a - b"}),
    ],
)
def test_each_sign_of_python(before, after):
    made = of_python("small.py", before)
    assert {m.new.replace("(not a or b)", "(a or b)") for m in made} == after
    for m in made:
        ast.parse(m.new)


C = """/* if (a < b) in a comment */
#if FIRST + SECOND
static int larger(int a, int b)
{
    if (a > b || !b) {
        note(a, b);
        return a; /* a > b */
    }
    return b * 2;
}
int most = 64;
"""


def test_each_change_of_c():
    assert changed(of_c("small.c", C), C) == {
        (5, "larger", "if (a >= b || !b) {"),
        (5, "larger", "if (a > b && !b) {"),
        (5, "larger", "if (a > b || b) {"),
        (5, "larger", "if (0 && (a > b || !b)) {"),
        (5, "larger", "if (1 || (a > b || !b)) {"),
        (6, "larger", ";"),
        (9, "larger", "return b / 2;"),
        (9, "larger", "return b * 3;"),
        (11, "larger", "int most = 128;"),
    }


# ---------------------------------------------------------------- a whole run

TEST = """
import pyref.small

def test_larger():
    assert pyref.small.larger(1, 2) == 2
    assert pyref.small.larger(2, 1) == 2

def test_ends():
    assert pyref.small.ends(3) == [2, 1, 0]
"""

TREE = {
    "pyref/__init__.py": "",
    "pyref/small.py": """from .far import LEAST

def larger(a, b):
    if a > b:
        return a
    return b

def ends(k):
    found = []
    while k > 0:
        k -= 1
        found.append(k)
    return found
""",
    "pyref/far.py": "LEAST = 4\n",
    "pyref/alone.py": "ONE = 1\n",
    "tests/room/test_small.py": TEST,
    "tests/room/test_nothing.py": "def test_nothing():\n    pass\n",
    "tests/helpers/damage.py": "",
    "tests/room/test_damage.py": "import helpers.damage, pyref.small\nassert 0\n",
    "tests/conftest.py": "import pytest\n\n@pytest.fixture\ndef far():\n    import pyref.far\n",
    "tests/room/test_by_fixture.py": "def test_far(far):\n    pass\n",
    mutants.KNOWN: """# Equivalent

pyref/small.py larger
    if a > b: => if a >= b:
Of two equal
numbers.

pyref/small.py larger
    if a > c: => if a >= c:
Somebody has changed the line.
""",
}
ROOM = mutants.Room(["pyref/*.py"], ["room"])


@pytest.fixture
def tree(tmp_path):
    for path, text in TREE.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    return tmp_path


def test_the_nearest_tests_come_first(tree):
    def of(path):
        return mutants.tests_of(ROOM, path, tree, mutants.Imports(tree))

    assert of("pyref/small.py") == ["tests/room/test_small.py"]
    assert of("pyref/far.py") == ["tests/room/test_by_fixture.py", "tests/room/test_small.py"]
    assert of("pyref/alone.py") == []


@pytest.mark.slow
def test_the_right_ones_survive(tree, monkeypatch):
    """LEAST is used by no test, a mutant that never ends is killed, the known one is left out."""
    monkeypatch.setattr(mutants, "PATIENCE", 0)
    monkeypatch.setattr(mutants, "AT_LEAST", 20)
    said = []
    assert mutants.main(["room", "--jobs", "2"], tree, {"room": ROOM}, said.append) == 1
    assert said == [
        "room: 12 mutants, 1 of them known",
        "  not there any more: pyref/small.py larger\n    if a > c: => if a >= c:",
        "room: 9 of 11 killed, 82 %",
        "  pyref/alone.py:1 \n    ONE = 1 => ONE = 2",
        "  pyref/far.py:1 \n    LEAST = 4 => LEAST = 5",
    ]
    for path, text in TREE.items():
        assert (tree / path).read_text(encoding="utf-8") == text, "the checkout was touched"


def test_what_fails_without_a_change_kills_nothing(tree):
    (tree / "tests/room/test_small.py").write_text("import pyref.small\nassert 0\n")
    with pytest.raises(SystemExit, match=r"^without any change tests/room/test_small.py fails$"):
        mutants.main(["room", "--jobs", "1"], tree, {"room": ROOM}, lambda text: None)


def test_a_sample_is_drawn_by_its_seed(tree):
    def drawn(*words):
        said = []
        assert mutants.main(["room", "--list", *words], tree, {"room": ROOM}, said.append) == 0
        gone = "  not there any more: pyref/small.py larger\n    if a > c: => if a >= c:"
        assert said[:2] == ["room: 12 mutants, 1 of them known", gone]
        return said[2:]

    assert len(drawn()) == 11
    assert len(drawn("-n", "4")) == len(set(drawn("-n", "4"))) == 4
    assert drawn("-n", "4") == drawn("-n", "4", "--seed", "1") != drawn("-n", "4", "--seed", "2")
    assert set(drawn("-n", "4")) < set(drawn())


def test_an_unknown_room_is_refused(tree, capsys):
    with pytest.raises(SystemExit):
        mutants.main(["attic"], tree, {"room": ROOM})
    assert "there is no room attic" in capsys.readouterr().err


# ---------------------------------------------------------------- the project's own


def test_every_module_has_a_room():
    """But the doors, which hand on names."""
    sources = [pattern for room in mutants.ROOMS.values() for pattern in room.sources]
    held = {path for pattern in sources for path in ROOT.glob(pattern)}
    every = {*(ROOT / "pyref").rglob("*.py"), *(ROOT / "csrc").rglob("*.[ch]")}
    doors = {"pyref/__init__.py", "pyref/fast.py"}
    assert {path.relative_to(ROOT).as_posix() for path in every - held} == doors
    imports = mutants.Imports(ROOT)
    for name, room in mutants.ROOMS.items():
        for path in {m.path for m in mutants.mutants_of(room, ROOT)}:
            assert mutants.tests_of(room, path, ROOT, imports), (name, path)


def test_what_is_known_has_a_place_and_a_reason():
    text = (ROOT / mutants.KNOWN).read_text(encoding="utf-8")
    reasons = mutants.known(text)
    for (path, _, _), reason in reasons.items():
        assert (ROOT / path).exists()
        assert len(reason.split()) > 3
    assert len(reasons) == len(re.findall(r"^ {4}.* => ", text, re.M))


@pytest.mark.slow
def test_a_change_of_c_is_compiled_and_taken_back(fast, tmp_path):
    path, tests = "csrc/chapters/second_order.c", ["tests/csrc/test_c_accuracy.py"]
    source = (ROOT / path).read_bytes()
    copy = mutants.Copy(ROOT, tmp_path / "copy", with_c=True)

    def fate(old, new):
        start = source.index(old)
        return copy.fate(Mutant(path, 1, "", "", "", start, start + len(old), new), tests, 600)

    wrong = fate(b"pyref_sigmoid_of(z) * ", "pyref_sigmoid_of(z) / ")
    assert wrong[0] == "killed"
    assert "test_c_accuracy" in wrong[1]
    assert fate(b"return computed(pyref", "return return(pyref")[0] == "no program"
    assert fate(b"return computed(pyref", "return  computed(pyref")[0] == "survives"
    assert (ROOT / path).read_bytes() == (copy.tree / path).read_bytes() == source
