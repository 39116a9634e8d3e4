"""What remains of a cohort: patients without a missing value, groups with somebody in them, covariates that vary."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort.cells import Cells
from bayesrefract.cohort.covariates import LARGEST, level_faults
from bayesrefract.cohort.faults import Faults
from bayesrefract.cohort.population import Grouping, Selection, describe
from bayesrefract.cohort.value import Covariate
from bayesrefract.messages import printable
from bayesrefract.study.study import Analysis


def left_out(
    adjusting: Mapping[str, tuple[Cells, bool]],
    strata: tuple[str, ...],
    population: NDArray[np.bool_],
    analysis: Analysis,
) -> dict[str, str]:
    """Covariates that are omitted without a fault, and the notes with the reason."""
    notes = {}
    for column, (cells, _) in adjusting.items():
        inside = set(cells.text[population & ~cells.missing])
        if column in strata:
            notes[column] = f"{column} is left out of the covariates: it is a stratum."
        elif len(inside) == 1 and len(set(cells.text[~cells.missing])) > 1:
            notes[column] = (
                f"{column} is left out of the covariates: it is {printable(inside.pop())} for every patient of "
                f"population {analysis.population.name} ({describe(analysis.population)})."
            )
    return notes


def keep_complete(selection: Selection, columns: tuple[Cells, ...]) -> None:
    """Exclude patients with a missing value, counted by the columns in which they have none."""
    if not columns:
        return
    absent = np.column_stack([cells.missing for cells in columns])
    for pattern in np.unique(absent[selection.kept], axis=0):
        if pattern.any():
            named = ", ".join(cells.name for cells, gone in zip(columns, pattern, strict=True) if gone)
            selection.exclude((absent == pattern).all(axis=1), f"missing {named}")


def finite(adjusting: Mapping[str, tuple[Cells, bool]]) -> NDArray[np.bool_] | np.bool_:
    """Records without a faulty cell in a continuous covariate, so that the other checks can go on."""
    numbers = [np.abs(cells.number) <= LARGEST for cells, is_categorical in adjusting.values() if not is_categorical]
    return np.logical_and.reduce(numbers) if numbers else np.True_


def groups_remain(grouping: Grouping, kept: NDArray[np.bool_], selection: Selection, faults: Faults) -> bool:
    """Check that every group still has a patient after the exclusions; if not, and all rows are valid, a fault."""
    counts = np.bincount(grouping.group[kept], minlength=len(grouping.levels))
    empty = [level for level, count in zip(grouping.levels, counts, strict=True) if count == 0]
    if empty and not faults.found:
        reasons = ", ".join(f"{reason} ({count})" for reason, count in selection.excluded.items())
        faults.column(
            f"nobody of {', '.join(empty)} is left to analyse. Excluded: {reasons}. "
            "Fill in the cells, or adjust for fewer columns."
        )
    return not empty


def usable(
    covariates: tuple[Covariate, ...], patients: int, analysis: Analysis, faults: Faults
) -> tuple[Covariate, ...]:
    """The covariates that vary and are not identifiers; any other is a fault."""
    found = []
    for covariate in covariates:
        if np.ptp(covariate.values) == 0:
            faults.column(
                f"covariate {covariate.name} has the same value for all {patients} analysed patients of "
                f"{analysis.name}. Take it out of the adjustment set."
            )
            continue
        if not faults.all_of(level_faults(f"covariate {covariate.name}", covariate.levels or (), patients)):
            found.append(covariate)
    return tuple(found)
