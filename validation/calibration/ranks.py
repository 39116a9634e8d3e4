"""The ranks of one truth among its draws, and whether the 95% interval covers it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.stats import f as f_distribution

from bayesrefract.cohort.value import Cohort
from bayesrefract.decision.diagnostics import convergence
from bayesrefract.estimands.hazard import hazard_draws, log_hazard_ratios_by_time
from bayesrefract.estimands.log_likelihood import log_likelihood
from bayesrefract.inference.compiler import Compiler
from bayesrefract.inference.nuts import sample
from bayesrefract.inference.posterior import Posterior
from bayesrefract.model.arrays import ModelArrays
from bayesrefract.study.model import Sampler
from bayesrefract.study.study import Contrast
from validation.calibration.scenarios import HAZARD, Scenario
from validation.calibration.simulate import DataSet, Design

Floats = NDArray[np.float64]

KEPT = 100
"""Draws after thinning: a rank is a number from 0 to 100."""
ENOUGH = 2 * KEPT
"""Effective sample size that every ranked quantity must have before it is thinned; else the chains are doubled."""
DOUBLINGS = 3
MOST = 3
"""Elements of a parameter that are ranked: its first, the middle one, its last."""
LOG_LIKELIHOOD = "log likelihood"
RATIO = "log HR"


@dataclass(frozen=True)
class Ranked:
    """Of one data set: `ranks` by quantity, whether the interval `covers` each log hazard ratio, and how it went.

    `exact`: probability integral of the truth in the known posterior of the log hazard ratio, where there is one.
    """

    ranks: dict[str, int]
    covers: dict[str, bool]
    exact: float | None
    events: int
    divergences: int
    doublings: int
    ess: float


def rank(
    plan: Design, data: DataSet, fitted: ModelArrays, seed: np.random.SeedSequence, compiler: Compiler | None
) -> Ranked:
    """Fit one data set and rank its truth.

    `fitted`: the arrays of the fit, those of `data` unless the fit is to be wrong. Chains are lengthened until their
    effective sample size is `ENOUGH`, so that ranks are near independent after thinning; no data set is left out.
    """
    sampler = plan.plan.sampler
    for doublings in range(DOUBLINGS + 1):
        posterior = sample(fitted, sampler, seed, "calibration", compiler=compiler)
        least = _least_ess(posterior, data)
        if least >= ENOUGH or doublings == DOUBLINGS:
            break
        sampler = replace(sampler, draws=2 * sampler.draws)
    truth, thin = quantities(data.truth, data), quantities(thinned(posterior, sampler), data)
    ties = np.random.default_rng(seed.spawn(1)[0])
    return Ranked(
        {name: _rank(thin[name], value.item(), ties) for name, value in truth.items()},
        {name: _covers(values, truth[name].item()) for name, values in ratios(posterior, data)},
        exact(plan.scenario, data.cohort, truth) if plan.scenario.single else None,
        data.cohort.n_events,
        int(posterior.statistics["diverging"].sum()),
        doublings,
        least,
    )


def thinned(posterior: Posterior, sampler: Sampler) -> Posterior:
    """Draws at equal steps of each chain, `KEPT` over all chains."""
    step = sampler.chains * sampler.draws // KEPT
    return replace(posterior, draws=posterior.draws.isel(draw=slice(step - 1, None, step)))


def quantities(posterior: Posterior, data: DataSet) -> dict[str, Floats]:
    """Draws, (sample,), of what is ranked: log hazard ratios, parameters, and the log likelihood of the patients."""
    found = dict(ratios(posterior, data)) | dict(_ratios_by_time(posterior, data)) | dict(_parameters(posterior.draws))
    design = data.arrays.design
    found[LOG_LIKELIHOOD] = log_likelihood(posterior, data.table, data.cohort, design).sum("patient").to_numpy().ravel()
    return found


def ratios(posterior: Posterior, data: DataSet) -> Iterator[tuple[str, Floats]]:
    """The log hazard ratio of every pair of groups, (sample,); with hazards by group, that of the first interval."""
    draws = hazard_draws(posterior, data.table, data.arrays.design)
    level = draws.group_effect + (draws.log_hazard[:, draws.baseline_of[:, 0], 0] if draws.by_group else 0.0)
    for reference, group in combinations(range(len(draws.groups)), 2):
        yield f"{RATIO} {draws.groups[group]} v {draws.groups[reference]}", level[:, group] - level[:, reference]


def _ratios_by_time(posterior: Posterior, data: DataSet) -> Iterator[tuple[str, Floats]]:
    """Where the hazard ratio may change: its logarithm in the first and the last interval, of the first pair."""
    draws = hazard_draws(posterior, data.table, data.arrays.design)
    contrast = Contrast(draws.groups[1], draws.groups[0])
    by_time = log_hazard_ratios_by_time(draws, data.table, [contrast])
    if by_time is not None:
        values = by_time.to_numpy().reshape(draws.samples, -1)
        for name, place in (("first", 0), ("last", -1)):
            yield f"{RATIO} of the {name} interval", values[:, place]


def _parameters(draws: xr.Dataset) -> Iterator[tuple[str, Floats]]:
    for name in sorted(map(str, draws.data_vars)):
        if name in {"group_effect", "change", "log_likelihood"}:  # ranked as ratios, and as computed from the patients
            continue
        further = [dim for dim in draws[name].dims if dim not in {"chain", "draw"}]
        values = draws[name].transpose("chain", "draw", *further).to_numpy()
        flat = values.reshape(values.shape[0] * values.shape[1], -1)
        for place in sorted({0, flat.shape[1] // 2, flat.shape[1] - 1}):
            at = np.unravel_index(place, values.shape[2:])
            labels = [str(draws[name][dim].to_numpy()[i]) for dim, i in zip(further, at, strict=True)]
            yield f"{name}[{', '.join(labels)}]" if labels else name, flat[:, place]


def _least_ess(posterior: Posterior, data: DataSet) -> float:
    """The least effective sample size of what is ranked; the log likelihood is the model's own."""
    chains = posterior.draws.sizes["chain"]
    found = (ratios(posterior, data), _ratios_by_time(posterior, data), _parameters(posterior.draws))
    ranked = [values for each in found for values in dict(each).values()]
    ranked.append(posterior.draws["log_likelihood"].transpose("chain", "draw").to_numpy().ravel())
    sizes = [convergence(values.reshape(chains, -1)).ess_bulk for values in ranked if np.isfinite(values).all()]
    return float(np.nanmin(sizes))


def _rank(draws: Floats, truth: float, rng: np.random.Generator) -> int:
    """Draws below the truth, 0 to `KEPT`; those equal to it are below or above by lot."""
    return int((draws < truth).sum() + rng.integers(0, (draws == truth).sum() + 1))


def _covers(draws: Floats, truth: float) -> bool:
    low, high = np.quantile(draws, [0.025, 0.975])
    return bool(low < truth < high)


def exact(scenario: Scenario, cohort: Cohort, truth: dict[str, Floats]) -> float:
    """Where the truth lies in the known posterior of the hazard ratio, a scaled F: 0 to 1.

    Both hazards are Gamma(1 + events, 1 / hazard + person-time), which is counted here from the patients.
    """
    shape, rate = (
        np.array([start + values[cohort.group == group].sum() for group in range(scenario.groups)])
        for start, values in ((1.0, cohort.event), (1 / HAZARD, cohort.exit - cohort.entry))
    )
    scale = (shape[1] / rate[1]) / (shape[0] / rate[0])
    ratio = np.exp(truth[f"{RATIO} b v a"].item())
    return float(f_distribution(2 * shape[1], 2 * shape[0], scale=scale).cdf(ratio))
