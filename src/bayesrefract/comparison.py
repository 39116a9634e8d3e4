"""One comparison, as the options of `compare` or the arguments of `br.compare` describe it.

Its faults are found by the rules of a study file, and told by the name under which each option was given.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum

from bayesrefract.errors import ModelError, StudyError
from bayesrefract.messages import LONGEST_NAME, UNPRINTABLE, did_you_mean, listed, printable, quoted
from bayesrefract.names import composed
from bayesrefract.study.model import NO_SET, QUESTION_SET, Baseline, Model, StrataKind
from bayesrefract.study.rope import Estimand, Rope, Rule, Side
from bayesrefract.study.study import (
    Analysis,
    Columns,
    Contrast,
    Endpoint,
    EventAtZero,
    Evidence,
    Population,
    Study,
    TimeUnit,
)

NAME = "comparison"
"""Name of the study that a comparison is: its draws depend on it, and so not on where the records come from."""
GIVEN_SET = "given"
"""Name of the adjustment set that holds the columns to adjust for."""
OPTIONS = {
    "command line: rope.source": "--rope-source",
    "command line: question[1].from": "--from",
    "Name it (entry)": "Name it (--entry)",
    "command line: rope.declared_on": "--rope-declared",
    "command line: rope.window": "--window",
    "Write window = [0, 24]": "Write --window 0 24",
    "command line: rope.": "--rope: ",
    "command line: unordered": "--categorical",
    "command line: event_value": "--event-value",
    "command line: censor_values": "--censor-value",
    "command line: adjust.given": "--adjust",
    "command line: question[1] uses": "the options use",
    "command line: question[1].repeated_events": "--repeated-events",
    "command line: question[1].": "--",
    "command line: columns.": "--",
    "several_rows = true": "--several-rows",
    "(several_rows)": "(--several-rows)",
    "in varying": "(--varying)",
    "command line: ": "--",
    "study.time_unit": "the unit of --unit",
    'set name = "probability"': "give --rule probability",
}
"""Where a key of a study file has another name on the command line."""
ARGUMENTS = {
    "command line: question[1].from": "from_time",
    "command line: from.": "from_time.",
    "command line: from =": "from_time =",
    "command line: rope.declared_on": "rope: declared",
    "command line: rope.window": "window",
    "command line: rope.": "rope: ",
    "command line: unordered": "categorical",
    "command line: adjust.given": "adjust",
    "command line: question[1] uses": "the arguments use",
    "command line: question[1].": "",
    "command line: columns.": "",
    "several_rows = true": "several_rows=True",
    "command line: name": "rule: name",
    "command line: level": "rule: level",
    "command line: threshold": "rule: threshold",
    "command line: rule.": "rule: ",
    "command line: ": "",
    "study.time_unit": "the unit of unit",
}
"""Where a key of a study file has another name as an argument of `br.compare`."""
MOST_GROUPS = 20
"""A group column with more values than this holds something else: identifiers, times."""


class Keep(StrEnum):
    """What a comparison leaves behind beside its result, so that the next one need not sample."""

    FITS = "fits"
    NONE = "none"


@dataclass(frozen=True)
class Comparison:
    """What is compared. `label`: the records' name in messages and titles. `typed`: given on a command line."""

    time: str
    event: str
    group: str
    reference: str
    unit: TimeUnit
    rope: Rope
    id: str | None = None
    primary: str | None = None
    adjust: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    strata: tuple[str, ...] = ()
    entry: str | None = None
    from_time: float | None = None
    horizon: float | None = None
    event_value: str | float | None = None
    censor_values: tuple[str | float, ...] = ()
    event_at_zero: EventAtZero | None = None
    missing: tuple[str, ...] = ()
    several_rows: bool = False
    varying: tuple[str, ...] = ()
    repeated_events: bool = False
    landmark: float | None = None
    hr_by_time: bool = False
    window: tuple[float, float] | None = None
    rule: Rule = field(default_factory=Rule)
    evidence: Evidence = Evidence.UNSTATED
    label: str = "records"
    typed: bool = False

    def __post_init__(self) -> None:
        """Names are compared in composed letters, however they were typed."""
        for each in fields(self):
            value = getattr(self, each.name)
            if type(value) is str and each.name != "label":
                object.__setattr__(self, each.name, composed(value))
            elif isinstance(value, tuple):
                texts = tuple(composed(name) if isinstance(name, str) else name for name in value)
                object.__setattr__(self, each.name, texts)

    @property
    def covariates(self) -> tuple[str, ...]:
        """Every column to adjust for, once."""
        return tuple(dict.fromkeys((*self.adjust, *self.categorical)))

    @property
    def ropes(self) -> tuple[Rope, ...]:
        """The range, and the same bounds for the hazard ratio throughout the window."""
        if self.window is None:
            return (self.rope,)
        return self.rope, replace(self.rope, estimand=Estimand.THROUGHOUT, window=self.window)

    def name(self, option: str) -> str:
        """An option under the name by which it was given: --primary, or primary."""
        return f"--{option.replace('_', '-')}" if self.typed else option

    def example(self, option: str) -> str:
        """How to give columns to an option: --strata COL, or strata=["COL"]."""
        return f"{self.name(option)} COL" if self.typed else f'{option}=["COL"]'


