"""Parse and validate the three tables of patients, therapy lines and doses."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import NamedTuple

from bayesrefract.errors import RecordsError
from bayesrefract.messages import quoted
from bayesrefract.studies.lenalidomide.derive import checks
from bayesrefract.studies.lenalidomide.derive.drugs import read_drugs
from bayesrefract.studies.lenalidomide.derive.history import (
    FAULTY,
    LESIONS,
    Dose,
    History,
    Line,
    Patient,
    Schedule,
    age_at,
    earlier,
    read_date,
)
from bayesrefract.studies.lenalidomide.derive.sheet import PATIENT, Sheet, number_from, one_of, open_sheet, sentences

ISOTYPES = ("IgG", "IgA", "light_chain_only", "other_or_not_available")
STAGES = ("I", "II", "III")
SEXES = ("female", "male")
AGE, BIRTH = "age_years", "birth_date"
OLDEST = 120
HIGHEST_EGFR = 300
HIGHEST_DOSE = 10_000
EGFR_MEANING = 'mL/min/1.73 m2 as a number from 0 to 300 (for ">60" write 60), or leave the cell empty if not known'
AGE_MEANING = f"years from 0 to {OLDEST}, or leave the cell empty if not known"
DOSE_MEANING = "mg from 0 upwards (0: stopped), or leave the cell empty if not known"
NO_DRUGS: frozenset[str] = frozenset()
PATIENT_COLUMNS = (
    PATIENT, "sex", "diagnosis_date", "iss_stage", "egfr", "m_protein_isotype", *LESIONS, "death_date",
    "last_contact_date",
)  # fmt: skip
LINE_COLUMNS = (PATIENT, "line", "start_date", "stop_date", "drugs", "asct_date", "progression_date")
DOSE_COLUMNS = (PATIENT, "drug", "date", "dose_mg", "schedule")


class Tables(NamedTuple):
    """Where the three tables are."""

    patients: Path
    lines: Path
    doses: Path


def read_histories(tables: Tables) -> tuple[History, ...]:
    """The history of every patient, in the order of the patients' table.

    Raises RecordsError with the faults of all three tables, as many as fit one screen.
    """
    unreadable: list[str] = []
    patients = _open(unreadable, tables.patients, PATIENT_COLUMNS, (AGE, BIRTH))
    lines = _open(unreadable, tables.lines, LINE_COLUMNS)
    doses = _open(unreadable, tables.doses, DOSE_COLUMNS)
    rows = checks.Rows(
        tuple(_patients(patients)) if patients else (),
        checks.of_patients(lines.patients, _lines(lines)) if lines else {},
        checks.of_patients(doses.patients, _doses(doses)) if doses else {},
    )
    known = patients is not None and patients.whole
    if patients and patients.whole:
        patients.tell(checks.patient_faults(rows))
    if lines and lines.whole:
        lines.tell(checks.line_faults(rows, known=known))
    if doses and doses.whole:
        doses.tell(checks.dose_faults(rows, known=known and lines is not None and lines.whole))
    faults = unreadable + sentences(sheet for sheet in (patients, lines, doses) if sheet)
    if faults:
        raise RecordsError(faults)
    return rows.histories()


def _open(unreadable: list[str], path: Path, needed: tuple[str, ...], optional: tuple[str, ...] = ()) -> Sheet | None:
    try:
        return open_sheet(path, needed, optional)
    except RecordsError as error:
        unreadable += error.faults
        return None


def _patients(sheet: Sheet) -> list[Patient]:
    diagnosis = sheet.values("diagnosis_date", read_date, absent=FAULTY, needed="Give the day of the diagnosis.")
    flags = {name: sheet.values(name, _flag, absent=None) for name in LESIONS}
    columns = zip(
        sheet.patients,
        _ages(sheet, diagnosis),
        sheet.values("sex", one_of(SEXES), absent=""),
        diagnosis,
        sheet.values("iss_stage", one_of(STAGES), absent=""),
        sheet.values("egfr", number_from(0, HIGHEST_EGFR, EGFR_MEANING), absent=None),
        sheet.values("m_protein_isotype", one_of(ISOTYPES), absent=ISOTYPES[-1]),
        ({name: flags[name][i] for name in LESIONS} for i in range(len(diagnosis))),
        sheet.values("death_date", read_date, absent=None),
        sheet.values("last_contact_date", read_date, absent=None),
        strict=True,
    )
    return [Patient(*row) for row in columns]


def _ages(sheet: Sheet, diagnosis: list[dt.date]) -> list[float | None]:
    """Age at diagnosis, given or computed from the birth date."""
    if sheet.has(AGE) == sheet.has(BIRTH):
        found = "there are both columns" if sheet.has(AGE) else "there is no column"
        sheet.faults.column(f'{found} "{AGE}" {"and" if sheet.has(AGE) else "or"} "{BIRTH}". Give one of the two.')
    births = sheet.values(BIRTH, read_date, absent=None)
    ages = sheet.values(AGE, number_from(0, OLDEST, AGE_MEANING), absent=None)
    sheet.tell(
        (i, f"{BIRTH} is after diagnosis_date {day}. Correct one of them.")
        for i, (birth, day) in enumerate(zip(births, diagnosis, strict=True))
        if earlier(day, birth)
    )
    return [
        age if birth is None else age_at(day, birth) for age, birth, day in zip(ages, births, diagnosis, strict=True)
    ]


def _lines(sheet: Sheet) -> list[Line]:
    columns = zip(
        sheet.values("line", _line_number, absent=0, needed="Number the lines of a patient 1, 2, 3."),
        sheet.values("start_date", read_date, absent=FAULTY, needed="Give the first day of the line."),
        sheet.values("stop_date", read_date, absent=None),
        sheet.values("drugs", _regimen, absent=NO_DRUGS, needed="Name the drugs of the line, joined by +."),
        sheet.values("asct_date", read_date, absent=None),
        sheet.values("progression_date", read_date, absent=None),
        strict=True,
    )
    return [Line(*row) for row in columns]


def _doses(sheet: Sheet) -> list[Dose]:
    columns = zip(
        sheet.values("drug", _one_drug, absent="", needed="Name the drug."),
        sheet.values("date", read_date, absent=FAULTY, needed="Give the day from which the dose holds."),
        sheet.values("dose_mg", number_from(0, HIGHEST_DOSE, DOSE_MEANING), absent=None),
        sheet.values("schedule", _schedule, absent=None),
        strict=True,
    )
    return [Dose(*row) for row in columns]


def _flag(text: str) -> bool:
    if text not in {"0", "1"}:
        raise ValueError(f"{quoted(text)} is not a flag. Write 1 (found) or 0 (not found), or nothing.")
    return text == "1"


def _line_number(text: str) -> int:
    if not re.fullmatch("[1-9][0-9]?", text):
        raise ValueError(f"{quoted(text)} is not the number of a line. Number the lines of a patient 1, 2, 3.")
    return int(text)


def _regimen(text: str) -> frozenset[str]:
    drugs, faults = read_drugs(text)
    if faults:
        raise ValueError(f"{quoted(text)}: {' '.join(faults)}")
    return drugs


def _one_drug(text: str) -> str:
    drugs = _regimen(text)
    if len(drugs) > 1:
        raise ValueError(f"{quoted(text)} is more than one drug. Give each drug rows of its own.")
    return min(drugs)


def _schedule(text: str) -> Schedule:
    return Schedule(one_of(Schedule)(text))
