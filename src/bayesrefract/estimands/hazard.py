"""Draws of the hazards as arrays, and the hazard ratios between groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesrefract.cohort.exposure import ExposureTable, split
from bayesrefract.inference.posterior import Posterior
from bayesrefract.model.effects import Design
from bayesrefract.study.study import Contrast

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class HazardDraws:
    """The hazard of any patient in any group: exp(log_hazard + group_effect + x @ coefficient).

    A sample is one draw of one chain. log_hazard : (sample, baseline, interval). group_effect :
    (sample, group), zero when hazards are by group. coefficient : (sample, column). x : (pattern,
    column). weight : (pattern,), share of the patients. stratum : (pattern,), 0 when hazards are by
    group. baseline_of : (group, stratum), which baseline a patient has in a group: that of the own
    stratum, the group's, or, where the hazard ratio may change, the stratum's as it is in this group.
    change : (sample, group, interval), what the group's log hazard adds to its average in an interval; it is part
    of log_hazard already. None where hazards are proportional.
    """

    groups: tuple[str, ...]
    chains: int
    log_hazard: Floats
    group_effect: Floats
    coefficient: Floats
    x: Floats
    weight: Floats
    stratum: NDArray[np.int64] = field(repr=False)
    baseline_of: NDArray[np.int64] = field(repr=False)
    edges: Floats
    follow_up: float
    by_group: bool
    change: Floats | None = field(default=None, repr=False)

    @property
    def samples(self) -> int:
        return len(self.log_hazard)

    def take(self, samples: NDArray[np.int64]) -> HazardDraws:
        """The chosen samples as one chain."""
        return replace(
            self,
            chains=1,
            log_hazard=self.log_hazard[samples],
            group_effect=self.group_effect[samples],
            coefficient=self.coefficient[samples],
            change=None if self.change is None else self.change[samples],
        )

    def labelled(self, values: Floats, **coords: Sequence[str] | Floats) -> xr.DataArray:
        """(sample, ...) -> dims (chain, draw, ...), the further ones named by their coordinates."""
        shaped = values.reshape(self.chains, -1, *values.shape[1:])
        return xr.DataArray(shaped, dims=("chain", "draw", *coords), coords={k: list(v) for k, v in coords.items()})


def hazard_draws(posterior: Posterior, table: ExposureTable, design: Design) -> HazardDraws:
    """Stack the chains, and assign each pattern its baseline in each group."""
    strata = table.groups if posterior.by_group else table.strata
    log_hazard = posterior.draws["log_hazard"].sel(stratum=list(strata))
    chains, draws = log_hazard.sizes["chain"], log_hazard.sizes["draw"]
    samples, count = chains * draws, len(table.groups)
    if posterior.by_group:
        group_effect = np.zeros((samples, count))
        stratum, baseline_of = np.zeros_like(table.stratum), np.arange(count)[:, None]
    else:
        group_effect = _stacked(posterior.draws["group_effect"].sel(group=list(table.groups)), "group")
        stratum, baseline_of = table.stratum, np.tile(np.arange(len(strata)), (count, 1))
    hazards, change = _stacked(log_hazard, "stratum", "interval"), None
    if "change" in posterior.draws:
        change = _stacked(posterior.draws["change"].sel(group=list(table.groups)), "group", "interval")
        hazards = (hazards[:, :, None] + change[:, None]).reshape(samples, -1, hazards.shape[2])
        baseline_of = np.arange(len(strata) * count).reshape(len(strata), count).T
    has_columns = bool(design.names)
    coefficient = _stacked(posterior.draws["coefficient"], "covariate") if has_columns else np.empty((samples, 0))
    return HazardDraws(
        groups=table.groups,
        chains=chains,
        log_hazard=hazards,
        group_effect=group_effect,
        coefficient=coefficient,
        x=np.ascontiguousarray(design.x, dtype=float),
        weight=table.n_patients / table.n_patients.sum(),
        stratum=stratum.astype(np.int64),
        baseline_of=baseline_of.astype(np.int64),
        edges=table.edges,
        follow_up=table.follow_up,
        by_group=posterior.by_group,
        change=change,
    )


def _stacked(draws: xr.DataArray, *dims: str) -> Floats:
    ordered = draws.transpose("chain", "draw", *dims).to_numpy()
    return np.ascontiguousarray(ordered.reshape(-1, *ordered.shape[2:]), dtype=float)


def log_hazard_ratios(draws: HazardDraws, table: ExposureTable, contrasts: Sequence[Contrast]) -> xr.DataArray:
    """Compute draws of the log hazard ratio of each contrast.

    Where the ratio may change: its average over the events of all groups. With hazards by group: the average over
    intervals of the log ratio of the two hazards, weighted by the events of the two groups together; exact for one
    interval. It is infinite or NaN where a group has no hazard at all in an interval with events.

    Parameters
    ----------
    draws : HazardDraws
        Hazards of one fit.
    table : ExposureTable
        The table that was fitted.
    contrasts : sequence of Contrast
        Pairs of groups.

    Returns
    -------
    xarray.DataArray
        Dims (chain, draw, contrast).
    """
    values = np.empty((draws.samples, len(contrasts)))
    for place, contrast in enumerate(contrasts):
        group, reference = table.groups.index(contrast.group), table.groups.index(contrast.reference)
        if not draws.by_group:
            values[:, place] = draws.group_effect[:, group] - draws.group_effect[:, reference]
            continue
        events = table.events[np.isin(table.group, [group, reference])].sum(axis=0)
        seen = events > 0
        with np.errstate(invalid="ignore"):
            ratio = draws.log_hazard[:, group][:, seen] - draws.log_hazard[:, reference][:, seen]
            values[:, place] = ratio @ events[seen] / events.sum()
    return draws.labelled(values, contrast=[c.label for c in contrasts])


def log_hazard_ratios_by_time(
    draws: HazardDraws, table: ExposureTable, contrasts: Sequence[Contrast]
) -> xr.DataArray | None:
    """Compute draws of the log hazard ratio of each contrast in each interval.

    Parameters
    ----------
    draws : HazardDraws
        Hazards of one fit.
    table : ExposureTable
        The table that was fitted.
    contrasts : sequence of Contrast
        Pairs of groups.

    Returns
    -------
    xarray.DataArray or None
        Dims (chain, draw, contrast, interval), intervals by their start; None where hazards are proportional.
    """
    if draws.change is None:
        return None
    values = np.empty((draws.samples, len(contrasts), draws.change.shape[2]))
    for place, contrast in enumerate(contrasts):
        group, reference = table.groups.index(contrast.group), table.groups.index(contrast.reference)
        average = draws.group_effect[:, group] - draws.group_effect[:, reference]
        values[:, place] = average[:, None] + draws.change[:, group] - draws.change[:, reference]
    return draws.labelled(values, contrast=[c.label for c in contrasts], interval=table.edges[:-1])


def cumulative_hazard(draws: HazardDraws, times: Floats) -> Floats:
    """Baseline cumulative hazard, (sample, baseline, time)."""
    _, at_risk = split(np.zeros(len(times)), times, np.zeros(len(times), dtype=bool), draws.edges)
    return np.exp(draws.log_hazard) @ at_risk.T
