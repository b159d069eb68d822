"""Files that are written whole, or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from typing import IO


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A binary file to write into, which takes the place of `path` once the block is done.

    It is written beside its place, brought to the disk, then renamed: whoever opens `path`, at
    any moment, finds what was there before or all of what is new. If the block raises, `path`
    is as it was. (A device or a pipe cannot be replaced: that is written to directly.)

    >>> import tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "numbers")
    >>> with replacing(path) as file:
    ...     _ = file.write(b"1 2 3")
    >>> os.listdir(os.path.dirname(path))
    ['numbers']
    """
    place = os.path.realpath(path)  # what a link points to is replaced, not the link
    mode = None
    with contextlib.suppress(FileNotFoundError):
        mode = os.stat(place).st_mode
    if mode is not None and not stat.S_ISREG(mode):
        with open(place, "wb") as file:
            yield file
        return

    part = None
    while part is None:
        # A name that nobody else has: process numbers repeat, and threads share one. (Without the
        # file's own name in it, which may be as long as names can be. `tempfile` would make a
        # file that only its owner may read.)
        beside = os.path.join(os.path.dirname(place), f".pyref.{os.urandom(8).hex()}.part")
        try:
            part = open(beside, "xb")  # noqa: SIM115 (closed below)
        except FileExistsError:
            continue  # another's: leave it
        except OSError as error:
            error.filename = os.fspath(path)  # the name that the person knows
            raise
    try:
        with part as file:
            if mode is not None:
                os.chmod(beside, stat.S_IMODE(mode))
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, place)
    except BaseException as error:  # Ctrl-C too
        with contextlib.suppress(OSError):
            os.remove(beside)
        if isinstance(error, OSError) and error.filename == beside:
            error.filename = os.fspath(path)  # the name that the person knows
        raise