def option_faults(asked: Comparison) -> tuple[str, ...]:
    """What is wrong with the options by themselves, by the rules of a study file; no record is read."""
    from bayesrefract.study import sections
    from bayesrefract.study.checks import StudyTables, check_across
    from bayesrefract.study.toml_reader import TomlFile

    line = TomlFile("command line", {}, StudyError)
    rule = asked.rule
    side = None if rule.side is Side.TWO_SIDED else rule.side.value
    columns: dict[str, object] = {
        "group": asked.group,
        "id": asked.id,
        "unordered": list(asked.categorical),
        "strata": list(asked.strata),
    }
    columns |= {"missing": list(asked.missing), "several_rows": asked.several_rows, "varying": list(asked.varying)}
    question = {"name": "endpoint", "time": asked.time, "event": asked.event, "entry": asked.entry}
    times = {"from": asked.from_time, "horizon": asked.horizon, "landmark": asked.landmark}
    times |= {"repeated_events": asked.repeated_events}
    codes = {"event_value": _code(asked.event_value), "censor_values": [_code(code) for code in asked.censor_values]}
    tables = StudyTables(
        study=None,
        columns=line.check("", columns, sections.ColumnsSection),
        groups=None,
        contrasts=(None,),
        populations=(),
        questions=(line.check("", question | times | codes, sections.QuestionSection),),
        sets=line.check("", {"adjust": {GIVEN_SET: list(asked.covariates)}}, sections.AdjustSection),
        ropes=tuple(line.check("rope", _rope_table(rope), sections.RopeSection) for rope in asked.ropes),
        rule=line.check(
            "",
            {"name": rule.name, "level": rule.level, "threshold": rule.threshold, "side": side, "harm": rule.harm},
            sections.RuleSection,
        ),
    )
    check_across(tables, line)
    told = [_under_its_name(fault, asked) for fault in line.faults]
    if asked.rope.before_data and asked.rope.declared is None:
        told.append(
            "--before-data needs the date on which the range was fixed. Add --rope-declared YYYY-MM-DD."
            if asked.typed
            else 'rope: before_data = True needs the date on which the range was fixed. Add declared="YYYY-MM-DD".'
        )
    return tuple(dict.fromkeys(told))


def _rope_table(rope: Rope) -> dict[str, object]:
    """As a study file would have it; a comparison may leave the date out, and it is then printed as not stated."""
    declared = {"source": rope.source, "declared_on": rope.declared or dt.date.min, "before_data": rope.before_data}
    window = None if rope.window is None else list(rope.window)
    return {"low": rope.low, "high": rope.high, "estimand": rope.estimand, "window": window, **declared}


def _under_its_name(fault: str, asked: Comparison) -> str:
    """The fault of a study's key, told of the option or argument that stands for it."""
    for place, name in (OPTIONS if asked.typed else ARGUMENTS).items():
        fault = fault.replace(place, name, 1)
    return fault


def study_of(asked: Comparison, levels: Sequence[str] = ()) -> Study:
    """The study that a comparison is, with the group levels found in the records, in the order shown.

    Without levels its analysis has no groups and no contrast: enough to read the records and to see
    whether they have the columns.
    """
    return Study(
        name=NAME,
        title=printable(f"{asked.group} in {asked.label}"),
        records=asked.label,
        evidence=asked.evidence,
        time_unit=asked.unit,
        analyses=(_analysis(asked, tuple(levels)),),
        models=(),
    )


