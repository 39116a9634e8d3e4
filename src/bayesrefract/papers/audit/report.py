"""All checks of one paper, in one report."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from bayesrefract.errors import InputError
from bayesrefract.messages import did_you_mean, listed, quoted
from bayesrefract.papers import Counts, Estimate, read_estimates
from bayesrefract.papers.audit.counts import near_copies, percentages, sums
from bayesrefract.papers.audit.events import ImpliedEvents, events, implied_events
from bayesrefract.papers.audit.finding import Finding, Outcome, Unchecked, in_order
from bayesrefract.papers.audit.intervals import limits, p_of_intervals, symmetry
from bayesrefract.papers.audit.p_values import p_of_counts, small_counts
from bayesrefract.papers.counts import open_counts
from bayesrefract.papers.estimates import ALL_PATIENTS


@dataclass(frozen=True)
class Paper:
    """Printed numbers of one paper, as they were read; None for the file that is not given."""

    estimates: tuple[Estimate, ...] | None
    counts: Counts | None


@dataclass(frozen=True)
class Report:
    """`outcomes`: one for each check, in their order."""

    outcomes: tuple[Outcome, ...]
    implied_events: tuple[ImpliedEvents, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The most severe first."""
        return in_order([finding for each in self.outcomes for finding in each.findings])

    @property
    def unchecked(self) -> tuple[Unchecked, ...]:
        return tuple(left for each in self.outcomes for left in each.unchecked)


def read_paper(estimates: Path | None, counts: Path | None) -> Paper:
    """Read the files, or the one that is given.

    Raises InputError with the faults of both; impossible numbers are findings, not faults.
    """
    faults: list[str] = []
    found, tables = None, None
    if estimates is None and counts is None:
        faults.append("There is nothing to audit. Give --estimates, --counts or both.")
    if estimates is not None:
        try:
            sheet, found = read_estimates(estimates)
            faults += sheet.faults
        except InputError as error:
            faults += error.faults
    if counts is not None:
        try:
            sheet, tables = open_counts(counts)
            faults += sheet.faults
        except InputError as error:
            faults += error.faults
    if found is not None and tables is not None:
        faults += [fault for each in found for fault in _unknown_groups(each, tables.groups)]
    if faults:
        raise InputError(faults)
    return Paper(found, tables)


def audit(paper: Paper) -> Report:
    """Run every check; those of a file that is not given are listed as not made.

    Parameters
    ----------
    paper : Paper
        Printed estimates and counts, or one of them.

    Returns
    -------
    Report
        The outcome of each check, and the events that the intervals imply.
    """
    estimates, counts = paper.estimates or (), paper.counts or Counts((), (), {})
    of_counts = (percentages(counts), sums(counts), p_of_counts(counts), small_counts(counts), near_copies(counts))
    of_estimates = (limits(estimates), symmetry(estimates), p_of_intervals(estimates))
    outcomes = (
        *(_of_given(made, paper, "counts") for made in of_counts),
        *(_of_given(made, paper, "estimates") for made in of_estimates),
        _of_given(events(estimates, counts), paper, "counts", "estimates"),
    )
    return Report(outcomes, implied_events(estimates, counts))


def _of_given(made: Outcome, paper: Paper, *files: str) -> Outcome:
    """The outcome of a check that needs these files, or why it could not be made."""
    absent = [file for file in files if getattr(paper, file) is None]
    if not absent:
        return made
    subjects = tuple(subject for left in made.unchecked for subject in left.subjects)
    reason = f"no {absent[0]} file is given (--{absent[0]})"
    return replace(made, unchecked=(Unchecked(made.check, reason, subjects),))


def _unknown_groups(each: Estimate, groups: tuple[str, ...]) -> list[str]:
    """Groups that have no column of counts."""
    named = (("group", each.group), ("reference", each.reference))
    return [
        f"{each.row.place}: {column} {quoted(name)} is not known.{did_you_mean(name, groups)} "
        f"The counts are of {listed(groups)}."
        for column, name in named
        if name and name != ALL_PATIENTS and name not in groups
    ]
