"""Posterior draws of every estimand of the groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesrefract.cohort.exposure import ExposureTable
from bayesrefract.cohort.start import Start
from bayesrefract.errors import EstimandError
from bayesrefract.estimands.hazard import (
    HazardDraws,
    hazard_draws,
    log_hazard_ratios,
    log_hazard_ratios_by_time,
)
from bayesrefract.estimands.survival import StandardisedSurvival, standardise
from bayesrefract.inference.posterior import Posterior
from bayesrefract.model.effects import Design
from bayesrefract.study.rope import Estimand
from bayesrefract.study.study import Analysis, Contrast

Floats = NDArray[np.float64]

CURVE_DRAWS = 400
CURVE_TIMES = 101
FROM_0 = Start()


@dataclass(frozen=True)
class Effects:
    """Draws of every estimand, dims (chain, draw, contrast or group); times in the study's unit.

    Survival, medians and restricted means are those of patients without the event at `start`; where it is not
    declared, only the curves are there. `median` is inf where the standardised curve stays above one half until the
    last observed time of the cohort. `curves` has dims (curve_draw, group, time), thinned, for figures. Estimands
    at the horizon are None where the question declares none; the marginal hazard ratio is the ratio of
    cumulative hazards of the standardised curves, log S1 / log S0. `log_hazard_ratio_by_time` : (chain, draw, contrast,
    interval), intervals by their start, where the ratio may change. `constant` and `wide`: the same effects where the
    ratio is held constant, and where it may change more, beside those of the model from which the curves are taken.
    """

    contrasts: tuple[Contrast, ...]
    log_hazard_ratio: xr.DataArray = field(repr=False)
    median: xr.DataArray | None = field(repr=False)
    curves: xr.DataArray = field(repr=False)
    horizon: float | None = None
    start: Start = FROM_0
    marginal_log_hazard_ratio: xr.DataArray | None = field(default=None, repr=False)
    rmst: xr.DataArray | None = field(default=None, repr=False)
    rmst_difference: xr.DataArray | None = field(default=None, repr=False)
    survival_at_horizon: xr.DataArray | None = field(default=None, repr=False)
    survival_difference: xr.DataArray | None = field(default=None, repr=False)
    log_hazard_ratio_by_time: xr.DataArray | None = field(default=None, repr=False)
    constant: Effects | None = field(default=None, repr=False)
    wide: Effects | None = field(default=None, repr=False)

    def has(self, estimand: Estimand) -> bool:
        """Whether there are draws of it: of a hazard ratio throughout only where the ratio may change."""
        return estimand is not Estimand.THROUGHOUT or self.log_hazard_ratio_by_time is not None

    def of(self, estimand: Estimand, contrast: Contrast) -> xr.DataArray:
        """Draws of one contrast on the decision scale, dims (chain, draw): logs for ratios.

        Further dims (interval) for a ratio that may change. Raises EstimandError where the estimand needs a horizon and
        the question declares none.
        """
        draws = {
            Estimand.HAZARD_RATIO: self.log_hazard_ratio,
            Estimand.MARGINAL_HAZARD_RATIO: self.marginal_log_hazard_ratio,
            Estimand.RMST_DIFFERENCE: self.rmst_difference,
            Estimand.SURVIVAL_DIFFERENCE: self.survival_difference,
            Estimand.THROUGHOUT: self.log_hazard_ratio_by_time,
        }[estimand]
        if draws is None and estimand is Estimand.THROUGHOUT:
            raise EstimandError(f"{estimand} is not there: the hazard ratio of this model may not change over time.")
        if draws is None:
            raise EstimandError(f"{estimand} needs a horizon: declare `horizon` for this question.")
        return draws.sel(contrast=contrast.label, drop=True)


def check_horizon(table: ExposureTable, analysis: Analysis) -> None:
    """Raise EstimandError when the horizon, or a window, ends after the last observed time: nothing is extrapolated."""
    for rope in analysis.ropes:
        if rope.window is not None and rope.window[1] > table.follow_up:
            start, end = rope.window
            raise EstimandError(
                f"question {analysis.name}: window = [{start:g}, {end:g}] of {rope.estimand} is not within follow-up, "
                f"which ends at {table.follow_up:g} {table.time_unit}. Declare a window that ends there or before."
            )
    horizon = analysis.endpoint.horizon
    if horizon is not None and not 0 < horizon <= table.follow_up:
        raise EstimandError(
            f"question {analysis.name}: horizon = {horizon:g} {table.time_unit} is not within follow-up, which ends "
            f"at {table.follow_up:g}. Declare a horizon above 0 and at most {table.follow_up:g}."
        )


def estimate(
    posterior: Posterior, table: ExposureTable, design: Design, analysis: Analysis, start: Start = FROM_0
) -> Effects:
    """Compute draws of hazard ratios, medians and survival curves, and of the estimands at the horizon.

    Only contrasts whose two groups are both in the table.

    Parameters
    ----------
    posterior : Posterior
        Draws of one fit.
    table : ExposureTable
        The table that was fitted.
    design : Design
        Its design columns.
    analysis : Analysis
        The question: contrasts and horizon.
    start : Start
        Where curves start; after 0 with delayed entry.

    Returns
    -------
    Effects
        Draws of every estimand.

    Raises
    ------
    EstimandError
        Where the horizon lies beyond follow-up.

    References
    ----------
    Royston & Parmar (2013), doi:10.1186/1471-2288-13-152 (RMST).
    """
    check_horizon(table, analysis)
    draws = hazard_draws(posterior, table, design)
    contrasts = tuple(c for c in analysis.contrasts if {c.group, c.reference} <= set(table.groups))
    log_hazard_ratio = log_hazard_ratios(draws, table, contrasts)
    by_time = log_hazard_ratios_by_time(draws, table, contrasts)
    curves = _curves(draws, start.time)
    if not start.is_declared or start.not_modelled:
        return Effects(contrasts, log_hazard_ratio, None, curves, start=start, log_hazard_ratio_by_time=by_time)
    horizon = analysis.endpoint.horizon
    standardised = standardise(draws, np.array([] if horizon is None else [horizon]), start.time)
    median = draws.labelled(standardised.median, group=draws.groups)
    at_horizon: dict[str, Any] = {} if horizon is None else _at_horizon(draws, standardised, contrasts, horizon)
    return Effects(
        contrasts,
        log_hazard_ratio,
        median,
        curves,
        horizon,
        start,
        **at_horizon,
        log_hazard_ratio_by_time=by_time,
    )


def _at_horizon(
    draws: HazardDraws, standardised: StandardisedSurvival, contrasts: Sequence[Contrast], horizon: float
) -> dict[str, xr.DataArray]:
    survival = draws.labelled(standardised.at(horizon), group=draws.groups)
    rmst = draws.labelled(standardised.restricted_mean(horizon), group=draws.groups)
    with np.errstate(divide="ignore", invalid="ignore"):  # a group without any hazard has the log ratio -inf
        log_cumulative = survival.copy(data=np.log(-np.log(survival.to_numpy())))
        marginal = _differences(log_cumulative, contrasts)
    return {
        "marginal_log_hazard_ratio": marginal,
        "rmst": rmst,
        "rmst_difference": _differences(rmst, contrasts),
        "survival_at_horizon": survival,
        "survival_difference": _differences(survival, contrasts),
    }


def _differences(values: xr.DataArray, contrasts: Sequence[Contrast]) -> xr.DataArray:
    """Group minus reference, dims (chain, draw, contrast)."""
    group = values.sel(group=[c.group for c in contrasts]).to_numpy()
    reference = values.sel(group=[c.reference for c in contrasts]).to_numpy()
    labels = [c.label for c in contrasts]
    return xr.DataArray(group - reference, dims=("chain", "draw", "contrast"), coords={"contrast": labels})


def _curves(draws: HazardDraws, start: float) -> xr.DataArray:
    """A spread of the standardised curves on an even grid from the start up to the last observed time."""
    chosen = np.unique(np.linspace(0, draws.samples - 1, CURVE_DRAWS).astype(np.int64))
    grid = np.linspace(start, draws.follow_up, CURVE_TIMES)
    standardised = standardise(draws.take(chosen), grid, start)
    values = standardised.survival[:, :, np.searchsorted(standardised.times, grid)]
    return xr.DataArray(
        values, dims=("curve_draw", "group", "time"), coords={"group": list(draws.groups), "time": grid}
    )
