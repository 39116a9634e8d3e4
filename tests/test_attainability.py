"""What a number of events allows: tabulated figures, closed forms and a simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from bayesrefract.decision.attainability import Criterion, attain
from bayesrefract.errors import EstimandError
from bayesrefract.study.rope import Estimand, Harm, Rope, Rule, RuleName

LOW, HIGH = math.log(0.8), math.log(1.25)
MARGINS = (1.25, 1.30, 1.33, 1.50)
PROBABILITY = Rule(RuleName.PROBABILITY, threshold=0.90)


@pytest.mark.parametrize(
    ("allocation", "level", "needed"),
    [
        ((74, 184), 0.95, (1032, 747, 632, 313)),
        ((74, 184), 0.90, (841, 609, 515, 255)),
        ((100, 100), 0.95, (845, 611, 517, 256)),
        ((100, 100), 0.90, (688, 498, 422, 209)),
    ],
)
def test_events_needed_for_80_percent_power(allocation, level, needed):
    found = [attain(*allocation, (1 / m, m), rule=Rule(level=level)).events_needed for m in MARGINS]
    assert found == list(needed)


@pytest.mark.parametrize("rule", [Rule(), PROBABILITY, Rule(harm=Harm.MORE_EVENTS)], ids=["interval", "prob", "harm"])
@pytest.mark.parametrize("sd", [None, 0.75])
def test_power_at_other_ratios_is_that_of_simulated_estimates(rule: Rule, sd: float | None) -> None:
    """200,000 estimates around each true ratio, judged one by one: within 4 standard errors (0.0045)."""
    information = 600 * 500 / 1100
    found = attain(600, 500, (0.8, 1.25), rule=rule, prior_sd=sd)
    prior = 0.0 if sd is None else sd**-2
    random = np.random.default_rng(5)
    assert [each.true_ratio for each in found.power_at] == [1.05, 1.10]
    for each in found.power_at:
        estimates = random.normal(math.log(each.true_ratio), information**-0.5, 200_000)
        means, spread = estimates * information / (information + prior), (information + prior) ** -0.5
        if rule.one_sided:
            passed = means + norm.ppf(0.975) * spread < HIGH
        elif rule.threshold is not None:
            passed = norm.cdf((HIGH - means) / spread) - norm.cdf((LOW - means) / spread) >= rule.threshold
        else:
            passed = (means + norm.ppf(0.975) * spread < HIGH) & (means - norm.ppf(0.975) * spread > LOW)
        assert each.power == pytest.approx(passed.mean(), abs=0.0045)
    assert found.power > found.power_at[0].power > found.power_at[1].power


def test_a_group_without_events_gives_no_proportion() -> None:
    """845 events are those of 1:1: nothing is known of any other proportion."""
    none = attain(0, 20, (0.8, 1.25))
    assert (none.proportion_known, none.power, none.possible, none.events_needed) == (False, 0.0, False, 845)
    assert attain(10, 20, (0.8, 1.25)).proportion_known


def test_a_prior_that_favours_equivalence_says_so() -> None:
    """The default sd of 0.75 holds 0.234 inside 0.80 to 1.25; a smaller one more."""
    assert attain(74, 184, (0.8, 1.25), prior_sd=0.2).prior_label == "favours equivalence"
    assert [attain(74, 184, (0.8, 1.25), prior_sd=sd).prior_label for sd in (None, 0.75, 1.5)] == ["", "", ""]


def test_at_least_378_events_for_a_pass_to_be_possible():
    assert attain(74, 184, (0.8, 1.25)).events_minimum == 378
    share = 74 / 258
    criterion = Criterion(LOW, HIGH)
    assert criterion.accepted(377 * share * (1 - share)) is None
    assert criterion.accepted(378 * share * (1 - share)) is not None


@pytest.mark.parametrize(
    ("limits", "best"), [((0.73, 1.33), 0.855), ((0.50, 1.39), 0.608)], ids=["second line", "retreatment"]
)
def test_printed_intervals_allow_no_more_than_this_mass_inside(limits, best):
    """PFS hazard ratios printed as 0.99 (0.73-1.33) and 0.83 (0.50-1.39), flat prior."""
    se = math.log(limits[1] / limits[0]) / (2 * norm.ppf(0.975))
    assert round(Criterion(LOW, HIGH).best_inside(se**-2), 3) == best
    assert attain(74, 184, (0.8, 1.25), realised_se=se).power_realised == 0


def test_power_is_the_closed_form_for_the_interval_rule():
    found = attain(500, 700, (0.8, 1.3))
    information = 500 * 700 / 1200
    closed = norm.cdf(math.log(1.3) * information**0.5 - 1.959964) - norm.cdf(LOW * information**0.5 + 1.959964)
    assert found.information == pytest.approx(information)
    assert found.power == pytest.approx(closed, abs=1e-6)
    assert found.possible


def test_events_needed_are_the_fewest_that_reach_the_power():
    for rule in (Rule(), PROBABILITY, Rule(harm=Harm.MORE_EVENTS)):
        needed = attain(50, 50, (0.75, 1.25), rule=rule).events_needed
        criterion = Criterion(math.log(0.75), HIGH, rule)
        assert criterion.power((needed - 1) / 4) < 0.80 <= criterion.power(needed / 4)


def test_an_asymmetric_rope_has_its_centre_off_0():
    low, high = Criterion(math.log(0.7), HIGH).accepted(200)
    assert (low + high) / 2 == pytest.approx((math.log(0.7) + HIGH) / 2)
    inside = attain(400, 400, (0.7, 1.25)).best_inside
    assert inside == pytest.approx(2 * norm.cdf((HIGH - math.log(0.7)) / 2 * 200**0.5) - 1)


def test_one_sided_power_is_that_of_the_non_inferiority_test():
    z = norm.ppf(0.975)
    above = attain(300, 300, (0.7, 1.25), rule=Rule(harm=Harm.MORE_EVENTS))
    assert above.power == pytest.approx(norm.cdf(HIGH * 150**0.5 - z))
    below = attain(300, 300, (0.7, 1.25), rule=Rule(harm=Harm.FEWER_EVENTS))
    assert below.power == pytest.approx(norm.cdf(-math.log(0.7) * 150**0.5 - z))
    assert above.events_needed == math.ceil(4 * ((z + norm.ppf(0.8)) / HIGH) ** 2)


def test_probability_rule_accepts_exactly_where_the_mass_inside_reaches_the_threshold():
    low, high = Criterion(LOW, HIGH, PROBABILITY).accepted(120)
    for mean in (low, high):
        mass = norm.cdf((HIGH - mean) * 120**0.5) - norm.cdf((LOW - mean) * 120**0.5)
        assert mass == pytest.approx(0.90, abs=1e-12)
    assert Criterion(LOW, HIGH, PROBABILITY).accepted(50) is None


@pytest.mark.parametrize(
    "rule", [Rule(), PROBABILITY, Rule(harm=Harm.MORE_EVENTS)], ids=["interval", "probability", "above"]
)
@pytest.mark.parametrize("prior_sd", [None, 0.75, 0.15])
def test_power_is_the_share_of_simulated_studies_that_pass(rule, prior_sd):
    information, studies = 130.0, 40_000
    estimates = np.random.default_rng(20240).normal(0, information**-0.5, studies)
    total = information + (0 if prior_sd is None else prior_sd**-2)
    mean, sd = estimates * information / total, total**-0.5
    if rule.name is RuleName.PROBABILITY:
        passed = norm.cdf((HIGH - mean) / sd) - norm.cdf((LOW - mean) / sd) >= rule.threshold
    else:
        passed = mean + norm.ppf(0.975) * sd < HIGH
        passed &= (mean - norm.ppf(0.975) * sd > LOW) | rule.one_sided
    power = Criterion(LOW, HIGH, rule, prior_sd).power(information)
    assert abs(passed.mean() - power) < 4 * math.sqrt(power * (1 - power) / studies)


def test_a_prior_adds_its_information():
    flat, prior = attain(74, 184, (0.8, 1.25)), attain(74, 184, (0.8, 1.25), prior_sd=0.75)
    assert prior.information == pytest.approx(flat.information + 1 / 0.75**2)
    assert prior.best_inside > flat.best_inside
    assert prior.events_needed < flat.events_needed


def test_patients_at_the_observed_event_fraction():
    assert attain(74, 184, (0.8, 1.25), events_fraction=258 / 476).patients_needed == math.ceil(1032 * 476 / 258)
    assert attain(74, 184, (0.8, 1.25)).patients_needed is None


def test_swapping_the_groups_changes_nothing():
    one, other = attain(74, 184, (0.75, 1.25)), attain(184, 74, (0.75, 1.25))
    assert (one.power, one.events_needed, one.information) == (other.power, other.events_needed, other.information)


def test_a_group_without_events_can_show_nothing():
    found = attain(0, 40, (0.8, 1.25), events_fraction=0.1)
    assert (found.possible, found.power, found.events_needed) == (False, 0.0, 845)
    assert attain(0, 0, (0.8, 1.25), events_fraction=0.0).patients_needed is None


def test_a_rope_value_is_read_like_its_bounds():
    rope = Rope(0.8, 1.25, "test", None, before_data=True)
    assert attain(74, 184, rope) == attain(74, 184, (0.8, 1.25))


def test_all_faults_are_named_at_once():
    with pytest.raises(EstimandError) as raised:
        attain(-1, 5, (1.1, 1.25), target_power=1.0, events_fraction=2, realised_se=0)
    assert len(raised.value.faults) == 5


def test_a_rope_of_a_difference_is_refused():
    with pytest.raises(EstimandError, match="rmst_difference"):
        attain(50, 50, Rope(-1, 1, "test", None, before_data=True, estimand=Estimand.RMST_DIFFERENCE))
