"""What a fitted estimator tells of itself beside its text: numbers, a table, a page of HTML."""

from __future__ import annotations

import html
import importlib
import sys
from typing import Any

from . import facts, report


class Told:
    """Attributes that follow from what a fit has left."""

    def _fit_facts(self, name: str) -> Any:
        if not hasattr(self, "coef_"):
            raise AttributeError(f"{name} is there after fit(X, y)")
        return getattr(facts.fit_of(self), name.rstrip("_"))

    @property
    def deviance_(self) -> Any:
        """-2 log-likelihood."""
        return self._fit_facts("deviance_")

    @property
    def null_deviance_(self) -> Any:
        """The deviance of the intercept alone."""
        return self._fit_facts("null_deviance_")

    @property
    def aic_(self) -> Any:
        """Akaike's criterion; None where there is no optimum, or a penalty."""
        return self._fit_facts("aic_")

    @property
    def bic_(self) -> Any:
        """Schwarz's criterion; None where there is no optimum, or a penalty."""
        return self._fit_facts("bic_")

    @property
    def n_rows_(self) -> Any:
        """How many rows the fit has counted."""
        if not hasattr(self, "coef_"):
            raise AttributeError("n_rows_ is there after fit(X, y)")
        return facts.row_count(self)

    def table(self) -> Any:
        """The table of coefficients: a dict of columns, or a data frame if one was fitted.

        Of more than two classes, a column for each class.
        """
        if not hasattr(self, "coef_"):
            raise ValueError("this model is not fitted: call fit(X, y) first")
        found = facts.columns(self)
        kind = getattr(self, "frame_", None)
        if kind in sys.modules:
            return importlib.import_module(kind).DataFrame(found)
        return found

    def _repr_html_(self) -> str:
        """For notebooks: the table of coefficients, and how the fit ended."""
        if not hasattr(self, "coef_"):
            return f"<pre>{html.escape(repr(self))}</pre>"
        found = facts.columns(self)
        head = "".join([f"<th>{html.escape(str(name))}</th>" for name in found])
        rows = []
        for row in zip(*found.values()):
            cells = [
                report.number(cell, 4) if isinstance(cell, float) else str(cell) for cell in row
            ]
            cells = ["" if cell == "nan" else cell for cell in cells]
            rows.append("".join([f"<td>{html.escape(cell)}</td>" for cell in cells]))
        body = "".join([f"<tr>{row}</tr>" for row in rows])
        return (
            f"<p>{html.escape(repr(self))}</p><table><thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table>"
        )
