"""A search for a proof ends: it has a budget, counted in products with a matrix of all rows, and it
can be told to stop."""

from array import array

import numpy as np
import pytest
from helpers.separation import separable

import pyref
from pyref import LogisticRegression, datasets
from pyref.fit import separation
from pyref.fit.separation import Budget
from pyref.model.solvers import softmax_optimum


def irises_by_petal_length():
    """150 rows, 43 classes: the species, and rare lengths, are told apart by the other columns."""
    flowers, species, _ = datasets.iris()
    lengths = sorted({x[2] for x in flowers})
    X = [[x[0], x[1], x[3], float(k)] for x, k in zip(flowers, species, strict=True)]
    return X, [lengths.index(x[2]) for x in flowers], len(lengths)


def counted(monkeypatch):
    """The budgets that are made from now on."""
    made, make = [], Budget.__init__

    def kept(self, *given):
        make(self, *given)
        made.append((self, self.left))

    monkeypatch.setattr(Budget, "__init__", kept)
    return made


@pytest.mark.parametrize("iterations", [0, 3])
def test_43_classes_are_proven_separable_within_the_budget(backend, monkeypatch, iterations):
    """(The compiled fit took over 400 s here, and the one in Python 103.)"""
    X, y, C = irises_by_petal_length()
    made = counted(monkeypatch)
    model = LogisticRegression(backend=backend, iterations=iterations).fit(X, y)
    assert (C, model.status_) == (43, "separable")
    assert model.n_iter_ == iterations
    ((budget, at_first),) = made
    assert at_first == 50_000_000 // (150 * 43 * 5)
    assert 0 < at_first - budget.left < 500


def test_the_irises_are_separable():
    assert separable(*irises_by_petal_length())


# ---------------------------------------------------------------- spent

# Quasi-separable: class 2 has all the rows of which the second column is 1, and no others move.
RARE = [[float(i % 7), float(i in (8, 23))] for i in range(42)]
CLASSES = [2 if i in (8, 23) else (i * i + i // 5) % 3 for i in range(42)]
TWO = [int(c == 2) for c in CLASSES]


def fitted(impl, classes, **how):
    if classes == 2:
        return (impl.newton if how.pop("newton", True) else impl.lbfgs)(RARE, TWO, **how)
    if impl is pyref:
        return softmax_optimum(impl, RARE, CLASSES, 3, **how)
    return softmax_optimum(impl, np.array(RARE), memoryview(array("b", CLASSES)), 3, **how)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("newton", [True, False], ids=["newton", "lbfgs"])
def test_a_spent_budget_is_not_decided(impl, monkeypatch, classes, newton):
    assert fitted(impl, classes, newton=newton).status == "separable"
    monkeypatch.setattr(separation, "PRODUCTS", 1)
    monkeypatch.setattr(separation, "NUMBERS", 0)
    fit = fitted(impl, classes, newton=newton, iterations=1000)
    assert fit.status == "undecided"
    assert fit.iterations < 200  # and no more are made in vain
    assert fit.losses[-1] < fit.losses[0]


def test_a_proof_that_needs_no_search_needs_no_budget(impl, monkeypatch):
    monkeypatch.setattr(separation, "PRODUCTS", 0)
    monkeypatch.setattr(separation, "NUMBERS", 0)
    X = [[float(i % 7)] for i in range(42)]
    y = [(i * i + i // 5) % 3 for i in range(42)]
    data = (X, y) if impl is pyref else (np.array(X), memoryview(array("b", y)))
    assert softmax_optimum(impl, *data, 3).status == "converged"


def test_what_the_estimator_says(backend, monkeypatch):
    monkeypatch.setattr(separation, "PRODUCTS", 1)
    monkeypatch.setattr(separation, "NUMBERS", 0)
    for y in (TWO, CLASSES):
        model = LogisticRegression(backend=backend).fit(RARE, y)
        assert model.status_ == "undecided"
        assert not model.converged_
        assert model.reason_ == (
            "No lower loss is in sight, but whether there is an optimum is not decided: the search"
            " for a proof has spent its budget. If there is none, the size of these coefficients"
            " means nothing. Give l2 > 0, or more data."
        )
        assert ": not decided. No lower loss" in " ".join(model.summary().split())


def test_a_budget_of_small_tables_is_larger():
    assert Budget(10**9).left == 200
    assert Budget(1000).left == 50_000
    budget = Budget(10**6)
    assert [budget.is_over() for _ in range(201)] == [False] * 200 + [True]
    assert budget.spent
    assert not budget.stopped


# ---------------------------------------------------------------- told to stop


class Impatient:
    """A callback that wants to stop once a search has begun: after so many products."""

    def __init__(self, patience):
        self.patience, self.asked = patience, 0

    def __call__(self, k, loss):
        return False

    def stop(self):
        self.asked += 1
        return self.asked > self.patience


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("patience", [0, 2])
def test_a_search_can_be_told_to_stop(impl, classes, patience):
    impatient = Impatient(patience)
    fit = fitted(impl, classes, callback=impatient)
    assert fit.status == "iterations"
    assert impatient.asked == patience + 1
    assert fit.iterations > 5  # it had come so far, and that is kept
    assert fit.losses[-1] < fit.losses[0]


def test_the_estimator_keeps_what_was_reached(backend):
    for y in (TWO, CLASSES):
        model = LogisticRegression(backend=backend).fit(RARE, y, callback=Impatient(3))
        assert model.status_ == "iterations"
        assert model.reason_ == (
            "The callback stopped the run before the gradient was zero: this is no optimum."
        )
        assert model.n_iter_ > 5
