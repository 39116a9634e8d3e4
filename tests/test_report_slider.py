"""What the slider is given: the draws' quantiles, the rule as declared, and words for every verdict it can meet."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from findings_example import a_question, a_verdict, an_rmst_verdict, findings

from bayesrefract.decision import Verdict, VerdictWord
from bayesrefract.report.page.answer import leading
from bayesrefract.report.page.slider import MOST_STEPS, QUANTILES, Slider, slider
from bayesrefract.study.rope import Estimand, Harm, Rule, RuleName

INTERVAL = Rule()


def made_with(rule: Rule = INTERVAL, **changes: Any) -> Slider:
    """The slider of the leading verdict, after some changes to it."""
    made = findings(replace(a_question(), rule=rule))
    return slider(made, replace(leading(made)[0], rule=rule, **changes), "range")


def test_the_draws_are_given_as_few_quantiles_and_not_as_draws() -> None:
    made = findings()
    draws = made.log_hazard_ratio.sel(contrast=made.analysis.primary.label).to_numpy()
    quantiles = json.loads(made_with().data)["quantiles"]
    assert len(quantiles) == QUANTILES == 512
    assert quantiles == sorted(quantiles)
    assert np.allclose(quantiles, np.quantile(draws, np.linspace(0, 1, 512)), atol=1e-5)
    assert quantiles[0] == pytest.approx(draws.min(), abs=1e-5)
    assert quantiles[-1] == pytest.approx(draws.max(), abs=1e-5)


def test_range_and_interval_are_exact_and_on_the_log_scale() -> None:
    verdict = leading(findings())[0]
    data = json.loads(made_with().data)
    assert (data["low"], data["high"]) == (math.log(0.80), math.log(1.25))
    assert data["interval"] == [math.log(limit) for limit in verdict.interval]


@pytest.mark.parametrize("smallest", [1.0, 1.16, 1.5, 3.0, 40.0])
def test_the_declared_range_is_a_step_and_the_last_one_would_pass(smallest: float) -> None:
    made = made_with(smallest_rope=smallest)
    step, most = float(made.step), float(made.most)
    assert made.least == made.step
    assert (1 / step) == pytest.approx(round(1 / step))
    assert (most / step) == pytest.approx(round(most / step))
    assert most / step <= MOST_STEPS + 1
    assert 1.25**most > smallest
    assert most >= 2


@pytest.mark.parametrize(
    ("rule", "words", "told"),
    [
        (Rule(), {"equivalent", "different_below", "different_above", "undecided"}, "wholly inside the range"),
        (Rule(harm=Harm.MORE_EVENTS), {"non_inferior", "not_shown"}, "must not cross the range's upper bound"),
        (Rule(harm=Harm.FEWER_EVENTS), {"non_inferior", "not_shown"}, "must not cross the range's lower bound"),
        (
            Rule(name=RuleName.PROBABILITY, threshold=0.9),
            {"equivalent", "different_below", "different_above", "undecided"},
            "a posterior probability of at least 0.9.",
        ),
    ],
)
def test_the_rule_is_the_declared_one(rule: Rule, words: set[str], told: str) -> None:
    made = made_with(rule)
    data = json.loads(made.data)
    assert (data["rule"], data["side"], data["threshold"]) == (
        rule.name.value,
        rule.side_of(Estimand.HAZARD_RATIO).value,
        rule.threshold,
    )
    assert set(data["words"]) == words
    assert told in made.rule


def test_the_words_are_those_of_the_verdicts() -> None:
    words = json.loads(made_with().data)["words"]
    assert words["different_above"] == "different (higher)"
    assert words["undecided"] == "undecided"
    one_sided = json.loads(made_with(Rule(harm=Harm.MORE_EVENTS)).data)["words"]
    assert one_sided == {"non_inferior": "non-inferior", "not_shown": "not shown"}


@pytest.mark.parametrize("verdict", [a_verdict(word=VerdictWord.WITHHELD), an_rmst_verdict()])
def test_a_withheld_verdict_and_other_quantities_have_no_slider(verdict: Verdict) -> None:
    with pytest.raises(ValueError, match="only a hazard ratio with a verdict"):
        slider(findings(), verdict, "range")
