"""Read patient records from a CSV or Parquet file, a file inside lifelines, or a seeded simulation."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesrefract.cohort.cells import Cells, parse_number, read_cells
from bayesrefract.cohort.columns import columns_of
from bayesrefract.cohort.columns import columns_of_study as columns_of_study
from bayesrefract.cohort.csv_file import CHUNK, HEADER_LINES, read_csv
from bayesrefract.cohort.file_kind import FIRST_BYTES, PARQUET, why_no_text
from bayesrefract.cohort.identifiers import identifier_columns, telling_apart
from bayesrefract.cohort.marks import declared_marks, undeclared
from bayesrefract.cohort.origin import least, origin_fault
from bayesrefract.cohort.parquet_file import read_parquet
from bayesrefract.cohort.simulate import TRIALS
from bayesrefract.errors import RecordsError
from bayesrefract.messages import did_you_mean, listed, quoted
from bayesrefract.names import look_alike_columns
from bayesrefract.source import Expected, open_source
from bayesrefract.study.sections import LIFELINES, SIMULATED
from bayesrefract.study.study import Analysis, Evidence, Study

EXPECTED = Expected("CSV or Parquet", "Check the path of the records.", pipe=True)


@dataclass(frozen=True)
class Records:
    """Patient records as read, one row per patient; the text of a CSV is kept as text.

    `frame` has the columns that the study names, `header` the names of all. `first_line` plus a row's index
    label is its line in the file, the header being line 1; it is 1 for records without lines (Parquet,
    simulated), which are counted as rows, and 0 for a data frame, whose rows are counted from 0.

    `missing`: marks that a study declares. `origin`: what the records say of themselves. `apart`: for a column of
    identifiers that repeat, those that tell the rows of a patient apart.
    """

    frame: pd.DataFrame
    sha256: str
    label: str
    first_line: int
    header: tuple[str, ...]
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    origin: Evidence | None = None
    apart: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    _cells: dict[str, Cells] = field(default_factory=dict, init=False, repr=False, compare=False)
    _written: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __repr__(self) -> str:
        """Counts in one line: no identifier and nobody's values."""
        return f"<Records: {self.label}, {len(self.frame)} patients, {len(self.header)} columns>"

    def cells(self, column: str) -> Cells:
        """The cells of one column, read once."""
        if column not in self._cells:
            self._cells[column] = read_cells(self.frame, column, self.marks(column))
        return self._cells[column]

    def identifiers(self, column: str) -> NDArray[np.object_]:
        """The texts of a column of identifiers, of which no number means a missing one."""
        return read_cells(self.frame, column, [m for m in self.marks(column) if math.isnan(parse_number(m))]).text

    def marks(self, column: str | None) -> frozenset[str]:
        """Declared marks for a missing value in this column; None: in every column."""
        declared = declared_marks(self.missing, self.header)
        return declared.get(None, frozenset()) | declared.get(column, frozenset())

    def treat_as_missing(self, column: str, marks: Collection[str]) -> None:
        """Read a column as if these marks were declared: they have been reported, and are not reported again."""
        self._cells[column] = read_cells(self.frame, column, self.marks(column) | set(marks))

    def written(self, column: str) -> tuple[str, ...]:
        """The distinct texts of one column as they are written, whatever letters they are composed of."""
        if column not in self._written:
            texts = dict.fromkeys(value for value in self.frame[column].unique() if isinstance(value, str))
            self._written[column] = tuple(dict.fromkeys(text.strip() for text in texts))
        return self._written[column]

    def place(self, position: int) -> str:
        """Name of one record: `patients.csv line 17`."""
        word = {0: "row at position", 1: "row"}.get(self.first_line, "line")
        return f"{self.label} {word} {int(self.frame.index[position]) + self.first_line}"


def _silent(text: str) -> None:
    """No-op progress callback."""


def read_records(study: Study, progress: Callable[[str], None] | None = None, *, also: Collection[str] = ()) -> Records:
    """Read the columns of the records that a study names; relative paths start at the study file.

    Parameters
    ----------
    study : Study
        Names the records and their columns.
    progress : callable, optional
        Called with a text while a large file is read.
    also : collection of str
        Further columns to read where they exist.

    Returns
    -------
    Records
        One row per patient.

    Raises
    ------
    RecordsError
        Where the records are missing, unreadable, empty, do not match `sha256`, or lack a named column.
    """
    progress = progress or _silent
    wanted = dict.fromkeys((*columns_of_study(study), *also))
    if study.records.startswith(SIMULATED):
        records = _simulate(study.records.removeprefix(SIMULATED), study.seed)
    elif study.records.startswith(LIFELINES):
        records = read_file(_inside_lifelines(study.records.removeprefix(LIFELINES)), wanted, progress)
    else:
        folder = study.path.parent if study.path else Path()
        records = read_file(folder / study.records, wanted, progress)
    named = columns_of_study(study)
    faults = _no_column(records, {c: role for c, role in named.items() if c not in records.frame.columns})
    faults += origin_fault(study.evidence, records.origin, records.label, "study.evidence")
    if study.records_sha256 not in (None, records.sha256):
        faults.append(
            f"{records.label}: its SHA-256 is {records.sha256}, but the study was written for "
            f"{study.records_sha256}. These are other records: restore the file, or correct study.sha256."
        )
    if faults:
        raise RecordsError(faults)
    return replace(records, missing=study.analyses[0].columns.missing if study.analyses else ())


