"""Read the wanted columns of a Parquet file, and columns of arrow values as cells."""

from __future__ import annotations

from collections.abc import Collection
from typing import BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bayesrefract.cohort.file_kind import why_no_parquet
from bayesrefract.cohort.identifiers import is_identifier_name
from bayesrefract.cohort.origin import COLUMN, of_column, of_identifiers
from bayesrefract.errors import RecordsError
from bayesrefract.messages import listed, quoted
from bayesrefract.names import column_name
from bayesrefract.study.study import Evidence

TEXT = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
BINARY = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary, pa.types.is_binary_view)


def read_parquet(
    source: BinaryIO, start: bytes, name: str, wanted: Collection[str]
) -> tuple[pd.DataFrame, tuple[str, ...], frozenset[Evidence]]:
    """The wanted columns, the names of all, and what the rows say they are.

    Raises RecordsError where the file or a wanted column is misshapen.
    """
    wrong = why_no_parquet(start)
    if wrong:
        raise RecordsError(f"{name}: {wrong}")
    try:
        with pq.ParquetFile(source) as file:
            found = file.schema_arrow.names
            header = tuple(map(column_name, found))
            twice = sorted({column for column in header if header.count(column) > 1 and column in wanted})
            if twice:
                raise RecordsError(
                    f"{name}: more than one column has the name {listed(map(quoted, twice))}. Give each its own name."
                )
            kept = {
                column: given
                for column, given in zip(header, found, strict=True)
                if column in wanted
                or (
                    is_identifier_name(column)
                    and found.count(given) == 1
                    and _is_plain(file.schema_arrow.field(given).type)
                )
            }
            nested = {column: file.schema_arrow.field(given).type for column, given in kept.items()}
            raise_nested(nested, name)
            table = file.read(columns=list(kept.values()))
            origin = _origin(file, found, header)
    except (pa.ArrowException, OSError):
        raise RecordsError(f"{name}: this is not a readable Parquet file. Save the records again.") from None
    if not table.num_rows:
        raise RecordsError(f"{name}: the file has column names but no patients. Add one row per patient.")
    columns = {column: as_text(table.column(given), column, name) for column, given in kept.items()}
    if not columns:
        return pd.DataFrame(index=range(table.num_rows)), header, origin
    try:
        return pa.table(columns).to_pandas(ignore_metadata=True, integer_object_nulls=True), header, origin
    except (ValueError, OverflowError, pa.ArrowException) as problem:
        raise RecordsError(f"{name}: a column holds a value that cannot be read ({problem}). Correct it.") from None


def _is_plain(kind: pa.DataType) -> bool:
    return not pa.types.is_nested(kind) and not any(is_kind(kind) for is_kind in BINARY)


def _origin(file: pq.ParquetFile, found: list[str], header: tuple[str, ...]) -> frozenset[Evidence]:
    """What identifiers in any column of text, and a column `evidence`, say of the rows; one column at a time."""
    told: set[Evidence] = set()
    for place, (given, column) in enumerate(zip(found, header, strict=True)):
        kind = file.schema_arrow.field(place).type
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        if "." in given or not any(is_text(kind) for is_text in TEXT):  # a dot leads into nested columns
            continue
        for read in file.read(columns=[given]).columns:
            texts = read.unique().to_pylist()
            told |= of_identifiers(texts) | (of_column(texts) if column == COLUMN else set())
    return frozenset(told)


def raise_nested(types: dict[str, pa.DataType], label: str) -> None:
    """Raise RecordsError for columns with several values in each row."""
    faults = [
        f"{label}: the column {quoted(column)} holds several values in each row ({str(kind).split('<')[0]}). "
        "Give it one number or text in each row, or leave it out."
        for column, kind in types.items()
        if pa.types.is_nested(kind.value_type if pa.types.is_dictionary(kind) else kind)
    ]
    if faults:
        raise RecordsError(faults)


def as_text(column: pa.ChunkedArray, name: str, label: str) -> pa.ChunkedArray:
    """Bytes as the text that they are, as some programs do not say that their text is text; others unchanged."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not any(is_kind(kind) for is_kind in BINARY):
        return column
    try:
        return column.cast(pa.large_binary()).cast(pa.large_string())
    except pa.ArrowException:
        raise RecordsError(
            f"{label}: the column {quoted(name)} holds bytes that are no UTF-8 text. Save it as text or numbers."
        ) from None
