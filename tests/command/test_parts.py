"""The command line's small parts, by themselves."""

import math
import types

import pytest

from pyref import __main__ as command_line
from pyref.command import bench, compare


def test_who_began_an_error():
    """Ctrl-C may stand anywhere in the chain, by its type or in a library's words; a chain that
    bites its own tail ends all the same."""
    assert command_line.was_interrupted(KeyboardInterrupt())
    assert command_line.was_interrupted(RuntimeError("KeyboardInterrupt: <no message>"))
    inner, outer = ValueError("a"), ImportError("b")
    outer.__cause__ = inner
    assert not command_line.was_interrupted(outer)
    inner.__context__ = KeyboardInterrupt()
    assert command_line.was_interrupted(outer)
    inner.__context__ = outer
    assert not command_line.was_interrupted(outer)
    assert not command_line.was_interrupted(None)


def test_figures_of_a_number_written_in_another_way():
    assert compare.figures(100.0, "1e2") == math.inf
    assert compare.figures(100.0001, "1e2") == pytest.approx(6)


@pytest.mark.parametrize(("cores", "shown"), [(1, ["1 thread"]), (2, ["1 thread", "default"])])
def test_one_core_is_measured_once(monkeypatch, cores, shown):
    asked = []

    def measure(fast, shape, threads, quick):
        asked.append(threads)
        return [0.001] * len(threads), [0.0005] * len(threads)

    monkeypatch.setattr(bench, "cores", lambda: cores)
    monkeypatch.setattr(bench, "measure", measure)
    monkeypatch.setattr(bench, "pure_seconds", lambda rounds: 0.1)
    lib = types.SimpleNamespace(pyref_instruction_set=lambda: b"v3")
    ffi = types.SimpleNamespace(string=lambda text: text)
    engine = types.SimpleNamespace(lib=lib, ffi=ffi)
    fast = types.SimpleNamespace(FRONT=types.SimpleNamespace(engine=engine))
    text = "\n".join(bench.page(fast, True, 80))
    assert {tuple(threads) for threads in asked} == {(1,) if cores == 1 else (1, None)}
    assert [word for word in ("1 thread", "default") if word in text] == shown
    assert "50 %" in text  # 0.5 ms of reading in an epoch of 1 ms
