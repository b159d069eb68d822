"""The estimator where scikit-learn is at work: in pipelines, searches, cross-validation.

    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from pyref import datasets
    >>> X, y, _ = datasets.iris()
    >>> model = make_pipeline(StandardScaler(), LogisticRegression(l2=0.01)).fit(X, y)
    >>> round(model.score(X, y), 2)
    0.96

Parameters and results are those of `pyref.LogisticRegression`. What differs is the manner:
inputs are checked and arrays come back as everywhere in scikit-learn, and coef_ has one row of
d weights for two classes, too. (scikit-learn's own estimator has C = 1 / (n l2).)

Needs scikit-learn, the extra [sklearn].
"""

from __future__ import annotations

from copy import copy
from typing import Any

try:
    import numpy as np
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
except ImportError as problem:
    raise ImportError(
        f"pyref.sklearn needs scikit-learn 1.6 or later ({problem}). To get it:"
        " pip install 'pyref-logistic[sklearn]'. pyref.LogisticRegression works without it."
    ) from problem

from .model import estimator as plain
from .model.backends import backend
from .model.estimator import Callback
from .model.reading import Table

__all__ = ("LogisticRegression",)

FLOATS = (np.float64, np.float32)  # what the compiled implementation reads without a copy


class LogisticRegression(ClassifierMixin, BaseEstimator, plain.LogisticRegression):  # type: ignore[misc]
    """pyref.LogisticRegression, as scikit-learn has it; parameters and results as there.

    But classes_, coef_ (1 x d for two classes, else C x d) and intercept_ (1, or C) are arrays,
    and feature_names_in_ is there only if X had names. And columns that depend on each other,
    which a pipeline that encodes categories makes, are no error with solver "auto": a column that
    is a combination of those before it has the coefficient 0, and reason_ says so. (One that is so
    nearly a combination that floats cannot tell is an error here, too: without it, the model might
    be another.)
    """

    _refuses_dependent_columns = False

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, callback: Callback | None = None
    ) -> LogisticRegression:
        """Find the parameters for n x d numbers X and n labels y; returns the model."""
        seen = copy(self)  # it would write down at once what is to come with the rest, in one step
        X, y = validate_data(seen, X, y, dtype=FLOATS, order="C")
        check_classification_targets(y)
        classes, codes = np.unique(y, return_inverse=True)
        if len(classes) < 2:
            raise ValueError(
                f"y has only one class, {classes.tolist()[0]!r}: give samples of two or more"
            )
        name, module = backend(self.backend)
        names = getattr(seen, "feature_names_in_", None)
        n, d = X.shape
        known = None if names is None else list(names)
        table = Table(X if name == "c" else X.tolist(), n, d, known, np)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X)
        labels: Any = classes
        found = self._fit(name, module, table, labels, codes.tolist(), sample_weight, callback)
        found["coef_"] = np.array(found["coef_"]).reshape(-1, d)
        found["intercept_"] = np.array(found["intercept_"]).reshape(-1)
        del found["feature_names_in_"]
        if names is not None:
            found["feature_names_in_"] = names
        self._become(found)
        return self

    def _apply(self, function: str, X: Any) -> tuple[Any, Any]:
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=FLOATS, order="C")
        return super()._apply(function, X)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The part of the rows whose class is predicted right, counted by their weights."""
        return float(ClassifierMixin.score(self, X, y, sample_weight))

    def __sklearn_clone__(self) -> LogisticRegression:
        copy: Any = super().__sklearn_clone__()
        copy.init = self.init  # a fitted model, which a clone of it would not be
        return copy  # type: ignore[no-any-return]
