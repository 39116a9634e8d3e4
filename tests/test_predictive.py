"""The Kaplan-Meier predictive check: honest under the true model, alarmed under a wrong one."""

from __future__ import annotations

import dataclasses
from dataclasses import replace

import numpy as np
import pytest
from cohorts import gbsg2, make_cohort
from findings_example import findings
from lifelines import KaplanMeierFitter
from posteriors import make_posterior
from scipy import stats

from bayesrefract.cohort.exposure import tabulate
from bayesrefract.cohort.value import Cohort, Covariate
from bayesrefract.decision import VerdictWord
from bayesrefract.decision.misfit import misfit, without_curves
from bayesrefract.estimands import PredictiveCheck, predictive_check
from bayesrefract.estimands.hazard import hazard_draws
from bayesrefract.estimands.predictive import ENOUGH, event_times, potential_follow_up, product_limit
from bayesrefract.inference.posterior import Posterior
from bayesrefract.model.effects import design
from bayesrefract.report.tables import verdict_table
from bayesrefract.report.terminal import short_table
from bayesrefract.study.model import Intervals, Model
from bayesrefract.study.rope import Estimand

PLAN = Model("model", "A model", "For tests")
GROUPS = ("a", "b")
LOG_RATIO = 0.6


def known(hazard: np.ndarray, effect: float = LOG_RATIO, samples: int = 200) -> Posterior:
    """A posterior that knows the truth: every draw is the same."""
    return make_posterior(
        np.tile(hazard, (samples, 1, 1)), np.tile([effect / 2, -effect / 2], (samples, 1)), groups=GROUPS
    )


def exponential_cohort(rng: np.random.Generator, n: int, hazard: float, censoring: float) -> Cohort:
    """Two groups of n / 2 with exponential events and exponential censoring, cut at 8."""
    group = np.arange(n) % 2
    time = rng.exponential(size=n) / (hazard * np.exp(LOG_RATIO * (0.5 - group)))
    stop = np.minimum(rng.exponential(size=n) / censoring, 8.0)
    return make_cohort(np.minimum(time, stop), time <= stop, [GROUPS[g] for g in group])


def check(
    cohort: Cohort, posterior: Posterior, cuts: tuple[float, ...] = (), seed: int = 1, replicates: int = 200
) -> dict[str, PredictiveCheck]:
    table = tabulate(cohort, Intervals(cuts=cuts))
    found = predictive_check(posterior, table, design(table, PLAN), cohort, seed, replicates)
    return {one.level: one for one in found}


def test_true_model_gives_uniform_p_and_nominal_bands() -> None:
    rng = np.random.default_rng(31)
    posterior = known(np.array([[0.3]]))
    found = [
        one
        for seed in range(60)
        for one in check(exponential_cohort(rng, 160, 0.3, 0.15), posterior, seed=seed, replicates=100).values()
    ]
    p = np.array([one.p for one in found])
    assert stats.kstest(p, "uniform").pvalue > 0.001
    # The observed curve is one more replicate: it falls below an interpolated quantile of R others with
    # probability (0.025 (R - 1) + 1) / (R + 1), and above likewise.
    outside = np.array([one.outside for one in found])
    expected = 2 * (0.025 * 99 + 1) / 101
    assert outside.mean() == pytest.approx(expected, abs=4 * outside.std() / np.sqrt(len(outside)))


def test_crossing_hazards_under_a_constant_hazard_are_found() -> None:
    """Group a fails early and then no more, group b the other way round; each has the model's mean hazard."""
    rng = np.random.default_rng(37)
    n = 300
    early = rng.exponential(size=n) / 1.5
    early = np.where(early < 0.5, early, 0.5 + (early - 0.5) * 30)
    late = 2.0 + rng.exponential(size=n) / 1.5
    time = np.concatenate([early, late])
    cohort = make_cohort(np.minimum(time, 4.0), time <= 4.0, ["a"] * n + ["b"] * n)
    rate = float(cohort.event.sum() / cohort.exit.sum())
    for one in check(cohort, known(np.array([[rate]]), effect=0.0)).values():
        assert one.p == 0.0
        assert one.outside > 0.5


def test_swapped_groups_are_found() -> None:
    cohort = exponential_cohort(np.random.default_rng(41), 600, 0.3, 0.1)
    posterior = known(np.array([[0.3]]))
    swapped = dataclasses.replace(posterior, draws=posterior.draws.assign_coords(group=["b", "a"]))
    assert all(one.p > 0.02 for one in check(cohort, posterior).values())
    assert all(one.p == 0.0 for one in check(cohort, swapped).values())


def test_swapped_events_and_censorings_are_found() -> None:
    cohort = exponential_cohort(np.random.default_rng(43), 600, 0.4, 0.1)
    swapped = dataclasses.replace(cohort, event=~cohort.event)
    assert all(one.p < 0.01 for one in check(swapped, known(np.array([[0.4]]))).values())


