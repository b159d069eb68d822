"""`pyref bench`: how fast the compiled path is on this machine, and how near its limit.

A pass over a large table cannot be faster than its memory can be read. So each large table is
also read, by the same C part with the same threads, by a loop that adds up X and does nothing
else; "of the read" is how much of that speed a whole epoch (loss, gradient, update) reaches. A
small table stays in the cache, where arithmetic is the limit and not memory.

All contenders of a table take turns, so that whatever else the machine does slows each of them,
and the median counts. Neither numpy nor any other package is needed. tests/benchmarks/run.py
measures the same beside other libraries.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import mmap
import os
import platform
import random
import sys
import time
from array import array
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from .. import datasets, gradient_descent
from ..pictures import terminal
from .implementations import version


class Shape(NamedTuple):
    """A table to be timed: n rows of d features, array typecode "d" or "f"."""

    n: int
    d: int
    typecode: str
    epochs: int  # in one call
    read: bool  # too large for a cache: compare with the reading of it


SHAPES = (
    Shape(1000, 4, "d", 1000, False),
    Shape(100_000, 8, "d", 50, False),
    Shape(1_000_000, 32, "d", 5, True),
    Shape(1_000_000, 32, "f", 5, True),
)
PURE_EPOCHS = 10


# ---------------------------------------------------------------- the machine


def cores() -> int:
    """How many cores this process may use: as many as the C half takes for itself."""
    quota = importlib.import_module("..compiled.quota", __package__).processors()
    count = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        count = len(os.sched_getaffinity(0))
    return count if quota is None else min(count, quota)


def processor() -> str:
    """The processor's name, as far as the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def instruction_set(fast: Any) -> str:
    """The instruction set that the compiled part uses: baseline, v3 or v4 on x86-64."""
    c = fast.FRONT.engine
    name: bytes = c.ffi.string(c.lib.pyref_instruction_set())
    return name.decode()


# ---------------------------------------------------------------- what is timed


def read(fast: Any, X: Any, passes: int, threads: int | None) -> float:
    """Read X so many times, by the C part's loop that does nothing else; returns its sum."""
    c = fast.FRONT.engine
    ffi, lib = c.ffi, c.lib
    table = c.buffers.table(X)
    run = c.new_run(
        lib.PYREF_READ, table, None, None, 0, passes, threads or 0, "no memory to read X"
    )
    total = array("d", [0.0])
    try:
        lib.pyref_run_passes(run, ffi.NULL, passes, c.doubles(total, 1))
    finally:
        ffi.release(run)
    return total[0]


def huge(count: int, typecode: str, pattern: array[float]) -> Any:
    """`count` numbers, the pattern over and over, in the largest pages that the system gives.

    (An array.array lies in pages of 4 KB, whose addresses take time to look up. NumPy asks for
    large ones in the same way as here.)
    """
    pattern = array(typecode, pattern)
    size = count * pattern.itemsize
    memory = mmap.mmap(-1, size)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with contextlib.suppress(OSError):  # a kernel without them
            memory.madvise(mmap.MADV_HUGEPAGE)
    chunk = pattern.tobytes()
    for start in range(0, size, len(chunk)):
        memory[start : min(start + len(chunk), size)] = chunk[: size - start]
    view: Any = memoryview(memory)
    return view.cast(typecode)


def table(shape: Shape) -> tuple[Any, Any]:
    """X and y of that shape. Their values do not matter here, but that they differ does."""
    draw = random.Random(0)
    rows = min(shape.n, 1000)
    features = array("d", [draw.gauss(0.0, 1.0) for _ in range(rows * shape.d)])
    labels = array("d", [float(draw.random() < 0.5) for _ in range(rows)])
    X = huge(shape.n * shape.d, shape.typecode, features)
    return X.cast("B").cast(shape.typecode, [shape.n, shape.d]), huge(shape.n, "d", labels)


