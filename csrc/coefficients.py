"""Regenerate coefficients.h: `python csrc/coefficients.py > csrc/coefficients.h` (needs mpmath).

Each polynomial is the Chebyshev fit, in 60 digits, of the function that it stands for, over the
interval on which lanes.h uses it; then every coefficient is rounded to the nearest double. The
error printed beside it is that of the rounded polynomial, measured on a fine grid.
"""

from mpmath import chebyfit, exp, linspace, log, log1p, mp, mpf, polyval, sqrt

mp.dps = 60


def exp_tail(r):
    """(e^r - 1 - r) / r^2, by its series where the quotient cancels."""
    if abs(r) > mpf(10) ** -10:
        return (exp(r) - 1 - r) / r**2
    return mpf(1) / 2 + r / 6 + r**2 / 24


def log_tail(t):
    """R(t)/t of log(1+f) = 2s + s R(s^2), s = f/(2+f): the atanh series 2/3 + 2t/5 + ..."""
    if t < mpf(10) ** -12:
        return mpf(2) / 3 + 2 * t / 5
    s = sqrt(t)
    return (log((1 + s) / (1 - s)) / s - 2) / t


def rounded_fit(function, low, high, terms):
    """The coefficients, lowest power first, as doubles."""
    return [float(c) for c in reversed(chebyfit(function, [low, high], terms))]


def value(coefficients, x):
    return polyval([mpf(c) for c in reversed(coefficients)], x)


def split(number, bits):
    """number as the sum of two doubles, the first with only `bits` significant bits."""
    scale = mpf(2) ** bits
    high = float(mp.nint(number * scale) / scale)
    return high, float(number - mpf(high))


def define(name, number, comment=""):
    print(f"#define {name:<11} {number.hex():>26}" + (f" /* {comment} */" if comment else ""))


def main():
    half = log(2) / 2 * (1 + mpf(10) ** -9)
    exp_c = rounded_fit(exp_tail, -half, half, 10)
    exp_error = max(
        abs((1 + r + r * r * value(exp_c, r)) / exp(r) - 1) for r in linspace(-half, half, 4001)
    )
    top = sqrt(mpf(2)) - 1
    top_t = (top / (2 + top)) ** 2 * (1 + mpf(10) ** -9)
    log_c = rounded_fit(log_tail, mpf(0), top_t, 7)
    log_error = mpf(0)
    for f in linspace(1 / sqrt(mpf(2)) - 1, top, 4000):  # an even count leaves out f = 0
        s = f / (2 + f)
        log_error = max(log_error, abs((2 * s + s**3 * value(log_c, s * s)) / log1p(f) - 1))
    ln2_high, ln2_low = split(log(2), 32)

    print("/* Made by coefficients.py; do not edit. Hexadecimal floats are exact. */")
    print("#ifndef PYREF_COEFFICIENTS_H\n#define PYREF_COEFFICIENTS_H\n")
    define("LOG2_E", float(1 / log(2)), "1 / log 2")
    define("LN2_HIGH", ln2_high, "log 2 in 32 bits, so that k * LN2_HIGH is exact")
    define("LN2_LOW", ln2_low, "the rest of log 2")
    print("\n/* e^r = 1 + r + r^2 (EXP_0 + EXP_1 r + ... + EXP_9 r^9) for |r| <= (log 2)/2;")
    print(f"   relative error at most {mp.nstr(exp_error, 3)} */")
    for i, c in enumerate(exp_c):
        define(f"EXP_{i}", c)
    print("\n/* log(1+f) = 2s + s^3 (LOG_0 + LOG_1 s^2 + ... + LOG_6 s^12) with s = f / (2+f),")
    print(f"   for sqrt(1/2) <= 1+f <= sqrt(2); relative error at most {mp.nstr(log_error, 3)} */")
    for i, c in enumerate(log_c):
        define(f"LOG_{i}", c)
    print("\n#endif")


if __name__ == "__main__":
    main()
