"""Where patient records come from: CSV and Parquet files, a file inside lifelines, a seeded simulation."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bayesrefract.cohort.cells import Cells, read_cells
from bayesrefract.cohort.simulate import TRIALS
from bayesrefract.did_you_mean import did_you_mean
from bayesrefract.errors import RecordsError
from bayesrefract.study import Question, Study
from bayesrefract.study_sections import LIFELINES, SIMULATED

HEADER_LINES = 1
MOST_SHOWN = 20
"""Faults of one kind in a message: it has to fit a screen."""


@dataclass(frozen=True)
class Records:
    """Records as they were read, one row per patient; the text of a CSV is kept as text.

    `first_line` plus a row's index label is its line in the file, the header being line 1; it is 1
    for records without lines (Parquet, simulated), which are counted as rows.
    """

    frame: pd.DataFrame
    sha256: str
    label: str
    first_line: int
    _cells: dict[str, Cells] = field(default_factory=dict, init=False, repr=False, compare=False)

    def cells(self, column: str) -> Cells:
        """The cells of one column, read once."""
        if column not in self._cells:
            self._cells[column] = read_cells(self.frame, column)
        return self._cells[column]

    def place(self, position: int) -> str:
        """Name of one record: `patients.csv line 17`."""
        word = "line" if self.first_line > HEADER_LINES else "row"
        return f"{self.label} {word} {int(self.frame.index[position]) + self.first_line}"


def read_records(study: Study) -> Records:
    """Read the records that a study names; relative paths start at the study file.

    Raises RecordsError where they are missing, unreadable, empty, not the ones of `sha256`, or lack a
    column that the study names.
    """
    if study.records.startswith(SIMULATED):
        records = _simulate(study.records.removeprefix(SIMULATED), study.seed)
    elif study.records.startswith(LIFELINES):
        records = _read_file(_inside_lifelines(study.records.removeprefix(LIFELINES)))
    else:
        folder = study.path.parent if study.path else Path()
        records = _read_file(folder / study.records)
    faults = missing_columns(records, study.questions)
    if study.records_sha256 not in (None, records.sha256):
        faults.append(
            f"{records.label}: its SHA-256 is {records.sha256}, but the study was written for "
            f"{study.records_sha256}. These are other records: restore the file, or correct study.sha256."
        )
    if faults:
        raise RecordsError(faults)
    return records


def group_levels(records: Records, column: str) -> tuple[str, ...]:
    """Distinct values of a column, in the order of the records. Raises RecordsError where it is missing."""
    if column not in records.frame.columns:
        raise RecordsError(_no_column(records, {column: "group"}))
    return tuple(dict.fromkeys(text for text in records.cells(column).text if text))


def missing_columns(records: Records, questions: Iterable[Question]) -> list[str]:
    """A sentence for each column that a question names and the records lack."""
    named: dict[str, str] = {}
    for question in questions:
        named = _columns_of(question) | named
    return _no_column(records, {c: role for c, role in named.items() if c not in records.frame.columns})


def _no_column(records: Records, named: dict[str, str]) -> list[str]:
    columns = [str(column) for column in records.frame.columns]
    faults = [
        f'{records.label}: there is no column "{column}" ({role}).{did_you_mean(column, columns)} Correct the name.'
        for column, role in named.items()
    ]
    return [*faults, f"{records.label} has the columns {', '.join(columns)}."] if faults else []


def _columns_of(question: Question) -> dict[str, str]:
    """Column -> what the question needs it for."""
    endpoint, columns = question.endpoint, question.columns
    named = {
        endpoint.time: f"time of {endpoint.name}",
        endpoint.event: f"event of {endpoint.name}",
        endpoint.entry: f"entry of {endpoint.name}",
        endpoint.administrative_end: f"administrative end of {endpoint.name}",
        columns.group: "group",
        columns.id: "patient id",
    }
    named |= dict.fromkeys(columns.strata, "strata")
    named |= {condition.column: f"population {question.population.name}" for condition in question.population.where}
    for name, covariates in question.adjustments.items():
        named |= dict.fromkeys(covariates, f"adjustment set {name}")
    return {column: role for column, role in named.items() if column is not None}


def _simulate(name: str, seed: int | None) -> Records:
    if name not in TRIALS or seed is None:
        known = f"{', '.join(TRIALS)}.{did_you_mean(name, TRIALS)}"
        raise RecordsError(f'"{SIMULATED}{name}" with seed {seed} cannot be made. Known: {known} A seed is needed.')
    frame = TRIALS[name](seed)
    content = frame.to_csv(index=False).encode()
    return Records(frame, hashlib.sha256(content).hexdigest(), SIMULATED + name, first_line=1)


def _inside_lifelines(name: str) -> Path:
    """Path of a data file that lifelines ships, found without importing lifelines."""
    package = importlib.util.find_spec("lifelines")
    if package is None or package.origin is None:
        raise RecordsError(f'"{LIFELINES}{name}" needs the package lifelines, which is not installed. Install it.')
    folder = Path(package.origin).parent / "datasets"
    shipped = sorted(path.name for path in folder.glob("*.csv"))
    if name not in shipped:
        raise RecordsError(
            f'"{LIFELINES}{name}": lifelines ships no such file.{did_you_mean(name, shipped)} '
            f"It ships {', '.join(shipped)}."
        )
    return folder / name


def _read_file(path: Path) -> Records:
    if path.is_dir():
        raise RecordsError(f"{path}: this is a folder, not a file. Give the path of a CSV or Parquet file in it.")
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise RecordsError(f"{path}: there is no such file. Check the path of the records.") from None
    except OSError as problem:
        raise RecordsError(f"{path}: the file cannot be read ({problem.strerror}). Check its permissions.") from None
    if not content.strip():
        raise RecordsError(f"{path.name}: the file is empty. It needs a line of column names and a line per patient.")
    is_parquet = path.suffix.lower() == ".parquet"
    frame = _parse_parquet(content, path.name) if is_parquet else _parse_csv(content, path.name)
    if frame.empty:
        raise RecordsError(f"{path.name}: the file has column names but no patients. Add one line per patient.")
    first_line = 1 if is_parquet else 1 + HEADER_LINES
    return Records(frame, hashlib.sha256(content).hexdigest(), path.name, first_line)


def _parse_parquet(content: bytes, name: str) -> pd.DataFrame:
    try:
        frame: pd.DataFrame = pq.read_table(io.BytesIO(content)).to_pandas()
    except (pa.ArrowException, OSError):
        raise RecordsError(f"{name}: this is not a readable Parquet file. Save the records again.") from None
    stored = [level for level in frame.index.names if level is not None]
    return frame.reset_index(level=stored).reset_index(drop=True) if stored else frame.reset_index(drop=True)


def _parse_csv(content: bytes, name: str) -> pd.DataFrame:
    """Cells as text; the index is the line in the file, counted from the first line after the header.

    Lines without any text, which spreadsheets leave behind, are nobody's and are passed over.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise RecordsError(f"{name} line {line}: not valid UTF-8 text. Save the file as CSV UTF-8.") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines: list[int] = []
    rows: list[list[str]] = []
    before = 0
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                lines.append(before + 1)
                rows.append(row)
            before = reader.line_num
    except csv.Error as problem:
        raise RecordsError(
            f"{name} line {before + 1}: not valid CSV ({problem}). Look for a quotation mark without its partner."
        ) from None
    header = [cell.strip() for cell in rows[0]]
    _check_shape(header, rows, lines, name)
    index = pd.Index([line - lines[0] - HEADER_LINES for line in lines[1:]])
    frame = pd.DataFrame(rows[1:], columns=pd.Index(header), index=index, dtype=object)
    return frame.loc[:, [bool(column) for column in header]]


def _check_shape(header: list[str], rows: list[list[str]], lines: list[int], name: str) -> None:
    """Every row has as many cells as the header, whose names differ."""
    faults = []
    if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        faults.append(f"{name}: the cells seem to be separated by semicolons or tabs. Save the file with commas.")
    faults += [
        f'{name}: {header.count(column)} columns have the name "{column}". Give each its own name.'
        for column in sorted({c for c in header if c and header.count(c) > 1})
    ]
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(header):
            faults.append(
                f"{name} line {line}: {len(row)} cells, but the header has {len(header)}. "
                "Correct the commas; put text that holds a comma in double quotes."
            )
    if faults:
        raise RecordsError(shorten(faults, "faults"))


def shorten(sentences: list[str], of_what: str) -> list[str]:
    """The first sentences, and how many more there are."""
    more = len(sentences) - MOST_SHOWN
    return [*sentences[:MOST_SHOWN], f"... and {more} more {of_what}."] if more > 0 else sentences
