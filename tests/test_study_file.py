"""A study file becomes values, or one sentence for everything that is wrong with it."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest

from bayesrefract.errors import StudyError
from bayesrefract.study import Condition, Estimand, Evidence, RuleName, Side, TimeUnit
from bayesrefract.study_file import load_study

DATA = Path(__file__).parents[1] / "data"

GOOD = """
[study]
name = "trial"
title = "A trial"
time_unit = "months"
records = "patients.csv"
evidence = "patients"
models = ["primary", "wide"]

[columns]
id = "patient"
group = "arm"
unordered = ["site"]
strata = ["country"]
per = { age = 10 }

[groups]
levels = ["control", "treated"]
codes = { "0" = "control", "1" = "treated" }

[[contrast]]
group = "treated"
reference = "control"
primary = true

[[population]]
name = "all"

[[population]]
name = "adults"
label = "adults without symptoms"
where = { age = { low = 18, high = 65 }, symptom = 0, country = ["FR", "NL"], consented = true }

[[question]]
name = "pfs"
label = "Progression-free survival"
time = "pfs_months"
event = "pfs_event"
horizon = 36
adjust = "paper"

[[question]]
name = "os"
time = "os_months"
event = "os_status"
event_value = 2
entry = "entry_months"
administrative_end = "cut_off"
horizon = 60

[adjust]
paper = ["age", "site"]

[[rope]]
estimand = "hazard_ratio"
low = 0.80
high = 1.25
source = "Agreed by the steering committee."
declared_on = 2020-03-01
before_data = true

[[rope]]
estimand = "rmst_difference"
low = -2
high = 2
role = "sensitivity"
source = "Two months."
declared_on = 2020-03-01
before_data = true

[rule]
name = "probability"
level = 0.9
threshold = 0.95
side = "above"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(folder: Path, *changes: tuple[str, str]) -> tuple[str, ...]:
    """Faults of the good study after replacing texts, each of which must be there."""
    text = GOOD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    with pytest.raises(StudyError) as caught:
        load_study(write(folder, text))
    return caught.value.faults


def test_a_good_study_becomes_values(tmp_path: Path) -> None:
    study = load_study(write(tmp_path, GOOD))
    assert (study.name, study.time_unit, study.evidence) == ("trial", TimeUnit.MONTHS, Evidence.PATIENTS)
    assert study.models == ("primary", "wide")
    assert study.path == tmp_path / "study.toml"
    assert load_study(tmp_path) == study
    assert [q.name for q in study.questions] == ["pfs/all", "pfs/adults", "os/all", "os/adults"]
    pfs, overall = study.questions[1], study.questions[2]
    assert pfs.population.where == (
        Condition("age", low=18.0, high=65.0),
        Condition("symptom", (0.0,)),
        Condition("country", ("FR", "NL")),
        Condition("consented", (True,)),
    )
    assert (pfs.adjust, pfs.adjustments) == ("paper", {"paper": ("age", "site")})
    assert (pfs.primary.group, pfs.primary.reference) == ("treated", "control")
    assert pfs.columns.per == {"age": 10.0}
    assert pfs.group_codes == {"0": "control", "1": "treated"}
    assert overall.endpoint.event_value == 2.0
    assert (overall.endpoint.entry, overall.endpoint.administrative_end) == ("entry_months", "cut_off")
    assert overall.adjust is None
    rope = pfs.rope(Estimand.HAZARD_RATIO)
    assert rope is not None
    assert (rope.low, rope.high, rope.declared_on, rope.before_data) == (0.80, 1.25, dt.date(2020, 3, 1), True)
    assert pfs.rope(Estimand.RMST_DIFFERENCE) is None, "a sensitivity ROPE is not the primary one"
    assert (pfs.rule.name, pfs.rule.level, pfs.rule.threshold, pfs.rule.side) == (
        RuleName.PROBABILITY,
        0.9,
        0.95,
        Side.ABOVE,
    )


def test_without_populations_the_question_is_about_everyone(tmp_path: Path) -> None:
    text = GOOD.replace('[[population]]\nname = "all"\n', "").replace(
        GOOD[GOOD.index('[[population]]\nname = "adults"') : GOOD.index("[[question]]")], ""
    )
    assert [q.population.where for q in load_study(write(tmp_path, text)).questions] == [(), ()]


