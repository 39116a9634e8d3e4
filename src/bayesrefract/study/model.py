"""Models as frozen values: baseline, effects, priors, intervals, sampler."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

NO_SET = "none"
"""adjust = "none": no covariates."""

QUESTION_SET = "question"
"""adjust = "question": the adjustment set that the question itself names."""

USUAL = 12
"""Intervals for which the prior worth of independent hazards is stated."""

DEFAULT_SEED = 20240
"""Of a run that names none."""

LARGEST_SEED = 2**63 - 1
"""What a study file, JSON and every random generator can hold."""


class BaselineKind(StrEnum):
    """Prior of the piecewise-constant baseline hazard."""

    RANDOM_WALK = "random_walk"
    INDEPENDENT = "independent"


class StrataKind(StrEnum):
    """One baseline for all, one per stratum, or strata shrunk towards a common one."""

    COMMON = "common"
    FREE = "free"
    POOLED = "pooled"


@dataclass(frozen=True)
class Baseline:
    """`shape` is the prior worth in events per interval of independent hazards (0 allowed).

    `rate` fixes the Gamma(shape, rate) prior's rate, with its person-time in `rate_unit`; None takes
    shape * exposure / events. `by_group`: hazards per group, HR their ratio (independent only).
    """

    kind: BaselineKind = BaselineKind.RANDOM_WALK
    strata: StrataKind = StrataKind.COMMON  # over the question's strata columns
    shape: float = 0.1
    rate: float | None = None
    rate_unit: str | None = None
    by_group: bool = False
    innovation_sd: float = 1.0  # sd of the half-normal prior of the walk's sigma
    level_sd: float = 2.0


class GroupPriorName(StrEnum):
    """Named priors of every pairwise log HR (statistics: pairwise sd, or mass inside the ROPE)."""

    DEFAULT = "default"  # Normal(0, 0.75)
    WIDE = "wide"  # Normal(0, 1.5)
    SCEPTICAL = "sceptical"  # two humps outside the ROPE, 0.10 of the mass inside
    NEUTRAL = "neutral"  # 0.50 inside
    ENTHUSIASTIC = "enthusiastic"  # 0.90 inside
    FLAT = "flat"  # oracles and companion fits only
    CUSTOM = "custom"  # { hr95 = [low, high] }


@dataclass(frozen=True)
class Priors:
    """Priors of all effects; every scale is on the log hazard."""

    group: GroupPriorName = GroupPriorName.DEFAULT
    hr95: tuple[float, float] | None = None  # only with CUSTOM
    continuous_sd: float = 1.0  # per standard deviation of the covariate
    categorical_pairwise_sd: float = 1.0
    exchangeable_scale: float = 0.5  # of the half-normal prior of tau
    exchangeable_scales: tuple[tuple[str, float], ...] = ()  # of covariates that have another one
    change_scale: float = 0.3  # of the half-normal prior of the change of a log hazard ratio over follow-up

    def scale_of(self, covariate: str) -> float:
        """Scale of the half-normal prior of the spread of a covariate's levels."""
        return dict(self.exchangeable_scales).get(covariate, self.exchangeable_scale)


@dataclass(frozen=True)
class Intervals:
    """Cuts of follow-up: given, or quantiles of the event times.

    `maximum`: of the intervals; None chooses 24, or more where Cox regression asks for it. `min_events`: in each.
    `to_last_event`: the follow-up after the last event, from which Cox regression takes nothing, is an interval of its
    own.
    """

    cuts: tuple[float, ...] | None = None
    maximum: int | None = None
    min_events: int = 5
    to_last_event: bool = False

    @property
    def are_chosen(self) -> bool:
        """Whether the program chooses how many intervals there are."""
        return self.cuts is None and self.maximum is None


