"""The page in a real browser: quiet, offline, accessible, no wider than a telephone; its slider obeys the rule."""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import xarray as xr
from findings_example import GROUPS, ROPE, a_model, a_question, a_study, findings, undecided, withheld
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from bayesrefract.decision import Verdict
from bayesrefract.decision.decision import decide
from bayesrefract.files import write_whole
from bayesrefract.findings import Findings
from bayesrefract.numerals import probability
from bayesrefract.report.page.html import render
from bayesrefract.report.page.page import Page, compose
from bayesrefract.report.page.parts import Block, Section
from bayesrefract.report.page.slider import QUANTILES, slider
from bayesrefract.report.tables.verdicts import verdict_text
from bayesrefract.study.rope import Estimand, Harm, IntervalKind, Rule, RuleName

REQUIRED = "BAYESREFRACT_REQUIRE_BROWSER"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
NASTY = "<script>document.title='run'</script> & <b>bold</b>"
LONG = "a_group_with_one_very_long_name_without_any_space_in_it_at_all_0123456789"
TELEPHONE = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
DESKTOP = {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False}
AXE = "axe_selenium_python/node_modules/axe-core/axe.min.js"
RULES = {
    "interval": Rule(),
    "highest density": Rule(interval=IntervalKind.HDI, level=0.9),
    "probability": Rule(name=RuleName.PROBABILITY, threshold=0.9),
    "non-inferior": Rule(harm=Harm.MORE_EVENTS),
    "non-inferior by probability": Rule(name=RuleName.PROBABILITY, threshold=0.95, harm=Harm.MORE_EVENTS),
    "harm below": Rule(harm=Harm.FEWER_EVENTS),
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A headless Chromium that logs its console and its network."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if chromium is None or driver is None:
        missing = "chromium and chromedriver are not both installed: the page was not opened in a browser"
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = webdriver.Chrome(options=options, service=Service(driver))
    yield started
    started.quit()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with hostile and with endless names, a withheld and an undecided question."""
    analysis = a_question(groups=(NASTY, LONG, *GROUPS[2:]))
    made = [
        withheld(findings(analysis, a_model())),
        findings(analysis, a_model("two_group")),
        undecided(findings(a_question(population="symptom_free"), a_model())),
    ]
    place = tmp_path_factory.mktemp("report") / "index.html"
    write_whole(place, render(compose(a_study(*made), made)))
    return place


def opened(browser: webdriver.Chrome, page: Path, screen: dict[str, Any] = TELEPHONE) -> list[dict[str, Any]]:
    """Open the page on a screen with everything unfolded; returns what was requested."""
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    browser.get("about:blank")
    browser.get_log("performance")
    browser.get_log("browser")
    browser.get(page.as_uri())
    browser.execute_script("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [each["params"] for each in messages if each["method"] == "Network.requestWillBeSent"]


def test_the_page_opens_quietly_and_asks_for_nothing(browser: webdriver.Chrome, page: Path) -> None:
    requests = opened(browser, page)
    outside = [each["request"]["url"] for each in requests if not each["request"]["url"].startswith("data:")]
    assert outside == [page.as_uri()]
    assert browser.get_log("browser") == []


def test_nothing_scrolls_sideways_on_a_telephone(browser: webdriver.Chrome, page: Path) -> None:
    opened(browser, page)
    width = browser.execute_script("return window.innerWidth")
    assert width == TELEPHONE["width"]
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    wide = browser.execute_script(
        "return [...document.querySelectorAll('.scroll')].filter(each => each.scrollWidth > each.clientWidth).length"
    )
    assert wide > 0  # wide tables do scroll, inside their own container


def test_names_are_shown_as_they_are(browser: webdriver.Chrome, page: Path) -> None:
    opened(browser, page)
    assert browser.title == "Simulated patients: Drug A against control"
    body = browser.find_element(By.TAG_NAME, "body").text
    assert NASTY in body
    assert browser.execute_script("return document.scripts.length") == 1  # ours
    assert browser.execute_script("return document.querySelectorAll('td b, th b, p b').length") == 0


def test_every_figure_is_drawn_within_the_screen(browser: webdriver.Chrome, page: Path) -> None:
    opened(browser, page)
    boxes = browser.execute_script(
        "return [...document.querySelectorAll('figure > svg')].map(each => {"
        " const box = each.getBoundingClientRect(); return [box.left, box.right, box.height]; })"
    )
    assert len(boxes) >= 8
    assert all(left >= 0 and right <= TELEPHONE["width"] and height > 100 for left, right, height in boxes)


def test_a_withheld_answer_stands_in_red(browser: webdriver.Chrome, page: Path) -> None:
    opened(browser, page)
    box = browser.find_element(By.CSS_SELECTOR, ".answer.withheld")
    red, green, blue = (
        int(part)
        for part in box.value_of_css_property("border-top-color").removeprefix("rgb").strip("a()").split(",")[:3]
    )
    assert red > 2 * max(green, blue)


def test_only_our_script_may_run(browser: webdriver.Chrome, page: Path, tmp_path: Path) -> None:
    text = page.read_text(encoding="utf-8")
    harmed = tmp_path / "index.html"
    harmed.write_text(text.replace("</body>", "<script>document.title = 'harmed'</script></body>"), encoding="utf-8")
    browser.get(harmed.as_uri())
    assert browser.title != "harmed"
    assert any("Content Security Policy" in entry["message"] for entry in browser.get_log("browser"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", [TELEPHONE, DESKTOP], ids=["telephone", "desktop"])
def test_accessibility_rules_are_kept(
    browser: webdriver.Chrome, page: Path, scheme: str, screen: dict[str, Any]
) -> None:
    seen_in(browser, scheme)
    opened(browser, page, screen)
    browser.execute_script(files("axe_selenium_python").joinpath(*Path(AXE).parts[1:]).read_text(encoding="utf-8"))
    found = browser.execute_async_script(
        "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then(done, e => done(String(e)));"
    )
    faults = [
        f"{each['id']}: {node['html']}"
        for each in found["violations"]
        if each["impact"] in {"serious", "critical"}
        for node in each["nodes"]
    ]
    seen_in(browser, "light")
    assert found["passes"]
    assert not faults


def seen_in(browser: webdriver.Chrome, scheme: str) -> None:
    features = [
        {"name": "prefers-color-scheme", "value": scheme},
        {"name": "prefers-reduced-motion", "value": "reduce"},
    ]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def judged(rule: Rule, shift: float = 0.0) -> Findings:
    """Findings whose leading verdict truly follows from their draws, moved on the log scale by a shift."""
    made = findings(replace(a_question(population=f"shift{shift}"), rule=rule))
    posterior = made.draws["posterior"].to_dataset()
    tree = made.draws.copy()
    tree["posterior"] = xr.DataTree(posterior.assign(log_hazard_ratio=posterior["log_hazard_ratio"] + shift))
    made = replace(made, draws=tree)
    return replace(made, verdicts=(verdict_at(made, rule, 1.0), *made.verdicts[1:]))


def verdict_at(made: Findings, rule: Rule, scale: float) -> Verdict:
    """The verdict by all draws, were the declared range scaled on the log scale."""
    contrast = made.analysis.primary
    draws = made.log_hazard_ratio.sel(contrast=contrast.label, drop=True)
    rope = replace(ROPE, low=ROPE.low**scale, high=ROPE.high**scale)
    return decide(contrast, Estimand.HAZARD_RATIO, draws, rope, rule)


def sliders_alone(made: list[Findings], folder: Path) -> Path:
    """A page of nothing but one slider for each of the findings: no figure is drawn."""
    sliders = [slider(each, each.verdicts[0], f"slider-{place}") for place, each in enumerate(made)]
    blocks = tuple(Block(each.name, each.pair, slider=each) for each in sliders)
    page = Page("Sliders", "", "", False, (), (), (), (Section("sliders", "Sliders", "", blocks),))
    write_whole(folder / "index.html", render(page))
    return folder / "index.html"


def moved(browser: webdriver.Chrome, box: WebElement, scale: float) -> tuple[str, list[str]]:
    """Verdict and probabilities (below, inside, above) that a slider shows at a scale."""
    browser.execute_script(
        "const input = arguments[0].querySelector('input'); input.value = arguments[1];"
        "input.dispatchEvent(new Event('input'));",
        box,
        str(scale),
    )
    texts = box.find_elements(By.CSS_SELECTOR, ".share-text")
    return box.find_element(By.CSS_SELECTOR, ".tried-word").text, [each.text for each in texts]


@pytest.mark.parametrize("name", RULES)
def test_the_slider_decides_as_the_declared_rule_does(browser: webdriver.Chrome, tmp_path: Path, name: str) -> None:
    rule = RULES[name]
    made = [judged(rule, shift) for shift in (0.0, -0.25, 0.25)]
    opened(browser, sliders_alone(made, tmp_path), DESKTOP)
    words = set()
    boxes = browser.find_elements(By.CSS_SELECTOR, ".slider")
    for each, box in zip(made, boxes, strict=True):
        for scale in (0.1, 0.3, 0.5, 0.9, 1.1, 1.5, 1.9):
            truth = verdict_at(each, rule, scale)
            word, shown = moved(browser, box, scale)
            assert word == verdict_text(truth)
            for text, share in zip(shown, (truth.p_below, truth.p_inside, truth.p_above), strict=True):
                assert abs(float(text.strip("<>")) - share) < 1.1 / (QUANTILES - 1) + 0.0005
            words.add(word)
    assert words == {"equivalent", "undecided", "different (lower)", "different (higher)"} or (
        rule.one_sided and words == {"non-inferior", "not shown"}
    )


def test_the_slider_starts_at_and_returns_to_the_declared_range(browser: webdriver.Chrome, tmp_path: Path) -> None:
    made = judged(Rule())
    verdict = made.verdicts[0]
    opened(browser, sliders_alone([made], tmp_path), DESKTOP)
    box = browser.find_element(By.CSS_SELECTOR, ".slider")
    assert box.is_displayed()
    declared = box.text
    assert "0.80 to 1.25" in declared
    assert "With the declared range: equivalent" in declared
    assert probability(verdict.p_inside) in declared
    slider = box.find_element(By.TAG_NAME, "input")
    for _ in range(40):  # steps of 0.02
        slider.send_keys(Keys.ARROW_LEFT)
    assert "Exploratory, with this range: undecided" in box.text
    assert "0.96 to 1.05" in box.text
    assert slider.get_attribute("aria-valuetext") == "0.96 to 1.05"
    box.find_element(By.TAG_NAME, "button").click()
    assert box.text == declared


def test_the_page_reads_without_javascript(browser: webdriver.Chrome, page: Path) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(page.as_uri())
        assert not any(box.is_displayed() for box in browser.find_elements(By.CSS_SELECTOR, ".slider"))
        assert any("needs JavaScript" in each.text for each in browser.find_elements(By.TAG_NAME, "noscript"))
        assert len(browser.find_elements(By.CSS_SELECTOR, ".answer .said")) == 4
        browser.find_element(By.CSS_SELECTOR, ".terms summary").click()
        assert "The rate of the event at any time" in browser.find_element(By.CSS_SELECTOR, ".terms").text
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_the_keyboard_reaches_everything_in_order(browser: webdriver.Chrome, page: Path) -> None:
    opened(browser, page, DESKTOP)
    browser.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    first = browser.switch_to.active_element
    assert first.text == "Skip to the answer"
    assert first.location["x"] >= 0
    first.send_keys(Keys.ENTER)
    assert browser.execute_script("return location.hash") == "#answer"
    unreachable = browser.execute_script(
        "return [...document.querySelectorAll('a, summary, input, button, .scroll')]"
        ".filter(each => each.tabIndex < 0 || each.getAttribute('tabindex') > 0).length"
    )
    assert unreachable == 0


def test_folded_sections_are_printed(browser: webdriver.Chrome, page: Path) -> None:
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", DESKTOP)
    browser.get(page.as_uri())
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        hidden = browser.execute_script(
            "return [...document.querySelectorAll('details.part')].filter(each => each.open ||"
            " ![...each.querySelectorAll('table, dl, figure, p, ul')].some(part => part.checkVisibility())).length"
        )
        assert hidden == 0
        assert not any(each.is_displayed() for each in browser.find_elements(By.CSS_SELECTOR, "nav, .slider, .files"))
        pdf = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"])
        assert pdf.startswith(b"%PDF")
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