def group_levels(records: Records, column: str) -> tuple[str, ...]:
    """Distinct values of a column, in the order of the records. Raises RecordsError where it is missing.

    Marks for missing that nobody has declared are no groups; the check of the patients reports them.
    """
    if column not in records.frame.columns:
        raise RecordsError(_no_column(records, {column: "group"}))
    cells = records.cells(column)
    marks = undeclared(cells, ~cells.missing)
    return tuple(dict.fromkeys(text for text in cells.text if text and text not in marks))


def missing_columns(records: Records, analyses: Iterable[Analysis]) -> list[str]:
    """A sentence for each column that a question names and the records lack."""
    named: dict[str, str] = {}
    for analysis in analyses:
        named = columns_of(analysis) | named
    return _no_column(records, {c: role for c, role in named.items() if c not in records.frame.columns})


def _no_column(records: Records, named: dict[str, str]) -> list[str]:
    absent = {column: role for column, role in named.items() if column not in records.header}
    faults = [
        f"{records.label}: there is no column {quoted(column)} ({role}).{did_you_mean(column, records.header)} "
        "Correct the name."
        for column, role in absent.items()
    ]
    faults += [
        f"{records.label}: the column {quoted(column)} ({role}) was not read, as the study that the records were read "
        "for does not name it. Read them again for a study that does."
        for column, role in named.items()
        if column not in absent
    ]
    return [*faults, f"{records.label} has the columns {listed(records.header)}."] if absent else faults


def _simulate(name: str, seed: int | None) -> Records:
    if name not in TRIALS:
        raise RecordsError(
            f"{quoted(SIMULATED + name)}: there is no such simulation.{did_you_mean(name, TRIALS)} "
            f"Correct the name; known: {listed(TRIALS)}."
        )
    if seed is None:
        raise RecordsError(f"{quoted(SIMULATED + name)} cannot be made without a seed. Give the study one.")
    frame = TRIALS[name](seed)
    content = frame.to_csv(index=False).encode()
    sha256 = hashlib.sha256(content).hexdigest()
    return Records(frame, sha256, SIMULATED + name, 1, tuple(frame.columns), origin=Evidence.SIMULATED)


def _inside_lifelines(name: str) -> Path:
    """Path of a data file that lifelines ships, found without importing lifelines."""
    package = importlib.util.find_spec("lifelines")
    if package is None or package.origin is None:
        raise RecordsError(f'"{LIFELINES}{name}" needs the package lifelines, which is not installed. Install it.')
    folder = Path(package.origin).parent / "datasets"
    shipped = sorted(path.name for path in folder.glob("*.csv"))
    if name not in shipped:
        raise RecordsError(
            f"{quoted(LIFELINES + name)}: lifelines ships no such file.{did_you_mean(name, shipped)} "
            f"Correct the name; it ships {listed(shipped)}."
        )
    return folder / name


def read_file(
    path: Path, wanted: Collection[str], progress: Callable[[str], None] | None = None, *, every: bool = False
) -> Records:
    """The wanted columns of one file; with `every`, all columns of a CSV file.

    Raises RecordsError where it is missing, unreadable, empty or misshapen.
    """
    with open_source(path, EXPECTED, RecordsError) as source:
        try:
            records = _read_source(source, path, wanted, progress or _silent, every=every)
        except OSError as problem:
            raise RecordsError(
                f"{path}: the file cannot be read ({problem.strerror}). Check its permissions."
            ) from None
    alike = look_alike_columns(records.header, wanted)
    if alike:
        raise RecordsError([f"{records.label}: {fault}" for fault in alike])
    return records


def _read_source(
    source: BinaryIO, path: Path, wanted: Collection[str], progress: Callable[[str], None], *, every: bool
) -> Records:
    start = source.read(FIRST_BYTES)
    source.seek(0)
    if not start:
        raise RecordsError(f"{path.name}: the file is empty. It needs a line of column names and a line per patient.")
    is_pipe = isinstance(source, io.BytesIO)  # its name says nothing of what comes out of it
    if path.suffix.lower() == ".parquet" or (is_pipe and start.startswith(PARQUET)):
        frame, header, origin = read_parquet(source, start, path.name, wanted)
        source.seek(0)
        apart = _apart(frame, header, lambda: read_parquet(source, start, path.name, header)[0])
        source.seek(0)
        return Records(frame, _digest(source), path.name, 1, header, origin=least(origin), apart=apart)
    wrong = why_no_text(start)
    if wrong:
        raise RecordsError(f"{path.name}: {wrong}")
    frame, header, sha256, notes, origin = read_csv(source, path.name, wanted, progress, every=every)
    apart = _apart(frame, header, lambda: read_csv(source, path.name, header, _silent, every=True).frame)
    return Records(frame, sha256, path.name, 1 + HEADER_LINES, header, notes=notes, origin=least(origin), apart=apart)


def _apart(
    frame: pd.DataFrame, header: tuple[str, ...], whole: Callable[[], pd.DataFrame]
) -> dict[str, tuple[str, ...]]:
    """Columns that tell the rows of a patient apart, for identifiers that repeat; all columns are then read."""
    several = [column for column in identifier_columns(frame.columns) if frame[column].duplicated().any()]
    if not several:
        return {}
    try:
        every = whole()
    except RecordsError:  # of a column that is not used
        every = frame
    return {column: telling_apart(every, column) for column in several}


def _digest(source: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := source.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
