"""Ctrl-C, callbacks that raise, memory that runs out, and how much of it a run takes."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest
from helpers.compare import same
from helpers.interrupts import interrupted


def table(n, d, kind=np.float64):
    values = np.random.RandomState(n + d).standard_normal((n, d)).astype(kind)
    return values, (np.arange(n) % 3 == 0).astype(np.uint8)


# ---------------------------------------------------------------- Ctrl-C


FOREVER = {"learning_rate": 1e-6, "iterations": 10**12}
RUNS = {
    "packed": (20000, 4, np.float64, {}),
    "packed, float32": (20000, 4, np.float32, {}),
    "packed, a few rows": (5, 2, np.float64, {}),
    "as it lies": (20000, 20, np.float64, {}),
    "as it lies, float32": (20000, 20, np.float32, {}),
    "wide": (300, 3000, np.float64, {}),
    "a few huge rows": (3, 10**6, np.float32, {}),
    "with a callback": (20000, 4, np.float64, {"callback": lambda k, loss: False}),
    "with a callback, as it lies": (500, 20, np.float64, {"callback": lambda k, loss: None}),
}


@pytest.mark.parametrize("threads", [1, 2, None])
@pytest.mark.parametrize("name", RUNS)
def test_ctrl_c_is_heard_in_a_descent(fast, name, threads):
    n, d, kind, how = RUNS[name]
    X, y = table(n, d, kind)
    if threads is None and "callback" in how:
        threads = 3
    interrupted(lambda: fast.gradient_descent(X, y, **FOREVER, **how, threads=threads))


@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c_is_heard_in_the_other_descents(fast, threads):
    X, y = table(20000, 3)
    x = X[:, 0].copy()
    how = {**FOREVER, "threads": threads}
    interrupted(lambda: fast.gradient_descent_logistic(x, y, 1e-6, 10**12, threads=threads))
    interrupted(lambda: fast.softmax_descent(X, y, classes=5, **how))


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_ctrl_c_is_heard_in_one_huge_pass(fast, threads, kind):
    X, y, w = np.zeros((2**21, 32), kind), np.zeros(2**21, np.uint8), np.zeros(32)

    def passes():
        while True:
            fast.gradient(X, y, w, 0.0, threads=threads)

    def descents():
        fast.gradient_descent(X, y, **FOREVER, w=w + 1, threads=threads)

    interrupted(passes)
    interrupted(descents)


def test_a_run_after_ctrl_c_is_as_if_nothing_had_been(fast):
    X, y = table(20000, 4)
    how = {"learning_rate": 0.5, "iterations": 50, "threads": 2}
    want = fast.gradient_descent(X, y, **how)
    before = X.tobytes(), y.tobytes()
    interrupted(lambda: fast.gradient_descent(X, y, **FOREVER, threads=2))
    same(fast.gradient_descent(X, y, **how)[:3], want[:3])
    assert (X.tobytes(), y.tobytes()) == before


def test_ctrl_c_in_the_callback_itself(fast):
    X, y = table(20000, 4)

    def press(k, loss):
        if k == 3:
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            fast.gradient_descent(X, y, **FOREVER, callback=press)
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_signal_that_is_handled_does_not_end_the_run(fast):
    """The handler runs in time, in the main thread, and the run goes on to the same bits."""
    X, y = table(20000, 20)
    how = {"learning_rate": 0.5, "iterations": 1500, "threads": 2}
    heard = []
    before = signal.signal(signal.SIGALRM, lambda *_: heard.append(threading.current_thread().name))
    try:
        # however fast the machine is: twice as long a run, until it outlasts a few signals
        while len(heard) < 2 and how["iterations"] < 10**6:
            how["iterations"] *= 2
            heard.clear()
            signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
            got = fast.gradient_descent(X, y, **how)
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert len(heard) >= 2
    assert set(heard) == {"MainThread"}
    same(got[:3], fast.gradient_descent(X, y, **how)[:3])


FREED = """
import sys
import numpy
from pyref import fast
from pyref.compiled import buffers
from pyref.compiled import samples as fast_second_order

