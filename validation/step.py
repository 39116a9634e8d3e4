"""A step of the validation: work in chunks that are repeated nowhere, and what their results come to."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOP = Path(__file__).parents[1]
RESULTS = TOP / "reports" / "validation"
MOST_MINUTES = 180
"""That all steps together may take on two cores."""


@dataclass(frozen=True)
class Step:
    """A named check in chunks.

    `work`: a chunk's number and the step's seed -> its result, as JSON can hold it; a function of a module, since it
    runs in another process. `write_up`: the results in the order of the chunks -> paragraphs of Markdown.
    `passed`: whether these results are as they should be. `minutes`: what all chunks take on two cores.
    `pictures`: the same results -> file name and content of what `write_up` shows.
    `sources`: files and folders that the results depend on, beside the step's own module; where these change, the
    step starts anew.
    """

    name: str
    title: str
    chunks: int
    seed: int
    minutes: float
    work: Callable[[int, int], Any]
    write_up: Callable[[Sequence[Any]], str]
    passed: Callable[[Sequence[Any]], bool]
    sources: tuple[str, ...] = ("src", "models", "requirements.lock")
    pictures: Callable[[Sequence[Any]], Mapping[str, bytes]] | None = None

    @property
    def sha256(self) -> str:
        """Hash of all that the results depend on."""
        digest = hashlib.sha256(f"{self.name} {self.chunks} {self.seed}".encode())
        for source in (*self.sources, f"validation/steps/{self.name}.py"):
            place = TOP / source
            for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
                if path.is_file() and path.suffix not in {".pyc", ".so"}:
                    digest.update(path.relative_to(TOP).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()


@dataclass(frozen=True)
class Progress:
    """What is kept of a step between runs: results by chunk, with the hash of what they depend on."""

    sha256: str
    results: Mapping[int, Any]
    seconds: float = 0.0

    def in_order(self) -> list[Any]:
        return [self.results[chunk] for chunk in sorted(self.results)]
