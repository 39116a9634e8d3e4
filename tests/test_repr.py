"""What a value shows of itself: counts, and nobody's identifier, time or covariates."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from records_example import TABLE, make_model, make_question, read
from therapy_example import tables_in

import bayesrefract
from bayesrefract.classical import cross_check
from bayesrefract.cohort.exposure import tabulate
from bayesrefract.cohort.faults import Faults
from bayesrefract.cohort.select import select
from bayesrefract.studies.lenalidomide.derive import derive, read_histories

ARRAYS = re.compile(r"\b(NDArray|ndarray|DataFrame|Dataset|DataArray|DataTree)\b")


def values_of_the_package() -> Iterator[type]:
    """Every dataclass that is defined here."""
    for module in pkgutil.walk_packages(bayesrefract.__path__, "bayesrefract."):
        if module.name.endswith("__main__"):
            continue
        for _, found in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if found.__module__ == module.name and dataclasses.is_dataclass(found):
                yield found


def test_no_value_prints_its_arrays() -> None:
    """Arrays may hold a number of each patient: a value that has some leaves them out, or has words of its own."""
    kinds = list(values_of_the_package())
    assert len(kinds) > 100
    shown = [
        f"{kind.__module__}.{kind.__name__}.{field.name}"
        for kind in kinds
        if hasattr(kind.__repr__, "__wrapped__")  # the one that dataclass writes
        for field in dataclasses.fields(kind)
        if field.repr and ARRAYS.search(str(field.type))
    ]
    assert not shown


def test_values_of_the_line_show_counts_and_nobody(tmp_path: Path) -> None:
    """Times and ages of this file are numbers that nothing else gives."""
    records = read(tmp_path, re.sub(r"(?m)^(P-0\d,\w),(\d+)(?:\.5)?,", r"\1,\2.0625,", TABLE))
    analysis, model = make_question(), make_model()
    cohort = select(records, analysis, model)
    table = tabulate(cohort, model.intervals)
    faults = Faults(records)
    faults.each(np.arange(8) == 2, cohort.patient, lambda _: 'time "12.0625" is too late.')
    assert repr(records) == "<Records: patients.csv, 8 patients, 9 columns>"
    assert repr(cohort) == "<Cohort: 8 patients, 5 events; events/patients: a 2/3, b 2/3, c 1/2>"
    assert repr(faults) == "<Faults: patients.csv, 0 of whole columns, 1 of 8 rows>"
    for value in (records, cohort, faults, table, records.cells("time"), *cohort.covariates):
        assert not re.search(r"P-0|\.0625|array", repr(value))
    curves = [group.curve for group in cross_check(cohort, analysis, table, model).groups]
    assert {repr(curve) for curve in curves} == {"KaplanMeier()"}


def test_histories_and_the_rows_made_of_them_show_nobody(tmp_path: Path) -> None:
    histories = read_histories(tables_in(tmp_path))
    derived = derive(histories)
    shown = " ".join(map(repr, (*histories, *derived.rows, *derived.listed, derived)))
    assert not [each.patient_id for each in derived.rows if each.patient_id in shown]
    assert "datetime" not in shown
    assert f"patients={derived.patients}" in repr(derived)
