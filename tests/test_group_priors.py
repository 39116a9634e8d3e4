"""Priors of the group effects, as numbers: masses inside the ROPE, ranges, and every pair alike."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytest
from scipy.stats import norm
from test_model import ROPE

from bayesrefract.model.effects import zero_sum_basis
from bayesrefract.model.priors import FAVOURS_EQUIVALENCE, resolve_group_prior
from bayesrefract.study.model import GroupPriorName, Priors


def test_every_pairwise_log_hr_has_the_stated_prior() -> None:
    """Normal(0, 0.75), whatever the number of groups; and the sum is zero, as for ZeroSumNormal."""
    for count in (2, 3, 5):
        covariance = 0.75**2 / 2 * zero_sum_basis(count) @ zero_sum_basis(count).T
        with pm.Model(coords={"g": range(count)}):
            zero_sum = pm.ZeroSumNormal("z", sigma=0.75 / np.sqrt(2), dims="g")
            draws = pm.draw(zero_sum, draws=4000, random_seed=1, mode="FAST_COMPILE")
        pair = np.eye(count)[0] - np.eye(count)[1]
        assert pair @ covariance @ pair == pytest.approx(0.75**2)
        assert covariance.sum() == pytest.approx(0.0, abs=1e-12)
        spread = np.std(draws @ pair) * np.sqrt(1 / (2 * len(draws)))  # MCSE of a normal sd
        assert np.std(draws @ pair) == pytest.approx(0.75, abs=4 * spread)


def test_named_priors_have_their_mass_inside_the_rope() -> None:
    stated = {GroupPriorName.NEUTRAL: 0.50, GroupPriorName.ENTHUSIASTIC: 0.90, GroupPriorName.SCEPTICAL: 0.10}
    for name, mass in stated.items():
        prior = resolve_group_prior(Priors(group=name), ROPE)
        assert prior.mass_inside(0.80, 1.25) == pytest.approx(mass, abs=1e-9)
    default = resolve_group_prior(Priors(), ROPE)
    assert default.mass_inside(0.80, 1.25) == pytest.approx(np.diff(norm.cdf(np.log([0.80, 1.25]), 0, 0.75))[0])
    assert default.label(ROPE) == ""
    assert resolve_group_prior(Priors(group=GroupPriorName.NEUTRAL), ROPE).label(ROPE) == "favours equivalence"


@pytest.mark.parametrize("hr95", [(0.5, 0.9), (0.85, 1.10), (1.0, 4.0)])
def test_a_custom_prior_need_not_be_symmetric_about_1(hr95: tuple[float, float]) -> None:
    """95% between the two ratios on either scale; the pair turned round has the reciprocal ones."""
    prior = resolve_group_prior(Priors(group=GroupPriorName.CUSTOM, hr95=hr95), ROPE)
    assert prior.central95() == pytest.approx(hr95, rel=1e-6)
    assert prior.mass_inside(*hr95) == pytest.approx(0.95)
    assert prior.mass_inside(1 / hr95[1], 1 / hr95[0], overlap=-1.0) == pytest.approx(0.95)
    assert prior.mass_inside(hr95[0], hr95[1], overlap=-1.0) < 0.95
    centre, sd = np.log(hr95).mean(), np.diff(np.log(hr95)).item() / (2 * norm.ppf(0.975))
    inside = norm.cdf(np.log(ROPE.high), centre, sd) - norm.cdf(np.log(ROPE.low), centre, sd)
    assert prior.mass_inside(ROPE.low, ROPE.high) == pytest.approx(inside)
    usual = 2 * norm.cdf(np.log(1.25) / 0.75) - 1
    assert (prior.label(ROPE) == FAVOURS_EQUIVALENCE) is bool(inside > usual)


def test_custom_prior_is_read_as_a_hazard_ratio_range() -> None:
    prior = resolve_group_prior(Priors(group=GroupPriorName.CUSTOM, hr95=(0.25, 4.0)), ROPE)
    assert prior.central95() == (pytest.approx(0.25, rel=1e-6), pytest.approx(4.0, rel=1e-6))
