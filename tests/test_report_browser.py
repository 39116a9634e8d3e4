"""The page in a real browser: quiet console, no request, no sideways scrolling on a telephone."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from findings_example import GROUPS, a_plan, a_question, a_study, findings, undecided, withheld
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from bayesrefract.report import write_report

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
    question = a_question(groups=(NASTY, LONG, *GROUPS[2:]))
    made = [
        withheld(findings(question, a_plan())),
        findings(question, a_plan("two_group")),
        undecided(findings(a_question(population="symptom_free"), a_plan())),
    ]
    return write_report(a_study(*made), made, tmp_path_factory.mktemp("report"))


def opened(browser: webdriver.Chrome, page: Path) -> list[dict[str, Any]]:
    """Open the page on a telephone's screen with everything unfolded; returns what was requested."""
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", TELEPHONE)
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
    assert browser.execute_script("return document.scripts.length") == 0
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
