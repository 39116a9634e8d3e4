"""A case of hostile input: a command, the files it is given, and how a case is kept."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PREFIX = "base64:"
"""Before the content of a kept file that is no UTF-8 text."""


@dataclass(frozen=True)
class Case:
    """Arguments of the command, and files by their names in its folder.

    `door`: which kind of input was spoilt. `note`: why the case is kept.
    """

    door: str
    arguments: tuple[str, ...]
    files: Mapping[str, bytes]
    note: str = ""

    def make(self, folder: Path) -> None:
        """Write the files."""
        for name, content in self.files.items():
            (folder / name).write_bytes(content)


def dump(case: Case) -> str:
    """A case as JSON, with its files as text where they are text."""
    files = {name: _as_text(content) for name, content in case.files.items()}
    kept = {"door": case.door, "note": case.note, "arguments": list(case.arguments), "files": files}
    return json.dumps(kept, indent=1) + "\n"  # ASCII: lone surrogates, which arguments may hold, stay as they are


def read_case(path: Path) -> Case:
    """A kept case."""
    kept = json.loads(path.read_text(encoding="utf-8"))
    files = {name: _as_bytes(text) for name, text in kept["files"].items()}
    return Case(kept["door"], tuple(kept["arguments"]), files, kept["note"])


def _as_text(content: bytes) -> str:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return PREFIX + base64.b64encode(content).decode("ascii")
    return PREFIX + base64.b64encode(content).decode("ascii") if text.startswith(PREFIX) else text


def _as_bytes(text: str) -> bytes:
    return base64.b64decode(text.removeprefix(PREFIX)) if text.startswith(PREFIX) else text.encode("utf-8")


def words(options: Mapping[str, str | Sequence[str]]) -> tuple[str, ...]:
    """Options and their values, one or several each, as words of a command line."""
    return tuple(
        word for name, value in options.items() for word in (name, *([value] if isinstance(value, str) else value))
    )
