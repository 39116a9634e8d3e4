"""Trials of the validation have the average hazard ratio, the design and the counts that they claim."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from bayesrefract.classical import companion
from bayesrefract.cohort.exposure import tabulate
from bayesrefract.study.model import Intervals

sys.path.insert(0, str(Path(__file__).parents[1]))

from validation.changing_ratios import EVENTS, Design, Pattern, trial  # only found by the line above
from validation.steps import proportionality
from validation.steps.proportionality import (
    CELLS,
    PATTERNS,
    PLAIN,
    PROPORTIONAL,
    STRONG,
    Cell,
    passed,
    work,
    write_up,
)

LATE = Design("delayed entry", late_entry=True)
UNEQUAL = Design("74 : 184", share=184 / 258)


@pytest.mark.parametrize("design", [PLAIN, LATE, UNEQUAL], ids=lambda design: design.name)
@pytest.mark.parametrize(
    "pattern", [each for each in PATTERNS if each.place is None][1:7:2], ids=lambda pattern: pattern.name
)
def test_the_average_hazard_ratio_is_one(pattern: Pattern, design: Design) -> None:
    cohort = trial(pattern, design, 30_000, np.random.default_rng(1))
    table = tabulate(cohort, Intervals(maximum=48))
    found = companion.fit(table, np.empty((len(table.group), 0))).groups.contrast(1, 0)
    assert found is not None
    assert abs(found[0]) < 4 * found[1]


def test_a_trial_is_as_its_design_says() -> None:
    rng = np.random.default_rng(2)
    plain = trial(PROPORTIONAL, PLAIN, 20_000, rng)
    assert plain.event.mean() == pytest.approx(EVENTS, abs=4 * np.sqrt(0.25 / 20_000))
    assert np.bincount(plain.group).tolist() == [10_000, 10_000]
    assert np.bincount(trial(PROPORTIONAL, UNEQUAL, 258, rng).group).tolist() == [74, 184]
    rounded = trial(PROPORTIONAL, Design("", whole_months=True, strata=4, covariates=2), 500, rng)
    assert (rounded.exit == np.round(rounded.exit)).all()
    assert (len(rounded.strata), len(rounded.covariates)) == (4, 2)
    late = trial(PROPORTIONAL, LATE, 500, rng)
    assert (late.entry < late.exit).all()
    assert len(late.exit) < 500


def test_a_strong_change_is_stopped_and_no_change_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = [Cell("plain", PLAIN, pattern, 1500, 15) for pattern in (PROPORTIONAL, STRONG)]
    monkeypatch.setattr(proportionality, "CELLS", cells)
    none, strong = work(0, 1), work(1, 1)
    assert none["claims"] >= 8
    assert none["stopped"] <= 2
    assert strong["stopped"] == strong["claims"] >= 8
    assert passed([none, strong])
    assert "| plain | 1500 | 0.6, 1.5 | 15 |" in write_up([none, strong])


def test_too_many_false_stops_and_too_few_right_ones_fail() -> None:
    places = {cell.pattern.name: place for place, cell in enumerate(CELLS) if cell[:2] == ("plain", PLAIN)}
    none, strong = (
        {"cell": places[name], "events": 1.0, "claims": 150, "stopped": stopped, "changes": 0, "outside": 0}
        for name, stopped in ((PROPORTIONAL.name, 5), (STRONG.name, 149))
    )
    assert passed([none, strong])
    assert not passed([{**none, "stopped": 30}, strong])
    assert not passed([none, {**strong, "stopped": 100}])
