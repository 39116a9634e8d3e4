"""Prior predictive survival.

The prior of the baseline is implemented a second time here, in numpy, as importing PyMC takes longer than
the computation. A test compares both forms.
"""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesrefract.cohort.exposure import ExposureTable, split
from bayesrefract.model.arrays import ModelArrays
from bayesrefract.study.model import BaselineKind, StrataKind

Floats = NDArray[np.float64]

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
    hazard = draw_hazard(arrays, rng, draws)
    times = np.linspace(0.0, float(table.data["last_event"]), POINTS)
    exposure = split(np.zeros(POINTS), times, np.zeros(POINTS, dtype=bool), table.edges)[1]
    survival = np.exp(-hazard @ exposure.T)
    return xr.DataArray(
        np.quantile(survival, QUANTILES, axis=0),
        dims=("quantile", "time"),
        coords={"quantile": list(QUANTILES), "time": times},
    )


def draw_hazard(arrays: ModelArrays, rng: np.random.Generator, draws: int) -> Floats:
    """Prior draws of the first stratum's hazard, (draw, interval)."""
    pooled = arrays.structure.strata is StrataKind.POOLED
    values = {name: np.asarray(value, dtype=float) for name, value in arrays.values.items()}
    if arrays.structure.kind is BaselineKind.RANDOM_WALK:
        walk = _pooled_walk if pooled else _free_walk
        hazard = np.exp(walk(values, rng, draws))
    elif pooled:
        hazard = _pooled_gamma(values, rng, draws)
    else:
        rate = values["rate"][0]
        hazard = rng.gamma(values["shape"], 1.0 / rate, (draws, len(rate)))
    return hazard[:, : arrays.real.n_intervals]


def _free_walk(values: dict[str, Floats], rng: np.random.Generator, draws: int) -> Floats:
    """As random_walk.log_hazard."""
    level = values["crude_log_hazard"][0] + values["level_sd"] * rng.normal(size=(draws, 1))
    sigma = values["innovation_sd"] * np.abs(rng.normal(size=(draws, 1)))
    return level + _centred(sigma * rng.normal(size=(draws, len(values["step"]))), values)


def _pooled_walk(values: dict[str, Floats], rng: np.random.Generator, draws: int) -> Floats:
    """As random_walk._pooled: a common level and walk, and the first stratum's deviation from each."""
    intervals, basis = len(values["step"]), values["stratum_basis"][0]
    level = values["common_log_hazard"] + values["level_sd"] * rng.normal(size=(draws, 1))
    common = values["innovation_sd"] * np.abs(rng.normal(size=(draws, 1))) * rng.normal(size=(draws, intervals))
    stratum_sd, stratum_sigma = np.abs(rng.normal(size=(2, draws, 1))) * np.array([0.5, 0.3])[:, None, None]
    level = level + stratum_sd * (rng.normal(size=(draws, len(basis))) @ basis)[:, None]
    deviation = basis @ rng.normal(size=(draws, len(basis), intervals))
    return level + _centred(common + stratum_sigma * deviation, values)


def _centred(steps: Floats, values: dict[str, Floats]) -> Floats:
    """The walk of these innovations, its event-weighted mean in the first stratum 0."""
    walk = np.cumsum(steps * values["step"], axis=1)
    return walk - walk @ values["event_share"][0][:, None]


def _pooled_gamma(values: dict[str, Floats], rng: np.random.Generator, draws: int) -> Floats:
    """As independent.hazard_prior: Gamma(k, k / m), k and the common hazards m learnt."""
    k = np.exp(rng.normal(1.0, 1.0, (draws, 1)))
    offset = rng.normal(size=(draws, values["rate"].shape[1]))
    return rng.gamma(np.broadcast_to(k, offset.shape)) * np.exp(values["common_log_hazard"] + 2.0 * offset) / k
