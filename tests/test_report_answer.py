"""The answers of a page: first, plain, and no bolder than their verdicts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from findings_example import a_model, a_question, findings, undecided, withheld
from page_reader import Reader, page_of

from bayesrefract.decision import VerdictWord
from bayesrefract.findings import Findings
from bayesrefract.report.page.answer import answer_box, leading, shares
from bayesrefract.study.rope import Harm, Rule, RuleName

SAMENESS = ("equivalen", "similar", "comparable", "no difference", "alike")


def replies(*made: Findings) -> dict[str, str]:
    """The answer to each question of the box."""
    return {reply.question: reply.answer for reply in answer_box(made, "death-all", "Overall survival").replies}


def attainable(made: Findings, **changes: object) -> Findings:
    return replace(made, attainability=(replace(made.attainability[0], **changes), *made.attainability[1:]))


def boxes(reader: Reader) -> list[str]:
    return [
        attributes["class"] or ""
        for tag, attributes in reader.elements
        if tag == "div" and (attributes.get("class") or "").startswith("answer")
    ]


def test_the_answers_are_those_of_the_primary_model_and_contrast() -> None:
    reader = page_of(findings(), undecided(findings(model=a_model("two_group"))))
    hazard, time = reader.of("p", "said")
    assert "drug A and control are equivalent in hazard" in hazard
    assert "equivalent in restricted mean survival time" in time
    assert boxes(reader) == ["answer claim", "answer claim"]
    assert "Verdict on the hazard ratio: equivalent in 1 of 2 declared models." in reader.of("dd")


def test_the_bar_shows_the_posterior_probabilities() -> None:
    made = findings()
    verdict = leading(made)[0]
    below, inside, above = shares(verdict, made.analysis)
    assert (below.share, inside.share, above.share) == (verdict.p_below, verdict.p_inside, verdict.p_above)
    assert [part.label for part in (below, inside, above)] == [
        "lower than 0.80",
        "0.80 to 1.25: inside the ROPE",
        "higher than 1.25",
    ]
    assert inside.text == ">0.999"
    months = shares(leading(made)[1], made.analysis)
    assert [part.label for part in months][1:] == ["-2 to 2 months: inside the ROPE", "higher than 2 months"]


def test_too_few_events_for_any_pass_are_said_with_the_answer() -> None:
    made = attainable(undecided(findings()), possible=False, events_group=94, events_reference=205, events_minimum=350)
    told = replies(made)["Could this study have shown equivalence?"]
    assert told.startswith("No. With 299 events in these two groups, no result could have brought the whole interval")
    assert "at least 350 are required" in told
    assert "A probability of 80% requires 688 events." in told
    assert not any(word in told for word in SAMENESS)


@pytest.mark.parametrize(("power", "start"), [(0.81, "Yes. "), (0.31, "Possibly. "), (0.04, "Unlikely. ")])
def test_the_chance_of_a_pass_is_told_where_there_is_one(power: float, start: str) -> None:
    told = replies(attainable(findings(), power=power))["Could this study have shown equivalence?"]
    assert told.startswith(f"{start}With 199 events in these two groups and a true hazard ratio of exactly 1")
    assert f"the probability of that verdict was {100 * power:.0f}%" in told


def test_other_rules_are_asked_in_their_own_words() -> None:
    above = findings(replace(a_question(), rule=Rule(harm=Harm.MORE_EVENTS)))
    assert "Could this study have shown non-inferiority?" in replies(above)
    rule = Rule(name=RuleName.PROBABILITY, threshold=0.95)
    made = attainable(findings(replace(a_question(), rule=rule)), possible=False)
    assert "could have met the declared rule" in replies(made)["Could this study have shown equivalence?"]


@pytest.mark.parametrize(
    ("agrees", "reason", "start"),
    [
        (
            True,
            "",
            "Yes: the same model with a flat prior gives the same ratio as Cox regression. Cox regression gives 1.02",
        ),
        (False, "companion 0.40 SE from Cox", "No. Companion 0.40 SE from Cox."),
        (None, "no Cox twin", "There is no classical counterpart. No Cox twin."),
    ],
)
def test_the_cross_check_has_its_word(agrees: bool | None, reason: str, start: str) -> None:
    made = findings()
    companion = replace(made.agreement.companion[0], agrees=agrees, reason=reason)
    made = replace(made, agreement=replace(made.agreement, companion=(companion,)))
    assert replies(made)["Does classical analysis agree?"].startswith(start)


def test_an_undecided_answer_claims_nothing() -> None:
    reader = page_of(undecided(findings()))
    assert boxes(reader) == ["answer open", "answer open"]
    answers = reader.of("p", "said")
    assert all("inconclusive" in answer for answer in answers)
    spoken = [*answers, *reader.of("figcaption"), *reader.of("title"), *reader.of("h2"), *reader.of("strong")]
    assert not any(word in text.lower() for text in spoken for word in SAMENESS)


def test_a_withheld_answer_is_red_and_its_posterior_is_nowhere() -> None:
    made = withheld(findings())
    odd = tuple(replace(v, median=3.3333, interval=(3.1111, 3.5555), eti95=(3.1111, 3.5555)) for v in made.verdicts)
    reader = page_of(replace(made, verdicts=odd))
    assert boxes(reader) == ["answer withheld", "answer withheld"]
    answers = reader.of("p", "said")
    assert all("no verdict is given" in answer and "R-hat" in answer for answer in answers)
    shown = [text for tag, _, text in reader.texts if tag not in {"style", "script"}]
    assert not any(number in text for text in shown for number in ("3.33", "3.11", "3.55", "3.56"))
    assert not any("data-slider" in attributes or attributes.get("class") == "bar" for _, attributes in reader.elements)


def test_a_withheld_answer_names_no_other_number_for_the_contrast() -> None:
    told = replies(withheld(findings()))["Does classical analysis agree?"]
    assert told == "Yes: the same model with a flat prior gives the same ratio as Cox regression."


def test_every_question_has_its_box_and_its_line_at_the_top() -> None:
    reader = page_of(findings(), undecided(findings(a_question(population="symptom_free"))))
    assert reader.of("h3")[:2] == ["Overall survival: All patients", "Overall survival: Patients without symptoms"]
    lines = [text for text in reader.of("strong") if text in {word.value for word in VerdictWord}]
    assert lines[:2] == ["equivalent", "undecided"]


def test_a_study_without_a_hazard_ratio_range_is_answered_too() -> None:
    made = findings()
    verdicts = tuple(v for v in made.verdicts if not v.estimand.is_ratio)
    analysis = replace(made.analysis, ropes=tuple(rope for rope in made.analysis.ropes if not rope.estimand.is_ratio))
    made = replace(made, analysis=analysis, verdicts=verdicts, attainability=())
    reader = page_of(made)
    assert len(reader.of("p", "said")) == 1
    assert not any("data-slider" in attributes for _, attributes in reader.elements)
    assert answer_box([made], "a", "b").replies == ()
