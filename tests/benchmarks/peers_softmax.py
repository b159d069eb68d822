"""Softmax regression in other libraries: as peers.py, with C classes.

W is (d, C), b is (C,), y is n class numbers. One epoch is the mean loss, recorded; the full
gradient; the update by `step` times the summed gradient.
"""

import os

import numpy as np
from harness import Descended

from pyref.command.bench import cores


def plain_numpy(problem):
    """matmul, softmax in place, X.T @ residuals."""
    X, y, step, epochs = problem.X, problem.y, problem.step, problem.epochs
    n = len(y)
    each = np.arange(n)

    def run():
        W, b = problem.w.copy(), problem.b.copy()
        losses = np.empty(epochs)
        for k in range(epochs):
            P = X @ W
            P += b
            P -= P.max(axis=1, keepdims=True)
            true = P[each, y]
            np.exp(P, out=P)
            sums = P.sum(axis=1)
            losses[k] = (np.log(sums) - true).sum() / n
            P /= sums[:, None]
            P[each, y] -= 1
            W -= step * (X.T @ P)
            b -= step * P.sum(axis=0)
        return Descended(losses, W, b)

    yield "in place", run


def pytorch(problem):
    """addmm and cross_entropy; the gradient by hand or by autograd."""
    import torch

    X, y = torch.from_numpy(problem.X), torch.from_numpy(problem.y)
    n, step, epochs = len(y), problem.step, problem.epochs
    each = torch.arange(n)

    def start():
        W, b = torch.from_numpy(problem.w.copy()), torch.from_numpy(problem.b.copy())
        return W, b, torch.empty(epochs, dtype=W.dtype)

    @torch.inference_mode()
    def by_hand():
        W, b, losses = start()
        for k in range(epochs):
            log_P = torch.log_softmax(torch.addmm(b, X, W), dim=1)
            losses[k] = torch.nn.functional.nll_loss(log_P, y)
            R = log_P.exp_()
            R[each, y] -= 1
            W.sub_(X.t() @ R, alpha=step)
            b.sub_(R.sum(dim=0), alpha=step)
        return Descended(losses, W, b)

    def by_autograd():
        W, b, losses = start()
        W.requires_grad_(True)
        b.requires_grad_(True)
        for k in range(epochs):
            loss = torch.nn.functional.cross_entropy(torch.addmm(b, X, W), y)
            grad_W, grad_b = torch.autograd.grad(loss, (W, b))
            with torch.no_grad():
                losses[k] = loss
                W.sub_(grad_W, alpha=step * n)
                b.sub_(grad_b, alpha=step * n)
        return Descended(losses, W.detach(), b.detach())

    def on(threads, descend):
        def run():
            torch.set_num_threads(threads)
            return descend()

        return run

    for threads in sorted({1, cores()}):
        yield f"by hand, {threads} thread(s)", on(threads, by_hand)
        yield f"autograd, {threads} thread(s)", on(threads, by_autograd)


def jax_scan(problem):
    """All epochs in one compiled lax.scan, by value_and_grad or by hand."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    X, y = jnp.asarray(problem.X), jnp.asarray(problem.y)
    W0, b0 = jnp.asarray(problem.w), jnp.asarray(problem.b)
    n, step, epochs = len(problem.y), problem.step, problem.epochs
    each = jnp.arange(n)

    def mean_loss(parameters, X, y):
        W, b = parameters
        return -jax.nn.log_softmax(X @ W + b)[each, y].mean()

    def by_autograd(parameters, X, y):
        loss, (grad_W, grad_b) = jax.value_and_grad(mean_loss)(parameters, X, y)
        return loss, (n * grad_W, n * grad_b)

    def by_hand(parameters, X, y):
        W, b = parameters
        log_P = jax.nn.log_softmax(X @ W + b)
        R = jnp.exp(log_P).at[each, y].add(-1)
        return -log_P[each, y].mean(), (X.T @ R, R.sum(axis=0))

    def variant(gradient):
        @jax.jit
        def descend(W, b, X, y):
            def epoch(parameters, _):
                loss, (grad_W, grad_b) = gradient(parameters, X, y)
                W, b = parameters
                return (W - step * grad_W, b - step * grad_b), loss

            return jax.lax.scan(epoch, (W, b), None, length=epochs)

        def run():
            (W, b), losses = jax.block_until_ready(descend(W0, b0, X, y))
            return Descended(np.asarray(losses), np.asarray(W), np.asarray(b))

        return run

    yield "by hand", variant(by_hand)
    yield "value_and_grad", variant(by_autograd)


def scikit_learn(problem):
    """The loss and gradient that LogisticRegression's own solvers call."""
    from sklearn._loss.loss import HalfMultinomialLoss
    from sklearn.linear_model._linear_loss import LinearModelLoss

    X, step, epochs = problem.X, problem.step, problem.epochs
    y = problem.y.astype(X.dtype)
    n, C = len(y), len(problem.b)
    loss = LinearModelLoss(base_loss=HalfMultinomialLoss(n_classes=C), fit_intercept=True)

    def variant(threads):
        def run():
            # theirs is (C, d + 1), the intercept last
            parameters = np.asfortranarray(np.column_stack([problem.w.T, problem.b]))
            losses = np.empty(epochs)
            for k in range(epochs):
                losses[k], grad = loss.loss_gradient(parameters, X, y, n_threads=threads)
                parameters -= (step * n) * grad.reshape(parameters.shape, order="F")
            return Descended(losses, np.ascontiguousarray(parameters[:, :-1].T), parameters[:, -1])

        return run

    for threads in sorted({1, cores()}):
        yield f"{threads} thread(s)", variant(threads)


PEERS = {
    "NumPy": plain_numpy,
    "PyTorch": pytorch,
    "JAX": jax_scan,
    "scikit-learn": scikit_learn,
}
