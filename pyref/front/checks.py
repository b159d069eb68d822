"""What may be wrong with an argument, and the one sentence that says so; the result types.

Every function here takes what the user gave, and either returns it in plain form or raises one
error that names the place and the cure. Names of places ("X[3][1]") are made only when something
is wrong. (TypeError: not a number, not a table. ValueError: a number that cannot be used.)
"""

from collections import namedtuple

from .frames import in_memory, is_date, plain_array
from .frames import no_dates as no_dates  # these for those who read frames and pair rows
from .frames import same_index as same_index

# What gradient_descent returns. len(losses) == iterations: losses[k] is the objective F before
# update k (the mean loss, and with l2 > 0 the penalty too), and `iterations` counts the updates
# that (w, b) went through.
Descent = namedtuple("Descent", ("w", "b", "losses", "iterations", "status"))

# What newton and lbfgs return: losses, iterations and status as above; standard_errors is a
# list for w then b, or None; log_likelihood is minus the summed loss at (w, b).
Newton = namedtuple(
    "Newton", ("w", "b", "losses", "iterations", "status", "standard_errors", "log_likelihood")
)

INFINITY = float("inf")
MINUS_INFINITY = -INFINITY


def is_finite(value):
    """True unless value is a NaN or an infinity. (A NaN fails both comparisons.)"""
    return MINUS_INFINITY < value < INFINITY


def shown(value):
    """A short picture of a wrong value and its type, for a message."""
    picture = repr(value)
    if "\n" in picture:  # of arrays and frames
        picture = " ".join(picture.split())
    if len(picture) > 40:
        picture = picture[:37] + "..."
    return f"{picture}, a {type(value).__name__}"


# ---------------------------------------------------------------- one number


def number(value, name):
    """`value` as a float; TypeError if it is no number, ValueError if no float can hold it."""
    if type(value) is float:
        return value
    if not isinstance(value, (str, bytes, bytearray)) and not is_date(value):
        try:
            return float(value)
        except (TypeError, ValueError):
            pass
        except OverflowError:
            raise ValueError(f"{name} is too large for a float: scale it down") from None
    raise TypeError(f"{name} is {shown(value)}: give a number")


def finite(value, name):
    """`value` as a finite float."""
    value = number(value, name)
    if not is_finite(value):
        raise ValueError(f"{name} is {value}: give a finite number")
    return value


def positive(value, name):
    """`value` as a finite float above zero."""
    value = number(value, name)
    if not (is_finite(value) and value > 0):
        raise ValueError(f"{name} is {value}: give a positive, finite number")
    return value


def not_negative(value, name):
    """`value` as a finite float, zero or above."""
    value = number(value, name)
    if not (is_finite(value) and value >= 0):
        raise ValueError(f"{name} is {value}: give a finite number, 0 or more")
    return value


def count(value, name, least=0):
    """`value` as a whole number, `least` or more."""
    whole = None
    if not isinstance(value, (str, bytes, bytearray, float)):
        try:
            whole = int(value)
        except (TypeError, ValueError, OverflowError):
            pass
    if whole is None or whole != value:
        raise TypeError(f"{name} is {shown(value)}: give a whole number")
    if whole < least:
        raise ValueError(f"{name} is {whole}: give a whole number, {least} or more")
    return whole


def probability(value, name):
    """`value` as a float from 0 to 1: a label, or a predicted probability."""
    value = number(value, name)
    if not 0 <= value <= 1:
        raise ValueError(f"{name} is {value}: give a number from 0 to 1")
    return value


def learning_rate(value):
    """`value` as a positive, finite float, or the word "safe"."""
    if isinstance(value, str):
        if value != "safe":
            raise TypeError(f"learning_rate is {shown(value)}: give a number, or 'safe'")
        return value
    return positive(value, "learning_rate")


def choice(value, name, allowed):
    """`value`, which must be one of the words in `allowed`."""
    if value not in allowed:
        words = " or ".join([repr(word) for word in allowed])
        raise ValueError(f"{name} is {shown(value)}: give {words}")
    return value


def callback(value):
    """`value`, which must be callable or None."""
    if value is not None and not callable(value):
        raise TypeError(
            f"callback is {shown(value)}: give a function of (iteration, loss), or None"
        )
    return value


# ---------------------------------------------------------------- many numbers


def dimensions(values, name, wanted):
    """ValueError unless an array-like that knows its shape has `wanted` dimensions."""
    shape = getattr(values, "shape", None)
    if shape is not None and len(shape) != wanted:
        cure = "reshape it to (rows, features)" if wanted == 2 else "flatten it to one row"
        if wanted == 1 and (hasattr(values, "columns") or list(shape).count(1) < len(shape) - 1):
            cure = "give one row or column of it"  # flattened, it would have too many numbers
        shape = "(" + ", ".join([str(size) for size in shape]) + ")"
        raise ValueError(f"{name} has shape {shape}, not {wanted} dimension(s): {cure}")


