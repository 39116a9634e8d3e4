"""Balance of two groups: standardised differences of baseline characteristics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesrefract.classical.describe import groups_of, is_number, levels_of
from bayesrefract.cohort.cells import Cells
from bayesrefract.cohort.disclosure import too_few
from bayesrefract.cohort.read import Records
from bayesrefract.study.study import Contrast, PatientTable, Study

SMALL, LARGE = 0.1, 0.2
"""Differences below the first are usually called negligible; from the second on a variable is imbalanced."""


@dataclass(frozen=True)
class Balance:
    """One variable between two groups.

    `difference`: (mean of the group - mean of the reference) / root of the mean of their variances; of a variable with
    several levels, always positive, the distance of Yang & Dalton (2012), SAS Global Forum 335. None where neither
    varies, or where so few of one group are known (`too_few`) that the difference would tell their values. `unknown`:
    share of each whose value is unknown; the unknown are left out.
    """

    column: str
    label: str
    difference: float | None
    unknown: tuple[float, float]
    too_few: bool = False


def balance(records: Records, study: Study, table: PatientTable, pair: Contrast) -> tuple[Balance, ...]:
    """Every variable of a declared table, between the groups of one contrast."""
    groups = groups_of(records, study, table.where)
    first, second = (groups.inside(groups.names.index(name)) for name in (pair.group, pair.reference))
    labels = study.labels or {}
    found = []
    for column in table.columns:
        cells = records.cells(column)
        known = ~cells.missing
        shares = [float(cells.missing[inside].mean()) if inside.any() else 0.0 for inside in (first, second)]
        sizes = [int((inside & known).sum()) for inside in (first, second)]
        few = any(size > 0 and too_few(size) for size in sizes)
        difference = None if few else _difference(cells, first & known, second & known)
        found.append(Balance(column, labels.get(column, column), difference, (shares[0], shares[1]), few))
    return tuple(found)


def _difference(cells: Cells, first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float | None:
    if not first.any() or not second.any():
        return None
    if is_number(cells):
        return standardised_difference(cells.number[first], cells.number[second])
    levels = levels_of(cells)
    shares = [np.array([(cells.text[inside] == level).mean() for level in levels]) for inside in (first, second)]
    if len(levels) == 1:
        return _over_spread(float(shares[0][0] - shares[1][0]), [float(each[0] * (1 - each[0])) for each in shares])
    return distance_of_shares(shares[0], shares[1])


def standardised_difference(first: NDArray[np.float64], second: NDArray[np.float64]) -> float | None:
    """Difference of the means over the root of the mean variance; None where neither varies."""
    variances = [float(sample.var(ddof=1)) if len(sample) > 1 else 0.0 for sample in (first, second)]
    return _over_spread(float(first.mean() - second.mean()), variances)


def distance_of_shares(first: NDArray[np.float64], second: NDArray[np.float64]) -> float | None:
    """Mahalanobis distance of two multinomial shares, the first level left out; equals |difference| for two levels."""
    gap = (first - second)[1:]
    covariance = np.zeros((len(gap), len(gap)))
    for shares in (first[1:], second[1:]):
        covariance += (np.diag(shares) - np.outer(shares, shares)) / 2
    if not covariance.any():
        return None
    return float(np.sqrt(gap @ np.linalg.pinv(covariance) @ gap))


def _over_spread(difference: float, variances: list[float]) -> float | None:
    spread = float(np.sqrt(np.mean(variances)))
    return difference / spread if spread > 0 else None
