"""Times and events of one endpoint; each inconsistent row is reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort.cells import Cells, parse_number
from bayesrefract.cohort.faults import Faults
from bayesrefract.cohort.population import Grouping
from bayesrefract.messages import listed, quoted
from bayesrefract.study.study import Analysis, Endpoint

EVENT_CODES = {"0": False, "1": True, "false": False, "true": True}
SHORTEST, LONGEST = 1e-12, 1e12
"""Of times above 0, in any unit: far beyond any follow-up, and far within what the likelihood can be computed for."""
MOST_CODES = 6
"""A column with more distinct wrong codes than this has stray cells, not another coding."""


@dataclass(frozen=True)
class FollowUp:
    """Follow-up of each record, arrays of shape (record,); entries of records that were not checked are undefined."""

    entry: NDArray[np.float64] = field(repr=False)
    exit: NDArray[np.float64] = field(repr=False)
    event: NDArray[np.bool_] = field(repr=False)
    administrative_end: NDArray[np.float64] | None = field(repr=False)


def read_follow_up(
    endpoint: Endpoint, checked: NDArray[np.bool_], patients: tuple[str, ...], faults: Faults
) -> FollowUp:
    """Read the follow-up of the records `checked` (shape (record,)); faults of other records are ignored."""
    reader = _Reader(checked, patients, faults)
    event = reader.events(endpoint)
    exit_ = reader.times(endpoint.time)
    entry = np.zeros(len(exit_)) if endpoint.entry is None else reader.times(endpoint.entry)
    reader.check_start(endpoint, entry, exit_, event)
    end = None
    if endpoint.administrative_end is not None:
        end = reader.times(endpoint.administrative_end, may_be_missing=True)
        reader.check_end(endpoint, exit_, end)
    if endpoint.clock_start is not None:  # checked on the endpoint's own clock, then counted from the earlier one
        entry = reader.times(endpoint.clock_start)
        return FollowUp(entry, entry + exit_, event, None if end is None else entry + end)
    return FollowUp(entry, exit_, event, end)


def check_horizon(
    analysis: Analysis, grouping: Grouping, follow_up: FollowUp, kept: NDArray[np.bool_], faults: Faults
) -> None:
    """Fault a horizon beyond the follow-up of the patients `kept`, or of one of the groups: nothing is extrapolated.

    A group whose last patient had the event is known to the end: its survival is 0 from there on.
    """
    horizon = analysis.endpoint.horizon
    if horizon is None:
        return
    unit, remedy = analysis.time_unit, "Nothing is extrapolated: declare an earlier horizon, at most"
    last = float(follow_up.exit[kept].max())
    if horizon > last:
        faults.column(
            f"horizon = {horizon:g} {unit} of {analysis.name} lies beyond follow-up, which ends at {last:g}. "
            f"{remedy} {last:g}."
        )
        return
    for code, level in enumerate(grouping.levels):
        here = kept & (grouping.group == code)
        last = float(follow_up.exit[here].max())
        if horizon > last and not follow_up.event[here & (follow_up.exit == last)].all():
            faults.column(
                f"horizon = {horizon:g} {unit} of {analysis.name} lies beyond the follow-up of the group {level}, "
                f"which ends at {last:g}. {remedy} {last:g}."
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
            self.fault_rows(cells.missing, lambda _: f"{column} is missing. Give the time, or take the patient out.")
        self.fault_rows(
            cells.textual, lambda i: f"{column} {quoted(text[i])} is not a number.{_number_remedy(text[i])}"
        )
        self.fault_rows(np.isinf(cells.number), lambda i: f"{column} {text[i]} is not finite. Give the time.")
        beyond = np.isfinite(cells.number) & (cells.number > 0)
        beyond &= (cells.number < SHORTEST) | (cells.number > LONGEST)
        self.fault_rows(
            beyond, lambda i: f"{column} {quoted(text[i])[1:-1]} is no length of follow-up. Correct it, or its unit."
        )
        self.fault_rows(
            (cells.number < 0) & np.isfinite(cells.number),
            lambda i: f"{column} {text[i]} is negative. Times are counted from 0 upwards: correct it.",
        )
        return cells.number

    def events(self, endpoint: Endpoint) -> NDArray[np.bool_]:
        """The event column as booleans; wrong codes are reported with their remedy."""
        cells, name = self.faults.records.cells(endpoint.event), endpoint.event
        self.fault_rows(cells.missing, lambda _: f"{name} is missing. Give 1 for an event, 0 for a censored patient.")
        if endpoint.event_value is not None:
            event, wrong = _equals(cells, endpoint.event_value), np.zeros(len(cells.text), dtype=bool)
        else:
            codes = [EVENT_CODES.get(text.lower()) for text in cells.text]
            event = np.array([code is True for code in codes])
            wrong = np.array([code is None for code in codes]) & ~cells.missing & self.checked
            self.fault_codes(cells, wrong)
        if self.checked.any() and not ((event | wrong) & self.checked).any():
            self.faults.column(_no_event(endpoint, cells.text[self.checked]))
        return event

    def fault_codes(self, cells: Cells, wrong: NDArray[np.bool_]) -> None:
        """Another coding of the whole column is one fault; stray cells are one each."""
        if not wrong.any():
            return
        given = cells.text[self.checked & ~cells.missing]
        codes = {text.lower() for text in given}
        found = f"{cells.name} holds {_listed(given)}. Events are coded 1 or true, censored patients 0 or false."
        other_coding = not codes & EVENT_CODES.keys() or wrong.sum() > MOST_CODES >= len(set(cells.text[wrong]))
        if codes == {"1", "2"}:
            remedy = "If 2 means the event, say so: --event-value 2 (event_value = 2 in a study file)."
            self.faults.column(f"{found} {remedy}")
        elif other_coding:
            self.faults.column(f"{found} Say which value means the event: --event-value (event_value in a study file).")
        else:
            remedy = "Write 1 or true for an event, 0 or false for a censored patient."
            self.fault_rows(wrong, lambda i: f"{cells.name} {quoted(cells.text[i])} is not an event code. {remedy}")

    def check_start(
        self, endpoint: Endpoint, entry: NDArray[np.float64], exit_: NDArray[np.float64], event: NDArray[np.bool_]
    ) -> None:
        """Follow-up ends after it starts. At time 0 an event is refused; a censored patient is excluded later."""
        at_zero = (exit_ == 0) & ~(entry > 0)
        remedy = "An event needs a time above 0: correct it, or give the time in a finer unit."
        self.fault_rows(at_zero & event, lambda _: f"{endpoint.time} is 0 with an event. {remedy}")
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


def _equals(cells: Cells, value: str | float) -> NDArray[np.bool_]:
    wanted = value if isinstance(value, float) else parse_number(value)
    return np.asarray((cells.number == wanted) | (cells.text == str(value)), dtype=bool)


def _no_event(endpoint: Endpoint, texts: NDArray[np.object_]) -> str:
    value = endpoint.event_value
    meaning = "1 or true" if value is None else value if isinstance(value, str) else f"{value:g}"
    return (
        f"{endpoint.event} holds {_listed(texts)}, so that no patient has an event (event = {meaning}): everybody is "
        "censored, and hazards cannot be compared. Check the column, or say which value means the event: "
        "--event-value (event_value in a study file)."
    )


def _listed(texts: NDArray[np.object_]) -> str:
    """The commonest values and how often each occurs."""
    common = Counter(texts).most_common()
    return listed((f"{quoted(text)[1:-1] or 'nothing'} ({count} times)" for text, count in common), MOST_CODES)
