"""`bayesrefract fit` and `bayesrefract report`: analyse studies; write reports again from stored fits."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bayesrefract.cli import options
from bayesrefract.cli.exits import ExitCode
from bayesrefract.cli.output import is_primary, show_table, tell, verdict_code
from bayesrefract.files import locked, make_folder, writing
from bayesrefract.reading import Checked, check_patients, read_studies
from bayesrefract.study.model import DEFAULT_SEED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bayesrefract.cli.manifest import Summary
    from bayesrefract.findings import Findings
    from bayesrefract.report.tables.table import Table
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
    checked = read_studies(studies, model, draws=draws, tune=tune, tell=tell)
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
    check_patients(outdated, out)
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


def _write(checked: Checked, findings: Sequence[Findings], out: Path, parents: str, *, quiet: bool) -> Summary:
    """The report, then what it was made from; one process at a time."""
    from bayesrefract.cli.manifest import keep
    from bayesrefract.extension import write_study_report

    study = checked.study
    folder = out / study.name
    with locked(folder / ".lock", "report", partial(tell, quiet=quiet)), writing(folder):
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
    from bayesrefract.report.looked_at import looked_at
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
    return Summary((*parts, looked_at(findings), f"Report: {page}"), verdict_code(first) is ExitCode.WITHHELD)


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
