"""Floats at the edges, and values with all their bits."""

import struct

from hypothesis import strategies as st

NASTY = [0.0, -0.0, 5e-324, -5e-324, 2.225073858507201e-308, 2.2250738585072014e-308]
NASTY += [0.1, 1 / 3, 1e22, 1e23, 9007199254740993.0, 1.7976931348623157e308, -1e-300]
finite = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(-2.3e-308, 2.3e-308),  # around the subnormals
    st.sampled_from(NASTY),
)


def bits(value):
    """Numbers with all their bits, so that -0.0 is not 0.0; everything else with its type."""
    if isinstance(value, float):
        return struct.pack("<d", value)
    if isinstance(value, (list, tuple)):
        return [bits(item) for item in value]
    if isinstance(value, dict):
        return [(bits(key), bits(item)) for key, item in value.items()]
    return type(value), value
