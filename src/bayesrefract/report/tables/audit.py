"""Tables of `bayesrefract audit`: findings, numbers checked, and numbers that could not be checked."""

from __future__ import annotations

from bayesrefract.numerals import fixed
from bayesrefract.papers.audit import Finding, Report
from bayesrefract.report.tables.table import Table, columns

SEVERITY_NOTES = (
    "error: impossible as printed. doubt: does not follow from the printed numbers; another explanation is possible.",
    "note: for information; no inconsistency by itself. No finding is an effect of rounding.",
)

ALL = "all"
"""Stands for the subjects of a check whose file is not given."""


def findings_table(report: Report) -> Table:
    """Every finding with its place and evidence."""
    rows = tuple(
        (each.severity.value, each.check, each.place, each.subject, each.message, each.evidence)
        for each in report.findings
    )
    heading = columns("Severity", "Check", "Place", "What", "Finding", "Evidence")
    return Table("Findings", heading, rows, SEVERITY_NOTES)


def findings_screen(report: Report) -> Table:
    """The findings for a terminal: three columns, the evidence under the finding."""
    rows = tuple(
        (each.severity.value, _what(each), f"{_capital(each.message)}.\n{_capital(each.evidence)}.\n")
        for each in report.findings
    )
    title = f"Findings: {len(rows)}" if rows else "Findings: none"
    return Table(title, columns("Severity", "What and where", "Finding, and its evidence"), rows, SEVERITY_NOTES)


def checks_table(report: Report) -> Table:
    """Count of numbers and findings of each check."""
    rows = tuple((each.check, fixed(each.checked, 0), fixed(len(each.findings), 0)) for each in report.outcomes)
    return Table("What was checked", columns("Check", numbers=("Checked", "Findings")), rows)


def unchecked_table(report: Report) -> Table:
    """Every number that could not be checked, with the reason."""
    rows = tuple((each.check, each.reason, "; ".join(each.subjects) or ALL) for each in report.unchecked)
    return Table("What could not be checked", columns("Check", "Why not", "Which"), rows)


def unchecked_screen(report: Report) -> Table:
    """The unchecked numbers for a terminal: their count, with one example."""
    rows = tuple(
        (
            each.check,
            f"{_capital(each.reason)}.\n{f'Such as {each.subjects[0]}.\n' if each.subjects else ''}",
            fixed(len(each.subjects), 0) if each.subjects else ALL,
        )
        for each in report.unchecked
    )
    heading = columns("Check", "Why not", numbers=("How many",))
    return Table("What could not be checked", heading, rows, ("--out DIR writes them all.",))


def events_table(report: Report) -> Table:
    """Number of events implied by the width of each interval."""
    rows = tuple(
        (each.name, each.ratio.text, fixed(each.ratio.log_se, 3), fixed(each.events, 0), fixed(each.patients, 0))
        for each in report.implied_events
    )
    notes = (
        "Events: in both groups together, if distributed as the patients are. Adjusting for covariates widens an "
        "interval: there were more events than an adjusted one implies.",
    )
    heading = columns("Ratio", numbers=("Printed", "SE of log", "Events implied", "Patients"))
    return Table("Events that the width of each interval implies", heading, rows, notes)


def _what(finding: Finding) -> str:
    return f"{_capital(finding.check)}\n{finding.subject}\n{finding.place}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
