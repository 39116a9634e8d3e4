"""What a command writes into a folder of the user: its own files are replaced, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from bayesrefract.own_files import LIST, OwnFiles

NAMES = ("a.csv", "b.csv")


def written(folder: Path, text: str = "ours") -> OwnFiles:
    own = OwnFiles(folder)
    with own.writing(NAMES):
        for name in NAMES:
            (folder / name).write_text(text)
    return own


def test_what_was_written_is_written_again(tmp_path: Path) -> None:
    for text in ("first", "second"):
        own = written(tmp_path, text)
        assert own.faults(NAMES, "--out x") == []
    (tmp_path / "a.csv").unlink()
    assert OwnFiles(tmp_path).faults(NAMES, "--out x") == []
    assert OwnFiles(tmp_path / "none").faults(NAMES, "--out x") == []


def test_another_file_a_folder_and_a_link_to_nothing_are_not_ours(tmp_path: Path) -> None:
    (tmp_path / "a.csv").mkdir()
    (tmp_path / "b.csv").symlink_to("nothing")
    told = OwnFiles(tmp_path).faults((*NAMES, "c.csv"), "--out x")
    assert [text.partition(".csv was")[0] for text in told] == ["--out x: its a", "--out x: its b"]
    assert all(text.endswith("move it elsewhere, or name another place.") for text in told)


def test_a_file_that_was_changed_since_is_the_users(tmp_path: Path) -> None:
    own = written(tmp_path)
    (tmp_path / "b.csv").write_text("ours, and a remark")
    (told,) = own.faults(NAMES, "--out x")
    assert told.startswith("--out x: its b.csv was changed after this program wrote it.")
    (tmp_path / "b.csv").write_text("ours")
    assert own.faults(NAMES, "--out x") == []


def test_a_killed_run_leaves_files_that_are_known(tmp_path: Path) -> None:
    OwnFiles(tmp_path).claim(NAMES)
    (tmp_path / "a.csv").write_text("whole, and the run was killed after it")
    assert OwnFiles(tmp_path).faults(NAMES, "--out x") == []
    OwnFiles(tmp_path).finish(["a.csv"])
    (tmp_path / "a.csv").write_text("changed")
    assert len(OwnFiles(tmp_path).faults(NAMES, "--out x")) == 1


@pytest.mark.parametrize("text", ["", "{", "[]", '{"files": {}}', '{"format": "bayesrefract/own-files/1"}'])
def test_with_a_damaged_list_nothing_is_replaced(text: str, tmp_path: Path) -> None:
    own = written(tmp_path)
    (tmp_path / LIST).write_text(text)
    told = own.faults(NAMES, "--out x")
    assert len(told) == 2
    assert all("is damaged" in each for each in told)


def test_what_is_read_is_told_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("read")
    assert OwnFiles(tmp_path).faults(NAMES, "--out x", [tmp_path / "a.csv", None]) == []
