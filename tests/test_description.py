"""Tables of patients and balance: counts, closed forms, the paper's own p-values, and the order of rows."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lenalidomide_study import COUNTS, FOLDER, mutated

from bayesrefract.classical.balance import balance, distance_of_shares, standardised_difference
from bayesrefract.classical.describe import Description, Variable, describe
from bayesrefract.cohort.read import Records, read_records
from bayesrefract.papers import read_counts
from bayesrefract.report.tables.patients import balance_table, description_table
from bayesrefract.studies.lenalidomide.derive import cohort_cell
from bayesrefract.studies.lenalidomide.tables import printed_p
from bayesrefract.study.study import Condition, Contrast, Evidence, PatientTable, Study, with_records
from bayesrefract.study.study_file import load_study

SMALL = """patient_id,refractoriness,age_years,iss_stage_iii,sex,stage
1,low_dose,50,1,female,I
2,low_dose,60,0,male,II
3,low_dose,70,,male,II
4,standard_dose,40,1,female,III
5,standard_dose,80,1,,I
6,not_refractory,55,0,male,I
7,not_refractory,65,0,male,II
8,elsewhere,99,1,female,III
"""
COLUMNS = ("age_years", "iss_stage_iii", "sex", "stage")


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study(FOLDER)


@pytest.fixture(scope="module")
def committed(study: Study) -> Records:
    return read_records(study)


def small(study: Study, folder: Path, *where: Condition) -> tuple[Description, Study, Records]:
    path = folder / "small.csv"
    path.write_text(SMALL, encoding="utf-8")
    table = PatientTable("t", "T", COLUMNS, where)
    asked = replace(with_records(study, path), tables=(table,), analyses=(), extension=None)
    records = read_records(replace(asked, analyses=()), lambda text: None)
    records = Records(
        records.frame.assign(refractoriness=[line.split(",")[1] for line in SMALL.splitlines()[1:]]),
        records.sha256,
        records.label,
        records.first_line,
        records.header,
    )
    named = replace(asked, analyses=study.analyses)
    return describe(records, named, table), named, records


def variable(description: Description, column: str) -> Variable:
    return next(each for each in description.variables if each.column == column)


def test_counts_by_hand(study: Study, tmp_path: Path) -> None:
    found, _, _ = small(study, tmp_path)
    assert found.groups == ("low_dose", "standard_dose", "not_refractory")
    assert found.sizes == (3, 2, 2)
    (flag,) = variable(found, "iss_stage_iii").levels
    assert (flag.counts, flag.known) == ((1, 2, 0), (2, 2, 2))
    assert variable(found, "iss_stage_iii").unknown == (1, 0, 0)
    assert {level.level: level.counts for level in variable(found, "sex").levels} == {
        "female": (1, 1, 0),
        "male": (2, 0, 2),
    }
    ages = variable(found, "age_years").quartiles
    assert ages is not None
    assert ages.values == ((55.0, 60.0, 65.0), (50.0, 60.0, 70.0), (57.5, 60.0, 62.5))
    assert ages.p == pytest.approx(1.0)  # mean rank 4 in each group


def test_a_condition_leaves_the_others_out(study: Study, tmp_path: Path) -> None:
    found, _, _ = small(study, tmp_path, Condition("age_years", low=50, high=70))
    assert found.sizes == (3, 0, 2)


def test_kruskal_wallis_by_hand(study: Study, tmp_path: Path) -> None:
    """Ranks 2, 4 | 1 | 3, 5: H = 12 / 30 * (18 + 1 + 32) - 18 = 2.4, with 2 degrees of freedom: exp(-1.2)."""
    found, _, _ = small(study, tmp_path, Condition("age_years", low=40, high=65))
    ages = variable(found, "age_years").quartiles
    assert ages is not None
    assert ages.p == pytest.approx(math.exp(-1.2))


def test_chi_square_by_hand(study: Study, tmp_path: Path) -> None:
    """Flag 1: 1 of 2, 2 of 2, 0 of 2: each expected count is 1; chi-square 4 with 2 degrees of freedom: exp(-2)."""
    found, _, _ = small(study, tmp_path)
    (flag,) = variable(found, "iss_stage_iii").levels
    assert flag.p == pytest.approx(math.exp(-2))
    assert flag.exact == pytest.approx(12 / 20)  # six tables with 2 of 20 ways each are as rare; (1, 1, 1) has 8


def test_every_printed_count_is_found(study: Study, committed: Records) -> None:
    found = {
        (each.column, level.level): dict(zip(description.groups, level.counts, strict=True))
        for description in (describe(committed, study, table) for table in study.tables)
        for each in description.variables
        for level in each.levels
    }
    compared = 0
    for row in csv.DictReader(COUNTS.read_text(encoding="utf-8").splitlines()):
        cell = cohort_cell(row["setting"], row["variable"], row["level"])
        if cell is not None and row["population"] == "all":
            assert found[cell] == {group: int(row[group]) for group in found[cell]}
            compared += 1
    assert compared == 30


def test_the_printed_p_values_follow_from_the_committed_cohort(study: Study, committed: Records) -> None:
    """Printed with digits and met: 18 by Pearson on full denominators, cut off; ISS and FISH on those known.

    eGFR and the transplant with retreatment do not follow from the counts.
    """
    beside = printed_p(read_counts(COUNTS))
    met = 0
    for table in study.tables:
        for each in describe(committed, study, table).variables:
            for level in each.levels:
                printed = beside.get((each.column, level.level))
                if printed is None or printed.startswith("<") or level.p is None:
                    continue
                digits = len(printed.partition(".")[2])
                met += math.floor(level.p * 10**digits + 1e-9) / 10**digits == float(printed)
    assert met == 20


def test_standardised_differences_in_closed_form() -> None:
    first, second = np.array([1.0, 2.0, 3.0]), np.array([3.0, 4.0, 5.0])
    assert standardised_difference(first, second) == pytest.approx(-2.0)  # both variances are 1
    assert standardised_difference(np.ones(3), np.ones(4)) is None


def test_the_distance_of_two_levels_is_the_binary_difference() -> None:
    a, b = 0.3, 0.5
    binary = abs(a - b) / math.sqrt((a * (1 - a) + b * (1 - b)) / 2)
    assert distance_of_shares(np.array([a, 1 - a]), np.array([b, 1 - b])) == pytest.approx(binary)


def test_the_distance_does_not_depend_on_the_level_left_out() -> None:
    a, b = np.array([0.2, 0.3, 0.5]), np.array([0.4, 0.25, 0.35])
    one, other = distance_of_shares(a, b), distance_of_shares(a[::-1], b[::-1])
    assert one == pytest.approx(other)


def test_balance_of_the_primary_pair(study: Study, committed: Records) -> None:
    found = {each.column: each for each in balance(committed, study, study.tables[0], study.analyses[0].primary)}
    first, second = 18 / 74, 92 / 184
    expected = (first - second) / math.sqrt((first * (1 - first) + second * (1 - second)) / 2)
    assert found["first_line_asct"].difference == pytest.approx(expected)
    swapped = Contrast("low_dose", "standard_dose", primary=True)
    back = {each.column: each for each in balance(committed, study, study.tables[0], swapped)}
    assert back["first_line_asct"].difference == pytest.approx(-expected)
    assert back["first_line_regimen_size"].difference == pytest.approx(found["first_line_regimen_size"].difference)


def test_the_order_of_rows_changes_nothing(study: Study, committed: Records, tmp_path: Path) -> None:
    other = mutated(tmp_path, lambda rows: rows.reverse())
    reversed_ = read_records(with_records(study, other))
    for table in study.tables:
        assert describe(reversed_, study, table) == describe(committed, study, table)


def test_tables_say_what_the_patients_are(study: Study, committed: Records) -> None:
    found = describe(committed, study, study.tables[0])
    table = description_table(found, Evidence.REBUILT, printed_p(read_counts(COUNTS)))
    assert table.notes[0].startswith("Rebuilt patients.")
    assert table.columns[1].name == "low_dose (n = 184)"
    row = next(row for row in table.rows if row[0] == "ISS stage III")
    assert row[-1] == "0.64"
    assert any(row[0].strip() == "unknown" for row in table.rows)
    assert "p with the unknown among the rest: ISS stage III 0.767" in table.notes[-1], "as an audit of the counts says"
    pair = balance(committed, study, study.tables[0], study.analyses[0].primary)
    assert "Rebuilt" in balance_table(pair, "a vs b", Evidence.REBUILT).notes[0]
    assert "Rebuilt" not in balance_table(pair, "a vs b", Evidence.PATIENTS).notes[0]
