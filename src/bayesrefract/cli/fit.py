"""`bayesrefract fit` and `bayesrefract report`: analyse studies; write reports again from stored fits."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from bayesrefract.cli import options
from bayesrefract.cli.exits import ExitCode, collecting
from bayesrefract.cli.output import is_primary, show_table, tell, verdict_code
from bayesrefract.errors import InputError, ModelError
from bayesrefract.files import locked, make_folder, sweep, writing
from bayesrefract.study.model import DEFAULT_SEED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bayesrefract.cli.manifest import Summary
    from bayesrefract.cohort.read import Records
    from bayesrefract.findings import Findings
    from bayesrefract.report.tables.table import Table
    from bayesrefract.study.model import Model
    from bayesrefract.study.study import Study


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
    checked = read_studies(studies, model, draws=draws, tune=tune)
    analyse_studies(checked, out, seed=seed, quiet=quiet)


def analyse_studies(
    checked: Sequence[Checked], out: Path, *, seed: int | None, quiet: bool, sample: bool = True
) -> None:
    """Run the line over all studies that have changed, then print the verdicts and the reports' paths.

    Without `sample` every report is written again, from stored fits.
    """
    from bayesrefract.cli.manifest import parents_of, unchanged

    seed = DEFAULT_SEED if seed is None else seed
    parents = [parents_of(each, seed) for each in checked]
    found = [
        unchanged(out / each.study.name, made) if sample else None for each, made in zip(checked, parents, strict=True)
    ]
    outdated = [each for each, summary in zip(checked, found, strict=True) if summary is None]
    check_patients(outdated)
    make_folder(out)
    answers = _run(outdated, out, seed, quiet=quiet, sample=sample) if outdated else []
    withheld = False
    for each, made, known in zip(checked, parents, found, strict=True):
        if known is None:
            summary = _write(each, answers.pop(0), out, made, quiet=quiet)
        else:
            summary = known
            tell(f"{each.study.name}: nothing has changed, and the report is whole.", quiet=quiet)
        show(summary)
        withheld = withheld or summary.withheld
    raise typer.Exit(ExitCode.WITHHELD if withheld else ExitCode.DONE)


def _run(checked: Sequence[Checked], out: Path, seed: int, *, quiet: bool, sample: bool) -> list[tuple[Findings, ...]]:
    from bayesrefract.api import progress
    from bayesrefract.pipeline import Job, run

    tell(f"Seed {seed}.", quiet=quiet)
    jobs = [Job(each.study, each.records, each.models) for each in checked]
    return run(jobs, store=out, seed=seed, watch=progress(quiet=quiet), sample=sample)


class Checked(NamedTuple):
    """A study with its records and the models to try, read without importing what samples."""

    study: Study
    records: Records
    models: tuple[Model, ...]


def read_studies(
    studies: Sequence[Path], names: Sequence[str] | None, *, draws: int | None = None, tune: int | None = None
) -> list[Checked]:
    """Studies, their records and models; raises InputError with the faults of all of them."""
    from bayesrefract.extension import read_study_records
    from bayesrefract.study.model_file import load_model
    from bayesrefract.study.study_file import load_study

    faults: list[str] = []
    checked = []
    for path in studies:
        with collecting(faults):
            study = load_study(path)
            study = replace(study, models=tuple(names)) if names else study
            models: tuple[Model, ...] = ()
            with collecting(faults):  # records are checked even where a model is at fault
                models = tuple(_with(load_model(name), draws, tune) for name in study.models)
            checked.append(Checked(study, read_study_records(study, tell), models))
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
    """Raise InputError with every impossible patient, and printed number, of all studies, before the slow imports."""
    if not checked:
        return
    from bayesrefract.extension import check_study

    faults: list[str] = []
    for each in checked:
        with collecting(faults):
            check_study(each.study, each.records)
    if faults:
        raise InputError(faults)


def _with(model: Model, draws: int | None, tune: int | None) -> Model:
    """The model with other numbers of draws, where they were asked for."""
    sampler = replace(model.sampler, draws=draws or model.sampler.draws, tune=tune or model.sampler.tune)
    if sampler.fault is not None:
        raise ModelError(f"Model {model.name}, with --draws {sampler.draws} and --tune {sampler.tune}: {sampler.fault}")
    return replace(model, sampler=sampler)


def _write(checked: Checked, findings: Sequence[Findings], out: Path, parents: str, *, quiet: bool) -> Summary:
    """The report, then what it was made from; one process at a time."""
    from bayesrefract.cli.manifest import keep
    from bayesrefract.extension import write_study_report

    study = checked.study
    folder = out / study.name
    with locked(folder / ".lock", "report", partial(tell, quiet=quiet)), writing(folder):
        sweep(folder)
        page = write_study_report(study, checked.records, findings, folder, partial(tell, quiet=quiet))
        summary = summarise(study, findings, page)
        keep(folder, parents, summary)
    return summary


def summarise(study: Study, findings: Sequence[Findings], page: Path) -> Summary:
    """Per question the verdicts of the first model, and the primary one under every model; then the report.

    Sensitivity questions share one table, and do not decide the exit code.
    """
    from bayesrefract.cli.manifest import Summary
    from bayesrefract.findings import by_question
    from bayesrefract.report.tables import model_table, verdict_table
    from bayesrefract.report.tables.paper import sensitivity_table
    from bayesrefract.report.words import EVIDENCE_LABEL

    parts: list[str | Table] = [f"\n{study.title} ({EVIDENCE_LABEL[study.evidence]})"]
    main, others = by_question(findings)
    for made in main:
        endpoint, population = made[0].analysis.endpoint.label, made[0].analysis.population.label
        parts += [f"\n{endpoint}, {population}: {made[0].model.title}", verdict_table(made[0])]
        primary = [verdict for verdict in made[0].verdicts if is_primary(verdict)]
        parts += [model_table(made, verdict) for verdict in primary if len(made) > 1]
    parts += [sensitivity_table(others)] if others else []
    first = [found for made in main for found in made if found.model == findings[0].model]
    return Summary((*parts, f"Report: {page}"), verdict_code(first) is ExitCode.WITHHELD)


def show(summary: Summary) -> None:
    """Print a summary: lines and tables."""
    for part in summary.parts:
        if isinstance(part, str):
            typer.echo(part)
        else:
            show_table(part)


def report(
    studies: options.Studies,
    *,
    model: options.Models = None,
    seed: options.Seed = None,
    draws: options.Draws = None,
    tune: options.Tune = None,
    out: options.Out = Path("reports"),
    quiet: options.Quiet = False,
) -> None:
    """Write the reports of studies again from their stored fits. Nothing is sampled: a missing fit is an error.

    Give the options that `fit` was given: a fit is found by everything it depends on.
    """
    analyse_studies(read_studies(studies, model, draws=draws, tune=tune), out, seed=seed, quiet=quiet, sample=False)
