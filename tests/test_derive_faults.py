"""Tables that cannot be: each fault with its row, patient and remedy, all of one run together, and nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_cli import call
from test_derive import cohort_of, run
from therapy_example import EXAMPLE, changed, rows_of, tables_in, text_of

from bayesrefract.errors import RecordsError
from bayesrefract.listing import SCREEN_LINES
from bayesrefract.therapy import read_histories


def more(table: str, *cells: str) -> str:
    """The example's table with one more row."""
    return f"{EXAMPLE[table]}{','.join(cells)}\n"


def patient(name: str, **cells: str) -> dict[str, str]:
    return {"patients": changed("patients", name, **cells)}


def line(name: str, number: int = 1, **cells: str) -> dict[str, str]:
    return {"lines": changed("lines", name, number, **cells)}


def dose(name: str, number: int = 1, **cells: str) -> dict[str, str]:
    return {"doses": changed("doses", name, number, **cells)}


FAULTS: dict[str, tuple[dict[str, str], str]] = {
    "partial-month": (
        line("invented-01", start_date="2014-01"),
        'lines.csv line 2 (patient invented-01): start_date "2014-01" is only part of a date. Look up the day',
    ),
    "partial-year": (
        patient("invented-02", diagnosis_date="2015"),
        'patients.csv line 3 (patient invented-02): diagnosis_date "2015" is only part of a date.',
    ),
    "not-iso": (
        dose("invented-01", date="01/01/2014"),
        'doses.csv line 2 (patient invented-01): date "01/01/2014" is not an ISO date. Write YYYY-MM-DD',
    ),
    "with-a-time": (line("invented-01", progression_date="2015-01-01 00:00"), "is not an ISO date."),
    "no-such-day": (patient("invented-01", death_date="2018-02-30"), "is not in the calendar."),
    "no-diagnosis": (patient("invented-01", diagnosis_date=""), "diagnosis_date is missing."),
    "no-start": (line("invented-01", start_date=""), "start_date is missing."),
    "no-dose-date": (dose("invented-01", date=""), "date is missing."),
    "death-before-diagnosis": (
        patient("invented-04", death_date="2015-12-31"),
        "death_date 2015-12-31 is before diagnosis_date 2016-01-01. Correct one of them.",
    ),
    "contact-before-diagnosis": (patient("invented-02", last_contact_date="2014-12-31"), "is before diagnosis_date"),
    "contact-after-death": (
        patient("invented-01", last_contact_date="2018-01-02"),
        "last_contact_date 2018-01-02 is after death_date 2018-01-01. Correct one of them.",
    ),
    "no-end": (patient("invented-02", last_contact_date=""), "death_date and last_contact_date are both missing."),
    "stop-before-start": (
        line("invented-03", stop_date="2013-12-31"),
        "stop_date 2013-12-31 is before start_date 2014-01-01. Correct one of them.",
    ),
    "therapy-before-diagnosis": (line("invented-03", start_date="2013-12-31"), "is before diagnosis_date 2014-01-01."),
    "order-of-lines": (line("invented-01", 3, start_date="2015-01-30"), "is before that of line 2 (2015-01-31)."),
    "overlap": (line("invented-01", 3, start_date="2016-01-30"), "is before line 2 stops (2016-01-31)."),
    "gap-in-numbers": (line("invented-02", 2, line="3"), "line 3 follows line 1. Number the lines 1, 2, 3"),
    "twice-a-line": (line("invented-02", 2, line="1"), "line 1 of this patient is already in the table."),
    "line-0": (line("invented-02", 2, line="0"), '"0" is not the number of a line.'),
    "no-stop": (line("invented-01", stop_date=""), "stop_date is missing, though line 2 follows."),
    "progression-before-start": (
        line("invented-01", 2, progression_date="2015-01-30"),
        "progression_date 2015-01-30 is before start_date 2015-01-31. Correct one of them.",
    ),
    "progression-at-start": (line("invented-01", 2, progression_date="2015-01-31"), "is the line's first day."),
    "progression-on-the-next": (line("invented-01", progression_date="2015-02-01"), "is after line 2 starts"),
    "transplant-before": (line("invented-02", asct_date="2014-12-31"), "asct_date 2014-12-31 is before start_date"),
    "transplant-after": (line("invented-02", asct_date="2017-02-01"), "is not before line 2 starts (2017-02-01)."),
    "line-after-death": (line("invented-01", 3, stop_date="2018-01-02"), "is after death_date 2018-01-01."),
    "line-after-contact": (line("invented-13", 3, start_date="2020-01-02"), "is after last_contact_date 2020-01-01."),
    "line-at-death": (
        patient("invented-01", death_date="2016-02-01", last_contact_date="") | line("invented-01", 3, stop_date=""),
        "start_date 2016-02-01 is the day of death.",
    ),
    "dose-after-death": (dose("invented-01", date="2018-01-02"), "date 2018-01-02 is after death_date 2018-01-01."),
    "dose-outside": (
        dose("invented-04", 2, date="2017-01-02"),
        "lenalidomide on 2017-01-02 lies outside any line (2016-01-01 to 2017-01-01, 2017-04-01 to 2017-10-01,",
    ),
    "dose-of-another-drug": (
        dose("invented-04", drug="Pom"),
        "pomalidomide on 2016-01-01: line 1 names only dexamethasone, lenalidomide.",
    ),
    "two-doses": (dose("invented-04", 2, date="2016-01-01"), "lenalidomide has two doses on 2016-01-01."),
    "unknown-drug": (line("invented-01", drugs="lenalidomid+Dex"), 'Did you mean "lenalidomide"?'),
    "unknown-drug-of-dose": (dose("invented-01", drug="Revlimd"), 'Did you mean "Revlimid"?'),
    "letter-of-two-drugs": (line("invented-01", drugs="D+R+Dex"), "may mean Dex or Dara. Write which."),
    "no-drugs": (line("invented-01", drugs=""), "drugs is missing."),
    "two-drugs-in-a-dose": (dose("invented-01", drug="R+Dex"), "is more than one drug."),
    "negative-dose": (dose("invented-01", dose_mg="-25"), '"-25" is not allowed. Give mg from 0 upwards'),
    "dose-in-words": (dose("invented-01", dose_mg="25 mg"), '"25 mg" is not allowed.'),
    "unknown-schedule": (
        dose("invented-01", schedule="days_1_21_of_82"),
        'is not known. Did you mean "days_1_21_of_28"? Write one of daily, days_1_21_of_28, alternate_days.',
    ),
    "duplicate-patient": (
        {"patients": more("patients", *rows_of(EXAMPLE["patients"])[0].values())},
        "patients.csv line 16 (patient invented-01): this patient is already in the table.",
    ),
    "nameless-patient": (patient("invented-01", patient_id=""), "patient_id is missing."),
    "line-of-nobody": (
        {"lines": more("lines", "invented-99", "1", "2014-01-01", "", "R", "", "")},
        "(patient invented-99): no such patient in the patients' table.",
    ),
    "dose-of-nobody": (
        {"doses": more("doses", "invented-99", "R", "2014-01-01", "25", "daily")},
        "(patient invented-99): no such patient in the patients' table.",
    ),
    "sex": (patient("invented-01", sex="F"), '"F" is not known.'),
    "iss": (patient("invented-01", iss_stage="3"), "Write one of I, II, III."),
    "isotype": (patient("invented-01", m_protein_isotype="IgM"), "other_or_not_available"),
    "flag": (patient("invented-01", del_17p="no"), '"no" is not a flag. Write 1 (found) or 0 (not found)'),
    "age": (patient("invented-01", age_years="161"), '"161" is not allowed. Give years from 0 to 120'),
    "egfr": (patient("invented-01", egfr=">60"), 'for ">60" write 60'),
    "missing-column": (
        {"doses": EXAMPLE["doses"].replace("dose_mg", "dose")},
        'doses.csv: there is no column "dose_mg". Did you mean "dose"? The table needs patient_id,',
    ),
    "no-age": (
        {"patients": EXAMPLE["patients"].replace("age_years", "age")},
        'there is no column "age_years" or "birth_date". Give one of the two.',
    ),
    "empty-file": ({"doses": ""}, "doses.csv: the file is empty."),
}


@pytest.mark.parametrize(("texts", "told"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_told(tmp_path: Path, texts: dict[str, str], told: str) -> None:
    with pytest.raises(RecordsError) as error:
        read_histories(tables_in(tmp_path, **texts))
    assert told in "\n".join(error.value.faults)


@pytest.mark.parametrize("name", [name for name in FAULTS if name not in {"nameless-patient", "duplicate-patient"}])
def test_a_fault_is_told_once_or_with_what_follows_from_it(tmp_path: Path, name: str) -> None:
    """One slip is not drowned in sentences about what it entails."""
    with pytest.raises(RecordsError) as error:
        read_histories(tables_in(tmp_path, **FAULTS[name][0]))
    assert len(error.value.faults) <= 2, error.value.faults


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
