"""The verdict box of one question: the verdict first, then answers to the questions that follow from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bayesrefract.decision import Verdict, VerdictWord
from bayesrefract.decision.attainability import NO_PROPORTION, Attainability
from bayesrefract.findings import Findings, counterpart
from bayesrefract.numerals import amount, declared, fixed, mass, percent, ratio, unit_of
from bayesrefract.report.proportionality_words import proportionality_sentence
from bayesrefract.report.tables.verdicts import failed_control_notes, verdict_text
from bayesrefract.report.words import (
    holds_in,
    interval_name,
    interval_text,
    quantity,
    range_text,
    sentence,
    wider_change,
)
from bayesrefract.study.rope import Estimand, RuleName
from bayesrefract.study.study import Analysis

TONES = {
    VerdictWord.WITHHELD: "withheld",
    VerdictWord.UNDECIDED: "open",
    VerdictWord.NOT_SHOWN: "open",
}
"""Look of an answer's box; every other verdict is a claim."""
PLACES = {
    "below": "lower than {low}{unit}",
    "inside": "{low} to {high}{unit}: inside the ROPE",
    "above": "higher than {high}{unit}",
}
"""The three parts of the probability bar; the slider fills in other bounds."""
LIKELY, UNLIKELY = 0.8, 0.2


@dataclass(frozen=True)
class Share:
    """One part of the probability bar: its width as a share, its label and its probability as text."""

    place: str  # below | inside | above, or inside | outside
    share: float
    label: str
    text: str


@dataclass(frozen=True)
class Answer:
    """One verdict in words; `bar` is empty where the verdict is withheld."""

    tone: str  # claim | open | withheld
    word: str
    quantity: str
    text: str
    estimate: str
    interval: tuple[str, str]  # name, limits
    range: str
    bar: tuple[Share, ...]


@dataclass(frozen=True)
class Reply:
    """A question about the verdict and its answer."""

    question: str
    answer: str


@dataclass(frozen=True)
class AnswerBox:
    """Verdicts, answers and warnings on one endpoint in one population."""

    anchor: str
    title: str
    answers: tuple[Answer, ...]
    replies: tuple[Reply, ...]
    warnings: tuple[str, ...]


def answer_box(made: Sequence[Findings], anchor: str, title: str) -> AnswerBox:
    """Verdict box of one question from its findings, the primary model's first."""
    primary = made[0]
    return AnswerBox(
        anchor=anchor,
        title=title,
        answers=tuple(_answer(verdict, primary) for verdict in leading(primary)),
        replies=(*_could_it(primary), *_one_ratio(primary), *_cross_check(primary), *_models(made)),
        warnings=tuple(failed_control_notes(primary)),
    )


def leading(findings: Findings) -> list[Verdict]:
    """The primary contrast on the primary ROPE of every estimand, the hazard ratio first."""
    found = [each for each in findings.verdicts if each.primary and each.rope.role == "primary"]
    return sorted(found, key=lambda verdict: verdict.estimand is not Estimand.HAZARD_RATIO)


def shares(verdict: Verdict, analysis: Analysis) -> tuple[Share, ...]:
    """The posterior probabilities below, inside and above the ROPE; none where the verdict is withheld."""
    if verdict.word is VerdictWord.WITHHELD:
        return ()
    low, high = (declared(bound, verdict.estimand) for bound in (verdict.rope.low, verdict.rope.high))
    unit = unit_of(verdict.estimand, analysis.time_unit)
    if verdict.estimand is Estimand.THROUGHOUT:  # beyond both bounds, in different intervals, is possible
        inside, ess = verdict.p_inside, verdict.ess_bulk
        return (
            Share("inside", inside, f"{low} to {high} in every interval: inside the ROPE", mass(inside, ess)),
            Share("outside", 1 - inside, "outside the ROPE in at least one interval", mass(1 - inside, ess)),
        )
    found = {"below": verdict.p_below, "inside": verdict.p_inside, "above": verdict.p_above}
    return tuple(
        Share(place, found[place], label.format(low=low, high=high, unit=unit), mass(found[place], verdict.ess_bulk))
        for place, label in PLACES.items()
    )


