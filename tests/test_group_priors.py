"""Priors of the group effects, as numbers: masses inside the ROPE, ranges, and every pair alike."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytest
from scipy.stats import norm
from test_model import ROPE

from bayesrefract.model.effects import zero_sum_basis
from bayesrefract.model.priors import resolve_group_prior
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


def test_custom_prior_is_read_as_a_hazard_ratio_range() -> None:
    prior = resolve_group_prior(Priors(group=GroupPriorName.CUSTOM, hr95=(0.25, 4.0)), ROPE)
    assert prior.central95() == (pytest.approx(0.25, rel=1e-6), pytest.approx(4.0, rel=1e-6))
