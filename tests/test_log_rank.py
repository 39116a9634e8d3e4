"""The log-rank test: R's figures, the Cox score test, and what strata and delayed entry change."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from cohorts import actg175, make_cohort, make_question
from numpy.testing import assert_allclose
from r_reference import FIGURES, NAMES, unadjusted
from statsmodels.duration.hazard_regression import PHReg

from bayesrefract.classical.log_rank import log_rank, score_test
from bayesrefract.study.study import Contrast

GROUPS = ("a", "b", "c")


def simulated(n=400, seed=3):
    """Untied times with delayed entry, two strata of unlike hazard and three groups of unlike hazard."""
    rng = np.random.default_rng(seed)
    group, stratum, entry = rng.integers(0, 3, n), rng.integers(0, 2, n), rng.uniform(0, 2, n)
    to_event = rng.exponential(1 / (0.3 * np.exp(0.4 * group + stratum)))
    follow_up = rng.uniform(0.5, 4, n)
    return make_cohort(
        entry + np.minimum(to_event, follow_up),
        to_event < follow_up,
        [GROUPS[g] for g in group],
        entry=entry,
        stratum=[f"s{s}" for s in stratum],
    )


def contrasts_of(cohort, reference):
    return make_question(cohort, reference).contrasts


@pytest.mark.parametrize("name", NAMES)
def test_global_and_pairwise_tests_are_those_of_r(name):
    figures = FIGURES[name]
    pairs = [Contrast(p["a"], p["b"]) for p in figures["logrank_pairs"]]
    found = log_rank(unadjusted(name), pairs)
    assert found.method == "log-rank"
    for ours, r in zip((found, *found.pairs), (figures["logrank_global"], *figures["logrank_pairs"]), strict=True):
        assert_allclose(ours.chi_squared, r["chisq"], rtol=1e-9)
        # R's p was printed as 1 - pchisq(...), which cancels to about 1e-16.
        assert_allclose(ours.p, r["p"], rtol=1e-9, atol=3e-16)


@pytest.mark.parametrize("name", NAMES)
def test_our_own_test_is_that_of_r_where_nothing_is_stratified_or_delayed(name):
    cohort, figures = unadjusted(name), FIGURES[name]
    own = score_test(cohort.entry, cohort.exit, cohort.event, cohort.group, np.zeros_like(cohort.group))
    assert own.degrees_of_freedom == len(cohort.groups) - 1
    assert_allclose(own.chi_squared, figures["logrank_global"]["chisq"], rtol=1e-9)


@pytest.mark.parametrize("stratified", [True, False])
@pytest.mark.parametrize("delayed", [True, False])
def test_without_ties_it_is_the_score_test_of_cox_regression(stratified, delayed):
    cohort = simulated()
    entry = cohort.entry if delayed else np.zeros_like(cohort.entry)
    stratum = cohort.stratum if stratified else np.zeros_like(cohort.stratum)
    indicators = (cohort.group[:, None] == [1, 2]).astype(float)
    cox = PHReg(cohort.exit, indicators, status=cohort.event.astype(int), entry=entry, strata=stratum)
    score, information = cox.score(np.zeros(2)), -cox.hessian(np.zeros(2))
    own = score_test(entry, cohort.exit, cohort.event, cohort.group, stratum)
    assert_allclose(own.difference[1:], score, rtol=1e-9)
    assert_allclose(own.chi_squared, score @ np.linalg.solve(information, score), rtol=1e-9)


def test_strata_and_delayed_entry_are_named_and_used():
    cohort = simulated()
    found = log_rank(cohort, contrasts_of(cohort, "a"), stratified=True)
    assert found.method == "stratified left-truncated log-rank"
    own = score_test(cohort.entry, cohort.exit, cohort.event, cohort.group, cohort.stratum)
    assert_allclose(found.chi_squared, own.chi_squared)
    unstratified = log_rank(cohort, contrasts_of(cohort, "a"))
    assert unstratified.method == "left-truncated log-rank"
    assert unstratified.chi_squared != pytest.approx(found.chi_squared, rel=0.01)


def test_a_pair_uses_its_two_groups_alone():
    cohort = simulated()
    two = cohort.group != 2
    own = score_test(cohort.entry[two], cohort.exit[two], cohort.event[two], cohort.group[two], cohort.stratum[two])
    pair = log_rank(cohort, contrasts_of(cohort, "a"), stratified=True).pairs[0]
    assert (pair.group, pair.reference) == ("b", "a")
    assert_allclose(pair.chi_squared, own.chi_squared, rtol=1e-12)


def test_swapped_groups_change_the_sign_and_not_the_statistic():
    cohort = unadjusted("leukemia")
    stratum = np.zeros_like(cohort.group)
    one = score_test(cohort.entry, cohort.exit, cohort.event, cohort.group, stratum)
    other = score_test(cohort.entry, cohort.exit, cohort.event, 1 - cohort.group, stratum)
    assert one.difference[1] > 10
    assert_allclose(one.difference, -other.difference, rtol=1e-12)
    assert_allclose(one.chi_squared, other.chi_squared)


def test_events_swapped_with_censoring_give_another_statistic():
    cohort = unadjusted("leukemia")
    swapped = log_rank(dataclasses.replace(cohort, event=~cohort.event), contrasts_of(cohort, "0"))
    assert swapped.chi_squared != pytest.approx(FIGURES["leukemia"]["logrank_global"]["chisq"], rel=0.1)


def test_a_hand_worked_stratum():
    """At 1: 3 at risk, 1 of them in b, who dies. At 2: a alone. Expected 1/3, variance 1/3 x 2/3."""
    test = score_test(
        np.zeros(3), np.array([1.0, 2, 3]), np.array([True, True, False]), np.array([1, 0, 0]), np.zeros(3, dtype=int)
    )
    assert_allclose(test.difference, [-2 / 3, 2 / 3])
    assert_allclose(test.chi_squared, (2 / 3) ** 2 / (2 / 9))


def test_a_late_entrant_is_not_at_risk_at_the_time_of_entry():
    exit_, event, group = np.array([1.0, 2, 3]), np.array([True, True, False]), np.array([1, 0, 0])
    test = score_test(np.array([0.0, 0, 1]), exit_, event, group, np.zeros(3, dtype=int))
    assert_allclose(test.difference[1], 1 / 2)


def test_no_event_means_no_test():
    cohort = dataclasses.replace(simulated(), event=np.zeros(400, dtype=bool))
    for one in (cohort, dataclasses.replace(cohort, entry=np.zeros(400))):
        found = log_rank(one, contrasts_of(one, "a"))
        assert (found.p, found.pairs) == (None, ())
        assert "not possible" in found.method


def test_groups_never_at_risk_together_cannot_be_tested():
    cohort = make_cohort([1, 2, 5, 6], [1, 1, 1, 1], ["a", "a", "b", "b"], entry=[0, 0, 3, 3])
    assert log_rank(cohort, contrasts_of(cohort, "a")).p is None


def test_delayed_entry_ignored_would_be_far_off_on_real_data():
    """ACTG 175 with the follow-up of one arm moved to begin 300 days late."""
    cohort = actg175(arms={0: "zidovudine", 3: "didanosine"})
    late = cohort.group == 0
    moved = dataclasses.replace(
        cohort, entry=np.where(late, 300.0, 0.0), exit=np.where(late, cohort.exit + 300, cohort.exit)
    )
    contrasts = contrasts_of(moved, "didanosine")
    right = log_rank(moved, contrasts)
    wrong = log_rank(dataclasses.replace(moved, entry=np.zeros_like(moved.entry)), contrasts)
    assert wrong.chi_squared != pytest.approx(right.chi_squared, rel=0.5)
