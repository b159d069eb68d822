"""How much memory a run takes besides X: the peak of a fresh process's own memory.

X and y are memory maps of files, and their pages belong to the files. What the process has for
itself, its anonymous memory, is looked at from outside, first when all is imported and mapped,
then again and again while it descends. (The kernel's count for a process is exact in
smaps_rollup; VmHWM and ru_maxrss would count the pages of the maps as well.) Before the first
look the process gives free memory back, so that none of it can be used unseen.

Run as a program, this file is that fresh process.
"""

import contextlib
import ctypes
import select
import subprocess
import sys

DIED = "the process that was measured has not made its epochs"


def anonymous_bytes(pid):
    """The anonymous memory of a process now, in bytes."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as lines:
        for line in lines:
            if line.startswith("Anonymous:"):
                return int(line.split()[1]) * 1024
    raise OSError("no line Anonymous: in smaps_rollup")


def peak_extra_bytes(X_path, y_path, n, d, epochs, program=__file__):
    """(bytes that a descent over n x d float64 adds at its peak, how often they were looked at)."""
    command = [sys.executable, program, X_path, y_path, str(n), str(d), str(epochs)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        if child.stdout.readline() != "ready\n":
            raise OSError("the process that was to be measured has not started")
        before = peak = anonymous_bytes(child.pid)
        looks = 0
        print("go", file=child.stdin, flush=True)
        while not select.select([child.stdout], [], [], 0.002)[0]:
            try:
                peak = max(peak, anonymous_bytes(child.pid))
            except OSError as error:  # it is ending, and has no memory any more
                raise OSError(DIED) from error
            looks += 1
        if child.stdout.readline() != f"made {epochs}\n":
            raise OSError(DIED)
        print("stop", file=child.stdin, flush=True)
    return peak - before, looks


def main(X_path, y_path, n, d, epochs):
    import numpy as np

    from pyref import fast

    X = np.memmap(X_path, dtype="float64", mode="r", shape=(int(n), int(d)))
    y = np.memmap(y_path, dtype="float64", mode="r", shape=(int(n),))
    with contextlib.suppress(AttributeError):  # another C library than glibc
        ctypes.CDLL(None).malloc_trim(0)
    print("ready", flush=True)
    sys.stdin.readline()
    fit = fast.gradient_descent(X, y, learning_rate=0.1, iterations=int(epochs))
    print("made", fit.iterations, flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main(*sys.argv[1:])
