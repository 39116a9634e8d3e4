"""Standardised survival as loops over samples, strata, groups and pieces of follow-up, compiled.

Shapes: `step` (sample, baseline, piece) is the baseline cumulative hazard gained in each piece of
follow-up, `log_ratio` (sample, group), `coefficient` (sample, column), `x` (column, pattern), `weight`
(pattern,), `baseline_of` (group, stratum), `width` (piece,). Patterns of one stratum stand together,
those of stratum s from start[s] to start[s + 1].

The loops over groups and pieces do not visit every pattern. For every cumulative hazard H up to a known
most, the mean of exp(-H r) over patients with relative hazards r is the mean of an entire function of r.
The polynomial through a few Chebyshev points of the range of r meets that function to rounding, so that
its mean is a weighted sum over these points; their weights come from the means of the Chebyshev
polynomials over the patients. Trefethen (2013), Approximation Theory and Approximation Practice,
chapters 3 and 8. Measured with 2,139 patterns, 4,000 samples, 4 groups and 13 pieces: 0.2 s instead of
4.5 s of computing, with results equal to 1e-13.

All of it is in one file, because numba's cache notices no change in another.
"""

from __future__ import annotations

import math

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
BLOCK = 1024
"""Patterns that a processor's cache holds through all polynomials."""
LOG_ERROR = math.log(1e-17)
"""Log of the largest error of the polynomial: below rounding."""
MOST_MEAN_HAZARD = 12.0
"""Weights may be negative: where mean survival might be below exp(-12), rounding would show in its log."""


@njit(cache=True, nogil=True)
def mean_survival(
    step: Floats,
    log_ratio: Floats,
    coefficient: Floats,
    x: Floats,
    weight: Floats,
    start: Codes,
    baseline_of: Codes,
    width: Floats,
    level: float,
) -> tuple[Floats, Floats, Floats]:
    """Weighted mean survival at the end of each piece, its integral over the piece, and the time to `level`.

    The first two of shape (sample, group, piece); the last (sample, group), inf where the mean does not
    fall so far.
    """
    samples, _, pieces = step.shape
    groups, strata = baseline_of.shape
    survival = np.zeros((samples, groups, pieces))
    area = np.zeros((samples, groups, pieces))
    times = np.full((samples, groups), np.inf)
    ratio, share = np.empty(len(weight)), np.empty(len(weight))
    end = np.empty(strata, dtype=np.int64)
    for i in range(samples):
        _relative_hazards(coefficient[i], x, ratio)
        share[:] = weight
        group_ratio = np.exp(log_ratio[i])
        for s in range(strata):
            most = 0.0
            for g in range(groups):
                most = max(most, step[i, baseline_of[g, s]].sum() * group_ratio[g])
            end[s] = start[s] + condense(ratio[start[s] : start[s + 1]], share[start[s] : start[s + 1]], most)
        for g in range(groups):
            for s in range(strata):
                for p in range(start[s], end[s]):
                    hazard = ratio[p] * group_ratio[g]
                    _add_point(step[i, baseline_of[g, s]], hazard, share[p], width, survival[i, g], area[i, g])
            scale = group_ratio[g]
            times[i, g] = _time_to_level(
                survival[i, g], step[i], scale, ratio, share, start, end, baseline_of[g], width, level
            )
    return survival, area, times


@njit(cache=True, nogil=True)
def _relative_hazards(coefficient: Floats, x: Floats, ratio: Floats) -> None:
    """exp(coefficient @ x), (pattern,)."""
    ratio[:] = 0.0
    for c in range(len(coefficient)):
        for p in range(len(ratio)):
            ratio[p] += coefficient[c] * x[c, p]
    for p in range(len(ratio)):
        ratio[p] = np.exp(ratio[p])


