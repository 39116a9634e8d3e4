"""Draws beside what data and prior imply: honest fits pass, exchanged labels and errors of sign do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from cohorts import actg175, gbsg2, leukemia, make_question
from scipy.integrate import quad

from bayesrefract.cohort.exposure import ExposureTable, tabulate
from bayesrefract.cohort.value import Cohort
from bayesrefract.decision.implied import FAULT_RATIO, Implied, implied
from bayesrefract.estimands import estimate
from bayesrefract.inference.compiler import Compiler
from bayesrefract.inference.mode import approximate
from bayesrefract.inference.nuts import sample
from bayesrefract.model.arrays import arrange
from bayesrefract.model.effects import design
from bayesrefract.model.priors import resolve_group_prior
from bayesrefract.study.model import Baseline, BaselineKind, GroupPriorName, Intervals, Model, Priors, StrataKind
from bayesrefract.study.rope import Rope

WALK = Model("primary", "", "", adjust="question")
COLLAPSED = replace(WALK, baseline=Baseline(BaselineKind.INDEPENDENT, shape=0.0))
ROPE = Rope(0.80, 1.25, "test", None, before_data=True)


def approximated(cohort: Cohort, reference: str, model: Model, **learnt: float) -> tuple[float, float]:
    analysis, table = make_question(cohort, reference), tabulate(cohort, model.intervals)
    prior = resolve_group_prior(model.priors, ROPE)
    values = {name: np.asarray(value) for name, value in learnt.items()}
    found = approximate(table, design(table, model), model.baseline, prior, analysis.primary, values)
    assert found is not None
    return found.contrast(analysis.primary)


@pytest.mark.parametrize(
    ("cohort", "reference", "cuts", "mean", "sd"),
    [
        (gbsg2(), "no", (365, 730, 1095, 1460, 1826), -0.357928, 0.123241),
        (
            actg175(arms={1: "zidovudine+didanosine", 2: "zidovudine+zalcitabine"}),
            "zidovudine+zalcitabine",
            (200, 400, 600, 800, 1000),
            -0.063772,
            0.135464,
        ),
    ],
)
def test_mode_and_curvature_are_near_the_posterior_by_quadrature(
    cohort: Cohort, reference: str, cuts: tuple[float, ...], mean: float, sd: float
) -> None:
    """Independent hazards without prior, Normal(0, 0.75) on the log ratio: mean and SD by numerical integration."""
    found = approximated(cohort, reference, replace(COLLAPSED, intervals=Intervals(cuts=cuts)))
    assert abs(found[0] - mean) < 0.05 * sd
    assert found[1] == pytest.approx(sd, rel=0.01)


@pytest.mark.parametrize(
    "priors",
    [
        Priors(GroupPriorName.SCEPTICAL),
        Priors(GroupPriorName.CUSTOM, (1.2, 3.0)),
        Priors(GroupPriorName.CUSTOM, (2, 9)),
    ],
    ids=["two humps", "beside 1", "far from 1"],
)
def test_priors_of_any_shape_are_counted(priors: Priors) -> None:
    """One interval: the log ratio's posterior is one-dimensional, and is integrated here."""
    cohort, model = leukemia(), replace(COLLAPSED, intervals=Intervals(cuts=()), priors=priors)
    table, prior = tabulate(cohort, model.intervals), resolve_group_prior(model.priors, ROPE)
    events, time = (np.bincount(table.group, weights=each.sum(axis=1)) for each in (table.events, table.exposure))
    primary = make_question(cohort, "0").primary
    one, other = table.groups.index(primary.group), table.groups.index(primary.reference)

    def density(log_ratio: float) -> float:
        humps = np.exp(-0.5 * ((log_ratio - np.array(prior.locations)) / prior.sds) ** 2) / prior.sds
        likelihood = events[one] * log_ratio - events.sum() * np.log(time[other] + time[one] * np.exp(log_ratio))
        return float(humps.sum() * np.exp(likelihood + 140))

    total, first, second = (quad(lambda b, k=k: density(b) * b**k, -5, 5, points=[-1.0], epsabs=0)[0] for k in range(3))
    mean, sd = first / total, np.sqrt(second / total - (first / total) ** 2)
    found = approximated(cohort, "0", model)
    assert abs(found[0] - mean) < 0.1 * sd
    assert found[1] == pytest.approx(sd, rel=0.05)


def sampled(cohort: Cohort, reference: str, model: Model) -> tuple[ExposureTable, tuple[Implied, ...], xr.DataArray]:
    analysis, table = make_question(cohort, reference), tabulate(cohort, model.intervals)
    prior = resolve_group_prior(model.priors, ROPE)
    arrays = arrange(table, model, prior, analysis.primary)
    posterior = sample(arrays, model.sampler, np.random.SeedSequence(1), "key", compiler=Compiler())
    ratios = estimate(posterior, table, arrays.design, analysis).log_hazard_ratio
    return table, implied(table, model, prior, analysis.primary, analysis.contrasts, posterior, ratios), ratios


@pytest.mark.parametrize(
    "model",
    [
        WALK,
        replace(WALK, baseline=Baseline(strata=StrataKind.POOLED)),
        replace(WALK, exchangeable=True),
        replace(WALK, baseline=Baseline(strata=StrataKind.FREE), priors=Priors(group=GroupPriorName.SCEPTICAL)),
        replace(WALK, baseline=Baseline(BaselineKind.INDEPENDENT)),
        replace(WALK, by_time=True, priors=Priors(change_scale=1.0)),
        replace(WALK, by_time=True, baseline=Baseline(BaselineKind.INDEPENDENT)),
    ],
    ids=["walk", "pooled", "exchangeable", "free-sceptical", "independent", "by-time", "by-time-independent"],
)
def test_honest_draws_are_what_data_and_prior_imply_and_exchanged_ones_are_not(model: Model) -> None:
    cohort = gbsg2(("age",), ("tgrade",)) if model.exchangeable else gbsg2(stratum="tgrade")
    _, (found,), ratios = sampled(cohort, "no", model)
    assert found.fault == ""
    assert abs(found.shift) < 0.1
    assert found.draws[1] / found.own[1] == pytest.approx(1.0, abs=0.1)
    values = ratios.to_numpy()
    wrong = {
        "exchanged labels": -values,
        "no effect": values - values.mean(),
        "too narrow": values.mean() + (values - values.mean()) / (1.05 * FAULT_RATIO),
    }
    for what, draws in wrong.items():
        other = replace(found, draws=(float(draws.mean()), float(draws.std())))
        assert "not those that data and prior imply" in other.fault, what


def test_a_narrow_prior_is_named_as_what_moves_the_estimate() -> None:
    narrow = replace(WALK, priors=Priors(group=GroupPriorName.CUSTOM, hr95=(0.90, 1.10)))
    (usual,), (moved,) = (sampled(leukemia(), "0", model)[1] for model in (WALK, narrow))
    assert usual.influence == ""
    assert moved.fault == ""
    assert "prior and pooling move the log hazard ratio by" in moved.influence
