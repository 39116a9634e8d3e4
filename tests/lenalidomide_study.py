"""The committed study of lenalidomide: its files, its cohort as text, and mutated copies of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "data" / "lenalidomide"
COHORT = FOLDER / "cohort.csv"
ESTIMATES = FOLDER / "published_estimates.csv"
COUNTS = FOLDER / "published_counts.csv"

type Row = dict[str, str]


def rows() -> list[Row]:
    """The committed cohort, one dict of text per row."""
    with COHORT.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def to_text(changed: list[Row]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, changed[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(changed)
    return stream.getvalue()


def mutated(folder: Path, change: Callable[[list[Row]], None]) -> Path:
    """A copy of the cohort with something changed."""
    changed = rows()
    change(changed)
    path = folder / "cohort.csv"
    path.write_text(to_text(changed), encoding="utf-8")
    return path


def first(changed: list[Row], **wanted: str) -> Row:
    """The first row with these cells."""
    return next(row for row in changed if all(row[column] == value for column, value in wanted.items()))
