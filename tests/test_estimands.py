"""Estimands against closed forms, numerical integration, R, and each other."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from cohorts import leukemia, lung, make_cohort, make_question
from estimand_example import (
    CUTS,
    GROUPS,
    HAZARDS,
    PLAN,
    patterned,
    patterned_posterior,
    prepared,
    repeated,
    two_groups,
)
from posteriors import make_posterior
from scipy import integrate, optimize, stats

from bayesrefract.cohort.exposure import tabulate
from bayesrefract.cohort.value import Covariate
from bayesrefract.errors import EstimandError
from bayesrefract.estimands import Effects, check_horizon, conditional_survival, estimate
from bayesrefract.model.effects import design
from bayesrefract.study.model import Intervals
from bayesrefract.study.rope import Estimand
from bayesrefract.study.study import TimeUnit


def one_curve(effects: Effects, group: str) -> tuple[float, float, float]:
    """Survival at the horizon, restricted mean and median of the first draw."""
    assert effects.survival_at_horizon is not None
    assert effects.rmst is not None
    first = {"chain": 0, "draw": 0}
    return (
        float(effects.survival_at_horizon.sel(group=group)[first]),
        float(effects.rmst.sel(group=group)[first]),
        float(effects.median.sel(group=group)[first]),
    )


def test_one_constant_hazard_has_its_closed_forms() -> None:
    cohort = two_groups()
    table, columns = prepared(cohort, cuts=())
    posterior = make_posterior(repeated([[0.4]]), repeated([np.log(1.5) / 2, -np.log(1.5) / 2]), groups=GROUPS)
    effects = estimate(posterior, table, columns, make_question(cohort, "b", horizon=5.0))
    for group, hazard in [("a", 0.4 * np.sqrt(1.5)), ("b", 0.4 / np.sqrt(1.5))]:
        survival, rmst, median = one_curve(effects, group)
        assert survival == pytest.approx(np.exp(-5 * hazard), rel=1e-12)
        assert rmst == pytest.approx((1 - np.exp(-5 * hazard)) / hazard, rel=1e-12)
        assert median == pytest.approx(np.log(2) / hazard, rel=1e-12)
    np.testing.assert_allclose(np.exp(effects.log_hazard_ratio.sel(contrast="a vs b")), 1.5, rtol=1e-12)
    # Without covariates the marginal ratio is the conditional one.
    assert effects.marginal_log_hazard_ratio is not None
    np.testing.assert_allclose(effects.marginal_log_hazard_ratio, effects.log_hazard_ratio, rtol=1e-12)


def test_median_of_a_mixture_is_the_golden_ratio() -> None:
    """Half of the patients with hazard 1, half with 2: y + y^2 = 1 for y = exp(-t) at the median."""
    n = 40
    cohort = two_groups((Covariate("risk", np.repeat([0.0, 1.0], n // 2)),), n)
    table, columns = prepared(cohort, cuts=(0.2,))
    # The covariate is standardised to -1 and 1: log hazards 0 and log 2.
    posterior = make_posterior(
        repeated([[np.sqrt(2), np.sqrt(2)]]),
        repeated([0, 0]),
        repeated([np.log(2) / 2]),
        groups=GROUPS,
        columns=["risk"],
    )
    effects = estimate(posterior, table, columns, make_question(cohort, "b"))
    np.testing.assert_allclose(effects.median, np.log((1 + np.sqrt(5)) / 2), rtol=1e-12)


def test_piecewise_curves_agree_with_numerical_integration() -> None:
    cohort = patterned()
    table, columns = prepared(cohort)
    posterior = patterned_posterior(table, columns)
    effects = estimate(posterior, table, columns, make_question(cohort, "b", horizon=4.0))
    first = posterior.draws.isel(chain=0, draw=0)
    hazard = np.exp(first["log_hazard"].values[0])
    for group in GROUPS:
        ratio = np.exp(float(first["group_effect"].sel(group=group)) + columns.x @ first["coefficient"].values)

        def survival(t: float, ratio: np.ndarray = ratio) -> float:
            gained = sum(
                h * np.clip(t - low, 0, high - low)
                for h, low, high in zip(hazard, [0, *CUTS], [*CUTS, 99], strict=True)
            )
            return float(np.average(np.exp(-gained * ratio), weights=table.n_patients))

        expected = (
            survival(4.0),
            integrate.quad(survival, 0, 4.0, points=CUTS, epsabs=1e-12)[0],
            optimize.brentq(lambda t, survival=survival: survival(t) - 0.5, 0, 50, xtol=1e-13),
        )
        assert one_curve(effects, group) == pytest.approx(expected, rel=1e-9)


def test_differences_are_group_minus_reference() -> None:
    """Swapping the two groups turns every sign."""
    cohort = patterned()
    table, columns = prepared(cohort)
    posterior = patterned_posterior(table, columns)
    forward = estimate(posterior, table, columns, make_question(cohort, "b", horizon=4.0))
    backward = estimate(posterior, table, columns, make_question(cohort, "a", horizon=4.0))
    for estimand in filter(forward.has, Estimand):
        one = forward.of(estimand, forward.contrasts[0])
        assert np.abs(one).min() > 1e-4
        np.testing.assert_allclose(one, -backward.of(estimand, backward.contrasts[0]), atol=1e-12)
    assert forward.survival_difference is not None
    assert forward.survival_at_horizon is not None
    np.testing.assert_allclose(
        forward.survival_difference.sel(contrast="a vs b"),
        forward.survival_at_horizon.sel(group="a") - forward.survival_at_horizon.sel(group="b"),
        atol=1e-15,
    )


def test_order_of_groups_and_merging_change_nothing() -> None:
    cohort = patterned()
    table, columns = prepared(cohort)
    analysis = make_question(cohort, "b", horizon=4.0)
    posterior = patterned_posterior(table, columns)
    usual = estimate(posterior, table, columns, analysis)
    rows = tabulate(cohort, Intervals(cuts=CUTS), merge=False)
    by_row = estimate(posterior, rows, design(rows, PLAN), analysis)
    turned = dataclasses.replace(posterior, draws=posterior.draws.sel(group=["b", "a"]))
    relabelled = estimate(turned, table, columns, analysis)
    assert len(rows.group) > len(table.group)
    for other in (by_row, relabelled):
        np.testing.assert_allclose(other.median, usual.median, rtol=1e-12)
        np.testing.assert_allclose(other.rmst, usual.rmst, rtol=1e-12)
        np.testing.assert_allclose(other.log_hazard_ratio, usual.log_hazard_ratio, rtol=1e-12)


def test_unit_of_time_changes_no_ratio() -> None:
    months, days = two_groups(), two_groups(last=6.0 * 30)
    days = dataclasses.replace(months, exit=months.exit * 30.0, time_unit=TimeUnit.DAYS)
    table_m, columns = prepared(months)
    table_d, _ = prepared(days, cuts=tuple(30.0 * c for c in CUTS))
    effect = repeated([0.2, -0.2])
    in_months = estimate(
        make_posterior(repeated([HAZARDS]), effect, groups=GROUPS),
        table_m,
        columns,
        make_question(months, "b", horizon=4.0),
    )
    in_days = estimate(
        make_posterior(repeated([HAZARDS / 30]), effect, groups=GROUPS),
        table_d,
        columns,
        make_question(days, "b", horizon=120.0),
    )
    np.testing.assert_allclose(in_days.rmst, 30 * in_months.rmst, rtol=1e-12)
    np.testing.assert_allclose(in_days.median, 30 * in_months.median, rtol=1e-12)
    np.testing.assert_allclose(in_days.marginal_log_hazard_ratio, in_months.marginal_log_hazard_ratio, rtol=1e-12)


def test_restricted_mean_survives_a_vanishing_hazard() -> None:
    """At hazard 0 everybody lives to the horizon; next to 0 the integral is 4 - 4^2 h / 2."""
    cohort = two_groups()
    table, columns = prepared(cohort)
    for hazard in (0.0, 1e-15, 1e-9, 1e-5):
        posterior = make_posterior(repeated([[hazard] * 3, [0.5] * 3]), groups=GROUPS)
        effects = estimate(posterior, table, columns, make_question(cohort, "b", horizon=4.0))
        survival, rmst, median = one_curve(effects, "a")
        assert 4.0 - rmst == pytest.approx(8.0 * hazard - 32 / 3 * hazard**2, rel=1e-6, abs=1e-14)
        assert survival == pytest.approx(np.exp(-4 * hazard), rel=1e-14)
        assert median == np.inf


def test_median_is_infinite_beyond_follow_up_and_horizons_are_refused_there() -> None:
    cohort = two_groups(last=6.0)
    table, columns = prepared(cohort, cuts=())
    reached, missed = np.log(2) / 5.99, np.log(2) / 6.01
    posterior = make_posterior(repeated([[reached], [missed]]), groups=GROUPS)
    effects = estimate(posterior, table, columns, make_question(cohort, "b"))
    assert one_curve_median(effects, "a") == pytest.approx(5.99, rel=1e-12)
    assert one_curve_median(effects, "b") == np.inf
    with pytest.raises(EstimandError, match=r"horizon = 6\.1 days .* ends at 6"):
        check_horizon(table, make_question(cohort, "b", horizon=6.1))
    with pytest.raises(EstimandError, match="declare `horizon`"):
        effects.of(Estimand.RMST_DIFFERENCE, effects.contrasts[0])


def one_curve_median(effects: Effects, group: str) -> float:
    return float(effects.median.sel(group=group)[{"chain": 0, "draw": 0}])


def test_strata_keep_their_own_baseline() -> None:
    """Ten patients at hazard 0.2 and thirty at 0.6: the standardised curve is their weighted mean."""
    n = 40
    cohort = make_cohort(
        np.linspace(0.1, 6, n),
        np.ones(n, dtype=bool),
        [GROUPS[i % 2] for i in range(n)],
        stratum=["north" if i < 10 else "south" for i in range(n)],
    )
    table, columns = prepared(cohort, cuts=())
    posterior = make_posterior(repeated([[0.2], [0.6]]), repeated([0.0, 0.0]), groups=GROUPS, strata=cohort.strata)
    effects = estimate(posterior, table, columns, make_question(cohort, "b", horizon=3.0))
    expected = 0.25 * np.exp(-0.6) + 0.75 * np.exp(-1.8)
    assert one_curve(effects, "a")[0] == pytest.approx(expected, rel=1e-12)
    curves = conditional_survival(posterior, table, columns, {}, np.array([3.0]))
    assert float(curves.sel(stratum="south", group="b").isel(chain=0, draw=0, time=0)) == pytest.approx(np.exp(-1.8))


def test_hazards_by_group_are_averaged_with_the_events_of_both_groups() -> None:
    cohort = two_groups()
    table, columns = prepared(cohort, cuts=(2.0,))
    events = table.events.sum(axis=0)
    posterior = make_posterior(repeated([[0.2, 0.6], [0.1, 0.2]]), groups=GROUPS)
    effects = estimate(posterior, table, columns, make_question(cohort, "b"))
    expected = (events[0] * np.log(2) + events[1] * np.log(3)) / events.sum()
    np.testing.assert_allclose(effects.log_hazard_ratio, expected, rtol=1e-12)


def test_six_mp_hazard_ratio_is_a_scaled_f() -> None:
    """Freireich's trial, exponential hazards, Gamma(1, 1): P(0.15 < HR < 0.30) = 0.62095 exactly."""
    cohort = leukemia()
    table, columns = prepared(cohort, cuts=())
    events, weeks = table.events.sum(axis=1), table.exposure.sum(axis=1)
    assert (events.tolist(), weeks.tolist()) == ([9.0, 21.0], [359.0, 182.0])
    samples = 40_000
    hazard = np.random.default_rng(11).gamma(1 + events, 1 / (1 + weeks), (samples, 2))[:, :, None]
    posterior = make_posterior(hazard, groups=cohort.groups)
    effects = estimate(posterior, table, columns, make_question(cohort, "1"))
    ratio = np.exp(effects.log_hazard_ratio.sel(contrast="0 vs 1").values)
    scale = (10 / 360) / (22 / 183)
    for low, high, published in ((0.15, 0.30, 0.62095), (0.10, 0.20, 0.35024)):
        exact = np.diff(stats.f(20, 44).cdf(np.array([low, high]) / scale))[0]
        assert exact == pytest.approx(published, abs=5e-6)
        mcse = np.sqrt(exact * (1 - exact) / samples)
        assert np.mean((ratio > low) & (ratio < high)) == pytest.approx(exact, abs=4 * mcse)


