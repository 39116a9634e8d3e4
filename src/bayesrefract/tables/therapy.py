"""Tables of `bayesrefract derive`: the flow of patients into groups, those to look at again, and the cohort itself."""

from __future__ import annotations

from dataclasses import astuple, fields

from bayesrefract.numerals import exact, fixed
from bayesrefract.study import DAYS_PER_MONTH, Evidence
from bayesrefract.table import Table, columns
from bayesrefract.therapy import GROUP_LABEL, CohortRow, Derived, Group
from bayesrefract.words import EVIDENCE_LABEL

GROUP_RULE = {
    Group.STANDARD_DOSE: "relapse within 60 days of 25 mg",
    Group.LOW_DOSE: "relapse within 60 days of 5 to 15 mg",
    Group.NOT_REFRACTORY: "relapse later than that",
}
MOST_LISTED = 20
"""Listed patients on the screen; the file holds all."""


def heading(evidence: Evidence) -> str:
    """What the counted ones are, as the head of their column: `Patients` for real ones only."""
    return "Patients" if evidence is Evidence.PATIENTS else EVIDENCE_LABEL[evidence]


def derived_flow_table(derived: Derived, evidence: Evidence) -> Table:
    """Patients in = in the cohort + excluded with reasons; then the cohort by group."""
    excluded = ((f"Excluded: {reason}", fixed(count, 0)) for reason, count in derived.excluded.items())
    groups = (
        (f"Of these: {label.lower()} ({group})", fixed(len(derived.of(group)), 0))
        for group, label in GROUP_LABEL.items()
    )
    rows = (
        ("In the patients' table", fixed(derived.patients, 0)),
        *excluded,
        ("In the cohort", fixed(len(derived.rows), 0)),
        *groups,
    )
    return Table("Patient flow", columns("Step", numbers=(heading(evidence),)), rows)


def derived_groups_table(derived: Derived, evidence: Evidence) -> Table:
    """What each group holds: events of second line, and retreatment with lenalidomide."""
    rows = []
    for group, label in GROUP_LABEL.items():
        members = derived.of(group)
        counts = (
            len(members),
            sum(row.pfs_second_line_event for row in members),
            sum(row.os_second_line_event for row in members),
            sum(row.retreated for row in members),
            sum(row.retreatment_is_second_line is True for row in members),
        )
        rows.append((label, GROUP_RULE[group], *(fixed(count, 0) for count in counts)))
    numbers = (heading(evidence), "Progressed or died", "Died", "Retreated", "of these in second line")
    notes = (
        "Events are counted from the start of second line. A change of therapy without progression is no censoring: "
        "the clock runs on. Retreated: lenalidomide in any later line.",
        f"Times are months of {DAYS_PER_MONTH} days, written to four decimals; the clock of first relapse starts with "
        "second line.",
    )
    return Table("Groups at first relapse", columns("Group", "Rule", numbers=numbers), tuple(rows), notes)


def listed_table(derived: Derived, evidence: Evidence, most: int | None = None) -> Table:
    """Patients whose grouping leans on a rule that a reader may want to check; at most `most` of them."""
    rows = tuple((each.patient_id, each.why, each.detail) for each in derived.listed)
    more = len(rows) - most if most is not None else 0
    notes = (f"... and {more} more rows in the file.",) if more > 0 else ()
    title = "Patients to look at again"
    name = "Patient" if evidence is Evidence.PATIENTS else EVIDENCE_LABEL[evidence].removesuffix("s")
    return Table(title, columns(name, "Why", "Found"), rows[:most], notes)


def cohort_table(derived: Derived) -> Table:
    """The analysis cohort, one row per patient; flags are 0 or 1, and nothing stands where nothing is known."""
    names = tuple(field.name for field in fields(CohortRow))
    return Table("Cohort", columns(*names), tuple(tuple(map(_cell, astuple(row))) for row in derived.rows))


def _cell(value: str | float | bool | None) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(int(value))
        case str():
            return value
        case _:
            return exact(value)
