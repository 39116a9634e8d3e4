"""Audit of the p-values printed beside counts, and of chi-square tests with small expected counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import product

from bayesrefract.classical.exact_tests import expected, fisher, of_whole_variable, pearson, yates
from bayesrefract.messages import listed
from bayesrefract.numerals import fixed
from bayesrefract.papers import CountRow, Counts, Number
from bayesrefract.papers.audit.finding import Finding, Outcome, Severity, outcome

CHECK = "p-values of counts"


class Test(StrEnum):
    """Tests that a p-value of counts may come from."""

    PEARSON = "Pearson's chi-square"
    YATES = "chi-square with Yates' correction"
    FISHER = "Fisher's exact test"
    WHOLE = "chi-square of the whole variable"


class Digits(StrEnum):
    """Rounding convention of a printed p-value."""

    ROUNDED = "rounded"
    CUT_OFF = "cut off"


type Convention = tuple[Test, Digits]

CONVENTIONS: tuple[Convention, ...] = tuple(product(Test, Digits))
"""In order of preference, where several explain as many rows."""


@dataclass(frozen=True)
class Explained:
    """A row with its printed p, the p of every test that exists for it, and the conventions that print it so."""

    row: CountRow
    printed: Number
    tests: Mapping[Test, float]
    by: frozenset[Convention]


@dataclass(frozen=True)
class Explanation:
    """All rows whose p can be computed, the convention that explains most of them, and the remaining rows."""

    rows: tuple[Explained, ...]
    convention: Convention
    left: tuple[tuple[str, str], ...]

    @property
    def followers(self) -> tuple[Explained, ...]:
        return tuple(each for each in self.rows if self.convention in each.by)


def explain(counts: Counts) -> Explanation:
    """Find the test and rounding convention that explain the most p-values of a paper."""
    rows, left = [], []
    for row in counts.rows:
        if row.p is None:
            continue
        tests = _tests(row, counts)
        if tests:
            by = frozenset(
                (test, way) for test, way in CONVENTIONS if test in tests and prints(tests[test], row.p, way)
            )
            rows.append(Explained(row, row.p, tests, by))
        else:
            reason = "not a count of every group: its test needs patient records"
            left.append((reason if row.counts is None else "no group sizes, or a margin of 0", row.label))
    most = max(CONVENTIONS, key=lambda each: (sum(each in row.by for row in rows), -CONVENTIONS.index(each)))
    return Explanation(tuple(rows), most, tuple(left))


def p_of_counts(counts: Counts) -> Outcome:
    """One finding for cut-off p-values together, one for each p that does not follow."""
    made = explain(counts)
    findings = [*_cut_off(made), *(finding for each in made.rows for finding in _faults(each, made.convention))]
    return outcome(CHECK, len(made.rows), findings, made.left)


def prints(p: float, printed: Number, way: Digits) -> bool:
    """Whether a p is printed so; a rounding error of the arithmetic is no finding."""
    value, slack = Fraction(p), printed.unit / 10**6
    if printed.below:
        return value < printed.value
    low, high = printed.rounded if way is Digits.ROUNDED else printed.truncated
    return low - slack <= value <= high + (slack if way is Digits.ROUNDED else -slack)


def _tests(row: CountRow, counts: Counts) -> dict[Test, float]:
    """The p of each test that exists for a row."""
    if row.counts is None or row.sizes is None:
        return {}
    found = {
        Test.PEARSON: pearson(row.counts, row.sizes),
        Test.YATES: yates(row.counts, row.sizes),
        Test.FISHER: fisher(row.counts, row.sizes),
        Test.WHOLE: _whole(row, counts),
    }
    return {test: p for test, p in found.items() if p is not None}


def _whole(row: CountRow, counts: Counts) -> float | None:
    """Where the levels of a variable make up every group."""
    levels = [each.counts for each in counts.rows if each.block == row.block]
    known = tuple(each for each in levels if each is not None)
    if len(known) < max(len(levels), 3) or tuple(map(sum, zip(*known, strict=True))) != row.sizes:
        return None
    return of_whole_variable(known)


def _cut_off(made: Explanation) -> Iterator[Finding]:
    test, way = made.convention
    if way is Digits.ROUNDED or not made.followers:
        return
    otherwise = [each for each in made.followers if (test, Digits.ROUNDED) not in each.by]
    shown = (f"{each.row.label} {fixed(each.tests[test], 4)} printed {each.printed.text}" for each in otherwise)
    yield Finding(
        CHECK,
        Severity.NOTE,
        made.followers[0].row.row.place.rpartition(" line ")[0],
        f"{len(made.followers)} of {len(made.rows)} p-values",
        f"{len(made.followers)} printed p-values are {test} with the further digits cut off, not rounded",
        f"{len(otherwise)} of them would be printed otherwise if rounded: {listed(shown, 4)}",
    )


def _faults(each: Explained, convention: Convention) -> Iterator[Finding]:
    if convention in each.by:
        return
    computed = "; ".join(f"{test} {_p(p)}" for test, p in each.tests.items())
    if each.by:
        test, way = min(each.by, key=CONVENTIONS.index)
        message = f"printed p = {each.printed.text} is {test}, {way}; the others are {convention[0]}, {convention[1]}"
    else:
        message = (
            f"printed p = {each.printed.text} does not follow from the counts of the whole groups: "
            "patients with unknown values may have been left out, or another test made"
        )
    severity = Severity.NOTE if each.by else Severity.DOUBT
    yield Finding(CHECK, severity, each.row.row.place, each.row.label, message, computed)


def _p(p: float) -> str:
    return f"{p:.2g}" if p < 0.001 else fixed(p, 4)


SMALL_COUNTS = "small expected counts"
LEAST_EXPECTED = 5.0
"""Cochran's rule of thumb, below which R warns."""
APART = 0.05
"""Share of p by which the exact test must differ to be named."""
THRESHOLD = 0.05


def small_counts(counts: Counts) -> Outcome:
    """Printed chi-square p-values with an expected count below 5, beside Fisher's."""
    made = explain(counts)
    findings, left = [], []
    followers = [each for each in made.followers if made.convention[0] in (Test.PEARSON, Test.YATES)]
    for each in followers:
        assert each.row.counts is not None
        assert each.row.sizes is not None
        least = expected(each.row.counts, each.row.sizes)
        if least >= LEAST_EXPECTED:
            continue
        if Test.FISHER not in each.tests:
            left.append(("too many tables for the exact test", each.row.label))
            continue
        p, exact = each.tests[made.convention[0]], each.tests[Test.FISHER]
        if abs(exact - p) <= APART * p:
            continue
        crosses = (p < THRESHOLD) != (exact < THRESHOLD)
        findings.append(
            Finding(
                SMALL_COUNTS,
                Severity.DOUBT if crosses else Severity.NOTE,
                each.row.row.place,
                each.row.label,
                f"the chi-square test is not reliable here: the smallest expected count is {fixed(least, 1)}",
                f"chi-square {fixed(p, 4)} (printed {each.printed.text}), Fisher's exact test {fixed(exact, 4)}",
            )
        )
    return outcome(SMALL_COUNTS, len(followers), findings, left)
