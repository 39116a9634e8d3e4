"""Histories that cannot be: every rule broken once, all faults told by row in one run; what `derive` writes passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
from lenalidomide_study import COHORT, FOLDER, Row, first, mutated
from test_cli import call
from therapy_example import FOLDER as EXAMPLE

from bayesrefract.cohort.faults import Faults
from bayesrefract.cohort.histories import check_histories
from bayesrefract.cohort.history_columns import HISTORY_COLUMNS
from bayesrefract.cohort.read import read_file
from bayesrefract.therapy import CohortRow

COLUMNS = HISTORY_COLUMNS["lenalidomide"]


def faults_of(path: Path) -> list[str]:
    records = read_file(path, COLUMNS)
    faults = Faults(records)
    check_histories(records, faults)
    return faults.sentences()


def set_first(column: str, value: str, **wanted: str) -> Callable[[list[Row]], None]:
    def change(rows: list[Row]) -> None:
        first(rows, **wanted)[column] = value

    return change


def pfs_beyond_os(rows: list[Row]) -> None:
    row = first(rows, retreated="0")
    row["pfs_second_line_months"] = str(float(row["os_second_line_months"]) + 1)


def high_risk_without_lesion(rows: list[Row]) -> None:
    first(rows, fish_high_risk="0")["fish_high_risk"] = "1"


def retreated_after_the_end(rows: list[Row]) -> None:
    row = first(rows, retreatment_is_second_line="0")
    row["months_first_relapse_to_retreatment"] = str(float(row["os_second_line_months"]) + 5)


def other_course(rows: list[Row]) -> None:
    row = first(rows, retreatment_is_second_line="1")
    row["pfs_retreatment_months"] = str(float(row["pfs_second_line_months"]) / 2)


def other_survival(rows: list[Row]) -> None:
    row = first(rows, retreatment_is_second_line="0")
    row["os_retreatment_months"] = str(float(row["os_retreatment_months"]) + 0.5)


def other_transplant(rows: list[Row]) -> None:
    row = first(rows, retreatment_is_second_line="1", second_line_asct="0")
    row["retreatment_asct"] = "1"


BROKEN: list[tuple[Callable[[list[Row]], None], str]] = [
    (pfs_beyond_os, "is longer than OS"),
    (
        set_first("pfs_second_line_event", "0", os_second_line_event="1", retreated="0"),
        "died without a PFS event of second line",
    ),
    (high_risk_without_lesion, "does not follow from its lesions"),
    (set_first("months_first_relapse_to_retreatment", "3", retreatment_is_second_line="1"), "It is 0 there"),
    (other_course, "One therapy has one course"),
    (other_transplant, "of the same therapy"),
    (
        set_first(
            "retreatment_regimen_class",
            "r_pi",
            retreatment_is_second_line="1",
            retreatment_regimen_class="r_daratumumab",
        ),
        "cannot be the same therapy as second line daratumumab",
    ),
    (set_first("months_first_relapse_to_retreatment", "0", retreatment_is_second_line="0"), "starts at first relapse"),
    (retreated_after_the_end, "alive and observed then"),
    (other_survival, "without the time to retreatment is"),
    (set_first("os_retreatment_event", "0", os_retreatment_event="1"), "There is one death"),
    (set_first("retreatment_asct", "1", retreated="0"), "but retreated is not 1"),
    (set_first("pfs_retreatment_months", "", retreated="1"), "is missing, but retreated is 1"),
    (set_first("egfr_below_60", "", retreated="0"), 'egfr_below_60 "" is not a flag'),
    (set_first("iss_stage_iii", "III", retreated="0"), 'iss_stage_iii "III" is not a flag'),
    (set_first("refractoriness", "25 mg", retreated="0"), 'refractoriness "25 mg" is not known'),
    (set_first("os_second_line_months", "-1", retreated="0"), 'os_second_line_months "-1" is not a time'),
]


@pytest.mark.parametrize(("change", "sentence"), BROKEN, ids=[sentence for _, sentence in BROKEN])
def test_each_rule_tells_the_row_and_the_patient(
    tmp_path: Path, change: Callable[[list[Row]], None], sentence: str
) -> None:
    told = [fault for fault in faults_of(mutated(tmp_path, change)) if sentence in fault]
    assert told, faults_of(mutated(tmp_path, change))
    assert told[0].startswith("cohort.csv line ")
    assert "(patient REBUILT-" in told[0]


def test_all_rows_are_told_in_one_run(tmp_path: Path) -> None:
    def change(rows: list[Row]) -> None:
        for broken in (pfs_beyond_os, high_risk_without_lesion, retreated_after_the_end, other_course):
            broken(rows)

    told = " ".join(faults_of(mutated(tmp_path, change)))
    for sentence in ("is longer than OS", "does not follow", "alive and observed then", "One therapy has one course"):
        assert sentence in told


def test_the_committed_cohort_has_no_fault() -> None:
    assert faults_of(COHORT) == []


def test_what_derive_writes_has_no_fault(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "cohort.csv"
    tables = [part for name in ("patients", "lines", "doses") for part in (f"--{name}", str(EXAMPLE / f"{name}.csv"))]
    assert call(capsys, "derive", *tables, "--out", str(out))[0] == 0
    assert faults_of(out) == []


def test_the_columns_are_those_that_derive_writes() -> None:
    assert set(COLUMNS) == {field.name for field in fields(CohortRow)}


def test_the_study_refuses_incoherent_histories(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for name in ("study.toml", "published_counts.csv", "published_estimates.csv", "reconstruction_spread.csv"):
        if (FOLDER / name).exists():
            (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    mutated(tmp_path, pfs_beyond_os)
    code, _, error = call(capsys, "fit", str(tmp_path), "--out", str(tmp_path / "out"))
    assert code == 1
    assert "is longer than OS" in error
    assert not (tmp_path / "out" / "lenalidomide").exists()
