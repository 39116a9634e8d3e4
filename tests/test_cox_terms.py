"""Every covariate's ratio in Cox regression: R's figures, lifelines with another reference, limits of fits."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from cohorts import make_cohort
from lifelines import CoxPHFitter
from r_reference import FIGURES, NAMES, adjusted, unadjusted
from scipy.stats import norm

from bayesrefract.classical.agreement import CoxTerm, Interval
from bayesrefract.classical.cox import Fitted, cox_terms, efron
from bayesrefract.classical.kaplan_meier import overall_follow_up
from bayesrefract.classical.regression import no_effects, regression_data
from bayesrefract.cohort.value import Cohort, Covariate

STAGES = ("I", "II", "III")


def terms_of(cohort: Cohort) -> tuple[CoxTerm, ...]:
    data = regression_data(cohort, stratified=False)
    return cox_terms(cohort, data, efron(data))


def staged(shares: tuple[float, ...], n: int = 500) -> Cohort:
    """Two groups and three stages, each with its own hazard; all patients of stage I where its share is 1."""
    rng = np.random.default_rng(8)
    stage = rng.choice(3, size=n, p=shares)
    group = rng.integers(0, 2, size=n)
    time = rng.exponential(10 / np.array([1.0, 1.6, 2.5])[stage] / np.where(group == 1, 1.3, 1.0))
    event = rng.random(n) < 0.7
    return make_cohort(
        time, event, [f"g{code}" for code in group], covariates=(Covariate("stage", stage.astype(float), STAGES),)
    )


@pytest.mark.parametrize("name", NAMES)
def test_terms_are_those_of_r(name: str) -> None:
    r = FIGURES[name]["cox_adjusted_efron"]
    terms = {term.covariate: term for term in terms_of(adjusted(name))}
    assert set(terms) == set(FIGURES[name]["adjust"])
    for covariate, term in terms.items():
        coef, se = r["coef"][covariate], r["se"][covariate]
        limits = np.exp([coef, coef - norm.isf(0.025) * se, coef + norm.isf(0.025) * se])
        assert [term.hazard_ratio, term.low, term.high] == pytest.approx(limits, rel=1e-6)
        assert term.p == pytest.approx(2 * norm.sf(abs(coef / se)), rel=1e-5)


def test_a_step_multiplies_the_log_ratio_and_leaves_p() -> None:
    cohort = adjusted("rossi")
    by_ten = dataclasses.replace(
        cohort, covariates=tuple(dataclasses.replace(each, per=10.0) for each in cohort.covariates)
    )
    for one, ten in zip(terms_of(cohort), terms_of(by_ten), strict=True):
        assert (one.level, ten.level) == ("per 1", "per 10")
        assert ten.hazard_ratio == pytest.approx(one.hazard_ratio**10, rel=1e-9)
        assert ten.low == pytest.approx(one.low**10, rel=1e-9)
        assert ten.p == pytest.approx(one.p, rel=1e-9)


@pytest.mark.parametrize(
    ("shares", "common"), [((0.6, 0.3, 0.1), "I"), ((0.2, 0.5, 0.3), "II"), ((0.1, 0.3, 0.6), "III")]
)
def test_levels_stand_against_the_most_common_as_lifelines_fits_them(shares: tuple[float, ...], common: str) -> None:
    """The reference is made anew from the covariance; here it is fitted anew, with dummies that leave it out."""
    cohort = staged(shares)
    labels = pd.Series([STAGES[int(code)] for code in cohort.covariates[0].values])
    frame = pd.get_dummies(labels, dtype=float).drop(columns=common).assign(group=cohort.group, t=cohort.exit)
    fitted = CoxPHFitter().fit(
        frame.assign(e=cohort.event), "t", "e", fit_options={"precision": 1e-18, "r_precision": 0.0}
    )
    terms = terms_of(cohort)
    assert [term.level for term in terms] == [level for level in STAGES if level != common]
    for term in terms:
        row = fitted.summary.loc[term.level]
        assert term.reference == common
        ours = [term.hazard_ratio, term.low, term.high, term.p]
        lifelines = [row[key] for key in ("exp(coef)", "exp(coef) lower 95%", "exp(coef) upper 95%", "p")]
        assert ours == pytest.approx(lifelines, rel=1e-6)


def test_a_flag_is_1_against_0_whatever_its_step() -> None:
    rng = np.random.default_rng(2)
    flag = (rng.random(300) < 0.4).astype(float)
    time = rng.exponential(10 / (1 + flag))
    groups = [f"g{code}" for code in rng.integers(0, 2, 300)]
    ratios = []
    for per in (1.0, 10.0):
        cohort = make_cohort(time, np.ones(300), groups, covariates=(Covariate("high", flag, per=per),))
        (term,) = terms_of(cohort)
        assert (term.level, term.reference) == ("1", "0")
        ratios.append(term.hazard_ratio)
    assert ratios[0] == ratios[1]
    assert 1.4 < ratios[0] < 2.9


def test_a_level_without_events_is_left_out_and_a_constant_has_no_term() -> None:
    cohort = staged((0.5, 0.3, 0.2))
    silent = dataclasses.replace(cohort, event=cohort.event & (cohort.covariates[0].values != 2))
    constant = Covariate("same", np.full(500, 3.0))
    terms = terms_of(dataclasses.replace(silent, covariates=(*silent.covariates, constant)))
    assert [(term.covariate, term.level) for term in terms] == [("stage", "II")]


def test_without_covariates_or_without_a_maximum_there_are_no_terms() -> None:
    assert terms_of(unadjusted("rossi")) == ()
    cohort = staged((0.5, 0.3, 0.2))
    failed = Fitted(no_effects(2, "no maximum"), None, None)
    assert cox_terms(cohort, regression_data(cohort, stratified=False), failed) == ()


@pytest.mark.parametrize("name", NAMES)
def test_follow_up_of_all_groups_together_is_that_of_r(name: str) -> None:
    r = FIGURES[name]["reverse_km"]
    assert overall_follow_up(adjusted(name)) == Interval(r["median"], r["lower"], r["upper"])
