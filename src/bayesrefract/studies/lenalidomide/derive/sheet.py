"""One of the three input tables: its cells read column by column, with every fault kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bayesrefract.cohort.cells import parse_number
from bayesrefract.cohort.faults import Faults
from bayesrefract.cohort.read import Records, read_file
from bayesrefract.messages import MORE, MOST_ROWS, did_you_mean, listed, quoted, shorten

PATIENT = "patient_id"


@dataclass(frozen=True)
class Sheet:
    """`patients`: the patient of every row, "" where missing."""

    records: Records
    faults: Faults
    patients: tuple[str, ...] = field(repr=False)

    def has(self, column: str) -> bool:
        return column in self.records.frame.columns

    @property
    def whole(self) -> bool:
        """No column is missing, so that rows can be compared with each other."""
        return not self.faults.columns

    def texts(self, column: str) -> list[str]:
        """Cells without the blanks around them; "" where missing, and where there is no such column."""
        return list(self.records.cells(column).text) if self.has(column) else [""] * len(self.patients)

    def tell(self, found: Iterable[tuple[int, str]]) -> None:
        """Keep a fault for each pair of a row's position and a sentence."""
        left = list(found)
        while left:
            first: dict[int, str] = {}
            rest = []
            for position, sentence in left:
                if position in first:
                    rest.append((position, sentence))
                else:
                    first[position] = sentence
            wrong = np.zeros(len(self.patients), dtype=bool)
            wrong[list(first)] = True
            self.faults.each(wrong, self.patients, first.__getitem__)
            left = rest

    def values[T](self, column: str, read: Callable[[str], T], *, absent: T, needed: str = "") -> list[T]:
        """Every cell of a column as a value; `absent` where it is missing or faulty.

        `read` raises ValueError with a sentence for a cell that it cannot use. `needed`: the remedy where no
        cell may be missing.
        """
        found: list[tuple[int, str]] = []
        values: list[T] = []
        for position, text in enumerate(self.texts(column)):
            value = absent
            if text:
                try:
                    value = read(text)
                except ValueError as problem:
                    found.append((position, f"{column} {problem}"))
            elif needed and self.has(column):
                found.append((position, f"{column} is missing. {needed}"))
            values.append(value)
        self.tell(found)
        return values


def open_sheet(path: Path, needed: tuple[str, ...], optional: tuple[str, ...] = ()) -> Sheet:
    """Read one table. Raises RecordsError where the file cannot be read; missing columns and patients are kept."""
    records = read_file(path, (*needed, *optional))
    faults = Faults(records)
    absent = [column for column in needed if column not in records.header]
    if absent:
        names = listed(map(quoted, absent))
        hint = did_you_mean(absent[0], set(records.header) - set(needed)) if len(absent) == 1 else ""
        faults.column(f"there is no column {names}.{hint} The table needs {listed(needed, len(needed))}.")
    known = PATIENT in records.frame.columns
    patients = tuple(records.cells(PATIENT).text) if known else ("",) * len(records.frame)
    sheet = Sheet(records, faults, patients)
    if known:
        nameless = ((i, f"{PATIENT} is missing. Name the patient of the row.") for i, p in enumerate(patients) if not p)
        sheet.tell(nameless)
    return sheet


def number_from(low: float, high: float, meaning: str) -> Callable[[str], float]:
    """Reader of numbers of a range, its ends included."""

    def read(text: str) -> float:
        number = parse_number(text)
        if not low <= number <= high:
            raise ValueError(f"{quoted(text)} is not allowed. Give {meaning}.")
        return number

    return read


def one_of(levels: Iterable[str]) -> Callable[[str], str]:
    """Reader of a fixed list of words."""
    known = tuple(levels)

    def read(text: str) -> str:
        if text not in known:
            raise ValueError(f"{quoted(text)} is not known.{did_you_mean(text, known)} Write one of {listed(known)}.")
        return text

    return read


def sentences(sheets: Iterable[Sheet]) -> list[str]:
    """Faults of several tables on one screen: the first rows of each, and one count of the rest."""
    faulty = [sheet.faults for sheet in sheets if sheet.faults.found]
    most = max(MOST_ROWS // max(len(faulty), 1), 1)
    told, more = [], 0
    for faults in faulty:
        first = sorted(faults.rows)[:most]
        told += shorten(faults.columns, "faults of columns")
        told += [sentence for position in first for sentence in faults.rows[position]]
        more += int(faults.faulty.sum()) - len(first)
    return [*told, *([f"{MORE}{more} more rows with faults; correct these first."] if more else [])]
