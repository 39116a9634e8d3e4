"""Studies and analyses as frozen values: endpoint, population, groups, contrasts, ROPEs, decision rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from bayesrefract.study.rope import Estimand, Rope, Rule

DAYS_PER_MONTH = 30.4375
"""The one definition of a month (365.25 / 12 days)."""


class TimeUnit(StrEnum):
    """Unit of every time in a study."""

    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"

    @property
    def days(self) -> float:
        """Length of one unit in days."""
        lengths = {"days": 1.0, "weeks": 7.0, "months": DAYS_PER_MONTH, "years": 12 * DAYS_PER_MONTH}
        return lengths[self.value]


class Evidence(StrEnum):
    """Origin of the records. Printed wherever a number is."""

    PATIENTS = "patients"
    UNSTATED = "not_stated"
    REBUILT = "rebuilt"
    SIMULATED = "simulated"


class OnFailure(StrEnum):
    """What becomes of claims of equality where a control does not show the difference that it has."""

    LABEL = "label"
    WITHHOLD = "withhold"


class Standing(StrEnum):
    """Place of a question among those of its study; none where no question is named confirmatory."""

    CONFIRMATORY = "confirmatory"
    SECONDARY = "secondary"
    NONE = ""


class EventAtZero(StrEnum):
    """What becomes of patients whose event is at time 0, where no interval of follow-up can hold it."""

    HALF_UNIT = "half-unit"
    EXCLUDE = "exclude"


@dataclass(frozen=True)
class Contrast:
    """Contrast of `group` versus `reference`. Role: comparison | positive_control.

    `reason`: why a control must differ, where the question declares one; `on_failure` follows where it does not.
    """

    group: str
    reference: str
    primary: bool = False
    role: str = "comparison"
    reason: str = ""
    on_failure: OnFailure = OnFailure.LABEL

    @property
    def label(self) -> str:
        return f"{self.group} vs {self.reference}"


@dataclass(frozen=True)
class Condition:
    """Which values of one column belong to a population: any of `values`, or low <= value <= high."""

    column: str
    values: tuple[str | float | bool, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Population:
    """Patients who meet every condition (equality, list or range; never an expression).

    Role: main | sensitivity. Sensitivity populations are reported in a table, not in a section of their own.
    """

    name: str
    label: str
    where: tuple[Condition, ...] = ()
    role: str = "main"


@dataclass(frozen=True)
class Endpoint:
    """Columns of one time-to-event endpoint. `horizon` in the study's unit bounds RMST and milestones.

    `from_time`: with delayed entry, where curves start; survival, medians and RMST are those without the event then.
    `event_value`: the code in the event column that means the event (None: 0/1 or true/false).
    `entry`: column of the delayed entry time. `administrative_end`: column of the time at which
    follow-up would have ended without an event, if it is known. `clock_start`: column of the time at which the
    endpoint's own clock starts; patients then enter at that time, and both times are counted from 0 before it.
    `censor_values`: the codes that mean censored, required where more than one other code occurs.
    `event_at_zero`: None refuses events at time 0. `repeated_events`: it may happen more than once to a patient.
    `landmark`: time at which a landmark analysis takes the groups that change.
    """

    name: str
    label: str
    time: str
    event: str
    horizon: float | None = None
    entry: str | None = None
    administrative_end: str | None = None
    event_value: str | float | None = None
    clock_start: str | None = None
    from_time: float | None = None
    censor_values: tuple[str | float, ...] = ()
    event_at_zero: EventAtZero | None = None
    repeated_events: bool = False
    landmark: float | None = None


@dataclass(frozen=True)
class Printed:
    """Rows of a paper's estimates that answer a question: population, setting and endpoint."""

    population: str
    setting: str
    endpoint: str


