"""How many processors the limits of a container leave to this process.

A container is mostly given time and not processors: so many microseconds in each period, by its
control group (cgroups(7)). The processors are all still there to be seen, and with a thread on
each, all threads stand still once the time of the period is used up. The time is written in

    cpu.max                                     "400000 100000", or "max 100000"      (version 2)
    cpu.cfs_quota_us, cpu.cfs_period_us         "400000", or "-1"; and "100000"       (version 1)

of a group, and of each group around it: the least of them counts. Four processors' time is four
threads, three and a half are three.
"""

from __future__ import annotations

import os
from collections.abc import Iterator


def processors(root: str = "/") -> int | None:
    """The whole processors that the limits leave, at least 1; None without a limit.

    `root` is where the system's files begin.
    """
    least: float | None = None
    for folder, top in _groups(root):
        while True:
            share = _share(folder)
            if share is not None and (least is None or share < least):
                least = share
            if folder == top:
                break
            folder = os.path.dirname(folder)
    return None if least is None else max(1, int(least))


def _groups(root: str) -> Iterator[tuple[str, str]]:
    """The folders of the groups that this process is in and that may limit its processors, each
    with the folder where what can be seen of the groups around it ends."""
    paths: dict[str, str] = {}  # of version 1 by the name of what it limits, of version 2 by ""
    for line in _lines(os.path.join(root, "proc/self/cgroup")):
        _, _, rest = line.partition(":")  # "4:cpu,cpuacct:/of/the/group"
        names, _, group = rest.partition(":")
        for name in names.split(","):
            paths[name] = group
    # "36 35 98:0 /root /mounted/at options ... - cgroup2 source options" (proc(5), mountinfo)
    for line in _lines(os.path.join(root, "proc/self/mountinfo")):
        mount, _, rest = line.partition(" - ")
        here, kind = mount.split(), rest.split()
        if len(here) < 5 or len(kind) < 3:
            continue
        version_2 = kind[0] == "cgroup2"
        if not version_2 and (kind[0] != "cgroup" or "cpu" not in kind[2].split(",")):
            continue
        path = paths.get("" if version_2 else "cpu")
        if path is None:
            continue
        # The mounted folder is the group `here[3]`: what lies in it, is seen; above it, nothing.
        inner = os.path.relpath(path, here[3]) if path.startswith("/") else "."
        top = os.path.join(root, _text(here[4]).lstrip("/"))
        if inner == "." or inner.partition("/")[0] == "..":
            yield top, top
        else:
            yield os.path.join(top, inner), top


def _text(word: str) -> str:
    """A path of mountinfo, where a space is written \\040."""
    for code in ("040", "011", "012", "134"):
        word = word.replace("\\" + code, chr(int(code, 8)))
    return word


def _share(folder: str) -> float | None:
    """The processors' time that a group has, in processors; None without a limit."""
    words = _words(os.path.join(folder, "cpu.max"))
    if not words:
        words = _words(os.path.join(folder, "cpu.cfs_quota_us"))
        words += _words(os.path.join(folder, "cpu.cfs_period_us"))
    try:
        quota, period = [int(word) for word in words]
    except ValueError:  # "max", or no such files
        return None
    return quota / period if quota > 0 and period > 0 else None


def _words(path: str) -> list[str]:
    return " ".join(_lines(path)).split()


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()
    except OSError:
        return []
