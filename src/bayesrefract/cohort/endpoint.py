"""Times and events of one endpoint; each inconsistent row is reported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort import marks
from bayesrefract.cohort.events import read_events
from bayesrefract.cohort.faults import Faults, fault_sas_zeros, fault_thousands
from bayesrefract.cohort.value import Cohort
from bayesrefract.messages import quoted
from bayesrefract.study.study import Analysis, Endpoint, EventAtZero

SHORTEST, LONGEST = 1e-12, 1e12
"""Of times above 0, in any unit: far beyond any follow-up, and far within what the likelihood can be computed for."""
ONE_TIME = 1e-9
"""Times that differ by less, relative to their size, are one time: arithmetic made two of them (timefix in R)."""
HALF = 0.5
"""Of the unit: where events at time 0 are put when that is asked for."""


@dataclass(frozen=True)
class FollowUp:
    """Follow-up of each record, arrays of shape (record,); entries of records that were not checked are undefined."""

    entry: NDArray[np.float64] = field(repr=False)
    exit: NDArray[np.float64] = field(repr=False)
    event: NDArray[np.bool_] = field(repr=False)
    administrative_end: NDArray[np.float64] | None = field(repr=False)
    at_zero: NDArray[np.bool_] = field(repr=False)  # events at time 0


def read_follow_up(
    endpoint: Endpoint, checked: NDArray[np.bool_], patients: tuple[str, ...], faults: Faults
) -> FollowUp:
    """Read the follow-up of the records `checked` (shape (record,)); faults of other records are ignored."""
    reader = _Reader(checked, patients, faults)
    event = read_events(endpoint, checked, patients, faults)
    reader.fault_dates(endpoint)
    exit_ = reader.times(endpoint.time)
    entry = np.zeros(len(exit_)) if endpoint.entry is None else reader.times(endpoint.entry)
    at_zero = (exit_ == 0) & ~(entry > 0) & event
    exit_ = reader.after_zero(endpoint, exit_, at_zero)
    end = None
    if endpoint.administrative_end is not None:
        end = reader.times(endpoint.administrative_end, may_be_missing=True)
    exit_, entry, end = one_time(exit_, entry, end)
    reader.check_start(endpoint, entry, exit_, event)
    if end is not None:
        reader.check_end(endpoint, exit_, end)
    if endpoint.clock_start is not None:  # checked on the endpoint's own clock, then counted from the earlier one
        entry = reader.times(endpoint.clock_start)
        end = None if end is None else entry + end
        exit_, entry, end = one_time(entry + exit_, entry, end)
    return FollowUp(entry, exit_, event, end, at_zero)


def one_time(
    exit_: NDArray[np.float64], entry: NDArray[np.float64], end: NDArray[np.float64] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64] | None]:
    """Times that are equal but for the rounding of arithmetic as one time, so that ties are ties.

    The same is done by survival::coxph and survfit in R (timefix = TRUE). 0.1 + 0.2 becomes 0.3.
    """
    every = np.concatenate([exit_, entry, *([] if end is None else [end])])
    times = np.unique(every[np.isfinite(every)])
    near = np.diff(times) <= ONE_TIME * times[1:]
    if not near.any():
        return exit_, entry, end
    first = times[np.concatenate([[True], ~near])]

    def joined(some: NDArray[np.float64]) -> NDArray[np.float64]:
        finite = np.isfinite(some)
        places = np.searchsorted(first, some[finite], side="right") - 1
        made = some.copy()
        made[finite] = first[places]
        return made

    return joined(exit_), joined(entry), None if end is None else joined(end)


def check_horizon(analysis: Analysis, cohort: Cohort, faults: Faults) -> None:
    """Fault a horizon beyond the follow-up of the patients, or of one of the groups: nothing is extrapolated.

    A group whose last patient had the event is known to the end: its survival is 0 from there on.
    """
    horizon = analysis.endpoint.horizon
    if horizon is None:
        return
    unit, remedy = analysis.time_unit, "Nothing is extrapolated: declare an earlier horizon, at most"
    last = float(cohort.exit.max())
    if horizon > last:
        faults.column(
            f"horizon = {horizon:g} {unit} of {analysis.name} lies beyond follow-up, which ends at {last:g}. "
            f"{remedy} {last:g}."
        )
        return
    for code, level in enumerate(cohort.groups):
        here = cohort.group == code
        last = float(cohort.exit[here].max())
        if horizon > last and not cohort.event[here & (cohort.exit == last)].all():
            faults.column(
                f"horizon = {horizon:g} {unit} of {analysis.name} lies beyond the follow-up of the group {level}, "
                f"which ends at {last:g}. {remedy} {last:g}."
            )


def check_windows(analysis: Analysis, cohort: Cohort, faults: Faults) -> None:
    """Fault a window in which nobody of a compared group is at risk at the start, or up to the end.

    Intervals without patients of both groups are not judged: a claim on the window would be one on less than it says.
    """
    unit = analysis.time_unit
    compared = {name for contrast in analysis.contrasts for name in (contrast.group, contrast.reference)}
    for start, end in dict.fromkeys(rope.window for rope in analysis.ropes if rope.window is not None):
        if not 0 <= start < end:
            continue  # told with the options, or the study file
        named = f"window = [{start:g}, {end:g}] {unit} of {analysis.name}"
        for code, level in enumerate(cohort.groups):
            if level not in compared:
                continue
            here = cohort.group == code
            first, last = float(cohort.entry[here].min()), float(cohort.exit[here].max())
            if end > last:
                faults.column(
                    f"{named} lies beyond the follow-up of the group {level}, which ends at {last:g}. Nothing is "
                    f"extrapolated: declare a window that ends at {last:g} or before."
                )
            if start < first:
                faults.column(
                    f"{named}: nobody of {level} is at risk before {first:g}. Declare a window that starts at "
                    f"{first:g} or later."
                )


@dataclass(frozen=True)
class _Reader:
    checked: NDArray[np.bool_] = field(repr=False)
    patients: tuple[str, ...] = field(repr=False)
    faults: Faults

    def fault_rows(self, wrong: NDArray[np.bool_], sentence: Callable[[int], str]) -> None:
        """Keep one fault for every wrong record that is checked."""
        self.faults.each(wrong & self.checked, self.patients, sentence)

    def times(self, column: str, *, may_be_missing: bool = False) -> NDArray[np.float64]:
        """A column of times: numbers from 0, finite."""
        cells = self.faults.records.cells(column)
        text = cells.text
        if not may_be_missing:
            self.fault_rows(
                cells.missing & ~cells.declared,
                lambda _: f"{column} is missing. Give the time, or take the patient out.",
            )
        told = marks.dates(cells, self.checked) | fault_thousands(cells, self.checked, self.faults)
        told |= fault_sas_zeros(cells, self.checked, self.faults)
        self.fault_rows(
            cells.textual & ~told, lambda i: f"{column} {quoted(text[i])} is not a number.{_number_remedy(text[i])}"
        )
        self.fault_rows(np.isinf(cells.number), lambda i: f"{column} {text[i]} is not finite. Give the time.")
        beyond = np.isfinite(cells.number) & (cells.number > 0)
        beyond &= ((cells.number < SHORTEST) | (cells.number > LONGEST)) & ~told
        self.fault_rows(
            beyond, lambda i: f"{column} {quoted(text[i])[1:-1]} is no length of follow-up. Correct it, or its unit."
        )
        self.fault_rows(
            (cells.number < 0) & np.isfinite(cells.number),
            lambda i: f"{column} {text[i]} is negative. Times are counted from 0 upwards: correct it.",
        )
        return cells.number

    def fault_dates(self, endpoint: Endpoint) -> None:
        """Dates in place of times, told once for all columns that hold them."""
        held = [
            self.faults.records.cells(column)
            for column in (endpoint.entry, endpoint.time, endpoint.administrative_end, endpoint.clock_start)
            if column is not None
        ]
        dated = [cells for cells in held if marks.dates(cells, self.checked).any()]
        if dated:
            self.faults.column(marks.date_fault(dated, self.checked))

    def after_zero(
        self, endpoint: Endpoint, exit_: NDArray[np.float64], at_zero: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Times with events at 0 moved to half a unit, where that is asked for and reorders nobody."""
        here = at_zero & self.checked
        if endpoint.event_at_zero is not EventAtZero.HALF_UNIT or not here.any():
            return exit_
        earlier = self.checked & (exit_ > 0) & (exit_ <= HALF)
        if earlier.any():
            self.faults.column(
                f"{endpoint.time} is 0 with an event in {marks.rows_text(int(here.sum()))}, and half a unit would put "
                f"these events after earlier times (of up to {HALF:g}, in {marks.rows_text(int(earlier.sum()))}). Give "
                f"the times in a finer unit, or leave the patients out: --event-at-zero {EventAtZero.EXCLUDE}."
            )
        return np.where(here, HALF, exit_)

    def check_start(
        self, endpoint: Endpoint, entry: NDArray[np.float64], exit_: NDArray[np.float64], event: NDArray[np.bool_]
    ) -> None:
        """Follow-up ends after it starts. At time 0 an event is refused; a censored patient is excluded later."""
        at_zero = (exit_ == 0) & ~(entry > 0)
        if endpoint.event_at_zero is None:
            wrong = at_zero & event & self.checked
            count = "this row alone" if wrong.sum() == 1 else f"{int(wrong.sum()):,} rows in all"
            remedy = (
                f"An event needs a time above 0 ({count}): correct it, or say what becomes of it, --event-at-zero "
                f"{EventAtZero.HALF_UNIT} or {EventAtZero.EXCLUDE} (event_at_zero in a study file)."
            )
            self.fault_rows(wrong, lambda _: f"{endpoint.time} is 0 with an event. {remedy}")
        self.fault_rows(
            (entry >= exit_) & (exit_ >= 0) & ~at_zero,
            lambda i: (
                f"{endpoint.time} {exit_[i]:.10g} {'is before' if entry[i] > exit_[i] else 'equals'} "
                f"{endpoint.entry} {entry[i]:.10g}. Follow-up must end after it starts."
            ),
        )

    def check_end(self, endpoint: Endpoint, exit_: NDArray[np.float64], end: NDArray[np.float64]) -> None:
        """Nobody is followed beyond the end of the trial."""
        self.fault_rows(
            (end < exit_) & (end >= 0) & np.isfinite(exit_),
            lambda i: (
                f"{endpoint.time} {exit_[i]:.10g} is after {endpoint.administrative_end} {end[i]:.10g}. "
                "Follow-up cannot last beyond its administrative end: correct one of them."
            ),
        )


def _number_remedy(text: str) -> str:
    return " Write a decimal point, not a comma." if "," in text else " Write a number."
