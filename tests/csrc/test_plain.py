"""csrc/plain.c, the order of sums as a program, gives the bits of the engine.

It is compiled here, by GCC and by Clang, whichever there is (PYREF_COMPILERS names those that must
be there), and compared with every instruction set that this processor has.
"""

import ctypes
import os
import re
import shutil
import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from helpers.compare import same

PLAIN = Path(__file__).parents[2] / "csrc" / "plain.c"
F64 = 0  # the kind of an element, as in csrc/lanes/kernels.h
FLAGS = ("-ffp-contract=off", "-Wall", "-Wextra", "-Werror")
# Flags change no bit, as long as nothing is fused that is not written so.
OPTIMISED = {"gcc": ("-O2",), "clang": ("-O3",)}
COMPILERS = os.environ.get("PYREF_COMPILERS", "").split() or [
    name for name in OPTIMISED if shutil.which(name)
]


def test_there_is_a_compiler(fast):
    assert COMPILERS
    assert set(COMPILERS) <= set(OPTIMISED)


def test_it_is_no_part_of_the_compiled_module(fast):
    module = Path(sys.modules["pyref._native"].__file__).read_bytes()
    assert b"pyref_gradient" in module
    assert b"plain_gradient" not in module
    assert b"Test vectors" not in module


def compiled(compiler, to, *flags):
    subprocess.run([compiler, *FLAGS, *flags, PLAIN, "-lm", "-o", to], check=True)
    return to


def library(path):
    found = ctypes.CDLL(str(path))
    size, pointer = ctypes.c_size_t, ctypes.c_void_p
    of_one = (pointer, pointer, pointer, size, size, pointer, pointer)
    found.plain_gradient.argtypes = found.plain_hessian.argtypes = of_one
    found.plain_softmax.argtypes = (
        pointer, pointer, ctypes.c_int, pointer, size, size, size, pointer, pointer,
    )  # fmt: skip
    return found


@pytest.fixture(scope="module", params=COMPILERS)
def plain(request, tmp_path_factory):
    to = tmp_path_factory.mktemp("plain") / "plain.so"
    return library(compiled(request.param, to, *OPTIMISED[request.param], "-shared", "-fPIC"))


@pytest.fixture
def every(fast):
    """The instruction sets that this processor has, each in use while it is its turn."""
    before = fast.FRONT.engine.lib.pyref_instruction_set()

    def turns():
        for name in (b"baseline", b"v3", b"v4"):
            if fast.FRONT.engine.lib.pyref_use_instruction_set(name):
                yield name.decode()

    yield turns
    assert fast.FRONT.engine.lib.pyref_use_instruction_set(fast.FRONT.engine.ffi.string(before))


class Table:
    """Rows, labels, weights and parameters; what both make of them."""

    def __init__(self, kind, X, y, s, params, C=0, soft=False):
        self.kind, self.C, self.soft = kind, C, soft
        self.X, self.y, self.params = (np.ascontiguousarray(v, dtype=float) for v in (X, y, params))
        self.s = None if s is None else np.ascontiguousarray(s, dtype=float)
        self.n, self.d = self.X.shape
        self.size = 1 + len(self.params)
        if kind == "hessian":
            self.size += (self.d + 1) * (self.d + 2) // 2

    def by_plain(self, plain):
        out = np.empty(self.size)
        X, y, params, to = (v.ctypes.data for v in (self.X, self.y, self.params, out))
        s = None if self.s is None else self.s.ctypes.data
        if self.kind == "softmax":
            plain.plain_softmax(X, y, self.soft, s, self.n, self.d, self.C, params, to)
        else:
            getattr(plain, f"plain_{self.kind}")(X, y, s, self.n, self.d, params, to)
        return out.tolist()

    def by_engine(self, fast, passes=1, threads=1):
        """With four passes or more, rows of few features are packed."""
        ffi, lib, out = fast.FRONT.engine.ffi, fast.FRONT.engine.lib, np.empty(self.size)
        s = ffi.NULL if self.s is None else ffi.from_buffer("double[]", self.s)
        run = lib.pyref_run_new(
            getattr(lib, f"PYREF_{self.kind.upper()}"), ffi.from_buffer(self.X), F64,
            ffi.from_buffer(self.y), F64, s, self.n, self.d, self.C or 1, self.soft, passes,
            threads,
        )  # fmt: skip
        assert run
        params, to = ffi.from_buffer("double[]", self.params), ffi.from_buffer("double[]", out)
        lib.pyref_run_passes(run, params, passes, to)
        lib.pyref_run_free(run)
        return out.tolist()