def test_heavy_censoring_is_reproduced() -> None:
    """True S(3) = exp(-0.3) = 0.741 while nine in ten are censored, most of them before time 3."""
    rng = np.random.default_rng(47)
    n = 2000
    time, stop = rng.exponential(10.0, n), np.minimum(rng.exponential(1 / 0.7, n), 5.0)
    cohort = make_cohort(np.minimum(time, stop), time <= stop, [GROUPS[i % 2] for i in range(n)])
    assert cohort.event.mean() < 0.15
    for one in check(cohort, known(np.array([[0.1]]), effect=0.0)).values():
        at = int(np.searchsorted(one.times, 3.0))
        truth = np.exp(-0.1 * one.times[at])
        assert one.low[at] < truth < one.high[at]
        assert one.high[at] - one.low[at] < 0.12
        assert one.p > 0.02


def test_delayed_entry_is_honoured() -> None:
    """Only those who live to their entry are seen; naive curves would be far too high."""
    rng = np.random.default_rng(53)
    time, entry = rng.exponential(1 / 0.5, 4000), rng.uniform(0, 3, 4000)
    seen = time > entry
    time, entry = time[seen], entry[seen]
    cohort = make_cohort(np.minimum(time, 6.0), time <= 6.0, [GROUPS[i % 2] for i in range(len(time))], entry=entry)
    for one in check(cohort, known(np.array([[0.5, 0.5]]), effect=0.0), cuts=(1.0,)).values():
        assert one.p > 0.02
    ignored = dataclasses.replace(cohort, entry=np.zeros_like(entry))
    assert all(one.p == 0.0 for one in check(ignored, known(np.array([[0.5]]), effect=0.0)).values())


def test_event_times_follow_each_patients_piecewise_hazard() -> None:
    """The cumulative hazard between entry and the drawn time is a standard exponential."""
    rng = np.random.default_rng(59)
    n = 4000
    entry = np.where(np.arange(n) % 3 == 0, rng.uniform(0, 2, n), 0.0)
    cohort = make_cohort(
        np.full(n, 5.0),
        np.ones(n, dtype=bool),
        [GROUPS[i % 2] for i in range(n)],
        entry=entry,
        covariates=(Covariate("risk", rng.integers(0, 4, n).astype(float)),),
        stratum=["s" if i % 5 else "t" for i in range(n)],
    )
    table = tabulate(cohort, Intervals(cuts=(0.5, 1.5)))
    columns = design(table, PLAN)
    hazard = np.array([[0.8, 0.0, 0.5], [0.2, 1.0, 2.0]])
    posterior = make_posterior(
        np.tile(hazard, (4, 1, 1)), np.tile([0.3, -0.3], (4, 1)), np.full((4, 1), 0.7), groups=GROUPS,
        strata=cohort.strata, columns=["risk"],
    )  # fmt: skip
    pattern_of = table.data["pattern_of"].values
    times = event_times(hazard_draws(posterior, table, columns), 0, pattern_of, cohort, rng)
    assert (times > entry).all()
    ratio = np.exp(0.3 * (1 - 2 * cohort.group) + 0.7 * columns.x[pattern_of, 0])

    def cumulative(t: np.ndarray) -> np.ndarray:
        h = hazard[cohort.stratum]
        pieces = [np.clip(t, low, high) - low for low, high in ((0, 0.5), (0.5, 1.5), (1.5, np.inf))]
        return ratio * sum(h[:, j] * piece for j, piece in enumerate(pieces))

    assert stats.kstest(cumulative(times) - cumulative(entry), "expon").pvalue > 0.001
    assert not ((times > 0.5) & (times < 1.5) & (cohort.stratum == 0)).any()  # no hazard, no event


def test_product_limit_agrees_with_lifelines() -> None:
    cohort = gbsg2()
    entry = np.where(np.arange(cohort.n_patients) % 2 == 0, 0.4, 0.0) * cohort.exit
    entry[np.argsort(cohort.exit)[:50]] = 0.0  # a risk set from the start
    grid = np.linspace(0, 2500, 60)
    for late in (np.zeros_like(entry), entry):
        theirs = KaplanMeierFitter().fit(cohort.exit, cohort.event, entry=late if late.any() else None)
        ours = product_limit(late, cohort.exit, cohort.event)
        np.testing.assert_allclose(ours.at(grid), theirs.survival_function_at_times(grid), rtol=1e-10)


