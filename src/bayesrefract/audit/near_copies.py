"""Rows of different variables that are almost the same: possibly a slip of copying."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from bayesrefract.audit.finding import Finding, Outcome, Severity, outcome
from bayesrefract.printed import CountRow, Counts

CHECK = "near copies"
LEAST_COUNT = 10
"""Smaller counts are alike by chance."""
LEAST_EQUAL = 2


def near_copies(counts: Counts) -> Outcome:
    """Two rows of the same groups, equal in at least two counts and no more than 1 apart in the others."""
    rows = [row for row in counts.rows if row.counts is not None and min(row.counts) >= LEAST_COUNT]
    pairs = [(one, two) for one, two in combinations(rows, 2) if one.block != two.block and one.sizes == two.sizes]
    return outcome(CHECK, len(pairs), (finding for pair in pairs for finding in _alike(*pair)))


def _alike(one: CountRow, two: CountRow) -> Iterator[Finding]:
    assert one.counts is not None
    assert two.counts is not None
    apart = [abs(a - b) for a, b in zip(one.counts, two.counts, strict=True)]
    if max(apart) <= 1 and apart.count(0) >= LEAST_EQUAL:
        yield Finding(
            CHECK,
            Severity.DOUBT,
            two.row.place,
            f"{one.label}; {two.label}",
            f"{'the same' if max(apart) == 0 else 'almost the same'} counts in two rows: "
            "possibly one was copied from the other",
            f"{_counts(one)} ({one.row.place}) and {_counts(two)}",
        )


def _counts(row: CountRow) -> str:
    return "/".join(str(count) for count in row.counts or ())
