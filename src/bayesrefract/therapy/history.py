"""What is known of one patient's therapy, as frozen values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

LESIONS = ("t_4_14", "t_14_16", "t_14_20", "del_17p", "gain_1q")


class Schedule(StrEnum):
    """On which days a dose is taken."""

    DAILY = "daily"
    DAYS_1_21_OF_28 = "days_1_21_of_28"
    ALTERNATE_DAYS = "alternate_days"


@dataclass(frozen=True)
class Dose:
    """A dose that holds from its date on, until the next of the same drug. 0 mg: stopped; None: not known."""

    drug: str
    date: dt.date
    mg: float | None
    schedule: Schedule | None


@dataclass(frozen=True)
class Line:
    """A line of therapy. `stop`: its last day; None while it goes on. Drugs by their full names."""

    number: int
    start: dt.date
    stop: dt.date | None
    drugs: frozenset[str]
    asct: dt.date | None
    progression: dt.date | None

    def covers(self, day: dt.date) -> bool:
        """The day lies in the line, its first and last day included."""
        return self.start <= day and (self.stop is None or day <= self.stop)


@dataclass(frozen=True)
class Patient:
    """At diagnosis, and how follow-up ended. None and "" where not known."""

    patient_id: str
    age_years: float | None
    sex: str
    diagnosis: dt.date
    iss_stage: str
    egfr: float | None
    isotype: str
    lesions: Mapping[str, bool | None]
    death: dt.date | None
    last_contact: dt.date | None

    @property
    def end(self) -> dt.date | None:
        """The last day of observation: death, or the last contact."""
        return self.death or self.last_contact


@dataclass(frozen=True)
class History:
    """One patient with the lines in order and the doses by date."""

    patient: Patient
    lines: tuple[Line, ...]
    doses: tuple[Dose, ...]

    def doses_in(self, line: Line, drug: str) -> tuple[Dose, ...]:
        """Doses of one drug that belong to one line, by date."""
        return tuple(dose for dose in self.doses if dose.drug == drug and line_of(dose, self.lines) == line)


def line_of(dose: Dose, lines: Iterable[Line]) -> Line | None:
    """The line that a dose belongs to: one that names the drug and covers the day.

    On a day that ends one such line and starts the next, a stop belongs to the first and a dose to the second.
    """
    covering = [line for line in lines if dose.drug in line.drugs and line.covers(dose.date)]
    if not covering:
        return None
    return covering[0] if dose.mg == 0 else covering[-1]
