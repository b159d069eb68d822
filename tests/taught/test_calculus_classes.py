"""Chapter 2's derivation, proven by sympy in symbols."""

import sympy


def test_the_derivation_in_symbols():
    C = 3
    z = sympy.symbols(f"z0:{C}", real=True)
    y = sympy.symbols(f"y0:{C}", positive=True)
    s = sum(sympy.exp(v) for v in z)
    p = [sympy.exp(v) / s for v in z]
    L = -sum(y[k] * sympy.log(p[k]) for k in range(C))
    for c in range(C):
        # d logsumexp / dz is softmax
        assert sympy.simplify(sympy.diff(sympy.log(s), z[c]) - p[c]) == 0
        # the chain's middle piece: p_k (1 - p_k), or - p_k p_c
        for k in range(C):
            piece = p[k] * (1 - p[k]) if k == c else -p[k] * p[c]
            assert sympy.simplify(sympy.diff(p[k], z[c]) - piece) == 0
        # dL/dz as the chapter has it, before and after it is taken apart
        slope = sympy.diff(L, z[c])
        assert sympy.simplify(slope - (sum(y) * p[c] - y[c])) == 0
        others = [k for k in range(C) if k != c]
        apart = p[c] * sum(y[k] for k in others) - y[c] * sum(p[k] for k in others)
        assert sympy.simplify(slope - apart) == 0
    # the shift changes nothing, and two classes are the sigmoid of their difference
    m = sympy.symbols("m", real=True)
    moved = p[0].subs({v: v + m for v in z}, simultaneous=True)
    assert sympy.simplify(moved - p[0]) == 0
    two = sympy.exp(z[1]) / (sympy.exp(z[0]) + sympy.exp(z[1]))
    assert sympy.simplify(two - 1 / (1 + sympy.exp(-(z[1] - z[0])))) == 0
