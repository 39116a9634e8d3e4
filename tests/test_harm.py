"""One-sided rules declare what harms a patient: on which side of a ROPE it lies follows from the estimand."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from findings_example import a_question
from test_compare_command import ASKED
from toml_examples import STUDY

from bayesrefract.comparison import option_faults
from bayesrefract.decision import Verdict, VerdictWord
from bayesrefract.decision.decision import decide
from bayesrefract.decision.throughout import Window, decide_throughout
from bayesrefract.errors import InputError, StudyError
from bayesrefract.judgements import judge_draws
from bayesrefract.report.words import sentence
from bayesrefract.study.rope import Estimand, Harm, Rope, Rule, RuleName, Side
from bayesrefract.study.study import Contrast, TimeUnit
from bayesrefract.study.study_file import load_study

ROPES = {
    Estimand.HAZARD_RATIO: Rope(0.80, 1.25),
    Estimand.THROUGHOUT: Rope(0.80, 1.25, window=(0.0, 24.0)),
    Estimand.MARGINAL_HAZARD_RATIO: Rope(0.80, 1.25),
    Estimand.RMST_DIFFERENCE: Rope(-2.0, 2.0),
    Estimand.SURVIVAL_DIFFERENCE: Rope(-0.07, 0.07),
}
WORSE = {
    Estimand.HAZARD_RATIO: np.log(1.6),  # deaths come sooner,
    Estimand.THROUGHOUT: np.log(1.6),
    Estimand.MARGINAL_HAZARD_RATIO: np.log(1.6),
    Estimand.RMST_DIFFERENCE: -5.2,  # months of life are lost,
    Estimand.SURVIVAL_DIFFERENCE: -0.15,  # and fewer patients are alive
}
"""The same patients seen through every estimand, where the event is death."""
RULES = (Rule(), Rule(RuleName.PROBABILITY, threshold=0.95))


def judged(estimand: Estimand, centre: float, rule: Rule) -> Verdict:
    rope = dataclasses.replace(ROPES[estimand], estimand=estimand)
    noise = np.random.default_rng(3).standard_normal((4, 500)) * (0.05 if estimand.is_ratio else abs(centre) / 20)
    draws = xr.DataArray(centre + noise, dims=("chain", "draw"))
    contrast = Contrast("new", "old", primary=True)
    if estimand is Estimand.THROUGHOUT:
        window = Window(np.array([0.0]), np.array([24.0]), np.ones(1), TimeUnit.MONTHS)
        return decide_throughout(contrast, draws.expand_dims("interval", axis=2), window, rope, rule)
    return decide(contrast, estimand, draws, rope, rule)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
@pytest.mark.parametrize("estimand", list(Estimand))
def test_what_is_worse_is_never_non_inferior_and_what_is_better_always(estimand: Estimand, rule: Rule) -> None:
    death = dataclasses.replace(rule, harm=Harm.MORE_EVENTS)
    assert judged(estimand, WORSE[estimand], death).word is VerdictWord.NOT_SHOWN
    assert judged(estimand, -WORSE[estimand], death).word is VerdictWord.NON_INFERIOR
    response = dataclasses.replace(rule, harm=Harm.FEWER_EVENTS)  # the event is wanted: the reverse
    assert judged(estimand, WORSE[estimand], response).word is VerdictWord.NON_INFERIOR
    assert judged(estimand, -WORSE[estimand], response).word is VerdictWord.NOT_SHOWN


def test_a_shorter_survival_time_is_told_with_the_margin_that_it_crosses() -> None:
    verdict = judged(Estimand.RMST_DIFFERENCE, -5.2, Rule(harm=Harm.MORE_EVENTS))
    told = sentence(verdict, a_question())
    assert "non-inferiority of new to old in restricted mean survival time is not shown" in told
    assert "the declared margin -2 months" in told
    assert verdict.smallest_rope == pytest.approx(-verdict.interval[0])


def test_the_word_of_a_harm_is_read_as_one() -> None:
    assert Rule(harm="more_events") == Rule(harm=Harm.MORE_EVENTS)
    with pytest.raises(StudyError, match='harm = "more" is not known'):
        Rule(harm="more")
    with pytest.raises(StudyError, match="both given"):
        Rule(side=Side.ABOVE, harm=Harm.MORE_EVENTS)


@pytest.mark.parametrize(("side", "harm"), [(Side.ABOVE, Harm.MORE_EVENTS), (Side.BELOW, Harm.FEWER_EVENTS)])
def test_the_side_of_earlier_versions_is_that_of_a_ratio(side: Side, harm: Harm) -> None:
    with pytest.warns(FutureWarning, match=f'Write harm = "{harm}" instead'):
        earlier = Rule(side=side)
    for estimand, centre in WORSE.items():
        if estimand.is_ratio:
            assert judged(estimand, centre, earlier).word is judged(estimand, centre, Rule(harm=harm)).word


def test_the_side_of_earlier_versions_is_refused_where_a_difference_is_judged() -> None:
    with pytest.warns(FutureWarning):
        earlier = Rule(side=Side.ABOVE)
    both = 'of the hazard ratio it would mean harm = "more_events", of rmst_difference harm = "fewer_events"'
    rope = Rope(-2.0, 2.0, estimand=Estimand.RMST_DIFFERENCE)
    with pytest.raises(InputError, match=both):
        judge_draws(np.zeros((4, 500)), rope=rope, rule=earlier)
    with pytest.raises(StudyError, match=both):
        earlier.side_of(Estimand.RMST_DIFFERENCE)
    asked = dataclasses.replace(
        ASKED, typed=False, rule=earlier, rope=dataclasses.replace(rope, source="protocol"), horizon=36
    )
    assert any(both in fault and fault.startswith("rule: side") for fault in option_faults(asked))


def test_a_side_of_a_study_without_differences_is_translated_and_told(tmp_path: Path) -> None:
    difference = STUDY[STUDY.rindex("[[rope]]") : STUDY.index("[rule]")]
    path = tmp_path / "study.toml"
    path.write_text(STUDY.replace(difference, "").replace('harm = "more_events"', 'side = "below"'))
    for analysis in load_study(path).analyses:
        assert analysis.rule.harm is Harm.FEWER_EVENTS
        assert any('Write harm = "fewer_events" instead' in note for note in analysis.notes)
