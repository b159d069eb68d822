"""The same gradient descent in other libraries, as a person who knows each of them writes it.

One epoch is: the mean loss, recorded; the full gradient; the update. Every peer starts at the
problem's (w, b), steps by `step` times the summed gradient, and returns Descended(losses, w, b)
with all of its numbers computed (a library that only promises them is made to keep its word).
Nothing else is asked: what prepares the data or compiles the program happens before the clock
starts, and each peer may use every core. A peer is a generator of its variants, of which the
quickest competes; it imports its library itself, and an ImportError means that it is absent.
"""

import os
from typing import Any, NamedTuple

import numpy as np
from harness import Descended

from pyref.command.bench import cores


class Problem(NamedTuple):
    """What all of them solve: X is (n, d) row after row, y is (n,), both float64 or float32."""

    X: Any
    y: Any
    w: Any
    b: float
    step: float
    epochs: int


# ---------------------------------------------------------------- NumPy


def document_numpy(problem):
    """Document 000's loop, formula for formula. Only its print is left out."""
    X, epochs, lr = problem.X, problem.epochs, problem.step
    y = problem.y.reshape(-1, 1) > 0.5  # the document's labels are booleans, in a column
    N = X.shape[0]

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    def binary_cross_entropy_loss(y_pred, y_true):
        return -1 / N * np.sum(y_true * np.log(y_pred) + (1 - y_true) * np.log(1 - y_pred))

    def run():
        W = problem.w.reshape(-1, 1).copy()
        b = np.array([problem.b], dtype=X.dtype)
        losses = []
        for _epoch in range(1, epochs + 1):
            temp = np.dot(X, W) + b
            y_pred = sigmoid(temp)
            loss = binary_cross_entropy_loss(y_pred, y)
            losses.append(loss)

            # backpropagation
            # (-y/p + (1-y)/(1-p))

            dW = np.dot(X.T, (-1 * y / y_pred + (1 - y) / (1 - y_pred)) * y_pred * (1 - y_pred))
            db = np.sum(
                (-1 * y / y_pred + (1 - y) / (1 - y_pred)) * y_pred * (1 - y_pred),
                axis=0,
                keepdims=True,
            )

            W = W - lr * dW
            b = b - lr * db
        return Descended(losses, W, b.item())

    yield "as printed", run


def _numpy_rows(X, y, w, b, z, e, t, r):
    """Loss, gradient and residual sum of some rows, one exponential for all, in given memory."""
    np.matmul(X, w, out=z)
    z += b
    np.abs(z, out=e)
    np.negative(e, out=e)
    np.exp(e, out=e)  # e = e^-|z|
    # loss: max(z, 0) - y z + log(1 + e)
    np.log1p(e, out=t)
    np.maximum(z, 0, out=r)
    loss = t.sum() + r.sum() - y @ z
    # residual: (1 if z >= 0 else e) / (1 + e) - y
    np.add(e, 1, out=t)
    np.copyto(e, 1, where=z >= 0)
    np.divide(e, t, out=r)
    r -= y
    return loss, X.T @ r, r.sum()