FAULTS = {
    "unknown key": (('title = "A trial"', 'titel = "A trial"'), ["study.titel", 'Did you mean "title"?']),
    "unknown table": (("[rule]", "[rul]"), ['rul is not a known key. Did you mean "rule"?']),
    "wrong type": (('title = "A trial"', "title = 3"), ["study.title = 3", "one line"]),
    "unknown unit": (('"months"', '"fortnights"'), ["study.time_unit", '"fortnights"', '"weeks"']),
    "name with a slash": (('name = "trial"', 'name = "../trial"'), ["study.name", "letters, digits"]),
    "no models": (('["primary", "wide"]', "[]"), ["study.models = []"]),
    "model twice": (('["primary", "wide"]', '["wide", "wide"]'), ["study.models", "wide more than once"]),
    "unknown kind of records": (("patients.csv", "patients.xlsx"), ["study.records", ".parquet"]),
    "simulated without saying so": (("patients.csv", "simulated:x"), ["study.evidence", "simulated"]),
    "seed without simulation": (('evidence = "p', 'seed = 3\nevidence = "p'), ["study.seed = 3", "Delete it"]),
    "bad hash": (('evidence = "p', 'sha256 = "abc"\nevidence = "p'), ["study.sha256", "64"]),
    "one level": (('["control", "treated"]', '["control"]'), ["groups.levels", "at least two"]),
    "level twice": (('["control", "treated"]', '["control", "control", "treated"]'), ["groups.levels", "control"]),
    "code of an unknown level": (('"1" = "treated"', '"1" = "treatd"'), ["groups.codes.1", 'Did you mean "treated"?']),
    "level without a code": ((', "1" = "treated"', ""), ["groups.codes", 'no code for the level "treated"']),
    "unknown reference": (('reference = "control"', 'reference = "contrl"'), ["contrast[1].reference", '"control"?']),
    "group against itself": (('reference = "control"', 'reference = "treated"'), ["contrast[1].reference"]),
    "no primary contrast": (("primary = true\n", ""), ["0 contrasts have primary = true"]),
    "population of an unknown level": (("symptom = 0", 'arm = "placebo"'), ["population[2].where.arm", "placebo"]),
    "reversed range": (("low = 18, high = 65", "low = 65, high = 18"), ["population[2].where.age", "Swap"]),
    "not a range": (("low = 18, high = 65", "min = 18"), ["population[2].where.age", "not a range"]),
    "population twice": (('name = "adults"', 'name = "all"'), ["population", '2 have name = "all"']),
    "question twice": (('name = "os"', 'name = "pfs"'), ["question", '2 have name = "pfs"']),
    "time is event": (('event = "pfs_event"', 'event = "pfs_months"'), ["question[1]", "as time and event"]),
    "unknown set": (('adjust = "paper"', 'adjust = "papr"'), ["question[1].adjust", 'Did you mean "paper"?']),
    "no horizon": (("horizon = 60\n", ""), ["question[2].horizon is missing", "rmst_difference"]),
    "horizon below 0": (("horizon = 60", "horizon = -60"), ["question[2].horizon = -60", "above 0"]),
    "margin beyond the horizon": (("low = -2\nhigh = 2", "low = -2\nhigh = 40"), ["rope[2]", "Check the unit"]),
    "reserved set": (("[adjust]", "[adjust]\nnone = []"), ["adjust.none", "reserved"]),
    "group as covariate": (('["age", "site"]', '["age", "site", "arm"]'), ["adjust.paper", "arm", "group column"]),
    "covariate twice": (('["age", "site"]', '["age", "site", "age"]'), ["adjust.paper", "age more than once"]),
    "step of an unknown column": (("{ age = 10 }", "{ agee = 10 }"), ["columns.per", 'Did you mean "age"?']),
    "unknown category": (('unordered = ["site"]', 'unordered = ["sites"]'), ["columns.unordered", '"site"?']),
    "no source": (('source = "Agreed by the steering committee."\n', ""), ["rope[1].source is missing", "no default"]),
    "empty source": (('"Agreed by the steering committee."', '" "'), ["rope[1].source"]),
    "no date": (("declared_on = 2020-03-01\n", ""), ["rope[1].declared_on is missing"]),
    "quoted date": (("declared_on = 2020-03-01", 'declared_on = "2020-03-01"'), ["rope[1].declared_on", "unquoted"]),
    "before data not said": (("before_data = true\n", ""), ["rope[1].before_data is missing"]),
    "reversed": (("low = 0.80\nhigh = 1.25", "low = 1.25\nhigh = 0.8"), ["rope[1].low = 1.25", "reversed"]),
    "not around 1": (("low = 0.80", "low = 1.05"), ["rope[1].low = 1.05", "0 < low < 1 < high"]),
    "touches 1": (("high = 1.25", "high = 1"), ["rope[1].low = 0.8 and high = 1", "do not enclose 1"]),
    "ratio of 0": (("low = 0.80", "low = 0.0"), ["rope[1].low = 0", "0 < low < 1 < high"]),
    "infinite": (("high = 1.25", "high = inf"), ["rope[1].high = inf"]),
    "text": (("low = 0.80", 'low = "0.80"'), ["rope[1].low", "a number"]),
    "not around 0": (("low = -2", "low = 1"), ["rope[2].low = 1", "low < 0 < high"]),
    "only a sensitivity ROPE": (
        ('estimand = "hazard_ratio"', 'estimand = "hazard_ratio"\nrole = "sensitivity"'),
        ["no primary ROPE for the hazard ratio"],
    ),
    "two primary ROPEs": (
        ('estimand = "rmst_difference"\nlow = -2\nhigh = 2\nrole = "sensitivity"',
         'estimand = "hazard_ratio"\nlow = 0.5\nhigh = 2.0'),
        ['2 have estimand = "hazard_ratio" and role = "primary"'],
    ),
    "no threshold": (("threshold = 0.95\n", ""), ["rule.threshold is missing"]),
    "unused threshold": (('name = "probability"', 'name = "interval"'), ["rule.threshold", "not used"]),
    "level of a half": (("level = 0.9\n", "level = 0.5\n"), ["rule.level = 0.5", "between 0.5 and 1"]),
    "level of 95": (("level = 0.9\n", "level = 95\n"), ["rule.level = 95"]),
    "table for a list": (("[[question]]\nname = \"os\"", "[os]\nname = \"os\""), ["os is not a known key"]),
}  # fmt: skip