def in_turns(
    runs: Sequence[Callable[[], object]], rounds: int, clock: Callable[[], float]
) -> list[float]:
    """The median seconds of each run(): one untimed round, then `rounds` that count."""
    seconds: list[list[float]] = [[] for _ in runs]
    for turn in range(rounds + 1):
        for own, run in zip(seconds, runs, strict=True):
            start = clock()
            run()
            if turn:
                own.append(clock() - start)
    return [sorted(own)[len(own) // 2] for own in seconds]


def measure(
    fast: Any, shape: Shape, threads: Sequence[int | None], quick: bool
) -> tuple[list[float], list[float]]:
    """Seconds of an epoch, and of one reading of X, for each number of threads."""
    X, y = table(shape)
    epochs = max(1, shape.epochs // 5) if quick else shape.epochs

    def descend(count: int | None) -> object:
        return fast.gradient_descent(X, y, learning_rate=0.1, iterations=epochs, threads=count)

    runs: list[Callable[[], object]] = [partial(descend, count) for count in threads]
    if shape.read:
        runs += [partial(read, fast, X, epochs, count) for count in threads]
    rounds = 3 if quick else 9
    seconds = [value / epochs for value in in_turns(runs, rounds, time.perf_counter)]
    return seconds[: len(threads)], seconds[len(threads) :]


def pure_seconds(rounds: int) -> float:
    """Seconds of an epoch of the pure implementation, on document 000's table."""
    X, y, w, b = datasets.seeded_cloud()

    def descend() -> object:
        return gradient_descent(
            X, y, learning_rate=0.001, iterations=PURE_EPOCHS, w=w, b=b, reduction="sum"
        )

    return in_turns([descend], rounds, time.perf_counter)[0] / PURE_EPOCHS


# ---------------------------------------------------------------- the page


def duration(seconds: float) -> str:
    """A time in three figures.

    >>> duration(2.1e-7), duration(1.2345e-6), duration(0.0123), duration(2)
    ('0.21 µs', '1.23 µs', '12.3 ms', '2 s')
    """
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= 0.9995 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def gigabytes(shape: Shape, seconds: float) -> float:
    """GB of X (10^9 bytes) for each second."""
    return shape.n * shape.d * (8 if shape.typecode == "d" else 4) / seconds / 1e9


def counted(threads: int | None) -> str:
    """How a number of threads is called."""
    return "default" if threads is None else f"{threads} thread" + ("s" if threads > 1 else "")


def page(fast: Any, quick: bool, columns: int) -> list[str]:
    """The whole report as lines."""
    most = cores()
    threads: list[int | None] = [1, None] if most > 1 else [1]
    times: list[list[str]] = []
    limits: list[list[str]] = []
    for shape in SHAPES:
        name = f"{shape.n:,} x {shape.d}, float{64 if shape.typecode == 'd' else 32}"
        epoch, reading = measure(fast, shape, threads, quick)
        times.append(
            [name, *map(duration, epoch), f"{gigabytes(shape, min(epoch)):.1f}"],
        )
        if reading:
            for count, own, limit in zip(threads, epoch, reading, strict=True):
                speeds = [f"{gigabytes(shape, value):.1f}" for value in (own, limit)]
                limits.append([f"{name}, {counted(count)}", *speeds, f"{100 * limit / own:.0f} %"])
    pure = duration(pure_seconds(2 if quick else 5))
    times.append(["1,000 x 4, pure Python", pure, *["-"] * len(threads)])

    notes = (
        f"Default: as many threads as pay, here at most {most}. The read is the C part's own loop"
        " over the same X, which does nothing else. GB are 10^9 bytes of X. The two small tables"
        " stay in the cache: there the limit is arithmetic, not memory."
    )
    if quick:
        notes += " This was --quick: few rounds, rough numbers."
    return [
        *terminal.paragraph(f"{version()}: speed on this machine", columns, indent=0),
        *terminal.paragraph(
            f"{processor()}, {most} core{'s' if most > 1 else ''}, instruction set"
            f" {instruction_set(fast)}",
            columns,
        ),
        "",
        *terminal.heading("One epoch: loss, gradient, update (median times)", columns),
        "",
        *terminal.table(["", *map(counted, threads), "GB/s"], times, columns),
        "",
        "",
        *terminal.heading("Against the memory: how fast X can be read at all", columns),
        "",
        *terminal.table(["", "epoch, GB/s", "read, GB/s", "of the read"], limits, columns),
        "",
        *terminal.paragraph(notes, columns),
    ]


# ---------------------------------------------------------------- the command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `pyref bench` takes."""
    parser.add_argument("--quick", action="store_true", help="few rounds, rough numbers")


def run(args: argparse.Namespace) -> int:
    """Measure and print; 1 and one line if there is nothing that can be measured."""
    try:
        fast = importlib.import_module("..fast", __package__)
        lines = page(fast, args.quick, terminal.width(sys.stdout))
    except ImportError as error:
        problem = f"nothing to measure: {' '.join(str(error).split())}"
    except (MemoryError, OSError):  # OSError: mmap's
        problem = "no memory for a table of 256 MB"
    else:
        text = "\n".join(lines) + "\n"
        sys.stdout.write(terminal.printable(text, terminal.has_unicode(sys.stdout)))
        return 0
    if sys.stderr is not None:
        print(f"pyref: {problem}", file=sys.stderr)
    return 1
