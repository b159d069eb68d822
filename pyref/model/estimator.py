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
needs: columns with names (reading.py) and classes with names (labels.py), weights, a choice of
solvers and the words that say how a fit ended (solvers.py), and a report (summary.py).

Nothing but the standard library is imported. Lists come back for lists. Whoever gives arrays
or data frames has NumPy loaded, and gets arrays.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Sequence
from typing import Any

from ..fit.columns import columns_of
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
from .labels import different, encode, label_array, label_list, numbers_of
from .reading import Table, naming, same_columns, without_weight
from .settings import Settings
from .summary import summary
from .told import Told
from .weights import row_weights

# How chapter 3's error about a column that depends on others goes on.
DEPENDENT = ", so no single w is best"

Callback = Callable[[int, float], object]


class LogisticRegression(Settings, Told):
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
    threads         of the compiled backend. None: as many as pay, in a container no more than it
                    has processors' time for
    init            where to start: a fitted model, or (coef, intercept). None: at zeros
    categorical     the columns of numbers that are codes: they become indicators, as columns of
                    words, categories and truth values of a data frame do
    reference       {column: level}: what the other levels are compared with. None: the first
    missing         "error": a gap is one; "drop": rows with gaps count for nothing, and have NaN
                    for a prediction
    aliased         "error": a column that is constant, or a combination of earlier ones, is one;
                    "drop": its coefficient is 0, and it is named in aliased_

    After `fit`:

    classes_            the labels, sorted if they can be, else in the order of appearance. What
                        `predict` gives is one of them, type and all
    coef_, intercept_   two classes: d weights and a number, of the score that speaks for
                        classes_[1]. C > 2 classes: C rows of d weights, and C numbers
    status_, reason_    "converged", "separable", "undecided", "iterations" or "diverged" (they
                        are explained at `pyref.newton`), and why, in words
    converged_          whether status_ is "converged"
    n_iter_, loss_history_
                        updates made; loss_history_[k] is the objective before update k
    log_likelihood_     minus the summed loss, without the penalty
    standard_errors_    of coef_, then of the intercept: two classes by Newton's method,
                        converged, l2 = 0, and weights that count rows. Else None
    weights_are_counts_ whether they do: whole numbers, and no class_weight
    feature_names_in_   the columns' names as text, if X had names; else None
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
    weights_are_counts_: bool
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

    # ------------------------------------------------------------ fit

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, callback: Callback | None = None
    ) -> LogisticRegression:
        """Find the parameters for the rows of X and their labels y; returns the model.

        X is n rows of d columns: lists, arrays, or a pandas, polars or pyarrow table, which may
        have words, categories and truth values too. y is n labels of two or more classes: numbers,
        words, anything hashable. sample_weight is n numbers, 0 or more, that count the rows: a row
        of weight 0 is not there, and a class all of whose rows weigh 0 is none of classes_. Rows
        are paired by place; where two of the three have an index, as in pandas, it must be the
        same. callback(k, loss) is called after update k with the objective before it; returning
        True stops there. If it has a method stop(), a search for a proof (whether there is an
        optimum) asks it, too.

        TypeError or ValueError names what cannot be used.
        """
        checks.same_index([("X", X), ("y", y), ("sample_weight", sample_weight)])
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

    def _now(self) -> Any:
        """The model as it is at this moment, whatever another thread fits it to meanwhile: a fit
        gives the model another dictionary, and this one goes on with the old."""
        if not hasattr(self, "coef_"):
            raise ValueError("this model is not fitted: call fit(X, y) first")
        seen = object.__new__(type(self))
        seen.__dict__ = self.__dict__
        return seen

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
        s, totals, are_counts, unit = row_weights(
            sample_weight, self.class_weight, classes, codes
        )
        left_out = solvers.left_out(classes, totals)
        if left_out:
            classes, codes, totals = without_weight(classes, codes, totals)
            C = len(classes)
        solver = solvers.chosen(self.solver, (C - 1) * (d + 1))
        w, b = start(self.init, classes, d, table.columns or table.names)
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

        def asked_to_stop() -> bool:
            stop = getattr(callback, "stop", None)
            if stop is not None and stop():
                stopped.append(True)
            return bool(stopped)

        called.stop = asked_to_stop  # type: ignore[attr-defined]

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
                kept = module.FRONT.engine.independent_columns(
                    table.data, options["sample_weight"], self.threads
                )
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
            fit.status, solver, fit.iterations, bool(stopped), all_made, fit.losses, options["l2"]
        )
        if dependent and self.aliased != "drop":
            reason += (
                f" But {dependent}: it adds nothing to the other columns, and its coefficient is 0."
            )
        reason += left_out
        errors = getattr(fit, "standard_errors", None) if are_counts else None
        found = {
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
            "standard_errors_": None if errors is None else [e / unit**0.5 for e in errors],
            "weights_are_counts_": are_counts,
            "reason_": reason,
        }
        if table.names is None and table.columns is not None:
            found["_columns_"] = table.columns  # no names, but an order that can be told
        return found

    # ------------------------------------------------------------ predict

    def decision_function(self, X: Any) -> Any:
        """The score of each row for classes_[1]; with C > 2 classes, rows of C scores."""
        zs, model, given = self._apply("scores", X)
        width = 1 if len(model.classes_) == 2 else len(model.classes_)
        return spread(in_rows(zs, width, given.table.numpy), given, gap_of(width))

    def predict_proba(self, X: Any) -> Any:
        """n rows of C probabilities, in the order of classes_."""
        return self._of_classes("probabilities", X)

    def predict_log_proba(self, X: Any) -> Any:
        """The logarithms of predict_proba, with all their digits: they come from the scores, and
        no log(0) of a probability that has become 0."""
        return self._of_classes("log_probabilities", X)

    def _of_classes(self, function: str, X: Any) -> Any:
        found, model, given = self._apply(function, X)
        C = len(model.classes_)
        return spread(in_rows(found, C, given.table.numpy), given, gap_of(C))

    def predict(self, X: Any) -> Any:
        """The most probable class of each row; of equals the first in classes_."""
        zs, model, given = self._apply("scores", X)
        codes, numpy = model._codes(zs, given), given.table.numpy
        if numpy is not None:
            return spread(label_array(model.classes_, numpy)[codes], given, math.nan)
        return spread([model.classes_[code] for code in codes], given, math.nan)

    def _codes(self, zs: Any, given: Given) -> Any:
        """The number of the class with the largest score, of each row; of equals the first."""
        C, numpy = len(self.classes_), given.table.numpy
        if numpy is not None:
            found = numpy.asarray(zs)
            return (found > 0) * 1 if C == 2 else found.reshape(-1, C).argmax(axis=1)
        if C == 2:
            return [int(z > 0) for z in zs]
        rows = [list(zs[i : i + C]) for i in range(0, len(zs), C)]
        return [row.index(max(row)) for row in rows]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The part of the rows whose class is predicted right, counted by their weights."""
        checks.same_index([("X", X), ("y", y), ("sample_weight", sample_weight)])
        labels = label_list(y)
        zs, model, given = self._apply("scores", X)
        found = spread(model._codes(zs, given), given, -2)  # (a row with a gap is not right)
        checks.same_length(labels, len(found))
        different(labels)  # or one of them is no label
        s = checks.sample_weights(sample_weight, len(found))
        total = checks.sample_weight_values(s, len(found))
        right = 0.0
        codes = numbers_of(labels, model.classes_)
        for code, guess, s_i in zip(codes, found, s or [1.0] * len(found)):
            if code == guess:
                right += s_i
        return right / total

    def _apply(self, function: str, X: Any) -> tuple[Any, Any, Given]:
        """What the model says of the rows of X that have no gap; that model, as it is at this
        moment; and what X is."""
        model = self._now()
        name, module = backend(model.backend)
        given = taken(X, name == "c", asked(model.missing), model.columns_, fitted=True)
        table = given.table
        if model.columns_ is None:
            same_columns(table.columns or table.names, model, "the model was")
        if model.columns_ is None and table.width != model.n_features_in_:
            raise ValueError(
                f"X has {table.width} features, the model was fitted on {model.n_features_in_}:"
                " give the same"
            )
        C = len(model.classes_)
        w, b = parameters(model.coef_, model.intercept_, C)
        with naming(table.names):
            apply = getattr(module.FRONT.engine, function)
            return (apply(table.data, w, b, model.threads) if table.rows else []), model, given

    # ------------------------------------------------------------ report

    def summary(
        self, columns: int | None = None, digits: int = 4, odds: bool = False, whole: bool = False
    ) -> str:
        """What a person wants to see of the fit, as lines of text.

        `columns` is the width of the page, 80 unless given; a wider table continues below. Numbers
        have so many significant `digits`; `odds` shows odds ratios and their intervals;
        `whole` all coefficients, where there are more than 60.
        """
        return summary(self._now(), columns, digits, odds, whole)
