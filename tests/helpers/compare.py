"""Comparators. Each says what it allows and why; test_comparators.py proves what each refuses.

    same                 the same bits, in the same places
    ulps                 how many floats apart two floats are
    ulp_error            how far a float is from the truth, in units of the truth's last place
    Worst                the worst of many errors, with the input that gave it
    within               |got - want| <= bound, entry by entry
    gradient_agrees      loss and gradient against the oracle, within the bound derived below
    gradient_ab_agrees   the same of gradient_ab, whose bound is absolute where it takes p - y
    descent_agrees       a whole descent against the oracle, within the bound derived below

All of them fail on a NaN that was not wanted, on entries too many or too few, and on a case
that could not tell a right answer from zero (`Blind`): such a test would prove nothing.

The bound for sums
------------------
Write eps = 2^-52. One rounded operation moves its result by at most eps/2 of it. Terms of
order eps^2 are left out below, and covered by rounding the constants up.

1. The score z = b + sum of w_j x_ij: each of its d + 1 terms goes through at most one product
   and d additions, whatever their order, so z is off by at most

       shift = (d + 1)/2 eps * (|b| + sum of |w_j x_ij|)

2. A shifted score moves the residual r and the loss L, since dr/dz = p (1-p) <= 1/4 and
   dL/dz = r. Over an interval of length shift, p (1-p) grows by at most e^shift, so

       r moves by at most  pull = min(shift p (1-p) e^shift, shift/4, 1)
       L moves by at most  shift (|r| + pull)

   (shift/4 alone would do for scores near 0. For samples far on their right side, where r is
   1e-17, it would let a zero pass.)

3. From its score, r is right to OWN = 3 units in the last place of its two terms
   (1-y) p + y (1-p), the promise of front/test_scalars.py; a unit is at most eps. So is L.
   A result below 2^-1022 has no relative accuracy: there a unit is 2^-1074.

4. A sum of n terms, in any order: each goes through at most n - 1 additions and, as r x_ij,
   one product, so the sum is off by at most  n/2 eps * (sum of the terms' magnitudes).

Together, with M the sum of the terms' magnitudes ( |x_ij| ((1-y_i) p_i + y_i (1-p_i)) for
grad_w[j], the same without x_ij for grad_b, L_i for the loss):

    |got - want| <= (n/2 + 4) eps M + sum of (what the shift of z_i moves term i by)

From n = 3 on, n/2 + 4 is less than 2n: this is inside the 2 n eps M that the project states.
"""

import math
import struct

import mpmath
import numpy as np

from helpers import oracle

EPS = 2.0**-52
QUANTUM = 2.0**-1074  # the smallest positive float, and the spacing of all below 2^-1021
LARGEST = float(np.finfo(float).max)
OWN = 3


class Blind(ValueError):
    """The case would let a zero pass for the answer: choose another."""


# ---------------------------------------------------------------- one float


def _bits(value):
    return struct.pack(">d", value) if value == value else b"NaN"


def same(got, want):
    """The same floats bit for bit (a NaN is a NaN), in the same nesting; lists or arrays."""
    if isinstance(want, (float, int)):
        assert isinstance(got, (float, int)), f"got {got!r}, want {want!r}"
        assert _bits(got) == _bits(want), f"got {got!r}, want {want!r}, to the bit"
        return
    assert len(got) == len(want), f"got {len(got)} entries, want {len(want)}"
    for got_i, want_i in zip(got, want, strict=True):
        same(got_i, want_i)


def _place(value):
    """The float's place in the order of all floats; both zeros have place 0."""
    (whole,) = struct.unpack(">q", struct.pack(">d", abs(value)))
    return -whole if value < 0 else whole


def ulps(got, want):
    """How many floats apart. Zeros are equal whatever their sign, NaN is equal to NaN alone,
    and an infinity to itself alone: it is no neighbour of the largest float."""
    if math.isnan(got) or math.isnan(want):
        return 0 if math.isnan(got) and math.isnan(want) else math.inf
    if got == want:
        return 0
    if math.isinf(got) or math.isinf(want):
        return math.inf
    return abs(_place(got) - _place(want))


def last_place(truth):
    """The worth of one unit in the last place of the double next to an mpmath number."""
    return mpmath.ldexp(1, max(mpmath.mag(truth) - 53, -1074)) if truth else mpmath.mpf(QUANTUM)


def ulp_error(got, truth):
    """|got - truth| in units of the truth's last place; truth is an mpmath number.

    A truth beyond the largest float (by half a unit or more) has the infinity for its float.
    (In whole numbers times powers of two, as both are: ten times faster than by mpmath.)
    """
    if math.isnan(got):
        return math.inf
    sign, man, exp, bits = truth._mpf_
    if not man:
        return abs(got) / QUANTUM if math.isfinite(got) else math.inf
    if exp + bits > 1023 and abs(truth) >= mpmath.mpf(LARGEST) + mpmath.ldexp(1, 970):
        return 0.0 if got == (-math.inf if sign else math.inf) else math.inf
    if math.isinf(got):
        return math.inf
    unit = max(exp + bits - 53, -1074)
    top, bottom = got.as_integer_ratio()
    low = min(exp, 1 - bottom.bit_length())  # bottom is a power of two
    apart = abs((top << (1 - bottom.bit_length() - low)) - ((-man if sign else man) << (exp - low)))
    more = max(apart.bit_length() - 64, 0)
    try:
        return math.ldexp(apart >> more, low + more - unit)
    except OverflowError:
        return math.inf


