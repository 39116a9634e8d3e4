"""Kaplan-Meier limits, log-rank statistics and Cox regression as compiled loops, for a search that asks them often.

They are held to lifelines by a test, and a finished cohort is judged by lifelines alone (`bayesrefract.fidelity`).
Times are whole numbers of tenths of a month; groups are codes from 0; `order` sorts the times, ascending.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Z_95 = 1.959963984540054
PAIRS = ((0, 1), (0, 2), (1, 2))
"""Pairs of groups, in the order of `log_rank`."""
HALF = 0.5
CLEAR = 1e-6
"""How far a curve keeps from exactly one half, where R's midpoint rule would begin."""
SMALL_STEP = 3e-4
"""Newton's last step: what is left after it is about its square."""
CURVES = 3
"""Survival and its two limits."""


@njit(cache=True)
def crossings_missed(
    time: NDArray[np.int64], event: NDArray[np.int64], wanted: NDArray[np.float64], missed: NDArray[np.float64]
) -> None:
    """How far the curves of one group are from crossing one half within the wanted times, in survival.

    time, event : of the group, sorted. wanted : shape (3, 2), for the curve, its lower and its upper limit the last
    time at which it has to be above one half and the first at which it has to be below; NaN where nothing is
    asked, and (inf, inf) for a limit that must not be reached. missed : shape (3,), filled. Limits are R's
    "log": S exp(+-z sqrt(sum d / (n (n - d)))), with no upper limit once S is 0.
    """
    n = len(time)
    survival, greenwood = 1.0, 0.0
    value = np.ones(CURVES)
    before, after = np.full(CURVES, np.nan), np.full(CURVES, np.nan)
    i = 0
    while i < n:
        now, died, at_risk = time[i], 0, n - i
        while i < n and time[i] == now:
            died += event[i]
            i += 1
        for curve in range(CURVES):
            if math.isnan(before[curve]) and now > wanted[curve, 0]:
                before[curve] = value[curve]
            if math.isnan(after[curve]) and now > wanted[curve, 1]:
                after[curve] = value[curve]
        if died:
            survival *= 1.0 - died / at_risk
            if died < at_risk:
                greenwood += died / (at_risk * (at_risk - died))
                width = Z_95 * math.sqrt(greenwood)
                value[0], value[1] = survival, survival * math.exp(-width)
                value[2] = min(1.0, survival * math.exp(width))
            else:
                value[0], value[1] = 0.0, 0.0  # the upper limit stays what it was: it is not defined any more
    for curve in range(CURVES):
        missed[curve] = 0.0
        if math.isnan(wanted[curve, 0]):
            continue
        first = value[curve] if math.isnan(before[curve]) else before[curve]
        missed[curve] += max(0.0, HALF + CLEAR - first)
        if not math.isinf(wanted[curve, 1]):
            last = value[curve] if math.isnan(after[curve]) else after[curve]
            missed[curve] += max(0.0, last - HALF + CLEAR)


@njit(cache=True)
def log_rank(
    time: NDArray[np.int64], event: NDArray[np.int64], group: NDArray[np.int64], z: NDArray[np.float64]
) -> None:
    """Standard normal deviates of the log-rank tests of the three pairs of groups, filled into `z`.

    time, event, group : sorted by time.
    """
    n = len(time)
    at_risk = np.zeros(3)
    for i in range(n):
        at_risk[group[i]] += 1.0
    excess, variance = np.zeros(3), np.zeros(3)
    died, left = np.zeros(3), np.zeros(3)
    i = 0
    while i < n:
        now = time[i]
        died[:] = 0.0
        left[:] = 0.0
        while i < n and time[i] == now:
            died[group[i]] += event[i]
            left[group[i]] += 1.0
            i += 1
        for pair in range(3):
            a, b = PAIRS[pair]
            events, total = died[a] + died[b], at_risk[a] + at_risk[b]
            if events > 0.0:
                excess[pair] += died[a] - events * at_risk[a] / total
                if total > 1.0:
                    variance[pair] += (
                        events * (at_risk[a] / total) * (at_risk[b] / total) * (total - events) / (total - 1.0)
                    )
        at_risk -= left
    for pair in range(3):
        z[pair] = abs(excess[pair]) / math.sqrt(variance[pair]) if variance[pair] > 0.0 else 0.0


@njit(cache=True)
def cox(
    time: NDArray[np.int64], event: NDArray[np.int64], x: NDArray[np.float64], beta: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Cox regression with Efron's ties by Newton's method from `beta`, which is moved to the maximum.

    time, event, x : sorted by time; x has shape (patient, coefficient). Returns the covariance.
    """
    p = x.shape[1]
    covariance = np.eye(p)
    for _ in range(25):
        gradient, information = _score(time, event, x, beta)
        for j in range(p):
            information[j, j] += 1e-9
        covariance = np.linalg.inv(information)
        step = covariance @ gradient
        largest = np.abs(step).max()
        beta += step if largest < 2.0 else step * (2.0 / largest)
        if largest < SMALL_STEP:
            break
    return covariance


@njit(cache=True, fastmath=True)
def _score(
    time: NDArray[np.int64], event: NDArray[np.int64], x: NDArray[np.float64], beta: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Gradient and information of the partial likelihood, from the last time to the first."""
    n, p = x.shape
    gradient, information = np.zeros(p), np.zeros((p, p))
    s0, s1, s2 = 0.0, np.zeros(p), np.zeros((p, p))
    e1, e2, mean = np.zeros(p), np.zeros((p, p)), np.zeros(p)
    i = n - 1
    while i >= 0:
        now, died, e0 = time[i], 0, 0.0
        last = i
        while i >= 0 and time[i] == now:
            died += event[i]
            i -= 1
        tied = died > 1
        if tied:
            e1[:] = 0.0
            e2[:] = 0.0
        for j in range(i + 1, last + 1):
            weight = 0.0
            for a in range(p):
                weight += x[j, a] * beta[a]
            weight = math.exp(weight)
            s0 += weight
            for a in range(p):
                if x[j, a] != 0.0:
                    wx = weight * x[j, a]
                    s1[a] += wx
                    for b in range(a + 1):
                        s2[a, b] += wx * x[j, b]
            if event[j]:
                for a in range(p):
                    gradient[a] += x[j, a]
                if tied:
                    e0 += weight
                    for a in range(p):
                        wx = weight * x[j, a]
                        e1[a] += wx
                        for b in range(a + 1):
                            e2[a, b] += wx * x[j, b]
        for k in range(died):
            share = k / died
            total = s0 - share * e0
            for a in range(p):
                mean[a] = (s1[a] - share * e1[a]) / total if tied else s1[a] / total
                gradient[a] -= mean[a]
            for a in range(p):
                for b in range(a + 1):
                    second = s2[a, b] - share * e2[a, b] if tied else s2[a, b]
                    information[a, b] += second / total - mean[a] * mean[b]
    for a in range(p):
        for b in range(a):
            information[b, a] = information[a, b]
    return gradient, information
