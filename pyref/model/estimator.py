"""fit and predict: the three chapters for a table of one's own, in one line.

    >>> from pyref import datasets
    >>> temperatures, damaged = datasets.challenger()
    >>> model = LogisticRegression().fit([[t] for t in temperatures], damaged)
    >>> model.status_, round(model.coef_[0], 6), round(model.intercept_, 6)
    ('converged', -0.232163, 15.042902)
    >>> [round(p, 4) for p in model.predict_proba([[31]])[0]]          # 31 F, that morning
    [0.0004, 0.9996]

The mathematics stands in the chapters, and either implementation of them does the work: which
one, `backend` decides, here and nowhere else. What this module adds is what a table from
elsewhere needs: classes with names, columns with names, weights, and the words that say how a
fit ended.

Nothing but the standard library is imported. Lists come back for lists. Whoever gives arrays
or data frames has NumPy loaded, and gets arrays.
"""

from __future__ import annotations

import contextlib
import importlib
import re
import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from ..fit.classes import block, columns_of
from ..fit.classes_loop import independent_columns, softmax_optimum
from ..front import checks
from ..pictures import terminal
from . import report

PACKAGE = __name__.rpartition(".model.")[0]

SOLVERS = ("auto", "newton", "lbfgs", "gradient_descent")

# Up to this many parameters "auto" takes Newton's method, beyond it L-BFGS. (A Newton step
# costs about parameters^2 / 2 multiplications a row and parameters^3 / 6 to solve for it, in
# Python where that is the backend; an L-BFGS iteration 2 parameters a row.)
MOST_FOR_NEWTON = 300

# What a solver uses where iterations and tolerance are None. Gradient descent's tolerance is
# one that it can be expected to reach.
ITERATIONS = {"newton": 100, "lbfgs": 1000, "gradient_descent": 10_000}
TOLERANCE = {"newton": 1e-10, "lbfgs": 1e-10, "gradient_descent": 1e-6}

METHODS = {
    "newton": "Newton's method",
    "lbfgs": "L-BFGS",
    "gradient_descent": "gradient descent",
}

# How chapter 3's error about a column that depends on others goes on.
DEPENDENT = ", so no single w is best"

Callback = Callable[[int, float], object]


# ---------------------------------------------------------------- which implementation


def backend(name: str = "auto") -> tuple[str, Any]:
    """The implementation that does the work, "python" or "c", and its module.

    "auto" is the compiled one where it is installed. "c" where it is not is an ImportError that
    says why, and what to do.
    """
    checks.choice(name, "backend", ("auto", "python", "c"))
    if name != "python":
        try:
            return "c", importlib.import_module(f"{PACKAGE}.fast")
        except ImportError:
            if name == "c":
                raise
    return "python", importlib.import_module(PACKAGE)


# ---------------------------------------------------------------- what the user gave: X


class Table(NamedTuple):
    """A table as the implementations read it, and what is known of where it came from."""

    data: Any  # lists of floats, or a buffer of n rows of d floats
    rows: int
    width: int
    names: list[str] | None  # of the columns, if they have names
    numpy: Any  # the module if arrays are to come back, else None


def read_table(X: Any, compiled: bool) -> Table:
    """X for either implementation: lists, arrays, data frames. The user's own is not changed.

    TypeError or ValueError names the cell, and its column by name if it has one.
    """
    if isinstance(X, Table):
        return X
    names = column_names(X)
    if hasattr(X, "toarray") and not hasattr(X, "__array__"):
        raise TypeError(f"X is sparse, a {type(X).__name__}: give X.toarray()")
    with naming(names):
        found = _block_of_columns(X, len(names or ())) if hasattr(X, "column_names") else X
        if _is_array(found):
            found = _plain_array(found)
        elif isinstance(found, memoryview) and found is X:
            found = checks.table(X)
        if not compiled:
            found = checks.table(found)
        elif not _is_array(found) and not isinstance(found, memoryview):
            found = block(checks.table(found))
    if isinstance(found, list):
        size = len(found), len(found[0])
    else:
        size = found.shape
        if not size[0] or not size[1]:
            checks.table([[]] * min(size[0], 1))  # raises
    return Table(found, *size, names, sys.modules.get("numpy") if _is_array(X) else None)


def column_names(X: Any) -> list[str] | None:
    """The names of a data frame's columns; None where there are none, or not all are words."""
    names = getattr(X, "column_names", None)  # pyarrow
    if names is None and hasattr(X, "to_numpy"):  # pandas, polars
        names = getattr(X, "columns", None)
    if names is None:
        return None
    names = list(names)
    seen = set()
    for name in names:
        if not isinstance(name, str):
            return None
        if name in seen:
            raise ValueError(f"X has two columns {name!r}: rename one")
        seen.add(name)
    return names


