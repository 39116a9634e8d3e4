"""First courses of disease: smooth curves through the printed medians, from which the search starts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesrefract.studies.lenalidomide.rebuild.characteristics import Retreated
from bayesrefract.studies.lenalidomide.rebuild.objective import (
    FISH,
    GROUP,
    IS_SECOND,
    ISS,
    OS,
    OS_EVENT,
    PFS,
    PFS_AGAIN,
    PFS_AGAIN_EVENT,
    PFS_EVENT,
    RETREATED,
    WAIT,
)
from bayesrefract.studies.lenalidomide.rebuild.targets import TENTHS

LOG_2 = np.log(2)
LONGEST_MONTHS = 190.0
FOLLOW_UP_STRETCH = 1.15
"""Follow-up is drawn this much longer, for the patients who are censored earlier afterwards."""


@dataclass(frozen=True)
class Smooth:
    """Medians in months by group, and what the paper leaves open, as assumptions.

    `risk`: hazard ratio of ISS III, and of high-risk FISH (the paper prints neither). `shape`: of the Weibull curve
    of follow-up; `tail`: of progression-free survival, below 1 for hazards that fall. `died_first`: share of patients
    who die without a progression.
    """

    progression: tuple[float, float, float]
    survival: tuple[float, float, float]
    progression_again: tuple[float, float, float]
    follow_up: float
    wait: float
    events: tuple[int, int, int]
    events_again: tuple[int, int, int]
    risk: float = 1.4
    shape: float = 1.8
    tail: float = 0.8
    died_first: float = 0.08


def draw_courses(
    x: NDArray[np.int64], retreated: Retreated, smooth: Smooth, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Outcomes by `objective`'s columns, in tenths of a month: possible ones, near the printed medians."""
    n, group = len(x), x[:, GROUP]
    risk = smooth.risk ** ((x[:, ISS] == 1).astype(float) + (x[:, FISH] == 1) - 0.5)
    scale = np.array(smooth.progression)[group] / LOG_2 ** (1 / smooth.tail)
    progression = scale * (rng.exponential(size=n) / risk) ** (1 / smooth.tail)
    gap = np.maximum(np.array(smooth.survival) - np.array(smooth.progression), 12.0)
    death = progression + rng.exponential(gap[group] / LOG_2 / risk)
    death = np.where(rng.random(n) < smooth.died_first, progression, death)
    censoring = FOLLOW_UP_STRETCH * smooth.follow_up / LOG_2 ** (1 / smooth.shape) * rng.weibull(smooth.shape, n)
    censoring = np.minimum(censoring, LONGEST_MONTHS)
    y = np.zeros((n, 9), dtype=np.int64)
    for i in range(n):
        if retreated.again[i] and not retreated.is_second[i]:
            y[i] = _later(progression[i], death[i], censoring[i], smooth, int(group[i]), rng)
        else:
            y[i, :4] = _course(progression[i], death[i], censoring[i])
            if retreated.again[i]:
                y[i, RETREATED] = y[i, IS_SECOND] = 1
                y[i, PFS_AGAIN], y[i, PFS_AGAIN_EVENT] = y[i, PFS], y[i, PFS_EVENT]
    for code in range(3):
        inside = group == code
        _censor_some(y, inside & retreated.again, PFS_AGAIN_EVENT, smooth.events_again[code], rng)
        _censor_some(y, inside & ~retreated.again, PFS_EVENT, smooth.events[code] - _others(y, inside), rng)
    return y


def _others(y: NDArray[np.int64], inside: NDArray[np.bool_]) -> int:
    """Progressions on second line of those who are retreated."""
    return int(y[inside & (y[:, RETREATED] == 1), PFS_EVENT].sum())


def _censor_some(
    y: NDArray[np.int64], inside: NDArray[np.bool_], event: int, wanted: int, rng: np.random.Generator
) -> None:
    """Censor as many patients before their event as bring the events down to the number that is wanted."""
    having = np.flatnonzero(inside & (y[:, event] == 1))
    for i in rng.permutation(having)[: max(0, len(having) - max(wanted, 0))]:
        seen = rng.uniform(0.2, 1.0)
        y[i, OS_EVENT] = 0
        if y[i, RETREATED] and not y[i, IS_SECOND]:
            y[i, PFS_AGAIN], y[i, PFS_AGAIN_EVENT] = max(1, int(seen * y[i, PFS_AGAIN])), 0
            y[i, OS] = y[i, WAIT] + y[i, PFS_AGAIN]
            continue
        y[i, PFS], y[i, PFS_EVENT] = max(1, int(seen * y[i, PFS])), 0
        y[i, OS] = y[i, PFS]
        if y[i, RETREATED]:
            y[i, PFS_AGAIN], y[i, PFS_AGAIN_EVENT] = y[i, PFS], 0


def _course(progression: float, death: float, censoring: float) -> tuple[int, int, int, int]:
    end = max(1, round(min(death, censoring) * TENTHS))
    pfs = max(1, round(min(progression, death, censoring) * TENTHS))
    died = int(death <= censoring)
    return min(pfs, end), int(min(progression, death) <= censoring), end, died


def _later(
    progression: float, death: float, censoring: float, smooth: Smooth, group: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """A patient retreated in a later line: progressed, and alive and observed at that time."""
    wait = rng.exponential(smooth.wait / LOG_2) + 2.0
    pfs = min(progression, wait * rng.uniform(0.3, 1.0))
    again = rng.exponential(smooth.progression_again[group] / LOG_2)
    rest = max(rng.exponential(smooth.survival[group] / 2 / LOG_2), again if rng.random() < 0.8 else 0.0) + 0.5
    end, died = wait + rest, True
    if censoring > wait + 0.5:
        end, died = min(end, censoring), end <= censoring
    elif rng.random() < 0.4:
        died = False
    wait, end = min(wait, LONGEST_MONTHS - 5.0), min(end, LONGEST_MONTHS)
    waited, last = max(2, round(wait * TENTHS)), max(3, round(end * TENTHS))
    last = max(last, waited + 1)
    pfs_again = min(max(1, round(again * TENTHS)), last - waited)
    y = np.zeros(9, dtype=np.int64)
    y[PFS], y[PFS_EVENT], y[OS], y[OS_EVENT] = max(1, min(round(pfs * TENTHS), waited)), 1, last, int(died)
    y[RETREATED], y[IS_SECOND], y[WAIT], y[PFS_AGAIN] = 1, 0, waited, pfs_again
    y[PFS_AGAIN_EVENT] = int(died or waited + pfs_again < last)
    return y
