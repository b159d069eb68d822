"""The main job, the command line around it, and the drawing of tables and curves.

The page is read as a person reads it: from its text, column under heading. One full run serves
every test of its numbers. Where the numbers do not matter, a cloud of twelve rows stands in for
document 000's thousand; and there, nothing may be found to agree.
"""

import doctest
import errno
import io
import math
import os
import pty
import re
import signal
import subprocess
import sys
import time
import types
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import mpmath
import numpy as np
import pytest
from helpers import oracle, oracle_multinomial, oracle_second_order

import pyref
from pyref import __main__ as command_line
from pyref import datasets, documents, logistic, multinomial, optimum, second_order
from pyref.pictures import terminal

ROOT = Path(__file__).resolve().parent.parent
PRINTED = ("103.84988263633421", "-351.54572048917004")  # document 001's output
EXACT = ("103.8498826363338160757966", "-351.5457204891764951776531")  # in 60 digits

# `python -c TINY` is the command line, with twelve rows for document 000.
TINY = """
import sys
from pyref import datasets
X, y, w, b = datasets.seeded_cloud()
datasets.seeded_cloud = lambda: (X[:12], y[:12], w, b)
from pyref import __main__ as command_line
sys.exit(command_line.main(sys.argv[1:]))
"""


# ---------------------------------------------------------------- running it


