"""The checks of this folder can fail: each damage of the fit is noticed by one of them."""

import math

import pytest
from helpers import oracle_second_order as oracle
from helpers.damage import Change, Instead, damaged
from helpers.oracle_second_order import optimum
from test_counts import check_counts, check_weight_zero
from test_derivatives import check_derivatives, check_safe
from test_published import check_published, check_units
from test_runs import check_halving
from test_separable import check_one_class, check_overlap, check_separation

import pyref


def check_digits(impl):
    for source in (oracle.challenger, oracle.beetles):
        data = source()
        check_published(impl, source.__name__, data, optimum(data.X, data.y, data.s))


# ---------------------------------------------------------------- the lessons, wrapped


def steeper(curvature):
    return lambda z: curvature(z) * (1 + math.exp(-abs(z)))


def without_weights_in(part):
    """A lesson that takes (X, y, w, b, s), with one part of its answer as if all s were 1."""

    def make(lesson):
        def lost(X, y, w, b, s=None):
            answer, plain = list(lesson(X, y, w, b, s)), lesson(X, y, w, b)
            answer[part] = plain[part]
            return tuple(answer)

        return lost

    return make


def one_half(hessian):
    def lost(*args):
        loss, grad, hess = hessian(*args)
        m = len(grad)
        return loss, grad, [row[: j + 1] + [0.0] * (m - j - 1) for j, row in enumerate(hess)]

    return lost


def descent_with(change):
    """gradient_descent, whose keywords and answer go through change(descend, keywords)."""
    names = ("X", "y", "w", "b", "rate", "iterations", "momentum", "tolerance", "l2", "s", "watch")

    def make(lesson):
        def lost(*args):
            def descend(**other):
                return lesson(*[other.get(name, given[name]) for name in names[: len(args)]])

            given = dict(zip(names, args, strict=False))
            return change(descend, **given)

        return lost

    return make


def mean_over_rows(descend, X, s, rate, **_):
    return descend(rate=rate * (sum(s) / len(X) if s else 1))


def no_penalty_in_the_loss(descend, w, l2, **_):
    after, b, losses, status = descend()
    return after, b, [loss - l2 / 2 * sum(w_j * w_j for w_j in w) for loss in losses], status


def no_penalty_in_the_gradient(descend, **_):
    (w, b, _, status), (_, _, losses, _) = descend(l2=0.0), descend()
    return w, b, losses, status


def rate_with(**other):
    def make(lesson):
        def lost(X, l2=0.0, s=None, steepest=1 / 4):
            return lesson(**{"X": X, "l2": l2, "s": s, "steepest": steepest, **other})

        return lost

    return make


# ---------------------------------------------------------------- each damage, and who notices

LESSONS = {
    "the curvature": ("second_order", "curvature", steeper, check_derivatives),
    "a weight forgotten in the Hessian": (
        "second_order", "hessian", without_weights_in(2), check_derivatives,
    ),
    "a weight forgotten in its gradient": (
        "second_order", "hessian", without_weights_in(1), check_derivatives,
    ),
    "a weight forgotten in its loss": (
        "second_order", "hessian", without_weights_in(0), check_derivatives,
    ),
    "the Hessian's other half": ("second_order", "hessian", one_half, check_derivatives),
    "overlap taken for a tie": ("second_order", "ROUNDING", lambda _: 1e-4, check_overlap),
    "a rate too large": (
        "second_order", "safe_learning_rate", rate_with(steepest=1 / 40), check_safe,
    ),
    "a rate too small": ("second_order", "safe_learning_rate", rate_with(steepest=1), check_safe),
    "a rate without the penalty": (
        "second_order", "safe_learning_rate", rate_with(l2=0.0), check_safe,
    ),
    "a weight forgotten in the loss": (
        "logistic", "gradient", without_weights_in(0), check_derivatives,
    ),
    "a weight forgotten in the gradient": (
        "logistic", "gradient", without_weights_in(1), check_derivatives,
    ),
    "a weight forgotten in the gradient of b": (
        "logistic", "gradient", without_weights_in(2), check_derivatives,
    ),
    "the mean over rows": (
        "logistic", "gradient_descent", descent_with(mean_over_rows), check_counts,
    ),
    "the penalty left out of the loss": (
        "logistic", "gradient_descent", descent_with(no_penalty_in_the_loss), check_derivatives,
    ),
    "the penalty left out of the gradient": (
        "logistic", "gradient_descent", descent_with(no_penalty_in_the_gradient), check_derivatives,
    ),
    "rows of weight zero kept": (
        "pure", "counted", lambda _: lambda X, y, s: (X, y, s), check_weight_zero,
    ),
}  # fmt: skip

