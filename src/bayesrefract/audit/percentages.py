"""Does each printed percentage follow from its count?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

from bayesrefract.audit.finding import Finding, Outcome, Severity, outcome
from bayesrefract.numerals import fixed
from bayesrefract.printed import CountRow, Counts, Number, Range
from bayesrefract.printed.number import either

CHECK = "percentages"


def percentages(counts: Counts) -> Outcome:
    """Count over group size, rounded or cut off at the printed digits."""
    looked = 0
    findings: list[Finding] = []
    left: list[tuple[str, str]] = []
    for row in counts.rows:
        if row.counts is None or row.sizes is None or not row.percents:
            left.append((_why_not(row), row.label))
            continue
        for group, number, size, percent in zip(counts.groups, row.counts, row.sizes, row.percents, strict=True):
            looked += 1
            findings += _faults(row, group, number, size, percent)
    return outcome(CHECK, looked, findings, left)


def follows(count: int, size: int, percent: Number) -> bool:
    """Whether the share is printed so when it is rounded, halves up or down, or cut off."""
    share = Fraction(100 * count, size)
    cut = percent.truncated
    return percent.rounded.holds(share) or cut.low <= share < cut.high


def _why_not(row: CountRow) -> str:
    if row.counts is None:
        return "no whole counts of every group"
    return "no row gives the group sizes" if row.sizes is None else "no percentages printed"


def _faults(row: CountRow, group: str, count: int, size: int, percent: Number) -> Iterator[Finding]:
    if follows(count, size, percent):
        return
    implied = _sizes(count, either(percent))
    fits = implied is not None and implied[0] <= size and implied[1] >= count
    told = "no group size gives the printed one" if implied is None else f"{_span(*implied)} patients would give it"
    yield Finding(
        CHECK,
        Severity.DOUBT if fits else Severity.ERROR,
        row.row.place,
        f"{row.label}, {group}",
        f"printed {count} ({percent.text}%) in a group of {size}"
        + (": some patients may have been left out" if fits else ""),
        f"{count} of {size} is {fixed(100 * count / size, 2)}%; {told}",
    )


def _sizes(count: int, percent: Range) -> tuple[int, int] | None:
    """Smallest and largest group in which the count has such a percentage; None where there is none."""
    if count == 0 or percent.high <= 0 or percent.low <= 0:
        return None
    low, high = math.ceil(100 * count / percent.high), math.floor(100 * count / percent.low)
    return (low, high) if low <= high else None


def _span(low: int, high: int) -> str:
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
