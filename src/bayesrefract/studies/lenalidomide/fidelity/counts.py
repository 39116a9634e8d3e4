"""Printed counts, group sizes and quartiles of age, recomputed from the cohort."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pandas as pd

from bayesrefract.papers import CountRow, Counts, Number
from bayesrefract.studies.lenalidomide.derive import TEXT_COLUMNS, cohort_cell
from bayesrefract.studies.lenalidomide.fidelity.rows import FidelityRow, Part

AGE_QUARTILES = {"age_q1_years": 0.25, "age_median_years": 0.5, "age_q3_years": 0.75}
SAME_LINE = re.compile(r"(\d+) of the \d+ retreated")
KRUSKAL_WALLIS = "Kruskal-Wallis p"
RETREATMENT = "len_retreatment"


def count_rows(counts: Counts, patients: pd.DataFrame) -> Iterator[FidelityRow]:
    """Group sizes, then every printed row: a part per group."""
    for (population, setting), sizes in counts.sizes.items():
        chosen = _patients(patients, population, setting)
        found = [float((chosen["refractoriness"] == group).sum()) for group in counts.groups]
        parts = tuple(Part(_whole(size), value) for size, value in zip(sizes, found, strict=True))
        yield FidelityRow((population, setting, "n", "", "", ""), " ".join(map(str, sizes)), parts, False)
    for row in counts.rows:
        yield FidelityRow((*row.block, row.row["level"], "", ""), _printed(row), _parts(row, counts, patients), False)
        if row.p is not None and row.variable == "age_median_years":
            yield _age_p(row, row.p, counts, patients)


def _printed(row: CountRow) -> str:
    texts = [number.text for number in row.numbers if number is not None]
    return " ".join(texts) or row.row["note"]


def _patients(patients: pd.DataFrame, population: str, setting: str) -> pd.DataFrame:
    chosen = patients if population == "all" else patients[patients["egfr_below_60"] == 0]
    return chosen[chosen["retreated"] == 1] if setting == RETREATMENT else chosen


def _parts(row: CountRow, counts: Counts, patients: pd.DataFrame) -> tuple[Part, ...]:
    population, setting, variable = row.block
    chosen = _patients(patients, population, setting)
    groups = [chosen[chosen["refractoriness"] == group] for group in counts.groups]
    same_line = SAME_LINE.search(row.row["note"]) if variable == "retreatment_line" else None
    if same_line:
        return (Part(_whole(int(same_line[1])), float((chosen["retreatment_is_second_line"] == 1).sum())),)
    if variable in AGE_QUARTILES:
        found = [float(np.quantile(group["age_years"].dropna(), AGE_QUARTILES[variable])) for group in groups]
    else:
        cell = cohort_cell(setting, variable, row.row["level"])
        if cell is None:
            return ()
        column, value = cell
        wanted = value if column in TEXT_COLUMNS else float(value)
        found = [float((group[column] == wanted).sum()) for group in groups]
    return tuple(Part(number, value) for number, value in zip(row.numbers, found, strict=True))


def _age_p(row: CountRow, printed: Number, counts: Counts, patients: pd.DataFrame) -> FidelityRow:
    """The one p-value of the tables that follows from the patients alone."""
    from scipy.stats import kruskal

    ages = [patients.loc[patients["refractoriness"] == group, "age_years"].dropna() for group in counts.groups]
    part = Part(printed, float(kruskal(*ages).pvalue), printed.below)
    return FidelityRow((*row.block, KRUSKAL_WALLIS, "", ""), printed.text, (part,), False)


def _whole(count: int) -> Number:
    return Number(str(count), Fraction(count), Fraction(1))
