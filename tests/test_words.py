"""Sentences say where the numbers lie; what may be claimed at all is in test_wording_table.py."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from findings_example import ROPE, a_question, a_verdict, an_rmst_verdict

from bayesrefract.decision import VerdictWord
from bayesrefract.report.words import holds_in, sentence
from bayesrefract.study.rope import Estimand, Harm, Rule, RuleName
from bayesrefract.study.study import TimeUnit


def test_a_withheld_verdict_shows_no_number_of_the_posterior() -> None:
    withheld = a_verdict(-0.01, 0.153, VerdictWord.WITHHELD, reasons=("chains did not mix",))
    assert not re.search(r"\d", sentence(withheld, a_question()))


@pytest.mark.parametrize(
    ("direction", "centre", "wanted"),
    [
        ("above", 0.6, "higher hazard in drug A than in control"),
        ("below", -0.6, "lower hazard in drug A than in control"),
    ],
)
def test_direction_names_both_groups_in_order(direction: str, centre: float, wanted: str) -> None:
    verdict = a_verdict(centre, 0.07, VerdictWord.DIFFERENT, direction=direction)
    text = sentence(verdict, a_question())
    assert wanted in text
    assert f"lies wholly {direction} the declared range" in text


def test_rmst_is_told_in_time_units_with_its_horizon() -> None:
    analysis = a_question()
    equal = sentence(an_rmst_verdict(), analysis)
    assert "equivalent in restricted mean survival time" in equal
    assert "up to 36 months" in equal
    assert "drug A minus control, is -0.3 months" in equal
    assert "-1.5 to 0.9 months" in equal
    assert "-2 to 2 months" in equal
    other = an_rmst_verdict(word=VerdictWord.DIFFERENT, direction="below", median=-6.2, interval=(-8.0, -4.1))
    assert "shorter restricted mean survival time in drug A than in control" in sentence(other, analysis)
    years = sentence(an_rmst_verdict(median=0.123), replace(analysis, time_unit=TimeUnit.YEARS))
    assert "0.12 years" in years


def test_a_survival_difference_is_told_in_percentage_points() -> None:
    rope = replace(ROPE, estimand=Estimand.SURVIVAL_DIFFERENCE, low=-0.07, high=0.07)
    verdict = a_verdict(
        word=VerdictWord.DIFFERENT,
        estimand=Estimand.SURVIVAL_DIFFERENCE,
        rope=rope,
        median=0.1234,
        interval=(0.091, 0.152),
    )
    text = sentence(verdict, a_question())
    assert "higher survival probability in drug A than in control" in text
    assert "at 36 months" in text
    assert "12.3 percentage points" in text
    assert "-7 to 7 percentage points" in text


def test_rounding_never_moves_a_limit_across_a_bound() -> None:
    verdict = a_verdict(word=VerdictWord.UNDECIDED, interval=(0.79962, 1.10), eti95=(0.79962, 1.10))
    text = sentence(verdict, a_question())
    assert "0.7996 to 1.10" in text
    assert "reaches below" in text


@pytest.mark.parametrize(
    ("interval", "place"),
    [((0.70, 1.10), "reaches below"), ((0.90, 1.30), "reaches above"), ((0.81, 1.24), "lies wholly inside")],
)
def test_an_undecided_interval_is_placed(interval: tuple[float, float], place: str) -> None:
    verdict = a_verdict(word=VerdictWord.UNDECIDED, interval=interval, reasons=("too close to call by simulation",))
    text = sentence(verdict, a_question())
    assert place in text
    assert text.endswith("Too close to call by simulation.")


def test_the_probability_rule_compares_with_its_threshold() -> None:
    rule = Rule(name=RuleName.PROBABILITY, threshold=0.95)
    short = sentence(a_verdict(-0.01, 0.153, VerdictWord.UNDECIDED, rule=rule, p_inside=0.94996), a_question())
    assert "inside it is 0.94996, less than the declared 0.95" in short
    apart = a_verdict(0.6, 0.07, VerdictWord.DIFFERENT, rule=rule, p_above=1.0)
    assert "above it is >0.998, at least the declared 0.95" in sentence(apart, a_question())


def test_a_low_threshold_names_the_claims_that_it_makes_falsely() -> None:
    told = "With the threshold 0.8 such a claim is made falsely in about 20% of data sets whose true value lies at the"
    for rule in (Rule(RuleName.PROBABILITY, threshold=0.8), Rule(RuleName.PROBABILITY, threshold=0.95), Rule()):
        claim = sentence(a_verdict(word=VerdictWord.EQUIVALENT, rule=rule), a_question())
        assert (told in claim) is (rule.threshold == 0.8)
        assert "falsely" not in sentence(a_verdict(word=VerdictWord.UNDECIDED, rule=rule), a_question())
    one_sided = Rule(RuleName.PROBABILITY, threshold=0.8, harm=Harm.MORE_EVENTS)
    assert told in sentence(a_verdict(word=VerdictWord.NON_INFERIOR, rule=one_sided), a_question())


def test_one_sided_verdicts_look_at_their_own_margin() -> None:
    above = a_verdict(word=VerdictWord.NON_INFERIOR, rule=Rule(harm=Harm.MORE_EVENTS), interval=(0.60, 1.10))
    assert "stays below the declared margin 1.25" in sentence(above, a_question())
    below = a_verdict(word=VerdictWord.NOT_SHOWN, rule=Rule(harm=Harm.FEWER_EVENTS), interval=(0.60, 1.10))
    assert "reaches below the declared margin 0.80" in sentence(below, a_question())


def test_a_margin_of_a_sensitivity_range_is_not_called_the_declared_one() -> None:
    rope = replace(ROPE, low=0.77, high=1.30, role="sensitivity")
    verdict = a_verdict(
        word=VerdictWord.NON_INFERIOR, rope=rope, rule=Rule(harm=Harm.MORE_EVENTS), interval=(0.60, 1.10)
    )
    assert "stays below the sensitivity margin 1.30" in sentence(verdict, a_question())


def test_a_prior_that_favours_the_claim_is_named_only_with_a_claim() -> None:
    labels = ("prior favours equivalence",)
    assert "favours this verdict" in sentence(a_verdict(labels=labels), a_question())
    assert "favours" not in sentence(a_verdict(-0.01, 0.153, VerdictWord.UNDECIDED, labels=labels), a_question())


def test_level_names_are_never_changed() -> None:
    verdict = a_verdict(group="low_dose", reference="<b>zdv</b> & ddI")
    assert "low_dose and <b>zdv</b> & ddI are equivalent" in sentence(verdict, a_question())


def test_holds_in_counts_the_first_models_verdict_with_its_direction() -> None:
    words = [VerdictWord.UNDECIDED, VerdictWord.EQUIVALENT, VerdictWord.UNDECIDED]
    assert holds_in([a_verdict(word=word) for word in words]) == "undecided in 2 of 3 declared models"
    sides = [a_verdict(word=VerdictWord.DIFFERENT, direction=side) for side in ("above", "below")]
    assert holds_in(sides) == "different in 1 of 2 declared models"
