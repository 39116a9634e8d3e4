"""What the values of used columns mean is declared: spellings, marks for missing, and notes of what was done."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort.cells import as_written, parse_number
from bayesrefract.cohort.endpoint import HALF
from bayesrefract.cohort.faults import Faults
from bayesrefract.cohort.marks import mark_fault, missing_note, rows_text, sentinels, undeclared
from bayesrefract.cohort.population import Selection
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
            counts = " and ".join(f"{quoted(name)} ({rows_text(int((texts == name).sum()))})" for name in alike)
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


def marks_among_groups(records: Records, column: str) -> list[str]:
    """Faults of marks for missing that leave too few groups to compare."""
    faults = Faults(records)
    fault_marks([column], np.ones(len(records.frame), dtype=bool), faults)
    return faults.sentences()


def notes_of_columns(
    used: Iterable[str], analysis: Analysis, population: NDArray[np.bool_], records: Records
) -> Iterable[str]:
    """Marks that made cells missing, and numbers that look like marks and were not declared."""
    used = tuple(used)
    held = {mark for column in used for mark in records.cells(column).marked.values()}
    for mark in records.missing:
        if as_written(mark.rpartition("=")[2]) not in held and as_written(mark) not in held:
            yield f"No cell of the columns that are used holds {quoted(mark)}, which is declared missing (--missing)."
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


def exclude_declared(selection: Selection, analysis: Analysis, faults: Faults) -> None:
    """Leave out patients of whom a declared mark takes the event or a time, counted.

    A number that is declared for every column is refused where it may be a time.
    """
    endpoint, records = analysis.endpoint, faults.records
    times = [column for column in (endpoint.time, endpoint.entry, endpoint.clock_start) if column is not None]
    for column in times:
        marked = {mark for i, mark in records.cells(column).marked.items() if selection.kept[i]}
        for mark in sorted(marked & {as_written(mark) for mark in records.marks(None)}):
            if not math.isnan(parse_number(mark)):
                faults.column(_meant_elsewhere(column, mark))
    for column in (endpoint.event, *times):
        selection.exclude(records.cells(column).declared, f"missing {column}")


def _meant_elsewhere(column: str, mark: str) -> str:
    return (
        f"{column} {mark} is declared to mean missing in every column (--missing {mark}), and may be a time. Declare "
        f"it for the columns that it is meant for, such as --missing age={mark}, or for this one: {column}={mark}."
    )
