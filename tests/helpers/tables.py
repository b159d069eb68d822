"""One table in the many forms that pyref.fast reads, and all that it computes from it."""

import mmap
import tempfile

import numpy as np

N, D = 37, 5
NARROW = np.random.RandomState(0).standard_normal((N, D)).astype(np.float32)
X = NARROW.astype(np.float64)  # so that float32 holds the same numbers
Y = (np.arange(N) * 7 % 3 == 0).astype(np.float64)
W, B = np.linspace(-1, 1, D), 0.25
HOW = {"learning_rate": 0.5, "iterations": 5}
INTEGERS = ["?", "b", "B", "h", "H", "i", "I", "l", "L", "q", "Q"]


def everything(fast, X, y, **how):
    """All that pyref.fast computes from a table and labels."""
    how = {**HOW, **how}
    fit = fast.gradient_descent(X, y, **how)
    few = fast.gradient_descent(X, y, **{**how, "iterations": 2})  # too few to pack the rows
    return [fast.gradient(X, y, W, B), fit.losses, fit.w, fit.b, few.losses, few.w]


def shifted(values, offset):
    """The same array, `offset` bytes past a multiple of 64."""
    room = np.zeros(values.nbytes + 128, np.uint8)
    start = -room.ctypes.data % 64 + offset
    out = room[start : start + values.nbytes].view(values.dtype).reshape(values.shape)
    out[...] = values
    assert out.ctypes.data % 64 == offset
    return out


def read_only(values):
    values = values.copy()
    values.flags.writeable = False
    return values


def cast_memoryview(values):
    return memoryview(values).cast("B").cast(values.dtype.char, values.shape)


def memory_map(values):
    """On pages that the processor itself does not let anyone write to."""
    with tempfile.TemporaryFile() as file:
        file.write(values.tobytes())
        file.flush()
        pages = mmap.mmap(file.fileno(), values.nbytes, access=mmap.ACCESS_READ)
    return np.frombuffer(pages, values.dtype).reshape(values.shape)
