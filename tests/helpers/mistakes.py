"""What the tests of mistakes share: a small table, the same with one wrong entry, the check."""

import math

import pytest

INF, NAN = math.inf, math.nan
X = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
Y = [0, 1, 1]
HUGE = 10**400  # an int that no float can hold


def table_with(value, row=1, column=1):
    rows = [list(map(float, r)) for r in X]
    rows[row][column] = value
    return rows


def labels_with(value, i=1):
    return [value if k == i else label for k, label in enumerate(Y)]


def check(exception, message, function, *args, **kwargs):
    with pytest.raises(exception) as caught:
        function(*args, **kwargs)
    assert type(caught.value) is exception
    assert str(caught.value) == message


def cured(message):
    """Whether a message names a cure, after its last colon."""
    cure = message.rpartition(": ")[2]
    return cure.split()[0] in ("give", "remove", "reshape", "flatten", "scale")