@njit(cache=True, nogil=True)
def _add_point(step: Floats, ratio: float, weight: float, width: Floats, survival: Floats, area: Floats) -> None:
    """Add one point's survival and area to the sums of its group, each of shape (piece,).

    The integral of exp(-h t) over a piece of width w is w (1 - exp(-a)) / a with a = h w.
    """
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
def _time_to_level(
    survival: Floats,
    step: Floats,
    scale: float,
    ratio: Floats,
    share: Floats,
    start: Codes,
    end: Codes,
    baseline_of: Codes,
    width: Floats,
    level: float,
) -> float:
    """The time at which one group's mean survival falls to `level`; inf if it does not.

    Within a piece the log of a mean of exponentials is convex and falls, so that Newton's method from
    the piece's start cannot overshoot.
    """
    before = np.zeros(len(step))
    passed = 0.0
    for k in range(len(width)):
        if survival[k] <= level:
            part = 0.0
            for _ in range(NEWTON_STEPS):
                mean, slope = 0.0, 0.0
                for s in range(len(start) - 1):
                    b = baseline_of[s]
                    gained, gain = (before[b] + part * step[b, k]) * scale, step[b, k] * scale
                    for p in range(start[s], end[s]):
                        alive = share[p] * np.exp(-gained * ratio[p])
                        mean += alive
                        slope += alive * gain * ratio[p]
                move = np.log(mean / level) * mean / slope
                part = min(1.0, part + move)
                if move <= 1e-13:
                    break
            return passed + part * width[k]
        passed += width[k]
        before += step[:, k]
    return np.inf


@njit(cache=True, nogil=True)
def condense(ratio: Floats, share: Floats, most: float) -> int:
    """Replace relative hazards and their shares, both (pattern,), by equivalent points; returns how many.

    The points stand first in both arrays; what comes after them means nothing. most : the largest
    cumulative hazard of a patient with relative hazard 1. Where condensing would save nothing or cost
    digits, all patterns are kept.
    """
    size = len(ratio)
    if size == 0 or not most * np.dot(ratio, share) < MOST_MEAN_HAZARD * share.sum():  # so written, NaN is kept
        return size
    low, high = ratio.min(), ratio.max()
    middle, half = (low + high) / 2, (high - low) / 2
    points = points_needed(most * half, size)
    if points >= size:
        return size
    moments = np.zeros(points)
    for first in range(0, size, BLOCK):
        block = slice(first, first + BLOCK)
        moments += chebyshev_moments((ratio[block] - middle) / max(half, 1e-300), share[block], points)
    for j in range(points):
        place = math.cos(math.pi * (j + 0.5) / points)
        before, now = 1.0, place
        total = moments[0]
        for k in range(1, points):
            total += 2.0 * moments[k] * now
            before, now = now, 2.0 * place * now - before
        ratio[j], share[j] = middle + half * place, total / points
    return points


@njit(cache=True, nogil=True)
def points_needed(spread: float, limit: int) -> int:
    """How many points resolve exp(-spread x) on -1 to 1, relative to its largest value; at most `limit`.

    The Chebyshev coefficients are modified Bessel functions, bounded by the first term of their series:
    I_k(z) <= (z / 2)^k / k! exp(z^2 / (4 (k + 1))).
    """
    if spread == 0.0:
        return 1
    log_term = -spread
    for k in range(1, limit):
        log_term += math.log(spread / 2.0 / k)
        if log_term + spread**2 / (4.0 * (k + 1)) < LOG_ERROR:
            return k
    return limit


@njit(cache=True, nogil=True)
def chebyshev_moments(place: Floats, share: Floats, count: int) -> Floats:
    """Sums of share * T_k(place) for k below `count`, (count,); places within -1 to 1.

    Two polynomials a pass: T_2k = 2 T_k T_k - 1 and T_2k+1 = 2 T_k T_k+1 - T_1.
    """
    moments = np.empty(count + 1)
    before = np.sqrt(share)
    now = before * place
    moments[0], moments[1] = np.dot(before, before), np.dot(before, now)
    for k in range(2, count, 2):
        moments[k] = 2.0 * np.dot(now, now) - moments[0]
        for p in range(len(place)):
            following = 2.0 * place[p] * now[p] - before[p]
            before[p] = now[p]
            now[p] = following
        moments[k + 1] = 2.0 * np.dot(before, now) - moments[1]
    return moments[:count]
