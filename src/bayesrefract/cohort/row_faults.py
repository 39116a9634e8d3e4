"""Checks of several rows of one patient: rows that overlap or have no length, early events, columns that change."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort.endpoint import FollowUp
from bayesrefract.cohort.faults import Faults
from bayesrefract.cohort.population import Grouping
from bayesrefract.study.study import Analysis

VARYING = "--varying (columns.varying in a study file)"
REPEATED = "--repeated-events (repeated_events in a study file)"


@dataclass(frozen=True)
class _Pairs:
    """Rows that follow each other: positions of the earlier and of the later one, each of shape (pair,)."""

    before: NDArray[np.int64] = field(repr=False)
    after: NDArray[np.int64] = field(repr=False)


def _pairs(owner: NDArray[np.int64], entry: NDArray[np.float64], exit_: NDArray[np.float64]) -> _Pairs:
    order = np.lexsort((exit_, entry, owner))
    same = owner[order][1:] == owner[order][:-1]
    return _Pairs(order[:-1][same], order[1:][same])


def check_rows(
    owner: NDArray[np.int64],
    follow_up: FollowUp,
    grouping: Grouping,
    checked: NDArray[np.bool_],
    patients: tuple[str, ...],
    analysis: Analysis,
    faults: Faults,
) -> None:
    """Fault rows of a patient that overlap, follow the event, or have no length; shape of the arrays: (record,)."""
    entry, exit_, event = follow_up.entry, follow_up.exit, follow_up.event
    sound = np.flatnonzero(checked & np.isfinite(entry) & np.isfinite(exit_))
    found = _pairs(owner[sound], entry[sound], exit_[sound])
    before, after = sound[found.before], sound[found.after]
    partner = np.full(len(owner), -1, dtype=np.int64)
    endpoint, column = analysis.endpoint, analysis.columns.group
    label = [*grouping.levels, "no group"]

    def place(i: int) -> str:
        return faults.records.place(int(partner[i])).removeprefix(f"{faults.records.label} ")

    def wrong(which: NDArray[np.bool_], at: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.bool_]:
        mask = np.zeros(len(owner), dtype=bool)
        mask[at[which]] = True
        partner[at[which]] = other[which]
        return mask

    empty = (exit_[before] == 0) | (exit_[after] == 0)
    faults.each(
        wrong(empty, np.where(exit_[before] == 0, before, after), np.where(exit_[before] == 0, after, before)),
        patients,
        lambda i: (
            f"{endpoint.time} 0 equals {endpoint.entry} 0, and the patient has another row ({place(i)}). A row needs a "
            "length: leave it out; a change at the time of an event belongs to the row after."
        ),
    )
    overlap = (entry[after] < exit_[before]) & ~empty
    two = overlap & (grouping.group[before] != grouping.group[after])
    faults.each(
        wrong(two, after, before),
        patients,
        lambda i: (
            f"from {entry[i]:.10g} the patient is in two groups at once, {label[grouping.group[i]]} and "
            f"{label[grouping.group[partner[i]]]} ({place(i)}, until {exit_[partner[i]]:.10g}). Correct the times of "
            f"one of the rows: {column} changes where a row ends."
        ),
    )
    faults.each(
        wrong(overlap & ~two, after, before),
        patients,
        lambda i: (
            f"{endpoint.entry} {entry[i]:.10g} is before the end of the patient's row on {place(i)}, "
            f"{exit_[partner[i]]:.10g}. Rows of a patient must not overlap: correct one of them."
        ),
    )
    if endpoint.repeated_events:
        return
    early = event[before] & ~overlap & ~empty
    at_change = early & (entry[after] == exit_[before]) & (grouping.group[before] != grouping.group[after])
    faults.each(
        wrong(at_change, before, after),
        patients,
        lambda i: (
            f"the event stands on the row that ends where {column} changes to {label[grouping.group[partner[i]]]} "
            f"({place(i)}). If it happened at the change, leave out the rows after it: a change at the time of an "
            "event belongs to the row after; if later, set it on the last row alone."
        ),
    )
    faults.each(
        wrong(early & ~at_change, before, after),
        patients,
        lambda i: (
            f"the event is before the patient's last row ({place(i)}). An event that happens once ends the last row: "
            f"correct the rows, or, if it may happen again, say so: {REPEATED}."
        ),
    )


def check_constant(
    columns: Collection[str],
    owner: NDArray[np.int64],
    rows: NDArray[np.bool_],
    patients: tuple[str, ...],
    analysis: Analysis,
    faults: Faults,
) -> None:
    """Fault columns that change over the rows of a patient, and are not declared to."""
    strata = analysis.columns.strata
    chosen_by = {condition.column for condition in analysis.population.where}
    order = np.flatnonzero(rows)
    order = order[np.argsort(owner[order], kind="stable")]
    same = owner[order][1:] == owner[order][:-1]
    for column in columns:
        if column in analysis.columns.varying and column not in chosen_by:
            continue
        cells = faults.records.cells(column)
        text, number = cells.text[order], cells.number[order]
        differs = (text[1:] != text[:-1]) & (number[1:] != number[:-1]) & same
        differs &= ~(cells.missing[order][1:] | cells.missing[order][:-1])
        if not differs.any():
            continue
        first = int(order[1:][differs][0])
        who = len(np.unique(owner[order][1:][differs]))
        told = (
            f"{column} changes over the rows of {who:,} patient{'' if who == 1 else 's'} (the first: "
            f"{faults.records.place(first).removeprefix(f'{faults.records.label} ')}, patient {patients[first]})."
        )
        if column in strata:
            faults.column(f"{told} A patient stays in one stratum: correct the rows, or adjust for it instead.")
        elif column in chosen_by:
            faults.column(
                f"{told} The population {analysis.population.name} is chosen by it, and would hold parts of patients. "
                "Choose by what is constant, such as its value at the start in a column of its own."
            )
        elif column == analysis.endpoint.administrative_end:
            faults.column(f"{told} The end of follow-up is one time: correct the rows.")
        else:
            faults.column(f"{told} Correct the rows, or, if it may change, name it: {VARYING}.")
