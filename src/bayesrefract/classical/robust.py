"""Standard errors that allow for repeated events of one patient: the sandwich estimate of Cox regression.

Lin & Wei (1989), doi:10.1080/01621459.1989.10478874. lifelines leaves the entry of a row out of its residuals, and
statsmodels gives none with entries.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bayesrefract.classical.agreement import RobustError
from bayesrefract.classical.cox import Fitted
from bayesrefract.classical.regression import RegressionData, spread_over_groups
from bayesrefract.classical.schoenfeld import Moments, risk_sets
from bayesrefract.cohort.value import Cohort
from bayesrefract.study.study import Contrast

Floats = NDArray[np.float64]


def robust_errors(
    cohort: Cohort, data: RegressionData, fitted: Fitted, contrasts: Sequence[Contrast]
) -> tuple[RobustError, ...]:
    """Robust beside model standard error of every contrast with an estimate; none where no event repeats."""
    if not cohort.has_repeated_events or fitted.coefficients is None or fitted.covariance is None:
        return ()
    residuals = score_residuals(data, fitted.coefficients)
    owner = np.zeros(len(residuals), dtype=np.int64) if data.owner is None else data.owner
    by_patient = np.zeros((int(owner.max()) + 1, residuals.shape[1]))
    np.add.at(by_patient, owner, residuals)
    moved = by_patient @ fitted.covariance
    k = data.n_group_columns
    robust = spread_over_groups(data.present, fitted.coefficients[:k], (moved.T @ moved)[:k, :k], data.n_groups)
    found = []
    for contrast in contrasts:
        codes = cohort.groups.index(contrast.group), cohort.groups.index(contrast.reference)
        pair, plain = robust.contrast(*codes), fitted.groups.contrast(*codes)
        if pair is not None and plain is not None:
            found.append(RobustError(contrast.group, contrast.reference, plain[0], robust=pair[1], model=plain[1]))
    return tuple(found)


def score_residuals(data: RegressionData, coefficients: Floats) -> Floats:
    """Each row's part of the score at the estimate, with Efron's handling of ties: (row, column).

    The rows add to 0. Therneau & Grambsch (2000), Modeling Survival Data, section 4.6.
    """
    hazard = np.exp(data.x @ coefficients)
    stratum = np.zeros(len(data.exit), dtype=np.int64) if data.stratum is None else data.stratum
    entry = np.zeros(len(data.exit)) if data.entry is None else data.entry
    residuals = np.zeros_like(data.x)
    for code in np.unique(stratum[data.event]):
        rows = np.flatnonzero(stratum == code)
        times, steps, means = [], [], []
        for dying, whole in risk_sets(data, hazard, rows):
            parts = _Tied(data.x[dying], hazard[dying], whole)
            residuals[dying] += data.x[dying] - parts.mean
            # A dying row is at risk for part of its time alone: give back what the sums below take too much.
            residuals[dying] += hazard[dying][:, None] * (data.x[dying] * parts.left - parts.left_mean)
            times.append(data.exit[dying[0]])
            steps.append(parts.step)
            means.append(parts.step_mean)
        order = np.argsort(times)
        cut = np.array(times)[order]
        step = np.append(0.0, np.cumsum(np.array(steps)[order]))
        mean = np.vstack([np.zeros(data.x.shape[1]), np.cumsum(np.array(means)[order], axis=0)])
        last = np.searchsorted(cut, data.exit[rows], side="right")
        first = np.searchsorted(cut, entry[rows], side="right")
        at_risk = data.x[rows] * (step[last] - step[first])[:, None] - (mean[last] - mean[first])
        residuals[rows] -= hazard[rows][:, None] * at_risk
    return residuals


class _Tied:
    """Sums over the tied events of one time, which leave the risk set one by one.

    step, step_mean : increments of the cumulative hazard, and of it times the mean at risk. left, left_mean : the parts
    of them for which a row that dies is no longer at risk. mean : average of the means at risk.
    """

    def __init__(self, x: Floats, hazard: Floats, whole: Moments) -> None:
        gone = np.arange(len(x)) / len(x)
        total = whole.hazard - gone * hazard.sum()
        means = (whole.first - gone[:, None] * (hazard[:, None] * x).sum(axis=0)) / total[:, None]
        self.step, self.step_mean = float((1 / total).sum()), (means / total[:, None]).sum(axis=0)
        self.left = float((gone / total).sum())
        self.left_mean = (gone[:, None] * means / total[:, None]).sum(axis=0)
        self.mean = means.mean(axis=0)