def plain_numpy(problem):
    """matmul, X.T @ r, the stable loss, no temporary arrays; whole, or in blocks of rows that
    stay in the cache between the two multiplications."""
    X, y, step, epochs = problem.X, problem.y, problem.step, problem.epochs
    n, d = X.shape

    def variant(rows):
        scratch = [np.empty(rows, X.dtype) for _ in range(4)]
        cuts = [(i, min(i + rows, n)) for i in range(0, n, rows)]

        def run():
            w, b = problem.w.copy(), problem.b
            losses = np.empty(epochs)
            for k in range(epochs):
                loss, grad_w, grad_b = 0.0, np.zeros(d), 0.0
                for i, j in cuts:
                    part = _numpy_rows(X[i:j], y[i:j], w, b, *[s[: j - i] for s in scratch])
                    loss += part[0]
                    grad_w += part[1]
                    grad_b += part[2]
                losses[k] = loss / n
                w -= (step * grad_w).astype(w.dtype, copy=False)
                b -= step * float(grad_b)
            return Descended(losses, w, b)

        return run

    yield "whole", variant(n)
    block = max(1024, (1 << 19) // (d * X.itemsize))
    if block < n:
        yield f"blocks of {block} rows", variant(block)


# ---------------------------------------------------------------- numba


def numba_loop(problem):
    """One fused loop over the rows, compiled; with all cores, a slice of the rows for each."""
    import numba

    X, y, w0, b0 = problem.X, problem.y, problem.w.astype(np.float64), problem.b
    step, epochs = problem.step, problem.epochs

    @numba.njit(fastmath=False)
    def rows(X, y, w, b, first, last, grad):
        loss = 0.0
        grad_b = 0.0
        for i in range(first, last):
            z = b
            for j in range(X.shape[1]):
                z += w[j] * X[i, j]
            e = np.exp(-abs(z))
            loss += max(z, 0.0) - y[i] * z + np.log1p(e)
            r = (1.0 if z >= 0 else e) / (1 + e) - y[i]
            for j in range(X.shape[1]):
                grad[j] += r * X[i, j]
            grad_b += r
        return loss, grad_b

    @numba.njit(fastmath=False)
    def alone(X, y, w, b, step, epochs):
        n, d = X.shape
        losses = np.empty(epochs)
        grad = np.empty(d)
        for k in range(epochs):
            grad[:] = 0
            loss, grad_b = rows(X, y, w, b, 0, n, grad)
            losses[k] = loss / n
            for j in range(d):
                w[j] -= step * grad[j]
            b -= step * grad_b
        return losses, b

    @numba.njit(fastmath=False, parallel=True)
    def together(X, y, w, b, step, epochs, slices):
        n, d = X.shape
        losses = np.empty(epochs)
        sums = np.empty((slices, d + 16))  # the slices' sums in cache lines of their own
        for k in range(epochs):
            for s in numba.prange(slices):
                sums[s, :] = 0
                loss, grad_b = rows(X, y, w, b, n * s // slices, n * (s + 1) // slices, sums[s])
                sums[s, d] = loss
                sums[s, d + 1] = grad_b
            total = sums.sum(axis=0)
            losses[k] = total[d] / n
            for j in range(d):
                w[j] -= step * total[j]
            b -= step * total[d + 1]
        return losses, b

    def run_alone():
        w = w0.copy()
        losses, b = alone(X, y, w, b0, step, epochs)
        return Descended(losses, w, b)

    yield "1 thread(s)", run_alone

    if cores() > 1:
        numba.set_num_threads(min(cores(), numba.config.NUMBA_NUM_THREADS))

        def run_together():
            w = w0.copy()
            losses, b = together(X, y, w, b0, step, epochs, numba.get_num_threads())
            return Descended(losses, w, b)

        yield f"{numba.get_num_threads()} thread(s)", run_together


# ---------------------------------------------------------------- PyTorch


def pytorch(problem):
    """addmv, binary_cross_entropy_with_logits, and the gradient by hand or by autograd."""
    import torch

    X, y = torch.from_numpy(problem.X), torch.from_numpy(problem.y)
    loss_of = torch.nn.functional.binary_cross_entropy_with_logits
    n, step, epochs = len(y), problem.step, problem.epochs

    def start():
        w = torch.from_numpy(problem.w.copy())
        return w, torch.tensor([problem.b], dtype=w.dtype), torch.empty(epochs, dtype=w.dtype)

    @torch.inference_mode()
    def by_hand():
        w, b, losses = start()
        z = torch.empty_like(y)
        for k in range(epochs):
            torch.addmv(b, X, w, out=z)
            losses[k] = loss_of(z, y)
            r = z.sigmoid_().sub_(y)
            w.sub_(torch.mv(X.t(), r), alpha=step)
            b.sub_(r.sum(), alpha=step)
        return Descended(losses, w, b.item())

    def by_autograd():
        w, b, losses = start()
        w.requires_grad_(True)
        b.requires_grad_(True)
        for k in range(epochs):
            loss = loss_of(torch.addmv(b, X, w), y)
            grad_w, grad_b = torch.autograd.grad(loss, (w, b))
            with torch.no_grad():
                losses[k] = loss
                w.sub_(grad_w, alpha=step * n)
                b.sub_(grad_b, alpha=step * n)
        return Descended(losses, w.detach(), b.item())

    def on(threads, descend):
        def run():
            torch.set_num_threads(threads)
            return descend()

        return run

    for threads in sorted({1, cores()}):
        yield f"by hand, {threads} thread(s)", on(threads, by_hand)
        yield f"autograd, {threads} thread(s)", on(threads, by_autograd)


# ---------------------------------------------------------------- JAX


def jax_scan(problem):
    """All epochs in one compiled lax.scan; the gradient by hand or by value_and_grad."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    X, y, w0 = jnp.asarray(problem.X), jnp.asarray(problem.y), jnp.asarray(problem.w)
    b0 = jnp.asarray(problem.b, dtype=X.dtype)
    n, step, epochs = len(problem.y), problem.step, problem.epochs

    def mean_loss(parameters, X, y):
        w, b = parameters
        z = X @ w + b
        return jnp.mean(jnp.logaddexp(z, 0) - y * z)

    def by_hand(parameters, X, y):
        w, b = parameters
        z = X @ w + b
        r = jax.nn.sigmoid(z) - y
        return jnp.mean(jnp.logaddexp(z, 0) - y * z), (r @ X, r.sum())

    def by_autograd(parameters, X, y):
        loss, (grad_w, grad_b) = jax.value_and_grad(mean_loss)(parameters, X, y)
        return loss, (n * grad_w, n * grad_b)

    def variant(gradient):
        @jax.jit
        def descend(w, b, X, y):
            def epoch(parameters, _):
                loss, (grad_w, grad_b) = gradient(parameters, X, y)
                w, b = parameters
                return (w - step * grad_w, b - step * grad_b), loss

            return jax.lax.scan(epoch, (w, b), None, length=epochs)

        def run():
            (w, b), losses = jax.block_until_ready(descend(w0, b0, X, y))
            return Descended(np.asarray(losses), np.asarray(w), float(b))

        return run

    yield "by hand", variant(by_hand)
    yield "value_and_grad", variant(by_autograd)


# ---------------------------------------------------------------- scikit-learn


def scikit_learn(problem):
    """The loss and gradient that LogisticRegression's own solvers call."""
    from sklearn._loss.loss import HalfBinomialLoss
    from sklearn.linear_model._linear_loss import LinearModelLoss

    X, y, step, epochs = problem.X, problem.y, problem.step, problem.epochs
    n = len(y)
    loss = LinearModelLoss(base_loss=HalfBinomialLoss(), fit_intercept=True)

    def variant(threads):
        def run():
            parameters = np.append(problem.w, X.dtype.type(problem.b))
            losses = np.empty(epochs)
            for k in range(epochs):
                losses[k], grad = loss.loss_gradient(parameters, X, y, n_threads=threads)
                parameters -= (step * n) * grad  # theirs is the gradient of the mean
            return Descended(losses, parameters[:-1], parameters[-1])

        return run

    for threads in sorted({1, cores()}):
        yield f"{threads} thread(s)", variant(threads)


DOCUMENT = "document's NumPy"
PEERS = {
    DOCUMENT: document_numpy,
    "NumPy": plain_numpy,
    "numba": numba_loop,
    "PyTorch": pytorch,
    "JAX": jax_scan,
    "scikit-learn": scikit_learn,
}
DISTRIBUTIONS = (
    *("pyref-logistic", "numpy", "numba", "torch", "jax", "jaxlib", "scikit-learn"),
    *("scipy", "threadpoolctl", "matplotlib", "cffi"),
)