def _items(values, name, kind):
    """The items of any sequence as a list; arrays and memoryviews as plain Python numbers."""
    if type(values) is not list and type(values) is not tuple:
        in_memory(values, name)
        values = plain_array(values, name)  # (a list of a frame is that of its columns' names)
    if not isinstance(values, (str, bytes, bytearray, dict, set)):
        try:
            return values.tolist() if hasattr(values, "tolist") else list(values)
        except TypeError:
            pass
    raise TypeError(f"{name} is {shown(values)}: give {kind}")


def numbers(values, name):
    """A sequence of numbers as a list of floats."""
    dimensions(values, name, 1)
    items = _items(values, name, "a sequence of numbers")
    if _all_floats(items):
        return items
    return [number(value, f"{name}[{i}]") for i, value in enumerate(items)]


def _all_floats(items):
    """Whether nothing is left to be turned into a float, as it mostly is."""
    for value in items:
        if type(value) is not float:
            return False
    return True


def sample(x, name="x"):
    """One feature for each sample: a list of floats that is not empty."""
    x = numbers(x, name)
    if not x:
        raise ValueError(f"{name} is empty: give at least one sample")
    return x


def table(X, name="X"):
    """n rows of d features as a list of lists of floats: not empty, not ragged."""
    dimensions(X, name, 2)
    rows = _items(X, name, "a sequence of rows")
    if not rows:
        raise ValueError(f"{name} is empty: give at least one row")
    kind = "a sequence of features (one feature a row is [[1.0], [2.0]])"
    out = []
    for i, row in enumerate(rows):
        row = list(row) if type(row) is list else _items(row, f"{name}[{i}]", kind)
        if not _all_floats(row):
            row = [number(value, f"{name}[{i}][{j}]") for j, value in enumerate(row)]
        out.append(row)
        if not row:
            raise ValueError(f"{name}[{i}] has no features: give each row at least one")
        if len(row) != len(out[0]):
            raise ValueError(
                f"{name}[{i}] has {len(row)} features, {name}[0] has {len(out[0])}:"
                " give every row the same features"
            )
    return out


def same_length(values, n, name="y", kind="label"):
    """ValueError unless there is one value, a label say, for each of the n samples."""
    if len(values) != n:
        raise ValueError(
            f"{name} has length {len(values)}, but there are {n} samples: give one {kind} each"
        )


def labels(y, n):
    """n labels as a list of floats; their values are for `label_values` to check."""
    y = numbers(y, "y")
    same_length(y, n)
    return y


def label_values(y):
    """ValueError unless every label is a number from 0 to 1."""
    for i, value in enumerate(y):
        if not 0 <= value <= 1:
            probability(value, f"y[{i}]")


def sample_weights(values, n):
    """n weights as a list of floats, for `sample_weight_values` to check; or None, unweighted."""
    if values is None:
        return None
    values = numbers(values, "sample_weight")
    same_length(values, n, "sample_weight", "weight")
    return values


def sample_weight_values(s, n):
    """The sum of n sample weights: all 0 or more, with a finite sum above 0. (None: n.)"""
    if s is None:
        return n
    total = 0.0
    for i, value in enumerate(s):
        if not 0 <= value < INFINITY:
            not_negative(value, f"sample_weight[{i}]")
        total += value
    return total_weight(total)


def are_counts(s):
    """Whether weights can count rows: whole numbers, or none given (each row counts once).

    A standard error shrinks with the root of how many rows there are. Of weights with fractions
    nobody can tell how many that is: 0.5 for each of 80 rows may stand for 40 rows, or for 80 that
    weigh alike. So not even weights that are all equal are counts, unless they are whole.
    """
    return s is None or all([s_i % 1 == 0 for s_i in s])


def total_weight(total):
    """`total`, a sum of sample weights, which must be finite and above 0."""
    if not 0 < total < INFINITY:
        raise ValueError(f"sample_weight sums to {total}: give a positive, finite sum")
    return total


def weights(w, d):
    """d finite weights as a list of floats."""
    w = numbers(w, "w")
    if len(w) != d:
        raise ValueError(f"w has length {len(w)}, but X has {d} features: give one weight each")
    return [finite(value, f"w[{j}]") for j, value in enumerate(w)]


def bad_cell(value, place):
    """The error for a NaN or an infinity among the features."""
    return ValueError(f"{place} is {value}: remove the row, or fill in a finite number")


def table_values(X, name="X"):
    """ValueError unless every feature of every row is finite."""
    for i, row in enumerate(X):
        for j, value in enumerate(row):
            if not is_finite(value):
                raise bad_cell(value, f"{name}[{i}][{j}]")


def too_large_table():
    """The error for features whose squares no float can hold."""
    return ValueError("X is too large for a safe learning rate: scale it down")


def too_wide_column(j):
    """The error for a column whose values lie further apart than the largest float."""
    return ValueError(f"column {j} of X spans more than a float can hold: scale it down")


def sample_values(x, name="x"):
    """ValueError unless every number of one feature is finite."""
    for i, value in enumerate(x):
        if not is_finite(value):
            raise bad_cell(value, f"{name}[{i}]")


