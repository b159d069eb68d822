"""The documents' own programs: what `pyref.documents` says of them, judged by NumPy and mpmath.

The bounds are first-order ones. They follow each rounding of a run to its end, with eps = 2^-52:
a sum of m terms, each of them computed with a few roundings, is wrong by at most
m eps * (sum of magnitudes) to begin with, and by twice that if both of two sums that are
compared are rounded.
"""

import doctest
import math

import mpmath
import numpy as np
import pytest

import pyref
from pyref import datasets, documents, logistic

EPS = 2.0**-52

PRINTED_OUTPUT = (103.84988263633421, -351.54572048917004)  # document 001's last line

# The same to 25 digits, by 60-digit arithmetic, with 0.1 as the float that it is.
EXACT = {
    0.0: ("1.769045864973106023698712", "-5.956350539118638345543241"),
    1.0: ("103.8498826363338160757966", "-351.5457204891764951776531"),
}


def close(got, want, bound):
    """Whether every number is within its bound of the one wanted. A NaN never is."""
    got, want, bound = np.broadcast_arrays(
        *(np.asarray(v, dtype=float) for v in (got, want, bound))
    )
    return bool(np.all(np.abs(got - want) <= bound))


def test_close_can_tell():
    assert close([1.0, -2.0], [1.0, -2.0], 1e-12)
    for wrong in ([0.0, 0.0], [-1.0, 2.0], [1.0, math.nan], [math.inf, -2.0], [1.0, -2.0 - 2e-12]):
        assert not close(wrong, [1.0, -2.0], 1e-12)


# -------------------------------------------------------- document 001


def numpy_001(reset):
    """Document 001's program, as printed but for the switch."""
    x = [1, 2, 3, 4, 5]

    y = [0, 0, 0, 1, 1]

    def segmoid_function(point):
        return 1 / (1 + np.exp(-point))

    def gradient_descent_logistic(x, y, learning_rate=0.1, iterations=1000):
        a = 0
        b = 0
        a_grad = b_grad = 0

        for _ in range(iterations):
            if reset:
                a_grad = 0
                b_grad = 0

            for xi, yi in zip(x, y, strict=True):
                y_pred = segmoid_function(a * xi + b)
                a_grad += xi * (y_pred - yi)
                b_grad += y_pred - yi

            a -= learning_rate * (a_grad / len(x))
            b -= learning_rate * (b_grad / len(x))
        return a, b

    return gradient_descent_logistic(x, y)


def exact_001(momentum):
    """The same descent with 60 digits."""
    with mpmath.workdps(60):
        x, y = datasets.five_points()
        a = b = v_a = v_b = mpmath.mpf(0)
        for _ in range(1000):
            v_a, v_b = momentum * v_a, momentum * v_b
            for x_i, y_i in zip(x, y, strict=True):
                r = 1 / (1 + mpmath.exp(-(a * x_i + b))) - y_i
                v_a, v_b = v_a + r * x_i, v_b + r
            a, b = a - mpmath.mpf(0.1) * v_a / 5, b - mpmath.mpf(0.1) * v_b / 5
        return mpmath.nstr(a, 25), mpmath.nstr(b, 25)


def bound_001(momentum):
    """How far rounding can take (a, b) in 1000 iterations from where exact arithmetic goes.

    One iteration is   v <- momentum v + g(theta),   theta <- theta - eta v,   eta = 0.1 / 5.
    It adds 5 terms to v, of which a program may compute each as the difference p - y, with an
    error of eps |x| from p alone; and it rounds theta. How much of these errors is left at the
    end, the derivatives of the final theta tell, computed backwards as in backpropagation: with H
    the Hessian at that iteration's theta, and F' the derivatives by the next one's theta and v,

        F_v' - eta F_theta'   is what an error in the new v does,
        F_theta <- F_theta' + (F_v' - eta F_theta') H      F_v <- momentum (F_v' - eta F_theta')
    """
    x, y = (np.array(column, dtype=float) for column in datasets.five_points())
    A, eta = np.column_stack([x, np.ones(5)]), 0.1 / 5
    theta, v, run = np.zeros(2), np.zeros(2), []
    for _ in range(1000):
        p = np.array([logistic.sigmoid(z) for z in A @ theta])
        q = np.array([logistic.sigmoid(-z) for z in A @ theta])
        r = (1 - y) * p - y * q
        magnitudes = momentum * np.abs(v) + (np.abs(A) * np.abs(r)[:, None]).sum(axis=0)
        run.append((theta, (A.T * (p * q)) @ A, magnitudes))
        v = momentum * v + A.T @ r
        theta = theta - eta * v
    by_theta, by_v, bound = np.eye(2), np.zeros((2, 2)), np.zeros(2)
    for theta, H, magnitudes in reversed(run):
        by_new_v = by_v - eta * by_theta
        bound += np.abs(by_new_v) @ (5 * EPS * magnitudes + EPS * np.abs(A).sum(axis=0))
        bound += np.abs(by_theta) @ (EPS * np.abs(theta))
        by_theta, by_v = by_theta + by_new_v @ H, momentum * by_new_v
    return bound


