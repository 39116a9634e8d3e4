"""The whole cross-check of one cohort and model plan."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort.value import Cohort
from bayesrefract.crosscheck import companion
from bayesrefract.crosscheck.agreement import Agreement
from bayesrefract.crosscheck.cox import breslow, cox_contrasts, efron
from bayesrefract.crosscheck.gate import TIED_SHARE, hold_against, without_counterpart
from bayesrefract.crosscheck.log_rank import log_rank
from bayesrefract.crosscheck.nonparametric import describe_groups
from bayesrefract.crosscheck.regression import regression_data
from bayesrefract.crosscheck.schoenfeld import proportional_hazards
from bayesrefract.exposure import ExposureTable
from bayesrefract.model.effects import design
from bayesrefract.plan import ModelPlan, StrataKind
from bayesrefract.study import Contrast, Question


def cross_check(cohort: Cohort, question: Question, table: ExposureTable, plan: ModelPlan) -> Agreement:
    """What classical survival analysis says of the cohort, and whether the table's model agrees.

    Contrasts whose groups are not both in the cohort are left out. A fit that fails is told in the
    result, never raised.
    """
    contrasts = [c for c in question.contrasts if {c.group, c.reference} <= set(cohort.groups)]
    stratified = plan.baseline.strata is not StrataKind.COMMON and len(np.unique(cohort.stratum)) > 1
    data = regression_data(cohort, stratified=stratified)
    cox, coefficients = efron(data)
    ours = companion.fit(table, fixed_columns(table, plan), stratified=stratified).groups
    tied = tied_share(cohort.exit[cohort.event])
    groups, notes = describe_groups(cohort, question.endpoint.horizon)
    referee = cox_contrasts(breslow(data), cohort, contrasts, "breslow") if tied > TIED_SHARE else ()
    companions = []
    for contrast in contrasts:
        codes = (cohort.groups.index(contrast.group), cohort.groups.index(contrast.reference))
        if plan.baseline.by_group:
            companions.append(without_counterpart(ours, contrast, codes))
        else:
            companions.append(hold_against(ours, cox, contrast, codes, tied))
    return Agreement(
        groups=groups,
        cox=cox_contrasts(cox, cohort, contrasts, "efron"),
        breslow=referee,
        companion=tuple(companions),
        log_rank=log_rank(cohort, contrasts, stratified=stratified),
        proportional_hazards=proportional_hazards(data, coefficients),
        tied_share=tied,
        notes=(*notes, *_left_out(cohort, contrasts), *_pooled(plan, stratified)),
    )


def fixed_columns(table: ExposureTable, plan: ModelPlan) -> NDArray[np.float64]:
    """Design columns with every category's effect fixed: a learnt spread has no flat-prior twin."""
    return design(table, dataclasses.replace(plan, exchangeable=False)).x


def tied_share(event_times: NDArray[np.float64]) -> float:
    """Share of the events whose time is shared with another event."""
    _, counts = np.unique(event_times, return_counts=True)
    return float(counts[counts > 1].sum() / max(len(event_times), 1))


def _left_out(cohort: Cohort, contrasts: list[Contrast]) -> list[str]:
    """Groups and levels whose effect has no finite estimate."""
    names = {c.group for c in contrasts} | {c.reference for c in contrasts}
    empty = [g for i, g in enumerate(cohort.groups) if g in names and not cohort.event[cohort.group == i].any()]
    for covariate in cohort.covariates:
        if covariate.levels is not None:
            events = np.bincount(covariate.values[cohort.event].astype(int), minlength=len(covariate.levels))
            present = np.unique(covariate.values).astype(int)
            empty += [f"{covariate.name} = {covariate.levels[code]}" for code in present if events[code] == 0]
    if not empty:
        return []
    return [f"No events in {', '.join(empty)}: its patients are left out of Cox regression and the companion fit."]


def _pooled(plan: ModelPlan, stratified: bool) -> list[str]:
    if not stratified or plan.baseline.strata is not StrataKind.POOLED:
        return []
    return ["The model pools its strata; Cox regression and the companion fit leave each stratum's hazard free."]
