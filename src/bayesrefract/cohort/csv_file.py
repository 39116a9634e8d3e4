"""Read the required columns of a CSV file in one pass.

Only those columns are kept, as text, and equal texts are kept once, to save memory on large files.
"""

from __future__ import annotations

import csv
import hashlib
import io
from array import array
from collections import Counter
from collections.abc import Buffer, Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import BinaryIO, NamedTuple

import numpy as np
import pandas as pd

from bayesrefract.cohort.csv_shape import Shape, separator_of
from bayesrefract.cohort.identifiers import is_identifier_name
from bayesrefract.cohort.origin import COLUMN, Scan, of_column
from bayesrefract.errors import RecordsError
from bayesrefract.messages import MORE, MOST_ROWS, quoted, shorten
from bayesrefract.names import column_name
from bayesrefract.study.study import Evidence

HEADER_LINES = 1
DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
MOST_SHARED = 10_000
"""Distinct texts of a column that are looked up: those of a longer list hardly ever repeat."""
LONGEST_CELL = 1 << 24
"""Characters of one cell; what is longer has swallowed the rows after it."""
CHUNK = 1 << 20
MEGABYTE = 1_000_000
STEP = 50 * MEGABYTE
"""Progress is reported for files larger than this."""


class CsvFile(NamedTuple):
    """Cells of a CSV file: `frame` has the required columns that exist, indexed by line after the first."""

    frame: pd.DataFrame
    header: tuple[str, ...]
    sha256: str
    notes: tuple[str, ...] = ()
    origin: frozenset[Evidence] = frozenset()

    def __repr__(self) -> str:
        return f"<CSV file: {len(self.frame)} rows, {len(self.header)} columns>"


def read_csv(
    raw: BinaryIO, name: str, wanted: Collection[str], progress: Callable[[str], None], *, every: bool = False
) -> CsvFile:
    """Read a CSV file from a stream at its start; with `every`, the columns that are not wanted too.

    Columns named as identifiers of patients are read in any case: a patient who repeats is looked for in them.

    Raises RecordsError with every fault of its shape; OSError where it cannot be read.
    """
    hashed = _Hashed(raw, name, progress)
    text = io.TextIOWrapper(io.BufferedReader(hashed, CHUNK), encoding="utf-8-sig", newline="")
    try:
        with _long_cells():
            table = _read_table(_rows(text, name), wanted, name, every=every)
    except UnicodeDecodeError:
        raw.seek(0)
        raise RecordsError(_undecodable(raw, name)) from None
    header = tuple(dict.fromkeys(name for name in table.header if name))
    found = hashed.marked.found | of_column(table.evidence)
    return CsvFile(table.frame(), header, hashed.digest.hexdigest(), table.notes, frozenset(found))


@contextmanager
def _long_cells() -> Iterator[None]:
    """The module csv has one limit for the whole process, and it is shorter than a heading of 10,000 genes."""
    before = csv.field_size_limit(LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)


class _Hashed(io.RawIOBase):
    """Byte stream that is hashed and counted while the parser reads it."""

    def __init__(self, raw: BinaryIO, name: str, progress: Callable[[str], None]) -> None:
        self.digest, self.marked = hashlib.sha256(), Scan()
        self._raw, self._name, self._progress = raw, name, progress
        self._size, self._done = raw.seek(0, io.SEEK_END), 0
        raw.seek(0)
        if self._size > STEP:
            progress(f"Reading {name} ({self._size // MEGABYTE} MB)")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        place = memoryview(buffer).cast("B")
        data = self._raw.read(len(place))
        count = len(data)
        place[:count] = data
        self.digest.update(data)
        self.marked.feed(data)
        before, self._done = self._done, self._done + count
        if self._size > STEP and before // STEP != (before + count) // STEP:
            self._progress(f"Reading {self._name}: {self._done // MEGABYTE} of {self._size // MEGABYTE} MB")
        return count


def _rows(text: Iterator[str], name: str) -> Iterator[tuple[int, list[str]]]:
    """Line and cells of every row; lines without any text, which spreadsheets leave behind, are passed over."""
    reader = csv.reader(text, strict=True)
    before = 0
    try:
        for row in reader:
            if any(map(str.strip, row)):
                yield before + 1, row
            before = reader.line_num
    except csv.Error as problem:
        reason = f"a cell of more than {LONGEST_CELL:,} characters" if "field limit" in str(problem) else problem
        raise RecordsError(
            f"{name} line {before + 1}: not valid CSV ({reason}). Look for a quotation mark without its partner."
        ) from None


