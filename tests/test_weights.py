"""Sample weights, the L2 penalty and the safe step: chapters 1 and 2, each implementation.

A `Model` puts the two chapters under one face: parameters are one flat list, those of w (or W,
row by row) first, then b. Every check is a plain function of a Model. One test runs it over the
two chapters of both implementations, another over models that are wrong in one respect each,
and it must object. (What chapter 3 makes of weights and penalty is in tests/fit/.)
"""

import importlib
import os
from array import array

import mpmath
import numpy as np
import pytest
from helpers.compare import same
from helpers.oracle_second_order import lre, lre_of_sums
from mpmath import mpf

CHAPTERS = {"python": ("pyref", "pyref"), "c": ("pyref.fast",) * 2}
if os.environ.get("PYREF_PURE") == "1":
    del CHAPTERS["c"]


class Model:
    """One of the two chapters of an implementation."""

    def __init__(self, implementation, classes):
        self.module = importlib.import_module(CHAPTERS[implementation][classes > 0])
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


MODELS = [(name, classes) for name in CHAPTERS for classes in (0, 3)]


@pytest.fixture(params=MODELS, ids=lambda p: f"{p[0]}-{'softmax' if p[1] else 'logistic'}")
def model(request):
    return Model(*request.param)


# ---------------------------------------------------------------- the checks


def differences(F, theta):
    """F and its gradient at theta, by central differences with 50 digits: right to 30."""
    with mpmath.workdps(50):
        h = mpf(10) ** -15
        theta = [mpf(v) for v in theta]

        def slope(j):
            up, down = list(theta), list(theta)
            up[j], down[j] = theta[j] + h, theta[j] - h
            return (F(up) - F(down)) / (2 * h)

        return F(theta), [slope(j) for j in range(len(theta))]


def check_gradient(model):
    rng = np.random.default_rng(1)
    for soft in (False, True):
        for d in (1, 3):
            X, y, theta = model.data(rng, 6, d, soft)
            for s in (None, [2.0, 0.0, 0.3, 1.0, 7.0, 1.5]):
                counts = [1.0] * 6 if s is None else s
                F, grad = differences(lambda at: model.mean_loss(X, y, counts, at), theta)  # noqa: B023
                loss, got = model.gradient(X, y, theta, s)
                assert lre([loss], [F * sum(counts)]) > 14
                assert lre_of_sums(got, [g * sum(counts) for g in grad]) > 14


def check_objective(model):
    """The first loss is F; the first step is the learning rate times F's gradient, and the one
    after it carries momentum; "converged" is asked of F's gradient."""
    rng = np.random.default_rng(2)
    for d in (1, 4):
        X, y, theta = model.data(rng, 6, d)
        for s in (None, [2.0, 0.0, 0.3, 1.0, 7.0, 1.5]):
            counts = [1.0] * 6 if s is None else s
            total = sum(counts)
            for l2 in (0.0, 0.7):
                F, grad = differences(
                    lambda at: model.objective(X, y, counts, l2, at),  # noqa: B023
                    theta,
                )
                more = {"l2": l2, "sample_weight": s}
                for reduction, rate in (("mean", 0.5), ("sum", 0.5 / total)):
                    how = {"learning_rate": rate, "reduction": reduction, **more}
                    losses, at, _ = model.descent(X, y, theta, iterations=1, **how)
                    step = [(a - b) / 0.5 for a, b in zip(theta, at, strict=True)]
                    assert lre(losses, [F]) > 14
                    assert lre_of_sums(step, grad) > 13
                    _, grad_there = differences(
                        lambda t: model.objective(X, y, counts, l2, t),  # noqa: B023
                        at,
                    )
                    _, end, _ = model.descent(X, y, theta, iterations=2, momentum=0.25, **how)
                    step = [(a - b) / 0.5 for a, b in zip(at, end, strict=True)]
                    want = [0.25 * g + h for g, h in zip(grad, grad_there, strict=True)]
                    assert lre_of_sums(step, want) > 12
                largest = float(max(map(abs, grad)))
                how = {"learning_rate": 0.5, "iterations": 1, **more}
                for tolerance, status in ((1.001, "converged"), (0.999, "iterations")):
                    tolerance *= largest
                    assert model.descent(X, y, theta, tolerance=tolerance, **how)[2] == status


