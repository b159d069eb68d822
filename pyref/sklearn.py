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
from reprlib import recursive_repr
from typing import Any

try:
    import numpy as np
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.metrics import accuracy_score
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
except ImportError as problem:
    raise ImportError(
        f"pyref.sklearn needs scikit-learn 1.6 or later ({problem}). To get it:"
        " pip install 'pyref-logistic[sklearn]'. pyref.LogisticRegression works without it."
    ) from problem

from .front import checks
from .model import estimator as plain
from .model.backends import backend
from .model.designs import Given
from .model.estimator import Callback
from .model.labels import different, encode, label_array, label_list, numbers_of, shown
from .model.reading import Table, column_names, same_columns

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

    Rows are paired by place, as everywhere in scikit-learn: an index of pandas is not looked at,
    where pyref.LogisticRegression refuses two that differ.
    """

    _refuses_dependent_columns = False

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, callback: Callback | None = None
    ) -> LogisticRegression:
        """Find the parameters for n x d numbers X and n labels y; returns the model."""
        for name in ("categorical", "reference", "missing"):
            if getattr(self, name) not in (None, "error"):
                raise ValueError(
                    f"{name} is for pyref.LogisticRegression: encode columns in the pipeline"
                )
        columns = _columns_of(X)
        checks.in_memory(sample_weight, "sample_weight")
        y, classes = _labels(y)
        seen = copy(self)  # it would write down at once what is to come with the rest, in one step
        X, y = validate_data(seen, X, y, dtype=FLOATS, order="C")
        if classes is None:
            check_classification_targets(y)
            classes, y = np.unique(y, return_inverse=True)
        if len(classes) < 2:
            raise ValueError(
                f"y has only one class, {shown(classes[0])}: give samples of two or more"
            )
        name, module = backend(self.backend)
        names = getattr(seen, "feature_names_in_", None)
        n, d = X.shape
        known = None if names is None else list(names)
        table = Table(X if name == "c" else X.tolist(), n, d, known, np, columns)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X)
        found = self._fit(name, module, table, classes, y.tolist(), sample_weight, callback)
        found["coef_"] = np.array(found["coef_"]).reshape(-1, d)
        found["intercept_"] = np.array(found["intercept_"]).reshape(-1)
        del found["feature_names_in_"]
        if names is not None:
            found["feature_names_in_"] = names
        self._become(found)
        return self

    def _apply(self, function: str, X: Any) -> tuple[Any, Any, Given]:
        check_is_fitted(self)
        model, columns = self._now(), _columns_of(X)
        X = validate_data(model, X, reset=False, dtype=FLOATS, order="C")
        same_columns(columns, model, "the model was")
        return super(LogisticRegression, model)._apply(function, X)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The part of the rows whose class is predicted right, counted by their weights."""
        check_is_fitted(self)
        model = self._now()
        y, classes = _labels(y)
        if classes is None and model.classes_.dtype != object:
            return float(ClassifierMixin.score(model, X, y, sample_weight))
        labels = label_list(y if classes is None else classes[y])
        different(labels)  # or one of them is no label
        zs, model, given = model._apply("scores", X)
        truth, found = numbers_of(labels, model.classes_), model._codes(zs, given)
        return float(accuracy_score(truth, found, sample_weight=sample_weight))

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters of the constructor, by name. (Never those of `init`: it is a fitted model,
        and may be this one.)"""
        return plain.LogisticRegression.get_params(self, deep)

    @recursive_repr()  # init may be the model itself
    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        return str(BaseEstimator.__repr__(self, N_CHAR_MAX))

    def _sk_visual_block_(self) -> Any:
        # Its diagram would have a box for init, and so for the model within itself, without end.
        # What raises here is drawn as one box.
        raise NotImplementedError

    def __sklearn_clone__(self) -> LogisticRegression:
        bare = copy(self)
        bare.init = None
        made: Any = BaseEstimator.__sklearn_clone__(bare)
        made.init = self.init  # a fitted model, which a clone of it would not be
        return made  # type: ignore[no-any-return]


def _columns_of(X: Any) -> list[str] | None:
    """What a data frame calls its columns. TypeError for what scikit-learn would misread: rows
    that are not computed yet, and dates, of which it makes numbers."""
    checks.in_memory(X, "X")
    listed = isinstance(X, (list, tuple)) and X and isinstance(X[0], (list, tuple))
    for part in X[0] if listed else [X]:
        checks.no_dates(part, "X")
    return column_names(X)


def _labels(y: Any) -> tuple[Any, Any]:
    """The labels as they are for scikit-learn, and None; or their numbers, and the classes.

    The latter where it would change them, or has no place for them: a list of which NumPy makes
    an array of another type (label_array says when), and objects that are not text. (Of pandas'
    nullable integers it makes floats.)
    """
    checks.in_memory(y, "y")
    dtype = getattr(y, "dtype", None)
    objects = getattr(dtype, "kind", None) == "O"
    nullable = getattr(dtype, "kind", "") in tuple("iub") and not isinstance(dtype, np.dtype)
    if not objects and not nullable and not isinstance(y, (list, tuple)):
        return y, None
    if len(getattr(y, "shape", [1])) != 1 or any(map(_is_row, y)):
        return y, None  # scikit-learn has its own words for a table of labels
    labels = label_list(y)
    words = all(isinstance(label, str) for label in labels)
    if objects and words:
        return y, None
    found = label_array(labels, np)
    if found.dtype != object or words:
        return found, None
    classes, codes = encode(labels)
    return np.array(codes), label_array(classes, np)


def _is_row(label: Any) -> bool:
    return isinstance(label, (list, tuple)) or getattr(label, "shape", ()) != ()
