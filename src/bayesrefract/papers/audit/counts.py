"""Audit of printed counts: percentages, sums over levels, and rows that look like copies of each other."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations

from bayesrefract.numerals import fixed
from bayesrefract.papers import CountRow, Counts, Number, Range
from bayesrefract.papers.audit.finding import Finding, Outcome, Severity, outcome
from bayesrefract.papers.numbers import either

PERCENTAGES = "percentages"


def percentages(counts: Counts) -> Outcome:
    """Check each percentage: count over group size, rounded or truncated at the printed digits."""
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
    return outcome(PERCENTAGES, looked, findings, left)


def follows(count: int, size: int, percent: Number) -> bool:
    """Whether the printed percentage follows by rounding, halves up or down, or truncation."""
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
    sizes = "no group size gives the printed one" if implied is None else f"{_span(*implied)} patients would give it"
    yield Finding(
        PERCENTAGES,
        Severity.DOUBT if fits else Severity.ERROR,
        row.row.place,
        f"{row.label}, {group}",
        f"printed {count} ({percent.text}%) in a group of {size}"
        + (": some patients may have been left out" if fits else ""),
        f"{count} of {size} is {fixed(100 * count / size, 2)}%; {sizes}",
    )


def _sizes(count: int, percent: Range) -> tuple[int, int] | None:
    """Smallest and largest group in which the count has such a percentage; None where there is none."""
    if count == 0 or percent.high <= 0 or percent.low <= 0:
        return None
    low, high = math.ceil(100 * count / percent.high), math.floor(100 * count / percent.low)
    return (low, high) if low <= high else None


def _span(low: int, high: int) -> str:
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


SUMS = "sums of counts"
EVERYBODY = "all"
"""The population of which every other one is a part."""


def sums(counts: Counts) -> Outcome:
    """Check sums over levels; levels that add up to most of the groups must add up to every group."""
    looked, findings, left = 0, list(_subsets(counts)), []
    for rows in _variables(counts):
        looked += len(rows)
        findings += [finding for row in rows for finding in _too_many(row, counts.groups)]
        totals = [sum(each) for each in zip(*(row.counts or () for row in rows), strict=True)]
        sizes = rows[0].sizes or ()
        used = [i for i, total in enumerate(totals) if total]  # groups without any such patient are skipped
        wrong = [i for i in used if totals[i] != sizes[i]]
        if len(rows) < 2:
            continue
        if 2 * len(wrong) < len(used):
            findings += [_missed(rows, i, counts.groups[i], totals[i], sizes[i]) for i in wrong]
        else:
            left.append(("the levels do not add up to the groups: they may overlap, or not be all", _name(rows[0])))
    return outcome(SUMS, looked, findings, left)


def _variables(counts: Counts) -> Iterator[list[CountRow]]:
    """Rows of each variable that hold counts of groups with known sizes."""
    known = [row for row in counts.rows if row.counts is not None and row.sizes is not None]
    for block in dict.fromkeys(row.block for row in known):
        yield [row for row in known if row.block == block]


def _too_many(row: CountRow, groups: tuple[str, ...]) -> Iterator[Finding]:
    for group, count, size in zip(groups, row.counts or (), row.sizes or (), strict=True):
        if count > size:
            message = f"{count} patients in a group of {size}"
            yield Finding(SUMS, Severity.ERROR, row.row.place, f"{row.label}, {group}", message, f"{count} > {size}")


def _missed(rows: list[CountRow], place: int, group: str, total: int, size: int) -> Finding:
    terms = " + ".join(str(row.counts[place]) for row in rows if row.counts)
    return Finding(
        SUMS,
        Severity.ERROR if total > size else Severity.DOUBT,
        rows[0].row.place,
        f"{_name(rows[0])}, {group}",
        f"the levels add up to {total} in a group of {size}, though they make up the other groups",
        f"{terms} = {total}",
    )


def _subsets(counts: Counts) -> Iterator[Finding]:
    """Check that no population is larger than the whole population of the same setting."""
    for (population, setting), sizes in counts.sizes.items():
        whole = counts.sizes.get((EVERYBODY, setting), sizes)
        for group, size, most in zip(counts.groups, sizes, whole, strict=True):
            if size > most:
                message = f"{size} patients in a part of {most}"
                subject = f"{setting}, {group}"
                place = f"sizes of {population}"
                yield Finding(SUMS, Severity.ERROR, place, subject, message, f"{size} > {most}")


def _name(row: CountRow) -> str:
    return f"{row.row['setting']} {row.variable}".strip()


NEAR_COPIES = "near copies"
LEAST_COUNT = 10
"""Smaller counts are alike by chance."""
LEAST_EQUAL = 2


def near_copies(counts: Counts) -> Outcome:
    """Two rows of the same groups, equal in at least two counts and no more than 1 apart in the others."""
    rows = [row for row in counts.rows if row.counts is not None and min(row.counts) >= LEAST_COUNT]
    pairs = [(one, two) for one, two in combinations(rows, 2) if one.block != two.block and one.sizes == two.sizes]
    return outcome(NEAR_COPIES, len(pairs), (finding for pair in pairs for finding in _alike(*pair)))


def _alike(one: CountRow, two: CountRow) -> Iterator[Finding]:
    assert one.counts is not None
    assert two.counts is not None
    apart = [abs(a - b) for a, b in zip(one.counts, two.counts, strict=True)]
    if max(apart) <= 1 and apart.count(0) >= LEAST_EQUAL:
        yield Finding(
            NEAR_COPIES,
            Severity.DOUBT,
            two.row.place,
            f"{one.label}; {two.label}",
            f"{'the same' if max(apart) == 0 else 'almost the same'} counts in two rows: "
            "possibly one was copied from the other",
            f"{_counts(one)} ({one.row.place}) and {_counts(two)}",
        )


def _counts(row: CountRow) -> str:
    return "/".join(str(count) for count in row.counts or ())
