"""Results of the classical analyses as frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort.disclosure import too_few
from bayesrefract.interval import Interval as Interval

type CurveName = Literal["Kaplan-Meier", "Simon-Makuch"]
KAPLAN_MEIER: CurveName = "Kaplan-Meier"
SIMON_MAKUCH: CurveName = "Simon-Makuch"
"""Kaplan-Meier with risk sets that patients join and leave when they change groups: no survival of any patients."""


@dataclass(frozen=True)
class KaplanMeier:
    """Product-limit curve of one group: a step function, survival[0] = 1 at times[0], which is 0 or the start.

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

    Distances are in standard errors of Cox regression with Breslow's handling of ties, and None where they could not
    be measured. `agrees` is None where there is no frequentist counterpart; `reason` states why, or the disagreement;
    `labels` what holds without withholding a verdict.
    """

    group: str
    reference: str
    log_hr: float
    se: float
    code_distance: float | None = None
    """Of the companion with a cut at every event time from another program's Breslow estimate, which it must equal."""
    grid_distance: float | None = None
    """Companion - Breslow: what the intervals of the fit leave out."""
    ties_distance: float | None = None
    """Efron - Breslow: what is uncertain as event times are tied."""
    se_ratio: float | None = None
    """Companion SE / Breslow SE."""
    agrees: bool | None = None
    reason: str = ""
    labels: tuple[str, ...] = ()


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
class SchoenfeldPair:
    """The Schoenfeld residual test of one contrast, on its two groups. p is None with `method` saying why."""

    group: str
    reference: str
    p: float | None
    statistic: float | None
    method: str


@dataclass(frozen=True)
class ProportionalHazards:
    """Schoenfeld residual test of the group effect, over all groups at once; `by_term` has every term's p.

    `pairs`: the test of each contrast.

    p is None with `method` saying why.
    """

    p: float | None
    statistic: float | None
    method: str
    by_term: tuple[tuple[str, float], ...] = ()
    pairs: tuple[SchoenfeldPair, ...] = ()

    @property
    def judged(self) -> tuple[SchoenfeldPair, ...]:
        """The tests of the contrasts where they differ from the one over all groups: with more than two of these."""
        return tuple(each for each in self.pairs if (each.p, each.method) != (self.p, self.method))


@dataclass(frozen=True)
class Landmark:
    """Cox regression from a declared time on, with the groups of that time; group first, then reference.

    `cox` is None where the likelihood has no maximum.
    """

    time: float
    patients: tuple[int, ...]
    events: tuple[int, ...]
    cox: CoxContrast | None


@dataclass(frozen=True)
class ImmortalTime:
    """What a contrast would be if those who are ever in the group had been in it from the start.

    `changed`: patients of the group who were in the reference at another time. `person_time`: their time in the
    reference, which the naive analysis counts as the group's (`naive_person_time` in all); None in a report where it
    would tell the times of very few. `naive`: Cox regression of ever against never; wrong, for comparison.
    """

    group: str
    reference: str
    changed: int
    person_time: float | None
    naive_person_time: float | None
    naive: CoxContrast | None
    landmark: Landmark | None = None


@dataclass(frozen=True)
class RobustError:
    """Standard errors of a log hazard ratio of Cox regression: by patient, and as if all events were independent."""

    group: str
    reference: str
    log_hr: float
    robust: float
    model: float


@dataclass(frozen=True)
class Agreement:
    """Classical analyses of one cohort and their agreement with one model; tuples follow the question's contrasts.

    `follow_up`: median of all groups together, by the reverse Kaplan-Meier estimate. `curve_name`: what the curves of
    the groups are. `immortal`: beside groups that change; `robust`: beside events that repeat.
    """

    groups: tuple[GroupSummary, ...]
    cox: tuple[CoxContrast, ...]
    breslow: tuple[CoxContrast, ...]
    companion: tuple[Companion, ...]
    log_rank: LogRank
    proportional_hazards: ProportionalHazards
    tied_share: float
    notes: tuple[str, ...] = ()
    terms: tuple[CoxTerm, ...] = ()
    follow_up: Interval | None = None
    curve_name: CurveName = KAPLAN_MEIER
    immortal: tuple[ImmortalTime, ...] = ()
    robust: tuple[RobustError, ...] = ()
