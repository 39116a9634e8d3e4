"""Atomic writing of files, and locks between processes."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bayesrefract.errors import InputError
from bayesrefract.private import make_private_folder, make_room

if TYPE_CHECKING:
    from filelock import BaseFileLock

UNFINISHED = ".part"
"""End of the name of a file that is being written; what carries it is never read."""


TRIES = (0.05, 0.1, 0.25, 0.5)
"""Seconds between tries to rename: on Windows a file that is open elsewhere (a virus scanner's) cannot be replaced."""
NO_LOCKS = frozenset({errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP})


def write_private(path: Path, content: bytes) -> None:
    """Write a whole file that its owner alone can read, in place of whatever stands under its name.

    No link is followed. Raises InputError as `write_whole` does.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        make_room(path)
        _put(path, content, created=0o600)


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file under a temporary name in the same folder, then rename it.

    A link is followed and stays, and so do the permissions of a file that is there. A device, a pipe or the stream
    that standard output or error goes to is written to and never replaced. Raises InputError with the system's
    message, and leaves no partial file, when it cannot be written.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    with writing(path):
        before = _status(path)
        if before is not None and _write_to_stream(path, before, data):
            return
        final = Path(os.path.realpath(path))
        if final.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        if before is not None and not os.access(final, os.W_OK):  # renaming would not ask
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        final.parent.mkdir(parents=True, exist_ok=True)
        _put(final, data, None if before is None else stat.S_IMODE(before.st_mode))


def _put(final: Path, data: bytes, mode: int | None = None, created: int = 0o666) -> None:
    # the name is new and not to be guessed: opening fails where anything, also a link, stands under it
    temporary = final.with_name(f".{final.name[:50]}.{secrets.token_hex(8)}{UNFINISHED}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(temporary, flags, created)  # before the block below: what stands there is not ours to remove
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if mode is not None:
            temporary.chmod(mode)
        _replace(temporary, final)
    finally:
        temporary.unlink(missing_ok=True)


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _write_to_stream(path: Path, status: os.stat_result, data: bytes) -> bool:
    """Write where a path leads to no file of a disk, or to where a standard stream goes; False where it does not.

    A file that the shell has opened as standard output would lose what is printed after it was replaced.
    """
    for number, stream in ((1, sys.stdout), (2, sys.stderr)):
        try:
            same = os.path.samestat(status, os.fstat(number))
        except OSError:  # a closed stream
            continue
        if same:
            if stream is not None:
                stream.flush()
            with os.fdopen(os.dup(number), "wb") as opened:
                opened.write(data)
            return True
    if stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode):
        return False
    with path.open("wb") as opened:
        opened.write(data)
    return True


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
    except NotImplementedError:  # filelock, where the system knows no lock of this kind
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
        raise InputError(_no_locks(file, "none on this system"))
    digest = hashlib.sha256(key.encode()).hexdigest()
    return FileLock(file.with_name(f"{file.name}-{digest[:16]}"), is_singleton=True, fallback_to_soft=False)


def sweep(folder: Path, lock: Path | None = None) -> None:
    """Remove partial files of killed processes.

    A partial file belongs to a process that lives as long as this holds a lock, and only so long. A process number
    cannot answer this where two containers share a folder. Without `lock`, the caller holds the lock that everybody
    holds who writes into the folder, as for a report: nobody else is writing, and what is there is left over. With
    `lock`, each file is written under a lock of that file whose key is the file's name, as stored fits are: a partial
    file stays where its lock is taken, for its writer lives, and goes where the lock is free.
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
