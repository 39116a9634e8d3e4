"""The companion fit with a cut at every event time: Breslow's partial likelihood, by running sums over risk sets.

Where every interval ends at an event time, and its person-time is 1 for whoever is at risk there, the profile
likelihood of the piecewise-exponential model is the partial likelihood of Cox regression with Breslow's treatment of
ties. Breslow (1974), doi:10.2307/2529620; Holford (1976), doi:10.2307/2529747.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bayesrefract.classical.newton import maximise
from bayesrefract.classical.regression import GroupEffects, RegressionData, no_effects, spread_over_groups

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Stratum:
    """Patients of one stratum in the order of their exit.

    `enters` sorts them by entry. Per event time, `first_at_risk` is the first of them who has not left before it, and
    `first_not_in` the first by entry who is not in yet: risk starts just after entry. Per patient, `before_entry` and
    `until_exit` count the event times up to entry and up to exit.
    """

    rows: NDArray[np.int64] = field(repr=False)
    enters: NDArray[np.int64] = field(repr=False)
    deaths: Floats = field(repr=False)  # (event time,)
    first_at_risk: NDArray[np.int64] = field(repr=False)
    first_not_in: NDArray[np.int64] = field(repr=False)
    before_entry: NDArray[np.int64] = field(repr=False)
    until_exit: NDArray[np.int64] = field(repr=False)

    def at_risk(self, values: Floats) -> Floats:
        """Sum of values (patient, ...) over those at risk at each event time: (event time, ...)."""
        own = values[self.rows]
        left = _sums_from(own)[self.first_at_risk]
        return left - _sums_from(own[self.enters])[self.first_not_in]

    def over_follow_up(self, values: Floats) -> Floats:
        """Sum of values (event time,) over the event times at which each patient is at risk: (patient,)."""
        total = np.concatenate([[0.0], np.cumsum(values)])
        return np.asarray(total[self.until_exit] - total[self.before_entry])


def _sums_from(values: Floats) -> Floats:
    """Sums of the values from each place to the end; one zero beyond it."""
    sums = np.cumsum(values[::-1], axis=0)[::-1]
    return np.concatenate([sums, np.zeros_like(values[:1])])


def _stratum(data: RegressionData, members: NDArray[np.int64]) -> _Stratum:
    rows = members[np.argsort(data.exit[members], kind="stable")]
    exit_ = data.exit[rows]
    entry = np.full(len(rows), -np.inf) if data.entry is None else data.entry[rows]
    enters = np.argsort(entry, kind="stable")
    times, deaths = np.unique(exit_[data.event[rows]], return_counts=True)
    return _Stratum(
        rows=rows,
        enters=enters,
        deaths=deaths.astype(float),
        first_at_risk=np.searchsorted(exit_, times, side="left"),
        first_not_in=np.searchsorted(entry[enters], times, side="left"),
        before_entry=np.searchsorted(times, entry, side="right"),
        until_exit=np.searchsorted(times, exit_, side="right"),
    )


@dataclass(frozen=True)
class PartialLikelihood:
    """Breslow's partial likelihood of the columns `x` (patient, column) within strata."""

    x: Floats = field(repr=False)
    event: NDArray[np.bool_] = field(repr=False)
    strata: tuple[_Stratum, ...] = field(repr=False)

    def log_likelihood(self, parameters: Floats) -> float:
        """Of the coefficients, (column,)."""
        eta = self.x @ parameters
        total = float(eta[self.event].sum())
        weight = np.exp(eta)
        return total - sum(float(s.deaths @ np.log(s.at_risk(weight))) for s in self.strata)

    def derivatives(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Gradient (column,) and information (column, column)."""
        weight = np.exp(self.x @ parameters)
        gradient = self.x[self.event].sum(axis=0)
        information = np.zeros((len(parameters), len(parameters)))
        for stratum in self.strata:
            own = self.x[stratum.rows]
            risk = stratum.at_risk(weight)
            mean = stratum.at_risk(weight[:, None] * self.x) / risk[:, None]
            expected = weight[stratum.rows] * stratum.over_follow_up(stratum.deaths / risk)
            gradient = gradient - mean.T @ stratum.deaths
            information += own.T @ (expected[:, None] * own) - mean.T @ (stratum.deaths[:, None] * mean)
        return gradient, information


def at_every_event_time(data: RegressionData) -> GroupEffects:
    """The companion fit with a cut at every event time.

    Parameters
    ----------
    data : RegressionData
        Informative patients with their columns; continuous ones are standardised.

    Returns
    -------
    GroupEffects
        Log hazards of the groups; NaN with a reason where there is no maximum.
    """
    if data.n_group_columns == 0:
        return no_effects(data.n_groups, "fewer than two groups have events")
    stratum = np.zeros(len(data.exit), dtype=np.int64) if data.stratum is None else data.stratum
    members = (np.flatnonzero(stratum == code) for code in np.unique(stratum))
    strata = tuple(_stratum(data, own) for own in members if data.event[own].any())
    x = data.x - data.x.mean(axis=0)  # cancels; keeps the running sums well scaled
    found = maximise(PartialLikelihood(x, data.event, strata))
    if isinstance(found, str):
        return no_effects(data.n_groups, found)
    k = data.n_group_columns
    parameters, covariance = found
    return spread_over_groups(data.present, parameters[:k], covariance[:k, :k], data.n_groups)
