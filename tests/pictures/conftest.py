"""Axes to draw on; and nothing may be left behind by any picture."""

import matplotlib
import matplotlib.pyplot as plt
import pytest
from helpers.axes import CHALLENGER, new_axes

import pyref


@pytest.fixture
def ax():
    return new_axes()


@pytest.fixture(autouse=True)
def nothing_left_behind():
    """No figure of pyplot's, and matplotlib's settings as they were."""
    plt.close("all")  # those that others have left
    before = dict(matplotlib.rcParams)
    yield
    figures = plt.get_fignums()
    plt.close("all")
    assert figures == []
    assert dict(matplotlib.rcParams) == before


@pytest.fixture(scope="module")
def challenger_fit():
    x, y = CHALLENGER
    fit = pyref.newton([[t] for t in x], y)
    assert fit.status == "converged"
    return fit
