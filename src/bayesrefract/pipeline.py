"""The line, for whole studies: everything is checked before the first draw, finished fits are kept."""

from __future__ import annotations

import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bayesrefract.analysis import Fit, analyse
from bayesrefract.cohort.read import Records
from bayesrefract.cohort.select import select
from bayesrefract.errors import InputError
from bayesrefract.exposure import tabulate
from bayesrefract.findings import Findings
from bayesrefract.inference.nuts import Compiler
from bayesrefract.inference.progress import Silent, Watch
from bayesrefract.inference.store import FitStore
from bayesrefract.model.arrays import arrange
from bayesrefract.model.priors import resolve_group_prior
from bayesrefract.plan import ModelPlan
from bayesrefract.study import Estimand, Question, Study

DEFAULT_SEED = 20240


@dataclass(frozen=True)
class Job:
    """One study with its records and the plans to try."""

    study: Study
    records: Records
    plans: tuple[ModelPlan, ...]


def run(
    jobs: Sequence[Job], *, store: Path, seed: int = DEFAULT_SEED, watch: Watch | None = None, sample: bool = True
) -> list[tuple[Findings, ...]]:
    """Analyse every question of every job with each of its plans; one tuple of findings per job.

    Fits are kept in `store`/<study>/posterior and not run again until something they depend on
    changes. With `sample=False` a missing fit is an InputError instead of being sampled.
    Raises InputError with the faults of all jobs before anything is sampled.
    """
    watch = watch or Silent()
    watch.stage("Reading and checking the records")
    prepared = prepare(jobs, seed)
    stores = [FitStore(store / job.study.name / "posterior") for job in jobs]
    if not sample:
        _refuse_missing(prepared, stores)
    watch.begin(sum(len(fits) for fits in prepared))
    compiler = Compiler()
    try:
        return [
            tuple(_timed(fit, job.study, place, compiler, watch) for fit in fits)
            for job, fits, place in zip(jobs, prepared, stores, strict=True)
        ]
    finally:
        watch.end()


def prepare(jobs: Sequence[Job], seed: int) -> list[list[Fit]]:
    """Cohort, exposure table and model arrays of every fit; all faults of all jobs at once."""
    faults: list[str] = []
    prepared: list[list[Fit]] = []
    for job in jobs:
        fits = []
        for question in job.study.questions:
            for plan in job.plans:
                try:
                    fits.append(_prepare(job, question, plan, seed))
                except InputError as error:
                    faults += [fault for fault in error.faults if fault not in faults]
        prepared.append(fits)
    if faults:
        raise InputError(faults)
    return prepared


def _prepare(job: Job, question: Question, plan: ModelPlan, seed: int) -> Fit:
    cohort = select(job.records, question, plan)
    table = tabulate(cohort, plan.intervals)
    present = tuple(c for c in question.contrasts if {c.group, c.reference} <= set(cohort.groups))
    question = replace(question, contrasts=present)
    prior = resolve_group_prior(plan.priors, question.rope(Estimand.HAZARD_RATIO))
    arrays = arrange(table, plan, prior, question.primary)
    label = f"{job.study.name} · {question.name} · {plan.name}"
    return Fit(label, question, plan, cohort, table, arrays, prior, seed, _seed_of(seed, label))


def _seed_of(seed: int, label: str) -> np.random.SeedSequence:
    """A fit's own seed: it depends on the fit's name, not on which other fits run or in which order."""
    return np.random.SeedSequence(seed, spawn_key=(zlib.crc32(label.encode()),))


def _refuse_missing(prepared: list[list[Fit]], stores: list[FitStore]) -> None:
    missing = [
        fit.label for fits, place in zip(prepared, stores, strict=True) for fit in fits if place.load(fit.key) is None
    ]
    if missing:
        raise InputError(
            [f"{label}: no stored fit belongs to these files. Run `bayesrefract fit` first." for label in missing]
        )


def _timed(fit: Fit, study: Study, place: FitStore, compiler: Compiler, watch: Watch) -> Findings:
    stored = place.load(fit.key) is not None
    started = time.monotonic()
    watch.fit(fit.label)
    findings = analyse(fit, study, place, compiler, watch)
    watch.fit_done(fit.label, time.monotonic() - started, stored)
    return findings