@dataclass(frozen=True)
class Publication:
    """A paper whose printed numbers are compared with the analyses. Paths are those of the CSV files.

    `counts`: None where the paper prints no table of counts, or none that is worth checking.
    `conclusion` is the paper's own sentence. `spread`: how far rebuilt cohorts differ, where there is such a file.
    """

    source: str
    estimates: Path
    counts: Path | None
    conclusion: str
    conclusion_where: str
    spread: Path | None = None
    context: tuple[str, ...] = ()  # outside evidence worth stating beside any claim
    limits: tuple[str, ...] = ()  # of the paper and its patients
    notes: tuple[str, ...] = ()  # how its printed numbers are to be read


@dataclass(frozen=True)
class PatientTable:
    """A table of patients by group, of those who meet `where`: a row per flag or category, quartiles of numbers."""

    name: str
    title: str
    columns: tuple[str, ...]
    where: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Columns:
    """Columns that every endpoint shares. `unordered`: numeric columns to be read as categories.

    `per` gives the step for which a continuous covariate's hazard ratio is reported (age per 10).
    `missing`: further marks for a missing value: "." in every column, or "age=999" in one. `several_rows`: a patient
    may have several rows, from entry to time each; `varying`: the columns that may change from row to row.
    """

    group: str
    id: str | None = None
    unordered: tuple[str, ...] = ()
    strata: tuple[str, ...] = ()
    per: Mapping[str, float] | None = None
    missing: tuple[str, ...] = ()
    several_rows: bool = False
    varying: tuple[str, ...] = ()


@dataclass(frozen=True)
class Analysis:
    """One endpoint in one population, with contrasts, ROPEs and decision rule."""

    endpoint: Endpoint
    population: Population
    columns: Columns
    groups: tuple[str, ...]  # levels, in the order in which they are shown
    contrasts: tuple[Contrast, ...]
    ropes: tuple[Rope, ...]
    rule: Rule
    time_unit: TimeUnit
    evidence: Evidence
    adjust: str | None  # the set that models with adjust = "question" use
    adjustments: Mapping[str, tuple[str, ...]]  # named sets of covariate columns
    group_codes: Mapping[str, str] | None = None  # value in the records -> level, where they differ
    role: str = "main"  # main | sensitivity: of the endpoint or its population
    printed: Printed | None = None
    adjust_labels: Mapping[str, str] | None = None  # what each set of covariates aims at, in words
    models: tuple[str, ...] | None = None  # those of the study's models that are tried on it; None: all
    claim: tuple[Estimand, ...] = ()  # estimands of which a claim of equality needs each
    standing: Standing = Standing.NONE
    notes: tuple[str, ...] = ()  # what is read otherwise than the study file has it

    @property
    def name(self) -> str:
        return f"{self.endpoint.name}/{self.population.name}"

    @property
    def primary(self) -> Contrast:
        return next(c for c in self.contrasts if c.primary)

    def rope(self, estimand: Estimand) -> Rope | None:
        """The primary ROPE of an estimand, or None where the study declares none."""
        return next((r for r in self.ropes if r.estimand == estimand and r.role == "primary"), None)


@dataclass(frozen=True)
class Study:
    """A study file: its questions (endpoints times populations) and where its records are."""

    name: str
    title: str
    records: str
    evidence: Evidence
    time_unit: TimeUnit
    analyses: tuple[Analysis, ...]
    models: tuple[str, ...]  # names of models/*.toml to try, the first is the primary one
    path: Path | None = None
    source: str = ""
    seed: int | None = None  # of the function that simulates the records, for simulated studies
    sha256: str = ""  # of the study file itself
    records_sha256: str | None = None  # what the records must hash to, where the study states it
    extension: str | None = None  # study package with further checks and page sections
    publication: Publication | None = None
    tables: tuple[PatientTable, ...] = ()
    labels: Mapping[str, str] | None = None  # column -> words


def with_records(study: Study, records: Path) -> Study:
    """The same study on other records, without a hash to check."""
    return replace(study, records=str(records.absolute()), records_sha256=None)