def check_counts(model):
    """A weight of 2 is the row twice, and a weight of 0 the row left out."""
    rng = np.random.default_rng(3)
    # Few rows and many iterations, few rows at once, and rows that do not fit into one part
    for n, d, iterations in ((30, 3, 20), (30, 11, 2), (1500, 2, 3)):
        X, y, theta = model.data(rng, n, d)
        s = rng.integers(0, 4, size=n).tolist()
        assert {0, 1, 2} <= set(s)
        again = [i for i, count in enumerate(s) for _ in range(count)]
        X_again, y_again = [X[i] for i in again], [y[i] for i in again]
        loss, grad = model.gradient(X, y, theta, s)
        want_loss, want_grad = model.gradient(X_again, y_again, theta)
        assert lre([loss], [want_loss]) > 13
        assert lre_of_sums(grad, want_grad) > 13
        for l2 in (0.0, 0.2):
            for learning_rate in (0.1, "safe"):
                for reduction in ("mean", "sum"):
                    how = {"learning_rate": learning_rate, "reduction": reduction, "l2": l2}
                    if learning_rate == 0.1 and reduction == "sum":
                        how["learning_rate"] = 0.1 / sum(s)
                    how["iterations"] = iterations
                    losses, at, _ = model.descent(X, y, theta, sample_weight=s, **how)
                    want_losses, want, _ = model.descent(X_again, y_again, theta, **how)
                    assert lre(losses, want_losses) > 12
                    assert lre_of_sums(at, want) > 11
            rates = [
                model.safe(X, reduction, l2, sample_weight=s) / model.safe(X_again, reduction, l2)
                for reduction in ("mean", "sum")
            ]
            assert lre(rates, [1, 1]) > 14


def check_scale(model):
    """Only the proportions of the weights count for a mean; a sum is in proportion."""
    rng = np.random.default_rng(4)
    X, y, theta = model.data(rng, 20, 2)
    s = rng.random(20)
    s[3] = 0.0
    for scale in (1e-200, 0.001, 7.0, 1e200):
        scaled = (scale * s).tolist()
        loss, grad = model.gradient(X, y, theta, scaled)
        want_loss, want_grad = model.gradient(X, y, theta, s.tolist())
        assert lre([loss / scale], [want_loss]) > 14
        assert lre_of_sums([g / scale for g in grad], want_grad) > 13
        for learning_rate in (0.3, "safe"):
            how = {"learning_rate": learning_rate, "iterations": 10, "l2": 0.1, "momentum": 0.5}
            losses, at, _ = model.descent(X, y, theta, sample_weight=scaled, **how)
            want_losses, want, _ = model.descent(X, y, theta, sample_weight=s.tolist(), **how)
            assert lre(losses, want_losses) > 13
            assert lre_of_sums(at, want) > 12
        rate = model.safe(X, sample_weight=scaled)
        assert lre([rate], [model.safe(X, sample_weight=s.tolist())]) > 14
        summed = model.safe(X, "sum", sample_weight=scaled)
        assert lre([summed * sum(scaled)], [rate]) > 14


def check_rows_left_out(model):
    """A row of weight 0 is not there, not even if its score overflows, or its square."""
    rng = np.random.default_rng(5)
    for d in (1, 9):  # the compiled descent treats few features in another way
        X, y, theta = model.data(rng, 9, d)
        theta = [10 * abs(v) for v in theta]
        far = [[1e308] * d, [-1e308] * d, [(-1.0) ** j * 1e308 for j in range(d)]]
        more = [far[k % 3] for k in range(6)]
        labels = [0, 0, 0, 1, 1, 1]
        s = [1.0] * 9 + [0.0] * 6
        loss, grad = model.gradient(X + more, y + labels, theta, s)
        want_loss, want_grad = model.gradient(X, y, theta, [1.0] * 9)
        assert lre([loss], [want_loss]) > 14
        assert lre_of_sums(grad, want_grad) > 14
        assert lre([model.safe(X + more, sample_weight=s)], [model.safe(X)]) > 14
        how = {"learning_rate": "safe", "iterations": 9}
        losses, at, status = model.descent(X + more, y + labels, theta, sample_weight=s, **how)
        want_losses, want, _ = model.descent(X, y, theta, **how)
        assert status == "iterations"
        assert lre(losses, want_losses) > 12
        assert lre_of_sums(at, want) > 11


