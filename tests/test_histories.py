"""Histories that cannot be: every rule broken once, all faults told by row in one run; what `derive` writes passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
from bad_history_cases import BROKEN, high_risk_without_lesion, other_course, pfs_beyond_os, retreated_after_the_end
from lenalidomide_study import COHORT, FOLDER, Row, mutated
from test_cli import call
from therapy_example import FOLDER as EXAMPLE

from bayesrefract.cohort.faults import Faults
from bayesrefract.cohort.read import read_file
from bayesrefract.studies.lenalidomide.derive import CohortRow
from bayesrefract.studies.lenalidomide.histories import HISTORY_COLUMNS, check_histories

COLUMNS = HISTORY_COLUMNS


def faults_of(path: Path) -> list[str]:
    records = read_file(path, COLUMNS)
    faults = Faults(records)
    check_histories(records, faults)
    return faults.sentences()


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


def test_a_cell_that_cannot_be_read_hides_no_other_row(tmp_path: Path) -> None:
    def change(rows: list[Row]) -> None:
        rows[0]["sex"] = "F"
        pfs_beyond_os(rows)

    told = " ".join(faults_of(mutated(tmp_path, change)))
    assert 'sex "F" is not known' in told
    assert "is longer than OS" in told


def test_progression_may_have_been_looked_for_no_longer_than_that(tmp_path: Path) -> None:
    """A censored PFS before a later death is no fault of real records."""

    def change(rows: list[Row]) -> None:
        row = next(r for r in rows if r["os_second_line_event"] == "1" and r["retreated"] == "0")
        row["pfs_second_line_months"] = str(float(row["os_second_line_months"]) / 2)
        row["pfs_second_line_event"] = "0"

    assert faults_of(mutated(tmp_path, change)) == []


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
