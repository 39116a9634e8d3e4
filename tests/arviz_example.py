"""A sampled fit of a small simulated trial, for the tests of what ArviZ is given."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bayesrefract.cohort.read import read_records
from bayesrefract.findings import Findings
from bayesrefract.pipeline import Job, run
from bayesrefract.study.model import Sampler
from bayesrefract.study.model_file import load_model
from bayesrefract.study.study import Study
from bayesrefract.study.study_file import load_study

SIMULATED = Path(__file__).parents[1] / "data" / "simulated" / "study.toml"
SHORT = Sampler(tune=300, draws=250, max_draws=1000)


def a_job(model: str = "primary") -> Job:
    """The simulated trial under one model, with few draws."""
    study = replace(load_study(SIMULATED), models=(model,))
    return Job(study, read_records(study), (replace(load_model(model), sampler=SHORT),))


def a_fit(folder: Path, model: str = "primary") -> tuple[Study, Findings]:
    """The findings of it; fits are kept in `folder`."""
    job = a_job(model)
    (made,) = run([job], store=folder)
    return job.study, made[0]
