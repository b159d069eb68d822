"""What the main job's page says is measured: every comparison fails for a wrong implementation.

The compiled part stands for both implementations, its second copy spoiled; and the document's own
program is run once and remembered. So a page is made in a moment, and the right one holds.
"""

import io
import math
import re
import types

import pytest
from helpers.processes import Screen, run_here

from pyref import documents
from pyref.command import compare, comparisons, tour
from pyref.command.implementations import implementations

EVERY = (
    *("document 001", "document 001's printed output", "document 002", "document 000"),
    *("document 000 in NumPy", "document 000 after its NaN", "Challenger"),
)


@pytest.fixture
def spoilt(fast, monkeypatch, remembered):
    """A copy of the compiled part that stands as `c` on the page, for a test to spoil."""
    part = implementations()[0][1]
    copy = types.SimpleNamespace(**vars(fast))
    both = [part._replace(name="python"), part._replace(name="c", module=copy)]
    monkeypatch.setattr(tour, "implementations", lambda: (both, ""))

    monkeypatch.setattr(documents, "document_000", remembered)
    monkeypatch.setattr(compare, "ROUNDS", 1)
    return copy


def mismatches(text):
    """{(what, implementation): what is said} of the lines below the verdict."""
    found = re.findall(r"MISMATCH in (.*?), (python|c): (.*?)(?= MISMATCH| pyref fit)",
                       " ".join(text.split()))  # fmt: skip
    assert len(found) == text.count("MISMATCH")
    return {(what, name): said for what, name, said in found}


def check(expected):
    """The page finds these mismatches, counts them, and says so in red; expected: (what, name)."""
    screen = Screen()
    status, _ = run_here(stream=screen)
    text = screen.getvalue()
    assert set(mismatches(text)) == set(expected)
    good = 14 - len(expected)
    colour = 31 if expected else 32
    assert re.search(rf"\x1b\[{colour}m{good} of 14 comparisons hold, \d+\.\d s\x1b\[0m\n", text)
    assert status == (1 if expected else 0)
    return mismatches(text)


def test_the_right_one_holds(spoilt):
    check([])


def test_mismatches_are_named_in_a_pipe_too(spoilt):
    spoilt.gradient = lambda X, y, w, b: (0.0, [0.0] * 4, 0.0)
    status, text = run_here(stream=None)
    assert status == 1
    assert "\n MISMATCH in document 002, c: 0 digits agree, fewer than 9\n" in text
    assert "\n13 of 14 comparisons hold, " in text


