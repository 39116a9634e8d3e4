"""Records become a cohort: every patient is analysed or counted, every impossible row is told."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from records_example import TABLE, change, faults_of, make_model, make_question, make_study, only, read

from bayesrefract.cohort.read import Records, read_records
from bayesrefract.cohort.select import check_records, select
from bayesrefract.errors import ModelError, RecordsError
from bayesrefract.messages import MOST_ROWS
from bayesrefract.study.model import StrataKind
from bayesrefract.study.model_file import load_model
from bayesrefract.study.study import Analysis, Columns, Condition
from bayesrefract.study.study_file import load_study

DATA = Path(__file__).parents[1] / "data"


def test_a_good_table_becomes_a_cohort(tmp_path: Path) -> None:
    cohort = select(read(tmp_path), make_question(entry="entry", administrative_end="end"), make_model())
    assert cohort.groups == ("a", "b", "c")
    assert cohort.group.tolist() == [0, 0, 0, 1, 1, 1, 2, 2]
    assert cohort.exit.tolist() == [5, 8, 12, 3, 20.5, 33, 14, 21]
    assert cohort.event.tolist() == [True, False, True, True, False, True, False, True]
    assert cohort.entry.tolist() == [0, 1, 0, 0, 2, 0, 0, 3]
    assert cohort.administrative_end is not None
    assert cohort.administrative_end.tolist() == [40.0] * 8
    age, sex = cohort.covariates
    assert (age.name, age.levels, age.per) == ("age", None, 10.0)
    assert (sex.levels, sex.values.tolist()) == (("1", "2"), [0, 1, 1, 0, 1, 0, 0, 1])
    assert (cohort.strata, cohort.stratum.tolist()) == (("all",), [0] * 8)
    assert cohort.patient[0] == "P-01"
    assert (cohort.flow.records, cohort.flow.analysed, cohort.flow.excluded) == (8, 8, {})


def test_the_numbers_of_actg175_by_arm() -> None:
    study = load_study(DATA / "actg175")
    records = read_records(study)
    cohort = select(records, study.analyses[0], load_model("primary"))
    patients = np.bincount(cohort.group)
    events = np.bincount(cohort.group, cohort.event)
    counted = {level: (int(n), int(d)) for level, n, d in zip(cohort.groups, patients, events, strict=True)}
    assert counted == {  # arm sizes of Hammer and others 1996, events of the file that lifelines ships
        "zidovudine": (532, 181),
        "zidovudine+didanosine": (522, 103),
        "zidovudine+zalcitabine": (524, 109),
        "didanosine": (561, 128),
    }
    assert [c.name for c in cohort.covariates] == ["age", "wtkg", "karnof", "cd40", "symptom", "drugs"]
    symptom_free = select(records, study.analyses[1], load_model("stratified"))
    assert symptom_free.flow.excluded == {"outside population symptom_free": 370}
    assert (symptom_free.n_patients, symptom_free.n_events) == (1769, 386)
    assert symptom_free.strata == ("strat=1", "strat=2", "strat=3")
    assert "symptom" not in [c.name for c in symptom_free.covariates]
    assert any("symptom is left out" in note and "symptom = 0" in note for note in symptom_free.notes)
    two = select(records, study.analyses[0], load_model("two_group"))
    assert (two.groups, two.n_events) == (("zidovudine+didanosine", "zidovudine+zalcitabine"), 212)
    check_records(records, study)


def test_the_order_of_the_rows_changes_nothing_but_the_order(tmp_path: Path) -> None:
    header, *rows = TABLE.splitlines()
    shuffled = "\n".join([header, *(rows[i] for i in (7, 2, 5, 0, 3, 6, 1, 4))]) + "\n"
    analysis, model = make_question(), make_model("site", strata=StrataKind.COMMON)
    first, second = select(read(tmp_path), analysis, model), select(read(tmp_path, shuffled), analysis, model)
    order = np.argsort(second.patient)
    assert second.groups == first.groups
    assert second.group[order].tolist() == first.group.tolist()
    assert second.exit[order].tolist() == first.exit.tolist()
    for one, other in zip(first.covariates, second.covariates, strict=True):
        assert one.levels == other.levels
        assert other.values[order].tolist() == one.values.tolist()


def test_all_faults_are_told_at_once_in_the_order_of_the_lines(tmp_path: Path) -> None:
    text = change(("P-06,b,33", "P-06,b,x"), ("P-02,a,8", "P-02,a,-8"), ("P-04,b", "P-03,b"), ("39,south", "NA,south"))
    faults = faults_of(tmp_path, text.replace("a,12,1", "a,12,7"))
    assert [fault.split(" (")[0] for fault in faults] == [f"patients.csv line {n}" for n in (3, 4, 5, 7)]


def test_many_bad_rows_fit_one_screen(tmp_path: Path) -> None:
    rows = "".join(f"Q-{i},a,-1,1,{40 + i},north,1,0,40\n" for i in range(50))
    faults = faults_of(tmp_path, TABLE + rows)
    assert len(faults) == MOST_ROWS + 1
    assert faults[0].startswith("patients.csv line 10 (patient Q-0)")
    assert faults[-1] == f"... and {50 - MOST_ROWS} more rows with faults; correct these first."


@pytest.mark.parametrize(
    ("codes", "value", "remedy"),
    [
        (("2", "1"), None, "--event-value 2 (event_value = 2 in a study file)"),
        (("dead", "alive"), None, "Say which value means the event"),
        (("0", "0"), None, "no patient has an event"),
        (("1", "0"), 3.0, "no patient has an event (event = 3"),
    ],
)
def test_another_coding_of_events_is_one_fault_with_its_remedy(
    tmp_path: Path, codes: tuple[str, str], value: float | None, remedy: str
) -> None:
    event, censored = codes
    rows = [row.split(",") for row in TABLE.splitlines()]
    recoded = [rows[0], *([*r[:3], event if r[3] == "1" else censored, *r[4:]] for r in rows[1:])]
    (fault,) = faults_of(tmp_path, "\n".join(",".join(r) for r in recoded), make_question(event_value=value))
    assert remedy in fault
    assert fault.startswith("patients.csv: event holds")


@pytest.mark.parametrize(
    ("codes", "value"),
    [(("TRUE", "false"), None), (("2", "1"), 2.0), (("2.0", "1.0"), 2.0), (("dead", "alive"), "dead")],
)
def test_codings_of_events_that_mean_the_same(
    tmp_path: Path, codes: tuple[str, str], value: str | float | None
) -> None:
    rows = [row.split(",") for row in TABLE.splitlines()]
    recoded = [rows[0], *([*r[:3], codes[0] if r[3] == "1" else codes[1], *r[4:]] for r in rows[1:])]
    text = "\n".join(",".join(r) for r in recoded)
    cohort = select(read(tmp_path, text), make_question(event_value=value), make_model())
    assert cohort.event.tolist() == [True, False, True, True, False, True, False, True]


def test_nobody_is_dropped_without_a_reason(tmp_path: Path) -> None:
    text = change(
        ("P-01,a,5,1,50", "P-01,a,5,1,"),
        ("44,north,2", "NA,north,"),
        ("P-04,b", "P-04,"),
        ("P-07,c,14,0", "P-07,b,0,0"),
        ("P-08,c", "P-08,d"),
    )
    more = "".join(TABLE.replace("P-0", "Q-0").splitlines(keepends=True)[1:7])
    analysis = make_question(groups=("a", "b"), contrasts=make_question().contrasts[:1])
    cohort = select(read(tmp_path, text + more), analysis, make_model())
    assert cohort.flow.excluded == {
        "missing arm": 1,
        "not in a compared group": 1,
        "censored at time 0": 1,
        "missing age": 1,
        "missing age, sex": 1,
    }
    assert cohort.patient == ("P-02", "P-05", "P-06", *(f"Q-0{i}" for i in range(1, 7)))
    assert cohort.flow.analysed == cohort.n_patients
    assert any("also holds d (1)" in note for note in cohort.notes)


@pytest.mark.parametrize(
    ("condition", "patients"),
    [
        (Condition("sex", (2.0,)), "2358"),
        (Condition("sex", ("2",)), "2358"),
        (Condition("site", ("east", "south")), "24578"),
        (Condition("age", low=50.0, high=61.0), "126"),
        (Condition("age", low=58.0), "2568"),
        (Condition("arm", ("a", "b")), "123456"),
    ],
)
def test_populations_by_equality_list_and_range(tmp_path: Path, condition: Condition, patients: str) -> None:
    analysis = make_question(population=only("some", condition), adjust=None)
    cohort = select(read(tmp_path), analysis, make_model())
    assert cohort.patient == tuple(f"P-0{number}" for number in patients)
    assert cohort.flow.excluded == {"outside population some": 8 - len(patients)}


def test_a_patient_who_cannot_be_judged_is_counted_apart(tmp_path: Path) -> None:
    analysis = make_question(population=only("young", Condition("age", high=60.0)), adjust=None)
    cohort = select(read(tmp_path, change(("P-01,a,5,1,50", "P-01,a,5,1,"))), analysis, make_model())
    assert cohort.flow.excluded == {"missing age, needed for population young": 1, "outside population young": 3}


def test_an_empty_population_and_an_absent_group(tmp_path: Path) -> None:
    old = make_question(population=only("old", Condition("age", low=99.0)))
    assert any("no patient is in population old (age from 99)" in fault for fault in faults_of(tmp_path, TABLE, old))
    misnamed = make_question(groups=("A1", "b"), contrasts=(dataclasses.replace(old.contrasts[0], reference="A1"),))
    (fault,) = faults_of(tmp_path, TABLE, misnamed)
    assert 'is in "A1", the reference. Found: b (3).' in fault


def test_group_codes_are_translated_and_unknown_ones_refused(tmp_path: Path) -> None:
    codes = {"a": "control", "b": "treated"}
    contrast = dataclasses.replace(make_question().contrasts[0], group="treated", reference="control")
    analysis = make_question(groups=("treated", "control"), contrasts=(contrast,), group_codes=codes, adjust=None)
    two = "".join(line for line in TABLE.splitlines(keepends=True) if ",c," not in line)
    cohort = select(read(tmp_path, two), analysis, make_model())
    assert (cohort.groups, cohort.group.tolist()) == (("treated", "control"), [1, 1, 1, 0, 0, 0])
    (fault,) = faults_of(tmp_path, TABLE, analysis)
    assert 'arm holds "c" in 2 rows, which is no group code' in fault
    assert "The codes are a, b." in fault


def test_a_group_without_patients_is_left_out_with_a_note(tmp_path: Path) -> None:
    analysis = make_question(population=only("some", Condition("arm", ("a", "b"))))
    cohort = select(read(tmp_path), analysis, make_model())
    assert cohort.groups == ("a", "b")
    assert "The group c has no patients in population some." in cohort.notes


def test_only_the_compared_groups(tmp_path: Path) -> None:
    cohort = select(read(tmp_path), make_question(), make_model(compared_only=True))
    assert (cohort.groups, cohort.flow.excluded) == (("a", "b"), {"not in a compared group": 2})


def test_bad_rows_do_not_depend_on_the_model(tmp_path: Path) -> None:
    text = change(("P-08,c,21", "P-08,c,-21"))
    assert faults_of(tmp_path, text, model=make_model(compared_only=True)) == faults_of(tmp_path, text)


def test_plans_that_ask_for_what_the_question_lacks(tmp_path: Path) -> None:
    records = read(tmp_path)
    with pytest.raises(ModelError, match="Its sets: both, age, site"):
        select(records, make_question(), make_model("papers"))
    bare = make_question(columns=Columns("arm"))
    with pytest.raises(ModelError, match="needs strata"):
        select(records, bare, make_model(strata=StrataKind.POOLED))
    assert select(records, bare, make_model("none")).covariates == ()
    assert select(records, make_question(adjust=None), make_model()).covariates == ()


def test_check_records_tells_the_faults_of_all_questions_once(tmp_path: Path) -> None:
    text = change(("P-02,a,8", "P-02,a,-8"), ("58,north", "old,north"))
    first, second = make_question(name="pfs"), make_question(name="os", time="end", event="sex", adjust=None)
    records = read(tmp_path, text, first, second)
    study = dataclasses.replace(make_study("patients.csv", first, second), models=("primary", "wide", "exchangeable"))
    with pytest.raises(RecordsError) as caught:
        check_records(records, study)
    faults = caught.value.faults
    assert len(faults) == len(set(faults)) == 5
    assert sum("time -8 is negative" in fault for fault in faults) == 1
    assert sum("--event-value 2" in fault for fault in faults) == 1
    assert sum('adjust = "categorical"' in fault for fault in faults) == 2


@pytest.mark.parametrize("name", ["__import__('os').getcwd()", "C(site)", "age + sex", "`{x}`", "{}", "%s", "=1+1"])
def test_column_names_are_never_evaluated(tmp_path: Path, name: str) -> None:
    text = TABLE.replace("time", f'"{name}"', 1).replace(",age", ',"I(age**2)"', 1)
    adjustments = {"both": ("I(age**2)",)}
    analysis = make_question(time=name, adjustments=adjustments)
    cohort = select(read(tmp_path, text, analysis), analysis, make_model())
    assert cohort.exit.tolist() == [5, 8, 12, 3, 20.5, 33, 14, 21]
    assert cohort.covariates[0].values.tolist() == [50, 61, 44, 39, 70, 58, 47, 65]
    bad = text.replace("P-02,a,8", "P-02,a,-8")
    (fault,) = faults_of_records(read(tmp_path, bad, analysis), analysis)
    assert fault.startswith(f"patients.csv line 3 (patient P-02): {name} -8 is negative")


def faults_of_records(records: Records, analysis: Analysis) -> tuple[str, ...]:
    with pytest.raises(RecordsError) as caught:
        select(records, analysis, make_model())
    return caught.value.faults
