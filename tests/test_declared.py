"""When the range was fixed, what the rows are, and by which option it is said; nothing is sampled."""

from __future__ import annotations

import dataclasses
import datetime as dt
import inspect
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from declared_example import QUESTION, trial
from findings_example import findings
from test_cases import CASES, asked, faults_of
from test_cli import call

import bayesrefract as br
from bayesrefract.cohort.origin import Scan, least, settled
from bayesrefract.comparing import check_comparison
from bayesrefract.comparison import Comparison, option_faults
from bayesrefract.report.terminal import declaration
from bayesrefract.report.words import EVIDENCE_LABEL, sentence
from bayesrefract.study.rope import Rope
from bayesrefract.study.sections import ColumnsSection, QuestionSection
from bayesrefract.study.study import Evidence


def evidence_of(data: Any, **given: Any) -> Evidence:
    study, _, _ = check_comparison(asked(**(QUESTION | given)), data, "unadjusted")
    assert study.evidence is study.analyses[0].evidence
    return study.evidence


# When the range was fixed


def test_a_date_in_the_future_is_refused_by_option_argument_and_study_file() -> None:
    tomorrow = dt.date.today() + dt.timedelta(days=1)
    rope = Rope(0.8, 1.25, "protocol", tomorrow, before_data=True)
    for typed, name in ((True, "--rope-declared"), (False, "rope: declared")):
        (fault,) = option_faults(asked(**QUESTION, rope=rope, typed=typed) if typed else _python(rope))
        assert fault.startswith(f"{name} = {tomorrow} lies in the future")
    assert not option_faults(_python(Rope(0.8, 1.25, "protocol", dt.date.today(), before_data=True)))


def _python(rope: Rope) -> Comparison:
    return dataclasses.replace(asked(**QUESTION), rope=rope, typed=False)


PRINTED = ("published", "--hr", "0.99", "--ci", "0.73", "1.33", "--rope", "0.8", "1.25", "--rope-source", "protocol")


@pytest.mark.parametrize(
    ("words", "exploratory"),
    [
        ((), True),
        (("--rope-declared", "2019-01-31"), True),
        (("--rope-declared", "2019-01-31", "--paper-date", "2020-05-01"), True),
        (("--rope-declared", "2019-01-31", "--paper-date", "2020-05-01", "--before-data"), False),
    ],
)
def test_a_printed_ratio_is_exploratory_unless_the_range_is_older_than_the_paper(
    words: tuple[str, ...], exploratory: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = call(capsys, *PRINTED, *words)
    assert ("xploratory" in out) is exploratory


def test_what_is_not_stated_is_printed_so() -> None:
    assert "at a time that is not stated" in declaration(Rope(0.8, 1.25, "protocol"))


# What the rows are


def test_without_a_word_the_origin_is_not_stated() -> None:
    assert evidence_of(trial()) is Evidence.UNSTATED
    assert EVIDENCE_LABEL[Evidence.UNSTATED] == "Records as supplied; origin not stated"
    assert evidence_of(trial(), evidence=Evidence.PATIENTS) is Evidence.PATIENTS


def test_the_sentence_names_an_origin_that_is_not_stated() -> None:
    """A sentence that is copied without its heading says no more than is known."""
    made = findings()
    told = sentence(made.verdicts[0], replace(made.analysis, evidence=Evidence.UNSTATED))
    assert "records of unstated origin" in told
    assert "unstated" not in sentence(made.verdicts[0], replace(made.analysis, evidence=Evidence.PATIENTS))


MARKED: dict[str, Any] = {
    "one row of a column that is not used": trial(note=["REBUILT-01", *[""] * 59]),
    "categories": trial(note=pd.Categorical(["REBUILT-01", *["x"] * 59])),
    "the index": trial().set_index(pd.Index([f"REBUILT-{i}" for i in range(60)])),
    "a column evidence": trial(evidence=["patients"] * 59 + ["rebuilt"]),
}


@pytest.mark.parametrize("name", list(MARKED))
def test_one_marked_row_makes_the_records_so(name: str, tmp_path: Path) -> None:
    frame = MARKED[name]
    frame.to_csv(tmp_path / "rows.csv", index=name == "the index")
    frame.to_parquet(tmp_path / "rows.parquet")
    for data in (frame, tmp_path / "rows.csv", tmp_path / "rows.parquet"):
        assert evidence_of(data) is Evidence.REBUILT
        assert evidence_of(data, evidence=Evidence.SIMULATED) is Evidence.SIMULATED
        faults = faults_of(data, **QUESTION, evidence=Evidence.PATIENTS)
        assert any("marks its rows as rebuilt" in fault for fault in faults)


def test_a_column_of_that_name_with_other_words_is_somebodys_own() -> None:
    assert evidence_of(trial(evidence=["strong", "weak"] * 30)) is Evidence.UNSTATED
    assert evidence_of(trial(note=["NOT-REBUILT-1"] * 60)) is Evidence.UNSTATED


def test_marks_are_found_wherever_the_bytes_are_cut() -> None:
    text = b"id,note\n1,SIMULATED-77\n"
    for cut in range(len(text)):
        scan = Scan()
        scan.feed(text[:cut])
        scan.feed(text[cut:])
        assert scan.found == {Evidence.SIMULATED}, cut


def test_of_two_origins_the_one_that_claims_less_stands() -> None:
    assert least({Evidence.REBUILT, Evidence.SIMULATED}) is Evidence.SIMULATED
    assert settled(Evidence.UNSTATED, Evidence.PATIENTS) is Evidence.UNSTATED, "a file cannot make patients of its rows"


# One door


def test_every_declaration_is_an_option_an_argument_and_a_key() -> None:
    from bayesrefract.cli.compare import compare as command

    options, keywords = (set(inspect.signature(each).parameters) for each in (command, br.compare))
    keys = set(QuestionSection.model_fields) | set(ColumnsSection.model_fields)
    for option, name in {
        "event_value": "event_value",
        "censor_value": "censor_values",
        "event_at_zero": "event_at_zero",
        "missing": "missing",
    }.items():
        assert option in options
        assert name in keywords
        assert name in keys
        assert name in {field.name for field in dataclasses.fields(Comparison)}
    assert {"evidence"} <= options & keywords


def test_all_missing_options_are_named_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "compare", "x.csv", "--time", "months")
    assert (code, out) == (2, "")
    err = " ".join(err.split())
    assert "Missing --event COL, --group COL, --reference LEVEL, --unit, --rope LOW HIGH, --rope-source TEXT." in err
    assert "For example: bayesrefract compare trial.csv" in err


def test_python_and_the_command_refuse_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    path = CASES / "01_event_words_mixed_case.csv"
    with pytest.raises(br.InputError) as refused:
        br.compare(path, time="days", event="vital_status", event_value="Dead", group="arm", reference="A", unit="days",
                   rope=Rope(0.8, 1.25, "test"))  # fmt: skip
    words = ["--time", "days", "--event", "vital_status", "--event-value", "Dead", "--group", "arm", "--reference", "A"]
    more = ["--unit", "days", "--rope", "0.8", "1.25", "--rope-source", "test"]
    code, _, err = call(capsys, "compare", str(path), *words, *more)
    assert (code, err) == (1, f"Error: {refused.value.faults[0]}\n")
