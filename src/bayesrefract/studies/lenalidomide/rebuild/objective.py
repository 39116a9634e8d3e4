"""How far a cohort is from the printed figures: one number, the sum over parts that can be computed alone.

A part is an endpoint in a population (Kaplan-Meier curves, log-rank tests, the unadjusted ratios), the adjusted
model of an endpoint, or the follow-up. A step of the search changes a few parts, and only these are computed again.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from bayesrefract.studies.lenalidomide.rebuild.kernels import cox, crossings_missed, log_rank
from bayesrefract.studies.lenalidomide.rebuild.targets import Targets

# Columns of a patient's outcome: times in tenths of a month, flags 0 or 1.
PFS, PFS_EVENT, OS, OS_EVENT, RETREATED, IS_SECOND, WAIT, PFS_AGAIN, PFS_AGAIN_EVENT = range(9)
# Columns of a patient's characteristics; -1 where not known.
GROUP, EGFR, ISS, FISH, PARTNERS, CLASS, ASCT, CLASS_AGAIN, ASCT_AGAIN, TO_RELAPSE = range(10)

N_ENDPOINTS = 4
EVERYBODY, RENAL, ADJUSTED = 0, 4, 8  # first part of each kind; the endpoint is added
FOLLOW_UP = 12
N_PARTS = 13

type Floats = NDArray[np.float64]
type Arrays = tuple[Floats, Floats, Floats, Floats, Floats]
"""Curves, deviates, ratios, adjusted ratios, follow-up: see `stacked`."""

SURVIVAL_SCALE = 0.01
"""A curve that misses by this counts 1."""
LOG_RATIO_SCALE = 0.01
DEVIATE_SCALE = 0.03
WAIT_SCALE = 5.0
SECOND_LINE_CLASSES, RETREATMENT_CLASSES = 6, 5


def stacked(targets: Targets) -> Arrays:
    """Targets as arrays over (endpoint, population), as compiled code requires them."""
    rows = targets.endpoints
    curves = np.array([[cell.curves for cell in row] for row in rows])
    z = np.array([[cell.z for cell in row] for row in rows])
    ratios = np.array([[cell.ratios for cell in row] for row in rows])
    adjusted = np.array([row[0].adjusted for row in rows])
    return curves, z, ratios, adjusted, targets.follow_up


@njit(cache=True)
def follow(y: NDArray[np.int64], endpoint: int, i: int) -> tuple[int, int]:
    """Time and event of one patient on an endpoint: PFS, OS, then both from retreatment."""
    if endpoint == 0:
        return y[i, PFS], y[i, PFS_EVENT]
    if endpoint == 1:
        return y[i, OS], y[i, OS_EVENT]
    if endpoint == 2:
        return y[i, PFS_AGAIN], y[i, PFS_AGAIN_EVENT]
    return y[i, OS] - y[i, WAIT], y[i, OS_EVENT]


@njit(cache=True)
def cost(distance: float, scale: float, miss: float) -> float:
    """Nothing for a number that is met; for others `miss` beside their distance, for a near miss is a miss."""
    return miss + distance / scale if distance > 0.0 else 0.0


@njit(cache=True)
def outside(value: float, wanted: NDArray[np.float64]) -> float:
    """Distance of a value from the range that is wanted; 0 where nothing is asked."""
    if np.isnan(wanted[0]):
        return 0.0
    return max(0.0, wanted[0] - value) + max(0.0, value - wanted[1])


@njit(cache=True)
def loss_of(
    part: int,
    y: NDArray[np.int64],
    x: NDArray[np.int64],
    targets: Arrays,
    betas: NDArray[np.float64],
    miss: float,
) -> float:
    """Distance of one part; `betas` (part, coefficient) keeps the last maximum of its Cox model as a start."""
    curves, z, ratios, adjusted, follow_up = targets
    if part == FOLLOW_UP:
        return follow_up_loss(y, x, follow_up, miss)
    if part >= ADJUSTED:
        return adjusted_loss(y, x, part - ADJUSTED, adjusted[part - ADJUSTED], betas[part], miss)
    endpoint, population = part % N_ENDPOINTS, part // N_ENDPOINTS
    return plain_loss(
        y,
        x,
        endpoint,
        population == 1,
        curves[endpoint, population],
        z[endpoint, population],
        ratios[endpoint, population],
        betas[part],
        miss,
    )


@njit(cache=True)
def plain_loss(
    y: NDArray[np.int64],
    x: NDArray[np.int64],
    endpoint: int,
    renal: bool,
    curves: NDArray[np.float64],
    z: NDArray[np.float64],
    ratios: NDArray[np.float64],
    beta: NDArray[np.float64],
    miss: float,
) -> float:
    """Medians with limits, log-rank tests and unadjusted ratios of one endpoint in one population."""
    n = len(y)
    time, event, group = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    count = 0
    for i in range(n):
        if (endpoint >= 2 and not y[i, RETREATED]) or (renal and x[i, EGFR]):
            continue
        time[count], event[count] = follow(y, endpoint, i)
        group[count] = x[i, GROUP]
        count += 1
    order = np.argsort(time[:count])
    time, event, group = time[:count][order], event[:count][order], group[:count][order]
    loss, missed = 0.0, np.empty(3)
    for g in range(3):
        inside = group == g
        crossings_missed(time[inside], event[inside], curves[g], missed)
        for curve in range(3):
            loss += cost(missed[curve], SURVIVAL_SCALE, miss)
    deviates = np.empty(3)
    log_rank(time, event, group, deviates)
    for pair in range(3):
        loss += cost(outside(deviates[pair], z[pair]), DEVIATE_SCALE, miss)
    if not np.isnan(ratios[0, 0, 0]):
        dummies = np.zeros((count, 2))
        for i in range(count):
            if group[i] == 0:
                dummies[i, 0] = 1.0
            elif group[i] == 2:
                dummies[i, 1] = 1.0
        loss += ratio_loss(time, event, dummies, ratios, beta[:2], miss)
    return loss


@njit(cache=True)
def ratio_loss(
    time: NDArray[np.int64],
    event: NDArray[np.int64],
    x: NDArray[np.float64],
    wanted: NDArray[np.float64],
    beta: NDArray[np.float64],
    miss: float,
) -> float:
    """How far the first two coefficients and their Wald limits are from what is printed."""
    covariance = cox(time, event, x, beta)
    loss = 0.0
    for k in range(2):
        width = 1.959963984540054 * np.sqrt(covariance[k, k])
        loss += cost(outside(beta[k], wanted[k, 0]), LOG_RATIO_SCALE, miss)
        loss += cost(outside(beta[k] - width, wanted[k, 1]), LOG_RATIO_SCALE, miss)
        loss += cost(outside(beta[k] + width, wanted[k, 2]), LOG_RATIO_SCALE, miss)
    return loss


@njit(cache=True)
def adjusted_loss(
    y: NDArray[np.int64],
    x: NDArray[np.int64],
    endpoint: int,
    wanted: NDArray[np.float64],
    beta: NDArray[np.float64],
    miss: float,
) -> float:
    """The paper's adjusted model of one endpoint, on the patients whose ISS and FISH are known.

    Second line: FISH, ISS, refractoriness to a partner drug, regimen class, ASCT. Retreatment: ISS, FISH, its own
    regimen class and ASCT.
    """
    if np.isnan(wanted[0, 0, 0]):
        return 0.0
    again = endpoint >= 2
    n, classes = len(y), RETREATMENT_CLASSES if again else SECOND_LINE_CLASSES
    p = 2 + 2 + (0 if again else 1) + (classes - 1) + 1
    time, event, who = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    count = 0
    for i in range(n):
        if (again and not y[i, RETREATED]) or x[i, ISS] < 0 or x[i, FISH] < 0:
            continue
        time[count], event[count] = follow(y, endpoint, i)
        who[count] = i
        count += 1
    order = np.argsort(time[:count])
    design = np.zeros((count, p))
    for row in range(count):
        i = who[order[row]]
        if x[i, GROUP] > 0:
            design[row, x[i, GROUP] - 1] = 1.0
        design[row, 2], design[row, 3] = x[i, FISH], x[i, ISS]
        design[row, 4] = x[i, ASCT_AGAIN] if again else x[i, ASCT]
        first = 5
        if not again:
            design[row, 5] = x[i, PARTNERS]
            first = 6
        category = x[i, CLASS_AGAIN] if again else x[i, CLASS]
        if category > 0:
            design[row, first + category - 1] = 1.0
    return ratio_loss(time[:count][order], event[:count][order], design, wanted, beta[:p], miss)


@njit(cache=True)
def follow_up_loss(y: NDArray[np.int64], x: NDArray[np.int64], wanted: NDArray[np.float64], miss: float) -> float:
    """Median follow-up of everybody, from first relapse and from diagnosis; the median wait for retreatment."""
    loss, missed = 0.0, np.empty(3)
    for origin in range(2):
        time = y[:, OS].copy()
        if origin == 1:
            time += x[:, TO_RELAPSE]
        order = np.argsort(time)
        crossings_missed(time[order], 1 - y[:, OS_EVENT][order], wanted[origin], missed)
        for curve in range(3):
            loss += cost(missed[curve], SURVIVAL_SCALE, miss)
    later = (y[:, RETREATED] == 1) & (y[:, IS_SECOND] == 0)
    return loss + cost(outside(np.median(y[later, WAIT]), wanted[2, 0]), WAIT_SCALE, miss)