def environment(**changes):
    """This process's environment without what changes the page, and with the changes."""
    unset = ("COLUMNS", "LINES", "NO_COLOR", "PYTHONUTF8", "PYTHONUNBUFFERED")
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    path = os.pathsep.join([str(ROOT), kept.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    return {**kept, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8", "TERM": "xterm", **changes}


def run(*command, **changes):
    """A finished process, its output as text."""
    return subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        encoding="utf-8",
        env=environment(**changes),
        timeout=300,
    )


def run_here(*arguments, stream=None):
    """(exit status, output) of the command line in this process."""
    before, sys.stdout = sys.stdout, stream or io.StringIO()
    try:
        status = command_line.main(arguments)
        return status, "" if stream else sys.stdout.getvalue()
    finally:
        sys.stdout = before


@pytest.fixture(scope="module")
def page():
    """`python -m pyref`, once, in full: what it prints."""
    done = run("-m", "pyref")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture
def tiny(monkeypatch):
    """Twelve rows for document 000, in this process."""
    X, y, w, b = datasets.seeded_cloud()
    monkeypatch.setattr(datasets, "seeded_cloud", lambda: (X[:12], y[:12], w, b))


@pytest.fixture
def no_c(monkeypatch):
    """No compiled part, whether this installation has one or not."""
    monkeypatch.setitem(sys.modules, "pyref.fast", None)


@pytest.fixture
def stand_in(monkeypatch):
    """A compiled part that is the pure one, for a test to spoil."""
    module = types.ModuleType("pyref.fast")
    for chapter in (logistic, multinomial, second_order, optimum):
        module.__dict__.update(vars(chapter))
    monkeypatch.setitem(sys.modules, "pyref.fast", module)
    return module


# ---------------------------------------------------------------- reading it


def section(text, title):
    """The lines from the heading that starts with title to the next heading."""
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(title)) + 2
    rules = [i for i in range(start, len(lines)) if lines[i] and set(lines[i]) <= {"─", "-"}]
    return lines[start : rules[0] - 1] if rules else lines[start:]


def tables(lines):
    """Every table among the lines as {row label: {column name: cell}}.

    A column ends where its name ends. The first column begins where the label ends, two spaces
    at least before it.
    """
    found, block = [], []
    for line in [*lines, ""]:
        if line:
            block.append(line)
            continue
        if len(block) > 1 and block[0].startswith("  "):
            found.append(read_table(block))
        block = []
    return found


def read_table(block):
    names = list(re.finditer(r"\S+( \S+)*", block[0]))
    rows = {}
    for line in block[1:]:
        label, *first = re.split(r"\s{2,}", line[: names[0].end()].strip(), maxsplit=1)
        row = {names[0].group(): first[0] if first else ""}
        for before, name in pairwise(names):
            row[name.group()] = line[before.end() : name.end()].strip()
        rows[label] = row
    return rows


def agreeing(values, references):
    """The cell that must stand under these numbers, worked out in exact fractions."""
    worst = Fraction(0)
    for value, reference in zip(values, references, strict=True):
        decimals = len(reference.partition(".")[2])
        if f"{value:.{decimals}f}" != reference and repr(value) != reference:
            worst = max(worst, abs(Fraction(value) / Fraction(reference) - 1))
    if not worst:
        return "every digit"
    figures = 0
    while worst <= Fraction(1, 10 ** (figures + 1)):
        figures += 1
    return f"{figures} figures"


def parts_of(row):
    """The columns of implementations: both where the compiled part can be imported."""
    wanted = [part.name for part in command_line.implementations()[0]]
    assert [name for name in row if name in ("python", "c")] == wanted
    return wanted


# ---------------------------------------------------------------- the page's numbers


def test_001_the_code_as_printed(page):
    table = tables(section(page, "Document 001"))[0]
    assert list(table) == ["a", "b", "mean loss", "as the loop"]
    loop = [table[label]["the document's loop"] for label in ("a", "b", "mean loss")]
    assert [float(cell) for cell in loop[:2]] == list(documents.document_001())
    X, y, _, _ = oracle.five_points()
    z = X[:, 0] * float(loop[0]) + float(loop[1])
    loss = -np.mean(y * -np.logaddexp(0, -z) + (1 - y) * -np.logaddexp(0, z))
    assert abs(float(loop[2]) - loss) < 1e-15
    for name in parts_of(table["a"]):
        ours = [float(table[label][name]) for label in ("a", "b", "mean loss")]
        assert np.allclose(ours[:2], oracle.script_001(), rtol=1e-13, atol=0)
        assert table["as the loop"][name] == agreeing(ours, loop)


def test_001_the_output_as_printed_to_its_last_digit(page):
    table = tables(section(page, "Document 001"))[1]
    names = parts_of({key.partition(",")[0]: 0 for key in table})
    assert list(table) == [
        *("the printed output", "its loop, sums kept"),
        *[f"{name}, momentum 1.0" for name in names],
        "60-digit arithmetic",
    ]
    printed, kept, *ours, exact = table.values()
    assert (printed["a"], printed["b"]) == PRINTED
    assert (kept["a"], kept["b"], kept["as printed"]) == (*PRINTED, "every digit")
    assert (exact["a"], exact["b"]) == ("103.84988263633382", "-351.54572048917650")
    for row in ours:
        pair = float(row["a"]), float(row["b"])
        assert row["as printed"] == agreeing(pair, PRINTED)
        assert np.allclose(pair, [float(number) for number in EXACT], rtol=3e-14, atol=0)


def test_001_which_is_nearer_to_exact_arithmetic_is_measured(page):
    text = " ".join(" ".join(section(page, "Document 001")).split())

    def off(pair):
        pairs = zip(pair, EXACT, strict=True)
        return float(max([abs(Fraction(v) - Fraction(exact)) for v, exact in pairs]))

    printed = off([float(number) for number in PRINTED])
    assert f"the printed output is off by {printed:.1e}," in text
    table = tables(section(page, "Document 001"))[1]
    for label, row in list(table.items())[2:-1]:
        mine = off((float(row["a"]), float(row["b"])))
        assert mine < printed
        assert f"{label.partition(',')[0]} by {mine:.1e} (nearer)" in text


def test_nearer_is_not_said_of_what_is_not():
    far = ("c, momentum 1.0", (103.8498, -351.5457))
    exact = ("python, momentum 1.0", tuple(float(number) for number in EXACT))
    said = command_line.who_is_nearer([far, exact])
    assert "c by 8.3e-05 (no nearer)" in said
    assert "(nearer)." in said


def test_000_numbers(page):
    table = tables(section(page, "Document 000: 4 features, 1000 samples, 1000 epochs"))[0]
    losses, W, b = oracle.script_000(1000)
    wanted = [*np.ravel(W), *np.ravel(b), losses[0], losses[-1]]
    labels = ["w[0]", "w[1]", "w[2]", "w[3]", "b", "first loss", "last loss"]
    assert list(table) == [*labels, "as printed", "as the loop", "as NumPy"]
    names = ["its loop here", *parts_of(table["b"])]
    enough = ["every digit", *[f"{figures} figures" for figures in range(12, 18)]]
    for label, value in zip(labels, wanted, strict=True):
        for name in ["under NumPy", *names]:
            assert re.fullmatch(r"-?\d+\.\d{12}", table[label][name])
            assert abs(float(table[label][name]) - value) < 2e-12
    for name in names:
        assert table["as NumPy"][name] in enough
    for name in names[1:]:
        assert table["as printed"][name] == "1000 of 1000"
        assert table["as the loop"][name] in enough


def test_000_the_constants_are_numpys():
    losses, W, b = oracle.script_000(1000)
    got = [*np.ravel(W), *np.ravel(b), losses[0], losses[-1]]
    wanted = [float(number) for number in command_line.NUMPY]
    assert np.allclose(got, wanted, rtol=1e-13, atol=0)


def test_000_figures_are_of_every_loss():
    """One loss in a thousand, wrong in its seventh figure, sets the agreement of the run."""
    cloud = datasets.seeded_cloud()
    run = command_line._by_document((cloud[0][:12], cloud[1][:12], *cloud[2:]))
    run.run_to(300)
    expected = command_line.texts(run.losses)
    assert command_line.least_figures(run.losses, expected) == math.inf
    run.losses[137] *= 1 + 3e-7
    assert 6 < command_line.least_figures(run.losses, expected) < 7
    assert command_line.least_figures(run.losses[:-1], expected) == 0


def test_000_dies_at_1340_and_ours_does_not(page):
    lines = section(page, "Document 000, left to run on")
    table = tables(lines)[0]
    assert list(table) == [f"loss, epoch {epoch}" for epoch in (1000, 1339, 1340, 3000)]
    losses, _, _ = oracle.script_000(1340)
    assert math.isfinite(losses[1338])
    assert math.isnan(losses[1339])
    loop = [row["its loop here"] for row in table.values()]
    assert loop[2:] == ["nan", "-"]
    assert abs(float(loop[0]) - losses[999]) < 1e-12
    assert abs(float(loop[1]) - losses[1338]) < 1e-12
    X, y, w, b = oracle.cloud()
    for _ in range(1339):
        _, grad_w, grad_b = float_gradient(X, y, w, b)
        w, b = w - 0.001 * grad_w, b - 0.001 * grad_b
    at_1340 = float_gradient(X, y, w, b)[0] / 1000
    for name in parts_of(table["loss, epoch 1000"]):
        ours = [float(row[name]) for row in table.values()]
        assert abs(ours[1] - losses[1338]) < 1e-12
        assert abs(ours[2] - at_1340) < 1e-12
        assert 0 < ours[3] < ours[2] < ours[1] < ours[0]
    # the sample that is blamed, and its score
    z = X @ w + b
    culprits = np.flatnonzero((1 / (1 + np.exp(-z)) == 1) & (y == 1))
    text = " ".join(" ".join(lines).split())
    assert f"In epoch 1340 the score z of sample {culprits[0]} reaches {z[culprits[0]]:.2f}" in text
    assert "1340: the document's loss is NaN" in text


def float_gradient(X, y, w, b):
    """Summed loss and gradient in plain NumPy, from the score."""
    z = X @ w + b
    r = 1 / (1 + np.exp(-z)) - y
    loss = np.sum((1 - y) * np.logaddexp(0, z) + y * np.logaddexp(0, -z))
    return loss, X.T @ r, np.sum(r)


def test_challenger(page):
    table = tables(section(page, "Challenger"))[0]
    labels = ["slope, per F", "intercept", "deviance", "p at 31 F"]
    assert list(table) == [*labels, "agreement", "updates", "ended as"]
    expected = [table[label]["the optimum"] for label in labels]
    for label, cell in zip(labels, mpmath_challenger(), strict=True):
        shown = table[label]["the optimum"]
        assert abs(mpmath.mpf(shown) / cell - 1) < (1e-8 if label == "p at 31 F" else 3e-16)
    for name in parts_of(table["intercept"]):
        ours = [float(table[label][name]) for label in labels]
        assert np.allclose(ours, [float(cell) for cell in expected], rtol=1e-9, atol=0)
        assert table["agreement"][name] == agreeing(ours, expected)
        assert 10 < int(table["updates"][name]) < 1000
        assert table["ended as"][name] == "converged"


def mpmath_challenger():
    """Slope, intercept, deviance and p(31 F) at the optimum, by Newton's method in 40 digits."""
    X, y, _, _ = oracle.challenger()
    x = [mpmath.mpf(float(value)) for value in X[:, 0]]
    with mpmath.workdps(40):
        a = b = mpmath.mpf(0)
        for _ in range(30):
            p = [1 / (1 + mpmath.exp(-(a * t + b))) for t in x]
            grad = mpmath.matrix(2, 1)
            hess = mpmath.matrix(2, 2)
            for t, label, q in zip(x, y, p, strict=True):
                for i, u in enumerate((t, 1)):
                    grad[i] += (q - int(label)) * u
                    for j, v in enumerate((t, 1)):
                        hess[i, j] += q * (1 - q) * u * v
            step = mpmath.lu_solve(hess, grad)
            a, b = a - step[0], b - step[1]
        assert max(abs(step[0]), abs(step[1])) < mpmath.mpf(10) ** -30
        p = [1 / (1 + mpmath.exp(-(a * t + b))) for t in x]
        pairs = zip(y, p, strict=True)
        loss = mpmath.fsum([-mpmath.log(q if label else 1 - q) for label, q in pairs])
        return a, b, 2 * loss, 1 / (1 + mpmath.exp(-(31 * a + b)))


def test_newton(page):
    """Endings, optimum, standard errors and intervals, against 40 digits."""
    lines = section(page, "Newton's method")
    endings, numbers, table = tables(lines)
    text = " ".join(" ".join(lines).split())
    for name in parts_of(endings["Challenger"]):
        assert endings["document 001"][name] == endings["document 000"][name] == "separable"
        assert endings["Challenger"][name] == "converged"
    assert "label is 0 up to x = 3 and 1 from x = 4 on" in text
    assert "1000 of its 1000 samples are on the side of their label" in text

    data = oracle_second_order.challenger()
    truth = oracle_second_order.optimum(data.X, data.y)
    (a, b), (error_a, error_b) = truth.parameters, truth.standard_errors
    values = [a, error_a, b, error_b, -2 * truth.log_likelihood]
    assert list(numbers)[-1] == "agreement"
    for label, value in zip(list(numbers)[:-1], values, strict=True):
        assert abs(mpmath.mpf(numbers[label]["the optimum"]) / value - 1) < 3e-16
    for name in parts_of(numbers["agreement"]):
        ours = [float(numbers[label][name]) for label in list(numbers)[:-1]]
        expected = [row["the optimum"] for row in list(numbers.values())[:-1]]
        assert numbers["agreement"][name] == agreeing(ours, expected)

    for row, c, error in (("temperature, F", a, error_a), ("intercept", b, error_b)):
        z = c / error
        shown = [c, error, z, mpmath.erfc(abs(z) / mpmath.sqrt(2)), c - Q * error, c + Q * error]
        digits = [1e-5, 1e-5, 1e-3, 2e-3, 1e-5, 1e-5]  # of z three decimals, of p four
        for cell, value, allowed in zip(table[row].values(), shown, digits, strict=True):
            assert float(cell) == pytest.approx(float(value), rel=allowed)
    null = -2 * (7 * mpmath.log(mpmath.mpf(7) / 23) + 16 * mpmath.log(mpmath.mpf(16) / 23))
    assert f"Null deviance: {float(null):.6f} on 22 degrees of freedom" in text
    assert f"residual deviance: {float(values[-1]):.6f} on 21." in text
    # the score's variance from the covariance of slope and intercept
    with mpmath.workdps(40):
        hess = oracle_second_order.sums(data.X, data.y, [1] * 23, truth.parameters)[2]
        u = mpmath.matrix([31, 1])
        score, error = 31 * a + b, mpmath.sqrt((u.T * mpmath.inverse(hess) * u)[0])
        p = [1 / (1 + mpmath.exp(-v)) for v in (score, score - Q * error, score + Q * error)]
    found = re.search(
        r"damage is (\S+), and its 95 % interval goes from (\S+) to (\S+): the score there is"
        r" (\S+), with a standard error of (\S+)\.",
        text,
    )
    decimals = (8, 8, 8, 6, 6)
    shown = [f"{float(v):.{k}f}" for v, k in zip([*p, score, error], decimals, strict=True)]
    assert list(found.groups()) == shown


Q = 1.9599639845400543  # 95 % of a standard normal variable lie within


def test_iris(page):
    """The losses and the flowers told right, against the NumPy oracle."""
    X, y, names = datasets.iris()
    X = np.array(X)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    Y = oracle_multinomial.one_hot(np.array(y), 3)
    W, b, losses = oracle_multinomial.descent(X, Y, 1.0, 500)
    best = np.argmax(X @ W + b, axis=1)
    table = tables(section(page, "Iris"))[0]
    for name in parts_of(table["first loss"]):
        assert table["first loss"][name] == f"{losses[0]:.12f}" == f"{math.log(3):.12f}"
        assert float(table["last loss"][name]) == pytest.approx(losses[-1], abs=2e-12)
        for k, species in enumerate(names):
            right = np.sum(best[np.array(y) == k] == k)
            assert table[f"{species}, right"][name] == f"{right} of 50"


def test_times(page):
    table = tables(section(page, "Time of one epoch"))[0]
    assert list(table) == ["document 001", "document 000", "Challenger", "iris"]
    units = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1.0}

    def seconds(cell):
        assert re.fullmatch(r"(\d\.\d\d|\d\d\.\d|\d\d\d) (ns|µs|ms|s)", cell), cell
        number, unit = cell.split()
        return float(number) * units[unit]

    names = parts_of(table["Challenger"])
    assert table["Challenger"]["the document's loop"] == "-"
    for what, row in table.items():
        python = seconds(row["python"])
        assert 1e-8 < python < 1
        if what.startswith("document"):
            assert 1e-8 < seconds(row["the document's loop"]) < 1
        if "c" in names:
            ratio = python / seconds(row["c"])
            shown = float(row["python / c"])
            assert abs(shown - ratio) <= 0.012 * ratio + (0.5 if shown >= 10 else 0.05)
    # 200 times the samples: not 200 times the time, but not the time of one either
    assert seconds(table["document 000"]["python"]) > 20 * seconds(table["document 001"]["python"])


