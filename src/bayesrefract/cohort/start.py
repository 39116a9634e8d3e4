"""Where survival curves start: with delayed entry, at a time at which patients of every compared group are at risk.

A curve cannot tell what happened before anybody was at risk. With delayed entry it is therefore that of patients
without the event at a start that the study declares. Klein & Moeschberger (2003), Survival Analysis, section 4.6.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort.disclosure import NOT_SHOWN
from bayesrefract.cohort.faults import Faults
from bayesrefract.cohort.rows import without_curves
from bayesrefract.cohort.value import Cohort
from bayesrefract.study.study import Analysis, TimeUnit

Floats = NDArray[np.float64]

ENOUGH_AT_RISK = 20
"""Patients at risk in every compared group where the figures start, unless a study declares a start."""
TOLD_TIMES = 10
STEPS = 100
"""About so many readable times, of which the start of the figures is the first with enough patients."""


@dataclass(frozen=True)
class Start:
    """Where curves start. Survival, medians and restricted means are those of patients without the event there.

    `is_declared`: declared by the study, or 0 without delayed entry; else chosen for figures alone. `at_risk`: patients
    of each compared group at risk there; empty without delayed entry. `not_modelled`: why the model has no curve of a
    group, where groups, covariates or events are such that it has none.
    """

    time: float = 0.0
    is_declared: bool = True
    at_risk: tuple[tuple[str, int], ...] = field(default=())
    not_modelled: str = ""

    @property
    def has_curves(self) -> bool:
        """Whether patients of every compared group are at risk, so that curves can be compared at all."""
        return not self.not_modelled and all(count > 0 for _, count in self.at_risk)

    @property
    def is_conditional(self) -> bool:
        """Whether anything is conditional on having reached a time after 0."""
        return self.time > 0


def start_of(cohort: Cohort, analysis: Analysis) -> Start:
    """The declared start; with delayed entry and none declared, one for figures."""
    declared, compared = analysis.endpoint.from_time, compared_groups(analysis, cohort.groups)
    reason = without_curves(cohort, analysis)
    if not (cohort.has_delayed_entry or cohort.group_changes) and declared is None:
        return Start(not_modelled=reason)

    def at_risk(times: Iterable[float]) -> NDArray[np.int64]:
        return numbers_at_risk(cohort.entry, cohort.exit, cohort.group, compared, times)

    def start(time: float, *, is_declared: bool) -> Start:
        counts = at_risk([time])[:, 0].tolist()
        return Start(time, is_declared, tuple(zip([cohort.groups[g] for g in compared], counts, strict=True)), reason)

    if declared is not None:
        return start(declared, is_declared=True)
    times = _readable(float(cohort.exit.max()))
    fewest = at_risk(times).min(axis=0)
    enough = min(ENOUGH_AT_RISK, int(fewest.max()))
    return start(float(times[np.argmax(fewest >= enough)]) if enough else 0.0, is_declared=False)


def compared_groups(analysis: Analysis, groups: Sequence[str]) -> list[int]:
    """Codes of the groups that a contrast compares; of all where there is no contrast."""
    named = {name for contrast in analysis.contrasts for name in (contrast.group, contrast.reference)}
    return [code for code, level in enumerate(groups) if not named or level in named]


def numbers_at_risk(
    entry: Floats, exit_: Floats, group: NDArray[np.int64], groups: Sequence[int], times: Iterable[float]
) -> NDArray[np.int64]:
    """Patients at risk just after each time, (group, time): those with entry <= time < exit."""
    times = np.asarray(list(times), dtype=float)
    counts = np.empty((len(groups), len(times)), dtype=np.int64)
    for row, code in enumerate(groups):
        mine = group == code
        entered = np.searchsorted(np.sort(entry[mine]), times, side="right")
        counts[row] = entered - np.searchsorted(np.sort(exit_[mine]), times, side="right")
    return counts


def _readable(last: float) -> Floats:
    """About `STEPS` times up to the last, multiples of 1, 2 or 5 times a power of ten: nobody's own times."""
    step = 10.0 ** np.floor(np.log10(last / STEPS))
    step *= next(each for each in (1, 2, 5, 10) if each * step >= last / STEPS)
    return np.asarray(np.round(np.arange(0, np.ceil(last / step)) * step, 12), dtype=float)