@dataclass(frozen=True)
class _Table:
    header: list[str]
    names: list[str]
    cells: list[list[str]] = field(repr=False)
    lines: array[int]
    evidence: set[str] = field(default_factory=set, repr=False)
    notes: tuple[str, ...] = ()

    def frame(self) -> pd.DataFrame:
        columns = {name: np.array(cells, dtype=object) for name, cells in zip(self.names, self.cells, strict=True)}
        return pd.DataFrame(columns, index=pd.Index(np.frombuffer(self.lines, dtype=np.int64)), dtype=object)


def _read_table(
    rows: Iterator[tuple[int, list[str]]], wanted: Collection[str], name: str, *, every: bool = False
) -> _Table:
    first, cells = next(rows, (0, []))
    if not cells:
        raise RecordsError(f"{name}: the file is empty. It needs a line of column names and a line per patient.")
    notes: tuple[str, ...] = ()
    if separator_of(cells) in {"", ","}:
        notes = (f'{name}: its first line, "sep=," of Excel, is passed over.',)
        first, cells = next(rows, (0, []))
    header = [column_name(cell) for cell in cells]
    faults = _header_faults(cells, header, wanted, name, every=every)
    if faults:
        raise RecordsError(faults)
    names = list(
        dict.fromkeys(
            column for column in header if column and (every or column in wanted or is_identifier_name(column))
        )
    )
    table = _Table(header, names, [[] for _ in names], array("q"))
    places = {column: i for i, column in enumerate(header)}
    picks: list[tuple[int, list[str], dict[str, str]]] = [
        (places[column], kept, {}) for column, kept in zip(names, table.cells, strict=True)
    ]
    ragged: list[str] = []
    more = 0
    shape = Shape(name, header, first)
    evidence = places.get(COLUMN)
    for line, given in rows:
        row = shape.fitted(line, given)
        if len(row) != len(header):
            more += len(ragged) == MOST_ROWS
            if len(ragged) < MOST_ROWS:
                ragged.append(_ragged(name, line, len(row), len(header)))
            continue
        table.lines.append(line - 1 - HEADER_LINES)
        for place, kept, shared in picks:
            kept.append(_shared(row[place], shared))
        if evidence is not None:
            table.evidence.add(row[evidence])
    whole = shape.fault(wanted)
    if whole:
        raise RecordsError(whole)
    if ragged:
        raise RecordsError([*ragged, *([f"{MORE}{more} more lines with another number of cells."] if more else [])])
    if not table.lines:
        raise RecordsError(f"{name}: the file has column names but no patients. Add one line per patient.")
    return replace(table, notes=(*notes, *shape.notes))


def _shared(cell: str, shared: dict[str, str]) -> str:
    """One text for all equal cells of a column."""
    if len(shared) < MOST_SHARED:
        return shared.setdefault(cell, cell)
    return shared.get(cell, cell)


def _ragged(name: str, line: int, found: int, needed: int) -> str:
    return (
        f"{name} line {line}: {found} cells, but the header has {needed}. "
        "Correct the commas; put text that holds a comma in double quotes."
    )


def _header_faults(
    cells: list[str], header: list[str], wanted: Collection[str], name: str, *, every: bool
) -> list[str]:
    """Faults of the header: repeated names of wanted columns, or a separator other than the comma."""
    for mark, word in DELIMITERS.items():
        other = [cell.strip(' "') for cell in ",".join(cells).split(mark)]
        alone = len(header) == 1 and len(other) > 1
        if alone or len(set(wanted).intersection(other)) > len(set(wanted).intersection(header)):
            return [
                f"{name}: the cells are separated by {word}, not by commas. "
                "Save the file as CSV with commas between the cells and points in the numbers."
            ]
    return shorten(
        [
            f"{name}: {count} columns have the name {quoted(column)}. Give each its own name."
            for column, count in sorted(Counter(header).items())
            if column and count > 1 and (every or column in wanted)
        ],
        "column names that occur more than once",
    )


def _undecodable(lines: BinaryIO, name: str) -> str:
    """Position of the first byte that is not UTF-8, and its letter in the encoding of older Windows programs."""
    for number, line in enumerate(lines, start=1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as problem:
            byte = line[problem.start : problem.start + 1]
            letter = byte.decode("cp1252", errors="replace")
            return (
                f"{name} line {number}: not valid UTF-8 text (a byte that older Windows programs write for "
                f"{quoted(letter)}). Save the file as CSV UTF-8."
            )
    return f"{name}: not valid UTF-8 text. Save the file as CSV UTF-8."