WIDE_CHANGE = 1.0
"""Scale of the half-normal prior of the change of a log hazard ratio, of the fit beside that with the usual one."""
MOST_CHAINS = 100
MOST_DRAWS = 10_000_000
"""Over all chains, with tuning: some 8 GB of a small model's posterior, and far beyond what any verdict needs."""
BYTES_PER_DRAW = 800
"""Of one draw of a model of a hundred values: what is left of it after sampling takes less, sampling it more."""


@dataclass(frozen=True)
class Sampler:
    """Settings of NUTS. `max_draws` (over all chains) bounds the doubling of too-close-to-call runs."""

    chains: int = 4
    tune: int = 500
    draws: int = 1000
    target_accept: float = 0.95
    max_draws: int = 40_000

    @property
    def fault(self) -> str | None:
        """Why so much cannot be sampled, with what it would need; None where it can."""
        if self.chains > MOST_CHAINS:
            return f"{self.chains:,} chains are more than the {MOST_CHAINS} that can be run. Run fewer."
        total = max(self.chains * (self.tune + self.draws), self.max_draws)
        if total <= MOST_DRAWS:
            return None
        return (
            f"{total:,} draws (over all chains, tuning and max_draws included) need about "
            f"{total * BYTES_PER_DRAW // 10**9:,} GB of memory. At most {MOST_DRAWS:,} can be asked for: take fewer."
        )

    @property
    def careful(self) -> Sampler:
        """Smaller steps after longer tuning: what a fit with divergent transitions is sampled with once more."""
        return replace(self, target_accept=1 - (1 - self.target_accept) / 5, tune=2 * self.tune)


@dataclass(frozen=True)
class Model:
    """One model file. `adjust`: "none", "question", or the name of one of the question's sets.

    `exchangeable`: the levels of each categorical covariate share a learnt spread; a tuple names those that do.
    `by_time`: the hazard ratio may change over follow-up. `compared_only`: only the two groups of the primary contrast.
    `purpose`: one line for `bayesrefract models`. `complete`: columns whose values have to be known of every patient,
    though it does not adjust for them (`on_patients_of`).
    """

    name: str
    title: str
    purpose: str
    adjust: str = "none"
    exchangeable: bool | tuple[str, ...] = False
    by_time: bool = False
    compared_only: bool = False
    baseline: Baseline = field(default_factory=Baseline)
    priors: Priors = field(default_factory=Priors)
    intervals: Intervals = field(default_factory=Intervals)
    sampler: Sampler = field(default_factory=Sampler)
    sha256: str = ""
    complete: tuple[str, ...] = ()

    def shares_a_spread(self, covariate: str) -> bool:
        """Whether the levels of this categorical covariate share a learnt spread."""
        return self.exchangeable if isinstance(self.exchangeable, bool) else covariate in self.exchangeable


def on_patients_of(model: Model, adjusted: Model, columns: tuple[str, ...]) -> Model:
    """The model on the patients whose values in these columns, which another one adjusts for, are known."""
    return replace(
        model,
        name=f"{model.name}_same_as_{adjusted.name}",
        title=f"{model.title}, on the patients of the model “{adjusted.name}”",
        purpose=f"Has the patients of {adjusted.name}, so that only the covariates differ.",
        complete=columns,
    )


def with_intervals(model: Model, intervals: Intervals) -> Model:
    """The model with intervals that were chosen for its question, where it leaves them open."""
    return replace(model, intervals=intervals) if model.intervals.are_chosen else model


def shared_out(model: Model, count: int) -> Model:
    """The model with the prior of its independent hazards shared out over more than 12 intervals.

    The whole prior is then worth as many events as that of 12 intervals, and refining does not change it. Given cuts,
    or a given rate, leave it as it is.
    """
    baseline = model.baseline
    given = (
        baseline.kind is not BaselineKind.INDEPENDENT or baseline.rate is not None or model.intervals.cuts is not None
    )
    if given or count <= USUAL:
        return model
    return replace(model, baseline=replace(baseline, shape=baseline.shape * USUAL / count))
