"""Groups so small that what is said of them would be said of a patient: their size, and the words instead."""

from __future__ import annotations

FEWEST_SHOWN = 5
"""Patients from which on times of a group are shown."""
NOT_SHOWN = f"not shown: fewer than {FEWEST_SHOWN} patients"
DIGITS = 3
"""Significant digits of a cut between intervals, where a group is too small: cuts are times of events."""


def too_few(patients: int) -> bool:
    """Whether times and values of so many patients are not shown."""
    return patients < FEWEST_SHOWN


def coarse(time: float) -> float:
    """A time in so few digits that it is no patient's own."""
    return float(f"{time:.{DIGITS}g}")
