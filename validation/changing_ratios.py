"""Simulated trials whose hazard ratio changes over time so that its average is 1, in designs that could matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from bayesrefract.cohort.value import Cohort, Covariate, Flow
from bayesrefract.study.study import TimeUnit

Floats = NDArray[np.float64]

UNIT = 12.0
"""Months in which an exponential control group expects one event each."""
CENSORED = (0.7 * UNIT, 1.9 * UNIT)
"""Administrative censoring, uniform."""
EVENTS = 0.71
"""Share of the control group with an event."""
LATE_ENTRY = 0.5 * UNIT
TIMES = np.linspace(0, CENSORED[1], 4001)


@dataclass(frozen=True)
class Design:
    """How patients come to be observed: share in the group, covariates, strata, rounded times, delayed entry."""

    name: str
    share: float = 0.5
    covariates: int = 0
    strata: int = 1
    whole_months: bool = False
    late_entry: bool = False


@dataclass(frozen=True)
class Pattern:
    """Hazard ratios of the group in successive periods, or Weibull times of this shape.

    `place`: share of the control group's events before the change (of three periods: in the middle one). None: such
    that the average hazard ratio is 1.
    """

    name: str
    ratios: tuple[float, ...] = (1.0,)
    weibull: float | None = None
    place: float | None = None


def cumulative(pattern: Pattern, design: Design) -> Callable[[Floats], Floats]:
    """Cumulative hazard of the group at the times of the grid -> event times of standard exponential draws."""
    hazard = group_hazard(pattern, design)
    step = TIMES[1] - TIMES[0]
    total = np.concatenate([[0.0], np.cumsum((hazard[1:] + hazard[:-1]) / 2 * step)])
    return lambda draws: np.interp(draws, total, TIMES, right=2 * TIMES[-1])


@lru_cache(maxsize=64)
def group_hazard(pattern: Pattern, design: Design) -> Floats:
    """Hazard of the group on the grid, its periods such that Cox regression's log hazard ratio tends to 0."""
    if len(set(pattern.ratios)) == 1 and pattern.weibull is None:
        return np.full_like(TIMES, pattern.ratios[0] / UNIT)
    place = pattern.place
    if place is None:
        place = brentq(lambda at: _score(_hazard(pattern, design, at), design), 0.02, 0.98)
    return _hazard(pattern, design, place)


def _hazard(pattern: Pattern, design: Design, place: float) -> Floats:
    """Two periods part at the quantile `place` of the control group's events; of three the middle has this share."""
    if pattern.weibull is not None:
        scale = UNIT * (0.3 + 2 * place)
        return pattern.weibull / scale * (TIMES / scale) ** (pattern.weibull - 1)
    events = np.cumsum(_at_risk(design) * np.exp(-TIMES / UNIT))
    cuts = [place] if len(pattern.ratios) == 2 else [(1 - place) / 2, (1 + place) / 2]
    period = np.searchsorted(np.array(cuts), events / events[-1])
    return np.asarray(np.array(pattern.ratios)[period] / UNIT)


def _at_risk(design: Design) -> Floats:
    """Probability of being observed at each time, apart from the event."""
    censored = np.clip((CENSORED[1] - TIMES) / (CENSORED[1] - CENSORED[0]), 0, 1)
    return censored * (np.clip(TIMES / LATE_ENTRY, 0, 1) if design.late_entry else 1.0)


def _score(hazard: Floats, design: Design) -> float:
    """Expectation of the partial likelihood's score at hazard ratio 1."""
    step = TIMES[1] - TIMES[0]
    group = design.share * np.exp(-np.cumsum(hazard) * step)
    control = (1 - design.share) * np.exp(-TIMES / UNIT)
    return float((_at_risk(design) * group * control / (group + control) * (hazard - 1 / UNIT)).sum())


def trial(pattern: Pattern, design: Design, patients: int, rng: np.random.Generator) -> Cohort:
    """One trial; of delayed entries, those who had the event or were censored before are not in it."""
    group = (rng.permutation(patients) < round(patients * design.share)).astype(np.int64)
    x = rng.normal(size=(patients, design.covariates))
    stratum = rng.integers(0, design.strata, patients)
    levels = np.linspace(-0.8, 0.8, design.strata) if design.strata > 1 else np.zeros(1)
    draws = rng.exponential(size=patients) * np.exp(-0.4 * x.sum(axis=1) - levels[stratum])
    time = np.where(group == 1, cumulative(pattern, design)(draws), draws * UNIT)
    censored = rng.uniform(*CENSORED, patients)
    entry = rng.uniform(0, LATE_ENTRY, patients) if design.late_entry else np.zeros(patients)
    end, event = np.minimum(time, censored), time <= censored
    if design.whole_months:
        end = np.maximum(np.ceil(end), 1.0)
    kept = entry < end
    return cohort_of(end[kept], event[kept], entry[kept], group[kept], stratum[kept], x[kept])


def cohort_of(
    end: Floats,
    event: NDArray[np.bool_],
    entry: Floats,
    group: NDArray[np.int64],
    stratum: NDArray[np.int64],
    x: Floats,
) -> Cohort:
    """A cohort of two groups from arrays (patient,), and covariates (patient, covariate)."""
    return Cohort(
        entry=entry,
        patient=tuple(map(str, range(len(end)))),
        exit=end,
        event=event,
        group=group,
        groups=("control", "new"),
        stratum=stratum,
        strata=tuple(f"s{code}" for code in range(int(stratum.max()) + 1)),
        covariates=tuple(Covariate(f"x{i}", x[:, i], None) for i in range(x.shape[1])),
        time_unit=TimeUnit.MONTHS,
        flow=Flow(len(end), {}, len(end)),
        data_sha256="",
    )
