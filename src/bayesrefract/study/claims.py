"""Checks of what a study file claims: estimands that are needed together, one confirmatory question, controls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bayesrefract.messages import did_you_mean
from bayesrefract.study.sections import ContrastSection, ControlSection, QuestionSection, RopeSection
from bayesrefract.study.toml_reader import Section, TomlFile


def check_claims(
    questions: tuple[QuestionSection | None, ...], ropes: tuple[RopeSection | None, ...], file: TomlFile
) -> None:
    """Every estimand of a claim has a primary ROPE, and at most one question is confirmatory."""
    for place, question in _placed("question", questions):
        judged = {
            rope.estimand
            for _, rope in _placed("rope", ropes)
            if rope.role == "primary" and (rope.questions is None or question.name in rope.questions)
        }
        for estimand in () if None in ropes else question.claim:
            if estimand not in judged:
                file.fault(
                    f"{place}.claim",
                    f" names {estimand}, which has no primary [[rope]] for this question. Add one.",
                )
    named = [question.name for _, question in _placed("question", questions) if question.confirmatory]
    if len(named) > 1:
        file.fault(
            "question",
            f": {len(named)} have confirmatory = true ({', '.join(named)}). Keep it for one: the others are secondary.",
        )


def check_controls(
    controls: tuple[ControlSection | None, ...],
    questions: tuple[QuestionSection | None, ...],
    contrasts: tuple[ContrastSection | None, ...],
    file: TomlFile,
) -> None:
    """Every control is a contrast of the study, other than the primary one, in one of its questions."""
    known = [question.name for _, question in _placed("question", questions)]
    pairs = {(each.group, each.reference): each.primary for _, each in _placed("contrast", contrasts)}
    for place, control in _placed("control", controls):
        if control.question not in known and None not in questions:
            hint = did_you_mean(control.question, known)
            file.fault(f"{place}.question", f' = "{control.question}" is not a [[question]].{hint} Correct it.')
        pair = (control.contrast[0], control.contrast[1])
        if pair not in pairs and None not in contrasts:
            declared = "; ".join(f"{group}, {reference}" for group, reference in pairs)
            file.fault(f"{place}.contrast", f" is not a [[contrast]]: {declared}. Name group and reference of one.")
        elif pairs.get(pair):
            file.fault(f"{place}.contrast", " is the primary contrast, which cannot be its own control. Name another.")


def _placed[S: Section](key: str, tables: Iterable[S | None]) -> Iterator[tuple[str, S]]:
    """Place and table of each that could be read."""
    return ((f"{key}[{i}]", table) for i, table in enumerate(tables, start=1) if table is not None)
