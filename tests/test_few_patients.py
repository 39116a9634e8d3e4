"""A group of fewer than five patients: none of their own times leaves in a report, and the report says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import xarray as xr
from arviz_example import SHORT
from findings_example import findings

from bayesrefract.classical.balance import balance
from bayesrefract.classical.describe import describe
from bayesrefract.classical.disclosure import reportable
from bayesrefract.cohort.disclosure import FEWEST_SHOWN, NOT_SHOWN, coarse
from bayesrefract.extension import read_study_records, write_study_report
from bayesrefract.findings import Findings
from bayesrefract.inference.nuts import Compiler
from bayesrefract.pipeline import Job, run
from bayesrefract.report.diagnostics.page import diagnostics_page
from bayesrefract.report.figures import kaplan_meier_figure, log_log_figure, survival_figure
from bayesrefract.report.page.box import box_html
from bayesrefract.report.tables.patients import balance_table, description_table
from bayesrefract.report.tables.table import to_csv
from bayesrefract.report.terminal import tables_of
from bayesrefract.study.model import Intervals
from bayesrefract.study.model_file import load_model
from bayesrefract.study.study import Evidence
from bayesrefract.study.study_file import load_study

TIMES = (17.34521, 23.71839, 41.96273, 88.13467, 63.52791)
"""Of the small group, in the order of its patients; nobody else is followed for as long as the fourth."""
AGES = (61.137, 44.871, 39.613, 70.319, 52.283)
EVENTS = (1, 0, 1, 1, 1)
QUESTION = """
[study]
name = "rare"
title = "A trial with a rare group"
time_unit = "months"
records = "patients.csv"
evidence = "simulated"
source = "Invented for a test."
models = ["unadjusted"]
[columns]
id = "patient"
group = "arm"
[groups]
levels = ["old", "new", "rare"]
[[contrast]]
group = "new"
reference = "old"
primary = true
[[contrast]]
group = "rare"
reference = "old"
[[population]]
name = "all"
label = "all patients"
[[question]]
name = "relapse"
label = "relapse"
time = "months"
event = "event"
horizon = 30
[[rope]]
estimand = "hazard_ratio"
low = 0.8
high = 1.25
role = "primary"
source = "Invented for a test."
declared_on = 2020-01-31
before_data = true
[rule]
name = "interval"
level = 0.95
[[table]]
name = "entry"
title = "Patients at entry"
columns = ["age"]
"""

pytestmark = pytest.mark.usefixtures("without_arviz_pictures")


class Written(NamedTuple):
    """A whole report, and the findings that it was written from."""

    folder: Path
    findings: Findings
    size: int
    texts: dict[str, str]


@pytest.fixture(scope="module", params=[1, 4, FEWEST_SHOWN], ids=lambda size: f"{size} patients")
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, compiler: Compiler) -> Written:
    """With so few events that every event time is a cut between intervals."""
    place, size = tmp_path_factory.mktemp("rare"), int(request.param)
    rng = np.random.default_rng(3)
    others = [
        f"{arm}-{i},{arm},{rng.uniform(5, 60):.1f},{int(i < 4)},{rng.uniform(40, 70):.1f}"
        for arm in ("old", "new")
        for i in range(12)
    ]
    few = [f"rare-{i},rare,{TIMES[i]},{EVENTS[i]},{AGES[i]}" for i in range(size)]
    (place / "patients.csv").write_text("\n".join(["patient,arm,months,event,age", *others, *few]))
    (place / "study.toml").write_text(QUESTION)
    study = load_study(place / "study.toml")
    records = read_study_records(study)
    model = replace(load_model("unadjusted"), sampler=replace(SHORT, draws=500), intervals=Intervals(min_events=1))
    (made,) = run([Job(study, records, (model,))], store=place / "fits", compiler=compiler)
    assert made[0].health.passed, "a fit that failed would show less"
    write_study_report(study, records, made, place / "report")
    texts = dict(everything(place / "report", made[0]))
    entry = describe(records, study, study.tables[0])
    texts["entry"] = to_csv(description_table(entry, Evidence.SIMULATED))
    differences = balance(records, study, study.tables[0], study.analyses[0].contrasts[1])
    texts["balance"] = to_csv(balance_table(differences, "rare vs old", Evidence.SIMULATED))
    return Written(place / "report", made[0], size, texts)


def secrets(size: int) -> tuple[float, ...]:
    """The patients' times and ages, and the sum of their times, which with one patient is a time."""
    return (*TIMES[:size], sum(TIMES[:size]), *AGES[:size])