def test_the_page_fits_and_says_where_its_constants_are_from(page):
    assert max(len(line) for line in page.splitlines()) <= 80
    assert not any(line != line.rstrip() for line in page.splitlines())
    assert "\n\n\n\n" not in page
    assert "\x1b" not in page
    assert page.startswith(f"{command_line.version()}: ")
    assert "Not computed here but known beforehand: the printed output" in page
    assert "MISMATCH" not in page


def test_the_curve_on_the_page(page):
    lines = section(page, "Document 000, left to run on")
    start = next(i for i, line in enumerate(lines) if "Loss curve of document 000" in line)
    assert lines[start].startswith("loss")
    assert lines[start + 15].strip() == "epochs"
    # from the top on the left to the bottom on the right, never up again
    heights = dots(lines[start + 1 : start + 13], gutter=6)
    found = [sorted(column) for column in heights if column]
    assert len(found) == len(heights) == 2 * (80 - 6)
    assert found[0][-1] == 47
    assert found[-1][0] == 0
    for left, right in pairwise(found):
        assert right[-1] <= left[-1]
        assert right[0] <= left[0]


# ---------------------------------------------------------------- what is said is measured


def test_a_wrong_number_is_a_mismatch(tiny, no_c):
    """Twelve rows do not give NumPy's numbers for a thousand."""
    status, text = run_here()
    assert status == 1
    assert "MISMATCH in document 000, its loop here and NumPy: 0 figures agree" in text
    assert "MISMATCH in document 000, python and NumPy: 0 figures agree" in text
    assert text.count("MISMATCH") == 2
    table = tables(section(text, "Document 000: 4 features, 12 samples"))[0]
    assert table["as NumPy"]["python"] == "0 figures"
    # and this loop never dies: then no epoch is blamed for it
    assert "NaN" not in "".join(section(text, "Document 000, left to run on"))


