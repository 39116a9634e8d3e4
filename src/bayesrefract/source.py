"""Open a file that somebody named for reading: once, and only what can be read to an end."""

from __future__ import annotations

import errno
import io
import os
import stat
from pathlib import Path
from typing import BinaryIO, NamedTuple


class Expected(NamedTuple):
    """What a path should lead to, in the words of its messages."""

    kind: str  # of file: "CSV or Parquet"
    missing: str  # what to do where there is no such file
    pipe: bool  # whether a pipe will do


def open_source(path: Path, expected: Expected, error: type[Exception]) -> BinaryIO:
    """A stream of bytes that can be read from its start again; a pipe is read whole into memory.

    Raises `error` where the path leads to nothing, to a folder or device, or cannot be read.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise error(f"{path}: this is a folder, not a file. Give the path of a {expected.kind} file in it.")
        if stat.S_ISREG(mode):
            return path.open("rb", buffering=0)
        if stat.S_ISFIFO(mode) and not expected.pipe:
            raise error(
                f"{path}: this is a pipe, which can be read only once. Save what it gives as a {expected.kind} file."
            )
        if not stat.S_ISFIFO(mode) and not _is_terminal(path, mode):
            raise error(f"{path}: this is a device or a socket, not a file. Give the path of a {expected.kind} file.")
        with path.open("rb") as pipe:
            return io.BytesIO(pipe.read())
    except FileNotFoundError:
        raise error(f"{path}: there is no such file. {expected.missing}") from None
    except OSError as problem:
        raise error(f"{path}: the file cannot be read ({problem.strerror}). {_remedy(problem)}") from None
    except ValueError:  # a NUL, or a letter that the system's encoding of file names lacks
        raise error(f"{path}: no file can have this name. {expected.missing}") from None


def _is_terminal(path: Path, mode: int) -> bool:
    """Whether somebody types the file: the end of what they type is its end."""
    if not stat.S_ISCHR(mode):
        return False
    with path.open("rb", buffering=0) as device:
        return os.isatty(device.fileno())


def _remedy(problem: OSError) -> str:
    wrong_path = problem.errno in {errno.ENAMETOOLONG, errno.ENOTDIR}
    return "Check the path." if wrong_path else "Check its permissions."
