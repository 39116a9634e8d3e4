"""Spoilt tables: CSV as text and as bytes, and Parquet."""

from __future__ import annotations

import csv
import decimal
import gzip
import io
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.random import Generator

from validation.fuzzing.values import LOOK_ALIKES, chance, encoded, nudged, pick, text

type Rows = list[list[str]]


def spoilt_csv(rng: Generator, written: str) -> bytes:
    """A CSV with one to three faults, or what looks like one."""
    for _ in range(int(rng.geometric(0.6))):
        written = pick(rng, (_cells, _cells, _cells, _marks))(rng, written)
    content = encoded(written)
    return spoilt_bytes(rng, content, written) if chance(rng, 4) else content


def _cells(rng: Generator, written: str) -> str:
    """Faults of cells, rows and columns."""
    try:
        rows = list(csv.reader(io.StringIO(written, newline="")))
    except csv.Error:
        return written
    if not rows or not any(rows):
        return written
    pick(rng, CHANGES)(rng, rows)
    made = io.StringIO()
    writer = csv.writer(
        made, lineterminator=pick(rng, ("\n", "\n", "\r\n")), quoting=csv.QUOTE_MINIMAL, escapechar="\\"
    )
    writer.writerows(rows)
    return made.getvalue()


def _place(rng: Generator, rows: Rows, first: int = 0) -> tuple[int, int]:
    """Row and column of a cell; the first row with cells where there is no other."""
    full = [row for row in range(min(first, len(rows) - 1), len(rows)) if rows[row]] or [
        row for row in range(len(rows)) if rows[row]
    ]
    row = pick(rng, full)
    return row, int(rng.integers(len(rows[row])))


def _set_cell(rng: Generator, rows: Rows) -> None:
    row, column = _place(rng, rows, 1)
    rows[row][column] = text(rng)


def _nudge_cell(rng: Generator, rows: Rows) -> None:
    row, column = _place(rng, rows)
    rows[row][column] = nudged(rng, rows[row][column])


def _exchange_cells(rng: Generator, rows: Rows) -> None:
    (row, column), (other, place) = _place(rng, rows, 1), _place(rng, rows, 1)
    rows[row][column], rows[other][place] = rows[other][place], rows[row][column]


def _fill_column(rng: Generator, rows: Rows) -> None:
    _, column = _place(rng, rows)
    chosen = [text(rng) for _ in range(int(rng.integers(1, 4)))]
    for row in rows[1:]:
        if column < len(row):
            row[column] = pick(rng, chosen)


def _exchange_columns(rng: Generator, rows: Rows) -> None:
    (_, one), (_, other) = _place(rng, rows), _place(rng, rows)
    for row in rows:
        if max(one, other) < len(row):
            row[one], row[other] = row[other], row[one]


def _set_heading(rng: Generator, rows: Rows) -> None:
    column = int(rng.integers(len(rows[0]))) if rows[0] else 0
    rows[0][column : column + 1] = [pick(rng, (*rows[0], "", text(rng), text(rng)))]


def _drop_cell(rng: Generator, rows: Rows) -> None:
    row, column = _place(rng, rows)
    del rows[row][column]


def _add_cell(rng: Generator, rows: Rows) -> None:
    row, column = _place(rng, rows)
    rows[row].insert(column, text(rng))


def _drop_row(rng: Generator, rows: Rows) -> None:
    del rows[int(rng.integers(len(rows)))]


def _repeat_row(rng: Generator, rows: Rows) -> None:
    row = list(rows[int(rng.integers(len(rows)))])
    rows[int(rng.integers(len(rows) + 1)) : 0] = [list(row) for _ in range(pick(rng, (1, 1, 2, 30)))]


def _blank_row(rng: Generator, rows: Rows) -> None:
    rows.insert(int(rng.integers(len(rows) + 1)), pick(rng, ([], [""], ["", ""], [text(rng)])))


CHANGES: tuple[Callable[[Generator, Rows], None], ...] = (
    _set_cell, _set_cell, _set_cell, _set_cell, _nudge_cell, _exchange_cells, _fill_column, _fill_column,
    _exchange_columns, _set_heading, _set_heading, _drop_cell, _add_cell, _drop_row, _repeat_row, _blank_row,
)  # fmt: skip


