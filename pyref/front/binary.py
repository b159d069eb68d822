"""The public functions of chapter 1 (pyref/logistic.py), over either engine."""

from . import checks
from .checks import Descent


class Binary:
    """Two classes: one score, one feature, many features."""

    # ------------------------------------------------------------ one score

    def sigmoid(self, z):
        """The probability that belongs to a score: 1 / (1 + e^-z).

        It rises from 0 to 1 and is 1/2 at z = 0. z is one number; `pyref.fast` also takes a
        buffer of n scores, and then returns n probabilities. Anything else is a TypeError.
        (Documents 000, 001, 002.)

        >>> from pyref import sigmoid
        >>> sigmoid(0), sigmoid(-1000), sigmoid(1000)
        (0.5, 0.0, 1.0)
        """
        if type(z) is float:
            return self.engine.sigmoid(z)
        return self.engine.of_scores("sigmoid", z)

    def sigmoid_derivative(self, z):
        """How fast the probability changes with the score: sigmoid(z) (1 - sigmoid(z)).

        Nothing is subtracted from 1: the answer has all its digits also where sigmoid(z) is
        close to 1. z is one number, else TypeError. (Document 002, step 2.)

        >>> from pyref import sigmoid_derivative
        >>> sigmoid_derivative(0)
        0.25
        """
        return self.engine.curvature(checks.number(z, "z"))

    def softplus(self, z):
        """log(1 + e^z): a smooth max(z, 0). Its derivative is the sigmoid.

        z is one number; `pyref.fast` also takes a buffer of n scores, and then returns n numbers.
        Anything else is a TypeError. (The documents do not name it; their log(p) is -softplus(-z),
        their log(1-p) is -softplus(z).)

        >>> from pyref import softplus
        >>> softplus(1000)
        1000.0
        """
        if type(z) is float:
            return self.engine.softplus(z)
        return self.engine.of_scores("softplus", z)

    def binary_cross_entropy(self, y, p):
        """The loss of predicting p when the truth is y: -(y log(p) + (1-y) log(1-p)).

        0 log(0) counts as 0; a certain and wrong p costs inf. y and p are numbers from 0 to 1,
        else ValueError. (Documents 000, 001, 002.)

        >>> from pyref import binary_cross_entropy
        >>> round(binary_cross_entropy(1, 0.9), 6), binary_cross_entropy(1, 0)
        (0.105361, inf)
        """
        return self.engine.binary_cross_entropy(
            checks.probability(y, "y"), checks.probability(p, "p")
        )

    def binary_cross_entropy_with_logits(self, y, z):
        """The same loss from the score: (1-y) softplus(z) + y softplus(-z).

        It is binary_cross_entropy(y, sigmoid(z)) with all its digits. y is a number from 0 to 1,
        else ValueError. (Document 000's loss, rearranged.)

        >>> from pyref import binary_cross_entropy_with_logits
        >>> binary_cross_entropy_with_logits(0, 1000)      # from p it would be -log(0)
        1000.0
        """
        return self.engine.binary_cross_entropy_with_logits(
            checks.probability(y, "y"), checks.number(z, "z")
        )

    def residual(self, y, z):
        """How the loss changes with the score: dL/dz = p - y, with p = sigmoid(z).

        Computed as (1-y) sigmoid(z) - y sigmoid(-z), which never takes 1 from a rounded p.
        y is a number from 0 to 1, else ValueError. (Documents 001 and 002, rearranged.)

        >>> from pyref import residual, sigmoid
        >>> residual(1, 40), sigmoid(40) - 1        # the plain subtraction has lost everything
        (-4.248354255291589e-18, 0.0)
        """
        return self.engine.residual(checks.probability(y, "y"), checks.number(z, "z"))

    # ------------------------------------------------------------ one feature

    def gradient_ab(self, x, y, a, b, threads=None):
        """The gradient of z = a*x + b, summed over the samples: (grad_a, grad_b).

            grad_a = sum of (p_i - y_i) * x_i          grad_b = sum of (p_i - y_i)

        x and y are n numbers each, y from 0 to 1. `pyref` subtracts, as document 001 does: the
        result is off by (n/2 + 2) eps times the sum of |x_i| at most. `pyref.fast` keeps all
        digits. TypeError or ValueError names the entry that cannot be used. (Document 001.)

        >>> from pyref import gradient_ab
        >>> gradient_ab([1, 2, 3, 4, 5], [0, 0, 0, 1, 1], 0.0, 0.0)
        (-1.5, 0.5)
        """
        e = self.engine
        try:
            x = e.sample(x, y)
            y = e.labels(y, e.length(x))
            a, b = checks.finite(a, "a"), checks.finite(b, "b")
            threads = e.threads(threads)
            e.label_values(y)
            return e.gradient_ab(x, y, a, b, threads)
        except BaseException:
            e.let_go(x, y)
            raise

    def gradient_descent_logistic(
        self, x, y, learning_rate=0.1, iterations=1000, momentum=0.0, threads=None
    ):
        """Fit z = a*x + b from a = b = 0 by steps against the mean gradient; returns (a, b).

            v <- momentum * v + gradient            (a, b) <- (a, b) - learning_rate * v / n

        x and y are n numbers each, y from 0 to 1. It is document 001's program; momentum=1.0
        gives the output that the document prints (pyref/logistic.py tells why). A step too large
        ends early, with the last finite (a, b). TypeError or ValueError names the argument or
        the entry that cannot be used.

        >>> from pyref import gradient_descent_logistic
        >>> a, b = gradient_descent_logistic([1, 2, 3, 4, 5], [0, 0, 0, 1, 1])
        >>> print(round(a, 12), round(b, 12))
        1.769045864973 -5.956350539119
        """
        e = self.engine
        try:
            x = e.sample(x, y)
            y = e.labels(y, e.length(x))
            learning_rate = checks.positive(learning_rate, "learning_rate")
            iterations = checks.count(iterations, "iterations")
            momentum = checks.not_negative(momentum, "momentum")
            threads = e.threads(threads)
            e.label_values(y)
            return e.gradient_descent_logistic(x, y, learning_rate, iterations, momentum, threads)
        except BaseException:
            e.let_go(x, y)
            raise

    # ------------------------------------------------------------ many features

    def gradient(self, X, y, w, b, sample_weight=None, threads=None):
        """Loss and gradient of z = w . x + b, summed over the samples: (loss, grad_w, grad_b).

            loss      = sum of L(y_i, z_i)
            grad_w[j] = sum of (p_i - y_i) * x_i[j]          grad_b = sum of (p_i - y_i)

        X is n rows of d features, y is n labels from 0 to 1, w is d weights. sample_weight is n
        numbers, 0 or more: a weight of 2 is the row twice, a weight of 0 the row left out. Divide
        by n (by the sum of the weights) for the mean of document 002. threads is how many
        `pyref.fast` may use (None: as many as pay); the answer has the same bits for every
        number. TypeError or ValueError names the entry that cannot be used. (Documents 000, 002.)

        >>> from pyref import gradient
        >>> gradient([[1, 0], [0, 1]], [0, 1], [0, 0], 0)[1:]
        ([0.5, -0.5], 0.0)
        >>> gradient([[1, 0], [0, 1]], [0, 1], [0, 0], 0, sample_weight=[2, 0])[1:]
        ([1.0, 0.0], 1.0)
        """
        e = self.engine
        try:
            X = e.table(X, y, sample_weight)
            n, d = e.shape(X)
            y = e.labels(y, n)
            if sample_weight is not None:
                sample_weight = e.sample_weights(sample_weight, n)
            w, b = e.weights(w, d), checks.finite(b, "b")
            threads = e.threads(threads)
            e.label_values(y)
            if sample_weight is not None:
                e.sample_weight_values(sample_weight, n)
            return e.gradient(X, y, sample_weight, w, b, threads)
        except BaseException:
            e.let_go(X, y, sample_weight)
            raise

    def safe_learning_rate(
        self, X, reduction="mean", l2=0.0, sample_weight=None, threads=None
    ):
        """A learning rate with which every step without momentum lowers the objective: 1 / K.

            curvature of F  <=  K  =  mean of (|x|^2 + 1) / 4  +  l2

        X is n rows of d features, sample_weight n numbers, 0 or more. reduction "sum" divides the
        rate by the sum of the weights, as the summed gradient is that much larger. TypeError or
        ValueError names the argument or the entry that cannot be used. (Derived in
        pyref/second_order.py.)

        >>> from pyref import safe_learning_rate
        >>> safe_learning_rate([[1, 2], [3, 4]])            # 4 / ((1 + 5 + 1 + 25) / 2)
        0.25
        """
        return self._safe_learning_rate(X, reduction, l2, sample_weight, threads, 1 / 4)

    def _safe_learning_rate(self, X, reduction, l2, sample_weight, threads, steepest):
        e = self.engine
        try:
            X = e.table(X, None, sample_weight)
            n, _ = e.shape(X)
            sample_weight = e.sample_weights(sample_weight, n)
            checks.choice(reduction, "reduction", ("sum", "mean"))
            l2 = checks.not_negative(l2, "l2")
            threads = e.threads(threads)
            sample_weight, total, unit = self._weighed(sample_weight, n)
            rate = e.safe_learning_rate(X, sample_weight, total, l2, steepest, threads)
            return rate / total / unit if reduction == "sum" else rate
        except BaseException:
            e.let_go(X, sample_weight)
            raise

    def gradient_descent(
        self,
        X,
        y,
        *,
        learning_rate,
        iterations,
        w=None,
        b=0.0,
        momentum=0.0,
        reduction="mean",
        tolerance=0.0,
        callback=None,
        l2=0.0,
        sample_weight=None,
        threads=None,
    ):
        """Fit (w, b) by steps against the gradient: Descent(w, b, losses, iterations, status).

            v <- momentum * v + gradient            (w, b) <- (w, b) - learning_rate * v

        What is lowered is the objective F = mean loss + l2/2 |w|^2, each row counted by its
        sample_weight. X is n rows of d features, y is n labels from 0 to 1; w starts at zeros
        unless given. reduction: "mean" steps by the mean gradient (documents 001, 002), "sum" by
        the summed one (document 000). learning_rate is a number, or "safe" for
        `safe_learning_rate`. losses[k] is F before update k. callback(k, losses[k]) is called
        after update k, and returning True stops the run.

        status says how it ended: "converged" (no entry of F's gradient exceeds tolerance),
        "iterations" (all were made, or the callback stopped it), or "diverged" (the next
        parameters or the loss would not be finite, as after steps that are too large; w and b are
        the last finite ones). TypeError or ValueError names the argument or the entry that cannot
        be used.

        >>> from pyref import gradient_descent
        >>> X, y = [[1], [2], [3], [4]], [0, 1, 0, 1]
        >>> fit = gradient_descent(X, y, learning_rate=0.5, iterations=5000, tolerance=1e-9)
        >>> fit.status, round(fit.w[0], 6), round(fit.b, 6)
        ('converged', 0.908184, -2.270461)
        """
        e = self.engine
        try:
            X = e.table(X, y, sample_weight)
            n, d = e.shape(X)
            y = e.labels(y, n)
            sample_weight = e.sample_weights(sample_weight, n)
            learning_rate = checks.learning_rate(learning_rate)
            iterations = checks.count(iterations, "iterations")
            w = e.zeros(d) if w is None else e.weights(w, d)
            b = checks.finite(b, "b")
            momentum = checks.not_negative(momentum, "momentum")
            checks.choice(reduction, "reduction", ("sum", "mean"))
            tolerance = checks.not_negative(tolerance, "tolerance")
            checks.callback(callback)
            l2 = checks.not_negative(l2, "l2")
            threads = e.threads(threads)
            e.label_values(y)
            sample_weight, total, unit = self._weighed(sample_weight, n)
            if learning_rate == "safe":
                reduction = "mean"
                learning_rate = e.safe_learning_rate(X, sample_weight, total, l2, 1 / 4, threads)
            elif reduction == "sum":
                learning_rate *= unit
            w, b, losses, status = e.gradient_descent(
                X, y, sample_weight, total, w, b, learning_rate, reduction, iterations, momentum,
                tolerance, l2, callback, threads,
            )  # fmt: skip
            return Descent(w, b, losses, len(losses), status)
        except BaseException:
            e.let_go(X, y, sample_weight)
            raise
