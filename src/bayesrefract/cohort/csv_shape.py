"""Shapes of CSV files that programs write: Excel's sep= line, a title, R's row names, commas at the ends of lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

SEPARATOR = re.compile(r"sep=(.?)", re.IGNORECASE)
FIRST_ROWS = 8
"""Column names below a title are looked for in so many rows."""


def separator_of(cells: Sequence[str]) -> str | None:
    """The mark that Excel's first line `sep=,` names; None where this is another line."""
    found = SEPARATOR.fullmatch(",".join(cells).strip().strip('"'))
    return found[1] if found else None


@dataclass
class Shape:
    """The header of a file, its first rows, and the numbers of cells of all."""

    name: str
    header: Sequence[str]
    line: int
    first: list[tuple[int, list[str]]] = field(default_factory=list)
    widths: Counter[int] = field(default_factory=Counter)
    trailing: int = 0

    def fitted(self, line: int, row: list[str]) -> list[str]:
        """The row without empty cells beyond the header; the shape of the file is kept in mind."""
        self.widths[len(row)] += 1
        if len(self.first) < FIRST_ROWS:
            self.first.append((line, row))
        needed = len(self.header)
        if len(row) > needed and not any(map(str.strip, row[needed:])):
            self.trailing += 1
            return row[:needed]
        return row

    @property
    def notes(self) -> tuple[str, ...]:
        if not self.trailing:
            return ()
        return (
            f"{self.name}: {self.trailing:,} lines end with more commas than the line of column names; the empty cells "
            "beyond it are passed over.",
        )

    def fault(self, wanted: Collection[str]) -> str | None:
        """The one sentence for a title above the column names, or for row names of R; None where it is neither."""
        if set(wanted).intersection(self.header):
            return self._row_names()
        for line, row in self.first:
            if len(set(wanted).intersection(map(str.strip, row))) > 1:
                return (
                    f"{self.name}: the column names are on line {line}, below a title or notes. "
                    f"Delete every line above line {line}."
                )
        named = sum(1 for cell in self.header if cell)
        width = max(self.widths, key=self.widths.__getitem__, default=0)
        if named <= 1 < width and not self.trailing:
            return (
                f"{self.name} line {self.line}: a title, not column names: it has one cell, the lines below have "
                f"{width}. Delete every line above the column names."
            )
        return None

    def _row_names(self) -> str | None:
        if self.trailing or set(self.widths) != {len(self.header) + 1}:
            return None
        names = ", ".join(row[0] for _, row in self.first[:3])
        return (
            f"{self.name}: every line has one cell more than the line of column names. The first cells ({names}) are "
            "taken for row names of R. Leave them out: write.csv(data, file, row.names = FALSE)."
        )
