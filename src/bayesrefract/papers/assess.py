"""Verdict on a printed ratio from a ROPE and a rule, and the attainability of that verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bayesrefract.decision.attainability import Criterion
from bayesrefract.decision.judge import PRIOR_ALONE
from bayesrefract.decision.verdict import (
    Judgement,
    Region,
    Simulated,
    Verdict,
    VerdictWord,
    judge_interval,
    judge_probability,
)
from bayesrefract.model.priors import FAVOURS_EQUIVALENCE, GroupPrior
from bayesrefract.papers import Ratio
from bayesrefract.papers.posterior import Mixture, normal
from bayesrefract.study.rope import Estimand, Rope, Rule, RuleName, Side

TARGET_POWER = 0.80
LEAST_EVENTS_PER_INFORMATION = 4.0
"""The information of d events is d p (1 - p), p the share in one group: at most d / 4."""
EXACT = math.inf
"""Effective draws of a posterior in closed form."""
CLAIMS_OF_EQUALITY = (VerdictWord.EQUIVALENT, VerdictWord.NON_INFERIOR)


@dataclass(frozen=True)
class Terms:
    """Terms of a verdict on a ratio: ROPE, rule and prior."""

    rope: Rope
    rule: Rule
    prior: GroupPrior


@dataclass(frozen=True)
class Reach:
    """Attainability with a given standard error at a true ratio of exactly 1, as `Attainability` from events.

    `best_inside`: largest posterior mass inside the ROPE. `more_needed`: how many times the information
    (about as many times the events) for 80% power. `events_implied`: fewer events cannot have given it.
    """

    possible: bool
    power: float
    best_inside: float
    more_needed: float
    events_implied: int


@dataclass(frozen=True)
class Assessment:
    """Verdict on one ratio. `inside_digits`: P(inside) over all values with the same printed digits.

    `other_words`: other verdicts that such values would have. `ratio`: as printed, None for a ratio that is
    computed from printed ones.
    """

    name: str
    ratio: Ratio | None
    posterior: Mixture
    verdict: Verdict
    reach: Reach
    inside_digits: tuple[float, float] | None = None
    other_words: tuple[VerdictWord, ...] = ()


def assess(ratio: Ratio, terms: Terms) -> Assessment:
    """Judge one printed ratio.

    Parameters
    ----------
    ratio : Ratio
        Estimate and limits with their printed digits.
    terms : Terms
        ROPE, rule and prior.

    Returns
    -------
    Assessment
        Verdict, attainability, and the sensitivity of both to the printed digits.

    References
    ----------
    Kruschke (2018), doi:10.1177/2515245918771304.
    """
    posterior = normal(ratio.log_estimate, ratio.log_se, terms.prior)
    name = ", ".join(part for part in (ratio.study, ratio.label) if part)
    judged = assess_normal(name, (ratio.group, ratio.reference), posterior, ratio.log_se, terms)
    corners = [normal(*corner, terms.prior) for corner in ratio.allowed()]
    words = {_word(corner, terms) for corner in corners} - {judged.verdict.word}
    return Assessment(
        judged.name, ratio, posterior, judged.verdict, judged.reach, _digits(ratio, terms), tuple(sorted(words))
    )


def assess_normal(name: str, pair: tuple[str, str], posterior: Mixture, error: float, terms: Terms) -> Assessment:
    """Judge a posterior of a log ratio; `error`: standard error of the estimate, without the prior."""
    return Assessment(name, None, posterior, verdict(pair, posterior, terms), reach(error, terms))


def verdict(pair: tuple[str, str], posterior: Mixture, terms: Terms) -> Verdict:
    """Verdict on a posterior in closed form, without Monte Carlo error.

    A claim of equality that a narrow prior favours is withheld, as for patient records.
    """
    rope, rule, prior = terms.rope, terms.rule, terms.prior
    low, high = math.log(rope.low), math.log(rope.high)
    judged = judge(posterior, rope, rule)
    alone = judged.word in CLAIMS_OF_EQUALITY and _narrow(terms)
    labels = ([] if rope.before_data else ["exploratory"]) + (
        [f"prior {FAVOURS_EQUIVALENCE}"] if _narrow(terms) else []
    )
    return Verdict(
        group=pair[0],
        reference=pair[1],
        primary=True,
        estimand=Estimand.HAZARD_RATIO,
        rope=rope,
        rule=rule,
        word=VerdictWord.WITHHELD if alone else judged.word,
        direction=None if alone else judged.direction,
        median=math.exp(posterior.quantile(0.5)),
        interval=_interval(posterior, rule.level),
        eti95=_interval(posterior, 0.95),
        mean=posterior.mean,
        sd=posterior.sd,
        p_below=posterior.below(low),
        p_inside=posterior.between(low, high),
        p_above=posterior.above(high),
        mcse_below=0.0,
        mcse_inside=0.0,
        mcse_above=0.0,
        p_inside_bound=None,
        prior_inside=prior.mass_inside(rope.low, rope.high),
        distance=judged.distance.value,
        distance_mcse=0.0,
        smallest_rope=math.exp(_smallest_half_width(posterior, rule)),
        r_hat=math.nan,
        ess_bulk=EXACT,
        ess_tail=EXACT,
        reasons=(PRIOR_ALONE,) if alone else (),
        labels=tuple(labels),
    )


def judge(posterior: Mixture, rope: Rope, rule: Rule) -> Judgement:
    """Apply the decision rule to a posterior in closed form."""
    low, high = math.log(rope.low), math.log(rope.high)
    if rule.name is RuleName.INTERVAL:
        tail = (1 - rule.level) / 2
        least, most = (Simulated(posterior.quantile(share), 0.0) for share in (tail, 1 - tail))
        return judge_interval(least, most, Region(low, high), rule.side_of(Estimand.HAZARD_RATIO))
    assert rule.threshold is not None
    shares = (posterior.below(low), posterior.between(low, high), posterior.above(high))
    below, inside, above = (Simulated(share, 0.0) for share in shares)
    return judge_probability(below, inside, above, rule.threshold, rule.side_of(Estimand.HAZARD_RATIO))


def reach(error: float, terms: Terms) -> Reach:
    """Attainability with this standard error. A bimodal prior is ignored, as for patient records."""
    rope, prior = terms.rope, terms.prior
    sd = None if prior.flat or prior.is_mixture else prior.rest_sd
    criterion = Criterion(math.log(rope.low), math.log(rope.high), terms.rule, sd)
    information = error**-2
    return Reach(
        possible=criterion.accepted(information) is not None,
        power=criterion.power(information),
        best_inside=criterion.best_inside(information),
        more_needed=criterion.information_needed(TARGET_POWER) / information,
        events_implied=math.ceil(LEAST_EVENTS_PER_INFORMATION * information * (1 - 1e-12)),
    )


def _word(posterior: Mixture, terms: Terms) -> VerdictWord:
    return verdict(("", ""), posterior, terms).word


def _narrow(terms: Terms) -> bool:
    return terms.prior.label(terms.rope) == FAVOURS_EQUIVALENCE


def _interval(posterior: Mixture, level: float) -> tuple[float, float]:
    tail = (1 - level) / 2
    return math.exp(posterior.quantile(tail)), math.exp(posterior.quantile(1 - tail))


def _smallest_half_width(posterior: Mixture, rule: Rule) -> float:
    """The smallest w >= 0 such that (-w, w) would have been accepted; one-sided: w or -w alone."""
    share = 0.5 + rule.level / 2
    if rule.name is RuleName.PROBABILITY:
        assert rule.threshold is not None
        share = rule.threshold
        if not rule.one_sided:
            return posterior.half_width(share)
    low, high = posterior.quantile(1 - share), posterior.quantile(share)
    side = rule.side_of(Estimand.HAZARD_RATIO)
    return max({Side.TWO_SIDED: max(-low, high), Side.ABOVE: high, Side.BELOW: -low}[side], 0.0)


def _digits(ratio: Ratio, terms: Terms) -> tuple[float, float]:
    """Range of P(inside) over values with the printed digits; largest with the estimate nearest the ROPE's centre."""
    low, high = math.log(terms.rope.low), math.log(terms.rope.high)
    least, most = ratio.log_estimates()
    nearest = min(max((low + high) / 2, least), most)
    errors = sorted({error for _, error in ratio.allowed()})
    steps = [errors[0] + (errors[-1] - errors[0]) * i / 8 for i in range(9)]
    shares = [
        normal(estimate, error, terms.prior).between(low, high)
        for estimate in (least, nearest, most)
        for error in steps
    ]
    return min(shares), max(shares)
