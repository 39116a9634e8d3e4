"""Histories -> the analysis cohort, the flow of patients into its groups, and the patients to look at again."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from bayesrefract.studies.lenalidomide.derive.drugs import (
    LENALIDOMIDE,
    fish_high_risk,
    regimen_size,
    retreatment_class,
    second_line_class,
)
from bayesrefract.studies.lenalidomide.derive.history import History, Line, months_between
from bayesrefract.studies.lenalidomide.derive.refractory import (
    Group,
    Unclassifiable,
    late_change,
    overall,
    progression_free,
    reduced_egfr,
    refractoriness,
    refractory_partners,
)

NO_LINE = "no line of therapy recorded"
NO_LENALIDOMIDE = "no lenalidomide in first line"
NO_RELAPSE = "no relapse recorded after first line"
NO_PROGRESSION = "second line begun without a progression on first line"
NO_SECOND_LINE = "no second line of therapy after the first relapse"
UNCLASSIFIABLE = "last lenalidomide dose in neither group"

LATE_CHANGE = "dose changed shortly before progression"
LOW_EGFR = "reduced dose with eGFR below 60"
ASSUMED_END = "end of a proteasome inhibitor or of daratumumab not recorded"
UNKNOWN_EGFR = "eGFR not known, counted as 60 or more"


@dataclass(frozen=True, repr=False)
class CohortRow:
    """One patient of the cohort, not to be printed. The fields are its columns, in their order.

    None where not known or not meant.
    """

    patient_id: str
    refractoriness: str
    age_years: float | None
    sex: str
    egfr_below_60: bool
    iss_stage_iii: bool | None
    t_4_14: bool | None
    t_14_16: bool | None
    t_14_20: bool | None
    del_17p: bool | None
    gain_1q: bool | None
    fish_high_risk: bool | None
    m_protein_isotype: str
    first_line_regimen_size: str
    first_line_asct: bool
    months_diagnosis_to_first_relapse: float
    pi_or_daratumumab_refractory: bool
    second_line_regimen_class: str
    second_line_asct: bool
    pfs_second_line_months: float
    pfs_second_line_event: bool
    os_second_line_months: float
    os_second_line_event: bool
    retreated: bool
    retreatment_is_second_line: bool | None = None
    months_first_relapse_to_retreatment: float | None = None
    retreatment_regimen_class: str | None = None
    retreatment_asct: bool | None = None
    pfs_retreatment_months: float | None = None
    pfs_retreatment_event: bool | None = None
    os_retreatment_months: float | None = None
    os_retreatment_event: bool | None = None


@dataclass(frozen=True, repr=False)
class Listed:
    """A patient whose grouping a reader should look at, and why."""

    patient_id: str
    why: str
    detail: str


@dataclass(frozen=True)
class Derived:
    """Patients in = grouped + excluded, each excluded one under one reason."""

    patients: int
    excluded: dict[str, int]
    rows: tuple[CohortRow, ...] = field(repr=False)
    listed: tuple[Listed, ...] = field(repr=False)

    def __post_init__(self) -> None:
        if self.patients != len(self.rows) + sum(self.excluded.values()):
            raise AssertionError("a patient was lost on the way into the groups")

    def of(self, group: Group) -> tuple[CohortRow, ...]:
        return tuple(row for row in self.rows if row.refractoriness == group)


def derive(histories: Iterable[History]) -> Derived:
    """Group every patient at first relapse, or exclude the patient with a reason."""
    rows, listed, excluded = [], [], Counter[str]()
    patients = 0
    for history in histories:
        patients += 1
        reason = why_excluded(history)
        found = None if reason else group_at_first_relapse(history)
        if isinstance(found, Unclassifiable):
            reason = f"{UNCLASSIFIABLE}: {found.reason}"
            listed.append(Listed(history.patient.patient_id, UNCLASSIFIABLE, found.reason))
        elif isinstance(found, Group):
            rows.append(cohort_row(history, found))
            listed += to_look_at(history, found)
        if reason:
            excluded[reason] += 1
    order = (NO_LINE, NO_LENALIDOMIDE, NO_RELAPSE, NO_PROGRESSION, NO_SECOND_LINE)
    counts = {reason: excluded[reason] for reason in (*order, *sorted(excluded.keys() - set(order)))}
    kept = {reason: count for reason, count in counts.items() if count}
    return Derived(patients, kept, tuple(rows), tuple(sorted(listed, key=lambda each: (each.why, each.patient_id))))


def why_excluded(history: History) -> str:
    """The first reason why a patient has no place in the study; "" where there is none.

    The paper's patients had lenalidomide in first line, relapsed, and had second line therapy (Methods, Table 2).
    Assumption: a second line begun for another reason than progression leaves the first relapse undefined.
    """
    if not history.lines:
        return NO_LINE
    first, *later = history.lines
    if LENALIDOMIDE not in first.drugs:
        return NO_LENALIDOMIDE
    if first.progression is None:
        return NO_PROGRESSION if later else NO_RELAPSE
    return "" if later else NO_SECOND_LINE


def group_at_first_relapse(history: History) -> Group | Unclassifiable:
    """The group of a patient who is not excluded."""
    first = history.lines[0]
    return refractoriness(first, history.doses_in(first, LENALIDOMIDE), progression_of(first))


def retreatment_line(history: History) -> Line | None:
    """The first line after the first relapse that contains lenalidomide."""
    return next((line for line in history.lines[1:] if LENALIDOMIDE in line.drugs), None)


def to_look_at(history: History, group: Group) -> list[Listed]:
    """Why the grouping of this patient leans on a rule that a reader may want to check."""
    patient, first = history.patient, history.lines[0]
    progression = progression_of(first)
    change = late_change(history.doses_in(first, LENALIDOMIDE), progression)
    assumed = [drug for drug, known in refractory_partners(history, first, progression).items() if not known]
    found = []
    if change:
        found.append((LATE_CHANGE, f"{change}; grouped as {group}"))
    if group is Group.LOW_DOSE and reduced_egfr(patient.egfr):
        found.append((LOW_EGFR, f"eGFR {patient.egfr:g}; grouped as {group}"))
    if assumed:
        found.append((ASSUMED_END, f"{', '.join(assumed)} taken to last as long as first line, and so refractory"))
    if patient.egfr is None:
        found.append((UNKNOWN_EGFR, "egfr_below_60 is 0"))
    return [Listed(patient.patient_id, why, detail) for why, detail in found]


def progression_of(line: Line) -> dt.date:
    """The progression of a line that is known to have one."""
    if line.progression is None:
        raise AssertionError(f"line {line.number} has no progression")
    return line.progression


def cohort_row(history: History, group: Group) -> CohortRow:
    """All columns of one patient. Assumption: the clock of first relapse starts with second line."""
    patient, (first, second, *_) = history.patient, history.lines
    progression = progression_of(first)
    pfs, os = progression_free(history, second), overall(history, second)
    again = retreatment_line(history)
    return CohortRow(
        patient_id=patient.patient_id,
        refractoriness=group,
        age_years=patient.age_years,
        sex=patient.sex,
        egfr_below_60=reduced_egfr(patient.egfr),
        iss_stage_iii=patient.iss_stage == "III" if patient.iss_stage else None,
        t_4_14=patient.lesions["t_4_14"],
        t_14_16=patient.lesions["t_14_16"],
        t_14_20=patient.lesions["t_14_20"],
        del_17p=patient.lesions["del_17p"],
        gain_1q=patient.lesions["gain_1q"],
        fish_high_risk=fish_high_risk(patient.lesions),
        m_protein_isotype=patient.isotype,
        first_line_regimen_size=regimen_size(first.drugs),
        first_line_asct=first.asct is not None,
        months_diagnosis_to_first_relapse=months_between(patient.diagnosis, progression),
        pi_or_daratumumab_refractory=bool(refractory_partners(history, first, progression)),
        second_line_regimen_class=second_line_class(second.drugs),
        second_line_asct=second.asct is not None,
        pfs_second_line_months=pfs.months,
        pfs_second_line_event=pfs.event,
        os_second_line_months=os.months,
        os_second_line_event=os.event,
        retreated=again is not None,
        **(retreatment(history, second, again) if again else {}),
    )


def retreatment(history: History, second: Line, again: Line) -> dict[str, Any]:
    """The columns of retreatment with lenalidomide. Its clock starts with that line."""
    pfs, os = progression_free(history, again), overall(history, again)
    return {
        "retreatment_is_second_line": again == second,
        "months_first_relapse_to_retreatment": months_between(second.start, again.start),
        "retreatment_regimen_class": retreatment_class(again.drugs),
        "retreatment_asct": again.asct is not None,
        "pfs_retreatment_months": pfs.months,
        "pfs_retreatment_event": pfs.event,
        "os_retreatment_months": os.months,
        "os_retreatment_event": os.event,
    }
