"""How far to go: along a step, and where the Hessian has nothing to say.

Legend: pyref/second_order.py, and
    F        the objective: the mean loss, each row counted s_i times, plus l2/2 |w|^2
    Point    what is known at theta: F, its gradient, its Hessian (or None), the summed loss
    t        how much of a step is taken
"""

from collections import namedtuple

from ..second_order import ROUNDING, dot, plus

Point = namedtuple("Point", ("theta", "F", "grad", "hess", "loss"))


DAMPING = 1e-6  # small beside p (1-p) near the optimum, large beside rounding


def newton_step(hess, grad, triangle, solve):
    """(step, T): Newton's step, and the triangle of hess; or a shorter one, and None.

    triangle(hess, shift) is that of hess with shift added to its diagonal, or None. hess has none
    far out, where every p rounds to 0 or 1 and it vanishes; and where columns are dependent, and
    the penalty is lost in rounding."""
    back = [-g for g in grad]
    T = triangle(hess, 0.0)
    if T is not None:
        return solve(T, back), T
    damped = triangle(hess, DAMPING)
    return (back if damped is None else solve(damped, back)), None  # (None: hess has a NaN)


def line_search(objective, here, step, further):
    """The first good point along the step, or None.

    Where t of the step is not far enough, further(t, gradient, gradient there) is tried next; both
    are gradients along the step."""
    F, along = here.F, dot(here.grad, step)
    if not along < 0:
        return None  # rounding has turned the step uphill
    low, high, t = 0.0, None, 1.0
    for _ in range(60):
        there = objective(plus(here.theta, t, step))
        F_there, along_there = there.F, dot(there.grad, step)
        # The Wolfe conditions (Nocedal & Wright, 3.6). Too far, unless F has fallen by a
        # ten-thousandth of what the gradient promised:
        #
        #     F(theta + t step)  <=  F + 0.0001 t grad . step
        #
        # Where rounding hides the fall, it is known by a gradient that has become smaller.
        hidden = F_there <= F + ROUNDING * F and along_there <= -0.9 * along
        if not (F_there <= F + 1e-4 * t * along or hidden):
            high = t
        # Not far enough, if it goes on downhill almost as steeply as it began; far enough is
        #
        #     grad(theta + t step) . step  >=  0.9 grad . step
        #
        elif along_there < 0.9 * along:
            low = t
        else:
            return there
        t = further(t, along, along_there) if high is None else (low + high) / 2
    return None


def bottom_of_parabola(t, along, along_there):
    """Where the gradient along the step would be zero, were F a parabola; or a good way on."""
    rise = along_there - along
    return t * (min(max(2, -along / rise), 100) if rise > 0 else 100)


def first_guess(pairs, ridge, dot):
    """The inverse Hessian that L-BFGS corrects, where nothing better is known: a product."""
    # In standard units a column curves by at most about 1/4, and by its penalty. Scaled to agree
    # with the newest pair, or without one to be safe.
    guess = [1 / (0.25 + ridge_j) for ridge_j in ridge]
    scale = 1 / len(ridge)
    if pairs:
        change, turn = pairs[-1]
        guessed = dot(turn, [guess_j * turn_j for guess_j, turn_j in zip(guess, turn)])
        if guessed > 0:
            scale = dot(change, turn) / guessed
    return lambda v: [scale * guess_j * v_j for guess_j, v_j in zip(guess, v)]
