"""The numbers of `pyref tour --long`, read as a person reads them, against independent ones.

One full run serves every test of its numbers.
"""

import math
import re
from fractions import Fraction
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from helpers import oracle, oracle_multinomial, oracle_second_order
from helpers.page import agreeing, dots, parts_of, section, tables

from pyref import datasets, documents
from pyref.command import implementations, known, tour_long

PRINTED = ("103.84988263633421", "-351.54572048917004")  # document 001's output
EXACT = ("103.8498826363338160757966", "-351.5457204891764951776531")  # in 60 digits


def test_001_the_code_as_printed(long_page):
    table = tables(section(long_page, "Document 001"))[0]
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


def test_001_the_output_as_printed_to_its_last_digit(long_page):
    table = tables(section(long_page, "Document 001"))[1]
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


def test_001_which_is_nearer_to_exact_arithmetic_is_measured(long_page):
    text = " ".join(" ".join(section(long_page, "Document 001")).split())

    def off(pair):
        pairs = zip(pair, EXACT, strict=True)
        return float(max([abs(Fraction(v) - Fraction(exact)) for v, exact in pairs]))

    printed = off([float(number) for number in PRINTED])
    assert f"the printed output is off by {printed:.1e}," in text
    table = tables(section(long_page, "Document 001"))[1]
    for label, row in list(table.items())[2:-1]:
        mine = off((float(row["a"]), float(row["b"])))
        # the pure one subtracts, as the document does, and ends where the document ends
        nearer = label.startswith("c")
        assert (mine < printed) == nearer
        verdict = "nearer" if nearer else "no nearer"
        assert f"{label.partition(',')[0]} by {mine:.1e} ({verdict})" in text


def test_nearer_is_not_said_of_what_is_not():
    far = ("c, momentum 1.0", (103.8498, -351.5457))
    exact = ("python, momentum 1.0", tuple(float(number) for number in EXACT))
    said = tour_long.who_is_nearer([far, exact])
    assert "c by 8.3e-05 (no nearer)" in said
    assert "(nearer)." in said


def test_000_numbers(long_page):
    table = tables(section(long_page, "Document 000: 4 features, 1000 samples, 1000 epochs"))[0]
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
    wanted = [float(number) for number in known.NUMPY]
    assert np.allclose(got, wanted, rtol=1e-13, atol=0)


def test_000_dies_at_1340_and_ours_does_not(long_page):
    lines = section(long_page, "Document 000, left to run on")
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


def test_challenger(long_page):
    table = tables(section(long_page, "Challenger"))[0]
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


def test_newton(long_page):
    """Endings, optimum, standard errors and intervals, against 40 digits."""
    lines = section(long_page, "Newton's method")
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


def test_iris(long_page):
    """The losses and the flowers told right, against the NumPy oracle."""
    X, y, names = datasets.iris()
    X = np.array(X)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    Y = oracle_multinomial.one_hot(np.array(y), 3)
    W, b, losses = oracle_multinomial.descent(X, Y, 1.0, 500)
    best = np.argmax(X @ W + b, axis=1)
    table = tables(section(long_page, "Iris"))[0]
    for name in parts_of(table["first loss"]):
        assert table["first loss"][name] == f"{losses[0]:.12f}" == f"{math.log(3):.12f}"
        assert float(table["last loss"][name]) == pytest.approx(losses[-1], abs=2e-12)
        for k, species in enumerate(names):
            right = np.sum(best[np.array(y) == k] == k)
            assert table[f"{species}, right"][name] == f"{right} of 50"


def test_times(long_page):
    table = tables(section(long_page, "Time of one epoch"))[0]
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
        if what == "document 001":
            assert 1e-8 < seconds(row["the document's loop"]) < 1
        if "c" in names:
            ratio = python / seconds(row["c"])
            shown = float(row["python / c"])
            assert abs(shown - ratio) <= 0.012 * ratio + (0.5 if shown >= 10 else 0.05)
    # 200 times the samples: not 200 times the time, but not the time of one either
    assert seconds(table["document 000"]["python"]) > 20 * seconds(table["document 001"]["python"])


def test_the_page_fits_and_says_where_its_constants_are_from(long_page):
    assert max(len(line) for line in long_page.splitlines()) <= 80
    assert not any(line != line.rstrip() for line in long_page.splitlines())
    assert "\n\n\n\n" not in long_page
    assert "\x1b" not in long_page
    assert long_page.startswith(f"{implementations.version()}: ")
    assert "Not computed here but known beforehand: the printed output" in long_page
    assert "MISMATCH" not in long_page


def test_the_curve_on_the_page(long_page):
    lines = section(long_page, "Document 000, left to run on")
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
