"""Draws of every parameter from the prior, as the sampler would give them had it seen no patient.

The priors of build.py are written a second time here, in numpy: importing PyMC takes longer than all
of it. Tests compare both forms.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesrefract.model.arrays import ModelArrays
from bayesrefract.study.model import BaselineKind, StrataKind

Floats = NDArray[np.float64]
Draws = dict[str, Floats]
"""Name of a parameter -> its draws, the first axis."""

POOLED_STRATUM_SD, POOLED_STRATUM_SIGMA = 0.5, 0.3
"""As random_walk._pooled: half-normal scales of what a stratum's level and walk add to the common ones."""


def has_proper_baseline(arrays: ModelArrays) -> bool:
    """Whether the baseline's prior is a distribution; independent hazards worth no events have none."""
    shape = arrays.values.get("shape")
    return shape is None or float(shape) > 0


def prior_draws(arrays: ModelArrays, rng: np.random.Generator, draws: int) -> xr.Dataset | None:
    """Every parameter of a posterior drawn from its prior, under the posterior's names, padding removed.

    Dims (chain, draw, ...) with one chain. None where the prior is improper.
    """
    if arrays.structure.flat or not has_proper_baseline(arrays):
        return None
    real = arrays.real
    found = draw_baseline(arrays, rng, draws, range(real.n_strata))
    with np.errstate(divide="ignore"):  # a Gamma of small shape draws hazards that are 0 to rounding
        found["log_hazard"] = np.log(found.pop("hazard"))
    dims: dict[str, tuple[str, ...]] = {"log_hazard": ("stratum", "interval"), "sigma": ("stratum",)}
    if found.get("sigma", np.empty(0)).ndim == 1:  # one common walk
        dims["sigma"] = ()
    tau = np.asarray(arrays.values["spread_scale"] * np.abs(rng.normal(size=(draws, arrays.structure.n_spreads))))
    if not arrays.by_group:
        found["group_effect"] = _group_effect(arrays, rng, draws, tau)[:, : real.n_groups]
        dims["group_effect"] = ("group",)
    if arrays.structure.changing:
        found["change_sd"], change = _change(arrays, rng, draws)
        found["change"], dims["change"] = change[:, : real.n_groups, : real.n_intervals], ("group", "interval")
    coefficient = _coefficients(arrays, rng, tau)
    if real.n_spreads:
        found["tau"], dims["tau"] = tau[:, : real.n_spreads], ("spread",)
    if real.n_columns:
        found["coefficient"], dims["coefficient"] = coefficient[:, : real.n_columns], ("covariate",)
    variables = {name: (("chain", "draw", *dims.get(name, ())), values[None]) for name, values in found.items()}
    prior = xr.Dataset(variables)
    names = {"covariate": "column"}
    labels = {dim: arrays.coords[names.get(str(dim), str(dim))] for dim in prior.dims if dim not in {"chain", "draw"}}
    return prior.assign_coords({dim: label[: prior.sizes[dim]] for dim, label in labels.items()})


def draw_baseline(arrays: ModelArrays, rng: np.random.Generator, draws: int, strata: Iterable[int]) -> Draws:
    """Prior draws of the chosen strata: `hazard` (draw, stratum, interval) and its hyperparameters."""
    values = _numbers(arrays)
    pooled = arrays.structure.strata is StrataKind.POOLED
    if arrays.structure.kind is BaselineKind.RANDOM_WALK:
        draw = _pooled_walk if pooled else _free_walk
    else:
        draw = _pooled_gamma if pooled else _free_gamma
    found = draw(values, rng, draws, list(strata))
    found["hazard"] = found["hazard"][:, :, : arrays.real.n_intervals]
    return found


def _numbers(arrays: ModelArrays) -> Draws:
    return {name: np.asarray(value, dtype=float) for name, value in arrays.values.items()}


def _free_walk(values: Draws, rng: np.random.Generator, draws: int, strata: list[int]) -> Draws:
    """As random_walk.log_hazard: nothing is shared between strata."""
    sigmas, hazards = [], []
    for stratum in strata:
        level = values["crude_log_hazard"][stratum] + values["level_sd"] * rng.normal(size=(draws, 1))
        sigma = values["innovation_sd"] * np.abs(rng.normal(size=(draws, 1)))
        steps = sigma * rng.normal(size=(draws, len(values["step"])))
        sigmas.append(sigma[:, 0])
        hazards.append(level + _centred(steps, values, stratum))
    return {"sigma": np.stack(sigmas, axis=1), "hazard": np.exp(np.stack(hazards, axis=1))}


