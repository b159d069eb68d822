"""`pyref fit`: what it says, what it saves, and that every option reaches the estimator."""

import json
import os
import random
import struct
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from helpers.processes import run

import pyref
from pyref import LogisticRegression, tables
from pyref.model import file as model_file

pytestmark = pytest.mark.usefixtures("folder")


def test_fit_says_what_it_did(here):
    status, out, err = here("fit", "launches.csv", "--target", "damaged", "--backend", "python")
    assert (status, err) == (0, "")
    text = " ".join(out.split())
    assert text.startswith("Probability modelled: damaged = 1 (7 of 23) 23 rows, 1 feature ")
    assert "iterations: converged. The " in text
    assert "to within the tolerance: this is the optimum" in text
    # R: summary(glm(damaged ~ temperature, binomial)); 20 of 23; 16 of 23; 87.5 of 112 pairs
    assert (
        " coefficient std. error z p 95 % from to temperature -0.2322 0.1082 -2.145 0.0320 -0.4443"
        " -0.02002 (intercept) 15.04 7.379 2.039 0.0415 0.5810 29.50 " in text
    )
    assert text.endswith(
        "deviance 20.32 21 degrees of freedom without features 28.27 22 degrees of freedom AIC"
        " 24.32 pseudo-R2 0.2813 McFadden accuracy 86.96% always answering 0: 69.57% AUC 0.7812"
    )
    assert max(len(text) for text in out.splitlines()) <= 80
    assert sorted(os.listdir(".")) == ["iris.csv", "launches.csv"]


def test_fit_saves_what_the_estimator_finds(here):
    status, _, _ = here(
        "fit", "iris.csv", "--target", "species", "--l2", "0.01", "--save", "m.json"
    )
    assert status == 0
    X, y, names = pyref.datasets.iris()
    expected = LogisticRegression(l2=0.01).fit(X, [names[k] for k in y])
    found = model_file.load("m.json")
    assert found.coef_ == expected.coef_
    assert found.intercept_ == expected.intercept_
    assert found.classes_ == ["setosa", "versicolor", "virginica"]
    assert found.feature_names_in_ == ["sl", "sw", "pl", "pw"]
    assert found.loss_history_ == expected.loss_history_


@pytest.mark.parametrize(
    ("words", "settings"),
    [
        (["--solver", "lbfgs", "--l2", "0.5"], {"solver": "lbfgs", "l2": 0.5}),
        (
            [
                "--solver=gradient_descent",
                "--learning-rate=0.01",
                "--momentum=0.5",
                "--iterations=7",
            ],
            {"solver": "gradient_descent", "learning_rate": 0.01, "momentum": 0.5, "iterations": 7},
        ),
        (["--class-weight", "balanced"], {"class_weight": "balanced"}),
        (["--tolerance", "0.01", "--backend", "python"], {"tolerance": 0.01, "backend": "python"}),
    ],
)
def test_every_option_reaches_the_estimator(here, noisy, words, settings):
    status = here("fit", noisy, "--target", "y", "--save", "m.json", *words)[0]
    assert status == (3 if "--iterations=7" in words else 0)
    table = tables.read(noisy, target="y")
    expected = LogisticRegression(**settings).fit(table.X, table.labels)
    found = model_file.load("m.json")
    assert np.array_equal(found.coef_, expected.coef_)
    assert found.loss_history_ == expected.loss_history_
    assert {name: getattr(found, name) for name in settings} == settings


def test_weights_and_dropped_columns(here):
    Path("w.csv").write_text("id,x,s,y\na,1,2,0\nb,2,1,1\nc,3,1,0\nd,4,3,1\n")
    status, out, _ = here(
        *("fit", "w.csv", "--target", "y", "--weights", "s", "--drop", "id", "--save", "m.json")
    )
    assert status == 0
    expected = LogisticRegression().fit([[1], [1], [2], [3], [4], [4], [4]], [0, 0, 1, 0, 1, 1, 1])
    found = model_file.load("m.json")
    assert found.feature_names_in_ == ["x"]
    assert found.coef_ == pytest.approx(expected.coef_, rel=1e-9)
    # weights count in what is said too: 1 of the four rows, but 4 of the 7 weights, says 1
    assert "always answering 1: 57.14%" in " ".join(out.split())
    right = [2, 1, 1, 3]  # the weights, of which those of the rows that are right count
    guesses = found.predict([[1], [2], [3], [4]])
    part = sum(s for s, y, g in zip(right, [0, 1, 0, 1], guesses, strict=True) if y == g) / 7
    assert part not in (0.5, 0.75, 1.0)
    assert f"accuracy {part:.2%}" in " ".join(out.split())


