"""Curves and what is judged of them where hazards cross: from the model whose hazard ratio may change."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayesrefract as br
from bayesrefract.classical.agreement import GroupSummary
from bayesrefract.decision.misfit import off_kaplan_meier
from bayesrefract.decision.verdict import Verdict, VerdictWord
from bayesrefract.findings import Findings
from bayesrefract.interval import Interval
from bayesrefract.study.rope import Estimand
from bayesrefract.study.study import Contrast, TimeUnit

STUDY = """
[study]
name = "crossing"
title = "Hazards that cross"
time_unit = "months"
records = "patients.csv"
source = "Drawn by the test."
evidence = "simulated"
models = ["unadjusted"]

[columns]
id = "id"
group = "arm"

[groups]
levels = ["control", "new"]

[[contrast]]
group = "new"
reference = "control"
primary = true

[[population]]
name = "all"
label = "all"

[[question]]
name = "death"
label = "death"
time = "time"
event = "event"
horizon = 40

[rule]
name = "interval"

[[rope]]
estimand = "hazard_ratio"
low = 0.80
high = 1.25
source = "for the test"
declared_on = 2026-01-01

[[rope]]
estimand = "rmst_difference"
low = -1
high = 1
source = "for the test"
declared_on = 2026-01-01

[[rope]]
estimand = "hazard_ratio_throughout"
window = [0, 40]
low = 0.80
high = 1.25
source = "for the test"
declared_on = 2026-01-01
"""
MODEL = """
base = "unadjusted"
title = "Few draws"
purpose = "For the test."

[sampler]
draws = 500
"""


@pytest.fixture(scope="module")
def crossing(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """Hazard times 0.45 for 10 months, then times 1.5, of 3,000 patients."""
    folder = tmp_path_factory.mktemp("crossing")
    rng = np.random.default_rng(11)
    group = np.arange(3000) % 2
    early, late = 0.04 * np.where(group, 0.45, 1.0), 0.04 * np.where(group, 1.5, 1.0)
    reached = rng.exponential(size=len(group))
    time = np.where(reached < 10 * early, reached / early, 10 + (reached - 10 * early) / late)
    end = np.minimum(time, rng.uniform(40, 60, len(group)))
    arms = np.array(["control", "new"])[group]
    ids = [f"P{i}" for i in range(len(group))]
    frame = pd.DataFrame({"id": ids, "arm": arms, "time": end, "event": (time <= end).astype(int)})
    frame.to_csv(folder / "patients.csv", index=False)
    (folder / "study.toml").write_text(STUDY)
    (folder / "brief.toml").write_text(MODEL)
    (result,) = br.run(folder, models=[str(folder / "brief.toml")], out=folder / "reports")
    return result.findings


def verdict(findings: Findings, estimand: Estimand) -> Verdict:
    (found,) = [each for each in findings.verdicts if each.estimand is estimand]
    return found


def test_restricted_means_are_those_of_kaplan_meier(crossing: Findings) -> None:
    """The proportional model has about a fifth of the difference."""
    groups = {each.level: each for each in crossing.agreement.groups}
    new, control = groups["new"], groups["control"]
    assert new.rmst is not None
    assert control.rmst is not None
    observed, se = new.rmst - control.rmst, np.hypot(new.rmst_se or 0, control.rmst_se or 0)
    found = verdict(crossing, Estimand.RMST_DIFFERENCE)
    assert found.median == pytest.approx(observed, abs=0.5 * se)
    assert crossing.misfit == ""
    assert found.prior_inside is not None
    assert 0.02 < found.prior_inside < 0.5


def test_a_ratio_that_crosses_leaves_the_range_and_the_interval_is_named(crossing: Findings) -> None:
    found = verdict(crossing, Estimand.THROUGHOUT)
    assert found.word is VerdictWord.DIFFERENT
    assert found.p_inside < 0.001
    assert found.p_below > 0.999
    assert found.p_above > 0.999
    assert found.interval[0] < 0.5
    assert found.interval[1] > 1.4
    (reason,) = found.reasons
    assert reason.startswith("It lies beyond the bound from ")
    assert reason.endswith(" months")


def test_a_restricted_mean_far_from_kaplan_meier_is_told() -> None:
    def summary(level: str, rmst: float) -> GroupSummary:
        nothing = Interval(0.0, 0.0, 0.0)
        return GroupSummary(level, 100, 50, 1000.0, nothing, nothing, rmst, 0.2, curve=None)  # type: ignore[arg-type]

    groups, pair = [summary("a", 10.0), summary("b", 12.0), summary("c", 9.0)], [Contrast("b", "a")]
    near = {"a": 10.24, "b": 11.76, "c": 0.0}
    assert off_kaplan_meier(near, groups, pair, TimeUnit.MONTHS) == ""
    text = off_kaplan_meier(near | {"b": 11.74}, groups, pair, TimeUnit.MONTHS)
    assert "b 11.7 beside 12" in text
    assert "nothing is claimed" in text
