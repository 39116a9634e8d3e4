"""Log likelihood of every patient given the draws, for leave-one-out comparisons of models."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayesrefract.cohort.exposure import ExposureTable, split
from bayesrefract.cohort.value import Cohort
from bayesrefract.estimands.hazard import hazard_draws
from bayesrefract.inference.posterior import Posterior
from bayesrefract.model.effects import Design


def log_likelihood(posterior: Posterior, table: ExposureTable, cohort: Cohort, design: Design) -> xr.DataArray:
    """Exact log density of every patient's course given each draw.

    A patient adds log h(exit) where there was an event, less the cumulative hazard from entry to exit
    (Holford 1980; Laird & Olivier 1981), summed over the rows where there are several. Where the hazards were
    integrated out in sampling, those drawn back afterwards are used: the density is then given the hazards too.

    Parameters
    ----------
    posterior : Posterior
        Draws of the fit.
    table : ExposureTable
        The exposure table of the fit, made from `cohort`.
    cohort : Cohort
        The patients, in their order.
    design : Design
        The columns of the covariates, `ModelArrays.design` of the fit.

    Returns
    -------
    xr.DataArray
        Dims (chain, draw, patient). Patients are numbered from 0 in the order of the cohort and carry no
        identifier; the values are nevertheless one line per patient, and belong in no file that leaves.

    References
    ----------
    Holford (1980), doi:10.2307/2529982. Laird & Olivier (1981), doi:10.1080/01621459.1981.10477634.
    """
    draws = hazard_draws(posterior, table, design)
    events, exposure = split(cohort.entry, cohort.exit, cohort.event, table.edges)
    pattern = table.data["pattern_of"].to_numpy()
    baseline = draws.baseline_of[cohort.group, draws.stratum[pattern]]
    linear = draws.group_effect[:, cohort.group] + (draws.coefficient @ draws.x.T)[:, pattern]
    last = events.argmax(axis=1)  # interval of the event
    values = np.empty((draws.samples, cohort.n_rows))
    for stratum in np.unique(baseline):
        own = baseline == stratum
        log_hazard = draws.log_hazard[:, stratum]
        at_event = log_hazard[:, last[own]] + linear[:, own]
        cumulative = np.exp(log_hazard) @ exposure[own].T * np.exp(linear[:, own])
        values[:, own] = np.where(cohort.event[own], at_event, 0.0) - cumulative
    values = np.add.reduceat(values, np.flatnonzero(cohort.is_first), axis=1)
    shaped = values.reshape(draws.chains, -1, cohort.n_patients)
    coords = {"patient": np.arange(cohort.n_patients)}
    return xr.DataArray(shaped, dims=("chain", "draw", "patient"), coords=coords, name="log_likelihood")
