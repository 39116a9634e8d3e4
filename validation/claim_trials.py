"""Simulated trials for the claims of the whole line: honest ones with covariates, and two whose hazards cross."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesrefract.cohort.value import Cohort
from validation.changing_ratios import CENSORED, UNIT

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


def weibull(patients: int, rng: np.random.Generator) -> pd.DataFrame:
    """Exponential times against Weibull times of shape 2.5 with the scale at which the average ratio is near 1."""
    group = np.arange(patients) % 2 == 1
    drawn = rng.exponential(size=patients)
    time = np.where(group, 14.0 * drawn ** (1 / 2.5), UNIT * drawn)
    return observed(time, group, rng.uniform(*CENSORED, patients))


def lower_then_higher(patients: int, rng: np.random.Generator) -> pd.DataFrame:
    """A hazard of 0.04 a month, in one group times 0.45 for ten months and times 1.5 from then on."""
    group = np.arange(patients) % 2 == 1
    early, late = 0.04 * np.where(group, 0.45, 1.0), 0.04 * np.where(group, 1.5, 1.0)
    drawn = rng.exponential(size=patients)
    time = np.where(drawn < CHANGE * early, drawn / early, CHANGE + (drawn - CHANGE * early) / late)
    return observed(time, group, rng.uniform(40, 60, patients))


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
