"""The model with a hazard ratio that may change, sampled, against quadrature, its limits and Kaplan-Meier."""

from __future__ import annotations

from dataclasses import replace

import arviz as az
import numpy as np
import pytest
import xarray as xr
from cohorts import lung, make_cohort

from bayesrefract.cohort.exposure import tabulate
from bayesrefract.cohort.value import Cohort
from bayesrefract.estimands.hazard import hazard_draws, log_hazard_ratios, log_hazard_ratios_by_time
from bayesrefract.inference.compiler import Compiler
from bayesrefract.inference.nuts import sample
from bayesrefract.model.arrays import arrange
from bayesrefract.model.priors import default_prior
from bayesrefract.study.model import Baseline, BaselineKind, Intervals, Model, Priors
from bayesrefract.study.study import Contrast

MODEL = Model("by_time", "", "", by_time=True, baseline=Baseline(BaselineKind.INDEPENDENT, shape=0.1))
ON_LUNG = replace(MODEL, intervals=Intervals(cuts=(180, 365)))
MCSE_MULTIPLE = 4


@pytest.fixture(scope="module")
def compiler() -> Compiler:
    return Compiler()


def drawn(cohort: Cohort, model: Model, compiler: Compiler) -> tuple[xr.DataArray, xr.DataArray]:
    """Log hazard ratio of the second group against the first: on average, and by interval."""
    pair = Contrast(cohort.groups[1], cohort.groups[0], primary=True)
    table = tabulate(cohort, model.intervals)
    arrays = arrange(table, model, default_prior(), pair)
    posterior = sample(arrays, model.sampler, np.random.SeedSequence(7), "test", compiler=compiler)
    draws = hazard_draws(posterior, table, arrays.design)
    by_time = log_hazard_ratios_by_time(draws, table, [pair])
    assert by_time is not None
    return log_hazard_ratios(draws, table, [pair]).isel(contrast=0), by_time.isel(contrast=0)


def assert_mean(draws: xr.DataArray, expected: float, error_of_expected: float, what: str) -> None:
    error = float(az.mcse(draws.rename("x").to_dataset())["x"])
    found = float(draws.mean())
    assert abs(found - expected) <= MCSE_MULTIPLE * error + error_of_expected, f"{what}: {found}, MCSE {error}"


# Lung, sex 2 against 1, cuts at 180 and 365 days, independent hazards worth 0.1 events: by quadrature over the walk's
# sd, two innovations and the average, error below 0.001.
@pytest.mark.parametrize(
    ("scale", "average", "sd", "by_interval", "whole", "early"),
    [
        (0.3, -0.5088, 0.1633, (-0.5753, -0.4923, -0.4354), 0.0153, 0.0206),
        (1.0, -0.5163, 0.1645, (-0.6763, -0.4573, -0.3650), 0.0080, 0.0123),
    ],
)
def test_draws_meet_the_quadrature_on_lung(
    scale: float,
    average: float,
    sd: float,
    by_interval: tuple[float, ...],
    whole: float,
    early: float,
    compiler: Compiler,
) -> None:
    model = replace(ON_LUNG, priors=Priors(change_scale=scale))
    mean, by_time = drawn(lung(), model, compiler)
    assert_mean(mean, average, 0.001, "average")
    error = float(az.mcse(mean.rename("x").to_dataset(), method="sd")["x"])
    assert float(mean.std()) == pytest.approx(sd, abs=MCSE_MULTIPLE * error + 0.0001)
    for place, expected in enumerate(by_interval):
        assert_mean(by_time.isel(interval=place), expected, 0.001, f"interval {place + 1}")
    inside = (by_time > np.log(0.80)) & (by_time < np.log(1.25))
    assert_mean(inside.all("interval").astype(float), whole, 0.001, "inside throughout")
    assert_mean(inside.isel(interval=[0, 1]).all("interval").astype(float), early, 0.001, "inside to day 365")


def test_without_change_it_is_the_proportional_model(compiler: Compiler) -> None:
    """The proportional posterior on these intervals by quadrature: -0.5048 (0.1628)."""
    mean, by_time = drawn(lung(), replace(ON_LUNG, priors=Priors(change_scale=1e-4)), compiler)
    assert_mean(mean, -0.5048, 0.001, "average")
    assert float(abs(by_time - mean).max()) < 0.01


def test_one_interval_has_no_room_for_change(compiler: Compiler) -> None:
    mean, by_time = drawn(lung(), replace(MODEL, intervals=Intervals(cuts=())), compiler)
    assert float(abs(by_time.isel(interval=0) - mean).max()) < 1e-12


def test_a_ratio_that_crosses_is_found(compiler: Compiler) -> None:
    """Hazard times 0.45 for 10 months, then times 1.5: each interval within 4 posterior sd of the truth."""
    rng = np.random.default_rng(3)
    group = np.arange(3000) % 2
    early, late = 0.05 * np.where(group, 0.45, 1.0), 0.05 * np.where(group, 1.5, 1.0)
    cumulative = rng.exponential(size=len(group))
    time = np.where(cumulative < 10 * early, cumulative / early, 10 + (cumulative - 10 * early) / late)
    end = np.minimum(time, 40.0)
    cohort = make_cohort(end, time <= 40.0, [("control", "new")[code] for code in group])
    model = replace(MODEL, intervals=Intervals(cuts=(5, 10, 15, 20, 30)), priors=Priors(change_scale=1.0))
    mean, by_time = drawn(cohort, model, compiler)
    found, spread = by_time.mean(("chain", "draw")).to_numpy(), by_time.std(("chain", "draw")).to_numpy()
    truth = np.log([0.45, 0.45, 1.5, 1.5, 1.5, 1.5])
    assert np.all(np.abs(found - truth) < 4 * spread)
    assert np.all(spread < 0.3)
    assert float(mean.mean()) == pytest.approx(0.0, abs=0.4)
