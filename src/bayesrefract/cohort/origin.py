"""What the rows of a file are, as far as the file itself says: patients are never assumed."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bayesrefract.messages import listed, quoted
from bayesrefract.study.study import Evidence

COLUMN = "evidence"
"""Column of the files that this program makes, with the origin of each row."""
PREFIXES = {"REBUILT-": Evidence.REBUILT, "SIMULATED-": Evidence.SIMULATED}
"""How identifiers begin that stand for nobody."""
MARK = re.compile(rb"(?:^|[^A-Za-z0-9_-])(REBUILT-|SIMULATED-)")
LONGEST = max(map(len, PREFIXES)) + 1
STANDING = (Evidence.PATIENTS, Evidence.UNSTATED, Evidence.REBUILT, Evidence.SIMULATED)
"""From what claims most to what claims least."""


class Scan:
    """Search for marked identifiers in the bytes of a file, as they pass; every column counts, used or not."""

    def __init__(self) -> None:
        self.found: set[Evidence] = set()
        self._tail = b"\n"

    def feed(self, data: bytes) -> None:
        text = self._tail + data
        if b"REBUILT-" in text or b"SIMULATED-" in text:
            self.found |= {PREFIXES[mark.decode()] for mark in MARK.findall(text)}
        self._tail = text[-LONGEST:]


def of_identifiers(values: Iterable[object]) -> set[Evidence]:
    """The origins of rows with these identifiers."""
    found = set()
    for value in values:
        if isinstance(value, str) and "-" in value:
            found |= {origin for prefix, origin in PREFIXES.items() if value.lstrip().startswith(prefix)}
    return found


def of_column(values: Iterable[object]) -> set[Evidence]:
    """The origins that a column `evidence` names; other words in a column of that name say nothing."""
    given = {value.strip().lower() for value in values if isinstance(value, str)}
    return {origin for origin in Evidence if str(origin) in given}


def least(found: Iterable[Evidence]) -> Evidence | None:
    """Of several origins the one that claims least: one such row makes the file so."""
    return max(found, key=STANDING.index, default=None)


def settled(declared: Evidence, found: Evidence | None) -> Evidence:
    """The origin under which records are analysed: what they say of themselves, unless less is declared."""
    return declared if found in (None, Evidence.PATIENTS) else max(declared, found, key=STANDING.index)


def origin_fault(declared: Evidence, found: Evidence | None, label: str, option: str) -> list[str]:
    """Records declared to be more than they say they are; without a declaration they are what they say."""
    if declared is Evidence.UNSTATED or settled(declared, found) is declared:
        return []
    return [
        f"{label}: {option} says {quoted(declared)}, but the file marks its rows as {found} (identifiers that begin "
        f"with {listed(mark for mark, origin in PREFIXES.items() if origin is found)}, or a column {quoted(COLUMN)}). "
        f"Say {found}: no option makes patients of them."
    ]
