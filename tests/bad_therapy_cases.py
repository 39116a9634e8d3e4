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


def of_birth(first: str, columns: str = "birth_date,x") -> str:
    """The patients' table with a day of birth, that of the first patient, before the age."""
    head, *rows = EXAMPLE["patients"].replace("age_years", columns).splitlines(keepends=True)
    days = [first, *["1950-01-01"] * (len(rows) - 1)]
    return head + "".join(row.replace(",", f",{day},", 1) for row, day in zip(rows, days, strict=True))


def only(name: str) -> dict[str, str]:
    """The three tables with one patient."""
    return {
        table: "".join(row for row in text.splitlines(keepends=True) if row.startswith((name, "patient_id")))
        for table, text in EXAMPLE.items()
    }


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
    "birth-after-diagnosis": (
        {"patients": of_birth("2014-01-02")},
        "birth_date is after diagnosis_date 2014-01-01. Correct one of them.",
    ),
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
    "no-line-number": (line("invented-02", 2, line=""), "line is missing. Number the lines of a patient 1, 2, 3."),
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
    "stray-plus": (line("invented-01", drugs="V+R+"), "a drug is missing beside a +. Name it, or take the + away."),
    "no-drug": (dose("invented-01", drug=""), "drug is missing. Name the drug."),
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
    "nameless-line": (line("invented-06", patient_id=""), "lines.csv line 14: patient_id is missing."),
    "nameless-dose": (dose("invented-06", patient_id=""), "doses.csv line 16: patient_id is missing."),
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
    "missing-columns": (
        {"lines": EXAMPLE["lines"].replace("start_date", "start").replace("stop_date", "stop")},
        'lines.csv: there is no column "start_date", "stop_date". The table needs patient_id, line,',
    ),
    "both-ages": (
        {"patients": of_birth("1952-10-01", "birth_date,age_years")},
        'there are both columns "age_years" and "birth_date". Give one of the two.',
    ),
    "no-age": (
        {"patients": EXAMPLE["patients"].replace("age_years", "age")},
        'there is no column "age_years" or "birth_date". Give one of the two.',
    ),
    "empty-file": ({"doses": ""}, "doses.csv: the file is empty."),
}

PLACELESS = {"missing-column", "missing-columns", "both-ages", "no-age", "empty-file"}
"""Faults of a whole table: all others name table and line, and the patient where there is one."""

MANY_FAULTS = {
    "patients": EXAMPLE["patients"].replace(",male,", ",m,").replace(",female,", ",f,"),
    "doses": EXAMPLE["doses"].replace(",daily", ",dayly"),
}
DERIVE = ("derive", "--patients", "patients.csv", "--lines", "lines.csv", "--doses", "doses.csv", "--out")
THERAPY_CASES: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    **{name: ((*DERIVE, "cohort.csv"), texts) for name, (texts, _) in FAULTS.items()},
    "many-bad-rows": ((*DERIVE, "cohort.csv"), MANY_FAULTS),
    "nobody-left": ((*DERIVE, "cohort.csv"), only("invented-06")),
    "out-not-csv": ((*DERIVE, "cohort.parquet"), {}),
    "out-is-an-input": ((*DERIVE, "lines.csv"), {}),
    "out-over-another-file": ((*DERIVE, "cohort.csv"), {"cohort-flow": "mine"}),
}
"""Arguments, and the tables that are not the example's."""
