"""Prior predictive survival: the prior of the model as survival curves."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesrefract.cohort.exposure import ExposureTable, split
from bayesrefract.model.arrays import ModelArrays
from bayesrefract.model.prior_draws import draw_baseline, has_proper_baseline

Floats = NDArray[np.float64]

QUANTILES = (0.025, 0.25, 0.5, 0.75, 0.975)
POINTS = 41


def prior_survival(
    arrays: ModelArrays, table: ExposureTable, rng: np.random.Generator, draws: int = 400, start: float = 0.0
) -> xr.DataArray | None:
    """Prior quantiles of survival from `start` on, of an average patient of the first stratum: dims (quantile, time).

    None where the prior is improper: independent hazards worth no events.
    """
    if not has_proper_baseline(arrays):
        return None
    hazard = draw_hazard(arrays, rng, draws)
    last = float(table.data["last_event"])
    times = np.linspace(min(start, last), last, POINTS)
    exposure = split(np.full(POINTS, times[0]), times, np.zeros(POINTS, dtype=bool), table.edges)[1]
    survival = np.exp(-hazard @ exposure.T)
    return xr.DataArray(
        np.quantile(survival, QUANTILES, axis=0),
        dims=("quantile", "time"),
        coords={"quantile": list(QUANTILES), "time": times},
    )


def draw_hazard(arrays: ModelArrays, rng: np.random.Generator, draws: int) -> Floats:
    """Prior draws of the first stratum's hazard, (draw, interval)."""
    return draw_baseline(arrays, rng, draws, [0])["hazard"][:, 0]
