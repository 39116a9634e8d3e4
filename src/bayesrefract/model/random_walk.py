"""Piecewise-constant hazards with a random-walk prior on the log hazard: smooth, independent of the time unit."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray
from pytensor.tensor.variable import TensorVariable

from bayesrefract.model.products import matvec
from bayesrefract.study.model import StrataKind

Floats = NDArray[np.float64]


def log_hazard(strata: StrataKind, data: dict[str, TensorVariable]) -> TensorVariable:
    """Baseline log hazard, dims (stratum, interval): level + walk, the walk's event-weighted mean 0.

    Free: nothing is shared between strata. Pooled: each stratum deviates from a common level and
    walk by amounts whose spread is learnt.
    """
    if strata is StrataKind.POOLED:
        return _pooled(data)
    offset = pm.Normal("level_offset", 0.0, 1.0, dims="stratum")
    sigma = pm.HalfNormal("sigma", data["innovation_sd"], dims="stratum")
    innovation = pm.Normal("innovation", 0.0, 1.0, dims=("stratum", "interval"))
    level = data["crude_log_hazard"] + data["level_sd"] * offset
    walk = pt.cumsum(innovation * data["step"], axis=1) * sigma[:, None]
    return level[:, None] + _centred(walk, data["event_share"])


def _pooled(data: dict[str, TensorVariable]) -> TensorVariable:
    """Common level and walk, plus shrunken deviations per stratum that sum to zero over the strata."""
    offset = pm.Normal("level_offset", 0.0, 1.0)
    sigma = pm.HalfNormal("sigma", data["innovation_sd"])
    innovation = pm.Normal("innovation", 0.0, 1.0, dims="interval")
    stratum_sd = pm.HalfNormal("stratum_sd", 0.5)
    stratum_sigma = pm.HalfNormal("stratum_sigma", 0.3)
    stratum_offset = pm.Normal("stratum_offset", 0.0, 1.0, dims="stratum_contrast")
    stratum_innovation = pm.Normal("stratum_innovation", 0.0, 1.0, dims=("stratum_contrast", "interval"))
    basis = data["stratum_basis"]
    level = data["common_log_hazard"] + data["level_sd"] * offset + stratum_sd * matvec(basis, stratum_offset)
    deviation = (basis[:, :, None] * stratum_innovation[None, :, :]).sum(axis=1)
    steps = sigma * innovation + stratum_sigma * deviation
    return level[:, None] + _centred(pt.cumsum(steps * data["step"], axis=1), data["event_share"])


def _centred(walk: TensorVariable, event_share: TensorVariable) -> TensorVariable:
    return walk - (walk * event_share).sum(axis=1, keepdims=True)


def observe(
    alpha: TensorVariable, risk: TensorVariable, linear: TensorVariable, data: dict[str, TensorVariable]
) -> TensorVariable:
    """Add the likelihood of the events per stratum and interval; returns the total log likelihood.

    Per cell D * alpha + linear - R * exp(alpha): D events, R the person-time at risk weighted by relative
    hazard, linear the sum of the linear predictors of those with an event.
    """

    def log_likelihood(
        value: TensorVariable, alpha: TensorVariable, risk: TensorVariable, linear: TensorVariable
    ) -> TensorVariable:
        return value * alpha + linear - risk * pt.exp(alpha)

    observed = data["stratum_events"]
    pm.CustomDist(
        "stratum_died",
        alpha,
        risk,
        linear,
        logp=log_likelihood,
        random=_draw,
        observed=observed,
        dims=("stratum", "interval"),
    )
    return log_likelihood(observed, alpha, risk, linear).sum()


def _draw(
    alpha: Floats, risk: Floats, linear: Floats, rng: np.random.Generator, size: tuple[int, ...] | None = None
) -> Floats:
    """Events in the observed person-time: Poisson with mean R * hazard."""
    return rng.poisson(np.exp(alpha) * risk, size=size).astype(float)
