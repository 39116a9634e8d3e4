"""The page of a study: whole, self-contained, escaped, and no bolder than its verdicts."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from findings_example import (
    GROUPS,
    a_question,
    a_whole_study,
    findings,
)
from page_reader import Reader, page_of

from bayesrefract.findings import Findings
from bayesrefract.report import write_report
from bayesrefract.report.page import html
from bayesrefract.report.page.methods import limits, methods
from bayesrefract.report.page.page import compose
from bayesrefract.study.model import Baseline, StrataKind
from bayesrefract.study.study import Evidence

pytestmark = pytest.mark.usefixtures("without_arviz_pictures")


@pytest.fixture(scope="module")
def whole_page() -> str:
    """The page of two populations and three models."""
    study, made = a_whole_study()
    return html.render(compose(study, made))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of two populations and three models, with all its files."""
    study, made = a_whole_study()
    return write_report(study, made, tmp_path_factory.mktemp("reports") / "example")


@pytest.fixture
def copied(written: Path, tmp_path: Path) -> Path:
    """A folder with that report, to be written to."""
    return Path(shutil.copytree(written.parent, tmp_path / "copy"))


def test_a_report_is_a_page_its_figures_and_the_verdicts(written: Path) -> None:
    page, made = written, a_whole_study()[1]
    assert (page.parent.name, page.name) == ("example", "index.html")
    names = {path.relative_to(page.parent).as_posix() for path in page.parent.rglob("*") if path.is_file()}
    assert {"index.html", "verdicts.json", "figures/death-all-survival.svg", "figures/death-all-forest.svg"} <= names
    assert not any("part" in name for name in names)
    payload = json.loads((page.parent / "verdicts.json").read_text(encoding="utf-8"))
    assert len(payload["analyses"]) == len(made)
    for path in (page.parent / "figures").iterdir():
        assert f'<figure id="figure-{path.stem}">' in page.read_text(encoding="utf-8")


def test_the_same_findings_give_the_same_page(whole_page: str) -> None:
    study, made = a_whole_study()
    assert html.render(compose(study, made)) == whole_page


def test_files_of_an_earlier_report_go_and_other_files_stay(copied: Path) -> None:
    study, made = a_whole_study()
    (copied / "store").mkdir()
    foreign = [copied / "figures" / "mine.svg", copied / "tables" / "mine.csv"]
    for path in foreign:
        path.write_text("not ours", encoding="utf-8")
    write_report(study, made[:3], copied)
    for folder in ("figures", "tables"):
        assert not list((copied / folder).glob("*death-symptom-free-*"))
        assert list((copied / folder).glob("*death-all-*"))
    assert all(path.is_file() for path in foreign)
    assert (copied / "store").is_dir()


def test_a_page_that_cannot_be_made_leaves_the_old_report(copied: Path) -> None:
    study, made = a_whole_study()
    before = {path: path.read_bytes() for path in copied.rglob("*") if path.is_file()}
    with pytest.raises(ValueError, match="no findings"):
        write_report(study, [], copied)
    tree = made[0].draws.copy()
    tree["posterior"] = tree["posterior"].to_dataset().isel(contrast=[1])
    broken = replace(made[0], draws=tree)
    with pytest.raises(KeyError):
        write_report(study, [broken], copied)
    assert {path: path.read_bytes() for path in copied.rglob("*") if path.is_file()} == before


def test_a_report_written_again_touches_only_what_changed(copied: Path) -> None:
    study, made = a_whole_study()
    beside = [path for path in copied.rglob("*") if path.parent.name in {"figures", "tables"}]
    for path in beside:
        os.utime(path, (0, 0))
    changed = copied / "figures" / "death-all-flow.svg"
    changed.write_text("an older figure", encoding="utf-8")
    write_report(study, made, copied)
    again = {path.name for path in beside if path.stat().st_mtime > 0}
    assert again <= {f"death-all-flow.{kind}" for kind in html.FIGURE_KINDS}
    assert changed.read_text(encoding="utf-8").startswith("<?xml")


