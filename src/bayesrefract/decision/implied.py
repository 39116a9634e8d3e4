"""Draws beside what data and prior imply, and how much of the estimate is the prior.

Two comparisons of each log hazard ratio with a normal approximation that no sampler made. The first uses the model's
own priors and finds faults: draws that belong to other data, exchanged labels, an error of sign. The second uses the
default prior of the group effects with nothing pooled, and finds influence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesrefract.cohort.exposure import ExposureTable
from bayesrefract.inference.mode import Approximation, approximate
from bayesrefract.inference.posterior import Posterior
from bayesrefract.model.effects import design
from bayesrefract.model.priors import GroupPrior, default_prior
from bayesrefract.study.model import Baseline, BaselineKind, Model, StrataKind
from bayesrefract.study.study import Contrast

FAULT_SHIFT = 0.5
FAULT_RATIO = 1.25
INFLUENCE_SHIFT = 0.5
INFLUENCE_RATIO = 1.15
SPREADS = ("sigma", "tau", "stratum_sd", "stratum_sigma", "change_sd")


@dataclass(frozen=True)
class Implied:
    """Mean and standard deviation of one log hazard ratio: of the draws, and as two approximations imply them.

    `own`: with the priors of the model. `default`: with the default prior of the group effects and nothing pooled.
    """

    group: str
    reference: str
    draws: tuple[float, float]
    own: tuple[float, float]
    default: tuple[float, float]

    @property
    def shift(self) -> float:
        """Draws - own, in standard deviations of the approximation."""
        return (self.draws[0] - self.own[0]) / self.own[1]

    @property
    def fault(self) -> str:
        """How the draws differ from what data and prior imply; empty where they do not."""
        ratio = self.draws[1] / self.own[1]
        if abs(self.shift) <= FAULT_SHIFT and 1 / FAULT_RATIO <= ratio <= FAULT_RATIO:
            return ""
        return (
            "the draws are not those that data and prior imply: log hazard ratio "
            f"{self.draws[0]:.3f} (SD {self.draws[1]:.3f}) where the mode is {self.own[0]:.3f} (SD {self.own[1]:.3f}); "
            f"{FAULT_SHIFT:g} SD and a ratio of {FAULT_RATIO:g} of the SDs are allowed"
        )

    @property
    def influence(self) -> str:
        """How far prior and pooling move the estimate, in words; empty where it is little."""
        shift = (self.own[0] - self.default[0]) / self.default[1]
        ratio = self.own[1] / self.default[1]
        if abs(shift) <= INFLUENCE_SHIFT and 1 / INFLUENCE_RATIO <= ratio <= INFLUENCE_RATIO:
            return ""
        return (
            f"prior and pooling move the log hazard ratio by {abs(shift):.2f} SD and change its SD by "
            f"{ratio - 1:+.0%}, against the default prior with nothing pooled"
        )


def implied(
    table: ExposureTable,
    model: Model,
    prior: GroupPrior,
    primary: Contrast,
    contrasts: tuple[Contrast, ...],
    posterior: Posterior,
    log_hazard_ratio: xr.DataArray,
) -> tuple[Implied, ...]:
    """Compare every contrast; none where hazards are by group, or no approximation could be made."""
    if model.baseline.by_group:
        return ()
    learnt = _learnt(posterior, model)
    own = approximate(table, design(table, model), model.baseline, prior, primary, learnt)
    default = _default(table, model, primary, learnt)
    if own is None or default is None:
        return ()
    found = []
    for contrast in contrasts:
        values = log_hazard_ratio.sel(contrast=contrast.label).to_numpy()
        draws = (float(values.mean()), float(values.std(ddof=1)))
        found.append(
            Implied(contrast.group, contrast.reference, draws, own.contrast(contrast), default.contrast(contrast))
        )
    return tuple(found)


def _default(
    table: ExposureTable, model: Model, primary: Contrast, learnt: Mapping[str, NDArray[np.float64]]
) -> Approximation | None:
    """The default prior of the group effects, strata free, categories with fixed scales.

    Hazards of free strata are independent and without a prior, as in Cox regression. A walk in each stratum would be
    pulled to a constant hazard where a stratum has few events, and the hazard ratio with it.
    """
    baseline = model.baseline
    if baseline.strata is StrataKind.POOLED:
        baseline = Baseline(BaselineKind.INDEPENDENT, StrataKind.FREE, shape=0.0)
    plain = replace(model, exchangeable=False, baseline=baseline)
    return approximate(table, design(table, plain), baseline, default_prior(), primary, learnt)


def _learnt(posterior: Posterior, model: Model) -> dict[str, NDArray[np.float64]]:
    """Posterior medians of the spreads that the model learns."""
    draws = posterior.draws
    found = {name: draws[name].median(("chain", "draw")).to_numpy() for name in SPREADS if name in draws}
    if model.baseline.kind is BaselineKind.INDEPENDENT and model.baseline.strata is StrataKind.POOLED:
        found["hazard_k"] = np.exp(draws["log_k"].median().to_numpy())
        hazard: xr.DataArray = xr.apply_ufunc(np.exp, draws["log_hazard"])
        common = xr.apply_ufunc(np.log, hazard.mean("stratum"))
        found["common_log_hazard"] = common.median(("chain", "draw")).to_numpy()
    return found
