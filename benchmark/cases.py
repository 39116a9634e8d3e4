"""The eight fits that every way of working is asked for: two populations of ACTG 175, four sets of covariates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bayesrefract.analysis.fit import Fit
from bayesrefract.cohort.read import read_records
from bayesrefract.pipeline import Job, prepare
from bayesrefract.study.model_file import load_model
from bayesrefract.study.study_file import load_study

TOP = Path(__file__).parents[1]
STUDY = TOP / "data" / "actg175"
ADJUSTMENTS = {
    "none": (),
    "demographic": ("age", "wtkg", "drugs"),
    "clinical": ("karnof", "cd40", "symptom"),
    "baseline": ("age", "wtkg", "karnof", "cd40", "symptom", "drugs"),
}


def jobs(adjustments: Sequence[str] = tuple(ADJUSTMENTS), populations: int = 2) -> list[Job]:
    """The study with the benchmark's sets of covariates, and the primary model under each of them."""
    study = load_study(STUDY)
    sets = {name: columns for name, columns in ADJUSTMENTS.items() if columns}
    analyses = tuple(replace(each, adjustments=sets) for each in study.analyses[:populations])
    primary = load_model("primary")
    models = tuple(replace(primary, name=name, adjust=name) for name in adjustments)
    return [Job(replace(study, analyses=analyses), read_records(study), models)]


def fits(adjustments: Sequence[str] = tuple(ADJUSTMENTS), populations: int = 2, seed: int = 1) -> list[Fit]:
    """The same, as tables of events and person-time ready to sample."""
    (prepared,) = prepare(jobs(adjustments, populations), seed)
    return prepared
