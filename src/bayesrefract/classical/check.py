"""All classical analyses of one cohort, cross-checked against the companion fit."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bayesrefract.classical import companion
from bayesrefract.classical.agree import Twins, compare_with_cox, without_counterpart
from bayesrefract.classical.agreement import (
    Agreement,
    CoxTerm,
    GroupSummary,
    ImmortalTime,
    Interval,
    LogRank,
    ProportionalHazards,
    RobustError,
)
from bayesrefract.classical.cox import breslow, cox_contrasts, cox_terms, efron
from bayesrefract.classical.immortal import immortal_times
from bayesrefract.classical.kaplan_meier import curve_name, describe_groups, overall_follow_up
from bayesrefract.classical.log_rank import log_rank
from bayesrefract.classical.partial_likelihood import at_every_event_time
from bayesrefract.classical.regression import GroupEffects, RegressionData, regression_data
from bayesrefract.classical.robust import robust_errors
from bayesrefract.classical.schoenfeld_pairs import proportional
from bayesrefract.cohort.exposure import ExposureTable
from bayesrefract.cohort.start import Start, start_of
from bayesrefract.cohort.value import Cohort
from bayesrefract.model.effects import design
from bayesrefract.study.model import Model, StrataKind
from bayesrefract.study.study import Analysis, Contrast

MOST_CHECKED = 1_500


@dataclass(frozen=True)
class Inputs:
    """Inputs of the classical analyses. Equal where `content` is: the hash of all of them."""

    content: bytes
    cohort: Cohort = field(compare=False)
    contrasts: tuple[Contrast, ...] = field(compare=False)
    horizon: float | None = field(compare=False)
    start: Start = field(compare=False)
    stratified: bool = field(compare=False)
    landmark: float | None = field(compare=False)


@dataclass(frozen=True)
class Classical:
    """Classical analyses that depend on no exposure table."""

    groups: tuple[GroupSummary, ...]
    notes: tuple[str, ...]
    cox: GroupEffects
    breslow: GroupEffects
    checked: GroupEffects
    checking: GroupEffects
    log_rank: LogRank
    proportional_hazards: ProportionalHazards
    tied_share: float
    terms: tuple[CoxTerm, ...]
    follow_up: Interval
    immortal: tuple[ImmortalTime, ...]
    robust: tuple[RobustError, ...]


def cross_check(cohort: Cohort, analysis: Analysis, table: ExposureTable, model: Model) -> Agreement:
    """Run the classical analyses of a cohort and compare the model with Cox regression.

    Contrasts whose groups are not both in the cohort are omitted. A fit that fails is reported in the
    result, never raised.

    Parameters
    ----------
    cohort : Cohort
        Analysed patients.
    analysis : Analysis
        The question: its contrasts, endpoint and horizon.
    table : ExposureTable
        Exposure table of the same cohort, for the companion fit.
    model : Model
        Its strata and covariates are those of Cox regression.

    Returns
    -------
    Agreement
        Kaplan-Meier, log-rank and Cox results, the Schoenfeld test, and the companion fit (the same model
        with a flat prior) compared with Cox regression, per contrast.

    References
    ----------
    Grambsch & Therneau (1994), doi:10.1093/biomet/81.3.515 (proportional hazards); Schemper & Smith (1996),
    doi:10.1016/0197-2456(96)00075-X (follow-up).
    """
    contrasts = tuple(c for c in analysis.contrasts if {c.group, c.reference} <= set(cohort.groups))
    stratified = is_stratified(cohort, model)
    endpoint = analysis.endpoint
    everything = (cohort, contrasts, endpoint.horizon, start_of(cohort, analysis), stratified, endpoint.landmark)
    classical = _classical(Inputs(hashlib.sha256(pickle.dumps(everything)).digest(), *everything))
    ours = companion.fit(table, fixed_columns(table, model), stratified=stratified).groups
    companions = []
    for contrast in contrasts:
        codes = (cohort.groups.index(contrast.group), cohort.groups.index(contrast.reference))
        if model.baseline.by_group:
            companions.append(without_counterpart(ours, contrast, codes))
        else:
            twins = Twins(ours, classical.breslow, classical.cox, classical.checked, classical.checking)
            companions.append(compare_with_cox(twins, contrast, codes, told_intervals(table, model)))
    return Agreement(
        groups=classical.groups,
        cox=cox_contrasts(classical.cox, cohort, contrasts, "efron"),
        breslow=cox_contrasts(classical.breslow, cohort, contrasts, "breslow"),
        companion=tuple(companions),
        log_rank=classical.log_rank,
        proportional_hazards=classical.proportional_hazards,
        tied_share=classical.tied_share,
        terms=classical.terms,
        follow_up=classical.follow_up,
        curve_name=curve_name(cohort),
        immortal=classical.immortal,
        robust=classical.robust,
        notes=(*classical.notes, *_left_out(cohort, contrasts), *_pooled(model, stratified)),
    )


def told_intervals(table: ExposureTable, model: Model) -> str:
    """The intervals in words: their number, and the cuts where the model gives them."""
    count = table.events.shape[1]
    given = model.intervals.cuts
    return f"{count} interval{'' if count == 1 else 's'}" + (
        f" (cuts {', '.join(f'{cut:g}' for cut in given)})" if given else ""
    )


def is_stratified(cohort: Cohort, model: Model) -> bool:
    """Whether Cox regression has the strata of the model."""
    return model.baseline.strata is not StrataKind.COMMON and len(np.unique(cohort.stratum)) > 1


@lru_cache(maxsize=32)
def _classical(inputs: Inputs) -> Classical:
    """Classical analyses, run once where several models of one question share a cohort."""
    cohort = inputs.cohort
    data = regression_data(cohort, stratified=inputs.stratified)
    fitted = efron(data)
    some = _some(data)
    groups, notes = describe_groups(cohort, inputs.horizon, inputs.start)
    return Classical(
        groups=groups,
        notes=notes,
        cox=fitted.groups,
        terms=cox_terms(cohort, data, fitted),
        follow_up=overall_follow_up(cohort),
        breslow=at_every_event_time(data),
        checked=at_every_event_time(some),
        checking=breslow(some),
        log_rank=log_rank(cohort, inputs.contrasts, stratified=inputs.stratified),
        proportional_hazards=proportional(cohort, data, fitted, inputs.contrasts, stratified=inputs.stratified),
        tied_share=tied_share(cohort.exit[cohort.event]),
        immortal=immortal_times(cohort, inputs.contrasts, inputs.landmark, stratified=inputs.stratified),
        robust=robust_errors(cohort, data, fitted, inputs.contrasts),
    )


def _some(data: RegressionData) -> RegressionData:
    """The patients for whom two programs are compared: all, or as many as the slower one takes in a second."""
    if len(data.exit) <= MOST_CHECKED:
        return data
    rows = np.sort(np.random.default_rng(0).choice(len(data.exit), MOST_CHECKED, replace=False))
    return replace(
        data,
        exit=data.exit[rows],
        event=data.event[rows],
        entry=None if data.entry is None else data.entry[rows],
        stratum=None if data.stratum is None else data.stratum[rows],
        x=data.x[rows],
    )


def fixed_columns(table: ExposureTable, model: Model) -> NDArray[np.float64]:
    """Design columns with every category's effect fixed: a learnt spread has no flat-prior counterpart."""
    return design(table, replace(model, exchangeable=False)).x


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


def _pooled(model: Model, stratified: bool) -> list[str]:
    if not stratified or model.baseline.strata is not StrataKind.POOLED:
        return []
    return ["The model pools its strata; Cox regression and the companion fit leave each stratum's hazard free."]
