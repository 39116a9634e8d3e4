"""The page of a study: whole, self-contained, escaped, and no bolder than its verdicts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from findings_example import (
    GROUPS,
    a_plan,
    a_question,
    a_study,
    a_whole_study,
    findings,
    undecided,
    withheld,
)

from bayesrefract.findings import Findings
from bayesrefract.plan import Baseline, StrataKind
from bayesrefract.report import html, write_report
from bayesrefract.report.limits import limits
from bayesrefract.report.methods import methods
from bayesrefract.report.page import compose
from bayesrefract.study import Evidence

SAMENESS = ("equivalen", "similar", "comparable", "no difference", "alike")


class Reader(HTMLParser):
    """Elements with their attributes, and the text inside each kind of element."""

    VOID = frozenset({"meta", "link", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str, str]] = []  # element, class, text
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append((tag, dict(attrs)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if self.open and data.strip():
            tag, attributes = self.open[-1]
            self.texts.append((tag, attributes.get("class") or "", data.strip()))

    def of(self, tag: str, name: str = "") -> list[str]:
        """Texts directly inside elements of one kind whose class holds `name`."""
        return [text for found, classes, text in self.texts if found == tag and name in classes]


@pytest.fixture(scope="module")
def whole_page() -> str:
    """The page of two populations and three models."""
    study, made = a_whole_study()
    return html.render(compose(study, made))


def page_of(*made: Findings) -> Reader:
    reader = Reader(html.render(compose(a_study(*made), made)))
    assert not reader.open
    return reader


def test_a_report_is_a_page_its_figures_and_the_verdicts(tmp_path: Path) -> None:
    study, made = a_whole_study()
    page = write_report(study, made, tmp_path / "example")
    assert page == tmp_path / "example" / "index.html"
    names = {path.relative_to(page.parent).as_posix() for path in page.parent.rglob("*") if path.is_file()}
    assert {"index.html", "verdicts.json", "figures/death-all-survival.svg", "figures/death-all-forest.svg"} <= names
    assert not any("part" in name for name in names)
    payload = json.loads((page.parent / "verdicts.json").read_text(encoding="utf-8"))
    assert len(payload["analyses"]) == len(made)
    for path in (page.parent / "figures").iterdir():
        assert f'<figure id="{path.stem}">' in page.read_text(encoding="utf-8")


def test_the_same_findings_give_the_same_page(whole_page: str) -> None:
    study, made = a_whole_study()
    assert html.render(compose(study, made)) == whole_page


def test_figures_of_an_earlier_report_go_and_other_files_stay(tmp_path: Path) -> None:
    study, made = a_whole_study()
    write_report(study, made, tmp_path)
    (tmp_path / "store").mkdir()
    write_report(study, made[:3], tmp_path)
    assert not list((tmp_path / "figures").glob("death-symptom-free-*"))
    assert list((tmp_path / "figures").glob("death-all-*"))
    assert (tmp_path / "store").is_dir()


def test_a_page_that_cannot_be_made_leaves_the_old_report(tmp_path: Path) -> None:
    made = findings()
    write_report(a_study(made), [made], tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(ValueError, match="no findings"):
        write_report(a_study(made), [], tmp_path)
    broken = replace(made, log_hazard_ratio=made.log_hazard_ratio.isel(contrast=[1]))
    with pytest.raises(KeyError):
        write_report(a_study(made), [broken], tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("evidence", "label"), [(Evidence.SIMULATED, "Simulated patients"), (Evidence.REBUILT, "Rebuilt patients")]
)
def test_evidence_stands_in_title_bar_banner_captions_and_answers(evidence: Evidence, label: str) -> None:
    made = findings(replace(a_question(), evidence=evidence))
    reader = page_of(made)
    assert reader.of("title") == [f"{label}: Drug A against control"]
    assert reader.of("strong") == [f"{label}."]
    captions = reader.of("figcaption")
    assert len(captions) >= 6
    assert all(caption.startswith(f"{label}. ") for caption in captions)
    assert all(label.lower() in answer for answer in reader.of("p", "answer"))


def test_patient_records_need_no_warning() -> None:
    reader = page_of(findings(replace(a_question(), evidence=Evidence.PATIENTS)))
    assert reader.of("title") == ["Drug A against control"]
    assert not any("imulated" in text for _, _, text in reader.texts)


def test_the_answers_are_those_of_the_primary_model_and_contrast() -> None:
    reader = page_of(findings(), undecided(findings(plan=a_plan("two_group"))))
    hazard, time = reader.of("p", "answer")
    assert "drug A and control are equivalent in hazard" in hazard
    assert "equivalent in mean event-free time" in time
    assert reader.of("p", "warning") == ["Verdict on the hazard ratio: equivalent in 1 of 2 declared models."]


def test_too_few_events_for_any_pass_are_said_beside_the_answer() -> None:
    made = undecided(findings())
    short = replace(made.attainability[0], possible=False, events_group=94, events_reference=205, events_minimum=350)
    (warning,) = page_of(replace(made, attainability=(short,))).of("p", "warning")[:1]
    assert warning.startswith("With 299 events in these two groups, no result could have brought the whole interval")
    assert "at least 350 are needed" in warning
    assert not any(word in warning for word in SAMENESS)


def test_an_undecided_answer_claims_nothing() -> None:
    reader = page_of(undecided(findings()))
    answers = reader.of("p", "answer open")
    assert len(answers) == 2
    assert all("do not settle it" in answer for answer in answers)
    spoken = [*answers, *reader.of("p", "asked"), *reader.of("figcaption"), *reader.of("title"), *reader.of("h2")]
    assert not any(word in text.lower() for text in spoken for word in SAMENESS)


def test_a_withheld_answer_is_red_and_its_posterior_is_nowhere() -> None:
    made = withheld(findings())
    odd = tuple(replace(v, median=3.3333, interval=(3.1111, 3.5555), eti95=(3.1111, 3.5555)) for v in made.verdicts)
    reader = page_of(replace(made, verdicts=odd))
    answers = reader.of("p", "answer withheld")
    assert len(answers) == 2
    assert all("no verdict is given" in answer and "R-hat" in answer for answer in answers)
    assert not any(number in text for _, _, text in reader.texts for number in ("3.33", "3.11", "3.55", "3.56"))


def test_every_question_has_its_section_and_its_line_at_the_top(whole_page: str) -> None:
    reader = Reader(whole_page)
    assert reader.of("a") == ["Overall survival: All patients", "Overall survival: Patients without symptoms"]
    targets = [attributes["href"] for tag, attributes in reader.elements if tag == "a"]
    identifiers = [attributes["id"] for _, attributes in reader.elements if "id" in attributes]
    assert all(target is not None and target[1:] in identifiers for target in targets)
    assert reader.of("li")[:2] == [": equivalent", ": undecided"]


def test_identifiers_are_unique_in_the_page(whole_page: str) -> None:
    reader = Reader(whole_page)
    identifiers = [attributes["id"] for _, attributes in reader.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))


def test_names_given_by_users_are_text_and_never_markup() -> None:
    groups = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', *GROUPS[2:])
    made = findings(a_question(groups=groups))
    reader = page_of(made)
    assert {tag for tag, _ in reader.elements}.isdisjoint({"script", "img", "iframe", "object"})
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
    assert all(value is not None and value.startswith(("#", "data:,")) for value in fetched)
    assert not re.search(r"url\((?!#)", whole_page)
    assert "@import" not in whole_page


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
        (lambda made: replace(made, plan=replace(made.plan, baseline=Baseline(strata=StrataKind.POOLED))), "Pooling"),
        (lambda made: replace(made, plan=replace(made.plan, exchangeable=True)), "Pooling"),
        (lambda made: replace(made, flow=replace(made.flow, excluded={"missing stage": 5}, analysed=605)), "5 of 610"),
        (lambda made: replace(made, adjusted_for=()), "Crude analysis"),
        (lambda made: replace(made, question=_after_data(made)), "Post hoc ROPE"),
        (lambda made: replace(made, question=replace(made.question, evidence=Evidence.REBUILT)), "Rebuilt patients"),
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
    return replace(made.question, ropes=tuple(replace(rope, before_data=False) for rope in made.question.ropes))


def _crossing(made: Findings) -> Any:
    test = replace(made.agreement.proportional_hazards, p=0.003)
    return replace(made.agreement, proportional_hazards=test)


def test_methods_name_model_draws_rule_and_ranges_with_their_sources() -> None:
    text = " ".join(methods(findings()))
    assert "smooth baseline hazard" in text
    assert "adjusted for age, stage" in text
    assert "4 chains of 500 draws" in text
    assert "95% posterior interval (ETI)" in text
    assert "0.80 to 1.25, declared on 2020-01-31, before the data were seen. Source: Invented for a test." in text
    assert "-2 to 2 months" in text
    after = replace(findings(), question=_after_data(findings()))
    assert "after the data were seen" in " ".join(methods(after))
