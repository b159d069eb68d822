"""The functions of one score, one label, one probability, against 50-digit truth.

Each test names the worst input it found (shown by `pytest -rP`, or when it fails). Bounds are
in units in the last place: 2 for the Python implementation, 3 for the compiled one, and two
more for sigmoid_derivative, which is a product of two sigmoids.
"""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from helpers import truth
from helpers.compare import EPS, QUANTUM, Worst, same, ulp_error, ulps

INF, NAN = math.inf, math.nan


def scores():
    """Finite scores from all over: both tails, subnormal results, tiny scores, known traps."""
    random = np.random.RandomState(7)
    found = [0.0, -0.0, 745.1332191019411, 745.1332191019412, 709.782712893384, 1e-300, QUANTUM]
    found += np.linspace(-745.2, 745.2, 1501).tolist()
    found += random.uniform(-3, 3, 1200).tolist()
    found += random.uniform(-40, 40, 1200).tolist()
    found += random.uniform(708, 745.2, 300).tolist()
    found += (2.0 ** -np.arange(1, 1075, 9)).tolist()
    # e^-|z| just above a power of two, and p = e/(1+e) just below: there a unit in the last
    # place of p is half that of e, and the error of e counts double
    for k in range(1, 40):
        found += (k * math.log(2) - random.uniform(0, 2.0**-k, 25)).tolist()
    # the multiples of log(2)/2, where a reduction of the argument changes its mind
    found += [k * math.log(2) / 2 for k in range(1, 2150, 13)]
    return sorted(set(found + [-z for z in found]))


SCORES = scores()

OF_SCORE = {
    "sigmoid(z)": (lambda m, z: m.sigmoid(z), lambda t: t.p),
    "sigmoid(-z)": (lambda m, z: m.sigmoid(-z), lambda t: t.q),
    "softplus(z)": (lambda m, z: m.softplus(z), lambda t: t.loss_0),
    "loss(0, z)": (lambda m, z: m.binary_cross_entropy_with_logits(0, z), lambda t: t.loss_0),
    "loss(1, z)": (lambda m, z: m.binary_cross_entropy_with_logits(1, z), lambda t: t.loss_1),
    "residual(0, z)": (lambda m, z: m.residual(0, z), lambda t: t.p),
    "residual(1, z)": (lambda m, z: m.residual(1, z), lambda t: -t.q),
}


@pytest.mark.parametrize("name", OF_SCORE)
def test_functions_of_a_score_are_right_to_the_last_units(impl, ulps, name):
    call, want = OF_SCORE[name]
    worst = Worst(f"{impl.__name__} {name}")
    for z in SCORES:
        got = call(impl, z)
        worst.see(ulp_error(got, want(truth.of_score(z))), f"z = {z!r}, got {got!r}")
    worst.at_most(ulps, least_seen=8000)


def test_the_sigmoid_derivative_is_right_to_the_last_units(impl, ulps):
    # p (1-p) as a product of two sigmoids: a unit in the last place of the smaller factor can
    # be worth two of the product's, when only the product falls below a power of two.
    bound = ulps + 2
    worst = Worst(f"{impl.__name__} sigmoid_derivative(z)")
    for z in SCORES:
        t, got = truth.of_score(z), impl.sigmoid_derivative(z)
        with mpmath.workdps(60):
            worst.see(ulp_error(got, t.p * t.q), f"z = {z!r}, got {got!r}")
    worst.at_most(bound, least_seen=8000)


def test_soft_labels_are_right_relative_to_the_size_of_the_terms(impl, ulps):
    """(1-y) p and y (1-p) may cancel: their sizes, not their difference, set the scale."""
    random = np.random.RandomState(8)
    losses, residuals = Worst("soft loss", "eps"), Worst("soft residual", "eps")
    for z in SCORES[::2] + random.uniform(-2, 2, 500).tolist():
        y = float(random.choice([random.rand(), random.rand() ** 20, 1 - random.rand() ** 20]))
        t, where = truth.of_score(z), f"y = {y!r}, z = {z!r}"
        got = impl.binary_cross_entropy_with_logits(y, z), impl.residual(y, z)
        with mpmath.workdps(truth.digits_for(z)):
            for_one, for_zero = mpmath.mpf(y), 1 - mpmath.mpf(y)
            loss = for_zero * t.loss_0 + for_one * t.loss_1
            plus, minus = for_zero * t.p, for_one * t.q
            error = abs(got[0] - loss) / max(EPS * loss, mpmath.mpf(QUANTUM))
            losses.see(float(error), f"{where}, got {got[0]!r}")
            error = abs(got[1] - (plus - minus)) / max(EPS * (plus + minus), mpmath.mpf(QUANTUM))
            residuals.see(float(error), f"{where}, got {got[1]!r}")
    losses.at_most(ulps, least_seen=4000)
    residuals.at_most(ulps, least_seen=4000)


def probabilities():
    random = np.random.RandomState(9)
    found = random.rand(400).tolist()
    found += [2.0**-k for k in range(1, 1075, 5)] + [1 - 2.0**-k for k in range(1, 54)]
    found += (10 ** random.uniform(-323, -1, 300)).tolist()
    found += (1 - 10 ** random.uniform(-16, -1, 200)).tolist()
    return sorted({p for p in found if 0 < p < 1})


OF_PROBABILITY = {
    "binary_cross_entropy(0, p)": (
        lambda m, p: m.binary_cross_entropy(0, p),
        lambda p: -mpmath.log(1 - p),
    ),
    "binary_cross_entropy(1, p)": (
        lambda m, p: m.binary_cross_entropy(1, p),
        lambda p: -mpmath.log(p),
    ),
}


