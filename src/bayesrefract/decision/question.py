"""One contrast on one ROPE with what is known beside its draws, and what a claim on it may not rest on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bayesrefract.classical.agree import ROUNDED_TIMES
from bayesrefract.classical.agreement import Companion, CoxContrast, ImmortalTime, RobustError
from bayesrefract.cohort.exposure import ExposureTable
from bayesrefract.decision.implied import Implied
from bayesrefract.decision.normal import judge_normal
from bayesrefract.decision.throughout import window_of
from bayesrefract.decision.verdict import Region, VerdictWord
from bayesrefract.estimands import Effects
from bayesrefract.model.priors import FAVOURS_EQUIVALENCE, GroupPrior, overlap
from bayesrefract.proportionality.check import Proportionality, Reading
from bayesrefract.study.model import Model
from bayesrefract.study.rope import Estimand, Rope
from bayesrefract.study.study import Analysis, Contrast

MOVED = 0.5
"""Standard errors between posterior mean and companion fit from which on groups that change get a label."""
GROUPS_CHANGE = "groups change over time"
"""How the label begins."""
UNEQUAL = "an average over unequal periods"
"""Label of a hazard ratio that changes and lies outside the range for a time."""
NOT_ONE_RATIO = f"the hazard ratio is {UNEQUAL}"
OPPOSITE = f"{NOT_ONE_RATIO}, with opposite effects"
"""Reasons not to call it equal, and not to call it different."""


@dataclass(frozen=True)
class Case:
    """Question, model and prior: the inputs of a verdict apart from the draws."""

    analysis: Analysis
    model: Model
    prior: GroupPrior
    table: ExposureTable


class Seen(NamedTuple):
    """What is known of one contrast beside its draws."""

    companion: Companion | None
    cox: CoxContrast | None
    implied: Implied | None
    robust: RobustError | None
    immortal: ImmortalTime | None
    proportionality: Proportionality | None = None


@dataclass(frozen=True)
class Question:
    """One contrast on one ROPE, with what is known beside the draws."""

    case: Case
    contrast: Contrast
    rope: Rope
    seen: Seen
    mean: float  # of the draws of the log hazard ratio
    prior: Effects | None = None  # draws from the prior, of all other estimands

    @property
    def of_ratio(self) -> bool:
        """Whether it is about the hazard ratio, of which alone prior, influence and Cox regression speak."""
        return self.rope.estimand is Estimand.HAZARD_RATIO

    @property
    def share(self) -> float:
        """How much of a prior for the primary contrast is about this one."""
        return overlap(self.contrast, self.case.analysis.primary)

    @property
    def prior_inside(self) -> float | None:
        if not self.of_ratio:
            return self._share_of_prior_draws()
        if self.case.model.baseline.by_group:
            return None
        return self.case.prior.mass_inside(self.rope.low, self.rope.high, self.share)

    def _share_of_prior_draws(self) -> float | None:
        """Of draws from the prior, those inside the ROPE; throughout, in every interval that is judged."""
        if self.prior is None or not self.prior.has(self.rope.estimand):
            return None
        draws = self.prior.of(self.rope.estimand, self.contrast)
        bounds = (self.rope.low, self.rope.high)
        low, high = np.log(bounds) if self.rope.estimand.is_ratio else bounds
        inside = (draws >= low) & (draws <= high)
        if self.rope.estimand is Estimand.THROUGHOUT:
            _, chosen = window_of(self.case.table, self.contrast, self.rope)
            inside = inside.isel(interval=chosen).all("interval")
        return float(inside.mean())

    @property
    def prior_label(self) -> str:
        rope = self.rope if self.of_ratio else self.case.analysis.rope(Estimand.HAZARD_RATIO)
        return self.case.prior.label(rope, self.share)

    @property
    def influence(self) -> str:
        return "" if self.seen.implied is None else self.seen.implied.influence

    @property
    def of_rounding(self) -> tuple[str, ...]:
        """Labels of the cross-check, which are about ratios."""
        companion = self.seen.companion
        return companion.labels if companion is not None and self.rope.estimand.is_ratio else ()

    @property
    def labels(self) -> tuple[str, ...]:
        prior = (f"prior {self.prior_label}",) if self.prior_label else ()
        moved = (self.moved,) if self.moved else ()
        unequal = (UNEQUAL,) if self.reading is Reading.UNEQUAL else ()
        return (*prior, *((self.influence,) if self.influence else ()), *moved, *self.of_rounding, *unequal)

    @property
    def reading(self) -> Reading:
        """What the check of proportional hazards says of this ratio and this range."""
        if not self.of_ratio or self.seen.proportionality is None:
            return Reading.CONSTANT
        return self.seen.proportionality.reading(self.rope)

    @property
    def opposite(self) -> bool:
        """Whether the ratio lies wholly below 1 in one third of the events, and wholly above in another."""
        seen = self.seen.proportionality
        return self.of_ratio and seen is not None and seen.opposite(self.rope)

    @property
    def moved(self) -> str:
        return _moved(self.mean, self.seen) if self.of_ratio else ""

    def says(self, word: VerdictWord, mean_and_sd: tuple[float, float] | None) -> bool:
        """Whether the rule gives this word for a normal approximation of the log hazard ratio."""
        if not self.of_ratio or mean_and_sd is None:
            return False
        region = Region(math.log(self.rope.low), math.log(self.rope.high))
        return judge_normal(*mean_and_sd, region, self.case.analysis.rule).word is word


def _moved(mean: float, seen: Seen) -> str:
    """Where groups change, how far priors and a smooth baseline move the estimate; empty where it is little.

    Group and time are then confounded, so that what is assumed of the baseline hazard is assumed of the ratio.
    """
    if seen.immortal is None or seen.companion is None or not seen.companion.se > 0:
        return ""
    shift = (mean - seen.companion.log_hr) / seen.companion.se
    if not abs(shift) > MOVED:
        return ""
    return (
        f"{GROUPS_CHANGE}, and the priors (of a smooth baseline too) move the log hazard ratio by {shift:+.2f} "
        "SE from a fit with free hazards: compare the model collapsed"
    )


def rests_on_the_prior(question: Question, word: VerdictWord) -> bool:
    """Whether prior or pooling favour a claim of equality that the default prior with nothing pooled does not give."""
    favoured = question.prior_label == FAVOURS_EQUIVALENCE or bool(question.influence)
    implied = question.seen.implied
    return favoured and not question.says(word, None if implied is None else implied.default)


def rests_on_the_baseline(question: Question, word: VerdictWord) -> bool:
    """Whether groups change, and a fit with free hazards does not give the claim that priors and baseline give."""
    companion = question.seen.companion
    return bool(question.moved) and companion is not None and not question.says(word, (companion.log_hr, companion.se))


def rests_on_rounding(question: Question, word: VerdictWord) -> bool:
    """Whether times are rounded so far that Cox regression with Efron's ties must give the claim too, and does not."""
    if not question.of_ratio or ROUNDED_TIMES not in question.of_rounding:
        return False
    cox = question.seen.cox
    return not question.says(word, None if cox is None else (cox.log_coef, cox.log_se))


def rests_on_unequal_periods(question: Question, word: VerdictWord) -> str:
    """Why a hazard ratio that changes over time does not support this word; empty where it does.

    A claim of equality needs an average over periods that are alike, and that this could be looked at; a difference
    needs only that no two periods contradict each other.
    """
    if word is VerdictWord.DIFFERENT:
        return OPPOSITE if question.opposite else ""
    seen = question.seen.proportionality
    if question.reading is Reading.UNKNOWN and seen is not None:
        return f"Whether the ratio changes over time cannot be checked: {seen.reason}"
    return NOT_ONE_RATIO if question.reading is Reading.UNEQUAL else ""
