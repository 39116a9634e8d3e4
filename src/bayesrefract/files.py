"""Atomic writing of files, and locks between processes."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bayesrefract.errors import InputError
from bayesrefract.private import make_private_folder, make_room, owner_only

if TYPE_CHECKING:
    from filelock import BaseFileLock

UNFINISHED = ".part"
"""End of the name of a file that is being written; what carries it is never read."""


TRIES = (0.05, 0.1, 0.25, 0.5)
"""Seconds between tries to rename: on Windows a file that is open elsewhere (a virus scanner's) cannot be replaced."""
NO_LOCKS = frozenset({errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP})


def write_private(path: Path, content: bytes) -> None:
    """Write a whole file that its owner alone can read, in place of whatever stands under its name.

    Raises InputError as `write_whole` does.
    """
    with writing(path):
        make_room(path)
    write_whole(path, content, opener=owner_only)


def write_whole(path: Path, content: str | bytes, *, opener: Callable[[str, int], int] | None = None) -> None:
    """Write a file under a temporary name in the same folder, then rename it.

    Raises InputError with the system's message, and leaves no partial file, when it cannot be written.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    # the name is new and not to be guessed: opening fails where anything, also a link, stands under it
    temporary = path.with_name(f".{path.name[:50]}.{secrets.token_hex(8)}{UNFINISHED}")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(temporary, "xb", opener=opener) as stream:  # Path.open takes no opener
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            _replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def _replace(temporary: Path, path: Path) -> None:
    for seconds in TRIES:
        try:
            temporary.replace(path)
        except PermissionError:
            time.sleep(seconds)
        else:
            return
    temporary.replace(path)


@contextmanager
def writing(target: Path) -> Iterator[None]:
    """Turn a failure to write a target into an InputError that names it."""
    try:
        yield
    except NotImplementedError:
        raise InputError(_no_locks(target, "none on this system")) from None
    except OSError as problem:
        if problem.errno in NO_LOCKS:
            raise InputError(_no_locks(target, problem.strerror or str(problem))) from None
        reason = problem.strerror or problem
        remedy = "Free some space there, or name another place."
        raise InputError(f"{target}: cannot be written ({reason}). {remedy}") from None


def _no_locks(file: Path, reason: str) -> str:
    return (
        f"{file.parent}: this file system has no locks ({reason}), which keep two runs apart. Name a folder on another "
        "disk: --out for reports, BAYESREFRACT_CACHE and BAYESREFRACT_COMPILED for what is kept between runs."
    )


def make_folder(folder: Path) -> None:
    """Make an output folder before anything is sampled, so that a bad place is told at once."""
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)


def make_private(folder: Path) -> None:
    """Make a folder that its owner alone can look into, before anything is sampled."""
    with writing(folder):
        make_private_folder(folder)


def target_faults(target: str | os.PathLike[str] | None, name: str = "--json") -> list[str]:
    """Why a file cannot be written where it is asked for, told before the sampling; `-` is standard output."""
    if target is None or target == "-" or Path(target).absolute().parent.is_dir():
        return []
    return [f"{name} {target}: the folder {Path(target).parent} does not exist. Make it, or name another file."]


@contextmanager
def locked(file: Path, key: str, waiting: Callable[[str], None]) -> Iterator[None]:
    """Hold one lock while the block runs; another process that requires it waits.

    Each `key` is a lock of its own, a file beside `file` with its name and a hash. The kernel frees it however the
    process ends. `waiting` is called once when there is another process to wait for. A process that holds a lock can
    take it again. Raises InputError where the file system has no locks.
    """
    from filelock import Timeout

    with writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        lock = _lock(file, key)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            waiting(f"Another run is writing to {file.parent}: waiting for it to end.")
            lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _lock(file: Path, key: str) -> BaseFileLock:
    """The lock of a key, not yet held."""
    from filelock import FileLock, SoftFileLock

    if issubclass(FileLock, SoftFileLock):  # a file that exists is no lock: it would outlive a process that is killed
        raise NotImplementedError
    digest = hashlib.sha256(key.encode()).hexdigest()
    return FileLock(file.with_name(f"{file.name}-{digest[:16]}"), is_singleton=True, fallback_to_soft=False)


def sweep(folder: Path, lock: Path | None = None) -> None:
    """Remove partial files of killed processes.

    A partial file belongs to a process that lives as long as this holds a lock, and only so long: process numbers say
    nothing where two containers share a folder. Without `lock`, the caller holds the lock that everybody holds who
    writes into the folder, as for a report: nobody else is writing, and what is there is left over. With `lock`, each
    file is written under a lock of that file whose key is the file's name, as stored fits are: a partial file stays
    where its lock is taken, for its writer lives, and goes where the lock is free.
    """
    from filelock import Timeout

    for path in folder.glob(f".*{UNFINISHED}"):
        if lock is None:
            path.unlink(missing_ok=True)
            continue
        target = path.name.removesuffix(UNFINISHED).rpartition(".")[0].removeprefix(".")
        with writing(lock):
            free = _lock(lock, target)
            try:
                free.acquire(blocking=False)
            except Timeout:
                continue
        try:
            path.unlink(missing_ok=True)
        finally:
            free.release()
