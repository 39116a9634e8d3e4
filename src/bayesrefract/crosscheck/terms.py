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
    if fitted.coefficients is None or fitted.errors is None:
        return ()
    keep = informative(cohort.group, cohort.covariates, cohort.event.astype(float))
    covariates = {covariate.name: covariate for covariate in cohort.covariates}
    found: list[CoxTerm] = []
    for name, columns in data.terms:
        if columns.start < data.n_group_columns:
            continue  # the groups
        covariate = covariates[name]
        parts = (fitted.coefficients[columns], fitted.errors[columns])
        found += _terms(covariate, covariate.values[keep], *parts)
    return tuple(found)


def _terms(
    covariate: Covariate, values: NDArray[np.float64], logs: NDArray[np.float64], errors: NDArray[np.float64]
) -> Iterator[CoxTerm]:
    if covariate.levels is not None:
        codes = np.unique(values).astype(int)
        for code, log, error in zip(codes[1:], logs, errors, strict=True):
            yield _term(covariate.name, covariate.levels[code], covariate.levels[codes[0]], log, error)
        return
    is_flag = set(np.unique(values)) <= {0.0, 1.0}
    step = covariate.per / values.std()  # coefficients are per standard deviation
    level, reference = ("1", "0") if is_flag else (f"per {covariate.per:g}", "")
    yield _term(covariate.name, level, reference, float(logs[0] * step), float(errors[0] * step))


def _term(name: str, level: str, reference: str, log: float, error: float) -> CoxTerm:
    z = norm.isf(0.025)
    low, middle, high = np.exp(np.clip([log - z * error, log, log + z * error], -LARGEST_LOG, LARGEST_LOG))
    return CoxTerm(name, level, reference, float(middle), float(low), float(high), float(2 * norm.sf(abs(log) / error)))
