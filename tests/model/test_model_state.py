"""The numbers of a saved fit fit together: as many as there are classes and features, none below 0
that counts something."""

import json

import pytest

from pyref import LogisticRegression
from pyref.model import ModelFileError
from pyref.model import file as model_file
from pyref.model.exact_json import AGAIN


def saved():
    X = [[0.0, 1.0], [1.0, 0.0], [2.0, 2.0], [0.0, 3.0], [1.0, 2.5], [2.0, 0.5]]
    model = LogisticRegression(backend="python").fit(X, [0, 1, 1, 0, 1, 0])
    assert len(model.standard_errors_) == 3
    return json.loads(model_file.text(model))


def restored(found):
    return model_file.restore(model_file.parse(json.dumps(found).encode(), "m"), "m")


@pytest.mark.parametrize("errors", [[], [1.0], [1.0, 2.0], [1.0, 2.0, 3.0, 4.0]])
def test_a_standard_error_for_each_coefficient_and_the_intercept(errors):
    found = saved()
    assert restored(found).summary()
    found["state"]["standard_errors_"] = errors
    with pytest.raises(ModelFileError) as caught:
        restored(found)
    assert str(caught.value) == (
        f"m: standard_errors_ has {len(errors)} entries, not 3 numbers: {AGAIN}"
    )


@pytest.mark.parametrize("totals", [[6.0], [2.0, 2.0, 2.0]])
def test_a_total_for_each_class(totals):
    found = saved()
    found["state"]["class_totals_"] = totals
    with pytest.raises(ModelFileError) as caught:
        restored(found)
    assert str(caught.value) == (
        f"m: class_totals_ has {len(totals)} entries, not 2 numbers, one for each class: {AGAIN}"
    )


@pytest.mark.parametrize("key", ["n_iter_", "n_samples_"])
def test_what_is_counted_is_0_or_more(key):
    found = saved()
    found["state"][key] = 0
    assert getattr(restored(found), key) == 0
    for wrong in (-1, -(10**30), 1.0, "6", None):
        found["state"][key] = wrong
        with pytest.raises(ModelFileError) as caught:
            restored(found)
        assert str(caught.value) == f"m: {key} is not a count: {AGAIN}"