@pytest.mark.parametrize(
    ("evidence", "label"), [(Evidence.SIMULATED, "Simulated patients"), (Evidence.REBUILT, "Rebuilt patients")]
)
def test_evidence_stands_in_title_bar_banner_captions_and_answers(evidence: Evidence, label: str) -> None:
    made = findings(replace(a_question(), evidence=evidence))
    reader = page_of(made)
    assert reader.of("title") == [f"{label}: Drug A against control"]
    assert reader.of("strong")[0] == f"{label}."
    captions = reader.of("figcaption")
    assert len(captions) >= 6
    assert all(caption.startswith(f"{label}. ") for caption in captions)
    assert all(label.lower() in answer for answer in reader.of("p", "said"))


def test_patient_records_need_no_warning() -> None:
    reader = page_of(findings(replace(a_question(), evidence=Evidence.PATIENTS)))
    assert reader.of("title") == ["Drug A against control"]
    assert not any("imulated" in text for _, _, text in reader.texts)


def test_the_page_keeps_its_order(whole_page: str) -> None:
    headings = Reader(whole_page).of("h2")
    assert headings == [
        "The question",
        "The answer",
        "The patients",
        "Kaplan-Meier curves and Cox regression",
        "Overview of all questions and models",
        "Overall survival: All patients",
        "Overall survival: Patients without symptoms",
        "Methods",
        "Provenance",
    ]


def test_a_page_of_one_question_and_one_model_reads_naturally() -> None:
    reader = page_of(findings())
    assert "The evidence in detail" in reader.of("h2")
    assert not any("depend on the model" in text for text in [*reader.of("h3"), *reader.of("dt")])


def test_every_link_within_the_page_leads_somewhere(whole_page: str) -> None:
    reader = Reader(whole_page)
    targets = {attributes["href"] for tag, attributes in reader.elements if tag == "a"}
    identifiers = {f"#{attributes['id']}" for _, attributes in reader.elements if "id" in attributes}
    within = {target for target in targets if target is not None and target.startswith("#")}
    assert within <= identifiers
    assert "#death-symptom-free" in within


def test_every_file_that_the_page_offers_lies_beside_it(written: Path) -> None:
    reader, folder = Reader(written.read_text(encoding="utf-8")), written.parent
    offered = [attributes["href"] for tag, attributes in reader.elements if "download" in attributes]
    there = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.parent != folder]
    opened = [attributes.get("href") for tag, attributes in reader.elements if tag == "a"]
    opened = [str(link) for link in opened if str(link).startswith("diagnostics/")]
    assert {*map(str, offered), *opened} == {name for name in there if "." in name}
    assert {Path(name).suffix for name in there} == {
        ".csv",
        ".nc",
        ".html",
        *(f".{kind}" for kind in html.FIGURE_KINDS),
    }


def test_no_patient_is_on_the_page_or_in_its_tables(written: Path) -> None:
    """The curves of the example hold one time per patient: none of them is printed."""
    reader = Reader(written.read_text(encoding="utf-8"))
    shown = " ".join(text for tag, _, text in reader.texts if tag not in {"style", "script"})
    shown += " ".join(path.read_text(encoding="utf-8") for path in (written.parent / "tables").iterdir())
    numbers = set(re.findall(r"[\d.]+", shown))
    times = {time for each in a_whole_study()[1] for group in each.agreement.groups for time in group.curve.times}
    exact = {f"{time:.{places}f}" for time in times if time > 10 for places in (2, 3, 4, 6)}
    assert len(exact) > 4000
    assert len(numbers) > 300
    assert not numbers & exact


def test_identifiers_are_unique_in_the_page(whole_page: str) -> None:
    reader = Reader(whole_page)
    identifiers = [attributes["id"] for _, attributes in reader.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))


