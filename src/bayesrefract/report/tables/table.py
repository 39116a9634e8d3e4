"""A table of formatted cells, written to a terminal or to CSV; the report's template writes it to HTML."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

from rich.table import Table as RichTable
from rich.text import Text

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""With the full-width forms, which some spreadsheets take for the plain ones."""
NUMBER = r"[+-]?[\d,]*\.?\d+%?"
NUMBERS = re.compile(rf"{NUMBER}( \({NUMBER} to {NUMBER}\)| to {NUMBER})?")
"""A number, an estimate with its limits, or a range: nothing that can be run, and an apostrophe would spoil it."""


@dataclass(frozen=True)
class Column:
    """`numeric` columns are aligned to the right."""

    name: str
    numeric: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of cells as text, one per column; the first cell names the row."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise AssertionError(f"table '{self.title}': a row does not match its {len(self.columns)} columns")


def columns(*texts: str, numbers: tuple[str, ...] = ()) -> tuple[Column, ...]:
    """Text columns, then numeric ones."""
    return (*(Column(name) for name in texts), *(Column(name, numeric=True) for name in numbers))


def to_rich(table: Table) -> RichTable:
    """Format a table for a terminal. Cells are plain text: square brackets in a level's name are no markup."""
    notes = Text("\n".join(table.notes)) if table.notes else None
    drawn = RichTable(title=Text(table.title), caption=notes, caption_justify="left", title_justify="left")
    for column in table.columns:
        drawn.add_column(Text(column.name), justify="right" if column.numeric else "left")
    for row in table.rows:
        drawn.add_row(*(Text(cell) for cell in row))
    return drawn


def to_csv(table: Table) -> str:
    """Format heading and rows as CSV. Text that a spreadsheet would run as a formula is prefixed with an apostrophe."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([_harmless(column.name) for column in table.columns])
    writer.writerows([_harmless(cell) for cell in row] for row in table.rows)
    return stream.getvalue()


def _harmless(cell: str) -> str:
    is_formula = cell.startswith(FORMULA_STARTS) and not NUMBERS.fullmatch(cell)
    return f"'{cell}" if is_formula else cell
