"""Therapy lines for tests: the invented example as text, and lines and doses on days counted from one relapse.

Import as `from therapy_example import EXAMPLE, day, dose, line, tables_in`.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path

from bayesrefract.studies.lenalidomide.derive import Tables
from bayesrefract.studies.lenalidomide.derive.drugs import LENALIDOMIDE
from bayesrefract.studies.lenalidomide.derive.history import Dose, Line, Schedule

FOLDER = Path(__file__).parents[1] / "data" / "lenalidomide" / "example"
EXAMPLE = {name: (FOLDER / f"{name}.csv").read_text(encoding="utf-8") for name in Tables._fields}
RELAPSE = dt.date(2018, 6, 15)
DAILY, CYCLES, ALTERNATE = Schedule.DAILY, Schedule.DAYS_1_21_OF_28, Schedule.ALTERNATE_DAYS


def day(before_relapse: int) -> dt.date:
    """The day so many days before the relapse."""
    return RELAPSE - dt.timedelta(before_relapse)


def dose(before_relapse: int, mg: float | None, schedule: Schedule | None = DAILY, drug: str = LENALIDOMIDE) -> Dose:
    return Dose(drug, day(before_relapse), mg, None if mg == 0 else schedule)


def line(stop: dt.date | None = None, drugs: str = LENALIDOMIDE, number: int = 1) -> Line:
    """First line from 500 days before the relapse."""
    return Line(number, day(500), stop, frozenset(drugs.split("+")), None, RELAPSE)


def tables_in(folder: Path, **texts: str) -> Tables:
    """The three tables as files; those not given are the example's."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (EXAMPLE | texts).items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return Tables(*(folder / f"{name}.csv" for name in Tables._fields))


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def text_of(rows: list[dict[str, str]]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def changed(table: str, patient: str, number: int = 1, **cells: str) -> str:
    """The example's table with cells of one row changed: the `number`-th row of a patient."""
    rows = rows_of(EXAMPLE[table])
    of_patient = [row for row in rows if row["patient_id"] == patient]
    of_patient[number - 1].update(cells)
    return text_of(rows)
