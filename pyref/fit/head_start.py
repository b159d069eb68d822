"""A starting point from a sample of the rows, where there are very many.

The optimum of some of the rows is near that of all of them: off by no more than chance makes of so
many. Newton's decrement is the root of -grad . step, and a distance: to the optimum, in units of
how sharply F curves. Its square, which is twice what the step promises to gain, is by chance about
(d+1)/rows, or 1/SOME at most. A search that ends at a hundredth of that is off by a tenth of the
distance that chance has put there anyway: nothing is gained by a better one. And it leaves two
things behind that serve for all rows: its Hessian, nearly theirs, as L-BFGS's guess; and its
proof, since what overlaps in part overlaps as a whole. (Its Hessian has a triangle, so no column of
the sample is dependent: whatever v would separate the whole moves some row of the sample, and
separates that as well.)

Legend: pyref/second_order.py, search.py.
"""

from ..front import checks
from ..second_order import dot, plus
from .separation import step_proves_optimum

MANY = 65536
SHARE, SOME = 64, 64  # one row in SHARE, but at least SOME for each parameter
FEW = 8  # no more than one row in FEW, or the search costs what it saves: FEW * SOME is the 512
WIDE = 512  # parameters for which a Hessian of some rows is too dear for L-BFGS


def head_start(is_newton, samples, m):
    """(theta, T, True if there is an optimum) by some rows; or None if that leads nowhere.

    m is how many parameters there are, T the triangle of the Hessian."""
    share = min(SHARE, samples.count() // (SOME * m))
    if samples.count() < MANY or share < FEW or (m > WIDE and not is_newton):
        return None
    some, theta, step, square = samples.some(share), [0.0] * m, None, checks.INFINITY
    while square > 0.01 / SOME:  # the square of Newton's decrement
        theta = plus(theta, 1.0, step) if step else theta
        here = some.objective(theta, True)
        step, T = some.newton_step(here.hess, here.grad)
        before, square = square, -dot(here.grad, step)
        if T is None or not square < before:
            return None
    has_optimum = step_proves_optimum(some, here, step) or None
    # From there one step with the gradient and the Hessian of a quarter of all rows. If it promises
    # to gain much of F, the few rows were misleading (they may hold little of a rare class).
    here = samples.some(4).objective(theta, True)
    step, T = samples.newton_step(here.hess, here.grad)
    good = -dot(here.grad, step) < here.F / 2
    return (plus(theta, 1.0, step), T, has_optimum) if good else None
