"""Hazard ratios of the covariates of a Cox model, as papers print them under the groups."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from bayesrefract.cohort.value import Cohort, Covariate
from bayesrefract.crosscheck.agreement import CoxTerm
from bayesrefract.crosscheck.cox import Fitted
from bayesrefract.crosscheck.estimable import informative
from bayesrefract.crosscheck.regression import RegressionData

FLAG = ("0", "1")
GROUP = "group"
LARGEST_LOG = 50.0
"""A coefficient or limit beyond this has no maximum behind it."""


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
        found += _terms(covariate, covariate.values[keep], *parts)
    return tuple(found)


def _terms(
    covariate: Covariate, values: NDArray[np.float64], logs: NDArray[np.float64], covariance: NDArray[np.float64]
) -> Iterator[CoxTerm]:
    if covariate.levels is not None:
        yield from _against_most_common(covariate.name, covariate.levels, values.astype(int), logs, covariance)
        return
    is_flag = set(np.unique(values)) <= {0.0, 1.0}
    per = 1.0 if is_flag else covariate.per
    step = per / values.std()  # coefficients are per standard deviation
    level, reference = ("1", "0") if is_flag else (f"per {per:g}", "")
    yield _term(covariate.name, level, reference, float(logs[0] * step), float(np.sqrt(covariance[0, 0]) * step))


def _against_most_common(
    name: str,
    levels: tuple[str, ...],
    values: NDArray[np.int64],
    logs: NDArray[np.float64],
    covariance: NDArray[np.float64],
) -> Iterator[CoxTerm]:
    """The fit holds every level against the first; a rare one would make all intervals wide."""
    codes, patients = np.unique(values, return_counts=True)
    effects, spread = np.append(0.0, logs), np.pad(covariance, (1, 0))
    most = int(np.argmax(patients))
    for place, code in enumerate(codes):
        variance = spread[place, place] + spread[most, most] - 2 * spread[place, most]
        if place != most and variance > 0:
            difference = float(effects[place] - effects[most])
            yield _term(name, levels[code], levels[codes[most]], difference, float(np.sqrt(variance)))


def _term(name: str, level: str, reference: str, log: float, error: float) -> CoxTerm:
    z = norm.isf(0.025)
    low, middle, high = np.exp(np.clip([log - z * error, log, log + z * error], -LARGEST_LOG, LARGEST_LOG))
    return CoxTerm(name, level, reference, float(middle), float(low), float(high), float(2 * norm.sf(abs(log) / error)))
