"""The page of ArviZ's diagnostics: whole, self-contained, honest about a fit that failed, linked from the report."""

from __future__ import annotations

import base64
import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from arviz_example import a_fit
from findings_example import a_question, findings
from page_reader import Reader

from bayesrefract.decision.diagnostics import R_HAT_MAXIMUM
from bayesrefract.findings import Findings
from bayesrefract.numerals import fixed
from bayesrefract.report import write_report
from bayesrefract.report.diagnostics import diagnostics_path, posterior_path
from bayesrefract.report.diagnostics.page import diagnostics_page, made_from
from bayesrefract.report.diagnostics.pictures import drawn_quantities

PICTURES = [
    "Trace and density",
    "Ranks",
    "Energy",
    "Effective draws as they grow",
    "Prior against posterior",
    "Pairs",
    "Events, replicated and observed",
]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Findings]:
    """The report of one sampled fit, as `compare --report` writes it."""
    folder = tmp_path_factory.mktemp("reports")
    study, made = a_fit(folder / "fits")
    return write_report(study, [made], folder / "report").parent, made


@pytest.fixture(scope="module")
def page(report: tuple[Path, Findings]) -> str:
    folder, made = report
    return (folder / diagnostics_path(made)).read_text(encoding="utf-8")


def test_the_page_is_well_formed_and_holds_every_picture(page: str) -> None:
    reader = Reader(page)
    assert not reader.open
    assert [text for text in reader.of("h3") if text in PICTURES] == PICTURES
    images = [attributes for tag, attributes in reader.elements if tag == "img"]
    assert len(images) == len(PICTURES)
    for attributes in images:
        assert attributes["alt"]
        kind, _, content = str(attributes["src"]).partition(",")
        assert kind == "data:image/png;base64"
        assert base64.b64decode(content).startswith(b"\x89PNG")
    assert ("html", {"lang": "en"}) in reader.elements
    assert len(page) < 1_000_000


def test_the_page_runs_nothing_and_fetches_nothing(page: str, report: tuple[Path, Findings]) -> None:
    reader, (folder, made) = Reader(page), report
    assert {tag for tag, _ in reader.elements}.isdisjoint({"script", "iframe", "object", "form"})
    policies = [attributes.get("content") for tag, attributes in reader.elements if "http-equiv" in attributes]
    assert policies == [
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    ]
    targets = {attributes["href"] for tag, attributes in reader.elements if tag == "a"}
    assert targets == {"../index.html", f"../{posterior_path(made)}"}
    assert all((folder / "diagnostics" / str(target)).is_file() for target in targets)
    assert not re.search(r"url\((?!#)", page)


def test_the_page_names_the_highest_r_hat_and_the_gates(page: str, report: tuple[Path, Findings]) -> None:
    made = report[1]
    text = " ".join(text for _, _, text in Reader(page).texts)
    told = re.search(r"The highest R-hat of all \d+ quantities is ([\d.]+), that of (\S.*?)\. ", text)
    assert told is not None
    assert told[1] == fixed(made.health.r_hat_max, 3)
    assert f"at most {R_HAT_MAXIMUM:g}" in text
    assert told[2] in text.replace(told[0], "")  # it has a line in the table too


def test_the_report_links_the_page_and_the_draws(report: tuple[Path, Findings]) -> None:
    folder, made = report
    index = (folder / "index.html").read_text(encoding="utf-8")
    assert f'href="{diagnostics_path(made)}"' in index
    assert index.count(f'href="{posterior_path(made)}"') == 2


def test_a_page_of_the_same_fit_is_not_made_again(report: tuple[Path, Findings]) -> None:
    folder, made = report
    path = folder / diagnostics_path(made)
    os.utime(path, (0, 0))
    study, again = a_fit(folder.parent / "fits")
    write_report(study, [again], folder)
    assert path.stat().st_mtime == 0
    assert made_from(again) == made_from(made)
    assert made_from(replace(again, health=replace(again.health, divergences=7))) != made_from(made)


@pytest.mark.filterwarnings("ignore")
def test_a_fit_that_failed_gets_its_page_and_it_says_so() -> None:
    """Chains apart from each other, in a sensitivity analysis; a hyperparameter that did not move has no picture."""
    made = findings()
    tree = made.draws.copy()
    posterior = tree["posterior"].to_dataset()
    apart = posterior["log_hazard_ratio"] + np.arange(4)[:, None, None]
    tree["posterior"] = posterior.assign(log_hazard_ratio=apart, sigma=posterior["sigma"] * 0 + 1)
    fault = "R-hat of log_hazard_ratio[<b>] is 3.2; at most 1.01 is allowed."
    failed = replace(
        made,
        draws=tree,
        health=replace(made.health, passed=False, findings=(fault,)),
        analysis=replace(a_question(population="symptom_free"), role="sensitivity"),
    )
    assert list(drawn_quantities(failed)) == ["log HR 1", "log HR 2"]
    reader = Reader(diagnostics_page(failed, "file.nc", "0"))
    assert "Not every convergence gate is passed." in reader.of("strong")
    assert fault in reader.of("li")
    assert "Energy" not in reader.of("h3")


def test_draws_that_cannot_be_drawn_leave_the_numbers() -> None:
    made = findings()
    tree = made.draws.copy()
    tree["posterior"] = tree["posterior"].to_dataset() * np.nan
    reader = Reader(diagnostics_page(replace(made, draws=tree), "file.nc", "0"))
    assert not [tag for tag, _ in reader.elements if tag == "img"]
    assert any("Nothing can be drawn" in text for text in reader.of("p"))
