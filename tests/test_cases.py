"""Files as people have them (tests/cases): each is read for what it means, or refused in words; nothing is sampled."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bayesrefract.classical import cross_check
from bayesrefract.classical.agreement import Agreement
from bayesrefract.cohort.exposure import tabulate
from bayesrefract.cohort.read import read_records
from bayesrefract.cohort.select import check_records, select
from bayesrefract.cohort.value import Cohort
from bayesrefract.comparing import check_comparison
from bayesrefract.comparison import Comparison
from bayesrefract.errors import InputError
from bayesrefract.study.rope import Rope
from bayesrefract.study.study import TimeUnit
from bayesrefract.study.study_file import load_study

CASES = Path(__file__).parent / "cases"
ROPE = Rope(0.80, 1.25, "test", None, before_data=False)
TRIAL = {"id": "id", "time": "days", "event": "died", "group": "arm", "reference": "std"}
DEAD = TRIAL | {"event": "vital_status", "event_value": "Dead", "reference": "A"}
CNSR = {"id": "USUBJID", "time": "AVAL", "event": "CNSR", "group": "TRT01P", "reference": "Placebo"}
MONTHS = {"id": "id", "time": "months", "event": "died", "group": "arm", "reference": "A", "unit": TimeUnit.MONTHS}
COLON = {"time": "time", "event": "status", "group": "rx", "reference": "Obs"}


def asked(**given: Any) -> Comparison:
    return Comparison(**({"unit": TimeUnit.DAYS, "rope": ROPE, "typed": True} | given))


def fitted(data: Any, **given: Any) -> tuple[Cohort, Agreement]:
    """The cohort of a comparison, and its classical analysis."""
    comparison = asked(**given)
    study, records, model = check_comparison(comparison, data, "primary")
    analysis = study.analyses[0]
    cohort = select(records, analysis, model)
    return cohort, cross_check(cohort, analysis, tabulate(cohort, model.intervals), model)


def hazard_ratio(agreement: Agreement) -> tuple[float, float, float]:
    """Of the first contrast, with its 95% confidence interval."""
    cox = agreement.cox[0]
    return (cox.hazard_ratio, *cox.limits())


def faults_of(data: Any, **given: Any) -> list[str]:
    with pytest.raises(InputError) as refused:
        check_comparison(asked(**given), data, "primary")
    return list(refused.value.faults)


@pytest.fixture
def corrected(tmp_path: Path) -> Callable[..., Path]:
    """A case with some of its text replaced, under its own name."""

    def make(name: str, *changes: tuple[str, str]) -> Path:
        text = (CASES / name).read_text(encoding="utf-8")
        for before, after in changes:
            assert before in text
            text = text.replace(before, after)
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return make


REFUSED: dict[str, tuple[str, dict[str, Any], tuple[str, ...]]] = {
    "spellings of the event": (
        "01_event_words_mixed_case.csv", DEAD,
        ("dead (35 times)", "DEAD (7 times)", '"Dead" (123 times)', "Write the value in one way"),
    ),
    "CNSR": ("03_adtte_os_only.csv", CNSR, ("in CDISC data 0 is the event", "--event-value 0")),
    "mark among groups": ("07_00_missing_marks_group.csv", TRIAL, ("arm", '"."', "6 rows", "line 21", "--missing .")),
    "mark among categories": (
        "08_01_missing_marks_covariate.csv", TRIAL | {"adjust": ("celltype",)}, ('"NULL"', "6 rows", "--missing NULL"),
    ),
    "mark among numbers": (
        "09_00_missing_marks_number.csv", TRIAL | {"adjust": ("age",)}, ("SAS's mark for missing", "6 rows"),
    ),
    "thousands": ("10_thousands.csv", TRIAL, ('"4,110" (line 3) may be a thousand: write 4110', "55 rows")),
    "mistyped event": ("18_event_yes_no.csv", TRIAL | {"event_value": "YES"}, ('Did you mean "Yes"?',)),
    "dates": (
        "20_dates.csv", TRIAL | {"entry": "start", "time": "end"},
        ("start and end hold dates", "Subtract start from end"),
    ),
    "two rows of each patient": (
        "68_colon_two_rows_each.csv", COLON, ('"id" holds 929 patients in 1,858 rows', '"etype" tells the rows'),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", list(REFUSED))
def test_what_means_several_things_is_refused_in_one_sentence(name: str) -> None:
    file, given, words = REFUSED[name]
    (fault,) = faults_of(CASES / file, **given)
    assert all(word in fault for word in (file, *words)), fault


def test_the_event_in_one_spelling(corrected: Callable[..., Path]) -> None:
    """R: 165 events, HR 0.588 (0.424-0.816), median of A 270."""
    path = corrected("01_event_words_mixed_case.csv", (",dead,", ",Dead,"), (",DEAD,", ",Dead,"))
    cohort, agreement = fitted(path, **DEAD)
    assert str(cohort.coding) == "event: Dead 165; censored: Alive 63"
    assert hazard_ratio(agreement) == pytest.approx((0.588, 0.424, 0.816), abs=5e-4)
    assert agreement.groups[0].median.estimate == 270


def test_cdisc_with_its_event_declared() -> None:
    """R: HR 1.413 (1.134-1.76), p 0.002, medians 707 and 2283."""
    cohort, agreement = fitted(CASES / "03_adtte_os_only.csv", **CNSR, event_value=0)
    assert str(cohort.coding).startswith("event: 0 ")
    ratio, low, high = hazard_ratio(agreement)
    medians = {group.level: group.median.estimate for group in agreement.groups}
    assert agreement.log_rank.p == pytest.approx(0.002, abs=5e-4)
    assert medians == {"Placebo": 2283, "Drug": 707}
    assert (ratio, low, high) == pytest.approx((1.413, 1.134, 1.76), abs=5e-3)


def test_a_declared_mark_is_a_missing_value_and_counted() -> None:
    """R on complete cases: 1.255 (0.845-1.863), 6 left out."""
    given = TRIAL | {"adjust": ("celltype",), "missing": ("NULL",)}
    cohort, agreement = fitted(CASES / "08_01_missing_marks_covariate.csv", **given)
    assert cohort.flow.excluded == {"missing celltype": 6}
    assert any('"NULL" in 6 rows is read as missing' in note for note in cohort.notes)
    assert hazard_ratio(agreement) == pytest.approx((1.255, 0.845, 1.863), abs=5e-4)


def test_a_mark_of_one_column_is_one_there_alone() -> None:
    """One patient was followed for 999 days, and stays."""
    given = TRIAL | {"missing": ("arm=.", "age=69")}
    cohort, _ = fitted(CASES / "07_00_missing_marks_group.csv", **given)
    assert cohort.flow.excluded == {"missing arm": 6}
    assert not any(note.startswith("days") for note in cohort.notes)


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("11_sep_line.csv", '"sep=," of Excel'),
        ("14_redcap_duplicate_complete.csv", None),
        ("21_trailing_comma.csv", "lines end with more commas"),
    ],
)
def test_what_programs_add_changes_no_patient(name: str, note: str | None, corrected: Callable[..., Path]) -> None:
    """The same trial as without it; what is passed over is told, and lines are counted as an editor counts them."""
    cohort, agreement = fitted(CASES / name, **TRIAL)
    plain, same = fitted(corrected("09_00_missing_marks_number.csv"), **TRIAL)
    assert (cohort.n_patients, cohort.n_events) == (plain.n_patients, plain.n_events) == (137, 128)
    assert hazard_ratio(agreement) == hazard_ratio(same)
    told = [each for each in cohort.notes if name in each]
    assert bool(told) == (note is not None)
    assert note is None or note in told[0]


def test_lines_below_a_line_of_excel_keep_their_numbers(corrected: Callable[..., Path]) -> None:
    (fault,) = faults_of(corrected("11_sep_line.csv", ("2,411,", "2,-411,")), **TRIAL)
    assert "11_sep_line.csv line 4 (patient 2)" in fault


def test_names_are_compared_in_composed_letters() -> None:
    given = {"id": "id", "time": "durée (jours)", "event": "décédé", "group": "bras", "reference": "témoin"}
    cohort, _ = fitted(CASES / "16_accents_nfd.csv", **given)
    assert cohort.n_patients == 137
    assert "témoin" in cohort.groups


def test_two_times_far_from_all_others_are_told() -> None:
    cohort, _ = fitted(CASES / "29_time_99999.csv", **TRIAL)
    (note,) = [each for each in cohort.notes if each.startswith("days holds 99999")]
    assert "99999 (2 rows), far outside of its other values (1 to 991)" in note
    assert "--missing, such as days=99999" in note


@pytest.mark.parametrize("name", ["42_monotone_likelihood.csv", "47_zero_events_one_arm.csv"])
def test_cox_regression_without_an_estimate_gives_none(name: str) -> None:
    _, agreement = fitted(CASES / name, **MONTHS)
    assert not agreement.cox
    assert agreement.companion[0].agrees is not True


def test_one_trial_in_days_and_in_whole_months() -> None:
    """R: 2.90 (1.84-4.57) in days."""
    given = TRIAL | {"reference": "control"}
    in_days = fitted(CASES / "61a_clean_trial_days.csv", **given)
    in_months = fitted(CASES / "61b_same_trial_whole_months.csv", **(MONTHS | {"reference": "control"}))
    assert hazard_ratio(in_days[1]) == pytest.approx((2.90, 1.84, 4.57), abs=5e-3)
    assert in_days[0].n_events == in_months[0].n_events
    assert hazard_ratio(in_months[1])[0] == pytest.approx(2.90, abs=0.15)


@pytest.mark.parametrize("name", ["63_study_adtte", "64_study_adtte_no_id"])
def test_identifiers_are_unique_within_the_population(name: str) -> None:
    """646 patients with a row of each endpoint; the population takes one of them."""
    study = load_study(CASES / name)
    records = read_records(study)
    check_records(records, study)
    flow = select(records, study.analyses[0], _unadjusted()).flow
    assert (flow.records, flow.analysed) == (1292, 646)


@pytest.mark.parametrize("name", ["63_study_adtte", "64_study_adtte_no_id"])
def test_without_the_population_every_patient_has_two_rows(name: str, tmp_path: Path) -> None:
    shutil.copytree(CASES / name, tmp_path / name)
    study = load_study(tmp_path / name)
    everybody = tuple(replace(each, population=replace(each.population, where=())) for each in study.analyses)
    study = replace(study, analyses=everybody)
    with pytest.raises(InputError) as refused:
        check_records(read_records(study), study)
    assert any('"PARAMCD"' in fault and "the rows of a patient apart" in fault for fault in refused.value.faults)


def _unadjusted() -> Any:
    from bayesrefract.study.model_file import load_model

    return load_model("unadjusted")
