"""Chapter 3: where to begin with very many rows.

Of very many rows a few know most of the way. Their optimum is off by no more than chance makes
of so many. Newton's decrement is the root of -grad . step, and a distance: to the optimum, in
units of how sharply F curves. Its square, which is twice what the step promises to gain, is by
chance about (d+1)/rows, or 1/SOME at most. A search that ends at a hundredth of that is off by a
tenth of the distance that chance has put there anyway: nothing is gained by a better one. And
it leaves two things behind that serve for all rows: its Hessian, nearly theirs, as L-BFGS's
guess; and its proof, since what overlaps in part overlaps as a whole. (No column of the part is
dependent, so whatever v would separate the whole moves some sample of the part, and separates
that as well.)

Legend: second_order.py.
"""

from .front import checks
from .second_order import _dot, _plus
from .separation import _step_proves_optimum

MANY = 65536
SHARE, SOME = 64, 64  # one row in SHARE, but at least SOME for each parameter
FEW = 8  # no more than one row in FEW, or the search costs what it saves: FEW * SOME is the 512
WIDE = 512  # parameters for which a Hessian of some rows is too dear for L-BFGS


def _head_start(is_newton, samples, m):
    """(theta, L, True if there is an optimum) by some rows; or None if that leads nowhere.

    m is how many parameters there are, L the triangle of the Hessian (second_order.py)."""
    share = min(SHARE, samples.count() // (SOME * m))
    if samples.count() < MANY or samples.one_class or (m > WIDE and not is_newton):
        return None
    if share < FEW:
        return None
    some, theta, step, square = samples.some(share), [0.0] * m, None, checks.INFINITY
    while square > 0.01 / SOME:  # the square of Newton's decrement
        theta = _plus(theta, 1.0, step) if step else theta
        here = some.objective(theta, True)
        if not step and some.dependent_column(here.hess) is not None:
            return None
        step, L, exact = some.newton_step(here.hess, here.grad)
        before, square = square, -_dot(here.grad, step)
        if not (exact and square < 0.9 * before):
            return None
    has_optimum = _step_proves_optimum(some, here, step) or None
    # One more step, with the slope and the Hessian of a quarter of all rows. If it promises to gain
    # much of F, the few rows were misleading (they may hold next to nothing of a rare class).
    theta = _plus(theta, 1.0, step)
    here = samples.some(4).objective(theta, True)
    step, L, exact = samples.newton_step(here.hess, here.grad)
    good = exact and -_dot(here.grad, step) < here.F / 2
    return (_plus(theta, 1.0, step), L, has_optimum) if good else None
