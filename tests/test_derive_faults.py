"""Tables that cannot be: each fault with its row, patient and remedy, all of one run together, and nothing written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bad_therapy_cases import FAULTS, PLACELESS, dose, line, patient
from test_cli import call
from test_derive import cohort_of, run
from therapy_example import EXAMPLE, changed, rows_of, tables_in, text_of

from bayesrefract.errors import RecordsError
from bayesrefract.messages import SCREEN_LINES
from bayesrefract.studies.lenalidomide.derive import read_histories


@pytest.mark.parametrize(("texts", "told"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_told(tmp_path: Path, texts: dict[str, str], told: str) -> None:
    with pytest.raises(RecordsError) as error:
        read_histories(tables_in(tmp_path, **texts))
    assert told in "\n".join(error.value.faults)


@pytest.mark.parametrize("name", [name for name in FAULTS if name not in {"nameless-patient"}])
def test_a_fault_is_told_once_or_with_what_follows_from_it(tmp_path: Path, name: str) -> None:
    """One slip is not drowned in sentences about what it entails."""
    with pytest.raises(RecordsError) as error:
        read_histories(tables_in(tmp_path, **FAULTS[name][0]))
    assert len(error.value.faults) <= 2, error.value.faults


@pytest.mark.parametrize("name", [name for name in FAULTS if name not in PLACELESS])
def test_a_fault_of_a_row_names_table_line_and_patient(tmp_path: Path, name: str) -> None:
    with pytest.raises(RecordsError) as error:
        read_histories(tables_in(tmp_path, **FAULTS[name][0]))
    for fault in error.value.faults:
        named = (
            r" line \d+: patient_id is missing" if "patient_id is missing" in fault else r" line \d+ \(patient .+?\): "
        )
        assert re.match(rf"(patients|lines|doses)\.csv{named}", fault) or fault.startswith("... and "), fault


def test_dates_that_may_meet(tmp_path: Path) -> None:
    """Stop, progression, next start and last contact on one day are no faults."""
    texts = {
        "patients": changed("patients", "invented-03", last_contact_date="2016-09-01"),
        "lines": text_of(
            [
                row
                | (
                    {"stop_date": "2016-09-01", "progression_date": "2016-09-01"}
                    if (row["patient_id"], row["line"]) == ("invented-03", "1")
                    else {}
                )
                for row in rows_of(EXAMPLE["lines"])
            ]
        ),
    }
    (row,) = (row for row in cohort_of(tmp_path, **texts) if row["patient_id"] == "invented-03")
    assert row["refractoriness"] == "not_refractory"  # 62 days after the stop
    assert (row["pfs_second_line_months"], row["pfs_second_line_event"]) == ("0", "0")


def test_all_faults_of_all_files_in_one_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = (
        patient("invented-04", death_date="2015-12-31")
        | line("invented-01", start_date="2014-01")
        | dose("invented-08", schedule="dayly")
    )
    code, out, err = run(capsys, tables_in(tmp_path / "in", **texts), tmp_path / "out" / "cohort.csv")
    assert (code, out) == (1, "")
    assert not (tmp_path / "out").exists()
    for told in ("patients.csv line 5", "lines.csv line 2", "doses.csv line 18", 'Did you mean "daily"?'):
        assert told in err
    assert "Traceback" not in err


def test_many_faults_fit_one_screen_with_a_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = {name: text.replace("-01-", "/01/").replace("-15,", "/15,") for name, text in EXAMPLE.items()}
    code, _, err = run(capsys, tables_in(tmp_path / "in", **texts), tmp_path / "cohort.csv")
    assert code == 1
    assert len(err.splitlines()) <= SCREEN_LINES + 2
    assert "more rows with faults; correct these first." in err
    assert all(f"{name}.csv line" in err for name in ("patients", "lines"))


def test_tables_in_the_wrong_place_are_told_by_their_columns(tmp_path: Path) -> None:
    with pytest.raises(RecordsError) as error:
        read_histories(tables_in(tmp_path, patients=EXAMPLE["lines"], lines=EXAMPLE["patients"]))
    patients, ages, lines = error.value.faults
    assert patients.startswith('patients.csv: there is no column "sex", "diagnosis_date", "iss_stage"')
    assert "age_years" in ages
    assert lines.startswith('lines.csv: there is no column "line", "start_date"')


def test_where_the_cohort_may_not_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables = tables_in(tmp_path)
    for out, told in (
        (tables.lines, "would overwrite one of the tables"),
        (tmp_path / "cohort.parquet", "Let its name end in .csv."),
        (tmp_path / "in.csv", "this is a folder."),
    ):
        (tmp_path / "in.csv").mkdir(exist_ok=True)
        code, _, err = run(capsys, tables, out)
        assert (code, told in err) == (1, True), err
    assert tables.lines.read_text(encoding="utf-8") == EXAMPLE["lines"]


def test_a_cohort_of_nobody_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name, first = "invented-06", EXAMPLE["lines"].splitlines()[0]
    texts = {
        table: "".join(line for line in text.splitlines(keepends=True) if line.startswith((name, "patient_id")))
        for table, text in EXAMPLE.items()
    }
    assert texts["lines"].startswith(first)
    code, _, err = run(capsys, tables_in(tmp_path / "in", **texts), tmp_path / "out" / "cohort.csv")
    assert code == 1
    assert "No patient is left for the cohort (1 no relapse recorded after first line)." in err
    assert not (tmp_path / "out").exists()


def test_a_missing_file_does_not_hide_the_faults_of_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = tables_in(tmp_path, **line("invented-01", start_date="2014-01"))
    code, _, err = run(capsys, tables._replace(doses=tmp_path / "nothing.csv"), tmp_path / "cohort.csv")
    assert code == 1
    assert "there is no such file." in err
    assert "lines.csv line 2" in err


def test_the_help_names_the_files(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "derive", "--help")
    assert code == 0
    for word in ("--patients", "--lines", "--doses", "--out", "--evidence", "data_dictionary.md", "FILE-flow.csv"):
        assert word in out
