"""A question asked on the command line: the same values that a study file would give."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from bayesrefract.errors import ModelError, StudyError
from bayesrefract.messages import UNPRINTABLE, did_you_mean, listed, printable, quoted
from bayesrefract.study.model import NO_SET, QUESTION_SET, Baseline, Model, StrataKind
from bayesrefract.study.rope import Rope, Rule, RuleName, Side
from bayesrefract.study.study import Analysis, Columns, Contrast, Endpoint, Evidence, Population, Study, TimeUnit

GIVEN_SET = "given"
"""Name of the adjustment set that holds the columns of --adjust and --categorical."""
PLACES = {
    "command line: rope.source": "--rope-source",
    "command line: rope.": "--rope: ",
    "command line: unordered": "--categorical",
    "command line: adjust.given": "--adjust",
    "command line: question[1] uses": "the options use",
    "command line: ": "--",
    "study.time_unit": "the unit of --unit",
    'set name = "probability"': "give --rule probability",
}
"""Where a key of a study file has another name on the command line."""
MOST_GROUPS = 20
"""A group column with more values than this holds something else: identifiers, times."""


@dataclass(frozen=True)
class Comparison:
    """The options of `bayesrefract compare`, as typed."""

    file: Path
    time: str
    event: str
    group: str
    reference: str
    unit: TimeUnit
    rope: tuple[float, float]
    rope_source: str
    rope_declared: dt.date | None = None
    before_data: bool = False
    after_data: bool = False
    id: str | None = None
    primary: str | None = None
    adjust: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    strata: tuple[str, ...] = ()
    entry: str | None = None
    horizon: float | None = None
    event_value: str | None = None
    rule: RuleName = RuleName.INTERVAL
    level: float = 0.95
    threshold: float | None = None
    one_sided: str | None = None
    evidence: Evidence = Evidence.PATIENTS

    @property
    def covariates(self) -> tuple[str, ...]:
        """Every column to adjust for, once."""
        return tuple(dict.fromkeys((*self.adjust, *self.categorical)))


def option_faults(asked: Comparison) -> tuple[str, ...]:
    """What is wrong with the options by themselves, by the rules of a study file; no file is read."""
    from bayesrefract.study import sections as sections
    from bayesrefract.study.checks import StudyTables, check_across
    from bayesrefract.study.toml_reader import TomlFile

    line = TomlFile("command line", {}, StudyError)
    low, high = asked.rope
    # A quick comparison may leave the date out, and it is then printed as not stated; any date passes here.
    day = asked.rope_declared or dt.date.min
    rope = {"low": low, "high": high, "source": asked.rope_source, "declared_on": day, "before_data": True}
    columns = {"group": asked.group, "id": asked.id, "unordered": list(asked.categorical), "strata": list(asked.strata)}
    question = {"name": "endpoint", "time": asked.time, "event": asked.event, "entry": asked.entry}
    tables = StudyTables(
        study=None,
        columns=line.check("", columns, sections.ColumnsSection),
        groups=None,
        contrasts=(None,),
        populations=(),
        questions=(line.check("", question | {"horizon": asked.horizon}, sections.QuestionSection),),
        sets=line.check("", {"adjust": {GIVEN_SET: list(asked.covariates)}}, sections.AdjustSection),
        ropes=(line.check("rope", rope | {"estimand": "hazard_ratio"}, sections.RopeSection),),
        rule=line.check(
            "", {"name": asked.rule, "level": asked.level, "threshold": asked.threshold}, sections.RuleSection
        ),
    )
    check_across(tables, line)
    return tuple(dict.fromkeys([*declaration_faults(asked), *(_as_options(fault) for fault in line.faults)]))


class Declared(Protocol):
    """Options that say when a ROPE was fixed."""

    @property
    def rope_declared(self) -> dt.date | None: ...

    @property
    def before_data(self) -> bool: ...

    @property
    def after_data(self) -> bool: ...


def declaration_faults(asked: Declared) -> list[str]:
    """Why the options do not say when the ROPE was fixed."""
    faults = []
    if asked.before_data and asked.after_data:
        faults.append("--before-data and --after-data exclude each other. Give one of them, or neither: not stated.")
    if asked.before_data and asked.rope_declared is None:
        faults.append("--before-data needs the date on which the range was fixed. Add --rope-declared YYYY-MM-DD.")
    return faults


def when_declared(before: bool, after: bool) -> bool | None:
    """Whether the ROPE was fixed before the data were seen; None where that is not stated."""
    return True if before else False if after else None


def _as_options(fault: str) -> str:
    """The fault of a study's key, told of the option that stands for it."""
    for place, option in PLACES.items():
        fault = fault.replace(place, option, 1)
    return fault


def study_of(asked: Comparison, levels: Sequence[str] = ()) -> Study:
    """The study that the options describe, with the group levels found in the file, in the order shown.

    Without levels its question has no groups and no contrast: enough to read the records and to see
    whether they have the columns.
    """
    return Study(
        name=re.sub(r"[^A-Za-z0-9_-]+", "_", asked.file.stem).strip("_-") or "comparison",
        title=printable(f"{asked.group} in {asked.file.name}"),
        records=str(asked.file.absolute()),
        evidence=asked.evidence,
        time_unit=asked.unit,
        analyses=(_question(asked, tuple(levels)),),
        models=(),
    )


