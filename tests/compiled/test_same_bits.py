"""The same bits: every thread count, instruction set, alignment, layout, and length of a call.

digests.json is what every build must give; digests.py makes it, and says what is in it. Here it
is asked of this build, through Python; .ci/same-bits asks it of other compilers and processors.
"""

import math
import os
import struct
import subprocess
import sys
from array import array
from pathlib import Path

import pytest
from helpers.compare import same

HERE = Path(__file__).parents[1]
INSTRUCTION_SETS = ("baseline", "v3", "v4")

# Some of every kind of case, where all of them would take too long
SOME = (
    "sigmoid",
    "gradient,_d,_d_=_1",
    "gradient,_f,_d_=_1",
    "gradient,_d,_d_=_6",
    "gradient,_f,_d_=_6",
    "gradient,_parts",
    "gradient,_from_memory",
    "gradient,_extreme",
    "descent,_d_=_1",
    "descent,_d_=_8",
    "softmax_gradient,_C_=_3",
    "softmax_descent",
    "hessian",
    "look",
    "algebra",
)


@pytest.fixture(scope="module")
def digests(fast):
    """tests/digests.py. (Not imported above: its pools take a second to make.)"""
    import digests

    return digests


def some(digests, *beginnings):
    return [case for case in digests.CASES if case.split()[1].startswith(beginnings)]


def check(digests, found, *beginnings):
    want = digests.committed(*beginnings)
    assert len(want) >= 1
    assert digests.difference(found, want) == ""


# ---------------------------------------------------------------- every build of this machine


def pytest_generate_tests(metafunc):
    """A processor without an instruction set deselects its test, and says why."""
    if "instruction_set" not in metafunc.fixturenames:
        return
    config, missing = metafunc.config, []
    if os.environ.get("PYREF_PURE") != "1":
        from pyref._native import lib

        before = lib.pyref_instruction_set()
        for name in INSTRUCTION_SETS:
            if not lib.pyref_use_instruction_set(name.encode()):
                missing.append(name)
        lib.pyref_use_instruction_set(before)
    metafunc.parametrize("instruction_set", [n for n in INSTRUCTION_SETS if n not in missing])
    if missing:
        config.hook.pytest_deselected(items=[metafunc.definition] * len(missing))
        with config.pluginmanager.get_plugin("capturemanager").global_and_fixture_disabled():
            print(
                f"\n{metafunc.definition.name}: deselected for {', '.join(missing)}:"
                " this processor does not have it"
            )


