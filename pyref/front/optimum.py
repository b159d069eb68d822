"""The public functions of chapter 3 (pyref/second_order.py), over either engine.

`newton` and `lbfgs` are the safe fit (the room pyref/fit/), not the lesson's dozen lines.
"""

from math import sqrt

from . import checks

MEMORY = 10  # how many pairs L-BFGS keeps, unless it is told otherwise


class Optimum:
    """Second derivatives, and the fit to the optimum."""

    def hessian(self, X, y, w, b, sample_weight=None, threads=None):
        """Loss, gradient and second derivatives, summed over the samples: (loss, grad, hess).

            loss       = sum of s_i L(y_i, z_i)
            grad[j]    = sum of s_i (p_i - y_i) a_i[j]               a_i = (x_i, 1)
            hess[j][k] = sum of s_i p_i (1 - p_i) a_i[j] a_i[k]

        X is n rows of d features, y is n labels from 0 to 1, w is d weights, sample_weight is n
        numbers, 0 or more, and threads is as in `gradient`. grad has d+1 entries, and hess d+1
        rows of d+1: first for w, then for b, whose feature is the number 1. TypeError or
        ValueError names the entry that cannot be used.

        >>> from pyref import hessian
        >>> hessian([[1], [3]], [0, 1], [0], 0)[1:]
        ([-1.0, 0.0], [[2.5, 1.0], [1.0, 0.5]])
        """
        e = self.engine
        try:
            X = e.table(X, y, sample_weight)
            n, d = e.shape(X)
            y = e.labels(y, n)
            sample_weight = e.sample_weights(sample_weight, n)
            w, b = e.weights(w, d), checks.finite(b, "b")
            threads = e.threads(threads)
            e.label_values(y)
            e.sample_weight_values(sample_weight, n)
            return e.hessian(X, y, sample_weight, w, b, threads)
        except BaseException:
            e.let_go(X, y, sample_weight)
            raise

    def newton(
        self,
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
        threads=None,
    ):
        """The (w, b) for which the objective F is lowest, by Newton's method.

            F  =  mean loss + l2/2 |w|^2          (w, b) <- (w, b) + t * step,  hess step = -grad

        t is 1, or less or more until F has fallen by a share of what the gradient promised and the
        gradient along the step has become smaller (the Wolfe conditions: Nocedal & Wright, 3.6).
        X is n rows of d features, y is n labels from 0 to 1, sample_weight is n numbers, 0 or
        more, that count the rows: 2 is the row twice, in the standard errors too. The start is
        zeros, or the given w and b if F is lower there. With 65536 rows or more, and 512 or more
        for each of the d+1 parameters, it is a fit to a sample of the rows. For thousands of
        features see `lbfgs`.

        Returns Newton(w, b, losses, iterations, status, standard_errors, log_likelihood).
        losses[k] is F before update k, and callback(k, losses[k]) is called after it; returning
        True stops the run. (If callback has a method stop(), a search for a proof asks it as well.)
        log_likelihood is minus the summed loss, without the penalty.

        status
            "converged"   No entry of F's gradient exceeds tolerance, in the units in which each
                          column has a root mean square of 1 (so X may be in any units). The step
                          from here moves no score by more than tolerance either, or by no less
                          than rounding does, and (w, b) includes it. There is an optimum: that
                          is proven.
            "separable"   There is none, and that is proven: some weights grow without end. (w, b)
                          is where the run stood when that was seen, and says no more than which
                          way.
            "undecided"   The gradient is as small, or rounding allows no lower F, but the search
                          for a proof of either has spent its budget: 200 passes over a large X.
            "iterations"  All were made, or the callback stopped the run, or rounding allows no
                          lower F and none of the above is sure.
            "diverged"    The next parameters would not be finite: (w, b) are the last that are.

        The proofs (pyref/fit/separation.py) cannot tell scores apart that agree to 12 digits of
        their terms. Labels 0 and 1 that overlap by less are called separable; if by little more,
        the run may end in doubt.

        standard_errors has d+1 entries, for w and then b, if the run converged and l2 is 0, else it
        is None: the square roots of the diagonal of the inverse of the summed Hessian. Nor are
        there any if a weight is no whole number, for then it does not count rows.

        ValueError if l2 is 0 and a column of X is constant or a combination of others, or so
        nearly one that floats cannot tell. (A column that is nearly one is fitted in a basis of
        its own, pyref/fit/basis.py, which takes a copy of X.) TypeError or ValueError names the
        argument or the entry that cannot be used.

        >>> from pyref import newton
        >>> fit = newton([[1], [2], [3], [4]], [0, 1, 0, 1])
        >>> fit.status, fit.iterations, round(fit.w[0], 10), round(fit.b, 10)
        ('converged', 4, 0.9081842626, -2.2704606564)
        >>> [round(error, 6) for error in fit.standard_errors], round(fit.log_likelihood, 6)
        ([1.085192, 2.934405], -2.347487)
        >>> newton([[1], [2], [3], [4], [5]], [0, 0, 0, 1, 1]).status      # document 001
        'separable'
        """
        return self._fit(
            True, X, y, MEMORY, w, b, l2, sample_weight, tolerance, iterations, callback, threads
        )

    def lbfgs(
        self,
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
        threads=None,
    ):
        """The same optimum without a Hessian, for many features: limited-memory BFGS.

            (w, b) <- (w, b) + t * step,        step = -(a guess of the inverse of hess) grad

        The guess is made of how the gradient changed over the last `memory` steps. An iteration
        takes about 2 n d + 4 memory d multiplications and 2 memory d numbers of memory, where
        Newton's takes n d^2 / 2 and d^2; but more of them are needed. With 65536 rows or more, and
        512 or more for each of at most 512 parameters, the guess begins as the Hessian of a sample
        of the rows, and few are needed.

        Arguments, result and errors are those of `newton`. But standard_errors is None, for they
        need the Hessian. On "converged" it is not the scores' moves that are no more than tolerance
        but sqrt(-grad . step), or no lower F is found: times the root of the sum of the weights,
        that is the distance to the optimum in standard errors, as far as the guess is right. (w, b)
        includes the step where the guess began as a Hessian. Without a Hessian doubt is more
        frequent. And dependent columns are not looked for: if there are any and l2 is 0, w is one
        of many that are equally good.

        >>> from pyref import lbfgs
        >>> fit = lbfgs([[1], [2], [3], [4]], [0, 1, 0, 1])
        >>> fit.status, round(fit.w[0], 8), round(fit.b, 8)
        ('converged', 0.90818426, -2.27046066)
        """
        return self._fit(
            False, X, y, memory, w, b, l2, sample_weight, tolerance, iterations, callback, threads
        )

    def _fit(
        self,
        is_newton,
        X,
        y,
        memory,
        w,
        b,
        l2,
        sample_weight,
        tolerance,
        iterations,
        callback,
        threads,
    ):
        e = self.engine
        try:
            X = e.table(X, y, sample_weight)
            n, d = e.shape(X)
            y = e.labels(y, n)
            sample_weight = e.sample_weights(sample_weight, n)
            memory = checks.count(memory, "memory", least=1)
            w = e.zeros(d) if w is None else e.weights(w, d)
            b = checks.finite(b, "b")
            l2 = checks.not_negative(l2, "l2")
            tolerance = checks.not_negative(tolerance, "tolerance")
            iterations = checks.count(iterations, "iterations")
            checks.callback(callback)
            threads = e.threads(threads)
            e.label_values(y)
            sample_weight, total, unit = self._weighed(sample_weight, n)
            fit = e.optimum(
                is_newton, X, y, sample_weight, total, memory, list(w), b, l2, tolerance,
                iterations, callback, threads,
            )  # fmt: skip
            return fit if unit == 1 else _in_unit(fit, unit)
        except BaseException:
            e.let_go(X, y, sample_weight)
            raise


def _in_unit(fit, unit):
    """The fit as it is with sample weights that are `unit` times as large."""
    w, b, losses, iterations, status, errors, log_likelihood = fit
    if errors is not None:
        for j, error in enumerate(errors):
            errors[j] = error / sqrt(unit)
    return checks.Newton(w, b, losses, iterations, status, errors, log_likelihood * unit)
