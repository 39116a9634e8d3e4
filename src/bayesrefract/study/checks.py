"""Checks across the tables of a study file: references between names, duplicates and consistency.

Each check reads the tables that could be parsed (a faulty one is None and has been reported already) and
keeps its faults in the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bayesrefract.messages import did_you_mean
from bayesrefract.study.claims import check_claims, check_controls
from bayesrefract.study.model import NO_SET, QUESTION_SET
from bayesrefract.study.rope import Estimand, Side, two_readings
from bayesrefract.study.rows import check_rows
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
from bayesrefract.study.toml_reader import Section, TomlFile

CLOCK = "start of the clock"
"""A column with this role may be a covariate of other questions."""


@dataclass(frozen=True)
class StudyTables:
    """The tables of one study file; None stands for each that has faults of its own."""

    study: StudySection | None
    columns: ColumnsSection | None
    groups: GroupsSection | None
    contrasts: tuple[ContrastSection | None, ...]
    populations: tuple[PopulationSection | None, ...]
    questions: tuple[QuestionSection | None, ...]
    sets: AdjustSection | None
    ropes: tuple[RopeSection | None, ...]
    rule: RuleSection | None
    words: WordsSection | None = None
    published: PublishedSection | None = None
    tables: tuple[TableSection | None, ...] = ()
    controls: tuple[ControlSection | None, ...] = ()


def check_across(tables: StudyTables, file: TomlFile) -> None:
    """Run every check across tables."""
    _check_codes(tables, file)
    _check_contrasts(tables, file)
    _check_populations(tables, file)
    _check_questions(tables, file)
    _check_adjust(tables, file)
    _check_covariate_columns(tables, file)
    _check_ropes(tables, file)
    _check_side(tables, file)
    check_claims(tables.questions, tables.ropes, file)
    check_controls(tables.controls, tables.questions, tables.contrasts, file)
    _check_horizons(tables, file)
    _check_starts(tables, file)
    check_rows(tables.columns, tables.questions, tables.sets, file)
    _check_named(tables, file)


def _check_named(tables: StudyTables, file: TomlFile) -> None:
    """Populations, questions and models that are named elsewhere are those of the study."""
    populations = [table.name for _, table in _placed("population", tables.populations)]
    questions = [table.name for _, table in _placed("question", tables.questions)]
    models = tables.study.models if tables.study else []
    references: list[tuple[str, list[str] | None, list[str], str]] = []
    for place, question in _placed("question", tables.questions):
        references += [(f"{place}.populations", question.populations, populations, "[[population]]")]
        references += [(f"{place}.models", question.models, models, "study.models")]
        if question.printed is not None and "published" not in file.tables:
            file.fault(f"{place}.printed", " needs a table [published]. Add it, or delete the key.")
        if question.clock_start is not None and question.entry is not None:
            file.fault(place, " has both entry and clock_start. Keep one of them: each is a time of entry.")
    references += [
        (f"{place}.models", table.models, models, "study.models")
        for place, table in _placed("population", tables.populations)
    ]
    references += [
        (f"{place}.questions", rope.questions, questions, "[[question]]")
        for place, rope in _placed("rope", tables.ropes)
    ]
    labels = tables.words.adjust_labels if tables.words else {}
    sets = [*tables.sets.adjust, NO_SET] if tables.sets else []
    references += [("adjust_labels", list(labels), sets, "[adjust]")]
    faulty = {"[[population]]": None in tables.populations, "[[question]]": None in tables.questions}
    for place, names, known, where in references:
        unread = faulty.get(where, not known)  # a name may be that of a table with faults of its own
        for name in () if unread else names or ():
            if name not in known:
                hint = did_you_mean(name, known)
                listed = ", ".join(known) or "none is declared"
                file.fault(place, f" names {name}, which is not in {where}: {listed}.{hint} Correct it.")
    _check_common_models(tables, file)
    _check_distinct("table", tables.tables, file)


def _check_common_models(tables: StudyTables, file: TomlFile) -> None:
    """A question and its population that both choose models share at least one."""
    for at, question in _placed("question", tables.questions):
        for place, population in _placed("population", tables.populations):
            meets = question.populations is None or population.name in question.populations
            if not meets or question.models is None or population.models is None:
                continue
            if not set(question.models) & set(population.models):
                file.fault(
                    f"{at}.models",
                    f" and {place}.models have no model in common, so that {question.name} would not be tried in "
                    f"{population.name}. Name a model in both, or leave the population out of the question.",
                )


def _check_codes(tables: StudyTables, file: TomlFile) -> None:
    """Every code stands for a level of the study, and every level has a code."""
    groups = tables.groups
    if groups is None or groups.codes is None:
        return
    for code, level in groups.codes.items():
        _check_level(level, groups, f"groups.codes.{code}", file)
    for level in groups.levels:
        if level not in groups.codes.values():
            file.fault("groups.codes", f' has no code for the level "{level}". Add it, or delete the level.')


def _check_level(level: str, groups: GroupsSection, place: str, file: TomlFile) -> None:
    if level not in groups.levels:
        hint = did_you_mean(level, groups.levels)
        found = f' = "{level}" is not one of groups.levels: {", ".join(groups.levels)}.{hint}'
        file.fault(place, f"{found} Correct the name or add the level.")


def _check_contrasts(tables: StudyTables, file: TomlFile) -> None:
    if not tables.contrasts:
        file.fault("contrast", " is missing. Add a table [[contrast]] with group, reference and primary = true.")
        return
    seen: set[frozenset[str]] = set()
    for place, contrast in _placed("contrast", tables.contrasts):
        if tables.groups is not None:
            _check_level(contrast.group, tables.groups, f"{place}.group", file)
            _check_level(contrast.reference, tables.groups, f"{place}.reference", file)
        pair = frozenset({contrast.group, contrast.reference})
        if pair in seen:
            file.fault(place, f" compares {contrast.group} and {contrast.reference} a second time. Delete one of them.")
        seen.add(pair)
    primary = [c for c in tables.contrasts if c is not None and c.primary]
    if len(primary) > 1 or (not primary and None not in tables.contrasts):
        file.fault("contrast", f": {len(primary)} contrasts have primary = true. Mark exactly one of them.")


def _check_populations(tables: StudyTables, file: TomlFile) -> None:
    _check_distinct("population", tables.populations, file)
    if tables.columns is None or tables.groups is None:
        return
    known = [*tables.groups.levels, *(tables.groups.codes or {})]
    for place, population in _placed("population", tables.populations):
        for condition in population.where:
            if condition.column != tables.columns.group:
                continue
            for value in condition.values:
                if f"{value:g}" not in known if isinstance(value, float) else value not in known:
                    _check_level(str(value), tables.groups, f"{place}.where.{condition.column}", file)


def _check_questions(tables: StudyTables, file: TomlFile) -> None:
    if not tables.questions:
        file.fault("question", " is missing. Add a table [[question]] with name, time and event.")
    _check_distinct("question", tables.questions, file)
    for place, question in _placed("question", tables.questions):
        roles = _roles(tables.columns, question)
        for column in {c for c in roles.values() if list(roles.values()).count(c) > 1}:
            shared = " and ".join(role for role, c in roles.items() if c == column)
            file.fault(place, f" uses the column {column} as {shared}. Give each its own column.")
        if question.adjust is None or tables.sets is None or question.adjust in tables.sets.adjust:
            continue
        known = ", ".join(tables.sets.adjust) or "none is declared"
        hint = did_you_mean(question.adjust, tables.sets.adjust)
        file.fault(
            f"{place}.adjust",
            f' = "{question.adjust}" is not a set in [adjust] ({known}).{hint} Correct the name, add the set, '
            "or leave the key out for no covariates.",
        )


def _check_adjust(tables: StudyTables, file: TomlFile) -> None:
    """Sets have usable names and hold covariates, not the columns that have another role."""
    roles: dict[str, str] = {}
    for _, question in _placed("question", tables.questions):
        roles |= {column: role for role, column in _roles(tables.columns, question).items() if role != CLOCK}
    for name, columns in tables.sets.adjust.items() if tables.sets else ():
        if name in (NO_SET, QUESTION_SET):
            file.fault(f"adjust.{name}", " is a reserved name. Give the set another name.")
        for column in dict.fromkeys(columns):
            if columns.count(column) > 1:
                file.fault(f"adjust.{name}", f" names {column} more than once. Name it once.")
            if column in roles:
                file.fault(
                    f"adjust.{name}",
                    f" names {column}, which is the {roles[column]} column and cannot be a covariate. Take it out.",
                )


def _check_covariate_columns(tables: StudyTables, file: TomlFile) -> None:
    """`unordered` and `per` name only columns that some set uses."""
    if tables.columns is None or tables.sets is None:
        return
    covariates = {column for columns in tables.sets.adjust.values() for column in columns}
    strata = set(tables.columns.strata)
    for key, named, known in (
        ("unordered", tables.columns.unordered, covariates | strata),
        ("per", list(tables.columns.per), covariates),
    ):
        for column in named:
            if column not in known:
                hint = did_you_mean(column, known)
                file.fault(f"columns.{key}", f" names {column}, which no set in [adjust] uses.{hint} Correct it.")


def _check_ropes(tables: StudyTables, file: TomlFile) -> None:
    ropes = [rope for _, rope in _placed("rope", tables.ropes)]
    primary = [rope.estimand for rope in ropes if rope.role == "primary"]
    if Estimand.HAZARD_RATIO not in primary and None not in tables.ropes:
        file.fault(
            "rope",
            ': there is no primary ROPE for the hazard ratio. Add a [[rope]] with estimand = "hazard_ratio", low, '
            "high, source, declared_on and before_data; it has no default.",
        )
    for estimand, count in _most_primary(tables, ropes).items():
        if count > 1:
            file.fault(
                "rope",
                f': {count} have estimand = "{estimand}" and role = "primary". '
                'Give all but one of them role = "sensitivity".',
            )


def _check_side(tables: StudyTables, file: TomlFile) -> None:
    """A side, the earlier form of the harm, is read as that of a ratio, and only where nothing else is judged."""
    if tables.rule is None or tables.rule.side not in {Side.ABOVE, Side.BELOW}:
        return
    for estimand in dict.fromkeys(rope.estimand for _, rope in _placed("rope", tables.ropes)):
        if not estimand.is_ratio:
            file.fault("rule.side", two_readings(Side(tables.rule.side), estimand).removeprefix("side"))


def _most_primary(tables: StudyTables, ropes: list[RopeSection]) -> dict[Estimand, int]:
    """The largest number of primary ROPEs of each estimand that one question has."""
    names = [question.name for _, question in _placed("question", tables.questions)] or [""]
    counts: dict[Estimand, int] = {}
    for rope in ropes:
        alike = [each for each in ropes if each.estimand is rope.estimand and each.role == "primary"]
        most = max(sum(each.questions is None or name in each.questions for each in alike) for name in names)
        counts[rope.estimand] = most
    return counts


def _check_horizons(tables: StudyTables, file: TomlFile) -> None:
    """Every estimand of survival curves requires a horizon, which bounds an RMST difference."""
    for place, rope in _placed("rope", tables.ropes):
        if not rope.estimand.needs_horizon:
            continue
        for at, question in _placed("question", tables.questions):
            if rope.questions is not None and question.name not in rope.questions:
                continue
            if question.horizon is None:
                file.fault(f"{at}.horizon", f' is missing. {place} ("{rope.estimand}") needs one; add a time.')
            elif rope.estimand is Estimand.RMST_DIFFERENCE and max(-rope.low, rope.high) >= _window(question):
                file.fault(
                    place,
                    f" spans {rope.low:g} to {rope.high:g}, but no RMST difference can reach "
                    + (
                        f"the {_window(question):g} from the start to the horizon of "
                        if question.from_time
                        else "the horizon of "
                    )
                    + f"{question.horizon:g} in {at}. Check the unit of both.",
                )


def _window(question: QuestionSection) -> float:
    """From the start of the curves to the horizon."""
    return (question.horizon or 0.0) - (question.from_time or 0.0)


def _check_starts(tables: StudyTables, file: TomlFile) -> None:
    """A start belongs to delayed entry, and lies before the horizon."""
    for place, question in _placed("question", tables.questions):
        start, horizon = question.from_time, question.horizon
        if start is None:
            continue
        if question.entry is None and question.clock_start is None:
            file.fault(
                f"{place}.from",
                f" = {start:g} belongs to delayed entry, and no column of entry times is named. Name it (entry), or "
                "leave the start out: curves then start at 0.",
            )
        elif horizon is not None and start >= horizon:
            file.fault(f"{place}.from", f" = {start:g} is not before the horizon, {horizon:g}. Correct one of them.")


def _check_distinct(
    key: str,
    tables: tuple[PopulationSection | None, ...] | tuple[QuestionSection | None, ...] | tuple[TableSection | None, ...],
    file: TomlFile,
) -> None:
    names = [table.name for table in tables if table is not None]
    for name in sorted({n for n in names if names.count(n) > 1}):
        file.fault(key, f': {names.count(name)} have name = "{name}". Give each its own name.')


def _roles(columns: ColumnsSection | None, question: QuestionSection) -> Mapping[str, str]:
    """Role -> column of everything that is not a covariate."""
    named = {"time": question.time, "event": question.event, "entry": question.entry}
    named |= {"administrative end": question.administrative_end, CLOCK: question.clock_start}
    if columns is not None:
        named |= {"group": columns.group, "id": columns.id}
    return {role: column for role, column in named.items() if column is not None}


def _placed[S: Section](key: str, tables: Iterable[S | None]) -> Iterator[tuple[str, S]]:
    """Place and table of each that could be read."""
    for i, table in enumerate(tables, start=1):
        if table is not None:
            yield f"{key}[{i}]", table
