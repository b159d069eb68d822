"""To the optimum, safely. One loop, two methods.

The loop asks where it stands, whether there is an optimum, and how far it is; and if this is not
the end, it goes down a step of Newton's method or of L-BFGS. Legend: pyref/second_order.py,
search.py.
"""

from math import log, sqrt

from ..front import checks
from ..front.checks import Newton
from ..second_order import dot, plus
from .head_start import head_start
from .samples import from_standard, penalty, reach_at_most, to_standard
from .search import bottom_of_parabola, line_search
from .separation import fate, step_proves_optimum


def _start(is_newton, samples, units, theta, l2):
    """(the best point known, a head start's T, True if there is an optimum)"""
    # A penalty holds every weight back but not b, which runs away if all labels are 0, or 1.
    T, has_optimum = None, True if l2 else None
    independent = not is_newton or l2 > 0  # or of no interest
    if not any(theta):
        found = head_start(is_newton, samples, len(theta))
        if found and _finite(*from_standard(found[0], units)):
            theta, T, overlap = found
            independent, has_optimum = True, has_optimum or overlap
    # With a head start, Newton's method begins with steps of L-BFGS, too.
    here = at_zeros = samples.objective(theta, is_newton and T is None)
    if any(theta) and (not independent or not here.F < log(2)):  # F may be no number
        at_zeros = samples.objective([0.0] * len(theta), is_newton)  # where F is log 2
    if not independent:
        _refuse_dependent_columns(samples, at_zeros.hess)
    return here if here.F < at_zeros.F else at_zeros, T, has_optimum


def _refuse_dependent_columns(samples, hess_at_zero):
    j = samples.dependent_column(hess_at_zero)
    if j is not None:
        raise checks.dependent_column(j, samples.reaches[j] == 0)


def _finite(w, b):
    return all([checks.is_finite(value) for value in w + [b]])


PATIENCE = 10  # Newton's method has ended after as many steps, or something is the matter


def run(is_newton, samples, memory, w, b, l2, tolerance, iterations, callback):
    """Newton(...), as `pyref.newton` says it, from samples in standard units; all is checked."""
    units = samples.units
    given = to_standard(w, b, units)
    here, guess, has_optimum = _start(is_newton, samples, units, given, l2)
    if here.theta is not given:
        w, b = from_standard(here.theta, units)
    losses, loss, errors = [], here.loss, None
    pairs, distance, stuck = [], checks.INFINITY, False
    status = "separable" if samples.one_class else None
    while status is None:
        # Which way, and is there an optimum?
        k, loss = len(losses), here.loss
        if has_optimum is None and samples.separates(here.theta):
            has_optimum = False
        by_newton = here.hess is not None
        step, T = _direction(samples, here, pairs, guess)
        exact = T is not None
        flat = all([abs(g) <= tolerance for g in here.grad])
        last = stuck or k == iterations
        if has_optimum is None:
            in_doubt = flat or last or (is_newton and k >= PATIENCE)
            has_optimum = _settle_optimum(samples, here, step, flat and exact, in_doubt)
        if has_optimum is False:
            status = "separable"
            break

        # How far is it still? As far as this step. Or, where the Hessian of some rows makes each
        # step a fraction of the one before, as far as the next will be: this one, as much smaller
        # again. A step of Newton's that is not smaller than the one before is all rounding.
        before = distance
        reach, distance = _distance(is_newton, samples, here, step, flat and exact, tolerance)
        foreseen = guess is not None and distance * distance <= tolerance * before
        settled = stuck or (exact and distance > before / 2)
        near = reach < 1e-4 and (distance <= tolerance or foreseen or settled)

        # Is this the end?
        if has_optimum and flat and near and by_newton == is_newton:
            status = "converged"
            if exact or guess is not None:
                w, b, loss = _last_step(samples, units, here, step)
            if exact and not l2:
                errors = _standard_errors(samples, T, units)
            break
        if last:
            status = "iterations"
            break

        # If not, go down.
        slow = k >= 3 and distance > before / 4
        with_hessian = is_newton and (by_newton or near or slow)
        there = _downhill(samples, here, step, with_hessian)
        if there is None:  # there is no lower F this way; or what L-BFGS goes by misleads it
            stuck = by_newton or not (is_newton or pairs or guess)
            if is_newton and not by_newton:
                here = samples.objective(here.theta, True)
            pairs, guess, distance = [], None, checks.INFINITY
            continue
        new_w, new_b = from_standard(there.theta, units)
        if not _finite(new_w, new_b):
            status = "diverged"
            break
        if not by_newton:
            pairs = _remember(samples, pairs, here, there, memory)
        if with_hessian and not by_newton:  # Newton's steps begin
            guess, distance = None, checks.INFINITY
        losses.append(here.F)
        here, loss, w, b = there, there.loss, new_w, new_b
        if callback is not None and callback(k, losses[k]):
            status = "iterations"
    return Newton(w, b, losses, len(losses), status, errors, -loss)


def _direction(samples, here, pairs, guess):
    """(step, T): Newton's where there is a Hessian, else that of L-BFGS, and None."""
    if here.hess is not None:
        return samples.newton_step(here.hess, here.grad)
    return samples.lbfgs_step(pairs, here.grad, guess), None


def _settle_optimum(samples, here, step, by_step, in_doubt):
    """Whether there is an optimum: True, False, or None if that is not known yet."""
    if by_step and step_proves_optimum(samples, here, step):
        return True
    return fate(samples, here.theta) if in_doubt else None


def _distance(is_newton, samples, here, step, to_the_end, tolerance):
    """How far the step moves a score at most; and how long it is, as the method measures it."""
    reach = reach_at_most(samples, step)
    if to_the_end and reach > tolerance:
        reach = samples.reach(step)
    # L-BFGS goes by Newton's decrement (head_start.py).
    return reach, reach if is_newton else sqrt(max(0.0, -dot(here.grad, step)))


def _last_step(samples, units, here, step):
    """(w, b, the summed loss) after a whole step that is not worth another pass."""
    theta = plus(here.theta, 1.0, step)
    # F falls by half of -grad . step. What the penalty in it gains is not the loss's.
    gain = -dot(here.grad, step) / 2 + penalty(samples.ridge, theta)
    loss = here.loss - samples.total * (gain - penalty(samples.ridge, here.theta))
    w, b = from_standard(theta, units)
    return w, b, loss


def _remember(samples, pairs, here, there, memory):
    """The newest pairs for L-BFGS: how theta has changed, and how the gradient turned."""
    change, turn = plus(there.theta, -1.0, here.theta), plus(there.grad, -1.0, here.grad)
    if dot(change, turn) > 0:
        pairs = (pairs + [samples.pair(change, turn)])[-memory:]
    return pairs


def _downhill(samples, here, step, with_hessian):
    """A good point along the step; None if F is no lower there."""
    return line_search(
        lambda theta: samples.objective(theta, with_hessian), here, step, bottom_of_parabola
    )


def _standard_errors(samples, T, units):
    # The covariance of theta is C = (total T T')^-1, so the variance of u . theta is
    # u' C u = |T^-1 u|^2 / total. And w[j] is theta[j] / spread[j], while b is theta[d] less
    # the sum of theta[j] shift[j] / spread[j].
    shifts, spreads = units
    last = [-shift / spread for shift, spread in zip(shifts, spreads)] + [1.0]
    squares = samples.variances(T, last)
    total = samples.total
    return [sqrt(v) / sqrt(total) / spread for v, spread in zip(squares, spreads + [1.0])]
