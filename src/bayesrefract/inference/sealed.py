"""Files that show their own damage: a content, followed by its length and the SHA-256 of both."""

from __future__ import annotations

import hashlib
import os
import stat
import struct
from pathlib import Path
from typing import BinaryIO

MARK = b"bayesrefract sealed 1\n"
_TAIL = struct.Struct(f">{len(MARK)}sQ")
_DIGEST_SIZE = hashlib.sha256().digest_size


def seal(content: bytes) -> bytes:
    """The content with its seal at the end, where readers of HDF5 and of ZIP archives do not look."""
    sealed = content + _TAIL.pack(MARK, len(content))
    return sealed + hashlib.sha256(sealed).digest()


def unseal(stream: BinaryIO) -> bytes | None:
    """The content as it was sealed, or None. No more is read than the seal, unless the lengths agree."""
    size = os.fstat(stream.fileno()).st_size - _TAIL.size - _DIGEST_SIZE
    if size < 0:
        return None
    stream.seek(size)
    tail = stream.read(_TAIL.size)
    digest = stream.read()
    if len(tail) != _TAIL.size or _TAIL.unpack(tail) != (MARK, size):
        return None
    stream.seek(0)
    content = stream.read(size)
    return content if hashlib.sha256(content + tail).digest() == digest else None


def open_regular(path: Path, flags: int = 0) -> BinaryIO:
    """Open a file for reading, never waiting for a pipe. Raises OSError for everything but a regular file."""
    flags |= os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path} is not a regular file")
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_sealed(path: Path) -> bytes | None:
    """The content of a sealed file, or None where there is none or it is damaged in any way."""
    try:
        with open_regular(path) as stream:
            return unseal(stream)
    except OSError:
        return None
