"""What a fitted estimator tells of itself: numbers against statsmodels, a table, HTML, its repr."""

import numpy as np
import pandas
import polars
import pytest
import statsmodels.api as sm

import pyref
from pyref import LogisticRegression

T, DAMAGED = pyref.datasets.challenger()
FRAME = pandas.DataFrame({"temperature": T})


def test_the_numbers_of_challenger(backend):
    known = sm.GLM(DAMAGED, sm.add_constant(np.array(T)), sm.families.Binomial()).fit(tol=1e-14)
    model = LogisticRegression(backend=backend).fit(FRAME, DAMAGED)
    assert model.deviance_ == pytest.approx(known.deviance, rel=1e-12)
    assert model.null_deviance_ == pytest.approx(known.null_deviance, rel=1e-12)
    assert model.aic_ == pytest.approx(known.aic, rel=1e-12)
    assert model.bic_ == pytest.approx(known.bic_llf, rel=1e-12)
    assert model.n_rows_ == 23
    table = model.table()
    assert isinstance(table, pandas.DataFrame)
    assert table["name"].tolist() == ["temperature", "(intercept)"]
    for name, values in (("coefficient", known.params), ("standard_error", known.bse),
                         ("z", known.tvalues), ("p", known.pvalues),
                         ("low", known.conf_int()[:, 0]),
                         ("high", known.conf_int()[:, 1])):  # fmt: skip
        assert table[name].tolist() == pytest.approx(values[::-1].tolist(), rel=1e-8)


def test_the_table_is_of_the_kind_that_was_given():
    assert isinstance(
        LogisticRegression().fit(polars.DataFrame(FRAME.to_dict("list")), DAMAGED).table(),
        polars.DataFrame,
    )
    X, y, names = pyref.datasets.iris()
    table = LogisticRegression(l2=0.1).fit(X, [names[k] for k in y]).table()
    assert list(table) == ["name", *names]
    assert table["name"][-1] == "(intercept)"


def test_where_there_is_no_optimum():
    model = LogisticRegression().fit([[1], [2], [3], [4]], [0, 0, 1, 1])
    assert (model.aic_, model.bic_) == (None, None)
    assert repr(model) == "<LogisticRegression(): separable, 4 rows, 1 features>"


def test_before_a_fit():
    model = LogisticRegression()
    for name in ("aic_", "bic_", "deviance_", "null_deviance_", "n_rows_"):
        assert not hasattr(model, name)
    with pytest.raises(ValueError, match=r"^this model is not fitted"):
        model.table()
    assert model._repr_html_() == "<pre>LogisticRegression()</pre>"


def test_html_has_no_code_of_a_name_in_it():
    frame = pandas.DataFrame({"<b>&": T})
    page = LogisticRegression().fit(frame, DAMAGED)._repr_html_()
    assert "<td>&lt;b&gt;&amp;</td><td>-0.2322</td><td>0.1082</td>" in page
    assert "<b>" not in page
