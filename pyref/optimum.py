"""Chapter 3: to the optimum. One loop, two methods.

The loop asks where it stands, whether there is an optimum, and how far it is; and if this is not
the end, it goes down a step of Newton's method or of L-BFGS. Legend and sources: second_order.py.
"""

from math import log, sqrt

from .front import checks
from .front.checks import Newton
from .head_start import _head_start
from .samples import _from_standard, _penalty, _reach_at_most, _standardised, _to_standard
from .second_order import ROUNDING, _dot, _plus
from .separation import _fate, _step_proves_optimum

MEMORY = 10  # pairs that L-BFGS keeps, unless it is told otherwise


def newton(
    X,
    y,
    *,
    w=None,
    b=0.0,
    l2=0.0,
    sample_weight=None,
    tolerance=1e-10,
    iterations=100,
    callback=None,
):
    """The (w, b) for which the objective F of chapter 1 is lowest, by Newton's method.

        (w, b) <- (w, b) + t * step,        hess step = -grad

    t is 1, or less or more until the Wolfe conditions hold (Nocedal & Wright, 3.6): F has fallen
    by a share of what the slope promised, and the slope has become less steep. X is n rows of d
    features, y is n labels from 0 to 1, sample_weight is n numbers, 0 or more, that count the
    rows: 2 is the row twice, in the standard errors too. The start is zeros, or the given w and
    b if F is lower there; or if none are given and there are 65536 rows or more, and 512 or more
    for each of the d+1 parameters, where some of them lead, whose Hessian is then kept until that
    of all rows is worth its n d^2 / 2 multiplications. For thousands of features see `lbfgs`.

    Returns Newton(w, b, losses, iterations, status, standard_errors, log_likelihood).
    losses[k] is F before update k, and callback(k, losses[k]) is called after it; returning
    True stops the run. log_likelihood is minus the summed loss, without the penalty.

    status
        "converged"   No entry of F's gradient exceeds tolerance, in the units in which each
                      column has a root mean square of 1 (so X may be in any units). The step
                      from here moves no score by more than tolerance either, or no less than
                      rounding does, and (w, b) includes it. There is an optimum: that is proven.
        "separable"   There is none, and that is proven: some weights grow without end. (w, b)
                      is where the run stood when that was seen, and says no more than which way.
        "iterations"  All were made, or the callback stopped the run, or rounding allows no
                      lower F and neither of the above is sure.
        "diverged"    The next parameters would not be finite: (w, b) are the last that are.

    The proofs (pyref/separation.py) cannot tell scores apart that agree to 12 digits of their
    terms. Labels 0 and 1 that overlap by less are called separable; if by little more, the run
    may end in doubt.

    standard_errors has d+1 entries, for w and then b, if the run converged and l2 is 0, else it
    is None. The summed loss is minus the logarithm of the probability of all labels together.
    How sharply it curves is how sharply the data speak: where it is flat, other parameters
    explain them nearly as well. The inverse of the summed Hessian is the covariance of the
    estimates, and the standard errors are the square roots of its diagonal.

    ValueError if l2 is 0 and a column of X is constant or a combination of others. TypeError
    or ValueError names the argument or the entry that cannot be used.

    >>> fit = newton([[1], [2], [3], [4]], [0, 1, 0, 1])
    >>> fit.status, fit.iterations, round(fit.w[0], 10), round(fit.b, 10)
    ('converged', 4, 0.9081842626, -2.2704606564)
    >>> [round(error, 6) for error in fit.standard_errors], round(fit.log_likelihood, 6)
    ([1.085192, 2.934405], -2.347487)

    Document 001's labels go from 0 to 1 once, between x = 3 and x = 4. Any threshold there
    separates them, and no curve is steep enough (document 000 made its labels by a threshold
    too, and chapter 1 can be trained on both for ever):

    >>> newton([[1], [2], [3], [4], [5]], [0, 0, 0, 1, 1]).status
    'separable'
    """
    return _fit(True, X, y, MEMORY, w, b, l2, sample_weight, tolerance, iterations, callback)


