"""Delayed entry: curves, medians and restricted means start where patients are at risk, without the event there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from cohorts import make_cohort, make_question
from estimand_example import GROUPS, prepared, repeated
from lifelines import KaplanMeierFitter
from lifelines.utils import restricted_mean_survival_time
from posteriors import make_posterior
from scipy.integrate import quad

from bayesrefract.classical import cross_check
from bayesrefract.classical.kaplan_meier import describe_groups
from bayesrefract.cohort.exposure import tabulate
from bayesrefract.cohort.start import Start, numbers_at_risk, start_notes, start_of, told_at_risk
from bayesrefract.cohort.value import Cohort, Covariate
from bayesrefract.estimands import estimate, predictive_check
from bayesrefract.estimands.summaries import at_horizon, curve_bands, medians
from bayesrefract.model.effects import design
from bayesrefract.study.model import Intervals, Model
from bayesrefract.study.study import Analysis, TimeUnit

PLAN = Model("primary", "", "", adjust="question")
SCALE = {"a": 70.0, "b": 75.0}


def on_the_age_scale(n: int = 6000, seed: int = 3) -> Cohort:
    """Ages at death are Weibull with shape 5 and each group's scale; nobody is seen before entry at 24 to 80."""
    rng = np.random.default_rng(seed)
    entry, group = rng.uniform(24, 80, n), rng.integers(0, 2, n)
    age = rng.weibull(5, n) * np.array([SCALE["a"], SCALE["b"]])[group]
    seen = age > entry
    entry, group, age = entry[seen], group[seen], age[seen]
    end = entry + rng.uniform(5, 15, len(entry))
    return make_cohort(np.minimum(age, end), age <= end, [GROUPS[g] for g in group], entry=entry, unit=TimeUnit.YEARS)


def given(cohort: Cohort, start: float | None, horizon: float | None = None) -> Analysis:
    analysis = make_question(cohort, "b", horizon=horizon)
    return replace(analysis, endpoint=replace(analysis.endpoint, from_time=start))


def true_survival(age: float, start: float, scale: float) -> float:
    return float(np.exp((start / scale) ** 5 - (age / scale) ** 5))


@pytest.mark.parametrize("start", [50.0, 60.0, 65.0])
def test_kaplan_meier_given_no_event_at_the_start_finds_the_truth_and_agrees_with_lifelines(start):
    cohort = on_the_age_scale()
    groups, notes = describe_groups(cohort, 80.0, start_of(cohort, given(cohort, start, 80.0)))
    assert notes == ()
    for group in groups:
        scale = SCALE[group.level]
        truth = quad(true_survival, start, 80, args=(start, scale))[0]
        assert abs(group.rmst - truth) < 4 * group.rmst_se
        median = scale * ((start / scale) ** 5 + np.log(2)) ** 0.2
        assert group.median.low < median < group.median.high
        mine = (cohort.group == cohort.groups.index(group.level)) & (cohort.exit > start)
        # lifelines on the time since the start: those who come later enter late.
        entry = np.maximum(cohort.entry[mine] - start, 0)
        fitted = KaplanMeierFitter().fit(cohort.exit[mine] - start, cohort.event[mine], entry=entry)
        assert group.rmst == pytest.approx(restricted_mean_survival_time(fitted, t=80 - start), rel=1e-9)
        assert group.median.estimate == pytest.approx(start + fitted.median_survival_time_, rel=1e-9)


def test_kaplan_meier_without_a_declared_start_has_no_medians_and_restricted_means():
    cohort = on_the_age_scale()
    undeclared, _ = describe_groups(cohort, 80.0, start_of(cohort, given(cohort, None, 80.0)))
    assert [group.rmst for group in undeclared] == [None, None]
    assert [group.median.estimate for group in undeclared] == [None, None]


def test_posterior_of_a_constant_hazard_given_no_event_at_the_start_has_its_closed_forms():
    cohort = replace(on_the_age_scale(), covariates=())
    table = tabulate(cohort, Intervals(cuts=(40.0, 62.0, 70.0)))
    hazard, ratio = 0.05, 1.5
    posterior = make_posterior(
        repeated([[hazard] * 4]), repeated([np.log(ratio) / 2, -np.log(ratio) / 2]), groups=GROUPS
    )
    analysis = given(cohort, 60.0, 80.0)
    effects = estimate(posterior, table, design(table, PLAN), analysis, start_of(cohort, analysis))
    for group, own in (("a", hazard * np.sqrt(ratio)), ("b", hazard / np.sqrt(ratio))):
        first = {"group": group}
        np.testing.assert_allclose(effects.rmst.sel(first), (1 - np.exp(-20 * own)) / own, rtol=1e-12)
        np.testing.assert_allclose(effects.survival_at_horizon.sel(first), np.exp(-20 * own), rtol=1e-12)
        np.testing.assert_allclose(effects.median.sel(first), 60 + np.log(2) / own, rtol=1e-12)
    np.testing.assert_allclose(effects.marginal_log_hazard_ratio, np.log(ratio), rtol=1e-12)
    assert float(effects.curves["time"][0]) == 60.0
    np.testing.assert_array_equal(effects.curves.isel(time=0), 1.0)


