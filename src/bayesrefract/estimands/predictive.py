"""Posterior predictive check: Kaplan-Meier curves of replicated patients against the observed ones."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort.exposure import ExposureTable
from bayesrefract.cohort.value import Cohort
from bayesrefract.estimands.hazard import HazardDraws, hazard_draws
from bayesrefract.inference.posterior import Posterior
from bayesrefract.model.effects import Design

Floats = NDArray[np.float64]

GRID_TIMES = 101
ENOUGH = 4000
"""Replicates on which a model is called one that does not fit."""
MISFIT_P = 0.001
FEW_AS_FAR = 5
"""With at least so many of 200 replicates as far from the mean as the observed curve, p is not below `MISFIT_P`."""


@dataclass(frozen=True)
class PredictiveCheck:
    """Kaplan-Meier curves of replicated patients against the observed one, for one group.

    Arrays have shape (time,). `p`: share of replicates whose largest distance from the predictive
    mean is at least the observed one's. `outside`: share of times with the observed curve outside
    the 95% band.
    """

    level: str
    times: NDArray[np.float64] = field(repr=False)
    observed: NDArray[np.float64] = field(repr=False)
    low: NDArray[np.float64] = field(repr=False)
    high: NDArray[np.float64] = field(repr=False)
    p: float
    outside: float
    replicates: int = 200

    @property
    def fails(self) -> bool:
        """Whether the model's curves are not those of this group: nothing is claimed from them."""
        return self.p < MISFIT_P and self.replicates >= ENOUGH


@dataclass(frozen=True)
class ProductLimit:
    """A survival step function: after times[i] it is survival[i], before the first time 1."""

    times: Floats
    survival: Floats

    def at(self, times: Floats) -> Floats:
        return np.append(1.0, self.survival)[np.searchsorted(self.times, times, side="right")]

    def just_before(self, times: Floats) -> Floats:
        return np.append(1.0, self.survival)[np.searchsorted(self.times, times, side="left")]


def product_limit(entry: Floats, exit_: Floats, event: NDArray[np.bool_], start: float = 0.0) -> ProductLimit:
    """Kaplan-Meier estimate with delayed entry; at risk at t are those with entry < t <= exit.

    It is 1 up to `start`, and counts what comes later.
    """
    times, deaths = np.unique(exit_[event & (exit_ > start)], return_counts=True)
    at_risk = np.searchsorted(np.sort(entry), times, side="left") - np.searchsorted(np.sort(exit_), times, side="left")
    return ProductLimit(times, np.cumprod(1.0 - deaths / at_risk))


@dataclass(frozen=True)
class PotentialFollowUp:
    """Potential follow-up of each patient: the time under observation without an event.

    known : (patient,), the administrative end, or the censoring time of a censored patient; NaN for
    a patient with an event whose end is not known. Those draw it from the reverse Kaplan-Meier curve
    of their group, given that it was not before their event; where that curve does not come down to
    0, the rest is at the group's last observed time.
    """

    known: Floats
    event_time: Floats
    group: NDArray[np.int64] = field(repr=False)
    censoring: tuple[ProductLimit, ...]
    last: Floats  # (group,)

    def draw(self, rng: np.random.Generator) -> Floats:
        """One potential follow-up time per patient, (patient,)."""
        ends = self.known.copy()
        for code, curve in enumerate(self.censoring):
            drawn = np.flatnonzero(np.isnan(self.known) & (self.group == code))
            seen = self.event_time[drawn]
            level = rng.uniform(size=len(drawn)) * curve.just_before(seen)
            place = np.searchsorted(-curve.survival, -level, side="left")
            ends[drawn] = np.maximum(np.append(curve.times, self.last[code])[place], seen)
        return ends


def potential_follow_up(cohort: Cohort) -> PotentialFollowUp:
    """Potential follow-up of a cohort: administrative ends where known, else censoring times."""
    known = np.where(cohort.event, np.nan, cohort.exit)
    if cohort.administrative_end is not None:
        known = np.where(np.isnan(cohort.administrative_end), known, cohort.administrative_end)
    # At one time events come before censorings, so an event just leaves the risk set of a censoring there.
    left = np.where(cohort.event, np.nextafter(cohort.exit, 0.0), cohort.exit)
    members = [cohort.group == code for code in range(len(cohort.groups))]
    return PotentialFollowUp(
        known,
        cohort.exit,
        cohort.group,
        tuple(product_limit(cohort.entry[m], left[m], ~cohort.event[m]) for m in members),
        np.array([cohort.exit[m].max() for m in members]),
    )


