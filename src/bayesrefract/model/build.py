"""Build the PyMC model of a fit from its arrays: baseline, effects and likelihood."""

from __future__ import annotations

from contextlib import AbstractContextManager

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
from pytensor.tensor.variable import TensorVariable

from bayesrefract.model import independent, random_walk
from bayesrefract.model.arrays import ModelArrays
from bayesrefract.model.products import at_risk, matvec
from bayesrefract.model.structure import Structure
from bayesrefract.study.model import BaselineKind

DATA_DIMS: dict[str, tuple[str, ...]] = {
    "group_loading": ("group", "effect"),
    "cell_loading": ("cell", "effect"),
    "effect_sd": ("effect",),
    "effect_spread": ("effect", "spread"),
    "event_effects": ("effect",),
    "spread_scale": ("spread",),
    "x": ("column", "row"),
    "width": ("interval",),
    "row_count": ("row",),
    "row_time": ("row",),
    "cell_group": ("cell",),
    "column_sd": ("column",),
    "column_spread": ("column", "spread"),
    "event_columns": ("column",),
    "change_basis": ("group", "group_contrast"),
    "change_step": ("interval",),
    "change_share": ("interval",),
    "group_events": ("group", "interval"),
    "crude_log_hazard": ("stratum",),
    "stratum_basis": ("stratum", "stratum_contrast"),
    "step": ("interval",),
    "event_share": ("stratum", "interval"),
    "stratum_events": ("stratum", "interval"),
    "event_fraction": ("stratum", "interval"),
    "rate": ("stratum", "interval"),
}


def build(arrays: ModelArrays) -> pm.Model:
    """Build the piecewise-exponential model of one exposure table.

    Deterministics `group_effect` (group), `coefficient` (column), `log_likelihood`, and `log_hazard`
    (stratum, interval), or for hazards integrated out `hazard_shape` and `hazard_rate` of their exact
    conditional Gamma distribution; `change` (group, interval), where the hazard ratio may change. Likelihood:
    Holford (1980), doi:10.2307/2529982; Laird & Olivier (1981), doi:10.1080/01621459.1981.10477634.
    """
    size = arrays.structure
    with pm.Model(coords=arrays.coords, check_bounds=False) as model:  # scales are positive by construction
        data = {name: pm.Data(name, value, dims=DATA_DIMS.get(name)) for name, value in arrays.values.items()}
        tau = pm.HalfNormal("tau", data["spread_scale"], dims="spread")
        effect, coefficient = _effects(size, tau, data), _coefficients(tau, data)
        change = _change(data) if size.changing else None
        risk = at_risk(matvec(data["cell_loading"], effect), change, coefficient, data)
        linear = (data["event_effects"] * effect).sum() + (data["event_columns"] * coefficient).sum()
        if change is not None:
            linear += (data["group_events"] * change).sum()
        # Only its sum over strata and intervals is in the likelihood: it is spread over them as the events are.
        linear = data["event_fraction"] * linear
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


def _effects(size: Structure, tau: TensorVariable, data: dict[str, TensorVariable]) -> TensorVariable:
    """Effects on the cells, (effect,): those of the groups first, in an orthonormal basis that sums to zero.

    For the groups this is a ZeroSumNormal, Normal(0, sd) on every pairwise log HR, written so that groups can be padded
    and the primary contrast (the first coordinate, times sqrt 2) can have a mixture for a prior.
    """
    if size.flat:
        effect = pm.Flat("group_coordinate", shape=(size.n_effects,))
    else:
        first = pm.NormalMixture("primary_coordinate", w=[0.5, 0.5], mu=data["group_location"], sigma=data["group_sd"])
        others = pm.Normal("other_coordinate", 0.0, 1.0, shape=(size.n_effects - 1,))
        scale = data["effect_sd"] + matvec(data["effect_spread"], tau)
        effect = pt.concatenate([first[None], scale[1:] * others])
    pm.Deterministic("group_effect", matvec(data["group_loading"], effect), dims="group")
    return effect


def _coefficients(tau: TensorVariable, data: dict[str, TensorVariable]) -> TensorVariable:
    """Coefficients of the standardised columns: fixed prior sd, or one learnt per exchangeable covariate."""
    raw = pm.Normal("raw_coefficient", 0.0, 1.0, dims="column")
    scale = data["column_sd"] + matvec(data["column_spread"], tau)
    return pm.Deterministic("coefficient", raw * scale, dims="column")


def _change(data: dict[str, TensorVariable]) -> TensorVariable:
    """Log hazard of each group against its average over follow-up, (group, interval).

    A random walk over the intervals, zero-sum over the groups, its event-weighted mean 0. `change_sd` is the sd of
    the change of a pairwise log hazard ratio over follow-up.
    """
    sd = pm.HalfNormal("change_sd", data["change_scale"])
    innovation = pm.Normal("change_innovation", 0.0, 1.0, dims=("group_contrast", "interval"))
    walk = pt.cumsum(innovation * data["change_step"], axis=1) * (sd / np.sqrt(2))
    walk = walk - (walk * data["change_share"]).sum(axis=1, keepdims=True)
    by_group = (data["change_basis"][:, :, None] * walk[None, :, :]).sum(axis=1)
    return pm.Deterministic("change", by_group, dims=("group", "interval"))