@pytest.mark.parametrize("name", OF_PROBABILITY)
def test_functions_of_a_probability_are_right_to_the_last_units(impl, ulps, name):
    call, want = OF_PROBABILITY[name]
    worst = Worst(f"{impl.__name__} {name}")
    with mpmath.workprec(1200):  # 1 - p is exact, for the smallest p too
        for p in probabilities():
            got = call(impl, p)
            worst.see(ulp_error(got, want(mpmath.mpf(p))), f"p = {p!r}, got {got!r}")
    worst.at_most(ulps, least_seen=1000)


def test_soft_labels_from_a_probability(impl, ulps):
    random = np.random.RandomState(10)
    losses = Worst("soft loss from p", "eps")
    with mpmath.workprec(1200):
        for p in probabilities():
            y = float(random.rand())
            loss = truth.loss(y, mpmath.mpf(p))
            error = float(abs(impl.binary_cross_entropy(y, p) - loss) / loss / EPS)
            losses.see(error, f"y = {y!r}, p = {p!r}")
    losses.at_most(ulps, least_seen=1000)


def test_infinite_and_zero_scores_give_the_limits(impl):
    assert impl.sigmoid(INF) == 1.0
    assert impl.sigmoid(-INF) == 0.0
    assert impl.sigmoid(0.0) == impl.sigmoid(-0.0) == 0.5
    assert impl.sigmoid_derivative(INF) == impl.sigmoid_derivative(-INF) == 0.0
    assert impl.sigmoid_derivative(0.0) == 0.25
    assert impl.softplus(INF) == INF
    assert impl.softplus(-INF) == 0.0
    assert ulps(impl.softplus(0.0), math.log(2)) <= 1
    loss = impl.binary_cross_entropy_with_logits
    # a zero label weight times an infinite term is 0, not NaN
    assert loss(0, INF) == INF
    assert loss(1, INF) == 0.0
    assert loss(0.25, INF) == INF
    assert loss(0, -INF) == 0.0
    assert loss(1, -INF) == INF
    assert loss(0.25, -INF) == INF
    assert impl.residual(0, INF) == 1.0
    assert impl.residual(1, INF) == 0.0
    assert impl.residual(0, -INF) == 0.0
    assert impl.residual(1, -INF) == -1.0
    assert impl.residual(0.25, INF) == 0.75
    assert impl.residual(0.25, -INF) == -0.25
    assert impl.residual(0.5, 0.0) == impl.residual(0.5, -0.0) == 0.0
    assert impl.residual(0, 0) == 0.5
    assert impl.residual(1, 0) == -0.5


def test_scores_too_large_for_any_exponential(impl):
    for z in (746.0, 1000.0, 1e6, 1e300, 1.7976931348623157e308):
        assert impl.sigmoid(z) == 1.0
        assert impl.sigmoid(-z) == 0.0
        assert impl.softplus(z) == z
        assert impl.softplus(-z) == 0.0
        loss = impl.binary_cross_entropy_with_logits
        assert loss(0, z) == z == loss(1, -z)
        assert loss(1, z) == 0.0 == loss(0, -z)
        assert impl.residual(0, z) == 1.0
        assert impl.residual(1, -z) == -1.0
        assert impl.residual(1, z) == 0.0 == impl.residual(0, -z)
        assert impl.sigmoid_derivative(z) == 0.0 == impl.sigmoid_derivative(-z)


def test_a_nan_score_gives_nan(impl):
    results = [
        impl.sigmoid(NAN),
        impl.softplus(NAN),
        impl.sigmoid_derivative(NAN),
        *[impl.binary_cross_entropy_with_logits(y, NAN) for y in (0, 0.5, 1)],
        *[impl.residual(y, NAN) for y in (0, 0.5, 1)],
    ]
    same(results, [NAN] * 9)


def test_certain_probabilities(impl):
    """0 * log(0) is 0; a certain and wrong p costs infinitely much."""
    loss = impl.binary_cross_entropy
    same([loss(0, 0), loss(1, 1)], [0.0, 0.0])
    same([loss(1, 0), loss(0, 1), loss(0.5, 0), loss(0.5, 1)], [INF] * 4)


def test_the_residual_keeps_what_the_plain_subtraction_loses(impl):
    with mpmath.workdps(60):
        want = -1 / (1 + mpmath.exp(40))
    assert impl.sigmoid(40) - 1 == 0.0
    assert ulp_error(impl.residual(1, 40), want) <= 2


def test_any_kind_of_number_is_taken_and_a_float_comes_back(impl):
    for two in (2, 2.0, np.float64(2), np.float32(2), np.int8(2), Fraction(2)):
        for got in (impl.sigmoid(two), impl.softplus(two), impl.residual(True, two)):
            assert type(got) is float
        same(impl.sigmoid(two), impl.sigmoid(2.0))
        same(impl.residual(np.bool_(True), two), impl.residual(1.0, 2.0))
        loss = impl.binary_cross_entropy
        same(loss(Fraction(1, 2), 1 / two), loss(0.5, 0.5))


@pytest.mark.parametrize("name", ["sigmoid", "softplus"])
def test_a_buffer_of_scores_gives_the_same_bits_as_one_at_a_time(fast, name):
    function = getattr(fast, name)
    values = np.array([*SCORES[::37], INF, -INF, NAN, 0.0, -0.0, 1e308, -1e308])
    for n in [*range(70), 127, 128, 129, len(values)]:
        z = values[len(values) - n :]
        before = z.copy()
        got = function(z)
        assert type(got).__name__ == "array"
        assert got.typecode == "d"
        same(got, [function(float(value)) for value in z])
        same(z, before)
