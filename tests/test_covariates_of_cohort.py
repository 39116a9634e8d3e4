"""Covariates and strata of a cohort: which can be used, and what is said of those that cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from records_example import TABLE, faults_of, make_model, make_question, only, read

from bayesrefract.classical.cox import cox_terms, efron
from bayesrefract.classical.regression import regression_data
from bayesrefract.cohort.covariates import MOST_LEVELS, MOST_LEVELS_AT_ALL, level_faults
from bayesrefract.cohort.exposure import tabulate
from bayesrefract.cohort.select import select
from bayesrefract.cohort.value import Cohort
from bayesrefract.inference.store import fit_key
from bayesrefract.model.arrays import arrange
from bayesrefract.model.priors import resolve_group_prior
from bayesrefract.study.model import Intervals, StrataKind
from bayesrefract.study.rope import Estimand
from bayesrefract.study.study import Columns, Condition


def test_constant_covariates(tmp_path: Path) -> None:
    north = make_question(population=only("north", Condition("site", ("north",))), adjust="site")
    cohort = select(read(tmp_path), north, make_model())
    assert [c.name for c in cohort.covariates] == ["age"]
    assert any("site is left out" in note and "north" in note for note in cohort.notes)
    everywhere = TABLE.replace("south", "north").replace("east", "north")
    (fault,) = faults_of(tmp_path, everywhere, make_question(adjust="site"))
    assert "covariate site has the same value for all 8 analysed patients" in fault


def test_a_column_that_names_patients_is_no_covariate(tmp_path: Path) -> None:
    rows = "".join(TABLE.replace("P-0", f"{letter}-0").split("\n", 1)[1] for letter in "QRS")
    analysis = make_question(columns=Columns("arm"), adjust="who", adjustments={"who": ("id",)})
    (fault,) = faults_of(tmp_path, TABLE + rows, analysis)
    assert "covariate id has 32 categories among 32 analysed patients" in fault


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (lambda row: str(2 * float(row[4]) + 1), "covariate extra repeats age,"),
        (lambda row: "x" if row[1] == "a" else "y", "covariate extra repeats the group (arm),"),
        (lambda row: {"a": "1", "b": "2", "c": "3"}[row[1]], "covariate extra repeats the group (arm),"),
        (lambda row: str(float(row[4]) + 5 * float(row[6])), "covariate extra repeats age with sex,"),
    ],
)
def test_collinear_covariates_name_what_they_repeat(tmp_path: Path, extra: object, words: str) -> None:
    assert callable(extra)
    header, *rows = TABLE.splitlines()
    text = "\n".join([f"{header},extra", *(f"{row},{extra(row.split(','))}" for row in rows)])
    analysis = make_question(adjust="more", adjustments={"more": ("age", "sex", "extra")})
    (fault,) = faults_of(tmp_path, text, analysis)
    assert words in fault


FLAG = [0, 1, 1, 0, 1, 0, 0, 1]


def flagged(tmp_path: Path, zero: str, one: str) -> Cohort:
    """The eight patients with a column `flag`, which is adjusted for, as age is."""
    header, *rows = TABLE.splitlines()
    made = [f"{header},flag", *(f"{row},{(zero, one)[flag]}" for row, flag in zip(rows, FLAG, strict=True))]
    analysis = make_question(
        columns=Columns("arm", "id", per={"flag": 5.0}), adjust="more", adjustments={"more": ("age", "flag")}
    )
    return select(read(tmp_path, "\n".join(made)), analysis, make_model())


@pytest.mark.parametrize(("zero", "one"), [("no", "yes"), ("1", "2"), ("0.5", "1.50"), ("false", "true")])
def test_a_flag_has_the_same_posterior_whether_it_is_typed_in_numbers_or_in_words(
    tmp_path: Path, zero: str, one: str
) -> None:
    """The model sees the same columns, names and prior scales, and so the stored fit is the same."""
    keys, ratios = [], []
    for texts in (("0", "1"), (zero, one)):
        cohort = flagged(tmp_path, *texts)
        model, analysis = make_model(), make_question()
        prior = resolve_group_prior(model.priors, analysis.rope(Estimand.HAZARD_RATIO))
        arrays = arrange(tabulate(cohort, Intervals(cuts=())), model, prior, analysis.primary)
        keys.append(fit_key(arrays, model.sampler, np.random.SeedSequence(1)))
        data = regression_data(cohort, stratified=False)
        ratios.append(cox_terms(cohort, data, efron(data))[1])
        assert any("flag has two values, so that it is a category" in note for note in cohort.notes)
    assert keys[0] == keys[1]
    assert [(term.level, term.reference) for term in ratios] == [("1", "0"), (one, zero)]
    assert ratios[0].hazard_ratio == ratios[1].hazard_ratio


def test_a_number_in_two_spellings_is_one_level(tmp_path: Path) -> None:
    header, *rows = TABLE.splitlines()
    spelled = ["0.5", "1.50", "1.5", "0.50", "1.5", "0.5", "0.5", "1.5"]
    made = [f"{header},flag", *(f"{row},{text}" for row, text in zip(rows, spelled, strict=True))]
    analysis = make_question(columns=Columns("arm", "id"), adjust="more", adjustments={"more": ("flag",)})
    (flag,) = select(read(tmp_path, "\n".join(made)), analysis, make_model()).covariates
    assert (flag.levels, flag.values.tolist()) == (("0.5", "1.5"), FLAG)


def test_strata(tmp_path: Path) -> None:
    analysis = make_question(columns=Columns("arm", "id", ("sex",), ("site", "sex")))
    cohort = select(read(tmp_path), analysis, make_model(strata=StrataKind.FREE))
    assert cohort.strata == (
        "site=east, sex=2", "site=north, sex=1", "site=north, sex=2", "site=south, sex=1", "site=south, sex=2",
    )  # fmt: skip
    assert cohort.stratum.tolist() == [1, 4, 2, 3, 0, 1, 3, 0]
    assert [c.name for c in cohort.covariates] == ["age"]
    assert any("sex is left out of the covariates: it is a stratum" in note for note in cohort.notes)


def test_strata_that_determine_the_group(tmp_path: Path) -> None:
    analysis = make_question(columns=Columns("arm", "id", ("sex",), ("arm",)))
    assert any("no stratum has two groups" in fault
               for fault in faults_of(tmp_path, TABLE, analysis, make_model(strata=StrataKind.FREE)))  # fmt: skip


@pytest.mark.parametrize(
    ("levels", "patients", "usable"),
    [
        (MOST_LEVELS, MOST_LEVELS, True),
        (MOST_LEVELS + 1, 2 * MOST_LEVELS, False),
        (MOST_LEVELS + 1, 2 * MOST_LEVELS + 2, True),
        (MOST_LEVELS_AT_ALL, 10_000, True),
        (MOST_LEVELS_AT_ALL + 1, 10_000, False),
    ],
)
def test_how_many_levels_are_taken_for_categories(levels: int, patients: int, usable: bool) -> None:
    assert (level_faults("covariate x", [str(i) for i in range(levels)], patients) == []) is usable


def test_an_identifier_is_refused_before_a_matrix_of_it_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"Q-{i},{'ab'[i % 2]},5,1,{40 + i % 9},north,{1 + i % 5 % 2},0,40\n" for i in range(2000))
    text = TABLE.splitlines()[0] + "\n" + rows

    def made(*_: object) -> None:
        raise AssertionError("a matrix was made")

    monkeypatch.setattr("bayesrefract.cohort.covariates.indicators", made)
    analysis = make_question(columns=Columns("arm", None, ("sex",), ("id",)), groups=("a", "b"))
    (fault,) = faults_of(tmp_path, text, analysis, make_model(strata=StrataKind.FREE))
    assert "stratification by id has 2,000 categories among 2,000 analysed patients" in fault
