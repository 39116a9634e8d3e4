"""Beside groups that change over time: the naive analysis of ever against never, and the landmark analysis.

Whoever changes to a group has survived until then. Counted from the start as of that group, as in a table of ever
against never, this time is immortal: it can only favour the group. Suissa (2008), doi:10.1093/aje/kwm324; Anderson,
Cain & Gelber (1983), doi:10.1200/JCO.1983.1.11.710.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bayesrefract.classical.agreement import CoxContrast, ImmortalTime, Landmark
from bayesrefract.classical.cox import cox_contrasts, efron
from bayesrefract.classical.regression import regression_data
from bayesrefract.cohort.value import Cohort
from bayesrefract.study.study import Contrast


def immortal_times(
    cohort: Cohort, contrasts: Sequence[Contrast], landmark: float | None, *, stratified: bool
) -> tuple[ImmortalTime, ...]:
    """The naive and the landmark analysis of every contrast; none where no group changes.

    Both by Cox regression with the covariates and strata of the analysis that they stand beside.

    Parameters
    ----------
    cohort : Cohort
        Analysed patients, with the rows of their follow-up.
    contrasts : sequence of Contrast
        Pairs of groups.
    landmark : float or None
        Declared time of the landmark analysis.
    stratified : bool
        Whether the baseline hazard is free in each stratum.
    """
    if not cohort.group_changes:
        return ()
    return tuple(_of(cohort, contrast, landmark, stratified=stratified) for contrast in contrasts)


def _of(cohort: Cohort, contrast: Contrast, landmark: float | None, *, stratified: bool) -> ImmortalTime:
    group, reference = (cohort.groups.index(name) for name in (contrast.group, contrast.reference))
    ever = np.isin(cohort.owners, cohort.owners[cohort.group == group])
    moved = ever & (cohort.group == reference)
    length = cohort.exit - cohort.entry
    return ImmortalTime(
        contrast.group,
        contrast.reference,
        changed=len(np.unique(cohort.owners[moved])),
        person_time=float(length[moved].sum()),
        naive_person_time=float(length[moved | (cohort.group == group)].sum()),
        naive=_cox(naive(cohort, group, reference), contrast, stratified=stratified),
        landmark=None if landmark is None else _landmark(cohort, contrast, landmark, stratified=stratified),
    )


def naive(cohort: Cohort, group: int, reference: int) -> Cohort:
    """With everybody who is ever in the group in it from the start: wrong, for comparison."""
    ever = np.isin(cohort.owners, cohort.owners[cohort.group == group])
    return replace(cohort, group=np.where(ever & (cohort.group == reference), group, cohort.group))


def at_landmark(cohort: Cohort, time: float) -> Cohort:
    """The patients under observation at a time, from then on, with the group and the covariates that they have then."""
    here = (cohort.entry <= time) & (cohort.exit > time)
    later = np.isin(cohort.owners, cohort.owners[here]) & (cohort.exit > time)
    owner = cohort.owners[later]
    place = np.searchsorted(cohort.owners[here], owner)

    def then[V: (np.float64, np.int64)](values: NDArray[V]) -> NDArray[V]:
        return values[here][place]

    return replace(
        cohort,
        group=then(cohort.group),
        entry=np.maximum(cohort.entry[later], time),
        exit=cohort.exit[later],
        event=cohort.event[later],
        covariates=tuple(replace(each, values=then(each.values)) for each in cohort.covariates),
        stratum=then(cohort.stratum),
        owner=owner,
        patient=(),
        administrative_end=None,
    )


def _landmark(cohort: Cohort, contrast: Contrast, time: float, *, stratified: bool) -> Landmark:
    seen = at_landmark(cohort, time)
    codes = [cohort.groups.index(name) for name in (contrast.group, contrast.reference)]
    inside = [seen.group == code for code in codes]
    return Landmark(
        time,
        patients=tuple(len(np.unique(seen.owners[rows])) for rows in inside),
        events=tuple(int(seen.event[rows].sum()) for rows in inside),
        cox=_cox(seen, contrast, stratified=stratified),
    )


def _cox(cohort: Cohort, contrast: Contrast, *, stratified: bool) -> CoxContrast | None:
    if not cohort.event.any():
        return None
    fitted = efron(regression_data(cohort, stratified=stratified)).groups
    return next(iter(cox_contrasts(fitted, cohort, (contrast,), "efron")), None)
