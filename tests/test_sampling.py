"""The sampler against exact posteriors and known truths; tolerances are multiples of the MCSE."""

from __future__ import annotations

from dataclasses import replace

import arviz as az
import numpy as np
import pytest
import xarray as xr
from cohorts import actg175, gbsg2, leukemia, lung, make_cohort
from scipy.stats import f as f_distribution

from bayesrefract.cohort.exposure import tabulate
from bayesrefract.cohort.value import Cohort
from bayesrefract.inference.nuts import Compiler, sample
from bayesrefract.inference.posterior import Posterior
from bayesrefract.model.arrays import ModelArrays, arrange
from bayesrefract.model.priors import resolve_group_prior
from bayesrefract.study.model import (
    Baseline,
    BaselineKind,
    GroupPriorName,
    Intervals,
    Model,
    Priors,
    Sampler,
    StrataKind,
)
from bayesrefract.study.rope import Rope
from bayesrefract.study.study import Contrast

ROPE = Rope(0.80, 1.25, "test", None, before_data=True)
COLLAPSED = Model("collapsed", "", "", baseline=Baseline(BaselineKind.INDEPENDENT, shape=0.0))
WALK = Model("walk", "", "")
TWO_ARMS = {2: "zidovudine+zalcitabine", 1: "zidovudine+didanosine"}
MCSE_MULTIPLE = 4


def draw(cohort: Cohort, model: Model, compiler: Compiler, seed: int = 20240) -> Posterior:
    return sample(arrays_of(cohort, model), model.sampler, np.random.SeedSequence(seed), "test", compiler=compiler)


def arrays_of(cohort: Cohort, model: Model) -> ModelArrays:
    primary = Contrast(cohort.groups[1], cohort.groups[0], primary=True)
    return arrange(tabulate(cohort, model.intervals), model, resolve_group_prior(model.priors, ROPE), primary)


def log_hr(posterior: Posterior, group: int = 1, reference: int = 0) -> xr.DataArray:
    effect = posterior.draws["group_effect"]
    return effect.isel(group=group, drop=True) - effect.isel(group=reference, drop=True)


def assert_close(draws: xr.DataArray, expected: float, what: str) -> None:
    error = float(az.mcse(draws.to_dataset(name="x"))["x"])
    found = float(draws.mean())
    assert abs(found - expected) <= MCSE_MULTIPLE * error, f"{what}: {found:.6f}, expected {expected}, MCSE {error:.6f}"


# Collapsed hazards, a = 0, Normal(0, 0.75) on the log HR, by quadrature (the design's table).
QUADRATURE = {
    "actg175": (actg175, {"arms": TWO_ARMS}, (200, 400, 600, 800, 1000), -0.063772, 0.863347),
    "gbsg2": (gbsg2, {}, (365, 730, 1095, 1460, 1826), -0.357928, 0.136585),
    "lung": (lung, {}, (90, 180, 270, 365, 545), -0.503166, 0.041129),
}


@pytest.mark.parametrize("name", QUADRATURE)
def test_collapsed_draws_meet_the_quadrature_table(name: str, compiler: Compiler) -> None:
    factory, options, cuts, mean, inside = QUADRATURE[name]
    draws = log_hr(draw(factory(**options), replace(COLLAPSED, intervals=Intervals(cuts=cuts)), compiler))
    assert_close(draws, mean, "mean")
    assert_close((np.abs(draws) < np.log(1.25)).astype(float), inside, "P(0.80-1.25)")


def test_flat_prior_draws_meet_the_quadrature_table(compiler: Compiler) -> None:
    cuts = Intervals(cuts=(200, 400, 600, 800, 1000))
    model = replace(COLLAPSED, intervals=cuts, priors=Priors(group=GroupPriorName.FLAT))
    draws = log_hr(draw(actg175(arms=TWO_ARMS), model, compiler))
    assert_close(draws, -0.065932, "mean")
    assert_close((np.abs(draws) < np.log(1.25)).astype(float), 0.855376, "P(0.80-1.25)")


def test_hazards_by_group_give_the_exact_f_distribution_on_6mp(compiler: Compiler) -> None:
    """Gamma(1 + 9, 1 + 359) against Gamma(1 + 21, 1 + 182) per week: the HR is a scaled F."""
    baseline = Baseline(BaselineKind.INDEPENDENT, shape=1.0, rate=1.0, rate_unit="weeks", by_group=True)
    posterior = draw(leukemia(), replace(COLLAPSED, baseline=baseline, intervals=Intervals(cuts=())), compiler)
    assert "group_effect" not in posterior.draws
    hazard = posterior.draws["log_hazard"].isel(interval=0, drop=True)
    ratio = np.exp(hazard.sel(stratum="0", drop=True) - hazard.sel(stratum="1", drop=True))
    scaled = f_distribution(2 * 10, 2 * 22, scale=(10 / 360) / (22 / 183))
    for low, high, stated in ((0.15, 0.30, 0.62095), (0.10, 0.20, 0.35024)):
        assert scaled.cdf(high) - scaled.cdf(low) == pytest.approx(stated, abs=1e-5)
        assert_close(((ratio > low) & (ratio < high)).astype(float), stated, f"P({low}-{high})")


