"""Types of what a caller may give. (For type checkers alone: there is no such module to import.)"""

from collections.abc import Iterable
from typing import Any, Protocol, SupportsFloat, SupportsIndex

# A word has no __float__, so it is no number either.
class _HasToList(Protocol):  # numpy arrays, memoryviews, array.array, pandas columns, tensors
    def tolist(self) -> Any: ...

Number = SupportsFloat | SupportsIndex
Numbers = Iterable[Number] | _HasToList
Table = Iterable[Numbers] | _HasToList