@pytest.mark.parametrize(
    ("change", "mismatches"),
    [
        ({"status": "converged"}, ["document 001, the ending", "document 000, the ending"]),
        ({"status": "separable"}, ["Challenger, the ending"]),
        ({"standard_errors": None}, ["Challenger by Newton's method, c"]),
        (
            {"standard_errors": [0.10823653, 7.3786363849165656]},
            ["Challenger by Newton's method, c"],
        ),
        ({"log_likelihood": 10.157596343933415}, ["Challenger by Newton's method, c"]),
    ],
)
def test_a_wrong_newton_is_a_mismatch(tiny, stand_in, change, mismatches):
    stand_in.newton = lambda X, y: optimum.newton(X.tolist(), y.tolist())._replace(**change)
    status, text = run_here()
    assert status == 1
    wrong = " ".join(text.split()).split("MISMATCH in ")[1:]
    wrong = [line for line in wrong if "NumPy" not in line]
    assert len(wrong) == len(mismatches)
    for line, beginning in zip(wrong, mismatches, strict=True):
        assert line.startswith(beginning)


@pytest.mark.parametrize("spoil", ["sign", "nan", "zero", "tenth figure", "seventh figure"])
def test_a_wrong_implementation_is_a_mismatch(tiny, stand_in, spoil):
    change = {
        "sign": lambda v: -v,
        "nan": lambda v: math.nan,
        "zero": lambda v: 0.0,
        "tenth figure": lambda v: v * (1 + 3e-10),
        "seventh figure": lambda v: v * (1 + 3e-7),
    }[spoil]

    def spoilt(*arguments, **options):
        a, b = logistic.gradient_descent_logistic(*arguments, **options)
        return a, change(b)

    stand_in.gradient_descent_logistic = spoilt
    status, text = run_here()
    shown = tables(section(text, "Document 001"))[0]["as the loop"]
    figures = {"tenth figure": "9 figures", "seventh figure": "6 figures"}.get(spoil, "0 figures")
    assert status == 1
    assert shown["python"] in ("every digit", "15 figures")
    assert shown["c"] == figures
    wrong = [line for line in text.splitlines() if "MISMATCH in document 001" in line]
    assert len(wrong) == (0 if spoil == "tenth figure" else 2)


