"""The settings of the estimator by name, as scikit-learn's estimators have them; and its repr."""

from __future__ import annotations

from reprlib import recursive_repr
from typing import Any

from . import solvers


class Settings:
    """Parameters of a constructor that writes each down under its own name."""

    status_: str
    n_samples_: int
    n_features_in_: int

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        return dict(cls.__init__.__kwdefaults__ or {})

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters of the constructor, by name."""
        return {name: getattr(self, name) for name in self._defaults()}

    def set_params(self, **params: Any) -> Any:
        """Change parameters of the constructor; returns the model."""
        for name, value in params.items():
            if name not in self._defaults():
                known = ", ".join(self._defaults())
                raise ValueError(f"there is no parameter {name!r}: give one of {known}")
            setattr(self, name, value)
        return self

    @recursive_repr()  # init may be the model itself
    def __repr__(self) -> str:
        changed = []
        for name, default in self._defaults().items():
            value = getattr(self, name)
            # (what has many values, an array say, is compared with nothing)
            plain = value is None or isinstance(value, (str, int, float))
            if not plain or value != default:
                changed.append(f"{name}={value!r}")
        text = f"{type(self).__name__}({', '.join(changed)})"
        if not hasattr(self, "coef_"):
            return text
        ending = solvers.ENDINGS[self.status_]
        return f"<{text}: {ending}, {self.n_samples_} rows, {self.n_features_in_} features>"

    def __sklearn_clone__(self) -> Any:
        # The parameters, unfitted. But a fitted model given as init is to stay fitted.
        return type(self)(**self.get_params(deep=False))
