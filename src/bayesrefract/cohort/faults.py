"""Faults of patient records, kept as they are found so that all are told at once."""

from __future__ import annotations

from dataclasses import dataclass, field

from bayesrefract.cohort.read import Records, shorten
from bayesrefract.errors import RecordsError


@dataclass
class Faults:
    """Faults of whole columns, and of single rows by position; the same fault is kept once."""

    records: Records
    columns: list[str] = field(default_factory=list)
    rows: dict[int, list[str]] = field(default_factory=dict)

    def column(self, sentence: str) -> None:
        """Keep a fault of a column or of the whole file."""
        fault = f"{self.records.label}: {sentence}"
        if fault not in self.columns:
            self.columns.append(fault)

    def row(self, position: int, patient: str, sentence: str) -> None:
        """Keep a fault of one record."""
        named = f" (patient {patient})" if patient else ""
        fault = f"{self.records.place(position)}{named}: {sentence}"
        kept = self.rows.setdefault(position, [])
        if fault not in kept:
            kept.append(fault)

    def sentences(self) -> list[str]:
        """Faults of columns, then of rows in the order of the records, as many as fit one screen."""
        rows = [fault for position in sorted(self.rows) for fault in self.rows[position]]
        return [*self.columns, *shorten(rows, "faults of single rows; correct these first")]

    @property
    def found(self) -> bool:
        return bool(self.columns or self.rows)

    def raise_all(self) -> None:
        """Raise RecordsError with all faults, if there are any."""
        if self.found:
            raise RecordsError(self.sentences())


def identify(records: Records, id_column: str | None, faults: Faults) -> tuple[str, ...]:
    """A name for every record: its patient, or "" where no column names patients.

    A missing identifier and a patient who occurs twice are faults.
    """
    if id_column is None:
        return ("",) * len(records.frame)
    first: dict[str, int] = {}
    for position, patient in enumerate(records.cells(id_column).text):
        if not patient:
            faults.row(position, "", f"{id_column} is missing. Give every patient an identifier.")
        elif patient in first:
            earlier = records.place(first[patient]).removeprefix(f"{records.label} ")
            faults.row(position, patient, f"the same patient is already on {earlier}. Keep one row per patient.")
        else:
            first[patient] = position
    return tuple(records.cells(id_column).text)
