"""A fitted model in a file: JSON that a person can read, and every Python to the last bit.

    {
    "format": "pyref logistic regression",
    "version": 2,
    "target": null,
    "classes": [0, 1],
    "columns": null,
    "features": ["temperature"],
    "coef": [
    [-0.23216274421859648]
    ],
    "intercept": [15.042901647702442],
    "settings": {"solver": "newton", "l2": 0.0, ...},
    "state": {"status_": "converged", "loss_history_": [0.69, ...], ...}
    }

UTF-8, one JSON object. A reader goes by the keys, not by the lines, and passes over keys that
it does not know.

    format      always "pyref logistic regression"
    version     2: what this page describes. A reader must refuse a version that it does not know.
                (Version 1, which is read too, had no target and no columns.)
    target      the name of the column that is predicted; null if it is not known
    classes     the C labels, two or more, all different, in the order of the probabilities
    columns     how the columns of a table become the d numbers that are weighted; null: they are
                those. One object for each column: its name, its levels (null for a column of
                numbers), and which of them is the reference. Levels become one number each, in
                their order and without the reference: 1 where the cell is that level, else 0
    features    the d names of those numbers, all different; null for a table without names
    coef        the weights: one row of d numbers for two classes (w, of the score of the second
                class), else C rows of d (one for each class)
    intercept   as many numbers as coef has rows: b
    settings    what the estimator was made with
    state       what else its fit has left

classes, columns, coef and intercept are all that a prediction needs:

    two classes     p = sigmoid(w . x + b) for the second class, 1 - p for the first
    more            p = softmax of the C scores w[c] . x + b[c]

A label, or a level, is a string, true, false, null (no level is), a whole number, or a float
written as {"float": "0.5"}. So 1, 1.0, true and "1" stay apart whatever program has rewritten the
file. (A tool may well write 1.0 as 1; among the weights that is no harm.) Any number may be
written in that form, and one in settings or state that is not finite is: {"float": "inf"}.
(class_weight, where it is one for each class, is an array of pairs of label and weight; reference,
of column and level.)

Floats are decimal, in the shortest digits that give back the same 64 bits when read with right
rounding. Python's own json reads them so, and that of a small Python mostly does but not
always: MicroPython 1.28 on x86-64 gets one number in 5000 wrong by its last bit. There
exact_json.py turns the digits into a float. (A Python whose floats have 32 bits cannot hold the
numbers at all.)

`save` and `load` are for `pyref.LogisticRegression`. `read` and `probabilities` need the
chapters alone, and run on MicroPython:

    model = read("model.json")
    probabilities(model, [31.0])        C numbers, in the order of model.classes
"""

import json
from collections import namedtuple

from ..front import checks
from ..logistic import sigmoid
from ..multinomial import softmax
from . import exact_json, file_columns
from .exact_json import AGAIN, quoted

FORMAT = "pyref logistic regression"
VERSION = 2

# No model file is larger: it has room for ten million coefficients.
MOST_BYTES = 1 << 28

# What `read` returns: the keys above. coef is a list of rows, classes and features are lists.
Model = namedtuple(
    "Model",
    ("classes", "features", "coef", "intercept", "settings", "state", "columns", "target"),
)


class ModelFileError(ValueError):
    """A model that cannot be written, or a file that does not hold one: where, and the cure."""


# -------------------------------------------------------- reading


def read(path):
    """The Model in a file, checked. Needs no estimator: it runs on any Python.

    OSError if the file cannot be opened; ModelFileError, a ValueError, that names the file, the
    place and the cure if it holds no model that this version can use.
    """
    with open(path, "rb") as file:
        data = content(file)
    return parse(data, str(path))


def content(file):
    """The bytes of an open file, at most a few more than a model can have."""
    # (in pieces: read(n) may ask for n bytes of memory at once)
    pieces, size = [], 0
    while size <= MOST_BYTES:
        piece = file.read(1 << 16)
        if not piece:
            break
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)