def _marks(rng: Generator, written: str) -> str:
    """Faults of separators, quotes, line ends and single letters."""
    kind = int(rng.integers(8))
    at = int(rng.integers(len(written) + 1))
    if kind == 0:
        return written.replace(",", pick(rng, (";", "\t", "|", " ", ", ", ",,", "，", ":")))
    if kind == 1:
        return written[:at] + pick(rng, ('"', '""', '"\n', "'", '\\"')) + written[at:]
    if kind == 2:
        ends = ("\r\n", "\r", "\n\r", "\x85", "\u2028", "\x0b", "\n\n", ",\n", " \n", "\x00\n")
        return written.replace("\n", pick(rng, ends), pick(rng, (-1, 1, 3)))
    if kind == 3:
        return pick(rng, ("\ufeff", "sep=,\n", "# made by hand\n", "\n\n", "Table 1\n", ",", '"', "\x00")) + written
    if kind == 4:
        return re.sub(r"(\d)\.(\d)", r"\1,\2", written) if "." in written else written.replace("5", "5.5")
    if kind == 5:
        letter = pick(rng, tuple(LOOK_ALIKES))
        return written.replace(letter, LOOK_ALIKES[letter], pick(rng, (-1, 1, 2)))
    if kind == 6:
        return written[:at] + text(rng) + written[at:]
    return written[:at] if chance(rng, 2) else written[:at] + written[at // 2 :]


def spoilt_bytes(rng: Generator, content: bytes, written: str | None = None) -> bytes:
    """Bits flipped, pieces cut out, doubled or zeroed; of a text also another encoding."""
    if written is not None and chance(rng, 2):
        code = pick(rng, ("utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "utf-8-sig", "utf-7", "cp037"))
        return written.encode(code, "replace")
    if not content:
        return b"\x00"
    start, end = sorted(int(place) for place in rng.integers(len(content) + 1, size=2))
    kind = int(rng.integers(7))
    if kind < 3:
        made = bytearray(content)
        for place in rng.integers(8 * len(content), size=int(rng.geometric(0.4))):
            made[place // 8] ^= 1 << int(place % 8)
        return bytes(made)
    if kind == 3:
        return content[:start] + content[end:]
    if kind == 4:
        return content[:end] + content[start:]
    if kind == 5:
        return content[:start] + bytes(min(end - start, 40)) + content[start + min(end - start, 40) :]
    return pick(rng, (content[:start], gzip.compress(content), b"PK\x03\x04" + content, rng.bytes(64), content * 3))


def spoilt_parquet(rng: Generator, written: str) -> bytes:
    """The table with columns of another type or with hostile values, or its file damaged."""
    content = parquet_of(spoilt_table(rng, written))
    return spoilt_bytes(rng, content) if chance(rng, 2) else content


def parquet_of(table: pa.Table) -> bytes:
    """The table as a file."""
    stream = io.BytesIO()
    pq.write_table(table, stream)
    return stream.getvalue()


def spoilt_table(rng: Generator, written: str) -> pa.Table:
    """The CSV as a table, some of its columns of types that records seldom have."""
    head, *rows = csv.reader(io.StringIO(written))
    cells = {name: [row[place] for row in rows] for place, name in enumerate(head)}
    columns: dict[str, Any] = {name: pa.array(_typed(values)) for name, values in cells.items()}
    for _ in range(int(rng.integers(3))):
        name = pick(rng, head)
        columns[name] = _other_column(rng, cells[name])
    names = [text(rng).encode("utf-8", "replace").decode() if chance(rng, 40) else name for name in columns]
    return pa.Table.from_arrays(list(columns.values()), names=names)


def _typed(values: list[str]) -> list[str] | list[float]:
    try:
        return [float(value) for value in values]
    except ValueError:
        return values


def _other_column(rng: Generator, values: list[str]) -> pa.Array:
    """A column of the same length, of a type that a study's records seldom have."""
    n = len(values)
    numbers = rng.integers(0, 3, n)
    made: tuple[Callable[[], pa.Array], ...] = (
        lambda: pa.array(values).dictionary_encode(),
        lambda: pa.nulls(n),
        lambda: pa.array([text(rng).encode("utf-8", "replace") for _ in values], pa.binary()),
        lambda: pa.array([text(rng).encode("utf-8", "replace").decode() for _ in values]),
        lambda: pa.array([[int(each)] for each in numbers]),
        lambda: pa.array([{"x": int(each)} for each in numbers]),
        lambda: pa.array([decimal.Decimal(int(each)) / 4 for each in numbers], pa.decimal128(38, 10)),
        lambda: pa.array(numbers, pa.int64()).cast(pa.timestamp("ns")),
        lambda: pa.array(numbers, pa.int64()).cast(pa.duration("s")),
        lambda: pa.array(numbers, pa.int32()).cast(pa.date32()),
        lambda: pa.array(numbers == 1),
        lambda: pa.array([None if each == 1 else bool(each) for each in numbers]),
        lambda: pa.array(numbers.astype(np.uint64) + np.uint64(2**63)),
        lambda: pa.array(numbers.astype(np.float16)),
        lambda: pa.array([float(pick(rng, ("1e308", "-1e308", "nan", "inf", "5e-324", "3", "0"))) for _ in values]),
        lambda: pa.array([None if each == 1 else float(each) for each in numbers]),
        lambda: pa.array(numbers, pa.int8()).dictionary_encode(),
        lambda: pa.array([[("k", int(each))] for each in numbers], pa.map_(pa.string(), pa.int64())),
    )
    return pick(rng, made)()
