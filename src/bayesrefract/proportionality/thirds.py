"""Log HR(t) in the first, middle and last third of the events: where an average may hide what patients meet.

Functions take draws (sample, interval) with importance weights or None, as in `summaries`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bayesrefract.proportionality.draws import Draws
from bayesrefract.proportionality.summaries import Probability, normalised, probability, quantile
from bayesrefract.study.rope import Side

Floats = NDArray[np.float64]

THIRDS = 3
CHANGES = 3.0
"""Bayes factor against a constant ratio from which on an average is questioned."""
OUTSIDE = 0.5
"""Probability, from which on too, that the mean of some third lies outside the range."""


@dataclass(frozen=True)
class Thirds:
    """Mean log HR in each third of the events.

    outside : the mean of at least one third lies outside the ROPE; with a side, beyond the bound of the harm.
    log_ratio, low, high : median and equal-tailed limits, (third,). events : pooled, (third,).
    """

    outside: Probability
    log_ratio: Floats
    low: Floats
    high: Floats
    events: Floats
    level: float = field(default=0.95)

    @property
    def opposite(self) -> bool:
        """Whether one third lies wholly below HR 1 and another wholly above."""
        return bool((self.high < 0).any() and (self.low > 0).any())


def shares(events: Floats) -> Floats:
    """Weight of each interval in the mean of each third, (third, interval); rows sum to 1.

    events : array (interval,)
        Pooled events of the two groups, up to the horizon if there is one. An interval that lies across a boundary is
        split in proportion to its events.
    """
    if not events.sum() > 0:
        raise ValueError("no event up to the horizon")
    ends = np.cumsum(events)
    bounds = np.linspace(0, ends[-1], THIRDS + 1)
    overlap = np.minimum(ends, bounds[1:, None]) - np.maximum(ends - events, bounds[:-1, None])
    return np.asarray(np.clip(overlap, 0, None) * THIRDS / ends[-1])


def thirds(
    log_ratio: Floats,
    events: Floats,
    rope: tuple[float, float],
    weight: Floats | None = None,
    *,
    side: Side = Side.TWO_SIDED,
    level: float = 0.95,
) -> Thirds:
    """Judge the event-weighted mean of log HR(t) in each third of the events.

    Parameters
    ----------
    log_ratio : array (sample, interval)
        Draws of log HR(t).
    events : array (interval,)
        Pooled events of the two groups up to the horizon.
    rope : tuple of float
        Bounds, as ratios.
    weight : array (sample,), optional
        Importance weights.
    side : Side
        Side of the harm of a one-sided rule: only what lies beyond its bound is outside.
    level : float
        Of the interval of each third.

    Returns
    -------
    Thirds
        P_third with its Monte Carlo error, and each third's ratio.
    """
    means = log_ratio @ shares(events).T
    low, high = np.log(rope)
    outside = np.zeros(means.shape, dtype=bool)
    if side is not Side.ABOVE:
        outside |= means <= low
    if side is not Side.BELOW:
        outside |= means >= high
    tail = (1 - level) / 2
    limits = quantile(means, np.array([tail, 0.5, 1 - tail]), normalised(weight, len(means)))
    return Thirds(
        probability(outside.any(axis=1), weight),
        limits[1],
        limits[0],
        limits[2],
        np.full(THIRDS, events.sum() / THIRDS),
        level,
    )


def changes(draws: Draws) -> bool:
    """Whether the data speak against one constant ratio.

    A Bayes factor within twice its error below the limit counts as above it: the stricter word stands.
    """
    return bool(draws.log_bayes_factor + 2 * draws.error >= np.log(CHANGES))


def is_average_of_unequal(draws: Draws, found: Thirds) -> bool:
    """Whether the ratio changes, and lies outside the range in some third more likely than not.

    `equivalent` and `non_inferior` are not said then.
    """
    return bool(changes(draws) and found.outside.value >= OUTSIDE)
