"""Trials with proportional hazards, on which the gates have nothing to find."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bayesrefract.cohort.value import Cohort, Covariate, Flow
from bayesrefract.study.study import TimeUnit

type Integers = NDArray[np.int64]

FEW, MANY = 5, 200
STRATA, COVARIATES, LEVELS = 20, 8, 3
SD_OF_GROUPS, SD_OF_STRATA, SD_OF_LEVELS = 0.4, 0.4, 0.3
"""Of log hazards: known to nobody who fits."""


def trial(group: Integers, rng: np.random.Generator, stratum: Integers, levels: Integers, until: float) -> Cohort:
    """Weibull times with proportional hazards, and uniform censoring between `until` / 2 and `until`.

    group, stratum : (patient,). levels : (patient, covariate). The median time is about 1.
    """
    effect = rng.normal(0, SD_OF_GROUPS, group.max() + 1)[group] + rng.normal(0, SD_OF_STRATA, STRATA)[stratum]
    for codes in levels.T:
        effect = effect + rng.normal(0, SD_OF_LEVELS, LEVELS)[codes]
    time = (rng.exponential(size=len(group)) * np.exp(-effect) / np.log(2)) ** (1 / rng.choice([0.7, 1.0, 1.5]))
    censored = rng.uniform(until / 2, until, len(group))
    return Cohort(
        entry=np.zeros(len(group)),
        patient=tuple(map(str, range(len(group)))),
        exit=np.minimum(time, censored),
        event=time <= censored,
        group=group,
        groups=tuple("abcd"[: group.max() + 1]),
        stratum=stratum,
        strata=tuple(f"s{code:02}" for code in range(int(stratum.max()) + 1)),
        covariates=tuple(
            Covariate(f"x{i}", codes.astype(float), tuple("klm"[:LEVELS])) for i, codes in enumerate(levels.T)
        ),
        time_unit=TimeUnit.YEARS,
        flow=Flow(len(group), {}, len(group)),
        data_sha256="",
    )


def _groups(patients: int, shares: Sequence[float], rng: np.random.Generator) -> Integers:
    """Groups of about these shares; none is empty."""
    return np.concatenate([np.arange(len(shares)), rng.choice(len(shares), patients - len(shares), p=shares)]).astype(
        np.int64
    )


def _plain(group: Integers, rng: np.random.Generator, until: float) -> Cohort:
    nothing = np.zeros(len(group), dtype=np.int64)
    return trial(group, rng, nothing, np.zeros((len(group), 0), dtype=np.int64), until)


def in_strata(rng: np.random.Generator) -> Cohort:
    """400 patients in 20 strata of unequal sizes."""
    stratum = np.concatenate([np.arange(STRATA), rng.choice(STRATA, 380, p=rng.dirichlet(np.full(STRATA, 3.0)))])
    group = _groups(400, (0.5, 0.5), rng)
    rng.shuffle(group)
    return trial(group, rng, stratum.astype(np.int64), np.zeros((400, 0), dtype=np.int64), 2.0)


def with_covariates(rng: np.random.Generator) -> Cohort:
    """About 41 events of 100 patients with 8 covariates of 3 categories."""
    while True:
        levels = rng.choice(LEVELS, (100, COVARIATES), p=(0.5, 0.3, 0.2))
        made = trial(_groups(100, (0.4, 0.6), rng), rng, np.zeros(100, dtype=np.int64), levels, 1.1)
        if 38 <= made.n_events <= 44:
            return made


def few_and_many(rng: np.random.Generator) -> Cohort:
    """Two groups of 5 and of about 200 events."""
    while True:
        made = _plain(_groups(360, (0.025, 0.975), rng), rng, 2.0)
        events = np.bincount(made.group[made.event], minlength=2)
        if events[0] == FEW and abs(events[1] - MANY) <= 20:
            return made


def four_groups(rng: np.random.Generator) -> Cohort:
    """240 patients in four groups of unequal sizes."""
    return _plain(_groups(240, (0.4, 0.3, 0.2, 0.1), rng), rng, 2.0)
