"""The CSV file of printed counts: one row per level of a variable, one column per group."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bayesrefract.errors import InputError
from bayesrefract.papers.numbers import Number, read_number, read_p
from bayesrefract.papers.sheet import Row, Sheet, open_sheet

NEEDED = ("population", "setting", "variable", "level")
OPTIONAL = ("percent_printed", "p_printed", "note")
SIZE = "n"
"""The variable whose row holds the number of patients in each group."""


@dataclass(frozen=True)
class CountRow:
    """One level's counts per group (None where not printed), its printed percentages and p.

    `sizes`: patients per group, None where no row `n` covers it. Rows that hold no counts (a median)
    keep their numbers; nothing that needs counts is checked of them.
    """

    row: Row
    numbers: tuple[Number | None, ...]
    percents: tuple[Number, ...]
    p: Number | None
    sizes: tuple[int, ...] | None = None

    @property
    def counts(self) -> tuple[int, ...] | None:
        """Whole, from 0 and of every group; None otherwise."""
        if any(each is None or each.unit != 1 or each.value < 0 for each in self.numbers):
            return None
        return tuple(int(each.value) for each in self.numbers if each is not None)

    @property
    def variable(self) -> str:
        return self.row["variable"]

    @property
    def block(self) -> tuple[str, str, str]:
        """Population, setting and variable: what its level is one of."""
        return self.row["population"], self.row["setting"], self.row["variable"]

    @property
    def label(self) -> str:
        """Setting, variable and level in one line."""
        parts = (self.row["setting"], self.row["variable"], self.row["level"])
        return " ".join(part for part in parts if part)


@dataclass(frozen=True)
class Counts:
    """`rows` without those of the group sizes, which are in `sizes` by (population, setting), as they stand."""

    groups: tuple[str, ...]
    rows: tuple[CountRow, ...]
    sizes: dict[tuple[str, str], tuple[int, ...]]

    def size(self, population: str, setting: str) -> tuple[int, ...] | None:
        """Patients per group: of the setting, else of the population's first setting."""
        if (population, setting) in self.sizes:
            return self.sizes[population, setting]
        return next((sizes for (name, _), sizes in self.sizes.items() if name == population), None)


def read_counts(path: Path) -> Counts:
    """Read the file. Raises InputError with every fault of its shape and cells; impossible counts are kept."""
    sheet, counts = open_counts(path)
    sheet.finish()
    return counts


def open_counts(path: Path) -> tuple[Sheet, Counts]:
    """All rows, with the faults of single cells kept in the sheet. Raises InputError for an unusable file."""
    sheet = open_sheet(path, NEEDED)
    groups = tuple(column for column in sheet.header if column and column not in (*NEEDED, *OPTIONAL))
    if len(groups) < 2:
        raise InputError(
            f"{sheet.name}: {len(groups)} column{'s' * (len(groups) != 1)} of counts found. "
            "The file needs one for each of at least two groups."
        )
    rows = [_row(sheet, row, groups) for row in sheet.rows]
    sizes = _sizes(sheet, rows)
    counts = Counts(groups, (), sizes)
    placed = (
        CountRow(each.row, each.numbers, each.percents, each.p, counts.size(*each.block[:2]))
        for each in rows
        if each.variable != SIZE
    )
    return sheet, Counts(groups, tuple(placed), sizes)


def _row(sheet: Sheet, row: Row, groups: tuple[str, ...]) -> CountRow:
    numbers = tuple(sheet.value(row, group, read_number) for group in groups)
    percents = sheet.value(row, "percent_printed", _percents) or ()
    if percents and len(percents) != len(groups):
        sheet.faults.append(
            f"{row.place}: percent_printed holds {len(percents)} number{'s' * (len(percents) != 1)} for "
            f"{len(groups)} groups. Give one for each group, with blanks between them."
        )
        percents = ()
    if not row["variable"]:
        sheet.faults.append(f"{row.place}: variable is missing. Name what is counted, or {SIZE} for the group sizes.")
    return CountRow(row, numbers, percents, sheet.value(row, "p_printed", _p))


def _sizes(sheet: Sheet, rows: list[CountRow]) -> dict[tuple[str, str], tuple[int, ...]]:
    sizes: dict[tuple[str, str], tuple[int, ...]] = {}
    for each in rows:
        if each.variable != SIZE:
            continue
        counts, key = each.counts, each.block[:2]
        if counts is None or 0 in counts:
            sheet.faults.append(
                f"{each.row.place}: a size of {SIZE} is missing, or is not a whole number from 1. "
                "Give the patients of every group."
            )
        elif key in sizes:
            sheet.faults.append(f"{each.row.place}: the sizes of {' '.join(key)} are already given. Delete one row.")
        else:
            sizes[key] = counts
    return sizes


def _percents(text: str) -> tuple[Number, ...]:
    return tuple(read_number(part.removesuffix("%")) for part in text.split())


def _p(text: str) -> Number:
    return read_p(text, may_be_below=True)
