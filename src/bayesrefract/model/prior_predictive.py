"""What the prior alone says about survival, before any event is counted."""

from __future__ import annotations

import numpy as np
import pymc as pm
import xarray as xr
from numpy.typing import NDArray

from bayesrefract.exposure import ExposureTable, split
from bayesrefract.model import independent, random_walk
from bayesrefract.model.arrays import ModelArrays
from bayesrefract.model.build import DATA_DIMS
from bayesrefract.plan import BaselineKind

QUANTILES = (0.025, 0.25, 0.5, 0.75, 0.975)
POINTS = 41


def prior_survival(
    arrays: ModelArrays, table: ExposureTable, rng: np.random.Generator, draws: int = 400
) -> xr.DataArray | None:
    """Prior quantiles of survival for an average patient of the first stratum, dims (quantile, time).

    None where the prior is improper: independent hazards worth no events.
    """
    baseline_shape = arrays.values.get("shape")
    if baseline_shape is not None and float(baseline_shape) == 0.0:
        return None
    hazard = np.exp(_draw_log_hazard(arrays, rng, draws))
    times = np.linspace(0.0, float(table.data["last_event"]), POINTS)
    exposure = split(np.zeros(POINTS), times, np.zeros(POINTS, dtype=bool), table.edges)[1]
    survival = np.exp(-hazard @ exposure.T)
    return xr.DataArray(
        np.quantile(survival, QUANTILES, axis=0),
        dims=("quantile", "time"),
        coords={"quantile": list(QUANTILES), "time": times},
    )


def _draw_log_hazard(arrays: ModelArrays, rng: np.random.Generator, draws: int) -> NDArray[np.float64]:
    """Prior draws of the first stratum's log hazard, (draw, interval)."""
    size = arrays.structure
    with pm.Model(coords=arrays.coords):
        names = [name for name in arrays.values if name not in {"x", "events", "exposure", "indicator", "group_of"}]
        data = {
            name: pm.Data(name, arrays.values[name], dims=DATA_DIMS.get(name))
            for name in names
            if DATA_DIMS.get(name) != ("pattern",)
        }
        if size.kind is BaselineKind.RANDOM_WALK:
            log_hazard = random_walk.log_hazard(size.strata, data)
        else:
            shape, rate = independent.hazard_prior(size.strata, data)
            log_hazard = pm.math.log(pm.Gamma.dist(alpha=shape, beta=rate))
        values = pm.draw(log_hazard, draws=draws, random_seed=rng, mode="FAST_COMPILE")
    return values[:, 0, : arrays.real.n_intervals]
