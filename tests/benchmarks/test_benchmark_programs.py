"""The benchmark's programs: the peers do the same work, memory is seen, and the whole runs."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pyref.command import bench

RUN = str(Path(__file__).resolve().parent / "run.py")


def test_the_peers_at_hand_do_the_same_work_and_the_others_are_named(fast):
    bars, peers, harness = [importlib.import_module(n) for n in ("bars", "peers", "harness")]
    problem = bars.cloud(3000, 5, np.float64, 6)
    check = bars.checker(problem, bars.ours(problem)())

    def not_installed(problem):
        raise ImportError("No module named 'nowhere'")

    def lazy(problem):
        good = next(iter(peers.plain_numpy(problem)))[1]
        yield "b stays", lambda: good()._replace(b=problem.b)

    def broken(problem):
        raise AttributeError("renamed")

    at_hand = {name: peers.PEERS[name] for name in (peers.DOCUMENT, "NumPy", "scikit-learn")}
    rivals = {**at_hand, "nowhere": not_installed, "lazy": lazy, "broken": broken}
    found, trials, absent, failed = bars.peers_of(problem, rivals, check, problem.epochs)
    assert [one.name for one in found] == list(at_hand)
    assert list(trials) == list(at_hand)
    assert absent == {"nowhere": "No module named 'nowhere'"}
    assert list(failed) == ["lazy", "broken"]
    assert failed["lazy"].startswith("b ends at 0.0")
    assert failed["broken"] == "AttributeError: renamed"
    assert harness.Contender("", found[0].run, 1).run().b != problem.b


def test_peers_in_single_precision(fast):
    bars, peers = importlib.import_module("bars"), importlib.import_module("peers")
    problem = bars.cloud(3000, 5, np.float32, 3)
    check = bars.checker(problem, bars.ours(problem)())
    for _, run in [*peers.plain_numpy(problem), *peers.scikit_learn(problem)]:
        check(run())


def test_a_run_leaves_the_start_as_it_was(fast):
    bars, peers = importlib.import_module("bars"), importlib.import_module("peers")
    problem = bars.cloud(500, 4, np.float64, 3)
    before = problem.w.copy()
    for peer in (peers.document_numpy, peers.plain_numpy, peers.scikit_learn):
        for _, run in peer(problem):
            first, second = run(), run()
            assert list(first.losses) == list(second.losses)
            assert (problem.w == before).all()


GREEDY = """
import sys
print("ready", flush=True)
sys.stdin.readline()
import time
taken = b"x" * 30_000_000
time.sleep(0.5)
del taken
print("made", int(sys.argv[5]), flush=True)
sys.stdin.readline()
"""


if sys.platform == "linux":

    def test_memory_taken_for_a_while_is_seen(tmp_path):
        memory = importlib.import_module("memory")
        program = tmp_path / "greedy.py"
        program.write_text(GREEDY)
        taken, looks = memory.peak_extra_bytes("", "", 1, 1, 7, program=str(program))
        assert 30_000_000 <= taken < 40_000_000
        assert looks > 3

    def test_a_program_that_dies_is_an_error(tmp_path):
        memory = importlib.import_module("memory")
        program = tmp_path / "dies.py"
        program.write_text(GREEDY.replace('print("made"', 'sys.exit() or print("made"'))
        with pytest.raises(OSError, match="has not made its epochs"):
            memory.peak_extra_bytes("", "", 1, 1, 7, program=str(program))

    def test_a_descent_over_a_memory_map_does_not_copy_it(fast):
        bars = importlib.import_module("bars")
        taken, looks = bars._extra_memory(bars.cloud(100_000, 16, np.float64, 0), 2_000_000)
        assert taken < 2 * 2**20
        assert looks > 0


def test_the_benchmark_program_measures_and_shows(fast, tmp_path):
    """One small bar from start to end: JSON, tables, the same again from the JSON."""
    kept = tmp_path / "bench.json"
    command = [sys.executable, RUN, "--bars", "P7", "--quick", "--json", str(kept)]
    environment = {**os.environ, "OPENBLAS_CORETYPE": "Haswell", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment)
    assert done.returncode in (0, 1), done.stderr  # 1: too slow here, which is not asked
    found = json.loads(kept.read_text())
    assert found["environment_lifted"] == ["OPENBLAS_CORETYPE"]
    assert found["quick"] is True
    assert found["versions"]["numpy"] == np.__version__
    assert found["machine"]["cores"] == bench.cores()
    bar = found["bars"]["P7"]
    assert list(bar["contenders"]) == ["numpy arrays", "lists"]
    for name, figure in zip(bar["contenders"], bar["figures"], strict=True):
        seconds = bar["contenders"][name]["seconds"]
        assert len(seconds) == bar["rounds"] == 3
        assert figure["value"] == pytest.approx(1e6 * sorted(seconds)[1])
        assert figure["reached"] in ("aim", "must", "no")
        assert f" {figure['ours']} " in done.stdout
    reached = [figure["reached"] for figure in bar["figures"]]
    assert done.returncode == int("no" in reached)

    again = subprocess.run(
        [sys.executable, RUN, "--from", str(kept)],
        capture_output=True, encoding="utf-8", env=environment,
    )  # fmt: skip
    assert (again.returncode, again.stdout) == (done.returncode, done.stdout)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [(["--bars", "P9"], "there is no 'P9'"), (["--rounds", "0"], "--rounds: give 1 or more")],
)
def test_wrong_arguments_of_the_benchmark_program(fast, wrong, words):
    done = subprocess.run([sys.executable, RUN, *wrong], capture_output=True, encoding="utf-8")
    assert done.returncode == 2
    assert words in done.stderr


def test_a_contender_that_failed_decides_the_exit_status(fast):
    run = importlib.import_module("run")
    good = {"failed": {}, "figures": [{"reached": "aim"}, {"reached": "-"}]}
    slow = {"failed": {}, "figures": [{"reached": "aim"}, {"reached": "no"}]}
    lazy = {"failed": {"NumPy": "b ends at 0"}, "figures": []}
    assert run.status({"bars": {"P1": good}}) == 0
    assert run.status({"bars": {"P1": good, "P2": slow}}) == 1
    assert run.status({"bars": {"P1": good, "P2": slow, "P3": lazy}}) == 2
