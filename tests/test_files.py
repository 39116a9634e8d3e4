"""Files: whole or absent, whatever the system does; locks that the kernel frees."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bayesrefract.errors import InputError
from bayesrefract.files import locked, sweep, write_whole


@pytest.fixture
def small_disk() -> Iterator[None]:
    """No file of this process may grow beyond 10 kB: writing on fails as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path, small_disk: None) -> None:
    path = tmp_path / "report.html"
    write_whole(path, "the old one")
    with pytest.raises(InputError, match=r"report\.html: cannot be written \(File too large\)\. Free some space"):
        write_whole(path, "x" * 20_000)
    assert path.read_text() == "the old one"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_is_told_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="File exists"):
        write_whole(tmp_path / "file" / "below", "text")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="folder: cannot be written"):
        write_whole(tmp_path / "folder", b"bytes")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_leftovers_of_processes_that_are_gone_are_removed(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for name in (f".a.nc.{ended.pid}.part", ".b.nc.unknown.part", f".c.nc.{os.getpid()}.part", "d.nc"):
        (tmp_path / name).write_text("")
    sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f".c.nc.{os.getpid()}.part", "d.nc"]


def hold(file: Path, key: str, held: multiprocessing.Queue[str]) -> None:
    with locked(file, key, held.put):
        held.put("held")
        time.sleep(60)


def test_a_lock_keeps_others_waiting_until_its_process_is_killed(tmp_path: Path) -> None:
    file, context = tmp_path / ".lock", multiprocessing.get_context("spawn")
    held: multiprocessing.Queue[str] = context.Queue()
    first = context.Process(target=hold, args=(file, "a", held))
    first.start()
    assert held.get(timeout=60) == "held"
    second, other = (context.Process(target=hold, args=(file, key, held)) for key in ("a", "b"))
    other.start()
    assert held.get(timeout=60) == "held", "another key is another lock"
    second.start()
    assert "Another run is writing to" in held.get(timeout=60)
    assert first.pid is not None
    os.kill(first.pid, signal.SIGKILL)
    assert held.get(timeout=60) == "held"
    for process in (first, second, other):
        process.kill()
        process.join()
