"""Missing values, spellings, numbers and times are what is declared; nothing is sampled."""

from __future__ import annotations

from pathlib import Path

import pytest
from declared_example import QUESTION, trial
from test_cases import faults_of, fitted, hazard_ratio

from bayesrefract.cohort.file_kind import why_no_text
from bayesrefract.names import case_key
from bayesrefract.study.study import EventAtZero

# Missing values


@pytest.mark.parametrize("mark", [".", "NULL", "N/A", "#N/A", "None", "-", "Unknown", "?"])
@pytest.mark.parametrize("column", ["arm", "age", "event", "time"])
def test_a_mark_is_told_once_and_left_out_once_it_is_declared(mark: str, column: str) -> None:
    frame = trial()
    frame[column] = [mark, mark, *frame[column][2:].astype(str)]
    given = QUESTION | {"adjust": ("age",)}
    (fault,) = faults_of(frame, **given)
    assert fault.startswith(f'data frame: {column}: "{mark}" is ')
    assert "in 2 rows (the first: row at position 0)" in fault
    cohort, _ = fitted(frame, **given, missing=(mark,))
    assert cohort.flow.excluded == {f"missing {column}": 2}
    assert f'{column}: "{mark}" in 2 rows is read as missing (--missing).' in cohort.notes


def test_a_declared_mark_that_nobody_has_is_told() -> None:
    cohort, _ = fitted(trial(), **QUESTION, missing=("-99",))
    assert cohort.notes == ('No cell of the columns that are used holds "-99", which is declared missing (--missing).',)


def test_a_mark_that_leaves_one_group_is_told() -> None:
    faults = faults_of(trial(arm=["a", "None"] * 30), **QUESTION)
    assert any('arm: "None" is a usual mark for missing, in 30 rows' in fault for fault in faults)


def test_plus_and_minus_are_results_of_a_test() -> None:
    frame = trial(receptor=["+", "-", "+"] * 20)
    assert fitted(frame, **QUESTION, categorical=("receptor",))[0].n_patients == 60


@pytest.mark.parametrize(
    ("value", "told"), [(-9, True), (-99, True), (999, True), (9999, True), (99, False), (88, False), (9, False)]
)
def test_numbers_that_mark_a_missing_value_are_told_where_they_lie_far_outside(value: int, told: bool) -> None:
    """Ages from 30 to 79: 99 and 88 are ages, and so may 9 be."""
    frame = trial()
    frame.loc[0, "age"] = value
    cohort, _ = fitted(frame, **QUESTION, adjust=("age",))
    assert any(note.startswith(f"age holds {value} (1 row), far outside") for note in cohort.notes) is told


def test_age_999_changes_a_ratio_until_it_is_declared() -> None:
    frame = trial()
    frame.loc[:2, "age"] = 999
    _, with_marks = fitted(frame, **QUESTION, adjust=("age",))
    cohort, without = fitted(frame, **QUESTION, adjust=("age",), missing=("age=999",))
    _, dropped = fitted(frame[3:], **QUESTION, adjust=("age",))
    assert cohort.flow.excluded == {"missing age": 3}
    assert hazard_ratio(without) == hazard_ratio(dropped) != hazard_ratio(with_marks)


# Names, numbers, times


@pytest.mark.parametrize(
    ("one", "other"),
    [("STD", "std"), ("arm A", "armA"), ("arm  A", "arm A"), ("Straße", "STRASSE"), ("a\u00a0b", "ab")],
)
def test_names_that_differ_by_case_or_blanks(one: str, other: str) -> None:
    assert case_key(one) == case_key(other)
    faults = faults_of(trial(arm=[one, other, "c"] * 20), **(QUESTION | {"reference": one}))
    assert any("Write them in the same way" in fault for fault in faults)


def test_names_that_differ_by_more() -> None:
    assert len({case_key(name) for name in ("week 1 2", "week 12", "week 1", "a", "b")}) == 5


