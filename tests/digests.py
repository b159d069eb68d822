"""The bits that every build must give: SHA-256 digests of results over many shapes and values.

    python tests/digests.py                     compute with pyref.fast, compare with digests.json
    python tests/digests.py --threads 7         the same with seven threads
    python tests/digests.py --write             write digests.json anew
    python tests/digests.py --cases             print every case, for tests/bits_driver.c
    python tests/digests.py --results FILE [BEGINNING ...]
                                                compare what bits_driver has printed

The cases, and the pools of numbers that they are computed from, stand in digest_cases.py.
bits_driver reads both from the list of cases, and so computes the same from C alone. A result is
hashed as its doubles, least significant byte first; all NaN count as one, because which NaN an
operation gives is the processor's choice.

The order of sums is part of the specification (csrc/plain.c). Where it is changed on purpose,
or a kernel's arithmetic is, digests.json is written anew; nothing else may change it.
"""

import argparse
import hashlib
import json
import struct
import sys
from array import array
from pathlib import Path

from digest_cases import CASES, LOOKS, NAN, POOLS

HERE = Path(__file__).parent
COMMITTED = HERE / "digests.json"

# ---------------------------------------------------------------- what pyref.fast makes of them


class Memory:
    """Puts numbers into memory, `shift` bytes past a multiple of 64."""

    def __init__(self, ffi, shift):
        self.ffi, self.shift = ffi, shift
        self.kept = {}

    def numbers(self, pool, kind, at, count):
        """`count` numbers of a pool from `at` on, around again where it ends, as bytes."""
        if (pool, kind) not in self.kept:
            values = POOLS[pool]
            if kind not in "df":
                values = [int(value) for value in values]
            values = array("B" if kind == "?" else kind, values)
            self.kept[pool, kind] = (values.tobytes() * 2, values.itemsize, len(values))
        data, size, length = self.kept[pool, kind]
        at %= length
        if count > length:
            data = data * (count // length + 1)
        return data[at * size : (at + count) * size]

    def place(self, data, kind, shape):
        """A memoryview of `data`, which is bytes."""
        room = bytearray(len(data) + 128)
        here = int(self.ffi.cast("uintptr_t", self.ffi.from_buffer(room)))
        start = -here % 64 + self.shift
        room[start : start + len(data)] = data
        return memoryview(room)[start : start + len(data)].cast(kind, shape)

    def floats(self, pool, at, count):
        return array("d", self.numbers(pool, "d", at, count))


def each_by_fast(fast, memory, function, pool, other=None):
    values = POOLS[pool]
    if function in ("sigmoid", "softplus"):
        return getattr(fast, function)(memory.place(values.tobytes(), "d", [len(values)]))
    if function in ("log", "log1p", "exp_minus"):
        out = array("d", bytes(8 * len(values)))
        ffi, lib = fast.FRONT.engine.ffi, fast.FRONT.engine.lib
        to, of = [ffi.from_buffer("double[]", numbers) for numbers in (out, values)]
        getattr(lib, f"pyref_{function}")(of, to, len(out))
        return out
    if other:
        if function == "loss":
            function = "binary_cross_entropy_with_logits"
        call, others = getattr(fast, function), POOLS[other]
        return [call(others[i % len(others)], value) for i, value in enumerate(values)]
    function, C = function.split("_")
    out, C = [], int(C)
    for i in range(0, len(values) - C + 1, C):
        result = getattr(fast, function)(values[i : i + C])
        out += [result] if function == "logsumexp" else result
    return out


def table_by_fast(fast, memory, threads, seconds, word, n, d, C, X, X_kind, X_at, y, y_kind,
                  y_at, w, w_at, weight, weight_at, *descent):  # fmt: skip
    n, d, C = int(n), int(d), int(C)
    X = memory.place(memory.numbers(X, X_kind, int(X_at), n * d), X_kind, [n, d])
    shape = [n, C] if y.startswith("shares") else [n]
    y = memory.numbers(y, y_kind, int(y_at), n * shape[-1] if len(shape) == 2 else n)
    y = memory.place(y, y_kind, shape)
    # a look has two points and a bound, and then its units
    count = 2 * (d + 1) + 1 + 2 * d if word in LOOKS else (C or 1) * (d + 1)
    params = memory.floats(w, int(w_at), count)
    how = [float(value) for value in descent]
    unnamed = word not in ("gradient", "descent") or weight != "-" or (how and how[3])
    if unnamed or seconds is not None:
        weight = weight != "-" and memory.floats(weight, int(weight_at), n)
        seconds = 60.0 if seconds is None else seconds
        return table_by_interface(fast, threads, seconds, word, n, d, C, X, y, params, weight, how)
    if how:
        how = {"iterations": int(how[0]), "learning_rate": how[1], "momentum": how[2],
               "tolerance": how[4], "threads": threads}  # fmt: skip
    if C:
        W, b = [params[j : C * d : d] for j in range(d)], params[C * d :]
        if how:
            fit = fast.softmax_descent(X, y, classes=C, W=W, b=b, **how)
            loss, W, b = fit.losses, fit.w, fit.b
        else:
            loss, W, b = fast.softmax_gradient(X, y, W, b, threads=threads)
            loss = [loss]
        return [*loss, *[W[j][c] for c in range(C) for j in range(d)], *b]
    w, b = params[:d], params[d]
    if how:
        fit = fast.gradient_descent(X, y, w=w, b=b, **how)
        return [*fit.losses, *fit.w, fit.b]
    loss, w, b = fast.gradient(X, y, w, b, threads=threads)
    return [loss, *w, b]


def table_by_interface(fast, threads, seconds, word, n, d, C, X, y, params, weight, how):
    """The same through the C interface: for what pyref.fast has no name for."""
    ffi, lib = fast.FRONT.engine.ffi, fast.FRONT.engine.lib

    def doubles(values):
        return ffi.from_buffer("double[]", values)

    kind = {code: kind for kind, code in enumerate("dfbBhHiIqQ")}  # as in csrc/lanes/kernels.h
    kind["?"] = kind["B"]
    what = lib.PYREF_SOFTMAX if C else lib.PYREF_GRADIENT
    size = 1 + len(params)
    if word in ("hessian", "algebra"):
        what = lib.PYREF_HESSIAN
        size += (d + 1) * (d + 2) // 2
    elif word in LOOKS:
        what, size = getattr(lib, f"PYREF_{word.upper()}"), LOOKS[word](d)
    elif word == "squares":
        what, size = lib.PYREF_SQUARES, 1
    passes = int(how[0]) if how else 1
    weight = doubles(weight) if weight else ffi.NULL
    run = lib.pyref_run_new(
        what, ffi.from_buffer(X), kind[X.format], ffi.from_buffer(y), kind[y.format], weight,
        n, d, C or 1, y.ndim - 1, passes, threads or 0,
    )  # fmt: skip
    assert run
    units = params[2 * d + 3 :]
    shift, scale = units[:d], units[d:]
    lib.pyref_run_units(run, doubles(shift), doubles(scale))
    if not how:
        out = array("d", bytes(8 * size))
        while not lib.pyref_run_pass(run, doubles(params), seconds, doubles(out)):
            pass
        lib.pyref_run_free(run)
        return algebra(fast, out, params, seconds) if word == "algebra" else out
    _, learning_rate, momentum, l2, tolerance = how
    v, losses, made = array("d", bytes(8 * len(params))), [], ffi.new("size_t *")
    while len(losses) < passes:
        left = passes - len(losses)
        recent = array("d", bytes(8 * left))
        descend = lib.pyref_softmax_descent if C else lib.pyref_gradient_descent
        ending = descend(
            run, doubles(params), doubles(v), learning_rate / n, momentum, l2, n, tolerance, left,
            seconds, doubles(recent), made,
        )  # fmt: skip
        losses += recent[: made[0]]
        if ending in (lib.PYREF_CONVERGED, lib.PYREF_DIVERGED):
            break
    lib.pyref_run_free(run)
    return [*losses, *params]


def by_fast(fast, case, threads, memory, seconds=None):
    """The group of a case, and its result: a sequence of floats. With `seconds`, through the C
    interface, in calls of that length."""
    word, group, *rest = case.split()
    if word == "each":
        return group, each_by_fast(fast, memory, *rest)
    return group, table_by_fast(fast, memory, threads, seconds, word, *rest)


def algebra(fast, sums, v, seconds):
    """Chapter 3's algebra with a Hessian: both triangles, a solution, variances, a sum."""
    ffi, lib, m = fast.FRONT.engine.ffi, fast.FRONT.engine.lib, len(v)

    def doubles(values):
        return ffi.from_buffer("double[]", values)

    def room(count):
        return array("d", bytes(8 * count))

    hess, ridge, out = sums[1 + m :], array("d", [0.25] * m), array("d")
    for last_first in (1, 0):
        L, row = room(len(hess)), ffi.new("size_t *")
        while row[0] < m:
            assert lib.pyref_cholesky(
                doubles(hess), m, 3.0, doubles(ridge), 0.5, last_first, 1e-12, doubles(L), row,
                seconds,
            )  # fmt: skip
        out.extend(L)
    solution, squares, row = room(m), room(m), ffi.new("size_t *")
    lib.pyref_solve(doubles(L), m, doubles(v), doubles(solution))
    while row[0] < m:
        lib.pyref_variances(
            doubles(L), m, doubles(v), doubles(room(m)), doubles(squares), row, seconds
        )
    lib.pyref_plus(doubles(squares), 0.75, doubles(solution), doubles(squares), m)
    out.extend(solution)
    out.extend(squares)
    out.append(lib.pyref_dot(doubles(v), doubles(solution), m))
    for j in range(m):
        whole = room(m)
        lib.pyref_symmetric_row(doubles(L), m, j, doubles(whole))
        out.extend(whole)
    return out


# ---------------------------------------------------------------- digests


class Digests:
    """One SHA-256 for each group, over the results of its cases in their order."""

    def __init__(self):
        self.groups = {}

    def add(self, group, values):
        values = array("d", [value if value == value else NAN for value in values])
        if sys.byteorder == "big":
            values.byteswap()
        self.groups.setdefault(group, hashlib.sha256()).update(values.tobytes())

    def named(self):
        return {group: found.hexdigest() for group, found in self.groups.items()}


def of_fast(fast, threads=None, shift=0, cases=CASES):
    """The digests of some cases (of all), computed by pyref.fast."""
    found, memory = Digests(), Memory(fast.FRONT.engine.ffi, shift)
    for case in cases:
        found.add(*by_fast(fast, case, threads, memory))
    return found.named()


def of_results(file):
    """The digests of what bits_driver has printed: group, count, and so many doubles, each."""
    found = Digests()
    while line := file.readline():
        group, count = line.split()
        data = file.read(8 * int(count))
        found.add(group.decode(), struct.unpack(f"<{int(count)}d", data))
    return found.named()


def committed(*beginnings):
    """The digests that must come out, of the groups that begin so (of all)."""
    want = json.loads(COMMITTED.read_text())
    return {group: want[group] for group in want if group.startswith(beginnings or "")}


def difference(found, want):
    """In words, which groups differ; an empty text if none does."""
    lines = [f"{group}: no result" for group in want if group not in found]
    lines += [f"{group}: not among the committed" for group in found if group not in want]
    both = [group for group in want if group in found]
    lines += [f"{group}: other bits" for group in both if found[group] != want[group]]
    return "\n".join(lines)


def print_cases():
    for name, values in POOLS.items():
        print("pool", name, len(values))
        patterns = struct.unpack(f"<{len(values)}Q", struct.pack(f"<{len(values)}d", *values))
        print(*[f"{pattern:x}" for pattern in patterns])
    print(*CASES, sep="\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--threads", type=int)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--cases", action="store_true")
    parser.add_argument("--results", type=argparse.FileType("rb"))
    parser.add_argument("beginnings", nargs="*", metavar="BEGINNING")
    options = parser.parse_args()
    if options.cases:
        print_cases()
        return
    if options.results:
        found, how = of_results(options.results), ""
    else:
        from pyref import fast

        found = of_fast(fast, options.threads)
        ffi, lib = fast.FRONT.engine.ffi, fast.FRONT.engine.lib
        how = f" ({ffi.string(lib.pyref_instruction_set()).decode()})"
    if options.write:
        COMMITTED.write_text(json.dumps(found, indent=0) + "\n")
        return
    wrong = difference(found, committed(*options.beginnings))
    print(wrong or f"{len(found)} groups of results have the committed bits{how}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