def parse(data, name):
    """The Model in the bytes of a file, as `read`; `name` stands for the file in the errors."""
    if len(data) > MOST_BYTES:
        raise ModelFileError(
            f"{name} has more than {MOST_BYTES} bytes, and no model has: give a file that pyref"
            " saved"
        )
    try:
        return _model(exact_json.loads(data))
    except ModelFileError as error:
        raise ModelFileError(f"{name}: {error}") from None
    # (RuntimeError: nested too deeply. On CPython it is called RecursionError.)
    except (ValueError, RuntimeError) as error:
        what = "is empty" if not data.strip() else f"is damaged, or no model file: {error}"
        raise ModelFileError(f"{name} {what}: restore a copy, or fit and save again") from None


def _model(found):
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise ModelFileError(f'no key "format" with {FORMAT!r}: give a file that pyref saved')
    version = found.get("version")
    if version not in (1, VERSION) or isinstance(version, (bool, float)):
        raise ModelFileError(
            f"version is {quoted(version)}, and this pyref reads versions 1 to {VERSION}: use the"
            " pyref that saved it, or a newer one"
        )
    for key, kind in (
        ("classes", list),
        ("features", list),
        ("coef", list),
        ("intercept", list),
        ("settings", dict),
        ("state", dict),
    ):
        if key not in found:
            raise ModelFileError(f"the key {key!r} is missing: {AGAIN}")
        if not isinstance(found[key], kind) and not (key == "features" and found[key] is None):
            shape = "an array" if kind is list else "an object"
            raise ModelFileError(f"{key} is not {shape}: {AGAIN}")
    classes = found["classes"]
    for k, label in enumerate(classes):
        if isinstance(label, (list, dict)) or label != label:
            raise ModelFileError(f"classes[{k}] is {quoted(label)}, which is no label: {AGAIN}")
        if isinstance(label, str):
            _string(label, f"classes[{k}]")
    _different(classes, "classes")  # (1, 1.0 and True are equal: no model has two of them.)
    C = len(classes)
    if C < 2:
        raise ModelFileError(f"classes has {C} label(s), not 2 or more: {AGAIN}")
    coef = found["coef"]
    rows = 1 if C == 2 else C
    _length(coef, "coef", rows, f"rows for {C} classes")
    if not isinstance(coef[0], list) or not coef[0]:
        raise ModelFileError(f"coef[0] is not an array of numbers: {AGAIN}")
    d = len(coef[0])
    features = found["features"]
    if features is not None:
        _length(features, "features", d, "names for the numbers in coef[0]")
        for j, feature in enumerate(features):
            if not isinstance(feature, str):
                raise ModelFileError(f"features[{j}] is {quoted(feature)}, not a name: {AGAIN}")
            _string(feature, f"features[{j}]")
        _different(features, "features")
    coef = [_floats(row, f"coef[{c}]", d, "numbers, as coef[0]") for c, row in enumerate(coef)]
    intercept = _floats(found["intercept"], "intercept", rows, f"numbers for {C} classes")
    columns = target = None
    if version > 1:
        columns, target = found.get("columns"), found.get("target")
        try:
            file_columns.check(columns, d)
        except ValueError as error:
            raise ModelFileError(f"{error}: {AGAIN}") from None
        if target is not None and not isinstance(target, str):
            raise ModelFileError(f"target is {quoted(target)}, not a name: {AGAIN}")
    return Model(
        classes, features, coef, intercept, found["settings"], found["state"], columns, target
    )


def _length(values, place, wanted, kind):
    if not isinstance(values, list) or len(values) != wanted:
        length = len(values) if isinstance(values, list) else "no"
        raise ModelFileError(f"{place} has {length} entries, not {wanted} {kind}: {AGAIN}")


def _different(values, name):
    seen = set()
    for k, value in enumerate(values):
        if value in seen:
            raise ModelFileError(f"{name}[{k}] is {quoted(value)} for the second time: {AGAIN}")
        seen.add(value)


