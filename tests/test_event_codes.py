"""What counts as an event, and that a row is a patient; nothing is sampled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from declared_example import QUESTION, trial
from findings_example import findings
from test_cases import faults_of, fitted

from bayesrefract.cohort.events import name_fault
from bayesrefract.cohort.identifiers import is_identifier_name
from bayesrefract.cohort.value import Coding
from bayesrefract.report.json.verdict import to_json
from bayesrefract.report.terminal import lines

# What counts as an event


@pytest.mark.parametrize("name", ["CNSR", "cnsr", "OS_CNSR", "CNSR1"])
def test_cdisc_says_which_value_is_the_event(name: str) -> None:
    assert "--event-value 0" in str(name_fault(name))


@pytest.mark.parametrize("name", ["cens", "Censor", "censored", "CENSORING", "os.cens", "pfsCens", "is_censored"])
def test_a_name_that_means_either_gets_no_advice_which(name: str) -> None:
    told = str(name_fault(name))
    assert "does 1 mean the event, or censored?" in told
    assert "--event-value 0" not in told
    assert "--event-value 1" not in told


@pytest.mark.parametrize("name", ["event", "status", "died", "licensed", "incense", "census", "OS"])
def test_other_names_say_nothing(name: str) -> None:
    assert name_fault(name) is None


def test_every_reason_for_censoring_of_cdisc_is_counted() -> None:
    frame = trial(CNSR=[0, 1, 2] * 20)
    cohort, _ = fitted(frame, **(QUESTION | {"event": "CNSR", "event_value": 0}))
    assert str(cohort.coding) == "event: 0 20; censored: 1 20, 2 20"


CODES = {"event": [1, 2, 9] * 20}


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"censor_values": (1, 9)}, "event: 2 20; censored: 1 20, 9 20"),
        ({"censor_values": ("1",), "missing": ("event=9",)}, "event: 2 20; censored: 1 20"),
        ({"censor_values": (1.0,), "missing": ("9",)}, "event: 2 20; censored: 1 20"),
    ],
)
def test_what_is_censored_or_unknown_is_declared(given: dict[str, Any], found: str) -> None:
    cohort, _ = fitted(trial(**CODES), **QUESTION, event_value="2", **given)
    assert str(cohort.coding) == found
    assert cohort.flow.excluded == ({"missing event": 20} if "missing" in given else {})


def test_competing_events_are_censored_where_that_is_said() -> None:
    (fault,) = faults_of(trial(event=[0, 1, 2] * 20), **QUESTION, event_value=2)
    assert "0 (20 times), 1 (20 times) beside the event value 2" in fault
    cohort, _ = fitted(trial(event=[0, 1, 2] * 20), **QUESTION, censor_values=(2,))
    assert str(cohort.coding) == "event: 1 20; censored: 0 20, 2 20"


@pytest.mark.parametrize("other", ["DEAD", "dead", "De ad", "Dead\u200b", "dEAD"])
def test_values_like_the_event_are_not_censored(other: str) -> None:
    faults = faults_of(trial(event=["Dead", other, "Alive"] * 20), **QUESTION, event_value="Dead")
    assert any("(20 times)" in fault and '"Dead" (20 times)' in fault for fault in faults)


def test_composed_and_decomposed_letters_of_an_event_are_one() -> None:
    frame = trial(event=["Décédé", "De\u0301ce\u0301de\u0301", "Vivant"] * 20)
    cohort, _ = fitted(frame, **QUESTION, event_value="De\u0301ce\u0301de\u0301")
    assert str(cohort.coding) == "event: Décédé 40; censored: Vivant 20"


def test_true_and_false_are_codes_too() -> None:
    frame = trial(censored=[True, False, True] * 20)
    cohort, _ = fitted(frame, **(QUESTION | {"event": "censored", "event_value": False}))
    assert str(cohort.coding) == "event: false 20; censored: true 40"


def test_the_codes_are_printed_before_anything_else() -> None:
    made = replace(findings(), coding=Coding({"Dead": 123}, {"Alive": 60, "Lost": 3}))
    assert next(lines(made)) == "event: Dead 123; censored: Alive 60, Lost 3"
    told = to_json(made)
    assert (told["event_codes"], told["censor_codes"]) == ({"Dead": 123}, {"Alive": 60, "Lost": 3})


# One row per patient


@pytest.mark.parametrize(
    "name", ["USUBJID", "SUBJID", "id", "ID", "patient_id", "PatientID", "Subject No", "mrn", "pid"]
)
def test_columns_that_are_named_as_identifiers(name: str) -> None:
    assert is_identifier_name(name)


@pytest.mark.parametrize("name", ["STUDYID", "site_id", "SITEID", "age", "centre", "paid", "stage", "ARM", "idea"])
def test_columns_that_identify_something_else(name: str) -> None:
    assert not is_identifier_name(name)


def test_start_and_stop_tell_the_rows_of_a_patient_apart(tmp_path: Path) -> None:
    """Recurrent events in rows of an interval each, as in survival::bladder2."""
    frame = trial(id=np.repeat(range(30), 2), start=[0, 5] * 30, stop=[5, 9] * 30, age=50).drop(columns="time")
    frame.to_parquet(tmp_path / "rows.parquet")
    for data in (frame, tmp_path / "rows.parquet"):
        (fault,) = faults_of(data, **(QUESTION | {"time": "stop"}))
        assert '"id" holds 30 patients in 60 rows' in fault
        assert '"start" tells the rows' in fault


def test_an_identifier_with_another_role_is_left_alone() -> None:
    fitted(trial(patient=["x", "y", "x"] * 20), **QUESTION, strata=("patient",))


def test_identifiers_of_64_bits_stay_whole(tmp_path: Path) -> None:
    """Above 2**53 a float holds every second number only."""
    frame = trial(id=[2**53 + i for i in range(60)])
    pq.write_table(pa.Table.from_pandas(frame), tmp_path / "rows.parquet")
    frame.to_csv(tmp_path / "rows.csv", index=False)
    for data in (frame, tmp_path / "rows.parquet", tmp_path / "rows.csv"):
        cohort, _ = fitted(data, **QUESTION, id="id")
        assert cohort.patient[:2] == (str(2**53), str(2**53 + 1))


def test_a_column_that_is_not_used_may_occur_twice() -> None:
    frame = pd.concat([trial(), trial()[["age"]]], axis=1)
    assert fitted(frame, **QUESTION)[0].n_patients == 60
    (fault,) = faults_of(frame, **QUESTION, adjust=("age",))
    assert 'more than one column has the name "age"' in fault
