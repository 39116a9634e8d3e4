"""Comparison of a cohort with every number that the paper prints."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesrefract.cohort.read import Records, read_file
from bayesrefract.errors import InputError
from bayesrefract.interval import Interval
from bayesrefract.messages import listed
from bayesrefract.papers import Counts, Estimate, read_counts, read_estimates
from bayesrefract.studies.lenalidomide.derive import COHORT_COLUMNS, TEXT_COLUMNS
from bayesrefract.studies.lenalidomide.fidelity.conventions import (
    FollowUp,
    cox_ratios,
    log_rank_p,
    median_with_log_limits,
)
from bayesrefract.studies.lenalidomide.fidelity.counts import count_rows
from bayesrefract.studies.lenalidomide.fidelity.rows import Fidelity, FidelityRow, Part

SECOND_LINE, RETREATMENT = "second_line", "len_retreatment"
COLUMNS = {SECOND_LINE: "second_line", RETREATMENT: "retreatment"}
"""Setting -> the middle of its columns' names: pfs_second_line_months."""
REFERENCE = "not_refractory"
"""Of the adjusted models."""
ADJUSTED_FOR = {
    SECOND_LINE: (
        "fish_high_risk",
        "iss_stage_iii",
        "pi_or_daratumumab_refractory",
        "second_line_regimen_class",
        "second_line_asct",
    ),
    RETREATMENT: ("iss_stage_iii", "fish_high_risk", "retreatment_regimen_class", "retreatment_asct"),
}
"""As the paper's Results say."""


def check_fidelity(cohort: Path, estimates: Path, counts: Path) -> Fidelity:
    """Recompute every row of both files from the cohort. Raises InputError where a file cannot be used."""
    patients = read_cohort(cohort)
    _, printed = read_estimates(estimates)
    return compare(patients, printed, read_counts(counts))


def check_text(cohort: str, printed: tuple[Estimate, ...], counts: Counts) -> Fidelity:
    """The same for a cohort that is not yet a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cohort.csv"
        path.write_text(cohort, encoding="utf-8")
        return compare(read_cohort(path), printed, counts)


def compare(patients: pd.DataFrame, printed: tuple[Estimate, ...], counts: Counts) -> Fidelity:
    """The rows of a cohort that is read already."""
    return Fidelity((*(_survival_row(row, patients) for row in printed), *count_rows(counts, patients)))


def read_cohort(path: Path) -> pd.DataFrame:
    """The cohort's columns as numbers (NaN where empty) and texts. Raises InputError where one is missing."""
    return patients_of(read_file(path, COHORT_COLUMNS))


def patients_of(records: Records) -> pd.DataFrame:
    """The same of records that are read already. Raises InputError where a column is missing."""
    absent = [column for column in COHORT_COLUMNS if column not in records.header]
    if absent:
        raise InputError(f"{records.label}: there is no column {listed(absent)}.")
    columns: Mapping[str, NDArray[np.object_] | NDArray[np.float64]] = {
        column: records.cells(column).text if column in TEXT_COLUMNS else records.cells(column).number
        for column in COHORT_COLUMNS
    }
    return pd.DataFrame(columns)


def _survival_row(row: Estimate, patients: pd.DataFrame) -> FidelityRow:
    found = rebuilt(row, patients)
    values = [(row.value, found.estimate)]
    if row.low is not None or row.row["ci_low"]:
        values += [(row.low, found.low), (row.high, found.high)]
    printed = row.row["printed"] if len(values) == 1 else row.printed
    parts = tuple(Part(number, value, row.is_p_below) for number, value in values)
    return FidelityRow((*row.scope, row.statistic, row.group, row.reference), printed, parts, True)


def rebuilt(row: Estimate, patients: pd.DataFrame) -> Interval:
    """What the cohort gives for one printed row."""
    population, setting, endpoint = row.scope
    chosen = patients if population == "all" else patients[patients["egfr_below_60"] == 0]
    if setting == RETREATMENT:
        chosen = chosen[chosen["retreated"] == 1]
    if row.statistic == "reverse_km_median":
        return median_with_log_limits(_observed(chosen, setting).reversed)
    if row.statistic in {"median_iqr", "median"}:
        return _quartiles(row, chosen)
    months, event = (f"{endpoint}_{COLUMNS[setting]}_{end}" for end in ("months", "event"))
    if row.is_ratio:
        return _ratio(row, chosen, months, event)
    group = _follow_up(chosen, row.group, months, event)
    if row.is_p:
        return Interval(log_rank_p(group, _follow_up(chosen, row.reference, months, event)), None, None)
    return median_with_log_limits(group)


def _follow_up(patients: pd.DataFrame, group: str, months: str, event: str) -> FollowUp:
    inside = patients[patients["refractoriness"] == group]
    return FollowUp(inside[months].to_numpy(), inside[event].to_numpy() == 1)


def _observed(patients: pd.DataFrame, setting: str) -> FollowUp:
    """Survival of everybody from diagnosis, or from second line."""
    months = patients["os_second_line_months"].to_numpy()
    if setting == "diagnosis":
        months = np.round(months + patients["months_diagnosis_to_first_relapse"].to_numpy(), 6)
    return FollowUp(months, patients["os_second_line_event"].to_numpy() == 1)


def _quartiles(row: Estimate, patients: pd.DataFrame) -> Interval:
    """Median and quartiles (R's type 7) of a time that nobody is censored on."""
    column = "months_diagnosis_to_first_relapse"
    if row.scope[1] == RETREATMENT:
        patients = patients[patients["retreatment_is_second_line"] == 0]
        column = "months_first_relapse_to_retreatment"
    if row.group != "all":
        patients = patients[patients["refractoriness"] == row.group]
    low, middle, high = (float(each) for each in np.quantile(patients[column], [0.25, 0.5, 0.75]))
    return Interval(middle, low, high)


def _ratio(row: Estimate, patients: pd.DataFrame, months: str, event: str) -> Interval:
    """One Cox model on all three groups; the adjusted one on those whose covariates are all known."""
    reference = REFERENCE if row.is_adjusted else row.reference
    adjust = ADJUSTED_FOR[row.scope[1]] if row.is_adjusted else ()
    complete = patients.dropna(subset=[column for column in adjust if column not in TEXT_COLUMNS])
    terms = {
        group: (complete["refractoriness"] == group).to_numpy(dtype=float)
        for group in sorted(set(complete["refractoriness"]) - {reference})
    }
    for column in adjust:
        if column in TEXT_COLUMNS:
            levels = sorted(set(complete[column]))
            terms |= {f"{column}={level}": (complete[column] == level).to_numpy(dtype=float) for level in levels[1:]}
        else:
            terms[column] = complete[column].to_numpy(dtype=float)
    return cox_ratios(complete, months, event, terms)[row.group]
