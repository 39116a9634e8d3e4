"""What a published study adds to its page: figures as papers print them, tables, the claim beside the verdicts."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from figures_example import drawn, texts
from findings_example import a_model, findings
from lenalidomide_study import FOLDER
from lifelines import CoxPHFitter
from page_reader import Reader

from bayesrefract.classical import cross_check
from bayesrefract.classical.agreement import CoxTerm
from bayesrefract.cohort.exposure import tabulate
from bayesrefract.cohort.read import read_records
from bayesrefract.cohort.select import select
from bayesrefract.dossier import compile_dossier
from bayesrefract.extension import read_study_records, write_study_report
from bayesrefract.findings import Findings
from bayesrefract.report.figures import balance_figure, cox_forest_figure, kaplan_meier_figure
from bayesrefract.report.figures.curves import at_risk
from bayesrefract.report.page.html import write_report
from bayesrefract.report.tables.patients import balance_table
from bayesrefract.study.model_file import load_model
from bayesrefract.study.study import Evidence, Study
from bayesrefract.study.study_file import load_study

pytestmark = pytest.mark.usefixtures("without_arviz_pictures")


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study(FOLDER)


@pytest.fixture(scope="module")
def crosschecked(study: Study) -> Findings:
    """The example's findings with the classical analysis of the rebuilt patients: nothing is sampled."""
    analysis, model = study.analyses[0], load_model("primary")
    cohort = select(read_records(study), analysis, model)
    agreement = cross_check(cohort, analysis, tabulate(cohort, model.intervals), model)
    made = findings(replace(findings().analysis, endpoint=analysis.endpoint, evidence=Evidence.REBUILT))
    return replace(made, agreement=agreement, analysis=analysis, adjusted_for=plan_columns(study))


def plan_columns(study: Study) -> tuple[str, ...]:
    return study.analyses[0].adjustments["paper_second_line"]


# Cox regression, term by term


def test_every_term_is_that_of_lifelines(study: Study, crosschecked: Findings) -> None:
    """A fit of its own, with dummies made here, on the patients whose covariates are known."""
    columns = study.analyses[0].adjustments["paper_second_line"]
    frame = pd.read_csv(FOLDER / "cohort.csv").dropna(subset=["iss_stage_iii", "fish_high_risk"])
    dummies = pd.get_dummies(
        frame[["refractoriness", *columns]].astype({"iss_stage_iii": int, "fish_high_risk": int}),
        columns=["refractoriness", "second_line_regimen_class"],
        dtype=float,
    ).drop(columns=["refractoriness_low_dose", "second_line_regimen_class_daratumumab"])
    data = dummies.assign(time=frame["pfs_second_line_months"], event=frame["pfs_second_line_event"])
    fitted = CoxPHFitter().fit(data, "time", "event", fit_options={"precision": 1e-14}).summary
    terms = {(term.covariate, term.level): term for term in crosschecked.agreement.terms}
    for name, row in fitted.iterrows():
        column, level = re.fullmatch(r"(second_line_regimen_class)_(\w+)|(\w+)", str(name)).group(1, 2)  # type: ignore[union-attr]  # matches all
        term = terms.get((column, level) if column else (str(name), "1"))
        if str(name).startswith("refractoriness"):
            continue
        assert term is not None, name
        assert term.hazard_ratio == pytest.approx(row["exp(coef)"], rel=1e-4)
        assert term.high == pytest.approx(row["exp(coef) upper 95%"], rel=1e-3)
        assert term.p == pytest.approx(row["p"], abs=1e-4)


def test_a_continuous_covariate_is_per_its_step(study: Study) -> None:
    analysis, model = study.analyses[0], load_model("total")
    cohort = select(read_records(study), analysis, model)
    agreement = cross_check(cohort, analysis, tabulate(cohort, model.intervals), model)
    age = next(term for term in agreement.terms if term.covariate == "age_years")
    assert (age.level, age.reference) == ("per 10", "")
    frame = pd.read_csv(FOLDER / "cohort.csv").dropna(subset=["iss_stage_iii", "fish_high_risk"])
    data = pd.DataFrame(
        {
            "age": frame["age_years"] / 10,
            "male": (frame["sex"] == "male").astype(float),
            "iss": frame["iss_stage_iii"],
            "fish": frame["fish_high_risk"],
            "egfr": frame["egfr_below_60"],
            "low": (frame["refractoriness"] == "low_dose").astype(float),
            "standard": (frame["refractoriness"] == "standard_dose").astype(float),
            "time": frame["pfs_second_line_months"],
            "event": frame["pfs_second_line_event"],
        }
    )
    fitted = CoxPHFitter().fit(data, "time", "event", fit_options={"precision": 1e-14})
    assert age.hazard_ratio == pytest.approx(float(fitted.hazard_ratios_["age"]), rel=1e-4)


# Figures


def test_the_kaplan_meier_figure_has_the_numbers_of_the_analysis(crosschecked: Findings) -> None:
    picture = drawn(kaplan_meier_figure(crosschecked))
    shown = " ".join(texts(picture))
    assert "Rebuilt patients" in shown
    ticks = [tick for tick in picture.figure.axes[0].get_xticks() if tick >= 0]
    for group in crosschecked.agreement.groups:
        assert f"{group.level} {' '.join(str(at_risk(group.curve, tick)) for tick in ticks[:3])}" in shown
    cox = crosschecked.agreement.cox[0]
    assert f"{cox.hazard_ratio:.2f} (" in shown
    assert "log-rank p" in shown
    assert "absence of evidence, no more" in picture.caption