def told_at_risk(cohort: Cohort, analysis: Analysis) -> str:
    """Numbers at risk by group at ten times, for whoever chooses a start: "at 50 a 12, b 9; at 60 ..."."""
    compared = compared_groups(analysis, cohort.groups)
    return _told(cohort.entry, cohort.exit, cohort.group, cohort.groups, compared)


def _told(
    entry: Floats, exit_: Floats, group: NDArray[np.int64], groups: Sequence[str], compared: Sequence[int]
) -> str:
    inner = np.linspace(float(entry.min()), float(exit_.max()), TOLD_TIMES + 2)[1:-1]
    times = [float(f"{time:.3g}") for time in inner]
    counts = numbers_at_risk(entry, exit_, group, compared, times)
    return "; ".join(
        f"at {time:g} " + ", ".join(f"{groups[code]} {counts[row, place]}" for row, code in enumerate(compared))
        for place, time in enumerate(times)
    )


def check_start(
    analysis: Analysis,
    groups: Sequence[str],
    group: NDArray[np.int64],
    entry: Floats,
    exit_: Floats,
    faults: Faults,
) -> None:
    """Fault a start at which nobody of a compared group is at risk, and one that a ROPE needs and nobody declared."""
    start, compared, unit = analysis.endpoint.from_time, compared_groups(analysis, groups), analysis.time_unit
    estimands = [rope.estimand for rope in analysis.ropes if rope.estimand.needs_horizon]
    if start is None and not (estimands and (entry > 0).any()):
        return
    told = f"At risk {_told(entry, exit_, group, groups, compared)}."
    if start is None:
        faults.column(
            f"patients of {analysis.name} enter late, and its ROPE of the {estimands[0]} is then one of patients "
            "without the event at a start, which has no default. Declare it: from (--from), with patients of every "
            f"compared group at risk. {told}"
        )
        return
    counts = numbers_at_risk(entry, exit_, group, compared, [start])[:, 0]
    nobody = [groups[code] for code, count in zip(compared, counts, strict=True) if count == 0]
    if nobody:
        faults.column(
            f"from = {start:g} {unit} of {analysis.name}: nobody of {', '.join(nobody)} is at risk then. Declare a "
            f"start at which patients of every compared group are. {told}"
        )


def check_landmark(analysis: Analysis, cohort: Cohort, faults: Faults) -> None:
    """Fault a landmark at which nobody of a compared group is under observation."""
    landmark, compared = analysis.endpoint.landmark, compared_groups(analysis, cohort.groups)
    if landmark is None:
        return
    counts = numbers_at_risk(cohort.entry, cohort.exit, cohort.group, compared, [landmark])[:, 0]
    nobody = [cohort.groups[code] for code, count in zip(compared, counts, strict=True) if count == 0]
    if nobody:
        faults.column(
            f"landmark = {landmark:g} {analysis.time_unit} of {analysis.name}: nobody of {', '.join(nobody)} is under "
            "observation then. Declare a landmark at which patients of every compared group are. At risk "
            f"{told_at_risk(cohort, analysis)}."
        )


def start_notes(start: Start, unit: TimeUnit, small: Sequence[str] = ()) -> tuple[str, ...]:
    """What a reader of curves, medians and restricted means must know of their start; nothing where it is 0.

    small : groups with too few patients for their times to be told.
    """
    if start.not_modelled:
        return (f"No survival probability, median or restricted mean is given by the model: {start.not_modelled}.",)
    counted = ", ".join(f"{level} {NOT_SHOWN if level in small else count}" for level, count in start.at_risk)
    if start.is_declared:
        if not start.is_conditional:
            return ()
        return (
            f"Survival, medians and restricted means are those of patients without the event at {start.time:g} {unit} "
            f"(the declared start; at risk there: {counted}).",
        )
    missing = (
        "no median, survival probability or restricted mean is given: they need a start at which patients are "
        "without the event, which has no default (from, --from)."
    )
    if not start.has_curves:
        return (f"With delayed entry, and no time at which patients of every compared group are at risk, {missing}",)
    return (
        f"With delayed entry, curves start at {start.time:g} {unit} and are those of patients without the event then "
        f"(at risk there: {counted}); {missing}",
    )
