"""The checks of near dependence can fail: each damage of the basis is noticed by one of them."""

import pytest
from helpers.damage import Change, Instead, damaged
from test_near_dependence import (
    check_digits_of,
    check_faint_rows,
    check_penalty,
    check_verdicts,
)


def check_digits(impl):
    for name in (
        "years 2015 to 2021, cubes",
        "years 2005 to 2020, fourth powers",
        "a millionth",
        "1e-9",
        "1e-12",
    ):
        check_digits_of(impl, name)


def check_all_penalties(impl):
    for l2 in (1e-20, 1e-6):
        check_penalty(impl, l2)


def check_faint(impl):
    check_faint_rows(impl, 13)


CHANGES = {
    "halves left out of a product": ("two_product", "u_high * v_low", "0.0", check_digits),
    "the low parts of a sum": (
        "add_product", "low + (carried + (rest + u[1] * v))", "low + rest", check_digits
    ),
    "a row not shifted": ("rows", "two_sum(x_k, -shift)", "(x_k - shift + 1.0, 0.0)", check_digits),
    "an intercept that does not suit w": ("raw", "(-w[j], 0.0)", "(w[j], 0.0)", check_digits),
    "errors of other directions": ("directions", "rows + [last + [1.0]]", "rows + [last + [0.0]]",
        check_digits),
    "errors of an unshifted intercept": ("directions", "-self.factors[k] * self.B[j][k]", "0.0",
        check_digits),
    "half of a penalty": ("penalties", "l2 * dot(row, other)", "l2 / 2 * dot(row, other)",
        check_all_penalties),
    "nobody judges": ("_sweep", "doubt > MOST_DOUBT", "doubt > 1e300", check_verdicts),
    "all beyond doubt": ("_sweep", "DEPENDENT if doubt > ROUNDINGS and alone else DOUBTFUL",
        "DEPENDENT", check_verdicts),
    "all in doubt": ("_sweep", "DEPENDENT if doubt > ROUNDINGS and alone else DOUBTFUL",
        "DOUBTFUL", check_verdicts),
    "a series taken for a sum": ("_sweep", "not any([part < SUSPICIOUS for part in others])",
        "True", check_verdicts),
    "the wrong column as the base": ("base", "size >= max(far) / 2", "False", check_verdicts),
    "a look at zeros only": ("_separate", "basis.theta(w, b)", "[0.0] * len(here.theta)",
        check_faint),
}  # fmt: skip

CONSTANTS = {
    "never suspicious": ("SUSPICIOUS", 0.0, check_digits),
    "refused too early": ("MOST_DOUBT", 1e-6, check_digits),
    "refused too late": ("MOST_DOUBT", 0.05, check_verdicts),
    "certain too early": ("CERTAIN", 1e-5, check_verdicts),
    "ten roundings are thousands": ("ROUNDINGS", 1e-5, check_verdicts),
    "no rounding is allowed": ("ROUNDINGS", 1e4, check_verdicts),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_damaged_basis_is_noticed(name):
    function, old, new, check = CHANGES[name]
    impl = damaged(Change("pyref.fit.basis", function, old, new))
    with pytest.raises((AssertionError, ValueError, ArithmeticError, pytest.fail.Exception)):
        check(impl)


@pytest.mark.parametrize("name", CONSTANTS)
def test_other_limits_are_noticed(name):
    constant, value, check = CONSTANTS[name]
    impl = damaged(Instead("pyref.fit.basis", constant, lambda _: value))
    with pytest.raises((AssertionError, ValueError, ArithmeticError, pytest.fail.Exception)):
        check(impl)


def test_without_a_damage_the_checks_notice_nothing():
    impl = damaged()
    for check in (check_digits, check_all_penalties, check_faint, check_verdicts):
        check(impl)
