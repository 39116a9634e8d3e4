"""Text that users typed, quoted safely in messages, and the nearest known name to a mistyped one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

MOST_NAMES = 12
MOST_ROWS = 8
"""Faults of single rows in one message; the others are counted."""
LONGEST_CELL = 40
LONGEST_NAME = 300
"""Letters of a group or category: no table or figure can show more."""
LONGEST_SENTENCE = 600
SCREEN_LINES = 22
SCREEN_WIDTH = 100
MORE = "... and "

UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")
"""Control characters, line ends, marks that turn the reading direction, and code points that are no letters."""


UNSEEN = re.compile(f"{UNPRINTABLE.pattern}|[\u00ad\u061c\u200b\u200e\u200f\u2060-\u2065]")
"""What a message shows as an escape: also marks without width, but not those that join letters."""


def printable(text: str) -> str:
    r"""The text with non-printing characters escaped: a line end as \n, a bell as \x07."""
    return UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], text)


def visible(text: str) -> str:
    """The text with all that nobody would see in a message escaped."""
    return UNSEEN.sub(lambda found: ascii(found[0])[1:-1], text)


def quoted(text: str) -> str:
    """A cell as a message quotes it: in double quotes, cut where it is long."""
    text = text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 3] + "..."
    return f'"{visible(text)}"'


def listed(names: Iterable[str], most: int = MOST_NAMES) -> str:
    """Names with commas between them; a long list ends with the count of the rest."""
    names = list(names)
    more = len(names) - most
    return ", ".join(names[:most]) + (f", {MORE.strip()} {more} more" if more > 0 else "")


def shorten(sentences: Sequence[str], of_what: str, most: int = MOST_ROWS) -> list[str]:
    """The first sentences, and how many more there are."""
    more = len(sentences) - most
    return [*sentences[:most], f"{MORE}{more} more {of_what}."] if more > 0 else list(sentences)


def one_screen(faults: Sequence[str]) -> list[str]:
    """As many faults as fit one screen, as printable text; sentences that count further faults are kept."""
    texts = [_fitting(visible(fault)) for fault in faults]
    counts = [text for text in texts if text.startswith(MORE)]
    shown: list[str] = []
    left = SCREEN_LINES - len(counts)
    sentences = [text for text in texts if not text.startswith(MORE)]
    for text in sentences:
        left -= 1 + (len(text) + len("  - ")) // SCREEN_WIDTH
        if shown and left < 1:
            return [
                *shown,
                *counts,
                f"{MORE}{len(sentences) - len(shown)} more faults of other kinds; correct these first.",
            ]
        shown.append(text)
    return [*shown, *counts]


def _fitting(sentence: str) -> str:
    """A long sentence, with its middle omitted."""
    if len(sentence) <= LONGEST_SENTENCE:
        return sentence
    half = LONGEST_SENTENCE // 2
    return f"{sentence[:half]} ... {sentence[-half:]}"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """` Did you mean "x"?`, or nothing where no known name is near."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    near = get_close_matches(name.lower(), list(by_lower), n=1, cutoff=0.6)
    return f' Did you mean "{by_lower[near[0]]}"?' if near else ""
