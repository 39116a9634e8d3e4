"""Test of proportional hazards by Schoenfeld residuals against the rank of time, as R's `cox.zph`.

lifelines has the older approximate form, whose ranks follow the order of the rows where times are
tied or strata are used, and which refuses delayed entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, rankdata

from bayesrefract.classical.agreement import ProportionalHazards
from bayesrefract.classical.regression import RegressionData

METHOD = "Schoenfeld residuals against the rank of time (score test)"


@dataclass(frozen=True)
class Moments:
    """Sums of hazard, hazard x and hazard x x' over some patients."""

    hazard: float
    first: NDArray[np.float64] = field(repr=False)  # (column,)
    second: NDArray[np.float64] = field(repr=False)  # (column, column)

    def __add__(self, other: Moments) -> Moments:
        return Moments(self.hazard + other.hazard, self.first + other.first, self.second + other.second)

    def __sub__(self, other: Moments) -> Moments:
        return Moments(self.hazard - other.hazard, self.first - other.first, self.second - other.second)


@dataclass(frozen=True)
class _Sums:
    """Sums over the events, at the Cox estimate, with g the rank of time.

    score : sum of g (x - mean of x at risk), (column,). plain, crossed, squared : sums of V, g V and
    g^2 V, with V the covariance of x at risk; each (column, column).
    """

    score: NDArray[np.float64] = field(repr=False)
    plain: NDArray[np.float64] = field(repr=False)
    crossed: NDArray[np.float64] = field(repr=False)
    squared: NDArray[np.float64] = field(repr=False)

    def test(self, columns: slice) -> tuple[float, float] | None:
        """Chi-squared and p of adding g x for these columns to the model; None if not identified."""
        crossed = self.crossed[:, columns]
        information = self.squared[columns, columns] - crossed.T @ np.linalg.solve(self.plain, crossed)
        size = len(information)
        if np.linalg.matrix_rank(information, hermitian=True) < size:
            return None
        statistic = float(self.score[columns] @ np.linalg.solve(information, self.score[columns]))
        return statistic, float(chi2.sf(statistic, size))


def proportional_hazards(data: RegressionData, coefficients: NDArray[np.float64] | None) -> ProportionalHazards:
    """Test of every term of the Cox model with these Efron coefficients.

    Ranks are over all follow-up times, censored ones too, as in R. Grambsch & Therneau (1994),
    doi:10.1093/biomet/81.3.515.
    """
    if coefficients is None:
        return ProportionalHazards(None, None, "not possible: Cox regression has no estimate")
    sums = _sum_over_events(data, coefficients)
    if np.linalg.matrix_rank(sums.plain, hermitian=True) < len(coefficients):
        return ProportionalHazards(None, None, "not possible: the likelihood of Cox regression has no maximum")
    tests = {term: sums.test(columns) for term, columns in data.terms}
    of_group = tests["group"]
    by_term = tuple((term, test[1]) for term, test in tests.items() if test)
    if of_group is None:
        return ProportionalHazards(None, None, "not possible: too few distinct event times", by_term)
    return ProportionalHazards(of_group[1], of_group[0], METHOD, by_term)


def _sum_over_events(data: RegressionData, coefficients: NDArray[np.float64]) -> _Sums:
    rank = rankdata(data.exit)
    rank = (rank - rank[data.event].mean()) / len(rank)
    stratum = np.zeros(len(data.exit), dtype=np.int64) if data.stratum is None else data.stratum
    hazard = np.exp(data.x @ coefficients)
    size = len(coefficients)
    score = np.zeros(size)
    plain, crossed, squared = np.zeros((3, size, size))
    for s in np.unique(stratum[data.event]):
        for dying, at_risk in risk_sets(data, hazard, np.flatnonzero(stratum == s)):
            g = rank[dying[0]]
            residual, covariance = _at_one_time(data.x[dying], _moments(data.x[dying], hazard[dying]), at_risk)
            score += g * residual
            plain += covariance
            crossed += g * covariance
            squared += g**2 * covariance
    return _Sums(score, plain, crossed, squared)


def risk_sets(
    data: RegressionData, hazard: NDArray[np.float64], rows: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], Moments]]:
    """Rows with an event at each event time, and the moments of those at risk; last time first.

    Going back in time, patients join the risk set at their exit and leave it at their entry.
    """
    by_exit = rows[np.argsort(-data.exit[rows], kind="stable")]
    entry = np.zeros(len(data.exit)) if data.entry is None else data.entry
    by_entry = rows[np.argsort(-entry[rows], kind="stable")]
    times = np.unique(data.exit[rows][data.event[rows]])[::-1]
    joined = np.searchsorted(-data.exit[by_exit], -times, side="right")
    left = np.searchsorted(-entry[by_entry], -times, side="right")
    total = _moments(data.x[:0], hazard[:0])
    for i in range(len(times)):
        new, gone = by_exit[joined[i - 1] if i else 0 : joined[i]], by_entry[left[i - 1] if i else 0 : left[i]]
        total = total + _moments(data.x[new], hazard[new])
        if len(gone):
            total = total - _moments(data.x[gone], hazard[gone])
        yield new[data.event[new] & (data.exit[new] == times[i])], total


def _at_one_time(
    dying: NDArray[np.float64], tied: Moments, whole: Moments
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Summed residual (column,) and covariance (column, column) of the events at one time, after Efron.

    dying : (event, column). tied, whole : of those who die and of all at risk.
    """
    deaths = len(dying)
    # The d tied events leave the risk set one by one: the k-th sees 1 - k / d of each of them.
    left = np.arange(deaths) / deaths
    total = whole.hazard - left * tied.hazard
    mean = (whole.first - left[:, None] * tied.first) / total[:, None]
    second = (whole.second - left[:, None, None] * tied.second) / total[:, None, None]
    return dying.sum(axis=0) - mean.sum(axis=0), second.sum(axis=0) - mean.T @ mean


def _moments(x: NDArray[np.float64], hazard: NDArray[np.float64]) -> Moments:
    weighted = hazard[:, None] * x
    return Moments(float(hazard.sum()), weighted.sum(axis=0), x.T @ weighted)
