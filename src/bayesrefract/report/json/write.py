"""Writing JSON: strict, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from bayesrefract.files import write_whole
from bayesrefract.report.json.parts import plain

type Json = dict[str, Any]


def write_json(target: Path | str | TextIO, payload: Mapping[str, Any]) -> None:
    """Write to an open stream, or to a file that appears whole or not at all; what is not finite becomes null."""
    text = json.dumps(plain(payload), allow_nan=False, ensure_ascii=False, indent=2) + "\n"
    if isinstance(target, str | Path):
        write_whole(Path(target), text)
    else:
        target.write(text)
