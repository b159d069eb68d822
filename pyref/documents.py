"""The documents' own programs, formula for formula, in plain Python lists.

They are here to be compared with: their numbers beside ours, their speed against ours. To learn
from and to use there is `logistic`, which computes the same without what goes wrong here.
The names inside are the documents': lr, y_pred, a_grad, dW, temp.
"""

from math import exp, log

from .datasets import five_points, seeded_cloud


def document_001(reset=True, learning_rate=0.1, iterations=1000):
    """Document 001's descent on its five points, from a = b = 0: (a, b).

    The code it prints sets the sums a_grad and b_grad back to zero in each iteration, yet the
    output beneath that code does not come from it. With reset=False the sums are kept, every
    step adds up all the gradients so far, and out comes the printed output to its last digit:

    >>> a, b = document_001()
    >>> print(round(a, 12), round(b, 12))
    1.769045864973 -5.956350539119
    >>> print(*document_001(reset=False))
    103.84988263633421 -351.54572048917004

    Kept sums are momentum 1.0: see `logistic.gradient_descent_logistic`. Exact arithmetic would
    give 103.84988263633382 -351.54572048917650 there, so 14 digits of the printed ones are
    right, and the rest are rounding.
    """
    x, y = five_points()
    a = b = a_grad = b_grad = 0
    for _ in range(iterations):
        if reset:
            a_grad = b_grad = 0
        for xi, yi in zip(x, y):
            y_pred = _sigmoid(a * xi + b)
            a_grad += xi * (y_pred - yi)
            b_grad += y_pred - yi
        a -= learning_rate * (a_grad / len(x))
        b -= learning_rate * (b_grad / len(x))
    return a, b


def document_000(epochs=1000, cloud=None):
    """Document 000's training, by the chain rule's full product: (W, b, losses).

    losses[k] is the mean loss in epoch k + 1. cloud is the data and the start, (X, y, W, b), as
    `datasets.seeded_cloud` returns them; without it they are made here.

    >>> W, b, losses = document_000(epochs=3)
    >>> print(*[round(loss, 6) for loss in losses])
    1.12184 0.857081 0.667449

    The document stops after 1000 epochs, which is just as well: in epoch 1340 a score reaches
    36.74, its y_pred rounds to exactly 1, and the loss of that sample, whose label is 1 and
    whose true loss is 1e-16, comes out as 0 * log(0). That is NaN, and every parameter is NaN
    from then on.
    """
    X, y, W, b = seeded_cloud() if cloud is None else cloud
    lr, N = 0.001, len(X)
    losses = []
    for _ in range(epochs):
        total = db = 0.0
        dW = [0.0] * len(W)
        for x_i, y_i in zip(X, y):
            temp = 0.0
            for x_ij, W_j in zip(x_i, W):
                temp += x_ij * W_j
            y_pred = _sigmoid(temp + b)
            try:
                total += y_i * log(y_pred) + (1 - y_i) * log(1 - y_pred)
                dL_dz = (-1 * y_i / y_pred + (1 - y_i) / (1 - y_pred)) * y_pred * (1 - y_pred)
            except (ValueError, ZeroDivisionError):
                # y_pred is exactly 1. Python refuses log(0) and the division by 0, where NumPy
                # follows IEEE 754: log(0) is -inf, 1/0 is inf, 0/0, 0 * -inf and inf * 0 are NaN.
                total += float("nan") if y_i == 1 else float("-inf")
                dL_dz = float("nan")
            for j, x_ij in enumerate(x_i):
                dW[j] += x_ij * dL_dz
            db += dL_dz
        losses.append(-1 / N * total)
        W = [W_j - lr * dW_j for W_j, dW_j in zip(W, dW)]
        b = b - lr * db
    return W, b, losses


def _sigmoid(x):
    # As both documents print it. Below x = -709 Python raises OverflowError, and NumPy warns;
    # the documents' own runs stay above -250.
    return 1 / (1 + exp(-x))