@pytest.mark.parametrize(("factory", "covariates"), [(actg175, ("age", "cd40")), (gbsg2, ()), (lung, ())])
def test_walk_has_no_divergence_and_agrees_with_the_collapsed_model(factory, covariates, compiler: Compiler) -> None:
    """Two baselines, one question: means within a tenth of the posterior sd, and no divergence."""
    cohort = factory(covariates=covariates)
    walk = draw(cohort, WALK, compiler)
    other = draw(cohort, Model("", "", "", baseline=Baseline(BaselineKind.INDEPENDENT)), compiler)
    assert int(walk.statistics["diverging"].sum()) == 0
    assert float(log_hr(walk).mean()) == pytest.approx(float(log_hr(other).mean()), abs=0.1 * float(log_hr(walk).std()))


def test_halving_every_interval_moves_the_primary_probability_by_less_than_a_hundredth(compiler: Compiler) -> None:
    cohort = actg175(arms=TWO_ARMS)
    coarse = (200.0, 400.0, 600.0, 800.0, 1000.0)
    fine = tuple(sorted((*coarse, *(100.0 + 200.0 * i for i in range(5)), 1100.0)))
    long = Sampler(draws=4000)
    inside = [
        float(
            (
                np.abs(log_hr(draw(cohort, replace(WALK, intervals=Intervals(cuts=cuts), sampler=long), compiler)))
                < np.log(1.25)
            ).mean()
        )
        for cuts in (coarse, fine)
    ]
    assert abs(inside[0] - inside[1]) < 0.01


def test_same_seed_same_draws_and_no_other(compiler: Compiler) -> None:
    model = replace(COLLAPSED, sampler=Sampler(tune=300, draws=200))
    one, again, other = (log_hr(draw(lung(), model, compiler, seed)).values for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_exchanging_events_and_censoring_moves_the_posterior(compiler: Compiler) -> None:
    """Sex 2 has fewer deaths and more censorings: exchanged, the log HR changes its sign."""
    cohort = lung()
    right = log_hr(draw(cohort, COLLAPSED, compiler))
    wrong = log_hr(draw(replace(cohort, event=~cohort.event), COLLAPSED, compiler))
    assert float(right.mean()) < -0.3
    assert float(wrong.mean()) > 0.0


def test_delayed_entry_recovers_the_truth_and_ignoring_it_does_not(compiler: Compiler) -> None:
    """HR 2 with entry after a delay that only the second group has; the early deaths are never seen."""
    rng = np.random.default_rng(3)
    n = 3000
    group = np.repeat([0, 1], n)
    time = rng.exponential(np.where(group == 1, 1.0, 2.0))
    entry = np.where(group == 1, rng.uniform(0, 1.5, 2 * n), 0.0)
    seen = time > entry
    levels = np.array(["a", "b"])[group[seen]]
    end = np.minimum(time[seen], 3.0)
    cohort = make_cohort(end, time[seen] < 3.0, list(levels), entry=np.minimum(entry[seen], end - 1e-9))
    truth = log_hr(draw(cohort, WALK, compiler))
    ignored = log_hr(draw(replace(cohort, entry=np.zeros_like(cohort.entry)), WALK, compiler))
    assert abs(float(truth.mean()) - np.log(2)) < 3 * float(truth.std())
    assert abs(float(ignored.mean()) - np.log(2)) > 3 * float(ignored.std())


def test_strata_free_and_pooled_recover_a_common_effect_under_different_baselines(compiler: Compiler) -> None:
    """HR 1.5 in both strata, baselines that differ fourfold and lean on the group: crude is biased."""
    rng = np.random.default_rng(5)
    n = 3000
    stratum = rng.integers(0, 2, n)
    group = (rng.random(n) < np.where(stratum == 1, 0.75, 0.25)).astype(int)
    time = rng.exponential(1 / (np.where(stratum == 1, 4.0, 1.0) * np.where(group == 1, 1.5, 1.0)))
    event = time < 1.0
    levels, strata = np.array(["a", "b"])[group], np.array(["s", "t"])[stratum]
    cohort = make_cohort(np.minimum(time, 1.0), event, list(levels), stratum=list(strata))
    for kind in (StrataKind.FREE, StrataKind.POOLED):
        for baseline in (Baseline(strata=kind), Baseline(BaselineKind.INDEPENDENT, strata=kind)):
            draws = log_hr(draw(cohort, Model("", "", "", baseline=baseline), compiler))
            assert abs(float(draws.mean()) - np.log(1.5)) < 3 * float(draws.std()), (kind, baseline.kind)
    crude = log_hr(draw(replace(cohort, strata=("all",), stratum=np.zeros(n, dtype=int)), WALK, compiler))
    assert abs(float(crude.mean()) - np.log(1.5)) > 3 * float(crude.std())