def check_safe(model):
    """1/L: no curvature of F exceeds L, and no smaller L would do for every table."""
    rng = np.random.default_rng(6)
    k = model.each
    # One row, F's steepest point: the curvature is L itself. Two of the classes share it.
    for x in ([3.0], [1.0, -2.0, 0.5]):
        u = np.array([1.0] if k == 1 else [1.0, -1.0, 0.0]) / (1 if k == 1 else np.sqrt(2))
        direction = np.kron([*x, 1.0], u)
        direction /= np.linalg.norm(direction)
        start = [0.0] * len(direction)
        if k == 3:
            start[-3:] = [0.0, 0.0, -99.0]

        def slope(t, x=x, direction=direction, start=start):
            _, g = model.gradient([x], [0], (np.array(start) + t * direction).tolist())
            return float(np.dot(g, direction))

        h = 1e-4
        curvature = (slope(h) - slope(-h)) / (2 * h)
        assert lre([model.safe([x])], [1 / curvature]) > 5
    for weighted in (False, True):
        for d in (1, 4):
            X, y, theta = model.data(rng, 25, d)
            X = [[10 * v for v in row] for row in X]
            s = rng.integers(0, 4, size=25).tolist() if weighted else None
            counts = [1] * 25 if s is None else s
            total = sum(counts)
            A = np.hstack([X, np.ones((25, 1))])
            steepest = np.linalg.eigvalsh(A.T @ np.diag(counts) @ A / total)[-1] * model.steepest
            for l2 in (0.0, 3.0):
                rate = model.safe(X, l2=l2, sample_weight=s)
                assert steepest + l2 <= 1 / rate * (1 + 1e-12)
                assert 1 / rate <= (d + 1) * steepest + l2 + 1e-9
                summed = model.safe(X, "sum", l2, s)
                assert lre([summed * total], [rate]) > 15
                how = {"l2": l2, "sample_weight": s, "iterations": 40}
                for reduction, number in (("mean", rate), ("sum", summed)):
                    safe = model.descent(X, y, learning_rate="safe", reduction=reduction, **how)
                    want = model.descent(X, y, learning_rate=number, reduction=reduction, **how)
                    assert lre(safe[0], want[0]) > 13
                    assert lre_of_sums(safe[1], want[1]) > 12
                # it gains |g|^2 / (2 L) or more in every step, from a bad start too
                for start in (None, theta):
                    losses, _, _ = model.descent(X, y, start, learning_rate="safe", **how)
                    for step in range(0, 39, 3):
                        how["iterations"] = step
                        _, at, _ = model.descent(X, y, start, learning_rate="safe", **how)
                        _, grad = model.gradient(X, y, at, s)
                        grad = np.array(grad) / total
                        grad[:-k] += l2 * np.array(at[:-k])
                        assert losses[step + 1] <= losses[step] - rate / 2 * grad @ grad + 1e-13
                    how["iterations"] = 40


CHECKS = [
    check_gradient,
    check_objective,
    check_counts,
    check_scale,
    check_rows_left_out,
    check_safe,
]


@pytest.mark.parametrize("check", CHECKS)
def test_it_holds(model, check):
    check(model)


# ---------------------------------------------------------------- the checks can fail


