"""Independent Gamma hazards per interval, integrated out: only the effects are left to sample.

With h_j ~ Gamma(a, b_j), D_j events and R_j = sum_p exposure[p, j] exp(eta[p]), the hazards' share of
the likelihood integrates to lgamma(a + D) - lgamma(a) + a log b - (a + D) log(b + R). They are drawn
back exactly afterwards: h_j given the effects ~ Gamma(a + D_j, b_j + R_j).
"""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray
from pytensor.tensor.variable import TensorVariable

from bayesrefract.study.model import StrataKind

Floats = NDArray[np.float64]


def hazard_prior(strata: StrataKind, data: dict[str, TensorVariable]) -> tuple[TensorVariable, TensorVariable]:
    """Shape and rate of each hazard's Gamma prior.

    Free: fixed, worth `shape` events per interval at the crude rate. Pooled: Gamma(k, k / m[j]) with
    k (how alike the strata are, in events) and the common hazards m learnt.
    """
    if strata is not StrataKind.POOLED:
        return data["shape"], data["rate"]
    log_k = pm.Normal("log_k", 1.0, 1.0)
    offset = pm.Normal("common_offset", 0.0, 1.0, dims="interval")
    common = pt.exp(data["common_log_hazard"] + 2.0 * offset)
    k = pt.exp(log_k)
    return k, pt.broadcast_to(k / common, data["rate"].shape)


def observe(
    strata: StrataKind, risk: TensorVariable, linear: TensorVariable, data: dict[str, TensorVariable]
) -> tuple[TensorVariable, TensorVariable, TensorVariable]:
    """Add the likelihood of the events per stratum and interval; returns posterior shape, rate and log likelihood."""
    shape, rate = hazard_prior(strata, data)
    learnt = strata is StrataKind.POOLED

    def log_likelihood(
        value: TensorVariable, shape: TensorVariable, rate: TensorVariable, risk: TensorVariable, linear: TensorVariable
    ) -> TensorVariable:
        collapsed = linear - (shape + value) * pt.log(rate + risk)
        if not learnt:  # the prior's normalising terms are constants
            return collapsed
        return collapsed + shape * pt.log(rate) - pt.gammaln(shape) + pt.gammaln(shape + value)

    observed = data["stratum_events"]
    pm.CustomDist(
        "stratum_died",
        shape,
        rate,
        risk,
        linear,
        logp=log_likelihood,
        random=_draw,
        observed=observed,
        dims=("stratum", "interval"),
    )
    total = log_likelihood(observed, shape, rate, risk, linear).sum()
    return shape + observed, rate + risk, total


def _draw(
    shape: Floats,
    rate: Floats,
    risk: Floats,
    linear: Floats,
    rng: np.random.Generator,
    size: tuple[int, ...] | None = None,
) -> Floats:
    """Events in the observed person-time, hazards drawn from their prior: a Gamma-Poisson mixture."""
    return rng.poisson(rng.gamma(shape, 1.0 / rate, size=size) * risk).astype(float)
