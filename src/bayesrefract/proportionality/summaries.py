"""Summaries of draws of log HR(t), weighted or not: intervals, the simultaneous band, probabilities throughout.

Draws are (sample, interval) arrays of log HR(t); `weight` (sample,) are importance weights, None equal ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bayesrefract.proportionality.pair import Pair

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Probability:
    """A posterior probability with its Monte Carlo standard error, as of independent draws."""

    value: float
    mcse: float


@dataclass(frozen=True)
class Bands:
    """Log HR(t) per interval: medians, equal-tailed limits of each alone, and limits that hold for all at once."""

    median: Floats = field(repr=False)
    low: Floats = field(repr=False)
    high: Floats = field(repr=False)
    low_throughout: Floats = field(repr=False)
    high_throughout: Floats = field(repr=False)


def normalised(weight: Floats | None, samples: int) -> Floats:
    """Weights with sum 1."""
    return np.full(samples, 1 / samples) if weight is None else np.asarray(weight / weight.sum())


def quantile(values: Floats, probabilities: Floats, weight: Floats | None = None) -> Floats:
    """Quantiles over samples of values (sample, ...): shape (probability, ...).

    Between draws the distribution function is linear, with half of a draw's weight on either side of it.
    """
    if weight is None:
        return np.asarray(np.quantile(values, probabilities, axis=0, method="hazen"))
    share = normalised(weight, len(values))
    flat = values.reshape(len(values), -1)
    found = np.empty((len(probabilities), flat.shape[1]))
    for column in range(flat.shape[1]):
        order = np.argsort(flat[:, column], kind="stable")
        middle = np.cumsum(share[order]) - share[order] / 2
        found[:, column] = np.interp(probabilities, middle, flat[order, column])
    return found.reshape(len(probabilities), *values.shape[1:])


def probability(happens: NDArray[np.bool_], weight: Floats | None = None) -> Probability:
    """Posterior probability of what happens in some samples (sample,)."""
    share = normalised(weight, len(happens))
    value = min(float(share @ happens), 1.0)  # weights add up to 1 but for rounding
    return Probability(value, float(np.sqrt((share**2) @ (happens - value) ** 2)))


def bands(log_ratio: Floats, weight: Floats | None = None, level: float = 0.95) -> Bands:
    """Pointwise intervals and the simultaneous band, median plus or minus c standard deviations.

    c is the quantile, at `level`, of the largest distance over the intervals, in standard deviations from the median.
    """
    tail = (1 - level) / 2
    low, median, high = quantile(log_ratio, np.array([tail, 0.5, 1 - tail]), weight)
    share = normalised(weight, len(log_ratio))
    sd = np.sqrt(share @ (log_ratio - share @ log_ratio) ** 2)
    farthest = (np.abs(log_ratio - median) / sd).max(axis=1)
    (widest,) = quantile(farthest, np.array([level]), weight)
    return Bands(median, low, high, median - widest * sd, median + widest * sd)


def throughout(
    log_ratio: Floats, rope: tuple[float, float], window: NDArray[np.bool_], weight: Floats | None = None
) -> Probability:
    """P_throughout: the HR lies within the ROPE in every interval of the window (interval,)."""
    if not window.any():
        raise ValueError("no interval of the window has patients of both groups at risk")
    low, high = np.log(rope)
    judged = log_ratio[:, window]
    return probability(((judged > low) & (judged < high)).all(axis=1), weight)


def window_of(edges: Floats, compared: NDArray[np.bool_], start: float, end: float) -> NDArray[np.bool_]:
    """Intervals that share time with (start, end) and in which both groups are at risk; edges (interval + 1,)."""
    return np.asarray((edges[:-1] < end) & (edges[1:] > start) & compared)


def deviates_less(log_ratio: Floats, ratio: float, weights: Floats, weight: Floats | None = None) -> Probability:
    """P(HR(t) stays within a factor `ratio` of its average); `weights` (interval,) are those of the average."""
    deviation = log_ratio - (log_ratio @ weights)[:, None]
    return probability(np.abs(deviation).max(axis=1) < np.log(ratio), weight)


def prior_deviates_less(pair: Pair, ratio: float, scale: float, samples: int = 20_000, seed: int = 1) -> Probability:
    """The same before the data: sigma ~ HalfNormal(scale), and the walk."""
    rng = np.random.default_rng(seed)
    sigma = np.abs(rng.normal(0, scale, (samples, 1)))
    steps = sigma * rng.normal(size=(samples, pair.n_intervals - 1)) * np.sqrt(pair.variances)
    walk = np.concatenate([np.zeros((samples, 1)), np.cumsum(steps, axis=1)], axis=1)
    return deviates_less(walk, ratio, pair.weights)
