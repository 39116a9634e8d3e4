"""`bayesrefract check`: everything that can be wrong before the first draw, and nothing sampled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from bayesrefract.cli import options
from bayesrefract.cli.exits import collecting
from bayesrefract.cli.fit import read_studies
from bayesrefract.errors import InputError

if TYPE_CHECKING:
    from bayesrefract.cohort.read import Records
    from bayesrefract.cohort.value import Cohort
    from bayesrefract.exposure import ExposureTable
    from bayesrefract.plan import ModelPlan
    from bayesrefract.study import Question


def check(studies: options.Studies, *, model: options.Models = None) -> None:
    """Check studies, records and models; nothing is sampled."""
    from bayesrefract.cohort.select import check_records, plans_of
    from bayesrefract.dossier import check_paper

    checked = read_studies(studies, model)
    faults: list[str] = []
    for each in checked:
        typer.echo(f"{each.study.name}: {each.study.title}")
        with collecting(faults):
            check_paper(each.study)
        if each.study.histories is not None:
            with collecting(faults):
                check_records(each.records, each.study)
        for question in each.study.questions:
            for plan in plans_of(question, each.plans):
                with collecting(faults):
                    counts = _counts(*_tabulated(each.records, question, plan))
                    typer.echo(f"  {question.name}, {plan.name}: {counts}")
    if faults:
        raise InputError(tuple(dict.fromkeys(faults)))
    typer.echo("All valid.")


def _tabulated(records: Records, question: Question, plan: ModelPlan) -> tuple[Cohort, ExposureTable]:
    """The cohort of one fit, and its division into the plan's intervals."""
    from bayesrefract.cohort.select import select
    from bayesrefract.exposure import tabulate

    cohort = select(records, question, plan)
    return cohort, tabulate(cohort, plan.intervals)


def _counts(cohort: Cohort, table: ExposureTable) -> str:
    """Patients in = analysed + excluded, events, and notes."""
    flow = cohort.flow
    excluded = "; ".join(f"{count} {reason}" for reason, count in flow.excluded.items() if count)
    parts = [f"{flow.records} patients, {flow.analysed} analysed, {cohort.n_events} events"]
    parts += [f"excluded: {excluded}"] if excluded else []
    return ". ".join([*parts, *(note.rstrip(".") for note in (*cohort.notes, *table.notes))])