def _is_array(X: Any) -> bool:
    """Whether it can give itself as a NumPy array. (pyarrow's tables can only by columns.)"""
    return hasattr(X, "__array__") or hasattr(X, "to_numpy") or hasattr(X, "column_names")


def _plain_array(X: Any) -> Any:
    """An array of rows, floats that lie row after row; a list where they need a closer look."""
    if hasattr(X, "mask") and hasattr(X, "filled"):  # masked: the array has values beneath
        return X.tolist()
    X = X.to_numpy() if hasattr(X, "to_numpy") else X.__array__()
    checks.dimensions(X, "X", 2)
    kind, size = X.dtype.kind, X.dtype.itemsize
    if kind == "f" and size in (4, 8):
        return X.astype(X.dtype.newbyteorder("="), order="C", copy=False)
    if kind in "biuf":
        return X.astype("float64", order="C")
    return X.tolist()


def _block_of_columns(X: Any, width: int) -> Any:
    """The columns of a pyarrow table as one block, row after row."""
    if not width or not X.num_rows:
        return [[]] * min(X.num_rows, 1)
    flat = array("d", bytes(8 * width * X.num_rows))
    for j, column in enumerate(X.columns):
        values = column.to_numpy(zero_copy_only=False)
        if values.dtype.kind in "biuf":
            doubles = array("d")
            doubles.frombytes(values.astype("float64").tobytes())
        else:
            doubles = array("d", [checks.number(v, f"X[{i}][{j}]") for i, v in enumerate(values)])
        flat[j::width] = doubles
    return memoryview(flat).cast("B").cast("d", (X.num_rows, width))


_PLACE = re.compile(r"X\[\d+\]\[(\d+)\]|column (\d+) of X")


@contextlib.contextmanager
def naming(names: Sequence[str] | None) -> Iterator[None]:
    """Errors about X that pass through here call its columns by name as well."""
    try:
        yield
    except (TypeError, ValueError) as error:
        text = str(error)
        found = _PLACE.match(text)
        if not found or not names:
            raise
        name = names[int(found[1] or found[2])]
        raise type(error)(f"{found[0]} ({name!r}){text[found.end() :]}") from None


# ---------------------------------------------------------------- what the user gave: y


def label_list(y: Any) -> list[Any]:
    """Labels of any kind as a list."""
    checks.dimensions(y, "y", 1)
    for method in ("to_pylist", "to_list", "tolist"):  # pyarrow; pandas, polars; arrays
        if hasattr(y, method):
            return list(getattr(y, method)())
    if isinstance(y, (str, bytes, bytearray, dict, set)) or not hasattr(y, "__iter__"):
        raise TypeError(f"y is {checks._shown(y)}: give a sequence of labels")
    return list(y)


def encode(labels: Sequence[Any]) -> tuple[list[Any], list[int]]:
    """The classes, sorted if they can be, else as first seen; and the number of each label."""
    try:
        classes = list(dict.fromkeys(labels))
    except TypeError:
        for i, label in enumerate(labels):
            try:
                hash(label)
            except TypeError:
                raise TypeError(
                    f"y[{i}] is {checks._shown(label)}: give one number or word for each label"
                ) from None
        raise
    for label in classes:
        _refuse_label(label, labels)
    with contextlib.suppress(TypeError):
        classes.sort()
    if len(classes) < 2:
        raise ValueError(f"y has only one class, {classes[0]!r}: give samples of two or more")
    number = {label: c for c, label in enumerate(classes)}
    return classes, [number[label] for label in labels]


def _refuse_label(label: Any, labels: Sequence[Any]) -> None:
    """Refuse what stands for a missing label, and fractions, which are no classes."""
    # (pandas' NA is compared with nothing: any comparison of it is NA again)
    missing = label is None or type(label).__name__ == "NAType" or label != label
    fraction = not missing and isinstance(label, float) and label % 1 != 0
    if missing or fraction:
        i = next(i for i, other in enumerate(labels) if other is label)
        cure = "remove the row, or fill in its class"
        if fraction:
            cure = "give whole numbers or words (pyref.newton takes fractions from 0 to 1)"
        raise ValueError(f"y[{i}] is {label}: {cure}")


