"""The redesign moved files and changed names, and no number: verdicts of version 0.1 come back.

reference/verdicts_0_1.csv holds every verdict of the three embedded studies as `make fit` gave them before (seed
20240). Other machines draw other numbers from one seed: the tolerance is the Monte Carlo error of both runs.
"""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import pytest

from bayesrefract.extension import read_study_records
from bayesrefract.findings import Findings, counterpart
from bayesrefract.pipeline import Job, run
from bayesrefract.study.model import Intervals, Model
from bayesrefract.study.model_file import load_model
from bayesrefract.study.study_file import load_study

HERE = Path(__file__).parent
DATA = HERE.parent / "data"
ERRORS = 5.0
"""Standard errors of the difference of two runs: about 300 numbers are compared."""
CHOSEN = {
    "actg175": {"progression_or_death/all": ("primary", "collapsed")},
    "simulated": {"progression/all": ("primary", "sceptical")},
    "lenalidomide": {
        "pfs_second_line/all": ("fine", "fine_unadjusted"),
        "pfs_retreatment_from_relapse/retreated": ("fine_unadjusted",),
    },
}
"""Study -> analysis -> models: every structure that is compiled, a difference, delayed entry, a sceptical prior."""

COARSE, FINE = Intervals(None, 12, 10), Intervals(None, 24, 5)
NOW = {"fine": "primary", "fine_unadjusted": "unadjusted"}
"""Models of version 0.1 that are now other ones with 24 intervals; all others had 12."""

type Key = tuple[str, ...]


def before() -> dict[Key, dict[str, str]]:
    with (HERE / "reference" / "verdicts_0_1.csv").open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    names = ("study", "question", "population", "model", "group", "reference", "estimand", "role")
    return {tuple(row[name] for name in names): row for row in rows}


def as_it_was(name: str) -> Model:
    """A model of version 0.1: its name, and its number of intervals."""
    return replace(load_model(NOW.get(name, name)), name=name, intervals=FINE if name in NOW else COARSE)


@pytest.fixture(scope="module")
def now(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Findings]]:
    jobs = []
    for name, wanted in CHOSEN.items():
        study = load_study(DATA / name)
        records = read_study_records(study)
        for analysis in study.analyses:
            if analysis.name in wanted:
                models = tuple(map(as_it_was, wanted[analysis.name]))
                alone = replace(study, analyses=(replace(analysis, models=None),))
                jobs.append(Job(alone, records, models))
    made = run(jobs, store=tmp_path_factory.mktemp("fits"))
    asked = {name for wanted in CHOSEN.values() for names in wanted.values() for name in names}
    return [
        (job.study.name, findings)
        for job, each in zip(jobs, made, strict=True)
        for findings in each
        if findings.model.name in asked  # the fit on the same patients is new
    ]


def test_verdicts_and_numbers_are_those_of_version_0_1(now: list[tuple[str, Findings]]) -> None:
    rows, compared = before(), 0
    for study, findings in now:
        analysis = findings.analysis
        for verdict in findings.verdicts:
            pair = (verdict.group, verdict.reference)
            key = (study, *analysis.name.split("/"), findings.model.name, *pair, verdict.estimand, verdict.rope.role)
            row = rows[key]
            compared += 1
            inside = math.hypot(float(row["mcse_inside"]), verdict.mcse_inside) + 1e-3
            assert abs(float(row["p_inside"]) - verdict.p_inside) < ERRORS * inside, key
            scale = math.log if verdict.estimand.is_ratio else float
            middle = float(row["sd"]) * 1.25 * math.sqrt(2 / 400)  # a median of at least 400 effective draws, twice
            assert abs(scale(float(row["median"])) - scale(verdict.median)) < ERRORS * middle, key
            near = verdict.distance < ERRORS * verdict.distance_mcse
            assert near or (row["verdict"], row["direction"]) == (verdict.word, verdict.direction or ""), key
            cox = counterpart(findings, verdict).cox
            if row["cox_hazard_ratio"]:
                assert cox is not None
                assert cox.hazard_ratio == pytest.approx(float(row["cox_hazard_ratio"]), rel=1e-5), key
    assert compared > 30
