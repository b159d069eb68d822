"""The bars: what is measured, against what, and what must be reached.

A bar is a function of the settings that returns a Measured, under a name in BARS. Another bar
is another such function; `compare` does the work of checking and timing whatever the work is.
"""

import gc
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import memory
import numpy as np
import peers_optimum
import peers_softmax
from harness import (
    Contender,
    Descended,
    DoesLess,
    Figure,
    Witness,
    duration,
    number,
    quartiles,
    quickest,
    race,
    same_descent,
    say,
)
from peers import DOCUMENT, PEERS, Problem

import pyref
from pyref import datasets, documents, fast
from pyref.command.bench import cores, read

OURS = "pyref"
READ_ALL, READ_ONE, READ_TORCH = "read, default threads", "read, one thread", "read, torch.sum"
GIGA = 1e9
IN_CACHE = 1 << 25  # bytes of X up to which a warm cache makes a difference


class Settings(NamedTuple):
    """How thoroughly to measure."""

    quick: bool = False
    rounds: int | None = None  # instead of the bar's own number

    def how_many(self, rounds):
        """The rounds of a bar that has `rounds` when there is time."""
        return self.rounds or (3 if self.quick else rounds)


@dataclass
class Measured:
    """What a bar found: everything that JSON keeps of it."""

    work: str
    unit: str  # what the seconds of `contenders` are for: an epoch, a row, a call
    rounds: int
    contenders: dict[str, Any]  # name: variant, trials, median, quartiles, seconds
    figures: list[Figure] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)  # peer: why it is not here
    failed: dict[str, str] = field(default_factory=dict)  # peer: how its result differs
    others: float | None = None  # percent of the machine that others took meanwhile
    extra: dict[str, Any] = field(default_factory=dict)


BARS: dict[str, Callable[[Settings], Measured]] = {}


def bar(name):
    """Enter a function as the bar of that name."""

    def enter(function):
        BARS[name] = function
        return function

    return enter


# ---------------------------------------------------------------- comparing


def summary(seconds, note="", trials=None):
    """One contender's times, as they are kept."""
    lower, middle, upper = quartiles(seconds)
    return {
        "variant": note,
        "trials": trials or {},
        "median": middle,
        "quartiles": [lower, upper],
        "seconds": seconds,
    }


def peers_of(problem, peers, check, per):
    """The best variant of each peer that is installed, checked; and who is absent or fails."""
    contenders, trials, absent, failed = [], {}, {}, {}
    for name, peer in peers.items():
        try:
            variants = [Contender(name, run, per, check, note) for note, run in peer(problem)]
            best, trials[name] = quickest(variants)
            contenders.append(best)
        except ImportError as error:
            absent[name] = str(error)
        except DoesLess as error:
            failed[name] = str(error)
        except Exception as error:  # another version of a library: the others are still of use
            failed[name] = f"{type(error).__name__}: {error}"
    return contenders, trials, absent, failed


def compare(contenders, rounds, warm, trials=None):
    """Race the contenders: their summaries by name, and what others took of the machine."""
    trials = trials or {}
    # Python's garbage collector would look through all that the other libraries have loaded, in
    # everybody's time; a program that uses one of them has not loaded the others.
    gc.collect()
    gc.freeze()
    with Witness() as witness:
        seconds = race(contenders, rounds, warm)
    found = {}
    for name, _run, _per, _check, note in contenders:
        found[name] = summary(seconds[name], note, trials.get(name))
    return found, witness.others


def medians(times):
    """The median seconds of each contender."""
    return {name: found["median"] for name, found in times.items()}


def ratio(times, mine, other, against, must, aim):
    """How often our time fits into another's."""
    ours, theirs = times[mine]["median"], times[other]["median"]
    return Figure(against, duration(ours), duration(theirs), theirs / ours, "x", must, aim)