def test_every_instruction_set(fast, instruction_set):
    """All cases, in a process of its own, chosen by the environment as a user would.

    (Each with another number of threads; the other numbers are asked for below.)"""
    threads = {"baseline": "1", "v3": "3", "v4": "4"}[instruction_set]
    done = subprocess.run(
        [sys.executable, HERE / "digests.py", "--threads", threads],
        env={**os.environ, "PYREF_ISA": instruction_set},
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    assert done.stdout.endswith(f" have the committed bits ({instruction_set})\n")
    assert done.returncode == 0


def test_an_instruction_set_that_does_not_exist_is_an_error(fast):
    done = subprocess.run(
        [sys.executable, "-c", "import pyref.fast"],
        env={**os.environ, "PYREF_ISA": "v5"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.endswith(
        "ImportError: PYREF_ISA is 'v5': give baseline, v3 or v4, one that this processor has,"
        " or leave it out\n"
    )


@pytest.mark.parametrize("threads", [2, 7])
def test_every_thread_count(fast, digests, threads):
    check(digests, digests.of_fast(fast, threads))


def test_the_number_of_threads_that_is_chosen_for_you(fast, digests):
    beginnings = ("gradient,_parts", "gradient,_many", "descent,_parts", "softmax,_parts")
    check(digests, digests.of_fast(fast, None, 0, some(digests, *beginnings)), *beginnings)


SHIFTS = [8, 4, 1, 33]
MORE_SHIFTS = [16, 24, 32, 40, 48, 56, 2, 3, 7, 12, 63]  # a sweep, for CI


@pytest.mark.parametrize(
    "shift", [*SHIFTS, *(pytest.param(shift, marks=pytest.mark.slow) for shift in MORE_SHIFTS)]
)
def test_every_alignment(fast, digests, shift):
    """X and y so many bytes past a multiple of 64, odd ones too."""
    check(digests, digests.of_fast(fast, 2, shift, some(digests, *SOME)), *SOME)


def test_a_clock_that_is_always_over(fast, digests):
    """A call ends when its time is over, and goes on where it was: after every part, here."""
    beginnings = ("gradient,_parts", "gradient,_many", "descent", "softmax,_parts")
    beginnings += ("hessian", "look", "gradient,_from_memory")
    for threads in (1, 3):
        found, memory = digests.Digests(), digests.Memory(fast.FRONT.engine.ffi, 0)
        for case in some(digests, *beginnings):
            found.add(*digests.by_fast(fast, case, threads, memory, seconds=0.0))
        check(digests, found.named(), *beginnings)


def test_float32_is_widened(fast, digests):
    """A float32 X gives the bits of the same X as float64."""
    narrow = [case for case in digests.CASES if " single f " in case]
    assert len(narrow) > 1000
    wide = [case.replace(" single f ", " single d ") for case in narrow]
    found, want = digests.of_fast(fast, 2, 0, wide), digests.of_fast(fast, 2, 0, narrow)
    assert digests.difference(found, want) == ""


# ---------------------------------------------------------------- both layouts


def table(digests, fast, n, d, X="ordinary", kind="d", y="soft"):
    memory = digests.Memory(fast.FRONT.engine.ffi, 0)
    X = memory.place(memory.numbers(X, kind, 31 * d, n * d), kind, [n, d])
    return X, memory.floats(y, 7 * n, n)


@pytest.mark.parametrize("kind", ["d", "f"])
def test_packed_rows_give_the_bits_of_rows_as_they_lie(fast, digests, kind):
    """Up to eight features are packed when four passes or more are made, and not before."""
    for d in range(1, 9):
        for n in (1, 2, 7, 8, 9, 15, 16, 17, 63, 64, 65, 511, 512, 513, 1023, 1024, 1025, 17000):
            X, y = table(digests, fast, n, d, "single" if kind == "f" else "ordinary", kind)
            w = digests.Memory(fast.FRONT.engine.ffi, 0).floats("ordinary", n, d)
            how = {"learning_rate": 0.75, "w": w, "b": 0.125}
            packed = fast.gradient_descent(X, y, iterations=6, **how)
            plain = fast.gradient_descent(X, y, iterations=3, **how)
            same(plain.losses, packed.losses[:3])
            loss, grad_w, grad_b = fast.gradient(X, y, w, 0.125)
            same(packed.losses[0], loss / n)
            # one step, packed or not: the parameters show the gradient's bits
            stop = fast.gradient_descent(X, y, iterations=6, callback=lambda k, loss: True, **how)
            step = 0.75 / n
            same(stop.w, [w_j - step * g for w_j, g in zip(w, grad_w, strict=True)])
            same(stop.b, 0.125 - step * grad_b)


def test_tables_around_the_size_up_to_which_they_are_packed(fast, digests):
    for d, n in ((1, 2**20 // 3), (3, 2**20 // 6), (8, 2**20 // 10)):
        for rows in (n, n + 1):
            X, y = table(digests, fast, rows, d)
            packed = fast.gradient_descent(X, y, learning_rate=1, iterations=4)
            plain = fast.gradient_descent(X, y, learning_rate=1, iterations=3)
            same(plain.losses, packed.losses[:3])


def test_small_and_large_tables_come_from_the_same_sums(fast, digests):
    """pyref.fast takes a shorter way for small tables: the C interface sees no difference."""
    beginnings = ("gradient,_d,_d_=_2", "gradient,_f,_d_=_2", "descent,_d_=_5", "softmax")
    found, memory = digests.Digests(), digests.Memory(fast.FRONT.engine.ffi, 0)
    for case in some(digests, *beginnings):
        found.add(*digests.by_fast(fast, case, 1, memory, seconds=60.0))
    check(digests, found.named(), *beginnings)


def test_one_feature_by_itself_is_a_table_of_one_column(fast, digests):
    for n in (1, 2, 7, 8, 9, 64, 65, 513, 1025, 17000):
        X, y = table(digests, fast, n, 1)
        x = memoryview(X.tobytes()).cast("d")
        _, grad_w, grad_b = fast.gradient(X, y, [0.5], -0.25)
        for threads in (None, 1, 2):
            same(fast.gradient_ab(x, y, 0.5, -0.25, threads=threads), [grad_w[0], grad_b])
        for iterations in (2, 9):
            how = {"learning_rate": 0.5, "iterations": iterations, "momentum": 0.5}
            fit = fast.gradient_descent(X, y, **how)
            for threads in (None, 1, 2):
                got = fast.gradient_descent_logistic(x, y, **how, threads=threads)
                same(got, [fit.w[0], fit.b])


# ---------------------------------------------------------------- the digests themselves


def test_the_pools_are_what_they_say(digests):
    import digest_cases

    pools = digests.POOLS
    first = [5180492295206395165, 12380297144915551517, 13389498078930870103]
    assert digest_cases.words(1, 3) == first
    assert all(value == struct.unpack("f", struct.pack("f", value))[0] for value in pools["single"])
    assert set(pools["hard"]) == {0.0, 1.0}
    assert min(pools["soft"]) == 0.0
    assert max(pools["soft"]) == 1.0
    assert min(pools["normals"]) >= sys.float_info.min
    assert max(abs(value) for value in pools["any"]) < math.inf
    for C in (2, 3, 5, 8):
        shares = pools[f"shares_{C}"]
        assert {sum(shares[i : i + C]) for i in range(0, len(shares), C)} == {1.0}
        assert min(shares) == 0.0
        assert set(pools[f"classes_{C}"]) == set(range(C))


def test_the_cases_reach_every_edge(digests):
    shapes = {}
    for case in digests.CASES:
        word, group, *rest = case.split()
        if word == "gradient" and group.startswith("gradient"):
            n, d, _classes, _pool, kind = rest[:5]
            shapes.setdefault((int(d), kind), set()).add(int(n))
    for d in range(1, 66):
        for n in (*range(1, 21), 63, 64, 65, 127, 128, 129, 511, 512, 513, 1023, 1024, 1025):
            assert n in shapes[d, "d"]
    assert max(d for d, _ in shapes) > 4096


def test_a_digest_sees_the_last_bit_and_the_sign_of_a_zero(digests):
    def of(*values):
        found = digests.Digests()
        found.add("group", values)
        return found.named()["group"]

    one = of(1.0, 2.0)
    assert one == of(1.0, 2.0) == of(*array("d", [1.0, 2.0]))
    others = [of(1.0, math.nextafter(2.0, 0.0)), of(2.0, 1.0), of(1.0), of(1.0, 2.0, 0.0)]
    others += [of(0.0), of(-0.0), of(5e-324), of(math.inf), of(math.nan), of()]
    assert len({one, *others}) == 1 + len(others)
    assert of(math.nan) == of(-math.nan) == of(struct.unpack("<d", b"\1\0\0\0\0\0\xf8\x7f")[0])


def test_the_comparison_names_each_difference(digests):
    want = {"a": "1", "b": "2", "c": "3"}
    assert digests.difference(dict(want), want) == ""
    assert digests.difference({"a": "1", "b": "0", "d": "4"}, want).split("\n") == [
        "c: no result",
        "d: not among the committed",
        "b: other bits",
    ]
    assert digests.difference({}, want) != ""
