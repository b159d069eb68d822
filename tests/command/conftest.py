"""What the tests of the command line share: finished pages, small data, files, saved models."""

import functools
import io
import os
import random
import sys
import types
from pathlib import Path

import pytest
from helpers.processes import run_here

import pyref
from pyref import __main__ as command_line
from pyref import datasets, documents
from pyref.command import compare, comparisons, tour_long
from pyref.model import file as model_file


@pytest.fixture(scope="session")
def remembered():
    """Document 000's own program, by far the slowest on the page, each stretch of it run once."""
    honest = documents.document_000
    X, y = datasets.seeded_cloud()[:2]

    @functools.cache
    def run(epochs, w, b):
        return honest(epochs, (X, y, list(w), b))

    def document_000(epochs, cloud):
        W, b, losses = run(epochs, tuple(cloud[2]), cloud[3])
        return list(W), b, list(losses)

    document_000.forget = run.cache_clear
    return document_000


def in_full(remembered, *words):
    """A page without a change: what it prints to a pipe. (test_streams.py has processes.)"""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("COLUMNS", "NO_COLOR"):
            patch.delenv(name, raising=False)
        patch.setenv("TERM", "xterm")
        patch.setattr(documents, "document_000", remembered)
        status, out = run_here(*words)
    assert status == 0
    return out


@pytest.fixture(scope="session")
def page(remembered):
    """`pyref`, once, in full."""
    remembered.forget()  # so that its times are true
    return in_full(remembered)


@pytest.fixture(scope="session")
def long_page(remembered):
    """`pyref tour --long`, once, in full. (Its time of document 000's own loop is not true.)"""
    return in_full(remembered, "tour", "--long")


@pytest.fixture
def tiny(monkeypatch):
    """Twelve rows, few epochs for iris, two rounds: for what does not need the numbers."""
    X, y, w, b = datasets.seeded_cloud()
    monkeypatch.setattr(datasets, "seeded_cloud", lambda: (X[:12], y[:12], w, b))
    monkeypatch.setattr(tour_long, "IRIS_EPOCHS", 20)
    monkeypatch.setattr(compare, "ROUNDS", 2)


@pytest.fixture
def few_epochs(monkeypatch):
    """Document 000 is hardly left to run on: for what does not need that."""
    monkeypatch.setattr(comparisons, "EPOCHS_ON", 1100)
    monkeypatch.setattr(tour_long, "EPOCHS_ON", 1100)


@pytest.fixture
def no_c(monkeypatch):
    """No compiled part, whether this installation has one or not."""
    monkeypatch.setitem(sys.modules, "pyref.fast", None)


@pytest.fixture
def stand_in(monkeypatch):
    """A compiled part that is the pure one, for a test to spoil."""
    module = types.ModuleType("pyref.fast")
    module.__dict__.update({name: getattr(pyref, name) for name in pyref.__all__})
    monkeypatch.setitem(sys.modules, "pyref.fast", module)
    return module


@pytest.fixture
def here(capsys):
    """Runs the command line in this process; the same three."""

    def call(*arguments, stdin=None):
        before = sys.stdin
        if stdin is not None:
            sys.stdin = io.TextIOWrapper(io.BytesIO(stdin))
        try:
            status = command_line.main([str(argument) for argument in arguments])
        finally:
            sys.stdin = before
        return status, *capsys.readouterr()

    return call


@pytest.fixture(scope="session")
def files():
    """The launches and the irises as CSV."""
    x, y = datasets.challenger()
    lines = [f"{t},{d}\n" for t, d in zip(x, y, strict=True)]
    found = {"launches.csv": "temperature,damaged\n" + "".join(lines)}
    X, y, names = datasets.iris()
    lines = [",".join([*map(repr, row), names[k]]) + "\n" for row, k in zip(X, y, strict=True)]
    found["iris.csv"] = "sl,sw,pl,pw,species\n" + "".join(lines)
    return found


@pytest.fixture
def folder(tmp_path, monkeypatch, files):
    """An empty folder to work in, with the launches and the irises in it."""
    monkeypatch.chdir(tmp_path)
    for name, text in files.items():
        Path(name).write_text(text)
    return tmp_path


@pytest.fixture
def noisy(folder):
    """Two features and a label that they do not settle, so that descent takes long."""
    rng = random.Random(1)
    with open("noisy.csv", "w") as file:
        file.write("u,v,y\n")
        for _ in range(400):
            u, v = rng.gauss(0, 1), rng.gauss(0, 3)
            file.write(f"{u!r},{v!r},{'yes' if u + v + rng.gauss(0, 4) > 0 else 'no'}\n")
    return "noisy.csv"


@pytest.fixture(scope="session")
def saved(tmp_path_factory, files):
    """The models that `pyref fit` saves of the two, as bytes."""
    before = os.getcwd()
    os.chdir(tmp_path_factory.mktemp("saved"))
    try:
        for name, text in files.items():
            Path(name).write_text(text)
        for words in (
            ["launches.csv", "--target=damaged", "--save=two.json"],
            ["iris.csv", "--target=species", "--l2=0.01", "--save=three.json"],
        ):
            assert command_line.main(["fit", *words]) == 0
        return {name: Path(name).read_bytes() for name in ("two.json", "three.json")}
    finally:
        os.chdir(before)


@pytest.fixture
def models(folder, saved):
    """Two saved models in the folder, and what they are."""
    for name, content in saved.items():
        Path(name).write_bytes(content)
    return model_file.load("two.json"), model_file.load("three.json")


@pytest.fixture(scope="session")
def kept_models(tmp_path_factory):
    """Models in files, as bytes."""
    X, y, names = datasets.iris()
    iris = pyref.LogisticRegression(l2=0.1).fit(X, [names[k] for k in y])
    iris.feature_names_in_ = iris.feature_names_ = ["sl", "sw", "pl", "pw"]
    x, damaged = datasets.challenger()
    launches = pyref.LogisticRegression().fit([[t] for t in x], damaged)
    found = {"nameless.json": model_file.text(launches)}
    launches.feature_names_in_ = launches.feature_names_ = ["temperature"]
    found.update({"iris.json": model_file.text(iris), "launches.json": model_file.text(launches)})
    found["future.json"] = found["iris.json"].replace('"version": 2', '"version": 3')
    return {name: text.encode() for name, text in found.items()}