def fastest_peer(times, peers, must, aim):
    """Our time against that of the fastest of these peers, if there is any."""
    middle = medians(times)
    here = [name for name in peers if name in middle]
    if not here:
        return Figure("fastest peer", duration(middle[OURS]), "-", None, "x", must, aim)
    best = min(here, key=middle.__getitem__)
    return ratio(times, OURS, best, f"fastest peer: {best}", must, aim)


def share_of_read(times, size, must, aim):
    """Which share of the read bandwidth an epoch reaches. The faster of our two reads counts."""
    middle = medians(times)
    limit = min(middle[READ_ALL], middle[READ_ONE])
    shown = [f"{size / seconds / GIGA:.1f} GB/s" for seconds in (middle[OURS], limit)]
    return Figure("reading X once", *shown, 100 * limit / middle[OURS], "%", must, aim)


# ---------------------------------------------------------------- gradient descent: P1, P2, P3


def cloud(n, d, dtype, epochs):
    """n rows of d normal features, and labels that no line separates.

    The steps are short enough that the last epoch still lowers the loss, so that each epoch's
    loss is one of its own.
    """
    draw = np.random.default_rng(n + d)
    X = draw.standard_normal((n, d), dtype=dtype)
    true = (draw.standard_normal(d) / np.sqrt(d)).astype(dtype)
    y = (draw.random(n) < 1 / (1 + np.exp(-(X @ true + 0.3)))).astype(dtype)
    w = (0.1 * draw.standard_normal(d)).astype(dtype)
    return Problem(X, y, w, 0.0, step(n, epochs), epochs)


def step(n, epochs):
    """A step for that many epochs, for the sum over n rows."""
    return min(0.5, 5 / max(epochs, 1)) / n


def document_cloud(epochs):
    """Document 000's data, start and step."""
    X, y, w, b = datasets.seeded_cloud()
    return Problem(np.array(X), np.array(y, dtype=float), np.array(w), b, 0.001, epochs)


def ours(problem, threads=None):
    """Our descent on a problem: a run()."""

    def run():
        fit = fast.gradient_descent(
            problem.X,
            problem.y,
            learning_rate=problem.step,
            iterations=problem.epochs,
            w=problem.w,
            b=problem.b,
            reduction="sum",
            threads=threads,
        )
        return Descended(fit.losses, fit.w, fit.b)

    return run


def checker(problem, reference):
    """The check that every descent on this problem has to pass."""
    # float64: n eps is 2e-10 for the million rows. float32: its eps is 6e-8, its sums are worse.
    tolerance = 1e-9 if problem.X.dtype == np.float64 else 2e-5
    return partial(
        same_descent,
        reference=reference,
        start=(problem.w, problem.b),
        epochs=problem.epochs,
        tolerance=tolerance,
    )


def readers(X, passes):
    """X read and nothing else: by our C loop with the threads that pay and with one, by torch."""
    runs = {
        READ_ALL: lambda: read(fast, X, passes, None),
        READ_ONE: lambda: read(fast, X, passes, 1),
    }
    try:
        import torch

        tensor = torch.from_numpy(X)

        def sum_by_torch():
            torch.set_num_threads(cores())
            return [tensor.sum() for _ in range(passes)]

        runs[READ_TORCH] = sum_by_torch
    except ImportError:
        pass
    return [Contender(name, run, passes) for name, run in runs.items()]


