"""The compiled e^-a, log and log1p by themselves, against 50-digit truth.

What is measured here is promised in csrc/lanes/lanes.h. The errors are those of the worst inputs
that a search through some 10^8 inputs of each kind has found (long double as its truth); they are
in PRIMITIVES below, and are looked at again, beside all that the sweeps reach, by mpmath.
"""

import math
import re
import struct
import subprocess
import sys
from pathlib import Path

import mpmath
import numpy as np
import pytest
from helpers import truth
from helpers.compare import Worst, same, ulp_error

HERE = Path(__file__).parents[1]
CSRC = HERE.parent / "csrc"
LN2 = math.log(2)
INF, NAN = math.inf, math.nan
NAN_WITH_A_MESSAGE = struct.unpack(
    "<2d", struct.pack("<2Q", 0x7FF8000000000001, 0x7FF8000000000FFF)
)


def around(values, ulps=4):
    """Each value and its neighbours on both sides."""
    found = []
    for value in values:
        below = above = float(value)
        found.append(below)
        for _ in range(ulps):
            below, above = math.nextafter(below, -INF), math.nextafter(above, INF)
            found += [below, above]
    return found


def for_exp_minus():
    random = np.random.RandomState(1)
    found = np.linspace(0, 745.2, 3001).tolist()
    found += random.uniform(0, 3, 2000).tolist() + random.uniform(0, 708, 2000).tolist()
    # the reduced argument is near its lower end, where the last digit of e^r weighs most
    found += (random.randint(0, 1021, 3000) * LN2 + random.uniform(0.25, 0.3466, 3000)).tolist()
    # the ends themselves, (k + 1/2) log 2; and k log 2, where the result is near a power of two
    found += around([k * LN2 / 2 for k in range(1, 2150, 5)])
    # subnormal results, down to the smallest and past it
    found += random.uniform(708.39, 745.14, 3000).tolist()
    found += around([708.3964185322641, 744.4400719213812, 745.1332191019411, 745.1332191019412])
    found += (2.0 ** -np.arange(1, 1075, 11)).tolist()
    return [a for a in found if a >= 0]


def for_log():
    random = np.random.RandomState(2)
    found = random.uniform(0.70, 1.42, 4000).tolist() + np.linspace(0.5, 2, 2001).tolist()
    found += random.uniform(1.35, 1.4143, 2000).tolist()
    k = random.randint(-1022, 1023, 4000)
    found += np.ldexp(random.uniform(1, 2, 4000), k).tolist()
    found += np.ldexp(random.uniform(0.7, 1.42, 2000), random.randint(-3, 4, 2000)).tolist()
    # the ends of the reduced interval, and 1, where the logarithm goes through 0
    found += around([math.ldexp(math.sqrt(2), k) for k in range(-1020, 1023, 37)])
    found += around([1.0], 40) + [1 + s * 2.0**-k for k in range(1, 53) for s in (1, -1)]
    return [*found, sys.float_info.min, 2.0**1023]


def for_log1p():
    random = np.random.RandomState(3)
    found = random.uniform(-0.5, 1, 4000).tolist() + np.linspace(-0.5, 4, 2001).tolist()
    found += random.uniform(0.4142, 0.48, 3000).tolist()
    found += np.ldexp(random.uniform(1, 2, 3000), random.randint(-1074, 1000, 3000)).tolist()
    # the ends of the reduced interval of 1 + x
    found += around([math.ldexp(math.sqrt(2), k) - 1 for k in range(-1, 60)])
    found += [s * 2.0**-k for k in range(1, 1075) for s in ((1, -1) if k < 60 else (1,))]
    return found


# primitive: its truth, its inputs, the worst inputs of the search, and the bound in ulp
PRIMITIVES = {
    "exp_minus": (
        lambda a: mpmath.exp(-a),
        for_exp_minus,
        (269.96194262186913, 4.4892368650375731, 333.03905614410991, 0.98227028787147175),
        1.2,
    ),
    "log": (
        mpmath.log,
        for_log,
        (1.4049808486045452, 0.70417610829746613, 1.4008268579401089),
        1.0,
    ),
    "log1p": (
        mpmath.log1p,
        for_log1p,
        (0.41440185411441427, 0.41425739267030409, 0.43517905613457103, -0.29686517805895452),
        1.5,
    ),
}


