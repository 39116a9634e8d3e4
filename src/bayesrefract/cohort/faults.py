"""Faults of patient records, collected so that all are reported together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort import marks
from bayesrefract.cohort.cells import Cells
from bayesrefract.cohort.identifiers import SEVERAL_ROWS, identifier_columns, repeated, rows_fault
from bayesrefract.cohort.read import Records
from bayesrefract.errors import RecordsError
from bayesrefract.messages import MORE, MOST_ROWS, listed, quoted, shorten
from bayesrefract.study.study import Analysis

MOST_APART = 3
MANY_AGAIN = 0.2
"""Share of rows from which on repeated patients are a layout, not a slip."""


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


def identify(records: Records, id_column: str | None) -> tuple[str, ...]:
    """Patient identifier of every record, or "" where no column has identifiers."""
    return ("",) * len(records.frame) if id_column is None else tuple(records.identifiers(id_column))


def check_one_row_each(rows: NDArray[np.bool_], patients: tuple[str, ...], analysis: Analysis, faults: Faults) -> None:
    """Fault patients without an identifier, and with more than one of these rows where that is not declared.

    Without a declared column, those that are named as identifiers are looked at, unless they have another role.
    """
    records, id_column = faults.records, analysis.columns.id
    if id_column is None:
        for column in identifier_columns(records.frame.columns):
            again = repeated(records.identifiers(column), rows)
            if again.any() and column not in roles(analysis):
                patients_in = len(set(records.identifiers(column)[rows]) - {""})
                apart = _apart(records, column, analysis)
                faults.column(
                    rows_fault(column, patients_in, int(rows.sum()), apart, "--id (columns.id in a study file)")
                )
        return
    texts = records.identifiers(id_column)
    missing = np.asarray(texts == "") & rows
    faults.each(missing, patients, lambda _: f"{id_column} is missing. Give every patient an identifier.")
    if analysis.columns.several_rows:
        return
    again = repeated(texts, rows)
    first = {text: i for i, text in reversed(list(enumerate(texts))) if rows[i]} if again.any() else {}
    faults.each(
        again,
        patients,
        lambda i: (
            f"the same patient is already on {records.place(first[patients[i]]).removeprefix(f'{records.label} ')}. "
            f"Keep one row per patient, or, if each has a start and a stop, say so: {SEVERAL_ROWS}."
        ),
    )
    apart = _apart(records, id_column, analysis)
    if apart and again.sum() >= MANY_AGAIN * rows.sum():
        faults.column(
            f"{listed(map(quoted, apart))} {'tells' if len(apart) == 1 else 'tell'} the rows of a patient apart. Keep "
            f"those of one value of {quoted(apart[0])}: a population of a study file does, "
            f"where = {{ {apart[0]} = ... }}."
        )


def roles(analysis: Analysis) -> set[str]:
    """Columns that a question uses as something else than an identifier."""
    endpoint, columns = analysis.endpoint, analysis.columns
    named = {endpoint.time, endpoint.event, endpoint.entry, endpoint.administrative_end, endpoint.clock_start}
    named |= {columns.group, *columns.strata, *(column for set_ in analysis.adjustments.values() for column in set_)}
    return {column for column in named if column is not None}


def _apart(records: Records, column: str, analysis: Analysis) -> list[str]:
    """Columns that tell the rows of a patient apart: not the times and events themselves."""
    return [name for name in records.apart.get(column, ()) if name not in roles(analysis)][:MOST_APART]


def fault_thousands(cells: Cells, rows: NDArray[np.bool_], faults: Faults) -> NDArray[np.bool_]:
    """Keep one fault for all numbers of a column that have separators of thousands, and return where they are."""
    found = marks.thousands(cells, rows)
    if found.any():
        place = faults.records.place(int(np.flatnonzero(found)[0])).removeprefix(f"{faults.records.label} ")
        faults.column(marks.thousands_fault(cells, found, place))
    return found


def fault_sas_zeros(cells: Cells, rows: NDArray[np.bool_], faults: Faults) -> NDArray[np.bool_]:
    """Keep one fault for all zeros of SAS in a column, and return where they are."""
    found = marks.sas_zeros(cells) & rows
    if found.any():
        faults.column(marks.sas_zero_fault(cells.name, int(found.sum())))
    return found