X, y = buffers.table(numpy.ones((300, 3))), buffers.labels(numpy.ones(300), 300)
free = fast_second_order.Passes.free
params = [0.0] * 4
tried = 0
while True:
    passes = fast_second_order.Passes(X, y, None, 1)
    passes.make(fast.FRONT.engine.lib.PYREF_HESSIAN, params)
    passes.make(fast.FRONT.engine.lib.PYREF_COLUMNS, [0.0] * 6)
    lines = iter(range(tried))

    def trace(frame, event, _):
        if frame.f_code is not free.__code__:
            return None
        if event == "line" and next(lines, None) is None:
            raise KeyboardInterrupt
        return trace

    sys.settrace(trace)
    try:
        passes.free()
        heard = False
    except KeyboardInterrupt:
        heard = True
    sys.settrace(None)
    passes.free()
    if not heard:
        break
    tried += 1
print(tried)
"""


def test_ctrl_c_while_memory_is_given_back(fast):
    """Before whatever line it comes, all is freed, and once: a second time aborts the process."""
    done = subprocess.run([sys.executable, "-c", FREED], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) >= 4  # lines before which it came


# ---------------------------------------------------------------- callbacks that raise


class Own(BaseException):
    pass


@pytest.mark.parametrize("exception", [RuntimeError, KeyboardInterrupt, SystemExit, Own])
@pytest.mark.parametrize(("n", "d"), [(20000, 4), (20000, 12), (5, 2)])
def test_what_a_callback_raises_is_what_arrives(fast, exception, n, d):
    X, y = table(n, d)
    before = threading.active_count()
    for threads in (1, 2):
        for last in (0, 3):
            problem, seen = exception("from the callback"), []

            def raises(k, loss, problem=problem, seen=seen, last=last):
                seen.append((k, loss))
                if k == last:
                    raise problem

            with pytest.raises(exception) as caught:
                fast.gradient_descent(X, y, **FOREVER, threads=threads, callback=raises)
            assert caught.value is problem
            assert caught.value.__cause__ is caught.value.__context__ is None
            assert [k for k, _ in seen] == list(range(last + 1))
            plain = fast.gradient_descent(X, y, learning_rate=1e-6, iterations=last + 1)
            same([loss for _, loss in seen], plain.losses)
    assert threading.active_count() == before


# ---------------------------------------------------------------- memory that runs out


@pytest.fixture
def fail_after(fast):
    yield fast.FRONT.engine.lib.pyref_fail_allocation_after
    fast.FRONT.engine.lib.pyref_fail_allocation_after(-1)


CALLS = {
    "gradient of a small table": (50, 3, lambda f, X, y, **how: f.gradient(X, y, X[0], 0.0, **how)),
    "gradient of a large table": (
        20000,
        3,
        lambda f, X, y, **how: f.gradient(X, y, X[0], 0.0, **how),
    ),
    "gradient_ab": (
        20000,
        1,
        lambda f, X, y, **how: f.gradient_ab(X[:, 0].copy(), y, 0.0, 0.0, **how),
    ),
    "descent, packed": (
        20000,
        3,
        lambda f, X, y, **how: f.gradient_descent(X, y, learning_rate=1, iterations=9, **how),
    ),
    "descent, a small table": (
        5,
        3,
        lambda f, X, y, **how: f.gradient_descent(X, y, learning_rate=1, iterations=9, **how),
    ),
    "descent, as it lies": (
        5000,
        20,
        lambda f, X, y, **how: f.gradient_descent(X, y, learning_rate=1, iterations=9, **how),
    ),
    "gradient_descent_logistic": (
        5000,
        1,
        lambda f, X, y, **how: f.gradient_descent_logistic(X[:, 0].copy(), y, 1, 9, **how),
    ),
    "softmax gradient": (
        5000,
        3,
        lambda f, X, y, **how: f.softmax_gradient(X, y, np.zeros((3, 4)), [0.0] * 4, **how),
    ),
    "softmax descent": (
        5000,
        3,
        lambda f, X, y, **how: f.softmax_descent(X, y, learning_rate=1, iterations=9, **how),
    ),
}


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", CALLS)
def test_every_allocation_that_fails_is_a_memory_error(fast, fail_after, name, threads):
    n, d, call = CALLS[name]
    X, y = table(n, d)
    want = call(fast, X, y, threads=threads)
    messages = []
    while True:
        fail_after(len(messages))
        try:
            got = call(fast, X, y, threads=threads)
        except MemoryError as problem:
            messages.append(str(problem))
        else:
            break
        assert len(messages) < 100
    # A run and its sums; the packed rows besides; a small table's gradient has no run to keep.
    packs = name in ("descent, packed", "descent, a small table", "gradient_descent_logistic")
    assert len(messages) == (1 if name == "gradient of a small table" else 3 if packs else 2)
    assert set(messages) == {"no memory for the sums of a pass over X"}
    fail_after(-1)
    same(got[:3], want[:3])


def test_sizes_beyond_all_memory_are_no_run(fast):
    """Also where a product of them has gone round, so that what is left of it could be had."""
    ffi, lib = fast.FRONT.engine.ffi, fast.FRONT.engine.lib
    one = ffi.new("double[]", [1.0])

    def made(what, d, classes):
        run = lib.pyref_run_new(what, one, 0, one, 0, ffi.NULL, 1, d, classes, 0, 1, 1)
        lib.pyref_run_free(run)
        return bool(run)

    assert made(lib.PYREF_SOFTMAX, 3, 5)
    for k in range(28, 64):
        for d in (2**k, 2**k - 1, 2**k + 1, 3 << k - 1):
            for what in (lib.PYREF_HESSIAN, lib.PYREF_STANDARD_HESSIAN):
                if (d + 1) * (d + 2) // 2 * 8 >= 2**62:
                    assert not made(what, d, 1)
            for classes in (1, 2**20, 2**31, 2**32, 2**33 + 1):
                if (d + 1) * classes * 8 >= 2**62:
                    assert not made(lib.PYREF_SOFTMAX, d, classes)
                    assert not made(lib.PYREF_SOFTMAX, classes, d)
                    assert not made(lib.PYREF_SCORES, d, classes)
            if d * 8 >= 2**62:
                for what in (lib.PYREF_GRADIENT, lib.PYREF_COLUMNS, lib.PYREF_MOVES):
                    assert not made(what, d, 1)


def test_what_is_no_kind_of_run(fast):
    ffi, lib = fast.FRONT.engine.ffi, fast.FRONT.engine.lib
    one = ffi.new("double[]", [1.0])
    for what in (-1, lib.PYREF_SEPARATES + 1, 1000, -(2**31), 2**31 - 1):
        assert not lib.pyref_run_new(what, one, 0, one, 0, ffi.NULL, 1, 1, 1, 0, 1, 1)


def test_a_wrong_label_is_named_before_memory_is_asked_for(fast, fail_after):
    X, y = table(50, 3)
    y[7] = 2
    fail_after(0)
    with pytest.raises(ValueError, match=r"^y\[7\] is 2.0"):
        fast.gradient(X, y, X[0], 0.0)


# ---------------------------------------------------------------- memory that is taken


def resident():
    """Bytes of this process that are neither a file's nor swapped out."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("RssAnon:")) * 1024


