"""Proportional hazards: the Schoenfeld residual test against R, finite differences and its own definition."""

from __future__ import annotations

import numpy as np
import pytest
from cohorts import ACTG175_COVARIATES, actg175, make_cohort, make_question
from numpy.testing import assert_allclose
from r_reference import FIGURES, NAMES, adjusted
from scipy.stats import chi2

from bayesrefract.classical import cross_check
from bayesrefract.classical.agreement import ProportionalHazards
from bayesrefract.classical.cox import efron
from bayesrefract.classical.regression import regression_data
from bayesrefract.classical.schoenfeld import proportional_hazards, risk_sets
from bayesrefract.cohort.exposure import tabulate
from bayesrefract.cohort.value import Cohort, Covariate
from bayesrefract.study.model import Model

PLAN = Model("primary", "", "")


def proportional(cohort: Cohort, reference: str) -> ProportionalHazards:
    agreement = cross_check(cohort, make_question(cohort, reference), tabulate(cohort, PLAN.intervals), PLAN)
    return agreement.proportional_hazards


@pytest.mark.parametrize("name", NAMES)
def test_schoenfeld_test_is_that_of_r(name):
    found = proportional(adjusted(name), FIGURES[name]["reference"])
    r = {row["_row"]: row for row in FIGURES[name]["cox_zph_rank"]}
    assert_allclose([found.statistic, found.p], [r["G"]["chisq"], r["G"]["p"]], rtol=1e-6)
    for term, p in found.by_term:
        assert_allclose(p, r["G" if term == "group" else term]["p"], rtol=1e-6)


@pytest.mark.parametrize("stratified", [False, True])
def test_schoenfeld_test_is_the_score_test_of_an_effect_that_changes_with_rank(stratified):
    """Against finite differences of the partial likelihood with x g(t) added, untied, entering late."""
    rng = np.random.default_rng(9)
    group, age, entry = rng.integers(0, 2, 120), rng.normal(size=120), rng.uniform(0, 1, 120)
    time = entry + rng.exponential(np.exp(-0.5 * group - 0.3 * age))
    cohort = make_cohort(
        time,
        rng.random(120) < 0.8,
        [("a", "b")[g] for g in group],
        entry=entry,
        covariates=(Covariate("age", age),),
        stratum=[f"s{i % 2}" for i in range(120)],
    )
    data = regression_data(cohort, stratified=stratified)
    coefficients = efron(data).coefficients
    stratum = np.zeros(120, dtype=int) if data.stratum is None else data.stratum
    rank = (data.exit.argsort().argsort() - 60) / 120

    def log_likelihood(parameters):
        total = 0.0
        for i in np.flatnonzero(data.event):
            rows = (data.exit >= data.exit[i]) & (data.entry < data.exit[i]) & (stratum == stratum[i])
            eta = data.x @ parameters[:2] + parameters[2] * rank[i] * data.x[:, 0]
            total += eta[i] - np.log(np.exp(eta[rows]).sum())
        return total

    at, step = np.append(coefficients, 0.0), 1e-4 * np.eye(3)
    score = np.array([log_likelihood(at + h) - log_likelihood(at - h) for h in step]) / 2e-4
    information = -np.array(
        [
            [
                log_likelihood(at + h + k)
                - log_likelihood(at + h - k)
                - log_likelihood(at - h + k)
                + log_likelihood(at - h - k)
                for k in step
            ]
            for h in step
        ]
    ) / (4e-8)
    found = proportional_hazards(data, coefficients)
    assert found.statistic == pytest.approx(score @ np.linalg.solve(information, score), rel=1e-3)
    assert found.p == pytest.approx(chi2.sf(found.statistic, 1))


def test_schoenfeld_test_finds_an_effect_that_fades():
    rng = np.random.default_rng(10)
    group = rng.integers(0, 2, 2000)
    time = rng.exponential(size=2000) ** np.where(group, 0.7, 1.3)
    labels = [("a", "b")[g] for g in group]
    assert proportional(make_cohort(time, np.ones(2000), labels), "a").p < 1e-6


