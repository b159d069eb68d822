"""An independent softmax regression in NumPy: whole matrices, the textbook's formulas.

It shares nothing with `pyref`: labels are always the full matrix Y of n x C, log-sum-exp comes
from numpy.logaddexp, the residual is P - Y as printed (with P times the sum of the label, which
is 1 but for its rounding). Where that loses digits, `bounds` says how many it may lose, and the
tests ask no more of the comparison.
"""

import numpy as np

U = 2.0**-53  # half a unit in the last place of 1: the relative error of one rounding


def one_hot(y, C):
    """The n x C matrix of class numbers (or of the rows that are there already)."""
    y = np.asarray(y)
    return y.astype(float) if y.ndim == 2 else (y[:, None] == np.arange(C)).astype(float)


def scores(X, W, b):
    return np.asarray(X, float) @ np.asarray(W, float) + np.asarray(b, float)


def probabilities(Z):
    """P, and the logarithm of the sum of e^z for each row."""
    lse = np.logaddexp.reduce(Z, axis=1, keepdims=True)
    return np.exp(Z - lse), lse


def loss_and_gradient(X, Y, W, b):
    """Summed over the samples: loss, grad_W (d x C), grad_b (C)."""
    Z = scores(X, W, b)
    P, lse = probabilities(Z)
    terms = np.where(Y > 0, Y * (lse - Z), 0.0)  # no weight, no cost: not 0 * inf
    R = Y.sum(axis=1, keepdims=True) * P - Y
    return terms.sum(), np.asarray(X, float).T @ R, R.sum(axis=0)


def bounds(X, Y, W, b):
    """How far two right answers may lie apart: for the loss, grad_W and grad_b.

    Every rounding is at most U, relative to what is rounded.
    - A score adds d products and an intercept: off by (d+2) U (|b| + sum |w x|) = delta. That
      changes p by a factor within e^(2 delta), and L by 2 delta, as the |residuals| of a sample
      sum to 2 at most. There are two such answers: 4 delta.
    - The shift, exp, the sum of C terms and the division: p is off by (C + spread + 15) U in
      each, where spread is the distance from the top score to the bottom one; P - Y once more.
    - Adding up n samples: n U of the sum of the magnitudes in each.
    """
    n, d = np.shape(X)
    C = Y.shape[1]
    Z = scores(X, W, b)
    P, lse = probabilities(Z)
    X = np.abs(np.asarray(X, float))
    delta = (d + 2) * U * (X @ np.abs(np.asarray(W, float)) + np.abs(b)).max(axis=1)
    spread = Z.max(axis=1) - Z.min(axis=1)
    part = (2 * n + 2 * C + 2 * spread + 30) * U + 4 * delta
    residuals = (P + Y) * part[:, None]
    loss = ((Y * (np.abs(lse) + np.abs(Z))).sum(axis=1) + 2 * C * U) * part + 4 * delta
    return loss.sum(), X.T @ residuals, residuals.sum(axis=0)


def descent(X, Y, learning_rate, iterations, momentum=0.0, reduction="mean", W=None, b=None):
    """(W, b, mean losses) after `iterations` updates, one matrix step each."""
    n, d = np.shape(X)
    C = Y.shape[1]
    W = np.zeros((d, C)) if W is None else np.array(W, float)
    b = np.zeros(C) if b is None else np.array(b, float)
    v_W, v_b = np.zeros_like(W), np.zeros_like(b)
    step = learning_rate / n if reduction == "mean" else learning_rate
    losses = []
    for _ in range(iterations):
        loss, grad_W, grad_b = loss_and_gradient(X, Y, W, b)
        losses.append(loss / n)
        v_W, v_b = momentum * v_W + grad_W, momentum * v_b + grad_b
        W, b = W - step * v_W, b - step * v_b
    return W, b, losses
