"""Faults of therapy lines: a changed table of the example, and what is told. The ids are those of docs/bad-input.md."""

from __future__ import annotations

from therapy_example import EXAMPLE, changed, rows_of


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

THERAPY_CHANGES = {name: texts for name, (texts, _) in FAULTS.items()}