@pytest.mark.parametrize("momentum", [0.0, 1.0])
def test_001_exact_digits(momentum):
    assert exact_001(momentum) == EXACT[momentum]


def test_001_the_printed_output_to_its_last_digit():
    assert documents.document_001(reset=False) == PRINTED_OUTPUT


def test_001_the_printed_code_gives_something_else():
    a, b = documents.document_001()
    assert close((a, b), [float(v) for v in EXACT[0.0]], bound_001(0.0))
    assert (round(a, 12), round(b, 12)) == (1.769045864973, -5.956350539119)


@pytest.mark.parametrize(("reset", "momentum"), [(True, 0.0), (False, 1.0)])
def test_001_every_program_is_within_the_bound_of_exact_arithmetic(reset, momentum):
    # kept sums and momentum 1.0 are one thing, whoever computes it
    exact, bound = [float(v) for v in EXACT[momentum]], bound_001(momentum)
    x, y = datasets.five_points()
    assert close(documents.document_001(reset), exact, bound)
    assert close(numpy_001(reset), exact, bound)
    assert close(logistic.gradient_descent_logistic(x, y, momentum=momentum), exact, bound)
    # the bound is narrow enough to see one sample's label change by a millionth of a millionth
    y[0] = 1e-12
    assert not close(logistic.gradient_descent_logistic(x, y, momentum=momentum), exact, bound)
    # and these are the figures that tests/anywhere.py uses
    assert max(bound) < {0.0: 1e-12, 1.0: 1e-9}[momentum]


def test_001_fourteen_digits_of_the_printed_output_are_right():
    for printed, exact in zip(PRINTED_OUTPUT, EXACT[1.0], strict=True):
        error = abs(mpmath.mpf(printed) - mpmath.mpf(exact)) / abs(mpmath.mpf(exact))
        assert 1e-15 < error < 5e-14


def test_001_parameters_are_used():
    assert documents.document_001(iterations=0) == (0, 0)
    assert documents.document_001(iterations=1) == (0.1 * (1.5 / 5), -0.1 * (0.5 / 5))
    assert documents.document_001(learning_rate=0.2, iterations=1) == (0.2 * 0.3, -0.2 * 0.1)
    # from the second iteration on, and not before, it matters whether the sums are kept
    once = [documents.document_001(reset, iterations=1) for reset in (True, False)]
    twice = [documents.document_001(reset, iterations=2) for reset in (True, False)]
    assert once[0] == once[1]
    assert twice[0] != twice[1]


# -------------------------------------------------------- document 000

EPOCHS = 1342  # a few more than it survives


def numpy_000(epochs):
    """Document 000's training, as printed: W, b, losses, and beside them the bounds.

    bounds[k] = (bound of the loss, bound of every parameter) when epoch k + 1 begins, between
    two runs that round and add in different ways.

    A step of this size never increases a difference between two runs (its length 0.001 is below
    2 / L, L the largest curvature of the summed loss, which is asserted here). So the difference
    of the parameters is at most the sum over the epochs of what each adds: the step times twice
    n eps * (sum of magnitudes of the terms), and one rounding of W and b each.
    The difference of the losses is what the parameters' difference makes of it (times the length
    of the gradient), the same bound for its own sum, and what the rounding of 1 - y_pred adds,
    eps / (the true label's probability).
    """
    X, y, W, b = datasets.seeded_cloud()
    X, y = np.array(X), np.array(y)[:, None]
    W, b = np.array(W)[:, None], np.array([[b]])
    A = np.column_stack([X, np.ones(len(X))])
    assert np.linalg.eigvalsh(A.T @ A).max() / 4 < 2 / 0.001

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    def binary_cross_entropy_loss(y_pred, y_true):
        return -1 / N * np.sum(y_true * np.log(y_pred) + (1 - y_true) * np.log(1 - y_pred))

    lr = 0.001
    N = X.shape[0]
    losses, bounds, apart = [], [], 0.0

    for _epoch in range(1, epochs + 1):
        temp = np.dot(X, W) + b
        y_pred = sigmoid(temp)
        loss = binary_cross_entropy_loss(y_pred, y)
        losses.append(loss)

        truth = np.where(y == 1, y_pred, 1 - y_pred)
        steepness = np.linalg.norm(A.T @ (1 - truth)) / N
        own = 2 * N * EPS * loss + 4 * EPS * np.mean(1 / truth)
        bounds.append((steepness * apart + own, apart))
        terms = np.abs(A) * (1 - truth + 4 / N)  # 4 / N: each residual has 4 roundings of its own
        apart += lr * 2 * N * EPS * np.linalg.norm(terms.sum(axis=0))
        apart += 2 * EPS * np.linalg.norm([*W.ravel(), b.item()])

        dW = np.dot(X.T, (-1 * y / y_pred + (1 - y) / (1 - y_pred)) * y_pred * (1 - y_pred))
        db = np.sum(
            (-1 * y / y_pred + (1 - y) / (1 - y_pred)) * y_pred * (1 - y_pred),
            axis=0,
            keepdims=True,
        )

        W = W - lr * dW
        b = b - lr * db
    return W.ravel(), b.item(), losses, bounds