def test_an_implementation_that_gives_up_early_is_a_mismatch(tiny, stand_in):
    def lazy(*arguments, **options):
        fit = logistic.gradient_descent(*arguments, **options)
        return fit._replace(losses=fit.losses[:-1], iterations=fit.iterations - 1)

    stand_in.gradient_descent = lazy
    status, text = run_here()
    assert status == 1
    assert "MISMATCH in document 000, c and the loop: 0 figures" in text
    rows = tables(section(text, "Document 000, left to run on"))[0]
    assert [row["c"] for row in rows.values()] == ["-", "-"]


def test_the_epoch_of_the_nan_is_found_by_running(tiny, no_c, monkeypatch):
    """A loop that dies elsewhere is said to die there."""
    honest = documents.document_000
    epochs = [0]

    def mortal(epochs_now, cloud):
        W, b, losses = honest(epochs_now, cloud)
        for k in range(len(losses)):
            epochs[0] += 1
            if epochs[0] >= 1207:
                losses[k] = math.nan
        return W, b, losses

    monkeypatch.setattr(documents, "document_000", mortal)
    text = run_here()[1]
    table = tables(section(text, "Document 000, left to run on"))[0]
    assert list(table) == [f"loss, epoch {epoch}" for epoch in (1000, 1206, 1207, 3000)]
    assert [row["its loop here"] == "nan" for row in table.values()] == [False, False, True, False]
    assert "1207: the document's loss is NaN" in text
    assert "In epoch 1207 the loss of the document's loop is NaN." in text  # no sample to blame


def test_legs_are_one_run():
    X, y, w, b = datasets.seeded_cloud()
    part = command_line.implementations()[0][0]
    legs = command_line._by_ours(part, (X[:30], y[:30], w, b))
    legs.run_to(250)
    legs.run_to(257)
    whole = logistic.gradient_descent(
        X[:30], y[:30], w=w, b=b, learning_rate=0.001, iterations=257, reduction="sum"
    )
    assert (legs.w, legs.b, legs.losses) == (whole.w, whole.b, whole.losses)
    assert len(legs.seconds) == 2
    assert min(legs.seconds) > 0


def test_figures_of_mutants():
    assert command_line.figures(0.1 + 0.2, "0.30000000000000004") == math.inf
    assert command_line.figures(0.3, "0.30000000000000004") > 15
    assert command_line.figures(1.0000001, "1.0000000") == pytest.approx(7, abs=1e-6)
    for wrong in (0.0, -0.3, math.nan, math.inf, -math.inf, 3e9):
        assert command_line.figures(wrong, "0.30000000000000004") == 0
    assert command_line.figures(1e-300, "0.0") == math.inf  # reads 0.0
    assert command_line.figures(0.1, "0.0") == 0
    assert command_line.least_figures([], []) == 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (2.5e-11, "0.03 ns"),
        (1.5e-9, "1.50 ns"),
        (999.4e-9, "999 ns"),
        (999.6e-9, "1.00 µs"),
        (9.9949e-6, "9.99 µs"),
        (9.9951e-6, "10.0 µs"),
        (99.949e-6, "99.9 µs"),
        (99.951e-6, "100 µs"),
        (999.4e-6, "999 µs"),
        (999.6e-6, "1.00 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1.00 s"),
        (123.4, "123 s"),
        (math.nan, "-"),
    ],
)
def test_duration(seconds, text):
    assert command_line.duration(seconds) == text


# ---------------------------------------------------------------- with and without the C part


def test_without_the_c_part(tiny, no_c):
    text = run_here()[1]
    head = " ".join(text.partition("Document 001")[0].split())
    assert "c: absent here: import of pyref.fast halted; None in sys.modules" in head
    for lines in (section(text, title) for title in ("Document 001", "Document 000:", "Chall")):
        for table in tables(lines):
            assert all("c" not in row and "c, momentum 1.0" not in table for row in table.values())
    assert "python / c" not in text


def test_the_reason_is_the_one_that_the_import_gives(tiny, monkeypatch, tmp_path):
    reason = "pyref.fast is not compiled: no C compiler was found. Install gcc, then reinstall."
    (tmp_path / "fast.py").write_text(f"raise ImportError({reason!r})\n")
    monkeypatch.setattr(pyref, "__path__", [str(tmp_path), *pyref.__path__])
    monkeypatch.delitem(sys.modules, "pyref.fast", raising=False)
    text = run_here()[1]
    assert f"c: absent here: {reason}" in " ".join(text.split())
    assert f"c: absent here: {reason}" in " ".join(run_here("--version")[1].split())


def test_with_the_c_part(tiny, stand_in):
    calls = []

    def descent(X, y, **options):
        calls.append((type(X), type(y), X.shape, X.format))
        return logistic.gradient_descent(X.tolist(), y.tolist(), **options)

    stand_in.gradient_descent = descent
    text = run_here()[1]
    assert "c: pyref.fast, the compiled twin" in text
    for title, count in (("Document 001", 2), ("Document 000:", 1), ("Challenger", 1)):
        found = tables(section(text, title))
        assert len(found) == count
        assert "c" in next(iter(found[0].values()))
    assert "c, momentum 1.0" in tables(section(text, "Document 001"))[1]
    assert {call[2:] for call in calls} == {((12, 4), "d"), ((23, 1), "d")}
    assert max(len(line) for line in text.splitlines()) <= 80


# ---------------------------------------------------------------- where it is written to


