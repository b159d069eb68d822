"""The statistician's table: its numbers against 50-digit truth and R, its text to the character."""

import math

import pytest
from mpmath import mp

from pyref.model import report

NAN = float("nan")


def test_the_quantile_is_the_normal_distributions():
    with mp.workdps(40):
        exact = mp.sqrt(2) * mp.erfinv(mp.mpf("0.95"))
        assert float(exact) == report.NORMAL_QUANTILE


@pytest.mark.parametrize("z", [0.0, 1e-9, 0.5, 1.0, 1.959963984540054, 5.0, 8.3, 20.0, 37.0])
def test_p_values_keep_their_digits_far_out(z):
    with mp.workdps(40):
        exact = float(mp.erfc(mp.mpf(z) / mp.sqrt(2)))
    # erfc's relative change is about x times that of its argument: z^2 roundings, and its own
    bound = (z * z + 4) * 2.0**-52
    assert report.p_value(z) == pytest.approx(exact, rel=bound, abs=0)
    assert report.p_value(-z) == report.p_value(z)


def test_the_edges_of_z_and_p():
    assert report.z_value(1.0, 0.0) == math.inf
    assert report.z_value(-1.0, 0.0) == -math.inf
    assert math.isnan(report.z_value(0.0, 0.0))
    assert math.isnan(report.p_value(NAN))
    assert report.p_value(math.inf) == 0.0
    assert report.p_value(0.0) == 1.0


def test_the_interval_is_symmetric():
    assert report.interval(2.0, 0.0) == (2.0, 2.0)
    low, high = report.interval(-1.0, 0.5)
    assert (low, high) == pytest.approx((-1.979981992270027, -0.020018007729973), rel=1e-14)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.00000"), (-0.0, "0.00000"), (1.0, "1.00000"), (-0.232162742, "-0.232163"),
        (123456.4, "123456"), (999999.7, "1.00000e+06"), (1e-4, "0.000100000"),
        (1e-5, "1.00000e-05"), (-1.5e300, "-1.50000e+300"), (math.inf, "inf"), (NAN, "nan"),
    ],
)  # fmt: skip
def test_numbers_as_text(value, text):
    assert report.number(value) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (1.0, "1.0000"), (0.0320, "0.0320"), (0.001, "0.0010"), (0.00099, "9.9e-04"),
        (2.2e-16, "2.2e-16"), (1e-300, "1.0e-300"), (9.9e-301, "<1e-300"), (5e-324, "<1e-300"),
        (0.0, "<1e-300"), (NAN, "nan"),
    ],
)  # fmt: skip
def test_p_values_as_text(p, text):
    assert report.p_text(p) == text


@pytest.mark.parametrize(
    ("z", "text"),
    [(-2.1449, "-2.145"), (-0.0, "0.000"), (999999.9, "999999.900"), (-1e6, "-1.000e+06"),
     (math.inf, "inf"), (NAN, "nan")],
)  # fmt: skip
def test_z_as_text(z, text):
    assert report.z_text(z) == text


def test_deviance_and_aic():
    assert report.deviance(-10.157596343933416) == 20.315192687866833
    assert math.copysign(1, report.deviance(0.0)) == 1  # not -0
    assert report.aic(-10.0, 3) == 26.0


def test_the_null_model_of_challenger_as_r_has_it():
    # R, glm(damaged ~ 1, binomial): null deviance 28.267
    assert report.deviance(report.null_log_likelihood([7, 16])) == pytest.approx(
        28.2671527, abs=1e-7
    )
    assert report.null_log_likelihood([5, 0]) == 0.0
    # weights of 2 are the rows twice
    assert report.null_log_likelihood([14.0, 32.0]) == pytest.approx(
        2 * report.null_log_likelihood([7, 16]), rel=1e-15
    )


# Challenger as R prints it (summary(glm(damaged ~ F, binomial))): z -2.145 and 2.039, p 0.0320
# and 0.0415; the interval is Wald's (confint.default).
CHALLENGER = (
    ["temperature", "intercept"],
    [-0.23216274421859648, 15.042901647702442],
    [0.10823652, 7.37863638],
)


def test_the_table_to_the_character():
    assert report.coefficient_table(*CHALLENGER) == [
        "              coefficient  std. error       z       p  95 % from          to",
        " temperature    -0.232163    0.108237  -2.145  0.0320  -0.444302  -0.0200231",
        " intercept      15.0429      7.37864    2.039  0.0415   0.581040  29.5048",
    ]


def test_without_standard_errors_only_coefficients():
    names, coefficients, _ = CHALLENGER
    assert report.coefficient_table(names, coefficients) == [
        "              coefficient",
        " temperature    -0.232163",
        " intercept      15.0429",
    ]


def test_a_narrow_page_continues_below():
    lines = report.coefficient_table(*CHALLENGER, columns=44)
    assert max(map(len, lines)) <= 44
    assert [line.split()[0] for line in lines if line.startswith(" t")] == ["temperature"] * 3
    assert "" in lines


@pytest.mark.parametrize("extremes", [1.0, 1e-200, 1e200])
def test_no_trailing_blanks_and_one_width_of_labels(extremes):
    table = report.coefficient_table(
        ["a", "long name", "x"], [1.0 * extremes, -2.5, 0.0], [extremes, 1e-3, 0.0]
    )
    assert len(table) == 4
    assert all(line == line.rstrip() for line in table)
    assert "nan" in table[3]  # 0 with a standard error of 0 says nothing


def test_names_stay_on_their_line():
    lines = report.coefficient_table(["a\nb", 3, "\t"], [1.0, 2.0, 3.0])
    assert [line.split()[0] for line in lines[1:]] == ["a\\nb", "3", "\\t"]


def test_any_iterables():
    assert report.coefficient_table(iter("ab"), iter([1.0, 2.0]), iter([0.1, 0.2])) == (
        report.coefficient_table(["a", "b"], (1.0, 2.0), (0.1, 0.2))
    )
    assert report.coefficient_table([], [], []) == [
        "   coefficient  std. error  z  p  95 % from  to"
    ]


@pytest.mark.parametrize(
    ("names", "errors", "message"),
    [
        (["a"], [1.0, 1.0], "there are 2 coefficients, but 1 names: give one each"),
        (["a", "b"], [1.0], "there are 2 coefficients, but 1 standard errors: give one each"),
    ],
)
def test_counts_that_differ(names, errors, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  the message is compared in full
        report.coefficient_table(names, [1.0, 2.0], errors)
    assert str(caught.value) == message
