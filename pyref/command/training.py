"""Gradient descent on document 000's data: by the document's own program, and by ours."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from .. import documents
from .implementations import Implementation

EPOCHS = 1000  # document 000 stops here
LEG = 100  # epochs trained, and timed, at a stretch


class Training:
    """Gradient descent in legs, each going on from where the last one ended.

    Without momentum a step depends on the parameters alone: the legs are one run, bit for bit.
    """

    def __init__(self, go_on: Callable[[int, Any, float], Any], w: Any, b: float) -> None:
        self.go_on = go_on  # (epochs, w, b) -> w, b, losses and perhaps more
        self.w, self.b = w, b
        self.losses: list[float] = []
        self.ended = False
        self.seconds: list[float] = []  # an epoch's, for each whole leg

    def run_to(self, epoch: int) -> None:
        """Train until there are so many losses, or until a leg has ended early by itself."""
        while len(self.losses) < epoch and not self.ended:
            epochs = min(LEG, epoch - len(self.losses))
            start = time.perf_counter()
            self.w, self.b, losses = self.go_on(epochs, self.w, self.b)[:3]
            if epochs == LEG:
                self.seconds.append((time.perf_counter() - start) / epochs)
            self.losses += losses
            self.ended = len(losses) < epochs

    def numbers(self) -> list[float]:
        """The parameters, the first loss, the last."""
        losses = self.losses or [math.nan]
        return [*self.w, self.b, losses[0], losses[-1]]


def by_document(cloud: Any) -> Training:
    X, y, w, b = cloud
    return Training(lambda epochs, w, b: documents.document_000(epochs, (X, y, w, b)), w, b)


def by_ours(part: Implementation, cloud: Any) -> Training:
    X, y, w, b = cloud
    X, y = part.table(X), part.column(y)

    def go_on(epochs: int, w: Any, b: float) -> Any:
        return part.module.gradient_descent(
            X, y, learning_rate=0.001, iterations=epochs, w=w, b=b, reduction="sum"
        )

    return Training(go_on, w, b)


def printed_alike(losses: Sequence[float], others: Sequence[float]) -> int:
    """How many losses read the same with three decimals, as the document prints them."""
    return len([1 for one, other in zip(losses, others) if f"{one:.3f}" == f"{other:.3f}"])


def first_nan(losses: Sequence[float]) -> int | None:
    """The epoch, from 1, of the first loss that is NaN."""
    for k, loss in enumerate(losses):
        if math.isnan(loss):
            return k + 1
    return None