def test_kaplan_meier_curve_as_hazards_gives_the_restricted_means_and_medians_of_r() -> None:
    """R 4.2.2, survival 3.5-3, lung without missing ph.ecog: RMST at 365 days and Kaplan-Meier medians.

    All hazard sits in a sliver just before each event time, at -log(1 - events / at risk): the curve is then
    that of Kaplan and Meier, but for falling up to one sliver early.
    """
    sliver = 2.0**-16  # exact in binary beside whole days
    cohort = dataclasses.replace(lung(covariates=("ph.ecog",)), covariates=())
    times = np.unique(cohort.exit[cohort.event & (cohort.exit <= 700)])
    table, columns = prepared(cohort, cuts=tuple(np.sort(np.concatenate([times - sliver, times]))))
    in_sliver = np.isin(table.edges[1:], times)
    at_risk = np.maximum(table.exposure / sliver, 1.0)
    hazard = np.where(in_sliver, -np.log1p(-np.where(in_sliver, table.events, 0.0) / at_risk) / sliver, 0.0)
    posterior = make_posterior(repeated(hazard), groups=cohort.groups)
    effects = estimate(posterior, table, columns, make_question(cohort, "1", horizon=365.0))
    for group, rmst, median in (("1", 242.739574864992, 270), ("2", 297.465409532037, 426)):
        assert one_curve(effects, group)[1:] == pytest.approx((rmst, median), abs=sliver)