linux = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="memory is measured in /proc/self"
)


@linux
def test_resident_memory_does_not_grow_over_runs_that_fail(fast, fail_after):
    """20,000 calls, each failing at another allocation: half a kilobyte a call would be seen."""
    X, y = table(3000, 20)

    def failing(k):
        fail_after(k % 2)
        try:
            fast.gradient_descent(X, y, learning_rate=1, iterations=9, threads=1 + k % 3)
        except MemoryError:
            return
        raise AssertionError("no allocation has failed")

    for k in range(500):
        failing(k)
    before = resident()
    for k in range(20000):
        failing(k)
    assert resident() - before < 10 * 2**20


@linux
def test_resident_memory_does_not_grow_over_runs_that_are_broken_off(fast):
    """Each has packed its rows, 2.4 MB; a twentieth of that a run would be seen."""
    X, y = table(100000, 2)

    def broken_off():
        with pytest.raises(ZeroDivisionError):
            fast.gradient_descent(X, y, **FOREVER, threads=2, callback=lambda k, loss: 1 / 0)

    for _ in range(10):
        broken_off()
    before = resident()
    for _ in range(200):
        broken_off()
    assert resident() - before < 20 * 2**20


@linux
def test_resident_memory_does_not_grow_by_runs_that_nobody_frees(fast, buffers):
    """Ctrl-C may come when a run is made and no `try` has begun. Each has packed 2.4 MB."""
    X, y = table(100000, 2)
    X, y = buffers.table(X), buffers.labels(y, 100000)

    def made():
        fast.FRONT.engine.new_run(fast.FRONT.engine.lib.PYREF_GRADIENT, X, y, None, 0, 9, 1)

    for _ in range(10):
        made()
    before = resident()
    for _ in range(100):
        made()
    assert resident() - before < 20 * 2**20


