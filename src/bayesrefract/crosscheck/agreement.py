"""What classical survival analysis says of the same cohort, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesrefract.interval import Interval as Interval


@dataclass(frozen=True)
class KaplanMeier:
    """Product-limit curve of one group: a step function, times[0] = 0, survival[0] = 1.

    All arrays have shape (step,). `low`, `high`: pointwise 95% log-log limits (NaN where undefined).
    `at_risk`: number at risk just before each time. `censored`: how many leave at it without the event; None where
    they were not counted.
    """

    times: NDArray[np.float64]
    survival: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    at_risk: NDArray[np.float64]
    censored: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class GroupSummary:
    """One group in plain numbers. `median` has a log-log interval; `rmst` is at the horizon."""

    level: str
    patients: int
    events: int
    person_time: float
    median: Interval
    median_follow_up: Interval  # reverse Kaplan-Meier
    rmst: float | None
    rmst_se: float | None
    curve: KaplanMeier


@dataclass(frozen=True)
class CoxContrast:
    """A pairwise hazard ratio of Cox regression with the model's covariates and strata."""

    group: str
    reference: str
    log_coef: float
    log_se: float
    p: float
    ties: str  # efron | breslow

    @property
    def hazard_ratio(self) -> float:
        return float(np.exp(self.log_coef))

    def limits(self, level: float = 0.95) -> tuple[float, float]:
        """Wald limits of the hazard ratio."""
        from scipy.stats import norm

        z = norm.ppf(0.5 + level / 2)
        return float(np.exp(self.log_coef - z * self.log_se)), float(np.exp(self.log_coef + z * self.log_se))


@dataclass(frozen=True)
class CoxTerm:
    """Hazard ratio of one covariate in the same Cox model: a level against `reference`, or per step of a number."""

    covariate: str
    level: str
    reference: str
    hazard_ratio: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class Companion:
    """The flat-prior piecewise-exponential fit of the same table, held against Cox.

    `z_disagreement` = (companion - Cox) / Cox SE; `se_ratio` = companion SE / Cox SE.
    `agrees` is None where there is no frequentist counterpart; `reason` says why or what disagrees.
    """

    group: str
    reference: str
    log_hr: float
    se: float
    z_disagreement: float | None
    se_ratio: float | None
    agrees: bool | None
    reason: str = ""


@dataclass(frozen=True)
class LogRankPair:
    group: str
    reference: str
    chi_squared: float
    p: float


@dataclass(frozen=True)
class LogRank:
    """Test of equal hazards over all groups, and per pair. p is None with `method` saying why."""

    chi_squared: float | None
    p: float | None
    method: str
    pairs: tuple[LogRankPair, ...] = ()


@dataclass(frozen=True)
class ProportionalHazards:
    """Schoenfeld residual test of the group effect, over all groups at once; `by_term` has every term's p.

    p is None with `method` saying why.
    """

    p: float | None
    statistic: float | None
    method: str
    by_term: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Agreement:
    """All of it for one cohort and model plan; tuples per contrast follow the question's contrasts.

    `follow_up`: median of all groups together, by the reverse Kaplan-Meier estimate.
    """

    groups: tuple[GroupSummary, ...]
    cox: tuple[CoxContrast, ...]
    breslow: tuple[CoxContrast, ...]  # empty unless more than 10% of the events are tied
    companion: tuple[Companion, ...]
    log_rank: LogRank
    proportional_hazards: ProportionalHazards
    tied_share: float
    notes: tuple[str, ...] = ()
    terms: tuple[CoxTerm, ...] = ()
    follow_up: Interval | None = None
