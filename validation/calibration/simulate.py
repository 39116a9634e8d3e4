"""Truths from the prior, and patients from the truths; everything that a prior is set by is fixed beforehand."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayesrefract.cohort.exposure import ExposureTable, tabulate
from bayesrefract.cohort.value import Cohort, Covariate, Flow
from bayesrefract.estimands.hazard import hazard_draws
from bayesrefract.inference.posterior import Posterior
from bayesrefract.model.arrays import ModelArrays, arrange
from bayesrefract.model.prior_draws import prior_draws
from bayesrefract.model.priors import GroupPrior, resolve_group_prior
from bayesrefract.study.model import Model
from bayesrefract.study.rope import Rope
from bayesrefract.study.study import Contrast, TimeUnit
from validation.calibration.scenarios import END, HAZARD, Scenario

Floats = NDArray[np.float64]

ROPE = Rope(0.80, 1.25, "calibration", None, before_data=True)
DESIGN_SEED = 20261128
FIXED = ("crude_log_hazard", "common_log_hazard", "step", "event_share", "rate", "change_step", "change_share")
"""Arrays by which a prior depends on the records; here they are constants of the scenario.

Were they taken from each data set, truths and fits would not have the same prior, and ranks would not be uniform.
"""


@dataclass(frozen=True)
class Design:
    """The patients of a scenario but for their times, and the prior.

    `cohort` holds times of a constant hazard; `limit` (patient,) is when each patient's follow-up ends at the latest.
    """

    scenario: Scenario
    plan: Model
    prior: GroupPrior
    cohort: Cohort = field(repr=False)
    limit: Floats = field(repr=False)
    fixed: ModelArrays = field(repr=False)

    @property
    def primary(self) -> Contrast:
        groups = self.cohort.groups
        return Contrast(groups[1], groups[0], primary=True)


@dataclass(frozen=True)
class DataSet:
    """One truth, under the names of a posterior's draws, and the patients that were drawn from it."""

    truth: Posterior = field(repr=False)
    cohort: Cohort
    table: ExposureTable = field(repr=False)
    arrays: ModelArrays = field(repr=False)


@cache
def design(scenario: Scenario) -> Design:
    """The design of a scenario: the same in every process.

    A third enters late. One patient enters just before the end, so that there is follow-up after every cut, however
    large the hazard that is drawn.
    """
    rng = np.random.default_rng(DESIGN_SEED)
    n, plan = scenario.patients, scenario.plan()
    entry = np.where(rng.random(n) < 1 / 3, rng.uniform(0, 0.4 * END, n), 0.0)
    limit = np.where(rng.random(n) < 1 / 4, rng.uniform(0.5 * END, END, n), END)
    entry[-1], limit[-1] = 0.999 * END, END
    group = np.arange(n) % 5 % scenario.groups
    stratum = rng.integers(0, scenario.strata, n)
    x, stage = rng.normal(size=n), rng.choice(3, n, p=[0.5, 0.3, 0.2])
    covariates = (Covariate("x", x), Covariate("stage", stage.astype(float), ("I", "II", "III")))
    time = entry + rng.exponential(1 / HAZARD, n)
    cohort = Cohort(
        groups=tuple("abc"[: scenario.groups]),
        group=group,
        entry=entry,
        exit=np.minimum(time, limit),
        event=time < limit,
        covariates=covariates if scenario.covariates else (),
        strata=tuple(f"s{code + 1}" for code in range(scenario.strata)),
        stratum=stratum,
        patient=tuple(map(str, range(n))),
        flow=Flow(n, {}, n),
        time_unit=TimeUnit.MONTHS,
    )
    prior, primary = resolve_group_prior(plan.priors, ROPE), Contrast("b", "a", primary=True)
    fixed = arrange(tabulate(cohort, plan.intervals), plan, prior, primary)
    return Design(scenario, plan, prior, cohort, limit, fixed)


def draw(plan: Design, rng: np.random.Generator) -> DataSet:
    """A truth from the prior, and patients from the truth."""
    found = prior_draws(plan.fixed, rng, 1)
    if found is None:
        raise AssertionError("an improper prior has no draws")
    truth = Posterior(found, xr.Dataset(), "truth", plan.fixed.by_group)
    cohort = times(plan, truth, rng)
    table = tabulate(cohort, plan.plan.intervals)
    return DataSet(truth, cohort, table, arranged(plan, table))


def arranged(plan: Design, table: ExposureTable) -> ModelArrays:
    """The arrays of a data set, with the constants of the scenario in its priors."""
    arrays = arrange(table, plan.plan, plan.prior, plan.primary)
    kept = {name: plan.fixed.values[name] for name in FIXED if name in plan.fixed.values}
    return replace(arrays, values=arrays.values | kept)


def times(plan: Design, truth: Posterior, rng: np.random.Generator) -> Cohort:
    """The patients with event times of this truth: each from its entry on, until its follow-up ends."""
    cohort = plan.cohort
    table = tabulate(cohort, plan.plan.intervals)
    hazards = hazard_draws(truth, table, plan.fixed.design)
    pattern = table.data["pattern_of"].to_numpy()
    baseline = hazards.log_hazard[0, hazards.baseline_of[cohort.group, hazards.stratum[pattern]]]
    linear = hazards.group_effect[0, cohort.group] + (hazards.x @ hazards.coefficient[0])[pattern]
    with np.errstate(over="ignore"):
        rate = np.exp(baseline + linear[:, None])  # (patient, interval)
    end = np.minimum(after(rate, table.edges, cohort.entry, rng.exponential(size=len(rate))), plan.limit)
    return replace(cohort, exit=end, event=end < plan.limit)


def after(rate: Floats, edges: Floats, entry: Floats, target: Floats) -> Floats:
    """When the cumulative hazard since `entry` reaches `target`: (patient,); infinite where it never does.

    rate : (patient, interval), between `edges` (interval + 1,), the last one infinite.
    """
    start = np.maximum(edges[:-1], entry[:, None])
    length = np.maximum(edges[1:] - start, 0.0)
    gained = np.cumsum(np.where(length > 0, rate * np.where(length > 0, length, 0.0), 0.0), axis=1)
    place = (gained < target[:, None]).sum(axis=1)
    inside = np.minimum(place, rate.shape[1] - 1)
    row = np.arange(len(rate))
    before = np.where(inside > 0, gained[row, np.maximum(inside - 1, 0)], 0.0)
    with np.errstate(divide="ignore"):
        found = start[row, inside] + (target - before) / rate[row, inside]
    return np.where(place < rate.shape[1], found, np.inf)
