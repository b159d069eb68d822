"""csrc/plain.c over all cases of the digests that it has functions for: the committed bits.

So the order of sums is not only that of the engine of today: it is written down, as a program.
"""

import ctypes
import math
import os
import shutil
import subprocess
from array import array
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1]
PLAIN = HERE.parent / "csrc" / "plain.c"
COMPILER = (os.environ.get("PYREF_COMPILERS", "").split() or ["gcc", "clang"])[0]
WORDS = ("gradient", "hessian", "descent")


@pytest.fixture(scope="module")
def plain(fast, tmp_path_factory):
    """(It takes `fast`, so that without a compiler it is not asked for: conftest.)"""
    assert shutil.which(COMPILER)
    to = tmp_path_factory.mktemp("plain") / "plain.so"
    flags = ("-O2", "-march=native", "-ffp-contract=off", "-shared", "-fPIC")
    subprocess.run((COMPILER, *flags, PLAIN, "-lm", "-o", to), check=True)
    return ctypes.CDLL(str(to))


def doubles(values):
    values = array("d", values)
    return (ctypes.c_double * len(values)).from_buffer(values)


class Sums:
    """What plain.c makes of one case's table, at any parameters."""

    def __init__(self, plain, pools, word, n, d, C, X, X_kind, X_at, y, y_kind, y_at, w, w_at, s,
                 s_at):  # fmt: skip
        def numbers(pool, at, count, kind="d"):
            values, at = pools[pool], int(at) % len(pools[pool])
            if kind == "f":  # some labels are no float32 before
                values = array("d", array("f", values))
            return doubles((values * ((at + count) // len(values) + 1))[at : at + count])

        self.word, self.soft = word, y.startswith("shares")
        self.n, self.d, self.C = n, d, C
        self.X = numbers(X, X_at, n * d, X_kind)
        self.y = numbers(y, y_at, n * C if self.soft else n, y_kind)
        self.s = None if s == "-" else numbers(s, s_at, n)
        self.params = numbers(w, w_at, (C or 1) * (d + 1))
        self.plain = plain

    def at(self, params):
        d, m = self.d, len(params)
        out = doubles(bytes(8 * (1 + m + (m * (m + 1) // 2 if self.word == "hessian" else 0))))
        n, d = ctypes.c_size_t(self.n), ctypes.c_size_t(d)
        if self.C:
            C = ctypes.c_size_t(self.C)
            self.plain.plain_softmax(self.X, self.y, self.soft, self.s, n, d, C, params, out)
        else:
            word = "hessian" if self.word == "hessian" else "gradient"
            getattr(self.plain, f"plain_{word}")(self.X, self.y, self.s, n, d, params, out)
        return list(out)

    def descent(self, iterations, learning_rate, momentum, l2, tolerance):
        """The loop of the lessons, with its endings."""
        total, penalised = float(self.n), self.d * (self.C or 1)
        step, params, losses = learning_rate / total, list(self.params), []
        v = [0.0] * len(params)
        for _ in range(int(iterations)):
            loss, *gradient = self.at(doubles(params))
            loss /= total
            if l2:
                square = 0.0
                for j in range(penalised):
                    square += params[j] * params[j]
                    gradient[j] += total * l2 * params[j]
                loss += l2 / 2 * square
            if not math.isfinite(loss) or all(abs(g) / total <= tolerance for g in gradient):
                break
            v = [momentum * v_j + g for v_j, g in zip(v, gradient, strict=True)]
            there = [p - step * v_j for p, v_j in zip(params, v, strict=True)]
            if not all(map(math.isfinite, there)):
                break
            params = there
            losses.append(loss)
        return [*losses, *params]


@pytest.mark.slow
def test_the_digests(plain):
    import digests

    found, others = digests.Digests(), set()
    for case in digests.CASES:
        word, group, *rest = case.split()
        if word not in WORDS:
            others.add(group)
            continue
        sums = Sums(plain, digests.POOLS, word, *map(int, rest[:3]), *rest[3:13])
        how = map(float, rest[13:])
        found.add(group, sums.descent(*how) if word == "descent" else sums.at(sums.params))
    want, got = digests.committed(), found.named()
    assert len(got) > 180
    assert not others & set(got)
    assert digests.difference(got, {group: want[group] for group in want if group in got}) == ""
    assert set(want) == others | set(got)
