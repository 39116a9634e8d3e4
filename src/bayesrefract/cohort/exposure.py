"""Exposure table of a cohort: events and person-time by covariate pattern and interval.

The likelihood depends on the cohort only through this table: merging patients with equal patterns leaves
the piecewise-exponential likelihood exactly unchanged. Holford (1980), doi:10.2307/2529982; Laird &
Olivier (1981), doi:10.1080/01621459.1981.10477634.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from bayesrefract.cohort.value import Cohort, Covariate
from bayesrefract.errors import ModelError
from bayesrefract.study.model import Intervals
from bayesrefract.study.study import TimeUnit

WHOLE_MONTHS_WARNING = 0.20
USUAL_INTERVALS = 24


@dataclass(frozen=True)
class ExposureTable:
    """Events and person-time, dims (pattern, interval), times in `time_unit`.

    data : `events`, `exposure` (pattern, interval); `group`, `stratum` (pattern,) codes into `groups`
        and `strata`; `n_patients` (pattern,), by their first row; `last_event`, `last_exit` scalars; coordinates
        `start`, `end` (interval,), the last end infinite; `pattern_of` (row,), the pattern of each row of the cohort.
    covariates : values per pattern, in the order of the cohort.
    """

    data: xr.Dataset = field(repr=False)
    groups: tuple[str, ...]
    strata: tuple[str, ...]
    covariates: tuple[Covariate, ...]
    time_unit: TimeUnit
    notes: tuple[str, ...] = ()

    @property
    def events(self) -> NDArray[np.float64]:
        """Shape (pattern, interval)."""
        return self.data["events"].values

    @property
    def exposure(self) -> NDArray[np.float64]:
        """Person-time at risk, shape (pattern, interval)."""
        return self.data["exposure"].values

    @property
    def group(self) -> NDArray[np.int64]:
        return self.data["group"].values

    @property
    def stratum(self) -> NDArray[np.int64]:
        return self.data["stratum"].values

    @property
    def n_patients(self) -> NDArray[np.float64]:
        """Patients per pattern, by their first row."""
        return self.data["n_patients"].values

    @property
    def group_sizes(self) -> NDArray[np.int64]:
        """Patients who are in each group at some time, shape (group,)."""
        return self.data["group_sizes"].values

    @property
    def edges(self) -> NDArray[np.float64]:
        """Interval bounds, shape (interval + 1,): 0, the cuts, infinity."""
        return np.append(self.data["start"].values, np.inf)

    @property
    def last_event(self) -> float:
        return float(self.data["last_event"])

    @property
    def follow_up(self) -> float:
        """The last observed time; nothing is extrapolated beyond it."""
        return float(self.data["last_exit"])


def choose_cuts(event_times: NDArray[np.float64], intervals: Intervals) -> NDArray[np.float64]:
    """Inner cuts: as given, or quantiles of the event times with enough events between them.

    Quantile cuts are event times themselves; an event on a cut belongs to the interval that ends
    there. Tied times can make fewer, larger intervals.
    """
    if intervals.cuts is not None:
        return np.asarray(intervals.cuts, dtype=float)
    times = np.sort(event_times)
    maximum = USUAL_INTERVALS if intervals.maximum is None else intervals.maximum
    pieces = min(maximum, max(1, len(times) // intervals.min_events))
    places = np.ceil(np.arange(1, pieces) * len(times) / pieces).astype(int) - 1
    cuts = np.unique(times[places]) if len(times) else np.empty(0)
    kept: list[float] = []
    for cut in cuts:
        since = kept[-1] if kept else 0.0
        inside = np.sum((times > since) & (times <= cut))
        after = np.sum(times > cut)
        if inside >= intervals.min_events and after >= intervals.min_events:
            kept.append(float(cut))
    if intervals.to_last_event and len(times):
        kept.append(float(times[-1]))
    return np.array(kept)


def split(
    entry: NDArray[np.float64], exit_: NDArray[np.float64], event: NDArray[np.bool_], edges: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Events and person-time per row and interval, each of shape (row, interval).

    Interval j is (edges[j], edges[j + 1]]: an event on a cut belongs to the interval that ends there.
    """
    start, end = edges[:-1], edges[1:]
    exposure = np.clip(np.minimum(exit_[:, None], end) - np.maximum(entry[:, None], start), 0.0, None)
    events = event[:, None] & (exit_[:, None] > start) & (exit_[:, None] <= end)
    return events.astype(float), exposure