def everything(folder: Path, findings: Findings) -> Iterator[tuple[str, str]]:
    """Name and text of whatever people read."""
    for path in folder.rglob("*"):
        if path.suffix in {".html", ".csv", ".json", ".svg"}:
            yield path.name, path.read_text(encoding="utf-8")
    yield "diagnostics", diagnostics_page(findings, "fit.nc", "")
    yield "terminal", "\n".join(to_csv(table) for table in tables_of(findings, "all"))
    yield "notebook", box_html(findings)
    for draw in (kaplan_meier_figure, survival_figure, log_log_figure):
        picture = draw(findings)
        yield picture.name, f"{picture.svg} {picture.alt} {picture.caption} {to_csv(picture.table)}"


def told(text: str, values: tuple[float, ...]) -> set[str]:
    """Numbers of a text that are one of the values, as precisely as they are printed: two decimals or more."""
    numbers = set(re.findall(r"(?<![\d.])\d+\.\d{2,}(?![\d.])", text))
    return numbers & {f"{value:.{decimals}f}" for value in values for decimals in range(2, 16)}


def test_no_time_of_a_very_small_group_is_in_any_text(report: Written) -> None:
    found = {name: numbers for name, text in report.texts.items() if (numbers := told(text, secrets(report.size)))}
    if report.size < FEWEST_SHOWN:
        assert not found
    else:
        assert "verdicts.json" in found, "from five patients on they are shown"


def test_what_is_withheld_is_said_where_it_would_stand(report: Written) -> None:
    places = ("index.html", "relapse-all-groups.csv", "entry", "balance", "terminal", "relapse-all-kaplan-meier")
    for name in (*places, "relapse-all-survival", "relapse-all-log-log"):
        assert (NOT_SHOWN in report.texts[name]) == (report.size < FEWEST_SHOWN), name


def test_no_vertex_of_a_curve_is_at_a_patients_time(report: Written) -> None:
    if report.size >= FEWEST_SHOWN:
        return
    for draw in (kaplan_meier_figure, survival_figure, log_log_figure):
        axes = draw(report.findings).figure.axes[0]
        drawn = [np.asarray(line.get_xdata(), dtype=float) for line in axes.lines]
        drawn += [path.vertices[:, 0] for each in axes.collections for path in each.get_paths()]
        assert not np.isclose(np.concatenate(drawn)[:, None], TIMES, rtol=1e-6).any(), draw.__name__


def test_the_draws_beside_the_report_hold_none_of_their_times(report: Written) -> None:
    (path,) = report.folder.glob("posteriors/*.nc")
    with xr.open_datatree(path, engine="h5netcdf") as tree:
        constants = tree["constant_data"].to_dataset().load()
        groups = {name: list(tree[name]["patient_group"].values) for name in ("observed_data", "posterior_predictive")}
        names = list(tree["posterior"]["interval"].values)
        attributes = dict(tree.attrs)
    numbers = np.concatenate([constants[name].values.ravel() for name in constants])
    exact = np.isclose(numbers[:, None], secrets(report.size), rtol=1e-9).any()
    if report.size >= FEWEST_SHOWN:
        assert exact
        return
    assert not exact
    assert all(groups[name] == ["old", "new"] for name in groups)
    assert list(constants["patient_group"].values) == ["old", "new"]
    starts = constants["start"].values
    assert [coarse(start) for start in starts] == list(starts)
    assert len(set(names)) == len(names)
    assert not told(" ".join(names), secrets(report.size))
    assert attributes["not_shown"] == f"events and person-time of rare: {NOT_SHOWN}"


def test_a_cohort_of_very_small_groups_alone_still_has_its_figures() -> None:
    made = findings()
    few = tuple(replace(group, patients=FEWEST_SHOWN - 1) for group in made.agreement.groups)
    hidden = replace(made, agreement=reportable(replace(made.agreement, groups=few)))
    for draw in (kaplan_meier_figure, survival_figure, log_log_figure):
        picture = draw(hidden)
        assert picture.caption.count(NOT_SHOWN) == 1, draw.__name__
        steps = [line for line in picture.figure.axes[0].lines if line.get_drawstyle() == "steps-post"]
        assert not any(len(line.get_xdata()) for line in steps), "no curve"
