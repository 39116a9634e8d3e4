"""The cohort as columns for Cox regression, under neutral names so that no user's name can break it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort.value import Cohort, Covariate
from bayesrefract.crosscheck.estimable import informative

if TYPE_CHECKING:
    import pandas as pd

TIME, EVENT, ENTRY, STRATUM = "time", "event", "entry", "stratum"


@dataclass(frozen=True)
class RegressionData:
    """One row per informative patient, one column per coefficient.

    x : (patient, column), named c0, c1, ... in the frame. The first len(present) - 1 columns are the
        groups present[1:] against present[0].
    terms : the group and every covariate, with their columns.
    entry, stratum : None where everybody enters at 0, or nothing is stratified.
    """

    exit: NDArray[np.float64]
    event: NDArray[np.bool_]
    entry: NDArray[np.float64] | None
    stratum: NDArray[np.int64] | None
    x: NDArray[np.float64]
    terms: tuple[tuple[str, slice], ...]
    present: NDArray[np.int64]
    n_groups: int

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
        entry=cohort.entry[keep] if cohort.has_delayed_entry else None,
        stratum=cohort.stratum[keep] if stratified else None,
        x=np.column_stack(columns) if columns else np.empty((int(keep.sum()), 0)),
        terms=tuple(terms),
        present=present,
        n_groups=len(cohort.groups),
    )


def _columns(covariate: Covariate, values: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Columns of one covariate; none where it does not vary among these patients."""
    if covariate.is_categorical:
        return [(values == code).astype(float) for code in np.unique(values)[1:]]
    if not len(values) or np.ptp(values) == 0:
        return []
    return [(values - values.mean()) / values.std()]