def wrong_models():
    """What is wrong, the check that must object, and how: a method and its replacement, which is
    given the right one first."""

    def gradient_of(weights):
        return lambda right, X, y, theta, s=None: right(X, y, theta, s and weights(s))

    def descent_with(**change):
        def descent(right, X, y, theta=None, **how):
            for name, value in change.items():
                if how.get(name) is not None:
                    how[name] = value(how[name])
            return right(X, y, theta, **how)

        return descent

    def safe_with(factor=1.0, **change):
        def safe(right, X, reduction="mean", l2=0.0, sample_weight=None):
            if "l2" in change:
                l2 = change["l2"](l2)
            if "sample_weight" in change and sample_weight is not None:
                sample_weight = change["sample_weight"](sample_weight)
            return factor * right(X, reduction, l2, sample_weight)

        return safe

    def turned(change):
        def gradient(right, *args):
            loss, grad = right(*args)
            return loss, [change(g) for g in grad]

        return gradient

    def over_rows(right, X, y, theta=None, **how):
        """The mean over the rows instead of over the weights."""
        s = how.get("sample_weight")
        if s is not None and how["learning_rate"] != "safe" and how.get("reduction") != "sum":
            how["learning_rate"] *= sum(s) / len(s)
        return right(X, y, theta, **how)

    def intercept_too(right, X, y, theta=None, **how):
        """One step, as if b had its price too."""
        losses, at, status = right(X, y, theta, **how)
        k = len(theta) // (len(X[0]) + 1)
        price = how["learning_rate"] * how["l2"]
        b = [b - price * v for b, v in zip(at[-k:], theta[-k:], strict=True)]
        return losses, [*at[:-k], *b], status

    def tiny_for_nothing(s):
        return [value or 1e-3 for value in s]

    def ones(s):
        return [1.0] * len(s)

    def squares(s):
        return [value * value for value in s]

    return {
        "weights not looked at": ("gradient", gradient_of(ones), check_gradient),
        "weights squared": ("gradient", gradient_of(squares), check_counts),
        "a gradient of zeros": ("gradient", turned(lambda g: 0.0), check_gradient),
        "a gradient that is NaN": ("gradient", turned(lambda g: float("nan")), check_gradient),
        "a gradient turned around": ("gradient", turned(lambda g: -g), check_gradient),
        "a row left out that is there": (
            "gradient",
            gradient_of(tiny_for_nothing),
            check_rows_left_out,
        ),
        "the mean over rows": ("descent", over_rows, check_objective),
        "a descent without weights": (
            "descent",
            descent_with(sample_weight=ones),
            check_objective,
        ),
        "a descent without a penalty": (
            "descent",
            descent_with(l2=lambda l2: 0.0),
            check_objective,
        ),
        "a penalty of l2 |w|^2": ("descent", descent_with(l2=lambda l2: 2 * l2), check_objective),
        "a penalty of the intercept": ("descent", intercept_too, check_objective),
        "a step that the weights' scale changes": (
            "descent",
            descent_with(sample_weight=lambda s: [min(v, 1.0) for v in s]),
            check_scale,
        ),
        "a safe step that is too large": ("safe", safe_with(1.1), check_safe),
        "a safe step that is too small": ("safe", safe_with(0.9), check_safe),
        "a safe step that is negative": ("safe", safe_with(-1.0), check_safe),
        "a safe step that is NaN": ("safe", safe_with(float("nan")), check_safe),
        "a safe step without the penalty": ("safe", safe_with(l2=lambda l2: 0.0), check_safe),
        "a safe step without weights": ("safe", safe_with(sample_weight=ones), check_counts),
        "a safe step that sees who is left out": (
            "safe",
            safe_with(sample_weight=tiny_for_nothing),
            check_rows_left_out,
        ),
    }


@pytest.mark.parametrize("name", wrong_models())
def test_a_wrong_model_is_noticed(model, name):
    method, replacement, check = wrong_models()[name]
    right = getattr(model, method)
    setattr(model, method, lambda *args, **how: replacement(right, *args, **how))
    with pytest.raises((AssertionError, ValueError)):
        check(model)


# ---------------------------------------------------------------- between the chapters


@pytest.mark.parametrize("implementation", CHAPTERS)
def test_two_classes_are_chapter_1(implementation):
    """The columns of W are w/2 and -w/2, whose squares sum to |w|^2 / 2: twice the l2 is the
    same price. The safe step is half as long, and w moves by twice that."""
    one, two = Model(implementation, 0), Model(implementation, 2)
    X, y, _ = one.data(np.random.default_rng(7), 30, 2)
    s = np.random.default_rng(8).integers(0, 3, size=30).tolist()
    assert lre([2 * two.safe(X, sample_weight=s)], [one.safe(X, sample_weight=s)]) > 14
    assert lre([2 * two.safe(X, l2=0.6)], [one.safe(X, l2=0.3)]) > 14
    more = {"sample_weight": s, "iterations": 25}
    for l2 in (0.0, 0.3):
        losses, at, _ = one.descent(X, y, learning_rate="safe", l2=l2, **more)
        labels = [int(label) for label in y]
        two_losses, pairs, _ = two.descent(X, labels, learning_rate="safe", l2=2 * l2, **more)
        assert lre(two_losses, losses) > 13
        assert lre_of_sums([b - a for a, b in zip(pairs[::2], pairs[1::2], strict=True)], at) > 12


