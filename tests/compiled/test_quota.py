"""The number of threads honours what a container leaves: a fake tree of the system's files."""

import os

import numpy as np
import pytest
from helpers.tasks import settled, tasks

from pyref.command import bench
from pyref.compiled import quota

V2 = "31 23 0:28 {root} {at} rw,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = "33 31 0:30 {root} {at} rw,relatime - cgroup cgroup rw,{what}\n"
OTHER = "24 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n\n36 1\n"


def tree(tmp_path, group, mounts, **files):
    """A root with /proc/self/cgroup and /proc/self/mountinfo, and more files by their path, with
    __ for / and spaces as they are."""
    proc = tmp_path / "proc" / "self"
    proc.mkdir(parents=True)
    (proc / "cgroup").write_text(group)
    (proc / "mountinfo").write_text(OTHER + mounts)
    for path, text in files.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return str(tmp_path)


AT = "/sys/fs/cgroup"
CPU = "/sys/fs/cgroup/cpu,cpuacct"
HERE = V2.format(root="/", at=AT)
OLD = V1.format(root="/", at=CPU, what="cpu,cpuacct")
PERIOD = {"sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us": "100000\n"}

# name: what /proc/self/cgroup says, the mounts, the files, the processors
TREES = {
    "a container of its own": ("0::/\n", HERE, {"sys/fs/cgroup/cpu.max": "400000 100000\n"}, 4),
    "another period": ("0::/\n", HERE, {"sys/fs/cgroup/cpu.max": "100000 50000\n"}, 2),
    "three and a half": ("0::/\n", HERE, {"sys/fs/cgroup/cpu.max": "350000 100000\n"}, 3),
    "a half": ("0::/\n", HERE, {"sys/fs/cgroup/cpu.max": "50000 100000\n"}, 1),
    "no limit": ("0::/\n", HERE, {"sys/fs/cgroup/cpu.max": "max 100000\n"}, None),
    "no files": ("0::/\n", HERE, {}, None),
    "a group": ("0::/a/b\n", HERE, {"sys/fs/cgroup/a/b/cpu.max": "200000 100000\n"}, 2),
    "the group around it has less": (
        "0::/a/b\n",
        HERE,
        {
            "sys/fs/cgroup/a/b/cpu.max": "400000 100000\n",
            "sys/fs/cgroup/a/cpu.max": "300000 100000\n",
            "sys/fs/cgroup/cpu.max": "max 100000\n",
        },
        3,
    ),
    "the outermost has least": (
        "0::/a/b\n",
        HERE,
        {
            "sys/fs/cgroup/a/b/cpu.max": "max 100000\n",
            "sys/fs/cgroup/a/cpu.max": "300000 100000\n",
            "sys/fs/cgroup/cpu.max": "200000 100000\n",
        },
        2,
    ),
    "a group beside it does not count": (
        "0::/a/b\n",
        HERE,
        {"sys/fs/cgroup/a/c/cpu.max": "100000 100000\n"},
        None,
    ),
    "the group itself is mounted": (
        "0::/docker/x\n",
        V2.format(root="/docker/x", at=AT),
        {"sys/fs/cgroup/cpu.max": "500000 100000\n"},
        5,
    ),
    "a group in the one that is mounted": (
        "0::/docker/x/y\n",
        V2.format(root="/docker/x", at=AT),
        {
            "sys/fs/cgroup/y/cpu.max": "700000 100000\n",
            "sys/fs/cgroup/cpu.max": "600000 100000\n",
        },
        6,
    ),
    "a group outside of what is mounted": (
        "0::/../other\n",
        HERE,
        {"sys/fs/cgroup/cpu.max": "800000 100000\n"},
        8,
    ),
    "mounted elsewhere, with a space": (
        "0::/a\n",
        V2.format(root="/", at="/my\\040groups"),
        {"my groups/a/cpu.max": "200000 100000\n"},
        2,
    ),
    "version 1": (
        "4:cpu,cpuacct:/a\n1:name=systemd:/b\n",
        OLD,
        {"sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us": "250000\n", **PERIOD},
        2,
    ),
    "version 1 without a limit": (
        "4:cpu,cpuacct:/a\n",
        OLD,
        {"sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us": "-1\n", **PERIOD},
        None,
    ),
    "version 1, the group around it has less": (
        "4:cpuacct,cpu:/a\n",
        OLD,
        {
            "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us": "-1\n",
            **PERIOD,
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "300000\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
        },
        3,
    ),
    "both versions": (
        "4:cpu,cpuacct:/a\n0::/a\n",
        HERE + OLD,
        {
            "sys/fs/cgroup/a/cpu.max": "max 100000\n",
            "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us": "500000\n",
            **PERIOD,
        },
        5,
    ),
    "what limits the memory is passed over": (
        "5:memory:/a\n4:cpu,cpuacct:/b\n",
        V1.format(root="/", at="/sys/fs/cgroup/memory", what="memory"),
        {"sys/fs/cgroup/memory/a/cpu.cfs_quota_us": "100000\n"},
        None,
    ),
    "a quota without a period": (
        "4:cpu,cpuacct:/a\n",
        OLD,
        {"sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us": "250000\n"},
        None,
    ),
    "a period of 0": ("0::/\n", HERE, {"sys/fs/cgroup/cpu.max": "400000 0\n"}, None),
    "not numbers": ("0::/\n", HERE, {"sys/fs/cgroup/cpu.max": "a few\n"}, None),
    "an empty file": ("0::/\n", HERE, {"sys/fs/cgroup/cpu.max": ""}, None),
    "an odd line": ("nonsense\n0::/\n", HERE, {"sys/fs/cgroup/cpu.max": "400000 100000\n"}, 4),
}


@pytest.mark.parametrize("name", TREES)
def test_the_processors_of_a_container(tmp_path, name):
    group, mounts, files, wanted = TREES[name]
    assert quota.processors(tree(tmp_path, group, mounts, **files)) == wanted


def test_a_system_without_such_files(tmp_path):
    assert quota.processors(str(tmp_path / "nothing")) is None


def test_it_is_read_once_where_c_is_loaded(fast):
    """What this machine says, it says to C. A call asks the system for its processors alone."""
    assert fast.FRONT.engine.lib.PYREF_INTERFACE  # it is loaded
    machine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert bench.cores() == min(machine, quota.processors() or machine)


@pytest.mark.skipif(not tasks(), reason="threads are counted in /proc/self/task")
def test_no_more_threads_are_chosen_than_allowed(fast):
    lib = fast.FRONT.engine.lib
    X, y = np.random.default_rng(0).normal(size=(60_000, 8)), np.arange(60_000) % 3 == 0
    how = {"learning_rate": 0.1, "iterations": 400}
    before = tasks()
    try:
        lib.pyref_allow_threads(1)
        assert _most(fast, X, y, how) == 0
        assert _most(fast, X, y, {**how, "threads": 2}) == 1  # who names a number, gets it
    finally:
        lib.pyref_allow_threads(quota.processors() or 0)
    assert settled(before)


def _most(fast, X, y, how):
    """The most threads beside those before a descent, as the callback of another thread sees."""
    import threading

    before, most, over = tasks(), [0], threading.Event()
    mine = []

    def watch():
        mine.append(str(threading.get_native_id()))
        while not over.is_set():
            most.append(len(tasks() - before - {*mine}))

    watcher = threading.Thread(target=watch)
    watcher.start()
    for _ in range(5):
        fast.gradient_descent(X, y, **how)
    over.set()
    watcher.join()
    return max(most)
