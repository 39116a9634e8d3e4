"""Cox regression with the model's covariates and strata."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from bayesrefract.cohort.value import Cohort
from bayesrefract.crosscheck.agreement import CoxContrast
from bayesrefract.crosscheck.estimable import GroupEffects, no_effects, spread_over_groups
from bayesrefract.crosscheck.regression import ENTRY, EVENT, STRATUM, TIME, RegressionData
from bayesrefract.study import Contrast

TOO_FEW_GROUPS = "fewer than two groups have events"
NOT_CONVERGED = "it did not converge: covariates, groups or strata determine each other"


class Fitted(NamedTuple):
    """Group effects; all coefficients with their covariance, None where there is no maximum."""

    groups: GroupEffects
    coefficients: NDArray[np.float64] | None
    covariance: NDArray[np.float64] | None


def efron(data: RegressionData) -> Fitted:
    """Fit with Efron's treatment of ties.

    lifelines warns where the likelihood has no maximum, and the standard errors show it too: they are
    left to `GroupEffects.contrast`, which judges each contrast by its own. By default lifelines stops
    up to 1e-5 short of the maximum; here only the length of the next step counts.
    """
    from lifelines import CoxPHFitter
    from lifelines.exceptions import ConvergenceError

    if data.n_group_columns == 0:
        return Fitted(no_effects(data.n_groups, TOO_FEW_GROUPS), None, None)
    model = CoxPHFitter(strata=[STRATUM] if data.stratum is not None else None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model.fit(
                data.frame(),
                duration_col=TIME,
                event_col=EVENT,
                entry_col=ENTRY if data.entry is not None else None,
                fit_options={"precision": 1e-18, "r_precision": 0.0},
            )
        except ConvergenceError:
            return Fitted(no_effects(data.n_groups, NOT_CONVERGED), None, None)
    k = data.n_group_columns
    coefficients = model.params_.to_numpy()
    covariance = model.variance_matrix_.to_numpy()
    effects = spread_over_groups(data.present, coefficients[:k], covariance[:k, :k], data.n_groups)
    return Fitted(effects, coefficients, covariance)


def breslow(data: RegressionData) -> GroupEffects:
    """The referee with Breslow's treatment of ties, the limit of the companion with narrow intervals.

    statsmodels counts a patient who enters at an event time as at risk there; here, as in R and
    lifelines, risk starts just after entry, so entries are moved by one rounding step.
    """
    from statsmodels.duration.hazard_regression import PHReg

    if data.n_group_columns == 0:
        return no_effects(data.n_groups, TOO_FEW_GROUPS)
    model = PHReg(
        data.exit,
        data.x,
        status=data.event.astype(int),
        entry=None if data.entry is None else np.nextafter(data.entry, np.inf),
        strata=data.stratum,
        ties="breslow",
        hasconst=False,  # no search for a constant column: it takes as long as the fit
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            fitted = model.fit(disp=0)
        except np.linalg.LinAlgError:
            return no_effects(data.n_groups, NOT_CONVERGED)
    k = data.n_group_columns
    return spread_over_groups(data.present, fitted.params[:k], fitted.cov_params()[:k, :k], data.n_groups)


def cox_contrasts(
    effects: GroupEffects, cohort: Cohort, contrasts: Sequence[Contrast], ties: str
) -> tuple[CoxContrast, ...]:
    """Pairwise hazard ratios with Wald p; a contrast without a maximum is left out."""
    found = []
    for contrast in contrasts:
        pair = effects.contrast(cohort.groups.index(contrast.group), cohort.groups.index(contrast.reference))
        if pair is not None:
            p = float(2 * norm.sf(abs(pair[0]) / pair[1]))
            found.append(CoxContrast(contrast.group, contrast.reference, *pair, p, ties))
    return tuple(found)