@pytest.fixture(scope="module")
def numpys():
    with np.errstate(all="ignore"):
        return numpy_000(EPOCHS)


@pytest.fixture(scope="module")
def ours():
    """(W, b, losses) after 1000, 1338, 1339 and EPOCHS epochs: one run, each part continued."""
    X, y, _, _ = datasets.seeded_cloud()
    W, b, losses = documents.document_000()
    run = {len(losses): (W, b, losses)}
    for epochs in (1338, 1339, EPOCHS):
        W, b, more = documents.document_000(epochs - len(losses), cloud=(X, y, W, b))
        losses = losses + more
        run[epochs] = (W, b, losses)
    return run


def scores(W, b):
    X = datasets.seeded_cloud()[0]
    return [sum(w_j * x_j for w_j, x_j in zip(W, x, strict=True)) + b for x in X]


def test_000_every_loss_is_numpys_within_the_bound(ours, numpys):
    losses, (_, _, numpys_losses, bounds) = ours[EPOCHS][2], numpys
    assert len(losses) == len(numpys_losses) == EPOCHS
    assert close(losses[:1339], numpys_losses[:1339], [of_loss for of_loss, _ in bounds[:1339]])
    # The bound is worth its name: far below the step from one loss to the next.
    steps = -np.diff(numpys_losses[:1339])
    assert all(10000 * of_loss < step for (of_loss, _), step in zip(bounds, steps, strict=False))
    # and this is the figure that tests/anywhere.py uses
    assert max(max(pair) for pair in bounds[:1001]) < 1e-10


def test_000_the_documents_numbers(ours, numpys):
    W, b, losses = ours[1000]
    of_loss, of_parameters = numpys[3][1000]
    assert close(losses[0], 1.1218398748296046, of_loss)
    assert close(losses[-1], 0.050132639879444184, of_loss)
    printed = [3.64250709, -0.97767008, 4.63040647, 10.37265545, -1.76169619]
    assert close([*W, b], printed, 0.5e-8 + of_parameters)


def test_000_dies_in_epoch_1340_as_numpy_does(ours, numpys):
    for W, b, losses in (ours[EPOCHS], numpys[:3]):
        assert [k + 1 for k, loss in enumerate(losses) if math.isnan(loss)] == [1340, 1341, 1342]
        assert all(math.isnan(parameter) for parameter in [*W, b])


def test_000_why_it_dies(ours):
    y = datasets.seeded_cloud()[1]
    z = scores(*ours[1339][:2])
    certain = [i for i, z_i in enumerate(z) if 1 / (1 + math.exp(-z_i)) == 1]
    assert certain == [z.index(max(z))]
    assert y[certain[0]] == 1
    assert round(max(z), 2) == 36.74
    assert round(logistic.softplus(-max(z)), 17) == 1.1e-16
    # y_pred is 1 when e^-z is below eps / 2. It is above in the epoch before and below in this
    # one by 0.1 % and more: no rounding of exp decides the epoch.
    before = max(scores(*ours[1338][:2]))
    assert math.exp(-before) > 1.001 * EPS / 2
    assert math.exp(-max(z)) < 0.999 * EPS / 2


def test_000_ours_goes_on(ours):
    W, b, losses = ours[1339]
    X, y, _, _ = datasets.seeded_cloud()
    fit = pyref.gradient_descent(
        X, y, w=W, b=b, learning_rate=0.001, iterations=20, reduction="sum"
    )
    assert fit.status == "iterations"
    assert len(fit.losses) == 20
    # The losses that document 000 could not compute follow upon its last one: each step down is
    # a little shorter than the one before.
    steps = -np.diff(losses[-2:] + fit.losses)
    assert np.all(steps > 0)
    assert np.all(np.diff(steps) < 0)


@pytest.mark.parametrize(("label", "score"), [(1, 40.0), (0, 40.0), (1, 36.0), (0, 36.0)])
def test_000_certain_predictions_end_as_in_numpy(label, score):
    (w,), _, losses = documents.document_000(1, cloud=([[1.0]], [label], [score], 0.0))
    y, W = np.float64(label), np.float64(score)
    with np.errstate(all="ignore"):
        p = 1 / (1 + np.exp(-W))
        loss = -(y * np.log(p) + (1 - y) * np.log(1 - p))
        W = W - 0.001 * ((-1 * y / p + (1 - y) / (1 - p)) * p * (1 - p))
    assert losses == pytest.approx([loss], rel=4 * EPS, abs=0, nan_ok=True)
    assert w == pytest.approx(W, rel=4 * EPS, abs=0, nan_ok=True)
    # at 40, y_pred is exactly 1
    expected = {(1, 40.0): math.isnan, (0, 40.0): math.isinf}.get((label, score), math.isfinite)
    assert expected(losses[0])
    assert math.isfinite(w) == (score == 36)


def test_doctests():
    assert doctest.testmod(documents) == (0, 5)
