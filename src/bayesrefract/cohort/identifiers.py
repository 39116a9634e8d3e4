"""One row per patient: columns that hold identifiers, and columns that tell several rows of a patient apart."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesrefract.messages import listed, quoted

WHO = "subj|subject|patient|pat|pt|participant|proband|person|record|case|individual|u?subj|usubject|unique subject"
NAMED = re.compile(
    rf"id|mrn|pid|ptid|patid|idno|idnr|({WHO})s?( ?(id|no|nr|num|number|code|identifier|key))?"
    rf"|(id|identifier)( of)? ?({WHO})?"
)
SEVERAL_ROWS = "--several-rows (columns.several_rows in a study file)"
NO_IDENTIFIER = frozenset({"case", "record", "person", "individual", "pt", "pat"})
"""Words that alone name something else as often."""


def is_identifier_name(column: str) -> bool:
    """Whether a column is named as one of patient identifiers: USUBJID, patient_id, Subject No."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column)
    words = " ".join(re.findall(r"[a-z]+", spaced.lower()))
    return words not in NO_IDENTIFIER and NAMED.fullmatch(words) is not None


def identifier_columns(header: Iterable[str]) -> tuple[str, ...]:
    return tuple(column for column in header if is_identifier_name(column))


def repeated(texts: NDArray[np.object_], rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Rows of a patient who has an earlier row among `rows`."""
    again = np.zeros(len(texts), dtype=bool)
    seen: set[str] = set()
    for i in np.flatnonzero(rows & (texts != "")):
        again[i] = texts[i] in seen
        seen.add(texts[i])
    return again


def telling_apart(frame: pd.DataFrame, column: str) -> tuple[str, ...]:
    """Columns whose values differ between all rows of each patient, those with the fewest values first."""
    of_several = frame[frame[column].duplicated(keep=False) & frame[column].notna() & (frame[column] != "")]
    found = [name for name in frame.columns if name != column and not of_several.duplicated([column, name]).any()]
    counts = {name: frame[name].nunique() for name in found}
    told = [name for name in found if counts[name] <= len(frame) / 2]  # others are measurements
    return tuple(sorted(told, key=counts.__getitem__))


def rows_fault(column: str, patients: int, rows: int, apart: Collection[str], option: str) -> str:
    """Several rows of a patient where each row would be counted as one."""
    verb = "tells" if len(apart) == 1 else "tell"
    told = f" {listed(map(quoted, apart))} {verb} the rows of a patient apart." if apart else ""
    keep = f"of {quoted(next(iter(apart)))}, say, the rows of one value" if apart else "such as the last one"
    return (
        f"the column {quoted(column)} holds {patients:,} patients in {rows:,} rows, and each row would be counted as a "
        f"patient.{told} Keep one row per patient ({keep}) and name the column: {option}; or rename it, if it does not "
        f"identify patients. If each row has a start and a stop, name it and say so: {SEVERAL_ROWS}."
    )