def tabulate(cohort: Cohort, intervals: Intervals, *, merge: bool = True) -> ExposureTable:
    """Cut follow-up into intervals and merge patients with equal group, stratum and covariates.

    Parameters
    ----------
    cohort : Cohort
        Analysed patients.
    intervals : Intervals
        Cuts, or the number of intervals between quantiles of the event times.
    merge : bool
        False keeps one pattern per row.

    Returns
    -------
    ExposureTable
        Events and person-time per pattern and interval.

    Raises
    ------
    ModelError
        When a given cut does not lie within follow-up.

    References
    ----------
    Holford (1980), doi:10.2307/2529982; Laird & Olivier (1981), doi:10.1080/01621459.1981.10477634.
    """
    cuts = choose_cuts(cohort.exit[cohort.event], intervals)
    if intervals.to_last_event:
        cuts = cuts[cuts < cohort.exit.max()]
    check_cuts(cuts, cohort)
    edges = np.concatenate([[0.0], cuts, [np.inf]])
    events, exposure = split(cohort.entry, cohort.exit, cohort.event, edges)
    first, pattern_of = _patterns(cohort, merge)
    count, at_start = len(first), pattern_of[cohort.is_first]
    totals = [np.zeros((count, len(edges) - 1)) for _ in range(2)]
    np.add.at(totals[0], pattern_of, events)
    np.add.at(totals[1], pattern_of, exposure)
    last_event = float(cohort.exit[cohort.event].max()) if cohort.event.any() else float(cohort.exit.max())
    data = xr.Dataset(
        {
            "events": (("pattern", "interval"), totals[0]),
            "exposure": (("pattern", "interval"), totals[1]),
            "group": ("pattern", cohort.group[first]),
            "stratum": ("pattern", cohort.stratum[first]),
            "group_sizes": ("level", cohort.group_sizes),
            "n_patients": ("pattern", np.bincount(at_start, minlength=count).astype(float)),
            "pattern_of": ("row", pattern_of),
            "last_event": last_event,
            "last_exit": float(cohort.exit.max()),
        },
        coords={"start": ("interval", edges[:-1]), "end": ("interval", edges[1:])},
    )
    covariates = tuple(Covariate(c.name, c.values[first], c.levels, c.per) for c in cohort.covariates)
    return ExposureTable(data, cohort.groups, cohort.strata, covariates, cohort.time_unit, _whole_months(cohort))


def check_cuts(cuts: ArrayLike, cohort: Cohort) -> None:
    """Raise ModelError unless the cuts rise and lie within follow-up."""
    cuts = np.asarray(cuts, dtype=float)
    last = float(cohort.exit.max())
    if np.any(np.diff(cuts) <= 0) or np.any(cuts <= 0) or np.any(cuts >= last):
        given = ", ".join(f"{cut:g}" for cut in cuts)
        raise ModelError(
            f"intervals.cuts = [{given}]: cuts must rise, start above 0 and end before the last "
            f"follow-up time ({last:g} {cohort.time_unit}). Change the cuts, or leave them out for quantiles."
        )


def _patterns(cohort: Cohort, merge: bool) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Index of the first row of each pattern, and each row's pattern."""
    if not merge:
        every = np.arange(cohort.n_rows)
        return every, every
    keys = np.column_stack([cohort.group, cohort.stratum, *[c.values for c in cohort.covariates]]).astype(float)
    _, first, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return first, inverse.reshape(-1)


def _whole_months(cohort: Cohort) -> tuple[str, ...]:
    """A warning when so many times are whole months that the times look rounded."""
    months = np.unique(cohort.exit) * cohort.time_unit.days / TimeUnit.MONTHS.days
    share = float(np.mean(np.isclose(months, np.round(months), atol=1e-6))) if len(months) else 0.0
    if share < WHOLE_MONTHS_WARNING:
        return ()
    return (
        f"{share:.0%} of the distinct times are whole months: they look rounded, which ties events and "
        "blurs the groups. Use dates or days where you have them.",
    )
