"""The README as a package index shows it: without the repository beside it, links into it lead nowhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

LINK = re.compile(r"\[([^\]]+)\]\((?![a-z]+://|#)([^)]+)\)")


class ReadmeHook(MetadataHookInterface):
    """Links to files become links below the project's `Source` URL; without one, they become plain text."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the readme of the built package."""
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        source = metadata.get("urls", {}).get("Source")
        target = rf"[\1]({source}/blob/HEAD/\2)" if source else r"\1"
        metadata["readme"] = {"content-type": "text/markdown", "text": LINK.sub(target, text)}
