"""The cohort as design columns for regression, and which of its effects can be estimated."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort.value import Cohort, Covariate

if TYPE_CHECKING:
    import pandas as pd


NO_MAXIMUM_SE = 10.0
"""A log hazard ratio with a larger standard error has no maximum: one event per group gives about 1.4."""


@dataclass(frozen=True)
class GroupEffects:
    """Log hazards of the groups against one of them, from any of the fits.

    log_effects : (group,), 0 for the group that the others are compared with, NaN where a group has no
        events. covariance : (group, group), zero in the row of that group.
    reason : why nothing could be estimated, or empty.
    """

    log_effects: NDArray[np.float64] = field(repr=False)
    covariance: NDArray[np.float64] = field(repr=False)
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
    """The result of a fit that failed."""
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


TIME, EVENT, ENTRY, STRATUM = "time", "event", "entry", "stratum"


@dataclass(frozen=True)
class RegressionData:
    """The rows of informative patients, one column per coefficient.

    x : (row, column), named c0, c1, ... in the frame. The first len(present) - 1 columns are the
        groups present[1:] against present[0].
    terms : the group and every covariate, with their columns.
    entry, stratum : None where everybody enters at 0, or nothing is stratified. owner : the patient of each row.
    """

    exit: NDArray[np.float64] = field(repr=False)
    event: NDArray[np.bool_] = field(repr=False)
    entry: NDArray[np.float64] | None = field(repr=False)
    stratum: NDArray[np.int64] | None = field(repr=False)
    x: NDArray[np.float64] = field(repr=False)
    terms: tuple[tuple[str, slice], ...]
    present: NDArray[np.int64] = field(repr=False)
    n_groups: int
    owner: NDArray[np.int64] | None = field(default=None, repr=False)

    @property
    def n_group_columns(self) -> int:
        return max(len(self.present) - 1, 0)

    def frame(self) -> pd.DataFrame:
        """As a data frame for lifelines."""
        import pandas as pd

        columns: dict[str, NDArray[np.generic]] = {f"c{i}": self.x[:, i] for i in range(self.x.shape[1])}
        columns |= {TIME: self.exit, EVENT: self.event}
        if self.entry is not None:
            columns[ENTRY] = self.entry
        if self.stratum is not None:
            columns[STRATUM] = self.stratum
        return pd.DataFrame(columns)


def regression_data(cohort: Cohort, *, stratified: bool) -> RegressionData:
    """Groups and categories as indicators, continuous covariates standardised for conditioning.

    Patients in groups or levels without events are left out: see `informative`.
    """
    keep = informative(cohort.group, cohort.covariates, cohort.event.astype(float))
    present = np.unique(cohort.group[keep])
    columns = [(cohort.group[keep] == code).astype(float) for code in present[1:]]
    terms = [("group", slice(0, len(columns)))] if columns else []
    for covariate in cohort.covariates:
        parts = _columns(covariate, covariate.values[keep])
        if parts:
            terms.append((covariate.name, slice(len(columns), len(columns) + len(parts))))
            columns += parts
    return RegressionData(
        exit=cohort.exit[keep],
        event=cohort.event[keep],
        entry=cohort.entry[keep] if cohort.has_entries else None,
        stratum=cohort.stratum[keep] if stratified else None,
        x=np.column_stack(columns) if columns else np.empty((int(keep.sum()), 0)),
        terms=tuple(terms),
        present=present,
        n_groups=len(cohort.groups),
        owner=cohort.owners[keep],
    )


def _columns(covariate: Covariate, values: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Columns of one covariate; none where it does not vary among these patients."""
    if covariate.is_categorical:
        return [(values == code).astype(float) for code in np.unique(values)[1:]]
    if not len(values) or np.ptp(values) == 0:
        return []
    return [(values - values.mean()) / values.std()]