def _analysis(asked: Comparison, levels: tuple[str, ...]) -> Analysis:
    return Analysis(
        endpoint=Endpoint(
            name="endpoint",
            label=f"{asked.event} (time: {asked.time})",
            time=asked.time,
            event=asked.event,
            horizon=asked.horizon,
            entry=asked.entry,
            event_value=_code(asked.event_value),
            from_time=asked.from_time,
            censor_values=tuple(_code(code) for code in asked.censor_values),
            event_at_zero=asked.event_at_zero,
            repeated_events=asked.repeated_events,
            landmark=asked.landmark,
        ),
        population=Population("all", "all patients"),
        columns=Columns(
            group=asked.group,
            id=asked.id,
            unordered=asked.categorical,
            strata=asked.strata,
            missing=asked.missing,
            several_rows=asked.several_rows,
            varying=asked.varying,
        ),
        groups=levels,
        contrasts=_contrasts(asked, levels),
        ropes=asked.ropes,
        rule=asked.rule,
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
    where, groups = f"{asked.label}, column {asked.group}", listed(levels) or "none"
    faults = [
        f"{where}: the group {quoted(level)} holds a line end or control character. Correct the cells."
        for level in levels
        if UNPRINTABLE.search(level)
    ]
    faults += [
        f"{where}: the group {quoted(level)} has a name of {len(level):,} letters. Shorten it to {LONGEST_NAME} "
        "or fewer."
        for level in levels
        if len(level) > LONGEST_NAME
    ]
    if len(levels) < 2:
        faults.append(f"{where}: found only {groups}. A comparison needs at least two groups.")
    if len(levels) > MOST_GROUPS:
        faults.append(
            f"{where}: found {len(levels):,} groups ({listed(levels, 5)}). At most {MOST_GROUPS} can be compared. "
            f"Name the column that holds the groups: {asked.name('group')}."
        )
    if asked.primary == asked.reference:
        faults.append(f"{asked.name('primary')} {asked.primary}: this is also the reference. Name another of {groups}.")
    elif asked.primary is not None and asked.primary not in levels:
        hint = did_you_mean(asked.primary, levels)
        faults.append(
            f"{asked.name('primary')} {asked.primary}: {where} has no such group.{hint} The groups are {groups}."
        )
    return faults


def natural_order(levels: Iterable[str]) -> tuple[str, ...]:
    """Levels with the numbers in them read as numbers: 2 before 10, "week 9" before "week 10"."""
    return tuple(sorted(levels, key=_natural_key))


def _natural_key(level: str) -> list[tuple[bool, int, str, str]]:
    parts = [part for part in re.split(r"([0-9]+)", level) if part]
    return [_part_key(part) for part in parts]


def _part_key(part: str) -> tuple[bool, int, str, str]:
    """Digits by their number, which is longer or comes later in the alphabet where it is larger; then as text."""
    if not (part[0].isascii() and part[0].isdecimal()):
        return True, 0, part, part
    digits = part.lstrip("0")
    return False, len(digits), digits, part


def model_for(asked: Comparison, model: Model) -> Model:
    """The chosen model, pointed at the columns that the options name.

    Raises ModelError where the model needs columns that no option names, or has no use for those named.
    """
    if asked.covariates and model.adjust == NO_SET:
        raise ModelError(
            f"{asked.name('model')} {model.name} adjusts for nothing, yet {asked.name('adjust')} names "
            f"{', '.join(asked.covariates)}. Leave {asked.name('adjust')} out, or choose a model that adjusts, such as "
            "primary."
        )
    if model.baseline.strata is not StrataKind.COMMON and not asked.strata:
        raise ModelError(
            f"{asked.name('model')} {model.name} has a baseline per stratum, and no column of strata is named. "
            f"Add {asked.example('strata')}."
        )
    if model.exchangeable and not asked.covariates:
        raise ModelError(
            f"{asked.name('model')} {model.name} shares a spread over the levels of covariates, and none is named. "
            f"Add {asked.example('categorical')}."
        )
    if asked.hr_by_time or asked.window is not None:
        _check_may_change(asked, model)
    if asked.hr_by_time and not model.by_time:
        model = replace(model, by_time=True, title=f"Hazard ratio that may change, otherwise as {model.name}")
    baseline = model.baseline
    if asked.strata and baseline.strata is StrataKind.COMMON:
        baseline = replace(baseline, strata=StrataKind.FREE)
    if asked.covariates or model.adjust == NO_SET:
        return replace(model, adjust=QUESTION_SET if asked.covariates else NO_SET, baseline=baseline)
    return replace(model, title=f"{model.title} (no covariate was named)", adjust=NO_SET, baseline=baseline)


def _check_may_change(asked: Comparison, model: Model) -> None:
    """Raise ModelError where the hazard ratio of the model cannot change over time."""
    option = asked.name("hr_by_time" if asked.hr_by_time else "window")
    if model.baseline.by_group:
        raise ModelError(
            f"{asked.name('model')} {model.name} has hazards by group, which give each interval a ratio of its own: "
            f"{option} has no meaning with it. Leave {option} out, or choose another model, such as primary."
        )
    if model.intervals.cuts == () or model.intervals.maximum == 1:
        raise ModelError(
            f"{asked.name('model')} {model.name} has one interval, within which no ratio changes: {option} has no "
            f"meaning with it. Leave {option} out, or choose a model with several intervals."
        )


def model_of_columns(asked: Comparison) -> Model:
    """A model that reads every column that the options name, to check patients where no model could be read."""
    strata = StrataKind.FREE if asked.strata else StrataKind.COMMON
    adjust = QUESTION_SET if asked.covariates else NO_SET
    return Model("columns", title="", purpose="", adjust=adjust, baseline=Baseline(strata=strata))


def _code[V: (str | float, str | float | None)](value: V) -> V:
    """A code as a number where it reads as one; True and False as the words that cells hold."""
    if value is None:
        return value
    if isinstance(value, bool):
        return str(value).lower()
    try:
        number = float(value)
    except ValueError:
        return value
    return number if math.isfinite(number) else value
