"""Simulation-based calibration: truths drawn from the prior are covered as often as stated."""

from __future__ import annotations

import numpy as np
from cohorts import make_cohort
from scipy.stats import chisquare

from bayesrefract.cohort.exposure import tabulate
from bayesrefract.cohort.value import Cohort
from bayesrefract.inference.nuts import Compiler, sample
from bayesrefract.model.arrays import arrange
from bayesrefract.model.priors import DEFAULT_SD, resolve_group_prior
from bayesrefract.study.model import Baseline, BaselineKind, Intervals, Model, Sampler
from bayesrefract.study.study import Contrast

DATA_SETS = 1000
PATIENTS = 120
CUTS = np.array([1.0, 2.0, 3.0])
END = 5.0
SHAPE, RATE = 2.0, 10.0  # hazards around 0.2 per year: fixed constants of the scenario, nothing data-driven
PLAN = Model(
    "calibration",
    "",
    "",
    baseline=Baseline(BaselineKind.INDEPENDENT, shape=SHAPE, rate=RATE, rate_unit="days"),
    intervals=Intervals(cuts=tuple(CUTS)),
    sampler=Sampler(chains=2, tune=300, draws=500, target_accept=0.8),
)


def simulate(rng: np.random.Generator) -> tuple[Cohort, float]:
    """Hazards and log HR from the prior, patients from them, censored at the end of the study."""
    log_hr = rng.normal(0.0, DEFAULT_SD)
    hazard = rng.gamma(SHAPE, 1 / RATE, len(CUTS) + 1)
    group = np.arange(PATIENTS) % 2
    relative = np.exp(np.where(group == 1, 0.5, -0.5) * log_hr)
    target = rng.exponential(size=PATIENTS) / relative  # cumulative baseline hazard at the event
    edges = np.concatenate([[0.0], CUTS])
    reached = np.concatenate([[0.0], np.cumsum(hazard[:-1] * np.diff(edges))])
    piece = np.searchsorted(reached, target, side="right") - 1
    time = edges[piece] + (target - reached[piece]) / hazard[piece]
    levels = [("a", "b")[g] for g in group]
    return make_cohort(np.minimum(time, END), time < END, levels, groups=("a", "b")), log_hr


def test_intervals_cover_truths_drawn_from_the_prior(compiler: Compiler) -> None:
    """95% intervals cover within 92.6 to 97.1% of 1,000 data sets, and the truths' ranks are uniform."""
    rng = np.random.default_rng(20240)
    prior = resolve_group_prior(PLAN.priors, None)
    primary = Contrast("b", "a", primary=True)
    ranks = np.empty(DATA_SETS)
    for index in range(DATA_SETS):
        cohort, truth = simulate(rng)
        arrays = arrange(tabulate(cohort, PLAN.intervals), PLAN, prior, primary)
        posterior = sample(arrays, PLAN.sampler, np.random.SeedSequence(index), "calibration", compiler=compiler)
        effect = posterior.draws["group_effect"].values
        ranks[index] = np.mean(effect[..., 1] - effect[..., 0] < truth)
    covered = np.mean((ranks > 0.025) & (ranks < 0.975))
    assert 0.926 <= covered <= 0.971
    counts, _ = np.histogram(ranks, bins=20, range=(0, 1))
    assert chisquare(counts).pvalue > 0.001
