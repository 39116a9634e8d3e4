"""Priors as the hazard ratios they imply, for the table that a reviewer reads."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from bayesrefract.model.effects import Design
from bayesrefract.model.priors import GroupPrior
from bayesrefract.plan import Baseline, BaselineKind, ModelPlan, StrataKind
from bayesrefract.study import Contrast, Rope

CENTRAL = float(ndtri(0.975))


@dataclass(frozen=True)
class PriorImplication:
    """What a prior says in hazard ratios: central 95% range, and mass inside the primary ROPE."""

    quantity: str
    distribution: str
    hazard_ratio95: tuple[float, float] | None
    inside_rope: float | None
    label: str = ""  # e.g. "favours equivalence", "flat: for oracles only"


def imply(
    plan: ModelPlan, prior: GroupPrior, design: Design, primary: Contrast, rope: Rope | None
) -> tuple[PriorImplication, ...]:
    """One row for the groups, one for each covariate, one or more for the baseline."""
    return (*_groups(plan, prior, primary, rope), *_covariates(plan, design), *_baseline(plan.baseline))


def _groups(plan: ModelPlan, prior: GroupPrior, primary: Contrast, rope: Rope | None) -> list[PriorImplication]:
    if plan.baseline.by_group:
        return []
    inside = prior.mass_inside(rope.low, rope.high) if rope else None
    return [PriorImplication(primary.label, prior.describe(), prior.central95(), inside, prior.label)]


def _covariates(plan: ModelPlan, design: Design) -> list[PriorImplication]:
    """Continuous: per standard deviation. Categories: between any two levels."""
    rows = []
    for block in design.blocks:
        name = block.covariate.name
        if block.exchangeable:
            scale = plan.priors.exchangeable_scale
            text = f"Normal(0, tau) per level, tau half-normal({scale:g})"
            rows.append(PriorImplication(f"{name}: any two levels", text, _learnt_range(np.sqrt(2) * scale), None))
        elif block.covariate.is_categorical:
            sd = plan.priors.categorical_pairwise_sd
            rows.append(PriorImplication(f"{name}: any two levels", f"Normal(0, {sd:g})", _normal_range(sd), None))
        else:
            sd = plan.priors.continuous_sd
            quantity = f"{name}: per standard deviation ({block.sd:.3g})"
            rows.append(PriorImplication(quantity, f"Normal(0, {sd:g})", _normal_range(sd), None))
    return rows


def _baseline(baseline: Baseline) -> list[PriorImplication]:
    """Random walk: late against early follow-up, and the level. Independent: each interval's hazard."""
    strata = "" if baseline.strata is StrataKind.COMMON else f", {baseline.strata} strata"
    if baseline.kind is BaselineKind.RANDOM_WALK:
        scale = baseline.innovation_sd
        walk = f"random walk, sigma half-normal({scale:g}){strata}"
        level = f"Normal(log(events / exposure), {baseline.level_sd:g})"
        return [
            PriorImplication("hazard, end against start of follow-up", walk, _learnt_range(scale), None),
            PriorImplication("hazard, level against the crude rate", level, _normal_range(baseline.level_sd), None),
        ]
    if baseline.strata is StrataKind.POOLED:
        text = "Gamma(k, k / m) per stratum and interval; log k Normal(1, 1), log m Normal(log crude rate, 2)"
    elif baseline.rate is not None:
        text = f"Gamma({baseline.shape:g}, {baseline.rate:g} per {baseline.rate_unit})"
    else:
        text = f"Gamma worth {baseline.shape:g} events per interval at the crude rate{strata}"
    return [PriorImplication("hazard of each interval", text, None, None)]


def _normal_range(sd: float) -> tuple[float, float]:
    return float(np.exp(-CENTRAL * sd)), float(np.exp(CENTRAL * sd))


def _learnt_range(scale: float) -> tuple[float, float]:
    """Central 95% range of exp(Normal(0, s)) with s half-normal(scale)."""
    limit = scale * _learnt_limit()
    return math.exp(-limit), math.exp(limit)


@cache
def _learnt_limit() -> float:
    """Upper 2.5% point of Normal(0, s) with s half-normal(1)."""

    def tail(limit: float) -> float:
        def density(s: float) -> float:
            return float(ndtr(-limit / s)) * math.sqrt(2 / math.pi) * math.exp(-s * s / 2)

        return float(quad(density, 0, 12, limit=200, epsabs=1e-12)[0]) - 0.025

    return float(brentq(tail, 0.1, 10.0))
