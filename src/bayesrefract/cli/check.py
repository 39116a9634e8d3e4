"""`bayesrefract check` and `bayesrefract models`: validate study files and records; list the models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from bayesrefract.cli import options
from bayesrefract.errors import InputError, collecting
from bayesrefract.reading import read_studies

if TYPE_CHECKING:
    from bayesrefract.cohort.exposure import ExposureTable
    from bayesrefract.cohort.read import Records
    from bayesrefract.cohort.value import Cohort
    from bayesrefract.study.model import Model
    from bayesrefract.study.study import Analysis


def check(studies: options.Studies, *, model: options.Models = None) -> None:
    """Check studies, records and models; nothing is sampled."""
    from bayesrefract.cohort.select import models_of
    from bayesrefract.extension import check_study

    checked = read_studies(studies, model)
    faults: list[str] = []
    for each in checked:
        typer.echo(f"{each.study.name}: {each.study.title}")
        with collecting(faults):
            check_study(each.study, each.records)
        for analysis in each.study.analyses:
            for tried in models_of(analysis, each.models):
                with collecting(faults):
                    cohort, table = _tabulated(each.records, analysis, tried)
                    typer.echo(f"  {analysis.name}, {tried.name}: {_counts(cohort, table, analysis.notes)}")
                    if cohort.has_delayed_entry:
                        typer.echo(f"    {_late(cohort, analysis)}")
    if faults:
        raise InputError(tuple(dict.fromkeys(faults)))
    typer.echo("All valid.")


def _tabulated(records: Records, analysis: Analysis, model: Model) -> tuple[Cohort, ExposureTable]:
    """The cohort of one fit, and its division into the model's intervals."""
    from bayesrefract.cohort.exposure import tabulate
    from bayesrefract.cohort.select import select

    cohort = select(records, analysis, model)
    return cohort, tabulate(cohort, model.intervals)


def _counts(cohort: Cohort, table: ExposureTable, told: Sequence[str]) -> str:
    """Patients in = analysed + excluded, events, and notes."""
    flow = cohort.flow
    excluded = "; ".join(f"{count} {reason}" for reason, count in flow.excluded.items() if count)
    parts = [f"{flow.records} patients, {flow.analysed} analysed, {cohort.n_events} events"]
    parts += [f"Codes: {cohort.coding}"] if cohort.coding is not None else []
    parts += [f"excluded: {excluded}"] if excluded else []
    return ". ".join([*parts, *(note.rstrip(".") for note in (*told, *cohort.notes, *table.notes))])


def _late(cohort: Cohort, analysis: Analysis) -> str:
    """With delayed entry: where curves start, and the numbers at risk from which a start is chosen."""
    from bayesrefract.cohort.start import start_notes, start_of, told_at_risk

    notes = start_notes(start_of(cohort, analysis), analysis.time_unit)
    return " ".join((f"Delayed entry. At risk {told_at_risk(cohort, analysis)}.", *notes))


def models() -> None:
    """List the models and what each is for."""
    from bayesrefract.study.model_file import list_models

    models = list_models()
    width = max(len(model.name) for model in models)
    for model in models:
        typer.echo(f"{model.name:<{width}}  {model.title}\n{'':<{width}}  {model.purpose}")
