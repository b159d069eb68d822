"""`pyref bench`: what it reads, how it takes turns, and that it runs."""

import argparse
import array
import math
import sys
import types

import pytest
from helpers.processes import run_here

import pyref
from pyref import datasets
from pyref.command import bench


class Clock:
    """Time that passes only when a contender says so."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.mark.parametrize("threads", [None, 1, 2])
@pytest.mark.parametrize("typecode", ["d", "f"])
@pytest.mark.parametrize("shape", [(1, 1), (7, 3), (1000, 4), (4099, 33)])
def test_the_read_reads_every_number(fast, shape, typecode, threads):
    """Its sum is right: none left out, none taken twice. (Small whole numbers add exactly.)"""
    n, d = shape
    values = array.array(typecode, [(5 * i) % 17 for i in range(n * d)])
    X = memoryview(values).cast("B").cast(typecode, [n, d])
    assert bench.read(fast, X, 2, threads) == math.fsum(values)


@pytest.mark.parametrize("typecode", ["d", "f"])
def test_the_table_repeats_its_pattern_to_the_end(typecode):
    pattern = array.array("d", [1.5, -2.0, 4.0])
    numbers = bench.huge(10_000, typecode, pattern)
    assert numbers.format == typecode
    assert numbers.tolist() == [pattern[i % 3] for i in range(10_000)]


def test_turns_of_the_command_begin_with_one_that_is_not_timed():
    clock, log = Clock(), []
    times = {"a": [50.0, 1.0, 2.0, 9.0], "b": [70.0, 4.0, 4.0, 4.0]}

    def run(name):
        clock.now += times[name][log.count(name)]
        log.append(name)

    runs = [lambda name=name: run(name) for name in times]
    assert bench.in_turns(runs, 3, clock) == [2.0, 4.0]
    assert log == ["a", "b"] * 4


def test_what_is_measured_begins_with_document_000():
    X, y, w, _ = datasets.seeded_cloud()
    assert bench.SHAPES[0][:3] == (len(y), len(w), "d") == (len(X), 4, "d")


def test_how_numbers_of_threads_are_called():
    assert [bench.counted(k) for k in (None, 1, 2)] == ["default", "1 thread", "2 threads"]


def test_pyref_bench_runs(fast, monkeypatch, capsys):
    """The whole page, its two large tables a tenth as large."""
    small = [shape._replace(n=min(shape.n, 100_000)) for shape in bench.SHAPES]
    monkeypatch.setattr(bench, "SHAPES", small)
    monkeypatch.setenv("COLUMNS", "80")
    status, out = run_here("bench", "--quick")
    assert (status, capsys.readouterr().err) == (0, "")
    lines = out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0] == f"pyref {pyref.__version__}: speed on this machine"
    isa = fast.FRONT.engine.ffi.string(fast.FRONT.engine.lib.pyref_instruction_set()).decode()
    assert lines[1].endswith(f"instruction set {isa}")
    for words in (" 1,000 x 4, float64", " 100,000 x 32, float32", " 1,000 x 4, pure Python"):
        assert any(line.startswith(words) for line in lines), words
    shares = [line for line in lines if line.startswith(" 100,000 x 32") and line.endswith("%")]
    assert len(shares) == 2 * (2 if bench.cores() > 1 else 1)
    for line in shares:
        own, limit, share = line.split()[-4:-1]
        assert float(share) == pytest.approx(100 * float(own) / float(limit), rel=0.1)


def test_pyref_bench_without_the_compiled_part_says_why(monkeypatch, capsys):
    for name in ("fast", "buffers", "compiled"):
        monkeypatch.delitem(sys.modules, f"pyref.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "pyref._native", None)
    assert bench.run(argparse.Namespace(quick=True)) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("pyref: nothing to measure: pyref.fast is the compiled part")
    assert "it was not built when pyref was installed" in said.err
    assert said.err.count("\n") == 1


def test_pyref_bench_without_memory_says_so(monkeypatch, capsys):
    def none(*_):
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setitem(sys.modules, "pyref.fast", types.ModuleType("pyref.fast"))
    monkeypatch.setattr(bench, "page", none)
    assert bench.run(argparse.Namespace(quick=True)) == 1
    assert capsys.readouterr() == ("", "pyref: no memory for a table of 256 MB\n")