def lbfgs(
    X,
    y,
    *,
    memory=MEMORY,
    w=None,
    b=0.0,
    l2=0.0,
    sample_weight=None,
    tolerance=1e-10,
    iterations=100,
    callback=None,
):
    """The same optimum without a Hessian, for many features: limited-memory BFGS.

        (w, b) <- (w, b) + t * step,        step = -(a guess of the inverse of hess) grad

    The guess is made of how the gradient turned over the last `memory` steps. An iteration
    takes about 2 n d + 4 memory d multiplications and 2 memory d numbers of memory, where
    Newton's takes n d^2 / 2 and d^2; but more of them are needed. With 65536 rows or more, and
    512 or more for each of at most 512 parameters, the guess begins as the Hessian of some rows,
    and few are needed.

    Arguments, result and errors are those of `newton`. But standard_errors is None, for they
    need the Hessian. On "converged" it is not the scores' moves that are no more than tolerance
    but sqrt(-grad . step), or no lower F is found: times the root of the sum of the weights, that
    is the distance to the optimum in standard errors, as far as the guess is right. (w, b)
    includes the step where the guess began as a Hessian.
    Without a Hessian doubt is more frequent. And dependent columns are not looked for: if there
    are any and l2 is 0, w is one of many that are equally good.

    >>> fit = lbfgs([[1], [2], [3], [4]], [0, 1, 0, 1])
    >>> fit.status, round(fit.w[0], 8), round(fit.b, 8)
    ('converged', 0.90818426, -2.27046066)
    """
    return _fit(False, X, y, memory, w, b, l2, sample_weight, tolerance, iterations, callback)


def _fit(is_newton, X, y, memory, w, b, l2, sample_weight, tolerance, iterations, callback):
    X = checks.table(X)
    y = checks.labels(y, len(X))
    s = checks.sample_weights(sample_weight, len(X))
    memory = checks.count(memory, "memory", least=1)
    w = [0.0] * len(X[0]) if w is None else checks.weights(w, len(X[0]))
    b = checks.finite(b, "b")
    l2 = checks.not_negative(l2, "l2")
    tolerance = checks.not_negative(tolerance, "tolerance")
    iterations = checks.count(iterations, "iterations")
    checks.callback(callback)
    checks.label_values(y)
    total = checks.sample_weight_values(s, len(X))
    checks.table_values(X)
    samples, units = _standardised(X, y, s, total, l2)
    return _run(is_newton, samples, units, memory, w, b, l2, tolerance, iterations, callback)


def _start(is_newton, samples, units, theta, l2):
    """(the best point known, a head start's L, True if there is an optimum)"""
    # A penalty holds every weight back but not b, which runs away if all labels are 0, or 1.
    L, has_optimum = None, True if l2 else None
    independent = not is_newton or l2 > 0  # or of no interest
    if not any(theta):
        found = _head_start(is_newton, samples, len(theta))
        if found and _all_finite(*_from_standard(found[0], units)):
            theta, L, overlap = found
            independent, has_optimum = True, has_optimum or overlap
    here = None
    if any(theta) and _all_finite(theta, 0.0):
        # With a head start, Newton's method begins with steps of L-BFGS, too.
        here = samples.objective(theta, is_newton and L is None)
    if here is None or not here.F < log(2) or not independent:
        at_zeros = samples.objective([0.0] * len(theta), is_newton)  # where F is log 2
        if not independent:
            _refuse_dependent_columns(samples, at_zeros.hess)
        if here is None or not here.F < at_zeros.F:
            here = at_zeros
    return here, L, has_optimum


def _refuse_dependent_columns(samples, hess_at_zero):
    j = samples.dependent_column(hess_at_zero)
    if j is not None:
        raise checks.dependent_column(j, samples.reaches[j] == 0)


def _all_finite(w, b):
    return all([checks.is_finite(value) for value in w + [b]])


PATIENCE = 10  # Newton's method has ended after as many steps, or something is the matter


def _run(is_newton, samples, units, memory, w, b, l2, tolerance, iterations, callback):
    given = _to_standard(w, b, units)
    here, guess, has_optimum = _start(is_newton, samples, units, given, l2)
    if here.theta is not given:
        w, b = _from_standard(here.theta, units)
    losses, loss, errors = [], here.loss, None
    pairs, distance, stuck = [], checks.INFINITY, False
    status = "separable" if samples.one_class else None
    while status is None:
        # Which way, and is there an optimum?
        k, loss = len(losses), here.loss
        if has_optimum is None and samples.separates(here.theta):
            status = "separable"
            break
        by_newton = here.hess is not None
        step, L, exact = _direction(samples, here, pairs, guess)
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
        guided = not by_newton and guess is not None and len(pairs) > 0
        left = distance * distance / before if guided and before else distance
        settled = stuck or (exact and distance > before / 2)
        near = reach < 1e-4 and (left <= tolerance or settled)

        # Is this the end?
        if has_optimum and flat and near and by_newton == is_newton:
            status = "converged"
            if exact or (guided and not settled):
                w, b, loss = _last_step(samples, units, here, step)
            if exact and not l2:
                errors = _standard_errors(samples, L, units)
            break
        if last and by_newton != is_newton:  # now let the Hessian of all rows have its say
            here, stuck, distance = samples.objective(here.theta, True), False, checks.INFINITY
            continue
        if last:
            status = "iterations"
            break

        # If not, go down.
        slow = k >= PATIENCE or (guided and k >= 3 and distance > before / 4)
        with_hessian = is_newton and (by_newton or near or slow)
        there = _downhill(samples, here, step, with_hessian)
        if there is None:  # there is no lower F this way; or what L-BFGS goes by misleads it
            stuck = is_newton or not (pairs or guess)
            pairs, guess, distance = [], None, checks.INFINITY
            continue
        new_w, new_b = _from_standard(there.theta, units)
        if not _all_finite(new_w, new_b):
            status = "diverged"
            break
        if not by_newton:
            pairs = _remember(samples, pairs, here, there, memory)
        if with_hessian and not by_newton:
            distance = checks.INFINITY  # Newton's steps begin
        losses.append(here.F)
        here, loss, w, b = there, there.loss, new_w, new_b
        if callback is not None and callback(k, losses[k]):
            status = "iterations"
    return Newton(w, b, losses, len(losses), status, errors, -loss)


