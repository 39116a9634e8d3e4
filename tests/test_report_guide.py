"""The question in words, before the first number."""

from __future__ import annotations

from dataclasses import replace

import pytest
from findings_example import GROUPS, ROPE, a_question, findings

from bayesrefract.report.page.guide import TERMS, question_in_words
from bayesrefract.study.rope import Harm, Rule, RuleName


def test_it_names_who_is_compared_on_what_and_in_whom() -> None:
    asked = question_in_words([findings(), findings(a_question(population="symptom_free"))])[0]
    assert f"How does the group {GROUPS[1]} compare with the group {GROUPS[0]}?" in asked
    assert "Endpoint: Overall survival. Patients: All patients; Patients without symptoms." in asked


@pytest.mark.parametrize(("before", "when"), [(True, "before the data were seen"), (False, "after the data were seen")])
def test_what_counts_as_equal_comes_with_its_reason_and_its_day(before: bool, when: str) -> None:
    made = findings()
    verdicts = tuple(replace(each, rope=replace(each.rope, before_data=before)) for each in made.verdicts)
    _, ratio, time, _ = question_in_words([replace(made, verdicts=verdicts)])
    assert ratio == (
        f"The ROPE was declared on 2020-01-31, {when}: a hazard ratio of 0.80 to 1.25. "
        "Reason given: Invented for a test."
    )
    assert "a difference in restricted mean survival time up to 36 months of -2 to 2 months." in time


def test_a_range_without_a_date_is_not_given_one() -> None:
    made = findings()
    undated = tuple(replace(each, rope=replace(ROPE, declared=None)) for each in made.verdicts[:1])
    assert "was declared, before" in question_in_words([replace(made, verdicts=undated)])[1]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (Rule(level=0.9), "A claim requires the whole 90% credible interval to lie inside the ROPE."),
        (
            Rule(harm=Harm.MORE_EVENTS),
            "on the tolerated side of its upper bound (of a ratio; of a difference, the lower bound).",
        ),
        (
            Rule(harm=Harm.FEWER_EVENTS),
            "on the tolerated side of its lower bound (of a ratio; of a difference, the upper bound).",
        ),
        (
            Rule(name=RuleName.PROBABILITY, threshold=0.95),
            "a posterior probability of at least 0.95 that the true value lies inside the ROPE.",
        ),
    ],
)
def test_the_rule_is_told_in_words(rule: Rule, told: str) -> None:
    assert question_in_words([findings(replace(a_question(), rule=rule))])[-1].endswith(told)


def test_every_term_is_explained_in_whole_sentences() -> None:
    assert len(dict(TERMS)) == len(TERMS)
    assert all(meaning[0].isupper() and meaning.endswith(".") for _, meaning in TERMS)
