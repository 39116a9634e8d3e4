"""A table on a terminal or in a pipe."""

from __future__ import annotations

import sys
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table as RichTable
from rich.text import Text

from bayesrefract.report.tables.table import Table, to_rich

PIPED_WIDTH = 80
"""Columns of a table that is piped, where there is no terminal to measure."""
MOST_WRAPPED = 1.3
"""A table wider than this many times the terminal is written as one block per row."""


def show_table(table: Table, stream: TextIO | None = None) -> None:
    """Draw a table on a stream; plain text without colour codes where it is piped.

    A table that would have to be squeezed beyond reading is written as one block of lines per row.
    """
    stream = stream or sys.stdout
    console = Console(file=stream, highlight=False)
    piped = not console.is_terminal
    if piped:
        console = Console(file=stream, highlight=False, width=PIPED_WIDTH, color_system=None)
    drawn = to_rich(table)
    natural = Measurement.get(console, console.options.update(max_width=10_000), drawn).maximum
    if natural <= (1.0 if piped else MOST_WRAPPED) * console.width:
        console.print(drawn)
    else:
        console.print(_blocks(table))


def _blocks(table: Table) -> Group:
    """Title, then for each row its cells under each other, each after the name of its column; then the notes."""
    width = max(len(column.name) for column in table.columns[1:]) if len(table.columns) > 1 else 0
    parts: list[RenderableType] = [Text(table.title, style="italic")]
    for row in table.rows:
        parts.append(Text(row[0], style="bold"))
        cells = RichTable.grid(padding=(0, 2))
        for column, cell in zip(table.columns[1:], row[1:], strict=True):
            cells.add_row(Text(f"  {column.name:<{width}}"), Text(cell))
        parts.append(cells)
    parts += [Text(note) for note in table.notes]
    return Group(*parts)
