"""Models compared on different patients: an unadjusted model on the adjusted one's patients stands between them."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from findings_example import findings
from records_example import make_question, make_study

from bayesrefract.cohort.read import read_records
from bayesrefract.cohort.value import Flow
from bayesrefract.pipeline import Job, prepare
from bayesrefract.report import figures
from bayesrefract.report.tables import model_table
from bayesrefract.study.model import Baseline, Model, StrataKind
from bayesrefract.study.study import Columns

CRUDE = Model("unadjusted", "Unadjusted", "", adjust="none")
AGE = Model("primary", "Adjusted", "", adjust="question")
SITE = Model("by_site", "By site", "", adjust="question", baseline=Baseline(strata=StrataKind.FREE))


def table(gaps: bool) -> str:
    """60 patients; with gaps every sixth has no age, every tenth no site."""
    rng = np.random.default_rng(5)
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(["id", "arm", "time", "event", "age", "site"])
    for i in range(60):
        age = "" if gaps and i % 6 == 0 else round(rng.normal(60, 9), 1)
        site = "" if gaps and i % 10 == 1 else ("north", "south")[int(rng.integers(2))]
        lines.writerow([f"P-{i}", "abc"[i % 3], round(1 + rng.exponential(10), 2), i % 4 > 0, age, site])
    return text.getvalue()


def fits(folder: Path, models: tuple[Model, ...], *, gaps: bool = True) -> dict[str, object]:
    path = folder / "patients.csv"
    path.write_text(table(gaps), encoding="utf-8")
    analysis = make_question(columns=Columns("arm", "id", (), ("site",)), adjust="age", adjustments={"age": ("age",)})
    study = make_study(path, analysis)
    ((*made,),) = prepare([Job(study, read_records(study), models)], 1)
    return {fit.model.name: fit for fit in made}


def test_the_unadjusted_model_is_fitted_to_the_patients_of_each_adjusted_one_too(tmp_path: Path) -> None:
    made = fits(tmp_path, (AGE, SITE, CRUDE))
    assert list(made) == [
        "primary", "by_site", "unadjusted_same_as_primary", "unadjusted_same_as_by_site", "unadjusted",
    ]  # fmt: skip
    assert [made[name].cohort.n_patients for name in made] == [50, 44, 50, 44, 60]
    for name in ("primary", "by_site"):
        same, adjusted = made[f"unadjusted_same_as_{name}"], made[name]
        assert same.cohort.patient == adjusted.cohort.patient
        assert same.cohort.flow == adjusted.cohort.flow  # with the same reasons
        assert (same.cohort.covariates, same.cohort.strata) == ((), ("all",))
        assert same.key != made["unadjusted"].key


def test_the_primary_model_stays_first(tmp_path: Path) -> None:
    assert list(fits(tmp_path, (CRUDE, AGE))) == ["unadjusted", "unadjusted_same_as_primary", "primary"]


@pytest.mark.parametrize(
    ("models", "gaps"), [((AGE, CRUDE), False), ((AGE, SITE), True), ((AGE, replace(CRUDE, compared_only=True)), True)]
)
def test_nothing_is_added_without_need(tmp_path: Path, models: tuple[Model, ...], gaps: bool) -> None:
    assert list(fits(tmp_path, models, gaps=gaps)) == [model.name for model in models]


def test_tables_that_compare_models_name_patients_and_events() -> None:
    made = findings()
    fewer = replace(made, flow=Flow(made.flow.records, {"missing age": made.flow.records - 90}, 90), n_events=41)
    same = replace(fewer, model=replace(CRUDE, name="unadjusted_same_as_primary", complete=("age",)))
    compared = (fewer, same, replace(made, model=CRUDE))
    found = model_table(compared, made.verdicts[0])
    heads = [column.name for column in found.columns]
    place = heads.index("Patients")
    assert heads[place : place + 2] == ["Patients", "Events"]
    assert [row[place : place + 2] for row in found.rows] == [
        ("90", "41"), ("90", "41"), (f"{made.flow.analysed:,}", f"{made.n_events:,}"),
    ]  # fmt: skip
    assert "of 2 declared models" in found.notes[0]  # the model between is none of them
    assert "(unadjusted_same_as_primary): the first step changes the covariates alone" in found.notes[1]
    assert len(model_table((made, replace(made, model=CRUDE)), made.verdicts[0]).notes) == 1
    drawn = figures.forest_figure(compared).table
    assert [column.name for column in drawn.columns][4:6] == ["Patients", "Events"]
    assert drawn.rows[0][4:6] == ("90", "41")