def _direction(samples, here, pairs, guess):
    """(step, L, exact): Newton's where there is a Hessian, else that of L-BFGS."""
    if here.hess is not None:
        return samples.newton_step(here.hess, here.grad)
    return samples.lbfgs_step(pairs, here.grad, guess), None, False


def _settle_optimum(samples, here, step, by_step, in_doubt):
    """Whether there is an optimum: True, False, or None if that is not known yet."""
    if by_step and _step_proves_optimum(samples, here, step):
        return True
    return _fate(samples, here.theta) if in_doubt else None


def _distance(is_newton, samples, here, step, to_the_end, tolerance):
    """How far the step moves a score at most; and how long it is, as the method measures it."""
    reach = _reach_at_most(samples, step)
    if to_the_end and reach > tolerance:
        reach = samples.reach(step)
    # L-BFGS goes by Newton's decrement (head_start.py).
    return reach, reach if is_newton else sqrt(max(0.0, -_dot(here.grad, step)))


def _last_step(samples, units, here, step):
    """(w, b, the summed loss) after a whole step that is not worth another pass."""
    theta = _plus(here.theta, 1.0, step)
    # F falls by half of -grad . step. What the penalty in it gains is not the loss's.
    gain = -_dot(here.grad, step) / 2 + _penalty(samples.ridge, theta)
    loss = here.loss - samples.total * (gain - _penalty(samples.ridge, here.theta))
    w, b = _from_standard(theta, units)
    return w, b, loss


def _remember(samples, pairs, here, there, memory):
    """The newest pairs for L-BFGS: how theta has changed, and how the gradient turned."""
    change, turn = _plus(there.theta, -1.0, here.theta), _plus(there.grad, -1.0, here.grad)
    turned = _dot(change, turn)
    if turned > 0:
        pairs = (pairs + [samples.pair(change, turn, turned)])[-memory:]
    return pairs


def _downhill(samples, here, step, with_hessian):
    """A good point along the step; None if F is no lower there."""
    return _line_search(
        lambda theta: samples.objective(theta, with_hessian), here, step, _bottom_of_parabola
    )


def _bottom_of_parabola(t, slope, slope_there):
    # where the slope would be zero, were the curve a parabola; or a good way on
    rise = slope_there - slope
    return t * (max(2, -slope / rise) if rise > -slope / 100 else 100)


def _line_search(objective, here, step, further):
    """The first good point along the step, or None.

    Where t of the step is not far enough, further(t, slope, slope there) is tried next."""
    F, slope = here.F, _dot(here.grad, step)
    low, high, t = 0.0, None, 1.0
    for _ in range(60):
        there = objective(_plus(here.theta, t, step))
        F_there, slope_there = there.F, _dot(there.grad, step)
        # The Wolfe conditions (Nocedal & Wright, 3.6). Too far, unless F has fallen by a
        # ten-thousandth of what the slope promised:
        #
        #     F(theta + t step)  <=  F + 0.0001 t slope
        #
        # Where rounding hides the fall, it is known by a slope that has become less.
        hidden = F_there <= F + ROUNDING * F and abs(slope_there) <= 0.9 * abs(slope)
        if not (F_there <= F + 1e-4 * t * slope or hidden):
            high = t
        # Not far enough, if it goes on downhill almost as steeply as it began; far enough is
        #
        #     grad(theta + t step) . step  >=  0.9 slope
        #
        elif slope_there < 0.9 * slope:
            low = t
        else:
            return there
        t = further(t, slope, slope_there) if high is None else (low + high) / 2
    return None


def _standard_errors(samples, L, units):
    # The covariance of theta is C = (total L L^T)^-1, so the variance of u . theta is
    # u^T C u = |L^-1 u|^2 / total. And w[j] is theta[j] / spread[j], while b is theta[d] less
    # the sum of theta[j] shift[j] / spread[j].
    shifts, spreads = units
    last = [-shift / spread for shift, spread in zip(shifts, spreads)] + [1.0]
    squares = samples.variances(L, last)
    total = samples.total
    return [sqrt(v) / sqrt(total) / spread for v, spread in zip(squares, spreads + [1.0])]
