"""The companion fit: Poisson regression in R, Cox on ever finer cuts, closed forms, invariances."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from cohorts import ACTG175_COVARIATES, actg175, gbsg2, leukemia, make_cohort
from numpy.testing import assert_allclose
from r_reference import FIGURES, NAMES, adjusted, unadjusted
from scipy.optimize import minimize

from bayesrefract.classical.companion import fit
from bayesrefract.cohort.exposure import tabulate
from bayesrefract.cohort.value import Covariate
from bayesrefract.model.effects import design
from bayesrefract.study.model import Intervals, Model

PLAN = Model("companion", "", "")
ONE_INTERVAL = Intervals(cuts=())


def fitted(cohort, intervals=PLAN.intervals, *, merge=True, stratified=False):
    table = tabulate(cohort, intervals, merge=merge)
    return fit(table, design(table, PLAN).x, stratified=stratified)


def cuts_at_events(cohort):
    times = np.unique(cohort.exit[cohort.event])
    return Intervals(cuts=tuple(times[times < cohort.exit.max()]))


@pytest.mark.parametrize("name", NAMES)
def test_maximum_is_that_of_poisson_regression_in_r(name):
    """glm's own stopping rule leaves 2e-9 in its coefficients and 4e-5 in its standard errors."""
    cohort, figures = adjusted(name), FIGURES[name]["piecewise_poisson"]
    table = tabulate(cohort, Intervals(cuts=tuple(figures["cuts"])))
    columns = design(table, PLAN)
    found = fit(table, columns.x)
    reference = cohort.groups.index(FIGURES[name]["reference"])
    for code, level in enumerate(cohort.groups):
        if code != reference:
            log_hr, se = found.groups.contrast(code, reference)
            assert_allclose(log_hr, figures["coef"][f"G{level}"], rtol=0, atol=1e-8)
            assert_allclose(se, figures["se"][f"G{level}"], rtol=1e-4)
    for block, column in zip(columns.blocks, FIGURES[name]["adjust"], strict=True):
        slope = found.coefficients[block.columns][0] / block.sd
        assert_allclose(slope, figures["coef"][column], rtol=0, atol=1e-8)
        error = np.sqrt(np.diag(found.covariance)[block.columns][0]) / block.sd
        assert_allclose(error, figures["se"][column], rtol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_hazards_are_those_of_poisson_regression_in_r(name):
    """R's intercept is the log hazard of the first interval, at covariates 0 in the reference group."""
    cohort, figures = adjusted(name), FIGURES[name]["piecewise_poisson"]
    table = tabulate(cohort, Intervals(cuts=tuple(figures["cuts"])))
    columns = design(table, PLAN)
    found = fit(table, columns.x)
    log_hazard = np.log(found.hazards[0]) + found.log_effects[cohort.groups.index(FIGURES[name]["reference"])]
    for block in columns.blocks:
        log_hazard = log_hazard - found.coefficients[block.columns][0] * block.centre / block.sd
    steps = [0.0] + [figures["coef"][f"factor(J){j + 2}"] for j in range(len(figures["cuts"]))]
    assert_allclose(log_hazard, figures["coef"]["(Intercept)"] + np.array(steps), rtol=0, atol=1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_cuts_at_every_event_time_approach_cox(name):
    cohort, figures = unadjusted(name), FIGURES[name]
    found = fitted(cohort, cuts_at_events(cohort))
    reference = cohort.groups.index(figures["reference"])
    for code, level in enumerate(cohort.groups):
        if code != reference:
            log_hr, _ = found.groups.contrast(code, reference)
            for ties, limit in (("breslow", 0.03), ("efron", 0.05)):
                cox = figures[f"cox_unadjusted_{ties}"]
                distance = abs(log_hr - cox["coef"][f"G{level}"]) / cox["se"][f"G{level}"]
                # 6-MP has 77% tied events: its two Cox forms are 0.15 standard errors apart.
                assert distance < limit or (name, ties) == ("leukemia", "efron")


def test_one_interval_is_the_ratio_of_two_rates():
    found = fitted(leukemia(), ONE_INTERVAL)
    log_hr, se = found.groups.contrast(1, 0)
    assert_allclose(log_hr, np.log((21 / 182) / (9 / 359)), rtol=1e-12)
    assert_allclose(se, np.sqrt(1 / 21 + 1 / 9), rtol=1e-12)
    assert_allclose(found.hazards, [[9 / 359]], rtol=1e-12)
    assert_allclose(found.log_likelihood, 9 * np.log(9 / 359) + 21 * np.log(21 / 182) - 30, rtol=1e-12)


def test_events_swapped_with_censoring_or_groups_swapped_are_seen():
    cohort = unadjusted("actg175")
    right, se = fitted(cohort).groups.contrast(1, 0)
    swap = np.array([1, 0, 2, 3])
    groups, _ = fitted(dataclasses.replace(cohort, group=swap[cohort.group])).groups.contrast(1, 0)
    events, _ = fitted(dataclasses.replace(cohort, event=~cohort.event)).groups.contrast(1, 0)
    assert_allclose(groups, -right, rtol=1e-9)
    assert abs(events - right) > 3 * se


def test_maximum_meets_a_general_optimiser_on_the_full_likelihood():
    """Hazards kept as parameters, no profile: BFGS on the Poisson log likelihood."""
    cohort = gbsg2(("pnodes",), ("tgrade",))
    table = tabulate(cohort, Intervals(cuts=(365.0, 730.0, 1460.0)))
    x = np.hstack([(table.group == 1)[:, None].astype(float), design(table, PLAN).x])
    intervals = table.events.shape[1]
    crude = np.log(table.events.sum(axis=0) / table.exposure.sum(axis=0))

    def negative(parameters):
        log_hazard = (crude + parameters[:intervals])[None, :] + (x @ parameters[intervals:])[:, None]
        excess = table.exposure * np.exp(log_hazard) - table.events
        value = np.sum(table.exposure * np.exp(log_hazard) - table.events * log_hazard)
        return value, np.concatenate([excess.sum(axis=0), x.T @ excess.sum(axis=1)])

    general = minimize(negative, np.zeros(intervals + x.shape[1]), jac=True, method="BFGS", options={"gtol": 1e-6})
    found = fit(table, x[:, 1:])
    assert_allclose(found.log_likelihood, -general.fun, rtol=0, atol=1e-7)
    assert_allclose([found.log_effects[1], *found.coefficients], general.x[intervals:], atol=1e-6)


@pytest.mark.parametrize("stratified", [False, True])
def test_merged_equals_row_level(stratified):
    cohort = actg175(("symptom", "drugs"), stratum="str2")
    merged = fitted(cohort, stratified=stratified)
    rows = fitted(cohort, merge=False, stratified=stratified)
    assert_allclose(merged.log_effects, rows.log_effects, rtol=0, atol=1e-10)
    assert_allclose(merged.groups.covariance, rows.groups.covariance, rtol=0, atol=1e-10)
    assert_allclose(merged.log_likelihood, rows.log_likelihood, rtol=0, atol=1e-9)


def test_another_unit_of_time_changes_no_hazard_ratio():
    cohort = actg175(ACTG175_COVARIATES)
    months = dataclasses.replace(cohort, exit=cohort.exit / 30.4375)
    one, other = fitted(cohort), fitted(months)
    assert_allclose(one.log_effects, other.log_effects, rtol=0, atol=1e-10)
    assert_allclose(one.hazards * 30.4375, other.hazards, rtol=1e-9)


def test_the_order_of_the_groups_changes_no_contrast():
    cohort = actg175(("age",))
    order = np.array([2, 0, 3, 1])
    relabelled = dataclasses.replace(
        cohort, groups=tuple(cohort.groups[i] for i in np.argsort(order)), group=order[cohort.group]
    )
    one, other = fitted(cohort).groups, fitted(relabelled).groups
    for a in range(4):
        for b in range(a):
            assert_allclose(one.contrast(a, b), other.contrast(order[a], order[b]), rtol=0, atol=1e-12)


def test_strata_of_unlike_hazard_leave_the_hazard_ratio():
    """The same patients twice, once ten times slower: the same estimate with half the variance."""
    cohort = leukemia()
    doubled = make_cohort(
        np.concatenate([cohort.exit, 10 * cohort.exit]),
        np.tile(cohort.event, 2),
        [cohort.groups[g] for g in np.tile(cohort.group, 2)],
        stratum=["quick"] * 42 + ["slow"] * 42,
    )
    single, both = fitted(cohort, ONE_INTERVAL), fitted(doubled, ONE_INTERVAL, stratified=True)
    assert_allclose(both.log_effects, single.log_effects, rtol=0, atol=1e-12)
    assert_allclose(both.groups.covariance, single.groups.covariance / 2, rtol=0, atol=1e-12)
    assert_allclose(both.hazards, [[9 / 359], [9 / 3590]], rtol=1e-12)


def test_intervals_without_events_carry_nothing():
    """6-MP has no event before week 1 or after week 23: exposure there changes no effect."""
    cohort = leukemia()
    inside = dataclasses.replace(cohort, entry=np.full(42, 0.5), exit=np.minimum(cohort.exit, 23))
    whole, cut = fitted(cohort, Intervals(cuts=(0.5, 10.0, 23.0))), fitted(inside, Intervals(cuts=(10.0,)))
    assert_allclose(whole.groups.contrast(1, 0), cut.groups.contrast(1, 0), rtol=1e-12)
    assert_allclose(whole.log_likelihood, cut.log_likelihood, rtol=1e-12)
    assert_allclose(whole.hazards, [[0, *cut.hazards[0], 0]], rtol=1e-12)


def test_a_group_without_events_leaves_the_other_contrasts_as_they_are_without_it():
    cohort = actg175(("age",))
    silent = dataclasses.replace(cohort, event=cohort.event & (cohort.group != 1))
    kept = cohort.group != 1
    without = dataclasses.replace(
        silent,
        **{name: getattr(silent, name)[kept] for name in ("group", "entry", "exit", "event", "stratum")},
        covariates=(Covariate("age", cohort.covariates[0].values[kept]),),
    )
    found, direct = fitted(silent).groups, fitted(without).groups
    assert found.contrast(1, 0) is None
    assert_allclose(found.contrast(2, 0), direct.contrast(2, 0), rtol=1e-10)


def test_a_level_without_events_leaves_a_finite_group_effect():
    cohort = leukemia()
    level = np.where(np.arange(42) % 5 == 0, 2.0, np.arange(42) % 2)
    silent = dataclasses.replace(
        cohort, event=cohort.event & (level != 2), covariates=(Covariate("site", level, ("x", "y", "z")),)
    )
    kept = level != 2
    without = dataclasses.replace(
        silent,
        **{name: getattr(silent, name)[kept] for name in ("group", "entry", "exit", "event", "stratum")},
        covariates=(Covariate("site", level[kept], ("x", "y")),),
    )
    assert_allclose(
        fitted(silent, ONE_INTERVAL).groups.contrast(1, 0),
        fitted(without, ONE_INTERVAL).groups.contrast(1, 0),
        rtol=1e-10,
    )


def test_a_fit_that_cannot_be_made_says_why():
    cohort = leukemia()
    lonely = fitted(dataclasses.replace(cohort, event=cohort.event & (cohort.group == 0)))
    assert (lonely.groups.contrast(1, 0), lonely.reason) == (None, "fewer than two groups have events")
    same_as_group = Covariate("twin", cohort.group.astype(float))
    twin = fitted(dataclasses.replace(cohort, covariates=(same_as_group,)), ONE_INTERVAL)
    assert twin.groups.contrast(1, 0) is None


def test_strata_that_are_the_groups_leave_no_contrast():
    cohort = leukemia()
    confounded = dataclasses.replace(cohort, strata=("s0", "s1"), stratum=cohort.group)
    assert fitted(confounded, stratified=True).groups.contrast(1, 0) is None
