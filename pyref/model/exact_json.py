"""JSON whose floats are read to the last bit, on every Python.

Python's own json module reads floats with right rounding. That of a small Python mostly does but
not always: there the digits are turned into a float here, by whole-number arithmetic.
"""

import json
import sys
from math import ldexp

from ..front import checks

SMALL = sys.implementation.name in ("micropython", "circuitpython")

# The cure for a file that is not as it was saved.
AGAIN = "restore a copy, or fit and save again"


def nearest(text):
    """The float nearest to a decimal number: float(text), where that cannot be relied on.

    The number is n/d with whole n and d. One quotient q of 53 bits is divided out of it, its
    remainder says which way to round, and q * 2^e is the float.

    >>> nearest("0.1") == 0.1, nearest("-1e400"), nearest("5e-324")
    (True, -inf, 5e-324)
    """
    if text in ("nan", "inf", "-inf"):
        return float(text)
    negative = text[:1] == "-"
    digits, _, exponent = text[negative:].lower().partition("e")
    whole, _, fraction = digits.partition(".")
    n, d = int(whole + fraction), 1
    power = int(exponent or "0") - len(fraction)
    value = 0.0
    if n and power + len(whole + fraction) > 310:
        value = checks.INFINITY
    elif n and power + len(whole + fraction) > -330:  # else 0: it is far below the smallest float
        if power > 0:
            n *= 10**power
        else:
            d = 10**-power
        # The hexadecimal digits tell the size of n/d to within 2^4, so that q has 53 to 61 bits
        # for the first e; -1074 is the exponent of the smallest float.
        e = max(-1074, 4 * (len(f"{n:x}") - len(f"{d:x}")) - 57)
        while True:
            q, rest = divmod(n << max(0, -e), d << max(0, e))
            if q < 1 << 53:
                break
            e += 1
        # to the nearer neighbour; from half-way, to the even one
        twice = 2 * rest - (d << max(0, e))
        if twice > 0 or (twice == 0 and q % 2):
            q += 1
        try:
            value = ldexp(float(q), e)
        except OverflowError:
            value = checks.INFINITY
    return -value if negative else value


def with_floats_as_text(data):
    """JSON in bytes, every number with a point or an exponent replaced by {"float": "number"}."""
    out = bytearray()
    start = i = 0
    while i < len(data):
        c = data[i]
        if c == 34:  # a string: to its closing quote, past what a backslash hides
            i += 1
            while i < len(data) and data[i] != 34:
                i += 2 if data[i] == 92 else 1
        elif c == 45 or 48 <= c <= 57:
            end = i
            while end < len(data) and data[end] in b"0123456789+-.eE":
                end += 1
            token = data[i:end]
            if b"." in token or b"e" in token or b"E" in token:
                out += data[start:i] + b'{"float":"' + token + b'"}'
                start = end
            i = end - 1
        i += 1
    return bytes(out) + data[start:]


def plain(value, convert):
    """The same value, with every {"float": "0.5"} in it as convert("0.5")."""
    if isinstance(value, list):
        return [plain(item, convert) for item in value]
    if isinstance(value, dict):
        if list(value) == ["float"] and isinstance(value["float"], str):
            return convert(value["float"])
        return {key: plain(item, convert) for key, item in value.items()}
    return value


def quoted(value):
    """A picture of a value for a message: of a long one only the beginning.

    >>> quoted("word"), quoted("x" * 1000)
    ("'word'", "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...")
    """
    picture = repr(value[:50] if isinstance(value, (str, list)) else value)
    return picture if len(picture) <= 40 else picture[:37] + "..."


def _once(pairs):
    # a JSON object whose keys are all different
    found = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {quoted(key)} stands there twice")
        found[key] = value
    return found


def loads(data):
    """The value of JSON in bytes: floats to the bit, {"float": "0.5"} among them.

    >>> loads(b'{"a": [0.1, {"float": "-inf"}]}')
    {'a': [0.1, -inf]}
    """
    if SMALL:
        return plain(json.loads(with_floats_as_text(data).decode()), nearest)
    return plain(json.loads(data.decode("utf-8"), object_pairs_hook=_once), float)
