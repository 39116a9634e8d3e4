"""Refractoriness at first relapse by the dose of lenalidomide, and the outcomes that follow.

Source of every rule: Goel et al., Blood Cancer Journal (2024) 14:55, Methods, unless it says "assumption".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from bayesrefract.numerals import exact
from bayesrefract.studies.lenalidomide.derive.drugs import DARATUMUMAB, PIS
from bayesrefract.studies.lenalidomide.derive.history import Dose, History, Line, Schedule, months_between

WINDOW_DAYS = 60
"""Progression on or within 60 days: day 60 is refractory, day 61 is not."""
CHANGE_DAYS = 30
"""Assumption: a dose that was changed so shortly before progression is listed."""
STANDARD_MG = 25.0
LOW_MG = (5.0, 15.0)
CYCLE_DAYS, LAST_DAY_OF_CYCLE = 28, 21
IN_WORDS = {
    Schedule.DAILY: "daily",
    Schedule.DAYS_1_21_OF_28: "days 1 to 21 of 28",
    Schedule.ALTERNATE_DAYS: "alternate days",
    None: "schedule not known",
}
REDUCED_EGFR = 60.0
"""mL/min/1.73 m2."""


class Group(StrEnum):
    """The groups that the study compares, as the cohort spells them."""

    NOT_REFRACTORY = "not_refractory"
    LOW_DOSE = "low_dose"
    STANDARD_DOSE = "standard_dose"


GROUP_LABEL = {
    Group.STANDARD_DOSE: "Standard dose refractory",
    Group.LOW_DOSE: "Low dose refractory",
    Group.NOT_REFRACTORY: "Not refractory",
}


@dataclass(frozen=True)
class Unclassifiable:
    """A dose that belongs to neither group. `reason` names it; it is never guessed."""

    reason: str


@dataclass(frozen=True, repr=False)
class Exposure:
    """The last exposure to a drug before progression: what was taken, and the last day on which it was.

    `recorded`: the doses' table holds rows of it. Without, it is taken to last as long as its line (assumption).
    """

    mg: float | None
    schedule: Schedule | None
    last: dt.date
    recorded: bool


def last_day_taken(dose: Dose, until: dt.date) -> dt.date:
    """The last day up to `until` on which a dose is taken, by its schedule.

    Assumption: the date of the dose is day 1 of a 28-day cycle, and the first of alternate days.
    """
    days = (until - dose.date).days
    match dose.schedule:
        case Schedule.DAYS_1_21_OF_28:
            rest = max(days % CYCLE_DAYS - (LAST_DAY_OF_CYCLE - 1), 0)
        case Schedule.ALTERNATE_DAYS:
            rest = days % 2
        case _:
            rest = 0
    return until - dt.timedelta(rest)


def last_exposure(line: Line, doses: Sequence[Dose], progression: dt.date) -> Exposure:
    """What was last taken of one drug in a line; `doses` are its doses in that line, by date.

    The last dose before progression decides: one that starts on the day of progression does not count. The day
    of stopping counts as taken, and so does the last day of the line.
    """
    before = [dose for dose in doses if dose.date < progression]
    taken = [dose for dose in before if dose.mg != 0]
    decisive = taken[-1] if taken else Dose("", line.start, None, None)
    stops = [dose.date for dose in before if dose.mg == 0 and dose.date >= decisive.date]
    until = min(day for day in (progression, line.stop, *stops) if day is not None)
    return Exposure(decisive.mg, decisive.schedule, last_day_taken(decisive, until), bool(doses))


def within_window(last: dt.date, progression: dt.date) -> bool:
    """Progression on or within 60 days of the last day on which the drug was taken."""
    return (progression - last).days <= WINDOW_DAYS


def refractoriness(line: Line, doses: Sequence[Dose], progression: dt.date) -> Group | Unclassifiable:
    """The group of a patient by the lenalidomide of first line; `doses` of lenalidomide in that line."""
    exposure = last_exposure(line, doses, progression)
    if not within_window(exposure.last, progression):
        return Group.NOT_REFRACTORY
    return dose_group(exposure.mg, exposure.schedule)


def dose_group(mg: float | None, schedule: Schedule | None) -> Group | Unclassifiable:
    """25 mg once daily is the standard dose, 5 to 15 mg once daily the low dose.

    Assumption: 21 of 28 days counts as daily; any dose on alternate days, and all others, are unclassifiable.
    """
    if mg is None:
        return Unclassifiable("dose not known")
    if schedule is None:
        return Unclassifiable(f"{exact(mg)} mg, schedule not known")
    if schedule is Schedule.ALTERNATE_DAYS:
        return Unclassifiable(f"{exact(mg)} mg on alternate days")
    if mg == STANDARD_MG:
        return Group.STANDARD_DOSE
    if LOW_MG[0] <= mg <= LOW_MG[1]:
        return Group.LOW_DOSE
    return Unclassifiable(f"{exact(mg)} mg")


def late_change(doses: Sequence[Dose], progression: dt.date) -> str:
    """A change of dose or schedule on or within 30 days before progression, in words; "" where there is none.

    A stop is no change: the dose before it decides in any case.
    """
    taken = [dose for dose in doses if dose.mg != 0 and dose.date <= progression]
    changes = [
        f"from {_dose(old)} to {_dose(new)}, {(progression - new.date).days} days before progression"
        for old, new in pairwise(taken)
        if (old.mg, old.schedule) != (new.mg, new.schedule) and (progression - new.date).days <= CHANGE_DAYS
    ]
    return "; ".join(changes)


def _dose(dose: Dose) -> str:
    amount = "unknown dose" if dose.mg is None else f"{exact(dose.mg)} mg"
    return f"{amount} ({IN_WORDS[dose.schedule]})"


def reduced_egfr(egfr: float | None) -> bool:
    """eGFR below 60 at diagnosis; unknown counts as 60 or more, as in the paper's renal subset (380 = 476 - 96)."""
    return egfr is not None and egfr < REDUCED_EGFR


def refractory_partners(history: History, line: Line, progression: dt.date) -> dict[str, bool]:
    """Proteasome inhibitors and daratumumab that first line failed on, by the same 60 days -> end recorded."""
    failed = {}
    for drug in sorted(line.drugs & {*PIS, DARATUMUMAB}):
        exposure = last_exposure(line, history.doses_in(line, drug), progression)
        if within_window(exposure.last, progression):
            failed[drug] = exposure.recorded
    return failed


@dataclass(frozen=True, repr=False)
class Survival:
    """Months from the start of a line, and whether the event ended them."""

    months: float
    event: bool


def next_progression(history: History, line: Line) -> dt.date | None:
    """The first progression in this line or a later one.

    A change of therapy without progression is not a censoring: the clock runs on into the next line.
    """
    days = (each.progression for each in history.lines if each.number >= line.number)
    return min((day for day in days if day is not None), default=None)


def progression_free(history: History, line: Line) -> Survival:
    """From the start of the line to progression or death, whichever comes first; else to the last contact."""
    progression = next_progression(history, line)
    if progression is not None:
        return Survival(months_between(line.start, progression), event=True)
    return overall(history, line)


def overall(history: History, line: Line) -> Survival:
    """From the start of the line to death of any cause; else to the last contact."""
    end = history.patient.end
    if end is None:
        raise AssertionError(f"patient {history.patient.patient_id} passed the checks without an end of follow-up")
    return Survival(months_between(line.start, end), event=history.patient.death is not None)