@pytest.mark.parametrize("soft", [False, True])
def test_both_implementations_take_the_same_path(fast, soft):
    for classes in (0, 3):
        pure, compiled = Model("python", classes), Model("c", classes)
        for n, d in ((1, 1), (9, 3), (70, 12)):
            rng = np.random.default_rng([9, n, classes])
            X, y, theta = pure.data(rng, n, d, soft)
            s = (rng.random(n) + 0.1).tolist()
            how = {"learning_rate": "safe", "iterations": 12, "l2": 0.02, "momentum": 0.5}
            one = pure.descent(X, y, theta, sample_weight=s, **how)
            other = compiled.descent(X, y, theta, sample_weight=s, **how)
            assert lre(other[0], one[0]) > 12
            assert lre_of_sums(other[1], one[1]) > 12
            assert other[2] == one[2]


@pytest.mark.parametrize("weighted", [False, True])
def test_softmax_with_a_penalty_is_scikit_learns(model, weighted):
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng([10, weighted])
    X, y, _ = model.data(rng, 60, 2)
    s = rng.integers(0, 4, size=60).tolist() if weighted else None
    total = 60 if s is None else sum(s)
    peer = LogisticRegression(C=1 / (0.1 * total), tol=1e-12, max_iter=10000)
    peer.fit(X, y, sample_weight=s)
    how = {"learning_rate": "safe", "l2": 0.1, "sample_weight": s, "tolerance": 1e-10}
    _, at, status = model.descent(X, y, iterations=3000, **how)
    want = [*peer.coef_.T.ravel(), *peer.intercept_]
    if model.classes:  # its intercepts are free up to a constant, and ours sum to 0
        want[-3:] = np.array(want[-3:]) - np.mean(want[-3:])
    assert status == "converged"
    assert lre_of_sums(at, want) > 6


# ---------------------------------------------------------------- what may be given as weights


def test_weights_of_any_kind(model):
    X, y, theta = model.data(np.random.default_rng(11), 12, 3)
    counts = [1, 0, 1, 1, 0, 1, 0, 0, 1, 1, 1, 0]
    want = model.gradient(X, y, theta, [float(c) for c in counts])
    given = [np.array(counts, kind) for kind in ("f8", "f4", "?", "i1", "u1", "i2", "u4", "i8")]
    given += [array(code, counts) for code in "dfbBhHiIlLqQ"]
    given += [tuple(counts), memoryview(array("d", counts)), np.array(counts, object)]
    shifted = np.frombuffer(b"\0" + np.array(counts, "f8").tobytes(), np.uint8)[1:].view("f8")
    assert not shifted.flags.aligned
    given += [shifted, np.array(counts, "f8")[::-1][::-1]]
    for weights in given:
        same(model.gradient(X, y, theta, weights), want)
        rate = model.safe(X, sample_weight=weights)
        same(rate, model.safe(X, sample_weight=[float(c) for c in counts]))


def test_weights_of_one_change_nothing_but_rounding(model):
    X, y, theta = model.data(np.random.default_rng(12), 200, 3)
    how = {"learning_rate": "safe", "iterations": 9}
    losses, at, _ = model.descent(X, y, theta, sample_weight=[1] * 200, **how)
    want_losses, want, _ = model.descent(X, y, theta, **how)
    assert lre(losses, want_losses) > 13
    assert lre_of_sums(at, want) > 12
    assert model.safe(X, sample_weight=[1] * 200) == model.safe(X)


def test_weights_are_read_where_they_lie(fast):
    """float64 is not copied: what changes during a run changes the run."""
    for classes in (0, 3):
        model = Model("c", classes)
        X, y, _ = model.data(np.random.default_rng(13), 60, 9)
        weights, other = np.ones(60), np.arange(60.0)

        def change(k, loss, weights=weights, other=other):
            weights[:] = other

        how = {"learning_rate": 0.5, "reduction": "sum", "sample_weight": weights}
        losses, _, _ = model.descent(X, y, iterations=2, callback=change, **how)
        how["sample_weight"] = np.ones(60)
        _, start, _ = model.descent(X, y, iterations=1, **how)
        same(losses[1], model.gradient(X, y, start, other)[0] / 60)