def _floats(values, place, wanted, kind):
    _length(values, place, wanted, kind)
    out = []
    for j, value in enumerate(values):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ModelFileError(f"{place}[{j}] is {quoted(value)}, not a number: {AGAIN}")
        try:
            value = float(value)
        except OverflowError:
            value = checks.INFINITY
        if not checks.is_finite(value):
            raise ModelFileError(f"{place}[{j}] is {value}, not a finite number: {AGAIN}")
        out.append(value)
    return out


def probabilities(model, x):
    """The C probabilities of one row x of d features, in the order of model.classes.

    Of a model with columns, x has a cell for each: a number, or a level.

    >>> damage = Model(["no", "yes"], ["F"], [[-0.25]], [15.0], {}, {}, None, None)
    >>> probabilities(damage, [60.0])
    [0.5, 0.5]
    """
    if model.columns is not None:
        x = file_columns.numbers(model.columns, x)
    x = checks.numbers(x, "x")
    d = len(model.coef[0])
    if len(x) != d:
        raise ValueError(f"x has length {len(x)}, but the model has {d} features: give one each")
    scores = []
    for w, b in zip(model.coef, model.intercept):
        # z = w . x + b
        z = b
        for w_j, x_j in zip(w, x):
            z += w_j * x_j
        scores.append(z)
    if len(scores) == 1:
        return [sigmoid(-scores[0]), sigmoid(scores[0])]
    return softmax(scores)


# -------------------------------------------------------- the estimator: its settings and state


def save(model, path):
    """Write a fitted `pyref.LogisticRegression` to a file, whole or not at all.

    Labels may be str, int, bool, float or None (NumPy's scalars become those). ValueError names
    the label, the name or the setting that no file can hold, and a model that is not fitted;
    OSError, a file that cannot be written.
    """
    from .atomic import replacing  # for here alone: a small Python has no os.fsync

    data = text(model).encode("utf-8")
    if len(data) > MOST_BYTES:
        raise ModelFileError(f"the model needs more than {MOST_BYTES} bytes: fit fewer columns")
    with replacing(path) as file:
        file.write(data)


