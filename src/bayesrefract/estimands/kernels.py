"""Loops over samples, patterns, groups and pieces of follow-up, compiled: they know only arrays.

Shapes: `step` (sample, stratum, piece) is the baseline cumulative hazard gained in each piece of
follow-up, `log_ratio` (sample, group), `coefficient` (sample, column), `x` (pattern, column), `weight`
(pattern,), `baseline_of` (group, pattern), `width` (piece,). The linear predictor is computed inside,
so that memory does not grow with samples times patterns.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

SMALL = 1e-4
"""Below it (1 - exp(-a)) / a is taken from its series, which is exact to 1e-13 there."""
ALIKE = 1e-12
"""Pieces that gain the same hazard but for rounding (an even grid within an interval) share one exponential."""
NEWTON_STEPS = 60


@njit(cache=True, nogil=True)
def survival_and_area(
    step: Floats, log_ratio: Floats, coefficient: Floats, x: Floats, weight: Floats, baseline_of: Codes, width: Floats
) -> tuple[Floats, Floats]:
    """Weighted mean survival at the end of each piece, and its integral over the piece.

    Both of shape (sample, group, piece). The integral of exp(-h t) over a piece of width w is
    w (1 - exp(-a)) / a with a = h w.
    """
    samples, _, pieces = step.shape
    groups = log_ratio.shape[1]
    survival = np.zeros((samples, groups, pieces))
    area = np.zeros((samples, groups, pieces))
    for i in range(samples):
        for p in range(len(weight)):
            linear = 0.0
            for c in range(x.shape[1]):
                linear += x[p, c] * coefficient[i, c]
            for g in range(groups):
                ratio = np.exp(linear + log_ratio[i, g])
                _add_pattern(step[i, baseline_of[g, p]], ratio, weight[p], width, survival[i, g], area[i, g])
    return survival, area


@njit(cache=True, nogil=True)
def _add_pattern(step: Floats, ratio: float, weight: float, width: Floats, survival: Floats, area: Floats) -> None:
    """Add one pattern's survival and area to the sums of its group, each of shape (piece,)."""
    last, kept, mean, alive = -1.0, 1.0, 1.0, weight
    for k in range(len(width)):
        gained = step[k] * ratio
        if not abs(gained - last) <= ALIKE * gained:  # so written, NaN is not alike
            kept = np.exp(-gained)
            mean = 1.0 - gained / 2.0 + gained * gained / 6.0 if gained < SMALL else (1.0 - kept) / gained
            last = gained
        area[k] += alive * width[k] * mean
        alive *= kept
        survival[k] += alive


@njit(cache=True, nogil=True)
def time_to_level(
    step: Floats,
    log_ratio: Floats,
    coefficient: Floats,
    survival: Floats,
    x: Floats,
    weight: Floats,
    baseline_of: Codes,
    width: Floats,
    level: float,
) -> Floats:
    """The time at which the weighted mean survival falls to `level`, (sample, group); inf if it does not.

    survival : as `survival_and_area` gives it. Within a piece the log of a mean of exponentials is
    convex and falls, so that Newton's method from the piece's start cannot overshoot.
    """
    samples, groups, pieces = survival.shape
    strata = step.shape[1]
    times = np.full((samples, groups), np.inf)
    linear = np.empty(len(weight))
    before = np.empty(strata)
    for i in range(samples):
        for p in range(len(weight)):
            linear[p] = 0.0
            for c in range(x.shape[1]):
                linear[p] += x[p, c] * coefficient[i, c]
        for g in range(groups):
            before[:] = 0.0
            start = 0.0
            for k in range(pieces):
                if survival[i, g, k] <= level:
                    share = _share_of_piece(
                        before, step[i, :, k], log_ratio[i, g] + linear, weight, baseline_of[g], level
                    )
                    times[i, g] = start + share * width[k]
                    break
                start += width[k]
                before += step[i, :, k]
    return times


@njit(cache=True, nogil=True)
def _share_of_piece(
    before: Floats, step: Floats, linear: Floats, weight: Floats, baseline_of: Codes, level: float
) -> float:
    """The share u of a piece, 0 to 1, with mean of exp(-(before + u step) exp(linear)) = level."""
    share = 0.0
    for _ in range(NEWTON_STEPS):
        mean = 0.0
        slope = 0.0
        for p in range(len(weight)):
            ratio = np.exp(linear[p])
            s = baseline_of[p]
            alive = weight[p] * np.exp(-(before[s] + share * step[s]) * ratio)
            mean += alive
            slope += alive * step[s] * ratio
        move = np.log(mean / level) * mean / slope
        share = min(1.0, share + move)
        if move <= 1e-13:
            break
    return share
