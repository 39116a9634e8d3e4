"""Assign records to a population and to its groups."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort.cells import Cells, among, parse_number
from bayesrefract.cohort.faults import Faults
from bayesrefract.messages import did_you_mean, listed, quoted
from bayesrefract.study.study import Analysis, Condition, Population

TRUE_FALSE = {True: ("true", "1"), False: ("false", "0")}


@dataclass
class Selection:
    """Records that are kept, shape (record,), and the reasons of the patients excluded.

    `owner`: the patient of each record where some have several rows; None where a record is a patient.
    """

    kept: NDArray[np.bool_] = field(repr=False)
    excluded: dict[str, int]
    owner: NDArray[np.int64] | None = field(default=None, repr=False)

    def exclude(self, which: NDArray[np.bool_], reason: str) -> None:
        """Exclude those of `which` who are still kept, with all of their rows, and count them under one reason."""
        leaving = which & self.kept
        if self.owner is not None:
            leaving = np.isin(self.owner, self.owner[leaving]) & self.kept
        self._leave(leaving, reason)

    def exclude_rows(self, which: NDArray[np.bool_], reason: str) -> int:
        """Exclude these rows alone, and count the patients of whom none is left; returns the rows of all others."""
        leaving = which & self.kept
        if self.owner is None:
            self._leave(leaving, reason)
            return 0
        whole = leaving & ~np.isin(self.owner, self.owner[self.kept & ~leaving])
        self._leave(whole, reason)
        self.kept = self.kept & ~leaving
        return int((leaving & ~whole).sum())

    def patients(self, which: NDArray[np.bool_]) -> int:
        """How many patients these records are of."""
        return int(which.sum()) if self.owner is None else len(np.unique(self.owner[which]))

    def _leave(self, leaving: NDArray[np.bool_], reason: str) -> None:
        if leaving.any():
            self.excluded[reason] = self.excluded.get(reason, 0) + self.patients(leaving)
            self.kept = self.kept & ~leaving


def restrict(selection: Selection, analysis: Analysis, faults: Faults) -> None:
    """Keep the patients of the question's population; those with a missing value are counted separately."""
    population = analysis.population
    columns = {c.column: faults.records.cells(c.column) for c in population.where}
    for condition in population.where:
        cells = columns[condition.column]
        selection.exclude(cells.missing, f"missing {condition.column}, needed for population {population.name}")
    for condition in population.where:
        cells = columns[condition.column]
        selection.exclude(~meets(cells, condition, analysis, faults), f"outside population {population.name}")
    if not selection.kept.any():
        faults.column(f"no patient is in population {population.name} ({describe(population)}). Check its conditions.")


def describe(population: Population) -> str:
    """The conditions in words: `symptom = 0, age from 18 to 65`."""
    return ", ".join(_describe(condition) for condition in population.where) or "all patients"


def _describe(condition: Condition) -> str:
    if condition.values:
        return f"{condition.column} = {' or '.join(_text(value) for value in condition.values)}"
    low = "" if condition.low is None else f" from {condition.low:g}"
    high = "" if condition.high is None else f" to {condition.high:g}"
    return f"{condition.column}{low}{high}"