def text(model):
    """What `save` writes."""
    from copy import copy

    from . import fields
    from .labels import label_list

    if not hasattr(model, "coef_"):
        raise ModelFileError("the model is not fitted: call fit(X, y), then save")
    model = copy(model)  # another thread may fit it again
    classes = label_list(model.classes_)
    classes = [_label(label, f"classes_[{k}]") for k, label in enumerate(classes)]
    features = getattr(model, "feature_names_", None)
    if features is None:
        features = getattr(model, "feature_names_in_", None)
    if features is not None:
        features = [_string(str(f), f"feature_names_[{j}]") for j, f in enumerate(features)]
    coef, intercept = _list(model.coef_), _list(model.intercept_)
    if not isinstance(coef[0], list):
        coef = [coef]
    if not isinstance(intercept, list):
        intercept = [intercept]
    settings = dict(model.get_params(deep=False))
    settings.pop("init", None)  # where the fit began: another model
    weights = settings.get("class_weight")
    if hasattr(weights, "items"):  # JSON's keys are strings, labels are not
        settings["class_weight"] = [
            [_label(label, "class_weight"), _value(weight, f"class_weight[{quoted(label)}]")]
            for label, weight in weights.items()
        ]
    else:
        settings["class_weight"] = _value(weights, "class_weight")
    if hasattr(settings.get("reference"), "items"):
        settings["reference"] = [
            [str(column), _label(level, "reference")]
            for column, level in settings["reference"].items()
        ]
    columns = getattr(model, "columns_", None)
    if columns is not None:
        columns = [
            {
                "name": _string(c.name, "columns_"),
                "levels": c.levels and [_label(level, "columns_") for level in c.levels],
                "reference": _label(c.reference, "columns_"),
            }
            for c in columns
        ]
    for key in settings:
        if key not in ("class_weight", "reference"):
            settings[key] = _value(settings[key], key)
    state = {key: _value(getattr(model, key), key) for key in fields.STATE if key != "quality_"}
    quality = getattr(model, "quality_", None)
    state["quality_"] = quality and {
        key: (_label if key == "commonest" else _value)(value, key)
        for key, value in quality.items()
    }
    found = (
        ("format", FORMAT),
        ("version", VERSION),
        ("target", _value(getattr(model, "target_", None), "target_")),
        ("classes", classes),
        ("columns", columns),
        ("features", features),
        ("coef", [_value(row, f"coef_[{c}]") for c, row in enumerate(coef)]),
        ("intercept", _value(intercept, "intercept_")),
        ("settings", settings),
        ("state", state),
    )
    try:  # what could not be read again is not written
        model = _model(exact_json.plain(dict(found), float))
        fields.check_settings(model.settings)
        fields.check_state(model.state, len(classes), len(model.coef[0]))
    except (TypeError, ValueError) as error:
        raise ModelFileError(str(error).replace(AGAIN, "fit again")) from None
    lines = []
    for key, value in found:
        if key == "coef":
            rows = ",\n".join([_json(row) for row in value])
            lines.append(f'"coef": [\n{rows}\n]')
        else:
            lines.append(f"{_json(key)}: {_json(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _json(value):
    # (allow_nan: what is not finite has become {"float": "nan"}. Letters stand as themselves:
    # MicroPython reads the escape of one beyond 16 bits as two.)
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _list(values):
    # a list of plain Python values of an array, a list or one number
    values = values.tolist() if hasattr(values, "tolist") else values
    if isinstance(values, (list, tuple)):
        return [_list(value) for value in values]
    return values


def _string(value, place):
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise ModelFileError(f"{place} is {quoted(value)}, no text in UTF-8: rename it") from None
    return value


def _label(label, place):
    if not checks.is_date(label):  # (that would be a number)
        label = _list(label)
    if isinstance(label, str):
        return _string(str(label), place)
    if type(label) is float and label == label:
        return {"float": repr(label)}
    if label is None or type(label) in (bool, int):
        return label
    raise ModelFileError(
        f"{place} is {quoted(label)}, a {type(label).__name__}: to save, give labels of str, int,"
        " bool, float or None"
    )


def _value(value, place):
    # a setting or a number of the state, as JSON has it
    value = _list(value)
    if isinstance(value, list):
        return [_value(item, place) for item in value]
    if isinstance(value, str):
        return _string(value, place)
    if isinstance(value, float):
        return float(value) if checks.is_finite(value) else {"float": repr(float(value))}
    if value is None or isinstance(value, (bool, int)):
        return value
    what = f"{quoted(value)}, a {type(value).__name__}"
    raise ModelFileError(f"{place} is {what}: no file can hold it")


def load(path):
    """The `pyref.LogisticRegression` that `save` wrote, to the last bit. Errors as `read`."""
    return restore(read(path), str(path))


def restore(found, name):
    """The estimator of a Model; `name` stands for its file in the errors."""
    from ..tables.design import Coding
    from . import fields
    from .estimator import LogisticRegression

    settings, state = dict(found.settings), dict(found.state)
    fields.add_missing(settings, state)
    C, d = len(found.classes), len(found.coef[0])
    try:
        fields.check_settings(settings)
        fields.check_state(state, C, d)
    except (TypeError, ValueError) as error:
        raise ModelFileError(f"{name}: {error}") from None
    if isinstance(settings.get("class_weight"), list):
        settings["class_weight"] = dict(settings["class_weight"])
    if settings.get("reference") is not None:
        settings["reference"] = dict(settings["reference"])
    model = LogisticRegression(**settings)
    for key in fields.STATE:
        setattr(model, key, state[key])
    model.classes_, model.target_ = found.classes, found.target
    model.feature_names_in_ = model.feature_names_ = found.features
    model.n_features_in_, model.columns_ = d, None
    if found.columns is not None:
        model.columns_ = [Coding(c["name"], c["levels"], c["reference"]) for c in found.columns]
        model.feature_names_in_ = [c.name for c in model.columns_]
        model.n_features_in_ = len(model.columns_)
    model.frame_ = None
    model.converged_ = model.status_ == "converged"
    model.coef_, model.intercept_ = found.coef, found.intercept
    if C == 2:
        model.coef_, model.intercept_ = found.coef[0], found.intercept[0]
    return model
