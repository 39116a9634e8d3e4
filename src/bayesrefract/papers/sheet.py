"""A CSV file of printed numbers as rows of text: every digit stays as it was printed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bayesrefract.cohort.read import Records, read_file
from bayesrefract.errors import InputError, RecordsError
from bayesrefract.messages import MOST_ROWS, UNPRINTABLE, did_you_mean, listed, quoted, shorten

PATIENT_WORDS = {
    "no patients": "no rows",
    "line per patient": "line per row of the paper",
    "Export the records": "Export the table",
    "path of the records": "path of the file",
}
"""Messages of the reader of patient records, reworded for printed numbers."""
FREE_TEXT = frozenset({"note", "printed", "unit", "where"})
"""Columns that no table shows."""


@dataclass(frozen=True)
class Row:
    """Cells by column, without the blanks around them; `place` names the row: `estimates.csv line 12`."""

    place: str
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass
class Sheet:
    """Rows of one file, and the faults found in them so far."""

    name: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    faults: list[str] = field(default_factory=list)

    def value[T](self, row: Row, column: str, read: Callable[[str], T]) -> T | None:
        """A cell as a value; None where it is empty or faulty. `read` raises ValueError with a sentence."""
        text = row[column]
        if not text:
            return None
        try:
            return read(text)
        except ValueError as problem:
            self.faults.append(f"{row.place}: {column} {problem}")
            return None

    def finish(self) -> None:
        """Raise InputError where there are faults."""
        if self.faults:
            raise InputError(shorten(self.faults, f"faults in {self.name}", 2 * MOST_ROWS))


def open_sheet(path: Path, needed: Sequence[str]) -> Sheet:
    """Read a CSV file. Raises InputError where it cannot be read or lacks a column."""
    records = _read(path, needed)
    absent = [column for column in needed if column not in records.header]
    if absent:
        hint = did_you_mean(absent[0], set(records.header) - set(needed)) if len(absent) == 1 else ""
        raise InputError(
            f"{records.label}: there is no column {listed(map(quoted, absent))}.{hint} "
            f"The file needs {listed(needed, len(needed))}."
        )
    columns = [column for column in records.header if column]
    cells = zip(*(records.frame[column] for column in columns), strict=True)
    rows = tuple(
        Row(records.place(i), {column: str(cell).strip() for column, cell in zip(columns, row, strict=True)})
        for i, row in enumerate(cells)
    )
    return Sheet(records.label, records.header, rows, _unprintable(records.label, columns, rows))


def _read(path: Path, wanted: Sequence[str]) -> Records:
    if path.suffix.lower() == ".parquet":
        raise InputError(f"{path.name}: printed digits are read as text. Give a CSV file.")
    try:
        return read_file(path, wanted, every=True)
    except RecordsError as error:
        raise InputError([_of_printed(fault) for fault in error.faults]) from None


def _unprintable(label: str, columns: Sequence[str], rows: Sequence[Row]) -> list[str]:
    """Faults of names and cells that tables cannot show."""
    what = "holds a line end or control character, which tables cannot show. Write it on one line, without them."
    names = [f"{label}: the column {quoted(name)} {what}" for name in columns if UNPRINTABLE.search(name)]
    return names + [
        f"{row.place}: {column} {quoted(text)} {what}"
        for row in rows
        for column, text in row.cells.items()
        if column not in FREE_TEXT and UNPRINTABLE.search(text)
    ]


def _of_printed(fault: str) -> str:
    for patients, printed in PATIENT_WORDS.items():
        fault = fault.replace(patients, printed)
    return fault
