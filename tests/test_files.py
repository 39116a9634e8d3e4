"""Files: whole or absent, whatever the system does; locks that the kernel frees."""

from __future__ import annotations

import errno
import multiprocessing
import os
import resource
import shutil
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


def test_a_link_is_followed_and_stays(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    for name, there in (("there.json", True), ("dangling.json", False)):
        target = tmp_path / "real" / name
        if there:
            target.write_text("old")
        (tmp_path / name).symlink_to(target)
        write_whole(tmp_path / name, "new")
        assert (tmp_path / name).is_symlink()
        assert target.read_text() == "new"
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(InputError, match="circle: cannot be written"):
        write_whole(tmp_path / "circle", "new")
    assert (tmp_path / "circle").is_symlink()


def test_permissions_of_a_file_are_kept_and_new_files_follow_the_umask(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        write_whole(tmp_path / "new", "text")
        (tmp_path / "private").write_text("")
        (tmp_path / "private").chmod(0o600)
        write_whole(tmp_path / "private", "text")
    finally:
        os.umask(old)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("new", "private")] == [0o640, 0o600]


def test_a_file_that_may_not_be_written_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "locked.json").write_text("old")
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everything
    with pytest.raises(InputError, match=r"locked\.json: cannot be written \(Permission denied\)"):
        write_whole(tmp_path / "locked.json", "new")
    assert (tmp_path / "locked.json").read_text() == "old"


def test_devices_and_pipes_are_written_to_and_never_replaced(tmp_path: Path) -> None:
    write_whole(Path("/dev/null"), "text")
    assert Path("/dev/null").is_char_device()
    with pytest.raises(InputError, match=r"/dev/full: cannot be written \(No space left on device\)"):
        write_whole(Path("/dev/full"), "text")
    assert Path("/dev/full").is_char_device()
    os.mkfifo(tmp_path / "pipe")
    reader = subprocess.Popen(["cat", str(tmp_path / "pipe")], stdout=subprocess.PIPE)
    write_whole(tmp_path / "pipe", "text")
    assert reader.communicate(timeout=60)[0] == b"text"
    assert (tmp_path / "pipe").is_fifo()


def test_standard_output_is_written_to_in_its_order(tmp_path: Path) -> None:
    """Also where it goes to a file: that is not replaced while the shell has it open."""
    program = (
        "from pathlib import Path; from bayesrefract.files import write_whole\n"
        "print('before'); write_whole(Path('/dev/stdout'), 'json\\n'); print('after')"
    )
    piped = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    with (tmp_path / "out.txt").open("wb") as out:
        subprocess.run([sys.executable, "-c", program], stdout=out, check=True)
    assert piped.stdout == (tmp_path / "out.txt").read_text() == "before\njson\nafter\n"
