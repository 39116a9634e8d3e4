"""A rule applied to a normal approximation: what it would say of Cox regression's log hazard ratio."""

from __future__ import annotations

from scipy.stats import norm

from bayesrefract.decision.verdict import Judgement, Region, Simulated, judge_interval, judge_probability
from bayesrefract.errors import StudyError
from bayesrefract.study.rope import Estimand, Rule, RuleName


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


def _exact(value: float) -> Simulated:
    return Simulated(value, 0.0)
