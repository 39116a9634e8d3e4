"""Chi-square tests of so few patients that the exact test says something else."""

from __future__ import annotations

from bayesrefract.audit.exact_tests import expected
from bayesrefract.audit.finding import Finding, Outcome, Severity, outcome
from bayesrefract.audit.p_of_counts import Test, explain
from bayesrefract.numerals import fixed
from bayesrefract.printed import Counts

CHECK = "small expected counts"
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
                CHECK,
                Severity.DOUBT if crosses else Severity.NOTE,
                each.row.row.place,
                each.row.label,
                f"the chi-square test is not reliable here: the smallest expected count is {fixed(least, 1)}",
                f"chi-square {fixed(p, 4)} (printed {each.printed.text}), Fisher's exact test {fixed(exact, 4)}",
            )
        )
    return outcome(CHECK, len(followers), findings, left)
