"""The public functions of chapter 2 (pyref/multinomial.py), over either engine."""

from . import checks
from .checks import Descent


class Classes:
    """Any number of classes: C scores of one sample, and many samples."""

    # ------------------------------------------------------------ one sample

    def logsumexp(self, zs):
        """log(e^zs[0] + ... + e^zs[C-1]): a smooth maximum. Its derivative by zs[c] is ps[c].

        zs is one or more scores, else ValueError; a score of -inf adds nothing. For [0, z] it is
        softplus(z). TypeError names an entry that is no number.

        >>> from pyref import logsumexp, softplus
        >>> round(logsumexp([1000, 1000]) - 1000, 12), logsumexp([0, 3]) == softplus(3)
        (0.69314718056, True)
        """
        return self.engine.logsumexp(checks.scores(zs))

    def softmax(self, zs):
        """The probabilities that belong to C scores: e^zs[c] / (e^zs[0] + ... + e^zs[C-1]).

        zs is one or more scores; returns as many probabilities. For [0, z] they are 1 - sigmoid(z)
        and sigmoid(z). A score of -inf has probability 0; a score of inf has 1, if no other is
        inf. Where several are, or all of two or more are -inf, inf - inf tells nothing of their
        shares, and every probability is NaN; so it is with a NaN among the scores. TypeError or
        ValueError names the entry that cannot be used.

        >>> from pyref import softmax
        >>> softmax([0, 0, 0, 0]), softmax([1e308, -1e308, 1e308])
        ([0.25, 0.25, 0.25, 0.25], [0.5, 0.0, 0.5])

        A tiny probability pays for the shift by the largest score m, which rounds zs[c] - m: up to
        half a unit in the last place of that difference is its relative error. For
        [8.06, -608.84] this is 5.5e-14; for [0, z] there is nothing to round.
        """
        return self.engine.softmax(checks.scores(zs))

    def categorical_cross_entropy(self, ys, ps):
        """The loss of one sample: -(ys[0] log(ps[0]) + ... + ys[C-1] log(ps[C-1])).

        With a true class k it is -log(ps[k]). 0 log(0) counts as 0. ys and ps are C numbers from 0
        to 1 each, and ys sums to 1, else ValueError. (Document 000.)

        >>> from pyref import categorical_cross_entropy
        >>> round(categorical_cross_entropy([0, 1, 0], [0.2, 0.7, 0.1]), 6)
        0.356675
        """
        ys = checks.label_row(checks.numbers(ys, "ys"), "ys")
        ps = checks.numbers(ps, "ps")
        checks.same_classes(ps, "ps", len(ys), "probability")
        checks.probabilities(ps, "ps")
        return self.engine.categorical_cross_entropy(ys, ps)

    def categorical_cross_entropy_with_logits(self, ys, zs):
        """The same loss from the scores: the sum of ys[c] (logsumexp(zs) - zs[c]).

        It is categorical_cross_entropy(ys, softmax(zs)) with all its digits. ys is C probabilities
        that sum to 1, zs C scores, else ValueError. A score of -inf costs nothing if its label is
        0, and inf otherwise; scores further apart than the largest float count as infinitely far.
        Where softmax is NaN, so is the loss.

        >>> from pyref import categorical_cross_entropy_with_logits
        >>> categorical_cross_entropy_with_logits([1, 0], [-1000, 0])     # from ps it would be inf
        1000.0
        """
        ys = checks.label_row(checks.numbers(ys, "ys"), "ys")
        zs = checks.scores(zs)
        checks.same_classes(zs, "zs", len(ys), "score")
        return self.engine.categorical_cross_entropy_with_logits(ys, zs)

    # ------------------------------------------------------------ many samples

    def softmax_gradient(self, X, y, W, b, sample_weight=None, threads=None):
        """Loss and gradient of the C scores, summed over the samples: (loss, grad_W, grad_b).

            loss         = sum of L(ys_i, zs_i)
            grad_W[j][c] = sum of (ps_i[c] - ys_i[c]) * x_i[j]
            grad_b[c]    = sum of (ps_i[c] - ys_i[c])

        X is n rows of d features; y is n class numbers from 0 to C-1, or n rows of C probabilities
        that sum to 1; W is d rows of C weights, b is C intercepts, and so are grad_W and grad_b;
        sample_weight counts the rows and threads is as in `gradient`. TypeError or ValueError
        names the entry that cannot be used. (Document 000.)

        >>> from pyref import softmax_gradient
        >>> softmax_gradient([[1, 0], [0, 1]], [0, 1], [[0, 0], [0, 0]], [0, 0])[1:]
        ([[-0.5, 0.5], [0.5, -0.5]], [0.0, 0.0])
        """
        e = self.engine
        try:
            X = e.table(X, y, sample_weight)
            n, d = e.shape(X)
            y = e.class_labels(y, n)
            sample_weight = e.sample_weights(sample_weight, n)
            W = checks.class_weights(W, d)
            C = len(W[0])
            b = checks.intercepts(b, C)
            threads = e.threads(threads)
            e.class_label_values(y, C)
            e.sample_weight_values(sample_weight, n)
            return e.softmax_gradient(X, y, sample_weight, W, b, threads)
        except BaseException:
            e.let_go(X, y, sample_weight)
            raise

    def softmax_safe_learning_rate(
        self, X, reduction="mean", l2=0.0, sample_weight=None, threads=None
    ):
        """A learning rate with which every step of softmax_descent lowers F: 1 / K.

            curvature of F  <=  K  =  mean of (|x|^2 + 1) / 2  +  l2

        Arguments and errors are those of `safe_learning_rate`; 1/2 takes the place of 1/4
        (derived in pyref/multinomial.py).

        >>> from pyref import softmax_safe_learning_rate
        >>> softmax_safe_learning_rate([[1, 2], [3, 4]])
        0.125
        """
        return self._safe_learning_rate(X, reduction, l2, sample_weight, threads, 1 / 2)

    def softmax_descent(
        self,
        X,
        y,
        *,
        classes=None,
        learning_rate,
        iterations,
        W=None,
        b=None,
        momentum=0.0,
        reduction="mean",
        tolerance=0.0,
        callback=None,
        l2=0.0,
        sample_weight=None,
        threads=None,
    ):
        """Fit (W, b) by steps against the gradient: Descent(w, b, losses, iterations, status).

            v <- momentum * v + gradient            (W, b) <- (W, b) - learning_rate * v

        X is n rows of d features; y is n class numbers or n rows of C probabilities. C is
        `classes`; without it, the width of y's rows, or one more than the largest class number
        (give it where y may lack the last classes). W, d rows of C, and b, C intercepts, start at
        zeros unless given. The result's w is d rows of C. All else is as in `gradient_descent`.
        TypeError or ValueError names the argument or the entry that cannot be used.

        >>> from pyref import softmax, softmax_descent
        >>> X, y = [[-3], [-2], [-1], [1], [2], [3]], [0, 1, 0, 2, 1, 2]
        >>> fit = softmax_descent(X, y, learning_rate=1, iterations=1000, tolerance=1e-9)
        >>> fit.status, [round(p, 4) for p in softmax([w * 3 + b for w, b in zip(fit.w[0], fit.b)])]
        ('converged', [0.0062, 0.1828, 0.8109])
        """
        e = self.engine
        try:
            X = e.table(X, y, sample_weight)
            n, d = e.shape(X)
            y = e.class_labels(y, n)
            sample_weight = e.sample_weights(sample_weight, n)
            C = e.classes_of(y) if classes is None else checks.count(classes, "classes", 1)
            learning_rate = checks.learning_rate(learning_rate)
            iterations = checks.count(iterations, "iterations")
            W = [[0.0] * C for _ in range(d)] if W is None else checks.class_weights(W, d, C)
            b = [0.0] * C if b is None else checks.intercepts(b, C)
            momentum = checks.not_negative(momentum, "momentum")
            checks.choice(reduction, "reduction", ("sum", "mean"))
            tolerance = checks.not_negative(tolerance, "tolerance")
            checks.callback(callback)
            l2 = checks.not_negative(l2, "l2")
            threads = e.threads(threads)
            e.class_label_values(y, C)
            sample_weight, total, unit = self._weighed(sample_weight, n)
            if learning_rate == "safe":
                reduction = "mean"
                learning_rate = e.safe_learning_rate(X, sample_weight, total, l2, 1 / 2, threads)
            elif reduction == "sum":
                learning_rate *= unit
            W, b, losses, status = e.softmax_descent(
                X, y, sample_weight, total, W, b, learning_rate, reduction, iterations, momentum,
                tolerance, l2, callback, threads,
            )  # fmt: skip
            return Descent(W, b, losses, len(losses), status)
        except BaseException:
            e.let_go(X, y, sample_weight)
            raise
