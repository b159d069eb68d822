"""To the optimum, safely. One loop, two methods.

The loop asks where it stands, whether there is an optimum, and how far it is; and if this is not
the end, it goes down a step of Newton's method or of L-BFGS. Legend: pyref/second_order.py,
search.py.
"""

from math import log, sqrt

from ..front import checks
from ..front.checks import Newton
from ..second_order import dot, plus
from .basis import SUSPICIOUS, for_lbfgs, in_own_basis, least_own
from .head_start import head_start
from .samples import reach_at_most
from .search import bottom_of_parabola, line_search
from .separation import Budget, step_proves_optimum


def _start(is_newton, samples, theta, l2):
    """(samples, the best point known, a head start's T, True if there is an optimum)

    The samples may be others than before: in columns that can be told apart (basis.py)."""
    # A penalty holds every weight back but not b, which runs away if all labels are 0, or 1.
    T, has_optimum = None, True if l2 else None
    given = samples
    looked = samples.looked_at or (l2 > 0 and not is_newton)  # whether columns can be told apart
    if not any(theta):
        found = head_start(is_newton, samples, len(theta))
        if found and not looked and samples.least_own(found[1]) < SUSPICIOUS:
            found = None
        if found and _finite(*samples.raw(found[0])):
            theta, T, overlap = found
            looked, has_optimum = True, has_optimum or overlap
    if not looked and not is_newton:
        samples, looked = for_lbfgs(samples), True
        if samples is not given:
            theta = samples.standard(*given.raw(theta))
    # With a head start, Newton's method begins with steps of L-BFGS, too.
    here = at_zeros = samples.objective(theta, is_newton and T is None)
    if any(theta) and (not (looked or l2) or not here.F < log(samples.classes)):  # (or no number)
        at_zeros = samples.objective([0.0] * len(theta), is_newton)  # where F is log C
    if not looked and least_own(samples, at_zeros) < SUSPICIOUS:
        both = here is at_zeros
        samples, at_zeros = in_own_basis(samples, at_zeros)
        here = at_zeros if both else samples.objective(samples.standard(*given.raw(theta)), True)
    return samples, here if here.F < at_zeros.F else at_zeros, T, has_optimum


def _finite(w, b):
    # numbers, or with more than two classes a list of them for each feature, and one for b
    parts = w + [b]
    values = parts if type(b) is float else [value for part in parts for value in part]
    return all([checks.is_finite(value) for value in values])


PATIENCE = 10  # Newton's method has ended after as many steps, or something is the matter


def run(is_newton, samples, memory, w, b, l2, tolerance, iterations, callback):
    """Newton(...), as `pyref.newton` says it, from samples in standard units; all is checked."""
    given = samples.standard(w, b)
    samples, here, guess, has_optimum = _start(is_newton, samples, given, l2)
    if here.theta is not given:
        w, b = samples.raw(here.theta)
    losses, loss, errors = [], here.loss, None
    pairs, distance, stuck = [], checks.INFINITY, False
    status = "separable" if samples.one_class else None
    budget = Budget(samples.count() * len(given), callback)
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
            has_optimum = _settle_optimum(samples, here, step, flat and exact, in_doubt, budget)
        if has_optimum is False:
            status = "separable"
            break
        if budget.stopped:
            status = "iterations"
            break
        if has_optimum is None and budget.spent and (flat or stuck):
            status = "undecided"
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
                w, b, loss = _last_step(samples, here, step)
            if exact and not l2 and samples.has_errors:
                w, b, loss, errors = _errors(samples, T, here, (w, b, loss))
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
        new_w, new_b = samples.raw(there.theta)
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


def _settle_optimum(samples, here, step, by_step, in_doubt, budget):
    """Whether there is an optimum: True, False, or None if that is not known yet."""
    if by_step and step_proves_optimum(samples, here, step):
        return True
    return samples.fate(here, budget) if in_doubt else None


def _distance(is_newton, samples, here, step, to_the_end, tolerance):
    """How far the step moves a score at most; and how long it is, as the method measures it."""
    reach = reach_at_most(samples, step)
    if to_the_end and reach > tolerance:
        reach = samples.reach(step)
    # L-BFGS goes by Newton's decrement (head_start.py).
    return reach, reach if is_newton else sqrt(max(0.0, -dot(here.grad, step)))


def _last_step(samples, here, step):
    """(w, b, the summed loss) after a whole step that is not worth another pass."""
    theta = plus(here.theta, 1.0, step)
    # F falls by half of -grad . step. What the penalty in it gains is not the loss's.
    gain = -dot(here.grad, step) / 2 + samples.penalty_at(theta)
    loss = here.loss - samples.total * (gain - samples.penalty_at(here.theta))
    w, b = samples.raw(theta)
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


def _errors(samples, T, here, found):
    """(w, b, loss, the standard errors) at the optimum `found`, which is a step from here."""
    if samples.least_own(T) < SUSPICIOUS:
        # Here the weights p (1-p) leave some column little of its own. In columns that are told
        # apart with these weights, a few steps give w and b the digits that are missing as well.
        samples, here = in_own_basis(samples, here)
        reach = checks.INFINITY
        while True:
            step, T_here = samples.newton_step(here.hess, here.grad)
            before, reach = reach, samples.reach(step)
            if T_here is None or not reach < before / 2:
                break
            T, found = T_here, _last_step(samples, here, step)
            here = samples.objective(plus(here.theta, 1.0, step), True)
    errors = _standard_errors(samples, T) if samples.counts() else None
    return found[0], found[1], found[2], errors


def _standard_errors(samples, T):
    # The covariance of theta is C = (total T T')^-1, so the variance of u . theta is
    # u' C u = |T^-1 u|^2 / total. And w[j] is theta[j] / spread[j], while b is theta[d] less
    # the sum of theta[j] shift[j] / spread[j].
    total = samples.total
    if not isinstance(samples.units, tuple):
        squares = [dot(u, samples.solve(T, u)) for u in samples.units.directions()]
        return [sqrt(v) / sqrt(total) for v in squares]
    shifts, spreads = samples.units
    last = [-shift / spread for shift, spread in zip(shifts, spreads)] + [1.0]
    squares = samples.variances(T, last)
    return [sqrt(v) / sqrt(total) / spread for v, spread in zip(squares, spreads + [1.0])]
