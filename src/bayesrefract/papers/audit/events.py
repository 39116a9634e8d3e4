"""Audit of the events that the width of each printed interval implies."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bayesrefract.numerals import fixed
from bayesrefract.papers import Counts, Estimate, Ratio
from bayesrefract.papers.audit.finding import Finding, Outcome, Severity, outcome
from bayesrefract.papers.audit.intervals import is_sound

CHECK = "events implied by intervals"
SLACK = 0.8
"""1/d1 + 1/d2 is near the variance of a log ratio, and no bound: narrower by so much is doubtful."""


@dataclass(frozen=True)
class ImpliedEvents:
    """Events in both groups together that the width of an interval implies, beside the patients.

    Computed at the groups' sizes: variance = 1 / (d p (1 - p)), p the share of the group. Adjusting for
    covariates widens an interval, so that an adjusted one implies fewer events than there were.
    """

    place: str
    name: str
    ratio: Ratio
    events: float
    patients: int


def implied_events(estimates: Sequence[Estimate], counts: Counts) -> tuple[ImpliedEvents, ...]:
    """For every ratio whose two groups have a size."""
    return tuple(
        ImpliedEvents(each.row.place, each.name, ratio, _needed(ratio.log_se, sizes), sum(sizes))
        for each, ratio, sizes in _sized(estimates, counts)
        if sizes is not None
    )


def events(estimates: Sequence[Estimate], counts: Counts) -> Outcome:
    """Check that no interval is narrower than with an event in every patient."""
    looked = 0
    findings: list[Finding] = []
    left: list[tuple[str, str]] = []
    for each, ratio, sizes in _sized(estimates, counts):
        if sizes is None:
            left.append(("no row gives the sizes of both groups", each.name))
            continue
        looked += 1
        findings += _too_narrow(each, ratio, sizes)
    return outcome(CHECK, looked, findings, left)


def _sized(estimates: Sequence[Estimate], counts: Counts) -> Iterator[tuple[Estimate, Ratio, tuple[int, int] | None]]:
    """Ratios with the patients of their two groups, where they are known."""
    for each in estimates:
        ratio = each.ratio()
        if each.is_ratio and is_sound(each) and ratio is not None:
            sizes = counts.size(*each.scope[:2])
            pair = (each.group, each.reference)
            known = sizes is not None and set(pair) <= set(counts.groups)
            one, two = (sizes[counts.groups.index(name)] for name in pair) if known and sizes else (0, 0)
            yield each, ratio, (one, two) if known else None


def _too_narrow(each: Estimate, ratio: Ratio, sizes: tuple[int, int]) -> Iterator[Finding]:
    error, total = ratio.log_se_range()[1], sum(sizes)
    impossible = 4 / error**2 > total  # d events hold at most d / 4 of information, however they fall
    if not impossible and SLACK * _needed(error, sizes) <= total:
        return
    needed = 4 / error**2 if impossible else _needed(error, sizes)
    yield Finding(
        CHECK,
        Severity.ERROR if impossible else Severity.DOUBT,
        each.row.place,
        each.name,
        f"{ratio.text} is narrower than {total} patients allow, even if all had the event",
        f"a standard error of {fixed(error, 3)} needs {'at least' if impossible else 'about'} "
        f"{math.ceil(needed):,} events",
    )


def _needed(error: float, sizes: tuple[int, int]) -> float:
    """Events that give this standard error where they fall as the patients do."""
    share = sizes[0] / sum(sizes)
    return 1 / (error**2 * share * (1 - share))
