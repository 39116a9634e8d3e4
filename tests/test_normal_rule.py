"""The rule on a normal approximation (the Cox verdict), against cases reckoned by hand.

On the log scale the ROPE 0.80 to 1.25 is -0.22314 to 0.22314; a 95% interval reaches 1.95996 SD either way, a 90%
interval 1.64485.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from findings_example import findings, primary_judged_by
from scipy.integrate import quad
from scipy.stats import norm

from bayesrefract.classical.agreement import CoxContrast
from bayesrefract.decision import VerdictWord
from bayesrefract.decision.normal import interval_null_bayes_factors, judge_normal
from bayesrefract.decision.verdict import Region
from bayesrefract.errors import StudyError
from bayesrefract.findings import counterpart
from bayesrefract.report.tables.paper import record_rows
from bayesrefract.study.rope import Harm, IntervalKind, Rule, RuleName

REGION = Region(math.log(0.80), math.log(1.25))
EQUIVALENT, DIFFERENT, UNDECIDED = VerdictWord.EQUIVALENT, VerdictWord.DIFFERENT, VerdictWord.UNDECIDED
NON_INFERIOR, NOT_SHOWN = VerdictWord.NON_INFERIOR, VerdictWord.NOT_SHOWN
ABOVE, BELOW = Rule(harm=Harm.MORE_EVENTS), Rule(harm=Harm.FEWER_EVENTS)


def test_the_interval_null_bayes_factor_is_that_of_the_integrals() -> None:
    """Marginal likelihoods inside and outside the range, by quadrature, for priors of three widths."""
    for mean, se in ((0.0, 0.1), (0.15, 0.12), (0.6, 0.2), (-1.2, 0.15)):
        for found in interval_null_bayes_factors(mean, se, REGION):

            def joint(value: float, sd: float = found.prior_sd, mean: float = mean, se: float = se) -> float:
                return float(norm.pdf(mean, value, se) * norm.pdf(value, 0, sd))

            ends = (REGION.low, REGION.high)
            inside = quad(joint, *ends, epsabs=1e-14, limit=200)[0]
            outside = quad(joint, -4, ends[0], epsabs=1e-14, limit=200)[0] + quad(joint, ends[1], 4, limit=200)[0]
            prior = float(np.diff(norm.cdf(ends, 0, found.prior_sd))[0])
            assert found.value == pytest.approx(inside / outside * (1 - prior) / prior, rel=1e-5)


def test_why_no_rule_reads_the_bayes_factor() -> None:
    """At a true ratio on the edge a threshold of 10 accepts 25% of data sets with SD 0.75, and 43% with SD 1.5."""
    estimates = REGION.high + 0.10 * norm.ppf((np.arange(2000) + 0.5) / 2000)
    factors = [[each.value for each in interval_null_bayes_factors(e, 0.10, REGION)] for e in estimates]
    _, default, wide = (np.array(factors) >= 10).mean(axis=0)
    assert (default, wide) == (pytest.approx(0.25, abs=0.01), pytest.approx(0.43, abs=0.01))


MORE, FEWER = Harm


def by_probability(threshold: float, harm: Harm | None = None) -> Rule:
    return Rule(RuleName.PROBABILITY, threshold=threshold, harm=harm)


CASES = {
    # mean, sd, rule, word, direction; what the rule reads
    "inside": (0.0, 0.10, Rule(), EQUIVALENT, None),  # -0.196 to 0.196
    "not inside": (0.0, 0.12, Rule(), UNDECIDED, None),  # -0.235 to 0.235
    "inside at 90%": (0.0, 0.12, Rule(level=0.90), EQUIVALENT, None),  # -0.197 to 0.197
    "highest density is the same": (0.0, 0.10, Rule(interval=IntervalKind.HDI), EQUIVALENT, None),
    "above": (0.50, 0.10, Rule(), DIFFERENT, "above"),  # 0.304 to 0.696
    "below": (-0.50, 0.10, Rule(), DIFFERENT, "below"),  # -0.696 to -0.304
    "across a bound": (0.30, 0.10, Rule(), UNDECIDED, None),  # 0.104 to 0.496
    "harm above, far below": (-0.50, 0.20, ABOVE, NON_INFERIOR, None),  # upper limit -0.108: a benefit is no harm
    "harm above, reached": (0.10, 0.10, ABOVE, NOT_SHOWN, None),  # upper limit 0.296
    "harm above, kept": (0.02, 0.10, ABOVE, NON_INFERIOR, None),  # upper limit 0.216
    "harm below, far above": (0.50, 0.20, BELOW, NON_INFERIOR, None),  # lower limit 0.108
    "harm below, reached": (-0.10, 0.10, BELOW, NOT_SHOWN, None),  # lower limit -0.296
    "harm below, beyond": (-0.50, 0.10, BELOW, NOT_SHOWN, None),  # lower limit -0.696, never "different"
    "probably inside": (0.0, 0.12, by_probability(0.90), EQUIVALENT, None),  # P(|z| < 1.8595) = 0.9370
    "not surely inside": (0.0, 0.12, by_probability(0.95), UNDECIDED, None),
    "probably above": (0.50, 0.15, by_probability(0.95), DIFFERENT, "above"),  # P(z > -1.8457) = 0.9675
    "not surely above": (0.50, 0.15, by_probability(0.97), UNDECIDED, None),
    "probably below": (-0.50, 0.15, by_probability(0.95), DIFFERENT, "below"),
    "no harm above": (0.0, 0.12, by_probability(0.95, MORE), NON_INFERIOR, None),  # P(z < 1.8595) = 0.9685
    "harm above not excluded": (0.0, 0.12, by_probability(0.97, MORE), NOT_SHOWN, None),
    "no harm below": (
        0.50,
        0.15,
        by_probability(0.99, FEWER),
        NON_INFERIOR,
        None,
    ),  # P(z > -4.82) > 0.99999
    "harm below not excluded": (-0.50, 0.15, by_probability(0.60, FEWER), NOT_SHOWN, None),  # P = 0.0325
}


@pytest.mark.parametrize("name", list(CASES))
def test_the_rule_on_a_normal_distribution(name: str) -> None:
    mean, sd, rule, word, direction = CASES[name]
    judged = judge_normal(mean, sd, REGION, rule)
    assert (judged.word, judged.direction) == (word, direction)
    assert judged.distance.value > 0
    assert judged.distance.mcse == 0


def test_distances_are_those_of_the_normal_distribution() -> None:
    two_sided = judge_normal(0.0, 0.10, REGION, Rule())
    assert two_sided.distance.value == pytest.approx(0.2231436 - 0.1959964, abs=1e-7)
    inside = judge_normal(0.0, 0.12, REGION, by_probability(0.90))
    assert inside.distance.value == pytest.approx(math.erf(math.log(1.25) / 0.12 / math.sqrt(2)) - 0.90, abs=1e-12)


def test_a_probability_rule_needs_its_threshold() -> None:
    with pytest.raises(StudyError, match="threshold"):
        judge_normal(0.0, 0.1, REGION, Rule(RuleName.PROBABILITY))


@pytest.mark.parametrize(
    ("rule", "word", "shown"),
    [
        (Rule(), EQUIVALENT, "equivalent"),
        (ABOVE, NON_INFERIOR, "non-inferior"),
        (by_probability(0.99999), UNDECIDED, "undecided"),
    ],
)
def test_the_table_and_the_counterpart_read_cox_by_the_verdicts_own_rule(
    rule: Rule, word: VerdictWord, shown: str
) -> None:
    made = primary_judged_by(rule)  # Cox: log HR 0.021, SE 0.061
    twin = counterpart(made, made.verdicts[0])
    assert twin.cox_judgement is not None
    assert twin.cox_judgement.word is word
    assert next(record_rows([made])).cells[-1] == shown


def test_an_improvement_beyond_the_range_is_non_inferior_and_not_different() -> None:
    """What the two-sided reading of a one-sided rule got wrong."""
    made = primary_judged_by(ABOVE)
    better = CoxContrast(made.agreement.cox[0].group, made.agreement.cox[0].reference, -0.60, 0.10, 1e-9, "efron")
    made = replace(made, agreement=replace(made.agreement, cox=(better, *made.agreement.cox[1:])))
    assert next(record_rows([made])).cells[-1] == "non-inferior"


def test_only_hazard_ratios_have_a_cox_verdict() -> None:
    made = findings()
    assert counterpart(made, made.verdicts[2]).cox_judgement is None