def test_names_given_by_users_are_text_and_never_markup() -> None:
    groups = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', *GROUPS[2:])
    made = findings(a_question(groups=groups))
    reader = page_of(made)
    assert {tag for tag, _ in reader.elements}.isdisjoint({"img", "iframe", "object"})
    assert [attributes for tag, attributes in reader.elements if tag == "script"] == [{}]
    assert any("<script>alert(1)</script>" in text for _, _, text in reader.texts)
    assert not any(name.startswith("on") for _, attributes in reader.elements for name in attributes)


def test_the_page_asks_for_nothing_from_elsewhere(whole_page: str) -> None:
    reader = Reader(whole_page)
    fetched = [
        value
        for tag, attributes in reader.elements
        for name, value in attributes.items()
        if name in {"src", "href", "xlink:href", "data", "action", "poster"} and tag != "svg"
    ]
    beside = re.compile(r"(figures|tables|posteriors|diagnostics)/[\w.-]+")
    assert all(value and (value.startswith(("#", "data:,")) or beside.fullmatch(value)) for value in fetched)
    assert not re.search(r"url\((?!#)", whole_page)
    assert "@import" not in whole_page


def test_the_policy_lets_our_script_run_and_no_other(whole_page: str) -> None:
    (script,) = re.findall(r"<script>(.*?)</script>", whole_page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = (
        attributes["content"] or "" for tag, attributes in Reader(whole_page).elements if "http-equiv" in attributes
    )
    assert f"script-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")


def test_tables_and_figures_can_be_read_without_seeing_them(whole_page: str) -> None:
    reader = Reader(whole_page)
    tables = [tag for tag, _ in reader.elements].count("table")
    assert tables == [tag for tag, _ in reader.elements].count("caption")
    assert all(attributes.get("scope") in {"row", "col"} for tag, attributes in reader.elements if tag == "th")
    drawings = [attributes for tag, attributes in reader.elements if tag == "svg"]
    assert len(drawings) >= 6
    assert all(each.get("role") == "img" and each.get("aria-label") and each.get("viewbox") for each in drawings)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda made: replace(made, priors=(replace(made.priors[0], label="favours equivalence"),)), "Narrow prior"),
        (lambda made: replace(made, model=replace(made.model, baseline=Baseline(strata=StrataKind.POOLED))), "Pooling"),
        (lambda made: replace(made, model=replace(made.model, exchangeable=True)), "Pooling"),
        (lambda made: replace(made, flow=replace(made.flow, excluded={"missing stage": 5}, analysed=605)), "5 of 610"),
        (lambda made: replace(made, adjusted_for=()), "Crude analysis"),
        (lambda made: replace(made, analysis=_after_data(made)), "Post hoc ROPE"),
        (lambda made: replace(made, analysis=replace(made.analysis, evidence=Evidence.REBUILT)), "Rebuilt patients"),
        (lambda made: replace(made, agreement=_crossing(made)), "not proportional"),
    ],
)
def test_each_limit_is_listed_only_where_it_is_present(change: Callable[[Findings], Findings], words: str) -> None:
    flow = replace(findings().flow, excluded={"outside population all": 10})
    clean = replace(findings(), flow=flow)
    assert limits(clean) == ()
    (only,) = limits(change(clean))
    assert words in only


def _after_data(made: Findings) -> Any:
    return replace(made.analysis, ropes=tuple(replace(rope, before_data=False) for rope in made.analysis.ropes))


def _crossing(made: Findings) -> Any:
    test = replace(made.agreement.proportional_hazards, p=0.003)
    return replace(made.agreement, proportional_hazards=test)


def test_methods_name_model_draws_rule_and_ranges_with_their_sources() -> None:
    text = " ".join(methods(findings()))
    assert "smooth baseline hazard" in text
    assert "adjusted for age, stage" in text
    assert "4 chains of 500 draws" in text
    assert "95% credible interval (ETI)" in text
    assert "0.80 to 1.25, declared on 2020-01-31, before the data were seen. Source: Invented for a test." in text
    assert "-2 to 2 months" in text
    after = replace(findings(), analysis=_after_data(findings()))
    assert "after the data were seen" in " ".join(methods(after))