def test_risk_sets_are_those_of_their_definition():
    """Tied times, ties of entry and event, and a gap in follow-up: at risk are those with entry < t <= exit."""
    rng = np.random.default_rng(12)
    entry = rng.integers(0, 6, 200).astype(float)
    exit_ = entry + rng.integers(1, 6, 200) + np.where(entry > 4, 20, 0)
    groups = [("a", "b")[g] for g in rng.integers(0, 2, 200)]
    ages = (Covariate("age", rng.normal(size=200)),)
    cohort = make_cohort(exit_, rng.random(200) < 0.6, groups, entry=entry, covariates=ages)
    data = regression_data(cohort, stratified=False)
    hazard = np.exp(data.x @ np.array([0.4, -0.7]))
    rows = np.flatnonzero(np.arange(200) % 3 > 0)
    times = np.unique(data.exit[rows][data.event[rows]])[::-1]
    sets = list(risk_sets(data, hazard, rows))
    assert len(sets) == len(times)
    for time, (dying, total) in zip(times, sets, strict=True):
        at_risk = rows[(data.entry[rows] < time) & (time <= data.exit[rows])]
        assert sorted(dying) == sorted(rows[data.event[rows] & (data.exit[rows] == time)])
        assert total.hazard == pytest.approx(hazard[at_risk].sum())
        assert_allclose(total.first, hazard[at_risk] @ data.x[at_risk], atol=1e-12)
        assert_allclose(total.second, data.x[at_risk].T @ (hazard[at_risk, None] * data.x[at_risk]), atol=1e-12)


def test_each_contrast_has_the_test_of_its_two_groups_alone():
    """ACTG 175: over its four arms the ratios change with time, between the two that are judged they do not."""
    cohort = actg175(ACTG175_COVARIATES)
    reference = "zidovudine+zalcitabine"
    found = proportional(cohort, reference)
    assert found.p == pytest.approx(0.0132, abs=5e-5)
    pairs = {each.group: each for each in found.pairs}
    assert list(pairs) == [level for level in cohort.groups if level != reference]
    assert pairs["zidovudine+didanosine"].p == pytest.approx(0.42, abs=0.005)
    for level, pair in pairs.items():
        two = np.isin(cohort.group, [cohort.groups.index(level), cohort.groups.index(reference)])
        alone = make_cohort(
            cohort.exit[two],
            cohort.event[two],
            [cohort.groups[code] for code in cohort.group[two]],
            covariates=tuple(Covariate(c.name, c.values[two], c.levels) for c in cohort.covariates),
        )
        data = regression_data(alone, stratified=False)
        expected = proportional_hazards(data, efron(data).coefficients)
        assert_allclose([pair.p, pair.statistic], [expected.p, expected.statistic], rtol=1e-6)


def test_two_groups_have_one_test():
    rng = np.random.default_rng(4)
    found = proportional(make_cohort(rng.exponential(size=60), np.ones(60), ["a", "b"] * 30), "a")
    assert [(each.p, each.statistic) for each in found.pairs] == [(found.p, found.statistic)]
    assert found.judged == ()


@pytest.mark.parametrize("each", [3, 10])
def test_there_is_no_test_where_the_likelihood_has_no_maximum(each):
    """Everybody in a has the event before anybody in b: the likelihood rises for ever. Its score test has p = 1."""
    times, groups = np.arange(1.0, 2 * each + 1), ["a"] * each + ["b"] * each
    data = regression_data(make_cohort(times, np.ones(2 * each), groups), stratified=False)
    assert proportional_hazards(data, efron(data).coefficients).p == pytest.approx(1)
    found = proportional(make_cohort(times, np.ones(2 * each), groups), "b")
    assert (found.p, found.method) == (None, "not possible: the likelihood of Cox regression has no maximum")


def test_a_contrast_without_an_estimate_leaves_the_others_their_test():
    rng = np.random.default_rng(2)
    times = np.append(np.arange(1.0, 11.0), 11 + rng.exponential(size=20))
    found = proportional(make_cohort(times, np.ones(30), ["a"] * 10 + ["b"] * 10 + ["c"] * 10), "b")
    assert (found.p, found.statistic) == (None, None)
    assert [(each.group, each.p is None) for each in found.pairs] == [("a", True), ("c", False)]
    assert all(each.method.startswith("not possible") for each in (found, found.pairs[0]))