CHANGES = {
    "the penalty twice": (
        "fit.samples", "penalty",
        "ridge_j / 2 * theta_j * theta_j", "ridge_j * theta_j * theta_j", check_derivatives,
    ),
    "the intercept penalised": (
        "fit.samples", "standardised",
        "[l2 / spread / spread for spread in spreads] + [0.0]",
        "[l2 / spread / spread for spread in spreads] + [l2]", check_one_class,
    ),
    "errors of the mean Hessian": (
        "fit.optimum", "_standard_errors",
        "sqrt(v) / sqrt(total) / spread", "sqrt(v) / spread", check_digits,
    ),
    "errors in standard units": (
        "fit.optimum", "_standard_errors",
        "sqrt(v) / sqrt(total) / spread", "sqrt(v) / sqrt(total)", check_digits,
    ),
    "errors that count rows": (
        "fit.optimum", "_standard_errors",
        "sqrt(v) / sqrt(total) / spread", "sqrt(v) / sqrt(8) / spread", check_digits,
    ),
    "the shift forgotten": (
        "fit.samples", "from_standard", "theta[-1] - dot(w, shifts)", "theta[-1]", check_digits,
    ),
    "columns not shifted": (
        # (that no column is shifted would be made good by basis.py)
        "fit.samples", "standardised", "x = [x_i - shift for x_i in x]", "pass", check_units,
    ),
    "weights forgotten": (
        "fit.samples", "standardised",
        "Samples(rows, y, s, weight, ridge, reaches + [1.0], (shifts, spreads), X, l2)",
        "Samples(rows, y, [1.0] * len(s), weight, ridge, reaches + [1.0], (shifts, spreads), X,"
        " l2)",
        check_counts,
    ),
    "whole steps only": (
        "fit.search", "line_search",
        "not (F_there <= F + 1e-4 * t * along or hidden)", "False", check_halving,
    ),
    "the gradient taken for a proof": (
        "fit.optimum", "_start", "True if l2 else None", "True", check_separation,
    ),
    "a long step taken for a proof": (
        "fit.separation", "step_proves_optimum", "furthest < 0.5", "furthest < 1.5",
        check_separation,
    ),
    "nothing is separable": (
        "fit.separation", "separates",
        "found = found or forward > ROUNDING * magnitude", "pass", check_separation,
    ),
    "a step back taken for none": (
        "fit.separation", "separates",
        "forward >= -ROUNDING * magnitude", "forward >= -0.1 * magnitude", check_overlap,
    ),
    "a penalty taken for a bound on b": (
        "fit.samples", "Samples", "max(y) == 0 or min(y) == 1", "False", check_one_class,
    ),
    "a rate that forgets the sum": (
        "front.binary", "_safe_learning_rate",
        "rate / total / unit if reduction == 'sum' else rate", "rate", check_safe,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LESSONS)
def test_a_damaged_lesson_is_noticed(name):
    module, function, make, check = LESSONS[name]
    impl = damaged(Instead(f"pyref.{module}", function, make))
    with pytest.raises((AssertionError, ValueError, ArithmeticError)):
        check(impl)


@pytest.mark.parametrize("name", CHANGES)
def test_a_damaged_fit_is_noticed(name):
    module, function, old, new, check = CHANGES[name]
    impl = damaged(Change(f"pyref.{module}", function, old, new))
    with pytest.raises((AssertionError, ValueError, ArithmeticError)):
        check(impl)


def test_without_a_damage_the_checks_notice_nothing():
    impl = damaged()
    assert impl.newton is not pyref.newton
    assert impl.FRONT.engine.safe_fit is not pyref.FRONT.engine.safe_fit
    for check in {damage[-1] for damage in (*LESSONS.values(), *CHANGES.values())}:
        check(impl)


def test_what_is_not_there_cannot_be_damaged():
    for damage in (
        Change("pyref.fit.search", "line_search", "low + low", "0"),
        Change("pyref.fit.search", "no_such_function", "low", "0"),
        Change("pyref.fit.search", "line_search", "t", "0"),  # more than once
        Instead("pyref.sklearn", "no_such_name", lambda _: None),
    ):
        with pytest.raises(LookupError):
            damaged(damage)
