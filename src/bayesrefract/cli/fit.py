"""`bayesrefract fit`: every question of one or several studies, with every model they name."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from bayesrefract.cli import options
from bayesrefract.cli.exits import collecting
from bayesrefract.cli.output import is_primary, leave, make_folder, show_table, tell, writing
from bayesrefract.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bayesrefract.cohort.read import Records
    from bayesrefract.findings import Findings
    from bayesrefract.plan import ModelPlan
    from bayesrefract.study import Study


def fit(
    studies: options.Studies,
    *,
    model: options.Models = None,
    seed: options.Seed = None,
    draws: options.Draws = None,
    tune: options.Tune = None,
    out: options.Out = Path("reports"),
    quiet: options.Quiet = False,
) -> None:
    """Analyse studies: fit, cross-check, judge, report.

    Finished fits are kept, and not run again until something they depend on changes.
    """
    analyse_studies(read_studies(studies, model, draws=draws, tune=tune), out, seed=seed, quiet=quiet)


def analyse_studies(
    checked: Sequence[Checked], out: Path, *, seed: int | None, quiet: bool, sample: bool = True
) -> None:
    """Run the line over all studies, then print the verdicts and the reports' paths."""
    check_patients(checked)
    from bayesrefract.cli.progress import watch
    from bayesrefract.pipeline import DEFAULT_SEED, Job, run

    make_folder(out)
    jobs = [Job(each.study, each.records, each.plans) for each in checked]
    seed = DEFAULT_SEED if seed is None else seed
    tell(f"Seed {seed}.", quiet=quiet)
    answers = run(jobs, store=out, seed=seed, watch=watch(quiet=quiet), sample=sample)
    for job, findings in zip(jobs, answers, strict=True):
        show(job.study, findings, out)
    leave([found for findings in answers for found in findings if found.plan == findings[0].plan])


class Checked(NamedTuple):
    """A study with its records and the plans to try, read without importing what samples."""

    study: Study
    records: Records
    plans: tuple[ModelPlan, ...]


def read_studies(
    studies: Sequence[Path], models: Sequence[str] | None, *, draws: int | None = None, tune: int | None = None
) -> list[Checked]:
    """Studies, their records and plans; raises InputError with the faults of all of them."""
    from bayesrefract.cohort.read import read_records
    from bayesrefract.plan_file import load_plan
    from bayesrefract.study_file import load_study

    faults: list[str] = []
    checked = []
    for path in studies:
        with collecting(faults):
            study = load_study(path)
            study = replace(study, models=tuple(models)) if models else study
            plans: tuple[ModelPlan, ...] = ()
            with collecting(faults):  # records are checked even where a model is at fault
                plans = tuple(_with(load_plan(name), draws, tune) for name in study.models)
            checked.append(Checked(study, read_records(study, tell), plans))
    for name, count in Counter(each.study.name for each in checked).items():
        if count > 1:
            faults.append(
                f"{count} studies are named {name}, and their reports would share one folder. "
                "Give one of them another name."
            )
    if faults:
        raise InputError(faults)
    return checked


def check_patients(checked: Sequence[Checked]) -> None:
    """Raise InputError with every impossible patient of all studies, before the slow imports."""
    from bayesrefract.cohort.select import check_records

    faults: list[str] = []
    for each in checked:
        with collecting(faults):
            check_records(each.records, each.study)
    if faults:
        raise InputError(faults)


def _with(plan: ModelPlan, draws: int | None, tune: int | None) -> ModelPlan:
    """The plan with other numbers of draws, where they were asked for."""
    sampler = plan.sampler
    return replace(plan, sampler=replace(sampler, draws=draws or sampler.draws, tune=tune or sampler.tune))


def show(study: Study, findings: Sequence[Findings], out: Path) -> None:
    """Per question the verdicts of the first model, and the primary one under every model; then the report."""
    from bayesrefract.report import write_report
    from bayesrefract.tables import model_table, verdict_table
    from bayesrefract.words import EVIDENCE_LABEL

    with writing(out / study.name):
        page = write_report(study, findings, out / study.name)
    typer.echo(f"\n{study.title} ({EVIDENCE_LABEL[study.evidence]})")
    for _, answers in groupby(findings, key=lambda found: found.question.name):
        made = list(answers)
        typer.echo(f"\n{made[0].question.endpoint.label}, {made[0].question.population.label}: {made[0].plan.title}")
        show_table(verdict_table(made[0]))
        primary = [verdict for verdict in made[0].verdicts if is_primary(verdict)]
        for verdict in primary if len(made) > 1 else ():
            show_table(model_table(made, verdict))
    typer.echo(f"Report: {page}")
