"""Faults of patient records, collected so that all are reported together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort.read import Records
from bayesrefract.errors import RecordsError
from bayesrefract.messages import MORE, MOST_ROWS, shorten


@dataclass
class Faults:
    """Faults of whole columns, and of single rows by position; the same fault is kept once.

    Only the first faulty rows are put into words: a column that is wrong throughout has millions of them.
    """

    records: Records
    columns: list[str] = field(default_factory=list)
    rows: dict[int, list[str]] = field(default_factory=dict)
    faulty: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self.faulty = np.zeros(len(self.records.frame), dtype=bool)

    def __repr__(self) -> str:
        """Counts in one line: the sentences quote cells and identifiers."""
        return (
            f"<Faults: {self.records.label}, {len(self.columns)} of whole columns, "
            f"{int(self.faulty.sum())} of {len(self.faulty)} rows>"
        )

    def column(self, sentence: str) -> None:
        """Keep a fault of a column or of the whole file."""
        fault = f"{self.records.label}: {sentence}"
        if fault not in self.columns:
            self.columns.append(fault)

    def all_of(self, sentences: Sequence[str]) -> bool:
        """Keep faults of columns, and return whether there were any."""
        for sentence in sentences:
            self.column(sentence)
        return bool(sentences)

    def each(self, wrong: NDArray[np.bool_], patients: tuple[str, ...], sentence: Callable[[int], str]) -> None:
        """Keep one fault for every record that is wrong; shape (record,)."""
        self.faulty |= wrong
        for i in np.flatnonzero(wrong)[:MOST_ROWS]:
            position = int(i)
            named = f" (patient {patients[position]})" if patients[position] else ""
            fault = f"{self.records.place(position)}{named}: {sentence(position)}"
            kept = self.rows.setdefault(position, [])
            if fault not in kept:
                kept.append(fault)

    def sentences(self) -> list[str]:
        """Faults of columns, then of rows in the order of the records, as many as fit one screen."""
        first = sorted(self.rows)[:MOST_ROWS]
        rows = [fault for position in first for fault in self.rows[position]]
        more = int(self.faulty.sum()) - len(first)
        rest = [f"{MORE}{more} more rows with faults; correct these first."] if more else []
        return [*shorten(self.columns, "faults of columns"), *rows, *rest]

    @property
    def found(self) -> bool:
        return bool(self.columns or self.faulty.any())

    def raise_all(self) -> None:
        """Raise RecordsError with all faults, if there are any."""
        if self.found:
            raise RecordsError(self.sentences())


def identify(records: Records, id_column: str | None, faults: Faults) -> tuple[str, ...]:
    """Patient identifier of every record, or "" where no column has identifiers.

    A missing identifier and a patient who occurs twice are faults.
    """
    if id_column is None:
        return ("",) * len(records.frame)
    cells = records.cells(id_column)
    patients = tuple(cells.text)
    first: dict[str, int] = {}
    earlier = {i: first[p] for i, p in enumerate(patients) if p and first.setdefault(p, i) != i}
    twice = np.zeros(len(patients), dtype=bool)
    twice[list(earlier)] = True
    faults.each(cells.missing, patients, lambda _: f"{id_column} is missing. Give every patient an identifier.")
    faults.each(
        twice,
        patients,
        lambda i: (
            f"the same patient is already on {records.place(earlier[i]).removeprefix(f'{records.label} ')}. "
            "Keep one row per patient."
        ),
    )
    return patients
