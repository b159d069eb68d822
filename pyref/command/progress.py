"""A long run, watched: how far it is, and a Ctrl-C that keeps what has been reached.

    with Progress(iterations) as progress:
        model.fit(X, y, callback=progress)

The callback stays silent for a second. From then on, if standard error is a terminal, it shows
a bar with the loss, the rate and the time left, by tqdm (the extra `[progress]`) or as a plain
line that rewrites itself; elsewhere it never says a word.

The first Ctrl-C only asks: the fit ends after the iteration that it is in, with its parameters,
and `stopped` is True. The second one is Python's own, a KeyboardInterrupt.
"""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import sys
import threading
import time
from types import FrameType
from typing import Any, TextIO

from . import interrupts

DELAY = 1.0  # seconds without a word
INTERVAL = 0.1  # seconds between two pictures


class Progress:
    """A callback for `fit` that shows how far it is, and a context in which Ctrl-C only asks."""

    def __init__(self, total: int, stream: TextIO | None = None) -> None:
        self.total = total
        self.stream = sys.stderr if stream is None else stream
        self.shown = _is_terminal(self.stream)
        self.asked = False  # to stop
        self.stopped = False
        self.iterations = 0  # made so far
        self.bar: Any = None
        self.line = ""  # what stands on the screen
        self.began = time.perf_counter()
        self.next = self.began + DELAY
        self.before: Any = None  # the handler of SIGINT

    def __enter__(self) -> Progress:
        # Where Ctrl-C means something else (nothing, in the background), it goes on to.
        if threading.current_thread() is threading.main_thread() and interrupts.is_ours():
            self.before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        if self.before is not None:
            signal.signal(signal.SIGINT, self.before)
            self.before = None
        if self.bar is not None:
            self.bar.close()
        elif self.line:
            self._write("\r" + " " * len(self.line) + "\r")

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        signal.signal(signal.SIGINT, self.before)
        self.before = None
        if self.shown:
            # Not through the stream, in the midst of whose work this may come.
            text = "\npyref: stopping after this iteration (Ctrl-C again: at once)\n"
            os.write(self.stream.fileno(), text.encode())

    def __call__(self, k: int, loss: float) -> bool:
        """After update k; True to stop."""
        self.iterations = k + 1
        if self.asked:
            self.stopped = True
            return True
        if self.shown:
            now = time.perf_counter()
            if now >= self.next:
                self.next = now + INTERVAL
                self._show(loss, now - self.began)
        return False

    def stop(self) -> bool:
        """Whether to stop before the update is over: a search for a proof may take long."""
        self.stopped = self.stopped or self.asked
        return self.stopped

    def _show(self, loss: float, seconds: float) -> None:
        if self.bar is None and not self.line:
            self.bar = self._new_bar()
        if self.bar is not None:
            self.bar.set_postfix_str(f"loss {loss:.6g}", refresh=False)
            self.bar.update(self.iterations - self.bar.n)
            return
        columns = shutil.get_terminal_size().columns
        text = line(self.iterations, self.total, loss, seconds)[: columns - 1]
        self._write("\r" + text.ljust(len(self.line)))
        self.line = text

    def _new_bar(self) -> Any:
        """tqdm's bar, where it is installed; its clock starts where ours did."""
        try:
            tqdm = importlib.import_module("tqdm").tqdm
        except ImportError:
            return None
        bar = tqdm(
            total=self.total,
            file=self.stream,
            leave=False,
            ncols=shutil.get_terminal_size().columns - 1,
            nrows=shutil.get_terminal_size().lines,  # of a terminal of no size too
            mininterval=0,
            miniters=1,
            delay=1e-9,  # not the empty bar first
            unit=" iterations",
        )
        bar.start_t -= time.perf_counter() - self.began
        bar.last_print_t = bar.start_t
        return bar

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def line(done: int, total: int, loss: float, seconds: float) -> str:
    """How far a run is, in words. It may end earlier: when it has converged.

    >>> line(1200, 10000, 0.25, 2.0)
    'iteration 1200 of 10000, loss 0.25, 600 a second, at most 15 s left'
    """
    rate = done / seconds
    left = (total - done) / rate
    many = f"{rate:.0f}" if rate >= 10 else f"{rate:.2g}"
    return (
        f"iteration {done} of {total}, loss {loss:.6g}, {many} a second, at most {span(left)} left"
    )


def span(seconds: float) -> str:
    """A length of time for people.

    >>> span(9.6), span(75), span(7200)
    ('10 s', '1 min 15 s', '2 h 0 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
