"""Test of proportional hazards for each contrast, on the patients of its two groups alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bayesrefract.classical.agreement import ProportionalHazards, SchoenfeldPair
from bayesrefract.classical.cox import Fitted, efron
from bayesrefract.classical.regression import RegressionData, regression_data
from bayesrefract.classical.schoenfeld import proportional_hazards
from bayesrefract.cohort.value import Cohort
from bayesrefract.study.study import Contrast

NO_MAXIMUM = ProportionalHazards(None, None, "not possible: the likelihood of Cox regression has no maximum")

REPEATED = ProportionalHazards(None, None, "not possible: repeated events of one patient are not independent")


def proportional(
    cohort: Cohort, data: RegressionData, fitted: Fitted, contrasts: Sequence[Contrast], *, stratified: bool
) -> ProportionalHazards:
    """The test over all groups, and of each contrast: Cox regression of its two groups, as R's `cox.zph` has it.

    Where some hazard ratio between groups has no estimate there is no test of it: a likelihood without a maximum
    would give a p-value of 1.
    """
    if cohort.has_repeated_events:
        return REPEATED
    whole = tested(data, fitted)
    pairs = []
    for contrast in contrasts:
        if len(cohort.groups) == 2:
            found = whole
        else:
            of_two = two_groups(cohort, contrast)
            inside = regression_data(of_two, stratified=stratified)
            found = tested(inside, efron(inside))
        pairs.append(SchoenfeldPair(contrast.group, contrast.reference, found.p, found.statistic, found.method))
    return replace(whole, pairs=tuple(pairs))


def tested(data: RegressionData, fitted: Fitted) -> ProportionalHazards:
    """The test of one Cox regression, where it has an estimate of every ratio between groups."""
    first, *others = data.present.tolist() or [0]
    if fitted.coefficients is not None and any(fitted.groups.contrast(code, first) is None for code in others):
        return NO_MAXIMUM
    return proportional_hazards(data, fitted.coefficients)


def two_groups(cohort: Cohort, contrast: Contrast) -> Cohort:
    """The patients of a contrast's two groups; its other parts are not for use."""
    codes = [cohort.groups.index(contrast.group), cohort.groups.index(contrast.reference)]
    kept = np.isin(cohort.group, codes)
    return replace(
        cohort,
        group=cohort.group[kept],
        entry=cohort.entry[kept],
        exit=cohort.exit[kept],
        event=cohort.event[kept],
        stratum=cohort.stratum[kept],
        covariates=tuple(replace(each, values=each.values[kept]) for each in cohort.covariates),
        patient=(),
        administrative_end=None,
        owner=None if cohort.owner is None else cohort.owner[kept],
    )
