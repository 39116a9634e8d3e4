"""Atomic writing of files, and locks between processes."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bayesrefract.errors import InputError

UNFINISHED = ".part"
"""End of the name of a file that is being written; what carries it is never read."""


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file under a temporary name in the same folder, then rename it.

    Raises InputError with the system's message, and leaves no partial file, when it cannot be written.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.{os.getpid()}{UNFINISHED}")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def writing(target: Path) -> Iterator[None]:
    """Turn a failure to write a target into an InputError that names it."""
    try:
        yield
    except OSError as problem:
        reason = problem.strerror or problem
        remedy = "Free some space there, or name another place."
        raise InputError(f"{target}: cannot be written ({reason}). {remedy}") from None


def make_folder(folder: Path) -> None:
    """Make an output folder before anything is sampled, so that a bad place is told at once."""
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)


def target_faults(target: str | os.PathLike[str] | None, name: str = "--json") -> list[str]:
    """Why a file cannot be written where it is asked for, told before the sampling; `-` is standard output."""
    if target is None or target == "-" or Path(target).absolute().parent.is_dir():
        return []
    return [f"{name} {target}: the folder {Path(target).parent} does not exist. Make it, or name another file."]


@contextmanager
def locked(file: Path, key: str, waiting: Callable[[str], None]) -> Iterator[None]:
    """Hold one lock of a lock file while the block runs; another process that requires it waits.

    Each `key` is a lock of its own. The kernel frees it however the process ends. `waiting` is called
    once, with the other process's number where it is known, when there is one to wait for.
    """
    place = int.from_bytes(hashlib.sha256(key.encode()).digest()[:6])
    with writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        stream = file.open("a+b")
    with stream:
        try:
            fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except BlockingIOError:
            waiting(f"Another run is writing to {file.parent}: waiting for it to end.")
            fcntl.lockf(stream, fcntl.LOCK_EX, 1, place)
        yield


def sweep(folder: Path) -> None:
    """Remove partial files of killed processes. The name of each holds the process that wrote it."""
    for path in folder.glob(f".*{UNFINISHED}"):
        writer = path.name.removesuffix(UNFINISHED).rpartition(".")[2]
        if not (writer.isdecimal() and _is_running(int(writer))):
            path.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
