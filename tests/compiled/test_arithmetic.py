"""C computes in the default arithmetic of IEEE 754, whatever the process has set, and puts that
back: csrc/arithmetic.h. (.ci/same-bits makes all digests in such processes.)"""

import ctypes
import platform
import re
import struct
from array import array
from contextlib import contextmanager
from pathlib import Path

import pytest

CSRC = Path(__file__).parents[2] / "csrc"
# Functions of the interface that compute nothing
NOT_COMPUTING = {
    "pyref_allow_threads", "pyref_fail_allocation_after", "pyref_find_no_class",
    "pyref_instruction_set", "pyref_largest", "pyref_run_free", "pyref_run_reads",
    "pyref_run_scores", "pyref_run_share", "pyref_run_units", "pyref_run_writes",
    "pyref_symmetric_row", "pyref_use_instruction_set",
}  # fmt: skip

# Where in fenv_t the register stands, and its values: subnormal numbers count as 0; results are
# rounded up. (With traps too, Python itself ends: bits_driver.c has them.)
AT, MODES = {
    "x86_64": (28, {"flush": 0x9FC0, "up": 0x5F80}),
    "aarch64": (0, {"flush": 1 << 24, "up": 1 << 22}),
}.get(platform.machine(), (0, {}))


@contextmanager
def arithmetic(mode):
    """The thread's arithmetic set so, and looked at afterwards. Python itself is to do none."""
    c, before, now = ctypes.CDLL(None), ctypes.create_string_buffer(64), None
    c.fegetenv(before)
    env = ctypes.create_string_buffer(before.raw, 64)
    struct.pack_into("<I", env, AT, mode)
    raised = 0x3F if AT else 0  # of the register, what only says what has happened
    try:
        c.fesetenv(env)
        yield
        c.fegetenv(env)
        now = struct.unpack_from("<I", env, AT)[0]
    finally:
        c.fesetenv(before)
    assert now & ~raised == mode


def bits(values):
    return [struct.pack("<d", value) for value in values]


TINY = 5e-324
NUMBERS = [0.1, 0.7, -3.3, 740.0, -740.0, 1e-310, -1e-310, TINY, 36.9, -745.0]
SHARES = [1e-310, 0.25, 0.1, 0.9, 1.0, 0.0, 0.3, 0.4, 0.5, 0.7]


