"""Chapters 1 and 2 under one face: parameters are one flat list, w's (or W's, row by row) first."""

import mpmath
from mpmath import mpf


class Model:
    """One of the two chapters of an implementation: chapter 1 if there are no classes."""

    def __init__(self, implementation, classes):
        self.module = implementation  # pyref, or pyref.fast
        self.classes = classes
        self.each = classes or 1  # parameters for each feature
        # the most that the loss of a sample may curve by its score, or by its scores
        self.steepest = 0.5 if classes else 0.25

    def split(self, theta):
        """(w, b), or (W, b), as the functions take them."""
        if not self.classes:
            return theta[:-1], theta[-1]
        rows = [theta[k : k + self.classes] for k in range(0, len(theta), self.classes)]
        return rows[:-1], rows[-1]

    def flat(self, w, b):
        if not self.classes:
            return [*w, b]
        return [*[v for row in w for v in row], *b]

    # What a wrong model overrides: the three functions, with flat parameters.

    def gradient(self, X, y, theta, sample_weight=None):
        """(loss, gradient)"""
        f = self.module.softmax_gradient if self.classes else self.module.gradient
        extra = {} if sample_weight is None else {"sample_weight": sample_weight}
        loss, grad_w, grad_b = f(X, y, *self.split(theta), **extra)
        return loss, self.flat(grad_w, grad_b)

    def descent(self, X, y, theta=None, **how):
        """(losses, parameters, status)"""
        if self.classes:
            how["classes"] = self.classes
        if theta is not None:
            w, how["b"] = self.split(theta)
            how["W" if self.classes else "w"] = w
        f = self.module.softmax_descent if self.classes else self.module.gradient_descent
        fit = f(X, y, **how)
        return list(fit.losses), self.flat(fit.w, fit.b), fit.status

    def safe(self, X, *args, **how):
        if self.classes:
            return self.module.softmax_safe_learning_rate(X, *args, **how)
        return self.module.safe_learning_rate(X, *args, **how)

    def data(self, rng, n, d, soft=False):
        """X, y and a point in the middle of things."""
        X = rng.normal(size=(n, d))
        if not self.classes:
            y = rng.random(n) if soft else (rng.random(n) < 0.5).astype(float)
        elif soft:
            y = rng.dirichlet([1] * self.classes, size=n)
        else:
            y = rng.integers(0, self.classes, size=n)
        theta = rng.normal(size=(d + 1) * self.each)
        return X.tolist(), y.tolist(), theta.tolist()

    def mean_loss(self, X, y, s, theta):
        """The mean loss in mpmath, each row counted s_i times: the textbook's formulas."""
        w, b = self.split(theta)
        losses = []
        for x_i, y_i in zip(X, y, strict=True):
            if self.classes:
                zs = [
                    b[c] + mpmath.fsum(mpf(v) * row[c] for v, row in zip(x_i, w, strict=True))
                    for c in range(self.classes)
                ]
                ys = y_i if isinstance(y_i, list) else [float(c == y_i) for c in range(len(zs))]
                total = mpmath.fsum(map(mpmath.exp, zs))
                losses.append(
                    mpmath.fsum(
                        -mpf(v) * mpmath.log(mpmath.exp(z) / total)
                        for v, z in zip(ys, zs, strict=True)
                    )
                )
            else:
                z = b + mpmath.fdot(map(mpf, x_i), w)
                p = 1 / (1 + mpmath.exp(-z))
                losses.append(-(mpf(y_i) * mpmath.log(p) + (1 - mpf(y_i)) * mpmath.log(1 - p)))
        return mpmath.fdot(map(mpf, s), losses) / mpmath.fsum(map(mpf, s))

    def objective(self, X, y, s, l2, theta):
        """F = mean loss + l2/2 |w|^2, where b is free."""
        penalised = theta[: -self.each]
        return self.mean_loss(X, y, s, theta) + mpf(l2) / 2 * mpmath.fsum(v * v for v in penalised)
