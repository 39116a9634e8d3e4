"""Cox regression with the model's covariates and strata: contrasts, covariate ratios, two one-sided tests (TOST)."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from bayesrefract.classical.agreement import CoxContrast, CoxTerm
from bayesrefract.classical.regression import (
    ENTRY,
    EVENT,
    STRATUM,
    TIME,
    GroupEffects,
    RegressionData,
    informative,
    no_effects,
    spread_over_groups,
)
from bayesrefract.cohort.value import Cohort, Covariate
from bayesrefract.study.rope import Rope
from bayesrefract.study.study import Contrast

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
    """Cox regression with Breslow's treatment of ties, the limit of the companion fit with narrow intervals.

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


FLAG = ("0", "1")
GROUP = "group"
LARGEST_LOG = 50.0
"""A coefficient or limit beyond this indicates a likelihood without a maximum."""


def cox_terms(cohort: Cohort, data: RegressionData, fitted: Fitted) -> tuple[CoxTerm, ...]:
    """Every covariate's ratios with Wald limits; none where the fit has no maximum."""
    if fitted.coefficients is None or fitted.covariance is None:
        return ()
    keep = informative(cohort.group, cohort.covariates, cohort.event.astype(float))
    covariates = {covariate.name: covariate for covariate in cohort.covariates}
    found: list[CoxTerm] = []
    for name, columns in data.terms:
        if columns.start < data.n_group_columns:
            continue  # the groups
        covariate = covariates[name]
        parts = (fitted.coefficients[columns], fitted.covariance[columns, columns])
        found += _terms(covariate, covariate.values[keep], cohort.is_first[keep], *parts)
    return tuple(found)


def _terms(
    covariate: Covariate,
    values: NDArray[np.float64],
    at_start: NDArray[np.bool_],
    logs: NDArray[np.float64],
    covariance: NDArray[np.float64],
) -> Iterator[CoxTerm]:
    if covariate.levels is not None:
        codes = np.unique(values.astype(int))
        patients = (values[at_start][:, None] == codes).sum(axis=0)
        yield from _against_most_common(covariate.name, covariate.levels, codes, patients, logs, covariance)
        return
    is_flag = set(np.unique(values)) <= {0.0, 1.0}
    per = 1.0 if is_flag else covariate.per
    step = per / values.std()  # coefficients are per standard deviation
    level, reference = ("1", "0") if is_flag else (f"per {per:g}", "")
    yield _term(covariate.name, level, reference, float(logs[0] * step), float(np.sqrt(covariance[0, 0]) * step))


def _against_most_common(
    name: str,
    levels: tuple[str, ...],
    codes: NDArray[np.int64],
    patients: NDArray[np.int64],
    logs: NDArray[np.float64],
    covariance: NDArray[np.float64],
) -> Iterator[CoxTerm]:
    """Ratios versus the most common level, of two versus the first; the fit compares with the first, often rare."""
    effects, spread = np.append(0.0, logs), np.pad(covariance, (1, 0))
    most = 0 if len(levels) == 2 else int(np.argmax(patients))
    for place, code in enumerate(codes):
        variance = spread[place, place] + spread[most, most] - 2 * spread[place, most]
        if place != most and variance > 0:
            difference = float(effects[place] - effects[most])
            yield _term(name, levels[code], levels[codes[most]], difference, float(np.sqrt(variance)))


def _term(name: str, level: str, reference: str, log: float, error: float) -> CoxTerm:
    z = norm.isf(0.025)
    low, middle, high = np.exp(np.clip([log - z * error, log, log + z * error], -LARGEST_LOG, LARGEST_LOG))
    return CoxTerm(name, level, reference, float(middle), float(low), float(high), float(2 * norm.sf(abs(log) / error)))


def tost_p(log_hr: float, se: float, rope: Rope) -> float:
    """Larger of the two one-sided Wald p values against the bounds of a ratio's ROPE.

    Below alpha exactly when the (1 - 2 alpha) interval lies inside the ROPE. Schuirmann (1987),
    doi:10.1007/BF01068419.
    """
    above_low = norm.sf((log_hr - math.log(rope.low)) / se)
    below_high = norm.cdf((log_hr - math.log(rope.high)) / se)
    return float(max(above_low, below_high))