def test_no_patients_own_time_is_in_the_figure(crosschecked: Findings) -> None:
    """Times are on a grid of 200 steps: strokes of censoring too."""
    picture = kaplan_meier_figure(crosschecked)
    axes = picture.figure.axes[0]
    end = max(float(group.curve.times[-1]) for group in crosschecked.agreement.groups)
    strokes = [line for line in axes.lines if line.get_marker() == "|"]
    assert len(strokes) == 3
    for line in strokes:
        steps = np.asarray(line.get_xdata(), dtype=float) / (end / 200)
        assert steps == pytest.approx(np.round(steps), abs=1e-6)


def test_the_forest_shows_groups_then_covariates(crosschecked: Findings) -> None:
    picture = drawn(cox_forest_figure(crosschecked, {"iss_stage_iii": "ISS stage III"}))
    first = [row[0] for row in picture.table.rows]
    assert first[:3] == [f"{c.group} vs {c.reference}" for c in crosschecked.agreement.cox]
    assert "ISS stage III" in first
    assert len(first) == len(crosschecked.agreement.cox) + len(crosschecked.agreement.terms)


def test_a_ratio_without_a_maximum_is_left_out(crosschecked: Findings) -> None:
    wild = CoxTerm("x", "b", "a", 1e-9, 0.0, float("inf"), 0.99)
    made = replace(crosschecked, agreement=replace(crosschecked.agreement, terms=(wild,)))
    assert not any(row[0].startswith("x") for row in cox_forest_figure(made).table.rows)


def test_the_balance_figure_names_every_characteristic(study: Study) -> None:
    dossier = compile_dossier(study, read_study_records(study))
    table = balance_table(dossier.balance, "a vs b", Evidence.REBUILT)
    picture = drawn(balance_figure(dossier.balance, "a vs b", Evidence.REBUILT, table))
    assert "Rebuilt patients" in " ".join(texts(picture))
    assert all(each.label in picture.alt for each in dossier.balance if each.difference is not None)


# The page


@pytest.fixture(scope="module")
def page(study: Study, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A page of the flagship from example draws: what is read here does not depend on them."""
    folder = tmp_path_factory.mktemp("page")
    example = findings()
    made = []
    for analysis in study.analyses:
        asked = replace(
            example.analysis,
            endpoint=analysis.endpoint,
            population=analysis.population,
            role=analysis.role,
            printed=analysis.printed,
            evidence=Evidence.REBUILT,
        )
        made += [replace(findings(asked, a_model(name)), adjusted_for=()) for name in ("primary", "unadjusted")]
    index = write_study_report(study, read_study_records(study), made, folder)
    return folder, index.read_text(encoding="utf-8")


def test_the_sentence_stands_beside_the_verdicts(page: tuple[Path, str], study: Study) -> None:
    _, html = page
    assert study.publication is not None
    assert not Reader(html).open, "every element is closed"
    text = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    assert study.publication.conclusion in text
    claim = text.index(study.publication.conclusion)
    assert text.index("Primary comparison from printed numbers, records and Cox regression") > claim
    for said in ("0.99 (0.73-1.33)", "0.83 (0.50-1.39)", "0.854", "0.498", "no ratio is printed, only p = 0.97"):
        assert said in text


def test_the_sections_of_a_published_study(page: tuple[Path, str]) -> None:
    _, html = page
    names = [
        "answer",
        "claim",
        "counted-once",
        "patients",
        "tables",
        "classical",
        "sensitivity",
        "rebuilding",
        "audit",
        "limits",
    ]
    order = [html.index(f'<section id="{name}"') for name in names]
    assert order == sorted(order)
    assert html.count("kaplan-meier.svg") == 4, "the four figures of the paper"


def test_every_file_says_that_the_cohort_is_rebuilt(page: tuple[Path, str]) -> None:
    folder, html = page
    assert "Rebuilt from published summaries, not patients" in html
    for path in (folder / "figures").glob("*.svg"):
        assert "Rebuilt patients" in path.read_text(encoding="utf-8"), path.name
    assert "Rebuilt from published summaries, not patients" in (folder / "verdicts.json").read_text(encoding="utf-8")


def test_fidelity_is_a_file_of_its_own_and_no_identifier_leaves(page: tuple[Path, str]) -> None:
    folder, _ = page
    lines = (folder / "fidelity.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + 65 + 44
    for path in folder.rglob("*"):
        if path.suffix in {".html", ".csv", ".svg", ".json"}:
            assert "REBUILT-" not in path.read_text(encoding="utf-8"), path.name


def test_sensitivity_questions_stand_in_one_table(page: tuple[Path, str]) -> None:
    folder, html = page
    assert 'id="pfs_retreatment-retreated_later"' not in html
    table = (folder / "tables" / "sensitivity.csv").read_text(encoding="utf-8")
    assert "the 91 who were retreated in a later line" in table
    assert "clock of first relapse" in table


def test_a_study_without_a_paper_has_none_of_it(tmp_path: Path) -> None:
    from findings_example import a_whole_study

    plain, made = a_whole_study()
    html = write_report(plain, made, tmp_path).read_text(encoding="utf-8")
    for name in ("claim", "tables", "sensitivity", "rebuilding", "audit", "limits"):
        assert f'<section id="{name}"' not in html
    assert not (tmp_path / "fidelity.csv").exists()