def predictive_check(
    posterior: Posterior,
    table: ExposureTable,
    design: Design,
    cohort: Cohort,
    seed: int | np.random.SeedSequence,
    replicates: int = 200,
    start: float = 0.0,
    at_most: int = 0,
) -> tuple[PredictiveCheck, ...]:
    """Replicate the cohort from draws of the posterior, follow it as it was followed, and compare.

    Each replicate takes one posterior draw, one event time per patient (given survival to entry) and
    one potential follow-up time; groups in the table's order, each on an even grid up to its own last
    observed time. A curve keeps its last value beyond its own last observation. start : where curves
    start; they are those of patients without the event there. at_most : replicates, where p may be too small for the
    first ones to show. Each patient has one row: what gaps or changes a patient with the event would have had later is
    not known.
    """
    rng = np.random.default_rng(seed)
    draws = hazard_draws(posterior, table, design)
    follow_up = potential_follow_up(cohort)
    pattern_of = table.data["pattern_of"].to_numpy()
    members = [cohort.group == code for code in range(len(cohort.groups))]
    grids = [np.linspace(min(start, last), last, GRID_TIMES) for last in follow_up.last]
    observed = [
        product_limit(cohort.entry[m], cohort.exit[m], cohort.event[m], start).at(grid)
        for m, grid in zip(members, grids, strict=True)
    ]

    def replicate(count: int) -> Floats:
        """Curves of so many replicates, (group, replicate, time)."""
        taken = draws.take(rng.choice(draws.samples, count, replace=draws.samples < count))
        curves = np.empty((len(members), count, GRID_TIMES))
        for i in range(count):
            times = event_times(taken, i, pattern_of, cohort, rng)
            ends = follow_up.draw(rng)
            exit_, event = np.minimum(times, ends), times <= ends
            for code, m in enumerate(members):
                curves[code, i] = product_limit(cohort.entry[m], exit_[m], event[m], start).at(grids[code])
        return curves

    def compared(curves: Floats) -> tuple[PredictiveCheck, ...]:
        parts = zip(cohort.groups, grids, observed, curves, strict=True)
        return tuple(_compare(level, grid, seen, replicated) for level, grid, seen, replicated in parts)

    curves = replicate(replicates)
    found = compared(curves)
    if at_most > replicates and any(each.p * replicates < FEW_AS_FAR for each in found):
        found = compared(np.concatenate([curves, replicate(at_most - replicates)], axis=1))
    return found


def event_times(
    draws: HazardDraws, sample: int, pattern_of: NDArray[np.int64], cohort: Cohort, rng: np.random.Generator
) -> Floats:
    """One event time per patient from their own hazard, given survival to entry, (patient,).

    Exact: the time at which the cumulative hazard is that at entry plus a standard exponential; inf
    where the hazard has stopped before.
    """
    ratio = np.exp(draws.group_effect[sample, cohort.group] + (draws.x @ draws.coefficient[sample])[pattern_of])
    baseline = draws.baseline_of[cohort.group, draws.stratum[pattern_of]]
    start, width = draws.edges[:-1], np.diff(draws.edges)
    times = np.empty(cohort.n_patients)
    for stratum in np.unique(baseline):
        mine = baseline == stratum
        hazard = np.exp(draws.log_hazard[sample, stratum])
        reached = np.concatenate([[0.0], np.cumsum(hazard[:-1] * width[:-1])])  # at the start of each interval
        here = np.searchsorted(start, cohort.entry[mine], side="right") - 1
        target = reached[here] + hazard[here] * (cohort.entry[mine] - start[here])
        target += rng.exponential(size=len(target)) / ratio[mine]
        there = np.searchsorted(reached, target, side="right") - 1
        with np.errstate(divide="ignore"):
            times[mine] = start[there] + (target - reached[there]) / hazard[there]
    return times


def _compare(level: str, grid: Floats, observed: Floats, replicated: Floats) -> PredictiveCheck:
    """replicated : (replicate, time)."""
    low, high = np.quantile(replicated, [0.025, 0.975], axis=0)
    mean = replicated.mean(axis=0)
    distance = np.abs(replicated - mean).max(axis=1)
    p = float(np.mean(distance >= np.abs(observed - mean).max()))
    outside = float(np.mean((observed < low) | (observed > high)))
    return PredictiveCheck(level, grid, observed, low, high, p, outside, len(replicated))
