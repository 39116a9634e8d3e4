"""The line, for whole studies: everything is checked before the first draw, finished fits are kept."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bayesrefract.analysis.analyse import analyse
from bayesrefract.analysis.fit import Fit, seed_of
from bayesrefract.classical.grid import fine_enough
from bayesrefract.cohort.covariates import covariate_columns, strata_columns
from bayesrefract.cohort.exposure import tabulate
from bayesrefract.cohort.read import Records
from bayesrefract.cohort.select import models_of, select
from bayesrefract.cohort.value import Cohort
from bayesrefract.errors import InputError, Interrupted, collecting
from bayesrefract.findings import Findings
from bayesrefract.inference.ahead import compiling_ahead
from bayesrefract.inference.compiler import Compiler
from bayesrefract.inference.progress import Silent, Watch
from bayesrefract.inference.store import FitStore, MemoryStore, Store
from bayesrefract.model.arrays import ModelArrays, arrange
from bayesrefract.model.priors import resolve_group_prior
from bayesrefract.study.model import DEFAULT_SEED, Intervals, Model, on_patients_of, shared_out, with_intervals
from bayesrefract.study.rope import Estimand
from bayesrefract.study.study import Analysis, Study


@dataclass(frozen=True)
class Job:
    """One study with its records and models.

    Parameters
    ----------
    study : Study
        Questions with ROPEs and decision rules.
    records : Records
        Patient records.
    models : tuple of Model
        Models to fit, the primary one first.
    """

    study: Study
    records: Records
    models: tuple[Model, ...]


def run(
    jobs: Sequence[Job],
    *,
    store: Path | MemoryStore,
    seed: int = DEFAULT_SEED,
    watch: Watch | None = None,
    sample: bool = True,
    compiler: Compiler | None = None,
) -> list[tuple[Findings, ...]]:
    """The findings of `run_fits`: one tuple per job."""
    made = run_fits(jobs, store=store, seed=seed, watch=watch, sample=sample, compiler=compiler)
    return [tuple(findings for _, findings in pairs) for pairs in made]


def run_fits(
    jobs: Sequence[Job],
    *,
    store: Path | MemoryStore,
    seed: int = DEFAULT_SEED,
    watch: Watch | None = None,
    sample: bool = True,
    compiler: Compiler | None = None,
) -> list[tuple[tuple[Fit, Findings], ...]]:
    """Analyse every analysis of every job with each of its models; one tuple of fits and findings per job.

    Fits are kept in `store`/<study>/posterior and not run again until something they depend on changes.

    Parameters
    ----------
    jobs : sequence of Job
        Studies with their records and models.
    store : Path or MemoryStore
        Folder of the stored fits, or where they are kept as long as this process.
    seed : int
        Seed of all fits.
    watch : Watch, optional
        Progress callbacks.
    sample : bool
        False reads stored fits only; a missing fit is an InputError that states what has changed.
    compiler : Compiler, optional
        Cache of compiled models.

    Returns
    -------
    list of tuple of Findings
        One tuple per job.

    Raises
    ------
    InputError
        With the faults of all jobs, before anything is sampled.
    Interrupted
        On Ctrl-C, with the number of fits that are kept.
    """
    watch = watch or Silent()
    watch.stage("Reading and checking the records")
    prepared = prepare(jobs, seed)
    stores = [store_of(store, job.study) for job in jobs]
    if not sample:
        _refuse_missing(prepared, stores)
    compiler = (compiler or Compiler()) if sample else None
    total = sum(len(fits) for fits in prepared)
    answers: list[tuple[tuple[Fit, Findings], ...]] = []
    watch.begin(total)
    try:
        with compiling_ahead(_to_sample(prepared, stores), compiler):
            for fits, place in zip(prepared, stores, strict=True):
                place.sweep()
                answers.append(tuple((fit, _timed(fit, place, compiler, watch)) for fit in fits))
        return answers
    except (Interrupted, KeyboardInterrupt):
        kept = sum(
            place.found(fit.key) is not None for fits, place in zip(prepared, stores, strict=True) for fit in fits
        )
        raise Interrupted(
            f"Stopped. {kept} of {total} fits are finished and kept; the same command goes on from there."
        ) from None
    finally:
        watch.end()


def _to_sample(prepared: list[list[Fit]], stores: list[Store]) -> list[ModelArrays]:
    """Arrays of what is not stored, in the order in which it is sampled."""
    return [
        each.arrays
        for fits, place in zip(prepared, stores, strict=True)
        for fit in fits
        for each in fit.sampled
        if place.found(each.key) is None
    ]


def store_of(place: Path | MemoryStore, study: Study) -> Store:
    """Where the fits of a study are kept: in a folder within this one, or in memory."""
    return place if isinstance(place, MemoryStore) else FitStore(place / study.name / "posterior")


def prepare(jobs: Sequence[Job], seed: int) -> list[list[Fit]]:
    """Cohort, exposure table and model arrays of every fit; all faults of all jobs at once."""
    faults: list[str] = []
    prepared: list[list[Fit]] = []
    for job in jobs:
        fits = []
        for analysis in job.study.analyses:
            cohorts = []
            for model in models_of(analysis, job.models):
                with collecting(faults):
                    cohorts.append((model, select(job.records, analysis, model)))
            cohorts = _on_same_patients(cohorts, job, analysis)
            intervals = _intervals(analysis, cohorts)
            for model, cohort in cohorts:
                with collecting(faults):
                    fits.append(_prepare(job, analysis, with_intervals(model, intervals), cohort, seed))
        prepared.append(fits)
    if faults:
        raise InputError(tuple(dict.fromkeys(faults)))
    return prepared


def _on_same_patients(cohorts: list[tuple[Model, Cohort]], job: Job, analysis: Analysis) -> list[tuple[Model, Cohort]]:
    """With an unadjusted model on the patients of each adjusted one that leaves patients out, before the one on all.

    Else a difference between the two could be one of patients, and not of covariates.
    """
    place = next((place for place, (_, cohort) in enumerate(cohorts) if not cohort.covariates), None)
    if place is None:
        return cohorts
    crude, patients = cohorts[place][0], {cohorts[place][1].patient}
    between = []
    for model, cohort in cohorts:
        if not cohort.covariates or model.compared_only != crude.compared_only or cohort.patient in patients:
            continue
        patients.add(cohort.patient)
        columns = tuple(dict.fromkeys((*covariate_columns(analysis, model), *strata_columns(analysis, model))))
        same = on_patients_of(crude, model, columns)
        between.append((same, select(job.records, analysis, same)))
    place += place == 0  # the first model is the primary one
    return [*cohorts[:place], *between, *cohorts[place:]]


def _intervals(analysis: Analysis, cohorts: Sequence[tuple[Model, Cohort]]) -> Intervals:
    """How follow-up is divided in all models of a question that leave it open: by the one with most covariates."""
    left_open = [pair for pair in cohorts if pair[0].intervals.are_chosen and not pair[0].baseline.by_group]
    if not left_open:
        return Intervals()
    model, cohort = max(left_open, key=lambda pair: len(pair[1].covariates))
    return fine_enough(cohort, model, analysis.contrasts)


def _prepare(job: Job, analysis: Analysis, model: Model, cohort: Cohort, seed: int) -> Fit:
    table = tabulate(cohort, model.intervals)
    model = shared_out(model, table.events.shape[1])
    present = tuple(c for c in analysis.contrasts if {c.group, c.reference} <= set(cohort.groups))
    analysis = replace(analysis, contrasts=present)
    prior = resolve_group_prior(model.priors, analysis.rope(Estimand.HAZARD_RATIO))
    arrays = arrange(table, model, prior, analysis.primary)
    label = f"{job.study.name} · {analysis.name} · {model.name}"
    sequence = seed_of(seed, label)
    return Fit(label, analysis, model, cohort, table, arrays, prior, seed, sequence, job.study.sha256, job.study.name)


def _refuse_missing(prepared: list[list[Fit]], stores: list[Store]) -> None:
    """Raise InputError for fits that are not stored, with what has changed since those that are."""
    faults = [
        f"{fit.label}: {_why_missing(fit, place)} Run `bayesrefract fit` first."
        for fits, place in zip(prepared, stores, strict=True)
        for each in fits
        for fit in each.sampled
        if place.load(fit.key, fit.arrays) is None
    ]
    if faults:
        raise InputError(faults)


def _why_missing(fit: Fit, place: Store) -> str:
    if place.found(fit.key) is not None:
        return "the stored fit is damaged."
    others = place.parents(fit.label)
    if not others:
        return "no stored fit belongs to these files."
    changed = fit.provenance(fit.model.sampler, fit.key).differences(others[0])
    return f"the stored fit was made from other files. What has changed: {'; '.join(changed) or 'the prior'}."


def _timed(fit: Fit, place: Store, compiler: Compiler | None, watch: Watch) -> Findings:
    before, started = place.stamp(fit.key), time.monotonic()
    findings = analyse(fit, place, compiler, watch)
    stored = before is not None and before == place.stamp(fit.key)
    watch.fit_done(fit.label, time.monotonic() - started, stored)
    return findings
