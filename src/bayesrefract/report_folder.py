"""The folder of a report: which of its files are ours to overwrite or remove, and which are the user's."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from bayesrefract.errors import InputError
from bayesrefract.files import UNFINISHED, write_whole, writing
from bayesrefract.messages import listed, quoted
from bayesrefract.outputs import name_faults

MANIFEST = "manifest.json"
FORMAT = "bayesrefract/report-folder/1"
OF_THE_SYSTEM = frozenset({".DS_Store", "Thumbs.db", "desktop.ini", ".gitkeep", ".gitignore", ".lock"})
STORED_FITS = "posterior"
"""Fits are kept here before there is a report; a report writes nothing into it."""
LAYOUT = frozenset({"figures", "tables", "posteriors", "diagnostics"})
PAGE, VERDICTS = "index.html", "verdicts.json"
MOST_NAMED = 4


class ReportFolder:
    """A folder that is new, empty or ours, with the files in it that we wrote.

    Its manifest lists what was written, with hashes; nothing else is ever overwritten or removed. It is written first
    and last: a run that is killed between leaves files that are known as ours. Folders of the version before, which
    had no such list, are known by their manifest or their verdicts: the report is written over, and nothing is removed.

    Raises InputError for a folder that holds anything else.
    """

    def __init__(self, folder: Path) -> None:
        faults = folder_faults(folder)
        if faults:
            raise InputError(faults)
        kept = read_manifest(folder)
        self.folder = folder
        self.files: dict[str, str | None] = dict(kept["files"]) if kept else {}
        self.written_before = set[str]() if kept else _written_by_version_before(folder)

    def claim(self, names: Collection[str]) -> None:
        """List files as ours before they are written. Raises InputError, with every such file, where one is not."""
        faults = [fault for name in sorted(names) if (fault := self._fault(name))]
        faults += [] if self._is_inside(self.folder / MANIFEST) else [_leads_out(self.folder / MANIFEST)]
        if faults:
            raise InputError(faults)
        write_manifest(self.folder, self.files | dict.fromkeys(names))

    def finish(self, names: Collection[str]) -> None:
        """Remove files of an earlier report that this one does not have and nobody has changed; list the others."""
        for name in self.files.keys() - set(names):
            path = self.folder / name
            if self._is_inside(path) and not path.is_symlink() and path.is_file():
                known = self.files[name]
                if known is None or known == sha256_of(path):  # a run that was killed knew no hash
                    path.unlink()
        written = [name for name in sorted(names) if (self.folder / name).is_file()]
        write_manifest(self.folder, {name: sha256_of(self.folder / name) for name in written})

    def _fault(self, name: str) -> str | None:
        path = self.folder / name
        if not self._is_inside(path):
            return _leads_out(path)
        there = path.is_symlink() or path.exists()
        ours = name in self.files or name in self.written_before
        if there and not (ours and path.is_file()):
            return f"{path}: the report needs this name, and did not write what is there. Move it elsewhere."
        return None

    def _is_inside(self, path: Path) -> bool:
        return path.resolve().is_relative_to(self.folder.resolve())


def folder_faults(folder: Path, name: str = "") -> list[str]:
    """Why no report can be written into a folder, told before the sampling; `name` is the option that asks for it."""
    if not os.path.isdir(folder):
        return name_faults(folder, name)
    with writing(folder):
        there = sorted(path.name for path in folder.iterdir() if not _is_nothing(path))
    if not there or read_manifest(folder) is not None or is_of_version_before(folder):
        return []
    found = listed(map(quoted, there), MOST_NAMED)
    what = "a damaged list of the files of a report" if MANIFEST in there else "no report of this program"
    return [
        f"{name} {folder}: the folder holds {found}, and {what}. Nothing in it is overwritten: name an empty or a new "
        "folder, or move its files elsewhere.".lstrip()
    ]


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a report; None where there is none of this version, or it is damaged."""
    kept = _read(folder / MANIFEST)
    if not isinstance(kept, dict) or kept.get("format") != FORMAT or not isinstance(kept.get("files"), dict):
        return None
    good = all(_is_name(name) and isinstance(value, str | None) for name, value in kept["files"].items())
    return kept if good else None


def write_manifest(folder: Path, files: Mapping[str, str | None], **more: object) -> None:
    """List the files of a report with their hashes; `more` is what a command keeps beside them."""
    content = {"format": FORMAT, "files": dict(files), **more}
    write_whole(folder / MANIFEST, json.dumps(content, indent=1) + "\n")


def is_of_version_before(folder: Path) -> bool:
    """Whether the version before wrote a report here: its manifest, or a page beside verdicts of our schema."""
    return bool(_written_by_version_before(folder))


def _written_by_version_before(folder: Path) -> set[str]:
    """Files that the version before wrote: those of its manifest, and what has the places of a report's files."""
    kept = _read(folder / MANIFEST)
    if isinstance(kept, dict):
        known = "format" not in kept and {"parents", "files", "withheld", "summary"} <= kept.keys()
        names = set(kept["files"]) if known and isinstance(kept["files"], dict) else set()
        return names if all(map(_is_name, names)) else set()
    verdicts = _read(folder / VERDICTS)
    known = isinstance(verdicts, dict) and str(verdicts.get("schema")).startswith("bayesrefract/study/")
    if (folder / MANIFEST).exists() or not known or not (folder / PAGE).is_file():
        return set()
    beside = {path.relative_to(folder).as_posix() for place in LAYOUT for path in (folder / place).glob("*")}
    return {PAGE, VERDICTS} | beside


def sha256_of(path: Path) -> str:
    """Hash of a file's content."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def _is_nothing(path: Path) -> bool:
    """Whether an entry of a folder leaves it empty: files of the system, locks, kept fits, what is half-written."""
    hidden = path.name in OF_THE_SYSTEM or path.name.startswith((".lock-", "._", ".nfs"))
    hidden = hidden or (path.name.startswith(".") and path.name.endswith(UNFINISHED))
    return hidden or (path.name == STORED_FITS and path.is_dir())


def _is_name(name: str) -> bool:
    """Whether a name of a manifest is a plain path below the folder, on every system."""
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    plain = bool(posix.parts) and not posix.is_absolute() and not windows.drive and not windows.root
    return plain and "\\" not in name and "\0" not in name and ".." not in posix.parts and posix.as_posix() == name


def _leads_out(path: Path) -> str:
    return f"{path}: a link leads out of the folder of the report. Remove it, or name another folder."
