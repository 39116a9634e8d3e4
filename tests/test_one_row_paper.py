"""A trial of another disease, with a paper that prints one ratio: nothing on its page is of the flagship study."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from findings_example import a_model, findings
from page_reader import Reader
from test_cli import call

from bayesrefract.errors import InputError
from bayesrefract.extension import check_study, read_study_records, write_study_report
from bayesrefract.studies.lenalidomide.extension import Lenalidomide
from bayesrefract.study.study import Evidence
from bayesrefract.study.study_file import load_study

ACTG175 = Path(__file__).parents[1] / "data" / "actg175"
OTHER_DISEASE = re.compile(
    r"lenalidomide|myeloma|refractory|refractoriness|pomalidomide|daratumumab|dexamethasone|proteasome|kastritis|goel"
    r"|\bdos(?:e|es|age|ing)\b|_dose|regimen|transplant|asct|retreat|second.line|first.line|relapse|egfr|renal|mayo"
    r"|iss.stage|\bISS\b|\bFISH\b|fish_|isotype|\bpfs|\blen_|reconstruct|fidelity|\bspread\b",
    re.IGNORECASE,
)
PAPER = """
[published]
source = "An invented report of this trial"
estimates = "estimates.csv"
counts = "counts.csv"
conclusion = "The two combinations did equally well."
conclusion_where = "invented abstract"
notes = ["The invented report prints one ratio, without covariates."]
limits = ["Patients and physicians knew nothing of this invented report."]
"""
ESTIMATES = """population,setting,endpoint,statistic,group,reference,value,ci_low,ci_high,interval_kind
all,trial,progression,hr,zidovudine+didanosine,zidovudine+zalcitabine,0.92,0.71,1.19,95% CI
"""
COUNTS = """population,setting,variable,level,zidovudine,zidovudine+didanosine,zidovudine+zalcitabine,didanosine
all,trial,n,,532,522,524,561
all,trial,symptoms,yes,86,94,89,101
"""

pytestmark = pytest.mark.usefixtures("without_arviz_pictures")


def a_study(folder: Path, paper: str = PAPER) -> Path:
    """The trial with its paper beside it."""
    text = (ACTG175 / "study.toml").read_text(encoding="utf-8")
    text = text.replace('name = "all"\n', 'name = "all"\nprinted = "all"\n', 1)
    asked = 'adjust = "baseline"\n'
    assert asked in text
    if paper:
        text = text.replace(asked, f'{asked}printed = {{ setting = "trial", endpoint = "progression" }}\n', 1)
    text += '\n[[table]]\nname = "entry"\ntitle = "Patients at entry"\ncolumns = ["age", "symptom"]\n'
    (folder / "study.toml").write_text(text + paper, encoding="utf-8")
    (folder / "estimates.csv").write_text(ESTIMATES, encoding="utf-8")
    (folder / "counts.csv").write_text(COUNTS, encoding="utf-8")
    return folder


def texts_of_report(folder: Path, place: Path) -> dict[str, str]:
    """Every text of a report from example findings, by file."""
    study = load_study(folder)
    made = [
        findings(analysis, a_model(name), seed=seed)
        for analysis in study.analyses
        for seed, name in enumerate(("primary", "unadjusted"))
    ]
    made = [replace(each, adjusted_for=() if each.model.name == "unadjusted" else ("age",)) for each in made]
    write_study_report(study, read_study_records(study), made, place)
    kinds = {".html", ".csv", ".json", ".svg"}
    return {
        path.relative_to(place).as_posix(): path.read_text(encoding="utf-8")
        for path in place.rglob("*")
        if path.suffix in kinds
    }


def visible(text: str) -> str:
    """Without what no reader meets: shapes of letters and lines, pictures as data, hashes."""
    return re.sub(r' d="[^"]*"|data:image/[^"]*|\b[0-9a-f]{16,}\b|#[0-9a-f]+', "", text)


@pytest.mark.parametrize("counts", ["with counts", "without counts"])
def test_no_word_of_another_disease_is_in_its_report(tmp_path: Path, counts: str) -> None:
    paper = PAPER if counts == "with counts" else PAPER.replace('counts = "counts.csv"\n', "")
    report = texts_of_report(a_study(tmp_path, paper), tmp_path / "out")
    assert {"index.html", "verdicts.json", "tables/side-by-side.csv", "tables/audit-checks.csv"} <= report.keys()
    found = {
        name: sorted({match[0] for match in OTHER_DISEASE.finditer(visible(text))}) for name, text in report.items()
    }
    assert {name: words for name, words in found.items() if words} == {}
    html = report["index.html"]
    assert not Reader(html).open, "every element is closed"
    for said in (
        "The two combinations did equally well.",
        "An invented report of this trial, invented abstract",
        "The invented report prints one ratio, without covariates.",
        "Patients and physicians knew nothing of this invented report.",
        "0.92 (0.71-1.19)",
    ):
        assert said in html
    assert "Two printed ratios with one reference" not in html, "this paper prints one"
    assert "p, printed" not in html, "no study package says where a p-value of this paper belongs"
    anchors = re.findall(r'<section id="([\w-]+)"', html)
    assert not {"counted-once", "rebuilding"} & set(anchors)


def test_a_paper_without_counts_is_checked_as_far_as_it_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = a_study(tmp_path, PAPER.replace('counts = "counts.csv"\n', ""))
    (folder / "counts.csv").unlink()
    code, out, err = call(capsys, "check", str(folder), "--model", "unadjusted")
    assert (code, err) == (0, "")
    assert out.endswith("All valid.\n")
    report = texts_of_report(folder, tmp_path / "out")
    assert "no counts file is given" in report["tables/audit-unchecked.csv"]


def test_the_faults_of_its_files_are_told(tmp_path: Path) -> None:
    folder = a_study(tmp_path)
    (folder / "counts.csv").write_text(COUNTS.replace("532", "5e2x"), encoding="utf-8")
    study = load_study(folder)
    with pytest.raises(InputError, match=r'counts\.csv line 2: zidovudine "5e2x" is not a number'):
        check_study(replace(study, models=("unadjusted",)), read_study_records(study))


def test_a_cohort_is_not_rebuilt_without_counts(tmp_path: Path) -> None:
    study = load_study(a_study(tmp_path, PAPER.replace('counts = "counts.csv"\n', "")))
    Lenalidomide().check_files(study)
    with pytest.raises(InputError, match=r"published.counts is missing. A cohort is rebuilt from"):
        Lenalidomide().check_files(replace(study, evidence=Evidence.REBUILT))


def test_curves_and_regressions_stand_on_the_page_of_a_study_without_a_paper(tmp_path: Path) -> None:
    """The primary model's regression first, one for each set of covariates, and the numbers at risk."""
    report = texts_of_report(a_study(tmp_path, paper=""), tmp_path / "out")
    html = report["index.html"]
    section = html[html.index('<section id="classical"') :]
    section = section[: section.index("</section>")]
    assert "Kaplan-Meier curves and Cox regression</h2>" in section
    assert section.count("Number at risk") >= 2, "one for each question"
    pictures = re.findall(r'"figures/([\w-]+)\.svg"', section)
    assert [name.removeprefix("progression-or-death-all-") for name in pictures[:3]] == [
        "kaplan-meier",
        "cox-primary",
        "cox-unadjusted",
    ]
