"""The verdict as a frozen value, and the decision rules.

A margin is the distance by which a verdict's condition is met (zero or more) or missed (negative). The rules differ
only in their margins, so that the same code judges a posterior, a printed ratio and a simulated trial.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bayesrefract.study.rope import Estimand, Rope, Rule, Side


class VerdictWord(StrEnum):
    """Two-sided: equivalent, different, undecided; one-sided: non_inferior, not_shown; or withheld."""

    EQUIVALENT = "equivalent"
    DIFFERENT = "different"
    UNDECIDED = "undecided"
    WITHHELD = "withheld"
    NON_INFERIOR = "non_inferior"
    NOT_SHOWN = "not_shown"


@dataclass(frozen=True)
class Beside:
    """What the same rule gives for the same estimand where the hazard ratio may change more over follow-up.

    `scale`: of the half-normal prior of that change.
    """

    scale: float
    word: VerdictWord
    direction: str | None
    median: float
    interval: tuple[float, float]
    p_below: float
    p_inside: float
    p_above: float


@dataclass(frozen=True)
class Verdict:
    """The judgement of one contrast on one estimand against one ROPE.

    Probabilities are posterior probabilities of the estimand below, inside and above the ROPE, each
    with its Monte Carlo standard error; `*_bound` replaces a bare 0 or 1 where all draws agree
    (inside > 1 - 3/ESS, or inside < 3/ESS). `interval` is on the estimand's own scale (ratios as
    ratios), computed on the log scale for ratios. `distance`: how far, on the decision scale, the
    draws are from the nearest change of verdict (positive; probability for rule `probability`, log or
    difference for rule `interval`). `smallest_rope`: the m > 1 for which (1/m, m) would have been
    accepted (for differences, the d > 0 for which (-d, d) would). `wide`: the same where the hazard ratio
    may change more; None where that is not asked, as of the hazard ratio itself.
    """

    group: str
    reference: str
    primary: bool
    estimand: Estimand
    rope: Rope
    rule: Rule
    word: VerdictWord
    direction: str | None  # "above" | "below" for different
    median: float
    interval: tuple[float, float]
    eti95: tuple[float, float]
    mean: float  # of the log for ratios
    sd: float
    p_below: float
    p_inside: float
    p_above: float
    mcse_below: float
    mcse_inside: float
    mcse_above: float
    p_inside_bound: str | None
    prior_inside: float | None
    distance: float
    distance_mcse: float
    smallest_rope: float
    r_hat: float
    ess_bulk: float
    ess_tail: float
    reasons: tuple[str, ...] = ()  # why withheld, or "too close to call by simulation"
    labels: tuple[str, ...] = ()  # "exploratory", "prior favours equivalence", "conditional", ...
    claim: tuple[Estimand, ...] = ()  # the estimands that a claim needs together, with this one among them
    wide: Beside | None = None

    @property
    def side(self) -> Side:
        """Side of the ROPE on which the harm lies, for this estimand."""
        return self.rule.side_of(self.estimand)


@dataclass(frozen=True)
class Simulated:
    """A number computed from draws, with its Monte Carlo standard error."""

    value: float
    mcse: float

    def __sub__(self, constant: float) -> Simulated:
        return Simulated(self.value - constant, self.mcse)

    def __rsub__(self, constant: float) -> Simulated:
        return Simulated(constant - self.value, self.mcse)


@dataclass(frozen=True)
class Region:
    """The ROPE on the decision scale: logs for ratios."""

    low: float
    high: float


@dataclass(frozen=True)
class Judgement:
    """`distance` to the nearest change of verdict, positive."""

    word: VerdictWord
    direction: str | None
    distance: Simulated


Margins = dict[tuple[VerdictWord, str | None], Simulated]

EQUIVALENT = (VerdictWord.EQUIVALENT, None)
DIFFERENT_BELOW = (VerdictWord.DIFFERENT, "below")
DIFFERENT_ABOVE = (VerdictWord.DIFFERENT, "above")
NON_INFERIOR = (VerdictWord.NON_INFERIOR, None)


def judge_interval(low: Simulated, high: Simulated, region: Region, side: Side) -> Judgement:
    """The whole interval inside the region, or wholly on one side of it, or neither.

    One-sided: the interval's bound on the side of harm does not reach the region's bound there.
    """
    margins: Margins
    match side:
        case Side.ABOVE:
            margins = {NON_INFERIOR: region.high - high}
        case Side.BELOW:
            margins = {NON_INFERIOR: low - region.low}
        case Side.TWO_SIDED:
            margins = {
                EQUIVALENT: min(low - region.low, region.high - high, key=_value),
                DIFFERENT_BELOW: region.low - high,
                DIFFERENT_ABOVE: low - region.high,
            }
    return _judge(margins, side)


def judge_probability(below: Simulated, inside: Simulated, above: Simulated, threshold: float, side: Side) -> Judgement:
    """The posterior probability of a verdict's claim is at or above the threshold.

    One-sided: the claim is that the value is not beyond the region on the side of harm.
    """
    margins: Margins
    match side:
        case Side.ABOVE:
            margins = {NON_INFERIOR: (1.0 - above) - threshold}
        case Side.BELOW:
            margins = {NON_INFERIOR: (1.0 - below) - threshold}
        case Side.TWO_SIDED:
            margins = {
                EQUIVALENT: inside - threshold,
                DIFFERENT_BELOW: below - threshold,
                DIFFERENT_ABOVE: above - threshold,
            }
    return _judge(margins, side)


def judge_band(
    lowest: Simulated, highest: Simulated, lowest_high: Simulated, highest_low: Simulated, region: Region, side: Side
) -> Judgement:
    """The whole band inside the region, or in some interval wholly on one side of it.

    `lowest`, `highest`: extremes of the band; `lowest_high`: the lowest of its upper limits; `highest_low`: the highest
    of its lower limits.
    """
    if side is not Side.TWO_SIDED:
        return judge_interval(lowest, highest, region, side)
    margins: Margins = {
        EQUIVALENT: min(lowest - region.low, region.high - highest, key=_value),
        DIFFERENT_BELOW: region.low - lowest_high,
        DIFFERENT_ABOVE: highest_low - region.high,
    }
    return _judge(margins, side)


def judge_band_probability(
    kept: Simulated, below: Simulated, above: Simulated, threshold: float, side: Side
) -> Judgement:
    """`kept`: probability that the claim holds throughout; `below`, `above`: to be beyond a bound in some interval."""
    if side is not Side.TWO_SIDED:
        return _judge({NON_INFERIOR: kept - threshold}, side)
    margins: Margins = {
        EQUIVALENT: kept - threshold,
        DIFFERENT_BELOW: below - threshold,
        DIFFERENT_ABOVE: above - threshold,
    }
    return _judge(margins, side)


def _judge(margins: Margins, side: Side) -> Judgement:
    (word, direction), margin = max(margins.items(), key=lambda item: item[1].value)
    if margin.value >= 0:
        return Judgement(word, direction, margin)
    return Judgement(fallback(side), None, Simulated(-margin.value, margin.mcse))


def fallback(side: Side) -> VerdictWord:
    """The word where no condition is met."""
    return VerdictWord.UNDECIDED if side is Side.TWO_SIDED else VerdictWord.NOT_SHOWN


def _value(number: Simulated) -> float:
    return number.value