def _pooled_walk(values: Draws, rng: np.random.Generator, draws: int, strata: list[int]) -> Draws:
    """As random_walk._pooled: a common level and walk, and each stratum's deviation from both."""
    intervals, basis = len(values["step"]), values["stratum_basis"]
    common_level = values["common_log_hazard"] + values["level_sd"] * rng.normal(size=(draws, 1))
    sigma = values["innovation_sd"] * np.abs(rng.normal(size=(draws, 1)))
    common = sigma * rng.normal(size=(draws, intervals))
    spreads = np.array([POOLED_STRATUM_SD, POOLED_STRATUM_SIGMA])[:, None, None]
    stratum_sd, stratum_sigma = np.abs(rng.normal(size=(2, draws, 1))) * spreads
    offset = rng.normal(size=(draws, basis.shape[1]))
    innovation = rng.normal(size=(draws, basis.shape[1], intervals))
    hazards = []
    for stratum in strata:
        level = common_level + stratum_sd * (offset @ basis[stratum])[:, None]
        steps = common + stratum_sigma * (basis[stratum] @ innovation)
        hazards.append(level + _centred(steps, values, stratum))
    return {
        "sigma": sigma[:, 0],
        "stratum_sd": stratum_sd[:, 0],
        "stratum_sigma": stratum_sigma[:, 0],
        "hazard": np.exp(np.stack(hazards, axis=1)),
    }


def _centred(steps: Floats, values: Draws, stratum: int) -> Floats:
    """The walk of these innovations, its event-weighted mean in the stratum 0."""
    walk = np.cumsum(steps * values["step"], axis=1)
    return walk - walk @ values["event_share"][stratum][:, None]


def _free_gamma(values: Draws, rng: np.random.Generator, draws: int, strata: list[int]) -> Draws:
    """As independent.hazard_prior, its shape and rates fixed."""
    rates = [values["rate"][stratum] for stratum in strata]
    hazards = [rng.gamma(values["shape"], 1.0 / rate, (draws, len(rate))) for rate in rates]
    return {"hazard": np.stack(hazards, axis=1)}


def _pooled_gamma(values: Draws, rng: np.random.Generator, draws: int, strata: list[int]) -> Draws:
    """As independent.hazard_prior: Gamma(k, k / m), k and the common hazards m learnt."""
    log_k = rng.normal(1.0, 1.0, (draws, 1))
    k = np.exp(log_k)
    offset = rng.normal(size=(draws, values["rate"].shape[1]))
    common = np.exp(values["common_log_hazard"] + 2.0 * offset)
    hazards = [rng.gamma(np.broadcast_to(k, offset.shape)) * common / k for _ in strata]
    return {"log_k": log_k[:, 0], "hazard": np.stack(hazards, axis=1)}


def _group_effect(arrays: ModelArrays, rng: np.random.Generator, draws: int, tau: Floats) -> Floats:
    """As build._effects, the part of the groups: (draw, group)."""
    values = _numbers(arrays)
    component = rng.integers(2, size=draws)
    first = rng.normal(values["group_location"][component], values["group_sd"][component])
    scale = values["effect_sd"] + tau @ values["effect_spread"].T
    others = scale[:, 1:] * rng.normal(size=(draws, arrays.structure.n_effects - 1))
    return np.column_stack([first, others]) @ values["group_loading"].T


def _coefficients(arrays: ModelArrays, rng: np.random.Generator, tau: Floats) -> Floats:
    """As build._coefficients, (draw, column)."""
    values = _numbers(arrays)
    scale = values["column_sd"] + tau @ values["column_spread"].T
    return scale * rng.normal(size=scale.shape)


def _change(arrays: ModelArrays, rng: np.random.Generator, draws: int) -> tuple[Floats, Floats]:
    """As build._change: its sd (draw,), and (draw, group, interval)."""
    values = _numbers(arrays)
    basis, step = values["change_basis"], values["change_step"]
    sd = values["change_scale"] * np.abs(rng.normal(size=draws))
    innovation = rng.normal(size=(draws, basis.shape[1], len(step)))
    walk = np.cumsum(innovation * step, axis=2) * (sd / np.sqrt(2))[:, None, None]
    walk -= (walk @ values["change_share"])[:, :, None]
    return sd, basis @ walk
