"""Verdicts that depend on other verdicts: of a claim on several estimands, and where a control has failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bayesrefract.decision.verdict import Verdict, VerdictWord, fallback
from bayesrefract.study.rope import Estimand
from bayesrefract.study.study import Contrast, OnFailure

EQUALITY = frozenset({VerdictWord.EQUIVALENT, VerdictWord.NON_INFERIOR})
NO_SENSITIVITY = "assay sensitivity not established"


def joined(verdicts: Sequence[Verdict], claim: Sequence[Estimand]) -> tuple[Verdict, ...]:
    """Equality of a contrast on any estimand of a claim only where each of them shows it, on its primary range.

    The test of the union of what is not shown: no level is split. Berger (1982), doi:10.1080/00401706.1982.10487790.
    """
    if len(claim) < 2:
        return tuple(verdicts)
    return tuple(_joined(each, verdicts, claim) if _named(each, claim) else each for each in verdicts)


def _named(verdict: Verdict, claim: Sequence[Estimand]) -> bool:
    return verdict.estimand in claim and verdict.rope.role == "primary"


def _joined(verdict: Verdict, verdicts: Sequence[Verdict], claim: Sequence[Estimand]) -> Verdict:
    pair = (verdict.group, verdict.reference)
    others = [each for each in verdicts if _named(each, claim) and (each.group, each.reference) == pair]
    open_ = [each for each in others if each.word not in EQUALITY]
    told = replace(verdict, claim=tuple(claim))
    if verdict.word not in EQUALITY or not open_:
        return told
    needed = " and ".join(estimand_words(each) for each in claim)
    found = ", ".join(f"{estimand_words(each.estimand)} {each.word.value.replace('_', ' ')}" for each in open_)
    reason = f"the claim of this question is on {needed} together, and it fails for one of them: {found}"
    return replace(told, word=fallback(verdict.side), direction=None, reasons=(*verdict.reasons, reason))


def estimand_words(estimand: Estimand) -> str:
    """An estimand as it is called in a reason."""
    return estimand.value.replace("_", " ").replace("rmst", "RMST")


def controlled(verdicts: Sequence[Verdict], contrasts: Sequence[Contrast]) -> tuple[Verdict, ...]:
    """Claims of equality labelled, or withheld as declared, where a control with known difference does not show it."""
    failed = [control for control in contrasts if control.reason and not shows_difference(verdicts, control)]
    if not failed:
        return tuple(verdicts)
    return tuple(_doubted(each, failed) if each.word in EQUALITY else each for each in verdicts)


def shows_difference(verdicts: Sequence[Verdict], control: Contrast) -> bool:
    """Whether the hazard ratio of the control is different; one-sided rules are read by their interval."""
    return any(
        each.word is VerdictWord.DIFFERENT or (each.rule.one_sided and _beyond(each))
        for each in verdicts
        if (each.group, each.reference) == (control.group, control.reference)
        and each.estimand is Estimand.HAZARD_RATIO
        and each.rope.role == "primary"
    )


def _beyond(verdict: Verdict) -> bool:
    low, high = verdict.interval
    return verdict.word is not VerdictWord.WITHHELD and (low > verdict.rope.high or high < verdict.rope.low)


def _doubted(verdict: Verdict, failed: Sequence[Contrast]) -> Verdict:
    told = replace(verdict, labels=tuple(dict.fromkeys((*verdict.labels, NO_SENSITIVITY))))
    reasons = tuple(
        f"These data do not distinguish the groups of the control {each.label}, which was expected to differ "
        f"({each.reason.rstrip('. ')}): assay sensitivity is not established."
        for each in failed
        if each.on_failure is OnFailure.WITHHOLD
    )
    if not reasons:
        return told
    return replace(told, word=VerdictWord.WITHHELD, direction=None, reasons=(*verdict.reasons, *reasons))
