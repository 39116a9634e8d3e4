"""Standard streams that are closed, full or no longer read: what becomes of a command that writes to them."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Buffer
from contextlib import suppress
from typing import TextIO


class Tolerant(io.RawIOBase):
    """A standard stream that keeps its first failure instead of raising it; what is written after that is lost.

    So a run whose reader has left (`| head`) still ends in its own way, with its fits kept and its files whole.
    """

    def __init__(self, raw: io.RawIOBase) -> None:
        self.problem: OSError | None = None
        self._raw = raw

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._raw.fileno()

    def isatty(self) -> bool:
        return self._raw.isatty()

    def write(self, data: Buffer) -> int | None:
        if self.problem is None:
            try:
                return self._raw.write(data)
            except OSError as problem:
                self.problem = problem
        return memoryview(data).nbytes


def tolerate() -> tuple[Tolerant, ...]:
    """Put tolerant streams in the place of standard output and standard error, where they are this process's own.

    Closed ones are opened to nothing first: the next file that is opened would get their number, and what
    libraries print would be written into it.
    """
    for number in (0, 1, 2):
        with suppress(OSError):
            os.fstat(number)
            continue
        os.open(os.devnull, os.O_RDWR)
    sys.stdout, out = _tolerant(sys.stdout, sys.__stdout__)
    sys.stderr, err = _tolerant(sys.stderr, sys.__stderr__)
    return tuple(stream for stream in (out, err) if stream is not None)


def _tolerant(stream: TextIO | None, original: TextIO | None) -> tuple[TextIO, Tolerant | None]:
    if stream is None:  # closed before Python started
        return open(os.devnull, "w", encoding="utf-8"), None
    if stream is not original or not isinstance(stream, io.TextIOWrapper):
        return stream, None  # somebody else's, such as a notebook's
    raw = getattr(stream.buffer, "raw", stream.buffer)  # without a buffer under PYTHONUNBUFFERED
    if not isinstance(raw, io.RawIOBase):
        return stream, None
    stream.flush()
    kept = Tolerant(raw)
    wrapped = io.TextIOWrapper(
        io.BufferedWriter(kept),
        encoding=stream.encoding,
        errors="replace",  # a terminal that lacks a letter still gets its table
        line_buffering=stream.line_buffering or stream.write_through,
    )
    return wrapped, kept


def loss(streams: tuple[Tolerant, ...]) -> str | None:
    """Why results are lost, after all has been written; None where they are not, or where the reader had enough."""
    sys.stdout.flush()
    sys.stderr.flush()
    for stream in streams:
        if stream.problem is not None and stream.problem.errno != errno.EPIPE and stream.fileno() == 1:
            return (
                f"Error: standard output cannot be written ({stream.problem.strerror}). "
                "Free some space there, or send it to another place."
            )
    return None