def test_the_loss_that_is_printed_counts_the_weights(here):
    """Twice the sum of the rows' losses, each as often as its weight; by NumPy."""
    x, s, y = [1.0, 2.0, 3.0, 4.0], [2, 1, 1, 3], [0, 1, 0, 1]
    Path("w.csv").write_text(
        "x,s,y\n" + "".join(f"{a},{b},{c}\n" for a, b, c in zip(x, s, y, strict=True))
    )
    losses = {}
    for words in ([], ["--weights", "s"]):
        drop = [] if words else ["--drop", "s"]
        _, out, _ = here("fit", "w.csv", "--target", "y", *words, *drop, "--save", "m.json")
        model = model_file.load("m.json")
        z = np.array(x) * model.coef_[0] + model.intercept_
        counts = s if words else [1] * 4
        loss = np.sum((np.logaddexp(0, z) - np.array(y) * z) * counts)
        losses[bool(words)] = f"deviance {2 * loss:.4g} "
        assert losses[bool(words)] in " ".join(out.split())
    assert losses[True] != losses[False]


def test_one_number_written_two_ways_is_one_class(here):
    Path("w.csv").write_text("x,y\n1,0\n2,1\n3,0.0\n4,1.0\n2.5,0\n3.5,1\n1.5,1.0\n")
    status, out, err = here("fit", "w.csv", "--target", "y")
    assert (status, err) == (0, "")
    assert "modelled: y = 1.0 (4 of 7)" in " ".join(out.split())


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_fractions_are_no_classes_here_either(here, kind):
    """The estimator's rule: the command fitted each fraction as a class of its own."""
    y = [0.5, 1.0, 0.25, 0.5, 1.0, 0.25, 0.5, 1.0]
    frame = pl.DataFrame({"x": [3, 1, 2, 2, 3, 1, 1, 2], "y": y})
    frame.write_csv("f.csv")
    frame.write_parquet("f.parquet")
    assert here("fit", f"f.{kind}", "--target", "y", "--l2", "1") == (
        2,
        "",
        f"pyref: f.{kind}, row 1, column 'y' is 0.5, which is no class: give whole numbers or"
        " words\n",
    )
    with pytest.raises(ValueError, match=r"^y\[0\] is 0\.5: give whole numbers or words"):
        LogisticRegression(l2=1).fit([[v] for v in frame["x"]], y)


def test_a_mark_that_may_be_a_gap_is_asked_about(here):
    Path("m.csv").write_text("x,y\n1,a\n2,b\n3,?\n4,a\n2.5,b\n1.5,?\n3,a\n1,.\n2,.\n3,b\n")
    status, out, err = here("fit", "m.csv", "--target", "y", "--l2", "1")
    assert status == 0
    assert "modelled: y = . (2), ? (2), a (3), b (3)" in " ".join(out.split())
    assert err == (
        "pyref: column 'y' has the class '?' in 2 rows: if it stands for a missing value, give"
        " --na '?'\n"
        "pyref: column 'y' has the class '.' in 2 rows: if it stands for a missing value, give"
        " --na '.'\n"
    )
    status, _, err = here(
        *("fit", "m.csv", "--target", "y", "--na", ".", "--na", "?", "--missing", "error")
    )
    assert (status, err) == (
        2,
        "pyref: m.csv, row 3 (line 4), column 'y' is missing: fill it in, or leave such rows"
        " out (--missing drop)\n",
    )
    status, _, err = here("fit", "m.csv", "--target", "y", "--na=-9")
    assert (status, err) == (
        2,
        "pyref: --na is '-9', the number -9, and a number is a value: remove the rows that"
        " have it, and give a word\n",
    )


def test_the_report(here):
    assert here("fit", "launches.csv", "--target", "damaged", "--save", "m.json")[0] == 0
    status, out, err = here("fit", "launches.csv", "--target", "damaged")
    assert (status, err) == (0, "")
    assert out == model_file.load("m.json").summary() + "\n"
    assert "temperature" in out
    assert "std. error" in out


def test_a_fit_without_an_optimum_says_so(here):
    Path("s.csv").write_text("x,y\n1,0\n2,0\n3,0\n4,1\n5,1\n")
    status, out, _ = here("fit", "s.csv", "--target", "y")
    assert status == 3
    assert here("fit", "s.csv", "--target", "y", "--allow-unconverged")[0] == 0
    assert "separable. There is no optimum" in " ".join(out.split())
    status, out, _ = here(
        *("fit", "s.csv", "--target", "y", "--solver", "gradient_descent", "--iterations", "3")
    )
    assert status == 3
    assert "3 iterations: not converged. All 3 iterations were made" in " ".join(out.split())


