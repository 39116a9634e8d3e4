"""Parse and validate study.toml."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

from bayesrefract.errors import StudyError
from bayesrefract.study.checks import StudyTables, check_across
from bayesrefract.study.rope import Rope, Rule, Side, harm_of, translated
from bayesrefract.study.sections import (
    AdjustSection,
    ColumnsSection,
    ContrastSection,
    ControlSection,
    GroupsSection,
    PopulationSection,
    PublishedSection,
    QuestionSection,
    RopeSection,
    RuleSection,
    StudySection,
    TableSection,
    WordsSection,
)
from bayesrefract.study.study import (
    Analysis,
    Columns,
    Contrast,
    Endpoint,
    PatientTable,
    Population,
    Printed,
    Publication,
    Standing,
    Study,
)
from bayesrefract.study.toml_reader import TomlFile, read_toml

KNOWN_TABLES = (
    "study",
    "columns",
    "groups",
    "contrast",
    "population",
    "question",
    "adjust",
    "rope",
    "rule",
    "control",
    "adjust_labels",
    "labels",
    "published",
    "table",
)
UNREPORTED = "a faulty table left no fault"
WORDS = ("adjust_labels", "labels")
EVERYONE = Population("all", "all patients")
"""The population of a study that declares none."""


def load_study(path: Path) -> Study:
    """Read a study file, or the study.toml in a folder.

    Parameters
    ----------
    path : Path
        The file or its folder.

    Returns
    -------
    Study
        Questions, models to fit and the source of the records.

    Raises
    ------
    StudyError
        With one sentence per fault: file, key, what was found, what is allowed, what to do.
    """
    path = path / "study.toml" if os.path.isdir(path) else path
    file, content = read_toml(path, StudyError)
    file.allow_only(KNOWN_TABLES)
    tables = _read_tables(file)
    check_across(tables, file)
    _check_files(tables, path.parent, file)
    file.raise_faults()
    return _study(tables, path, hashlib.sha256(content).hexdigest())


def _read_tables(file: TomlFile) -> StudyTables:
    return StudyTables(
        study=file.section("study", StudySection),
        columns=file.section("columns", ColumnsSection),
        groups=file.section("groups", GroupsSection),
        contrasts=file.sections("contrast", ContrastSection),
        populations=file.sections("population", PopulationSection),
        questions=file.sections("question", QuestionSection),
        sets=file.check("", {"adjust": file.tables.get("adjust", {})}, AdjustSection),
        ropes=file.sections("rope", RopeSection),
        rule=file.section("rule", RuleSection),
        words=file.check("", {key: file.tables[key] for key in WORDS if key in file.tables}, WordsSection),
        published=file.section("published", PublishedSection) if "published" in file.tables else None,
        tables=file.sections("table", TableSection),
        controls=file.sections("control", ControlSection),
    )


def _check_files(tables: StudyTables, folder: Path, file: TomlFile) -> None:
    """Check that the files of [published] exist."""
    for key, name in _published_files(tables.published).items():
        if not os.path.isfile(folder / name):
            file.fault(f"published.{key}", f' = "{name}": there is no such file beside the study. Correct the name.')


def _published_files(section: PublishedSection | None) -> dict[str, str]:
    if section is None:
        return {}
    named = {"estimates": section.estimates, "counts": section.counts, "spread": section.spread}
    return {key: name for key, name in named.items() if name is not None}


def _study(tables: StudyTables, path: Path, sha256: str) -> Study:
    """The study's values, from tables without faults."""
    study = tables.study
    if study is None:
        raise AssertionError(UNREPORTED)
    return Study(
        name=study.name,
        title=study.title,
        records=study.records,
        evidence=study.evidence,
        time_unit=study.time_unit,
        analyses=_analyses(tables),
        models=tuple(study.models),
        path=path,
        source=study.source,
        seed=study.seed,
        sha256=sha256,
        records_sha256=study.sha256,
        extension=study.extension,
        publication=_publication(tables.published, path.parent),
        tables=tuple(PatientTable(t.name, t.title, tuple(t.columns), t.where) for t in tables.tables if t is not None),
        labels=tables.words.labels if tables.words else None,
    )


def _publication(section: PublishedSection | None, folder: Path) -> Publication | None:
    if section is None:
        return None
    return Publication(
        source=section.source,
        estimates=folder / section.estimates,
        counts=folder / section.counts if section.counts else None,
        conclusion=section.conclusion,
        conclusion_where=section.conclusion_where,
        spread=folder / section.spread if section.spread else None,
        context=tuple(section.context),
        limits=tuple(section.limits),
        notes=tuple(section.notes),
    )