@pytest.mark.parametrize("columns", [44, 60, 79])
def test_narrow(columns):
    done = run("-c", TINY, COLUMNS=str(columns))
    assert "Traceback" not in done.stderr
    lines = done.stdout.splitlines()
    assert max(len(line) for line in lines) <= columns
    assert any(len(line) == columns for line in lines)  # and the width is made use of
    # nothing is lost where a table goes on below
    assert all(number in done.stdout for number in PRINTED)
    assert done.stdout.count("every digit") == run("-c", TINY).stdout.count("every digit")


@pytest.mark.parametrize("columns", ["200", "0", "-5", "wide"])
def test_odd_widths(columns):
    lines = run("-c", TINY, COLUMNS=columns).stdout.splitlines()
    assert max(len(line) for line in lines) == 80


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "cp437"])
def test_ascii(encoding):
    command = subprocess.run(
        [sys.executable, "-c", TINY],
        capture_output=True,
        env=environment(PYTHONIOENCODING=encoding),
        timeout=300,
    )
    text = command.stdout.decode("ascii")
    assert command.stderr == b""
    assert "?" not in text
    assert max(len(line) for line in text.splitlines()) <= 80
    assert re.search(r"^0\.\d+ \+\*+|^ *\|\*", text, re.MULTILINE)  # the curve, in stars
    assert re.search(r"\d us\b", text)
    assert "-" * 80 in text


def test_the_linux_console_gets_ascii():
    assert run("-c", TINY, TERM="linux").stdout.isascii()
    assert not run("-c", TINY).stdout.isascii()


def test_no_colour_is_used_anywhere():
    assert "\x1b" not in run("-c", TINY).stdout
    assert "\x1b" not in run("-c", TINY, NO_COLOR="1").stdout


def on_a_terminal(columns, **changes):
    """What a person's terminal of that width receives, both streams."""
    import fcntl
    import struct
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    child = subprocess.Popen(
        [sys.executable, "-c", TINY], stdout=slave, stderr=slave, env=environment(**changes)
    )
    os.close(slave)
    received = b""
    while True:
        try:
            block = os.read(master, 65536)
        except OSError:  # EIO: the child has closed its end
            break
        if not block:
            break
        received += block
    os.close(master)
    assert child.wait(timeout=60) == 1  # twelve rows are not NumPy's thousand
    return received.decode("utf-8").replace("\r\n", "\n")


def test_on_a_terminal():
    text = on_a_terminal(64)
    assert "\x1b" not in text
    # the passing line comes, and goes: what it wrote is blanked before the page goes on
    passing = re.findall(r" training[^\r\n]* \.\.\.\r( +)\r", text)
    assert len(passing) == text.count(" ...") == 2
    left = re.sub(r" training[^\r\n]* \.\.\.\r +\r", "", text)
    assert "\r" not in left
    assert max(len(line) for line in left.splitlines()) == 64


def test_width_of_a_closed_stream():
    stream = io.StringIO()
    stream.close()
    assert terminal.width(stream) == 80


# ---------------------------------------------------------------- the command line


@pytest.mark.parametrize("argument", ["--help", "-h"])
def test_help(argument):
    done = run("-m", "pyref", argument)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: pyref ")
    for word in ("--version", "Without arguments", "Exit status"):
        assert word in done.stdout
    assert max(len(line) for line in done.stdout.splitlines()) <= 80


def test_version():
    done = run("-m", "pyref", "--version")
    assert (done.returncode, done.stderr) == (0, "")
    first, python, c = done.stdout.splitlines()
    assert first == f"pyref {pyref.__version__}"
    assert python.startswith("python: pyref.logistic on ")
    assert c.startswith("c: ")


