from collections.abc import Sequence
from os import PathLike
from typing import IO, Any, NamedTuple

from ..front.given import Numbers
from .estimator import LogisticRegression

FORMAT: str
VERSION: int
MOST_BYTES: int

_Label = str | int | float | None  # (bool is an int)

class Model(NamedTuple):
    classes: list[_Label]
    features: list[str] | None
    coef: list[list[float]]
    intercept: list[float]
    settings: dict[str, Any]
    state: dict[str, Any]
    columns: list[dict[str, Any]] | None
    target: str | None

class ModelFileError(ValueError): ...

def read(path: str | PathLike[str]) -> Model: ...
def content(file: IO[bytes]) -> bytes: ...
def parse(data: bytes, name: str) -> Model: ...
def probabilities(model: Model, x: Numbers | Sequence[Any]) -> list[float]: ...
def save(model: LogisticRegression, path: str | PathLike[str]) -> None: ...
def text(model: LogisticRegression) -> str: ...
def load(path: str | PathLike[str]) -> LogisticRegression: ...
def restore(found: Model, name: str) -> LogisticRegression: ...
