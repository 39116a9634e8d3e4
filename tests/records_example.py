"""A small CSV, its study and a plain model for tests of the records.

Import as `from records_example import TABLE, make_model, make_study, read`.
"""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path

import pytest

from bayesrefract.cohort.read import Records, read_records
from bayesrefract.cohort.select import select
from bayesrefract.errors import RecordsError
from bayesrefract.study.model import Baseline, Model, StrataKind
from bayesrefract.study.rope import Rope, Rule
from bayesrefract.study.study import (
    Analysis,
    Columns,
    Condition,
    Contrast,
    Endpoint,
    Evidence,
    Population,
    Study,
    TimeUnit,
)

TABLE = """id,arm,time,event,age,site,sex,entry,end
P-01,a,5,1,50,north,1,0,40
P-02,a,8,0,61,south,2,1,40
P-03,a,12,1,44,north,2,0,40
P-04,b,3,1,39,south,1,0,40
P-05,b,20.5,0,70,east,2,2,40
P-06,b,33,1,58,north,1,0,40
P-07,c,14,0,47,south,1,0,40
P-08,c,21,1,65,east,2,3,40
"""
"""Eight patients in three groups, five events."""


def make_question(**changes: object) -> Analysis:
    """Progression in the groups a, b and c; fields of Endpoint and Columns may be given by their names."""
    endpoint = Endpoint("pfs", "Progression", "time", "event")
    columns = Columns(group="arm", id="id", unordered=("sex",), strata=("site",), per={"age": 10.0})
    for name in [f.name for f in dataclasses.fields(Endpoint)]:
        if name in changes:
            endpoint = dataclasses.replace(endpoint, **{name: changes.pop(name)})
    analysis = Analysis(
        endpoint=endpoint,
        population=Population("all", "all patients"),
        columns=columns,
        groups=("a", "b", "c"),
        contrasts=(Contrast("b", "a", primary=True), Contrast("c", "a")),
        ropes=(Rope(0.8, 1.25, "test", None, before_data=True),),
        rule=Rule(),
        time_unit=TimeUnit.MONTHS,
        evidence=Evidence.SIMULATED,
        adjust="both",
        adjustments={"both": ("age", "sex"), "age": ("age",), "site": ("age", "site")},
    )
    return dataclasses.replace(analysis, **changes)


def make_study(records: str | Path, *analyses: Analysis) -> Study:
    """A study of the questions, its records at an absolute path."""
    asked = analyses or (make_question(),)
    return Study("trial", "A trial", str(records), Evidence.SIMULATED, TimeUnit.MONTHS, asked, ("primary",))


def make_model(
    adjust: str = "question", *, strata: StrataKind = StrataKind.COMMON, compared_only: bool = False
) -> Model:
    """A model with the defaults of everything else."""
    return Model("model", "A model", "A test.", adjust, compared_only=compared_only, baseline=Baseline(strata=strata))


def only(name: str, *where: Condition) -> Population:
    """A population under conditions."""
    return Population(name, name, where)


def read(folder: Path, text: str = TABLE, *analyses: Analysis) -> Records:
    """The text as patients.csv, read: the columns of the questions, or else all that it has."""
    path = folder / "patients.csv"
    path.write_text(text, encoding="utf-8")
    columns = [name for name in next(csv.reader(text.splitlines())) if name]
    everything = make_question(adjustments={**make_question().adjustments, "everything": tuple(columns)})
    return read_records(make_study(path, *(analyses or (everything,))))


def change(*changes: tuple[str, str], text: str = TABLE) -> str:
    """The good table, or another text, with some of it replaced; each replaced piece must be there."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def faults_of(folder: Path, text: str, analysis: Analysis | None = None, model: Model | None = None) -> list[str]:
    with pytest.raises(RecordsError) as caught:
        select(read(folder, text), analysis or make_question(), model or make_model())
    return list(caught.value.faults)
