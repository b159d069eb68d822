"""The unit that sample weights are in, where they are near either end of the floats."""

from math import frexp, ldexp


def weight_unit(total):
    """What sample weights of this sum are to be divided by: a power of 4, and 1 as a rule.

    Close to 0 floats have few binary digits, and the product of such a weight with a residual
    often none; close to the largest, a sum of losses is infinite. Only the proportions of the
    weights decide where the optimum is, and a power of 4 (or its root) changes no digit. (Large
    ones stay as large as can be: what counts rows is to be whole.)
    """
    if 2.0**-256 < total < 2.0**256:
        return 1.0
    exponent = frexp(total)[1]
    return ldexp(1.0, (exponent - 254 if exponent > 0 else exponent) // 2 * 2)
