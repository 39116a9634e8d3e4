"""Names as they are compared: on one line, in composed letters (NFC); and names that look alike but differ."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence

INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
"""Marks without width: of the reading direction, of joints, of variants."""


def composed(text: str) -> str:
    """The text with every letter and its accent as one code point: names typed either way are the same name."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def column_name(heading: str) -> str:
    """A heading as the name of its column: line breaks, which spreadsheets put into cells, become blanks."""
    lines = (line.strip() for line in heading.splitlines())
    return composed(" ".join(line for line in lines if line))


def skeleton(name: str) -> str:
    """What is left of a name to the eye: no invisible mark, every blank a plain one."""
    return name if name.isascii() else " ".join(INVISIBLE.sub("", composed(name)).split())


def look_alikes(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Names that differ only by what nobody sees, in the order in which they were found."""
    seen: dict[str, dict[str, None]] = {}
    for name in names:
        seen.setdefault(skeleton(name), {})[name] = None
    return [tuple(alike) for alike in seen.values() if len(alike) > 1]


def code_points(name: str, others: Iterable[str]) -> str:
    """`"a" with U+200B`: a name, and those of its code points that make it differ from others like it."""
    common = set.intersection(*(set(other) for other in others))
    own = dict.fromkeys(f"U+{ord(letter):04X}" for letter in name if letter not in common)
    visible = skeleton(name)
    return f'"{visible}" with {", ".join(own)}' if own else f'"{visible}"'


def look_alike_faults(names: Iterable[str], what: str, remedy: str) -> list[str]:
    """A sentence for all names that look alike: `what` they are, each with its code points, and what to do."""
    return [
        f"{what} {' and '.join(code_points(name, alike) for name in alike)} look alike. {remedy}"
        for alike in look_alikes(names)
    ]


def look_alike_columns(header: Sequence[str], wanted: Collection[str]) -> list[str]:
    """Faults of wanted columns for which another could be taken."""
    if all(map(str.isascii, header)):
        return []
    needed = {skeleton(name) for name in wanted}
    return look_alike_faults(
        (name for name in header if skeleton(name) in needed), "the columns", "Rename all but one of them."
    )


def case_key(name: str) -> str:
    """What is left of a name without case, blanks and invisible marks; blanks between digits stay."""
    return re.sub(r"(?<![0-9])\s+|\s+(?![0-9])", "", skeleton(name)).casefold()


def spelled_twice(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Names that differ only by case or blanks, in the order in which they were found; look-alikes apart."""
    seen: dict[str, dict[str, str]] = {}
    for name in names:
        seen.setdefault(case_key(name), {}).setdefault(skeleton(name), name)
    return [tuple(alike.values()) for alike in seen.values() if len(alike) > 1]
