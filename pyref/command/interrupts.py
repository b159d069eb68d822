"""Ctrl-C while a library is being imported."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

WAIT = 0.002  # seconds until it is looked again whether the import is over


def _importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


def heard(number: int, frame: FrameType | None) -> None:
    """The handler of Ctrl-C in a command, and of the alarm that looks again."""
    if _importing(frame):
        signal.setitimer(signal.ITIMER_REAL, WAIT)
        return
    now = signal.getsignal(signal.SIGINT)
    if callable(now) and now is not heard:  # a fit listens for itself
        now(signal.SIGINT, frame)
    else:
        raise KeyboardInterrupt


def is_ours() -> bool:
    """Whether nobody has set another handler of Ctrl-C than Python's or this one."""
    return signal.getsignal(signal.SIGINT) in (signal.default_int_handler, heard)


@contextlib.contextmanager
def after_imports() -> Iterator[None]:
    """In this block Ctrl-C waits for the end of an import.

    A library that is interrupted while it is imported answers as it likes: with an error of its
    own, or by a panic that is written past Python. It could not be told from a fault.
    """
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        or not hasattr(signal, "setitimer")
    ):
        yield
        return
    before = signal.signal(signal.SIGALRM, heard)
    signal.signal(signal.SIGINT, heard)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