def test_a_large_table_in_parts_and_threads(fast):
    """Two parts and more: the sums against NumPy's, the safe step's bits for every thread count."""
    rng = np.random.default_rng(14)
    X, s = rng.normal(size=(40000, 5)), rng.random(40000)
    y, w = (rng.random(40000) < 0.5).astype(float), np.linspace(-1, 1, 5)
    z = (X @ w + 0.25).astype(np.longdouble)
    p = 1 / (1 + np.exp(-z))
    loss = -(s * np.where(y > 0, np.log(p), np.log1p(-p))).sum()
    grad = ((s * (p - y)) @ X, (s * (p - y)).sum())
    for threads in (1, 2, 5):
        got = fast.gradient(X, y, w, 0.25, s, threads=threads)
        assert lre([got[0]], [float(loss)]) > 12
        assert lre_of_sums([*got[1], got[2]], [*map(float, grad[0]), float(grad[1])]) > 12
    rates = [fast.safe_learning_rate(X, "mean", 0.1, s, threads=t) for t in (1, 2, 3, 7, None)]
    assert len(set(rates)) == 1
    squares = (s * (1 + (X * X).sum(axis=1))).sum() / s.sum()
    assert lre(rates[:1], [1 / (squares / 4 + 0.1)]) > 13
    rates = [fast.softmax_safe_learning_rate(X.astype("f4"), threads=t) for t in (1, 3, None)]
    assert len(set(rates)) == 1
    X = X.astype("f4").astype(float)
    assert lre(rates[:1], [2 / (1 + (X * X).sum(axis=1)).mean()]) > 13


# ---------------------------------------------------------------- mistakes