def descent(problem, rounds, fastest=(None, None), document=None, of_read=None):
    """Our descent beside every peer's. Each bound is (must, aim), None for what is not asked."""
    X = problem.X
    check = checker(problem, ours(problem)())
    contenders, trials, absent, failed = peers_of(problem, PEERS, check, problem.epochs)
    note = f"threads=None, {cores()} cores"
    contenders.insert(0, Contender(OURS, ours(problem), problem.epochs, check, note))
    if of_read:
        contenders += readers(X, problem.epochs)
    times, others = compare(contenders, rounds, X.nbytes < IN_CACHE, trials)
    figures = [fastest_peer(times, PEERS, *fastest)]
    if DOCUMENT in times:
        figures.append(ratio(times, OURS, DOCUMENT, DOCUMENT, *(document or (None, None))))
    if of_read:
        figures.append(share_of_read(times, X.nbytes, *of_read))
    n, d = X.shape
    work = f"{n:,} x {d}, {X.dtype}"
    extra = {"n": n, "d": d, "dtype": str(X.dtype), "epochs": problem.epochs, "bytes": X.nbytes}
    return Measured(work, "epoch", rounds, times, figures, absent, failed, others, extra)


@bar("P1")
def small(settings):
    """Document 000, all of its 1000 epochs."""
    problem = document_cloud(1000)
    return descent(problem, settings.how_many(15), fastest=(8, 12), document=(18, 30))


@bar("P2")
def middling(settings):
    """In the cache."""
    problem = cloud(100_000, 8, np.float64, 20 if settings.quick else 100)
    return descent(problem, settings.how_many(11), fastest=(6, 10))


@bar("P3")
def large(settings):
    """Out of the cache."""
    problem = cloud(1_000_000, 32, np.float64, 3 if settings.quick else 10)
    return descent(problem, settings.how_many(9), fastest=(2.3, 3), of_read=(80, 95))


@bar("P3f")
def large_float32(settings):
    """Out of the cache, in single precision, which the peers compute in as well."""
    problem = cloud(1_000_000, 32, np.float32, 3 if settings.quick else 10)
    return descent(problem, settings.how_many(9), of_read=(75, 95))


# ---------------------------------------------------------------- ten classes: C1


def classes_cloud(n, d, C, epochs):
    """n rows of d normal features in C classes that overlap."""
    draw = np.random.default_rng(n + d + C)
    X = draw.standard_normal((n, d))
    scores = X @ (draw.standard_normal((d, C)) / np.sqrt(d)) + draw.gumbel(size=(n, C))
    W, b = 0.1 * draw.standard_normal((d, C)), 0.1 * draw.standard_normal(C)
    return Problem(X, scores.argmax(axis=1), W, b, step(n, epochs), epochs)


@bar("C1")
def classes(settings):
    """Softmax regression, ten classes."""
    problem = classes_cloud(60_000, 64, 10, 3 if settings.quick else 20)

    def run():
        fit = fast.softmax_descent(
            problem.X,
            problem.y,
            learning_rate=problem.step,
            iterations=problem.epochs,
            W=problem.w,
            b=problem.b,
            reduction="sum",
        )
        return Descended(fit.losses, np.array(fit.w), np.array(fit.b))

    check = checker(problem, run())
    found = peers_of(problem, peers_softmax.PEERS, check, problem.epochs)
    contenders, trials, absent, failed = found
    note = f"threads=None, {cores()} cores"
    contenders.insert(0, Contender(OURS, run, problem.epochs, check, note))
    rounds = settings.how_many(9)
    times, others = compare(contenders, rounds, True, trials)
    figures = [fastest_peer(times, peers_softmax.PEERS, 3, 6)]
    n, d = problem.X.shape
    extra = {"n": n, "d": d, "classes": 10, "epochs": problem.epochs}
    work = f"{n:,} x {d}, 10 classes"
    return Measured(work, "epoch", rounds, times, figures, absent, failed, others, extra)


# ---------------------------------------------------------------- to the optimum: P5


class Optimum(NamedTuple):
    """What all of them solve: the lowest mean loss + l2/2 |w|^2."""

    X: Any
    y: Any
    l2: float = 0.0


