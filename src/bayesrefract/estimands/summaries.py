"""Posterior summaries of curves, medians and covariate hazard ratios."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesrefract.cohort.disclosure import coarse
from bayesrefract.estimands.effects import Effects
from bayesrefract.inference.posterior import Posterior
from bayesrefract.interval import Interval
from bayesrefract.model.effects import Block, Design

LIMITS = (0.025, 0.975)
COARSE_STEPS = 100


@dataclass(frozen=True)
class CurveBand:
    """Posterior of one group's standardised survival, 95% pointwise: arrays of shape (time,)."""

    level: str
    times: NDArray[np.float64] = field(repr=False)
    median: NDArray[np.float64] = field(repr=False)
    low: NDArray[np.float64] = field(repr=False)
    high: NDArray[np.float64] = field(repr=False)


@dataclass(frozen=True)
class Median:
    """Posterior of one group's median survival time; parts are None where not reached."""

    level: str
    median: Interval
    p_not_reached: float


@dataclass(frozen=True)
class AtHorizon:
    """Posterior median and 95% equal-tailed interval of one quantity at the horizon.

    `subject`: a group's level, or a contrast's label. `quantity`: survival (share), rmst,
    rmst_difference (time), survival_difference (share), marginal_hazard_ratio.
    """

    subject: str
    quantity: str
    value: Interval


def curve_bands(effects: Effects) -> tuple[CurveBand, ...]:
    """The 95% band of each group's standardised survival; none where the groups have no start in common."""
    if not effects.start.has_curves:
        return ()
    times = effects.curves["time"].to_numpy()
    bands = []
    for level in effects.curves["group"].to_numpy():
        draws = effects.curves.sel(group=level).to_numpy()
        low, middle, high = np.quantile(draws, [LIMITS[0], 0.5, LIMITS[1]], axis=0)
        bands.append(CurveBand(str(level), times, middle, low, high))
    return tuple(bands)


def on_coarse_times(band: CurveBand) -> CurveBand:
    """The band on an even grid up to a rounded end: its own times are cuts, which are times of patients."""
    times = np.linspace(float(band.times[0]), coarse(float(band.times[-1])), COARSE_STEPS + 1)
    median, low, high = (np.interp(times, band.times, each) for each in (band.median, band.low, band.high))
    return CurveBand(band.level, times, median, low, high)


def medians(effects: Effects) -> tuple[Median, ...]:
    """Posterior median and 95% equal-tailed interval of each group's median survival time.

    Draws that do not reach one half are infinite; a quantile that falls among them is None. Nothing where curves have
    no declared start.
    """
    rows: list[Median] = []
    if effects.median is None:
        return ()
    for level in effects.median["group"].to_numpy():
        draws = effects.median.sel(group=level).to_numpy().ravel()
        # Without interpolation: between a finite and an infinite draw there is nothing to interpolate.
        quantiles = np.quantile(draws, [0.5, *LIMITS], method="inverted_cdf")
        middle, low, high = (float(q) if np.isfinite(q) else None for q in quantiles)
        rows.append(Median(str(level), Interval(middle, low, high), float(np.mean(np.isinf(draws)))))
    return tuple(rows)


def at_horizon(effects: Effects) -> tuple[AtHorizon, ...]:
    """Every quantity at the question's horizon, groups first; nothing where it declares none."""
    quantities = (
        ("survival", effects.survival_at_horizon, "group"),
        ("rmst", effects.rmst, "group"),
        ("survival_difference", effects.survival_difference, "contrast"),
        ("rmst_difference", effects.rmst_difference, "contrast"),
        ("marginal_hazard_ratio", effects.marginal_log_hazard_ratio, "contrast"),
    )
    return tuple(
        AtHorizon(str(subject), quantity, _central(draws.sel({dim: subject}), exponential="ratio" in quantity))
        for quantity, draws, dim in quantities
        if draws is not None
        for subject in draws[dim].to_numpy()
    )


def _central(draws: xr.DataArray, *, exponential: bool) -> Interval:
    """Posterior median with its 95% equal-tailed interval; quantiles of logs are logs of quantiles."""
    quantiles = np.quantile(draws.to_numpy(), [0.5, *LIMITS])
    middle, low, high = (float(q) for q in (np.exp(quantiles) if exponential else quantiles))
    return Interval(middle, low, high)


@dataclass(frozen=True)
class CovariateEffect:
    """Hazard ratio of a covariate per its step, or of a category against `reference`; None: the average category."""

    name: str
    level: str | None
    per: float | None
    hazard_ratio: Interval  # median and 95% equal-tailed limits
    reference: str | None = None


def covariate_effects(posterior: Posterior, design: Design) -> tuple[CovariateEffect, ...]:
    """Every covariate of the design, in its order; a category's average is that of the logs."""
    return tuple(effect for block in design.blocks for effect in _of_block(posterior, block))


def _of_block(posterior: Posterior, block: Block) -> Iterator[CovariateEffect]:
    coefficient = posterior.draws["coefficient"].isel(covariate=block.columns).transpose("covariate", "chain", "draw")
    log_effect = np.tensordot(block.to_effect, coefficient.to_numpy(), axes=1)  # (level or 1, chain, draw)
    covariate = block.covariate
    if covariate.levels is None:
        per_step = log_effect[0] * covariate.per / block.sd
        yield CovariateEffect(covariate.name, None, covariate.per, _ratio(per_step))
        return
    if len(covariate.levels) == 2:
        first, second = covariate.levels
        yield CovariateEffect(covariate.name, second, None, _ratio(log_effect[1] - log_effect[0]), first)
        return
    against_average = log_effect - log_effect.mean(axis=0)
    for level, draws in zip(covariate.levels, against_average, strict=True):
        yield CovariateEffect(covariate.name, level, None, _ratio(draws))


def _ratio(log_draws: NDArray[np.float64]) -> Interval:
    low, middle, high = np.exp(np.quantile(log_draws, [0.025, 0.5, 0.975]))
    return Interval(float(middle), float(low), float(high))
