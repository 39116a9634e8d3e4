"""Posterior draws of one fit."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from bayesrefract.model.arrays import ModelArrays
from bayesrefract.model.reported import REPORTED
from bayesrefract.study.model import BaselineKind

INTERNAL = {"hazard_shape", "hazard_rate"}
STATISTICS = ("diverging", "energy", "n_steps", "depth")


@dataclass(frozen=True)
class Posterior:
    """Draws of one fit, padding removed; nothing at patient level.

    draws : dims (chain, draw, ...)
        `group_effect` (group): log hazard of each group, zero-sum; absent when hazards are by group.
        `coefficient` (covariate): of the standardised design columns, in their order.
        `log_hazard` (stratum, interval): baseline log hazard per unit of time; with hazards by group
        the strata are the groups.
        `sigma` (stratum), `tau` (spread), ...: hyperparameters, where the model has them.
        `log_likelihood`: total.
    statistics : dims (chain, draw): `diverging`, `energy`, ... of the sampler.
    """

    draws: xr.Dataset = field(repr=False)
    statistics: xr.Dataset = field(repr=False)
    key: str
    by_group: bool = False

    @property
    def n_draws(self) -> int:
        """Draws over all chains."""
        return int(self.draws.sizes["chain"] * self.draws.sizes["draw"])


def labels(arrays: ModelArrays) -> dict[str, list[str]]:
    """Names along each dimension of the draws, in their order, without the padding."""
    real, coords = arrays.real, arrays.coords
    return {
        "group": coords["group"][: real.n_groups],
        "covariate": coords["column"][: real.n_columns],
        "spread": coords["spread"][: real.n_spreads],
        "stratum": coords["stratum"][: real.n_strata],
        "interval": coords["interval"][: real.n_intervals],
    }


def drop_padding(trace: xr.DataTree, arrays: ModelArrays, key: str, rng: np.random.Generator) -> Posterior:
    """Drop the padding: keep real groups, columns, strata and intervals, under their names.

    Hazards that were integrated out are drawn back here, exactly: Gamma(shape, rate) given the effects.
    """
    posterior = trace["posterior"].to_dataset()
    if arrays.structure.kind is BaselineKind.INDEPENDENT:
        posterior["log_hazard"] = _draw_hazards(posterior["hazard_shape"], posterior["hazard_rate"], rng)
    names = {"column" if name == "covariate" else name: real for name, real in labels(arrays).items()}
    kept = posterior[[name for name in posterior.data_vars if name in REPORTED and name not in INTERNAL]]
    kept = kept.isel({name: slice(len(real)) for name, real in names.items() if name in kept.dims})
    if arrays.by_group:
        kept = kept.drop_vars("group_effect")
    kept = kept.drop_vars([name for name in kept.data_vars if kept[name].size == 0])
    kept = kept.assign_coords({name: real for name, real in names.items() if name in kept.dims})
    kept = kept.rename({"column": "covariate"} if "column" in kept.dims else {})  # ArviZ calls places of a grid so
    statistics = trace["sample_stats"].to_dataset()
    found = [name for name in STATISTICS if name in statistics]
    return Posterior(kept.drop_dims(_unused(kept)), statistics[found].reset_coords(drop=True), key, arrays.by_group)


def _unused(draws: xr.Dataset) -> list[str]:
    used = {dim for variable in draws.data_vars.values() for dim in variable.dims}
    return [str(dim) for dim in draws.dims if dim not in used]


def _draw_hazards(shape: xr.DataArray, rate: xr.DataArray, rng: np.random.Generator) -> xr.DataArray:
    """Log of Gamma(shape, rate) draws; shape 0 (neither prior nor event) is a hazard of 0."""
    hazard = np.where(shape.values > 0, rng.gamma(np.maximum(shape.values, 1e-12)), 0.0) / rate.values
    with np.errstate(divide="ignore"):
        return rate.copy(data=np.log(hazard))
