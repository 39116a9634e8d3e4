"""Marks for a missing value, and numbers that are none: undeclared marks, sentinels, zeros of SAS, dates, thousands."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort.cells import Cells
from bayesrefract.messages import listed, quoted

MARKS = frozenset(
    {".", "null", "n/a", "#n/a", "n.a.", "#null!", "#value!", "#div/0!", "#ref!", "#name?", "#num!", "none", "<na>"}
    | {"-", "--", "?", "unknown", "unk", "missing", "not available", "not known", "nd", "n/d", "\\n"}
)
"""What programs and people write where they know no value, in small letters; empty, NA and NaN are always missing."""
ORIGINS = {".": "SAS's mark for missing", "\\n": "a database's mark for missing"} | dict.fromkeys(
    ("#n/a", "#null!", "#value!", "#div/0!", "#ref!", "#name?", "#num!"), "an error of a spreadsheet"
)
SENTINEL = re.compile(r"-?9+|-?8+|-1")
SAS_ZERO = (1e-90, 1e-70)
"""pandas.read_sas reads a zero of a SAS transport file as 5.4e-79."""
MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([ T]\d{1,2}:\d{2}.*)?|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})( \d{1,2}:\d{2}.*)?"
    rf"|\d{{1,2}}[- ]?{MONTH}[- ,]{{0,2}}\d{{2,4}}(:.*)?|{MONTH} \d{{1,2}},? \d{{4}}",
    re.IGNORECASE,
)
THOUSANDS = re.compile(r"-?\d{1,3}([,'\u2019 \u00a0\u202f])\d{3}(\1\d{3})*(\.\d+)?")


def is_mark(text: str) -> bool:
    """Whether a text is one that stands for a missing value in many files."""
    return text.lower() in MARKS


def undeclared(cells: Cells, rows: NDArray[np.bool_]) -> dict[str, NDArray[np.bool_]]:
    """Marks among these rows that nobody has declared, and where they are; `-` beside `+` is a result."""
    found = dict.fromkeys(text for text in cells.text[rows & cells.textual] if is_mark(text))
    signs = {"-", "+"} <= set(cells.text)
    return {mark: np.asarray(cells.text == mark) & rows for mark in found if not (mark == "-" and signs)}


def mark_fault(column: str, mark: str, count: int, first: str) -> str:
    """One sentence for a mark in a column, however many cells hold it."""
    what = ORIGINS.get(mark.lower(), "a usual mark for missing")
    return (
        f"{column}: {quoted(mark)} is {what}, in {rows_text(count)} (the first: {first}). If it means missing, say so: "
        f"--missing {shell(mark)} (missing in [columns] of a study file); if it is a category, give it another name."
    )


def shell(text: str) -> str:
    """A value as it is typed on a command line."""
    return text if re.fullmatch(r"[\w.+/%=-]+", text) else f"'{text}'"


def declared_marks(marks: Iterable[str], header: Collection[str]) -> dict[str | None, frozenset[str]]:
    """Marks by the column that they are for; None: every column. `age=999` names a column that exists."""
    by_column: dict[str | None, set[str]] = {}
    for mark in marks:
        column, equals, value = mark.partition("=")
        known = bool(equals) and column.strip() in header
        by_column.setdefault(column.strip() if known else None, set()).add(value.strip() if known else mark.strip())
    return {column: frozenset(values) for column, values in by_column.items()}


def missing_note(cells: Cells, rows: NDArray[np.bool_]) -> list[str]:
    """How many cells of the analysed population a declared mark made missing."""
    counts = Counter(mark for i, mark in cells.marked.items() if rows[i])
    return [
        f"{cells.name}: {quoted(mark)} in {rows_text(count)} is read as missing (--missing)."
        for mark, count in counts.items()
    ]


def sentinels(cells: Cells, rows: NDArray[np.bool_]) -> list[str]:
    """Notes of numbers such as -9, 99 and 999 that lie far outside of the rest of their column."""
    numbers = cells.number[rows & np.isfinite(cells.number)]
    values, counts = np.unique(numbers, return_counts=True)
    suspected = np.array([bool(SENTINEL.fullmatch(f"{value:.10g}")) for value in values], dtype=bool)
    rest = values[~suspected]
    if not suspected.any() or len(rest) < 2:
        return []
    low, high = float(rest[0]), float(rest[-1])
    found = [
        f"{value:.10g} ({rows_text(int(count))})"
        for value, count in zip(values[suspected], counts[suspected], strict=True)
        if value - high > high - low or (value < 0 <= low and abs(value) != 1) or low - value > high - low
    ]
    if not found:
        return []
    return [
        f"{cells.name} holds {listed(found)}, far outside of its other values ({low:.10g} to {high:.10g}). They are "
        f"analysed as numbers. If one means missing, say so: --missing, such as "
        f"{shell(f'{cells.name}={found[0].split()[0]}')} (missing in [columns] of a study file)."
    ]


def sas_zeros(cells: Cells) -> NDArray[np.bool_]:
    """Numbers that are no zeros, and were some in a SAS transport file."""
    size = np.abs(np.nan_to_num(cells.number, nan=1.0))
    return np.asarray((size > SAS_ZERO[0]) & (size < SAS_ZERO[1]), dtype=bool)


def sas_zero_fault(column: str, count: int) -> str:
    return (
        f"{column} holds numbers below 1e-70 in {rows_text(count)}: zeros of a SAS transport file, as pandas.read_sas "
        "reads them. Set them to 0 before they are passed on."
    )


def dates(cells: Cells, rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Cells that hold a date, shape (record,)."""
    return _matching(cells, rows, DATE)


def thousands(cells: Cells, rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Cells that hold a number with a separator of thousands, shape (record,)."""
    return _matching(cells, rows, THOUSANDS)


def thousands_fault(cells: Cells, found: NDArray[np.bool_], first: str) -> str:
    text = str(cells.text[np.flatnonzero(found)[0]])
    plain = re.sub(r"[^\d.-]", "", text)
    return (
        f"{cells.name} {quoted(text)} ({first}) may be a thousand: write {plain}. Such "
        f"a separator stands in {rows_text(int(found.sum()))} of this column; write every number without one."
    )


def date_fault(held: Sequence[Cells], rows: NDArray[np.bool_]) -> str:
    """Dates where times are needed: one sentence for the columns of time and of entry."""
    names = " and ".join(cells.name for cells in held)
    shown = " and ".join(quoted(str(cells.text[np.flatnonzero(dates(cells, rows))[0]])) for cells in held)
    start, end = (held[0].name, held[1].name) if len(held) > 1 else ("the first day", held[0].name)
    entry = " and leave the entry out, as everybody then enters at 0" if len(held) > 1 else ""
    return (
        f"{names} {'hold dates' if len(held) > 1 else 'holds dates'} ({shown}), and times are numbers, counted from "
        f"the start of follow-up. Subtract {start} from {end}, give the days between them as the time{entry}: "
        "with pandas (end - start).dt.days, in R as.numeric(end - start), in a spreadsheet =end-start."
    )


def among_numbers(cells: Cells, rows: NDArray[np.bool_]) -> bool:
    """Whether a column is one of numbers, of which some have separators of thousands."""
    separated = thousands(cells, rows)
    return bool(separated.any()) and not (cells.textual & rows & ~separated).any()


def _matching(cells: Cells, rows: NDArray[np.bool_], pattern: re.Pattern[str]) -> NDArray[np.bool_]:
    found = np.zeros(len(cells.text), dtype=bool)
    for i in np.flatnonzero(cells.textual & rows):
        found[i] = pattern.fullmatch(cells.text[i]) is not None
    return found


def rows_text(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
