"""The cross-check as a whole: Cox, TOST and the agreement gate."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from cohorts import actg175, gbsg2, leukemia, make_cohort, make_question
from numpy.testing import assert_allclose
from r_reference import FIGURES, NAMES, adjusted, unadjusted
from scipy.stats import norm
from statsmodels.duration.hazard_regression import PHReg

from bayesrefract.classical import cross_check, tost_p
from bayesrefract.classical.check import tied_share
from bayesrefract.classical.cox import breslow, efron
from bayesrefract.classical.regression import regression_data
from bayesrefract.cohort.exposure import tabulate
from bayesrefract.cohort.value import Covariate
from bayesrefract.study.model import Baseline, BaselineKind, Intervals, Model, StrataKind
from bayesrefract.study.rope import Rope

PLAN = Model("primary", "", "")
FREE = dataclasses.replace(PLAN, baseline=Baseline(strata=StrataKind.FREE))
POOLED = dataclasses.replace(PLAN, baseline=Baseline(strata=StrataKind.POOLED))
BY_GROUP = dataclasses.replace(PLAN, baseline=Baseline(BaselineKind.INDEPENDENT, by_group=True))
ROPE = Rope(0.80, 1.25, "test", None, before_data=True)


def checked(cohort, reference, model=PLAN):
    table = tabulate(cohort, model.intervals)
    return cross_check(cohort, make_question(cohort, reference), table, model)


def therneau():
    return make_cohort([1, 1, 6, 6, 8, 9], [1, 0, 1, 1, 0, 1], ["1", "1", "1", "0", "0", "0"])


def delayed_entry_trial(n=12_000, log_hr=0.7, seed=8):
    """Hazards 0.1 and 0.1 exp(log_hr); patients whose event precedes their entry are never seen."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 2, n)
    time, entry = rng.exponential(10 * np.exp(-log_hr * group)), rng.uniform(0, 20, n)
    end = entry + rng.uniform(1, 4, n)
    seen = time > entry
    return make_cohort(
        np.minimum(time, end)[seen],
        (time < end)[seen],
        [("slow", "fast")[g] for g in group[seen]],
        groups=("slow", "fast"),
        entry=entry[seen],
    )


# Cox regression


@pytest.mark.parametrize("name", NAMES)
def test_adjusted_cox_is_that_of_r(name):
    figures = FIGURES[name]
    agreement = checked(adjusted(name), figures["reference"])
    for cox in agreement.cox:
        r = figures["cox_adjusted_efron"]
        assert_allclose(cox.log_coef, r["coef"][f"G{cox.group}"], rtol=0, atol=1e-8)
        assert_allclose(cox.log_se, r["se"][f"G{cox.group}"], rtol=1e-8)
        assert cox.p == pytest.approx(2 * norm.sf(abs(cox.log_coef) / cox.log_se))


@pytest.mark.parametrize("name", NAMES)
def test_both_treatments_of_ties_are_those_of_r(name):
    cohort, figures = unadjusted(name), FIGURES[name]
    data = regression_data(cohort, stratified=False)
    reference = cohort.groups.index(figures["reference"])
    for ties, effects in (("efron", efron(data)[0]), ("breslow", breslow(data))):
        r = figures[f"cox_unadjusted_{ties}"]
        for code, level in enumerate(cohort.groups):
            if code != reference:
                expected = r["coef"][f"G{level}"], r["se"][f"G{level}"]
                assert_allclose(effects.contrast(code, reference), expected, rtol=0, atol=1e-8)


def test_therneaus_hand_worked_set():
    data = regression_data(therneau(), stratified=False)
    assert breslow(data).contrast(1, 0)[0] == pytest.approx(1.4752849, abs=5e-8)
    assert efron(data)[0].contrast(1, 0)[0] == pytest.approx(1.676857486, abs=5e-10)


def test_contrasts_are_the_same_whichever_group_comes_first():
    cohort = actg175(("age",))
    turned = dataclasses.replace(cohort, groups=cohort.groups[::-1], group=3 - cohort.group)
    one, other = (checked(c, "zidovudine") for c in (cohort, turned))
    found = {c.group: (c.log_coef, c.log_se) for c in other.cox}
    for cox in one.cox:
        assert_allclose((cox.log_coef, cox.log_se), found[cox.group], rtol=1e-9)