class Worst:
    """Collects errors; remembers the worst and the input that gave it."""

    def __init__(self, what, unit="ulp"):
        self.what, self.unit = what, unit
        self.error, self.where, self.seen = -1.0, "nothing", 0

    def see(self, error, where):
        self.seen += 1
        # a NaN is below nothing: count it as the worst there is
        error = error if error == error else math.inf
        if error > self.error:
            self.error, self.where = error, where

    def __str__(self):
        return f"{self.what}: at worst {self.error:.4g} {self.unit}, for {self.where}"

    def at_most(self, bound, least_seen):
        """Fails above `bound`, and when fewer than `least_seen` inputs were looked at."""
        print(self, f"({self.seen} inputs, bound {bound:g})")
        assert self.seen >= least_seen, f"{self.what}: only {self.seen} inputs"
        assert self.error <= bound, f"{self}; the bound is {bound:g}"


# ---------------------------------------------------------------- many floats


def within(got, want, bound, what, blind_ok=False):
    """|got - want| <= bound for every entry, and some entry of want is well above its bound."""
    got = np.asarray(got, oracle.LONG)
    want = np.asarray(want, oracle.LONG)
    assert got.shape == want.shape, f"{what}: got shape {got.shape}, want {want.shape}"
    bound = np.broadcast_to(np.asarray(bound, oracle.LONG), want.shape)
    if not (blind_ok or np.any(abs(want) > 4 * bound)):
        raise Blind(f"{what}: the bound {bound} hides the wanted {want}")
    with np.errstate(invalid="ignore"):
        bad = ~(abs(got - want) <= bound)  # so written, a NaN is bad
    if bad.any():
        i = np.unravel_index(np.argmax(bad), bad.shape)
        got_i, want_i = float(got[i]), float(want[i])
        raise AssertionError(
            f"{what}{list(map(int, i)) or ''}: got {got_i!r}, want {want_i!r}, off by"
            f" {got_i - want_i:.3g}, bound {float(bound[i]):.3g}"
            f" ({int(bad.sum())} of {bad.size} entries)"
        )


def remembered(function):
    """The last few answers of a function of arrays and numbers. Both implementations are asked
    the same, and the truth in long floats costs more than either."""
    answers = {}

    def look_up(X, y, *numbers):
        X, y = np.asarray(X, oracle.LONG), np.asarray(y, oracle.LONG)
        numbers = [np.asarray(value, oracle.LONG) for value in numbers]
        key = (X.shape, X.tobytes(), y.tobytes(), *[value.tobytes() for value in numbers])
        if key not in answers:
            if len(answers) >= 8:
                del answers[next(iter(answers))]
            answers[key] = function(X, y, *numbers)
        return answers[key]

    look_up.__doc__ = function.__doc__
    return look_up


@remembered
def gradient_and_bound(X, y, w, b):
    """The oracle's Sums(loss, grad_w, grad_b), and what the bound above allows for each."""
    n, d = X.shape
    eps = EPS + oracle.EPS
    s = oracle.samples(X, y, w, b)
    size_x = abs(X)
    shift = (d + 2) / 2 * eps * (size_x @ abs(w) + abs(b))
    pull = shift * s.p * s.q * np.exp(np.minimum(shift, 100))
    pull = np.minimum(np.minimum(pull, shift / 4), 1)
    terms = (n / 2 + 4) * eps
    unit = 4 * QUANTUM  # of the subnormal: OWN units, and one more for the product
    return oracle.sums(s, X), oracle.Sums(
        terms * s.loss.sum() + (shift * (abs(s.residual) + pull)).sum() + n * unit,
        terms * (s.size @ size_x) + pull @ size_x + unit * (size_x.sum(axis=0) + n),
        terms * s.size.sum() + pull.sum() + n * unit,
    )


def gradient_agrees(got, X, y, w, b, what="", blind_ok=False):
    """(loss, grad_w, grad_b), summed, against the oracle within the bound above."""
    want, bound = gradient_and_bound(X, y, w, b)
    loss, grad_w, grad_b = got
    assert len(grad_w) == len(want.grad_w), f"{what} grad_w has {len(grad_w)} entries"
    within(loss, want.loss, bound.loss, f"{what} loss", blind_ok)
    within(
        [*grad_w, grad_b],
        [*want.grad_w, want.grad_b],
        [*bound.grad_w, bound.grad_b],
        f"{what} grad",
        blind_ok,
    )


