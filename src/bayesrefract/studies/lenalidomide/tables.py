"""Tables that only this study has: fidelity and spread of rebuilt cohorts, patient flow of `derive`, shared events."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, fields

from bayesrefract.cohort.origin import COLUMN as ORIGIN
from bayesrefract.numerals import exact, fixed
from bayesrefract.papers import Counts
from bayesrefract.report.tables.table import Table, columns
from bayesrefract.report.words import EVIDENCE_LABEL
from bayesrefract.studies.lenalidomide.derive import GROUP_LABEL, CohortRow, Derived, Group, cohort_cell
from bayesrefract.studies.lenalidomide.fidelity import MET, NOT_MET, Fidelity, FidelityRow
from bayesrefract.studies.lenalidomide.spread import Printed, Spread
from bayesrefract.study.study import DAYS_PER_MONTH, Evidence

HEADS = ("Population", "Setting", "Of", "What", "Group", "Reference", "Printed", "Rebuilt", "Met")
PRINTED = {
    Printed.RATIO: "ratio",
    Printed.CONTRAST: "two adjusted ratios",
    Printed.P_VALUE: "p-value",
    Printed.NO: "nothing",
}
DISTANCE = "Distance (units of the last digit)"
NOTE = (
    "A row is met when the value and both limits have the printed digits. Recomputed with lifelines, apart from the "
    'search that made the cohort: medians with R\'s "log" limits, two-group log-rank tests, Cox regression on all '
    "three groups, adjusted models on patients whose covariates are all known."
)


def fidelity_table(fidelity: Fidelity) -> Table:
    """Every printed row; survival figures first."""
    return _table("Fidelity of the rebuilt cohort", fidelity.rows, (fidelity.told_in_words, NOTE))


def fidelity_screen(rows: Sequence[FidelityRow], title: str) -> Table:
    """The same in fewer columns, for a page."""
    cells = tuple(
        (
            ", ".join(part for part in row.what[:4] if part),
            " vs ".join(part for part in row.what[4:] if part),
            row.printed,
            row.rebuilt,
            row.verdict,
            _distance(row),
        )
        for row in rows
    )
    heads = columns("What", "Group", "Printed", "Rebuilt", "Met", numbers=(DISTANCE,))
    return Table(title, heads, cells, (NOTE,))


def unmet_table(fidelity: Fidelity) -> Table:
    """The rows that are not met."""
    rows = tuple(row for row in fidelity.rows if row.verdict == NOT_MET)
    return fidelity_screen(rows, "Printed rows that are not met")


def _table(title: str, rows: Sequence[FidelityRow], notes: tuple[str, ...]) -> Table:
    cells = tuple((*row.what, row.printed, row.rebuilt, row.verdict, _distance(row)) for row in rows)
    return Table(title, columns(*HEADS, numbers=(DISTANCE,)), cells, notes)


def _distance(row: FidelityRow) -> str:
    if row.verdict == MET:
        return "0"
    if row.verdict != NOT_MET:
        return ""
    return "not reached" if math.isinf(row.distance) else fixed(row.distance, 1)


def spread_table(spread: Sequence[Spread], seeds: int) -> Table:
    """Every question and model over the rebuilt cohorts."""
    heads = ("Middle ratio", "Lowest", "Highest", "P(inside), lowest", "P(inside), highest")
    rows = tuple(
        (
            each.question,
            each.population,
            each.model,
            PRINTED[each.printed],
            fixed(each.median, 2),
            fixed(each.lowest, 2),
            fixed(each.highest, 2),
            fixed(each.p_inside_low, 2),
            fixed(each.p_inside_high, 2),
        )
        for each in spread
    )
    notes = (
        f"Hazard ratios of the primary comparison by Cox regression in {seeds} cohorts, each rebuilt from another "
        "seed; P(inside) of the primary range under a flat prior.",
        "Printed: what the paper prints of this comparison, every cohort was made to have, and that it hardly spreads "
        "is no sign of certainty. What is not printed spreads, as far as it leans on the reconstruction.",
    )
    table_columns = columns("Question", "Population", "Model", "Printed", numbers=heads)
    return Table(f"The primary comparison in {seeds} rebuilt cohorts", table_columns, rows, notes)


GROUP_RULE = {
    Group.STANDARD_DOSE: "relapse within 60 days of 25 mg",
    Group.LOW_DOSE: "relapse within 60 days of 5 to 15 mg",
    Group.NOT_REFRACTORY: "relapse later than that",
}
MOST_LISTED = 20
"""Listed patients on the screen; the file holds all."""


def heading(evidence: Evidence) -> str:
    """What the counted ones are, as the head of their column: `Patients` for real ones only."""
    return {Evidence.PATIENTS: "Patients", Evidence.UNSTATED: "Records"}.get(evidence) or EVIDENCE_LABEL[evidence]


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
    name = heading(evidence).removesuffix("s")
    return Table(title, columns(name, "Why", "Found"), rows[:most], notes)


def cohort_table(derived: Derived, evidence: Evidence) -> Table:
    """The analysis cohort, one row per patient; flags are 0 or 1, and nothing stands where nothing is known.

    Its last column names the origin of each row, so that no later option can make more of it.
    """
    names = tuple(field.name for field in fields(CohortRow))
    rows = tuple((*map(_cell, astuple(row)), str(evidence)) for row in derived.rows)
    return Table("Cohort", columns(*names, ORIGIN), rows)


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


def counted_once_table(rows: Sequence[tuple[str, int, int, int, int]]) -> Table:
    """Events that two endpoints share."""
    cells = tuple((what, *(fixed(count, 0) for count in counts)) for what, *counts in rows)
    notes = (
        "Where retreatment is the second line, both endpoints hold the same therapy with the same progression; a "
        "patient who dies, dies once. The answers of these questions are therefore not independent evidence, and a "
        "joint model counts the distinct events.",
    )
    heads = ("From second line", "From retreatment", "One and the same", "Distinct")
    return Table("Events counted once", columns("Events", numbers=heads), cells, notes)


def printed_p(counts: Counts) -> dict[tuple[str, str], str]:
    """The printed p-value of each level, by column and value of the cohort; of the age under no value."""
    found = {}
    for row in counts.rows:
        cell = cohort_cell(row.block[1], row.variable, row.row["level"])
        if cell is None and row.variable == "age_median_years":
            cell = ("age_years", "")
        if cell is not None and row.row["p_printed"]:
            column, value = cell
            found[column, value] = row.row["p_printed"]
    return found