MAPPED = """
import mmap, os, resource, sys, threading, time
from array import array
from pyref import fast

path, kind, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
d = 64
with open(path, "rb") as file:
    size = os.fstat(file.fileno()).st_size
    pages = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)
n = size // d // array(kind).itemsize
X, y, w = memoryview(pages).cast(kind, (n, d)), memoryview(bytes(n)), array("d", bytes(8 * d))

def status(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name)) * 1024

def run(X, y):
    loss, grad_w, grad_b = fast.gradient(X, y, w, 0.0, threads=threads)
    assert (set(grad_w), grad_b) == ({0.0}, len(y) / 2)
    fit = fast.gradient_descent(X, y, learning_rate=1, iterations=2, threads=threads)
    assert abs(fit.losses[0] - 0.6931471805599453) < 1e-12

# what is loaded and allocated once, for good
small = X[:1000]
run(small, y[:1000])
allowed = 2 * 2**20 + 1000 * d
"""


@linux
@pytest.mark.parametrize("kind", ["d", "f"])
@pytest.mark.parametrize("threads", [1, 2])
def test_resident_memory_of_a_run_over_a_memory_map(fast, tmp_path, kind, threads):
    """512 MB on disk (zeros that take no room there); a run may take 2 MB beside them.

    Seen from outside, the memory is looked at every millisecond. With one thread there is a
    proof too: the system is told to give no more than that.
    """
    path = tmp_path / "X.bin"
    with open(path, "wb") as file:
        file.truncate(512 * 2**20)
    seen = """
most, over = [0], []
def watch():
    while not over:
        most[0] = max(most[0], status("RssAnon:"))
        time.sleep(0.001)
watcher = threading.Thread(target=watch)
watcher.start()
time.sleep(0.05)
before = most[0]
run(X, y)
over.append(True)
watcher.join()
assert most[0] - before < allowed, (before, most[0])
assert status("RssFile:") > size / 2  # the file has gone by
"""
    proof = """
limit = status("VmData:") + allowed
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
run(X, y)
try:
    bytes(2 * allowed)
except MemoryError:
    pass
else:
    sys.exit("there was more memory to be had: this shows nothing")
"""
    for part in [seen] + [proof] * (threads == 1):
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(MAPPED) + part, path, kind, str(threads)],
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@linux
def test_resident_memory_of_arrays_in_memory(fast):
    """X is not copied, whatever is around it: 128 MB, of which a run may not take a hundredth."""
    for kind in (np.float64, np.float32):
        X = np.zeros((2**27 // 32 // np.dtype(kind).itemsize, 32), kind)
        y = np.zeros(len(X), np.int64)
        X[:] = 0  # every page is there
        y[:] = 0
        for call in (
            lambda X, y: fast.gradient(X, y, np.zeros(32), 0.0),
            lambda X, y: fast.gradient_descent(X, y, learning_rate=1, iterations=3),
        ):
            call(X[:1000], y[:1000])
            most, over, before = [0], threading.Event(), resident()

            def watch(most=most, over=over):
                while not over.is_set():
                    most[0] = max(most[0], resident())
                    time.sleep(0.0005)

            watcher = threading.Thread(target=watch)
            watcher.start()
            call(X, y)
            over.set()
            watcher.join()
            assert most[0] - before < 2**27 / 100
