"""The front: every public function once, with what it says of itself and its checks.

`pyref.gradient` and `pyref.fast.gradient` are one method of the class `Front` over two engines:
`pyref.pure`, which is the lessons, and `pyref.compiled`, the same in C. So both have the same
names, signatures, docstrings and errors, and none of it stands twice.

    binary.py     one score, one feature, many features (chapter 1)
    classes.py    any number of classes (chapter 2)
    optimum.py    second derivatives, and the fit to the optimum (chapter 3)
    checks.py     what may be wrong with an argument, and the sentence that says so
    units.py      sample weights near either end of the floats

A method checks in this order, so that of two mistakes both engines name the same:

    1. the shape of X, then of y,     2. the numbers that steer (learning rate, w, ...)
       then of sample_weight
    3. the values of y, then of       4. the values of X
       sample_weight

The values of X come last because nobody looks at them beforehand: a NaN or an infinity in X always
reaches the gradient (r*x is infinite, or 0*inf is a NaN). So an engine looks for it only when a
result is not finite. (A row of weight 0 changes no result, but its cells must be finite too.)

What an engine is: a module that takes what people give by `table`, `labels`, `sample`, ... in its
own form (lists, or buffers where they lie), and has the lessons' functions by name.
"""

from .binary import Binary
from .classes import Classes
from .optimum import Optimum
from .units import weight_unit


class Front(Binary, Classes, Optimum):
    """The public functions over one engine. `home` is the module that has them as its names."""

    def __init__(self, engine, home):
        self.engine = engine
        self.home = home

    def _weighed(self, s, n):
        """(s, their sum, the unit both are in): n sample weights, checked (None: unweighted)."""
        total = self.engine.sample_weight_values(s, n)
        unit = weight_unit(total)
        if unit != 1:
            s, total = self.engine.divided(s, unit), total / unit
        return s, total, unit

    def __repr__(self):  # in the words that help() shows
        return self.home

    def __reduce__(self):  # so that pyref.gradient can be pickled: by its address
        return _front_of, (self.home,)


def _front_of(home):
    from importlib import import_module  # for pickles alone: a small Python has neither

    return import_module(home).FRONT
