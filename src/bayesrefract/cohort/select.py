"""Select the cohort of one question for one model; every excluded patient is counted under a reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort.complete import finite, groups_remain, keep_complete, left_out, usable
from bayesrefract.cohort.covariates import (
    check_exchangeable,
    check_identified,
    covariate_cells,
    covariate_columns,
    level_faults,
    make_covariate,
    make_strata,
    step_notes,
    strata_columns,
)
from bayesrefract.cohort.declared import check_spellings, exclude_declared, fault_marks, moved_note, notes_of_columns
from bayesrefract.cohort.endpoint import FollowUp, check_horizon, check_windows, read_follow_up
from bayesrefract.cohort.faults import Faults, check_one_row_each, identify
from bayesrefract.cohort.population import Selection, assign_groups, restrict
from bayesrefract.cohort.read import Records, missing_columns
from bayesrefract.cohort.row_faults import check_constant, check_rows
from bayesrefract.cohort.rows import check_changes, joined, owners, row_notes
from bayesrefract.cohort.start import check_landmark, check_start
from bayesrefract.cohort.value import Coding, Cohort, Flow
from bayesrefract.errors import ModelError, RecordsError
from bayesrefract.study.model import Model
from bayesrefract.study.model_file import load_model
from bayesrefract.study.study import Analysis, EventAtZero, Study


def select(records: Records, analysis: Analysis, model: Model) -> Cohort:
    """Select the patients of a question with complete data for a model, in the order of the records.

    Parameters
    ----------
    records : Records
        Patient records as read.
    analysis : Analysis
        The question: endpoint, population, groups.
    model : Model
        Its covariates and strata.

    Returns
    -------
    Cohort
        Analysed patients, with the flow: records = analysed + excluded, with reasons.

    Raises
    ------
    RecordsError
        With every inconsistent row and column.
    ModelError
        Where the model requires an adjustment set or strata that the question does not have.
    """
    missing = missing_columns(records, [analysis])
    if missing:
        raise RecordsError(missing)
    faults = Faults(records)
    cohort = _select(records, analysis, model, faults)
    faults.raise_all()
    if cohort is None:
        raise AssertionError("no cohort and no fault")
    return cohort


def models_of(analysis: Analysis, models: Sequence[Model]) -> list[Model]:
    """The models of a question; all of them where it names none."""
    chosen = [model for model in models if analysis.models is None or model.name in analysis.models]
    return chosen or list(models)


def check_records(records: Records, study: Study, further: Callable[[Records, Faults], None] | None = None) -> None:
    """Select the cohort of every question with every model of a study; all faults together, each once.

    `further` : checks by a study package, made first.

    Raises RecordsError, or ModelError where only models are at fault.
    """
    missing = missing_columns(records, study.analyses)
    if missing:
        raise RecordsError(missing)
    faults = Faults(records)
    if further is not None:
        further(records, faults)
    models, model_faults = _load_models(study)
    for analysis in study.analyses:
        for model in models_of(analysis, models):
            try:
                _select(records, analysis, model, faults)
            except ModelError as error:
                model_faults += [fault for fault in error.faults if fault not in model_faults]
    found = [*model_faults, *faults.sentences()]
    if found:
        raise RecordsError(found) if faults.found else ModelError(found)


def _load_models(study: Study) -> tuple[list[Model], list[str]]:
    """The models that can be read, and the faults of the others."""
    models: list[Model] = []
    faults: list[str] = []
    for name in study.models:
        try:
            models.append(load_model(name))
        except ModelError as error:
            faults += error.faults
    return models, faults


def _select(records: Records, analysis: Analysis, model: Model, faults: Faults) -> Cohort | None:
    """The cohort, or None after keeping its faults."""
    wanted, strata = covariate_columns(analysis, model), strata_columns(analysis, model)
    patients = identify(records, analysis.columns.id)
    by_value = [condition.column for condition in analysis.population.where if condition.values]
    everybody = np.ones(len(records.frame), dtype=bool)
    fault_marks([condition.column for condition in analysis.population.where], everybody, faults)
    check_spellings((analysis.columns.group, *by_value, *strata), analysis, faults)
    owner = owners(patients, analysis)
    selection = Selection(everybody, {}, owner)
    if owner is not None:
        check_constant(
            [each.column for each in analysis.population.where], owner, everybody, patients, analysis, faults
        )
    restrict(selection, analysis, faults)
    population = selection.kept
    if not population.any():
        return None
    check_one_row_each(population, patients, analysis, faults)
    endpoint = analysis.endpoint
    timed = [endpoint.time, endpoint.entry, endpoint.administrative_end, endpoint.clock_start]
    used = dict.fromkeys(c for c in (analysis.columns.group, *timed, endpoint.event, *strata, *wanted) if c is not None)
    fault_marks(used, population, faults)
    exclude_declared(selection, analysis, faults)
    grouping, in_study, notes = assign_groups(selection, analysis, model.compared_only, faults)
    follow_up = read_follow_up(analysis.endpoint, in_study, patients, faults)
    if owner is not None:
        constant = (*strata, *wanted, analysis.columns.group, *filter(None, [endpoint.administrative_end]))
        check_constant(constant, owner, population, patients, analysis, faults)
        if endpoint.entry is not None:
            check_rows(owner, follow_up, grouping, in_study, patients, analysis, faults)
    selection.exclude((follow_up.exit == follow_up.entry) & ~follow_up.event, "censored at time 0")
    notes = (*records.notes, *notes, *notes_of_columns(used, analysis, population, records))
    if endpoint.event_at_zero is EventAtZero.EXCLUDE:
        selection.exclude(follow_up.at_zero, "event at time 0")
    elif endpoint.event_at_zero is EventAtZero.HALF_UNIT and (follow_up.at_zero & selection.kept).any():
        notes += (moved_note(int((follow_up.at_zero & selection.kept).sum()), analysis),)
    stratifying = tuple(records.cells(column) for column in strata)
    adjusting = {c: covariate_cells(c, analysis, in_study, patients, faults) for c in wanted}
    known = {c: (records.cells(c), True) for c in model.complete}
    for column in left_out(known, (), population, analysis):
        del known[column]
    categories = [column for column, (_, is_categorical) in adjusting.items() if is_categorical]
    check_spellings(categories, analysis, faults)
    for column, reason in left_out(adjusting, strata, population, analysis).items():
        del adjusting[column]
        notes += (reason,)
    keep_complete(selection, (*stratifying, *(cells for cells, _ in (*adjusting.values(), *known.values()))))
    kept = selection.kept & finite(adjusting)
    if not groups_remain(grouping, kept, selection, faults):
        return None
    names, stratum = make_strata(stratifying, kept)
    analysed = selection.patients(kept)
    if faults.all_of(level_faults(f"stratification by {', '.join(strata)}", names, analysed)):
        return None
    sound = not faults.found  # times that are not sound say nothing of the horizon
    covariates = tuple(make_covariate(cells, is_cat, kept, analysis) for cells, is_cat in adjusting.values())
    check_exchangeable(model, analysis, wanted, covariates)
    check_identified(grouping.group[kept], stratum, usable(covariates, analysed, analysis, faults), analysis, faults)
    if not sound:
        return None
    end = follow_up.administrative_end
    everyone = np.ones(len(kept), dtype=bool)
    cohort = Cohort(
        groups=grouping.levels,
        group=grouping.group[kept],
        entry=follow_up.entry[kept],
        exit=follow_up.exit[kept],
        event=follow_up.event[kept],
        covariates=covariates,
        strata=names,
        stratum=stratum,
        patient=tuple(patients[i] for i in np.flatnonzero(kept)),
        flow=Flow(selection.patients(everyone), selection.excluded, analysed),
        time_unit=analysis.time_unit,
        notes=(*notes, *step_notes(covariates, analysis)),
        administrative_end=None if end is None else end[kept],
        data_sha256=records.sha256,
        coding=_coding(records.cells(endpoint.event).text, kept, follow_up, owner),
        owner=None if owner is None else owner[kept],
    )
    return _checked(cohort, analysis, faults)


def _checked(cohort: Cohort, analysis: Analysis, faults: Faults) -> Cohort | None:
    """The cohort in as few rows as hold it, where its follow-up can answer the question; else None."""
    if cohort.owner is not None:
        rows = cohort.n_rows
        cohort = joined(cohort)
        cohort = replace(cohort, notes=(*cohort.notes, *row_notes(cohort, analysis, rows)))
    changes = check_changes(cohort, analysis, faults)
    if not changes:
        check_horizon(analysis, cohort, faults)
    check_windows(analysis, cohort, faults)
    if not changes or analysis.endpoint.from_time is not None:
        check_start(analysis, cohort.groups, cohort.group, cohort.entry, cohort.exit, faults)
    check_landmark(analysis, cohort, faults)
    return None if faults.found else cohort


def _coding(
    codes: NDArray[np.object_], kept: NDArray[np.bool_], follow_up: FollowUp, owner: NDArray[np.int64] | None
) -> Coding:
    """Codes of the events, and of those patients whose last row is censored."""
    event = kept & follow_up.event
    censored = kept & ~follow_up.event
    if owner is not None:
        last = np.full(int(owner.max()) + 1, -np.inf)
        np.maximum.at(last, owner[kept], follow_up.exit[kept])
        censored &= follow_up.exit == last[owner]
    return Coding(dict(Counter(codes[event]).most_common()), dict(Counter(codes[censored]).most_common()))