def computed(fast, name, values):
    """A primitive of each value."""
    out = np.empty(len(values))
    values = np.array(values)
    pointers = [fast.FRONT.engine.ffi.from_buffer("double[]", array) for array in (values, out)]
    getattr(fast.FRONT.engine.lib, f"pyref_{name}")(*pointers, len(values))
    return out.tolist()


@pytest.fixture
def each_instruction_set(fast):
    """Calls a function once for every instruction set that the processor has."""
    lib, ffi = fast.FRONT.engine.lib, fast.FRONT.engine.ffi
    before = lib.pyref_instruction_set()

    def call(function):
        names = [n for n in (b"baseline", b"v3", b"v4") if lib.pyref_use_instruction_set(n)]
        for name in names:
            assert lib.pyref_use_instruction_set(name)
            function(name.decode())
        return names

    yield call
    assert lib.pyref_use_instruction_set(ffi.string(before))


@pytest.mark.parametrize("name", PRIMITIVES)
def test_a_primitive_is_within_its_bound(fast, each_instruction_set, name):
    exact, inputs, worst_inputs, bound = PRIMITIVES[name]
    values = [*worst_inputs, *inputs()]
    got = computed(fast, name, values)
    worst = Worst(name)
    with mpmath.workdps(truth.DIGITS):
        for value, result in zip(values, got, strict=True):
            error = ulp_error(result, exact(mpmath.mpf(value)))
            worst.see(error, f"{value!r}, got {result!r}")
    worst.at_most(bound, least_seen=12000)
    # the bound then holds for every instruction set, as all give the same bits
    assert each_instruction_set(lambda _: same(computed(fast, name, values), got))


def test_where_the_primitives_are_exact(fast, each_instruction_set):
    tiny = [5e-324, 1e-310, 2.0**-1022, 1e-300, 2.0**-60]

    def check(_):
        same(computed(fast, "exp_minus", [0.0, -0.0, 5e-324, 2.0**-55]), [1.0] * 4)
        nothing = [745.1332191019412, 745.5, 746.0, 747.0, 1000.0, 1e300, INF]
        same(computed(fast, "exp_minus", nothing), [0.0] * len(nothing))
        same(computed(fast, "exp_minus", [745.1332191019411]), [5e-324])
        same(computed(fast, "log", [1.0]), [0.0])
        same(computed(fast, "log1p", [0.0, *tiny]), [0.0, *tiny])
        same(computed(fast, "log1p", [-value for value in tiny[1:]]), [-v for v in tiny[1:]])
        powers = [2.0**k for k in range(-1022, 1024, 3)]
        same(computed(fast, "log", powers), [math.log(value) for value in powers])

    assert each_instruction_set(check)


def test_a_nan_stays_one_whatever_its_bits(fast, each_instruction_set):
    """A NaN may carry a message in its low digits, which are also where e^-a keeps its k."""

    def check(_):
        for nan in (NAN, -NAN, *NAN_WITH_A_MESSAGE, *[-nan for nan in NAN_WITH_A_MESSAGE]):
            assert math.isnan(*computed(fast, "exp_minus", [nan]))
            assert math.isnan(*computed(fast, "log1p", [nan]))
            assert math.isnan(fast.sigmoid(nan))
            assert math.isnan(fast.softplus(nan))
            for y in (0, 0.5, 1):
                assert math.isnan(fast.residual(y, nan))
                assert math.isnan(fast.binary_cross_entropy_with_logits(y, nan))

    assert each_instruction_set(check)


@pytest.mark.parametrize("name", PRIMITIVES)
def test_a_number_has_one_result_wherever_it_stands(fast, each_instruction_set, name):
    """In every lane, among any neighbours, in arrays of every length."""
    values = PRIMITIVES[name][1]()[:3000:71]

    def check(_):
        alone = [computed(fast, name, [value])[0] for value in values]
        for n in (1, 2, 7, 8, 9, 15, 17, len(values)):
            for first in range(9):
                same(computed(fast, name, values[first : first + n]), alone[first : first + n])

    assert each_instruction_set(check)


