"""An independent oracle: the documents' formulas and programs in NumPy. Nothing from pyref.

    script_000, script_001      the documents' programs as they stand
    gradient                    the formulas for any data, in NumPy's longest float
    five_points, cloud, challenger      the data

On x86-64 the longest float has 11 bits more than a double, on other machines as many as it
has: compare.py adds this oracle's own rounding to its bounds, so they hold everywhere.
"""

from collections import namedtuple

import numpy as np

LONG = np.longdouble
EPS = float(np.finfo(LONG).eps)

Data = namedtuple("Data", ("X", "y", "w", "b"))  # n x d, n, d, one number
Sums = namedtuple("Sums", ("loss", "grad_w", "grad_b"))
Samples = namedtuple("Samples", ("z", "p", "q", "loss", "residual", "size"))


# ---------------------------------------------------------------- the data


def five_points():
    """Document 001; it starts from a = b = 0."""
    X = np.array([[1.0], [2.0], [3.0], [4.0], [5.0]])
    return Data(X, np.array([0, 0, 0, 1, 1]), [0.0], 0.0)


def cloud():
    """Document 000's data set, and in w and b the parameters its training starts from."""
    X, y, W, b = _document_000()
    return Data(X, y[:, 0], W[:, 0], float(b[0]))


def _document_000():
    random = np.random.RandomState(42)  # the document seeds the global one: the same stream
    threshold = 0.62
    W = random.randn(4, 1)
    b = random.randn(1)
    X = random.randn(1000, 4)
    y = 1 / (1 + np.exp(-np.dot(X, W) + b)) > threshold  # + b inside: the document's labels
    random = np.random.RandomState(43)
    W = random.randn(4, 1)
    b = random.randn(1)
    return X, y, W, b


def challenger():
    """Temperature (F) at 23 launches, and whether an O-ring was damaged (Dalal et al. 1989)."""
    x = "66 70 69 68 67 72 73 70 57 63 70 78 67 53 67 75 70 81 76 79 75 76 58"
    y = "0 1 0 0 0 0 0 0 1 1 1 0 0 1 0 0 0 0 0 0 1 0 1"
    return Data(
        np.array([[float(word)] for word in x.split()]),
        np.array([int(word) for word in y.split()]),
        [0.0],
        0.0,
    )


def problem(seed, n, d, soft=False, spread=1.0):
    """A random problem of any shape. Scores have a spread of about `spread` around 0."""
    random = np.random.RandomState(seed)
    X = random.randn(n, d)
    w = spread * random.randn(d) / np.sqrt(d)
    b = float(random.randn())
    y = random.rand(n)
    if not soft:
        y = (y > 0.5).astype(float)
    return Data(X, y, w, b)


# ---------------------------------------------------------------- the programs


def script_000(epochs):
    """Document 000's training loop as printed: (losses, W, b)."""
    X, y, W, b = _document_000()
    N = X.shape[0]
    lr = 0.001
    losses = []
    with np.errstate(all="ignore"):  # it divides by 0 and takes log(0), from epoch 1340 on
        for _ in range(epochs):
            y_pred = 1 / (1 + np.exp(-(np.dot(X, W) + b)))
            losses.append(-1 / N * np.sum(y * np.log(y_pred) + (1 - y) * np.log(1 - y_pred)))
            slope = (-1 * y / y_pred + (1 - y) / (1 - y_pred)) * y_pred * (1 - y_pred)
            W = W - lr * np.dot(X.T, slope)
            b = b - lr * np.sum(slope, axis=0)
    return np.array(losses), W[:, 0], float(b[0])


def script_001(forgets=False):
    """Document 001's program: (a, b). `forgets` to set its two gradient sums back to zero."""
    x, y = [1, 2, 3, 4, 5], [0, 0, 0, 1, 1]
    a = b = a_grad = b_grad = 0
    for _ in range(1000):
        if not forgets:
            a_grad = b_grad = 0
        for xi, yi in zip(x, y, strict=True):
            y_pred = 1 / (1 + np.exp(-(a * xi + b)))
            a_grad += xi * (y_pred - yi)
            b_grad += y_pred - yi
        a -= 0.1 * (a_grad / len(x))
        b -= 0.1 * (b_grad / len(x))
    return float(a), float(b)


# ---------------------------------------------------------------- the formulas


def samples(X, y, w, b):
    """For every sample its z, p, q = 1 - p, loss, dL/dz, and the size of dL/dz's two terms."""
    X, y, w, b = np.asarray(X, LONG), np.asarray(y, LONG), np.asarray(w, LONG), LONG(b)
    with np.errstate(over="ignore", under="ignore"):
        z = X @ w + b
        p = 1 / (1 + np.exp(-z))
        q = 1 / (1 + np.exp(z))  # 1 - p would lose the digits of a small q
        # -log(p) = log(1 + e^-z) and -log(1-p) = log(1 + e^z): NumPy's logaddexp
        for_one = np.where(y > 0, y * np.logaddexp(LONG(0), -z), LONG(0))
        for_zero = np.where(y < 1, (1 - y) * np.logaddexp(LONG(0), z), LONG(0))
    return Samples(z, p, q, for_one + for_zero, (1 - y) * p - y * q, (1 - y) * p + y * q)


def sums(s, X):
    """Loss and gradient of the samples s, summed (documents 000 and 002)."""
    return Sums(s.loss.sum(), s.residual @ np.asarray(X, LONG), s.residual.sum())


def gradient(X, y, w, b):
    return sums(samples(X, y, w, b), X)
