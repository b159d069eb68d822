from collections.abc import Sequence

def document_001(
    reset: bool = True, learning_rate: float = 0.1, iterations: int = 1000
) -> tuple[float, float]: ...
def document_000(
    epochs: int = 1000,
    cloud: tuple[Sequence[Sequence[float]], Sequence[float], Sequence[float], float] | None = None,
) -> tuple[list[float], float, list[float]]: ...