@pytest.mark.parametrize("delayed", [False, True])
def test_strata_and_delayed_entry_meet_another_implementation(delayed):
    cohort = gbsg2(("age",), stratum="tgrade")
    if delayed:
        cohort = dataclasses.replace(cohort, entry=np.where(np.arange(686) % 3 == 0, cohort.exit // 2, 0.0))
    data = regression_data(cohort, stratified=True)
    # statsmodels counts an entrant at an event time as at risk there; R and lifelines do not.
    entry = None if data.entry is None else data.entry + 1e-9
    model = PHReg(data.exit, data.x, status=data.event.astype(int), entry=entry, strata=data.stratum, ties="breslow")
    other = model.fit(disp=0)
    assert_allclose(breslow(data).contrast(1, 0), (other.params[0], other.bse[0]), rtol=1e-6)
    assert abs(efron(data)[0].contrast(1, 0)[0] - other.params[0]) < 0.02 * other.bse[0]


def test_a_late_entrant_is_not_at_risk_at_the_time_of_entry():
    """Untied events: maximise the partial likelihood written out for five patients."""
    cohort = make_cohort([2, 3, 4, 5, 6], [1, 1, 1, 1, 0], list("abbab"), entry=[0, 0, 2, 3, 1])
    slopes = np.linspace(-4, 4, 800_001)
    a, b = np.ones_like(slopes), np.exp(slopes)
    # At risk at 2: a b b; at 3: b b b; at 4: b a b; at 5: a b.
    log_likelihood = -np.log(a + 2 * b) + 2 * slopes - np.log(3 * b) - np.log(a + 2 * b) - np.log(a + b)
    best = slopes[np.argmax(log_likelihood)]
    data = regression_data(cohort, stratified=False)
    for effects in (efron(data)[0], breslow(data)):
        assert effects.contrast(1, 0)[0] == pytest.approx(best, abs=2e-5)


def test_names_of_columns_and_levels_are_never_read():
    names = ("time", "event", "c0", "__import__('os').abort()", "a ~ b + C(c)", "")
    rng = np.random.default_rng(5)
    covariates = tuple(Covariate(name, rng.normal(size=42)) for name in names)
    plain = tuple(Covariate(f"x{i}", c.values) for i, c in enumerate(covariates))
    hostile, tame = (
        checked(dataclasses.replace(leukemia(), covariates=c, groups=("time", "event")), "time")
        for c in (covariates, plain)
    )
    assert [c.log_coef for c in hostile.cox] == [c.log_coef for c in tame.cox]
    assert hostile.companion == tame.companion


def test_covariates_on_any_scale_give_the_same_hazard_ratio():
    cohort = leukemia(("logWBC",))
    huge = Covariate("logWBC", 1e9 + 1e6 * cohort.covariates[0].values)
    one, other = checked(cohort, "0"), checked(dataclasses.replace(cohort, covariates=(huge,)), "0")
    assert_allclose(one.cox[0].log_coef, other.cox[0].log_coef, rtol=1e-6)


# A likelihood without a maximum


def test_a_group_without_events_is_told_and_the_others_stand():
    cohort = actg175()
    silent = dataclasses.replace(cohort, event=cohort.event & (cohort.group != 1))
    agreement = checked(silent, "didanosine")
    assert [c.group for c in agreement.cox] == list(cohort.groups[2:])
    first, *others = agreement.companion
    assert (first.group, first.agrees) == ("zidovudine", False)
    assert "no estimate" in first.reason
    assert all(c.agrees for c in others)
    assert any("No events in zidovudine" in note for note in agreement.notes)


def test_no_event_at_all_is_told():
    cohort = dataclasses.replace(leukemia(), event=np.zeros(42, dtype=bool))
    agreement = checked(cohort, "0", dataclasses.replace(PLAN, intervals=Intervals(cuts=())))
    assert (agreement.cox, agreement.proportional_hazards.p, agreement.log_rank.p) == ((), None, None)
    assert agreement.companion[0].agrees is False
    assert "fewer than two groups have events" in agreement.companion[0].reason


def test_all_events_of_one_group_before_those_of_the_other_have_no_cox_estimate():
    """Cox's hazard ratio runs to infinity; the companion's, over coarse intervals, need not."""
    rng = np.random.default_rng(6)
    times = np.concatenate([rng.uniform(1, 5, 40), rng.uniform(5, 9, 40)])
    cohort = make_cohort(times, np.ones(80), ["early"] * 40 + ["late"] * 40)
    agreement = checked(cohort, "late", dataclasses.replace(PLAN, intervals=Intervals(cuts=(3.0, 7.0))))
    assert agreement.cox == ()
    assert agreement.companion[0].agrees is False
    assert "Cox regression has no estimate" in agreement.companion[0].reason


@pytest.mark.parametrize("levels", [None, ("p", "q")], ids=["continuous", "categorical"])
def test_a_covariate_that_is_the_group_is_told(levels):
    cohort = leukemia()
    twin = Covariate("twin", cohort.group.astype(float), levels)
    agreement = checked(dataclasses.replace(cohort, covariates=(twin,)), "0")
    assert (agreement.cox, agreement.breslow) == ((), ())
    assert agreement.companion[0].agrees is False


# The agreement gate


@pytest.mark.parametrize("name", NAMES)
def test_companion_and_cox_agree_on_real_data(name):
    figures = FIGURES[name]
    cuts = Intervals(cuts=tuple(figures["piecewise_poisson"]["cuts"]))
    agreement = checked(adjusted(name), figures["reference"], dataclasses.replace(PLAN, intervals=cuts))
    for companion in agreement.companion:
        assert companion.agrees, companion.reason
    assert len(agreement.breslow) == len(agreement.cox)  # all five have more than 10% of tied events
    assert all(c.ties == "breslow" for c in agreement.breslow)


def test_a_table_of_other_patients_does_not_agree():
    """The table has its groups swapped: the gate sees it and says by how much."""
    cohort = gbsg2()
    table = tabulate(dataclasses.replace(cohort, group=1 - cohort.group), PLAN.intervals)
    (companion,) = cross_check(cohort, make_question(cohort, "no"), table, PLAN).companion
    assert companion.agrees is False
    assert companion.grid_distance > 5
    assert f"{companion.grid_distance:.2f} standard errors from Cox regression (0.30 allowed" in companion.reason


def test_a_baseline_too_coarse_for_the_hazard_does_not_agree():
    """Hazards that rise steeply, one interval: the companion is far off Cox, with no tied events."""
    rng = np.random.default_rng(7)
    group = rng.integers(0, 2, 800)
    times = (rng.exponential(np.exp(-0.8 * group))) ** 0.25
    cohort = make_cohort(times, np.ones(800), [("a", "b")[g] for g in group])
    coarse = checked(cohort, "a", dataclasses.replace(PLAN, intervals=Intervals(cuts=())))
    fine = checked(cohort, "a", dataclasses.replace(PLAN, intervals=Intervals(maximum=40)))
    assert coarse.tied_share == 0
    assert coarse.companion[0].agrees is False
    assert "the intervals are too coarse: with 1 interval the" in coarse.companion[0].reason
    assert fine.companion[0].agrees


def test_a_standard_error_out_of_line_does_not_agree():
    cohort = gbsg2()
    table = tabulate(cohort, PLAN.intervals)
    doubled = dataclasses.replace(table, data=table.data.assign(events=2 * table.data["events"]))
    (companion,) = cross_check(cohort, make_question(cohort, "no"), doubled, PLAN).companion
    assert companion.se_ratio == pytest.approx(1 / math.sqrt(2), rel=0.01)
    assert companion.agrees is False
    assert "differ by -29%" in companion.reason


def test_hazards_by_group_have_no_counterpart():
    (companion,) = checked(leukemia(), "0", BY_GROUP).companion
    assert (companion.agrees, companion.reason) == (None, "no frequentist counterpart")
    assert companion.log_hr > 0


def test_stratified_plans_stratify_both_fits_and_pooling_is_named():
    cohort = gbsg2(stratum="tgrade")
    common, free, pooled = (checked(cohort, "no", model) for model in (PLAN, FREE, POOLED))
    assert common.cox[0].log_coef != pytest.approx(free.cox[0].log_coef, abs=0.005)
    assert free.companion[0].agrees
    assert free.companion[0].log_hr != pytest.approx(common.companion[0].log_hr, abs=0.005)
    assert free.log_rank.method == "stratified log-rank"
    assert pooled.companion == free.companion
    assert any("pools its strata" in note for note in pooled.notes)
    assert free.notes == ()


def test_a_learnt_spread_is_held_against_fixed_categories():
    cohort = gbsg2(("age",), ("tgrade",))
    fixed, learnt = (checked(cohort, "no", dataclasses.replace(PLAN, exchangeable=x)) for x in (False, True))
    assert fixed.companion == learnt.companion
    assert learnt.companion[0].agrees


def test_only_contrasts_whose_groups_are_both_there():
    cohort = actg175()
    analysis = make_question(cohort, "zidovudine+zalcitabine")
    pair = actg175(arms={1: "zidovudine+didanosine", 2: "zidovudine+zalcitabine"})
    agreement = cross_check(pair, analysis, tabulate(pair, PLAN.intervals), PLAN)
    assert [(c.group, c.reference) for c in agreement.companion] == [
        ("zidovudine+didanosine", "zidovudine+zalcitabine")
    ]
    assert len(agreement.groups) == 2


def test_tied_share_counts_events_that_share_their_time():
    assert tied_share(np.array([1.0, 2, 2, 3, 4, 4, 4])) == 5 / 7
    assert tied_share(np.array([])) == 0


# Delayed entry


def test_delayed_entry_recovers_the_truth_and_ignoring_it_does_not():
    cohort = delayed_entry_trial()
    agreement = checked(cohort, "slow")
    (companion,), (cox,) = agreement.companion, agreement.cox
    assert companion.agrees, companion.reason
    assert abs(cox.log_coef - 0.7) < 3 * cox.log_se
    assert abs(companion.log_hr - 0.7) < 3 * companion.se
    ignoring = checked(dataclasses.replace(cohort, entry=np.zeros_like(cohort.entry)), "slow")
    assert abs(ignoring.cox[0].log_coef - 0.7) > 5 * ignoring.cox[0].log_se


# The same cohort again


def test_the_same_cohort_is_analysed_once_and_a_changed_one_again():
    """Equal content is what counts, not which object holds it."""
    cohort = actg175(("age",))
    again = dataclasses.replace(cohort, exit=cohort.exit.copy())
    first, second = checked(cohort, "didanosine"), checked(again, "didanosine")
    assert second.groups is first.groups
    assert second.companion == first.companion
    flipped = cohort.event.copy()
    flipped[np.flatnonzero(flipped)[0]] = False
    changes = {
        "one event less": dataclasses.replace(cohort, event=flipped),
        "another age": dataclasses.replace(cohort, covariates=(Covariate("age", cohort.covariates[0].values ** 2),)),
        "nobody's age": dataclasses.replace(cohort, covariates=()),
    }
    for what, changed in changes.items():
        assert checked(changed, "didanosine").cox != first.cox, what
    assert [c.reference for c in checked(cohort, "zidovudine").cox] == ["zidovudine"] * 3


# Two one-sided tests


def test_tost_is_the_inclusion_of_the_90_percent_interval():
    z = norm.ppf(0.95)
    for log_hr in np.linspace(-0.3, 0.3, 25):
        for se in (0.05, 0.1, 0.13, 0.2):
            included = math.log(0.80) < log_hr - z * se and log_hr + z * se < math.log(1.25)
            assert (tost_p(log_hr, se, ROPE) < 0.05) == included


def test_tost_by_hand_on_an_asymmetric_rope():
    rope = dataclasses.replace(ROPE, low=0.5, high=1.25)
    assert tost_p(0.1, 0.1, rope) == pytest.approx(norm.cdf((0.1 - math.log(1.25)) / 0.1))
    assert tost_p(-0.6, 0.1, rope) == pytest.approx(norm.cdf((math.log(0.5) + 0.6) / 0.1))
