"""The folder of a report: what is ours is replaced, what is the user's stays, and nothing outside is touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bayesrefract.errors import InputError
from bayesrefract.outputs import same_file, target_faults
from bayesrefract.report_folder import FORMAT, MANIFEST, ReportFolder, folder_faults, read_manifest

REPORT = {"index.html": "page", "verdicts.json": "{}", "figures/a.svg": "a", "tables/a.csv": "1"}


def write(folder: Path, files: dict[str, str]) -> None:
    """A report as `write_report` writes it."""
    place = ReportFolder(folder)
    place.claim(files)
    put(folder, files)
    place.finish(files)


def put(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def contents(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_a_report_replaces_its_own_files_and_no_others(tmp_path: Path) -> None:
    write(tmp_path, REPORT)
    put(tmp_path, {"notes.txt": "mine", "figures/mine.svg": "mine"})
    write(tmp_path, {"index.html": "another page", "verdicts.json": "{}"})
    left = contents(tmp_path)
    assert left.keys() == {"index.html", "verdicts.json", "notes.txt", "figures/mine.svg", MANIFEST}
    assert left["index.html"] == "another page"
    kept = read_manifest(tmp_path)
    assert kept is not None
    assert kept["files"].keys() == {"index.html", "verdicts.json"}


def test_a_file_that_somebody_has_changed_is_not_removed(tmp_path: Path) -> None:
    write(tmp_path, REPORT)
    put(tmp_path, {"tables/a.csv": "with remarks of mine"})
    write(tmp_path, {"index.html": "another page"})
    assert contents(tmp_path)["tables/a.csv"] == "with remarks of mine"
    assert "figures/a.svg" not in contents(tmp_path)


def test_a_file_of_the_user_in_the_place_of_one_of_ours_is_named_and_stays(tmp_path: Path) -> None:
    write(tmp_path, {"index.html": "page"})
    put(tmp_path, {"figures/a.svg": "mine", "tables/a.csv": "mine"})
    before = contents(tmp_path)
    with pytest.raises(InputError) as told:
        write(tmp_path, REPORT)
    assert len(told.value.faults) == 2
    assert "figures/a.svg: the report needs this name, and did not write what is there." in told.value.faults[0]
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "name",
    [
        ".DS_Store",
        "Thumbs.db",
        ".gitkeep",
        ".lock",
        ".lock-0123456789abcdef",
        "posterior/a.nc",
        ".manifest.json.0123456789abcdef.part",
    ],
)
def test_files_of_the_system_and_kept_fits_leave_a_folder_empty(name: str, tmp_path: Path) -> None:
    put(tmp_path, {name: "x"})
    write(tmp_path, REPORT)
    assert contents(tmp_path)[name] == "x"


@pytest.mark.parametrize("name", ["index.html", ".git/config", "figures/a.svg", "posterior"])
def test_any_other_file_is_a_reason_to_refuse(name: str, tmp_path: Path) -> None:
    put(tmp_path, {name: "x"})
    with pytest.raises(InputError, match="no report of this program"):
        ReportFolder(tmp_path)
    assert contents(tmp_path) == {name: "x"}


@pytest.mark.parametrize(
    "name", ["../outside.txt", "/etc/hosts", "a/../../outside.txt", "C:\\x", "C:x", "a\\..\\b", "", ".", "a//b", "./a"]
)
def test_a_manifest_that_leads_out_of_its_folder_is_none(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "report"
    put(tmp_path, {"outside.txt": "mine"})
    put(folder, {MANIFEST: json.dumps({"format": FORMAT, "files": {name: None}})})
    with pytest.raises(InputError, match="a damaged list"):
        ReportFolder(folder)
    assert (tmp_path / "outside.txt").read_text() == "mine"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"format": 1}', f'{{"format": "{FORMAT}", "files": []}}', "[" * 100_000]
)
def test_a_damaged_manifest_is_none(text: str, tmp_path: Path) -> None:
    put(tmp_path, {MANIFEST: text, "index.html": "page"})
    assert "a damaged list of the files of a report" in folder_faults(tmp_path)[0]


def test_links_that_lead_out_of_the_folder_are_never_written_through(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "report", tmp_path / "elsewhere"
    write(folder, REPORT)
    put(elsewhere, {"a.svg": "a", "page.html": "mine"})
    (folder / "figures" / "a.svg").unlink()
    (folder / "figures").rmdir()
    (folder / "figures").symlink_to(elsewhere)
    (folder / "index.html").unlink()
    (folder / "index.html").symlink_to(elsewhere / "page.html")
    with pytest.raises(InputError, match="leads out of the folder") as told:
        write(folder, REPORT)
    assert len(told.value.faults) == 2
    write(folder, {"verdicts.json": "{}"})  # the others are stale now, and would be removed
    assert contents(elsewhere) == {"a.svg": "a", "page.html": "mine"}


def test_a_folder_that_is_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    write(tmp_path / "link", REPORT)
    write(tmp_path / "link", {"index.html": "again"})
    assert (tmp_path / "link").is_symlink()
    assert contents(tmp_path / "real").keys() == {"index.html", MANIFEST}


def test_a_run_that_was_killed_leaves_files_that_are_known_as_ours(tmp_path: Path) -> None:
    ReportFolder(tmp_path).claim(REPORT)
    put(tmp_path, {"figures/a.svg": "a"})
    write(tmp_path, {"index.html": "page"})
    assert contents(tmp_path).keys() == {"index.html", MANIFEST}


def test_reports_of_the_version_before_are_written_over_and_nothing_is_removed(tmp_path: Path) -> None:
    """Its manifest listed every file of the folder, the user's too: it says what may be replaced, not what may go."""
    listed = {"parents": "", "files": {**REPORT, "notes.txt": ""}, "withheld": False, "summary": []}
    for name, sign in (
        ("fit", {MANIFEST: json.dumps(listed)}),
        ("compare", {"verdicts.json": '{"schema": "bayesrefract/study/2"}'}),
    ):
        folder = tmp_path / name
        put(folder, {**REPORT, "notes.txt": "mine", "figures/old.svg": "old", **sign})
        write(folder, {"index.html": "new", "verdicts.json": "{}", "figures/a.svg": "new"})
        left = contents(folder)
        assert left["index.html"] == left["figures/a.svg"] == "new"
        assert (left["notes.txt"], left["figures/old.svg"], left["tables/a.csv"]) == ("mine", "old", "1")
        kept = read_manifest(folder)
        assert kept is not None
        assert kept["files"].keys() == {"index.html", "verdicts.json", "figures/a.svg"}


def test_an_input_is_recognised_however_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, {"patients.csv": "id\n", "copy.csv": "id\n"})
    (tmp_path / "soft.csv").symlink_to("patients.csv")
    (tmp_path / "hard.csv").hardlink_to(tmp_path / "patients.csv")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "below").mkdir()
    for name in (
        "patients.csv",
        "./patients.csv",
        "below/../patients.csv",
        "soft.csv",
        "hard.csv",
        str(tmp_path / "hard.csv"),
    ):
        assert same_file(name, "patients.csv")
        assert "which is read" in target_faults(name, inputs=(None, "patients.csv"))[0]
    assert not target_faults("copy.csv", inputs=("patients.csv",))
    assert not target_faults("absent.csv", inputs=("patients.csv",))
