"""The hazard ratio of each interval of follow-up, with the patients who are at risk in it, as a frozen value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort.disclosure import coarse
from bayesrefract.cohort.exposure import ExposureTable
from bayesrefract.cohort.start import numbers_at_risk
from bayesrefract.cohort.value import Cohort
from bayesrefract.estimands.effects import Effects
from bayesrefract.interval import Interval
from bayesrefract.proportionality.summaries import bands
from bayesrefract.study.study import Contrast

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class RatioOverTime:
    """HR(t) of one contrast, in each interval in which both groups are at risk; arrays have shape (interval,).

    `scale`: of the half-normal prior of the change of the log hazard ratio over follow-up. `low`, `high`: pointwise 95%
    limits; `low_throughout`, `high_throughout`: the 95% simultaneous band over all these intervals. `at_risk`,
    `events`: (2, interval), of the group and of the reference, the former at the start of the interval. `average`: the
    ratio averaged over the events, on the log scale; `constant`: the ratio of the model that holds it constant, None
    where there is no such model. Both are posterior medians with 95% equal-tailed limits.
    """

    group: str
    reference: str
    scale: float
    start: Floats = field(repr=False)
    end: Floats = field(repr=False)
    median: Floats = field(repr=False)
    low: Floats = field(repr=False)
    high: Floats = field(repr=False)
    low_throughout: Floats = field(repr=False)
    high_throughout: Floats = field(repr=False)
    at_risk: Counts = field(repr=False)
    events: Counts = field(repr=False)
    average: Interval
    constant: Interval | None

    @property
    def label(self) -> str:
        """As `Contrast.label`."""
        return f"{self.group} vs {self.reference}"


def ratios_over_time(
    effects: Effects, table: ExposureTable, cohort: Cohort, scale: float, wide_scale: float, small: Sequence[str]
) -> tuple[RatioOverTime, ...]:
    """HR(t) of every contrast: under the model's own prior of the change, and where the ratio may change more.

    Nothing where the hazard ratio may not change, and of contrasts with a group in `small`, whose times are not shown;
    beside such groups the bounds of intervals, which are times of events, are rounded.
    """
    constant = None if effects.constant is None else effects.constant.log_hazard_ratio
    found = []
    for contrast in effects.contrasts:
        if contrast.group in small or contrast.reference in small:
            continue
        for each, of_scale in ((effects, scale), (effects.wide, wide_scale)):
            if each is None or each.log_hazard_ratio_by_time is None:
                continue
            held = None if constant is None else constant.sel(contrast=contrast.label).to_numpy()
            made = _ratio(each, contrast, table, cohort, of_scale, held, rounded=bool(small))
            found += [] if made is None else [made]
    return tuple(found)


def _ratio(
    effects: Effects,
    contrast: Contrast,
    table: ExposureTable,
    cohort: Cohort,
    scale: float,
    constant: Floats | None,
    *,
    rounded: bool,
) -> RatioOverTime | None:
    assert effects.log_hazard_ratio_by_time is not None
    by_time = effects.log_hazard_ratio_by_time.sel(contrast=contrast.label)
    draws = by_time.transpose("chain", "draw", "interval").to_numpy()
    pair = [table.groups.index(contrast.group), table.groups.index(contrast.reference)]
    shown = np.all([table.exposure[table.group == code].sum(axis=0) > 0 for code in pair], axis=0)
    if not shown.any():
        return None
    values = draws.reshape(-1, draws.shape[2])
    band = bands(values[:, shown])
    edges = np.minimum(table.edges, table.follow_up)
    if rounded:
        edges = np.array([coarse(float(edge)) for edge in edges])
    codes = [cohort.groups.index(name) for name in (contrast.group, contrast.reference)]
    at_risk = numbers_at_risk(cohort.entry, cohort.exit, cohort.group, codes, table.edges[:-1])
    events = np.stack([table.events[table.group == code].sum(axis=0) for code in pair]).round().astype(np.int64)
    weights = table.events.sum(axis=0) / max(float(table.events.sum()), 1.0)
    return RatioOverTime(
        group=contrast.group,
        reference=contrast.reference,
        scale=scale,
        start=edges[:-1][shown],
        end=edges[1:][shown],
        median=np.exp(band.median),
        low=np.exp(band.low),
        high=np.exp(band.high),
        low_throughout=np.exp(band.low_throughout),
        high_throughout=np.exp(band.high_throughout),
        at_risk=at_risk[:, shown],
        events=events[:, shown],
        average=_central(values @ weights),
        constant=None if constant is None else _central(constant),
    )


def _central(log_ratio: Floats) -> Interval:
    """Posterior median with its 95% equal-tailed interval, as ratios."""
    low, middle, high = np.exp(np.quantile(log_ratio, [0.025, 0.5, 0.975]))
    return Interval(float(middle), float(low), float(high))
