"""What people fit: the estimator, its report, and model files.

    from pyref import model

    model.LogisticRegression         fit and predict
    model.save(fitted, "m.json")     a fitted model in a file, to the last bit
    model.load("m.json")             the estimator again
    model.read("m.json")             the same file where there is no estimator: any Python
    model.probabilities(found, x)    what it says of one row

The estimator's own files: reading.py (tables and labels in), solvers.py, coefficients.py (their
shapes), backends.py (which implementation works), report.py and summary.py (text out). Model
files: file.py, fields.py (its checks), exact_json.py and atomic.py. No mathematics stands here: it
is asked of the engines.
"""

import sys as _sys

from .file import Model, ModelFileError, load, parse, probabilities, read, restore, save, text

__all__ = (
    "LogisticRegression",
    "Model",
    "ModelFileError",
    "load",
    "parse",
    "probabilities",
    "read",
    "restore",
    "save",
    "text",
)

# The estimator needs more of Python than a small one has: it is imported when it is first asked
# for. (As in pyref/__init__.py.)
TYPE_CHECKING = False
if TYPE_CHECKING:
    from .estimator import LogisticRegression as LogisticRegression
elif _sys.implementation.name != "micropython":

    def __getattr__(name):
        if name != "LogisticRegression":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from .estimator import LogisticRegression

        globals()[name] = LogisticRegression
        return LogisticRegression