def to_the_optimum(problem, rounds, methods, peers, must, aim):
    """Our fits, of which the quicker counts, beside every peer's, each at a gradient <= 1e-10."""

    def fit(method):
        if problem.l2:
            return partial(getattr(fast, method), problem.X, problem.y, l2=problem.l2)
        return partial(getattr(fast, method), problem.X, problem.y)

    reached = {}

    def reaches(name):
        def check(found):
            reached[name] = peers_optimum.steepest(problem, found)
            # one that cannot be driven further competes with what it reaches: its note says what
            if name == OURS and not reached[name] <= peers_optimum.GOAL:
                raise DoesLess(f"the mean gradient is {reached[name]}")
            if not reached[name] <= 1e-6:
                raise DoesLess(f"the mean gradient is {reached[name]}")

        return check

    contenders, trials, absent, failed = [], {}, {}, {}
    for name, peer in peers.items():
        here = peers_of(problem, {name: peer}, reaches(name), 1)
        for one, other in zip((trials, absent, failed), here[1:], strict=True):
            one.update(other)
        contenders += here[0]
    ours_here = [Contender(OURS, fit(method), 1, reaches(OURS), method) for method in methods]
    best, trials[OURS] = quickest(ours_here)
    contenders.insert(0, best)
    times, others = compare(contenders, rounds, False, trials)
    n, d = problem.X.shape
    extra = {"n": n, "d": d, "l2": problem.l2, "mean_gradient": reached}
    figures = [fastest_peer(times, peers, must, aim)]
    work = f"{n:,} x {d}, to the optimum"
    return Measured(work, "fit", rounds, times, figures, absent, failed, others, extra)


@bar("P5")
def optimum(settings):
    """To the optimum, out of the cache."""
    problem = Optimum(*cloud(1_000_000, 32, np.float64, 0)[:2])
    found = settings.how_many(5), ("newton", "lbfgs"), peers_optimum.PEERS
    return to_the_optimum(problem, *found, 5, 8)


@bar("P5d")
def optimum_of_many_features(settings):
    """To the optimum, a hundred features."""
    problem = Optimum(*cloud(100_000, 100, np.float64, 0)[:2])
    found = settings.how_many(5), ("newton", "lbfgs"), peers_optimum.PEERS
    return to_the_optimum(problem, *found, 5, 8)


@bar("P5w")
def optimum_of_a_wide_table(settings):
    """To the optimum, five thousand features: L-BFGS against L-BFGS."""
    problem = Optimum(*cloud(20_000, 5000, np.float64, 0)[:2], 1e-4)
    found = settings.how_many(3), ("lbfgs",), peers_optimum.WIDE_PEERS
    return to_the_optimum(problem, *found, None, None)


# ---------------------------------------------------------------- growing tables: P4


@bar("P4")
def growing(settings):
    """The time of a row must not grow with the rows, and no memory may be taken for them."""
    sizes = [1_000_000, 2_000_000] if settings.quick else [1_000_000, 4_000_000, 16_000_000]
    rounds = settings.how_many(7)
    tile = cloud(1_000_000, 16, np.float64, 0)
    most, size = sizes[-1], sizes[-1] * 16 * 8
    times, others = _time_of_a_row(tile, sizes, rounds)
    figures = []
    # What the caches keep of a table from one epoch to the next speeds up both, and the smallest
    # table the most: a row is not slower for the others, but faster for it.
    for whose, bounds in (OURS, (10, 5)), (READ_ALL, (None, None)):
        middle = [times[f"{n:,} rows, {whose}"]["median"] for n in sizes]
        figures.append(
            Figure(
                f"time a row, worst over best size, {whose}", duration(max(middle)),
                duration(min(middle)), 100 * (max(middle) / min(middle) - 1), "%", *bounds,
                more_is_better=False,
            )
        )  # fmt: skip
    extra = {"bytes": size}
    taken = None
    try:
        taken, extra["looks"] = _extra_memory(tile, most)
        extra["peak_extra_bytes"] = taken
        taken /= 2**20
    except OSError as error:
        say(f"P4: the memory is not measured: {error}")
    figures.append(
        Figure(
            "extra memory, X a memory map", number(taken, "MB"), f"X: {size / 2**20:.0f} MB",
            taken, "MB", 2, 1, more_is_better=False,
        )
    )  # fmt: skip
    work = f"{' / '.join(str(n // 10**6) for n in sizes)} million x 16, float64"
    return Measured(work, "row", rounds, times, figures, others=others, extra=extra)


