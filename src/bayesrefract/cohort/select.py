"""Records -> Cohort: the patients of one question, for one plan, with nobody lost silently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort.cells import Cells
from bayesrefract.cohort.covariates import (
    check_identified,
    covariate_cells,
    covariate_columns,
    level_faults,
    make_covariate,
    make_strata,
    strata_columns,
)
from bayesrefract.cohort.endpoint import check_horizon, read_follow_up
from bayesrefract.cohort.faults import Faults, identify
from bayesrefract.cohort.histories import check_histories
from bayesrefract.cohort.population import Grouping, Selection, assign_groups, describe, restrict
from bayesrefract.cohort.read import Records, missing_columns
from bayesrefract.cohort.value import Cohort, Covariate, Flow
from bayesrefract.errors import PlanError, RecordsError
from bayesrefract.listing import printable
from bayesrefract.plan import ModelPlan
from bayesrefract.plan_file import load_plan
from bayesrefract.study import Question, Study


def select(records: Records, question: Question, plan: ModelPlan) -> Cohort:
    """The patients of a question who are complete for a plan, in the order of the records.

    Raises RecordsError with every impossible row and column at once, and PlanError where the plan asks
    for a set or for strata that the question does not have.
    """
    missing = missing_columns(records, [question])
    if missing:
        raise RecordsError(missing)
    faults = Faults(records)
    cohort = _select(records, question, plan, faults)
    faults.raise_all()
    if cohort is None:
        raise AssertionError("no cohort and no fault")
    return cohort


def plans_of(question: Question, plans: Sequence[ModelPlan]) -> list[ModelPlan]:
    """The plans that are tried on a question; all of them where it names none of them."""
    chosen = [plan for plan in plans if question.models is None or plan.name in question.models]
    return chosen or list(plans)


def check_records(records: Records, study: Study) -> None:
    """Select every question with every model of a study; all faults at once, each once.

    Raises RecordsError, or PlanError where only models are at fault.
    """
    missing = missing_columns(records, study.questions)
    if missing:
        raise RecordsError(missing)
    faults = Faults(records)
    if study.histories is not None:
        check_histories(records, faults)
    plans, plan_faults = _load_plans(study)
    for question in study.questions:
        for plan in plans_of(question, plans):
            try:
                _select(records, question, plan, faults)
            except PlanError as error:
                plan_faults += [fault for fault in error.faults if fault not in plan_faults]
    found = [*plan_faults, *faults.sentences()]
    if found:
        raise RecordsError(found) if faults.found else PlanError(found)


def _load_plans(study: Study) -> tuple[list[ModelPlan], list[str]]:
    """The plans that can be read, and why the others cannot."""
    plans: list[ModelPlan] = []
    faults: list[str] = []
    for name in study.models:
        try:
            plans.append(load_plan(name))
        except PlanError as error:
            faults += error.faults
    return plans, faults


def _select(records: Records, question: Question, plan: ModelPlan, faults: Faults) -> Cohort | None:
    """The cohort, or None after keeping its faults."""
    wanted, strata = covariate_columns(question, plan), strata_columns(question, plan)
    patients = identify(records, question.columns.id, faults)
    selection = Selection(np.ones(len(records.frame), dtype=bool), {})
    restrict(selection, question, faults)
    population = selection.kept
    if not population.any():
        return None
    grouping, in_study, notes = assign_groups(selection, question, plan.compared_only, faults)
    follow_up = read_follow_up(question.endpoint, in_study, patients, faults)
    selection.exclude((follow_up.exit == follow_up.entry) & ~follow_up.event, "censored at time 0")
    stratifying = tuple(records.cells(column) for column in strata)
    adjusting = {c: covariate_cells(c, question, in_study, patients, faults) for c in wanted}
    for column, reason in _left_out(adjusting, strata, population, question).items():
        del adjusting[column]
        notes += (reason,)
    _keep_complete(selection, (*stratifying, *(cells for cells, _ in adjusting.values())))
    kept = selection.kept & _finite(adjusting)
    if not _groups_remain(grouping, kept, selection, faults):
        return None
    names, stratum = make_strata(stratifying, kept)
    if faults.all_of(level_faults(f"stratification by {', '.join(strata)}", names, int(kept.sum()))):
        return None
    if not faults.found:  # times that are not sound say nothing of the horizon
        check_horizon(question, grouping, follow_up, kept, faults)
    covariates = tuple(make_covariate(cells, is_cat, kept, question) for cells, is_cat in adjusting.values())
    check_identified(grouping.group[kept], stratum, _usable(covariates, question, faults), question, faults)
    if faults.found:
        return None
    end = follow_up.administrative_end
    return Cohort(
        groups=grouping.levels,
        group=grouping.group[kept],
        entry=follow_up.entry[kept],
        exit=follow_up.exit[kept],
        event=follow_up.event[kept],
        covariates=covariates,
        strata=names,
        stratum=stratum,
        patient=tuple(patients[i] for i in np.flatnonzero(kept)),
        flow=Flow(len(kept), selection.excluded, int(kept.sum())),
        time_unit=question.time_unit,
        notes=notes,
        administrative_end=None if end is None else end[kept],
        data_sha256=records.sha256,
    )


def _left_out(
    adjusting: Mapping[str, tuple[Cells, bool]],
    strata: tuple[str, ...],
    population: NDArray[np.bool_],
    question: Question,
) -> dict[str, str]:
    """Covariates that are left out without being a fault, and the note that says why."""
    notes = {}
    for column, (cells, _) in adjusting.items():
        inside = set(cells.text[population & ~cells.missing])
        if column in strata:
            notes[column] = f"{column} is left out of the covariates: it is a stratum."
        elif len(inside) == 1 and len(set(cells.text[~cells.missing])) > 1:
            notes[column] = (
                f"{column} is left out of the covariates: it is {printable(inside.pop())} for every patient of "
                f"population {question.population.name} ({describe(question.population)})."
            )
    return notes


def _keep_complete(selection: Selection, columns: tuple[Cells, ...]) -> None:
    """Exclude patients with a missing value, counted by the columns in which they have none."""
    if not columns:
        return
    absent = np.column_stack([cells.missing for cells in columns])
    for pattern in np.unique(absent[selection.kept], axis=0):
        if pattern.any():
            named = ", ".join(cells.name for cells, gone in zip(columns, pattern, strict=True) if gone)
            selection.exclude((absent == pattern).all(axis=1), f"missing {named}")


def _finite(adjusting: Mapping[str, tuple[Cells, bool]]) -> NDArray[np.bool_] | np.bool_:
    """Records without a faulty cell in a continuous covariate, so that the other checks can go on."""
    numbers = [np.isfinite(cells.number) for cells, is_categorical in adjusting.values() if not is_categorical]
    return np.logical_and.reduce(numbers) if numbers else np.True_


def _groups_remain(grouping: Grouping, kept: NDArray[np.bool_], selection: Selection, faults: Faults) -> bool:
    """Whether every group still has a patient after the exclusions; if not, and rows are sound, a fault."""
    counts = np.bincount(grouping.group[kept], minlength=len(grouping.levels))
    empty = [level for level, count in zip(grouping.levels, counts, strict=True) if count == 0]
    if empty and not faults.found:
        reasons = ", ".join(f"{reason} ({count})" for reason, count in selection.excluded.items())
        faults.column(
            f"nobody of {', '.join(empty)} is left to analyse. Excluded: {reasons}. "
            "Fill in the cells, or adjust for fewer columns."
        )
    return not empty


def _usable(covariates: tuple[Covariate, ...], question: Question, faults: Faults) -> tuple[Covariate, ...]:
    """The covariates that differ between patients and do not name them; any other is a fault."""
    usable = []
    for covariate in covariates:
        patients = len(covariate.values)
        if np.ptp(covariate.values) == 0:
            faults.column(
                f"covariate {covariate.name} has the same value for all {patients} analysed patients of "
                f"{question.name}. Take it out of the adjustment set."
            )
            continue
        if not faults.all_of(level_faults(f"covariate {covariate.name}", covariate.levels or (), patients)):
            usable.append(covariate)
    return tuple(usable)
