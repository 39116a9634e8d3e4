"""Cells of one column as text and as numbers, so that messages can quote a faulty one."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesrefract.names import composed

MISSING_TEXT = frozenset({"", "NA", "NaN", "nan"})
WHOLE = re.compile(r"(-?\d+)\.0+")
LARGEST_PLAIN = 1e15
MOST_KNOWN = 10_000
"""Distinct texts of a column that are read only once."""


@dataclass(frozen=True)
class Cells:
    """Arrays of shape (record,). `text` is "" where missing; `number` is NaN where missing or not a number.

    `marked`: positions that a declared mark made missing, with the mark.
    """

    name: str
    text: NDArray[np.object_] = field(repr=False)
    number: NDArray[np.float64] = field(repr=False)
    marked: Mapping[int, str] = field(default_factory=dict, repr=False)

    @property
    def missing(self) -> NDArray[np.bool_]:
        return np.asarray(self.text == "", dtype=bool)

    @property
    def declared(self) -> NDArray[np.bool_]:
        """Cells that a declared mark made missing."""
        where = np.zeros(len(self.text), dtype=bool)
        where[list(self.marked)] = True
        return where

    @property
    def textual(self) -> NDArray[np.bool_]:
        """Cells that hold something, but not a number."""
        return ~self.missing & np.isnan(self.number)


def read_cells(frame: pd.DataFrame, column: str, missing: Collection[str] = ()) -> Cells:
    """One column of a frame of any types. "1.0" reads as "1", so that group codes match however they were saved.

    `missing` : further texts that mean a missing value.
    """
    marks = {as_written(mark) for mark in missing} - {""}
    values = frame[column].astype(object).to_numpy()
    text = np.empty(len(values), dtype=object)
    number = np.empty(len(values))
    known: dict[str, tuple[str, float]] = {}
    for i, value in enumerate(values):
        read = known.get(value) if type(value) is str else None
        if read is None:
            read = _read(value)
            if type(value) is str and len(known) < MOST_KNOWN:
                known[value] = read
        text[i], number[i] = read
    marked: dict[int, str] = {}
    if marks:
        marked = {int(i): text[i] for i in np.flatnonzero(among(text, marks))}
        text[list(marked)], number[list(marked)] = "", np.nan
    return Cells(column, text, number, marked)


def among(texts: NDArray[np.object_], wanted: Collection[str]) -> NDArray[np.bool_]:
    """Which of the texts are among those wanted. One long text does not widen all of them, as an array of str would."""
    known = frozenset(wanted)
    return np.fromiter((text in known for text in texts), dtype=bool, count=len(texts))


def in_order(labels: set[str]) -> tuple[str, ...]:
    """Numbers by size, anything else by the alphabet: never by the order of the records."""
    numbers = {label: parse_number(label) for label in labels}
    if any(math.isnan(number) for number in numbers.values()):
        return tuple(sorted(labels))
    return tuple(sorted(labels, key=lambda label: (numbers[label], label)))


def parse_number(text: str) -> float:
    """NaN where the text is not a number."""
    try:
        return math.nan if "_" in text else float(text)
    except ValueError:
        return math.nan


def as_written(mark: str) -> str:
    """A mark for missing as cells are read: 999.0 is 999."""
    return _read_text(composed(mark.strip()))[0]


def _read(value: Any) -> tuple[str, float]:
    match value:
        case str():
            return _read_text(composed(value.strip()))
        case bool() | np.bool_():
            return str(bool(value)).lower(), math.nan
        case int() | np.integer():  # exactly: a float would merge long identifiers
            return str(int(value)), float(value)
        case float() | np.number():
            return _read_number(float(value))
        case _ if value is None or value is pd.NaT or value is pd.NA:
            return "", math.nan
        case _:
            return _read_text(str(value))


def _read_text(text: str) -> tuple[str, float]:
    if text in MISSING_TEXT:
        return "", math.nan
    whole = WHOLE.fullmatch(text)
    return whole[1] if whole else text, parse_number(text)


def _read_number(number: float) -> tuple[str, float]:
    if math.isnan(number):
        return "", math.nan
    plain = number.is_integer() and abs(number) < LARGEST_PLAIN
    return str(int(number)) if plain else repr(number), number
