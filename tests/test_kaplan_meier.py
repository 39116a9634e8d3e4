"""Kaplan-Meier, medians, restricted means and follow-up: R's figures, hand-worked sets, closed forms."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from cohorts import leukemia, make_cohort
from numpy.testing import assert_allclose, assert_array_equal
from r_reference import FIGURES, NAMES, unadjusted

from bayesrefract.classical.agreement import Interval
from bayesrefract.classical.kaplan_meier import (
    connected_stretch,
    describe_curve,
    describe_groups,
    kaplan_meier,
    median_survival,
    restricted_mean,
)


def curve_of(exits, events, entries=None):
    entry = np.zeros(len(exits)) if entries is None else np.array(entries, dtype=float)
    return kaplan_meier(entry, np.array(exits, dtype=float), np.array(events, dtype=bool))


@pytest.mark.parametrize("name", NAMES)
def test_medians_and_restricted_means_are_those_of_r(name):
    figures = FIGURES[name]
    groups, notes = describe_groups(unadjusted(name), figures["rmst"]["tau"])
    assert notes == ()
    for group in groups:
        km, rmst = figures["km_loglog"][group.level], figures["rmst"]["by_group"][group.level]
        assert (group.patients, group.events) == (km["n"], km["events"])
        assert group.median == Interval(km["median"], km["lower"], km["upper"])
        assert_allclose([group.rmst, group.rmst_se], [rmst["rmst"], rmst["se"]], rtol=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_follow_up_is_the_reverse_kaplan_meier_of_r(name):
    cohort, figures = unadjusted(name), FIGURES[name]["reverse_km"]
    curve, _ = describe_curve(cohort.entry, cohort.exit, ~cohort.event)
    assert median_survival(curve) == Interval(figures["median"], figures["lower"], figures["upper"])


def test_6mp_has_9_events_in_359_weeks_against_21_in_182():
    (mercaptopurine, placebo), _ = describe_groups(leukemia(), 20)
    assert (mercaptopurine.events, mercaptopurine.person_time) == (9, 359)
    assert (placebo.events, placebo.person_time) == (21, 182)


def test_events_swapped_with_censoring_give_another_median():
    cohort = leukemia()
    swapped = dataclasses.replace(cohort, event=~cohort.event)
    assert describe_groups(swapped, None)[0][0].median.estimate != FIGURES["leukemia"]["km_loglog"]["0"]["median"]


def test_median_on_a_flat_step_at_one_half_is_the_midpoint():
    assert median_survival(curve_of([1, 2, 3, 4], [1, 1, 1, 1])).estimate == 2.5
    assert median_survival(curve_of([1, 2, 5, 9], [1, 1, 0, 1])).estimate == 5.5


def test_median_at_one_half_that_never_falls_further_is_the_first_such_time():
    assert median_survival(curve_of([1, 2, 5, 9], [1, 1, 0, 0])).estimate == 2


def test_median_is_none_where_the_curve_stays_above_one_half():
    assert median_survival(curve_of([1, 2, 3], [1, 0, 0])).estimate is None


def test_steps_by_hand():
    curve = curve_of([1, 2, 2, 3, 4], [1, 1, 0, 0, 1])
    assert_array_equal(curve.times, [0, 1, 2, 3, 4])
    assert_allclose(curve.survival, [1, 4 / 5, 3 / 5, 3 / 5, 0], atol=1e-15)
    assert_array_equal(curve.at_risk, [5, 5, 4, 2, 1])


def test_log_log_limits_by_hand_and_none_where_the_curve_is_0():
    curve = curve_of([1, 2, 3, 4], [1, 1, 1, 1])
    survival, z = 0.5, 1.959963984540054
    error = np.sqrt(1 / (4 * 3) + 1 / (3 * 2)) / abs(np.log(survival))
    assert_allclose(curve.low[2], survival ** np.exp(z * error), rtol=1e-12)
    assert_allclose(curve.high[2], survival ** np.exp(-z * error), rtol=1e-12)
    assert np.isnan([curve.low[-1], curve.high[-1]]).all()


def test_restricted_mean_without_censoring_is_the_mean_of_the_cut_times():
    times = np.random.default_rng(4).exponential(10, size=200)
    curve = kaplan_meier(np.zeros(200), times, np.ones(200, dtype=bool))
    cut = np.minimum(times, 12)
    assert_allclose(restricted_mean(curve, 12), [cut.mean(), cut.std() / np.sqrt(200)], rtol=1e-12)


def test_restricted_mean_is_not_extrapolated():
    assert restricted_mean(curve_of([1, 2, 3], [1, 1, 0]), 3) is not None
    assert restricted_mean(curve_of([1, 2, 3], [1, 1, 0]), 3.1) is None
    assert_allclose(restricted_mean(curve_of([1, 2, 3], [1, 1, 1]), 9)[0], 2)


def test_delayed_entry_by_hand():
    """The third patient enters after the first event; the last one at an event time, so after it."""
    curve = curve_of([5, 6, 8, 3, 9], [1, 1, 0, 1, 0], entries=[0, 2, 4, 0, 6])
    survival = dict(zip(curve.times, curve.survival, strict=True))
    assert_allclose([survival[t] for t in (0, 3, 5, 6, 9)], [1, 2 / 3, 4 / 9, 2 / 9, 2 / 9], rtol=1e-12)
    assert_array_equal(curve.at_risk[np.isin(curve.times, [3, 5, 6])], [3, 3, 2])


def test_delayed_entry_recovers_the_known_curve():
    rng = np.random.default_rng(11)
    entry, exit_ = rng.uniform(0, 20, 6000), rng.exponential(10, 6000)
    seen = exit_ > entry
    curve, note = describe_curve(np.where(rng.random(seen.sum()) < 0.05, 0, entry[seen]), exit_[seen], exit_[seen] > 0)
    at_10 = curve.survival[np.searchsorted(curve.times, 10, side="right") - 1]
    standard_error = (curve.high - curve.low)[np.searchsorted(curve.times, 10)] / (2 * 1.96)
    assert note == ""
    assert abs(at_10 - np.exp(-1)) < 4 * standard_error
    ignoring = np.mean(exit_[seen] > 10)
    assert abs(ignoring - np.exp(-1)) > 8 * standard_error


def test_a_gap_with_nobody_at_risk_leaves_the_stretch_with_the_most_events():
    entry, exit_ = np.array([0.0, 4, 5, 5]), np.array([3.0, 7, 8, 9])
    event = np.array([True, True, True, False])
    inside, start, end = connected_stretch(entry, exit_, event)
    assert_array_equal(inside, [False, True, True, True])
    assert (start, end) == (4, 9)
    curve, note = describe_curve(entry, exit_, event)
    assert "from 4 to 9" in note
    assert curve.times[0] == 4
    assert_allclose(curve.survival[-1], 1 / 3)


def test_a_curve_that_starts_late_says_so_and_has_no_restricted_mean():
    cohort = make_cohort([5, 6, 7, 8], [1, 1, 1, 0], ["a"] * 4, entry=[2, 2, 3, 3])
    (group,), notes = describe_groups(cohort, 6)
    assert group.rmst is None
    assert group.median.estimate == 6.5
    assert "nobody is at risk before 2 days" in notes[0]


def test_a_group_without_patients_has_an_empty_curve():
    groups, notes = describe_groups(make_cohort([1, 2], [1, 0], ["a", "a"], groups=("a", "b")), None)
    assert (groups[1].patients, groups[1].median.estimate) == (0, None)
    assert "no patients" in notes[0]


def test_times_in_another_unit_scale_the_median():
    cohort = leukemia()
    days = dataclasses.replace(cohort, exit=cohort.exit * 7)
    weeks, scaled = (describe_groups(c, None)[0][1].median for c in (cohort, days))
    assert scaled == Interval(7 * weeks.estimate, 7 * weeks.low, 7 * weeks.high)
