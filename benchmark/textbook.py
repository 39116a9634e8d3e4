"""The textbook way: a Poisson model of one row per patient and interval, built and compiled anew for each fit.

As in the common tutorials on Bayesian survival analysis: hazards ~ Gamma(0.01, 0.01), effects ~ Normal(0, 100),
events ~ Poisson(exposure * hazard * exp(x @ beta)), sampled with `pm.sample`'s defaults.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import arviz as az
import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr
from numpy.typing import NDArray

from bayesrefract.analysis.fit import Fit
from bayesrefract.cohort.exposure import split
from bayesrefract.cohort.value import Covariate

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """One row per patient and interval at risk: `x` (row, column), the groups' indicators first."""

    events: Floats
    exposure: Floats
    interval: NDArray[np.int64]
    x: Floats
    n_intervals: int


def rows(fit: Fit) -> Rows:
    """Long data of a fit's cohort, with the same cuts as ours."""
    cohort = fit.cohort
    events, exposure = split(cohort.entry, cohort.exit, cohort.event, fit.table.edges)
    reference = cohort.groups.index(fit.analysis.primary.reference)
    columns = [cohort.group == place for place in range(len(cohort.groups)) if place != reference]
    columns += [column for covariate in cohort.covariates for column in _columns(covariate)]
    patient, interval = np.nonzero(exposure > 0)
    x = np.column_stack(columns).astype(float)
    at = (patient, interval)
    return Rows(events[at], exposure[at], interval, x[patient], exposure.shape[1])


def _columns(covariate: Covariate) -> list[Floats]:
    if covariate.levels is None:
        return [(covariate.values - covariate.values.mean()) / covariate.values.std()]
    return [(covariate.values == code).astype(float) for code in range(1, len(covariate.levels))]


def model(data: Rows) -> pm.Model:
    """The whole model; `beta` are log hazard ratios."""
    with pm.Model() as made:
        hazard = pm.Gamma("hazard", 0.01, 0.01, shape=data.n_intervals)
        beta = pm.Normal("beta", 0.0, 100.0, shape=data.x.shape[1])
        mean = data.exposure * hazard[data.interval] * pt.exp(pt.dot(data.x, beta))
        pm.Poisson("events", mean, observed=data.events)
    return made


def sample(data: Rows, sampler: str, seed: int, draws: int = 1000, tune: int = 1000) -> tuple[xr.DataTree, float]:
    """Draws by `pm.sample`, and the seconds of it that were sampling and not compilation."""
    with model(data):
        started = time.perf_counter()
        trace = pm.sample(draws, tune=tune, chains=4, nuts_sampler=sampler, random_seed=seed, progressbar=False)
        seconds = time.perf_counter() - started
    return trace, float(trace["posterior"].attrs.get("sampling_time", seconds))


def primary_column(fit: Fit) -> int:
    """Which of the columns is the primary contrast's group."""
    groups = fit.cohort.groups
    others = [level for level in groups if level != fit.analysis.primary.reference]
    return others.index(fit.analysis.primary.group)


def log_hr(trace: xr.DataTree, fit: Fit) -> xr.DataArray:
    """Draws of the primary log hazard ratio."""
    return trace["posterior"].to_dataset()["beta"].isel(beta_dim_0=primary_column(fit), drop=True)


def effective(draws: xr.DataArray) -> float:
    """Bulk effective sample size."""
    return float(az.ess(draws.to_dataset(name="log_hr"))["log_hr"])
