"""Checks of a study file that declares several rows of a patient, columns that change, or repeated events."""

from __future__ import annotations

from collections.abc import Sequence

from bayesrefract.messages import did_you_mean
from bayesrefract.study.sections import AdjustSection, ColumnsSection, QuestionSection
from bayesrefract.study.toml_reader import TomlFile


def check_rows(
    columns: ColumnsSection | None,
    questions: Sequence[QuestionSection | None],
    sets: AdjustSection | None,
    file: TomlFile,
) -> None:
    """Several rows need identifiers and a start each; what changes and what repeats needs several rows."""
    if columns is None:
        return
    several = columns.several_rows
    if several and columns.id is None:
        file.fault("columns.id", " is missing. Rows of one patient (several_rows) are told by an identifier: name it.")
    if columns.varying and not several:
        file.fault("columns.varying", " needs several rows of a patient. Add several_rows = true, or delete it.")
    _check_varying(columns, sets, file)
    for place, question in enumerate(questions, start=1):
        if question is None:
            continue
        at = f"question[{place}]"
        if several and question.entry is None:
            file.fault(f"{at}.entry", " is missing. Each of several rows has a start: name its column.")
        if question.repeated_events and not several:
            file.fault(
                f"{at}.repeated_events", " needs several rows of a patient. Add several_rows = true, or delete it."
            )
        if question.landmark is not None and columns.group not in columns.varying:
            file.fault(
                f"{at}.landmark",
                f" = {question.landmark:g} is for groups that change. Name {columns.group} in varying, or delete it.",
            )


def _check_varying(columns: ColumnsSection, sets: AdjustSection | None, file: TomlFile) -> None:
    """What may change is the group or a covariate, and no stratum."""
    covariates = {column for names in sets.adjust.values() for column in names} if sets else set()
    known = {columns.group, *covariates}
    for column in columns.varying:
        if column in columns.strata:
            file.fault(
                "columns.varying",
                f" names {column}, which is a stratum. A patient stays in one: take it out, or adjust for it instead.",
            )
        elif sets is not None and column not in known:
            hint = did_you_mean(column, known)
            file.fault(
                "columns.varying", f" names {column}, which is neither the group nor a covariate.{hint} Correct it."
            )
