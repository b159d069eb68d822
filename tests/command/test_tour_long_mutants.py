"""What `pyref tour --long` says is measured: a wrong implementation is a mismatch.

A cloud of twelve rows stands in for document 000's thousand; there, nothing may be found to agree.
"""

import math
import sys

import pytest
from helpers.page import section, tables
from helpers.processes import run_here

import pyref
from pyref import documents


def test_a_wrong_number_is_a_mismatch(tiny, no_c):
    """Twelve rows do not give NumPy's numbers for a thousand."""
    status, text = run_here("tour", "--long")
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
def test_a_wrong_newton_is_a_mismatch(tiny, few_epochs, stand_in, change, mismatches):
    stand_in.newton = lambda X, y: pyref.newton(X.tolist(), y.tolist())._replace(**change)
    status, text = run_here("tour", "--long")
    assert status == 1
    wrong = " ".join(text.split()).split("MISMATCH in ")[1:]
    wrong = [line for line in wrong if "NumPy" not in line]
    assert len(wrong) == len(mismatches)
    for line, beginning in zip(wrong, mismatches, strict=True):
        assert line.startswith(beginning)


@pytest.mark.parametrize("spoil", ["sign", "nan", "zero", "tenth figure", "seventh figure"])
def test_a_wrong_implementation_is_a_mismatch(tiny, few_epochs, stand_in, spoil):
    change = {
        "sign": lambda v: -v,
        "nan": lambda v: math.nan,
        "zero": lambda v: 0.0,
        "tenth figure": lambda v: v * (1 + 3e-10),
        "seventh figure": lambda v: v * (1 + 3e-7),
    }[spoil]

    def spoilt(*arguments, **options):
        a, b = pyref.gradient_descent_logistic(*arguments, **options)
        return a, change(b)

    stand_in.gradient_descent_logistic = spoilt
    status, text = run_here("tour", "--long")
    shown = tables(section(text, "Document 001"))[0]["as the loop"]
    figures = {"tenth figure": "9 figures", "seventh figure": "6 figures"}.get(spoil, "0 figures")
    assert status == 1
    assert shown["python"] in ("every digit", "15 figures")
    assert shown["c"] == figures
    wrong = [line for line in text.splitlines() if "MISMATCH in document 001" in line]
    assert len(wrong) == (0 if spoil == "tenth figure" else 2)


def test_an_implementation_that_gives_up_early_is_a_mismatch(tiny, stand_in):
    def lazy(*arguments, **options):
        fit = pyref.gradient_descent(*arguments, **options)
        return fit._replace(losses=fit.losses[:-1], iterations=fit.iterations - 1)

    stand_in.gradient_descent = lazy
    status, text = run_here("tour", "--long")
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
    text = run_here("tour", "--long")[1]
    table = tables(section(text, "Document 000, left to run on"))[0]
    assert list(table) == [f"loss, epoch {epoch}" for epoch in (1000, 1206, 1207, 3000)]
    assert [row["its loop here"] == "nan" for row in table.values()] == [False, False, True, False]
    assert "1207: the document's loss is NaN" in text
    assert "In epoch 1207 the loss of the document's loop is NaN." in text  # no sample to blame


def test_without_the_c_part(tiny, no_c):
    text = run_here("tour", "--long")[1]
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
    text = run_here("tour", "--long")[1]
    assert f"c: absent here: {reason}" in " ".join(text.split())
    assert f"c: absent here: {reason}" in " ".join(run_here("--version")[1].split())


def test_with_the_c_part(tiny, stand_in):
    calls = []

    def descent(X, y, **options):
        calls.append((type(X), type(y), X.shape, X.format))
        return pyref.gradient_descent(X.tolist(), y.tolist(), **options)

    stand_in.gradient_descent = descent
    text = run_here("tour", "--long")[1]
    assert "c: pyref.fast, the same functions, compiled" in text
    for title, count in (("Document 001", 2), ("Document 000:", 1), ("Challenger", 1)):
        found = tables(section(text, title))
        assert len(found) == count
        assert "c" in next(iter(found[0].values()))
    assert "c, momentum 1.0" in tables(section(text, "Document 001"))[1]
    assert {call[2:] for call in calls} == {((12, 4), "d"), ((23, 1), "d")}
    assert max(len(line) for line in text.splitlines()) <= 80
