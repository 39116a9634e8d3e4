"""Schemas of the tables of a study file: allowed keys and values.

Faults within one table are found here; faults across tables in `checks`.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, PlainValidator, StringConstraints, ValidationInfo, field_validator

from bayesrefract.messages import did_you_mean, listed
from bayesrefract.names import composed
from bayesrefract.study.extensions import installed
from bayesrefract.study.rope import HIGHEST_LEVEL, Estimand, Harm, IntervalKind, RuleName, bounds_faults
from bayesrefract.study.study import Condition, EventAtZero, Evidence, OnFailure, TimeUnit
from bayesrefract.study.toml_reader import FileName, Section, Text, on_one_line, one_of, refuse, shown

type Composed = Annotated[str, AfterValidator(composed)]
LONGEST_NAME = 60
"""Letters of a name: up to three of them make one file name, which may have 255."""
type Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=LONGEST_NAME)]

LIFELINES = "lifelines:"
"""Prefix of records that are a file inside the package lifelines."""
SIMULATED = "simulated:"
"""Prefix of records that a seeded function of this package makes."""
RECORD_FILES = (".csv", ".parquet")

NAME = f"a name of up to {LONGEST_NAME} letters, digits, _ and - (it becomes part of file names)"
COLUMN = "the name of a column, in double quotes"
COLUMNS = "a list of column names"
ROLE = '"main" or "sensitivity"'
SOME_MODELS = "a list of names from study.models"


class StudySection(Section):
    """[study]"""

    renamed: ClassVar = {"histories": "extension"}

    name: Name = Field(description=NAME)
    title: Text = Field(description="one line that says what is compared")
    time_unit: TimeUnit = Field(strict=False, description=one_of(TimeUnit))
    records: FileName = Field(
        description='a .csv or .parquet file beside this one, "lifelines:FILE.csv" or "simulated:NAME"'
    )
    evidence: Evidence = Field(strict=False, description=one_of(Evidence, without=[Evidence.UNSTATED]))
    models: list[FileName] = Field(
        min_length=1, description='a list of models to try, the first one primary: ["primary"]'
    )
    source: Annotated[str, AfterValidator(on_one_line)] = Field(
        default="", description="source of the records, as text"
    )
    seed: int | None = Field(
        default=None, ge=0, validate_default=True, description="a whole number from 0, for simulated records only"
    )
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        default=None, description="64 lower-case hexadecimal digits, as sha256sum prints them"
    )

    extension: Name | None = Field(default=None, description="the name of an installed study package")

    @field_validator("extension")
    @classmethod
    def _installed(cls, extension: str | None) -> str | None:
        known = installed()
        if extension is not None and extension not in known:
            hint = did_you_mean(extension, known)
            refuse(
                f'= "{extension}": no study package of this name is installed.{hint} '
                f"Install it, or delete the key; installed: {listed(known) or 'none'}."
            )
        return extension

    @field_validator("records")
    @classmethod
    def _known_kind(cls, records: str) -> str:
        if not records.startswith((LIFELINES, SIMULATED)) and not records.lower().endswith(RECORD_FILES):
            given = cls.model_fields["records"].description
            refuse(f'= "{records}" is not a known kind of records. Give {given}.')
        return records

    @field_validator("evidence")
    @classmethod
    def _honest(cls, evidence: Evidence, info: ValidationInfo) -> Evidence:
        if evidence is Evidence.UNSTATED:
            refuse(f'= "{evidence}" is not allowed. Give {cls.model_fields["evidence"].description}.')
        if info.data.get("records", "").startswith(SIMULATED) and evidence is not Evidence.SIMULATED:
            refuse(f'= "{evidence}" is wrong for simulated records. Set it to "simulated".')
        return evidence

    @field_validator("seed")
    @classmethod
    def _only_simulated(cls, seed: int | None, info: ValidationInfo) -> int | None:
        simulated = info.data.get("records", "").startswith(SIMULATED)
        if simulated and seed is None:
            refuse("is missing. Simulated records need a seed: add one, such as seed = 20240.")
        if "records" in info.data and not simulated and seed is not None:
            refuse(f'= {seed} is only for "{SIMULATED}NAME" records. Delete it.')
        return seed

    @field_validator("models")
    @classmethod
    def _each_once(cls, models: list[str]) -> list[str]:
        return _distinct(models, "models")


class ColumnsSection(Section):
    """[columns]"""

    group: Text = Field(description=COLUMN)
    id: Text | None = Field(default=None, description=COLUMN)
    unordered: list[Text] = Field(default=[], description=COLUMNS)
    strata: list[Text] = Field(default=[], description=COLUMNS)
    per: dict[Composed, Annotated[float, Field(gt=0)]] = Field(
        default={}, description="a step above 0 for each column, such as { age = 10 }"
    )
    missing: list[Text] = Field(default=[], description='a list of marks for missing, such as [".", "age=999"]')
    several_rows: bool = Field(default=False, description="true or false")
    varying: list[Text] = Field(default=[], description=COLUMNS)

    @field_validator("strata", "varying")
    @classmethod
    def _each_once(cls, names: list[str], info: ValidationInfo) -> list[str]:
        return _distinct(names, str(info.field_name))


class GroupsSection(Section):
    """[groups]"""

    levels: list[Text] = Field(min_length=2, description="a list of at least two group names")
    codes: dict[Composed, Text] | None = Field(
        default=None, description='a group name for each value in the records, such as { "0" = "control" }'
    )

    @field_validator("levels")
    @classmethod
    def _each_once(cls, levels: list[str]) -> list[str]:
        return _distinct(levels, "levels")


class ContrastSection(Section):
    """[[contrast]]"""

    group: Text = Field(description="one of groups.levels")
    reference: Text = Field(description="one of groups.levels")
    primary: bool = Field(default=False, description="true or false")
    role: Literal["comparison", "positive_control"] = Field(
        default="comparison", description='"comparison" or "positive_control"'
    )

    @field_validator("reference")
    @classmethod
    def _two_groups(cls, reference: str, info: ValidationInfo) -> str:
        if reference == info.data.get("group"):
            refuse(f'= "{reference}" is also the group. Name two different groups.')
        return reference


def read_conditions(where: Any) -> tuple[Condition, ...]:
    """{ column = value | [values] | { low =, high = } } as conditions."""
    if not isinstance(where, dict):
        refuse(f"= {shown(where)} is not a table. Write {{ column = value }}.")
    return tuple(_condition(composed(on_one_line(column)), wanted) for column, wanted in where.items())


def _condition(column: str, wanted: Any) -> Condition:
    if isinstance(wanted, dict):
        return _range(column, wanted)
    values = wanted if isinstance(wanted, list) else [wanted]
    if not values or not all(isinstance(v, str | int | float | bool) for v in values):
        refuse(
            f".{column} = {shown(wanted)} is not allowed. Give a value, a list of values, "
            "or a range { low = 18, high = 65 }."
        )
    texts = [composed(on_one_line(v)) if isinstance(v, str) else v for v in values]
    return Condition(column, tuple(float(v) if type(v) is int else v for v in texts))


def _range(column: str, bounds: dict[str, Any]) -> Condition:
    low, high = bounds.get("low"), bounds.get("high")
    numbers = [b for b in (low, high) if type(b) in (int, float)]
    if not bounds or bounds.keys() - {"low", "high"} or len(numbers) != len(bounds):
        refuse(f".{column} = {shown(bounds)} is not a range. Write {{ low = 18, high = 65 }}, or one of the two.")
    if low is not None and high is not None and low > high:
        refuse(f".{column} has low = {low} above high = {high}. Swap them.")
    return Condition(column, low=None if low is None else float(low), high=None if high is None else float(high))


class PopulationSection(Section):
    """[[population]]"""

    name: Name = Field(description=NAME)
    label: Text | None = Field(default=None, description="one line of text")
    where: Annotated[tuple[Condition, ...], PlainValidator(read_conditions)] = Field(
        default=(), description="a table of columns and their values"
    )
    role: Literal["main", "sensitivity"] = Field(default="main", description=ROLE)
    models: list[FileName] | None = Field(default=None, min_length=1, description=SOME_MODELS)
    printed: Text | None = Field(
        default=None, description="as in the column population of the published estimates, such as all"
    )


class PrintedSection(Section):
    """printed = { } of a [[question]]"""

    setting: Text = Field(description="as in the column setting of the published estimates")
    endpoint: Text = Field(description="as in the column endpoint of the published estimates")


class QuestionSection(Section):
    """[[question]]"""

    name: Name = Field(description=NAME)
    label: Text | None = Field(default=None, description="one line of text")
    time: Text = Field(description=COLUMN)
    event: Text = Field(description=COLUMN)
    event_value: Composed | float | None = Field(default=None, description="the value that means the event, such as 2")
    censor_values: list[Composed | float] = Field(
        default=[], validate_default=False, description="a list of the values that mean censored, such as [0, 1]"
    )
    event_at_zero: EventAtZero | None = Field(default=None, strict=False, description=one_of(EventAtZero))
    repeated_events: bool = Field(default=False, description="true or false")
    landmark: float | None = Field(default=None, gt=0, description="a time above 0, in study.time_unit")
    entry: Text | None = Field(default=None, description=COLUMN)
    administrative_end: Text | None = Field(default=None, description=COLUMN)
    horizon: float | None = Field(default=None, gt=0, description="a time above 0, in study.time_unit")
    from_time: float | None = Field(
        default=None, alias="from", ge=0, description="a time from 0, before the horizon, in study.time_unit"
    )
    adjust: Text | None = Field(default=None, description="the name of a set in [adjust]")
    clock_start: Text | None = Field(default=None, description=COLUMN)
    role: Literal["main", "sensitivity"] = Field(default="main", description=ROLE)
    populations: list[Text] | None = Field(
        default=None, min_length=1, description="a list of names of [[population]] tables"
    )
    models: list[FileName] | None = Field(default=None, min_length=1, description=SOME_MODELS)
    claim: list[Annotated[Estimand, Field(strict=False)]] = Field(
        default=[], description='two or more estimands that a claim needs together: ["hazard_ratio", "rmst_difference"]'
    )
    confirmatory: bool = Field(default=False, description="true or false")
    printed: PrintedSection | None = Field(
        default=None, description='the rows of [published], such as { setting = "trial", endpoint = "death" }'
    )

    @field_validator("censor_values")
    @classmethod
    def _not_the_event(cls, values: list[str | float], info: ValidationInfo) -> list[str | float]:
        event = info.data.get("event_value")
        meant = "1" if event is None else shown(event)
        if meant in map(shown, values):
            refuse(f"= {shown(values)} holds {meant}, which means the event. Take it out.")
        return values

    @field_validator("claim")
    @classmethod
    def _together(cls, claim: list[Estimand]) -> list[Estimand]:
        if len(claim) == 1:
            refuse(f'= ["{claim[0]}"] names one estimand, which has its own verdict anyway. Name two, or none.')
        if len(set(claim)) < len(claim):
            refuse("names an estimand more than once. Name each once.")
        return claim


class ControlSection(Section):
    """[[control]]"""

    question: Text = Field(description="the name of a [[question]]")
    contrast: list[Text] = Field(
        min_length=2, max_length=2, description='group and reference of a [[contrast]]: ["high", "low"]'
    )
    expect: Literal["different"] = Field(description='"different"')
    reason: Text = Field(description="why these groups must differ, in words")
    on_failure: OnFailure = Field(
        default=OnFailure.LABEL,
        strict=False,
        description=f"{one_of(OnFailure)}: what becomes of claims of equality where it does not differ",
    )


class AdjustSection(Section):
    """Top level of the file with [adjust]: its keys are the names of the sets."""

    adjust: dict[Text, list[Text]] = Field(description=COLUMNS)


class WordsSection(Section):
    """Top level of the file with [adjust_labels] and [labels]: names and their descriptions."""

    adjust_labels: dict[Text, Text] = Field(default={}, description="one line of text")
    labels: dict[Text, Text] = Field(default={}, description="one line of text")


class PublishedSection(Section):
    """[published]"""

    source: Text = Field(description="the paper, as text")
    estimates: FileName = Field(description="a .csv file beside this one")
    counts: FileName | None = Field(default=None, description="a .csv file beside this one")
    conclusion: Text = Field(description="the paper's own sentence, as printed")
    conclusion_where: Text = Field(description="where in the paper it stands")
    spread: FileName | None = Field(default=None, description="a .csv file beside this one")
    context: list[Text] = Field(default=[], description="a list of sentences: outside evidence")
    limits: list[Text] = Field(default=[], description="a list of sentences: what limits this paper and its patients")
    notes: list[Text] = Field(default=[], description="a list of sentences: how its printed numbers are to be read")


class TableSection(Section):
    """[[table]]"""

    name: Name = Field(description=NAME)
    title: Text = Field(description="one line of text")
    columns: list[Text] = Field(min_length=1, description=COLUMNS)
    where: Annotated[tuple[Condition, ...], PlainValidator(read_conditions)] = Field(
        default=(), description="a table of columns and their values"
    )

    @field_validator("columns")
    @classmethod
    def _each_once(cls, columns: list[str]) -> list[str]:
        return _distinct(columns, "columns")


class RopeSection(Section):
    """[[rope]]"""

    estimand: Estimand = Field(strict=False, description=one_of(Estimand))
    low: float = Field(description="a number: the lower bound of the ROPE")
    high: float = Field(description="a number: the upper bound of the ROPE")
    source: Text = Field(description="the reason for these bounds, in words; a ROPE has no default")
    declared_on: dt.date = Field(description="the date on which the bounds were fixed, such as 2026-01-31, unquoted")
    before_data: bool | None = Field(
        default=None,
        description="true if the bounds were fixed before the data were seen, false if after; left out: not stated",
    )
    role: Literal["primary", "sensitivity"] = Field(default="primary", description='"primary" or "sensitivity"')
    window: list[float] | None = Field(
        default=None, validate_default=True, description="two times, such as [0, 24], in the study's unit"
    )
    questions: list[Text] | None = Field(
        default=None, min_length=1, description="a list of names of [[question]] tables"
    )

    @field_validator("window")
    @classmethod
    def _of_throughout(cls, window: list[float] | None, info: ValidationInfo) -> list[float] | None:
        throughout = info.data.get("estimand") is Estimand.THROUGHOUT
        if "estimand" not in info.data:
            return window
        if throughout and window is None:
            refuse(
                f'is missing. "{Estimand.THROUGHOUT}" holds between two times, which are declared and not found by '
                "looking: give them, such as window = [0, 24]."
            )
        if window is not None and not throughout:
            refuse(f'= {shown(window)} is only for estimand = "{Estimand.THROUGHOUT}". Delete it, or change estimand.')
        if window is not None and not (len(window) == 2 and 0 <= window[0] < window[1] < float("inf")):
            refuse(f"= {shown(window)} is not two rising times from 0. Write window = [0, 24].")
        return window

    @field_validator("declared_on")
    @classmethod
    def _in_the_past(cls, declared_on: dt.date) -> dt.date:
        if declared_on > dt.date.today():
            refuse(f"= {declared_on} lies in the future. Give the day on which the bounds were fixed.")
        return declared_on

    @field_validator("high")
    @classmethod
    def _brackets(cls, high: float, info: ValidationInfo) -> float:
        low, estimand = info.data.get("low"), info.data.get("estimand")
        for fault in () if low is None or estimand is None else bounds_faults(low, high, estimand):
            refuse(fault.removeprefix("low "), key="low")
        return high


class RuleSection(Section):
    """[rule]"""

    name: RuleName = Field(strict=False, description=one_of(RuleName))
    level: float = Field(default=0.95, gt=0.5, lt=HIGHEST_LEVEL, description="a number between 0.5 and 1")
    threshold: Annotated[float, Field(gt=0.5, lt=HIGHEST_LEVEL)] | None = Field(
        default=None, validate_default=True, description="a probability between 0.5 and 1"
    )
    side: Literal["two_sided", "one_sided", "above", "below"] | None = Field(
        default=None, description='"two_sided" or "one_sided"; one-sided rules declare their harm'
    )
    harm: Harm | None = Field(
        default=None, strict=False, validate_default=True, description=f"{one_of(Harm)}: which of them harms a patient"
    )
    interval: IntervalKind = Field(default=IntervalKind.ETI, strict=False, description=one_of(IntervalKind))

    @field_validator("threshold")
    @classmethod
    def _only_with_probability(cls, threshold: float | None, info: ValidationInfo) -> float | None:
        name = info.data.get("name")
        if name is RuleName.PROBABILITY and threshold is None:
            refuse('is missing. The rule "probability" needs a threshold between 0.5 and 1, such as 0.95.')
        if name is RuleName.INTERVAL and threshold is not None:
            refuse(f'= {threshold:g} is not used by the rule "interval". Delete it, or set name = "probability".')
        return threshold

    @field_validator("harm")
    @classmethod
    def _only_one_sided(cls, harm: Harm | None, info: ValidationInfo) -> Harm | None:
        side = info.data.get("side")
        if side == "one_sided" and harm is None:
            refuse('is missing. A one-sided rule declares what harms: harm = "more_events", or "fewer_events".')
        if harm is not None and side not in {None, "one_sided"}:
            refuse(
                f'= "{harm}" stands beside side = "{side}". Delete side: the side of each ROPE follows from the harm.'
            )
        return harm


def _distinct(names: list[str], key: str) -> list[str]:
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        refuse(f"names {', '.join(twice)} more than once. Name each of {key} once.")
    return names
