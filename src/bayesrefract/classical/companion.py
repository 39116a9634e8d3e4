"""The companion fit: maximum of the piecewise-exponential likelihood, which equals the mode under flat priors.

Same exposure table, covariates and strata as the Bayesian model; independent hazards with prior
shape 0. The hazards are maximised out, h = D / R, which leaves the concave profile log likelihood
sum(events * eta) - sum(D * log R), with D events and R = sum(exposure * exp(eta)) per stratum and
interval. With a = 0 this is also the collapsed posterior under flat priors. Holford (1980),
doi:10.2307/2529982; Laird & Olivier (1981), doi:10.1080/01621459.1981.10477634.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bayesrefract.classical.newton import maximise
from bayesrefract.classical.regression import GroupEffects, informative, no_effects, spread_over_groups
from bayesrefract.cohort.exposure import ExposureTable


@dataclass(frozen=True)
class CompanionFit:
    """Mode and curvature.

    coefficients : (column,) of the given design columns; covariance : (column, column).
    hazards : (stratum, interval), of the first group with events at zero columns; NaN without exposure.
    log_likelihood : total, at the maximum, with the terms of the hazards.
    """

    groups: GroupEffects
    coefficients: NDArray[np.float64] = field(repr=False)
    covariance: NDArray[np.float64] = field(repr=False)
    hazards: NDArray[np.float64] = field(repr=False)
    log_likelihood: float

    @property
    def log_effects(self) -> NDArray[np.float64]:
        """Log hazard per group against the first group with events, shape (group,)."""
        return self.groups.log_effects

    @property
    def reason(self) -> str:
        """Reason why the fit failed, or empty."""
        return self.groups.reason


@dataclass(frozen=True)
class _Profile:
    """Rows (pattern) of the profile log likelihood; `members` are the rows of each stratum."""

    x: NDArray[np.float64] = field(repr=False)  # (row, parameter)
    events: NDArray[np.float64] = field(repr=False)  # (row, interval)
    exposure: NDArray[np.float64] = field(repr=False)  # (row, interval)
    members: tuple[NDArray[np.int64], ...] = field(repr=False)

    def log_likelihood(self, parameters: NDArray[np.float64]) -> float:
        """With D log D - D of the hazards, so that it is the log likelihood itself."""
        eta = self.x @ parameters
        total = float(self.events.sum(axis=1) @ eta - self.events.sum())
        for rows in self.members:
            at_risk, deaths = self._at_risk(rows, eta)
            total += float(deaths @ np.log(deaths / at_risk))
        return total

    def derivatives(self, parameters: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Gradient (parameter,) and information (parameter, parameter)."""
        eta = self.x @ parameters
        gradient = self.x.T @ self.events.sum(axis=1)
        information = np.zeros((len(parameters), len(parameters)))
        for rows in self.members:
            at_risk, deaths = self._at_risk(rows, eta)
            some = self.events[rows].sum(axis=0) > 0
            weight = np.exp(eta[rows])[:, None] * self.exposure[rows][:, some] / at_risk
            mean = weight.T @ self.x[rows]  # (interval, parameter)
            expected = weight @ deaths
            gradient -= mean.T @ deaths
            information += self.x[rows].T @ (expected[:, None] * self.x[rows]) - mean.T @ (deaths[:, None] * mean)
        return gradient, information

    def _at_risk(
        self, rows: NDArray[np.int64], eta: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """R and D of the stratum's intervals with events; the others hold no information."""
        deaths = self.events[rows].sum(axis=0)
        some = deaths > 0
        return np.exp(eta[rows]) @ self.exposure[rows][:, some], deaths[some]


def fit(table: ExposureTable, x: NDArray[np.float64], *, stratified: bool = False) -> CompanionFit:
    """Maximise the likelihood of `table` over group effects and the columns `x` (pattern, column).

    stratified : hazards free in every stratum, else common. Group effects come back NaN, with a
    reason, where no maximum exists.
    """
    keep = informative(table.group, table.covariates, table.events.sum(axis=1))
    present = np.unique(table.group[keep])
    if len(present) < 2:
        return _nothing(table, x, stratified, "fewer than two groups have events")
    indicator = (table.group[keep][:, None] == present[1:]).astype(float)
    directions = _directions(x[keep])
    stratum = table.stratum if stratified else np.zeros_like(table.stratum)
    members = tuple(np.flatnonzero(stratum[keep] == s) for s in np.unique(stratum[keep]))
    columns = np.hstack([indicator, (x[keep] - x[keep].mean(axis=0)) @ directions])
    profile = _Profile(columns, table.events[keep], table.exposure[keep], members)
    found = maximise(profile)
    if isinstance(found, str):
        return _nothing(table, x, stratified, found)
    parameters, covariance = found
    k = len(present) - 1
    groups = spread_over_groups(present, parameters[:k], covariance[:k, :k], len(table.groups))
    coefficients = directions @ parameters[k:]
    eta = np.full(len(table.group), -np.inf)
    eta[keep] = indicator @ parameters[:k] + x[keep] @ coefficients
    return CompanionFit(
        groups,
        coefficients,
        directions @ covariance[k:, k:] @ directions.T,
        _hazards(table, stratum, eta),
        profile.log_likelihood(parameters),
    )


def _directions(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Orthonormal directions in which the columns vary: (column, rank).

    Full rank as a rule; leaving out levels without events can make the zero-sum columns dependent.
    """
    if x.shape[1] == 0:
        return np.empty((0, 0))
    _, size, rows = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)
    return np.asarray(rows[size > 1e-10 * max(size[0], 1.0)].T)


def _hazards(table: ExposureTable, stratum: NDArray[np.int64], eta: NDArray[np.float64]) -> NDArray[np.float64]:
    """D / R per stratum and interval."""
    count = int(stratum.max()) + 1
    deaths, at_risk = np.zeros((2, count, table.events.shape[1]))
    np.add.at(deaths, stratum, table.events)
    np.add.at(at_risk, stratum, np.exp(eta)[:, None] * table.exposure)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(deaths / at_risk)


def _nothing(table: ExposureTable, x: NDArray[np.float64], stratified: bool, reason: str) -> CompanionFit:
    columns = x.shape[1]
    return CompanionFit(
        no_effects(len(table.groups), reason),
        np.full(columns, np.nan),
        np.full((columns, columns), np.nan),
        np.full((len(table.strata) if stratified else 1, table.events.shape[1]), np.nan),
        float("nan"),
    )