@pytest.mark.parametrize("arguments", [["nonsense"], ["--nonsense"], ["--version=3"], ["-x", "1"]])
def test_unknown_arguments(arguments):
    done = run("-m", "pyref", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    usage, error = done.stderr.splitlines()
    assert usage.startswith("usage: pyref [-h] [--version]")
    assert error.startswith("pyref: error: ")


def test_a_further_command(monkeypatch, capsys):
    """One entry in COMMANDS is all that a command needs."""
    probe = command_line.Command(
        "probe",
        "say a number",
        lambda grammar: grammar.add_argument("--number", type=int, default=3),
        lambda arguments: print("number", arguments.number) or arguments.number,
    )
    monkeypatch.setattr(command_line, "COMMANDS", (probe,))
    assert command_line.main(["probe", "--number", "5"]) == 5
    assert capsys.readouterr().out == "number 5\n"
    assert command_line.main(["--help"]) == 0
    assert "say a number" in capsys.readouterr().out
    assert command_line.main(["prob"]) == 2
    assert "'prob'" in capsys.readouterr().err
    assert command_line.main(["probe", "--number", "x"]) == 2
    assert "usage: pyref probe" in capsys.readouterr().err
    assert command_line.main(["--version"]) == 0


def test_head_is_silent():
    """A reader that stops reading, as `| head` does, ends the run without a word."""
    with subprocess.Popen(
        [sys.executable, "-m", "pyref"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as child:
        assert child.stdout.readline().startswith(b"pyref ")
        child.stdout.close()
        assert child.stderr.read() == b""
        assert child.wait(timeout=60) == 141


def test_a_reader_that_never_reads():
    for arguments in (["-m", "pyref", "--help"], ["-m", "pyref", "--version"], ["-c", TINY]):
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run(
            [sys.executable, *arguments],
            stdout=writing,
            stderr=subprocess.PIPE,
            env=environment(),
            timeout=60,
        )
        os.close(writing)
        assert (done.returncode, done.stderr) == (141, b""), arguments


def test_closed_standard_output(capsys):
    """As `pyref >&-` leaves it: Python then has no sys.stdout at all."""
    before, sys.stdout = sys.stdout, None
    try:
        status = command_line.main([])
    finally:
        sys.stdout = before
    assert status == 1
    assert capsys.readouterr().err == "pyref: standard output is closed\n"


def test_closed_standard_output_for_real():
    again = f"os.execv(sys.executable, [sys.executable, '-c', {TINY!r}])"
    code = f"import os, sys; os.close(1); {again}"
    done = run("-c", code)
    assert (done.returncode, done.stderr) == (1, "pyref: standard output is closed\n")


def test_a_full_disk(tiny, no_c, capsys):
    class Full(io.StringIO):
        def write(self, text):
            raise OSError(errno.ENOSPC, "No space left on device")

    assert run_here(stream=Full())[0] == 1
    assert capsys.readouterr().err == (
        "pyref: the output cannot be written: No space left on device\n"
    )


@pytest.mark.parametrize("after", ["Document 001", "Document 000"])
def test_ctrl_c(after):
    """In the middle of the job: one line, and the status that shells give an interrupt."""
    # a shell's background job, and so whatever it starts, may have been told to ignore SIGINT
    heed = "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    with subprocess.Popen(
        [sys.executable, "-c", heed + "runpy.run_module('pyref', run_name='__main__')"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as child:
        while not child.stdout.readline().startswith(after.encode()):
            assert child.poll() is None
        time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        rest, errors = child.communicate(timeout=60)
    assert child.returncode == 130
    assert errors == b"pyref: interrupted\n"
    assert b"Time of one epoch" not in rest


# ---------------------------------------------------------------- tables


def test_decimal_points_stand_under_each_other():
    header = ["", "left", "a long heading"]
    rows = [["x", "1.5", "-12.25"], ["yy", "-103.25", "word"], ["", "1e-05", "3"], ["z", "", "7.5"]]
    assert terminal.table(header, rows, 80) == [
        "        left  a long heading",
        " x      1.5           -12.25",
        " yy  -103.25            word",
        "       1e-05               3",
        " z                      7.5",
    ]


def test_a_wide_table_goes_on_below_and_loses_nothing():
    header = ["", *[f"column {j}" for j in range(7)]]
    rows = [[f"row {i}", *[f"{i + 10 * j}.125" for j in range(7)]] for i in range(3)]
    whole = "\n".join(terminal.table(header, rows, 200))
    for columns in range(20, 90):
        lines = terminal.table(header, rows, columns)
        assert max(len(line) for line in lines) <= columns
        parts = "\n".join(lines).split("\n\n")
        for part in parts:
            labels = [line[:6].strip() for line in part.splitlines()]
            assert labels == ["", "row 0", "row 1", "row 2"]
        found = re.findall(r"column \d|\d+\.125", "\n".join(lines))
        assert sorted(found) == sorted(re.findall(r"column \d|\d+\.125", whole))
    assert "" not in terminal.table(header, rows, 80)


def test_a_table_that_cannot_fit_has_one_column_at_a_time():
    lines = terminal.table(["", "a", "b"], [["label", "1.25", "2.25"]], 3)
    assert lines == ["           a", " label  1.25", "", "           b", " label  2.25"]


def test_a_ragged_table_is_an_error():
    with pytest.raises(ValueError, match="a row has 2 cells, the header 3"):
        terminal.table(["", "a", "b"], [["x", "1"]], 80)


def test_paragraph():
    lines = terminal.paragraph("one  two\nthree four", 9)
    assert lines == [" one two", " three", " four"]
    assert terminal.paragraph("unbreakable-word", 6) == [" unbreakable-word"]


def test_printable():
    assert terminal.printable("3 µs ─│┤┬└┊", False) == "3 us -|+++:"
    assert terminal.printable("⡇", False) == "?"
    assert terminal.printable("3 µs ⡇", True) == "3 µs ⡇"
    assert terminal.printable("a\udcffb", True) == "a?b"  # a path's undecodable byte


# ---------------------------------------------------------------- curves


def dots(lines, gutter):
    """The dots of a braille picture: for each column a set of heights from the bottom."""
    across = max(len(line) for line in lines) - gutter
    up = 4 * len(lines)
    heights = [set() for _ in range(2 * across)]
    for row, line in enumerate(lines):
        for cell, character in enumerate(line[gutter:]):
            if 0x2800 <= ord(character) < 0x2900:
                bits = ord(character) - 0x2800
                for dot, (down, right) in enumerate(
                    [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1), (3, 0), (3, 1)]
                ):
                    if bits >> dot & 1:
                        heights[2 * cell + right].add(up - 1 - 4 * row - down)
    return heights


def picture(lines):
    """The lines of a curve without its title and its axis below, and how wide its gutter is."""
    gutter = max(line.find(mark) for line in lines for mark in "│┤|+") + 1
    corner = ("└", "+-", "++")
    axis = [i for i, line in enumerate(lines) if line[gutter - 1 :].startswith(corner)][-1]
    return lines[1:axis], gutter


@pytest.mark.parametrize("columns", [20, 44, 80, 131])
@pytest.mark.parametrize("n", [1, 2, 3, 50, 1000, 12345])
@pytest.mark.parametrize("logarithmic", [False, True])
@pytest.mark.parametrize("unicode", [False, True])
def test_a_curve_keeps_to_its_frame(columns, n, logarithmic, unicode):
    values = [1 / (1 + k) for k in range(n)]
    lines = terminal.curve(
        *(values, columns, 9, "title", "x name", "y name"),
        logarithmic=logarithmic,
        unicode=unicode,
        flag=(n // 2 + 1, "here"),
    )
    assert len(lines) == 1 + 9 + 3
    assert max(len(line) for line in lines) <= columns
    assert "title" in lines[0]
    assert "y name" in lines[0]
    assert "x name" in lines[-1]
    assert all(line.isascii() for line in lines) == (not unicode)
    inside, gutter = picture(lines)
    assert len(inside) == 9
    marks = [c for line in inside for c in line[gutter:] if c == "*" or 0x2800 < ord(c) < 0x2900]
    assert marks


def test_a_straight_line_is_drawn_straight():
    """Height against column, read back from the dots, is within one dot of the line itself."""
    lines = terminal.curve([float(k) for k in range(1001)], 64, rows=10)
    inside, gutter = picture(lines)
    found = dots(inside, gutter)
    assert len(found) == 2 * (64 - gutter)
    for column, heights in enumerate(found):
        middle = (column + 0.5) / len(found) * 39
        assert heights
        assert all(abs(height - middle) <= 1 for height in heights)


def test_a_logarithmic_axis_makes_a_power_straight():
    lines = terminal.curve([math.exp(-k / 50) for k in range(500)], 64, 10, logarithmic=True)
    inside, gutter = picture(lines)
    found = dots(inside, gutter)
    for column, heights in enumerate(found):
        middle = 39 - (column + 0.5) / len(found) * 39
        assert heights
        assert all(abs(height - middle) <= 1 for height in heights)


def test_a_short_logarithmic_axis_has_names_too():
    inside, _ = picture(terminal.curve([0.7, 0.6, 0.46], 60, 8, logarithmic=True))
    named = {7 - i: float(line.split()[0]) for i, line in enumerate(inside) if "┤" in line}
    assert len(named) >= 2
    for row, value in named.items():
        assert abs(math.log(value / 0.46) / math.log(0.7 / 0.46) * 7 - row) <= 0.5


def test_the_names_on_the_axis_stand_at_their_values():
    lines = terminal.curve([k / 100 for k in range(1, 101)], 60, rows=11)
    inside, gutter = picture(lines)
    named = {10 - i: float(line.split()[0]) for i, line in enumerate(inside) if "┤" in line}
    assert named == {0: 0.0, 5: 0.5, 10: 1.0}
    rule, names = lines[12], lines[13]
    for match in re.finditer(r"\d+", names):
        place = round((int(match.group()) - 1) / 99 * (60 - gutter - 1)) + gutter
        assert rule[place] == "┬"
        assert match.start() <= place < match.end()
    assert re.findall(r"\d+", names) == ["50", "100"]


def test_a_steep_fall_leaves_no_gap():
    for values in ([100.0, 0.0], [100.0] * 5 + [0.0] * 500, [0.0, 100.0, 0.0] * 200):
        inside, gutter = picture(terminal.curve(values, 50, rows=8))
        seen = set().union(*dots(inside, gutter))
        assert seen == set(range(32))


def test_what_cannot_be_drawn_leaves_a_gap():
    for bad in (math.nan, math.inf, -math.inf, -1.0):
        values = [1.0] * 40 + [bad] * 40 + [1.0] * 40
        inside, gutter = picture(terminal.curve(values, 66, rows=4))
        found = dots(inside, gutter)
        third = len(found) // 3
        assert all(found[: third - 1])
        assert all(found[-third + 1 :])
        assert not any(found[third + 1 : -third - 1])


@pytest.mark.parametrize("values", [[], [math.nan], [-1.0, math.inf]])
def test_nothing_to_draw(values):
    with pytest.raises(ValueError, match="no number that can be drawn"):
        terminal.curve(values, 80)
    with pytest.raises(ValueError, match="no number that can be drawn"):
        terminal.curve([*values, 0.0], 80, logarithmic=True)


def test_constant_and_zero_curves():
    for values in ([0.0, 0.0, 0.0], [5.0, 5.0]):
        inside, gutter = picture(terminal.curve(values, 40, rows=4))
        found = dots(inside, gutter)
        assert len({tuple(sorted(heights)) for heights in found}) == 1
        assert found[0]


def test_the_flag_gives_way_to_the_curve():
    for unicode, pole in ((True, "┊"), (False, ":")):
        lines = terminal.curve(
            [10.0 - k / 100 for k in range(1000)], 70, 10, flag=(500, "half"), unicode=unicode
        )
        plain = terminal.curve([10.0 - k / 100 for k in range(1000)], 70, 10, unicode=unicode)
        assert "half" in lines[2]
        assert sum(pole in line for line in lines) >= 9
        for flagged, line in zip(lines, plain, strict=True):
            for a, b in zip(flagged, line, strict=False):
                assert a == b or b == " "
    # no room for the text to the right: it stands to the left; none at all: it is left out
    falling = [10.0] + [0.1] * 999
    assert "late ┊" in terminal.curve(falling, 70, 10, flag=(990, "late"))[2]
    lines = terminal.curve(falling, 20, 10, flag=(500, "much too long for here"))
    assert not any("much" in line for line in lines)


@pytest.mark.parametrize("top", [1e-300, 3e-7, 0.1, 1, 1.12, 7, 99, 1e6, 3e300])
@pytest.mark.parametrize("most", [2, 3, 6, 10])
def test_ticks(top, most):
    marks = terminal.ticks(0.0, top, most)
    assert 1 <= len(marks) <= most
    assert marks[0] == 0
    assert marks[-1] <= top * (1 + 1e-9)
    assert len(marks) < 3 or np.allclose(np.diff(marks), marks[1], rtol=1e-9, atol=0)
    assert len(marks) > 1


def test_log_ticks():
    assert terminal.log_ticks(1, 1000) == [1, 10, 100, 1000]
    assert terminal.log_ticks(0.3, 0.4) == []
    assert terminal.log_ticks(0.5, 0.5) == [0.5]
    assert terminal.log_ticks(1e-9, 3.0) == [float(f"1e{k}") for k in range(-9, 1)]


@pytest.mark.parametrize("module", [command_line, terminal])
def test_doctests(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
