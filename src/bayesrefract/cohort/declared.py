"""What the values of used columns mean is declared: spellings, marks for missing, and notes of what was done."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort.endpoint import HALF
from bayesrefract.cohort.faults import Faults
from bayesrefract.cohort.marks import mark_fault, missing_note, sentinels, undeclared
from bayesrefract.cohort.read import Records
from bayesrefract.messages import quoted
from bayesrefract.names import look_alike_faults, spelled_twice
from bayesrefract.study.study import Analysis, EventAtZero


def check_spellings(columns: Iterable[str], analysis: Analysis, faults: Faults) -> None:
    """Fault values that look alike, or differ only by case or blanks: they would be separate groups or categories."""
    for column in columns:
        written = faults.records.written(column)
        faults.all_of(look_alike_faults(written, f"in column {column},", "Write them in the same way."))
        coded = set(analysis.group_codes or {}) if column == analysis.columns.group else set()
        texts = faults.records.cells(column).text
        for alike in spelled_twice(text for text in dict.fromkeys(texts) if text and text not in coded):
            counts = " and ".join(f"{quoted(name)} ({int((texts == name).sum())} rows)" for name in alike)
            faults.column(
                f"{column} holds {counts}, which differ only by case or blanks. Write them in the same way, or, if "
                "they are different, give them different names."
            )


def fault_marks(columns: Iterable[str], rows: NDArray[np.bool_], faults: Faults) -> None:
    """Keep one fault for every mark for missing that nobody has declared; its cells are then read as missing."""
    records = faults.records
    for column in columns:
        found = undeclared(records.cells(column), rows)
        for mark, where in found.items():
            first = records.place(int(np.flatnonzero(where)[0])).removeprefix(f"{records.label} ")
            faults.column(mark_fault(column, mark, int(where.sum()), first))
        if found:
            records.treat_as_missing(column, found)


def notes_of_columns(
    used: Iterable[str], analysis: Analysis, population: NDArray[np.bool_], records: Records
) -> Iterable[str]:
    """Marks that made cells missing, and numbers that look like marks and were not declared."""
    for column in used:
        cells = records.cells(column)
        yield from missing_note(cells, population)
        if column != analysis.endpoint.event:
            yield from sentinels(cells, population)


def moved_note(count: int, analysis: Analysis) -> str:
    return (
        f"{count:,} event{'' if count == 1 else 's'} at time 0 {'is' if count == 1 else 'are'} analysed at {HALF:g} "
        f"{analysis.time_unit} (--event-at-zero {EventAtZero.HALF_UNIT})."
    )
