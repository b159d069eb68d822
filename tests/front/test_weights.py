"""Sample weights, the L2 penalty and the safe step: chapters 1 and 2, each implementation.

Every check is a plain function of a Model (helpers/chapters.py). One test runs it over the two
chapters of both implementations, another over models that are wrong in one respect each, and it
must object. (What chapter 3 makes of weights and penalty is tested in tests/fit/.)
"""

import mpmath
import numpy as np
import pytest
from helpers.chapters import Model
from helpers.oracle_second_order import lre, lre_of_sums
from mpmath import mpf

import pyref


@pytest.fixture(params=(0, 3), ids=("logistic", "softmax"))
def model(impl, request):
    return Model(impl, request.param)


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
@pytest.mark.parametrize("classes", [0, 3], ids=["logistic", "softmax"])
def test_a_wrong_model_is_noticed(impls, classes, name):
    model = Model(impls[-1], classes)  # the faster one: it is the check that is looked at
    method, replacement, check = wrong_models()[name]
    right = getattr(model, method)
    setattr(model, method, lambda *args, **how: replacement(right, *args, **how))
    with pytest.raises((AssertionError, ValueError)):
        check(model)


# ---------------------------------------------------------------- between the chapters


def test_two_classes_are_chapter_1(impl):
    """The columns of W are w/2 and -w/2, whose squares sum to |w|^2 / 2: twice the l2 is the
    same price. The safe step is half as long, and w moves by twice that."""
    one, two = Model(impl, 0), Model(impl, 2)
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
        pure, compiled = Model(pyref, classes), Model(fast, classes)
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
