"""What the priors imply: the numpy twin of each baseline's prior against PyMC's, and ranges by quadrature."""

from __future__ import annotations

import math

import numpy as np
import pymc as pm
import pytest
from cohorts import make_cohort
from scipy.integrate import quad
from scipy.special import k0
from scipy.stats import ks_2samp

from bayesrefract.cohort.exposure import ExposureTable, tabulate
from bayesrefract.model.arrays import ModelArrays, arrange
from bayesrefract.model.build import build
from bayesrefract.model.prior_predictive import QUANTILES, draw_hazard, prior_survival
from bayesrefract.model.priors import imply, resolve_group_prior
from bayesrefract.study.model import Baseline, BaselineKind, Model, StrataKind
from bayesrefract.study.study import Contrast

PRIMARY = Contrast("b", "a", primary=True)
DRAWS = 4000
TERMS = ("row_count", "row_time", "extra_count", "extra_time")
"""Of the person-time."""


def prepared(baseline: Baseline, *, pad: bool = True) -> tuple[ModelArrays, ExposureTable, Model]:
    rng = np.random.default_rng(2)
    n = 240
    cohort = make_cohort(
        rng.exponential(200, n) + 1,
        rng.random(n) < 0.7,
        [("a", "b")[i % 2] for i in range(n)],
        stratum=[("s", "t", "u")[i % 3] for i in range(n)],
    )
    model = Model("model", "", "", baseline=baseline)
    table = tabulate(cohort, model.intervals)
    return arrange(table, model, resolve_group_prior(model.priors, None), PRIMARY, pad=pad), table, model


@pytest.mark.parametrize("strata", [StrataKind.FREE, StrataKind.POOLED])
@pytest.mark.parametrize(
    ("kind", "scales"),
    [
        (BaselineKind.RANDOM_WALK, {}),
        # A wide level hides the walk, and a wide walk what a stratum adds to it.
        (BaselineKind.RANDOM_WALK, {"level_sd": 0.01}),
        (BaselineKind.RANDOM_WALK, {"level_sd": 0.01, "innovation_sd": 0.01}),
        (BaselineKind.INDEPENDENT, {"shape": 2.0}),
    ],
)
def test_hazards_are_drawn_from_the_prior_of_the_model(
    kind: BaselineKind, scales: dict[str, float], strata: StrataKind
) -> None:
    """Each interval's hazard, and that of the last against the first, from PyMC's own model of the prior."""
    arrays, _, _ = prepared(Baseline(kind, strata=strata, **scales), pad=False)
    ours = np.log(draw_hazard(arrays, np.random.default_rng(3), DRAWS))
    model = build(arrays)
    events = arrays.values["stratum_events"]
    if kind is BaselineKind.RANDOM_WALK:
        theirs = pm.draw(model["log_hazard"], draws=DRAWS, random_seed=4, mode="FAST_COMPILE")[:, 0]
    else:  # integrated out: given no event and no time at risk, the conditional distribution is the prior
        names = [model["hazard_shape"], model["hazard_rate"]]
        with model:
            pm.set_data({name: np.zeros_like(arrays.values[name]) for name in TERMS})
        shape, rate = pm.draw(names, draws=DRAWS, random_seed=4, mode="FAST_COMPILE")
        theirs = np.log(np.random.default_rng(5).gamma(shape - events, 1 / rate))[:, 0]
    assert ours.shape == theirs.shape
    for j in range(ours.shape[1]):
        assert ks_2samp(ours[:, j], theirs[:, j]).pvalue > 1e-4
    assert ks_2samp(ours[:, -1] - ours[:, 0], theirs[:, -1] - theirs[:, 0]).pvalue > 1e-4


def test_padding_does_not_change_the_prior() -> None:
    baseline = Baseline(strata=StrataKind.POOLED)
    padded, plain = prepared(baseline)[0], prepared(baseline, pad=False)[0]
    assert padded.structure.n_strata > plain.structure.n_strata
    one, other = (draw_hazard(arrays, np.random.default_rng(6 + i), DRAWS) for i, arrays in enumerate((padded, plain)))
    assert one.shape == other.shape
    for j in range(one.shape[1]):
        assert ks_2samp(one[:, j], other[:, j]).pvalue > 1e-4


def test_survival_starts_at_one_and_falls_and_an_improper_prior_has_none() -> None:
    arrays, table, _ = prepared(Baseline())
    survival = prior_survival(arrays, table, np.random.default_rng(7))
    assert survival is not None
    assert survival.shape == (len(QUANTILES), 41)
    assert (survival.isel(time=0) == 1.0).all()
    assert (np.diff(survival, axis=1) <= 0).all()
    assert (np.diff(survival, axis=0) >= 0).all()
    assert float(survival.time[-1]) == table.last_event
    arrays, table, _ = prepared(Baseline(BaselineKind.INDEPENDENT, shape=0.0))
    assert prior_survival(arrays, table, np.random.default_rng(7)) is None


def test_range_of_a_learnt_spread_is_that_of_a_product_of_normals() -> None:
    """Normal(0, s) with s half-normal(1) has the density K0(|x|) / pi of a product of two standard normals."""
    arrays, _, model = prepared(Baseline(innovation_sd=0.4))
    rows = imply(model, resolve_group_prior(model.priors, None), arrays.design, PRIMARY, None)
    (walk,) = [row for row in rows if "end against start" in row.quantity]
    assert walk.hazard_ratio95 is not None
    low, high = walk.hazard_ratio95
    assert low * high == pytest.approx(1.0)
    mass, _ = quad(k0, math.log(high) / 0.4, 40)
    assert mass / math.pi == pytest.approx(0.025, rel=1e-8)
