"""JSON read to the last bit: the way of a small Python, tried on this one."""

import json
import math
from fractions import Fraction

import pytest
from helpers.bits import bits, finite
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from pyref.model import exact_json


@settings(max_examples=1000)
@given(finite)
def test_nearest_is_the_nearest(value):
    for text in (repr(value), f"{value:.25e}", f"{value:.16E}", f"{value:.30f}"):
        assert bits(exact_json.nearest(text)) == bits(float(text))


@settings(max_examples=1000)
@given(finite, st.sampled_from([-1, 0, 1]))
def test_half_way_goes_to_the_even_one(value, beside):
    """Exactly between two floats, and a hair to either side of it."""
    above = math.nextafter(value, math.inf)
    assume(math.isfinite(above))
    middle = (Fraction(value) + Fraction(above)) / 2
    digits = 1200  # enough for every number half-way between two floats
    whole = middle * 10**digits
    assert whole.denominator == 1
    text = f"{whole.numerator + beside}e-{digits}"
    assert bits(exact_json.nearest(text)) == bits(float(text))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "0.0",
            "-0.0",
            "1e400",
            "-1e400",
            "1e-400",
            "0e999999999",
            "1e999999999",
            "-1e-999999999",
        ),
        *("2.4703282292062327e-324", "2.4703282292062328e-324", "1.7976931348623158e308"),
        *("1.7976931348623159e308", "0.00000000000000000001e330", "100000000000000000000e-345"),
        *("inf", "-inf", "9007199254740993.0", "9007199254740995.0", "1E+2", "1e+02"),
    ],
)
def test_nearest_at_the_edges(text):
    assert bits(exact_json.nearest(text)) == bits(float(text))
    assert math.isnan(exact_json.nearest("nan"))


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), finite, st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(values, st.booleans(), st.sampled_from([None, 1]))
@example({"a": [1.5, "2.5", '"3.5', "\\", "\\\\", -1e-5, {"b": 1e5}], "1.5": 0.1}, False, None)
def test_a_small_python_reads_the_same(value, ascii_only, indent):
    """The scan that saves the digits from an inexact json changes nothing else."""
    assume("float" not in repr(value))
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError:
        return
    found = exact_json.plain(
        json.loads(exact_json.with_floats_as_text(data).decode("utf-8")), exact_json.nearest
    )
    assert bits(found) == bits(json.loads(text))
