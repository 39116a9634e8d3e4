"""Summaries of draws: quantiles in the right place, and nothing invented where a median is not reached."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from bayesrefract.estimands import Effects
from bayesrefract.estimands.summaries import at_horizon, curve_bands, medians
from bayesrefract.study.study import Contrast

CONTRAST = Contrast("b", "a", primary=True)
DRAWS = 4001
SHARES = np.linspace(0, 1, DRAWS)[None]  # one chain of evenly spread draws: quantiles are known exactly


def per(dim: str, names: list[str], *values: np.ndarray) -> xr.DataArray:
    return xr.DataArray(np.stack(values, axis=-1), dims=("chain", "draw", dim), coords={dim: names})


def effects(median: np.ndarray = SHARES, *, horizon: bool = True) -> Effects:
    groups, labels = ["a", "b"], [CONTRAST.label]
    curves = xr.DataArray(
        np.stack([SHARES[0], 1 - SHARES[0]], axis=1)[:, :, None],
        dims=("curve_draw", "group", "time"),
        coords={"group": groups, "time": [1.0]},
    )
    parts = {
        "horizon": 3.0,
        "survival_at_horizon": per("group", groups, SHARES, SHARES / 2),
        "rmst": per("group", groups, 3 * SHARES, 2 * SHARES),
        "survival_difference": per("contrast", labels, -SHARES / 2),
        "rmst_difference": per("contrast", labels, -SHARES),
        "marginal_log_hazard_ratio": per("contrast", labels, 2 * SHARES - 1),
    }
    log_hr = per("contrast", labels, SHARES)
    return Effects((CONTRAST,), log_hr, per("group", groups, median, median), curves, **(parts if horizon else {}))


def test_quantities_at_the_horizon_have_their_own_quantiles() -> None:
    found = {(each.subject, each.quantity): each.value for each in at_horizon(effects())}
    assert (found["a", "rmst"].low, found["a", "rmst"].high) == (pytest.approx(0.075), pytest.approx(2.925))
    assert found["b", "survival"].estimate == pytest.approx(0.25)
    assert found[CONTRAST.label, "rmst_difference"].low == pytest.approx(-0.975)
    ratio = found[CONTRAST.label, "marginal_hazard_ratio"]
    assert (ratio.estimate, ratio.low) == (pytest.approx(1.0), pytest.approx(np.exp(-0.95)))
    assert len(found) == 7


def test_nothing_is_said_of_a_horizon_that_was_not_declared() -> None:
    assert at_horizon(effects(horizon=False)) == ()


def test_medians_that_are_not_reached_have_no_number() -> None:
    tenth = np.where(SHARES > 0.9, np.inf, SHARES)
    most = np.where(SHARES > 0.3, np.inf, SHARES)
    row, other = medians(effects(tenth))[0], medians(effects(most))[0]
    assert row.p_not_reached == pytest.approx(0.1, abs=1e-3)
    assert row.median.estimate == pytest.approx(0.5, abs=1e-3)
    assert row.median.high is None
    assert other.median.estimate is None
    assert other.median.low == pytest.approx(0.025, abs=1e-3)


def test_bands_hold_the_middle_95_per_cent_of_each_groups_curves() -> None:
    first, second = curve_bands(effects())
    assert (first.level, second.level) == ("a", "b")
    assert (first.low[0], first.median[0], first.high[0]) == pytest.approx((0.025, 0.5, 0.975))