def test_curves_lie_on_the_standardised_survival() -> None:
    cohort = patterned()
    table, columns = prepared(cohort)
    posterior = patterned_posterior(table, columns)
    effects = estimate(posterior, table, columns, make_question(cohort, "b", horizon=float(table.follow_up)))
    curves = effects.curves
    assert curves.dims == ("curve_draw", "group", "time")
    assert float(curves.time[-1]) == table.follow_up
    np.testing.assert_array_equal(curves.isel(time=0), 1.0)
    at_end = effects.survival_at_horizon.stack(sample=("chain", "draw")).transpose("sample", "group")
    np.testing.assert_allclose(curves.isel(time=-1), at_end, rtol=1e-12)
    assert (np.diff(curves, axis=2) <= 0).all()


def test_many_draws_are_thinned_for_curves_only() -> None:
    cohort = two_groups()
    table, columns = prepared(cohort, cuts=())
    posterior = make_posterior(np.full((2000, 1, 1), 0.3), np.zeros((2000, 2)), groups=GROUPS)
    effects = estimate(posterior, table, columns, make_question(cohort, "b"))
    assert effects.curves.sizes["curve_draw"] == 400
    assert effects.median.sizes["draw"] == 500


def test_contrasts_without_their_groups_are_left_out() -> None:
    cohort = two_groups()
    table, columns = prepared(cohort, cuts=())
    posterior = make_posterior(repeated([[0.4]]), repeated([0.0, 0.0]), groups=GROUPS)
    analysis = make_question(cohort, "b")
    absent = dataclasses.replace(analysis.contrasts[0], group="c")
    effects = estimate(
        posterior, table, columns, dataclasses.replace(analysis, contrasts=(*analysis.contrasts, absent))
    )
    assert list(effects.log_hazard_ratio.contrast.values) == ["a vs b"]