def test_with_covariates_each_patient_is_without_the_event_at_the_start():
    """The mean of the patients' conditional curves, which is not the ratio of the mean curves."""
    cohort = on_the_age_scale(400)
    risk = np.where(np.arange(cohort.n_patients) % 4 == 0, 1.0, 0.0)
    cohort = replace(cohort, covariates=(Covariate("risk", risk),))
    table = tabulate(cohort, Intervals(cuts=(65.0,)))
    columns = design(table, PLAN)
    posterior = make_posterior(
        repeated([[0.02, 0.1]]), repeated([0.2, -0.2]), repeated([0.8]), groups=GROUPS, columns=["risk"]
    )
    analysis = given(cohort, 60.0, 80.0)
    effects = estimate(posterior, table, columns, analysis, start_of(cohort, analysis))
    share, ratio = table.n_patients / table.n_patients.sum(), np.exp(0.2 + 0.8 * columns.x[:, 0])

    def survival(age: float) -> float:
        gained = 0.02 * (min(age, 65.0) - 60.0) + 0.1 * max(age - 65.0, 0.0)
        return float(share @ np.exp(-gained * ratio))

    np.testing.assert_allclose(effects.survival_at_horizon.sel(group="a"), survival(80.0), rtol=1e-12)
    np.testing.assert_allclose(effects.rmst.sel(group="a"), quad(survival, 60, 80, points=[65])[0], rtol=1e-9)


def test_without_a_declared_start_there_are_curves_alone_from_20_at_risk():
    cohort = on_the_age_scale()
    analysis = given(cohort, None, 80.0)
    start = start_of(cohort, analysis)
    table = tabulate(cohort, Intervals(cuts=()))
    posterior = make_posterior(repeated([[0.05]]), repeated([0.0, 0.0]), groups=GROUPS)
    effects = estimate(posterior, table, design(table, PLAN), analysis, start)
    assert (medians(effects), at_horizon(effects)) == ((), ())
    assert [float(band.times[0]) for band in curve_bands(effects)] == [start.time] * 2
    assert not start.is_declared
    assert all(count >= 20 for _, count in start.at_risk)
    before = numbers_at_risk(cohort.entry, cohort.exit, cohort.group, [0, 1], [start.time - 1])
    assert before.min() < 20
    (note,) = start_notes(start, TimeUnit.YEARS)
    assert f"curves start at {start.time:g} years" in note
    assert "no median, survival probability or restricted mean is given" in note


def test_numbers_at_risk_by_counting():
    cohort = on_the_age_scale(300)
    times = [30.0, float(cohort.entry[5]), float(cohort.exit[7]), 70.0]
    counts = numbers_at_risk(cohort.entry, cohort.exit, cohort.group, [0, 1], times)
    for row in (0, 1):
        for place, time in enumerate(times):
            there = (cohort.entry <= time) & (cohort.exit > time) & (cohort.group == row)
            assert counts[row, place] == there.sum()
    told = told_at_risk(cohort, given(cohort, None))
    assert told.count("; at ") == 9  # ten times


def test_small_groups_start_where_most_are_at_risk_and_groups_apart_have_no_curves():
    few = make_cohort([9, 10, 11, 12], [1, 1, 1, 1], ["a", "a", "b", "b"], entry=[2, 3, 1, 4])
    start = start_of(few, given(few, None))
    assert start.at_risk == (("a", 2), ("b", 2))
    assert 4 <= start.time < 5
    apart = make_cohort([2, 3, 11, 12], [1, 1, 1, 1], ["a", "a", "b", "b"], entry=[1, 1, 5, 5])
    start = start_of(apart, given(apart, None))
    assert not start.has_curves
    table = tabulate(apart, Intervals(cuts=()))
    posterior = make_posterior(repeated([[0.05]]), repeated([0.0, 0.0]), groups=GROUPS)
    assert curve_bands(estimate(posterior, table, design(table, PLAN), given(apart, None), start)) == ()
    assert "no time at which patients of every compared group are at risk" in start_notes(start, TimeUnit.YEARS)[0]


def test_without_delayed_entry_nothing_changes():
    cohort = make_cohort([1, 2, 3], [1, 1, 1], ["a", "b", "b"])
    analysis = given(cohort, None, 2.0)
    assert start_of(cohort, analysis) == Start()
    assert start_notes(Start(), TimeUnit.DAYS) == ()
    agreement = cross_check(cohort, analysis, tabulate(cohort, PLAN.intervals), PLAN)
    assert [group.rmst for group in agreement.groups] == [1.0, 2.0]


def test_the_predictive_check_starts_with_the_curves():
    cohort = on_the_age_scale()
    table, columns = prepared(cohort, cuts=(40.0, 50.0, 55.0, 60.0, 65.0, 70.0, 75.0, 80.0))
    edges = np.array([24.0, 40.0, 50.0, 55.0, 60.0, 65.0, 70.0, 75.0, 80.0, 90.0])
    # The mean Weibull hazard of each interval: the truth but for steps.
    hazard = np.diff((edges / 72.5) ** 5) / np.diff(edges)
    effect = 2.5 * np.log(SCALE["b"] / SCALE["a"])
    posterior = make_posterior(repeated([hazard]), repeated([effect, -effect]), groups=GROUPS)
    right = predictive_check(posterior, table, columns, cohort, 7, start=60.0)
    wrong = predictive_check(
        make_posterior(repeated([hazard * 1.5]), repeated([effect, -effect]), groups=GROUPS),
        table, columns, cohort, 7, start=60.0,
    )  # fmt: skip
    for good, bad in zip(right, wrong, strict=True):
        assert good.times[0] == 60.0
        assert good.observed[0] == 1.0
        assert good.p > 0.01 > bad.p
