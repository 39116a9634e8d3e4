"""How many intervals a question needs, so that the piecewise-exponential model agrees with Cox regression."""

from __future__ import annotations

import numpy as np

from bayesrefract.classical import companion
from bayesrefract.classical.agree import FINE_ENOUGH
from bayesrefract.classical.check import fixed_columns, is_stratified
from bayesrefract.classical.partial_likelihood import at_every_event_time
from bayesrefract.classical.regression import regression_data
from bayesrefract.cohort.exposure import tabulate
from bayesrefract.cohort.value import Cohort
from bayesrefract.study.model import Intervals, Model
from bayesrefract.study.study import Contrast

# With the interval from the last event on, 24, 48 and 96 of them: sizes for which the model is compiled once.
FINER = (Intervals(), *(Intervals(None, most, 1, to_last_event=True) for most in (23, 47, 95)))


def fine_enough(cohort: Cohort, model: Model, contrasts: tuple[Contrast, ...]) -> Intervals:
    """The fewest of 24, 48 and 96 intervals with which no contrast is farther than 0.10 SE from Cox regression.

    Parameters
    ----------
    cohort : Cohort
        Analysed patients.
    model : Model
        Its covariates and strata are those of both fits.
    contrasts : tuple of Contrast
        Those that are judged.

    Returns
    -------
    Intervals
        24 with at least 5 events each, where they will do; else one for every event or few of them, and one from the
        last event on. The closest where none will do.
    """
    stratified = is_stratified(cohort, model)
    exact = at_every_event_time(regression_data(cohort, stratified=stratified))
    pairs = [
        (cohort.groups.index(contrast.group), cohort.groups.index(contrast.reference))
        for contrast in contrasts
        if {contrast.group, contrast.reference} <= set(cohort.groups)
    ]
    judged = [(pair, found) for pair in pairs if (found := exact.contrast(*pair)) is not None]
    best, nearest = FINER[0], np.inf
    for intervals in FINER if judged else ():
        table = tabulate(cohort, intervals)
        ours = companion.fit(table, fixed_columns(table, model), stratified=stratified).groups
        distance = max(_distance(ours.contrast(*pair), found) for pair, found in judged)
        if distance < nearest:
            best, nearest = intervals, distance
        if distance <= FINE_ENOUGH:
            break
    return best


def _distance(ours: tuple[float, float] | None, exact: tuple[float, float]) -> float:
    return np.inf if ours is None else abs(ours[0] - exact[0]) / exact[1]
