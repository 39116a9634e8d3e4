"""Data frames of hostile columns, given to `bayesrefract.compare` from Python."""

from __future__ import annotations

import io
import sys
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from numpy.random import Generator

import bayesrefract
from bayesrefract.errors import InputError
from validation.fuzzing.cases import Case
from validation.fuzzing.inputs import RECORDS
from validation.fuzzing.tables import parquet_of, spoilt_table
from validation.fuzzing.values import chance, pick

DOOR = "frame"
NAME = "frame.parquet"
KINDS = ("pandas", "polars", "pyarrow")


def spoilt(rng: Generator) -> Case:
    """A frame of one of three libraries, with columns of types that records seldom have."""
    content = parquet_of(spoilt_table(rng, RECORDS))
    more = pick(rng, ((), ("age",), ("sex", "age"), ("site",)))
    return Case(DOOR, (pick(rng, KINDS), "id" if chance(rng, 2) else "", *more), {NAME: content})


def _frame(kind: str, table: pa.Table) -> Any:
    if kind == "pandas":
        return table.to_pandas()
    if kind == "pyarrow":
        return table
    import polars

    return polars.from_arrow(table)


def faults(case: Case, sampling_starts: type[BaseException]) -> list[str]:
    """Either sampling starts, or every fault is told in a whole sentence; nothing else is raised."""
    kind, patient, *adjust = case.arguments
    if kind == "polars" and "polars" not in sys.modules:
        try:
            import polars  # noqa: F401
        except ImportError:
            return []
    table = pq.ParquetFile(io.BytesIO(case.files[NAME])).read()  # also with two columns of one name
    try:
        frame = _frame(kind, table)
    except Exception:  # noqa: BLE001 - the library cannot hold these columns: there is no frame to give
        return []
    rope = bayesrefract.Rope(0.8, 1.25, source="protocol")
    try:
        bayesrefract.compare(
            frame, time="time", event="event", group="arm", reference="a", unit="months", rope=rope, id=patient or None,
            adjust=adjust, quiet=True,
        )  # fmt: skip
    except InputError as error:
        return [f"no whole sentence: {fault}" for fault in error.faults if not fault.endswith((".", "?"))]
    except sampling_starts:
        return []
    return ["neither told nor sampled"]
