"""Restricted means that a model predicts for each group's own patients, to be compared with Kaplan-Meier's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bayesrefract.cohort.exposure import ExposureTable
from bayesrefract.estimands.hazard import hazard_draws
from bayesrefract.estimands.survival import standardise
from bayesrefract.inference.posterior import Posterior
from bayesrefract.model.effects import Design

DRAWS = 400
"""Evenly spread over the posterior: the Monte Carlo error is then a twentieth of the posterior SD."""


def own_restricted_means(
    posterior: Posterior, table: ExposureTable, design: Design, horizon: float, start: float = 0.0
) -> dict[str, float]:
    """Compute the posterior mean of each group's restricted mean, averaged over the patients of that group alone.

    Standardised curves average over all patients, and cannot be compared with Kaplan-Meier curves, which are of the
    patients of one group.

    Parameters
    ----------
    posterior : Posterior
        Draws of one fit.
    table : ExposureTable
        The table that was fitted.
    design : Design
        Its design columns.
    horizon, start : float
        Times between which survival is integrated; of patients without the event at the start.

    Returns
    -------
    dict of str to float
        Group -> restricted mean, in the unit of the table; no entry for a group without patients.
    """
    draws = hazard_draws(posterior, table, design)
    chosen = draws.take(np.unique(np.linspace(0, draws.samples - 1, DRAWS).astype(np.int64)))
    found = {}
    for code, level in enumerate(table.groups):
        own = (table.group == code) & (table.n_patients > 0)
        if not own.any():
            continue
        patients = table.n_patients[own]
        alone = replace(chosen, x=chosen.x[own], weight=patients / patients.sum(), stratum=chosen.stratum[own])
        found[level] = float(standardise(alone, np.array([horizon]), start).restricted_mean(horizon)[:, code].mean())
    return found
