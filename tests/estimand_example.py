"""Small tables and posteriors for tests of the estimands: two groups, three intervals, known hazards."""

from __future__ import annotations

import numpy as np
from cohorts import make_cohort
from posteriors import make_posterior

from bayesrefract.cohort.exposure import ExposureTable, tabulate
from bayesrefract.cohort.value import Cohort, Covariate
from bayesrefract.inference.posterior import Posterior
from bayesrefract.model.effects import Design, design
from bayesrefract.study.model import Intervals, Model

PLAN = Model("model", "A model", "For tests")
GROUPS = ("a", "b")
CUTS = (1.0, 2.5)
HAZARDS = np.array([0.3, 0.05, 0.4])


def two_groups(covariates: tuple[Covariate, ...] = (), n: int = 40, last: float = 6.0) -> Cohort:
    """n patients, half in each group, events spread evenly up to `last`."""
    time = np.linspace(0.1, last, n)
    return make_cohort(time, np.arange(n) % 3 > 0, [GROUPS[i % 2] for i in range(n)], covariates=covariates)


def patterned(n: int = 40) -> Cohort:
    """Two groups with a continuous and a categorical covariate."""
    rng = np.random.default_rng(5)
    return two_groups(
        (
            Covariate("age", rng.normal(60, 9, n).round(), per=10.0),
            Covariate("stage", rng.integers(0, 3, n).astype(float), levels=("I", "II", "III")),
        ),
        n,
    )


def prepared(cohort: Cohort, cuts: tuple[float, ...] = CUTS) -> tuple[ExposureTable, Design]:
    table = tabulate(cohort, Intervals(cuts=cuts))
    return table, design(table, PLAN)


def repeated(values: np.ndarray, samples: int = 8) -> np.ndarray:
    return np.repeat(np.asarray(values, dtype=float)[None], samples, axis=0)


def patterned_posterior(table: ExposureTable, columns: Design, samples: int = 8) -> Posterior:
    """Samples that differ, so that a mixed-up sample shows."""
    rng = np.random.default_rng(7)
    effect = rng.normal(0, 0.5, (samples, 1))
    return make_posterior(
        HAZARDS * np.exp(rng.normal(0, 0.3, (samples, 1, 1))),
        np.hstack([effect, -effect]),
        rng.normal(0, 0.6, (samples, len(columns.names))),
        groups=table.groups,
        columns=columns.names,
    )