def gradient_ab_and_bound(impl, x, y, a, b):
    """The oracle's (grad_a, grad_b), and what gradient_ab may be off by in each.

    Of pyref.fast this is the bound above. `pyref` takes p - y, as document 001 does. Its p is off
    by 1.61 units in the last place, which is 0.81 eps for p from 1/2 to 1; p - y is exact there
    for y in {0, 1} and rounds by eps/4 else; the product rounds by eps/2, and each of n - 1
    additions by eps/2 of at most the sum of |x|. Together, instead of (n/2 + 4) eps M,

        (n/2 + 2) eps * sum of |x_i|          and for b          (n/2 + 2) eps * n

    This one is absolute: it does not become small where all residuals are.
    """
    X = np.asarray(x, float)[:, None]
    want, bound = gradient_and_bound(X, y, [a], b)
    want, bound = [want.grad_w[0], want.grad_b], [bound.grad_w[0], bound.grad_b]
    if impl.__name__ == "pyref":
        s, size_x, n = oracle.samples(X, y, [a], b), abs(X[:, 0]), len(X)
        exact = (n / 2 + 4) * (EPS + oracle.EPS)
        bound[0] += (n / 2 + 2) * EPS * size_x.sum() - exact * (s.size @ size_x)
        bound[1] += (n / 2 + 2) * EPS * n - exact * s.size.sum()
    return want, bound


def gradient_ab_agrees(impl, x, y, a, b, what="gradient_ab", blind_ok=False):
    """gradient_ab of an implementation against the oracle, within its bound."""
    want, bound = gradient_ab_and_bound(impl, x, y, a, b)
    within(impl.gradient_ab(x, y, a, b), want, bound, what, blind_ok)


# ---------------------------------------------------------------- a whole descent
#
# Beside the oracle's parameters t runs a bound E on how far the implementation's may be from
# them, in the Euclidean norm. One update is  v <- m v + g,  t <- t - step v.  It adds to E
#
#   - the gradient's rounding: step times G, the norm of the bound above (and m v goes through
#     the same additions as the gradient's terms where it is the start of the sum);
#   - the update's own rounding: eps times |t| and three times |step v|;
#   - that the gradient is taken at parameters that are off by E. Without momentum this adds
#     nothing while step * lambda <= 2, lambda the largest eigenvalue of the summed loss's second
#     derivative (at most that of A^T A / 4, A = [X 1]): then  t - step g(t)  brings any two
#     points closer together, as the loss is convex. With momentum, v is off by
#     V <- m V + G + lambda E, and E grows by step * V.
#
# The loss is off by its own bound plus |g| E + lambda E^2 / 2. The factor 1.01 pays for G being
# taken at the oracle's parameters.


@remembered
def path_and_bounds(X, y, start, step, momentum, updates):
    """The oracle's losses and change of parameters, and the bound of each, after some updates.
    step is that of the summed gradient."""
    n, d = X.shape
    A = np.hstack([X, np.ones((n, 1))]).astype(float)
    # A^T A and A A^T have the same eigenvalues but for zeros: take the smaller one
    steepness = 1.01 * np.linalg.eigvalsh(A.T @ A if d < n else A @ A.T)[-1] / 4
    contracts = momentum == 0 and step * steepness <= 2
    t, v, E, V = start, np.zeros(d + 1, oracle.LONG), oracle.LONG(0), oracle.LONG(0)
    losses, loss_bounds = [], []
    for _ in range(int(updates)):
        at, bound = gradient_and_bound(X, y, t[:d], t[d])
        g = np.array([*at.grad_w, at.grad_b])
        losses.append(at.loss / n)
        off = 1.01 * bound.loss + np.linalg.norm(g) * E + steepness * E * E / 2
        loss_bounds.append(off / n + EPS * losses[-1])
        G = 1.01 * np.linalg.norm(np.array([*bound.grad_w, bound.grad_b]))
        G += (n / 2 + 4) * EPS * momentum * np.linalg.norm(v)
        V = momentum * V + G + (0 if contracts else steepness * E)
        v = momentum * v + g
        t = t - step * v
        E = E + step * V + EPS * (np.linalg.norm(t) + 3 * step * np.linalg.norm(v))
    return losses, loss_bounds, t - start, E


def descent_agrees(
    fit, X, y, *, learning_rate, w=None, b=0.0, momentum=0.0, reduction="mean", what="descent"
):
    """Every loss and the final parameters of a Descent, against the oracle's own descent."""
    n, d = np.shape(X)
    assert len(fit.w) == d, f"{what}: w has {len(fit.w)} entries"
    assert len(fit.losses) == fit.iterations, f"{what}: {len(fit.losses)} losses"
    step = oracle.LONG(learning_rate) / (n if reduction == "mean" else 1)
    start = np.array([*([0.0] * d if w is None else w), b], oracle.LONG)
    path = path_and_bounds(X, y, start, step, momentum, len(fit.losses))
    losses, loss_bounds, moved, E = path
    within(fit.losses, losses, loss_bounds, f"{what} losses", blind_ok=not losses)
    within([*fit.w, fit.b] - start, moved, E, f"{what} parameters", blind_ok=not losses)