def class_factors(class_weight: Any, classes: Sequence[Any], totals: Sequence[float]) -> Any:
    """What class_weight multiplies the weights of each class by; None if by nothing.

    "balanced" gives every class the same part of the whole, which stays what it was:

        factor[c]  =  sum of totals / (C totals[c])
    """
    if class_weight is None:
        return None
    if isinstance(class_weight, str) and class_weight == "balanced":
        whole = 0.0
        for total in totals:
            whole += total
        return [whole / (len(totals) * total) if total else 0.0 for total in totals]
    if not hasattr(class_weight, "keys"):
        raise TypeError(
            f"class_weight is {checks._shown(class_weight)}: give None, 'balanced', or a dict"
            " from class to weight"
        )
    for label in class_weight:
        if label not in classes:
            known = ", ".join([repr(c) for c in classes[:10]]) + (", ..." * (len(classes) > 10))
            raise ValueError(
                f"class_weight has a weight for {label!r}, but y has the classes {known}: remove it"
            )
    return [
        checks.not_negative(class_weight.get(label, 1.0), f"class_weight[{label!r}]")
        for label in classes
    ]


# ---------------------------------------------------------------- the estimator


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
    tolerance       how flat is flat. None: 1e-10, for gradient descent 1e-6
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

    >>> X, y, names = importlib.import_module("pyref.datasets").iris()
    >>> model = LogisticRegression(l2=0.01).fit(X, [names[k] for k in y])
    >>> model.predict([[5.9, 3.0, 5.1, 1.8]]), round(model.score(X, [names[k] for k in y]), 2)
    (['virginica'], 0.97)
    """

    coef_: Any
    intercept_: Any
    classes_: Any
    n_iter_: Any
    log_likelihood_: Any
    feature_names_in_: Any

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
        return self._fit(name, module, table, classes, codes, sample_weight, callback)

    def _fit(
        self,
        name: str,
        module: Any,
        table: Table,
        classes: Sequence[Any],
        codes: Sequence[int],
        sample_weight: Any,
        callback: Callback | None,
    ) -> LogisticRegression:
        n, d, C = table.rows, table.width, len(classes)
        compiled = name == "c"
        checks.choice(self.solver, "solver", SOLVERS)
        solver = self.solver
        if solver == "auto":
            solver = "newton" if (C - 1) * (d + 1) <= MOST_FOR_NEWTON else "lbfgs"
        s, totals = self._weights(sample_weight, classes, codes)
        w, b = self._start(classes, d, table.names)
        iterations, tolerance = self.iterations, self.tolerance
        iterations = ITERATIONS[solver] if iterations is None else iterations
        iterations = checks.count(iterations, "iterations")
        tolerance = TOLERANCE[solver] if tolerance is None else tolerance
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
        threads: dict[str, Any] = {"threads": self.threads} if compiled else {}
        dependent = ""
        with naming(table.names):
            try:
                fit = self._solve(module, table.data, y, C, w, b, solver, options, threads)
            except ValueError as error:
                tolerated = self.solver == "auto" and not self._refuses_dependent_columns
                dependent = str(error).partition(DEPENDENT)[0]
                if not tolerated or dependent == str(error):
                    raise
                kept = independent_columns(module, table.data, options["sample_weight"], threads)
                if not kept:
                    raise
                w = None if w is None else [w[j] for j in kept]
                X = columns_of(table.data, kept)
                fit = self._solve(module, X, y, C, w, b, solver, options, threads)
                fit = spread_out(fit, kept, d, C)
                if d - len(kept) > 1:
                    dependent += f", and so are {d - len(kept) - 1} more"
            self.log_likelihood_ = getattr(fit, "log_likelihood", None)
            if self.log_likelihood_ is None:
                gradient = module.gradient if C == 2 else module.softmax_gradient
                loss = gradient(table.data, y, fit.w, fit.b, options["sample_weight"], **threads)[0]
                self.log_likelihood_ = -loss

        self.classes_ = classes
        self.n_features_in_ = d
        self.feature_names_in_ = table.names
        self.n_samples_ = n
        self.class_totals_ = totals
        self.backend_ = name
        self.solver_ = solver
        if C == 2:
            self.coef_, self.intercept_ = list(fit.w), fit.b
        else:
            self.coef_ = [list(row) for row in zip(*fit.w)]
            self.intercept_ = list(fit.b)
        self.n_iter_ = fit.iterations
        self.loss_history_ = list(fit.losses)
        self.status_ = fit.status
        self.converged_ = fit.status == "converged"
        errors = getattr(fit, "standard_errors", None)
        self.standard_errors_ = None if errors is None else list(errors)
        self.reason_ = self._reason(bool(stopped), fit.iterations >= iterations)
        if dependent:
            self.reason_ += (
                f" But {dependent}: what it has to say, others say as well, and its coefficient"
                " is 0."
            )
        return self

    def _solve(
        self,
        module: Any,
        X: Any,
        y: Any,
        C: int,
        w: Any,
        b: Any,
        solver: str,
        options: dict[str, Any],
        threads: dict[str, Any],
    ) -> Any:
        if solver == "gradient_descent":
            options = dict(options, learning_rate=self.learning_rate, momentum=self.momentum)
            if C == 2:
                return module.gradient_descent(X, y, w=w, b=b, **options, **threads)
            return module.softmax_descent(X, y, classes=C, W=w, b=b, **options, **threads)
        newton = solver == "newton"
        if C == 2:
            method = module.newton if newton else module.lbfgs
            return method(X, y, w=w, b=b, **options, **threads)
        return softmax_optimum(module, X, y, C, W=w, b=b, newton=newton, threads=threads, **options)

    def _weights(
        self, sample_weight: Any, classes: Sequence[Any], codes: Sequence[int]
    ) -> tuple[list[float] | None, list[float]]:
        """The weight of each row, class_weight included (None: all 1); and of each class."""
        if hasattr(sample_weight, "__array__") and not hasattr(sample_weight, "tolist"):
            sample_weight = sample_weight.__array__()
        s = checks.sample_weights(sample_weight, len(codes))
        checks.sample_weight_values(s, len(codes))
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
        return s, totals

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
                    f"init is {checks._shown(init)}: give a fitted model, or (coef, intercept)"
                ) from None
        w, b = parameters(coef, intercept, C)
        width = len(w)
        if width != d:
            raise ValueError(
                f"init has weights for {width} features, X has {d}: give the same features"
            )
        return w, b

    def _reason(self, stopped: bool, all_made: bool) -> str:
        """status_ in words, with the cure."""
        if self.status_ == "converged":
            return "The slope is zero to within the tolerance: this is the optimum."
        if self.status_ == "separable":
            return (
                "There is no optimum: a combination of the features tells some classes apart"
                " without a mistake, so that ever larger coefficients fit ever better. These are"
                " where the run stood when that was seen, and their size means nothing. Give"
                " l2 > 0, or more data."
            )
        if self.status_ == "diverged":
            return (
                "The next step would have left the range of numbers: the learning rate is too"
                " large for these data. Give learning_rate='safe', or standardise the columns."
            )
        if stopped:
            return "The callback stopped the run before the slope was zero: this is no optimum."
        if all_made:
            cure = "Give more iterations"
            if self.solver_ == "gradient_descent":
                cure = "Standardise the columns, give more iterations, or take solver='newton'"
            return (
                f"All {self.n_iter_} iterations were made before the slope was zero to within the"
                f" tolerance: this is no optimum yet. {cure}."
            )
        return (
            "Rounding allows no lower loss, and it is not certain that there is an optimum: the"
            " classes overlap by little, or not at all. Give l2 > 0, or more data."
        )

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
            return getattr(module.FRONT.engine, function)(table.data, w, b, self.threads), table.numpy

    # ------------------------------------------------------------ report

    def summary(self, columns: int | None = None) -> str:
        """What a statistician wants to see of the fit, as lines of text.

        `columns` is the width of the page, 80 unless given; a wider table continues below.
        """
        if not hasattr(self, "coef_"):
            raise ValueError("this model is not fitted: call fit(X, y) first")
        columns = terminal.WIDEST if columns is None else columns
        C = len(self.classes_)
        names = getattr(self, "feature_names_in_", None)
        names = [f"x[{j}]" for j in range(self.n_features_in_)] if names is None else list(names)
        names.append("(intercept)")
        w, b = parameters(self.coef_, self.intercept_, C)

        features = f"{self.n_features_in_} feature" + "s" * (self.n_features_in_ != 1)
        what = f"Logistic regression: {self.n_samples_} samples, {features}, {C} classes"
        if C == 2:
            zero, one = label_list(self.classes_)
            what += f". Coefficients speak for {one!r}, against {zero!r}"
        plural = "s" * (self.n_iter_ != 1)
        how = (
            f"{METHODS[self.solver_]}, {self.n_iter_} iteration{plural}: {self.status_}."
            f" {self.reason_}"
        )
        lines = [*terminal.paragraph(what + ".", columns, 0), *terminal.paragraph(how, columns, 0)]
        if self.l2:
            lines += terminal.paragraph(
                f"l2 = {self.l2}: the penalty draws the coefficients towards 0, so there are no"
                " standard errors.", columns, 0,
            )  # fmt: skip
        lines.append("")
        if C == 2:
            lines += report.coefficient_table(names, [*w, b], self.standard_errors_, columns)
        else:
            rows = [
                [report.label(name), *[report.number(value) for value in row]]
                for name, row in zip(names, [*w, b])
            ]
            header = ["", *[report.label(label) for label in self.classes_]]
            lines += terminal.table(header, rows, columns)
        parameter_count = (C - 1) * (self.n_features_in_ + 1)
        null = report.null_log_likelihood(self.class_totals_)
        facts = [
            ["deviance", report.number(report.deviance(self.log_likelihood_))],
            ["deviance without features", report.number(report.deviance(null))],
            ["log-likelihood", report.number(self.log_likelihood_)],
        ]
        if self.converged_ and not self.l2:
            value = report.aic(self.log_likelihood_, parameter_count)
            facts.append([f"AIC, {parameter_count} parameters", report.number(value)])
        return "\n".join([*lines, "", *terminal.table(["", ""], facts, columns)[1:]])


# ---------------------------------------------------------------- in and out


def parameters(coef: Any, intercept: Any, C: int) -> tuple[Any, Any]:
    """coef_ and intercept_ as the chapters have them: d weights and a number, or d rows of C.

    With two classes, one row of d weights and one intercept in a sequence will do too.
    """
    if C == 2:
        if hasattr(intercept, "__len__"):
            intercept = checks.numbers(intercept, "intercept")
            if len(intercept) != 1:
                raise ValueError(f"intercept has length {len(intercept)}: for two classes, give 1")
            intercept = intercept[0]
        rows = coef.tolist() if hasattr(coef, "tolist") else list(coef)
        if len(rows) == 1 and hasattr(rows[0], "__len__"):
            rows = rows[0]
        w = checks.numbers(rows, "coef")
        return [checks.finite(v, f"coef[{j}]") for j, v in enumerate(w)], checks.finite(
            intercept, "intercept"
        )
    rows = checks.table(coef, "coef")
    checks.table_values(rows, "coef")
    checks.same_classes(rows, "coef", C, "row of weights")
    values = checks.numbers(intercept, "intercept")
    checks.same_classes(values, "intercept", C, "intercept")
    b = [checks.finite(value, f"intercept[{c}]") for c, value in enumerate(values)]
    return [list(column) for column in zip(*rows)], b


def spread_out(fit: Any, kept: Sequence[int], d: int, C: int) -> Any:
    """The fit of some of d columns as one of all of them, with weights of 0 for the others."""
    places = {j: k for k, j in enumerate(kept)}
    nothing: Any = 0.0 if C == 2 else [0.0] * C
    w = [fit.w[places[j]] if j in places else nothing for j in range(d)]
    errors = fit.standard_errors
    if errors is not None:
        errors = [errors[places[j]] if j in places else float("nan") for j in range(d)]
        errors.append(fit.standard_errors[-1])
    return fit._replace(w=w, standard_errors=errors)


def same_names(names: Sequence[str], known: Sequence[str], who: str) -> None:
    """ValueError unless these are the columns that a model was fitted on, in their order."""
    names, known = list(names), list(known)
    if names == known:
        return
    for text, some in (
        ("lacks {}, which " + who + " fitted on: add", [k for k in known if k not in names]),
        ("has {}, which " + who + " not fitted on: remove", [k for k in names if k not in known]),
    ):
        if some:
            shown = ", ".join([repr(name) for name in some[:5]]) + ", ..." * (len(some) > 5)
            columns = "the columns" if len(some) > 1 else "the column"
            them = "them" if len(some) > 1 else "it"
            raise ValueError(f"X {text.format(f'{columns} {shown}')} {them}")
    j = next(j for j, name in enumerate(names) if name != known[j])
    raise ValueError(
        f"X has the column {names[j]!r} in place {j}, where {who} fitted on {known[j]!r}:"
        " give the columns in the order of feature_names_in_"
    )


def in_rows(values: Any, C: int, numpy: Any) -> Any:
    """Numbers, one after the other, as n numbers (C = 1) or n rows of C: arrays, or lists."""
    if numpy is not None:
        found = numpy.asarray(values)
        return found if C == 1 else found.reshape(-1, C)
    values = list(values)
    return values if C == 1 else [values[i : i + C] for i in range(0, len(values), C)]


def label_array(classes: Sequence[Any], numpy: Any) -> Any:
    """The classes as an array that holds them as they are: of one plain type, or objects."""
    if hasattr(classes, "dtype"):
        return classes
    kinds = {type(label) for label in classes}
    if len(kinds) == 1 and kinds <= {str, int, float, bool}:
        return numpy.array(classes)
    out = numpy.empty(len(classes), dtype=object)
    for c, label in enumerate(classes):
        out[c] = label
    return out
