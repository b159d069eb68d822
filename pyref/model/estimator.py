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
from .coefficients import in_rows, parameters, spread_out, start
from .designs import (
    Given,
    asked,
    constant_columns,
    dependent_error,
    gap_of,
    gap_rows,
    spread,
    taken,
)
from .reading import Table, encode, label_array, label_list, naming, same_names
from .summary import summary
from .told import Told
from .weights import row_weights

# How chapter 3's error about a column that depends on others goes on.
DEPENDENT = ", so no single w is best"

Callback = Callable[[int, float], object]


class LogisticRegression(Told):
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
    categorical     the columns of numbers that are codes: they become indicators, as columns of
                    words, categories and truth values of a data frame do
    reference       {column: level}: what the other levels are compared with. None: the first
    missing         "error": a gap is one; "drop": rows with gaps count for nothing, and have NaN
                    for a prediction
    aliased         "error": a column that is constant, or a combination of earlier ones, is one;
                    "drop": its coefficient is 0, and it is named in aliased_

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
    feature_names_      the coefficients' names: those, or column[T.level] for an indicator
    columns_            how columns became indicators (pyref.tables.design); None: none did
    target_, quality_   what is predicted, and how well the fit's own rows are, if the command
                        has written it down
    aliased_            the coefficients, or columns, that the others leave nothing for
    n_features_in_, n_samples_, n_left_out_
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
    feature_names_: Any
    columns_: Any
    target_: Any
    quality_: Any
    aliased_: list[str]
    n_features_in_: int
    n_samples_: int
    n_left_out_: int
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
        categorical: Any = None,
        reference: Any = None,
        missing: Any = "error",
        aliased: Any = "error",
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
        self.categorical = categorical
        self.reference = reference
        self.missing = missing
        self.aliased = aliased

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
        text = f"{type(self).__name__}({', '.join(changed)})"
        if not hasattr(self, "coef_"):
            return text
        ending = solvers.ENDINGS[self.status_]
        return f"<{text}: {ending}, {self.n_samples_} rows, {self.n_features_in_} features>"

    def __sklearn_clone__(self) -> LogisticRegression:
        # The parameters, unfitted. But a fitted model given as init is to stay fitted.
        return type(self)(**self.get_params(deep=False))

    # ------------------------------------------------------------ fit

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, callback: Callback | None = None
    ) -> LogisticRegression:
        """Find the parameters for the rows of X and their labels y; returns the model.

        X is n rows of d columns: lists, arrays, or a pandas, polars or pyarrow table, which may
        have words, categories and truth values too. y is n labels of two or more classes: numbers,
        words, anything hashable. sample_weight is n numbers, 0 or more, that count the rows.
        callback(k, loss) is called after update k with the objective before it; returning True
        stops there.

        TypeError or ValueError names what cannot be used.
        """
        name, module = backend(self.backend)
        how = asked(self.missing, self.categorical, self.reference)
        labels = label_list(y)
        given = taken(
            X, name == "c", how, without=gap_rows(labels) if self.missing == "drop" else None
        )
        checks.same_length(labels, given.rows)
        sample_weight = checks.sample_weights(sample_weight, given.rows)
        if given.kept is not None:
            labels = [labels[i] for i in given.kept]
            sample_weight = sample_weight and [sample_weight[i] for i in given.kept]
        classes, codes = encode(labels)
        constant = constant_columns(given.codings)
        if constant and not self.l2 and self.aliased == "error":
            raise dependent_error([], constant)
        found = self._fit(name, module, given.table, classes, codes, sample_weight, callback)
        found["aliased_"] = [*found["aliased_"], *constant]
        if given.codings is not None:
            found["feature_names_in_"], found["columns_"] = given.names, given.codings
            found["n_features_in_"] = len(given.codings)
        found["n_left_out_"] = given.left_out()
        found["frame_"] = type(X).__module__.partition(".")[0] if hasattr(X, "columns") else None
        return self._become(found)

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
        s, totals = row_weights(sample_weight, self.class_weight, classes, codes)
        w, b = start(self.init, classes, d, table.names)
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
        aliased: list[int] = []
        with naming(table.names):
            try:
                fit = solve(table.data, w)
            except ValueError as error:
                dependent, marker, _ = str(error).partition(DEPENDENT)
                if not marker:
                    raise
                kept = independent_columns(module, table.data, options["sample_weight"], threads)
                aliased = [j for j in range(d) if j not in kept]
                tolerated = self.solver == "auto" and not self._refuses_dependent_columns
                if not kept or not (tolerated or self.aliased == "drop"):
                    raise dependent_error(aliased, table.names, str(error)) from None
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
        if dependent and self.aliased != "drop":
            reason += (
                f" But {dependent}: it adds nothing to the other columns, and its coefficient is 0."
            )
        errors = getattr(fit, "standard_errors", None)
        return {
            "classes_": classes,
            "n_features_in_": d,
            "feature_names_in_": table.names,
            "feature_names_": table.names,
            "columns_": None,
            "target_": None,
            "quality_": None,
            "aliased_": [table.names[j] if table.names else f"x[{j}]" for j in aliased],
            "n_left_out_": 0,
            "n_samples_": n,
            "class_totals_": totals,
            "backend_": name,
            "solver_": solver,
            "coef_": list(fit.w) if C == 2 else [list(row) for row in zip(*fit.w)],
            "intercept_": fit.b if C == 2 else list(fit.b),
            "n_iter_": fit.iterations,
            "loss_history_": list(fit.losses),
            "log_likelihood_": log_likelihood,
            "status_": fit.status,
            "converged_": fit.status == "converged",
            "standard_errors_": None if errors is None else list(errors),
            "reason_": reason,
        }

    # ------------------------------------------------------------ predict

    def decision_function(self, X: Any) -> Any:
        """The score of each row for classes_[1]; with C > 2 classes, rows of C scores."""
        zs, given = self._apply("scores", X)
        width = 1 if len(self.classes_) == 2 else len(self.classes_)
        return spread(in_rows(zs, width, given.table.numpy), given, gap_of(width))

    def predict_proba(self, X: Any) -> Any:
        """n rows of C probabilities, in the order of classes_."""
        ps, given = self._apply("probabilities", X)
        C = len(self.classes_)
        return spread(in_rows(ps, C, given.table.numpy), given, gap_of(C))

    def predict(self, X: Any) -> Any:
        """The most probable class of each row; of equals the first in classes_."""
        zs, given = self._apply("scores", X)
        C, numpy = len(self.classes_), given.table.numpy
        if numpy is not None:
            found = numpy.asarray(zs)
            codes = (found > 0) * 1 if C == 2 else found.reshape(-1, C).argmax(axis=1)
            return spread(label_array(self.classes_, numpy)[codes], given, math.nan)
        if C == 2:
            return spread([self.classes_[z > 0] for z in zs], given, math.nan)
        rows = [list(zs[i : i + C]) for i in range(0, len(zs), C)]
        labels = [self.classes_[row.index(max(row))] for row in rows]
        return spread(labels, given, math.nan)

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

    def _apply(self, function: str, X: Any) -> tuple[Any, Given]:
        """scores or probabilities of the rows of X that have no gap; and what X is."""
        if not hasattr(self, "coef_"):
            raise ValueError("this model is not fitted: call fit(X, y) first")
        name, module = backend(self.backend)
        how = asked(self.missing)
        given = taken(X, name == "c", how, getattr(self, "columns_", None), fitted=True)
        table = given.table
        known = getattr(self, "feature_names_", None)
        if table.names is not None and known is not None:
            same_names(table.names, known, "the model was")
        if self.columns_ is None and table.width != self.n_features_in_:
            raise ValueError(
                f"X has {table.width} features, the model was fitted on {self.n_features_in_}:"
                " give the same"
            )
        w, b = parameters(self.coef_, self.intercept_, len(self.classes_))
        with naming(table.names):
            apply = getattr(module.FRONT.engine, function)
            return (apply(table.data, w, b, self.threads) if table.rows else []), given

    # ------------------------------------------------------------ report

    def summary(
        self, columns: int | None = None, digits: int = 4, odds: bool = False, whole: bool = False
    ) -> str:
        """What a person wants to see of the fit, as lines of text.

        `columns` is the width of the page, 80 unless given; a wider table continues below. Numbers
        have so many significant `digits`; `odds` shows odds ratios and their intervals;
        `whole` all coefficients, where there are more than 60.
        """
        if not hasattr(self, "coef_"):
            raise ValueError("this model is not fitted: call fit(X, y) first")
        return summary(self, columns, digits, odds, whole)