def _question(asked: Comparison, levels: tuple[str, ...]) -> Analysis:
    low, high = asked.rope
    return Analysis(
        endpoint=Endpoint(
            name="endpoint",
            label=f"{asked.event} (time: {asked.time})",
            time=asked.time,
            event=asked.event,
            horizon=asked.horizon,
            entry=asked.entry,
            event_value=_code(asked.event_value),
        ),
        population=Population("all", "all patients"),
        columns=Columns(group=asked.group, id=asked.id, unordered=asked.categorical, strata=asked.strata),
        groups=levels,
        contrasts=_contrasts(asked, levels),
        ropes=(
            Rope(low, high, asked.rope_source, asked.rope_declared, when_declared(asked.before_data, asked.after_data)),
        ),
        rule=Rule(asked.rule, asked.level, asked.threshold, Side(asked.one_sided or Side.TWO_SIDED)),
        time_unit=asked.unit,
        evidence=asked.evidence,
        adjust=GIVEN_SET if asked.covariates else None,
        adjustments={GIVEN_SET: asked.covariates} if asked.covariates else {},
    )


def _contrasts(asked: Comparison, levels: tuple[str, ...]) -> tuple[Contrast, ...]:
    """Every other level against the reference; the primary one as asked, else the first."""
    others = [level for level in levels if level != asked.reference]
    primary = asked.primary if asked.primary in others else next(iter(others), None)
    return tuple(Contrast(level, asked.reference, primary=level == primary) for level in others)


def group_faults(asked: Comparison, levels: Sequence[str]) -> list[str]:
    """Why the levels found cannot answer the question asked; a missing reference is told with the patients."""
    where, groups = f"{asked.file.name}, column {asked.group}", listed(levels) or "none"
    faults = [
        f"{where}: the group {quoted(level)} holds a line end or control character. Correct the cells."
        for level in levels
        if UNPRINTABLE.search(level)
    ]
    if len(levels) < 2:
        faults.append(f"{where}: found only {groups}. A comparison needs at least two groups.")
    if len(levels) > MOST_GROUPS:
        faults.append(
            f"{where}: found {len(levels):,} groups ({listed(levels, 5)}). At most {MOST_GROUPS} can be compared. "
            "Name the column that holds the groups: --group."
        )
    if asked.primary == asked.reference:
        faults.append(f"--primary {asked.primary}: this is also the reference. Name another of {groups}.")
    elif asked.primary is not None and asked.primary not in levels:
        hint = did_you_mean(asked.primary, levels)
        faults.append(f"--primary {asked.primary}: {where} has no such group.{hint} The groups are {groups}.")
    return faults


def natural_order(levels: Iterable[str]) -> tuple[str, ...]:
    """Levels with the numbers in them read as numbers: 2 before 10, "week 9" before "week 10"."""
    return tuple(sorted(levels, key=_natural_key))


def _natural_key(level: str) -> list[tuple[bool, int, str]]:
    parts = [part for part in re.split(r"([0-9]+)", level) if part]
    return [(not part[0].isdecimal(), int(part) if part[0].isdecimal() else 0, part) for part in parts]


def model_for(asked: Comparison, model: Model) -> Model:
    """The chosen model, pointed at the columns that the options name.

    Raises ModelError where the model needs columns that no option names, or has no use for those named.
    """
    if asked.covariates and model.adjust == NO_SET:
        raise ModelError(
            f"--model {model.name} adjusts for nothing, yet --adjust names {', '.join(asked.covariates)}. "
            "Leave --adjust out, or choose a model that adjusts, such as primary."
        )
    if model.baseline.strata is not StrataKind.COMMON and not asked.strata:
        raise ModelError(
            f"--model {model.name} has a baseline per stratum, and no column of strata is named. Add --strata COL."
        )
    if model.exchangeable and not asked.covariates:
        raise ModelError(
            f"--model {model.name} shares a spread over the levels of covariates, and none is named. "
            "Add --categorical COL."
        )
    baseline = model.baseline
    if asked.strata and baseline.strata is StrataKind.COMMON:
        baseline = replace(baseline, strata=StrataKind.FREE)
    if asked.covariates or model.adjust == NO_SET:
        return replace(model, adjust=QUESTION_SET if asked.covariates else NO_SET, baseline=baseline)
    return replace(model, title=f"{model.title} (no covariate was named)", adjust=NO_SET, baseline=baseline)


def model_of_columns(asked: Comparison) -> Model:
    """A model that reads every column that the options name, to check patients where no model could be read."""
    strata = StrataKind.FREE if asked.strata else StrataKind.COMMON
    adjust = QUESTION_SET if asked.covariates else NO_SET
    return Model("columns", title="", purpose="", adjust=adjust, baseline=Baseline(strata=strata))


def _code(value: str | None) -> str | float | None:
    """The event code as a number where it reads as one."""
    if value is None:
        return None
    try:
        return float(value)
    except ValueError:
        return value
