"""`pyref plot`, and the pictures of `pyref fit`."""

import json
from pathlib import Path

import matplotlib.figure
import polars as pl
import pytest

from pyref import __main__ as command_line
from pyref.command import files

pytestmark = pytest.mark.usefixtures("folder")


MAGIC = {"png": b"\x89PNG\r\n\x1a\n", "pdf": b"%PDF-", "svg": b"<?xml"}


@pytest.mark.parametrize("kind", MAGIC)
def test_pictures_of_the_loss(here, models, kind):
    name = f"loss.{kind}"
    status, _, err = here("fit", "launches.csv", "--target", "damaged", "--plot", name)
    assert (status, err) == (0, "")
    assert Path(name).read_bytes().startswith(MAGIC[kind])
    status, out, err = here("plot", "two.json", "--log", "--out", f"again.{kind}")
    assert (status, out, err) == (0, "", "")
    assert Path(f"again.{kind}").read_bytes().startswith(MAGIC[kind])


def test_the_curve_of_characters(here, models):
    status, out, err = here("plot", "two.json")
    assert (status, err) == (0, "")
    assert "Loss curve" in out
    fitted = here("fit", "launches.csv", "--target", "damaged", "--plot", "-")[1]
    assert fitted.endswith(out)


def test_pictures_of_the_fit(here, models, noisy):
    data = ("launches.csv", "--target", "damaged")
    status, out, err = here("plot", "two.json", *data, "--at", "31", "--out", "fit.svg")
    assert (status, out, err) == (0, "", "")
    assert here("fit", noisy, "--target", "y", "--save", "m.json")[0] == 0
    status, out, err = here("plot", "m.json", noisy, "--target", "y", "--out", "fit.png")
    assert (status, out, err) == (0, "", "")
    for name, kind in (("fit.svg", "svg"), ("fit.png", "png")):
        assert Path(name).read_bytes().startswith(MAGIC[kind])


def test_what_is_drawn(models, monkeypatch):
    """The functions of plots get the model's own numbers."""

    seen = []
    save = matplotlib.figure.Figure.savefig

    def kept(figure, *arguments, **options):
        seen.append(figure)
        return save(figure, *arguments, **options)

    monkeypatch.setattr(matplotlib.figure.Figure, "savefig", kept)
    assert command_line.main(["plot", "two.json", "--out", "a.png"]) == 0
    curve = seen[-1].axes[0].lines[0]
    assert list(curve.get_ydata()) == models[0].loss_history_
    assert seen[-1].axes[0].get_xlabel() == "iterations"
    data = ["launches.csv", "--target", "damaged"]
    assert command_line.main(["plot", "two.json", *data, "--at", "31", "--out", "b.png"]) == 0
    ax = seen[-1].axes[0]
    assert ax.get_xlabel() == "temperature"
    assert ax.get_ylabel() == "probability of damaged = 1"
    legend = " ".join(text.get_text() for text in ax.get_legend().get_texts())
    assert "at 31: p = 0.9996" in legend
    assert "95 %" in legend


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_feature_is_no_target(here, models, kind):
    """It was a traceback out of polars."""
    pl.read_csv("launches.csv").write_parquet("launches.parquet")
    data = (f"launches.{kind}", "--target", "temperature")
    assert here("plot", "two.json", *data, "--out", "fit.png") == (
        2,
        "",
        "pyref: column 'temperature' is a feature, and cannot be the target too: give another"
        " column\n",
    )
    assert not Path("fit.png").exists()


def test_other_data_have_no_band(here, models):
    """The band belongs to the data of the fit; over others the curve is drawn without it."""
    Path("other.csv").write_text("temperature,damaged\n60,1\n70,0\n65,0\n66,1\n")
    status, out, err = here(
        *("plot", "two.json", "other.csv", "--target", "damaged", "--out", "fit.svg")
    )
    assert (status, out, err) == (0, "", "")


@pytest.mark.parametrize(
    ("losses", "out", "log", "what"),
    [
        ([{"float": "nan"}, {"float": "inf"}], "-", [], "values holds no number that can be drawn"),
        (
            [{"float": "nan"}, {"float": "inf"}],
            "p.png",
            [],
            "losses holds no finite number: nothing can be drawn",
        ),
        ([-1, -2.5], "-", ["--log"], "values holds no number that can be drawn"),
        (
            [0, -2.5],
            "p.svg",
            ["--log"],
            "losses holds no positive, finite number: nothing can be drawn",
        ),
    ],
)
def test_losses_that_cannot_be_drawn(here, models, losses, out, log, what):
    """They were a traceback."""
    found = json.loads(Path("two.json").read_text())
    found["state"]["loss_history_"] = losses
    Path("odd.json").write_text(json.dumps(found))
    status, printed, err = here("plot", "odd.json", "--out", out, *log)
    assert (status, printed, err) == (2, "", f"pyref: the loss curve cannot be drawn: {what}\n")
    assert not Path(out).exists()


def test_the_kinds_of_pictures():
    assert tuple(f".{kind}" for kind in MAGIC) == files.PICTURES
