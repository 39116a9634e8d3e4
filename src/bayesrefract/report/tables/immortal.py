"""The table of groups that change over time: the analysis beside a landmark and the naive one, and its sentence."""

from __future__ import annotations

from collections.abc import Iterator

from bayesrefract.classical.agreement import CoxContrast, ImmortalTime
from bayesrefract.decision import Verdict, VerdictWord
from bayesrefract.decision.question import GROUPS_CHANGE
from bayesrefract.findings import Findings, counterpart, judge_cox
from bayesrefract.numerals import ABSENT, exact, fixed, p_value, span
from bayesrefract.report.tables.crosscheck import with_limits
from bayesrefract.report.tables.table import Table, columns
from bayesrefract.report.words import word_text
from bayesrefract.study.rope import Estimand

WRONG = "WRONG, for comparison: ever against never"


def immortal_table(findings: Findings) -> Table:
    """Each contrast by rows, from the landmark on, and as ever against never; empty where no group changes."""
    rows = tuple(
        row
        for each in findings.agreement.immortal
        for verdict in [_primary(findings, each)]
        if verdict is not None
        for row in _rows(each, verdict, findings)
    )
    heading = columns("Contrast", "Analysis", numbers=("HR (95% interval)", "p", "Verdict by the rule"))
    return Table("Groups that change over time", heading, rows, tuple(_notes(findings)))


def immortal_sentence(each: ImmortalTime, findings: Findings) -> str:
    """How much time a table of ever against never would move, and what it would then say."""
    unit = findings.analysis.time_unit
    moved = "that time"
    if each.person_time is not None and each.naive_person_time:
        moved = f"it, {span(each.person_time, unit)} person-{unit} (of {span(each.naive_person_time, unit)} in all),"
    told = (
        f"Immortal time: {fixed(each.changed, 0)} patients of {each.group} were in {each.reference} at another time. "
        f"Ever against never would count {moved} as {each.group}"
    )
    verdict = _primary(findings, each)
    if each.naive is None or verdict is None:
        return f"{told}."
    word = word_text(judge_cox(each.naive, verdict.rope, verdict.rule).word)
    return f"{told}, and give HR {_cox(each.naive)} and “{word}”: wrong, as nobody could have the event in that time."


def _primary(findings: Findings, each: ImmortalTime) -> Verdict | None:
    """The verdict on the hazard ratio of this contrast."""
    pair = (each.group, each.reference)
    return next(
        (
            verdict
            for verdict in findings.verdicts
            if (verdict.group, verdict.reference) == pair
            and verdict.estimand is Estimand.HAZARD_RATIO
            and verdict.rope.role == "primary"
        ),
        None,
    )


def _rows(each: ImmortalTime, verdict: Verdict, findings: Findings) -> Iterator[tuple[str, ...]]:
    contrast, unit = f"{each.group} vs {each.reference}", findings.analysis.time_unit
    hidden = verdict.word is VerdictWord.WITHHELD
    estimate = ABSENT if hidden else with_limits(verdict.median, verdict.eti95)
    yield contrast, "this analysis: each in the group of the time", estimate, ABSENT, word_text(verdict.word)
    yield contrast, "Cox regression on the same rows", *_of(counterpart(findings, verdict).cox, verdict)
    if each.landmark is not None:
        group, reference = each.landmark.patients
        yield (
            contrast,
            f"landmark at {exact(each.landmark.time)} {unit}: {fixed(group, 0)} and {fixed(reference, 0)} patients",
            *_of(each.landmark.cox, verdict),
        )
    yield contrast, WRONG, *_of(each.naive, verdict)


def _of(cox: CoxContrast | None, verdict: Verdict) -> tuple[str, str, str]:
    if cox is None:
        return ABSENT, ABSENT, ABSENT
    return _cox(cox), p_value(cox.p), word_text(judge_cox(cox, verdict.rope, verdict.rule).word)


def _cox(cox: CoxContrast) -> str:
    return with_limits(cox.hazard_ratio, cox.limits())


def _notes(findings: Findings) -> Iterator[str]:
    for each in findings.agreement.immortal:
        yield immortal_sentence(each, findings)
        verdict = _primary(findings, each)
        labels = () if verdict is None else verdict.labels
        yield from (
            f"{each.group} vs {each.reference}: {label}." for label in labels if label.startswith(GROUPS_CHANGE)
        )
    if findings.agreement.immortal and findings.analysis.endpoint.landmark is None:
        yield "No landmark is declared (--landmark): a landmark analysis counts from that time on, in its groups."
    yield (
        "A landmark analysis leaves out whoever is not under observation then, and later changes: another question, "
        "and no check of this one. Cox regression: 95% confidence intervals, the rule read on a normal distribution."
    )
