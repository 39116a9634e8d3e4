"""A patient's therapy lines and doses as frozen values, with dates and lengths of time."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bayesrefract.messages import quoted
from bayesrefract.study.study import TimeUnit

WHOLE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
PARTIAL = re.compile(r"[0-9]{4}(-[0-9]{1,2})?")
FAULTY = dt.date.max
"""Stands for a required date whose cell cannot be used. Its fault ends the run: nothing is ever derived from it."""
MONTH_DECIMALS = 4
"""A day is 0.0329 month, so that four decimals distinguish any two days."""
AGE_DECIMALS = 1
DAYS_PER_YEAR = 12 * TimeUnit.MONTHS.days


def read_date(text: str) -> dt.date:
    """A date. Raises ValueError with the sentence that says why the text is none."""
    if PARTIAL.fullmatch(text):
        raise ValueError(
            f"{quoted(text)} is only part of a date. Look up the day and write YYYY-MM-DD; where it cannot be known, "
            "choose it by a rule that you report, such as the 15th: no date is completed here."
        )
    if not WHOLE.fullmatch(text):
        raise ValueError(f"{quoted(text)} is not an ISO date. Write YYYY-MM-DD, such as 2019-05-31.")
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{quoted(text)} is not in the calendar. Correct the month or the day.") from None


def earlier(first: dt.date | None, second: dt.date | None) -> bool:
    """Both dates are known, and the first lies before the second."""
    return first is not None and second is not None and FAULTY not in (first, second) and first < second


def months_between(start: dt.date, end: dt.date) -> float:
    """Months of 30.4375 days, to four decimals."""
    return round((end - start).days / TimeUnit.MONTHS.days, MONTH_DECIMALS)


def age_at(day: dt.date, birth: dt.date) -> float:
    """Years of 365.25 days, to one decimal: the birth date cannot be read back from it."""
    return round((day - birth).days / DAYS_PER_YEAR, AGE_DECIMALS)


LESIONS = ("t_4_14", "t_14_16", "t_14_20", "del_17p", "gain_1q")


class Schedule(StrEnum):
    """On which days a dose is taken."""

    DAILY = "daily"
    DAYS_1_21_OF_28 = "days_1_21_of_28"
    ALTERNATE_DAYS = "alternate_days"


@dataclass(frozen=True, repr=False)
class Dose:
    """A dose that holds from its date on, until the next of the same drug. 0 mg: stopped; None: not known."""

    drug: str
    date: dt.date
    mg: float | None
    schedule: Schedule | None


@dataclass(frozen=True, repr=False)
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


@dataclass(frozen=True, repr=False)
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


@dataclass(frozen=True, repr=False)
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
