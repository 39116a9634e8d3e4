"""A data frame of pandas, polars or pyarrow -> records, exactly as a Parquet file of it would be read."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from bayesrefract.cohort.identifiers import identifier_columns, telling_apart
from bayesrefract.cohort.origin import COLUMN, least, of_column, of_identifiers
from bayesrefract.cohort.parquet_file import as_text, raise_nested
from bayesrefract.cohort.read import Records
from bayesrefract.errors import RecordsError
from bayesrefract.messages import listed, quoted
from bayesrefract.names import column_name, look_alike_columns
from bayesrefract.study.study import Evidence

if TYPE_CHECKING:
    import narwhals as nw

LABEL = "data frame"


def records_of_frame(data: Any, wanted: Collection[str]) -> Records:
    """Records from the wanted columns of a data frame.

    Parameters
    ----------
    data : pandas.DataFrame, polars.DataFrame, pyarrow.Table or any eager frame that narwhals reads
        One row per patient. An index is not read, whatever it holds.
    wanted : collection of str
        Columns to keep.

    Raises
    ------
    RecordsError
        Where `data` is no data frame, is lazy, is empty, or names its columns twice or by tuples.
    """
    frame = _eager(data, wanted)
    header = _header(frame.columns, wanted)
    if not len(frame):
        raise RecordsError(f"{LABEL}: it has column names but no patients. Pass one row per patient.")
    alike = look_alike_columns(header, wanted)
    if alike:
        raise RecordsError([f"{LABEL}: {fault}" for fault in alike])
    named = dict(zip(header, frame.columns, strict=True))
    kept = {name: given for name, given in named.items() if name in wanted}
    columns = {name: _as_arrow(frame, given) for name, given in kept.items()}
    raise_nested({name: column.type for name, column in columns.items()}, LABEL)
    columns = {name: as_text(column, name, LABEL) for name, column in columns.items()}
    for name in identifier_columns(named):
        if name not in wanted:  # looked at for patients who repeat, and no fault of theirs matters
            with suppress(RecordsError, pa.ArrowException):
                values = _as_arrow(frame, named[name])
                raise_nested({name: values.type}, LABEL)
                columns[name] = as_text(values, name, LABEL)
    cells = pd.DataFrame({name: pd.Series(column.to_pylist(), dtype=object) for name, column in columns.items()})
    return Records(
        cells if columns else pd.DataFrame(index=range(len(frame))),
        _hash({name: column for name, column in columns.items() if name in wanted}),
        LABEL,
        0,
        header,
        origin=least(_origin(data, frame, named)),
        apart=_apart(frame, named, cells),
    )


def _origin(data: Any, frame: nw.DataFrame[Any], named: dict[str, str]) -> set[Evidence]:
    """What identifiers in any column or in the index, and a column `evidence`, say of the rows."""
    told: set[Evidence] = set()
    for name, given in named.items():
        values = [value for value in frame.get_column(given).to_list() if isinstance(value, str)]
        told |= of_identifiers(values) | (of_column(values) if name == COLUMN else set())
    index = data.index if isinstance(data, pd.DataFrame) else ()
    return told | of_identifiers(index)


def _apart(frame: nw.DataFrame[Any], named: dict[str, str], cells: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Columns that tell the rows of a patient apart, for identifiers that repeat."""
    several = [name for name in identifier_columns(cells.columns) if cells[name].duplicated().any()]
    if not several:
        return {}
    every = pd.DataFrame({name: list(map(str, frame.get_column(given).to_list())) for name, given in named.items()})
    return {name: telling_apart(every, name) for name in several}


def _eager(data: Any, wanted: Collection[str]) -> nw.DataFrame[Any]:
    import narwhals as nw

    if isinstance(data, pd.DataFrame) and isinstance(data.columns, pd.MultiIndex):
        raise RecordsError(f"{LABEL}: its columns have several levels. Flatten them to one name per column.")
    if isinstance(data, pd.DataFrame):
        data = data.reset_index(drop=True)  # an index may repeat, or hold identifiers that must not appear anywhere
        data = data.loc[:, ~_repeats(list(map(str, data.columns)), wanted)]
    if isinstance(data, pa.Table):  # as pandas, it may have columns of one name, and narwhals raises its own error
        data = data.select(np.flatnonzero(~_repeats(data.column_names, wanted)).tolist())
    frame = nw.from_native(data, pass_through=True)
    if isinstance(frame, nw.LazyFrame):
        raise RecordsError(f"{LABEL}: it is lazy, and nothing has been computed yet. Pass data.collect().")
    if not isinstance(frame, nw.DataFrame):
        raise RecordsError(
            f"{LABEL}: found {type(data).__name__}. Pass a pandas, polars or pyarrow data frame with one row per "
            "patient, or the path of a CSV or Parquet file."
        )
    return frame


def _header(names: list[Any], wanted: Collection[str]) -> tuple[str, ...]:
    unnamed = [name for name in names if not isinstance(name, str)]
    if unnamed:
        raise RecordsError(f"{LABEL}: the column name {unnamed[0]!r} is not text. Name every column by a string.")
    header = tuple(map(column_name, names))
    _repeats(list(header), wanted)
    return header


def _repeats(names: list[str], wanted: Collection[str]) -> NDArray[np.bool_]:
    """Which columns repeat the name of an earlier one; that is a fault where the name is used."""
    twice = sorted(name for name, count in Counter(names).items() if count > 1 and name in wanted)
    if twice:
        raise RecordsError(
            f"{LABEL}: more than one column has the name {listed(map(quoted, twice))}. Give each its own name."
        )
    return pd.Index(names).duplicated()


def _as_arrow(frame: nw.DataFrame[Any], name: str) -> pa.ChunkedArray | pa.Array:
    """One column; categories as their values, and cells of mixed types as text."""
    column = frame.get_column(name)
    try:
        values = column.to_arrow()
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        values = pa.array([None if _is_missing(value) else _text(value, name) for value in column.to_list()])
    if isinstance(values, pa.DictionaryArray):
        values = values.dictionary_decode()
    elif isinstance(values, pa.ChunkedArray) and pa.types.is_dictionary(values.type):
        values = pa.chunked_array([chunk.dictionary_decode() for chunk in values.chunks], values.type.value_type)
    return values


def _text(value: Any, name: str) -> str:
    """A cell of a column of mixed types as text. Raises RecordsError where it holds several values."""
    if isinstance(value, Iterable) and not isinstance(value, str):
        raise RecordsError(
            f"{LABEL}: the column {quoted(name)} holds several values in one row ({type(value).__name__}). "
            "Give it one number or text in each row, or leave it out."
        )
    try:
        return str(value)
    except ValueError:  # a whole number of thousands of digits
        raise RecordsError(
            f"{LABEL}: the column {quoted(name)} holds a whole number of thousands of digits. Correct it."
        ) from None


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and value != value)


def _hash(columns: dict[str, Any]) -> str:
    """SHA-256 of the columns that are used: names, types and values, however they are chunked in memory."""
    digest = hashlib.sha256()
    for name, column in sorted(columns.items()):
        digest.update(f"{name}\0{column.type}\0".encode())
        for value in column.to_pylist():
            digest.update(repr(value).encode() + b"\0")
    return digest.hexdigest()
