"""Which rows carry information on the effects, and what group effects a fit leaves behind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort.value import Covariate

NO_MAXIMUM_SE = 10.0
"""A log hazard ratio with a larger standard error has no maximum: one event per group gives about 1.4."""


@dataclass(frozen=True)
class GroupEffects:
    """Log hazards of the groups against one of them, from any of the fits.

    log_effects : (group,), 0 for the group that the others are held against, NaN where a group has no
        events. covariance : (group, group), zero in the row of that group.
    reason : why nothing could be estimated, or empty.
    """

    log_effects: NDArray[np.float64]
    covariance: NDArray[np.float64]
    reason: str = ""

    def contrast(self, group: int, reference: int) -> tuple[float, float] | None:
        """Log hazard ratio and its standard error, or None where the likelihood has no maximum."""
        log_hr = self.log_effects[group] - self.log_effects[reference]
        weights = np.zeros(len(self.log_effects))
        weights[group], weights[reference] = 1.0, -1.0
        used = [group, reference]
        variance = weights[used] @ self.covariance[np.ix_(used, used)] @ weights[used]
        if not (np.isfinite(log_hr) and 0 < variance <= NO_MAXIMUM_SE**2):
            return None
        return float(log_hr), float(np.sqrt(variance))


def no_effects(groups: int, reason: str) -> GroupEffects:
    """The result of a fit that could not be made."""
    return GroupEffects(np.full(groups, np.nan), np.full((groups, groups), np.nan), reason)


def spread_over_groups(
    present: NDArray[np.int64], effects: NDArray[np.float64], covariance: NDArray[np.float64], groups: int
) -> GroupEffects:
    """Coefficients of present[1:] against present[0], laid out over all groups of the cohort."""
    everywhere = no_effects(groups, "")
    others = present[1:]
    everywhere.log_effects[present] = 0.0
    everywhere.log_effects[others] = effects
    everywhere.covariance[np.ix_(present, present)] = 0.0
    everywhere.covariance[np.ix_(others, others)] = covariance
    return everywhere


def informative(
    group: NDArray[np.int64], covariates: tuple[Covariate, ...], events: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Rows whose group and categorical levels all have events; shape (row,), as `events`.

    Without events, the effect of a group or level runs to minus infinity and its patients' hazard to
    zero. Leaving these rows out gives exactly that limit for all other effects, and a finite maximum.
    """
    keep = np.ones(len(events), dtype=bool)
    codes = [group, *(c.values.astype(np.int64) for c in covariates if c.is_categorical)]
    for code in codes:
        keep &= np.bincount(code, weights=events)[code] > 0
    return keep
