"""Threads: as many as asked for, only while a function lasts, and never to be seen in an answer.

(That the answer has the same bits for every number of them is in test_same_bits.py.)
"""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
from helpers.compare import same
from helpers.tasks import settled, tasks

from pyref.compiled.quota import processors

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="threads are counted in /proc/self/task"
)

N, D = 60000, 8  # 29 parts
X = np.random.RandomState(0).standard_normal((N, D))
Y = (np.arange(N) % 3 == 0).astype(np.uint8)
W = np.linspace(-1, 1, D)


def most_threads_during(call, wanted=0):
    """The most threads that were seen beside those before a call. While they are fewer than
    wanted, it is called again, for a minute: on a busy machine the watcher may miss a run."""
    most, end = 0, time.monotonic() + 60
    while True:
        most = max(most, threads_of_one(call))
        if most >= wanted or time.monotonic() > end:
            return most


def threads_of_one(call):
    before, most, over = tasks(), [0], threading.Event()

    def watch():
        before.add(str(threading.get_native_id()))
        while not over.is_set():
            most[0] = max(most[0], len(tasks() - before))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        call()
    finally:
        over.set()
        watcher.join()
    return most[0]


def run(script, *, timeout=60, flags=("-W", "error")):
    """A Python of its own; `script` must print "done" at its end, and nothing else."""
    done = subprocess.run(
        [sys.executable, *flags, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


@pytest.mark.parametrize("threads", [1, 2, 3, 7])
def test_as_many_threads_as_asked_for_and_none_afterwards(fast, threads):
    before = tasks()
    # no more than 4 threads have something to do with the second
    for table, parts, iterations in ((X, 29, 400), (X[:2000, :1].copy(), 4, 30000)):
        how = {"learning_rate": 0.1, "threads": threads, "iterations": iterations}
        wanted = min(threads, parts) - 1
        assert (
            most_threads_during(
                partial(fast.gradient_descent, table, Y[: len(table)], **how), wanted
            )
            == wanted
        )
        assert settled(before)
    fast.gradient(X, Y, W, 0.0, threads=threads)
    assert settled(before)


def test_no_more_threads_than_parts_and_never_more_than_64(fast):
    want = fast.gradient(X, Y, W, 0.0, threads=1)
    for threads in (28, 29, 30, 64, 65, 1000, 10**6, 2**31, 2**64, 2**70):
        same(fast.gradient(X, Y, W, 0.0, threads=threads), want)
    small = fast.gradient(X[:100], Y[:100], W, 0.0, threads=50)
    same(small, fast.gradient(X[:100], Y[:100], W, 0.0))
    wide = np.zeros((70 * 192, 128), np.float32)  # 70 parts
    how = {"learning_rate": 0.1, "iterations": 100, "threads": 10**6}
    assert most_threads_during(lambda: fast.gradient_descent(wide, Y[: len(wide)], **how), 63) == 63


def test_the_threads_that_are_chosen_for_you(fast):
    """As many as this process may use, for large work; the caller alone, for small."""
    cores = min(len(os.sched_getaffinity(0)), processors() or 64)  # of a container, fewer
    how = {"learning_rate": 0.1}
    for rows, iterations, most in (
        (N, 2000, 29),
        (1000, 100_000, 2),  # 4 us: two threads pay, if they are used often
        (1000, 20, 1),
        (300, 20_000, 1),  # a hand-over would take longer than what it saves
    ):
        call = partial(fast.gradient_descent, X[:rows], Y[:rows], iterations=iterations, **how)
        wanted = min(cores, most) - 1
        assert most_threads_during(call, wanted) == wanted
    how["callback"] = lambda k, loss: None  # which has a word after each iteration
    for rows, iterations, most in ((N, 2000, 29), (1000, 2000, 1)):
        call = partial(fast.gradient_descent, X[:rows], Y[:rows], iterations=iterations, **how)
        wanted = min(cores, most) - 1
        assert most_threads_during(call, wanted) == wanted


def test_a_process_that_may_use_one_core_starts_no_thread(fast):
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        how = {"learning_rate": 0.1, "iterations": 1000}
        most = most_threads_during(lambda: fast.gradient_descent(X, Y, **how))
    finally:
        os.sched_setaffinity(0, before)
    assert most == 0


@pytest.mark.parametrize(("rows", "features"), [(1000, 4), (1300, 8), (2000, 1), (4160, 2)])
def test_thousands_of_hand_overs(fast, rows, features):
    """Passes of microseconds, so that a thread comes too late for some and others do its parts."""
    table, y = X[:rows, :features].copy(), Y[:rows]
    how = {"learning_rate": 0.5, "iterations": 3000}
    want = fast.gradient_descent(table, y, **how, threads=1)
    for threads in (2, 3, 7, None):
        same(fast.gradient_descent(table, y, **how, threads=threads)[:3], want[:3])


@pytest.mark.parametrize(
    ("threads", "exception", "message"),
    [
        (0, ValueError, "threads is 0: give a whole number, 1 or more"),
        (-1, ValueError, "threads is -1: give a whole number, 1 or more"),
        (-(2**70), ValueError, f"threads is {-(2**70)}: give a whole number, 1 or more"),
        (False, ValueError, "threads is 0: give a whole number, 1 or more"),
        ("2", TypeError, "threads is '2', a str: give a whole number"),
        (2.0, TypeError, "threads is 2.0, a float: give a whole number"),
        ([2], TypeError, "threads is [2], a list: give a whole number"),
    ],
)
def test_numbers_of_threads_that_cannot_be(fast, threads, exception, message):
    x, how = X[:, 0].copy(), {"learning_rate": 0.1, "iterations": 1, "threads": threads}
    for call in (
        lambda: fast.gradient(X, Y, W, 0.0, threads=threads),
        lambda: fast.gradient_ab(x, Y, 0.0, 0.0, threads=threads),
        lambda: fast.gradient_descent_logistic(x, Y, threads=threads),
        lambda: fast.gradient_descent(X, Y, **how),
        lambda: fast.softmax_gradient(X, Y, np.zeros((D, 2)), [0, 0], threads=threads),
        lambda: fast.softmax_descent(X, Y, **how),
    ):
        with pytest.raises(exception) as caught:
            call()
        assert str(caught.value) == message


def test_numbers_of_threads_of_other_types(fast):
    """Any whole number, as for iterations; True is 1."""
    want = fast.gradient(X, Y, W, 0.0)
    for threads in (np.int64(2), np.uint8(2), True):
        same(fast.gradient(X, Y, W, 0.0, threads=threads), want)


# ---------------------------------------------------------------- among other threads


def test_calls_from_several_python_threads_at_once(fast):
    """Tables of their own and tables in common, packed and not: the bits of a call alone."""
    wide, narrow = X[:6000], X[:, :3].astype(np.float32)
    how = {"learning_rate": 0.1, "iterations": 30}
    calls = [
        lambda threads: fast.gradient(X, Y, W, 0.25, threads=threads),
        lambda threads: fast.gradient_descent(wide, Y[:6000], **how, threads=threads),
        lambda threads: fast.gradient_descent(narrow, Y, **how, threads=threads),
        lambda threads: fast.gradient_ab(X[:, 0].copy(), Y, 0.5, 0.25, threads=threads),
        lambda threads: fast.softmax_gradient(
            X, Y, np.stack([W, -W], axis=1), [0, 1], threads=threads
        ),
    ]

    def flat(result):  # without the status, which is text
        return result[:3]

    alone = [flat(call(1)) for call in calls]
    with ThreadPoolExecutor(4) as pool:
        asked = [(i, threads) for i in range(len(calls)) for threads in (1, 2, 3, None)] * 5
        futures = [(i, pool.submit(calls[i], threads)) for i, threads in asked]
        for i, future in futures:
            same(flat(future.result()), alone[i])


def test_a_callback_may_call_again(fast):
    inner = fast.gradient_descent(X, Y, learning_rate=0.1, iterations=5, threads=2)
    seen = []

    def again(k, loss):
        fit = fast.gradient_descent(X, Y, learning_rate=0.1, iterations=5, threads=2)
        same(fit[:3], inner[:3])
        seen.append(loss)

    outer = fast.gradient_descent(X, Y, learning_rate=0.1, iterations=5, threads=2, callback=again)
    same(outer[:3], inner[:3])
    same(seen, inner.losses)


SET_UP = """
import os, sys, threading, time
from array import array
from pyref import fast

n, d = 60000, 8
X = array("d", [(7 * i % 101 - 50) / 32 for i in range(n * d)])
X = memoryview(X).cast("B").cast("d", (n, d))
y = array("b", (i * i % 3 % 2 for i in range(n)))

def compute(threads=2):
    fit = fast.gradient_descent(X, y, learning_rate=0.5, iterations=9, threads=threads)
    return fit.losses.tobytes(), fit.w.tobytes(), fast.gradient(X, y, fit.w, fit.b, threads=threads)

want = compute(1)
"""


def test_a_fork_after_a_call_with_threads_can_call_too(fast):
    """From 3.12 on, Python warns at a fork if another thread is there: an error here."""
    run(
        SET_UP
        + """
assert compute() == want
for _ in range(200):
    if len(os.listdir("/proc/self/task")) == 1:
        break
    time.sleep(0.005)
assert len(os.listdir("/proc/self/task")) == 1
for _ in range(20):
    child = os.fork()
    if child == 0:
        os._exit(0 if compute(3) == want else 1)
    assert compute(3) == want
    assert os.waitpid(child, 0)[1] == 0
print("done")
"""
    )


def test_a_fork_while_another_thread_is_in_a_call(fast):
    run(
        SET_UP
        + """
over = []
def work():
    while not over:
        assert compute(2) == want
thread = threading.Thread(target=work)
thread.start()
for _ in range(20):
    child = os.fork()
    if child == 0:
        os._exit(0 if compute(3) == want else 1)
    assert os.waitpid(child, 0)[1] == 0
over.append(True)
thread.join()
print("done")
""",
        flags=("-W", "error", "-W", "ignore::DeprecationWarning"),
    )


def test_the_interpreter_may_end_while_a_daemon_thread_is_in_a_call(fast):
    run(
        SET_UP
        + """
how = {"learning_rate": 0.5, "iterations": 10**9, "threads": 2}
threading.Thread(target=lambda: fast.gradient_descent(X, y, **how), daemon=True).start()
# a helper lives as long as a call, so between two calls there is none for a moment
end = time.monotonic() + 20
while len(os.listdir("/proc/self/task")) != 3:
    assert time.monotonic() < end
print("done")
"""
    )


def test_a_helper_blocks_every_signal_but_its_own_faults(fast):
    """A fault that is blocked ends the process at once, and no handler hears of it: not
    faulthandler's, nor that of a program that pyref is part of."""
    others, masks, over = tasks(), Counter(), threading.Event()

    def watch():
        others.add(str(threading.get_native_id()))
        while not over.is_set():
            for task in tasks() - others:
                try:
                    with open(f"/proc/self/task/{task}/status") as file:
                        line = next(line for line in file if line.startswith("SigBlk:"))
                except (OSError, StopIteration):
                    continue  # it has ended
                masks[int(line.split()[1], 16)] += 1

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        end = time.monotonic() + 60
        # the watcher may miss a run, or see no more of it than its begin
        while masks.total() < 20 and time.monotonic() < end:
            fast.gradient_descent(X, Y, learning_rate=0.1, iterations=300, threads=3)
    finally:
        over.set()
        watcher.join()
    names = ("SEGV", "BUS", "FPE", "ILL", "SYS", "TRAP")
    faults = [getattr(signal, f"SIG{name}") for name in names]
    # (while it begins and while it ends, the C library blocks them all for a moment)
    mask, _ = masks.most_common(1)[0]
    assert [number for number in faults if mask >> number - 1 & 1] == []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM, signal.SIGUSR1):
        assert mask >> number - 1 & 1


def test_without_memory_for_threads_the_caller_does_it_all(fast):
    """No thread can be had (its stack is memory): the same bits, later."""
    run(
        SET_UP
        + """
import resource
w = [0.25] * d
alone = fast.gradient(X, y, w, 0.5, threads=1)
with open("/proc/self/statm") as file:
    used = int(file.read().split()[0]) * resource.getpagesize()
threading.stack_size(256 << 10)  # what a helper has
_, hard = resource.getrlimit(resource.RLIMIT_AS)
resource.setrlimit(resource.RLIMIT_AS, (used + 192 * 2**10, hard))
try:
    threading.Thread(target=int).start()
except RuntimeError:
    pass  # can't start new thread
else:
    sys.exit("a thread could be started: this shows nothing")
assert fast.gradient(X, y, w, 0.5, threads=7) == alone
print("done")
"""
    )


# ---------------------------------------------------------------- between the calls of a run

A_RUN = (
    SET_UP
    + """
from pyref.compiled import buffers, ffi, lib, passes
sys.path.insert(0, "tests")
from helpers.tasks import settled, tasks

params = array("d", [0.25] * d + [0.5])
held = buffers.table(X), buffers.labels(y, n)

def new_run(threads):
    return passes.new_run(lib.PYREF_GRADIENT, *held, None, 0, 10, threads)

def sums(run):
    return passes.finish(run, params).tobytes()

alone = sums(new_run(1))
"""
)


def test_the_same_threads_make_every_pass_of_a_run_and_end_with_it(fast):
    run(
        A_RUN
        + """
before = tasks()
made = new_run(4)
assert tasks() == before  # they start with the first call
assert sums(made) == alone
helpers = tasks() - before
assert len(helpers) == 3
for _ in range(50):
    assert sums(made) == alone
    assert tasks() - before == helpers
other = new_run(3)
assert sums(other) == alone
assert len(tasks() - before) == 5
ffi.release(made)
assert settled(before | tasks() - helpers) and not tasks() & helpers
assert sums(other) == alone
ffi.release(other)
assert settled(before)
print("done")
"""
    )


def test_between_calls_they_sleep(fast):
    """After a moment (in which the next call often comes) they take no time, and no call waits."""
    run(
        A_RUN
        + """
def stats():
    for task in sorted(tasks() - before):
        with open(f"/proc/self/task/{task}/stat") as file:
            yield file.read().rpartition(")")[2].split()

before = tasks()
made = new_run(4)
for _ in range(5):
    assert sums(made) == alone
    end = time.monotonic() + 20
    while [state for state, *_ in stats()] != ["S"] * 3:
        assert time.monotonic() < end
        time.sleep(0.01)
    used = [fields[11:13] for fields in stats()]  # their time, in the program and in the system
    time.sleep(0.2)
    assert [fields[11:13] for fields in stats()] == used
print("done")
"""
    )


def test_a_forked_child_forgets_them(fast):
    """It has a copy of the run, none of its threads: it starts others, or ends without them."""
    run(
        A_RUN
        + """
made = new_run(4)
assert sums(made) == alone
for k in range(30):
    if k % 3:
        time.sleep(0.002)  # else they are still awake
    child = os.fork()
    if child == 0:
        mine = tasks()
        good = len(mine) == 1
        if k % 2:
            good = good and sums(made) == alone and len(tasks()) == 4 and sums(made) == alone
        ffi.release(made)
        os._exit(0 if good and settled(mine) else 1)
    assert sums(made) == alone
    end = time.monotonic() + 20
    ended = (0, 0)
    while ended[0] == 0 and time.monotonic() < end:
        ended = os.waitpid(child, os.WNOHANG)
    assert ended == (child, 0)
print("done")
""",
        flags=("-W", "error", "-W", "ignore::DeprecationWarning"),
    )


def test_a_fork_in_the_middle_of_a_pass(fast):
    """A pass that the deadline cut is finished by the child, and by its parent too."""
    run(
        A_RUN
        + """
made = new_run(4)
assert sums(made) == alone
out = buffers.zeros(d + 2)
at, to = buffers.doubles(params, d + 1), buffers.doubles(out, d + 2)
for k in range(20):
    for _ in range(k % 3):  # calls whose time is over at once
        if lib.pyref_run_pass(made, at, 0.0, to):
            break
    child = os.fork()
    if child == 0:
        os._exit(0 if sums(made) == alone else 1)
    assert sums(made) == alone
    assert os.waitpid(child, 0)[1] == 0
print("done")
""",
        flags=("-W", "error", "-W", "ignore::DeprecationWarning"),
    )


def test_teams_that_end_while_a_helper_is_late(fast):
    """Many short runs: a helper that comes when the team is over ends too."""
    run(
        A_RUN
        + """
for _ in range(600):
    made = new_run(3)
    assert sums(made) == alone
    ffi.release(made)
print("done")
"""
    )
