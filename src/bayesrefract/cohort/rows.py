"""Several rows of one patient (start, stop, event): joining those between which nothing changes, and what that allows.

Rows add exposure between their start and stop to the same likelihood; a change at the time of an event belongs to the
row after it, so that a value counts just before the event. Andersen & Gill (1982), doi:10.1214/aos/1176345976.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort.faults import Faults
from bayesrefract.cohort.read import Records
from bayesrefract.cohort.value import Cohort
from bayesrefract.study.rope import Estimand
from bayesrefract.study.study import Analysis


def owners(patients: tuple[str, ...], analysis: Analysis) -> NDArray[np.int64] | None:
    """The patient of each record as a code, shape (record,); None where a patient has one row."""
    if not analysis.columns.several_rows:
        return None
    return np.unique(np.array(patients, dtype=object), return_inverse=True)[1].reshape(-1).astype(np.int64)


def first_rows(records: Records, analysis: Analysis) -> NDArray[np.bool_]:
    """Whether a record is the earliest of its patient, shape (record,): all of them unless there are several rows."""
    columns, entry = analysis.columns, analysis.endpoint.entry
    if not columns.several_rows or columns.id is None or entry is None:
        return np.ones(len(records.frame), dtype=bool)
    start = records.cells(entry).number
    owner = np.unique(records.identifiers(columns.id), return_inverse=True)[1].reshape(-1)
    order = np.lexsort((start, owner))
    first = np.zeros(len(start), dtype=bool)
    first[order[np.append(True, owner[order][1:] != owner[order][:-1])]] = True
    return first


def joined(cohort: Cohort) -> Cohort:
    """The same follow-up in as few rows as hold it, with the rows of each patient together and in order of time.

    Rows that follow each other without a gap and differ in nothing are one row: cutting follow-up into pieces changes
    no result.
    """
    codes = cohort.owners
    appears = np.full(int(codes.max()) + 1, len(codes))
    np.minimum.at(appears, codes, np.arange(len(codes)))
    order = np.lexsort((cohort.exit, cohort.entry, appears[codes]))
    owner = codes[order]
    values = [cohort.group, cohort.stratum, *(each.values for each in cohort.covariates)]
    goes_on = (owner[1:] == owner[:-1]) & (cohort.entry[order][1:] == cohort.exit[order][:-1])
    goes_on &= ~cohort.event[order][:-1]
    for value in values:
        goes_on &= value[order][1:] == value[order][:-1]
    starts = np.append(True, ~goes_on)
    first, last = order[starts], order[np.append(~goes_on, True)]
    kept = owner[starts]
    changes = np.append(True, kept[1:] != kept[:-1])
    alone = bool(changes.all())
    end = cohort.administrative_end
    return replace(
        cohort,
        group=cohort.group[first],
        entry=cohort.entry[first],
        exit=cohort.exit[last],
        event=cohort.event[last],
        covariates=tuple(replace(each, values=each.values[first]) for each in cohort.covariates),
        stratum=cohort.stratum[first],
        patient=tuple(cohort.patient[i] for i in first[changes]),
        administrative_end=None if end is None else end[first],
        owner=None if alone else np.cumsum(changes) - 1,
    )


def up_to_first(event: NDArray[np.bool_], cohort: Cohort) -> NDArray[np.bool_]:
    """Rows of each patient up to the first with one of these events, shape (row,)."""
    if cohort.owner is None:
        return np.ones(cohort.n_rows, dtype=bool)
    before = np.cumsum(event) - event
    return np.asarray(before == before[cohort.is_first][np.cumsum(cohort.is_first) - 1])


def without_curves(cohort: Cohort, analysis: Analysis) -> str:
    """Why the model has no survival curve of a group, as the end of a sentence; empty where it has."""
    if cohort.group_changes:
        return (
            f"{analysis.columns.group} changes over time, and its future is not modelled: there is no survival in a "
            "group"
        )
    if cohort.changing:
        return (
            f"{' and '.join(cohort.changing)} {'changes' if len(cohort.changing) == 1 else 'change'} over time, and "
            "the future of a covariate is not modelled: survival cannot be standardised over it"
        )
    if cohort.has_repeated_events:
        return "the event may happen more than once: there is no survival without it after the first"
    return ""


def check_changes(cohort: Cohort, analysis: Analysis, faults: Faults) -> bool:
    """Fault ROPEs of anything but the hazard ratio where something changes, and scales that the start does not give.

    Returns whether something changes.
    """
    reason = without_curves(cohort, analysis)
    for rope in analysis.ropes:
        if rope.estimand is Estimand.THROUGHOUT:
            faults.all_of(_no_change(cohort, analysis))
        elif reason and rope.estimand is not Estimand.HAZARD_RATIO:
            faults.column(
                f"the ROPE of the {rope.estimand} cannot be judged: {reason}. Judge the hazard ratio alone, or give "
                "every patient one row, with the values at the start."
            )
    for covariate in cohort.covariates if cohort.owner is not None else ():
        at_start = covariate.values[cohort.is_first]
        if not covariate.is_categorical and np.ptp(at_start) == 0 and np.ptp(covariate.values) > 0:
            faults.column(
                f"covariate {covariate.name} is {at_start[0]:g} on the first row of every patient, which gives it no "
                "scale. Give it as categories: --categorical (columns.unordered)."
            )
    return bool(reason)


def _no_change(cohort: Cohort, analysis: Analysis) -> list[str]:
    """Why no hazard ratio that may change is fitted."""
    if cohort.group_changes:
        why = f"{analysis.columns.group} changes over time"
    elif analysis.endpoint.repeated_events:
        why = "the event may happen more than once"
    else:
        return []
    return [
        f"the ROPE of the {Estimand.THROUGHOUT} cannot be judged: {why}, and a hazard ratio that may change is not "
        "fitted to such rows. Judge the hazard ratio alone: leave the window out."
    ]


def row_notes(cohort: Cohort, analysis: Analysis, rows: int) -> Iterator[str]:
    """What a reader must know of the rows. `rows`: as many as the analysed patients have in the records."""
    if not analysis.columns.several_rows:
        return
    unit, owner = analysis.time_unit, cohort.owners
    yield f"{rows:,} rows of {cohort.n_patients:,} patients; rows between which nothing changes are analysed as one."
    known = {analysis.columns.group: cohort.group, **{each.name: each.values for each in cohort.covariates}}
    for column in analysis.columns.varying:
        if column in known:
            value = known[column]
            changed = len(np.unique(owner[1:][~cohort.is_first[1:] & (value[1:] != value[:-1])]))
            yield (
                f"{column} changes over time for {changed:,} patient{'' if changed == 1 else 's'}; a change at the "
                "time of an event belongs to the row after."
            )
    after = ~cohort.is_first
    moves = after[1:] & (cohort.group[1:] != cohort.group[:-1]) & (cohort.entry[1:] == cohort.exit[:-1])
    at_change = int((moves & cohort.event[:-1]).sum())
    if at_change:
        yield f"Events at the time of a change of group: {at_change:,}. They count in the group before it."
    gap = np.append(0.0, cohort.entry[1:] - cohort.exit[:-1])[after]
    if (gap > 0).any():
        who = len(np.unique(owner[after][gap > 0]))
        yield (
            f"{who:,} patient{' has' if who == 1 else 's have'} gaps between rows ({gap.sum():g} {unit} in all, the "
            f"longest {gap.max():g}): nobody is at risk in a gap, and no event of it is known."
        )
    if cohort.owner is not None:
        yield (
            "No posterior predictive check is made: the gaps and changes that patients with the event would have had "
            "later are not known."
        )
