"""Hazard ratios of the covariates, as readers want them: per a stated step, per category."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesrefract.inference.posterior import Posterior
from bayesrefract.interval import Interval
from bayesrefract.model.effects import Block, Design


@dataclass(frozen=True)
class CovariateEffect:
    """Hazard ratio of a covariate per its step, or of a category against the average category."""

    name: str
    level: str | None
    per: float | None
    hazard_ratio: Interval  # median and 95% equal-tailed limits


def covariate_effects(posterior: Posterior, design: Design) -> tuple[CovariateEffect, ...]:
    """Every covariate of the design, in its order; a category's average is that of the logs."""
    return tuple(effect for block in design.blocks for effect in _of_block(posterior, block))


def _of_block(posterior: Posterior, block: Block) -> Iterator[CovariateEffect]:
    coefficient = posterior.draws["coefficient"].isel(column=block.columns).transpose("column", "chain", "draw")
    log_effect = np.tensordot(block.to_effect, coefficient.to_numpy(), axes=1)  # (level or 1, chain, draw)
    covariate = block.covariate
    if covariate.levels is None:
        per_step = log_effect[0] * covariate.per / block.sd
        yield CovariateEffect(covariate.name, None, covariate.per, _ratio(per_step))
        return
    against_average = log_effect - log_effect.mean(axis=0)
    for level, draws in zip(covariate.levels, against_average, strict=True):
        yield CovariateEffect(covariate.name, level, None, _ratio(draws))


def _ratio(log_draws: NDArray[np.float64]) -> Interval:
    low, middle, high = np.exp(np.quantile(log_draws, [0.025, 0.5, 0.975]))
    return Interval(float(middle), float(low), float(high))
