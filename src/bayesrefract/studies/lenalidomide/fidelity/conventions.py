"""Survival figures as a paper made with R prints them: medians with "log" limits, two-group tests, Wald limits.

Written with lifelines, apart from the code that a search for a cohort uses.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from bayesrefract.classical.agreement import KaplanMeier
from bayesrefract.classical.kaplan_meier import median_survival
from bayesrefract.interval import Interval

Z_95 = float(norm.isf(0.025))
LARGEST_LOG = 500.0
"""Beyond it a ratio is no number any more."""


@dataclass(frozen=True)
class FollowUp:
    """Times and events of the patients of one group, or of all."""

    months: NDArray[np.float64] = field(repr=False)
    event: NDArray[np.bool_] = field(repr=False)

    @property
    def reversed(self) -> FollowUp:
        """Censoring as the event: its Kaplan-Meier median is the median follow-up (Schemper & Smith 1996)."""
        return FollowUp(self.months, ~self.event)


def median_with_log_limits(patients: FollowUp) -> Interval:
    """Kaplan-Meier median with limits of `survfit`'s default type "log": S exp(+-z sqrt(sum d / (n (n - d)))).

    Medians and limits by R's rule: the first time at or below one half, on a flat step at exactly one half its
    midpoint. Once survival is 0 its limits are not defined, so that an upper limit that has not crossed one half by
    then is not reached. None: not reached. R's survival package, ?survfit.formula and ?quantile.survfit.
    """
    return median_survival(curve_with_log_limits(patients))


def curve_with_log_limits(patients: FollowUp) -> KaplanMeier:
    """The product-limit curve with "log" limits; NaN where survival is 0."""
    from lifelines import KaplanMeierFitter

    fitted = KaplanMeierFitter().fit(patients.months, patients.event)
    events = fitted.event_table
    survival = fitted.survival_function_.to_numpy()[:, 0]
    died, at_risk = events["observed"].to_numpy(dtype=float), events["at_risk"].to_numpy(dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        width = Z_95 * np.sqrt(np.cumsum(died / (at_risk * (at_risk - died))))
        low, high = survival * np.exp(-width), np.minimum(1.0, survival * np.exp(width))
    gone = survival <= 0
    low[gone], high[gone] = np.nan, np.nan
    return KaplanMeier(fitted.timeline.astype(float), survival, low, high, at_risk)


def log_rank_p(group: FollowUp, reference: FollowUp) -> float:
    """Two-sided p of the log-rank test of two groups alone, as R's `survdiff` gives it for a pair."""
    from lifelines.statistics import logrank_test

    return float(logrank_test(group.months, reference.months, group.event, reference.event).p_value)


def cox_ratios(
    patients: pd.DataFrame, months: str, event: str, terms: dict[str, NDArray[np.float64]]
) -> dict[str, Interval]:
    """Hazard ratios with Wald limits of a Cox model with Efron's ties; `terms` are its columns, by name."""
    from lifelines import CoxPHFitter

    data = pd.DataFrame({"months": patients[months].to_numpy(), "event": patients[event].to_numpy(), **terms})
    with warnings.catch_warnings():  # a rare category without events has no finite ratio; those of the groups have
        warnings.simplefilter("ignore")
        model = CoxPHFitter().fit(data, "months", "event", fit_options={"precision": 1e-14, "r_precision": 0.0})
    return {name: _ratio(float(model.params_[name]), float(model.standard_errors_[name])) for name in terms}


def _ratio(log: float, error: float) -> Interval:
    low, middle, high = np.exp(np.clip([log - Z_95 * error, log, log + Z_95 * error], -LARGEST_LOG, LARGEST_LOG))
    return Interval(float(middle), float(low), float(high))
