"""Files that a command writes into a folder of the user: which of those that are there it may replace."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from bayesrefract.files import write_whole
from bayesrefract.outputs import Place, same_file

LIST = ".bayesrefract-files.json"
FORMAT = "bayesrefract/own-files/1"
MOVE = "Nothing is overwritten: move it elsewhere, or name another place."


class OwnFiles:
    """What was written into a folder, with hashes, in a list that stands beside it.

    Only what the list names, and nobody has changed since, is ever replaced. A file is listed before it is written: one
    that a killed run has left is known, and whole.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def faults(self, names: Collection[str], name: str, inputs: Collection[Place | None] = ()) -> list[str]:
        """Why files of these names cannot be written: each that is there and not ours, or no longer.

        name : the option with its value, for the message. inputs : files that the run reads, which are told elsewhere.
        """
        known = self._listed()
        read = [each for each in inputs if each is not None]
        there = [
            each
            for each in names
            if os.path.lexists(self.folder / each) and not any(same_file(self.folder / each, one) for one in read)
        ]
        if known is None:
            return [f"{name}: its {LIST} is damaged, so that nobody knows whose {each} is. {MOVE}" for each in there]
        foreign = [each for each in there if each not in known]
        changed = [each for each in there if each in known and known[each] not in {None, _sha256(self.folder / each)}]
        return [
            *(f"{name}: its {each} was not written by this program. {MOVE}" for each in foreign),
            *(f"{name}: its {each} was changed after this program wrote it. {MOVE}" for each in changed),
        ]

    @contextmanager
    def writing(self, names: Collection[str]) -> Iterator[None]:
        """Claim these files, and finish them once they are written."""
        self.claim(names)
        yield
        self.finish(names)

    def claim(self, names: Collection[str]) -> None:
        """List these files as ours, before they are written."""
        self._list(dict.fromkeys(names))

    def finish(self, names: Collection[str]) -> None:
        """List them with the hashes that they now have."""
        self._list({each: _sha256(self.folder / each) for each in names if (self.folder / each).is_file()})

    def _list(self, files: dict[str, str | None]) -> None:
        content = {"format": FORMAT, "files": dict(sorted(((self._listed() or {}) | files).items()))}
        write_whole(self.folder / LIST, json.dumps(content, indent=1) + "\n")

    def _listed(self) -> dict[str, str | None] | None:
        """Files by name, with hashes where they were finished; None where the list is damaged."""
        try:
            read = json.loads((self.folder / LIST).read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (OSError, ValueError, RecursionError):
            return None
        if not isinstance(read, dict) or read.get("format") != FORMAT or not isinstance(read.get("files"), dict):
            return None
        return {str(each): known if isinstance(known, str) else None for each, known in read["files"].items()}


def _sha256(path: Path) -> str:
    """Hash of a file's content; empty where it is no file that can be read."""
    try:
        with path.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError:
        return ""
