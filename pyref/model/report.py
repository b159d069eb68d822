"""A fitted model as a statistician reads it: coefficients, standard errors, z, p, intervals.

Where chapter 3 has standard errors, the estimates are nearly normal around the truth. From that
follow the three numbers beside each coefficient c with standard error se:

    z = c / se                            how many standard errors it is away from 0
    p = erfc(|z| / sqrt 2)                how often chance alone brings it that far, if it is 0
    c - q se  to  c + q se                holds the truth in 95 of 100 samples, q = 1.96

(Wald's test and interval: McCullagh & Nelder, Generalized Linear Models, 2nd edition, 1989.)
Functions return numbers or lines of text; nothing is printed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from ..inference import p_value
from ..pictures import terminal

# Of the standard normal distribution, 95 % lies within this distance of 0.
NORMAL_QUANTILE = 1.9599639845400543

# Below this a p-value is no more than "smaller than that": floats end near 5e-324, and lose
# their digits before.
SMALLEST_P = 1e-300


# ---------------------------------------------------------------- the numbers


def z_value(coefficient: float, standard_error: float) -> float:
    """coefficient / standard_error.

    A standard error of 0 makes it infinite, or NaN for a coefficient of 0.

    >>> z_value(3.0, 1.5), z_value(-1.0, 0.0)
    (2.0, -inf)
    """
    if standard_error == 0:
        return math.copysign(math.inf, coefficient) if coefficient else math.nan
    return coefficient / standard_error


def interval(coefficient: float, standard_error: float) -> tuple[float, float]:
    """The 95 % interval: coefficient -+ 1.96 standard errors.

    >>> [round(end, 4) for end in interval(1.0, 0.5)]
    [0.02, 1.98]
    """
    half = NORMAL_QUANTILE * standard_error
    return coefficient - half, coefficient + half


def deviance(log_likelihood: float) -> float:
    """-2 log-likelihood: 0 for a model that is sure of every label and right.

    >>> deviance(-10.5)
    21.0
    """
    return -2 * log_likelihood + 0.0


def aic(log_likelihood: float, parameters: int) -> float:
    """Akaike's criterion, deviance + 2 parameters: of two models, the lower is to be preferred.

    >>> aic(-10.5, 2)
    25.0
    """
    return deviance(log_likelihood) + 2 * parameters


def null_log_likelihood(totals: Sequence[float]) -> float:
    """The best log-likelihood without any feature: each class as likely as it is frequent.

        sum over the classes of  totals[c] log(totals[c] / sum of totals)

    totals[c] is the number of samples in class c, or the sum of their weights.

    >>> round(null_log_likelihood([7, 16]), 6)          # Challenger: 7 of 23 were damaged
    -14.133576
    """
    total = math.fsum(totals)
    return math.fsum([t * math.log(t / total) for t in totals if t > 0])


# ---------------------------------------------------------------- as text


def number(value: float, digits: int = 6) -> str:
    """A number with so many significant digits, zeros at the end included.

    >>> number(15.042901647702442), number(0.5), number(-2e-9), number(1234567.0), number(0.0)
    ('15.0429', '0.500000', '-2.00000e-09', '1.23457e+06', '0.00000')
    """
    return f"{value + 0.0:#.{digits}g}".rstrip(".")


def z_text(z: float) -> str:
    """A z: three decimals, or a power of ten where they would say nothing.

    >>> z_text(-2.14496), z_text(2.5e9)
    ('-2.145', '2.500e+09')
    """
    return f"{z + 0.0:.3f}" if abs(z) < 1e6 or not math.isfinite(z) else f"{z:.3e}"


def p_text(p: float) -> str:
    """A p-value: four decimals, or two figures and a power of ten, or an upper bound.

    >>> p_text(0.03196), p_text(0.0000215), p_text(0.0)
    ('0.0320', '2.2e-05', '<1e-300')
    """
    if p < SMALLEST_P:
        return f"<{SMALLEST_P:g}"
    return f"{p:.1e}" if p < 0.001 else f"{p:.4f}"


def label(name: object) -> str:
    """A name on one line: what has no shape of its own (a line break, say) is spelled out.

    >>> label("age"), label(3), label("two\\nlines")
    ('age', '3', 'two\\\\nlines')
    """
    text = str(name)
    return text if text.isprintable() else repr(text)[1:-1]


def coefficient_table(
    names: Iterable[object],
    coefficients: Iterable[float],
    standard_errors: Iterable[float] | None = None,
    columns: int | None = None,
) -> list[str]:
    """The lines of a table: name, coefficient, standard error, z, p, 95 % interval.

    One name and one standard error for each coefficient, else ValueError. Without standard
    errors (None) only the coefficients. Decimal points stand under each other. With `columns`,
    a table wider than that continues below, names repeated.

    >>> coefficients, errors = [-0.2321627, 15.0429016], [0.1082365, 7.3786364]
    >>> print("\\n".join(coefficient_table(["F", "(1)"], coefficients, errors)))
          coefficient  std. error       z       p  95 % from          to
     F      -0.232163    0.108236  -2.145  0.0320  -0.444302  -0.0200231
     (1)    15.0429      7.37864    2.039  0.0415   0.581040  29.5048
    """
    labels, values = [label(name) for name in names], list(coefficients)
    errors = None if standard_errors is None else list(standard_errors)
    for what, given in (("names", labels), ("standard errors", errors)):
        if given is not None and len(given) != len(values):
            raise ValueError(
                f"there are {len(values)} coefficients, but {len(given)} {what}: give one each"
            )
    header = ["", "coefficient"]
    rows = [[name, number(value)] for name, value in zip(labels, values)]
    if errors is not None:
        header += ["std. error", "z", "p", "95 % from", "to"]
        for row, value, error in zip(rows, values, errors):
            z = z_value(value, error)
            low, high = interval(value, error)
            row += [number(error), z_text(z), p_text(p_value(z)), number(low), number(high)]
    wide = max([len(name) for name in labels], default=0) + 200
    return terminal.table(header, rows, wide if columns is None else columns)
