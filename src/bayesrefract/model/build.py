"""Build the PyMC model of a fit from its arrays: baseline, effects and likelihood."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pymc as pm
import pytensor
import pytensor.tensor as pt
from pytensor.tensor.variable import TensorVariable

from bayesrefract.model import independent, random_walk
from bayesrefract.model.arrays import ModelArrays, Structure
from bayesrefract.model.products import at_risk, matvec
from bayesrefract.study.model import BaselineKind

DATA_DIMS: dict[str, tuple[str, ...]] = {
    "group_of": ("pattern",),
    "group_basis": ("group", "contrast"),
    "x": ("column", "pattern"),
    "column_sd": ("column",),
    "column_spread": ("column", "spread"),
    "exposure": ("interval", "pattern"),
    "event_groups": ("cell", "group"),
    "event_columns": ("cell", "column"),
    "crude_log_hazard": ("stratum",),
    "stratum_basis": ("stratum", "stratum_contrast"),
    "step": ("interval",),
    "event_share": ("stratum", "interval"),
    "stratum_events": ("stratum", "interval"),
    "rate": ("stratum", "interval"),
}


def build(arrays: ModelArrays) -> pm.Model:
    """Build the piecewise-exponential model of one exposure table.

    Deterministics `group_effect` (group), `coefficient` (column), `log_likelihood`, and `log_hazard`
    (stratum, interval), or for hazards integrated out `hazard_shape` and `hazard_rate` of their exact
    conditional Gamma distribution. Likelihood: Holford (1980), doi:10.2307/2529982; Laird & Olivier (1981),
    doi:10.1080/01621459.1981.10477634.
    """
    size = arrays.structure
    with pm.Model(coords=arrays.coords, check_bounds=False) as model:  # scales are positive by construction
        data = {name: pm.Data(name, value, dims=DATA_DIMS.get(name)) for name, value in arrays.values.items()}
        group_effect, coefficient = _group_effect(size, data), _coefficients(data)
        risk = at_risk(group_effect, coefficient, data)
        linear = matvec(data["event_groups"], group_effect) + matvec(data["event_columns"], coefficient)
        linear = linear.reshape(risk.shape)
        if size.kind is BaselineKind.RANDOM_WALK:
            alpha = random_walk.log_hazard(size.strata, data)
            total = random_walk.observe(alpha, risk, linear, data)
            pm.Deterministic("log_hazard", alpha, dims=("stratum", "interval"))
        else:
            shape, rate, total = independent.observe(size.strata, risk, linear, data)
            pm.Deterministic("hazard_shape", shape + pt.zeros_like(rate), dims=("stratum", "interval"))
            pm.Deterministic("hazard_rate", rate, dims=("stratum", "interval"))
        pm.Deterministic("log_likelihood", total)
    return model


def strict_arithmetic() -> AbstractContextManager[None]:
    """Compile without `fastmath`, so that equal seeds give equal draws.

    With it, a compilation read from PyTensor's cache rounds differently from a fresh one, and the draws differ.
    """
    return pytensor.config.change_flags(numba__fastmath=False)


def _group_effect(size: Structure, data: dict[str, TensorVariable]) -> TensorVariable:
    """Log hazard of each group, summing to zero: Normal(0, sd) on every pairwise log HR.

    This is a ZeroSumNormal in an orthonormal basis, so that groups can be padded and the primary
    contrast (the first coordinate, times sqrt 2) can have a mixture for a prior.
    """
    if size.flat:
        coordinates = pm.Flat("group_coordinate", shape=(size.n_groups - 1,))
    else:
        first = pm.NormalMixture("primary_coordinate", w=[0.5, 0.5], mu=data["group_location"], sigma=data["group_sd"])
        rest = pm.Normal("other_coordinate", 0.0, 1.0, shape=(size.n_groups - 2,))
        coordinates = pt.concatenate([first[None], data["rest_sd"] * rest])
    return pm.Deterministic("group_effect", matvec(data["group_basis"], coordinates), dims="group")


def _coefficients(data: dict[str, TensorVariable]) -> TensorVariable:
    """Coefficients of the standardised columns: fixed prior sd, or one learnt per exchangeable covariate."""
    tau = pm.HalfNormal("tau", data["spread_scale"], dims="spread")
    raw = pm.Normal("raw_coefficient", 0.0, 1.0, dims="column")
    scale = data["column_sd"] + matvec(data["column_spread"], tau)
    return pm.Deterministic("coefficient", raw * scale, dims="column")