def test_a_descent_that_climbs_is_told_so(here):
    """It was told to standardise the columns and to make more of the same steps."""
    Path("c.csv").write_text("x,y\n10,0\n-20,0\n30,1\n10,1\n-5,1\n")
    how = ("--target", "y", "--solver", "gradient_descent", "--iterations", "9")
    status, out, err = here("fit", "c.csv", *how, "--learning-rate", "9", "--save", "m.json")
    assert (status, err) == (3, "")
    model = model_file.load("m.json")
    assert model.loss_history_[-1] > 2 * model.loss_history_[0]
    assert model.reason_ == (
        "After 9 iterations the loss is higher than at the beginning: the learning rate is too"
        " large for these data. Give learning_rate='safe', or a smaller one."
    )
    text = "gradient descent, 9 iterations: not converged. " + model.reason_
    assert text in " ".join(out.split())
    report = here("fit", "c.csv", *how, "--learning-rate", "9")[1]
    assert text in " ".join(report.split())
    safe = here("fit", "c.csv", *how)[1]
    assert (
        "gradient descent, 9 iterations: not converged. All 9 iterations were made before the"
        " gradient was zero" in " ".join(safe.split())
    )


def test_a_fit_that_diverged_has_a_status_of_its_own(here):
    Path("d.csv").write_text("x,y\n1e200,0\n-2e200,0\n3e200,1\n1e200,1\n")
    status, out, err = here(
        *("fit", "d.csv", "--target", "y", "--solver", "gradient_descent", "--iterations", "50"),
        *("--learning-rate", "1e150", "--save", "m.json"),
    )
    assert "diverged. The next step would have left" in " ".join(out.split())
    assert (status, err) == (1, "")
    assert model_file.load("m.json").status_ == "diverged"


def test_from_standard_input_to_standard_output(here):
    data = Path("launches.csv").read_bytes()
    status, model, err = run("fit", "-", "--target", "damaged", "--save", "-", stdin=data)
    assert status == 0
    assert err.startswith("Probability modelled: damaged = 1 (7 of 23)\n23 rows, 1 feature\n")
    Path("m.json").write_text(model)
    status, out, err = here("predict", "m.json", "-", stdin=data)
    assert (status, err) == (0, "")
    status, again, err = run("predict", "-", "launches.csv", stdin=model.encode())
    assert (status, err) == (0, "")
    assert out == again
    assert len(out.splitlines()) == 24


def test_init_goes_on_where_the_other_stopped(here, noisy):
    """Without momentum, a run in two halves is the run in one, bit for bit."""
    how = ["--target", "y", "--solver", "gradient_descent", "--learning-rate", "0.1"]
    whole = here("fit", noisy, *how, "--iterations", "50", "--save", "whole.json")
    half = here("fit", noisy, *how, "--iterations", "20", "--save", "half.json")
    rest = here(
        *("fit", noisy, *how, "--iterations", "30", "--init", "half.json", "--save", "rest.json")
    )
    assert [whole[0], half[0], rest[0]] == [3, 3, 3]
    whole, half, rest = (model_file.load(f"{name}.json") for name in ("whole", "half", "rest"))
    assert rest.coef_ == whole.coef_ != half.coef_
    assert rest.intercept_ == whole.intercept_
    assert half.loss_history_ + rest.loss_history_ == whole.loss_history_


def test_a_thousand_columns_are_not_all_listed(here):
    with open("wide.csv", "w") as file:
        file.write(",".join([*[f"c{j}" for j in range(1000)], "y"]) + "\n")
        rng = random.Random(1)
        for i in range(20):
            file.write(",".join([*[str(rng.random()) for _ in range(1000)], str(i % 2)]) + "\n")
    status, out, _ = here("fit", "wide.csv", "--target", "y", "--l2", "1")
    assert status == 0
    assert "20 rows, 1000 features" in " ".join(out.split())
    assert len(out.splitlines()) < 100
    assert "and 941 more, which `pyref show` shows" in out


def test_a_file_of_a_fit_can_be_read_by_any_json(here, models):
    found = json.loads(Path("three.json").read_text())
    assert [struct.pack("d", v) for row in found["coef"] for v in row] == [
        struct.pack("d", v) for row in models[1].coef_ for v in row
    ]