def some_table(random, kind, n, d, weighted, soft, C=0, scale=1.0):
    X = random.standard_normal((n, d)) * scale
    params = random.standard_normal((C or 1) * (d + 1))
    s = random.randint(0, 4, n) / 2.0 if weighted else None
    if not C:
        y = random.rand(n) * (random.rand(n) < 0.8) if soft else random.randint(0, 2, n)
    elif soft:
        y = random.randint(0, 8, (n, C)) / 64.0
        y[:, 0] = 1 - y[:, 1:].sum(axis=1)
    else:
        y = random.randint(0, C, n)
    return Table(kind, X, y, s, params, C, soft)


def compare(plain, fast, every, tables):
    """Of every table, in every instruction set; returns how many comparisons that were."""
    tables, count = list(tables), 0
    want = [table.by_plain(plain) for table in tables]
    for _ in every():
        for table, expected in zip(tables, want, strict=True):
            same(table.by_engine(fast), expected)
            count += 1
            if table.kind == "gradient" and table.d <= 8:
                same(table.by_engine(fast, passes=4), expected)
    return count


# Around the edges: lanes of 8, blocks of 64, the 512 rows of a logarithm, parts
ROWS = (*range(1, 20), 63, 64, 65, 129, 511, 512, 513, 1025)
FEATURES = (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33, 65)


def test_the_gradient(plain, fast, every):
    random = np.random.RandomState(1)
    grid = [(n, d) for n, d in product(ROWS, FEATURES)]
    grid += [(17001, 1), (40000, 2), (271000, 8), (9001, 12), (30, 300), (9, 5000)]
    tables = [
        some_table(random, "gradient", n, d, weighted, soft)
        for (n, d), weighted, soft in product(grid, (False, True), (False, True))
    ]
    assert compare(plain, fast, every, tables) >= 4 * len(grid)


def test_the_second_derivatives(plain, fast, every):
    random = np.random.RandomState(2)
    grid = [(n, d) for n, d in product(ROWS, FEATURES) if n * d * d < 300_000]
    grid += [(5000, 2), (3001, 8), (20, 130), (150, 530)]
    tables = [
        some_table(random, "hessian", n, d, weighted, soft=n % 2)
        for (n, d), weighted in product(grid, (False, True))
    ]
    assert compare(plain, fast, every, tables) >= 2 * len(grid)


def test_the_gradient_of_classes(plain, fast, every):
    random = np.random.RandomState(3)
    grid = list(product(ROWS, (1, 2, 7, 8, 9, 16, 17, 33), (2, 3, 5, 6)))
    grid += [(9000, 3, 4), (2500, 11, 8), (20, 3, 50), (65, 5, 1)]
    tables = [
        some_table(random, "softmax", n, d, weighted, soft, C)
        for (n, d, C), weighted, soft in product(grid, (False, True), (False, True))
    ]
    assert compare(plain, fast, every, tables) >= 4 * len(grid)


@pytest.mark.parametrize("scale", [30.0, 300.0, 1e5, 1e155, 1e300, 3e307, 1e-300])
def test_scores_of_any_size(plain, fast, every, scale):
    """Exponentials that are subnormal or 0, scores that are infinite or no number."""
    random = np.random.RandomState(4)
    tables = []
    for kind, C in (("gradient", 0), ("hessian", 0), ("softmax", 3), ("softmax", 1)):
        for n, d in ((9, 1), (65, 3), (40, 9)):
            for weighted, soft in product((False, True), (False, True)):
                table = some_table(random, kind, n, d, weighted, soft, C, scale)
                table.X[random.rand(n, d) < 0.2] = 0.0
                if scale > 1e100:
                    table.params *= 1e160
                tables.append(table)
    with np.errstate(over="ignore"):
        assert compare(plain, fast, every, tables) >= len(tables)


def test_a_row_of_weight_0_adds_nothing_whatever_it_is(plain, fast, every):
    """Not even where its score is no number."""
    random = np.random.RandomState(7)
    tables = []
    for kind, C in (("gradient", 0), ("hessian", 0), ("softmax", 3)):
        for soft in (False, True):
            table = some_table(random, kind, 70, 5, True, soft, C)
            table.X[table.s == 0] *= 3e307
            table.X[table.s > 0] *= 1e-10
            table.params *= 1e10
            tables.append(table)
            assert np.isfinite(table.by_plain(plain)).all()
    compare(plain, fast, every, tables)
    for table in tables:  # and elsewhere it would be seen
        table.s[:] = 1.0
        assert not np.isfinite(table.by_plain(plain)).all()
    compare(plain, fast, every, tables)