CHANGES = {
    "sign": (lambda v: -v, "0 digits"),
    "nan": (lambda v: math.nan, "0 digits"),
    "zero": (lambda v: 0.0, "0 digits"),
    "seventh figure": (lambda v: v * (1 + 3e-7), "6 digits"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("momentum", [0.0, 1.0])
def test_a_wrong_plain_loop(spoilt, fast, change, momentum):
    by, digits = CHANGES[change]

    def wrong(x, y, **options):
        a, b = fast.gradient_descent_logistic(x, y, **options)
        return a, by(b) if options.get("momentum", 0.0) == momentum else b

    spoilt.gradient_descent_logistic = wrong
    what = "document 001's printed output" if momentum else "document 001"
    found = check([(what, "c")])
    assert found[what, "c"] == f"{digits} agree, fewer than 9"


@pytest.mark.parametrize("change", CHANGES)
def test_a_wrong_gradient(spoilt, fast, change):
    by, digits = CHANGES[change]

    def wrong(X, y, w, b):
        loss, grad_w, grad_b = fast.gradient(X, y, w, b)
        return loss, [*grad_w[:-1], by(grad_w[-1])], grad_b

    spoilt.gradient = wrong
    assert check([("document 002", "c")])["document 002", "c"].startswith(digits)


def test_a_tenth_figure_is_let_through(spoilt, fast):
    def nearly(X, y, w, b):
        loss, grad_w, grad_b = fast.gradient(X, y, w, b)
        return loss, grad_w, grad_b * (1 + 3e-10)

    spoilt.gradient = nearly
    check([])


def descending(spoilt, fast, change):
    """Puts a descent in which change(epoch of the first loss, fit) gives the fit of each leg."""
    begun = [0]

    def wrong(X, y, **options):
        fit = fast.gradient_descent(X, y, **options)
        first, begun[0] = begun[0], begun[0] + options["iterations"]
        return change(first, fit)

    spoilt.gradient_descent = wrong


def test_one_wrong_loss(spoilt, fast):
    def change(first, fit):
        losses = list(fit.losses)
        if first == 300:
            losses[37] *= 1 + 3e-7
        return fit._replace(losses=losses)

    descending(spoilt, fast, change)
    check([("document 000", "c")])


def test_a_wrong_weight(spoilt, fast):
    def change(first, fit):
        w = [fit.w[0] * (1 + 3e-7), *fit.w[1:]] if first == 900 else fit.w
        return fit._replace(w=w)

    descending(spoilt, fast, change)
    check([("document 000", "c"), ("document 000 in NumPy", "c")])


@pytest.mark.parametrize("fault", ["nan", "gives up", "rises", "stands still"])
def test_one_that_does_not_go_on(spoilt, fast, fault):
    def change(first, fit):
        losses = list(fit.losses)
        if first >= 1500:
            if fault == "nan":
                losses[-1] = math.nan
            if fault == "gives up":
                losses = losses[:-1]
            if fault in ("rises", "stands still"):
                losses = [0.3 if fault == "rises" else 0.046] * len(losses)
        return fit._replace(losses=losses)

    descending(spoilt, fast, change)
    found = check([("document 000 after its NaN", "c")])
    assert set(found.values()) == {"does not go on"}


def test_one_that_ends_early_is_none_of_document_000(spoilt, fast):
    descending(spoilt, fast, lambda first, fit: fit._replace(losses=fit.losses[:-1]))
    check([(what, "c") for what in EVERY if what.startswith("document 000")])


@pytest.mark.parametrize(
    "change",
    [
        {"status": "separable", "standard_errors": None},
        {"standard_errors": [0.10823653, 7.3786363849165656]},
        {"standard_errors": [0.10823652164928543]},
        {"log_likelihood": 10.157596343933415},
        {"w": [-0.2321628]},
        {"b": 15.0429015},
        {"b": math.nan},
    ],
)
def test_a_wrong_newton(spoilt, fast, change):
    spoilt.newton = lambda X, y: fast.newton(X, y)._replace(**change)
    check([("Challenger", "c")])


def test_a_wrong_probability(spoilt, fast):
    spoilt.sigmoid = lambda z: fast.sigmoid(z) + 1e-7
    check([("Challenger", "c")])


# ---------------------------------------------------------------- the references themselves


def both(what):
    return [(what, "python"), (what, "c")]


def test_a_wrong_document_001(spoilt, monkeypatch):
    monkeypatch.setattr(documents, "document_001", lambda: (1.7690458, -5.95635))
    check(both("document 001"))


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("PRINTED", "document 001's printed output"),
        ("NUMPY", "document 000 in NumPy"),
        ("OPTIMUM", "Challenger"),
        ("ERRORS", "Challenger"),
    ],
)
def test_a_wrong_reference(spoilt, monkeypatch, name, what):
    numbers = getattr(comparisons, name)
    wrong = repr(float(numbers[-1]) * (1 + 1e-6))
    monkeypatch.setattr(comparisons, name, (*numbers[:-1], wrong))
    check(both(what))


def test_a_document_000_that_differs(spoilt, monkeypatch):
    kept = documents.document_000

    def wrong(epochs, cloud):
        W, b, losses = kept(epochs, cloud)
        return W, b, [loss * (1 + 1e-7) for loss in losses]

    monkeypatch.setattr(documents, "document_000", wrong)
    check(both("document 000"))


def test_a_document_000_that_lives(spoilt, monkeypatch):
    """The page does not say of a loop that it dies, if it does not."""
    kept = documents.document_000

    def immortal(epochs, cloud):
        W, b, losses = kept(epochs, cloud)
        return W, b, [0.04 if math.isnan(loss) else loss for loss in losses]

    monkeypatch.setattr(documents, "document_000", immortal)
    found = check(both("document 000 after its NaN"))
    assert set(found.values()) == {"no NaN"}
    text = run_here(stream=None)[1]
    assert "NaN" not in text.partition("Document 000, left to run on")[2].partition("one epoch")[0]


def test_the_epoch_of_the_nan_is_found_by_running(spoilt, monkeypatch):
    """A loop that dies elsewhere is said to die there."""
    kept = documents.document_000
    made = [0]

    def mortal(epochs, cloud):
        W, b, losses = kept(epochs, cloud)
        losses = [math.nan if made[0] + k >= 1207 else loss for k, loss in enumerate(losses, 1)]
        made[0] += epochs
        return W, b, losses

    monkeypatch.setattr(documents, "document_000", mortal)
    stream = io.StringIO()
    assert run_here(stream=stream)[0] == 0
    assert "after epoch 1207, where its loss becomes NaN" in stream.getvalue()
    assert "its loss is NaN from epoch 1207 on" in stream.getvalue()