def _extra_memory(tile, n):
    """The peak of what a descent over n rows of a file takes, and how often it was looked at."""
    with tempfile.TemporaryDirectory() as folder:
        X_path, y_path = str(Path(folder, "X")), str(Path(folder, "y"))
        with open(X_path, "wb") as X_file, open(y_path, "wb") as y_file:
            for _ in range(n // len(tile.y)):
                tile.X.tofile(X_file)
                tile.y.tofile(y_file)
        return memory.peak_extra_bytes(X_path, y_path, n, tile.X.shape[1], epochs=5)


def _time_of_a_row(tile, sizes, rounds):
    repeats = sizes[-1] // len(tile.y)
    X, y = np.tile(tile.X, (repeats, 1)), np.tile(tile.y, repeats)
    contenders = []
    for n in sizes:
        epochs = 3 * sizes[-1] // n  # the same number of rows in every run
        problem = Problem(X[:n], y[:n], tile.w, tile.b, step(n, epochs), epochs)
        contenders.append(Contender(f"{n:,} rows, {OURS}", ours(problem), n * epochs))
        reads = partial(read, fast, problem.X, epochs, None)
        contenders.append(Contender(f"{n:,} rows, {READ_ALL}", reads, n * epochs))
    return compare(contenders, rounds, warm=False)


# ---------------------------------------------------------------- threads: P6


@bar("P6")
def two_threads(settings):
    """Two threads against one, on P3's table; and both must give the same bits."""
    problem = cloud(1_000_000, 32, np.float64, 3 if settings.quick else 10)
    rounds = settings.how_many(9)
    reference = ours(problem, 1)()

    def check(found):
        if found != reference:
            raise DoesLess("two threads do not give the bits of one")

    names = ["1 thread", "2 threads"]
    contenders = [
        Contender(name, ours(problem, k + 1), problem.epochs, check) for k, name in enumerate(names)
    ]
    # the limit: how much more two threads can read than one
    for k, name in enumerate(names):
        reads = partial(read, fast, problem.X, problem.epochs, k + 1)
        contenders.append(Contender(f"{name}, read", reads, problem.epochs))
    times, others = compare(contenders, rounds, warm=False)
    figures = [
        ratio(times, "2 threads", "1 thread", "one thread", 1.7, 1.95),
        ratio(times, "2 threads, read", "1 thread, read", "one thread, bare read", None, None),
    ]
    if cores() < 2:
        figures = [figure._replace(value=None) for figure in figures]
    return Measured("1,000,000 x 32, float64", "epoch", rounds, times, figures, others=others)


# ---------------------------------------------------------------- one call: P7


@bar("P7")
def one_call(settings):
    """Document 001's five points, one call of fast.gradient, with all that a call costs."""
    x, y = datasets.five_points()
    rows, a, b = [[x_i] for x_i in x], 0.5, -1.0
    calls = 1000 if settings.quick else 5000
    rounds = settings.how_many(15)
    forms = {
        "numpy arrays": (np.array(rows), np.array(y, dtype=float), np.array([a])),
        "lists": (rows, y, [a]),
    }
    loss, grad_w, grad_b = pyref.gradient(rows, y, [a], b)

    def check(found):
        pairs = (found[0], loss), (found[1][0], grad_w[0]), (found[2], grad_b)
        if not all(abs(one - other) <= 1e-14 * abs(other) for one, other in pairs):
            raise DoesLess(f"the gradient is {found}")

    def many(X, labels, w):
        for _ in range(calls):
            found = fast.gradient(X, labels, w, b)
        return found

    contenders = [
        Contender(name, partial(many, *form), calls, check) for name, form in forms.items()
    ]
    times, others = compare(contenders, rounds, warm=True)
    figures = []
    for name, seconds in medians(times).items():
        value = seconds * 1e6
        figures.append(Figure(name, number(value, "µs"), "-", value, "µs", 6, 3, False))
    work = "5 x 1, one call of gradient"
    return Measured(work, "call", rounds, times, figures, others=others)


# ---------------------------------------------------------------- pure Python: P8


@bar("P8")
def pure_python(settings):
    """The implementation to be read against the documents' loops in plain Python lists."""
    x, y = datasets.five_points()
    table = datasets.seeded_cloud()
    X, labels, w, b = table
    epochs = 20 if settings.quick else 100
    rounds = settings.how_many(11)

    def ours_000():
        fit = pyref.gradient_descent(
            X, labels, learning_rate=0.001, iterations=epochs, w=w, b=b, reduction="sum"
        )
        return Descended(fit.losses, fit.w, fit.b)

    def document_000():
        W, intercept, losses = documents.document_000(epochs, table)
        return Descended(losses, W, intercept)

    check_000 = partial(
        same_descent, reference=ours_000(), start=(w, b), epochs=epochs, tolerance=1e-9
    )
    a_b = pyref.gradient_descent_logistic(x, y)

    def check_001(found):
        for one, other in zip(found, a_b, strict=True):
            if not abs(one - other) <= 1e-12 * abs(other):
                raise DoesLess(f"(a, b) is {found}, not {a_b}")

    contenders = [
        Contender("pyref 001", lambda: pyref.gradient_descent_logistic(x, y), 1000, check_001),
        Contender("document 001", documents.document_001, 1000, check_001),
        Contender("pyref 000", ours_000, epochs, check_000),
        Contender("document 000", document_000, epochs, check_000),
    ]
    times, others = compare(contenders, rounds, warm=False)
    # Document 001's lesson is that loop, taken apart so that it can be read: a call for each sum.
    figures = [
        ratio(times, f"pyref {name}", f"document {name}", f"document {name}'s loop", must, None)
        for name, must in (("001", 0.9), ("000", 1.0))
    ]
    work = "5 x 1 and 1,000 x 4, pure Python"
    return Measured(work, "epoch", rounds, times, figures, others=others)


# ---------------------------------------------------------------- the limit over n


@bar("roofline")
def roofline(settings):
    """Bytes of X a second over the number of rows, beside the reading of X, and the peers'."""
    sizes = [1000, 3000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 2_000_000, 4_000_000]
    if settings.quick:
        sizes = sizes[:7:3]
    rounds = settings.how_many(7)
    whole = cloud(sizes[-1], 32, np.float64, 0)
    peers = {name: peer for name, peer in PEERS.items() if name != DOCUMENT}
    points, absent, failed = [], {}, {}
    with Witness() as witness:
        for n in sizes:
            say(f"  {n:,} rows")
            epochs = max(4, (400_000 if settings.quick else 4_000_000) // n)
            problem = Problem(whole.X[:n], whole.y[:n], whole.w, whole.b, step(n, epochs), epochs)
            check = checker(problem, ours(problem)())
            contenders, trials, absent, faults = peers_of(problem, peers, check, epochs)
            contenders.append(Contender(OURS, ours(problem), epochs, check))
            contenders += readers(problem.X, epochs)
            size = problem.X.nbytes
            times, _ = compare(contenders, rounds, size < IN_CACHE, trials)
            points.append({"n": n, "bytes": size, "epochs": epochs, "contenders": times})
            failed.update(faults)
    work = f"1,000 to {sizes[-1]:,} x 32, float64"
    extra = {"points": points}
    return Measured(work, "epoch", rounds, {}, [], absent, failed, witness.others, extra)