def _answer(verdict: Verdict, findings: Findings) -> Answer:
    analysis = findings.analysis
    withheld = verdict.word is VerdictWord.WITHHELD
    unit = unit_of(verdict.estimand, analysis.time_unit)
    marks = (verdict.rope.low, verdict.rope.high)
    return Answer(
        tone=TONES.get(verdict.word, "claim"),
        word=verdict_text(verdict),
        quantity=quantity(verdict, analysis),
        text=" ".join(filter(None, [sentence(verdict, analysis), wider_change(verdict)])),
        estimate="" if withheld else amount(verdict.median, verdict.estimand, analysis.time_unit, marks) + unit,
        interval=(interval_name(verdict), "" if withheld else interval_text(verdict, analysis) + unit),
        range=range_text(verdict, analysis),
        bar=shares(verdict, analysis),
    )


def _could_it(findings: Findings) -> Iterator[Reply]:
    """Whether these events could have met the rule at all; nothing where that was not computed."""
    primary, rule = findings.analysis.primary, findings.analysis.rule
    shown = "non-inferiority" if rule.one_sided else "equivalence"
    for each in findings.attainability:
        if (each.group, each.reference) == (primary.group, primary.reference):
            answer = _within_reach(each) if each.possible else _out_of_reach(each, rule.name)
            yield Reply(f"Could this study have shown {shown}?", answer)


def _within_reach(each: Attainability) -> str:
    start = "Yes" if each.power >= LIKELY else "Unlikely" if each.power < UNLIKELY else "Possibly"
    return (
        f"{start}. With {_events(each)} events in these two groups and a true hazard ratio of exactly 1, the "
        f"probability of that verdict was {percent(each.power)}. {_needed(each)}"
    )


def _out_of_reach(each: Attainability, rule: RuleName) -> str:
    missed = "brought the whole interval inside the range" if rule is RuleName.INTERVAL else "met the declared rule"
    return (
        f"No. With {_events(each)} events in these two groups, no result could have {missed}: at least "
        f"{fixed(each.events_minimum, 0)} are required. {_needed(each)}"
    )


def _needed(each: Attainability) -> str:
    proportion = "" if each.proportion_known else f" {NO_PROPORTION}"
    return f"A probability of {percent(each.target_power)} requires {fixed(each.events_needed, 0)} events.{proportion}"


def _events(each: Attainability) -> str:
    return fixed(each.events_group + each.events_reference, 0)


def _one_ratio(findings: Findings) -> Iterator[Reply]:
    """Whether the leading hazard ratio may be read as one ratio over the whole of follow-up."""
    for verdict in leading(findings)[:1]:
        told = proportionality_sentence(findings, verdict)
        if told:
            yield Reply("Does one ratio hold over the whole of follow-up?", told)


def _cross_check(findings: Findings) -> Iterator[Reply]:
    """Cox regression's counterpart of the leading hazard ratio; without numbers where the verdict is withheld."""
    for verdict in leading(findings)[:1]:
        if verdict.estimand is not Estimand.HAZARD_RATIO:
            return
        twin = counterpart(findings, verdict)
        cox = ""
        if twin.cox is not None and verdict.word is not VerdictWord.WITHHELD:
            low, high = map(ratio, twin.cox.limits())
            cox = f" Cox regression gives {ratio(twin.cox.hazard_ratio)} (95% confidence interval {low} to {high})."
        start = {
            True: "Yes: the same model with a flat prior gives the same ratio as Cox regression.",
            False: f"No. {twin.reason}",
            None: f"There is no classical counterpart. {twin.reason}",
        }[twin.agrees]
        yield Reply("Does classical analysis agree?", f"{start.strip()}{cox}")


def _models(made: Sequence[Findings]) -> Iterator[Reply]:
    """How many of the declared models share the leading verdict."""
    for first in leading(made[0])[:1] if len(made) > 1 else ():
        declared = [each for each in made if not each.model.complete]
        twins = [twin for each in declared for twin in leading(each)[:1] if twin.estimand is first.estimand]
        yield Reply(
            "Does the verdict depend on the model?",
            f"Verdict on the {quantity(first, made[0].analysis)}: {holds_in(twins)}.",
        )
