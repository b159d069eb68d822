"""Measure pyref beside other libraries, and against the machine's own limits.

    python tests/benchmarks/run.py                      every bar: some ten minutes
    python tests/benchmarks/run.py --bars P1,P3         these alone
    python tests/benchmarks/run.py --quick              few rounds: to see that it works
    python tests/benchmarks/run.py --json new.json --picture new.png --table
    python tests/benchmarks/run.py --from new.json --picture new.png --table      only show it

What is compared. One epoch is the same work for everybody: the mean loss, recorded; the full
gradient; the update. All in one process, all with every core, each in its quickest variant
(peers.py has the code), each checked against our losses and parameters before it is timed and
again after every timed run (harness.same_descent). Everybody's data lie in memory, row after
row, and everybody's compilation is over before the clock starts. Our own time is that of a call
of the public fast.gradient_descent: the checks of its arguments, the packing of X and the start
of threads are in it.

    document's NumPy   document 000's loop, formula for formula, without its print
    NumPy              matmul, X.T @ r, stable loss, no temporaries; whole or in blocks of rows
    numba              one fused loop over the rows, on one core or a slice for each core
    PyTorch            addmv, binary_cross_entropy_with_logits; by hand or by autograd
    JAX                jit and lax.scan over the epochs; by hand or by value_and_grad
    scikit-learn       LinearModelLoss.loss_gradient, which its own solvers call

How it is timed. In rounds, in a new order each time, after a pause in which the threads of the
one before fall asleep; medians, and quartiles for the spread. A figure is a ratio of medians of
one race: times of two races, or of two runs of this program, are not to be compared. Where X
fits in a cache, an untimed run precedes each timed one. "Others" is the share of the machine
that other processes (and other guests of the host) took meanwhile: above a few percent,
measure again.

The bars (bars.py has the bounds).
    P1   document 000, 1000 epochs     P2   in the cache      P3, P3f   in memory, float64, float32
    P4   up to 16 million rows         P6   two threads       P7        one call on five points
    P8   pure Python against the documents' loops             roofline  GB/s over the number of rows
    C1   softmax regression, ten classes
    P5   to the optimum, 1,000,000 x 32; P5d 100,000 x 100; P5w 20,000 x 5,000, L2, L-BFGS
         against L-BFGS
         (peers_optimum.py: scikit-learn, glum, statsmodels, each at a mean gradient <= 1e-10)

For P3 and P3f the limit is the memory: X is also read by the C part's own loop that adds it up
and does nothing else (PYREF_READ), in the same race; the faster of one thread and the default
number counts. GB are 10^9 bytes of X for each epoch, whatever else is read.

What was tried in the kernels, and what it gave, stands in tried.md.

Which limits of the environment are lifted: see LIFTED. OPENBLAS_CORETYPE and the others there
could hold a peer back, so the program starts itself again without them.

Exit status: 0 when every bar measured reaches what it must; 1 when one does not; 2 when a peer
could not be used because its result is wrong, or on wrong arguments.
"""

import os
import sys

LIFTED = (
    *("OPENBLAS_CORETYPE", "NPY_DISABLE_CPU_FEATURES", "NUMBA_DISABLE_JIT", "ATEN_CPU_CAPABILITY"),
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"),
    *("GOTO_NUM_THREADS", "BLIS_NUM_THREADS", "OMP_THREAD_LIMIT", "XLA_FLAGS", "NUMBA_CPU_NAME"),
)


def without_limits():
    """Start this program again if the environment holds a peer back; returns what was lifted."""
    found = [name for name in LIFTED if name in os.environ]
    if found:
        for name in found:
            del os.environ[name]
        os.environ["PYREF_BENCH_LIFTED"] = ",".join(found)
        os.execv(sys.executable, [sys.executable, *sys.argv])
    return [name for name in os.environ.pop("PYREF_BENCH_LIFTED", "").split(",") if name]


# Before numpy is imported: it reads the environment then.
if __name__ == "__main__":
    lifted = without_limits()

import argparse  # noqa: E402
import dataclasses  # noqa: E402
import gc  # noqa: E402
import json  # noqa: E402
import time  # noqa: E402
from datetime import datetime, timezone  # noqa: E402

from harness import (  # noqa: E402
    Figure,
    aligned,
    duration,
    machine,
    markdown,
    number,
    quartiles,
    say,
    versions,
)

SCHEMA = 1


# ---------------------------------------------------------------- measuring


def measure(names, settings, lifted, keep):
    """Every bar of these names: all that JSON holds. keep(found) is called after each of them."""
    from bars import BARS
    from peers import DISTRIBUTIONS as BASIC
    from peers_optimum import DISTRIBUTIONS as MORE

    from pyref import fast
    from pyref.command.bench import instruction_set

    found = {
        "schema": SCHEMA,
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "quick": settings.quick,
        "machine": machine(),
        "instruction_set": instruction_set(fast),
        "versions": versions(BASIC + MORE),
        "environment_lifted": lifted,
        "bars": {},
    }
    for name in names:
        say(f"{name}: {BARS[name].__doc__.splitlines()[0]}")
        start = time.perf_counter()
        measured = BARS[name](settings)
        kept = dataclasses.asdict(measured)
        kept["figures"] = [
            {**figure._asdict(), "reached": figure.reached} for figure in measured.figures
        ]
        kept["took_seconds"] = round(time.perf_counter() - start, 1)
        found["bars"][name] = kept
        found["threads"] = threads()
        keep(found)
        gc.collect()
    return found