def calls(c):
    """Every function of the interface that computes: a name, and how to call it. What it is given
    is made before."""
    lib, ffi, n = c.lib, c.ffi, len(NUMBERS)
    kept, found = [], []

    def numbers(values):
        kept.append(array("d", values))
        return ffi.from_buffer("double[]", kept[-1])

    def room(count):
        return numbers([0.0] * count)

    def add(name, *given, out=None):
        function = getattr(lib, f"pyref_{name}")

        def call():
            result = function(*given)
            return result if out is None else (result, out)

        found.append((name, call))

    z, shares = numbers(NUMBERS), numbers(SHARES)
    for name in ("sigmoid", "softplus", "exp_minus", "log", "log1p"):
        values = numbers([abs(v) for v in NUMBERS if abs(v) > 1e-300 or name != "log"])
        out = room(len(values))
        add(name, z if name in ("sigmoid", "softplus") else values, out, len(out), out=out)
    for z_i in NUMBERS:
        for name in ("sigmoid_of", "softplus_of", "sigmoid_derivative"):
            add(name, z_i)
        for y_i in SHARES:
            add("binary_cross_entropy_with_logits", y_i, z_i)
            add("residual", y_i, z_i)
    for y_i in SHARES:
        for p in SHARES:
            add("binary_cross_entropy", y_i, p)
    add("logsumexp", z, n, room(n))
    out = room(n)
    add("softmax", z, n, out, out=out)
    add("categorical_cross_entropy", shares, numbers(reversed(SHARES)), n)
    add("categorical_cross_entropy_with_logits", shares, z, n, room(n))
    out = room(n)
    add("probabilities", z, 2, n // 2, out, out=out)
    out = room(n)
    add("log_probabilities", z, 2, n // 2, out, out=out)
    L, v, out = numbers([1.1, 0.3, 1.7, 0.7, 1e-310, 1.3]), numbers([0.1, 0.2, 1e-310]), room(3)
    add("solve", L, 3, v, out, out=out)
    add("dot", numbers([0.1] * 9), shares, 9)
    out = room(n)
    add("plus", z, 0.1, shares, out, n, out=out)
    out, row = room(6), ffi.new("size_t *")
    hess = numbers([9.1, 0.3, 8.7, 0.7, 1e-310, 7.3])
    add("cholesky", hess, 3, 3.0, v, 0.1, 0, 1e-12, out, row, 1.0, out=out)
    out, row = room(3), ffi.new("size_t *")
    add("variances", L, 3, v, room(3), out, row, 1.0, out=out)
    add("sum", z, 0, n, 0.1)
    add("find_not_finite", z, 0, 0, n)
    add("find_no_label", numbers([0.0, 1.0, -TINY]), 0, 0, 3)
    add("find_no_weight", numbers([0.0, 1.0, -TINY]), 0, 3)
    add("find_no_count", numbers([0.0, 1.0, TINY]), 0, 3)
    shift, factor, out = numbers([0.1, 1e-310]), numbers([2.0, 0.5]), room(n)
    B = numbers([1.1, 0.0, 0.0, 0.3, 0.7, 1e-310])
    add("in_basis", z, 0, 0, n // 2, 2, ffi.NULL, shift, factor, B, room(6), room(2), out, out=out)
    add("find_no_distribution", numbers([0.5, 0.5 + 2.0**-22, 0.5, 0.5 + 2.0**-23]), 0, 0, 2, 2)
    for kind, values in ((1, array("f", [1e-42, 0.1])), (8, array("q", [2**53 + 1, -(2**62) + 1]))):
        kept.append(values)
        out = room(2)
        add("widen", ffi.from_buffer(values), kind, 0, 2, out, out=out)
    y, out = numbers([float(i % 2) for i in range(n)]), room(3)
    add("gradient", z, 0, y, 0, n, 1, numbers([0.1, 0.3]), out, out=out)
    params = numbers([0.1, 0.3, 0.7, -0.1])
    for name, what, classes in (("gradient", lib.PYREF_GRADIENT, 1),
                                ("softmax", lib.PYREF_SOFTMAX, 2)):  # fmt: skip
        for what_then in ("run_pass", "run_passes", f"{name}_descent"):
            made = []

            def new(what=what, classes=classes, made=made):
                made.append(lib.pyref_run_new(what, z, 0, y, 0, ffi.NULL, n, 1, classes, 0, 9, 2))
                return made[0] == ffi.NULL

            found.append(("run_new", new))
            out = room(1 + 2 * classes)
            if what_then.startswith("run"):
                last = (1.0, out) if what_then == "run_pass" else (2, out)
                given = (params, *last)
            else:
                at, out = numbers([0.1, 0.3, 0.7, -0.1]), room(9)
                given = (at, room(4), 0.1, 0.9, 0.3, 10.0, 0.0, 9, 1.0, out, ffi.new("size_t *"))

            def call(what_then=what_then, made=made, given=given, out=out):
                function = getattr(lib, f"pyref_{what_then}")
                return function(made[0], *given), out

            found.append((what_then, call))
    return found, kept


def results(c, mode=None):
    found, kept = calls(c)
    answers = []
    for name, call in found:
        if mode is None:
            answer = call()
        else:
            with arithmetic(mode):
                answer = call()
        number, out = answer if isinstance(answer, tuple) else (answer, ())
        answers.append((name, bits([number or 0.0, *out])))
    assert kept
    return answers


@pytest.mark.skipif(not MODES, reason="the register of this processor is not known here")
@pytest.mark.parametrize("mode", MODES)
def test_every_function_gives_the_same_bits(fast, mode):
    c = fast.FRONT.engine
    got, want = results(c, MODES[mode]), results(c)
    wrong = {name for (name, bits), (_, right) in zip(got, want, strict=True) if bits != right}
    assert wrong == set()


def test_every_function_that_computes_is_asked(fast):
    found, _ = calls(fast.FRONT.engine)
    functions = {name for name in dir(fast.FRONT.engine.lib) if name.startswith("pyref_")}
    assert {f"pyref_{name}" for name, _ in found} == functions - NOT_COMPUTING


@pytest.mark.skipif(not MODES, reason="the register of this processor is not known here")
def test_python_in_that_arithmetic_would_be_seen():
    """The modes are what they say."""
    tiny, third = 1e-310, 3.0
    with arithmetic(MODES["flush"]):
        halves = tiny / 2
    assert halves == 0.0
    with arithmetic(MODES["up"]):
        up = 1.0 / third
    assert up > 1.0 / third


def test_every_function_that_computes_sets_it():
    """Whatever the compiler makes of it today."""
    function = re.compile(r"^[\w *]+?(pyref_\w+)\([^{;]*\)\n\{\n(.*?)^\}", re.M | re.S)
    for path in sorted(CSRC.glob("*/*.c")):
        for name, body in function.findall(path.read_text(encoding="utf-8")):
            sets = body.startswith("    DEFAULT_ARITHMETIC;\n")
            assert sets != (name in NOT_COMPUTING), name
