"""How exact a function of C is stands where it stands, and is true.

A comment says it so:

    Accuracy of NAME: at most BOUND ulp. Seen: WORST ulp at INPUT, got VALUE, right VALUE

BOUND is promised, for every input that the function is for and each instruction set. WORST is the
largest error that a search through ten million inputs or more has found (with long double as its
truth), and INPUT what it was found at. All of that is read here, and judged by 50 digits of mpmath.
"""

import math
import re
from pathlib import Path

import mpmath
import numpy as np
import pytest
from helpers import truth
from helpers.compare import Worst, same, ulp_error

CSRC = Path(__file__).parents[2] / "csrc"
LN2 = math.log(2)
STATEMENT = re.compile(
    r"Accuracy of ([\w' ^-]+): at most ([\d.]+) ulp\. Seen: ([\d.]+) ulp at ([\w =.,-]+?),"
    r" got (\S+), right (\S+)"
)


def statements():
    """Each by its function's name: (bound, worst, inputs, got, right)."""
    found = {}
    for path in sorted([*CSRC.glob("*.[ch]"), *CSRC.glob("*/*.[ch]")]):
        text = re.sub(r"\s*\n \*\s*", " ", path.read_text(encoding="utf-8"))
        for name, bound, worst, where, got, right in STATEMENT.findall(text):
            assert name not in found, name
            inputs = [float(value) for value in re.findall(r"\w+ = (\S+?)(?:,|$)", where)]
            found[name] = (float(bound), float(worst), inputs, float(got), right)
        assert text.count("Accuracy of") == len(STATEMENT.findall(text)), path.name
    return found


STATEMENTS = statements()


# ---------------------------------------------------------------- the functions, and their truth


def primitive(name):
    def call(fast, x):
        new = fast.FRONT.engine.ffi.new
        out, of = new("double[1]"), new("double[1]", [x])
        getattr(fast.FRONT.engine.lib, f"pyref_{name}")(of, out, 1)
        return out[0]

    return call


def of_the_gradient(fast, y, z):
    """Of a table of one row, the gradient of b is its residual."""
    return fast.gradient([[0.0]], [y], [0.0], z)[2]


def exactly(formula):
    """At enough digits for the smallest float beside 1."""

    def want(*inputs):
        with mpmath.workprec(1300):
            return formula(*map(mpmath.mpf, inputs))

    return want


def residual(y, z):
    score = truth.of_score(z)
    return mpmath.fneg(score.q, exact=True) if y else score.p


FUNCTIONS = {
    "e^-a": (primitive("exp_minus"), exactly(lambda a: mpmath.exp(-a))),
    "log": (primitive("log"), exactly(mpmath.log)),
    "log1p": (primitive("log1p"), exactly(lambda x: mpmath.log(1 + x))),
    "sigmoid": (lambda fast, z: fast.sigmoid(z), lambda z: truth.of_score(z).p),
    "softplus": (lambda fast, z: fast.softplus(z), lambda z: truth.of_score(z).loss_0),
    "loss": (
        lambda fast, y, z: fast.binary_cross_entropy_with_logits(y, z),
        lambda y, z: truth.of_score(z).loss_1 if y else truth.of_score(z).loss_0,
    ),
    "residual": (lambda fast, y, z: fast.residual(y, z), residual),
    "a gradient's residual": (of_the_gradient, residual),
    "binary cross-entropy": (
        lambda fast, y, p: fast.binary_cross_entropy(y, p),
        exactly(lambda y, p: -mpmath.log(p) if y else -mpmath.log(1 - p)),
    ),
    "sigmoid's derivative": (
        lambda fast, z: fast.sigmoid_derivative(z),
        lambda z: exactly(lambda p: p * (1 - p))(truth.of_score(z).p),
    ),
}


def of_a_score(random):
    """Also where e^-|z| is subnormal, and where errors gather."""
    found = random.uniform(-745, 745, 300).tolist() + random.uniform(-3, 3, 700).tolist()
    found += random.uniform(-40, 40, 300).tolist()
    return found + [
        s * (k * LN2 - 2.0**-j) for k in range(1, 40, 5) for j in (3, 9) for s in (1, -1)
    ]


def inputs_for(name):
    random = np.random.RandomState(len(name))
    if name == "e^-a":
        return [(abs(z),) for z in of_a_score(random)]
    if name == "log":
        return [
            (x,) for x in np.ldexp(random.uniform(1, 2, 1500), random.randint(-1022, 1023, 1500))
        ]
    if name == "log1p":
        return [(x,) for x in [*random.uniform(-0.5, 1, 1500), *random.uniform(0.41, 0.48, 500)]]
    if name == "binary cross-entropy":
        return [
            (y, p) for p in [*random.rand(500), *2.0 ** -random.uniform(1, 60, 500)] for y in (0, 1)
        ]
    one = FUNCTIONS[name][0].__code__.co_argcount == 2
    return [(z,) if one else (y, z) for z in of_a_score(random) for y in ((0,) if one else (0, 1))]


# ---------------------------------------------------------------- what is said, and what is so


def test_every_function_has_its_statement_and_every_statement_its_function():
    assert set(STATEMENTS) == set(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_worst_input_gives_what_is_said_of_it(fast, name):
    bound, worst, inputs, got, right = STATEMENTS[name]
    call, want = FUNCTIONS[name]
    lib = fast.FRONT.engine.lib
    before = lib.pyref_instruction_set()
    sets = [n for n in (b"baseline", b"v3", b"v4") if lib.pyref_use_instruction_set(n)]
    assert sets
    for instruction_set in sets:
        assert fast.FRONT.engine.lib.pyref_use_instruction_set(instruction_set)
        same(call(fast, *inputs), got)
    assert fast.FRONT.engine.lib.pyref_use_instruction_set(fast.FRONT.engine.ffi.string(before))
    with mpmath.workdps(truth.DIGITS):
        exact = want(*inputs)
        assert mpmath.nstr(exact, 25) == right
        assert f"{ulp_error(got, exact):.3f}" == f"{worst:.3f}"
    assert worst <= bound


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_other_input_is_worse(fast, name):
    """Some thousand others, and the neighbours of the worst."""
    bound, said, inputs, _, _ = STATEMENTS[name]
    call, want = FUNCTIONS[name]
    near = [inputs]
    for towards in (-math.inf, math.inf):
        x = inputs[-1]
        for _ in range(40):
            x = math.nextafter(x, towards)
            near.append([*inputs[:-1], x])
    worst = Worst(name)
    with mpmath.workdps(truth.DIGITS):
        for values in [*near, *inputs_for(name)]:
            values = [float(value) for value in values]
            worst.see(ulp_error(call(fast, *values), want(*values)), f"{values}")
    assert said <= bound
    worst.at_most(said + 0.0005, least_seen=1000)
