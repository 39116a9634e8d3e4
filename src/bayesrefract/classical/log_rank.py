"""Log-rank tests: lifelines' own, or a stratified left-truncated one where lifelines has none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from bayesrefract.classical.agreement import LogRank, LogRankPair
from bayesrefract.cohort.value import Cohort
from bayesrefract.study.study import Contrast

REPEATED = "not possible: repeated events of one patient are not independent"


@dataclass(frozen=True)
class ScoreTest:
    """Observed minus expected events per group, their covariance, and the test that both make."""

    difference: NDArray[np.float64] = field(repr=False)  # (group,)
    covariance: NDArray[np.float64] = field(repr=False)  # (group, group)

    @property
    def degrees_of_freedom(self) -> int:
        """Rank of the covariance: groups minus one, unless some groups are never at risk together."""
        return int(np.linalg.matrix_rank(self.covariance, hermitian=True))

    @property
    def chi_squared(self) -> float:
        return float(self.difference @ np.linalg.pinv(self.covariance, hermitian=True) @ self.difference)


def log_rank(cohort: Cohort, contrasts: Sequence[Contrast], *, stratified: bool = False) -> LogRank:
    """Equal hazards over all groups, and for each contrast with its two groups alone."""
    stratum = cohort.stratum if stratified else np.zeros_like(cohort.stratum)
    if cohort.has_repeated_events:
        return LogRank(None, None, REPEATED)
    own = cohort.has_entries or bool((stratum != stratum[0]).any())
    statistic = _own if own else _lifelines
    method = _method(cohort, stratum) if own else "log-rank"
    everyone = np.ones(cohort.n_rows, dtype=bool)
    overall = statistic(cohort, stratum, everyone)
    pairs = []
    for contrast in contrasts:
        codes = [cohort.groups.index(contrast.group), cohort.groups.index(contrast.reference)]
        pair = statistic(cohort, stratum, np.isin(cohort.group, codes))
        if pair is not None:
            pairs.append(LogRankPair(contrast.group, contrast.reference, *pair))
    if overall is None:
        return LogRank(None, None, f"{method}: not possible, no event while two groups are at risk", tuple(pairs))
    return LogRank(*overall, method, tuple(pairs))


def score_test(
    entry: NDArray[np.float64],
    exit_: NDArray[np.float64],
    event: NDArray[np.bool_],
    group: NDArray[np.int64],
    stratum: NDArray[np.int64],
) -> ScoreTest:
    """Stratified left-truncated log-rank statistic with the hypergeometric covariance.

    A row is at risk at t where entry < t <= exit; with groups that change this is the test of Mantel & Byar (1974),
    doi:10.1080/01621459.1974.10482935. Without ties this is the score test of Cox
    regression at equal hazards. Klein & Moeschberger (2003), Survival Analysis, sections 7.3 and 7.5.
    """
    groups = int(group.max()) + 1
    difference, covariance = np.zeros(groups), np.zeros((groups, groups))
    for s in np.unique(stratum[event]):
        inside = stratum == s
        deaths, at_risk = _counts(entry[inside], exit_[inside], event[inside], group[inside], groups)
        total_deaths, total = deaths.sum(axis=1), at_risk.sum(axis=1)
        share = at_risk / total[:, None]
        difference += (deaths - total_deaths[:, None] * share).sum(axis=0)
        weight = total_deaths * (total - total_deaths) / np.maximum(total - 1, 1)
        covariance += np.diag(weight @ share) - share.T @ (weight[:, None] * share)
    return ScoreTest(difference, covariance)


def _counts(
    entry: NDArray[np.float64],
    exit_: NDArray[np.float64],
    event: NDArray[np.bool_],
    group: NDArray[np.int64],
    groups: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Events and patients at risk at each distinct event time, each of shape (time, group)."""
    times = np.unique(exit_[event])
    deaths, at_risk = np.zeros((2, len(times), groups))
    np.add.at(deaths, (np.searchsorted(times, exit_[event]), group[event]), 1.0)
    for g in range(groups):
        inside = group == g
        entered = np.searchsorted(np.sort(entry[inside]), times, side="left")
        left = np.searchsorted(np.sort(exit_[inside]), times, side="left")
        at_risk[:, g] = entered - left
    return deaths, at_risk


def _own(cohort: Cohort, stratum: NDArray[np.int64], rows: NDArray[np.bool_]) -> tuple[float, float] | None:
    if not cohort.event[rows].any():
        return None
    test = score_test(cohort.entry[rows], cohort.exit[rows], cohort.event[rows], cohort.group[rows], stratum[rows])
    if test.degrees_of_freedom == 0:
        return None
    return test.chi_squared, float(chi2.sf(test.chi_squared, test.degrees_of_freedom))


def _lifelines(cohort: Cohort, _: NDArray[np.int64], rows: NDArray[np.bool_]) -> tuple[float, float] | None:
    from lifelines.statistics import multivariate_logrank_test

    if not cohort.event[rows].any() or len(np.unique(cohort.group[rows])) < 2:
        return None
    result = multivariate_logrank_test(cohort.exit[rows], cohort.group[rows], cohort.event[rows])
    return float(result.test_statistic), float(result.p_value)


def _method(cohort: Cohort, stratum: NDArray[np.int64]) -> str:
    words = []
    if (stratum != stratum[0]).any():
        words.append("stratified")
    if cohort.has_delayed_entry:
        words.append("left-truncated")
    test = "log-rank test of groups that change over time" if cohort.group_changes else "log-rank"
    return " ".join([*words, test])