def test_two_classes_with_the_same_score(plain, fast, every):
    """The first of them counts as the top one."""
    random, tables = np.random.RandomState(8), []
    for n, soft in product((9, 64, 100), (False, True)):
        table = some_table(random, "softmax", n, 3, False, soft, 4)
        table.params[9:12], table.params[15] = table.params[:3], table.params[12]
        if soft:  # and with the same label
            table.y = random.rand(n, 4)
            table.y[:, 3] = table.y[:, 0]
        tables.append(table)
    compare(plain, fast, every, tables)


def test_the_number_of_threads_is_no_part_of_it(plain, fast):
    random = np.random.RandomState(5)
    for kind, n, d, C in (
        ("gradient", 50000, 3, 0),
        ("hessian", 9000, 7, 0),
        ("softmax", 9000, 5, 3),
    ):
        table = some_table(random, kind, n, d, True, True, C)
        for threads in (2, 5):
            same(table.by_engine(fast, threads=threads), table.by_plain(plain))


def test_a_part_that_is_cut_into_steps(fast, tmp_path):
    """Rows that are long: 192 of them are a step, as it is the work of 2^25 products. (Only of the
    processor's best instruction set, for steps are the same code in each.)"""
    n, d = 4000, 900
    assert n / 16 > (2**25 // (d * (d + 1) // 4 + 1) // 64 + 1) * 64 == 192
    table = some_table(np.random.RandomState(6), "hessian", n, d, False, False, scale=0.03)
    fastest = ("-O3", "-march=native", "-shared", "-fPIC")
    plain = library(compiled(COMPILERS[0], tmp_path / "plain.so", *fastest))
    want = table.by_plain(plain)
    for threads in (1, 3):
        same(table.by_engine(fast, threads=threads), want)


# ---------------------------------------------------------------- the page of test vectors


def of_the_page(head):
    """The table that a line of the page describes, by the formulas at the page's top."""
    kind, *numbers = re.fullmatch(r"([\w, ]+) n (\d+) d (\d+) C (\d+) weighted (\d)", head).groups()
    n, d, C, weighted = map(int, numbers)
    i, k = np.arange(n), np.arange(n * d)
    X = ((37 * k % 127 - 63) / 32).reshape(n, d)
    params = (29 * np.arange((C or 1) * (d + 1)) % 31 - 15) / 16
    soft = kind.endswith("soft")
    y = 7 * i % 11 % C if C else (7 * i % 17) / 16
    if soft:
        y = (3 * i[:, None] + np.arange(C)) % 8 / 64
        y[:, 0] = 1 - y[:, 1:].sum(axis=1)
    s = (3 * i % 5) / 2 if weighted else None
    return Table(kind.split(",")[0], X, y, s, params, C, soft)


@pytest.mark.parametrize("compiler", COMPILERS)
def test_the_page_of_test_vectors(fast, every, compiler, tmp_path):
    program = compiled(compiler, tmp_path / "plain", *OPTIMISED[compiler])
    page = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    about, _, lines = page.partition("(lower triangle).\n\n")
    assert "37 k % 127" in about
    blocks, fits = [], []
    for line in lines.splitlines():
        if line.startswith("e^-"):
            continue
        if not line.startswith(" "):
            (fits if line.startswith("document") else blocks).append((line, []))
            found = (fits if line.startswith("document") else blocks)[-1][1]
        else:
            exact, digits = line.split()[-2:]
            assert float.fromhex(exact) == float(digits)
            found.append(float(digits))
    assert len(blocks) == 18
    for head, values in blocks:
        table = of_the_page(head)
        for _ in every():
            out = table.by_engine(fast)
            last = len(table.params)
            want = [out[0], out[1], out[last]]
            if table.kind == "hessian":
                want += [out[last + 1], out[-1]]
            same(values, want)
    x, y = [1.0, 2.0, 3.0, 4.0, 5.0], [0, 0, 0, 1, 1]
    for momentum, (_, values) in enumerate(fits):
        same(fast.gradient_descent_logistic(x, y, momentum=momentum), values)
    assert len(fits) == 2