# ---------------------------------------------------------------- what is made of them


def scores():
    random = np.random.RandomState(4)
    found = random.uniform(-40, 40, 300).tolist() + random.uniform(-3, 3, 300).tolist()
    found += random.uniform(-745.2, 745.2, 300).tolist() + random.uniform(-745, -708, 100).tolist()
    found += around([0.5, 1.0, LN2 / 2, LN2, 36.7368005696771, 708.3964185322641], 2)
    # e^-|z| near the bottom of a power of two, where its last digit weighs most
    found += [k * LN2 - 2.0**-j for k in range(1, 60, 7) for j in range(1, 40, 3)]
    return sorted(set(found + [-z for z in found]))


SCORES = scores()


def test_the_functions_of_a_score_are_within_3_ulp_in_every_instruction_set(
    fast, each_instruction_set
):
    wanted = {
        "sigmoid": lambda t: t.p,
        "softplus": lambda t: t.loss_0,
        "loss of 0": lambda t: t.loss_0,
        "loss of 1": lambda t: t.loss_1,
        "residual of 0": lambda t: t.p,
        "residual of 1": lambda t: -t.q,
    }
    z = np.array(SCORES)

    def check(instruction_set):
        got = {"sigmoid": fast.sigmoid(z), "softplus": fast.softplus(z)}
        for y in (0, 1):
            loss = fast.binary_cross_entropy_with_logits
            got[f"loss of {y}"] = [loss(y, score) for score in SCORES]
            got[f"residual of {y}"] = [fast.residual(y, score) for score in SCORES]
        for name, want in wanted.items():
            worst = Worst(f"{instruction_set} {name}")
            for score, result in zip(SCORES, got[name], strict=True):
                worst.see(ulp_error(result, want(truth.of_score(score))), f"z = {score!r}")
            worst.at_most(3, least_seen=2000)

    assert each_instruction_set(check)


def test_the_loss_of_a_subnormal_probability(fast, each_instruction_set):
    """Its logarithm is taken of a multiple that is normal, as the primitive needs it."""
    random = np.random.RandomState(5)
    ps = [5e-324, 1e-323, 2.0**-1023, math.nextafter(2.0**-1022, 0), 2.0**-1022]
    ps += np.ldexp(random.uniform(0.5, 1, 300), random.randint(-1073, -1021, 300)).tolist()

    def check(instruction_set):
        worst = Worst(f"{instruction_set} loss of a subnormal p")
        with mpmath.workdps(truth.DIGITS):
            for p in ps:
                error = ulp_error(fast.binary_cross_entropy(1, p), -mpmath.log(mpmath.mpf(p)))
                worst.see(error, f"p = {p!r}")
        worst.at_most(2, least_seen=300)

    assert each_instruction_set(check)


# ---------------------------------------------------------------- coefficients


def test_the_coefficients_are_what_the_script_makes():
    done = subprocess.run(
        [sys.executable, CSRC / "coefficients.py"], capture_output=True, text=True, check=True
    )
    assert done.stdout == (CSRC / "coefficients.h").read_text(encoding="utf-8")
    assert done.stdout.count("#define EXP_") >= 8


def coefficient(name):
    text = (CSRC / "coefficients.h").read_text(encoding="utf-8")
    return float.fromhex(re.search(rf"#define {name} +(\S+)", text).group(1))


def test_log_2_comes_in_two_pieces_the_first_of_which_leaves_room_for_k():
    high, low = coefficient("LN2_HIGH"), coefficient("LN2_LOW")
    # k has 11 bits: k * high is exact if high has no more than 53 - 11
    for k in range(1, 1076):
        assert mpmath.mpf(k * high) == mpmath.mpf(k) * mpmath.mpf(high)
    with mpmath.workdps(truth.DIGITS):
        assert abs(mpmath.mpf(high) + mpmath.mpf(low) - mpmath.log(2)) < mpmath.ldexp(1, -87)
        assert coefficient("LOG2_E") == float(1 / mpmath.log(2))