@pytest.mark.parametrize("name", list(FAULTS))
def test_each_fault_is_one_sentence_with_file_key_and_remedy(tmp_path: Path, name: str) -> None:
    change, words = FAULTS[name]
    faults = faults_of(tmp_path, change)
    assert len([f for f in faults if all(word in f for word in words)]) == 1, faults
    assert all(fault.startswith("study.toml: ") and fault.endswith(".") for fault in faults)


def test_two_primary_contrasts(tmp_path: Path) -> None:
    second = '[[contrast]]\ngroup = "control"\nreference = "treated"\nprimary = true\n\n[[population]]\nname = "all"'
    faults = faults_of(tmp_path, ('[[population]]\nname = "all"', second))
    assert any("2 contrasts have primary = true" in fault for fault in faults)
    assert any("contrast[2] compares control and treated a second time" in fault for fault in faults)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    changes = [change for change, _ in (FAULTS[n] for n in ("wrong type", "unknown reference", "reversed", "no source",
                                                            "no date", "no threshold", "unknown set"))]  # fmt: skip
    faults = faults_of(tmp_path, *changes)
    keys = ("study.title", "contrast[1].reference", "rope[1].low", "rope[1].source", "rope[1].declared_on",
            "rule.threshold", "question[1].adjust")  # fmt: skip
    assert len(faults) == len(keys)
    assert all(any(fault.startswith(f"study.toml: {key} ") for fault in faults) for key in keys)


def test_an_empty_file_names_every_table_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        load_study(write(tmp_path, ""))
    for table in ("study", "columns", "groups", "contrast", "question", "rope", "rule"):
        assert any(fault.startswith(f"study.toml: {table}") for fault in caught.value.faults), table


def test_a_single_table_where_a_list_is_meant(tmp_path: Path) -> None:
    faults = faults_of(tmp_path, ('[[rope]]\nestimand = "rmst', '[[ropes]]\nestimand = "rmst'), ("[[rope]]", "[rope]"))
    assert any("Write each as [[rope]]" in fault for fault in faults)
    assert any('Did you mean "rope"?' in fault for fault in faults)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"[study]\nname = trial\n", ("line 2", "not valid TOML")), (b"[study]\nname = '\xff'", ("line 2", "UTF-8"))],
)
def test_syntax_errors_name_the_line(tmp_path: Path, content: bytes, words: tuple[str, ...]) -> None:
    path = tmp_path / "study.toml"
    path.write_bytes(content)
    with pytest.raises(StudyError) as caught:
        load_study(path)
    assert all(word in caught.value.faults[0] for word in ("study.toml", *words))


def test_a_missing_file_and_a_folder_without_a_study(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.toml", tmp_path):
        with pytest.raises(StudyError, match="there is no such file"):
            load_study(path)


def test_the_study_behind_every_shipped_folder_is_valid() -> None:
    studies = {path.parent.name: load_study(path) for path in DATA.glob("*/study.toml")}
    assert {"actg175", "simulated"} <= studies.keys()
    assert all(folder == study.name for folder, study in studies.items())
    assert not studies["actg175"].questions[0].ropes[0].before_data, "declared after publication: exploratory"


def test_reading_a_study_imports_nothing_heavy() -> None:
    code = (
        "import sys, pathlib; from bayesrefract.study_file import load_study; "
        f"load_study(pathlib.Path({str(DATA / 'actg175')!r})); "
        "print(sorted({'pandas', 'numpy', 'pymc', 'arviz', 'lifelines', 'matplotlib'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
