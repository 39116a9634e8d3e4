"""Survival standardised over the cohort (g-computation), median survival and RMST."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesrefract.cohort.exposure import ExposureTable
from bayesrefract.errors import EstimandError
from bayesrefract.estimands.hazard import HazardDraws, cumulative_hazard, hazard_draws
from bayesrefract.estimands.kernels import mean_survival
from bayesrefract.inference.posterior import Posterior
from bayesrefract.model.effects import Block, Design

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class StandardisedSurvival:
    """Standardised survival: mean over all patients of their survival, had all of them been in one group.

    With a start after 0 each patient's survival is conditional on having no event by then, and "0" below is the start.
    times : (time,), rising from 0, with every cut of the baseline among them. survival : (sample, group,
    time), 1 at time 0. area : (sample, group, time), its exact integral from 0.
    """

    times: Floats
    survival: Floats
    area: Floats
    median: Floats  # (sample, group); inf where it is not reached by the last time

    def at(self, time: float) -> Floats:
        """Survival at one of `times`, (sample, group)."""
        return self.survival[:, :, np.searchsorted(self.times, time)]

    def restricted_mean(self, horizon: float) -> Floats:
        """Restricted mean survival time up to a horizon.

        Parameters
        ----------
        horizon : float
            One of `times`.

        Returns
        -------
        ndarray
            Shape (sample, group), in the study's unit of time.

        References
        ----------
        Royston & Parmar (2013), doi:10.1186/1471-2288-13-152.
        """
        return self.area[:, :, np.searchsorted(self.times, horizon)]


def standardise(draws: HazardDraws, wanted: Floats, start: float = 0.0) -> StandardisedSurvival:
    """Compute standardised survival at the start, at the cuts, at `wanted` times and at the end of follow-up.

    S_g(t) = sum over patterns of share * exp(-H_s(t) exp(group_effect[g] + x @ coefficient)), H_s the
    baseline of the pattern's own stratum (with hazards by group: of group g), cumulated from the start.

    Parameters
    ----------
    draws : HazardDraws
        Hazards of one fit.
    wanted : ndarray
        Further times, after the start and within follow-up.
    start : float
        Where every patient is still without the event.

    Returns
    -------
    StandardisedSurvival
        Survival, its integral (RMST) and median of each group.
    """
    cuts = draws.edges[(draws.edges > start) & (draws.edges < draws.follow_up)]
    times = np.unique(np.concatenate([[start], cuts, wanted, [draws.follow_up]]))
    step = np.diff(cumulative_hazard(draws, times), axis=2)
    order = np.argsort(draws.stratum, kind="stable")
    first = np.searchsorted(draws.stratum[order], np.arange(draws.baseline_of.shape[1] + 1))
    x = np.ascontiguousarray(draws.x[order].T)
    fixed = (x, draws.weight[order], first, draws.baseline_of, np.diff(times), 0.5)
    survival, area, median = _over_samples(mean_survival, (step, draws.group_effect, draws.coefficient), fixed)
    return StandardisedSurvival(
        times,
        np.pad(survival, ((0, 0), (0, 0), (1, 0)), constant_values=1.0),
        np.pad(np.cumsum(area, axis=2), ((0, 0), (0, 0), (1, 0))),
        start + median,
    )


def _over_samples(
    kernel: Callable[..., tuple[Floats, ...]], sampled: tuple[Floats, ...], fixed: tuple[object, ...]
) -> tuple[Floats, ...]:
    """Run a kernel on slices of the samples in threads (it holds no lock), and join what it gives."""
    workers = min(os.cpu_count() or 1, len(sampled[0]))
    bounds = np.linspace(0, len(sampled[0]), workers + 1).astype(int)
    slices = [slice(low, high) for low, high in pairwise(bounds)]
    with ThreadPoolExecutor(workers) as pool:
        parts = list(pool.map(lambda part: kernel(*(a[part] for a in sampled), *fixed), slices))
    return tuple(np.concatenate(pieces) for pieces in zip(*parts, strict=True))


def conditional_survival(
    posterior: Posterior,
    table: ExposureTable,
    design: Design,
    profile: Mapping[str, float | str],
    times: Floats,
) -> xr.DataArray:
    """Survival of one kind of patient, dims (chain, draw, stratum, group, time).

    profile : covariate -> value or level; covariates left out are at their mean (an empty profile is
    the average patient). With hazards by group there is one stratum, "all". Raises EstimandError for an
    unknown covariate or level, and beyond follow-up.
    """
    _check_profile(design, profile, times, table)
    draws = hazard_draws(posterior, table, design)
    x = draws.weight @ draws.x
    for block in design.blocks:
        if block.covariate.name in profile:
            x[block.columns] = _columns_of(block, profile[block.covariate.name])
    ratio = np.exp(draws.group_effect + (draws.coefficient @ x)[:, None])  # (sample, group)
    gained = cumulative_hazard(draws, times)  # (sample, baseline, time)
    survival = np.exp(-gained[:, draws.baseline_of] * ratio[:, :, None, None]).swapaxes(1, 2)
    strata: tuple[str, ...] = ("all",) if posterior.by_group else table.strata
    return draws.labelled(survival, stratum=strata, group=draws.groups, time=times)


def _columns_of(block: Block, value: float | str) -> Floats:
    """The design columns of one covariate value."""
    if block.covariate.levels is None:
        return np.array([(float(value) - block.centre) / block.sd])
    return block.to_effect[block.covariate.levels.index(str(value))]


def _check_profile(design: Design, profile: Mapping[str, float | str], times: Floats, table: ExposureTable) -> None:
    known = {block.covariate.name: block.covariate for block in design.blocks}
    faults = [
        f"profile: {name} is not a covariate of this model; it has {', '.join(known) or 'none'}."
        for name in profile
        if name not in known
    ]
    for name, value in profile.items():
        levels = known[name].levels if name in known else None
        if levels is not None and str(value) not in levels:
            faults.append(f"profile: {name} = {value!r} is not one of its levels: {', '.join(levels)}.")
    if len(times) and float(np.max(times)) > table.follow_up:
        faults.append(
            f"times: {float(np.max(times)):g} is after the last observed time, {table.follow_up:g} "
            f"{table.time_unit}. Nothing is extrapolated: give earlier times."
        )
    if faults:
        raise EstimandError(faults)