def _text(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else value if isinstance(value, str) else f"{value:g}"


def meets(cells: Cells, condition: Condition, analysis: Analysis, faults: Faults) -> NDArray[np.bool_]:
    """Which records meet one condition; shape (record,)."""
    if not condition.values:
        return _in_range(cells, condition, faults)
    meets = np.zeros(len(cells.text), dtype=bool)
    codes = (analysis.group_codes or {}) if condition.column == analysis.columns.group else {}
    for value in condition.values:
        if isinstance(value, bool):
            meets |= np.isin([text.lower() for text in cells.text], TRUE_FALSE[value])
            continue
        number = parse_number(value) if isinstance(value, str) else value
        named = [code for code, level in codes.items() if level == value]
        meets |= (cells.text == value) | (cells.number == number) | among(cells.text, named)
    return meets


def _in_range(cells: Cells, condition: Condition, faults: Faults) -> NDArray[np.bool_]:
    if cells.textual.any():
        found = quoted(cells.text[cells.textual][0])
        faults.column(f"{cells.name} holds {found}, but the population needs numbers for a range. Correct the cells.")
    low = -np.inf if condition.low is None else condition.low
    high = np.inf if condition.high is None else condition.high
    return np.asarray((cells.number >= low) & (cells.number <= high), dtype=bool)


@dataclass(frozen=True)
class Grouping:
    """Group of each record: code into `levels`, -1 for no group, shape (record,)."""

    levels: tuple[str, ...]
    group: NDArray[np.int64] = field(repr=False)


def assign_groups(
    selection: Selection, analysis: Analysis, compared_only: bool, faults: Faults
) -> tuple[Grouping, NDArray[np.bool_], tuple[str, ...]]:
    """Assign each record to a group; also the records in any of the study's groups (to be checked), and notes.

    With `compared_only` patients outside the primary contrast are excluded too. A compared group without
    patients is a fault; another one is left out with a note.
    """
    column = analysis.columns.group
    cells = faults.records.cells(column)
    labels, notes = _labels(cells, selection.kept, analysis, faults)
    selection.exclude(cells.missing, f"missing {column}")
    in_study = among(labels, analysis.groups) & selection.kept
    compared = (analysis.primary.group, analysis.primary.reference)
    levels = tuple(g for g in analysis.groups if g in compared) if compared_only else analysis.groups
    parts = selection.exclude_rows(~among(labels, levels), "not in a compared group")
    if parts:  # a patient who leaves with all rows for what came later would bias what came before
        notes += (f"{parts:,} rows of analysed patients are in no compared group, and are not counted.",)
    counts = Counter(labels[selection.kept])
    for level in dict.fromkeys(compared):
        if not counts[level]:
            faults.column(_nobody(level, analysis, Counter(labels[in_study]), column))
    empty = [level for level in levels if not counts[level] and level not in compared]
    notes += tuple(f"The group {level} has no patients in population {analysis.population.name}." for level in empty)
    present = tuple(level for level in levels if level not in empty)
    codes = {level: code for code, level in enumerate(present)}
    group = np.array([codes.get(label, -1) for label in labels], dtype=np.int64)
    return Grouping(present, group), in_study, notes


def _labels(
    cells: Cells, kept: NDArray[np.bool_], analysis: Analysis, faults: Faults
) -> tuple[NDArray[np.object_], tuple[str, ...]]:
    """Level of every record ("" where missing). Unknown codes are faults; other levels are noted."""
    if analysis.group_codes is None:
        others = Counter(t for t in cells.text[kept] if t and t not in analysis.groups)
        named = listed(f"{quoted(level)[1:-1]} ({count})" for level, count in sorted(others.items()))
        note = (f"Column {cells.name} also holds {named}: not among the groups that are compared.",)
        return cells.text, note if others else ()
    codes = analysis.group_codes
    for text, count in sorted(Counter(t for t in cells.text[kept] if t and t not in codes).items()):
        faults.column(
            f"{cells.name} holds {quoted(text)} in {count} rows, which is no group code.{did_you_mean(text, codes)} "
            f"The codes are {', '.join(codes)}. Correct the rows, or add the code to groups.codes."
        )
    labels = np.empty(len(cells.text), dtype=object)
    labels[:] = [codes.get(text, "") for text in cells.text]
    return labels, ()


def _nobody(level: str, analysis: Analysis, found: Counter[str], column: str) -> str:
    role = "reference" if level == analysis.primary.reference else "group of the primary contrast"
    groups = listed(f"{name} ({count})" for name, count in found.items()) or "no known group"
    return (
        f'{column}: no patient of population {analysis.population.name} is in "{level}", the {role}. '
        f"Found: {groups}.{did_you_mean(level, found)} Correct the name of the level, or the records."
    )