# ---------------------------------------------------------------- classes (chapter 2)

# A row of labels may miss the sum 1 by this much for each of its C entries: the rounding of
# single precision. Any row divided by its own sum passes, in single precision too. (Dividing
# rounds each entry by half of it, and two sums of C entries round by C halves each.)
SUM_TOLERANCE = 2.0**-23


def scores(zs):
    """C scores as a list of floats: not empty."""
    zs = numbers(zs, "zs")
    if not zs:
        raise ValueError("zs is empty: give at least one score")
    return zs


def same_classes(values, name, C, kind):
    """ValueError unless there is one value for each of the C classes."""
    if len(values) != C:
        raise ValueError(
            f"{name} has length {len(values)}, but there are {C} classes:"
            f" give one {kind} for each class"
        )


def probabilities(ps, name):
    """ValueError unless every one of several numbers is from 0 to 1."""
    for c, value in enumerate(ps):
        probability(value, f"{name}[{c}]")


def label_row(ys, name):
    """`ys`, which must be one or more numbers from 0 to 1 that sum to 1."""
    if not ys:
        raise ValueError(f"{name} is empty: give one probability for each class")
    total = 0.0
    for c, value in enumerate(ys):
        total += probability(value, f"{name}[{c}]")
    if abs(total - 1) > len(ys) * SUM_TOLERANCE:
        raise ValueError(f"{name} sums to {total}: give probabilities that sum to 1")
    return ys


def _is_row(label):
    """True unless a label is a class number (or a word, which is to fail as one)."""
    if isinstance(label, (str, bytes, bytearray)):
        return False
    try:
        iter(label)
    except TypeError:
        return False
    return True


def class_labels(y, n):
    """n labels: a list of class numbers, or of rows; their values are for later."""
    shape = getattr(y, "shape", None)
    if shape is not None and len(shape) not in (1, 2):
        shape = "(" + ", ".join([str(size) for size in shape]) + ")"
        raise ValueError(f"y has shape {shape}: reshape it to (rows) or (rows, classes)")
    items = _items(y, "y", "class numbers, or rows of probabilities")
    if items and _is_row(items[0]):
        out = [numbers(item, f"y[{i}]") for i, item in enumerate(items)]
        for i, ys in enumerate(out):
            if len(ys) != len(out[0]):
                raise ValueError(
                    f"y[{i}] has {len(ys)} probabilities, y[0] has {len(out[0])}:"
                    " give every row the same classes"
                )
    else:
        least = MINUS_INFINITY  # a negative number is a wrong value, found later
        out = [count(item, f"y[{i}]", least) for i, item in enumerate(items)]
    same_length(out, n)
    return out


def classes_of(y):
    """C as the labels have it: the width of a row, or the largest class number and 1."""
    return len(y[0]) if isinstance(y[0], list) else number_of_classes(max(max(y), 0))


def number_of_classes(largest):
    """One more than the largest class number, unless that cannot be meant: an identifier, say."""
    if largest >= 1000000:
        raise ValueError(
            f"y has the class number {largest}: number the classes from 0, or give classes"
        )
    return largest + 1


def class_number(k, name, C):
    """ValueError unless k is the number of one of C classes."""
    if not 0 <= k < C:
        raise ValueError(f"{name} is {k}: with {C} classes, give a number from 0 to {C - 1}")


def class_label_values(y, C):
    """ValueError unless every label is a class number below C, or C probabilities."""
    if isinstance(y[0], list):
        for i, ys in enumerate(y):
            same_classes(label_row(ys, f"y[{i}]"), f"y[{i}]", C, "probability")
        return
    for i, k in enumerate(y):
        class_number(k, f"y[{i}]", C)


def class_weights(W, d, C=None):
    """d rows of C finite weights (of as many as the first has, without C) as lists of floats."""
    rows = _items(W, "W", "a sequence of rows, one for each feature")
    if len(rows) != d:
        raise ValueError(f"W has {len(rows)} rows, but X has {d} features: give one row each")
    out = []
    for j, row in enumerate(rows):
        row = numbers(row, f"W[{j}]")
        if C is None:
            C = len(row)
        if not row:
            raise ValueError(f"W[{j}] is empty: give one weight for each class")
        same_classes(row, f"W[{j}]", C, "weight")
        out.append([finite(value, f"W[{j}][{c}]") for c, value in enumerate(row)])
    return out


def fitted(w, b, d):
    """ValueError unless a fitted (w, b) is for d features: d weights, or d rows of len(b)."""
    if len(w) != d:
        raise ValueError(f"the model has weights for {len(w)} features, X has {d}: give the same")
    if not isinstance(b, float):
        for j, row in enumerate(w):
            same_classes(row, f"the model's row {j} of weights", len(b), "weight")


def intercepts(b, C):
    """C finite intercepts as a list of floats."""
    b = numbers(b, "b")
    same_classes(b, "b", C, "intercept")
    return [finite(value, f"b[{c}]") for c, value in enumerate(b)]
