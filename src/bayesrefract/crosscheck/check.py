"""The whole cross-check of one cohort and model plan."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort.value import Cohort
from bayesrefract.crosscheck import companion
from bayesrefract.crosscheck.agreement import (
    Agreement,
    CoxContrast,
    CoxTerm,
    GroupSummary,
    Interval,
    LogRank,
    ProportionalHazards,
)
from bayesrefract.crosscheck.cox import breslow, cox_contrasts, efron
from bayesrefract.crosscheck.estimable import GroupEffects
from bayesrefract.crosscheck.gate import TIED_SHARE, hold_against, without_counterpart
from bayesrefract.crosscheck.log_rank import log_rank
from bayesrefract.crosscheck.nonparametric import describe_groups, overall_follow_up
from bayesrefract.crosscheck.regression import regression_data
from bayesrefract.crosscheck.schoenfeld import proportional_hazards
from bayesrefract.crosscheck.terms import cox_terms
from bayesrefract.exposure import ExposureTable
from bayesrefract.model.effects import design
from bayesrefract.plan import ModelPlan, StrataKind
from bayesrefract.study import Contrast, Question


@dataclass(frozen=True)
class Asked:
    """What the classical analyses depend on. Equal where `content` is: the hash of all of it."""

    content: bytes
    cohort: Cohort = field(compare=False)
    contrasts: tuple[Contrast, ...] = field(compare=False)
    horizon: float | None = field(compare=False)
    stratified: bool = field(compare=False)


@dataclass(frozen=True)
class Classical:
    """The part of the cross-check that no exposure table enters."""

    groups: tuple[GroupSummary, ...]
    notes: tuple[str, ...]
    cox: GroupEffects
    breslow: tuple[CoxContrast, ...]
    log_rank: LogRank
    proportional_hazards: ProportionalHazards
    tied_share: float
    terms: tuple[CoxTerm, ...]
    follow_up: Interval


def cross_check(cohort: Cohort, question: Question, table: ExposureTable, plan: ModelPlan) -> Agreement:
    """What classical survival analysis says of the cohort, and whether the table's model agrees.

    Contrasts whose groups are not both in the cohort are left out. A fit that fails is told in the
    result, never raised.
    """
    contrasts = tuple(c for c in question.contrasts if {c.group, c.reference} <= set(cohort.groups))
    stratified = plan.baseline.strata is not StrataKind.COMMON and len(np.unique(cohort.stratum)) > 1
    everything = (cohort, contrasts, question.endpoint.horizon, stratified)
    classical = _classical(Asked(hashlib.sha256(pickle.dumps(everything)).digest(), *everything))
    ours = companion.fit(table, fixed_columns(table, plan), stratified=stratified).groups
    companions = []
    for contrast in contrasts:
        codes = (cohort.groups.index(contrast.group), cohort.groups.index(contrast.reference))
        if plan.baseline.by_group:
            companions.append(without_counterpart(ours, contrast, codes))
        else:
            companions.append(hold_against(ours, classical.cox, contrast, codes, classical.tied_share))
    return Agreement(
        groups=classical.groups,
        cox=cox_contrasts(classical.cox, cohort, contrasts, "efron"),
        breslow=classical.breslow,
        companion=tuple(companions),
        log_rank=classical.log_rank,
        proportional_hazards=classical.proportional_hazards,
        tied_share=classical.tied_share,
        terms=classical.terms,
        follow_up=classical.follow_up,
        notes=(*classical.notes, *_left_out(cohort, contrasts), *_pooled(plan, stratified)),
    )


@lru_cache(maxsize=32)
def _classical(asked: Asked) -> Classical:
    """Several models of one question share a cohort: its classical analyses run once."""
    cohort = asked.cohort
    data = regression_data(cohort, stratified=asked.stratified)
    fitted = efron(data)
    tied = tied_share(cohort.exit[cohort.event])
    groups, notes = describe_groups(cohort, asked.horizon)
    return Classical(
        groups=groups,
        notes=notes,
        cox=fitted.groups,
        terms=cox_terms(cohort, data, fitted),
        follow_up=overall_follow_up(cohort),
        breslow=cox_contrasts(breslow(data), cohort, asked.contrasts, "breslow") if tied > TIED_SHARE else (),
        log_rank=log_rank(cohort, asked.contrasts, stratified=asked.stratified),
        proportional_hazards=proportional_hazards(data, fitted.coefficients),
        tied_share=tied,
    )


def fixed_columns(table: ExposureTable, plan: ModelPlan) -> NDArray[np.float64]:
    """Design columns with every category's effect fixed: a learnt spread has no flat-prior twin."""
    return design(table, replace(plan, exchangeable=False)).x


def tied_share(event_times: NDArray[np.float64]) -> float:
    """Share of the events whose time is shared with another event."""
    _, counts = np.unique(event_times, return_counts=True)
    return float(counts[counts > 1].sum() / max(len(event_times), 1))


def _left_out(cohort: Cohort, contrasts: Sequence[Contrast]) -> list[str]:
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