NAN, INF = float("nan"), float("inf")
MISTAKES = {
    "too few": ([1, 2], ValueError, "sample_weight has length 2, but there are 4 samples: give"),
    "an array too long": (
        np.ones(5),
        ValueError,
        "sample_weight has length 5, but there are 4 samples: give one weight each",
    ),
    "a column": (
        np.ones((4, 1)),
        ValueError,
        "sample_weight has shape (4, 1), not 1 dimension(s): flatten it to one row",
    ),
    "one number": (2.0, TypeError, "sample_weight is 2.0, a float: give a sequence of numbers"),
    "a word": ("1111", TypeError, "sample_weight is '1111', a str: give a sequence of numbers"),
    "a word within": ([1, "2", 1, 1], TypeError, "sample_weight[1] is '2', a str: give a number"),
    "None within": ([1, 1, None, 1], TypeError, "sample_weight[2] is None, a NoneType: give"),
    "negative": (
        [1, 2, -1, 1],
        ValueError,
        "sample_weight[2] is -1.0: give a finite number, 0 or more",
    ),
    "negative, of integers": (
        np.array([1, 2, -1, -7], "i2"),
        ValueError,
        "sample_weight[2] is -1.0: give a finite number, 0 or more",
    ),
    "NaN": (
        np.array([1, 2, 1, NAN]),
        ValueError,
        "sample_weight[3] is nan: give a finite number, 0 or more",
    ),
    "infinite": (
        np.array([INF, 2, 1, 1], "f4"),
        ValueError,
        "sample_weight[0] is inf: give a finite number, 0 or more",
    ),
    "all zero": ([0] * 4, ValueError, "sample_weight sums to 0.0: give a positive, finite sum"),
    "all False": (
        np.zeros(4, bool),
        ValueError,
        "sample_weight sums to 0.0: give a positive, finite sum",
    ),
    "too heavy": (
        [1e308, 1e308, 1, 1],
        ValueError,
        "sample_weight sums to inf: give a positive, finite sum",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(model, name):
    weights, exception, message = MISTAKES[name]
    X, y, theta = model.data(np.random.default_rng(15), 4, 2)
    for call in (
        lambda: model.gradient(X, y, theta, weights),
        lambda: model.descent(X, y, learning_rate=1, iterations=1, sample_weight=weights),
        lambda: model.descent(X, y, learning_rate=1, iterations=0, sample_weight=weights),
        lambda: model.descent(X, y, learning_rate="safe", iterations=1, sample_weight=weights),
        lambda: model.safe(X, sample_weight=weights),
    ):
        with pytest.raises(exception) as caught:
            call()
        assert type(caught.value) is exception
        assert str(caught.value).startswith(message)


def test_a_bad_cell_is_found_in_a_row_that_is_left_out(model):
    X, y, theta = model.data(np.random.default_rng(16), 4, 2)
    s = [1, 1, 0, 1]
    for value in (NAN, INF):
        X[2][1] = value
        for call in (
            lambda: model.gradient(X, y, theta, s),
            lambda: model.descent(X, y, learning_rate=1, iterations=1, sample_weight=s),
            lambda: model.descent(X, y, learning_rate=1, iterations=0, sample_weight=s),
            lambda: model.descent(X, y, learning_rate="safe", iterations=0, sample_weight=s),
            lambda: model.safe(X, sample_weight=s),
            lambda: model.safe(X),
        ):
            message = rf"^X\[2\]\[1\] is {value}: remove the row, or fill in a finite number$"
            with pytest.raises(ValueError, match=message):
                call()


def test_a_table_too_large_for_a_safe_step(model):
    X, y, _ = model.data(np.random.default_rng(17), 4, 2)
    X[1][1] = 1e200
    message = "^X is too large for a safe learning rate: scale it down$"
    for s in (None, [1, 2, 3, 4]):
        with pytest.raises(ValueError, match=message):
            model.safe(X, sample_weight=s)
        with pytest.raises(ValueError, match=message):
            model.descent(X, y, learning_rate="safe", iterations=0, sample_weight=s)
    for n in (1, 3):  # a bad cell comes first
        with pytest.raises(ValueError, match=r"^X\[4\]\[0\] is nan"):
            model.safe([*X, *[[NAN, 1.0]] * n])


def test_the_order_of_mistakes_in_the_safe_step(model):
    X = [[NAN], [2]]
    wrong = {"sample_weight": [1], "reduction": "avg", "l2": -1}
    cures = [
        ("sample_weight", [-1, 1], "sample_weight has length 1"),
        ("reduction", "sum", "reduction is 'avg'"),
        ("l2", 0, "l2 is -1"),
        ("sample_weight", [1, 1], "sample_weight[0] is -1"),
    ]
    with pytest.raises(ValueError, match=r"^X is empty"):
        model.safe([], **wrong)
    for name, cure, message in cures:
        with pytest.raises(ValueError, match=r"is|has") as caught:
            model.safe(X, **wrong)
        assert str(caught.value).startswith(message)
        wrong[name] = cure
    with pytest.raises(ValueError, match=r"^X\[0\]\[0\] is nan"):
        model.safe(X, **wrong)


def test_nothing_that_is_given_is_changed(model):
    X, y, theta = model.data(np.random.default_rng(18), 5, 2)
    s = np.array([1.0, 2.0, 0.0, 3.0, 1.0])
    s.flags.writeable = False
    before = [list(row) for row in X], list(y), list(theta)
    model.gradient(X, y, theta, s)
    model.descent(X, y, theta, learning_rate="safe", iterations=3, sample_weight=s, l2=0.1)
    model.safe(X, sample_weight=s)
    assert (X, y, theta) == before
    assert s.tolist() == [1.0, 2.0, 0.0, 3.0, 1.0]


def test_the_users_weights_are_let_go(model):
    """After a call, and after an error whose frames are kept, the buffer is free again."""
    X, y, theta = model.data(np.random.default_rng(19), 4, 2)
    for last in (1.0, -1.0):
        for code in "dfb":
            weights = array(code, [1, 1, 1, int(last)])
            kept = []
            for call in (
                lambda weights=weights: model.gradient(X, y, theta, weights),
                lambda weights=weights: model.safe(X, sample_weight=weights),
                lambda weights=weights: model.descent(
                    X, y, learning_rate="safe", iterations=1, sample_weight=weights
                ),
            ):
                try:
                    call()
                except ValueError as error:
                    kept.append(error)
            assert len(kept) == (3 if last < 0 else 0)
            weights.append(1)  # BufferError while somebody holds on to it
