"""fit and predict: the three chapters for a table of one's own, in one line.

    >>> from pyref import datasets
    >>> temperatures, damaged = datasets.challenger()
    >>> model = LogisticRegression().fit([[t] for t in temperatures], damaged)
    >>> model.status_, round(model.coef_[0], 6), round(model.intercept_, 6)
    ('converged', -0.232163, 15.042902)
    >>> [round(p, 4) for p in model.predict_proba([[31]])[0]]          # 31 F, that morning
    [0.0004, 0.9996]

The mathematics stands in the chapters, and either implementation of them does the work: which
one, `backend` decides, and nothing else does. What this room adds is what a table from elsewhere
needs: columns with names and classes with names (reading.py), weights, a choice of solvers and
the words that say how a fit ended (solvers.py), and a report (summary.py).

Nothing but the standard library is imported. Lists come back for lists. Whoever gives arrays
or data frames has NumPy loaded, and gets arrays.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Sequence
from typing import Any

from ..fit.classes import columns_of
from ..fit.classes_loop import independent_columns
from ..front import checks
from . import solvers
from .backends import backend
from .coefficients import in_rows, parameters, spread_out
from .reading import (
    Table,
    class_factors,
    encode,
    label_array,
    label_list,
    naming,
    read_table,
    same_names,
)
from .summary import summary

# How chapter 3's error about a column that depends on others goes on.
DEPENDENT = ", so no single w is best"

Callback = Callable[[int, float], object]


class LogisticRegression:
    """Logistic regression for a table with two classes (chapters 1 and 3) or more (softmax).

    The objective is that of the chapters: mean loss + l2/2 |w|^2, rows counted by their
    weights, the intercept not penalised.

    solver          "newton", "lbfgs" (both reach the optimum to rounding, and know when there
                    is none), "gradient_descent" (to see how it gets there), or "auto":
                    Newton's method up to 300 parameters, beyond them L-BFGS
    backend         "python", "c", or "auto": c if it is installed. Both give the same.
    l2              the price of large weights; 0, the default, is the plain maximum likelihood
    learning_rate   of gradient descent: a number, or "safe" (chapter 1)
    momentum        of gradient descent
    iterations      the most that are made. None: 100 of Newton, 1000 of L-BFGS, 10000
    tolerance       the largest gradient that counts as zero. None: 1e-10, for gradient
                    descent 1e-6
    class_weight    None, "balanced" (every class counts the same), or {class: weight}
    threads         of the compiled backend. None: as many as pay
    init            where to start: a fitted model, or (coef, intercept). None: at zeros

    After `fit`:

    classes_            the labels, sorted if they can be, else in the order of appearance
    coef_, intercept_   two classes: d weights and a number, of the score that speaks for
                        classes_[1]. C > 2 classes: C rows of d weights, and C numbers
    status_, reason_    "converged", "iterations", "diverged" or "separable", and why, in words
    converged_          whether status_ is "converged"
    n_iter_, loss_history_
                        updates made; loss_history_[k] is the objective before update k
    log_likelihood_     minus the summed loss, without the penalty
    standard_errors_    of coef_, then of the intercept: two classes by Newton's method,
                        converged, l2 = 0. Else None
    feature_names_in_   the columns' names, if X had names; else None
    n_features_in_, n_samples_
    class_totals_       the summed weights of each class
    solver_, backend_   what "auto" came to

    >>> from pyref import datasets
    >>> X, y, names = datasets.iris()
    >>> model = LogisticRegression(l2=0.01).fit(X, [names[k] for k in y])
    >>> model.predict([[5.9, 3.0, 5.1, 1.8]]), round(model.score(X, [names[k] for k in y]), 2)
    (['virginica'], 0.97)
    """

    classes_: Any
    class_totals_: list[float]
    coef_: Any
    intercept_: Any
    standard_errors_: list[float] | None
    log_likelihood_: Any
    n_iter_: Any
    loss_history_: list[float]
    status_: str
    reason_: str
    converged_: bool
    feature_names_in_: Any
    n_features_in_: int
    n_samples_: int
    solver_: str
    backend_: str

    _refuses_dependent_columns = True

    def __init__(
        self,
        *,
        solver: Any = "auto",
        backend: Any = "auto",
        l2: Any = 0.0,
        learning_rate: Any = "safe",
        momentum: Any = 0.0,
        iterations: Any = None,
        tolerance: Any = None,
        class_weight: Any = None,
        threads: Any = None,
        init: Any = None,
    ) -> None:
        self.solver = solver
        self.backend = backend
        self.l2 = l2
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.iterations = iterations
        self.tolerance = tolerance
        self.class_weight = class_weight
        self.threads = threads
        self.init = init

    # ------------------------------------------------------------ parameters, as elsewhere

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        return dict(cls.__init__.__kwdefaults__ or {})

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters of the constructor, by name."""
        return {name: getattr(self, name) for name in self._defaults()}

    def set_params(self, **params: Any) -> LogisticRegression:
        """Change parameters of the constructor; returns the model."""
        for name, value in params.items():
            if name not in self._defaults():
                known = ", ".join(self._defaults())
                raise ValueError(f"there is no parameter {name!r}: give one of {known}")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        changed = [
            f"{name}={getattr(self, name)!r}"
            for name, default in self._defaults().items()
            if getattr(self, name) is not default and getattr(self, name) != default
        ]
        return f"{type(self).__name__}({', '.join(changed)})"

    def __sklearn_clone__(self) -> LogisticRegression:
        # The parameters, unfitted. But a fitted model given as init is to stay fitted.
        return type(self)(**self.get_params(deep=False))

    # ------------------------------------------------------------ fit

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, callback: Callback | None = None
    ) -> LogisticRegression:
        """Find the parameters for the rows of X and their labels y; returns the model.

        X is n rows of d numbers: lists, arrays, or a pandas, polars or pyarrow table. y is n
        labels of two or more classes: numbers, words, anything hashable. sample_weight is n
        numbers, 0 or more, that count the rows. callback(k, loss) is called after update k with
        the objective before it; returning True stops there.

        TypeError or ValueError names what cannot be used.
        """
        name, module = backend(self.backend)
        table = read_table(X, name == "c")
        labels = label_list(y)
        checks.same_length(labels, table.rows)
        classes, codes = encode(labels)
        return self._become(
            self._fit(name, module, table, classes, codes, sample_weight, callback)
        )

    def _become(self, found: dict[str, Any]) -> LogisticRegression:
        """The results of a fit, all in one step: whoever looks sees the old model or the new."""
        kept = {name: value for name, value in vars(self).items() if not name.endswith("_")}
        self.__dict__ = {**kept, **found}
        return self

    def _fit(
        self,
        name: str,
        module: Any,
        table: Table,
        classes: Sequence[Any],
        codes: Sequence[int],
        sample_weight: Any,
        callback: Callback | None,
    ) -> dict[str, Any]:
        n, d, C = table.rows, table.width, len(classes)
        compiled = name == "c"
        checks.choice(self.solver, "solver", solvers.SOLVERS)
        solver = solvers.chosen(self.solver, (C - 1) * (d + 1))
        s, totals, unit = self._weights(sample_weight, classes, codes)
        w, b = self._start(classes, d, table.names)
        iterations, tolerance = self.iterations, self.tolerance
        iterations = solvers.ITERATIONS[solver] if iterations is None else iterations
        iterations = checks.count(iterations, "iterations")
        tolerance = solvers.TOLERANCE[solver] if tolerance is None else tolerance
        checks.callback(callback)
        stopped: list[bool] = []

        def called(k: int, loss: float) -> bool:
            assert callback is not None
            stop = bool(callback(k, loss))
            if stop:
                stopped.append(stop)
            return stop

        # (a memoryview, unlike an array, has a shape, by which C's reader knows it)
        y: Any = memoryview(array("b" if C < 128 else "q", codes)) if compiled else list(codes)
        options: dict[str, Any] = {
            "l2": checks.not_negative(self.l2, "l2"),
            "sample_weight": array("d", s) if compiled and s is not None else s,
            "tolerance": tolerance,
            "iterations": iterations,
            "callback": None if callback is None else called,
        }
        of_descent = {"learning_rate": self.learning_rate, "momentum": self.momentum}
        threads: dict[str, Any] = {"threads": self.threads} if compiled else {}

        def solve(X: Any, w: Any) -> Any:
            return solvers.solve(module, X, y, C, w, b, solver, options, of_descent, threads)

        dependent = ""
        with naming(table.names):
            try:
                fit = solve(table.data, w)
            except ValueError as error:
                tolerated = self.solver == "auto" and not self._refuses_dependent_columns
                dependent = str(error).partition(DEPENDENT)[0]
                if not tolerated or dependent == str(error):
                    raise
                kept = independent_columns(module, table.data, options["sample_weight"], threads)
                if not kept:
                    raise
                w = None if w is None else [w[j] for j in kept]
                fit = solve(columns_of(table.data, kept), w)
                fit = spread_out(fit, kept, d, C)
                if d - len(kept) > 1:
                    dependent += f", and so are {d - len(kept) - 1} more"
            log_likelihood = getattr(fit, "log_likelihood", None)
            if log_likelihood is None:
                gradient = module.gradient if C == 2 else module.softmax_gradient
                loss = gradient(table.data, y, fit.w, fit.b, options["sample_weight"], **threads)[0]
                log_likelihood = -loss

        all_made = fit.iterations >= iterations
        reason = solvers.reason(
            fit.status, solver, fit.iterations, bool(stopped), all_made, fit.losses
        )
        if dependent:
            reason += (
                f" But {dependent}: it adds nothing to the other columns, and its coefficient is 0."
            )
        errors = getattr(fit, "standard_errors", None)
        return {
            "classes_": classes,
            "n_features_in_": d,
            "feature_names_in_": table.names,
            "n_samples_": n,
            "class_totals_": [total * unit for total in totals],
            "backend_": name,
            "solver_": solver,
            "coef_": list(fit.w) if C == 2 else [list(row) for row in zip(*fit.w)],
            "intercept_": fit.b if C == 2 else list(fit.b),
            "n_iter_": fit.iterations,
            "loss_history_": list(fit.losses),
            "log_likelihood_": log_likelihood * unit,
            "status_": fit.status,
            "converged_": fit.status == "converged",
            "standard_errors_": None if errors is None else [e / math.sqrt(unit) for e in errors],
            "reason_": reason,
        }

    def _weights(
        self, sample_weight: Any, classes: Sequence[Any], codes: Sequence[int]
    ) -> tuple[list[float] | None, list[float], float]:
        """The weight of each row, class_weight included (None: all 1); of each class; their unit.

        (checks.weight_unit says what the unit is for.)"""
        if hasattr(sample_weight, "__array__") and not hasattr(sample_weight, "tolist"):
            sample_weight = sample_weight.__array__()
        s = checks.sample_weights(sample_weight, len(codes))
        unit = checks.weight_unit(checks.sample_weight_values(s, len(codes)))
        if s is not None and unit != 1:
            s = [s_i / unit for s_i in s]
        totals = [0.0] * len(classes)
        for code, s_i in zip(codes, s or [1.0] * len(codes)):
            totals[code] += s_i
        factors = class_factors(self.class_weight, classes, totals)
        if factors is not None:
            s = [s_i * factors[code] for code, s_i in zip(codes, s or [1.0] * len(codes))]
            totals = [total * factor for total, factor in zip(totals, factors)]
        counted = [label for label, total in zip(classes, totals) if total]
        if len(counted) < 2:
            only = f"the class {counted[0]!r}" if counted else "no class"
            raise ValueError(f"the weights leave only {only}: give weight to two classes or more")
        return s, totals, unit

    def _start(self, classes: Sequence[Any], d: int, names: Sequence[str] | None) -> Any:
        """init as the chapters have it: (w, b); at zeros (None, ...) without one."""
        C, init = len(classes), self.init
        if init is None:
            return None, 0.0 if C == 2 else None
        if hasattr(init, "coef_"):
            if list(init.classes_) != list(classes):
                raise ValueError(
                    f"init has the classes {list(init.classes_)!r}, y has {list(classes)!r}:"
                    " give a model of the same classes"
                )
            known = getattr(init, "feature_names_in_", None)
            if names is not None and known is not None:
                same_names(names, known, "init was")
            coef, intercept = init.coef_, init.intercept_
        else:
            if hasattr(init, "get_params"):
                raise ValueError("init is a model that is not fitted: fit it first")
            try:
                coef, intercept = init
            except (TypeError, ValueError):
                raise TypeError(
                    f"init is {checks.shown(init)}: give a fitted model, or (coef, intercept)"
                ) from None
        w, b = parameters(coef, intercept, C)
        width = len(w)
        if width != d:
            raise ValueError(
                f"init has weights for {width} features, X has {d}: give the same features"
            )
        return w, b

    # ------------------------------------------------------------ predict

    def decision_function(self, X: Any) -> Any:
        """The score of each row for classes_[1]; with C > 2 classes, rows of C scores."""
        zs, numpy = self._apply("scores", X)
        return in_rows(zs, 1 if len(self.classes_) == 2 else len(self.classes_), numpy)

    def predict_proba(self, X: Any) -> Any:
        """n rows of C probabilities, in the order of classes_."""
        ps, numpy = self._apply("probabilities", X)
        return in_rows(ps, len(self.classes_), numpy)

    def predict(self, X: Any) -> Any:
        """The most probable class of each row; of equals the first in classes_."""
        zs, numpy = self._apply("scores", X)
        C = len(self.classes_)
        if numpy is not None:
            found = numpy.asarray(zs)
            codes = (found > 0) * 1 if C == 2 else found.reshape(-1, C).argmax(axis=1)
            return label_array(self.classes_, numpy)[codes]
        if C == 2:
            return [self.classes_[z > 0] for z in zs]
        rows = [list(zs[i : i + C]) for i in range(0, len(zs), C)]
        return [self.classes_[row.index(max(row))] for row in rows]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The part of the rows whose class is predicted right, counted by their weights."""
        labels, found = label_list(y), label_list(self.predict(X))
        checks.same_length(labels, len(found))
        s = checks.sample_weights(sample_weight, len(found))
        total = checks.sample_weight_values(s, len(found))
        right = 0.0
        for label, guess, s_i in zip(labels, found, s or [1.0] * len(found)):
            if label == guess:
                right += s_i
        return right / total

    def _apply(self, function: str, X: Any) -> tuple[Any, Any]:
        """scores or probabilities of the rows of X; and numpy, if arrays are to come back."""
        if not hasattr(self, "coef_"):
            raise ValueError("this model is not fitted: call fit(X, y) first")
        name, module = backend(self.backend)
        table = read_table(X, name == "c")
        known = getattr(self, "feature_names_in_", None)
        if table.names is not None and known is not None:
            same_names(table.names, known, "the model was")
        if table.width != self.n_features_in_:
            raise ValueError(
                f"X has {table.width} features, the model was fitted on {self.n_features_in_}:"
                " give the same"
            )
        w, b = parameters(self.coef_, self.intercept_, len(self.classes_))
        with naming(table.names):
            apply = getattr(module.FRONT.engine, function)
            return apply(table.data, w, b, self.threads), table.numpy

    # ------------------------------------------------------------ report

    def summary(self, columns: int | None = None) -> str:
        """What a statistician wants to see of the fit, as lines of text.

        `columns` is the width of the page, 80 unless given; a wider table continues below.
        """
        if not hasattr(self, "coef_"):
            raise ValueError("this model is not fitted: call fit(X, y) first")
        return summary(self, columns)
