"""A rule applied to a normal approximation: what it would say of Cox regression's log hazard ratio."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from bayesrefract.decision.verdict import Judgement, Region, Simulated, judge_interval, judge_probability
from bayesrefract.errors import StudyError
from bayesrefract.study.rope import Estimand, Rule, RuleName

LARGEST_LOG = 700.0
"""Beyond this the exponential has no finite value."""


def judge_normal(
    mean: float, sd: float, region: Region, rule: Rule, estimand: Estimand = Estimand.HAZARD_RATIO
) -> Judgement:
    """Word and direction that `rule` gives where `estimand` is Normal(mean, sd), without simulation error.

    mean, sd, region : on the decision scale, logs for ratios. Interval rules read the Wald interval at the rule's
    level; one-sided ones its limit on the side of harm. Probability rules hold the normal probabilities below,
    inside and above the region against the threshold. The equal-tailed and the highest-density interval of a normal
    distribution are the same. Raises StudyError for a rule `probability` without a threshold.
    """
    if rule.name is RuleName.INTERVAL:
        half = float(norm.ppf(0.5 + rule.level / 2)) * sd
        return judge_interval(_exact(mean - half), _exact(mean + half), region, rule.side_of(estimand))
    if rule.threshold is None:
        raise StudyError("rule: name = probability needs a threshold. Declare it, for instance threshold = 0.95.")
    below = float(norm.cdf((region.low - mean) / sd))
    above = float(norm.sf((region.high - mean) / sd))
    inside = _exact(1.0 - below - above)
    return judge_probability(_exact(below), inside, _exact(above), rule.threshold, rule.side_of(estimand))


PRIOR_SDS = (0.35, 0.75, 1.5)
"""Of the log hazard ratio: a narrow, the default and a wide prior."""


@dataclass(frozen=True)
class BayesFactor:
    """Posterior odds of a log ratio inside the ROPE over its prior odds, under Normal(0, prior_sd)."""

    prior_sd: float
    value: float


def interval_null_bayes_factors(mean: float, se: float, region: Region) -> tuple[BayesFactor, ...]:
    """The factor under each of three priors, from a normal likelihood of the log ratio; no rule reads it.

    It grows with the width of the prior, whatever the data: a flat prior has none. Morey & Rouder (2011),
    doi:10.1037/a0024377.
    """
    return tuple(BayesFactor(sd, _interval_null(mean, se, region, sd)) for sd in PRIOR_SDS)


def _interval_null(mean: float, se: float, region: Region, prior_sd: float) -> float:
    shrinkage = prior_sd**2 / (prior_sd**2 + se**2)
    posterior = _log_odds_inside(shrinkage * mean, math.sqrt(shrinkage) * se, region)
    return float(np.exp(min(posterior - _log_odds_inside(0.0, prior_sd, region), LARGEST_LOG)))


def _log_odds_inside(mean: float, sd: float, region: Region) -> float:
    low, high = (region.low - mean) / sd, (region.high - mean) / sd
    # Both tails on the log scale: where all mass lies outside, its complement would round to 0.
    outside = np.logaddexp(norm.logcdf(low), norm.logsf(high))
    inside = norm.logcdf(high) + np.log1p(-np.exp(norm.logcdf(low) - norm.logcdf(high)))
    if low > 0:
        inside = norm.logsf(low) + np.log1p(-np.exp(norm.logsf(high) - norm.logsf(low)))
    return float(inside - outside)


def _exact(value: float) -> Simulated:
    return Simulated(value, 0.0)
