"""Simulated trials with known true hazard ratios, from a seeded function.

`equivalence_trial` has the truth for every verdict: hazard ratios against standard_dose, given the
covariates, are 1 (reduced_dose), 1.25 (short_course, on the edge of a ROPE of 0.80 to 1.25) and 1.60
(no_maintenance). Hazards are proportional, of Weibull form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayesrefract.study.study import DAYS_PER_MONTH


@dataclass(frozen=True)
class Arm:
    """Patients of one arm and their true hazard ratio against the first arm."""

    level: str
    patients: int
    hazard_ratio: float


@dataclass(frozen=True)
class Factor:
    """A covariate: its levels, how often each occurs, and its true hazard ratio against the first."""

    name: str
    levels: tuple[str, ...]
    shares: tuple[float, ...]
    hazard_ratios: tuple[float, ...]


ARMS = (
    Arm("standard_dose", 1400, 1.00),
    Arm("reduced_dose", 1400, 1.00),
    Arm("short_course", 500, 1.25),
    Arm("no_maintenance", 700, 1.60),
)
FACTORS = (
    Factor("stage", ("I", "II", "III"), (0.40, 0.35, 0.25), (1.00, 1.30, 1.70)),
    Factor("high_risk", ("no", "yes"), (0.80, 0.20), (1.00, 1.50)),
    Factor("older", ("no", "yes"), (0.55, 0.45), (1.00, 1.15)),
    Factor(
        "region",
        ("centre", "east", "north", "north_west", "south", "west"),
        (0.25, 0.20, 0.15, 0.10, 0.15, 0.15),
        (1.00, 0.90, 1.10, 1.05, 0.95, 1.15),
    ),
)
SHAPE = 1.2
"""Weibull shape: the hazard rises slowly."""
SCALE = 40.0
"""Months at which 63% of the patients with every hazard ratio 1 have had the event."""
DROPOUT_RATE = 0.003
"""Patients lost to follow-up per person-month."""
FOLLOW_UP = (36.0, 60.0)
"""Months from a patient's entry to the end of the trial, evenly spread over the accrual of two years."""


def equivalence_trial(seed: int) -> pd.DataFrame:
    """4,000 patients in random order, times in months, measured in whole days from day 1.

    Columns: patient, arm, stage, high_risk, older, region, months, event (1 or 0), end_of_follow_up.
    """
    rng = np.random.default_rng(seed)
    arm = rng.permutation(np.repeat(np.arange(len(ARMS)), [a.patients for a in ARMS]))
    count = len(arm)
    log_hazard = np.log([a.hazard_ratio for a in ARMS])[arm]
    drawn = {}
    for factor in FACTORS:
        code = rng.choice(len(factor.levels), size=count, p=factor.shares)
        log_hazard = log_hazard + np.log(factor.hazard_ratios)[code]
        drawn[factor.name] = np.array(factor.levels)[code]
    # S(t) = exp(-(t / scale)^shape * exp(log_hazard)), solved for t at a uniform S.
    event = _days(SCALE * (rng.exponential(size=count) / np.exp(log_hazard)) ** (1 / SHAPE))
    dropout = _days(rng.exponential(1 / DROPOUT_RATE, size=count))
    end = _days(rng.uniform(*FOLLOW_UP, size=count))
    last = np.minimum.reduce([event, dropout, end])
    return pd.DataFrame(
        {
            "patient": [f"S{i:04d}" for i in range(1, count + 1)],
            "arm": np.array([a.level for a in ARMS])[arm],
            **drawn,
            "months": last / DAYS_PER_MONTH,
            "event": (event == last).astype(int),
            "end_of_follow_up": end / DAYS_PER_MONTH,
        }
    )


def _days(months: NDArray[np.float64]) -> NDArray[np.float64]:
    """Whole days, rounded up: nothing happens on day 0."""
    return np.maximum(np.ceil(months * DAYS_PER_MONTH), 1.0)


TRIALS: dict[str, Callable[[int], pd.DataFrame]] = {"equivalence_trial": equivalence_trial}
"""Name after "simulated:" in a study file -> the function that makes the records."""
