"""Simulated trials for the claims of the whole line: honest ones with covariates, and those whose hazards cross."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesrefract.cohort.value import Cohort
from validation.changing_ratios import CENSORED, UNIT, Design, Pattern, trial

Floats = NDArray[np.float64]

SD_OF_RATIO = 0.4
"""Of the true log hazard ratio of an honest trial."""
SHAPES = (0.7, 1.0, 1.5)
"""Of the Weibull times, one for each trial."""
STAGES = ("I", "II", "III")
COVARIATES = ("x", "stage")
CHANGE = 10.0
"""Months after which a hazard that was lower is higher."""


def honest(patients: int, rng: np.random.Generator) -> pd.DataFrame:
    """Two groups of equal size with proportional hazards, a continuous covariate and one of three levels."""
    group = rng.permutation(patients) < patients // 2
    x, stage = rng.normal(size=patients), rng.choice(len(STAGES), patients, p=(0.5, 0.3, 0.2))
    linear = rng.normal(0, SD_OF_RATIO) * group + 0.4 * x + 0.3 * stage
    time = UNIT * (rng.exponential(size=patients) * np.exp(-linear)) ** (1 / rng.choice(SHAPES))
    frame = observed(time, group, rng.uniform(*CENSORED, patients))
    return frame.assign(x=x, stage=np.array(STAGES)[stage])


def lower_then_higher(patients: int, rng: np.random.Generator) -> Cohort:
    """A hazard of 0.04 a month, in one group times 0.45 for ten months and times 1.5 from then on."""
    cohort = trial(Pattern("the same patients"), Design("plain"), patients, rng)
    early, late = (0.04 * np.where(cohort.group == 1, ratio, 1.0) for ratio in (0.45, 1.5))
    drawn = rng.exponential(size=patients)
    time = np.where(drawn < CHANGE * early, drawn / early, CHANGE + (drawn - CHANGE * early) / late)
    censored = rng.uniform(40, 60, patients)
    return replace(cohort, exit=np.minimum(time, censored), event=time <= censored)


def crossing_weibull(patients: int, rng: np.random.Generator) -> Cohort:
    """Exponential times beside Weibull times of shape 2.5, the average hazard ratio 1."""
    return trial(Pattern("exponential, Weibull 2.5", weibull=2.5), Design("plain"), patients, rng)


def observed(time: Floats, group: NDArray[np.bool_], censored: Floats) -> pd.DataFrame:
    """Patients as records have them."""
    return pd.DataFrame(
        {
            "id": [f"S{place}" for place in range(len(time))],
            "arm": np.where(group, "new", "control"),
            "months": np.minimum(time, censored),
            "event": (time <= censored).astype(int),
        }
    )


def records(cohort: Cohort) -> pd.DataFrame:
    """A simulated cohort without covariates, entered at time 0, as records have it."""
    return pd.DataFrame(
        {
            "id": cohort.patient,
            "arm": np.array(cohort.groups)[cohort.group],
            "months": cohort.exit,
            "event": cohort.event.astype(int),
        }
    )