def threads():
    """What each thread pool in this process says of itself, where it can be asked."""
    said = {}
    try:
        from threadpoolctl import threadpool_info

        for pool in threadpool_info():
            said[os.path.basename(pool["filepath"])] = pool["num_threads"]
    except ImportError:
        pass
    if "torch" in sys.modules:
        said["torch"] = sys.modules["torch"].get_num_threads()
    if "numba" in sys.modules:
        said["numba"] = sys.modules["numba"].get_num_threads()
    return said


# ---------------------------------------------------------------- showing

BARS_HEADER = ("bar", "work", "against", "ours", "theirs", "figure", "must", "aim", "reached")
TIMES_HEADER = ("bar", "contender", "variant", "median", "quartiles", "times ours")


def bars_rows(found):
    """One row for each figure."""
    rows = []
    for name, kept in found["bars"].items():
        for figure in kept["figures"]:
            figure = Figure(**{key: figure[key] for key in Figure._fields})
            sign = "" if figure.more_is_better else "<= "
            bounds = [
                "-" if bound is None else sign + number(bound, figure.unit)
                for bound in (figure.must, figure.aim)
            ]
            rows.append(
                [
                    *(name, kept["work"], figure.against, figure.ours, figure.theirs),
                    *(number(figure.value, figure.unit), *bounds, figure.reached),
                ]
            )
    return rows


def times_rows(found):
    """One row for each contender of each bar, and for each peer that is not there."""
    rows = []
    for name, kept in found["bars"].items():
        ours = kept["contenders"].get("pyref")
        for contender, times in kept["contenders"].items():
            lower, middle, upper = quartiles(times["seconds"])
            spread = f"{duration(lower)} - {duration(upper)}"
            ratio = number(middle / ours["median"], "x") if ours else "-"
            rows.append([name, contender, times["variant"], duration(middle), spread, ratio])
        for kind in ("absent", "failed"):
            for contender, reason in kept[kind].items():
                rows.append([name, contender, f"{kind}: {reason}", "-", "-", "-"])
    return rows


def heading(found):
    """Where and when, in a few lines."""
    here = found["machine"]
    known = ", ".join(f"{name} {version}" for name, version in found["versions"].items() if version)
    lines = [
        f"{found['date']}  {here['processor']}, {here['cores']} cores, {here['memory_GB']} GB,"
        f" {here['system']}, instruction set {found['instruction_set']}",
        known,
        f"threads: {', '.join(f'{name} {count}' for name, count in found['threads'].items())}",
    ]
    if found["environment_lifted"]:
        lines.append(f"lifted: {', '.join(found['environment_lifted'])}")
    busy = {name: kept["others"] for name, kept in found["bars"].items()}
    lines.append(
        "others took "
        + ", ".join(f"{name} {share} %" for name, share in busy.items() if share is not None)
    )
    if found["quick"]:
        lines.append("QUICK: few rounds, rough numbers, smaller tables in P4")
    return lines


def show(found, as_markdown):
    """Both tables, on standard output."""
    make = markdown if as_markdown else aligned
    for lines in (
        heading(found),
        make(BARS_HEADER, bars_rows(found)),
        make(TIMES_HEADER, times_rows(found)),
    ):
        print("\n".join(lines), end="\n\n")


def status(found):
    """The exit status."""
    kept = found["bars"].values()
    if any(bar["failed"] for bar in kept):
        return 2
    return int(any(figure["reached"] == "no" for bar in kept for figure in bar["figures"]))


# ---------------------------------------------------------------- the command line


def arguments(argv):
    """What the command line asks for."""
    about = __doc__.splitlines()[0]
    parser = argparse.ArgumentParser(description=about, epilog="More: the comment in run.py.")
    parser.add_argument("--bars", metavar="P1,P2,...", help="these bars alone (default: all)")
    parser.add_argument("--quick", action="store_true", help="few rounds, rough numbers")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds for every bar")
    parser.add_argument("--json", metavar="PATH", help="write all raw times there")
    parser.add_argument("--picture", metavar="PATH", help="draw the times and the roofline")
    parser.add_argument("--table", action="store_true", help="print tables in Markdown")
    parser.add_argument(
        "--from", dest="source", metavar="PATH", help="show this JSON, do not measure"
    )
    asked = parser.parse_args(argv)
    if asked.rounds is not None and asked.rounds < 1:
        parser.error("--rounds: give 1 or more")
    if asked.source is None:
        from bars import BARS

        asked.names = asked.bars.split(",") if asked.bars else list(BARS)
        for name in asked.names:
            if name not in BARS:
                parser.error(f"--bars: there is no {name!r}, there are {', '.join(BARS)}")
    return asked


def main(argv, lifted=()):
    """Measure, or read what was measured, and show it."""
    asked = arguments(argv)

    def keep(found):
        if asked.json:
            with open(asked.json, "w", encoding="utf-8") as file:
                json.dump(found, file, indent=1)
                file.write("\n")

    if asked.source is None:
        from bars import Settings

        found = measure(asked.names, Settings(asked.quick, asked.rounds), list(lifted), keep)
    else:
        with open(asked.source, encoding="utf-8") as file:
            found = json.load(file)
        if found.get("schema") != SCHEMA:
            say(f"{asked.source} is not of schema {SCHEMA}: measure again")
            return 2
    show(found, asked.table)
    if asked.picture:
        import picture

        picture.draw(found, asked.picture)
    return status(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], lifted))
