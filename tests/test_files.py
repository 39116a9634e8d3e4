"""Files: whole or absent, whatever the system does; locks that the kernel frees."""

from __future__ import annotations

import errno
import multiprocessing
import os
import resource
import shutil
import signal
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


def nothing(_: str) -> None:
    """No one has to wait."""


def test_leftovers_of_processes_that_are_gone_are_removed(tmp_path: Path) -> None:
    for name in (".a.html.0123.part", ".b.html.unknown.part", "d.html"):
        (tmp_path / name).write_text("")
    with locked(tmp_path / ".lock", "report", nothing):
        sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.glob("*")) == [lock_of(tmp_path, "report"), "d.html"]


def lock_of(folder: Path, key: str) -> str:
    with locked(folder / ".seen" / ".lock", key, nothing):
        (name,) = (path.name for path in (folder / ".seen").iterdir())
    shutil.rmtree(folder / ".seen")
    return name


def test_a_partial_file_stays_while_its_writer_holds_the_lock(tmp_path: Path) -> None:
    """Process numbers say nothing: this one is of no process, or of one in another container."""
    context = multiprocessing.get_context("spawn")
    held: multiprocessing.Queue[str] = context.Queue()
    for name in (".a.nc.4194304.part", ".b.nc.4194305.part", f".c.nc.{os.getpid()}.part"):
        (tmp_path / name).write_text("")
    writer = context.Process(target=hold, args=(tmp_path / ".lock", "a.nc", held))
    writer.start()
    assert held.get(timeout=60) == "held"
    sweep(tmp_path, tmp_path / ".lock")
    assert [path.name for path in tmp_path.glob(".*.part")] == [".a.nc.4194304.part"]
    writer.kill()
    writer.join()
    sweep(tmp_path, tmp_path / ".lock")
    assert not list(tmp_path.glob(".*.part"))


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_told_with_a_remedy(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("fcntl.flock", refuse)
    told = r"this file system has no locks \(.+\).*--out for reports, BAYESREFRACT_CACHE"
    with pytest.raises(InputError, match=told), locked(tmp_path / ".lock", "report", nothing):
        raise AssertionError


def test_a_lock_that_is_held_can_be_taken_again_by_its_holder(tmp_path: Path) -> None:
    with locked(tmp_path / ".lock", "a", pytest.fail), locked(tmp_path / ".lock", "a", pytest.fail):
        pass


def test_a_file_that_is_open_elsewhere_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, where a virus scanner holds a file for a moment."""
    rename, refused = Path.replace, []

    def refuse_twice(self: Path, target: Path) -> Path:
        if len(refused) < 2:
            refused.append(target)
            raise PermissionError(errno.EACCES, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", refuse_twice)
    write_whole(tmp_path / "page.html", "text")
    assert (tmp_path / "page.html").read_text() == "text"
    monkeypatch.setattr("bayesrefract.files.TRIES", ())
    refused.clear()
    with pytest.raises(InputError, match=r"page\.html: cannot be written \(Permission denied\)"):
        write_whole(tmp_path / "page.html", "another")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    assert (tmp_path / "page.html").read_text() == "text"


def test_a_link_planted_under_a_temporary_name_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "theirs.txt").write_text("untouched")
    monkeypatch.setattr("secrets.token_hex", lambda _: "0" * 16)
    (tmp_path / f".page.html.{'0' * 16}.part").symlink_to("theirs.txt")
    with pytest.raises(InputError, match="File exists"):
        write_whole(tmp_path / "page.html", "text")
    assert (tmp_path / "theirs.txt").read_text() == "untouched"


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
