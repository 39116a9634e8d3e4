"""Do counts fit into their groups, and do levels that exclude each other add up to them?"""

from __future__ import annotations

from collections.abc import Iterator

from bayesrefract.audit.finding import Finding, Outcome, Severity, outcome
from bayesrefract.printed import CountRow, Counts

CHECK = "sums of counts"
EVERYBODY = "all"
"""The population of which every other one is a part."""


def sums(counts: Counts) -> Outcome:
    """Levels count as exhaustive where they make up most of the groups; then every group must be made up."""
    looked, findings, left = 0, list(_subsets(counts)), []
    for rows in _variables(counts):
        looked += len(rows)
        findings += [finding for row in rows for finding in _too_many(row, counts.groups)]
        totals = [sum(each) for each in zip(*(row.counts or () for row in rows), strict=True)]
        sizes = rows[0].sizes or ()
        used = [i for i, total in enumerate(totals) if total]  # a group without any such patient is not asked
        wrong = [i for i in used if totals[i] != sizes[i]]
        if len(rows) < 2:
            continue
        if 2 * len(wrong) < len(used):
            findings += [_missed(rows, i, counts.groups[i], totals[i], sizes[i]) for i in wrong]
        else:
            left.append(("the levels do not add up to the groups: they may overlap, or not be all", _name(rows[0])))
    return outcome(CHECK, looked, findings, left)


def _variables(counts: Counts) -> Iterator[list[CountRow]]:
    """Rows of each variable that hold counts of groups with known sizes."""
    known = [row for row in counts.rows if row.counts is not None and row.sizes is not None]
    for block in dict.fromkeys(row.block for row in known):
        yield [row for row in known if row.block == block]


def _too_many(row: CountRow, groups: tuple[str, ...]) -> Iterator[Finding]:
    for group, count, size in zip(groups, row.counts or (), row.sizes or (), strict=True):
        if count > size:
            message = f"{count} patients in a group of {size}"
            yield Finding(CHECK, Severity.ERROR, row.row.place, f"{row.label}, {group}", message, f"{count} > {size}")


def _missed(rows: list[CountRow], place: int, group: str, total: int, size: int) -> Finding:
    terms = " + ".join(str(row.counts[place]) for row in rows if row.counts)
    return Finding(
        CHECK,
        Severity.ERROR if total > size else Severity.DOUBT,
        rows[0].row.place,
        f"{_name(rows[0])}, {group}",
        f"the levels add up to {total} in a group of {size}, though they make up the other groups",
        f"{terms} = {total}",
    )


def _subsets(counts: Counts) -> Iterator[Finding]:
    """No population is larger than that of everybody in the same setting."""
    for (population, setting), sizes in counts.sizes.items():
        whole = counts.sizes.get((EVERYBODY, setting), sizes)
        for group, size, most in zip(counts.groups, sizes, whole, strict=True):
            if size > most:
                message = f"{size} patients in a part of {most}"
                subject = f"{setting}, {group}"
                place = f"sizes of {population}"
                yield Finding(CHECK, Severity.ERROR, place, subject, message, f"{size} > {most}")


def _name(row: CountRow) -> str:
    return f"{row.row['setting']} {row.variable}".strip()
