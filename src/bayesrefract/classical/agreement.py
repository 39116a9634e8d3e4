"""Results of the classical analyses as frozen values, and the agreement of the companion fit with Cox regression."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bayesrefract.classical.regression import GroupEffects
from bayesrefract.cohort.disclosure import too_few
from bayesrefract.interval import Interval as Interval
from bayesrefract.study.study import Contrast


@dataclass(frozen=True)
class KaplanMeier:
    """Product-limit curve of one group: a step function, times[0] = 0, survival[0] = 1.

    All arrays have shape (step,). `low`, `high`: pointwise 95% log-log limits (NaN where undefined).
    `at_risk`: number at risk just before each time. `censored`: number censored at each time; None where not
    counted.
    """

    times: NDArray[np.float64] = field(repr=False)
    survival: NDArray[np.float64] = field(repr=False)
    low: NDArray[np.float64] = field(repr=False)
    high: NDArray[np.float64] = field(repr=False)
    at_risk: NDArray[np.float64] = field(repr=False)
    censored: NDArray[np.int64] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class GroupSummary:
    """Patients, events and survival estimates of one group; `median` with log-log limits, `rmst` at the horizon.

    In a report, a group with very few patients has only its patients and events (`classical/disclosure.py`).
    """

    level: str
    patients: int
    events: int
    person_time: float | None
    median: Interval
    median_follow_up: Interval  # reverse Kaplan-Meier
    rmst: float | None
    rmst_se: float | None
    curve: KaplanMeier

    @property
    def too_few(self) -> bool:
        """Whether its times are not shown."""
        return too_few(self.patients)


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
    """The flat-prior piecewise-exponential fit of the same table, compared with Cox regression.

    `z_disagreement` = (companion - Cox) / Cox SE; `se_ratio` = companion SE / Cox SE.
    `agrees` is None where there is no frequentist counterpart; `reason` states why, or the disagreement.
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
    """Classical analyses of one cohort and their agreement with one model; tuples follow the question's contrasts.

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


TIED_SHARE = 0.10
"""Above this share of tied events, Efron's and Breslow's approximations differ, and the gate is wider."""

MAX_DISTANCE = 0.10
MAX_DISTANCE_TIED = 0.30
MAX_SE_DIFFERENCE = 0.05


def compare_with_cox(
    companion: GroupEffects, cox: GroupEffects, contrast: Contrast, codes: tuple[int, int], tied_share: float
) -> Companion:
    """Compare a contrast of the companion fit with Cox regression; `reason` states any disagreement.

    codes : of the contrast's group and reference.
    """
    ours, theirs = companion.contrast(*codes), cox.contrast(*codes)
    if ours is None:
        reason = _no_estimate("the companion fit", companion)
        return Companion(contrast.group, contrast.reference, math.nan, math.nan, None, None, False, reason)
    if theirs is None:
        return Companion(
            contrast.group, contrast.reference, *ours, None, None, False, _no_estimate("Cox regression", cox)
        )
    z, se_ratio = (ours[0] - theirs[0]) / theirs[1], ours[1] / theirs[1]
    reason = _disagreement(ours, theirs, z, se_ratio, tied_share)
    return Companion(contrast.group, contrast.reference, *ours, z, se_ratio, not reason, reason)


def without_counterpart(companion: GroupEffects, contrast: Contrast, codes: tuple[int, int]) -> Companion:
    """Companion of a model without a Cox counterpart: hazards free in every group."""
    ours = companion.contrast(*codes) or (math.nan, math.nan)
    return Companion(contrast.group, contrast.reference, *ours, None, None, None, "no frequentist counterpart")


def _no_estimate(fit: str, effects: GroupEffects) -> str:
    return f"{fit} has no estimate: {effects.reason or 'the likelihood of this contrast has no maximum'}"


def _disagreement(
    ours: tuple[float, float], theirs: tuple[float, float], z: float, se_ratio: float, tied_share: float
) -> str:
    """Describe the disagreement; empty where both gates are passed."""
    allowed = MAX_DISTANCE_TIED if tied_share > TIED_SHARE else MAX_DISTANCE
    faults = []
    if abs(z) > allowed:
        faults.append(f"the log hazard ratios are {abs(z):.2f} Cox standard errors apart ({allowed:.2f} allowed)")
    if abs(se_ratio - 1) > MAX_SE_DIFFERENCE:
        faults.append(f"the standard errors differ by {se_ratio - 1:+.1%} ({MAX_SE_DIFFERENCE:.0%} either way allowed)")
    if not faults:
        return ""
    figures = f"companion {ours[0]:.3f} (SE {ours[1]:.3f}), Cox {theirs[0]:.3f} (SE {theirs[1]:.3f})"
    return f"companion fit and Cox regression disagree: {' and '.join(faults)}; log hazard ratio: {figures}"