@pytest.mark.parametrize("text", ["1,234", "1 234", "1'234", "1\u202f234", "1,234,567.5"])
@pytest.mark.parametrize("column", ["time", "age"])
def test_a_separator_of_thousands_is_never_a_decimal_point(text: str, column: str) -> None:
    frame = trial()
    frame[column] = [text, *frame[column][1:].astype(str)]
    (fault,) = faults_of(frame, **QUESTION, adjust=("age",))
    plain = "1234567.5" if text.endswith(".5") else "1234"
    assert f"may be a thousand: write {plain}." in fault
    assert "decimal point" not in fault


@pytest.mark.parametrize(
    "text", ["2020-01-31", "31.01.2020", "1/31/2020", "31JAN2020", "2020-01-31 10:00:00", "Jan 31, 2020"]
)
def test_a_date_is_no_time(text: str) -> None:
    (fault,) = faults_of(trial(time=[text] * 60), **QUESTION)
    assert f'time holds dates ("{text}")' in fault
    assert "(end - start).dt.days" in fault


def test_zeros_of_sas_are_told_in_every_column(tmp_path: Path) -> None:
    zero = 5.397605346934028e-79
    for column in ("event", "age", "time"):
        frame = trial()
        frame[column] = [zero, *frame[column][1:].astype(float)]
        (fault,) = faults_of(frame, **QUESTION, adjust=("age",))
        assert f"{column} holds numbers below 1e-70 in 1 row" in fault


def test_times_that_arithmetic_made_two_are_one() -> None:
    """0.1 + 0.2 is not 0.3 in binary; R's timefix makes one time of them, and so do ties."""
    tenths = [1, 2, 3, 3, 4, 6, 6, 7, 7, 9] * 6
    exact = [tenth / 10 for tenth in tenths]
    made = [sum([0.1] * tenth) if i % 2 else tenth / 10 for i, tenth in enumerate(tenths)]
    assert len(set(made)) > len(set(exact))
    arms = {"arm": list("aabab" * 12), "event": [1, 1, 0, 1, 1, 1] * 10}
    first, agreement = fitted(trial(time=exact, **arms), **QUESTION)
    second, same = fitted(trial(time=made, **arms), **QUESTION)
    assert len(set(second.exit)) == len(set(first.exit)) == 7
    assert hazard_ratio(agreement) == pytest.approx(hazard_ratio(same), rel=1e-12)
    assert agreement.log_rank.p == pytest.approx(same.log_rank.p, rel=1e-9)


def test_times_that_are_really_two_stay_two() -> None:
    time = [1.0, 1.0 + 1e-8, 5.0] * 20
    assert len(set(fitted(trial(time=time), **QUESTION)[0].exit)) == 3


def test_entry_and_exit_of_one_moment_are_one() -> None:
    frame = trial(time=0.1 + 0.2, start=0.3)
    faults = faults_of(frame, **QUESTION, entry="start")
    assert "time 0.3 equals start 0.3" in faults[0]


@pytest.mark.parametrize("way", list(EventAtZero))
def test_events_at_time_0_go_where_it_is_said(way: EventAtZero) -> None:
    frame = trial(time=[0.0, 0.0, *trial()["time"][2:]])
    (fault,) = faults_of(frame, **QUESTION)
    assert "--event-at-zero half-unit or exclude" in fault
    cohort, _ = fitted(frame, **QUESTION, event_at_zero=way)
    if way is EventAtZero.EXCLUDE:
        assert cohort.flow.excluded == {"censored at time 0": 1, "event at time 0": 1}
    else:
        assert cohort.flow.excluded == {"censored at time 0": 1}
        assert cohort.exit.min() == 0.5
        assert "1 event at time 0 is analysed at 0.5 days (--event-at-zero half-unit)." in cohort.notes


# Files of other programs


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (b"X\n\x00\x00\x00\x03", "an R file"),
        (b"RDX3\nX\n", "an R workspace"),
        (b"HEADER RECORD*******LIBV8   HEADER", "a SAS transport file"),
        (b"\x1f\x8b\x08\x00", "compressed with gzip"),
        (b"<stata_dta><header>", "a Stata file"),
    ],
)
def test_files_are_known_by_their_first_bytes(start: bytes, words: str) -> None:
    assert words in str(why_no_text(start))