def test_potential_follow_up_keeps_what_is_known_and_draws_the_rest() -> None:
    """Censorings at 2, 4 and 6; the event at 3 could have been followed to 4 or 6, equally likely; the one
    at 7 is after every censoring and was followed to the end."""
    cohort = make_cohort([2, 3, 4, 6, 7], [0, 1, 0, 0, 1], ["a"] * 5)
    follow_up = potential_follow_up(cohort)
    rng = np.random.default_rng(61)
    ends = np.array([follow_up.draw(rng) for _ in range(2000)])
    assert (ends[:, [0, 2, 3, 4]] == [2, 4, 6, 7]).all()
    # Reverse Kaplan-Meier after 3: at risk 3 at time 4, 2 at time 6, then the last time.
    shares = [np.mean(ends[:, 1] == end) for end in (4.0, 6.0, 7.0)]
    assert sum(shares) == 1.0
    for share in shares:
        assert share == pytest.approx(1 / 3, abs=4 * np.sqrt(2 / 9 / 2000))
    dated = dataclasses.replace(cohort, administrative_end=np.array([9.0, 8.0, np.nan, 7.0, 7.5]))
    assert potential_follow_up(dated).draw(rng).tolist() == [9.0, 8.0, 4.0, 7.0, 7.5]


def test_follow_up_of_an_event_tied_with_the_last_censoring() -> None:
    """Events come first at a tied time: everybody was followed to 5, no later."""
    cohort = make_cohort([5, 5, 5, 1], [0, 1, 0, 1], ["a"] * 4)
    rng = np.random.default_rng(67)
    assert (np.array([potential_follow_up(cohort).draw(rng) for _ in range(20)]) == 5.0).all()


def test_same_seed_same_check_and_merging_is_seen_through() -> None:
    rng = np.random.default_rng(71)
    cohort = exponential_cohort(rng, 200, 0.3, 0.15)
    posterior = known(np.array([[0.3]]))
    one, again, other = (check(cohort, posterior, seed=seed)["a"] for seed in (5, 5, 6))
    np.testing.assert_array_equal(one.low, again.low)
    assert not np.array_equal(one.low, other.low)
    rows = tabulate(cohort, Intervals(cuts=()), merge=False)
    by_row = predictive_check(posterior, rows, design(rows, PLAN), cohort, 5)[0]
    np.testing.assert_array_equal(one.low, by_row.low)


def crossing(n: int = 2000) -> tuple[Cohort, Posterior]:
    """Hazards that cross, and a posterior of one common hazard, which fits neither group."""
    rng = np.random.default_rng(9)
    late = np.arange(n) % 2 == 1
    gained = rng.exponential(size=n)
    time = np.where(late, np.where(gained < 0.2, gained / 0.02, 10 + (gained - 0.2) / 0.2), gained / 0.06)
    cohort = make_cohort(np.minimum(time, 30), time <= 30, [GROUPS[g] for g in late.astype(int)])
    return cohort, known(np.array([[0.06]]), effect=0.0)


def test_a_model_that_fails_its_check_is_known_on_4000_replicates_and_another_one_on_200() -> None:
    cohort, posterior = crossing()
    table = tabulate(cohort, Intervals(cuts=()))
    of_b = {
        one.level: one for one in predictive_check(posterior, table, design(table, PLAN), cohort, 3, at_most=ENOUGH)
    }["b"]
    assert (of_b.p, of_b.replicates, of_b.fails) == (0.0, ENOUGH, True)
    assert not check(cohort, posterior)["b"].fails  # 200 replicates cannot show a p below 0.001
    fitting = exponential_cohort(np.random.default_rng(3), 400, 0.3, 0.15)
    table = tabulate(fitting, Intervals(cuts=()))
    right = predictive_check(known(np.array([[0.3]])), table, design(table, PLAN), fitting, 3, at_most=ENOUGH)
    assert [(one.replicates, one.fails) for one in right] == [(200, False)] * 2


def test_a_model_that_fails_its_check_claims_nothing_but_the_hazard_ratio() -> None:
    made = findings()
    level = made.analysis.primary.group
    failed = replace(made.predictive[0], level=level, p=0.0, replicates=ENOUGH)
    few = replace(failed, replicates=200)
    assert misfit((few,), made.analysis.contrasts) == ""
    assert misfit((replace(failed, level="another group"),), made.analysis.contrasts) == ""
    reason = misfit((failed,), made.analysis.contrasts)
    assert f"{level} none" in reason
    rmst = replace(made.verdicts[0], estimand=Estimand.RMST_DIFFERENCE)
    ratio, mean = without_curves((made.verdicts[0], rmst), reason)
    assert ratio == made.verdicts[0]
    assert (mean.word, mean.direction, mean.reasons) == (VerdictWord.WITHHELD, None, (reason,))
    assert without_curves((rmst,), "") == (rmst,)
    told = replace(made, misfit=reason)
    assert reason in short_table(told).notes
    assert reason in verdict_table(told).notes