def _analyses(tables: StudyTables) -> tuple[Analysis, ...]:
    """Every endpoint in every population, in the order of the file."""
    study, columns, groups, sets = tables.study, tables.columns, tables.groups, tables.sets
    if study is None or columns is None or groups is None or sets is None or tables.rule is None:
        raise AssertionError(UNREPORTED)
    declared = tuple(p for p in tables.populations if p is not None)
    contrasts = tuple(Contrast(c.group, c.reference, c.primary, c.role) for c in tables.contrasts if c is not None)
    ropes = tuple(r for r in tables.ropes if r is not None)
    return tuple(
        Analysis(
            endpoint=_endpoint(question),
            population=_population(section) if section else EVERYONE,
            columns=_columns(columns),
            groups=tuple(groups.levels),
            contrasts=tuple(_as_control(each, question.name, tables) for each in contrasts),
            ropes=tuple(_rope(r) for r in ropes if r.questions is None or question.name in r.questions),
            rule=_rule(tables.rule),
            claim=tuple(question.claim),
            standing=_standing(question, section, tables),
            notes=_notes(tables.rule),
            time_unit=study.time_unit,
            evidence=study.evidence,
            adjust=question.adjust,
            adjustments={name: tuple(set_) for name, set_ in sets.adjust.items()},
            group_codes=groups.codes,
            role="sensitivity" if "sensitivity" in (question.role, section.role if section else "main") else "main",
            printed=_printed(question, section),
            adjust_labels=tables.words.adjust_labels if tables.words else None,
            models=_models(study.models, question.models, section.models if section else None),
        )
        for question in tables.questions
        if question is not None
        for section in (declared or (None,))
        if section is None or question.populations is None or section.name in question.populations
    )


def _as_control(contrast: Contrast, question: str, tables: StudyTables) -> Contrast:
    """The contrast as the control that a question declares it to be, or as it is."""
    for each in tables.controls:
        if each is not None and each.question == question and each.contrast == [contrast.group, contrast.reference]:
            return replace(contrast, role="positive_control", reason=each.reason, on_failure=each.on_failure)
    return contrast


def _standing(question: QuestionSection, population: PopulationSection | None, tables: StudyTables) -> Standing:
    """Confirmatory is the named question in its first main population; all else is then secondary."""
    if not any(each is not None and each.confirmatory for each in tables.questions):
        return Standing.NONE
    mine = [p for p in tables.populations if p is not None and p.role == "main"]
    asked = [p for p in mine if question.populations is None or p.name in question.populations]
    first = population is None or population is next(iter(asked), None)
    return Standing.CONFIRMATORY if question.confirmatory and first else Standing.SECONDARY


def _printed(question: QuestionSection, population: PopulationSection | None) -> Printed | None:
    """Rows of the paper that answer this question for these patients; None where there are none."""
    if question.printed is None or population is None or population.printed is None:
        return None
    return Printed(population.printed, question.printed.setting, question.printed.endpoint)


def _models(known: list[str], *chosen: list[str] | None) -> tuple[str, ...] | None:
    """The study's models named by both the question and the population; None where neither names any."""
    if all(names is None for names in chosen):
        return None
    return tuple(name for name in known if all(names is None or name in names for names in chosen))


def _population(section: PopulationSection) -> Population:
    return Population(section.name, section.label or section.name, section.where, section.role)


def _endpoint(section: QuestionSection) -> Endpoint:
    return Endpoint(
        name=section.name,
        label=section.label or section.name,
        time=section.time,
        event=section.event,
        horizon=section.horizon,
        entry=section.entry,
        administrative_end=section.administrative_end,
        event_value=section.event_value,
        clock_start=section.clock_start,
        from_time=section.from_time,
        censor_values=tuple(section.censor_values),
        event_at_zero=section.event_at_zero,
        repeated_events=section.repeated_events,
        landmark=section.landmark,
    )


def _columns(section: ColumnsSection) -> Columns:
    return Columns(
        section.group,
        section.id,
        unordered=tuple(section.unordered),
        strata=tuple(section.strata),
        per=section.per,
        missing=tuple(section.missing),
        several_rows=section.several_rows,
        varying=tuple(section.varying),
    )


def _rope(section: RopeSection) -> Rope:
    return Rope(
        low=section.low,
        high=section.high,
        source=section.source,
        declared=section.declared_on,
        before_data=section.before_data,
        estimand=section.estimand,
        role=section.role,
        window=None if section.window is None else (section.window[0], section.window[1]),
    )


def _rule(section: RuleSection) -> Rule:
    harm = harm_of(Side(section.side)) if section.side in {Side.ABOVE, Side.BELOW} else section.harm
    return Rule(section.name, section.level, section.threshold, interval=section.interval, harm=harm)


def _notes(section: RuleSection) -> tuple[str, ...]:
    """What was read otherwise than it is written."""
    side = section.side
    return (f"[rule] {translated(Side(side))}",) if side in {Side.ABOVE, Side.BELOW} else ()
