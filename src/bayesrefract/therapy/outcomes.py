"""Progression-free and overall survival from the start of a line, as Goel et al. (2024) 14:55 define them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from bayesrefract.therapy.days import months_between
from bayesrefract.therapy.history import History, Line


@dataclass(frozen=True)
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
